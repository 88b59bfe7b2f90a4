// What the revisions of one record of evidence amount to. Internal to server/engine.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/day_row.h"
#include "core/district_catalog.h"
#include "core/evidence.h"
#include "core/review.h"
#include "server/engine/evidence_resolver.h"
#include "storage/records.h"

namespace leadlag {

// Summarizes a record's revisions (all of them, in order of arrival) into its identity. `team` and `indicators` resolve ids; REQUIRES:
// every id in the revisions is interned.
//
// Precedence: by source_version where any revision carries one (one that does not counts as 0), else by arrival. The last is current,
// the first with content is the first; it was known when it says, and at the latest when any content was recorded. The current value,
// date or indicator is a correction where the first's differs from it or was differed from meanwhile; it was corrected when the first
// to arrive of the unbroken last stretch with equal value, date and indicator was recorded. So what arrives late under an old version
// neither reopens a record nor makes it look late.
EvidenceIdentity Summarize(uint64_t number, const std::vector<EvidenceRevision>& revisions, const Interned& interned);
// The same of a record with one revision, faster.
EvidenceIdentity SummarizeFirst(uint64_t number, const EvidenceContent& content, const ResolvedEvidence& resolved);

// The current revision of those.
const EvidenceRevision& CurrentOf(const EvidenceIdentity& identity, const std::vector<EvidenceRevision>& revisions);

// The record's entry in its day row, reviews not looked at; none where it does not count (voided).
std::optional<DayEntry> EntryOf(const EvidenceIdentity& identity);

// The record as a review sees it. REQUIRES: it has a place.
CoverQuery CoverQueryOf(const EvidenceIdentity& identity, const Interned& interned, std::string_view source,
                        std::string_view evidence_id);

}  // namespace leadlag
