// Evidence cadence: how regularly a team's signals arrive. Every metric of DOMAIN.md's table "Cadence", as exact arithmetic on
// dates and the calendar's index. Pure functions; thread safe.
//
// Windows are [from, to). Every count of days is in instructional days of the given calendar.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/calendar.h"
#include "core/catalog.h"
#include "core/date.h"
#include "core/watch.h"

namespace leadlag {

struct CadenceInput {
  const Calendar* calendar = nullptr;
  DateRange window;
  Date today;  // the local date of now in the team's zone; metrics use min(today, window.to)
  const std::vector<ActivePeriod>* active = nullptr;
  // Event dates of the signals (with repeats or without), ascending, of every school year that touches the window, dates outside
  // the window included: the open gap and the on-track share look at the whole school year.
  std::vector<Date> signals;
  // The same for lagging evidence, for the balance; dates outside the window are ignored.
  std::vector<Date> lagging_signals;
  // The terms of the watch on this kind of signal; none: no on-track share.
  std::optional<WatchTerms> watch;
};

// Where a longest silence lies. Ties are settled in this order, then by the earliest.
enum class SilenceKind : uint8_t { kGap = 1, kOpen = 2, kStart = 3, kEnd = 4 };
struct Silence {
  SilenceKind kind = SilenceKind::kGap;
  int days = 0;     // instructional days
  Date after;       // the silence is (after, through]
  Date through;
};

enum class CycleUnit : uint8_t { kIsoWeek = 1, kMonth = 2 };
struct CycleCadence {
  int covered = 0;        // eligible cycles with at least one signal
  int eligible = 0;
  int streak = 0;         // covered eligible cycles in a row up to now
  std::optional<double> coverage() const {
    return eligible == 0 ? std::nullopt : std::optional<double>(double(covered) / eligible);
  }
};

struct Cadence {
  int signal_dates = 0;               // leading (or the asked kind's) signal dates in the window
  int lagging_signal_dates = 0;       // balance shows both counts
  std::vector<int> gaps;              // in order of time; each >= 1
  std::optional<int> median_gap;      // nearest rank
  std::optional<int> p90_gap;
  int open_gap = 0;
  std::optional<Date> last_signal;    // the latest signal date in the window, as dated
  std::optional<Silence> longest_silence;  // none where the window holds no part of a school year before today
  CycleCadence weeks;
  CycleCadence months;
  int on_track_days = 0;              // instructional days on which the watch applied and d <= the due date
  int watched_days = 0;               // instructional days, up to yesterday, on which the watch applied
  std::optional<double> on_track_share() const {
    return watched_days == 0 ? std::nullopt : std::optional<double>(double(on_track_days) / watched_days);
  }
  std::optional<double> burstiness;   // (sigma - mu) / (sigma + mu), population sigma; none with fewer than 5 gaps
};

Cadence ComputeCadence(const CadenceInput& input);

// The ceil(p * n)-th smallest (nearest rank), p given in percent, 1..100. REQUIRES: sorted ascending, not empty.
int NearestRank(const std::vector<int>& sorted, int percent);

// max(0, D(last signal of yesterday's school year, yesterday]), or from max(window start, year start) - 1 day with none in it.
// `signals` ascending. 0 where yesterday lies in no school year.
int OpenGap(const Calendar& calendar, const std::vector<Date>& signals, Date window_from, Date yesterday);

}  // namespace leadlag
