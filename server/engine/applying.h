// What one District::Apply works with, shared by the files that implement it. Internal to server/engine.
#pragma once

#include "absl/container/flat_hash_set.h"
#include "server/engine/district.h"

namespace leadlag {

struct District::Applying {
  Instant now;    // the command's time
  Instant until;  // moments earlier than this have passed: `now`, or just after it for a tick
  Batch& batch;
  absl::Status& fatal;
  absl::flat_hash_set<WatchId> advanced;  // by this command, as far as could be
  absl::flat_hash_set<WatchId> charted;   // by this command: the work of their series is counted
  struct ChangedRow {
    RowId id;
    Date event_date;
  };
  std::vector<ChangedRow> changed_rows;  // to be written once, at the end; with repeats
  // Watches caught up, values that they chart, records a review came to, rows and teams looked through for them; flips trimmed.
  size_t work = 0;

  // Notes damage, which stops the engine; the first one counts.
  void Fail(absl::Status status) {
    if (fatal.ok()) fatal = std::move(status);
  }
  // The value, or an empty one with the damage noted.
  template <typename T>
  T Take(absl::StatusOr<T> value) {
    if (value.ok()) return *std::move(value);
    Fail(value.status());
    return T{};
  }
};

}  // namespace leadlag
