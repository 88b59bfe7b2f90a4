#include "core/cadence.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <optional>
#include <ostream>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/calendar.h"
#include "core/watch.h"

namespace leadlag {

// For GoogleTest's messages; static, since other tests of this executable may have their own.
static void PrintTo(const Silence& silence, std::ostream* out) {
  *out << "kind " << static_cast<int>(silence.kind) << ", " << silence.days << " days (" << silence.after.ToString()
       << ", " << silence.through.ToString() << "]";
}
static void PrintTo(Date date, std::ostream* out) { *out << date.ToString(); }

namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Date Ymd(int year, int month, int day) { return Date::FromYmd(year, month, day); }
// Dates in September 2025, of which the 1st is a Monday.
Date Sep(int day) { return Ymd(2025, 9, day); }

// Monday to Friday. 2025-26 is taught from Monday 1 September 2025 to Friday 12 June 2026, with a break from 22
// December to 2 January and a holiday on Friday 3 October; 2026-27 from Monday 31 August 2026 to Friday 11 June 2027.
// Years turn on 1 July.
const CalendarSpec& Spec() {
  static const CalendarSpec spec = [] {
    CalendarSpec s;
    s.id = "weekdays";
    SchoolYearSpec first, second;
    first.id = "2025-26";
    first.bounds = {Ymd(2025, 7, 1), Ymd(2026, 7, 1)};
    first.terms = {{Sep(1), Ymd(2026, 6, 12)}};
    second.id = "2026-27";
    second.bounds = {Ymd(2026, 7, 1), Ymd(2027, 7, 1)};
    second.terms = {{Ymd(2026, 8, 31), Ymd(2027, 6, 11)}};
    s.years = {first, second};
    s.exceptions = {{Ymd(2025, 10, 3), Ymd(2025, 10, 3), ExceptionKind::kHoliday, "a holiday"},
                    {Ymd(2025, 12, 22), Ymd(2026, 1, 2), ExceptionKind::kBreak, "a break"}};
    return s;
  }();
  return spec;
}

const Calendar& TestCalendar() {
  static const Calendar calendar = *Calendar::Compile(Spec());
  return calendar;
}

const std::vector<ActivePeriod>& AlwaysActive() {
  static const std::vector<ActivePeriod> periods = {{Date::Min(), std::nullopt}};
  return periods;
}

CadenceInput Input(std::vector<Date> signals, Date today, DateRange window = {Sep(1), Ymd(2025, 10, 1)}) {
  CadenceInput input;
  input.calendar = &TestCalendar();
  input.window = window;
  input.today = today;
  input.active = &AlwaysActive();
  input.signals = std::move(signals);
  return input;
}

Cadence Of(std::vector<Date> signals, Date today, DateRange window = {Sep(1), Ymd(2025, 10, 1)}) {
  return ComputeCadence(Input(std::move(signals), today, window));
}

DateRange FirstYear() { return {Ymd(2025, 7, 1), Ymd(2026, 7, 1)}; }
DateRange BothYears() { return {Ymd(2025, 7, 1), Ymd(2027, 7, 1)}; }

TEST(CadenceTest, TheExampleOfTheDomainPage) {
  const Cadence cadence = Of({Sep(1), Sep(1), Sep(4), Sep(12)}, Sep(18));
  EXPECT_EQ(cadence.signal_dates, 3);
  EXPECT_THAT(cadence.gaps, ElementsAre(3, 6));
  EXPECT_EQ(cadence.median_gap, 3);
  EXPECT_EQ(cadence.p90_gap, 6);
  EXPECT_EQ(cadence.open_gap, 3);
  EXPECT_EQ(cadence.last_signal, Sep(12));
  EXPECT_EQ(cadence.longest_silence, (Silence{SilenceKind::kGap, 6, Sep(4), Sep(12)}));
  EXPECT_EQ(cadence.burstiness, std::nullopt);
  EXPECT_EQ(cadence.weeks.covered, 2);
  EXPECT_EQ(cadence.weeks.eligible, 2) << "the week of the 15th is not over and has no signal";
  EXPECT_EQ(cadence.weeks.streak, 2);
  EXPECT_EQ(cadence.months.covered, 1);
  EXPECT_EQ(cadence.months.eligible, 1);
  EXPECT_EQ(cadence.months.streak, 1);
  EXPECT_EQ(cadence.watched_days, 0) << "no watch was given";
}

TEST(NearestRankTest, TakesTheCeiling) {
  EXPECT_EQ(NearestRank({7}, 1), 7);
  EXPECT_EQ(NearestRank({7}, 100), 7);
  EXPECT_EQ(NearestRank({1, 2}, 50), 1);
  EXPECT_EQ(NearestRank({1, 2}, 51), 2);
  EXPECT_EQ(NearestRank({1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, 90), 9);
  EXPECT_EQ(NearestRank({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, 90), 10);
}

TEST(SignalDatesTest, ASaturdayIsOneWithTheFridayBeforeIt) {
  const Cadence cadence = Of({Sep(5), Sep(6), Sep(7), Sep(8)}, Sep(18));
  EXPECT_EQ(cadence.signal_dates, 2);
  EXPECT_THAT(cadence.gaps, ElementsAre(1));
  EXPECT_EQ(Of({Sep(5), Sep(6)}, Sep(18)).last_signal, Sep(6)) << "the last of one signal date";
  EXPECT_EQ(Of({Sep(6)}, Sep(18)).last_signal, Sep(6)) << "as dated";
}

TEST(SignalDatesTest, OutsideTheWindowOrEverySchoolYearNothingCounts) {
  const DateRange window{Sep(8), Sep(15)};
  EXPECT_EQ(Of({Sep(5), Sep(8), Sep(14), Sep(15)}, Sep(18), window).signal_dates, 2);
  EXPECT_EQ(Of({Sep(6)}, Sep(18), {Sep(6), Sep(15)}).signal_dates, 1) << "a Saturday in, its Friday out";
  EXPECT_EQ(Of({Ymd(2025, 6, 30), Ymd(2027, 7, 1)}, Ymd(2027, 8, 1), {Ymd(2025, 1, 1), Ymd(2028, 1, 1)}).signal_dates,
            0);
}

TEST(SignalDatesTest, AnAugustWorkshopIsDayZeroOfItsYear) {
  // The last day of one year and August before the next have the same k but are of two years.
  const Cadence cadence = Of({Ymd(2026, 6, 12), Ymd(2026, 6, 20), Ymd(2026, 8, 10), Ymd(2026, 8, 20), Ymd(2026, 9, 1)},
                             Ymd(2026, 9, 2), BothYears());
  EXPECT_EQ(cadence.signal_dates, 3);
  EXPECT_THAT(cadence.gaps, ElementsAre(2)) << "from day 0 to Tuesday 1 September, the second day; none across years";
}

TEST(GapsTest, ABreakAddsNothing) {
  EXPECT_THAT(Of({Ymd(2025, 12, 19), Ymd(2026, 1, 5)}, Ymd(2026, 1, 6), FirstYear()).gaps, ElementsAre(1));
  EXPECT_THAT(Of({Ymd(2025, 10, 2), Ymd(2025, 10, 3)}, Ymd(2025, 10, 6), FirstYear()).gaps, IsEmpty());
}

TEST(GapsTest, TheLagging) {
  CadenceInput input = Input({Sep(1)}, Sep(18));
  input.lagging_signals = {Ymd(2025, 8, 29), Sep(5), Sep(6), Sep(9), Ymd(2025, 10, 1)};
  EXPECT_EQ(ComputeCadence(input).lagging_signal_dates, 2);
}

TEST(OpenGapTest, CountsWholeDaysThatHavePassed) {
  const auto open_gap = [](Date today) { return Of({Sep(12)}, today).open_gap; };
  EXPECT_EQ(open_gap(Sep(12)), 0);
  EXPECT_EQ(open_gap(Sep(13)), 0);
  EXPECT_EQ(open_gap(Sep(15)), 0) << "Monday has not passed";
  EXPECT_EQ(open_gap(Sep(16)), 1);
  EXPECT_EQ(Of({Sep(18)}, Sep(18)).open_gap, 0) << "a signal of today";
  EXPECT_EQ(Of({Sep(4), Sep(19)}, Sep(18)).open_gap, 0) << "a signal of tomorrow";
}

TEST(OpenGapTest, WithoutASignalItBeginsWithTheWindowOrTheYear) {
  EXPECT_EQ(Of({}, Sep(18), {Sep(8), Ymd(2025, 10, 1)}).open_gap, 8);
  EXPECT_EQ(Of({}, Sep(18), {Ymd(2025, 1, 1), Ymd(2025, 10, 1)}).open_gap, 13);
  EXPECT_EQ(Of({Ymd(2026, 6, 12)}, Ymd(2026, 9, 2), BothYears()).open_gap, 2) << "last year's signal is no signal";
  EXPECT_EQ(Of({}, Sep(18), {Sep(18), Ymd(2025, 10, 1)}).open_gap, 0) << "nothing of the window has passed";
}

TEST(OpenGapTest, ASignalBeforeTheWindowIsStillTheLastOne) {
  EXPECT_EQ(Of({Sep(4)}, Sep(18), {Sep(15), Ymd(2025, 10, 1)}).open_gap, 9);
}

TEST(OpenGapTest, OutsideEverySchoolYearThereIsNone) {
  EXPECT_EQ(Of({Ymd(2027, 6, 1)}, Ymd(2027, 7, 2), {Ymd(2025, 7, 1), Ymd(2028, 7, 1)}).open_gap, 0);
  EXPECT_EQ(Of({Ymd(2027, 6, 1)}, Ymd(2027, 7, 1), {Ymd(2025, 7, 1), Ymd(2028, 7, 1)}).open_gap, 8)
      << "yesterday was the year's last date";
}

TEST(OpenGapTest, TheFunctionOfItsOwn) {
  EXPECT_EQ(OpenGap(TestCalendar(), {Sep(1), Sep(12)}, Sep(1), Sep(17)), 3);
  EXPECT_EQ(OpenGap(TestCalendar(), {Sep(19)}, Sep(1), Sep(17)), 0);
  EXPECT_EQ(OpenGap(TestCalendar(), {}, Sep(10), Sep(17)), 6);
  EXPECT_EQ(OpenGap(TestCalendar(), {}, Sep(1), Ymd(2025, 6, 1)), 0);
}

TEST(WindowTest, OneInThePastAnswersAsItDidWhenItEnded) {
  const DateRange window{Sep(1), Sep(18)};
  const Cadence then = Of({Sep(1), Sep(4), Sep(12)}, Sep(18), window);
  const Cadence later = Of({Sep(1), Sep(4), Sep(12), Sep(18), Sep(19), Ymd(2026, 2, 2)}, Ymd(2026, 3, 1), window);
  EXPECT_EQ(later.signal_dates, 3);
  EXPECT_EQ(later.open_gap, 3);
  EXPECT_EQ(later.open_gap, then.open_gap);
  EXPECT_EQ(later.longest_silence, then.longest_silence);
  EXPECT_EQ(later.weeks.eligible, 2) << "the window's last week was not over, and has no signal in it";
  EXPECT_EQ(later.weeks.eligible, then.weeks.eligible);
}

TEST(WindowTest, OneInTheFutureOrAnEmptyOneHasNothing) {
  for (const DateRange window : {DateRange{Sep(19), Sep(30)}, DateRange{Sep(5), Sep(5)}, DateRange{Sep(9), Sep(5)}}) {
    CadenceInput input = Input({Sep(1), Sep(4), Sep(19)}, Sep(18), window);
    input.lagging_signals = {Sep(19)};
    input.watch = WatchTerms{.from = Sep(1)};
    const Cadence cadence = ComputeCadence(input);
    EXPECT_EQ(cadence.signal_dates + cadence.lagging_signal_dates + cadence.open_gap + cadence.watched_days, 0);
    EXPECT_EQ(cadence.weeks.eligible + cadence.months.eligible, 0);
    EXPECT_EQ(cadence.longest_silence, std::nullopt);
    EXPECT_EQ(cadence.last_signal, std::nullopt);
    EXPECT_EQ(cadence.weeks.coverage(), std::nullopt);
    EXPECT_EQ(cadence.on_track_share(), std::nullopt);
  }
}

TEST(LongestSilenceTest, AYearWithoutSignalsIsOne) {
  const Cadence cadence = Of({Ymd(2026, 8, 31)}, Ymd(2026, 9, 1), BothYears());
  const int days = TestCalendar().CountThrough(Ymd(2026, 6, 12));
  EXPECT_EQ(cadence.longest_silence, (Silence{SilenceKind::kStart, days, Ymd(2025, 6, 30), Ymd(2026, 6, 30)}));
}

TEST(LongestSilenceTest, StartCountsTheFirstSignalsDayAsAGapDoes) {
  const Cadence cadence = Of({Sep(10), Sep(15)}, Sep(16), FirstYear());
  EXPECT_EQ(cadence.longest_silence, (Silence{SilenceKind::kStart, 8, Ymd(2025, 6, 30), Sep(10)}));
}

TEST(LongestSilenceTest, StartIsCutOffAtTheWindowAndAtYesterday) {
  EXPECT_EQ(Of({Sep(10), Sep(15)}, Sep(16), {Sep(8), Sep(30)}).longest_silence,
            (Silence{SilenceKind::kGap, 3, Sep(10), Sep(15)}));
  EXPECT_EQ(Of({Sep(18)}, Sep(18), {Sep(15), Sep(30)}).longest_silence,
            (Silence{SilenceKind::kStart, 3, Sep(14), Sep(17)}));
}

TEST(LongestSilenceTest, AYearThatIsOverEndsInASilence) {
  const Cadence cadence = Of({Sep(1), Sep(2)}, Ymd(2026, 8, 1), BothYears());
  const int days = TestCalendar().Between(Sep(2), Ymd(2026, 6, 12));
  EXPECT_EQ(cadence.longest_silence, (Silence{SilenceKind::kEnd, days, Sep(2), Ymd(2026, 6, 30)}));
}

TEST(LongestSilenceTest, TheYearOfYesterdayEndsInTheOpenGap) {
  const int days = TestCalendar().Between(Sep(2), Ymd(2026, 6, 12));
  EXPECT_EQ(Of({Sep(1), Sep(2)}, Ymd(2026, 7, 1), BothYears()).longest_silence,
            (Silence{SilenceKind::kOpen, days, Sep(2), Ymd(2026, 6, 30)}));
  EXPECT_EQ(Of({Sep(4)}, Sep(18), {Sep(15), Sep(30)}).longest_silence,
            (Silence{SilenceKind::kOpen, 9, Sep(4), Sep(17)}))
      << "it may begin before the window";
}

TEST(LongestSilenceTest, TiesGoToGapOpenStartEndAndThenTheEarliest) {
  // The gap 3 of (1, 4], again 3 of (4, 9], and open 3 of (9, 12].
  EXPECT_EQ(Of({Sep(1), Sep(4), Sep(9)}, Sep(13)).longest_silence, (Silence{SilenceKind::kGap, 3, Sep(1), Sep(4)}));
  // Start 3 of (31 August, 3] and open 3 of (3, 8].
  EXPECT_EQ(Of({Sep(3)}, Sep(9)).longest_silence, (Silence{SilenceKind::kOpen, 3, Sep(3), Sep(8)}));
  // No signal: open and start are the same silence.
  EXPECT_EQ(Of({}, Sep(9)).longest_silence, (Silence{SilenceKind::kOpen, 6, Ymd(2025, 8, 31), Sep(8)}));
  // In the year that is over, start 2 of (9 June, 11] wins against nothing; end 1 of (11, 30].
  EXPECT_EQ(Of({Ymd(2026, 6, 11)}, Ymd(2026, 7, 2), {Ymd(2026, 6, 10), Ymd(2026, 8, 1)}).longest_silence,
            (Silence{SilenceKind::kStart, 2, Ymd(2026, 6, 9), Ymd(2026, 6, 11)}));
  // Start 1 of (9 June, 10], gap 1, end 1 of (11, 30].
  EXPECT_EQ(
      Of({Ymd(2026, 6, 10), Ymd(2026, 6, 11)}, Ymd(2026, 7, 2), {Ymd(2026, 6, 10), Ymd(2026, 8, 1)}).longest_silence,
      (Silence{SilenceKind::kGap, 1, Ymd(2026, 6, 10), Ymd(2026, 6, 11)}));
  // Start 1 of (10 June, 11] and end 1 of (11, 30].
  EXPECT_EQ(Of({Ymd(2026, 6, 11)}, Ymd(2026, 7, 2), {Ymd(2026, 6, 11), Ymd(2026, 8, 1)}).longest_silence,
            (Silence{SilenceKind::kStart, 1, Ymd(2026, 6, 10), Ymd(2026, 6, 11)}));
}

TEST(LongestSilenceTest, MayBeOfNoDaysAndIsNoneBeforeAnythingPassed) {
  EXPECT_EQ(Of({}, Ymd(2025, 8, 2), FirstYear()).longest_silence,
            (Silence{SilenceKind::kOpen, 0, Ymd(2025, 6, 30), Ymd(2025, 8, 1)}));
  EXPECT_EQ(Of({Ymd(2025, 8, 2)}, Ymd(2025, 8, 2), FirstYear()).longest_silence,
            (Silence{SilenceKind::kOpen, 0, Ymd(2025, 8, 1), Ymd(2025, 8, 1)}))
      << "a signal of today leaves nothing open";
  EXPECT_EQ(Of({Sep(4)}, Sep(18), {Sep(18), Sep(30)}).longest_silence, std::nullopt);
  EXPECT_EQ(Of({}, Ymd(2025, 6, 30), {Ymd(2025, 1, 1), Ymd(2026, 7, 1)}).longest_silence, std::nullopt);
}

TEST(CyclesTest, ASaturdayCoversItsOwnMonth) {
  // Friday 31 October and Saturday 1 November are one signal date, and cover two months.
  const Cadence cadence =
      Of({Ymd(2025, 10, 31), Ymd(2025, 11, 1)}, Ymd(2025, 12, 1), {Ymd(2025, 10, 1), Ymd(2025, 12, 1)});
  EXPECT_EQ(cadence.signal_dates, 1);
  EXPECT_EQ(cadence.months.covered, 2);
  EXPECT_EQ(cadence.months.eligible, 2);
  EXPECT_EQ(cadence.months.streak, 2);
  EXPECT_EQ(cadence.weeks.covered, 1);
}

TEST(CyclesTest, AreEligibleWithEnoughDaysInTheWindow) {
  const Date today = Ymd(2025, 11, 1);
  EXPECT_EQ(Of({}, today, {Sep(3), Sep(8)}).weeks.eligible, 1) << "Wednesday to Friday";
  EXPECT_EQ(Of({}, today, {Sep(4), Sep(8)}).weeks.eligible, 0);
  EXPECT_EQ(Of({}, today, {Sep(1), Sep(4)}).weeks.eligible, 0) << "Monday to Wednesday, but it ends after the window";
  EXPECT_EQ(Of({Sep(1)}, today, {Sep(1), Sep(4)}).weeks.eligible, 1);
  EXPECT_EQ(Of({Sep(1)}, today, {Sep(1), Sep(3)}).weeks.eligible, 0);
  EXPECT_EQ(Of({}, today, {Sep(24), Ymd(2025, 10, 1)}).months.eligible, 1);
  EXPECT_EQ(Of({}, today, {Sep(25), Ymd(2025, 10, 1)}).months.eligible, 0);
}

TEST(CyclesTest, AreEligibleWithEnoughDaysOfActivity) {
  const std::vector<ActivePeriod> periods = {{Sep(1), Sep(2)}, {Sep(4), Sep(9)}, {Sep(24), std::nullopt}};
  CadenceInput input = Input({}, Ymd(2025, 11, 1));
  input.active = &periods;
  const Cadence cadence = ComputeCadence(input);
  EXPECT_EQ(cadence.weeks.eligible, 2) << "1, 4, 5 September; 24 to 26; the last week ends after the window";
  EXPECT_EQ(cadence.months.eligible, 1);
  const std::vector<ActivePeriod> never;
  input.active = &never;
  EXPECT_EQ(ComputeCadence(input).months.eligible, 0);
}

TEST(CyclesTest, TheCurrentOneCountsOnceItHasASignal) {
  const auto weeks = [](std::vector<Date> signals, Date today) { return Of(std::move(signals), today).weeks; };
  EXPECT_EQ(weeks({Sep(1)}, Sep(12)).eligible, 1);
  EXPECT_EQ(weeks({Sep(1)}, Sep(12)).streak, 1) << "not broken while it may yet come";
  EXPECT_EQ(weeks({Sep(1)}, Sep(14)).eligible, 1) << "Sunday";
  EXPECT_EQ(weeks({Sep(1)}, Sep(15)).eligible, 2) << "over";
  EXPECT_EQ(weeks({Sep(1)}, Sep(15)).streak, 0);
  EXPECT_EQ(weeks({Sep(1), Sep(9)}, Sep(9)).streak, 2);
  EXPECT_EQ(weeks({Sep(1), Sep(9), Sep(15)}, Sep(14)).streak, 3) << "a signal of tomorrow counts where it is dated";
  EXPECT_EQ(weeks({Sep(1), Sep(15)}, Sep(14)).streak, 2) << "the week of Sunday the 14th is not over";
}

TEST(CyclesTest, AStreakSkipsWeeksThatAreNotEligible) {
  // 19 December, the two weeks of the break, 5 January; the week of 8 December had none.
  const Cadence cadence =
      Of({Ymd(2025, 12, 1), Ymd(2025, 12, 19), Ymd(2026, 1, 5)}, Ymd(2026, 1, 14), {Ymd(2025, 12, 1), Ymd(2026, 2, 1)});
  EXPECT_EQ(cadence.weeks.streak, 2);
  EXPECT_EQ(cadence.weeks.eligible, 4);
  EXPECT_EQ(cadence.weeks.covered, 3);
}

TEST(CyclesTest, ASignalInAnIneligibleCycleCountsNothing) {
  const Cadence cadence = Of({Ymd(2025, 8, 20), Ymd(2025, 12, 24)}, Ymd(2026, 1, 5), FirstYear());
  EXPECT_EQ(cadence.weeks.covered, 0);
  EXPECT_EQ(cadence.months.covered, 1) << "December";
  EXPECT_EQ(cadence.weeks.eligible, 16);
}

TEST(CyclesTest, AWindowOfAllTimeIsAnsweredFromTheSchoolYears) {
  const Cadence cadence = Of({Sep(1)}, Ymd(2099, 1, 1), {Date::Min(), Date::Max()});
  EXPECT_EQ(cadence.months.covered, 1);
  EXPECT_EQ(cadence.months.eligible, 20) << "September to June, twice; August 2026 has a single day";
}

TEST(BurstinessTest, NeedsFiveGaps) {
  std::vector<Date> signals;
  for (int week = 0; week < 5; ++week) signals.push_back(Sep(1) + 7 * week);
  EXPECT_EQ(Of(signals, Ymd(2025, 11, 1), FirstYear()).burstiness, std::nullopt);
  signals.insert(signals.begin(), Ymd(2025, 8, 20));  // day 0: a gap of 1
  const Cadence uneven = Of(signals, Ymd(2025, 11, 1), FirstYear());
  EXPECT_THAT(uneven.gaps, ElementsAre(1, 5, 5, 5, 5));
  EXPECT_NEAR(*uneven.burstiness, (1.6 - 4.2) / (1.6 + 4.2), 1e-12);
}

TEST(BurstinessTest, ClockworkIsMinusOne) {
  std::vector<Date> signals;
  for (int day = 1; day <= 26; day += 5) signals.push_back(*TestCalendar().NthAfter(Ymd(2025, 8, 31), day));
  EXPECT_EQ(Of(signals, Ymd(2025, 11, 1), FirstYear()).burstiness, -1.0);
}

CadenceInput Watched(std::vector<Date> signals, Date today, DateRange window = FirstYear()) {
  CadenceInput input = Input(std::move(signals), today, window);
  input.watch = WatchTerms{.every_days = 3, .grace_days = 1, .allowance_days = 2, .from = Ymd(2025, 1, 1)};
  return input;
}

TEST(OnTrackTest, WithoutASignalUntilTheAllowanceIsUsedUp) {
  const Cadence cadence = ComputeCadence(Watched({}, Sep(18)));
  EXPECT_EQ(cadence.watched_days, 13);
  EXPECT_EQ(cadence.on_track_days, 5) << "1 to 5 September: E + A";
  EXPECT_DOUBLE_EQ(*cadence.on_track_share(), 5.0 / 13);
}

TEST(OnTrackTest, ASignalHelpsFromItsOwnDateOn) {
  // Due on the 5th; the 8th and 9th are past it; the signal of the 10th makes the 15th the due date; the 16th, 17th are
  // past it.
  const Cadence cadence = ComputeCadence(Watched({Sep(10)}, Sep(18)));
  EXPECT_EQ(cadence.watched_days, 13);
  EXPECT_EQ(cadence.on_track_days, 9);
  EXPECT_EQ(ComputeCadence(Watched({Sep(10)}, Sep(10))).on_track_days, 5) << "today is not judged";
}

TEST(OnTrackTest, AnOldSignalNeverMakesItEarlier) {
  EXPECT_EQ(ComputeCadence(Watched({Ymd(2025, 8, 20)}, Sep(18))).on_track_days, 5);
  EXPECT_EQ(ComputeCadence(Watched({Sep(1)}, Sep(18))).on_track_days, 5);
}

TEST(OnTrackTest, TheWindowCutsWhatIsJudgedAndNotWhatIsKnown) {
  const Cadence cadence = ComputeCadence(Watched({Sep(5)}, Sep(18), {Sep(8), Sep(12)}));
  EXPECT_EQ(cadence.watched_days, 4) << "8 to 11 September";
  EXPECT_EQ(cadence.on_track_days, 3) << "due on the 10th by the signal before the window";
}

TEST(OnTrackTest, TheExpectationsDateStartsIt) {
  CadenceInput input = Watched({}, Sep(18));
  input.watch->from = Sep(6);  // a Saturday
  const Cadence cadence = ComputeCadence(input);
  EXPECT_EQ(cadence.watched_days, 8);
  EXPECT_EQ(cadence.on_track_days, 5) << "8 to 12 September";
}

TEST(OnTrackTest, ReactivationStartsAnew) {
  const std::vector<ActivePeriod> periods = {{Ymd(2025, 1, 1), Sep(3)}, {Sep(9), std::nullopt}};
  CadenceInput input = Watched({}, Sep(18));
  input.active = &periods;
  const Cadence cadence = ComputeCadence(input);
  EXPECT_EQ(cadence.watched_days, 2 + 7);
  EXPECT_EQ(cadence.on_track_days, 2 + 5) << "9 to 15 September";
}

TEST(OnTrackTest, EachSchoolYearStartsAnew) {
  // In June the year has long been late; the next is allowed 5 days, whatever last year's signals.
  const Cadence cadence =
      ComputeCadence(Watched({Ymd(2026, 6, 12)}, Ymd(2026, 9, 9), {Ymd(2026, 6, 10), Ymd(2027, 7, 1)}));
  EXPECT_EQ(cadence.watched_days, 3 + 7);
  EXPECT_EQ(cadence.on_track_days, 1 + 5);
}

TEST(OnTrackTest, ADueDatePastTheYearsLastDayIsNone) {
  const DateRange june{Ymd(2026, 6, 8), Ymd(2026, 7, 1)};
  const Cadence cadence = ComputeCadence(Watched({Ymd(2026, 6, 9)}, Ymd(2026, 7, 1), june));
  EXPECT_EQ(cadence.watched_days, 5);
  EXPECT_EQ(cadence.on_track_days, 4) << "the 8th is late; by the 9th's signal the 12th, the last day, is due";
  CadenceInput never = Watched({}, Ymd(2026, 7, 1));
  never.watch->every_days = 400;
  EXPECT_EQ(ComputeCadence(never).on_track_share(), 1.0);
}

// ---- Against a recount, day by day ----------------------------------------------------------------------------------

// Everything below counts dates one by one and knows only which dates are instructional and what the school years'
// bounds are.
class Recount {
 public:
  explicit Recount(const CadenceInput& input)
      : in_(input), today_(std::min(input.today, input.window.to)), yesterday_(today_ - 1) {
    for (const Date d : input.signals) {
      if (d < input.window.to && YearOf(d) >= 0) all_.push_back(d);
    }
    for (const Date d : all_) {
      if (d < input.window.from) continue;
      counted_.push_back(d);
      const auto key = std::pair(YearOf(d), K(d));
      if (merged_.empty() || std::pair(YearOf(merged_.back()), K(merged_.back())) != key) merged_.push_back(d);
    }
  }

  int signal_dates() const { return static_cast<int>(merged_.size()); }

  std::vector<int> Gaps() const {
    std::vector<int> gaps;
    for (size_t i = 1; i < merged_.size(); ++i) {
      if (YearOf(merged_[i - 1]) == YearOf(merged_[i])) gaps.push_back(K(merged_[i]) - K(merged_[i - 1]));
    }
    return gaps;
  }

  // Walks back from yesterday until a signal, the window's start or the year's.
  int OpenGap() const {
    const int year = YearOf(yesterday_);
    if (year < 0) return 0;
    const bool any = std::any_of(all_.begin(), all_.end(), [&](Date d) { return YearOf(d) == year; });
    int days = 0;
    for (Date d = yesterday_; YearOf(d) == year && (any || d >= in_.window.from); d = d - 1) {
      if (std::any_of(all_.begin(), all_.end(), [&](Date s) { return s >= d && YearOf(s) == year; })) break;
      days += Taught(d);
    }
    return days;
  }

  // The longest run of days that no signal date of the window precedes in their year, or ends; and the open gap.
  int LongestSilence() const {
    int longest = OpenGap();
    for (const int gap : Gaps()) longest = std::max(longest, gap);
    for (size_t year = 0; year < Spec().years.size(); ++year) {
      int run = 0;
      for (Date d = Spec().years[year].bounds.from; d < Spec().years[year].bounds.to; d = d + 1) {
        if (d < in_.window.from || d > yesterday_) continue;
        run += Taught(d);
        longest = std::max(longest, run);
        if (std::find(counted_.begin(), counted_.end(), d) != counted_.end()) run = 0;
      }
    }
    return longest;
  }

  CycleCadence Cycles(CycleUnit unit) const {
    const bool week = unit == CycleUnit::kIsoWeek;
    std::map<Date, int> days;
    std::set<Date> signalled;
    const auto start = [&](Date d) { return week ? d.StartOfIsoWeek() : d.StartOfMonth(); };
    for (Date d = in_.window.from; d < in_.window.to; d = d + 1) {
      if (Active(d) >= 0) days[start(d)] += Taught(d);
    }
    for (const Date d : counted_) signalled.insert(start(d));
    CycleCadence cycles;
    for (const auto& [cycle, taught] : days) {
      const bool covered = signalled.contains(cycle);
      const Date next = week ? cycle + 7 : cycle.StartOfNextMonth();
      if (taught < (week ? 3 : 5) || (next > today_ && !covered)) continue;
      ++cycles.eligible;
      cycles.covered += covered;
      cycles.streak = covered ? cycles.streak + 1 : 0;
    }
    return cycles;
  }

  // (on-track days, watched days): each day's run and due date found by walking.
  std::pair<int, int> OnTrack() const {
    std::pair<int, int> days{0, 0};
    for (Date d = in_.window.from; d <= yesterday_; d = d + 1) {
      if (!Taught(d) || !Watched(d)) continue;
      ++days.second;
      days.first += PastDue(d) ? 0 : 1;
    }
    return days;
  }

 private:
  int YearOf(Date d) const {
    for (size_t i = 0; i < Spec().years.size(); ++i) {
      if (Spec().years[i].bounds.Contains(d)) return static_cast<int>(i);
    }
    return -1;
  }
  int Taught(Date d) const { return TestCalendar().IsInstructional(d) ? 1 : 0; }
  int K(Date through) const {
    int k = 0;
    for (Date d = Spec().years.front().bounds.from; d <= through; d = d + 1) k += Taught(d);
    return k;
  }
  int Active(Date d) const {
    for (size_t i = 0; i < in_.active->size(); ++i) {
      if ((*in_.active)[i].Contains(d)) return static_cast<int>(i);
    }
    return -1;
  }
  bool Watched(Date d) const { return YearOf(d) >= 0 && Active(d) >= 0 && d >= in_.watch->from; }

  // Whether more than E + A days of the run, and more than E days since the last signal, have come by d.
  bool PastDue(Date d) const {
    int in_run = 0;
    for (Date e = d; Watched(e) && YearOf(e) == YearOf(d) && Active(e) == Active(d); e = e - 1) in_run += Taught(e);
    if (in_run <= in_.watch->every_days + in_.watch->allowance_days) return false;
    std::optional<Date> last;
    for (const Date s : all_) {
      if (s <= d && YearOf(s) == YearOf(d)) last = s;
    }
    return !last || K(d) - K(*last) > in_.watch->every_days;
  }

  const CadenceInput& in_;
  Date today_, yesterday_;
  std::vector<Date> all_, counted_, merged_;
};

CadenceInput RandomInput(std::mt19937& random, std::vector<ActivePeriod>& periods) {
  // Dates from before the first school year to past a turn of years; small spans, so that borders meet.
  const Date base = Ymd(2025, 6, 20) + static_cast<int>(random() % 420);
  const auto date = [&](int span) { return base + static_cast<int>(random() % span); };
  std::vector<Date> cuts = {date(90), date(90), date(90)};
  std::sort(cuts.begin(), cuts.end());
  periods.clear();
  if (random() % 2 == 0) {
    periods = {{Date::Min(), std::nullopt}};
  } else if (cuts[0] < cuts[1] && cuts[1] < cuts[2]) {
    periods = {{cuts[0], cuts[1]}, {cuts[2], random() % 2 ? std::nullopt : std::optional<Date>(cuts[2] + 20)}};
  }
  CadenceInput input = Input({}, date(120), {date(60), date(150)});
  input.active = &periods;
  const int signals = static_cast<int>(random() % 25);
  for (int i = 0; i < signals; ++i) input.signals.push_back(date(120));
  std::sort(input.signals.begin(), input.signals.end());
  WatchTerms terms;
  terms.every_days = 1 + static_cast<int>(random() % 8);
  terms.allowance_days = static_cast<int>(random() % 8);
  terms.from = random() % 2 ? Date::Min() : date(40);
  input.watch = terms;
  return input;
}

void ExpectCycles(const CycleCadence& cycles, const CycleCadence& recount) {
  EXPECT_EQ(cycles.covered, recount.covered);
  EXPECT_EQ(cycles.eligible, recount.eligible);
  EXPECT_EQ(cycles.streak, recount.streak);
}

void ExpectRecounted(const CadenceInput& input) {
  const Cadence cadence = ComputeCadence(input);
  const Recount recount(input);
  EXPECT_EQ(cadence.signal_dates, recount.signal_dates());
  EXPECT_EQ(cadence.gaps, recount.Gaps());
  EXPECT_EQ(cadence.open_gap, recount.OpenGap());
  if (cadence.longest_silence) {
    const Silence& silence = *cadence.longest_silence;
    EXPECT_EQ(silence.days, recount.LongestSilence());
    EXPECT_EQ(silence.days, TestCalendar().Between(silence.after, silence.through));
  }
  ExpectCycles(cadence.weeks, recount.Cycles(CycleUnit::kIsoWeek));
  ExpectCycles(cadence.months, recount.Cycles(CycleUnit::kMonth));
  EXPECT_EQ(std::pair(cadence.on_track_days, cadence.watched_days), recount.OnTrack());
}

std::string Describe(const CadenceInput& input) {
  std::string text = "window [" + input.window.from.ToString() + ", " + input.window.to.ToString() + "), today " +
                     input.today.ToString() + ", signals";
  for (const Date d : input.signals) text += " " + d.ToString();
  return text;
}

TEST(CadenceTest, AgreesWithARecount) {
  const uint32_t seed = std::random_device{}();
  std::mt19937 random(seed);
  for (int round = 0; round < 1'000; ++round) {
    std::vector<ActivePeriod> periods;
    const CadenceInput input = RandomInput(random, periods);
    if (input.window.from >= input.window.to || input.window.from > input.today) continue;
    SCOPED_TRACE(testing::Message() << "seed " << seed << ", round " << round << ": " << Describe(input));
    ExpectRecounted(input);
    if (HasFailure()) return;
  }
}

// Repeats change nothing, and neither do signals dated from the window's end on.
TEST(CadenceTest, RepeatsAndWhatComesAfterTheWindowChangeNothing) {
  const uint32_t seed = std::random_device{}();
  std::mt19937 random(seed);
  for (int round = 0; round < 300; ++round) {
    std::vector<ActivePeriod> periods;
    const CadenceInput input = RandomInput(random, periods);
    CadenceInput more = input;
    for (const Date d : input.signals) more.signals.push_back(d);
    for (int i = 0; i < 5; ++i) more.signals.push_back(input.window.to + static_cast<int>(random() % 30));
    std::sort(more.signals.begin(), more.signals.end());
    SCOPED_TRACE(testing::Message() << "seed " << seed << ", round " << round << ": " << Describe(more));
    const Cadence a = ComputeCadence(input), b = ComputeCadence(more);
    EXPECT_EQ(a.gaps, b.gaps);
    EXPECT_EQ(a.signal_dates, b.signal_dates);
    EXPECT_EQ(a.open_gap, b.open_gap);
    EXPECT_EQ(a.longest_silence, b.longest_silence);
    EXPECT_EQ(a.on_track_days, b.on_track_days);
    ExpectCycles(a.weeks, b.weeks);
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace leadlag
