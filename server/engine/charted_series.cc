#include "server/engine/charted_series.h"

#include <utility>

#include "core/check.h"

namespace leadlag {

const SeriesValues* ChartedSeries::Use(const RowId& id) {
  const auto found = places_.find(id);
  if (found == places_.end()) return nullptr;
  held_.splice(held_.begin(), held_, found->second);
  return &found->second->values;
}

const SeriesValues& ChartedSeries::Hold(const RowId& id, SeriesValues values) {
  values_ += values.size();
  values_read_ += values.size();
  held_.push_front({id, std::move(values)});
  LEADLAG_CHECK(places_.emplace(id, held_.begin()).second);
  LetGo();
  return held_.front().values;
}

void ChartedSeries::Add(const RowId& id, const SeriesValue& value) {
  if (places_.empty()) return;
  const auto found = places_.find(id);
  if (found == places_.end()) return;
  found->second->values.Add(value);
  ++values_;
  LetGo();
}

bool ChartedSeries::Remove(const RowId& id, const SeriesValue& value) {
  if (places_.empty()) return true;
  const auto found = places_.find(id);
  if (found == places_.end()) return true;
  if (!found->second->values.Remove(value)) return false;
  --values_;
  return true;
}

void ChartedSeries::LetGoOfAll() {
  held_.clear();
  places_.clear();
  values_ = 0;
}

void ChartedSeries::SetValuesMax(size_t values_max) {
  values_max_ = values_max;
  LetGo();
}

void ChartedSeries::LetGo() {
  while (values_ > values_max_ && held_.size() > 1) {
    values_ -= held_.back().values.size();
    places_.erase(held_.back().id);
    held_.pop_back();
  }
}

}  // namespace leadlag
