// The day row: all that cadence and latency in days need of one team's evidence of one indicator in one year, as a
// multiset.
//
// Concepts (DESIGN.md, invariant 4): an entry holds the dates that matter of one or more equal records. Late,
// out-of-order, corrected, voided and reviewed evidence need no special case: they Add and Remove entries. A row is
// keyed by `RowYear`, a fixed partition of time that no calendar moves, so that a calendar change rebuilds no row. Not
// thread safe; a plain value.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "core/date.h"

namespace leadlag {

// The year in which 30 June after the date lies: 2025-07-01 .. 2026-06-30 is 2026. A storage partition, not a school
// year.
int RowYear(Date event_date);
DateRange RowYearDates(int row_year);
// The month of its row year in which the date lies, 0 for July to 11 for June, and back.
inline constexpr int kRowMonths = 12;
int RowMonth(Date event_date);
DateRange RowMonthDates(int row_year, int month);

// The wall-clock hours between an event that has an instant and the instant it was known, as a bucket. Exact to the
// hour below 48 h, to 6 hours below 14 days, to the day below 100 days, one bucket above. Negative hours count as 0.
uint8_t HoursBucket(int64_t micros);
// The hours [low, high) that a bucket holds; the last one is open (high = INT32_MAX).
struct HoursSpan {
  int32_t low;
  int32_t high;
};
HoursSpan HoursOf(uint8_t bucket);

struct DayEntry {
  Date event;                    // the current revision's event date: what cadence counts
  Date known;                    // the first revision's known date
  std::optional<Date> reviewed;  // the first review that covers it
  // Where a correction of value, date or indicator is current: the first revision's event date (latency's and the
  // cohort's), and the date on which the correction was recorded, at which interpretation starts anew.
  struct Correction {
    Date first_event;
    Date corrected_on;
    friend auto operator<=>(const Correction&, const Correction&) = default;
  };
  std::optional<Correction> correction;
  std::optional<uint8_t> hours;  // HoursBucket from event to known; none where either end is a date only
  Date recorded;                 // the first revision's recorded date
  uint32_t count = 1;            // records with all of the above

  Date first_event() const { return correction ? correction->first_event : event; }
  Date interpretation_start() const { return correction ? correction->corrected_on : known; }
};

class DayRow {
 public:
  // Adds entry.count records. REQUIRES: its dates lie in [Date::Min(), Date::Max()), `hours` is a HoursBucket, and the
  // row then holds fewer than 2^32 records equal to it.
  void Add(const DayEntry& entry);
  // Removes entry.count records. False, and nothing changed, where the row does not hold that many.
  [[nodiscard]] bool Remove(const DayEntry& entry);

  // Ordered by event date, then by the other fields; counts >= 1.
  const std::vector<DayEntry>& entries() const { return entries_; }
  bool empty() const { return entries_.empty(); }
  // The entries with event dates in [range.from, range.to).
  DayRow Part(DateRange range) const;
  // Adds the entries of a row whose event dates all come after this one's. False, and nothing changed, where they do not.
  [[nodiscard]] bool Append(const DayRow& later);

  // The latest event date in [range.from, range.to); none where there is none.
  std::optional<Date> LastEventIn(DateRange range) const;

  // A compact binary form (versioned, delta-coded, some 2 to 5 bytes an entry; equal rows have equal bytes) and back.
  // Decode: DATA_LOSS for bytes Encode does not make, FAILED_PRECONDITION for a format newer than this program's.
  std::string Encode() const;
  static absl::StatusOr<DayRow> Decode(std::string_view bytes);

  friend bool operator==(const DayRow&, const DayRow&);

 private:
  std::vector<DayEntry> entries_;
};

}  // namespace leadlag
