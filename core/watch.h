// The watch: one (team, expectation) or (team, alert rule) pair and its state machine. DOMAIN.md, "Watches and their states".
//
// Concepts. A watch lives in runs. A run is the part of one school year, from its first to its last instructional day, in which one
// active period of the team and the expectation's `from` hold: dates [begin, end). Outside every run the watch is PAUSED. A run has a
// start s, the day before its first instructional day. With the last signal dated in the school year it gives the due date:
//   due = the later of  d with D(s, d] = E + A  and  d with D(last signal, d] = E;  none when that lies past the year's last day.
//   LATE from notify time of the instructional day after the due date, OVERDUE from notify time G instructional days further on.
//
// Things happen to a watch at moments: midnight where a run begins or ends, notify time on an instructional day of the run. Only at a
// notify time does it get worse; it gets better at once, in Reconsider. Advance makes the moments that have passed, Reconsider
// follows a change of evidence or of the world at a given instant; both append the flips they make, in order.
//
// The due date in force (`Watch::due`): a later one takes effect at once, an earlier one at the next notify time.
//
// Flip reasons, by cause:
//   midnight, a run begins          PAUSED -> ON_TRACK or NOT_STARTED     STARTED
//   midnight, the year ends / the team's active period ends   -> PAUSED   YEAR_ENDED / INACTIVE (the year's end decides at both)
//   a silence of all its sources begins / is over   -> UNKNOWN  SOURCE_SILENT / UNKNOWN -> ON_TRACK or NOT_STARTED  SOURCE_HEARD
//   notify time                     -> LATE, RAISED: DUE; -> OVERDUE: GRACE_OVER (with DUE before it where LATE was passed over);
//                                   same state, an earlier due date now in force: UPDATED; ON_TRACK -> NOT_STARTED: CHANGE
//   evidence (any record new)       LATE/OVERDUE -> ON_TRACK: RESOLVED; OVERDUE -> LATE, or a later due date in the same state:
//                                   UPDATED; NOT_STARTED -> ON_TRACK: EVIDENCE
//   any other change                LATE/OVERDUE -> ON_TRACK/NOT_STARTED: RETRACTED; OVERDUE -> LATE or a later due date: UPDATED;
//                                   NOT_STARTED -> ON_TRACK: CHANGE; PAUSED -> ON_TRACK/NOT_STARTED: STARTED;
//                                   -> PAUSED: INACTIVE where no active period holds today, else RETRACTED with an alert open, else CHANGE;
//                                   where its sources are others now: -> UNKNOWN: SOURCE_SILENT; UNKNOWN -> ON_TRACK/NOT_STARTED: CHANGE
// A watch without an open alert whose due date moves makes no flip.
//
// The watch of an alert rule (core/alert_rule.h) lives the same way: the rule gives the due date, from the same run and s. It is
// ON_TRACK, or RAISED from notify time of the instructional day after the due date: DUE. It has no grace, and is never NOT_STARTED. So
// does the watch of a source, which is due when it has not been heard for as long as may be (core/source_silence.h).
//
// While all sources that feed a watch are silent it is UNKNOWN, without a due date, and an alert it had is closed: SOURCE_SILENT. That
// begins before anything else that happens at its instant. When it is over, the watch is ON_TRACK or NOT_STARTED by what is recorded by
// then: SOURCE_HEARD; and what is worse than that waits for the next notify time.
//
// Pure: no clock, no I/O. A Watch is a plain value; not thread safe.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

#include "absl/functional/function_ref.h"
#include "core/calendar.h"
#include "core/catalog.h"
#include "core/instant.h"
#include "core/rule_span.h"
#include "core/source_silence.h"
#include "core/zone.h"

namespace leadlag {

// Stored and sent: never change a number.
enum class WatchState : uint8_t {
  kOnTrack = 1,
  kNotStarted = 2,
  kLate = 3,
  kOverdue = 4,
  kPaused = 5,
  kUnknown = 6,  // every source that feeds it is silent
  kRaised = 7,   // of an alert rule or a source: what it says is so
};
enum class FlipReason : uint8_t {
  kStarted = 1,
  kEvidence = 2,
  kDue = 3,
  kGraceOver = 4,
  kUpdated = 5,
  kResolved = 6,
  kRetracted = 7,
  kChange = 8,
  kInactive = 9,
  kYearEnded = 10,
  // What people do with an open alert; from and to are one state.
  kAcknowledged = 11,
  kSnoozed = 12,
  kSnoozeEnded = 13,
  kSourceSilent = 14,
  kSourceHeard = 15,
};
std::string_view ToString(WatchState state);    // "ON_TRACK"
std::string_view ToString(FlipReason reason);   // "GRACE_OVER"
// Whether the flip is about an alert alone, and none of its watch.
inline bool IsHandling(FlipReason reason) { return reason >= FlipReason::kAcknowledged && reason <= FlipReason::kSnoozeEnded; }
inline bool HasAlert(WatchState s) { return s == WatchState::kLate || s == WatchState::kOverdue || s == WatchState::kRaised; }
// Whether a watch whose alerts are of the kind can be in the state.
bool GoesWith(AlertKind kind, WatchState state);

struct WatchTerms {
  int every_days = 10;      // E; of a source its expected interval
  int grace_days = 10;      // G
  int allowance_days = 10;  // A
  MinuteOfDay notify_time{420};
  Date from;                // the expectation's or rule's stated date, else its apply date
  AlertKind kind = AlertKind::kSignalOverdue;  // of a rule's E, G and A say nothing, of a source's G and A
  friend bool operator==(const WatchTerms&, const WatchTerms&) = default;
};

// All a watch depends on besides evidence. Borrowed: must outlive the call.
struct WatchWorld {
  const Calendar* calendar = nullptr;  // null: the expectation or team is gone, so no run exists
  const ZoneRules* zone = nullptr;     // never null
  const std::vector<ActivePeriod>* active = nullptr;
  WatchTerms terms;
};

// What a watch asks of what is recorded by now. Borrows what it is made of: for a call.
struct WatchFacts {
  // Of an expectation: the last signal dated in [range.from, range.to); none where there is none.
  using LastSignalIn = absl::FunctionRef<std::optional<Date>(DateRange)>;
  // Of an alert rule or a source: its due date.
  using RuleDueIn = absl::FunctionRef<std::optional<Date>(const RuleSpan&)>;

  WatchFacts(LastSignalIn last, RuleDueIn due, std::span<const SourceSilence> all_silent = {})
      : last_signal(last), rule_due(due), silences(all_silent) {}
  // Where there are expectations alone.
  template <typename F, typename = std::enable_if_t<std::is_invocable_v<const F&, DateRange>>>
  WatchFacts(const F& last) : last_signal(last), rule_due(NoRule) {}

  LastSignalIn last_signal;
  RuleDueIn rule_due;
  std::span<const SourceSilence> silences;  // of all sources that feed the watch at once; ordered, disjoint

 private:
  static std::optional<Date> NoRule(const RuleSpan&) { return std::nullopt; }
};

struct Watch {
  WatchState state = WatchState::kPaused;
  std::optional<Date> due;    // in force; none while PAUSED or UNKNOWN, or where it lies past the year's last day
  Instant handled_before;     // every moment before this instant has been made
  Instant last_effective;     // of the last flip: effective times of one watch never decrease
  friend bool operator==(const Watch&, const Watch&) = default;
};

struct WatchFlip {
  WatchState from = WatchState::kPaused;
  WatchState to = WatchState::kPaused;
  FlipReason reason = FlipReason::kStarted;
  Instant effective;
  std::optional<Date> due;  // in force after the flip
  friend bool operator==(const WatchFlip&, const WatchFlip&) = default;
};

// What decided a watch on a date: for "why" and for the on-track share.
struct WatchDates {
  DateRange run;                      // dates
  DateRange school_year;              // bounds
  Date start;                         // s
  std::optional<Date> last_signal;    // dated in the school year; none of an alert rule
  std::optional<Date> due;
  std::optional<Date> late_day;       // LATE, or RAISED, from notify time of this instructional day
  std::optional<Date> overdue_day;
};
// The dates of the run that holds `date`; none where the watch is paused then.
std::optional<WatchDates> DatesOn(const WatchWorld& world, const WatchFacts& facts, Date date);

// The last instructional day of the run whose notify time lies before the instant: the last one to judge by then. None where there is none.
// REQUIRES: the world has a calendar.
std::optional<Date> LastNotified(const WatchWorld& world, DateRange run, Instant before);

// A watch as it stands when it comes into being: PAUSED, handled up to `now`. Follow with Reconsider(kChange).
Watch NewWatch(Instant now);

// Makes every moment earlier than `until`. With `hold` (settling after downtime) it stops before the first moment that would make
// the watch worse; the moments from there on stay to be made, at their own effective times, by a later call. Returns what NextMoment
// would now.
std::optional<Instant> Advance(const WatchWorld& world, const WatchFacts& facts, Instant until, bool hold, Watch& watch,
                               std::vector<WatchFlip>& flips);

// Follows new evidence or a changed world at `now`. REQUIRES: Advance(the world before, now) has been called.
enum class WatchCause : uint8_t { kEvidence, kChange };
void Reconsider(const WatchWorld& world, const WatchFacts& facts, Instant now, WatchCause cause, Watch& watch,
                std::vector<WatchFlip>& flips);

// The next moment at which Advance would change the watch if nothing else happens: a flip, or an earlier due date that comes into
// force; none where nothing will.
std::optional<Instant> NextMoment(const WatchWorld& world, const WatchFacts& facts, const Watch& watch);

}  // namespace leadlag
