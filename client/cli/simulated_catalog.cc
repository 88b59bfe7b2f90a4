#include "client/cli/simulated_catalog.h"

#include <algorithm>
#include <array>

#include "core/check.h"

namespace leadlag::cli {
namespace {

constexpr int kReportHourUtc = 21;
constexpr char kCalendar[] = "main";
constexpr std::array kLevels = {"elementary", "middle", "high"};

constexpr std::array kKinds = {
    IndicatorKind{"walkthroughs", "Classroom walkthroughs", v1::INDICATOR_ROLE_LEADING, v1::CATEGORY_WALKTHROUGH,
                  v1::DIMENSION_EVIDENCE_OF_PROGRESS, v1::MEASURE_NUMBER, "visits", 5},
    IndicatorKind{"practice-in-use", "Practice in use", v1::INDICATOR_ROLE_LEADING, v1::CATEGORY_IMPLEMENTATION,
                  v1::DIMENSION_JOINT_WORK, v1::MEASURE_PROPORTION, "classrooms", 8},
    IndicatorKind{"adult-learning", "Adult learning cycles", v1::INDICATOR_ROLE_LEADING, v1::CATEGORY_ADULT_LEARNING,
                  v1::DIMENSION_SHARED_UNDERSTANDING, v1::MEASURE_PROPORTION, "staff", 10},
    IndicatorKind{"student-voice", "Student experience survey", v1::INDICATOR_ROLE_LEADING,
                  v1::CATEGORY_STUDENT_EXPERIENCE, v1::DIMENSION_EVIDENCE_OF_PROGRESS, v1::MEASURE_PROPORTION,
                  "students", 20},
    IndicatorKind{"plan-steps-done", "Plan steps ticked off", v1::INDICATOR_ROLE_LEADING, v1::CATEGORY_IMPLEMENTATION,
                  v1::DIMENSION_JOINT_WORK, v1::MEASURE_COMPLETION, "", 7},
    IndicatorKind{"benchmark", "Benchmark assessment", v1::INDICATOR_ROLE_LAGGING, v1::CATEGORY_OUTCOME,
                  v1::DIMENSION_EVIDENCE_OF_PROGRESS, v1::MEASURE_PROPORTION, "students", 60},
};
constexpr int kKindCount = std::size(kKinds);
// The first so many kinds are leading and count as signals: those of an even flow.
constexpr int kSignalKindCount = 4;

std::string Numbered(const std::string& stem, int number, int count) {
  const size_t width = std::to_string(count).size();
  std::string digits = std::to_string(number);
  return stem + std::string(width - digits.size(), '0') + digits;
}

}  // namespace

absl::Status CheckOptions(const SimulationOptions& options) {
  const auto share = [](double s) { return s >= 0 && s <= 1; };
  if (options.teams < 1 || options.teams > 50'000) return absl::InvalidArgumentError("--teams is 1 to 50000");
  if (options.indicators < 1 || options.indicators > 1'000)
    return absl::InvalidArgumentError("--indicators is 1 to 1000");
  if (options.weeks < 1 || options.weeks > 52) return absl::InvalidArgumentError("--weeks is 1 to 52");
  if (options.records < 0 || options.records > kSimulatedRecordsMax)
    return absl::InvalidArgumentError("--records is 1 to " + std::to_string(kSimulatedRecordsMax));
  if (!share(options.late_share) || !share(options.correction_share) || !share(options.void_share)) {
    return absl::InvalidArgumentError("a share is between 0 and 1");
  }
  return absl::OkStatus();
}

Date StartOver(Date today, int weeks) { return today.StartOfIsoWeek() - 7 * weeks; }

SimulatedCatalog::SimulatedCatalog(const SimulationOptions& options)
    : options_(options),
      evidence_{options.start, options.start + 7 * options.weeks},
      // School goes on after the evidence ends, or nobody would be late at its end.
      school_weeks_(std::max(options.weeks + 4, 40)) {
  LEADLAG_CHECK(CheckOptions(options).ok());
  catalog_.set_district(options_.district);
  catalog_.set_display_name("Synthetic district, seed " + std::to_string(options_.seed));
  catalog_.set_time_zone("America/New_York");
  catalog_.set_default_calendar(kCalendar);
  MakeCalendar(*catalog_.add_calendars());
  MakeTeams();
  MakeIndicators();
  v1::Source& source = *catalog_.add_sources();
  source.set_id(kSimulatedSource);
  source.set_display_name("Simulation");
  if (options_.even_flow()) {
    ExpectIndicators();
  } else {
    ExpectCategories();
  }
}

void SimulatedCatalog::MakeCalendar(v1::Calendar& calendar) {
  calendar.set_id(kCalendar);
  v1::SchoolYear& year = *calendar.add_years();
  const Date start = options_.start, end = start + 7 * school_weeks_;
  const Date july = Date::FromYmd(start.month() >= 7 ? start.year() : start.year() - 1, 7, 1);
  // Bounds by default run from July to July; a simulation that crosses July gets bounds of its own.
  const Date next_july = Date::FromYmd(july.year() + 1, 7, 1);
  const bool by_default = end <= next_july;
  year_ = {by_default ? july : start, by_default ? next_july : end};
  year.set_start_date(year_.from.ToString());
  year.set_end_date(year_.to.ToString());
  year.set_id(std::to_string(year_.from.year()) + "-" + std::to_string(year_.from.year() + 1).substr(2));
  const DateRange term{start, end - 2};  // to the last Friday of whole weeks
  v1::Term& dates = *year.add_terms();
  dates.set_first_day(term.from.ToString());
  dates.set_last_day((term.to - 1).ToString());
  std::vector<DateRange> recesses;
  for (int week = 8; week + 1 < school_weeks_; week += 9) {
    const DateRange& recess = recesses.emplace_back(DateRange{start + 7 * week, start + 7 * week + 5});
    v1::CalendarException& pause = *calendar.add_exceptions();
    pause.set_date(recess.from.ToString());
    pause.set_last_date((recess.to - 1).ToString());
    pause.set_kind(v1::CALENDAR_EXCEPTION_KIND_BREAK);
    pause.set_label("Recess");
  }
  for (Date date = term.from; date < term.to; date = date + 1) {
    const auto holds = [date](DateRange range) { return range.Contains(date); };
    if (date.weekday() < Weekday::kSaturday && std::none_of(recesses.begin(), recesses.end(), holds))
      school_days_.push_back(date);
  }
}

bool SimulatedCatalog::IsSchoolDay(Date date) const {
  return std::binary_search(school_days_.begin(), school_days_.end(), date);
}

void SimulatedCatalog::MakeTeams() {
  for (int i = 0; i < options_.teams; ++i) {
    v1::Team& team = *catalog_.add_teams();
    team.set_id(Numbered("team-", i + 1, options_.teams));
    team.set_display_name("Team " + std::to_string(i + 1));
    team.add_active_periods()->set_active_from(options_.start.ToString());
    (*team.mutable_labels())["level"] = kLevels[static_cast<size_t>(i) % kLevels.size()];
  }
}

const IndicatorKind& SimulatedCatalog::KindOf(int indicator) const {
  return kKinds[static_cast<size_t>(indicator % (options_.even_flow() ? kSignalKindCount : kKindCount))];
}

void SimulatedCatalog::MakeIndicators() {
  const int kinds = options_.even_flow() ? kSignalKindCount : kKindCount;
  for (int i = 0; i < options_.indicators; ++i) {
    const IndicatorKind& kind = KindOf(i);
    const int round = i / kinds;
    v1::Indicator& indicator = *catalog_.add_indicators();
    indicator.set_id(round == 0 ? kind.id : kind.id + std::string("-") + std::to_string(round + 1));
    indicator.set_display_name(kind.name);
    indicator.set_role(kind.role);
    indicator.set_category(kind.category);
    indicator.set_dimension(kind.dimension);
    // Each record of an even flow is one number: whatever it is loaded into, it is one value.
    indicator.set_measure(options_.even_flow() ? v1::MEASURE_NUMBER : kind.measure);
    indicator.set_direction(v1::DIRECTION_HIGHER_IS_BETTER);
    indicator.set_unit(kind.unit);
  }
}

// One for each category that has an indicator which counts.
void SimulatedCatalog::ExpectCategories() {
  for (int i = 0; i < std::min(options_.indicators, kKindCount); ++i) {
    const IndicatorKind& kind = KindOf(i);
    if (kind.role != v1::INDICATOR_ROLE_LEADING || kind.measure == v1::MEASURE_COMPLETION) continue;
    v1::Expectation& expectation = *catalog_.add_expectations();
    expectation.set_id(kind.id);
    expectation.mutable_kind()->set_category(kind.category);
    expectation.set_every_days(kind.category == v1::CATEGORY_STUDENT_EXPERIENCE ? 30 : 10);
    expectation.set_grace_days(10);
    expectation.set_from(options_.start.ToString());
  }
}

// One for each indicator, from the last week of the evidence on: a year that is loaded at once, when it is over, would
// otherwise find every watch overdue, and each of its records would be news.
void SimulatedCatalog::ExpectIndicators() {
  for (int i = 0; i < options_.indicators; ++i) {
    v1::Expectation& expectation = *catalog_.add_expectations();
    expectation.set_id(IndicatorId(i));
    expectation.mutable_kind()->set_indicator(IndicatorId(i));
    expectation.set_every_days(10);
    expectation.set_grace_days(10);
    expectation.set_from((evidence_.to - 7).ToString());
  }
}

void SetReported(Date date, int second, v1::EvidenceRecord& record) {
  record.mutable_reported_time()->set_seconds(int64_t{date.days()} * 86'400 + kReportHourUtc * 3'600 + second);
}

}  // namespace leadlag::cli
