// Sources that fall silent, lived through the engine: one alert for the source, UNKNOWN for what it alone feeds, nobody
// wronged when it is back.
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/engine/queries.h"
#include "tests/simulation/simulated_district.h"
#include "tests/support/nyc_attendance.h"
#include "tests/support/watch_story.h"

namespace leadlag {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// "forms" is expected every three days and feeds everything; settling takes 10 minutes.
Catalog ExpectingForms(int teams) {
  Catalog catalog = SmallCatalog(teams);
  catalog.sources[0].every_days = 3;
  return catalog;
}

class SourceSilenceTest : public testing::Test {
 protected:
  void TearDown() override {
    EXPECT_EQ(district_.Inconsistencies(), "");
    EXPECT_THAT(VerifyDistrict(district_.Freeze(), 100), IsEmpty());
  }
  void Apply(const Catalog& catalog) {
    const absl::StatusOr<CatalogOutcome> outcome = district_.Apply(catalog);
    ASSERT_TRUE(outcome.ok()) << outcome.status();
  }
  // A batch at that time, of walks of these teams dated then; an empty one where there are none.
  void Send(const char* when, const std::string& source, std::vector<std::string> teams,
            std::optional<Date> complete_through = {}) {
    district_.AdvanceTo(At(when));
    RecordEvidenceCommand command{.source = source, .items = {}, .complete_through = complete_through};
    for (const std::string& team : teams) {
      command.items.push_back(
          NumberRecord(absl::StrCat("r", ++records_), team, "walks", D(std::string_view(when).substr(0, 10))));
    }
    ASSERT_TRUE(district_.Execute(std::move(command)).ok());
  }
  // Flips of the watch, but for the first.
  std::vector<std::string> Lines(const std::string& team, const std::string& subject) const {
    std::vector<std::string> lines;
    const std::map<WatchName, std::vector<WatchFlip>> flips = district_.FlipsByWatch();
    const auto found = flips.find({team, subject});
    if (found == flips.end()) return lines;
    for (size_t i = 1; i < found->second.size(); ++i)
      lines.push_back(Describe(found->second[i], district_.Read()->catalog()->district_zone()));
    return lines;
  }

  SimulatedDistrict district_{{.start = At("2025-08-01 12:00")}};
  int records_ = 0;
};

TEST_F(SourceSilenceTest, IsOneAlertAndWhatItAloneFeedsIsUnknown) {
  Apply(ExpectingForms(2));
  Send("2025-09-08 16:00", "forms", {"t1"});
  district_.AdvanceTo(At("2025-09-18 12:00"));
  EXPECT_THAT(Lines("", "forms"), ElementsAre("2025-09-12 07:00 RAISED DUE due 2025-09-11"));
  EXPECT_THAT(Lines("t1", "walks").back(), "2025-09-12 07:00 UNKNOWN SOURCE_SILENT");
  EXPECT_THAT(Lines("t2", "walks"), ElementsAre("2025-09-12 07:00 UNKNOWN SOURCE_SILENT"));
  ASSERT_EQ(district_.OpenAlerts().size(), 1u);
  const AlertRecord alert = district_.OpenAlerts().begin()->second;
  EXPECT_EQ(alert.kind, AlertKind::kSourceSilent);

  const absl::StatusOr<AlertDetail> detail = GetAlert(district_.Freeze(), alert.sequences.front());
  ASSERT_TRUE(detail.ok()) << detail.status();
  EXPECT_EQ(detail->alert.source, "forms");
  EXPECT_THAT(detail->why.text, AllOf(HasSubstr("Source \"forms\" was last heard at 16:00 on Mon 2025-09-08."),
                                      HasSubstr("It is expected once in 3 instructional days; counting 3 instructional "
                                                "days from Mon 2025-09-08 gives the "
                                                "due date Thu 2025-09-11."),
                                      HasSubstr("RAISED since 07:00 on Fri 2025-09-12"),
                                      HasSubstr("2 watches that silent sources alone feed are UNKNOWN")));
}

// Nobody can say that all is well with a team one of whose watches cannot be told; an alert of another one is worse.
TEST_F(SourceSilenceTest, TheOverviewTellsOfUnknownBehindAnAlertAndBeforeAllElse) {
  Catalog catalog = ExpectingForms(2);
  catalog.sources[0].indicators = {"walks"};
  catalog.expectations.push_back(ExpectationOn("lessons", IndicatorKind("lessons"), 2, 3, 0));
  Apply(catalog);
  Send("2025-09-08 16:00", "forms", {});
  EvidenceItem lesson = NumberRecord("lesson", "t1", "lessons", D("2025-09-11"));
  district_.AdvanceTo(At("2025-09-11 16:00"));
  ASSERT_TRUE(district_.Record("sis", {lesson}).ok());
  district_.AdvanceTo(At("2025-09-12 12:00"));
  ASSERT_EQ(district_.StateOf("t1", "walks"), WatchState::kUnknown);
  ASSERT_EQ(district_.StateOf("t1", "lessons"), WatchState::kOnTrack);
  ASSERT_EQ(district_.StateOf("t2", "lessons"), WatchState::kLate);
  const absl::StatusOr<OverviewPage> page = ListTeamCadence(district_.Freeze(), std::nullopt, {}, "", 10);
  ASSERT_TRUE(page.ok()) << page.status();
  ASSERT_EQ(page->teams.size(), 2u);
  EXPECT_EQ(page->teams[0].state, WatchState::kUnknown);
  EXPECT_EQ(page->teams[0].unknown, 1);
  EXPECT_EQ(page->teams[1].state, WatchState::kLate);
  EXPECT_EQ(page->teams[1].unknown, 1);
  const absl::StatusOr<OverviewPage> of_lessons = ListTeamCadence(district_.Freeze(), IndicatorKind("lessons"), {}, "", 10);
  ASSERT_TRUE(of_lessons.ok()) << of_lessons.status();
  EXPECT_EQ(of_lessons->teams[0].state, WatchState::kOnTrack);
  EXPECT_EQ(of_lessons->teams[0].unknown, 0);
}

TEST_F(SourceSilenceTest, OnRecoveryTheBacklogIsInBeforeAnythingIsJudged) {
  Apply(ExpectingForms(2));
  Send("2025-09-08 16:00", "forms", {});
  Send("2025-09-19 16:00", "forms", {"t1"});  // t2 has nothing, and has been due since the 16th
  EXPECT_THAT(Lines("", "forms").back(), HasSubstr("ON_TRACK RESOLVED"));
  EXPECT_EQ(district_.StateOf("t1", "walks"), WatchState::kUnknown);
  district_.AdvanceTo(At("2025-09-23 12:00"));
  EXPECT_THAT(Lines("t1", "walks"), ElementsAre("2025-09-12 07:00 UNKNOWN SOURCE_SILENT",
                                                "2025-09-19 16:10 ON_TRACK SOURCE_HEARD due 2025-09-26"));
  EXPECT_THAT(
      Lines("t2", "walks"),
      ElementsAre("2025-09-12 07:00 UNKNOWN SOURCE_SILENT", "2025-09-19 16:10 NOT_STARTED SOURCE_HEARD due 2025-09-16",
                  "2025-09-22 07:00 LATE DUE due 2025-09-16", "2025-09-22 07:00 OVERDUE GRACE_OVER due 2025-09-16"));
}

TEST_F(SourceSilenceTest, CompleteThroughYesterdayEndsTheWait) {
  Apply(ExpectingForms(1));
  Send("2025-09-08 16:00", "forms", {});
  Send("2025-09-19 16:00", "forms", {}, D("2025-09-17"));  // not all that there is
  EXPECT_EQ(district_.StateOf("t1", "walks"), WatchState::kUnknown);
  Send("2025-09-19 16:03", "forms", {"t1"}, D("2025-09-18"));
  EXPECT_THAT(Lines("t1", "walks").back(), HasSubstr("2025-09-19 16:03 ON_TRACK SOURCE_HEARD"));
}

TEST_F(SourceSilenceTest, AnotherSourceThatFeedsItKeepsAWatchJudged) {
  Catalog catalog = ExpectingForms(1);
  catalog.sources[1].indicators = {"walks"};
  Apply(catalog);
  Send("2025-09-08 16:00", "forms", {});
  district_.AdvanceTo(At("2025-09-18 12:00"));
  EXPECT_THAT(Lines("t1", "walks"), ElementsAre("2025-09-17 07:00 LATE DUE due 2025-09-16"));
  EXPECT_EQ(district_.OpenAlerts().size(), 2u);
}

AlertRule ActedOn() {
  AlertRule rule;
  rule.id = "acted-on";
  rule.terms = ActionWithoutEvidenceTerms{5};
  rule.from = D("2025-07-01");
  return rule;
}

// A rule about actions waits for what the team's inquiries are linked to, whatever else is leading.
TEST_F(SourceSilenceTest, AnActionOfWhichNobodyCanTellIsNotToldOf) {
  Catalog catalog = ExpectingForms(2);
  catalog.sources[0].indicators = {"walks"};
  Source paper{.id = "paper"};
  paper.indicators = {"lessons"};
  paper.every_days = 3;
  catalog.sources.push_back(paper);
  catalog.alert_rules = {ActedOn()};
  Apply(catalog);
  Inquiry inquiry = InquiryOf("talk", "t1", D("2025-09-08"));
  inquiry.links = {{"walks", ExpectedDirection::kIncrease, {}}, {"results", ExpectedDirection::kIncrease, {}}};
  inquiry.actions = {{"plan", "Plan together", D("2025-09-09"), std::nullopt}};
  ASSERT_TRUE(district_.RecordInquiry(inquiry).ok());
  Inquiry other = InquiryOf("both", "t2", D("2025-09-08"));
  other.links = {{"lessons", ExpectedDirection::kIncrease, {}}};
  other.actions = {{"visit", "Visit each other", D("2025-09-10"), std::nullopt}};
  ASSERT_TRUE(district_.RecordInquiry(other).ok());
  inquiry.id = "of-t2";
  inquiry.team = "t2";
  ASSERT_TRUE(district_.RecordInquiry(inquiry).ok());
  Send("2025-09-08 16:00", "forms", {});
  for (const char* const when : {"2025-09-09 16:00", "2025-09-12 16:00", "2025-09-15 16:00", "2025-09-17 16:00"}) Send(when, "paper", {});
  district_.AdvanceTo(At("2025-09-18 12:00"));
  EXPECT_THAT(Lines("t1", "acted-on"), ElementsAre("2025-09-12 07:00 UNKNOWN SOURCE_SILENT"));
  // Where another action can be told the rule goes on, and says so.
  EXPECT_THAT(Lines("t2", "acted-on"), ElementsAre("2025-09-17 07:00 RAISED DUE due 2025-09-16"));
  const auto why = [&](const char* team) -> std::string {
    for (const auto& [watch, alert] : district_.OpenAlerts()) {
      if (watch.team != team || watch.expectation != "acted-on") continue;
      const absl::StatusOr<AlertDetail> detail = GetAlert(district_.Freeze(), alert.sequences.front());
      EXPECT_TRUE(detail.ok()) << detail.status();
      return detail.ok() ? detail->why.text : "";
    }
    return "no alert";
  };
  constexpr char kSilent[] = "Every source that feeds such records is silent now: they may be there and have not come.";
  EXPECT_THAT(why("t2"), AllOf(HasSubstr("of inquiry \"of-t2\""), HasSubstr(kSilent)));
  // The source's own alert counts whom it leaves in the dark.
  for (const auto& [watch, alert] : district_.OpenAlerts()) {
    if (alert.kind != AlertKind::kSourceSilent) continue;
    const absl::StatusOr<AlertDetail> detail = GetAlert(district_.Freeze(), alert.sequences.front());
    ASSERT_TRUE(detail.ok()) << detail.status();
    EXPECT_THAT(detail->why.text, HasSubstr("3 watches that silent sources alone feed are UNKNOWN"));
  }
  // An inquiry that waits for something else can be told again; it is judged at the next notify time.
  inquiry.id = "talk";
  inquiry.team = "t1";
  inquiry.links[0].indicator = "lessons";
  ASSERT_TRUE(district_.RecordInquiry(inquiry).ok());
  EXPECT_EQ(Lines("t1", "acted-on").back(), "2025-09-18 12:00 ON_TRACK CHANGE due 2025-09-16");
  district_.AdvanceTo(At("2025-09-19 07:01"));
  EXPECT_EQ(Lines("t1", "acted-on").back(), "2025-09-19 07:00 RAISED DUE due 2025-09-16");
  EXPECT_THAT(why("t1"), Not(HasSubstr("silent")));
  // And back: the alert is closed, since nobody can tell.
  inquiry.links[0].indicator = "walks";
  ASSERT_TRUE(district_.RecordInquiry(inquiry).ok());
  EXPECT_EQ(Lines("t1", "acted-on").back(), "2025-09-19 07:01 UNKNOWN SOURCE_SILENT");
  Send("2025-09-19 16:00", "forms", {}, D("2025-09-18"));
  EXPECT_EQ(Lines("t1", "acted-on").back(), "2025-09-19 16:00 ON_TRACK SOURCE_HEARD due 2025-09-16");
}

TEST(SourceDowntimeTest, TheServicesOwnDowntimeIsNoOnesSilence) {
  for (const int settling : {10, 0}) {
    SCOPED_TRACE(settling);
    SimulatedDistrict district({.start = At("2025-08-01 12:00")});
    Catalog catalog = ExpectingForms(1);
    catalog.settings.settling_minutes = settling;
    ASSERT_TRUE(district.Apply(catalog).ok());
    district.AdvanceTo(At("2025-09-08 16:00"));
    ASSERT_TRUE(district.Record("forms", {}).ok());
    district.AdvanceTo(At("2025-09-09 12:00"));
    // Down from the Tuesday to the Monday after: five days of school on which it could not hear anybody for hours.
    ASSERT_TRUE(district.Restart(At("2025-09-15 12:00")).has_value());
    district.AdvanceTo(At("2025-09-19 12:00"));
    const std::vector<WatchFlip> flips = district.FlipsByWatch().at({"", "forms"});
    ASSERT_EQ(flips.size(), 2u);
    EXPECT_EQ(Describe(flips[1], district.Read()->catalog()->district_zone()), "2025-09-19 07:00 RAISED DUE due 2025-09-18");
  }
}

// The log took nothing for days, say, and what comes first is a batch of another source, before any tick.
TEST(SourceDowntimeTest, AGapIsDowntimeWhateverComesFirst) {
  SimulatedDistrict district({.start = At("2025-09-08 12:00"), .ticks_each_minute = true});
  ASSERT_TRUE(district.Apply(ExpectingForms(1)).ok());
  ASSERT_TRUE(district.Record("forms", {}).ok());
  district.clock().Set(At("2025-09-15 12:00"));
  ASSERT_TRUE(district.Record("sis", {}).ok());
  EXPECT_EQ(district.Read()->settling_until(), Instant{At("2025-09-15 12:00").micros + 10 * kMicrosPerMinute});
  EXPECT_EQ(district.StateOf("", "forms"), WatchState::kOnTrack);
  EXPECT_EQ(district.Read()->watches().OfTeam(kNoTeam)[0].record.watch.due, D("2025-09-18"));
}

TEST_F(SourceSilenceTest, ANightlyRestartExcusesNobody) {
  Apply(ExpectingForms(1));
  Send("2025-09-08 16:00", "forms", {});
  for (const char* date : {"2025-09-08", "2025-09-09", "2025-09-10", "2025-09-11"}) {
    district_.AdvanceTo(At(absl::StrCat(date, " 23:58")));
    ASSERT_TRUE(district_.Restart(Instant{district_.now().micros + 4 * kMicrosPerMinute}).has_value());
  }
  district_.AdvanceTo(At("2025-09-12 12:00"));
  EXPECT_THAT(Lines("", "forms"), ElementsAre("2025-09-12 07:00 RAISED DUE due 2025-09-11"));
}

TEST_F(SourceSilenceTest, WhileItSaysThatMoreIsToComeNothingIsJudged) {
  Apply(ExpectingForms(1));
  Send("2025-09-08 16:00", "forms", {});
  Send("2025-09-19 06:45", "forms", {}, D("2025-09-09"));
  Send("2025-09-19 06:54", "forms", {}, D("2025-09-12"));
  Send("2025-09-19 07:02", "forms", {"t1"}, D("2025-09-16"));
  district_.AdvanceTo(At("2025-09-22 12:00"));
  EXPECT_THAT(Lines("t1", "walks"),
              ElementsAre("2025-09-12 07:00 UNKNOWN SOURCE_SILENT", "2025-09-19 07:12 ON_TRACK SOURCE_HEARD due 2025-09-26"));
}

TEST_F(SourceSilenceTest, ASilenceLastsUntilItIsHeardOverTheSummerToo) {
  Apply(ExpectingForms(1));
  Send("2026-06-02 16:00", "forms", {});
  district_.AdvanceTo(At("2026-09-09 12:00"));
  EXPECT_THAT(Lines("", "forms").back(), "2026-09-07 00:00 ON_TRACK STARTED due 2026-09-09");
  EXPECT_THAT(Lines("t1", "walks").back(), "2026-09-07 00:00 UNKNOWN STARTED");
  Send("2026-09-11 16:00", "forms", {});
  district_.AdvanceTo(At("2026-09-11 17:00"));
  EXPECT_THAT(Lines("", "forms"), Contains("2026-09-10 07:00 RAISED DUE due 2026-09-09"));
  EXPECT_THAT(Lines("t1", "walks").back(), "2026-09-11 16:10 NOT_STARTED SOURCE_HEARD due 2026-09-15");
}

// What a second crash left untold is told after the second settling, also where a catalog change comes by in between.
TEST_F(SourceSilenceTest, AHoldForgetsNoSilence) {
  Apply(ExpectingForms(1));
  Send("2025-09-08 16:00", "forms", {});
  district_.AdvanceTo(At("2025-09-12 06:50"));
  ASSERT_TRUE(district_.Restart(At("2025-09-12 07:05")).has_value());
  district_.AdvanceTo(At("2025-09-12 07:10"));  // it is not judged yet
  ASSERT_TRUE(district_.Restart(At("2025-09-12 07:30")).has_value());
  Catalog catalog = ExpectingForms(1);
  catalog.teams[0].display_name = "One";
  Apply(catalog);
  Send("2025-09-12 07:35", "forms", {}, D("2025-09-11"));
  district_.AdvanceTo(At("2025-09-18 12:00"));
  EXPECT_THAT(Lines("t1", "walks"),
              ElementsAre("2025-09-17 07:00 LATE DUE due 2025-09-16", "2025-09-18 07:00 UNKNOWN SOURCE_SILENT"));
}

TEST_F(SourceSilenceTest, ACatalogThatExpectsItNoMoreRetracts) {
  Apply(ExpectingForms(1));
  Send("2025-09-08 16:00", "forms", {});
  district_.AdvanceTo(At("2025-09-12 12:00"));
  ASSERT_EQ(district_.StateOf("t1", "walks"), WatchState::kUnknown);
  Apply(SmallCatalog(1));
  EXPECT_THAT(Lines("", "forms").back(), HasSubstr("PAUSED RETRACTED"));
  EXPECT_THAT(Lines("t1", "walks").back(), HasSubstr("NOT_STARTED CHANGE due 2025-09-16"));
  EXPECT_THAT(district_.OpenAlerts(), IsEmpty());
}

TEST_F(SourceSilenceTest, IsAcknowledgedAndSnoozedAsAnyOtherAlert) {
  Apply(ExpectingForms(1));
  Send("2025-09-08 16:00", "forms", {});
  district_.AdvanceTo(At("2025-09-12 12:00"));
  ASSERT_TRUE(district_.Acknowledge({"", "forms"}, "it").ok());
  ASSERT_TRUE(district_.SnoozeDays({"", "forms"}, 2, "it").ok());
  district_.AdvanceTo(At("2025-09-17 12:00"));
  EXPECT_THAT(Lines("", "forms").back(), HasSubstr("2025-09-16 07:00 RAISED SNOOZE_ENDED"));
}

// With the one day of school on which no school had submitted by 4 pm.
CalendarSpec SchoolDays(const NycAttendance& attendance) {
  return With(attendance.Calendar(), ExceptionKind::kMakeUpDay, "2014-01-03");
}

// DOMAIN.md: evidence that comes for one team says nothing of the others; a day on which nobody submits is nobody's
// lateness.
void LiveThroughNewYork(const NycAttendance& attendance, bool source_a_school, std::map<AlertKind, std::multiset<Date>>& opened,
                        std::map<std::string, int>& unknown) {
  Catalog catalog = SmallCatalog(0);
  catalog.calendars = {SchoolDays(attendance)};
  catalog.default_calendar = catalog.calendars[0].id;
  catalog.sources.clear();
  std::map<Date, std::vector<std::string>> submitted;  // teams by date
  for (const auto& [dbn, dates] : attendance.submitted) {
    Team team;
    team.id = absl::StrCat("t", catalog.teams.size() + 1);
    team.active_periods = {{D("2013-07-01"), std::nullopt}};
    for (const Date date : dates) submitted[date].push_back(team.id);
    Source source{.id = source_a_school ? absl::StrCat("of-", team.id) : "office"};
    source.every_days = 1;
    if (source_a_school) source.teams = {team.id};
    if (catalog.sources.empty() || source_a_school) catalog.sources.push_back(source);
    catalog.teams.push_back(std::move(team));
  }
  catalog.expectations = {ExpectationOn("daily", IndicatorKind("walks"), 1, 1, 0)};
  SimulatedDistrict district({.start = At("2013-07-01 12:00")});
  ASSERT_TRUE(district.Apply(catalog).ok());
  for (const auto& [date, teams] : submitted) {
    district.AdvanceTo(At("America/New_York", date, 16 * 60));
    std::map<std::string, std::vector<EvidenceItem>> batches;  // by source
    for (const std::string& team : teams) {
      batches[source_a_school ? "of-" + team : "office"].push_back(
          NumberRecord(absl::StrCat(team, "-", date.ToString()), team, "walks", date));
    }
    for (auto& [source, items] : batches) ASSERT_TRUE(district.Record(source, std::move(items)).ok());
  }
  district.AdvanceTo(At("2015-07-15"));
  EXPECT_EQ(district.Inconsistencies(), "");
  EXPECT_THAT(VerifyDistrict(district.Freeze(), 100), IsEmpty());
  for (const SeenFlip& seen : district.Flips()) {
    const WatchFlip& flip = seen.record.flip;
    if (HasAlert(flip.to) && !HasAlert(flip.from)) {
      opened[seen.record.kind].insert(district.Read()->catalog()->district_zone().LocalDate(flip.effective));
    }
    if (flip.to == WatchState::kUnknown) ++unknown[seen.record.team];
  }
}

TEST(NycSourcesTest, ASilentFeedIsToldOfAndALateSchoolAsWell) {
  const std::optional<std::string> file = NycAttendanceFile();
  if (!file) GTEST_SKIP() << NoNycAttendance();
  const absl::StatusOr<NycAttendance> attendance = ReadNycAttendance(*file);
  ASSERT_TRUE(attendance.ok()) << attendance.status();
  // Each school its own source: it is never the team that is late, for nobody can tell.
  std::map<AlertKind, std::multiset<Date>> opened;
  std::map<std::string, int> unknown;
  LiveThroughNewYork(*attendance, /*source_a_school=*/true, opened, unknown);
  EXPECT_THAT(opened[AlertKind::kSignalOverdue], IsEmpty());
  EXPECT_GT(opened[AlertKind::kSourceSilent].size(), 100u);
  EXPECT_EQ(unknown.size(), attendance->submitted.size());
  // One source for all: a day without any submission is its silence, and no team's alert; a day on which some submit is
  // the others'.
  opened.clear();
  unknown.clear();
  LiveThroughNewYork(*attendance, /*source_a_school=*/false, opened, unknown);
  EXPECT_GT(opened[AlertKind::kSignalOverdue].size(), 100u);
  std::set<Date> days;
  for (const auto& [dbn, dates] : attendance->submitted) days.insert(dates.begin(), dates.end());
  const Calendar calendar = Calendar::Compile(SchoolDays(*attendance)).value();
  for (const Date opened_on : opened[AlertKind::kSignalOverdue]) {
    const std::optional<Date> judged = calendar.LastOnOrBefore(opened_on - 1);
    ASSERT_TRUE(judged && days.contains(*judged)) << "a school was late on " << opened_on.ToString() << ", and nobody had submitted";
  }
  int without = 0;
  size_t silences = 0;  // days on which nobody submitted, and rows of them
  for (const SchoolYear& year : calendar.years()) {
    bool before = false;
    for (Date date = *year.first_day; date < *year.last_day;
         date = date + 1) {  // what the last day brings is not judged any more
      if (!calendar.IsInstructional(date)) continue;
      const bool nobody = !days.contains(date);
      without += nobody ? 1 : 0;
      silences += nobody && !before ? 1u : 0u;
      before = nobody;
    }
  }
  EXPECT_GT(without, 0);
  EXPECT_EQ(opened[AlertKind::kSourceSilent].size(), silences);
}

}  // namespace
}  // namespace leadlag
