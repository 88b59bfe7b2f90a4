#include "storage/run_writer.h"

#include <algorithm>
#include <set>
#include <span>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "core/check.h"
#include "core/codec.h"
#include "storage/evidence_blocks.h"
#include "storage/keys.h"
#include "storage/rocksdb_directory.h"

namespace leadlag {
namespace {

constexpr uint64_t kFileBytes = 64 << 20;
// From so many bytes of records on they get files of their own.
constexpr size_t kOwnFileBytes = 4 << 20;
// A block of records: what is read and unpacked for one of them.
constexpr size_t kBlockRecords = 32;
constexpr size_t kBlockBytes = 8 << 10;

constexpr uint8_t kAppliedPositionFormat = 1;

}  // namespace

std::string AppliedPositionKey(uint32_t district) {
  return MetaKey{.district = district, .name = std::string(kAppliedPositionName)}.Encode();
}

std::string EncodeAppliedPosition(uint64_t position) {
  ByteWriter value;
  value.PutU8(kAppliedPositionFormat);
  value.PutFixed64(position);
  return std::move(value).Take();
}

absl::StatusOr<uint64_t> DecodeAppliedPosition(uint32_t district, std::string_view value) {
  ByteReader in(value);
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

// ---- files ------------------------------------------------------------------

rocksdb::Status RunWriter::Ensure() {
  if (writer_) return rocksdb::Status::OK();
  files_.push_back(next_name_());
  writer_ = std::make_unique<rocksdb::SstFileWriter>(rocksdb::EnvOptions(), options_);
  return writer_->Open(files_.back());
}

rocksdb::Status RunWriter::Put(const std::string& key, const std::string& value) {
  rocksdb::Status status = Ensure();
  if (status.ok()) status = writer_->Put(key, value);
  return status.ok() ? FinishLargeFile() : status;
}

rocksdb::Status RunWriter::FinishLargeFile() {
  return writer_->FileSize() >= kFileBytes ? FinishFile() : rocksdb::Status::OK();
}

rocksdb::Status RunWriter::FinishFile() {
  if (!writer_) return rocksdb::Status::OK();
  const rocksdb::Status status = writer_->Finish();
  writer_.reset();
  return status;
}

// ---- keys -------------------------------------------------------------------

class RunWriter::Keys {
 public:
  Keys(const Layers& layers, RunWriter& writer) : writer_(writer) {
    for (const std::shared_ptr<const Layer>& layer : layers) {
      cursors_.emplace_back(layer->keys);
      cursors_.back().SeekToFirst();
    }
  }

  // Those before `end`; all where it is empty.
  rocksdb::Status WriteUntil(std::string_view end) {
    while (true) {
      const MemoryLayer::Change* next = nullptr;
      for (const MemoryLayer::Cursor& cursor : cursors_) {
        if (cursor.Valid() && (next == nullptr || cursor.change().key < next->key)) next = &cursor.change();
      }
      if (next == nullptr || (!end.empty() && next->key >= end)) return rocksdb::Status::OK();
      for (MemoryLayer::Cursor& cursor : cursors_) {
        if (cursor.Valid() && cursor.change().key == next->key) cursor.Next();
      }
      rocksdb::Status status = writer_.Ensure();
      if (!status.ok()) return status;
      status = next->deleted ? writer_.writer_->Delete(ToSlice(next->key))
                             : writer_.writer_->Put(ToSlice(next->key), ToSlice(next->value));
      if (status.ok()) status = writer_.FinishLargeFile();
      if (!status.ok()) return status;
    }
  }

 private:
  RunWriter& writer_;
  std::vector<MemoryLayer::Cursor> cursors_;  // newest first
};

rocksdb::Status RunWriter::Write(const Layers& layers) {
  std::set<uint32_t> districts;
  for (const std::shared_ptr<const Layer>& layer : layers) {
    for (const auto& [district, part] : layer->evidence.parts()) districts.insert(district);
  }
  Keys keys(layers, *this);
  rocksdb::Status status;
  for (const uint32_t district : districts) {
    if (status.ok()) status = WriteEvidence(layers, district, keys);
  }
  if (status.ok()) status = keys.WriteUntil("");
  return status.ok() ? FinishFile() : status;
}

// ---- evidence ---------------------------------------------------------------

rocksdb::Status RunWriter::WriteEvidence(const Layers& layers, uint32_t district, Keys& keys) {
  const std::string position_key = AppliedPositionKey(district);
  const MemoryLayer::Change* position_change = nullptr;
  Parts parts;
  for (auto layer = layers.rbegin(); layer != layers.rend(); ++layer) {
    if (const MemoryLayer::Change* change = (*layer)->keys.Find(position_key)) position_change = change;
    if (const EvidenceLayer::Part* part = (*layer)->evidence.Find(district)) parts.push_back(part);
  }
  LEADLAG_CHECK(position_change != nullptr);
  const absl::StatusOr<uint64_t> position = DecodeAppliedPosition(district, position_change->value);
  LEADLAG_CHECK(position.ok());
  rocksdb::Status status = keys.WriteUntil(TableRange(district, Table::kSeries).begin);
  if (status.ok()) status = WriteSeries(district, *position, parts);
  if (status.ok()) status = WriteIdentities(district, *position, parts);
  if (status.ok()) status = WriteRecords(district, parts);
  return status;
}

rocksdb::Status RunWriter::WriteSeries(uint32_t district, uint64_t position, const Parts& parts) {
  std::vector<PlacedEvidence> all;
  for (const EvidenceLayer::Part* part : parts) all.insert(all.end(), part->places.begin(), part->places.end());
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  std::vector<EvidencePlace> block;
  for (auto begin = all.begin(); begin != all.end();) {
    const Date month_end = begin->place.date.StartOfNextMonth();
    const auto end = std::find_if(begin, all.end(), [&](const PlacedEvidence& placed) {
      return placed.series != begin->series || placed.place.date >= month_end;
    });
    block.clear();
    for (auto placed = begin; placed != end; ++placed) block.push_back(placed->place);
    const auto& [team, indicator] = begin->series;
    const rocksdb::Status status =
        Put(SeriesBlockKey{district, team, indicator, MonthOf(begin->place.date), position}.Encode(), EncodeSeriesBlock(block));
    if (!status.ok()) return status;
    begin = end;
  }
  return rocksdb::Status::OK();
}

rocksdb::Status RunWriter::WriteIdentities(uint32_t district, uint64_t position, const Parts& parts) {
  std::vector<EvidenceIdentityEntry>& entries = identities_[district];
  for (const EvidenceLayer::Part* part : parts) {
    for (size_t i = 0; i < part->records.size(); ++i) entries.push_back({part->fingerprints[i], part->first + i});
  }
  std::sort(entries.begin(), entries.end());
  for (auto begin = entries.begin(); begin != entries.end();) {
    const uint16_t bucket = BucketOf(begin->fingerprint);
    const auto end = std::find_if(begin, entries.end(),
                                  [&](const EvidenceIdentityEntry& entry) { return BucketOf(entry.fingerprint) != bucket; });
    const rocksdb::Status status = Put(IdentityBlockKey{district, bucket, position}.Encode(), EncodeIdentityBlock({begin, end}));
    if (!status.ok()) return status;
    begin = end;
  }
  return rocksdb::Status::OK();
}

rocksdb::Status RunWriter::WriteRecords(uint32_t district, const Parts& parts) {
  std::vector<std::string_view> records;
  uint64_t first = 0;
  size_t bytes = 0;
  for (const EvidenceLayer::Part* part : parts) {
    if (part->records.empty()) continue;
    if (records.empty()) first = part->first;
    LEADLAG_CHECK(part->first == first + records.size());
    records.insert(records.end(), part->records.begin(), part->records.end());
    for (const std::string_view record : part->records) bytes += record.size();
  }
  rocksdb::Status status;
  const bool apart = bytes >= kOwnFileBytes;
  if (apart) status = FinishFile();
  for (size_t begin = 0; status.ok() && begin < records.size();) {
    size_t end = begin, block_bytes = 0;
    while (end < records.size() && end - begin < kBlockRecords && (end == begin || block_bytes + records[end].size() <= kBlockBytes)) {
      block_bytes += records[end++].size();
    }
    status = Put(RecordBlockKey{district, first + begin}.Encode(), EncodeRecordBlock(std::span(records).subspan(begin, end - begin)));
    begin = end;
  }
  if (status.ok() && apart) status = FinishFile();
  return status;
}

}  // namespace leadlag
