#include "core/date.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace leadlag {
namespace {

bool IsLeap(int year) { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; }

int DaysInMonth(int year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return kDays[month - 1] + (month == 2 && IsLeap(year) ? 1 : 0);
}

std::string TwoDigits(int n) { return {static_cast<char>('0' + n / 10), static_cast<char>('0' + n % 10)}; }

TEST(DateTest, EveryAcceptedDateRoundTripsAgainstCountingDayByDay) {
  int32_t days = 0;
  int weekday = static_cast<int>(Weekday::kThursday);  // 1970-01-01
  for (int year = 1970; year < 2100; ++year) {
    for (int month = 1; month <= 12; ++month) {
      const Date first_of_month(days);
      for (int day = 1; day <= DaysInMonth(year, month); ++day, ++days, weekday = (weekday + 1) % 7) {
        const Date date = Date::FromYmd(year, month, day);
        const std::string text = std::to_string(year) + "-" + TwoDigits(month) + "-" + TwoDigits(day);
        ASSERT_EQ(date.days(), days) << text;
        ASSERT_EQ(date.ToString(), text);
        ASSERT_EQ(Date::Parse(text).value(), date);
        ASSERT_EQ(date.year(), year);
        ASSERT_EQ(date.month(), month);
        ASSERT_EQ(date.day(), day);
        ASSERT_EQ(static_cast<int>(date.weekday()), weekday) << text;
        ASSERT_EQ(date.StartOfIsoWeek(), date - weekday) << text;
        ASSERT_EQ(date.StartOfMonth(), first_of_month) << text;
        ASSERT_EQ(date.StartOfNextMonth(), first_of_month + DaysInMonth(year, month)) << text;
      }
    }
  }
  EXPECT_EQ(Date(days), Date::Max());
}

TEST(DateTest, ParseRefusesWhatIsNotExactlyADate) {
  const std::vector<std::string> refused = {"",
                                            "2025",
                                            "2025-9-4",
                                            "2025-09-4",
                                            "25-09-04",
                                            "2025/09/04",
                                            "20250904",
                                            "2025-09-04 ",
                                            " 2025-09-04",
                                            "2025-09-04T",
                                            "+025-09-04",
                                            "2025-0x-04",
                                            "2025-09--4",
                                            "２０２５-09-04",
                                            "2025-00-10",
                                            "2025-13-01",
                                            "2025-01-00",
                                            "2025-01-32",
                                            "2025-04-31",
                                            "2025-02-29",
                                            "2100-02-29",
                                            "0000-00-00",
                                            "1969-12-31",
                                            "2100-01-01",
                                            "9999-12-31",
                                            std::string("2025-09-04\0", 11)};
  for (const std::string& text : refused) {
    const absl::StatusOr<Date> date = Date::Parse(text);
    EXPECT_EQ(date.status().code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_NE(date.status().message().find("; give "), std::string::npos) << date.status();
  }
  EXPECT_EQ(Date::Parse("2025-13-01").status().message(),
            "\"2025-13-01\" does not exist; give a real date as YYYY-MM-DD");
}

TEST(DateTest, LeapDays) {
  EXPECT_EQ(Date::Parse("2024-02-29").value() + 1, Date::FromYmd(2024, 3, 1));
  EXPECT_EQ(Date::Parse("2000-02-29").value() - Date::FromYmd(2000, 2, 1), 28);
  EXPECT_EQ(Date::FromYmd(2025, 2, 28) + 1, Date::FromYmd(2025, 3, 1));
}

TEST(DateTest, IsoWeekRunsOverNewYear) {
  // ISO 8601: 2024-12-30 is the Monday of week 1 of 2025; 2027-01-03 is the Sunday of week 53 of 2026.
  EXPECT_EQ(Date::FromYmd(2025, 1, 1).StartOfIsoWeek(), Date::FromYmd(2024, 12, 30));
  EXPECT_EQ(Date::FromYmd(2024, 12, 30).StartOfIsoWeek(), Date::FromYmd(2024, 12, 30));
  EXPECT_EQ(Date::FromYmd(2024, 12, 29).StartOfIsoWeek(), Date::FromYmd(2024, 12, 23));
  EXPECT_EQ(Date::FromYmd(2027, 1, 3).StartOfIsoWeek(), Date::FromYmd(2026, 12, 28));
  EXPECT_EQ(Date::FromYmd(2025, 12, 31).StartOfNextMonth(), Date::FromYmd(2026, 1, 1));
}

TEST(DateTest, BeforeTheEpochTheArithmeticHolds) {
  const Date date = Date::FromYmd(1969, 12, 28);
  EXPECT_EQ(date.days(), -4);
  EXPECT_EQ(date.weekday(), Weekday::kSunday);
  EXPECT_EQ(date.StartOfIsoWeek(), Date::FromYmd(1969, 12, 22));
  EXPECT_EQ(date.ToString(), "1969-12-28");
}

TEST(DateDeathTest, FromYmdAbortsOnADateThatDoesNotExist) {
  EXPECT_DEATH(Date::FromYmd(2025, 2, 29), "broken invariant");
}

}  // namespace
}  // namespace leadlag
