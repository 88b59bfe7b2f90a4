#include "core/evidence.h"

#include <functional>
#include <vector>

#include "gtest/gtest.h"

namespace leadlag {
namespace {

EvidenceContent Walkthrough() {
  EvidenceContent content;
  content.team = "elm-street";
  content.indicator = "walkthroughs";
  content.event_date = Date::FromYmd(2025, 9, 4);
  content.value = Proportion{3, 4};
  content.reported = Instant::FromSeconds(1'757'000'000);
  content.note = "grade 3";
  return content;
}

TEST(EvidenceTest, EveryFieldButTheSourceVersionIsContent) {
  const std::vector<std::function<void(EvidenceContent&)>> changes = {
      [](auto& e) { e.team = "oak-street"; },
      [](auto& e) { e.indicator = "visits"; },
      [](auto& e) { e.event_date = Date::FromYmd(2025, 9, 5); },
      [](auto& e) { e.event_time = Instant::FromSeconds(1); },
      [](auto& e) {
        e.period = DateRange{Date(1), Date(2)};
      },
      [](auto& e) {
        e.value = Proportion{3, 5};
      },
      [](auto& e) { e.value = 0.75; },
      [](auto& e) { e.value = Completion{}; },
      [](auto& e) { e.value = Void{}; },
      [](auto& e) { e.reported = std::nullopt; },
      [](auto& e) { e.note = ""; },
  };
  for (size_t i = 0; i < changes.size(); ++i) {
    EvidenceContent changed = Walkthrough();
    EXPECT_TRUE(changed.SameContent(Walkthrough()));
    changes[i](changed);
    EXPECT_FALSE(changed.SameContent(Walkthrough())) << i;
    EXPECT_FALSE(Walkthrough().SameContent(changed)) << i;
  }
  EvidenceContent versioned = Walkthrough();
  versioned.source_version = 7;
  EXPECT_TRUE(versioned.SameContent(Walkthrough()));
}

TEST(EvidenceTest, EveryFieldOfAReviewButRecordedIsContent) {
  const Review review{"r-1", "elm-street", Date::FromYmd(2025, 9, 12), {"walkthroughs"}, {{"forms", "e-1"}}, "go on",
                      {}};
  const std::vector<std::function<void(Review&)>> changes = {
      [](auto& r) { r.id = "r-2"; },
      [](auto& r) { r.team = "oak-street"; },
      [](auto& r) { r.date = r.date + 1; },
      [](auto& r) { r.indicators.clear(); },
      [](auto& r) { r.evidence[0].source = "sheet"; },
      [](auto& r) { r.decision = "stop"; },
  };
  for (size_t i = 0; i < changes.size(); ++i) {
    Review changed = review;
    changes[i](changed);
    EXPECT_FALSE(changed.SameContent(review)) << i;
  }
  Review later = review;
  later.recorded = Instant::FromSeconds(1);
  EXPECT_TRUE(later.SameContent(review));
}

}  // namespace
}  // namespace leadlag
