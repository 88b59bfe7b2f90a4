// The ceiling of gRPC on this machine: a service that parses what leadlagd parses, stores nothing, and acknowledges.
//
// Prints "listening on 127.0.0.1:PORT" and serves until it is ended.
#include <condition_variable>
#include <cstdio>
#include <deque>
#include <mutex>

#include "grpcpp/grpcpp.h"
#include "leadlag/v1/admin_service.grpc.pb.h"
#include "leadlag/v1/evidence_service.grpc.pb.h"

namespace leadlag::benchmark {
namespace {

// Reads on while acknowledgements are under way, one write at a time: as leadlagd does.
class ParsingStream final : public grpc::ServerBidiReactor<v1::StreamEvidenceRequest, v1::StreamEvidenceResponse> {
 public:
  ParsingStream() { StartRead(&request_); }

  void OnReadDone(bool ok) override {
    std::unique_lock lock(mutex_);
    if (!ok) {
      reads_over_ = true;
      if (acks_.empty()) Finish(grpc::Status::OK);
      return;
    }
    if (request_.has_batch()) {
      v1::StreamEvidenceResponse& ack = acks_.emplace_back();
      ack.set_batch_id(request_.batch().batch_id());
      ack.mutable_result()->set_new_count(request_.batch().records_size());
      if (acks_.size() == 1) StartWrite(&acks_.front());
    }
    lock.unlock();
    StartRead(&request_);  // into the same message: its memory is used again
  }

  void OnWriteDone(bool ok) override {
    const std::lock_guard lock(mutex_);
    acks_.pop_front();
    if (!acks_.empty()) {
      StartWrite(&acks_.front());
    } else if (reads_over_) {
      Finish(grpc::Status::OK);
    }
  }

  void OnDone() override { delete this; }

 private:
  v1::StreamEvidenceRequest request_;
  std::mutex mutex_;
  std::deque<v1::StreamEvidenceResponse> acks_;  // the first is being written
  bool reads_over_ = false;
};

class ParsingEvidence final : public v1::EvidenceService::CallbackService {
 public:
  grpc::ServerBidiReactor<v1::StreamEvidenceRequest, v1::StreamEvidenceResponse>* StreamEvidence(
      grpc::CallbackServerContext*) override {
    return new ParsingStream;
  }
  grpc::ServerUnaryReactor* RecordEvidence(grpc::CallbackServerContext* context,
                                           const v1::RecordEvidenceRequest* request,
                                           v1::RecordEvidenceResponse* response) override {
    response->mutable_result()->set_new_count(request->records_size());
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
};

// The empty unary RPC.
class EmptyAdmin final : public v1::AdminService::CallbackService {
 public:
  grpc::ServerUnaryReactor* GetStats(grpc::CallbackServerContext* context, const v1::GetStatsRequest*,
                                     v1::GetStatsResponse*) override {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
};

}  // namespace
}  // namespace leadlag::benchmark

int main() {
  leadlag::benchmark::ParsingEvidence evidence;
  leadlag::benchmark::EmptyAdmin admin;
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&evidence);
  builder.RegisterService(&admin);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr || port == 0) return 1;
  std::printf("listening on 127.0.0.1:%d\n", port);
  std::fflush(stdout);
  server->Wait();
}
