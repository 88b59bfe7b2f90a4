// Dates and instants between the public messages and core. Pure functions; thread safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "core/catalog.h"
#include "core/date.h"
#include "core/instant.h"
#include "google/protobuf/map.h"
#include "google/protobuf/timestamp.pb.h"

namespace leadlag {

google::protobuf::Timestamp ToProto(Instant instant);
// INVALID_ARGUMENT for `field` outside [Instant::Min(), Instant::Max()) or with nanos outside 0..999,999,999. Nanoseconds are cut
// to microseconds.
absl::StatusOr<Instant> InstantFromProto(const google::protobuf::Timestamp& timestamp, std::string_view field);

std::string ToProto(const std::optional<Date>& date);  // empty for none
// INVALID_ARGUMENT for `field` where it is no date.
absl::StatusOr<Date> DateFromProto(std::string_view text, std::string_view field);
// None for an empty text.
absl::StatusOr<std::optional<Date>> OptionalDateFromProto(std::string_view text, std::string_view field);

Labels LabelsFromProto(const google::protobuf::Map<std::string, std::string>& labels);
void LabelsToProto(const Labels& labels, google::protobuf::Map<std::string, std::string>& proto);

}  // namespace leadlag
