// Every figure here was reckoned by hand on the calendar of tests/server/small_district.h.
#include "server/engine/queries.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/limits.h"
#include "core/problem.h"
#include "tests/server/small_district.h"

namespace leadlag {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const SignalKind kWalkthrough{SignalKind::Of::kCategory, Category::kWalkthrough, ""};
CadenceQuery Of(const SignalKind& kind) {
  CadenceQuery query;
  query.kind = kind;
  return query;
}

// DOMAIN.md's example: signals on Mon 1st, Mon 1st, Thu 4th and Fri 12th of September; today is Thu 18th.
SmallDistrict DomainExample() {
  SmallDistrict district("2025-09-18");
  district.RecordOne("north", "walks", "2025-09-01", "a");
  district.RecordOne("north", "walks", "2025-09-01", "b");
  district.RecordOne("north", "walks", "2025-09-04");
  district.RecordOne("north", "walks", "2025-09-12");
  return district;
}

TEST(QueriesCadenceTest, TheExampleOfTheDomain) {
  SmallDistrict district = DomainExample();
  district.RecordOne("north", "scores", "2025-09-10");
  district.RecordOne("north", "boxes", "2025-09-17");
  const auto answer = GetTeamCadence(district.Read(), "north", Of(kWalkthrough));
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->window, (DateRange{DateOf("2025-07-01"), DateOf("2026-07-01")}));
  EXPECT_EQ(answer->today, DateOf("2025-09-18"));
  EXPECT_EQ(answer->cadence.signal_dates, 3);
  EXPECT_EQ(answer->cadence.lagging_signal_dates, 1);
  EXPECT_THAT(answer->cadence.gaps, ElementsAre(3, 6));
  EXPECT_EQ(answer->cadence.median_gap, 3);
  EXPECT_EQ(answer->cadence.p90_gap, 6);
  EXPECT_EQ(answer->cadence.open_gap, 3);
  EXPECT_EQ(answer->cadence.last_signal, DateOf("2025-09-12"));
  EXPECT_EQ(answer->cadence.longest_silence->days, 6);
  // The weeks of the 1st and the 8th; that of the 15th is not over and has no signal.
  EXPECT_EQ(answer->cadence.weeks.covered, 2);
  EXPECT_EQ(answer->cadence.weeks.eligible, 2);
  EXPECT_EQ(answer->expectation, "walkthroughs");
  EXPECT_EQ(answer->cadence.watched_days, 13);
  EXPECT_EQ(answer->cadence.on_track_days, 13);
  EXPECT_EQ(answer->days_past_due, 0);
  EXPECT_EQ(answer->unreviewed, 0u);
}

TEST(QueriesCadenceTest, CompletionsCountOnlyWhenAskedForAndNeverOnTrack) {
  SmallDistrict district = DomainExample();
  district.RecordOne("north", "boxes", "2025-09-17");
  CadenceQuery query = Of(kWalkthrough);
  query.completions = true;
  const auto with = GetTeamCadence(district.Read(), "north", query);
  ASSERT_TRUE(with.ok()) << with.status();
  EXPECT_THAT(with->cadence.gaps, ElementsAre(3, 6, 3));
  EXPECT_EQ(with->cadence.open_gap, 0);
  district.GoTo("2025-12-20");
  query.completions = false;
  const auto without = GetTeamCadence(district.Read(), "north", query);
  query.completions = true;
  const auto later = GetTeamCadence(district.Read(), "north", query);
  ASSERT_TRUE(without.ok() && later.ok());
  // Due on Fri 2025-09-26, the later of D(start, d] = 20 and D(12th, d] = 10.
  EXPECT_EQ(without->cadence.on_track_days, 20);
  EXPECT_EQ(later->cadence.on_track_days, 20);
  EXPECT_EQ(later->cadence.watched_days, without->cadence.watched_days);
}

TEST(QueriesCadenceTest, TheWindowHasDefaultsAndLimits) {
  SmallDistrict district = DomainExample();
  CadenceQuery query = Of(kWalkthrough);
  query.from = DateOf("2025-09-02");
  query.to = DateOf("2025-09-13");
  const auto past = GetTeamCadence(district.Read(), "north", query);
  ASSERT_TRUE(past.ok()) << past.status();
  EXPECT_EQ(past->today, DateOf("2025-09-13"));
  EXPECT_THAT(past->cadence.gaps, ElementsAre(6));

  query.to = *query.from;
  EXPECT_EQ(GetTeamCadence(district.Read(), "north", query).status().code(), absl::StatusCode::kInvalidArgument);
  query.to = *query.from + kMaxWindowDays;
  EXPECT_TRUE(GetTeamCadence(district.Read(), "north", query).ok());
  query.to = *query.from + kMaxWindowDays + 1;
  EXPECT_EQ(GetTeamCadence(district.Read(), "north", query).status().code(), absl::StatusCode::kInvalidArgument);
  query.to.reset();
  query.from = DateOf("2026-07-01");  // no school year to end the window with
  EXPECT_EQ(GetTeamCadence(district.Read(), "north", query).status().code(), absl::StatusCode::kInvalidArgument);
  district.GoTo("2026-08-01");  // between years: the last one
  const auto between = GetTeamCadence(district.Read(), "north", Of(kWalkthrough));
  ASSERT_TRUE(between.ok()) << between.status();
  EXPECT_EQ(between->window.from, DateOf("2025-07-01"));
  EXPECT_EQ(between->today, DateOf("2026-07-01"));
}

TEST(QueriesCadenceTest, UnknownIdsAreNotFound) {
  SmallDistrict district("2025-09-18");
  EXPECT_EQ(GetTeamCadence(district.Read(), "nowhere", Of(kWalkthrough)).status().code(), absl::StatusCode::kNotFound);
  const SignalKind unknown{SignalKind::Of::kIndicator, Category::kWalkthrough, "nothing"};
  EXPECT_EQ(GetTeamCadence(district.Read(), "north", Of(unknown)).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ListTeamCadence(district.Read(), unknown, {}, "", 10).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(FindTeam(district.Read(), "nowhere").status().code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(FindTeam(district.Read(), "north").ok());
}

TEST(QueriesCadenceTest, TheOverviewOfADistrict) {
  SmallDistrict district("2025-09-18");
  district.RecordOne("north", "climate", "2025-09-12");
  // "leading" is due on Fri 19th (D(12th, d] = 5, later than D(start, d] = 10), "walkthroughs" on Fri 26th.
  district.GoTo("2025-09-30", "09:00");
  const auto page = ListTeamCadence(district.Read(), std::nullopt, {}, "", 10);
  ASSERT_TRUE(page.ok()) << page.status();
  ASSERT_EQ(page->teams.size(), 2u);
  EXPECT_FALSE(page->more);
  const TeamOverview& north = page->teams[0];
  EXPECT_EQ(north.team, "north");
  EXPECT_EQ(north.state, WatchState::kOverdue);  // LATE on Mon 22nd, OVERDUE on Mon 29th
  EXPECT_EQ(north.due, DateOf("2025-09-19"));
  EXPECT_EQ(north.last_signal, DateOf("2025-09-12"));
  EXPECT_EQ(north.open_gap, 11);  // the weeks of the 15th and the 22nd, and Mon 29th
  EXPECT_EQ(north.days_past_due, 1);  // Mon 29th; "leading" is left out beside "walkthroughs"
  EXPECT_EQ(north.unreviewed, 0u);
  ASSERT_EQ(north.watches.size(), 2u);
  EXPECT_EQ(north.watches[0].expectation, "leading");
  EXPECT_EQ(north.watches[1].record.watch.state, WatchState::kLate);
  const TeamOverview& south = page->teams[1];
  EXPECT_EQ(south.state, WatchState::kLate);
  EXPECT_EQ(south.last_signal, std::nullopt);
  EXPECT_EQ(south.open_gap, 21);
  EXPECT_EQ(south.days_past_due, 1);

  const auto of_walkthroughs = ListTeamCadence(district.Read(), kWalkthrough, {}, "", 10);
  ASSERT_TRUE(of_walkthroughs.ok());
  EXPECT_EQ(of_walkthroughs->teams[0].state, WatchState::kLate);
  EXPECT_EQ(of_walkthroughs->teams[0].due, DateOf("2025-09-26"));
  EXPECT_EQ(of_walkthroughs->teams[0].last_signal, std::nullopt);
  EXPECT_EQ(of_walkthroughs->teams[0].watches.size(), 2u);
}

TEST(QueriesCadenceTest, PagesAndLabels) {
  SmallDistrict district("2025-09-18");
  const auto first = ListTeamCadence(district.Read(), std::nullopt, {}, "", 1);
  ASSERT_TRUE(first.ok());
  EXPECT_TRUE(first->more);
  EXPECT_EQ(first->teams[0].team, "north");
  const auto second = ListTeamCadence(district.Read(), std::nullopt, {}, "north", 1);
  ASSERT_TRUE(second.ok());
  EXPECT_FALSE(second->more);
  EXPECT_EQ(second->teams[0].team, "south");
  const auto high = ListTeamCadence(district.Read(), std::nullopt, {{"level", "high"}}, "", 10);
  ASSERT_TRUE(high.ok());
  ASSERT_EQ(high->teams.size(), 1u);
  EXPECT_EQ(high->teams[0].team, "south");
  EXPECT_THAT(ListTeamCadence(district.Read(), std::nullopt, {{"level", "x"}}, "", 10)->teams, IsEmpty());
}

TEST(QueriesCadenceTest, AnyLeadingIsOwedWhereNoCategoryWatchApplies) {
  SmallDistrict district("2025-09-18");
  Catalog catalog = SmallDistrict::MakeCatalog();
  catalog.expectations[0].from = DateOf("2026-01-01");  // "walkthroughs" does not apply yet
  district.Apply(catalog);
  district.GoTo("2025-09-18", "12:00");
  // "leading": no signal, due on the 10th instructional day, Fri 12th; Mon 15th to Wed 17th are past it.
  const auto answer = GetTeamCadence(district.Read(), "north", Of(kWalkthrough));
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->days_past_due, 3);
}

TEST(QueriesCadenceTest, UnreviewedRecordsOfAllYearsAndIndicatorsAreOwed) {
  SmallDistrict district("2025-09-18");
  district.RecordOne("north", "walks", "2025-09-01");
  district.RecordOne("north", "scores", "2025-09-17");
  district.RecordOne("north", "boxes", "2025-09-17");
  district.RecordOne("north", "walks", "2024-09-01");  // no calendar: it waits
  district.GoTo("2025-10-02");  // D(18th, Oct 1st] = 9
  EXPECT_EQ(GetTeamCadence(district.Read(), "north", Of(kWalkthrough))->unreviewed, 0u);
  district.GoTo("2025-10-04");  // D(18th, Oct 3rd] = 11 > 10; a Saturday
  EXPECT_EQ(GetTeamCadence(district.Read(), "north", Of(kWalkthrough))->unreviewed, 2u);
  district.Hold("r", "north", "2025-10-03", {"walks"});
  EXPECT_EQ(GetTeamCadence(district.Read(), "north", Of(kWalkthrough))->unreviewed, 1u);
  EXPECT_EQ(ListTeamCadence(district.Read(), std::nullopt, {}, "", 10)->teams[0].unreviewed, 1u);
}

// Shown as coverage: 2 of the 3 weeks that have been, or have a signal, have joint work in them, none shared understanding.
TEST(QueriesCadenceTest, EachDimensionIsCovered) {
  SmallDistrict district("2025-09-18");
  Catalog catalog = SmallDistrict::MakeCatalog();
  catalog.indicators[0].dimension = Dimension::kJointWork;           // walks
  catalog.indicators[2].dimension = Dimension::kEvidenceOfProgress;  // scores, lagging
  catalog.indicators[3].dimension = Dimension::kSharedUnderstanding;  // boxes, COMPLETION
  district.Apply(catalog);
  district.RecordOne("north", "walks", "2025-09-02");
  district.RecordOne("north", "walks", "2025-09-15");
  district.RecordOne("north", "scores", "2025-09-10");
  district.RecordOne("north", "boxes", "2025-09-10");
  CadenceQuery query = Of({SignalKind::Of::kIndicator, Category::kWalkthrough, "climate"});
  EXPECT_THAT(GetTeamCadence(district.Read(), "north", query)->dimensions, IsEmpty());
  query.dimensions = true;
  std::vector<DimensionCoverage> dimensions = GetTeamCadence(district.Read(), "north", query)->dimensions;
  ASSERT_EQ(dimensions.size(), 3u);
  EXPECT_EQ(dimensions[0].dimension, Dimension::kSharedUnderstanding);
  EXPECT_EQ(dimensions[0].indicators, 0);
  EXPECT_EQ(dimensions[0].weeks.covered, 0);
  EXPECT_EQ(dimensions[1].weeks.covered, 2);
  EXPECT_EQ(dimensions[1].weeks.eligible, 3);
  EXPECT_EQ(dimensions[2].weeks.covered, 1);
  EXPECT_EQ(dimensions[2].weeks.eligible, 2);
  EXPECT_EQ(dimensions[2].months.covered, 1);
  query.completions = true;
  dimensions = GetTeamCadence(district.Read(), "north", query)->dimensions;
  EXPECT_EQ(dimensions[0].indicators, 1);
  EXPECT_EQ(dimensions[0].weeks.covered, 1);
}

TEST(QueriesLatencyTest, OfATeamAndOfADistrict) {
  SmallDistrict district("2025-09-18");
  district.RecordOne("north", "walks", "2025-09-12");    // collection D(12th, 18th] = 4
  district.RecordOne("south", "climate", "2025-09-18");  // 0
  district.RecordOne("south", "scores", "2025-09-01");   // not leading
  district.GoTo("2025-09-23");
  district.Hold("r", "north", "2025-09-22", {"walks"});  // interpretation D(18th, 22nd] = 2, total D(12th, 22nd] = 6
  const auto north = GetEvidenceLatency(district.Read(), "north", {}, {Of({})});
  ASSERT_TRUE(north.ok()) << north.status();
  EXPECT_EQ(north->teams, 1);
  EXPECT_EQ(north->latency.collection.max, (LatencyFigure{4, false}));
  EXPECT_EQ(north->latency.interpretation.p50, (LatencyFigure{2, false}));
  EXPECT_EQ(north->latency.total.p90, (LatencyFigure{6, false}));
  const auto all = GetEvidenceLatency(district.Read(), "", {}, {Of({})});
  ASSERT_TRUE(all.ok()) << all.status();
  EXPECT_EQ(all->teams, 2);
  EXPECT_EQ(all->window.from, DateOf("2025-07-01"));
  EXPECT_EQ(all->latency.interpretation.closed, 1u);
  EXPECT_EQ(all->latency.interpretation.open, 1u);
  EXPECT_EQ(all->latency.interpretation.oldest_open_days, 3);  // D(18th, 23rd]
  EXPECT_EQ(all->latency.interpretation.max, (LatencyFigure{3, true}));
  const auto high = GetEvidenceLatency(district.Read(), "", {{"level", "high"}}, {Of({})});
  ASSERT_TRUE(high.ok());
  EXPECT_EQ(high->teams, 1);
  EXPECT_EQ(high->latency.interpretation.closed, 0u);
}

std::string Text(const TimelineItem& item) {
  std::string text = item.date.ToString() + " ";
  if (const auto* closure = std::get_if<TimelineClosure>(&item.item)) return text + closure->label;
  if (const auto* held = std::get_if<TimelineReview>(&item.item)) return text + held->review + ": " + held->decision;
  if (const auto* signal = std::get_if<TimelineSignal>(&item.item)) {
    return text + signal->indicator + " x" + std::to_string(signal->records);
  }
  const auto& flip = std::get<TimelineFlip>(item.item);
  return text + flip.record.expectation + " " + std::string(ToString(flip.record.flip.to)) + " #" +
         std::to_string(flip.sequence);
}

TEST(QueriesTimelineTest, WhatHappenedDateByDate) {
  SmallDistrict district("2025-11-10");
  district.RecordOne("south", "walks", "2025-11-10", "a");
  district.RecordOne("south", "walks", "2025-11-10", "b");
  district.RecordOne("south", "climate", "2025-11-10");
  district.RecordOne("south", "boxes", "2025-11-10");
  district.RecordOne("north", "walks", "2025-11-10", "c");
  district.GoTo("2025-11-12");
  district.Hold("r-1", "south", "2025-11-10", {"walks"});
  district.GoTo("2025-12-01");
  const auto items =
      GetTimeline(district.Read(), "south", {DateOf("2025-11-10"), DateOf("2025-12-01")});
  ASSERT_TRUE(items.ok()) << items.status();
  std::vector<std::string> texts;
  for (const TimelineItem& item : *items) texts.push_back(Text(item));
  // The watch starts with the catalog and the first signal follows at once; the 10th instructional day after it is Tue
  // 25th. The other team's flips are not here, nor the weekends of a break, nor the box that was ticked.
  EXPECT_THAT(texts, ElementsAre("2025-11-10 climate x1", "2025-11-10 walks x2", "2025-11-10 r-1: go on",
                                 "2025-11-10 walkthroughs NOT_STARTED #1", "2025-11-10 walkthroughs ON_TRACK #4",
                                 "2025-11-11 Veterans Day", "2025-11-26 walkthroughs LATE #9",
                                 "2025-11-27 Thanksgiving", "2025-11-28 Thanksgiving"));
  EXPECT_EQ(GetTimeline(district.Read(), "south", {DateOf("2025-11-10"), DateOf("2025-11-10")}).status().code(),
            absl::StatusCode::kInvalidArgument);
  const Date from = DateOf("2025-01-01");
  EXPECT_TRUE(GetTimeline(district.Read(), "south", {from, from + kMaxTimelineDays}).ok());
  EXPECT_EQ(GetTimeline(district.Read(), "south", {from, from + kMaxTimelineDays + 1}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

std::vector<std::string> Ids(const EvidencePage& page) {
  std::vector<std::string> ids;
  for (const EvidenceAnswer& evidence : page.evidence) ids.push_back(evidence.evidence_id);
  return ids;
}

TEST(QueriesEvidenceTest, OneRecordWithItsRevisions) {
  SmallDistrict district("2025-09-18");
  district.RecordOne("north", "walks", "2025-09-04", "a");
  district.GoTo("2025-09-19");
  auto evidence = GetEvidence(district.Read(), "sis", "a");
  ASSERT_TRUE(evidence.ok()) << evidence.status();
  EXPECT_EQ(evidence->evidence.revision_count, 1u);
  EXPECT_EQ(evidence->revisions.size(), 1u);
  EXPECT_EQ(evidence->evidence.reviewed, std::nullopt);
  district.Hold("r-2", "north", "2025-09-19", {"walks"});
  district.Hold("r-1", "north", "2025-09-18", {}, {"a"});
  EXPECT_EQ(GetEvidence(district.Read(), "sis", "a")->evidence.reviewed, DateOf("2025-09-18"));

  district.RecordOne("north", "walks", "2025-09-05", "a");  // a correction reopens it
  evidence = GetEvidence(district.Read(), "sis", "a");
  ASSERT_TRUE(evidence.ok()) << evidence.status();
  EXPECT_EQ(evidence->evidence.current.event_date, DateOf("2025-09-05"));
  EXPECT_EQ(evidence->evidence.reviewed, std::nullopt);
  ASSERT_EQ(evidence->revisions.size(), 2u);
  EXPECT_EQ(evidence->revisions[0].revision.event_date, DateOf("2025-09-04"));
  EXPECT_EQ(evidence->revisions[1].revision.revision, 2u);

  district.Void("a");
  evidence = GetEvidence(district.Read(), "sis", "a");
  ASSERT_TRUE(evidence.ok()) << evidence.status();
  EXPECT_TRUE(evidence->evidence.voided);
  EXPECT_EQ(evidence->evidence.revision_count, 3u);
  EXPECT_EQ(evidence->evidence.current.event_date, DateOf("2025-09-05"));

  EXPECT_EQ(GetEvidence(district.Read(), "sis", "b").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(GetEvidence(district.Read(), "none", "a").status().code(), absl::StatusCode::kNotFound);
}

TEST(QueriesEvidenceTest, AVoidBeforeAnyContentIsOneRecordAndInNoList) {
  SmallDistrict district("2025-09-18");
  EvidenceItem item;
  item.evidence_id = "a";
  item.content.value = Void{};
  item.content.source_version = 7;
  EXPECT_EQ(district.Record({item}).voided_count, 1u);
  const auto evidence = GetEvidence(district.Read(), "sis", "a");
  ASSERT_TRUE(evidence.ok()) << evidence.status();
  EXPECT_TRUE(evidence->evidence.voided);
  EXPECT_EQ(evidence->revisions.size(), 1u);
  EvidenceQuery query;
  query.voided = true;
  EXPECT_THAT(ListEvidence(district.Read(), "north", query, "", 10)->evidence, IsEmpty());
}

TEST(QueriesEvidenceTest, ListsByIndicatorDateAndArrivalPageByPage) {
  SmallDistrict district("2025-09-18");
  for (const char* date : {"2025-09-12", "2025-09-04", "2025-09-04", "2025-09-18"}) {
    static int id = 0;
    district.RecordOne("north", "walks", date, "w" + std::to_string(++id));
  }
  district.RecordOne("north", "climate", "2025-09-01", "c");
  district.RecordOne("south", "walks", "2025-09-01", "s");
  district.RecordOne("north", "walks", "2024-09-01", "old");
  district.Void("w1");
  EvidenceQuery query;
  auto list = ListEvidence(district.Read(), "north", query, "", 10);
  ASSERT_TRUE(list.ok()) << list.status();
  EXPECT_THAT(Ids(*list), ElementsAre("old", "w2", "w3", "w4", "c"));
  EXPECT_EQ(list->next, "");
  EXPECT_TRUE(list->evidence[0].pending_calendar);
  EXPECT_FALSE(list->evidence[1].pending_calendar);
  query.voided = true;
  EXPECT_THAT(Ids(*ListEvidence(district.Read(), "north", query, "", 10)),
              ElementsAre("old", "w2", "w3", "w1", "w4", "c"));

  for (const bool dates : {false, true}) {
    query = {};
    if (dates) query.from = Date::Min();
    std::vector<std::string> ids;
    std::string cursor;
    do {
      const auto page = ListEvidence(district.Read(), "north", query, cursor, 2);
      ASSERT_TRUE(page.ok()) << page.status();
      for (std::string& id : Ids(*page)) ids.push_back(id);
      cursor = page->next;
    } while (!cursor.empty());
    EXPECT_THAT(ids, ElementsAre("old", "w2", "w3", "w4", "c"));
  }
  query = {};
  query.indicator = "walks";
  query.from = DateOf("2025-09-04");
  query.to = DateOf("2025-09-18");
  EXPECT_THAT(Ids(*ListEvidence(district.Read(), "north", query, "", 10)), ElementsAre("w2", "w3"));
  query.indicator = "nothing";
  EXPECT_EQ(ListEvidence(district.Read(), "north", query, "", 10).status().code(), absl::StatusCode::kNotFound);
  query = {};
  query.from = query.to = DateOf("2025-09-04");
  EXPECT_EQ(ListEvidence(district.Read(), "north", query, "", 10).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ListEvidence(district.Read(), "north", {}, "nonsense", 10).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(QueriesEvidenceTest, ListsReviewsById) {
  SmallDistrict district("2025-09-18");
  for (const char* id : {"b", "a", "c"}) district.Hold(id, "north", "2025-09-17", {"walks"});
  const auto first = ListReviews(district.Read(), "north", "", 2);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_TRUE(first->more);
  EXPECT_EQ(first->reviews[1].id, "b");
  const auto second = ListReviews(district.Read(), "north", "b", 2);
  ASSERT_TRUE(second.ok());
  EXPECT_FALSE(second->more);
  ASSERT_EQ(second->reviews.size(), 1u);
  EXPECT_EQ(second->reviews[0].id, "c");
  EXPECT_THAT(ListReviews(district.Read(), "south", "", 2)->reviews, IsEmpty());
}

// South's last walkthrough is of Thu 2025-11-13: due on Mon 2025-12-01, LATE on Tue 2025-12-02. North has one on the
// eve.
SmallDistrict LateInDecember() {
  SmallDistrict district("2025-11-13");
  district.RecordOne("south", "walks", "2025-11-13", "last");
  district.RecordOne("north", "walks", "2025-11-13", "north 1");
  district.GoTo("2025-12-01");
  district.RecordOne("north", "walks", "2025-12-01", "north 2");
  district.GoTo("2025-12-02");
  return district;
}

uint64_t OpenAlertOf(const SmallDistrict& district, const std::string& team, const std::string& expectation) {
  AlertFilter filter;
  filter.teams = {team};
  filter.expectations = {expectation};
  const auto page = ListAlerts(district.Read(), filter, /*closed=*/false, 0, 10);
  EXPECT_TRUE(page.ok()) << page.status();
  return page.ok() && page->alerts.size() == 1 ? page->alerts[0].id : 0;
}

TEST(QueriesAlertsTest, WhyAnAlertIsOpen) {
  SmallDistrict district = LateInDecember();
  const uint64_t id = OpenAlertOf(district, "south", "walkthroughs");
  const auto alert = GetAlert(district.Read(), id);
  ASSERT_TRUE(alert.ok()) << alert.status();
  EXPECT_EQ(alert->alert.team, "south");
  EXPECT_EQ(alert->alert.record.state, WatchState::kLate);
  ASSERT_EQ(alert->flips.size(), 1u);
  EXPECT_EQ(alert->flips[0].sequence, id);
  const AlertWhy& why = alert->why;
  EXPECT_EQ(why.text,
            "No walkthrough signal since Thu 2025-11-13. The expectation \"walkthroughs\" asks for one every 10 "
            "instructional days; counting 10 instructional days from 2025-11-13 (skipping Thu 2025-11-27 to Fri "
            "2025-11-28 Thanksgiving and 6 weekend days) gives the due date Mon 2025-12-01. (Catalog version 1.) LATE "
            "since 07:00 on Tue 2025-12-02; OVERDUE from 07:00 on Tue 2025-12-16 without one. The service, which was down or settling, "
            "noticed it at 09:00 on Tue 2025-12-02.");
  EXPECT_EQ(why.remedy, "A walkthrough record dated on or after Fri 2025-11-14 would end it.");
  EXPECT_EQ(why.school_year, "2025-26");
  EXPECT_EQ(why.terms.every_days, 10);
  ASSERT_TRUE(why.dates.has_value());
  EXPECT_EQ(why.dates->start, DateOf("2025-08-31"));
  EXPECT_EQ(why.dates->last_signal, DateOf("2025-11-13"));
  EXPECT_EQ(why.dates->due, DateOf("2025-12-01"));
  EXPECT_EQ(why.dates->late_day, DateOf("2025-12-02"));
  EXPECT_EQ(why.dates->overdue_day, DateOf("2025-12-16"));
  EXPECT_EQ(why.counted_days, 10);
  ASSERT_EQ(why.skipped.size(), 2u);
  EXPECT_EQ(why.skipped[0].date, DateOf("2025-11-27"));
  EXPECT_EQ(why.skipped[1].label, "Thanksgiving");
  EXPECT_EQ(why.other_skipped_days, 6);
  EXPECT_EQ(why.catalog_version, 1u);
}

TEST(QueriesAlertsTest, TheRemedyEndsItAndNothingEarlierDoes) {
  SmallDistrict district = LateInDecember();
  const uint64_t id = OpenAlertOf(district, "south", "walkthroughs");
  district.RecordOne("south", "walks", "2025-11-13", "too early");
  EXPECT_EQ(OpenAlertOf(district, "south", "walkthroughs"), id);
  district.RecordOne("south", "walks", "2025-11-14", "remedy");
  const auto alert = GetAlert(district.Read(), id);
  ASSERT_TRUE(alert.ok()) << alert.status();
  EXPECT_EQ(alert->alert.record.closed_reason, FlipReason::kResolved);
  EXPECT_EQ(
      alert->why.text,
      "LATE since 07:00 on Tue 2025-12-02 (the due date was Mon 2025-12-01, by catalog version 1); closed at 09:00 on Tue 2025-12-02 "
      "because evidence arrived (RESOLVED). The service, which was down or settling, noticed it at 09:00 on Tue 2025-12-02. By "
      "catalog version 1 and the evidence there is now, the last "
      "walkthrough signal of school year 2025-26 is of Fri 2025-11-14. The expectation \"walkthroughs\" asks for "
      "one every 10 instructional days; counting 10 instructional days from 2025-11-14 (skipping Thu 2025-11-27 to "
      "Fri 2025-11-28 Thanksgiving and 6 weekend days) gives the due date Tue 2025-12-02.");
  EXPECT_EQ(alert->why.remedy, "Nothing is left to do: it is closed.");
  EXPECT_EQ(alert->flips.size(), 2u);
}

TEST(QueriesAlertsTest, WhyATeamThatNeverStartedIsOverdue) {
  SmallDistrict district("2025-09-01");
  district.GoTo("2025-10-13");
  const auto alert = GetAlert(district.Read(), OpenAlertOf(district, "south", "walkthroughs"));
  ASSERT_TRUE(alert.ok()) << alert.status();
  EXPECT_EQ(alert->alert.record.state, WatchState::kOverdue);
  EXPECT_EQ(
      alert->why.text,
      "No walkthrough signal yet in school year 2025-26. The expectation \"walkthroughs\" asks for one every 10 "
      "instructional days, the first within 10 + 10 instructional days from the start, Sun 2025-08-31; counting 20 "
      "instructional days from the start (skipping 6 weekend days) gives the due date Fri 2025-09-26. (Catalog "
      "version 1.) LATE since 07:00 on Mon 2025-09-29; OVERDUE since 07:00 on Mon 2025-10-13. The service, which was down or settling, "
      "noticed it at 09:00 on Mon 2025-10-13.");
  // D(x, Oct 13th] = 10.
  EXPECT_EQ(alert->why.remedy, "A walkthrough record dated on or after Mon 2025-09-29 would end it.");
}

TEST(QueriesAlertsTest, WhyOfAnAlertWhoseTeamIsGone) {
  SmallDistrict district = LateInDecember();
  const uint64_t id = OpenAlertOf(district, "south", "walkthroughs");
  Catalog catalog = SmallDistrict::MakeCatalog();
  catalog.teams.erase(catalog.teams.begin());
  district.Apply(catalog);
  const auto alert = GetAlert(district.Read(), id);
  ASSERT_TRUE(alert.ok()) << alert.status();
  EXPECT_TRUE(alert->alert.record.closed.has_value());
  EXPECT_FALSE(alert->why.dates.has_value());
  EXPECT_THAT(alert->why.text, HasSubstr("Catalog version 2 no longer has this watch"));
  EXPECT_EQ(alert->alert.team, "south");
}

// Of what has ever been in a catalog there may be alerts.
TEST(QueriesAlertsTest, KnowsWhatAFilterMayName) {
  SmallDistrict district("2025-09-01");
  Catalog catalog = SmallDistrict::MakeCatalog();
  AlertRule rule;
  rule.id = "unread";
  rule.terms = ReviewOverdueTerms{};
  catalog.alert_rules = {rule};
  district.Apply(catalog);
  district.Apply(SmallDistrict::MakeCatalog());
  AlertFilter filter;
  EXPECT_TRUE(CheckKnown(district.Read(), filter, "filter").ok());
  filter.teams = {"north", "south"};
  filter.expectations = {"leading", "unread"};
  EXPECT_TRUE(CheckKnown(district.Read(), filter, "filter").ok());
  filter.teams = {"north", "t9"};
  filter.expectations = {"nope", "leading", "sis"};
  const absl::Status unknown = CheckKnown(district.Read(), filter, "filter");
  EXPECT_EQ(unknown.code(), absl::StatusCode::kNotFound);
  const std::vector<Problem> problems = ProblemsOf(unknown);
  ASSERT_EQ(problems.size(), 3u);
  EXPECT_EQ(problems[0].field, "filter.teams[1]");
  EXPECT_EQ(problems[1].field, "filter.expectations[0]");
  EXPECT_EQ(problems[2].field, "filter.expectations[2]");
  EXPECT_THAT(problems[2].reason, HasSubstr("is a source"));
  filter = {};
  filter.labels = {{"level", "primary"}};
  EXPECT_TRUE(CheckKnown(district.Read(), filter, "filter").ok());
  filter.labels = {{"level", "primray"}};
  EXPECT_EQ(ProblemsOf(CheckKnown(district.Read(), filter, "filter")).at(0).field, "filter.labels");
}

TEST(QueriesAlertsTest, ListsInOrderOfOpeningByFilter) {
  SmallDistrict district = LateInDecember();  // north's "leading" was late in between, and closed
  district.GoTo("2025-12-10");                // and opens again
  const auto ids = [&](const AlertFilter& filter, bool closed, uint64_t after, size_t limit) {
    std::vector<uint64_t> found;
    const auto page = ListAlerts(district.Read(), filter, closed, after, limit);
    EXPECT_TRUE(page.ok()) << page.status();
    for (const AlertAnswer& alert : page->alerts) found.push_back(alert.id);
    return found;
  };
  const uint64_t south = OpenAlertOf(district, "south", "walkthroughs");
  const uint64_t north = OpenAlertOf(district, "north", "leading");
  EXPECT_THAT(ids({}, false, 0, 10), ElementsAre(south, north));
  EXPECT_THAT(ids({}, false, 0, 1), ElementsAre(south));
  EXPECT_THAT(ids({}, false, south, 1), ElementsAre(north));
  EXPECT_TRUE(ListAlerts(district.Read(), {}, false, 0, 1)->more);
  EXPECT_FALSE(ListAlerts(district.Read(), {}, false, south, 1)->more);
  AlertFilter primary;
  primary.labels = {{"level", "primary"}};
  EXPECT_THAT(ids(primary, false, 0, 10), ElementsAre(north));
  const std::vector<uint64_t> all = ids({}, true, 0, 10);
  ASSERT_EQ(all.size(), 3u);
  EXPECT_THAT(ids({}, true, all[0], 1), ElementsAre(all[1]));
  EXPECT_EQ(GetAlert(district.Read(), 999).status().code(), absl::StatusCode::kNotFound);
  // The number of a flip that opened nothing.
  EXPECT_EQ(GetAlert(district.Read(), 1).status().code(), absl::StatusCode::kNotFound);
}

TEST(QueriesAlertsTest, AFilterLooksAtWhatTheFlipHolds) {
  FlipRecord flip;
  flip.team = "north";
  flip.expectation = "walkthroughs";
  flip.labels = {{"level", "high"}};
  flip.flip.from = WatchState::kOnTrack;
  flip.flip.to = WatchState::kLate;
  EXPECT_TRUE(AlertFilter{}.MatchesFlip(flip));
  EXPECT_TRUE((AlertFilter{.teams = {"south", "north"}}).MatchesFlip(flip));
  EXPECT_FALSE((AlertFilter{.teams = {"south"}}).MatchesFlip(flip));
  EXPECT_FALSE((AlertFilter{.expectations = {"leading"}}).MatchesFlip(flip));
  EXPECT_TRUE((AlertFilter{.labels = {{"level", "high"}}}).MatchesFlip(flip));
  EXPECT_FALSE((AlertFilter{.labels = {{"level", "low"}}}).MatchesFlip(flip));
  EXPECT_FALSE((AlertFilter{.labels = {{"area", "high"}}}).MatchesFlip(flip));
  EXPECT_TRUE((AlertFilter{.alerts_only = true}).MatchesFlip(flip));
  flip.flip.to = WatchState::kNotStarted;
  EXPECT_FALSE((AlertFilter{.alerts_only = true}).MatchesFlip(flip));
}

TEST(QueriesAlertsTest, AFiltersHashIsFixedForEver) {
  const AlertFilter filter{.teams = {"b", "a"}, .expectations = {"e"}, .labels = {{"k", "v"}}, .alerts_only = true};
  const AlertFilter same{
      .teams = {"a", "b", "a"}, .expectations = {"e", "e"}, .labels = {{"k", "v"}}, .alerts_only = true};
  EXPECT_EQ(filter.Hash(), same.Hash());
  EXPECT_EQ(AlertFilter{}.Hash(), 0xcbf29ce484222325u);
  EXPECT_EQ(filter.Hash(), 0x2d6e2ac75fbfc80fu);
  EXPECT_NE((AlertFilter{.kinds = {AlertKind::kSignalOverdue}}).Hash(), AlertFilter{}.Hash());
  EXPECT_NE((AlertFilter{.teams = {"a"}}).Hash(), (AlertFilter{.expectations = {"a"}}).Hash());
  EXPECT_NE((AlertFilter{.teams = {"ab"}}).Hash(), (AlertFilter{.teams = {"a", "b"}}).Hash());
}

TEST(QueriesTimelineTest, ReadsTheFlipLog) {
  SmallDistrict district = LateInDecember();
  const uint64_t last = district.Read()->last_sequence();
  const auto all = ReadFlips(district.Read(), 1, 1000);
  ASSERT_TRUE(all.ok()) << all.status();
  ASSERT_EQ(all->size(), last);
  for (size_t i = 0; i < all->size(); ++i) EXPECT_EQ((*all)[i].sequence, i + 1);
  EXPECT_EQ(ReadFlips(district.Read(), 2, 1)->size(), 1u);
  EXPECT_EQ(ReadFlips(district.Read(), 2, 1)->front().sequence, 2u);
  EXPECT_THAT(*ReadFlips(district.Read(), last + 1, 5), IsEmpty());
  EXPECT_THAT(*ReadFlips(district.Read(), 1, 0), IsEmpty());
}

// North's "leading" is LATE on 2025-09-15 and OVERDUE on 09-22.
TEST(QueriesRetentionTest, WhatReferredToFlipsThatHaveLeftSaysSo) {
  SmallDistrict district("2025-08-20");
  Catalog catalog = SmallDistrict::MakeCatalog();
  catalog.settings.flip_retention_days = kMinFlipRetentionDays;
  district.Apply(catalog);
  for (Date date = DateOf("2025-09-01"); date < DateOf("2025-09-27"); date = date + 1) district.GoTo(date.ToString());
  const uint64_t id = OpenAlertOf(district, "north", "leading");
  const uint64_t first = district.Read()->first_sequence();
  ASSERT_LT(id, first);
  const absl::StatusOr<AlertDetail> alert = GetAlert(district.Read(), id);
  ASSERT_TRUE(alert.ok()) << alert.status();
  EXPECT_TRUE(alert->flips_trimmed);
  ASSERT_EQ(alert->flips.size(), 1u);
  EXPECT_EQ(alert->flips[0].record.flip.to, WatchState::kOverdue);
  EXPECT_THAT(alert->why.text, HasSubstr("Open since 07:00 on Mon 2025-09-15"));
  EXPECT_THAT(alert->why.text, HasSubstr("; OVERDUE since "));
  EXPECT_THAT(alert->why.text, HasSubstr(" Flips recorded up to "));
  EXPECT_EQ(ReadFlips(district.Read(), 1, 1)->front().sequence, first);
  EXPECT_EQ(ReadFlip(district.Read(), first - 1).status().code(), absl::StatusCode::kDataLoss);

  const TeamNumber north = FindTeam(district.Read(), "north").value();
  const std::optional<Date> from = FlipsFrom(district.Read(), north);
  ASSERT_TRUE(from.has_value());
  const auto items = GetTimeline(district.Read(), "north", {DateOf("2025-09-01"), DateOf("2025-10-01")});
  ASSERT_TRUE(items.ok()) << items.status();
  size_t flips = 0;
  for (const TimelineItem& item : *items) flips += std::holds_alternative<TimelineFlip>(item.item) ? 1 : 0;
  EXPECT_EQ(flips, 1u);
  EXPECT_FALSE(FlipsFrom(LateInDecember().Read(), north).has_value());

  // Once none of its flips is kept.
  for (Date date = DateOf("2025-09-27"); date < DateOf("2025-10-06"); date = date + 1) district.GoTo(date.ToString());
  const absl::StatusOr<AlertDetail> bare = GetAlert(district.Read(), id);
  ASSERT_TRUE(bare.ok()) << bare.status();
  EXPECT_THAT(bare->flips, IsEmpty());
  EXPECT_EQ(bare->alert.record.state, WatchState::kOverdue);
  EXPECT_THAT(bare->why.text, HasSubstr("Open since 07:00 on Mon 2025-09-15"));
  EXPECT_THAT(VerifyDistrict(district.Freeze(), 5), IsEmpty());
}

TEST(QueriesTest, SaysFromWhenItIs) {
  SmallDistrict district("2025-09-18");
  const AnswerBasis basis = BasisOf(district.Read());
  EXPECT_EQ(basis.answered.ToString(), "2025-09-18T13:00:00Z");
  EXPECT_EQ(basis.catalog_version, 1u);
  EXPECT_FALSE(basis.recalculating);
}

}  // namespace
}  // namespace leadlag
