// Random calendars, zones, activity, worlds and whole watch stories, small and dense enough that their corners meet.
#pragma once

#include <vector>

#include "tests/support/naive_watch.h"
#include "tests/support/random_seed.h"

namespace leadlag {

// All random school years lie in [RandomStart, RandomStart + 200).
inline constexpr Date kRandomStart = Date(20270);  // 2025-07-01

// Two or three school years of some weeks each, some touching, with terms, closures, make-up days, late arrivals and
// odd weekday masks.
CalendarSpec RandomCalendar(Random& random);
// The same years (bounds) as `like`, with other terms and exceptions: a team may move between the two inside a year.
CalendarSpec RandomSibling(Random& random, const CalendarSpec& like);
// One to three parts, siblings of each other.
std::vector<NaiveCalendar::Part> RandomParts(Random& random);
// A whole number of quarter hours from UTC, with up to four changes of half an hour to two at arbitrary hours, midnight
// among them.
ZoneRules RandomZone(Random& random);
// One to three periods, ordered, disjoint, not touching; mostly one without an end.
std::vector<ActivePeriod> RandomActivity(Random& random);
WatchTerms RandomTerms(Random& random);
NaiveWorld RandomWorld(Random& random);

WatchStory RandomStory(Random& random);

}  // namespace leadlag
