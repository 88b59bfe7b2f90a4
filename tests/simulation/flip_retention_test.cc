// Retention of the flip log: a life in which old flips leave is, from the log's first flip on, the life in which none does; over restarts
// and kills, in bounded steps.
#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/limits.h"
#include "gtest/gtest.h"
#include "server/engine/queries.h"
#include "server/engine/zone_database.h"
#include "tests/simulation/simulated_district.h"
#include "tests/simulation/stepped_district.h"
#include "tests/support/random_seed.h"
#include "tests/support/watch_story.h"

namespace leadlag {
namespace {

constexpr int kDays = kMinFlipRetentionDays;

Catalog ACatalog(int days, int variant) {
  Catalog catalog = SmallCatalog(6);
  catalog.expectations.push_back(ExpectationOn("anything", {}, 2 + variant % 3, 1, 1));
  if (variant % 4 == 3) catalog.teams.erase(catalog.teams.begin() + variant % 5);
  catalog.settings.flip_retention_days = days;
  return catalog;
}

// The first flip that is not older than what is kept, as of the last command; one past the last where none is.
uint64_t FirstKept(const std::vector<SeenFlip>& flips, Instant now) {
  const auto kept = std::find_if(flips.begin(), flips.end(), [&](const SeenFlip& flip) {
    return flip.record.recorded.micros >= now.micros - kDays * kMicrosPerDay;
  });
  return static_cast<uint64_t>(kept - flips.begin()) + 1;
}

// What happens, in districts alike: one remembers, one forgets, and one forgets and is never restarted.
class Lives {
 public:
  explicit Lives(uint64_t seed) : random_(seed) { Apply(); }

  void Step() {
    switch (random_.Between(0, 11)) {
      case 0: return Apply();
      case 1:
      case 2:
      case 3: return Record();
      case 4:
      case 5: return Handle();
      case 6:
        if (random_.OneIn(3)) return Restart();
        break;
    }
    const Instant when{kept_.now().micros + random_.Between(1, 40) * kMicrosPerHour};
    All([&](SimulatedDistrict& district) { district.AdvanceThrough(when); });
  }

  void Check() {
    // While a district settles nothing leaves.
    Instant settled = Instant::Min();
    All([&](SimulatedDistrict& district) { settled = std::max(settled, district.Read()->settling_until()); });
    All([&](SimulatedDistrict& district) {
      const Instant when{std::max(district.now(), settled).micros + kMicrosPerMinute};
      district.AdvanceThrough(when);
      EXPECT_TRUE(district.engine().Tick().ok());
      district.engine().WaitIdle();
    });
    const std::vector<SeenFlip> all = kept_.Flips(), left = trimmed_.Flips();
    const uint64_t first = trimmed_.Read()->first_sequence();
    ASSERT_EQ(first, FirstKept(all, trimmed_.Read()->last_time()));
    ASSERT_EQ(trimmed_.last_sequence(), all.size());
    ASSERT_EQ(left.size(), all.size() + 1 - first);
    for (size_t i = 0; i < left.size(); ++i) ASSERT_EQ(Describe(left[i]), Describe(all[first - 1 + i]));
    ASSERT_TRUE(std::equal(left.begin(), left.end(), all.end() - static_cast<std::ptrdiff_t>(left.size())));
    ASSERT_EQ(trimmed_.Read()->trimmed_through().has_value(), first > 1);
    if (first > 1) {
      ASSERT_EQ(*trimmed_.Read()->trimmed_through(), all[first - 2].record.recorded);
    }
    ASSERT_TRUE(trimmed_.Watches() == kept_.Watches());
    ASSERT_TRUE(trimmed_.OpenAlerts() == kept_.OpenAlerts());
    ASSERT_EQ(VerifyDistrict(trimmed_.Freeze(), 5), std::vector<std::string>{});
    Ask();
  }

  const SimulatedDistrict& trimmed() const { return trimmed_; }
  const SimulatedDistrict& straight() const { return straight_; }

 private:
  template <typename Do>
  void All(Do what) {
    what(kept_);
    what(trimmed_);
    what(straight_);
  }
  void Apply() {
    const int variant = random_.Between(0, 9);
    EXPECT_TRUE(kept_.Apply(ACatalog(0, variant)).ok());
    EXPECT_TRUE(trimmed_.Apply(ACatalog(kDays, variant)).ok());
    EXPECT_TRUE(straight_.Apply(ACatalog(kDays, variant)).ok());
  }
  void Record() {
    const Date today = Date(static_cast<int32_t>(kept_.now().micros / kMicrosPerDay));
    std::vector<EvidenceItem> items;
    for (int count = random_.Between(1, 4); count > 0; --count) {
      if (records_ > 0 && random_.OneIn(5)) {
        items.push_back(VoidRecord(absl::StrCat("r", random_.Between(1, records_))));
      } else {
        items.push_back(NumberRecord(absl::StrCat("r", ++records_), absl::StrCat("t", random_.Between(1, 6)),
                                     random_.OneIn(2) ? "walks" : "lessons", today - random_.Between(0, 5)));
      }
    }
    All([&](SimulatedDistrict& district) { EXPECT_TRUE(district.Record("forms", items).ok()); });
  }
  void Handle() {
    const std::map<WatchName, AlertRecord> open = kept_.OpenAlerts();
    if (open.empty()) return;
    const WatchName watch = std::next(open.begin(), random_.Between(0, static_cast<int>(open.size()) - 1))->first;
    const int what = random_.Between(0, 3);
    const auto days = static_cast<uint32_t>(random_.Between(1, 9));
    All([&](SimulatedDistrict& district) {
      // It may be refused, where what falls due by now closes the alert, or the summer has no such days: in both alike.
      const absl::Status status = what == 0   ? district.Acknowledge(watch, "coach", absl::StrCat("note ", days))
                                  : what == 1 ? district.EndSnooze(watch)
                                              : district.SnoozeDays(watch, days);
      status.IgnoreError();
    });
  }
  void Restart() {
    const Instant up{kept_.now().micros + random_.Between(0, 3) * kMicrosPerHour};
    const bool killed = random_.OneIn(2);
    All([&](SimulatedDistrict& district) {
      if (!killed) {
        district.Restart(up);
      } else if (&district != &straight_) {
        district.Stop();
        ASSERT_TRUE(district.Open().ok());
      }
    });
  }
  // Whatever refers to flips copes with those that have left.
  void Ask() {
    const DistrictReader reader = trimmed_.Read();
    const DistrictReader before = kept_.Read();
    const uint64_t first = reader->first_sequence();
    const absl::StatusOr<AlertPage> alerts = ListAlerts(reader, {}, /*closed=*/true, 0, kPageSizeMax);
    ASSERT_TRUE(alerts.ok()) << alerts.status();
    for (const AlertAnswer& alert : alerts->alerts) {
      const absl::StatusOr<AlertDetail> detail = GetAlert(reader, alert.id), whole = GetAlert(before, alert.id);
      ASSERT_TRUE(detail.ok() && whole.ok()) << detail.status();
      ASSERT_EQ(detail->flips_trimmed, alert.id < first);
      ASSERT_EQ(detail->why.text.find("are no longer kept") != std::string::npos, detail->flips_trimmed);
      ASSERT_EQ(detail->why.text.find(" .  "), std::string::npos);
      std::vector<uint64_t> expected, seen;
      for (const TimelineFlip& flip : whole->flips) {
        if (flip.sequence >= first) expected.push_back(flip.sequence);
      }
      for (const TimelineFlip& flip : detail->flips) seen.push_back(flip.sequence);
      ASSERT_EQ(seen, expected);
    }
    const Date today = Date(static_cast<int32_t>(reader.now().micros / kMicrosPerDay));
    for (const char* const team : {"t1", "t6"}) {
      const absl::StatusOr<TeamNumber> number = FindTeam(reader, team);
      if (!number.ok()) continue;
      const DateRange window{today - 60, today + 2};
      const absl::StatusOr<std::vector<TimelineItem>> items = GetTimeline(reader, team, window), whole = GetTimeline(before, team, window);
      ASSERT_TRUE(items.ok() && whole.ok()) << items.status();
      const std::optional<Date> from = FlipsFrom(reader, *number);
      ASSERT_EQ(from.has_value(), first > 1);
      const auto flips = [&](const std::vector<TimelineItem>& of) {
        std::vector<uint64_t> sequences;
        for (const TimelineItem& item : of) {
          const auto* const flip = std::get_if<TimelineFlip>(&item.item);
          if (flip != nullptr && (!from || item.date >= *from)) sequences.push_back(flip->sequence);
        }
        return sequences;
      };
      ASSERT_EQ(flips(*items), flips(*whole));
    }
  }

  Random random_;
  SimulatedDistrict kept_{{.start = At("2025-08-25 12:00")}}, trimmed_{{.start = At("2025-08-25 12:00")}};
  SimulatedDistrict straight_{{.start = At("2025-08-25 12:00"), .restarts = false}};
  int records_ = 0;
};

TEST(FlipRetentionTest, WhatIsLeftIsTheLogOfALifeInWhichNothingLeaves) {
  for (const uint64_t seed : Seeds(3, 60)) {
    SCOPED_TRACE(Replay(seed));
    Lives lives(seed);
    for (int step = 1; step <= 240; ++step) {
      lives.Step();
      if (step % 8 == 0) lives.Check();
      ASSERT_FALSE(::testing::Test::HasFailure()) << "step " << step;
    }
    ASSERT_GT(lives.trimmed().Read()->first_sequence(), 100u) << "little has left";
    // However often it was restarted or killed; and all of it again, from the log alone.
    EXPECT_TRUE(lives.straight().View() == lives.trimmed().View());
    SimulatedDistrict again({.start = lives.straight().now(), .disk = lives.straight().LogAlone()});
    again.engine().WaitIdle();
    EXPECT_TRUE(again.View() == lives.straight().View());
  }
}

TEST(FlipRetentionTest, EverythingMayLeaveAndTheSequencesGoOn) {
  SimulatedDistrict district({.start = At("2025-08-25 12:00")});
  ASSERT_TRUE(district.Apply(ACatalog(kDays, 0)).ok());
  district.AdvanceTo(At("2026-08-01 12:00"));  // the summer
  ASSERT_TRUE(district.engine().Tick().ok());
  const uint64_t last = district.last_sequence();
  ASSERT_GT(last, 12u);
  EXPECT_EQ(district.Read()->first_sequence(), last + 1);
  EXPECT_TRUE(district.Flips().empty());
  EXPECT_EQ(VerifyDistrict(district.Freeze(), 5), std::vector<std::string>{});
  district.Restart();
  EXPECT_EQ(district.Read()->first_sequence(), last + 1);
  district.AdvanceTo(At("2026-09-15 12:00"));
  ASSERT_FALSE(district.Flips().empty());
  EXPECT_EQ(district.Flips().front().sequence, last + 1);
  EXPECT_EQ(VerifyDistrict(district.Freeze(), 5), std::vector<std::string>{});
  // Kept for ever again: what has left has left, and nothing more leaves.
  ASSERT_TRUE(district.Apply(ACatalog(0, 0)).ok());
  district.AdvanceTo(At("2027-03-01 12:00"));
  ASSERT_TRUE(district.engine().Tick().ok());
  EXPECT_EQ(district.Read()->first_sequence(), last + 1);
  EXPECT_EQ(VerifyDistrict(district.Freeze(), 5), std::vector<std::string>{});
}

// ---- bounded steps ----

// `flips` of them made at one instant, a week and a day ago, by as many watches that nothing befalls afterwards.
std::shared_ptr<Disk> ADisk(int flips, Instant* now) {
  SimulatedDistrict district({.start = At("2025-09-01 12:00")});
  Catalog catalog = SmallCatalog(flips / 2 + flips % 2);
  catalog.expectations = {ExpectationOn("one", {}, 100, 100, 100), ExpectationOn("two", {}, 100, 100, 100)};
  if (flips % 2 == 1) {
    catalog.expectations[1].teams = {};
    for (int i = 1; i <= flips / 2; ++i) catalog.expectations[1].teams.push_back(absl::StrCat("t", i));
  }
  EXPECT_TRUE(district.Apply(catalog).ok());
  district.AdvanceTo(At("2025-09-20 12:00"));
  EXPECT_EQ(district.last_sequence(), static_cast<uint64_t>(flips));
  *now = Instant{district.now().micros + (kDays + 1) * kMicrosPerDay};
  catalog.settings.flip_retention_days = kDays;
  EXPECT_TRUE(district.Apply(catalog).ok());
  return district.LogAlone();
}

TEST(FlipRetentionTest, ACommandTakesOffAThousandAndOthersTheRest) {
  struct Case {
    int flips;
    uint64_t first_after_tick;
  };
  for (const Case& c : {Case{999, 1000}, Case{1'000, 1'001}, Case{1'001, 1'001}, Case{2'501, 1'001}}) {
    SCOPED_TRACE(c.flips);
    Instant now;
    const std::shared_ptr<Disk> disk = ADisk(c.flips, &now);
    SteppedDistrict district(disk);
    while (district->HasPendingWork(district.now())) ASSERT_TRUE(district.Apply(ContinueCommand{}).ok());
    ASSERT_EQ(district->first_sequence(), 1u);
    district.SetNow(now);
    ASSERT_TRUE(district.Apply(TickCommand{}).ok());
    uint64_t first = district->first_sequence();
    EXPECT_EQ(first, c.first_after_tick);
    const auto last = static_cast<uint64_t>(c.flips);
    for (uint32_t step = 0; first <= last; ++step) {
      ASSERT_TRUE(district->HasPendingWork(district.now()));
      EXPECT_FALSE(district->IsBehind(district.now()));  // answers are as they will be
      EXPECT_EQ(district.Verify(), std::vector<std::string>{});
      // What was to be continued is not lost, whether or not a checkpoint has it.
      step % 2 == 0 ? district.Kill() : district.Reopen();
      ASSERT_EQ(district->first_sequence(), first);
      ASSERT_TRUE(district->HasPendingWork(district.now()));
      ASSERT_TRUE(district.Apply(step == 0 ? ContinueCommand{400} : ContinueCommand{}).ok());
      ASSERT_EQ(district->first_sequence(), std::min(first + (step == 0 ? 400 : 1'000), last + 1));
      first = district->first_sequence();
    }
    EXPECT_FALSE(district->HasPendingWork(district.now()));
    EXPECT_LE(district.most_work(), kWatchesPerCommand);
    EXPECT_EQ(district.Verify(), std::vector<std::string>{});
    EXPECT_EQ(district->last_sequence(), last);
    district.Close();
  }
}

// A tick that has its work to do with watches leaves the flips to others.
TEST(FlipRetentionTest, ATicksWorkIsBoundedAllTold) {
  SimulatedDistrict simulated({.start = At("2025-09-01 12:00")});
  Catalog catalog = SmallCatalog(600);
  catalog.expectations.clear();
  for (int days = 3; days <= 8; ++days) catalog.expectations.push_back(ExpectationOn(absl::StrCat("every-", days), {}, days, 1, 0));
  catalog.settings.flip_retention_days = kDays;
  ASSERT_TRUE(simulated.Apply(catalog).ok());
  SteppedDistrict district(simulated.LogAlone());
  while (district->HasPendingWork(district.now())) ASSERT_TRUE(district.Apply(ContinueCommand{}).ok());
  bool both = false;
  for (int day = 0; day < 40; ++day) {
    district.SetNow(Instant{district.now().micros + kMicrosPerDay});
    const uint64_t first = district->first_sequence(), last = district->last_sequence();
    ASSERT_TRUE(district.Apply(TickCommand{}).ok());
    both = both || (district->first_sequence() > first && district->last_sequence() > last);
    while (district->HasPendingWork(district.now())) ASSERT_TRUE(district.Apply(ContinueCommand{}).ok());
  }
  EXPECT_TRUE(both) << "no tick had both to do";
  EXPECT_GT(district->first_sequence(), 3'600u);
  EXPECT_LE(district.most_work(), kWatchesPerCommand);
  EXPECT_EQ(district.Verify(), std::vector<std::string>{});
}

// ---- the state as stored ----

std::string StateOf(const SimulatedDistrict& district) {
  const DistrictReader reader = district.Freeze();
  return reader->store().Get(MetaKey{reader->number(), "state"}.Encode()).value().value();
}

void PutState(const SimulatedDistrict& district, const std::string& bytes) {
  const DistrictReader reader = district.Freeze();
  Store& store = const_cast<Store&>(reader->store().live());
  Batch batch = store.NewBatch();
  batch.Put(MetaKey{reader->number(), "state"}.Encode(), bytes);
  store.Commit(batch);
  ASSERT_TRUE(store.Checkpoint().ok());
}

TEST(FlipRetentionTest, TheStateIsOfItsFirstFormatUntilAFlipHasLeft) {
  SimulatedDistrict district({.start = At("2025-09-01 12:00")});
  ASSERT_TRUE(district.Apply(ACatalog(kDays, 0)).ok());
  district.AdvanceTo(At("2025-09-10 12:00"));
  ASSERT_GT(district.last_sequence(), 0u);
  const std::string before = StateOf(district);
  EXPECT_EQ(before.front(), 1);
  district.Restart();
  EXPECT_EQ(district.Read()->first_sequence(), 1u);
  district.AdvanceTo(At("2025-10-10 12:00"));
  ASSERT_TRUE(district.engine().Tick().ok());
  ASSERT_GT(district.Read()->first_sequence(), 1u);
  const std::string after = StateOf(district);
  EXPECT_EQ(after.front(), 2);
  district.Restart();
  const std::string again = StateOf(district);
  EXPECT_EQ(again.front(), 2);

  const auto reopened_with = [&](const std::string& bytes) {
    PutState(district, bytes);
    district.Stop();
    return district.Open().code();
  };
  std::string newer = again;
  newer.front() = 3;
  EXPECT_EQ(reopened_with(newer), absl::StatusCode::kFailedPrecondition);
}

TEST(FlipRetentionTest, AFirstSequenceThatCannotBeIsDamage) {
  SimulatedDistrict district({.start = At("2025-09-01 12:00")});
  ASSERT_TRUE(district.Apply(ACatalog(kDays, 0)).ok());
  district.AdvanceTo(At("2026-08-10 12:00"));
  ASSERT_TRUE(district.engine().Tick().ok());
  const uint64_t first = district.Read()->first_sequence();
  ByteWriter tail, past;
  tail.PutVarint(first);
  past.PutVarint(first + 1);  // two past the last
  ASSERT_EQ(tail.size(), past.size());
  std::string bytes = StateOf(district);
  const size_t at = bytes.rfind(tail.bytes());
  ASSERT_NE(at, std::string::npos);
  bytes.replace(at, tail.size(), past.bytes());
  PutState(district, bytes);
  district.Stop();
  EXPECT_EQ(district.Open().code(), absl::StatusCode::kDataLoss);
}

// It is in nobody's way until somebody asks for it; it, and what is behind it, stays.
TEST(FlipRetentionTest, AFlipThatCannotBeReadStaysAndStopsNoService) {
  SimulatedDistrict district({.start = At("2025-09-01 12:00")});
  ASSERT_TRUE(district.Apply(ACatalog(kDays, 0)).ok());
  district.AdvanceTo(At("2025-09-12 12:00"));
  const uint64_t damaged = district.Read()->first_sequence() + 3;
  ASSERT_LT(damaged, district.last_sequence());
  {
    const DistrictReader reader = district.Freeze();
    Store& store = const_cast<Store&>(reader->store().live());
    Batch batch = store.NewBatch();
    batch.Put(FlipKey{reader->number(), damaged}.Encode(), "?");
    store.Commit(batch);
  }
  district.clock().Set(At("2025-11-01 12:00"));
  ASSERT_TRUE(district.engine().Tick().ok());
  district.engine().WaitIdle();
  EXPECT_TRUE(district.engine().Health().ok()) << district.engine().Health();
  EXPECT_EQ(district.Read()->first_sequence(), damaged);
  district.clock().Set(At("2025-11-02 12:00"));
  ASSERT_TRUE(district.engine().Tick().ok());
  district.engine().WaitIdle();
  EXPECT_EQ(district.Read()->first_sequence(), damaged);
  EXPECT_FALSE(VerifyDistrict(district.Freeze(), 5).empty());
}

TEST(FlipRetentionTest, AFlipThatIsMissingAtTheFrontIsDamageNotRetention) {
  SimulatedDistrict district({.start = At("2025-09-01 12:00")});
  ASSERT_TRUE(district.Apply(ACatalog(kDays, 0)).ok());
  district.AdvanceTo(At("2025-09-12 12:00"));
  {
    const DistrictReader reader = district.Freeze();
    Store& store = const_cast<Store&>(reader->store().live());
    Batch batch = store.NewBatch();
    batch.Delete(FlipKey{reader->number(), reader->first_sequence()}.Encode());
    store.Commit(batch);
  }
  EXPECT_FALSE(VerifyDistrict(district.Freeze(), 5).empty());
  district.clock().Set(At("2025-11-01 12:00"));
  district.engine().Tick().IgnoreError();
  district.engine().WaitIdle();
  EXPECT_EQ(district.engine().Health().code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace leadlag
