// A year that was lived is what a back-test of that year says, flip for flip, for every kind of subject; a first import likewise, by what
// was known when.
#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/engine/zone_database.h"
#include "tests/simulation/run_backtest.h"
#include "tests/support/random_seed.h"
#include "tests/support/watch_story.h"

namespace leadlag {
namespace {

using testing::IsEmpty;

EvidenceItem Box(std::string id, std::string team, Date date) {
  EvidenceItem item = NumberRecord(std::move(id), std::move(team), "boxes", date);
  item.content.value = Completion{true};
  return item;
}

std::string Lines(const std::vector<ToldFlip>& flips) {
  static const ZoneRules& zone = *new ZoneRules(LoadZone("America/New_York").value());
  std::string lines;
  for (const ToldFlip& told : flips) absl::StrAppend(&lines, "\n  ", Describe(told.flip, zone), " ", std::string(ToString(told.kind)));
  return lines;
}

// As lived, from `from` on.
FlipsOf Lived(const SimulatedDistrict& district, Instant from = Instant()) {
  FlipsOf flips;
  for (const SeenFlip& seen : district.Flips()) {
    const FlipRecord& record = seen.record;
    if (!record.source.empty()) continue;
    if (record.flip.effective < from || IsHandling(record.flip.reason)) continue;
    flips[{record.team, record.expectation}].push_back(
        {record.flip, record.kind, SeverityOf(record.flip, record.kind, record.severity)});
  }
  return flips;
}

void ExpectSame(const FlipsOf& lived, const FlipsOf& tested) {
  std::set<WatchName> names;
  for (const auto& [name, flips] : lived) names.insert(name);
  for (const auto& [name, flips] : tested) names.insert(name);
  const auto of = [](const FlipsOf& flips, const WatchName& name) {
    const auto found = flips.find(name);
    return found == flips.end() ? std::vector<ToldFlip>() : found->second;
  };
  for (const WatchName& name : names) {
    ASSERT_EQ(of(lived, name), of(tested, name)) << name.team << " " << name.expectation << "\nlived:" << Lines(of(lived, name))
                                                 << "\nback-tested:" << Lines(of(tested, name));
  }
}

constexpr int kTeams = 5;
const std::vector<std::string> kZones = {"", "", "America/Chicago", "Pacific/Honolulu"};

// Every kind, with terms that make them come and go.
void AddSubjects(Catalog& catalog) {
  catalog.expectations = {ExpectationOn("walks", CategoryKind(Category::kWalkthrough), 5, 3, 2), ExpectationOn("any", {}, 3, 0, 1),
                          ExpectationOn("lessons", CategoryKind(Category::kImplementation), 10, 10, 10),
                          ExpectationOn("results", IndicatorKind("results"), 6, 2, 0)};
  catalog.expectations[2].team_labels = {{"level", "high"}};
  catalog.expectations[2].notify_time = MinuteOfDay{16 * 60 + 30};
  catalog.expectations[3].from = D("2025-10-01");
  AlertRule high = Rule("high", LaggingOnlyTerms{4}, D("2025-07-01"));
  high.team_labels = {{"level", "high"}};
  high.severity = Severity::kCritical;
  AlertRule months = Rule("months", CompletionOnlyTerms{CycleUnit::kMonth, 1});
  months.notify_time = MinuteOfDay{13 * 60};
  months.severity = Severity::kAdvisory;
  AlertRule off = Rule("off", ReviewOverdueTerms{1});
  off.enabled = false;
  catalog.alert_rules = {Rule("lagging", LaggingOnlyTerms{7}),
                         Rule("boxes-only", CompletionOnlyTerms{}),
                         Rule("reviews", ReviewOverdueTerms{6}),
                         Rule("later", ReviewOverdueTerms{3}, D("2025-10-08")),
                         Rule("slow", CollectionSlowTerms{.records = 5, .percent = 30, .days = 2, .clear_percent = 15}),
                         Rule("walks-run", RunSignalTerms{"walks", ChartUnit::kDay}),
                         Rule("walks-weeks", RunSignalTerms{"walks", ChartUnit::kWeek}),
                         Rule("actions", ActionWithoutEvidenceTerms{6}),
                         Rule("results-run", RunSignalTerms{"results", ChartUnit::kWeek, 300'000}),
                         high,
                         months,
                         off};
}

// "forms" feeds everything, "sis" a part of it; nobody waits for "paper", and it feeds nothing that could be missed.
void ExpectSources(Catalog& catalog, uint64_t seed) {
  catalog.sources = {{"forms", ""}, {"sis", ""}, {"paper", ""}};
  catalog.sources[0].every_days = 2;
  catalog.sources[1].every_days = 2;
  catalog.sources[1].indicators = {"lessons", "results"};
  catalog.sources[1].notify_time = MinuteOfDay{9 * 60};
  const int settling[] = {10, 0, 45};
  catalog.settings.settling_minutes = settling[seed % 3];
}

class Life {
 public:
  struct Options {
    bool zones = true;
    bool sources = true;      // are expected, and fall silent
    bool corrections = true;  // and voids, reviews, inquiries, and evidence that was known before it was recorded
    std::string subjects_from = "2025-08-01 12:00";
  };
  Life(uint64_t seed, Options options)
      : options_(std::move(options)), random_(seed), district_({.start = At("2025-08-01 12:00")}), catalog_(SmallCatalog(kTeams)) {
    for (Team& team : catalog_.teams) {
      if (options_.zones) team.time_zone = random_.Pick(kZones);
    }
    if (options_.sources) ExpectSources(catalog_, seed);
    // One comes and goes, inside the year and around its end.
    catalog_.teams[1].active_periods = {{D("2025-07-01"), D("2025-10-15")}, {D("2025-11-03"), D("2026-06-01")}};
    catalog_.teams[2].active_periods = {{D("2025-09-24"), std::nullopt}};
  }

  void Live(Date until) {
    Catalog before = catalog_;
    before.expectations.clear();
    AddSubjects(catalog_);
    ASSERT_TRUE(district_.Apply(options_.subjects_from == "2025-08-01 12:00" ? catalog_ : before).ok());
    for (Date date = D("2025-08-25"); date < until && !testing::Test::HasFailure(); date = date + 1) {
      if (options_.subjects_from != "2025-08-01 12:00" && date == D(options_.subjects_from)) {
        district_.AdvanceTo(At(options_.subjects_from));
        ASSERT_TRUE(district_.Apply(catalog_).ok());
      }
      std::multimap<Instant, void (Life::*)()> day;
      const auto at = [&](int minute) { return At("America/New_York", date, minute); };
      for (int n = random_.Between(0, 3); n > 0; --n) {
        day.emplace(Instant{at(random_.Between(0, 1439)).micros + random_.Between(0, 59'999'999)}, &Life::Evidence);
      }
      if (random_.OneIn(4)) day.emplace(at(7 * 60), &Life::Evidence);  // at the very moment of a notify time
      if (options_.corrections && random_.OneIn(6)) day.emplace(at(random_.Between(0, 1439)), &Life::Review);
      if (options_.corrections && random_.OneIn(9)) day.emplace(at(random_.Between(0, 1439)), &Life::TellInquiry);
      if (random_.OneIn(20)) day.emplace(at(random_.Between(0, 1439)), &Life::Restart);
      if (options_.sources && random_.OneIn(2)) day.emplace(at(random_.OneIn(5) ? 7 * 60 : random_.Between(0, 1439)), &Life::Heartbeat);
      if (options_.sources && random_.OneIn(16)) {
        const int days = random_.Between(3, 12);
        for (const char* source : {"forms", "sis"}) {  // one of them, or both
          if (!random_.OneIn(3)) out_until_[source] = date + days;
        }
      }
      for (const auto& [when, happen] : day) {
        if (silent_until_ > date) continue;
        district_.AdvanceTo(std::max(when, district_.now()));
        (this->*happen)();
      }
      if (random_.OneIn(45)) silent_until_ = date + random_.Between(5, 25);
    }
    district_.AdvanceTo(At("America/New_York", until, 5 * 60));
    ASSERT_EQ(district_.Inconsistencies(), "");
  }

  SimulatedDistrict& district() { return district_; }
  const Catalog& catalog() const { return catalog_; }
  // In order of recording: what was sent in one batch, and when.
  struct Sent {
    Instant at;
    std::vector<EvidenceItem> items;
  };
  const std::vector<Sent>& sent() const { return sent_; }

 private:
  struct Mine {
    std::string source, team, indicator;
    uint64_t version = 0;  // 0: without
    bool voided = false;
  };

  // In the latest of the zones: what is dated so lies in nobody's future.
  Date LocalDate() const {
    static const ZoneRules& zone = *new ZoneRules(LoadZone("Pacific/Honolulu").value());
    return zone.LocalDate(district_.now());
  }

  EvidenceItem ItemOf(const std::string& id, const Mine& mine, Date date) {
    if (mine.voided) return VoidRecord(id, mine.version > 0 ? std::optional(mine.version) : std::nullopt);
    EvidenceItem item = Box(id, mine.team, date);
    if (mine.indicator != "boxes") item = NumberRecord(id, mine.team, mine.indicator, date, NextValue());
    if (mine.version > 0) item.content.source_version = mine.version;
    return item;
  }

  // Each is another one, and they go up and down in waves.
  double NextValue() {
    ++value_;
    return (value_ / 120 % 2 == 0 ? 0 : 400'000) + 100'000 * random_.Between(0, 3) + value_;
  }

  // One that can send; "forms" where none but it does. Empty: none can.
  std::string SomeSource() {
    if (!options_.sources) return "forms";
    static const auto& kSources = *new std::vector<std::string>{"forms", "forms", "sis", "paper"};
    const std::string source = random_.Pick(kSources);
    return out_until_[source] > LocalDate() ? "" : source;
  }

  // What all of it through some date has been sent of, or does not say.
  void Heartbeat() {
    const std::string source = SomeSource();
    if (source.empty()) return;
    RecordEvidenceCommand command{.source = source, .items = {}, .complete_through = std::nullopt};
    if (random_.OneIn(2)) command.complete_through = LocalDate() - random_.Between(0, 3);
    ASSERT_TRUE(district_.Execute(std::move(command)).ok());
  }

  void Evidence() {
    const std::string source = SomeSource();
    if (source.empty()) return;
    std::vector<EvidenceItem> items;
    for (int n = random_.Between(1, 4); n > 0; --n) {
      const Date date = LocalDate() - (random_.OneIn(4) ? random_.Between(0, 12) : 0);
      if (options_.corrections && !records_.empty() && random_.OneIn(4)) {
        const auto last = static_cast<int>(records_.size()) - 1;
        const auto index = static_cast<size_t>(random_.Between(std::max(0, last - 25), last));
        Mine& mine = records_[index];
        if (mine.source != source) continue;
        const std::string id = absl::StrCat("r", index);
        Mine changed = mine;
        changed.voided = !mine.voided && random_.OneIn(3);
        if (changed.indicator != "boxes" && random_.OneIn(3)) changed.indicator = random_.OneIn(2) ? "walks" : "results";
        if (mine.version > 2 && random_.OneIn(5)) {  // an older version comes late
          changed.version = mine.version - 1;
          if (stale_.insert({index, changed.version}).second) items.push_back(ItemOf(id, changed, date));
          continue;
        }
        if (changed.version > 0) changed.version += 2;
        mine = changed;
        items.push_back(ItemOf(id, changed, date));
        if (random_.OneIn(8)) items.push_back(items.back());  // and the same again
        continue;
      }
      static const auto& kIndicators = *new std::vector<std::string>{"walks", "walks", "lessons", "results", "boxes", "boxes"};
      Mine mine{.source = source, .team = absl::StrCat("t", random_.Between(1, kTeams)), .indicator = random_.Pick(kIndicators)};
      if (options_.corrections && random_.OneIn(3)) mine.version = 2;
      const std::string id = absl::StrCat("r", records_.size());
      if (mine.version > 0 && random_.OneIn(8)) mine.voided = true;  // its void comes before it
      items.push_back(ItemOf(id, mine, date));
      if (options_.corrections && !mine.voided && random_.OneIn(4)) {
        items.back().content.reported = Instant{district_.now().micros - random_.Between(0, 6) * kMicrosPerDay};
      }
      records_.push_back(mine);
    }
    if (items.empty()) return;
    const absl::StatusOr<BatchOutcome> outcome = district_.Record(source, items);
    ASSERT_TRUE(outcome.ok()) << outcome.status();
    ASSERT_THAT(outcome->failures, IsEmpty()) << outcome->failures[0].problem.field << " " << outcome->failures[0].problem.reason;
    sent_.push_back({district_.last_command(), std::move(items)});
  }

  void Review() {
    leadlag::Review review;
    review.id = absl::StrCat("v", ++reviews_);
    review.team = absl::StrCat("t", random_.Between(1, kTeams));
    review.date = LocalDate() - random_.Between(0, 6);
    if (!random_.OneIn(4)) review.indicators = {"walks", "results"};
    if (random_.OneIn(2)) review.indicators.push_back("lessons");
    for (size_t i = records_.size() > 12 ? records_.size() - 12 : 0; i < records_.size(); ++i) {
      if (records_[i].team == review.team && !records_[i].voided && records_[i].version == 0 && random_.OneIn(2)) {
        review.evidence.push_back({records_[i].source, absl::StrCat("r", i)});
      }
    }
    const absl::StatusOr<ReviewOutcome> outcome = district_.RecordReview(review);
    ASSERT_TRUE(outcome.ok()) << outcome.status();
  }

  void TellInquiry() {
    const int number = random_.Between(1, 2 * kTeams);
    Inquiry inquiry = InquiryOf(absl::StrCat("i", number), absl::StrCat("t", 1 + number % kTeams), D("2025-07-01"));
    if (random_.OneIn(5)) inquiry.status = InquiryStatus::kStopped;
    inquiry.links = {{random_.OneIn(2) ? "walks" : "lessons", ExpectedDirection::kIncrease}};
    const Date start = LocalDate() + random_.Between(-9, 4);
    inquiry.actions = {{"a", "Try", start, random_.OneIn(4) ? std::optional(start + 14) : std::nullopt}};
    const absl::StatusOr<InquiryOutcome> outcome = district_.RecordInquiry(inquiry);
    ASSERT_TRUE(outcome.ok()) << outcome.status();
  }

  void Restart() { district_.Restart(district_.now()); }

  const Options options_;
  Random random_;
  SimulatedDistrict district_;
  Catalog catalog_;
  std::vector<Mine> records_;
  std::set<std::pair<size_t, uint64_t>> stale_;
  std::vector<Sent> sent_;
  Date silent_until_;
  std::map<std::string, Date> out_until_;  // by source
  int value_ = 0, reviews_ = 0;
};

const DateRange kYear{D("2025-08-01"), D("2026-07-01")};

BacktestQuery OfYear() {
  BacktestQuery query;
  query.from = kYear.from;
  query.to = kYear.to;
  return query;
}

// What is proposed, and what is in force, lives as the year was lived.
TEST(BacktestLifeTest, AYearThatWasLivedIsItsBacktest) {
  std::map<AlertKind, std::map<FlipReason, int>> flips;
  uint64_t silences = 0;
  for (const uint64_t seed : Seeds(8, 300)) {
    SCOPED_TRACE(Replay(seed));
    Life life(seed, {});
    ASSERT_NO_FATAL_FAILURE(life.Live(seed % 3 == 0 ? D("2026-02-10") : D("2026-07-10")));
    const FlipsOf lived = Lived(life.district());
    const absl::StatusOr<Tested> in_force = RunBacktest(life.district(), OfYear());
    ASSERT_TRUE(in_force.ok()) << in_force.status();
    ASSERT_NO_FATAL_FAILURE(ExpectSame(lived, in_force->flips));

    // However little of it may be held at once.
    BacktestQuery in_parts = OfYear();
    in_parts.records_held = 60;
    const absl::StatusOr<Tested> parts = RunBacktest(life.district(), in_parts);
    ASSERT_TRUE(parts.ok()) << parts.status();
    ASSERT_NO_FATAL_FAILURE(ExpectSame(lived, parts->flips));
    EXPECT_EQ(parts->summary.records, in_force->summary.records);

    // The same as a proposal, where nothing of it is in force.
    BacktestQuery query = OfYear();
    query.expectations = life.catalog().expectations;
    query.alert_rules = life.catalog().alert_rules;
    Catalog without = life.catalog();
    without.expectations.clear();
    without.alert_rules.clear();
    const std::map<WatchName, AlertRecord> open = life.district().OpenAlerts();
    ASSERT_TRUE(life.district().Apply(without).ok());
    const absl::StatusOr<Tested> proposed = RunBacktest(life.district(), query);
    ASSERT_TRUE(proposed.ok()) << proposed.status();
    ASSERT_NO_FATAL_FAILURE(ExpectSame(lived, proposed->flips));

    uint64_t all = 0;
    for (const auto& [name, of_watch] : lived) {
      uint64_t opened = 0, overdue = 0, resolved = 0, retracted = 0, ended = 0;
      for (const ToldFlip& told : of_watch) {
        ++all;
        ++flips[told.kind][told.flip.reason];
        const bool closes = HasAlert(told.flip.from) && !HasAlert(told.flip.to);
        opened += HasAlert(told.flip.to) && !HasAlert(told.flip.from) ? 1 : 0;
        overdue += told.flip.reason == FlipReason::kGraceOver ? 1 : 0;
        resolved += told.flip.reason == FlipReason::kResolved ? 1 : 0;
        retracted += told.flip.reason == FlipReason::kRetracted ? 1 : 0;
        ended += closes && told.flip.reason != FlipReason::kResolved && told.flip.reason != FlipReason::kRetracted ? 1 : 0;
      }
      const BacktestCounts& counts = proposed->counts.at(name);
      EXPECT_EQ(counts.opened, opened) << name.expectation;
      EXPECT_LE(counts.overdue, overdue) << name.expectation;  // one may come and go
      EXPECT_EQ(counts.resolved, resolved) << name.expectation;
      EXPECT_EQ(counts.retracted, retracted) << name.expectation;
      EXPECT_EQ(counts.ended, ended) << name.expectation;
      EXPECT_EQ(counts.open, open.contains(name) ? 1u : 0u) << name.expectation;
    }
    EXPECT_EQ(proposed->summary.flips, all);
    EXPECT_EQ(proposed->summary.teams, static_cast<uint64_t>(kTeams));
    EXPECT_EQ(proposed->summary.known_records, 0u);
    EXPECT_EQ(proposed->summary.silences, in_force->summary.silences);
    EXPECT_LE(proposed->summary.silent_sources, 2u);
    silences += proposed->summary.silences;
    EXPECT_EQ(proposed->summary.catalog_version, 2u);
  }
  if (std::getenv("LEADLAG_SEED") != nullptr) return;
  for (const AlertKind kind : {AlertKind::kSignalOverdue, AlertKind::kLaggingOnly, AlertKind::kCompletionOnly, AlertKind::kReviewOverdue,
                               AlertKind::kCollectionSlow, AlertKind::kActionWithoutEvidence, AlertKind::kRunSignal}) {
    EXPECT_GT(flips[kind][FlipReason::kDue], 5) << ToString(kind);
    EXPECT_GT(flips[kind][FlipReason::kResolved], 5) << ToString(kind);
  }
  EXPECT_GT(silences, 20u);
  for (const AlertKind kind :
       {AlertKind::kSignalOverdue, AlertKind::kLaggingOnly, AlertKind::kCompletionOnly, AlertKind::kActionWithoutEvidence}) {
    EXPECT_GT(flips[kind][FlipReason::kSourceSilent], 5) << ToString(kind);
    EXPECT_GT(flips[kind][FlipReason::kSourceHeard], 5) << ToString(kind);
  }
  for (const AlertKind kind : {AlertKind::kReviewOverdue, AlertKind::kCollectionSlow, AlertKind::kRunSignal}) {
    EXPECT_EQ(flips[kind][FlipReason::kSourceSilent], 0) << ToString(kind);
  }
  EXPECT_GT(flips[AlertKind::kSignalOverdue][FlipReason::kRetracted], 2);
  EXPECT_GT(flips[AlertKind::kSignalOverdue][FlipReason::kInactive], 2);
}

// A window that begins in the year is as if they had been applied at its first midnight.
TEST(BacktestLifeTest, AWindowThatBeginsInTheYear) {
  for (const uint64_t seed : Seeds(4, 150)) {
    SCOPED_TRACE(Replay(seed));
    Life life(seed, {.zones = false, .sources = true, .corrections = true, .subjects_from = "2025-11-12"});
    ASSERT_NO_FATAL_FAILURE(life.Live(D("2026-03-01")));
    BacktestQuery query;
    query.from = D("2025-11-12");
    query.to = D("2026-07-01");
    query.expectations = life.catalog().expectations;
    query.alert_rules = life.catalog().alert_rules;
    const absl::StatusOr<Tested> tested = RunBacktest(life.district(), query);
    ASSERT_TRUE(tested.ok()) << tested.status();
    ASSERT_NO_FATAL_FAILURE(ExpectSame(Lived(life.district()), tested->flips));
  }
}

// All of a year is recorded on one day; with what was reported taken for recorded it is back-tested as if it had been lived.
TEST(BacktestLifeTest, AFirstImportIsTestedByWhatWasKnown) {
  for (const uint64_t seed : Seeds(4, 150)) {
    SCOPED_TRACE(Replay(seed));
    Life life(seed, {.zones = true, .sources = false, .corrections = false});
    ASSERT_NO_FATAL_FAILURE(life.Live(D("2026-06-28")));
    SimulatedDistrict imported({.start = At("2026-07-10 12:00")});
    Catalog catalog = life.catalog();
    catalog.expectations.clear();
    catalog.alert_rules.clear();
    ASSERT_TRUE(imported.Apply(catalog).ok());
    uint64_t records = 0;
    for (const Life::Sent& sent : life.sent()) {
      std::vector<EvidenceItem> items = sent.items;
      records += items.size();
      for (EvidenceItem& item : items) item.content.reported = sent.at;
      const absl::StatusOr<BatchOutcome> outcome = imported.Record("forms", items);
      ASSERT_TRUE(outcome.ok() && outcome->failures.empty());
    }
    BacktestQuery query = OfYear();
    query.expectations = life.catalog().expectations;
    query.alert_rules = life.catalog().alert_rules;
    query.known_as_recorded = true;
    const absl::StatusOr<Tested> tested = RunBacktest(imported, query);
    ASSERT_TRUE(tested.ok()) << tested.status();
    ASSERT_NO_FATAL_FAILURE(ExpectSame(Lived(life.district()), tested->flips));
    EXPECT_EQ(tested->summary.records, records);
    EXPECT_EQ(tested->summary.known_records, records);

    // Without, nothing was there in time.
    query.known_as_recorded = false;
    const absl::StatusOr<Tested> as_recorded = RunBacktest(imported, query);
    ASSERT_TRUE(as_recorded.ok()) << as_recorded.status();
    EXPECT_EQ(as_recorded->summary.records, 0u);
    EXPECT_EQ(as_recorded->totals.at("walks").resolved, 0u);
    EXPECT_EQ(as_recorded->totals.at("lagging").opened, 0u);
  }
}

}  // namespace
}  // namespace leadlag
