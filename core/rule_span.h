// The part of one school year in which an alert rule applies to a team: a watch's run. core/watch.h. A plain value.
#pragma once

#include "core/calendar.h"
#include "core/date.h"

namespace leadlag {

// Borrows the calendar.
struct RuleSpan {
  const Calendar* calendar = nullptr;  // never null
  Date start;                          // s: the day before the first instructional day on which team, rule and calendar are all active
  DateRange run;                       // dates, inside the school year
  DateRange school_year;               // bounds
};

}  // namespace leadlag
