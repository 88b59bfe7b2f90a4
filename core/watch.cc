#include "core/watch.h"

#include <algorithm>

#include "core/alert_rule.h"

namespace leadlag {
namespace {

// The part of one school year in which a watch is not PAUSED.
struct Run {
  DateRange dates;
  const SchoolYear* year = nullptr;
  Date start;  // s
};

std::optional<Run> RunOf(const WatchWorld& world, const SchoolYear& year, const ActivePeriod& period) {
  if (!year.first_day) return std::nullopt;
  const Date begin = std::max({*year.first_day, period.active_from, world.terms.from});
  const Date year_end = *year.last_day + 1;
  const Date end = period.active_to ? std::min(year_end, *period.active_to) : year_end;
  if (begin >= end) return std::nullopt;
  // The year's last day is instructional and not before `begin`, so there is one.
  return Run{{begin, end}, &year, *world.calendar->FirstOnOrAfter(begin) - 1};
}

std::optional<Run> RunAt(const WatchWorld& world, Date date) {
  if (world.calendar == nullptr) return std::nullopt;
  const SchoolYear* year = world.calendar->YearOf(date);
  if (year == nullptr) return std::nullopt;
  for (const ActivePeriod& period : *world.active) {
    const std::optional<Run> run = RunOf(world, *year, period);
    if (run && run->dates.Contains(date)) return run;
  }
  return std::nullopt;
}

// The first run that begins on or after `date`.
std::optional<Run> RunFrom(const WatchWorld& world, Date date) {
  if (world.calendar == nullptr) return std::nullopt;
  std::optional<Run> first;
  for (const SchoolYear& year : world.calendar->years()) {
    if (year.bounds.to <= date) continue;
    if (first && year.bounds.from > first->dates.from) break;
    for (const ActivePeriod& period : *world.active) {
      const std::optional<Run> run = RunOf(world, year, period);
      if (run && run->dates.from >= date && (!first || run->dates.from < first->dates.from)) first = run;
    }
  }
  return first;
}

// Due dates compare with none as the latest: a deadline past the year's last day never comes.
bool IsLater(std::optional<Date> a, std::optional<Date> b) { return b && (!a || *a > *b); }

// The instructional day n days on from `from`, if that still lies in the year.
std::optional<Date> NthInYear(const WatchWorld& world, const SchoolYear& year, Date from, int n) {
  const std::optional<Date> day = world.calendar->NthAfter(from, n);
  return day && *day <= *year.last_day ? day : std::nullopt;
}

WatchDates DatesOf(const WatchWorld& world, const WatchFacts& facts, const Run& run) {
  WatchDates dates{.run = run.dates, .school_year = run.year->bounds, .start = run.start};
  const WatchTerms& terms = world.terms;
  if (terms.kind != AlertKind::kSignalOverdue) {
    if (run.start + 1 < run.dates.to) dates.due = facts.rule_due({world.calendar, run.start, run.dates, run.year->bounds});
    if (dates.due) dates.late_day = NthInYear(world, *run.year, *dates.due, 1);
    return dates;
  }
  dates.last_signal = facts.last_signal(run.year->bounds);
  // A run without an instructional day (a team active in a break alone) has nothing to count from.
  if (run.start + 1 < run.dates.to) {
    dates.due = NthInYear(world, *run.year, run.start, terms.every_days + terms.allowance_days);
  }
  if (dates.last_signal && dates.due) {
    const std::optional<Date> next = NthInYear(world, *run.year, *dates.last_signal, terms.every_days);
    if (IsLater(next, dates.due)) dates.due = next;
  }
  if (dates.due) {
    dates.late_day = NthInYear(world, *run.year, *dates.due, 1);
    dates.overdue_day = NthInYear(world, *run.year, *dates.due, 1 + terms.grace_days);
  }
  return dates;
}

// The state that the notify time of instructional day `day` finds.
WatchState StageOn(const WatchWorld& world, const WatchDates& dates, std::optional<Date> day) {
  if (world.terms.kind != AlertKind::kSignalOverdue) {
    return day && dates.late_day && *day >= *dates.late_day ? WatchState::kRaised : WatchState::kOnTrack;
  }
  if (day && dates.overdue_day && *day >= *dates.overdue_day) return WatchState::kOverdue;
  if (day && dates.late_day && *day >= *dates.late_day) return WatchState::kLate;
  return dates.last_signal ? WatchState::kOnTrack : WatchState::kNotStarted;
}

// From good to bad; PAUSED and UNKNOWN have no place in the order.
bool IsBetter(WatchState a, WatchState b) { return a < b; }

Date LocalDateBefore(const WatchWorld& world, Instant instant) {
  return world.zone->LocalDate(Instant{instant.micros - 1});
}

// When the silence that an UNKNOWN watch is in is over.
Instant HeardAt(const WatchFacts& facts, const Watch& watch) {
  for (const SourceSilence& silence : facts.silences) {
    if (silence.to >= watch.handled_before) return silence.to;
  }
  return watch.handled_before;
}

// The silence that another one comes to next, or is in without having seen it; what is over by now was lived through. Null: none.
const SourceSilence* NextSilence(const WatchFacts& facts, const Watch& watch) {
  const auto found = std::find_if(facts.silences.begin(), facts.silences.end(),
                                  [&watch](const SourceSilence& silence) { return silence.to > watch.handled_before; });
  return found == facts.silences.end() ? nullptr : &*found;
}

bool IsSilentAt(const WatchFacts& facts, Instant instant) {
  return std::any_of(facts.silences.begin(), facts.silences.end(),
                     [instant](const SourceSilence& silence) { return silence.since <= instant && instant < silence.to; });
}

struct Moment {
  enum class Kind { kRunBegins, kRunEnds, kNotify, kFallsSilent, kIsHeard };
  Kind kind;
  Instant at;
  Date date;
};

// The next notify time that changes the watch; `end` where none comes before it.
Moment NextNotify(const WatchWorld& world, const WatchFacts& facts, const Watch& watch, const Run& run, Date position, const Moment& end) {
  const ZoneRules& zone = *world.zone;
  const WatchDates dates = DatesOf(world, facts, run);
  std::optional<Date> notify = world.calendar->FirstOnOrAfter(position);
  if (notify && zone.At(*notify, world.terms.notify_time) < watch.handled_before) {
    notify = world.calendar->NthAfter(*notify, 1);
  }
  if (!notify) return end;
  // What a change has worsened waits for the very next notify time; otherwise the next stage's day decides.
  const bool not_started = watch.state == WatchState::kOnTrack && IsBetter(watch.state, StageOn(world, dates, std::nullopt));
  const bool worsened = not_started || IsLater(watch.due, dates.due);
  const std::optional<Date> stage = watch.state == WatchState::kLate ? dates.overdue_day
                                    : HasAlert(watch.state)          ? std::nullopt
                                                                     : dates.late_day;
  if (!worsened) {
    if (!stage) return end;
    notify = std::max(*notify, *stage);
  }
  if (*notify >= run.dates.to) return end;
  return Moment{Moment::Kind::kNotify, zone.At(*notify, world.terms.notify_time), *notify};
}

std::optional<Moment> NextOf(const WatchWorld& world, const WatchFacts& facts, const Watch& watch) {
  const ZoneRules& zone = *world.zone;
  const Date position = LocalDateBefore(world, watch.handled_before);
  if (watch.state == WatchState::kPaused) {
    const std::optional<Run> run = RunFrom(world, position + 1);
    if (!run) return std::nullopt;
    return Moment{Moment::Kind::kRunBegins, zone.StartOf(run->dates.from), run->dates.from};
  }
  const std::optional<Run> run = RunAt(world, position);
  if (!run) return std::nullopt;  // the world changed and Reconsider was not called: nothing to go on
  const Moment end{Moment::Kind::kRunEnds, zone.StartOf(run->dates.to), run->dates.to};
  if (watch.state == WatchState::kUnknown) {
    const Instant heard = HeardAt(facts, watch);
    return heard < end.at ? Moment{Moment::Kind::kIsHeard, heard, position} : end;
  }
  const Moment next = NextNotify(world, facts, watch, *run, position, end);
  const SourceSilence* const silence = NextSilence(facts, watch);
  const bool falls_silent = silence != nullptr && silence->since <= next.at && silence->since < end.at;
  // Made late, after a hold, it may lie before what has been handled.
  return falls_silent ? Moment{Moment::Kind::kFallsSilent, silence->since, position} : next;
}

void Flip(Watch& watch, WatchState to, FlipReason reason, Instant at, std::vector<WatchFlip>& flips) {
  // Made late (after a hold), a moment may lie before a flip that a command caused meanwhile.
  watch.last_effective = std::max(watch.last_effective, at);
  flips.push_back({watch.state, to, reason, watch.last_effective, watch.due});
  watch.state = to;
}

void Start(const WatchWorld& world, const WatchFacts& facts, const Run& run, Instant at, Watch& watch,
           std::vector<WatchFlip>& flips) {
  if (IsSilentAt(facts, at)) {
    Flip(watch, WatchState::kUnknown, FlipReason::kStarted, at, flips);
    return;
  }
  const WatchDates dates = DatesOf(world, facts, run);
  watch.due = dates.due;
  Flip(watch, StageOn(world, dates, std::nullopt), FlipReason::kStarted, at, flips);
}

void Pause(FlipReason reason, Instant at, Watch& watch, std::vector<WatchFlip>& flips) {
  watch.due.reset();
  Flip(watch, WatchState::kPaused, reason, at, flips);
}

void FallSilent(Instant at, Watch& watch, std::vector<WatchFlip>& flips) {
  watch.due.reset();
  Flip(watch, WatchState::kUnknown, FlipReason::kSourceSilent, at, flips);
}

// The watch is no longer UNKNOWN.
void Resume(const WatchWorld& world, const WatchFacts& facts, const Run& run, FlipReason reason, Instant at, Watch& watch,
            std::vector<WatchFlip>& flips) {
  const WatchDates dates = DatesOf(world, facts, run);
  watch.due = dates.due;
  Flip(watch, StageOn(world, dates, std::nullopt), reason, at, flips);
}

void Notify(const WatchWorld& world, const WatchFacts& facts, const Run& run, const Moment& moment, Watch& watch,
            std::vector<WatchFlip>& flips) {
  const WatchDates dates = DatesOf(world, facts, run);
  const bool due_moved = watch.due != dates.due;
  watch.due = dates.due;
  const WatchState stage = StageOn(world, dates, moment.date);
  if (IsBetter(watch.state, stage)) {
    if (stage == WatchState::kNotStarted) Flip(watch, stage, FlipReason::kChange, moment.at, flips);
    if (HasAlert(stage) && !HasAlert(watch.state)) {
      Flip(watch, stage == WatchState::kRaised ? stage : WatchState::kLate, FlipReason::kDue, moment.at, flips);
    }
    if (stage == WatchState::kOverdue) Flip(watch, stage, FlipReason::kGraceOver, moment.at, flips);
  } else if (due_moved && HasAlert(watch.state)) {
    Flip(watch, watch.state, FlipReason::kUpdated, moment.at, flips);
  }
}

void EndRun(const WatchWorld& world, const WatchFacts& facts, const Run& run, const Moment& moment, Watch& watch,
            std::vector<WatchFlip>& flips) {
  const bool year_over = run.dates.to > *run.year->last_day;
  Pause(year_over ? FlipReason::kYearEnded : FlipReason::kInactive, moment.at, watch, flips);
  // Where one year's last day is the eve of the next one's first, both happen at this midnight.
  const std::optional<Run> next = RunAt(world, moment.date);
  if (next) Start(world, facts, *next, moment.at, watch, flips);
}

void Make(const WatchWorld& world, const WatchFacts& facts, const Moment& moment, Watch& watch,
          std::vector<WatchFlip>& flips) {
  if (moment.kind == Moment::Kind::kRunBegins) {
    Start(world, facts, *RunAt(world, moment.date), moment.at, watch, flips);
  } else if (moment.kind == Moment::Kind::kFallsSilent) {
    FallSilent(moment.at, watch, flips);
  } else {
    const Run run = *RunAt(world, LocalDateBefore(world, watch.handled_before));
    if (moment.kind == Moment::Kind::kRunEnds) {
      EndRun(world, facts, run, moment, watch, flips);
    } else if (moment.kind == Moment::Kind::kIsHeard) {
      Resume(world, facts, run, FlipReason::kSourceHeard, moment.at, watch, flips);
    } else {
      Notify(world, facts, run, moment, watch, flips);
    }
  }
  watch.handled_before = std::max(watch.handled_before, Instant{moment.at.micros + 1});
}

// A change of the world leaves the watch outside every run.
FlipReason PauseReason(const WatchWorld& world, Date today, WatchState state) {
  const bool active = world.calendar == nullptr || std::any_of(world.active->begin(), world.active->end(),
                                                               [&](const ActivePeriod& p) { return p.Contains(today); });
  if (!active) return FlipReason::kInactive;
  return HasAlert(state) ? FlipReason::kRetracted : FlipReason::kChange;
}

FlipReason ImprovementReason(WatchState from, WatchState to, WatchCause cause) {
  if (HasAlert(to)) return FlipReason::kUpdated;
  if (HasAlert(from)) return cause == WatchCause::kEvidence ? FlipReason::kResolved : FlipReason::kRetracted;
  return cause == WatchCause::kEvidence ? FlipReason::kEvidence : FlipReason::kChange;
}

}  // namespace

std::string_view ToString(WatchState state) {
  switch (state) {
    case WatchState::kOnTrack: return "ON_TRACK";
    case WatchState::kNotStarted: return "NOT_STARTED";
    case WatchState::kLate: return "LATE";
    case WatchState::kOverdue: return "OVERDUE";
    case WatchState::kPaused: return "PAUSED";
    case WatchState::kUnknown: return "UNKNOWN";
    case WatchState::kRaised: return "RAISED";
  }
  return "?";
}

bool GoesWith(AlertKind kind, WatchState state) {
  switch (state) {
    case WatchState::kOnTrack:
    case WatchState::kPaused:
    case WatchState::kUnknown: return true;
    case WatchState::kRaised: return kind != AlertKind::kSignalOverdue;
    case WatchState::kNotStarted:
    case WatchState::kLate:
    case WatchState::kOverdue: return kind == AlertKind::kSignalOverdue;
  }
  return false;
}

std::string_view ToString(FlipReason reason) {
  switch (reason) {
    case FlipReason::kStarted: return "STARTED";
    case FlipReason::kEvidence: return "EVIDENCE";
    case FlipReason::kDue: return "DUE";
    case FlipReason::kGraceOver: return "GRACE_OVER";
    case FlipReason::kUpdated: return "UPDATED";
    case FlipReason::kResolved: return "RESOLVED";
    case FlipReason::kRetracted: return "RETRACTED";
    case FlipReason::kChange: return "CHANGE";
    case FlipReason::kInactive: return "INACTIVE";
    case FlipReason::kYearEnded: return "YEAR_ENDED";
    case FlipReason::kAcknowledged: return "ACKNOWLEDGED";
    case FlipReason::kSnoozed: return "SNOOZED";
    case FlipReason::kSnoozeEnded: return "SNOOZE_ENDED";
    case FlipReason::kSourceSilent: return "SOURCE_SILENT";
    case FlipReason::kSourceHeard: return "SOURCE_HEARD";
  }
  return "?";
}

std::optional<WatchDates> DatesOn(const WatchWorld& world, const WatchFacts& facts, Date date) {
  const std::optional<Run> run = RunAt(world, date);
  if (!run) return std::nullopt;
  return DatesOf(world, facts, *run);
}

std::optional<Date> LastNotified(const WatchWorld& world, DateRange run, Instant before) {
  std::optional<Date> day = world.calendar->LastOnOrBefore(std::min(LocalDateBefore(world, before), run.to - 1));
  if (day && world.zone->At(*day, world.terms.notify_time) >= before) day = world.calendar->LastOnOrBefore(*day - 1);
  return day && *day >= run.from ? day : std::nullopt;
}

Watch NewWatch(Instant now) { return Watch{.handled_before = now, .last_effective = Instant{}}; }

std::optional<Instant> Advance(const WatchWorld& world, const WatchFacts& facts, Instant until, bool hold, Watch& watch,
                               std::vector<WatchFlip>& flips) {
  std::optional<Moment> moment;
  for (;;) {
    moment = NextOf(world, facts, watch);
    if (!moment || moment->at >= until) break;
    if (hold && moment->kind == Moment::Kind::kNotify) {
      until = moment->at;  // the uneventful ones before it are over, whatever arrives while it waits
      break;
    }
    Make(world, facts, *moment, watch, flips);
  }
  watch.handled_before = std::max(watch.handled_before, until);
  return moment ? std::optional(moment->at) : std::nullopt;
}

void Reconsider(const WatchWorld& world, const WatchFacts& facts, Instant now, WatchCause cause, Watch& watch,
                std::vector<WatchFlip>& flips) {
  // A watch that a hold has stopped is still in the run in which it stopped.
  const Date today = LocalDateBefore(world, std::min(now, watch.handled_before));
  const std::optional<Run> run = RunAt(world, today);
  if (!run) {
    if (watch.state != WatchState::kPaused) Pause(PauseReason(world, today, watch.state), now, watch, flips);
    return;
  }
  if (watch.state == WatchState::kPaused) {
    Start(world, facts, *run, now, watch, flips);
    return;
  }
  // What happens at an instant comes before its moments: a silence that begins, or is over, just now is Advance's.
  const bool silent = IsSilentAt(facts, Instant{now.micros - 1});
  if (watch.state == WatchState::kUnknown) {
    if (!silent) Resume(world, facts, *run, FlipReason::kChange, now, watch, flips);
    return;
  }
  if (silent && IsSilentAt(facts, now)) {
    FallSilent(now, watch, flips);
    return;
  }
  const WatchDates dates = DatesOf(world, facts, *run);
  const bool due_moves_on = IsLater(dates.due, watch.due);
  if (due_moves_on) watch.due = dates.due;
  const WatchState stage = StageOn(world, dates, LastNotified(world, run->dates, now));
  if (IsBetter(stage, watch.state)) {
    Flip(watch, stage, ImprovementReason(watch.state, stage, cause), now, flips);
  } else if (due_moves_on && HasAlert(watch.state)) {
    Flip(watch, watch.state, FlipReason::kUpdated, now, flips);
  }
}

std::optional<Instant> NextMoment(const WatchWorld& world, const WatchFacts& facts, const Watch& watch) {
  const std::optional<Moment> moment = NextOf(world, facts, watch);
  if (!moment) return std::nullopt;
  return moment->at;
}

}  // namespace leadlag
