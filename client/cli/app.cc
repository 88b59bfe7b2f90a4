#include "client/cli/app.h"

#include <algorithm>
#include <map>
#include <utility>

#include "client/cli/command_set.h"

namespace leadlag::cli {
namespace {

constexpr char kFooter[] =
    "Exit codes: 0 done; 1 refused, or some rows were; 2 the command line makes no sense, or a file it names cannot "
    "be\n"
    "read; 3 no answer (unavailable or deadline exceeded): try again, everything may be repeated; 4 data loss.\n"
    "Output: tables for people; --output=json is the RPC's response in proto3 JSON; --output=csv the table as CSV.\n"
    "Colour and progress are shown on a terminal only; NO_COLOR turns colour off.\n"
    "Shell completion: source <(leadlag completion bash)";

void AddGlobalFlags(CLI::App& root, RunContext& context) {
  static const std::map<std::string, Output> kOutputs = {
      {"table", Output::kTable}, {"json", Output::kJson}, {"csv", Output::kCsv}};
  root.add_option("--server", context.server, "Where leadlagd listens")
      ->envname("LEADLAG_SERVER")
      ->type_name("HOST:PORT")
      ->capture_default_str();
  root.add_option("--district", context.district, "The district's id")->envname("LEADLAG_DISTRICT")->type_name("ID");
  const auto is_output = [](const std::string& name) {
    return kOutputs.count(name) > 0 ? std::string() : "it is table, json or csv, not " + name;
  };
  root.add_option_function<std::string>(
          "--output", [&context](const std::string& name) { context.output = kOutputs.at(name); }, "table, json or csv [table]")
      ->check(CLI::Validator(is_output, ""))
      ->type_name("FORMAT");
  root.add_option("--deadline_seconds", context.deadline_seconds, "For each call, its retries included [30]")
      ->check(CLI::PositiveNumber.description(""))
      ->type_name("SECONDS");
}

void AddHelp(CommandSet& commands) {
  CLI::App* help = commands.Add(nullptr, "help", "Show help for a command: leadlag help alerts watch");
  commands.OnRun(help, [&commands] {
    commands.context().out() << commands.root().help();
    return kExitOk;
  });
}

// `help alerts watch` is `alerts watch --help`: the parser would take a command's name after `help` for the command.
std::vector<std::string> WithoutHelpCommand(std::vector<std::string> arguments) {
  if (arguments.size() < 2 || arguments[0] != "help") return arguments;
  arguments.erase(arguments.begin());
  arguments.emplace_back("--help");
  return arguments;
}

}  // namespace

int RunCommandLine(const std::vector<std::string>& arguments, Terminal terminal, std::unique_ptr<Client> client) {
  RunContext context(terminal);
  if (client != nullptr) context.SetClient(std::move(client));
  CLI::App root("leadlag: cadence and latency of leadership teams' evidence", "leadlag");
  root.footer(kFooter);
  root.fallthrough();
  root.set_help_flag("-h,--help", "Show this");
  root.set_version_flag("--version", LEADLAG_VERSION);
  AddGlobalFlags(root, context);
  CommandSet commands(root, context);
  for (const auto add : {AddApply, AddExport, AddImport, AddPush, AddCadence, AddLatency, AddChart, AddTimeline, AddEvidence,
                         AddReview, AddInquiry, AddAlerts, AddBacktest, AddCalendar, AddSimulate, AddAdmin, AddCompletion}) {
    add(commands);
  }
  AddHelp(commands);
  std::vector<std::string> reversed = WithoutHelpCommand(arguments);
  std::reverse(reversed.begin(), reversed.end());  // as CLI11 wants them
  try {
    root.parse(std::move(reversed));
  } catch (const CLI::ParseError& error) {  // CLI11 reports help and bad usage in no other way
    const int code = root.exit(error, context.out(), context.err());
    return code == 0 ? kExitOk : kExitUsage;
  }
  const std::function<int()>* run = commands.Parsed();
  if (run == nullptr) {
    const CLI::App* group = &root;
    while (!group->get_subcommands().empty()) group = group->get_subcommands().front();
    context.err() << group->help();
    return kExitUsage;
  }
  const int code = (*run)();
  context.ClearProgress();
  context.out().flush();
  return code;
}

}  // namespace leadlag::cli
