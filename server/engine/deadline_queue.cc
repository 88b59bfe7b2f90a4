#include "server/engine/deadline_queue.h"

#include <algorithm>
#include <functional>

namespace leadlag {
namespace {

constexpr size_t kPlacesToSpare = 1'000;  // before clearing away is thought of

}  // namespace

void DeadlineQueue::Set(WatchId watch, std::optional<Instant> moment) {
  const auto known = moments_.find(watch);
  if (known != moments_.end()) {
    if (moment == known->second) return;
    Leave(known->second);
    if (!moment) {
      moments_.erase(known);
      return;
    }
    known->second = *moment;
  } else {
    if (!moment) return;
    moments_.emplace(watch, *moment);
  }
  Bucket& bucket = buckets_[*moment];
  ++bucket.here;
  ++places_;
  if (bucket.in_order) {  // it is being taken from
    bucket.watches.insert(std::lower_bound(bucket.watches.begin(), bucket.watches.end(), watch, std::greater<>()), watch);
  } else {
    bucket.watches.push_back(watch);
  }
  if (places_ > 2 * moments_.size() + kPlacesToSpare) ClearAway();
}

void DeadlineQueue::Leave(Instant moment) {
  const auto bucket = buckets_.find(moment);
  if (--bucket->second.here > 0) return;
  places_ -= bucket->second.watches.size();
  buckets_.erase(bucket);
}

std::optional<Instant> DeadlineQueue::Find(WatchId watch) const {
  const auto known = moments_.find(watch);
  return known == moments_.end() ? std::nullopt : std::optional(known->second);
}

bool DeadlineQueue::IsHere(WatchId watch, Instant moment) const {
  const auto known = moments_.find(watch);
  return known != moments_.end() && known->second == moment;
}

std::optional<Instant> DeadlineQueue::Earliest() const {
  if (buckets_.empty()) return std::nullopt;
  return buckets_.begin()->first;
}

std::optional<WatchId> DeadlineQueue::FirstDue(Instant through) {
  if (buckets_.empty() || buckets_.begin()->first > through) return std::nullopt;
  const auto first = buckets_.begin();
  Bucket& bucket = first->second;
  if (!bucket.in_order) PutInOrder(first->first, bucket);
  while (!IsHere(bucket.watches.back(), first->first)) {
    bucket.watches.pop_back();
    --places_;
  }
  return bucket.watches.back();
}

void DeadlineQueue::PutInOrder(Instant moment, Bucket& bucket) {
  std::vector<WatchId>& watches = bucket.watches;
  places_ -= watches.size();
  watches.erase(std::remove_if(watches.begin(), watches.end(), [&](WatchId watch) { return !IsHere(watch, moment); }),
                watches.end());
  std::sort(watches.begin(), watches.end(), std::greater<>());
  watches.erase(std::unique(watches.begin(), watches.end()), watches.end());
  places_ += watches.size();
  bucket.in_order = true;
}

void DeadlineQueue::ClearAway() {
  for (auto& [moment, bucket] : buckets_) PutInOrder(moment, bucket);
}

}  // namespace leadlag
