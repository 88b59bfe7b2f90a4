#include "client/alert_follower.h"

#include <memory>
#include <utility>

#include "client/status.h"
#include "grpcpp/client_context.h"

namespace leadlag {

AlertFollower::AlertFollower(Client& client, AlertFollowerOptions options, AlertHandler& handler)
    : client_(client), options_(std::move(options)), handler_(handler) {}

void AlertFollower::Cancel() {
  cancellation_.Cancel();
  absl::MutexLock lock(&mutex_);
  if (context_ != nullptr) context_->TryCancel();
}

absl::Status AlertFollower::Run() {
  Backoff backoff(options_.retry, client_.NextSeed());
  while (true) {
    absl::Status handler_status;
    const absl::Status status = Follow(backoff, handler_status);
    if (!handler_status.ok()) return handler_status;  // never tried again, whatever its code
    if (cancellation_.cancelled()) return absl::CancelledError("following was cancelled");
    if (absl::IsOutOfRange(status) && options_.request.start_case() == v1::SubscribeRequest::kToken) {
      if (!options_.snapshot_when_lost) {
        return WithContext(
            "the token is too old or from before a restore; start again with a snapshot, which replaces all that was "
            "held",
            status);
      }
      options_.request.set_snapshot(true);
      continue;
    }
    // CANCELLED by the server, which cuts off who has read nothing for long (a program that was stopped, a laptop that slept).
    if (!(IsRetryable(status) || absl::IsCancelled(status)) || !backoff.MayRetry()) return status;
    const std::chrono::milliseconds wait = backoff.Next();
    handler_.OnReconnect(status, wait);
    if (!client_.sleeper().Sleep(wait, cancellation_)) return absl::CancelledError("following was cancelled");
  }
}

absl::Status AlertFollower::Follow(Backoff& backoff, absl::Status& handler_status) {
  if (options_.request.start_case() == v1::SubscribeRequest::kSnapshot) {
    handler_status = handler_.OnSnapshot();
    if (!handler_status.ok()) return handler_status;
  }
  grpc::ClientContext context;
  AskForErrorDetails(context);
  {
    absl::MutexLock lock(&mutex_);
    context_ = &context;
  }
  // Asked after context_ is set: a Cancel before sees no context, and one after cancels it.
  if (cancellation_.cancelled()) context.TryCancel();
  auto call = client_.alerts().Subscribe(&context, options_.request);
  v1::SubscribeResponse message;
  while (call->Read(&message)) {
    backoff.Reset();
    handler_status = Deliver(message);
    if (!handler_status.ok()) {
      context.TryCancel();
      break;
    }
  }
  const grpc::Status status = call->Finish();
  {
    absl::MutexLock lock(&mutex_);
    context_ = nullptr;
  }
  if (status.ok()) return absl::UnavailableError("the server ended the subscription");
  return StatusOf(status, context);
}

absl::Status AlertFollower::Deliver(const v1::SubscribeResponse& message) {
  if (absl::Status handled = handler_.OnMessage(message); !handled.ok()) return handled;
  if (message.token().empty()) return absl::OkStatus();
  if (absl::Status saved = handler_.SaveToken(message.token()); !saved.ok()) return saved;
  options_.request.set_token(message.token());
  return absl::OkStatus();
}

}  // namespace leadlag
