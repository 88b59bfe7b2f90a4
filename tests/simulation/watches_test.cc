#include "server/engine/watches.h"

#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "tests/support/random_seed.h"

namespace leadlag {
namespace {

// Against maps: watches that come, go, change and are written back.
TEST(WatchesTest, AreAMapOfWatches) {
  for (const uint64_t seed : Seeds(20, 500)) {
    SCOPED_TRACE(Replay(seed));
    Random random(seed);
    Watches watches;
    std::map<WatchId, uint64_t> naive;  // by the id of their alert, which stands for all that a watch is
    std::map<WatchId, Instant> moments;
    std::map<WatchId, uint64_t> stored;
    std::set<WatchId> unwritten;
    const auto write_back = [&](size_t keep) {
      watches.WriteBack(keep, [&](WatchId id, const WatchRecord& record) { stored[id] = record.alert; });
    };
    for (int step = 0; step < 3'000; ++step) {
      const WatchId id{static_cast<TeamNumber>(random.Between(0, 12)), static_cast<ExpectationNumber>(random.Between(0, 9))};
      if (!naive.contains(id)) {
        ASSERT_EQ(watches.Find(id), nullptr);
        ASSERT_EQ(watches.MomentOf(id), std::nullopt);
        watches.Add(id, WatchRecord{.alert = static_cast<uint64_t>(step)});
        watches.SetUnwritten(id);
        naive[id] = static_cast<uint64_t>(step);
      } else if (random.OneIn(6)) {
        watches.Remove(id);
        naive.erase(id);
        moments.erase(id);
        stored.erase(id);
      } else if (random.OneIn(2)) {
        watches.Find(id)->alert = naive[id] = static_cast<uint64_t>(step);
        watches.SetUnwritten(id);
      } else {
        const Instant moment{random.Between(1, 30)};
        watches.SetMoment(id, moment);
        moments[id] = moment;
      }
      if (random.OneIn(50)) write_back(static_cast<size_t>(random.Between(0, 20)));
      ASSERT_EQ(watches.size(), naive.size());
      std::optional<std::pair<Instant, WatchId>> first;
      for (const auto& [watch, moment] : moments) {
        if (!first || std::pair(moment, watch) < *first) first = {moment, watch};
      }
      ASSERT_EQ(watches.Earliest(), first ? std::optional(first->first) : std::nullopt);
      ASSERT_EQ(watches.FirstDue(Instant{30}), first ? std::optional(first->second) : std::nullopt);
    }
    std::map<WatchId, uint64_t> seen;
    std::vector<WatchId> order;
    watches.ForEach([&](WatchId id, const WatchRecord& record) {
      seen[id] = record.alert;
      order.push_back(id);
    });
    EXPECT_EQ(seen, naive);
    EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
    write_back(0);
    EXPECT_EQ(watches.unwritten(), 0u);
    EXPECT_EQ(stored, naive);
  }
}

}  // namespace
}  // namespace leadlag
