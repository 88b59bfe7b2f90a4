#include "tests/support/nyc_attendance.h"

#include <algorithm>
#include <fstream>
#include <set>

#include "absl/status/status.h"
#include "tests/support/shared_data.h"

namespace leadlag {
namespace {

std::string Expected() { return SharedDataPlace() + "/nyc-attendance/district13.csv"; }

absl::Status BadLine(size_t number, const std::string& line) {
  return absl::DataLossError("line " + std::to_string(number) + ": want YYYYMMDD,dbn,percent or NS, got \"" + line +
                             "\"");
}

}  // namespace

std::optional<std::string> NycAttendanceFile() {
  if (!std::ifstream(Expected())) return std::nullopt;
  return Expected();
}

std::string NoNycAttendance() {
  return "no " + Expected() + ": set LEADLAG_SHARED_DATA to the directory that holds nyc-attendance/district13.csv";
}

absl::StatusOr<NycAttendance> ReadNycAttendance(const std::string& file) {
  std::ifstream in(file);
  if (!in) return absl::NotFoundError(file);
  NycAttendance attendance;
  std::string line;
  std::getline(in, line);  // the header
  for (size_t number = 2; std::getline(in, line); ++number) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.empty()) continue;
    const size_t first = line.find(','), second = line.find(',', first + 1);
    if (first != 8 || second == std::string::npos) return BadLine(number, line);
    const absl::StatusOr<Date> date =
        Date::Parse(line.substr(0, 4) + "-" + line.substr(4, 2) + "-" + line.substr(6, 2));
    const std::string dbn = line.substr(first + 1, second - first - 1), percent = line.substr(second + 1);
    if (!date.ok() || dbn.empty() || percent.empty()) return BadLine(number, line);
    std::vector<Date>& dates = attendance.submitted[dbn];
    if (percent == "NS") {
      ++attendance.not_submitted;
    } else {
      dates.push_back(*date);
    }
  }
  for (auto& [dbn, dates] : attendance.submitted) std::sort(dates.begin(), dates.end());
  return attendance;
}

CalendarSpec NycAttendance::Calendar() const {
  std::set<Date> days;
  for (const auto& [dbn, dates] : submitted) days.insert(dates.begin(), dates.end());

  CalendarSpec spec;
  spec.id = "nyc-13";
  const auto add_year = [&](std::string id, int from_year) {
    const DateRange bounds{Date::FromYmd(from_year, 7, 1), Date::FromYmd(from_year + 1, 7, 1)};
    std::optional<Date> first, last;
    for (Date d : days) {
      if (!bounds.Contains(d)) continue;
      if (!first) first = d;
      last = d;
    }
    if (!first) return;
    spec.years.push_back({std::move(id), bounds, {{*first, *last}}});
    for (Date d = *first; d <= *last; d = d + 1) {
      const bool weekday = d.weekday() <= Weekday::kFriday;
      if (weekday && !days.contains(d)) spec.exceptions.push_back({d, d, ExceptionKind::kOtherClosure, "no rows"});
      if (!weekday && days.contains(d)) spec.exceptions.push_back({d, d, ExceptionKind::kMakeUpDay, "rows"});
    }
  };
  add_year("2013-14", 2013);
  add_year("2014-15", 2014);
  return spec;
}

}  // namespace leadlag
