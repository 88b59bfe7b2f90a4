// leadlag.v1.AdminService over the engine: converts, delegates, converts. Thread safe. Engine, streams, feed and calls are borrowed.
//
// Verify takes as long as reading everything takes, and so has a thread of its own: gRPC's are for calls that end soon. Runs wait for
// each other; at most kVerifyRunsMax are taken.
#pragma once

#include <deque>
#include <functional>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "leadlag/v1/admin_service.grpc.pb.h"
#include "server/engine/engine.h"
#include "server/feed.h"
#include "server/rpc/open_calls.h"
#include "server/rpc/stream_evidence.h"

namespace leadlag {

// Raw methods: see wire.h for why.
using AdminServiceBase =
    v1::AdminService::WithRawCallbackMethod_Verify<v1::AdminService::WithRawCallbackMethod_GetStats<v1::AdminService::Service>>;

class AdminService final : public AdminServiceBase {
 public:
  AdminService(Engine* engine, const EvidenceStreams* streams, const FlipFeed* feed, OpenCalls* calls);
  // Drains; waits for the run that is under way.
  ~AdminService() override;

  grpc::ServerUnaryReactor* Verify(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                   grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* GetStats(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                     grpc::ByteBuffer* response) override;

  // Answers the runs that wait and the one under way with UNAVAILABLE, soon. Idempotent.
  void Drain();

 private:
  void Work();
  bool draining() const;
  absl::StatusOr<v1::VerifyResponse> RunVerify(const std::string& district) const;

  Engine* const engine_;
  const EvidenceStreams* const streams_;
  const FlipFeed* const feed_;
  OpenCalls* const calls_;

  mutable absl::Mutex mu_;
  std::deque<std::function<void()>> runs_ ABSL_GUARDED_BY(mu_);  // the first is under way
  bool draining_ ABSL_GUARDED_BY(mu_) = false;
  std::thread worker_;
};

}  // namespace leadlag
