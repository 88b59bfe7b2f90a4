// A local calendar date, without a zone: the unit in which evidence is counted.
//
// Concepts: a Date is a day number (days since 1970-01-01, proleptic Gregorian), so that it sorts, subtracts and hashes
// as an integer. The service accepts dates in [Date::Min(), Date::Max()): 1970-01-01 to 2099-12-31. A value, copied
// freely; thread safe.
//
//   Date d = Date::FromYmd(2025, 9, 4);
//   d.ToString()          // "2025-09-04"
//   (d + 7) - d           // 7
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace leadlag {

enum class Weekday : uint8_t { kMonday = 0, kTuesday, kWednesday, kThursday, kFriday, kSaturday, kSunday };

class Date {
 public:
  constexpr Date() = default;
  constexpr explicit Date(int32_t days_since_epoch) : days_(days_since_epoch) {}

  // REQUIRES: a real date; month 1..12, day 1..31.
  static Date FromYmd(int year, int month, int day);

  // Reads exactly "YYYY-MM-DD". INVALID_ARGUMENT (with the text and what is wanted) for anything else, a date that does
  // not exist, or one outside [Min, Max).
  static absl::StatusOr<Date> Parse(std::string_view text);

  static constexpr Date Min() { return Date(0); }      // 1970-01-01, the first date the service accepts
  static constexpr Date Max() { return Date(47482); }  // 2100-01-01, exclusive

  constexpr int32_t days() const { return days_; }  // since 1970-01-01
  int year() const;
  int month() const;  // 1..12
  int day() const;    // 1..31
  Weekday weekday() const;

  // The Monday of the date's ISO-8601 week, and the first of its month: the keys of a cycle.
  Date StartOfIsoWeek() const;
  Date StartOfMonth() const;
  Date StartOfNextMonth() const;

  std::string ToString() const;  // "2025-09-04"

  friend constexpr auto operator<=>(Date, Date) = default;
  friend constexpr Date operator+(Date d, int days) { return Date(d.days_ + days); }
  friend constexpr Date operator-(Date d, int days) { return Date(d.days_ - days); }
  friend constexpr int operator-(Date a, Date b) { return a.days_ - b.days_; }
  template <typename H>
  friend H AbslHashValue(H h, Date d) {
    return H::combine(std::move(h), d.days_);
  }

 private:
  int32_t days_ = 0;
};

// Dates in [from, to).
struct DateRange {
  Date from;
  Date to;
  constexpr bool Contains(Date d) const { return from <= d && d < to; }
  friend constexpr bool operator==(const DateRange&, const DateRange&) = default;
};

// The last of ascending dates in the range; none where none lies there.
std::optional<Date> LastIn(const std::vector<Date>& ascending, DateRange range);

}  // namespace leadlag
