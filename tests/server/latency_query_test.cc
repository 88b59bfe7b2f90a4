// Evidence latency by cycle, beside the window before, of actions, and as of a past moment; on small_district.h's calendar.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/problem.h"
#include "server/engine/past_team.h"
#include "server/engine/queries.h"
#include "server/rpc/convert_cadence.h"
#include "tests/server/small_district.h"
#include "tests/support/random_seed.h"

namespace leadlag {
namespace {

using ::testing::HasSubstr;

Inquiry InquiryOf(std::string id, std::string team, std::vector<InquiryAction> actions) {
  return {.id = std::move(id),
          .team = std::move(team),
          .theme = "equity",
          .if_text = "we visit each other",
          .then_text = "students reason aloud",
          .so_that_text = "more are on grade level",
          .start = DateOf("2025-09-01"),
          .links = {{"walks", ExpectedDirection::kIncrease},
                    {"climate", ExpectedDirection::kIncrease},
                    {"scores", ExpectedDirection::kIncrease}},
          .actions = std::move(actions)};
}

void RecordInquiry(SmallDistrict& district, const Inquiry& inquiry) {
  const absl::StatusOr<Outcome> outcome = district.engine().Execute("small", RecordInquiryCommand{inquiry, {}});
  ASSERT_TRUE(outcome.ok()) << outcome.status();
}

LatencyAnswer Ask(const SmallDistrict& district, std::string_view team, const LatencyQuery& query = {}) {
  absl::StatusOr<LatencyAnswer> answer = GetEvidenceLatency(district.Read(), team, {}, query);
  EXPECT_TRUE(answer.ok()) << answer.status();
  return answer.ok() ? *std::move(answer) : LatencyAnswer();
}

// The issue's own: an event on Monday, known on Thursday, reviewed on Friday: 3 and 1 days.
TEST(LatencyQueryTest, KnownOnThursdayAndReviewedOnFriday) {
  SmallDistrict district("2025-09-11");  // a Thursday
  district.RecordOne("north", "walks", "2025-09-08");
  district.GoTo("2025-09-12");
  district.Hold("r", "north", "2025-09-12", {"walks"});
  const LatencyAnswer answer = Ask(district, "north");
  EXPECT_EQ(answer.latency.collection.max, (LatencyFigure{3, false}));
  EXPECT_EQ(answer.latency.interpretation.max, (LatencyFigure{1, false}));
  EXPECT_EQ(answer.latency.total.max, (LatencyFigure{4, false}));
}

TEST(LatencyQueryTest, ByWeekAndBesideTheWindowBefore) {
  SmallDistrict district("2025-09-12");
  district.RecordOne("north", "walks", "2025-09-01");  // D(1st, 12th] = 9
  district.RecordOne("north", "walks", "2025-09-08");  // 4
  district.RecordOne("north", "walks", "2025-09-10");  // 2
  LatencyQuery query;
  query.evidence.from = DateOf("2025-09-08");
  query.evidence.to = DateOf("2025-09-15");
  query.previous = true;
  query.cycle = CycleUnit::kIsoWeek;
  LatencyAnswer answer = Ask(district, "north", query);
  EXPECT_EQ(answer.latency.collection.max, (LatencyFigure{4, false}));
  ASSERT_TRUE(answer.previous);
  EXPECT_EQ(answer.previous->dates, (DateRange{DateOf("2025-09-01"), DateOf("2025-09-08")}));
  EXPECT_EQ(answer.previous->latency.collection.max, (LatencyFigure{9, false}));
  ASSERT_EQ(answer.cycles.size(), 1u);
  query.evidence.from = DateOf("2025-09-01");
  answer = Ask(district, "north", query);
  ASSERT_EQ(answer.cycles.size(), 2u);
  EXPECT_EQ(answer.cycles[1].dates, (DateRange{DateOf("2025-09-08"), DateOf("2025-09-15")}));
  EXPECT_EQ(answer.cycles[1].latency.collection.closed, 2u);
  EXPECT_EQ(answer.previous->latency.collection.closed, 0u);
}

TEST(LatencyQueryTest, ActionsOfATeamAndOfTheDistrict) {
  SmallDistrict district("2025-09-18");
  district.RecordOne("north", "walks", "2025-09-04");
  district.RecordOne("north", "boxes", "2025-09-03");  // no evidence of it
  RecordInquiry(district, InquiryOf("talk", "north", {{"visit", "Visit", DateOf("2025-09-02")}, {"later", "Share", DateOf("2025-10-01")}}));
  RecordInquiry(district, InquiryOf("read", "south", {{"visit", "Visit", DateOf("2025-09-08")}}));
  Inquiry planned = InquiryOf("plan", "south", {{"visit", "Visit", DateOf("2025-09-08")}});
  planned.status = InquiryStatus::kPlanned;
  RecordInquiry(district, planned);
  const LatencyAnswer north = Ask(district, "north");
  EXPECT_EQ(north.actions.to_leading.max, (LatencyFigure{12, false}));  // D(2nd, 18th], when it was recorded
  EXPECT_EQ(north.actions.to_lagging.max, (LatencyFigure{12, true}));
  EXPECT_EQ(north.actions.head_start.max, (LatencyFigure{0, true}));
  const LatencyAnswer all = Ask(district, "");
  EXPECT_EQ(all.actions.to_leading.closed, 1u);
  EXPECT_EQ(all.actions.to_leading.open, 1u);
  EXPECT_EQ(all.actions.to_leading.oldest_open_days, 8);  // D(8th, 18th]
  district.GoTo("2025-09-22");
  district.RecordOne("north", "scores", "2025-09-19");
  EXPECT_EQ(Ask(district, "north").actions.head_start.max, (LatencyFigure{2, false}));  // D(2nd, 22nd] - 12
}

// An inquiry that is linked to no outcome waits for none; one that is linked to nothing of the catalog for nothing.
TEST(LatencyQueryTest, WhatIsNotLinkedIsNotAwaited) {
  SmallDistrict district("2025-09-18");
  district.RecordOne("north", "walks", "2025-09-04");
  Inquiry inquiry = InquiryOf("talk", "north", {{"visit", "Visit", DateOf("2025-09-02")}});
  inquiry.links.resize(1);
  RecordInquiry(district, inquiry);
  for (const std::string_view team : {"north", ""}) {
    const LatencyAnswer answer = Ask(district, team);
    EXPECT_EQ(answer.actions.to_leading.closed, 1u);
    EXPECT_EQ(answer.actions.to_lagging.open, 0u);
    EXPECT_EQ(answer.actions.head_start.open, 0u);
  }
  Catalog catalog = SmallDistrict::MakeCatalog();
  catalog.indicators.erase(catalog.indicators.begin());
  catalog.expectations.clear();
  district.Apply(catalog);
  EXPECT_EQ(Ask(district, "north").actions.to_leading.closed, 0u);
  EXPECT_EQ(Ask(district, "north").actions.to_leading.open, 0u);
}

TEST(LatencyQueryTest, ActionsByCycle) {
  SmallDistrict district("2025-09-18");
  district.RecordOne("north", "walks", "2025-09-10");
  Inquiry inquiry = InquiryOf("talk", "north",
                              {{"visit", "Visit", DateOf("2025-09-02")}, {"plan", "Plan", DateOf("2025-09-03")},
                               {"share", "Share", DateOf("2025-09-15")}, {"early", "Begin", DateOf("2025-08-28")}});
  inquiry.start = DateOf("2025-08-28");
  RecordInquiry(district, inquiry);
  LatencyQuery query;
  query.evidence.from = DateOf("2025-09-02");
  query.evidence.to = DateOf("2025-09-30");
  query.cycle = CycleUnit::kIsoWeek;
  const LatencyAnswer answer = Ask(district, "north", query);
  ASSERT_EQ(answer.cycles.size(), 3u);
  EXPECT_EQ(answer.cycles[0].dates, (DateRange{DateOf("2025-09-02"), DateOf("2025-09-08")}));
  EXPECT_EQ(answer.cycles[0].actions.to_leading.closed, 2u);
  EXPECT_EQ(answer.cycles[0].actions.to_leading.max, (LatencyFigure{12, false}));
  EXPECT_EQ(answer.cycles[1].latency.collection.closed, 1u);
  EXPECT_EQ(answer.cycles[1].actions.to_leading.closed + answer.cycles[1].actions.to_leading.open, 0u);
  EXPECT_EQ(answer.cycles[2].actions.to_leading.open, 1u);
  EXPECT_EQ(answer.actions.to_leading.closed, 2u);
  EXPECT_EQ(answer.actions.to_leading.open, 1u);
}

TEST(PastLatencyTest, RefusesMomentsThatHaveNoAnswer) {
  SmallDistrict district("2025-09-18");
  const Instant now = district.Read().now();
  const auto past = [&district](std::string_view team, Instant as_of) {
    const absl::StatusOr<PastMoment> moment = TakePastMoment(district.Read(), team, as_of);
    return moment.ok() ? GetPastEvidenceLatency(*moment, {}).status() : moment.status();
  };
  EXPECT_TRUE(past("north", now).ok());
  EXPECT_THAT(past("north", Instant{now.micros + 1}).ToString(), HasSubstr("has not come yet"));
  EXPECT_THAT(past("north", Instant{now.micros - 1}).ToString(), HasSubstr("had no catalog"));
  EXPECT_TRUE(absl::IsNotFound(past("nobody", now)));
  // One that came later, and one that has gone since.
  Catalog catalog = SmallDistrict::MakeCatalog();
  catalog.teams.push_back(catalog.teams[0]);
  catalog.teams.back().id = "west";
  district.GoTo("2025-09-19");
  district.Apply(catalog);
  EXPECT_TRUE(absl::IsNotFound(past("west", now)));
  EXPECT_THAT(past("west", now).ToString(), HasSubstr("had no team \"west\"; give a later moment"));
  district.GoTo("2025-09-22");
  const Instant then = district.Read().now();
  district.GoTo("2025-09-23");
  district.Apply(SmallDistrict::MakeCatalog());
  EXPECT_TRUE(past("west", then).ok());
  EXPECT_TRUE(past("north", now).ok());
}

std::string Bytes(const LatencyAnswer& answer) { return ToProto(answer).DebugString(); }

// A year with late, corrected, voided and reviewed evidence, inquiries and a calendar that change: what was answered on each day is what is
// answered now as of it.
TEST(PastLatencyTest, EveryPastDayIsAnsweredAsItWasThen) {
  for (const uint64_t seed : Seeds(4, 60)) {
    SCOPED_TRACE(Replay(seed));
    Random random(seed);
    SmallDistrict district("2025-09-02");
    Catalog catalog = SmallDistrict::MakeCatalog();
    struct Answered {
      Instant at;
      std::string team, text;
      LatencyQuery query;
    };
    std::vector<Answered> answers;
    int next_id = 0;
    const std::vector<std::string> teams = {"north", "south"}, indicators = {"walks", "climate", "scores", "boxes"};
    std::map<std::string, std::string> team_of;
    for (Date today = DateOf("2025-09-02"); today < DateOf("2026-02-01"); today = today + random.Between(1, 4)) {
      district.GoTo(today.ToString(), random.OneIn(2) ? "09:30" : "16:00");
      for (int n = random.Between(0, 3); n > 0; --n) {
        const bool again = random.OneIn(3) && next_id > 0;
        const std::string id = "r" + std::to_string(again ? random.Between(0, next_id - 1) : next_id++);
        const std::string& team = team_of.try_emplace(id, random.Pick(teams)).first->second;
        if (again && random.OneIn(4)) {
          EvidenceItem gone;
          gone.evidence_id = id;
          gone.content.value = Void{};
          district.Record({gone});
          continue;
        }
        const std::string& indicator = random.Pick(indicators);
        EvidenceItem item = Item(team, indicator, std::max(DateOf("2025-08-20"), today - random.Between(0, 20)).ToString(), id);
        if (indicator != "boxes") item.content.value = static_cast<double>(random.Between(0, 3));
        district.Record({item});
      }
      if (random.OneIn(6)) {
        district.Hold("v" + today.ToString(), random.Pick(teams), (today - random.Between(0, 3)).ToString(), {random.Pick(indicators)});
      }
      if (random.OneIn(10)) {
        const Date start = today - random.Between(0, 30);
        Inquiry inquiry = InquiryOf("q" + std::to_string(random.Between(1, 2)), "north", {{"visit", "Visit", start}});
        inquiry.start = DateOf("2025-08-01");
        if (random.OneIn(4)) inquiry.status = InquiryStatus::kPlanned;
        RecordInquiry(district, inquiry);
      }
      if (random.OneIn(12)) {
        const Date closed = today + random.Between(-20, 20);
        catalog.calendars[0].exceptions.push_back({closed, closed, ExceptionKind::kWeatherDay, "Storm"});
        district.Apply(catalog);
      }
      Answered answered{district.Read().now(), random.Pick(teams), "", {}};
      answered.query.evidence.completions = random.OneIn(2);
      if (random.OneIn(2)) answered.query.cycle = random.OneIn(2) ? CycleUnit::kIsoWeek : CycleUnit::kMonth;
      if (random.OneIn(2)) answered.query.evidence.kind = {SignalKind::Of::kIndicator, Category::kWalkthrough, random.Pick(indicators)};
      answered.query.previous = random.OneIn(2);
      answered.text = Bytes(Ask(district, answered.team, answered.query));
      answers.push_back(std::move(answered));
    }
    if (random.OneIn(2)) district.Restart();
    size_t told = 0;
    for (const Answered& answered : answers) {
      const absl::StatusOr<PastMoment> moment = TakePastMoment(district.Read(), answered.team, answered.at);
      ASSERT_TRUE(moment.ok()) << moment.status();
      const auto past = GetPastEvidenceLatency(*moment, answered.query);
      ASSERT_TRUE(past.ok()) << past.status();
      EXPECT_EQ(Bytes(past->answer), answered.text) << answered.at.ToString();
      told += past->answer.latency.collection.closed > 0 ? 1 : 0;
      if (HasFailure()) return;
    }
    EXPECT_GT(told, answers.size() / 4);  // or it would say nothing
  }
}

}  // namespace
}  // namespace leadlag
