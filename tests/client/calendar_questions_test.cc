#include "client/cli/calendar_questions.h"

#include <sstream>

#include "core/problem.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace leadlag::cli {
namespace {

using testing::HasSubstr;

v1::Calendar September() {
  v1::Calendar calendar;
  calendar.set_id("main");
  v1::SchoolYear* year = calendar.add_years();
  year->set_id("2025-26");
  v1::Term* term = year->add_terms();
  term->set_first_day("2025-09-01");
  term->set_last_day("2025-10-03");
  v1::CalendarException* labor = calendar.add_exceptions();
  labor->set_date("2025-09-22");
  labor->set_last_date("2025-09-30");
  labor->set_kind(v1::CALENDAR_EXCEPTION_KIND_BREAK);
  labor->set_label("Recess");
  return calendar;
}

TEST(CalendarQuestions, CountsAndGrid) {
  const auto calendar = CompileCalendar(September());
  ASSERT_TRUE(calendar.ok()) << calendar.status();
  const SchoolYear& year = calendar->years()[0];
  EXPECT_EQ(year.bounds, (DateRange{Date::FromYmd(2025, 7, 1), Date::FromYmd(2026, 7, 1)}));
  EXPECT_EQ(InstructionalDays(*calendar, year.bounds), 18);
  std::ostringstream months;
  MonthTable(*calendar, year).PrintCsv(months);
  EXPECT_EQ(months.str(), "month,instructional_days\r\n2025-09,15\r\n2025-10,3\r\n2025-26,18\r\n");
  std::ostringstream closures;
  ClosureTable(*calendar, year, SchoolWeek(September())).PrintCsv(closures);
  EXPECT_EQ(closures.str(), "date,last_date,weekdays,label\r\n2025-09-22,2025-09-30,7,Recess\r\n");
  EXPECT_EQ(MonthGrid(*calendar, Date::FromYmd(2025, 9, 10), SchoolWeek(September())),
            "September 2025, 15 instructional days\n"
            "Mo Tu We Th Fr Sa Su\n"
            " 1  2  3  4  5  .  .\n"
            " 8  9 10 11 12  .  .\n"
            "15 16 17 18 19  .  .\n"
            "-- -- -- -- --  .  .\n"
            "-- --\n");
}

TEST(CalendarQuestions, WeekdaysMayDiffer) {
  v1::Calendar calendar = September();
  calendar.add_weekdays(v1::WEEKDAY_SATURDAY);
  calendar.mutable_years(0)->mutable_terms(0)->set_last_day("2025-10-04");
  const auto compiled = CompileCalendar(calendar);
  ASSERT_TRUE(compiled.ok());
  EXPECT_TRUE(compiled->IsInstructional(Date::FromYmd(2025, 9, 6)));
  EXPECT_FALSE(compiled->IsInstructional(Date::FromYmd(2025, 9, 5)));
  // Saturdays alone: of the recess, one is closed; what it closes of a week without instruction is no closure.
  std::ostringstream closures;
  ClosureTable(*compiled, compiled->years()[0], SchoolWeek(calendar)).PrintCsv(closures);
  EXPECT_EQ(closures.str(), "date,last_date,weekdays,label\r\n2025-09-27,2025-09-27,1,Recess\r\n");
  EXPECT_THAT(MonthGrid(*compiled, Date::FromYmd(2025, 9, 10), SchoolWeek(calendar)), HasSubstr("\n .  .  .  .  . --  .\n"));
}

TEST(CalendarQuestions, ABadDateIsNamedByField) {
  v1::Calendar calendar = September();
  calendar.mutable_years(0)->mutable_terms(0)->set_last_day("2025-13-01");
  const auto problems = ProblemsOf(CompileCalendar(calendar).status());
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_EQ(problems[0].field, "years[0].terms[0].last_day");
}

}  // namespace
}  // namespace leadlag::cli
