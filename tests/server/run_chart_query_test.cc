// Run charts of stored evidence, on the calendar of tests/server/small_district.h.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "core/problem.h"
#include "server/engine/queries.h"
#include "tests/server/small_district.h"
#include "tests/support/random_seed.h"

namespace leadlag {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// walks is a NUMBER, of which more is better; voices a PROPORTION.
SmallDistrict ChartedDistrict(std::string_view today) {
  SmallDistrict district(today);
  Catalog catalog = SmallDistrict::MakeCatalog();
  catalog.indicators[0].direction = Direction::kHigherIsBetter;
  Indicator voices = catalog.indicators[1];
  voices.id = "voices";
  voices.measure = Measure::kProportion;
  voices.population = Population::kNone;
  catalog.indicators.push_back(voices);
  district.Apply(catalog);
  return district;
}

EvidenceItem Valued(std::string_view indicator, std::string_view date, std::string id, EvidenceValue value) {
  EvidenceItem item = Item("north", indicator, date, std::move(id));
  item.content.value = value;
  return item;
}

RunChartQuery Of(std::string indicator, ChartUnit unit = ChartUnit::kWeek) {
  RunChartQuery query;
  query.indicator = std::move(indicator);
  query.unit = unit;
  return query;
}

std::string FieldOf(const absl::Status& status) {
  const std::vector<Problem> problems = ProblemsOf(status);
  return problems.empty() ? status.ToString() : problems[0].field;
}

std::vector<std::string> Lines(const SeriesChart& series) {
  std::vector<std::string> lines;
  for (const RunPoint& point : series.points) {
    lines.push_back(point.dates.from.ToString() + " " + point.dates.to.ToString() + " " + std::to_string(std::lround(point.value * 100)) +
                    " of " + std::to_string(point.records));
  }
  return lines;
}

TEST(RunChartQueryTest, MeansOfNumbersAndSumsOfProportions) {
  SmallDistrict district = ChartedDistrict("2025-09-18");
  ASSERT_THAT(district
                  .Record({Valued("walks", "2025-09-01", "a", 2.0), Valued("walks", "2025-09-07", "b", 5.0),
                           Valued("walks", "2025-09-08", "c", 4.0), Valued("voices", "2025-09-02", "d", Proportion{1, 2}),
                           Valued("voices", "2025-09-03", "e", Proportion{9, 98}), Valued("boxes", "2025-09-03", "f", Completion{})})
                  .failures,
              IsEmpty());
  const auto weeks = GetRunChart(district.Read(), "north", Of("walks"));
  ASSERT_TRUE(weeks.ok()) << weeks.status();
  EXPECT_EQ(weeks->window, (DateRange{DateOf("2025-07-01"), DateOf("2026-07-01")}));
  EXPECT_THAT(Lines(weeks->chart), ElementsAre("2025-09-01 2025-09-08 350 of 2", "2025-09-08 2025-09-15 400 of 1"));
  ASSERT_EQ(weeks->chart.phases.size(), 1u);
  EXPECT_EQ(weeks->chart.phases[0].centre, 3.75);
  EXPECT_FALSE(weeks->chart.phases[0].chart);
  EXPECT_THAT(Lines(GetRunChart(district.Read(), "north", Of("walks", ChartUnit::kMonth))->chart),
              ElementsAre("2025-09-01 2025-10-01 367 of 3"));
  EXPECT_THAT(Lines(GetRunChart(district.Read(), "north", Of("voices"))->chart), ElementsAre("2025-09-01 2025-09-08 10 of 2"));
  EXPECT_THAT(Lines(GetRunChart(district.Read(), "south", Of("walks"))->chart), IsEmpty());

  // The window cuts the week of the 1st, and what of it is shown.
  RunChartQuery cut = Of("walks");
  cut.from = DateOf("2025-09-03");
  cut.to = DateOf("2025-09-10");
  EXPECT_THAT(Lines(GetRunChart(district.Read(), "north", cut)->chart),
              ElementsAre("2025-09-03 2025-09-08 500 of 1", "2025-09-08 2025-09-10 400 of 1"));
}

TEST(RunChartQueryTest, CorrectionsVoidsAndWhatWaitsForACalendar) {
  SmallDistrict district = ChartedDistrict("2025-09-18");
  district.Record({Valued("walks", "2025-09-01", "a", 2.0), Valued("walks", "2025-09-02", "b", 8.0),
                   Valued("walks", "2025-09-03", "c", 5.0), Valued("walks", "2024-09-03", "old", 5.0)});
  district.Record({Valued("walks", "2025-09-09", "a", 3.0)});
  district.Void("b");
  EXPECT_THAT(Lines(GetRunChart(district.Read(), "north", Of("walks", ChartUnit::kDay))->chart),
              ElementsAre("2025-09-03 2025-09-04 500 of 1", "2025-09-09 2025-09-10 300 of 1"));
  RunChartQuery before = Of("walks");
  before.from = DateOf("2024-08-01");
  before.to = DateOf("2025-08-01");
  EXPECT_THAT(Lines(GetRunChart(district.Read(), "north", before)->chart), IsEmpty());
}

TEST(RunChartQueryTest, PhasesOfAnInquiryAndItsOutcomes) {
  SmallDistrict district = ChartedDistrict("2025-11-05");
  std::vector<EvidenceItem> items;
  for (int day = 0; day < 20; ++day) {
    const std::string date = (DateOf("2025-09-01") + day).ToString();
    items.push_back(Valued("walks", date, "w" + date, day < 8 ? day % 2 : 10.0 + day % 2));
  }
  items.push_back(Valued("scores", "2025-10-31", "s", 70.0));
  ASSERT_THAT(district.Record(items).failures, IsEmpty());
  Inquiry inquiry{.id = "talk",
                  .team = "north",
                  .theme = "equity",
                  .if_text = "we plan together",
                  .then_text = "students reason aloud",
                  .so_that_text = "more are on grade level",
                  .start = DateOf("2025-09-01"),
                  .links = {{"walks", ExpectedDirection::kIncrease}, {"scores", ExpectedDirection::kIncrease}},
                  .actions = {{"visit", "Visit each other", DateOf("2025-09-09")}, {"plan", "Meet on Mondays", DateOf("2025-09-09")},
                              {"later", "Share", DateOf("2026-09-09")}}};
  ASSERT_TRUE(district.engine().Execute("small", RecordInquiryCommand{inquiry, {}}).ok());

  RunChartQuery query = Of("walks", ChartUnit::kDay);
  query.inquiry = "talk";
  auto answer = GetRunChart(district.Read(), "north", query);
  ASSERT_TRUE(answer.ok()) << answer.status();
  ASSERT_EQ(answer->chart.phases.size(), 2u);
  EXPECT_EQ(answer->chart.phases[1].dates.from, DateOf("2025-09-09"));
  EXPECT_EQ(answer->chart.phases[0].centre, 0.5);
  EXPECT_EQ(answer->chart.phases[1].points, 12);
  EXPECT_EQ(answer->actions[0], (std::pair{DateOf("2025-09-09"), std::string("plan")}));
  ASSERT_EQ(answer->outcomes.size(), 1u);
  EXPECT_EQ(answer->outcomes[0].indicator, "scores");
  EXPECT_THAT(Lines(answer->outcomes[0]), ElementsAre("2025-10-31 2025-11-01 7000 of 1"));
  EXPECT_EQ(answer->outcomes[0].phases.size(), 2u);

  // The centre of the time before: all that follows lies above it, which for walks is the better side.
  query.baseline_until = DateOf("2025-09-09");
  answer = GetRunChart(district.Read(), "north", query);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->chart.phases[1].centre, 0.5);
  ASSERT_TRUE(answer->chart.phases[1].chart);
  EXPECT_TRUE(IsSmallWin(*answer->chart.phases[1].chart, answer->chart.direction));
  EXPECT_FALSE(IsSmallWin(*answer->chart.phases[1].chart, Direction::kLowerIsBetter));
  EXPECT_FALSE(IsSmallWin(*answer->chart.phases[1].chart, Direction::kUnspecified));
  EXPECT_EQ(answer->outcomes[0].phases[1].centre, 70);

  EXPECT_EQ(FieldOf(GetRunChart(district.Read(), "south", query).status()), "inquiry");  // another team's
  query.inquiry = "none";
  EXPECT_EQ(FieldOf(GetRunChart(district.Read(), "north", query).status()), "inquiry");
}

// 31 of 52 answered: shown beside what they said, and not multiplied in.
TEST(RunChartQueryTest, TheResponseRateStandsBeside) {
  SmallDistrict district = ChartedDistrict("2025-10-18");
  ASSERT_THAT(district
                  .Record({Valued("voices", "2025-09-01", "a", Proportion{24, 31, 52}),
                           Valued("voices", "2025-09-02", "b", Proportion{9, 9, 18}),
                           Valued("voices", "2025-09-03", "c", Proportion{30, 60}), Valued("voices", "2025-09-09", "d", Proportion{1, 2})})
                  .failures,
              IsEmpty());
  const auto answer = GetRunChart(district.Read(), "north", Of("voices"));
  ASSERT_TRUE(answer.ok()) << answer.status();
  ASSERT_EQ(answer->chart.points.size(), 2u);
  EXPECT_EQ(answer->chart.points[0].value, 63.0 / 100);
  EXPECT_EQ(answer->chart.responses[0].answered, 40);
  EXPECT_EQ(answer->chart.responses[0].invited, 70);
  EXPECT_EQ(answer->chart.responses[1].invited, 0);
}

// What is of too few is no part of it, and counted.
TEST(RunChartQueryTest, HiddenRecordsAreLeftOut) {
  SmallDistrict district = ChartedDistrict("2025-10-18");
  ASSERT_THAT(district
                  .Record({Valued("voices", "2025-09-01", "a", Proportion{5, 10}), Valued("voices", "2025-09-02", "b", Proportion{9, 9}),
                           Valued("voices", "2025-09-09", "c", Proportion{9, 9})})
                  .failures,
              IsEmpty());
  EXPECT_THAT(Lines(GetRunChart(district.Read(), "north", Of("voices"))->chart),
              ElementsAre("2025-09-01 2025-09-08 74 of 2", "2025-09-08 2025-09-15 100 of 1"));
  Catalog catalog = district.Read()->catalog()->catalog();
  catalog.indicators.back().population = Population::kStudents;
  district.Apply(catalog);
  const auto answer = GetRunChart(district.Read(), "north", Of("voices"));
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_THAT(Lines(answer->chart), ElementsAre("2025-09-01 2025-09-08 50 of 1"));
  EXPECT_EQ(answer->chart.hidden, 2u);
}

// Nine days of 10, and but one after them: what was gained is lost.
TEST(RunChartQueryTest, ALossIsNoSmallWin) {
  SmallDistrict district = ChartedDistrict("2025-11-05");
  std::vector<EvidenceItem> items;
  for (const int value : {10, 10, 10, 10, 10, 10, 10, 10, 10, 1, 1, 1, 1, 1, 11, 1, 1, 1, 1, 1}) {
    const std::string date = (DateOf("2025-09-01") + static_cast<int>(items.size())).ToString();
    items.push_back(Valued("walks", date, "w" + date, static_cast<double>(value)));
  }
  ASSERT_THAT(district.Record(items).failures, IsEmpty());
  const auto answer = GetRunChart(district.Read(), "north", Of("walks", ChartUnit::kDay));
  ASSERT_TRUE(answer.ok() && answer->chart.phases[0].chart);
  const RunChart& chart = *answer->chart.phases[0].chart;
  EXPECT_TRUE(chart.shift());
  EXPECT_EQ(chart.longest_run_side, 1);
  EXPECT_EQ(chart.last_run, 5);
  EXPECT_FALSE(IsSmallWin(chart, Direction::kHigherIsBetter));
}

// What holds today is shown, and says nothing yet; and nothing begins before it does.
TEST(RunChartQueryTest, WhatIsNotOverDoesNotCount) {
  SmallDistrict district = ChartedDistrict("2025-09-16");  // a Tuesday
  ASSERT_THAT(district.Record({Valued("walks", "2025-09-03", "a", 1.0), Valued("walks", "2025-09-10", "b", 3.0),
                               Valued("walks", "2025-09-15", "c", 50.0)})
                  .failures,
              IsEmpty());
  Inquiry inquiry{.id = "talk",
                  .team = "north",
                  .theme = "equity",
                  .if_text = "we plan together",
                  .then_text = "students reason aloud",
                  .so_that_text = "more are on grade level",
                  .start = DateOf("2025-09-01"),
                  .links = {{"walks", ExpectedDirection::kIncrease}},
                  .actions = {{"visit", "Visit each other", DateOf("2025-09-08")}, {"share", "Share", DateOf("2025-09-17")}}};
  const auto record = [&] { ASSERT_TRUE(district.engine().Execute("small", RecordInquiryCommand{inquiry, {}}).ok()); };
  record();
  RunChartQuery query = Of("walks");
  auto answer = GetRunChart(district.Read(), "north", query);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_THAT(Lines(answer->chart), ElementsAre("2025-09-01 2025-09-08 100 of 1", "2025-09-08 2025-09-15 300 of 1",
                                                "2025-09-15 2025-09-22 5000 of 1"));
  EXPECT_TRUE(answer->UnderWay(answer->chart.points[2]));
  EXPECT_FALSE(answer->UnderWay(answer->chart.points[1]));
  EXPECT_EQ(answer->chart.phases[0].points, 2);
  EXPECT_EQ(answer->chart.phases[0].centre, 2);

  query.inquiry = "talk";
  answer = GetRunChart(district.Read(), "north", query);
  ASSERT_TRUE(answer.ok()) << answer.status();
  ASSERT_EQ(answer->chart.phases.size(), 2u);  // and none from tomorrow on
  EXPECT_EQ(answer->chart.phases[1].centre, 3);
  query.baseline_until = DateOf("2025-09-09");  // in the second week, of which there is more than what was before
  EXPECT_EQ(GetRunChart(district.Read(), "north", query)->chart.phases[1].centre, 1);
  query.baseline_until.reset();
  inquiry.status = InquiryStatus::kPlanned;
  record();
  EXPECT_EQ(GetRunChart(district.Read(), "north", query)->chart.phases.size(), 1u);
}

TEST(RunChartQueryTest, RefusesWhatCannotBeCharted) {
  SmallDistrict district = ChartedDistrict("2025-09-18");
  const auto refused = [&district](const RunChartQuery& query, std::string_view team = "north") {
    return GetRunChart(district.Read(), team, query).status();
  };
  EXPECT_EQ(FieldOf(refused(Of("walks"), "nobody")), "name");
  EXPECT_EQ(FieldOf(refused(Of(""))), "indicator");
  EXPECT_TRUE(absl::IsNotFound(refused(Of("visits"))));
  EXPECT_THAT(refused(Of("boxes")).ToString(), HasSubstr("COMPLETION"));
  RunChartQuery query = Of("voices");
  query.baseline = 1.5;
  EXPECT_THAT(refused(query).ToString(), HasSubstr("baseline: 1.5 is no share"));
  query.baseline = std::nan("");
  EXPECT_EQ(FieldOf(refused(query)), "baseline");
  query.baseline.reset();
  query.baseline_until = DateOf("2025-09-10");
  EXPECT_EQ(FieldOf(refused(query)), "baseline_end_date");
  query = Of("walks");
  query.from = query.to = DateOf("2025-09-10");
  EXPECT_EQ(FieldOf(refused(query)), "end_date");
}

// Random records with corrections and voids, each day, week and month counted by itself.
TEST(RunChartQueryTest, EqualsTheNaiveModel) {
  for (const uint64_t seed : Seeds(15, 300)) {
    SCOPED_TRACE(Replay(seed));
    Random random(seed);
    SmallDistrict district = ChartedDistrict("2026-06-01");
    struct Kept {
      Date date;
      double numerator, denominator;
    };
    std::map<std::string, Kept> kept;
    const bool of_parts = random.OneIn(2);
    const std::string indicator = of_parts ? "voices" : "walks";
    for (int change = 0; change < 60; ++change) {
      const std::string id = "r" + std::to_string(random.Between(1, 30));
      if (random.OneIn(6)) {
        if (kept.erase(id) == 0) continue;
        EvidenceItem item = Valued(indicator, "2025-09-01", id, Void{});
        item.content.source_version = change;
        EXPECT_EQ(district.Record({item}).voided_count, 1u);
        continue;
      }
      const Date date = DateOf("2025-09-01") + random.Between(0, 120);
      const int n = of_parts ? random.Between(1, 40) : 1;
      const int k = random.Between(0, of_parts ? n : 64);
      const EvidenceValue value = of_parts ? EvidenceValue(Proportion{k, n}) : EvidenceValue(k / 8.0);
      EvidenceItem item = Valued(indicator, date.ToString(), id, value);
      item.content.source_version = change;  // so that none is the same as an earlier one
      ASSERT_THAT(district.Record({item}).failures, IsEmpty());
      kept[id] = {date, of_parts ? k : k / 8.0, static_cast<double>(n)};
    }
    for (const ChartUnit unit : {ChartUnit::kDay, ChartUnit::kWeek, ChartUnit::kMonth}) {
      RunChartQuery query = Of(indicator, unit);
      query.from = DateOf("2025-09-01") + random.Between(-10, 60);
      query.to = *query.from + random.Between(1, 90);
      const auto answer = GetRunChart(district.Read(), "north", query);
      ASSERT_TRUE(answer.ok()) << answer.status();
      std::vector<RunPoint> expected;
      for (Date date = *query.from; date < *query.to; date = date + 1) {
        const auto begins = [unit](Date day) {
          if (unit == ChartUnit::kWeek) return day.weekday() == Weekday::kMonday;
          return unit == ChartUnit::kDay || day.StartOfMonth() == day;
        };
        if (date != *query.from && !begins(date)) continue;
        Date to = date + 1;
        while (to < *query.to && !begins(to)) to = to + 1;
        double numerator = 0, denominator = 0;  // eighths and whole numbers: exact in any order
        uint32_t records = 0;
        for (const auto& [id, record] : kept) {
          if (record.date < date || record.date >= to) continue;
          numerator += record.numerator;
          denominator += record.denominator;
          ++records;
        }
        if (records > 0) expected.push_back({{date, to}, numerator / denominator, records});
      }
      EXPECT_EQ(answer->chart.points, expected);
    }
  }
}

}  // namespace
}  // namespace leadlag
