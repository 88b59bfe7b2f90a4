#include "core/latency.h"

#include <algorithm>

namespace leadlag {
namespace {

enum Closure : size_t { kClosed = 0, kOpen = 1 };

// The place, counted from 1, of the ceil(p * n)-th smallest of n. REQUIRES: n >= 1.
uint64_t RankOf(int percent, uint64_t n) { return (n * static_cast<uint64_t>(percent) + 99) / 100; }

int DaysBetween(const Calendar& calendar, Date from, Date through) {
  return std::max(0, calendar.Between(from, through));
}

// The item at a place, counted from 1. REQUIRES: place <= the number of items.
LatencyFigure FigureAt(const std::vector<std::array<uint64_t, 2>>& by_days, uint64_t place) {
  for (size_t days = 0; days < by_days.size(); ++days) {
    const auto& counts = by_days[days];
    if (place <= counts[kClosed]) return {static_cast<int>(days), false};
    place -= counts[kClosed];
    if (place <= counts[kOpen]) return {static_cast<int>(days), true};
    place -= counts[kOpen];
  }
  return {};
}

// The span of the bucket that holds the item at a place. REQUIRES: as FigureAt.
HoursSpan HoursAt(const std::array<uint64_t, 256>& counts, uint64_t place) {
  size_t bucket = 0;
  while (place > counts[bucket]) place -= counts[bucket++];
  return HoursOf(static_cast<uint8_t>(bucket));
}

LatencyHours RankHours(const std::array<uint64_t, 256>& counts) {
  LatencyHours hours;
  for (const uint64_t count : counts) hours.count += count;
  if (hours.count == 0) return hours;
  hours.p50 = HoursAt(counts, RankOf(50, hours.count));
  hours.p90 = HoursAt(counts, RankOf(90, hours.count));
  hours.max = HoursAt(counts, hours.count);
  return hours;
}

}  // namespace

namespace {

// Calls `visit` for each entry of the cohort.
template <typename Visit>
void ForEachOfCohort(const Calendar& calendar, DateRange window, const DayRow& row, Visit visit) {
  const SchoolYear* year = nullptr;  // of the entry before, most often this one's too
  for (const DayEntry& entry : row.entries()) {
    const Date event = entry.first_event();
    if (!window.Contains(event)) continue;
    if (year == nullptr || !year->bounds.Contains(event)) year = calendar.YearOf(event);
    if (year != nullptr) visit(entry);
  }
}

}  // namespace

uint64_t LatencyTally::Add(const Calendar& calendar, Date today, const DayRow& row) {
  uint64_t added = 0;
  ForEachOfCohort(calendar, window_, row, [&](const DayEntry& entry) {
    AddEntry(calendar, today, entry);
    added += entry.count;
  });
  return added;
}

void LatencyTally::AddEntry(const Calendar& calendar, Date today, const DayEntry& entry) {
  const Date event = entry.first_event();
  const bool open = !entry.reviewed;
  const Date end = entry.reviewed.value_or(today);
  collection_.Add(DaysBetween(calendar, event, entry.known), false, entry.count);
  interpretation_.Add(DaysBetween(calendar, entry.interpretation_start(), end), open, entry.count);
  total_.Add(DaysBetween(calendar, event, end), open, entry.count);
  if (entry.hours) hours_[*entry.hours] += entry.count;
}

LatencyDays LatencyCounts::Rank() const {
  LatencyDays days;
  for (size_t value = 0; value < by_days_.size(); ++value) {
    const auto& items = by_days_[value];
    days.closed += items[kClosed];
    days.open += items[kOpen];
    if (items[kOpen] > 0) days.oldest_open_days = static_cast<int>(value);  // the last one stays
  }
  const uint64_t n = days.closed + days.open;
  if (n == 0) return days;
  days.p50 = FigureAt(by_days_, RankOf(50, n));
  days.p90 = FigureAt(by_days_, RankOf(90, n));
  days.max = FigureAt(by_days_, n);
  return days;
}

void LatencySplit::Add(const Calendar& calendar, Date today, const DayRow& row) {
  ForEachOfCohort(calendar, window_, row, [&](const DayEntry& entry) {
    const Date start = CycleStart(unit_, entry.first_event());
    cycles_.try_emplace(start, DateRange{start, NextCycle(unit_, start)}).first->second.AddEntry(calendar, today, entry);
  });
}

std::vector<LatencySplit::Cycle> LatencySplit::Result() const {
  std::vector<Cycle> cycles;
  for (const auto& [start, tally] : cycles_) {
    cycles.push_back({{std::max(start, window_.from), std::min(NextCycle(unit_, start), window_.to)}, tally.Result()});
  }
  return cycles;
}

Latency LatencyTally::Result() const {
  return {collection_.Rank(), interpretation_.Rank(), total_.Rank(), RankHours(hours_)};
}

uint64_t UnreviewedBeyond(const Calendar& calendar, Date yesterday, int objective_days, const DayRow& row) {
  if (row.empty()) return 0;
  // An earlier start is further back: the first that is not beyond, once for all entries.
  Date beyond_before = Date::Min();
  for (int span = yesterday - beyond_before; span > 0;) {
    const int half = span / 2;
    if (calendar.Between(beyond_before + half, yesterday) > objective_days) {
      beyond_before = beyond_before + half + 1;
      span -= half + 1;
    } else {
      span = half;
    }
  }
  uint64_t records = 0;
  const SchoolYear* year = nullptr;  // of the entry before, most often this one's too
  for (const DayEntry& entry : row.entries()) {
    if (entry.reviewed || entry.interpretation_start() >= beyond_before) continue;
    if (year == nullptr || !year->bounds.Contains(entry.event)) year = calendar.YearOf(entry.event);
    if (year != nullptr) records += entry.count;
  }
  return records;
}

}  // namespace leadlag
