#include "core/run_phases.h"

#include <algorithm>

namespace leadlag {
namespace {

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
    while (last < points.size() && points[last].dates.from < to) ++last;
    const std::vector<double> values = ValuesOf(points.subspan(first, last - first));
    std::optional<double> centre = baseline;
    if (!centre && !values.empty()) centre = Median(values);
    phases.push_back(
        {.dates = {from, to}, .points = static_cast<int>(values.size()), .centre = centre, .chart = RunChartOf(values, centre)});
    from = to;
    first = last;
  }
  return phases;
}

std::optional<double> BaselineBefore(std::span<const RunPoint> points, Date until) {
  size_t count = 0;
  while (count < points.size() && points[count].dates.to <= until) ++count;
  if (count == 0) return std::nullopt;
  return Median(ValuesOf(points.first(count)));
}

}  // namespace leadlag
