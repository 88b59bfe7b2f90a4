#include "server/engine/row_cache.h"

#include <algorithm>
#include <vector>

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

DayRow* RowCache::Insert(const RowId& id, DayRow row) {
  std::unique_ptr<Entry>& entry = entries_[id];
  entry = std::make_unique<Entry>(Entry{std::move(row), ++uses_});
  return &entry->row;
}

// An eighth at once, so that looking for the oldest costs little a row.
void RowCache::Trim() {
  if (entries_.size() <= rows_max_) return;
  std::vector<uint64_t> uses;
  uses.reserve(entries_.size());
  for (const auto& [id, entry] : entries_) uses.push_back(entry->used);
  const auto oldest_kept = uses.begin() + static_cast<std::ptrdiff_t>(entries_.size() - rows_max_ + rows_max_ / 8);
  std::nth_element(uses.begin(), oldest_kept, uses.end());
  absl::erase_if(entries_, [&](const auto& entry) { return entry.second->used < *oldest_kept; });
}

}  // namespace leadlag
