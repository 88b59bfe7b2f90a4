// Day rows in memory: the writer's working set. A bounded number of rows between commands; what falls out is in the store.
//
// Not thread safe for writing; Find and const use may run concurrently with each other.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "absl/container/flat_hash_map.h"
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
  // Puts a row in. REQUIRES: it is not here. Valid until the next Trim.
  DayRow* Insert(const RowId& id, DayRow row);
  // Drops the least recently used rows, a part of them, where there are too many. Between commands alone: a row that a command has
  // changed must stay until it is written.
  void Trim();

 private:
  struct Entry {
    DayRow row;
    uint64_t used = 0;  // when, by uses_
  };
  size_t rows_max_;
  uint64_t uses_ = 0;
  absl::flat_hash_map<RowId, std::unique_ptr<Entry>> entries_;
};

}  // namespace leadlag
