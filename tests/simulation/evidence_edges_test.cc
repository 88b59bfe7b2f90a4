// Evidence at the edges: repeated after the catalog changed, out of order, at the ends of time, without end.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/limits.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/engine/queries.h"
#include "storage/keys.h"
#include "tests/simulation/simulated_district.h"
#include "tests/support/watch_story.h"

namespace leadlag {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

class EvidenceEdgesTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(district_.Apply(SmallCatalog(1)).ok()); }
  void TearDown() override {
    if (district_.engine().Read("springfield").ok()) {
      EXPECT_EQ(district_.Inconsistencies(), "");
      EXPECT_THAT(VerifyDistrict(district_.Freeze(), 10), SizeIs(0));
    }
  }
  // One record's outcome; its failure is kept.
  RecordOutcomeKind Record(EvidenceItem item) {
    const absl::StatusOr<BatchOutcome> outcome = district_.Record("forms", {std::move(item)});
    if (!outcome.ok()) {
      ADD_FAILURE() << outcome.status();
      return RecordOutcomeKind::kFailed;
    }
    failure_ = outcome->failures.empty() ? Problem{} : outcome->failures.front().problem;
    return outcome->outcomes.front().kind;
  }
  static EvidenceItem Walk(const std::string& id, const std::string& date) { return NumberRecord(id, "t1", "walks", D(date)); }
  static EvidenceItem Version(EvidenceItem item, uint64_t version) {
    item.content.source_version = version;
    return item;
  }
  static EvidenceItem Noted(EvidenceItem item, const std::string& note) {
    item.content.note = note;
    return item;
  }
  Latency LatencyNow() {
    const CadenceQuery query{.from = D("2025-09-01"), .to = D("2025-12-01")};
    return GetEvidenceLatency(district_.Read(), "t1", {}, {query})->latency;
  }

  SimulatedDistrict district_{{.start = At("2025-09-08 12:00")}};
  Problem failure_;
};

// Evidence is dated at most tomorrow: on the last day there is, that is no date any more.
TEST_F(EvidenceEdgesTest, TheDayAfterTheLastOneIsRefused) {
  district_.Restart(At("2099-12-31 22:00"));
  EvidenceItem event = Walk("r1", "2099-12-31");
  EXPECT_EQ(Record(event), RecordOutcomeKind::kNew);
  event = Walk("r2", "2099-12-31");
  event.content.event_date.reset();
  event.content.event_time = Instant{At("2099-12-31 23:30").micros + kMicrosPerHour};
  EXPECT_EQ(Record(event), RecordOutcomeKind::kFailed);
  EXPECT_EQ(failure_.code, absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(failure_.field, "event_time");
  EXPECT_THAT(failure_.reason, HasSubstr("2099-12-31"));
}

// An instant may be in range in UTC and not in a zone west of it: the null date of many a form.
TEST_F(EvidenceEdgesTest, TheFirstInstantThereIsIsRefusedInAZoneWestOfIt) {
  EvidenceItem event = Walk("r1", "2025-09-08");
  event.content.event_date.reset();
  event.content.event_time = Instant{0};
  EXPECT_EQ(Record(event), RecordOutcomeKind::kFailed);
  EXPECT_EQ(failure_.code, absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(failure_.field, "event_time");
  EXPECT_THAT(failure_.reason, HasSubstr("1969-12-31"));
  EvidenceItem reported = Walk("r2", "2025-09-08");
  reported.content.reported = Instant{0};
  EXPECT_EQ(Record(reported), RecordOutcomeKind::kFailed);
  EXPECT_EQ(failure_.field, "reported_time");
  event.content.event_time = At("1970-01-01");
  EXPECT_EQ(Record(event), RecordOutcomeKind::kNew);
  district_.Stop();
  ASSERT_TRUE(district_.Open().ok());
  EXPECT_EQ(Record(event), RecordOutcomeKind::kSame);
}

TEST_F(EvidenceEdgesTest, ARepetitionIsOneAfterTheCatalogHasDroppedItsIndicator) {
  EXPECT_EQ(Record(Walk("r1", "2025-09-08")), RecordOutcomeKind::kNew);
  Catalog catalog = SmallCatalog(1);
  std::erase_if(catalog.indicators, [](const Indicator& indicator) { return indicator.id == "walks"; });
  ASSERT_TRUE(district_.Apply(catalog).ok());
  EXPECT_EQ(Record(Walk("r1", "2025-09-08")), RecordOutcomeKind::kSame);
  EXPECT_EQ(Record(Walk("r2", "2025-09-08")), RecordOutcomeKind::kFailed);
  EXPECT_EQ(failure_.field, "indicator");
  EXPECT_EQ(Record(Walk("r1", "2025-09-05")), RecordOutcomeKind::kFailed);
}

TEST_F(EvidenceEdgesTest, ARecordHasSoManyRevisionsAndCanStillBeVoided) {
  for (size_t i = 0; i < kRevisionsMax; ++i) {
    ASSERT_NE(Record(Noted(Walk("r1", "2025-09-08"), absl::StrCat("at ", i))), RecordOutcomeKind::kFailed) << failure_.reason;
  }
  EXPECT_EQ(Record(Noted(Walk("r1", "2025-09-08"), "once more")), RecordOutcomeKind::kFailed);
  EXPECT_EQ(failure_.code, absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(failure_.field, "evidence_id");
  EXPECT_EQ(Record(Noted(Walk("r1", "2025-09-08"), "at 7")), RecordOutcomeKind::kSame);
  EXPECT_EQ(Record(VoidRecord("r1")), RecordOutcomeKind::kVoided);
  EXPECT_EQ(Record(Noted(Walk("r1", "2025-09-08"), "once more")), RecordOutcomeKind::kFailed);
  EXPECT_EQ(Record(Noted(VoidRecord("r1"), "again")), RecordOutcomeKind::kSame);
}

// What arrives late under an old version was known before, and changes nothing that was interpreted.
TEST_F(EvidenceEdgesTest, AnOldVersionThatArrivesLateNeitherReopensNorDelays) {
  EvidenceItem first = Version(Walk("a", "2025-09-08"), 1);
  EvidenceItem current = Version(Walk("a", "2025-09-08"), 3);
  current.content.value = 2.0;
  Record(first);
  Record(current);
  Record(Version(Walk("b", "2025-09-08"), 2));
  district_.AdvanceTo(At("2025-09-12 12:00"));
  ASSERT_TRUE(district_.RecordReview({.id = "v1", .team = "t1", .date = D("2025-09-12"), .indicators = {"walks"}}).ok());
  EXPECT_EQ(LatencyNow().interpretation.open, 0u);
  EXPECT_EQ(LatencyNow().interpretation.max->days, 4);
  EXPECT_EQ(LatencyNow().collection.max->days, 0);
  district_.AdvanceTo(At("2025-09-18 12:00"));
  EvidenceItem late = current;
  late.content.source_version = 2;
  EXPECT_EQ(Record(late), RecordOutcomeKind::kRevised);
  EXPECT_EQ(Record(Noted(Version(Walk("b", "2025-09-08"), 1), "as entered first")), RecordOutcomeKind::kRevised);
  EXPECT_EQ(LatencyNow().interpretation.open, 0u);
  EXPECT_EQ(LatencyNow().interpretation.max->days, 4);
  EXPECT_EQ(LatencyNow().collection.max->days, 0);
}

TEST_F(EvidenceEdgesTest, AVoidBelowTheVersionThatCountsVoidsNothing) {
  EXPECT_EQ(Record(Version(Walk("r1", "2025-09-08"), 5)), RecordOutcomeKind::kNew);
  EXPECT_EQ(Record(Version(VoidRecord("r1"), 4)), RecordOutcomeKind::kRevised);
  EXPECT_EQ(Record(Version(VoidRecord("r1"), 6)), RecordOutcomeKind::kVoided);
}

TEST_F(EvidenceEdgesTest, NothingIsCompleteThroughAFutureDate) {
  const auto complete = [&](const std::string& date) {
    return district_.Execute(RecordEvidenceCommand{"forms", {Walk("r" + date, "2025-09-08")}, D(date)}).status();
  };
  EXPECT_TRUE(complete("2025-09-09").ok());
  const absl::Status refused = complete("2025-09-10");
  EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ProblemsOf(refused).front().field, "complete_through");
  EXPECT_EQ(district_.Read()->evidence_count(), 1u);  // refused as a whole
}

// An alert goes by the labels it opened with: who was told of it hears its end.
TEST_F(EvidenceEdgesTest, AnAlertKeepsItsLabelsThroughARelabelling) {
  district_.AdvanceTo(At("2025-09-17 12:00"));
  ASSERT_EQ(district_.StateOf("t1", "walks"), WatchState::kLate);
  Catalog catalog = SmallCatalog(1);
  const Labels before = catalog.teams[0].labels;
  catalog.teams[0].labels = {{"level", "another"}};
  ASSERT_TRUE(district_.Apply(catalog).ok());
  Record(Walk("r1", "2025-09-17"));
  EXPECT_EQ(district_.Flips().back().record.flip.reason, FlipReason::kResolved);
  EXPECT_EQ(district_.Flips().back().record.labels, before);
  Record(VoidRecord("r1"));
  district_.AdvanceTo(At("2025-09-18 12:00"));
  EXPECT_EQ(district_.StateOf("t1", "walks"), WatchState::kLate);
  EXPECT_EQ(district_.Flips().back().record.labels, catalog.teams[0].labels);
}

TEST_F(EvidenceEdgesTest, ACatalogAppliedAgainWithItsVersionIsARepetition) {
  Catalog catalog = SmallCatalog(2);
  EXPECT_EQ(district_.Apply(catalog, 1)->version, 2u);
  EXPECT_EQ(district_.Apply(catalog, 1)->version, 2u);
  catalog.display_name = "Another";
  EXPECT_EQ(district_.Apply(catalog, 1).status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(EvidenceEdgesTest, AZoneIsANameOfTheDatabase) {
  for (const char* name : {"/usr/share/zoneinfo/Europe/Paris", "../zoneinfo/Europe/Paris", "libc:localtime", "localtime", "posixrules",
                           "Fixed/UTC+05:30:00", "file:/etc/localtime", "right/UTC", "America//New_York", "America/New_York/", "", "Moon",
                           "America/New_York\n"}) {
    Catalog catalog = SmallCatalog(1);
    catalog.time_zone = name;
    EXPECT_EQ(district_.Apply(catalog).status().code(), absl::StatusCode::kInvalidArgument) << name;
  }
  for (const char* name : {"UTC", "Etc/GMT+5", "America/Argentina/Buenos_Aires", "America/Port-au-Prince"}) {
    Catalog catalog = SmallCatalog(1);
    catalog.time_zone = name;
    EXPECT_TRUE(district_.Apply(catalog).ok()) << name;
  }
}

// A copy stands still while the district goes on.
TEST_F(EvidenceEdgesTest, AFrozenReaderHoldsNothingUp) {
  Record(Walk("r1", "2025-09-08"));
  const absl::StatusOr<DistrictReader> frozen = district_.engine().Freeze("springfield");
  ASSERT_TRUE(frozen.ok());
  Record(Walk("r2", "2025-09-09"));  // would wait for ever for one from Read
  EXPECT_EQ((*frozen)->evidence_count(), 1u);
  EXPECT_EQ(district_.Read()->evidence_count(), 2u);
  EXPECT_THAT(VerifyDistrict(*frozen, 10), SizeIs(0));
  const std::function<bool()> at_once = [] { return true; };
  EXPECT_THAT(VerifyDistrict(*frozen, 10, &at_once), SizeIs(0));
  EXPECT_EQ(GetEvidence(*frozen, "forms", "r2").status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace leadlag
