// Diff of core/catalog.h: what differs between two catalogs, in words.
#include <algorithm>
#include <iterator>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/catalog.h"
#include "core/digits.h"
#include "core/limits.h"

namespace leadlag {
namespace {

// The name of an enumeration's number in the public Catalog message; "?" for one that Validate refuses.
template <typename Enum, size_t kSize>
std::string NameOf(Enum value, const char* const (&names)[kSize]) {
  const size_t index = static_cast<size_t>(value);
  return index < kSize ? names[index] : "?";
}

std::string Show(Population population) { return NameOf(population, {"", "NONE", "STUDENTS", "STAFF"}); }
std::string Show(IndicatorRole role) { return NameOf(role, {"?", "LEADING", "LAGGING", "BALANCING"}); }
std::string Show(Category category) {
  return NameOf(category,
                {"?", "WALKTHROUGH", "IMPLEMENTATION", "ADULT_LEARNING", "STUDENT_EXPERIENCE", "OUTCOME", "BALANCING"});
}
std::string Show(Dimension dimension) {
  return NameOf(dimension, {"none", "SHARED_UNDERSTANDING", "JOINT_WORK", "EVIDENCE_OF_PROGRESS"});
}
std::string Show(Measure measure) { return NameOf(measure, {"?", "NUMBER", "PROPORTION", "COMPLETION"}); }
std::string Show(Direction direction) { return NameOf(direction, {"none", "HIGHER_IS_BETTER", "LOWER_IS_BETTER"}); }
std::string Show(ExceptionKind kind) {
  return NameOf(kind, {"?", "HOLIDAY", "BREAK", "WEATHER_DAY", "TEACHER_ONLY_DAY", "OTHER_CLOSURE", "MAKE_UP_DAY",
                       "LATE_ARRIVAL", "EARLY_DISMISSAL"});
}

std::string Show(Severity severity) { return NameOf(severity, {"?", "ADVISORY", "WARNING", "CRITICAL"}); }
std::string Flag(bool value) { return value ? "true" : "false"; }

std::string Show(const std::string& text) { return text.empty() ? "none" : text; }
std::string Show(int32_t number) { return std::to_string(number); }
std::string Show(Date date) { return date.ToString(); }
std::string Show(MinuteOfDay time) { return time.ToString(); }
std::string Show(const std::optional<Date>& date) { return date ? date->ToString() : "none"; }

std::string ShowWeekdays(uint8_t weekdays) {
  constexpr const char* kNames[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
  std::string text;
  for (size_t i = 0; i < std::size(kNames); ++i) {
    if (weekdays >> i & 1) absl::StrAppend(&text, text.empty() ? "" : " ", kNames[i]);
  }
  return Show(text);
}

std::string Show(const SchoolYearSpec& year) {
  std::string text = absl::StrCat(year.id, " ", Show(year.bounds.from), " until ", Show(year.bounds.to), ", terms");
  for (const Term& term : year.terms) absl::StrAppend(&text, " ", Show(term.first_day), " to ", Show(term.last_day));
  return text;
}

std::string Show(const CalendarException& e) {
  std::string text = Show(e.date);
  if (e.last_date != e.date) absl::StrAppend(&text, " to ", Show(e.last_date));
  absl::StrAppend(&text, " ", Show(e.kind));
  if (!e.label.empty()) absl::StrAppend(&text, " ", e.label);
  return text;
}

std::string Show(const ActivePeriod& period) {
  return absl::StrCat(Show(period.active_from), " until ", period.active_to ? Show(*period.active_to) : "now");
}

std::string Show(const CalendarAssignment& assignment) {
  return assignment.from ? absl::StrCat(assignment.calendar, " from ", Show(*assignment.from)) : assignment.calendar;
}

std::string Show(const ExternalId& id) { return absl::StrCat(id.system, " ", id.value); }

std::string Show(const SignalKind& kind) {
  switch (kind.of) {
    case SignalKind::Of::kAnyLeading:
      return "any leading";
    case SignalKind::Of::kCategory:
      return "category " + Show(kind.category);
    case SignalKind::Of::kIndicator:
      return "indicator " + kind.indicator;
  }
  return "?";
}

// Collects the fields that differ between two versions of one entry.
class FieldChanges {
 public:
  template <typename T>
  void Value(const char* field, const T& before, const T& after) {
    if (!(before == after)) Add(field, Arrow(Show(before), Show(after)));
  }

  // A list, as what left it and what came.
  template <typename T>
  void List(const char* field, const std::vector<T>& before, const std::vector<T>& after) {
    if (before == after) return;
    const std::vector<std::string> old_items = Shown(before), new_items = Shown(after);
    std::vector<std::string> gone, come;
    std::set_difference(old_items.begin(), old_items.end(), new_items.begin(), new_items.end(),
                        std::back_inserter(gone));
    std::set_difference(new_items.begin(), new_items.end(), old_items.begin(), old_items.end(),
                        std::back_inserter(come));
    std::string text;
    for (const std::string& item : gone) AddItem("-" + item, text);
    for (const std::string& item : come) AddItem("+" + item, text);
    Add(field, text.empty() ? "order" : text);
  }

  void Pairs(const char* field, const Labels& before, const Labels& after) {
    std::string text;
    for (const auto& [key, value] : before) {
      const auto now = after.find(key);
      if (now == after.end()) {
        AddItem(absl::StrCat("-", key, "=", value), text);
      } else if (now->second != value) {
        AddItem(Arrow(absl::StrCat(key, "=", value), absl::StrCat(key, "=", now->second)), text);
      }
    }
    for (const auto& [key, value] : after) {
      if (before.count(key) == 0) AddItem(absl::StrCat("+", key, "=", value), text);
    }
    if (!text.empty()) Add(field, text);
  }

  std::string Take() && { return Clip(text_, kMaxChangeDetailBytes); }

 private:
  static std::string Arrow(const std::string& before, const std::string& after) {
    return absl::StrCat(Clip(before, kMaxChangeValueBytes), " -> ", Clip(after, kMaxChangeValueBytes));
  }

  template <typename T>
  static std::vector<std::string> Shown(const std::vector<T>& items) {
    std::vector<std::string> shown;
    for (const T& item : items) shown.push_back(Show(item));
    std::sort(shown.begin(), shown.end());
    return shown;
  }

  static void AddItem(const std::string& item, std::string& text) {
    if (text.size() > kMaxChangeDetailBytes) return;  // cut off in the end
    absl::StrAppend(&text, text.empty() ? "" : ", ", item);
  }

  void Add(const char* field, const std::string& change) {
    absl::StrAppend(&text_, text_.empty() ? "" : "; ", field, ": ", change);
  }

  std::string text_;
};

std::string Changes(const CalendarSpec& before, const CalendarSpec& after) {
  FieldChanges changes;
  changes.Value("display_name", before.display_name, after.display_name);
  changes.Value("weekdays", ShowWeekdays(before.weekdays), ShowWeekdays(after.weekdays));
  changes.List("years", before.years, after.years);
  changes.List("exceptions", before.exceptions, after.exceptions);
  return std::move(changes).Take();
}

std::string Changes(const Team& before, const Team& after) {
  FieldChanges changes;
  changes.Value("display_name", before.display_name, after.display_name);
  changes.List("active_periods", before.active_periods, after.active_periods);
  changes.List("calendars", before.calendars, after.calendars);
  changes.Value("time_zone", before.time_zone, after.time_zone);
  changes.Pairs("labels", before.labels, after.labels);
  changes.List("external_ids", before.external_ids, after.external_ids);
  return std::move(changes).Take();
}

std::string Changes(const Indicator& before, const Indicator& after) {
  FieldChanges changes;
  changes.Value("display_name", before.display_name, after.display_name);
  changes.Value("role", before.role, after.role);
  changes.Value("category", before.category, after.category);
  changes.Value("dimension", before.dimension, after.dimension);
  changes.Value("measure", before.measure, after.measure);
  changes.Value("direction", before.direction, after.direction);
  changes.Value("unit", before.unit, after.unit);
  changes.List("themes", before.themes, after.themes);
  changes.Value("population", before.population, after.population);
  return std::move(changes).Take();
}

std::string Changes(const Source& before, const Source& after) {
  FieldChanges changes;
  changes.Value("display_name", before.display_name, after.display_name);
  changes.Value("every_days", before.every_days, after.every_days);
  changes.List("indicators", before.indicators, after.indicators);
  changes.Pairs("team_labels", before.team_labels, after.team_labels);
  changes.List("teams", before.teams, after.teams);
  changes.Value("severity", before.severity, after.severity);
  changes.Value("notify_time", before.notify_time, after.notify_time);
  changes.Value("from", before.from, after.from);
  return std::move(changes).Take();
}

std::string Changes(const Expectation& before, const Expectation& after) {
  FieldChanges changes;
  changes.Value("display_name", before.display_name, after.display_name);
  changes.Value("kind", before.kind, after.kind);
  changes.Pairs("team_labels", before.team_labels, after.team_labels);
  changes.List("teams", before.teams, after.teams);
  changes.Value("every_days", before.every_days, after.every_days);
  changes.Value("grace_days", before.grace_days, after.grace_days);
  changes.Value("allowance_days", before.allowance_days, after.allowance_days);
  changes.Value("notify_time", before.notify_time, after.notify_time);
  changes.Value("from", before.from, after.from);
  return std::move(changes).Take();
}

std::string Show(std::monostate) { return "?"; }
std::string Show(const LaggingOnlyTerms& terms) { return absl::StrCat("days ", terms.days); }
std::string Show(const CompletionOnlyTerms& terms) {
  return absl::StrCat("cycle ", NameOf(terms.unit, {"?", "WEEK", "MONTH"}), ", cycles ", terms.cycles);
}
std::string Show(const ReviewOverdueTerms& terms) { return absl::StrCat("days ", terms.days); }
std::string Show(const CollectionSlowTerms& terms) {
  return absl::StrCat("records ", terms.records, ", percent ", terms.percent, ", days ", terms.days, ", clear_percent ",
                      terms.clear_percent);
}

std::string Show(const ActionWithoutEvidenceTerms& terms) { return absl::StrCat("days ", terms.days); }
std::string Show(const RunSignalTerms& terms) {
  return absl::StrCat("indicator ", terms.indicator, ", unit ", NameOf(terms.unit, {"?", "DAY", "WEEK", "MONTH"}),
                      terms.baseline ? absl::StrCat(", baseline ", FormatDecimal(*terms.baseline)) : "");
}

// "LAGGING_ONLY days 40".
std::string ShowTerms(const AlertRule& rule) {
  const std::string_view kind = ToString(rule.kind());
  const std::string terms = std::visit([](const auto& of_kind) { return Show(of_kind); }, rule.terms);
  return absl::StrCat(absl::string_view(kind.data(), kind.size()), " ", terms);
}

std::string Changes(const AlertRule& before, const AlertRule& after) {
  FieldChanges changes;
  changes.Value("display_name", before.display_name, after.display_name);
  changes.Value("terms", ShowTerms(before), ShowTerms(after));
  changes.Pairs("team_labels", before.team_labels, after.team_labels);
  changes.List("teams", before.teams, after.teams);
  changes.Value("severity", before.severity, after.severity);
  changes.Value("enabled", Flag(before.enabled), Flag(after.enabled));
  changes.Value("notify_time", before.notify_time, after.notify_time);
  changes.Value("from", before.from, after.from);
  return std::move(changes).Take();
}

std::string Changes(const InquiryTheme& before, const InquiryTheme& after) {
  FieldChanges changes;
  changes.Value("display_name", before.display_name, after.display_name);
  return std::move(changes).Take();
}

std::string DistrictChanges(const Catalog& before, const Catalog& after) {
  FieldChanges changes;
  changes.Value("district", before.district, after.district);
  changes.Value("display_name", before.display_name, after.display_name);
  changes.Value("time_zone", before.time_zone, after.time_zone);
  changes.Value("default_calendar", before.default_calendar, after.default_calendar);
  changes.Value("settings.settling_minutes", before.settings.settling_minutes, after.settings.settling_minutes);
  changes.Value("settings.review_objective_days", before.settings.review_objective_days,
                after.settings.review_objective_days);
  changes.Value("settings.flip_retention_days", before.settings.flip_retention_days, after.settings.flip_retention_days);
  changes.Value("settings.student_floor", before.settings.student_floor, after.settings.student_floor);
  changes.Value("settings.staff_floor", before.settings.staff_floor, after.settings.staff_floor);
  return std::move(changes).Take();
}

template <typename Entry>
void DiffList(const std::string& list, const std::vector<Entry>& before, const std::vector<Entry>& after,
              std::vector<CatalogChange>& changes) {
  using Kind = CatalogChange::Kind;
  const auto positions_of = [](const std::vector<Entry>& entries) {
    std::unordered_map<std::string_view, size_t> positions;
    for (size_t i = 0; i < entries.size(); ++i) positions.emplace(entries[i].id, i);
    return positions;
  };
  const auto old_positions = positions_of(before), new_positions = positions_of(after);
  const auto path = [&list](const Entry& entry) { return absl::StrCat(list, "/", entry.id); };
  for (const Entry& entry : after) {
    const auto position = old_positions.find(entry.id);
    if (position == old_positions.end()) {
      changes.push_back({Kind::kAdded, path(entry), ""});
    } else if (const Entry& old_entry = before[position->second]; !(old_entry == entry)) {
      changes.push_back({Kind::kChanged, path(entry), Changes(old_entry, entry)});
    }
  }
  for (const Entry& entry : before) {
    if (new_positions.count(entry.id) == 0) changes.push_back({Kind::kRemoved, path(entry), ""});
  }
}

}  // namespace

std::vector<CatalogChange> Diff(const Catalog& before, const Catalog& after) {
  std::vector<CatalogChange> changes;
  if (std::string detail = DistrictChanges(before, after); !detail.empty()) {
    changes.push_back({CatalogChange::Kind::kChanged, "district", std::move(detail)});
  }
  DiffList("calendars", before.calendars, after.calendars, changes);
  DiffList("teams", before.teams, after.teams, changes);
  DiffList("indicators", before.indicators, after.indicators, changes);
  DiffList("sources", before.sources, after.sources, changes);
  DiffList("expectations", before.expectations, after.expectations, changes);
  DiffList("alert_rules", before.alert_rules, after.alert_rules, changes);
  DiffList("inquiry_themes", before.inquiry_themes, after.inquiry_themes, changes);
  return changes;
}

}  // namespace leadlag
