#include "tests/support/naive_latency.h"

#include <algorithm>
#include <limits>

namespace leadlag {
namespace {

// 1-based nearest rank.
size_t RankOf(size_t n, int percent) {
  size_t rank = 1;
  while (rank * 100 < n * static_cast<size_t>(percent)) ++rank;
  return rank;
}

}  // namespace

LatencyDays NaiveRank(std::vector<NaiveItem> items) {
  LatencyDays latency;
  for (const NaiveItem& item : items) {
    ++(item.open ? latency.open : latency.closed);
    if (item.open) latency.oldest_open_days = std::max(latency.oldest_open_days.value_or(0), item.days);
  }
  if (items.empty()) return latency;
  std::sort(items.begin(), items.end(),
            [](const NaiveItem& a, const NaiveItem& b) { return a.days != b.days ? a.days < b.days : a.open < b.open; });
  const auto figure = [&](int percent) {
    const NaiveItem& item = items[RankOf(items.size(), percent) - 1];
    return LatencyFigure{item.days, item.open};
  };
  latency.p50 = figure(50);
  latency.p90 = figure(90);
  latency.max = figure(100);
  return latency;
}

HoursSpan NaiveHoursSpan(int64_t micros) {
  const int32_t hours = micros < 0 ? 0 : static_cast<int32_t>(std::min<int64_t>(micros / kMicrosPerHour, 1'000'000));
  if (hours < 48) return {hours, hours + 1};
  if (hours < 14 * 24) return {hours / 6 * 6, hours / 6 * 6 + 6};
  if (hours < 100 * 24) return {hours / 24 * 24, hours / 24 * 24 + 24};
  return {100 * 24, std::numeric_limits<int32_t>::max()};
}

Latency NaiveLatency(DateRange window, const std::vector<NaiveLatencyTeam>& teams) {
  std::vector<NaiveItem> collection, interpretation, total;
  std::vector<HoursSpan> hours;
  for (const NaiveLatencyTeam& team : teams) {
    const auto days = [&](Date from, Date to) { return std::max(0, team.calendar->Between(from, to)); };
    for (const NaiveLatencyRecord& record : team.records) {
      if (!window.Contains(record.first_event) || !team.calendar->YearOf(record.first_event)) continue;
      const bool open = !record.reviewed;
      const Date end = record.reviewed.value_or(team.today);
      collection.push_back({days(record.first_event, record.known), false});
      interpretation.push_back({days(record.interpretation_start, end), open});
      total.push_back({days(record.first_event, end), open});
      if (record.micros_to_known) hours.push_back(NaiveHoursSpan(*record.micros_to_known));
    }
  }
  Latency latency{NaiveRank(collection), NaiveRank(interpretation), NaiveRank(total), {}};
  latency.collection_hours.count = hours.size();
  if (!hours.empty()) {
    std::sort(hours.begin(), hours.end(), [](const HoursSpan& a, const HoursSpan& b) { return a.low < b.low; });
    latency.collection_hours.p50 = hours[RankOf(hours.size(), 50) - 1];
    latency.collection_hours.p90 = hours[RankOf(hours.size(), 90) - 1];
    latency.collection_hours.max = hours.back();
  }
  return latency;
}

uint64_t NaiveUnreviewedBeyond(const NaiveLatencyTeam& team, Date yesterday, int objective_days) {
  uint64_t count = 0;
  for (const NaiveLatencyRecord& record : team.records) {
    if (!team.calendar->YearOf(record.event)) continue;  // waits, uncounted, until a calendar covers it
    if (!record.reviewed && team.calendar->Between(record.interpretation_start, yesterday) > objective_days) ++count;
  }
  return count;
}

}  // namespace leadlag
