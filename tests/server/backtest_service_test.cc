// CadenceService.Backtest over gRPC: what it streams, what it refuses, and that it holds up nobody.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/clock.h"
#include "core/limits.h"
#include "server/rpc/convert_catalog.h"
#include "server/rpc/status.h"
#include "tests/server/small_district.h"
#include "tests/support/test_server.h"

namespace leadlag {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kDistrict[] = "districts/small";
constexpr int kManyTeams = 500;
constexpr int kManyExpectations = 20;

struct Streamed {
  std::vector<v1::BacktestResponse> messages;
  grpc::Status status;
  std::vector<std::string> fields;  // of the problems
};

class BacktestServiceTest : public ::testing::Test {
 protected:
  explicit BacktestServiceTest(BacktestWaits waits = {}, int64_t drain_micros_max = AppOptions().drain_micros_max)
      : server_({.now = Instant::Parse("2025-09-02T13:00:00Z").value(), .backtest = waits, .drain_micros_max = drain_micros_max}) {}

  // `teams` more than the small district has.
  void Apply(int teams = 0) {
    Catalog catalog = SmallDistrict::MakeCatalog();
    for (int i = 0; i < teams; ++i) {
      Team team = catalog.teams[0];
      team.id = absl::StrCat("more-", i);
      team.external_ids.clear();
      catalog.teams.push_back(team);
    }
    Apply(catalog);
  }
  void Apply(const Catalog& catalog) {
    v1::ApplyCatalogRequest request;
    *request.mutable_catalog() = ToProto(catalog);
    TestContext context;
    v1::ApplyCatalogResponse response;
    const grpc::Status status = stubs().catalog->ApplyCatalog(&context, request, &response);
    ASSERT_TRUE(status.ok()) << status.error_message();
    server_.app().engine().WaitIdle();
  }
  void Record(const std::string& team, const std::string& date, const std::string& id) {
    v1::RecordEvidenceRequest request;
    request.set_parent("districts/small/sources/sis");
    v1::EvidenceRecord& record = *request.add_records();
    record.set_evidence_id(id);
    record.set_team(team);
    record.set_indicator("walks");
    record.set_event_date(date);
    record.set_number(1);
    TestContext context;
    v1::RecordEvidenceResponse response;
    const grpc::Status status = stubs().evidence->RecordEvidence(&context, request, &response);
    ASSERT_TRUE(status.ok()) << status.error_message();
    ASSERT_EQ(response.result().failures_size(), 0) << response.ShortDebugString();
  }
  Stubs& stubs() { return server_.stubs(); }

  static v1::BacktestRequest Weekly() {
    v1::BacktestRequest request;
    request.set_parent(kDistrict);
    v1::Expectation& expectation = *request.add_expectations();
    expectation.set_id("weekly");
    expectation.mutable_kind()->set_any_leading(true);
    expectation.set_every_days(5);
    expectation.set_grace_days(3);
    expectation.set_allowance_days(0);
    return request;
  }
  // More flips than a stream takes that nobody reads.
  static v1::BacktestRequest Many() {
    v1::BacktestRequest request = Weekly();
    while (request.expectations_size() < kManyExpectations) {
      *request.add_expectations() = request.expectations(0);
      request.mutable_expectations()->rbegin()->set_id(absl::StrCat("weekly-", request.expectations_size()));
    }
    return request;
  }

  Streamed Ask(const v1::BacktestRequest& request) {
    TestContext context;
    Streamed streamed;
    const auto call = stubs().cadence->Backtest(&context, request);
    v1::BacktestResponse message;
    while (call->Read(&message)) streamed.messages.push_back(message);
    streamed.status = call->Finish();
    const auto& metadata = context.GetServerTrailingMetadata();
    if (const auto found = metadata.find(kErrorDetailsMetadata); found != metadata.end()) {
      v1::ErrorDetails details;
      EXPECT_TRUE(details.ParseFromArray(found->second.data(), static_cast<int>(found->second.size())));
      for (const v1::Problem& problem : details.problems()) streamed.fields.push_back(problem.field());
    }
    return streamed;
  }

  TestServer server_;
};

TEST_F(BacktestServiceTest, StreamsFlipsCountsAndASummary) {
  Apply();
  server_.GoTo(Instant::Parse("2025-09-04T16:00:00Z").value());
  Record("north", "2025-09-04", "a");
  server_.GoTo(Instant::Parse("2025-09-17T16:00:00Z").value());
  v1::BacktestRequest request = Weekly();
  v1::AlertRule& rule = *request.add_alert_rules();
  rule.set_id("lagging");
  rule.mutable_lagging_only();
  rule.set_severity(v1::SEVERITY_CRITICAL);
  const Streamed streamed = Ask(request);
  ASSERT_TRUE(streamed.status.ok()) << streamed.status.error_message();
  std::vector<std::string> lines;
  std::vector<std::string> teams;
  for (const v1::BacktestResponse& message : streamed.messages) {
    for (const v1::BacktestFlip& flip : message.flips()) {
      if (flip.expectation() != "weekly") continue;
      lines.push_back(absl::StrCat(flip.team(), " ", v1::WatchState_Name(flip.to_state()), " ", v1::FlipReason_Name(flip.reason()), " ",
                                   v1::Severity_Name(flip.severity()), " ", flip.due_date()));
    }
    for (const v1::BacktestTeam& team : message.teams()) teams.push_back(team.team());
  }
  EXPECT_THAT(lines,
              ElementsAre("north WATCH_STATE_NOT_STARTED FLIP_REASON_STARTED SEVERITY_UNSPECIFIED 2025-09-05",
                          "north WATCH_STATE_ON_TRACK FLIP_REASON_EVIDENCE SEVERITY_UNSPECIFIED 2025-09-11",
                          "north WATCH_STATE_LATE FLIP_REASON_DUE SEVERITY_WARNING 2025-09-11",
                          "north WATCH_STATE_OVERDUE FLIP_REASON_GRACE_OVER SEVERITY_CRITICAL 2025-09-11",
                          "south WATCH_STATE_NOT_STARTED FLIP_REASON_STARTED SEVERITY_UNSPECIFIED 2025-09-05",
                          "south WATCH_STATE_LATE FLIP_REASON_DUE SEVERITY_WARNING 2025-09-05",
                          "south WATCH_STATE_OVERDUE FLIP_REASON_GRACE_OVER SEVERITY_CRITICAL 2025-09-05"));
  EXPECT_THAT(teams, ElementsAre("north", "south"));
  const v1::BacktestSummary& summary = streamed.messages.back().summary();
  EXPECT_EQ(streamed.messages.back().flips_size(), 0);
  EXPECT_EQ(summary.start_date(), "2025-07-01");
  EXPECT_EQ(summary.end_date(), "2026-07-01");
  EXPECT_EQ(summary.team_count(), 2);
  EXPECT_EQ(summary.record_count(), 1);
  EXPECT_EQ(summary.flip_count(), 9);
  EXPECT_EQ(summary.catalog_version(), 1);
  EXPECT_FALSE(summary.known_as_recorded());
  ASSERT_EQ(summary.subjects_size(), 2);
  EXPECT_EQ(summary.subjects(0).expectation(), "weekly");
  EXPECT_EQ(summary.subjects(0).counts().opened_count(), 2);
  EXPECT_EQ(summary.subjects(0).counts().overdue_count(), 2);
  EXPECT_EQ(summary.subjects(0).counts().open_count(), 2);
  ASSERT_EQ(summary.kinds_size(), 2);
  EXPECT_EQ(summary.kinds(1).kind(), v1::ALERT_KIND_LAGGING_ONLY);

  request.clear_expectations();
  request.clear_alert_rules();  // what is in force
  request.set_known_as_recorded(true);
  const Streamed in_force = Ask(request);
  ASSERT_TRUE(in_force.status.ok()) << in_force.status.error_message();
  EXPECT_EQ(in_force.messages.back().summary().subjects_size(), 2);
  EXPECT_TRUE(in_force.messages.back().summary().known_as_recorded());
}

TEST_F(BacktestServiceTest, SaysWhichSilencesItLivedAndWhatItDidNot) {
  Catalog catalog = SmallDistrict::MakeCatalog();
  catalog.sources[0].every_days = 3;
  Apply(catalog);
  server_.GoTo(Instant::Parse("2025-09-17T16:00:00Z").value());  // never heard: silent since the 5th
  v1::BacktestRequest request = Weekly();
  Streamed streamed = Ask(request);
  ASSERT_TRUE(streamed.status.ok()) << streamed.status.error_message();
  v1::BacktestSummary summary = streamed.messages.back().summary();
  EXPECT_EQ(summary.silence_count(), 1);
  EXPECT_EQ(summary.silent_source_count(), 1);
  EXPECT_THAT(summary.omissions(), ElementsAre(v1::BACKTEST_OMISSION_SETTLING));
  EXPECT_FALSE(summary.has_silences_kept_time());
  EXPECT_EQ(summary.subjects(0).counts().opened_count(), 0);
  request.set_known_as_recorded(true);
  streamed = Ask(request);
  ASSERT_TRUE(streamed.status.ok()) << streamed.status.error_message();
  summary = streamed.messages.back().summary();
  EXPECT_EQ(summary.silence_count(), 0);
  EXPECT_EQ(summary.silent_source_count(), 0);
  EXPECT_THAT(summary.omissions(), ElementsAre(v1::BACKTEST_OMISSION_SETTLING, v1::BACKTEST_OMISSION_SILENCES));
  EXPECT_EQ(summary.subjects(0).counts().opened_count(), 2);
}

TEST_F(BacktestServiceTest, RefusesWithTheField) {
  Apply();
  const auto refused = [&](const v1::BacktestRequest& request, grpc::StatusCode code) {
    const Streamed streamed = Ask(request);
    EXPECT_EQ(streamed.status.error_code(), code) << streamed.status.error_message();
    EXPECT_TRUE(streamed.messages.empty());
    return streamed.fields;
  };
  v1::BacktestRequest request = Weekly();
  request.set_parent("districts/");
  EXPECT_THAT(refused(request, grpc::StatusCode::INVALID_ARGUMENT), ElementsAre("parent"));
  request.set_parent("districts/nowhere");
  EXPECT_THAT(refused(request, grpc::StatusCode::NOT_FOUND), ElementsAre("parent"));
  request = Weekly();
  request.mutable_expectations(0)->set_notify_time("7");
  request.set_start_date("soon");
  EXPECT_THAT(refused(request, grpc::StatusCode::INVALID_ARGUMENT), ElementsAre("expectations[0].notify_time", "start_date"));
  request = Weekly();
  request.mutable_expectations(0)->mutable_kind()->set_indicator("nothing");
  EXPECT_THAT(refused(request, grpc::StatusCode::INVALID_ARGUMENT), ElementsAre("expectations[0].kind.indicator"));
  request = Weekly();
  (*request.mutable_labels())["level"] = "nowhere";
  EXPECT_THAT(refused(request, grpc::StatusCode::INVALID_ARGUMENT), ElementsAre("labels"));
  request = Weekly();
  request.set_start_date("2025-09-01");
  request.set_end_date("2025-09-01");
  EXPECT_THAT(refused(request, grpc::StatusCode::INVALID_ARGUMENT), ElementsAre("end_date"));
  request.set_start_date("2025-09-03");
  request.set_end_date("2025-09-04");
  EXPECT_THAT(refused(request, grpc::StatusCode::INVALID_ARGUMENT), ElementsAre("start_date"));
  request = Weekly();
  for (size_t i = 0; i < kMaxExpectations; ++i) {
    *request.add_expectations() = request.expectations(0);
    request.mutable_expectations()->rbegin()->set_id(absl::StrCat("e", i));
  }
  EXPECT_THAT(refused(request, grpc::StatusCode::INVALID_ARGUMENT), ElementsAre("expectations"));
}

// Two callers that read nothing hold two back-tests; the third waits its turn elsewhere, and everything else goes on.
TEST_F(BacktestServiceTest, HoldsUpNobodyAndIsStopped) {
  Apply(kManyTeams);
  server_.GoTo(Instant::Parse("2025-10-31T16:00:00Z").value());
  std::vector<std::unique_ptr<TestContext>> contexts;
  std::vector<std::unique_ptr<grpc::ClientReaderInterface<v1::BacktestResponse>>> calls;
  for (size_t i = 0; i < kBacktestRunsMax; ++i) {
    contexts.push_back(std::make_unique<TestContext>());
    calls.push_back(stubs().cadence->Backtest(contexts.back().get(), Many()));
    v1::BacktestResponse first;
    ASSERT_TRUE(calls.back()->Read(&first));
    EXPECT_GT(first.flips_size(), 100);
    EXPECT_LE(first.ByteSizeLong(), 2 * kBacktestMessageBytes);
  }
  EXPECT_EQ(Ask(Weekly()).status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  Record("north", "2025-10-31", "a");
  Apply(kManyTeams + 1);
  for (const auto& context : contexts) context->TryCancel();
  for (const auto& call : calls) EXPECT_EQ(call->Finish().error_code(), grpc::StatusCode::CANCELLED);
  Streamed streamed;
  do {
    streamed = Ask(Many());
  } while (streamed.status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED);  // until they have noticed
  ASSERT_TRUE(streamed.status.ok()) << streamed.status.error_message();
  EXPECT_GT(streamed.messages.size(), 5u);
  EXPECT_EQ(streamed.messages.back().summary().team_count(), kManyTeams + 3);
}

// As many as there may be, whose callers read one message and no more: far more than a connection holds back.
class UnreadBacktests {
 public:
  explicit UnreadBacktests(Stubs& stubs, v1::BacktestRequest request) {
    while (request.expectations_size() < static_cast<int>(kMaxExpectations)) {
      *request.add_expectations() = request.expectations(0);
      request.mutable_expectations()->rbegin()->set_id(absl::StrCat("more-", request.expectations_size()));
    }
    for (size_t i = 0; i < kBacktestRunsMax; ++i) {
      contexts_.push_back(std::make_unique<TestContext>());
      calls_.push_back(stubs.cadence->Backtest(contexts_.back().get(), request));
      // Each is under way before anyone else asks: a refused question, too, has a place for a moment, which this one would miss.
      v1::BacktestResponse first;
      EXPECT_TRUE(calls_.back()->Read(&first));
    }
  }
  // How they ended.
  std::vector<grpc::Status> Ends() {
    std::vector<grpc::Status> ends;
    for (const auto& call : calls_) {
      v1::BacktestResponse message;
      while (call->Read(&message)) continue;
      ends.push_back(call->Finish());
    }
    return ends;
  }

 private:
  std::vector<std::unique_ptr<TestContext>> contexts_;
  std::vector<std::unique_ptr<grpc::ClientReaderInterface<v1::BacktestResponse>>> calls_;
};

// Nobody's snapshot is held for ever: who takes nothing is cut off, as a subscriber is.
class StalledBacktestTest : public BacktestServiceTest {
 protected:
  StalledBacktestTest() : BacktestServiceTest({.stalled_micros = 1'000'000}) {}
};

TEST_F(StalledBacktestTest, AReaderThatTakesNothingIsCutOff) {
  Apply(kManyTeams);
  server_.GoTo(Instant::Parse("2025-10-31T16:00:00Z").value());
  UnreadBacktests unread(stubs(), Weekly());
  v1::BacktestRequest bad = Weekly();
  (*bad.mutable_labels())["level"] = "nowhere";
  const auto is_full = [&] { return Ask(bad).status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED; };
  while (!is_full()) continue;
  while (is_full()) continue;  // until one has been cut off; the other one may just be read in time
  const std::vector<grpc::Status> ends = unread.Ends();
  EXPECT_TRUE(std::any_of(ends.begin(), ends.end(),
                          [](const grpc::Status& end) { return end.error_code() == grpc::StatusCode::CANCELLED; }));
}

class SlowBacktestTest : public BacktestServiceTest {
 protected:
  SlowBacktestTest() : BacktestServiceTest({.all_micros_max = 0}) {}
};

TEST_F(SlowBacktestTest, AReaderThatIsTooSlowInAllIsToldSo) {
  Apply(kManyTeams);
  server_.GoTo(Instant::Parse("2025-10-31T16:00:00Z").value());
  // One that is waited for at all. Now and then every message has been taken before the next one is there.
  Streamed streamed;
  for (int tries = 0; tries < 100 && (tries == 0 || streamed.status.ok()); ++tries) streamed = Ask(Many());
  EXPECT_EQ(streamed.status.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED) << streamed.status.error_message();
  EXPECT_THAT(streamed.status.error_message(), HasSubstr("for its messages to be taken; read them faster, or ask for fewer"));
}

// A drain takes as long as it may, and no longer, however many calls there are whose clients read nothing.
class BoundedDrainTest : public BacktestServiceTest {
 protected:
  static constexpr int64_t kDrainMicros = 2'500'000;
  BoundedDrainTest() : BacktestServiceTest({}, kDrainMicros) {}
};

TEST_F(BoundedDrainTest, ADrainDoesNotWaitForWhoReadsNothing) {
  Apply(kManyTeams);
  server_.GoTo(Instant::Parse("2025-10-31T16:00:00Z").value());
  UnreadBacktests unread(stubs(), Weekly());
  TestContext context;
  v1::SubscribeRequest subscribe;
  subscribe.set_parent(kDistrict);
  subscribe.set_earliest(true);
  const auto subscriber = stubs().alerts->Subscribe(&context, subscribe);
  while (server_.app().feed().size() == 0) continue;
  v1::BacktestRequest bad = Weekly();
  (*bad.mutable_labels())["level"] = "nowhere";
  // Until they are under way; and, while others go on, come to where nobody takes what they say.
  while (Ask(bad).status.error_code() != grpc::StatusCode::RESOURCE_EXHAUSTED) continue;
  for (int i = 0; i < 1'000; ++i) ASSERT_EQ(Ask(bad).status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  const int64_t from = MonotonicMicros();
  server_.app().Drain();
  const int64_t took = MonotonicMicros() - from;
  EXPECT_GT(took, kDrainMicros / 2) << "somebody was not waited for";
  EXPECT_LT(took, kDrainMicros + 5'000'000);
  for (const grpc::Status& end : unread.Ends()) EXPECT_FALSE(end.ok());
  v1::SubscribeResponse flips;
  while (subscriber->Read(&flips)) continue;
  EXPECT_FALSE(subscriber->Finish().ok());
}

TEST_F(BacktestServiceTest, ADrainEndsIt) {
  Apply(kManyTeams);
  server_.GoTo(Instant::Parse("2025-10-31T16:00:00Z").value());
  TestContext context;
  const auto call = stubs().cadence->Backtest(&context, Many());
  v1::BacktestResponse message;
  ASSERT_TRUE(call->Read(&message));
  std::thread drain([&] { server_.app().Drain(); });
  int more = 0;
  while (call->Read(&message)) ++more;
  const grpc::Status status = call->Finish();
  drain.join();
  // Unless all of it was on its way already.
  if (!message.has_summary()) {
    EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE) << status.error_message();
    EXPECT_THAT(status.error_message(), HasSubstr("draining"));
  }
}

}  // namespace
}  // namespace leadlag
