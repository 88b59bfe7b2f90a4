#include "core/snooze.h"

#include <algorithm>

namespace leadlag {

std::optional<Date> SnoozedUntil(const WatchWorld& world, Date today, int days) {
  return world.calendar == nullptr ? std::nullopt : world.calendar->NthAfter(today, days);
}

std::optional<Instant> SnoozeEnd(const WatchWorld& world, Date until, Instant not_before) {
  if (world.calendar == nullptr) return std::nullopt;
  std::optional<Date> day = world.calendar->FirstOnOrAfter(std::max(until, world.zone->LocalDate(not_before)));
  if (day && world.zone->At(*day, world.terms.notify_time) < not_before) day = world.calendar->NthAfter(*day, 1);
  if (!day) return std::nullopt;
  return world.zone->At(*day, world.terms.notify_time);
}

}  // namespace leadlag
