// A team as of a past moment: what a question about it would have been answered from then.
//
// Concepts. Every revision of evidence and every version of the catalog is kept with the instant at which it was recorded, and so is every
// review and revision of an inquiry; what had been recorded by a moment, it included, is the state then. What was being stored at that very
// moment, and had not been acknowledged, counts as recorded. All of the team's records are read; nobody is held up meanwhile: a moment is
// taken of a reader, which can end then.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "core/day_row.h"
#include "core/district_catalog.h"
#include "core/inquiry.h"
#include "server/engine/engine.h"
#include "storage/store.h"

namespace leadlag {

// What a question about the past is answered from, as it was stored when this was taken.
struct PastMoment {
  StoreView store;
  uint32_t district = 0;
  Interned interned;
  std::shared_ptr<const DistrictCatalog> catalog;  // in force now
  uint32_t catalog_version = 0;
  Instant catalog_applied;
  std::string team;
  Instant as_of;
};

// INVALID_ARGUMENT (field "as_of") for a moment after the reader's now; NOT_FOUND (field "name") for a team that no catalog has ever had.
absl::StatusOr<PastMoment> TakePastMoment(const DistrictReader& reader, std::string_view team, Instant as_of);

struct PastTeam {
  std::shared_ptr<const DistrictCatalog> catalog;  // in force then
  uint32_t catalog_version = 0;
  const DistrictCatalog::TeamEntry* entry = nullptr;  // of that catalog; never null
  Date today;                                         // in the team's zone then
  std::map<IndicatorNumber, DayRow> rows;             // of all years; of indicators that the catalog then had
  std::vector<Inquiry> inquiries;                     // as they stood
};

// INVALID_ARGUMENT (field "as_of") for a moment before the first catalog; NOT_FOUND (field "name") where the catalog then had no such team;
// DATA_LOSS for damaged bytes.
absl::StatusOr<PastTeam> ReadPastTeam(const PastMoment& moment);

}  // namespace leadlag
