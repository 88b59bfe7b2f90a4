// Day rows in memory, most recently used first: the writer's working set. A bounded number of rows between commands; what falls out is
// in the store.
//
// Not thread safe for writing; Find and const use may run concurrently with each other.
#pragma once

#include <cstdint>
#include <list>
#include <unordered_map>
#include <utility>

#include "core/day_row.h"
#include "core/district_catalog.h"

namespace leadlag {

struct RowId {
  TeamNumber team = 0;
  IndicatorNumber indicator = 0;
  int row_year = 0;
  friend bool operator==(const RowId&, const RowId&) = default;
  struct Hash {
    size_t operator()(const RowId& id) const {
      uint64_t h = (uint64_t{id.team} << 32 | id.indicator) * 0x9E3779B97F4A7C15u;
      return h ^ (h >> 29) ^ uint64_t(id.row_year) * 0xBF58476D1CE4E5B9u;
    }
  };
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
  // The row, now the most recently used; null where it is not here. Valid until the next Trim.
  DayRow* Use(const RowId& id);
  // Puts a row in. REQUIRES: it is not here. Valid until the next Trim.
  DayRow* Insert(const RowId& id, DayRow row);
  // Drops the least recently used rows where there are too many. Between commands alone: a row that a command has changed must stay
  // until it is written.
  void Trim();

 private:
  using Order = std::list<std::pair<RowId, DayRow>>;
  size_t rows_max_;
  Order order_;  // front: most recently used
  std::unordered_map<RowId, Order::iterator, RowId::Hash> index_;
};

}  // namespace leadlag
