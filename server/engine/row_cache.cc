#include "server/engine/row_cache.h"

namespace leadlag {

void RowCache::CopyFrom(const RowCache& other) {
  for (auto it = other.order_.rbegin(); it != other.order_.rend(); ++it) Insert(it->first, it->second);
}

const DayRow* RowCache::Find(const RowId& id) const {
  const auto it = index_.find(id);
  return it == index_.end() ? nullptr : &it->second->second;
}

DayRow* RowCache::Use(const RowId& id) {
  const auto it = index_.find(id);
  if (it == index_.end()) return nullptr;
  order_.splice(order_.begin(), order_, it->second);
  return &it->second->second;
}

DayRow* RowCache::Insert(const RowId& id, DayRow row) {
  order_.emplace_front(id, std::move(row));
  index_[id] = order_.begin();
  return &order_.front().second;
}

void RowCache::Trim() {
  while (order_.size() > rows_max_) {
    index_.erase(order_.back().first);
    order_.pop_back();
  }
}

}  // namespace leadlag
