// Reads the evidence of the view: records by number, which records an id may be, and a series in order of date.
//
// Concepts: storage/evidence_layer.h. Evidence is no key of the view's: it lies in memory as it came, and a checkpoint writes it in
// blocks (storage/evidence_blocks.h), so that a record costs neither a key in a tree nor one on disk.
//
// A handle, borrowed from a Batch, a Store or a StoreView, which it must not outlive, and with the same errors; for one thread. It sees
// what was there when it was made, and a Batch's what the Batch adds. Not to be kept long: it keeps old bytes on disk.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/date.h"
#include "storage/evidence_layer.h"

namespace rocksdb {
class DB;
class Iterator;
class Snapshot;
struct ReadOptions;
}  // namespace rocksdb

namespace leadlag {

struct Layer;
class IdentityFilter;

// Of (source, evidence_id): SipHash-2-4, so that nobody finds many ids with one fingerprint. Never change it: it is in every data
// directory.
uint64_t FingerprintOf(uint32_t source, std::string_view evidence_id);

class EvidenceReader {
 public:
  EvidenceReader(EvidenceReader&&) noexcept;
  EvidenceReader& operator=(EvidenceReader&&) noexcept;
  ~EvidenceReader();

  // The bytes that AddRecord was given; none where there is no such record.
  absl::StatusOr<std::optional<std::string>> Record(uint32_t district, uint64_t number) const;
  // Adds the numbers of all records with the fingerprint: most often none or the one looked for, but another id may have the same.
  absl::Status AddRecordsWith(uint32_t district, uint64_t fingerprint, std::vector<uint64_t>& numbers) const;
  // Has the memory fetched that AddRecordsWith will look at: the hint that many are about to be asked for, so that their waits overlap.
  void Prefetch(uint32_t district, uint64_t fingerprint) const;
  // The series' places from `from` on, dated before `to`, by date, then number, each once, until the visitor says stop; it may read.
  absl::Status Places(uint32_t district, SeriesId series, EvidencePlace from, Date to, absl::FunctionRef<bool(EvidencePlace)> visit) const;

  // For checks and back-tests; what they read does not stay in the cache. All records in order of number, until the visitor says stop;
  // DATA_LOSS where one is missing in between.
  absl::Status Records(uint32_t district, absl::FunctionRef<bool(uint64_t number, std::string_view bytes)> visit) const;
  // All identities, and all places, each at least once, in no order.
  absl::Status ForEachIdentity(uint32_t district, absl::FunctionRef<void(const EvidenceIdentityEntry&)> visit) const;
  absl::Status ForEachPlace(uint32_t district, absl::FunctionRef<void(SeriesId, EvidencePlace)> visit) const;

 private:
  friend class Batch;
  friend class Store;
  using Layers = std::vector<std::shared_ptr<const Layer>>;
  using Filters = std::map<uint32_t, std::shared_ptr<IdentityFilter>>;
  EvidenceReader(const EvidenceLayer* changes, std::shared_ptr<const Layers> layers, std::shared_ptr<const Filters> filters,
                 rocksdb::DB* base, const rocksdb::Snapshot* snapshot);

  template <typename Visit>  // void(const EvidenceLayer::Part&)
  void ForEachPart(uint32_t district, Visit visit) const;
  // Blocks with keys in [begin, end), until the visitor says stop or fails.
  absl::Status ScanBlocks(const std::string& begin, const std::string& end, rocksdb::ReadOptions reading,
                          absl::FunctionRef<absl::StatusOr<bool>(std::string_view key, std::string_view value)> visit) const;

  // For looking one up: kept, since making one costs more than that. REQUIRES: base_ is not null.
  rocksdb::Iterator& Lookup() const;

  const EvidenceLayer* changes_;  // a batch's; null: none
  std::shared_ptr<const Layers> layers_;
  std::shared_ptr<const Filters> filters_;
  rocksdb::DB* base_;  // null: it holds nothing
  const rocksdb::Snapshot* snapshot_;
  mutable std::unique_ptr<rocksdb::Iterator> lookup_;
};

}  // namespace leadlag
