// The machine's time-zone database, read once per zone and turned into plain rules that a command carries (core/zone.h).
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/catalog.h"
#include "core/zone.h"

namespace leadlag {

// The rules of an IANA zone for every date the service accepts. INVALID_ARGUMENT where the database has no such zone. Thread safe.
absl::StatusOr<ZoneRules> LoadZone(const std::string& name);
// Those of every zone that the catalog names. INVALID_ARGUMENT with the field of each that the database does not have.
absl::StatusOr<std::vector<ZoneRules>> ResolveZones(const Catalog& catalog);

}  // namespace leadlag
