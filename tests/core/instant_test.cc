#include "core/instant.h"

#include <random>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/date.h"
#include "gtest/gtest.h"

namespace leadlag {
namespace {

constexpr int64_t kFourPm = 1'757'001'600'000'000;  // 2025-09-04T16:00:00Z

TEST(InstantTest, ParsesRfc3339) {
  const std::vector<std::pair<std::string, int64_t>> golden = {
      {"1970-01-01T00:00:00Z", 0},
      {"2025-09-04T16:00:00Z", kFourPm},
      {"2025-09-04t16:00:00z", kFourPm},
      {"2025-09-04T12:00:00-04:00", kFourPm},
      {"2025-09-04T21:30:00+05:30", kFourPm},
      {"2025-09-05T00:00:00+08:00", kFourPm},
      {"2025-09-04T16:00:00-00:00", kFourPm},
      {"2025-09-04T16:00:00.5Z", kFourPm + 500'000},
      {"2025-09-04T16:00:00.000001Z", kFourPm + 1},
      {"2025-09-04T16:00:00.120+00:00", kFourPm + 120'000},
      {"1969-12-31T20:00:00-05:00", 3'600'000'000},
      {"2099-12-31T23:59:59.999999Z", Instant::Max().micros - 1},
      {"2100-01-01T05:29:59+05:30", Instant::Max().micros - 1'000'000},
  };
  for (const auto& [text, micros] : golden) {
    const absl::StatusOr<Instant> instant = Instant::Parse(text);
    ASSERT_TRUE(instant.ok()) << instant.status();
    EXPECT_EQ(instant->micros, micros) << text;
  }
}

TEST(InstantTest, ParseRefusesEverythingElse) {
  const std::vector<std::string> refused = {"",
                                            "2025-09-04",
                                            "2025-09-04T16:00:00",
                                            "2025-09-04T16:00Z",
                                            "2025-09-04 16:00:00Z",
                                            "2025-09-04T16:00:00.Z",
                                            "2025-09-04T16:00:00.1234567Z",
                                            "2025-09-04T16:00:00,5Z",
                                            "2025-09-04T24:00:00Z",
                                            "2025-09-04T16:60:00Z",
                                            "2016-12-31T23:59:60Z",
                                            "2025-02-29T16:00:00Z",
                                            "2025-09-04T16:00:00+5:30",
                                            "2025-09-04T16:00:00+0530",
                                            "2025-09-04T16:00:00+24:00",
                                            "2025-09-04T16:00:00+05:60",
                                            "2025-09-04T16:00:00Zx",
                                            "2025-09-04T16:00:00ZZ",
                                            "2025-09-04T16:00:00 Z",
                                            "2025-09-04T16:00:0xZ",
                                            "2025-09-04T16-00-00Z",
                                            "1969-12-31T23:59:59Z",
                                            "2100-01-01T00:00:00Z",
                                            "1970-01-01T00:00:00+00:01",
                                            "2099-12-31T23:59:59-00:01",
                                            "2025-09-04T16:00:00*05:30"};
  for (const std::string& text : refused) {
    const absl::StatusOr<Instant> instant = Instant::Parse(text);
    EXPECT_EQ(instant.status().code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_NE(instant.status().message().find("; give "), std::string::npos) << instant.status();
  }
}

TEST(InstantTest, WritesAFractionOnlyWhereThereIsOne) {
  EXPECT_EQ(Instant{kFourPm}.ToString(), "2025-09-04T16:00:00Z");
  EXPECT_EQ(Instant{kFourPm + 500'000}.ToString(), "2025-09-04T16:00:00.500Z");
  EXPECT_EQ(Instant{kFourPm + 7}.ToString(), "2025-09-04T16:00:00.000007Z");
  EXPECT_EQ(Instant{-1}.ToString(), "1969-12-31T23:59:59.999999Z");
  EXPECT_EQ(Instant{-kMicrosPerDay}.ToString(), "1969-12-31T00:00:00Z");
}

TEST(InstantTest, RoundTripsAndSortsAsText) {
  const uint32_t seed = 20250904;
  std::mt19937_64 random(seed);
  for (int i = 0; i < 20'000; ++i) {
    // Half of them on whole seconds.
    int64_t micros = static_cast<int64_t>(random() % static_cast<uint64_t>(Instant::Max().micros));
    if (i % 2 == 0) micros -= micros % kMicrosPerSecond;
    const Instant instant{micros};
    const absl::StatusOr<Instant> back = Instant::Parse(instant.ToString());
    ASSERT_TRUE(back.ok()) << "seed " << seed << ": " << back.status();
    ASSERT_EQ(*back, instant) << "seed " << seed << ": " << instant.ToString();
    ASSERT_EQ(instant.ToString().substr(0, 10), Date(static_cast<int32_t>(micros / kMicrosPerDay)).ToString());
  }
}

TEST(ClockTest, ASimulatedClockStandsUntilItIsMoved) {
  SimulatedClock clock(Instant{kFourPm});
  EXPECT_EQ(clock.Now(), Instant{kFourPm});
  clock.Set(Instant{kFourPm});
  clock.Set(Instant{kFourPm + 1});
  EXPECT_EQ(clock.Now(), Instant{kFourPm + 1});
}

TEST(ClockDeathTest, ASimulatedClockNeverGoesBack) {
  SimulatedClock clock(Instant{kFourPm});
  EXPECT_DEATH(clock.Set(Instant{kFourPm - 1}), "broken invariant");
}

TEST(ClockTest, TheMachinesClocksRun) {
  EXPECT_GT(SystemClock().Now(), Instant::FromSeconds(1'700'000'000));
  const int64_t before = MonotonicMicros();
  EXPECT_LE(before, MonotonicMicros());
}

}  // namespace
}  // namespace leadlag
