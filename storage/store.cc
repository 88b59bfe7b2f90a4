#include "storage/store.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "core/check.h"
#include "rocksdb/cache.h"
#include "rocksdb/filter_policy.h"
#include "rocksdb/table.h"
#include "storage/disk.h"
#include "storage/evidence_blocks.h"
#include "storage/held_deletions.h"
#include "storage/layers.h"
#include "storage/rocksdb_directory.h"
#include "storage/run_writer.h"

namespace leadlag {
namespace {

// Files of a checkpoint until RocksDB has taken them in: a name that it does not know.
constexpr char kRunPrefix[] = "checkpoint-";
// Of a layer that takes what is committed: one grows by some thousand keys at a time then.
constexpr size_t kKeyParts = 64;

rocksdb::Options ViewOptions(rocksdb::Env* env, const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::Options db = BaseOptions(env);
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

// A snapshot of a database in which nothing was ever written has number zero, and so has all that is taken in first: while such a
// snapshot lives, this RocksDB's compaction drops the one for the other (facebook/rocksdb pull request 13155). So something is written
// first: the deletion of a key that no district has.
rocksdb::Status LeaveSequenceZero(rocksdb::DB& db) {
  if (db.GetLatestSequenceNumber() > 0) return rocksdb::Status::OK();
  rocksdb::WriteOptions unlogged;
  unlogged.disableWAL = true;
  const rocksdb::Status status = db.Delete(unlogged, rocksdb::Slice("\0", 1));
  return status.ok() ? db.Flush(rocksdb::FlushOptions()) : status;
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

// Entries of layers and RocksDB together, in key order: of each key the newest, deleted ones left out.
class Merged {
 public:
  // `changes`: above the layers; null: none.
  Merged(const MemoryLayer* changes, const Layers& layers, std::unique_ptr<rocksdb::Iterator> base) : base_(std::move(base)) {
    if (changes != nullptr && !changes->empty()) cursors_.emplace_back(*changes);
    for (const std::shared_ptr<const Layer>& layer : layers) {
      if (!layer->keys.empty()) cursors_.emplace_back(layer->keys);
    }
  }

  absl::Status Walk(const KeyRange& range, EntryVisitor visit) {
    if (base_) base_->Seek(ToSlice(range.begin));
    for (MemoryLayer::Cursor& cursor : cursors_) cursor.Seek(range.begin);
    return Go</*forward=*/true>(range, visit);
  }

  absl::Status WalkReverse(const KeyRange& range, EntryVisitor visit) {
    if (range.end.empty()) {
      if (base_) base_->SeekToLast();
      for (MemoryLayer::Cursor& cursor : cursors_) cursor.SeekToLast();
    } else {
      if (base_) {
        base_->SeekForPrev(ToSlice(range.end));
        if (base_->Valid() && ToView(base_->key()) == range.end) base_->Prev();
      }
      for (MemoryLayer::Cursor& cursor : cursors_) cursor.SeekBefore(range.end);
    }
    return Go</*forward=*/false>(range, visit);
  }

 private:
  template <bool forward>
  absl::Status Go(const KeyRange& range, EntryVisitor visit) {
    const auto comes_first = [](std::string_view a, std::string_view b) { return forward ? a < b : a > b; };
    while (true) {
      // Where RocksDB cannot read on, what memory holds beyond is no answer.
      if (base_ && !base_->Valid() && !base_->status().ok()) return ToStatus(base_->status(), "reading the view");
      // The newest of those that stand at the next key: -1 is RocksDB, the oldest.
      const MemoryLayer::Change* next = nullptr;
      std::string_view key;
      for (const MemoryLayer::Cursor& cursor : cursors_) {
        if (!cursor.Valid() || (next != nullptr && !comes_first(cursor.change().key, key))) continue;
        next = &cursor.change();
        key = next->key;
      }
      const bool base_stands = base_ && base_->Valid();
      const bool base_is_next = base_stands && (next == nullptr || comes_first(ToView(base_->key()), key));
      if (base_is_next) {
        key = ToView(base_->key());
      } else if (next == nullptr) {
        break;
      }
      if (!range.Contains(key)) break;
      if (base_is_next) {
        if (!visit(key, ToView(base_->value()))) return absl::OkStatus();
        forward ? base_->Next() : base_->Prev();
        continue;
      }
      const bool base_is_older = base_stands && ToView(base_->key()) == key;
      if (!next->deleted && !visit(key, next->value)) return absl::OkStatus();
      for (MemoryLayer::Cursor& cursor : cursors_) {
        if (cursor.Valid() && cursor.change().key == key) forward ? cursor.Next() : cursor.Previous();
      }
      if (base_is_older) forward ? base_->Next() : base_->Prev();
    }
    return absl::OkStatus();
  }

  std::vector<MemoryLayer::Cursor> cursors_;
  std::unique_ptr<rocksdb::Iterator> base_;  // null where RocksDB holds nothing
};

}  // namespace

struct Snapshot::Rep {
  rocksdb::DB* db;
  std::shared_ptr<const Layers> layers;
  const rocksdb::Snapshot* snapshot;

  explicit Rep(rocksdb::DB* of) : db(of), snapshot(of->GetSnapshot()) {}
  ~Rep() { db->ReleaseSnapshot(snapshot); }
  Rep(const Rep&) = delete;
  Rep& operator=(const Rep&) = delete;
};

struct Sealed::Rep {
  std::shared_ptr<const Layers> layers;
};

Snapshot::Snapshot(std::unique_ptr<Rep> rep) : rep_(std::move(rep)) {}
Snapshot::Snapshot(Snapshot&&) noexcept = default;
Snapshot& Snapshot::operator=(Snapshot&&) noexcept = default;
Snapshot::~Snapshot() = default;

struct Store::Rep {
  std::shared_ptr<Disk> disk;
  std::string directory;
  std::shared_ptr<rocksdb::Cache> cache;
  std::unique_ptr<HeldDeletions> env;  // RocksDB's
  rocksdb::Options options;
  std::unique_ptr<rocksdb::DB> db;
  std::atomic<bool> base_empty{true};  // RocksDB holds nothing

  mutable absl::Mutex mu;
  // `active` is the first of `layers`: what Commit changes. The others stand, until they are on disk.
  std::shared_ptr<Layer> active ABSL_GUARDED_BY(mu) = std::make_shared<Layer>(kKeyParts);
  std::shared_ptr<const Layers> layers ABSL_GUARDED_BY(mu) = std::make_shared<Layers>(Layers{active});
  // Of what RocksDB holds, or is about to.
  std::shared_ptr<const IdentityFilters> filters ABSL_GUARDED_BY(mu) = std::make_shared<IdentityFilters>();

  uint64_t checkpoints ABSL_GUARDED_BY(mu) = 0;  // that took layers away

  absl::Mutex checkpoint_mu ABSL_ACQUIRED_BEFORE(mu);  // one at a time
  absl::Status broken ABSL_GUARDED_BY(checkpoint_mu);  // why there will be none any more
  uint64_t runs ABSL_GUARDED_BY(checkpoint_mu) = 0;    // files begun, for their names

  std::shared_ptr<const Layers> LayersNow() const {
    absl::MutexLock lock(&mu);
    return layers;
  }
  uint64_t Checkpoints() const {
    absl::MutexLock lock(&mu);
    return checkpoints;
  }

  // What is committed so far, in layers that stand.
  std::shared_ptr<const Layers> Seal() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) {
    if (!active->empty()) {
      active = std::make_shared<Layer>(kKeyParts);
      Layers sealed{active};
      sealed.insert(sealed.end(), layers->begin(), layers->end());
      layers = std::make_shared<Layers>(std::move(sealed));
    }
    return std::make_shared<Layers>(layers->begin() + 1, layers->end());
  }

  absl::StatusOr<std::optional<std::string>> Get(const Layers& over, std::string_view key, const rocksdb::Snapshot* snapshot) const {
    for (const std::shared_ptr<const Layer>& layer : over) {
      const MemoryLayer::Change* change = layer->keys.Find(key);
      if (change == nullptr) continue;
      return change->deleted ? std::nullopt : std::optional<std::string>(change->value);
    }
    if (base_empty) return std::optional<std::string>();
    rocksdb::ReadOptions reading;
    reading.snapshot = snapshot;
    std::string value;
    const rocksdb::Status status = db->Get(reading, ToSlice(key), &value);
    return Found(status, std::move(value));
  }

  absl::Status Scan(const KeyRange& range, EntryVisitor visit, const Snapshot* snapshot, rocksdb::ReadOptions options) const;
  // `over` was taken before: what has left it since is in RocksDB.
  Merged Read(const MemoryLayer* changes, const Layers& over, rocksdb::ReadOptions reading) const {
    if (base_empty) return Merged(changes, over, nullptr);
    return Merged(changes, over, std::unique_ptr<rocksdb::Iterator>(db->NewIterator(reading)));
  }

  std::shared_ptr<const IdentityFilters> Filters() const {
    absl::MutexLock lock(&mu);
    return filters;
  }
  // Says of identities that RocksDB holds them.
  void NoteIdentities(uint32_t district, const std::vector<EvidenceIdentityEntry>& identities) ABSL_EXCLUSIVE_LOCKS_REQUIRED(checkpoint_mu);
  absl::Status LoadIdentities() ABSL_EXCLUSIVE_LOCKS_REQUIRED(checkpoint_mu);
  // Of all that are on disk, with room for as many again. Errors as of any read.
  absl::StatusOr<std::shared_ptr<IdentityFilter>> ReadFilter(uint32_t district) const;
  uint64_t LastRecordOf(uint32_t district) const;

  absl::Status TakeIn(const std::vector<std::string>& files) ABSL_EXCLUSIVE_LOCKS_REQUIRED(checkpoint_mu);
  void RemoveFiles(const std::vector<std::string>& files) {
    for (const std::string& file : files) disk->env()->DeleteFile(file).PermitUncheckedError();
  }
};

struct Batch::Rep {
  const Store::Rep* store;
  std::shared_ptr<const Layers> layers;  // as they were when the batch began; nothing is committed meanwhile
  Layer changes;

  explicit Rep(const Store::Rep* of) : store(of), layers(of->LayersNow()) {}
};

Batch::Batch(std::unique_ptr<Rep> rep) : rep_(std::move(rep)) {}
Batch::Batch(Batch&&) noexcept = default;
Batch& Batch::operator=(Batch&&) noexcept = default;
Batch::~Batch() = default;

void Batch::Put(std::string_view key, std::string value) { rep_->changes.keys.Put(key, std::move(value)); }
void Batch::Delete(std::string_view key) { rep_->changes.keys.Delete(key); }

void Batch::AddRecord(uint32_t district, uint64_t number, uint64_t fingerprint, std::string_view bytes) {
  rep_->changes.evidence.AddRecord(district, number, fingerprint, bytes);
}
void Batch::AddPlace(uint32_t district, SeriesId series, EvidencePlace place) {
  rep_->changes.evidence.AddPlace(district, series, place);
}

void Batch::PutAppliedPosition(uint32_t district, uint64_t position) {
  Put(AppliedPositionKey(district), EncodeAppliedPosition(position));
}

absl::StatusOr<std::optional<std::string>> Batch::Get(std::string_view key) const {
  if (const MemoryLayer::Change* change = rep_->changes.keys.Find(key)) {
    return change->deleted ? std::nullopt : std::optional<std::string>(change->value);
  }
  return rep_->store->Get(*rep_->layers, key, nullptr);
}

absl::Status Batch::Scan(const KeyRange& range, EntryVisitor visit) const {
  if (IsEmpty(range)) return absl::OkStatus();
  return rep_->store->Read(&rep_->changes.keys, *rep_->layers, rocksdb::ReadOptions()).Walk(range, visit);
}

absl::Status Batch::ScanReverse(const KeyRange& range, EntryVisitor visit) const {
  if (IsEmpty(range)) return absl::OkStatus();
  return rep_->store->Read(&rep_->changes.keys, *rep_->layers, rocksdb::ReadOptions()).WalkReverse(range, visit);
}

EvidenceReader Batch::evidence() const {
  const Store::Rep& store = *rep_->store;
  return EvidenceReader(&rep_->changes.evidence, rep_->layers, store.Filters(), store.base_empty ? nullptr : store.db.get(), nullptr);
}

size_t Batch::bytes() const { return rep_->changes.bytes(); }

void Batch::Clear() { rep_ = std::make_unique<Rep>(rep_->store); }

// ---- runs -------------------------------------------------------------------

// Once RocksDB has failed in this it may be in two minds about what it holds, and the next one may end the process; on disk it is
// whole, with these files or without them.
absl::Status Store::Rep::TakeIn(const std::vector<std::string>& files) {
  rocksdb::IngestExternalFileOptions taking;
  taking.move_files = true;
  env->Hold();
  const rocksdb::Status taken = db->IngestExternalFile(files, taking);
  if (taken.ok()) {
    env->Release();
    return absl::OkStatus();
  }
  broken = absl::FailedPreconditionError(absl::StrCat("the view could not take in a checkpoint and must be opened again, nothing is lost: ",
                                                      taken.ToString()));
  return broken;
}

Sealed Store::Seal() {
  absl::MutexLock lock(&rep_->mu);
  return Sealed(std::make_shared<const Sealed::Rep>(Sealed::Rep{rep_->Seal()}));
}

absl::Status Store::Checkpoint(const Sealed& sealed) {
  absl::MutexLock lock(&rep_->checkpoint_mu);
  if (!rep_->broken.ok()) return rep_->broken;
  // The oldest come last, in both lists; what an earlier checkpoint has written is in neither.
  Layers layers;
  {
    absl::MutexLock layers_lock(&rep_->mu);
    for (const std::shared_ptr<const Layer>& layer : *sealed.rep_->layers) {
      if (std::find(rep_->layers->begin(), rep_->layers->end(), layer) != rep_->layers->end()) layers.push_back(layer);
    }
  }
  if (layers.empty()) return absl::OkStatus();
  // A disk that was full has made RocksDB stop; whether it is so still, it finds out by itself.
  rep_->db->Resume().PermitUncheckedError();
  RunWriter writer(rep_->options, [this] {
    rep_->checkpoint_mu.AssertHeld();
    return absl::StrCat(rep_->directory, "/", kRunPrefix, ++rep_->runs);
  });
  absl::Status status = ToStatus(writer.Write(layers), "writing the view");
  if (status.ok()) status = rep_->TakeIn(writer.files());
  rep_->RemoveFiles(writer.files());  // taken in, they have other names
  if (!status.ok()) return status;
  rep_->base_empty = false;
  // Before the layers that hold them go.
  for (const auto& [district, identities] : writer.identities()) rep_->NoteIdentities(district, identities);
  absl::MutexLock layers_lock(&rep_->mu);
  ++rep_->checkpoints;
  rep_->layers = std::make_shared<Layers>(rep_->layers->begin(), rep_->layers->end() - static_cast<std::ptrdiff_t>(layers.size()));
  return absl::OkStatus();
}

// ---- the store --------------------------------------------------------------

absl::StatusOr<std::unique_ptr<Store>> Store::Open(StoreOptions options) {
  if (options.disk == nullptr) options.disk = Disk::Machine();
  auto rep = std::make_unique<Rep>();
  rep->disk = options.disk;
  rep->directory = options.directory;
  rep->cache = rocksdb::NewLRUCache(options.block_cache_bytes);
  rep->env = std::make_unique<HeldDeletions>(options.disk->env());
  rep->options = ViewOptions(rep->env.get(), rep->cache);
  absl::StatusOr<std::unique_ptr<rocksdb::DB>> db =
      OpenDatabase(rep->options, options.directory, options.create_if_missing, "the view");
  if (!db.ok()) return db.status();
  rep->db = *std::move(db);
  // What a checkpoint had written when it was stopped.
  std::vector<std::string> files;
  rocksdb::Status status = rep->disk->env()->GetChildren(options.directory, &files);
  for (const std::string& file : files) {
    // One that stayed may be another name of a table in use, and would be written over.
    if (status.ok() && file.starts_with(kRunPrefix)) status = rep->disk->env()->DeleteFile(options.directory + "/" + file);
  }
  std::vector<rocksdb::LiveFileMetaData> tables;
  rep->db->GetLiveFilesMetaData(&tables);
  rep->base_empty = tables.empty();
  if (status.ok()) status = LeaveSequenceZero(*rep->db);
  if (!status.ok()) return ToStatus(status, "opening the view");
  {
    absl::MutexLock lock(&rep->checkpoint_mu);
    if (absl::Status loaded = rep->LoadIdentities(); !loaded.ok()) return loaded;
  }
  return std::unique_ptr<Store>(new Store(std::move(rep)));
}

void Store::Rep::NoteIdentities(uint32_t district, const std::vector<EvidenceIdentityEntry>& identities) {
  const std::shared_ptr<const IdentityFilters> before = Filters();
  const auto found = before->find(district);
  std::shared_ptr<IdentityFilter> filter = found != before->end() ? found->second : nullptr;
  if (filter != nullptr) {
    for (const EvidenceIdentityEntry& entry : identities) filter->Add(entry.fingerprint);
    if (!filter->grown()) return;
  }
  // One with more room; where the disk cannot be read now, the one that has grown goes on.
  absl::StatusOr<std::shared_ptr<IdentityFilter>> larger = ReadFilter(district);
  if (!larger.ok() && filter != nullptr) return;
  if (!larger.ok()) {
    larger = std::make_shared<IdentityFilter>(identities.size());
    for (const EvidenceIdentityEntry& entry : identities) (*larger)->Add(entry.fingerprint);
  }
  auto after = std::make_shared<IdentityFilters>(*before);
  (*after)[district] = *std::move(larger);
  absl::MutexLock lock(&mu);
  filters = std::move(after);
}

absl::Status Store::Rep::LoadIdentities() {
  const std::unique_ptr<rocksdb::Iterator> at(db->NewIterator(rocksdb::ReadOptions()));
  auto loaded = std::make_shared<IdentityFilters>();
  at->Seek(ToSlice(TableRange(1, Table::kIdentities).begin));
  while (at->Valid()) {
    const std::string_view key = ToView(at->key());
    const absl::StatusOr<uint32_t> district = DistrictOf(key);
    if (!district.ok()) {  // no key of a district's
      at->Next();
      continue;
    }
    const KeyRange table = TableRange(*district, Table::kIdentities);
    if (key < table.begin) {
      at->Seek(ToSlice(table.begin));
      continue;
    }
    if (table.Contains(key)) {
      absl::StatusOr<std::shared_ptr<IdentityFilter>> filter = ReadFilter(*district);
      if (!filter.ok()) return filter.status();
      loaded->emplace(*district, *std::move(filter));
    }
    const std::string end = DistrictRange(*district).end;
    if (end.empty()) break;
    at->Seek(ToSlice(end));
  }
  if (!at->status().ok()) return ToStatus(at->status(), "opening the view");
  absl::MutexLock lock(&mu);
  filters = std::move(loaded);
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<IdentityFilter>> Store::Rep::ReadFilter(uint32_t district) const {
  const KeyRange range = TableRange(district, Table::kIdentities);
  rocksdb::ReadOptions reading = ReadingOnce();
  const rocksdb::Slice end = ToSlice(range.end);
  reading.iterate_upper_bound = &end;
  const std::unique_ptr<rocksdb::Iterator> at(db->NewIterator(reading));
  auto filter = std::make_shared<IdentityFilter>(2 * LastRecordOf(district));
  std::vector<EvidenceIdentityEntry> entries;
  for (at->Seek(ToSlice(range.begin)); at->Valid(); at->Next()) {
    const absl::StatusOr<IdentityBlockKey> key = IdentityBlockKey::Decode(ToView(at->key()));
    absl::Status status = key.status();
    entries.clear();
    if (status.ok()) status = AddIdentityBlock(ToView(at->value()), key->bucket, entries);
    if (!status.ok()) return status;
    for (const EvidenceIdentityEntry& entry : entries) filter->Add(entry.fingerprint);
  }
  if (!at->status().ok()) return ToStatus(at->status(), "reading the view");
  return filter;
}

// The number of the district's last record on disk, or nearly: for how much room to make.
uint64_t Store::Rep::LastRecordOf(uint32_t district) const {
  const std::unique_ptr<rocksdb::Iterator> at(db->NewIterator(rocksdb::ReadOptions()));
  at->SeekForPrev(ToSlice(RecordBlockKey{district, UINT64_MAX}.Encode()));
  if (!at->Valid()) return 0;
  const absl::StatusOr<RecordBlockKey> last = RecordBlockKey::Decode(ToView(at->key()));
  return last.ok() && last->district == district ? last->first : 0;
}

Store::Store(std::unique_ptr<Rep> rep) : rep_(std::move(rep)) {}

Store::~Store() = default;

StoreView StoreView::Held() const {
  return snapshot_ != nullptr ? *this : StoreView(store_, std::make_shared<const Snapshot>(store_->TakeSnapshot()));
}

Snapshot Store::TakeSnapshot() const {
  while (true) {
    const uint64_t checkpoints = rep_->Checkpoints();
    auto snapshot = std::make_unique<Snapshot::Rep>(rep_->db.get());
    absl::MutexLock lock(&rep_->mu);
    // What a checkpoint has taken away in between would be in neither.
    if (rep_->checkpoints != checkpoints) continue;
    snapshot->layers = rep_->Seal();
    return Snapshot(std::move(snapshot));
  }
}

absl::StatusOr<std::optional<std::string>> Store::Get(std::string_view key, const Snapshot* snapshot) const {
  if (snapshot != nullptr) return rep_->Get(*snapshot->rep_->layers, key, snapshot->rep_->snapshot);
  return rep_->Get(*rep_->LayersNow(), key, nullptr);
}

absl::Status Store::Scan(const KeyRange& range, EntryVisitor visit, const Snapshot* snapshot) const {
  return rep_->Scan(range, visit, snapshot, rocksdb::ReadOptions());
}

absl::Status Store::ScanOnce(const KeyRange& range, EntryVisitor visit, const Snapshot* snapshot) const {
  return rep_->Scan(range, visit, snapshot, ReadingOnce());
}

absl::Status Store::Rep::Scan(const KeyRange& range, EntryVisitor visit, const Snapshot* snapshot, rocksdb::ReadOptions options) const {
  if (IsEmpty(range)) return absl::OkStatus();
  const std::shared_ptr<const Layers> over = snapshot != nullptr ? snapshot->rep_->layers : LayersNow();
  // The bound keeps the iterator from stepping through what was deleted behind the range.
  if (snapshot != nullptr) options.snapshot = snapshot->rep_->snapshot;
  const rocksdb::Slice end = ToSlice(range.end);
  if (!range.end.empty()) options.iterate_upper_bound = &end;
  return Read(nullptr, *over, options).Walk(range, visit);
}

absl::Status Store::ScanReverse(const KeyRange& range, EntryVisitor visit, const Snapshot* snapshot) const {
  if (IsEmpty(range)) return absl::OkStatus();
  const std::shared_ptr<const Layers> layers = snapshot != nullptr ? snapshot->rep_->layers : rep_->LayersNow();
  rocksdb::ReadOptions options;
  if (snapshot != nullptr) options.snapshot = snapshot->rep_->snapshot;
  const rocksdb::Slice begin = ToSlice(range.begin);
  options.iterate_lower_bound = &begin;
  return rep_->Read(nullptr, *layers, options).WalkReverse(range, visit);
}

EvidenceReader Store::evidence(const Snapshot* snapshot) const {
  std::shared_ptr<const Layers> layers = snapshot != nullptr ? snapshot->rep_->layers : rep_->LayersNow();
  return EvidenceReader(nullptr, std::move(layers), rep_->Filters(), rep_->base_empty ? nullptr : rep_->db.get(),
                        snapshot != nullptr ? snapshot->rep_->snapshot : nullptr);
}

absl::StatusOr<std::vector<uint32_t>> Store::Districts(const Snapshot* snapshot) const {
  std::vector<uint32_t> districts;
  KeyRange rest;
  do {
    absl::StatusOr<uint32_t> district = 0;  // none left
    const absl::Status scanned = Scan(rest, [&](std::string_view key, std::string_view) {
      district = DistrictOf(key);
      return false;
    }, snapshot);
    if (!scanned.ok()) return scanned;
    if (!district.ok()) return district.status();
    if (*district == 0) break;
    districts.push_back(*district);
    rest.begin = DistrictRange(*district).end;
  } while (!rest.begin.empty());
  return districts;
}

absl::StatusOr<uint64_t> Store::AppliedPosition(uint32_t district, const Snapshot* snapshot) const {
  const absl::StatusOr<std::optional<std::string>> value = Get(AppliedPositionKey(district), snapshot);
  if (!value.ok()) return value.status();
  if (!value->has_value()) return 0;
  return DecodeAppliedPosition(district, **value);
}

Batch Store::NewBatch() const { return Batch(std::make_unique<Batch::Rep>(rep_.get())); }

void Store::Commit(Batch& batch) {
  LEADLAG_CHECK(batch.rep_->store == rep_.get());
  {
    absl::MutexLock lock(&rep_->mu);
    rep_->active->keys.Absorb(batch.rep_->changes.keys);
    rep_->active->evidence.Absorb(batch.rep_->changes.evidence);
  }
  batch.Clear();
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
  const std::pair<const std::string&, uint64_t*> properties[] = {
      {rocksdb::DB::Properties::kLiveSstFilesSize, &stats.disk_bytes},
      {rocksdb::DB::Properties::kEstimateNumKeys, &stats.keys_estimate},
  };
  for (const auto& [name, value] : properties) {
    const absl::StatusOr<uint64_t> read = IntProperty(*rep_->db, name);
    if (!read.ok()) return read.status();
    *value = *read;
  }
  const std::shared_ptr<const Layers> layers = rep_->LayersNow();
  for (const std::shared_ptr<const Layer>& layer : *layers) stats.keys_estimate += layer->keys.size() + layer->evidence.size();
  stats.memory_bytes = UnwrittenBytes() + rep_->cache->GetUsage();
  const std::shared_ptr<const IdentityFilters> filters = rep_->Filters();
  for (const auto& [district, filter] : *filters) stats.memory_bytes += filter->bytes();
  return stats;
}

size_t Store::UnwrittenBytes() const {
  absl::MutexLock lock(&rep_->mu);
  size_t bytes = 0;
  for (const std::shared_ptr<const Layer>& layer : *rep_->layers) bytes += layer->bytes();
  return bytes;
}

size_t Store::layers() const { return rep_->LayersNow()->size(); }

absl::StatusOr<std::optional<std::string>> StoreView::Get(std::string_view key) const {
  return store_->Get(key, snapshot_.get());
}
EvidenceReader StoreView::evidence() const { return store_->evidence(snapshot_.get()); }
absl::Status StoreView::Scan(const KeyRange& range, EntryVisitor visit) const {
  return store_->Scan(range, visit, snapshot_.get());
}
absl::Status StoreView::ScanOnce(const KeyRange& range, EntryVisitor visit) const {
  return store_->ScanOnce(range, visit, snapshot_.get());
}
absl::Status StoreView::ScanReverse(const KeyRange& range, EntryVisitor visit) const {
  return store_->ScanReverse(range, visit, snapshot_.get());
}

}  // namespace leadlag
