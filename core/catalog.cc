#include "core/catalog.h"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/calendar.h"
#include "core/digits.h"
#include "core/inquiry.h"
#include "core/limits.h"

namespace leadlag {
namespace {

constexpr uint8_t kAllWeekdays = 0b1111111;
constexpr int32_t kMinutesPerDay = 1'440;

bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool IsYearId(std::string_view text) {
  return !text.empty() && text.size() <= kMaxYearIdBytes && std::all_of(text.begin(), text.end(), [](char c) {
    return IsLower(c) || IsUpper(c) || IsDigit(c) || c == '-';
  });
}

bool IsLeadingCategory(Category category) {
  return category >= Category::kWalkthrough && category <= Category::kStudentExperience;
}

// Numbers from outside may be none of an enumeration's: no switch over them may rely on it.
template <typename Enum>
bool IsOneOf(Enum value, Enum first, Enum last) {
  return first <= value && value <= last;
}

// ---- Validate -------------------------------------------------------------------------------------------

// Problems in the order found, up to the limit.
class Problems {
 public:
  template <typename... Reason>
  void Add(std::string field, const Reason&... reason) {
    if (list_.size() == kMaxProblems) return;
    list_.push_back({absl::StatusCode::kInvalidArgument, std::move(field), absl::StrCat(reason...)});
  }
  size_t size() const { return list_.size(); }
  std::vector<Problem> Take() && { return std::move(list_); }

 private:
  std::vector<Problem> list_;
};

std::string At(const std::string& list, size_t index) { return absl::StrCat(list, "[", index, "]"); }

void CheckId(const std::string& field, const std::string& id, Problems& problems) {
  if (IsId(id)) return;
  problems.Add(field, Quoted(id), " is not an id; give 1 to ", kMaxIdBytes,
               " of the characters a to z, 0 to 9 and \"-\", such as \"elm-street\"");
}

void CheckText(const std::string& owner, const char* field, const std::string& text, Problems& problems) {
  if (!IsUtf8(text)) {
    problems.Add(absl::StrCat(owner, field), Quoted(text), " is not valid UTF-8; save the document as UTF-8");
  } else if (text.size() > kMaxTextBytes) {
    problems.Add(absl::StrCat(owner, field), Quoted(text), " has ", text.size(), " bytes; shorten it to at most ",
                 kMaxTextBytes);
  }
}

void CheckSize(const std::string& field, size_t size, size_t max, Problems& problems) {
  if (size > max) problems.Add(field, size, " entries are too many; give at most ", max);
}

void CheckRange(const std::string& owner, const char* field, int32_t value, int32_t min, int32_t max, const char* unit,
                Problems& problems) {
  if (value >= min && value <= max) return;
  problems.Add(absl::StrCat(owner, field), value, " is out of range; give ", min, " to ", max, " ", unit);
}

void CheckLabels(const std::string& field, const Labels& labels, Problems& problems) {
  CheckSize(field, labels.size(), kMaxLabels, problems);
  for (const auto& [key, value] : labels) {
    if (!IsId(key)) {
      problems.Add(field, "the key ", Quoted(key), " is not a label key; give 1 to ", kMaxIdBytes,
                   " of the characters a to z, 0 to 9 and \"-\", such as \"level\"");
    } else {
      CheckText(absl::StrCat(field, "[", key, "]"), "", value, problems);
    }
  }
}

// Where each id first stands in its list.
using Positions = std::unordered_map<std::string_view, size_t>;

template <typename Entry>
Positions PositionsOf(const std::vector<Entry>& entries) {
  Positions positions;
  positions.reserve(entries.size());
  for (size_t i = 0; i < entries.size(); ++i) positions.emplace(entries[i].id, i);
  return positions;
}

void CheckUnique(const std::string& list, size_t index, const std::string& id, const Positions& positions,
                 Problems& problems) {
  const size_t first = positions.at(id);
  if (first == index) return;
  problems.Add(At(list, index) + ".id", Quoted(id), " is already the id of ", At(list, first),
               "; give each its own id, or remove one");
}

// One calendar, under a path that is "" or ends in ".".
class CalendarCheck {
 public:
  CalendarCheck(std::string path, const CalendarSpec& spec, Problems& problems)
      : path_(std::move(path)), spec_(spec), problems_(problems) {}

  void Run() {
    if (spec_.weekdays == 0 || spec_.weekdays > kAllWeekdays) {
      problems_.Add(path_ + "weekdays", "no school week; give at least one of the seven weekdays");
    }
    CheckSize(path_ + "years", spec_.years.size(), kMaxSchoolYears, problems_);
    const Positions positions = PositionsOf(spec_.years);
    for (size_t i = 0; i < spec_.years.size(); ++i) {
      CheckYear(i);
      if (IsYearId(spec_.years[i].id)) CheckUnique(path_ + "years", i, spec_.years[i].id, positions, problems_);
    }
    CheckSize(path_ + "exceptions", spec_.exceptions.size(), kMaxExceptions, problems_);
    for (size_t i = 0; i < spec_.exceptions.size(); ++i) {
      CheckException(At(path_ + "exceptions", i), spec_.exceptions[i]);
    }
  }

 private:
  void CheckYear(size_t index) {
    const SchoolYearSpec& year = spec_.years[index];
    const std::string path = At(path_ + "years", index);
    if (!IsYearId(year.id)) {
      problems_.Add(path + ".id", Quoted(year.id), " is not a school year's id; give 1 to ", kMaxYearIdBytes,
                    " letters, digits and \"-\", such as \"2025-26\"");
    }
    if (year.bounds.from < Date::Min()) {
      problems_.Add(path + ".start_date", "the year starts before ", Date::Min().ToString(), "; start it later");
    }
    if (year.bounds.to > Date::Max()) {
      problems_.Add(path + ".end_date", "the year ends after ", Date::Max().ToString(), "; end it earlier");
    }
    if (year.bounds.to <= year.bounds.from) {
      problems_.Add(path + ".end_date", "the year has no date; end it after its start ", year.bounds.from.ToString());
    } else if (year.bounds.to - year.bounds.from > kMaxSchoolYearDays) {
      problems_.Add(path + ".end_date", "the year is ", year.bounds.to - year.bounds.from,
                    " days long; end it at most ", kMaxSchoolYearDays, " days after its start");
    }
    if (index > 0 && year.bounds.from < spec_.years[index - 1].bounds.to) {
      problems_.Add(path + ".start_date", "the year starts before ", At("years", index - 1), " ends on ",
                    spec_.years[index - 1].bounds.to.ToString(), "; order the years, and let none overlap another");
    }
    CheckTerms(path + ".terms", year);
  }

  void CheckTerms(const std::string& path, const SchoolYearSpec& year) {
    if (year.terms.empty()) problems_.Add(path, "the year has no term; give at least one with its first and last day");
    for (size_t i = 0; i < year.terms.size(); ++i) {
      const Term& term = year.terms[i];
      if (term.last_day < term.first_day) {
        problems_.Add(At(path, i) + ".last_day", term.last_day.ToString(), " lies before the first day ",
                      term.first_day.ToString(), "; exchange or correct them");
      }
      if (!year.bounds.Contains(term.first_day)) {
        problems_.Add(At(path, i) + ".first_day", OutsideYear(term.first_day, year));
      }
      if (!year.bounds.Contains(term.last_day)) {
        problems_.Add(At(path, i) + ".last_day", OutsideYear(term.last_day, year));
      }
      if (i > 0 && term.first_day <= year.terms[i - 1].last_day) {
        problems_.Add(At(path, i) + ".first_day", term.first_day.ToString(),
                      " is not after the previous term's last day ", year.terms[i - 1].last_day.ToString(),
                      "; order the terms, and let none overlap another");
      }
    }
  }

  static std::string OutsideYear(Date d, const SchoolYearSpec& year) {
    return absl::StrCat(d.ToString(), " lies outside the school year, ", year.bounds.from.ToString(), " until ",
                        year.bounds.to.ToString(), "; correct it, or the year's start_date or end_date");
  }

  void CheckException(const std::string& path, const CalendarException& e) {
    if (!IsOneOf(e.kind, ExceptionKind::kHoliday, ExceptionKind::kEarlyDismissal)) {
      problems_.Add(path + ".kind", "an exception needs a kind; give HOLIDAY, BREAK, WEATHER_DAY, TEACHER_ONLY_DAY, ",
                    "OTHER_CLOSURE, MAKE_UP_DAY, LATE_ARRIVAL or EARLY_DISMISSAL");
    }
    if (e.last_date < e.date) {
      problems_.Add(path + ".last_date", e.last_date.ToString(), " lies before date ", e.date.ToString(),
                    "; exchange or correct them");
    } else if (!LiesInOneYear(e)) {
      problems_.Add(path + ".date", e.date.ToString(), " to ", e.last_date.ToString(),
                    " lies in no one school year of ",
                    "this calendar; correct it, add the year, or split it at the year's end");
    }
    CheckText(path, ".label", e.label, problems_);
  }

  bool LiesInOneYear(const CalendarException& e) const {
    return std::any_of(spec_.years.begin(), spec_.years.end(), [&e](const SchoolYearSpec& year) {
      return year.bounds.Contains(e.date) && year.bounds.Contains(e.last_date);
    });
  }

  const std::string path_;
  const CalendarSpec& spec_;
  Problems& problems_;
};

class CatalogCheck {
 public:
  // `stored`: it was accepted before it was refused that an expectation picks no team, and that a source is too slow for an action.
  CatalogCheck(const Catalog& catalog, bool stored)
      : catalog_(catalog),
        stored_(stored),
        calendars_(PositionsOf(catalog.calendars)),
        teams_(PositionsOf(catalog.teams)),
        indicators_(PositionsOf(catalog.indicators)),
        calendar_is_good_(catalog.calendars.size()),
        compiled_(catalog.calendars.size()) {}

  std::vector<Problem> Run() {
    CheckDistrict();
    CheckCalendars();
    CheckTeams();
    CheckIndicators();
    CheckSources();
    CheckExpectations();
    CheckAlertRules();
    CheckInquiryThemes();
    CheckSettings();
    return std::move(problems_).Take();
  }

 private:
  void CheckDistrict() {
    CheckId("district", catalog_.district, problems_);
    CheckText("", "display_name", catalog_.display_name, problems_);
    if (catalog_.time_zone.empty()) {
      problems_.Add("time_zone", "the district has no time zone; give its IANA name, such as \"America/New_York\"");
    }
    CheckText("", "time_zone", catalog_.time_zone, problems_);
    CheckCalendarReference("default_calendar", catalog_.default_calendar);
  }

  void CheckCalendarReference(const std::string& field, const std::string& id) {
    if (calendars_.count(id) > 0) return;
    problems_.Add(field, "no calendar has the id ", Quoted(id), "; add it under calendars, or name one that is there");
  }

  // What every list of entries with ids has in common. Returns the entry's path.
  template <typename Entry>
  std::string CheckEntry(const std::string& list, size_t index, const Entry& entry, const Positions& positions) {
    std::string path = At(list, index);
    CheckId(path + ".id", entry.id, problems_);
    if (IsId(entry.id)) CheckUnique(list, index, entry.id, positions, problems_);
    CheckText(path, ".display_name", entry.display_name, problems_);
    return path;
  }

  void CheckCalendars() {
    CheckSize("calendars", catalog_.calendars.size(), kMaxCalendars, problems_);
    for (size_t i = 0; i < catalog_.calendars.size(); ++i) {
      const std::string path = CheckEntry("calendars", i, catalog_.calendars[i], calendars_);
      const size_t before = problems_.size();
      CalendarCheck(path + ".", catalog_.calendars[i], problems_).Run();
      // A full list of problems may hide one, so no later calendar counts as good.
      calendar_is_good_[i] = problems_.size() == before && before < kMaxProblems;
    }
  }

  void CheckTeams() {
    CheckSize("teams", catalog_.teams.size(), kMaxTeams, problems_);
    for (size_t i = 0; i < catalog_.teams.size(); ++i) {
      const Team& team = catalog_.teams[i];
      const std::string path = CheckEntry("teams", i, team, teams_);
      CheckActivePeriods(path + ".active_periods", team.active_periods);
      CheckAssignments(path + ".calendars", team.calendars);
      CheckText(path, ".time_zone", team.time_zone, problems_);
      CheckLabels(path + ".labels", team.labels, problems_);
      CheckExternalIds(path + ".external_ids", team.external_ids);
    }
  }

  void CheckActivePeriods(const std::string& path, const std::vector<ActivePeriod>& periods) {
    CheckSize(path, periods.size(), kMaxActivePeriods, problems_);
    if (periods.empty()) problems_.Add(path, "the team is never active; give at least one period with its active_from");
    for (size_t i = 0; i < periods.size(); ++i) {
      const ActivePeriod& period = periods[i];
      if (period.active_to && *period.active_to <= period.active_from) {
        problems_.Add(At(path, i) + ".active_to", period.active_to->ToString(), " is not after active_from ",
                      period.active_from.ToString(),
                      "; active_to is the first date on which the team is no longer active");
      }
      if (i > 0) CheckFollows(At(path, i) + ".active_from", periods[i - 1], period);
    }
  }

  void CheckFollows(const std::string& field, const ActivePeriod& previous, const ActivePeriod& period) {
    if (!previous.active_to) {
      problems_.Add(field, "the period before it has no end; give that one an active_to, or remove this one");
    } else if (period.active_from == *previous.active_to) {
      problems_.Add(field, period.active_from.ToString(),
                    " is where the period before it ends; merge the two into one");
    } else if (period.active_from < *previous.active_to) {
      problems_.Add(field, period.active_from.ToString(), " lies before the end of the period before it, ",
                    previous.active_to->ToString(), "; order the periods, and merge those that overlap");
    }
  }

  void CheckAssignments(const std::string& path, const std::vector<CalendarAssignment>& assignments) {
    CheckSize(path, assignments.size(), kMaxCalendarAssignments, problems_);
    for (size_t i = 0; i < assignments.size(); ++i) {
      CheckCalendarReference(At(path, i) + ".calendar", assignments[i].calendar);
      if (i == 0) continue;
      const std::optional<Date>& from = assignments[i].from;
      const std::optional<Date>& previous = assignments[i - 1].from;
      if (!from) {
        problems_.Add(At(path, i) + ".from",
                      "only the first calendar may hold from ever; give the first date on this one");
      } else if (previous && *from <= *previous) {
        problems_.Add(At(path, i) + ".from", from->ToString(), " is not after the calendar before it, from ",
                      previous->ToString(), "; order the calendars by from, one for a date");
      } else {
        CheckMove(At(path, i), assignments[i - 1].calendar, assignments[i].calendar, *from);
      }
    }
  }

  void CheckMove(const std::string& field, const std::string& before, const std::string& after, Date move) {
    const Calendar* left = Compiled(before);
    const Calendar* right = Compiled(after);
    if (left == nullptr || right == nullptr) return;  // named already
    const absl::Status status = Calendar::CheckMove(*left, *right, move);
    if (!status.ok()) problems_.Add(field, std::string(status.message()));
  }

  // Null where there is no such calendar, or it has problems.
  const Calendar* Compiled(const std::string& id) {
    const auto position = calendars_.find(id);
    if (position == calendars_.end() || !calendar_is_good_[position->second]) return nullptr;
    std::optional<Calendar>& compiled = compiled_[position->second];
    if (!compiled) compiled = Calendar::Compile(catalog_.calendars[position->second]).value();
    return &*compiled;
  }

  void CheckExternalIds(const std::string& path, const std::vector<ExternalId>& ids) {
    CheckSize(path, ids.size(), kMaxExternalIds, problems_);
    for (size_t i = 0; i < ids.size(); ++i) {
      if (ids[i].system.empty()) problems_.Add(At(path, i) + ".system", "no system; name it, such as \"nces\"");
      if (ids[i].value.empty()) problems_.Add(At(path, i) + ".value", "no identifier; give it, or remove the entry");
      CheckText(At(path, i), ".system", ids[i].system, problems_);
      CheckText(At(path, i), ".value", ids[i].value, problems_);
    }
  }

  void CheckIndicators() {
    CheckSize("indicators", catalog_.indicators.size(), kMaxIndicators, problems_);
    for (size_t i = 0; i < catalog_.indicators.size(); ++i) {
      const Indicator& indicator = catalog_.indicators[i];
      const std::string path = CheckEntry("indicators", i, indicator, indicators_);
      CheckRole(path, indicator);
      if (!IsOneOf(indicator.dimension, Dimension::kUnspecified, Dimension::kEvidenceOfProgress)) {
        problems_.Add(path + ".dimension",
                      "not a dimension; give SHARED_UNDERSTANDING, JOINT_WORK, EVIDENCE_OF_PROGRESS ", "or none");
      }
      if (!IsOneOf(indicator.measure, Measure::kNumber, Measure::kCompletion)) {
        problems_.Add(path + ".measure", "an indicator needs a measure; give NUMBER, PROPORTION or COMPLETION");
      }
      if (!IsOneOf(indicator.direction, Direction::kUnspecified, Direction::kLowerIsBetter)) {
        problems_.Add(path + ".direction", "not a direction; give HIGHER_IS_BETTER, LOWER_IS_BETTER or none");
      }
      CheckPopulation(path, indicator);
      CheckText(path, ".unit", indicator.unit, problems_);
      CheckSize(path + ".themes", indicator.themes.size(), kMaxThemes, problems_);
      for (size_t j = 0; j < indicator.themes.size(); ++j) {
        CheckText(At(path + ".themes", j), "", indicator.themes[j], problems_);
      }
    }
  }

  void CheckPopulation(const std::string& path, const Indicator& indicator) {
    if (!IsOneOf(indicator.population, Population::kUnspecified, Population::kStaff)) {
      problems_.Add(path + ".population", "not a population; give NONE, STUDENTS, STAFF or leave it out");
    } else if (indicator.population > Population::kNone && indicator.measure != Measure::kProportion) {
      problems_.Add(path + ".population", "is for a PROPORTION, whose n says of how many people it is; leave it out, or measure k of n");
    }
  }

  void CheckRole(const std::string& path, const Indicator& indicator) {
    switch (indicator.role) {
      case IndicatorRole::kLeading:
        if (IsLeadingCategory(indicator.category)) return;
        problems_.Add(path + ".category", "not a category of LEADING indicators; give WALKTHROUGH, IMPLEMENTATION, ",
                      "ADULT_LEARNING or STUDENT_EXPERIENCE");
        return;
      case IndicatorRole::kLagging:
        if (indicator.category == Category::kOutcome) return;
        problems_.Add(path + ".category", "a LAGGING indicator counts under OUTCOME alone; give OUTCOME or none");
        return;
      case IndicatorRole::kBalancing:
        if (indicator.category == Category::kBalancing) return;
        problems_.Add(path + ".category", "a BALANCING indicator counts under BALANCING alone; give BALANCING or none");
        return;
    }
    problems_.Add(path + ".role", "an indicator needs a role; give LEADING, LAGGING or BALANCING");
  }

  void CheckSources() {
    CheckSize("sources", catalog_.sources.size(), kMaxSources, problems_);
    const Positions positions = PositionsOf(catalog_.sources);
    for (size_t i = 0; i < catalog_.sources.size(); ++i) {
      const Source& source = catalog_.sources[i];
      const std::string path = CheckEntry("sources", i, source, positions);
      const size_t before = problems_.size();
      CheckRange(path, ".every_days", source.every_days, 0, kMaxExpectationDays, "instructional days, 0 where nobody waits for it",
                 problems_);
      if (source.team_labels.empty() && source.teams.empty()) {
        CheckSelector(path, source);
      } else {
        CheckPicks(path, "source", source);
      }
      CheckSeverity(path, source.severity);
      CheckSize(path + ".indicators", source.indicators.size(), kMaxIndicators, problems_);
      for (size_t j = 0; j < source.indicators.size(); ++j) {
        if (indicators_.count(source.indicators[j]) > 0) continue;
        problems_.Add(At(path + ".indicators", j), "no indicator has the id ", Quoted(source.indicators[j]),
                      "; add it under indicators, or remove it here");
      }
      if (problems_.size() == before && source.every_days > 0) CheckInterval(path, source);
    }
  }

  // A source that may be silent for longer than what it feeds is waited for would be noticed too late.
  void CheckInterval(const std::string& path, const Source& source) {
    const std::unordered_set<std::string_view> fed(source.indicators.begin(), source.indicators.end());
    const std::vector<bool> by_source = PickedBy(source);
    const auto check = [&](const auto& subject, const char* what, int32_t days, auto counts) {
      if (days > source.every_days) return;
      const bool feeds = std::any_of(catalog_.indicators.begin(), catalog_.indicators.end(), [&](const Indicator& indicator) {
        return counts(indicator) && (fed.empty() || fed.count(indicator.id) > 0);
      });
      if (!feeds) return;
      // As long is short enough where the source is judged first, at the same instant or before.
      const bool judged_first = days == source.every_days && source.notify_time <= subject.notify_time;
      const std::vector<bool>& by_subject = Picked(subject);
      for (size_t team = 0; team < by_source.size(); ++team) {
        if (!by_source[team] || !by_subject[team]) continue;
        const std::string& zone = catalog_.teams[team].time_zone;
        if (judged_first && (zone.empty() || zone == catalog_.time_zone)) continue;
        problems_.Add(path + ".every_days", source.every_days, " instructional days are ",
                      days == source.every_days ? "as many as" : "more than", " the ", days, " of the ", what, " ",
                      Quoted(subject.id), ", which it feeds",
                      days == source.every_days
                          ? absl::StrCat(", and it is judged later in the day, for team ", Quoted(catalog_.teams[team].id), " at least")
                          : "",
                      "; its silence would come out too late: give fewer");
        return;
      }
    };
    for (const Expectation& expectation : catalog_.expectations) {
      check(expectation, "expectation", expectation.every_days,
            [&](const Indicator& indicator) { return expectation.kind.Counts(indicator); });
    }
    for (const AlertRule& rule : catalog_.alert_rules) {
      const auto* const lagging = std::get_if<LaggingOnlyTerms>(&rule.terms);
      const auto* const action = stored_ ? nullptr : std::get_if<ActionWithoutEvidenceTerms>(&rule.terms);
      if (!rule.enabled || (lagging == nullptr && action == nullptr)) continue;
      check(rule, "rule", lagging != nullptr ? lagging->days : action->days, [](const Indicator& indicator) {
        return indicator.role == IndicatorRole::kLeading && indicator.measure != Measure::kCompletion;
      });
    }
  }

  void CheckExpectations() {
    CheckSize("expectations", catalog_.expectations.size(), kMaxExpectations, problems_);
    const Positions positions = PositionsOf(catalog_.expectations);
    constexpr char kUnit[] = "instructional days";
    for (size_t i = 0; i < catalog_.expectations.size(); ++i) {
      const Expectation& expectation = catalog_.expectations[i];
      const std::string path = CheckEntry("expectations", i, expectation, positions);
      CheckKind(path + ".kind", expectation.kind);
      const bool picks_all = expectation.team_labels.empty() && expectation.teams.empty();
      if (picks_all || stored_) {
        CheckSelector(path, expectation);
      } else {
        CheckPicks(path, "expectation", expectation);
      }
      CheckRange(path, ".every_days", expectation.every_days, 1, kMaxExpectationDays, kUnit, problems_);
      CheckRange(path, ".grace_days", expectation.grace_days, 0, kMaxExpectationDays, kUnit, problems_);
      CheckRange(path, ".allowance_days", expectation.allowance_days, 0, kMaxExpectationDays, kUnit, problems_);
    }
  }

  // What an expectation and a rule have in common: which teams, and when they are told.
  template <typename Entry>
  void CheckSelector(const std::string& path, const Entry& entry) {
    CheckLabels(path + ".team_labels", entry.team_labels, problems_);
    for (size_t i = 0; i < entry.teams.size(); ++i) {
      if (teams_.count(entry.teams[i]) > 0) continue;
      problems_.Add(At(path + ".teams", i), "no team has the id ", Quoted(entry.teams[i]), "; add it under teams, or remove it here");
    }
    if (entry.notify_time.minutes < 0 || entry.notify_time.minutes >= kMinutesPerDay) {
      problems_.Add(path + ".notify_time", "not a time of day; give HH:MM from 00:00 to 23:59");
    }
  }

  // Which teams the selector of an expectation, a rule or a source picks, by position.
  template <typename Entry>
  std::vector<bool> PickedBy(const Entry& entry) const {
    const std::unordered_set<std::string_view> listed(entry.teams.begin(), entry.teams.end());
    std::vector<bool> picked(catalog_.teams.size());
    for (size_t i = 0; i < picked.size(); ++i) {
      const Team& team = catalog_.teams[i];
      picked[i] = (listed.empty() || listed.count(team.id) > 0) && Matches(team.labels, entry.team_labels);
    }
    return picked;
  }
  // The same, kept. REQUIRES: an expectation or a rule of the catalog.
  template <typename Entry>
  const std::vector<bool>& Picked(const Entry& entry) {
    std::optional<std::vector<bool>>& picked = picked_[&entry];
    if (!picked) picked = PickedBy(entry);
    return *picked;
  }

  // A selector that is to pick somebody.
  template <typename Entry>
  void CheckPicks(const std::string& path, const char* what, const Entry& entry) {
    const size_t before = problems_.size();
    CheckSelector(path, entry);
    if (problems_.size() > before) return;
    const std::vector<bool> picked = PickedBy(entry);
    if (std::find(picked.begin(), picked.end(), true) != picked.end()) return;
    problems_.Add(path + (entry.team_labels.empty() ? "" : ".team_labels"), "picks no team; give labels that a team has, or remove the ",
                  what);
  }

  void CheckSeverity(const std::string& path, Severity severity) {
    if (IsOneOf(severity, Severity::kAdvisory, Severity::kCritical)) return;
    problems_.Add(path + ".severity", "not a severity; give ADVISORY, WARNING or CRITICAL");
  }

  void CheckAlertRules() {
    if (catalog_.alert_rules.empty()) return;
    CheckSize("alert_rules", catalog_.expectations.size() + catalog_.alert_rules.size(), kMaxExpectations, problems_);
    const Positions expectations = PositionsOf(catalog_.expectations), positions = PositionsOf(catalog_.alert_rules);
    for (size_t i = 0; i < catalog_.alert_rules.size(); ++i) {
      const AlertRule& rule = catalog_.alert_rules[i];
      const std::string path = CheckEntry("alert_rules", i, rule, positions);
      if (const auto same = expectations.find(rule.id); same != expectations.end()) {
        problems_.Add(path + ".id", Quoted(rule.id), " is already the id of ", At("expectations", same->second),
                      "; their alerts are told apart by it: give each its own");
      }
      CheckPicks(path, "rule", rule);
      CheckSeverity(path, rule.severity);
      std::visit([&](const auto& terms) { CheckTerms(path, terms); }, rule.terms);
    }
  }

  void CheckTerms(const std::string& path, const std::monostate&) {
    problems_.Add(path, "a rule needs a kind; give lagging_only, completion_only, review_overdue, collection_slow, ",
                  "action_without_evidence or run_signal");
  }
  void CheckTerms(const std::string& path, const LaggingOnlyTerms& terms) {
    CheckRange(path, ".lagging_only.days", terms.days, 1, kMaxExpectationDays, "instructional days", problems_);
    RequireIndicator(path + ".lagging_only", "is LAGGING", [](const Indicator& i) { return i.role == IndicatorRole::kLagging; });
  }
  void CheckTerms(const std::string& path, const CompletionOnlyTerms& terms) {
    if (!IsOneOf(terms.unit, CycleUnit::kIsoWeek, CycleUnit::kMonth)) {
      problems_.Add(path + ".completion_only.cycle", "not a cycle; give WEEK or MONTH");
    }
    CheckRange(path, ".completion_only.cycles", terms.cycles, 1, kMaxCycles, "cycles", problems_);
    RequireIndicator(path + ".completion_only", "has the measure COMPLETION",
                     [](const Indicator& i) { return i.measure == Measure::kCompletion; });
  }
  void CheckTerms(const std::string& path, const ReviewOverdueTerms& terms) {
    CheckRange(path, ".review_overdue.days", terms.days, 1, kMaxExpectationDays, "instructional days", problems_);
  }
  void CheckTerms(const std::string& path, const CollectionSlowTerms& terms) {
    CheckRange(path, ".collection_slow.records", terms.records, 1, kMaxCollectionRecords, "records", problems_);
    CheckRange(path, ".collection_slow.percent", terms.percent, 0, 99, "percent", problems_);
    CheckRange(path, ".collection_slow.days", terms.days, 0, kMaxExpectationDays, "instructional days", problems_);
    CheckRange(path, ".collection_slow.clear_percent", terms.clear_percent, 0, 99, "percent", problems_);
    if (terms.clear_percent > terms.percent && terms.percent >= 0 && terms.clear_percent <= 99) {
      problems_.Add(path + ".collection_slow.clear_percent", terms.clear_percent, " is above percent, ", terms.percent,
                    ", so that the alert would end where it begins; give at most ", terms.percent);
    }
  }

  void CheckTerms(const std::string& path, const ActionWithoutEvidenceTerms& terms) {
    CheckRange(path, ".action_without_evidence.days", terms.days, 1, kMaxExpectationDays, "instructional days", problems_);
  }
  void CheckTerms(const std::string& path, const RunSignalTerms& terms) {
    const std::string field = path + ".run_signal";
    CheckCountedIndicator(field + ".indicator", terms.indicator);
    if (terms.unit == ChartUnit::kMonth) {
      problems_.Add(field + ".unit", "a school year has too few months for a verdict, which takes 10 points; give DAY or WEEK");
    } else if (!IsOneOf(terms.unit, ChartUnit::kDay, ChartUnit::kWeek)) {
      problems_.Add(field + ".unit", "not a unit; give DAY or WEEK");
    }
    if (!terms.baseline) return;
    const auto position = indicators_.find(terms.indicator);
    const bool of_parts = position != indicators_.end() && catalog_.indicators[position->second].measure == Measure::kProportion;
    if (!std::isfinite(*terms.baseline)) {
      problems_.Add(field + ".baseline", "is not finite; give a number, or none");
    } else if (of_parts && (*terms.baseline < 0 || *terms.baseline > 1)) {
      problems_.Add(field + ".baseline", FormatDecimal(*terms.baseline), " is no share; give 0 to 1, as ", Quoted(terms.indicator),
                    " is a PROPORTION");
    }
  }

  // A rule about nothing that the catalog has would be quiet for ever.
  template <typename Is>
  void RequireIndicator(const std::string& path, const char* what, Is is) {
    if (std::any_of(catalog_.indicators.begin(), catalog_.indicators.end(), is)) return;
    problems_.Add(path, "no indicator ", what, ", so that the rule could never fire; add one under indicators, or remove the rule");
  }

  void CheckKind(const std::string& path, const SignalKind& kind) {
    switch (kind.of) {
      case SignalKind::Of::kAnyLeading:
        return;
      case SignalKind::Of::kCategory:
        if (IsLeadingCategory(kind.category) || kind.category == Category::kBalancing) return;
        problems_.Add(path + ".category",
                      "no signals are expected of this category; give WALKTHROUGH, IMPLEMENTATION, ",
                      "ADULT_LEARNING, STUDENT_EXPERIENCE or BALANCING");
        return;
      case SignalKind::Of::kIndicator:
        CheckCountedIndicator(path + ".indicator", kind.indicator);
        return;
    }
    problems_.Add(path, "an expectation needs a kind; give any_leading, a category or an indicator");
  }

  void CheckCountedIndicator(const std::string& field, const std::string& id) {
    const auto position = indicators_.find(id);
    if (position == indicators_.end()) {
      problems_.Add(field, "no indicator has the id ", Quoted(id),
                    "; add it under indicators, or name one that is there");
    } else if (catalog_.indicators[position->second].measure == Measure::kCompletion) {
      problems_.Add(field, Quoted(id),
                    " is a COMPLETION, which never counts as evidence; name an indicator with measure ",
                    "NUMBER or PROPORTION");
    }
  }

  void CheckInquiryThemes() {
    CheckSize("inquiry_themes", catalog_.inquiry_themes.size(), kMaxInquiryThemes, problems_);
    const Positions positions = PositionsOf(catalog_.inquiry_themes);
    const Positions defaults = PositionsOf(DefaultInquiryThemes());
    for (size_t i = 0; i < catalog_.inquiry_themes.size(); ++i) {
      const InquiryTheme& theme = catalog_.inquiry_themes[i];
      const std::string path = CheckEntry("inquiry_themes", i, theme, positions);
      if (defaults.count(theme.id) == 0) continue;
      problems_.Add(path + ".id", Quoted(theme.id), " is a theme that every district has; remove it here, or give yours another id");
    }
  }

  void CheckSettings() {
    CheckRange("settings", ".settling_minutes", catalog_.settings.settling_minutes, 0, kMaxSettlingMinutes, "minutes",
               problems_);
    CheckRange("settings", ".review_objective_days", catalog_.settings.review_objective_days, 1, kMaxExpectationDays,
               "instructional days", problems_);
    const int32_t retention = catalog_.settings.flip_retention_days;
    if (retention != 0 && (retention < kMinFlipRetentionDays || retention > kMaxFlipRetentionDays)) {
      problems_.Add("settings.flip_retention_days", retention, " is out of range; give ", kMinFlipRetentionDays, " to ",
                    kMaxFlipRetentionDays, " days, or 0 to keep flips for ever");
    }
    CheckRange("settings", ".student_floor", catalog_.settings.student_floor, kStudentFloorMin, kFloorMax, "people", problems_);
    CheckRange("settings", ".staff_floor", catalog_.settings.staff_floor, kStaffFloorMin, kFloorMax, "people", problems_);
  }

  const Catalog& catalog_;
  const bool stored_;
  const Positions calendars_, teams_, indicators_;
  std::vector<bool> calendar_is_good_;
  std::vector<std::optional<Calendar>> compiled_;  // by position, compiled when first asked for
  std::unordered_map<const void*, std::optional<std::vector<bool>>> picked_;
  Problems problems_;
};

}  // namespace

std::string_view ToString(AlertKind kind) {
  switch (kind) {
    case AlertKind::kSignalOverdue: return "SIGNAL_OVERDUE";
    case AlertKind::kLaggingOnly: return "LAGGING_ONLY";
    case AlertKind::kCompletionOnly: return "COMPLETION_ONLY";
    case AlertKind::kReviewOverdue: return "REVIEW_OVERDUE";
    case AlertKind::kCollectionSlow: return "COLLECTION_SLOW";
    case AlertKind::kActionWithoutEvidence: return "ACTION_WITHOUT_EVIDENCE";
    case AlertKind::kSourceSilent: return "SOURCE_SILENT";
    case AlertKind::kRunSignal: return "RUN_SIGNAL";
  }
  return "?";
}

AlertKind AlertRule::kind() const {
  struct KindOf {
    AlertKind operator()(const std::monostate&) const { return AlertKind::kSignalOverdue; }
    AlertKind operator()(const LaggingOnlyTerms&) const { return AlertKind::kLaggingOnly; }
    AlertKind operator()(const CompletionOnlyTerms&) const { return AlertKind::kCompletionOnly; }
    AlertKind operator()(const ReviewOverdueTerms&) const { return AlertKind::kReviewOverdue; }
    AlertKind operator()(const CollectionSlowTerms&) const { return AlertKind::kCollectionSlow; }
    AlertKind operator()(const ActionWithoutEvidenceTerms&) const { return AlertKind::kActionWithoutEvidence; }
    AlertKind operator()(const RunSignalTerms&) const { return AlertKind::kRunSignal; }
  };
  return std::visit(KindOf(), terms);
}

bool Source::IsNameAlone() const {
  Source name;
  name.id = id;
  name.display_name = display_name;
  return *this == name;
}

bool Matches(const Labels& labels, const Labels& wanted) {
  return std::all_of(wanted.begin(), wanted.end(), [&labels](const auto& pair) {
    const auto label = labels.find(pair.first);
    return label != labels.end() && label->second == pair.second;
  });
}

bool IsId(std::string_view text) {
  return !text.empty() && text.size() <= kMaxIdBytes &&
         std::all_of(text.begin(), text.end(), [](char c) { return IsLower(c) || IsDigit(c) || c == '-'; });
}

bool SignalKind::Counts(const Indicator& counted, bool completions) const {
  if (counted.measure == Measure::kCompletion && !completions) return false;
  switch (of) {
    case Of::kAnyLeading:
      return counted.role == IndicatorRole::kLeading;
    case Of::kCategory:
      return counted.category == category;
    case Of::kIndicator:
      return counted.id == indicator;
  }
  return false;
}

std::vector<Problem> Validate(const Catalog& catalog) { return CatalogCheck(catalog, /*stored=*/false).Run(); }
std::vector<Problem> ValidateStored(const Catalog& catalog) { return CatalogCheck(catalog, /*stored=*/true).Run(); }

std::vector<Problem> ValidateDates(const CalendarSpec& calendar) {
  Problems problems;
  CalendarCheck("", calendar, problems).Run();
  return std::move(problems).Take();
}

}  // namespace leadlag
