// The rules of the kinds of alert, a table each. Mondays to Fridays from Mon 2025-09-08 to Fri 2026-06-12 are instructional, but for
// Thu 2025-11-27 and Fri 28; the team, the rule and the calendar are active from 2025-09-08 on unless a case says otherwise.
#include "core/alert_rule.h"

#include <algorithm>
#include <cstdlib>
#include <span>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/support/random_seed.h"

namespace leadlag {
namespace {

Date D(const std::string& text) { return Date::Parse(text).value(); }

const Calendar& School() {
  static const Calendar& calendar = *new Calendar(
      Calendar::Compile({.id = "main",
                         .years = {{"2025-26", {D("2025-07-01"), D("2026-07-01")}, {{D("2025-09-08"), D("2026-06-12")}}}},
                         .exceptions = {{D("2025-11-27"), D("2025-11-28"), ExceptionKind::kHoliday, "Thanksgiving"}}})
          .value());
  return calendar;
}

RuleSpan SpanFrom(const std::string& from) {
  return {&School(), *School().FirstOnOrAfter(D(from)) - 1, {D(from), D("2026-06-13")}, {D("2025-07-01"), D("2026-07-01")}};
}
RuleSpan Year() { return SpanFrom("2025-09-08"); }

std::vector<Date> Dates(const std::vector<std::string>& texts) {
  std::vector<Date> dates;
  for (const std::string& text : texts) dates.push_back(D(text));
  return dates;
}

std::string Text(const std::optional<RuleFinding>& finding) { return finding ? finding->due.ToString() : "none"; }

// ---- LAGGING_ONLY ----

TEST(LaggingOnlyTest, FiresAfterSoManyDaysWithoutALeadingSignal) {
  struct Case {
    const char* what;
    RuleSpan span;
    int days;
    bool lagging;
    const char* last_leading;  // "": none
    const char* due;
  };
  const std::vector<Case> cases = {
      {"no lagging record", Year(), 40, false, "", "none"},
      {"from the start on: 8 September is the first of 40 days", Year(), 40, true, "", "2025-10-31"},
      {"from the last leading signal on", Year(), 5, true, "2025-10-01", "2025-10-08"},
      {"a Saturday's counts like the Friday's", Year(), 5, true, "2025-10-04", "2025-10-10"},
      {"a holiday is no day", Year(), 3, true, "2025-11-25", "2025-12-02"},
      {"a signal before the start moves nothing back", SpanFrom("2025-10-06"), 5, true, "2025-09-08", "2025-10-10"},
      {"a rule that begins on a Saturday counts from the Monday on", SpanFrom("2025-10-04"), 5, true, "", "2025-10-10"},
      {"past the year's last day never", Year(), 5, true, "2026-06-08", "none"},
      {"on it just so", Year(), 4, true, "2026-06-08", "2026-06-12"},
  };
  for (const Case& c : cases) {
    const std::optional<Date> last = *c.last_leading ? std::optional(D(c.last_leading)) : std::nullopt;
    EXPECT_EQ(Text(LaggingOnly(c.span, c.days, c.lagging, last)), c.due) << c.what;
  }
}

// ---- COMPLETION_ONLY ----

TEST(CompletionOnlyTest, FiresAfterSoManyCyclesOfBoxesAlone) {
  constexpr auto kWeek = CycleUnit::kIsoWeek, kMonth = CycleUnit::kMonth;
  struct Case {
    const char* what;
    RuleSpan span;
    CycleUnit unit;
    std::vector<std::string> completions, evidence;
    const char* due;
  };
  const std::vector<Case> cases = {
      {"nothing at all", Year(), kWeek, {}, {}, "none"},
      {"one week", Year(), kWeek, {"2025-09-10"}, {}, "none"},
      {"two weeks", Year(), kWeek, {"2025-09-10", "2025-09-15"}, {}, "2025-09-21"},
      {"a week with neither between them", Year(), kWeek, {"2025-09-10", "2025-09-24"}, {}, "none"},
      {"and a third", Year(), kWeek, {"2025-09-10", "2025-09-24", "2025-10-03"}, {}, "2025-10-05"},
      {"evidence in the second", Year(), kWeek, {"2025-09-10", "2025-09-15"}, {"2025-09-19"}, "none"},
      {"evidence before them", Year(), kWeek, {"2025-09-17", "2025-09-22"}, {"2025-09-10"}, "2025-09-28"},
      {"a quiet week after them ends nothing", Year(), kWeek, {"2025-09-10", "2025-09-15"}, {}, "2025-09-21"},
      {"evidence after them ends it", Year(), kWeek, {"2025-09-10", "2025-09-15"}, {"2025-10-20"}, "none"},
      {"and it may begin again", Year(), kWeek, {"2025-09-10", "2025-09-15", "2025-10-27", "2025-11-03"}, {"2025-10-20"}, "2025-11-09"},
      {"a weekend's box counts in its week", Year(), kWeek, {"2025-09-14", "2025-09-20"}, {}, "2025-09-21"},
      {"the week of Thanksgiving has three days", Year(), kWeek, {"2025-11-24", "2025-12-01"}, {}, "2025-12-07"},
      {"a week of two days is passed over", SpanFrom("2025-09-11"), kWeek, {"2025-09-11", "2025-09-15"}, {}, "none"},
      {"but evidence in it counts", SpanFrom("2025-09-08"), kWeek, {"2026-05-27", "2026-06-03", "2026-06-08"}, {"2026-06-12"}, "none"},
      {"what is before the rule's start is history", SpanFrom("2025-09-22"), kWeek, {"2025-09-10", "2025-09-15", "2025-09-23"}, {}, "none"},
      {"two months", Year(), kMonth, {"2025-09-10", "2025-10-31"}, {}, "2025-10-31"},
      {"two months with evidence in one", Year(), kMonth, {"2025-09-10", "2025-10-31"}, {"2025-09-30"}, "none"},
      {"the last weeks of the year end with it", Year(), kWeek, {"2026-06-03", "2026-06-08"}, {}, "2026-06-12"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(Text(CompletionOnly(c.span, {c.unit, 2}, Dates(c.completions), Dates(c.evidence))), c.due) << c.what;
  }
}

// ---- REVIEW_OVERDUE ----

DayEntry Known(const std::string& event, const std::string& known, const std::string& reviewed = "") {
  return {.event = D(event), .known = D(known), .reviewed = reviewed.empty() ? std::nullopt : std::optional(D(reviewed)),
          .correction = {}, .hours = {}, .recorded = D(known)};
}

TEST(ReviewOverdueTest, FiresAfterSoManyDaysUnreviewedOrAMonthWithoutAReview) {
  DayEntry corrected = Known("2025-09-10", "2025-09-10");
  corrected.correction = {D("2025-09-09"), D("2025-09-22")};
  struct Case {
    const char* what;
    RuleSpan span;
    std::vector<DayEntry> entries;
    const char* last_review;
    const char* due;
  };
  const DayEntry first = Known("2025-09-08", "2025-09-08", "2025-09-09");  // what is dated before it was recorded is history
  const std::vector<Case> cases = {
      {"no record, nothing to review", Year(), {}, "", "none"},
      {"the first month is over without a review", Year(), {first}, "", "2025-09-30"},
      {"a review in it", Year(), {first}, "2025-09-09", "2025-10-31"},
      {"a review after it", Year(), {first}, "2025-10-02", "2025-11-30"},
      {"the record is earlier than the month", Year(), {Known("2025-09-10", "2025-09-10")}, "", "2025-09-24"},
      {"the oldest counts", Year(), {Known("2025-09-12", "2025-09-12"), Known("2025-09-10", "2025-09-10")}, "2025-09-09", "2025-09-24"},
      {"from when it was recorded, not from when it happened", Year(), {first, Known("2025-09-10", "2025-09-12")}, "2025-09-09",
       "2025-09-26"},
      {"or corrected", Year(), {corrected}, "2025-09-09", "2025-10-06"},
      {"a reviewed one is done with", Year(), {Known("2025-09-10", "2025-09-10", "2025-09-15")}, "2025-09-15", "2025-10-31"},
      {"a first import is history", Year(), {Known("2025-09-10", "2025-10-20")}, "2025-10-01", "2025-11-30"},
      {"a month that was over when the first record came, too", Year(), {Known("2025-09-10", "2025-10-20")}, "", "2025-10-31"},
      {"unreviewed since before the rule began: from its start", SpanFrom("2025-10-06"), {Known("2025-09-10", "2025-09-10")}, "",
       "2025-10-17"},
      {"and what happened in August", Year(), {Known("2025-08-20", "2025-08-20")}, "", "2025-09-19"},
      {"another school year's is not asked for", Year(), {first, Known("2025-06-20", "2025-09-10")}, "2025-09-09", "2025-10-31"},
      {"a month of fewer than five days is passed over", SpanFrom("2025-09-25"), {first}, "", "2025-10-31"},
      {"the year's end comes first", Year(), {Known("2026-06-05", "2026-06-05")}, "2026-06-01", "none"},
  };
  for (const Case& c : cases) {
    const std::optional<Date> last = *c.last_review ? std::optional(D(c.last_review)) : std::nullopt;
    EXPECT_EQ(Text(ReviewOverdue(c.span, 10, c.entries, last)), c.due) << c.what;
  }
}

// ---- COLLECTION_SLOW ----

// `count` records of a date, known and recorded on another.
DayEntry Collected(const std::string& event, const std::string& recorded, uint32_t count) {
  DayEntry entry = Known(event, recorded);
  entry.count = count;
  return entry;
}

TEST(CollectionSlowTest, FiresWhereMoreThanAShareOfTheLastRecordsCameLate) {
  const DayEntry first = Collected("2025-09-08", "2025-09-08", 1);  // what is dated before it was recorded is history
  const DayEntry quick = Collected("2025-10-06", "2025-10-07", 6), slow = Collected("2025-10-06", "2025-10-14", 2);
  const DayEntry one_more = Collected("2025-10-06", "2025-10-15", 1), later = Collected("2025-10-15", "2025-10-16", 8);
  const DayEntry next = Collected("2025-10-17", "2025-10-17", 1);
  struct Case {
    const char* what;
    std::vector<DayEntry> entries;
    const char* due;
  };
  const std::vector<Case> cases = {
      {"fewer than eight", {first, slow, one_more}, "none"},
      {"two of eight are not more than a quarter", {first, quick, slow}, "none"},
      {"three of the last eight or nine", {first, quick, slow, one_more}, "2025-10-15"},
      {"it keeps its date while it holds", {first, quick, slow, one_more, Collected("2025-10-15", "2025-10-16", 5)}, "2025-10-15"},
      {"one of the last eight ends it", {first, quick, slow, one_more, Collected("2025-10-15", "2025-10-16", 7), next}, "none"},
      {"eight quick ones end it", {first, quick, slow, one_more, later, next}, "none"},
      {"but not before a later date is recorded: theirs may not be over", {first, quick, slow, one_more, later}, "2025-10-15"},
      {"and it may begin again", {first, quick, slow, one_more, later, Collected("2025-10-15", "2025-10-30", 4)}, "2025-10-30"},
      {"five days are not slow", {first, Collected("2025-10-06", "2025-10-13", 8)}, "none"},
      {"six are", {first, Collected("2025-10-06", "2025-10-14", 8)}, "2025-10-14"},
      {"a first import is history", {Collected("2025-10-06", "2025-10-14", 8)}, "none"},
      {"and so is the rest of it, a day later", {Collected("2025-10-06", "2025-10-14", 1), Collected("2025-10-06", "2025-10-15", 9)},
       "none"},
      {"what comes after it is news", {Collected("2025-10-06", "2025-10-14", 1), Collected("2025-10-14", "2025-10-22", 9)}, "2025-10-22"},
      {"what is dated before the rule does not count", {first, Collected("2025-09-05", "2025-10-14", 8)}, "none"},
  };
  for (const Case& c : cases) EXPECT_EQ(Text(CollectionSlow(Year(), {}, c.entries)), c.due) << c.what;
}

// The order in which the entries are given decides nothing.
TEST(CollectionSlowTest, LooksAtWhatWasRecordedLast) {
  const std::vector<DayEntry> newest_first = {Collected("2025-10-17", "2025-10-17", 1), Collected("2025-10-15", "2025-10-16", 8),
                                              Collected("2025-10-01", "2025-10-14", 50),
                                              Collected("2025-09-08", "2025-09-08", 1)};
  const std::vector<DayEntry> oldest_first(newest_first.rbegin(), newest_first.rend());
  EXPECT_EQ(CollectionSlow(Year(), {}, newest_first), std::nullopt);
  EXPECT_EQ(CollectionSlow(Year(), {}, oldest_first), std::nullopt);
}

// ---- RUN_SIGNAL ----

// A point a week from Mon 2025-09-08 on, each of one record dated on its Tuesday: above 0, below it, on it; '.': none.
SeriesValues Weekly(const std::string& sides) {
  SeriesValues values;
  for (size_t week = 0; week < sides.size(); ++week) {
    if (sides[week] == '.') continue;
    values.Add({D("2025-09-09") + static_cast<int>(7 * week), sides[week] == '+' ? 1.0 : sides[week] == '-' ? -1.0 : 0.0});
  }
  return values;
}

TEST(RunSignalTest, FiresWhereThePointsMakeASignalAndHoldsWhileTheyDo) {
  struct Case {
    const char* what;
    const char* sides;
    const char* due;
    const char* recorded = "2025-09-09";  // first
    RuleSpan span = Year();
  };
  const std::vector<Case> cases = {
      {"nine points are no verdict", "+++++++++", "none"},
      {"ten on one side: due on the Sunday of the tenth week", "++++++++++", "2025-11-16"},
      {"those on the centre do not count, nor weeks without a record", "+++0++.+++++", "2025-11-30"},
      {"it keeps its date while it holds", "+++++++++++++", "2025-11-16"},
      {"a row of seven of eleven", "+++++++-+-+", "2025-11-16"},
      {"a row of seven of twelve is no signal", "-+-+-+++++++", "none"},
      {"now above, now below", "+-+-+-+-+-+-", "none"},
      {"one crossing of ten is too few", "++++++----", "2025-11-16"},
      {"two are not", "++++++---+", "none"},
      {"the last point does not end it", "++++++----+", "2025-11-16"},
      {"one that another one follows does", "++++++----+-", "none"},
      {"and it may begin again", "++++++-----+-+++++++++", "2026-01-04"},
      {"a signal that was there when the first record was recorded is history", "++++++++++", "none", "2025-11-17"},
      {"what came with a point that was not over then is news", "++++++++++", "2025-11-16", "2025-11-16"},
      {"past the year's last day never", "++++++++++", "none", "2025-09-09", [] {
         RuleSpan span = Year();
         span.run.to = D("2025-11-16");
         return span;
       }()},
      {"only in the run, which has nine of them", "++++++++++", "none", "2025-09-09", SpanFrom("2025-09-15")},
  };
  for (const Case& c : cases) {
    const SeriesValues values = Weekly(c.sides);
    const RunSignalTerms terms{.indicator = "walks", .unit = ChartUnit::kWeek, .baseline = 0};
    EXPECT_EQ(Text(RunSignal(c.span, terms, values.In(c.span.run), D(c.recorded))), c.due) << c.what;
  }
}

TEST(RunSignalTest, APointIsOfAllRecordsOfItsUnit) {
  SeriesValues values;
  for (int week = 0; week < 10; ++week) {
    // 8 of 10 and 0 of 30: a fifth, where the mean of the shares would be two fifths.
    values.Add({D("2025-09-09") + 7 * week, 8, 10});
    values.Add({D("2025-09-11") + 7 * week, 0, 30});
  }
  const auto ask = [&](ChartUnit unit, double baseline) {
    return Text(RunSignal(Year(), {.indicator = "walks", .unit = unit, .baseline = baseline}, values.all(), D("2025-09-09")));
  };
  EXPECT_EQ(ask(ChartUnit::kWeek, 0.3), "2025-11-16");
  EXPECT_EQ(ask(ChartUnit::kWeek, 0.2), "none");  // every point lies on the centre
  EXPECT_EQ(ask(ChartUnit::kDay, 0.3), "none");   // up and down
  EXPECT_EQ(ask(ChartUnit::kDay, 0.9), "2025-10-09");
}

TEST(RunSignalTest, WithoutABaselineTheCentreIsTheMedian) {
  SeriesValues values;
  for (int week = 0; week < 14; ++week) values.Add({D("2025-09-09") + 7 * week, week < 7 ? 10.0 : 20.0});
  const std::optional<RuleFinding> finding = RunSignal(Year(), {.indicator = "walks"}, values.all(), D("2025-09-09"));
  ASSERT_TRUE(finding);
  EXPECT_EQ(finding->from, D("2025-09-08"));
  ASSERT_TRUE(finding->chart);
  EXPECT_EQ(finding->chart->centre, 15);
  EXPECT_EQ(finding->chart->crossings, 1);
  EXPECT_FALSE(finding->chart->shift());
  EXPECT_TRUE(finding->chart->few_crossings());
  EXPECT_EQ(RunSignal(Year(), {.indicator = "walks"}, values.all(), std::nullopt), std::nullopt);  // nothing is recorded
  EXPECT_EQ(RunSignal(Year(), {.indicator = "walks"}, {}, D("2025-09-09")), std::nullopt);
}

TEST(RunSignalTest, WhatWasRecordedFirstIsOfTheSchoolYear) {
  const auto entry = [](const char* event, const char* recorded) {
    return DayEntry{.event = D(event), .known = D(recorded), .reviewed = {}, .correction = {}, .hours = {}, .recorded = D(recorded)};
  };
  const std::vector<DayEntry> entries = {entry("2025-06-02", "2025-08-01"), entry("2025-09-09", "2025-09-12"),
                                         entry("2025-09-10", "2025-09-11")};
  EXPECT_EQ(FirstRecorded(Year(), entries), D("2025-09-11"));
  EXPECT_EQ(FirstRecorded(Year(), entries, D("2025-09-10")), D("2025-09-10"));
  EXPECT_EQ(FirstRecorded(Year(), entries, D("2025-09-12")), D("2025-09-11"));
  EXPECT_EQ(FirstRecorded(Year(), {}), std::nullopt);
}

// Lives through the points, one chart after the other.
std::optional<Date> SignalDue(const std::vector<double>& line, std::optional<double> baseline, Date first) {
  std::optional<Date> due;
  for (size_t count = 1; count <= line.size(); ++count) {
    const std::optional<RunChart> chart = RunChartOf(std::span(line).first(count), baseline);
    const bool signal = chart && (chart->shift() || chart->few_crossings());
    if (signal && !due) due = first + static_cast<int>(count - 1);
    if (!signal && count < line.size()) due.reset();
  }
  return due;
}

TEST(RunSignalTest, IsDueWhereTheSignalBegan) {
  int due_count = 0, waves = 0;
  for (const uint64_t seed : Seeds(300, 10'000)) {
    SCOPED_TRACE(Replay(seed));
    Random random(seed);
    SeriesValues values;
    std::vector<double> line;
    const int most = random.Between(1, 40), points = random.Between(0, 180);
    for (int i = 0; i < points; ++i) {
      if (random.OneIn(30)) ++waves;
      line.push_back(random.Between(0, most) + (waves % 2 == 0 ? 0 : most / 2));
      values.Add({D("2025-09-08") + i, line.back()});
    }
    const std::optional<double> baseline = random.OneIn(2) ? std::optional<double>(most / 2) : std::nullopt;
    const std::optional<Date> due = SignalDue(line, baseline, D("2025-09-08"));
    const std::optional<RuleFinding> finding =
        RunSignal(Year(), {.indicator = "walks", .unit = ChartUnit::kDay, .baseline = baseline}, values.all(), D("2025-09-08"));
    ASSERT_EQ(finding ? std::optional(finding->due) : std::nullopt, due);
    due_count += due ? 1 : 0;
  }
  EXPECT_TRUE(due_count > 20 || std::getenv("LEADLAG_SEED") != nullptr) << due_count;
}

// ---- ACTION_WITHOUT_EVIDENCE ----

TEST(ActionWithoutEvidenceTest, FiresSoManyDaysAfterAnActionsStart) {
  const auto action = [](const char* start, const char* last = "", const char* end = "") {
    return ActionEvidence{.start = D(start),
                          .end = *end ? std::optional(D(end)) : std::nullopt,
                          .last_leading = *last ? std::optional(D(last)) : std::nullopt};
  };
  struct Case {
    const char* what;
    std::vector<ActionEvidence> actions;
    const char* due;
    RuleSpan span = Year();
  };
  const std::vector<Case> cases = {
      {"no action", {}, "none"},
      {"15 instructional days after the start", {action("2025-10-01")}, "2025-10-22"},
      {"a holiday is no day", {action("2025-11-20")}, "2025-12-15"},
      {"anything leading after the start will do", {action("2025-10-01", "2025-10-02")}, "none"},
      {"of several the first", {action("2025-10-09"), action("2025-10-01"), action("2025-10-03")}, "2025-10-22"},
      {"that has nothing", {action("2025-10-01", "2025-10-02"), action("2025-10-03")}, "2025-10-24"},
      {"before the year it counts from the start of that", {action("2025-05-01")}, "2025-09-26"},
      {"and no sooner than from the rule's", {action("2025-09-15")}, "2025-10-24", SpanFrom("2025-10-06")},
      {"one that ends before it is due says nothing", {action("2025-10-01", "", "2025-10-22")}, "none"},
      {"one that ends after it does", {action("2025-10-01", "", "2025-10-23")}, "2025-10-22"},
      {"past the year's last day never", {action("2026-06-01")}, "none"},
  };
  for (const Case& c : cases) EXPECT_EQ(Text(ActionWithoutEvidence(c.span, 15, c.actions)), c.due) << c.what;
  const std::vector<ActionEvidence> two = {action("2025-10-01", "2025-10-02"), action("2025-10-03")};
  EXPECT_EQ(ActionWithoutEvidence(Year(), 15, two),
            (RuleFinding{.due = D("2025-10-24"), .from = D("2025-10-03"), .by_signal = true, .action = 1}));
}

// ---- For people ----

TEST(RuleFindingTest, SaysWhatItWasCountedFrom) {
  EXPECT_EQ(LaggingOnly(Year(), 5, true, D("2025-10-01")),
            (RuleFinding{.due = D("2025-10-08"), .from = D("2025-10-01"), .by_signal = true}));
  EXPECT_EQ(LaggingOnly(Year(), 5, true, D("2025-09-01")), (RuleFinding{.due = D("2025-09-12"), .from = D("2025-09-07")}));
  EXPECT_EQ(CompletionOnly(Year(), {}, Dates({"2025-09-17", "2025-09-22"}), {}),
            (RuleFinding{.due = D("2025-09-28"), .from = D("2025-09-15")}));
  const DayEntry first = Known("2025-09-08", "2025-09-08", "2025-09-09");
  const std::vector<DayEntry> waiting = {first, Known("2025-09-12", "2025-09-15"), Known("2025-09-10", "2025-09-16")};
  EXPECT_EQ(ReviewOverdue(Year(), 10, waiting, D("2025-09-09")),
            (RuleFinding{.due = D("2025-09-29"), .from = D("2025-09-15"), .by_signal = true, .records = 2}));
  EXPECT_EQ(ReviewOverdue(Year(), 10, waiting, D("2025-09-09"))->since, RuleFinding::Since::kRecorded);
  EXPECT_EQ(ReviewOverdue(SpanFrom("2025-09-16"), 10, waiting, D("2025-09-09")),
            (RuleFinding{.due = D("2025-09-29"), .from = D("2025-09-15"), .by_signal = true, .records = 2}));
  EXPECT_EQ(ReviewOverdue(SpanFrom("2025-09-17"), 10, waiting, D("2025-09-09")),
            (RuleFinding{.due = D("2025-09-30"), .from = D("2025-09-16"), .by_signal = true, .since = RuleFinding::Since::kStart,
                         .records = 2}));
  DayEntry corrected = Known("2025-09-12", "2025-09-12");
  corrected.correction = {D("2025-09-12"), D("2025-09-15")};
  EXPECT_EQ(ReviewOverdue(Year(), 10, std::vector{first, corrected}, D("2025-09-09"))->since, RuleFinding::Since::kCorrected);
  for (const auto& both : {std::vector{first, corrected, Known("2025-09-12", "2025-09-15")},
                           std::vector{first, Known("2025-09-12", "2025-09-15"), corrected}}) {
    EXPECT_EQ(ReviewOverdue(Year(), 10, both, D("2025-09-09"))->since, RuleFinding::Since::kRecorded);
  }
  EXPECT_EQ(ReviewOverdue(Year(), 10, std::vector{first}, std::nullopt), (RuleFinding{.due = D("2025-09-30"), .from = D("2025-09-08")}));
  const std::vector<DayEntry> collected = {Collected("2025-09-08", "2025-09-08", 1), Collected("2025-10-06", "2025-10-14", 8)};
  EXPECT_EQ(CollectionSlow(Year(), {}, collected),
            (RuleFinding{.due = D("2025-10-14"), .from = D("2025-10-14"), .records = 8, .of = 8}));
}

// ---- What ends it ----

// By asking the rule of every date.
TEST(RuleRemedyTest, TheEarliestEvidenceThatEndsBoxesAlone) {
  int asked = 0;
  for (const uint64_t seed : Seeds(300, 5'000)) {
    SCOPED_TRACE(Replay(seed));
    Random random(seed);
    const RuleSpan span = random.OneIn(3) ? SpanFrom((D("2025-09-09") + random.Between(0, 20)).ToString()) : Year();
    const CompletionOnlyTerms terms{random.OneIn(4) ? CycleUnit::kMonth : CycleUnit::kIsoWeek, random.Between(1, 3)};
    const Date judged = *span.calendar->LastOnOrBefore(D("2025-10-20") + random.Between(0, 90));
    std::vector<Date> completions, evidence;
    for (int n = random.Between(3, 30); n > 0; --n) completions.push_back(D("2025-09-08") + random.Between(0, 120));
    for (int n = random.Between(0, 3); n > 0; --n) evidence.push_back(D("2025-09-08") + random.Between(0, 120));
    std::sort(completions.begin(), completions.end());
    std::sort(evidence.begin(), evidence.end());
    const auto holds_with = [&](std::optional<Date> date) {
      std::vector<Date> with = evidence;
      if (date) with.push_back(*date);
      std::sort(with.begin(), with.end());
      const std::optional<RuleFinding> finding = CompletionOnly(span, terms, completions, with);
      return finding && Holds(span, finding->due, judged);
    };
    if (!holds_with(std::nullopt)) continue;
    ++asked;
    const Date from = CompletionOnlyEndsFrom(span, terms, completions, evidence, judged);
    for (Date date = D("2025-09-01"); date <= judged; date = date + 1) ASSERT_EQ(holds_with(date), date < from) << date.ToString();
  }
  if (std::getenv("LEADLAG_SEED") != nullptr) return;
  EXPECT_GT(asked, 50);
}

TEST(RuleRemedyTest, TheEarliestReviewThatEndsIt) {
  int by_record = 0, by_month = 0;
  for (const uint64_t seed : Seeds(300, 5'000)) {
    SCOPED_TRACE(Replay(seed));
    Random random(seed);
    const RuleSpan span = random.OneIn(3) ? SpanFrom((D("2025-09-09") + random.Between(0, 20)).ToString()) : Year();
    const int days = random.Between(1, 15);
    const Date judged = *span.calendar->LastOnOrBefore(D("2025-10-20") + random.Between(0, 90));
    std::vector<DayEntry> entries = {Known("2025-09-08", "2025-09-08", "2025-09-09")};
    for (int n = random.Between(0, 5); n > 0; --n) {
      const Date event = D("2025-09-08") + random.Between(0, 110);
      DayEntry entry = Known(event.ToString(), (event + random.Between(0, 9)).ToString(), random.OneIn(2) ? "2026-01-30" : "");
      if (random.OneIn(3)) entry.correction = {event - 1, entry.recorded + random.Between(0, 9)};
      entries.push_back(entry);
    }
    const std::optional<Date> last = random.OneIn(3) ? std::optional(D("2025-09-09") + random.Between(0, 60)) : std::nullopt;
    const auto holds_with = [&](std::vector<DayEntry> with, std::optional<Date> last_review) {
      const std::optional<RuleFinding> finding = ReviewOverdue(span, days, with, last_review);
      return finding && Holds(span, finding->due, judged);
    };
    if (!holds_with(entries, last)) continue;
    const ReviewThatEnds review = ReviewOverdueEndsWith(span, days, entries, last, judged);
    (review.covers.empty() ? by_month : by_record) += 1;
    // A review of that date covers of what it must what was known and had happened by then.
    const auto reviewed = [&](Date date, std::optional<size_t> but) {
      std::vector<DayEntry> with = entries;
      for (const size_t place : review.covers) {
        if (place != but && with[place].event <= date && with[place].interpretation_start() <= date) with[place].reviewed = date;
      }
      return with;
    };
    for (Date date = D("2025-09-08"); date <= judged; date = date + 1) {
      ASSERT_EQ(holds_with(reviewed(date, {}), last ? std::max(*last, date) : date), date < review.from) << date.ToString();
    }
    for (const size_t place : review.covers) {
      EXPECT_TRUE(holds_with(reviewed(review.from, place), last ? std::max(*last, review.from) : review.from)) << place;
    }
  }
  if (std::getenv("LEADLAG_SEED") != nullptr) return;
  EXPECT_GT(by_record, 30);
  EXPECT_GT(by_month, 30);
}

}  // namespace
}  // namespace leadlag
