#include "server/engine/deadline_queue.h"

#include <map>
#include <optional>
#include <set>
#include <utility>

#include "gtest/gtest.h"
#include "tests/support/random_seed.h"

namespace leadlag {
namespace {

// Against an ordered set of moments and watches.
TEST(DeadlineQueueTest, IsAnOrderedSet) {
  for (const uint64_t seed : Seeds(20, 500)) {
    SCOPED_TRACE(Replay(seed));
    Random random(seed);
    DeadlineQueue queue;
    std::map<WatchId, Instant> moments;
    std::set<std::pair<Instant, WatchId>> ordered;
    const auto moment_of = [&](WatchId watch) {
      const auto known = moments.find(watch);
      return known == moments.end() ? std::nullopt : std::optional(known->second);
    };
    const auto set = [&](WatchId watch, std::optional<Instant> moment) {
      const std::optional<Instant> before = moment_of(watch);
      if (before) ordered.erase({*before, watch});
      moments.erase(watch);
      if (moment) moments.emplace(watch, *moment);
      if (moment) ordered.emplace(*moment, watch);
      queue.Move(watch, before, moment, moment_of);
    };
    for (int step = 0; step < 5'000; ++step) {
      const WatchId watch{static_cast<TeamNumber>(random.Between(0, 40)), static_cast<ExpectationNumber>(random.Between(0, 4))};
      const Instant moment{random.Between(1, 30)};
      if (random.OneIn(3)) {
        const std::optional<WatchId> due = queue.FirstDue(moment, moment_of);
        const bool any = !ordered.empty() && ordered.begin()->first <= moment;
        ASSERT_EQ(due, any ? std::optional(ordered.begin()->second) : std::nullopt);
        if (due && random.OneIn(2)) set(*due, random.OneIn(2) ? std::optional(Instant{moment.micros + 5}) : std::nullopt);
      } else {
        set(watch, random.OneIn(8) ? std::nullopt : std::optional(moment));
      }
      ASSERT_EQ(queue.size(), moments.size());
      ASSERT_EQ(queue.Earliest(), ordered.empty() ? std::nullopt : std::optional(ordered.begin()->first));
    }
  }
}

}  // namespace
}  // namespace leadlag
