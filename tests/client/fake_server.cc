#include "tests/client/fake_server.h"

#include <cstdlib>
#include <filesystem>

#include "client/status.h"
#include "grpcpp/server_builder.h"
#include "leadlag/v1/error.pb.h"

namespace leadlag {
namespace {

grpc::Status NotScripted() { return {grpc::StatusCode::UNIMPLEMENTED, "not scripted"}; }

}  // namespace

bool FakeSleeper::Sleep(std::chrono::milliseconds duration, Cancellation& cancellation) {
  absl::MutexLock lock(&mutex_);
  waits_.push_back(duration);
  return !cancellation.cancelled();
}

std::vector<std::chrono::milliseconds> FakeSleeper::waits() const {
  absl::MutexLock lock(&mutex_);
  return waits_;
}

class FakeServer::Services final : public v1::CatalogService::Service,
                                   public v1::EvidenceService::Service,
                                   public v1::CadenceService::Service,
                                   public v1::AlertService::Service {
 public:
  explicit Services(ServerScript& script) : script_(script) {}

  grpc::Status ApplyCatalog(grpc::ServerContext* context, const v1::ApplyCatalogRequest* request,
                            v1::ApplyCatalogResponse* response) override {
    return script_.apply_catalog ? script_.apply_catalog(*request, *response, *context) : NotScripted();
  }
  grpc::Status ExportCatalog(grpc::ServerContext*, const v1::ExportCatalogRequest* request,
                             v1::ExportCatalogResponse* response) override {
    return script_.export_catalog ? script_.export_catalog(*request, *response) : NotScripted();
  }
  grpc::Status ListTeamCadence(grpc::ServerContext*, const v1::ListTeamCadenceRequest* request,
                               v1::ListTeamCadenceResponse* response) override {
    return script_.list_team_cadence ? script_.list_team_cadence(*request, *response) : NotScripted();
  }
  grpc::Status Backtest(grpc::ServerContext*, const v1::BacktestRequest*,
                        grpc::ServerWriter<v1::BacktestResponse>* writer) override {
    return script_.backtest ? script_.backtest(*writer) : NotScripted();
  }
  grpc::Status StreamEvidence(grpc::ServerContext*, ServerScript::EvidenceCall* call) override {
    return script_.stream_evidence ? script_.stream_evidence(*call) : NotScripted();
  }
  grpc::Status Subscribe(grpc::ServerContext* context, const v1::SubscribeRequest* request,
                         grpc::ServerWriter<v1::SubscribeResponse>* writer) override {
    return script_.subscribe ? script_.subscribe(*request, *writer, *context) : NotScripted();
  }

 private:
  ServerScript& script_;
};

FakeServer::FakeServer() : services_(std::make_unique<Services>(script)) {
  grpc::ServerBuilder builder;
  builder.RegisterService(static_cast<v1::CatalogService::Service*>(services_.get()));
  builder.RegisterService(static_cast<v1::EvidenceService::Service*>(services_.get()));
  builder.RegisterService(static_cast<v1::CadenceService::Service*>(services_.get()));
  builder.RegisterService(static_cast<v1::AlertService::Service*>(services_.get()));
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
  server_ = builder.BuildAndStart();
}

FakeServer::~FakeServer() { server_->Shutdown(); }

std::unique_ptr<Client> FakeServer::NewClient(RetryPolicy retry, std::chrono::milliseconds deadline) {
  ClientOptions options;
  options.deadline = deadline;
  options.retry = retry;
  options.sleeper = &sleeper;
  options.jitter_seed = 1;
  return std::make_unique<Client>(server_->InProcessChannel({}), options);
}

grpc::Status Draining() { return {grpc::StatusCode::UNAVAILABLE, "draining"}; }

void AddDetails(grpc::ServerContext& context, const v1::ErrorDetails& details) {
  context.AddTrailingMetadata(kErrorDetailsKey, details.SerializeAsString());
}

}  // namespace leadlag
