#include "core/run_phases.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/support/random_seed.h"

namespace leadlag {
namespace {

Date D(const char* text) { return *Date::Parse(text); }

// A point a day from the date on.
std::vector<RunPoint> Daily(Date from, const std::vector<double>& values) {
  std::vector<RunPoint> points;
  for (size_t i = 0; i < values.size(); ++i) {
    const Date date = from + static_cast<int>(i);
    points.push_back({{date, date + 1}, values[i], 1});
  }
  return points;
}

const DateRange kSeptember{D("2025-09-01"), D("2025-10-01")};

TEST(RunPhasesTest, WithoutStartsThereIsOne) {
  const auto phases = PhasesOf(Daily(D("2025-09-01"), {1, 5, 3}), kSeptember, {});
  ASSERT_EQ(phases.size(), 1u);
  EXPECT_EQ(phases[0].dates, kSeptember);
  EXPECT_EQ(phases[0].points, 3);
  EXPECT_EQ(phases[0].centre, 3);
  EXPECT_FALSE(phases[0].chart);
}

TEST(RunPhasesTest, AWindowWithoutPointsHasAPhaseWithoutCentre) {
  const auto phases = PhasesOf({}, kSeptember, {});
  ASSERT_EQ(phases.size(), 1u);
  EXPECT_FALSE(phases[0].centre);
  EXPECT_EQ(PhasesOf({}, kSeptember, {}, 4)[0].centre, 4);
}

TEST(RunPhasesTest, EachHasTheMedianOfItsOwnPoints) {
  const std::vector<Date> starts = {D("2025-09-11"), D("2025-09-04"), D("2025-09-04")};
  const auto phases = PhasesOf(Daily(D("2025-09-01"), {1, 2, 3, 11, 12, 13, 14}), kSeptember, starts);
  ASSERT_EQ(phases.size(), 3u);
  EXPECT_EQ(phases[0].dates, (DateRange{D("2025-09-01"), D("2025-09-04")}));
  EXPECT_EQ(phases[0].centre, 2);
  EXPECT_EQ(phases[1].dates, (DateRange{D("2025-09-04"), D("2025-09-11")}));
  EXPECT_EQ(phases[1].centre, 12.5);
  EXPECT_EQ(phases[2].dates, (DateRange{D("2025-09-11"), D("2025-10-01")}));
  EXPECT_EQ(phases[2].points, 0);
}

TEST(RunPhasesTest, StartsOutsideOfTheWindowAndAtItsBeginningCutNothing) {
  for (const char* date : {"2025-08-31", "2025-09-01", "2025-10-01", "2025-10-02"}) {
    EXPECT_EQ(PhasesOf({}, kSeptember, std::vector{D(date)}).size(), 1u) << date;
  }
  for (const char* date : {"2025-09-02", "2025-09-30"}) EXPECT_EQ(PhasesOf({}, kSeptember, std::vector{D(date)}).size(), 2u) << date;
}

// The week of Mon 1st has the 3rd in it, and began before; that of the 8th begins on the very day.
TEST(RunPhasesTest, APointBelongsToThePhaseInWhichItBegins) {
  const std::vector<RunPoint> weeks = {{{D("2025-09-01"), D("2025-09-08")}, 1, 1}, {{D("2025-09-08"), D("2025-09-15")}, 9, 1}};
  const auto midweek = PhasesOf(weeks, kSeptember, std::vector{D("2025-09-03")});
  EXPECT_EQ(midweek[0].points, 1);
  EXPECT_EQ(midweek[1].centre, 9);
  EXPECT_EQ(PhasesOf(weeks, kSeptember, std::vector{D("2025-09-08")})[1].centre, 9);
}

// The week of the 8th has the 10th in it: what comes of it is not of the time before.
TEST(RunPhasesTest, ABaselineIsOfPointsThatAreOver) {
  const std::vector<RunPoint> weeks = {{{D("2025-09-01"), D("2025-09-08")}, 1, 1}, {{D("2025-09-08"), D("2025-09-15")}, 9, 1}};
  EXPECT_EQ(BaselineBefore(weeks, D("2025-09-07")), std::nullopt);
  EXPECT_EQ(BaselineBefore(weeks, D("2025-09-08")), 1);
  EXPECT_EQ(BaselineBefore(weeks, D("2025-09-10")), 1);
  EXPECT_EQ(BaselineBefore(weeks, D("2025-09-15")), 5);
}

TEST(RunPhasesTest, AFrozenCentreHoldsForAll) {
  std::vector<double> values(10, 1);
  values.insert(values.end(), 10, 3);
  const auto points = Daily(D("2025-09-01"), values);
  EXPECT_EQ(BaselineBefore(points, D("2025-09-11")), 1);
  EXPECT_FALSE(BaselineBefore(points, D("2025-09-01")));
  const auto phases = PhasesOf(points, kSeptember, std::vector{D("2025-09-11")}, 2);
  ASSERT_EQ(phases.size(), 2u);
  EXPECT_EQ(phases[0].chart->longest_run_side, -1);
  EXPECT_EQ(phases[1].chart->longest_run_side, 1);
  EXPECT_EQ(phases[1].chart->longest_run, 10);
  EXPECT_TRUE(phases[1].chart->shift());
}

// Cut by hand: the points of each phase, picked one by one, make the chart that the phase has.
TEST(RunPhasesTest, AreTheChartsOfTheirOwnPoints) {
  for (const uint64_t seed : Seeds(200, 20'000)) {
    SCOPED_TRACE(Replay(seed));
    Random random(seed);
    std::vector<RunPoint> points;  // of a day or of several
    for (Date date = kSeptember.from; date < kSeptember.to;) {
      const Date next = std::min(date + random.Between(1, 4), kSeptember.to);
      if (!random.OneIn(4)) points.push_back({{date, next}, static_cast<double>(random.Between(0, 6)), 1});
      date = next;
    }
    std::vector<Date> starts;
    for (int n = random.Between(0, 3); n > 0; --n) starts.push_back(kSeptember.from + random.Between(-3, 35));
    const std::optional<double> baseline = random.Between(0, 1) == 0 ? std::nullopt : std::optional<double>(3);
    const auto phases = PhasesOf(points, kSeptember, starts, baseline);
    std::vector<DateRange> expected;
    for (Date date = kSeptember.from; date < kSeptember.to; date = date + 1) {
      const bool cuts = date == kSeptember.from || std::count(starts.begin(), starts.end(), date) > 0;
      if (cuts) expected.push_back({date, date});
      expected.back().to = date + 1;
    }
    ASSERT_EQ(phases.size(), expected.size());
    for (size_t i = 0; i < phases.size(); ++i) {
      EXPECT_EQ(phases[i].dates, expected[i]);
      std::vector<double> own;
      for (const RunPoint& point : points) {
        if (expected[i].Contains(point.dates.from)) own.push_back(point.value);
      }
      EXPECT_EQ(phases[i].points, static_cast<int>(own.size()));
      EXPECT_EQ(phases[i].chart, RunChartOf(own, baseline));
      std::sort(own.begin(), own.end());
      const size_t half = own.size() / 2;
      const std::optional<double> median =
          own.empty() ? std::nullopt : std::optional(own.size() % 2 == 1 ? own[half] : (own[half - 1] + own[half]) / 2);
      EXPECT_EQ(phases[i].centre, baseline ? baseline : median);
    }
  }
}

}  // namespace
}  // namespace leadlag
