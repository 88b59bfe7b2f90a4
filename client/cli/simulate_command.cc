// leadlag simulate DIRECTORY: a synthetic district as files.
#include <filesystem>
#include <fstream>

#include "client/cli/catalog_yaml.h"
#include "client/cli/command_set.h"
#include "client/cli/simulated_district.h"
#include "core/clock.h"

namespace leadlag::cli {
namespace {

constexpr char kText[] =
    "Writes catalog.yaml, evidence.csv with evidence.map.yaml, and evidence.ndjson (the same records). The same "
    "options give the same\n"
    "bytes. Without --start it is the Monday so many weeks before today that the simulation has just ended, which is "
    "printed.\n"
    "The district is the one that --id names, not that of --district: applied, the catalog replaces one of that id.\n"
    "Example: leadlag simulate demo && leadlag --district sample apply demo/catalog.yaml &&\n"
    "         leadlag --district sample import demo/evidence.csv --map_file demo/evidence.map.yaml";

struct Flags {
  std::string directory;
  std::string start;
  SimulationOptions options;
};

absl::Status WriteFile(const std::filesystem::path& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << text;
  out.close();
  return out ? absl::OkStatus() : absl::FailedPreconditionError(path.string() + " cannot be written");
}

int SimulateToFiles(RunContext& context, Flags flags) {
  if (flags.start.empty()) {
    const Date today(static_cast<int32_t>(SystemClock().Now().micros / kMicrosPerDay));
    flags.options.start = today.StartOfIsoWeek() - 7 * flags.options.weeks;
    context.Note("leadlag: --start " + flags.options.start.ToString());
  } else {
    const absl::StatusOr<Date> start = Date::Parse(flags.start);
    if (!start.ok()) return context.FailUsage(start.status());
    flags.options.start = *start;
  }
  const absl::StatusOr<SimulatedDistrict> simulated = Simulate(flags.options);
  if (!simulated.ok()) return context.FailUsage(simulated.status());
  const std::filesystem::path directory(flags.directory);
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  absl::Status status = WriteFile(directory / "catalog.yaml", CatalogYaml(simulated->catalog));
  status.Update(WriteFile(directory / "evidence.csv", RecordsCsv(simulated->records)));
  status.Update(WriteFile(directory / "evidence.map.yaml", RecordsCsvMapping(simulated->source)));
  status.Update(WriteFile(directory / "evidence.ndjson", RecordsNdjson(simulated->records)));
  if (!status.ok()) return context.Fail(status);
  context.Say(std::to_string(simulated->catalog.teams_size()) + " teams, " + std::to_string(simulated->records.size()) +
              " records in " + flags.directory);
  return kExitOk;
}

}  // namespace

void AddSimulate(CommandSet& commands) {
  auto flags = std::make_shared<Flags>();
  SimulationOptions& options = flags->options;
  CLI::App* simulate = commands.Add(nullptr, "simulate", "Write a synthetic district to a directory", kText);
  simulate->add_option("directory", flags->directory, "Made where it does not exist")
      ->required()
      ->type_name("DIRECTORY");
  simulate->add_option("--id", options.district, "The district's id")->capture_default_str()->type_name("ID");
  simulate->add_option("--teams", options.teams, "How many")->capture_default_str()->type_name("N");
  simulate->add_option("--indicators", options.indicators, "How many")->capture_default_str()->type_name("N");
  simulate->add_option("--seed", options.seed, "Another seed, another district")->capture_default_str()->type_name("N");
  simulate->add_option("--start", flags->start, "First day of school")->type_name("DATE");
  simulate->add_option("--weeks", options.weeks, "How long")->capture_default_str()->type_name("N");
  simulate->add_option("--late_share", options.late_share, "Records reported days later")
      ->capture_default_str()
      ->type_name("SHARE");
  simulate->add_option("--correction_share", options.correction_share, "Records corrected")
      ->capture_default_str()
      ->type_name("SHARE");
  simulate->add_option("--void_share", options.void_share, "Records voided")->capture_default_str()->type_name("SHARE");
  commands.OnRun(simulate, [&commands, flags] { return SimulateToFiles(commands.context(), *flags); });
}

}  // namespace leadlag::cli
