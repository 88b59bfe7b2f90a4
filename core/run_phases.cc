#include "core/run_phases.h"

#include <algorithm>

namespace leadlag {
namespace {

// Where a point is shown from: its unit may begin before the window.
Date ShownFrom(const RunPoint& point, DateRange window) { return std::max(point.dates.from, window.from); }

std::vector<double> ValuesOf(std::span<const RunPoint> points) {
  std::vector<double> values;
  values.reserve(points.size());
  for (const RunPoint& point : points) values.push_back(point.value);
  return values;
}

}  // namespace

std::vector<RunPhase> PhasesOf(std::span<const RunPoint> points, DateRange window, std::span<const Date> starts,
                               std::optional<double> baseline) {
  std::vector<Date> cuts(starts.begin(), starts.end());
  std::erase_if(cuts, [&window](Date date) { return date <= window.from || date >= window.to; });
  std::sort(cuts.begin(), cuts.end());
  cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
  cuts.push_back(window.to);
  std::vector<RunPhase> phases;
  Date from = window.from;
  size_t first = 0;
  for (const Date to : cuts) {
    size_t last = first;
    while (last < points.size() && ShownFrom(points[last], window) < to) ++last;
    const std::vector<double> values = ValuesOf(points.subspan(first, last - first));
    RunPhase phase{.dates = {from, to}, .points = static_cast<int>(values.size()), .centre = baseline, .chart = std::nullopt};
    if (!baseline && !values.empty()) phase.centre = Median(values);
    phase.chart = RunChartOf(values, baseline);
    phases.push_back(phase);
    from = to;
    first = last;
  }
  return phases;
}

std::optional<double> BaselineBefore(std::span<const RunPoint> points, DateRange window, Date until) {
  size_t count = 0;
  while (count < points.size() && ShownFrom(points[count], window) < until) ++count;
  if (count == 0) return std::nullopt;
  return Median(ValuesOf(points.first(count)));
}

}  // namespace leadlag
