#include "storage/identity_filter.h"

#include <algorithm>

#include "core/check.h"

namespace leadlag {
namespace {

constexpr uint64_t kRoomMin = 8'192;
constexpr uint64_t kBitsEach = 12;
constexpr uint64_t kLineBits = 512;
constexpr int kWordShift = 6;  // bits that say which bit of a word

// The line by the top bits, so that fingerprints in order go through memory in order; the bits in it by the low 48.
uint64_t LineOf(uint64_t fingerprint, uint64_t lines) {
  return static_cast<uint64_t>((static_cast<unsigned __int128>(fingerprint) * lines) >> 64);
}

uint64_t BitOf(uint64_t fingerprint, size_t word) { return uint64_t{1} << (fingerprint >> (word * kWordShift) & 63); }

}  // namespace

IdentityFilter::IdentityFilter(uint64_t expected) { AddPart(std::max(expected, kRoomMin)); }

void IdentityFilter::AddPart(uint64_t room) {
  const size_t count = part_count_.load(std::memory_order_relaxed);
  LEADLAG_CHECK(count < kPartsMax);
  Part& part = parts_[count];
  part.room = room;
  part.lines = room * kBitsEach / kLineBits + 1;
  part.line = std::make_unique<Line[]>(part.lines);
  left_ = room;
  total_ += room;
  part_count_.store(count + 1, std::memory_order_release);
}

void IdentityFilter::Add(uint64_t fingerprint) {
  if (left_ == 0) AddPart(total_);
  --left_;
  const Part& part = parts_[part_count_.load(std::memory_order_relaxed) - 1];
  Line& line = part.line[LineOf(fingerprint, part.lines)];
  for (size_t i = 0; i < line.words.size(); ++i) {
    const uint64_t word = line.words[i].load(std::memory_order_relaxed);
    line.words[i].store(word | BitOf(fingerprint, i), std::memory_order_relaxed);
  }
}

bool IdentityFilter::MayContain(uint64_t fingerprint) const {
  const size_t count = part_count_.load(std::memory_order_acquire);
  for (size_t i = 0; i < count; ++i) {
    const Line& line = parts_[i].line[LineOf(fingerprint, parts_[i].lines)];
    size_t set = 0;
    for (size_t word = 0; word < line.words.size(); ++word) {
      set += (line.words[word].load(std::memory_order_relaxed) & BitOf(fingerprint, word)) != 0;
    }
    if (set == line.words.size()) return true;
  }
  return false;
}

void IdentityFilter::Prefetch(uint64_t fingerprint) const {
  const size_t count = part_count_.load(std::memory_order_acquire);
  for (size_t i = 0; i < count; ++i) __builtin_prefetch(&parts_[i].line[LineOf(fingerprint, parts_[i].lines)]);
}

size_t IdentityFilter::bytes() const {
  size_t bytes = 0;
  for (size_t i = 0; i < part_count_.load(std::memory_order_acquire); ++i) bytes += parts_[i].lines * sizeof(Line);
  return bytes;
}

}  // namespace leadlag
