// Bytes that are kept until the arena ends, in blocks: what is small and many costs no allocation each. Internal to storage. Not thread
// safe.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <iterator>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace leadlag {

class ByteArena {
 public:
  explicit ByteArena(size_t block_bytes) : block_bytes_(block_bytes) {}

  // A copy, which stays where it is.
  std::string_view Keep(std::string_view bytes) {
    if (bytes.size() > left_) {
      left_ = std::max(block_bytes_, bytes.size());
      next_ = blocks_.emplace_back(new char[left_]).get();
    }
    if (!bytes.empty()) std::memcpy(next_, bytes.data(), bytes.size());
    const std::string_view kept(next_, bytes.size());
    next_ += bytes.size();
    left_ -= bytes.size();
    return kept;
  }

  // All that `other`, which is empty afterwards, has kept.
  void TakeOver(ByteArena& other) {
    std::move(other.blocks_.begin(), other.blocks_.end(), std::back_inserter(blocks_));
    other.Clear();
  }
  void Clear() {
    blocks_.clear();
    left_ = 0;
  }

 private:
  size_t block_bytes_;
  std::vector<std::unique_ptr<char[]>> blocks_;
  size_t left_ = 0;  // of the one that is being filled
  char* next_ = nullptr;
};

}  // namespace leadlag
