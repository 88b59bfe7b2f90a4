// Ingest: the same batches to each contestant, one after the other.
//
// Three clocks, all from the first message. At the last acknowledgement a record is durable. It is then applied too, in memory: that is
// checked, not believed, with GetStats. The third stops when all of it is in the view's tables on disk: leadlagd brings it there in
// checkpoints of half a million records, so that at its last acknowledgement up to as many wait, and on SIGTERM, so that the clock stops
// with its end. What an idle leadlagd takes for that is measured beside it. The ratios are of the third, for deferred work is work; that
// of the others, a memtable that is flushed and PostgreSQL's checkpoint, is measured beside them, and not held against them.

#include <filesystem>
#include <functional>

#include "tests/benchmark/evidence_load.h"
#include "tests/benchmark/postgresql.h"
#include "tests/benchmark/programs.h"
#include "tests/benchmark/rocksdb_baseline.h"
#include "tests/benchmark/sections.h"
#include "tests/benchmark/workload.h"

namespace leadlag::benchmark {
namespace {

constexpr int64_t kRecords = 1'000'000;
constexpr int64_t kQuickRecords = 100'000;
constexpr char kBest[] = "ingest_stream16";

class Ingest {
 public:
  Ingest(const BenchmarkOptions& options, Figures& figures)
      : options_(options),
        figures_(figures),
        workload_(options.quick ? kQuickRecords : kRecords),
        batches_(workload_.Batches()) {}

  absl::Status Run() {
    for (const int window : {16, 4}) {
      if (absl::Status status = RunCeiling(window); !status.ok()) return status;
      const absl::Status status =
          RunLeadlagd("ingest_stream" + std::to_string(window),
                      [&](v1::EvidenceService::Stub& stub) { return SendStream(stub, batches_, window); });
      if (!status.ok()) return status;
    }
    if (absl::Status status = RunUnary(); !status.ok()) return status;
    if (absl::Status status = RunRocksDb("rocksdb_default", RunRocksDbDefault); !status.ok()) return status;
    if (absl::Status status = RunRocksDb("rocksdb_tuned", RunRocksDbTuned); !status.ok()) return status;
    return RunPostgreSql();
  }

 private:
  using Load = std::function<absl::StatusOr<LoadResult>(v1::EvidenceService::Stub&)>;

  double PerSecond(double seconds) const { return static_cast<double>(workload_.records()) / seconds; }
  std::string Directory(const std::string& name) const { return options_.work_directory + "/" + name; }

  absl::Status RunCeiling(int window) {
    const auto server = CeilingServer::Start();
    if (!server.ok()) return server.status();
    const auto load = SendStream(*(*server)->stubs().evidence, batches_, window);
    if (!load.ok()) return load.status();
    const std::string name = window == 16 ? "grpc_ceiling" : "grpc_ceiling_window" + std::to_string(window);
    figures_.Add(name + "_per_s", PerSecond(load->seconds));
    figures_.AddPercentiles(name + "_ack", load->ack_millis);
    return absl::OkStatus();
  }

  absl::Status RunLeadlagd(const std::string& name, const Load& send) {
    const std::string directory = Directory(name);
    const auto server = Leadlagd::Start(directory);
    if (!server.ok()) return server.status();
    if (absl::Status status = (*server)->Apply(workload_.catalog()); !status.ok()) return status;
    const Stopwatch stopwatch;
    const auto load = send(*(*server)->stubs().evidence);
    if (!load.ok()) return load.status();
    auto stats = (*server)->Stats();
    while (stats.ok() && stats->evidence_count() < workload_.records()) stats = (*server)->Stats();
    const double caught_up_s = stopwatch.Seconds();
    if (!stats.ok()) return stats.status();
    figures_.Add(name + "_per_s", PerSecond(load->seconds));
    figures_.Add(name + "_caught_up_per_s", PerSecond(caught_up_s));
    figures_.AddPercentiles(name + "_ack", load->ack_millis);
    figures_.Add(name + "_flips", static_cast<double>(stats->flip_count()));
    figures_.Add(name + "_resident_bytes", (*server)->ResidentBytes());
    if (absl::Status status = (*server)->Stop(); !status.ok()) return status;
    figures_.Add(name + "_checkpointed_per_s", PerSecond(stopwatch.Seconds()));
    const absl::Status status = name == kBest ? LookAtWhatIsStored(directory) : absl::OkStatus();
    std::filesystem::remove_all(directory);
    return status;
  }

  // That it is all there and sound; and what ending costs where there is nothing left to write.
  absl::Status LookAtWhatIsStored(const std::string& directory) {
    const auto server = Leadlagd::Start(directory);
    if (!server.ok()) return server.status();
    const auto stats = (*server)->Stats();
    if (!stats.ok()) return stats.status();
    if (stats->evidence_count() != workload_.records()) return absl::DataLossError("acknowledged records are not there");
    const Stopwatch verify;
    if (absl::Status status = (*server)->Verify(); !status.ok()) return status;
    figures_.Add("verify_s", verify.Seconds());
    const Stopwatch stop;
    if (absl::Status status = (*server)->Stop(); !status.ok()) return status;
    figures_.Add("idle_stop_ms", stop.Millis());
    return absl::OkStatus();
  }

  absl::Status RunUnary() {
    const std::vector<v1::RecordEvidenceRequest> requests = UnaryRequests(batches_);
    for (const int concurrency : {1, 4, 16}) {
      const absl::Status status =
          RunLeadlagd("ingest_unary" + std::to_string(concurrency),
                      [&](v1::EvidenceService::Stub& stub) { return SendUnary(stub, requests, concurrency); });
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

  absl::Status RunRocksDb(const std::string& name,
                          absl::StatusOr<RocksDbSeconds> (*run)(const std::string&, const std::vector<v1::StreamEvidenceRequest>&)) {
    const absl::StatusOr<RocksDbSeconds> seconds = run(Directory(name), batches_);
    std::filesystem::remove_all(Directory(name));
    if (!seconds.ok()) return seconds.status();
    figures_.Add(name + "_per_s", PerSecond(seconds->durable));
    figures_.Add(name + "_flushed_per_s", PerSecond(seconds->flushed));
    return absl::OkStatus();
  }

  absl::Status RunPostgreSql() {
    auto database = PostgreSql::Connect(options_.postgresql);
    if (!database.ok()) return database.status();
    double best_per_s = 0, best_of_one_per_s = 0;
    for (const auto& [form, form_name] :
         {std::pair{InsertForm::kMultiRow, "insert"}, std::pair{InsertForm::kUnnest, "unnest"}}) {
      for (const int connections : {1, 4}) {
        if (absl::Status status = MakeEvidenceTable(**database); !status.ok()) return status;
        if (absl::Status status = (*database)->Run("CHECKPOINT"); !status.ok()) return status;
        const auto seconds = InsertBatches(options_.postgresql, batches_, form, connections);
        if (!seconds.ok()) return seconds.status();
        const std::string name = std::string("postgresql_") + form_name + std::to_string(connections);
        figures_.Add(name + "_per_s", PerSecond(*seconds));
        const Stopwatch checkpoint;
        if (absl::Status status = (*database)->Run("CHECKPOINT"); !status.ok()) return status;
        figures_.Add(name + "_checkpointed_per_s", PerSecond(*seconds + checkpoint.Seconds()));
        if (absl::Status status = CheckRowCount(**database, "evidence", workload_.records()); !status.ok()) return status;
        best_per_s = std::max(best_per_s, PerSecond(*seconds));
        if (connections == 1) best_of_one_per_s = std::max(best_of_one_per_s, PerSecond(*seconds));
      }
    }
    figures_.Add("postgresql_per_s", best_per_s);
    figures_.Add("postgresql_one_connection_per_s", best_of_one_per_s);
    const auto bytes = (*database)->Ask("SELECT pg_total_relation_size('evidence')");
    if (!bytes.ok()) return bytes.status();
    figures_.Add("postgresql_bytes_per_record", std::stod(*bytes) / static_cast<double>(workload_.records()));
    if (absl::Status status = (*database)->Run("DROP TABLE evidence"); !status.ok()) return status;
    return (*database)->Run("CHECKPOINT");
  }

  const BenchmarkOptions& options_;
  Figures& figures_;
  const Workload workload_;
  const std::vector<v1::StreamEvidenceRequest> batches_;
};

}  // namespace

absl::Status MeasureIngest(const BenchmarkOptions& options, Figures& figures) { return Ingest(options, figures).Run(); }

}  // namespace leadlag::benchmark
