// The catalog's part of storage/records.h: a document field by field, in the order of core/catalog.h.
#include <limits>
#include <utility>

#include "storage/record_codec.h"
#include "storage/records.h"

namespace leadlag {
namespace {

// A document is written in the first form that has all of it; one of a later form than the first begins with an empty string, which no
// district's id is, and the number of its form. A record's format is its document's form.
constexpr uint8_t kFirstForm = 1;
constexpr uint8_t kRulesForm = 2;      // and alert rules
constexpr uint8_t kRetentionForm = 3;  // and flip_retention_days
constexpr uint8_t kSourcesForm = 4;    // and of a source more than its name
constexpr uint8_t kInquiriesForm = 5;  // and themes of inquiries, and rules of the kinds ACTION_WITHOUT_EVIDENCE and RUN_SIGNAL
constexpr uint8_t kPrivacyForm = 6;    // and populations and floors
constexpr uint8_t kCatalogFormat = kPrivacyForm;
constexpr uint8_t kWeekdaysMax = 0x7f;
constexpr int kMinutesOfDay = 24 * 60;

// Items one after the other behind their count. Each item's encoding is at least a byte long.
template <typename Item, typename Put>
void PutList(ByteWriter& out, const std::vector<Item>& items, Put put) {
  out.PutVarint(items.size());
  for (const Item& item : items) put(out, item);
}
template <typename Get>
auto GetList(ByteReader& in, Get get) {
  std::vector<decltype(get(in))> items;
  const size_t size = in.GetCount();
  for (size_t i = 0; i < size && in.ok(); ++i) items.push_back(get(in));
  return items;
}

void PutText(ByteWriter& out, const std::string& text) { out.PutString(text); }
std::string GetText(ByteReader& in) { return std::string(in.GetString()); }

void PutOptionalDate(ByteWriter& out, const std::optional<Date>& date) {
  out.PutU8(date ? 1 : 0);
  if (date) PutDate(out, *date);
}
std::optional<Date> GetOptionalDate(ByteReader& in) {
  if (!GetBool(in)) return std::nullopt;
  return GetDate(in);
}

void PutTerm(ByteWriter& out, const Term& term) {
  PutDate(out, term.first_day);
  PutDate(out, term.last_day);
}
Term GetTerm(ByteReader& in) {
  const Date first_day = GetDate(in);
  return {first_day, GetDate(in)};
}

void PutYear(ByteWriter& out, const SchoolYearSpec& year) {
  out.PutString(year.id);
  PutDateRange(out, year.bounds);
  PutList(out, year.terms, PutTerm);
}
SchoolYearSpec GetYear(ByteReader& in) {
  SchoolYearSpec year;
  year.id = in.GetString();
  year.bounds = GetDateRange(in);
  year.terms = GetList(in, GetTerm);
  return year;
}

void PutException(ByteWriter& out, const CalendarException& exception) {
  PutDate(out, exception.date);
  PutDate(out, exception.last_date);
  PutEnum(out, exception.kind);
  out.PutString(exception.label);
}
CalendarException GetException(ByteReader& in) {
  CalendarException exception;
  exception.date = GetDate(in);
  exception.last_date = GetDate(in);
  exception.kind = GetEnum(in, ExceptionKind::kHoliday, ExceptionKind::kEarlyDismissal);
  exception.label = in.GetString();
  return exception;
}

void PutCalendar(ByteWriter& out, const CalendarSpec& calendar) {
  out.PutString(calendar.id);
  out.PutString(calendar.display_name);
  out.PutU8(calendar.weekdays);
  PutList(out, calendar.years, PutYear);
  PutList(out, calendar.exceptions, PutException);
}
CalendarSpec GetCalendar(ByteReader& in) {
  CalendarSpec calendar;
  calendar.id = in.GetString();
  calendar.display_name = in.GetString();
  calendar.weekdays = in.GetU8(kWeekdaysMax);
  calendar.years = GetList(in, GetYear);
  calendar.exceptions = GetList(in, GetException);
  return calendar;
}

void PutPeriod(ByteWriter& out, const ActivePeriod& period) {
  PutDate(out, period.active_from);
  PutOptionalDate(out, period.active_to);
}
ActivePeriod GetPeriod(ByteReader& in) {
  const Date active_from = GetDate(in);
  return {active_from, GetOptionalDate(in)};
}

void PutAssignment(ByteWriter& out, const CalendarAssignment& assignment) {
  out.PutString(assignment.calendar);
  PutOptionalDate(out, assignment.from);
}
CalendarAssignment GetAssignment(ByteReader& in) {
  std::string calendar(in.GetString());
  return {std::move(calendar), GetOptionalDate(in)};
}

void PutExternalId(ByteWriter& out, const ExternalId& id) {
  out.PutString(id.system);
  out.PutString(id.value);
}
ExternalId GetExternalId(ByteReader& in) {
  std::string system(in.GetString());
  return {std::move(system), std::string(in.GetString())};
}

void PutTeam(ByteWriter& out, const Team& team) {
  out.PutString(team.id);
  out.PutString(team.display_name);
  PutList(out, team.active_periods, PutPeriod);
  PutList(out, team.calendars, PutAssignment);
  out.PutString(team.time_zone);
  PutLabels(out, team.labels);
  PutList(out, team.external_ids, PutExternalId);
}
Team GetTeam(ByteReader& in) {
  Team team;
  team.id = in.GetString();
  team.display_name = in.GetString();
  team.active_periods = GetList(in, GetPeriod);
  team.calendars = GetList(in, GetAssignment);
  team.time_zone = in.GetString();
  team.labels = GetLabels(in);
  team.external_ids = GetList(in, GetExternalId);
  return team;
}

void PutIndicator(ByteWriter& out, const Indicator& indicator) {
  out.PutString(indicator.id);
  out.PutString(indicator.display_name);
  PutEnum(out, indicator.role);
  PutEnum(out, indicator.category);
  PutEnum(out, indicator.dimension);
  PutEnum(out, indicator.measure);
  PutEnum(out, indicator.direction);
  out.PutString(indicator.unit);
  PutList(out, indicator.themes, PutText);
}
Indicator GetIndicator(ByteReader& in) {
  Indicator indicator;
  indicator.id = in.GetString();
  indicator.display_name = in.GetString();
  indicator.role = GetEnum(in, IndicatorRole::kLeading, IndicatorRole::kBalancing);
  indicator.category = GetEnum(in, Category::kWalkthrough, Category::kBalancing);
  indicator.dimension = GetEnum(in, Dimension::kUnspecified, Dimension::kEvidenceOfProgress);
  indicator.measure = GetEnum(in, Measure::kNumber, Measure::kCompletion);
  indicator.direction = GetEnum(in, Direction::kUnspecified, Direction::kLowerIsBetter);
  indicator.unit = in.GetString();
  indicator.themes = GetList(in, GetText);
  return indicator;
}

void PutSource(ByteWriter& out, const Source& source) {
  out.PutString(source.id);
  out.PutString(source.display_name);
}
Source GetSource(ByteReader& in) {
  Source source;
  source.id = in.GetString();
  source.display_name = in.GetString();
  return source;
}

// What a source has from the fourth form on.
void PutFeed(ByteWriter& out, const Source& source) {
  out.PutSigned(source.every_days);
  PutList(out, source.indicators, PutText);
  PutLabels(out, source.team_labels);
  PutList(out, source.teams, PutText);
  PutEnum(out, source.severity);
  out.PutSigned(source.notify_time.minutes);
  PutOptionalDate(out, source.from);
}
void GetFeed(ByteReader& in, Source& source) {
  source.every_days = GetI32(in);
  source.indicators = GetList(in, GetText);
  source.team_labels = GetLabels(in);
  source.teams = GetList(in, GetText);
  source.severity = GetEnum(in, Severity::kAdvisory, Severity::kCritical);
  source.notify_time.minutes = static_cast<int32_t>(in.GetSigned(0, kMinutesOfDay - 1));
  source.from = GetOptionalDate(in);
}

// Every field, also the one that `of` leaves without meaning: a catalog reads back equal to what was applied.
void PutKind(ByteWriter& out, const SignalKind& kind) {
  PutEnum(out, kind.of);
  PutEnum(out, kind.category);
  out.PutString(kind.indicator);
}
SignalKind GetKind(ByteReader& in) {
  SignalKind kind;
  kind.of = GetEnum(in, SignalKind::Of::kAnyLeading, SignalKind::Of::kIndicator);
  kind.category = GetEnum(in, Category::kWalkthrough, Category::kBalancing);
  kind.indicator = in.GetString();
  return kind;
}

void PutExpectation(ByteWriter& out, const Expectation& expectation) {
  out.PutString(expectation.id);
  out.PutString(expectation.display_name);
  PutKind(out, expectation.kind);
  PutLabels(out, expectation.team_labels);
  PutList(out, expectation.teams, PutText);
  out.PutSigned(expectation.every_days);
  out.PutSigned(expectation.grace_days);
  out.PutSigned(expectation.allowance_days);
  out.PutSigned(expectation.notify_time.minutes);
  PutOptionalDate(out, expectation.from);
}
Expectation GetExpectation(ByteReader& in) {
  Expectation expectation;
  expectation.id = in.GetString();
  expectation.display_name = in.GetString();
  expectation.kind = GetKind(in);
  expectation.team_labels = GetLabels(in);
  expectation.teams = GetList(in, GetText);
  expectation.every_days = GetI32(in);
  expectation.grace_days = GetI32(in);
  expectation.allowance_days = GetI32(in);
  expectation.notify_time.minutes = static_cast<int32_t>(in.GetSigned(0, kMinutesOfDay - 1));
  expectation.from = GetOptionalDate(in);
  return expectation;
}

void PutTheme(ByteWriter& out, const InquiryTheme& theme) {
  out.PutString(theme.id);
  out.PutString(theme.display_name);
}
InquiryTheme GetTheme(ByteReader& in) {
  InquiryTheme theme;
  theme.id = in.GetString();
  theme.display_name = in.GetString();
  return theme;
}

void PutZone(ByteWriter& out, const ZoneRules& zone) {
  out.PutString(zone.name);
  out.PutVarint(zone.offsets.size());
  for (const ZoneRules::Offset& offset : zone.offsets) {
    PutInstant(out, offset.from);
    out.PutSigned(offset.seconds_east);
  }
}
ZoneRules GetZone(ByteReader& in) {
  constexpr size_t kOffsetSizeMin = 2;
  ZoneRules zone;
  zone.name = in.GetString();
  const size_t size = in.GetCount(kOffsetSizeMin);
  if (size == 0) in.Fail();  // rules without an offset would name no date
  for (size_t i = 0; i < size && in.ok(); ++i) {
    ZoneRules::Offset offset;
    offset.from = GetInstant(in);
    offset.seconds_east = GetI32(in);
    if (i > 0 && offset.from <= zone.offsets.back().from) in.Fail();
    zone.offsets.push_back(offset);
  }
  return zone;
}

void PutApplyDates(ByteWriter& out, const std::map<std::string, Date>& dates) {
  out.PutVarint(dates.size());
  for (const auto& [expectation, date] : dates) {
    out.PutString(expectation);
    PutDate(out, date);
  }
}
std::map<std::string, Date> GetApplyDates(ByteReader& in) {
  constexpr size_t kEntrySizeMin = 2;
  std::map<std::string, Date> dates;
  const size_t size = in.GetCount(kEntrySizeMin);
  for (size_t i = 0; i < size && in.ok(); ++i) {
    std::string expectation(in.GetString());
    if (!dates.empty() && dates.rbegin()->first >= expectation) in.Fail();
    const Date date = GetServiceDate(in);
    dates.emplace_hint(dates.end(), std::move(expectation), date);
  }
  return dates;
}

void PutTerms(ByteWriter&, const std::monostate&) {}
void PutTerms(ByteWriter& out, const LaggingOnlyTerms& terms) { out.PutSigned(terms.days); }
void PutTerms(ByteWriter& out, const CompletionOnlyTerms& terms) {
  PutEnum(out, terms.unit);
  out.PutSigned(terms.cycles);
}
void PutTerms(ByteWriter& out, const ReviewOverdueTerms& terms) { out.PutSigned(terms.days); }
void PutTerms(ByteWriter& out, const CollectionSlowTerms& terms) {
  for (const int32_t number : {terms.records, terms.percent, terms.days, terms.clear_percent}) out.PutSigned(number);
}

void PutTerms(ByteWriter& out, const ActionWithoutEvidenceTerms& terms) { out.PutSigned(terms.days); }
void PutTerms(ByteWriter& out, const RunSignalTerms& terms) {
  out.PutString(terms.indicator);
  PutEnum(out, terms.unit);
  out.PutU8(terms.baseline ? 1 : 0);
  if (terms.baseline) out.PutDouble(*terms.baseline);
}

// The kind, what the kind has, and the rest.
void PutAlertRule(ByteWriter& out, const AlertRule& rule) {
  out.PutString(rule.id);
  out.PutString(rule.display_name);
  PutEnum(out, rule.kind());
  std::visit([&out](const auto& terms) { PutTerms(out, terms); }, rule.terms);
  PutLabels(out, rule.team_labels);
  PutList(out, rule.teams, PutText);
  PutEnum(out, rule.severity);
  out.PutU8(rule.enabled ? 1 : 0);
  out.PutSigned(rule.notify_time.minutes);
  PutOptionalDate(out, rule.from);
}
AlertRule GetAlertRule(ByteReader& in) {
  AlertRule rule;
  rule.id = in.GetString();
  rule.display_name = in.GetString();
  switch (GetEnum(in, AlertKind::kSignalOverdue, AlertKind::kRunSignal)) {
    default: in.Fail(); break;
    case AlertKind::kLaggingOnly: rule.terms = LaggingOnlyTerms{GetI32(in)}; break;
    case AlertKind::kCompletionOnly: {
      const CycleUnit unit = GetEnum(in, CycleUnit::kIsoWeek, CycleUnit::kMonth);
      rule.terms = CompletionOnlyTerms{unit, GetI32(in)};
      break;
    }
    case AlertKind::kReviewOverdue: rule.terms = ReviewOverdueTerms{GetI32(in)}; break;
    case AlertKind::kCollectionSlow: {
      CollectionSlowTerms terms;
      for (int32_t* const number : {&terms.records, &terms.percent, &terms.days, &terms.clear_percent}) *number = GetI32(in);
      rule.terms = terms;
      break;
    }
    case AlertKind::kActionWithoutEvidence: rule.terms = ActionWithoutEvidenceTerms{GetI32(in)}; break;
    case AlertKind::kRunSignal: {
      RunSignalTerms terms;
      terms.indicator = in.GetString();
      terms.unit = GetEnum(in, ChartUnit::kDay, ChartUnit::kMonth);
      if (GetBool(in)) terms.baseline = in.GetDouble();
      rule.terms = std::move(terms);
      break;
    }
  }
  rule.team_labels = GetLabels(in);
  rule.teams = GetList(in, GetText);
  rule.severity = GetEnum(in, Severity::kAdvisory, Severity::kCritical);
  rule.enabled = GetBool(in);
  rule.notify_time.minutes = static_cast<int32_t>(in.GetSigned(0, kMinutesOfDay - 1));
  rule.from = GetOptionalDate(in);
  return rule;
}

}  // namespace

uint8_t FormOf(const Catalog& catalog) {
  const DistrictSettings defaults;
  if (catalog.settings.student_floor != defaults.student_floor || catalog.settings.staff_floor != defaults.staff_floor) return kPrivacyForm;
  for (const Indicator& indicator : catalog.indicators) {
    if (indicator.population != Population::kUnspecified) return kPrivacyForm;
  }
  for (const AlertRule& rule : catalog.alert_rules) {
    if (rule.kind() > AlertKind::kCollectionSlow) return kInquiriesForm;
  }
  if (!catalog.inquiry_themes.empty()) return kInquiriesForm;
  for (const Source& source : catalog.sources) {
    if (!source.IsNameAlone()) return kSourcesForm;
  }
  if (catalog.settings.flip_retention_days != 0) return kRetentionForm;
  return !catalog.alert_rules.empty() || catalog.district.empty() ? kRulesForm : kFirstForm;
}

void PutCatalog(ByteWriter& out, const Catalog& catalog) {
  const uint8_t form = FormOf(catalog);
  if (form > kFirstForm) {
    out.PutString("");
    out.PutU8(form);
  }
  out.PutString(catalog.district);
  out.PutString(catalog.display_name);
  out.PutString(catalog.time_zone);
  out.PutString(catalog.default_calendar);
  PutList(out, catalog.calendars, PutCalendar);
  PutList(out, catalog.teams, PutTeam);
  PutList(out, catalog.indicators, PutIndicator);
  PutList(out, catalog.sources, PutSource);
  PutList(out, catalog.expectations, PutExpectation);
  if (form >= kRulesForm) PutList(out, catalog.alert_rules, PutAlertRule);
  if (form >= kSourcesForm) {
    for (const Source& source : catalog.sources) PutFeed(out, source);
  }
  out.PutSigned(catalog.settings.settling_minutes);
  out.PutSigned(catalog.settings.review_objective_days);
  if (form >= kRetentionForm) out.PutSigned(catalog.settings.flip_retention_days);
  if (form >= kInquiriesForm) PutList(out, catalog.inquiry_themes, PutTheme);
  if (form < kPrivacyForm) return;
  for (const Indicator& indicator : catalog.indicators) PutEnum(out, indicator.population);
  out.PutSigned(catalog.settings.student_floor);
  out.PutSigned(catalog.settings.staff_floor);
}

Catalog GetCatalog(ByteReader& in) {
  Catalog catalog;
  catalog.district = in.GetString();
  uint8_t form = kFirstForm;
  if (catalog.district.empty()) {
    form = in.GetU8(kCatalogFormat);
    if (form < kRulesForm) in.Fail();
    catalog.district = in.GetString();
  }
  catalog.display_name = in.GetString();
  catalog.time_zone = in.GetString();
  catalog.default_calendar = in.GetString();
  catalog.calendars = GetList(in, GetCalendar);
  catalog.teams = GetList(in, GetTeam);
  catalog.indicators = GetList(in, GetIndicator);
  catalog.sources = GetList(in, GetSource);
  catalog.expectations = GetList(in, GetExpectation);
  if (form >= kRulesForm) catalog.alert_rules = GetList(in, GetAlertRule);
  if (form >= kSourcesForm) {
    for (Source& source : catalog.sources) GetFeed(in, source);
  }
  catalog.settings.settling_minutes = GetI32(in);
  catalog.settings.review_objective_days = GetI32(in);
  if (form >= kRetentionForm) catalog.settings.flip_retention_days = GetI32(in);
  if (form >= kInquiriesForm) catalog.inquiry_themes = GetList(in, GetTheme);
  if (form >= kPrivacyForm) {
    for (Indicator& indicator : catalog.indicators) indicator.population = GetEnum(in, Population::kUnspecified, Population::kStaff);
    catalog.settings.student_floor = GetI32(in);
    catalog.settings.staff_floor = GetI32(in);
  }
  if (form != FormOf(catalog)) in.Fail();
  return catalog;
}

void PutZones(ByteWriter& out, const std::vector<ZoneRules>& zones) { PutList(out, zones, PutZone); }
std::vector<ZoneRules> GetZones(ByteReader& in) { return GetList(in, GetZone); }

std::string EncodeCatalogRecord(const CatalogRecord& record) {
  ByteWriter out;
  out.PutU8(FormOf(record.catalog));
  PutCatalog(out, record.catalog);
  PutZones(out, record.zones);
  PutApplyDates(out, record.apply_dates);
  PutInstant(out, record.applied);
  return std::move(out).Take();
}

absl::StatusOr<CatalogRecord> DecodeCatalogRecord(std::string_view bytes) {
  ByteReader in(bytes);
  if (absl::Status status = ReadFormat(in, kCatalogFormat, "a catalog version"); !status.ok()) return status;
  CatalogRecord record;
  record.catalog = GetCatalog(in);
  if (static_cast<uint8_t>(bytes[0]) != FormOf(record.catalog)) in.Fail();
  record.zones = GetZones(in);
  record.apply_dates = GetApplyDates(in);
  record.applied = GetInstant(in);
  if (absl::Status status = in.Finish("a catalog version"); !status.ok()) return status;
  return record;
}

absl::StatusOr<Instant> GlanceAtCatalogApplied(std::string_view bytes) {
  ByteReader whole(bytes);
  if (absl::Status status = ReadFormat(whole, kCatalogFormat, "a catalog version"); !status.ok()) return status;
  // The last number, and what is before it ends in a number too: all of a number's bytes but the last have the highest bit.
  size_t begin = bytes.empty() ? 0 : bytes.size() - 1;
  while (begin > 0 && (static_cast<uint8_t>(bytes[begin - 1]) & 0x80) != 0) --begin;
  ByteReader in(bytes.substr(begin));
  const Instant applied = GetInstant(in);
  if (absl::Status status = in.Finish("a catalog version"); !status.ok()) return status;
  return applied;
}

}  // namespace leadlag
