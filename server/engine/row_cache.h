// Day rows in memory: the writer's working set, and what of it the store has not seen yet.
//
// Concepts. A changed row is written through to the store by WriteBack, not with each command: a row that grows by a record at a time
// would else be encoded whole each time. Until then the store has an older version of it, or where it is new and the store has none,
// must be given one at once (MarkChanged tells), so that a walk over the store's rows misses none; whoever walks them looks here first. A
// bounded number of rows between commands; what falls out is in the store.
//
// Not thread safe for writing; Find and const use may run concurrently with each other.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "core/day_row.h"
#include "core/district_catalog.h"

namespace leadlag {

struct RowId {
  TeamNumber team = 0;
  IndicatorNumber indicator = 0;
  int row_year = 0;
  friend bool operator==(const RowId&, const RowId&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const RowId& id) {
    return H::combine(std::move(h), id.team, id.indicator, id.row_year);
  }
};

class RowCache {
 public:
  explicit RowCache(size_t rows_max = 50'000) : rows_max_(rows_max) {}
  RowCache(const RowCache&) = delete;
  RowCache& operator=(const RowCache&) = delete;

  // Becomes a copy of another. REQUIRES: empty.
  void CopyFrom(const RowCache& other);
  // The row, or null where it is not here. Does not count as a use.
  const DayRow* Find(const RowId& id) const;
  // The row, which counts as a use; null where it is not here. Valid until the next Trim.
  DayRow* Use(const RowId& id);
  // Puts a row in. `stored`: the store has it, or a version of it. REQUIRES: it is not here. Valid until the next Trim.
  DayRow* Insert(const RowId& id, DayRow row, bool stored);

  // What the store must be told at once of a row that has been changed. REQUIRES: it is here.
  enum class Due { kNothing, kPut, kDelete };
  Due MarkChanged(const RowId& id);
  size_t unwritten() const { return unwritten_.size(); }
  // Hands the oldest unwritten rows to `write` until at most `keep` are left.
  void WriteBack(size_t keep, absl::FunctionRef<void(const RowId&, const DayRow&)> write);

  // There are too many rows.
  bool full() const { return entries_.size() > rows_max_; }
  // Drops the least recently used rows, a part of them, where it is full. Between commands alone: a row that a command has changed must
  // stay until it is marked so. REQUIRES: where it is full, no row is unwritten.
  void Trim();

 private:
  struct Entry {
    DayRow row;
    uint64_t used = 0;  // when, by uses_
    bool stored = false;
    bool unwritten = false;
  };
  size_t rows_max_;
  uint64_t uses_ = 0;
  absl::flat_hash_map<RowId, std::unique_ptr<Entry>> entries_;
  std::deque<RowId> unwritten_;  // with some that have been written since
};

}  // namespace leadlag
