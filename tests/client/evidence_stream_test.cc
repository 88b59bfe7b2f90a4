#include "client/evidence_stream.h"

#include <map>
#include <set>
#include <thread>

#include "absl/synchronization/notification.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/client/fake_server.h"

namespace leadlag {
namespace {

using testing::ElementsAre;

v1::EvidenceBatch BatchOf(const std::string& evidence_id) {
  v1::EvidenceBatch batch;
  batch.add_records()->set_evidence_id(evidence_id);
  return batch;
}

v1::StreamEvidenceResponse AckOf(const v1::StreamEvidenceRequest& request) {
  v1::StreamEvidenceResponse ack;
  ack.set_batch_id(request.batch().batch_id());
  ack.mutable_result()->set_new_count(request.batch().records_size());
  return ack;
}

// Acknowledgements as the callback saw them.
class Acks {
 public:
  EvidenceStream::OnAck Callback() {
    return [this](const v1::EvidenceBatch& batch, const v1::StreamEvidenceResponse& ack) {
      absl::MutexLock lock(&mutex_);
      EXPECT_EQ(batch.batch_id(), ack.batch_id());
      ids_.push_back(batch.records(0).evidence_id());
    };
  }
  std::vector<std::string> ids() const {
    absl::MutexLock lock(&mutex_);
    return ids_;
  }

 private:
  mutable absl::Mutex mutex_;
  std::vector<std::string> ids_ ABSL_GUARDED_BY(mutex_);
};

TEST(EvidenceStream, AcknowledgesEveryBatchInOrder) {
  FakeServer server;
  std::string parent;
  server.script.stream_evidence = [&](ServerScript::EvidenceCall& call) {
    v1::StreamEvidenceRequest request;
    call.Read(&request);
    parent = request.open().parent();
    while (call.Read(&request)) call.Write(AckOf(request));
    return grpc::Status::OK;
  };
  const auto client = server.NewClient();
  Acks acks;
  EvidenceStream stream(*client, {.parent = "districts/d/sources/s"}, acks.Callback());
  for (const char* id : {"a", "b", "c"}) ASSERT_TRUE(stream.Push(BatchOf(id)).ok());
  EXPECT_TRUE(stream.Finish().ok());
  EXPECT_THAT(acks.ids(), ElementsAre("a", "b", "c"));
  EXPECT_EQ(parent, "districts/d/sources/s");
  EXPECT_TRUE(absl::IsFailedPrecondition(stream.Push(BatchOf("d"))));
}

TEST(EvidenceStream, WindowBoundsWhatIsOnItsWay) {
  FakeServer server;
  absl::Notification release;
  server.script.stream_evidence = [&](ServerScript::EvidenceCall& call) {
    v1::StreamEvidenceRequest request;
    call.Read(&request);
    release.WaitForNotification();
    while (call.Read(&request)) call.Write(AckOf(request));
    return grpc::Status::OK;
  };
  const auto client = server.NewClient();
  Acks acks;
  EvidenceStream stream(*client, {.parent = "p", .window_batches = 2}, acks.Callback());
  ASSERT_TRUE(stream.Push(BatchOf("a")).ok());
  ASSERT_TRUE(stream.Push(BatchOf("b")).ok());
  std::thread third([&] { EXPECT_TRUE(stream.Push(BatchOf("c")).ok()); });
  EXPECT_THAT(acks.ids(), ElementsAre());
  release.Notify();
  third.join();
  EXPECT_TRUE(stream.Finish().ok());
  EXPECT_THAT(acks.ids(), ElementsAre("a", "b", "c"));
}

// The server drains after so many acknowledgements, in every call: what was not acknowledged comes again, and nothing
// else.
TEST(EvidenceStream, ResendsWhatWasNotAcknowledged) {
  FakeServer server;
  absl::Mutex mutex;
  std::vector<std::vector<uint64_t>> received;  // batch ids a call
  server.script.stream_evidence = [&](ServerScript::EvidenceCall& call) {
    v1::StreamEvidenceRequest request;
    call.Read(&request);
    std::vector<uint64_t> ids;
    while (call.Read(&request)) {
      ids.push_back(request.batch().batch_id());
      if (ids.size() == 4) break;  // read, and not acknowledged
      call.Write(AckOf(request));
    }
    absl::MutexLock lock(&mutex);
    received.push_back(ids);
    return ids.size() == 4 ? Draining() : grpc::Status::OK;
  };
  const auto client = server.NewClient();
  Acks acks;
  EvidenceStream stream(*client, {.parent = "p", .window_batches = 3}, acks.Callback());
  std::vector<std::string> pushed;
  for (int i = 0; i < 20; ++i) {
    pushed.push_back("e" + std::to_string(i));
    ASSERT_TRUE(stream.Push(BatchOf(pushed.back())).ok());
  }
  ASSERT_TRUE(stream.Finish().ok());
  EXPECT_EQ(acks.ids(), pushed);
  absl::MutexLock lock(&mutex);
  uint64_t next = 1;
  for (const std::vector<uint64_t>& ids : received) {
    for (size_t i = 0; i < ids.size(); ++i) EXPECT_EQ(ids[i], next + i);
    next += std::min<size_t>(ids.size(), 3);  // the fourth was not acknowledged
  }
  EXPECT_EQ(next, 21u);
  EXPECT_EQ(server.sleeper.waits().size(), received.size() - 1);
}

TEST(EvidenceStream, GivesUpAfterSoManyTriesWithoutProgress) {
  FakeServer server;
  int calls = 0;
  server.script.stream_evidence = [&](ServerScript::EvidenceCall&) {
    ++calls;
    return Draining();
  };
  const auto client = server.NewClient();
  EvidenceStream stream(*client, {.parent = "p", .retry = {.attempts_max = 3}}, [](const auto&, const auto&) {});
  stream.Push(BatchOf("a")).IgnoreError();
  EXPECT_TRUE(absl::IsUnavailable(stream.Finish()));
  EXPECT_EQ(calls, 3);
  EXPECT_TRUE(absl::IsUnavailable(stream.Push(BatchOf("b"))));
}

std::chrono::milliseconds Waited(const FakeServer& server) {
  std::chrono::milliseconds waited{0};
  for (const std::chrono::milliseconds wait : server.sleeper.waits()) waited += wait;
  return waited;
}

TEST(EvidenceStream, BridgesAnOutageOfMinutesAndTellsOfIt) {
  FakeServer server;
  server.script.stream_evidence = [&](ServerScript::EvidenceCall& call) {
    if (Waited(server) < std::chrono::minutes(4)) return Draining();
    v1::StreamEvidenceRequest request;
    call.Read(&request);
    while (call.Read(&request)) call.Write(AckOf(request));
    return grpc::Status::OK;
  };
  const auto client = server.NewClient();
  Acks acks;
  std::vector<int> failures;
  EvidenceStreamOptions options{.parent = "p"};
  options.on_reconnect = [&](const absl::Status& why, std::chrono::milliseconds, int count) {
    EXPECT_TRUE(absl::IsUnavailable(why)) << why;
    failures.push_back(count);
  };
  EvidenceStream stream(*client, options, acks.Callback());
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(stream.Push(BatchOf(std::to_string(i))).ok());
  ASSERT_TRUE(stream.Finish().ok());
  EXPECT_EQ(acks.ids().size(), 20u);
  ASSERT_EQ(failures.size(), server.sleeper.waits().size());
  EXPECT_EQ(failures.front(), 1);
  EXPECT_EQ(failures.back(), static_cast<int>(failures.size()));
}

TEST(EvidenceStream, GivesUpAfterAnOutageThatLastsTooLong) {
  FakeServer server;
  server.script.stream_evidence = [&](ServerScript::EvidenceCall&) { return Draining(); };
  const auto client = server.NewClient();
  EvidenceStream stream(*client, {.parent = "p"}, [](const auto&, const auto&) {});
  stream.Push(BatchOf("a")).IgnoreError();
  EXPECT_TRUE(absl::IsUnavailable(stream.Finish()));
  EXPECT_TRUE(absl::IsUnavailable(stream.AwaitAcknowledged()));
  EXPECT_LE(Waited(server), std::chrono::minutes(5));
  EXPECT_GE(Waited(server), std::chrono::seconds(290));
}

// A stream on which nothing is pushed sees one restart after the other: each call that stayed open was progress.
TEST(EvidenceStream, AnIdleStreamLivesThroughAnyNumberOfRestarts) {
  FakeServer server;
  int calls = 0;
  absl::Notification open;
  server.script.stream_evidence = [&](ServerScript::EvidenceCall& call) {
    v1::StreamEvidenceRequest request;
    call.Read(&request);
    if (++calls < 20) return Draining();
    open.Notify();
    while (call.Read(&request)) call.Write(AckOf(request));
    return grpc::Status::OK;
  };
  const auto client = server.NewClient();
  Acks acks;
  EvidenceStream stream(*client,
                        {.parent = "p",
                         .retry = {.attempts_max = 2, .initial = std::chrono::milliseconds(600), .jitter = 0},
                         .outage_max = std::chrono::seconds(1),
                         .open_min = std::chrono::milliseconds(0)},
                        acks.Callback());
  ASSERT_TRUE(open.WaitForNotificationWithTimeout(absl::Seconds(20)));
  ASSERT_TRUE(stream.Push(BatchOf("a")).ok());
  EXPECT_TRUE(stream.Finish().ok());
  EXPECT_THAT(acks.ids(), ElementsAre("a"));
  EXPECT_GT(Waited(server), std::chrono::seconds(10));
}

TEST(EvidenceStream, AwaitsAcknowledgementsAndGoesOn) {
  FakeServer server;
  server.script.stream_evidence = [&](ServerScript::EvidenceCall& call) {
    v1::StreamEvidenceRequest request;
    call.Read(&request);
    while (call.Read(&request)) call.Write(AckOf(request));
    return grpc::Status::OK;
  };
  const auto client = server.NewClient();
  Acks acks;
  EvidenceStream stream(*client, {.parent = "p"}, acks.Callback());
  EXPECT_TRUE(stream.AwaitAcknowledged().ok());
  for (const char* id : {"a", "b", "c"}) ASSERT_TRUE(stream.Push(BatchOf(id)).ok());
  EXPECT_TRUE(stream.AwaitAcknowledged().ok());
  EXPECT_THAT(acks.ids(), ElementsAre("a", "b", "c"));
  ASSERT_TRUE(stream.Push(BatchOf("d")).ok());
  EXPECT_TRUE(stream.Finish().ok());
  EXPECT_THAT(acks.ids(), ElementsAre("a", "b", "c", "d"));
}

// What is left when all is acknowledged is the server's goodbye: no reason to wait for another server.
TEST(EvidenceStream, AServerThatLeavesAfterTheLastAcknowledgementIsNoFailure) {
  FakeServer server;
  server.script.stream_evidence = [&](ServerScript::EvidenceCall& call) {
    v1::StreamEvidenceRequest request;
    call.Read(&request);
    while (call.Read(&request)) call.Write(AckOf(request));
    return Draining();
  };
  const auto client = server.NewClient();
  Acks acks;
  EvidenceStream stream(*client, {.parent = "p"}, acks.Callback());
  ASSERT_TRUE(stream.Push(BatchOf("a")).ok());
  EXPECT_TRUE(stream.Finish().ok());
  EXPECT_TRUE(server.sleeper.waits().empty());
}

TEST(EvidenceStream, ARefusalEndsItAtOnce) {
  FakeServer server;
  int calls = 0;
  server.script.stream_evidence = [&](ServerScript::EvidenceCall&) {
    ++calls;
    return grpc::Status(grpc::StatusCode::NOT_FOUND, "no such source");
  };
  const auto client = server.NewClient();
  EvidenceStream stream(*client, {.parent = "p"}, [](const auto&, const auto&) {});
  const absl::Status status = stream.Finish();
  EXPECT_TRUE(absl::IsNotFound(status)) << status;
  EXPECT_EQ(calls, 1);
}

TEST(EvidenceStream, AnAcknowledgementOutOfOrderIsTheServersFault) {
  FakeServer server;
  server.script.stream_evidence = [&](ServerScript::EvidenceCall& call) {
    v1::StreamEvidenceRequest request;
    call.Read(&request);
    call.Read(&request);
    v1::StreamEvidenceResponse ack;
    ack.set_batch_id(99);
    call.Write(ack);
    while (call.Read(&request)) {
    }
    return grpc::Status::OK;
  };
  const auto client = server.NewClient();
  EvidenceStream stream(*client, {.parent = "p"}, [](const auto&, const auto&) {});
  ASSERT_TRUE(stream.Push(BatchOf("a")).ok());
  EXPECT_TRUE(absl::IsInternal(stream.Finish()));
}

TEST(EvidenceStream, ASilentServerCountsAsUnavailable) {
  FakeServer server;
  int calls = 0;
  server.script.stream_evidence = [&](ServerScript::EvidenceCall& call) {
    v1::StreamEvidenceRequest request;
    call.Read(&request);
    const bool silent = ++calls == 1;
    while (call.Read(&request)) {
      if (!silent) call.Write(AckOf(request));
    }
    return grpc::Status::OK;
  };
  const auto client = server.NewClient();
  Acks acks;
  EvidenceStream stream(*client, {.parent = "p", .ack_timeout = std::chrono::milliseconds(20)}, acks.Callback());
  ASSERT_TRUE(stream.Push(BatchOf("a")).ok());
  EXPECT_TRUE(stream.Finish().ok());
  EXPECT_THAT(acks.ids(), ElementsAre("a"));
  EXPECT_EQ(calls, 2);
}

TEST(EvidenceStream, CancelEndsEveryWait) {
  FakeServer server;
  server.script.stream_evidence = [&](ServerScript::EvidenceCall& call) {
    v1::StreamEvidenceRequest request;
    while (call.Read(&request)) {
    }
    return grpc::Status::OK;
  };
  const auto client = server.NewClient();
  EvidenceStream stream(*client, {.parent = "p", .window_batches = 1}, [](const auto&, const auto&) {});
  ASSERT_TRUE(stream.Push(BatchOf("a")).ok());
  std::thread pusher([&] { EXPECT_TRUE(absl::IsCancelled(stream.Push(BatchOf("b")))); });
  stream.Cancel();
  pusher.join();
  EXPECT_TRUE(absl::IsCancelled(stream.Finish()));
}

}  // namespace
}  // namespace leadlag
