// Evidence latency: how long evidence takes to become known (collection), to be interpreted (interpretation), and both
// (total), in instructional days floored at 0, exact from day rows. DOMAIN.md, "Latency". Pure; thread safe.
//
// Cohort: first revision's event date in the window [from, to). p50, p90 (nearest rank) and max rank closed and open
// items together, an open one at its age from the metric's own start to now; at equal value closed ranks first; a
// figure whose ranked item is open is "at least". A team cannot improve by never reviewing.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "core/calendar.h"
#include "core/cycle.h"
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

// Items by their days, to be ranked.
class LatencyCounts {
 public:
  // REQUIRES: days >= 0.
  void Add(int days, bool open, uint64_t items = 1) {
    const auto place = static_cast<size_t>(days);
    if (place >= by_days_.size()) by_days_.resize(place + 1);
    by_days_[place][open ? 1 : 0] += items;
  }
  LatencyDays Rank() const;

 private:
  std::vector<std::array<uint64_t, 2>> by_days_;  // [closed, open] items; at equal days closed ranks first
};

// Collects rows of any number of teams, each with its own calendar and today, then ranks once.
class LatencyTally {
 public:
  explicit LatencyTally(DateRange window) : window_(window) {}
  // Adds the row's records whose first event date lies in the window and in a school year of the calendar (else they
  // wait, uncounted). `today` is the local date of now in the team's zone, also for a window in the past: an open item
  // ages to now. Returns how many records it added.
  uint64_t Add(const Calendar& calendar, Date today, const DayRow& row);
  // One entry of a row. REQUIRES: its first event date lies in the window and in a school year of the calendar.
  void AddEntry(const Calendar& calendar, Date today, const DayEntry& entry);
  Latency Result() const;

 private:
  DateRange window_;
  LatencyCounts collection_, interpretation_, total_;
  std::array<uint64_t, 256> hours_{};
};

// The same by week or month of the first event date. A cycle is as much of it as lies in the window.
class LatencySplit {
 public:
  LatencySplit(DateRange window, CycleUnit unit) : window_(window), unit_(unit) {}
  void Add(const Calendar& calendar, Date today, const DayRow& row);
  struct Cycle {
    DateRange dates;
    Latency latency;
  };
  std::vector<Cycle> Result() const;  // those that have records, in order

 private:
  DateRange window_;
  CycleUnit unit_;
  std::map<Date, LatencyTally> cycles_;  // by the unit's first date
};

// Records unreviewed beyond the objective: D(interpretation start, yesterday] > objective_days. The second figure of
// evidence debt. A record whose current event date lies in no school year of the calendar waits, uncounted.
uint64_t UnreviewedBeyond(const Calendar& calendar, Date yesterday, int objective_days, const DayRow& row);

}  // namespace leadlag
