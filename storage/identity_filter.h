// Which fingerprints the view on disk may hold: "no" is certain, "yes" is wrong once in a hundred times. Internal to storage.
//
// Concepts: a split block Bloom filter (Putze, Sanders and Singler 2007, "Cache-, Hash- and Space-Efficient Bloom Filters"; the form
// that Apache Parquet has): a fingerprint sets eight bits within one cache line, so that asking costs one look into memory. A new
// record's fingerprint is asked for once, and almost never found; without the filter each would be a walk through the files on disk.
// Some 12 bits a fingerprint, 1.5 MB a million. It grows by further parts, each as large as all before it.
//
// Threads: Add by one at a time; MayContain by all at once, beside Add. What was added before is seen by whoever has synchronized with
// the adder since.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace leadlag {

class IdentityFilter {
 public:
  // Has room for so many at first.
  explicit IdentityFilter(uint64_t expected);

  void Add(uint64_t fingerprint);
  bool MayContain(uint64_t fingerprint) const;
  // Has the memory fetched that MayContain will look at.
  void Prefetch(uint64_t fingerprint) const;
  // It has grown, and answers more slowly than one that was made with as much room.
  bool grown() const { return part_count_.load(std::memory_order_acquire) > 1; }
  size_t bytes() const;

 private:
  struct alignas(64) Line {
    std::array<std::atomic<uint64_t>, 8> words{};
  };
  struct Part {
    uint64_t room = 0;
    uint64_t lines = 0;
    std::unique_ptr<Line[]> line;
  };
  static constexpr size_t kPartsMax = 40;
  void AddPart(uint64_t room);

  std::array<Part, kPartsMax> parts_;
  std::atomic<size_t> part_count_{0};
  uint64_t left_ = 0;   // room in the last part
  uint64_t total_ = 0;  // room in all
};

}  // namespace leadlag
