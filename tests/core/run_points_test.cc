#include "core/run_points.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/support/random_seed.h"

namespace leadlag {
namespace {

Date D(int day) { return Date::FromYmd(2025, 9, 1) + day; }  // a Monday

// To the last bit.
void ExpectSame(const SeriesValues& a, const SeriesValues& b) {
  ASSERT_EQ(a, b);
  for (const ChartUnit unit : {ChartUnit::kDay, ChartUnit::kWeek, ChartUnit::kMonth}) {
    EXPECT_EQ(RunPointsOf(a.all(), unit), RunPointsOf(b.all(), unit));
  }
}

TEST(RunPointsTest, AreOfDaysWeeksAndMonths) {
  SeriesValues values;
  values.Add({D(29), 5});     // Tue 30 September
  values.Add({D(0), 1});
  values.Add({D(30), 8, 10});  // Wed 1 October
  values.Add({D(0), 4});
  values.Add({D(6), 1, 2});
  EXPECT_EQ(RunPointsOf(values.all(), ChartUnit::kDay),
            (std::vector<RunPoint>{{{D(0), D(1)}, 2.5, 2}, {{D(6), D(7)}, 0.5, 1}, {{D(29), D(30)}, 5, 1}, {{D(30), D(31)}, 0.8, 1}}));
  EXPECT_EQ(RunPointsOf(values.all(), ChartUnit::kWeek),
            (std::vector<RunPoint>{{{D(0), D(7)}, 1.5, 3}, {{D(28), D(35)}, 13.0 / 11, 2}}));
  EXPECT_EQ(RunPointsOf(values.all(), ChartUnit::kMonth),
            (std::vector<RunPoint>{{{D(0), D(30)}, 11.0 / 5, 4}, {{D(30), D(61)}, 0.8, 1}}));
  EXPECT_EQ(RunPointsOf(values.In({D(6), D(30)}), ChartUnit::kDay).size(), 2u);
  EXPECT_TRUE(values.In({D(7), D(29)}).empty());
  EXPECT_TRUE(values.In({D(7), D(6)}).empty());
  EXPECT_EQ(RunPointsOf({}, ChartUnit::kDay), std::vector<RunPoint>());
}

TEST(SeriesValuesTest, RemovesWhatIsThereAlone) {
  SeriesValues values;
  values.Add({D(0), 1});
  values.Add({D(0), 1});
  EXPECT_FALSE(values.Remove({D(0), 2}));
  EXPECT_FALSE(values.Remove({D(0), 1, 2}));
  EXPECT_FALSE(values.Remove({D(1), 1}));
  EXPECT_TRUE(values.Remove({D(0), 1}));
  EXPECT_EQ(values.size(), 1u);
  EXPECT_TRUE(values.Remove({D(0), 1}));
  EXPECT_FALSE(values.Remove({D(0), 1}));
  EXPECT_EQ(values, SeriesValues());
  EXPECT_TRUE(values.all().empty());
}

// The order in which values come, and what has come and gone, change no bit: a sum that is kept up, adding and taking away, would.
TEST(SeriesValuesTest, HaveOneSumWhateverBecameOfThem) {
  const std::vector<double> numbers = {0.1, 0.2, 0.3, 0.7, 1.0 / 3, 1e16, -1e16, 1e-300, -1e-300, 1e300, 5e-324};
  for (const uint64_t seed : Seeds(200, 5'000)) {
    SCOPED_TRACE(Replay(seed));
    Random random(seed);
    const auto any = [&] {
      SeriesValue value{D(random.Between(0, 12)), random.Pick(numbers)};
      if (random.OneIn(4)) value = {value.event, static_cast<double>(random.Between(0, 9)), static_cast<double>(random.Between(9, 30))};
      return value;
    };
    SeriesValues lived;
    std::vector<SeriesValue> standing;
    for (int step = random.Between(1, 120); step > 0; --step) {
      if (!standing.empty() && random.OneIn(3)) {
        std::swap(standing[static_cast<size_t>(random.Between(0, static_cast<int>(standing.size()) - 1))], standing.back());
        ASSERT_TRUE(lived.Remove(standing.back()));
        standing.pop_back();
      } else {
        standing.push_back(any());
        lived.Add(standing.back());
      }
      if (random.OneIn(5)) lived.all();  // its sums are reckoned on the way
    }
    SeriesValues rebuilt, other_way;
    for (const SeriesValue& value : standing) rebuilt.Add(value);
    for (auto value = standing.rbegin(); value != standing.rend(); ++value) other_way.Add(*value);
    ExpectSame(lived, rebuilt);
    ExpectSame(lived, other_way);
    ASSERT_EQ(lived.size(), standing.size());
  }
}

TEST(SeriesValuesTest, TenTenthsHaveTheMeanThatTheyHaveInOrder) {
  SeriesValues values;
  double sum = 0;
  for (int i = 0; i < 10; ++i) {
    values.Add({D(0), 0.1});
    sum += 0.1;
  }
  EXPECT_EQ(RunPointsOf(values.all(), ChartUnit::kDay)[0].value, sum / 10);
  SeriesValues shares;
  shares.Add({D(0), 1, 3});
  shares.Add({D(1), 2, 7});
  EXPECT_EQ(RunPointsOf(shares.all(), ChartUnit::kWeek)[0].value, 0.3);
}

// Numbers as large as there are have a mean, and no NaN comes of those that lie on both sides.
TEST(SeriesValuesTest, OfAnySizeHaveAFiniteMean) {
  constexpr double kMost = std::numeric_limits<double>::max();
  const auto mean = [](const std::vector<double>& numbers) {
    SeriesValues values;
    for (size_t i = 0; i < numbers.size(); ++i) values.Add({D(static_cast<int>(i % 3)), numbers[i]});
    return RunPointsOf(values.all(), ChartUnit::kWeek)[0].value;
  };
  EXPECT_EQ(mean({kMost, kMost, kMost}), kMost);
  EXPECT_EQ(mean({-kMost, -kMost, -kMost, -kMost}), -kMost);
  EXPECT_EQ(mean({kMost, -kMost, kMost, -kMost}), 0);
  EXPECT_EQ(mean({1e308, 1e308, 1.5e308, 0.5e308}), 1e308);
  std::vector<double> many(100'000, kMost);
  EXPECT_GT(mean(many), 0.999'999 * kMost);
  EXPECT_LE(mean(many), kMost);
  many.insert(many.end(), 100'000, -kMost);
  EXPECT_TRUE(std::isfinite(mean(many)));
}

}  // namespace
}  // namespace leadlag
