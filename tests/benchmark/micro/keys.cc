// The keys that one new record is stored under.
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

SeriesKey Series() {
  return {.district = 1, .team = 1'543, .indicator = 2, .date = Work().today(), .evidence = 123'456};
}
IdentityKey Identity() { return {.district = 1, .source = 0, .evidence_id = CommandOf(0).items[0].evidence_id}; }
DayRowKey Row() { return {.district = 1, .team = 1'543, .indicator = 2, .row_year = RowYear(Work().today())}; }

void KeySeriesEncode(::benchmark::State& state) { EncodeKeys(state, Series()); }
BENCHMARK(KeySeriesEncode);
void KeySeriesDecode(::benchmark::State& state) { DecodeKeys(state, Series()); }
BENCHMARK(KeySeriesDecode);
void KeyIdentityEncode(::benchmark::State& state) { EncodeKeys(state, Identity()); }
BENCHMARK(KeyIdentityEncode);
void KeyIdentityDecode(::benchmark::State& state) { DecodeKeys(state, Identity()); }
BENCHMARK(KeyIdentityDecode);
void KeyDayRowEncode(::benchmark::State& state) { EncodeKeys(state, Row()); }
BENCHMARK(KeyDayRowEncode);
void KeyDayRowDecode(::benchmark::State& state) { DecodeKeys(state, Row()); }
BENCHMARK(KeyDayRowDecode);

}  // namespace
}  // namespace leadlag::micro
