#include "core/review.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace leadlag {
namespace {

Date D(int day) { return Date::FromYmd(2025, 9, day); }
Instant At(int seconds) { return Instant::FromSeconds(1'757'000'000 + seconds); }

// A walkthrough of Thursday the 4th, known on the 5th, recorded at second 100.
CoverQuery Record() { return {"sis", "r-1", "walkthroughs", D(4), At(100), D(5)}; }

Review OfIndicator(Date date, int entered) {
  Review review{.id = "v", .team = "team", .date = date, .indicators = {"climate", "walkthroughs"}};
  review.recorded = At(entered);
  return review;
}

Review OfRecord(Date date, int entered) {
  Review review{.id = "v", .team = "team", .date = date, .evidence = {{"sis", "r-0"}, {"sis", "r-1"}}};
  review.recorded = At(entered);
  return review;
}

TEST(ReviewTest, CoversRecordsOfItsIndicatorsUpToItsDate) {
  EXPECT_TRUE(Covers(OfIndicator(D(8), 200), Record()));
  EXPECT_TRUE(Covers(OfIndicator(D(5), 200), Record()));
  CoverQuery record = Record();
  record.indicator = "surveys";
  EXPECT_FALSE(Covers(OfIndicator(D(8), 200), record));
  record = Record();
  record.start = D(4);
  record.event_date = D(8);
  EXPECT_TRUE(Covers(OfIndicator(D(8), 200), record));
  record.event_date = D(9);
  EXPECT_FALSE(Covers(OfIndicator(D(8), 200), record)) << "an event after the meeting was not looked at";
}

TEST(ReviewTest, CoversListedRecordsWhateverTheirIndicatorAndDate) {
  CoverQuery record = Record();
  record.indicator = "surveys";
  record.event_date = D(9);
  EXPECT_TRUE(Covers(OfRecord(D(8), 200), record));
  record.evidence_id = "r-2";
  EXPECT_FALSE(Covers(OfRecord(D(8), 200), record));
  record = Record();
  record.source = "other";
  EXPECT_FALSE(Covers(OfRecord(D(8), 200), record)) << "an evidence id is its source's own";
}

TEST(ReviewTest, CoversOnlyWhatWasRecordedBeforeItWasEntered) {
  EXPECT_TRUE(Covers(OfRecord(D(8), 101), Record()));
  EXPECT_FALSE(Covers(OfRecord(D(8), 100), Record())) << "at the same moment is not before";
  EXPECT_FALSE(Covers(OfIndicator(D(8), 99), Record()));
}

TEST(ReviewTest, CoversOnlyWhatWasKnownByItsDate) {
  EXPECT_FALSE(Covers(OfRecord(D(4), 200), Record()));
  EXPECT_FALSE(Covers(OfIndicator(D(4), 200), Record()));
}

TEST(ReviewTest, TheFirstCoveringReviewByItsDateCountsInWhateverOrder) {
  std::vector<Review> reviews = {OfRecord(D(12), 200), OfIndicator(D(10), 300), OfIndicator(D(4), 400),
                                 OfRecord(D(9), 50)};
  std::sort(reviews.begin(), reviews.end(), [](const Review& a, const Review& b) { return a.recorded < b.recorded; });
  do {
    EXPECT_EQ(ReviewedDate(reviews, Record()), D(10));
  } while (std::next_permutation(reviews.begin(), reviews.end(),
                                 [](const Review& a, const Review& b) { return a.recorded < b.recorded; }));
  EXPECT_EQ(ReviewedDate({}, Record()), std::nullopt);
  EXPECT_EQ(ReviewedDate({OfRecord(D(4), 400)}, Record()), std::nullopt);
}

}  // namespace
}  // namespace leadlag
