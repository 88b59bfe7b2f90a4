#include "server/engine/deadline_queue.h"

#include <algorithm>
#include <functional>

namespace leadlag {
namespace {

constexpr size_t kPlacesToSpare = 1'000;  // before clearing away is thought of

}  // namespace

void DeadlineQueue::Move(WatchId watch, std::optional<Instant> before, std::optional<Instant> after, MomentOf moment_of) {
  if (before == after) return;
  if (before) Leave(*before);
  if (!after) return;
  Bucket& bucket = buckets_[*after];
  ++bucket.here;
  ++size_;
  ++places_;
  if (bucket.in_order) {  // it is being taken from
    bucket.watches.insert(std::lower_bound(bucket.watches.begin(), bucket.watches.end(), watch, std::greater<>()), watch);
  } else {
    bucket.watches.push_back(watch);
  }
  if (places_ <= 2 * size_ + kPlacesToSpare) return;
  for (auto& [moment, crowded] : buckets_) {
    const bool in_order = crowded.in_order;
    PutInOrder(moment, crowded, moment_of);
    crowded.in_order = in_order;  // or whatever comes to it would be put in its place
  }
}

void DeadlineQueue::Leave(Instant moment) {
  --size_;
  const auto bucket = buckets_.find(moment);
  if (--bucket->second.here > 0) return;
  places_ -= bucket->second.watches.size();
  buckets_.erase(bucket);
}

std::optional<Instant> DeadlineQueue::Earliest() const {
  if (buckets_.empty()) return std::nullopt;
  return buckets_.begin()->first;
}

std::optional<WatchId> DeadlineQueue::FirstDue(Instant through, MomentOf moment_of) {
  if (buckets_.empty() || buckets_.begin()->first > through) return std::nullopt;
  const auto first = buckets_.begin();
  Bucket& bucket = first->second;
  if (!bucket.in_order) PutInOrder(first->first, bucket, moment_of);
  while (moment_of(bucket.watches.back()) != first->first) {
    bucket.watches.pop_back();
    --places_;
  }
  return bucket.watches.back();
}

void DeadlineQueue::PutInOrder(Instant moment, Bucket& bucket, MomentOf moment_of) {
  std::vector<WatchId>& watches = bucket.watches;
  places_ -= watches.size();
  watches.erase(std::remove_if(watches.begin(), watches.end(), [&](WatchId watch) { return moment_of(watch) != moment; }),
                watches.end());
  std::sort(watches.begin(), watches.end(), std::greater<>());
  watches.erase(std::unique(watches.begin(), watches.end()), watches.end());
  places_ += watches.size();
  bucket.in_order = true;
}

}  // namespace leadlag
