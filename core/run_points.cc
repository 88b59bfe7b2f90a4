#include "core/run_points.h"

#include <algorithm>
#include <tuple>

namespace leadlag {
namespace {

bool IsBefore(const SeriesValue& a, const SeriesValue& b) {
  return std::tie(a.event, a.numerator, a.denominator) < std::tie(b.event, b.numerator, b.denominator);
}

}  // namespace

DateRange UnitOf(ChartUnit unit, Date date) {
  switch (unit) {
    case ChartUnit::kDay: break;
    case ChartUnit::kWeek: return {date.StartOfIsoWeek(), date.StartOfIsoWeek() + 7};
    case ChartUnit::kMonth: return {date.StartOfMonth(), date.StartOfNextMonth()};
  }
  return {date, date + 1};
}

std::optional<SeriesValue> ChartedValue(Date event, const EvidenceValue& value) {
  if (const auto* const number = std::get_if<double>(&value)) return SeriesValue{event, *number, 1};
  if (const auto* const proportion = std::get_if<Proportion>(&value)) {
    return SeriesValue{event, static_cast<double>(proportion->numerator), static_cast<double>(proportion->denominator)};
  }
  return std::nullopt;
}

void SeriesValues::Add(const SeriesValue& value) {
  values_.insert(std::upper_bound(values_.begin(), values_.end(), value, IsBefore), value);
}

bool SeriesValues::Remove(const SeriesValue& value) {
  const auto place = std::lower_bound(values_.begin(), values_.end(), value, IsBefore);
  if (place == values_.end() || *place != value) return false;
  values_.erase(place);
  return true;
}

std::span<const SeriesValue> SeriesValues::In(DateRange range) const {
  const auto before = [](const SeriesValue& value, Date date) { return value.event < date; };
  const auto from = std::lower_bound(values_.begin(), values_.end(), range.from, before);
  const auto to = std::lower_bound(from, values_.end(), range.to, before);
  return {from, to};
}

std::vector<RunPoint> RunPointsOf(std::span<const SeriesValue> values, ChartUnit unit) {
  std::vector<RunPoint> points;
  double numerator = 0, denominator = 0;  // of the last point
  for (const SeriesValue& value : values) {
    if (points.empty() || value.event >= points.back().dates.to) {
      points.push_back({.dates = UnitOf(unit, value.event)});
      numerator = denominator = 0;
    }
    numerator += value.numerator;
    denominator += value.denominator;
    points.back().value = numerator / denominator;
    ++points.back().records;
  }
  return points;
}

}  // namespace leadlag
