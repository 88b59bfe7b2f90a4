// When a call is tried again, how long to wait before, and how that wait is cut short.
//
// Concepts. Only UNAVAILABLE is tried again: it says "starting, draining, overloaded or not reachable", and every RPC
// of the contract is idempotent under retry, so a second try can do no harm. Every other code is an answer. A Backoff
// gives the waits of one series of tries: they double from `initial` to `max`, each shortened by a random part, so that
// a thousand clients cut off at one instant do not come back at one instant. A Cancellation ends a wait early; a
// Sleeper does the waiting, so that tests need not; a Stopwatch counts the time of tries and waits.
#pragma once

#include <chrono>
#include <cstdint>
#include <random>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"

namespace leadlag {

struct RetryPolicy {
  // Tries in a row without progress, the first included; >= 1. The waits between eleven take 13 s at least and 27 s at
  // most: a server that is restarted within 10 s is bridged, inside the default deadline of a call.
  int attempts_max = 11;
  std::chrono::milliseconds initial{100};  // the longest first wait
  std::chrono::milliseconds max{5'000};    // the longest wait
  double multiplier = 2.0;                 // from one wait to the next; >= 1
  double jitter = 0.5;                     // each wait is drawn from [(1 - jitter) * base, base]; 0..1
};

// True for UNAVAILABLE alone.
bool IsRetryable(const absl::Status& status);

// Ends waits. Thread safe. Must outlive every wait that uses it.
class Cancellation {
 public:
  // Ends every wait, now and later. Cannot be taken back.
  void Cancel();
  bool cancelled() const;
  // Waits; false as soon as it is cancelled, true when the time is over.
  bool WaitFor(std::chrono::milliseconds duration);

 private:
  mutable absl::Mutex mutex_;
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
};

// Waits for others. Thread safe.
class Sleeper {
 public:
  virtual ~Sleeper() = default;
  // As Cancellation::WaitFor.
  virtual bool Sleep(std::chrono::milliseconds duration, Cancellation& cancellation) = 0;
};

// The one that really waits. Lives for ever.
Sleeper& RealSleeper();

// The waits of one series of tries. Not thread safe.
class Backoff {
 public:
  // The same seed gives the same waits.
  Backoff(const RetryPolicy& policy, uint64_t seed);
  // The wait before the next try; longer each time.
  std::chrono::milliseconds Next();
  // Counts a try that failed; false when it was the last one allowed.
  bool MayRetry() { return ++failures_ < policy_.attempts_max; }
  // There was progress: waits and count start anew.
  void Reset();

 private:
  RetryPolicy policy_;
  double base_ms_;
  int failures_ = 0;
  std::mt19937_64 random_;
};

// Time since its start, as the monotonic clock or as the waits have it, whichever is more: so a Sleeper that does not
// wait spends it too. Not thread safe.
class Stopwatch {
 public:
  Stopwatch() { Restart(); }
  void Restart();
  void Waited(std::chrono::milliseconds wait) { waited_ += wait; }
  std::chrono::microseconds Elapsed() const;

 private:
  int64_t start_micros_ = 0;
  std::chrono::microseconds waited_{0};
};

// A seed for a Backoff that differs from process to process.
uint64_t JitterSeed();

}  // namespace leadlag
