// The engine when its command log or its disk fails: nothing is applied, published or acknowledged before it is
// durable, and what was acknowledged stays.
#include <atomic>
#include <functional>
#include <optional>
#include <set>
#include <thread>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/engine/queries.h"
#include "storage/keys.h"
#include "tests/simulation/simulated_district.h"
#include "tests/support/faulty_command_log.h"
#include "tests/support/random_seed.h"
#include "tests/support/watch_story.h"

namespace leadlag {
namespace {

using Fault = FaultyCommandLog::Fault;

class EngineFaultTest : public testing::Test {
 protected:
  void ApplySmall(int teams = 1) {
    const absl::StatusOr<CatalogOutcome> applied = district_.Apply(SmallCatalog(teams));
    ASSERT_TRUE(applied.ok()) << applied.status();
  }
  absl::StatusOr<BatchOutcome> RecordOne(const std::string& id) {
    return district_.Record("forms", {NumberRecord(id, "t1", "walks", D("2025-07-30"))});
  }

  FaultyCommandLog* log_ = nullptr;  // of the engine that is open
  SimulatedDistrict district_{{.start = At("2025-08-01 12:00"), .wrap_log = [this](CommandLog& base) {
                                 auto log = std::make_unique<FaultyCommandLog>(base);
                                 log_ = log.get();
                                 return log;
                               }}};
};

TEST_F(EngineFaultTest, WhatTurnsOutToBeWrittenIsAcknowledged) {
  ApplySmall();
  log_->Script({Fault::kUnknownWritten});
  const absl::StatusOr<BatchOutcome> outcome = RecordOne("r1");
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(outcome->new_count, 1u);
  EXPECT_EQ(RecordOne("r1")->same_count, 1u);
  EXPECT_EQ(district_.Inconsistencies(), "");
}

TEST_F(EngineFaultTest, WhatWasNotWrittenIsRefusedAndMayBeSentAgain) {
  ApplySmall();
  for (const Fault fault : {Fault::kUnknownNotWritten, Fault::kFenced}) {
    const std::string id = absl::StrCat("r", static_cast<int>(fault));
    const uint64_t records = district_.Read()->evidence_count(), position = district_.Read()->applied_position();
    log_->Script({fault});
    EXPECT_EQ(RecordOne(id).status().code(), absl::StatusCode::kUnavailable);
    EXPECT_EQ(district_.Read()->evidence_count(), records);
    EXPECT_EQ(district_.Read()->applied_position(), position);
    EXPECT_TRUE(district_.engine().Health().ok());
    const absl::StatusOr<BatchOutcome> again = RecordOne(id);
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ(again->new_count, 1u);
  }
  EXPECT_EQ(district_.Inconsistencies(), "");
}

TEST_F(EngineFaultTest, ACommandInSeveralGroupsSharesEveryFate) {
  Catalog catalog = SmallCatalog(5000);
  for (Team& team : catalog.teams) team.display_name += std::string(185, '.');
  ByteWriter bytes;
  PutCatalog(bytes, catalog);
  ASSERT_GT(bytes.size(), size_t{1} << 20);  // more than one group
  log_->Script({Fault::kUnknownNotWritten, Fault::kFenced});
  EXPECT_EQ(district_.Apply(catalog).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(district_.Apply(catalog).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_FALSE(district_.engine().Read("springfield").ok());
  log_->Script({Fault::kUnknownWritten});
  const absl::StatusOr<CatalogOutcome> applied = district_.Apply(catalog);
  ASSERT_TRUE(applied.ok()) << applied.status();
  EXPECT_EQ(district_.Watches().size(), catalog.teams.size());
  EXPECT_EQ(district_.Inconsistencies(), "");
}

TEST_F(EngineFaultTest, OneDistrictsDoubtCostsTheOthersARetryAtMost) {
  ApplySmall();
  Catalog other = SmallCatalog(1);
  other.district = "shelbyville";
  ASSERT_TRUE(district_.engine().Execute("shelbyville", ApplyCatalogCommand{.catalog = other, .zones = {}}).ok());
  log_->Script({Fault::kUnknownWritten});
  EXPECT_TRUE(RecordOne("r1").ok());
  const auto record = [&] {
    return district_.engine().Execute(
        "shelbyville",
        RecordEvidenceCommand{"forms", {NumberRecord("r1", "t1", "walks", D("2025-07-30"))}, std::nullopt});
  };
  if (const absl::StatusOr<Outcome> first = record(); !first.ok()) {
    EXPECT_EQ(first.status().code(), absl::StatusCode::kUnavailable);
    EXPECT_TRUE(record().ok());
  }
  EXPECT_EQ((*district_.engine().Read("shelbyville"))->evidence_count(), 1u);
}

TEST_F(EngineFaultTest, NothingIsReadableOrAnsweredBeforeItIsDurable) {
  ApplySmall();
  district_.AdvanceTo(At("2025-09-17 12:00"));
  log_->HoldCompletions(true);
  std::atomic<bool> answered{false};
  std::atomic<int> heard{0};
  district_.engine().SetFlipListener([&](const std::string&, uint64_t) { ++heard; });
  district_.engine().Submit(
      "springfield", RecordEvidenceCommand{"forms", {NumberRecord("r1", "t1", "walks", D("2025-09-17"))}, std::nullopt},
      "", [&](absl::StatusOr<Outcome> outcome) {
        EXPECT_TRUE(outcome.ok()) << outcome.status();
        EXPECT_EQ(district_.Read()->evidence_count(), 1u);  // readable before it is answered
        answered = true;
      });
  while (log_->held() == 0) std::this_thread::yield();
  EXPECT_FALSE(answered);
  EXPECT_EQ(heard, 0);
  EXPECT_EQ(district_.Read()->evidence_count(), 0u);
  EXPECT_EQ(district_.StateOf("t1", "walks"), WatchState::kLate);
  log_->HoldCompletions(false);
  EXPECT_TRUE(log_->ReleaseOne());
  district_.engine().WaitIdle();
  EXPECT_TRUE(answered);
  EXPECT_EQ(heard, 1);
  EXPECT_EQ(district_.StateOf("t1", "walks"), WatchState::kOnTrack);
  district_.engine().SetFlipListener(nullptr);
}

// Or the first, sent again, would be the later revision of what the second corrected.
TEST_F(EngineFaultTest, WhatWasQueuedBehindARefusedCommandIsRefusedToo) {
  ApplySmall();
  log_->Script({Fault::kUnknownNotWritten});
  log_->HoldCompletions(true);
  std::atomic<int> refused{0};
  const auto submit = [&](double value) {
    EvidenceItem item = NumberRecord("r1", "t1", "walks", D("2025-07-30"));
    item.content.value = value;
    district_.engine().Submit("springfield", RecordEvidenceCommand{"forms", {item}, std::nullopt}, "",
                              [&](absl::StatusOr<Outcome> outcome) {
                                EXPECT_TRUE(absl::IsUnavailable(outcome.status())) << outcome.status();
                                ++refused;
                              });
  };
  submit(1);
  while (log_->held() == 0) std::this_thread::yield();
  submit(2);
  log_->HoldCompletions(false);
  log_->ReleaseOne();
  district_.engine().WaitIdle();
  EXPECT_EQ(refused, 2);
  EXPECT_EQ(district_.Read()->evidence_count(), 0u);
  EXPECT_TRUE(RecordOne("r1").ok());
}

// The first's callback holds up the writer: only the log's own thread can append the second then.
TEST_F(EngineFaultTest, WhileOneCommandIsAppliedTheNextGoesIntoTheLogUnlessItDependsOnIt) {
  ApplySmall();
  const auto record = [&](const std::string& id) {
    return RecordEvidenceCommand{"forms", {NumberRecord(id, "t1", "walks", D("2025-07-30"))}, std::nullopt};
  };
  const auto appended_meanwhile = [&](CommandBody first, const std::string& id) {
    bool meanwhile = false;
    std::atomic<int> answered{0};
    log_->HoldCompletions(true);
    const bool is_evidence = std::holds_alternative<RecordEvidenceCommand>(first);
    district_.engine().Submit("springfield", std::move(first), "", [&](absl::StatusOr<Outcome> outcome) {
      EXPECT_TRUE(outcome.ok()) << outcome.status();
      // It comes at once where it does come.
      const int64_t give_up = MonotonicMicros() + (is_evidence ? 10 * kMicrosPerSecond : kMicrosPerSecond / 5);
      while (log_->held() == 0 && MonotonicMicros() < give_up) std::this_thread::yield();
      meanwhile = log_->held() > 0;
      EXPECT_EQ(answered++, 0);
    });
    while (log_->held() == 0) std::this_thread::yield();
    const uint64_t records = district_.Read()->evidence_count() + (is_evidence ? 1 : 0);
    district_.engine().Submit("springfield", record(id), "", [&](absl::StatusOr<Outcome> outcome) {
      EXPECT_TRUE(outcome.ok()) << outcome.status();
      ++answered;
    });
    log_->ReleaseOne();
    while (answered == 0 || log_->held() == 0) std::this_thread::yield();
    EXPECT_EQ(answered, 1);
    EXPECT_EQ(district_.Read()->evidence_count(), records);  // what is not known to be durable is not there
    log_->HoldCompletions(false);
    log_->ReleaseOne();
    district_.engine().WaitIdle();
    EXPECT_EQ(answered, 2);
    return meanwhile;
  };
  EXPECT_TRUE(appended_meanwhile(record("r1"), "r2"));
  Catalog changed = SmallCatalog(2);
  EXPECT_FALSE(appended_meanwhile(ApplyCatalogCommand{.catalog = changed, .zones = {}}, "r3"));
  EXPECT_EQ(district_.Inconsistencies(), "");
}

TEST_F(EngineFaultTest, AFailingDiskIsOutlivedAndNothingAcknowledgedIsLost) {
  ApplySmall();
  ASSERT_TRUE(RecordOne("r1").ok());
  district_.disk()->FailWrites(true);
  EXPECT_TRUE(absl::IsUnavailable(RecordOne("r2").status()));
  EXPECT_TRUE(absl::IsUnavailable(RecordOne("r3").status()));
  district_.engine().WaitIdle();
  EXPECT_TRUE(district_.engine().Health().ok());  // questions are answered meanwhile
  EXPECT_EQ(district_.Read()->evidence_count(), 1u);

  district_.disk()->FailWrites(false);
  const int64_t give_up = MonotonicMicros() + 30 * kMicrosPerSecond;
  absl::StatusOr<BatchOutcome> outcome = RecordOne("r2");
  while (!outcome.ok() && MonotonicMicros() < give_up) {  // it looks again once a second
    ASSERT_TRUE(absl::IsUnavailable(outcome.status())) << outcome.status();
    std::this_thread::yield();
    outcome = RecordOne("r2");
  }
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(district_.Read()->evidence_count(), 2u);
  EXPECT_EQ(district_.Inconsistencies(), "");

  district_.Stop();
  district_.disk()->LosePower();
  ASSERT_TRUE(district_.Open().ok());
  EXPECT_EQ(RecordOne("r1")->same_count, 1u);
  EXPECT_EQ(RecordOne("r2")->same_count, 1u);
  EXPECT_EQ(RecordOne("r3")->new_count, 1u);
  EXPECT_EQ(district_.Inconsistencies(), "");
}

// Faults at random: what was acknowledged is there, what was not may be sent again, and in the end every record is
// there once.
TEST_F(EngineFaultTest, EveryRecordArrivesOnceThroughFaultsAndRestarts) {
  ApplySmall();
  for (const uint64_t seed : Seeds(3, 50)) {
    Random random(seed);
    for (int i = 0; i < 100; ++i) {
      const std::string id = absl::StrCat("s", seed, "-", i);
      for (int attempt = 0;; ++attempt) {
        ASSERT_LT(attempt, 50) << Replay(seed);
        if (random.OneIn(3)) {
          log_->Script(
              {random.Pick<Fault>({Fault::kFenced, Fault::kUnknownWritten, Fault::kUnknownNotWritten, Fault::kNone})});
        }
        if (random.OneIn(20)) {
          district_.Stop();
          ASSERT_TRUE(district_.Open().ok()) << Replay(seed);
        }
        const uint64_t before = district_.Read()->evidence_count();
        const absl::StatusOr<BatchOutcome> outcome = RecordOne(id);
        if (outcome.ok()) {
          ASSERT_EQ(district_.Read()->evidence_count(), before + 1) << Replay(seed);
          break;
        }
        ASSERT_EQ(outcome.status().code(), absl::StatusCode::kUnavailable) << outcome.status() << Replay(seed);
        ASSERT_EQ(district_.Read()->evidence_count(), before) << Replay(seed);
      }
    }
    EXPECT_EQ(district_.Inconsistencies(), "") << Replay(seed);
  }
}

// As before, with many on their way at once, and ticks and catalogs between them.
TEST_F(EngineFaultTest, EveryRecordArrivesOnceThroughFaultsWithManyUnderWay) {
  ApplySmall(3);
  uint64_t recorded = 0;
  for (const uint64_t seed : Seeds(20, 400)) {
    Random random(seed);
    std::vector<std::string> missing;
    for (int i = 0; i < 40; ++i) missing.push_back(absl::StrCat("s", seed, "-", i));
    recorded += missing.size();
    for (int attempt = 0; !missing.empty(); ++attempt) {
      ASSERT_LT(attempt, 50) << Replay(seed);
      std::vector<Fault> faults(10, Fault::kNone);
      for (int i = 0; attempt < 5 && i < 3; ++i) {
        faults[static_cast<size_t>(random.Between(0, 9))] =
            random.Pick<Fault>({Fault::kFenced, Fault::kUnknownWritten, Fault::kUnknownNotWritten});
      }
      log_->Script(faults);
      std::vector<std::optional<absl::Status>> answers(missing.size());
      for (size_t i = 0; i < missing.size(); ++i) {
        const std::string team = absl::StrCat("t", 1 + std::hash<std::string>()(missing[i]) % 3);  // the same when sent again
        district_.engine().Submit("springfield",
                                  RecordEvidenceCommand{"forms", {NumberRecord(missing[i], team, "walks", D("2025-07-30"))}, std::nullopt},
                                  "", [&answer = answers[i]](absl::StatusOr<Outcome> outcome) { answer = outcome.status(); });
        if (random.OneIn(10)) district_.engine().Submit("springfield", TickCommand{}, "", [](absl::StatusOr<Outcome>) {});
        if (random.OneIn(20)) {
          Catalog catalog = SmallCatalog(3);
          catalog.teams[0].display_name = missing[i];
          district_.engine().Submit("springfield", ApplyCatalogCommand{.catalog = catalog, .zones = {}}, "",
                                    [](absl::StatusOr<Outcome>) {});
        }
      }
      district_.engine().WaitIdle();
      std::vector<std::string> still_missing;
      for (size_t i = 0; i < missing.size(); ++i) {
        ASSERT_TRUE(answers[i]) << missing[i] << Replay(seed);
        if (answers[i]->ok()) continue;
        ASSERT_EQ(answers[i]->code(), absl::StatusCode::kUnavailable) << *answers[i] << Replay(seed);
        still_missing.push_back(missing[i]);
      }
      missing = std::move(still_missing);
    }
    ASSERT_EQ(district_.Read()->evidence_count(), recorded) << Replay(seed);
    ASSERT_EQ(district_.Inconsistencies(), "") << Replay(seed);
  }
  district_.Stop();
  ASSERT_TRUE(district_.Open().ok());
  EXPECT_EQ(district_.Read()->evidence_count(), recorded);
  EXPECT_EQ(district_.Inconsistencies(), "");
}

// ---- restarts -------------------------------------------------------------------------------------------

// A few weeks of everything, one step at a time.
std::vector<std::function<void(SimulatedDistrict&)>> Steps() {
  std::vector<std::function<void(SimulatedDistrict&)>> steps;
  const auto apply = [&](Catalog catalog) {
    steps.push_back([=](SimulatedDistrict& d) { EXPECT_TRUE(d.Apply(catalog).ok()); });
  };
  const auto advance = [&](std::string_view when) {
    steps.push_back([=](SimulatedDistrict& d) { d.AdvanceTo(At(when)); });
  };
  const auto record = [&](std::vector<EvidenceItem> items) {
    steps.push_back([=](SimulatedDistrict& d) { EXPECT_TRUE(d.Record("forms", items).ok()); });
  };
  const auto handle = [&](WatchName watch, bool snooze) {
    steps.push_back([=](SimulatedDistrict& d) {
      EXPECT_TRUE((snooze ? d.SnoozeDays(watch, 3) : d.Acknowledge(watch, "coach", "seen")).ok()) << watch.team << watch.expectation;
    });
  };
  const auto inquire = [&](Date start) {
    steps.push_back([=](SimulatedDistrict& d) {
      Inquiry inquiry = InquiryOf("talk", "t1", D("2025-09-08"));
      inquiry.links = {{"walks", ExpectedDirection::kIncrease}};
      inquiry.actions = {{"plan", "Plan together", start}};
      EXPECT_TRUE(d.RecordInquiry(inquiry).ok());
    });
  };
  const auto rule = [](std::string id, decltype(AlertRule::terms) terms) {
    AlertRule rule;
    rule.id = std::move(id);
    rule.terms = std::move(terms);
    return rule;
  };
  Catalog catalog = SmallCatalog(3);
  // "forms" is silent from the 10th to the 11th, from the 16th to the 17th, from the 22nd to the 24th, and since the 29th.
  catalog.sources[0].every_days = 2;
  catalog.sources[0].indicators = {"lessons"};
  catalog.expectations.push_back(ExpectationOn("lessons", CategoryKind(Category::kImplementation), 4, 3, 2));
  catalog.alert_rules = {rule("lagging", LaggingOnlyTerms{4}),
                         rule("boxes-only", CompletionOnlyTerms{CycleUnit::kIsoWeek, 1}),
                         rule("reviews", ReviewOverdueTerms{3}),
                         rule("slow", CollectionSlowTerms{.records = 1, .percent = 25, .days = 0, .clear_percent = 20}),
                         rule("actions", ActionWithoutEvidenceTerms{2}),
                         rule("run", RunSignalTerms{"walks", ChartUnit::kDay, 0})};
  catalog.settings.flip_retention_days = 10;
  apply(catalog);
  advance("2025-09-11 16:00");
  inquire(D("2025-09-10"));
  EvidenceItem box = NumberRecord("box", "t3", "boxes", D("2025-09-10"));
  box.content.value = Completion{true};
  record({NumberRecord("r1", "t1", "walks", D("2025-09-10")), NumberRecord("r2", "t2", "lessons", D("2025-09-11")),
          NumberRecord("r4", "t2", "results", D("2025-09-11")), box});
  record({NumberRecord("r1", "t1", "walks", D("2025-09-09"), 2), NumberRecord("r3", "t9", "walks", D("2025-09-10"))});
  steps.push_back([](SimulatedDistrict& d) {
    EXPECT_TRUE(d.RecordReview({.id = "a", .team = "t1", .date = D("2025-09-11"), .indicators = {"walks"}}).ok());
  });
  advance("2025-09-17 09:00");
  handle({"", "forms"}, /*snooze=*/false);
  handle({"t3", "walks"}, /*snooze=*/false);
  handle({"t3", "walks"}, /*snooze=*/true);
  handle({"t2", "reviews"}, /*snooze=*/true);
  inquire(D("2025-09-12"));
  catalog.expectations.push_back(ExpectationOn("any", {}, 3, 0, 0));
  catalog.calendars[0] = With(catalog.calendars[0], ExceptionKind::kWeatherDay, "2025-09-16");
  apply(catalog);
  record({VoidRecord("r1")});
  advance("2025-09-24 09:00");
  record({NumberRecord("r1", "t1", "walks", D("2025-09-23"), 3), NumberRecord("r5", "t1", "walks", D("2025-09-22"))});
  catalog.teams.pop_back();
  apply(catalog);
  steps.push_back([](SimulatedDistrict& d) { EXPECT_FALSE(d.Apply(SmallCatalog(1), 1).ok()); });
  advance("2025-09-26 09:00");
  advance("2025-10-20 09:00");
  return steps;
}

TEST(EngineRestartTest, AKillAnywhereLeavesTheSameBytes) {
  const std::vector<std::function<void(SimulatedDistrict&)>> steps = Steps();
  std::map<std::string, std::string> undisturbed;
  std::set<AlertKind> kinds;
  for (size_t kill_after = steps.size() + 1; kill_after-- > 0;) {
    SimulatedDistrict district({.start = At("2025-08-01 12:00")});
    for (size_t i = 0; i < steps.size(); ++i) {
      steps[i](district);
      if (undisturbed.empty()) {
        for (const SeenFlip& seen : district.Flips()) {
          if (HasAlert(seen.record.flip.to)) kinds.insert(seen.record.kind);
        }
      }
      if (i + 1 != kill_after) continue;
      // By turns a kill of the process and a power cut, at which nothing more reaches the disk.
      if (i % 2 == 0) district.disk()->FailWrites(true);
      district.Stop();
      if (i % 2 == 0) district.disk()->LosePower();
      ASSERT_TRUE(district.Open().ok());
    }
    ASSERT_THAT(VerifyDistrict(district.Freeze(), 100), testing::IsEmpty()) << "after step " << kill_after;
    std::map<std::string, std::string> view = district.View();
    // After a start a rule that charts has a bound for its moment: a tick more may find nothing to do.
    view.erase(MetaKey{district.Read()->number(), "applied_position"}.Encode());
    if (undisturbed.empty()) undisturbed = view;
    EXPECT_TRUE(view == undisturbed) << "killed after step " << kill_after;
    EXPECT_GT(district.Read()->first_sequence(), 1u);  // the oldest flips have left
    EXPECT_EQ(district.Read()->ObservationOf(0).lived.size(), 3u);
  }
  // All but RUN_SIGNAL, which takes ten points.
  EXPECT_THAT(kinds, testing::ElementsAre(AlertKind::kSignalOverdue, AlertKind::kLaggingOnly, AlertKind::kCompletionOnly,
                                          AlertKind::kReviewOverdue, AlertKind::kCollectionSlow, AlertKind::kActionWithoutEvidence,
                                          AlertKind::kSourceSilent));
}

TEST(EngineRestartTest, TheViewIsBuiltAgainFromTheLogAlone) {
  SimulatedDistrict district({.start = At("2025-08-01 12:00")});
  for (const auto& step : Steps()) step(district);
  SimulatedDistrict again({.start = district.now(), .disk = district.LogAlone()});
  EXPECT_TRUE(again.View() == district.View());
  EXPECT_EQ(again.Watches(), district.Watches());
  EXPECT_EQ(again.Read()->NextDue(), district.Read()->NextDue());
}

}  // namespace
}  // namespace leadlag
