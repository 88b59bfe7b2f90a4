#include "server/engine/watches.h"

#include <algorithm>

#include "core/check.h"

namespace leadlag {
namespace {

// Room that a team's array grows by: doubling it would waste as much as the watches take.
constexpr size_t kRoom = 4;

}  // namespace

const Watches::Entry* Watches::Place(WatchId id) const {
  const std::vector<Entry>* const entries = EntriesOf(id.team);
  if (entries == nullptr) return nullptr;
  const auto place = std::lower_bound(entries->begin(), entries->end(), id.expectation,
                                      [](const Entry& entry, ExpectationNumber number) { return entry.expectation < number; });
  return place == entries->end() || place->expectation != id.expectation ? nullptr : &*place;
}

WatchRecord* Watches::Find(WatchId id) {
  Entry* const entry = Place(id);
  return entry == nullptr ? nullptr : &entry->record;
}

const WatchRecord* Watches::Find(WatchId id) const {
  const Entry* const entry = Place(id);
  return entry == nullptr ? nullptr : &entry->record;
}

WatchRecord& Watches::Add(WatchId id, const WatchRecord& record) {
  std::vector<Entry>& entries = MutableEntriesOf(id.team);
  if (entries.size() == entries.capacity()) entries.reserve(entries.size() + kRoom);
  const auto place = std::upper_bound(entries.begin(), entries.end(), id.expectation,
                                      [](ExpectationNumber number, const Entry& entry) { return number < entry.expectation; });
  LEADLAG_CHECK(place == entries.begin() || std::prev(place)->expectation != id.expectation);
  Entry entry;
  entry.expectation = id.expectation;
  entry.record = record;
  ++size_;
  return entries.insert(place, entry)->record;
}

void Watches::Remove(WatchId id) {
  const Entry* const entry = Place(id);
  if (entry == nullptr) return;
  SetMoment(id, std::nullopt);
  std::vector<Entry>& entries = MutableEntriesOf(id.team);
  entries.erase(entries.begin() + (entry - entries.data()));
  --size_;
}

std::vector<Watches::Entry>& Watches::MutableEntriesOf(TeamNumber team) {
  if (team == kNoTeam) return sources_;
  if (team >= teams_.size()) teams_.resize(team + 1);
  return teams_[team];
}

std::span<const Watches::Entry> Watches::OfTeam(TeamNumber team) const {
  const std::vector<Entry>* const entries = EntriesOf(team);
  if (entries == nullptr) return {};
  return *entries;
}

void Watches::SetMoment(WatchId id, std::optional<Instant> moment) {
  Entry* const entry = Place(id);
  LEADLAG_CHECK(entry != nullptr);
  const std::optional<Instant> before = entry->moment == kNever ? std::nullopt : std::optional(entry->moment);
  entry->moment = moment.value_or(kNever);
  deadlines_.Move(id, before, moment, [this](WatchId watch) { return MomentOf(watch); });
}

std::optional<Instant> Watches::MomentOf(WatchId id) const {
  const Entry* const entry = Place(id);
  return entry == nullptr || entry->moment == kNever ? std::nullopt : std::optional(entry->moment);
}

std::optional<WatchId> Watches::FirstDue(Instant through) {
  return deadlines_.FirstDue(through, [this](WatchId watch) { return MomentOf(watch); });
}

void Watches::SetUnwritten(WatchId id) {
  Entry* const entry = Place(id);
  LEADLAG_CHECK(entry != nullptr);
  if (entry->unwritten) return;
  entry->unwritten = true;
  unwritten_.push_back(id);
}

void Watches::WriteBack(size_t keep, absl::FunctionRef<void(WatchId, const WatchRecord&)> write) {
  for (; unwritten_.size() > keep; unwritten_.pop_front()) {
    Entry* const entry = Place(unwritten_.front());
    if (entry == nullptr || !entry->unwritten) continue;  // removed since; what took its place stands further back
    entry->unwritten = false;
    write(unwritten_.front(), entry->record);
  }
}

}  // namespace leadlag
