#include "core/run_chart.h"

#include <algorithm>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/support/random_seed.h"

namespace leadlag {
namespace {

// 22 is DOMAIN.md's example; the others were reckoned in whole numbers by another program.
TEST(RunChartTest, LimitsByTheNumberOfUsefulPoints) {
  struct Case {
    int n, longest_run, crossings;
  };
  for (const Case& c : std::vector<Case>{{10, 6, 2}, {11, 6, 2}, {12, 7, 3}, {15, 7, 4}, {20, 7, 6}, {22, 7, 7}, {23, 8, 7}, {24, 8, 8},
                                         {30, 8, 10}, {40, 8, 14}, {50, 9, 19}, {60, 9, 23}, {100, 10, 41}}) {
    EXPECT_EQ(LongestRunLimit(c.n), c.longest_run) << c.n;
    EXPECT_EQ(CrossingsLimit(c.n), c.crossings) << c.n;
  }
  for (int n = 11; n <= 600; ++n) {  // from the table, and past it
    EXPECT_GE(CrossingsLimit(n), CrossingsLimit(n - 1)) << n;
    EXPECT_LE(CrossingsLimit(n), CrossingsLimit(n - 1) + 1) << n;
  }
  EXPECT_GT(CrossingsLimit(100'000), 49'000);  // and no overflow on the way
}

// Counted in whole numbers, row by row of Pascal's triangle: the crossings' limit of each n to 100, and the runs' by comparing powers.
TEST(RunChartTest, LimitsAreExact) {
  using Whole = unsigned __int128;
  std::vector<Whole> row = {1};  // of Bin(m, 1/2), m = 0
  for (int m = 1; m <= 100; ++m) {
    std::vector<Whole> next(row.size() + 1, 1);
    for (size_t k = 1; k < row.size(); ++k) next[k] = row[k - 1] + row[k];
    row = std::move(next);
    const Whole all = Whole{1} << m;
    Whole tail = row[0];
    int c = 0;
    while (tail < (all + 19) / 20) tail += row[static_cast<size_t>(++c)];  // 1/20 of a power of two is no whole number, but for none
    EXPECT_EQ(CrossingsLimit(m + 1), c) << m + 1;
    // round(log2 n) is the k with 2^(2k - 1) <= n^2 < 2^(2k + 1); no n^2 is an odd power of two.
    const int n = m + 1;
    int k = 0;
    while ((1 << (2 * k + 1)) <= n * n) ++k;
    EXPECT_EQ(LongestRunLimit(n), k + 3) << n;
  }
}

std::vector<double> Points(const std::string& sides) {
  std::vector<double> points;
  for (const char side : sides) points.push_back(side == '+' ? 1 : side == '-' ? -1 : 0);
  return points;
}

TEST(RunChartTest, CountsRunsAndCrossingsOfUsefulPoints) {
  struct Case {
    const char* what;
    const char* sides;  // of a baseline of 0
    int useful, longest_run, crossings, side;
    bool shift, few_crossings;
  };
  const std::vector<Case> cases = {
      {"to and fro", "+-+-+-+-+-", 10, 1, 9, -1, false, false},
      {"points on the line are not there", "0+0+-00+-+0-+-+-", 11, 2, 9, 1, false, false},
      {"a shift", "-+-+++++++", 10, 7, 3, 1, true, false},
      {"one less is none", "-+-++++++-", 10, 6, 4, 1, false, false},
      {"few crossings", "+++++-----", 10, 5, 1, -1, false, true},
      {"both", "++++++++--", 10, 8, 1, 1, true, true},
      {"the last of the longest runs has the side", "+++-++---+-+", 12, 3, 6, -1, false, false},
  };
  for (const Case& c : cases) {
    const std::optional<RunChart> chart = RunChartOf(Points(c.sides), 0);
    ASSERT_TRUE(chart) << c.what;
    EXPECT_EQ(chart->useful, c.useful) << c.what;
    EXPECT_EQ(chart->longest_run, c.longest_run) << c.what;
    EXPECT_EQ(chart->crossings, c.crossings) << c.what;
    EXPECT_EQ(chart->longest_run_side, c.side) << c.what;
    EXPECT_EQ(chart->shift(), c.shift) << c.what;
    EXPECT_EQ(chart->few_crossings(), c.few_crossings) << c.what;
  }
}

TEST(RunChartTest, FewerThanTenUsefulPointsGiveNoVerdict) {
  EXPECT_EQ(RunChartOf({}), std::nullopt);
  EXPECT_EQ(RunChartOf(Points("+++++++++0000"), 0), std::nullopt);
  EXPECT_EQ(RunChartOf(std::vector<double>(30, 4.0)), std::nullopt);  // all on the median
}

TEST(RunChartTest, TheCentreIsTheMedianUnlessItIsFrozen) {
  std::vector<double> points = {5, 1, 4, 2, 3, 9, 8, 7, 6, 10, 11};
  EXPECT_EQ(RunChartOf(points)->centre, 6);
  EXPECT_EQ(RunChartOf(points)->useful, 10);
  points.push_back(12);
  EXPECT_EQ(RunChartOf(points)->centre, 6.5);
  EXPECT_EQ(RunChartOf(points, 0.0)->longest_run, 12);
  std::vector<double> large(12, 1.5e308);
  for (size_t i = 0; i < 6; ++i) large[i] = 1.7e308;
  EXPECT_EQ(RunChartOf(large)->longest_run, 6);  // the median of two large numbers is one
  for (size_t i = 0; i < 6; ++i) large[i] = -1.5e308;
  EXPECT_EQ(RunChartOf(large)->centre, 0);  // and of two that lie far apart
}

// Turned over or read backwards, a chart has the same runs and crossings.
TEST(RunChartTest, SidesAndDirectionDecideNothing) {
  for (const uint64_t seed : Seeds(50, 2'000)) {
    SCOPED_TRACE(Replay(seed));
    Random random(seed);
    std::vector<double> points(static_cast<size_t>(random.Between(10, 60)));
    for (double& point : points) point = random.Between(-9, 9);
    const std::optional<RunChart> chart = RunChartOf(points);
    std::vector<double> turned = points;
    for (double& point : turned) point = -point;
    std::reverse(points.begin(), points.end());
    for (const std::optional<RunChart>& other : {RunChartOf(turned), RunChartOf(points)}) {
      ASSERT_EQ(other.has_value(), chart.has_value());
      if (!chart) continue;
      EXPECT_EQ(other->longest_run, chart->longest_run);
      EXPECT_EQ(other->crossings, chart->crossings);
      EXPECT_EQ(other->useful, chart->useful);
    }
  }
}

TEST(RunChartTest, OfEverFewerPointsIsTheSame) {
  int verdicts = 0;
  for (const uint64_t seed : Seeds(300, 10'000)) {
    SCOPED_TRACE(Replay(seed));
    Random random(seed);
    std::vector<double> points(static_cast<size_t>(random.Between(0, 90)));
    const int most = random.Between(1, 12) * (random.OneIn(3) ? 100 : 1);  // many that are equal, or few
    for (double& point : points) point = random.Between(-most, most);
    const std::optional<double> baseline = random.OneIn(3) ? std::optional<double>(random.Between(-2, 2)) : std::nullopt;
    ShrinkingRunChart shrinking(points, baseline);
    while (true) {
      ASSERT_EQ(shrinking.size(), points.size());
      const std::optional<RunChart> chart = RunChartOf(points, baseline);
      ASSERT_EQ(shrinking.chart(), chart) << points.size();
      verdicts += chart ? 1 : 0;
      if (points.empty()) break;
      shrinking.DropLast();
      points.pop_back();
    }
  }
  EXPECT_GT(verdicts, 20);
}

}  // namespace
}  // namespace leadlag
