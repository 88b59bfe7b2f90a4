// The catalog: a district's calendars, teams, indicators, sources, expectations and alert rules, as one document.
//
// Concepts: a Catalog is what a person wrote, with defaults filled in by whoever read it, and refused by Validate;
// core/district_catalog.h compiles it for use. Plain values; thread safe while not changed. Dates and numbers of days
// as in DOMAIN.md.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/cycle.h"
#include "core/date.h"
#include "core/problem.h"
#include "core/run_points.h"
#include "core/zone.h"

namespace leadlag {

// The numbers below are stored and sent: never change one, only add.
enum class IndicatorRole : uint8_t { kLeading = 1, kLagging = 2, kBalancing = 3 };
enum class Category : uint8_t {
  kWalkthrough = 1,
  kImplementation = 2,
  kAdultLearning = 3,
  kStudentExperience = 4,
  kOutcome = 5,    // lagging
  kBalancing = 6,  // what every balancing indicator counts under
};
enum class Dimension : uint8_t { kUnspecified = 0, kSharedUnderstanding = 1, kJointWork = 2, kEvidenceOfProgress = 3 };
enum class Measure : uint8_t { kNumber = 1, kProportion = 2, kCompletion = 3 };
enum class Direction : uint8_t { kUnspecified = 0, kHigherIsBetter = 1, kLowerIsBetter = 2 };
// Whom a PROPORTION is of; kNone: of rooms, visits, plans. core/privacy.h
enum class Population : uint8_t { kUnspecified = 0, kNone = 1, kStudents = 2, kStaff = 3 };
// What an alert is about. Part of tokens, too.
enum class AlertKind : uint8_t {
  kSignalOverdue = 1,  // a watch of an expectation is LATE or OVERDUE
  kLaggingOnly = 2,
  kCompletionOnly = 3,
  kReviewOverdue = 4,
  kCollectionSlow = 5,
  kActionWithoutEvidence = 6,
  kSourceSilent = 7,  // of a source
  kRunSignal = 8,
};
std::string_view ToString(AlertKind kind);  // "LAGGING_ONLY"
enum class Severity : uint8_t { kAdvisory = 1, kWarning = 2, kCritical = 3 };
enum class ExceptionKind : uint8_t {
  kHoliday = 1,         // no instruction
  kBreak = 2,           // no instruction
  kWeatherDay = 3,      // no instruction
  kTeacherOnlyDay = 4,  // no instruction
  kOtherClosure = 5,    // no instruction
  kMakeUpDay = 6,       // instruction, whatever else is said of the date
  kLateArrival = 7,     // instruction, unless the date is closed
  kEarlyDismissal = 8,  // instruction, unless the date is closed
};

// Consecutive dates in a term on which the weekday mask holds.
struct Term {
  Date first_day;
  Date last_day;  // inclusive
  friend bool operator==(const Term&, const Term&) = default;
};

struct SchoolYearSpec {
  std::string id;    // "2025-26"
  DateRange bounds;  // every date in it belongs to this school year; default 1 July to 1 July around the first term
  std::vector<Term> terms;
  friend bool operator==(const SchoolYearSpec&, const SchoolYearSpec&) = default;
};

struct CalendarException {
  Date date;
  Date last_date;  // inclusive; equal to `date` for a single day
  ExceptionKind kind = ExceptionKind::kHoliday;
  std::string label;  // "Labor Day"
  friend bool operator==(const CalendarException&, const CalendarException&) = default;
};

struct CalendarSpec {
  std::string id;
  std::string display_name;
  uint8_t weekdays = 0b0011111;       // bit i: Weekday i is instructional inside a term. Default Monday to Friday.
  std::vector<SchoolYearSpec> years;  // ordered by bounds.from, disjoint
  std::vector<CalendarException> exceptions;
  friend bool operator==(const CalendarSpec&, const CalendarSpec&) = default;
};

struct ActivePeriod {
  Date active_from;
  std::optional<Date> active_to;  // exclusive; none: still active
  bool Contains(Date d) const { return active_from <= d && (!active_to || d < *active_to); }
  friend bool operator==(const ActivePeriod&, const ActivePeriod&) = default;
};

struct CalendarAssignment {
  std::string calendar;
  std::optional<Date> from;  // inclusive; none for the first one: from ever
  friend bool operator==(const CalendarAssignment&, const CalendarAssignment&) = default;
};

struct ExternalId {
  std::string system;  // "nces", "ed-fi", "oneroster"
  std::string value;   // kept as it came, leading zeros and all
  friend auto operator<=>(const ExternalId&, const ExternalId&) = default;
};

using Labels = std::map<std::string, std::string>;

struct Team {
  std::string id;
  std::string display_name;
  std::vector<ActivePeriod> active_periods;   // ordered, disjoint, not touching; at least one
  std::vector<CalendarAssignment> calendars;  // ordered by `from`; empty: the district's default
  std::string time_zone;                      // empty: the district's
  Labels labels;
  std::vector<ExternalId> external_ids;
  friend bool operator==(const Team&, const Team&) = default;
};

struct Indicator {
  std::string id;
  std::string display_name;
  IndicatorRole role = IndicatorRole::kLeading;
  Category category = Category::kWalkthrough;
  Dimension dimension = Dimension::kUnspecified;
  Measure measure = Measure::kNumber;
  Direction direction = Direction::kUnspecified;
  std::string unit;
  std::vector<std::string> themes;
  Population population = Population::kUnspecified;  // by the category
  friend bool operator==(const Indicator&, const Indicator&) = default;
};

// A data system that pushes evidence. One that is expected every so often has a watch of its own, judged by the district's calendar and
// zone. What it feeds, it is asked of with the teams that the selector picks, as an expectation's does.
struct Source {
  std::string id;
  std::string display_name{};
  int32_t every_days = 0;                 // instructional days in which it is heard from at least once; 0: nobody waits for it
  std::vector<std::string> indicators{};  // ids of those it feeds; empty: every one
  Labels team_labels{};
  std::vector<std::string> teams{};
  Severity severity = Severity::kWarning;  // of its silence
  MinuteOfDay notify_time{420};            // local to the district
  std::optional<Date> from{};              // as an expectation's: the date from which it is expected

  // Nothing is said of it but its name.
  bool IsNameAlone() const;
  // Whether it is said what it feeds. A source that nobody waits for and of which that is not said feeds nothing that could be missed.
  bool feeds() const { return every_days > 0 || !indicators.empty() || !team_labels.empty() || !teams.empty(); }
  friend bool operator==(const Source&, const Source&) = default;
};

// Which evidence counts: one category, one indicator, or every leading indicator. COMPLETION never counts in an
// expectation.
struct SignalKind {
  enum class Of : uint8_t { kAnyLeading = 1, kCategory = 2, kIndicator = 3 };
  Of of = Of::kAnyLeading;
  Category category = Category::kWalkthrough;  // with kCategory
  std::string indicator;                       // with kIndicator
  friend bool operator==(const SignalKind&, const SignalKind&) = default;

  // Whether an indicator's evidence is of this kind. ANY_LEADING is the union of all LEADING indicators; a category
  // matches its own. COMPLETION counts only with `completions`.
  bool Counts(const Indicator& indicator, bool completions = false) const;
};

// "Signals of this kind at least every E instructional days", for the teams whose labels contain all of `team_labels`.
struct Expectation {
  std::string id;
  std::string display_name;
  SignalKind kind;
  Labels team_labels;              // empty: every team
  std::vector<std::string> teams;  // empty: every team; otherwise only these ids (and the labels must match too)
  int32_t every_days = 10;         // E >= 1, instructional days
  int32_t grace_days = 10;         // G >= 0
  int32_t allowance_days = 10;     // A >= 0, onboarding
  MinuteOfDay notify_time{420};    // local to the team
  std::optional<Date> from;        // the stated date; none: the apply date, kept when it is applied again
  friend bool operator==(const Expectation&, const Expectation&) = default;
};

// The thresholds of the kinds of alert that are no expectation's; core/alert_rule.h has what they mean. Days are instructional.
struct LaggingOnlyTerms {
  int32_t days = 40;
  friend bool operator==(const LaggingOnlyTerms&, const LaggingOnlyTerms&) = default;
};
struct CompletionOnlyTerms {
  CycleUnit unit = CycleUnit::kIsoWeek;
  int32_t cycles = 2;
  friend bool operator==(const CompletionOnlyTerms&, const CompletionOnlyTerms&) = default;
};
struct ReviewOverdueTerms {
  int32_t days = 10;
  friend bool operator==(const ReviewOverdueTerms&, const ReviewOverdueTerms&) = default;
};
struct CollectionSlowTerms {
  int32_t records = 8;
  int32_t percent = 25;
  int32_t days = 5;
  // Once it is due it holds until at most this share is slow: a single record must not make it come and go.
  int32_t clear_percent = 13;
  friend bool operator==(const CollectionSlowTerms&, const CollectionSlowTerms&) = default;
};

struct ActionWithoutEvidenceTerms {
  int32_t days = 15;
  friend bool operator==(const ActionWithoutEvidenceTerms&, const ActionWithoutEvidenceTerms&) = default;
};
// What may be news, good or bad, of one indicator's values: core/run_chart.h.
struct RunSignalTerms {
  std::string indicator;                // id; a NUMBER or a PROPORTION
  ChartUnit unit = ChartUnit::kWeek;    // a school year has too few months
  std::optional<double> baseline{};     // a frozen centre; none: the median of the points
  friend bool operator==(const RunSignalTerms&, const RunSignalTerms&) = default;
};

// An alert of another kind than SIGNAL_OVERDUE, for the teams that a selector picks as an expectation's does.
struct AlertRule {
  std::string id;  // no expectation has the same
  std::string display_name;
  // The first: refused.
  std::variant<std::monostate, LaggingOnlyTerms, CompletionOnlyTerms, ReviewOverdueTerms, CollectionSlowTerms, RunSignalTerms,
               ActionWithoutEvidenceTerms>
      terms;
  Labels team_labels;
  std::vector<std::string> teams;
  Severity severity = Severity::kWarning;
  bool enabled = true;             // false: as if it were not there
  MinuteOfDay notify_time{420};    // local to the team
  std::optional<Date> from;        // as an expectation's
  friend bool operator==(const AlertRule&, const AlertRule&) = default;

  AlertKind kind() const;  // SIGNAL_OVERDUE without terms
};

// What an inquiry may be about: a district's own beside DefaultInquiryThemes (core/inquiry.h).
struct InquiryTheme {
  std::string id;
  std::string display_name;
  friend bool operator==(const InquiryTheme&, const InquiryTheme&) = default;
};

struct DistrictSettings {
  int32_t settling_minutes = 10;       // after downtime, before what fell due meanwhile is judged
  int32_t review_objective_days = 10;  // instructional days
  int32_t flip_retention_days = 0;     // days of 24 hours for which a flip is kept once it is recorded; 0: for ever
  int32_t student_floor = 10;          // of fewer people what a PROPORTION says is hidden; core/privacy.h
  int32_t staff_floor = 5;
  friend bool operator==(const DistrictSettings&, const DistrictSettings&) = default;
};

struct Catalog {
  std::string district;
  std::string display_name;
  std::string time_zone;         // IANA
  std::string default_calendar;  // a calendar's id
  std::vector<CalendarSpec> calendars;
  std::vector<Team> teams;
  std::vector<Indicator> indicators;
  std::vector<Source> sources;
  std::vector<Expectation> expectations;
  std::vector<AlertRule> alert_rules;
  std::vector<InquiryTheme> inquiry_themes;
  DistrictSettings settings;
  friend bool operator==(const Catalog&, const Catalog&) = default;
};

// Every rule a catalog must keep that needs nothing but the catalog itself: ids, references, order, ranges, limits,
// calendars that agree on the school year where a team moves between them. In document order, by field path in the
// words of the public Catalog message ("calendars[0].years[1].start_date"), at most kMaxProblems (core/limits.h); empty
// when good.
std::vector<Problem> Validate(const Catalog& catalog);

// The same but for what has come to be refused since catalogs were first stored: what was accepted once is accepted for ever.
std::vector<Problem> ValidateStored(const Catalog& catalog);

// The rules among them on which a calendar's meaning depends: all but its own id and display name. Field paths from the
// calendar.
std::vector<Problem> ValidateDates(const CalendarSpec& calendar);

// One difference between two catalogs, in words: "teams/p-12", "labels: level=high -> level=middle".
struct CatalogChange {
  enum class Kind : uint8_t { kAdded = 1, kRemoved = 2, kChanged = 3 };
  Kind kind = Kind::kChanged;
  std::string path;    // "teams/p-12"
  std::string detail;  // which fields and how, for people: at most 500 bytes; empty for added and removed
  friend bool operator==(const CatalogChange&, const CatalogChange&) = default;
};
// "district" first (its own fields and the settings), then calendars, teams, indicators, sources, expectations, alert rules and themes of
// inquiries by id: those of `after` in its order, then the removed ones in the order of `before`.
std::vector<CatalogChange> Diff(const Catalog& before, const Catalog& after);

// True where `labels` holds every pair of `wanted`.
bool Matches(const Labels& labels, const Labels& wanted);

// True for [a-z0-9-]{1,64}.
bool IsId(std::string_view text);

}  // namespace leadlag
