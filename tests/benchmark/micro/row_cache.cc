// The cache of day rows, holding those of 2,000 teams and five indicators.
#include "server/engine/row_cache.h"

#include "benchmark/benchmark.h"
#include "client/cli/seeded_random.h"
#include "core/check.h"
#include "tests/benchmark/micro/school_year.h"

namespace leadlag::micro {
namespace {

constexpr uint32_t kTeams = 2'000;
constexpr uint32_t kIndicators = 5;
constexpr int kRowYear = 2026;

void Fill(RowCache& cache) {
  for (uint32_t team = 0; team < kTeams; ++team) {
    for (uint32_t indicator = 0; indicator < kIndicators; ++indicator)
      cache.Insert({team, indicator, kRowYear}, OneTeam().rows[indicator], /*stored=*/true);
  }
}

RowId RandomRow(cli::SeededRandom& random) {
  const uint64_t bits = random.Next();
  return {static_cast<uint32_t>(bits % kTeams), static_cast<uint32_t>(bits >> 32) % kIndicators, kRowYear};
}

// The writer's: the row, now the most recently used.
void RowCacheUse(::benchmark::State& state) {
  RowCache cache;
  Fill(cache);
  cli::SeededRandom random(1);
  for (auto _ : state) {
    DayRow* row = cache.Use(RandomRow(random));
    LEADLAG_CHECK(row != nullptr);
    ::benchmark::DoNotOptimize(row);
  }
}
BENCHMARK(RowCacheUse);

// A question's.
void RowCacheFind(::benchmark::State& state) {
  RowCache cache;
  Fill(cache);
  cli::SeededRandom random(1);
  for (auto _ : state) {
    const DayRow* row = cache.Find(RandomRow(random));
    LEADLAG_CHECK(row != nullptr);
    ::benchmark::DoNotOptimize(row);
  }
}
BENCHMARK(RowCacheFind);

// A full cache: a row comes in, and the least recently used one goes.
void RowCacheInsertAndTrim(::benchmark::State& state) {
  RowCache cache(kTeams * kIndicators);
  Fill(cache);
  uint32_t team = kTeams;
  for (auto _ : state) {
    ::benchmark::DoNotOptimize(cache.Insert({team++, 0, kRowYear}, DayRow(), /*stored=*/true));
    cache.Trim();
  }
}
BENCHMARK(RowCacheInsertAndTrim);

}  // namespace
}  // namespace leadlag::micro
