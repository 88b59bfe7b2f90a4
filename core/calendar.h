// Instructional days: k(d), D(a, b] and "n instructional days on", each in O(1) from an index.
//
// Concepts (DOMAIN.md, "Time"): k(d) is the number of instructional days, over all the calendar's years, up to and
// including d; D(a, b] = k(b) - k(a). A Saturday counts like the Friday before it, a date in August like its year's
// "day 0". A school year has bounds [start, end) in which every date belongs to it, and a first and last instructional
// day.
//
// A Calendar may be combined from several (a team that moves from one to another on a date). Immutable; thread safe.
//
//   Calendar calendar = *Calendar::Compile(spec);
//   calendar.Between(monday, friday)       // D(monday, friday] = 4 in an ordinary week
//   calendar.NthAfter(friday, 1)           // the next instructional day
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/catalog.h"
#include "core/date.h"

namespace leadlag {

struct SchoolYear {
  std::string id;
  DateRange bounds;
  // The first and last instructional day, both inclusive; none when the year has no instructional day at all.
  std::optional<Date> first_day;
  std::optional<Date> last_day;
  friend bool operator==(const SchoolYear&, const SchoolYear&) = default;
};

class Calendar {
 public:
  // INVALID_ARGUMENT when the spec breaks a rule that Validate (catalog.h) would have named.
  static absl::StatusOr<Calendar> Compile(const CalendarSpec& spec);

  // The calendar of a team that follows `parts[i].calendar` from parts[i].from (inclusive; the first part's is ignored)
  // until the next part's. INVALID_ARGUMENT when a move falls inside a school year which the two calendars bound
  // differently. REQUIRES: parts not empty, ordered by from.
  struct Part {
    Date from;
    std::shared_ptr<const Calendar> calendar;
  };
  static absl::StatusOr<Calendar> Combine(const std::vector<Part>& parts);

  // Whether a team may move from calendar `before` to `after` on `move`, the first date on the new one:
  // INVALID_ARGUMENT, with what to do, where that date lies inside a school year (not at its start) which the two
  // calendars do not bound equally.
  static absl::Status CheckMove(const Calendar& before, const Calendar& after, Date move);

  bool IsInstructional(Date d) const;

  // k(d). Before the first year 0; after the last the total.
  int CountThrough(Date d) const;

  // D(a, b] = k(b) - k(a); negative when b lies before a.
  int Between(Date a, Date b) const { return CountThrough(b) - CountThrough(a); }

  // The instructional day d with D(a, d] = n; none where the calendar has no such day. REQUIRES: n >= 1.
  std::optional<Date> NthAfter(Date a, int n) const;

  // The last instructional day on or before d; none where there is none.
  std::optional<Date> LastOnOrBefore(Date d) const;
  // The first instructional day on or after d; none where there is none.
  std::optional<Date> FirstOnOrAfter(Date d) const { return NthAfter(d - 1, 1); }

  // The school year whose bounds hold d; null where the calendar has none yet. Owned by the calendar.
  const SchoolYear* YearOf(Date d) const;
  const std::vector<SchoolYear>& years() const { return years_; }  // ordered by bounds.from

  // Why a date without instruction has none: the exception's label ("Labor Day"), or "" (a weekend, or outside every
  // term). Of several exceptions that close it the shortest, so Christmas Day inside a winter break; at equal length
  // the first in the spec.
  std::string ClosureLabel(Date d) const;

 private:
  Calendar() = default;
  static Calendar Index(std::vector<SchoolYear> years, std::vector<Date> days, std::vector<CalendarException> closures);

  std::vector<SchoolYear> years_;
  std::vector<Date> days_;                   // every instructional day, ascending
  Date base_;                                // counts_[i] is k(base_ + i)
  std::vector<int32_t> counts_;              // from the first year's bounds to the last one's
  std::vector<CalendarException> closures_;  // for ClosureLabel, ordered by date, disjoint
};

}  // namespace leadlag
