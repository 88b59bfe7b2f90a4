// No command does more than kWatchesPerCommand's work (DESIGN.md, invariant 6): what is larger is cut or continued, and the result is the
// one of a command that did it all.
#include <algorithm>
#include <atomic>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "gtest/gtest.h"
#include "server/engine/applying.h"
#include "server/engine/queries.h"
#include "server/engine/zone_database.h"
#include "tests/simulation/simulated_district.h"
#include "tests/simulation/stepped_district.h"
#include "tests/support/faulty_command_log.h"
#include "tests/support/random_seed.h"
#include "tests/support/watch_story.h"

namespace leadlag {
namespace {

// ---- reviews ----------------------------------------------------------------

// A district with 2,600 records of team t1 and a few of t2, known on many days.
class LargeReviewTest : public ::testing::Test {
 protected:
  static constexpr int kRecords = 2'600;

  // The disk of a simulated district that has lived up to the day of the reviews.
  static std::shared_ptr<Disk> ADisk(Random& random) {
    SimulatedDistrict simulated({.start = At("2025-08-01 12:00")});
    Catalog catalog = SmallCatalog(2);
    catalog.alert_rules.resize(1);
    catalog.alert_rules[0].id = "unread";
    catalog.alert_rules[0].terms = ReviewOverdueTerms{2};
    catalog.alert_rules[0].from = D("2025-07-01");
    EXPECT_TRUE(simulated.Apply(catalog).ok());
    // The first record, and a review in each month, so that only records can be overdue.
    simulated.AdvanceTo(At("2025-09-09 12:00"));
    EXPECT_TRUE(simulated.Record("forms", {NumberRecord("first", "t1", "walks", D("2025-09-09"))}).ok());
    for (const char* date : {"2025-09-10", "2025-10-01", "2025-11-03"}) {
      simulated.AdvanceTo(At(absl::StrCat(date, " 12:00")));
      EXPECT_TRUE(simulated.RecordReview({.id = absl::StrCat("m", date), .team = "t1", .date = D(date), .indicators = {"walks"}}).ok());
    }
    simulated.AdvanceTo(At("2025-11-10 12:00"));
    std::vector<EvidenceItem> items;
    for (int i = 0; i < kRecords; ++i) {
      items.push_back(ARecord(random, absl::StrCat("r", i), i % 20 == 0 ? "t2" : "t1"));
      if (items.size() < 900 && i + 1 < kRecords) continue;
      const absl::StatusOr<BatchOutcome> outcome = simulated.Record("forms", std::exchange(items, {}));
      EXPECT_TRUE(outcome.ok() && outcome->failures.empty());
    }
    return simulated.LogAlone();
  }

  static EvidenceItem ARecord(Random& random, std::string id, std::string team) {
    const Date date = D("2025-11-07") - random.Between(0, 480);  // two row years
    EvidenceItem item = NumberRecord(std::move(id), std::move(team), random.OneIn(3) ? "lessons" : "walks", date);
    if (random.OneIn(2)) item.content.reported = At("America/New_York", date + random.Between(0, 3), 700);
    return item;
  }

  // A review by date, of all the leading indicators; some list records besides.
  static Review AReview(Random& random, int number) {
    Review review{.id = absl::StrCat("v", number), .team = "t1", .date = D("2025-11-10") - (number == 0 ? 0 : random.Between(0, 40)),
                  .indicators = {"walks", "lessons"}};
    for (int i = 0; number > 0 && i < 5; ++i) {
      const int record = random.Between(0, kRecords - 1);
      if (record % 20 != 0) review.evidence.push_back({"forms", absl::StrCat("r", record)});
    }
    return review;
  }

  static std::vector<EvidenceItem> Changes(Random& random, int* next_new) {
    std::vector<EvidenceItem> items;
    for (int i = 0; i < 20; ++i) {
      const int record = random.Between(0, kRecords - 1);
      const std::string id = absl::StrCat("r", record), team = record % 20 == 0 ? "t2" : "t1";
      if (random.OneIn(4)) {
        items.push_back(VoidRecord(id));
      } else if (random.OneIn(3)) {
        items.push_back(ARecord(random, absl::StrCat("n", (*next_new)++), team));
      } else {
        items.push_back(ARecord(random, id, team));  // another date, perhaps another indicator
        items.back().content.value = static_cast<double>(random.Between(1, 5));
      }
    }
    return items;
  }

  // What the evidence and the reviews give by a calculation of their own, once an engine has it.
  static std::string Inconsistencies(std::shared_ptr<Disk> disk, Instant now) {
    SimulatedDistrict again({.start = now, .disk = std::move(disk)});
    again.engine().WaitIdle();
    return again.Inconsistencies();
  }
};

TEST_F(LargeReviewTest, IsDatedInBoundedStepsAndSaysSo) {
  Random random(1);
  const std::shared_ptr<Disk> disk = ADisk(random);
  SteppedDistrict district(disk);
  const Review review = AReview(random, 0);
  absl::StatusOr<Outcome> outcome = district.Apply(RecordReviewCommand{review});
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_TRUE(std::get<ReviewOutcome>(*outcome).recalculating);
  EXPECT_GT(std::get<ReviewOutcome>(*outcome).covered, 900u);
  EXPECT_LE(std::get<ReviewOutcome>(*outcome).covered, kWatchesPerCommand);
  EXPECT_TRUE(district->HasPendingWork(district.now()));

  // Sent again it is a repetition, whatever is still to be done.
  outcome = district.Apply(RecordReviewCommand{review});
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_TRUE(std::get<ReviewOutcome>(*outcome).recalculating);

  int steps = 0;
  for (; district->HasPendingWork(district.now()); ++steps) ASSERT_TRUE(district.Apply(ContinueCommand{}).ok());
  EXPECT_EQ(steps, 2);  // 2,470 records of the team
  EXPECT_LE(district.most_work(), kWatchesPerCommand);
  EXPECT_EQ(district.Verify(), std::vector<std::string>{});

  // A review of what has been reviewed comes to no record, however many there are.
  outcome = district.Apply(RecordReviewCommand{{.id = "later", .team = "t1", .date = D("2025-11-10"), .indicators = {"walks"}}});
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_FALSE(std::get<ReviewOutcome>(*outcome).recalculating);
  EXPECT_LT(district->last_work(), 10u);
}

TEST_F(LargeReviewTest, IsRightWhateverHappensMeanwhile) {
  for (const uint64_t seed : Seeds(4, 60)) {
    SCOPED_TRACE(Replay(seed));
    Random random(seed);
    const std::shared_ptr<Disk> disk = ADisk(random);
    SteppedDistrict district(disk);
    int next_new = 0, reviews = 0;
    bool was_pending = false;
    for (int step = 0; step < 40 || district->HasPendingWork(district.now()); ++step) {
      was_pending = was_pending || district->HasPendingWork(district.now());
      if (random.OneIn(4) && reviews < 5) {
        const absl::StatusOr<Outcome> outcome = district.Apply(RecordReviewCommand{AReview(random, reviews++)});
        ASSERT_TRUE(outcome.ok()) << outcome.status();
      } else if (random.OneIn(2) && step < 40) {
        const absl::StatusOr<Outcome> outcome = district.Apply(RecordEvidenceCommand{"forms", Changes(random, &next_new), {}});
        ASSERT_TRUE(outcome.ok()) << outcome.status();
      } else if (random.OneIn(6)) {
        district.Reopen();
      } else {
        ASSERT_TRUE(district.Apply(ContinueCommand{}).ok());
      }
      if (random.OneIn(8)) {
        ASSERT_EQ(district.Verify(), std::vector<std::string>{}) << "step " << step;
      }
      ASSERT_LE(district.most_work(), kWatchesPerCommand);
    }
    EXPECT_TRUE(was_pending);
    EXPECT_EQ(district.Verify(), std::vector<std::string>{});
    const Instant now = district.now();
    district.Close();
    EXPECT_EQ(Inconsistencies(disk, now), "");
  }
}

// What the rule about reviews flips t1's watch to, from `at` on.
std::vector<WatchFlip> FlipsFrom(std::shared_ptr<Disk> disk, Instant now, Instant at) {
  SimulatedDistrict again({.start = now, .disk = std::move(disk)});
  again.engine().WaitIdle();
  std::vector<WatchFlip> flips = again.FlipsByWatch()[{"t1", "unread"}];
  std::erase_if(flips, [&](const WatchFlip& flip) { return flip.effective < at; });
  return flips;
}

// The moment comes while the review is half done: what it has not come to yet is no reason for an alert.
TEST_F(LargeReviewTest, ARuleAboutReviewsWaitsForOneThatIsWorkedThrough) {
  for (const bool reopen : {false, true}) {
    Random random(1);
    const std::shared_ptr<Disk> disk = ADisk(random);
    SteppedDistrict district(disk);
    const Instant before = At("2025-11-13 06:59"), after = At("2025-11-13 07:01");
    district.SetNow(before);
    ASSERT_TRUE(district.Apply(TickCommand{}).ok());
    ASSERT_TRUE(district.Apply(RecordReviewCommand{AReview(random, 0)}).ok());
    ASSERT_TRUE(district->HasPendingWork(district.now()));
    district.SetNow(after);
    ASSERT_TRUE(district.Apply(TickCommand{}).ok());
    if (reopen) district.Reopen();
    // Nor is a correction.
    ASSERT_TRUE(district.Apply(RecordEvidenceCommand{"forms", {VoidRecord("r1")}, {}}).ok());
    EXPECT_TRUE(district->HasPendingWork(district.now()));
    EXPECT_EQ(district.Verify(), std::vector<std::string>{});
    while (district->HasPendingWork(district.now())) ASSERT_TRUE(district.Apply(ContinueCommand{}).ok());
    EXPECT_EQ(district.Verify(), std::vector<std::string>{});
    const Instant now = district.now();
    district.Close();
    EXPECT_EQ(FlipsFrom(disk, now, before), std::vector<WatchFlip>{});
  }
}

// It ends when the review was recorded, whichever part comes to the last record, and as evidence, whatever else comes between.
TEST_F(LargeReviewTest, AnAlertThatAReviewEndsInPartsEndsWhenItWasRecorded) {
  Random random(1);
  const std::shared_ptr<Disk> disk = ADisk(random);
  SteppedDistrict district(disk);
  district.SetNow(At("2025-11-14 12:00"));
  ASSERT_TRUE(district.Apply(TickCommand{}).ok());
  while (district->HasPendingWork(district.now())) ASSERT_TRUE(district.Apply(ContinueCommand{}).ok());
  ASSERT_TRUE(district.Apply(RecordReviewCommand{AReview(random, 0)}).ok());
  const Instant recorded = district.now();
  ASSERT_TRUE(district->HasPendingWork(district.now()));
  ASSERT_TRUE(district.Apply(RecordEvidenceCommand{"forms", {VoidRecord("r1")}, {}}).ok());
  while (district->HasPendingWork(district.now())) ASSERT_TRUE(district.Apply(ContinueCommand{}).ok());
  EXPECT_EQ(district.Verify(), std::vector<std::string>{});
  const Instant now = district.now();
  district.Close();
  const std::vector<WatchFlip> flips = FlipsFrom(disk, now, At("2025-11-13"));
  ASSERT_EQ(flips.size(), 2u);
  EXPECT_EQ(flips[0].reason, FlipReason::kDue);
  EXPECT_EQ(flips[0].effective, At("2025-11-13 07:00"));
  EXPECT_EQ(flips[1].reason, FlipReason::kResolved);
  EXPECT_EQ(flips[1].effective, recorded);
}

// The writer may continue before the tick that says that time has passed.
TEST_F(LargeReviewTest, ARestartInTheMiddleSettlesFirst) {
  Random random(1);
  const std::shared_ptr<Disk> disk = ADisk(random);
  SteppedDistrict district(disk);
  ASSERT_TRUE(district.Apply(TickCommand{}).ok());
  ASSERT_TRUE(district.Apply(RecordReviewCommand{AReview(random, 0)}).ok());
  ASSERT_TRUE(district->HasPendingWork(district.now()));
  const uint64_t flips = district->last_sequence();
  district.SetNow(At("2025-12-05 12:00"));
  ASSERT_TRUE(district.Apply(ContinueCommand{}).ok());
  EXPECT_GT(district->settling_until(), district.now());
  ASSERT_TRUE(district.Apply(TickCommand{.resumed = true}).ok());
  EXPECT_EQ(district->last_sequence(), flips);
  EXPECT_EQ(district.Verify(), std::vector<std::string>{});
  district.SetNow(district->settling_until());
  ASSERT_TRUE(district.Apply(TickCommand{}).ok());
  while (district->HasPendingWork(district.now())) ASSERT_TRUE(district.Apply(ContinueCommand{}).ok());
  EXPECT_GT(district->last_sequence(), flips);
}

TEST_F(LargeReviewTest, TheOneTooManyAtOnceIsRefusedAndTakenLater) {
  Random random(1);
  const std::shared_ptr<Disk> disk = ADisk(random);
  SteppedDistrict district(disk);
  // Each a day earlier than the one before, and so the first to cover nearly all the records.
  const auto review = [](size_t number) {
    return RecordReviewCommand{{.id = absl::StrCat("v", number), .team = "t1", .date = D("2025-11-10") - static_cast<int>(number),
                                .indicators = {"walks", "lessons"}}};
  };
  for (size_t i = 0; i < kReviewsUnderWayMax; ++i) {
    const absl::StatusOr<Outcome> outcome = district.Apply(review(i));
    ASSERT_TRUE(outcome.ok()) << outcome.status();
    ASSERT_TRUE(std::get<ReviewOutcome>(*outcome).recalculating);
  }
  EXPECT_EQ(district.Apply(review(kReviewsUnderWayMax)).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(district.Apply(review(3)).ok()) << "a repetition is one";
  while (district->HasPendingWork(district.now())) ASSERT_TRUE(district.Apply(ContinueCommand{}).ok());
  EXPECT_TRUE(district.Apply(review(kReviewsUnderWayMax)).ok());
  EXPECT_LE(district.most_work(), kWatchesPerCommand);
  EXPECT_EQ(district.Verify(), std::vector<std::string>{});
}

// ---- pending work -----------------------------------------------------------

std::vector<std::pair<WatchId, WatchRecord>> WatchesOf(const District& district) {
  std::vector<std::pair<WatchId, WatchRecord>> watches;
  district.watches().ForEach([&](WatchId id, const WatchRecord& record) { watches.emplace_back(id, record); });
  return watches;
}

TEST(PendingWorkTest, GoesOnByAsManyWatchesAsTheCommandSaysWithTheSameResult) {
  std::vector<uint64_t> flips;
  for (const uint32_t watches_max : {kWatchesPerCommand, 400u, 200u}) {
    SteppedDistrict district(Disk::InMemory());
    district.SetNow(At("2025-08-01 12:00"));
    Catalog catalog = SmallCatalog(2'500);
    ASSERT_TRUE(district.Apply(ApplyCatalogCommand{.catalog = catalog, .zones = ResolveZones(catalog).value(), .incarnation = 1}).ok());
    const auto go_on = [&](size_t watches) {
      size_t done = 0;
      while (district->HasPendingWork(district.now())) {
        ASSERT_TRUE(district.Apply(ContinueCommand{watches_max}).ok());
        ASSERT_LE(district->last_work(), watches_max);
        const size_t work = district->last_work();
        if (done == 0) {  // what was logged does the same again
          const uint64_t flips_before = district->last_sequence();
          const std::vector<std::pair<WatchId, WatchRecord>> watches_before = WatchesOf(*district.operator->());
          district.Kill();
          ASSERT_EQ(district->last_sequence(), flips_before);
          ASSERT_TRUE(WatchesOf(*district.operator->()) == watches_before);
        }
        done += work;
      }
      EXPECT_GE(done, watches);
    };
    go_on(1'000);
    district.SetNow(At("2025-09-18 12:00"));  // every watch is late
    ASSERT_TRUE(district.Apply(TickCommand{}).ok());
    go_on(1'000);
    EXPECT_EQ(district.Verify(), std::vector<std::string>{});
    flips.push_back(district->last_sequence());
  }
  EXPECT_EQ(flips[0], 5'000u);  // each starts, and is late
  EXPECT_EQ(flips, std::vector<uint64_t>(3, flips[0]));
}

// ---- evidence ---------------------------------------------------------------

// 250 teams with twelve watches each that walks feed.
Catalog ManyWatches() {
  Catalog catalog = SmallCatalog(250);
  catalog.expectations.clear();
  for (int i = 0; i < 12; ++i) {
    catalog.expectations.push_back(ExpectationOn(absl::StrCat("e", i), CategoryKind(Category::kWalkthrough), 5 + i, 3, 0));
  }
  return catalog;
}

class LargeBatchTest : public ::testing::Test {
 protected:
  LargeBatchTest() : district_({.start = At("2025-08-01 12:00")}) {
    EXPECT_TRUE(district_.Apply(ManyWatches()).ok());
    district_.AdvanceTo(At("2025-09-08 12:00"));
    std::vector<EvidenceItem> items;
    for (int i = 1; i <= 250; ++i) items.push_back(NumberRecord(absl::StrCat("old", i), absl::StrCat("t", i), "walks", D("2025-09-08")));
    EXPECT_TRUE(district_.Record("forms", std::move(items)).ok());
    district_.AdvanceTo(At("2025-10-20 12:00"));  // every watch is overdue
    overdue_ = district_.last_sequence();
  }

  // Reasons of the flips since every watch was overdue, and how many there are.
  std::map<FlipReason, int> ReasonsSince() const {
    std::map<FlipReason, int> reasons;
    for (const SeenFlip& flip : district_.Flips()) {
      if (flip.sequence > overdue_) ++reasons[flip.record.flip.reason];
    }
    return reasons;
  }

  // The most work that a command of this life did.
  size_t MostWork() const { return SteppedDistrict(district_.LogAlone()).most_work(); }

  SimulatedDistrict district_;
  uint64_t overdue_ = 0;
};

// Corrections that resolve every alert, and one new record behind them all.
std::vector<EvidenceItem> Corrections(bool with_new) {
  std::vector<EvidenceItem> items;
  for (int i = 1; i <= 250; ++i) items.push_back(NumberRecord(absl::StrCat("old", i), absl::StrCat("t", i), "walks", D("2025-10-20")));
  if (with_new) items.push_back(NumberRecord("new", "t1", "lessons", D("2025-10-20")));
  return items;
}

// The watch of a rule reads a year's records: it counts as ten (kRuleWork) of a batch's work too.
TEST(LargeBatchOfRulesTest, IsCutByTheWorkOfItsRules) {
  SimulatedDistrict district({.start = At("2025-08-01 12:00")});
  Catalog catalog = SmallCatalog(100);
  catalog.expectations.clear();
  for (int i = 0; i < 4; ++i) {
    AlertRule rule;
    rule.id = absl::StrCat("rule-", i);
    rule.terms = CollectionSlowTerms{.records = 1 + i};
    catalog.alert_rules.push_back(rule);
  }
  ASSERT_TRUE(district.Apply(catalog).ok());
  district.AdvanceTo(At("2025-09-08 12:00"));
  const uint64_t before = district.Read()->applied_position();
  std::vector<EvidenceItem> items;
  for (int i = 1; i <= 100; ++i) items.push_back(NumberRecord(absl::StrCat("a", i), absl::StrCat("t", i), "walks", D("2025-09-08")));
  const absl::StatusOr<BatchOutcome> outcome = district.Record("forms", std::move(items));
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(outcome->new_count, 100u);
  EXPECT_EQ(district.Read()->applied_position(), before + 4);  // 400 rules' watches, a hundred a command
  EXPECT_LE(SteppedDistrict(district.LogAlone()).most_work(), kWatchesPerCommand / kRuleWork);
  EXPECT_EQ(district.Inconsistencies(), "");
}

TEST_F(LargeBatchTest, IsOneCauseThoughItIsCut) {
  const absl::StatusOr<BatchOutcome> outcome = district_.Record("forms", Corrections(/*with_new=*/true));
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(outcome->revised_count, 250u);
  EXPECT_EQ(outcome->new_count, 1u);
  EXPECT_EQ(ReasonsSince(), (std::map<FlipReason, int>{{FlipReason::kResolved, 3'000}}));
  EXPECT_LE(MostWork(), kWatchesPerCommand);
  EXPECT_GT(MostWork(), kWatchesPerCommand / 2);
  EXPECT_EQ(district_.Inconsistencies(), "");
}

TEST_F(LargeBatchTest, OfCorrectionsAloneRetracts) {
  ASSERT_TRUE(district_.Record("forms", Corrections(/*with_new=*/false)).ok());
  EXPECT_EQ(ReasonsSince(), (std::map<FlipReason, int>{{FlipReason::kRetracted, 3'000}}));
  EXPECT_LE(MostWork(), kWatchesPerCommand);
}

// A new id that is refused is no new record.
TEST_F(LargeBatchTest, WithANewRecordThatIsRefusedRetracts) {
  std::vector<EvidenceItem> items = Corrections(/*with_new=*/true);
  items.back().content.indicator = "nothing";
  ASSERT_TRUE(district_.Record("forms", std::move(items)).ok());
  EXPECT_EQ(ReasonsSince(), (std::map<FlipReason, int>{{FlipReason::kRetracted, 3'000}}));
}

TEST_F(LargeBatchTest, IsAnsweredAsAWhole) {
  std::vector<EvidenceItem> items = Corrections(/*with_new=*/true);
  std::set<uint32_t> bad;
  for (uint32_t i = 0; i < items.size(); i += 7) {
    items[i].content.team = "nobody";
    bad.insert(i);
  }
  const size_t sent = items.size();
  const absl::StatusOr<BatchOutcome> outcome = district_.Record("forms", items);
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  ASSERT_EQ(outcome->outcomes.size(), sent);
  std::set<uint32_t> failed;
  for (const RecordFailure& failure : outcome->failures) failed.insert(failure.index);
  EXPECT_EQ(failed, bad);
  for (uint32_t i = 0; i < sent; ++i) {
    EXPECT_EQ(outcome->outcomes[i].kind == RecordOutcomeKind::kFailed, bad.contains(i)) << i;
  }
  EXPECT_EQ(outcome->revised_count + outcome->new_count + bad.size(), sent);
}

// A team's records are followed together: what is taken back behind its record was never seen.
TEST_F(LargeBatchTest, FollowsATeamOnce) {
  std::vector<EvidenceItem> items;
  for (int i = 1; i <= 250; ++i) {
    items.push_back(NumberRecord(absl::StrCat("brief", i), absl::StrCat("t", i), "walks", D("2025-10-20")));
  }
  for (int i = 1; i <= 250; ++i) items.push_back(VoidRecord(absl::StrCat("brief", i)));
  const absl::StatusOr<BatchOutcome> outcome = district_.Record("forms", std::move(items));
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(outcome->new_count, 250u);
  EXPECT_EQ(outcome->voided_count, 250u);
  EXPECT_EQ(ReasonsSince(), (std::map<FlipReason, int>{}));
  EXPECT_LE(MostWork(), kWatchesPerCommand);
}

// Ids that name another team at first, in a record that is refused, do not put that other team's watches on one part.
TEST_F(LargeBatchTest, WithIdsOfTwoTeamsIsCutAsWell) {
  std::vector<EvidenceItem> items;
  for (int i = 1; i <= 100; ++i) {
    items.push_back(NumberRecord(absl::StrCat("twice", i), "t1", "nothing", D("2025-10-20")));
    items.push_back(NumberRecord(absl::StrCat("twice", i), absl::StrCat("t", i + 1), "walks", D("2025-10-20")));
  }
  const absl::StatusOr<BatchOutcome> outcome = district_.Record("forms", std::move(items));
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(outcome->new_count, 100u);
  EXPECT_EQ(outcome->failures.size(), 100u);
  EXPECT_LE(MostWork(), kWatchesPerCommand);
}

// A void names no team: each may be another one's.
TEST_F(LargeBatchTest, OfVoidsIsCutAsWell) {
  std::vector<EvidenceItem> items;
  for (int i = 1; i <= 250; ++i) items.push_back(VoidRecord(absl::StrCat("old", i)));
  const absl::StatusOr<BatchOutcome> outcome = district_.Record("forms", std::move(items));
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(outcome->voided_count, 250u);
  EXPECT_LE(MostWork(), kWatchesPerCommand);
  EXPECT_EQ(district_.Inconsistencies(), "");
}

// complete_through is said of the whole batch: refused, nothing of it is stored.
TEST_F(LargeBatchTest, WithAFalseClaimChangesNothing) {
  const auto records = [&] {
    const DistrictReader reader = district_.Read();
    return reader->revision_count() + reader->evidence_count();
  };
  const uint64_t before = records();
  RecordEvidenceCommand command{"forms", Corrections(/*with_new=*/true), D("2025-12-01")};
  EXPECT_EQ(district_.Execute(command).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(records(), before);
  command.complete_through = D("2025-10-20");
  EXPECT_TRUE(district_.Execute(command).ok());
}

// While a calendar change is worked through, a batch catches its watches up with it: more of them.
TEST_F(LargeBatchTest, BesideACatalogChangeStaysBounded) {
  Catalog after = ManyWatches();
  after.calendars[0] = With(after.calendars[0], ExceptionKind::kWeatherDay, "2025-10-07");
  for (int i = 0; i < 12; ++i) {
    after.expectations.push_back(ExpectationOn(absl::StrCat("f", i), CategoryKind(Category::kWalkthrough), 5 + i, 3, 0));
  }
  district_.engine().Submit(kSimulatedId, ApplyCatalogCommand{.catalog = after, .zones = {}}, "", [](absl::StatusOr<Outcome> o) {
    EXPECT_TRUE(o.ok()) << o.status();
  });
  const absl::StatusOr<Outcome> outcome =
      district_.engine().Execute(kSimulatedId, RecordEvidenceCommand{"forms", Corrections(/*with_new=*/true), std::nullopt});
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  district_.engine().WaitIdle();
  EXPECT_LE(MostWork(), kWatchesPerCommand);
  EXPECT_EQ(district_.Inconsistencies(), "");
}

// ---- series that are charted ------------------------------------------------

// 40 teams whose walks are charted by day: t1 has 4,000 records of the school year, the others 500 each.
class LargeChartTest : public ::testing::Test {
 protected:
  static constexpr int kTeams = 40;

  static Catalog Charted() {
    Catalog catalog = SmallCatalog(kTeams);
    catalog.alert_rules.resize(1);
    catalog.alert_rules[0].id = "run";
    catalog.alert_rules[0].terms = RunSignalTerms{.indicator = "walks", .unit = ChartUnit::kDay};
    catalog.alert_rules[0].from = D("2025-07-01");
    return catalog;
  }

  static EvidenceItem AWalk(Random& random, std::string id, int team, Date last) {
    const Date date = last - random.Between(0, last - D("2025-09-08"));
    const double level = team % 3 == 0 ? 0 : date < D("2025-09-25") ? 1 : 3;  // some have moved
    return NumberRecord(std::move(id), absl::StrCat("t", team), "walks", date, level + random.Between(0, 20) / 10.0);
  }

  static std::shared_ptr<Disk> ADisk() {
    Random random(1);
    SimulatedDistrict simulated({.start = At("2025-08-01 12:00")});
    EXPECT_TRUE(simulated.Apply(Charted()).ok());
    simulated.AdvanceTo(At("2025-09-09 12:00"));
    EXPECT_TRUE(simulated.Record("forms", {AWalk(random, "first", 1, D("2025-09-09"))}).ok());
    simulated.AdvanceTo(At("2025-10-20 12:00"));
    for (int team = 1; team <= kTeams; ++team) {
      for (int batch = 0; batch < (team == 1 ? 8 : 1); ++batch) {
        std::vector<EvidenceItem> items;
        for (int i = 0; i < 500; ++i) items.push_back(AWalk(random, absl::StrCat("r", team, "-", batch * 500 + i), team, D("2025-10-20")));
        EXPECT_TRUE(simulated.Record("forms", std::move(items)).ok());
      }
    }
    return simulated.LogAlone();
  }

  // One thing that may happen to a district.
  static CommandBody Any(Random& random, int step) {
    if (random.OneIn(4)) return TickCommand{};
    std::vector<EvidenceItem> items;
    for (int n = random.Between(1, 4); n > 0; --n) {
      const int team = random.OneIn(3) ? 1 : random.Between(1, kTeams);
      const std::string id = absl::StrCat("r", team, "-", random.Between(0, 499));
      if (random.OneIn(4)) {
        items.push_back(VoidRecord(id));
      } else if (random.OneIn(3)) {
        items.push_back(AWalk(random, absl::StrCat("n", step, "-", n), team, D("2025-10-20")));
      } else {
        items.push_back(AWalk(random, id, team, D("2025-10-20")));
        if (random.OneIn(4)) items.back().content.indicator = "lessons";
      }
    }
    return RecordEvidenceCommand{"forms", std::move(items), {}};
  }
};

TEST_F(LargeChartTest, ACorrectionReadsNoSeriesAgain) {
  SteppedDistrict district(ADisk());
  Random random(2);
  ASSERT_TRUE(district.Apply(RecordEvidenceCommand{"forms", {AWalk(random, "r1-0", 1, D("2025-10-20"))}, {}}).ok());
  const uint64_t read = district->charted_series().values_read();
  EXPECT_GE(read, 4'000u);
  for (int i = 1; i < 40; ++i) {
    const std::string id = absl::StrCat("r1-", i);
    EvidenceItem item = i % 3 == 0 ? VoidRecord(id) : AWalk(random, i % 3 == 1 ? id : absl::StrCat("new", i), 1, D("2025-10-20"));
    if (i % 9 == 1) item.content.indicator = "lessons";
    ASSERT_TRUE(district.Apply(RecordEvidenceCommand{"forms", {std::move(item)}, {}}).ok());
  }
  EXPECT_EQ(district->charted_series().values_read(), read);
  EXPECT_EQ(district.Verify(), std::vector<std::string>{});
}

TEST_F(LargeChartTest, AStartReadsNoSeriesAndCommandsAfterItAFewEach) {
  SteppedDistrict district(ADisk());
  district.Reopen();
  EXPECT_EQ(district->charted_series().values_read(), 0u);
  size_t commands = 0;
  for (uint64_t before = 0; district->charted_series().series() < kTeams; ++commands) {
    ASSERT_LT(commands, 100u);
    ASSERT_TRUE(district.Apply(ContinueCommand{}).ok());
    EXPECT_LE(district->charted_series().values_read() - before, 4'000u + 500u);
    before = district->charted_series().values_read();
  }
  EXPECT_GT(commands, 10u);
  EXPECT_EQ(district->last_work(), 0u);
  EXPECT_EQ(district.Verify(), std::vector<std::string>{});
}

// How much is held, and what a start has yet to read, shows in nothing: not in what a command does, nor in how much of it.
TEST_F(LargeChartTest, WhatIsInMemoryDecidesNothing) {
  for (const uint64_t seed : Seeds(3, 40)) {
    SCOPED_TRACE(Replay(seed));
    Random random(seed);
    SteppedDistrict all(ADisk()), little(ADisk());
    little.HoldSeriesValues(600);
    const auto apply = [&](const CommandBody& body) {
      ASSERT_EQ(all.Apply(body).ok(), little.Apply(body).ok());
      ASSERT_EQ(all->last_work(), little->last_work());
      ASSERT_EQ(all->last_sequence(), little->last_sequence());
      ASSERT_EQ(all->HasPendingWork(all.now()), little->HasPendingWork(little.now()));
      ASSERT_LE(all->last_work(), kWatchesPerCommand);
      EXPECT_LE(little->charted_series().values(), 4'100u);
    };
    Date date = D("2025-10-20");
    for (int step = 0; step < 60 && !HasFailure(); ++step) {
      if (random.OneIn(6)) {
        date = date + 1;
        all.SetNow(At("America/New_York", date, 7 * 60 + 1));
        little.SetNow(all.now());
      }
      if (random.OneIn(20)) {
        Catalog catalog = Charted();
        auto& terms = std::get<RunSignalTerms>(catalog.alert_rules[0].terms);
        terms.unit = random.OneIn(2) ? ChartUnit::kWeek : ChartUnit::kDay;
        terms.baseline = random.Between(10, 40) / 10.0;
        std::vector<ZoneRules> zones = ResolveZones(catalog).value();
        apply(ApplyCatalogCommand{.catalog = std::move(catalog), .zones = std::move(zones)});
      } else if (all->HasPendingWork(all.now()) && random.OneIn(2)) {
        apply(ContinueCommand{random.OneIn(2) ? kWatchesPerCommand : 200});
      } else {
        apply(Any(random, step));
      }
      if (random.OneIn(8)) {
        little.Reopen();
        little.HoldSeriesValues(600);
      }
    }
    ASSERT_FALSE(HasFailure());
    EXPECT_EQ(all.Verify(), std::vector<std::string>{});
    EXPECT_EQ(little.Verify(), std::vector<std::string>{});
    EXPECT_TRUE(WatchesOf(*all.operator->()) == WatchesOf(*little.operator->()));
  }
}

// A change of the rule asks for every series; and a batch of all teams, as well.
TEST_F(LargeChartTest, WhatAsksForManySeriesIsCutByHowManyValuesTheyHave) {
  SimulatedDistrict simulated({.start = At("2025-10-20 13:00"), .disk = ADisk()});
  uint64_t before = simulated.Read()->applied_position();
  Random random(3);
  std::vector<EvidenceItem> items;
  for (int team = 1; team <= kTeams; ++team) items.push_back(AWalk(random, absl::StrCat("all", team), team, D("2025-10-20")));
  ASSERT_TRUE(simulated.Record("forms", std::move(items)).ok());
  // 40 rules' watches and 40 of expectations alone would fit in one; and 4,000 values, and 500 of each of the others, make 2,350.
  EXPECT_GE(simulated.Read()->applied_position() - before, 3u);
  before = simulated.Read()->applied_position();
  Catalog catalog = Charted();
  std::get<RunSignalTerms>(catalog.alert_rules[0].terms).unit = ChartUnit::kWeek;
  ASSERT_TRUE(simulated.Apply(catalog).ok());
  simulated.engine().WaitIdle();
  EXPECT_GE(simulated.Read()->applied_position() - before, 3u);
  EXPECT_EQ(simulated.Inconsistencies(), "");
  EXPECT_LE(SteppedDistrict(simulated.LogAlone()).most_work(), kWatchesPerCommand);
}

// ---- the writer's cycle -----------------------------------------------------

// One district's flood goes round; another district's record is not behind it. In order all the same.
TEST(CycleTest, ADistrictHasItsShareOfIt) {
  FaultyCommandLog* log = nullptr;
  SimulatedDistrict flooded({.start = At("2025-09-08 12:00"), .wrap_log = [&](CommandLog& base) {
                               auto faulty = std::make_unique<FaultyCommandLog>(base);
                               log = faulty.get();
                               return faulty;
                             }});
  ASSERT_TRUE(flooded.Apply(ManyWatches()).ok());
  Catalog small = SmallCatalog(1);
  small.district = "shelbyville";
  ASSERT_TRUE(flooded.engine().Execute("shelbyville", ApplyCatalogCommand{.catalog = small, .zones = {}}).ok());
  flooded.engine().WaitIdle();

  constexpr int kBatches = 30;  // of 3,000 watches each
  const auto batch = [](int number) {
    std::vector<EvidenceItem> items;
    for (int team = 1; team <= 250; ++team) {
      items.push_back(NumberRecord(absl::StrCat("r", team), absl::StrCat("t", team), "walks", D("2025-09-08"), number));
    }
    return RecordEvidenceCommand{"forms", std::move(items), std::nullopt};
  };
  absl::Mutex mu;
  std::vector<std::string> answered;  // districts
  const auto note = [&](const char* district) {
    return [&, district](absl::StatusOr<Outcome> outcome) {
      EXPECT_TRUE(outcome.ok()) << outcome.status();
      absl::MutexLock lock(&mu);
      answered.push_back(district);
    };
  };
  log->HoldCompletions(true);  // until all has queued
  for (int i = 1; i <= kBatches; ++i) flooded.engine().Submit(kSimulatedId, batch(i), "", note("springfield"));
  flooded.engine().Submit("shelbyville", RecordEvidenceCommand{"forms", {NumberRecord("r", "t1", "walks", D("2025-09-08"))}, {}}, "",
                          note("shelbyville"));
  log->HoldCompletions(false);
  while (log->ReleaseOne()) continue;
  flooded.engine().WaitIdle();

  ASSERT_EQ(answered.size(), size_t{kBatches} + 1);
  const auto other = std::find(answered.begin(), answered.end(), "shelbyville");
  EXPECT_LE(other - answered.begin(), 20) << "behind so many of the flood";
  EXPECT_EQ(flooded.Inconsistencies(), "");
  const auto current = GetEvidence(flooded.Read(), "forms", "r7");
  ASSERT_TRUE(current.ok()) << current.status();
  EXPECT_EQ(std::get<double>(current->evidence.current.content.value), kBatches);
}

// What goes round waits as well, and is counted among what may wait.
TEST(CycleTest, WhatGoesRoundIsNotForgottenByTheQueuesLimit) {
  SimulatedDistrict flooded({.start = At("2025-09-08 12:00")});
  ASSERT_TRUE(flooded.Apply(ManyWatches()).ok());
  flooded.engine().WaitIdle();
  constexpr size_t kItems = 250, kNoteBytes = 1'000;  // 3,000 watches' work
  int number = 0;
  const auto batch = [&] {
    std::vector<EvidenceItem> items;
    for (size_t team = 1; team <= kItems; ++team) {
      items.push_back(NumberRecord(absl::StrCat(number, "-", team), absl::StrCat("t", team), "walks", D("2025-09-08")));
      items.back().content.note = std::string(kNoteBytes, 'n');
    }
    ++number;
    return RecordEvidenceCommand{"forms", std::move(items), std::nullopt};
  };
  std::atomic<int> answered = 0, refused = 0;
  int most = 0;
  while (answered < 120) {
    flooded.engine().Submit(kSimulatedId, batch(), "", [&](absl::StatusOr<Outcome> outcome) {
      ++(outcome.ok() ? answered : refused);
      EXPECT_TRUE(outcome.ok() || absl::IsUnavailable(outcome.status())) << outcome.status();
    });
    most = std::max(most, number - answered - refused);
  }
  flooded.engine().WaitIdle();
  EXPECT_GT(refused, 0);
  // And one cycle's worth that is being applied.
  EXPECT_LE(static_cast<size_t>(most), kQueueBytesMax / (kItems * kNoteBytes) + 10);
  EXPECT_EQ(flooded.Inconsistencies(), "");
}

}  // namespace
}  // namespace leadlag
