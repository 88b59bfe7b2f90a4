// Follows a district's flips for ever, across restarts of either side.
//
// Concepts. Run subscribes, hands every message to the handler, then lets it keep the message's token. After
// UNAVAILABLE it waits (client/retry.h) and subscribes again with the last token, so that no flip is missed; tries in a
// row without a message are bounded. A crash between handling and keeping the token shows a message twice: exactly-once
// is the handler's own, by Flip.sequence. Before the first token a broken call starts again as it began: a snapshot
// from its beginning, "now" from a later now.
//
// When the token is older than what the server keeps, or from before a restore, the server answers OUT_OF_RANGE. With
// `snapshot_when_lost` the follower then takes a snapshot, which replaces all that the handler held (OnSnapshot says
// so); without, Run returns OUT_OF_RANGE and its message says what to do.
//
// Thread safety: Run from one thread, once; Cancel from any. The handler is called on Run's thread.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "client/client.h"
#include "client/retry.h"

namespace leadlag {

class AlertHandler {
 public:
  virtual ~AlertHandler() = default;
  // A snapshot begins: forget everything held; what follows replaces it.
  virtual absl::Status OnSnapshot() { return absl::OkStatus(); }
  // One message: flips, watches of a snapshot, or a bookmark. An error ends Run with it; the token is then not kept.
  virtual absl::Status OnMessage(const v1::SubscribeResponse& message) = 0;
  // Everything up to this token is handled: keep it, durably where it must survive a crash. An error ends Run with it.
  virtual absl::Status SaveToken(std::string_view token) { return absl::OkStatus(); }
  // The connection is gone and will be tried again after `wait`.
  virtual void OnReconnect(const absl::Status& why, std::chrono::milliseconds wait) {}
};

struct AlertFollowerOptions {
  // Parent, filter, and where to start: a token kept before, snapshot, earliest, or now.
  v1::SubscribeRequest request;
  bool snapshot_when_lost = false;
  RetryPolicy retry{.attempts_max = 1'000'000, .max = std::chrono::milliseconds(30'000)};
};

class AlertFollower {
 public:
  // `client` and `handler` are borrowed and must outlive the follower.
  AlertFollower(Client& client, AlertFollowerOptions options, AlertHandler& handler);

  // Follows until something ends it: CANCELLED by Cancel; OUT_OF_RANGE as above; UNAVAILABLE when the tries ran out;
  // the handler's error; or what the server refused the subscription with (INVALID_ARGUMENT, NOT_FOUND,
  // RESOURCE_EXHAUSTED). Never OK.
  absl::Status Run();

  void Cancel();

 private:
  // One call. `handler_status` is the handler's error where that ended it.
  absl::Status Follow(Backoff& backoff, absl::Status& handler_status);
  absl::Status Deliver(const v1::SubscribeResponse& message);

  Client& client_;
  AlertFollowerOptions options_;  // request.start moves on with every token
  AlertHandler& handler_;
  Cancellation cancellation_;
  absl::Mutex mutex_;
  grpc::ClientContext* context_ ABSL_GUARDED_BY(mutex_) = nullptr;  // of the present call
};

}  // namespace leadlag
