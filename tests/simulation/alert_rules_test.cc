// The kinds of alert that are rules', lived through the engine: each fires, holds, resolves, retracts and explains itself; and many lives
// of all of them against the naive model.
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/engine/queries.h"
#include "server/engine/team_rows.h"
#include "tests/simulation/simulated_district.h"
#include "tests/simulation/watch_stories.h"
#include "tests/support/random_seed.h"
#include "tests/support/watch_story.h"

namespace leadlag {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

AlertRule Rule(std::string id, decltype(AlertRule::terms) terms) {
  AlertRule rule;
  rule.id = std::move(id);
  rule.terms = std::move(terms);
  rule.from = D("2025-07-01");
  return rule;
}

EvidenceItem Box(std::string id, std::string team, Date date) {
  EvidenceItem item = NumberRecord(std::move(id), std::move(team), "boxes", date);
  item.content.value = Completion{true};
  return item;
}

// ---- One kind at a time ----

class AlertRulesTest : public testing::Test {
 protected:
  void TearDown() override {
    EXPECT_EQ(district_.Inconsistencies(), "");
    EXPECT_THAT(VerifyDistrict(district_.Freeze(), 100), IsEmpty());
  }
  void Apply(const AlertRule& rule) {
    catalog_.alert_rules = {rule};
    ASSERT_TRUE(district_.Apply(catalog_).ok());
  }
  // On that date at noon.
  void Record(const char* date, const std::string& indicator, const char* event, int count = 1) {
    district_.AdvanceTo(At(absl::StrCat(date, " 12:00")));
    std::vector<EvidenceItem> items;
    for (int i = 0; i < count; ++i) {
      const std::string id = absl::StrCat("r", ++records_);
      items.push_back(indicator == "boxes" ? Box(id, "t1", D(event)) : NumberRecord(id, "t1", indicator, D(event)));
    }
    ASSERT_TRUE(district_.Record("forms", items).ok());
  }
  void Send(const char* date, const EvidenceItem& item) {
    district_.AdvanceTo(At(absl::StrCat(date, " 12:00")));
    ASSERT_TRUE(district_.Record("forms", {item}).ok());
  }
  void Review(const char* date) {
    district_.AdvanceTo(At(absl::StrCat(date, " 12:00")));
    leadlag::Review review;
    review.id = absl::StrCat("v", ++records_);
    review.team = "t1";
    review.date = D(date);
    review.indicators = {"walks", "lessons", "results"};
    ASSERT_TRUE(district_.RecordReview(review).ok());
  }
  // t1's flips of the rule, but for the first, which starts it.
  std::vector<std::string> Lines() const {
    std::vector<std::string> lines;
    for (const SeenFlip& seen : district_.Flips()) {
      if (seen.record.team != "t1" || seen.record.expectation != "rule") continue;
      lines.push_back(Describe(seen.record.flip, district_.Read()->catalog()->district_zone()));
    }
    EXPECT_FALSE(lines.empty());
    if (!lines.empty()) lines.erase(lines.begin());
    return lines;
  }
  AlertDetail Alert() const {
    const DistrictReader reader = district_.Freeze();
    const uint64_t id = district_.Watches().at({"t1", "rule"}).alert;
    absl::StatusOr<AlertDetail> detail = GetAlert(reader, id);
    EXPECT_TRUE(detail.ok()) << detail.status();
    return detail.ok() ? *std::move(detail) : AlertDetail();
  }

  SimulatedDistrict district_{{.start = At("2025-08-01 12:00")}};
  Catalog catalog_ = SmallCatalog(2);
  int records_ = 0;
};

TEST_F(AlertRulesTest, LaggingOnly) {
  AlertRule rule = Rule("rule", LaggingOnlyTerms{6});
  rule.severity = Severity::kCritical;
  Apply(rule);
  Record("2025-09-10", "results", "2025-09-10");
  district_.AdvanceTo(At("2025-09-17 12:00"));
  EXPECT_THAT(Lines(), ElementsAre("2025-09-16 07:00 RAISED DUE due 2025-09-15"));
  const AlertDetail open = Alert();
  EXPECT_EQ(open.alert.record.kind, AlertKind::kLaggingOnly);
  EXPECT_EQ(open.alert.record.severity, Severity::kCritical);
  EXPECT_EQ(open.why.text,
            "There are lagging records in school year 2025-26, and no leading signal since the start, Sun 2025-09-07. The rule \"rule\" "
            "allows 6 instructional days; counting 6 instructional days from the start in school year 2025-26, 2025-09-07 (skipping 2 "
            "weekend days), gives the due date Mon 2025-09-15. (Catalog version 1.) RAISED since 07:00 on Tue 2025-09-16.");
  EXPECT_EQ(open.why.remedy, "A leading record dated on or after Tue 2025-09-09 would end it.");
  Record("2025-09-18", "walks", "2025-09-10");
  district_.AdvanceTo(At("2025-09-19 12:00"));
  Send("2025-09-19", VoidRecord("r1"));
  EXPECT_THAT(Lines(), ElementsAre("2025-09-16 07:00 RAISED DUE due 2025-09-15", "2025-09-18 12:00 ON_TRACK RESOLVED due 2025-09-18",
                                   "2025-09-19 07:00 RAISED DUE due 2025-09-18", "2025-09-19 12:00 ON_TRACK RETRACTED"));
}

TEST_F(AlertRulesTest, CompletionOnly) {
  Apply(Rule("rule", CompletionOnlyTerms{}));
  Record("2025-09-10", "boxes", "2025-09-10");
  Record("2025-09-17", "boxes", "2025-09-17");
  Record("2025-09-24", "boxes", "2025-09-24");
  EXPECT_THAT(Lines(), ElementsAre("2025-09-22 07:00 RAISED DUE due 2025-09-21"));
  EXPECT_EQ(Alert().why.text,
            "2 weeks in a row, from Mon 2025-09-08 to Sun 2025-09-21, have completions and no evidence. The due date is the last date "
            "of the "
            "last one, Sun 2025-09-21. (Catalog version 1.) RAISED since 07:00 on Mon 2025-09-22.");
  EXPECT_EQ(Alert().why.remedy, "A record that is evidence, no completion, dated on or after Mon 2025-09-08 would end it.");
  Record("2025-09-25", "walks", "2025-09-25");
  EXPECT_THAT(Lines(), ElementsAre("2025-09-22 07:00 RAISED DUE due 2025-09-21", "2025-09-25 12:00 ON_TRACK RESOLVED"));
  // What made the row is taken back; and so is what ended it.
  Send("2025-09-26", VoidRecord("r4"));
  Send("2025-09-29", VoidRecord("r2"));
  EXPECT_THAT(Lines(), ElementsAre("2025-09-22 07:00 RAISED DUE due 2025-09-21", "2025-09-25 12:00 ON_TRACK RESOLVED",
                                   "2025-09-29 07:00 RAISED DUE due 2025-09-21", "2025-09-29 12:00 ON_TRACK RETRACTED"));
}

TEST_F(AlertRulesTest, ReviewOverdue) {
  Apply(Rule("rule", ReviewOverdueTerms{4}));
  Record("2025-09-10", "walks", "2025-09-10");
  Record("2025-09-12", "walks", "2025-09-11");
  district_.AdvanceTo(At("2025-09-17 12:00"));
  EXPECT_THAT(Lines(), ElementsAre("2025-09-17 07:00 RAISED DUE due 2025-09-16"));
  EXPECT_EQ(Alert().why.text,
            "2 records are unreviewed, the longest since Wed 2025-09-10, when it was recorded. The rule "
            "\"rule\" asks for a review within 4 instructional days; counting 4 instructional days from 2025-09-10 (skipping 2 weekend "
            "days) gives the due date Tue 2025-09-16. (Catalog version 1.) RAISED since 07:00 on Wed 2025-09-17.");
  Review("2025-09-18");
  Record("2025-09-22", "walks", "2025-09-22");
  district_.AdvanceTo(At("2025-09-29 13:00"));
  Send("2025-09-30", NumberRecord("r4", "t1", "walks", D("2025-09-22"), 2));  // corrected: it waits anew
  EXPECT_THAT(Lines(), ElementsAre("2025-09-17 07:00 RAISED DUE due 2025-09-16", "2025-09-18 12:00 ON_TRACK RESOLVED due 2025-10-31",
                                   "2025-09-29 07:00 RAISED DUE due 2025-09-26", "2025-09-30 12:00 ON_TRACK RETRACTED due 2025-10-06"));
}

TEST_F(AlertRulesTest, AMonthWithoutAReview) {
  Apply(Rule("rule", ReviewOverdueTerms{}));
  Record("2025-09-29", "walks", "2025-09-29");
  district_.AdvanceTo(At("2025-10-13 12:00"));
  EXPECT_THAT(Lines(), ElementsAre("2025-10-01 07:00 RAISED DUE due 2025-09-30"));
  EXPECT_EQ(Alert().why.text,
            "There was no review from Mon 2025-09-08 to Tue 2025-09-30, an eligible month, and none after it. The due date is the month's "
            "last date, Tue 2025-09-30. (Catalog version 1.) RAISED since 07:00 on Wed 2025-10-01.");
  EXPECT_EQ(Alert().why.remedy, "A review dated on or after Mon 2025-09-01 would end it.");
  Review("2025-10-15");
  EXPECT_EQ(Lines().back(), "2025-10-15 12:00 ON_TRACK RESOLVED due 2025-11-30");
}

TEST_F(AlertRulesTest, CollectionSlow) {
  Apply(Rule("rule", CollectionSlowTerms{.records = 4, .percent = 25, .days = 2, .clear_percent = 20}));
  Record("2025-09-08", "walks", "2025-09-08");
  Record("2025-09-16", "walks", "2025-09-09", 3);
  Record("2025-09-16", "lessons", "2025-09-15");
  district_.AdvanceTo(At("2025-09-17 12:00"));
  EXPECT_THAT(Lines(), ElementsAre("2025-09-17 07:00 RAISED DUE due 2025-09-16"));
  EXPECT_EQ(Alert().why.text,
            "3 of the last 4 records became known more than 2 instructional days after their event. Since what was recorded on Tue "
            "2025-09-16 that is more than 25 %, and it has not come down to 20 % since. (Catalog version 1.) RAISED since 07:00 on Wed "
            "2025-09-17.");
  Record("2025-09-17", "walks", "2025-09-17", 2);
  Record("2025-09-18", "walks", "2025-09-18", 4);
  EXPECT_EQ(Lines().size(), 1u);  // that date may not be over
  Record("2025-09-19", "walks", "2025-09-09");
  EXPECT_EQ(Lines().back(), "2025-09-19 12:00 ON_TRACK RESOLVED");
}

TEST_F(AlertRulesTest, RunSignal) {
  AlertRule rule = Rule("rule", RunSignalTerms{.indicator = "walks", .unit = ChartUnit::kDay, .baseline = 4});
  rule.severity = Severity::kAdvisory;
  catalog_.indicators[0].direction = Direction::kHigherIsBetter;
  Apply(rule);
  Date date = D("2025-09-08");
  const auto value = [&](double number) {
    const std::string id = absl::StrCat("v", ++records_);
    Send(date.ToString().c_str(), NumberRecord(id, "t1", "walks", date, number));
    do date = date + 1; while (date.weekday() >= Weekday::kSaturday);
    return id;
  };
  for (int i = 0; i < 9; ++i) value(i % 2 == 0 ? 5 : 6);
  const std::string tenth = value(5);  // on Fri 2025-09-19
  EXPECT_THAT(Lines(), IsEmpty());
  district_.AdvanceTo(At("2025-09-22 07:01"));
  EXPECT_THAT(Lines(), ElementsAre("2025-09-22 07:00 RAISED DUE due 2025-09-19"));
  const AlertDetail open = Alert();
  EXPECT_EQ(open.alert.record.kind, AlertKind::kRunSignal);
  EXPECT_EQ(open.alert.record.severity, Severity::kAdvisory);
  EXPECT_EQ(open.why.text,
            "The daily points of \"walks\" since Mon 2025-09-08 make a run-chart signal: of 10 points off the centre, 4, 10 in a row "
            "lie above it (the better side), where by chance at most 6 do as a rule; they cross it 0 times, where by chance it is "
            "at least 2 as a rule. It came with the point that ends on Fri 2025-09-19, which is the due date. (Catalog version 1.) RAISED "
            "since 07:00 on Mon 2025-09-22.");
  EXPECT_EQ(open.why.remedy,
            "Good or bad, it is news: ask what changed. It ends once the points up to one that another follows make no signal.");
  district_.AdvanceTo(At("2025-09-22 12:00"));
  Send("2025-09-22", VoidRecord(tenth));  // nine are no verdict
  EXPECT_EQ(Lines().back(), "2025-09-22 12:00 ON_TRACK RETRACTED");
  date = D("2025-09-23");
  value(5);
  district_.AdvanceTo(At("2025-09-24 07:01"));
  EXPECT_EQ(Lines().back(), "2025-09-24 07:00 RAISED DUE due 2025-09-23");
  Send("2025-09-24", NumberRecord("v1", "t1", "walks", D("2025-09-08"), 3));  // corrected: still no two crossings
  EXPECT_EQ(Lines().size(), 3u);
  district_.AdvanceTo(At("2025-09-24 13:00"));
  ASSERT_TRUE(district_.Record("forms", {NumberRecord("v5", "t1", "walks", D("2025-09-12"), 3)}).ok());
  EXPECT_EQ(Lines().back(), "2025-09-24 13:00 ON_TRACK RETRACTED");
}

TEST_F(AlertRulesTest, RunSignalIsResolvedByPointsThatCross) {
  Apply(Rule("rule", RunSignalTerms{.indicator = "walks", .unit = ChartUnit::kDay, .baseline = 4}));
  Date date = D("2025-09-08");
  const auto value = [&](double number) {
    Send(date.ToString().c_str(), NumberRecord(absl::StrCat("v", ++records_), "t1", "walks", date, number));
    do date = date + 1; while (date.weekday() >= Weekday::kSaturday);
  };
  for (int i = 0; i < 10; ++i) value(i < 6 ? 5 : 3);  // one crossing of ten, on Fri 2025-09-19
  district_.AdvanceTo(At("2025-09-22 07:01"));
  EXPECT_THAT(Lines(), ElementsAre("2025-09-22 07:00 RAISED DUE due 2025-09-19"));
  value(5);  // two of eleven, and that day may not be over
  EXPECT_EQ(Lines().size(), 1u);
  value(3);
  EXPECT_THAT(Lines(), ElementsAre("2025-09-22 07:00 RAISED DUE due 2025-09-19", "2025-09-23 12:00 ON_TRACK RESOLVED"));
}

TEST_F(AlertRulesTest, ActionWithoutEvidence) {
  Apply(Rule("rule", ActionWithoutEvidenceTerms{4}));
  Inquiry inquiry = InquiryOf("talk", "t1", D("2025-09-08"));
  inquiry.links = {{"walks", ExpectedDirection::kIncrease}, {"results", ExpectedDirection::kIncrease}};
  inquiry.actions = {{"plan", "Plan lessons together", D("2025-09-10")}, {"visit", "Visit each other", D("2025-09-22")}};
  district_.AdvanceTo(At("2025-09-10 12:00"));
  ASSERT_TRUE(district_.RecordInquiry(inquiry).ok());
  Record("2025-09-15", "walks", "2025-09-10");    // not after it
  Record("2025-09-15", "results", "2025-09-12");  // not leading
  Record("2025-09-15", "lessons", "2025-09-12");  // not linked
  district_.AdvanceTo(At("2025-09-17 12:00"));
  EXPECT_THAT(Lines(), ElementsAre("2025-09-17 07:00 RAISED DUE due 2025-09-16"));
  const AlertDetail open = Alert();
  EXPECT_EQ(open.alert.record.kind, AlertKind::kActionWithoutEvidence);
  EXPECT_EQ(open.why.text,
            "Action \"plan\" of inquiry \"talk\" has been taken since Wed 2025-09-10, and no record of \"walks\" is dated after it began. "
            "The rule \"rule\" allows 4 instructional days; counting 4 instructional days from 2025-09-10 (skipping 2 weekend days) gives "
            "the due date Tue 2025-09-16. (Catalog version 1.) RAISED since 07:00 on Wed 2025-09-17.");
  EXPECT_EQ(open.why.remedy,
            "A record of \"walks\" dated after Wed 2025-09-10 would end it; so does the inquiry once it is done or stopped, or says that "
            "the action was over on Tue 2025-09-16. If the action begins later, so does the count.");
  // It says that it is over: it was not on the due date, so that is still to be told, and told as it is.
  inquiry.actions[0].end = D("2025-09-17");
  ASSERT_TRUE(district_.RecordInquiry(inquiry).ok());
  EXPECT_THAT(Alert().why.text, HasSubstr("Action \"plan\" of inquiry \"talk\" was taken from Wed 2025-09-10 to Tue 2025-09-16, and no "
                                          "record of \"walks\" is dated after it began. The rule"));
  inquiry.actions[0].end = D("2025-09-18");  // not yet
  ASSERT_TRUE(district_.RecordInquiry(inquiry).ok());
  EXPECT_THAT(Alert().why.text, HasSubstr("has been taken since Wed 2025-09-10, and no"));
  Record("2025-09-18", "walks", "2025-09-11");
  EXPECT_EQ(Lines().back(), "2025-09-18 12:00 ON_TRACK RESOLVED due 2025-09-26");
  district_.AdvanceTo(At("2025-09-29 12:00"));
  EXPECT_EQ(Lines().back(), "2025-09-29 07:00 RAISED DUE due 2025-09-26");
  inquiry.actions[1].start = D("2025-09-26");
  ASSERT_TRUE(district_.RecordInquiry(inquiry).ok());
  EXPECT_EQ(Lines().back(), "2025-09-29 12:00 ON_TRACK RETRACTED due 2025-10-02");
  district_.AdvanceTo(At("2025-10-03 12:00"));
  inquiry.status = InquiryStatus::kDone;
  ASSERT_TRUE(district_.RecordInquiry(inquiry).ok());
  EXPECT_EQ(Lines().back(), "2025-10-03 12:00 ON_TRACK RETRACTED");
  EXPECT_EQ(Lines().size(), 6u);
}

TEST_F(AlertRulesTest, AnActionThatWasOverOnTheDueDateSaysNothing) {
  Apply(Rule("rule", ActionWithoutEvidenceTerms{4}));
  Inquiry inquiry = InquiryOf("talk", "t1", D("2025-09-08"));
  inquiry.links = {{"walks", ExpectedDirection::kIncrease}};
  inquiry.actions = {{"plan", "Plan lessons together", D("2025-09-10")}};
  ASSERT_TRUE(district_.RecordInquiry(inquiry).ok());
  district_.AdvanceTo(At("2025-09-17 12:00"));
  EXPECT_THAT(Lines(), ElementsAre("2025-09-17 07:00 RAISED DUE due 2025-09-16"));
  inquiry.actions[0].end = D("2025-09-16");  // as the remedy says
  ASSERT_TRUE(district_.RecordInquiry(inquiry).ok());
  EXPECT_EQ(Lines().back(), "2025-09-17 12:00 ON_TRACK RETRACTED");
}

// Read from the store again, by another process, the values are the same.
TEST_F(AlertRulesTest, RunSignalAcrossARestart) {
  Apply(Rule("rule", RunSignalTerms{.indicator = "walks", .unit = ChartUnit::kDay, .baseline = 4}));
  for (int i = 0; i < 5; ++i) {
    const Date date = D("2025-09-08") + i;
    Send(date.ToString().c_str(), NumberRecord(absl::StrCat("a", i), "t1", "walks", date, 5));
  }
  Send("2025-09-12", NumberRecord("a2", "t1", "walks", D("2025-09-10"), 6));
  Send("2025-09-12", VoidRecord("a3"));
  district_.Restart(At("2025-09-12 12:01"));
  for (int i = 0; i < 6; ++i) {
    const Date date = D("2025-09-15") + (i < 5 ? i : 7);
    EXPECT_THAT(Lines(), IsEmpty());
    Send(date.ToString().c_str(), NumberRecord(absl::StrCat("b", i), "t1", "walks", date, 5));
  }
  district_.AdvanceTo(At("2025-09-23 07:01"));
  EXPECT_THAT(Lines(), ElementsAre("2025-09-23 07:00 RAISED DUE due 2025-09-22"));
}

// Whoever explains one rule's alert reads what that asks for, in that school year.
TEST_F(AlertRulesTest, WhatARuleAsksForIsReadAlone) {
  catalog_.alert_rules = {Rule("walks-run", RunSignalTerms{"walks", ChartUnit::kDay}), Rule("lessons-run", RunSignalTerms{"lessons"}),
                          Rule("reviews", ReviewOverdueTerms{}), Rule("lagging", LaggingOnlyTerms{})};
  ASSERT_TRUE(district_.Apply(catalog_).ok());
  for (const char* const indicator : {"walks", "lessons"}) {
    Record("2025-09-10", indicator, "2025-05-12", 3);
    Record("2025-09-10", indicator, "2025-09-10", 2);
  }
  Review("2025-09-11");
  const DistrictReader reader = district_.Freeze();
  const TeamNumber team = reader->interned().teams.Find("t1").value();
  const auto read = [&](const std::vector<std::string>& rules, DateRange dates) {
    std::vector<ExpectationNumber> subjects;
    for (const std::string& rule : rules) subjects.push_back(reader->interned().expectations.Find(rule).value());
    const absl::StatusOr<RuledTeam> ruled = ReadRuledTeam(reader, team, subjects, dates);
    EXPECT_TRUE(ruled.ok()) << ruled.status();
    std::vector<std::string> found;
    for (const RuledTeam::Series& series : ruled->charted) {
      const std::string& indicator = reader->interned().indicators.NameOf(series.indicator);
      found.push_back(absl::StrCat(indicator, " ", series.row_year, ": ", series.values.size()));
    }
    if (!ruled->reviews.empty()) found.push_back("reviews");
    return found;
  };
  const DateRange year{D("2025-07-01"), D("2026-07-01")}, always{Date::Min(), Date::Max()};
  EXPECT_THAT(read({"walks-run"}, year), ElementsAre("walks 2026: 2"));
  EXPECT_THAT(read({"walks-run"}, always), ElementsAre("walks 2025: 3", "walks 2026: 2"));
  EXPECT_THAT(read({"reviews"}, year), ElementsAre("reviews"));
  EXPECT_THAT(read({"lagging"}, always), IsEmpty());
  EXPECT_THAT(read({"walks-run", "lessons-run", "reviews"}, year), ElementsAre("walks 2026: 2", "lessons 2026: 2", "reviews"));
}

TEST_F(AlertRulesTest, SwitchedOffItIsAsIfItWereNotThere) {
  AlertRule rule = Rule("rule", ReviewOverdueTerms{});
  Apply(rule);
  Record("2025-09-29", "walks", "2025-09-29");
  district_.AdvanceTo(At("2025-10-15 12:00"));
  rule.enabled = false;
  Apply(rule);
  EXPECT_EQ(Lines().back(), "2025-10-15 12:00 PAUSED RETRACTED");
  EXPECT_FALSE(district_.Watches().contains({"t1", "rule"}));
  rule.enabled = true;
  Apply(rule);
  district_.AdvanceTo(At("2025-10-16 12:00"));
  EXPECT_EQ(Lines().back(), "2025-10-16 07:00 RAISED DUE due 2025-09-30");
}

// A school year in one day.
TEST_F(AlertRulesTest, AFirstImportIsHistory) {
  ASSERT_TRUE(district_.Apply(catalog_).ok());
  catalog_.alert_rules = {Rule("a", LaggingOnlyTerms{10}), Rule("b", CompletionOnlyTerms{}), Rule("c", ReviewOverdueTerms{}),
                          Rule("d", CollectionSlowTerms{}), Rule("e", RunSignalTerms{"lessons", ChartUnit::kWeek, 100}),
                          Rule("f", ActionWithoutEvidenceTerms{9})};
  // Two that are waited for from now on, though neither was ever heard of: the one that the past comes from, and another.
  for (Source& source : catalog_.sources) {
    source.every_days = 9;
    source.indicators = {"results", "voices", "lessons"};
  }
  district_.AdvanceTo(At("2025-11-03 12:00"));
  ASSERT_TRUE(district_.Apply(catalog_).ok());
  Inquiry inquiry = InquiryOf("talk", "t1", D("2025-09-08"));
  inquiry.links = {{"walks", ExpectedDirection::kIncrease}};
  inquiry.actions = {{"plan", "Plan together", D("2025-09-10")}, {"visit", "Visit each other", D("2025-10-01")}};
  ASSERT_TRUE(district_.RecordInquiry(inquiry).ok());  // due long ago, and what it waited for comes with the rest
  std::vector<EvidenceItem> items = {NumberRecord("result", "t1", "results", D("2025-09-30"))};
  for (Date date = D("2025-09-08"); date < D("2025-11-01"); date = date + 7) {
    items.push_back(Box("box" + date.ToString(), "t1", date));
    for (int i = 0; i < 5; ++i) {
      items.push_back(NumberRecord(absl::StrCat("lesson", i, date.ToString()), "t1", "lessons", std::min(date + i, D("2025-11-03"))));
    }
    items.push_back(NumberRecord("walk" + date.ToString(), "t1", "walks", date + 21 < D("2025-11-01") ? date + 21 : D("2025-10-31")));
  }
  ASSERT_TRUE(district_.Record("sis", items).ok());
  district_.AdvanceTo(At("2025-11-13 12:00"));
  std::vector<std::string> alerts;
  for (const auto& [watch, alert] : district_.OpenAlerts()) {
    if (watch.team == "t1") alerts.push_back(watch.expectation);
  }
  EXPECT_THAT(alerts, ElementsAre("walks"));  // the expectation: it is late by now
  for (const SeenFlip& seen : district_.Flips()) {
    EXPECT_TRUE(!HasAlert(seen.record.flip.to) || seen.record.kind == AlertKind::kSignalOverdue) << Describe(seen);
    EXPECT_NE(seen.record.flip.to, WatchState::kUnknown) << Describe(seen);
  }
  district_.AdvanceTo(At("2025-11-14 12:00"));  // nine days of school after the 3rd, which counts where nothing was heard on it
  EXPECT_EQ(district_.StateOf("", "forms"), WatchState::kRaised);
  EXPECT_EQ(district_.StateOf("", "sis"), WatchState::kOnTrack);
}

TEST_F(AlertRulesTest, AnIdKeepsItsKind) {
  Apply(Rule("rule", ReviewOverdueTerms{}));
  catalog_.alert_rules = {Rule("rule", LaggingOnlyTerms{})};
  const absl::Status other_kind = district_.Apply(catalog_).status();
  EXPECT_EQ(other_kind.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(other_kind.message()),
              HasSubstr("alert_rules[0].id: \"rule\" is of the kind REVIEW_OVERDUE in the catalog in force, and keeps it"));
  catalog_.alert_rules = {Rule("walks", LaggingOnlyTerms{})};
  catalog_.expectations.clear();
  EXPECT_EQ(district_.Apply(catalog_).status().code(), absl::StatusCode::kFailedPrecondition);
}

// An id that comes back as another kind's does not make the old alert another one.
TEST_F(AlertRulesTest, AClosedAlertKeepsItsKind) {
  catalog_.expectations[0].id = "rule";
  ASSERT_TRUE(district_.Apply(catalog_).ok());
  district_.AdvanceTo(At("2025-09-18 12:00"));
  const uint64_t late = district_.Watches().at({"t1", "rule"}).alert;
  ASSERT_NE(late, 0u);
  catalog_.expectations.clear();
  ASSERT_TRUE(district_.Apply(catalog_).ok());
  Apply(Rule("rule", CompletionOnlyTerms{}));
  const absl::StatusOr<AlertDetail> detail = GetAlert(district_.Freeze(), late);
  ASSERT_TRUE(detail.ok()) << detail.status();
  EXPECT_EQ(detail->alert.record.kind, AlertKind::kSignalOverdue);
  EXPECT_THAT(detail->why.text, HasSubstr("Catalog version 3 no longer has this watch"));
}

// ---- All kinds, many lives ----

constexpr int kTeams = 4;

class Life {
 public:
  explicit Life(uint64_t seed) : random_(seed), district_({.start = At("2025-08-01 12:00")}), catalog_(SmallCatalog(kTeams)) {
    AlertRule months = Rule("months", CompletionOnlyTerms{CycleUnit::kMonth, 1});
    months.notify_time = MinuteOfDay{13 * 60};
    AlertRule high = Rule("high", LaggingOnlyTerms{4});
    high.team_labels = {{"level", "high"}};
    AlertRule later = Rule("later", ReviewOverdueTerms{3});
    later.from = D("2025-10-08");
    AlertRule applied = Rule("applied", CompletionOnlyTerms{CycleUnit::kIsoWeek, 1});
    applied.from.reset();
    catalog_.alert_rules = {Rule("lagging", LaggingOnlyTerms{7}),
                            Rule("boxes-only", CompletionOnlyTerms{}),
                            Rule("reviews", ReviewOverdueTerms{6}),
                            Rule("slow", CollectionSlowTerms{.records = 5, .percent = 30, .days = 2, .clear_percent = 15}),
                            Rule("walks-run", RunSignalTerms{"walks", ChartUnit::kDay}),
                            Rule("actions", ActionWithoutEvidenceTerms{6}),
                            Rule("results-run", RunSignalTerms{"results", ChartUnit::kDay, 37'500}),
                            Rule("voices-run", RunSignalTerms{"voices", ChartUnit::kDay, 0.5}),
                            months,
                            high,
                            later,
                            applied};
  }

  void Live() {
    Apply();
    for (Date date = D("2025-09-08"); date < kEnd && !testing::Test::HasFailure(); date = date + 1) {
      minute_ = random_.OneIn(3) ? 5 * 60 : 8 * 60;  // before or after the notify time of most
      for (int n = random_.Between(0, 3); n > 0; --n) Evidence(date);
      if (random_.OneIn(9)) Review(date);
      if (random_.OneIn(9)) TellInquiry(date);
      if (random_.OneIn(12)) Edit(date);
      if (random_.OneIn(14) && date + 5 < kEnd) {
        const int days = random_.Between(0, 3);
        GoTo(date);
        if (const std::optional<Downtime> down = district_.Restart(At("America/New_York", date + days, minute_ + 5))) {
          stories_.Down(down->down_from, down->up_at);
        }
        date = date + days;
      }
    }
    district_.AdvanceTo(At("America/New_York", kEnd, 0));
  }

  // The kinds that have fired are counted, and the rules of run signals.
  void Compare(std::map<AlertKind, int>& fired, std::map<std::string, int>& charted) {
    ASSERT_EQ(district_.Inconsistencies(), "");
    ASSERT_THAT(VerifyDistrict(district_.Freeze(), 100), IsEmpty());
    std::map<WatchName, std::vector<WatchFlip>> flips = district_.FlipsByWatch();
    for (const auto& [name, story] : stories_.Tell(At("America/New_York", kEnd, 0))) {
      ASSERT_EQ(FlipDifference(name, story, flips[name]), "") << Shown(name);
    }
    for (const SeenFlip& seen : district_.Flips()) {
      if (seen.record.flip.reason != FlipReason::kDue) continue;
      ++fired[seen.record.kind];
      if (seen.record.kind == AlertKind::kRunSignal) ++charted[seen.record.expectation];
    }
  }

 private:
  void GoTo(Date date) {
    const Instant at = At("America/New_York", date, minute_);
    if (district_.now() < at) district_.AdvanceTo(at);
    minute_ += 13;
  }

  std::string Shown(const WatchName& name) const {
    std::string text;
    for (const std::string& line : log_) {
      if (line.find(" " + name.team + " ") != std::string::npos || line.find("catalog") != std::string::npos) text += "\n  " + line;
    }
    return text;
  }
  void Log(const std::string& what) { log_.push_back(district_.last_command().ToString() + " " + what); }

  void Apply() {
    const absl::StatusOr<CatalogOutcome> applied = district_.Apply(catalog_);
    ASSERT_TRUE(applied.ok()) << applied.status();
    if (applied->changes.empty()) return;
    stories_.Apply(district_.last_command(), catalog_);
    Log("catalog");
  }

  void Evidence(Date date) {
    GoTo(date);
    std::vector<EvidenceItem> items;
    std::vector<WatchStories::Item> told;
    for (int n = random_.Between(1, 3); n > 0; --n) {
      if (!sent_.empty() && random_.OneIn(5)) {
        const std::string id = random_.Pick(sent_);
        Sent& sent = records_.at(id);
        const auto same = [&id](const EvidenceItem& item) { return item.evidence_id == id; };
        if (sent.voided || std::any_of(items.begin(), items.end(), same)) continue;
        sent.voided = random_.OneIn(2);
        if (sent.voided) {
          items.push_back(VoidRecord(id));
          told.push_back({id, sent.team, std::nullopt, Date()});
          continue;
        }
        // Another date, another indicator of its kind, and always another value.
        if (sent.indicator == "boxes") continue;
        if (random_.OneIn(2)) sent.indicator = random_.OneIn(2) ? "walks" : random_.OneIn(2) ? "results" : "voices";
        const Date event = date - random_.Between(0, 9);
        items.push_back(NumberRecord(id, sent.team, sent.indicator, event));
        told.push_back({.id = id, .team = sent.team, .indicator = sent.indicator, .date = event});
        SayTheNext(items.back(), told.back());
        continue;
      }
      const std::string id = absl::StrCat("r", records_.size()), team = absl::StrCat("t", random_.Between(1, kTeams));
      static const std::vector<std::string>& kIndicators = *new std::vector<std::string>{"walks",  "walks",  "lessons", "results",
                                                                                       "voices", "voices", "boxes",   "boxes"};
      const std::string indicator = random_.Pick(kIndicators);
      const Date event = date - (random_.OneIn(3) ? random_.Between(0, 9) : random_.Between(0, 1));
      items.push_back(indicator == "boxes" ? Box(id, team, event) : NumberRecord(id, team, indicator, event));
      told.push_back({.id = id, .team = team, .indicator = indicator, .date = event, .is_new = true});
      if (indicator != "boxes") SayTheNext(items.back(), told.back());
      if (random_.OneIn(4)) {  // known before it was recorded
        told.back().reported = Instant{district_.now().micros - random_.Between(0, 6) * kMicrosPerDay};
        items.back().content.reported = told.back().reported;
      }
      records_[id] = {team, indicator};
      sent_.push_back(id);
    }
    if (items.empty()) return;
    const absl::StatusOr<BatchOutcome> outcome = district_.Record("forms", items);
    ASSERT_TRUE(outcome.ok()) << outcome.status();
    ASSERT_THAT(outcome->failures, IsEmpty());
    stories_.Record(district_.last_command(), told);
    for (const WatchStories::Item& item : told) {
      Log(absl::StrCat(item.id, " ", item.team, " ", item.indicator.value_or("void"), " of ", item.date.ToString(),
                       item.is_new ? " new" : ""));
    }
  }

  // Each is another one, and they go up and down in waves: numbers in eighths, whose sums are exact in whatever order, and shares.
  void SayTheNext(EvidenceItem& item, WatchStories::Item& told) {
    ++value_;
    const bool high = value_ / 150 % 2 != 0;
    if (*told.indicator == "voices") {
      told.of = 10 + value_;
      told.value = (10 + value_) * ((high ? 4 : 0) + random_.Between(0, 6)) / 10;
      item.content.value = Proportion{static_cast<int64_t>(told.value), static_cast<int64_t>(told.of)};
    } else {
      told.value = ((high ? 400'000 : 0) + 100'000 * random_.Between(0, 3) + value_) / 8.0;
      item.content.value = told.value;
    }
  }

  void Review(Date date) {
    GoTo(date);
    leadlag::Review review;
    review.id = absl::StrCat("v", ++reviews_);
    review.team = absl::StrCat("t", random_.Between(1, kTeams));
    review.date = date - random_.Between(0, 6);
    review.indicators = {"walks", "results"};
    if (random_.OneIn(2)) review.indicators.push_back("lessons");
    ASSERT_TRUE(district_.RecordReview(review).ok());
    stories_.Review(district_.last_command(), review.team, review.date, review.indicators);
    Log(absl::StrCat(review.id, " ", review.team, " review of ", review.date.ToString()));
  }

  void TellInquiry(Date date) {
    GoTo(date);
    const int number = random_.Between(1, 2 * kTeams);
    Inquiry inquiry = InquiryOf(absl::StrCat("i", number), absl::StrCat("t", 1 + number % kTeams), D("2025-07-01"));
    if (random_.OneIn(5)) inquiry.status = random_.OneIn(2) ? InquiryStatus::kStopped : InquiryStatus::kPlanned;
    for (const char* const indicator : {"walks", "lessons", "results"}) {
      if (random_.OneIn(2)) inquiry.links.push_back({indicator, ExpectedDirection::kIncrease});
    }
    for (int n = random_.Between(1, 3); n > 0; --n) {
      InquiryAction action{.id = absl::StrCat("a", n), .description = "Try", .start = date + random_.Between(-9, 4)};
      if (random_.OneIn(4)) action.end = action.start + random_.Between(1, 14);
      inquiry.actions.push_back(std::move(action));
    }
    const absl::StatusOr<InquiryOutcome> outcome = district_.RecordInquiry(inquiry);
    ASSERT_TRUE(outcome.ok()) << outcome.status();
    stories_.Record(district_.last_command(), inquiry);
    Log(absl::StrCat(inquiry.id, " ", inquiry.team, " inquiry"));
  }

  void Edit(Date date) {
    GoTo(date);
    AlertRule& rule = catalog_.alert_rules[static_cast<size_t>(random_.Between(0, static_cast<int>(catalog_.alert_rules.size()) - 1))];
    switch (random_.Between(0, 5)) {
      case 0: {
        const Date day = date + random_.Between(-3, 6);
        const bool make_up = !Calendar::Compile(catalog_.calendars[0]).value().IsInstructional(day);
        catalog_.calendars[0] =
            With(catalog_.calendars[0], make_up ? ExceptionKind::kMakeUpDay : ExceptionKind::kWeatherDay, day.ToString());
        break;
      }
      case 1: rule.enabled = !rule.enabled; break;
      case 2: rule.notify_time = MinuteOfDay{random_.Between(6, 9) * 60}; break;
      case 3: {
        std::vector<ActivePeriod>& active = catalog_.teams[static_cast<size_t>(random_.Between(0, kTeams - 1))].active_periods;
        if (active.back().active_to) {
          active.push_back({std::max(date, *active.back().active_to + 1), std::nullopt});
        } else if (active.back().active_from < date) {
          active.back().active_to = date + random_.Between(1, 4);
        }
        break;
      }
      default:
        if (auto* lagging = std::get_if<LaggingOnlyTerms>(&rule.terms)) lagging->days = random_.Between(2, 9);
        if (auto* completion = std::get_if<CompletionOnlyTerms>(&rule.terms)) completion->cycles = random_.Between(1, 3);
        if (auto* review = std::get_if<ReviewOverdueTerms>(&rule.terms)) review->days = random_.Between(2, 9);
        if (auto* slow = std::get_if<CollectionSlowTerms>(&rule.terms)) slow->records = random_.Between(3, 7);
        if (auto* action = std::get_if<ActionWithoutEvidenceTerms>(&rule.terms)) action->days = random_.Between(2, 9);
        if (auto* run = std::get_if<RunSignalTerms>(&rule.terms)) {
          run->unit = random_.OneIn(3) ? ChartUnit::kWeek : ChartUnit::kDay;
          const double unit = run->indicator == "voices" ? 0.1 : 12'500;
          run->baseline = random_.OneIn(2) ? std::optional(unit * random_.Between(1, 6)) : std::nullopt;
        }
    }
    Apply();
  }

  struct Sent {
    std::string team, indicator;
    bool voided = false;
  };

  const Date kEnd = D("2025-12-20");
  Random random_;
  SimulatedDistrict district_;
  WatchStories stories_;
  Catalog catalog_;
  std::map<std::string, Sent> records_;
  std::vector<std::string> sent_, log_;
  int minute_ = 0, value_ = 0, reviews_ = 0;
};

TEST(AlertRulesLifeTest, FlipsLikeTheNaiveModel) {
  std::map<AlertKind, int> fired;
  std::map<std::string, int> charted;
  for (const uint64_t seed : Seeds(10, 200)) {
    SCOPED_TRACE(Replay(seed));
    Life life(seed);
    life.Live();
    ASSERT_FALSE(HasFailure());
    life.Compare(fired, charted);
    ASSERT_FALSE(HasFailure());
  }
  if (std::getenv("LEADLAG_SEED") != nullptr) return;
  for (const AlertKind kind : {AlertKind::kSignalOverdue, AlertKind::kLaggingOnly, AlertKind::kCompletionOnly, AlertKind::kReviewOverdue,
                               AlertKind::kCollectionSlow, AlertKind::kActionWithoutEvidence, AlertKind::kRunSignal}) {
    EXPECT_GT(fired[kind], 5) << ToString(kind);
  }
  for (const char* const rule : {"walks-run", "results-run", "voices-run"}) EXPECT_GT(charted[rule], 0) << rule;
}

}  // namespace
}  // namespace leadlag
