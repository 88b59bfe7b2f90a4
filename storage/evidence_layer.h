// Evidence that no checkpoint has written yet: records by number, their identities and places. Internal to storage but for the plain
// types, which storage/evidence_reader.h gives out.
//
// Concepts. A record is its first revision, which never changes, under the number that the district gave it: 1, 2, … without a gap. Its
// identity is a fingerprint of source and id, which says which few records it may be. A place is where it stands, or once stood, among
// its team's evidence of an indicator: places are only added, and whoever follows one asks the record whether it still stands there.
// So nothing here is looked for before it is added, nor ever changed, and taking over a batch costs one step in a hash table a record.
// Places lie in order of arrival; they are put by series once somebody asks for one.
//
// Threads: changes exclude everything else; const methods may be used by all at once.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "core/date.h"
#include "storage/byte_arena.h"

namespace leadlag {

// A team's evidence of one indicator.
struct SeriesId {
  uint32_t team = 0;
  uint32_t indicator = 0;
  friend auto operator<=>(const SeriesId&, const SeriesId&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const SeriesId& id) {
    return H::combine(std::move(h), id.team, id.indicator);
  }
};

struct EvidencePlace {
  Date date;            // of the event
  uint64_t record = 0;  // its number
  friend auto operator<=>(const EvidencePlace&, const EvidencePlace&) = default;
};

// A place and whose it is.
struct PlacedEvidence {
  SeriesId series;
  EvidencePlace place;
  friend auto operator<=>(const PlacedEvidence&, const PlacedEvidence&) = default;
};

struct EvidenceIdentityEntry {
  uint64_t fingerprint = 0;
  uint64_t record = 0;
  friend auto operator<=>(const EvidenceIdentityEntry&, const EvidenceIdentityEntry&) = default;
};

class EvidenceLayer {
 public:
  // One district's.
  struct Part {
    uint64_t first = 0;                     // number of records.front()
    std::vector<std::string_view> records;  // by number
    std::vector<uint64_t> fingerprints;     // of those
    absl::flat_hash_map<uint64_t, uint64_t> by_fingerprint;
    std::vector<EvidenceIdentityEntry> alike;  // further records with a fingerprint that is in by_fingerprint
    std::vector<PlacedEvidence> places;        // in order of arrival

    bool Holds(uint64_t number) const { return number >= first && number - first < records.size(); }
    std::string_view Record(uint64_t number) const { return records[number - first]; }
    void AddRecordsWith(uint64_t fingerprint, std::vector<uint64_t>& numbers) const;
    // Adds the series' places from `from` on, dated before `to`.
    void AddPlaces(SeriesId series, EvidencePlace from, Date to, std::vector<EvidencePlace>& added) const;

   private:
    mutable absl::Mutex by_series_mu_;
    mutable absl::flat_hash_map<SeriesId, std::vector<EvidencePlace>> by_series_ ABSL_GUARDED_BY(by_series_mu_);
    mutable size_t by_series_count_ ABSL_GUARDED_BY(by_series_mu_) = 0;  // of `places`, from the first on, that are in it
  };

  EvidenceLayer() = default;
  EvidenceLayer(const EvidenceLayer&) = delete;
  EvidenceLayer& operator=(const EvidenceLayer&) = delete;

  // REQUIRES: `number` follows the last one of the district.
  void AddRecord(uint32_t district, uint64_t number, uint64_t fingerprint, std::string_view bytes);
  void AddPlace(uint32_t district, SeriesId series, EvidencePlace place);
  // Takes over all of `newer`, which is empty afterwards.
  void Absorb(EvidenceLayer& newer);

  const Part* Find(uint32_t district) const;  // null where there is none
  const std::map<uint32_t, Part>& parts() const { return parts_; }
  bool empty() const { return parts_.empty(); }
  size_t size() const;  // records and places
  size_t bytes() const { return bytes_; }

 private:
  Part& At(uint32_t district);
  void Add(Part& part, uint64_t number, uint64_t fingerprint, std::string_view kept);

  std::map<uint32_t, Part> parts_;
  static constexpr size_t kBlockBytes = 32 << 10;
  ByteArena bytes_of_records_{kBlockBytes};
  size_t bytes_ = 0;
};

}  // namespace leadlag
