// leadlag latency [TEAM]: how long evidence takes to become known and to be interpreted.
#include "client/cli/command_set.h"
#include "client/cli/enum_name.h"
#include "client/cli/query_flags.h"
#include "google/protobuf/util/time_util.h"

namespace leadlag::cli {
namespace {

constexpr char kText[] =
    "Collection: event to known. Interpretation: known to reviewed. Total: event to reviewed. In instructional days, "
    "nearest rank over\n"
    "records that are through and records that still wait, the latter at their age; \">=\" marks a figure whose record "
    "still waits.\n"
    "Action to evidence: from the start of an inquiry's action to the first record of it that became known;\n"
    "head start: by how much leading evidence came before lagging.";

struct LatencyFlags : WindowFlags {
  std::string cycle;
  bool previous = false;
  std::string as_of;
};

std::string Figure(bool has, const v1::LatencyFigure& figure) {
  if (!has) return "-";
  return (figure.at_least() ? ">=" : "") + std::to_string(figure.days());
}

std::string Hours(bool has, const v1::HoursSpan& span) {
  if (!has) return "-";
  return std::to_string(span.low_hours()) + (span.has_high_hours() ? "-" + std::to_string(span.high_hours()) : "+");
}

void AddDays(Table& table, const std::string& window, const std::string& name, const v1::LatencyDays& days) {
  table.AddRow({window, name, "days", Figure(days.has_p50(), days.p50()), Figure(days.has_p90(), days.p90()),
                Figure(days.has_max(), days.max()), days.closed_count(), days.open_count(),
                days.has_oldest_open_days() ? std::to_string(days.oldest_open_days()) : "-"});
}

void AddFigures(Table& table, const v1::EvidenceLatency& latency, const std::string& window) {
  AddDays(table, window, "collection", latency.collection());
  AddDays(table, window, "interpretation", latency.interpretation());
  AddDays(table, window, "total", latency.total());
  const v1::LatencyHours& hours = latency.collection_hours();
  if (hours.count() > 0) {
    table.AddRow({window, "collection", "hours", Hours(hours.has_p50(), hours.p50()), Hours(hours.has_p90(), hours.p90()),
                  Hours(hours.has_max(), hours.max()), hours.count(), "", ""});
  }
  if (latency.action_to_leading().closed_count() + latency.action_to_leading().open_count() == 0) return;
  AddDays(table, window, "action to leading", latency.action_to_leading());
  AddDays(table, window, "action to lagging", latency.action_to_lagging());
  AddDays(table, window, "head start", latency.head_start());
}

void Print(RunContext& context, const v1::GetEvidenceLatencyResponse& response) {
  Table table({{"window", "WINDOW"},
               {"latency", "LATENCY"},
               {"unit", "UNIT"},
               {"p50", "P50", true},
               {"p90", "P90", true},
               {"max", "MAX", true},
               {"closed", "CLOSED", true},
               {"open", "OPEN", true},
               {"oldest_open", "OLDEST OPEN", true}});
  if (response.has_previous()) AddFigures(table, response.previous().latency(), "before");
  AddFigures(table, response.latency(), "asked for");
  for (const v1::LatencyWindow& cycle : response.cycles()) AddFigures(table, cycle.latency(), cycle.start_date());
  context.Print(table);
  if (response.has_previous()) {
    context.Say("before: event dates in [" + response.previous().start_date() + ", " + response.previous().end_date() + ")");
  }
  context.Say("event dates in [" + response.start_date() + ", " + response.end_date() + "), " +
              std::to_string(response.team_count()) + (response.team_count() == 1 ? " team" : " teams") +
              " with evidence");
}

int Latency(RunContext& context, const std::string& team, const LatencyFlags& flags) {
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
  if (!flags.cycle.empty()) {
    const auto* const cycle = FindEnumValue(*v1::Cycle_descriptor(), flags.cycle);
    if (cycle == nullptr) return context.FailUsage(absl::InvalidArgumentError("--cycle: give week or month"));
    request.set_cycle(static_cast<v1::Cycle>(cycle->number()));
  }
  request.set_include_previous(flags.previous);
  if (!flags.as_of.empty() && !google::protobuf::util::TimeUtil::FromString(flags.as_of, request.mutable_as_of())) {
    return context.FailUsage(absl::InvalidArgumentError("--as_of: give a moment with its offset, \"2025-10-03T16:00:00-04:00\""));
  }
  const absl::StatusOr<v1::GetEvidenceLatencyResponse> response =
      context.client().GetEvidenceLatency(request, context.Call());
  if (!response.ok()) return context.Fail(response.status());
  if (!context.PrintedJson(*response)) Print(context, *response);
  return kExitOk;
}

}  // namespace

void AddLatency(CommandSet& commands) {
  auto flags = std::make_shared<LatencyFlags>();
  auto team = std::make_shared<std::string>();
  CLI::App* latency =
      commands.Add(nullptr, "latency", "How long evidence takes to become known and interpreted", kText);
  latency->add_option("team", *team, "One team's id [all teams]")->type_name("TEAM");
  AddKindFlag(*latency, *flags);
  AddDateFlags(*latency, *flags, "start of the school year", "end of the school year");
  AddLabelFlag(*latency, *flags);
  latency->add_option("--cycle", flags->cycle, "Also by the week or month of the event")->type_name("week|month");
  latency->add_flag("--previous", flags->previous, "Beside the window before, of the same length");
  latency->add_option("--as_of", flags->as_of, "As it would have been answered then; of one team")->type_name("TIME");
  commands.OnRun(latency, [&commands, flags, team] { return Latency(commands.context(), *team, *flags); });
}

}  // namespace leadlag::cli
