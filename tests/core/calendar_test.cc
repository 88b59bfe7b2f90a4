#include "core/calendar.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "core/problem.h"
#include "gtest/gtest.h"

namespace leadlag {
namespace {

Date Day(const char* text) { return Date::Parse(text).value(); }

CalendarException Exception(const char* date, const char* last_date, ExceptionKind kind, const char* label = "") {
  return {Day(date), Day(last_date), kind, label};
}

// A parish calendar as districts publish them: 175 days, a two-week winter break, Mardi Gras, two days of ice and one
// made up.
CalendarSpec Livingston() {
  using Kind = ExceptionKind;
  CalendarSpec spec;
  spec.id = "main";
  spec.years = {{"2025-26",
                 {Day("2025-07-01"), Day("2026-07-01")},
                 {{Day("2025-08-08"), Day("2025-12-19")}, {Day("2026-01-05"), Day("2026-05-22")}}}};
  spec.exceptions = {
      Exception("2025-07-04", "2025-07-04", Kind::kHoliday, "Independence Day"),
      Exception("2025-09-01", "2025-09-01", Kind::kHoliday, "Labor Day"),
      Exception("2025-10-09", "2025-10-13", Kind::kBreak, "Fall break"),
      Exception("2025-11-24", "2025-11-28", Kind::kBreak, "Thanksgiving break"),
      Exception("2025-11-27", "2025-11-27", Kind::kHoliday, "Thanksgiving Day"),
      Exception("2025-12-19", "2025-12-19", Kind::kEarlyDismissal, "Last day before winter break"),
      Exception("2025-12-22", "2026-01-02", Kind::kBreak, "Winter break"),
      Exception("2025-12-25", "2025-12-25", Kind::kHoliday, "Christmas Day"),
      Exception("2026-01-05", "2026-01-05", Kind::kTeacherOnlyDay, "Professional learning"),
      Exception("2026-01-19", "2026-01-19", Kind::kHoliday, "Martin Luther King Jr. Day"),
      Exception("2026-01-21", "2026-01-22", Kind::kWeatherDay, "Ice"),
      Exception("2026-01-23", "2026-01-23", Kind::kLateArrival, "Ice"),
      Exception("2026-01-31", "2026-01-31", Kind::kMakeUpDay, "For 21 January"),
      Exception("2026-02-16", "2026-02-18", Kind::kBreak, "Mardi Gras"),
      Exception("2026-04-03", "2026-04-10", Kind::kBreak, "Spring break"),
  };
  return spec;
}

// The obvious reading of one date, straight from DOMAIN.md's words.
bool SlowIsInstructional(const CalendarSpec& spec, Date d) {
  const auto any_exception = [&](std::function<bool(ExceptionKind)> of_kind) {
    return std::any_of(spec.exceptions.begin(), spec.exceptions.end(),
                       [&](const CalendarException& e) { return of_kind(e.kind) && e.date <= d && d <= e.last_date; });
  };
  for (const SchoolYearSpec& year : spec.years) {
    if (!year.bounds.Contains(d)) continue;
    if (any_exception([](ExceptionKind kind) { return kind == ExceptionKind::kMakeUpDay; })) return true;
    if (any_exception([](ExceptionKind kind) { return kind < ExceptionKind::kMakeUpDay; })) return false;
    for (const Term& term : year.terms) {
      if (d < term.first_day || term.last_day < d) continue;
      if (spec.weekdays & 1 << static_cast<int>(d.weekday())) return true;
      return any_exception([](ExceptionKind kind) { return kind > ExceptionKind::kMakeUpDay; });
    }
  }
  return false;
}

const SchoolYearSpec* SlowYearOf(const CalendarSpec& spec, Date d) {
  for (const SchoolYearSpec& year : spec.years) {
    if (year.bounds.Contains(d)) return &year;
  }
  return nullptr;
}

// Recounts everything a calendar answers, day by day over [from, to), from who is instructional and which year a date
// is in.
void ExpectSameAsRecount(const Calendar& calendar, Date from, Date to, std::function<bool(Date)> instructional,
                         std::function<const SchoolYearSpec*(Date)> year_of) {
  std::vector<Date> days;
  for (Date d = from; d < to; d = d + 1) {
    if (instructional(d)) days.push_back(d);
  }
  size_t count = 0;
  std::optional<Date> last;
  std::map<std::string, std::pair<Date, Date>> spans;  // a year's first and last day
  for (Date d = from; d < to; d = d + 1) {
    const bool is_day = count < days.size() && days[count] == d;
    const SchoolYearSpec* year = year_of(d);
    if (is_day) {
      ++count;
      last = d;
      ASSERT_NE(year, nullptr) << d.ToString();
      spans.try_emplace(year->id, d, d).first->second.second = d;
    }
    ASSERT_EQ(calendar.IsInstructional(d), is_day) << d.ToString();
    ASSERT_EQ(calendar.CountThrough(d), static_cast<int>(count)) << d.ToString();
    ASSERT_EQ(calendar.LastOnOrBefore(d), last) << d.ToString();
    ASSERT_EQ(calendar.FirstOnOrAfter(d), is_day                ? std::optional<Date>(d)
                                          : count < days.size() ? std::optional<Date>(days[count])
                                                                : std::nullopt);
    for (const size_t n : {1u, 2u, 10u, 31u, 500u}) {
      const size_t index = count + n - 1;
      ASSERT_EQ(calendar.NthAfter(d, static_cast<int>(n)),
                index < days.size() ? std::optional<Date>(days[index]) : std::nullopt)
          << d.ToString() << " + " << n;
    }
    ASSERT_EQ(calendar.YearOf(d) == nullptr, year == nullptr) << d.ToString();
    if (year != nullptr) {
      ASSERT_EQ(calendar.YearOf(d)->id, year->id) << d.ToString();
      ASSERT_EQ(calendar.YearOf(d)->bounds, year->bounds) << d.ToString();
    }
    if (is_day) {
      ASSERT_EQ(calendar.ClosureLabel(d), "") << d.ToString();
    }
  }
  for (const SchoolYear& year : calendar.years()) {
    const auto span = spans.find(year.id);
    ASSERT_EQ(year.first_day, span == spans.end() ? std::nullopt : std::optional<Date>(span->second.first)) << year.id;
    ASSERT_EQ(year.last_day, span == spans.end() ? std::nullopt : std::optional<Date>(span->second.second)) << year.id;
  }
}

void ExpectSameAsRecount(const Calendar& calendar, const CalendarSpec& spec, Date from, Date to) {
  ExpectSameAsRecount(
      calendar, from, to, [&](Date d) { return SlowIsInstructional(spec, d); },
      [&](Date d) { return SlowYearOf(spec, d); });
}

TEST(CalendarTest, CountsAPublishedCalendar) {
  const Calendar calendar = Calendar::Compile(Livingston()).value();
  const SchoolYear& year = calendar.years().at(0);
  EXPECT_EQ(year.first_day, Day("2025-08-08"));
  EXPECT_EQ(year.last_day, Day("2026-05-22"));
  EXPECT_EQ(calendar.CountThrough(Day("2025-08-07")), 0);
  EXPECT_EQ(calendar.CountThrough(Day("2025-08-08")), 1);
  EXPECT_EQ(calendar.CountThrough(Day("2025-08-31")), 16);
  EXPECT_EQ(calendar.CountThrough(Day("2025-09-30")), 37);
  EXPECT_EQ(calendar.CountThrough(Day("2025-10-31")), 57);
  EXPECT_EQ(calendar.CountThrough(Day("2025-12-31")), 87);
  EXPECT_EQ(calendar.CountThrough(Day("2026-01-31")), 104);
  EXPECT_EQ(calendar.CountThrough(Day("2026-05-22")), 175);
  EXPECT_EQ(calendar.CountThrough(Day("2026-06-30")), 175);
}

TEST(CalendarTest, AWeekendCountsLikeTheFridayBeforeIt) {
  const Calendar calendar = Calendar::Compile(Livingston()).value();
  const Date friday = Day("2025-09-12");
  EXPECT_EQ(calendar.Between(friday, friday), 0);
  EXPECT_EQ(calendar.Between(friday, friday + 1), 0);
  EXPECT_EQ(calendar.Between(friday, friday + 2), 0);
  EXPECT_EQ(calendar.Between(friday, friday + 3), 1);
  EXPECT_EQ(calendar.Between(friday + 3, friday), -1);
  EXPECT_EQ(calendar.NthAfter(friday + 1, 1), friday + 3);
  EXPECT_EQ(calendar.NthAfter(Day("2025-08-29"), 1), Day("2025-09-02"));  // over Labor Day
}

TEST(CalendarTest, ATwoWeekBreakHoldsNoDay) {
  const Calendar calendar = Calendar::Compile(Livingston()).value();
  EXPECT_TRUE(calendar.IsInstructional(Day("2025-12-19")));  // early dismissal
  EXPECT_EQ(calendar.Between(Day("2025-12-19"), Day("2026-01-05")), 0);
  EXPECT_EQ(calendar.NthAfter(Day("2025-12-19"), 1), Day("2026-01-06"));
  EXPECT_EQ(calendar.Between(Day("2025-12-15"), Day("2026-01-09")), 8);
  EXPECT_EQ(calendar.NthAfter(Day("2025-12-18"), 10), Day("2026-01-16"));
  EXPECT_EQ(calendar.LastOnOrBefore(Day("2026-01-05")), Day("2025-12-19"));
}

TEST(CalendarTest, ClosureLabelNamesTheShortestExceptionThatCloses) {
  const Calendar calendar = Calendar::Compile(Livingston()).value();
  EXPECT_EQ(calendar.ClosureLabel(Day("2025-07-04")), "Independence Day");
  EXPECT_EQ(calendar.ClosureLabel(Day("2025-11-26")), "Thanksgiving break");
  EXPECT_EQ(calendar.ClosureLabel(Day("2025-11-27")), "Thanksgiving Day");
  EXPECT_EQ(calendar.ClosureLabel(Day("2025-11-28")), "Thanksgiving break");
  EXPECT_EQ(calendar.ClosureLabel(Day("2025-11-29")), "");  // a weekend
  EXPECT_EQ(calendar.ClosureLabel(Day("2025-12-27")), "Winter break");
  EXPECT_EQ(calendar.ClosureLabel(Day("2026-01-23")), "");  // late, but held
  EXPECT_EQ(calendar.ClosureLabel(Day("2026-01-31")), "");  // made up
  EXPECT_EQ(calendar.ClosureLabel(Day("2026-06-15")), "");  // outside every term
  EXPECT_EQ(calendar.ClosureLabel(Day("2031-06-15")), "");
}

TEST(CalendarTest, OfTwoClosuresOfOneLengthTheFirstNamesTheDay) {
  CalendarSpec spec = Livingston();
  spec.exceptions = {Exception("2025-10-01", "2025-10-03", ExceptionKind::kBreak, "first"),
                     Exception("2025-10-02", "2025-10-04", ExceptionKind::kBreak, "second")};
  const Calendar calendar = Calendar::Compile(spec).value();
  EXPECT_EQ(calendar.ClosureLabel(Day("2025-10-03")), "first");
  EXPECT_EQ(calendar.ClosureLabel(Day("2025-10-04")), "second");
}

TEST(CalendarTest, WhichKindWins) {
  CalendarSpec spec = Livingston();
  const auto held = [&spec](const char* date, std::vector<ExceptionKind> kinds) {
    spec.exceptions.clear();
    for (const ExceptionKind kind : kinds) spec.exceptions.push_back(Exception(date, date, kind));
    return Calendar::Compile(spec)->IsInstructional(Day(date));
  };
  using Kind = ExceptionKind;
  const char* const wednesday = "2025-09-10";
  const char* const saturday = "2025-09-13";
  const char* const june = "2026-06-03";
  EXPECT_TRUE(held(wednesday, {}));
  for (const Kind closure :
       {Kind::kHoliday, Kind::kBreak, Kind::kWeatherDay, Kind::kTeacherOnlyDay, Kind::kOtherClosure}) {
    EXPECT_FALSE(held(wednesday, {closure}));
    EXPECT_FALSE(held(wednesday, {Kind::kEarlyDismissal, closure}));
    EXPECT_TRUE(held(wednesday, {Kind::kMakeUpDay, closure}));
    EXPECT_TRUE(held(wednesday, {closure, Kind::kMakeUpDay}));
  }
  EXPECT_TRUE(held(wednesday, {Kind::kLateArrival}));
  EXPECT_FALSE(held(saturday, {}));
  EXPECT_TRUE(held(saturday, {Kind::kLateArrival}));
  EXPECT_TRUE(held(saturday, {Kind::kEarlyDismissal}));
  EXPECT_TRUE(held(saturday, {Kind::kMakeUpDay}));
  EXPECT_FALSE(held(june, {Kind::kLateArrival}));
  EXPECT_TRUE(held(june, {Kind::kMakeUpDay}));
}

TEST(CalendarTest, AMakeUpDayOutsideTheTermsMovesTheYearsLastDay) {
  CalendarSpec spec = Livingston();
  spec.exceptions.push_back(Exception("2026-05-30", "2026-05-30", ExceptionKind::kMakeUpDay));
  EXPECT_EQ(Calendar::Compile(spec)->years()[0].last_day, Day("2026-05-30"));
}

TEST(CalendarTest, AYearClosedThroughoutHasNoDay) {
  CalendarSpec spec = Livingston();
  spec.exceptions = {Exception("2025-08-08", "2026-05-22", ExceptionKind::kOtherClosure)};
  const Calendar calendar = Calendar::Compile(spec).value();
  EXPECT_EQ(calendar.years()[0].first_day, std::nullopt);
  EXPECT_EQ(calendar.years()[0].last_day, std::nullopt);
  EXPECT_EQ(calendar.LastOnOrBefore(Day("2026-06-30")), std::nullopt);
  EXPECT_NE(calendar.YearOf(Day("2026-01-01")), nullptr);
}

TEST(CalendarTest, WithoutYearsItKnowsNoDate) {
  const Calendar calendar = Calendar::Compile(CalendarSpec{}).value();
  EXPECT_EQ(calendar.CountThrough(Day("2025-09-10")), 0);
  EXPECT_FALSE(calendar.IsInstructional(Day("2025-09-10")));
  EXPECT_EQ(calendar.YearOf(Day("2025-09-10")), nullptr);
  EXPECT_EQ(calendar.NthAfter(Date::Min(), 1), std::nullopt);
  EXPECT_EQ(calendar.ClosureLabel(Day("2025-09-10")), "");
}

TEST(CalendarTest, FarOutsideItsYearsItIsSafe) {
  const Calendar calendar = Calendar::Compile(Livingston()).value();
  for (const Date early : {Date(std::numeric_limits<int32_t>::min()), Date(-1), Date::Min()}) {
    EXPECT_EQ(calendar.CountThrough(early), 0);
    EXPECT_EQ(calendar.LastOnOrBefore(early), std::nullopt);
    EXPECT_EQ(calendar.NthAfter(early, 175), Day("2026-05-22"));
  }
  for (const Date late : {Day("2026-07-01"), Date::Max(), Date(std::numeric_limits<int32_t>::max())}) {
    EXPECT_EQ(calendar.CountThrough(late), 175);
    EXPECT_EQ(calendar.LastOnOrBefore(late), Day("2026-05-22"));
    EXPECT_EQ(calendar.NthAfter(late, 1), std::nullopt);
    EXPECT_EQ(calendar.YearOf(late), nullptr);
  }
  EXPECT_EQ(calendar.NthAfter(Day("2025-09-01"), std::numeric_limits<int>::max()), std::nullopt);
}

TEST(CalendarTest, CompileRefusesWhatValidateWouldName) {
  CalendarSpec spec = Livingston();
  spec.years[0].terms[1].first_day = Day("2025-12-19");
  const absl::Status status = Calendar::Compile(spec).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  ASSERT_EQ(ProblemsOf(status).size(), 1u);
  EXPECT_EQ(ProblemsOf(status)[0].field, "years[0].terms[1].first_day");
}

// ---- Random calendars against the recount ---------------------------------------------------------------

class RandomSpecs {
 public:
  explicit RandomSpecs(uint32_t seed) : random_(seed) {}

  int Below(int n) { return static_cast<int>(random_() % static_cast<uint32_t>(n)); }
  Date DateIn(DateRange range) { return range.from + Below(range.to - range.from); }

  CalendarSpec Next(const std::vector<DateRange>& bounds) {
    CalendarSpec spec;
    spec.weekdays = static_cast<uint8_t>(Below(3) == 0 ? 1 + Below(127) : 0b0011111);
    for (const DateRange& range : bounds) {
      spec.years.push_back({range.from.ToString(), range, Terms(range)});
      for (int i = Below(12); i > 0; --i) spec.exceptions.push_back(ExceptionIn(range));
    }
    std::shuffle(spec.exceptions.begin(), spec.exceptions.end(), random_);
    return spec;
  }

  // Years which follow one another, most without a gap.
  std::vector<DateRange> Bounds() {
    std::vector<DateRange> bounds;
    Date from = Date::FromYmd(2019 + Below(8), 1 + Below(12), 1 + Below(28));
    for (int i = 1 + Below(3); i > 0; --i) {
      const Date to = from + 1 + (Below(3) == 0 ? Below(400) : 364 + Below(2));
      bounds.push_back({from, to});
      from = Below(4) == 0 ? to + Below(90) : to;
    }
    return bounds;
  }

 private:
  std::vector<Term> Terms(DateRange range) {
    std::vector<Date> ends;
    for (int i = 2 * (1 + Below(4)); i > 0; --i) ends.push_back(DateIn(range));
    std::sort(ends.begin(), ends.end());
    std::vector<Term> terms;
    for (size_t i = 0; i < ends.size(); i += 2) {
      if (terms.empty() || terms.back().last_day < ends[i]) terms.push_back({ends[i], ends[i + 1]});
    }
    return terms;
  }

  CalendarException ExceptionIn(DateRange range) {
    const Date date = DateIn(range);
    const Date last = std::min(date + (Below(2) == 0 ? 0 : Below(20)), range.to - 1);
    return {date, last, static_cast<ExceptionKind>(1 + Below(8)), "x"};
  }

  std::mt19937 random_;
};

TEST(CalendarPropertyTest, SameAsTheRecount) {
  for (uint32_t seed = 1; seed <= 120; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomSpecs random(seed);
    const CalendarSpec spec = random.Next(random.Bounds());
    const absl::StatusOr<Calendar> calendar = Calendar::Compile(spec);
    ASSERT_TRUE(calendar.ok()) << calendar.status();
    ExpectSameAsRecount(*calendar, spec, spec.years.front().bounds.from - 40, spec.years.back().bounds.to + 40);
    if (HasFatalFailure()) return;
  }
}

// ---- Combine --------------------------------------------------------------------------------------------

std::shared_ptr<const Calendar> Shared(const CalendarSpec& spec) {
  return std::make_shared<const Calendar>(Calendar::Compile(spec).value());
}

// The same year as Livingston's, four-day weeks.
CalendarSpec FourDayWeek() {
  CalendarSpec spec = Livingston();
  spec.id = "four-day";
  spec.weekdays = 0b0001111;
  spec.years[0].terms = {{Day("2025-08-04"), Day("2026-05-28")}};
  spec.exceptions = {Exception("2025-12-22", "2026-01-09", ExceptionKind::kBreak, "Long winter break")};
  return spec;
}

TEST(CalendarCombineTest, OnePartIsACopy) {
  const Calendar calendar = Calendar::Combine({{Day("2025-09-01"), Shared(Livingston())}}).value();
  ExpectSameAsRecount(calendar, Livingston(), Day("2025-06-01"), Day("2026-08-01"));
  EXPECT_EQ(calendar.ClosureLabel(Day("2025-12-25")), "Christmas Day");
}

TEST(CalendarCombineTest, AMoveInsideAYearTakesEachCalendarsDays) {
  const Date move = Day("2025-12-29");  // inside both breaks
  const auto before = Shared(Livingston()), after = Shared(FourDayWeek());
  const Calendar calendar = Calendar::Combine({{Date::Min(), before}, {move, after}}).value();
  ExpectSameAsRecount(
      calendar, Day("2025-06-01"), Day("2026-08-01"),
      [&](Date d) { return SlowIsInstructional(d < move ? Livingston() : FourDayWeek(), d); },
      [](Date d) {
        static const CalendarSpec spec = Livingston();
        return SlowYearOf(spec, d);
      });
  ASSERT_EQ(calendar.years().size(), 1u);
  EXPECT_EQ(calendar.years()[0].first_day, Day("2025-08-08"));  // Livingston's
  EXPECT_EQ(calendar.years()[0].last_day, Day("2026-05-28"));   // four-day's
  EXPECT_EQ(calendar.ClosureLabel(move - 1), "Winter break");
  EXPECT_EQ(calendar.ClosureLabel(move), "Long winter break");
  EXPECT_EQ(calendar.NthAfter(Day("2025-12-19"), 1), Day("2026-01-12"));
}

TEST(CalendarCombineTest, AMoveInsideAYearNeedsEqualBounds) {
  const auto before = Shared(Livingston());
  const Date move = Day("2026-01-05");
  CalendarSpec other_id = FourDayWeek();
  other_id.years[0].id = "2026";
  CalendarSpec other_end = FourDayWeek();
  other_end.years[0].bounds.to = Day("2026-07-02");
  CalendarSpec no_year;
  for (const CalendarSpec& spec : {other_id, other_end, no_year}) {
    for (const bool forth : {true, false}) {
      const auto old_one = forth ? before : Shared(spec);
      const auto new_one = forth ? Shared(spec) : before;
      const absl::Status status = Calendar::Combine({{Date::Min(), old_one}, {move, new_one}}).status();
      EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
      EXPECT_EQ(status.message().find("2026-01-05 lies inside a school year"), 0u) << status;
      EXPECT_NE(status.message().find("move at the start of a school year"), std::string::npos) << status;
    }
  }
}

TEST(CalendarCombineTest, AMoveAtAYearsStartNeedsNoAgreement) {
  CalendarSpec later;
  later.years = {{"late", {Day("2026-07-01"), Day("2027-06-30")}, {{Day("2026-08-03"), Day("2027-05-28")}}}};
  const auto before = Shared(Livingston()), after = Shared(later);
  const Calendar calendar = Calendar::Combine({{Date::Min(), before}, {Day("2026-07-01"), after}}).value();
  ASSERT_EQ(calendar.years().size(), 2u);
  EXPECT_EQ(calendar.years()[0], before->years()[0]);
  EXPECT_EQ(calendar.years()[1], after->years()[0]);
  EXPECT_EQ(calendar.CountThrough(Day("2026-08-03")), 176);
}

TEST(CalendarCombineTest, AfterAMoveToACalendarWithoutTheYearNothingIsCovered) {
  CalendarSpec two_years = Livingston();
  two_years.years.push_back(
      {"2026-27", {Day("2026-07-01"), Day("2027-07-01")}, {{Day("2026-08-10"), Day("2027-05-20")}}});
  const Calendar calendar =
      Calendar::Combine({{Date::Min(), Shared(two_years)}, {Day("2026-07-01"), Shared(FourDayWeek())}}).value();
  ASSERT_EQ(calendar.years().size(), 1u);
  EXPECT_EQ(calendar.YearOf(Day("2026-07-01")), nullptr);
  EXPECT_EQ(calendar.CountThrough(Day("2027-06-30")), 175);
}

TEST(CalendarCombineTest, ThereAndBackInsideOneYear) {
  const auto main = Shared(Livingston()), four_day = Shared(FourDayWeek());
  const Date there = Day("2025-10-06"), back = Day("2026-02-02");
  const Calendar calendar = Calendar::Combine({{Date::Min(), main}, {there, four_day}, {back, main}}).value();
  EXPECT_EQ(calendar.years()[0].first_day, main->years()[0].first_day);
  EXPECT_EQ(calendar.years()[0].last_day, main->years()[0].last_day);
  EXPECT_EQ(calendar.Between(Date::Min(), Date::Max()), main->Between(Date::Min(), there - 1) +
                                                            four_day->Between(there - 1, back - 1) +
                                                            main->Between(back - 1, Date::Max()));
}

TEST(CalendarCombineTest, RandomMovesSameAsTheRecount) {
  for (uint32_t seed = 1; seed <= 120; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomSpecs random(seed);
    const std::vector<DateRange> bounds = random.Bounds();
    const DateRange all{bounds.front().from - 40, bounds.back().to + 40};
    const std::vector<CalendarSpec> specs = {random.Next(bounds), random.Next(bounds), random.Next(bounds)};
    std::vector<Date> moves = {random.DateIn(all), random.DateIn(all)};
    std::sort(moves.begin(), moves.end());
    const absl::StatusOr<Calendar> calendar = Calendar::Combine(
        {{Date::Max(), Shared(specs[0])}, {moves[0], Shared(specs[1])}, {moves[1], Shared(specs[2])}});
    ASSERT_TRUE(calendar.ok()) << calendar.status();
    ExpectSameAsRecount(
        *calendar, all.from, all.to,
        [&](Date d) {
          return SlowIsInstructional(d < moves[0] ? specs[0] : d < moves[1] ? specs[1] : specs[2], d);
        },
        [&](Date d) { return SlowYearOf(specs[0], d); });
    if (HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace leadlag
