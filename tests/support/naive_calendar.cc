#include "tests/support/naive_calendar.h"

#include <algorithm>

namespace leadlag {
namespace {

bool IsClosure(ExceptionKind kind) {
  return kind == ExceptionKind::kHoliday || kind == ExceptionKind::kBreak || kind == ExceptionKind::kWeatherDay ||
         kind == ExceptionKind::kTeacherOnlyDay || kind == ExceptionKind::kOtherClosure;
}

// The part that counts on d; null where there is no part.
const NaiveCalendar::Part* PartOn(const std::vector<NaiveCalendar::Part>& parts, Date d) {
  const NaiveCalendar::Part* found = parts.empty() ? nullptr : &parts.front();
  for (const NaiveCalendar::Part& part : parts) {
    if (&part != &parts.front() && part.from <= d) found = &part;
  }
  return found;
}

}  // namespace

bool NaiveIsInstructional(const CalendarSpec& spec, Date d) {
  bool in_year = false, in_term = false;
  for (const SchoolYearSpec& year : spec.years) {
    if (!year.bounds.Contains(d)) continue;
    in_year = true;
    for (const Term& term : year.terms) in_term = in_term || (term.first_day <= d && d <= term.last_day);
  }
  if (!in_year) return false;

  bool make_up = false, closed = false, shortened = false;
  for (const CalendarException& exception : spec.exceptions) {
    if (d < exception.date || exception.last_date < d) continue;
    if (exception.kind == ExceptionKind::kMakeUpDay) {
      make_up = true;
    } else if (IsClosure(exception.kind)) {
      closed = true;
    } else {
      shortened = true;
    }
  }
  if (make_up) return true;
  if (closed) return false;
  if (shortened && in_term) return true;
  return in_term && (spec.weekdays & (1u << static_cast<int>(d.weekday()))) != 0;
}

NaiveCalendar::NaiveCalendar(const std::vector<Part>& parts) {
  Date first = Date::Max(), end = Date::Min();
  for (const Part& part : parts) {
    for (const SchoolYearSpec& year : part.spec.years) {
      first = std::min(first, year.bounds.from);
      end = std::max(end, year.bounds.to);
    }
  }
  for (Date d = first; d < end; d = d + 1) {
    const Part& part = *PartOn(parts, d);
    for (const SchoolYearSpec& spec : part.spec.years) {
      if (!spec.bounds.Contains(d)) continue;
      if (years_.empty() || years_.back().bounds != spec.bounds) years_.push_back({spec.id, spec.bounds, {}, {}});
      if (!NaiveIsInstructional(part.spec, d)) continue;
      instructional_.insert(d);
      if (!years_.back().first_day) years_.back().first_day = d;
      years_.back().last_day = d;
    }
  }
}

int NaiveCalendar::CountThrough(Date d) const {
  int count = 0;
  for (Date day : instructional_) count += day <= d ? 1 : 0;
  return count;
}

std::optional<Date> NaiveCalendar::NthAfter(Date a, int n) const {
  if (instructional_.empty()) return std::nullopt;
  for (Date d = a + 1; d <= *instructional_.rbegin(); d = d + 1) {
    if (IsInstructional(d) && --n == 0) return d;
  }
  return std::nullopt;
}

std::optional<NaiveCalendar::Year> NaiveCalendar::YearOf(Date d) const {
  for (const Year& year : years_) {
    if (year.bounds.Contains(d)) return year;
  }
  return std::nullopt;
}

}  // namespace leadlag
