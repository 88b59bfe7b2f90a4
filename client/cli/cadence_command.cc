// leadlag cadence [TEAM]: how regularly signals arrive; without a team, who is late.
#include <cstdio>

#include "client/cli/command_set.h"
#include "client/cli/enum_name.h"
#include "client/cli/query_flags.h"

namespace leadlag::cli {
namespace {

constexpr char kText[] =
    "Without TEAM a line for each team: the worst state of its watches, when it is due, the last signal, the open gap, "
    "and the evidence\n"
    "debt. UNKNOWN: all is well as far as one can tell, but what feeds some watch is silent. With TEAM every metric of "
    "one team in a\n"
    "window. All days are instructional days; windows are [start, end).";

// "SHARED_UNDERSTANDING" as "shared understanding".
std::string Lower(std::string text) {
  for (char& c : text) c = c == '_' ? ' ' : static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  return text;
}

std::string Share(int part, int whole) {
  if (whole == 0) return "-";
  char text[64];
  snprintf(text, sizeof(text), "%.0f%% (%d of %d)", 100.0 * part / whole, part, whole);
  return text;
}

void SayBasis(RunContext& context, const v1::AnswerBasis& basis) {
  if (basis.recalculating())
    context.Note("leadlag: a large change is still being worked out; some figures are from before it");
}

void PrintTeam(RunContext& context, const v1::TeamCadence& cadence) {
  Table table({{"metric", "METRIC"}, {"value", "VALUE"}});
  const auto days = [](bool has, int value) { return has ? std::to_string(value) + " days" : std::string("-"); };
  table.AddRow({"team", cadence.team()});
  table.AddRow({"kind", KindText(cadence.kind())});
  table.AddRow({"window", "[" + cadence.start_date() + ", " + cadence.end_date() + "), today " + cadence.today()});
  table.AddRow({"signal dates", cadence.signal_dates()});
  table.AddRow({"lagging signal dates", cadence.lagging_signal_dates()});
  table.AddRow({"last signal", cadence.last_signal_date().empty() ? "-" : cadence.last_signal_date()});
  table.AddRow({"median gap", days(cadence.has_median_gap_days(), cadence.median_gap_days())});
  table.AddRow({"p90 gap", days(cadence.has_p90_gap_days(), cadence.p90_gap_days())});
  table.AddRow({"open gap", days(true, cadence.open_gap_days())});
  const v1::Silence& silence = cadence.longest_silence();
  table.AddRow({"longest silence", !cadence.has_longest_silence()
                                       ? "-"
                                       : std::to_string(silence.days()) + " days, " + EnumText(silence.kind()) + ", (" +
                                             silence.after_date() + ", " + silence.through_date() + "]"});
  table.AddRow({"weeks with a signal", Share(cadence.weeks().covered(), cadence.weeks().eligible())});
  table.AddRow({"weeks in a row", cadence.weeks().streak()});
  table.AddRow({"months with a signal", Share(cadence.months().covered(), cadence.months().eligible())});
  table.AddRow({"months in a row", cadence.months().streak()});
  table.AddRow({"on track", cadence.watched_days() == 0 ? "- (no expectation is on this very kind; try --kind)"
                                                        : Share(cadence.on_track_days(), cadence.watched_days()) +
                                                              " of days, by " + cadence.expectation()});
  char burstiness[32] = "-";
  if (cadence.has_burstiness()) snprintf(burstiness, sizeof(burstiness), "%.2f", cadence.burstiness());
  table.AddRow({"burstiness", std::string(burstiness)});
  table.AddRow({"debt: days past due", cadence.days_past_due()});
  table.AddRow({"debt: unreviewed records", cadence.unreviewed_records()});
  for (const v1::DimensionCoverage& coverage : cadence.dimensions()) {
    table.AddRow({Lower(EnumText(coverage.dimension())) + ": weeks with evidence",
                  coverage.indicator_count() == 0 ? "- (no indicator of evidence is about it)"
                                                  : Share(coverage.weeks().covered(), coverage.weeks().eligible())});
  }
  for (const v1::SmallWin& win : cadence.small_wins()) {
    const bool weeks = win.kind() == v1::SMALL_WIN_KIND_STREAK_OF_WEEKS;
    const std::string length = std::to_string(win.length()) + (weeks ? " weeks" : " months");
    table.AddRow({"small win", Cell(length + " in a row with a signal", Tone::kGood)});
  }
  context.Print(table);
}

int OneTeam(RunContext& context, const std::string& team, const WindowFlags& flags) {
  const absl::StatusOr<std::string> name = context.NameIn("teams", team);
  if (!name.ok()) return context.FailUsage(name.status());
  const auto kind = ParseKind(flags.kind);
  if (!kind.ok()) return context.FailUsage(kind.status());
  v1::GetTeamCadenceRequest request;
  request.set_name(*name);
  if (*kind) *request.mutable_kind() = **kind;
  request.set_start_date(flags.start);
  request.set_end_date(flags.end);
  request.set_include_completions(flags.include_completions);
  request.set_include_dimensions(true);
  const absl::StatusOr<v1::GetTeamCadenceResponse> response = context.client().GetTeamCadence(request, context.Call());
  if (!response.ok()) return context.Fail(response.status());
  if (!context.PrintedJson(*response)) PrintTeam(context, response->cadence());
  SayBasis(context, response->basis());
  return kExitOk;
}

void PrintOverview(RunContext& context, const v1::ListTeamCadenceResponse& all) {
  Table table({{"team", "TEAM"},
               {"state", "STATE"},
               {"due_date", "DUE"},
               {"last_signal_date", "LAST SIGNAL"},
               {"open_gap_days", "OPEN GAP", true},
               {"days_past_due", "DAYS PAST DUE", true},
               {"unreviewed_records", "UNREVIEWED", true}});
  for (const v1::TeamOverview& team : all.teams()) {
    table.AddRow({team.team(), StateCell(team.state()), team.due_date(), team.last_signal_date(), team.open_gap_days(),
                  team.days_past_due(), team.unreviewed_records()});
  }
  context.Print(table);
  if (table.empty()) context.Say("no teams");
}

int AllTeams(RunContext& context, const WindowFlags& flags) {
  const absl::StatusOr<std::string> parent = context.DistrictName();
  if (!parent.ok()) return context.FailUsage(parent.status());
  const auto kind = ParseKind(flags.kind);
  if (!kind.ok()) return context.FailUsage(kind.status());
  if (!flags.start.empty() || !flags.end.empty() || flags.include_completions) {
    return context.FailUsage(
        absl::InvalidArgumentError("--start, --end and --include_completions need a TEAM: the overview is of today"));
  }
  v1::ListTeamCadenceRequest request;
  request.set_parent(*parent);
  if (*kind) *request.mutable_kind() = **kind;
  if (absl::Status labels = AddLabels(flags.labels, *request.mutable_labels()); !labels.ok())
    return context.FailUsage(labels);
  v1::ListTeamCadenceResponse all;
  do {
    absl::StatusOr<v1::ListTeamCadenceResponse> page = context.client().ListTeamCadence(request, context.Call());
    if (!page.ok()) return context.Fail(page.status());
    request.set_page_token(page->next_page_token());
    page->clear_next_page_token();
    all.MergeFrom(*page);
  } while (!request.page_token().empty());
  if (!context.PrintedJson(all)) PrintOverview(context, all);
  SayBasis(context, all.basis());
  return kExitOk;
}

}  // namespace

void AddCadence(CommandSet& commands) {
  auto flags = std::make_shared<WindowFlags>();
  auto team = std::make_shared<std::string>();
  CLI::App* cadence = commands.Add(nullptr, "cadence", "How regularly signals arrive, and who is late", kText);
  cadence->add_option("team", *team, "One team's id [all teams]")->type_name("TEAM");
  AddKindFlag(*cadence, *flags);
  AddDateFlags(*cadence, *flags, "start of the school year", "end of the school year");
  AddLabelFlag(*cadence, *flags);
  commands.OnRun(cadence, [&commands, flags, team] {
    return team->empty() ? AllTeams(commands.context(), *flags) : OneTeam(commands.context(), *team, *flags);
  });
}

}  // namespace leadlag::cli
