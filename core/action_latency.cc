#include "core/action_latency.h"

#include <algorithm>

#include "core/check.h"

namespace leadlag {

bool ActionTally::Counts(const Calendar& calendar, Date today, Date start) const {
  return window_.Contains(start) && start <= today && calendar.YearOf(start) != nullptr;
}

void ActionTally::Add(const Calendar& calendar, Date today, Date start, const FirstEvidence& leading, const FirstEvidence& lagging) {
  LEADLAG_CHECK(Counts(calendar, today, start));
  const auto days = [&](const FirstEvidence& first) { return std::max(0, calendar.Between(start, first.known.value_or(today))); };
  if (leading.awaited) to_leading_.Add(days(leading), !leading.known);
  if (lagging.awaited) to_lagging_.Add(days(lagging), !lagging.known);
  if (!leading.awaited || !lagging.awaited) return;
  if (leading.known) {
    head_start_.Add(std::max(0, days(lagging) - days(leading)), !lagging.known);
  } else if (lagging.known) {
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
