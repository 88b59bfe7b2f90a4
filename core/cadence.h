// Evidence cadence: how regularly a team's signals arrive. Every metric of DOMAIN.md's table "Cadence", as exact
// arithmetic on dates and the calendar's index. Pure functions; thread safe.
//
// Windows are [from, to). Every count of days is in instructional days of the given calendar. How this reads DOMAIN.md
// where its table leaves a choice:
//   today          min(input.today, window.to), for every metric; yesterday is the day before it. So a window in the
//                  past answers as it did when it ended.
//   no window      an empty window, or one that begins after input.today, gives zeros and no figures.
//   what counts    signals dated in the window and in a school year; for the open gap and the on-track share also those
//                  dated before the window in a school year that touches it. Nothing dated window.to or later changes
//                  any figure. A signal dated after today (tomorrow) counts where it is dated.
//   signal date    all counted records with the same school year and k; it is shown as the earliest of their dates.
//   gap            between consecutive signal dates of one school year, both in the window, be the second tomorrow.
//
//   CadenceInput input{.calendar = &calendar, .window = window, .today = today, .active = &team.active_periods};
//   input.signals = ...;  // ascending
//   const Cadence cadence = ComputeCadence(input);
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/calendar.h"
#include "core/catalog.h"
#include "core/cycle.h"
#include "core/date.h"
#include "core/watch.h"

namespace leadlag {

struct CadenceInput {
  const Calendar* calendar = nullptr;  // never null
  DateRange window;
  Date today;  // the local date of now in the team's zone; metrics use min(today, window.to)
  const std::vector<ActivePeriod>* active = nullptr;  // never null; empty: the team was never active
  // Event dates of the signals (with repeats or without), ascending, of every school year that touches the window or
  // the day before it, dates outside the window included: the open gap and the on-track share look at the school year
  // from its start.
  std::vector<Date> signals;
  // The same for lagging evidence, for the balance; dates outside the window are ignored.
  std::vector<Date> lagging_signals;
  // The terms of the watch on this kind of signal; none: no on-track share.
  std::optional<WatchTerms> watch;
};

// Where a longest silence lies. Ties are settled in this order, then by the earliest `after`.
enum class SilenceKind : uint8_t {
  kGap = 1,    // one of the gaps
  kOpen = 2,   // the open gap; it may begin before the window, as the open gap does
  kStart = 3,  // start of a school year to its first signal
  kEnd = 4,    // last signal of a school year to its end
};

// (after, through], as D counts: the day of the signal that ends a silence is in it, that of the one before it is not.
//   kGap    (a signal date, the next one]
//   kOpen   (last signal date, yesterday], or, without one in yesterday's school year, (the later of window.from and
//           the year's start - 1 day, yesterday]. Empty, at yesterday, where that signal is of today or tomorrow.
//   kStart  for each school year with dates in the window before today: (the later of window.from and the year's
//           start - 1 day, first signal date in window and year], cut off at yesterday. Without such a signal the whole
//           stretch, through the earlier of the year's last date and yesterday, is this one silence.
//   kEnd    for such a year with a signal in the window: (last signal date in window and year, the year's last date].
//           Not for the year that holds yesterday, which ends in the open gap.
// Inactive days and breaks are not deducted.
struct Silence {
  SilenceKind kind = SilenceKind::kGap;
  int days = 0;  // D(after, through]
  Date after;
  Date through;
  friend bool operator==(const Silence&, const Silence&) = default;
};

// A cycle is eligible with >= 3 (week) or >= 5 (month) instructional days in the window and in the team's active
// periods, those to come included. It is covered by a signal dated in the cycle and in the window, by the signal's own
// date: a Saturday's counts in the Saturday's month though it shares a signal date with the Friday. A cycle that ends
// after today (its next Monday, or first of the month) is not over, and is left out, also of the streak, until it is
// covered.
struct CycleCadence {
  int covered = 0;  // eligible cycles with at least one signal
  int eligible = 0;
  int streak = 0;  // covered eligible cycles in a row up to now; ineligible ones are skipped
  std::optional<double> coverage() const {
    return eligible == 0 ? std::nullopt : std::optional<double>(double(covered) / eligible);
  }
};

// From how many cycles on a streak is worth telling (ours).
inline constexpr int kStreakOfWeeksMin = 4, kStreakOfMonthsMin = 3;

struct Cadence {
  int signal_dates = 0;           // leading (or the asked kind's) signal dates in the window
  int lagging_signal_dates = 0;   // balance shows both counts
  std::vector<int> gaps;          // in order of time; each >= 1
  std::optional<int> median_gap;  // nearest rank
  std::optional<int> p90_gap;
  int open_gap = 0;
  std::optional<Date> last_signal;         // of the latest record in the window
  std::optional<Silence> longest_silence;  // none where the window holds no part of a school year before today
  CycleCadence weeks;
  CycleCadence months;
  // Instructional days in the window, up to yesterday, on which the watch applied: those in one of its runs (watch.h).
  int watched_days = 0;
  // Of these, days d that are not past the due date which the run's s and the school year's signals dated <= d give. A
  // due date past the year's last day is none, and nothing is past it.
  int on_track_days = 0;
  std::optional<double> on_track_share() const {
    return watched_days == 0 ? std::nullopt : std::optional<double>(double(on_track_days) / watched_days);
  }
  std::optional<double> burstiness;  // (sigma - mu) / (sigma + mu), population sigma; none with fewer than 5 gaps
};

// O(signals log years + cycles x active periods). REQUIRES: `signals` and `lagging_signals` ascend.
Cadence ComputeCadence(const CadenceInput& input);

// The ceil(p * n)-th smallest (nearest rank), p given in percent, 1..100. REQUIRES: sorted ascending, not empty.
int NearestRank(const std::vector<int>& sorted, int percent);

// max(0, D(last signal of yesterday's school year, yesterday]), or from max(window start, year start) - 1 day with none
// in it. `signals` ascending; all of them count, also those of today and tomorrow. 0 where yesterday lies in no school
// year.
int OpenGap(const Calendar& calendar, const std::vector<Date>& signals, Date window_from, Date yesterday);

}  // namespace leadlag
