#include "core/clock.h"

#include <chrono>

#include "core/check.h"

namespace leadlag {
namespace {

class MachineClock final : public Clock {
 public:
  Instant Now() const override {
    const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
    return Instant{std::chrono::duration_cast<std::chrono::microseconds>(since_epoch).count()};
  }
};

}  // namespace

const Clock& SystemClock() {
  static const MachineClock* const clock =
      new MachineClock;  // never destroyed: threads may read it until the process ends
  return *clock;
}

int64_t MonotonicMicros() {
  const auto since_origin = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(since_origin).count();
}

void SimulatedClock::Set(Instant now) {
  const int64_t before = micros_.exchange(now.micros);
  LEADLAG_CHECK(before <= now.micros);
}

}  // namespace leadlag
