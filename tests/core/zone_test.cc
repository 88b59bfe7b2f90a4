#include "core/zone.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace leadlag {
namespace {

Instant At(const char* text) { return Instant::Parse(text).value(); }
Date Day(const char* text) { return Date::Parse(text).value(); }
MinuteOfDay Time(const char* text) { return MinuteOfDay::Parse(text).value(); }

constexpr int32_t kEst = -18'000;
constexpr int32_t kEdt = -14'400;

ZoneRules NewYork() {
  return {"America/New_York",
          {{At("2024-11-03T06:00:00Z"), kEst}, {At("2025-03-09T07:00:00Z"), kEdt}, {At("2025-11-02T06:00:00Z"), kEst}}};
}

// Crossed the date line: 2011-12-30 never was.
ZoneRules Apia() {
  return {"Pacific/Apia", {{At("2011-09-24T14:00:00Z"), -36'000}, {At("2011-12-30T10:00:00Z"), 50'400}}};
}

// A clock put back over midnight: 2025-11-01 begins twice.
ZoneRules BackOverMidnight() {
  return {"Test/Back", {{At("2025-01-01T00:00:00Z"), -14'400}, {At("2025-11-01T04:30:00Z"), -18'000}}};
}

ZoneRules Kathmandu() { return {"Asia/Kathmandu", {{At("1986-01-01T00:00:00Z"), 20'700}}}; }

TEST(MinuteOfDayTest, RoundTripsEveryMinute) {
  for (int32_t minutes = 0; minutes < 1440; ++minutes) {
    const MinuteOfDay time{minutes};
    EXPECT_EQ(MinuteOfDay::Parse(time.ToString()).value(), time);
  }
  EXPECT_EQ(Time("07:00").minutes, 420);
  EXPECT_EQ(MinuteOfDay{1439}.ToString(), "23:59");
}

TEST(MinuteOfDayTest, ParseRefusesEverythingElse) {
  for (const char* text :
       {"", "7:00", "07:0", "07:000", "24:00", "07:60", "0700", "07.00", "07:00 ", "-1:00", "ab:cd"}) {
    EXPECT_EQ(MinuteOfDay::Parse(text).status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
}

TEST(ZoneRulesTest, LocalDateTurnsAtLocalMidnight) {
  const ZoneRules zone = NewYork();
  EXPECT_EQ(zone.LocalDate(At("2025-09-04T03:59:59.999999Z")), Day("2025-09-03"));
  EXPECT_EQ(zone.LocalDate(At("2025-09-04T04:00:00Z")), Day("2025-09-04"));
  EXPECT_EQ(zone.LocalDate(At("2025-12-04T04:59:59Z")), Day("2025-12-03"));
  EXPECT_EQ(zone.LocalDate(At("2025-12-04T05:00:00Z")), Day("2025-12-04"));
  EXPECT_EQ(Kathmandu().LocalDate(At("2025-09-04T18:14:59Z")), Day("2025-09-04"));
  EXPECT_EQ(Kathmandu().LocalDate(At("2025-09-04T18:15:00Z")), Day("2025-09-05"));
}

TEST(ZoneRulesTest, TheFirstOffsetHoldsBeforeItToo) {
  EXPECT_EQ(NewYork().LocalDate(Instant{0}), Date(-1));  // floored, not cut towards 1970
  EXPECT_EQ(NewYork().LocalDate(At("1970-01-01T05:00:00Z")), Date(0));
  EXPECT_EQ(NewYork().At(Day("1971-07-01"), Time("07:00")), At("1971-07-01T12:00:00Z"));
}

TEST(ZoneRulesTest, AtReadsTheWallClock) {
  const ZoneRules zone = NewYork();
  EXPECT_EQ(zone.At(Day("2025-03-08"), Time("07:00")), At("2025-03-08T12:00:00Z"));
  EXPECT_EQ(zone.At(Day("2025-03-10"), Time("07:00")), At("2025-03-10T11:00:00Z"));
  EXPECT_EQ(zone.At(Day("2025-11-01"), Time("07:00")), At("2025-11-01T11:00:00Z"));
  EXPECT_EQ(zone.At(Day("2025-11-03"), Time("07:00")), At("2025-11-03T12:00:00Z"));
  EXPECT_EQ(zone.StartOf(Day("2025-09-04")), At("2025-09-04T04:00:00Z"));
}

TEST(ZoneRulesTest, InAGapTheFirstInstantAfterIt) {
  const ZoneRules zone = NewYork();
  const Date spring = Day("2025-03-09");
  EXPECT_EQ(zone.At(spring, Time("01:59")), At("2025-03-09T06:59:00Z"));
  EXPECT_EQ(zone.At(spring, Time("02:00")), At("2025-03-09T07:00:00Z"));
  EXPECT_EQ(zone.At(spring, Time("02:30")), At("2025-03-09T07:00:00Z"));
  EXPECT_EQ(zone.At(spring, Time("03:00")), At("2025-03-09T07:00:00Z"));
  EXPECT_EQ(zone.At(spring, Time("03:01")), At("2025-03-09T07:01:00Z"));
}

TEST(ZoneRulesTest, WhereTheTimeOccursTwiceTheFirst) {
  const ZoneRules zone = NewYork();
  const Date autumn = Day("2025-11-02");
  EXPECT_EQ(zone.At(autumn, Time("00:59")), At("2025-11-02T04:59:00Z"));
  EXPECT_EQ(zone.At(autumn, Time("01:00")), At("2025-11-02T05:00:00Z"));
  EXPECT_EQ(zone.At(autumn, Time("01:59")), At("2025-11-02T05:59:00Z"));
  EXPECT_EQ(zone.At(autumn, Time("02:00")), At("2025-11-02T07:00:00Z"));
}

TEST(ZoneRulesTest, ADateThatNeverWasBeginsAtTheNextOne) {
  const ZoneRules zone = Apia();
  EXPECT_EQ(zone.StartOf(Day("2011-12-29")), At("2011-12-29T10:00:00Z"));
  EXPECT_EQ(zone.StartOf(Day("2011-12-30")), At("2011-12-30T10:00:00Z"));
  EXPECT_EQ(zone.StartOf(Day("2011-12-31")), At("2011-12-30T10:00:00Z"));
  EXPECT_EQ(zone.LocalDate(At("2011-12-30T09:59:59Z")), Day("2011-12-29"));
  EXPECT_EQ(zone.LocalDate(At("2011-12-30T10:00:00Z")), Day("2011-12-31"));
}

TEST(ZoneRulesTest, ADateThatBeginsTwiceBeginsTheFirstTime) {
  EXPECT_EQ(BackOverMidnight().StartOf(Day("2025-11-01")), At("2025-11-01T04:00:00Z"));
}

// Every quarter of an hour around the transitions, against a search through all the minutes.
TEST(ZoneRulesTest, AtIsTheFirstInstantThatShowsTheTimeOrALaterOne) {
  struct Case {
    ZoneRules zone;
    const char* from;
    int days;
  };
  const std::vector<Case> cases = {{NewYork(), "2025-03-08", 3},          {NewYork(), "2025-11-01", 3},
                                   {NewYork(), "2024-11-02", 3},          {Apia(), "2011-12-28", 5},
                                   {BackOverMidnight(), "2025-10-30", 4}, {Kathmandu(), "2025-09-01", 2}};
  for (const Case& c : cases) {
    const auto wall_clock = [&c](Instant t) {
      const ZoneRules::Offset* offset = &c.zone.offsets.front();
      for (const ZoneRules::Offset& next : c.zone.offsets) {
        if (next.from <= t) offset = &next;
      }
      return t.micros + offset->seconds_east * kMicrosPerSecond;
    };
    const Date first = Day(c.from);
    Instant search{first.days() * kMicrosPerDay - 2 * kMicrosPerDay};  // later times are never shown first earlier
    for (int minute = 0; minute < c.days * 1440; minute += 15) {
      const int64_t wanted = first.days() * kMicrosPerDay + minute * kMicrosPerMinute;
      while (wall_clock(search) < wanted) search.micros += kMicrosPerMinute;
      ASSERT_EQ(c.zone.At(first + minute / 1440, MinuteOfDay{minute % 1440}), search)
          << c.zone.name << " " << c.from << " + " << minute << " minutes";
    }
  }
}

}  // namespace
}  // namespace leadlag
