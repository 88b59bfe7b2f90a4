// A district's day rows: which there are, the writer's working set of them, and what of it the store has not seen yet.
//
// Concepts. An array by team, a team's rows side by side: which rows a team has is always known, so that a question about it walks no
// table. A bounded number of them is in memory between commands; the others are in the store. A changed row is written through to the
// store by WriteBack, not with each command: a row that grows by a record at a time would else be encoded whole each time. Until then the
// store has an older version of it, or where it is new and the store has none, must be given one at once (MarkChanged tells), so that a
// walk over the store's rows misses none; whoever walks them looks here first. The store has a row in months, so that one that grows at its
// end is not written whole.
//
// Not thread safe for writing; const methods may run concurrently with each other. Copyable.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "core/day_row.h"
#include "core/district_catalog.h"

namespace leadlag {

struct RowId {
  TeamNumber team = 0;
  IndicatorNumber indicator = 0;
  int row_year = 0;
  friend auto operator<=>(const RowId&, const RowId&) = default;
  template <typename H>
  friend H AbslHashValue(H hash, const RowId& id) {
    return H::combine(std::move(hash), id.team, id.indicator, id.row_year);
  }
};

class DayRows {
 public:
  struct Slot {
    IndicatorNumber indicator = 0;
    int row_year = 0;
    uint16_t stored = 0;     // months, a bit each, of which the store has a version
    uint16_t unwritten = 0;  // months of which that is an older one
    bool in_memory = false;
    uint32_t records = 0;    // that stand in it, in memory or not
    uint64_t used = 0;       // when last
    DayRow row;              // where it is in memory
  };

  explicit DayRows(size_t rows_max = 50'000) : rows_max_(rows_max) {}

  // The store has this month (RowMonth) of the row. REQUIRES: the row is not in memory.
  void Know(const RowId& id, int month);

  // So many records more, or fewer, stand in the row. REQUIRES: there is one.
  void CountRecords(const RowId& id, int64_t more) { Place(id)->records += static_cast<uint32_t>(more); }
  size_t RecordsOf(const RowId& id) const {
    const Slot* const slot = Find(id);
    return slot == nullptr ? 0 : slot->records;
  }

  // A team's, by indicator, then row year; with some that are empty. Valid until a row is added, or Trim.
  std::span<const Slot> OfTeam(TeamNumber team) const;
  // The first year of which the team has one; none where it has none.
  std::optional<int> FirstYearOf(TeamNumber team) const;
  // Null where there is no such row. Valid as OfTeam's.
  const Slot* Find(const RowId& id) const;

  // Have where a team's rows begin, those, and the end of the indicator's last one fetched: hints that many are about to be added to, so
  // that the waits for memory overlap. Each goes by what the one before has brought.
  void PrefetchTeam(TeamNumber team) const {
    if (team < teams_.size()) __builtin_prefetch(&teams_[team]);
  }
  void PrefetchRows(TeamNumber team) const;
  void PrefetchEntries(TeamNumber team, IndicatorNumber indicator) const;
  // The row, which counts as a use; null where there is none, or it is not in memory. Valid until a row of the team is added, or Trim.
  DayRow* Use(const RowId& id);
  // Brings a row into memory, a new one where there was none. REQUIRES: it is not in memory. Valid as Use's.
  DayRow* Load(const RowId& id, DayRow row);

  // What the store must be told at once of the month of a row that has been changed at an event date. REQUIRES: the row is in memory.
  enum class Due { kNothing, kPut, kDelete };
  Due MarkChanged(const RowId& id, Date event_date);
  size_t unwritten() const { return unwritten_.size(); }
  // Hands the oldest unwritten rows' unwritten months to `write` until at most `keep` rows are left.
  void WriteBack(size_t keep, absl::FunctionRef<void(const RowId&, int month, const DayRow& part)> write);

  // There are too many rows in memory.
  bool full() const { return in_memory_ > rows_max_; }
  // Drops the least recently used rows from memory, a part of them, where it is full. Between commands alone: a row that a command has
  // changed must stay until it is marked so. REQUIRES: where it is full, no row is unwritten.
  void Trim();

 private:
  Slot* Place(const RowId& id) { return const_cast<Slot*>(Find(id)); }
  Slot& Insert(const RowId& id);

  size_t rows_max_;
  uint64_t uses_ = 0;
  size_t in_memory_ = 0;
  std::vector<std::vector<Slot>> teams_;
  std::deque<RowId> unwritten_;  // with some that have been written since
};

}  // namespace leadlag
