#include "server/engine/charted_series.h"

#include <map>
#include <vector>

#include "gtest/gtest.h"
#include "tests/support/random_seed.h"
#include "tests/support/watch_story.h"

namespace leadlag {
namespace {

SeriesValues ValuesOf(size_t count) {
  SeriesValues values;
  for (size_t i = 0; i < count; ++i) values.Add({D("2025-09-08"), static_cast<double>(i)});
  return values;
}

TEST(ChartedSeriesTest, LetsGoOfWhatWasAskedForTheLongestAgo) {
  ChartedSeries charted(/*values_max=*/30);
  const RowId a{1, 1, 2026}, b{2, 1, 2026}, c{3, 1, 2026}, d{4, 1, 2026};
  charted.Hold(a, ValuesOf(10));
  charted.Hold(b, ValuesOf(10));
  charted.Hold(c, ValuesOf(10));
  EXPECT_EQ(charted.values(), 30u);
  ASSERT_NE(charted.Use(a), nullptr);
  charted.Hold(d, ValuesOf(10));  // one more: one goes, not all
  EXPECT_EQ(charted.Use(b), nullptr);
  EXPECT_NE(charted.Use(c), nullptr);
  EXPECT_NE(charted.Use(a), nullptr);
  EXPECT_NE(charted.Use(d), nullptr);
  charted.Add(d, {D("2025-09-09"), 1});  // as records come
  EXPECT_EQ(charted.Use(c), nullptr);
  EXPECT_EQ(charted.values(), 21u);
  charted.Hold(b, ValuesOf(40));  // held in any case
  EXPECT_EQ(charted.series(), 1u);
  EXPECT_EQ(charted.Use(b)->size(), 40u);
  charted.Hold(a, ValuesOf(1));
  EXPECT_EQ(charted.values(), 1u);
  EXPECT_EQ(charted.values_read(), 81u);
}

TEST(ChartedSeriesTest, FollowsItsRecords) {
  for (const uint64_t seed : Seeds(30, 1'000)) {
    SCOPED_TRACE(Replay(seed));
    Random random(seed);
    ChartedSeries charted(static_cast<size_t>(random.Between(1, 60)));
    std::map<RowId, std::vector<SeriesValue>> stored;
    for (int step = 0; step < 600; ++step) {
      const RowId id{static_cast<TeamNumber>(random.Between(0, 5)), 1, 2026};
      std::vector<SeriesValue>& standing = stored[id];
      if (random.OneIn(3)) {
        const SeriesValues* held = charted.Use(id);
        SeriesValues read;
        for (const SeriesValue& value : standing) read.Add(value);
        if (held == nullptr) held = &charted.Hold(id, read);
        ASSERT_EQ(*held, read);
      } else if (!standing.empty() && random.OneIn(2)) {
        ASSERT_TRUE(charted.Remove(id, standing.back()));
        standing.pop_back();
      } else {
        standing.push_back({D("2025-09-08") + random.Between(0, 3), random.Between(0, 9) / 10.0});
        charted.Add(id, standing.back());
      }
    }
  }
}

TEST(ChartedSeriesTest, ToldOfARecordThatItLacksSaysSo) {
  ChartedSeries charted;
  const RowId id{1, 1, 2026};
  EXPECT_TRUE(charted.Remove(id, {D("2025-09-08"), 9}));  // it is not held
  charted.Hold(id, ValuesOf(3));
  EXPECT_FALSE(charted.Remove(id, {D("2025-09-08"), 9}));
  EXPECT_TRUE(charted.Remove(id, {D("2025-09-08"), 2}));
}

}  // namespace
}  // namespace leadlag
