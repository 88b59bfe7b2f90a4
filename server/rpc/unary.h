// What every unary method does around its own work: read the request, answer, turn a status into gRPC's.
//
//   grpc::ServerUnaryReactor* CatalogServiceImpl::GetTeam(…) {
//     return Answer<v1::GetTeamRequest, v1::GetTeamResponse>(context, request, response, [this](const v1::GetTeamRequest& request) {
//       … return absl::StatusOr<v1::GetTeamResponse>
//     });
//   }
#pragma once

#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/byte_buffer.h"
#include "grpcpp/support/server_callback.h"
#include "server/rpc/status.h"
#include "server/rpc/wire.h"

namespace leadlag {

// Finishes a call once. Copyable; any thread; all its copies together answer exactly once.
template <typename Response>
class Answerer {
 public:
  Answerer(grpc::CallbackServerContext* context, grpc::ServerUnaryReactor* reactor, grpc::ByteBuffer* response)
      : context_(context), reactor_(reactor), response_(response) {}

  void operator()(const absl::StatusOr<Response>& answer) const {
    if (answer.ok()) *response_ = Serialize(*answer);
    reactor_->Finish(ToGrpcStatus(answer.status(), *context_));
  }

 private:
  grpc::CallbackServerContext* context_;
  grpc::ServerUnaryReactor* reactor_;
  grpc::ByteBuffer* response_;
};

// For work that ends later: `handler(std::shared_ptr<Request>, Answerer<Response>)`.
template <typename Request, typename Response, typename Handler>
grpc::ServerUnaryReactor* AnswerLater(grpc::CallbackServerContext* context, const grpc::ByteBuffer* bytes,
                                      grpc::ByteBuffer* response, Handler handler) {
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  const Answerer<Response> answer(context, reactor, response);
  auto request = std::make_shared<Request>();
  if (absl::Status status = ParseStrictly(*bytes, *request); !status.ok()) {
    answer(status);
  } else {
    handler(std::move(request), answer);
  }
  return reactor;
}

// For work that is done at once: `handler(const Request&) -> absl::StatusOr<Response>`.
template <typename Request, typename Response, typename Handler>
grpc::ServerUnaryReactor* Answer(grpc::CallbackServerContext* context, const grpc::ByteBuffer* bytes,
                                 grpc::ByteBuffer* response, Handler handler) {
  return AnswerLater<Request, Response>(
      context, bytes, response,
      [&handler](std::shared_ptr<Request> request, const Answerer<Response>& answer) { answer(handler(*request)); });
}

}  // namespace leadlag
