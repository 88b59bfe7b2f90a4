// RUN_SIGNAL over a school year of daily points, where a signal holds since its beginning: the longest search for where it began; and over
// many records a date.
#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "benchmark/benchmark.h"
#include "core/alert_rule.h"
#include "core/calendar.h"
#include "core/check.h"
#include "core/run_chart.h"
#include "core/run_points.h"

namespace leadlag::micro {
namespace {

const Date kFirst = Date::FromYmd(2025, 9, 1);

const RuleSpan& Span() {
  static const RuleSpan& span = *new RuleSpan{nullptr, kFirst - 1, {kFirst, kFirst + 400}, {kFirst, kFirst + 400}};
  return span;
}

// `days` dates with `a_day` values each, in waves so long that they cross the centre too seldom.
SeriesValues Waves(int days, int a_day) {
  SeriesValues values;
  for (int day = 0; day < days; ++day) {
    for (int i = 0; i < a_day; ++i) values.Add({kFirst + day, std::sin(day / 9.0) + ((day * 7 + i * 3) % 11) / 40.0});
  }
  return values;
}

void Ask(::benchmark::State& state, const std::optional<double>& baseline) {
  const SeriesValues values = Waves(static_cast<int>(state.range(0)), 3);
  const RunSignalTerms terms{.indicator = "walks", .unit = ChartUnit::kDay, .baseline = baseline};
  for (auto _ : state) {
    const std::optional<RuleFinding> finding = RunSignal(Span(), terms, values.all(), kFirst);
    LEADLAG_CHECK(finding.has_value());
    ::benchmark::DoNotOptimize(finding);
  }
}

void RunSignalOfMedian(::benchmark::State& state) { Ask(state, std::nullopt); }
BENCHMARK(RunSignalOfMedian)->Arg(50)->Arg(180)->Arg(400);

void RunSignalOfBaseline(::benchmark::State& state) { Ask(state, 0); }
BENCHMARK(RunSignalOfBaseline)->Arg(50)->Arg(180)->Arg(400);

void CrossingsLimitOf180(::benchmark::State& state) {
  for (auto _ : state) ::benchmark::DoNotOptimize(CrossingsLimit(180));
}
BENCHMARK(CrossingsLimitOf180);

// A late record among so many of 180 dates, and what it makes of the points.
void SeriesValuesCorrectOne(::benchmark::State& state) {
  SeriesValues values = Waves(180, static_cast<int>(state.range(0)) / 180);
  const SeriesValue late{kFirst + 40, 0.5};
  for (auto _ : state) {
    values.Add(late);
    ::benchmark::DoNotOptimize(RunPointsOf(values.all(), ChartUnit::kDay).size());
    LEADLAG_CHECK(values.Remove(late));
    ::benchmark::DoNotOptimize(RunPointsOf(values.all(), ChartUnit::kDay).size());
  }
}
BENCHMARK(SeriesValuesCorrectOne)->Arg(1'000)->Arg(100'000);

}  // namespace
}  // namespace leadlag::micro
