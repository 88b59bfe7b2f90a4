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

Instant At(const std::string& when) { return Instant::Parse(when).value(); }

TEST(DeafDatesTest, AreThoseOnWhichItWasDownForAnHour) {
  const ZoneRules utc{"Etc/UTC", {{Instant::Min(), 0}}};
  const auto dates = [&](const char* down, const char* up) {
    std::string text;
    for (const Date date : DeafDates(utc, At(down), At(up), 10)) text += date.ToString().substr(5) + " ";
    return text;
  };
  EXPECT_EQ(dates("2025-09-10T10:00:00Z", "2025-09-10T10:59:59Z"), "");
  EXPECT_EQ(dates("2025-09-10T10:00:00Z", "2025-09-10T11:00:00Z"), "09-10 ");
  EXPECT_EQ(dates("2025-09-10T23:58:00Z", "2025-09-11T00:02:00Z"), "");
  EXPECT_EQ(dates("2025-09-10T22:30:00Z", "2025-09-11T01:00:00Z"), "09-10 09-11 ");
  EXPECT_EQ(dates("2025-09-10T08:00:00Z", "2025-09-12T00:00:00Z"), "09-10 09-11 ");
  EXPECT_EQ(dates("2015-09-10T08:00:00Z", "2025-09-12T00:30:00Z"),
            "09-02 09-03 09-04 09-05 09-06 09-07 09-08 09-09 09-10 09-11 ");
}

TEST(SilenceDueTest, CountsDaysOnWhichTheServiceRan) {
  struct Case {
    const char* what;
    int every_days;
    const char* heard;  // "": never
    std::vector<const char*> deaf;
    const char* due;
  };
  const std::vector<Case> cases = {
      {"never heard: from the year's start on", 3, "", {}, "2025-09-10"},
      {"heard in August: likewise", 3, "2025-08-20", {}, "2025-09-10"},
      {"heard on a Wednesday", 3, "2025-09-10", {}, "2025-09-15"},
      {"heard on a Saturday: like the Friday", 1, "2025-09-13", {}, "2025-09-15"},
      {"a holiday is no day", 2, "2025-11-25", {}, "2025-12-01"},
      {"deaf on one of them: one day more", 3, "2025-09-10", {"2025-09-11"}, "2025-09-16"},
      {"deaf on the day on which it is due", 3, "2025-09-10", {"2025-09-15"}, "2025-09-16"},
      {"and on the next, too", 3, "2025-09-10", {"2025-09-15", "2025-09-16"}, "2025-09-17"},
      {"deaf over a weekend", 3, "2025-09-10", {"2025-09-13", "2025-09-14"}, "2025-09-15"},
      {"deaf on a holiday", 2, "2025-11-25", {"2025-11-27"}, "2025-12-01"},
      {"deaf after it was due already: nothing changes", 3, "2025-09-10", {"2025-09-16", "2025-09-17"}, "2025-09-15"},
      {"deaf on the day on which it was heard", 3, "2025-09-10", {"2025-09-10"}, "2025-09-15"},
      {"deaf before the start, and on the first day", 3, "", {"2025-08-01", "2025-09-08"}, "2025-09-11"},
      {"past the year's last day never", 3, "2026-06-10", {}, "none"},
      {"on it just so", 2, "2026-06-10", {}, "2026-06-12"},
  };
  for (const Case& c : cases) {
    const std::optional<Date> heard = *c.heard ? std::optional(D(c.heard)) : std::nullopt;
    std::vector<Date> deaf;
    for (const char* const date : c.deaf) deaf.push_back(D(date));
    const std::optional<Date> due = SilenceDue(Year(), c.every_days, heard, deaf);
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
