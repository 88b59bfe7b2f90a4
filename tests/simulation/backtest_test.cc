// The back-test by hand: what it says, counts, holds and leaves out; and what cannot be back-tested is refused with the field.
#include <algorithm>
#include <atomic>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/engine/queries.h"
#include "server/engine/team_history.h"
#include "tests/simulation/run_backtest.h"
#include "tests/support/watch_story.h"

namespace leadlag {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class BacktestTest : public testing::Test {
 protected:
  void SetUp() override {
    catalog_.expectations.clear();
    ASSERT_TRUE(district_.Apply(catalog_).ok());
  }
  // At noon of the date.
  void Record(const char* date, std::vector<EvidenceItem> items) {
    district_.AdvanceTo(At(absl::StrCat(date, " 12:00")));
    const absl::StatusOr<BatchOutcome> outcome = district_.Record("forms", std::move(items));
    ASSERT_TRUE(outcome.ok() && outcome->failures.empty());
  }
  std::vector<std::string> LinesOf(const Tested& tested, const WatchName& name) const {
    std::vector<std::string> lines;
    const auto found = tested.flips.find(name);
    if (found == tested.flips.end()) return lines;
    for (const ToldFlip& told : found->second) lines.push_back(Describe(told.flip, district_.Read()->catalog()->district_zone()));
    return lines;
  }
  // The problem with a query: "field: …".
  std::string Refusal(const BacktestQuery& query) const {
    const absl::StatusOr<Tested> tested = RunBacktest(district_, query);
    EXPECT_EQ(tested.status().code(), absl::StatusCode::kInvalidArgument) << tested.status();
    return std::string(tested.status().message());
  }

  SimulatedDistrict district_{{.start = At("2025-08-01 12:00")}};
  Catalog catalog_ = SmallCatalog(3);
};

TEST_F(BacktestTest, SaysWhatWouldHaveFired) {
  Record("2025-09-10", {NumberRecord("a", "t1", "walks", D("2025-09-10"))});
  Record("2025-09-29", {NumberRecord("b", "t1", "walks", D("2025-09-29")), NumberRecord("c", "t2", "results", D("2025-09-26"))});
  district_.AdvanceTo(At("2025-10-20 12:00"));
  BacktestQuery query;  // of this school year
  query.expectations = {ExpectationOn("weekly", CategoryKind(Category::kWalkthrough), 5, 3, 2)};
  query.alert_rules = {Rule("lagging", LaggingOnlyTerms{20})};
  const absl::StatusOr<Tested> tested = RunBacktest(district_, query);
  ASSERT_TRUE(tested.ok()) << tested.status();
  EXPECT_THAT(LinesOf(*tested, {"t1", "weekly"}),
              ElementsAre("2025-09-08 00:00 NOT_STARTED STARTED due 2025-09-16", "2025-09-10 12:00 ON_TRACK EVIDENCE due 2025-09-17",
                          "2025-09-18 07:00 LATE DUE due 2025-09-17", "2025-09-23 07:00 OVERDUE GRACE_OVER due 2025-09-17",
                          "2025-09-29 12:00 ON_TRACK RESOLVED due 2025-10-06", "2025-10-07 07:00 LATE DUE due 2025-10-06",
                          "2025-10-10 07:00 OVERDUE GRACE_OVER due 2025-10-06"));
  EXPECT_THAT(LinesOf(*tested, {"t2", "lagging"}),
              ElementsAre("2025-09-08 00:00 ON_TRACK STARTED", "2025-10-06 07:00 RAISED DUE due 2025-10-03"));
  // From Thu 18 to Mon 29 September seven days of school, from Tue 7 to Mon 20 October nine.
  EXPECT_EQ(tested->counts.at({"t1", "weekly"}),
            (BacktestCounts{.opened = 2, .overdue = 2, .resolved = 1, .retracted = 0, .ended = 0, .open = 1, .alert_days = 16}));
  EXPECT_EQ(tested->totals.at("lagging"),
            (BacktestCounts{.opened = 1, .overdue = 0, .resolved = 0, .retracted = 0, .ended = 0, .open = 1, .alert_days = 10}));
  EXPECT_EQ(tested->summary.window, (DateRange{D("2025-07-01"), D("2026-07-01")}));
  EXPECT_EQ(tested->summary.begin, At("2025-07-01"));
  EXPECT_EQ(tested->summary.end, district_.now());
  EXPECT_EQ(tested->summary.teams, 3u);
  EXPECT_EQ(tested->summary.records, 3u);
  EXPECT_EQ(district_.last_sequence(), 0u);  // nothing of it happened

  query.labels = {{"level", "high"}};
  const absl::StatusOr<Tested> high = RunBacktest(district_, query);
  ASSERT_TRUE(high.ok()) << high.status();
  EXPECT_EQ(high->summary.teams, 1u);
  EXPECT_THAT(LinesOf(*high, {"t1", "weekly"}), IsEmpty());
}

// A source's silence is lived again, and its interval refuses no proposal that the catalog in force would.
TEST_F(BacktestTest, AnExpectedSourceIsInNoProposalsWay) {
  catalog_.sources[0].every_days = 3;
  catalog_.teams[0].time_zone = "America/Chicago";
  ASSERT_TRUE(district_.Apply(catalog_).ok());
  Record("2025-09-17", {});  // silent since the 11th
  district_.AdvanceTo(At("2025-09-25 12:00"));  // and since the 23rd
  BacktestQuery query;
  query.expectations = {ExpectationOn("daily", CategoryKind(Category::kWalkthrough), 1, 4, 0)};
  absl::StatusOr<Tested> tested = RunBacktest(district_, query);
  ASSERT_TRUE(tested.ok()) << tested.status();
  EXPECT_THAT(LinesOf(*tested, {"t2", "daily"}),
              ElementsAre("2025-09-08 00:00 NOT_STARTED STARTED due 2025-09-08", "2025-09-09 07:00 LATE DUE due 2025-09-08",
                          "2025-09-11 07:00 UNKNOWN SOURCE_SILENT", "2025-09-17 12:10 NOT_STARTED SOURCE_HEARD due 2025-09-08",
                          "2025-09-18 07:00 LATE DUE due 2025-09-08", "2025-09-18 07:00 OVERDUE GRACE_OVER due 2025-09-08",
                          "2025-09-23 07:00 UNKNOWN SOURCE_SILENT"));
  EXPECT_EQ(tested->counts.at({"t2", "daily"}),
            (BacktestCounts{.opened = 2, .overdue = 1, .resolved = 0, .retracted = 0, .ended = 2, .open = 0, .alert_days = 5}));
  EXPECT_EQ(tested->summary.silences, 2u);
  EXPECT_EQ(tested->summary.silent_sources, 1u);
  EXPECT_EQ(tested->summary.silences_kept_from, std::nullopt);

  // A window between the two begins in the first.
  query.from = D("2025-09-16");
  query.to = D("2025-09-19");
  tested = RunBacktest(district_, query);
  ASSERT_TRUE(tested.ok()) << tested.status();
  EXPECT_THAT(LinesOf(*tested, {"t2", "daily"}),
              ElementsAre("2025-09-16 00:00 UNKNOWN STARTED", "2025-09-17 12:10 NOT_STARTED SOURCE_HEARD due 2025-09-16",
                          "2025-09-18 07:00 LATE DUE due 2025-09-16"));
  EXPECT_EQ(tested->summary.silences, 1u);

  // What was recorded late counts as known in time: then nobody was silent.
  query.from.reset();
  query.to = D("2025-09-13");
  query.known_as_recorded = true;
  tested = RunBacktest(district_, query);
  ASSERT_TRUE(tested.ok()) << tested.status();
  EXPECT_EQ(LinesOf(*tested, {"t2", "daily"}).back(), "2025-09-09 07:00 LATE DUE due 2025-09-08");
  EXPECT_EQ(tested->summary.silences, 0u);

  // By the catalog in force it feeds something else.
  query.known_as_recorded = false;
  catalog_.sources[0].indicators = {"lessons"};
  ASSERT_TRUE(district_.Apply(catalog_).ok());
  tested = RunBacktest(district_, query);
  ASSERT_TRUE(tested.ok()) << tested.status();
  EXPECT_EQ(LinesOf(*tested, {"t2", "daily"}).back(), "2025-09-09 07:00 LATE DUE due 2025-09-08");
  EXPECT_EQ(tested->summary.silences, 0u);
}

// core/limits.h, kSilencesKeptMax: to it and past it, whatever is killed.
TEST_F(BacktestTest, OfASourceTheLastSilencesAreKept) {
  catalog_.sources[0].every_days = 1;
  catalog_.calendars[0].weekdays = 0b1111111;
  ASSERT_TRUE(district_.Apply(catalog_).ok());
  BacktestQuery query;
  query.expectations = {ExpectationOn("walks", CategoryKind(Category::kWalkthrough), 5, 3, 2)};
  query.from = D("2025-09-01");
  query.to = D("2027-09-01");
  const auto observation = [&] {
    const DistrictReader reader = district_.Read();
    return SourceObservation(reader->ObservationOf(*reader->interned().sources.Find("forms")));
  };
  Instant first_over;
  for (Date date = D("2025-09-09"); observation().forgotten_through == std::nullopt; date = date + 1) {
    ASSERT_LT(date, D("2027-06-01"));
    district_.AdvanceTo(At("America/New_York", date, 12 * 60));
    if (district_.StateOf("", "forms") != WatchState::kRaised) continue;
    // It is heard, and all is there at once.
    ASSERT_TRUE(district_.Execute(RecordEvidenceCommand{.source = "forms", .items = {}, .complete_through = date - 1}).ok());
    if (first_over == Instant()) first_over = district_.last_command();
    if (observation().lived.size() == kSilencesKeptMax && !observation().forgotten_through) {
      const absl::StatusOr<Tested> tested = RunBacktest(district_, query);
      ASSERT_TRUE(tested.ok()) << tested.status();
      EXPECT_EQ(tested->summary.silences, kSilencesKeptMax);
      EXPECT_EQ(tested->summary.silences_kept_from, std::nullopt);
    }
  }
  EXPECT_EQ(observation().lived.size(), kSilencesKeptMax);
  EXPECT_EQ(observation().forgotten_through, first_over);
  const SourceObservation before = observation();
  district_.Restart();
  EXPECT_EQ(observation(), before);
  EXPECT_THAT(VerifyDistrict(district_.Freeze(), 100), IsEmpty());
  absl::StatusOr<Tested> tested = RunBacktest(district_, query);
  ASSERT_TRUE(tested.ok()) << tested.status();
  EXPECT_EQ(tested->summary.silences, kSilencesKeptMax);
  EXPECT_EQ(tested->summary.silences_kept_from, first_over);
  query.from = district_.Read()->catalog()->district_zone().LocalDate(first_over) + 1;
  tested = RunBacktest(district_, query);
  ASSERT_TRUE(tested.ok()) << tested.status();
  EXPECT_EQ(tested->summary.silences_kept_from, std::nullopt);
}

// A correction of one team's record resolves what it ends where another team's in its batch is new, selected or not.
TEST_F(BacktestTest, ABatchIsOneCauseAcrossTeams) {
  Record("2025-09-12", {NumberRecord("a", "t1", "walks", D("2025-09-09"))});
  Record("2025-09-22", {NumberRecord("a", "t1", "walks", D("2025-09-19")), NumberRecord("b", "t2", "walks", D("2025-09-19"))});
  BacktestQuery query;
  query.expectations = {ExpectationOn("weekly", CategoryKind(Category::kWalkthrough), 5, 3, 2)};
  query.labels = {{"level", "middle"}};
  absl::StatusOr<Tested> tested = RunBacktest(district_, query);
  ASSERT_TRUE(tested.ok()) << tested.status();
  EXPECT_EQ(LinesOf(*tested, {"t1", "weekly"}).back(), "2025-09-22 12:00 ON_TRACK RESOLVED due 2025-09-26");
  Record("2025-09-30", {NumberRecord("a", "t1", "walks", D("2025-09-29"))});
  tested = RunBacktest(district_, query);
  ASSERT_TRUE(tested.ok()) << tested.status();
  EXPECT_EQ(LinesOf(*tested, {"t1", "weekly"}).back(), "2025-09-30 12:00 ON_TRACK RETRACTED due 2025-10-06");
}

TEST_F(BacktestTest, BadQueriesAreRefusedWithTheField) {
  district_.AdvanceTo(At("2025-10-20 12:00"));
  EXPECT_THAT(Refusal({}), HasSubstr("expectations: nothing to run: propose"));
  BacktestQuery query;
  query.expectations = {ExpectationOn("x", IndicatorKind("nothing"), 5, 3, 2)};
  EXPECT_THAT(Refusal(query), HasSubstr("expectations[0].kind.indicator"));
  query.expectations = {ExpectationOn("x", {}, 0, 3, 2)};
  EXPECT_THAT(Refusal(query), HasSubstr("expectations[0].every_days"));
  query.expectations = {ExpectationOn("x", {}, 5, 3, 2), ExpectationOn("y", {}, 5, 3, 2)};
  query.expectations[1].team_labels = {{"level", "zip"}};
  EXPECT_THAT(Refusal(query), HasSubstr("expectations[1].team_labels: picks no team; give labels that a team has, or remove the "
                                        "expectation"));
  query.expectations = {ExpectationOn("x", {}, 5, 3, 2)};
  query.alert_rules = {Rule("x", LaggingOnlyTerms{})};
  EXPECT_THAT(Refusal(query), HasSubstr("alert_rules[0].id"));
  query.alert_rules.clear();
  query.labels = {{"level", "nowhere"}};
  EXPECT_THAT(Refusal(query), HasSubstr("labels: no team"));
  query.labels.clear();
  query.from = D("2025-10-01");
  query.to = D("2025-10-01");
  EXPECT_THAT(Refusal(query), HasSubstr("end_date: the window"));
  query.to = D("2045-10-01");
  EXPECT_THAT(Refusal(query), HasSubstr("end_date: the window"));
  query.from = D("2025-10-21");
  query.to.reset();
  EXPECT_THAT(Refusal(query), HasSubstr("start_date: 2025-10-21 lies in the future"));
  query.from.reset();
  query.expectations[0].teams = {"t1"};
  query.labels = {{"level", "high"}};
  EXPECT_THAT(Refusal(query), HasSubstr("expectations: nothing to run: none of"));
  query.expectations.clear();
  query.alert_rules = {Rule("off", LaggingOnlyTerms{})};
  query.alert_rules[0].enabled = false;
  EXPECT_THAT(Refusal(query), HasSubstr("alert_rules: nothing to run: none of"));
}

// As it would be refused when it is applied.
TEST_F(BacktestTest, AnIdKeepsItsKind) {
  catalog_.alert_rules = {Rule("late", LaggingOnlyTerms{})};
  ASSERT_TRUE(district_.Apply(catalog_).ok());
  district_.AdvanceTo(At("2025-10-20 12:00"));
  BacktestQuery query;
  query.alert_rules = {Rule("late", CompletionOnlyTerms{})};
  const absl::StatusOr<Tested> tested = RunBacktest(district_, query);
  EXPECT_EQ(tested.status().code(), absl::StatusCode::kFailedPrecondition) << tested.status();
  EXPECT_THAT(std::string(tested.status().message()), HasSubstr("alert_rules[0].id: \"late\" is of the kind LAGGING_ONLY"));
  query.alert_rules = {Rule("late", LaggingOnlyTerms{30}), Rule("new", CompletionOnlyTerms{})};
  EXPECT_TRUE(RunBacktest(district_, query).ok());
}

// At whatever time it is told; a very large team is left in the middle.
TEST_F(BacktestTest, ALargeTeamIsLeftInTheMiddle) {
  district_.AdvanceTo(At("2026-05-01 12:00"));
  std::vector<EvidenceItem> items;
  for (int i = 0; i < 10'000; ++i) {
    items.push_back(NumberRecord(absl::StrCat("r", i), "t1", "walks", D("2025-09-08")));
    items.back().content.reported = Instant{At("2025-09-09 00:00").micros + i * kMicrosPerMinute};
    if (items.size() < 1'000) continue;
    ASSERT_TRUE(district_.Record("forms", std::exchange(items, {})).ok());
  }
  BacktestQuery query;
  query.expectations = {ExpectationOn("x", {}, 5, 3, 2)};
  query.known_as_recorded = true;
  query.labels = {{"level", "middle"}};
  const absl::StatusOr<std::unique_ptr<const Backtest>> backtest = Prepare(district_, query);
  ASSERT_TRUE(backtest.ok()) << backtest.status();
  // Asked from several threads.
  const auto run = [&](int stop_at) {
    std::atomic<int> asked{0};
    const std::function<bool()> stop = [&] { return ++asked >= stop_at; };
    const absl::Status status = (*backtest)->Run([](const BacktestTeam&) { return true; }, &stop).status();
    return std::pair(status.code(), asked.load());
  };
  const auto [code, asked] = run(1'000'000);
  ASSERT_EQ(code, absl::StatusCode::kOk);
  // Twice while they are read, twice while they are lived, once a team.
  EXPECT_GE(asked, 5);
  for (int stop_at = 1; stop_at <= asked; ++stop_at) EXPECT_EQ(run(stop_at).first, absl::StatusCode::kCancelled) << stop_at;
}

// What a snapshot sets apart is looked through by every read until the next checkpoint.
TEST_F(BacktestTest, OneThatIsRefusedTakesNoSnapshot) {
  district_.AdvanceTo(At("2025-10-20 12:00"));
  Record("2025-10-20", {NumberRecord("a", "t1", "walks", D("2025-10-20"))});
  const auto layers = [this] { return district_.Read()->store().live().layers(); };
  const size_t before = layers();
  BacktestQuery query;
  query.expectations = {ExpectationOn("x", {}, 5, 3, 2)};
  query.labels = {{"level", "nowhere"}};
  EXPECT_THAT(Refusal(query), HasSubstr("labels: no team"));
  EXPECT_EQ(layers(), before);
  query.labels.clear();
  ASSERT_TRUE(Prepare(district_, query).ok());
  EXPECT_EQ(layers(), before + 1);
}

// Where a catalog comes between what is checked and what is run, it is checked anew.
TEST_F(BacktestTest, IsOfTheCatalogItWasCheckedBy) {
  district_.AdvanceTo(At("2025-10-20 12:00"));
  BacktestQuery query;
  query.expectations = {ExpectationOn("x", {}, 5, 3, 2)};
  int reads = 0;
  const auto read = [&]() -> absl::StatusOr<DistrictReader> {
    if (++reads == 2) {
      catalog_.teams.pop_back();
      EXPECT_TRUE(district_.Apply(catalog_).ok());
    }
    return district_.Read();
  };
  const absl::StatusOr<std::unique_ptr<const Backtest>> backtest = Backtest::Prepare(read, query);
  ASSERT_TRUE(backtest.ok()) << backtest.status();
  EXPECT_EQ(reads, 4);
  const absl::StatusOr<BacktestSummary> summary = (*backtest)->Run([](const BacktestTeam&) { return true; });
  ASSERT_TRUE(summary.ok()) << summary.status();
  EXPECT_EQ(summary->teams, 2u);
  EXPECT_EQ(summary->catalog_version, 2u);
}

// Which records of other teams have been revised is held as well.
TEST_F(BacktestTest, CountsAllThatItHolds) {
  district_.AdvanceTo(At("2025-10-20 12:00"));
  std::vector<EvidenceItem> items, voids;
  for (int i = 0; i < 600; ++i) {
    items.push_back(NumberRecord(absl::StrCat("other", i), "t3", "walks", D("2025-10-01")));
    voids.push_back(VoidRecord(absl::StrCat("other", i)));
  }
  for (const char* team : {"t1", "t2"}) {
    for (int i = 0; i < 10; ++i) items.push_back(NumberRecord(absl::StrCat(team, i), team, "walks", D("2025-10-01")));
  }
  ASSERT_TRUE(district_.Record("forms", items).ok());
  ASSERT_TRUE(district_.Record("forms", voids).ok());
  Catalog catalog = catalog_;
  catalog.expectations = {ExpectationOn("x", {}, 5, 3, 2)};
  ASSERT_TRUE(district_.Apply(catalog).ok());
  const DistrictReader reader = district_.Read();
  const std::vector<TeamNumber> teams = {*reader->interned().teams.Find("t1"), *reader->interned().teams.Find("t2")};
  const std::vector<Instant> ends(2, district_.now());
  const StoreView store = reader->store().Held();
  const auto held_at_once = [&](size_t held_max) {
    HistoryReader history({.store = store,
                           .district = reader->number(),
                           .interned = reader->interned(),
                           .catalog = *reader->catalog(),
                           .teams = teams,
                           .ends = ends,
                           .known_as_recorded = false,
                           .held_max = held_max},
                          nullptr);
    const absl::StatusOr<std::vector<TeamHistory>> histories = history.Read(0);
    EXPECT_TRUE(histories.ok()) << histories.status();
    EXPECT_EQ((*histories)[0].records.size(), 10u);
    return histories->size();
  };
  EXPECT_EQ(held_at_once(22), 2u);  // twenty records, and 600 numbers in two places
  EXPECT_EQ(held_at_once(21), 1u);
}

// And of an inquiry what a rule asks of it: its texts are not held.
TEST_F(BacktestTest, CountsWhatItHoldsOfInquiries) {
  Catalog catalog = catalog_;
  catalog.alert_rules = {Rule("actions", ActionWithoutEvidenceTerms{6})};
  ASSERT_TRUE(district_.Apply(catalog).ok());
  constexpr size_t kRevisions = 3, kActions = 7;
  for (const char* const team : {"t1", "t2"}) {
    Inquiry inquiry = InquiryOf(absl::StrCat("of-", team), team, D("2025-09-08"));
    inquiry.if_text.assign(kInquiryTextBytesMax, 'x');
    inquiry.links = {{"walks", ExpectedDirection::kIncrease, {}}, {"lessons", ExpectedDirection::kIncrease, {}}};
    for (size_t i = 0; i < kActions; ++i) inquiry.actions.push_back({absl::StrCat("a", i), "meet", D("2025-09-08"), std::nullopt});
    for (size_t revision = 1; revision <= kRevisions; ++revision) {
      inquiry.cycle_days = static_cast<int32_t>(revision);
      ASSERT_TRUE(district_.RecordInquiry(inquiry).ok());
    }
    inquiry.status = InquiryStatus::kDone;  // of which nothing is asked
    ASSERT_TRUE(district_.RecordInquiry(inquiry).ok());
  }
  const DistrictReader reader = district_.Read();
  const std::vector<TeamNumber> teams = {*reader->interned().teams.Find("t1"), *reader->interned().teams.Find("t2")};
  const std::vector<Instant> ends(2, Instant{district_.now().micros + 1});
  const StoreView store = reader->store().Held();
  const auto held_at_once = [&](size_t held_max) {
    HistoryReader history({.store = store,
                           .district = reader->number(),
                           .interned = reader->interned(),
                           .catalog = *reader->catalog(),
                           .teams = teams,
                           .ends = ends,
                           .known_as_recorded = false,
                           .held_max = held_max},
                          nullptr);
    const absl::StatusOr<std::vector<TeamHistory>> histories = history.Read(0);
    EXPECT_TRUE(histories.ok()) << histories.status();
    EXPECT_EQ((*histories)[0].inquiries.size(), kRevisions + 1);
    EXPECT_EQ((*histories)[0].inquiries[0].actions.size(), kActions);
    return histories->size();
  };
  const size_t of_a_team = kRevisions * (1 + kActions + 1 + 2) + 1;  // themselves, actions, links
  EXPECT_EQ(held_at_once(2 * of_a_team), 2u);
  EXPECT_EQ(held_at_once(2 * of_a_team - 1), 1u);
}

// However early a source says that it took it in: nothing is known before it has happened.
TEST_F(BacktestTest, NothingIsKnownBeforeItHasHappened) {
  EvidenceItem dated = NumberRecord("a", "t1", "walks", D("2025-09-17"));
  dated.content.reported = At("2025-09-09 09:00");
  EvidenceItem timed = NumberRecord("b", "t1", "walks", D("2025-09-26"));
  timed.content.event_date.reset();
  timed.content.event_time = At("2025-09-26 14:30");
  timed.content.reported = At("2025-01-01 09:00");
  EvidenceItem corrected = NumberRecord("c", "t1", "walks", D("2025-10-07"));
  corrected.content.reported = At("2025-10-01 09:00");
  EvidenceItem later = NumberRecord("d", "t1", "walks", D("2025-10-14"));  // reported after it: then
  later.content.reported = At("2025-10-16 09:00");
  Record("2025-10-20", {dated, timed, corrected, later});
  corrected.content.value = 2.0;
  Record("2025-10-21", {corrected});
  BacktestQuery query;
  query.expectations = {ExpectationOn("weekly", CategoryKind(Category::kWalkthrough), 5, 9, 1)};
  query.known_as_recorded = true;
  const absl::StatusOr<Tested> tested = RunBacktest(district_, query);
  ASSERT_TRUE(tested.ok()) << tested.status();
  EXPECT_EQ(tested->summary.known_records, 4u);
  EXPECT_THAT(LinesOf(*tested, {"t1", "weekly"}),
              ElementsAre("2025-09-08 00:00 NOT_STARTED STARTED due 2025-09-15", "2025-09-16 07:00 LATE DUE due 2025-09-15",
                          "2025-09-17 00:00 ON_TRACK RESOLVED due 2025-09-24", "2025-09-25 07:00 LATE DUE due 2025-09-24",
                          "2025-09-26 14:30 ON_TRACK RESOLVED due 2025-10-03", "2025-10-06 07:00 LATE DUE due 2025-10-03",
                          "2025-10-07 00:00 ON_TRACK RESOLVED due 2025-10-14", "2025-10-15 07:00 LATE DUE due 2025-10-14",
                          "2025-10-16 09:00 ON_TRACK RESOLVED due 2025-10-21"));
}

TEST_F(BacktestTest, EndsWhereNobodyWantsMore) {
  BacktestQuery query;
  query.expectations = {ExpectationOn("x", {}, 5, 3, 2)};
  const absl::StatusOr<std::unique_ptr<const Backtest>> backtest = Prepare(district_, query);
  ASSERT_TRUE(backtest.ok()) << backtest.status();
  int visited = 0;
  EXPECT_EQ((*backtest)->Run([&](const BacktestTeam&) { return ++visited < 2; }).status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(visited, 2);
  const std::function<bool()> stop = [] { return true; };
  EXPECT_EQ((*backtest)->Run([&](const BacktestTeam&) { return true; }, &stop).status().code(), absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace leadlag
