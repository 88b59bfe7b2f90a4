// Why a source's alert is, or was. Internal to server/engine; server/engine/alert_why.h is the way here.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "server/engine/queries.h"

namespace leadlag {

// As ExplainAlert. REQUIRES: the alert is of the kind SOURCE_SILENT.
absl::StatusOr<AlertWhy> ExplainSourceAlert(const DistrictReader& reader, const AlertAnswer& alert,
                                            const std::vector<TimelineFlip>& flips);

}  // namespace leadlag
