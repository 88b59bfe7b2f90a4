#include "core/team_reviews.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "tests/support/random_seed.h"

namespace leadlag {
namespace {

// Against the rule that looks at every review.
TEST(TeamReviewsTest, FindsWhatLookingAtAllOfThemFinds) {
  const Date first = Date::Parse("2025-09-01").value();
  for (const uint64_t seed : Seeds(200, 5'000)) {
    SCOPED_TRACE(Replay(seed));
    Random random(seed);
    const auto date = [&] { return first + random.Between(0, 12); };
    const auto record_id = [&] { return "r" + std::to_string(random.Between(1, 6)); };
    const auto indicator = [&] { return "i" + std::to_string(random.Between(1, 3)); };
    TeamReviews arranged;
    std::vector<Review> reviews, as_reached;  // those that are not reached cover what they list alone
    std::vector<std::string> not_reached;
    for (int i = random.Between(0, 12); i > 0; --i) {
      Review review{.id = "v" + std::to_string(i), .team = "t", .date = date(), .recorded = Instant{random.Between(0, 20)}};
      for (int n = random.Between(0, 2); n > 0; --n) review.indicators.push_back(indicator());
      for (int n = random.Between(0, 3); n > 0; --n) review.evidence.push_back({random.OneIn(2) ? "a" : "b", record_id()});
      reviews.push_back(review);
      as_reached.push_back(review);
      if (random.OneIn(4)) {
        not_reached.push_back(review.id);
        as_reached.back().indicators.clear();
      }
      arranged.Add(std::move(review));
    }
    const TeamReviews moved = std::move(arranged);
    for (int i = 0; i < 30; ++i) {
      const std::string source = random.OneIn(2) ? "a" : "b", id = record_id(), of = indicator();
      const CoverQuery record{.source = source, .evidence_id = id, .indicator = of, .event_date = date(),
                              .recorded = Instant{random.Between(0, 20)}, .start = date()};
      EXPECT_EQ(moved.ReviewedDate(record), ReviewedDate(reviews, record));
      const std::vector<std::string_view> views(not_reached.begin(), not_reached.end());
      EXPECT_EQ(moved.ReviewedDate(record, views), ReviewedDate(as_reached, record));
    }
    for (const Review& review : reviews) EXPECT_EQ(*moved.Find(review.id), review);
    EXPECT_EQ(moved.Find("nothing"), nullptr);
    EXPECT_EQ(moved.all().size(), reviews.size());
  }
}

}  // namespace
}  // namespace leadlag
