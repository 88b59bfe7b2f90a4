// What an alert says of itself, lived through the engine: that what it says would end it does so and nothing less, what is told of one that
// is closed, and why it opened no sooner. Texts of open alerts of each kind are in alert_rules_test.cc.
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/engine/queries.h"
#include "tests/simulation/simulated_district.h"
#include "tests/support/watch_story.h"

namespace leadlag {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const WatchName kRule{"t1", "rule"};

class AlertWhyTest : public testing::Test {
 protected:
  void TearDown() override {
    if (!trimmed_) {
      EXPECT_EQ(district_.Inconsistencies(), "");
    }
    EXPECT_THAT(VerifyDistrict(district_.Freeze(), 100), IsEmpty());
  }
  void Apply(decltype(AlertRule::terms) terms, const char* from = "2025-07-01") {
    AlertRule rule;
    rule.id = "rule";
    rule.terms = std::move(terms);
    rule.from = D(from);
    catalog_.alert_rules = {rule};
    Apply();
  }
  void Apply() { ASSERT_TRUE(district_.Apply(catalog_).ok()); }
  void GoTo(const char* date) { district_.AdvanceTo(At(absl::StrCat(date, " 12:00"))); }
  // On that date at noon, or now.
  void Record(const char* date, const std::string& indicator, const std::string& event, int count = 1) {
    if (*date != '\0') GoTo(date);
    std::vector<EvidenceItem> items;
    for (int i = 0; i < count; ++i) {
      items.push_back(NumberRecord(absl::StrCat("r", ++records_), "t1", indicator, D(event)));
      if (indicator == "boxes") items.back().content.value = Completion{true};
    }
    ASSERT_TRUE(district_.Record("forms", items).ok());
  }
  void Review(const std::string& date, std::vector<std::string> indicators) {
    leadlag::Review review;
    review.id = absl::StrCat("v", ++records_);
    review.team = "t1";
    review.date = D(date);
    review.indicators = std::move(indicators);
    ASSERT_TRUE(district_.RecordReview(review).ok());
  }
  // The rule's open alert; 0: none.
  uint64_t Open(const WatchName& watch = kRule) const {
    const std::map<WatchName, WatchRecord> watches = district_.Watches();
    const auto found = watches.find(watch);
    return found == watches.end() ? 0 : found->second.alert;
  }
  AlertDetail Detail(uint64_t id) const {
    absl::StatusOr<AlertDetail> detail = GetAlert(district_.Freeze(), id);
    EXPECT_TRUE(detail.ok()) << detail.status();
    return detail.ok() ? *std::move(detail) : AlertDetail();
  }
  std::string Remedy() const { return Detail(Open()).why.remedy; }
  std::string Text(uint64_t id) const { return Detail(id).why.text; }

  SimulatedDistrict district_{{.start = At("2025-08-01 12:00")}};
  Catalog catalog_ = SmallCatalog(2);
  int records_ = 0;
  bool trimmed_ = false;  // the log's front is no longer kept
};

// ---- What ends it ----

TEST_F(AlertWhyTest, ALeadingRecordEndsLaggingOnly) {
  Apply(LaggingOnlyTerms{6});
  Record("2025-09-10", "results", "2025-09-10");
  GoTo("2025-09-17");
  const uint64_t alert = Open();
  ASSERT_EQ(Remedy(), "A leading record dated on or after Tue 2025-09-09 would end it.");
  Record("", "walks", "2025-09-08");
  EXPECT_EQ(Open(), alert);
  EXPECT_EQ(Detail(alert).flips.back().record.flip.reason, FlipReason::kUpdated);
  EXPECT_EQ(Detail(alert).alert.record.due, D("2025-09-16"));
  EXPECT_EQ(Remedy(), "A leading record dated on or after Tue 2025-09-09 would end it.");
  Record("", "walks", "2025-09-09");
  EXPECT_EQ(Detail(alert).alert.record.closed_reason, FlipReason::kResolved);
}

// In a counted week it does, whatever the week: here the first one's leaves one week in a row.
TEST_F(AlertWhyTest, EvidenceInACountedCycleEndsCompletionOnly) {
  Apply(CompletionOnlyTerms{});
  Record("2025-09-17", "boxes", "2025-09-10");
  Record("2025-09-17", "boxes", "2025-09-17");
  Record("2025-09-17", "walks", "2025-09-06");  // before the year's first week
  GoTo("2025-09-23");
  const uint64_t alert = Open();
  ASSERT_NE(alert, 0u);
  ASSERT_EQ(Remedy(), "A record that is evidence, no completion, dated on or after Mon 2025-09-08 would end it.");
  Record("", "walks", "2025-09-07");
  EXPECT_EQ(Open(), alert);
  Record("", "walks", "2025-09-08");
  EXPECT_EQ(Detail(alert).alert.record.closed_reason, FlipReason::kResolved);
}

// Where the weeks after it are as many again, it must come later.
TEST_F(AlertWhyTest, EvidenceThatLeavesAsLongARowEndsNothing) {
  Apply(CompletionOnlyTerms{});
  for (const char* const date : {"2025-09-10", "2025-09-17", "2025-09-24"}) Record(date, "boxes", date);
  GoTo("2025-09-30");
  const uint64_t alert = Open();
  ASSERT_EQ(Remedy(), "A record that is evidence, no completion, dated on or after Mon 2025-09-15 would end it.");
  Record("", "walks", "2025-09-14");
  EXPECT_EQ(Open(), alert);
  EXPECT_EQ(Detail(alert).alert.record.due, D("2025-09-28"));
  Record("", "walks", "2025-09-15");
  EXPECT_EQ(Open(), 0u);
}

TEST_F(AlertWhyTest, AReviewOfWhatWaitsEndsReviewOverdue) {
  Apply(ReviewOverdueTerms{4});
  Record("2025-09-09", "results", "2025-09-09");
  Record("2025-09-10", "walks", "2025-09-10", 2);
  Record("2025-09-11", "lessons", "2025-09-11");
  Record("2025-09-16", "walks", "2025-09-16");  // does not wait for too long yet
  GoTo("2025-09-18");
  const uint64_t alert = Open();
  ASSERT_EQ(Remedy(),
            "A review dated on or after Thu 2025-09-11 that covers 1 record of \"lessons\", 1 record of \"results\" and 2 records of "
            "\"walks\", unreviewed for too long, would end it.");
  Review("2025-09-10", {"walks", "lessons", "results"});
  ASSERT_EQ(Open(), alert);
  ASSERT_EQ(Remedy(),
            "A review dated on or after Thu 2025-09-11 that covers 1 record of \"lessons\", unreviewed for too long, would end it.");
  Review("2025-09-18", {"walks"});
  EXPECT_EQ(Open(), alert);
  Review("2025-09-11", {"lessons"});
  EXPECT_EQ(Detail(alert).alert.record.closed_reason, FlipReason::kResolved);
}

TEST_F(AlertWhyTest, AReviewOfTheLastMonthEndsOneWithout) {
  Apply(ReviewOverdueTerms{400});
  Record("2025-09-29", "walks", "2025-09-29");
  GoTo("2025-11-06");
  const uint64_t alert = Open();
  ASSERT_EQ(Remedy(), "A review dated on or after Wed 2025-10-01 would end it.");
  Review("2025-09-30", {"voices"});
  EXPECT_EQ(Open(), alert);
  Review("2025-10-01", {"voices"});
  EXPECT_EQ(Open(), 0u);
}

TEST_F(AlertWhyTest, CollectionSlowEndsAtTheShareItNames) {
  Apply(CollectionSlowTerms{.records = 4, .percent = 25, .days = 2, .clear_percent = 13});
  Record("2025-09-08", "walks", "2025-09-08");
  Record("2025-09-16", "walks", "2025-09-09", 2);
  Record("2025-09-16", "lessons", "2025-09-15", 4);
  GoTo("2025-09-17");
  const uint64_t alert = Open();
  EXPECT_THAT(Text(alert), HasSubstr("2 of the last 6 records became known more than 2 instructional days after their event (4 are looked "
                                     "at, with all that share the first one's date). Since what was recorded on Tue 2025-09-16 that is "
                                     "more than 25 %, and it has not come down to 13 % since."));
  ASSERT_EQ(Remedy(),
            "It ends once none of the last 4 records (at most 13 %) has become known later than that, with the next one recorded on a "
            "later date.");
  Record("2025-09-17", "walks", "2025-09-17", 3);
  Record("2025-09-18", "walks", "2025-09-12");  // one of the last four
  Record("2025-09-19", "walks", "2025-09-19");
  EXPECT_EQ(Open(), alert);
  Record("2025-09-22", "walks", "2025-09-22", 4);
  EXPECT_EQ(Open(), alert);
  EXPECT_THAT(Text(alert), AllOf(HasSubstr("0 of the last 4 records became known more than 2 instructional days after their event"),
                                 HasSubstr("Since what was recorded on Tue 2025-09-16 that was more than 25 %; it is at most 13 % now, "
                                           "which counts once a record comes on a later date.")));
  Record("2025-09-23", "walks", "2025-09-12");
  EXPECT_EQ(Detail(alert).alert.record.closed_reason, FlipReason::kResolved);
}

TEST_F(AlertWhyTest, ALinkedRecordEndsActionWithoutEvidence) {
  Apply(ActionWithoutEvidenceTerms{4});
  Inquiry inquiry = InquiryOf("talk", "t1", D("2025-09-08"));
  inquiry.links = {{"walks", ExpectedDirection::kIncrease}};
  inquiry.actions = {{"plan", "Plan lessons together", D("2025-09-10")}};
  GoTo("2025-09-10");
  ASSERT_TRUE(district_.RecordInquiry(inquiry).ok());
  GoTo("2025-09-17");
  const uint64_t alert = Open();
  ASSERT_THAT(Remedy(), HasSubstr("A record of \"walks\" dated after Wed 2025-09-10 would end it"));
  Record("", "walks", "2025-09-10");
  EXPECT_EQ(Open(), alert);
  Record("", "walks", "2025-09-11");
  EXPECT_EQ(Detail(alert).alert.record.closed_reason, FlipReason::kResolved);
}

// Each that is due must be ended: what ends one alone does not end the alert, and is not said to.
TEST_F(AlertWhyTest, SeveralActionsWithoutEvidence) {
  Apply(ActionWithoutEvidenceTerms{4});
  Inquiry inquiry = InquiryOf("talk", "t1", D("2025-09-08"));
  inquiry.links = {{"walks", ExpectedDirection::kIncrease}};
  inquiry.actions = {{"plan", "Plan lessons together", D("2025-09-10")}, {"visit", "Visit each other", D("2025-09-12")}};
  GoTo("2025-09-10");
  ASSERT_TRUE(district_.RecordInquiry(inquiry).ok());
  GoTo("2025-09-17");
  const uint64_t alert = Open();
  EXPECT_THAT(Remedy(), HasSubstr("A record of \"walks\" dated after Wed 2025-09-10 would end it"));  // the other is not due yet
  GoTo("2025-09-19");
  EXPECT_THAT(Text(alert), HasSubstr("So waits action \"visit\" of inquiry \"talk\", due on Thu 2025-09-18."));
  EXPECT_EQ(Remedy(),
            "It takes each of these: for action \"plan\" of inquiry \"talk\" a record of \"walks\" dated after Wed 2025-09-10, or the "
            "inquiry done or stopped, or saying that the action was over on Tue 2025-09-16; for action \"visit\" of inquiry \"talk\" a "
            "record of \"walks\" dated after Fri 2025-09-12, or the inquiry done or stopped, or saying that the action was over on Thu "
            "2025-09-18.");
  Record("", "walks", "2025-09-12");
  EXPECT_EQ(Open(), alert);
  EXPECT_THAT(Remedy(), HasSubstr("A record of \"walks\" dated after Fri 2025-09-12 would end it"));
  Record("", "walks", "2025-09-13");
  EXPECT_EQ(Detail(alert).alert.record.closed_reason, FlipReason::kResolved);
}

// What a new year counts from is said.
TEST_F(AlertWhyTest, AnActionOfTheYearBeforeCountsFromTheStart) {
  Apply(ActionWithoutEvidenceTerms{4});
  Inquiry inquiry = InquiryOf("talk", "t1", D("2025-09-08"));
  inquiry.links = {{"walks", ExpectedDirection::kIncrease}};
  inquiry.actions = {{"plan", "Plan lessons together", D("2026-06-10")}};
  GoTo("2026-06-10");
  ASSERT_TRUE(district_.RecordInquiry(inquiry).ok());
  GoTo("2026-09-14");
  EXPECT_THAT(Text(Open()), HasSubstr("counting 4 instructional days from the start in school year 2026-27, 2026-09-06, gives the due date "
                                      "Thu 2026-09-10."));
}

// ---- Which of the three ----

TEST_F(AlertWhyTest, ReviewOverdueSaysSinceWhenItCounts) {
  Apply(ReviewOverdueTerms{4}, "2025-09-15");
  Record("2025-09-09", "walks", "2025-09-09");
  GoTo("2025-09-22");
  EXPECT_THAT(Text(Open()), AllOf(HasSubstr("1 record is unreviewed, the longest since Sun 2025-09-14, the start: the rule counts nothing "
                                            "before it. The rule \"rule\" asks for a review within 4 instructional days; counting 4 "
                                            "instructional days from the start in school year 2025-26, 2025-09-14, gives the due date Thu "
                                            "2025-09-18."),
                                  Not(HasSubstr("corrected"))));
  ASSERT_TRUE(district_.Record("forms", {NumberRecord("r1", "t1", "walks", D("2025-09-09"), 2)}).ok());
  GoTo("2025-09-30");
  EXPECT_THAT(Text(Open()), HasSubstr("1 record is unreviewed, the longest since Mon 2025-09-22, when it was corrected."));
}

// ---- Closed ones ----

// By the review; and what would be due next is not told as if it had been.
TEST_F(AlertWhyTest, AClosedReviewOverdue) {
  Apply(ReviewOverdueTerms{4});
  Record("2025-09-10", "walks", "2025-09-10");
  GoTo("2025-09-17");
  const uint64_t alert = Open();
  Review("2025-09-17", {"walks"});
  EXPECT_EQ(Text(alert),
            "RAISED since 07:00 on Wed 2025-09-17 (the due date was Tue 2025-09-16, by catalog version 1); closed at 12:00 on Wed "
            "2025-09-17 because a review was held, or evidence arrived (RESOLVED). By catalog version 1 the rule \"rule\" raised an alert "
            "once a record had been unreviewed for 4 instructional days, or an eligible month had no review. By catalog version 1 and the "
            "evidence there is now, the due date in school year 2025-26 is Fri 2025-10-31.");
  EXPECT_EQ(Detail(alert).why.remedy, "Nothing is left to do: it is closed.");
}

TEST_F(AlertWhyTest, AClosedCompletionOnly) {
  Apply(CompletionOnlyTerms{});
  Record("2025-09-17", "boxes", "2025-09-10");
  Record("2025-09-17", "boxes", "2025-09-17");
  GoTo("2025-09-23");
  const uint64_t alert = Open();
  Record("", "walks", "2025-09-22");
  EXPECT_EQ(Text(alert),
            "RAISED since 07:00 on Mon 2025-09-22 (the due date was Sun 2025-09-21, by catalog version 1); closed at 12:00 on Tue "
            "2025-09-23 because evidence arrived (RESOLVED). By catalog version 1 the rule \"rule\" raised an alert after 2 weeks in a row "
            "with completions and no evidence. By catalog version 1 and the evidence there is now, nothing is due in school year 2025-26.");
}

// The rule as it was when the alert opened, and what closed it by a name that may be true.
TEST_F(AlertWhyTest, AnAlertThatAnotherThresholdCloses) {
  catalog_.display_name = "Springfield";
  Apply(LaggingOnlyTerms{6});
  Record("2025-09-10", "results", "2025-09-10");
  GoTo("2025-09-12");
  catalog_.display_name = "The district of Springfield";
  Apply(LaggingOnlyTerms{7});
  GoTo("2025-09-19");
  const uint64_t alert = Open();
  ASSERT_NE(alert, 0u);
  for (const char* const name : {"Third", "Fourth"}) {  // versions that change nothing
    catalog_.display_name = name;
    Apply();
  }
  std::get<LaggingOnlyTerms>(catalog_.alert_rules[0].terms).days = 90;
  Apply();
  EXPECT_EQ(Text(alert),
            "RAISED since 07:00 on Wed 2025-09-17 (the due date was Tue 2025-09-16, by catalog version 2); closed at 12:00 on Fri "
            "2025-09-19 because a void, a correction or a change of calendar, team or rule made it untrue (RETRACTED). By catalog version "
            "2 the rule \"rule\" raised an alert once there were lagging records and, for 7 instructional days, no leading signal. By "
            "catalog version 5 and the evidence there is now, the due date in school year 2025-26 is Tue 2026-01-27.");
}

TEST_F(AlertWhyTest, AnAlertWhoseRuleIsSwitchedOff) {
  Apply(CollectionSlowTerms{.records = 4, .percent = 25, .days = 2, .clear_percent = 20});
  Record("2025-09-08", "walks", "2025-09-08");
  Record("2025-09-16", "walks", "2025-09-09", 4);
  GoTo("2025-09-17");
  const uint64_t alert = Open();
  catalog_.alert_rules[0].enabled = false;
  Apply();
  const AlertDetail closed = Detail(alert);
  EXPECT_EQ(closed.why.text,
            "RAISED since 07:00 on Wed 2025-09-17 (the due date was Tue 2025-09-16, by catalog version 1); closed at 12:00 on Wed "
            "2025-09-17 because a void, a correction or a change of calendar, team or rule made it untrue (RETRACTED). By catalog version "
            "1 the rule \"rule\" raised an alert once more than 25 % of the last 4 records had become known more than 2 instructional days "
            "after their event. Catalog version 2 no longer has this watch on the date on which the alert opened: the team, the rule "
            "or the "
            "calendar has changed.");
  EXPECT_FALSE(closed.why.dates.has_value());
}

TEST_F(AlertWhyTest, CollectionSlowIsRetractedByAVoid) {
  Apply(CollectionSlowTerms{.records = 4, .percent = 25, .days = 2, .clear_percent = 20});
  Record("2025-09-08", "walks", "2025-09-08");
  Record("2025-09-12", "walks", "2025-09-12", 4);
  Record("2025-09-16", "walks", "2025-09-09", 4);
  GoTo("2025-09-17");
  const uint64_t alert = Open();
  ASSERT_NE(alert, 0u);
  ASSERT_TRUE(district_.Record("forms", {VoidRecord("r6"), VoidRecord("r7"), VoidRecord("r8"), VoidRecord("r9")}).ok());
  EXPECT_EQ(Detail(alert).alert.record.closed_reason, FlipReason::kRetracted);
  EXPECT_THAT(Text(alert), HasSubstr("because a void, a correction or a change of calendar, team or rule made it untrue (RETRACTED)."));
}

TEST_F(AlertWhyTest, AnActionsAlertThatItsInquiryCloses) {
  Apply(ActionWithoutEvidenceTerms{4});
  Inquiry inquiry = InquiryOf("talk", "t1", D("2025-09-08"));
  inquiry.actions = {{"plan", "Plan lessons together", D("2025-09-10")}};
  GoTo("2025-09-10");
  ASSERT_TRUE(district_.RecordInquiry(inquiry).ok());
  GoTo("2025-09-17");
  const uint64_t alert = Open();
  inquiry.status = InquiryStatus::kDone;
  ASSERT_TRUE(district_.RecordInquiry(inquiry).ok());
  EXPECT_THAT(Text(alert), AllOf(HasSubstr("a change of calendar, team, inquiry or rule made it untrue (RETRACTED)."),
                                 HasSubstr("once an action had been taken for 4 instructional days without leading evidence.")));
}

TEST_F(AlertWhyTest, AClosedExpectationsAlertTellsWhatWasAskedThen) {
  Apply();
  GoTo("2025-09-18");
  const uint64_t alert = Open({"t1", "walks"});
  ASSERT_NE(alert, 0u);
  catalog_.expectations[0].every_days = 20;
  Apply();
  EXPECT_THAT(Text(alert), AllOf(HasSubstr("LATE since 07:00 on Wed 2025-09-17 (the due date was Tue 2025-09-16, by catalog version "
                                           "1); closed "
                                           "at 12:00 on Thu 2025-09-18 because a void, a correction or a change of calendar, team or "
                                           "expectation made it untrue (RETRACTED)."),
                                 HasSubstr("By catalog version 1 the expectation \"walks\" asked for one every 5 instructional days, "
                                           "the first "
                                           "within 5 + 2 from the start.")));
}

TEST_F(AlertWhyTest, AClosedSourcesAlert) {
  catalog_.sources[0].every_days = 3;
  Apply();
  Record("2025-09-08", "walks", "2025-09-08");
  GoTo("2025-09-18");
  const uint64_t alert = Open({"", "forms"});
  ASSERT_NE(alert, 0u);
  Record("", "walks", "2025-09-18");
  EXPECT_EQ(Text(alert),
            "Source \"forms\": RAISED since 07:00 on Fri 2025-09-12 (the due date was Thu 2025-09-11, by catalog version 1); closed "
            "at 12:00 "
            "on Thu 2025-09-18 because it was heard again (RESOLVED). By catalog version 1 it was expected once in 3 instructional days.");
  catalog_.sources[0].every_days = 0;
  Apply();
  EXPECT_THAT(Text(alert), HasSubstr("By catalog version 1 it was expected once in 3 instructional days."));
}

TEST_F(AlertWhyTest, ASourceThatWasNeverHeardCountsFromTheStart) {
  catalog_.sources[0].every_days = 3;
  Apply();
  GoTo("2025-09-12");
  EXPECT_THAT(Text(Open({"", "forms"})), HasSubstr("from the start, Sun 2025-09-07, gives the due date Wed 2025-09-10."));
}

// ---- Why no sooner ----

TEST_F(AlertWhyTest, NobodyCouldTell) {
  catalog_.sources[0].every_days = 3;
  Apply();
  district_.AdvanceTo(At("2025-10-06 12:00"));
  Record("", "lessons", "2025-10-06");
  district_.AdvanceTo(At("2025-10-08 12:00"));
  const uint64_t alert = Open({"t1", "walks"});
  ASSERT_NE(alert, 0u);
  EXPECT_THAT(Text(alert), AllOf(HasSubstr("gives the due date Tue 2025-09-16."), HasSubstr("LATE since 07:00 on Tue 2025-10-07"),
                                 HasSubstr("From 07:00 on Thu 2025-09-11 to 12:10 on Mon 2025-10-06 no source that feeds it was "
                                           "heard, so that "
                                           "nobody could tell (UNKNOWN)."),
                                 Not(HasSubstr("did not open sooner")), Not(HasSubstr("Nobody watched"))));
}

TEST_F(AlertWhyTest, NobodyWatched) {
  catalog_.expectations[0].from = D("2025-09-01");
  const std::vector<Expectation> expectations = std::exchange(catalog_.expectations, {});
  Apply();
  GoTo("2025-10-15");
  catalog_.expectations = expectations;
  Apply();
  GoTo("2025-10-17");
  const uint64_t alert = Open({"t1", "walks"});
  ASSERT_NE(alert, 0u);
  EXPECT_THAT(Text(alert), AllOf(HasSubstr("LATE since 07:00 on Thu 2025-10-16"),
                                 HasSubstr("Nobody watched before 12:00 on Wed 2025-10-15, when the expectation came to hold for the "
                                           "team.")));
  GoTo("2025-10-20");
  Record("", "walks", "2025-10-20");
  EXPECT_THAT(Text(alert), HasSubstr("Nobody watched before 12:00 on Wed 2025-10-15"));
}

TEST_F(AlertWhyTest, WhatWasRecordedSaidOtherwise) {
  Apply(CompletionOnlyTerms{});
  Record("2025-09-17", "boxes", "2025-09-10");
  Record("2025-09-24", "lessons", "2025-09-24");
  Record("2025-10-15", "boxes", "2025-09-17");
  ASSERT_TRUE(district_.Record("forms", {VoidRecord("r2")}).ok());
  GoTo("2025-10-16");
  EXPECT_THAT(Text(Open()), AllOf(HasSubstr("The due date is the last date of the last one, Sun 2025-09-21."),
                                  HasSubstr("RAISED since 07:00 on Thu 2025-10-16. It did not open sooner because what was recorded, or "
                                            "the catalog in force, had given a later due date or none.")));
}

TEST_F(AlertWhyTest, TheServiceWasDown) {
  Apply();
  GoTo("2025-09-15");
  ASSERT_TRUE(district_.Restart(At("2025-09-19 15:00")).has_value());
  GoTo("2025-09-20");
  EXPECT_THAT(Text(Open({"t1", "walks"})),
              HasSubstr("The service, which was down or settling, noticed it at 15:10 on Fri 2025-09-19."));
}

TEST_F(AlertWhyTest, OneThatOpenedInTimeSaysNothingOfIt) {
  Apply();
  GoTo("2025-09-18");
  EXPECT_THAT(Text(Open({"t1", "walks"})), AllOf(Not(HasSubstr("Nobody")), Not(HasSubstr("noticed")), Not(HasSubstr("sooner"))));
}

TEST_F(AlertWhyTest, AnEarlierAlertIsNamed) {
  Apply();
  GoTo("2025-09-17");
  const uint64_t first = Open({"t1", "walks"});
  Record("2025-09-18", "walks", "2025-09-17");
  GoTo("2025-09-23");
  ASSERT_TRUE(district_.Record("forms", {VoidRecord("r1")}).ok());
  GoTo("2025-09-24");
  const uint64_t second = Open({"t1", "walks"});
  ASSERT_NE(second, 0u);
  EXPECT_THAT(Text(second), AllOf(HasSubstr(absl::StrCat("It had been open before, from 07:00 on Wed 2025-09-17 to 12:00 on Thu 2025-09-18 "
                                                         "(alert ", first, "). In between what was recorded, or the catalog in force, had "
                                                         "given a later due date or none.")),
                                  Not(HasSubstr("sooner")), Not(HasSubstr("no longer kept"))));
}

TEST_F(AlertWhyTest, WhatIsNoLongerKeptIsSaidToBeSo) {
  catalog_.sources[0].every_days = 3;
  catalog_.settings.flip_retention_days = 7;
  trimmed_ = true;
  Apply();
  district_.AdvanceTo(At("2025-10-06 12:00"));
  Record("", "lessons", "2025-10-06");
  GoTo("2025-10-08");
  const uint64_t alert = Open({"t1", "walks"});
  ASSERT_NE(alert, 0u);
  EXPECT_THAT(Text(alert), AllOf(HasSubstr("gives the due date Tue 2025-09-16."), HasSubstr("LATE since 07:00 on Tue 2025-10-07"),
                                 HasSubstr("What became of it before 12:10 on Mon 2025-10-06 is no longer kept")));
}

// ---- A due date that moves while the alert is open ----

TEST_F(AlertWhyTest, AnotherDueDateIsSaidToBeAnother) {
  Apply();
  GoTo("2025-09-18");
  const uint64_t alert = Open({"t1", "walks"});
  EXPECT_THAT(Text(alert), Not(HasSubstr("It opened by")));
  Record("", "walks", "2025-09-10");
  EXPECT_EQ(Open({"t1", "walks"}), alert);
  EXPECT_THAT(Text(alert), AllOf(HasSubstr("gives the due date Wed 2025-09-17."), HasSubstr("LATE since 07:00 on Wed 2025-09-17"),
                                 HasSubstr("It opened by the due date Tue 2025-09-16, by catalog version 1; since 12:00 on Thu 2025-09-18 "
                                           "the due date in force is Wed 2025-09-17.")));
}

TEST_F(AlertWhyTest, ARulesOtherDueDateToo) {
  Apply(LaggingOnlyTerms{6});
  Record("2025-09-10", "results", "2025-09-10");
  GoTo("2025-09-17");
  const uint64_t alert = Open();
  Record("", "walks", "2025-09-08");
  EXPECT_THAT(Text(alert), HasSubstr("It opened by the due date Mon 2025-09-15, by catalog version 1; since 12:00 on Wed 2025-09-17 the "
                                     "due date in force is Tue 2025-09-16."));
}

// What a change makes overdue is so from the next morning on, and no earlier date is told.
TEST_F(AlertWhyTest, OverdueIsNotToldOfThePast) {
  Apply();
  GoTo("2025-09-18");
  const WatchName walks{"t1", "walks"};
  EXPECT_THAT(Text(Open(walks)), HasSubstr("OVERDUE from 07:00 on Mon 2025-09-22 without one"));
  catalog_.expectations[0].grace_days = 0;
  Apply();
  const AlertDetail detail = Detail(Open(walks));
  EXPECT_EQ(detail.alert.record.state, WatchState::kLate);
  EXPECT_THAT(detail.why.text, HasSubstr("OVERDUE from 07:00 on Fri 2025-09-19 without one"));
  EXPECT_EQ(detail.why.dates->overdue_day, D("2025-09-19"));
  GoTo("2025-09-19");
  EXPECT_EQ(Detail(Open(walks)).alert.record.state, WatchState::kOverdue);
}

// ---- A snooze that the alert does not outlive ----

TEST_F(AlertWhyTest, ASnoozeMayEndWithTheYear) {
  Apply(ReviewOverdueTerms{4});
  Record("2026-06-01", "walks", "2026-06-01");
  GoTo("2026-06-10");
  const uint64_t alert = Open();
  ASSERT_NE(alert, 0u);
  const auto closes = [&] { return ClosesSnoozed(district_.Freeze(), FindAlert(district_.Freeze(), alert).value()); };
  EXPECT_EQ(closes(), std::nullopt);
  ASSERT_TRUE(district_.SnoozeUntil(kRule, D("2026-06-12")).ok());  // the last day
  EXPECT_EQ(closes(), std::nullopt);
  ASSERT_TRUE(district_.SnoozeUntil(kRule, D("2026-06-13")).ok());
  EXPECT_EQ(closes(), D("2026-06-12"));
  ASSERT_TRUE(district_.SnoozeDays(kRule, 3).ok());  // until the next year's first
  EXPECT_EQ(closes(), D("2026-06-12"));
  GoTo("2026-06-13");
  EXPECT_EQ(Detail(alert).alert.record.closed_reason, FlipReason::kYearEnded);
  EXPECT_EQ(closes(), std::nullopt);
}

// ---- What was stored before it would have been refused ----

TEST_F(AlertWhyTest, ACatalogWhoseExpectationPicksNobodyOpens) {
  Catalog old = catalog_;
  old.expectations.push_back(ExpectationOn("nobody", {}, 5, 3, 2));
  old.expectations.back().team_labels = {{"level", "zip"}};
  EXPECT_THAT(std::string(district_.Apply(old).status().message()),
              HasSubstr("expectations[1].team_labels: picks no team; give labels that a team has, or remove the expectation"));
  // As a program before would have logged it: a staged one is checked before it is staged.
  Apply();
  ByteWriter staged;
  PutCatalog(staged, old);
  PutZones(staged, district_.Read()->catalog()->zones());
  ASSERT_TRUE(district_.Execute(StageCatalogCommand{true, std::move(staged).Take()}).ok());
  ASSERT_TRUE(district_.Execute(ApplyCatalogCommand{.catalog = catalog_, .zones = {}, .staged = true, .expected_version = {}}).ok());
  EXPECT_EQ(district_.Read()->catalog()->catalog().expectations.size(), 2u);
  district_.Restart();
  EXPECT_EQ(district_.Read()->catalog()->catalog().expectations.size(), 2u);
  GoTo("2025-09-18");
  EXPECT_NE(Open({"t1", "walks"}), 0u);
}

}  // namespace
}  // namespace leadlag
