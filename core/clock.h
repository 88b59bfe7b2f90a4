// Where the time comes from. Only core/clock.cc reads the machine's clock; everything else is given a Clock, so that
// tests live through years in seconds.
#pragma once

#include <atomic>
#include <cstdint>

#include "core/instant.h"

namespace leadlag {

// Thread safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Instant Now() const = 0;
};

// The machine's wall clock. Lives for ever.
const Clock& SystemClock();

// A monotonic reading for measuring durations, in microseconds from an arbitrary origin; unrelated to Instant.
int64_t MonotonicMicros();

// A clock that stands until it is moved. Thread safe.
class SimulatedClock final : public Clock {
 public:
  explicit SimulatedClock(Instant now) : micros_(now.micros) {}
  Instant Now() const override { return Instant{micros_.load()}; }
  // REQUIRES: not earlier than Now().
  void Set(Instant now);

 private:
  std::atomic<int64_t> micros_;
};

}  // namespace leadlag
