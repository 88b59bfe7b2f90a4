#include "core/zone.h"

#include <algorithm>
#include <optional>

#include "absl/status/status.h"
#include "core/digits.h"
#include "core/problem.h"

namespace leadlag {
namespace {

constexpr int kMinutesPerHour = 60;
// More than any zone's distance from UTC: an offset that ended this long before a wall-clock reading, read as UTC,
// cannot show it.
constexpr int64_t kMaxOffsetMicros = 2 * kMicrosPerDay;

int64_t FloorDiv(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

int64_t MicrosEast(const ZoneRules::Offset& offset) { return offset.seconds_east * kMicrosPerSecond; }

// The offset in force at an instant; the first one holds before its `from` too.
std::vector<ZoneRules::Offset>::const_iterator OffsetAt(const std::vector<ZoneRules::Offset>& offsets,
                                                        Instant instant) {
  const auto next = std::upper_bound(offsets.begin(), offsets.end(), instant,
                                     [](Instant at, const ZoneRules::Offset& offset) { return at < offset.from; });
  return next == offsets.begin() ? next : next - 1;
}

}  // namespace

absl::StatusOr<MinuteOfDay> MinuteOfDay::Parse(std::string_view text) {
  constexpr size_t kSize = std::string_view("07:00").size();
  const std::optional<int> hour = DigitsAt(text, 0, 2);
  const std::optional<int> minute = DigitsAt(text, 3, 2);
  if (text.size() != kSize || !hour || text[2] != ':' || !minute || *hour > 23 || *minute > 59) {
    return absl::InvalidArgumentError(Quoted(text) +
                                      " is not a time of day; give HH:MM from 00:00 to 23:59, such as 07:00");
  }
  return MinuteOfDay{*hour * kMinutesPerHour + *minute};
}

std::string MinuteOfDay::ToString() const {
  std::string text;
  AppendDigits(text, minutes / kMinutesPerHour, 2);
  text += ':';
  AppendDigits(text, minutes % kMinutesPerHour, 2);
  return text;
}

Date ZoneRules::LocalDate(Instant instant) const {
  const int64_t local = instant.micros + MicrosEast(*OffsetAt(offsets, instant));
  return Date(static_cast<int32_t>(FloorDiv(local, kMicrosPerDay)));
}

// What is wanted is the first instant whose wall clock shows `wall` or later: inside a gap that is the instant of the
// transition, and of two instants with the same reading the earlier one.
Instant ZoneRules::At(Date date, MinuteOfDay minute) const {
  const int64_t wall = date.days() * kMicrosPerDay + minute.minutes * kMicrosPerMinute;
  for (auto offset = OffsetAt(offsets, Instant{wall - kMaxOffsetMicros});; ++offset) {
    const bool last = offset + 1 == offsets.end();
    // The reading, exclusive, up to which the wall clock runs while this offset holds.
    if (!last && (offset + 1)->from.micros + MicrosEast(*offset) <= wall) continue;
    const int64_t shown = wall - MicrosEast(*offset);
    const bool first = offset == offsets.begin();
    return Instant{first ? shown : std::max(shown, offset->from.micros)};
  }
}

}  // namespace leadlag
