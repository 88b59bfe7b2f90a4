#include "storage/memory_layer.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

namespace leadlag {
namespace {

constexpr size_t kFetchedAhead = 16;
constexpr size_t kTableBytes = 5;  // district and table, which every key of one table begins with (storage/keys.h)

uint64_t BigEndian(const char* bytes) {
  uint64_t number;
  std::memcpy(&number, bytes, sizeof(number));
  if constexpr (std::endian::native == std::endian::little) number = __builtin_bswap64(number);
  return number;
}

std::string_view TableOf(std::string_view key) { return key.substr(0, kTableBytes); }

}  // namespace

// ---- changes ----------------------------------------------------------------

MemoryLayer::Slot MemoryLayer::SlotOf(const Change* change) {
  const std::string_view key = change->key;
  char bytes[24] = {};
  if (key.size() > kTableBytes) {
    std::memcpy(bytes, key.data() + kTableBytes, std::min(key.size() - kTableBytes, sizeof(bytes)));
  }
  return {{BigEndian(bytes), BigEndian(bytes + 8), BigEndian(bytes + 16)}, change};
}

MemoryLayer::Change& MemoryLayer::At(const Sought& sought) {
  const std::string_view key = sought.key;
  bool is_new = false;
  const auto place = PartOf(sought.hash).lazy_emplace(sought, [&](const auto& construct) {
    is_new = true;
    Change& change = changes_.emplace_back();
    change.key = keys_.Keep(key);
    change.hash = sought.hash;
    construct(Hashed{sought.hash, &change});
  });
  Change& change = *place->change;
  if (!is_new) return change;
  bytes_ += key.size();
  if (last_table_ == nullptr || TableOf(key) != last_name_) {
    const auto table = tables_.try_emplace(std::string(TableOf(key))).first;
    last_name_ = table->first;
    last_table_ = &table->second;
  }
  last_table_->waiting.push_back(&change);
  return change;
}

void MemoryLayer::Put(std::string_view key, std::string value) {
  Change& change = At(SoughtOf(key));
  bytes_ += value.size() - change.value.size();
  change.value = std::move(value);
  change.deleted = false;
}

void MemoryLayer::Delete(std::string_view key) {
  Change& change = At(SoughtOf(key));
  bytes_ -= change.value.size();
  change.value.clear();
  change.deleted = true;
}

void MemoryLayer::Absorb(MemoryLayer& newer) {
  auto ahead = newer.changes_.begin();  // of what is taken: its place is fetched meanwhile
  const auto fetch = [&] {
    if (ahead == newer.changes_.end()) return;
    PartOf(ahead->hash).prefetch(Sought{ahead->hash, ahead->key});
    ++ahead;
  };
  for (size_t i = 0; i < kFetchedAhead; ++i) fetch();
  for (Change& taken : newer.changes_) {
    fetch();
    Change& change = At({taken.hash, taken.key});
    bytes_ += taken.value.size() - change.value.size();
    change.value = std::move(taken.value);
    change.deleted = taken.deleted;
  }
}

const MemoryLayer::Change* MemoryLayer::Find(std::string_view key) const {
  const Sought sought = SoughtOf(key);
  const Keys& keys = PartOf(sought.hash);
  const auto place = keys.find(sought);
  return place == keys.end() ? nullptr : place->change;
}

// ---- order ------------------------------------------------------------------

const MemoryLayer::Tree& MemoryLayer::Ordered(Table& table) {
  absl::MutexLock lock(&table.mu);
  std::vector<Slot> slots;
  slots.reserve(table.waiting.size());
  for (const Change* const change : table.waiting) slots.push_back(SlotOf(change));
  std::sort(slots.begin(), slots.end());
  for (const Slot& slot : slots) table.tree.insert(table.tree.end(), slot);
  table.waiting.clear();
  return table.tree;
}

void MemoryLayer::Cursor::ForwardToTable() {
  while (at_ == table_->second.tree.end()) {
    if (++table_ == layer_->tables_.end()) return;
    at_ = Ordered(table_->second).begin();
  }
}

void MemoryLayer::Cursor::BackwardToTable() {
  while (at_ == table_->second.tree.begin()) {
    if (table_ == layer_->tables_.begin()) {
      table_ = layer_->tables_.end();
      return;
    }
    --table_;
    at_ = Ordered(table_->second).end();
  }
  --at_;
}

void MemoryLayer::Cursor::Seek(std::string_view key) {
  table_ = layer_->tables_.lower_bound(TableOf(key));
  if (!Valid()) return;
  const Tree& tree = Ordered(table_->second);
  const Change sought{.key = key, .value = {}};
  at_ = table_->first == TableOf(key) ? tree.lower_bound(SlotOf(&sought)) : tree.begin();
  ForwardToTable();
}

void MemoryLayer::Cursor::SeekToLast() {
  if (layer_->tables_.empty()) return;
  table_ = std::prev(layer_->tables_.end());
  at_ = Ordered(table_->second).end();
  BackwardToTable();
}

void MemoryLayer::Cursor::SeekBefore(std::string_view key) {
  table_ = layer_->tables_.lower_bound(TableOf(key));
  if (!Valid()) return SeekToLast();
  const Tree& tree = Ordered(table_->second);
  const Change sought{.key = key, .value = {}};
  at_ = table_->first == TableOf(key) ? tree.lower_bound(SlotOf(&sought)) : tree.begin();
  BackwardToTable();
}

void MemoryLayer::Cursor::Next() {
  ++at_;
  ForwardToTable();
}

void MemoryLayer::Cursor::Previous() { BackwardToTable(); }

}  // namespace leadlag
