// Watches and their deadlines, with 100,000 watches of which a thousand fall due at each of a hundred notify times.
#include <vector>

#include "benchmark/benchmark.h"
#include "client/cli/seeded_random.h"
#include "core/check.h"
#include "server/engine/watches.h"
#include "tests/benchmark/micro/school_year.h"

namespace leadlag::micro {
namespace {

constexpr uint32_t kTeams = 20'000;
constexpr uint32_t kExpectations = 5;
constexpr int kDays = 100;

Instant NotifyTime(int day) { return NewYork().At(Work().today() + day, MinuteOfDay{420}); }

Watches MakeWatches() {
  Watches watches;
  for (uint32_t team = 0; team < kTeams; ++team) {
    for (uint32_t expectation = 0; expectation < kExpectations; ++expectation) {
      watches.Add({team, expectation}, WatchRecord());
      watches.SetMoment({team, expectation}, NotifyTime(static_cast<int>(team % kDays)));
    }
  }
  return watches;
}

// The next moment of watches in random order moves, as with each record.
void DeadlineQueueSet(::benchmark::State& state) {
  Watches watches = MakeWatches();
  std::vector<Instant> moments;
  for (int day = 0; day < kDays; ++day) moments.push_back(NotifyTime(day));
  cli::SeededRandom random(1);
  for (auto _ : state) {
    const uint64_t bits = random.Next();
    watches.SetMoment({static_cast<uint32_t>(bits % kTeams), static_cast<uint32_t>(bits >> 32) % kExpectations},
                      moments[(bits >> 48) % kDays]);
  }
  LEADLAG_CHECK(watches.size() == kTeams * kExpectations);
}
BENCHMARK(DeadlineQueueSet);

// What a tick asks first.
void DeadlineQueueFirstDue(::benchmark::State& state) {
  Watches watches = MakeWatches();
  Instant through = NotifyTime(0);
  for (auto _ : state) {
    ::benchmark::DoNotOptimize(through);
    std::optional<WatchId> due = watches.FirstDue(through);
    ::benchmark::DoNotOptimize(due);
  }
}
BENCHMARK(DeadlineQueueFirstDue);

// A notify time's thousand watches, one after the other: asked for, and moved to another day.
void DeadlineQueueDrain(::benchmark::State& state) {
  Watches watches = MakeWatches();
  int day = 0;
  int64_t drained = 0;
  for (auto _ : state) {
    const Instant now = NotifyTime(day), later = NotifyTime(day + kDays);
    while (const std::optional<WatchId> due = watches.FirstDue(now)) {
      watches.SetMoment(*due, later);
      ++drained;
    }
    ++day;
  }
  LEADLAG_CHECK(drained == state.iterations() * static_cast<int64_t>(kTeams * kExpectations / kDays));
  state.SetItemsProcessed(drained);
}
BENCHMARK(DeadlineQueueDrain)->Iterations(1'000);

}  // namespace
}  // namespace leadlag::micro
