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
  // By how much the second is longer than the first, of actions that await both and have leading evidence or lagging: 0 where lagging
  // evidence came first; open where it has not come yet.
  LatencyDays head_start;
};

// An action's first evidence of a role.
struct FirstEvidence {
  bool awaited = false;       // its inquiry is linked to an indicator of that role
  std::optional<Date> known;  // when it became known; none: it has not yet
};

class ActionTally {
 public:
  explicit ActionTally(DateRange window) : window_(window) {}
  // Whether an action that starts on that date counts: in the window, not after today, in a school year of the calendar.
  bool Counts(const Calendar& calendar, Date today, Date start) const;
  // Nothing is counted of a role that is not awaited, and of a head start where one of them is not. REQUIRES: Counts.
  void Add(const Calendar& calendar, Date today, Date start, const FirstEvidence& leading, const FirstEvidence& lagging);
  ActionLatency Result() const;

 private:
  DateRange window_;
  LatencyCounts to_leading_, to_lagging_, head_start_;
};

// The earliest known date of the rows' records that are dated after `start`, in a school year of the calendar; none where there are none.
// The date of a record is that of its first revision, as in every latency.
std::optional<Date> FirstKnownAfter(const Calendar& calendar, std::span<const DayRow* const> rows, Date start);

}  // namespace leadlag
