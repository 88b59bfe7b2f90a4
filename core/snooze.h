// When a snoozed alert shows again. DOMAIN.md: a snooze mutes an alert, it is not a state; its days count on.
//
// A snooze lasts until a date of the team. Its state shows again at the notify time of the first instructional day on or after that
// date: a closure that is added meanwhile moves the moment on. Pure; thread safe.
#pragma once

#include <optional>

#include "core/date.h"
#include "core/instant.h"
#include "core/watch.h"

namespace leadlag {

// The date until which a snooze of `days` instructional days lasts that begins on `today`: the instructional day d with
// D(today, d] = days. None where the calendar has no such day. REQUIRES: days >= 1.
std::optional<Date> SnoozedUntil(const WatchWorld& world, Date today, int days);

// The moment at which a snooze until `until` is over: the first notify time of an instructional day >= `until` that is not before
// `not_before`. None where the calendar has no such day, or the watch is gone.
std::optional<Instant> SnoozeEnd(const WatchWorld& world, Date until, Instant not_before);

}  // namespace leadlag
