#include "core/district_catalog.h"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/problem.h"
#include "gtest/gtest.h"

namespace leadlag {
namespace {

Date Day(const char* text) { return Date::Parse(text).value(); }

ZoneRules Fixed(const char* name, int32_t seconds_east) { return {name, {{Instant::Min(), seconds_east}}}; }

std::vector<ZoneRules> Zones() { return {Fixed("America/Chicago", -21'600), Fixed("America/New_York", -18'000)}; }

CalendarSpec SchoolCalendar(const std::string& id, uint8_t weekdays) {
  CalendarSpec spec;
  spec.id = id;
  spec.weekdays = weekdays;
  spec.years = {{"2025-26", {Day("2025-07-01"), Day("2026-07-01")}, {{Day("2025-08-18"), Day("2026-05-29")}}}};
  return spec;
}

Team TeamNamed(const std::string& id, Labels labels) {
  Team team;
  team.id = id;
  team.active_periods = {{Day("2025-07-01"), std::nullopt}};
  team.labels = std::move(labels);
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

constexpr uint8_t kFiveDays = 0b0011111, kFourDays = 0b0001111;

Catalog District() {
  Catalog catalog;
  catalog.district = "livingston";
  catalog.time_zone = "America/Chicago";
  catalog.default_calendar = "main";
  catalog.calendars = {SchoolCalendar("main", kFiveDays), SchoolCalendar("four-day", kFourDays)};
  catalog.teams = {TeamNamed("elm", {{"level", "high"}}), TeamNamed("oak", {{"level", "high"}, {"region", "west"}}),
                   TeamNamed("ash", {{"level", "middle"}})};
  catalog.teams[1].time_zone = "America/New_York";
  catalog.teams[1].calendars = {{"main", std::nullopt}, {"four-day", Day("2026-01-05")}};
  catalog.teams[2].calendars = {{"main", Day("2025-09-01")}, {"four-day", Day("2026-01-05")}};
  catalog.indicators = {IndicatorOf("walks", IndicatorRole::kLeading, Category::kWalkthrough),
                        IndicatorOf("boxes", IndicatorRole::kLeading, Category::kWalkthrough, Measure::kCompletion),
                        IndicatorOf("voices", IndicatorRole::kLeading, Category::kStudentExperience),
                        IndicatorOf("results", IndicatorRole::kLagging, Category::kOutcome)};
  catalog.sources = {{"forms", ""}};
  catalog.expectations = {ExpectationOf("any", SignalKind{}),
                          ExpectationOf("walks", {SignalKind::Of::kCategory, Category::kWalkthrough, ""}),
                          ExpectationOf("voices", {SignalKind::Of::kIndicator, {}, "voices"})};
  catalog.expectations[1].team_labels = {{"level", "high"}};
  catalog.expectations[1].from = Day("2025-10-01");
  catalog.expectations[1].every_days = 5;
  catalog.expectations[2].teams = {"ash", "elm", "elm"};
  return catalog;
}

std::map<std::string, Date> ApplyDates() { return {{"any", Day("2025-08-01")}, {"voices", Day("2025-08-02")}}; }

std::shared_ptr<const DistrictCatalog> Compiled(Catalog catalog, Interned& interned) {
  return DistrictCatalog::Compile(std::move(catalog), Zones(), ApplyDates(), interned).value();
}

using Numbers = std::vector<uint32_t>;

TEST(InternTableTest, NumbersNamesInOrderOfFirstAppearance) {
  InternTable table;
  EXPECT_EQ(table.size(), 0u);
  EXPECT_EQ(table.Find("b"), std::nullopt);
  EXPECT_EQ(table.Intern("b"), 0u);
  EXPECT_EQ(table.Intern("a"), 1u);
  EXPECT_EQ(table.Intern("b"), 0u);
  EXPECT_EQ(table.Find("a"), 1u);
  EXPECT_EQ(table.NameOf(1), "a");
  EXPECT_EQ(table.size(), 2u);
}

TEST(MatchesTest, EveryWantedPairMustBeThere) {
  const Labels labels = {{"level", "high"}, {"region", "west"}};
  EXPECT_TRUE(Matches(labels, {}));
  EXPECT_TRUE(Matches(labels, {{"region", "west"}}));
  EXPECT_TRUE(Matches(labels, labels));
  EXPECT_FALSE(Matches(labels, {{"region", "east"}}));
  EXPECT_FALSE(Matches(labels, {{"size", "large"}}));
  EXPECT_FALSE(Matches({}, {{"level", "high"}}));
}

TEST(DistrictCatalogTest, FindsEntriesByNumber) {
  Interned interned;
  const auto district = Compiled(District(), interned);
  EXPECT_EQ(district->FindTeam(0)->team->id, "elm");
  EXPECT_EQ(district->FindTeam(2)->team, &district->catalog().teams[2]);
  EXPECT_EQ(district->FindTeam(3), nullptr);
  EXPECT_EQ(district->FindIndicator(3)->id, "results");
  EXPECT_EQ(district->FindIndicator(4), nullptr);
  EXPECT_EQ(district->FindSource(0)->id, "forms");
  EXPECT_EQ(district->FindSource(1), nullptr);
  EXPECT_EQ(district->FindExpectation(1)->id, "walks");
  EXPECT_EQ(district->FindExpectation(99), nullptr);
  EXPECT_EQ(interned.teams.NameOf(1), "oak");
}

TEST(DistrictCatalogTest, PicksTeamsAndCountsIndicators) {
  Interned interned;
  const auto district = Compiled(District(), interned);
  EXPECT_EQ(district->ExpectationsOf(0), (Numbers{0, 1, 2}));
  EXPECT_EQ(district->ExpectationsOf(1), (Numbers{0, 1}));
  EXPECT_EQ(district->ExpectationsOf(2), (Numbers{0, 2}));
  EXPECT_EQ(district->ExpectationsOf(3), Numbers{});
  EXPECT_EQ(district->IndicatorsOf(0), (Numbers{0, 2}));
  EXPECT_EQ(district->IndicatorsOf(1), (Numbers{0}));
  EXPECT_EQ(district->IndicatorsOf(2), (Numbers{2}));
  EXPECT_EQ(district->IndicatorsOf(3), Numbers{});
  EXPECT_EQ(district->CountedBy(0), (Numbers{0, 1}));
  EXPECT_EQ(district->CountedBy(1), Numbers{});
  EXPECT_EQ(district->CountedBy(2), (Numbers{0, 2}));
  EXPECT_EQ(district->CountedBy(99), Numbers{});
}

TEST(DistrictCatalogTest, ATeamHasItsOwnZoneAndCalendarElseTheDistricts) {
  Interned interned;
  const auto district = Compiled(District(), interned);
  const auto *elm = district->FindTeam(0), *oak = district->FindTeam(1), *ash = district->FindTeam(2);
  EXPECT_EQ(district->district_zone().name, "America/Chicago");
  EXPECT_EQ(elm->zone, &district->district_zone());
  EXPECT_EQ(oak->zone->name, "America/New_York");
  EXPECT_EQ(elm->calendar, district->district_calendar());
  const Date friday = Day("2026-02-06");
  EXPECT_TRUE(elm->calendar->IsInstructional(friday));
  EXPECT_FALSE(oak->calendar->IsInstructional(friday));
  EXPECT_TRUE(oak->calendar->IsInstructional(Day("2025-09-05")));
  EXPECT_TRUE(ash->calendar->IsInstructional(Day("2025-08-22")));  // the first calendar holds from ever
}

TEST(DistrictCatalogTest, TeamsWithTheSameAssignmentsShareACalendar) {
  Catalog catalog = District();
  catalog.teams[2].calendars = catalog.teams[1].calendars;
  catalog.teams[0].calendars = {{"main", std::nullopt}};
  Interned interned;
  const auto district = Compiled(std::move(catalog), interned);
  EXPECT_EQ(district->FindTeam(1)->calendar, district->FindTeam(2)->calendar);
  EXPECT_EQ(district->FindTeam(0)->calendar, district->district_calendar());
}

TEST(DistrictCatalogTest, TheWorldOfAWatch) {
  Interned interned;
  const auto district = Compiled(District(), interned);
  const WatchWorld world = district->World(1, 1);
  EXPECT_EQ(world.calendar, district->FindTeam(1)->calendar.get());
  EXPECT_EQ(world.zone->name, "America/New_York");
  EXPECT_EQ(world.active, &district->FindTeam(1)->team->active_periods);
  EXPECT_EQ(world.terms, (WatchTerms{5, 10, 10, MinuteOfDay{420}, Day("2025-10-01")}));  // stated
  EXPECT_EQ(district->World(0, 0).terms.from, Day("2025-08-01"));                        // applied
}

TEST(DistrictCatalogTest, TheWorldOfNoWatchHasNoCalendar) {
  Interned interned;
  const auto district = Compiled(District(), interned);
  const WatchWorld not_picked = district->World(1, 2);
  EXPECT_EQ(not_picked.calendar, nullptr);
  EXPECT_EQ(not_picked.zone->name, "America/New_York");
  EXPECT_FALSE(not_picked.active->empty());
  for (const WatchWorld& world : {district->World(9, 0), district->World(9, 9)}) {
    EXPECT_EQ(world.calendar, nullptr);
    EXPECT_EQ(world.zone, &district->district_zone());
    EXPECT_TRUE(world.active->empty());
  }
}

TEST(DistrictCatalogTest, NumbersOutliveEntries) {
  Interned interned;
  Compiled(District(), interned);
  Catalog next = District();
  next.teams.erase(next.teams.begin());
  next.teams.insert(next.teams.begin(), TeamNamed("fir", {}));
  next.indicators.erase(next.indicators.begin());
  next.sources.clear();
  next.expectations.erase(next.expectations.begin());
  next.expectations[1].teams = {"ash"};
  const auto district = Compiled(std::move(next), interned);
  EXPECT_EQ(interned.teams.Find("elm"), 0u);
  EXPECT_EQ(interned.teams.Find("fir"), 3u);
  EXPECT_EQ(district->FindTeam(0), nullptr);
  EXPECT_EQ(district->FindTeam(1)->team->id, "oak");
  EXPECT_EQ(district->FindTeam(3)->team->id, "fir");
  EXPECT_EQ(district->FindIndicator(0), nullptr);
  EXPECT_EQ(district->FindSource(0), nullptr);
  EXPECT_EQ(district->FindExpectation(0), nullptr);
  EXPECT_EQ(district->ExpectationsOf(0), Numbers{});
  EXPECT_EQ(district->ExpectationsOf(2), (Numbers{2}));
  EXPECT_EQ(district->IndicatorsOf(1), Numbers{});
  EXPECT_EQ(district->CountedBy(2), (Numbers{2}));
  EXPECT_EQ(district->World(1, 0).calendar, nullptr);
}

TEST(DistrictCatalogTest, RefusesABadCatalogAndAMissingZoneWithoutInterning) {
  Interned interned;
  Catalog bad = District();
  bad.default_calendar = "none";
  const absl::Status invalid = DistrictCatalog::Compile(std::move(bad), Zones(), ApplyDates(), interned).status();
  EXPECT_EQ(ProblemsOf(invalid).at(0).field, "default_calendar");
  Catalog lost = District();
  lost.time_zone = "America/Nowhere";
  lost.teams[2].time_zone = "Europe/Nowhere";
  const absl::Status missing = DistrictCatalog::Compile(std::move(lost), Zones(), ApplyDates(), interned).status();
  EXPECT_EQ(missing.code(), absl::StatusCode::kInvalidArgument);
  ASSERT_EQ(ProblemsOf(missing).size(), 2u);
  EXPECT_EQ(ProblemsOf(missing)[0].field, "time_zone");
  EXPECT_EQ(ProblemsOf(missing)[1].field, "teams[2].time_zone");
  EXPECT_EQ(interned.teams.size(), 0u);
}

// A catalog that was stored before it would have been refused opens.
TEST(DistrictCatalogTest, CompilesWhatWasAcceptedOnce) {
  Interned interned;
  Catalog stored = District();
  stored.expectations[0].team_labels = {{"level", "none"}};
  ASSERT_FALSE(Validate(stored).empty());
  const auto district = Compiled(std::move(stored), interned);
  for (TeamNumber team = 0; team < interned.teams.size(); ++team) {
    const Numbers& picking = district->ExpectationsOf(team);
    EXPECT_EQ(std::count(picking.begin(), picking.end(), 0u), 0) << team;
  }
}

TEST(DistrictCatalogDeathTest, AnExpectationWithoutAnyDateIsABrokenInvariant) {
  Interned interned;
  EXPECT_DEATH(DistrictCatalog::Compile(District(), Zones(), {}, interned).IgnoreError(), "broken invariant");
}

// The largest district of the limits, with ten expectations: in the writer's path, so it must not stand still for long.
// The bound is far above what it takes, for slow machines and sanitizers.
TEST(DistrictCatalogTest, FiftyThousandTeamsCompileQuickly) {
  Catalog catalog = District();
  for (int i = 0; catalog.teams.size() < 50'000; ++i) {
    Team team = TeamNamed("team-" + std::to_string(i), {{"level", i % 2 == 0 ? "high" : "middle"}, {"region", "west"}});
    team.calendars = {{"main", std::nullopt}, {"four-day", Day("2025-10-01") + i % 20}};
    catalog.teams.push_back(std::move(team));
  }
  for (int i = 0; i < 7; ++i) {
    catalog.expectations.push_back(ExpectationOf("e-" + std::to_string(i), SignalKind{}));
    catalog.expectations.back().team_labels = {{"level", "high"}, {"region", "west"}};
    catalog.expectations.back().from = Day("2025-08-01");
  }
  Interned interned;
  const int64_t start = MonotonicMicros();
  const auto district = Compiled(std::move(catalog), interned);
  const int64_t took_micros = MonotonicMicros() - start;
  RecordProperty("took_micros", std::to_string(took_micros));
  EXPECT_LT(took_micros, 10 * kMicrosPerSecond);
  EXPECT_EQ(district->ExpectationsOf(3).size(), 9u);
  EXPECT_EQ(district->ExpectationsOf(4).size(), 1u);
}

// By source and indicator, as the sentence in district_catalog.h says it.
TEST(DistrictCatalogTest, FeedersAreThoseWithSomethingThatTheSubjectWaitsFor) {
  Catalog catalog = District();
  catalog.indicators.push_back(IndicatorOf("ticks", IndicatorRole::kLeading, Category::kImplementation, Measure::kCompletion));
  catalog.indicators.push_back(IndicatorOf("ends", IndicatorRole::kLagging, Category::kOutcome));
  catalog.expectations.push_back(ExpectationOf("every-leading", {}));
  const auto rule = [&](const char* id, decltype(AlertRule::terms) terms) {
    AlertRule& added = catalog.alert_rules.emplace_back();
    added.id = id;
    added.terms = std::move(terms);
  };
  rule("lagging", LaggingOnlyTerms{});
  rule("boxes", CompletionOnlyTerms{});
  rule("reviews", ReviewOverdueTerms{});
  rule("slow", CollectionSlowTerms{});
  catalog.sources.clear();
  const auto source = [&](const char* id, std::vector<std::string> indicators, std::vector<std::string> teams) {
    Source& added = catalog.sources.emplace_back();
    added.id = id;
    added.indicators = std::move(indicators);
    added.teams = std::move(teams);
    added.every_days = 3;
  };
  source("all", {}, {});
  source("of-ticks", {"ticks"}, {});
  source("of-ends", {"ends"}, {});
  source("of-one-team", {}, {catalog.teams[1].id});
  Interned interned;
  std::map<std::string, Date> dates;
  for (const Expectation& expectation : catalog.expectations) dates[expectation.id] = Day("2025-07-01");
  for (const AlertRule& added : catalog.alert_rules) dates[added.id] = Day("2025-07-01");
  for (const Source& added : catalog.sources) dates[DistrictCatalog::AppliedAs(added)] = Day("2025-07-01");
  const auto compiled = DistrictCatalog::Compile(catalog, Zones(), dates, interned);
  ASSERT_TRUE(compiled.ok()) << compiled.status();
  const auto feeders = [&](int team, const char* subject) {
    std::vector<std::string> names;
    const TeamNumber number = *interned.teams.Find(catalog.teams[static_cast<size_t>(team)].id);
    for (const SourceNumber feeder : (*compiled)->FeedersOf(number, *interned.expectations.Find(subject))) {
      names.push_back(interned.sources.NameOf(feeder));
    }
    return names;
  };
  using Names = std::vector<std::string>;
  EXPECT_EQ(feeders(0, "every-leading"), Names{"all"});
  EXPECT_EQ(feeders(1, "every-leading"), (Names{"all", "of-one-team"}));
  EXPECT_EQ(feeders(0, "lagging"), Names{"all"});
  EXPECT_EQ(feeders(0, "boxes"), (Names{"all", "of-ends"}));
  EXPECT_EQ(feeders(0, "reviews"), Names{});
  EXPECT_EQ(feeders(0, "slow"), Names{});
  EXPECT_EQ((*compiled)->FeedersOf(0, 99), std::vector<SourceNumber>{});
  // The watch of a rule costs what ten of an expectation do.
  const TeamNumber first = *interned.teams.Find(catalog.teams[0].id);
  EXPECT_EQ((*compiled)->WorkOfTeam(first), 4 * kRuleWork + (*compiled)->ExpectationsOf(first).size());
}

}  // namespace
}  // namespace leadlag
