// The calls under way, so that a drain can refuse what is new and wait for the ends of what it has. Thread safe.
#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace leadlag {

class OpenCalls {
 public:
  // A call begins. UNAVAILABLE while draining: answer with it. Counted either way; End follows.
  absl::Status Begin() {
    absl::MutexLock lock(&mu_);
    ++count_;
    if (draining_) return absl::UnavailableError("the service is draining; try again soon");
    return absl::OkStatus();
  }
  void End() {
    absl::MutexLock lock(&mu_);
    --count_;
  }

  // Refuses every call that begins from now on. Idempotent.
  void Drain() {
    absl::MutexLock lock(&mu_);
    draining_ = true;
  }
  // Returns once no call is under way, or after `micros`; whether there is none.
  bool WaitUntilNone(int64_t micros) const {
    absl::MutexLock lock(&mu_);
    const auto none = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return count_ == 0; };
    return mu_.AwaitWithTimeout(absl::Condition(&none), absl::Microseconds(micros));
  }

 private:
  mutable absl::Mutex mu_;
  size_t count_ ABSL_GUARDED_BY(mu_) = 0;
  bool draining_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace leadlag
