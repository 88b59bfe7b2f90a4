#include "client/cli/ics_calendar.h"

#include <filesystem>
#include <fstream>

#include "client/cli/calendar_questions.h"
#include "client/cli/catalog_file.h"
#include "core/problem.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/client/fake_server.h"
#include "tests/support/shared_data.h"

namespace leadlag::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Meaning = IcsRule::Meaning;

IcsRule Closed(const std::string& category) {
  return {.category = category, .meaning = Meaning::kException, .kind = v1::CALENDAR_EXCEPTION_KIND_HOLIDAY};
}

std::vector<IcsRule> Rules() {
  return {Closed("holiday"),
          {.category = "first", .meaning = Meaning::kFirstDay},
          {.category = "last", .meaning = Meaning::kLastDay},
          {.category = "concert", .meaning = Meaning::kIgnore}};
}

std::string Event(const std::string& start, const std::string& rest, const std::string& category) {
  return "BEGIN:VEVENT\r\nUID:u\r\nSUMMARY:" + category + " event\r\nDTSTART" + start + "\r\n" + rest +
         (category.empty() ? "" : "CATEGORIES:" + category + "\r\n") + "END:VEVENT\r\n";
}

std::string File(const std::string& events) {
  return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:test\r\n" + Event(";VALUE=DATE:20250904", "", "first") +
         Event(";VALUE=DATE:20260618", "", "last") + events + "END:VCALENDAR\r\n";
}

absl::StatusOr<IcsCalendar> Read(const std::string& text, std::vector<IcsRule> rules = Rules(),
                                 IcsSchoolYear year = {.id = "2025-26"}) {
  return ReadIcsCalendar(text, "c.ics", rules, year);
}

std::string FirstProblem(const absl::Status& status) {
  const std::vector<Problem> problems = ProblemsOf(status);
  return problems.empty() ? std::string(status.message()) : problems[0].field + ": " + problems[0].reason;
}

TEST(IcsCalendar, YearFromFirstToLastDay) {
  const auto read = Read(File(""));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->year.id(), "2025-26");
  EXPECT_EQ(read->year.start_date(), "2025-07-01");
  EXPECT_EQ(read->year.end_date(), "2026-07-01");
  EXPECT_EQ(read->year.terms(0).first_day(), "2025-09-04");
  EXPECT_EQ(read->year.terms(0).last_day(), "2026-06-18");
  EXPECT_EQ(read->year_line, 4);
}

TEST(IcsCalendar, EndsAreExclusiveAndDurationsCount) {
  const auto read = Read(File(Event(";VALUE=DATE:20251127", "DTEND;VALUE=DATE:20251129\r\n", "holiday") +
                              Event(";VALUE=DATE:20251010", "", "holiday") +
                              Event(";VALUE=DATE:20251224", "DURATION:P3D\r\n", "holiday") +
                              Event(":20260302T080000", "DTEND:20260303T000000\r\n", "holiday") +
                              Event(":20260309T080000", "DTEND:20260310T120000\r\n", "holiday")));
  ASSERT_TRUE(read.ok()) << read.status();
  std::vector<std::string> spans;
  for (const auto& exception : read->exceptions) spans.push_back(exception.date() + " " + exception.last_date());
  EXPECT_THAT(spans, ElementsAre("2025-10-10 ", "2025-11-27 2025-11-28", "2025-12-24 2025-12-26", "2026-03-02 ",
                                 "2026-03-09 2026-03-10"));
}

TEST(IcsCalendar, FoldedLinesSeveralCategoriesAndEscapes) {
  const auto read = Read(File(
      "BEGIN:VEVENT\r\nUID:u\r\nSUMMARY:A long na\r\n me\\, folded\r\n\t here\r\nDTSTART;VALUE=DATE:20260\r\n 101\r\n"
      "CATEGORIES:holiday,concert\r\nEND:VEVENT\r\n"));
  ASSERT_TRUE(read.ok()) << read.status();
  ASSERT_EQ(read->exceptions.size(), 1u);
  EXPECT_EQ(read->exceptions[0].label(), "A long name, folded here");
  EXPECT_EQ(read->exceptions[0].date(), "2026-01-01");
}

TEST(IcsCalendar, ACategoryThatNoRuleNamesIsAnError) {
  const auto read = Read(File(Event(";VALUE=DATE:20251010", "", "break") + Event(";VALUE=DATE:20251011", "", "break") +
                              Event(";VALUE=DATE:20251012", "", "")));
  const std::vector<Problem> problems = ProblemsOf(read.status());
  ASSERT_EQ(problems.size(), 2u) << read.status();
  EXPECT_EQ(problems[0].field, "c.ics:28");
  EXPECT_THAT(problems[0].reason, HasSubstr("1 event of no category"));
  EXPECT_EQ(problems[1].field, "c.ics:16");
  EXPECT_THAT(problems[1].reason, HasSubstr("2 events of category \"break\""));
  EXPECT_THAT(problems[1].reason, HasSubstr("{category: \"break\", kind: HOLIDAY}"));
}

TEST(IcsCalendar, ARuleMayLookAtTheSummary) {
  std::vector<IcsRule> rules = Rules();
  IcsRule late{.category = "school",
               .summary = "SCHOOL",
               .meaning = Meaning::kException,
               .kind = v1::CALENDAR_EXCEPTION_KIND_LATE_ARRIVAL};
  rules.push_back(late);
  const auto read = Read(File(Event(";VALUE=DATE:20251010", "", "school")), rules);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->exceptions[0].kind(), v1::CALENDAR_EXCEPTION_KIND_LATE_ARRIVAL);
  rules.back().summary = "other";
  EXPECT_FALSE(Read(File(Event(";VALUE=DATE:20251010", "", "school")), rules).ok());
}

TEST(IcsCalendar, WhatWouldBeAGuessIsRefusedWhereItMatters) {
  EXPECT_THAT(FirstProblem(Read(File(Event(";VALUE=DATE:20251010", "RRULE:FREQ=WEEKLY\r\n", "holiday"))).status()),
              HasSubstr("c.ics:16: \"holiday event\": the event recurs"));
  EXPECT_THAT(FirstProblem(Read(File(Event(":20251010T120000Z", "", "holiday"))).status()), HasSubstr("UTC"));
  EXPECT_TRUE(Read(File(Event(":20251010T230000Z", "RRULE:FREQ=WEEKLY\r\n", "concert"))).ok());
  const auto cancelled = Read(File(Event(";VALUE=DATE:20251010", "STATUS:CANCELLED\r\n", "holiday")));
  ASSERT_TRUE(cancelled.ok());
  EXPECT_TRUE(cancelled->exceptions.empty());
  EXPECT_EQ(cancelled->cancelled_count, 1);
}

// libical takes any digits for a date.
TEST(IcsCalendar, ADateThatDoesNotExistIsRefusedWithItsLine) {
  const auto problem = [](const std::string& start, const std::string& rest) {
    return FirstProblem(Read(File(Event(start, rest, "holiday"))).status());
  };
  EXPECT_THAT(problem(";VALUE=DATE:20250230", ""), HasSubstr("c.ics:16: \"holiday event\": DTSTART: \"2025-02-30\""));
  EXPECT_THAT(problem(";VALUE=DATE:20251127", "DTEND;VALUE=DATE:20251399\r\n"),
              HasSubstr("c.ics:16: \"holiday event\": DTEND: \"2025-13-99\""));
  EXPECT_THAT(problem(";VALUE=DATE:20250230", "DURATION:P3D\r\n"), HasSubstr("DTSTART: \"2025-02-30\""));
  EXPECT_THAT(problem(";VALUE=DATE:00010101", ""), HasSubstr("c.ics:16"));
  EXPECT_THAT(problem(":20251127T080000", "DTEND:20251127T250000\r\n"), HasSubstr("25:00:00 is not a time of day"));
  EXPECT_TRUE(Read(File(Event(";VALUE=DATE:20250230", "", "concert"))).ok());
}

TEST(IcsCalendar, ALineThatCannotBeReadIsRefusedWhereItMatters) {
  for (const char* line : {"DTEND;VALUE=DATE:29.11.2025", "DTEND:", "DTEND 20251129", "DTENDE:20251129",
                           "DTEND;VALUE=DATUM:20251129", "DURATION:3 days", "RRULE:weekly", "RDATE:soon"}) {
    const std::string rest = std::string(line) + "\r\n";
    EXPECT_THAT(FirstProblem(Read(File(Event(";VALUE=DATE:20251127", rest, "holiday"))).status()),
                HasSubstr("c.ics:16: \"holiday event\": a line of the event cannot be read: "))
        << line;
    EXPECT_TRUE(Read(File(Event(";VALUE=DATE:20251127", rest, "concert"))).ok()) << line;
  }
  for (const char* line : {"LOCATION:", "DESCRIPTION:", "URL:", "GEO:"}) {
    const std::string rest = std::string(line) + "\r\n";
    EXPECT_TRUE(Read(File(Event(";VALUE=DATE:20251127", rest, "holiday"))).ok()) << line;
  }
}

TEST(IcsCalendar, ExactlyOneFirstAndLastDay) {
  const std::string second = Event(";VALUE=DATE:20260903", "", "first") + Event(";VALUE=DATE:20270618", "", "last");
  EXPECT_THAT(FirstProblem(Read(File(second)).status()), HasSubstr("a second first day"));
  const IcsSchoolYear bounded{.id = "2026-27", .start = Date::FromYmd(2026, 7, 1), .end = Date::FromYmd(2027, 7, 1)};
  const auto read = Read(File(second), Rules(), bounded);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->year.terms(0).first_day(), "2026-09-03");
  EXPECT_EQ(read->outside_count, 2);
  EXPECT_THAT(FirstProblem(Read("BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n").status()),
              HasSubstr("no event is the first day"));
  EXPECT_THAT(FirstProblem(Read("hello").status()), HasSubstr("not an iCalendar file"));
  EXPECT_FALSE(Read("").ok());
}

constexpr char kLivingston[] = R"(district: livingston
time_zone: America/New_York
default_calendar: main
calendars:
  - id: main
    ics:
      file: FILE
      school_year: {id: 2025-26}
      rules:
        - {category: holiday, kind: HOLIDAY}
        - {category: break, kind: BREAK}
        - {category: no-school, kind: TEACHER_ONLY_DAY}
        - {category: early-dismissal, kind: EARLY_DISMISSAL}
        - {category: school, summary: Delayed, kind: LATE_ARRIVAL}
        - {category: school, kind: MAKE_UP_DAY}
        - {category: first-day, first_day: true}
        - {category: last-day, last_day: true}
)";

std::string LivingstonYaml(const std::string& ics) {
  std::string yaml = kLivingston;
  return yaml.replace(yaml.find("FILE"), 4, ics);
}

// A real district's calendar before and after a snow day was made up.
TEST(IcsCalendar, Livingston) {
  const std::string directory = SharedDataDirectory();
  if (directory.empty()) GTEST_SKIP() << kNoSharedData;
  for (const auto& [revision, days] : {std::pair("41afc4e", 182), std::pair("8032123", 183)}) {
    const std::string ics = directory + "/calendars/livingston_nj_2025-2026_rev_" + revision + ".ics";
    const auto file = CatalogFile::Parse(LivingstonYaml(std::filesystem::absolute(ics).string()), "livingston.yaml");
    ASSERT_TRUE(file.ok()) << file.status();
    const auto calendar = CompileCalendar(file->catalog().calendars(0));
    ASSERT_TRUE(calendar.ok()) << calendar.status();
    ASSERT_EQ(calendar->years().size(), 1u);
    EXPECT_EQ(InstructionalDays(*calendar, calendar->years()[0].bounds), days) << revision;
    EXPECT_EQ(calendar->years()[0].first_day->ToString(), "2025-08-27");
    EXPECT_EQ(calendar->years()[0].last_day->ToString(), "2026-06-18");
    EXPECT_EQ(calendar->ClosureLabel(Date::FromYmd(2025, 9, 1)), "Labor Day - District Closed");
    EXPECT_EQ(calendar->IsInstructional(Date::FromYmd(2026, 3, 30)), days == 183);
    EXPECT_THAT(file->PlaceOf("calendars[0].years[0].terms[0].first_day"), HasSubstr(".ics:"));
    EXPECT_THAT(file->PlaceOf("calendars[0].exceptions[3].date"), HasSubstr(".ics:"));
  }
}

}  // namespace
}  // namespace leadlag::cli
