// Run charts of a team's series. server/engine/queries.h.
#include <algorithm>
#include <cmath>
#include <map>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "core/digits.h"
#include "core/problem.h"
#include "server/engine/queries.h"
#include "server/engine/query_terms.h"
#include "server/engine/series_values.h"
#include "server/engine/stored_inquiry.h"

namespace leadlag {
namespace {

// An indicator of the catalog in force that can be charted.
absl::StatusOr<IndicatorNumber> ChartedIndicator(const DistrictReader& reader, const std::string& id) {
  if (id.empty()) return InvalidField("indicator", "is required; give the id of the indicator to chart");
  const std::optional<IndicatorNumber> number = reader->interned().indicators.Find(id);
  const Indicator* const indicator = number ? reader->catalog()->FindIndicator(*number) : nullptr;
  if (indicator == nullptr) return UnknownId("indicator", "indicator", id);
  if (indicator->measure == Measure::kCompletion) {
    return InvalidField("indicator", absl::StrCat(Quoted(id), " is COMPLETION, and ticked boxes have no values; name one with measure "
                                                  "NUMBER or PROPORTION"));
  }
  return *number;
}

// The team's inquiry as it stands; NOT_FOUND where there is none, or it is another team's.
absl::StatusOr<Inquiry> InquiryOfTeam(const DistrictReader& reader, TeamNumber team, const std::string& id) {
  const absl::StatusOr<std::optional<TeamNumber>> of = TeamOfInquiry(reader->store(), reader->number(), id);
  if (!of.ok()) return of.status();
  if (*of != team) {
    return AsStatus(Problem{absl::StatusCode::kNotFound, "inquiry",
                            absl::StrCat("the team has no inquiry ", Quoted(id), "; correct the id, or record the inquiry first")});
  }
  return ReadInquiry(reader->store(), InquiryKey{reader->number(), team, id});
}

bool IsInWindow(const DayRows::Slot& slot, IndicatorNumber indicator, DateRange window) {
  const DateRange year = RowYearDates(slot.row_year);
  return slot.indicator == indicator && year.to > window.from && year.from < window.to;
}

// By whole years, which is how they are read.
uint64_t RecordsOf(const DistrictReader& reader, TeamNumber team, IndicatorNumber indicator, DateRange window) {
  uint64_t records = 0;
  for (const DayRows::Slot& slot : reader->rows().OfTeam(team)) records += IsInWindow(slot, indicator, window) ? slot.records : 0;
  return records;
}

// Its points, how many answered, and what is hidden. Evidence that waits for a calendar is not on it.
absl::Status ReadPoints(const DistrictReader& reader, const TeamNow& team, IndicatorNumber indicator, ChartUnit unit, DateRange window,
                        SeriesChart& chart) {
  std::map<Date, Responses> responses;
  const auto visit = [&](Date date, const EvidenceValue& value, bool hidden) {
    if (!window.Contains(date) || team.calendar().YearOf(date) == nullptr) return;
    chart.hidden += hidden ? 1 : 0;
    const auto* const proportion = std::get_if<Proportion>(&value);
    if (hidden || proportion == nullptr || !proportion->invited) return;
    responses[date].answered += static_cast<double>(proportion->denominator);
    responses[date].invited += static_cast<double>(*proportion->invited);
  };
  std::vector<SeriesDay> days;
  for (const DayRows::Slot& slot : reader->rows().OfTeam(team.number)) {
    if (!IsInWindow(slot, indicator, window)) continue;
    const absl::StatusOr<SeriesValues> read =
        ReadSeriesValues(reader->store(), reader->number(), reader->interned(), *reader->catalog(),
                         {team.number, indicator, slot.row_year}, visit);
    if (!read.ok()) return read.status();
    for (const SeriesDay& day : read->In(window)) {
      if (team.calendar().YearOf(day.date) != nullptr) days.push_back(day);
    }
  }
  std::ranges::sort(days, {}, &SeriesDay::date);
  chart.points = RunPointsOf(days, unit);
  for (RunPoint& point : chart.points) {
    point.dates = {std::max(point.dates.from, window.from), std::min(point.dates.to, window.to)};
    Responses& of_point = chart.responses.emplace_back();
    for (auto it = responses.lower_bound(point.dates.from); it != responses.end() && it->first < point.dates.to; ++it) {
      of_point.answered += it->second.answered;
      of_point.invited += it->second.invited;
    }
  }
  return absl::OkStatus();
}

}  // namespace

std::optional<bool> IsBetterSide(Direction direction, int side) {
  if (direction == Direction::kUnspecified || side == 0) return std::nullopt;
  return (direction == Direction::kHigherIsBetter) == (side > 0);
}

bool IsSmallWin(const RunChart& chart, Direction direction) {
  return chart.last_run > chart.longest_run_limit && IsBetterSide(direction, chart.last_run_side).value_or(false);
}

absl::StatusOr<RunChartAnswer> GetRunChart(const DistrictReader& reader, std::string_view team_id, const RunChartQuery& query) {
  const absl::StatusOr<TeamNow> team = TeamNowOf(reader, team_id);
  if (!team.ok()) return team.status();
  const absl::StatusOr<IndicatorNumber> charted = ChartedIndicator(reader, query.indicator);
  if (!charted.ok()) return charted.status();
  const absl::StatusOr<DateRange> window = WindowOf(team->calendar(), team->today, query.from, query.to);
  if (!window.ok()) return window.status();
  if (query.baseline && !std::isfinite(*query.baseline)) return InvalidField("baseline", "is not finite; give a number, or none");
  const Measure measure = reader->catalog()->FindIndicator(*charted)->measure;
  if (query.baseline && measure == Measure::kProportion && (*query.baseline < 0 || *query.baseline > 1)) {
    return InvalidField("baseline", absl::StrCat(FormatDecimal(*query.baseline), " is no share; give 0 to 1, as ",
                                                 Quoted(query.indicator), " is a PROPORTION"));
  }

  RunChartAnswer answer{.window = *window, .today = team->today, .unit = query.unit};
  std::vector<Date> starts;
  const auto series = [&](IndicatorNumber indicator) -> absl::StatusOr<SeriesChart> {
    SeriesChart chart;
    chart.indicator = reader->interned().indicators.NameOf(indicator);
    chart.direction = reader->catalog()->FindIndicator(indicator)->direction;
    if (absl::Status read = ReadPoints(reader, *team, indicator, query.unit, *window, chart); !read.ok()) return read;
    return chart;
  };
  // What holds today says nothing yet, as in RUN_SIGNAL.
  const auto over = [&answer](const SeriesChart& chart) {
    std::span<const RunPoint> points = chart.points;
    while (!points.empty() && answer.UnderWay(points.back())) points = points.first(points.size() - 1);
    return points;
  };
  std::vector<IndicatorNumber> beside;
  if (!query.inquiry.empty()) {
    const absl::StatusOr<Inquiry> inquiry = InquiryOfTeam(reader, team->number, query.inquiry);
    if (!inquiry.ok()) return inquiry.status();
    for (const InquiryAction& action : inquiry->actions) {
      if (inquiry->status == InquiryStatus::kPlanned || action.start > team->today) continue;  // nothing has begun
      answer.actions.emplace_back(action.start, action.id);
      starts.push_back(action.start);
    }
    std::sort(answer.actions.begin(), answer.actions.end());
    for (const InquiryLink& link : inquiry->links) {
      const std::optional<IndicatorNumber> number = reader->interned().indicators.Find(link.indicator);
      const Indicator* const linked = number ? reader->catalog()->FindIndicator(*number) : nullptr;
      if (linked == nullptr || linked->role != IndicatorRole::kLagging || linked->measure == Measure::kCompletion) continue;
      if (*number != *charted) beside.push_back(*number);
    }
  }

  uint64_t records = RecordsOf(reader, team->number, *charted, *window);
  for (const IndicatorNumber indicator : beside) records += RecordsOf(reader, team->number, indicator, *window);
  if (records > kRunChartRecordsMax) {
    return InvalidField("start_date", absl::StrCat("there are ", records, " records in the years of the window, and at most ",
                                                   kRunChartRecordsMax, " are charted; give a shorter window"));
  }
  absl::StatusOr<SeriesChart> chart = series(*charted);
  if (!chart.ok()) return chart.status();
  answer.chart = *std::move(chart);
  std::optional<double> baseline = query.baseline;
  if (query.baseline_until) {
    baseline = BaselineBefore(over(answer.chart), *query.baseline_until);
    if (!baseline) {
      return InvalidField("baseline_end_date", absl::StrCat("there is no point in the window that is over by ",
                                                            query.baseline_until->ToString(), " to take a centre from; give a later "
                                                            "date, or begin the window earlier"));
    }
  }
  answer.chart.phases = PhasesOf(over(answer.chart), *window, starts, baseline);
  for (const IndicatorNumber indicator : beside) {
    absl::StatusOr<SeriesChart> outcome = series(indicator);
    if (!outcome.ok()) return outcome.status();
    outcome->phases = PhasesOf(over(*outcome), *window, starts);
    answer.outcomes.push_back(*std::move(outcome));
  }
  return answer;
}

}  // namespace leadlag
