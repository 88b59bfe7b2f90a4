// A run chart in phases: a new one begins where a team began to do something, and each is read by itself. DOMAIN.md, "Run charts".
//
// Concepts. The dates at which something began cut the window; a point belongs to the phase in which its first date lies. Each phase
// has the median of its own points as its centre, or all have one that is frozen. Pure; thread safe.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "core/date.h"
#include "core/run_chart.h"
#include "core/run_points.h"

namespace leadlag {

struct RunPhase {
  DateRange dates;
  int points = 0;
  std::optional<double> centre;   // none without points that are not frozen
  std::optional<RunChart> chart;  // none: too few points for a verdict
};

// At least one, in order; together they are the window. `starts` outside of the window, and at its first date, cut nothing. REQUIRES: the
// window is not empty; `points` in order, with dates that lie in it, and finite.
std::vector<RunPhase> PhasesOf(std::span<const RunPoint> points, DateRange window, std::span<const Date> starts,
                               std::optional<double> baseline = std::nullopt);

// The median of the points that are over by `until`: what a frozen centre is taken from. None where there are none.
std::optional<double> BaselineBefore(std::span<const RunPoint> points, Date until);

}  // namespace leadlag
