#include "core/privacy.h"

#include <gtest/gtest.h>

namespace leadlag {
namespace {

Indicator Of(Category category, Population population = Population::kUnspecified) {
  Indicator indicator;
  indicator.id = "i";
  indicator.category = category;
  indicator.measure = Measure::kProportion;
  indicator.population = population;
  return indicator;
}

TEST(PrivacyTest, ThePopulationIsTheCategorysUnlessItIsSaid) {
  EXPECT_EQ(PopulationOf(Of(Category::kStudentExperience)), Population::kStudents);
  EXPECT_EQ(PopulationOf(Of(Category::kOutcome)), Population::kStudents);
  EXPECT_EQ(PopulationOf(Of(Category::kBalancing)), Population::kStudents);
  EXPECT_EQ(PopulationOf(Of(Category::kAdultLearning)), Population::kStaff);
  EXPECT_EQ(PopulationOf(Of(Category::kWalkthrough)), Population::kNone);
  EXPECT_EQ(PopulationOf(Of(Category::kImplementation)), Population::kNone);
  EXPECT_EQ(PopulationOf(Of(Category::kOutcome, Population::kNone)), Population::kNone);
  EXPECT_EQ(PopulationOf(Of(Category::kWalkthrough, Population::kStaff)), Population::kStaff);
}

TEST(PrivacyTest, FewerThanTheFloorAreHidden) {
  const DistrictSettings settings;
  const auto hidden = [&](const Indicator& indicator, int n) { return IsHidden(settings, &indicator, Proportion{1, n}); };
  EXPECT_TRUE(hidden(Of(Category::kOutcome), 9));
  EXPECT_FALSE(hidden(Of(Category::kOutcome), 10));
  EXPECT_TRUE(hidden(Of(Category::kAdultLearning), 4));
  EXPECT_FALSE(hidden(Of(Category::kAdultLearning), 5));
  EXPECT_FALSE(hidden(Of(Category::kWalkthrough), 1));
  EXPECT_TRUE(IsHidden(settings, nullptr, Proportion{1, 9}));  // of an indicator that is gone
  EXPECT_FALSE(IsHidden(settings, nullptr, Proportion{1, 10}));
  DistrictSettings raised;
  raised.student_floor = 20;
  raised.staff_floor = 8;
  const Indicator outcome = Of(Category::kOutcome), learning = Of(Category::kAdultLearning);
  EXPECT_TRUE(IsHidden(raised, &outcome, Proportion{1, 19}));
  EXPECT_TRUE(IsHidden(raised, &learning, Proportion{1, 7}));
  EXPECT_FALSE(IsHidden(raised, &learning, Proportion{1, 8}));
  for (const EvidenceValue& value : {EvidenceValue(3.0), EvidenceValue(Completion{}), EvidenceValue(Void{})}) {
    EXPECT_FALSE(IsHidden(settings, &outcome, value));
  }
}

TEST(PrivacyTest, CatalogsThatHideTheSame) {
  Catalog catalog;
  catalog.indicators = {Of(Category::kOutcome)};
  Catalog other = catalog;
  EXPECT_TRUE(HideTheSame(catalog, other));
  other.display_name = "Springfield";
  other.indicators[0].population = Population::kStudents;  // as it was
  EXPECT_TRUE(HideTheSame(catalog, other));
  other.indicators[0].population = Population::kStaff;
  EXPECT_FALSE(HideTheSame(catalog, other));
  other.indicators.clear();
  EXPECT_FALSE(HideTheSame(catalog, other));
  other = catalog;
  other.settings.staff_floor = 6;
  EXPECT_FALSE(HideTheSame(catalog, other));
}

}  // namespace
}  // namespace leadlag
