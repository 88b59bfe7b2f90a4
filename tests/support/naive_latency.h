// The naive model's latency: records in a list, each looked at on its own.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/latency.h"
#include "tests/support/naive_calendar.h"

namespace leadlag {

// One record as latency sees it.
struct NaiveLatencyRecord {
  Date first_event;           // the first revision's event date
  Date event;                 // the current revision's
  Date known;                 // the first revision's known date
  Date interpretation_start;  // known, or the day on which the current correction was recorded
  std::optional<Date> reviewed;
  std::optional<int64_t> micros_to_known;  // event to known, where both ends are instants
};

// The records of a team; several teams are ranked together.
struct NaiveLatencyTeam {
  const NaiveCalendar* calendar = nullptr;
  Date today;
  std::vector<NaiveLatencyRecord> records;
};

Latency NaiveLatency(DateRange window, const std::vector<NaiveLatencyTeam>& teams);

// One thing that took so long, or is open at that age.
struct NaiveItem {
  int days = 0;
  bool open = false;
};
LatencyDays NaiveRank(std::vector<NaiveItem> items);

// Unreviewed records (dated, as they stand, in a school year) with more than so many instructional days from their
// interpretation's start to yesterday.
uint64_t NaiveUnreviewedBeyond(const NaiveLatencyTeam& team, Date yesterday, int objective_days);

// The hours [low, high) that are told apart: each hour below 48, 6 hours each below 14 days, a day each below 100 days,
// then all one.
HoursSpan NaiveHoursSpan(int64_t micros);

}  // namespace leadlag
