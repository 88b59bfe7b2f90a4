#include "core/instant.h"

#include <algorithm>
#include <chrono>
#include <optional>

#include "absl/status/status.h"
#include "core/date.h"
#include "core/digits.h"
#include "core/problem.h"

namespace leadlag {
namespace {

constexpr size_t kDateTimeSize = std::string_view("2025-09-04T16:00:00").size();
constexpr size_t kOffsetSize = std::string_view("+05:30").size();
constexpr size_t kMaxFractionDigits = 6;
constexpr int kMillisDigits = 3;
constexpr int64_t kMicrosPerMilli = 1'000;

// Microseconds since 1970 of a wall clock that reads the first 19 characters of `text`; none where they are no date and
// time. A leap second (":60") is none: no source system means one.
std::optional<int64_t> WallClockMicros(std::string_view text) {
  if (text.size() < kDateTimeSize) return std::nullopt;
  const std::optional<int> year = DigitsAt(text, 0, 4), month = DigitsAt(text, 5, 2), day = DigitsAt(text, 8, 2);
  const std::optional<int> hour = DigitsAt(text, 11, 2), minute = DigitsAt(text, 14, 2), second = DigitsAt(text, 17, 2);
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  const bool separated =
      text[4] == '-' && text[7] == '-' && (text[10] == 'T' || text[10] == 't') && text[13] == ':' && text[16] == ':';
  if (!separated || *hour > 23 || *minute > 59 || *second > 59) return std::nullopt;
  const std::chrono::year_month_day ymd(std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                        std::chrono::day(static_cast<unsigned>(*day)));
  if (!ymd.ok()) return std::nullopt;
  const int64_t days = std::chrono::sys_days(ymd).time_since_epoch().count();
  return days * kMicrosPerDay + *hour * kMicrosPerHour + *minute * kMicrosPerMinute + *second * kMicrosPerSecond;
}

// Takes ".123456" off the front of `rest`; 0 where there is no fraction, none where it is not 1 to 6 digits long.
std::optional<int64_t> TakeFractionMicros(std::string_view& rest) {
  if (rest.empty() || rest[0] != '.') return 0;
  const size_t end = std::min(rest.find_first_not_of("0123456789", 1), rest.size());
  const size_t digits = end - 1;
  if (digits == 0 || digits > kMaxFractionDigits) return std::nullopt;
  int64_t micros = *DigitsAt(rest, 1, digits);
  for (size_t i = digits; i < kMaxFractionDigits; ++i) micros *= 10;
  rest.remove_prefix(end);
  return micros;
}

// "Z" or "+hh:mm": what the wall clock is ahead of UTC; none for anything else.
std::optional<int64_t> OffsetMicros(std::string_view text) {
  if (text == "Z" || text == "z") return 0;
  const std::optional<int> hours = DigitsAt(text, 1, 2), minutes = DigitsAt(text, 4, 2);
  if (text.size() != kOffsetSize || !hours || text[3] != ':' || !minutes) return std::nullopt;
  if ((text[0] != '+' && text[0] != '-') || *hours > 23 || *minutes > 59) return std::nullopt;
  const int64_t micros = *hours * kMicrosPerHour + *minutes * kMicrosPerMinute;
  return text[0] == '-' ? -micros : micros;
}

}  // namespace

absl::StatusOr<Instant> Instant::Parse(std::string_view text) {
  const std::optional<int64_t> wall_clock = WallClockMicros(text);
  std::string_view rest = text.substr(std::min(kDateTimeSize, text.size()));
  const std::optional<int64_t> fraction = TakeFractionMicros(rest);
  const std::optional<int64_t> offset = OffsetMicros(rest);
  if (!wall_clock || !fraction || !offset) {
    return absl::InvalidArgumentError(Quoted(text) +
                                      " is not an instant; give RFC 3339 with a zone and at most 6 digits " +
                                      "after the second, such as 2025-09-04T16:00:00Z or 2025-09-04T12:00:00-04:00");
  }
  const Instant instant{*wall_clock + *fraction - *offset};
  if (instant < Min() || instant >= Max()) {
    return absl::InvalidArgumentError(Quoted(text) +
                                      " is out of range; give an instant from 1970-01-01 to 2099-12-31 (UTC)");
  }
  return instant;
}

std::string Instant::ToString() const {
  int64_t days = micros / kMicrosPerDay;
  if (micros % kMicrosPerDay < 0) --days;  // floor, for instants before 1970
  const int64_t of_day = micros - days * kMicrosPerDay;
  const int fraction = static_cast<int>(of_day % kMicrosPerSecond);

  std::string text = Date(static_cast<int32_t>(days)).ToString();
  text += 'T';
  AppendDigits(text, static_cast<int>(of_day / kMicrosPerHour), 2);
  text += ':';
  AppendDigits(text, static_cast<int>(of_day % kMicrosPerHour / kMicrosPerMinute), 2);
  text += ':';
  AppendDigits(text, static_cast<int>(of_day % kMicrosPerMinute / kMicrosPerSecond), 2);
  if (fraction != 0) {
    text += '.';
    if (fraction % kMicrosPerMilli == 0) {
      AppendDigits(text, static_cast<int>(fraction / kMicrosPerMilli), kMillisDigits);
    } else {
      AppendDigits(text, fraction, kMaxFractionDigits);
    }
  }
  return text + 'Z';
}

}  // namespace leadlag
