// leadlag_benchmark: what run.sh runs once its servers are there. Prints the table; --json writes the object as well.
//
//   leadlag_benchmark --work_dir=DIR --postgresql=CONNINFO [--quick] [--rounds=N] [--json=FILE] [--against=FILE]
//   [--ticks=N] [--commit=NAME] [--only=ingest,queries,alerts,stalled,ticks,growth]
#include <sys/sysinfo.h>
#include <sys/utsname.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <optional>
#include <thread>

#include "CLI/CLI.hpp"
#include "grpcpp/grpcpp.h"
#include "tests/benchmark/postgresql.h"
#include "tests/benchmark/recorded.h"
#include "tests/benchmark/rocksdb_baseline.h"
#include "tests/benchmark/sections.h"

namespace leadlag::benchmark {
namespace {

constexpr int kRounds = 3;
// Exit codes.
constexpr int kWrongArguments = 2;
constexpr int kFarWorse = 3;

struct Section {
  const char* name;
  absl::Status (*measure)(const BenchmarkOptions&, Figures&);
  bool once = false;  // not every round: it takes too long, and compares with itself
};
constexpr Section kSections[] = {
    {"ingest", MeasureIngest}, {"queries", MeasureQueries},     {"alerts", MeasureAlerts},   {"stalled", MeasureStalled},
    {"ticks", MeasureTicks},   {"growth", MeasureGrowth, true},
};

std::map<std::string, std::string> Machine() {
  std::map<std::string, std::string> machine;
  utsname kernel;
  if (uname(&kernel) == 0) machine["kernel"] = std::string(kernel.sysname) + " " + kernel.release;
  machine["cores"] = std::to_string(std::thread::hardware_concurrency());
  struct sysinfo memory;
  if (sysinfo(&memory) == 0) machine["memory_mib"] = std::to_string(memory.totalram * memory.mem_unit >> 20);
  std::ifstream cpus("/proc/cpuinfo");
  for (std::string line; std::getline(cpus, line);) {
    if (line.starts_with("model name")) machine["processor"] = line.substr(line.find(':') + 2);
  }
  double load = 0;
  if (getloadavg(&load, 1) == 1) machine["load_before"] = std::to_string(load);
  return machine;
}

std::map<std::string, std::string> Versions(const BenchmarkOptions& options, const std::string& commit) {
  std::map<std::string, std::string> versions{{"leadlag", LEADLAG_VERSION},        {"commit", commit},
                                              {"compiler", LEADLAG_COMPILER},      {"build_type", LEADLAG_BUILD_TYPE},
                                              {"grpc", grpc::Version()},           {"rocksdb", RocksDbVersion()}};
  if (const auto database = PostgreSql::Connect(options.postgresql); database.ok()) {
    versions["postgresql"] = (*database)->Ask("SHOW server_version").value_or("unknown");
  }
  return versions;
}

// The exit code by how the figures compare with what was recorded.
int HoldsAgainst(const Recorded& recorded, const Figures& figures) {
  const std::vector<std::string> worse = FarWorse(figures, recorded);
  for (const std::string& line : worse) std::fprintf(stderr, "less than half as good: %s\n", line.c_str());
  return worse.empty() ? 0 : kFarWorse;
}

int Run(const BenchmarkOptions& options, int rounds, const std::string& json_file, const std::string& against,
        const std::string& commit, const std::vector<std::string>& only) {
  std::optional<Recorded> recorded;
  if (!against.empty()) {
    std::ifstream in(against);
    const std::string json{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    absl::StatusOr<Recorded> read = ReadRecorded(json);
    if (!read.ok()) {
      std::fprintf(stderr, "%s: %s\n", against.c_str(), read.status().ToString().c_str());
      return kWrongArguments;
    }
    recorded = *std::move(read);
  }
  const auto machine = Machine();
  const auto versions = Versions(options, commit);
  Figures figures;
  if (rounds == 0) rounds = options.quick ? 1 : kRounds;
  for (int round = 1; round <= rounds; ++round) {
    for (const Section& section : kSections) {
      if (!only.empty() && std::find(only.begin(), only.end(), section.name) == only.end()) continue;
      if (section.once && round > 1) continue;
      std::fprintf(stderr, "%s, round %d of %d …\n", section.name, round, rounds);
      if (const absl::Status status = section.measure(options, figures); !status.ok()) {
        std::fprintf(stderr, "%s failed: %s\n", section.name, status.ToString().c_str());
        return 1;
      }
    }
  }
  const std::string json = JsonOf(figures, machine, versions);
  std::printf("%s\n%s", TableOf(figures).c_str(), json.c_str());
  if (!json_file.empty() && !(std::ofstream(json_file) << json)) {
    std::fprintf(stderr, "cannot write %s\n", json_file.c_str());
    return 1;
  }
  return recorded ? HoldsAgainst(*recorded, figures) : 0;
}

}  // namespace
}  // namespace leadlag::benchmark

int main(int argc, char** argv) {
  leadlag::benchmark::BenchmarkOptions options;
  int rounds = 0;
  std::string json_file, against, commit = "unknown";
  std::vector<std::string> only;
  CLI::App app("The benchmark of leadlag; see tests/benchmark/run.sh");
  app.add_option("--work_dir", options.work_directory, "a directory on a real disk")->required();
  app.add_option("--postgresql", options.postgresql, "conninfo of a server of the benchmark's own")->required();
  app.add_flag("--quick", options.quick, "one short round");
  app.add_option("--rounds", rounds, "how often each part is measured; default 1 with --quick, else 3")
      ->check(CLI::PositiveNumber);
  app.add_option("--json", json_file, "write the JSON object there as well");
  app.add_option("--against", against, "fail where a ratio is less than half as good as in this JSON object");
  app.add_option("--ticks", options.ticks, "how many ticks are waited for with each number of subscribers, a minute each")
      ->check(CLI::PositiveNumber);
  app.add_option("--subscribers", options.subscribers, "flips to so many alone")->check(CLI::IsMember({1, 100, 1'000}));
  app.add_option("--commit", commit, "of the sources, as the JSON object is to say");
  app.add_option("--only", only, "parts to run")->delimiter(',');
  CLI11_PARSE(app, argc, argv);
  return leadlag::benchmark::Run(options, rounds, json_file, against, commit, only);
}
