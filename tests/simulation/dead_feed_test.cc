// A feed of thousands of teams that dies for days and comes back: one alert, nobody wronged, and all of it told in bounded steps.
#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
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
    EXPECT_EQ(district.Inconsistencies(), "");
    EXPECT_THAT(VerifyDistrict(district.Freeze(), 100), IsEmpty());
    return district.Flips();
  };
  // Restarted or not, the same log.
  EXPECT_EQ(live(true), live(false));
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
