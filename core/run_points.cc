#include "core/run_points.h"

#include <algorithm>
#include <limits>
#include <tuple>

namespace leadlag {
namespace {

// Of sums of numerators. More records than there can be do not bring the largest number's sum past the largest number; and as a power of
// two it changes no bit of any but numbers below 2^-958.
constexpr double kUnit = 0x1p64;

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

bool SeriesValues::IsBefore::operator()(const SeriesValue& a, const SeriesValue& b) const {
  return std::tie(a.event, a.numerator, a.denominator) < std::tie(b.event, b.numerator, b.denominator);
}

std::vector<SeriesDay>::iterator SeriesValues::DayAt(Date date) const {
  return std::lower_bound(days_.begin(), days_.end(), date, [](const SeriesDay& day, Date wanted) { return day.date < wanted; });
}

void SeriesValues::Add(const SeriesValue& value) {
  values_.insert(value);
  auto day = DayAt(value.event);
  if (day == days_.end() || day->date != value.event) day = days_.insert(day, {.date = value.event});
  ++day->records;
  day->denominators = 0;
}

bool SeriesValues::Remove(const SeriesValue& value) {
  const auto place = values_.find(value);
  if (place == values_.end()) return false;
  values_.erase(place);
  const auto day = DayAt(value.event);
  day->denominators = 0;
  if (--day->records == 0) days_.erase(day);
  return true;
}

void SeriesValues::Reckon(SeriesDay& day) const {
  constexpr double kLeast = -std::numeric_limits<double>::infinity();
  day.numerators = day.denominators = 0;
  auto value = values_.lower_bound({day.date, kLeast, kLeast});
  for (uint32_t i = 0; i < day.records; ++i, ++value) {
    day.numerators += value->numerator / kUnit;
    day.denominators += value->denominator;
  }
}

std::span<const SeriesDay> SeriesValues::In(DateRange range) const {
  const auto from = DayAt(range.from), to = DayAt(std::max(range.from, range.to));
  for (auto day = from; day != to; ++day) {
    if (day->denominators == 0) Reckon(*day);
  }
  return {from, to};
}

std::vector<RunPoint> RunPointsOf(std::span<const SeriesDay> days, ChartUnit unit) {
  constexpr double kMost = std::numeric_limits<double>::max();
  std::vector<RunPoint> points;
  double numerators = 0, denominators = 0;  // of the last point
  for (const SeriesDay& day : days) {
    if (points.empty() || day.date >= points.back().dates.to) {
      points.push_back({.dates = UnitOf(unit, day.date)});
      numerators = denominators = 0;
    }
    numerators += day.numerators;
    denominators += day.denominators;
    // The mean of numbers lies between them, but for what was rounded.
    points.back().value = std::clamp(numerators / denominators * kUnit, -kMost, kMost);
    points.back().records += day.records;
  }
  return points;
}

}  // namespace leadlag
