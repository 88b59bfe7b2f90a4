// The back-test: a year that was lived is what a back-test of that year says, flip for flip, for every kind of subject; a first import
// likewise, by what was known when; and what cannot be back-tested is refused with the field.
#include "server/engine/backtest.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/engine/queries.h"
#include "server/engine/team_history.h"
#include "server/engine/zone_database.h"
#include "tests/simulation/simulated_district.h"
#include "tests/support/random_seed.h"
#include "tests/support/watch_story.h"

namespace leadlag {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

AlertRule Rule(std::string id, decltype(AlertRule::terms) terms, std::optional<Date> from = std::nullopt) {
  AlertRule rule;
  rule.id = std::move(id);
  rule.terms = std::move(terms);
  rule.from = from;
  return rule;
}

EvidenceItem Box(std::string id, std::string team, Date date) {
  EvidenceItem item = NumberRecord(std::move(id), std::move(team), "boxes", date);
  item.content.value = Completion{true};
  return item;
}

// A flip, whoever made it.
struct ToldFlip {
  WatchFlip flip;
  AlertKind kind = AlertKind::kSignalOverdue;
  std::optional<Severity> severity;  // of a rule's alert
  friend bool operator==(const ToldFlip&, const ToldFlip&) = default;
};
using FlipsOf = std::map<WatchName, std::vector<ToldFlip>>;

std::string Lines(const std::vector<ToldFlip>& flips) {
  static const ZoneRules& zone = *new ZoneRules(LoadZone("America/New_York").value());
  std::string lines;
  for (const ToldFlip& told : flips) absl::StrAppend(&lines, "\n  ", Describe(told.flip, zone), " ", std::string(ToString(told.kind)));
  return lines;
}

std::optional<Severity> SeverityOf(const WatchFlip& flip, AlertKind kind, Severity severity) {
  const bool of_alert = HasAlert(flip.from) || HasAlert(flip.to);
  return of_alert && kind != AlertKind::kSignalOverdue ? std::optional(severity) : std::nullopt;
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

struct Tested {
  FlipsOf flips;
  BacktestSummary summary;
  std::map<WatchName, BacktestCounts> counts;
  std::map<std::string, BacktestCounts> totals;  // by subject
};

absl::StatusOr<std::unique_ptr<const Backtest>> Prepare(const SimulatedDistrict& district, const BacktestQuery& query) {
  return Backtest::Prepare([&]() -> absl::StatusOr<DistrictReader> { return district.Read(); }, query);
}

absl::StatusOr<Tested> RunBacktest(const SimulatedDistrict& district, const BacktestQuery& query) {
  const absl::StatusOr<std::unique_ptr<const Backtest>> backtest = Prepare(district, query);
  if (!backtest.ok()) return backtest.status();
  Tested tested;
  std::string last_team;
  const absl::StatusOr<BacktestSummary> summary = (*backtest)->Run([&](const BacktestTeam& team) {
    const std::string& id = (*backtest)->TeamId(team.team);
    EXPECT_LT(last_team, id);
    last_team = id;
    Instant last;
    for (const BacktestTeam::Flip& flip : team.flips) {
      EXPECT_LE(last, flip.flip.effective);
      last = flip.flip.effective;
      const BacktestSubject subject = (*backtest)->SubjectOf(flip.subject);
      tested.flips[{id, subject.id}].push_back({flip.flip, subject.kind, SeverityOf(flip.flip, subject.kind, subject.severity)});
    }
    for (const BacktestTeam::Subject& subject : team.subjects) {
      tested.counts[{id, (*backtest)->SubjectOf(subject.subject).id}] = subject.counts;
    }
    return true;
  });
  if (!summary.ok()) return summary.status();
  tested.summary = *summary;
  for (const auto& [subject, counts] : summary->subjects) tested.totals[(*backtest)->SubjectOf(subject).id] = counts;
  return tested;
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

// ---- Many lives ----

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

// ---- By hand ----

class BacktestTest : public testing::Test {
 protected:
  void SetUp() override {
    catalog_.expectations.clear();
    ASSERT_TRUE(district_.Apply(catalog_).ok());
  }
  // At noon of the date.
  void Record(const char* date, std::vector<EvidenceItem> items) {
    district_.AdvanceTo(At(absl::StrCat(date, " 12:00")));
    const absl::StatusOr<BatchOutcome> outcome = district_.Record("forms", std::move(items));
    ASSERT_TRUE(outcome.ok() && outcome->failures.empty());
  }
  std::vector<std::string> LinesOf(const Tested& tested, const WatchName& name) const {
    std::vector<std::string> lines;
    const auto found = tested.flips.find(name);
    if (found == tested.flips.end()) return lines;
    for (const ToldFlip& told : found->second) lines.push_back(Describe(told.flip, district_.Read()->catalog()->district_zone()));
    return lines;
  }
  // The problem with a query: "field: …".
  std::string Refusal(const BacktestQuery& query) const {
    const absl::StatusOr<Tested> tested = RunBacktest(district_, query);
    EXPECT_EQ(tested.status().code(), absl::StatusCode::kInvalidArgument) << tested.status();
    return std::string(tested.status().message());
  }

  SimulatedDistrict district_{{.start = At("2025-08-01 12:00")}};
  Catalog catalog_ = SmallCatalog(3);
};

TEST_F(BacktestTest, SaysWhatWouldHaveFired) {
  Record("2025-09-10", {NumberRecord("a", "t1", "walks", D("2025-09-10"))});
  Record("2025-09-29", {NumberRecord("b", "t1", "walks", D("2025-09-29")), NumberRecord("c", "t2", "results", D("2025-09-26"))});
  district_.AdvanceTo(At("2025-10-20 12:00"));
  BacktestQuery query;  // of this school year
  query.expectations = {ExpectationOn("weekly", CategoryKind(Category::kWalkthrough), 5, 3, 2)};
  query.alert_rules = {Rule("lagging", LaggingOnlyTerms{20})};
  const absl::StatusOr<Tested> tested = RunBacktest(district_, query);
  ASSERT_TRUE(tested.ok()) << tested.status();
  EXPECT_THAT(LinesOf(*tested, {"t1", "weekly"}),
              ElementsAre("2025-09-08 00:00 NOT_STARTED STARTED due 2025-09-16", "2025-09-10 12:00 ON_TRACK EVIDENCE due 2025-09-17",
                          "2025-09-18 07:00 LATE DUE due 2025-09-17", "2025-09-23 07:00 OVERDUE GRACE_OVER due 2025-09-17",
                          "2025-09-29 12:00 ON_TRACK RESOLVED due 2025-10-06", "2025-10-07 07:00 LATE DUE due 2025-10-06",
                          "2025-10-10 07:00 OVERDUE GRACE_OVER due 2025-10-06"));
  EXPECT_THAT(LinesOf(*tested, {"t2", "lagging"}),
              ElementsAre("2025-09-08 00:00 ON_TRACK STARTED", "2025-10-06 07:00 RAISED DUE due 2025-10-03"));
  // From Thu 18 to Mon 29 September seven days of school, from Tue 7 to Mon 20 October nine.
  EXPECT_EQ(tested->counts.at({"t1", "weekly"}),
            (BacktestCounts{.opened = 2, .overdue = 2, .resolved = 1, .retracted = 0, .ended = 0, .open = 1, .alert_days = 16}));
  EXPECT_EQ(tested->totals.at("lagging"),
            (BacktestCounts{.opened = 1, .overdue = 0, .resolved = 0, .retracted = 0, .ended = 0, .open = 1, .alert_days = 10}));
  EXPECT_EQ(tested->summary.window, (DateRange{D("2025-07-01"), D("2026-07-01")}));
  EXPECT_EQ(tested->summary.begin, At("2025-07-01"));
  EXPECT_EQ(tested->summary.end, district_.now());
  EXPECT_EQ(tested->summary.teams, 3u);
  EXPECT_EQ(tested->summary.records, 3u);
  EXPECT_EQ(district_.last_sequence(), 0u);  // nothing of it happened

  query.labels = {{"level", "high"}};
  const absl::StatusOr<Tested> high = RunBacktest(district_, query);
  ASSERT_TRUE(high.ok()) << high.status();
  EXPECT_EQ(high->summary.teams, 1u);
  EXPECT_THAT(LinesOf(*high, {"t1", "weekly"}), IsEmpty());
}

// A source's silence is lived again, and its interval refuses no proposal that the catalog in force would.
TEST_F(BacktestTest, AnExpectedSourceIsInNoProposalsWay) {
  catalog_.sources[0].every_days = 3;
  catalog_.teams[0].time_zone = "America/Chicago";
  ASSERT_TRUE(district_.Apply(catalog_).ok());
  Record("2025-09-17", {});  // silent since the 11th
  district_.AdvanceTo(At("2025-09-25 12:00"));  // and since the 23rd
  BacktestQuery query;
  query.expectations = {ExpectationOn("daily", CategoryKind(Category::kWalkthrough), 1, 4, 0)};
  absl::StatusOr<Tested> tested = RunBacktest(district_, query);
  ASSERT_TRUE(tested.ok()) << tested.status();
  EXPECT_THAT(LinesOf(*tested, {"t2", "daily"}),
              ElementsAre("2025-09-08 00:00 NOT_STARTED STARTED due 2025-09-08", "2025-09-09 07:00 LATE DUE due 2025-09-08",
                          "2025-09-11 07:00 UNKNOWN SOURCE_SILENT", "2025-09-17 12:10 NOT_STARTED SOURCE_HEARD due 2025-09-08",
                          "2025-09-18 07:00 LATE DUE due 2025-09-08", "2025-09-18 07:00 OVERDUE GRACE_OVER due 2025-09-08",
                          "2025-09-23 07:00 UNKNOWN SOURCE_SILENT"));
  EXPECT_EQ(tested->counts.at({"t2", "daily"}),
            (BacktestCounts{.opened = 2, .overdue = 1, .resolved = 0, .retracted = 0, .ended = 2, .open = 0, .alert_days = 5}));
  EXPECT_EQ(tested->summary.silences, 2u);
  EXPECT_EQ(tested->summary.silent_sources, 1u);
  EXPECT_EQ(tested->summary.silences_kept_from, std::nullopt);

  // A window between the two begins in the first.
  query.from = D("2025-09-16");
  query.to = D("2025-09-19");
  tested = RunBacktest(district_, query);
  ASSERT_TRUE(tested.ok()) << tested.status();
  EXPECT_THAT(LinesOf(*tested, {"t2", "daily"}),
              ElementsAre("2025-09-16 00:00 UNKNOWN STARTED", "2025-09-17 12:10 NOT_STARTED SOURCE_HEARD due 2025-09-16",
                          "2025-09-18 07:00 LATE DUE due 2025-09-16"));
  EXPECT_EQ(tested->summary.silences, 1u);

  // What was recorded late counts as known in time: then nobody was silent.
  query.from.reset();
  query.to = D("2025-09-13");
  query.known_as_recorded = true;
  tested = RunBacktest(district_, query);
  ASSERT_TRUE(tested.ok()) << tested.status();
  EXPECT_EQ(LinesOf(*tested, {"t2", "daily"}).back(), "2025-09-09 07:00 LATE DUE due 2025-09-08");
  EXPECT_EQ(tested->summary.silences, 0u);

  // By the catalog in force it feeds something else.
  query.known_as_recorded = false;
  catalog_.sources[0].indicators = {"lessons"};
  ASSERT_TRUE(district_.Apply(catalog_).ok());
  tested = RunBacktest(district_, query);
  ASSERT_TRUE(tested.ok()) << tested.status();
  EXPECT_EQ(LinesOf(*tested, {"t2", "daily"}).back(), "2025-09-09 07:00 LATE DUE due 2025-09-08");
  EXPECT_EQ(tested->summary.silences, 0u);
}

// core/limits.h, kSilencesKeptMax: to it and past it, whatever is killed.
TEST_F(BacktestTest, OfASourceTheLastSilencesAreKept) {
  catalog_.sources[0].every_days = 1;
  catalog_.calendars[0].weekdays = 0b1111111;
  ASSERT_TRUE(district_.Apply(catalog_).ok());
  BacktestQuery query;
  query.expectations = {ExpectationOn("walks", CategoryKind(Category::kWalkthrough), 5, 3, 2)};
  query.from = D("2025-09-01");
  query.to = D("2027-09-01");
  const auto observation = [&] {
    const DistrictReader reader = district_.Read();
    return SourceObservation(reader->ObservationOf(*reader->interned().sources.Find("forms")));
  };
  Instant first_over;
  for (Date date = D("2025-09-09"); observation().forgotten_through == std::nullopt; date = date + 1) {
    ASSERT_LT(date, D("2027-06-01"));
    district_.AdvanceTo(At("America/New_York", date, 12 * 60));
    if (district_.StateOf("", "forms") != WatchState::kRaised) continue;
    // It is heard, and all is there at once.
    ASSERT_TRUE(district_.Execute(RecordEvidenceCommand{.source = "forms", .items = {}, .complete_through = date - 1}).ok());
    if (first_over == Instant()) first_over = district_.last_command();
    if (observation().lived.size() == kSilencesKeptMax && !observation().forgotten_through) {
      const absl::StatusOr<Tested> tested = RunBacktest(district_, query);
      ASSERT_TRUE(tested.ok()) << tested.status();
      EXPECT_EQ(tested->summary.silences, kSilencesKeptMax);
      EXPECT_EQ(tested->summary.silences_kept_from, std::nullopt);
    }
  }
  EXPECT_EQ(observation().lived.size(), kSilencesKeptMax);
  EXPECT_EQ(observation().forgotten_through, first_over);
  const SourceObservation before = observation();
  district_.Restart();
  EXPECT_EQ(observation(), before);
  EXPECT_THAT(VerifyDistrict(district_.Freeze(), 100), IsEmpty());
  absl::StatusOr<Tested> tested = RunBacktest(district_, query);
  ASSERT_TRUE(tested.ok()) << tested.status();
  EXPECT_EQ(tested->summary.silences, kSilencesKeptMax);
  EXPECT_EQ(tested->summary.silences_kept_from, first_over);
  query.from = district_.Read()->catalog()->district_zone().LocalDate(first_over) + 1;
  tested = RunBacktest(district_, query);
  ASSERT_TRUE(tested.ok()) << tested.status();
  EXPECT_EQ(tested->summary.silences_kept_from, std::nullopt);
}

// A correction of one team's record resolves what it ends where another team's in its batch is new, selected or not.
TEST_F(BacktestTest, ABatchIsOneCauseAcrossTeams) {
  Record("2025-09-12", {NumberRecord("a", "t1", "walks", D("2025-09-09"))});
  Record("2025-09-22", {NumberRecord("a", "t1", "walks", D("2025-09-19")), NumberRecord("b", "t2", "walks", D("2025-09-19"))});
  BacktestQuery query;
  query.expectations = {ExpectationOn("weekly", CategoryKind(Category::kWalkthrough), 5, 3, 2)};
  query.labels = {{"level", "middle"}};
  absl::StatusOr<Tested> tested = RunBacktest(district_, query);
  ASSERT_TRUE(tested.ok()) << tested.status();
  EXPECT_EQ(LinesOf(*tested, {"t1", "weekly"}).back(), "2025-09-22 12:00 ON_TRACK RESOLVED due 2025-09-26");
  Record("2025-09-30", {NumberRecord("a", "t1", "walks", D("2025-09-29"))});
  tested = RunBacktest(district_, query);
  ASSERT_TRUE(tested.ok()) << tested.status();
  EXPECT_EQ(LinesOf(*tested, {"t1", "weekly"}).back(), "2025-09-30 12:00 ON_TRACK RETRACTED due 2025-10-06");
}

TEST_F(BacktestTest, BadQueriesAreRefusedWithTheField) {
  district_.AdvanceTo(At("2025-10-20 12:00"));
  EXPECT_THAT(Refusal({}), HasSubstr("expectations: nothing to run: propose"));
  BacktestQuery query;
  query.expectations = {ExpectationOn("x", IndicatorKind("nothing"), 5, 3, 2)};
  EXPECT_THAT(Refusal(query), HasSubstr("expectations[0].kind.indicator"));
  query.expectations = {ExpectationOn("x", {}, 0, 3, 2)};
  EXPECT_THAT(Refusal(query), HasSubstr("expectations[0].every_days"));
  query.expectations = {ExpectationOn("x", {}, 5, 3, 2), ExpectationOn("y", {}, 5, 3, 2)};
  query.expectations[1].team_labels = {{"level", "zip"}};
  EXPECT_THAT(Refusal(query), HasSubstr("expectations[1].team_labels: picks no team; give labels that a team has, or remove the "
                                        "expectation"));
  query.expectations = {ExpectationOn("x", {}, 5, 3, 2)};
  query.alert_rules = {Rule("x", LaggingOnlyTerms{})};
  EXPECT_THAT(Refusal(query), HasSubstr("alert_rules[0].id"));
  query.alert_rules.clear();
  query.labels = {{"level", "nowhere"}};
  EXPECT_THAT(Refusal(query), HasSubstr("labels: no team"));
  query.labels.clear();
  query.from = D("2025-10-01");
  query.to = D("2025-10-01");
  EXPECT_THAT(Refusal(query), HasSubstr("end_date: the window"));
  query.to = D("2045-10-01");
  EXPECT_THAT(Refusal(query), HasSubstr("end_date: the window"));
  query.from = D("2025-10-21");
  query.to.reset();
  EXPECT_THAT(Refusal(query), HasSubstr("start_date: 2025-10-21 lies in the future"));
  query.from.reset();
  query.expectations[0].teams = {"t1"};
  query.labels = {{"level", "high"}};
  EXPECT_THAT(Refusal(query), HasSubstr("expectations: nothing to run: none of"));
  query.expectations.clear();
  query.alert_rules = {Rule("off", LaggingOnlyTerms{})};
  query.alert_rules[0].enabled = false;
  EXPECT_THAT(Refusal(query), HasSubstr("expectations: nothing to run: none of"));
}

// At whatever time it is told; a very large team is left in the middle.
TEST_F(BacktestTest, ALargeTeamIsLeftInTheMiddle) {
  district_.AdvanceTo(At("2026-05-01 12:00"));
  std::vector<EvidenceItem> items;
  for (int i = 0; i < 10'000; ++i) {
    items.push_back(NumberRecord(absl::StrCat("r", i), "t1", "walks", D("2025-09-08")));
    items.back().content.reported = Instant{At("2025-09-09 00:00").micros + i * kMicrosPerMinute};
    if (items.size() < 1'000) continue;
    ASSERT_TRUE(district_.Record("forms", std::exchange(items, {})).ok());
  }
  BacktestQuery query;
  query.expectations = {ExpectationOn("x", {}, 5, 3, 2)};
  query.known_as_recorded = true;
  query.labels = {{"level", "middle"}};
  const absl::StatusOr<std::unique_ptr<const Backtest>> backtest = Prepare(district_, query);
  ASSERT_TRUE(backtest.ok()) << backtest.status();
  // Asked from several threads.
  const auto run = [&](int stop_at) {
    std::atomic<int> asked{0};
    const std::function<bool()> stop = [&] { return ++asked >= stop_at; };
    const absl::Status status = (*backtest)->Run([](const BacktestTeam&) { return true; }, &stop).status();
    return std::pair(status.code(), asked.load());
  };
  const auto [code, asked] = run(1'000'000);
  ASSERT_EQ(code, absl::StatusCode::kOk);
  // Twice while they are read, twice while they are lived, once a team.
  EXPECT_GE(asked, 5);
  for (int stop_at = 1; stop_at <= asked; ++stop_at) EXPECT_EQ(run(stop_at).first, absl::StatusCode::kCancelled) << stop_at;
}

// What a snapshot sets apart is looked through by every read until the next checkpoint.
TEST_F(BacktestTest, OneThatIsRefusedTakesNoSnapshot) {
  district_.AdvanceTo(At("2025-10-20 12:00"));
  Record("2025-10-20", {NumberRecord("a", "t1", "walks", D("2025-10-20"))});
  const auto layers = [this] { return district_.Read()->store().live().layers(); };
  const size_t before = layers();
  BacktestQuery query;
  query.expectations = {ExpectationOn("x", {}, 5, 3, 2)};
  query.labels = {{"level", "nowhere"}};
  EXPECT_THAT(Refusal(query), HasSubstr("labels: no team"));
  EXPECT_EQ(layers(), before);
  query.labels.clear();
  ASSERT_TRUE(Prepare(district_, query).ok());
  EXPECT_EQ(layers(), before + 1);
}

// Where a catalog comes between what is checked and what is run, it is checked anew.
TEST_F(BacktestTest, IsOfTheCatalogItWasCheckedBy) {
  district_.AdvanceTo(At("2025-10-20 12:00"));
  BacktestQuery query;
  query.expectations = {ExpectationOn("x", {}, 5, 3, 2)};
  int reads = 0;
  const auto read = [&]() -> absl::StatusOr<DistrictReader> {
    if (++reads == 2) {
      catalog_.teams.pop_back();
      EXPECT_TRUE(district_.Apply(catalog_).ok());
    }
    return district_.Read();
  };
  const absl::StatusOr<std::unique_ptr<const Backtest>> backtest = Backtest::Prepare(read, query);
  ASSERT_TRUE(backtest.ok()) << backtest.status();
  EXPECT_EQ(reads, 4);
  const absl::StatusOr<BacktestSummary> summary = (*backtest)->Run([](const BacktestTeam&) { return true; });
  ASSERT_TRUE(summary.ok()) << summary.status();
  EXPECT_EQ(summary->teams, 2u);
  EXPECT_EQ(summary->catalog_version, 2u);
}

// Which records of other teams have been revised is held as well.
TEST_F(BacktestTest, CountsAllThatItHolds) {
  district_.AdvanceTo(At("2025-10-20 12:00"));
  std::vector<EvidenceItem> items, voids;
  for (int i = 0; i < 600; ++i) {
    items.push_back(NumberRecord(absl::StrCat("other", i), "t3", "walks", D("2025-10-01")));
    voids.push_back(VoidRecord(absl::StrCat("other", i)));
  }
  for (const char* team : {"t1", "t2"}) {
    for (int i = 0; i < 10; ++i) items.push_back(NumberRecord(absl::StrCat(team, i), team, "walks", D("2025-10-01")));
  }
  ASSERT_TRUE(district_.Record("forms", items).ok());
  ASSERT_TRUE(district_.Record("forms", voids).ok());
  Catalog catalog = catalog_;
  catalog.expectations = {ExpectationOn("x", {}, 5, 3, 2)};
  ASSERT_TRUE(district_.Apply(catalog).ok());
  const DistrictReader reader = district_.Read();
  const std::vector<TeamNumber> teams = {*reader->interned().teams.Find("t1"), *reader->interned().teams.Find("t2")};
  const std::vector<Instant> ends(2, district_.now());
  const StoreView store = reader->store().Held();
  const auto held_at_once = [&](size_t held_max) {
    HistoryReader history({.store = store,
                           .district = reader->number(),
                           .interned = reader->interned(),
                           .catalog = *reader->catalog(),
                           .teams = teams,
                           .ends = ends,
                           .known_as_recorded = false,
                           .held_max = held_max},
                          nullptr);
    const absl::StatusOr<std::vector<TeamHistory>> histories = history.Read(0);
    EXPECT_TRUE(histories.ok()) << histories.status();
    EXPECT_EQ((*histories)[0].records.size(), 10u);
    return histories->size();
  };
  EXPECT_EQ(held_at_once(22), 2u);  // twenty records, and 600 numbers in two places
  EXPECT_EQ(held_at_once(21), 1u);
}

// And of an inquiry what a rule asks of it: its texts are not held.
TEST_F(BacktestTest, CountsWhatItHoldsOfInquiries) {
  Catalog catalog = catalog_;
  catalog.alert_rules = {Rule("actions", ActionWithoutEvidenceTerms{6})};
  ASSERT_TRUE(district_.Apply(catalog).ok());
  constexpr size_t kRevisions = 3, kActions = 7;
  for (const char* const team : {"t1", "t2"}) {
    Inquiry inquiry = InquiryOf(absl::StrCat("of-", team), team, D("2025-09-08"));
    inquiry.if_text.assign(kInquiryTextBytesMax, 'x');
    inquiry.links = {{"walks", ExpectedDirection::kIncrease, {}}, {"lessons", ExpectedDirection::kIncrease, {}}};
    for (size_t i = 0; i < kActions; ++i) inquiry.actions.push_back({absl::StrCat("a", i), "meet", D("2025-09-08"), std::nullopt});
    for (size_t revision = 1; revision <= kRevisions; ++revision) {
      inquiry.cycle_days = static_cast<int32_t>(revision);
      ASSERT_TRUE(district_.RecordInquiry(inquiry).ok());
    }
    inquiry.status = InquiryStatus::kDone;  // of which nothing is asked
    ASSERT_TRUE(district_.RecordInquiry(inquiry).ok());
  }
  const DistrictReader reader = district_.Read();
  const std::vector<TeamNumber> teams = {*reader->interned().teams.Find("t1"), *reader->interned().teams.Find("t2")};
  const std::vector<Instant> ends(2, Instant{district_.now().micros + 1});
  const StoreView store = reader->store().Held();
  const auto held_at_once = [&](size_t held_max) {
    HistoryReader history({.store = store,
                           .district = reader->number(),
                           .interned = reader->interned(),
                           .catalog = *reader->catalog(),
                           .teams = teams,
                           .ends = ends,
                           .known_as_recorded = false,
                           .held_max = held_max},
                          nullptr);
    const absl::StatusOr<std::vector<TeamHistory>> histories = history.Read(0);
    EXPECT_TRUE(histories.ok()) << histories.status();
    EXPECT_EQ((*histories)[0].inquiries.size(), kRevisions + 1);
    EXPECT_EQ((*histories)[0].inquiries[0].actions.size(), kActions);
    return histories->size();
  };
  const size_t of_a_team = kRevisions * (1 + kActions + 1 + 2) + 1;  // themselves, actions, links
  EXPECT_EQ(held_at_once(2 * of_a_team), 2u);
  EXPECT_EQ(held_at_once(2 * of_a_team - 1), 1u);
}

// However early a source says that it took it in: nothing is known before it has happened.
TEST_F(BacktestTest, NothingIsKnownBeforeItHasHappened) {
  EvidenceItem dated = NumberRecord("a", "t1", "walks", D("2025-09-17"));
  dated.content.reported = At("2025-09-09 09:00");
  EvidenceItem timed = NumberRecord("b", "t1", "walks", D("2025-09-26"));
  timed.content.event_date.reset();
  timed.content.event_time = At("2025-09-26 14:30");
  timed.content.reported = At("2025-01-01 09:00");
  EvidenceItem corrected = NumberRecord("c", "t1", "walks", D("2025-10-07"));
  corrected.content.reported = At("2025-10-01 09:00");
  EvidenceItem later = NumberRecord("d", "t1", "walks", D("2025-10-14"));  // reported after it: then
  later.content.reported = At("2025-10-16 09:00");
  Record("2025-10-20", {dated, timed, corrected, later});
  corrected.content.value = 2.0;
  Record("2025-10-21", {corrected});
  BacktestQuery query;
  query.expectations = {ExpectationOn("weekly", CategoryKind(Category::kWalkthrough), 5, 9, 1)};
  query.known_as_recorded = true;
  const absl::StatusOr<Tested> tested = RunBacktest(district_, query);
  ASSERT_TRUE(tested.ok()) << tested.status();
  EXPECT_EQ(tested->summary.known_records, 4u);
  EXPECT_THAT(LinesOf(*tested, {"t1", "weekly"}),
              ElementsAre("2025-09-08 00:00 NOT_STARTED STARTED due 2025-09-15", "2025-09-16 07:00 LATE DUE due 2025-09-15",
                          "2025-09-17 00:00 ON_TRACK RESOLVED due 2025-09-24", "2025-09-25 07:00 LATE DUE due 2025-09-24",
                          "2025-09-26 14:30 ON_TRACK RESOLVED due 2025-10-03", "2025-10-06 07:00 LATE DUE due 2025-10-03",
                          "2025-10-07 00:00 ON_TRACK RESOLVED due 2025-10-14", "2025-10-15 07:00 LATE DUE due 2025-10-14",
                          "2025-10-16 09:00 ON_TRACK RESOLVED due 2025-10-21"));
}

TEST_F(BacktestTest, EndsWhereNobodyWantsMore) {
  BacktestQuery query;
  query.expectations = {ExpectationOn("x", {}, 5, 3, 2)};
  const absl::StatusOr<std::unique_ptr<const Backtest>> backtest = Prepare(district_, query);
  ASSERT_TRUE(backtest.ok()) << backtest.status();
  int visited = 0;
  EXPECT_EQ((*backtest)->Run([&](const BacktestTeam&) { return ++visited < 2; }).status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(visited, 2);
  const std::function<bool()> stop = [] { return true; };
  EXPECT_EQ((*backtest)->Run([&](const BacktestTeam&) { return true; }, &stop).status().code(), absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace leadlag
