// The table of watch cases, continued: the world around the evidence changes. Zones and daylight saving time, activity,
// terms, calendars, catalogs, downtime, and the two revisions of a real district's calendar. Dates as in
// watch_cases_test.cc.
#include "gtest/gtest.h"
#include "tests/core/watch_case.h"

namespace leadlag {
namespace {

constexpr char kStarts[] = "2025-09-08 00:00 NOT_STARTED STARTED due 2025-09-16";
constexpr char kLate[] = "2025-09-17 07:00 LATE DUE due 2025-09-16";
constexpr char kOverdue[] = "2025-09-22 07:00 OVERDUE GRACE_OVER due 2025-09-16";

// Clocks go forward from 00:00 to 01:00 on 8 September 2025, so that this date has no midnight.
ZoneRules NoMidnight() {
  return {"Test/No_Midnight",
          {{*Instant::Parse("2025-01-01T00:00:00Z"), -4 * 3600}, {*Instant::Parse("2025-09-08T04:00:00Z"), -3 * 3600}}};
}

std::vector<Story> Zones() {
  return {
      // 6 March 2026 is a Friday, clocks go forward on Sunday the 8th.
      Story("DaylightSavingTimeBegins")
          .Active("2026-02-26")
          .Until("2026-03-13")
          .InUtc()
          .Flips({"2026-02-26 05:00 NOT_STARTED STARTED due 2026-03-06", "2026-03-09 11:00 LATE DUE due 2026-03-06",
                  "2026-03-12 11:00 OVERDUE GRACE_OVER due 2026-03-06"}),
      // 31 October 2025 is a Friday, clocks go back on Sunday the 2nd.
      Story("DaylightSavingTimeEnds")
          .Active("2025-10-23")
          .Until("2025-11-07")
          .InUtc()
          .Flips({"2025-10-23 04:00 NOT_STARTED STARTED due 2025-10-31", "2025-11-03 12:00 LATE DUE due 2025-10-31",
                  "2025-11-06 12:00 OVERDUE GRACE_OVER due 2025-10-31"}),
      Story("NotifyTimeThatDoesNotExistIsTheFirstInstantAfterTheGap")
          .Calendar(With(TwoYears(), ExceptionKind::kMakeUpDay, "2026-03-08"))
          .Active("2026-02-26")
          .Notify("02:30")
          .Until("2026-03-09")
          .InUtc()
          .Flips({"2026-02-26 05:00 NOT_STARTED STARTED due 2026-03-06", "2026-03-08 07:00 LATE DUE due 2026-03-06"}),
      Story("NotifyTimeThatOccursTwiceIsTheFirst")
          .Calendar(With(TwoYears(), ExceptionKind::kMakeUpDay, "2025-11-02"))
          .Active("2025-10-23")
          .Notify("01:30")
          .Until("2025-11-03")
          .InUtc()
          .Flips({"2025-10-23 04:00 NOT_STARTED STARTED due 2025-10-31", "2025-11-02 05:30 LATE DUE due 2025-10-31"}),
      Story("ARunBeginsOnADateWithoutMidnight")
          .Zone(NoMidnight())
          .Until("2025-09-18")
          .Flips({"2025-09-08 01:00 NOT_STARTED STARTED due 2025-09-16", kLate}),
      Story("TheSameDistrictInHonolulu")
          .Zone(Honolulu())
          .Until("2025-09-18")
          .InUtc()
          .Flips({"2025-09-08 10:00 NOT_STARTED STARTED due 2025-09-16", "2025-09-17 17:00 LATE DUE due 2025-09-16"}),
      Story("TheSameDistrictInNewYork")
          .Until("2025-09-18")
          .InUtc()
          .Flips({"2025-09-08 04:00 NOT_STARTED STARTED due 2025-09-16", "2025-09-17 11:00 LATE DUE due 2025-09-16"}),
      // One instant, two zones: in New York it is past notify time, in Honolulu not yet.
      Story("EvidenceAtOneInstantIsTooLateInNewYork")
          .Record("2025-09-17T12:00:00Z", "2025-09-16")
          .Until("2025-09-18")
          .InUtc()
          .Flips({"2025-09-08 04:00 NOT_STARTED STARTED due 2025-09-16", "2025-09-17 11:00 LATE DUE due 2025-09-16",
                  "2025-09-17 12:00 ON_TRACK RESOLVED due 2025-09-23"}),
      Story("EvidenceAtOneInstantIsInTimeInHonolulu")
          .Zone(Honolulu())
          .Record("2025-09-17T12:00:00Z", "2025-09-16")
          .Until("2025-09-18")
          .InUtc()
          .Flips({"2025-09-08 10:00 NOT_STARTED STARTED due 2025-09-16",
                  "2025-09-17 12:00 ON_TRACK EVIDENCE due 2025-09-23"}),
      Story("MovingWestUnmakesTheMorning")
          .Change("2025-09-17 08:00", [](NaiveWorld& world) { world.zone = Honolulu(); })
          .Until("2025-09-18T00:00:00Z")
          .InUtc()
          .Flips({"2025-09-08 04:00 NOT_STARTED STARTED due 2025-09-16", "2025-09-17 11:00 LATE DUE due 2025-09-16",
                  "2025-09-17 12:00 NOT_STARTED RETRACTED due 2025-09-16", "2025-09-17 17:00 LATE DUE due 2025-09-16"}),
      Story("MovingEastPastNotifyTimeWaitsForTheNext")
          .Zone(Honolulu())
          .Change("2025-09-17T12:00:00Z", [](NaiveWorld& world) { world.zone = NewYork(); })
          .Until("2025-09-19T00:00:00Z")
          .InUtc()
          .Flips({"2025-09-08 10:00 NOT_STARTED STARTED due 2025-09-16", "2025-09-18 11:00 LATE DUE due 2025-09-16"}),
  };
}
INSTANTIATE_TEST_SUITE_P(Zones, WatchCase, testing::ValuesIn(Zones()), NameOfCase);

std::vector<Story> Activity() {
  return {
      Story("ActivatedInABreak")
          .Active("2025-12-29")
          .Until("2026-01-15")
          .Flips({"2025-12-29 00:00 NOT_STARTED STARTED due 2026-01-13", "2026-01-14 07:00 LATE DUE due 2026-01-13"}),
      Story("ActivatedOnASaturday")
          .Active("2025-09-13")
          .Until("2025-09-25")
          .Flips({"2025-09-13 00:00 NOT_STARTED STARTED due 2025-09-23", "2025-09-24 07:00 LATE DUE due 2025-09-23"}),
      Story("ActiveInABreakAlone")
          .Active("2025-12-24", "2025-12-31")
          .Until("2026-01-31")
          .Flips({"2025-12-24 00:00 NOT_STARTED STARTED", "2025-12-31 00:00 PAUSED INACTIVE"}),
      Story("InactiveForAMonth")
          .Active("2025-07-01", "2025-09-15")
          .AndActive("2025-10-15")
          .Until("2025-10-25")
          .Flips({kStarts, "2025-09-15 00:00 PAUSED INACTIVE", "2025-10-15 00:00 NOT_STARTED STARTED due 2025-10-23",
                  "2025-10-24 07:00 LATE DUE due 2025-10-23"}),
      Story("InactiveWhileLateWithEvidenceMeanwhile")
          .Active("2025-07-01", "2025-09-19")
          .AndActive("2025-10-15")
          .Signal("2025-10-01")
          .Until("2025-10-25")
          .Flips({kStarts, kLate, "2025-09-19 00:00 PAUSED INACTIVE",
                  "2025-10-15 00:00 ON_TRACK STARTED due 2025-10-23", "2025-10-24 07:00 LATE DUE due 2025-10-23"}),
      Story("InactiveFromTheDayAfterTheLastTheYearsEndDecides")
          .Calendar(FourWeeks())
          .Active("2025-07-01", "2025-10-04")
          .Until("2026-10-01")
          .Flips({kStarts, kLate, kOverdue, "2025-10-04 00:00 PAUSED YEAR_ENDED"}),
      Story("InactiveFromTheLastDay")
          .Calendar(FourWeeks())
          .Active("2025-07-01", "2025-10-03")
          .Until("2026-10-01")
          .Flips({kStarts, kLate, kOverdue, "2025-10-03 00:00 PAUSED INACTIVE"}),
      Story("ActiveOnTheLastDayAlone")
          .Calendar(FourWeeks())
          .Active("2025-10-03")
          .Until("2025-11-01")
          .Flips({"2025-10-03 00:00 NOT_STARTED STARTED", "2025-10-04 00:00 PAUSED YEAR_ENDED"}),
      Story("ActiveOnTheFirstDayAlone")
          .Active("2025-07-01", "2025-09-09")
          .Until("2025-11-01")
          .Flips({kStarts, "2025-09-09 00:00 PAUSED INACTIVE"}),
      Story("DeactivatedByACommand")
          .Change("2025-09-18 12:00",
                  [](NaiveWorld& world) {
                    world.active = {{D("2025-07-01"), D("2025-09-18")}};
                  })
          .Until("2025-11-01")
          .Flips({kStarts, kLate, "2025-09-18 12:00 PAUSED INACTIVE"}),
      Story("ReactivatedByACommandStartsAnew")
          .Active("2025-07-01", "2025-09-15")
          .Change("2025-10-15 12:00",
                  [](NaiveWorld& world) {
                    world.active.push_back({D("2025-10-15"), std::nullopt});
                  })
          .Until("2025-10-25")
          .Flips({kStarts, "2025-09-15 00:00 PAUSED INACTIVE", "2025-10-15 12:00 NOT_STARTED STARTED due 2025-10-23",
                  "2025-10-24 07:00 LATE DUE due 2025-10-23"}),
  };
}
INSTANTIATE_TEST_SUITE_P(Activity, WatchCase, testing::ValuesIn(Activity()), NameOfCase);

std::vector<Story> Terms() {
  return {
      Story("ELoweredWhileLateWaitsAndIsOverdue")
          .Retune("2025-09-17 12:00", 3, 3, 2)
          .Until("2025-10-01")
          .Flips({kStarts, kLate, "2025-09-18 07:00 OVERDUE GRACE_OVER due 2025-09-12"}),
      Story("ELoweredWhileLateWaitsAndIsUpdated")
          .Retune("2025-09-17 12:00", 4, 3, 2)
          .Until("2025-10-01")
          .Flips({kStarts, kLate, "2025-09-18 07:00 LATE UPDATED due 2025-09-15",
                  "2025-09-19 07:00 OVERDUE GRACE_OVER due 2025-09-15"}),
      Story("ERaisedWhileLateRetracts")
          .Retune("2025-09-17 12:00", 10, 3, 2)
          .Until("2025-09-25")
          .Flips({kStarts, kLate, "2025-09-17 12:00 NOT_STARTED RETRACTED due 2025-09-23",
                  "2025-09-24 07:00 LATE DUE due 2025-09-23"}),
      Story("ERaisedWhileOverdueLowersToLate")
          .Retune("2025-09-23 12:00", 8, 3, 2)
          .Until("2025-09-30")
          .Flips({kStarts, kLate, kOverdue, "2025-09-23 12:00 LATE UPDATED due 2025-09-19",
                  "2025-09-25 07:00 OVERDUE GRACE_OVER due 2025-09-19"}),
      Story("ELoweredWhileOnTrackWaitsForNotifyTime")
          .Signal("2025-09-12")
          .Retune("2025-09-15 12:00", 1, 3, 2)
          .Until("2025-09-17")
          .Flips({kStarts, "2025-09-12 16:00 ON_TRACK EVIDENCE due 2025-09-19",
                  "2025-09-16 07:00 LATE DUE due 2025-09-15"}),
      Story("ERaisedWhileOnTrackIsSilent")
          .Signal("2025-09-12")
          .Retune("2025-09-15 12:00", 6, 3, 2)
          .Until("2025-09-24")
          .Flips({kStarts, "2025-09-12 16:00 ON_TRACK EVIDENCE due 2025-09-19",
                  "2025-09-23 07:00 LATE DUE due 2025-09-22"}),
      Story("GRaisedWhileOverdueLowersToLate")
          .Retune("2025-09-22 12:00", 5, 10, 2)
          .Until("2025-10-02")
          .Flips({kStarts, kLate, kOverdue, "2025-09-22 12:00 LATE UPDATED due 2025-09-16",
                  "2025-10-01 07:00 OVERDUE GRACE_OVER due 2025-09-16"}),
      Story("GLoweredWhileLateWaits")
          .Retune("2025-09-18 12:00", 5, 1, 2)
          .Until("2025-10-02")
          .Flips({kStarts, kLate, "2025-09-19 07:00 OVERDUE GRACE_OVER due 2025-09-16"}),
      Story("ARaisedWhileLateRetracts")
          .Retune("2025-09-17 12:00", 5, 3, 5)
          .Until("2025-09-23")
          .Flips({kStarts, kLate, "2025-09-17 12:00 NOT_STARTED RETRACTED due 2025-09-19",
                  "2025-09-22 07:00 LATE DUE due 2025-09-19"}),
      Story("ARaisedBeforeItIsDueIsSilent")
          .Retune("2025-09-10 12:00", 5, 3, 5)
          .Until("2025-09-23")
          .Flips({kStarts, "2025-09-22 07:00 LATE DUE due 2025-09-19"}),
      Story("ALoweredBeforeItIsDueIsSilent")
          .Retune("2025-09-10 12:00", 5, 3, 1)
          .Until("2025-09-17")
          .Flips({kStarts, "2025-09-16 07:00 LATE DUE due 2025-09-15"}),
      Story("ELoweredAndGRaisedWhileOverdueStaysUntilNotifyTime")
          .Retune("2025-09-22 12:00", 4, 4, 2)
          .Until("2025-10-01")
          .Flips({kStarts, kLate, kOverdue, "2025-09-23 07:00 OVERDUE UPDATED due 2025-09-15"}),
      Story("NotifyTimeMovedToLaterThisMorning")
          .Change("2025-09-17 09:00", [](NaiveWorld& world) { world.terms.notify_time = MinuteOfDay{720}; })
          .Until("2025-09-18")
          .Flips({kStarts, kLate, "2025-09-17 09:00 NOT_STARTED RETRACTED due 2025-09-16",
                  "2025-09-17 12:00 LATE DUE due 2025-09-16"}),
      Story("NotifyTimeMovedToEarlierThisMorningWaitsForTomorrow")
          .Notify("12:00")
          .Change("2025-09-17 09:00", [](NaiveWorld& world) { world.terms.notify_time = MinuteOfDay{420}; })
          .Until("2025-09-19")
          .Flips({kStarts, "2025-09-18 07:00 LATE DUE due 2025-09-16"}),
  };
}
INSTANTIATE_TEST_SUITE_P(Terms, WatchCase, testing::ValuesIn(Terms()), NameOfCase);

CalendarSpec WithSnowOn(std::string_view date) { return With(TwoYears(), ExceptionKind::kWeatherDay, date); }

std::vector<Story> Calendars() {
  return {
      Story("ASnowDayWhileLateRetracts")
          .Recalendar("2025-09-17 12:00", WithSnowOn("2025-09-16"))
          .Until("2025-09-19")
          .Flips({kStarts, kLate, "2025-09-17 12:00 NOT_STARTED RETRACTED due 2025-09-17",
                  "2025-09-18 07:00 LATE DUE due 2025-09-17"}),
      Story("ASnowDayTomorrowWhileOnTrackIsSilent")
          .Signal("2025-09-12")
          .Recalendar("2025-09-17 12:00", WithSnowOn("2025-09-18"))
          .Until("2025-09-24")
          .Flips({kStarts, "2025-09-12 16:00 ON_TRACK EVIDENCE due 2025-09-19",
                  "2025-09-23 07:00 LATE DUE due 2025-09-22"}),
      Story("TheLateDayIsSnowedOff")
          .Recalendar("2025-09-17 05:00", WithSnowOn("2025-09-17"))
          .Until("2025-09-19")
          .Flips({kStarts, "2025-09-18 07:00 LATE DUE due 2025-09-16"}),
      Story("AMakeUpSaturdayIsANotifyDay")
          .Calendar(With(TwoYears(), ExceptionKind::kMakeUpDay, "2025-09-13"))
          .Terms(3, 3, 2)
          .Until("2025-09-20")
          .Flips({"2025-09-08 00:00 NOT_STARTED STARTED due 2025-09-12", "2025-09-13 07:00 LATE DUE due 2025-09-12",
                  "2025-09-17 07:00 OVERDUE GRACE_OVER due 2025-09-12"}),
      Story("AMakeUpSaturdayAddedWhileLateWaits")
          .Signal("2025-09-12")
          .Recalendar("2025-09-22 12:00", With(TwoYears(), ExceptionKind::kMakeUpDay, "2025-09-13"))
          .Until("2025-09-25")
          .Flips({kStarts, "2025-09-12 16:00 ON_TRACK EVIDENCE due 2025-09-19",
                  "2025-09-22 07:00 LATE DUE due 2025-09-19", "2025-09-23 07:00 LATE UPDATED due 2025-09-18",
                  "2025-09-24 07:00 OVERDUE GRACE_OVER due 2025-09-18"}),
      Story("EarlyDismissalAndLateArrivalAreInstructional")
          .Calendar(With(With(TwoYears(), ExceptionKind::kEarlyDismissal, "2025-09-09"), ExceptionKind::kLateArrival,
                         "2025-09-10"))
          .Until("2025-09-18")
          .Flips({kStarts, kLate}),
      Story("TheYearBeginsLaterAfterAllAndTheWatchPauses")
          .Recalendar("2025-09-09 12:00", OneTerm("2025-09-15", "2026-06-12"))
          .Until("2025-09-24")
          .Flips({kStarts, "2025-09-09 12:00 PAUSED CHANGE", "2025-09-15 00:00 NOT_STARTED STARTED due 2025-09-23"}),
      Story("TheYearIsOverAfterAll")
          .Recalendar("2025-09-18 12:00", OneTerm("2025-09-08", "2025-09-17"))
          .Until("2025-10-01")
          .Flips({kStarts, kLate, "2025-09-18 12:00 PAUSED RETRACTED"}),
      Story("TheYearIsLongerAfterAll")
          .Calendar(FourWeeks())
          .Recalendar("2025-10-10 12:00", TwoYears())
          .Until("2025-10-15")
          .Flips({kStarts, kLate, kOverdue, "2025-10-04 00:00 PAUSED YEAR_ENDED",
                  "2025-10-10 12:00 NOT_STARTED STARTED due 2025-09-16", "2025-10-13 07:00 LATE DUE due 2025-09-16",
                  "2025-10-13 07:00 OVERDUE GRACE_OVER due 2025-09-16"}),
      Story("TheYearEndsBeforeTheDueDateNow")
          .Signal("2025-09-24")
          .Recalendar("2025-09-25 12:00", OneTerm("2025-09-08", "2025-09-30"))
          .Until("2025-10-15")
          .Flips({kStarts, kLate, kOverdue, "2025-09-24 16:00 ON_TRACK RESOLVED due 2025-10-01",
                  "2025-10-01 00:00 PAUSED YEAR_ENDED"}),
      Story("LateIsRetractedWhereTheDueDateNowLiesPastTheYearsEnd")
          .Calendar(FourWeeks())
          .Retune("2025-09-18 12:00", 18, 3, 3)
          .Until("2025-10-15")
          .Flips({kStarts, kLate, "2025-09-18 12:00 NOT_STARTED RETRACTED", "2025-10-04 00:00 PAUSED YEAR_ENDED"}),
      // Two calendars in one district: the second has the week from 15 September off.
      Story("TheOtherCalendarOfTheDistrict")
          .Calendar(With(TwoYears(), ExceptionKind::kBreak, "2025-09-15", "2025-09-19"))
          .Until("2025-09-25")
          .Flips({"2025-09-08 00:00 NOT_STARTED STARTED due 2025-09-23", "2025-09-24 07:00 LATE DUE due 2025-09-23"}),
      Story("ATeamThatMovesBetweenTheTwoOnADate")
          .Calendars(TwoYears(), "2025-09-17", With(TwoYears(), ExceptionKind::kBreak, "2025-09-15", "2025-09-19"))
          .Until("2025-09-26")
          .Flips({kStarts, "2025-09-22 07:00 LATE DUE due 2025-09-16",
                  "2025-09-25 07:00 OVERDUE GRACE_OVER due 2025-09-16"}),
      Story("ATeamMovedWhileLate")
          .Change("2025-09-18 12:00",
                  [](NaiveWorld& world) {
                    world.parts.push_back(
                        {D("2025-09-18"), With(TwoYears(), ExceptionKind::kBreak, "2025-09-15", "2025-09-19")});
                  })
          .Until("2025-09-26")
          .Flips({kStarts, kLate, "2025-09-24 07:00 OVERDUE GRACE_OVER due 2025-09-16"}),
      Story("TheCalendarHasNoYearYet")
          .Calendar(OneTerm("2024-09-09", "2025-06-13"))
          .Record("2025-09-10 16:00", "2025-09-10")
          .Recalendar("2025-09-12 12:00", TwoYears())
          .Until("2025-09-19")
          .Flips({"2025-09-12 12:00 ON_TRACK STARTED due 2025-09-17", "2025-09-18 07:00 LATE DUE due 2025-09-17"}),
  };
}
INSTANTIATE_TEST_SUITE_P(Calendars, WatchCase, testing::ValuesIn(Calendars()), NameOfCase);

std::vector<Story> Catalogs() {
  return {
      Story("AppliedInTheMiddleOfTheYear")
          .From("2025-09-30")
          .Applied("2025-09-30 12:00")
          .Until("2025-10-10")
          .Flips({"2025-09-30 12:00 NOT_STARTED STARTED due 2025-10-08", "2025-10-09 07:00 LATE DUE due 2025-10-08"}),
      Story("AppliedWithADateLongPast")
          .Applied("2025-09-30 12:00")
          .Until("2025-10-10")
          .Flips({"2025-09-30 12:00 NOT_STARTED STARTED due 2025-09-16", "2025-10-01 07:00 LATE DUE due 2025-09-16",
                  "2025-10-01 07:00 OVERDUE GRACE_OVER due 2025-09-16"}),
      Story("AppliedOverEvidenceThatWasThere")
          .Unwatched()
          .Signal("2025-09-25")
          .Restore("2025-09-30 12:00")
          .Until("2025-10-04")
          .Flips({"2025-09-30 12:00 ON_TRACK STARTED due 2025-10-02", "2025-10-03 07:00 LATE DUE due 2025-10-02"}),
      Story("AppliedForLater")
          .From("2025-10-15")
          .Until("2025-10-25")
          .Flips({"2025-10-15 00:00 NOT_STARTED STARTED due 2025-10-23", "2025-10-24 07:00 LATE DUE due 2025-10-23"}),
      Story("RemovedWhileNotStarted")
          .Remove("2025-09-10 12:00")
          .Until("2025-10-01")
          .Flips({kStarts, "2025-09-10 12:00 PAUSED CHANGE"}),
      Story("RemovedWhileOnTrack")
          .Signal("2025-09-10")
          .Remove("2025-09-10 17:00")
          .Until("2025-10-01")
          .Flips({kStarts, "2025-09-10 16:00 ON_TRACK EVIDENCE due 2025-09-17", "2025-09-10 17:00 PAUSED CHANGE"}),
      Story("RemovedWhileLate")
          .Remove("2025-09-18 12:00")
          .Until("2025-10-01")
          .Flips({kStarts, kLate, "2025-09-18 12:00 PAUSED RETRACTED"}),
      Story("RemovedAndAppliedAgain")
          .Remove("2025-09-18 12:00")
          .Restore("2025-10-15 12:00", "2025-10-15")
          .Until("2025-10-25")
          .Flips({kStarts, kLate, "2025-09-18 12:00 PAUSED RETRACTED",
                  "2025-10-15 12:00 NOT_STARTED STARTED due 2025-10-23", "2025-10-24 07:00 LATE DUE due 2025-10-23"}),
      Story("EvidenceWhileThereIsNoWatch")
          .Remove("2025-09-10 12:00")
          .Signal("2025-09-11")
          .Restore("2025-09-12 12:00")
          .Until("2025-09-20")
          .Flips({kStarts, "2025-09-10 12:00 PAUSED CHANGE", "2025-09-12 12:00 ON_TRACK STARTED due 2025-09-18",
                  "2025-09-19 07:00 LATE DUE due 2025-09-18"}),
  };
}
INSTANTIATE_TEST_SUITE_P(Catalogs, WatchCase, testing::ValuesIn(Catalogs()), NameOfCase);

std::vector<Story> Downtimes() {
  return {
      Story("DueWhileDownIsDatedWhenItWasDue")
          .Down("2025-09-16 20:00", "2025-09-18 10:00")
          .Until("2025-09-19")
          .Flips({kStarts, kLate}),
      Story("EvidenceWhileSettlingCountsAsByThen")
          .Down("2025-09-16 20:00", "2025-09-18 10:00")
          .Record("2025-09-18 10:05", "2025-09-16")
          .Until("2025-09-24")
          .Flips({kStarts, "2025-09-18 10:05 ON_TRACK EVIDENCE due 2025-09-23"}),
      Story("EvidenceAfterSettlingResolves")
          .Down("2025-09-16 20:00", "2025-09-18 10:00")
          .Record("2025-09-18 10:11", "2025-09-16")
          .Until("2025-09-24")
          .Flips({kStarts, kLate, "2025-09-18 10:11 ON_TRACK RESOLVED due 2025-09-23"}),
      Story("EachPassedStageHasItsOwnTime")
          .Down("2025-09-16 20:00", "2025-09-23 10:00")
          .Until("2025-09-24")
          .Flips({kStarts, kLate, kOverdue}),
      // It comes too late to be on track on any morning that has passed, so it moves the due date alone.
      Story("OldEvidenceWhileSettlingMovesTheMornings")
          .Down("2025-09-16 20:00", "2025-09-23 10:00")
          .Record("2025-09-23 10:05", "2025-09-10")
          .Until("2025-09-24")
          .Flips({kStarts, "2025-09-18 07:00 LATE DUE due 2025-09-17",
                  "2025-09-23 07:00 OVERDUE GRACE_OVER due 2025-09-17"}),
      Story("NotifyTimeWhileSettlingWaitsForItsEnd")
          .Down("2025-09-17 06:00", "2025-09-17 06:55")
          .Record("2025-09-17 07:02", "2025-09-16")
          .Until("2025-09-18")
          .Flips({kStarts, "2025-09-17 07:02 ON_TRACK EVIDENCE due 2025-09-23"}),
      Story("NotifyTimeWhileSettlingKeepsItsTime")
          .Down("2025-09-17 06:00", "2025-09-17 06:55")
          .Record("2025-09-17 07:06", "2025-09-16")
          .Until("2025-09-18")
          .Flips({kStarts, kLate, "2025-09-17 07:06 ON_TRACK RESOLVED due 2025-09-23"}),
      Story("NeverEarlierThanTheFlipBefore")
          .Down("2025-09-19 20:00", "2025-09-23 09:00")
          .Record("2025-09-23 09:05", "2025-09-10")
          .Until("2025-09-24")
          .Flips({kStarts, kLate, "2025-09-23 09:05 LATE UPDATED due 2025-09-17",
                  "2025-09-23 09:05 OVERDUE GRACE_OVER due 2025-09-17"}),
      Story("ResolvedWhileSettlingAndNotOverdue")
          .Down("2025-09-19 20:00", "2025-09-23 09:00")
          .Record("2025-09-23 09:05", "2025-09-19")
          .Until("2025-09-24")
          .Flips({kStarts, kLate, "2025-09-23 09:05 ON_TRACK RESOLVED due 2025-09-26"}),
      Story("TheYearBeganWhileDown")
          .Down("2025-09-05 20:00", "2025-09-09 10:00")
          .Until("2025-09-18")
          .Flips({kStarts, kLate}),
      Story("TheYearEndedWhileDown")
          .Calendar(FourWeeks())
          .Signal("2025-09-15")
          .Signal("2025-09-22")
          .Signal("2025-09-26")
          .Down("2025-10-02 20:00", "2025-10-06 10:00")
          .Until("2025-11-01")
          .Flips({kStarts, "2025-09-15 16:00 ON_TRACK EVIDENCE due 2025-09-22", "2025-10-04 00:00 PAUSED YEAR_ENDED"}),
      Story("LateAndTheYearsEndWhileDown")
          .Calendar(FourWeeks())
          .Signal("2025-09-16")
          .Signal("2025-09-23")
          .Signal("2025-09-25")
          .Down("2025-10-02 20:00", "2025-10-06 10:00")
          .Until("2025-11-01")
          .Flips({kStarts, "2025-09-16 16:00 ON_TRACK EVIDENCE due 2025-09-23",
                  "2025-10-03 07:00 LATE DUE due 2025-10-02", "2025-10-04 00:00 PAUSED YEAR_ENDED"}),
      Story("DownAgainBeforeItHadSettled")
          .Down("2025-09-16 20:00", "2025-09-18 10:00")
          .Down("2025-09-18 10:05", "2025-09-18 12:00")
          .Record("2025-09-18 12:05", "2025-09-16")
          .Until("2025-09-19")
          .Flips({kStarts, "2025-09-18 12:05 ON_TRACK EVIDENCE due 2025-09-23"}),
      // The morning of the 19th had passed on track; the void worsens the mornings that wait, not that one.
      Story("AVoidWhileSettlingDoesNotReachBack")
          .Signal("2025-09-12")
          .Down("2025-09-18 20:00", "2025-09-23 10:00")
          .Void("2025-09-23 10:05", "2025-09-12")
          .Until("2025-09-24")
          .Flips({kStarts, "2025-09-12 16:00 ON_TRACK EVIDENCE due 2025-09-19",
                  "2025-09-22 07:00 LATE DUE due 2025-09-16", kOverdue}),
      Story("AVoidWhileSettlingWorsensNothingBeforeItsEnd")
          .Signal("2025-09-10")
          .Down("2025-09-11 20:00", "2025-09-12 06:55")
          .Void("2025-09-12 06:58", "2025-09-10")
          .Until("2025-09-13")
          .Flips({kStarts, "2025-09-10 16:00 ON_TRACK EVIDENCE due 2025-09-17",
                  "2025-09-12 07:00 NOT_STARTED CHANGE due 2025-09-16"}),
  };
}
INSTANTIATE_TEST_SUITE_P(Downtimes, WatchCase, testing::ValuesIn(Downtimes()), NameOfCase);

// Livingston, New Jersey, 2025-26, as published before (182 instructional days) and after 30 March 2026 became a
// make-up day for a snow day (183).
CalendarSpec Livingston(bool after) {
  CalendarSpec spec = OneTerm("2025-08-27", "2026-06-18");
  spec.id = "livingston";
  for (const char* date : {"2025-09-01", "2025-09-23", "2025-09-24", "2025-10-02", "2025-10-13", "2025-10-20",
                           "2025-11-06", "2025-11-07", "2025-11-27", "2025-11-28", "2026-01-01", "2026-01-19",
                           "2026-02-16", "2026-02-17", "2026-03-20", "2026-04-03", "2026-05-25"}) {
    spec = With(spec, ExceptionKind::kHoliday, date);
  }
  spec = With(spec, ExceptionKind::kBreak, "2025-12-24", "2025-12-31");
  spec = With(spec, ExceptionKind::kBreak, "2026-02-18", "2026-02-20");
  return With(spec, ExceptionKind::kBreak, after ? "2026-03-31" : "2026-03-30", "2026-04-02");
}

TEST(Livingston, TheTwoRevisionsDifferByOneDay) {
  for (bool after : {false, true}) {
    const NaiveCalendar naive(Livingston(after));
    const auto core = CoreCalendar({{Date::Min(), Livingston(after)}});
    EXPECT_EQ(naive.CountThrough(D("2026-06-30")), after ? 183 : 182);
    EXPECT_EQ(core->CountThrough(D("2026-06-30")), after ? 183 : 182);
    EXPECT_EQ(naive.IsInstructional(D("2026-03-30")), after);
    EXPECT_EQ(core->IsInstructional(D("2026-03-30")), after);
    EXPECT_EQ(core->ClosureLabel(D("2026-03-28")), "");
  }
}

// A team from 9 March, whose last signal is of Friday 13 March. The ten instructional days after it are 16 to 19, 23 to
// 27 (the 20th is Eid) and then 30 March, or 6 April where the recess has that day too.
Story InLivingston(std::string name, bool after, int grace_days) {
  return Story(std::move(name))
      .Calendar(Livingston(after))
      .Active("2026-03-09")
      .Terms(10, grace_days, 0)
      .Signal("2026-03-13");
}

std::vector<Story> TwoRevisions() {
  const std::string starts = "2026-03-09 00:00 NOT_STARTED STARTED due 2026-03-23";
  const std::string of_30_march = "2026-03-13 16:00 ON_TRACK EVIDENCE due 2026-03-30";
  const std::string of_6_april = "2026-03-13 16:00 ON_TRACK EVIDENCE due 2026-04-06";
  const std::string late_6_april = "2026-04-06 07:00 LATE DUE due 2026-03-30";
  const std::string late_7_april = "2026-04-07 07:00 LATE DUE due 2026-04-06";
  return {
      InLivingston("With183DaysItIsLateAfterTheRecess", true, 3)
          .Until("2026-04-10")
          .Flips({starts, of_30_march, late_6_april, "2026-04-09 07:00 OVERDUE GRACE_OVER due 2026-03-30"}),
      InLivingston("With182DaysItIsLateADayLater", false, 3)
          .Until("2026-04-11")
          .Flips({starts, of_6_april, late_7_april, "2026-04-10 07:00 OVERDUE GRACE_OVER due 2026-04-06"}),
      InLivingston("BackTo182OnTheMorningItBecameLateRetracts", true, 3)
          .Recalendar("2026-04-06 12:00", Livingston(false))
          .Until("2026-04-08")
          .Flips(
              {starts, of_30_march, late_6_april, "2026-04-06 12:00 ON_TRACK RETRACTED due 2026-04-06", late_7_april}),
      InLivingston("BackTo182ADayLaterMovesTheDueDate", true, 3)
          .Recalendar("2026-04-07 12:00", Livingston(false))
          .Until("2026-04-11")
          .Flips({starts, of_30_march, late_6_april, "2026-04-07 12:00 LATE UPDATED due 2026-04-06",
                  "2026-04-10 07:00 OVERDUE GRACE_OVER due 2026-04-06"}),
      InLivingston("BackTo182WhenOverdueLowersToLate", true, 1)
          .Recalendar("2026-04-07 12:00", Livingston(false))
          .Until("2026-04-09")
          .Flips({starts, of_30_march, late_6_april, "2026-04-07 07:00 OVERDUE GRACE_OVER due 2026-03-30",
                  "2026-04-07 12:00 LATE UPDATED due 2026-04-06",
                  "2026-04-08 07:00 OVERDUE GRACE_OVER due 2026-04-06"}),
      InLivingston("BackTo182InTheRecessIsSilent", true, 3)
          .Recalendar("2026-03-31 12:00", Livingston(false))
          .Until("2026-04-08")
          .Flips({starts, of_30_march, late_7_april}),
      InLivingston("On183InTimeIsSilent", false, 3)
          .Recalendar("2026-03-20 17:11", Livingston(true))
          .Until("2026-04-07")
          .Flips({starts, of_6_april, late_6_april}),
      InLivingston("On183AfterTheRecessWaitsForNotifyTime", false, 3)
          .Recalendar("2026-04-06 12:00", Livingston(true))
          .Until("2026-04-08")
          .Flips({starts, of_6_april, "2026-04-07 07:00 LATE DUE due 2026-03-30"}),
      InLivingston("On183WhileLateMovesTheDueDateAtNotifyTime", false, 3)
          .Recalendar("2026-04-07 12:00", Livingston(true))
          .Until("2026-04-10")
          .Flips({starts, of_6_april, late_7_april, "2026-04-08 07:00 LATE UPDATED due 2026-03-30",
                  "2026-04-09 07:00 OVERDUE GRACE_OVER due 2026-03-30"}),
      InLivingston("On183WhileLateMakesItOverdueAtNotifyTime", false, 2)
          .Recalendar("2026-04-07 12:00", Livingston(true))
          .Until("2026-04-10")
          .Flips({starts, of_6_april, late_7_april, "2026-04-08 07:00 OVERDUE GRACE_OVER due 2026-03-30"}),
  };
}
INSTANTIATE_TEST_SUITE_P(Livingston, WatchCase, testing::ValuesIn(TwoRevisions()), NameOfCase);

}  // namespace
}  // namespace leadlag
