// The versions of a district's catalog, all of which are kept. Internal to server/engine.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "core/instant.h"
#include "storage/records.h"
#include "storage/store.h"

namespace leadlag {

// The one that was in force at the instant; 0: none had been applied by then. `last` and `last_applied`: the one in force now. Decodes
// none. DATA_LOSS for damaged bytes.
absl::StatusOr<uint32_t> CatalogVersionAt(const StoreView& store, uint32_t district, uint32_t last, Instant last_applied, Instant at);

// REQUIRES: there is such a version; DATA_LOSS where it is missing, or damaged.
absl::StatusOr<CatalogRecord> ReadCatalogVersion(const StoreView& store, uint32_t district, uint32_t version);

}  // namespace leadlag
