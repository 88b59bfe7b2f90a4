#include "core/action_latency.h"

#include <algorithm>

namespace leadlag {

void ActionTally::Add(const Calendar& calendar, Date today, Date start, std::optional<Date> leading, std::optional<Date> lagging) {
  if (!window_.Contains(start) || start > today || calendar.YearOf(start) == nullptr) return;
  const auto days = [&](std::optional<Date> known) { return std::max(0, calendar.Between(start, known.value_or(today))); };
  to_leading_.Add(days(leading), !leading);
  to_lagging_.Add(days(lagging), !lagging);
  if (leading) {
    head_start_.Add(std::max(0, days(lagging) - days(leading)), !lagging);
  } else if (lagging) {
    head_start_.Add(0, false);
  }
}

ActionLatency ActionTally::Result() const { return {to_leading_.Rank(), to_lagging_.Rank(), head_start_.Rank()}; }

std::optional<Date> FirstKnownAfter(const Calendar& calendar, std::span<const DayRow* const> rows, Date start) {
  std::optional<Date> first;
  for (const DayRow* row : rows) {
    for (const DayEntry& entry : row->entries()) {
      if (entry.first_event() <= start || (first && entry.known >= *first)) continue;
      if (calendar.YearOf(entry.first_event()) != nullptr) first = entry.known;
    }
  }
  return first;
}

}  // namespace leadlag
