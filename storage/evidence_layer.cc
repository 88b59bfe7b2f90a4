#include "storage/evidence_layer.h"

#include <algorithm>
#include <iterator>

#include "core/check.h"

namespace leadlag {
namespace {

constexpr size_t kFetchedAhead = 16;
// What a record takes besides its bytes: its place in the arrays and in the hash table, which grows by doubling.
constexpr size_t kRecordBytes = 64;

}  // namespace

void EvidenceLayer::Part::AddRecordsWith(uint64_t fingerprint, std::vector<uint64_t>& numbers) const {
  const auto found = by_fingerprint.find(fingerprint);
  if (found == by_fingerprint.end()) return;
  numbers.push_back(found->second);
  for (const EvidenceIdentityEntry& entry : alike) {
    if (entry.fingerprint == fingerprint) numbers.push_back(entry.record);
  }
}

void EvidenceLayer::Part::AddPlaces(SeriesId series, EvidencePlace from, Date to, std::vector<EvidencePlace>& added) const {
  absl::MutexLock lock(&by_series_mu_);
  for (; by_series_count_ < places.size(); ++by_series_count_) {
    by_series_[places[by_series_count_].series].push_back(places[by_series_count_].place);
  }
  const auto found = by_series_.find(series);
  if (found == by_series_.end()) return;
  std::copy_if(found->second.begin(), found->second.end(), std::back_inserter(added),
               [&](const EvidencePlace& place) { return place >= from && place.date < to; });
}

EvidenceLayer::Part& EvidenceLayer::At(uint32_t district) { return parts_[district]; }

void EvidenceLayer::Add(Part& part, uint64_t number, uint64_t fingerprint, std::string_view kept) {
  if (part.records.empty()) part.first = number;
  LEADLAG_CHECK(number == part.first + part.records.size());
  part.records.push_back(kept);
  part.fingerprints.push_back(fingerprint);
  if (!part.by_fingerprint.try_emplace(fingerprint, number).second) part.alike.push_back({fingerprint, number});
  bytes_ += kept.size() + kRecordBytes;
}

void EvidenceLayer::AddRecord(uint32_t district, uint64_t number, uint64_t fingerprint, std::string_view bytes) {
  Add(At(district), number, fingerprint, bytes_of_records_.Keep(bytes));
}

void EvidenceLayer::AddPlace(uint32_t district, SeriesId series, EvidencePlace place) {
  At(district).places.push_back({series, place});
  bytes_ += sizeof(PlacedEvidence);
}

void EvidenceLayer::Absorb(EvidenceLayer& newer) {
  // A block of its own for each small batch would hold little more than air.
  const bool copy = newer.bytes_ < kBlockBytes;
  for (auto& [district, from] : newer.parts_) {
    Part& part = At(district);
    for (size_t i = 0; i < from.records.size(); ++i) {
      if (i + kFetchedAhead < from.records.size()) part.by_fingerprint.prefetch(from.fingerprints[i + kFetchedAhead]);
      Add(part, from.first + i, from.fingerprints[i], copy ? bytes_of_records_.Keep(from.records[i]) : from.records[i]);
    }
    part.places.insert(part.places.end(), from.places.begin(), from.places.end());
    bytes_ += from.places.size() * sizeof(PlacedEvidence);
  }
  if (!copy) bytes_of_records_.TakeOver(newer.bytes_of_records_);
  newer.parts_.clear();
  newer.bytes_of_records_.Clear();
  newer.bytes_ = 0;
}

const EvidenceLayer::Part* EvidenceLayer::Find(uint32_t district) const {
  const auto found = parts_.find(district);
  return found == parts_.end() ? nullptr : &found->second;
}

size_t EvidenceLayer::size() const {
  size_t size = 0;
  for (const auto& [district, part] : parts_) size += part.records.size() + part.places.size();
  return size;
}

}  // namespace leadlag
