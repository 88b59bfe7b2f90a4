// A channel to one server and every service's stub on it, for tests that speak the contract itself.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "grpcpp/grpcpp.h"
#include "leadlag/v1/admin_service.grpc.pb.h"
#include "leadlag/v1/alert_service.grpc.pb.h"
#include "leadlag/v1/cadence_service.grpc.pb.h"
#include "leadlag/v1/catalog_service.grpc.pb.h"
#include "leadlag/v1/evidence_service.grpc.pb.h"
#include "leadlag/v1/inquiry_service.grpc.pb.h"

namespace leadlag {

struct Stubs {
  explicit Stubs(std::shared_ptr<grpc::Channel> to) : channel(std::move(to)) {}
  // A channel of its own: connections that failed before, to a port that is used again, are not remembered.
  explicit Stubs(const std::string& target)
      : Stubs(grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(), Arguments())) {}

  static grpc::ChannelArguments Arguments() {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
    arguments.SetMaxReceiveMessageSize(-1);
    return arguments;
  }

  std::shared_ptr<grpc::Channel> channel;
  std::unique_ptr<v1::CatalogService::Stub> catalog = v1::CatalogService::NewStub(channel);
  std::unique_ptr<v1::EvidenceService::Stub> evidence = v1::EvidenceService::NewStub(channel);
  std::unique_ptr<v1::InquiryService::Stub> inquiries = v1::InquiryService::NewStub(channel);
  std::unique_ptr<v1::CadenceService::Stub> cadence = v1::CadenceService::NewStub(channel);
  std::unique_ptr<v1::AlertService::Stub> alerts = v1::AlertService::NewStub(channel);
  std::unique_ptr<v1::AdminService::Stub> admin = v1::AdminService::NewStub(channel);
};

// A context whose deadline bounds the test, not the service.
class TestContext : public grpc::ClientContext {
 public:
  explicit TestContext(std::chrono::seconds deadline = std::chrono::seconds(60)) {
    set_deadline(gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_seconds(deadline.count(), GPR_TIMESPAN)));
  }
};

inline std::string Text(const grpc::Status& status) {
  return status.ok() ? "OK" : "code " + std::to_string(status.error_code()) + ": " + status.error_message();
}

}  // namespace leadlag
