// The naive model's calendar: every date is decided once, by the words of DOMAIN.md, and every count is a loop over
// days.
//
// The naive model (naive_calendar.h, naive_cadence.h, naive_latency.h, naive_watch.h) is what core is checked against.
// It shares core's plain values (Date, Instant, ZoneRules, the catalog's structs) and the structs of results, and
// nothing that computes. Slow and obviously right; where the two disagree, DOMAIN.md decides. Immutable; thread safe.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/catalog.h"
#include "core/date.h"

namespace leadlag {

class NaiveCalendar {
 public:
  // A team's assignments: `spec` counts from `from` (inclusive; the first part's is ignored) until the next part's.
  struct Part {
    Date from;
    CalendarSpec spec;
    friend bool operator==(const Part&, const Part&) = default;
  };

  struct Year {
    std::string id;
    DateRange bounds;
    std::optional<Date> first_day, last_day;  // instructional, inclusive; none where the year has no instructional day
  };

  // REQUIRES: parts ordered by from; the specs as Validate (core/catalog.h) wants them. No parts: a calendar without
  // years.
  explicit NaiveCalendar(const std::vector<Part>& parts);
  explicit NaiveCalendar(const CalendarSpec& spec) : NaiveCalendar(std::vector<Part>{{Date::Min(), spec}}) {}

  bool IsInstructional(Date d) const { return instructional_.contains(d); }
  int CountThrough(Date d) const;                                                  // k(d)
  int Between(Date a, Date b) const { return CountThrough(b) - CountThrough(a); }  // D(a, b]
  // The instructional day d with D(a, d] = n, n >= 1; none where there is none.
  std::optional<Date> NthAfter(Date a, int n) const;
  // The school year that holds d; none where there is none.
  std::optional<Year> YearOf(Date d) const;
  // Every school year, ordered.
  const std::vector<Year>& years() const { return years_; }

 private:
  std::vector<Year> years_;
  std::set<Date> instructional_;
};

// Whether the calendar of one spec has instruction on d: a make-up day always, else not on a closure, else in a term on
// a late arrival, an early dismissal or a weekday of the mask. Outside every school year never.
bool NaiveIsInstructional(const CalendarSpec& spec, Date d);

}  // namespace leadlag
