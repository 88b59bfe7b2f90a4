// The rules of one time zone as plain data, so that the state can answer "which local date is it" without a time-zone
// database.
//
// Concepts: whoever logs a command resolves the zone once (server/engine/zone_database.h) and logs the rules with it;
// replaying the log therefore gives the same dates on any machine, whatever its tzdata. Rules are a sorted list of UTC
// offsets by first instant. Immutable after construction; thread safe.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "core/date.h"
#include "core/instant.h"

namespace leadlag {

// A wall-clock time of day in whole minutes, [0, 1440): a notify time. "07:00" is 420.
struct MinuteOfDay {
  int32_t minutes = 0;

  // Reads exactly "HH:MM", 00:00 to 23:59. INVALID_ARGUMENT otherwise.
  static absl::StatusOr<MinuteOfDay> Parse(std::string_view text);
  std::string ToString() const;
  friend constexpr auto operator<=>(MinuteOfDay, MinuteOfDay) = default;
};

struct ZoneRules {
  struct Offset {
    Instant from;              // the first instant at which it holds
    int32_t seconds_east = 0;  // local = UTC + seconds_east
    friend bool operator==(const Offset&, const Offset&) = default;
  };

  std::string name;             // IANA, "America/New_York"
  std::vector<Offset> offsets;  // sorted by `from`; the first one holds before its `from` too. Never empty.

  // The local date at an instant.
  Date LocalDate(Instant instant) const;

  // The instant at which a wall clock shows `minute` on `date`. In a gap (DST begins) the first instant after it, where
  // the time occurs twice the first of the two: DOMAIN.md, "Watches".
  Instant At(Date date, MinuteOfDay minute) const;

  // The first instant of a local date (its midnight, by the rule of At).
  Instant StartOf(Date date) const { return At(date, MinuteOfDay{0}); }

  friend bool operator==(const ZoneRules&, const ZoneRules&) = default;
};

}  // namespace leadlag
