#include "server/engine/row_cache.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/check.h"

namespace leadlag {

void RowCache::CopyFrom(const RowCache& other) {
  for (const auto& [id, entry] : other.entries_) entries_.emplace(id, std::make_unique<Entry>(*entry));
  uses_ = other.uses_;
}

const DayRow* RowCache::Find(const RowId& id) const {
  const auto found = entries_.find(id);
  return found == entries_.end() ? nullptr : &found->second->row;
}

DayRow* RowCache::Use(const RowId& id) {
  const auto found = entries_.find(id);
  if (found == entries_.end()) return nullptr;
  found->second->used = ++uses_;
  return &found->second->row;
}

DayRow* RowCache::Insert(const RowId& id, DayRow row, bool stored) {
  std::unique_ptr<Entry>& entry = entries_[id];
  entry = std::make_unique<Entry>(Entry{std::move(row), ++uses_, stored});
  return &entry->row;
}

RowCache::Due RowCache::MarkChanged(const RowId& id) {
  Entry& entry = *entries_.find(id)->second;
  if (entry.row.empty()) {
    entry.unwritten = false;
    return std::exchange(entry.stored, false) ? Due::kDelete : Due::kNothing;
  }
  if (!std::exchange(entry.stored, true)) return Due::kPut;
  if (!std::exchange(entry.unwritten, true)) unwritten_.push_back(id);
  return Due::kNothing;
}

void RowCache::WriteBack(size_t keep, absl::FunctionRef<void(const RowId&, const DayRow&)> write) {
  for (; unwritten_.size() > keep; unwritten_.pop_front()) {
    const auto found = entries_.find(unwritten_.front());
    // Emptied since, and dropped perhaps; what took its place stands further back.
    if (found == entries_.end() || !std::exchange(found->second->unwritten, false)) continue;
    write(found->first, found->second->row);
  }
}

// An eighth at once, so that looking for the oldest costs little a row.
void RowCache::Trim() {
  if (!full()) return;
  LEADLAG_CHECK(unwritten_.empty());
  std::vector<uint64_t> uses;
  uses.reserve(entries_.size());
  for (const auto& [id, entry] : entries_) uses.push_back(entry->used);
  const auto oldest_kept = uses.begin() + static_cast<std::ptrdiff_t>(entries_.size() - rows_max_ + rows_max_ / 8);
  std::nth_element(uses.begin(), oldest_kept, uses.end());
  absl::erase_if(entries_, [&](const auto& entry) { return entry.second->used < *oldest_kept; });
}

}  // namespace leadlag
