// One call of AlertService.Subscribe that keeps every message, read on a thread of its own, for tests and for stream_promises.h.
//
//   RecordedSubscription subscription(server.stubs(), request);
//   subscription.WaitUntil([](const auto& messages) { return FlipsIn(messages) >= 3; });
//   const StreamSession session = subscription.End();
#pragma once

#include <functional>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "tests/support/stream_promises.h"
#include "tests/support/stubs.h"

namespace leadlag {

class RecordedSubscription {
 public:
  using Messages = std::vector<v1::SubscribeResponse>;

  RecordedSubscription(Stubs& stubs, const v1::SubscribeRequest& request);
  ~RecordedSubscription() { End(); }

  // True once `condition` holds of what came so far; false where the stream ended before, or nothing more came in time.
  bool WaitUntil(const std::function<bool(const Messages&)>& condition);
  // Waits for a message that says that everything up to `sequence` was sent or does not match.
  bool WaitThrough(int64_t sequence);
  // Waits for the server's end of the stream.
  grpc::Status WaitForEnd();

  // Cancels the call where it has not ended, and hands out what came. The session's end is CANCELLED then.
  StreamSession End();

 private:
  void Read();

  TestContext context_;
  absl::Mutex mutex_;
  StreamSession session_ ABSL_GUARDED_BY(mutex_);
  grpc::Status status_ ABSL_GUARDED_BY(mutex_);
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  std::unique_ptr<grpc::ClientReader<v1::SubscribeResponse>> call_;
  std::thread thread_;
};

// Flips in all messages.
size_t FlipsIn(const std::vector<v1::SubscribeResponse>& messages);

}  // namespace leadlag
