#include "core/catalog.h"

#include <functional>
#include <string>
#include <vector>

#include "core/limits.h"
#include "gtest/gtest.h"

namespace leadlag {
namespace {

Date Day(const char* text) { return Date::Parse(text).value(); }

CalendarSpec SchoolCalendar(const std::string& id) {
  CalendarSpec spec;
  spec.id = id;
  spec.display_name = "Schools";
  spec.years = {{"2025-26",
                 {Day("2025-07-01"), Day("2026-07-01")},
                 {{Day("2025-08-18"), Day("2025-12-19")}, {Day("2026-01-05"), Day("2026-05-29")}}},
                {"2026-27", {Day("2026-07-01"), Day("2027-07-01")}, {{Day("2026-08-17"), Day("2027-05-28")}}}};
  spec.exceptions = {{Day("2025-09-01"), Day("2025-09-01"), ExceptionKind::kHoliday, "Labor Day"},
                     {Day("2025-11-26"), Day("2025-11-28"), ExceptionKind::kBreak, "Thanksgiving"}};
  return spec;
}

Team TeamNamed(const std::string& id) {
  Team team;
  team.id = id;
  team.active_periods = {{Day("2025-07-01"), std::nullopt}};
  team.labels = {{"level", "high"}};
  return team;
}

Indicator IndicatorOf(const std::string& id, IndicatorRole role, Category category,
                      Measure measure = Measure::kNumber) {
  Indicator indicator;
  indicator.id = id;
  indicator.role = role;
  indicator.category = category;
  indicator.measure = measure;
  return indicator;
}

Expectation ExpectationOf(const std::string& id, SignalKind kind) {
  Expectation expectation;
  expectation.id = id;
  expectation.kind = kind;
  return expectation;
}

AlertRule RuleOf(const std::string& id, decltype(AlertRule::terms) terms) {
  AlertRule rule;
  rule.id = id;
  rule.terms = std::move(terms);
  return rule;
}

// A good catalog with at least one of everything.
Catalog Good() {
  Catalog catalog;
  catalog.district = "livingston";
  catalog.display_name = "Livingston";
  catalog.time_zone = "America/Chicago";
  catalog.default_calendar = "main";
  catalog.calendars = {SchoolCalendar("main"), SchoolCalendar("four-day")};
  catalog.calendars[1].weekdays = 0b0001111;
  catalog.teams = {TeamNamed("elm"), TeamNamed("oak")};
  catalog.teams[1].active_periods = {{Day("2025-07-01"), Day("2026-01-01")}, {Day("2026-02-01"), std::nullopt}};
  catalog.teams[1].calendars = {{"main", std::nullopt}, {"four-day", Day("2026-01-05")}};
  catalog.teams[1].external_ids = {{"nces", "001"}};
  catalog.indicators = {IndicatorOf("walkthroughs", IndicatorRole::kLeading, Category::kWalkthrough),
                        IndicatorOf("boxes", IndicatorRole::kLeading, Category::kImplementation, Measure::kCompletion),
                        IndicatorOf("results", IndicatorRole::kLagging, Category::kOutcome),
                        IndicatorOf("absence", IndicatorRole::kBalancing, Category::kBalancing, Measure::kProportion)};
  catalog.sources = {{"forms", "Forms"}};
  catalog.expectations = {ExpectationOf("any", {SignalKind::Of::kAnyLeading, {}, ""}),
                          ExpectationOf("walks", {SignalKind::Of::kCategory, Category::kWalkthrough, ""}),
                          ExpectationOf("absence", {SignalKind::Of::kIndicator, {}, "absence"})};
  catalog.expectations[1].team_labels = {{"level", "high"}};
  catalog.expectations[2].teams = {"oak"};
  catalog.alert_rules = {RuleOf("lagging", LaggingOnlyTerms{}), RuleOf("boxes-only", CompletionOnlyTerms{}),
                         RuleOf("reviews", ReviewOverdueTerms{}), RuleOf("slow", CollectionSlowTerms{})};
  catalog.alert_rules[0].team_labels = {{"level", "high"}};
  catalog.inquiry_themes = {{"wellness", "Staff wellness"}, {"early-literacy", ""}};
  return catalog;
}

std::string FieldsOf(const std::vector<Problem>& problems) {
  std::string fields;
  for (const Problem& problem : problems) fields += (fields.empty() ? "" : " ") + problem.field;
  return fields;
}

TEST(IdTest, IsId) {
  for (const std::string& good : {std::string("a"), std::string("p-12"), std::string("0-"), std::string(64, 'z')}) {
    EXPECT_TRUE(IsId(good)) << good;
  }
  for (const std::string& bad : {std::string(), std::string("A"), std::string("a_b"), std::string("a b"),
                                 std::string("ä"), std::string("a/b"), std::string("a\0b", 3), std::string(65, 'z')}) {
    EXPECT_FALSE(IsId(bad)) << bad;
  }
}

TEST(SignalKindTest, Counts) {
  const Catalog catalog = Good();
  const Indicator &walks = catalog.indicators[0], &boxes = catalog.indicators[1], &results = catalog.indicators[2],
                  &absence = catalog.indicators[3];
  const SignalKind any_leading{};
  const SignalKind implementation{SignalKind::Of::kCategory, Category::kImplementation, ""};
  const SignalKind balancing{SignalKind::Of::kCategory, Category::kBalancing, ""};
  const SignalKind one{SignalKind::Of::kIndicator, {}, "results"};
  EXPECT_TRUE(any_leading.Counts(walks));
  EXPECT_FALSE(any_leading.Counts(boxes));
  EXPECT_TRUE(any_leading.Counts(boxes, /*completions=*/true));
  EXPECT_FALSE(any_leading.Counts(results));
  EXPECT_FALSE(any_leading.Counts(absence));
  EXPECT_FALSE(implementation.Counts(walks));
  EXPECT_FALSE(implementation.Counts(boxes));
  EXPECT_TRUE(implementation.Counts(boxes, /*completions=*/true));
  EXPECT_TRUE(balancing.Counts(absence));
  EXPECT_FALSE(balancing.Counts(walks, /*completions=*/true));
  EXPECT_TRUE(one.Counts(results));
  EXPECT_FALSE(one.Counts(walks));
}

// ---- Validate -------------------------------------------------------------------------------------------

TEST(ValidateTest, AGoodCatalogHasNoProblem) {
  for (const Problem& problem : Validate(Good())) ADD_FAILURE() << problem.field << ": " << problem.reason;
}

struct Mistake {
  const char* fields;  // of the problems expected, in order
  std::function<void(Catalog&)> make;
};

void ExpectNamed(const std::vector<Mistake>& mistakes) {
  for (const Mistake& mistake : mistakes) {
    Catalog catalog = Good();
    mistake.make(catalog);
    const std::vector<Problem> problems = Validate(catalog);
    EXPECT_EQ(FieldsOf(problems), mistake.fields);
    for (const Problem& problem : problems) {
      EXPECT_EQ(problem.code, absl::StatusCode::kInvalidArgument);
      EXPECT_TRUE(IsUtf8(problem.reason) && IsUtf8(problem.field));
      // A reason, then what to do.
      EXPECT_NE(problem.reason.find("; "), std::string::npos) << problem.field << ": " << problem.reason;
    }
  }
}

TEST(ValidateTest, NamesWhatIsWrongWithTheDistrict) {
  ExpectNamed({
      {"district", [](Catalog& c) { c.district = "Livingston"; }},
      {"display_name", [](Catalog& c) { c.display_name = std::string(201, 'x'); }},
      {"", [](Catalog& c) { c.display_name = std::string(200, 'x'); }},
      {"display_name", [](Catalog& c) { c.display_name = "\xFF"; }},
      {"time_zone", [](Catalog& c) { c.time_zone = ""; }},
      {"default_calendar", [](Catalog& c) { c.default_calendar = "other"; }},
      {"settings.settling_minutes", [](Catalog& c) { c.settings.settling_minutes = 1441; }},
      {"settings.settling_minutes", [](Catalog& c) { c.settings.settling_minutes = -1; }},
      {"",
       [](Catalog& c) {
         c.settings = {1440, 400};
       }},
      {"",
       [](Catalog& c) {
         c.settings = {0, 1};
       }},
      {"settings.review_objective_days", [](Catalog& c) { c.settings.review_objective_days = 0; }},
      {"settings.review_objective_days", [](Catalog& c) { c.settings.review_objective_days = 401; }},
      {"", [](Catalog& c) { c.settings.flip_retention_days = kMinFlipRetentionDays; }},
      {"", [](Catalog& c) { c.settings.flip_retention_days = kMaxFlipRetentionDays; }},
      {"settings.flip_retention_days", [](Catalog& c) { c.settings.flip_retention_days = kMinFlipRetentionDays - 1; }},
      {"settings.flip_retention_days", [](Catalog& c) { c.settings.flip_retention_days = kMaxFlipRetentionDays + 1; }},
      {"settings.flip_retention_days", [](Catalog& c) { c.settings.flip_retention_days = -1; }},
  });
}

TEST(ValidateTest, NamesWhatIsWrongWithACalendar) {
  ExpectNamed({
      {"default_calendar calendars[0].id teams[1].calendars[0].calendar", [](Catalog& c) { c.calendars[0].id = "?"; }},
      {"calendars[2].id", [](Catalog& c) { c.calendars.push_back(SchoolCalendar("main")); }},
      {"calendars[0].display_name", [](Catalog& c) { c.calendars[0].display_name = "\xC3"; }},
      {"calendars[1].weekdays", [](Catalog& c) { c.calendars[1].weekdays = 0; }},
      {"calendars[1].weekdays", [](Catalog& c) { c.calendars[1].weekdays = 128; }},
      {"", [](Catalog& c) { c.calendars[1].weekdays = 127; }},
  });
}

TEST(ValidateTest, NamesWhatIsWrongWithASchoolYear) {
  // Changes calendar 1 alone, and lets no team use it, so that nothing follows from the mistake.
  const auto year = [](std::function<void(std::vector<SchoolYearSpec>&)> change) {
    return [change](Catalog& c) {
      c.teams[1].calendars.clear();
      c.calendars[1].exceptions.clear();
      change(c.calendars[1].years);
    };
  };
  ExpectNamed({
      {"calendars[1].years[0].id", year([](auto& y) { y[0].id = ""; })},
      {"calendars[1].years[0].id", year([](auto& y) { y[0].id = "2025/26"; })},
      {"calendars[1].years[0].id", year([](auto& y) { y[0].id = std::string(33, 'Y'); })},
      {"", year([](auto& y) { y[0].id = std::string(32, 'Y'); })},
      {"calendars[1].years[1].id", year([](auto& y) { y[1].id = y[0].id; })},
      {"calendars[1].years[1].start_date", year([](auto& y) { y[1].bounds.from = Day("2026-06-30"); })},
      {"calendars[1].years[1].end_date", year([](auto& y) { y[1].bounds.to = Day("2027-08-06"); })},
      {"", year([](auto& y) { y[1].bounds.to = Day("2027-08-05"); })},
      {"calendars[1].years[1].end_date calendars[1].years[1].terms[0].first_day "
       "calendars[1].years[1].terms[0].last_day",
       year([](auto& y) { y[1].bounds.to = y[1].bounds.from; })},
      {"calendars[1].years[0].start_date", year([](auto& y) {
         y.resize(1);
         y[0].bounds = {Date(-1), Date(100)};
         y[0].terms = {{Date(1), Date(2)}};
       })},
      {"calendars[1].years[0].end_date", year([](auto& y) {
         y.resize(1);
         y[0].bounds = {Date::Max() - 100, Date::Max() + 1};
         y[0].terms = {{Date::Max() - 9, Date::Max() - 1}};
       })},
      {"calendars[1].years[0].terms", year([](auto& y) { y[0].terms.clear(); })},
      {"calendars[1].years[0].terms[0].first_day", year([](auto& y) { y[0].terms[0].first_day = Day("2025-06-30"); })},
      {"calendars[1].years[0].terms[1].last_day", year([](auto& y) { y[0].terms[1].last_day = Day("2026-07-01"); })},
      {"", year([](auto& y) { y[0].terms[1].last_day = Day("2026-06-30"); })},
      {"calendars[1].years[0].terms[1].last_day", year([](auto& y) { y[0].terms[1].last_day = Day("2026-01-04"); })},
      {"calendars[1].years[0].terms[1].first_day", year([](auto& y) { y[0].terms[1].first_day = Day("2025-12-19"); })},
      {"", year([](auto& y) { y[0].terms[1].first_day = Day("2025-12-20"); })},
  });
}

TEST(ValidateTest, NamesWhatIsWrongWithAnException) {
  const auto exception = [](std::function<void(CalendarException&)> change) {
    return [change](Catalog& c) { change(c.calendars[1].exceptions[1]); };
  };
  ExpectNamed({
      {"calendars[1].exceptions[1].last_date", exception([](auto& e) { e.last_date = Day("2025-11-25"); })},
      {"calendars[1].exceptions[1].date", exception([](auto& e) { e.date = e.last_date = Day("2027-07-01"); })},
      {"calendars[1].exceptions[1].date", exception([](auto& e) {
         e.date = Day("2026-06-20");
         e.last_date = Day("2026-07-10");
       })},
      {"calendars[1].exceptions[1].kind", exception([](auto& e) { e.kind = static_cast<ExceptionKind>(0); })},
      {"calendars[1].exceptions[1].kind", exception([](auto& e) { e.kind = static_cast<ExceptionKind>(9); })},
      {"calendars[1].exceptions[1].label", exception([](auto& e) { e.label = "\x80"; })},
  });
}

TEST(ValidateTest, NamesWhatIsWrongWithATeam) {
  ExpectNamed({
      {"teams[0].id", [](Catalog& c) { c.teams[0].id = "Elm"; }},
      {"teams[2].id", [](Catalog& c) { c.teams.push_back(c.teams[0]); }},
      {"teams[0].display_name", [](Catalog& c) { c.teams[0].display_name = std::string(201, 'x'); }},
      {"teams[0].active_periods", [](Catalog& c) { c.teams[0].active_periods.clear(); }},
      {"teams[1].active_periods[0].active_to",
       [](Catalog& c) { c.teams[1].active_periods[0].active_to = Day("2025-07-01"); }},
      {"teams[1].active_periods[1].active_from",
       [](Catalog& c) { c.teams[1].active_periods[0].active_to = std::nullopt; }},
      {"teams[1].active_periods[1].active_from",
       [](Catalog& c) { c.teams[1].active_periods[1].active_from = Day("2026-01-01"); }},
      {"teams[1].active_periods[1].active_from",
       [](Catalog& c) { c.teams[1].active_periods[1].active_from = Day("2025-12-31"); }},
      {"teams[1].calendars[1].calendar", [](Catalog& c) { c.teams[1].calendars[1].calendar = "none"; }},
      {"teams[1].calendars[1].from", [](Catalog& c) { c.teams[1].calendars[1].from = std::nullopt; }},
      {"", [](Catalog& c) { c.teams[1].calendars[0].from = Day("2026-01-04"); }},
      {"teams[1].calendars[1].from", [](Catalog& c) { c.teams[1].calendars[0].from = Day("2026-01-05"); }},
      {"teams[0].time_zone", [](Catalog& c) { c.teams[0].time_zone = "\xFF"; }},
      {"teams[0].labels", [](Catalog& c) { c.teams[0].labels["Level"] = "high"; }},
      {"teams[0].labels[level]", [](Catalog& c) { c.teams[0].labels["level"] = std::string(201, 'x'); }},
      {"teams[1].external_ids[0].system", [](Catalog& c) { c.teams[1].external_ids[0].system = ""; }},
      {"teams[1].external_ids[0].value", [](Catalog& c) { c.teams[1].external_ids[0].value = ""; }},
  });
}

TEST(ValidateTest, ATeamMovesOnlyBetweenCalendarsThatAgreeOnTheYear) {
  ExpectNamed({
      {"teams[1].calendars[1]", [](Catalog& c) { c.calendars[1].years[0].id = "2025"; }},
      {"teams[1].calendars[1]", [](Catalog& c) { c.calendars[1].years[0].bounds.from = Day("2025-07-02"); }},
      {"",
       [](Catalog& c) {
         c.calendars[1].years[0].id = "2025";
         c.teams[1].calendars[1].from = Day("2026-07-01");
       }},
      {"teams[1].calendars[2]",
       [](Catalog& c) {
         c.calendars.push_back(SchoolCalendar("third"));
         c.calendars[2].years[0].id = "other";
         c.teams[1].calendars.push_back({"third", Day("2026-01-06")});
       }},
  });
  Catalog catalog = Good();
  catalog.calendars[1].years[0].id = "2025";
  EXPECT_EQ(Validate(catalog)[0].reason.find("2026-01-05 lies inside a school year"), 0u);
}

TEST(ValidateTest, NamesWhatIsWrongWithAnIndicator) {
  const auto indicator = [](size_t i, std::function<void(Indicator&)> change) {
    return [i, change](Catalog& c) { change(c.indicators[i]); };
  };
  ExpectNamed({
      {"indicators[0].id", indicator(0, [](auto& x) { x.id = ""; })},
      {"indicators[1].id", indicator(1, [](auto& x) { x.id = "walkthroughs"; })},
      {"indicators[0].role", indicator(0, [](auto& x) { x.role = static_cast<IndicatorRole>(0); })},
      {"indicators[0].category", indicator(0, [](auto& x) { x.category = Category::kOutcome; })},
      {"indicators[0].category", indicator(0, [](auto& x) { x.category = Category::kBalancing; })},
      {"indicators[2].category", indicator(2, [](auto& x) { x.category = Category::kWalkthrough; })},
      {"indicators[3].category", indicator(3, [](auto& x) { x.category = Category::kWalkthrough; })},
      {"indicators[0].dimension", indicator(0, [](auto& x) { x.dimension = static_cast<Dimension>(4); })},
      {"indicators[0].measure", indicator(0, [](auto& x) { x.measure = static_cast<Measure>(0); })},
      {"indicators[0].direction", indicator(0, [](auto& x) { x.direction = static_cast<Direction>(3); })},
      {"indicators[0].unit", indicator(0, [](auto& x) { x.unit = "\xFF"; })},
      {"indicators[0].themes[1]", indicator(0,
                                            [](auto& x) {
                                              x.themes = {"good", std::string(201, 'x')};
                                            })},
  });
}

TEST(ValidateTest, NamesWhatIsWrongWithASource) {
  ExpectNamed({{"sources[0].id", [](Catalog& c) { c.sources[0].id = "a b"; }},
               {"sources[1].id", [](Catalog& c) { c.sources.push_back(c.sources[0]); }}});
  const auto source = [](std::function<void(Source&)> change) {
    return [change](Catalog& c) {
      c.sources[0].every_days = 5;
      change(c.sources[0]);
    };
  };
  ExpectNamed({
      {"sources[0].every_days", source([](auto& s) { s.every_days = -1; })},
      {"sources[0].every_days", source([](auto& s) { s.every_days = 401; })},
      {"sources[0].every_days", source([](auto& s) {
         s.every_days = 11;  // the expectation "absence" waits for 10
         s.indicators = {"absence"};
       })},
      {"sources[0].every_days", [](Catalog& c) {
         c.sources[0].every_days = 3;
         c.alert_rules[3].terms = ActionWithoutEvidenceTerms{2};
       }},
      {"", [](Catalog& c) {
         c.sources[0].every_days = 3;
         c.sources[0].indicators = {"results", "absence", "boxes"};  // none that the action waits for
         c.alert_rules[3].terms = ActionWithoutEvidenceTerms{2};
       }},
      {"sources[0].indicators[1]", source([](auto& s) { s.indicators = {"walkthroughs", "none"}; })},
      {"sources[0].team_labels", source([](auto& s) { s.team_labels = {{"level", "none"}}; })},
      {"sources[0].team_labels", source([](auto& s) { s.team_labels = {{"", "x"}}; })},
      {"sources[0].teams[0]", source([](auto& s) { s.teams = {"ash"}; })},
      {"sources[0].severity", source([](auto& s) { s.severity = static_cast<Severity>(9); })},
      {"sources[0].notify_time", source([](auto& s) { s.notify_time.minutes = 1440; })},
  });
}

// Its interval is held against what it feeds alone.
TEST(ValidateTest, ASourceMayBeSlowThatFeedsNothingQuick) {
  Catalog catalog = Good();
  catalog.sources[0].every_days = 400;
  catalog.sources[0].indicators = {"boxes"};
  EXPECT_EQ(FieldsOf(Validate(catalog)), "");
}

TEST(ValidateTest, NamesWhatIsWrongWithAnExpectation) {
  const auto expectation = [](std::function<void(Expectation&)> change) {
    return [change](Catalog& c) { change(c.expectations[1]); };
  };
  ExpectNamed({
      {"expectations[1].id", expectation([](auto& e) { e.id = "any"; })},
      {"expectations[1].kind", expectation([](auto& e) { e.kind.of = static_cast<SignalKind::Of>(0); })},
      {"expectations[1].kind.category", expectation([](auto& e) { e.kind.category = Category::kOutcome; })},
      {"", expectation([](auto& e) { e.kind.category = Category::kBalancing; })},
      {"expectations[1].kind.indicator", expectation([](auto& e) {
         e.kind = {SignalKind::Of::kIndicator, {}, "none"};
       })},
      {"expectations[1].kind.indicator", expectation([](auto& e) {
         e.kind = {SignalKind::Of::kIndicator, {}, "boxes"};
       })},
      {"expectations[1].team_labels", expectation([](auto& e) {
         e.team_labels = {{"", "x"}};
       })},
      {"expectations[1].teams[1]", expectation([](auto& e) {
         e.teams = {"elm", "ash"};
       })},
      {"expectations[1].team_labels", expectation([](auto& e) { e.team_labels = {{"level", "none"}}; })},
      {"expectations[1].team_labels", expectation([](auto& e) {
         e.teams = {"elm"};
         e.team_labels = {{"level", "none"}};
       })},
      {"expectations[1].every_days", expectation([](auto& e) { e.every_days = 0; })},
      {"expectations[1].every_days", expectation([](auto& e) { e.every_days = 401; })},
      {"expectations[1].grace_days", expectation([](auto& e) { e.grace_days = -1; })},
      {"expectations[1].grace_days", expectation([](auto& e) { e.grace_days = 401; })},
      {"expectations[1].allowance_days", expectation([](auto& e) { e.allowance_days = 401; })},
      {"", expectation([](auto& e) { e.every_days = e.grace_days = e.allowance_days = 400; })},
      {"", expectation([](auto& e) { e.every_days = 1, e.grace_days = e.allowance_days = 0; })},
      {"expectations[1].notify_time", expectation([](auto& e) { e.notify_time.minutes = 1440; })},
      {"", expectation([](auto& e) { e.notify_time.minutes = 1439; })},
  });
}

TEST(ValidateTest, AnExpectationOfEveryTeamMayComeBeforeTheTeams) {
  Catalog catalog = Good();
  catalog.teams.clear();
  catalog.alert_rules.clear();
  catalog.expectations.resize(1);
  EXPECT_EQ(FieldsOf(Validate(catalog)), "");
  catalog.expectations[0].team_labels = {{"level", "high"}};
  ASSERT_EQ(FieldsOf(Validate(catalog)), "expectations[0].team_labels");
  EXPECT_EQ(Validate(catalog)[0].reason, "picks no team; give labels that a team has, or remove the expectation");
}

// What is in force was accepted once.
TEST(ValidateTest, WhatIsStoredMayBreakTheRulesThatCameLater) {
  Catalog catalog = Good();
  catalog.expectations[1].team_labels = {{"level", "none"}};
  catalog.alert_rules[3].terms = ActionWithoutEvidenceTerms{1};
  catalog.sources[0].every_days = 3;
  EXPECT_EQ(FieldsOf(Validate(catalog)), "sources[0].every_days expectations[1].team_labels");
  EXPECT_EQ(FieldsOf(ValidateStored(catalog)), "");
  catalog.expectations[1].every_days = 0;
  EXPECT_EQ(FieldsOf(ValidateStored(catalog)), "expectations[1].every_days");
}

TEST(ValidateTest, NamesWhatIsWrongWithAnAlertRule) {
  const auto rule = [](std::function<void(AlertRule&)> change) { return [change](Catalog& c) { change(c.alert_rules[0]); }; };
  const auto terms = [](size_t i, auto change) { return [i, change](Catalog& c) { change(c.alert_rules[i].terms); }; };
  ExpectNamed({
      {"alert_rules[0].id", rule([](auto& r) { r.id = ""; })},
      {"alert_rules[1].id", [](Catalog& c) { c.alert_rules[1].id = "lagging"; }},
      {"alert_rules[0].id", rule([](auto& r) { r.id = "walks"; })},
      {"alert_rules[0].team_labels", rule([](auto& r) { r.team_labels = {{"", "x"}}; })},
      {"alert_rules[0].team_labels", rule([](auto& r) { r.team_labels = {{"level", "none"}}; })},
      {"alert_rules[0].teams[0]", rule([](auto& r) { r.teams = {"ash"}; })},
      {"alert_rules[1].teams[0]", [](Catalog& c) { c.alert_rules[1].teams = {"ash", "elm"}; }},
      {"alert_rules[0].severity", rule([](auto& r) { r.severity = static_cast<Severity>(9); })},
      {"alert_rules[0].notify_time", rule([](auto& r) { r.notify_time.minutes = -1; })},
      {"alert_rules[0]", rule([](auto& r) { r.terms = std::monostate(); })},
      {"alert_rules[0].lagging_only.days", terms(0, [](auto& t) { t = LaggingOnlyTerms{0}; })},
      {"alert_rules[0].lagging_only.days", terms(0, [](auto& t) { t = LaggingOnlyTerms{401}; })},
      {"alert_rules[0].lagging_only", [](Catalog& c) { c.indicators.erase(c.indicators.begin() + 2); }},
      {"alert_rules[1].completion_only.cycle", terms(1, [](auto& t) { t = CompletionOnlyTerms{static_cast<CycleUnit>(3), 2}; })},
      {"alert_rules[1].completion_only.cycles", terms(1, [](auto& t) { t = CompletionOnlyTerms{CycleUnit::kMonth, 0}; })},
      {"alert_rules[1].completion_only.cycles", terms(1, [](auto& t) { t = CompletionOnlyTerms{CycleUnit::kMonth, 53}; })},
      {"", terms(1, [](auto& t) { t = CompletionOnlyTerms{CycleUnit::kMonth, 52}; })},
      {"alert_rules[1].completion_only", [](Catalog& c) { c.indicators.erase(c.indicators.begin() + 1); }},
      {"alert_rules[2].review_overdue.days", terms(2, [](auto& t) { t = ReviewOverdueTerms{0}; })},
      {"alert_rules[2].review_overdue.days", terms(2, [](auto& t) { t = ReviewOverdueTerms{401}; })},
      {"", terms(2, [](auto& t) { t = ReviewOverdueTerms{400}; })},
      {"alert_rules[2].action_without_evidence.days", terms(2, [](auto& t) { t = ActionWithoutEvidenceTerms{0}; })},
      {"alert_rules[2].action_without_evidence.days", terms(2, [](auto& t) { t = ActionWithoutEvidenceTerms{401}; })},
      {"", terms(2, [](auto& t) { t = ActionWithoutEvidenceTerms{400}; })},
      {"alert_rules[3].collection_slow.records", terms(3, [](auto& t) { t = CollectionSlowTerms{.records = 0}; })},
      {"alert_rules[3].collection_slow.records", terms(3, [](auto& t) { t = CollectionSlowTerms{.records = 1'001}; })},
      {"alert_rules[3].collection_slow.percent", terms(3, [](auto& t) { t = CollectionSlowTerms{.percent = 100}; })},
      {"alert_rules[3].collection_slow.days", terms(3, [](auto& t) { t = CollectionSlowTerms{.days = -1}; })},
      {"alert_rules[3].collection_slow.clear_percent", terms(3, [](auto& t) { t = CollectionSlowTerms{.clear_percent = 26}; })},
      {"alert_rules[3].collection_slow.clear_percent", terms(3, [](auto& t) { t = CollectionSlowTerms{.clear_percent = -1}; })},
      {"", terms(3, [](auto& t) { t = CollectionSlowTerms{.records = 1'000, .percent = 0, .days = 0, .clear_percent = 0}; })},
      {"alert_rules[3].run_signal.indicator", terms(3, [](auto& t) { t = RunSignalTerms{"elms"}; })},
      {"alert_rules[3].run_signal.indicator", terms(3, [](auto& t) { t = RunSignalTerms{"boxes"}; })},
      {"alert_rules[3].run_signal.unit", terms(3, [](auto& t) { t = RunSignalTerms{"results", ChartUnit::kMonth}; })},
      {"alert_rules[3].run_signal.unit", terms(3, [](auto& t) { t = RunSignalTerms{"results", static_cast<ChartUnit>(4)}; })},
      {"alert_rules[3].run_signal.baseline", terms(3, [](auto& t) { t = RunSignalTerms{"results", ChartUnit::kDay, NAN}; })},
      {"alert_rules[3].run_signal.baseline", terms(3, [](auto& t) { t = RunSignalTerms{"absence", ChartUnit::kDay, 1.01}; })},
      {"", terms(3, [](auto& t) { t = RunSignalTerms{"absence", ChartUnit::kDay, 1.0}; })},
      {"", terms(3, [](auto& t) { t = RunSignalTerms{"results", ChartUnit::kWeek, -40.5}; })},
      {"", rule([](auto& r) { r.enabled = false; })},
  });
}

TEST(ValidateTest, NamesWhatIsWrongWithAThemeOfInquiries) {
  Catalog catalog = Good();
  catalog.inquiry_themes = {{"equity", "Ours"}, {"Wellness", ""}, {"arts", std::string(kMaxTextBytes + 1, 'a')}, {"arts", ""}};
  const std::vector<Problem> problems = Validate(catalog);
  EXPECT_EQ(FieldsOf(problems),
            "inquiry_themes[0].id inquiry_themes[1].id inquiry_themes[2].display_name inquiry_themes[3].id");
  EXPECT_NE(problems[0].reason.find("a theme that every district has"), std::string::npos) << problems[0].reason;
}

TEST(ValidateTest, EveryListGoesToItsLimitAndNotPastIt) {
  // Each fills a list to `size`.
  struct List {
    const char* field;
    size_t limit;
    std::function<void(Catalog&, size_t)> fill;
  };
  const auto named = [](size_t i) { return "n" + std::to_string(i); };
  const std::vector<List> lists = {
      {"calendars", kMaxCalendars,
       [&](Catalog& c, size_t size) {
         while (c.calendars.size() < size) c.calendars.push_back(SchoolCalendar(named(c.calendars.size())));
       }},
      {"teams", kMaxTeams,
       [&](Catalog& c, size_t size) {
         while (c.teams.size() < size) c.teams.push_back(TeamNamed(named(c.teams.size())));
       }},
      {"indicators", kMaxIndicators,
       [&](Catalog& c, size_t size) {
         while (c.indicators.size() < size) {
           c.indicators.push_back(c.indicators[0]);
           c.indicators.back().id = named(c.indicators.size());
         }
       }},
      {"sources", kMaxSources,
       [&](Catalog& c, size_t size) {
         while (c.sources.size() < size) c.sources.push_back({named(c.sources.size()), ""});
       }},
      {"expectations", kMaxExpectations,
       [&](Catalog& c, size_t size) {
         c.alert_rules.clear();
         while (c.expectations.size() < size) {
           c.expectations.push_back(ExpectationOf(named(c.expectations.size()), SignalKind{}));
         }
       }},
      {"alert_rules", kMaxExpectations,  // with the expectations
       [&](Catalog& c, size_t size) {
         while (c.expectations.size() + c.alert_rules.size() < size) {
           c.alert_rules.push_back(RuleOf(named(c.alert_rules.size()), ReviewOverdueTerms{}));
         }
       }},
      {"inquiry_themes", kMaxInquiryThemes,
       [&](Catalog& c, size_t size) {
         while (c.inquiry_themes.size() < size) c.inquiry_themes.push_back({named(c.inquiry_themes.size()), ""});
       }},
      {"calendars[0].years", kMaxSchoolYears,
       [&](Catalog& c, size_t size) {
         std::vector<SchoolYearSpec>& years = c.calendars[0].years;
         while (years.size() < size) {
           const Date start = years.back().bounds.to;
           years.push_back({named(years.size()), {start, start + 360}, {{start + 50, start + 300}}});
         }
       }},
      {"calendars[0].exceptions", kMaxExceptions,
       [&](Catalog& c, size_t size) { c.calendars[0].exceptions.resize(size, c.calendars[0].exceptions[0]); }},
      {"teams[0].labels", kMaxLabels,
       [&](Catalog& c, size_t size) {
         while (c.teams[0].labels.size() < size) c.teams[0].labels[named(c.teams[0].labels.size())] = "x";
       }},
      {"teams[0].active_periods", kMaxActivePeriods,
       [&](Catalog& c, size_t size) {
         c.teams[0].active_periods.clear();
         for (size_t i = 0; i < size; ++i) {
           const Date from = Day("2025-07-01") + static_cast<int>(2 * i);
           c.teams[0].active_periods.push_back({from, from + 1});
         }
       }},
      {"teams[0].calendars", kMaxCalendarAssignments,
       [&](Catalog& c, size_t size) {
         for (size_t i = 0; i < size; ++i) {
           c.teams[0].calendars.push_back({"main", Day("2025-07-01") + static_cast<int>(i)});
         }
       }},
      {"teams[0].external_ids", kMaxExternalIds,
       [&](Catalog& c, size_t size) {
         c.teams[0].external_ids.resize(size, {"nces", "007"});
       }},
      {"indicators[0].themes", kMaxThemes,
       [&](Catalog& c, size_t size) { c.indicators[0].themes.resize(size, "equity"); }},
      {"expectations[0].team_labels", kMaxLabels,
       [&](Catalog& c, size_t size) {
         while (c.expectations[0].team_labels.size() < size) {
           c.expectations[0].team_labels[named(c.expectations[0].team_labels.size())] = "x";
         }
         if (size <= kMaxLabels) c.teams[0].labels = c.expectations[0].team_labels;  // it is to pick somebody
         c.expectations[1].team_labels.clear();
         c.alert_rules[0].team_labels.clear();
       }},
  };
  for (const List& list : lists) {
    Catalog catalog = Good();
    list.fill(catalog, list.limit);
    EXPECT_EQ(FieldsOf(Validate(catalog)), "") << list.field;
    catalog = Good();
    list.fill(catalog, list.limit + 1);
    EXPECT_EQ(FieldsOf(Validate(catalog)), list.field);
  }
}

TEST(ValidateTest, NamesAHundredProblemsInDocumentOrder) {
  Catalog catalog = Good();
  catalog.settings.review_objective_days = 0;
  catalog.time_zone = "";
  for (int i = 0; i < 300; ++i) catalog.teams.push_back(TeamNamed("NO"));
  const std::vector<Problem> problems = Validate(catalog);
  ASSERT_EQ(problems.size(), kMaxProblems);
  EXPECT_EQ(problems[0].field, "time_zone");
  EXPECT_EQ(problems[1].field, "teams[2].id");
  EXPECT_EQ(problems[99].field, "teams[100].id");
}

TEST(ValidateTest, AMistakeInACalendarBeyondTheHundredthProblemIsNotMistakenForNone) {
  Catalog catalog = Good();
  catalog.calendars[0].exceptions.assign(150, {Day("2030-01-01"), Day("2030-01-01"), ExceptionKind::kBreak, ""});
  catalog.calendars[1].years[0].terms.clear();
  EXPECT_EQ(Validate(catalog).size(), kMaxProblems);
}

TEST(ValidateTest, DatesOfACalendarByItself) {
  CalendarSpec spec = SchoolCalendar("");
  EXPECT_TRUE(ValidateDates(spec).empty());  // its id is the catalog's affair
  spec.exceptions[0].last_date = Day("2025-08-31");
  EXPECT_EQ(FieldsOf(ValidateDates(spec)), "exceptions[0].last_date");
}

// ---- Diff -----------------------------------------------------------------------------------------------

using Kind = CatalogChange::Kind;

// The one change between the good catalog and a changed one.
CatalogChange OneChange(const std::function<void(Catalog&)>& change) {
  Catalog after = Good();
  change(after);
  const std::vector<CatalogChange> changes = Diff(Good(), after);
  EXPECT_EQ(changes.size(), 1u);
  return changes.empty() ? CatalogChange{} : changes[0];
}

TEST(DiffTest, EqualCatalogsDoNotDiffer) { EXPECT_TRUE(Diff(Good(), Good()).empty()); }

TEST(DiffTest, TheOrderOfEntriesIsNoDifference) {
  Catalog after = Good();
  std::swap(after.teams[0], after.teams[1]);
  EXPECT_TRUE(Diff(Good(), after).empty());
}

TEST(DiffTest, AddedRemovedAndChangedByList) {
  Catalog after = Good();
  after.time_zone = "America/New_York";
  after.settings.settling_minutes = 15;
  after.settings.flip_retention_days = 30;
  after.teams.erase(after.teams.begin());
  after.teams.push_back(TeamNamed("ash"));
  after.sources.clear();
  after.expectations[0].every_days = 15;
  after.alert_rules[0].terms = LaggingOnlyTerms{30};
  after.alert_rules[0].enabled = false;
  after.alert_rules[3].terms = CollectionSlowTerms{.records = 9};
  after.inquiry_themes = {{"early-literacy", "Reading"}, {"arts", ""}};
  const std::vector<CatalogChange> expected = {
      {Kind::kChanged, "district",
       "time_zone: America/Chicago -> America/New_York; settings.settling_minutes: 10 -> 15; "
       "settings.flip_retention_days: 0 -> 30"},
      {Kind::kAdded, "teams/ash", ""},
      {Kind::kRemoved, "teams/elm", ""},
      {Kind::kRemoved, "sources/forms", ""},
      {Kind::kChanged, "expectations/any", "every_days: 10 -> 15"},
      {Kind::kChanged, "alert_rules/lagging", "terms: LAGGING_ONLY days 40 -> LAGGING_ONLY days 30; enabled: true -> false"},
      {Kind::kChanged, "alert_rules/slow",
       "terms: COLLECTION_SLOW records 8, percent 25, days 5, clear_percent 13 -> COLLECTION_SLOW records 9, percent 25, days 5, "
       "clear_percent 13"},
      {Kind::kChanged, "inquiry_themes/early-literacy", "display_name: none -> Reading"},
      {Kind::kAdded, "inquiry_themes/arts", ""},
      {Kind::kRemoved, "inquiry_themes/wellness", ""},
  };
  EXPECT_EQ(Diff(Good(), after), expected);
}

TEST(DiffTest, DetailsInWords) {
  const std::vector<std::pair<std::string, std::function<void(Catalog&)>>> details = {
      {"labels: level=high -> level=middle", [](Catalog& c) { c.teams[0].labels["level"] = "middle"; }},
      {"labels: -level=high, +region=west",
       [](Catalog& c) {
         c.teams[0].labels = {{"region", "west"}};
       }},
      {"display_name: none -> Elm Street; time_zone: none -> America/New_York",
       [](Catalog& c) {
         c.teams[0].display_name = "Elm Street";
         c.teams[0].time_zone = "America/New_York";
       }},
      {"active_periods: -2025-07-01 until now, +2025-07-01 until 2026-07-01",
       [](Catalog& c) { c.teams[0].active_periods[0].active_to = Day("2026-07-01"); }},
      {"calendars: -four-day from 2026-01-05", [](Catalog& c) { c.teams[1].calendars.pop_back(); }},
      {"external_ids: -nces 001, +nces 1", [](Catalog& c) { c.teams[1].external_ids[0].value = "1"; }},
      {"weekdays: Mon Tue Wed Thu -> Mon Tue Wed Thu Fri", [](Catalog& c) { c.calendars[1].weekdays = 0b0011111; }},
      {"exceptions: +2026-01-21 WEATHER_DAY Ice",
       [](Catalog& c) {
         c.calendars[0].exceptions.push_back({Day("2026-01-21"), Day("2026-01-21"), ExceptionKind::kWeatherDay, "Ice"});
       }},
      {"exceptions: order", [](Catalog& c) { std::swap(c.calendars[0].exceptions[0], c.calendars[0].exceptions[1]); }},
      {"years: -2026-27 2026-07-01 until 2027-07-01, terms 2026-08-17 to 2027-05-28",
       [](Catalog& c) { c.calendars[0].years.pop_back(); }},
      {"role: LEADING -> LAGGING; category: WALKTHROUGH -> OUTCOME",
       [](Catalog& c) {
         c.indicators[0].role = IndicatorRole::kLagging;
         c.indicators[0].category = Category::kOutcome;
       }},
      {"dimension: none -> JOINT_WORK; measure: NUMBER -> PROPORTION; direction: none -> LOWER_IS_BETTER",
       [](Catalog& c) {
         c.indicators[0].dimension = Dimension::kJointWork;
         c.indicators[0].measure = Measure::kProportion;
         c.indicators[0].direction = Direction::kLowerIsBetter;
       }},
      {"unit: none -> percent; themes: +equity",
       [](Catalog& c) {
         c.indicators[0].unit = "percent";
         c.indicators[0].themes = {"equity"};
       }},
      {"display_name: Forms -> Sheets", [](Catalog& c) { c.sources[0].display_name = "Sheets"; }},
      {"kind: category WALKTHROUGH -> indicator walkthroughs",
       [](Catalog& c) {
         c.expectations[1].kind = {SignalKind::Of::kIndicator, Category::kWalkthrough, "walkthroughs"};
       }},
      {"notify_time: 07:00 -> 06:30; from: none -> 2025-09-01",
       [](Catalog& c) {
         c.expectations[0].notify_time.minutes = 390;
         c.expectations[0].from = Day("2025-09-01");
       }},
      {"team_labels: +level=high; teams: +elm; grace_days: 10 -> 5; allowance_days: 10 -> 0",
       [](Catalog& c) {
         c.expectations[0].team_labels = {{"level", "high"}};
         c.expectations[0].teams = {"elm"};
         c.expectations[0].grace_days = 5;
         c.expectations[0].allowance_days = 0;
       }},
  };
  for (const auto& [detail, change] : details) EXPECT_EQ(OneChange(change).detail, detail);
}

TEST(DiffTest, ALongDetailIsCutAtTheLimitBetweenCharacters) {
  const CatalogChange change = OneChange([](Catalog& c) {
    for (int i = 0; i < 1000; ++i) {
      const Date d = c.calendars[0].years[0].bounds.from + i % 300;
      c.calendars[0].exceptions.push_back({d, d, ExceptionKind::kOtherClosure, "übergroß"});
    }
  });
  EXPECT_LE(change.detail.size(), kMaxChangeDetailBytes);
  EXPECT_GT(change.detail.size(), kMaxChangeDetailBytes - 10);
  EXPECT_TRUE(IsUtf8(change.detail));
}

}  // namespace
}  // namespace leadlag
