#include "server/engine/day_rows.h"

#include <algorithm>
#include <climits>
#include <iterator>
#include <tuple>
#include <utility>

#include "core/check.h"

namespace leadlag {
namespace {

constexpr size_t kPrefetched = 8;

bool IsBefore(const DayRows::Slot& slot, const RowId& id) {
  return std::tie(slot.indicator, slot.row_year) < std::tie(id.indicator, id.row_year);
}

uint16_t BitOf(int month) { return static_cast<uint16_t>(1 << month); }

bool IsOf(const DayRows::Slot& slot, const RowId& id) { return slot.indicator == id.indicator && slot.row_year == id.row_year; }

}  // namespace

std::span<const DayRows::Slot> DayRows::OfTeam(TeamNumber team) const {
  if (team >= teams_.size()) return {};
  return teams_[team];
}

std::optional<int> DayRows::FirstYearOf(TeamNumber team) const {
  const std::span<const Slot> slots = OfTeam(team);
  const auto first = std::min_element(slots.begin(), slots.end(), [](const Slot& a, const Slot& b) { return a.row_year < b.row_year; });
  return first == slots.end() ? std::nullopt : std::optional(first->row_year);
}

const DayRows::Slot* DayRows::Find(const RowId& id) const {
  const std::span<const Slot> slots = OfTeam(id.team);
  const auto place = std::lower_bound(slots.begin(), slots.end(), id, IsBefore);
  return place == slots.end() || !IsOf(*place, id) ? nullptr : &*place;
}

DayRows::Slot& DayRows::Insert(const RowId& id) {
  if (id.team >= teams_.size()) teams_.resize(id.team + 1);
  std::vector<Slot>& slots = teams_[id.team];
  const auto place = std::lower_bound(slots.begin(), slots.end(), id, IsBefore);
  LEADLAG_CHECK(place == slots.end() || !IsOf(*place, id));
  return *slots.insert(place, Slot{.indicator = id.indicator, .row_year = id.row_year});
}

void DayRows::PrefetchRows(TeamNumber team) const {
  const std::span<const Slot> slots = OfTeam(team);
  for (size_t i = 0; i < slots.size() && i < kPrefetched; ++i) __builtin_prefetch(&slots[i], 1);
}

void DayRows::PrefetchEntries(TeamNumber team, IndicatorNumber indicator) const {
  const std::span<const Slot> slots = OfTeam(team);
  const auto past = std::lower_bound(slots.begin(), slots.end(), RowId{team, indicator, INT_MAX}, IsBefore);
  if (past == slots.begin() || std::prev(past)->row.empty()) return;
  __builtin_prefetch(&std::prev(past)->row.entries().back(), 1);
}

void DayRows::Know(const RowId& id, int month) {
  Slot* const found = Place(id);
  Slot& slot = found != nullptr ? *found : Insert(id);
  LEADLAG_CHECK(!slot.in_memory);
  slot.stored |= BitOf(month);
}

DayRow* DayRows::Use(const RowId& id) {
  Slot* const slot = Place(id);
  if (slot == nullptr || !slot->in_memory) return nullptr;
  slot->used = ++uses_;
  return &slot->row;
}

DayRow* DayRows::Load(const RowId& id, DayRow row) {
  Slot* const found = Place(id);
  Slot& slot = found != nullptr ? *found : Insert(id);
  LEADLAG_CHECK(!slot.in_memory);
  slot.in_memory = true;
  slot.row = std::move(row);
  slot.used = ++uses_;
  ++in_memory_;
  return &slot.row;
}

DayRows::Due DayRows::MarkChanged(const RowId& id, Date event_date) {
  Slot& slot = *Place(id);
  const uint16_t bit = BitOf(RowMonth(event_date));
  const bool was_stored = (slot.stored & bit) != 0;
  const bool is_last = !slot.row.empty() && slot.row.entries().back().event == event_date;  // as most often
  if (!is_last && !slot.row.LastEventIn(RowMonthDates(id.row_year, RowMonth(event_date)))) {
    slot.unwritten &= static_cast<uint16_t>(~bit);
    slot.stored &= static_cast<uint16_t>(~bit);
    return was_stored ? Due::kDelete : Due::kNothing;
  }
  slot.stored |= bit;
  if (!was_stored) return Due::kPut;
  if (slot.unwritten == 0) unwritten_.push_back(id);
  slot.unwritten |= bit;
  return Due::kNothing;
}

void DayRows::WriteBack(size_t keep, absl::FunctionRef<void(const RowId&, int month, const DayRow& part)> write) {
  for (; unwritten_.size() > keep; unwritten_.pop_front()) {
    const RowId id = unwritten_.front();
    Slot* const slot = Place(id);
    if (slot == nullptr) continue;  // emptied since, and dropped; what took its place stands further back
    const uint16_t months = std::exchange(slot->unwritten, uint16_t{0});
    for (int month = 0; month < kRowMonths; ++month) {
      if ((months & BitOf(month)) != 0) write(id, month, slot->row.Part(RowMonthDates(id.row_year, month)));
    }
  }
}

// An eighth at once, so that looking for the oldest costs little a row.
void DayRows::Trim() {
  if (!full()) return;
  LEADLAG_CHECK(unwritten_.empty());
  std::vector<uint64_t> uses;
  uses.reserve(in_memory_);
  for (const std::vector<Slot>& slots : teams_) {
    for (const Slot& slot : slots) {
      if (slot.in_memory) uses.push_back(slot.used);
    }
  }
  const auto oldest_kept = uses.begin() + static_cast<std::ptrdiff_t>(in_memory_ - rows_max_ + rows_max_ / 8);
  std::nth_element(uses.begin(), oldest_kept, uses.end());
  for (std::vector<Slot>& slots : teams_) {
    for (Slot& slot : slots) {
      if (!slot.in_memory || slot.used >= *oldest_kept) continue;
      slot.in_memory = false;
      slot.row = DayRow();
      --in_memory_;
    }
    std::erase_if(slots, [](const Slot& slot) { return !slot.in_memory && slot.stored == 0; });  // emptied
  }
}

}  // namespace leadlag
