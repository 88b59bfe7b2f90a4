// A leadlagd in this process that does what a test scripts: real gRPC, no network unless a test asks, no state.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "client/client.h"
#include "grpcpp/server.h"

namespace leadlag {

// Notes how long it was asked to wait, and does not wait.
class FakeSleeper final : public Sleeper {
 public:
  bool Sleep(std::chrono::milliseconds duration, Cancellation& cancellation) override;
  std::vector<std::chrono::milliseconds> waits() const;

 private:
  mutable absl::Mutex mutex_;
  std::vector<std::chrono::milliseconds> waits_ ABSL_GUARDED_BY(mutex_);
};

// What each RPC does; one that is not scripted answers UNIMPLEMENTED. Set before the first call.
struct ServerScript {
  using EvidenceCall = grpc::ServerReaderWriter<v1::StreamEvidenceResponse, v1::StreamEvidenceRequest>;

  std::function<grpc::Status(const v1::ApplyCatalogRequest&, v1::ApplyCatalogResponse&, grpc::ServerContext&)>
      apply_catalog;
  std::function<grpc::Status(const v1::ExportCatalogRequest&, v1::ExportCatalogResponse&)> export_catalog;
  std::function<grpc::Status(const v1::ListTeamCadenceRequest&, v1::ListTeamCadenceResponse&)> list_team_cadence;
  std::function<grpc::Status(grpc::ServerWriter<v1::BacktestResponse>&)> backtest;
  std::function<grpc::Status(EvidenceCall&)> stream_evidence;
  std::function<grpc::Status(const v1::SubscribeRequest&, grpc::ServerWriter<v1::SubscribeResponse>&,
                             grpc::ServerContext&)>
      subscribe;
};

class FakeServer {
 public:
  FakeServer();
  ~FakeServer();

  ServerScript script;
  FakeSleeper sleeper;

  // Where it listens, for a channel with the limits of a real one.
  std::string target() const { return "127.0.0.1:" + std::to_string(port_); }
  // A client of this server with its sleeper.
  std::unique_ptr<Client> NewClient(RetryPolicy retry = {},
                                    std::chrono::milliseconds deadline = std::chrono::seconds(30));

 private:
  class Services;
  std::unique_ptr<Services> services_;
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
};

// UNAVAILABLE, as from a server that drains.
grpc::Status Draining();

// Trailing metadata as a server that names fields sends it.
void AddDetails(grpc::ServerContext& context, const v1::ErrorDetails& details);

}  // namespace leadlag
