// The layers of memory over RocksDB, and what is known of RocksDB's identities without reading it. Internal to storage.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "storage/evidence_layer.h"
#include "storage/identity_filter.h"
#include "storage/memory_layer.h"

namespace leadlag {

struct Layer {
  explicit Layer(size_t key_parts = 1) : keys(key_parts) {}
  MemoryLayer keys;
  EvidenceLayer evidence;
  bool empty() const { return keys.empty() && evidence.empty(); }
  size_t bytes() const { return keys.bytes() + evidence.bytes(); }
};

// Newest first.
using Layers = std::vector<std::shared_ptr<const Layer>>;

// By district; none: RocksDB holds no identity of it.
using IdentityFilters = std::map<uint32_t, std::shared_ptr<IdentityFilter>>;

}  // namespace leadlag
