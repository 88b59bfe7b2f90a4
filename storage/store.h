// The view: the state of all districts as ordered keys and values, embedded. storage/keys.h says which.
//
// Concepts.
//   commit      a Batch becomes readable whole or not at all.
//   checkpoint  what has been committed becomes durable. A commit alone is NOT durable: the command log is. After a
//               crash the view stands at the last checkpoint, whole (each commit carries its district's applied
//               position, so the view says itself where that is), and the server applies the log's tail to it again.
//   snapshot    the view as it stood at one moment; reads through it agree with each other.
//
// What is committed lies in layers of memory (storage/memory_layer.h, evidence_layer.h) until a checkpoint writes them as sorted files,
// which RocksDB takes in at one stroke. RocksDB's own memtable and write-ahead log are not used: the command log is the
// view's write-ahead log, and the memtable was what the writer spent most of its time on.
//
// Values are the caller's bytes, each with its own format version; the Store adds nothing. Corrupt files are found by
// checksum when they are opened or read: DATA_LOSS, never a wrong answer.
//
// Threads: Commit excludes every read of the store that is not through a Snapshot, and there is no Batch but the one
// that is committed next: the caller's lock sees to both (server/engine/engine.h). Everything else may be called by all
// threads at once, reads through Snapshots and Checkpoint beside Commit as well. Ownership: Batches and Snapshots end
// before their Store.
//
//   auto store = Store::Open({.directory = "/var/lib/leadlag/view"});
//   Batch batch = (*store)->NewBatch();
//   batch.Put(FlipKey{.district = 1, .sequence = 9}.Encode(), bytes);
//   batch.PutAppliedPosition(1, 17);
//   (*store)->Commit(batch);
#pragma once

#include <cstddef>
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
#include "storage/evidence_reader.h"
#include "storage/keys.h"

namespace leadlag {

class Disk;

// One entry of a scan; returns whether to go on. The views end with the call. It must not change what is scanned.
using EntryVisitor = absl::FunctionRef<bool(std::string_view key, std::string_view value)>;

// The errors of every read: DATA_LOSS where the bytes on disk are damaged; UNAVAILABLE where they cannot be read (I/O).

// The view at one moment. Move only; released when destroyed. Thread safe. An old one keeps old bytes on disk: do not
// keep it long.
class Snapshot {
 public:
  Snapshot(Snapshot&&) noexcept;
  Snapshot& operator=(Snapshot&&) noexcept;
  ~Snapshot();

 private:
  friend class Store;
  struct Rep;
  explicit Snapshot(std::unique_ptr<Rep> rep);
  std::unique_ptr<Rep> rep_;
};

// Changes that are committed together, and can be read before they are. Move only.
class Batch {
 public:
  Batch(Batch&&) noexcept;
  Batch& operator=(Batch&&) noexcept;
  ~Batch();

  // REQUIRES: no key of the tables that checkpoints alone write (storage/keys.h).
  void Put(std::string_view key, std::string value);
  void Delete(std::string_view key);
  // A new record of evidence; bytes are its first revision. REQUIRES: `number` is one more than the district's last record's, or 1; the
  // batch has the district's applied position.
  void AddRecord(uint32_t district, uint64_t number, uint64_t fingerprint, std::string_view bytes);
  // It stands there from now on. Where it stood before is not taken back: whoever finds it there asks the record.
  void AddPlace(uint32_t district, SeriesId series, EvidencePlace place);
  // Says how far this batch brings its district. REQUIRES: not below the district's position so far.
  void PutAppliedPosition(uint32_t district, uint64_t position);

  // The store under this batch: its own changes first, then what is committed. None where there is no such key.
  absl::StatusOr<std::optional<std::string>> Get(std::string_view key) const;
  // Entries of [range.begin, range.end) in key order, this batch's changes included, until the visitor says stop.
  absl::Status Scan(const KeyRange& range, EntryVisitor visit) const;
  absl::Status ScanReverse(const KeyRange& range, EntryVisitor visit) const;
  EvidenceReader evidence() const;

  size_t bytes() const;  // of the changes, 0 when there are none
  void Clear();

 private:
  friend class Store;
  struct Rep;
  explicit Batch(std::unique_ptr<Rep> rep);
  std::unique_ptr<Rep> rep_;
};

class Store;

// What had been committed at one moment, for a checkpoint. Copyable.
class Sealed {
 private:
  friend class Store;
  struct Rep;
  explicit Sealed(std::shared_ptr<const Rep> rep) : rep_(std::move(rep)) {}
  std::shared_ptr<const Rep> rep_;
};

// What can be read: the store as it is, or as a snapshot has it. Copyable; thread safe as the store is. The store outlives it.
class StoreView {
 public:
  explicit StoreView(const Store* store, std::shared_ptr<const Snapshot> snapshot = nullptr)
      : store_(store), snapshot_(std::move(snapshot)) {}
  // As Store's.
  absl::StatusOr<std::optional<std::string>> Get(std::string_view key) const;
  absl::Status Scan(const KeyRange& range, EntryVisitor visit) const;
  absl::Status ScanOnce(const KeyRange& range, EntryVisitor visit) const;
  absl::Status ScanReverse(const KeyRange& range, EntryVisitor visit) const;
  EvidenceReader evidence() const;
  // The store itself.
  const Store& live() const { return *store_; }
  // As it is now, however long it is kept: itself where it is of a snapshot.
  StoreView Held() const;

 private:
  const Store* store_;
  std::shared_ptr<const Snapshot> snapshot_;  // null: as it is
};

struct StoreOptions {
  std::string directory;       // made where it does not exist (its parent must)
  std::shared_ptr<Disk> disk;  // null: the machine's
  // False: DATA_LOSS where the directory holds no view, instead of making one.
  bool create_if_missing = true;
  size_t block_cache_bytes = 128 << 20;  // shared by all reads
};

struct StoreStats {
  uint64_t disk_bytes = 0;      // table files in use
  uint64_t memory_bytes = 0;    // layers and block cache
  uint64_t keys_estimate = 0;
};

class Store {
 public:
  // Errors: FAILED_PRECONDITION where it is open elsewhere, or a newer version wrote it; DATA_LOSS where it is
  // damaged (nothing is repaired or dropped), the message says what to do; RESOURCE_EXHAUSTED; UNAVAILABLE (I/O).
  static absl::StatusOr<std::unique_ptr<Store>> Open(StoreOptions options);

  // Closes. What no checkpoint has written is gone: the command log has it.
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  Snapshot TakeSnapshot() const;

  // Without a snapshot: the view as it is now. A scan sees one moment from its first entry to its last in any case.
  absl::StatusOr<std::optional<std::string>> Get(std::string_view key, const Snapshot* snapshot = nullptr) const;
  // Entries of [range.begin, range.end) in key order, or from the last to the first, until the visitor says stop. The
  // visitor may read.
  absl::Status Scan(const KeyRange& range, EntryVisitor visit, const Snapshot* snapshot = nullptr) const;
  // As Scan, of much that will not be read again soon: it is read ahead, and pushes nothing out of the cache.
  absl::Status ScanOnce(const KeyRange& range, EntryVisitor visit, const Snapshot* snapshot = nullptr) const;
  absl::Status ScanReverse(const KeyRange& range, EntryVisitor visit, const Snapshot* snapshot = nullptr) const;
  // Evidence: storage/evidence_reader.h.
  EvidenceReader evidence(const Snapshot* snapshot = nullptr) const;

  // The district numbers that have any key, ascending; costs one seek each.
  absl::StatusOr<std::vector<uint32_t>> Districts(const Snapshot* snapshot = nullptr) const;
  // The last command of the district whose effects the view holds; 0 where none.
  absl::StatusOr<uint64_t> AppliedPosition(uint32_t district, const Snapshot* snapshot = nullptr) const;

  Batch NewBatch() const;
  // Makes the batch's changes readable, all at once, and leaves it empty.
  void Commit(Batch& batch);

  // What is committed now.
  Sealed Seal();
  // Makes that durable. After it returns the log may be trimmed to the applied positions as they were when it was
  // sealed. Commits go on meanwhile. Errors: RESOURCE_EXHAUSTED, UNAVAILABLE: nothing is lost, try again, with the same
  // seal; FAILED_PRECONDITION: nothing is lost, but this Store will make no checkpoint any more: open it anew.
  absl::Status Checkpoint(const Sealed& sealed);
  absl::Status Checkpoint() { return Checkpoint(Seal()); }
  // What a checkpoint would write: keys and values, which memory holds until then.
  size_t UnwrittenBytes() const;
  // Layers that a read looks through: one, and one for each time it was sealed or a snapshot taken since the last checkpoint.
  size_t layers() const;

  // Reads every file against its checksums. DATA_LOSS names the first damaged one. Slow; reads and commits go on
  // meanwhile.
  absl::Status VerifyChecksums() const;

  absl::StatusOr<StoreStats> Stats() const;

 private:
  friend class Batch;
  struct Rep;
  explicit Store(std::unique_ptr<Rep> rep);
  std::unique_ptr<Rep> rep_;
};

}  // namespace leadlag
