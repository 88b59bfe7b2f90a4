#include "storage/memory_layer.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

namespace leadlag {
namespace {

constexpr size_t kBlockBytes = 64 << 10;

uint64_t BigEndian(const char* bytes) {
  uint64_t number;
  std::memcpy(&number, bytes, sizeof(number));
  if constexpr (std::endian::native == std::endian::little) number = __builtin_bswap64(number);
  return number;
}

}  // namespace

MemoryLayer::Prefix MemoryLayer::PrefixOf(std::string_view key) {
  char bytes[24] = {};
  if (!key.empty()) std::memcpy(bytes, key.data(), std::min(key.size(), sizeof(bytes)));
  return {BigEndian(bytes), BigEndian(bytes + 8), BigEndian(bytes + 16)};
}

std::string_view MemoryLayer::Keep(std::string_view key) {
  if (key.size() > block_left_) {
    block_left_ = std::max(kBlockBytes, key.size());
    block_next_ = key_blocks_.emplace_back(new char[block_left_]).get();
  }
  if (!key.empty()) std::memcpy(block_next_, key.data(), key.size());
  const std::string_view kept(block_next_, key.size());
  block_next_ += key.size();
  block_left_ -= key.size();
  return kept;
}

MemoryLayer::Change& MemoryLayer::At(const Probe& probe) {
  const auto place = tree_.lower_bound(probe);
  if (place != tree_.end() && place->change->key == probe.key) return *place->change;
  Change& change = changes_.emplace_back();
  change.key = Keep(probe.key);
  bytes_ += change.key.size();
  tree_.insert(place, Slot{probe.prefix, &change});
  return change;
}

void MemoryLayer::Put(std::string_view key, std::string_view value) {
  Change& change = At(ProbeOf(key));
  bytes_ += value.size() - change.value.size();
  change.value.assign(value);
  change.deleted = false;
}

void MemoryLayer::Delete(std::string_view key) {
  Change& change = At(ProbeOf(key));
  bytes_ -= change.value.size();
  change.value.clear();
  change.deleted = true;
}

void MemoryLayer::Absorb(MemoryLayer& newer) {
  if (empty()) {
    std::swap(tree_, newer.tree_);
    std::swap(changes_, newer.changes_);
    std::swap(key_blocks_, newer.key_blocks_);
    std::swap(block_left_, newer.block_left_);
    std::swap(block_next_, newer.block_next_);
    std::swap(bytes_, newer.bytes_);
    return;
  }
  for (const Slot& slot : newer.tree_) {
    Change& change = At({slot.prefix, slot.change->key});
    bytes_ += slot.change->value.size() - change.value.size();
    change.value = std::move(slot.change->value);
    change.deleted = slot.change->deleted;
  }
}

const MemoryLayer::Change* MemoryLayer::Find(std::string_view key) const {
  const auto place = tree_.find(ProbeOf(key));
  return place == tree_.end() ? nullptr : place->change;
}

void MemoryLayer::Cursor::SeekToLast() {
  at_ = tree_->end();
  Previous();
}

void MemoryLayer::Cursor::SeekBefore(std::string_view key) {
  Seek(key);
  Previous();
}

// Before the first there is none.
void MemoryLayer::Cursor::Previous() {
  if (at_ == tree_->begin()) {
    at_ = tree_->end();
  } else {
    --at_;
  }
}

}  // namespace leadlag
