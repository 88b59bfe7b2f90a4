// Growth: one store that is filled with a school year, looked at on the way.
//
// At each size the rate is that of the last 100,000 records before it (in the full form the last million, so that checkpoints and what
// they leave to compaction are in it), and the question is GetTeamCadence, warm. Starts are
// measured at the middle size: from the start of the process to its first answer, after SIGTERM, and after SIGKILL with as many records
// past the last checkpoint as there may be before the next one begins.
// Bytes on disk are those after a clean stop, when nothing waits to be compacted for it.
#include <algorithm>
#include <filesystem>

#include "tests/benchmark/evidence_load.h"
#include "tests/benchmark/programs.h"
#include "tests/benchmark/sections.h"
#include "tests/benchmark/workload.h"

namespace leadlag::benchmark {
namespace {

constexpr int64_t kSizes[] = {1'000'000, 10'000'000, 30'000'000};
constexpr int64_t kQuickSizes[] = {100'000, 200'000, 400'000};
constexpr int64_t kChunk = 100'000;  // records in this process's memory at once
constexpr int kCalls = 1'000;
constexpr int64_t kRated = 1'000'000;
constexpr int64_t kQuickRated = 100'000;
// Just below the half of kTailRecordsMax (core/limits.h) at which a checkpoint begins.
constexpr int64_t kTail = 400'000;
constexpr int64_t kQuickTail = 100'000;

class Growth {
 public:
  Growth(const BenchmarkOptions& options, Figures& figures)
      : sizes_(options.quick ? kQuickSizes : kSizes),
        rated_(options.quick ? kQuickRated : kRated),
        tail_(options.quick ? kQuickTail : kTail),
        figures_(figures),
        workload_(sizes_[2]),
        directory_(options.work_directory + "/growth") {}

  absl::Status Run() {
    const absl::Status status = RunAll();
    server_.reset();
    std::filesystem::remove_all(directory_);
    return status;
  }

 private:
  absl::Status RunAll() {
    if (absl::StatusOr<double> started = Start(); !started.ok()) return started.status();
    if (absl::Status status = server_->Apply(workload_.catalog()); !status.ok()) return status;
    for (int i = 0; i < 3; ++i) {
      if (absl::Status status = FillTo(sizes_[i], Name(i)); !status.ok()) return status;
      if (absl::Status status = AskTeams(Name(i)); !status.ok()) return status;
      figures_.Add("growth_" + Name(i) + "_records", static_cast<double>(sizes_[i]));
      figures_.Add("growth_" + Name(i) + "_resident_bytes", server_->ResidentBytes());
      if (i == 1) {
        if (absl::Status status = MeasureStarts(); !status.ok()) return status;
      }
    }
    server_->process().Terminate();
    if (absl::StatusOr<double> started = Start(); !started.ok()) return started.status();
    const absl::StatusOr<int64_t> bytes = server_->BytesOnDisk();
    if (!bytes.ok()) return bytes.status();
    figures_.Add("disk_bytes", static_cast<double>(*bytes));
    figures_.Add("protobuf_bytes", static_cast<double>(protobuf_bytes_));
    return absl::OkStatus();
  }

  static std::string Name(int size) { return size == 0 ? "first" : size == 1 ? "middle" : "last"; }

  // Seconds from the start of the process to its first answer.
  absl::StatusOr<double> Start() {
    server_.reset();
    const Stopwatch stopwatch;
    absl::StatusOr<std::unique_ptr<Leadlagd>> server = Leadlagd::Start(directory_);
    if (!server.ok()) return server.status();
    server_ = *std::move(server);
    TestContext context;
    v1::GetStatsResponse response;
    if (absl::Status status = ToStatus(server_->stubs().admin->GetStats(&context, {}, &response)); !status.ok())
      return status;
    return stopwatch.Seconds();
  }

  // Seconds until it is acknowledged.
  absl::StatusOr<double> SendChunk() {
    const std::vector<v1::StreamEvidenceRequest> batches = workload_.Batches(filled_, filled_ + kChunk);
    for (const v1::StreamEvidenceRequest& batch : batches) {
      for (const v1::EvidenceRecord& record : batch.batch().records())
        protobuf_bytes_ += static_cast<int64_t>(record.ByteSizeLong());
    }
    const auto load = SendStream(*server_->stubs().evidence, batches, 16);
    if (!load.ok()) return load.status();
    filled_ += kChunk;
    return load->seconds;
  }

  absl::Status FillTo(int64_t size, const std::string& name) {
    double rated_seconds = 0;
    while (filled_ < size) {
      const absl::StatusOr<double> seconds = SendChunk();
      if (!seconds.ok()) return seconds.status();
      if (size - filled_ < rated_) rated_seconds += *seconds;
    }
    figures_.Add("growth_" + name + "_ingest_per_s", static_cast<double>(rated_) / rated_seconds);
    return absl::OkStatus();
  }

  absl::Status AskTeams(const std::string& name) {
    std::vector<double> millis;
    for (int call = 0; call < 2 * kCalls; ++call) {
      v1::GetTeamCadenceRequest request;
      request.set_name(workload_.TeamName(call % kCalls));
      TestContext context;
      v1::GetTeamCadenceResponse response;
      const Stopwatch stopwatch;
      if (absl::Status status = ToStatus(server_->stubs().cadence->GetTeamCadence(&context, request, &response));
          !status.ok()) {
        return status;
      }
      if (call >= kCalls) millis.push_back(stopwatch.Millis());
    }
    figures_.Add("growth_" + name + "_query_ms", Percentile(millis, 0.5));
    return absl::OkStatus();
  }

  absl::Status MeasureStarts() {
    server_->process().Terminate();
    const absl::StatusOr<double> clean = Start();
    if (!clean.ok()) return clean.status();
    figures_.Add("restart_clean_s", *clean);
    // A tail of the log that is to be applied again.
    for (const int64_t end = filled_ + tail_; filled_ < end;) {
      if (const absl::StatusOr<double> seconds = SendChunk(); !seconds.ok()) return seconds.status();
    }
    server_->process().Kill();
    const absl::StatusOr<double> killed = Start();
    if (!killed.ok()) return killed.status();
    figures_.Add("restart_killed_s", *killed);
    const auto stats = server_->Stats();
    if (!stats.ok()) return stats.status();
    return stats->evidence_count() == filled_ ? absl::OkStatus()
                                              : absl::DataLossError("acknowledged records are not there");
  }

  const int64_t* const sizes_;
  const int64_t rated_;  // records that a rate is of
  const int64_t tail_;   // records past the last checkpoint
  Figures& figures_;
  const Workload workload_;
  const std::string directory_;
  std::unique_ptr<Leadlagd> server_;
  int64_t filled_ = 0;
  int64_t protobuf_bytes_ = 0;
};

}  // namespace

absl::Status MeasureGrowth(const BenchmarkOptions& options, Figures& figures) { return Growth(options, figures).Run(); }

}  // namespace leadlag::benchmark
