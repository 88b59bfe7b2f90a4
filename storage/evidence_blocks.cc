#include "storage/evidence_blocks.h"

#include <algorithm>
#include <utility>

#include "core/check.h"
#include "core/codec.h"
#include "storage/keys.h"
#include "storage/record_codec.h"

namespace leadlag {
namespace {

// Formats. Never change what one means: add a format, and go on reading the old ones.
constexpr uint8_t kSeriesFormat = 1;
constexpr uint8_t kIdentitiesFormat = 1;
constexpr uint8_t kRecordsFormat = 1;

constexpr size_t kPlaceSizeMin = 2;
constexpr size_t kIdentitySizeMin = 7;

template <typename Entry>
uint64_t LeastRecord(std::span<const Entry> entries) {
  LEADLAG_CHECK(!entries.empty());
  return std::min_element(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.record < b.record; })->record;
}

// Adds an entry that must come after the one before it in the block, which began at `first`.
template <typename Entry>
void AddAscending(const Entry& entry, size_t first, std::vector<Entry>& entries, ByteReader& in) {
  if (entries.size() > first && !(entries.back() < entry)) in.Fail();
  entries.push_back(entry);
}

// The number of entries; fails for none.
size_t GetSize(ByteReader& in, size_t entry_size_min) {
  const size_t size = in.GetCount(entry_size_min);
  if (size == 0) in.Fail();
  return size;
}

uint64_t GetRecord(ByteReader& in, uint64_t least) { return least + in.GetVarint(UINT64_MAX - least); }

}  // namespace

std::string EncodeSeriesBlock(std::span<const EvidencePlace> places) {
  const uint64_t least = LeastRecord(places);
  ByteWriter out;
  out.PutU8(kSeriesFormat);
  out.PutVarint(places.size());
  out.PutVarint(least);
  Date previous = places.front().date.StartOfMonth();
  for (const EvidencePlace& place : places) {
    out.PutVarint(static_cast<uint64_t>(place.date - previous));
    out.PutVarint(place.record - least);
    previous = place.date;
  }
  return std::move(out).Take();
}

absl::Status AddSeriesBlock(std::string_view bytes, uint16_t month, std::vector<EvidencePlace>& places) {
  ByteReader in(bytes);
  if (absl::Status status = ReadFormat(in, kSeriesFormat, "a block of a series"); !status.ok()) return status;
  const size_t first = places.size();
  const size_t size = GetSize(in, kPlaceSizeMin);
  const uint64_t least = in.GetVarint();
  EvidencePlace place{FirstOfMonth(month), 0};
  const int last = place.date.StartOfNextMonth() - place.date - 1;
  int day = 0;
  for (size_t i = 0; i < size && in.ok(); ++i) {
    day += static_cast<int>(in.GetVarint(static_cast<uint64_t>(last - day)));
    AddAscending({place.date + day, GetRecord(in, least)}, first, places, in);
  }
  return in.Finish("a block of a series");
}

std::string EncodeIdentityBlock(std::span<const EvidenceIdentityEntry> entries) {
  const uint64_t least = LeastRecord(entries);
  ByteWriter out;
  out.PutU8(kIdentitiesFormat);
  out.PutVarint(entries.size());
  out.PutVarint(least);
  for (const EvidenceIdentityEntry& entry : entries) {
    out.PutFixed32(static_cast<uint32_t>(entry.fingerprint >> 16));
    out.PutU8(static_cast<uint8_t>(entry.fingerprint >> 8));
    out.PutU8(static_cast<uint8_t>(entry.fingerprint));
    out.PutVarint(entry.record - least);
  }
  return std::move(out).Take();
}

absl::Status AddIdentityBlock(std::string_view bytes, uint16_t bucket, std::vector<EvidenceIdentityEntry>& entries) {
  ByteReader in(bytes);
  if (absl::Status status = ReadFormat(in, kIdentitiesFormat, "a block of identities"); !status.ok()) return status;
  const size_t first = entries.size();
  const size_t size = GetSize(in, kIdentitySizeMin);
  const uint64_t least = in.GetVarint();
  for (size_t i = 0; i < size && in.ok(); ++i) {
    uint64_t fingerprint = uint64_t{bucket} << 48 | uint64_t{in.GetFixed32()} << 16;
    fingerprint |= uint64_t{in.GetU8()} << 8;
    fingerprint |= in.GetU8();
    AddAscending({fingerprint, GetRecord(in, least)}, first, entries, in);
  }
  return in.Finish("a block of identities");
}

std::string EncodeRecordBlock(std::span<const std::string_view> records) {
  LEADLAG_CHECK(!records.empty());
  ByteWriter out;
  out.PutU8(kRecordsFormat);
  out.PutVarint(records.size());
  for (const std::string_view record : records) out.PutVarint(record.size());
  for (const std::string_view record : records) out.PutRaw(record);
  return std::move(out).Take();
}

absl::StatusOr<std::vector<std::string_view>> DecodeRecordBlock(std::string_view bytes) {
  ByteReader in(bytes);
  if (absl::Status status = ReadFormat(in, kRecordsFormat, "a block of records"); !status.ok()) return status;
  std::vector<size_t> sizes(GetSize(in, 1));
  for (size_t& size : sizes) size = in.GetVarint(bytes.size());
  std::vector<std::string_view> records;
  records.reserve(sizes.size());
  for (const size_t size : sizes) records.push_back(in.GetRaw(size));
  if (absl::Status status = in.Finish("a block of records"); !status.ok()) return status;
  return records;
}

}  // namespace leadlag
