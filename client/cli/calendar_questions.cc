#include "client/cli/calendar_questions.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "core/problem.h"

namespace leadlag::cli {
namespace {

constexpr std::array kMonths = {"January", "February", "March",     "April",   "May",      "June",
                                "July",    "August",   "September", "October", "November", "December"};

bool IsWeekend(Date date, uint8_t school_week) { return (school_week >> static_cast<int>(date.weekday()) & 1) == 0; }

std::string MonthName(Date month) {
  return std::string(kMonths[static_cast<size_t>(month.month() - 1)]) + " " + std::to_string(month.year());
}

// Reads a document's dates; collects what is wrong by field.
class SpecReader {
 public:
  absl::StatusOr<CalendarSpec> Read(const v1::Calendar& calendar) {
    CalendarSpec spec;
    spec.id = calendar.id();
    spec.display_name = calendar.display_name();
    spec.weekdays = SchoolWeek(calendar);
    for (int i = 0; i < calendar.years_size(); ++i) {
      spec.years.push_back(ReadYear(calendar.years(i), "years[" + std::to_string(i) + "]"));
    }
    for (int i = 0; i < calendar.exceptions_size(); ++i) {
      spec.exceptions.push_back(ReadException(calendar.exceptions(i), "exceptions[" + std::to_string(i) + "]"));
    }
    if (!problems_.empty()) return AsStatus(problems_);
    return spec;
  }

 private:
  Date ReadDate(const std::string& text, const std::string& field) {
    const absl::StatusOr<Date> date = Date::Parse(text);
    if (date.ok()) return *date;
    problems_.push_back({absl::StatusCode::kInvalidArgument, field, std::string(date.status().message())});
    return Date();
  }

  SchoolYearSpec ReadYear(const v1::SchoolYear& year, const std::string& path) {
    SchoolYearSpec spec;
    spec.id = year.id();
    for (int i = 0; i < year.terms_size(); ++i) {
      const std::string term = path + ".terms[" + std::to_string(i) + "]";
      spec.terms.push_back({ReadDate(year.terms(i).first_day(), term + ".first_day"),
                            ReadDate(year.terms(i).last_day(), term + ".last_day")});
    }
    if (!year.start_date().empty()) {
      spec.bounds.from = ReadDate(year.start_date(), path + ".start_date");
    } else if (!spec.terms.empty()) {  // the contract's default: the 1 July on or before the first day
      const Date first = spec.terms[0].first_day;
      spec.bounds.from = Date::FromYmd(first.month() >= 7 ? first.year() : first.year() - 1, 7, 1);
    }
    if (!year.end_date().empty()) {
      spec.bounds.to = ReadDate(year.end_date(), path + ".end_date");
    } else {  // one year after the start; 29 February has its anniversary on the 28th
      const Date from = spec.bounds.from;
      const bool leap_day = from.month() == 2 && from.day() == 29;
      spec.bounds.to = Date::FromYmd(from.year() + 1, from.month(), leap_day ? 28 : from.day());
    }
    return spec;
  }

  CalendarException ReadException(const v1::CalendarException& exception, const std::string& path) {
    CalendarException spec;
    spec.date = ReadDate(exception.date(), path + ".date");
    spec.last_date = exception.last_date().empty() ? spec.date : ReadDate(exception.last_date(), path + ".last_date");
    spec.kind = static_cast<ExceptionKind>(exception.kind());
    spec.label = exception.label();
    return spec;
  }

  std::vector<Problem> problems_;
};

}  // namespace

uint8_t SchoolWeek(const v1::Calendar& calendar) {
  if (calendar.weekdays().empty()) return CalendarSpec().weekdays;
  uint8_t week = 0;
  for (const int weekday : calendar.weekdays()) {
    if (weekday >= 1 && weekday <= 7) week |= static_cast<uint8_t>(1 << (weekday - 1));
  }
  return week;
}

absl::StatusOr<Calendar> CompileCalendar(const v1::Calendar& calendar) {
  const absl::StatusOr<CalendarSpec> spec = SpecReader().Read(calendar);
  if (!spec.ok()) return spec.status();
  return Calendar::Compile(*spec);
}

int InstructionalDays(const Calendar& calendar, DateRange range) {
  return calendar.Between(range.from - 1, range.to - 1);
}

Table MonthTable(const Calendar& calendar, const SchoolYear& year) {
  Table table({{"month", "MONTH"}, {"instructional_days", "INSTRUCTIONAL DAYS", true}});
  if (year.first_day) {
    for (Date month = year.first_day->StartOfMonth(); month <= *year.last_day; month = month.StartOfNextMonth()) {
      const DateRange range{std::max(month, year.bounds.from), std::min(month.StartOfNextMonth(), year.bounds.to)};
      table.AddRow({month.ToString().substr(0, 7), InstructionalDays(calendar, range)});
    }
  }
  table.AddRow({year.id, InstructionalDays(calendar, year.bounds)});
  return table;
}

Table ClosureTable(const Calendar& calendar, const SchoolYear& year, uint8_t school_week) {
  Table table({{"date", "FROM"}, {"last_date", "THROUGH"}, {"weekdays", "WEEKDAYS", true}, {"label", "WHY"}});
  if (!year.first_day) return table;
  Date date = *year.first_day;
  while (date <= *year.last_day) {
    if (calendar.IsInstructional(date) || IsWeekend(date, school_week)) {
      date = date + 1;
      continue;
    }
    const Date begin = date;
    const std::string label = calendar.ClosureLabel(date);
    Date last = date;
    int weekdays = 0;
    for (; date <= *year.last_day && !calendar.IsInstructional(date); date = date + 1) {
      if (IsWeekend(date, school_week)) continue;  // a break goes on over its weekend
      if (calendar.ClosureLabel(date) != label) break;
      last = date;
      ++weekdays;
    }
    table.AddRow({begin.ToString(), last.ToString(), weekdays, label});
  }
  return table;
}

std::string MonthGrid(const Calendar& calendar, Date month, uint8_t school_week) {
  const Date first = month.StartOfMonth();
  const Date next = first.StartOfNextMonth();
  std::string grid =
      MonthName(first) + ", " + std::to_string(InstructionalDays(calendar, {first, next})) + " instructional days\n";
  grid += "Mo Tu We Th Fr Sa Su\n";
  for (Date week = first.StartOfIsoWeek(); week < next; week = week + 7) {
    std::string line;
    for (Date date = week; date < week + 7; date = date + 1) {
      std::string day = "  ";
      if (date >= first && date < next) {
        day = calendar.IsInstructional(date) ? std::to_string(date.day()) : IsWeekend(date, school_week) ? " ." : "--";
      }
      line += (day.size() == 1 ? " " : "") + day + " ";
    }
    while (!line.empty() && line.back() == ' ') line.pop_back();
    grid += line + "\n";
  }
  return grid;
}

}  // namespace leadlag::cli
