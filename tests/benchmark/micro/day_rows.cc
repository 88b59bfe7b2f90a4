// A district's day rows, holding those of 2,000 teams and five indicators.
#include "server/engine/day_rows.h"

#include "benchmark/benchmark.h"
#include "client/cli/seeded_random.h"
#include "core/check.h"
#include "tests/benchmark/micro/school_year.h"

namespace leadlag::micro {
namespace {

constexpr uint32_t kTeams = 2'000;
constexpr uint32_t kIndicators = 5;
constexpr int kRowYear = 2026;

void Fill(DayRows& cache) {
  for (uint32_t team = 0; team < kTeams; ++team) {
    for (uint32_t indicator = 0; indicator < kIndicators; ++indicator)
      cache.Load({team, indicator, kRowYear}, OneTeam().rows[indicator]);
  }
}

RowId RandomRow(cli::SeededRandom& random) {
  const uint64_t bits = random.Next();
  return {static_cast<uint32_t>(bits % kTeams), static_cast<uint32_t>(bits >> 32) % kIndicators, kRowYear};
}

// The writer's: the row, now the most recently used.
void DayRowsUse(::benchmark::State& state) {
  DayRows cache;
  Fill(cache);
  cli::SeededRandom random(1);
  for (auto _ : state) {
    DayRow* row = cache.Use(RandomRow(random));
    LEADLAG_CHECK(row != nullptr);
    ::benchmark::DoNotOptimize(row);
  }
}
BENCHMARK(DayRowsUse);

// A question's.
void DayRowsFind(::benchmark::State& state) {
  DayRows cache;
  Fill(cache);
  cli::SeededRandom random(1);
  for (auto _ : state) {
    const DayRows::Slot* row = cache.Find(RandomRow(random));
    LEADLAG_CHECK(row != nullptr);
    ::benchmark::DoNotOptimize(row);
  }
}
BENCHMARK(DayRowsFind);

// A full cache: a row comes in, and the least recently used one goes.
void DayRowsLoadAndTrim(::benchmark::State& state) {
  DayRows cache(kTeams * kIndicators);
  Fill(cache);
  uint32_t team = kTeams;
  for (auto _ : state) {
    ::benchmark::DoNotOptimize(cache.Load({team++, 0, kRowYear}, DayRow()));
    cache.Trim();
  }
}
BENCHMARK(DayRowsLoadAndTrim);

}  // namespace
}  // namespace leadlag::micro
