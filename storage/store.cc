#include "storage/store.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/check.h"
#include "core/codec.h"
#include "rocksdb/cache.h"
#include "rocksdb/filter_policy.h"
#include "rocksdb/table.h"
#include "rocksdb/utilities/write_batch_with_index.h"
#include "storage/disk.h"
#include "storage/rocksdb_directory.h"

namespace leadlag {
namespace {

constexpr uint8_t kAppliedPositionFormat = 1;
constexpr size_t kEmptyBatchBytes = 12;  // RocksDB's header

std::string AppliedPositionKey(uint32_t district) {
  return MetaKey{.district = district, .name = std::string(kAppliedPositionName)}.Encode();
}

rocksdb::Options ViewOptions(const StoreOptions& options, const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::Options db = BaseOptions(options.disk->env());
  db.write_buffer_size = options.memtable_bytes;
  db.max_write_buffer_number = 3;
  // Without a write-ahead log column families reach the disk together or not in order. There is one today; this keeps
  // it safe to give a table its own.
  db.atomic_flush = true;
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.block_size = 16 << 10;
  // Filters and indexes stay in memory, 1.5 MB a million keys: in the cache one that is larger than a shard of it would be read again
  // for every key that is looked up.
  table.cache_index_and_filter_blocks = false;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.format_version = 5;
  db.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return db;
}

// Walks `it` over the range. An empty range.end is the end of the keyspace.
absl::Status Walk(rocksdb::Iterator& it, const KeyRange& range, EntryVisitor visit) {
  for (it.Seek(ToSlice(range.begin)); it.Valid(); it.Next()) {
    if (!range.Contains(ToView(it.key()))) break;
    if (!visit(ToView(it.key()), ToView(it.value()))) return absl::OkStatus();
  }
  return ToStatus(it.status(), "reading the view");
}

absl::Status WalkReverse(rocksdb::Iterator& it, const KeyRange& range, EntryVisitor visit) {
  if (range.end.empty()) {
    it.SeekToLast();
  } else {
    it.SeekForPrev(ToSlice(range.end));
    if (it.Valid() && ToView(it.key()) == range.end) it.Prev();
  }
  for (; it.Valid(); it.Prev()) {
    if (!range.Contains(ToView(it.key()))) break;
    if (!visit(ToView(it.key()), ToView(it.value()))) return absl::OkStatus();
  }
  return ToStatus(it.status(), "reading the view");
}

bool IsEmpty(const KeyRange& range) { return !range.end.empty() && range.end <= range.begin; }

absl::StatusOr<std::optional<std::string>> Found(const rocksdb::Status& status, std::string value) {
  if (status.ok()) return std::optional<std::string>(std::move(value));
  if (status.IsNotFound()) return std::optional<std::string>();
  return ToStatus(status, "reading the view");
}

absl::StatusOr<uint64_t> IntProperty(rocksdb::DB& db, const std::string& name) {
  uint64_t value = 0;
  if (!db.GetIntProperty(name, &value)) return absl::InternalError(absl::StrCat("the view does not know its ", name));
  return value;
}

}  // namespace

struct Snapshot::Rep {
  rocksdb::DB* db;
  const rocksdb::Snapshot* snapshot;

  Rep(rocksdb::DB* of, const rocksdb::Snapshot* taken) : db(of), snapshot(taken) {}
  ~Rep() { db->ReleaseSnapshot(snapshot); }
  Rep(const Rep&) = delete;
  Rep& operator=(const Rep&) = delete;
};

Snapshot::Snapshot(std::unique_ptr<Rep> rep) : rep_(std::move(rep)) {}
Snapshot::Snapshot(Snapshot&&) noexcept = default;
Snapshot& Snapshot::operator=(Snapshot&&) noexcept = default;
Snapshot::~Snapshot() = default;

struct Batch::Rep {
  rocksdb::DB* db;
  // One change a key: the last.
  rocksdb::WriteBatchWithIndex changes{rocksdb::BytewiseComparator(), 0, /*overwrite_key=*/true};

  explicit Rep(rocksdb::DB* of) : db(of) {}

  std::unique_ptr<rocksdb::Iterator> NewIterator() {
    return std::unique_ptr<rocksdb::Iterator>(
        changes.NewIteratorWithBase(db->NewIterator(rocksdb::ReadOptions())));
  }
};

Batch::Batch(std::unique_ptr<Rep> rep) : rep_(std::move(rep)) {}
Batch::Batch(Batch&&) noexcept = default;
Batch& Batch::operator=(Batch&&) noexcept = default;
Batch::~Batch() = default;

void Batch::Put(std::string_view key, std::string_view value) {
  LEADLAG_CHECK(rep_->changes.Put(ToSlice(key), ToSlice(value)).ok());
}

void Batch::Delete(std::string_view key) { LEADLAG_CHECK(rep_->changes.Delete(ToSlice(key)).ok()); }

void Batch::PutAppliedPosition(uint32_t district, uint64_t position) {
  ByteWriter value;
  value.PutU8(kAppliedPositionFormat);
  value.PutFixed64(position);
  Put(AppliedPositionKey(district), value.bytes());
}

absl::StatusOr<std::optional<std::string>> Batch::Get(std::string_view key) const {
  std::string value;
  const rocksdb::Status status =
      rep_->changes.GetFromBatchAndDB(rep_->db, rocksdb::ReadOptions(), ToSlice(key), &value);
  return Found(status, std::move(value));
}

absl::Status Batch::Scan(const KeyRange& range, EntryVisitor visit) const {
  if (IsEmpty(range)) return absl::OkStatus();
  return Walk(*rep_->NewIterator(), range, visit);
}

absl::Status Batch::ScanReverse(const KeyRange& range, EntryVisitor visit) const {
  if (IsEmpty(range)) return absl::OkStatus();
  return WalkReverse(*rep_->NewIterator(), range, visit);
}

size_t Batch::bytes() const { return rep_->changes.GetWriteBatch()->GetDataSize() - kEmptyBatchBytes; }
size_t Batch::changes() const { return static_cast<size_t>(rep_->changes.GetWriteBatch()->Count()); }
void Batch::Clear() { rep_->changes.Clear(); }

struct Store::Rep {
  std::shared_ptr<Disk> disk;
  std::shared_ptr<rocksdb::Cache> cache;
  std::unique_ptr<rocksdb::DB> db;

  static rocksdb::ReadOptions Reading(const Snapshot* snapshot) {
    rocksdb::ReadOptions options;
    if (snapshot != nullptr) options.snapshot = snapshot->rep_->snapshot;
    return options;
  }

  std::unique_ptr<rocksdb::Iterator> NewIterator(const Snapshot* snapshot) const {
    return std::unique_ptr<rocksdb::Iterator>(db->NewIterator(Reading(snapshot)));
  }
};

absl::StatusOr<std::unique_ptr<Store>> Store::Open(StoreOptions options) {
  if (options.disk == nullptr) options.disk = Disk::Machine();
  auto rep = std::make_unique<Rep>();
  rep->disk = options.disk;
  rep->cache = rocksdb::NewLRUCache(options.block_cache_bytes);
  absl::StatusOr<std::unique_ptr<rocksdb::DB>> db =
      OpenDatabase(ViewOptions(options, rep->cache), options.directory, options.create_if_missing, "the view");
  if (!db.ok()) return db.status();
  rep->db = *std::move(db);
  return std::unique_ptr<Store>(new Store(std::move(rep)));
}

Store::Store(std::unique_ptr<Rep> rep) : rep_(std::move(rep)) {}

Store::~Store() { Checkpoint().IgnoreError(); }

Snapshot Store::TakeSnapshot() const {
  return Snapshot(std::make_unique<Snapshot::Rep>(rep_->db.get(), rep_->db->GetSnapshot()));
}

absl::StatusOr<std::optional<std::string>> Store::Get(std::string_view key, const Snapshot* snapshot) const {
  std::string value;
  const rocksdb::Status status = rep_->db->Get(Rep::Reading(snapshot), ToSlice(key), &value);
  return Found(status, std::move(value));
}

absl::Status Store::Scan(const KeyRange& range, EntryVisitor visit, const Snapshot* snapshot) const {
  if (IsEmpty(range)) return absl::OkStatus();
  // The bound keeps the iterator from stepping through what was deleted behind the range.
  rocksdb::ReadOptions options = Rep::Reading(snapshot);
  const rocksdb::Slice end = ToSlice(range.end);
  if (!range.end.empty()) options.iterate_upper_bound = &end;
  const std::unique_ptr<rocksdb::Iterator> it(rep_->db->NewIterator(options));
  return Walk(*it, range, visit);
}

absl::Status Store::ScanReverse(const KeyRange& range, EntryVisitor visit, const Snapshot* snapshot) const {
  if (IsEmpty(range)) return absl::OkStatus();
  rocksdb::ReadOptions options = Rep::Reading(snapshot);
  const rocksdb::Slice begin = ToSlice(range.begin);
  options.iterate_lower_bound = &begin;
  const std::unique_ptr<rocksdb::Iterator> it(rep_->db->NewIterator(options));
  return WalkReverse(*it, range, visit);
}

absl::StatusOr<std::vector<uint32_t>> Store::Districts(const Snapshot* snapshot) const {
  std::vector<uint32_t> districts;
  const std::unique_ptr<rocksdb::Iterator> it = rep_->NewIterator(snapshot);
  for (it->SeekToFirst(); it->Valid();) {
    const absl::StatusOr<uint32_t> district = DistrictOf(ToView(it->key()));
    if (!district.ok()) return district.status();
    districts.push_back(*district);
    const KeyRange all = DistrictRange(*district);
    if (all.end.empty()) break;
    it->Seek(ToSlice(all.end));
  }
  if (absl::Status status = ToStatus(it->status(), "reading the view"); !status.ok()) return status;
  return districts;
}

absl::StatusOr<uint64_t> Store::AppliedPosition(uint32_t district, const Snapshot* snapshot) const {
  const absl::StatusOr<std::optional<std::string>> value = Get(AppliedPositionKey(district), snapshot);
  if (!value.ok()) return value.status();
  if (!value->has_value()) return 0;
  ByteReader in(**value);
  const uint8_t format = in.GetU8();
  if (format > kAppliedPositionFormat) {
    return absl::FailedPreconditionError(
        absl::StrCat("the applied position of district ", district, " has a format newer than this program"));
  }
  if (format != kAppliedPositionFormat) in.Fail();
  const uint64_t position = in.GetFixed64();
  if (absl::Status status = in.Finish("an applied position"); !status.ok()) return status;
  return position;
}

Batch Store::NewBatch() const { return Batch(std::make_unique<Batch::Rep>(rep_->db.get())); }

absl::Status Store::Commit(Batch& batch) {
  LEADLAG_CHECK(batch.rep_->db == rep_->db.get());
  rocksdb::WriteOptions options;
  options.disableWAL = true;
  const rocksdb::Status status = rep_->db->Write(options, batch.rep_->changes.GetWriteBatch());
  if (!status.ok()) return ToStatus(status, "committing to the view");
  batch.Clear();
  return absl::OkStatus();
}

absl::Status Store::Checkpoint() {
  rocksdb::FlushOptions options;
  options.wait = true;
  options.allow_write_stall = true;
  return ToStatus(rep_->db->Flush(options), "checkpointing the view");
}

absl::Status Store::VerifyChecksums() const {
  rocksdb::ReadOptions options;
  options.fill_cache = false;
  if (absl::Status status = ToStatus(rep_->db->VerifyChecksum(options), "verifying the view"); !status.ok()) {
    return status;
  }
  return ToStatus(rep_->db->VerifyFileChecksums(options), "verifying the view");
}

absl::StatusOr<StoreStats> Store::Stats() const {
  StoreStats stats;
  uint64_t memtable_bytes = 0;
  const std::pair<const std::string&, uint64_t*> properties[] = {
      {rocksdb::DB::Properties::kLiveSstFilesSize, &stats.disk_bytes},
      {rocksdb::DB::Properties::kCurSizeAllMemTables, &memtable_bytes},
      {rocksdb::DB::Properties::kEstimateNumKeys, &stats.keys_estimate},
  };
  for (const auto& [name, value] : properties) {
    const absl::StatusOr<uint64_t> read = IntProperty(*rep_->db, name);
    if (!read.ok()) return read.status();
    *value = *read;
  }
  stats.memory_bytes = memtable_bytes + rep_->cache->GetUsage();
  return stats;
}

absl::StatusOr<std::optional<std::string>> StoreView::Get(std::string_view key) const {
  return store_->Get(key, snapshot_.get());
}
absl::Status StoreView::Scan(const KeyRange& range, EntryVisitor visit) const {
  return store_->Scan(range, visit, snapshot_.get());
}
absl::Status StoreView::ScanReverse(const KeyRange& range, EntryVisitor visit) const {
  return store_->ScanReverse(range, visit, snapshot_.get());
}

}  // namespace leadlag
