// A district for watches: every date is an instructional day, and its zone is the one in which it is about noon now, so
// that notify times a few minutes or hours ahead are of today.
#pragma once

#include <string>

#include "core/catalog.h"
#include "core/instant.h"

namespace leadlag::benchmark {

struct WatchedDistrict {
  explicit WatchedDistrict(Instant now);

  // Teams "team-00000", …; one indicator, "visits"; one source, kSource; no expectation.
  Catalog catalog;
  int offset_hours = 0;  // the zone's, east of UTC
  Date today;            // there

  MinuteOfDay MinuteAt(Instant instant) const;
  void AddTeams(int count);
  static std::string TeamId(int team);
  // Watches of all teams, or of the first `teams` where that is not 0. Late today at `notify`, or nothing happens for
  // months.
  void AddDueToday(const std::string& id, int teams, MinuteOfDay notify);
  void AddQuiet(const std::string& id, int teams);

 private:
  Expectation& Add(const std::string& id, int teams);
};

}  // namespace leadlag::benchmark
