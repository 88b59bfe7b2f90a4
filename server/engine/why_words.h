// Words and counts that every explanation of an alert is made of. Internal to server/engine.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/watch.h"
#include "server/engine/queries.h"

namespace leadlag {

struct AlertOpening;

std::string Day(Date date);                                   // "Thu 2025-11-06"
std::string LocalTime(const ZoneRules& zone, Instant instant);  // "07:00 on Tue 2025-11-25"
std::string Days(int n, std::string_view what);               // "1 instructional day"
// "evidence arrived". Where several things may have done it: all of them.
std::string_view ClosingWords(AlertKind kind, FlipReason reason);
// The world of the alert's watch; one without a calendar where its id is of another kind by now, or gone.
WatchWorld WorldOf(const DistrictReader& reader, const AlertRecord& alert);

// Dates in (from, through] without instruction.
struct Skips {
  std::vector<SkippedDate> named;
  int weekend_days = 0;
  int other_days = 0;  // outside every term
};
Skips SkipsIn(const Calendar& calendar, Date from, Date through);
// " (skipping …)", or nothing.
std::string SkipWords(const Skips& skips);

// The earliest event date from which `days` instructional days lead to the last day on which the watch was judged, or past it: k of it is
// at least that day's less `days`. Any date of the school year does where that asks for nothing; none where it was not judged yet.
std::optional<Date> EarliestRemedy(const WatchWorld& world, const WatchDates& dates, int days, Instant now);

// What became of the due date while the alert is open, in sentences; or nothing. `found`: the one that is found now.
std::string DueWords(const AlertRecord& alert, const AlertOpening& opening, const std::vector<TimelineFlip>& flips,
                     std::optional<Date> found, const ZoneRules& zone);
// The first instructional day of the run whose notify time is still to come; none where there is none.
std::optional<Date> NextNotified(const WatchWorld& world, DateRange run, Instant now);

// "Acknowledged by m.ortiz on Tue …: we meet on Friday. Snoozed …", or nothing.
std::string HandlingWords(const AlertRecord& alert, const WatchWorld& world);
// "LATE since …; OVERDUE since …", as the flips have it, and how it closed. Of a closed one by which due date it opened, too.
std::vector<std::string> StageWords(const AlertRecord& alert, const AlertOpening& opening, const std::vector<TimelineFlip>& flips,
                                    const ZoneRules& zone);

}  // namespace leadlag
