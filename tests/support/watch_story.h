// Telling the life of a watch in a few lines, and living it through core's machine and through the naive model.
//
//   Story("SignalRecordedLate")                       // Mon-Fri from 8 September 2025, New York, E=5 G=3 A=2
//       .Record("2025-09-18 16:00", "2025-09-11")     // recorded at, event date
//       .Until("2025-10-01")
//       .Flips({"2025-09-08 00:00 NOT_STARTED STARTED due 2025-09-16",
//               "2025-09-17 07:00 LATE DUE due 2025-09-16", …});
//
// Times are wall clock in the zone that the story names first ("2025-09-18 16:00", or "2025-09-18" for midnight), or
// RFC 3339.
#pragma once

#include <functional>
#include <initializer_list>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "core/calendar.h"
#include "core/watch.h"
#include "tests/support/naive_watch.h"

namespace leadlag {

// "2025-09-04"; aborts on anything else, as everything here that is given what a test wrote.
Date D(std::string_view text);

// Hand-made rules: New York from 2024 to 2028, Honolulu (no daylight saving time), and UTC.
ZoneRules NewYork();
ZoneRules Honolulu();
ZoneRules Utc();

// A Monday-to-Friday calendar of two school years, bounded by 1 July: "2025-26" from 2025-09-08 to 2026-06-12 with
// 2025-11-27 and -28 and the two weeks from 2025-12-22 to 2026-01-02 off, and "2026-27" from 2026-09-07 to 2027-06-11.
CalendarSpec TwoYears();
// The same with school years of four weeks: 2025-09-08 to 2025-10-03 and 2026-09-07 to 2026-10-02.
CalendarSpec FourWeeks();
// One school year, bounded by 1 July, with one term.
CalendarSpec OneTerm(std::string_view first_day, std::string_view last_day);
// Adds an exception, of one day or [first, last].
CalendarSpec With(CalendarSpec spec, ExceptionKind kind, std::string_view first, std::string_view last = "");

class Story {
 public:
  explicit Story(std::string name);

  // The world the watch is born into. Defaults: TwoYears, New York, 5/3/2 at 07:00, from and active from 2025-07-01.
  Story& Calendar(CalendarSpec spec);
  Story& Calendars(CalendarSpec spec, std::string_view then_from, CalendarSpec then);
  Story& Zone(ZoneRules zone);
  Story& Terms(int every_days, int grace_days, int allowance_days);
  Story& Notify(std::string_view time);
  Story& From(std::string_view date);
  // Replaces the active periods; an empty `to` for none. Further calls of AndActive add one.
  Story& Active(std::string_view from, std::string_view to = "");
  Story& AndActive(std::string_view from, std::string_view to = "");
  // The instant at which the watch comes into being; default 2025-07-15 12:00. Call before anything happens.
  Story& Applied(std::string_view when);
  // The same, but first there is no watch: evidence can come before it. Applied later by Restore.
  Story& Unwatched();

  // Happenings, in order of time. A record's id is its event date unless it is given.
  Story& Signal(std::string_view date);  // recorded at 16:00 of its date
  Story& Record(std::string_view when, std::string_view date);
  Story& Void(std::string_view when, std::string_view id);
  Story& Move(std::string_view when, std::string_view id, std::string_view date);
  Story& Batch(std::string_view when, std::vector<EvidenceChange> changes);
  Story& Change(std::string_view when, const std::function<void(NaiveWorld&)>& change);
  Story& Recalendar(std::string_view when, CalendarSpec spec);
  Story& Retune(std::string_view when, int every_days, int grace_days, int allowance_days);
  Story& Remove(std::string_view when);                               // the expectation is gone
  Story& Restore(std::string_view when, std::string_view from = "");  // and there again, from a date

  Story& Down(std::string_view from, std::string_view up);  // settling 10 minutes
  // All its sources are silent; an empty `to` for ever. In order, in a world that does not change.
  Story& Silent(std::string_view since, std::string_view to = "");
  Story& Until(std::string_view end);
  // Writes the flips in UTC rather than in the story's zone.
  Story& InUtc();
  Story& Flips(std::vector<std::string> expected);

  const std::string& name() const { return name_; }
  const WatchStory& story() const { return story_; }
  const std::vector<std::string>& expected() const { return expected_; }
  // "2025-09-17 07:00 LATE DUE due 2025-09-16" each.
  std::vector<std::string> Describe(const std::vector<WatchFlip>& flips) const;

 private:
  Instant At(std::string_view when) const;
  NaiveWorld& Birth();  // the world of the first happening, to be changed
  Story& Happen(Happening happening);

  std::string name_;
  std::shared_ptr<NaiveWorld> birth_;
  WatchStory story_;
  bool in_utc_ = false;
  std::vector<std::string> expected_;
};
std::ostream& operator<<(std::ostream& out, const Story& story);

EvidenceChange NewRecord(std::string_view date);
EvidenceChange VoidOf(std::string_view id);
EvidenceChange MoveOf(std::string_view id, std::string_view date);

// How the driver comes to call the machine: all of them must make the same flips.
enum class Pace {
  kHappenings,   // Advance only where something happens
  kNextMoments,  // from one NextMoment to the next; what is announced must flip or move the due date, and nothing may
                 // unannounced
  kHourly,       // a tick every hour as well
};
struct CoreLife {
  std::vector<WatchFlip> flips;
  std::vector<std::string> broken;  // promises of core/watch.h that it broke, in words; empty when well
};
CoreLife LiveInCore(const WatchStory& story, Pace pace);

// Everything of a story that a person needs to live it again, a line each.
std::string Describe(const WatchStory& story);
std::string Describe(const WatchFlip& flip, const ZoneRules& zone);

// The calendar of a world as core compiles it; aborts where it refuses.
std::shared_ptr<const Calendar> CoreCalendar(const std::vector<NaiveCalendar::Part>& parts);

}  // namespace leadlag
