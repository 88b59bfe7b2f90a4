// What people do with alerts: acknowledged, snoozed, and how that ends; and that it changes nothing about the watches.
#include <cstdlib>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/limits.h"
#include "core/problem.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/engine/queries.h"
#include "tests/simulation/simulated_district.h"
#include "tests/support/random_seed.h"
#include "tests/support/watch_story.h"

namespace leadlag {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const WatchName kWalks{"t1", "walks"};

// t1's watch is LATE from Wednesday 2025-09-17 07:00 on and OVERDUE from Monday 2025-09-22 07:00 on.
class AlertHandlingTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(district_.Apply(SmallCatalog(2)).ok());
    district_.AdvanceTo(At("2025-09-17 12:00"));
  }
  void TearDown() override {
    EXPECT_EQ(district_.Inconsistencies(), "");
    EXPECT_THAT(VerifyDistrict(district_.Freeze(), 100), IsEmpty());
  }

  // t1's flips from the alert's opening on: "SNOOZED LATE 2025-09-17 12:00 until 2025-09-22".
  std::vector<std::string> Lines(const std::string& subject = "walks") const {
    const ZoneRules& zone = district_.Read()->catalog()->district_zone();
    std::vector<std::string> lines;
    for (const SeenFlip& seen : district_.Flips()) {
      const FlipRecord& record = seen.record;
      if (record.team != "t1" || record.expectation != subject || record.alert == 0) continue;
      const Date date = zone.LocalDate(record.flip.effective);
      const int64_t minute = (record.flip.effective.micros - zone.StartOf(date).micros) / kMicrosPerMinute;
      lines.push_back(absl::StrCat(std::string(ToString(record.flip.reason)), " ", std::string(ToString(record.flip.to)), " ",
                                   date.ToString(), " ", MinuteOfDay{static_cast<int32_t>(minute)}.ToString(),
                                   record.handling.acknowledged ? " acknowledged" : "",
                                   record.handling.snoozed_until ? " until " + record.handling.snoozed_until->ToString() : "",
                                   record.by.empty() ? "" : " by " + record.by));
    }
    return lines;
  }
  AlertRecord TheAlert() const { return district_.OpenAlerts().at(kWalks); }
  absl::Status SnoozeById(uint64_t alert, std::optional<Date> until, uint32_t days) {
    return district_
        .Execute(HandleAlertCommand{
            .alert = alert, .what = HandleAlertCommand::What::kSnooze, .by = "coach", .note = "", .until = until, .days = days})
        .status();
  }
  void RecordWalk(const char* date) {
    ASSERT_TRUE(district_.Record("forms", {NumberRecord(absl::StrCat("r", ++records_), "t1", "walks", D(date))}).ok());
  }
  void CloseSchool(const char* date) {
    closed_.push_back(date);
    Catalog catalog = SmallCatalog(2);
    for (const std::string& day : closed_) catalog.calendars[0] = With(catalog.calendars[0], ExceptionKind::kWeatherDay, day);
    ASSERT_TRUE(district_.Apply(catalog).ok());
  }

  SimulatedDistrict district_{{.start = At("2025-08-01 12:00")}};
  int records_ = 0;
  std::vector<std::string> closed_;
};

TEST_F(AlertHandlingTest, AnAcknowledgementIsLoggedAndHoldsUntilTheAlertCloses) {
  ASSERT_TRUE(district_.Acknowledge(kWalks, "m.ortiz", "we meet on Friday").ok());
  EXPECT_EQ(TheAlert().acknowledged, (AlertRemark{"m.ortiz", "we meet on Friday", district_.last_command()}));
  district_.AdvanceTo(At("2025-09-24 12:00"));
  RecordWalk("2025-09-24");
  district_.AdvanceTo(At("2025-10-03 12:00"));
  EXPECT_THAT(Lines(), ElementsAre("DUE LATE 2025-09-17 07:00", "ACKNOWLEDGED LATE 2025-09-17 12:00 acknowledged by m.ortiz",
                                   "GRACE_OVER OVERDUE 2025-09-22 07:00 acknowledged",
                                   "RESOLVED ON_TRACK 2025-09-24 12:00 acknowledged", "DUE LATE 2025-10-02 07:00"));
  EXPECT_FALSE(TheAlert().acknowledged);  // another alert
}

TEST_F(AlertHandlingTest, TheSameAgainChangesNothingAndAnotherRemarkTakesItsPlace) {
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(district_.Acknowledge(kWalks, "m.ortiz").ok());
    ASSERT_TRUE(district_.SnoozeDays(kWalks, 3).ok());
    ASSERT_TRUE(district_.SnoozeUntil(kWalks, D("2025-09-22")).ok());  // the same day
  }
  EXPECT_EQ(Lines().size(), 3u);
  const uint64_t alert = district_.Watches().at(kWalks).alert;
  ASSERT_TRUE(district_.Acknowledge(kWalks, "m.ortiz", "gone to see them").ok());
  ASSERT_TRUE(district_.SnoozeDays(kWalks, 1).ok());
  EXPECT_THAT(Lines(), ElementsAre("DUE LATE 2025-09-17 07:00", "ACKNOWLEDGED LATE 2025-09-17 12:00 acknowledged by m.ortiz",
                                   "SNOOZED LATE 2025-09-17 12:00 acknowledged until 2025-09-22 by coach",
                                   "ACKNOWLEDGED LATE 2025-09-17 12:00 acknowledged until 2025-09-22 by m.ortiz",
                                   "SNOOZED LATE 2025-09-17 12:00 acknowledged until 2025-09-18 by coach"));
  district_.AdvanceTo(At("2025-09-18 12:00"));
  EXPECT_EQ(Lines().back(), "SNOOZE_ENDED LATE 2025-09-18 07:00 acknowledged");
  district_.AdvanceTo(At("2025-09-23 12:00"));
  EXPECT_EQ(Lines().back(), "GRACE_OVER OVERDUE 2025-09-22 07:00 acknowledged");  // nothing is left of the first one

  // A snooze whose date is past and whose morning is not, and what was done before the alert closed.
  district_.AdvanceTo(At("2025-09-26 12:00"));
  ASSERT_TRUE(SnoozeById(alert, D("2025-09-27"), 0).ok());
  district_.AdvanceTo(At("2025-09-28 12:00"));
  EXPECT_TRUE(SnoozeById(alert, D("2025-09-27"), 0).ok());
  RecordWalk("2025-09-28");
  EXPECT_TRUE(SnoozeById(alert, D("2025-09-27"), 0).ok());
  EXPECT_EQ(SnoozeById(alert, D("2025-10-27"), 0).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(Lines().size(), 9u);
}

// As an expectation's: whatever happens to it meanwhile is logged, and says how it has been handled.
TEST_F(AlertHandlingTest, ARulesAlertIsHandledAlike) {
  const WatchName rule{"t1", "rule"};
  Catalog catalog = SmallCatalog(2);
  AlertRule lagging;
  lagging.id = "rule";
  lagging.terms = LaggingOnlyTerms{6};
  lagging.from = D("2025-07-01");
  catalog.alert_rules = {lagging};
  ASSERT_TRUE(district_.Apply(catalog).ok());
  ASSERT_TRUE(district_.Record("forms", {NumberRecord("result", "t1", "results", D("2025-09-10"))}).ok());
  district_.AdvanceTo(At("2025-09-18 12:00"));
  ASSERT_TRUE(district_.Acknowledge(rule, "m.ortiz").ok());
  ASSERT_TRUE(district_.SnoozeUntil(rule, D("2025-09-23")).ok());
  RecordWalk("2025-09-08");  // another due date, past as well
  district_.AdvanceTo(At("2025-09-24 12:00"));
  RecordWalk("2025-09-24");
  EXPECT_THAT(Lines("rule"),
              ElementsAre("DUE RAISED 2025-09-18 07:00", "ACKNOWLEDGED RAISED 2025-09-18 12:00 acknowledged by m.ortiz",
                          "SNOOZED RAISED 2025-09-18 12:00 acknowledged until 2025-09-23 by coach",
                          "UPDATED RAISED 2025-09-18 12:00 acknowledged until 2025-09-23",
                          "SNOOZE_ENDED RAISED 2025-09-23 07:00 acknowledged", "RESOLVED ON_TRACK 2025-09-24 12:00 acknowledged"));
  // A snoozed one that ends takes its snooze with it.
  district_.AdvanceTo(At("2025-10-03 12:00"));
  ASSERT_TRUE(district_.SnoozeDays(rule, 5).ok());
  RecordWalk("2025-10-03");
  district_.AdvanceTo(At("2025-10-13 12:00"));
  EXPECT_EQ(Lines("rule").back(), "RESOLVED ON_TRACK 2025-10-03 12:00 until 2025-10-10");
}

TEST_F(AlertHandlingTest, AtTheLimitNothingMoreIsDoneButToEndASnooze) {
  ASSERT_TRUE(district_.SnoozeDays(kWalks, 3).ok());
  const auto by = [](size_t flips) { return absl::StrCat("m.ortiz-", flips); };
  while (Lines().size() < kHandledFlipsMax) ASSERT_TRUE(district_.Acknowledge(kWalks, by(Lines().size())).ok());
  const absl::Status acknowledged = district_.Acknowledge(kWalks, "m.ortiz", "once more");
  EXPECT_EQ(acknowledged.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(acknowledged.message()), HasSubstr(absl::StrCat(kHandledFlipsMax, " times")));
  EXPECT_EQ(district_.SnoozeDays(kWalks, 9).code(), absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(district_.Acknowledge(kWalks, by(kHandledFlipsMax - 1)).ok());  // as it is
  EXPECT_EQ(Lines().size(), kHandledFlipsMax);
  EXPECT_TRUE(district_.EndSnooze(kWalks).ok());
  EXPECT_EQ(Lines().size(), kHandledFlipsMax + 1);
  EXPECT_EQ(district_.SnoozeDays(kWalks, 9).code(), absl::StatusCode::kResourceExhausted);

  // Another alert of the watch begins anew.
  RecordWalk("2025-09-17");
  district_.AdvanceTo(At("2025-10-20 12:00"));
  EXPECT_TRUE(district_.Acknowledge(kWalks, "m.ortiz").ok());
}

TEST_F(AlertHandlingTest, WhenASnoozeIsOverTheStateOfThatMorningShows) {
  ASSERT_TRUE(district_.SnoozeDays(kWalks, 3).ok());
  district_.AdvanceTo(At("2025-09-22 12:00"));
  EXPECT_THAT(Lines(), ElementsAre("DUE LATE 2025-09-17 07:00", "SNOOZED LATE 2025-09-17 12:00 until 2025-09-22 by coach",
                                   "GRACE_OVER OVERDUE 2025-09-22 07:00 until 2025-09-22", "SNOOZE_ENDED OVERDUE 2025-09-22 07:00"));
  EXPECT_FALSE(TheAlert().handling().any());
}

TEST_F(AlertHandlingTest, ASnoozeUntilADayWithoutSchoolEndsOnTheNextOne) {
  ASSERT_TRUE(district_.SnoozeUntil(kWalks, D("2025-09-20")).ok());  // a Saturday
  district_.AdvanceTo(At("2025-09-22 06:59"));
  EXPECT_EQ(Lines().size(), 2u);
  CloseSchool("2025-09-22");
  district_.AdvanceTo(At("2025-09-23 12:00"));
  EXPECT_THAT(Lines(), ElementsAre("DUE LATE 2025-09-17 07:00", "SNOOZED LATE 2025-09-17 12:00 until 2025-09-20 by coach",
                                   "GRACE_OVER OVERDUE 2025-09-23 07:00 until 2025-09-20", "SNOOZE_ENDED OVERDUE 2025-09-23 07:00"));
}

TEST_F(AlertHandlingTest, ASnoozeIsEndedByHand) {
  ASSERT_TRUE(district_.EndSnooze(kWalks).ok());  // there is none: nothing happens
  EXPECT_EQ(Lines().size(), 1u);
  ASSERT_TRUE(district_.SnoozeDays(kWalks, 3).ok());
  ASSERT_TRUE(district_.EndSnooze(kWalks, "m.ortiz").ok());
  district_.AdvanceTo(At("2025-09-22 12:00"));
  EXPECT_THAT(Lines(), ElementsAre("DUE LATE 2025-09-17 07:00", "SNOOZED LATE 2025-09-17 12:00 until 2025-09-22 by coach",
                                   "SNOOZE_ENDED LATE 2025-09-17 12:00 by m.ortiz", "GRACE_OVER OVERDUE 2025-09-22 07:00"));
}

TEST_F(AlertHandlingTest, AnAlertThatClosesTakesItsSnoozeAlong) {
  ASSERT_TRUE(district_.SnoozeDays(kWalks, 20).ok());
  const uint64_t first = district_.Watches().at(kWalks).alert;
  district_.AdvanceTo(At("2025-09-18 12:00"));
  RecordWalk("2025-09-18");
  EXPECT_EQ(Lines().back(), "RESOLVED ON_TRACK 2025-09-18 12:00 until 2025-10-15");
  district_.AdvanceTo(At("2025-10-20 12:00"));
  EXPECT_THAT(Lines(), testing::Contains("DUE LATE 2025-09-26 07:00"));
  EXPECT_THAT(Lines(), testing::Not(testing::Contains(HasSubstr("SNOOZE_ENDED"))));
  const absl::StatusOr<AlertDetail> closed = GetAlert(district_.Freeze(), first);
  ASSERT_TRUE(closed.ok()) << closed.status();
  EXPECT_EQ(closed->alert.record.snoozed->until, D("2025-10-15"));
  EXPECT_THAT(closed->why.text, HasSubstr("Snoozed by coach on Wed 2025-09-17, which was to end at 07:00 of Wed 2025-10-15"));
}

TEST_F(AlertHandlingTest, TheYearsEndClosesWhatIsSnoozed) {
  district_.AdvanceTo(At("2026-06-10 12:00"));
  ASSERT_TRUE(district_.SnoozeUntil(kWalks, D("2026-09-20")).ok());
  district_.AdvanceTo(At("2026-07-10 12:00"));
  EXPECT_EQ(Lines().back(), "YEAR_ENDED PAUSED 2026-06-13 00:00 until 2026-09-20");
}

TEST_F(AlertHandlingTest, ARestartForgetsNothingAndDowntimeChangesNoMoment) {
  ASSERT_TRUE(district_.Acknowledge(kWalks, "m.ortiz").ok());
  ASSERT_TRUE(district_.SnoozeDays(kWalks, 2).ok());
  ASSERT_TRUE(district_.Restart(At("2025-09-18 15:00")).has_value());
  EXPECT_EQ(district_.Read()->HandlingOf({0, 0}), (AlertHandling{true, D("2025-09-19")}));
  ASSERT_TRUE(district_.Restart(At("2025-09-22 15:00")).has_value());
  district_.AdvanceTo(At("2025-09-22 16:00"));
  EXPECT_THAT(Lines(), ElementsAre("DUE LATE 2025-09-17 07:00", "ACKNOWLEDGED LATE 2025-09-17 12:00 acknowledged by m.ortiz",
                                   "SNOOZED LATE 2025-09-17 12:00 acknowledged until 2025-09-19 by coach",
                                   "SNOOZE_ENDED LATE 2025-09-19 07:00 acknowledged",
                                   "GRACE_OVER OVERDUE 2025-09-22 07:00 acknowledged"));
}

// OVERDUE from the 22nd and the end on the 23rd both fall into the downtime. Whoever touches the watch while the district settles does
// not bring the end before what is held.
TEST_F(AlertHandlingTest, AnEndComesAfterTheWorseningThatSettlingHolds) {
  ASSERT_TRUE(district_.SnoozeUntil(kWalks, D("2025-09-23")).ok());
  ASSERT_TRUE(district_.Restart(At("2025-09-24 08:00")).has_value());
  ASSERT_TRUE(district_.Acknowledge(kWalks, "m.ortiz").ok());
  district_.AdvanceTo(At("2025-09-24 12:00"));
  EXPECT_THAT(Lines(), ElementsAre("DUE LATE 2025-09-17 07:00", "SNOOZED LATE 2025-09-17 12:00 until 2025-09-23 by coach",
                                   "ACKNOWLEDGED LATE 2025-09-24 08:00 acknowledged until 2025-09-23 by m.ortiz",
                                   "GRACE_OVER OVERDUE 2025-09-22 07:00 acknowledged until 2025-09-23",
                                   "SNOOZE_ENDED OVERDUE 2025-09-23 07:00 acknowledged"));
}

// Evidence that comes while it settles closes the alert; that the snooze was over before is told first.
TEST_F(AlertHandlingTest, AnEndThatSettlingHoldsComesBeforeTheClosing) {
  ASSERT_TRUE(district_.SnoozeUntil(kWalks, D("2025-09-23")).ok());
  ASSERT_TRUE(district_.Restart(At("2025-09-24 08:00")).has_value());
  RecordWalk("2025-09-24");
  district_.AdvanceTo(At("2025-09-24 12:00"));
  EXPECT_THAT(Lines(), ElementsAre("DUE LATE 2025-09-17 07:00", "SNOOZED LATE 2025-09-17 12:00 until 2025-09-23 by coach",
                                   "SNOOZE_ENDED LATE 2025-09-23 07:00", "RESOLVED ON_TRACK 2025-09-24 08:00"));
}

TEST_F(AlertHandlingTest, WhatCannotBeIsRefusedInWords) {
  const uint64_t alert = district_.Watches().at(kWalks).alert;
  const auto problem = [&](std::optional<Date> until, uint32_t days) {
    const absl::Status status = SnoozeById(alert, until, days);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    const std::vector<Problem> problems = ProblemsOf(status);
    return problems.size() == 1 ? problems[0].field + ": " + problems[0].reason : status.ToString();
  };
  EXPECT_EQ(problem(D("2025-09-17"), 0), "until_date: is not after the team's today, 2025-09-17; give a later date");
  EXPECT_THAT(problem(D("2025-09-17") + kSnoozeDaysMax + 1, 0), HasSubstr("until_date: is more than 400 days after"));
  EXPECT_THAT(problem(std::nullopt, 400), HasSubstr("instructional_days: the team's calendar has no 400 instructional days"));
  EXPECT_EQ(Lines().size(), 1u);
  EXPECT_TRUE(SnoozeById(alert, D("2025-09-17") + kSnoozeDaysMax, 0).ok());
  EXPECT_EQ(SnoozeById(77, std::nullopt, 1).code(), absl::StatusCode::kNotFound);
  Catalog one_year = SmallCatalog(2);
  one_year.calendars[0].years.resize(1);
  ASSERT_TRUE(district_.Apply(one_year).ok());
  EXPECT_THAT(problem(D("2026-06-13"), 0), HasSubstr("until_date: the team's calendar has no instructional day on or after it"));
  RecordWalk("2025-09-17");
  const absl::Status closed = SnoozeById(alert, std::nullopt, 1);
  EXPECT_EQ(closed.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(closed.message()), HasSubstr("closed since 2025-09-17T16:00:0"));
}

// ---- Lives with and without ----

constexpr int kTeams = 5;

// One thing that happens, to one of two lives: the other leaves out what people do with alerts.
struct Happening {
  Instant at;
  bool handling = false;
  std::function<void(SimulatedDistrict&)> act;
};

// Notify time of any date.
Instant Morning(Date date) { return At("America/New_York", date, 7 * 60); }

class Autumn {
 public:
  explicit Autumn(uint64_t seed) : random_(seed) {
    Catalog catalog = SmallCatalog(kTeams);
    for (Date date = D("2025-09-08"); date < kEnd; date = date + 1) {
      minute_ = 8 * 60;
      for (int n = random_.Between(0, 2); n > 0; --n) Evidence(date);
      for (int n = random_.Between(0, 3); n > 0; --n) Handling(date);
      if (random_.OneIn(12)) {
        const Date day = date + random_.Between(-3, 5);
        const bool make_up = !Calendar::Compile(catalog.calendars[0]).value().IsInstructional(day);
        catalog.calendars[0] =
            With(catalog.calendars[0], make_up ? ExceptionKind::kMakeUpDay : ExceptionKind::kWeatherDay, day.ToString());
        Add(date, false, [catalog](SimulatedDistrict& d) { ASSERT_TRUE(d.Apply(catalog).ok()); });
        catalogs_.emplace_back(happenings_.back().at, catalog);
      }
      if (random_.OneIn(10) && date + 5 < kEnd) {  // up, and settled, before the end
        const int days = random_.Between(0, 3);
        const Instant up = At("America/New_York", date + days, minute_ + 5);
        Add(date, false, [up](SimulatedDistrict& d) { d.Restart(up); });
        holds_.push_back({happenings_.back().at, Instant{up.micros + kSettling}});
        // What was to happen on that morning happens at once then, while the district settles.
        if (days > 0) date = date + days - 1;
      }
    }
  }

  void Live(SimulatedDistrict& district, bool with_handling) {
    ASSERT_TRUE(district.Apply(SmallCatalog(kTeams)).ok());
    for (const Happening& happening : happenings_) {
      if (happening.handling && !with_handling) continue;
      if (district.now() < happening.at) district.AdvanceTo(happening.at);
      happening.act(district);
    }
    district.AdvanceTo(Morning(kEnd));
  }

  // While the service is down, and settles after it.
  struct Hold {
    Instant from, to;
  };
  const Hold* HoldAt(Instant at) const {
    const auto found = std::find_if(holds_.begin(), holds_.end(), [&](const Hold& h) { return h.from <= at && at < h.to; });
    return found == holds_.end() ? nullptr : &*found;
  }

  // The moments at which a snooze may be over that nothing ends before, day by day; none: before the end of the life it is not. There are
  // two where the catalog changes while the district settles: what that holds of a watch is judged by the calendar of its end.
  std::set<std::optional<Instant>> NaiveEnds(Instant snoozed, Date until) const {
    return {NaiveEnd(snoozed, until, false), NaiveEnd(snoozed, until, true)};
  }

 private:
  std::optional<Instant> NaiveEnd(Instant snoozed, Date until, bool held) const {
    const Catalog first = SmallCatalog(kTeams);
    for (Date date = until; date < kEnd; date = date + 1) {
      if (Morning(date) <= snoozed) continue;
      const Catalog* catalog = nullptr;
      for (const auto& [at, changed] : catalogs_) {
        const Hold* const hold = HoldAt(at);
        if ((held && hold != nullptr ? hold->from : at) < Morning(date)) catalog = &changed;
      }
      const CalendarSpec& calendar = (catalog == nullptr ? first : *catalog).calendars[0];
      if (Calendar::Compile(calendar).value().IsInstructional(date)) return Morning(date);
    }
    return std::nullopt;
  }

  void Add(Date date, bool handling, std::function<void(SimulatedDistrict&)> act) {
    happenings_.push_back({At("America/New_York", date, minute_), handling, std::move(act)});
    minute_ += 11;
  }
  void Evidence(Date date) {
    const EvidenceItem item = NumberRecord(absl::StrCat("r", happenings_.size()), absl::StrCat("t", random_.Between(1, kTeams)),
                                           "walks", date - random_.Between(0, 3));
    Add(date, false, [item](SimulatedDistrict& d) { ASSERT_TRUE(d.Record("forms", {item}).ok()); });
  }
  void Handling(Date date) {
    const WatchName watch{absl::StrCat("t", random_.Between(1, kTeams)), "walks"};
    const int what = random_.Between(0, 4), days = random_.Between(1, 8);
    Add(date, true, [watch, what, days](SimulatedDistrict& d) {
      if (!d.OpenAlerts().contains(watch)) return;
      const Date today = d.Read()->catalog()->district_zone().LocalDate(d.now());
      const absl::Status status = what == 0   ? d.Acknowledge(watch, absl::StrCat("coach ", days))
                                  : what == 1 ? d.EndSnooze(watch)
                                  : what == 2 ? d.SnoozeUntil(watch, today + days)
                                              : d.SnoozeDays(watch, static_cast<uint32_t>(days));
      ASSERT_TRUE(status.ok()) << status;
    });
  }

  static constexpr int64_t kSettling = 10 * kMicrosPerMinute;
  const Date kEnd = D("2025-12-20");
  Random random_;
  int minute_ = 0;
  std::vector<Happening> happenings_;
  std::vector<std::pair<Instant, Catalog>> catalogs_;  // by time
  std::vector<Hold> holds_;
};

// What the flips tell of one watch and its alert, one after the other.
struct Told {
  WatchState state = WatchState::kPaused;
  Instant effective;       // of the last flip that nobody made by hand
  AlertHandling handling;  // of the open alert
  Instant snoozed_at;
};

bool Held(const Autumn& autumn, Instant end, Instant at) {
  const Autumn::Hold* const hold = autumn.HoldAt(at);
  return hold != nullptr && end >= hold->from;
}

// By watch, in order, those that nobody's handling of an alert makes.
std::map<WatchName, std::vector<std::string>> WatchFlips(const SimulatedDistrict& district) {
  std::map<WatchName, std::vector<std::string>> flips;
  for (const SeenFlip& seen : district.Flips()) {
    const FlipRecord& record = seen.record;
    if (IsHandling(record.flip.reason)) continue;
    flips[{record.team, record.expectation}].push_back(Describe(record.flip, district.Read()->catalog()->district_zone()));
  }
  return flips;
}

TEST(AlertHandlingLifeTest, ChangesNothingElseAndEveryEndIsTheNaiveOne) {
  int ends = 0;
  for (const uint64_t seed : Seeds(6, 200)) {
    SCOPED_TRACE(Replay(seed));
    Autumn autumn(seed);
    SimulatedDistrict with({.start = At("2025-08-01 12:00")}), without({.start = At("2025-08-01 12:00")});
    autumn.Live(with, true);
    autumn.Live(without, false);
    ASSERT_FALSE(HasFailure());
    ASSERT_EQ(with.Inconsistencies(), "");
    ASSERT_THAT(VerifyDistrict(with.Freeze(), 100), IsEmpty());

    std::map<WatchName, Told> told;
    const auto expect_no_end_before = [&](const Told& watch, Instant at, const SeenFlip& seen) {
      if (!watch.handling.snoozed_until) return;
      bool may = false;
      for (const std::optional<Instant>& end : autumn.NaiveEnds(watch.snoozed_at, *watch.handling.snoozed_until)) {
        // What is done by hand while the district settles may come before what that holds.
        may = may || !end || *end >= at || (seen.record.flip.effective == seen.record.recorded && Held(autumn, *end, at));
      }
      EXPECT_TRUE(may) << Describe(seen) << ": its snooze should have been over before";
    };
    for (const SeenFlip& seen : with.Flips()) {
      const FlipRecord& record = seen.record;
      const WatchFlip& flip = record.flip;
      Told& watch = told[{record.team, record.expectation}];
      EXPECT_EQ(flip.from, watch.state) << Describe(seen);
      const bool by_hand = !record.by.empty();
      EXPECT_EQ(by_hand, IsHandling(flip.reason) && !(flip.reason == FlipReason::kSnoozeEnded && record.by.empty()));
      if (!by_hand) {
        EXPECT_GE(flip.effective, watch.effective) << Describe(seen);
        watch.effective = flip.effective;
      }
      AlertHandling expected = HasAlert(flip.from) ? watch.handling : AlertHandling();
      if (flip.reason == FlipReason::kAcknowledged) expected.acknowledged = true;
      if (flip.reason == FlipReason::kSnoozed || flip.reason == FlipReason::kSnoozeEnded || !HasAlert(flip.to)) {
        if (by_hand || flip.reason != FlipReason::kSnoozeEnded) expect_no_end_before(watch, flip.effective, seen);
      }
      if (flip.reason == FlipReason::kSnoozed) {
        ASSERT_TRUE(record.handling.snoozed_until) << Describe(seen);
        expected.snoozed_until = record.handling.snoozed_until;
        watch.snoozed_at = record.recorded;
      }
      if (flip.reason == FlipReason::kSnoozeEnded) {
        ASSERT_TRUE(watch.handling.snoozed_until) << Describe(seen);
        if (!by_hand) {
          EXPECT_THAT(autumn.NaiveEnds(watch.snoozed_at, *watch.handling.snoozed_until), testing::Contains(flip.effective))
              << Describe(seen);
          ++ends;
        }
        expected.snoozed_until.reset();
      }
      EXPECT_EQ(record.handling, expected) << Describe(seen);
      watch.state = flip.to;
      watch.handling = HasAlert(flip.to) ? expected : AlertHandling();
    }
    for (const auto& [name, watch] : told) {
      if (!watch.handling.snoozed_until) continue;
      EXPECT_THAT(autumn.NaiveEnds(watch.snoozed_at, *watch.handling.snoozed_until), testing::Contains(std::nullopt)) << name.team;
    }
    EXPECT_EQ(WatchFlips(with), WatchFlips(without));
    ASSERT_FALSE(HasFailure());
  }
  EXPECT_GT(ends, std::getenv("LEADLAG_SEED") != nullptr ? 0 : 20);
}

}  // namespace
}  // namespace leadlag
