// The machine's time-zone database, read once per zone and turned into plain rules that a command carries (core/zone.h).
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "core/zone.h"

namespace leadlag {

// The rules of an IANA zone for every date the service accepts. INVALID_ARGUMENT where the database has no such zone. Thread safe.
absl::StatusOr<ZoneRules> LoadZone(const std::string& name);

}  // namespace leadlag
