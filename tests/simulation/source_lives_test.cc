// Many lives of sources that fall silent and are heard again, with every kind of rule on what they feed: every flip is the naive model's.
#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/engine/queries.h"
#include "tests/simulation/simulated_district.h"
#include "tests/simulation/watch_stories.h"
#include "tests/support/random_seed.h"
#include "tests/support/watch_story.h"

namespace leadlag {
namespace {

using testing::IsEmpty;

AlertRule Rule(std::string id, decltype(AlertRule::terms) terms) {
  AlertRule rule;
  rule.id = std::move(id);
  rule.terms = std::move(terms);
  return rule;
}

constexpr int kTeams = 4;
const Date kEnd = D("2026-02-20");

class Life {
 public:
  explicit Life(uint64_t seed)
      : random_(seed), district_({.start = At("2025-08-01 12:00")}), catalog_(SmallCatalog(kTeams)) {
    catalog_.sources = {Source{.id = "forms"}, Source{.id = "sis"}, Source{.id = "paper"}};
    catalog_.sources[0].every_days = 3;
    catalog_.sources[1].every_days = 2;
    catalog_.sources[1].indicators = {"lessons", "results"};
    catalog_.sources[1].notify_time = MinuteOfDay{9 * 60};
    catalog_.teams[1].time_zone = "America/Denver";
    catalog_.teams[2].time_zone = "America/Halifax";
    const int settling[] = {0, 10, 45};
    catalog_.settings.settling_minutes = settling[seed % 3];
    catalog_.expectations.push_back(ExpectationOn("lessons", CategoryKind(Category::kImplementation), 4, 0, 1));
    catalog_.expectations.push_back(ExpectationOn("any", SignalKind{}, 6, 2, 0));
    catalog_.alert_rules = {Rule("lagging", LaggingOnlyTerms{8}),
                            Rule("boxes-only", CompletionOnlyTerms{CycleUnit::kIsoWeek, 1}),
                            Rule("reviews", ReviewOverdueTerms{6}),
                            Rule("slow", CollectionSlowTerms{.records = 4, .percent = 30, .days = 2, .clear_percent = 15}),
                            Rule("actions", ActionWithoutEvidenceTerms{5}),
                            Rule("walks-run", RunSignalTerms{"walks", ChartUnit::kDay})};
    for (AlertRule& rule : catalog_.alert_rules) rule.from = D("2025-07-01");
  }

  void Live() {
    Apply();
    for (Date date = D("2025-09-04"); date < kEnd && !testing::Test::HasFailure(); date = date + 1) {
      minute_ = random_.OneIn(3) ? 5 * 60 : 8 * 60;
      for (size_t i = 0; i < catalog_.sources.size(); ++i) {
        if (silent_[i] > 0) {
          --silent_[i];
        } else if (random_.OneIn(12)) {
          silent_[i] = random_.Between(1, 12);
        } else if (random_.OneIn(2)) {
          Send(date, catalog_.sources[i].id);
        }
      }
      if (random_.OneIn(9)) Review(date);
      if (random_.OneIn(5)) Tell(date);
      if (random_.OneIn(10)) Edit(date);
      if (random_.OneIn(14) && date + 6 < kEnd) {
        const int days = random_.Between(0, 5);
        GoTo(date);
        if (const std::optional<Downtime> down = district_.Restart(At("America/New_York", date + days, minute_ + 5))) {
          stories_.Down(down->down_from, down->up_at);
        }
        date = date + days;
      }
    }
    district_.AdvanceTo(At("America/New_York", kEnd, 0));
  }

  // What came of it, by kind; and alerts that a silence has closed.
  struct Seen {
    std::map<AlertKind, std::map<WatchState, int>> states;
    std::map<AlertKind, int> silenced;
    std::map<AlertKind, std::set<Severity>> severities;
  };

  void Compare(Seen& seen) {
    ASSERT_EQ(district_.Inconsistencies(), "");
    ASSERT_THAT(VerifyDistrict(district_.Freeze(), 100), IsEmpty());
    std::map<WatchName, std::vector<WatchFlip>> flips = district_.FlipsByWatch();
    for (const auto& [name, story] : stories_.Tell(At("America/New_York", kEnd, 0))) {
      ASSERT_EQ(FlipDifference(name, story, flips[name]), "") << Shown();
    }
    for (const SeenFlip& flip : district_.Flips()) {
      const FlipRecord& record = flip.record;
      ++seen.states[record.kind][record.flip.to];
      if (HasAlert(record.flip.from) && record.flip.reason == FlipReason::kSourceSilent) ++seen.silenced[record.kind];
      if (!HasAlert(record.flip.to) || HasAlert(record.flip.from)) continue;
      seen.severities[record.kind].insert(record.severity);
      // As the catalog said when it opened; told late, after a hold, by one that came meanwhile.
      const std::set<Severity> said = SeveritiesOf(record);
      ASSERT_TRUE(said.contains(record.severity)) << Describe(flip);
    }
  }

 private:
  void GoTo(Date date) {
    const Instant at = At("America/New_York", date, minute_);
    if (district_.now() < at) district_.AdvanceTo(at);
    minute_ += random_.Between(1, 30);
  }
  std::string Shown() const {
    std::string text;
    for (const std::string& line : log_) text += "\n  " + line;
    return text;
  }
  void Log(const std::string& what) { log_.push_back(district_.last_command().ToString() + " " + what); }

  // Of the flip's subject, by the catalogs in force from when it happened until it was recorded.
  std::set<Severity> SeveritiesOf(const FlipRecord& record) const {
    std::set<Severity> severities;
    for (size_t i = 0; i < applied_.size(); ++i) {
      if (applied_[i].first > record.recorded) break;
      if (i + 1 < applied_.size() && applied_[i + 1].first < record.flip.effective) continue;
      const Catalog& catalog = applied_[i].second;
      if (record.kind == AlertKind::kSignalOverdue) severities.insert(Severity::kWarning);
      for (const AlertRule& rule : catalog.alert_rules) {
        if (rule.id == record.expectation) severities.insert(rule.severity);
      }
      for (const Source& source : catalog.sources) {
        if (source.id == record.source) severities.insert(source.severity);
      }
    }
    return severities;
  }

  void Apply() {
    const absl::StatusOr<CatalogOutcome> applied = district_.Apply(catalog_);
    ASSERT_TRUE(applied.ok()) << applied.status();
    if (applied->changes.empty()) return;
    stories_.Apply(district_.last_command(), catalog_);
    applied_.emplace_back(district_.last_command(), catalog_);
    std::string text = "catalog:";
    for (const CatalogChange& change : applied->changes) absl::StrAppend(&text, " ", change.path, " ", change.detail);
    Log(text);
  }

  void Send(Date date, const std::string& source) {
    GoTo(date);
    RecordEvidenceCommand command{.source = source, .items = {}, .complete_through = std::nullopt};
    std::vector<WatchStories::Item> told;
    for (int n = random_.Between(0, 4); n > 0; --n) {
      if (random_.OneIn(5)) {
        Revise(date, source, command.items, told);
        continue;
      }
      static const auto& kIndicators = *new std::vector<std::string>{"walks", "walks", "lessons", "results", "boxes"};
      const std::string id = absl::StrCat("r", records_.size() + 1);
      const Mine mine{source, absl::StrCat("t", random_.Between(1, kTeams)), random_.Pick(kIndicators)};
      records_.emplace_back(id, mine);
      AddTo(command.items, told, id, mine, date - random_.Between(0, 6));
      told.back().is_new = true;
    }
    if (random_.OneIn(2)) command.complete_through = date - random_.Between(0, 2);
    const std::optional<Date> through = command.complete_through;
    ASSERT_TRUE(district_.Execute(std::move(command)).ok());
    if (!told.empty()) stories_.Record(district_.last_command(), told);
    stories_.Heard(district_.last_command(), source, through);
    Log(absl::StrCat(source, ": ", told.size(), " records", through ? " through " + through->ToString() : ""));
    for (const WatchStories::Item& item : told)
      Log(absl::StrCat("  ", item.id, " ", item.team, " ", item.indicator.value_or("void"), " ", item.date.ToString()));
  }

  struct Mine {
    std::string source, team, indicator;
    bool voided = false;
  };

  void AddTo(std::vector<EvidenceItem>& items, std::vector<WatchStories::Item>& told, const std::string& id, const Mine& mine, Date event) {
    // Each value is another one, and they go up and down in waves.
    ++value_;
    const double value = (value_ / 120 % 2 == 0 ? 0 : 400'000) + 100'000 * random_.Between(0, 3) + value_;
    items.push_back(NumberRecord(id, mine.team, mine.indicator, event, value));
    if (mine.indicator == "boxes") items.back().content.value = Completion{true};
    told.push_back({.id = id, .team = mine.team, .indicator = mine.indicator, .date = event, .value = value});
  }

  // One of the source's last records is voided, or corrected.
  void Revise(Date date, const std::string& source, std::vector<EvidenceItem>& items, std::vector<WatchStories::Item>& told) {
    if (records_.empty()) return;
    const int last = static_cast<int>(records_.size()) - 1;
    auto& [id, mine] = records_[static_cast<size_t>(random_.Between(std::max(0, last - 20), last))];
    const auto same = [&id = id](const EvidenceItem& item) { return item.evidence_id == id; };
    if (mine.source != source || mine.voided || mine.indicator == "boxes" || std::any_of(items.begin(), items.end(), same)) return;
    if (random_.OneIn(2)) {
      mine.voided = true;
      items.push_back(VoidRecord(id));
      told.push_back({id, mine.team, std::nullopt, Date()});
      return;
    }
    if (random_.OneIn(2)) mine.indicator = random_.OneIn(2) ? "walks" : "results";
    AddTo(items, told, id, mine, date - random_.Between(0, 9));
  }

  void Review(Date date) {
    GoTo(date);
    leadlag::Review review;
    review.id = absl::StrCat("v", ++reviews_);
    review.team = absl::StrCat("t", random_.Between(1, kTeams));
    review.date = date - random_.Between(0, 6);
    review.indicators = {"walks", "results"};
    if (random_.OneIn(2)) review.indicators.push_back("lessons");
    ASSERT_TRUE(district_.RecordReview(review).ok());
    stories_.Review(district_.last_command(), review.team, review.date, review.indicators);
    Log(absl::StrCat(review.id, " ", review.team, " review of ", review.date.ToString()));
  }

  // One of a few inquiries, anew.
  void Tell(Date date) {
    GoTo(date);
    const int team = random_.Between(1, kTeams);
    Inquiry inquiry = InquiryOf(absl::StrCat("q", team, random_.Between(0, 1)), absl::StrCat("t", team), D("2025-09-01"));
    if (random_.OneIn(4)) inquiry.status = InquiryStatus::kDone;
    for (const char* const indicator : {"walks", "lessons", "results"}) {
      if (!random_.OneIn(3)) inquiry.links.push_back({indicator, ExpectedDirection::kIncrease, {}});
    }
    for (int i = random_.Between(0, 2); i > 0; --i) {
      const Date start = std::max(inquiry.start, date - random_.Between(-3, 8));
      inquiry.actions.push_back({absl::StrCat("a", i), "d", start, std::nullopt});
      if (random_.OneIn(3)) inquiry.actions.back().end = start + random_.Between(1, 20);
    }
    const absl::StatusOr<InquiryOutcome> outcome = district_.RecordInquiry(inquiry);
    ASSERT_TRUE(outcome.ok()) << outcome.status();
    if (outcome->kind != RecordOutcomeKind::kSame) stories_.Record(district_.last_command(), inquiry);
    Log(absl::StrCat("inquiry ", inquiry.id, ": ", inquiry.links.size(), " links, ", inquiry.actions.size(), " actions",
                     inquiry.status == InquiryStatus::kDone ? ", done" : ""));
    for (const InquiryLink& link : inquiry.links) Log("  " + link.indicator);
    for (const InquiryAction& action : inquiry.actions) {
      Log(absl::StrCat("  ", action.id, " ", action.start.ToString(), action.end ? " to " + action.end->ToString() : ""));
    }
  }

  void Edit(Date date) {
    GoTo(date);
    Source& source =
        catalog_.sources[static_cast<size_t>(random_.Between(0, static_cast<int>(catalog_.sources.size()) - 1))];
    Expectation& expectation = catalog_.expectations[static_cast<size_t>(random_.Between(0, 2))];
    const auto any_of_rules = static_cast<size_t>(random_.Between(0, static_cast<int>(catalog_.alert_rules.size()) - 1));
    AlertRule& rule = catalog_.alert_rules[any_of_rules];
    const Severity severities[] = {Severity::kAdvisory, Severity::kWarning, Severity::kCritical};
    switch (random_.Between(0, 12)) {
      case 0: {
        const Date day = date + random_.Between(-3, 6);
        const bool make_up = !Calendar::Compile(catalog_.calendars[0]).value().IsInstructional(day);
        catalog_.calendars[0] = With(catalog_.calendars[0],
                                     make_up ? ExceptionKind::kMakeUpDay : ExceptionKind::kWeatherDay, day.ToString());
        break;
      }
      case 1:
        source.every_days = random_.Between(0, 3);
        break;
      case 2:
        source.indicators = random_.OneIn(2) ? std::vector<std::string>{}
                                             : std::vector<std::string>{random_.OneIn(2) ? "walks" : "lessons"};
        break;
      case 3:
        source.teams = random_.OneIn(2) ? std::vector<std::string>{}
                                        : std::vector<std::string>{absl::StrCat("t", random_.Between(1, kTeams))};
        break;
      case 4:
        source.notify_time = MinuteOfDay{random_.Between(6, 10) * 60};
        break;
      case 5: {
        std::vector<ActivePeriod>& active =
            catalog_.teams[static_cast<size_t>(random_.Between(0, kTeams - 1))].active_periods;
        if (active.back().active_to) {
          active.push_back({std::max(date, *active.back().active_to + 1), std::nullopt});
        } else if (active.back().active_from < date) {
          active.back().active_to = date + random_.Between(1, 4);
        }
        break;
      }
      case 6:
        catalog_.expectations[1].grace_days = random_.Between(0, 3);
        break;
      case 7:
        PickOther(expectation);
        break;
      case 8:
        PickOther(rule);
        break;
      case 9:
        rule.severity = severities[random_.Between(0, 2)];
        source.severity = severities[random_.Between(0, 2)];
        break;
      case 10: {
        const std::optional<Date> from = random_.OneIn(3) ? std::nullopt : std::optional(date + random_.Between(-20, 6));
        (random_.OneIn(3) ? source.from : random_.OneIn(2) ? expectation.from : rule.from) = from;
        break;
      }
      case 11:
        rule.enabled = !rule.enabled;
        break;
      default:
        // One goes; or one that went comes back.
        if (gone_.empty() || (random_.OneIn(2) && catalog_.alert_rules.size() > 3)) {
          gone_.push_back(rule);
          catalog_.alert_rules.erase(catalog_.alert_rules.begin() + static_cast<std::ptrdiff_t>(any_of_rules));
        } else {
          catalog_.alert_rules.push_back(gone_.back());
          gone_.pop_back();
        }
    }
    Apply();
  }

  template <typename Entry>
  void PickOther(Entry& entry) {
    entry.teams.clear();
    entry.team_labels.clear();
    if (random_.OneIn(3)) entry.teams = {absl::StrCat("t", random_.Between(1, kTeams)), "t1"};
    if (random_.OneIn(3)) entry.team_labels = {{"level", random_.OneIn(2) ? "high" : "middle"}};
    if (entry.teams.size() == 2 && entry.teams[0] == entry.teams[1]) entry.teams.pop_back();
    if (!entry.teams.empty()) entry.team_labels.clear();  // both may pick nobody
  }

  Random random_;
  SimulatedDistrict district_;
  WatchStories stories_;
  Catalog catalog_;
  std::vector<std::pair<Instant, Catalog>> applied_;
  std::vector<AlertRule> gone_;
  std::vector<std::string> log_;
  std::vector<std::pair<std::string, Mine>> records_;  // by id
  int silent_[3] = {0, 0, 0};
  int value_ = 0, reviews_ = 0;
  int minute_ = 0;
};

TEST(SourceLivesTest, EveryFlipIsTheNaiveModels) {
  Life::Seen seen;
  for (const uint64_t seed : Seeds(6, 200)) {
    SCOPED_TRACE(Replay(seed));
    Life life(seed);
    life.Live();
    if (HasFatalFailure()) return;
    life.Compare(seen);
    if (HasFatalFailure()) return;
  }
  if (std::getenv("LEADLAG_SEED") != nullptr) return;
  EXPECT_GT(seen.states[AlertKind::kSourceSilent][WatchState::kRaised], 5);
  EXPECT_GT(seen.states[AlertKind::kSignalOverdue][WatchState::kLate], 5);
  for (const AlertKind kind :
       {AlertKind::kSignalOverdue, AlertKind::kLaggingOnly, AlertKind::kCompletionOnly, AlertKind::kActionWithoutEvidence}) {
    EXPECT_GT(seen.states[kind][WatchState::kUnknown], 5) << ToString(kind);
    EXPECT_GT(seen.silenced[kind], 0) << ToString(kind);
  }
  for (const AlertKind kind : {AlertKind::kReviewOverdue, AlertKind::kCollectionSlow, AlertKind::kRunSignal}) {
    EXPECT_EQ(seen.states[kind][WatchState::kUnknown], 0) << ToString(kind);  // what they look at is known without it
  }
  for (const AlertKind kind : {AlertKind::kLaggingOnly, AlertKind::kCompletionOnly, AlertKind::kReviewOverdue, AlertKind::kCollectionSlow,
                               AlertKind::kActionWithoutEvidence, AlertKind::kRunSignal}) {
    EXPECT_GT(seen.states[kind][WatchState::kRaised], 0) << ToString(kind);
  }
  EXPECT_GT(seen.severities[AlertKind::kSourceSilent].size(), 1u);
}

}  // namespace
}  // namespace leadlag
