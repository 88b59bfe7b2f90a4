#include "core/date.h"

#include <algorithm>
#include <chrono>
#include <optional>

#include "absl/status/status.h"
#include "core/check.h"
#include "core/digits.h"
#include "core/problem.h"

namespace leadlag {
namespace {

using std::chrono::sys_days;
using std::chrono::year_month_day;

year_month_day Ymd(Date date) { return year_month_day(sys_days(std::chrono::days(date.days()))); }

Date FromChrono(year_month_day ymd) { return Date(static_cast<int32_t>(sys_days(ymd).time_since_epoch().count())); }

year_month_day ToChrono(int year, int month, int day) {
  return {std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
          std::chrono::day(static_cast<unsigned>(day))};
}

static_assert(Date::Max().days() == sys_days(std::chrono::year(2100) / 1 / 1).time_since_epoch().count());

absl::Status Refused(std::string_view text, const char* why) { return absl::InvalidArgumentError(Quoted(text) + why); }

}  // namespace

Date Date::FromYmd(int year, int month, int day) {
  const year_month_day ymd = ToChrono(year, month, day);
  LEADLAG_CHECK(ymd.ok());
  return FromChrono(ymd);
}

absl::StatusOr<Date> Date::Parse(std::string_view text) {
  constexpr size_t kSize = std::string_view("2025-09-04").size();
  const std::optional<int> year = DigitsAt(text, 0, 4);
  const std::optional<int> month = DigitsAt(text, 5, 2);
  const std::optional<int> day = DigitsAt(text, 8, 2);
  if (text.size() != kSize || !year || text[4] != '-' || !month || text[7] != '-' || !day) {
    return Refused(text, " is not a date; give YYYY-MM-DD, such as 2025-09-04");
  }
  const year_month_day ymd = ToChrono(*year, *month, *day);
  if (!ymd.ok()) return Refused(text, " does not exist; give a real date as YYYY-MM-DD");
  const Date date = FromChrono(ymd);
  if (date < Min() || date >= Max())
    return Refused(text, " is out of range; give a date from 1970-01-01 to 2099-12-31");
  return date;
}

int Date::year() const { return static_cast<int>(Ymd(*this).year()); }
int Date::month() const { return static_cast<int>(static_cast<unsigned>(Ymd(*this).month())); }
int Date::day() const { return static_cast<int>(static_cast<unsigned>(Ymd(*this).day())); }

Weekday Date::weekday() const {
  const unsigned iso = std::chrono::weekday(sys_days(std::chrono::days(days_))).iso_encoding();  // Monday is 1
  return static_cast<Weekday>(iso - 1);
}

Date Date::StartOfIsoWeek() const { return *this - static_cast<int>(weekday()); }

Date Date::StartOfMonth() const {
  const year_month_day ymd = Ymd(*this);
  return FromChrono(ymd.year() / ymd.month() / 1);
}

Date Date::StartOfNextMonth() const {
  const year_month_day ymd = Ymd(*this);
  return FromChrono((ymd.year() / ymd.month() + std::chrono::months(1)) / 1);
}

std::string Date::ToString() const {
  const year_month_day ymd = Ymd(*this);
  std::string text;
  AppendDigits(text, static_cast<int>(ymd.year()), 4);
  text += '-';
  AppendDigits(text, static_cast<int>(static_cast<unsigned>(ymd.month())), 2);
  text += '-';
  AppendDigits(text, static_cast<int>(static_cast<unsigned>(ymd.day())), 2);
  return text;
}

std::optional<Date> LastIn(const std::vector<Date>& ascending, DateRange range) {
  const auto after = std::lower_bound(ascending.begin(), ascending.end(), range.to);
  if (after == ascending.begin() || *(after - 1) < range.from) return std::nullopt;
  return *(after - 1);
}

}  // namespace leadlag
