// Run charts between the public messages and core. Pure functions; thread safe.
#pragma once

#include "absl/status/statusor.h"
#include "leadlag/v1/cadence_service.pb.h"
#include "server/engine/queries.h"

namespace leadlag {

// INVALID_ARGUMENT for malformed dates and for a unit that is none.
absl::StatusOr<RunChartQuery> RunChartQueryFromProto(const v1::GetRunChartRequest& request);

// All but the basis.
v1::GetRunChartResponse ToProto(const RunChartAnswer& answer);

}  // namespace leadlag
