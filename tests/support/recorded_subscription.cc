#include "tests/support/recorded_subscription.h"

#include <utility>

namespace leadlag {
namespace {

// Long enough for a machine that is busy; nothing waits so long that works.
constexpr absl::Duration kPatience = absl::Seconds(60);

}  // namespace

RecordedSubscription::RecordedSubscription(Stubs& stubs, const v1::SubscribeRequest& request)
    : context_(std::chrono::seconds(600)) {
  session_.request = request;
  call_ = stubs.alerts->Subscribe(&context_, request);
  thread_ = std::thread([this] { Read(); });
}

void RecordedSubscription::Read() {
  v1::SubscribeResponse message;
  while (call_->Read(&message)) {
    absl::MutexLock lock(&mutex_);
    session_.messages.push_back(std::move(message));
    message.Clear();
  }
  grpc::Status status = call_->Finish();
  absl::MutexLock lock(&mutex_);
  session_.end = status.error_code();
  status_ = std::move(status);
  ended_ = true;
}

bool RecordedSubscription::WaitUntil(const std::function<bool(const Messages&)>& condition) {
  absl::MutexLock lock(&mutex_);
  const auto holds = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return ended_ || condition(session_.messages); };
  mutex_.AwaitWithTimeout(absl::Condition(&holds), kPatience);
  return condition(session_.messages);
}

bool RecordedSubscription::WaitThrough(int64_t sequence) {
  return WaitUntil([sequence](const Messages& messages) {
    return !messages.empty() && messages.back().through_sequence() >= sequence && !messages.back().token().empty();
  });
}

grpc::Status RecordedSubscription::WaitForEnd() {
  absl::MutexLock lock(&mutex_);
  mutex_.AwaitWithTimeout(absl::Condition(&ended_), kPatience);
  return ended_ ? status_ : grpc::Status(grpc::StatusCode::DEADLINE_EXCEEDED, "the stream goes on");
}

StreamSession RecordedSubscription::End() {
  if (thread_.joinable()) {
    context_.TryCancel();
    thread_.join();
  }
  absl::MutexLock lock(&mutex_);
  return session_;
}

size_t FlipsIn(const std::vector<v1::SubscribeResponse>& messages) {
  size_t flips = 0;
  for (const v1::SubscribeResponse& message : messages) flips += static_cast<size_t>(message.flips_size());
  return flips;
}

}  // namespace leadlag
