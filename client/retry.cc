#include "client/retry.h"

#include <algorithm>

#include "absl/time/time.h"
#include "core/clock.h"

namespace leadlag {
namespace {

class WaitingSleeper final : public Sleeper {
 public:
  bool Sleep(std::chrono::milliseconds duration, Cancellation& cancellation) override {
    return cancellation.WaitFor(duration);
  }
};

}  // namespace

bool IsRetryable(const absl::Status& status) { return absl::IsUnavailable(status); }

void Cancellation::Cancel() {
  absl::MutexLock lock(&mutex_);
  cancelled_ = true;
}

bool Cancellation::cancelled() const {
  absl::MutexLock lock(&mutex_);
  return cancelled_;
}

bool Cancellation::WaitFor(std::chrono::milliseconds duration) {
  absl::MutexLock lock(&mutex_);
  return !mutex_.AwaitWithTimeout(absl::Condition(&cancelled_), absl::FromChrono(duration));
}

Sleeper& RealSleeper() {
  static WaitingSleeper* sleeper = new WaitingSleeper;
  return *sleeper;
}

Backoff::Backoff(const RetryPolicy& policy, uint64_t seed)
    : policy_(policy), base_ms_(static_cast<double>(policy.initial.count())), random_(seed) {}

std::chrono::milliseconds Backoff::Next() {
  const double base = std::min(base_ms_, static_cast<double>(policy_.max.count()));
  base_ms_ = base * policy_.multiplier;
  const double shortened = 1.0 - policy_.jitter * std::uniform_real_distribution<double>(0.0, 1.0)(random_);
  return std::chrono::milliseconds(static_cast<int64_t>(base * shortened));
}

void Backoff::Reset() {
  base_ms_ = static_cast<double>(policy_.initial.count());
  failures_ = 0;
}

void Stopwatch::Restart() {
  start_micros_ = MonotonicMicros();
  waited_ = std::chrono::microseconds(0);
}

std::chrono::microseconds Stopwatch::Elapsed() const {
  return std::max(std::chrono::microseconds(MonotonicMicros() - start_micros_), waited_);
}

uint64_t JitterSeed() {
  std::random_device device;
  return (uint64_t{device()} << 32) | device();
}

}  // namespace leadlag
