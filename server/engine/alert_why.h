// Why an alert is, or was: the dates and days behind it, in words that a person can check with a calendar in hand.
// Internal to server/engine; the answer is AlertDetail's.
#pragma once

#include "absl/status/statusor.h"
#include "server/engine/queries.h"

namespace leadlag {

// For the school year in which the alert opened, by the catalog in force and the evidence there is now. `flips`: the
// alert's, in order. DATA_LOSS for damaged bytes.
absl::StatusOr<AlertWhy> ExplainAlert(const DistrictReader& reader, const AlertAnswer& alert,
                                      const std::vector<TimelineFlip>& flips);

}  // namespace leadlag
