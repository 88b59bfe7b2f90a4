// ACTION_WITHOUT_EVIDENCE on one team's rows: what it looks at, and which sources it waits for.
#include "core/rule_evidence.h"

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

namespace leadlag {
namespace {

Date Day(const char* text) { return Date::Parse(text).value(); }

Inquiry InquiryOn(std::string id, const std::vector<std::string>& linked, const std::vector<const char*>& starts) {
  Inquiry inquiry;
  inquiry.id = std::move(id);
  inquiry.team = "elm";
  for (const std::string& indicator : linked) inquiry.links.push_back({indicator, ExpectedDirection::kIncrease, std::nullopt});
  for (const char* const start : starts) inquiry.actions.push_back({std::string("a") + start, "", Day(start), std::nullopt});
  return inquiry;
}

class ActionRuleTest : public testing::Test {
 protected:
  ActionRuleTest() {
    catalog_.district = "d";
    catalog_.time_zone = "UTC";
    catalog_.default_calendar = "main";
    CalendarSpec& calendar = catalog_.calendars.emplace_back();
    calendar.id = "main";
    calendar.weekdays = 0b0011111;
    calendar.years = {{"2025-26", {Day("2025-07-01"), Day("2026-07-01")}, {{Day("2025-09-08"), Day("2026-05-29")}}}};
    for (const char* const id : {"elm", "oak"}) {
      Team& team = catalog_.teams.emplace_back();
      team.id = id;
      team.active_periods = {{Day("2025-07-01"), std::nullopt}};
    }
    for (const char* const id : {"walks", "voices", "results", "boxes"}) {
      Indicator& indicator = catalog_.indicators.emplace_back();
      indicator.id = id;
      indicator.category = Category::kWalkthrough;
    }
    catalog_.indicators[2].role = IndicatorRole::kLagging;
    catalog_.indicators[2].category = Category::kOutcome;
    catalog_.indicators[3].measure = Measure::kCompletion;
    AlertRule& rule = catalog_.alert_rules.emplace_back();
    rule.id = "acted-on";
    rule.terms = ActionWithoutEvidenceTerms{5};
    rule.from = Day("2025-07-01");
  }

  void AddSource(const char* id, std::vector<std::string> indicators, std::vector<std::string> teams = {}) {
    Source& source = catalog_.sources.emplace_back();
    source.id = id;
    source.indicators = std::move(indicators);
    source.teams = std::move(teams);
    source.every_days = 1;
    source.from = Day("2025-07-01");
  }
  const DistrictCatalog& Compiled() {
    absl::StatusOr<std::shared_ptr<const DistrictCatalog>> compiled =
        DistrictCatalog::Compile(catalog_, {{"UTC", {{Instant::Min(), 0}}}}, {}, interned_);
    EXPECT_TRUE(compiled.ok()) << compiled.status();
    compiled_ = *std::move(compiled);
    return *compiled_;
  }
  IndicatorNumber Number(const char* indicator) const { return *interned_.indicators.Find(indicator); }

  std::optional<RuleFinding> Ask(const std::vector<Inquiry>& inquiries) {
    const DistrictCatalog& catalog = Compiled();
    const std::vector<LinkedAction> taken = LinkedActionsOf(inquiries, interned_.indicators);
    const Calendar calendar = Calendar::Compile(catalog_.calendars[0]).value();
    const auto row = [&](IndicatorNumber indicator, int year) -> const DayRow& {
      asked_.insert(year);
      ++rows_asked_;
      return rows_[{indicator, year}];
    };
    const auto values = [](IndicatorNumber, int) -> const SeriesValues& {
      static const auto& none = *new SeriesValues;
      return none;
    };
    const auto actions = [&]() -> const std::vector<LinkedAction>& { return taken; };
    const auto last_review = [](DateRange) { return std::optional<Date>(); };
    const auto first_row_year = [this] { return first_row_year_; };
    const RuleSpan span{&calendar, Day("2025-09-07"), {Day("2025-09-08"), Day("2026-05-30")}, {Day("2025-07-01"), Day("2026-07-01")}};
    return AskRule(catalog, *interned_.expectations.Find("acted-on"), span, {row, values, actions, last_review, first_row_year});
  }
  void AddRecord(const char* indicator, const char* event) {
    Compiled();
    DayEntry entry;
    entry.event = entry.known = entry.recorded = Day(event);
    entry.count = 1;
    rows_[{Number(indicator), RowYear(entry.event)}].Add(entry);
    first_row_year_ = std::min(first_row_year_.value_or(RowYear(entry.event)), RowYear(entry.event));
  }
  std::vector<std::string> Feeders(const char* team, const std::vector<Inquiry>& inquiries) {
    const DistrictCatalog& catalog = Compiled();
    std::vector<std::string> names;
    for (const SourceNumber source : FeedersOfActions(catalog, *interned_.teams.Find(team), *interned_.expectations.Find("acted-on"),
                                                      LinkedActionsOf(inquiries, interned_.indicators))) {
      names.push_back(interned_.sources.NameOf(source));
    }
    return names;
  }

  Catalog catalog_;
  Interned interned_;
  std::shared_ptr<const DistrictCatalog> compiled_;
  std::map<std::pair<IndicatorNumber, int>, DayRow> rows_;
  std::optional<int> first_row_year_;
  std::set<int> asked_;  // years
  int rows_asked_ = 0;
};

TEST_F(ActionRuleTest, LooksAtNoYearBeforeTheTeamsFirstRow) {
  AddRecord("results", "2024-10-01");
  const Inquiry old = InquiryOn("old", {"walks", "voices"}, {"1970-01-01", "1970-01-02", "1999-12-31"});
  std::optional<RuleFinding> finding = Ask({old});
  ASSERT_TRUE(finding.has_value());
  EXPECT_EQ(finding->due, Day("2025-09-12"));
  EXPECT_EQ(asked_, (std::set<int>{RowYear(Day("2024-10-01")), RowYear(Day("2025-10-01"))}));
  EXPECT_EQ(rows_asked_, 4) << "each of two indicators once a year, however many actions ask";
  // What is in its first year counts for an action that began long before.
  AddRecord("walks", "2024-09-20");
  EXPECT_EQ(Ask({old}), std::nullopt);
  // And where there is no row at all nothing is looked at.
  first_row_year_.reset();
  rows_.clear();
  rows_asked_ = 0;
  EXPECT_TRUE(Ask({old}).has_value());
  EXPECT_EQ(rows_asked_, 0);
}

TEST_F(ActionRuleTest, EachActionIsToldByARecordAfterIt) {
  AddRecord("walks", "2025-10-01");
  AddRecord("results", "2026-02-02");  // not leading
  AddRecord("boxes", "2026-02-02");    // no evidence
  const std::vector<std::pair<const char*, bool>> cases = {
      {"2025-09-30", false}, {"2025-10-01", true}, {"2025-10-02", true}, {"2026-07-01", false}};
  for (const auto& [start, told] : cases) {
    EXPECT_EQ(Ask({InquiryOn("a", {"walks", "results", "boxes"}, {start})}).has_value(), told) << start;
  }
  // The place is the action's among all.
  const std::vector<Inquiry> two = {InquiryOn("a", {"walks"}, {"2025-09-30"}), InquiryOn("b", {"walks"}, {"2025-09-30", "2025-10-06"})};
  ASSERT_TRUE(Ask(two).has_value());
  const std::optional<size_t> place = Ask(two)->action;
  ASSERT_TRUE(place.has_value());
  const std::vector<LinkedAction> taken = LinkedActionsOf(two, interned_.indicators);
  EXPECT_EQ(two[taken[*place].inquiry].actions[taken[*place].action].start, Day("2025-10-06"));
}

TEST_F(ActionRuleTest, ActionsOfAnInquiryShareWhatItIsLinkedTo) {
  Compiled();
  Inquiry done = InquiryOn("done", {"walks"}, {"2025-09-08"});
  done.status = InquiryStatus::kDone;
  const std::vector<Inquiry> inquiries = {InquiryOn("none", {"walks"}, {}), done,
                                          InquiryOn("a", {"voices", "walks", "gone"}, {"2025-09-08", "2025-09-09"}),
                                          InquiryOn("b", {}, {"2025-09-10"})};
  const std::vector<LinkedAction> taken = LinkedActionsOf(inquiries, interned_.indicators);
  ASSERT_EQ(taken.size(), 3u);
  EXPECT_EQ(taken[0].linked, taken[1].linked);  // one in memory
  EXPECT_EQ(*taken[0].linked, (std::vector<IndicatorNumber>{Number("walks"), Number("voices")}));
  EXPECT_EQ(taken[2].inquiry, 3u);
  EXPECT_EQ(SizeOf(taken), 3u + (1 + 2) + (1 + 0));
  EXPECT_LE(sizeof(LinkedAction), 32u);
}

TEST_F(ActionRuleTest, WaitsForTheSourcesOfItsOwnIndicators) {
  AddSource("of-walks", {"walks"});
  AddSource("of-results", {"results"});
  AddSource("of-oak", {"walks", "boxes"}, {"oak"});
  using Names = std::vector<std::string>;
  const Inquiry walks = InquiryOn("a", {"walks", "results"}, {"2025-09-08"});
  EXPECT_EQ(Feeders("elm", {walks}), Names{"of-walks"});
  EXPECT_EQ(Feeders("oak", {walks}), (Names{"of-walks", "of-oak"}));
  // Nothing is awaited, or something of which no source is said to send it: it can always be told.
  EXPECT_EQ(Feeders("elm", {}), Names{});
  EXPECT_EQ(Feeders("elm", {InquiryOn("a", {"walks"}, {})}), Names{});
  EXPECT_EQ(Feeders("elm", {walks, InquiryOn("b", {"voices"}, {"2025-09-08"})}), Names{});
  EXPECT_EQ(Feeders("elm", {walks, InquiryOn("b", {"results"}, {"2025-09-08"})}), Names{});
  AddSource("of-voices", {"voices"});
  EXPECT_EQ(Feeders("elm", {walks, InquiryOn("b", {"voices"}, {"2025-09-08", "2025-09-09"})}), (Names{"of-walks", "of-voices"}));
}

}  // namespace
}  // namespace leadlag
