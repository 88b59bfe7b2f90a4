// A moment on the world's clock, in microseconds since 1970-01-01T00:00:00Z: what "recorded", "reported" and a flip's
// effective time are. A value; thread safe. The service accepts instants whose date lies in [Date::Min(), Date::Max()).
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace leadlag {

struct Instant {
  int64_t micros = 0;

  static constexpr Instant FromSeconds(int64_t seconds) { return Instant{seconds * 1'000'000}; }
  static constexpr Instant Min() { return Instant{0}; }
  static constexpr Instant Max() { return Instant{4'102'444'800'000'000}; }  // 2100-01-01T00:00:00Z, exclusive

  // Reads RFC 3339 ("2025-09-04T16:00:00Z", any offset, up to 6 fractional digits). INVALID_ARGUMENT otherwise or out
  // of range.
  static absl::StatusOr<Instant> Parse(std::string_view text);
  // RFC 3339 in UTC, "2025-09-04T16:00:00Z"; a fraction only where there is one, of 3 or 6 digits (as proto3 JSON
  // writes it).
  std::string ToString() const;

  friend constexpr auto operator<=>(Instant, Instant) = default;
};

constexpr int64_t kMicrosPerSecond = 1'000'000;
constexpr int64_t kMicrosPerMinute = 60 * kMicrosPerSecond;
constexpr int64_t kMicrosPerHour = 60 * kMicrosPerMinute;
constexpr int64_t kMicrosPerDay = 24 * kMicrosPerHour;

}  // namespace leadlag
