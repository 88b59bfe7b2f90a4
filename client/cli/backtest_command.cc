// leadlag backtest [FILE]: what expectations and alert rules would have said of the evidence that is stored.
#include <map>

#include "client/cli/catalog_file.h"
#include "client/cli/command_set.h"
#include "client/cli/csv.h"
#include "client/cli/enum_name.h"
#include "client/cli/number.h"
#include "client/cli/query_flags.h"

namespace leadlag::cli {
namespace {

constexpr double kBacktestSeconds = 600;

constexpr char kText[] =
    "FILE is YAML or JSON with `expectations:` and `alert_rules:`, or one of them, as in a catalog (a whole catalog will do: of it only\n"
    "these are run, in the place of those in force). One without `from` counts from --start. Without FILE those in force are run.\n"
    "Nothing is changed, and nobody is alerted. Evidence is seen as it was recorded; after a first import, where all of it was\n"
    "recorded at once, --known takes the time at which its source says that it took it in. Calendars, teams, and what sources feed\n"
    "them, are those in force now. Windows are [start, end), and end with now. While all sources were silent that feed a team,\n"
    "nobody can tell how it stands, as it was in life: UNKNOWN. With --known no source is silent: what came late is taken to have\n"
    "come in time.\n"
    "Prints the alerts of each expectation and alert rule over all teams; with --teams of each team that had any; with --flips every\n"
    "change of state. ALERT DAYS are instructional days from that on which an alert opened to that on which it closed, which does not\n"
    "count, over all teams. All begin anew with --start. --output=json prints each message of the stream on a line, all of these in\n"
    "them.";

struct Flags {
  std::string file;
  WindowFlags window;
  bool known = false;
  bool teams = false;
  bool flips = false;
};

bool IsInFile(std::string_view field) { return field.starts_with("expectations") || field.starts_with("alert_rules"); }

std::vector<Column> CountColumns(bool of_team) {
  std::vector<Column> columns;
  if (of_team) columns.push_back({"team", "TEAM"});
  columns.insert(columns.end(), {{"expectation", "EXPECTATION"},
                                 {"kind", "KIND"},
                                 {"opened", "OPENED", true},
                                 {"overdue", "OVERDUE", true},
                                 {"resolved", "RESOLVED", true},
                                 {"retracted", "RETRACTED", true},
                                 {"ended", "ENDED", true},
                                 {"open", "OPEN", true},
                                 {"alert_days", "ALERT DAYS", true}});
  return columns;
}

void AddCounts(const v1::BacktestSubject& subject, const std::string* team, Table& table) {
  const v1::BacktestCounts& counts = subject.counts();
  std::vector<Cell> cells;
  if (team != nullptr) cells.emplace_back(*team);
  cells.insert(cells.end(), {subject.expectation(), EnumText(subject.kind()), counts.opened_count(), counts.overdue_count(),
                             counts.resolved_count(), counts.retracted_count(), counts.ended_count(), counts.open_count(),
                             counts.alert_days()});
  table.AddRow(std::move(cells));
}

// Prints what comes, as it was asked for.
class Printer {
 public:
  Printer(RunContext& context, const Flags& flags)
      : context_(context), flags_(flags), counts_(CountColumns(flags.teams)) {
    if (context_.output == Output::kCsv && flags_.flips) {
      context_.out() << "effective_time,team,expectation,kind,severity,from,to,reason,due_date\r\n";
    }
  }

  void Print(const v1::BacktestResponse& message) {
    if (context_.output == Output::kJson) {
      context_.out() << ToJson(message, JsonLayout::kOneLine);
      return;
    }
    if (flags_.flips) {
      for (const v1::BacktestFlip& flip : message.flips()) PrintFlip(flip);
    }
    for (const v1::BacktestTeam& team : message.teams()) {
      ++teams_;
      for (const v1::BacktestSubject& subject : team.subjects()) {
        if (flags_.teams && subject.counts().opened_count() > 0) AddCounts(subject, &team.team(), counts_);
      }
    }
    context_.Progress(Counted(teams_, "team"));
    if (message.has_summary()) PrintSummary(message.summary());
  }

 private:
  void PrintFlip(const v1::BacktestFlip& flip) {
    if (context_.output == Output::kCsv) {
      context_.out() << CsvLine({TimeText(flip.effective_time()), flip.team(), flip.expectation(), EnumText(flip.kind()),
                                 EnumText(flip.severity()), EnumText(flip.from_state()), EnumText(flip.to_state()),
                                 EnumText(flip.reason()), flip.due_date()});
      return;
    }
    context_.ClearProgress();
    const auto painted = [&](v1::WatchState state) {
      const Cell cell = StateCell(state);
      return Coloured(cell.text, cell.tone, context_.colour());
    };
    context_.out() << TimeText(flip.effective_time()) << "  " << flip.team() << " / " << flip.expectation() << ": "
                   << painted(flip.from_state()) << " to " << painted(flip.to_state()) << " (" << EnumText(flip.reason())
                   << (flip.due_date().empty() ? "" : ", due " + flip.due_date()) << ")\n";
  }

  void PrintSummary(const v1::BacktestSummary& summary) {
    if (!flags_.flips) {
      if (!flags_.teams) {
        for (const v1::BacktestSubject& subject : summary.subjects()) AddCounts(subject, nullptr, counts_);
      }
      context_.Print(counts_);
      if (counts_.empty()) context_.Say("no alert of any team");
    }
    context_.Say(Counted(summary.team_count(), "team") + ", " + Counted(summary.flip_count(), "flip") + ", " +
                 Counted(summary.record_count(), "record") + ", " + Counted(summary.silence_count(), "silence") +
                 " of " + Counted(summary.silent_source_count(), "source") + ", from " +
                 TimeText(summary.begin_time()) + " to " + TimeText(summary.end_time()) + ", by version " +
                 std::to_string(summary.catalog_version()) + " of the catalog");
    if (summary.known_as_recorded()) {
      context_.Note("leadlag: of " + Counted(summary.known_record_count(), "record") +
                    " the time at which the source took them in was taken for recorded");
    }
    for (const int omission : summary.omissions()) {
      const std::string text = OmissionText(static_cast<v1::BacktestOmission>(omission), summary);
      if (!text.empty()) context_.Note("leadlag: not lived again: " + text);
    }
  }

  static std::string OmissionText(v1::BacktestOmission omission, const v1::BacktestSummary& summary) {
    switch (omission) {
      case v1::BACKTEST_OMISSION_SETTLING: return "that the service waits for backlogs after it was down";
      case v1::BACKTEST_OMISSION_SILENCES: return "silences of sources, since with --known nothing came late";
      case v1::BACKTEST_OMISSION_EARLIER_SILENCES:
        return "some silences that were over by " + TimeText(summary.silences_kept_time()) + ": they are no longer kept";
      default: return "";
    }
  }

  RunContext& context_;
  const Flags& flags_;
  Table counts_;
  int64_t teams_ = 0;
};

int Backtest(RunContext& context, const Flags& flags) {
  v1::BacktestRequest request;
  std::optional<CatalogFile> file;
  if (!flags.file.empty()) {
    absl::StatusOr<CatalogFile> loaded = CatalogFile::Load(flags.file);
    if (!loaded.ok()) {
      return absl::IsNotFound(loaded.status()) ? context.FailUsage(loaded.status()) : context.Fail(loaded.status());
    }
    file = *std::move(loaded);
    for (const std::string& note : file->notes()) context.Note("leadlag: " + note);
    const v1::Catalog& proposed = file->catalog();
    if (context.district.empty()) context.district = proposed.district();
    if (!proposed.district().empty() && context.district != proposed.district()) {
      return context.Fail(InvalidField(file->PlaceOf("district"), "the file is of district \"" + proposed.district() +
                                                                      "\", --district says \"" + context.district + "\""));
    }
    if (proposed.expectations().empty() && proposed.alert_rules().empty()) {
      return context.Fail(InvalidField(file->PlaceOf(""), "there are neither expectations nor alert_rules to run"));
    }
    *request.mutable_expectations() = proposed.expectations();
    *request.mutable_alert_rules() = proposed.alert_rules();
  }
  const absl::StatusOr<std::string> parent = context.DistrictName();
  if (!parent.ok()) return context.FailUsage(parent.status());
  request.set_parent(*parent);
  request.set_start_date(flags.window.start);
  request.set_end_date(flags.window.end);
  if (absl::Status labels = AddLabels(flags.window.labels, *request.mutable_labels()); !labels.ok())
    return context.FailUsage(labels);
  request.set_known_as_recorded(flags.known);
  Printer printer(context, flags);
  const absl::Status status = context.client().Backtest(
      request, [&](const v1::BacktestResponse& message) { printer.Print(message); }, context.Call(kBacktestSeconds));
  if (!status.ok()) return context.Fail(file ? file->Placed(status, IsInFile) : status);
  return kExitOk;
}

}  // namespace

void AddBacktest(CommandSet& commands) {
  auto flags = std::make_shared<Flags>();
  CLI::App* backtest =
      commands.Add(nullptr, "backtest", "What expectations and alert rules would have said of the evidence that is stored", kText);
  backtest->add_option("file", flags->file, "What to run, YAML or JSON [what is in force]")->type_name("FILE");
  backtest->add_option("--start,--from", flags->window.start, "First date, inclusive [start of the school year]")->type_name("DATE");
  backtest->add_option("--end,--to", flags->window.end, "Exclusive [end of the school year]")->type_name("DATE");
  AddLabelFlag(*backtest, flags->window);
  backtest->add_flag("--known", flags->known, "Take when records were reported for when they were recorded");
  CLI::Option* teams = backtest->add_flag("--teams", flags->teams, "The alerts of each team");
  backtest->add_flag("--flips", flags->flips, "Every change of state")->excludes(teams);
  commands.OnRun(backtest, [&commands, flags] { return Backtest(commands.context(), *flags); });
}

}  // namespace leadlag::cli
