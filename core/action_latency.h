// Action to evidence: how long after a team began to do something the first evidence of it became known, and the head start that leading
// evidence gave over lagging. In instructional days. DOMAIN.md, "Latency". Pure; thread safe.
//
// Concepts. The first evidence of an action is, of the records that its inquiry is linked to and that are dated after its start, the one
// that became known first. Cohort: actions whose start lies in the window. Closed and open items are ranked together, as in core/latency.h.
#pragma once

#include <optional>
#include <span>

#include "core/calendar.h"
#include "core/day_row.h"
#include "core/latency.h"

namespace leadlag {

struct ActionLatency {
  LatencyDays to_leading;  // D(start, known]
  LatencyDays to_lagging;
  // By how much the second is longer than the first, of actions that have leading evidence or lagging: 0 where lagging evidence came first;
  // open where it has not come yet.
  LatencyDays head_start;
};

class ActionTally {
 public:
  explicit ActionTally(DateRange window) : window_(window) {}
  // `leading`, `lagging`: the date on which the first evidence of that role became known; none: there is none yet. An action that starts
  // outside of the window, after today, or in no school year of the calendar does not count.
  void Add(const Calendar& calendar, Date today, Date start, std::optional<Date> leading, std::optional<Date> lagging);
  ActionLatency Result() const;

 private:
  DateRange window_;
  LatencyCounts to_leading_, to_lagging_, head_start_;
};

// The earliest known date of the rows' records that are dated after `start`, in a school year of the calendar; none where there are none.
// The date of a record is that of its first revision, as in every latency.
std::optional<Date> FirstKnownAfter(const Calendar& calendar, std::span<const DayRow* const> rows, Date start);

}  // namespace leadlag
