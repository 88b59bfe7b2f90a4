// Evidence latency: how long evidence takes to become known (collection), to be interpreted (interpretation), and both
// (total), in instructional days floored at 0, exact from day rows. DOMAIN.md, "Latency". Pure; thread safe.
//
// Cohort: first revision's event date in the window [from, to). p50, p90 (nearest rank) and max rank closed and open
// items together, an open one at its age from the metric's own start to now; at equal value closed ranks first; a
// figure whose ranked item is open is "at least". A team cannot improve by never reviewing.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/calendar.h"
#include "core/day_row.h"

namespace leadlag {

struct LatencyFigure {
  int days = 0;
  bool at_least = false;  // the ranked item is open
  friend bool operator==(const LatencyFigure&, const LatencyFigure&) = default;
};

struct LatencyDays {
  uint64_t closed = 0;  // records
  uint64_t open = 0;
  std::optional<int> oldest_open_days;
  std::optional<LatencyFigure> p50, p90, max;  // none where closed + open = 0
};

// Hours from event to known, for records where both ends are instants: the nearest-rank item's bucket, so right to
// within HoursSpan (day_row.h).
struct LatencyHours {
  uint64_t count = 0;
  std::optional<HoursSpan> p50, p90, max;
};

struct Latency {
  LatencyDays collection;      // D(event, known]; never open
  LatencyDays interpretation;  // D(known or corrected, reviewed]
  LatencyDays total;           // D(event, reviewed]
  LatencyHours collection_hours;
};

// Collects rows of any number of teams, each with its own calendar and today, then ranks once.
class LatencyTally {
 public:
  explicit LatencyTally(DateRange window) : window_(window) {}
  // Adds the row's records whose first event date lies in the window and in a school year of the calendar (else they
  // wait, uncounted). `today` is the local date of now in the team's zone, also for a window in the past: an open item
  // ages to now. Returns how many records it added.
  uint64_t Add(const Calendar& calendar, Date today, const DayRow& row);
  Latency Result() const;

 private:
  struct Counts {
    std::vector<std::array<uint64_t, 2>> by_days;  // [closed, open] records; at equal days closed ranks first
    std::array<uint64_t, 2>& At(int days) {
      const auto place = static_cast<size_t>(days);
      if (place >= by_days.size()) by_days.resize(place + 1);
      return by_days[place];
    }
  };
  static LatencyDays Rank(const Counts& counts);

  DateRange window_;
  Counts collection_, interpretation_, total_;
  std::array<uint64_t, 256> hours_{};
};

// Records unreviewed beyond the objective: D(interpretation start, yesterday] > objective_days. The second figure of
// evidence debt. A record whose current event date lies in no school year of the calendar waits, uncounted.
uint64_t UnreviewedBeyond(const Calendar& calendar, Date yesterday, int objective_days, const DayRow& row);

}  // namespace leadlag
