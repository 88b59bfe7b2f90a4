// Reviews between the public messages and core. Pure functions; thread safe.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "core/evidence.h"
#include "leadlag/v1/evidence.pb.h"

namespace leadlag {

// INVALID_ARGUMENT with every problem, fields under `field`. `district` is the one the review's name holds.
struct NamedReview {
  std::string district;
  Review review;
};
absl::StatusOr<NamedReview> ReviewFromProto(const v1::Review& proto, std::string_view field);
v1::Review ToProto(std::string_view district, const Review& review);

}  // namespace leadlag
