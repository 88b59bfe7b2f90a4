// A team as of a past moment: what a question about it would have been answered from then. Internal to server/engine.
//
// Concepts. Every revision of evidence and every version of the catalog is kept with the instant at which it was recorded, and so is every
// review and revision of an inquiry; what had been recorded by a moment, it included, is the state then. All of the team's records are
// read, so ask it of a reader that holds nobody up (Engine::Freeze).
#pragma once

#include <map>
#include <memory>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "core/day_row.h"
#include "core/district_catalog.h"
#include "core/inquiry.h"
#include "server/engine/engine.h"

namespace leadlag {

struct PastTeam {
  std::shared_ptr<const DistrictCatalog> catalog;  // in force then
  uint32_t catalog_version = 0;
  const DistrictCatalog::TeamEntry* entry = nullptr;  // of that catalog; never null
  Date today;                                         // in the team's zone then
  std::map<IndicatorNumber, DayRow> rows;             // of all years; of indicators that the catalog then had
  std::vector<Inquiry> inquiries;                     // as they stood
};

// INVALID_ARGUMENT (field "as_of") for a moment after the reader's now, or before the first catalog; NOT_FOUND (field "name") where the
// catalog then had no such team; DATA_LOSS for damaged bytes.
absl::StatusOr<PastTeam> ReadPastTeam(const DistrictReader& reader, std::string_view team, Instant as_of);

}  // namespace leadlag
