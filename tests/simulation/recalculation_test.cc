// A calendar change for 6,000 teams while evidence streams in: acknowledgements keep their pace, answers say
// `recalculating` until it is done, and the result equals a fresh load.
#include <algorithm>
#include <atomic>
#include <map>
#include <set>
#include <thread>

#include "absl/strings/str_cat.h"
#include "core/clock.h"
#include "gtest/gtest.h"
#include "server/engine/applying.h"
#include "tests/simulation/simulated_district.h"
#include "tests/simulation/watch_stories.h"
#include "tests/support/faulty_command_log.h"
#include "tests/support/random_seed.h"
#include "tests/support/watch_story.h"

namespace leadlag {
namespace {

constexpr int kTeams = 6000;  // a change that lasts for some acknowledgements
constexpr size_t kBatchRecords = 100;

Catalog Before() {
  Catalog catalog = SmallCatalog(kTeams);
  catalog.expectations = {ExpectationOn("walks", CategoryKind(Category::kWalkthrough), 5, 3, 2),
                          ExpectationOn("lessons", CategoryKind(Category::kImplementation), 7, 2, 0),
                          ExpectationOn("any", {}, 3, 0, 1)};
  return catalog;
}

// Snow days in every team's past, one of them made up for.
Catalog After() {
  Catalog catalog = Before();
  for (const char* date : {"2025-10-07", "2025-10-08", "2025-10-09"}) {
    catalog.calendars[0] = With(catalog.calendars[0], ExceptionKind::kWeatherDay, date);
  }
  catalog.calendars[0] = With(catalog.calendars[0], ExceptionKind::kMakeUpDay, "2025-10-11");
  return catalog;
}

// Batches that differ in ids; dates in the weeks before the change.
std::vector<EvidenceItem> BatchOf(Random& random, const std::string& name) {
  std::vector<EvidenceItem> items;
  for (size_t i = 0; i < kBatchRecords; ++i) {
    items.push_back(NumberRecord(absl::StrCat(name, "-", i), absl::StrCat("t", random.Between(1, kTeams)),
                                 random.OneIn(2) ? "walks" : "lessons", D("2025-10-14") - random.Between(0, 30)));
  }
  return items;
}

// A district whose log completes when the test says so: what is sent meanwhile waits together, and a change is as far as it has been let.
struct HeldDistrict {
  FaultyCommandLog* log = nullptr;  // of the engine that is open
  SimulatedDistrict district{{.start = At("2025-08-01 12:00"), .wrap_log = [this](CommandLog& base) {
                                auto faulty = std::make_unique<FaultyCommandLog>(base);
                                log = faulty.get();
                                return faulty;
                              }}};

  ~HeldDistrict() { LetGo(); }  // a test that gives up must not wait for ever

  void AwaitHeld() const {
    const int64_t give_up = MonotonicMicros() + 60 * kMicrosPerSecond;
    while (log->held() == 0 && MonotonicMicros() < give_up) std::this_thread::yield();
    ASSERT_GT(log->held(), 0u) << "nothing comes to the log";
  }
  // Everything goes on.
  void LetGo() {
    log->HoldCompletions(false);
    while (log->ReleaseOne()) continue;
    district.engine().WaitIdle();
  }
};

int64_t Median(std::vector<int64_t> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// State and due date of every watch, and its alert.
std::map<WatchName, std::string> StandingOf(const SimulatedDistrict& district) {
  const auto text = [](const std::optional<Date>& date) { return date ? date->ToString() : std::string("none"); };
  std::map<WatchName, std::string> standing;
  for (const auto& [name, record] : district.Watches()) {
    standing[name] = absl::StrCat(std::string(ToString(record.watch.state)), " due ", text(record.watch.due));
  }
  for (const auto& [name, alert] : district.OpenAlerts()) {
    absl::StrAppend(&standing[name], "; alert ", std::string(ToString(alert.state)), " due ", text(alert.due));
  }
  return standing;
}

// What the pure functions say of a watch after notify time of an instructional day, from the rows.
std::string Standing(const District& district, const std::map<std::string, DayRow>& rows, const WatchName& name,
                     Date today) {
  const TeamNumber team = *district.interned().teams.Find(name.team);
  const ExpectationNumber expectation = *district.interned().expectations.Find(name.expectation);
  std::optional<Date> last;
  for (const IndicatorNumber indicator : district.catalog()->IndicatorsOf(expectation)) {
    const auto row = rows.find(absl::StrCat(name.team, "/", district.interned().indicators.NameOf(indicator), "/2026"));
    if (row == rows.end()) continue;
    for (const DayEntry& entry : row->second.entries()) last = std::max(last.value_or(entry.event), entry.event);
  }
  const std::optional<WatchDates> dates = DatesOn(
      district.catalog()->World(team, expectation), [&](DateRange) { return last; }, today);
  if (!dates) return "PAUSED due none";
  const bool late = dates->late_day && today >= *dates->late_day,
             overdue = dates->overdue_day && today >= *dates->overdue_day;
  const std::string stage = overdue ? "OVERDUE" : late ? "LATE" : last ? "ON_TRACK" : "NOT_STARTED";
  const std::string due = dates->due ? dates->due->ToString() : "none";
  return absl::StrCat(stage, " due ", due, late ? absl::StrCat("; alert ", stage, " due ", due) : "");
}

TEST(RecalculationTest, EvidenceKeepsItsPaceAndTheResultIsThatOfAFreshLoad) {
  HeldDistrict held;
  SimulatedDistrict& district = held.district;
  ASSERT_TRUE(district.Apply(Before()).ok());
  district.AdvanceTo(At("2025-10-14 12:00"));
  std::vector<std::vector<EvidenceItem>> sent;
  Random random(1);
  for (int i = 0; i < 30; ++i) {
    sent.push_back(BatchOf(random, absl::StrCat("early", i)));
    ASSERT_TRUE(district.Record("forms", sent.back()).ok());
  }

  // One sender, one batch after the other, through the change and beyond.
  enum class Phase { kBefore, kDuring, kAfter };
  struct Acknowledged {
    Phase phase;
    int64_t micros;
  };
  std::vector<Acknowledged> acknowledged;
  std::atomic<int> begun{0}, acknowledgements{0};
  std::atomic<bool> done{false};
  std::atomic<bool> applying{false};
  std::thread sender([&] {
    for (int i = 0; !done || i < 20; ++i) {
      sent.push_back(BatchOf(random, absl::StrCat("stream", i)));
      const bool during_before = applying && district.Read()->recalculating();
      ++begun;
      const int64_t from = MonotonicMicros();
      const absl::StatusOr<Outcome> outcome =
          district.engine().Execute("springfield", RecordEvidenceCommand{"forms", sent.back(), std::nullopt});
      const int64_t micros = MonotonicMicros() - from;
      ASSERT_TRUE(outcome.ok()) << outcome.status();
      acknowledged.push_back({!applying ? Phase::kBefore : during_before ? Phase::kDuring : Phase::kAfter, micros});
      ++acknowledgements;
    }
  });
  while (acknowledgements < 20) std::this_thread::yield();
  // The log goes on where a batch is under way: the change is not over before the sender has had its turns.
  held.log->HoldCompletions(true);
  applying = true;
  std::atomic<bool> applied{false};
  district.engine().Submit("springfield", ApplyCatalogCommand{.catalog = After(), .zones = {}}, "",
                           [&](absl::StatusOr<Outcome> outcome) {
                             EXPECT_TRUE(outcome.ok()) << outcome.status();
                             EXPECT_TRUE(std::get<CatalogOutcome>(*outcome).recalculating);
                             applied = true;
                           });
  while (!applied || district.Read()->recalculating()) {
    if (begun == acknowledgements || !held.log->ReleaseOne()) std::this_thread::yield();
  }
  done = true;
  held.log->HoldCompletions(false);
  while (held.log->ReleaseOne()) continue;
  sender.join();
  district.engine().WaitIdle();
  EXPECT_FALSE(district.Read()->recalculating());
  EXPECT_FALSE(district.Read()->HasPendingWork(district.now()));

  std::vector<int64_t> before, during;
  for (const Acknowledged& ack : acknowledged) {
    if (ack.phase == Phase::kBefore) before.push_back(ack.micros);
    if (ack.phase == Phase::kDuring) during.push_back(ack.micros);
  }
  ASSERT_FALSE(before.empty());
  // 6,000 watches are at least five further commands, and a batch goes with each.
  ASSERT_GE(during.size(), 2u);
  EXPECT_LT(Median(during), 5 * Median(before) + 250'000) << "microseconds; before: " << Median(before);

  // Past the next notify time every watch stands where the final evidence and calendar put it, whatever the way there.
  district.AdvanceTo(At("2025-10-15 12:00"));
  EXPECT_EQ(district.Inconsistencies(), "");
  const std::map<WatchName, std::string> standing = StandingOf(district);
  EXPECT_EQ(standing.size(), static_cast<size_t>(3 * kTeams));

  SimulatedDistrict fresh({.start = At("2025-08-01 12:00")});
  ASSERT_TRUE(fresh.Apply(After()).ok());
  fresh.AdvanceTo(At("2025-10-14 12:00"));
  for (const std::vector<EvidenceItem>& batch : sent) ASSERT_TRUE(fresh.Record("forms", batch).ok());
  fresh.AdvanceTo(At("2025-10-15 12:00"));
  EXPECT_EQ(StandingOf(fresh), standing);
  const std::map<std::string, DayRow> rows = district.Rows();
  EXPECT_TRUE(fresh.Rows() == rows);
  EXPECT_TRUE(district.RebuiltRows() == rows);

  const DistrictReader reader = district.Read();
  for (const auto& [name, stands] : standing) {
    ASSERT_EQ(stands, Standing(*reader, rows, name, D("2025-10-15"))) << name.team << "/" << name.expectation;
  }
}

TEST(RecalculationTest, OneCatalogWaitsForTheOneBeforeAndNoMore) {
  std::atomic<int> applied{0}, refused{0};  // outlive the district, as all that callbacks write
  HeldDistrict held;
  SimulatedDistrict& district = held.district;
  ASSERT_TRUE(district.Apply(Before()).ok());
  district.AdvanceTo(At("2025-10-14 12:00"));
  Catalog catalog = After();
  held.log->HoldCompletions(true);
  for (int i = 0; i < 6; ++i) {
    catalog.display_name = absl::StrCat("Springfield ", i);
    district.engine().Submit("springfield", ApplyCatalogCommand{.catalog = catalog, .zones = {}}, "",
                             [&](absl::StatusOr<Outcome> outcome) {
                               EXPECT_TRUE(outcome.ok() || absl::IsUnavailable(outcome.status())) << outcome.status();
                               ++(outcome.ok() ? applied : refused);
                             });
    if (i == 0) held.AwaitHeld();  // the second waits for it, and the others find one waiting
  }
  held.LetGo();
  EXPECT_EQ(applied, 2);
  EXPECT_EQ(refused, 4);
  EXPECT_EQ(district.Read()->catalog_version(), 3u);
  EXPECT_EQ(district.Inconsistencies(), "");
}

// An acknowledgement waits for at most the one Continue that is under way when it is sent, and the one of its own
// round.
TEST(RecalculationTest, ABatchIsLoggedAmongTheContinues) {
  std::atomic<int> waiting{3};
  uint64_t evidence_at = 0;
  bool recalculating = false;
  HeldDistrict held;
  SimulatedDistrict& district = held.district;
  ASSERT_TRUE(district.Apply(Before()).ok());
  district.AdvanceTo(At("2025-10-14 12:00"));
  Engine& engine = district.engine();
  const auto record = [](const std::string& id, const std::string& team) {
    return RecordEvidenceCommand{"forms", {NumberRecord(id, team, "walks", D("2025-10-14"))}, std::nullopt};
  };
  const auto answered = [&](const absl::StatusOr<Outcome>& outcome) {
    EXPECT_TRUE(outcome.ok()) << outcome.status();
    --waiting;
  };
  // Behind the first, the two wait together.
  held.log->HoldCompletions(true);
  engine.Submit("springfield", record("r0", "t1"), "", answered);
  held.AwaitHeld();
  engine.Submit("springfield", ApplyCatalogCommand{.catalog = After(), .zones = {}}, "", answered);
  engine.Submit("springfield", record("r1", "t2000"), "", [&](absl::StatusOr<Outcome> outcome) {
    evidence_at = district.Read()->applied_position();
    recalculating = district.Read()->recalculating();
    answered(outcome);
  });
  held.LetGo();
  EXPECT_EQ(waiting, 0);
  EXPECT_TRUE(recalculating);
  EXPECT_GE(district.Read()->applied_position(), evidence_at + 3 * kTeams / kWatchesPerCommand - 3);
  // Its watch was reckoned anew before its evidence was stored.
  const std::vector<WatchFlip> flips = district.FlipsByWatch()[{"t2000", "walks"}];
  EXPECT_EQ(flips.back().reason, FlipReason::kResolved);
  EXPECT_EQ(district.Inconsistencies(), "");
}

// A watch that comes into being while the district settles, by evidence that is quicker than the change: several records of one team
// find it one after the other, and none may hurry it past the notify time that waits for the settling to end.
TEST(RecalculationTest, EvidenceBeforeTheChangeHurriesNoWatchPastAHeldMoment) {
  std::atomic<int> answered{0};
  HeldDistrict held;
  SimulatedDistrict& district = held.district;
  Catalog catalog = SmallCatalog(kTeams);
  ASSERT_TRUE(district.Apply(catalog).ok());
  district.AdvanceTo(At("2025-10-07 06:50"));
  ASSERT_TRUE(district.Restart(At("2025-10-07 06:57")).has_value());
  ASSERT_EQ(district.Read()->settling_until(), At("2025-10-07 07:07"));
  catalog.expectations.push_back(ExpectationOn("lessons", CategoryKind(Category::kImplementation), 7, 2, 0));
  catalog.expectations.back().from = D("2025-09-08");
  district.clock().Set(At("2025-10-07 06:58"));
  held.log->HoldCompletions(true);
  const auto answer = [&](const absl::StatusOr<Outcome>& outcome) {
    EXPECT_TRUE(outcome.ok()) << outcome.status();
    ++answered;
  };
  district.engine().Submit("springfield", ApplyCatalogCommand{.catalog = catalog, .zones = {}}, "", answer);
  held.AwaitHeld();
  held.log->ReleaseOne();
  held.AwaitHeld();  // the first of the change's further commands
  district.clock().Set(At("2025-10-07 07:02"));
  const std::string last = absl::StrCat("t", kTeams);
  ASSERT_EQ(answered, 1);
  ASSERT_FALSE(district.StateOf(last, "lessons"));  // the change has not come to it
  district.engine().Submit("springfield",
                           RecordEvidenceCommand{"forms",
                                                 {NumberRecord("a", last, "lessons", D("2025-09-09")),
                                                  NumberRecord("b", last, "lessons", D("2025-09-10"))},
                                                 std::nullopt},
                           "", answer);
  held.LetGo();
  EXPECT_EQ(answered, 2);
  district.AdvanceThrough(At("2025-10-07 07:30"));
  EXPECT_EQ(district.StateOf(last, "lessons"), WatchState::kOverdue);  // since 07:00, and not tomorrow
  EXPECT_EQ(district.StateOf(absl::StrCat("t", kTeams - 1), "lessons"), WatchState::kOverdue);
  EXPECT_EQ(district.Inconsistencies(), "");
}

// Changes, evidence and ticks without a pause between them, so that each finds others half done, some while settling
// after downtime. The threads decide who comes among whose Continues; the flips are the naive model's all the same.
class Hurried {
 public:
  explicit Hurried(uint64_t seed)
      : random_(seed), district_({.start = At("2025-08-01 12:00")}), catalog_(SmallCatalog(kHurriedTeams)) {
    catalog_.expectations = {ExpectationOn("walks", CategoryKind(Category::kWalkthrough), 3, 2, 1),
                             ExpectationOn("lessons", CategoryKind(Category::kImplementation), 4, 0, 0)};
  }

  void Live() {
    Change();
    for (Date date = D("2025-09-08"); date < kHurriedEnd; date = date + 1) {
      district_.AdvanceTo(At("America/New_York", date, 7 * 60));
      // At the very moment of a notify time, or so soon after it that nobody has made it yet.
      if (random_.OneIn(2)) Move(500'000);
      if (random_.OneIn(5)) GoDown();
      for (int n = random_.Between(1, 3); n > 0; --n) {
        if (random_.OneIn(2)) {
          Edit(date);
          Change();
        }
        if (random_.OneIn(2)) {
          ASSERT_TRUE(district_.engine().Tick().ok());
        }
        if (random_.OneIn(6)) Move(11 * kMicrosPerMinute);  // past the end of settling
        SendEvidence(date);
      }
      district_.engine().WaitIdle();
      if (date.days() % 7 == 0) {
        ASSERT_EQ(district_.Inconsistencies(), "");
      }
    }
    district_.AdvanceTo(At("America/New_York", kHurriedEnd, 0));
  }

  void ExpectNaiveFlips() {
    std::map<WatchName, std::vector<WatchFlip>> flips = district_.FlipsByWatch();
    int compared = 0;
    for (const auto& [name, story] : stories_.Tell(At("America/New_York", kHurriedEnd, 0))) {
      if (!spoken_of_.contains(name.team) || !random_.OneIn(2)) continue;
      ASSERT_EQ(FlipDifference(name, story, flips[name]), "");
      ++compared;
    }
    EXPECT_GT(compared, 20);
  }

 private:
  static constexpr int kHurriedTeams = 1300;  // with two watches each, a change is three commands
  const Date kHurriedEnd = D("2025-10-18");

  void Move(int64_t micros) { district_.clock().Set(Instant{district_.now().micros + micros}); }

  void Change() {
    Move(1000);
    // Answered when it is in the log and its first thousand watches are done, not when all are.
    const absl::StatusOr<Outcome> outcome =
        district_.engine().Execute("springfield", ApplyCatalogCommand{.catalog = catalog_, .zones = {}});
    ASSERT_TRUE(outcome.ok()) << outcome.status();
    const CatalogOutcome& change = std::get<CatalogOutcome>(*outcome);
    if (!change.changes.empty()) stories_.Apply(change.applied, catalog_);  // the document in force changes nothing
  }

  void Edit(Date date) {
    switch (random_.Between(0, 4)) {
      case 0:
        catalog_.calendars[0].exceptions.push_back(
            {date - random_.Between(0, 4), date, ExceptionKind::kWeatherDay, "snow"});
        break;
      case 1:
        catalog_.expectations[0].every_days = random_.Between(2, 5);
        break;
      case 2:
        catalog_.expectations[0].grace_days = random_.Between(0, 3);
        break;
      case 3:
        // What counted for the one expectation counts for the other.
        std::swap(catalog_.indicators[0].category, catalog_.indicators[1].category);
        break;
      default:
        if (gone_) {
          catalog_.expectations.push_back(*gone_);
          gone_.reset();
        } else {
          gone_ = catalog_.expectations.back();
          catalog_.expectations.pop_back();
        }
    }
  }

  void SendEvidence(Date date) {
    Move(1000);
    std::vector<EvidenceItem> items;
    std::vector<WatchStories::Item> told;
    for (int i = 0; i < 12; ++i) {
      // Few teams, most of them among the last to be reached by a change.
      const int number = random_.OneIn(4) ? random_.Between(1, 10) : kHurriedTeams - random_.Between(0, 20);
      const std::string team = absl::StrCat("t", number), indicator = random_.OneIn(2) ? "walks" : "lessons";
      const std::string id = absl::StrCat("r", ++records_);
      const Date event = date - random_.Between(0, 6);
      spoken_of_.insert(team);
      items.push_back(NumberRecord(id, team, indicator, event));
      told.push_back({id, team, indicator, event, /*is_new=*/true});
    }
    const absl::StatusOr<Outcome> outcome =
        district_.engine().Execute("springfield", RecordEvidenceCommand{"forms", std::move(items), std::nullopt});
    ASSERT_TRUE(outcome.ok()) << outcome.status();
    ASSERT_EQ(std::get<BatchOutcome>(*outcome).failures.size(), 0u);
    stories_.Record(LastHeard(), told);
  }

  // The instant of the last batch: a Continue may have come before it and taken the clock's.
  Instant LastHeard() const {
    const DistrictReader reader = district_.Read();
    const std::string key = SourceObservationKey{reader->number(), *reader->interned().sources.Find("forms")}.Encode();
    return DecodeSourceObservation(**reader->store().Get(key)).value().last_heard.value();
  }

  void GoDown() {
    const std::optional<Downtime> down =
        district_.Restart(Instant{district_.now().micros + random_.Between(1, 1000) * kMicrosPerMinute});
    if (down) stories_.Down(down->down_from, down->up_at);
  }

  Random random_;
  SimulatedDistrict district_;
  WatchStories stories_;
  Catalog catalog_;
  std::optional<Expectation> gone_;
  std::set<std::string> spoken_of_;  // teams with evidence
  int records_ = 0;
};

TEST(RecalculationTest, HurriedChangesFlipLikeTheNaiveModel) {
  for (const uint64_t seed : Seeds(2, 40)) {
    Hurried life(seed);
    life.Live();
    if (!HasFailure()) life.ExpectNaiveFlips();
    ASSERT_FALSE(HasFailure()) << Replay(seed);
  }
}

}  // namespace
}  // namespace leadlag
