// When a source is silent, and when several are at once. Mondays to Fridays from Mon 2025-09-08 to Fri 2026-06-12 are instructional, but
// for Thu 2025-11-27 and Fri 28.
#include "core/source_silence.h"

#include <string>

#include "core/calendar.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/random_seed.h"

namespace leadlag {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Date D(const std::string& text) { return Date::Parse(text).value(); }

RuleSpan Year() {
  static const Calendar& calendar = *new Calendar(
      Calendar::Compile({.id = "main",
                         .years = {{"2025-26", {D("2025-07-01"), D("2026-07-01")}, {{D("2025-09-08"), D("2026-06-12")}}}},
                         .exceptions = {{D("2025-11-27"), D("2025-11-28"), ExceptionKind::kHoliday, "Thanksgiving"}}})
          .value());
  return {&calendar, D("2025-09-07"), {D("2025-09-08"), D("2026-06-13")}, {D("2025-07-01"), D("2026-07-01")}};
}

TEST(SilenceDueTest, CountsDaysOnWhichTheServiceRan) {
  struct Case {
    const char* what;
    int every_days;
    const char* heard;  // "": never
    std::vector<DeafDates> deaf;
    const char* due;
  };
  const std::vector<Case> cases = {
      {"never heard: from the year's start on", 3, "", {}, "2025-09-10"},
      {"heard in August: likewise", 3, "2025-08-20", {}, "2025-09-10"},
      {"heard on a Wednesday", 3, "2025-09-10", {}, "2025-09-15"},
      {"heard on a Saturday: like the Friday", 1, "2025-09-13", {}, "2025-09-15"},
      {"a holiday is no day", 2, "2025-11-25", {}, "2025-12-01"},
      {"down overnight: one day", 3, "2025-09-10", {{D("2025-09-10"), D("2025-09-11")}}, "2025-09-16"},
      {"down over a weekend: none but the Monday", 3, "2025-09-10", {{D("2025-09-12"), D("2025-09-15")}}, "2025-09-16"},
      {"down after it was due already: nothing changes", 3, "2025-09-10", {{D("2025-09-16"), D("2025-09-18")}}, "2025-09-15"},
      {"down from the day on which it is due", 3, "2025-09-10", {{D("2025-09-15"), D("2025-09-18")}}, "2025-09-15"},
      {"down when it would have been due", 3, "2025-09-10", {{D("2025-09-12"), D("2025-09-22")}}, "2025-09-23"},
      {"down before it was heard", 3, "2025-09-10", {{D("2025-09-08"), D("2025-09-10")}}, "2025-09-15"},
      {"down before the start, and over it", 3, "", {{D("2025-08-01"), D("2025-09-08")}}, "2025-09-11"},
      {"twice", 3, "2025-09-10", {{D("2025-09-10"), D("2025-09-11")}, {D("2025-09-15"), D("2025-09-16")}}, "2025-09-17"},
      {"past the year's last day never", 3, "2026-06-10", {}, "none"},
      {"on it just so", 2, "2026-06-10", {}, "2026-06-12"},
  };
  for (const Case& c : cases) {
    const std::optional<Date> heard = *c.heard ? std::optional(D(c.heard)) : std::nullopt;
    const std::optional<Date> due = SilenceDue(Year(), c.every_days, heard, c.deaf);
    EXPECT_EQ(due ? due->ToString() : "none", c.due) << c.what;
  }
}

SourceSilence Silent(int64_t since, int64_t to) { return {Instant{since}, Instant{to}}; }

std::vector<SourceSilence> Common(const std::vector<std::vector<SourceSilence>>& sources) {
  std::vector<std::span<const SourceSilence>> spans(sources.begin(), sources.end());
  return CommonSilences(spans);
}

TEST(CommonSilencesTest, IsWhenAllAreSilent) {
  EXPECT_THAT(Common({}), IsEmpty());
  EXPECT_THAT(Common({{Silent(1, 5), Silent(7, 9)}}), ElementsAre(Silent(1, 5), Silent(7, 9)));
  EXPECT_THAT(Common({{Silent(1, 5)}, {}}), IsEmpty());
  EXPECT_THAT(Common({{Silent(1, 5)}, {Silent(5, 9)}}), IsEmpty());
  EXPECT_THAT(Common({{Silent(1, 9)}, {Silent(2, 3), Silent(4, 20)}}), ElementsAre(Silent(2, 3), Silent(4, 9)));
}

TEST(CommonSilencesTest, AgreesWithLookingAtEveryInstant) {
  for (const uint64_t seed : Seeds(200, 5000)) {
    Random random(seed);
    constexpr int kEnd = 40;
    std::vector<std::vector<SourceSilence>> sources(static_cast<size_t>(random.Between(1, 4)));
    for (std::vector<SourceSilence>& source : sources) {
      for (int t = random.Between(0, 5); t < kEnd;) {
        const int to = t + random.Between(1, 15);
        source.push_back(Silent(t, to));
        t = to + random.Between(1, 6);
      }
    }
    const std::vector<SourceSilence> common = Common(sources);
    for (int t = 0; t < 2 * kEnd; ++t) {
      const auto holds = [t](const std::vector<SourceSilence>& of) {
        return std::any_of(of.begin(), of.end(), [t](const SourceSilence& s) { return s.since.micros <= t && t < s.to.micros; });
      };
      EXPECT_EQ(holds(common), std::all_of(sources.begin(), sources.end(), holds)) << "seed " << seed << ", at " << t;
    }
  }
}

}  // namespace
}  // namespace leadlag
