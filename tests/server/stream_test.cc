// The two streams over gRPC: acknowledgements, limits, drain; subscriptions and their promises.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/limits.h"
#include "server/rpc/convert_catalog.h"
#include "server/rpc/status.h"
#include "tests/server/small_district.h"
#include "tests/support/recorded_subscription.h"
#include "tests/support/stream_promises.h"
#include "tests/support/test_server.h"

namespace leadlag {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kDistrict[] = "districts/small";

Instant At(const std::string& text) { return Instant::Parse(text).value(); }

class StreamTest : public ::testing::Test {
 protected:
  StreamTest() : server_({.now = At("2025-09-02T13:00:00Z"), .feed = {.moved_bookmark_micros = 0}}) {
    v1::ApplyCatalogRequest request;
    *request.mutable_catalog() = ToProto(SmallDistrict::MakeCatalog());
    TestContext context;
    v1::ApplyCatalogResponse response;
    EXPECT_TRUE(server_.stubs().catalog->ApplyCatalog(&context, request, &response).ok());
    server_.app().engine().WaitIdle();
  }
  TestServer server_;
};

// ---- StreamEvidence ----

// One call, opened.
struct EvidenceCall {
  explicit EvidenceCall(Stubs& stubs, const std::string& parent = "districts/small/sources/sis") {
    call = stubs.evidence->StreamEvidence(&context);
    v1::StreamEvidenceRequest open;
    open.mutable_open()->set_parent(parent);
    call->Write(open);
  }
  v1::StreamEvidenceResponse Read() {
    v1::StreamEvidenceResponse response;
    EXPECT_TRUE(call->Read(&response));
    return response;
  }
  TestContext context;
  std::unique_ptr<grpc::ClientReaderWriter<v1::StreamEvidenceRequest, v1::StreamEvidenceResponse>> call;
};

v1::StreamEvidenceRequest Batch(uint64_t id, int first, int count) {
  v1::StreamEvidenceRequest request;
  request.mutable_batch()->set_batch_id(id);
  for (int i = first; i < first + count; ++i) {
    v1::EvidenceRecord& record = *request.mutable_batch()->add_records();
    record.set_evidence_id(absl::StrCat("r-", i));
    record.set_team("north");
    record.set_indicator("walks");
    record.set_event_date("2025-09-02");
    record.set_number(i);
  }
  return request;
}

TEST_F(StreamTest, AcknowledgesInOrder) {
  EvidenceCall stream(server_.stubs());
  constexpr int kBatches = 50;
  std::thread writer([&] {
    for (int i = 0; i < kBatches; ++i) EXPECT_TRUE(stream.call->Write(Batch(1'000 + i, i * 10, 10)));
    stream.call->WritesDone();
  });
  for (int i = 0; i < kBatches; ++i) {
    const v1::StreamEvidenceResponse response = stream.Read();
    EXPECT_EQ(response.batch_id(), 1'000u + i);
    EXPECT_EQ(response.result().new_count(), 10);
  }
  writer.join();
  v1::StreamEvidenceResponse more;
  EXPECT_FALSE(stream.call->Read(&more));
  const grpc::Status status = stream.call->Finish();
  EXPECT_TRUE(status.ok()) << Text(status);
}

TEST_F(StreamTest, ARefusedBatchGetsAnErrorAndTheStreamLives) {
  EvidenceCall stream(server_.stubs());
  stream.call->Write(Batch(1, 0, kBatchRecordsMax + 1));
  v1::StreamEvidenceRequest large = Batch(2, 0, 1);
  large.mutable_batch()->mutable_records(0)->set_note(std::string(4 << 20, 'x'));
  stream.call->Write(large);
  v1::StreamEvidenceRequest through = Batch(3, 0, 1);
  through.mutable_batch()->set_complete_through("soon");
  stream.call->Write(through);
  v1::StreamEvidenceRequest latin = Batch(4, 0, 2);
  latin.mutable_batch()->mutable_records(1)->set_note("\xFC");
  stream.call->Write(latin);
  stream.call->Write(Batch(5, 0, kBatchRecordsMax));
  for (uint64_t id = 1; id <= 5; ++id) {
    const v1::StreamEvidenceResponse response = stream.Read();
    EXPECT_EQ(response.batch_id(), id);
    EXPECT_EQ(response.has_error(), id <= 3);
    EXPECT_EQ(response.error().field(), id <= 2 ? "records" : id == 3 ? "complete_through" : "");
    if (id == 4) {
      EXPECT_EQ(response.result().failures(0).field(), "note");
    } else if (id == 5) {
      EXPECT_EQ(response.result().new_count() + response.result().same_count(), static_cast<int>(kBatchRecordsMax));
    }
  }
}

TEST_F(StreamTest, ItsMessagesComeInTurn) {
  const auto end_of = [&](const std::vector<v1::StreamEvidenceRequest>& requests) {
    TestContext context;
    auto call = server_.stubs().evidence->StreamEvidence(&context);
    for (const v1::StreamEvidenceRequest& request : requests) call->Write(request);
    call->WritesDone();
    v1::StreamEvidenceResponse response;
    while (call->Read(&response)) {
    }
    return call->Finish().error_code();
  };
  v1::StreamEvidenceRequest open;
  open.mutable_open()->set_parent("districts/small/sources/sis");
  v1::StreamEvidenceRequest malformed;
  malformed.mutable_open()->set_parent("sis");
  v1::StreamEvidenceRequest unknown;
  unknown.mutable_open()->set_parent("districts/small/sources/nobody");
  v1::StreamEvidenceRequest nowhere;
  nowhere.mutable_open()->set_parent("districts/nowhere/sources/sis");
  EXPECT_EQ(end_of({}), grpc::StatusCode::OK);
  EXPECT_EQ(end_of({open}), grpc::StatusCode::OK);
  EXPECT_EQ(end_of({open, Batch(1, 0, 1)}), grpc::StatusCode::OK);
  EXPECT_EQ(end_of({Batch(1, 0, 1)}), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(end_of({{}}), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(end_of({open, open}), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(end_of({malformed}), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(end_of({unknown}), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(end_of({nowhere}), grpc::StatusCode::NOT_FOUND);
}

TEST_F(StreamTest, AcknowledgesWhatCameBeforeAMessageOutOfTurn) {
  EvidenceCall stream(server_.stubs());
  stream.call->Write(Batch(7, 0, 1));
  v1::StreamEvidenceRequest open;
  open.mutable_open()->set_parent("districts/small/sources/sis");
  stream.call->Write(open);
  EXPECT_EQ(stream.Read().batch_id(), 7u);
  v1::StreamEvidenceResponse more;
  EXPECT_FALSE(stream.call->Read(&more));
  EXPECT_EQ(stream.call->Finish().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

// Batches that a stream takes while nothing is acknowledged.
size_t ReadWhileHeld(TestServer& server, const v1::StreamEvidenceRequest& batch) {
  EvidenceCall stream(server.stubs());
  size_t acknowledged = 0;
  std::thread writer, drainer;
  {
    // As long as it lives nothing is applied, so nothing is acknowledged.
    const DistrictReader reader = server.app().engine().Read("small").value();
    writer = std::thread([&] {
      while (stream.call->Write(batch)) {
      }
    });
    // Other calls go on meanwhile, and give the stream time to be read too far.
    const auto call = [&] {
      TestContext context;
      v1::GetDistrictResponse response;
      return server.stubs().catalog->GetDistrict(&context, {}, &response).error_code();
    };
    for (int i = 0; i < 500; ++i) EXPECT_EQ(call(), grpc::StatusCode::INVALID_ARGUMENT);
    drainer = std::thread([&] { server.app().Drain(); });
    while (call() != grpc::StatusCode::UNAVAILABLE) {  // until the drain has begun
    }
  }
  v1::StreamEvidenceResponse response;
  while (stream.call->Read(&response)) ++acknowledged;
  writer.join();
  drainer.join();
  EXPECT_EQ(stream.call->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_GT(acknowledged, 0u);
  return acknowledged;
}

TEST_F(StreamTest, StopsReadingAtItsLimit) {
  v1::StreamEvidenceRequest batch = Batch(1, 0, 900);
  for (v1::EvidenceRecord& record : *batch.mutable_batch()->mutable_records()) record.set_note(std::string(kNoteBytesMax, 'n'));
  const size_t bytes = batch.ByteSizeLong();
  ASSERT_LE(batch.batch().ByteSizeLong(), kBatchBytesMax);
  const size_t read_at_most = (kStreamBytesOutstandingMax + bytes - 1) / bytes;
  EXPECT_LE(ReadWhileHeld(server_, batch), read_at_most + 1);  // one more may be read between the reader's end and the drain
}

// An empty batch is few bytes, and costs more than that.
TEST_F(StreamTest, StopsReadingHeartbeatsToo) {
  // A few are read while the first acknowledgements are already under way.
  EXPECT_LE(ReadWhileHeld(server_, Batch(1, 0, 0)), kStreamBytesOutstandingMax / 1'000 + 200);
}

TEST_F(StreamTest, DrainAcknowledgesWhatWasReadThenSaysUnavailable) {
  EvidenceCall stream(server_.stubs());
  std::atomic<int> written{0};
  std::thread writer([&] {
    for (int i = 0; stream.call->Write(Batch(i, i * 10, 10)); ++i) ++written;
  });
  EXPECT_EQ(stream.Read().batch_id(), 0u);
  std::thread drainer([&] { server_.app().Drain(); });
  uint64_t acknowledged = 1;
  v1::StreamEvidenceResponse response;
  while (stream.call->Read(&response)) EXPECT_EQ(response.batch_id(), acknowledged++);
  writer.join();
  drainer.join();
  const grpc::Status status = stream.call->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE) << Text(status);
  server_.Restart();
  // Exactly what was acknowledged is there.
  TestContext context;
  v1::GetStatsResponse stats;
  ASSERT_TRUE(server_.stubs().admin->GetStats(&context, {}, &stats).ok());
  EXPECT_EQ(stats.districts(0).evidence_count(), static_cast<int64_t>(acknowledged) * 10);
}

TEST_F(StreamTest, AClientThatGoesAwayLeavesNothingBehind) {
  {
    EvidenceCall stream(server_.stubs());
    stream.call->Write(Batch(1, 0, 100));
    stream.context.TryCancel();
    stream.call->Finish();
  }
  // A drain that finished in time is one that waited for nobody.
  server_.Restart();
}

// ---- Subscribe ----

class SubscribeTest : public StreamTest {
 protected:
  v1::SubscribeRequest Request(const std::string& team = "") {
    v1::SubscribeRequest request;
    request.set_parent(kDistrict);
    if (!team.empty()) request.mutable_filter()->add_teams(team);
    return request;
  }
  int64_t LastSequence() { return static_cast<int64_t>(server_.app().engine().Read("small").value()->last_sequence()); }
  // The log as a subscriber sees it, and what all sessions together must have kept.
  std::vector<std::string> Broken(StreamHistory history) {
    v1::SubscribeRequest request = Request();
    request.set_earliest(true);
    RecordedSubscription subscription(server_.stubs(), request);
    EXPECT_TRUE(subscription.WaitThrough(LastSequence()));
    const StreamSession session = subscription.End();
    for (const v1::SubscribeResponse& message : session.messages) {
      for (const v1::Flip& flip : message.flips()) history.logs[kDistrict].push_back(flip);
    }
    EXPECT_EQ(history.logs[kDistrict].size(), static_cast<size_t>(LastSequence()));
    history.sessions.push_back(session);
    return BrokenPromises(history);
  }
  void RecordOne(const std::string& id, const std::string& team, const std::string& date) {
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
    EXPECT_TRUE(server_.stubs().evidence->RecordEvidence(&context, request, &response).ok());
    EXPECT_EQ(response.result().new_count(), 1);
  }
};

TEST_F(SubscribeTest, KeepsItsPromisesThroughAYear) {
  StreamHistory history;
  RecordedSubscription everyone(server_.stubs(), Request());
  RecordedSubscription north(server_.stubs(), Request("north"));
  RecordedSubscription nobody(server_.stubs(), Request("nobody"));
  ASSERT_TRUE(everyone.WaitThrough(LastSequence()));
  server_.GoTo(At("2025-10-20T13:00:00Z"));
  RecordOne("w1", "north", "2025-10-17");
  v1::SubscribeRequest snapshot_request = Request();
  snapshot_request.set_snapshot(true);
  RecordedSubscription snapshot(server_.stubs(), snapshot_request);
  ASSERT_TRUE(snapshot.WaitThrough(LastSequence()));
  server_.GoTo(At("2025-12-10T13:00:00Z"));
  RecordOne("w2", "south", "2025-12-10");
  server_.GoTo(At("2026-06-20T13:00:00Z"));
  for (RecordedSubscription* subscription : {&everyone, &north, &nobody, &snapshot}) {
    EXPECT_TRUE(subscription->WaitThrough(LastSequence()));
    history.sessions.push_back(subscription->End());
  }
  EXPECT_EQ(FlipsIn(history.sessions[2].messages), 0u);
  EXPECT_THAT(Broken(history), IsEmpty());
}

TEST_F(SubscribeTest, ResumesAcrossARestart) {
  StreamHistory history;
  v1::SubscribeRequest request = Request("north");
  for (const char* now : {"2025-09-20T13:00:00Z", "2025-10-10T13:00:00Z", "2025-11-10T13:00:00Z", "2026-06-20T13:00:00Z"}) {
    RecordedSubscription subscription(server_.stubs(), request);
    ASSERT_TRUE(subscription.WaitUntil([](const auto& messages) { return !messages.empty(); }));
    server_.GoTo(At(now));
    ASSERT_TRUE(subscription.WaitThrough(LastSequence()));
    history.sessions.push_back(subscription.End());
    request.set_token(history.sessions.back().messages.back().token());
    server_.Restart();
  }
  EXPECT_THAT(Broken(history), IsEmpty());
}

TEST_F(SubscribeTest, TokensAreBoundAndMalformedOnesRefused) {
  StreamHistory history;
  const auto run = [&](const v1::SubscribeRequest& request) {
    RecordedSubscription subscription(server_.stubs(), request);
    subscription.WaitUntil([](const auto& messages) { return !messages.empty(); });
    history.sessions.push_back(subscription.End());
    return history.sessions.back();
  };
  const std::string token = run(Request("north")).messages.at(0).token();
  v1::SubscribeRequest own = Request("north"), other = Request("south"), malformed = Request("north");
  own.set_token(token);
  other.set_token(token);
  malformed.set_token("x" + token);
  EXPECT_EQ(run(own).end, grpc::StatusCode::CANCELLED);
  EXPECT_EQ(run(other).end, grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(run(malformed).end, grpc::StatusCode::INVALID_ARGUMENT);
  v1::SubscribeRequest not_so = Request();
  not_so.set_snapshot(false);
  EXPECT_EQ(run(not_so).end, grpc::StatusCode::INVALID_ARGUMENT);
  v1::SubscribeRequest nowhere = Request();
  nowhere.set_parent("districts/nowhere");
  EXPECT_EQ(run(nowhere).end, grpc::StatusCode::NOT_FOUND);
  EXPECT_THAT(BrokenPromises(history), IsEmpty());
}

TEST_F(SubscribeTest, DrainEndsEveryoneWithUnavailable) {
  std::vector<std::unique_ptr<RecordedSubscription>> subscriptions;
  for (int i = 0; i < 20; ++i) {
    subscriptions.push_back(std::make_unique<RecordedSubscription>(server_.stubs(), Request()));
    EXPECT_TRUE(subscriptions.back()->WaitThrough(0));
  }
  EXPECT_EQ(server_.app().feed().size(), 20u);
  server_.app().Drain();
  for (const auto& subscription : subscriptions) {
    EXPECT_EQ(subscription->WaitForEnd().error_code(), grpc::StatusCode::UNAVAILABLE);
  }
  EXPECT_EQ(server_.app().feed().size(), 0u);
}

TEST_F(SubscribeTest, OneThatGoesAwayIsForgotten) {
  {
    RecordedSubscription subscription(server_.stubs(), Request());
    EXPECT_TRUE(subscription.WaitThrough(0));
  }
  // The server hears of it a moment later: the next subscriber's messages come after that.
  for (int i = 0; i < 1'000 && server_.app().feed().size() > 0; ++i) {
    RecordedSubscription next(server_.stubs(), Request());
    EXPECT_TRUE(next.WaitThrough(0));
    if (server_.app().feed().size() <= 1) return;
  }
  EXPECT_EQ(server_.app().feed().size(), 0u);
}

// ---- The validators themselves: each promise broken is told ----

StreamHistory GoodHistory() {
  StreamHistory history;
  for (int64_t i = 1; i <= 4; ++i) {
    v1::Flip& flip = history.logs["districts/d"].emplace_back();
    flip.set_sequence(i);
    flip.set_team(i % 2 == 0 ? "even" : "odd");
    flip.set_expectation("e");
    flip.set_to_state(i <= 2 ? v1::WATCH_STATE_NOT_STARTED : v1::WATCH_STATE_LATE);
  }
  const std::vector<v1::Flip>& log = history.logs["districts/d"];
  StreamSession all;
  all.request.set_parent("districts/d");
  all.request.set_earliest(true);
  v1::SubscribeResponse message;
  for (const v1::Flip& flip : log) *message.add_flips() = flip;
  message.set_token("all-4");
  message.set_through_sequence(4);
  all.messages.push_back(message);
  history.sessions.push_back(all);

  StreamSession odd;
  odd.request.set_parent("districts/d");
  odd.request.mutable_filter()->add_teams("odd");
  v1::SubscribeResponse bookmark;
  bookmark.set_token("odd-0");
  odd.messages.push_back(bookmark);
  v1::SubscribeResponse third;
  *third.add_flips() = log[0];
  *third.add_flips() = log[2];
  third.set_token("odd-3");
  third.set_through_sequence(3);
  odd.messages.push_back(third);
  history.sessions.push_back(odd);

  StreamSession resumed;
  resumed.request = odd.request;
  resumed.request.set_token("odd-3");
  bookmark.set_token("odd-4");
  bookmark.set_through_sequence(4);
  resumed.messages.push_back(bookmark);
  history.sessions.push_back(resumed);

  StreamSession snapshot;
  snapshot.request.set_parent("districts/d");
  snapshot.request.set_snapshot(true);
  v1::SubscribeResponse page;
  for (const char* team : {"even", "odd"}) {
    v1::WatchStanding& watch = *page.add_watches();
    watch.set_team(team);
    watch.set_expectation("e");
    watch.set_state(v1::WATCH_STATE_LATE);
  }
  snapshot.messages.push_back(page);
  v1::SubscribeResponse complete;
  complete.set_snapshot_complete(true);
  complete.set_token("snapshot-4");
  complete.set_through_sequence(4);
  snapshot.messages.push_back(complete);
  history.sessions.push_back(snapshot);
  return history;
}

TEST(StreamPromisesTest, AGoodHistoryKeepsThem) { EXPECT_THAT(BrokenPromises(GoodHistory()), IsEmpty()); }

void ExpectBroken(const std::string& promise, const StreamHistory& history) {
  EXPECT_THAT(BrokenPromises(history), ::testing::Contains(HasSubstr(promise + ": "))) << promise;
}

TEST(StreamPromisesTest, EachBrokenOneIsNamed) {
  StreamHistory history = GoodHistory();
  history.sessions[0].messages[0].mutable_flips()->SwapElements(1, 2);
  ExpectBroken("Ordered", history);
  history = GoodHistory();
  history.sessions[0].messages[0].mutable_flips(1)->set_team("other");
  ExpectBroken("Unique", history);
  history = GoodHistory();
  history.sessions[1].messages[1].mutable_flips()->DeleteSubrange(0, 1);
  ExpectBroken("Reliable", history);
  history = GoodHistory();
  *history.sessions[2].messages[0].add_flips() = history.logs["districts/d"][2];
  ExpectBroken("Resumable", history);
  history = GoodHistory();
  history.sessions[0].messages[0].clear_token();
  ExpectBroken("Resumable", history);
  history = GoodHistory();
  history.sessions[1].messages[0].clear_token();
  ExpectBroken("Bookmarked", history);
  history = GoodHistory();
  history.sessions[3].messages[0].mutable_watches(0)->set_state(v1::WATCH_STATE_OVERDUE);
  ExpectBroken("Honest about loss", history);
  history = GoodHistory();
  history.sessions[3].messages[0].set_token("too early");
  ExpectBroken("Honest about loss", history);
  history = GoodHistory();
  history.sessions[2].request.mutable_filter()->add_teams("even");
  ExpectBroken("Bound", history);
  history = GoodHistory();
  history.sessions[2].end = grpc::StatusCode::INVALID_ARGUMENT;
  ExpectBroken("Bound", history);
}

}  // namespace
}  // namespace leadlag
