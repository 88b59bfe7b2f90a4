// Changes to the view that are in memory: keys in order, each with its last change. Internal to storage.
//
// A B-tree whose slots carry the first 24 bytes of their key, so that finding a place seldom leaves the tree; RocksDB's skip list costs
// several times as much (docs/PERFORMANCE.md). Not thread safe; one that nobody changes any more may be read by all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/btree_set.h"

namespace leadlag {

class MemoryLayer {
 public:
  struct Change {
    std::string_view key;
    std::string value;
    bool deleted = false;
  };

  MemoryLayer() = default;
  MemoryLayer(const MemoryLayer&) = delete;
  MemoryLayer& operator=(const MemoryLayer&) = delete;

  void Put(std::string_view key, std::string_view value);
  void Delete(std::string_view key);
  // Takes over every change of `newer`, which is of no use afterwards.
  void Absorb(MemoryLayer& newer);

  // The key's change; null where there is none. Valid until the layer changes.
  const Change* Find(std::string_view key) const;

  bool empty() const { return tree_.empty(); }
  size_t size() const { return tree_.size(); }
  size_t bytes() const { return bytes_; }  // of keys and values, about

 private:
  // A key by its first 24 bytes, as numbers that sort as the bytes do; zeros where it is shorter.
  struct Prefix {
    uint64_t first = 0, second = 0, third = 0;
  };
  struct Slot {
    Prefix prefix;
    Change* change;
  };
  struct Probe {
    Prefix prefix;
    std::string_view key;
  };
  struct Less {
    using is_transparent = void;
    static bool Before(const Prefix& a, std::string_view a_key, const Prefix& b, std::string_view b_key) {
      if (a.first != b.first) return a.first < b.first;
      if (a.second != b.second) return a.second < b.second;
      if (a.third != b.third) return a.third < b.third;
      return a_key < b_key;
    }
    bool operator()(const Slot& a, const Slot& b) const { return Before(a.prefix, a.change->key, b.prefix, b.change->key); }
    bool operator()(const Slot& a, const Probe& b) const { return Before(a.prefix, a.change->key, b.prefix, b.key); }
    bool operator()(const Probe& a, const Slot& b) const { return Before(a.prefix, a.key, b.prefix, b.change->key); }
  };
  using Tree = absl::btree_set<Slot, Less>;

 public:
  // Walks the changes in order of their keys, either way. Ends with the layer, or its next change.
  class Cursor {
   public:
    explicit Cursor(const MemoryLayer& layer) : tree_(&layer.tree_), at_(tree_->end()) {}
    void SeekToFirst() { at_ = tree_->begin(); }
    void Seek(std::string_view key) { at_ = tree_->lower_bound(ProbeOf(key)); }  // the first at or after it
    void SeekToLast();
    void SeekBefore(std::string_view key);  // the last before it
    bool Valid() const { return at_ != tree_->end(); }
    void Next() { ++at_; }
    void Previous();
    const Change& change() const { return *at_->change; }

   private:
    const Tree* tree_;
    Tree::const_iterator at_;
  };

 private:
  static Prefix PrefixOf(std::string_view key);
  static Probe ProbeOf(std::string_view key) { return {PrefixOf(key), key}; }
  // The change of the key, an empty one where there was none.
  Change& At(const Probe& probe);
  std::string_view Keep(std::string_view key);

  Tree tree_;
  std::deque<Change> changes_;
  std::vector<std::unique_ptr<char[]>> key_blocks_;
  size_t block_left_ = 0;
  char* block_next_ = nullptr;
  size_t bytes_ = 0;
};

}  // namespace leadlag
