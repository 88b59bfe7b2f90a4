// The day row of a team's school year of one indicator: 100 records.
#include "core/day_row.h"

#include "benchmark/benchmark.h"
#include "core/check.h"
#include "tests/benchmark/micro/school_year.h"

namespace leadlag::micro {
namespace {

// The whole row from nothing, in order of arrival: 100 adds.
void DayRowFill(::benchmark::State& state) {
  const std::vector<DayEntry>& arrived = OneTeam().arrived;
  for (auto _ : state) {
    DayRow row;
    for (const DayEntry& entry : arrived) row.Add(entry);
    ::benchmark::DoNotOptimize(row);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(arrived.size()));
}
BENCHMARK(DayRowFill);

// What a correction or a review does to a row: one entry out, and in again.
void DayRowRemoveAndAdd(::benchmark::State& state) {
  const std::vector<DayEntry>& arrived = OneTeam().arrived;
  DayRow row = OneTeam().rows[0];
  size_t next = 0;
  for (auto _ : state) {
    const DayEntry& entry = arrived[next];
    next = next + 1 < arrived.size() ? next + 1 : 0;
    const bool removed = row.Remove(entry);
    LEADLAG_CHECK(removed);
    row.Add(entry);
    ::benchmark::ClobberMemory();
  }
}
BENCHMARK(DayRowRemoveAndAdd);

void DayRowEncode(::benchmark::State& state) {
  const DayRow& row = OneTeam().rows[0];
  for (auto _ : state) {
    std::string bytes = row.Encode();
    ::benchmark::DoNotOptimize(bytes);
  }
  state.counters["bytes"] = static_cast<double>(row.Encode().size());
}
BENCHMARK(DayRowEncode);

void DayRowDecode(::benchmark::State& state) {
  const std::string bytes = OneTeam().rows[0].Encode();
  LEADLAG_CHECK(DayRow::Decode(bytes).ok());
  for (auto _ : state) {
    absl::StatusOr<DayRow> row = DayRow::Decode(bytes);
    ::benchmark::DoNotOptimize(row);
  }
}
BENCHMARK(DayRowDecode);

// The last signal of the school year, as every watch asks for it.
void DayRowLastEventIn(::benchmark::State& state) {
  const DayRow& row = OneTeam().rows[0];
  DateRange range = OneTeam().year;
  for (auto _ : state) {
    ::benchmark::DoNotOptimize(range);
    std::optional<Date> last = row.LastEventIn(range);
    ::benchmark::DoNotOptimize(last);
  }
}
BENCHMARK(DayRowLastEventIn);

// The same of a range that ends in the middle of the row.
void DayRowLastEventBeforeMidyear(::benchmark::State& state) {
  const DayRow& row = OneTeam().rows[0];
  DateRange range{OneTeam().year.from, OneTeam().year.from + 140};
  for (auto _ : state) {
    ::benchmark::DoNotOptimize(range);
    std::optional<Date> last = row.LastEventIn(range);
    ::benchmark::DoNotOptimize(last);
  }
}
BENCHMARK(DayRowLastEventBeforeMidyear);

}  // namespace
}  // namespace leadlag::micro
