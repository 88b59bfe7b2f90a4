// The calls of CadenceService.Backtest. Thread safe. Engine and calls are borrowed.
//
// A back-test takes seconds, and so has a thread that is not gRPC's; at most kBacktestRunsMax are taken at once. A call holds the message
// that is being written and the one that is being put together: its back-test waits for a slow reader. One that has not taken a message
// for `stalled_micros` is cut off, and sees CANCELLED; one for which it has waited kBacktestWaitMicrosMax in all is told so with
// DEADLINE_EXCEEDED: a back-test holds a snapshot, and what stands before others.
#pragma once

#include <deque>
#include <memory>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/byte_buffer.h"
#include "grpcpp/support/server_callback.h"
#include "server/engine/engine.h"
#include "server/rpc/backtest_waits.h"
#include "server/rpc/open_calls.h"

namespace leadlag {

class BacktestCall;

class BacktestRuns {
 public:
  BacktestRuns(Engine* engine, OpenCalls* calls, BacktestWaits waits);
  // Drains; waits for the runs under way.
  ~BacktestRuns();

  grpc::ServerWriteReactor<grpc::ByteBuffer>* Start(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request);
  // Ends the runs under way with UNAVAILABLE, soon, and refuses others so. Idempotent.
  void Drain();

 private:
  void Work();
  absl::Status Take(const std::shared_ptr<BacktestCall>& call);

  Engine* const engine_;
  OpenCalls* const calls_;
  const BacktestWaits waits_;

  absl::Mutex mu_;
  std::deque<std::shared_ptr<BacktestCall>> waiting_ ABSL_GUARDED_BY(mu_);       // for a thread, a moment long
  std::vector<std::shared_ptr<BacktestCall>> under_way_ ABSL_GUARDED_BY(mu_);  // those that wait included
  bool draining_ ABSL_GUARDED_BY(mu_) = false;
  std::vector<std::thread> workers_;
};

}  // namespace leadlag
