// Watches by the next moment at which they flip: a tick costs what is due, not what exists.
//
// Concepts. Moments are few, notify times and midnights, and watches many: those of one moment lie together, put in order only when the
// moment has come. A watch that leaves stays in the old place until then, for its own moment tells that it has left; where too many have,
// they are cleared away. Rebuilt at start. Not thread safe.
#pragma once

#include <compare>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/flat_hash_map.h"
#include "core/district_catalog.h"
#include "core/instant.h"

namespace leadlag {

struct WatchId {
  TeamNumber team = 0;
  ExpectationNumber expectation = 0;
  friend auto operator<=>(const WatchId&, const WatchId&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const WatchId& id) {
    return H::combine(std::move(h), id.team, id.expectation);
  }
};

class DeadlineQueue {
 public:
  void Set(WatchId watch, std::optional<Instant> moment);  // none: nothing will happen to it
  // The watch's moment; none where nothing will happen to it.
  std::optional<Instant> Find(WatchId watch) const;
  // The earliest moment; none where nothing is waiting.
  std::optional<Instant> Earliest() const;
  // The first watch, by moment, then watch, whose moment is <= `through`; none where there is none.
  std::optional<WatchId> FirstDue(Instant through);
  size_t size() const { return moments_.size(); }

 private:
  struct Bucket {
    std::vector<WatchId> watches;  // with some that have left, and some twice
    size_t here = 0;               // watches whose moment it is
    bool in_order = false;         // descending, so that the first is taken from the back
  };
  void Leave(Instant moment);
  bool IsHere(WatchId watch, Instant moment) const;
  void PutInOrder(Instant moment, Bucket& bucket);
  void ClearAway();

  absl::btree_map<Instant, Bucket> buckets_;  // `here` > 0
  absl::flat_hash_map<WatchId, Instant> moments_;
  size_t places_ = 0;  // in all buckets
};

}  // namespace leadlag
