// The engine, one promise at a time.
#include "server/engine/engine.h"

#include <algorithm>
#include <atomic>
#include <functional>
#include <thread>

#include "absl/strings/str_cat.h"
#include "core/limits.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/engine/applying.h"
#include "tests/simulation/simulated_district.h"
#include "tests/support/watch_story.h"

namespace leadlag {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr char kStart[] = "2025-08-01 12:00";

// "ON_TRACK>LATE DUE 2025-09-17T11:00:00Z due 2025-09-16" each.
std::vector<std::string> LinesOf(const std::vector<WatchFlip>& flips) {
  std::vector<std::string> lines;
  for (const WatchFlip& flip : flips) {
    lines.push_back(absl::StrCat(std::string(ToString(flip.from)), ">", std::string(ToString(flip.to)), " ",
                                 std::string(ToString(flip.reason)), " ", flip.effective.ToString(),
                                 flip.due ? " due " + flip.due->ToString() : ""));
  }
  return lines;
}

class EngineTest : public testing::Test {
 protected:
  void TearDown() override {
    if (district_.engine().Read("springfield").ok()) {
      EXPECT_EQ(district_.Inconsistencies(), "");
    }
  }

  void ApplySmall(int teams = 1) {
    const absl::StatusOr<CatalogOutcome> applied = district_.Apply(SmallCatalog(teams));
    ASSERT_TRUE(applied.ok()) << applied.status();
  }
  // One record's outcome.
  RecordOutcomeKind Record(EvidenceItem item) {
    const absl::StatusOr<BatchOutcome> outcome = district_.Record("forms", {std::move(item)});
    EXPECT_TRUE(outcome.ok()) << outcome.status();
    if (!outcome.ok()) return RecordOutcomeKind::kFailed;
    for (const RecordFailure& failure : outcome->failures) {
      failure_ = absl::StrCat(static_cast<int>(failure.problem.code), " ", failure.problem.field);
    }
    return outcome->outcomes.front().kind;
  }
  DayRow RowOf(const std::string& name) {
    const std::map<std::string, DayRow> rows = district_.Rows();
    const auto found = rows.find(name);
    return found == rows.end() ? DayRow() : found->second;
  }
  std::vector<std::string> FlipsOf(const std::string& team, const std::string& expectation = "walks") {
    return LinesOf(district_.FlipsByWatch()[{team, expectation}]);
  }

  SimulatedDistrict district_{{.start = At(kStart)}};
  std::string failure_;  // the last one: code and field
};

// ---- the life of a watch --------------------------------------------------------------------------------

TEST_F(EngineTest, AWatchLivesThroughASilentAutumnAndIsHeardFrom) {
  ApplySmall();
  district_.AdvanceTo(At("2025-09-30 16:00"));
  EXPECT_EQ(district_.OpenAlerts().size(), 1u);
  EXPECT_EQ(Record(NumberRecord("r1", "t1", "walks", D("2025-09-30"))), RecordOutcomeKind::kNew);
  EXPECT_THAT(FlipsOf("t1"), ElementsAre("PAUSED>NOT_STARTED STARTED 2025-09-08T04:00:00Z due 2025-09-16",
                                         "NOT_STARTED>LATE DUE 2025-09-17T11:00:00Z due 2025-09-16",
                                         "LATE>OVERDUE GRACE_OVER 2025-09-22T11:00:00Z due 2025-09-16",
                                         "OVERDUE>ON_TRACK RESOLVED 2025-09-30T20:00:00Z due 2025-10-07"));
  EXPECT_EQ(district_.OpenAlerts().size(), 0u);
}

TEST_F(EngineTest, AVoidRetractsNothingAtOnceAndWorsensAtTheNextNotifyTime) {
  ApplySmall();
  district_.AdvanceTo(At("2025-09-12 16:00"));
  Record(NumberRecord("r1", "t1", "walks", D("2025-09-12")));
  district_.AdvanceTo(At("2025-09-18 16:00"));
  EXPECT_EQ(Record(VoidRecord("r1")), RecordOutcomeKind::kVoided);
  EXPECT_EQ(district_.StateOf("t1", "walks"), WatchState::kOnTrack);
  district_.AdvanceTo(At("2025-09-19 16:00"));
  EXPECT_THAT(FlipsOf("t1"), ElementsAre("PAUSED>NOT_STARTED STARTED 2025-09-08T04:00:00Z due 2025-09-16",
                                         "NOT_STARTED>ON_TRACK EVIDENCE 2025-09-12T20:00:00Z due 2025-09-19",
                                         "ON_TRACK>LATE DUE 2025-09-19T11:00:00Z due 2025-09-16"));
}

TEST_F(EngineTest, ASnowDayRetractsAnAlertThatIsNoLongerTrue) {
  ApplySmall();
  district_.AdvanceTo(At("2025-09-17 12:00"));
  EXPECT_EQ(district_.StateOf("t1", "walks"), WatchState::kLate);
  Catalog catalog = SmallCatalog(1);
  catalog.calendars[0] = With(catalog.calendars[0], ExceptionKind::kWeatherDay, "2025-09-15");
  ASSERT_TRUE(district_.Apply(catalog).ok());
  EXPECT_EQ(FlipsOf("t1").back(), "LATE>NOT_STARTED RETRACTED 2025-09-17T16:00:00Z due 2025-09-17");
  EXPECT_EQ(district_.OpenAlerts().size(), 0u);
}

TEST_F(EngineTest, AnAlertKeepsItsFlips) {
  ApplySmall();
  district_.AdvanceTo(At("2025-09-30 16:00"));
  const AlertRecord alert = district_.OpenAlerts().begin()->second;
  EXPECT_EQ(alert.state, WatchState::kOverdue);
  EXPECT_EQ(alert.opened, At("2025-09-17 07:00"));
  EXPECT_EQ(alert.due, D("2025-09-16"));
  EXPECT_THAT(alert.sequences, ElementsAre(2, 3));
  Record(NumberRecord("r1", "t1", "walks", D("2025-09-30")));
  const DistrictReader reader = district_.Read();
  const AlertRecord closed = DecodeAlertRecord(**reader->store().Get(AlertKey{reader->number(), 2}.Encode())).value();
  EXPECT_EQ(closed.closed, At("2025-09-30 16:00"));
  EXPECT_EQ(closed.closed_reason, FlipReason::kResolved);
  EXPECT_EQ(closed.state, WatchState::kOverdue);
  EXPECT_THAT(closed.sequences, ElementsAre(2, 3, 4));
}

TEST_F(EngineTest, FlipsCarryTheTeamsLabels) {
  ApplySmall();
  district_.AdvanceTo(At("2025-09-10"));
  EXPECT_EQ(district_.Flips().front().record.labels, (Labels{{"level", "middle"}}));
}

TEST_F(EngineTest, AfterDowntimeWorseningWaitsForSettlingAndKeepsItsTime) {
  ApplySmall();
  district_.AdvanceTo(At("2025-09-16 12:00"));
  district_.Restart(At("2025-09-18 09:00"));
  EXPECT_EQ(district_.StateOf("t1", "walks"), WatchState::kNotStarted);
  EXPECT_EQ(district_.Read()->settling_until(), At("2025-09-18 09:10"));
  EXPECT_EQ(district_.Read()->NextDue(), At("2025-09-18 09:10"));
  district_.AdvanceThrough(At("2025-09-18 09:10"));
  EXPECT_EQ(FlipsOf("t1").back(), "NOT_STARTED>LATE DUE 2025-09-17T11:00:00Z due 2025-09-16");
}

TEST_F(EngineTest, EvidenceThatArrivesWhileSettlingComesBeforeTheWorsening) {
  ApplySmall();
  district_.AdvanceTo(At("2025-09-16 12:00"));
  district_.Restart(At("2025-09-18 09:00"));
  district_.AdvanceTo(At("2025-09-18 09:05"));
  Record(NumberRecord("r1", "t1", "walks", D("2025-09-15")));
  district_.AdvanceTo(At("2025-09-18 12:00"));
  EXPECT_THAT(FlipsOf("t1"), ElementsAre("PAUSED>NOT_STARTED STARTED 2025-09-08T04:00:00Z due 2025-09-16",
                                         "NOT_STARTED>ON_TRACK EVIDENCE 2025-09-18T13:05:00Z due 2025-09-22"));
}

TEST_F(EngineTest, AShortRestartIsNoDowntime) {
  ApplySmall();
  district_.AdvanceTo(At("2025-09-17 06:59"));
  district_.Restart(At("2025-09-17 07:00"));
  EXPECT_EQ(district_.Read()->settling_until(), Instant::Min());
  EXPECT_EQ(district_.StateOf("t1", "walks"), WatchState::kLate);
}

// ---- evidence -------------------------------------------------------------------------------------------

TEST_F(EngineTest, TheSameRecordTwiceIsStoredOnce) {
  ApplySmall();
  const EvidenceItem item = NumberRecord("r1", "t1", "walks", D("2025-07-30"));
  EXPECT_EQ(Record(item), RecordOutcomeKind::kNew);
  EXPECT_EQ(Record(item), RecordOutcomeKind::kSame);
  const absl::StatusOr<BatchOutcome> both = district_.Record("sis", {item, item});
  ASSERT_TRUE(both.ok());
  EXPECT_EQ(both->new_count, 1u);  // the same id of another source is another record
  EXPECT_EQ(both->same_count, 1u);
  EXPECT_EQ(district_.Read()->evidence_count(), 2u);
}

TEST_F(EngineTest, ContentOfAnyEarlierRevisionChangesNothing) {
  ApplySmall();
  const Date date = D("2025-07-30");
  EXPECT_EQ(Record(NumberRecord("r1", "t1", "walks", date, 1)), RecordOutcomeKind::kNew);
  EXPECT_EQ(Record(NumberRecord("r1", "t1", "walks", date, 2)), RecordOutcomeKind::kRevised);
  EXPECT_EQ(Record(NumberRecord("r1", "t1", "walks", date, 1)), RecordOutcomeKind::kSame);
  EXPECT_EQ(Record(VoidRecord("r1")), RecordOutcomeKind::kVoided);
  EXPECT_EQ(Record(VoidRecord("r1")), RecordOutcomeKind::kSame);
  EXPECT_EQ(Record(NumberRecord("r1", "t1", "walks", date, 2)), RecordOutcomeKind::kSame);
  EXPECT_TRUE(RowOf("t1/walks/2026").empty());
  EXPECT_EQ(Record(NumberRecord("r1", "t1", "walks", date, 3)), RecordOutcomeKind::kRevised);
  EXPECT_EQ(RowOf("t1/walks/2026").entries().size(), 1u);
  EXPECT_EQ(district_.Read()->revision_count(), 4u);
}

TEST_F(EngineTest, ARecordMovesToAnotherIndicatorAndDate) {
  ApplySmall();
  Record(NumberRecord("r1", "t1", "walks", D("2025-06-30")));
  EXPECT_EQ(RowOf("t1/walks/2025").entries().size(), 1u);
  EXPECT_EQ(Record(NumberRecord("r1", "t1", "lessons", D("2025-07-01"))), RecordOutcomeKind::kRevised);
  EXPECT_TRUE(RowOf("t1/walks/2025").empty());
  const DayRow row = RowOf("t1/lessons/2026");
  ASSERT_EQ(row.entries().size(), 1u);
  EXPECT_EQ(row.entries().front().first_event(), D("2025-06-30"));
  EXPECT_EQ(Record(NumberRecord("r1", "t2", "lessons", D("2025-07-01"))), RecordOutcomeKind::kFailed);
}

TEST_F(EngineTest, ARecordStaysWithItsTeam) {
  ApplySmall(2);
  Record(NumberRecord("r1", "t1", "walks", D("2025-07-30")));
  EXPECT_EQ(Record(NumberRecord("r1", "t2", "walks", D("2025-07-30"))), RecordOutcomeKind::kFailed);
  EXPECT_EQ(failure_, absl::StrCat(static_cast<int>(absl::StatusCode::kAlreadyExists), " team"));
}

TEST_F(EngineTest, TheHighestSourceVersionCountsWhateverTheOrder) {
  ApplySmall();
  std::vector<EvidenceItem> revisions = {NumberRecord("", "t1", "walks", D("2025-07-28"), 1, 1),
                                         NumberRecord("", "t1", "lessons", D("2025-07-29"), 2, 2), VoidRecord("", 3),
                                         NumberRecord("", "t1", "walks", D("2025-07-30"), 1, 4)};
  std::vector<int> order = {0, 1, 2, 3};
  int records = 0;
  do {
    ++records;
    for (const int i : order) {
      EvidenceItem item = revisions[static_cast<size_t>(i)];
      item.evidence_id = absl::StrCat("r", records);
      EXPECT_NE(Record(item), RecordOutcomeKind::kFailed) << failure_;
      EXPECT_EQ(Record(item), RecordOutcomeKind::kSame);
    }
  } while (std::next_permutation(order.begin(), order.end()));
  EXPECT_TRUE(RowOf("t1/lessons/2026").empty());
  const DayRow row = RowOf("t1/walks/2026");
  ASSERT_EQ(row.entries().size(), 1u);  // all 24 are equal in all that counts
  EXPECT_EQ(row.entries().front().count, 24u);
  EXPECT_EQ(row.entries().front().event, D("2025-07-30"));
  EXPECT_EQ(row.entries().front().first_event(), D("2025-07-28"));
}

TEST_F(EngineTest, AVoidMayComeBeforeItsRecord) {
  ApplySmall();
  EXPECT_EQ(Record(VoidRecord("r1")), RecordOutcomeKind::kFailed);
  EXPECT_EQ(Record(VoidRecord("r1", 2)), RecordOutcomeKind::kVoided);
  EXPECT_EQ(Record(NumberRecord("r1", "t1", "walks", D("2025-07-30"), 1, 1)), RecordOutcomeKind::kRevised);
  EXPECT_TRUE(RowOf("t1/walks/2026").empty());
  EXPECT_EQ(Record(NumberRecord("r1", "t1", "walks", D("2025-07-30"), 1, 3)), RecordOutcomeKind::kRevised);
  EXPECT_EQ(RowOf("t1/walks/2026").entries().size(), 1u);
}

TEST_F(EngineTest, OneSourceVersionHasOneContent) {
  ApplySmall();
  Record(NumberRecord("r1", "t1", "walks", D("2025-07-30"), 1, 1));
  EXPECT_EQ(Record(NumberRecord("r1", "t1", "walks", D("2025-07-30"), 2, 1)), RecordOutcomeKind::kFailed);
  EXPECT_EQ(failure_, absl::StrCat(static_cast<int>(absl::StatusCode::kAlreadyExists), " source_version"));
  EXPECT_EQ(Record(NumberRecord("r1", "t1", "walks", D("2025-07-30"), 2)), RecordOutcomeKind::kFailed);
  EXPECT_EQ(failure_, absl::StrCat(static_cast<int>(absl::StatusCode::kFailedPrecondition), " source_version"));
}

TEST_F(EngineTest, GoodRecordsAreStoredBesideBadOnes) {
  ApplySmall();
  EvidenceItem period = NumberRecord("period", "t1", "walks", D("2025-07-30"));
  period.content.event_date.reset();
  period.content.period = DateRange{D("2025-07-01"), D("2025-07-31")};
  EvidenceItem reported = NumberRecord("reported", "t1", "walks", D("2025-07-30"));
  reported.content.reported = At("2025-08-01 12:06");
  EvidenceItem completed = NumberRecord("completed", "t1", "walks", D("2025-07-30"));
  completed.content.value = Completion{};
  const absl::StatusOr<BatchOutcome> outcome = district_.Record(
      "forms",
      {NumberRecord("tomorrow", "t1", "walks", D("2025-08-02")), NumberRecord("future", "t1", "walks", D("2025-08-03")),
       NumberRecord("team", "t9", "walks", D("2025-07-30")), NumberRecord("indicator", "t1", "wlaks", D("2025-07-30")),
       completed, period, reported, NumberRecord("good", "t1", "walks", D("2025-07-30"))});
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(outcome->new_count, 2u);
  std::vector<std::string> failures;
  for (const RecordFailure& failure : outcome->failures) {
    failures.push_back(
        absl::StrCat(failure.index, " ", static_cast<int>(failure.problem.code), " ", failure.problem.field));
  }
  const auto line = [](int index, absl::StatusCode code, const char* field) {
    return absl::StrCat(index, " ", static_cast<int>(code), " ", field);
  };
  EXPECT_THAT(failures, ElementsAre(line(1, absl::StatusCode::kInvalidArgument, "event_date"),
                                    line(2, absl::StatusCode::kNotFound, "team"),
                                    line(3, absl::StatusCode::kNotFound, "indicator"),
                                    line(4, absl::StatusCode::kInvalidArgument, "completed"),
                                    line(5, absl::StatusCode::kInvalidArgument, "period"),
                                    line(6, absl::StatusCode::kInvalidArgument, "reported_time")));
  EXPECT_EQ(outcome->outcomes.size(), 8u);
}

TEST_F(EngineTest, WhatWasReportedEarlierWasKnownEarlier) {
  ApplySmall();
  EvidenceItem item = NumberRecord("r1", "t1", "walks", D("2025-07-28"));
  item.content.reported = At("2025-07-29 23:59");
  Record(item);
  EvidenceItem ahead = NumberRecord("r2", "t1", "lessons", D("2025-07-28"));
  ahead.content.reported = At("2025-08-01 12:05");  // within what a clock may be ahead: never after recorded
  Record(ahead);
  EXPECT_EQ(RowOf("t1/walks/2026").entries().front().known, D("2025-07-29"));
  EXPECT_EQ(RowOf("t1/walks/2026").entries().front().recorded, D("2025-08-01"));
  EXPECT_EQ(RowOf("t1/lessons/2026").entries().front().known, D("2025-08-01"));
}

TEST_F(EngineTest, AnInstantDecidesTheDateInTheTeamsZone) {
  Catalog catalog = SmallCatalog(1);
  catalog.teams[0].time_zone = "Pacific/Honolulu";
  ASSERT_TRUE(district_.Apply(catalog).ok());
  EvidenceItem item = NumberRecord("r1", "t1", "walks", D("2025-07-28"));
  item.content.event_date.reset();
  item.content.event_time = At("2025-08-01 05:00");  // the evening before in Honolulu
  Record(item);
  const DayEntry entry = RowOf("t1/walks/2026").entries().front();
  EXPECT_EQ(entry.event, D("2025-07-31"));
  EXPECT_EQ(entry.hours, 7);
}

TEST_F(EngineTest, AnUnknownSourceOrDistrictIsRefusedWhole) {
  EXPECT_EQ(district_.Record("forms", {}).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(district_.engine().Read("springfield").status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(district_.engine().Districts(), IsEmpty());
  ApplySmall();
  EXPECT_THAT(district_.engine().Districts(), ElementsAre("springfield"));
  const uint64_t position = district_.Read()->applied_position();
  EXPECT_EQ(district_.Record("nobody", {NumberRecord("r1", "t1", "walks", D("2025-07-30"))}).status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(district_.Read()->evidence_count(), 0u);
  EXPECT_EQ(district_.Read()->applied_position(), position + 1);
}

TEST_F(EngineTest, ASourceThatWasHeardIsObserved) {
  ApplySmall();
  ASSERT_TRUE(district_.Execute(RecordEvidenceCommand{"sis", {}, D("2025-07-31")}).ok());
  ASSERT_TRUE(district_.Execute(RecordEvidenceCommand{"sis", {}, D("2025-07-30")}).ok());
  const DistrictReader reader = district_.Read();
  const std::string key = SourceObservationKey{reader->number(), *reader->interned().sources.Find("sis")}.Encode();
  const SourceObservation observation = DecodeSourceObservation(**reader->store().Get(key)).value();
  EXPECT_EQ(observation.complete_through, D("2025-07-31"));
  EXPECT_EQ(observation.last_heard, district_.last_command());
}

// ---- reviews --------------------------------------------------------------------------------------------

TEST_F(EngineTest, AReviewCoversWhatWasThereAndACorrectionReopensIt) {
  ApplySmall();
  for (int i = 1; i <= 3; ++i) Record(NumberRecord(absl::StrCat("r", i), "t1", "walks", D("2025-07-28") + i));
  Record(NumberRecord("l1", "t1", "lessons", D("2025-07-28")));
  Review review{
      .id = "a", .team = "t1", .date = D("2025-08-01"), .indicators = {"walks"}, .evidence = {{"forms", "l1"}}};
  absl::StatusOr<ReviewOutcome> outcome = district_.RecordReview(review);
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(outcome->covered, 4u);
  EXPECT_EQ(outcome->review.recorded, district_.last_command());
  outcome = district_.RecordReview(review);
  ASSERT_TRUE(outcome.ok());
  EXPECT_EQ(outcome->covered, 0u);
  EXPECT_EQ(district_.Read()->review_count(), 1u);
  review.decision = "another";
  EXPECT_EQ(district_.RecordReview(review).status().code(), absl::StatusCode::kAlreadyExists);

  district_.AdvanceTo(At("2025-08-05 12:00"));
  Record(NumberRecord("r1", "t1", "walks", D("2025-07-29"), 7));
  int unreviewed = 0;
  const DayRow row = RowOf("t1/walks/2026");
  for (const DayEntry& entry : row.entries()) unreviewed += entry.reviewed ? 0 : 1;
  EXPECT_EQ(unreviewed, 1);
  // Held before the correction: it cannot have interpreted it. Held after it: it has.
  Review late{.id = "b", .team = "t1", .date = D("2025-08-04"), .indicators = {"walks"}};
  EXPECT_EQ(district_.RecordReview(late)->covered, 0u);
  late.id = "c";
  late.date = D("2025-08-05");
  EXPECT_EQ(district_.RecordReview(late)->covered, 1u);
  // A review of an earlier date that is entered later is the first one.
  late.id = "d";
  late.date = D("2025-08-01");
  late.indicators = {"lessons"};
  EXPECT_TRUE(district_.RecordReview(late).ok());
}

TEST_F(EngineTest, ReviewsAreChecked) {
  ApplySmall(2);
  Record(NumberRecord("r1", "t1", "walks", D("2025-07-28")));
  Review review{.id = "a",
                .team = "t2",
                .date = D("2025-08-02"),
                .indicators = {"wlaks"},
                .evidence = {{"forms", "r1"}, {"forms", "r2"}, {"fax", "r1"}}};
  const absl::Status status = district_.RecordReview(review).status();
  std::vector<std::string> fields;
  for (const Problem& problem : ProblemsOf(status)) fields.push_back(problem.field);
  EXPECT_THAT(fields, ElementsAre("review.date", "review.indicators[0]", "review.evidence[0]", "review.evidence[1]",
                                  "review.evidence[2]"));
  review.team = "t3";
  EXPECT_EQ(district_.RecordReview(review).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(district_.Read()->review_count(), 0u);
}

// ---- the catalog ----------------------------------------------------------------------------------------

TEST_F(EngineTest, ACatalogHasVersionsAndTheSameOneIsNone) {
  EXPECT_EQ(district_.Apply(SmallCatalog(1), 3).status().code(), absl::StatusCode::kFailedPrecondition);
  absl::StatusOr<CatalogOutcome> outcome = district_.Apply(SmallCatalog(1), 0);
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(outcome->version, 1u);
  const Instant applied = outcome->applied;
  district_.AdvanceTo(At("2025-08-02 12:00"));
  outcome = district_.Apply(SmallCatalog(1));
  EXPECT_EQ(outcome->version, 1u);
  EXPECT_EQ(outcome->applied, applied);
  EXPECT_THAT(outcome->changes, IsEmpty());
  EXPECT_EQ(district_.Apply(SmallCatalog(2), 0).status().code(), absl::StatusCode::kFailedPrecondition);
  outcome = district_.Apply(SmallCatalog(2), 1);
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(outcome->version, 2u);
  ASSERT_EQ(outcome->changes.size(), 1u);
  EXPECT_EQ(outcome->changes[0].path, "teams/t2");
}

TEST_F(EngineTest, ADryRunSaysWhatWouldChangeAndChangesNothing) {
  absl::StatusOr<CatalogOutcome> outcome = district_.engine().DryRun(SmallCatalog(1), 0);
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_FALSE(outcome->changes.empty());
  EXPECT_FALSE(district_.engine().Read("springfield").ok());
  ApplySmall();
  outcome = district_.engine().DryRun(SmallCatalog(3), 1);
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(outcome->version, 1u);
  EXPECT_EQ(outcome->changes.size(), 2u);
  EXPECT_EQ(district_.Read()->catalog_version(), 1u);
  EXPECT_EQ(district_.engine().DryRun(SmallCatalog(3), 2).status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(EngineTest, ABadCatalogIsRefusedWithEveryProblem) {
  Catalog catalog = SmallCatalog(1);
  catalog.time_zone = "Mars/Olympus";
  EXPECT_THAT(std::string(district_.Apply(catalog).status().message()), HasSubstr("time_zone"));
  catalog = SmallCatalog(1);
  catalog.teams[0].active_periods.clear();
  EXPECT_EQ(district_.Apply(catalog).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_FALSE(district_.engine().Read("springfield").ok());
}

TEST_F(EngineTest, AMeasureIsFixedForEver) {
  ApplySmall();
  Catalog catalog = SmallCatalog(1);
  catalog.indicators[0].measure = Measure::kProportion;
  EXPECT_EQ(district_.Apply(catalog).status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(district_.engine().DryRun(catalog, std::nullopt).status().code(), absl::StatusCode::kFailedPrecondition);
  Catalog without = SmallCatalog(1);
  without.indicators.erase(without.indicators.begin());
  ASSERT_TRUE(district_.Apply(without).ok());
  EXPECT_EQ(district_.Apply(catalog).status().code(), absl::StatusCode::kFailedPrecondition);  // nor after it was gone
  EXPECT_TRUE(district_.Apply(SmallCatalog(1)).ok());
}

TEST_F(EngineTest, EvidenceWaitsForItsCalendar) {
  Catalog catalog = SmallCatalog(1);
  catalog.calendars[0].years.pop_back();
  ASSERT_TRUE(district_.Apply(catalog).ok());
  district_.AdvanceTo(At("2026-09-10 16:00"));
  const absl::StatusOr<BatchOutcome> outcome =
      district_.Record("forms", {NumberRecord("r1", "t1", "walks", D("2026-09-10"))});
  ASSERT_TRUE(outcome.ok());
  EXPECT_EQ(outcome->new_count, 1u);
  EXPECT_EQ(outcome->pending_calendar_count, 1u);
  EXPECT_EQ(district_.StateOf("t1", "walks"), WatchState::kPaused);
  district_.AdvanceTo(At("2026-09-10 18:00"));
  ApplySmall();
  EXPECT_EQ(FlipsOf("t1").back(), "PAUSED>ON_TRACK STARTED 2026-09-10T22:00:00Z due 2026-09-17");
}

TEST_F(EngineTest, ATeamLeavesAndComesBack) {
  ApplySmall(2);
  district_.AdvanceTo(At("2025-09-23 12:00"));
  Record(NumberRecord("r1", "t2", "walks", D("2025-09-23")));
  const auto t2 = district_.Read()->interned().teams.Find("t2");
  EXPECT_EQ(district_.OpenAlerts().size(), 1u);
  Catalog without = SmallCatalog(2);
  without.teams.erase(without.teams.begin());
  ASSERT_TRUE(district_.Apply(without).ok());
  EXPECT_EQ(FlipsOf("t1").back(), "OVERDUE>PAUSED RETRACTED 2025-09-23T16:00:00.000001Z");
  EXPECT_EQ(district_.OpenAlerts().size(), 0u);
  EXPECT_EQ(district_.Flips().back().record.labels, (Labels{{"level", "middle"}}));
  EXPECT_FALSE(district_.StateOf("t1", "walks").has_value());
  EXPECT_EQ(Record(NumberRecord("r2", "t1", "walks", D("2025-09-23"))), RecordOutcomeKind::kFailed);
  district_.Restart();
  district_.AdvanceTo(At("2025-09-29 12:00"));
  ApplySmall(2);
  EXPECT_EQ(FlipsOf("t1").back(), "PAUSED>NOT_STARTED STARTED 2025-09-29T16:00:00Z due 2025-09-16");
  EXPECT_EQ(district_.Read()->interned().teams.Find("t2"), t2);
  district_.AdvanceTo(At("2025-09-30 12:00"));
  EXPECT_EQ(district_.StateOf("t1", "walks"), WatchState::kOverdue);
}

TEST_F(EngineTest, AnExpectationThatComesBackStartsOnItsNewApplyDate) {
  ApplySmall();
  Catalog without = SmallCatalog(1);
  without.expectations.clear();
  district_.AdvanceTo(At("2025-09-15 12:00"));
  ASSERT_TRUE(district_.Apply(without).ok());
  EXPECT_EQ(district_.Watches().size(), 0u);
  Record(NumberRecord("r1", "t1", "walks", D("2025-09-15")));
  district_.AdvanceTo(At("2025-09-22 12:00"));
  ApplySmall();
  // s is the day before Monday the 22nd: seven instructional days.
  EXPECT_EQ(FlipsOf("t1").back(), "PAUSED>ON_TRACK STARTED 2025-09-22T16:00:00Z due 2025-09-30");
}

TEST_F(EngineTest, AnApplyDateIsKeptWhenTheExpectationIsEdited) {
  ApplySmall();
  district_.AdvanceTo(At("2025-09-15 12:00"));
  Catalog edited = SmallCatalog(1);
  edited.expectations[0].every_days = 6;
  ASSERT_TRUE(district_.Apply(edited).ok());
  EXPECT_EQ(district_.Watches().at({"t1", "walks"}).watch.due, D("2025-09-17"));
}

// ---- large districts ------------------------------------------------------------------------------------

TEST_F(EngineTest, FiveThousandTeamsAreAppliedAndTickedInBoundedCommands) {
  constexpr int kTeams = 5000;
  Catalog catalog = SmallCatalog(kTeams);
  for (Team& team : catalog.teams)
    team.display_name += std::string(100, '.');  // past what one command of the log may hold
  ByteWriter bytes;
  PutCatalog(bytes, catalog);
  ASSERT_GT(bytes.size(), size_t{1} << 19);
  absl::StatusOr<CatalogOutcome> applied = district_.Apply(catalog);
  ASSERT_TRUE(applied.ok()) << applied.status();
  EXPECT_TRUE(applied->recalculating);
  EXPECT_FALSE(district_.Read()->recalculating());
  EXPECT_EQ(district_.Watches().size(), static_cast<size_t>(kTeams));
  EXPECT_EQ(district_.Read()->catalog()->catalog(), catalog);

  district_.AdvanceTo(At("2025-09-17 06:59"));
  EXPECT_EQ(district_.last_sequence(), static_cast<uint64_t>(kTeams));
  const uint64_t position = district_.Read()->applied_position();
  district_.AdvanceThrough(At("2025-09-17 07:00"));
  // One tick and, for the rest, Continues of a thousand each; the last one finds that nothing is left.
  const uint64_t commands = district_.Read()->applied_position() - position;
  EXPECT_GE(commands, kTeams / kWatchesPerCommand);
  EXPECT_LE(commands, kTeams / kWatchesPerCommand + 1);
  EXPECT_EQ(district_.OpenAlerts().size(), static_cast<size_t>(kTeams));
  std::map<Instant, int> made;  // flips by the command that made them
  for (const SeenFlip& flip : district_.Flips()) {
    ++made[flip.record.recorded];
    EXPECT_LE(flip.record.flip.effective, At("2025-09-17 07:00"));
  }
  for (const auto& [recorded, flips] : made) EXPECT_LE(flips, static_cast<int>(kWatchesPerCommand));
}

TEST_F(EngineTest, ARestartInTheMiddleOfAChangeGoesOnWithIt) {
  constexpr int kTeams = 3500;
  // Each life stops the engine as soon as the change is acknowledged, and opens it again: somewhere on the way.
  std::vector<std::string> views;
  for (const bool stop : {false, true}) {
    SimulatedDistrict district({.start = At(kStart)});
    ASSERT_TRUE(district.Apply(SmallCatalog(kTeams)).ok());
    district.AdvanceTo(At("2025-09-17 12:00"));
    Catalog catalog = SmallCatalog(kTeams);
    catalog.calendars[0] = With(catalog.calendars[0], ExceptionKind::kWeatherDay, "2025-09-15");
    if (stop) {
      ASSERT_TRUE(district.engine().Execute("springfield", ApplyCatalogCommand{.catalog = catalog, .zones = {}}).ok());
      district.Stop();
      ASSERT_TRUE(district.Open().ok());
      district.engine().WaitIdle();
    } else {
      ASSERT_TRUE(district.Apply(catalog).ok());
    }
    EXPECT_FALSE(district.Read()->recalculating());
    EXPECT_EQ(district.OpenAlerts().size(), 0u);
    EXPECT_EQ(district.Inconsistencies(), "");
    std::string lines;
    for (const auto& [name, flips] : district.FlipsByWatch()) {
      for (const std::string& line : LinesOf(flips)) absl::StrAppend(&lines, name.team, " ", line, "\n");
    }
    views.push_back(std::move(lines));
  }
  EXPECT_EQ(views[0], views[1]);
}

TEST_F(EngineTest, TheNextTickIsAMinuteAwayOrAtTheNextMoment) {
  EXPECT_EQ(district_.engine().NextTick(), At("2025-08-01 12:01"));
  ApplySmall();
  EXPECT_EQ(district_.engine().NextTick(), At("2025-08-01 12:01"));
  district_.AdvanceTo(At("2025-09-16 23:00"));
  ASSERT_TRUE(district_.engine().Tick().ok());
  EXPECT_EQ(district_.engine().NextTick(), At("2025-09-16 23:01"));
  district_.AdvanceTo(At("2025-09-17 06:59"));
  district_.clock().Set(Instant{At("2025-09-17 06:59").micros + 30 * kMicrosPerSecond});
  ASSERT_TRUE(district_.engine().Tick().ok());
  EXPECT_EQ(district_.engine().NextTick(), At("2025-09-17 07:00"));
  const uint64_t position = district_.Read()->applied_position();
  ASSERT_TRUE(district_.engine().Tick().ok());  // nothing is due, no minute is over
  EXPECT_EQ(district_.Read()->applied_position(), position);
}

TEST_F(EngineTest, ATickAheadOfAMomentIsLoggedAndNothingComesOfIt) {
  ApplySmall();
  district_.AdvanceTo(At("2025-09-17 06:59"));
  ASSERT_TRUE(district_.engine().Tick().ok());
  district_.clock().Set(Instant{At("2025-09-17 07:00").micros - kMicrosPerSecond});
  ASSERT_EQ(district_.engine().NextTick(), At("2025-09-17 07:00"));
  const uint64_t position = district_.Read()->applied_position(), flips = district_.Read()->last_sequence();
  ASSERT_TRUE(district_.engine().Tick(/*resumed=*/false, kMicrosPerSecond - 1).ok());  // not so near
  EXPECT_EQ(district_.Read()->applied_position(), position);
  ASSERT_TRUE(district_.engine().Tick(/*resumed=*/false, kMicrosPerSecond).ok());
  EXPECT_EQ(district_.Read()->applied_position(), position + 1);
  EXPECT_EQ(district_.Read()->last_sequence(), flips);
  EXPECT_EQ(district_.engine().NextTick(), At("2025-09-17 07:00"));
  district_.AdvanceThrough(At("2025-09-17 07:00"));
  EXPECT_GT(district_.Read()->last_sequence(), flips);
}

// ---- threads and the end --------------------------------------------------------------------------------

TEST_F(EngineTest, ManyThreadsAreAnsweredOnceEachAndTheStateIsOne) {
  ApplySmall(4);
  constexpr int kThreads = 4, kBatches = 50;
  std::atomic<int> fresh{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kBatches; ++i) {
        // Each record is sent by two threads.
        const absl::StatusOr<Outcome> outcome = district_.engine().Execute(
            "springfield",
            RecordEvidenceCommand{"forms",
                                  {NumberRecord(absl::StrCat("r", t / 2, "-", i), absl::StrCat("t", t / 2 + 1), "walks",
                                                D("2025-07-30") - i)},
                                  std::nullopt});
        ASSERT_TRUE(outcome.ok()) << outcome.status();
        fresh += static_cast<int>(std::get<BatchOutcome>(*outcome).new_count);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(fresh, kThreads / 2 * kBatches);
  EXPECT_EQ(district_.Read()->evidence_count(), static_cast<uint64_t>(fresh));
}

TEST_F(EngineTest, TheListenerHearsOfFlipsThatCanBeRead) {
  std::vector<uint64_t> heard;
  Engine& engine = district_.engine();
  engine.SetFlipListener([&](const std::string& id, uint64_t sequence) {
    EXPECT_EQ(id, "springfield");
    EXPECT_EQ((*engine.Read(id))->last_sequence(), sequence);
    heard.push_back(sequence);
  });
  ApplySmall(2);
  district_.AdvanceTo(At("2025-09-23 12:00"));
  EXPECT_THAT(heard, ElementsAre(2, 4, 6));
  engine.SetFlipListener(nullptr);
}

TEST_F(EngineTest, AStoppedEngineIsUnavailableAndStillReadable) {
  ApplySmall();
  district_.engine().Stop();
  district_.engine().Stop();
  EXPECT_EQ(district_.engine().Execute("springfield", RecordEvidenceCommand{"forms", {}, std::nullopt}).status().code(),
            absl::StatusCode::kUnavailable);
  district_.clock().Set(At("2025-10-01"));
  EXPECT_EQ(district_.engine().Tick().code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(district_.engine().Health().ok());
  EXPECT_EQ(district_.Read()->catalog_version(), 1u);
}

TEST_F(EngineTest, DistrictsLiveBesideEachOther) {
  ApplySmall();
  Catalog other = SmallCatalog(2);
  other.district = "shelbyville";
  ASSERT_TRUE(district_.engine().Execute("shelbyville", ApplyCatalogCommand{.catalog = other, .zones = {}}).ok());
  Record(NumberRecord("r1", "t1", "walks", D("2025-07-30")));
  district_.AdvanceTo(At("2025-09-17 12:00"));
  ASSERT_TRUE(district_.engine().Tick().ok());
  EXPECT_EQ((*district_.engine().Read("shelbyville"))->evidence_count(), 0u);
  EXPECT_EQ((*district_.engine().Read("shelbyville"))->open_alert_count(), 2u);
  EXPECT_EQ(district_.Read()->open_alert_count(), 1u);
  const uint64_t incarnation = district_.Read()->incarnation();
  EXPECT_NE((*district_.engine().Read("shelbyville"))->incarnation(), incarnation);
  district_.Restart();
  EXPECT_EQ((*district_.engine().Read("shelbyville"))->open_alert_count(), 2u);
  EXPECT_EQ(district_.Read()->incarnation(), incarnation);
}

}  // namespace
}  // namespace leadlag
