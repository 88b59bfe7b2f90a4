#include "core/inquiry.h"

#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "core/limits.h"
#include "gtest/gtest.h"

namespace leadlag {
namespace {

Date Day(const char* text) { return Date::Parse(text).value(); }

Inquiry Good() {
  Inquiry inquiry;
  inquiry.id = "discourse";
  inquiry.team = "elm";
  inquiry.theme = "equity";
  inquiry.if_text = "we plan two questions for each lesson together";
  inquiry.then_text = "students explain their reasoning more often";
  inquiry.so_that_text = "more of them are on grade level in spring";
  inquiry.start = Day("2025-09-08");
  inquiry.cycle_days = 20;
  inquiry.next_review = Day("2025-10-06");
  inquiry.district_priority = "Mathematics for all";
  inquiry.links = {{"walks", ExpectedDirection::kIncrease, 10.0}, {"absence-rate", ExpectedDirection::kDecrease, std::nullopt}};
  inquiry.actions = {{"plan", "Plan together on Mondays", Day("2025-09-08"), std::nullopt},
                     {"visit", "Visit each other", Day("2025-09-15"), Day("2025-12-20")}};
  return inquiry;
}

Catalog CatalogOf() {
  Catalog catalog;
  catalog.teams.resize(1);
  catalog.teams[0].id = "elm";
  catalog.indicators.resize(4);
  catalog.indicators[0].id = "walks";
  catalog.indicators[1].id = "absence-rate";
  catalog.indicators[1].role = IndicatorRole::kLagging;
  catalog.indicators[2].id = "boxes";
  catalog.indicators[2].measure = Measure::kCompletion;
  catalog.indicators[3].id = "climate";
  catalog.indicators[3].role = IndicatorRole::kBalancing;
  catalog.inquiry_themes = {{"wellness", "Staff wellness"}};
  return catalog;
}

std::string FieldsOf(const std::vector<Problem>& problems) {
  std::string fields;
  for (const Problem& problem : problems) fields += (fields.empty() ? "" : " ") + problem.field;
  return fields;
}

using Edit = std::function<void(Inquiry&)>;

TEST(InquiryTest, AGoodOneHasNoProblem) {
  EXPECT_EQ(FieldsOf(Validate(Good(), "inquiry")), "");
  EXPECT_EQ(FieldsOf(ValidateReferences(Good(), CatalogOf(), "inquiry")), "");
  Inquiry bare = Good();  // a theory alone, to begin with
  bare.links.clear();
  bare.actions.clear();
  bare.cycle_days = 0;
  bare.next_review.reset();
  bare.district_priority.clear();
  EXPECT_EQ(FieldsOf(Validate(bare, "inquiry")), "");
}

TEST(InquiryTest, NamesWhatIsWrongByItself) {
  struct Case {
    const char* field;
    Edit edit;
  };
  const std::vector<Case> cases = {
      {"i.name", [](Inquiry& i) { i.id = "Discourse"; }},
      {"i.team", [](Inquiry& i) { i.team.clear(); }},
      {"i.theme", [](Inquiry& i) { i.theme.clear(); }},
      {"i.if_text", [](Inquiry& i) { i.if_text.clear(); }},
      {"i.then_text", [](Inquiry& i) { i.then_text = " \n\t"; }},
      {"i.so_that_text", [](Inquiry& i) { i.so_that_text.clear(); }},
      {"i.district_priority", [](Inquiry& i) { i.district_priority = " "; }},
      {"i.status", [](Inquiry& i) { i.status = InquiryStatus{}; }},
      {"i.status", [](Inquiry& i) { i.status = static_cast<InquiryStatus>(5); }},
      {"i.cycle_days", [](Inquiry& i) { i.cycle_days = -1; }},
      {"i.next_review_date", [](Inquiry& i) { i.next_review = i.start - 1; }},
      {"i.links[1].indicator", [](Inquiry& i) { i.links[1].indicator = "walks"; }},
      {"i.links[0].indicator", [](Inquiry& i) { i.links[0].indicator = "?"; }},
      {"i.links[1].expected_direction", [](Inquiry& i) { i.links[1].direction = ExpectedDirection{}; }},
      {"i.links[0].expected_change", [](Inquiry& i) { i.links[0].change = 0; }},
      {"i.links[0].expected_change", [](Inquiry& i) { i.links[0].change = -3; }},
      {"i.links[0].expected_change", [](Inquiry& i) { i.links[0].change = std::numeric_limits<double>::infinity(); }},
      {"i.links[0].expected_change", [](Inquiry& i) { i.links[0].change = std::numeric_limits<double>::quiet_NaN(); }},
      {"i.actions[1].id", [](Inquiry& i) { i.actions[1].id = "plan"; }},
      {"i.actions[0].id", [](Inquiry& i) { i.actions[0].id.clear(); }},
      {"i.actions[0].description", [](Inquiry& i) { i.actions[0].description.clear(); }},
      {"i.actions[0].start_date", [](Inquiry& i) { i.actions[0].start = i.start - 1; }},
      {"i.actions[1].end_date", [](Inquiry& i) { i.actions[1].end = i.actions[1].start; }},
      {"i.start_date", [](Inquiry& i) { i.start = Date::Min() - 1; }},
      {"i.next_review_date", [](Inquiry& i) { i.next_review = Date::Max(); }},
      {"i.actions[0].start_date", [](Inquiry& i) { i.actions[0].start = Date::Max(); }},
      {"i.actions[1].end_date", [](Inquiry& i) { i.actions[1].end = Date::Max(); }},
  };
  for (const Case& c : cases) {
    Inquiry inquiry = Good();
    c.edit(inquiry);
    EXPECT_EQ(FieldsOf(Validate(inquiry, "i")), c.field);
  }
}

TEST(InquiryTest, GoesToItsLimitsAndNotPastThem) {
  struct Limit {
    const char* field;
    size_t limit;
    std::function<void(Inquiry&, size_t)> fill;
  };
  const std::vector<Limit> limits = {
      {"i.if_text", kInquiryTextBytesMax, [](Inquiry& i, size_t size) { i.if_text.assign(size, 'a'); }},
      {"i.then_text", kInquiryTextBytesMax, [](Inquiry& i, size_t size) { i.then_text.assign(size, 'a'); }},
      {"i.so_that_text", kInquiryTextBytesMax, [](Inquiry& i, size_t size) { i.so_that_text.assign(size, 'a'); }},
      {"i.district_priority", kMaxTextBytes, [](Inquiry& i, size_t size) { i.district_priority.assign(size, 'a'); }},
      {"i.actions[0].description", kInquiryActionBytesMax, [](Inquiry& i, size_t size) { i.actions[0].description.assign(size, 'a'); }},
      {"i.cycle_days", kMaxExpectationDays, [](Inquiry& i, size_t size) { i.cycle_days = static_cast<int32_t>(size); }},
      {"i.links", kInquiryLinksMax,
       [](Inquiry& i, size_t size) {
         while (i.links.size() < size) i.links.push_back({"n" + std::to_string(i.links.size()), ExpectedDirection::kIncrease, {}});
       }},
      {"i.actions", kInquiryActionsMax,
       [](Inquiry& i, size_t size) {
         while (i.actions.size() < size) i.actions.push_back({"n" + std::to_string(i.actions.size()), "d", i.start, {}});
       }},
  };
  for (const Limit& limit : limits) {
    Inquiry inquiry = Good();
    limit.fill(inquiry, limit.limit);
    EXPECT_EQ(FieldsOf(Validate(inquiry, "i")), "") << limit.field;
    limit.fill(inquiry, limit.limit + 1);
    EXPECT_EQ(FieldsOf(Validate(inquiry, "i")), limit.field);
  }
  Inquiry long_list = Good();
  long_list.actions.assign(kMaxProblems * 2, {"a", "", long_list.start, std::nullopt});
  EXPECT_EQ(Validate(long_list, "i").size(), kMaxProblems);
}

TEST(InquiryTest, NamesWhatItRefersToAndIsNotThere) {
  Inquiry inquiry = Good();
  inquiry.team = "oak";
  inquiry.theme = "math-discourse";
  inquiry.links = {{"visits", ExpectedDirection::kIncrease, {}},
                   {"walks", ExpectedDirection::kIncrease, {}},
                   {"boxes", ExpectedDirection::kIncrease, {}},
                   {"climate", ExpectedDirection::kDecrease, {}}};
  const std::vector<Problem> problems = ValidateReferences(inquiry, CatalogOf(), "i");
  EXPECT_EQ(FieldsOf(problems), "i.team i.theme i.links[0].indicator i.links[2].indicator i.links[3].indicator");
  ASSERT_EQ(problems.size(), 5u);
  for (const size_t not_there : {0, 1, 2}) EXPECT_EQ(problems[not_there].code, absl::StatusCode::kNotFound);
  for (const size_t no_evidence : {3, 4}) EXPECT_EQ(problems[no_evidence].code, absl::StatusCode::kInvalidArgument);
  EXPECT_NE(problems[1].reason.find("leadership-capacity"), std::string::npos) << problems[1].reason;
}

TEST(InquiryTest, ThemesAreTheTenAndADistrictsOwn) {
  EXPECT_EQ(DefaultInquiryThemes().size(), 10u);
  for (const InquiryTheme& theme : DefaultInquiryThemes()) {
    EXPECT_TRUE(IsId(theme.id)) << theme.id;
    EXPECT_EQ(FindInquiryTheme(Catalog{}, theme.id), &theme);
  }
  const Catalog catalog = CatalogOf();
  ASSERT_NE(FindInquiryTheme(catalog, "wellness"), nullptr);
  EXPECT_EQ(FindInquiryTheme(catalog, "wellness")->display_name, "Staff wellness");
  EXPECT_EQ(FindInquiryTheme(Catalog{}, "wellness"), nullptr);
}

TEST(InquiryTest, ThemesAreListedTheDefaultsFirst) {
  Catalog catalog = CatalogOf();
  catalog.inquiry_themes.push_back({"arts", ""});
  const std::vector<ListedTheme> listed = ListThemes(catalog);
  ASSERT_EQ(listed.size(), 12u);
  EXPECT_EQ(listed[0], (ListedTheme{{"alignment-and-coherence", "Alignment and coherence"}, false}));
  EXPECT_EQ(listed[9], (ListedTheme{{"tier-1-and-mtss", "Tier 1 and MTSS"}, false}));
  EXPECT_EQ(listed[10], (ListedTheme{{"arts", ""}, true}));
  EXPECT_EQ(listed[11], (ListedTheme{{"wellness", "Staff wellness"}, true}));
}

TEST(InquiryTest, ContentIsAllButWhatTheServiceSays) {
  Inquiry other = Good();
  other.revision = 7;
  other.recorded = Instant::FromSeconds(1);
  EXPECT_TRUE(Good().SameContent(other));
  const std::vector<Edit> edits = {
      [](Inquiry& i) { i.id = "x"; },
      [](Inquiry& i) { i.team = "x"; },
      [](Inquiry& i) { i.theme = "x"; },
      [](Inquiry& i) { i.if_text = "x"; },
      [](Inquiry& i) { i.then_text = "x"; },
      [](Inquiry& i) { i.so_that_text = "x"; },
      [](Inquiry& i) { i.start = i.start + 1; },
      [](Inquiry& i) { i.status = InquiryStatus::kDone; },
      [](Inquiry& i) { i.cycle_days = 1; },
      [](Inquiry& i) { i.next_review.reset(); },
      [](Inquiry& i) { i.district_priority.clear(); },
      [](Inquiry& i) { i.links[0].change.reset(); },
      [](Inquiry& i) { i.actions[0].end = i.start + 9; },
  };
  for (size_t i = 0; i < edits.size(); ++i) {
    Inquiry edited = Good();
    edits[i](edited);
    EXPECT_FALSE(edited.SameContent(Good())) << i;
  }
}

}  // namespace
}  // namespace leadlag
