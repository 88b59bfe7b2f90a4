// What every unary method does around its own work: read the request, answer, turn a status into gRPC's.
//
//   grpc::ServerUnaryReactor* CatalogService::GetTeam(…) {
//     const auto handler = [this](const v1::GetTeamRequest& request) -> absl::StatusOr<v1::GetTeamResponse> { … };
//     return Answer<v1::GetTeamRequest, v1::GetTeamResponse>(calls_, context, request, response, handler);
//   }
#pragma once

#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/byte_buffer.h"
#include "grpcpp/support/server_callback.h"
#include "server/rpc/open_calls.h"
#include "server/rpc/status.h"
#include "server/rpc/wire.h"

namespace leadlag {

// Finishes a call once. Copyable; any thread; all its copies together answer exactly once.
template <typename Response>
class Answerer {
 public:
  // Ends a call of `calls` with the answer. `parent_field`: the request's field that names the district.
  Answerer(OpenCalls* calls, grpc::CallbackServerContext* context, grpc::ServerUnaryReactor* reactor,
           grpc::ByteBuffer* response, const char* parent_field)
      : calls_(calls), context_(context), reactor_(reactor), response_(response), parent_field_(parent_field) {}

  void operator()(const absl::StatusOr<Response>& answer) const {
    if (answer.ok()) *response_ = Serialize(*answer);
    const grpc::Status status = ToGrpcStatus(AtField(answer.status(), parent_field_), *context_);
    calls_->End();  // before Finish: after it, nothing but the server's own shutdown waits for this call
    reactor_->Finish(status);
  }

 private:
  OpenCalls* calls_;
  grpc::CallbackServerContext* context_;
  grpc::ServerUnaryReactor* reactor_;
  grpc::ByteBuffer* response_;
  const char* parent_field_;
};

// The field of a request that names the district, if only within a longer name.
template <typename Request>
const char* ParentFieldOf() {
  for (const char* const field : {"parent", "name"}) {
    if (Request::descriptor()->FindFieldByName(field) != nullptr) return field;
  }
  if (Request::descriptor()->FindFieldByName("inquiry") != nullptr) return "inquiry.name";
  return Request::descriptor()->FindFieldByName("review") != nullptr ? "review.name" : "";
}

// For work that ends later: `handler(std::shared_ptr<Request>, Answerer<Response>)`.
template <typename Request, typename Response, typename Handler>
grpc::ServerUnaryReactor* AnswerLater(OpenCalls* calls, grpc::CallbackServerContext* context,
                                      const grpc::ByteBuffer* bytes, grpc::ByteBuffer* response, Handler handler) {
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  const Answerer<Response> answer(calls, context, reactor, response, ParentFieldOf<Request>());
  auto request = std::make_shared<Request>();
  absl::Status status = calls->Begin();
  if (status.ok()) status = ParseStrictly(*bytes, *request);
  if (!status.ok()) {
    answer(status);
  } else {
    handler(std::move(request), answer);
  }
  return reactor;
}

// For work that is done at once: `handler(const Request&) -> absl::StatusOr<Response>`.
template <typename Request, typename Response, typename Handler>
grpc::ServerUnaryReactor* Answer(OpenCalls* calls, grpc::CallbackServerContext* context, const grpc::ByteBuffer* bytes,
                                 grpc::ByteBuffer* response, Handler handler) {
  return AnswerLater<Request, Response>(
      calls, context, bytes, response,
      [&handler](std::shared_ptr<Request> request, const Answerer<Response>& answer) { answer(handler(*request)); });
}

}  // namespace leadlag
