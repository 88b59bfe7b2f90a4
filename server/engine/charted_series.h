// The series that rules chart, as far as their values are in memory: a district's working set of them. Internal to server/engine.
//
// Concepts. A series is here once it has been asked for, and follows every record from then on, so that a record costs no reading of the
// others. It is held by row: a team's, an indicator's, a year's. Where too many values are held, the series that was asked for the longest
// ago is let go. What is held is no part of the state. Not thread safe.
#pragma once

#include <cstdint>
#include <list>

#include "absl/container/flat_hash_map.h"
#include "core/limits.h"
#include "core/run_points.h"
#include "server/engine/day_rows.h"

namespace leadlag {

class ChartedSeries {
 public:
  explicit ChartedSeries(size_t values_max = kSeriesValuesHeld) : values_max_(values_max) {}

  // The series' values; null where they are not held. It counts as asking. Valid until the next call of another name.
  const SeriesValues* Use(const RowId& id);
  // Holds what has been read. REQUIRES: the series is not held. Valid as Use's.
  const SeriesValues& Hold(const RowId& id, SeriesValues values);
  // Where the series is held.
  void Add(const RowId& id, const SeriesValue& value);
  // False where it is held, and lacks the value.
  [[nodiscard]] bool Remove(const RowId& id, const SeriesValue& value);

  void LetGoOfAll();
  void SetValuesMax(size_t values_max);
  size_t series() const { return held_.size(); }
  size_t values() const { return values_; }          // in all of them
  uint64_t values_read() const { return values_read_; }  // that Hold was ever given

 private:
  struct Held {
    RowId id;
    SeriesValues values;
  };
  void LetGo();

  size_t values_max_;
  size_t values_ = 0;
  uint64_t values_read_ = 0;
  std::list<Held> held_;  // by when they were asked for, the last first
  absl::flat_hash_map<RowId, std::list<Held>::iterator> places_;
};

}  // namespace leadlag
