// The table of watch cases: what happens while all sources that feed a watch are silent. On the calendar of watch_cases_test.cc, with its
// terms: E = 5, G = 3, A = 2; without a signal LATE on 17 September, OVERDUE on the 22nd.
#include "tests/core/watch_case.h"

namespace leadlag {
namespace {

constexpr char kStarts[] = "2025-09-08 00:00 NOT_STARTED STARTED due 2025-09-16";
constexpr char kLate[] = "2025-09-17 07:00 LATE DUE due 2025-09-16";
constexpr char kOverdue[] = "2025-09-22 07:00 OVERDUE GRACE_OVER due 2025-09-16";

std::vector<Story> Silences() {
  return {
      Story("SilentBeforeItIsDueNothingFires")
          .Silent("2025-09-12 07:00", "2025-09-30 16:10")
          .Until("2025-09-30 17:00")
          .Flips({kStarts, "2025-09-12 07:00 UNKNOWN SOURCE_SILENT", "2025-09-30 16:10 NOT_STARTED SOURCE_HEARD due 2025-09-16"}),
      // Nothing had been kept back: it is told the next morning, each stage in order.
      Story("WhatIsTrueAfterwardsWaitsForNotifyTime")
          .Silent("2025-09-12 07:00", "2025-09-30 16:10")
          .Until("2025-10-02")
          .Flips({kStarts, "2025-09-12 07:00 UNKNOWN SOURCE_SILENT", "2025-09-30 16:10 NOT_STARTED SOURCE_HEARD due 2025-09-16",
                  "2025-10-01 07:00 LATE DUE due 2025-09-16", "2025-10-01 07:00 OVERDUE GRACE_OVER due 2025-09-16"}),
      Story("TheBacklogIsLookedAtFirst")
          .Silent("2025-09-12 07:00", "2025-09-30 16:10")
          .Record("2025-09-30 16:05", "2025-09-26")
          .Until("2025-10-07")
          .Flips({kStarts, "2025-09-12 07:00 UNKNOWN SOURCE_SILENT", "2025-09-30 16:10 ON_TRACK SOURCE_HEARD due 2025-10-03",
                  "2025-10-06 07:00 LATE DUE due 2025-10-03"}),
      Story("AtItsInstantTheSilenceComesFirst")
          .Silent("2025-09-17 07:00")
          .Until("2025-10-01")
          .Flips({kStarts, "2025-09-17 07:00 UNKNOWN SOURCE_SILENT"}),
      Story("AnOpenAlertIsClosed")
          .Silent("2025-09-18 07:00", "2025-09-22 12:00")
          .Until("2025-09-24")
          .Flips({kStarts, kLate, "2025-09-18 07:00 UNKNOWN SOURCE_SILENT", "2025-09-22 12:00 NOT_STARTED SOURCE_HEARD due 2025-09-16",
                  "2025-09-23 07:00 LATE DUE due 2025-09-16", "2025-09-23 07:00 OVERDUE GRACE_OVER due 2025-09-16"}),
      Story("EvidenceOfAnotherSourceDoesNotEndIt")
          .Silent("2025-09-12 07:00")
          .Record("2025-09-16 16:00", "2025-09-16")
          .Until("2025-10-01")
          .Flips({kStarts, "2025-09-12 07:00 UNKNOWN SOURCE_SILENT"}),
      Story("TheYearEndsInIt")
          .Calendar(FourWeeks())
          .Silent("2025-09-12 07:00", "2025-10-13 12:00")
          .Until("2025-11-01")
          .Flips({kStarts, "2025-09-12 07:00 UNKNOWN SOURCE_SILENT", "2025-10-04 00:00 PAUSED YEAR_ENDED"}),
      Story("TheYearBeginsInIt")
          .Calendar(FourWeeks())
          .Silent("2025-08-12 07:00", "2025-09-09 12:00")
          .Until("2025-09-12")
          .Flips({"2025-09-08 00:00 UNKNOWN STARTED", "2025-09-09 12:00 NOT_STARTED SOURCE_HEARD due 2025-09-16"}),
      Story("OneThatBeganAndWasOverWhileTheYearWasNotIsNotSeen")
          .Silent("2025-08-12 07:00", "2025-08-20 12:00")
          .Until("2025-09-12")
          .Flips({kStarts}),
      Story("TwiceAndInBetweenItIsJudged")
          .Silent("2025-09-10 07:00", "2025-09-16 12:00")
          .Silent("2025-09-19 07:00", "2025-09-26 12:00")
          .Until("2025-09-27")
          .Flips({kStarts, "2025-09-10 07:00 UNKNOWN SOURCE_SILENT", "2025-09-16 12:00 NOT_STARTED SOURCE_HEARD due 2025-09-16", kLate,
                  "2025-09-19 07:00 UNKNOWN SOURCE_SILENT", "2025-09-26 12:00 NOT_STARTED SOURCE_HEARD due 2025-09-16"}),
      Story("WhatIsHeldBackAfterDowntimeIsToldOfIt")
          .Silent("2025-09-12 07:00", "2025-09-16 12:00")
          .Down("2025-09-16 18:00", "2025-09-17 09:00")
          .Until("2025-09-23")
          .Flips({kStarts, "2025-09-12 07:00 UNKNOWN SOURCE_SILENT", "2025-09-16 12:00 NOT_STARTED SOURCE_HEARD due 2025-09-16", kLate,
                  kOverdue}),
      Story("AnInactiveTeamIsNotUnknown")
          .Active("2025-07-01", "2025-09-11")
          .Silent("2025-09-10 07:00", "2025-09-16 12:00")
          .Until("2025-10-01")
          .Flips({kStarts, "2025-09-10 07:00 UNKNOWN SOURCE_SILENT", "2025-09-11 00:00 PAUSED INACTIVE"}),
  };
}
INSTANTIATE_TEST_SUITE_P(Silences, WatchCase, testing::ValuesIn(Silences()), NameOfCase);

}  // namespace
}  // namespace leadlag
