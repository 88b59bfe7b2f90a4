// What a record means under a catalog: its dates, and whether it may be stored at all. Internal to server/engine.
#pragma once

#include <optional>
#include <string>

#include "core/district_catalog.h"
#include "core/evidence.h"
#include "core/problem.h"

namespace leadlag {

// What a revision is besides its content and number.
struct ResolvedEvidence : EvidenceDates {
  TeamNumber team = 0;  // not of a void, which has neither
  IndicatorNumber indicator = 0;
};

// Resolves content that is recorded at `now`. A problem where the catalog does not know the team or the indicator, does not measure it
// so, or a date is out of range: NOT_FOUND or INVALID_ARGUMENT with the field; `resolved` is then of no use. Pure; thread safe.
std::optional<Problem> ResolveEvidence(const DistrictCatalog& catalog, const Interned& interned, Instant now,
                                       const EvidenceContent& content, ResolvedEvidence& resolved);
EvidenceRevision RevisionOf(uint32_t number, const EvidenceContent& content, const ResolvedEvidence& resolved);

// "The catalog has no `what` `id`."
Problem NotInCatalog(std::string field, const std::string& id, const char* what);

}  // namespace leadlag
