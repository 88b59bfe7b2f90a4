#include "server/rpc/backtest_runs.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "core/clock.h"
#include "core/limits.h"
#include "leadlag/v1/cadence_service.pb.h"
#include "server/engine/backtest.h"
#include "server/rpc/convert_backtest.h"
#include "server/rpc/names.h"
#include "server/rpc/status.h"
#include "server/rpc/wire.h"

namespace leadlag {

// One call. Kept alive by itself until gRPC is done with it, and by whoever works on it.
//
// Operations are started with mu_ held, so that none follows Finish. gRPC runs no reaction inside such a call on this thread, and OnDone,
// which may come at any time after Finish, takes no lock.
class BacktestCall final : public grpc::ServerWriteReactor<grpc::ByteBuffer> {
 public:
  static std::shared_ptr<BacktestCall> New(OpenCalls* calls, grpc::CallbackServerContext* context, const BacktestWaits& waits) {
    auto call = std::make_shared<BacktestCall>(calls, context, waits);
    call->self_ = call;
    return call;
  }
  BacktestCall(OpenCalls* calls, grpc::CallbackServerContext* context, const BacktestWaits& waits)
      : calls_(calls), context_(context), waits_(waits) {}

  // What is asked; set before it is run.
  std::string district;
  BacktestQuery query;

  // Runs it to its end, and sees that its last message is taken. Called once, or End is.
  void Run(Engine& engine) {
    End(Answer(engine));  // the snapshot is let go
    absl::MutexLock lock(&mu_);
    const auto written = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return !writing_; };
    if (!mu_.AwaitWithTimeout(absl::Condition(&written), absl::Microseconds(waits_.stalled_micros))) context_->TryCancel();
  }
  // Nothing is sent any more; the call finishes once nothing is being written.
  void End(const absl::Status& status) {
    absl::MutexLock lock(&mu_);
    if (!ending_) ending_ = status;
    ended_ = true;
    if (!writing_) FinishNow();
  }
  // Lets the run end soon, with this status.
  void Stop(const absl::Status& status) {
    absl::MutexLock lock(&mu_);
    if (!ending_) ending_ = status;
  }

  // gRPC's side.
  void OnWriteDone(bool ok) override {
    absl::MutexLock lock(&mu_);
    writing_ = false;
    buffer_.Clear();
    if (!ok && !ending_) ending_ = absl::CancelledError("the caller is gone");
    if (ended_) FinishNow();
  }
  void OnCancel() override { Stop(absl::CancelledError("the caller is gone")); }
  void OnDone() override {
    calls_->End();
    const std::shared_ptr<BacktestCall> last = std::move(self_);  // whoever works on it may hold on a little longer
  }

 private:
  absl::Status Answer(Engine& engine) {
    const auto read = [&]() -> absl::StatusOr<DistrictReader> {
      absl::StatusOr<DistrictReader> reader = engine.Read(district);
      if (!reader.ok()) return AtField(reader.status(), "parent");
      return reader;
    };
    const absl::StatusOr<std::unique_ptr<const Backtest>> backtest = Backtest::Prepare(read, query);
    if (!backtest.ok()) return backtest.status();
    v1::BacktestResponse response;
    size_t bytes = 0;  // of `response`
    bool taken = true;
    const auto send = [&] {
      taken = taken && Send(response);
      response.Clear();
      bytes = 0;
    };
    const auto visit = [&](const BacktestTeam& team) {
      for (const BacktestTeam::Flip& flip : team.flips) {
        v1::BacktestFlip& added = *response.add_flips();
        added = ToProto(**backtest, team.team, flip);
        bytes += added.ByteSizeLong();
        if (bytes >= kBacktestMessageBytes) send();
      }
      v1::BacktestTeam& added = *response.add_teams();
      added = ToProto(**backtest, team);
      bytes += added.ByteSizeLong();
      if (bytes >= kBacktestMessageBytes) send();
      return taken;
    };
    const std::function<bool()> stop = [this] {
      absl::MutexLock lock(&mu_);
      return ending_.has_value();
    };
    const absl::StatusOr<BacktestSummary> summary = (*backtest)->Run(visit, &stop);
    if (!summary.ok()) return summary.status();
    if (bytes > 0) send();
    *response.mutable_summary() = ToProto(**backtest, *summary);
    send();
    return absl::OkStatus();
  }

  // Waits until the message before is written. False: nobody wants it any more.
  bool Send(const v1::BacktestResponse& response) {
    grpc::ByteBuffer buffer = Serialize(response);
    absl::MutexLock lock(&mu_);
    const auto ready = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return !writing_ || ending_; };
    const int64_t from = MonotonicMicros(), left = waits_.all_micros_max - waited_micros_;
    if (!mu_.AwaitWithTimeout(absl::Condition(&ready), absl::Microseconds(std::min(waits_.stalled_micros, left)))) {
      if (left <= waits_.stalled_micros) {
        ending_ = absl::DeadlineExceededError(absl::StrCat("the back-test has waited ", waits_.all_micros_max / kMicrosPerSecond,
                                                           " s in all for its messages to be taken; read them faster, or ask for fewer "
                                                           "teams at once (labels)"));
      } else {
        ending_ = absl::CancelledError("the caller has taken no message for long");
        context_->TryCancel();  // the write then comes back undone
      }
    }
    waited_micros_ += MonotonicMicros() - from;
    if (ending_) return false;
    buffer_.Swap(&buffer);
    writing_ = true;
    StartWrite(&buffer_);
    return true;
  }

  void FinishNow() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { Finish(ToGrpcStatus(*ending_, *context_)); }

  OpenCalls* const calls_;
  grpc::CallbackServerContext* const context_;
  const BacktestWaits waits_;
  std::shared_ptr<BacktestCall> self_;  // taken by OnDone

  absl::Mutex mu_;
  grpc::ByteBuffer buffer_;  // gRPC's while writing_
  bool writing_ ABSL_GUARDED_BY(mu_) = false;
  bool ended_ ABSL_GUARDED_BY(mu_) = false;                 // no message follows
  std::optional<absl::Status> ending_ ABSL_GUARDED_BY(mu_);  // to finish with
  int64_t waited_micros_ ABSL_GUARDED_BY(mu_) = 0;           // until messages were taken
};

BacktestRuns::BacktestRuns(Engine* engine, OpenCalls* calls, BacktestWaits waits) : engine_(engine), calls_(calls), waits_(waits) {
  for (size_t i = 0; i < kBacktestRunsMax; ++i) workers_.emplace_back([this] { Work(); });
}

BacktestRuns::~BacktestRuns() {
  Drain();
  for (std::thread& worker : workers_) worker.join();
}

grpc::ServerWriteReactor<grpc::ByteBuffer>* BacktestRuns::Start(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request) {
  const std::shared_ptr<BacktestCall> call = BacktestCall::New(calls_, context, waits_);
  const auto take = [&]() -> absl::Status {
    if (absl::Status status = calls_->Begin(); !status.ok()) return status;
    v1::BacktestRequest asked;
    if (absl::Status status = ParseStrictly(*request, asked); !status.ok()) return status;
    absl::StatusOr<std::string> district = ParseDistrictName(asked.parent(), "parent");
    if (!district.ok()) return district.status();
    absl::StatusOr<BacktestQuery> query = BacktestQueryFromProto(asked);
    if (!query.ok()) return query.status();
    call->district = *std::move(district);
    call->query = *std::move(query);
    return Take(call);
  };
  if (absl::Status status = take(); !status.ok()) call->End(status);
  return call.get();
}

absl::Status BacktestRuns::Take(const std::shared_ptr<BacktestCall>& call) {
  absl::MutexLock lock(&mu_);
  if (draining_) return absl::UnavailableError("the service is draining; try again soon");
  if (under_way_.size() >= kBacktestRunsMax) {
    return absl::ResourceExhaustedError("too many back-tests are under way; try again when one is done");
  }
  under_way_.push_back(call);
  waiting_.push_back(call);
  return absl::OkStatus();
}

void BacktestRuns::Work() {
  while (true) {
    std::shared_ptr<BacktestCall> call;
    {
      absl::MutexLock lock(&mu_);
      const auto ready = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return draining_ || !waiting_.empty(); };
      mu_.Await(absl::Condition(&ready));
      if (waiting_.empty()) return;
      call = std::move(waiting_.front());
      waiting_.pop_front();
    }
    call->Run(*engine_);
    absl::MutexLock lock(&mu_);
    std::erase(under_way_, call);
  }
}

void BacktestRuns::Drain() {
  absl::MutexLock lock(&mu_);
  draining_ = true;
  for (const std::shared_ptr<BacktestCall>& call : under_way_) {
    call->Stop(absl::UnavailableError("the service is draining; try again soon"));
  }
}

}  // namespace leadlag
