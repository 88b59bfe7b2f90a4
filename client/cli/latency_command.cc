// leadlag latency [TEAM]: how long evidence takes to become known and to be interpreted.
#include "client/cli/command_set.h"
#include "client/cli/query_flags.h"

namespace leadlag::cli {
namespace {

constexpr char kText[] =
    "Collection: event to known. Interpretation: known to reviewed. Total: event to reviewed. In instructional days, "
    "nearest rank over\n"
    "records that are through and records that still wait, the latter at their age; \">=\" marks a figure whose record "
    "still waits.";

std::string Figure(bool has, const v1::LatencyFigure& figure) {
  if (!has) return "-";
  return (figure.at_least() ? ">=" : "") + std::to_string(figure.days());
}

std::string Hours(bool has, const v1::HoursSpan& span) {
  if (!has) return "-";
  return std::to_string(span.low_hours()) + (span.has_high_hours() ? "-" + std::to_string(span.high_hours()) : "+");
}

void AddDays(Table& table, const std::string& name, const v1::LatencyDays& days) {
  table.AddRow({name, "days", Figure(days.has_p50(), days.p50()), Figure(days.has_p90(), days.p90()),
                Figure(days.has_max(), days.max()), days.closed_count(), days.open_count(),
                days.has_oldest_open_days() ? std::to_string(days.oldest_open_days()) : "-"});
}

void Print(RunContext& context, const v1::GetEvidenceLatencyResponse& response) {
  Table table({{"latency", "LATENCY"},
               {"unit", "UNIT"},
               {"p50", "P50", true},
               {"p90", "P90", true},
               {"max", "MAX", true},
               {"closed", "CLOSED", true},
               {"open", "OPEN", true},
               {"oldest_open", "OLDEST OPEN", true}});
  const v1::EvidenceLatency& latency = response.latency();
  AddDays(table, "collection", latency.collection());
  AddDays(table, "interpretation", latency.interpretation());
  AddDays(table, "total", latency.total());
  const v1::LatencyHours& hours = latency.collection_hours();
  if (hours.count() > 0) {
    table.AddRow({"collection", "hours", Hours(hours.has_p50(), hours.p50()), Hours(hours.has_p90(), hours.p90()),
                  Hours(hours.has_max(), hours.max()), hours.count(), "", ""});
  }
  context.Print(table);
  context.Say("event dates in [" + response.start_date() + ", " + response.end_date() + "), " +
              std::to_string(response.team_count()) + (response.team_count() == 1 ? " team" : " teams") +
              " with evidence");
}

int Latency(RunContext& context, const std::string& team, const WindowFlags& flags) {
  const absl::StatusOr<std::string> name = team.empty() ? context.DistrictName() : context.NameIn("teams", team);
  if (!name.ok()) return context.FailUsage(name.status());
  const auto kind = ParseKind(flags.kind);
  if (!kind.ok()) return context.FailUsage(kind.status());
  v1::GetEvidenceLatencyRequest request;
  request.set_name(*name);
  if (*kind) *request.mutable_kind() = **kind;
  request.set_start_date(flags.start);
  request.set_end_date(flags.end);
  request.set_include_completions(flags.include_completions);
  if (absl::Status labels = AddLabels(flags.labels, *request.mutable_labels()); !labels.ok())
    return context.FailUsage(labels);
  const absl::StatusOr<v1::GetEvidenceLatencyResponse> response =
      context.client().GetEvidenceLatency(request, context.Call());
  if (!response.ok()) return context.Fail(response.status());
  if (!context.PrintedJson(*response)) Print(context, *response);
  return kExitOk;
}

}  // namespace

void AddLatency(CommandSet& commands) {
  auto flags = std::make_shared<WindowFlags>();
  auto team = std::make_shared<std::string>();
  CLI::App* latency =
      commands.Add(nullptr, "latency", "How long evidence takes to become known and interpreted", kText);
  latency->add_option("team", *team, "One team's id [all teams]")->type_name("TEAM");
  AddKindFlag(*latency, *flags);
  AddDateFlags(*latency, *flags, "start of the school year", "end of the school year");
  AddLabelFlag(*latency, *flags);
  commands.OnRun(latency, [&commands, flags, team] { return Latency(commands.context(), *team, *flags); });
}

}  // namespace leadlag::cli
