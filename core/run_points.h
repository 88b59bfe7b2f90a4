// The points of a run chart: what the records of one series say, by day, week or month. DOMAIN.md, "Run charts".
//
// Concepts. A record says k of n, or a number, which is taken for that of one: so a point is the quotient of two sums either way, Σk/Σn or
// the mean. Records in one order have one sum: what arrives in another order, or is read from the store again, gives the same points to
// the last bit. Not thread safe; plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/date.h"
#include "core/evidence.h"

namespace leadlag {

// Stored and sent: never change a number, only add.
enum class ChartUnit : uint8_t { kDay = 1, kWeek = 2, kMonth = 3 };  // a week begins on Monday

// The dates of the unit in which the date lies.
DateRange UnitOf(ChartUnit unit, Date date);

// What one record says.
struct SeriesValue {
  Date event;
  double numerator = 0;
  double denominator = 1;  // > 0
  friend bool operator==(const SeriesValue&, const SeriesValue&) = default;
};
// None where it says nothing that could be charted: a COMPLETION, a void.
std::optional<SeriesValue> ChartedValue(Date event, const EvidenceValue& value);

// A multiset of values, as a day row is of dates.
class SeriesValues {
 public:
  void Add(const SeriesValue& value);
  // False, and nothing changed, where there is none that is equal.
  [[nodiscard]] bool Remove(const SeriesValue& value);
  // By date, then by the other fields.
  std::span<const SeriesValue> all() const { return values_; }
  // Those dated in [range.from, range.to).
  std::span<const SeriesValue> In(DateRange range) const;
  friend bool operator==(const SeriesValues&, const SeriesValues&) = default;

 private:
  std::vector<SeriesValue> values_;
};

struct RunPoint {
  DateRange dates;  // the whole unit's
  double value = 0;
  uint32_t records = 0;
  friend bool operator==(const RunPoint&, const RunPoint&) = default;
};

// A point for each unit that has a record, in order. REQUIRES: `values` as SeriesValues has them.
std::vector<RunPoint> RunPointsOf(std::span<const SeriesValue> values, ChartUnit unit);

}  // namespace leadlag
