// What a record means under a catalog: its dates, and whether it may be stored at all. Internal to server/engine.
#pragma once

#include <optional>
#include <string>

#include "core/district_catalog.h"
#include "core/evidence.h"
#include "core/problem.h"

namespace leadlag {

// Makes of the content, recorded at `now`, a revision with its dates; `revision.revision` is the caller's. A problem where the catalog
// does not know the team or the indicator, does not measure it so, or a date is out of range: NOT_FOUND or INVALID_ARGUMENT with the
// field; `revision` is then of no use. Pure; thread safe.
std::optional<Problem> ResolveEvidence(const DistrictCatalog& catalog, const Interned& interned, Instant now,
                                       const EvidenceContent& content, EvidenceRevision& revision);

// "The catalog has no `what` `id`."
Problem NotInCatalog(std::string field, const std::string& id, const char* what);

}  // namespace leadlag
