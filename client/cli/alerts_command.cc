// leadlag alerts list|watch|why|ack|snooze: what is late, as it happens, and why; and who has taken it on.
#include "client/alert_follower.h"
#include "client/cli/command_set.h"
#include "client/cli/csv.h"
#include "client/cli/enum_name.h"
#include "client/cli/json.h"
#include "client/cli/query_flags.h"
#include "client/cli/token_file.h"
#include "core/limits.h"

namespace leadlag::cli {
namespace {

constexpr char kWatchText[] =
    "Prints each change of state as it happens, until it is interrupted; connects again by itself. With --token_file "
    "it goes on where\n"
    "the last run stopped, missing nothing: the token is kept after each message, so after a crash the last message "
    "may come twice\n"
    "(same sequence numbers). Without the file it starts from now; one that is empty or cannot be read is an error. A "
    "token too old for the server, or from before a restore, ends with exit code 1 unless\n"
    "--snapshot_when_lost; a snapshot replaces all that you held.\n"
    "--output=json prints each message on a line.";

struct FilterFlags {
  std::vector<std::string> teams, labels, expectations, kinds;
};

void AddFilterFlags(CLI::App& command, FilterFlags& flags) {
  command.add_option("--team", flags.teams, "Only this team's; repeatable")->allow_extra_args(false)->type_name("ID");
  command.add_option("--label", flags.labels, "Only teams with this label; repeatable")
      ->allow_extra_args(false)
      ->type_name("KEY=VALUE");
  command.add_option("--expectation", flags.expectations, "Only this expectation's or alert rule's; repeatable")
      ->allow_extra_args(false)
      ->type_name("ID");
  command.add_option("--kind", flags.kinds, "Only alerts of this kind, such as SIGNAL_OVERDUE; repeatable")
      ->allow_extra_args(false)
      ->type_name("KIND");
}

absl::Status FillFilter(const FilterFlags& flags, v1::AlertFilter& filter) {
  for (const std::string& team : flags.teams) filter.add_teams(team);
  for (const std::string& expectation : flags.expectations) filter.add_expectations(expectation);
  for (const std::string& kind : flags.kinds) {
    const auto* const value = FindEnumValue(*v1::AlertKind_descriptor(), kind);
    if (value == nullptr) {
      return absl::InvalidArgumentError("--kind: \"" + kind + "\" is not a kind of alert; give one of " +
                                        ShortNames(*v1::AlertKind_descriptor()));
    }
    filter.add_kinds(static_cast<v1::AlertKind>(value->number()));
  }
  return AddLabels(flags.labels, *filter.mutable_labels());
}

std::string LastPart(const std::string& name) { return name.substr(name.rfind('/') + 1); }

struct ListFlags {
  FilterFlags filter;
  bool include_closed = false;
};

// What a flip, an alert or a watch is of: an expectation or a rule, or a source.
template <typename Message>
const std::string& Subject(const Message& message) {
  return message.source().empty() ? message.expectation() : message.source();
}

// "t1 / walks", "source forms".
template <typename Message>
std::string Whose(const Message& message) {
  return message.source().empty() ? message.team() + " / " + message.expectation() : "source " + message.source();
}

int List(RunContext& context, const ListFlags& flags) {
  const absl::StatusOr<std::string> parent = context.DistrictName();
  if (!parent.ok()) return context.FailUsage(parent.status());
  v1::ListAlertsRequest request;
  request.set_parent(*parent);
  if (absl::Status filled = FillFilter(flags.filter, *request.mutable_filter()); !filled.ok())
    return context.FailUsage(filled);
  request.set_include_closed(flags.include_closed);
  request.set_page_size(1000);
  v1::ListAlertsResponse all;
  do {
    absl::StatusOr<v1::ListAlertsResponse> page = context.client().ListAlerts(request, context.Call());
    if (!page.ok()) return context.Fail(page.status());
    request.set_page_token(page->next_page_token());
    page->clear_next_page_token();
    all.MergeFrom(*page);
  } while (!request.page_token().empty());
  if (context.PrintedJson(all)) return kExitOk;
  Table table({{"team", "TEAM"},
               {"subject", "SUBJECT"},
               {"kind", "KIND"},
               {"state", "STATE"},
               {"severity", "SEVERITY"},
               {"due_date", "DUE"},
               {"opened_time", "OPENED"},
               {"closed_time", "CLOSED"},
               {"closed_reason", "REASON"},
               {"acknowledged_by", "ACKNOWLEDGED BY"},
               {"snoozed_until", "SNOOZED UNTIL"},
               {"alert", "ALERT"}});
  for (const v1::Alert& alert : all.alerts()) {
    table.AddRow({alert.team(), Subject(alert), EnumText(alert.kind()), StateCell(alert.state()), EnumText(alert.severity()),
                  alert.due_date(), TimeText(alert.opened_time()), TimeText(alert.closed_time()),
                  EnumText(alert.closed_reason()), alert.acknowledgement().by(), alert.snooze().until_date(),
                  LastPart(alert.name())});
  }
  context.Print(table);
  if (table.empty()) context.Say(flags.include_closed ? "no alerts" : "no open alerts");
  if (all.recalculating()) context.Note("leadlag: a large change is still being worked out");
  return kExitOk;
}

struct HandlingFlags {
  std::string alert, by, note;
};

void AddHandlingFlags(CLI::App& command, HandlingFlags& flags) {
  command.add_option("alert", flags.alert, "The alert's id")->required()->type_name("ALERT");
  command.add_option("--by", flags.by, "Who: a name that people there know")->required()->type_name("NAME");
  command.add_option("--note", flags.note, "Why, or what is being done")->type_name("TEXT");
}

int Acknowledge(RunContext& context, const HandlingFlags& flags) {
  const absl::StatusOr<std::string> name = context.NameIn("alerts", flags.alert);
  if (!name.ok()) return context.FailUsage(name.status());
  v1::AcknowledgeRequest request;
  request.set_name(*name);
  request.set_by(flags.by);
  request.set_note(flags.note);
  const absl::StatusOr<v1::AcknowledgeResponse> response = context.client().Acknowledge(request, context.Call());
  if (!response.ok()) return context.Fail(response.status());
  if (context.PrintedJson(*response)) return kExitOk;
  const v1::Alert& alert = response->alert();
  context.Say("alert " + flags.alert + " of " + Whose(alert) + " is acknowledged by " +
              alert.acknowledgement().by());
  return kExitOk;
}

struct SnoozeFlags : HandlingFlags {
  std::optional<int> days;
  std::string until;
  bool end = false;
};

int Snooze(RunContext& context, const SnoozeFlags& flags) {
  const absl::StatusOr<std::string> name = context.NameIn("alerts", flags.alert);
  if (!name.ok()) return context.FailUsage(name.status());
  v1::SnoozeRequest request;
  request.set_name(*name);
  request.set_by(flags.by);
  request.set_note(flags.note);
  if (flags.days && (*flags.days < 1 || *flags.days > kSnoozeDaysMax)) {
    return context.FailUsage(absl::InvalidArgumentError("--days: " + std::to_string(*flags.days) + " is not 1 to " +
                                                        std::to_string(kSnoozeDaysMax)));
  }
  if (flags.days) request.set_instructional_days(*flags.days);
  if (!flags.until.empty()) request.set_until_date(flags.until);
  if (flags.end) request.set_end_now(true);
  if (request.until_case() == v1::SnoozeRequest::UNTIL_NOT_SET) {
    return context.FailUsage(absl::InvalidArgumentError("say until when: --days N, --until DATE or --end"));
  }
  const absl::StatusOr<v1::SnoozeResponse> response = context.client().Snooze(request, context.Call());
  if (!response.ok()) return context.Fail(response.status());
  if (context.PrintedJson(*response)) return kExitOk;
  const v1::Alert& alert = response->alert();
  const std::string subject = "alert " + flags.alert + " of " + Whose(alert);
  if (!alert.has_snooze()) {
    context.Say(subject + " is not snoozed");
  } else if (!response->closes_after_date().empty()) {
    context.Say(subject + " is snoozed until the morning of " + alert.snooze().until_date() + "; it closes before that, at the end of " +
                response->closes_after_date() + ", with the school year or the team's activity");
  } else {
    context.Say(subject + " is snoozed until the morning of " + alert.snooze().until_date() +
                ", or of the first instructional day after it");
  }
  return kExitOk;
}

Table FlipTable() {
  return Table({{"sequence", "SEQUENCE", true},
                {"effective_time", "EFFECTIVE"},
                {"from", "FROM"},
                {"to", "TO"},
                {"reason", "REASON"},
                {"due_date", "DUE"},
                {"recorded_time", "RECORDED"},
                {"by", "BY"},
                {"note", "NOTE"}});
}

// Of a closed alert what the flips have; what is counted by now is in the text.
void PrintFacts(RunContext& context, const v1::GetAlertResponse& response) {
  const v1::Alert& alert = response.alert();
  const v1::AlertWhy& why = response.why();
  const bool source = alert.kind() == v1::ALERT_KIND_SOURCE_SILENT;
  const bool rule = alert.kind() != v1::ALERT_KIND_SIGNAL_OVERDUE;
  const bool closed = alert.has_closed_time();
  Table facts({{"fact", "FACT"}, {"value", "VALUE"}});
  if (!source) facts.AddRow({"team", alert.team()});
  facts.AddRow({source ? "source" : rule ? "alert rule" : "expectation", Subject(alert)});
  facts.AddRow({"kind", EnumText(alert.kind())});
  facts.AddRow({"state", StateCell(alert.state())});
  // Nothing is counted where the watch is gone, or a source has been heard since.
  const bool counts = !why.start_date().empty();
  if (counts) facts.AddRow({"school year", why.school_year() + ", counted from " + why.start_date()});
  if (counts && !rule) {
    facts.AddRow({"last signal", why.last_signal_date().empty() ? "none this school year" : why.last_signal_date()});
    facts.AddRow({"expected", "every " + std::to_string(why.every_days()) + " instructional days, " +
                                  std::to_string(why.allowance_days()) + " more at the start, grace " + std::to_string(why.grace_days())});
  }
  const auto date = [](const std::string& text) { return text.empty() ? std::string("not this school year") : text; };
  if (closed || !counts) {
    facts.AddRow({"due", alert.due_date()});
    facts.AddRow({rule ? "raised" : "late", TimeText(alert.opened_time())});
    if (closed) facts.AddRow({"closed", TimeText(alert.closed_time()) + ", " + EnumText(alert.closed_reason())});
  } else {
    const std::string counted = why.counted_days() == 0 ? "" : ", " + std::to_string(why.counted_days()) + " instructional days counted";
    facts.AddRow({"due", date(why.due_date()) + counted});
    if (why.due_date() != alert.due_date() && !alert.due_date().empty()) facts.AddRow({"due in force", alert.due_date()});
    facts.AddRow({rule ? "raised" : "late", TimeText(alert.opened_time())});
    if (alert.state() == v1::WATCH_STATE_LATE) facts.AddRow({"overdue from", date(why.overdue_date())});
    for (const v1::SkippedDate& skipped : why.skipped()) facts.AddRow({"not counted", skipped.date() + " " + skipped.label()});
    if (why.counted_days() > 0) facts.AddRow({"other days not counted", why.other_skipped_days()});
  }
  if (!why.remedy().empty()) facts.AddRow({"what ends it", why.remedy()});
  context.Print(facts);
  context.out() << '\n';
}

int Why(RunContext& context, const std::string& alert) {
  const absl::StatusOr<std::string> name = context.NameIn("alerts", alert);
  if (!name.ok()) return context.FailUsage(name.status());
  v1::GetAlertRequest request;
  request.set_name(*name);
  const absl::StatusOr<v1::GetAlertResponse> response = context.client().GetAlert(request, context.Call());
  if (!response.ok()) return context.Fail(response.status());
  if (context.PrintedJson(*response)) return kExitOk;
  const v1::AlertWhy& why = response->why();
  if (context.output == Output::kTable) {
    context.Say(why.text());
    PrintFacts(context, *response);
  }
  Table flips = FlipTable();
  for (const v1::Flip& flip : response->flips()) {
    flips.AddRow({flip.sequence(), TimeText(flip.effective_time()), StateCell(flip.from_state()),
                  StateCell(flip.to_state()), EnumText(flip.reason()), flip.due_date(),
                  TimeText(flip.recorded_time()), flip.by(), flip.note()});
  }
  context.Print(flips);
  if (response->flips_trimmed()) context.Note("leadlag: the alert's first flips are no longer kept");
  return kExitOk;
}

struct WatchFlags {
  FilterFlags filter;
  std::string token_file;
  bool snapshot = false;
  bool earliest = false;
  bool snapshot_when_lost = false;
  bool alerts_only = false;
};

// Prints what arrives, and keeps the token in a file.
class Printer final : public AlertHandler {
 public:
  Printer(RunContext& context, const std::optional<TokenFile>& token_file)
      : context_(context), token_file_(token_file) {
    if (context_.output == Output::kCsv) {
      context_.out() << "sequence,effective_time,team,subject,from,to,reason,due_date,alert\r\n" << std::flush;
    }
  }

  absl::Status OnSnapshot() override {
    context_.Say("snapshot: forget what was before");
    return absl::OkStatus();
  }

  absl::Status OnMessage(const v1::SubscribeResponse& message) override {
    if (context_.output == Output::kJson) {
      context_.out() << ToJson(message, JsonLayout::kOneLine);
    } else {
      for (const v1::WatchStanding& watch : message.watches()) PrintWatch(watch);
      for (const v1::Flip& flip : message.flips()) PrintFlip(flip);
      if (message.snapshot_complete()) context_.Say("snapshot complete");
    }
    context_.out().flush();
    // A token must not be kept for what nobody could read.
    return context_.out() ? absl::OkStatus() : absl::CancelledError("nobody reads the output any more");
  }

  absl::Status SaveToken(std::string_view token) override {
    return token_file_ ? token_file_->Write(token) : absl::OkStatus();
  }

  void OnReconnect(const absl::Status& why, std::chrono::milliseconds wait) override {
    context_.Note("leadlag: " + std::string(why.message()) + "; trying again in " + std::to_string(wait.count()) +
                  " ms");
  }

 private:
  std::string Painted(v1::WatchState state) {
    const Cell cell = StateCell(state);
    return Coloured(cell.text, cell.tone, context_.colour());
  }

  void PrintFlip(const v1::Flip& flip) {
    if (context_.output == Output::kCsv) {
      context_.out() << CsvLine({std::to_string(flip.sequence()), TimeText(flip.effective_time()), flip.team(),
                                 Subject(flip), EnumText(flip.from_state()), EnumText(flip.to_state()),
                                 EnumText(flip.reason()), flip.due_date(), LastPart(flip.alert())});
      return;
    }
    context_.out() << TimeText(flip.effective_time()) << "  #" << flip.sequence() << "  " << Whose(flip) << ": "
                   << Painted(flip.from_state()) << " to " << Painted(flip.to_state())
                   << " (" << EnumText(flip.reason()) << (flip.by().empty() ? "" : " by " + flip.by())
                   << (flip.due_date().empty() ? "" : ", due " + flip.due_date())
                   << (flip.snoozed_until().empty() ? "" : ", snoozed until " + flip.snoozed_until())
                   << (flip.alert().empty() ? "" : ", alert " + LastPart(flip.alert())) << ")\n";
  }

  void PrintWatch(const v1::WatchStanding& watch) {
    if (context_.output == Output::kCsv) {
      context_.out() << CsvLine({"", TimeText(watch.since_time()), watch.team(), Subject(watch), "",
                                 EnumText(watch.state()), "SNAPSHOT", watch.due_date(), LastPart(watch.alert())});
      return;
    }
    context_.out() << "  " << Whose(watch) << ": " << Painted(watch.state())
                   << (watch.due_date().empty() ? "" : ", due " + watch.due_date())
                   << (watch.acknowledged() ? ", acknowledged" : "")
                   << (watch.snoozed_until().empty() ? "" : ", snoozed until " + watch.snoozed_until())
                   << (watch.alert().empty() ? "" : ", alert " + LastPart(watch.alert())) << '\n';
  }

  RunContext& context_;
  const std::optional<TokenFile>& token_file_;
};

int Watch(RunContext& context, const WatchFlags& flags) {
  const absl::StatusOr<std::string> parent = context.DistrictName();
  if (!parent.ok()) return context.FailUsage(parent.status());
  AlertFollowerOptions options;
  options.snapshot_when_lost = flags.snapshot_when_lost;
  options.request.set_parent(*parent);
  options.request.mutable_filter()->set_alerts_only(flags.alerts_only);
  if (absl::Status filled = FillFilter(flags.filter, *options.request.mutable_filter()); !filled.ok())
    return context.FailUsage(filled);
  std::optional<TokenFile> token_file;
  if (!flags.token_file.empty()) token_file.emplace(flags.token_file);
  if (flags.snapshot) {
    options.request.set_snapshot(true);
  } else {
    const absl::StatusOr<std::optional<std::string>> token =
        token_file ? token_file->Read() : std::optional<std::string>();
    if (!token.ok()) return context.FailUsage(token.status());
    if (*token) {
      options.request.set_token(**token);
    } else if (flags.earliest) {
      options.request.set_earliest(true);
    }
  }
  // Who follows may come before the team does; who has mistyped it would wait for ever without a word.
  v1::ListAlertsRequest known;
  known.set_parent(*parent);
  *known.mutable_filter() = options.request.filter();
  known.set_page_size(1);
  if (const absl::Status told = context.client().ListAlerts(known, context.Call()).status(); absl::IsNotFound(told)) {
    context.Note("leadlag: " + std::string(told.message()) + "; following all the same");
  }
  Printer printer(context, token_file);
  const absl::Status status = AlertFollower(context.client(), std::move(options), printer).Run();
  if (absl::IsOutOfRange(status)) context.Note("leadlag: run again with --snapshot, or with --snapshot_when_lost");
  return context.Fail(status);
}

}  // namespace

void AddAlerts(CommandSet& commands) {
  CLI::App* alerts = commands.Add(nullptr, "alerts", "What is late, as it happens, and why");

  auto list_flags = std::make_shared<ListFlags>();
  CLI::App* list = commands.Add(alerts, "list", "Open alerts, in order of opening");
  AddFilterFlags(*list, list_flags->filter);
  list->add_flag("--include_closed", list_flags->include_closed, "Closed alerts too");
  commands.OnRun(list, [&commands, list_flags] { return List(commands.context(), *list_flags); });

  auto watch_flags = std::make_shared<WatchFlags>();
  CLI::App* watch = commands.Add(alerts, "watch", "Follow changes of state as they happen", kWatchText);
  AddFilterFlags(*watch, watch_flags->filter);
  watch->add_option("--token_file", watch_flags->token_file, "Where the place in the stream is kept")
      ->type_name("FILE");
  watch->add_flag("--snapshot", watch_flags->snapshot, "Begin with the state of every watch, whatever the token");
  watch->add_flag("--earliest", watch_flags->earliest, "Without a token, begin with the first change kept");
  watch->add_flag("--snapshot_when_lost", watch_flags->snapshot_when_lost, "Take a snapshot when the token is too old");
  watch->add_flag("--alerts_only", watch_flags->alerts_only, "Only what opens, changes or closes an alert");
  commands.OnRun(watch, [&commands, watch_flags] { return Watch(commands.context(), *watch_flags); });

  auto alert = std::make_shared<std::string>();
  CLI::App* why = commands.Add(alerts, "why", "The dates and days behind one alert");
  why->add_option("alert", *alert, "The alert's id")->required()->type_name("ALERT");
  commands.OnRun(why, [&commands, alert] { return Why(commands.context(), *alert); });

  auto ack_flags = std::make_shared<HandlingFlags>();
  CLI::App* ack = commands.Add(alerts, "ack", "Say that somebody has taken an open alert on");
  AddHandlingFlags(*ack, *ack_flags);
  commands.OnRun(ack, [&commands, ack_flags] { return Acknowledge(commands.context(), *ack_flags); });

  auto snooze_flags = std::make_shared<SnoozeFlags>();
  CLI::App* snooze = commands.Add(alerts, "snooze", "Mute an open alert for a while; its days count on");
  AddHandlingFlags(*snooze, *snooze_flags);
  CLI::Option* days = snooze->add_option("--days", snooze_flags->days, "For so many instructional days")->type_name("N");
  CLI::Option* until = snooze->add_option("--until", snooze_flags->until, "Until the morning of this date")->type_name("DATE");
  CLI::Option* end = snooze->add_flag("--end", snooze_flags->end, "It is over now");
  days->excludes(until)->excludes(end);
  until->excludes(end);
  commands.OnRun(snooze, [&commands, snooze_flags] { return Snooze(commands.context(), *snooze_flags); });
}

}  // namespace leadlag::cli
