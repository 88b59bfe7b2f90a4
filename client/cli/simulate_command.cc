// leadlag simulate DIRECTORY: a synthetic district as files.
#include <filesystem>
#include <fstream>

#include "client/cli/catalog_yaml.h"
#include "client/cli/command_set.h"
#include "client/cli/evidence_flow.h"
#include "client/cli/json.h"
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
    "         leadlag --district sample import demo/evidence.csv --map_file demo/evidence.map.yaml\n"
    "\n"
    "With --records the evidence is no longer what teams with rhythms of their own would send, but an even flow for "
    "benchmarks: exactly\n"
    "so many records of leading indicators, each a number, in order of time, teams and indicators in random order, "
    "none corrected or\n"
    "voided. An evidence id is 24 random hexadecimal digits, a note 40 bytes of random words. Late records speak of a "
    "day up to ten school\n"
    "days before. Each indicator has an expectation, which begins with the last week, so that loading a year at once "
    "makes few flips.\n"
    "What leadlag's own benchmark loads is\n"
    "         leadlag simulate load --id benchmark --records 1000000 --teams 2000 --indicators 5 --weeks 40 "
    "--late_share 0.05";
constexpr int64_t kRecordsAProgress = 10'000;

struct Flags {
  std::string directory;
  std::string start;
  SimulationOptions options;
};

// A file that is written piece by piece; what goes wrong is told once, by Close.
class OutputFile {
 public:
  OutputFile(const std::filesystem::path& directory, const char* name)
      : path_(directory / name), out_(path_, std::ios::binary | std::ios::trunc) {}
  void Write(const std::string& text) { out_ << text; }
  bool good() const { return out_.good(); }
  absl::Status Close() {
    out_.close();
    return out_ ? absl::OkStatus() : absl::FailedPreconditionError(path_.string() + " cannot be written");
  }

 private:
  const std::filesystem::path path_;
  std::ofstream out_;
};

// Writes the files of a district whose `count` records `record_at` gives one after the other: a million of them need
// not be held. The exit code.
template <typename RecordAt>
int WriteDistrict(RunContext& context, const std::string& directory, const v1::Catalog& catalog, int64_t count,
                  RecordAt record_at) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);  // else the files tell
  OutputFile yaml(directory, "catalog.yaml"), mapping(directory, "evidence.map.yaml");
  OutputFile csv(directory, "evidence.csv"), ndjson(directory, "evidence.ndjson");
  yaml.Write(CatalogYaml(catalog));
  mapping.Write(RecordsCsvMapping());
  csv.Write(RecordsCsvHeader());
  for (int64_t i = 0; i < count && csv.good() && ndjson.good(); ++i) {
    if (i > 0 && i % kRecordsAProgress == 0)
      context.Progress(std::to_string(i) + " of " + std::to_string(count) + " records");
    const v1::EvidenceRecord& record = record_at(i);
    csv.Write(RecordCsvLine(record));
    ndjson.Write(ToJson(record, JsonLayout::kOneLine));
  }
  absl::Status status = yaml.Close();
  for (OutputFile* file : {&csv, &mapping, &ndjson}) status.Update(file->Close());
  if (!status.ok()) return context.Fail(status);
  context.Say(std::to_string(catalog.teams_size()) + " teams, " + std::to_string(count) + " records in " + directory);
  return kExitOk;
}

int SimulateToFiles(RunContext& context, Flags flags) {
  if (flags.start.empty()) {
    const Date today(static_cast<int32_t>(SystemClock().Now().micros / kMicrosPerDay));
    flags.options.start = StartOver(today, flags.options.weeks);
    context.Note("leadlag: --start " + flags.options.start.ToString());
  } else {
    const absl::StatusOr<Date> start = Date::Parse(flags.start);
    if (!start.ok()) return context.FailUsage(start.status());
    flags.options.start = *start;
  }
  if (absl::Status status = CheckOptions(flags.options); !status.ok()) return context.FailUsage(status);
  if (flags.options.even_flow()) {
    const EvidenceFlow flow(flags.options);
    v1::EvidenceRecord record;
    return WriteDistrict(context, flags.directory, flow.catalog().catalog(), flow.size(),
                         [&](int64_t i) -> const v1::EvidenceRecord& {
                           flow.Fill(i, record);
                           return record;
                         });
  }
  const absl::StatusOr<SimulatedDistrict> simulated = Simulate(flags.options);
  if (!simulated.ok()) return context.FailUsage(simulated.status());
  return WriteDistrict(
      context, flags.directory, simulated->catalog, static_cast<int64_t>(simulated->records.size()),
      [&](int64_t i) -> const v1::EvidenceRecord& { return simulated->records[static_cast<size_t>(i)]; });
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
  CLI::Option* correction_share =
      simulate->add_option("--correction_share", options.correction_share, "Records corrected")
          ->capture_default_str()
          ->type_name("SHARE");
  CLI::Option* void_share = simulate->add_option("--void_share", options.void_share, "Records voided")
                                ->capture_default_str()
                                ->type_name("SHARE");
  simulate->add_option("--records", options.records, "So many, as an even flow for benchmarks")
      ->type_name("N")
      ->check(CLI::Range(int64_t{1}, kSimulatedRecordsMax))
      ->excludes(correction_share, void_share);
  commands.OnRun(simulate, [&commands, flags] { return SimulateToFiles(commands.context(), *flags); });
}

}  // namespace leadlag::cli
