// The table of watch cases: evidence and due dates. The dates were worked out by hand on this calendar (TwoYears;
// Monday to Friday, the n-th instructional day of 2025-26; FourWeeks has the first 20 of them):
//
//   8-12 Sep  1-5      6-10 Oct  21-25    3-7 Nov    41-45    1-5 Dec    59-63
//  15-19 Sep  6-10    13-17 Oct  26-30   10-14 Nov   46-50    8-12 Dec   64-68
//  22-26 Sep 11-15    20-24 Oct  31-35   17-21 Nov   51-55   15-19 Dec   69-73
//  29 Sep-3 Oct 16-20 27-31 Oct  36-40   24-26 Nov   56-58    5-9 Jan    74-78
//
// Unless a case says otherwise E = 5, G = 3, A = 2, notify time 07:00 in New York: s is 7 September, so that without a
// signal the due date is the 7th instructional day, 16 September; LATE on the 8th (17 September), OVERDUE on the 11th
// (22 September).
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/watch_case.h"

namespace leadlag {
namespace {

using testing::ElementsAreArray;
using testing::IsEmpty;

constexpr char kStarts[] = "2025-09-08 00:00 NOT_STARTED STARTED due 2025-09-16";
constexpr char kLate[] = "2025-09-17 07:00 LATE DUE due 2025-09-16";
constexpr char kOverdue[] = "2025-09-22 07:00 OVERDUE GRACE_OVER due 2025-09-16";

TEST_P(WatchCase, FlipsAsWrittenOut) {
  const Story& story = GetParam();
  EXPECT_THAT(story.Describe(NaiveFlips(story.story())), ElementsAreArray(story.expected())) << "in the naive model";
  for (Pace pace : {Pace::kHappenings, Pace::kNextMoments, Pace::kHourly}) {
    const CoreLife life = LiveInCore(story.story(), pace);
    EXPECT_THAT(story.Describe(life.flips), ElementsAreArray(story.expected()))
        << "in core, pace " << static_cast<int>(pace);
    EXPECT_THAT(life.broken, IsEmpty()) << "pace " << static_cast<int>(pace);
  }
}

std::vector<Story> WithoutEvidence() {
  return {
      Story("NothingEverArrives").Until("2025-11-01").Flips({kStarts, kLate, kOverdue}),
      Story("TheDefaults")
          .Terms(10, 10, 10)
          .Until("2025-11-01")
          .Flips({"2025-09-08 00:00 NOT_STARTED STARTED due 2025-10-03", "2025-10-06 07:00 LATE DUE due 2025-10-03",
                  "2025-10-20 07:00 OVERDUE GRACE_OVER due 2025-10-03"}),
      Story("WithoutGraceTwoFlipsAtOneInstant")
          .Terms(5, 0, 2)
          .Until("2025-10-01")
          .Flips({kStarts, kLate, "2025-09-17 07:00 OVERDUE GRACE_OVER due 2025-09-16"}),
      Story("WithoutAllowance")
          .Terms(1, 1, 0)
          .Until("2025-10-01")
          .Flips({"2025-09-08 00:00 NOT_STARTED STARTED due 2025-09-08", "2025-09-09 07:00 LATE DUE due 2025-09-08",
                  "2025-09-10 07:00 OVERDUE GRACE_OVER due 2025-09-08"}),
      Story("NotifyAtMidnightComesAfterMidnight")
          .Terms(1, 1, 0)
          .Notify("00:00")
          .Until("2025-10-01")
          .Flips({"2025-09-08 00:00 NOT_STARTED STARTED due 2025-09-08", "2025-09-09 00:00 LATE DUE due 2025-09-08",
                  "2025-09-10 00:00 OVERDUE GRACE_OVER due 2025-09-08"}),
      Story("NotifyInTheLastMinuteOfTheDay")
          .Notify("23:59")
          .Until("2025-09-22 23:59")
          .Flips({kStarts, "2025-09-17 23:59 LATE DUE due 2025-09-16"}),
  };
}
INSTANTIATE_TEST_SUITE_P(WithoutEvidence, WatchCase, testing::ValuesIn(WithoutEvidence()), NameOfCase);

std::vector<Story> FirstSignals() {
  return {
      Story("WorkedExample")  // 1, 1, 4 and 12 September, a month that begins on a Monday: gaps 3 and 6
          .Calendar(OneTerm("2025-09-01", "2026-06-12"))
          .Terms(3, 1, 0)
          .Signal("2025-09-01")
          .Batch("2025-09-01 17:00", {{EvidenceChange::Kind::kRecord, "again", D("2025-09-01")}})
          .Signal("2025-09-04")
          .Signal("2025-09-12")
          .Until("2025-09-18 12:00")
          .Flips({"2025-09-01 00:00 NOT_STARTED STARTED due 2025-09-03",
                  "2025-09-01 16:00 ON_TRACK EVIDENCE due 2025-09-04", "2025-09-10 07:00 LATE DUE due 2025-09-09",
                  "2025-09-11 07:00 OVERDUE GRACE_OVER due 2025-09-09",
                  "2025-09-12 16:00 ON_TRACK RESOLVED due 2025-09-17", "2025-09-18 07:00 LATE DUE due 2025-09-17"}),
      Story("OnTheFirstDayItNeverShortensTheAllowance")
          .Signal("2025-09-08")
          .Until("2025-09-20")
          .Flips({kStarts, "2025-09-08 16:00 ON_TRACK EVIDENCE due 2025-09-16", kLate}),
      Story("WithinTheAllowance")
          .Signal("2025-09-10")
          .Until("2025-10-01")
          .Flips({kStarts, "2025-09-10 16:00 ON_TRACK EVIDENCE due 2025-09-17",
                  "2025-09-18 07:00 LATE DUE due 2025-09-17", "2025-09-23 07:00 OVERDUE GRACE_OVER due 2025-09-17"}),
      Story("OnTheDueDate")
          .Signal("2025-09-16")
          .Until("2025-09-25")
          .Flips({kStarts, "2025-09-16 16:00 ON_TRACK EVIDENCE due 2025-09-23",
                  "2025-09-24 07:00 LATE DUE due 2025-09-23"}),
      Story("AfterTheAllowance")
          .Signal("2025-09-18")
          .Until("2025-09-27")
          .Flips({kStarts, kLate, "2025-09-18 16:00 ON_TRACK RESOLVED due 2025-09-25",
                  "2025-09-26 07:00 LATE DUE due 2025-09-25"}),
      Story("WhenOverdue")
          .Signal("2025-09-30")
          .Until("2025-10-08 07:01")
          .Flips({kStarts, kLate, kOverdue, "2025-09-30 16:00 ON_TRACK RESOLVED due 2025-10-07",
                  "2025-10-08 07:00 LATE DUE due 2025-10-07"}),
      Story("AMinuteBeforeNotifyTime")
          .Record("2025-09-17 06:59", "2025-09-16")
          .Until("2025-09-24")
          .Flips({kStarts, "2025-09-17 06:59 ON_TRACK EVIDENCE due 2025-09-23"}),
      Story("AtNotifyTimeIsByThen")
          .Record("2025-09-17 07:00", "2025-09-16")
          .Until("2025-09-24")
          .Flips({kStarts, "2025-09-17 07:00 ON_TRACK EVIDENCE due 2025-09-23"}),
      Story("AMinuteAfterNotifyTime")
          .Record("2025-09-17 07:01", "2025-09-16")
          .Until("2025-09-24")
          .Flips({kStarts, kLate, "2025-09-17 07:01 ON_TRACK RESOLVED due 2025-09-23"}),
      Story("DatedTomorrowCountsAtOnce")
          .Record("2025-09-16 16:00", "2025-09-17")
          .Until("2025-09-25 07:01")
          .Flips({kStarts, "2025-09-16 16:00 ON_TRACK EVIDENCE due 2025-09-24",
                  "2025-09-25 07:00 LATE DUE due 2025-09-24"}),
      Story("AnAugustWorkshopIsASignalOfTheYear")
          .Signal("2025-08-20")
          .Until("2025-09-20")
          .Flips({"2025-09-08 00:00 ON_TRACK STARTED due 2025-09-16", kLate}),
      Story("AnAugustWorkshopEnteredInSeptember")
          .Record("2025-09-10 09:00", "2025-08-20")
          .Until("2025-09-20")
          .Flips({kStarts, "2025-09-10 09:00 ON_TRACK EVIDENCE due 2025-09-16", kLate}),
      Story("AJuneRecordBelongsToTheYearBefore")
          .Record("2025-09-10 09:00", "2025-06-30")
          .Until("2025-09-20")
          .Flips({kStarts, kLate}),
      Story("ASaturdayCountsLikeItsFriday")
          .Record("2025-09-13 10:00", "2025-09-13")
          .Until("2025-09-23")
          .Flips({kStarts, "2025-09-13 10:00 ON_TRACK EVIDENCE due 2025-09-19",
                  "2025-09-22 07:00 LATE DUE due 2025-09-19"}),
      Story("BeforeTheTeamBeganItCountsToo")
          .Active("2025-10-01")
          .Record("2025-09-26 16:00", "2025-09-26")
          .Until("2025-10-11")
          .Flips({"2025-10-01 00:00 ON_TRACK STARTED due 2025-10-09", "2025-10-10 07:00 LATE DUE due 2025-10-09"}),
  };
}
INSTANTIATE_TEST_SUITE_P(FirstSignals, WatchCase, testing::ValuesIn(FirstSignals()), NameOfCase);

std::vector<Story> DueDates() {
  return {
      Story("OnAFriday")
          .Signal("2025-09-12")
          .Until("2025-09-26")
          .Flips({kStarts, "2025-09-12 16:00 ON_TRACK EVIDENCE due 2025-09-19",
                  "2025-09-22 07:00 LATE DUE due 2025-09-19", "2025-09-25 07:00 OVERDUE GRACE_OVER due 2025-09-19"}),
      Story("BeforeThanksgiving")
          .Active("2025-11-17")
          .Signal("2025-11-19")
          .Until("2025-12-02")
          .Flips({"2025-11-17 00:00 NOT_STARTED STARTED due 2025-11-25",
                  "2025-11-19 16:00 ON_TRACK EVIDENCE due 2025-11-26", "2025-12-01 07:00 LATE DUE due 2025-11-26"}),
      Story("OnTheLastDayBeforeTheTwoWeekBreak")
          .Active("2025-12-08")
          .Signal("2025-12-12")
          .Until("2026-01-09")
          .Flips({"2025-12-08 00:00 NOT_STARTED STARTED due 2025-12-16",
                  "2025-12-12 16:00 ON_TRACK EVIDENCE due 2025-12-19", "2026-01-05 07:00 LATE DUE due 2025-12-19",
                  "2026-01-08 07:00 OVERDUE GRACE_OVER due 2025-12-19"}),
      Story("TheBreakHoldsTheState")
          .Active("2025-12-08")
          .Until("2026-01-10")
          .Flips({"2025-12-08 00:00 NOT_STARTED STARTED due 2025-12-16", "2025-12-17 07:00 LATE DUE due 2025-12-16",
                  "2026-01-05 07:00 OVERDUE GRACE_OVER due 2025-12-16"}),
      Story("TheBreakIsNotCounted")
          .Active("2025-12-08")
          .Signal("2025-12-16")
          .Until("2026-01-08")
          .Flips({"2025-12-08 00:00 NOT_STARTED STARTED due 2025-12-16",
                  "2025-12-16 16:00 ON_TRACK EVIDENCE due 2026-01-06", "2026-01-07 07:00 LATE DUE due 2026-01-06"}),
      Story("EvidenceInTheBreakResolvesAtOnce")
          .Active("2025-12-08")
          .Signal("2025-12-27")
          .Until("2026-01-13")
          .Flips({"2025-12-08 00:00 NOT_STARTED STARTED due 2025-12-16", "2025-12-17 07:00 LATE DUE due 2025-12-16",
                  "2025-12-27 16:00 ON_TRACK RESOLVED due 2026-01-09", "2026-01-12 07:00 LATE DUE due 2026-01-09"}),
      Story("PastTheYearsEndItNeverFires")
          .Calendar(FourWeeks())
          .Signal("2025-09-15")
          .Signal("2025-09-22")
          .Signal("2025-09-29")
          .Until("2026-01-01")
          .Flips({kStarts, "2025-09-15 16:00 ON_TRACK EVIDENCE due 2025-09-22", "2025-10-04 00:00 PAUSED YEAR_ENDED"}),
      Story("OnTheYearsLastDayItNeverFires")
          .Calendar(FourWeeks())
          .Signal("2025-09-15")
          .Signal("2025-09-22")
          .Signal("2025-09-26")
          .Until("2026-01-01")
          .Flips({kStarts, "2025-09-15 16:00 ON_TRACK EVIDENCE due 2025-09-22", "2025-10-04 00:00 PAUSED YEAR_ENDED"}),
      Story("LateOnTheYearsLastDay")
          .Calendar(FourWeeks())
          .Signal("2025-09-16")
          .Signal("2025-09-23")
          .Signal("2025-09-25")
          .Until("2026-01-01")
          .Flips({kStarts, "2025-09-16 16:00 ON_TRACK EVIDENCE due 2025-09-23",
                  "2025-10-03 07:00 LATE DUE due 2025-10-02", "2025-10-04 00:00 PAUSED YEAR_ENDED"}),
      Story("AResolvingSignalWithoutAFurtherDueDate")
          .Calendar(FourWeeks())
          .Record("2025-09-29 16:00", "2025-09-29")
          .Until("2026-01-01")
          .Flips(
              {kStarts, kLate, kOverdue, "2025-09-29 16:00 ON_TRACK RESOLVED", "2025-10-04 00:00 PAUSED YEAR_ENDED"}),
      Story("AnAlertClosesAtTheYearsEndAndTheNextYearStartsAnew")
          .Calendar(FourWeeks())
          .Until("2026-09-17")
          .Flips({kStarts, kLate, kOverdue, "2025-10-04 00:00 PAUSED YEAR_ENDED",
                  "2026-09-07 00:00 NOT_STARTED STARTED due 2026-09-15", "2026-09-16 07:00 LATE DUE due 2026-09-15"}),
      Story("LastYearsSignalsDoNotCountForTheNext")
          .Calendar(FourWeeks())
          .Signal("2025-10-03")
          .Record("2026-06-30 12:00", "2026-06-30")
          .Until("2026-09-08")
          .Flips({kStarts, kLate, kOverdue, "2025-10-03 16:00 ON_TRACK RESOLVED", "2025-10-04 00:00 PAUSED YEAR_ENDED",
                  "2026-09-07 00:00 NOT_STARTED STARTED due 2026-09-15"}),
      Story("AYearShorterThanItsFirstDueDate")
          .Calendar(FourWeeks())
          .Terms(10, 10, 11)
          .Until("2026-01-01")
          .Flips({"2025-09-08 00:00 NOT_STARTED STARTED", "2025-10-04 00:00 PAUSED YEAR_ENDED"}),
      Story("EvidenceAfterTheYearWakesNothing")
          .Calendar(FourWeeks())
          .Record("2025-10-06 16:00", "2025-10-02")
          .Until("2026-01-01")
          .Flips({kStarts, kLate, kOverdue, "2025-10-04 00:00 PAUSED YEAR_ENDED"}),
  };
}
INSTANTIATE_TEST_SUITE_P(DueDates, WatchCase, testing::ValuesIn(DueDates()), NameOfCase);

std::vector<Story> LateAndOutOfOrder() {
  return {
      Story("OldEvidenceLowersOverdueToLate")
          .Record("2025-09-24 16:00", "2025-09-15")
          .Until("2025-10-01")
          .Flips({kStarts, kLate, kOverdue, "2025-09-24 16:00 LATE UPDATED due 2025-09-22",
                  "2025-09-26 07:00 OVERDUE GRACE_OVER due 2025-09-22"}),
      Story("OldEvidenceLeavesOverdueWithALaterDueDate")
          .Record("2025-10-01 16:00", "2025-09-11")
          .Until("2025-10-10")
          .Flips({kStarts, kLate, kOverdue, "2025-10-01 16:00 OVERDUE UPDATED due 2025-09-18"}),
      Story("OldEvidenceLeavesLateWithALaterDueDate")
          .Record("2025-09-18 16:00", "2025-09-10")
          .Until("2025-10-01")
          .Flips({kStarts, kLate, "2025-09-18 16:00 LATE UPDATED due 2025-09-17",
                  "2025-09-23 07:00 OVERDUE GRACE_OVER due 2025-09-17"}),
      Story("EvidenceTooOldToMoveAnything")
          .Record("2025-09-18 16:00", "2025-09-08")
          .Until("2025-10-01")
          .Flips({kStarts, kLate, kOverdue}),
      Story("LateEvidenceResolvesHoweverLate")
          .Record("2025-10-15 16:00", "2025-10-10")
          .Until("2025-10-18")
          .Flips({kStarts, kLate, kOverdue, "2025-10-15 16:00 ON_TRACK RESOLVED due 2025-10-17"}),
      Story("OutOfOrder")
          .Signal("2025-09-12")
          .Record("2025-09-15 16:00", "2025-09-09")
          .Until("2025-09-23")
          .Flips({kStarts, "2025-09-12 16:00 ON_TRACK EVIDENCE due 2025-09-19",
                  "2025-09-22 07:00 LATE DUE due 2025-09-19"}),
      Story("TwoStepsOutOfOrderWhenOverdue")
          .Record("2025-09-24 10:00", "2025-09-11")
          .Record("2025-09-24 11:00", "2025-09-15")
          .Record("2025-09-24 12:00", "2025-09-12")
          .Record("2025-09-24 13:00", "2025-09-22")
          .Until("2025-09-30")
          .Flips({kStarts, kLate, kOverdue, "2025-09-24 10:00 OVERDUE UPDATED due 2025-09-18",
                  "2025-09-24 11:00 LATE UPDATED due 2025-09-22", "2025-09-24 13:00 ON_TRACK RESOLVED due 2025-09-29"}),
      Story("ABatchWithOneNewRecordIsEvidence")
          .Signal("2025-09-08")
          .Batch("2025-09-18 12:00", {VoidOf("2025-09-08"), NewRecord("2025-09-15")})
          .Until("2025-09-23 07:01")
          .Flips({kStarts, "2025-09-08 16:00 ON_TRACK EVIDENCE due 2025-09-16", kLate,
                  "2025-09-18 12:00 ON_TRACK RESOLVED due 2025-09-22", "2025-09-23 07:00 LATE DUE due 2025-09-22"}),
  };
}
INSTANTIATE_TEST_SUITE_P(LateAndOutOfOrder, WatchCase, testing::ValuesIn(LateAndOutOfOrder()), NameOfCase);

std::vector<Story> Corrections() {
  return {
      Story("TheOnlySignalVoidedWaitsForTheNextNotifyTime")
          .Signal("2025-09-10")
          .Void("2025-09-11 12:00", "2025-09-10")
          .Until("2025-09-18")
          .Flips({kStarts, "2025-09-10 16:00 ON_TRACK EVIDENCE due 2025-09-17",
                  "2025-09-12 07:00 NOT_STARTED CHANGE due 2025-09-16", kLate}),
      Story("TheOnlySignalVoidedOnAFridayWaitsForMonday")
          .Signal("2025-09-10")
          .Void("2025-09-12 12:00", "2025-09-10")
          .Until("2025-09-16")
          .Flips({kStarts, "2025-09-10 16:00 ON_TRACK EVIDENCE due 2025-09-17",
                  "2025-09-15 07:00 NOT_STARTED CHANGE due 2025-09-16"}),
      Story("VoidedWhenItsAbsenceIsAlreadyLate")
          .Signal("2025-09-12")
          .Void("2025-09-18 12:00", "2025-09-12")
          .Until("2025-09-23")
          .Flips({kStarts, "2025-09-12 16:00 ON_TRACK EVIDENCE due 2025-09-19",
                  "2025-09-19 07:00 LATE DUE due 2025-09-16", kOverdue}),
      Story("VoidedWhenItsAbsenceIsAlreadyOverdueBothStagesGetAFlip")
          .Signal("2025-09-12")
          .Signal("2025-09-19")
          .Batch("2025-09-24 12:00", {VoidOf("2025-09-12"), VoidOf("2025-09-19")})
          .Until("2025-09-30")
          .Flips({kStarts, "2025-09-12 16:00 ON_TRACK EVIDENCE due 2025-09-19",
                  "2025-09-25 07:00 LATE DUE due 2025-09-16", "2025-09-25 07:00 OVERDUE GRACE_OVER due 2025-09-16"}),
      Story("VoidedWhileLateTheEarlierDueDateWaits")
          .Signal("2025-09-10")
          .Void("2025-09-18 12:00", "2025-09-10")
          .Until("2025-09-30")
          .Flips({kStarts, "2025-09-10 16:00 ON_TRACK EVIDENCE due 2025-09-17",
                  "2025-09-18 07:00 LATE DUE due 2025-09-17", "2025-09-19 07:00 LATE UPDATED due 2025-09-16",
                  kOverdue}),
      Story("VoidedWhileOverdueTheEarlierDueDateWaits")
          .Signal("2025-09-10")
          .Void("2025-09-23 12:00", "2025-09-10")
          .Until("2025-09-30")
          .Flips({kStarts, "2025-09-10 16:00 ON_TRACK EVIDENCE due 2025-09-17",
                  "2025-09-18 07:00 LATE DUE due 2025-09-17", "2025-09-23 07:00 OVERDUE GRACE_OVER due 2025-09-17",
                  "2025-09-24 07:00 OVERDUE UPDATED due 2025-09-16"}),
      Story("VoidedBesideAnotherOfTheDayChangesNothing")
          .Signal("2025-09-12")
          .Batch("2025-09-12 17:00", {{EvidenceChange::Kind::kRecord, "twin", D("2025-09-12")}})
          .Void("2025-09-15 12:00", "twin")
          .Until("2025-09-20")
          .Flips({kStarts, "2025-09-12 16:00 ON_TRACK EVIDENCE due 2025-09-19"}),
      Story("VoidedAndThereAgainBeforeNotifyTime")
          .Signal("2025-09-12")
          .Void("2025-09-15 12:00", "2025-09-12")
          .Move("2025-09-15 18:00", "2025-09-12", "2025-09-12")
          .Until("2025-09-20")
          .Flips({kStarts, "2025-09-12 16:00 ON_TRACK EVIDENCE due 2025-09-19"}),
      Story("VoidedAndThereAgainAfterNotifyTime")
          .Signal("2025-09-12")
          .Void("2025-09-15 12:00", "2025-09-12")
          .Move("2025-09-16 12:00", "2025-09-12", "2025-09-12")
          .Until("2025-09-20")
          .Flips({kStarts, "2025-09-12 16:00 ON_TRACK EVIDENCE due 2025-09-19",
                  "2025-09-16 07:00 NOT_STARTED CHANGE due 2025-09-16",
                  "2025-09-16 12:00 ON_TRACK CHANGE due 2025-09-19"}),
      Story("MovedLaterRetracts")
          .Signal("2025-09-10")
          .Move("2025-09-18 12:00", "2025-09-10", "2025-09-15")
          .Until("2025-09-23")
          .Flips({kStarts, "2025-09-10 16:00 ON_TRACK EVIDENCE due 2025-09-17",
                  "2025-09-18 07:00 LATE DUE due 2025-09-17", "2025-09-18 12:00 ON_TRACK RETRACTED due 2025-09-22"}),
      Story("MovedLaterAndLateAllTheSame")
          .Signal("2025-09-10")
          .Move("2025-09-19 12:00", "2025-09-10", "2025-09-11")
          .Until("2025-09-25")
          .Flips({kStarts, "2025-09-10 16:00 ON_TRACK EVIDENCE due 2025-09-17",
                  "2025-09-18 07:00 LATE DUE due 2025-09-17", "2025-09-19 12:00 LATE UPDATED due 2025-09-18",
                  "2025-09-24 07:00 OVERDUE GRACE_OVER due 2025-09-18"}),
      Story("MovedLaterLowersOverdueToLate")
          .Signal("2025-09-10")
          .Move("2025-09-23 12:00", "2025-09-10", "2025-09-15")
          .Until("2025-09-27")
          .Flips({kStarts, "2025-09-10 16:00 ON_TRACK EVIDENCE due 2025-09-17",
                  "2025-09-18 07:00 LATE DUE due 2025-09-17", "2025-09-23 07:00 OVERDUE GRACE_OVER due 2025-09-17",
                  "2025-09-23 12:00 LATE UPDATED due 2025-09-22",
                  "2025-09-26 07:00 OVERDUE GRACE_OVER due 2025-09-22"}),
      Story("MovedEarlierWhileOnTrackIsSilentUntilItIsLate")
          .Signal("2025-09-12")
          .Move("2025-09-15 12:00", "2025-09-12", "2025-09-09")
          .Until("2025-09-20")
          .Flips({kStarts, "2025-09-12 16:00 ON_TRACK EVIDENCE due 2025-09-19", kLate}),
      Story("MovedEarlierAndBackBeforeNotifyTime")
          .Signal("2025-09-12")
          .Move("2025-09-18 12:00", "2025-09-12", "2025-09-08")
          .Move("2025-09-18 13:00", "2025-09-12", "2025-09-12")
          .Until("2025-09-23")
          .Flips({kStarts, "2025-09-12 16:00 ON_TRACK EVIDENCE due 2025-09-19",
                  "2025-09-22 07:00 LATE DUE due 2025-09-19"}),
      Story("MovedOutOfTheYear")
          .Signal("2025-09-10")
          .Move("2025-09-11 12:00", "2025-09-10", "2025-06-10")
          .Until("2025-09-17")
          .Flips({kStarts, "2025-09-10 16:00 ON_TRACK EVIDENCE due 2025-09-17",
                  "2025-09-12 07:00 NOT_STARTED CHANGE due 2025-09-16"}),
      Story("MovedIntoTheYear")
          .Record("2025-09-09 12:00", "2025-06-10")
          .Move("2025-09-10 12:00", "2025-06-10", "2025-09-10")
          .Until("2025-09-18")
          .Flips({kStarts, "2025-09-10 12:00 ON_TRACK CHANGE due 2025-09-17"}),
      Story("VoidedInTheBreakWaitsForSchool")
          .Active("2025-12-08")
          .Signal("2025-12-16")
          .Void("2025-12-29 12:00", "2025-12-16")
          .Until("2026-01-06")
          .Flips({"2025-12-08 00:00 NOT_STARTED STARTED due 2025-12-16",
                  "2025-12-16 16:00 ON_TRACK EVIDENCE due 2026-01-06", "2026-01-05 07:00 LATE DUE due 2025-12-16",
                  "2026-01-05 07:00 OVERDUE GRACE_OVER due 2025-12-16"}),
  };
}
INSTANTIATE_TEST_SUITE_P(Corrections, WatchCase, testing::ValuesIn(Corrections()), NameOfCase);

}  // namespace
}  // namespace leadlag
