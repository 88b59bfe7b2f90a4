#include "server/engine/log_appender.h"

#include <utility>

#include "absl/synchronization/notification.h"
#include "core/check.h"

namespace leadlag {

LogAppender::~LogAppender() {
  {
    absl::MutexLock lock(&mu_);
    stopping_ = true;
  }
  thread_.join();
}

std::vector<AppendOutcome> LogAppender::Append(std::vector<Group> groups) {
  std::vector<AppendOutcome> outcomes;
  absl::Notification done;
  log_->Append(std::move(groups), [&](std::vector<AppendOutcome> result) {
    outcomes = std::move(result);
    done.Notify();
  });
  done.WaitForNotification();
  return outcomes;
}

void LogAppender::Start(std::vector<Group> groups) {
  absl::MutexLock lock(&mu_);
  LEADLAG_CHECK(!started_ && !outcomes_);
  started_ = std::move(groups);
}

std::vector<AppendOutcome> LogAppender::Wait() {
  absl::MutexLock lock(&mu_);
  const auto known = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return outcomes_.has_value(); };
  mu_.Await(absl::Condition(&known));
  return *std::exchange(outcomes_, std::nullopt);
}

void LogAppender::Run() {
  absl::MutexLock lock(&mu_);
  const auto wanted = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return started_ || stopping_; };
  while (true) {
    mu_.Await(absl::Condition(&wanted));
    if (!started_) return;
    std::vector<Group> groups = *std::exchange(started_, std::nullopt);
    mu_.Unlock();
    std::vector<AppendOutcome> outcomes = Append(std::move(groups));
    mu_.Lock();
    outcomes_ = std::move(outcomes);
  }
}

}  // namespace leadlag
