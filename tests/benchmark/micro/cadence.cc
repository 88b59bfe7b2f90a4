// Cadence and latency of one team's school year: 500 records of five indicators.
#include "core/cadence.h"

#include "benchmark/benchmark.h"
#include "core/check.h"
#include "core/latency.h"
#include "tests/benchmark/micro/school_year.h"

namespace leadlag::micro {
namespace {

constexpr int kReviewObjectiveDays = 10;

// Every metric, of every leading indicator together, with the on-track share of a watch.
void CadenceTeamYear(::benchmark::State& state) {
  const TeamYear& team = OneTeam();
  CadenceInput input{.calendar = team.calendar.get(), .window = team.year, .today = team.today, .active = &team.active};
  input.signals = team.signals;
  input.watch = WatchTerms{.from = team.year.from};
  LEADLAG_CHECK(ComputeCadence(input).signal_dates > 100);
  for (auto _ : state) {
    Cadence cadence = ComputeCadence(input);
    ::benchmark::DoNotOptimize(cadence);
  }
}
BENCHMARK(CadenceTeamYear);

// The five rows, ranked.
void LatencyTeamYear(::benchmark::State& state) {
  const TeamYear& team = OneTeam();
  for (auto _ : state) {
    LatencyTally tally(team.year);
    for (const DayRow& row : team.rows) tally.Add(*team.calendar, team.today, row);
    Latency latency = tally.Result();
    ::benchmark::DoNotOptimize(latency);
  }
}
BENCHMARK(LatencyTeamYear);

void LatencyUnreviewedBeyond(::benchmark::State& state) {
  const TeamYear& team = OneTeam();
  for (auto _ : state) {
    uint64_t unreviewed = 0;
    for (const DayRow& row : team.rows)
      unreviewed += UnreviewedBeyond(*team.calendar, team.today - 1, kReviewObjectiveDays, row);
    ::benchmark::DoNotOptimize(unreviewed);
  }
}
BENCHMARK(LatencyUnreviewedBeyond);

}  // namespace
}  // namespace leadlag::micro
