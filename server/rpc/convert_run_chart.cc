#include "server/rpc/convert_run_chart.h"

#include "core/problem.h"
#include "server/rpc/convert.h"

namespace leadlag {
namespace {

v1::RunChartVerdict VerdictToProto(const RunChart& chart, Direction direction) {
  v1::RunChartVerdict verdict;
  verdict.set_useful_points(chart.useful);
  verdict.set_longest_run(chart.longest_run);
  verdict.set_longest_run_limit(chart.longest_run_limit);
  verdict.set_crossings(chart.crossings);
  verdict.set_crossings_limit(chart.crossings_limit);
  verdict.set_shift(chart.shift());
  verdict.set_few_crossings(chart.few_crossings());
  verdict.set_longest_run_side(chart.longest_run_side > 0 ? v1::RUN_SIDE_ABOVE : v1::RUN_SIDE_BELOW);
  verdict.set_small_win(IsSmallWin(chart, direction));
  return verdict;
}

v1::RunChart SeriesToProto(const RunChartAnswer& answer, const SeriesChart& series) {
  v1::RunChart chart;
  chart.set_indicator(series.indicator);
  chart.set_unit(static_cast<v1::ChartUnit>(answer.unit));
  chart.set_start_date(answer.window.from.ToString());
  chart.set_end_date(answer.window.to.ToString());
  chart.set_hidden_count(static_cast<int64_t>(series.hidden));
  for (size_t i = 0; i < series.points.size(); ++i) {
    const RunPoint& point = series.points[i];
    v1::RunChartPoint& shown = *chart.add_points();
    shown.set_start_date(point.dates.from.ToString());
    shown.set_end_date(point.dates.to.ToString());
    shown.set_value(point.value);
    shown.set_record_count(point.records);
    shown.set_under_way(answer.UnderWay(point));
    if (series.responses[i].invited > 0) shown.set_response_rate(series.responses[i].answered / series.responses[i].invited);
  }
  for (const RunPhase& phase : series.phases) {
    v1::RunChartPhase& shown = *chart.add_phases();
    shown.set_start_date(phase.dates.from.ToString());
    shown.set_end_date(phase.dates.to.ToString());
    for (const auto& [start, action] : answer.actions) {
      if (start == phase.dates.from) shown.add_actions(action);
    }
    shown.set_point_count(phase.points);
    if (phase.centre) shown.set_centre(*phase.centre);
    if (phase.chart) *shown.mutable_verdict() = VerdictToProto(*phase.chart, series.direction);
  }
  return chart;
}

}  // namespace

absl::StatusOr<RunChartQuery> RunChartQueryFromProto(const v1::GetRunChartRequest& request) {
  RunChartQuery query{.indicator = request.indicator(), .inquiry = request.inquiry()};
  switch (request.unit()) {
    case v1::CHART_UNIT_UNSPECIFIED:
      break;
    case v1::CHART_UNIT_DAY:
    case v1::CHART_UNIT_WEEK:
    case v1::CHART_UNIT_MONTH:
      query.unit = static_cast<ChartUnit>(request.unit());
      break;
    default:
      return InvalidField("unit", "is no unit of a run chart; give DAY, WEEK or MONTH");
  }
  const absl::StatusOr<std::optional<Date>> from = OptionalDateFromProto(request.start_date(), "start_date");
  if (!from.ok()) return from.status();
  query.from = *from;
  const absl::StatusOr<std::optional<Date>> to = OptionalDateFromProto(request.end_date(), "end_date");
  if (!to.ok()) return to.status();
  query.to = *to;
  if (request.frozen_centre_case() == v1::GetRunChartRequest::kBaseline) query.baseline = request.baseline();
  if (request.frozen_centre_case() == v1::GetRunChartRequest::kBaselineEndDate) {
    const absl::StatusOr<Date> until = DateFromProto(request.baseline_end_date(), "baseline_end_date");
    if (!until.ok()) return until.status();
    query.baseline_until = *until;
  }
  return query;
}

v1::GetRunChartResponse ToProto(const RunChartAnswer& answer) {
  v1::GetRunChartResponse response;
  *response.mutable_chart() = SeriesToProto(answer, answer.chart);
  for (const SeriesChart& outcome : answer.outcomes) *response.add_outcomes() = SeriesToProto(answer, outcome);
  return response;
}

}  // namespace leadlag
