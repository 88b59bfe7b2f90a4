// A feed of 2,000 teams that dies for days and comes back: one alert, nobody wronged, and afterwards what fires is what is so, with every
// kind of rule on; and all of it told in bounded steps.
#include <algorithm>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/engine/backtest.h"
#include "server/engine/queries.h"
#include "tests/simulation/simulated_district.h"
#include "tests/simulation/stepped_district.h"
#include "tests/support/watch_story.h"

namespace leadlag {
namespace {

using testing::IsEmpty;

// "forms" is expected every three days and feeds everything; settling takes 10 minutes.
Catalog ExpectingForms(int teams) {
  Catalog catalog = SmallCatalog(teams);
  catalog.sources[0].every_days = 3;
  return catalog;
}

AlertRule Rule(std::string id, decltype(AlertRule::terms) terms) {
  AlertRule rule;
  rule.id = std::move(id);
  rule.terms = std::move(terms);
  return rule;
}

// What a back-test of what is in force says of this school year, as (team, subject), and what it says of sources.
struct Backtested {
  std::map<std::pair<std::string, std::string>, std::vector<WatchFlip>> flips;
  BacktestSummary summary;
};
Backtested BacktestOf(const SimulatedDistrict& district) {
  Backtested backtested;
  const auto read = [&]() -> absl::StatusOr<DistrictReader> { return district.Read(); };
  const absl::StatusOr<std::unique_ptr<const Backtest>> backtest = Backtest::Prepare(read, {});
  EXPECT_TRUE(backtest.ok()) << backtest.status();
  if (!backtest.ok()) return backtested;
  const absl::StatusOr<BacktestSummary> summary = (*backtest)->Run([&](const BacktestTeam& team) {
    for (const BacktestTeam::Flip& flip : team.flips) {
      backtested.flips[{(*backtest)->TeamId(team.team), (*backtest)->SubjectOf(flip.subject).id}].push_back(flip.flip);
    }
    return true;
  });
  EXPECT_TRUE(summary.ok()) << summary.status();
  if (summary.ok()) backtested.summary = *summary;
  return backtested;
}

// Nobody is alerted in it who was not in life.
void ExpectBacktestAsLived(const SimulatedDistrict& district) {
  std::map<std::pair<std::string, std::string>, std::vector<WatchFlip>> lived;
  for (const SeenFlip& seen : district.Flips()) {
    if (seen.record.source.empty() && !IsHandling(seen.record.flip.reason)) {
      lived[{seen.record.team, seen.record.expectation}].push_back(seen.record.flip);
    }
  }
  const Backtested backtested = BacktestOf(district);
  EXPECT_TRUE(backtested.flips == lived);
  EXPECT_EQ(backtested.summary.silences, 1u);
  EXPECT_EQ(backtested.summary.silent_sources, 1u);
}

TEST(DeadFeedTest, OneAlertTwoThousandUnknownNobodyOverdueAndAfterwardsOnlyWhoIs) {
  constexpr int kTeams = 2'000, kMissing = 7;
  Catalog catalog = ExpectingForms(kTeams);
  catalog.expectations[0].grace_days = 0;
  const auto live = [&](bool restarts) {
    SimulatedDistrict district({.start = At("2025-08-01 12:00"),
                                .id = kSimulatedId,
                                .disk = nullptr,
                                .wrap_log = nullptr,
                                .restarts = restarts});
    EXPECT_TRUE(district.Apply(catalog).ok());
    int records = 0;
    const auto send = [&](const char* when, int from, int to) {
      district.AdvanceTo(At(when));
      for (int first = from; first <= to; first += 500) {
        std::vector<EvidenceItem> items;
        for (int team = first; team <= std::min(to, first + 499); ++team) {
          items.push_back(NumberRecord(absl::StrCat("r", ++records), absl::StrCat("t", team), "walks",
                                       D(std::string_view(when).substr(0, 10))));
        }
        EXPECT_TRUE(district.Record("forms", items).ok());
      }
    };
    send("2025-09-10 16:00", 1, kTeams);
    district.Restart();
    district.AdvanceTo(At("2025-09-18 12:00"));  // dead from the 11th to the 18th: six instructional days
    std::map<WatchState, int> states;
    for (const auto& [name, record] : district.Watches()) {
      if (!name.team.empty()) ++states[record.watch.state];
    }
    EXPECT_EQ(states[WatchState::kUnknown], kTeams);
    EXPECT_EQ(district.OpenAlerts().size(), 1u);
    for (const SeenFlip& seen : district.Flips())
      EXPECT_NE(seen.record.kind == AlertKind::kSignalOverdue && HasAlert(seen.record.flip.to), true);
    district.Restart();
    send("2025-09-18 16:00", kMissing + 1, kTeams);
    district.Restart();
    district.AdvanceTo(At("2025-09-19 12:00"));
    std::vector<std::string> late;
    for (const auto& [name, alert] : district.OpenAlerts()) late.push_back(name.team);
    EXPECT_EQ(late.size(), static_cast<size_t>(kMissing));
    if (restarts) ExpectBacktestAsLived(district);
    EXPECT_EQ(district.Inconsistencies(), "");
    EXPECT_THAT(VerifyDistrict(district.Freeze(), 100), IsEmpty());
    return district.Flips();
  };
  // Restarted or not, the same log.
  EXPECT_EQ(live(true), live(false));
}

// Teams by number: "t3", "t4", …
std::set<std::string> TeamsFrom(int first, int last) {
  std::set<std::string> teams;
  for (int team = first; team <= last; ++team) teams.insert(absl::StrCat("t", team));
  return teams;
}

// The same with every kind of rule on, half of the alerts acknowledged, and a backlog of which a part is late.
class DeadFeedWithRules {
 public:
  static constexpr int kTeams = 2'000, kMissing = 7, kSlowFrom = 101, kSlowThrough = 300;

  DeadFeedWithRules(bool restarts, bool reported)
      : reported_(reported),
        district_({.start = At("2025-08-01 12:00"), .id = kSimulatedId, .disk = nullptr, .wrap_log = nullptr, .restarts = restarts}) {}

  SimulatedDistrict& district() { return district_; }

  // Well, until the 24th of September: t1999 and t2000 are late since the 17th, a run of t11's values has been told of since the 24th, and
  // nobody has reviewed anything.
  void LiveWell() {
    Catalog catalog = ExpectingForms(kTeams);
    catalog.expectations[0].grace_days = 0;
    catalog.alert_rules = {Rule("lagging", LaggingOnlyTerms{5}),
                           Rule("boxes-only", CompletionOnlyTerms{CycleUnit::kIsoWeek, 1}),
                           Rule("reviews", ReviewOverdueTerms{6}),
                           Rule("slow", CollectionSlowTerms{.records = 4, .percent = 25, .days = 2, .clear_percent = 20}),
                           Rule("actions", ActionWithoutEvidenceTerms{4}),
                           Rule("run", RunSignalTerms{.indicator = "voices-heard", .unit = ChartUnit::kDay, .baseline = 4})};
    catalog.indicators.push_back(catalog.indicators[0]);
    catalog.indicators.back().id = "voices-heard";
    catalog.indicators.back().category = Category::kStudentExperience;
    ASSERT_TRUE(district_.Apply(catalog).ok());
    for (Date date = D("2025-09-10"); date <= D("2025-09-24"); date = date + 1) {
      if (date.weekday() >= Weekday::kSaturday) continue;
      GoTo(date);
      const std::string day = date.ToString();
      if (day == "2025-09-10" || day == "2025-09-16" || day == "2025-09-22" || day == "2025-09-24") Walks(1, kTeams - 2, date);
      if (day == "2025-09-16") {
        for (int team = 1; team <= 20; ++team) Add(absl::StrCat("t", team), "results", date);
      }
      Add("t11", "voices-heard", date);
      if (date > D("2025-09-11")) Add("t12", "voices-heard", date);  // nine points
      Send();
    }
    for (int team = 1; team <= 10; ++team) {
      Inquiry inquiry = InquiryOf(absl::StrCat("i", team), absl::StrCat("t", team), D("2025-09-08"));
      inquiry.links = {{"walks", ExpectedDirection::kIncrease}};
      inquiry.actions = {{"try", "Try it", D("2025-09-24")}};
      ASSERT_TRUE(district_.RecordInquiry(inquiry).ok());
    }
    std::map<std::string, int> numbers;  // by subject
    for (const auto& [name, alert] : district_.OpenAlerts()) {
      if (++numbers[name.expectation] % 2 == 0) continue;
      HandleAlertCommand command;
      command.alert = alert.sequences.front();
      command.by = "coach";
      ASSERT_TRUE(district_.Execute(std::move(command)).ok());
      acknowledged_.insert(name);
    }
    district_.Restart();
  }

  // Six days of school later it is back, with all but seven teams; of some of them it brings what was of the first two of these days.
  void ComeBack() {
    GoTo(D("2025-10-02"));
    Walks(kMissing + 1, kTeams - 2, D("2025-10-02"));
    for (int team = kSlowFrom; team <= kSlowThrough; ++team) {
      for (const char* const day : {"2025-09-25", "2025-09-26"}) {
        EvidenceItem& late = Add(absl::StrCat("t", team), "walks", D(day));
        if (reported_) late.content.reported = At(absl::StrCat(day, " 16:30"));
      }
    }
    for (int team = 1; team <= 3; ++team) {
      Add(absl::StrCat("t", team), "boxes", D("2025-09-29")).content.value = Completion{true};
    }
    Add("t12", "voices-heard", D("2025-10-02"));
    Send();
    district_.Restart();
  }

  // Teams whose alerts have opened by flips after this one, by subject; a source's under "".
  std::map<std::string, std::set<std::string>> OpenedAfter(uint64_t sequence) const {
    std::map<std::string, std::set<std::string>> opened;
    for (const SeenFlip& seen : district_.Flips()) {
      const FlipRecord& record = seen.record;
      if (seen.sequence <= sequence || !HasAlert(record.flip.to) || HasAlert(record.flip.from)) continue;
      opened[record.expectation].insert(record.source.empty() ? record.team : record.source);
    }
    return opened;
  }
  std::map<std::string, std::set<std::string>> Open() const {
    std::map<std::string, std::set<std::string>> open;
    for (const auto& [name, alert] : district_.OpenAlerts()) open[name.expectation].insert(name.team);
    return open;
  }
  // The open alerts that somebody has acknowledged.
  std::set<WatchName> Acknowledged() const {
    std::set<WatchName> names;
    for (const auto& [name, alert] : district_.OpenAlerts()) {
      if (alert.acknowledged) names.insert(name);
    }
    return names;
  }
  const std::set<WatchName>& acknowledged() const { return acknowledged_; }

 private:
  void GoTo(Date date) { district_.AdvanceTo(At("America/New_York", date, 16 * 60)); }
  EvidenceItem& Add(const std::string& team, const std::string& indicator, Date date) {
    items_.push_back(NumberRecord(absl::StrCat("r", ++records_), team, indicator, date, 5));
    return items_.back();
  }
  void Walks(int first, int last, Date date) {
    for (int team = first; team <= last; ++team) Add(absl::StrCat("t", team), "walks", date);
  }
  void Send() {
    for (size_t first = 0; first < items_.size(); first += 500) {
      const std::vector<EvidenceItem> batch(items_.begin() + static_cast<std::ptrdiff_t>(first),
                                            items_.begin() + static_cast<std::ptrdiff_t>(std::min(items_.size(), first + 500)));
      const absl::StatusOr<BatchOutcome> outcome = district_.Record("forms", batch);
      ASSERT_TRUE(outcome.ok() && outcome->failures.empty());
    }
    items_.clear();
  }

  const bool reported_;
  SimulatedDistrict district_;
  std::set<WatchName> acknowledged_;
  std::vector<EvidenceItem> items_;
  int records_ = 0;
};

TEST(DeadFeedTest, WithEveryRuleOnWhatFiresAfterwardsIsWhatIsSo) {
  using Feed = DeadFeedWithRules;
  const auto live = [](bool restarts, bool reported) {
    Feed feed(restarts, reported);
    feed.LiveWell();
    std::set<std::string> reviewed_late = TeamsFrom(1, Feed::kTeams - 2);
    std::map<std::string, std::set<std::string>> open = {
        {"walks", TeamsFrom(Feed::kTeams - 1, Feed::kTeams)}, {"reviews", reviewed_late}, {"run", {"t11"}}};
    EXPECT_EQ(feed.Open(), open);
    EXPECT_EQ(feed.acknowledged().size(), 1'001u);
    const uint64_t well = feed.district().last_sequence();

    feed.district().AdvanceTo(At("2025-10-02 12:00"));
    EXPECT_EQ(feed.OpenedAfter(well), (std::map<std::string, std::set<std::string>>{{"", {"forms"}}}));
    std::map<std::string, int> unknown;
    for (const auto& [name, record] : feed.district().Watches()) {
      if (record.watch.state == WatchState::kUnknown) ++unknown[name.expectation];
    }
    // Of actions ten teams have one; who has none waits for nothing.
    EXPECT_EQ(unknown, (std::map<std::string, int>{
                           {"walks", Feed::kTeams}, {"lagging", Feed::kTeams}, {"boxes-only", Feed::kTeams}, {"actions", 10}}));
    // What can be told without it stays, and so does what was done with it; of the rest nobody can tell.
    open.erase("walks");
    open["forms"] = {""};
    EXPECT_EQ(feed.Open(), open);
    std::set<WatchName> acknowledged = feed.acknowledged();
    std::erase_if(acknowledged, [](const WatchName& name) { return name.expectation == "walks"; });
    EXPECT_EQ(acknowledged.size(), 1'000u);
    EXPECT_EQ(feed.Acknowledged(), acknowledged);

    const uint64_t dead = feed.district().last_sequence();
    feed.ComeBack();
    feed.district().AdvanceTo(At("2025-10-06 12:00"));
    std::set<std::string> late = TeamsFrom(1, Feed::kMissing);
    std::map<std::string, std::set<std::string>> opened = {
        {"lagging", late}, {"actions", late}, {"boxes-only", TeamsFrom(1, 3)}, {"run", {"t12"}}};
    late.merge(TeamsFrom(Feed::kTeams - 1, Feed::kTeams));
    opened["walks"] = late;
    // DOMAIN.md: known is reported if given, else recorded.
    if (!reported) opened["slow"] = TeamsFrom(Feed::kSlowFrom, Feed::kSlowThrough);
    EXPECT_EQ(feed.OpenedAfter(dead), opened);
    open.erase("forms");
    for (const auto& [subject, teams] : opened) open[subject].insert(teams.begin(), teams.end());
    EXPECT_EQ(feed.Open(), open);
    EXPECT_EQ(feed.Acknowledged(), acknowledged);  // the new ones are nobody's yet
    EXPECT_EQ(feed.district().Inconsistencies(), "");
    EXPECT_THAT(VerifyDistrict(feed.district().Freeze(), 100), IsEmpty());
    if (restarts) ExpectBacktestAsLived(feed.district());
    return feed.district().Flips();
  };
  EXPECT_EQ(live(/*restarts=*/true, /*reported=*/false), live(/*restarts=*/false, /*reported=*/false));
  live(/*restarts=*/true, /*reported=*/true);
}

// DESIGN.md, invariant 6: no command does more than a thousand watches' work, and what comes in between finds every
// watch as it is to be.
TEST(DeadFeedTest, IsToldInBoundedStepsThroughKillsAndEvidence) {
  constexpr int kTeams = 2'500;
  std::shared_ptr<Disk> disk;
  {
    SimulatedDistrict simulated({.start = At("2025-08-01 12:00")});
    ASSERT_TRUE(simulated.Apply(ExpectingForms(kTeams)).ok());
    simulated.AdvanceTo(At("2025-09-08 16:00"));
    ASSERT_TRUE(simulated.Record("forms", {}).ok());
    disk = simulated.LogAlone();
  }
  SteppedDistrict district(disk);
  const auto unknown = [&] {
    int count = 0;
    district->watches().ForEach(
        [&](WatchId, const WatchRecord& record) { count += record.watch.state == WatchState::kUnknown ? 1 : 0; });
    return count;
  };
  const auto state = [&](TeamNumber team) { return district->watches().Find({team, 0})->watch.state; };
  const auto continue_once = [&] {
    ASSERT_TRUE(district->HasPendingWork(district.now()));
    ASSERT_TRUE(district.Apply(ContinueCommand{}).ok());
  };
  district.SetNow(At("2025-09-12 07:00"));
  ASSERT_TRUE(district.Apply(TickCommand{}).ok());
  EXPECT_EQ(unknown(), 1'000);
  // Evidence of another source for a team that has not been told.
  ASSERT_TRUE(district
                  .Apply(RecordEvidenceCommand{.source = "sis",
                                               .items = {NumberRecord("s", "t2000", "walks", D("2025-09-11"))}})
                  .ok());
  EXPECT_EQ(state(1'999), WatchState::kUnknown);
  district.Kill();
  continue_once();
  EXPECT_EQ(unknown(), 2'000);
  // It is heard, and all has come, before everybody has been told that it was silent.
  ASSERT_TRUE(
      district.Apply(RecordEvidenceCommand{.source = "forms", .items = {}, .complete_through = D("2025-09-11")}).ok());
  district.Kill();
  while (district->HasPendingWork(district.now())) ASSERT_TRUE(district.Apply(ContinueCommand{}).ok());
  EXPECT_EQ(unknown(), 0);
  EXPECT_EQ(state(1'999), WatchState::kOnTrack);
  EXPECT_EQ(state(2'499), WatchState::kNotStarted);
  EXPECT_THAT(district.Verify(), IsEmpty());
  EXPECT_LE(district.most_work(), kWatchesPerCommand);
}

}  // namespace
}  // namespace leadlag
