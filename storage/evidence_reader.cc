#include "storage/evidence_reader.h"

#include <sodium.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "rocksdb/db.h"
#include "storage/evidence_blocks.h"
#include "storage/keys.h"
#include "storage/layers.h"
#include "storage/rocksdb_directory.h"

namespace leadlag {
namespace {

absl::Status MissingRecord(uint64_t number) {
  return absl::DataLossError(absl::StrCat("evidence ", number, " is missing in the view; restore from a backup"));
}

}  // namespace

uint64_t FingerprintOf(uint32_t source, std::string_view evidence_id) {
  // The key says for which source, so that nothing has to be put together.
  unsigned char key[crypto_shorthash_KEYBYTES] = {};
  for (int i = 0; i < 4; ++i) key[i] = static_cast<unsigned char>(source >> (8 * i));
  unsigned char hash[crypto_shorthash_BYTES];
  crypto_shorthash(hash, reinterpret_cast<const unsigned char*>(evidence_id.data()), evidence_id.size(), key);
  uint64_t fingerprint = 0;
  for (size_t i = 0; i < sizeof(hash); ++i) fingerprint |= uint64_t{hash[i]} << (8 * i);
  return fingerprint;
}

EvidenceReader::EvidenceReader(const EvidenceLayer* changes, std::shared_ptr<const Layers> layers, std::shared_ptr<const Filters> filters,
                               rocksdb::DB* base, const rocksdb::Snapshot* snapshot)
    : changes_(changes), layers_(std::move(layers)), filters_(std::move(filters)), base_(base), snapshot_(snapshot) {}
EvidenceReader::EvidenceReader(EvidenceReader&&) noexcept = default;
EvidenceReader& EvidenceReader::operator=(EvidenceReader&&) noexcept = default;
EvidenceReader::~EvidenceReader() = default;

rocksdb::Iterator& EvidenceReader::Lookup() const {
  if (lookup_ == nullptr) {
    rocksdb::ReadOptions reading;
    reading.snapshot = snapshot_;
    lookup_.reset(base_->NewIterator(reading));
  }
  return *lookup_;
}

template <typename Visit>
void EvidenceReader::ForEachPart(uint32_t district, Visit visit) const {
  if (changes_ != nullptr) {
    if (const EvidenceLayer::Part* part = changes_->Find(district)) visit(*part);
  }
  for (const std::shared_ptr<const Layer>& layer : *layers_) {
    if (const EvidenceLayer::Part* part = layer->evidence.Find(district)) visit(*part);
  }
}

absl::Status EvidenceReader::ScanBlocks(
    const std::string& begin, const std::string& end, rocksdb::ReadOptions reading,
    absl::FunctionRef<absl::StatusOr<bool>(std::string_view key, std::string_view value)> visit) const {
  if (base_ == nullptr) return absl::OkStatus();
  reading.snapshot = snapshot_;
  const rocksdb::Slice bound = ToSlice(end);
  if (!end.empty()) reading.iterate_upper_bound = &bound;
  const std::unique_ptr<rocksdb::Iterator> at(base_->NewIterator(reading));
  for (at->Seek(ToSlice(begin)); at->Valid(); at->Next()) {
    const absl::StatusOr<bool> more = visit(ToView(at->key()), ToView(at->value()));
    if (!more.ok()) return more.status();
    if (!*more) return absl::OkStatus();
  }
  return ToStatus(at->status(), "reading the view");
}

absl::StatusOr<std::optional<std::string>> EvidenceReader::Record(uint32_t district, uint64_t number) const {
  std::optional<std::string> found;
  ForEachPart(district, [&](const EvidenceLayer::Part& part) {
    if (part.Holds(number)) found = std::string(part.Record(number));
  });
  if (found || base_ == nullptr) return found;
  rocksdb::Iterator& at = Lookup();
  at.SeekForPrev(ToSlice(RecordBlockKey{district, number}.Encode()));
  if (!at.status().ok()) return ToStatus(at.status(), "reading the view");
  if (!at.Valid() || !TableRange(district, Table::kRecords).Contains(ToView(at.key()))) return found;
  const absl::StatusOr<RecordBlockKey> key = RecordBlockKey::Decode(ToView(at.key()));
  if (!key.ok()) return key.status();
  const absl::StatusOr<std::vector<std::string_view>> block = DecodeRecordBlock(ToView(at.value()));
  if (!block.ok()) return block.status();
  if (number - key->first < block->size()) found = std::string((*block)[number - key->first]);
  return found;
}

absl::Status EvidenceReader::AddRecordsWith(uint32_t district, uint64_t fingerprint, std::vector<uint64_t>& numbers) const {
  ForEachPart(district, [&](const EvidenceLayer::Part& part) { part.AddRecordsWith(fingerprint, numbers); });
  if (base_ == nullptr) return absl::OkStatus();
  const auto filter = filters_->find(district);
  if (filter == filters_->end() || !filter->second->MayContain(fingerprint)) return absl::OkStatus();
  const uint16_t bucket = BucketOf(fingerprint);
  const KeyRange range = IdentityBlocksRange(district, bucket);
  std::vector<EvidenceIdentityEntry> entries;
  rocksdb::Iterator& at = Lookup();
  for (at.Seek(ToSlice(range.begin)); at.Valid() && range.Contains(ToView(at.key())); at.Next()) {
    entries.clear();
    if (absl::Status status = AddIdentityBlock(ToView(at.value()), bucket, entries); !status.ok()) return status;
    for (const EvidenceIdentityEntry& entry : entries) {
      if (entry.fingerprint != fingerprint) continue;
      // A checkpoint may have written it since the layers were looked at.
      if (std::find(numbers.begin(), numbers.end(), entry.record) == numbers.end()) numbers.push_back(entry.record);
    }
  }
  return ToStatus(at.status(), "reading the view");
}

void EvidenceReader::Prefetch(uint32_t district, uint64_t fingerprint) const {
  ForEachPart(district, [&](const EvidenceLayer::Part& part) { part.by_fingerprint.prefetch(fingerprint); });
  const auto filter = filters_->find(district);
  if (filter != filters_->end()) filter->second->Prefetch(fingerprint);
}

absl::Status EvidenceReader::Places(uint32_t district, SeriesId series, EvidencePlace from, Date to,
                                    absl::FunctionRef<bool(EvidencePlace)> visit) const {
  if (to <= from.date) return absl::OkStatus();
  std::vector<EvidencePlace> waiting;  // not visited yet: those in memory, and of one month what was read
  ForEachPart(district, [&](const EvidenceLayer::Part& part) { part.AddPlaces(series, from, to, waiting); });
  // Visits what is dated before `end`.
  const auto visit_until = [&](Date end) {
    std::sort(waiting.begin(), waiting.end());
    waiting.erase(std::unique(waiting.begin(), waiting.end()), waiting.end());
    size_t i = 0;
    bool more = true;
    for (; more && i < waiting.size() && waiting[i].date < end; ++i) more = visit(waiting[i]);
    waiting.erase(waiting.begin(), waiting.begin() + static_cast<std::ptrdiff_t>(i));
    return more;
  };
  bool more = true;
  std::vector<EvidencePlace> block;
  const KeyRange range = SeriesBlocksRange(district, series.team, series.indicator, {from.date, to});
  std::optional<uint16_t> month;
  const rocksdb::ReadOptions reading;
  const absl::Status scanned =
      ScanBlocks(range.begin, range.end, reading, [&](std::string_view key_bytes, std::string_view value) -> absl::StatusOr<bool> {
        const absl::StatusOr<SeriesBlockKey> key = SeriesBlockKey::Decode(key_bytes);
        if (!key.ok()) return key.status();
        if (month != key->month) more = visit_until(FirstOfMonth(key->month));
        if (!more) return false;
        month = key->month;
        block.clear();
        if (absl::Status status = AddSeriesBlock(value, *month, block); !status.ok()) return status;
        std::copy_if(block.begin(), block.end(), std::back_inserter(waiting),
                     [&](const EvidencePlace& place) { return place >= from && place.date < to; });
        return true;
      });
  if (!scanned.ok()) return scanned;
  if (more) visit_until(to);
  return absl::OkStatus();
}

absl::Status EvidenceReader::Records(uint32_t district,
                                     absl::FunctionRef<bool(uint64_t number, std::string_view bytes)> visit) const {
  uint64_t next = 1;
  bool more = true;
  const KeyRange range = TableRange(district, Table::kRecords);
  const absl::Status scanned =
      ScanBlocks(range.begin, range.end, ReadingOnce(), [&](std::string_view key_bytes, std::string_view value) -> absl::StatusOr<bool> {
        const absl::StatusOr<RecordBlockKey> key = RecordBlockKey::Decode(key_bytes);
        if (!key.ok()) return key.status();
        const absl::StatusOr<std::vector<std::string_view>> block = DecodeRecordBlock(value);
        if (!block.ok()) return block.status();
        if (key->first != next) return MissingRecord(next);
        for (const std::string_view record : *block) {
          if (more) more = visit(next++, record);
        }
        return more;
      });
  if (!scanned.ok() || !more) return scanned;
  std::vector<const EvidenceLayer::Part*> parts;
  ForEachPart(district, [&](const EvidenceLayer::Part& part) {
    if (!part.records.empty()) parts.push_back(&part);
  });
  for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
    if (next < (*part)->first) return MissingRecord(next);
    for (; more && (*part)->Holds(next); ++next) more = visit(next, (*part)->Record(next));
  }
  return absl::OkStatus();
}

absl::Status EvidenceReader::ForEachIdentity(uint32_t district, absl::FunctionRef<void(const EvidenceIdentityEntry&)> visit) const {
  ForEachPart(district, [&](const EvidenceLayer::Part& part) {
    for (size_t i = 0; i < part.records.size(); ++i) visit({part.fingerprints[i], part.first + i});
  });
  std::vector<EvidenceIdentityEntry> entries;
  const KeyRange range = TableRange(district, Table::kIdentities);
  return ScanBlocks(range.begin, range.end, ReadingOnce(), [&](std::string_view key_bytes, std::string_view value) -> absl::StatusOr<bool> {
    const absl::StatusOr<IdentityBlockKey> key = IdentityBlockKey::Decode(key_bytes);
    if (!key.ok()) return key.status();
    entries.clear();
    if (absl::Status status = AddIdentityBlock(value, key->bucket, entries); !status.ok()) return status;
    for (const EvidenceIdentityEntry& entry : entries) visit(entry);
    return true;
  });
}

absl::Status EvidenceReader::ForEachPlace(uint32_t district, absl::FunctionRef<void(SeriesId, EvidencePlace)> visit) const {
  ForEachPart(district, [&](const EvidenceLayer::Part& part) {
    for (const PlacedEvidence& placed : part.places) visit(placed.series, placed.place);
  });
  std::vector<EvidencePlace> places;
  const KeyRange range = TableRange(district, Table::kSeries);
  return ScanBlocks(range.begin, range.end, ReadingOnce(), [&](std::string_view key_bytes, std::string_view value) -> absl::StatusOr<bool> {
    const absl::StatusOr<SeriesBlockKey> key = SeriesBlockKey::Decode(key_bytes);
    if (!key.ok()) return key.status();
    places.clear();
    if (absl::Status status = AddSeriesBlock(value, key->month, places); !status.ok()) return status;
    for (const EvidencePlace& place : places) visit({key->team, key->indicator}, place);
    return true;
  });
}

}  // namespace leadlag
