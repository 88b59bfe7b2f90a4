// Watches by the next moment at which they flip: a tick costs what is due, not what exists.
//
// Concepts. Moments are few, notify times and midnights, and watches many: those of one moment lie together, put in order only when the
// moment has come. A watch that leaves stays in the old place until then, for its own moment tells that it has left; where too many have,
// they are cleared away. The moments themselves are kept with the watches (server/engine/watches.h). Rebuilt at start. Not thread safe.
#pragma once

#include <compare>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/functional/function_ref.h"
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
  // A watch's moment as it stands; none where nothing will happen to it.
  using MomentOf = absl::FunctionRef<std::optional<Instant>(WatchId)>;

  // The watch's moment, which `moment_of` tells already, was another one before.
  void Move(WatchId watch, std::optional<Instant> before, std::optional<Instant> after, MomentOf moment_of);
  // The earliest moment; none where nothing is waiting.
  std::optional<Instant> Earliest() const;
  // The first watch, by moment, then watch, whose moment is <= `through`; none where there is none.
  std::optional<WatchId> FirstDue(Instant through, MomentOf moment_of);
  size_t size() const { return size_; }  // watches with a moment

 private:
  struct Bucket {
    std::vector<WatchId> watches;  // with some that have left, and some twice
    size_t here = 0;               // watches whose moment it is
    bool in_order = false;         // descending, so that the first is taken from the back
  };
  void Leave(Instant moment);
  void PutInOrder(Instant moment, Bucket& bucket, MomentOf moment_of);

  absl::btree_map<Instant, Bucket> buckets_;  // `here` > 0
  size_t size_ = 0;
  size_t places_ = 0;  // in all buckets
};

}  // namespace leadlag
