// leadlag chart TEAM INDICATOR: what the values of one team's evidence say, point by point.
#include <cmath>

#include "client/cli/command_set.h"
#include "client/cli/enum_name.h"
#include "client/cli/number.h"
#include "client/cli/query_flags.h"
#include "core/digits.h"

namespace leadlag::cli {
namespace {

constexpr char kText[] =
    "A run chart: the mean of each week (or day, or month), of a PROPORTION the sum of k over the sum of n, around the median of\n"
    "the points or a centre that is frozen. Too long a run on one side of it, or too few crossings, is a signal that something\n"
    "has changed; it does not say why. With --inquiry a phase of its own begins where an action of it starts, and its outcomes\n"
    "are shown beside.";

struct ChartFlags {
  std::string team;
  std::string indicator;
  std::string unit;
  WindowFlags window;
  std::optional<double> baseline;
  std::string baseline_end;
  std::string inquiry;
};

// Three decimals are what a reader takes in; --output=json has them all.
std::string Rounded(double value) { return FormatDecimal(std::abs(value) < 1e9 ? std::round(value * 1000) / 1000 : value); }

// The phase to which the point belongs.
const v1::RunChartPhase& PhaseOf(const v1::RunChart& chart, const v1::RunChartPoint& point) {
  const v1::RunChartPhase* found = &chart.phases(0);
  for (const v1::RunChartPhase& phase : chart.phases()) {
    if (phase.start_date() <= point.start_date()) found = &phase;  // dates of one width, so that texts compare as they do
  }
  return *found;
}

std::string Joined(const google::protobuf::RepeatedPtrField<std::string>& ids) {
  std::string text;
  for (const std::string& id : ids) text += (text.empty() ? "" : ", ") + id;
  return text;
}

std::string Signals(const v1::RunChartVerdict& verdict) {
  std::string text;
  if (verdict.shift()) text = "shift " + std::string(verdict.longest_run_side() == v1::RUN_SIDE_ABOVE ? "up" : "down");
  if (verdict.few_crossings()) text += (text.empty() ? "" : ", ") + std::string("few crossings");
  if (verdict.small_win()) text += ": a small win";
  return text.empty() ? "none" : text;
}

// In a table the phases stand below the points; a file has them beside.
Table PointTable(const std::vector<const v1::RunChart*>& charts, bool with_phases) {
  std::vector<Column> columns = {{"indicator", "INDICATOR"}, {"start_date", "FROM"},       {"end_date", "TO"},
                                 {"value", "VALUE", true},   {"centre", "CENTRE", true},   {"side", "SIDE"},
                                 {"records", "RECORDS", true}, {"response_rate", "ANSWERED", true}, {"under_way", "UNDER WAY"}};
  if (with_phases) {
    columns.push_back({"phase_start_date", "PHASE FROM"});
    columns.push_back({"signal", "SIGNAL"});
  }
  Table table(std::move(columns));
  for (const v1::RunChart* const chart : charts) {
    for (const v1::RunChartPoint& point : chart->points()) {
      const v1::RunChartPhase& phase = PhaseOf(*chart, point);
      const double off = phase.has_centre() ? point.value() - phase.centre() : 0;
      const char* const side = !phase.has_centre() ? "" : off > 0 ? "above" : off < 0 ? "below" : "on it";
      std::vector<Cell> row = {chart->indicator(), point.start_date(), point.end_date(), Rounded(point.value()),
                               phase.has_centre() ? Rounded(phase.centre()) : "", side, point.record_count(),
                               point.has_response_rate() ? Rounded(point.response_rate()) : "",
                               point.under_way() ? "yes" : ""};
      if (with_phases) {
        row.emplace_back(phase.start_date());
        row.emplace_back(phase.has_verdict() ? Signals(phase.verdict()) : "too few points");
      }
      table.AddRow(std::move(row));
    }
  }
  return table;
}

Table PhaseTable(const std::vector<const v1::RunChart*>& charts) {
  Table table({{"indicator", "INDICATOR"},
               {"start_date", "PHASE FROM"},
               {"actions", "ACTIONS"},
               {"points", "POINTS", true},
               {"centre", "CENTRE", true},
               {"longest_run", "LONGEST RUN", true},
               {"crossings", "CROSSINGS", true},
               {"signal", "SIGNAL"}});
  for (const v1::RunChart* const chart : charts) {
    for (const v1::RunChartPhase& phase : chart->phases()) {
      const v1::RunChartVerdict& verdict = phase.verdict();
      std::vector<Cell> row = {chart->indicator(), phase.start_date(), Joined(phase.actions()), phase.point_count(),
                               phase.has_centre() ? Rounded(phase.centre()) : "-"};
      if (phase.has_verdict()) {
        row.emplace_back(std::to_string(verdict.longest_run()) + " (at most " + std::to_string(verdict.longest_run_limit()) + ")");
        row.emplace_back(std::to_string(verdict.crossings()) + " (at least " + std::to_string(verdict.crossings_limit()) + ")");
        row.emplace_back(Signals(verdict), verdict.small_win() ? Tone::kGood : Tone::kPlain);
      } else {
        row.insert(row.end(), {"-", "-", "too few points"});
      }
      table.AddRow(std::move(row));
    }
  }
  return table;
}

void Print(RunContext& context, const v1::GetRunChartResponse& response) {
  std::vector<const v1::RunChart*> charts = {&response.chart()};
  for (const v1::RunChart& outcome : response.outcomes()) charts.push_back(&outcome);
  const bool as_table = context.output == Output::kTable;
  context.Print(PointTable(charts, !as_table));
  if (as_table) {
    context.out() << '\n';
    context.Print(PhaseTable(charts));
  }
  context.Say("event dates in [" + response.chart().start_date() + ", " + response.chart().end_date() + ")" +
              (response.chart().points().empty() ? ": no values" : ""));
  for (const v1::RunChart* const chart : charts) {
    if (chart->hidden_count() == 0) continue;
    context.Say(chart->indicator() + ": without " + Counted(chart->hidden_count(), "record") + " of too few people to be shown");
  }
}

int Chart(RunContext& context, const ChartFlags& flags) {
  const absl::StatusOr<std::string> name = context.NameIn("teams", flags.team);
  if (!name.ok()) return context.FailUsage(name.status());
  v1::GetRunChartRequest request;
  request.set_name(*name);
  request.set_indicator(flags.indicator);
  if (!flags.unit.empty()) {
    const auto* const unit = FindEnumValue(*v1::ChartUnit_descriptor(), flags.unit);
    if (unit == nullptr) return context.FailUsage(absl::InvalidArgumentError("--unit: give day, week or month"));
    request.set_unit(static_cast<v1::ChartUnit>(unit->number()));
  }
  request.set_start_date(flags.window.start);
  request.set_end_date(flags.window.end);
  if (flags.baseline) request.set_baseline(*flags.baseline);
  if (!flags.baseline_end.empty()) request.set_baseline_end_date(flags.baseline_end);
  request.set_inquiry(flags.inquiry);
  const absl::StatusOr<v1::GetRunChartResponse> response = context.client().GetRunChart(request, context.Call());
  if (!response.ok()) return context.Fail(response.status());
  if (!context.PrintedJson(*response)) Print(context, *response);
  return kExitOk;
}

}  // namespace

void AddChart(CommandSet& commands) {
  auto flags = std::make_shared<ChartFlags>();
  CLI::App* chart = commands.Add(nullptr, "chart", "The run chart of a team's values", kText);
  chart->add_option("team", flags->team, "The team's id")->required()->type_name("TEAM");
  chart->add_option("indicator", flags->indicator, "The indicator's id")->required()->type_name("INDICATOR");
  chart->add_option("--unit", flags->unit, "What one point is of: day, week or month [week]")->type_name("UNIT");
  AddDateFlags(*chart, flags->window, "start of the school year", "end of the school year");
  CLI::Option* baseline = chart->add_option("--baseline", flags->baseline, "A frozen centre")->type_name("NUMBER");
  chart->add_option("--baseline_end", flags->baseline_end, "Freeze the centre at the median of the points before this date")
      ->type_name("DATE")
      ->excludes(baseline);
  chart->add_option("--inquiry", flags->inquiry, "Phases by this inquiry's actions, and its outcomes beside")->type_name("ID");
  commands.OnRun(chart, [&commands, flags] { return Chart(commands.context(), *flags); });
}

}  // namespace leadlag::cli
