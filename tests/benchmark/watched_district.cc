#include "tests/benchmark/watched_district.h"

#include <algorithm>

#include "tests/benchmark/workload.h"

namespace leadlag::benchmark {

WatchedDistrict::WatchedDistrict(Instant now) {
  const auto hour_utc = static_cast<int>(now.micros % kMicrosPerDay / kMicrosPerHour);
  offset_hours = 12 - hour_utc;
  today = Date(static_cast<int32_t>((now.micros + offset_hours * kMicrosPerHour) / kMicrosPerDay));
  catalog.district = kDistrict;
  // POSIX counts westward.
  catalog.time_zone = offset_hours == 0 ? "Etc/GMT"
                                        : std::string("Etc/GMT") + (offset_hours > 0 ? "-" : "+") +
                                              std::to_string(std::abs(offset_hours));
  catalog.default_calendar = "main";
  CalendarSpec& calendar = catalog.calendars.emplace_back();
  calendar.id = "main";
  calendar.weekdays = 0b1111111;
  calendar.years = {{"now", {today - 200, today + 160}, {{today - 200, today + 159}}}};
  Indicator& indicator = catalog.indicators.emplace_back();
  indicator.id = "visits";
  catalog.sources.emplace_back().id = kSource;
}

MinuteOfDay WatchedDistrict::MinuteAt(Instant instant) const {
  return MinuteOfDay{
      static_cast<int32_t>((instant.micros + offset_hours * kMicrosPerHour) % kMicrosPerDay / kMicrosPerMinute)};
}

std::string WatchedDistrict::TeamId(int team) {
  const std::string digits = std::to_string(team);
  return "team-" + std::string(5 - std::min<size_t>(5, digits.size()), '0') + digits;
}

void WatchedDistrict::AddTeams(int count) {
  for (int i = 0; i < count; ++i) {
    Team& team = catalog.teams.emplace_back();
    team.id = TeamId(static_cast<int>(catalog.teams.size()) - 1);
    team.active_periods = {{today - 200, std::nullopt}};
  }
}

Expectation& WatchedDistrict::Add(const std::string& id, int teams) {
  Expectation& expectation = catalog.expectations.emplace_back();
  expectation.id = id;
  for (int team = 0; team < teams; ++team) expectation.teams.push_back(TeamId(team));
  expectation.grace_days = 100;
  expectation.allowance_days = 0;
  return expectation;
}

void WatchedDistrict::AddDueToday(const std::string& id, int teams, MinuteOfDay notify) {
  // The start is the day before `from`, the due date a day after it: yesterday.
  Expectation& expectation = Add(id, teams);
  expectation.from = today - 1;
  expectation.every_days = 1;
  expectation.notify_time = notify;
}

void WatchedDistrict::AddQuiet(const std::string& id, int teams) {
  Expectation& expectation = Add(id, teams);
  expectation.from = today;
  expectation.every_days = 100;
}

}  // namespace leadlag::benchmark
