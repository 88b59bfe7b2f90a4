#include "server/rpc/convert_catalog.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/limits.h"
#include "core/problem.h"
#include "server/rpc/convert.h"

namespace leadlag {
namespace {

// A number of ours that Validate refuses in its own words: neither of an enumeration's numbers nor 0, which may mean "not said".
constexpr uint8_t kNoSuchNumber = std::numeric_limits<uint8_t>::max();

// Public and core enumerations share their numbers.
template <typename Enum>
Enum EnumFromProto(int number) {
  const bool fits = number >= 0 && number < kNoSuchNumber;
  return static_cast<Enum>(fits ? static_cast<uint8_t>(number) : kNoSuchNumber);
}

template <typename Proto, typename Enum>
Proto EnumToProto(Enum value) {
  return static_cast<Proto>(static_cast<int>(value));
}

// Core weekdays count from 0, public ones from 1.
constexpr int kWeekdays = 7;

// Reads a document, collecting what cannot be read.
class CatalogReader {
 public:
  absl::StatusOr<Catalog> Read(const v1::Catalog& proto) {
    Catalog catalog;
    catalog.district = proto.district();
    catalog.display_name = proto.display_name();
    catalog.time_zone = proto.time_zone();
    catalog.default_calendar = proto.default_calendar();
    ReadEntries(proto.calendars(), "calendars", catalog.calendars, &CatalogReader::ReadCalendar);
    ReadEntries(proto.teams(), "teams", catalog.teams, &CatalogReader::ReadTeam);
    ReadEntries(proto.indicators(), "indicators", catalog.indicators, &CatalogReader::ReadIndicator);
    ReadEntries(proto.sources(), "sources", catalog.sources, &CatalogReader::ReadSource);
    ReadEntries(proto.expectations(), "expectations", catalog.expectations, &CatalogReader::ReadExpectation);
    ReadEntries(proto.alert_rules(), "alert_rules", catalog.alert_rules, &CatalogReader::ReadAlertRule);
    for (const v1::InquiryTheme& theme : proto.inquiry_themes()) catalog.inquiry_themes.push_back({theme.id(), theme.display_name()});
    if (proto.settings().has_settling_minutes()) {
      catalog.settings.settling_minutes = proto.settings().settling_minutes();
    }
    if (proto.settings().has_review_objective_days()) {
      catalog.settings.review_objective_days = proto.settings().review_objective_days();
    }
    catalog.settings.flip_retention_days = proto.settings().flip_retention_days();
    if (proto.settings().has_student_floor()) catalog.settings.student_floor = proto.settings().student_floor();
    if (proto.settings().has_staff_floor()) catalog.settings.staff_floor = proto.settings().staff_floor();
    if (!problems_.empty()) {
      AddProblemsOfOthers(catalog);
      return AsStatus(problems_);
    }
    if (std::vector<Problem> problems = Validate(catalog); !problems.empty()) return AsStatus(problems);
    return catalog;
  }

  absl::StatusOr<CatalogSubjects> ReadSubjects(const google::protobuf::RepeatedPtrField<v1::Expectation>& expectations,
                                               const google::protobuf::RepeatedPtrField<v1::AlertRule>& alert_rules) {
    CatalogSubjects subjects;
    ReadEntries(expectations, "expectations", subjects.expectations, &CatalogReader::ReadExpectation);
    ReadEntries(alert_rules, "alert_rules", subjects.alert_rules, &CatalogReader::ReadAlertRule);
    if (!problems_.empty()) return AsStatus(problems_);
    return subjects;
  }

 private:
  template <typename Proto, typename Entry>
  void ReadEntries(const google::protobuf::RepeatedPtrField<Proto>& protos, const char* list, std::vector<Entry>& entries,
                   Entry (CatalogReader::*read)(const Proto&, const std::string&)) {
    entries.reserve(static_cast<size_t>(protos.size()));
    for (int i = 0; i < protos.size(); ++i) entries.push_back((this->*read)(protos[i], absl::StrCat(list, "[", i, "]")));
  }

  CalendarSpec ReadCalendar(const v1::Calendar& proto, const std::string& path) {
    CalendarSpec calendar;
    calendar.id = proto.id();
    calendar.display_name = proto.display_name();
    if (proto.weekdays_size() > 0) calendar.weekdays = 0;
    for (int i = 0; i < proto.weekdays_size(); ++i) {
      const int weekday = proto.weekdays(i);
      if (weekday < v1::WEEKDAY_MONDAY || weekday > v1::WEEKDAY_SUNDAY) {
        Add(absl::StrCat(path, ".weekdays[", i, "]"), "is not a weekday; give MONDAY to SUNDAY");
        continue;
      }
      calendar.weekdays |= static_cast<uint8_t>(1 << (weekday - v1::WEEKDAY_MONDAY));
    }
    for (int i = 0; i < proto.years_size(); ++i) {
      calendar.years.push_back(ReadYear(proto.years(i), absl::StrCat(path, ".years[", i, "]")));
    }
    for (int i = 0; i < proto.exceptions_size(); ++i) {
      calendar.exceptions.push_back(ReadException(proto.exceptions(i), absl::StrCat(path, ".exceptions[", i, "]")));
    }
    return calendar;
  }

  SchoolYearSpec ReadYear(const v1::SchoolYear& proto, const std::string& path) {
    SchoolYearSpec year;
    year.id = proto.id();
    for (int i = 0; i < proto.terms_size(); ++i) {
      const std::string term_path = absl::StrCat(path, ".terms[", i, "]");
      Term term;
      term.first_day = RequiredDate(proto.terms(i).first_day(), term_path + ".first_day");
      term.last_day = RequiredDate(proto.terms(i).last_day(), term_path + ".last_day");
      year.terms.push_back(term);
    }
    const std::optional<Date> start = OptionalDate(proto.start_date(), path + ".start_date");
    const std::optional<Date> end = OptionalDate(proto.end_date(), path + ".end_date");
    year.bounds.from = start ? *start : DefaultStart(year);
    year.bounds.to = end ? *end : OneYearAfter(year.bounds.from);
    return year;
  }

  // The 1 July on or before the first term's first day.
  static Date DefaultStart(const SchoolYearSpec& year) {
    if (year.terms.empty()) return Date::Min();  // Validate asks for a term
    const Date first = year.terms.front().first_day;
    const int start_year = first.month() >= 7 ? first.year() : first.year() - 1;
    return std::max(Date::FromYmd(start_year, 7, 1), Date::Min());
  }

  // The same day of the next year; 1 March after a 29 February.
  static Date OneYearAfter(Date date) {
    const bool leap_day = date.month() == 2 && date.day() == 29;
    return leap_day ? Date::FromYmd(date.year() + 1, 3, 1) : Date::FromYmd(date.year() + 1, date.month(), date.day());
  }

  CalendarException ReadException(const v1::CalendarException& proto, const std::string& path) {
    CalendarException exception;
    exception.date = RequiredDate(proto.date(), path + ".date");
    exception.last_date = OptionalDate(proto.last_date(), path + ".last_date").value_or(exception.date);
    exception.kind = EnumFromProto<ExceptionKind>(proto.kind());
    exception.label = proto.label();
    return exception;
  }

  Team ReadTeam(const v1::Team& proto, const std::string& path) {
    Team team;
    team.id = proto.id();
    team.display_name = proto.display_name();
    for (int i = 0; i < proto.active_periods_size(); ++i) {
      const std::string period_path = absl::StrCat(path, ".active_periods[", i, "]");
      ActivePeriod period;
      period.active_from = RequiredDate(proto.active_periods(i).active_from(), period_path + ".active_from");
      period.active_to = OptionalDate(proto.active_periods(i).active_to(), period_path + ".active_to");
      team.active_periods.push_back(period);
    }
    for (int i = 0; i < proto.calendars_size(); ++i) {
      team.calendars.push_back({proto.calendars(i).calendar(),
                                OptionalDate(proto.calendars(i).from(), absl::StrCat(path, ".calendars[", i, "].from"))});
    }
    team.time_zone = proto.time_zone();
    team.labels = LabelsFromProto(proto.labels());
    for (const v1::ExternalId& id : proto.external_ids()) team.external_ids.push_back({id.system(), id.value()});
    return team;
  }

  Indicator ReadIndicator(const v1::Indicator& proto, const std::string& path) {
    Indicator indicator;
    indicator.id = proto.id();
    indicator.display_name = proto.display_name();
    indicator.role = EnumFromProto<IndicatorRole>(proto.role());
    indicator.category = EnumFromProto<Category>(proto.category());
    if (proto.category() == v1::CATEGORY_UNSPECIFIED) {
      if (indicator.role == IndicatorRole::kLagging) indicator.category = Category::kOutcome;
      if (indicator.role == IndicatorRole::kBalancing) indicator.category = Category::kBalancing;
    }
    indicator.dimension = EnumFromProto<Dimension>(proto.dimension());
    indicator.measure = EnumFromProto<Measure>(proto.measure());
    indicator.direction = EnumFromProto<Direction>(proto.direction());
    indicator.unit = proto.unit();
    indicator.themes.assign(proto.themes().begin(), proto.themes().end());
    indicator.population = EnumFromProto<Population>(proto.population());
    return indicator;
  }

  Source ReadSource(const v1::Source& proto, const std::string& path) {
    Source source;
    source.id = proto.id();
    source.display_name = proto.display_name();
    source.every_days = proto.every_days();
    source.indicators.assign(proto.indicators().begin(), proto.indicators().end());
    source.team_labels = LabelsFromProto(proto.team_labels());
    source.teams.assign(proto.teams().begin(), proto.teams().end());
    if (proto.severity() != v1::SEVERITY_UNSPECIFIED) source.severity = EnumFromProto<Severity>(proto.severity());
    ReadNotifyTime(proto.notify_time(), path, source.notify_time);
    source.from = OptionalDate(proto.from(), path + ".from");
    return source;
  }

  Expectation ReadExpectation(const v1::Expectation& proto, const std::string& path) {
    constexpr int32_t kStudentExperienceEveryDays = 30;
    Expectation expectation;
    expectation.id = proto.id();
    expectation.display_name = proto.display_name();
    expectation.kind.of = static_cast<SignalKind::Of>(0);  // Validate asks for one
    if (proto.kind().has_category()) {
      expectation.kind.of = SignalKind::Of::kCategory;
      expectation.kind.category = EnumFromProto<Category>(proto.kind().category());
    } else if (proto.kind().has_indicator()) {
      expectation.kind.of = SignalKind::Of::kIndicator;
      expectation.kind.indicator = proto.kind().indicator();
    } else if (proto.kind().any_leading()) {
      expectation.kind.of = SignalKind::Of::kAnyLeading;
    }
    expectation.team_labels = LabelsFromProto(proto.team_labels());
    expectation.teams.assign(proto.teams().begin(), proto.teams().end());
    const bool student_experience = expectation.kind.of == SignalKind::Of::kCategory &&
                                    expectation.kind.category == Category::kStudentExperience;
    if (student_experience) expectation.every_days = kStudentExperienceEveryDays;
    if (proto.has_every_days()) expectation.every_days = proto.every_days();
    if (proto.has_grace_days()) expectation.grace_days = proto.grace_days();
    if (proto.has_allowance_days()) expectation.allowance_days = proto.allowance_days();
    ReadNotifyTime(proto.notify_time(), path, expectation.notify_time);
    expectation.from = OptionalDate(proto.from(), path + ".from");
    return expectation;
  }

  AlertRule ReadAlertRule(const v1::AlertRule& proto, const std::string& path) {
    AlertRule rule;
    rule.id = proto.id();
    rule.display_name = proto.display_name();
    rule.team_labels = LabelsFromProto(proto.team_labels());
    rule.teams.assign(proto.teams().begin(), proto.teams().end());
    if (proto.severity() != v1::SEVERITY_UNSPECIFIED) rule.severity = EnumFromProto<Severity>(proto.severity());
    if (proto.has_enabled()) rule.enabled = proto.enabled();
    ReadNotifyTime(proto.notify_time(), path, rule.notify_time);
    rule.from = OptionalDate(proto.from(), path + ".from");
    switch (proto.terms_case()) {
      case v1::AlertRule::kLaggingOnly: {
        LaggingOnlyTerms terms;
        if (proto.lagging_only().has_days()) terms.days = proto.lagging_only().days();
        rule.terms = terms;
        break;
      }
      case v1::AlertRule::kCompletionOnly: {
        const v1::CompletionOnlyRule& given = proto.completion_only();
        CompletionOnlyTerms terms;
        if (given.cycle() != v1::CYCLE_UNSPECIFIED) terms.unit = EnumFromProto<CycleUnit>(given.cycle());
        if (given.has_cycles()) terms.cycles = given.cycles();
        rule.terms = terms;
        break;
      }
      case v1::AlertRule::kReviewOverdue: {
        ReviewOverdueTerms terms;
        if (proto.review_overdue().has_days()) terms.days = proto.review_overdue().days();
        rule.terms = terms;
        break;
      }
      case v1::AlertRule::kCollectionSlow: {
        const v1::CollectionSlowRule& given = proto.collection_slow();
        CollectionSlowTerms terms;
        if (given.has_records()) terms.records = given.records();
        if (given.has_percent()) terms.percent = given.percent();
        if (given.has_days()) terms.days = given.days();
        terms.clear_percent = given.has_clear_percent() ? given.clear_percent() : std::min(terms.clear_percent, std::max(0, terms.percent));
        rule.terms = terms;
        break;
      }
      case v1::AlertRule::kActionWithoutEvidence: {
        ActionWithoutEvidenceTerms terms;
        if (proto.action_without_evidence().has_days()) terms.days = proto.action_without_evidence().days();
        rule.terms = terms;
        break;
      }
      case v1::AlertRule::kRunSignal: {
        const v1::RunSignalRule& given = proto.run_signal();
        RunSignalTerms terms{.indicator = given.indicator()};
        if (given.unit() != v1::CHART_UNIT_UNSPECIFIED) terms.unit = EnumFromProto<ChartUnit>(given.unit());
        if (given.has_baseline()) terms.baseline = given.baseline();
        if (proto.severity() == v1::SEVERITY_UNSPECIFIED) rule.severity = Severity::kAdvisory;
        rule.terms = std::move(terms);
        break;
      }
      case v1::AlertRule::TERMS_NOT_SET: break;  // Validate asks for one
    }
    return rule;
  }

  void ReadNotifyTime(const std::string& text, const std::string& path, MinuteOfDay& notify_time) {
    if (text.empty()) return;
    const absl::StatusOr<MinuteOfDay> time = MinuteOfDay::Parse(text);
    if (time.ok()) {
      notify_time = *time;
    } else {
      Add(path + ".notify_time", std::string(time.status().message()));
    }
  }

  Date RequiredDate(const std::string& text, const std::string& field) {
    return Keep(DateFromProto(text, field)).value_or(Date::Min());
  }
  std::optional<Date> OptionalDate(const std::string& text, const std::string& field) {
    return text.empty() ? std::nullopt : Keep(DateFromProto(text, field));
  }
  std::optional<Date> Keep(absl::StatusOr<Date> date) {
    if (date.ok()) return *date;
    for (Problem& problem : ProblemsOf(date.status())) Add(std::move(problem.field), std::move(problem.reason));
    return std::nullopt;
  }

  void Add(std::string field, std::string reason) {
    if (problems_.size() == kMaxProblems) return;
    problems_.push_back({absl::StatusCode::kInvalidArgument, std::move(field), std::move(reason)});
  }

  // "teams[3]" of "teams[3].active_periods[0].active_from".
  static std::string EntryOf(const std::string& field) { return field.substr(0, field.find('.')); }

  // Adds what Validate says of entries that could be read as a whole. A calendar with a date missing may seem to disagree with
  // another, so that then nothing is said of the teams that move between calendars.
  void AddProblemsOfOthers(const Catalog& catalog) {
    std::set<std::string> broken;
    bool broken_calendar = false;
    for (const Problem& problem : problems_) {
      broken.insert(EntryOf(problem.field));
      broken_calendar = broken_calendar || problem.field.rfind("calendars[", 0) == 0;
    }
    for (Problem& problem : Validate(catalog)) {
      const bool about_move = problem.field.find("].calendars[") != std::string::npos;
      if (broken.count(EntryOf(problem.field)) > 0 || (broken_calendar && about_move)) continue;
      if (problems_.size() < kMaxProblems) problems_.push_back(std::move(problem));
    }
  }

  std::vector<Problem> problems_;
};

v1::Calendar ToProto(const CalendarSpec& calendar) {
  v1::Calendar proto;
  proto.set_id(calendar.id);
  proto.set_display_name(calendar.display_name);
  for (int day = 0; day < kWeekdays; ++day) {
    if (calendar.weekdays >> day & 1) proto.add_weekdays(static_cast<v1::Weekday>(v1::WEEKDAY_MONDAY + day));
  }
  for (const SchoolYearSpec& year : calendar.years) {
    v1::SchoolYear& proto_year = *proto.add_years();
    proto_year.set_id(year.id);
    proto_year.set_start_date(year.bounds.from.ToString());
    proto_year.set_end_date(year.bounds.to.ToString());
    for (const Term& term : year.terms) {
      v1::Term& proto_term = *proto_year.add_terms();
      proto_term.set_first_day(term.first_day.ToString());
      proto_term.set_last_day(term.last_day.ToString());
    }
  }
  for (const CalendarException& exception : calendar.exceptions) {
    v1::CalendarException& proto_exception = *proto.add_exceptions();
    proto_exception.set_date(exception.date.ToString());
    if (exception.last_date != exception.date) proto_exception.set_last_date(exception.last_date.ToString());
    proto_exception.set_kind(EnumToProto<v1::CalendarExceptionKind>(exception.kind));
    proto_exception.set_label(exception.label);
  }
  return proto;
}

v1::Indicator ToProto(const Indicator& indicator) {
  v1::Indicator proto;
  proto.set_id(indicator.id);
  proto.set_display_name(indicator.display_name);
  proto.set_role(EnumToProto<v1::IndicatorRole>(indicator.role));
  proto.set_category(EnumToProto<v1::Category>(indicator.category));
  proto.set_dimension(EnumToProto<v1::Dimension>(indicator.dimension));
  proto.set_measure(EnumToProto<v1::Measure>(indicator.measure));
  proto.set_direction(EnumToProto<v1::Direction>(indicator.direction));
  proto.set_unit(indicator.unit);
  for (const std::string& theme : indicator.themes) proto.add_themes(theme);
  proto.set_population(EnumToProto<v1::Population>(indicator.population));
  return proto;
}

v1::Source ToProto(const Source& source) {
  v1::Source proto;
  proto.set_id(source.id);
  proto.set_display_name(source.display_name);
  if (source.IsNameAlone()) return proto;  // as short as it was written
  proto.set_every_days(source.every_days);
  for (const std::string& indicator : source.indicators) proto.add_indicators(indicator);
  LabelsToProto(source.team_labels, *proto.mutable_team_labels());
  for (const std::string& team : source.teams) proto.add_teams(team);
  proto.set_severity(EnumToProto<v1::Severity>(source.severity));
  proto.set_notify_time(source.notify_time.ToString());
  proto.set_from(ToProto(source.from));
  return proto;
}

v1::Expectation ToProto(const Expectation& expectation) {
  v1::Expectation proto;
  proto.set_id(expectation.id);
  proto.set_display_name(expectation.display_name);
  *proto.mutable_kind() = ToProto(expectation.kind);
  LabelsToProto(expectation.team_labels, *proto.mutable_team_labels());
  for (const std::string& team : expectation.teams) proto.add_teams(team);
  proto.set_every_days(expectation.every_days);
  proto.set_grace_days(expectation.grace_days);
  proto.set_allowance_days(expectation.allowance_days);
  proto.set_notify_time(expectation.notify_time.ToString());
  proto.set_from(ToProto(expectation.from));
  return proto;
}

void TermsToProto(const std::monostate&, v1::AlertRule&) {}
void TermsToProto(const LaggingOnlyTerms& terms, v1::AlertRule& proto) { proto.mutable_lagging_only()->set_days(terms.days); }
void TermsToProto(const CompletionOnlyTerms& terms, v1::AlertRule& proto) {
  proto.mutable_completion_only()->set_cycle(EnumToProto<v1::Cycle>(terms.unit));
  proto.mutable_completion_only()->set_cycles(terms.cycles);
}
void TermsToProto(const ReviewOverdueTerms& terms, v1::AlertRule& proto) { proto.mutable_review_overdue()->set_days(terms.days); }
void TermsToProto(const CollectionSlowTerms& terms, v1::AlertRule& proto) {
  v1::CollectionSlowRule& rule = *proto.mutable_collection_slow();
  rule.set_records(terms.records);
  rule.set_percent(terms.percent);
  rule.set_days(terms.days);
  rule.set_clear_percent(terms.clear_percent);
}

void TermsToProto(const ActionWithoutEvidenceTerms& terms, v1::AlertRule& proto) {
  proto.mutable_action_without_evidence()->set_days(terms.days);
}
void TermsToProto(const RunSignalTerms& terms, v1::AlertRule& proto) {
  v1::RunSignalRule& rule = *proto.mutable_run_signal();
  rule.set_indicator(terms.indicator);
  rule.set_unit(EnumToProto<v1::ChartUnit>(terms.unit));
  if (terms.baseline) rule.set_baseline(*terms.baseline);
}

v1::AlertRule ToProto(const AlertRule& rule) {
  v1::AlertRule proto;
  proto.set_id(rule.id);
  proto.set_display_name(rule.display_name);
  LabelsToProto(rule.team_labels, *proto.mutable_team_labels());
  for (const std::string& team : rule.teams) proto.add_teams(team);
  proto.set_severity(EnumToProto<v1::Severity>(rule.severity));
  proto.set_enabled(rule.enabled);
  proto.set_notify_time(rule.notify_time.ToString());
  proto.set_from(ToProto(rule.from));
  std::visit([&proto](const auto& terms) { TermsToProto(terms, proto); }, rule.terms);
  return proto;
}

}  // namespace

absl::StatusOr<Catalog> CatalogFromProto(const v1::Catalog& proto) { return CatalogReader().Read(proto); }

absl::StatusOr<CatalogSubjects> SubjectsFromProto(const google::protobuf::RepeatedPtrField<v1::Expectation>& expectations,
                                                  const google::protobuf::RepeatedPtrField<v1::AlertRule>& alert_rules) {
  return CatalogReader().ReadSubjects(expectations, alert_rules);
}

v1::Catalog ToProto(const Catalog& catalog) {
  v1::Catalog proto;
  proto.set_district(catalog.district);
  proto.set_display_name(catalog.display_name);
  proto.set_time_zone(catalog.time_zone);
  proto.set_default_calendar(catalog.default_calendar);
  for (const CalendarSpec& calendar : catalog.calendars) *proto.add_calendars() = ToProto(calendar);
  for (const Team& team : catalog.teams) *proto.add_teams() = ToProto(team);
  for (const Indicator& indicator : catalog.indicators) *proto.add_indicators() = ToProto(indicator);
  for (const Source& source : catalog.sources) *proto.add_sources() = ToProto(source);
  for (const Expectation& expectation : catalog.expectations) *proto.add_expectations() = ToProto(expectation);
  for (const AlertRule& rule : catalog.alert_rules) *proto.add_alert_rules() = ToProto(rule);
  for (const InquiryTheme& theme : catalog.inquiry_themes) {
    v1::InquiryTheme& proto_theme = *proto.add_inquiry_themes();
    proto_theme.set_id(theme.id);
    proto_theme.set_display_name(theme.display_name);
  }
  proto.mutable_settings()->set_settling_minutes(catalog.settings.settling_minutes);
  proto.mutable_settings()->set_review_objective_days(catalog.settings.review_objective_days);
  if (catalog.settings.flip_retention_days != 0) {
    proto.mutable_settings()->set_flip_retention_days(catalog.settings.flip_retention_days);
  }
  const DistrictSettings defaults;
  if (catalog.settings.student_floor != defaults.student_floor) {
    proto.mutable_settings()->set_student_floor(catalog.settings.student_floor);
  }
  if (catalog.settings.staff_floor != defaults.staff_floor) proto.mutable_settings()->set_staff_floor(catalog.settings.staff_floor);
  return proto;
}

v1::Team ToProto(const Team& team) {
  v1::Team proto;
  proto.set_id(team.id);
  proto.set_display_name(team.display_name);
  for (const ActivePeriod& period : team.active_periods) {
    v1::ActivePeriod& proto_period = *proto.add_active_periods();
    proto_period.set_active_from(period.active_from.ToString());
    proto_period.set_active_to(ToProto(period.active_to));
  }
  for (const CalendarAssignment& assignment : team.calendars) {
    v1::CalendarAssignment& proto_assignment = *proto.add_calendars();
    proto_assignment.set_calendar(assignment.calendar);
    proto_assignment.set_from(ToProto(assignment.from));
  }
  proto.set_time_zone(team.time_zone);
  LabelsToProto(team.labels, *proto.mutable_labels());
  for (const ExternalId& id : team.external_ids) {
    v1::ExternalId& proto_id = *proto.add_external_ids();
    proto_id.set_system(id.system);
    proto_id.set_value(id.value);
  }
  return proto;
}

v1::CatalogChange ToProto(const CatalogChange& change) {
  v1::CatalogChange proto;
  proto.set_kind(EnumToProto<v1::CatalogChangeKind>(change.kind));
  proto.set_path(change.path);
  proto.set_detail(change.detail);
  return proto;
}

v1::SignalKind ToProto(const SignalKind& kind) {
  v1::SignalKind proto;
  switch (kind.of) {
    case SignalKind::Of::kAnyLeading: proto.set_any_leading(true); break;
    case SignalKind::Of::kCategory: proto.set_category(EnumToProto<v1::Category>(kind.category)); break;
    case SignalKind::Of::kIndicator: proto.set_indicator(kind.indicator); break;
  }
  return proto;
}

absl::StatusOr<std::optional<SignalKind>> SignalKindFromProto(const v1::SignalKind& proto, std::string_view field) {
  const std::string path(field);
  SignalKind kind;
  switch (proto.of_case()) {
    case v1::SignalKind::OF_NOT_SET: return std::optional<SignalKind>();
    case v1::SignalKind::kAnyLeading:
      if (!proto.any_leading()) return InvalidField(path + ".any_leading", "is true or absent");
      kind.of = SignalKind::Of::kAnyLeading;
      break;
    case v1::SignalKind::kCategory:
      if (proto.category() < v1::CATEGORY_WALKTHROUGH || proto.category() > v1::CATEGORY_BALANCING) {
        return InvalidField(path + ".category", "is not a category; give WALKTHROUGH, IMPLEMENTATION, ADULT_LEARNING, "
                                                "STUDENT_EXPERIENCE, OUTCOME or BALANCING");
      }
      kind.of = SignalKind::Of::kCategory;
      kind.category = EnumFromProto<Category>(proto.category());
      break;
    case v1::SignalKind::kIndicator:
      if (!IsId(proto.indicator())) {
        return InvalidField(path + ".indicator", Quoted(proto.indicator()) + " is not an indicator's id");
      }
      kind.of = SignalKind::Of::kIndicator;
      kind.indicator = proto.indicator();
      break;
  }
  return std::optional<SignalKind>(std::move(kind));
}

}  // namespace leadlag
