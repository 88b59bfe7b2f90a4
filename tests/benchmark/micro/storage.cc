// Storage alone, on a disk in memory: the log's append, what a batch of records costs to commit, and a checkpoint of many.
#include <memory>
#include <string>

#include "benchmark/benchmark.h"
#include "core/check.h"
#include "server/engine/command.h"
#include "storage/command_log.h"
#include "storage/disk.h"
#include "storage/identity_filter.h"
#include "storage/store.h"
#include "tests/benchmark/figures.h"
#include "tests/benchmark/micro/school_year.h"

namespace leadlag::micro {
namespace {

constexpr uint32_t kNumber = 1;  // of the district
constexpr uint64_t kBatch = 500;
constexpr uint32_t kTeams = 2'000;
constexpr uint32_t kIndicators = 5;
constexpr int kDays = 280;

// Adds the district's next records; they come in the order of their dates, as evidence does, of teams in no order.
class Records {
 public:
  void AddTo(Batch& batch, uint64_t count) {
    for (uint64_t i = 0; i < count; ++i) {
      const uint64_t number = ++last_;
      const uint64_t mixed = number * 0x9e3779b97f4a7c15;  // a permutation: fingerprints are as good as random
      batch.AddRecord(kNumber, number, mixed, std::string(90, static_cast<char>('a' + number % 26)));
      const SeriesId series{static_cast<uint32_t>(mixed >> 40) % kTeams, static_cast<uint32_t>(mixed >> 20) % kIndicators};
      batch.AddPlace(kNumber, series, {Date::FromYmd(2025, 9, 1) + static_cast<int>(number / 1'000 % kDays), number});
    }
    batch.PutAppliedPosition(kNumber, ++position_);
  }

 private:
  uint64_t last_ = 0, position_ = 0;
};

std::unique_ptr<Store> NewStore() { return Store::Open({.directory = "/view", .disk = Disk::InMemory()}).value(); }

// Beside committed ones, so that the layer's tables grow as they do in a long load; written out now and then.
void StorageCommitBatch(::benchmark::State& state) {
  constexpr int64_t kLayerBatches = 800;
  const std::unique_ptr<Store> store = NewStore();
  Records records;
  int64_t batches = 0;
  for (auto _ : state) {
    if (++batches % kLayerBatches == 0) LEADLAG_CHECK(store->Checkpoint().ok());
    const benchmark::Stopwatch stopwatch;
    Batch batch = store->NewBatch();
    records.AddTo(batch, kBatch);
    store->Commit(batch);
    state.SetIterationTime(stopwatch.Seconds());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kBatch));
}
BENCHMARK(StorageCommitBatch)->UseManualTime()->Unit(::benchmark::kMicrosecond);

// 100,000 records: sorted, put into blocks, compressed, taken in.
void StorageCheckpoint(::benchmark::State& state) {
  constexpr uint64_t kCheckpointRecords = 100'000;
  const std::unique_ptr<Store> store = NewStore();
  Records records;
  for (auto _ : state) {
    for (uint64_t done = 0; done < kCheckpointRecords; done += kBatch) {
      Batch batch = store->NewBatch();
      records.AddTo(batch, kBatch);
      store->Commit(batch);
    }
    const benchmark::Stopwatch stopwatch;
    LEADLAG_CHECK(store->Checkpoint().ok());
    state.SetIterationTime(stopwatch.Seconds());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kCheckpointRecords));
}
BENCHMARK(StorageCheckpoint)->UseManualTime()->Unit(::benchmark::kMillisecond);

// A batch of 500 as the log writes it, one at a time. Without a disk's fsync, which dwarfs it: EngineApplyBatch/disk has that.
void StorageAppend(::benchmark::State& state) {
  const std::unique_ptr<CommandLog> log = OpenLocalCommandLog({.directory = "/log", .disk = Disk::InMemory()}).value();
  const Ownership own = log->Own("benchmark").value();
  const std::string command = EncodeCommand({NewYork().StartOf(Work().today()), "", CommandOf(0)});
  constexpr uint64_t kKept = 1'000;
  uint64_t position = own.last_position;
  for (auto _ : state) {
    bool committed = false;
    log->Append({{own.district_number, own.epoch, position, {command}}},
                [&](std::vector<AppendOutcome> outcomes) { committed = outcomes.front() == AppendOutcome::kCommitted; });
    LEADLAG_CHECK(committed);
    if (++position % kKept == 0) LEADLAG_CHECK(log->Trim(own.district_number, position).ok());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(command.size()));
}
BENCHMARK(StorageAppend)->Unit(::benchmark::kMicrosecond);

// Whether a new record's fingerprint is on disk, beside a million that are: fetched ahead, as a batch's are, then asked.
void StorageIdentityFilter(::benchmark::State& state) {
  constexpr uint64_t kStored = 1'000'000;
  constexpr uint64_t kMixed = 0x9e3779b97f4a7c15;  // as in Records
  IdentityFilter filter(kStored);
  for (uint64_t number = 1; number <= kStored; ++number) filter.Add(number * kMixed);
  uint64_t number = kStored, found = 0;
  for (auto _ : state) {
    for (uint64_t i = 1; i <= kBatch; ++i) filter.Prefetch((number + i) * kMixed);
    for (uint64_t i = 1; i <= kBatch; ++i) found += filter.MayContain((number + i) * kMixed) ? 1 : 0;
    number += kBatch;
  }
  LEADLAG_CHECK(found < (number - kStored) / 10 + kBatch);
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kBatch));
}
BENCHMARK(StorageIdentityFilter)->Unit(::benchmark::kMicrosecond);

}  // namespace
}  // namespace leadlag::micro
