#include "client/retry.h"

#include <thread>

#include "gtest/gtest.h"

namespace leadlag {
namespace {

using std::chrono::milliseconds;

TEST(Backoff, WaitsDoubleUpToTheMaximumWithinTheJitter) {
  const RetryPolicy policy{.initial = milliseconds(100), .max = milliseconds(1'000), .multiplier = 2, .jitter = 0.5};
  for (uint64_t seed = 0; seed < 100; ++seed) {
    Backoff backoff(policy, seed);
    for (const int64_t base : {100, 200, 400, 800, 1'000, 1'000, 1'000}) {
      const int64_t wait = backoff.Next().count();
      EXPECT_GE(wait, base / 2 - 1) << "seed " << seed;
      EXPECT_LE(wait, base) << "seed " << seed;
    }
  }
}

TEST(Backoff, SameSeedSameWaits) {
  Backoff a({}, 7), b({}, 7), c({}, 8);
  const milliseconds first = a.Next();
  EXPECT_EQ(first, b.Next());
  EXPECT_NE(first, c.Next());
}

TEST(Backoff, AllowsSoManyTriesAndAnewAfterProgress) {
  Backoff backoff({.attempts_max = 3}, 1);
  EXPECT_TRUE(backoff.MayRetry());
  EXPECT_TRUE(backoff.MayRetry());
  EXPECT_FALSE(backoff.MayRetry());
  backoff.Reset();
  EXPECT_TRUE(backoff.MayRetry());
}

TEST(IsRetryable, UnavailableAlone) {
  for (int code = 0; code <= 16; ++code) {
    const auto status = absl::Status(static_cast<absl::StatusCode>(code), "");
    EXPECT_EQ(IsRetryable(status), status.code() == absl::StatusCode::kUnavailable) << status;
  }
}

TEST(Cancellation, EndsAWaitThatIsUnderWayAndEveryLaterOne) {
  Cancellation cancellation;
  bool whole = true;
  std::thread waiter([&] { whole = RealSleeper().Sleep(std::chrono::hours(1), cancellation); });
  cancellation.Cancel();
  waiter.join();
  EXPECT_FALSE(whole);
  EXPECT_FALSE(RealSleeper().Sleep(std::chrono::hours(1), cancellation));
}

TEST(Cancellation, AWaitThatIsNotCancelledEndsByItself) {
  Cancellation cancellation;
  EXPECT_TRUE(cancellation.WaitFor(milliseconds(1)));
}

// A server that is restarted within ten seconds is met again before a call's default deadline of 30 s.
TEST(Backoff, TheDefaultBridgesARestart) {
  for (uint64_t seed = 0; seed < 1'000; ++seed) {
    Backoff backoff({}, seed);
    milliseconds waits{0};
    while (backoff.MayRetry()) waits += backoff.Next();
    EXPECT_GE(waits, milliseconds(12'000)) << "seed " << seed;
    EXPECT_LE(waits, milliseconds(28'000)) << "seed " << seed;
  }
}

TEST(Stopwatch, CountsWaitsThatNobodyWaited) {
  Stopwatch stopwatch;
  EXPECT_LT(stopwatch.Elapsed(), std::chrono::hours(1));
  stopwatch.Waited(std::chrono::hours(1));
  stopwatch.Waited(std::chrono::hours(1));
  EXPECT_EQ(stopwatch.Elapsed(), std::chrono::hours(2));
  stopwatch.Restart();
  EXPECT_LT(stopwatch.Elapsed(), std::chrono::hours(1));
}

}  // namespace
}  // namespace leadlag
