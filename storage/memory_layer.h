// Changes to the view that are in memory: keys with the last change of each. Internal to storage.
//
// Concepts. A hash table answers for one key. Order is made only where it is asked for, table by table: a new key waits aside until a
// cursor comes to its table, or a checkpoint does. So recording evidence, which walks no table, pays for no order, and asking for
// cadence, which walks day rows, does not pay for evidence (docs/PERFORMANCE.md).
//
// Threads: changes exclude everything else; cursors and Find may be used by all at once.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/btree_set.h"
#include "absl/container/flat_hash_set.h"
#include "absl/hash/hash.h"
#include "absl/synchronization/mutex.h"
#include "storage/byte_arena.h"

namespace leadlag {

class MemoryLayer {
 public:
  struct Change {
    std::string_view key;
    std::string value;
    size_t hash = 0;  // of the key
    bool deleted = false;
  };

  // `parts`: a power of two. Of the table of all keys: each part grows by itself, so that no change waits while all of a large one is
  // moved. What stays small does better with one.
  explicit MemoryLayer(size_t parts = 1) : by_key_(parts) {}
  MemoryLayer(const MemoryLayer&) = delete;
  MemoryLayer& operator=(const MemoryLayer&) = delete;

  void Put(std::string_view key, std::string value);
  void Delete(std::string_view key);
  // Takes over every change of `newer`, whose values are of no use afterwards.
  void Absorb(MemoryLayer& newer);

  // The key's change; null where there is none. Valid until the layer changes.
  const Change* Find(std::string_view key) const;

  bool empty() const { return changes_.empty(); }
  size_t size() const { return changes_.size(); }
  size_t bytes() const { return bytes_; }  // of keys and values

 private:
  // A key by the 24 bytes that follow its table, as numbers that sort as the bytes do; zeros where it is shorter.
  struct Slot {
    std::array<uint64_t, 3> prefix;
    const Change* change;
    friend bool operator<(const Slot& a, const Slot& b) {
      return a.prefix != b.prefix ? a.prefix < b.prefix : a.change->key < b.change->key;
    }
  };
  using Tree = absl::btree_set<Slot>;
  // The keys that begin alike: of one district's table.
  struct Table {
    absl::Mutex mu;  // of putting in order
    Tree tree;
    std::deque<const Change*> waiting;  // for order
  };
  using Tables = std::map<std::string, Table, std::less<>>;
  // By key, without its bytes twice; with its hash, so that growing does not read all keys again, which was most of what it cost.
  struct Hashed {
    size_t hash;
    Change* change;
  };
  struct Sought {
    size_t hash;
    std::string_view key;
  };
  struct Hash {
    using is_transparent = void;
    size_t operator()(const Hashed& of) const { return of.hash; }
    size_t operator()(const Sought& of) const { return of.hash; }
  };
  struct Equal {
    using is_transparent = void;
    bool operator()(const Hashed& a, const Hashed& b) const { return a.hash == b.hash && a.change->key == b.change->key; }
    bool operator()(const Hashed& a, const Sought& b) const { return a.hash == b.hash && a.change->key == b.key; }
    bool operator()(const Sought& a, const Hashed& b) const { return (*this)(b, a); }
  };
  static Sought SoughtOf(std::string_view key) { return {absl::Hash<std::string_view>()(key), key}; }

 public:
  // Walks the changes in order of their keys, either way. Ends with the layer, or its next change.
  class Cursor {
   public:
    explicit Cursor(const MemoryLayer& layer) : layer_(&layer), table_(layer.tables_.end()) {}
    void SeekToFirst() { Seek(""); }
    void Seek(std::string_view key);  // the first at or after it
    void SeekToLast();
    void SeekBefore(std::string_view key);  // the last before it
    bool Valid() const { return table_ != layer_->tables_.end(); }
    void Next();
    void Previous();
    const Change& change() const { return *at_->change; }

   private:
    void ForwardToTable();   // from the end of one to the first of the next
    void BackwardToTable();  // from before the first of one to the last of the one before

    const MemoryLayer* layer_;
    Tables::iterator table_;  // the end: nowhere
    Tree::const_iterator at_;
  };

 private:
  static Slot SlotOf(const Change* change);
  // The key's change, a new one where there was none.
  Change& At(const Sought& sought);
  // The table's keys in order.
  static const Tree& Ordered(Table& table);

  using Keys = absl::flat_hash_set<Hashed, Hash, Equal>;
  Keys& PartOf(size_t hash) { return by_key_[PartIndex(hash)]; }
  const Keys& PartOf(size_t hash) const { return by_key_[PartIndex(hash)]; }
  // By the bits above those that the table goes by itself.
  size_t PartIndex(size_t hash) const { return (hash >> kPartShift) & (by_key_.size() - 1); }
  static constexpr int kPartShift = 48;

  std::vector<Keys> by_key_;
  std::deque<Change> changes_;
  mutable Tables tables_;  // what waits in them, and their trees, by their own mutexes
  Table* last_table_ = nullptr;   // of the last new key
  std::string_view last_name_;
  static constexpr size_t kKeyBlockBytes = 64 << 10;
  ByteArena keys_{kKeyBlockBytes};  // their bytes
  size_t bytes_ = 0;
};

}  // namespace leadlag
