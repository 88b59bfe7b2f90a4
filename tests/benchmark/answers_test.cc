// That a difference between leadlagd's answers and SQL's is seen, whichever figure it is in.
#include "tests/benchmark/answers.h"

#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace leadlag::benchmark {
namespace {

using testing::HasSubstr;

template <typename Message>
Message Of(const char* text) {
  Message message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message));
  return message;
}

// Each column of the only row altered in turn must be noticed.
template <typename Compare>
void ExpectEachColumnMatters(const SqlRow& row, Compare compare) {
  EXPECT_EQ(compare({row}), absl::OkStatus());
  EXPECT_FALSE(compare({}).ok());
  for (size_t column = 0; column < row.size(); ++column) {
    SqlRow other = row;
    other[column].insert(other[column].starts_with('{') ? 1 : 0, "9");
    EXPECT_THAT(std::string(compare({other}).message()), HasSubstr("differ on")) << "column " << column;
  }
}

TEST(AnswersTest, ATeamsCadence) {
  const auto cadence = Of<v1::TeamCadence>(R"(
    team: "a" signal_dates: 4 last_signal_date: "2026-05-04" open_gap_days: 2 gaps: [3, 1, 5] median_gap_days: 3 p90_gap_days: 5
    burstiness: -0.2 weeks { covered: 3 eligible: 9 } months { covered: 1 eligible: 2 })");
  const SqlRow row{"4", "2026-05-04", "2", "5", "3.0000", "2.0", "3", "5", "3", "1", "{3,1,5,NULL}"};
  ExpectEachColumnMatters(row, [&](const std::vector<SqlRow>& rows) { return CompareTeamCadence(cadence, rows); });
}

TEST(AnswersTest, LatencyInArraysAndByItself) {
  const auto latency = Of<v1::EvidenceLatency>(R"(
    collection { closed_count: 7 p50 { days: 1 } p90 { days: 2 } max { days: 3 } }
    interpretation { closed_count: 2 open_count: 5 oldest_open_days: 12 p50 { days: 4 } p90 { days: 8 } max { days: 12 } }
    total { closed_count: 2 open_count: 5 p50 { days: 5 } p90 { days: 9 } max { days: 13 } })");
  const auto compare = [&](const std::vector<SqlRow>& rows) { return CompareLatency(latency, rows); };
  ExpectEachColumnMatters({"7", "5", "12", "{1,2,3}", "{4,8,12}", "{5,9,13}"}, compare);
  ExpectEachColumnMatters({"7", "5", "12", "1", "2", "3", "4", "8", "12", "5", "9", "13"}, compare);
}

TEST(AnswersTest, TheOverviewByTheLatestDateOfATeamsSeries) {
  const std::vector<v1::TeamOverview> teams{
      Of<v1::TeamOverview>(R"(team: "a" last_signal_date: "2026-05-04" unreviewed_records: 3)"),
      Of<v1::TeamOverview>(R"(team: "b" last_signal_date: "2026-04-30" unreviewed_records: 2)")};
  std::vector<SqlRow> rows{{"a", "x", "2026-05-04", "1"}, {"a", "y", "2026-03-01", "2"}, {"b", "x", "2026-04-30", "2"}};
  EXPECT_EQ(CompareOverview(teams, rows, Unreviewed::kOfSeries), absl::OkStatus());
  EXPECT_EQ(CompareOverview(teams, rows, Unreviewed::kNone), absl::OkStatus());
  EXPECT_FALSE(CompareOverview(teams, rows, Unreviewed::kOfTeam).ok());  // each row says 3 then
  rows[0][3] = "3", rows[1][3] = "3";
  EXPECT_EQ(CompareOverview(teams, rows, Unreviewed::kOfTeam), absl::OkStatus());
  rows[2][2] = "2026-04-29";
  EXPECT_THAT(std::string(CompareOverview(teams, rows, Unreviewed::kNone).message()), HasSubstr("last signal of b"));
  rows.pop_back();
  EXPECT_THAT(std::string(CompareOverview(teams, rows, Unreviewed::kNone).message()), HasSubstr("teams: 2 and 1"));
}

}  // namespace
}  // namespace leadlag::benchmark
