// Real attendance of 22 schools as the leading indicator of inquiries, against an outcome at the end of each term: the head start that it
// gave, in days of school, of every school and every action, as counted by hand over the dates.
#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "server/engine/queries.h"
#include "tests/simulation/simulated_district.h"
#include "tests/support/naive_calendar.h"
#include "tests/support/nyc_attendance.h"
#include "tests/support/watch_story.h"

namespace leadlag {
namespace {

TEST(NycHeadStartTest, OfEverySchoolAndEveryAction) {
  const std::optional<std::string> file = NycAttendanceFile();
  if (!file) GTEST_SKIP() << NoNycAttendance();
  const absl::StatusOr<NycAttendance> attendance = ReadNycAttendance(*file);
  ASSERT_TRUE(attendance.ok()) << attendance.status();

  Catalog catalog = SmallCatalog(0);
  catalog.calendars = {attendance->Calendar()};
  catalog.default_calendar = catalog.calendars[0].id;
  catalog.expectations.clear();
  std::map<Date, std::vector<std::string>> submitted;  // teams by date
  std::map<std::string, std::vector<Date>> dates_of;   // by team
  for (const auto& [dbn, dates] : attendance->submitted) {
    Team team;
    team.id = absl::StrCat("t", catalog.teams.size() + 1);
    team.display_name = dbn;
    team.active_periods = {{D("2013-07-01"), std::nullopt}};
    for (const Date date : dates) {
      if (date < D("2014-07-01")) submitted[date].push_back(team.id);
    }
    dates_of[team.id] = dates;
    catalog.teams.push_back(std::move(team));
  }
  SimulatedDistrict district({.start = At("2013-07-01 12:00")});
  ASSERT_TRUE(district.Apply(catalog).ok());

  // An action a month; the results of a term are dated on its last day, and come ten days later.
  const std::vector<Date> starts = {D("2013-09-16"), D("2013-10-01"), D("2013-11-04"), D("2013-12-02"), D("2014-01-06"), D("2014-02-03"),
                                    D("2014-03-03"), D("2014-04-01"), D("2014-05-01"), D("2014-06-02")};
  const std::map<Date, Date> results = {{D("2013-11-27"), D("2013-12-07")}, {D("2014-03-14"), D("2014-03-24")}};  // known, by event
  for (const Team& team : catalog.teams) {
    Inquiry inquiry = InquiryOf(absl::StrCat("come-", team.id), team.id, D("2013-09-01"));
    inquiry.links = {{"walks", ExpectedDirection::kIncrease}, {"results", ExpectedDirection::kIncrease}};
    for (const Date start : starts) inquiry.actions.push_back({absl::StrCat("a", start.ToString()), "Call families", start});
    ASSERT_TRUE(district.RecordInquiry(inquiry).ok());
  }
  std::map<Date, std::vector<EvidenceItem>> sent;
  for (const auto& [date, teams] : submitted) {
    for (const std::string& team : teams) sent[date].push_back(NumberRecord(absl::StrCat(team, "-", date.ToString()), team, "walks", date));
  }
  for (const auto& [event, known] : results) {
    for (const Team& team : catalog.teams) {
      sent[known].push_back(NumberRecord(absl::StrCat(team.id, "-results-", event.ToString()), team.id, "results", event));
    }
  }
  for (auto& [date, items] : sent) {
    district.AdvanceTo(At("America/New_York", date, 16 * 60));
    const size_t count = items.size();
    const absl::StatusOr<BatchOutcome> outcome = district.Record("sis", std::move(items));
    ASSERT_TRUE(outcome.ok() && outcome->new_count == count);
  }
  district.AdvanceTo(At("2014-06-30"));

  const NaiveCalendar calendar(catalog.calendars[0]);
  const Date today = D("2014-06-30");
  std::set<int> seen;
  for (const Team& team : catalog.teams) {
    for (const Date start : starts) {
      LatencyQuery query;
      query.evidence.from = start;
      query.evidence.to = start + 1;
      const absl::StatusOr<LatencyAnswer> answer = GetEvidenceLatency(district.Read(), team.id, {}, query);
      ASSERT_TRUE(answer.ok()) << answer.status();
      // Attendance is known on its date.
      const auto after = [start](Date date) { return date > start && date < D("2014-07-01"); };
      const std::vector<Date>& dates = dates_of[team.id];
      const auto leading = std::find_if(dates.begin(), dates.end(), after);
      const auto lagging = results.upper_bound(start);
      const LatencyDays& head_start = answer->actions.head_start;
      if (leading == dates.end()) {
        EXPECT_EQ(head_start.closed, lagging == results.end() ? 0u : 1u);
        continue;
      }
      const Date known = lagging == results.end() ? today : lagging->second;
      const int expected = std::max(0, calendar.Between(start, known) - calendar.Between(start, *leading));
      EXPECT_EQ(head_start.max, (LatencyFigure{expected, lagging == results.end()})) << team.display_name << " " << start.ToString();
      EXPECT_EQ(answer->actions.to_leading.max, (LatencyFigure{calendar.Between(start, *leading), false}));
      seen.insert(expected);
    }
  }
  EXPECT_GT(seen.size(), 10u);
}

}  // namespace
}  // namespace leadlag
