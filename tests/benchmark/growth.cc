// Growth: one store that is filled with a school year, once a call, looked at on the way.
//
// At each size the rate is that of the last million records before it (100,000 in the quick form), which were made beforehand and are sent
// without a pause right behind those before them, so that the checkpoints and compactions that fall into that time have no time of their
// own. Then the four questions, warm; the key is the one that has become slowest, of what it was at the first size. Starts are measured at
// the middle size: from the start of the process to its first answer, after SIGTERM, and after SIGKILL with as many records
// past the last checkpoint as there may be before the next one begins.
// Bytes on disk are those after a clean stop and another start: what compaction had not come to by then is in them.
#include <algorithm>
#include <filesystem>
#include <future>
#include <utility>

#include "tests/benchmark/evidence_load.h"
#include "tests/benchmark/programs.h"
#include "tests/benchmark/sections.h"
#include "tests/benchmark/workload.h"

namespace leadlag::benchmark {
namespace {

constexpr int64_t kSizes[] = {1'000'000, 10'000'000, 30'000'000};
constexpr int64_t kQuickSizes[] = {100'000, 200'000, 400'000};
constexpr int64_t kChunk = 100'000;  // records in this process's memory at once
constexpr int kTeamCalls = 1'000;
constexpr int kDistrictCalls = 50;
constexpr int64_t kRated = 1'000'000;
constexpr int64_t kQuickRated = 100'000;
// Just below the half of kTailRecordsMax (core/limits.h) at which a checkpoint begins.
constexpr int64_t kTail = 400'000;
constexpr int64_t kQuickTail = 100'000;
constexpr const char* kQuestions[] = {"query", "team_latency", "list_cadence", "district_latency"};  // the first is GetTeamCadence

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
      if (absl::Status status = AskAll(Name(i)); !status.ok()) return status;
      figures_.Add("growth_" + Name(i) + "_records", static_cast<double>(sizes_[i]));
      figures_.Add("growth_" + Name(i) + "_resident_bytes", server_->ResidentBytes());
      if (i == 1) {
        if (absl::Status status = MeasureStarts(); !status.ok()) return status;
      }
    }
    double worst = 0;
    for (const char* const question : kQuestions) {
      const std::string name = question;
      const double growth = figures_.Median("growth_last_" + name + "_ms") / figures_.Median("growth_first_" + name + "_ms");
      figures_.Add("growth_of_" + name, growth);
      worst = std::max(worst, growth);
    }
    figures_.Add("growth_of_worst_query", worst);
    if (absl::Status status = server_->Stop(); !status.ok()) return status;
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

  using Batches = std::vector<v1::StreamEvidenceRequest>;

  // The records from `first` on, and their bytes.
  std::pair<Batches, int64_t> Made(int64_t first, int64_t count) const {
    std::pair<Batches, int64_t> made{workload_.Batches(first, first + count), 0};
    for (const v1::StreamEvidenceRequest& batch : made.first) {
      for (const v1::EvidenceRecord& record : batch.batch().records()) made.second += static_cast<int64_t>(record.ByteSizeLong());
    }
    return made;
  }

  // The next ones; seconds until they are acknowledged.
  absl::StatusOr<double> Send(const std::pair<Batches, int64_t>& made, int64_t count) {
    const auto load = SendStream(*server_->stubs().evidence, made.first, 16);
    if (!load.ok()) return load.status();
    filled_ += count;
    protobuf_bytes_ += made.second;
    return load->seconds;
  }

  // Each chunk is made while the one before it is sent.
  absl::Status Fill(int64_t size) {
    if (filled_ >= size) return absl::OkStatus();
    const auto make_next = [this](int64_t first) {
      return std::async(std::launch::async, [this, first] { return Made(first, kChunk); });
    };
    for (auto next = make_next(filled_); filled_ < size;) {
      const std::pair<Batches, int64_t> made = next.get();
      if (filled_ + kChunk < size) next = make_next(filled_ + kChunk);
      if (const absl::StatusOr<double> seconds = Send(made, kChunk); !seconds.ok()) return seconds.status();
    }
    return absl::OkStatus();
  }

  absl::Status FillTo(int64_t size, const std::string& name) {
    const std::pair<Batches, int64_t> rated = Made(size - rated_, rated_);
    if (absl::Status status = Fill(size - rated_); !status.ok()) return status;
    const absl::StatusOr<double> seconds = Send(rated, rated_);
    if (!seconds.ok()) return seconds.status();
    figures_.Add("growth_" + name + "_ingest_per_s", static_cast<double>(rated_) / *seconds);
    return absl::OkStatus();
  }

  // Half of the calls warm it up.
  template <typename Ask>
  absl::Status Time(const std::string& name, int calls, Ask ask) {
    std::vector<double> millis;
    for (int call = 0; call < 2 * calls; ++call) {
      TestContext context;
      const Stopwatch stopwatch;
      if (absl::Status status = ToStatus(ask(call % calls, context)); !status.ok()) return status;
      if (call >= calls) millis.push_back(stopwatch.Millis());
    }
    figures_.Add(name, Percentile(millis, 0.5));
    return absl::OkStatus();
  }

  absl::Status AskAll(const std::string& size) {
    v1::CadenceService::Stub& stub = *server_->stubs().cadence;
    const auto latency_of = [&](const std::string& name, TestContext& context) {
      v1::GetEvidenceLatencyRequest request;
      request.set_name(name);
      v1::GetEvidenceLatencyResponse response;
      return stub.GetEvidenceLatency(&context, request, &response);
    };
    const std::string of = "growth_" + size + "_";
    absl::Status status = Time(of + kQuestions[0] + "_ms", kTeamCalls, [&](int team, TestContext& context) {
      v1::GetTeamCadenceRequest request;
      request.set_name(workload_.TeamName(team));
      v1::GetTeamCadenceResponse response;
      return stub.GetTeamCadence(&context, request, &response);
    });
    if (!status.ok()) return status;
    status = Time(of + kQuestions[1] + "_ms", kTeamCalls,
                  [&](int team, TestContext& context) { return latency_of(workload_.TeamName(team), context); });
    if (!status.ok()) return status;
    status = Time(of + kQuestions[2] + "_ms", kDistrictCalls, [&](int, TestContext& context) {
      v1::ListTeamCadenceRequest request;
      request.set_parent(Workload::DistrictName());
      request.set_page_size(5'000);
      v1::ListTeamCadenceResponse response;
      return stub.ListTeamCadence(&context, request, &response);
    });
    if (!status.ok()) return status;
    return Time(of + kQuestions[3] + "_ms", kDistrictCalls,
                [&](int, TestContext& context) { return latency_of(Workload::DistrictName(), context); });
  }

  absl::Status MeasureStarts() {
    if (absl::Status status = server_->Stop(); !status.ok()) return status;
    const absl::StatusOr<double> clean = Start();
    if (!clean.ok()) return clean.status();
    figures_.Add("restart_clean_s", *clean);
    // A tail of the log that is to be applied again.
    if (absl::Status status = Fill(filled_ + tail_); !status.ok()) return status;
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
