#include "tests/benchmark/rocksdb_baseline.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "rocksdb/db.h"
#include "rocksdb/options.h"
#include "rocksdb/slice_transform.h"
#include "rocksdb/version.h"
#include "rocksdb/write_batch.h"
#include "tests/benchmark/figures.h"

namespace leadlag::benchmark {
namespace {

constexpr size_t kTunedBatchesAnFsync = 8;
constexpr size_t kTunedMemtableBytes = 16 << 20;
// A team's four digits and the indicator's last letters: a series' own.
constexpr size_t kTeamBytes = 4;
constexpr size_t kIndicatorBytes = 7;
constexpr size_t kSeriesBytes = kTeamBytes + kIndicatorBytes;

std::string KeyOf(const v1::EvidenceRecord& record) {
  std::string key;
  key.reserve(64);
  key.append(record.team(), record.team().size() - kTeamBytes)
      .append(record.indicator(), record.indicator().size() - kIndicatorBytes)
      .append(record.event_date())
      .append(record.evidence_id());
  return key;
}

absl::StatusOr<std::unique_ptr<rocksdb::DB>> Open(const rocksdb::Options& options, const std::string& directory) {
  rocksdb::DB* db = nullptr;
  const rocksdb::Status status = rocksdb::DB::Open(options, directory, &db);
  if (!status.ok()) return absl::InternalError(status.ToString());
  return std::unique_ptr<rocksdb::DB>(db);
}

absl::Status WriteSynced(rocksdb::DB& db, rocksdb::WriteBatch& batch) {
  rocksdb::WriteOptions options;
  options.sync = true;
  const rocksdb::Status status = db.Write(options, &batch);
  batch.Clear();
  return status.ok() ? absl::OkStatus() : absl::InternalError(status.ToString());
}

absl::StatusOr<RocksDbSeconds> Flushed(rocksdb::DB& db, const Stopwatch& stopwatch) {
  RocksDbSeconds seconds{.durable = stopwatch.Seconds()};
  if (const rocksdb::Status status = db.Flush({}); !status.ok()) return absl::InternalError(status.ToString());
  seconds.flushed = stopwatch.Seconds();
  return seconds;
}

}  // namespace

std::string RocksDbVersion() { return rocksdb::GetRocksVersionAsString(); }

absl::StatusOr<RocksDbSeconds> RunRocksDbDefault(const std::string& directory,
                                                 const std::vector<v1::StreamEvidenceRequest>& batches) {
  rocksdb::Options options;
  options.create_if_missing = true;
  const auto db = Open(options, directory);
  if (!db.ok()) return db.status();
  const Stopwatch stopwatch;
  rocksdb::WriteBatch write;
  for (const v1::StreamEvidenceRequest& batch : batches) {
    for (const v1::EvidenceRecord& record : batch.batch().records())
      write.Put(KeyOf(record), record.SerializeAsString());
    if (absl::Status status = WriteSynced(**db, write); !status.ok()) return status;
  }
  return Flushed(**db, stopwatch);
}

absl::StatusOr<RocksDbSeconds> RunRocksDbTuned(const std::string& directory,
                                               const std::vector<v1::StreamEvidenceRequest>& batches) {
  rocksdb::Options options;
  options.create_if_missing = true;
  options.write_buffer_size = kTunedMemtableBytes;
  options.max_write_buffer_number = 6;
  options.memtable_insert_with_hint_prefix_extractor.reset(rocksdb::NewFixedPrefixTransform(kSeriesBytes));
  const auto db = Open(options, directory);
  if (!db.ok()) return db.status();
  const Stopwatch stopwatch;
  rocksdb::WriteBatch write;
  std::vector<std::pair<std::string, std::string>> sorted;
  for (size_t first = 0; first < batches.size(); first += kTunedBatchesAnFsync) {
    sorted.clear();
    for (size_t i = first; i < std::min(first + kTunedBatchesAnFsync, batches.size()); ++i) {
      for (const v1::EvidenceRecord& record : batches[i].batch().records()) {
        sorted.emplace_back(KeyOf(record), record.SerializeAsString());
      }
    }
    std::sort(sorted.begin(), sorted.end());
    for (const auto& [key, value] : sorted) write.Put(key, value);
    if (absl::Status status = WriteSynced(**db, write); !status.ok()) return status;
  }
  return Flushed(**db, stopwatch);
}

}  // namespace leadlag::benchmark
