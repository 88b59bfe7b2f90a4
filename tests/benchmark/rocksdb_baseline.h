// RocksDB alone, one key a record: what a store of nothing but the records gives on this machine.
//
// The key is team, indicator, event date and evidence id, the value the record as its protobuf bytes; making both, and
// sorting, is inside the clock. The clock that counts stops at the last fsync: compaction and flushes still to come are left out, in
// RocksDB's favour. When the last memtable has been flushed is told as well.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "leadlag/v1/evidence_service.pb.h"

namespace leadlag::benchmark {

// "7.8.3".
std::string RocksDbVersion();

struct RocksDbSeconds {
  double durable = 0;
  double flushed = 0;  // nothing is left in a memtable
};

// Both write into a new directory. INTERNAL: what RocksDB said.

// As a first program would: a WriteBatch of each batch's records in their order, synced, default options.
absl::StatusOr<RocksDbSeconds> RunRocksDbDefault(const std::string& directory,
                                                 const std::vector<v1::StreamEvidenceRequest>& batches);
// The best that one key a record gives: eight batches sorted into one WriteBatch and fsync, insert hint by series, 16
// MiB memtables.
absl::StatusOr<RocksDbSeconds> RunRocksDbTuned(const std::string& directory,
                                               const std::vector<v1::StreamEvidenceRequest>& batches);

}  // namespace leadlag::benchmark
