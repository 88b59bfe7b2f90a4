// Two years of real attendance of 22 schools through the engine: each submission recorded at 16:00 on its date, a
// signal expected every day (E=1, G=1, A=0). Every flip is the naive model's.
#include <map>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/simulation/simulated_district.h"
#include "tests/simulation/watch_stories.h"
#include "tests/support/nyc_attendance.h"
#include "tests/support/watch_story.h"

namespace leadlag {
namespace {

TEST(NycReplayTest, EveryFlipOfEverySchoolIsTheNaiveModels) {
  const std::optional<std::string> file = NycAttendanceFile();
  if (!file) GTEST_SKIP() << NoNycAttendance();
  const absl::StatusOr<NycAttendance> attendance = ReadNycAttendance(*file);
  ASSERT_TRUE(attendance.ok()) << attendance.status();

  Catalog catalog = SmallCatalog(0);
  catalog.calendars = {attendance->Calendar()};
  catalog.default_calendar = catalog.calendars[0].id;
  std::map<Date, std::vector<std::string>> submitted;  // teams by date
  for (const auto& [dbn, dates] : attendance->submitted) {
    Team team;
    team.id = absl::StrCat("t", catalog.teams.size() + 1);
    team.display_name = dbn;
    team.external_ids = {{"dbn", dbn}};
    team.active_periods = {{D("2013-07-01"), std::nullopt}};
    for (const Date date : dates) submitted[date].push_back(team.id);
    catalog.teams.push_back(std::move(team));
  }
  catalog.expectations = {ExpectationOn("daily", IndicatorKind("walks"), 1, 1, 0)};

  SimulatedDistrict district({.start = At("2013-07-01 12:00")});
  WatchStories stories;
  const absl::StatusOr<CatalogOutcome> applied = district.Apply(catalog);
  ASSERT_TRUE(applied.ok()) << applied.status();
  stories.Apply(district.last_command(), catalog);
  for (const auto& [date, teams] : submitted) {
    district.AdvanceTo(At("America/New_York", date, 16 * 60));
    std::vector<EvidenceItem> items;
    std::vector<WatchStories::Item> told;
    for (const std::string& team : teams) {
      const std::string id = absl::StrCat(team, "-", date.ToString());
      items.push_back(NumberRecord(id, team, "walks", date));
      told.push_back({id, team, "walks", date, /*is_new=*/true});
    }
    const absl::StatusOr<BatchOutcome> outcome = district.Record("sis", std::move(items));
    ASSERT_TRUE(outcome.ok()) << outcome.status();
    ASSERT_EQ(outcome->new_count, teams.size());
    ASSERT_EQ(outcome->pending_calendar_count, 0u);
    stories.Record(district.last_command(), told);
  }
  district.AdvanceTo(At("2015-07-15"));
  EXPECT_EQ(district.Inconsistencies(), "");
  EXPECT_GT(district.last_sequence(), 100u);
  std::map<WatchName, std::vector<WatchFlip>> flips = district.FlipsByWatch();
  for (const auto& [name, story] : stories.Tell(At("2015-07-15")))
    EXPECT_EQ(FlipDifference(name, story, flips[name]), "");
}

}  // namespace
}  // namespace leadlag
