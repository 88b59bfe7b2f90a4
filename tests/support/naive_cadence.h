// The naive model's cadence: every metric of DOMAIN.md's table "Cadence" by plain loops over days.
#pragma once

#include <optional>
#include <vector>

#include "core/cadence.h"
#include "tests/support/naive_calendar.h"

namespace leadlag {

// As CadenceInput (core/cadence.h).
struct NaiveCadenceInput {
  const NaiveCalendar* calendar = nullptr;
  DateRange window;
  Date today;
  std::vector<ActivePeriod> active;
  std::vector<Date> signals;
  std::vector<Date> lagging_signals;
  std::optional<WatchTerms> watch;
};

Cadence NaiveCadence(const NaiveCadenceInput& input);

int NaiveOpenGap(const NaiveCalendar& calendar, const std::vector<Date>& signals, Date window_from, Date yesterday);

// The ceil(percent / 100 * n)-th smallest. REQUIRES: not empty.
int NaiveNearestRank(std::vector<int> values, int percent);

}  // namespace leadlag
