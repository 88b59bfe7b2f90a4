#include "server/rpc/convert.h"

#include "core/problem.h"

namespace leadlag {
namespace {

constexpr int32_t kNanosPerMicro = 1'000;
constexpr int32_t kNanosPerSecond = 1'000'000'000;

}  // namespace

google::protobuf::Timestamp ToProto(Instant instant) {
  // Floor, so that nanos are never negative.
  int64_t seconds = instant.micros / kMicrosPerSecond;
  int64_t micros = instant.micros % kMicrosPerSecond;
  if (micros < 0) {
    micros += kMicrosPerSecond;
    --seconds;
  }
  google::protobuf::Timestamp timestamp;
  timestamp.set_seconds(seconds);
  timestamp.set_nanos(static_cast<int32_t>(micros) * kNanosPerMicro);
  return timestamp;
}

absl::StatusOr<Instant> InstantFromProto(const google::protobuf::Timestamp& timestamp, std::string_view field) {
  if (timestamp.nanos() < 0 || timestamp.nanos() >= kNanosPerSecond) {
    return InvalidField(field, std::to_string(timestamp.nanos()) + " nanos are out of range; give 0 to 999999999");
  }
  if (timestamp.seconds() < Instant::Min().micros / kMicrosPerSecond ||
      timestamp.seconds() >= Instant::Max().micros / kMicrosPerSecond) {
    return InvalidField(field, std::to_string(timestamp.seconds()) +
                                   " seconds are out of range; give an instant from 1970-01-01 to 2099-12-31 (UTC)");
  }
  return Instant{timestamp.seconds() * kMicrosPerSecond + timestamp.nanos() / kNanosPerMicro};
}

std::string ToProto(const std::optional<Date>& date) { return date ? date->ToString() : std::string(); }

absl::StatusOr<Date> DateFromProto(std::string_view text, std::string_view field) {
  if (text.empty()) return InvalidField(field, "is required; give a date as YYYY-MM-DD");
  absl::StatusOr<Date> date = Date::Parse(text);
  if (!date.ok()) return InvalidField(field, std::string(date.status().message()));
  return date;
}

absl::StatusOr<std::optional<Date>> OptionalDateFromProto(std::string_view text, std::string_view field) {
  if (text.empty()) return std::optional<Date>();
  absl::StatusOr<Date> date = DateFromProto(text, field);
  if (!date.ok()) return date.status();
  return std::optional<Date>(*date);
}

Labels LabelsFromProto(const google::protobuf::Map<std::string, std::string>& labels) {
  return Labels(labels.begin(), labels.end());
}

void LabelsToProto(const Labels& labels, google::protobuf::Map<std::string, std::string>& proto) {
  for (const auto& [key, value] : labels) proto[key] = value;
}

}  // namespace leadlag
