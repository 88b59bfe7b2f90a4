// The points of a run chart: what the records of one series say, by day, week or month. DOMAIN.md, "Run charts".
//
// Concepts. A record says k of n, or a number, which is taken for that of one: so a point is the quotient of two sums either way, Σk/Σn or
// the mean. The records of a date are summed in order of what they say, and the dates in theirs: so a multiset of values has one sum, to
// the last bit, whatever was added and removed on the way to it, in whatever order, and so it has when it is read from the store again. No
// sum overflows: numbers of any size have a finite mean. Not thread safe; plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "absl/container/btree_set.h"
#include "core/date.h"
#include "core/evidence.h"

namespace leadlag {

// Stored and sent: never change a number, only add.
enum class ChartUnit : uint8_t { kDay = 1, kWeek = 2, kMonth = 3 };  // a week begins on Monday

// The dates of the unit in which the date lies.
DateRange UnitOf(ChartUnit unit, Date date);

// What one record says. Finite.
struct SeriesValue {
  Date event;
  double numerator = 0;
  double denominator = 1;  // > 0
  friend bool operator==(const SeriesValue&, const SeriesValue&) = default;
};
// None where it says nothing that could be charted: a COMPLETION, a void.
std::optional<SeriesValue> ChartedValue(Date event, const EvidenceValue& value);

// What the records of one date say together.
struct SeriesDay {
  Date date;
  uint32_t records = 0;     // > 0
  double numerators = 0;    // their sum in units of 2^64, in which it is finite
  double denominators = 0;  // > 0
};

// A multiset of values, as a day row is of dates. Add and Remove take logarithmic time in the values; a date's sums are reckoned when they
// are asked for after it has changed, which takes its values' time. So even reading is for one thread at a time.
class SeriesValues {
 public:
  void Add(const SeriesValue& value);
  // False, and nothing changed, where there is none that is equal.
  [[nodiscard]] bool Remove(const SeriesValue& value);
  size_t size() const { return values_.size(); }
  // The dates in [range.from, range.to) that have a value, in order. Valid until the next change.
  std::span<const SeriesDay> In(DateRange range) const;
  std::span<const SeriesDay> all() const { return In({Date::Min(), Date::Max()}); }
  friend bool operator==(const SeriesValues& a, const SeriesValues& b) { return a.values_ == b.values_; }

 private:
  // By date, then by what they say.
  struct IsBefore {
    bool operator()(const SeriesValue& a, const SeriesValue& b) const;
  };
  std::vector<SeriesDay>::iterator DayAt(Date date) const;  // the first that is not before it
  void Reckon(SeriesDay& day) const;

  absl::btree_multiset<SeriesValue, IsBefore> values_;
  mutable std::vector<SeriesDay> days_;  // by date; without denominators: to be reckoned
};

struct RunPoint {
  DateRange dates;  // the whole unit's, or as far as it is looked at
  double value = 0;
  uint32_t records = 0;
  friend bool operator==(const RunPoint&, const RunPoint&) = default;
};

// A point for each unit that has a record, in order; finite. REQUIRES: `days` as SeriesValues has them.
std::vector<RunPoint> RunPointsOf(std::span<const SeriesDay> days, ChartUnit unit);

}  // namespace leadlag
