// The keys of what a new record changes.
#include "storage/keys.h"

#include "benchmark/benchmark.h"
#include "core/check.h"
#include "tests/benchmark/micro/school_year.h"

namespace leadlag::micro {
namespace {

template <typename Key>
void EncodeKeys(::benchmark::State& state, Key key) {
  for (auto _ : state) {
    ::benchmark::DoNotOptimize(key);
    std::string bytes = key.Encode();
    ::benchmark::DoNotOptimize(bytes);
  }
}

template <typename Key>
void DecodeKeys(::benchmark::State& state, const Key& key) {
  const std::string bytes = key.Encode();
  for (auto _ : state) {
    absl::StatusOr<Key> decoded = Key::Decode(bytes);
    LEADLAG_CHECK(decoded.ok());
    ::benchmark::DoNotOptimize(decoded);
  }
}

DayRowKey Row() { return {.district = 1, .team = 1'543, .indicator = 2, .month = MonthOf(Work().today())}; }

void KeyDayRowEncode(::benchmark::State& state) { EncodeKeys(state, Row()); }
BENCHMARK(KeyDayRowEncode);
void KeyDayRowDecode(::benchmark::State& state) { DecodeKeys(state, Row()); }
BENCHMARK(KeyDayRowDecode);

}  // namespace
}  // namespace leadlag::micro
