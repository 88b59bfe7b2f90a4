#include "client/alert_follower.h"

#include <set>
#include <thread>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/client/fake_server.h"

namespace leadlag {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

using Writer = grpc::ServerWriter<v1::SubscribeResponse>;

// What a handler saw; stops after a sequence by cancelling.
class Recorder final : public AlertHandler {
 public:
  absl::Status OnSnapshot() override {
    events.push_back("snapshot");
    return absl::OkStatus();
  }
  absl::Status OnMessage(const v1::SubscribeResponse& message) override {
    for (const v1::Flip& flip : message.flips()) {
      events.push_back(std::to_string(flip.sequence()));
      if (flip.sequence() == fail_at) return absl::UnavailableError("the handler's own");
      if (flip.sequence() == stop_at) follower->Cancel();
    }
    if (message.snapshot_complete()) events.push_back("complete");
    return absl::OkStatus();
  }
  absl::Status SaveToken(std::string_view token) override {
    events.push_back("saved " + std::string(token));
    return absl::OkStatus();
  }
  void OnReconnect(const absl::Status&, std::chrono::milliseconds) override { events.push_back("reconnect"); }

  std::vector<std::string> events;
  int64_t stop_at = -1;
  int64_t fail_at = -1;
  AlertFollower* follower = nullptr;
};

void WriteFlip(Writer& writer, int64_t sequence) {
  v1::SubscribeResponse message;
  message.add_flips()->set_sequence(sequence);
  message.set_token("t" + std::to_string(sequence));
  writer.Write(message);
}

// A server that sends two flips a call, from where the token says, and then drains.
grpc::Status TwoFlips(const v1::SubscribeRequest& request, Writer& writer) {
  const int64_t after = request.token().empty() ? 0 : std::stoll(request.token().substr(1));
  WriteFlip(writer, after + 1);
  WriteFlip(writer, after + 2);
  return Draining();
}

TEST(AlertFollower, GoesOnAfterTheLastTokenWhenTheServerDrains) {
  FakeServer server;
  server.script.subscribe = [&](const v1::SubscribeRequest& request, Writer& writer, grpc::ServerContext&) {
    return TwoFlips(request, writer);
  };
  const auto client = server.NewClient();
  Recorder recorder;
  recorder.stop_at = 5;
  AlertFollower follower(*client, {}, recorder);
  recorder.follower = &follower;
  EXPECT_TRUE(absl::IsCancelled(follower.Run()));
  EXPECT_THAT(recorder.events, ElementsAre("1", "saved t1", "2", "saved t2", "reconnect", "3", "saved t3", "4",
                                           "saved t4", "reconnect", "5", "saved t5"));
}

TEST(AlertFollower, BeginsWithTheTokenItIsGivenAndKeepsTheFilter) {
  FakeServer server;
  server.script.subscribe = [&](const v1::SubscribeRequest& request, Writer& writer, grpc::ServerContext&) {
    EXPECT_THAT(request.filter().teams(), ElementsAre("north"));
    return TwoFlips(request, writer);
  };
  const auto client = server.NewClient();
  Recorder recorder;
  recorder.stop_at = 44;
  AlertFollowerOptions options;
  options.request.set_token("t40");
  options.request.mutable_filter()->add_teams("north");
  AlertFollower follower(*client, options, recorder);
  recorder.follower = &follower;
  EXPECT_TRUE(absl::IsCancelled(follower.Run()));
  EXPECT_EQ(recorder.events.front(), "41");
}

grpc::Status Lost() { return {grpc::StatusCode::OUT_OF_RANGE, "the token is older than what is kept"}; }

TEST(AlertFollower, ALostTokenSurfacesWithWhatToDo) {
  FakeServer server;
  server.script.subscribe = [&](const v1::SubscribeRequest&, Writer&, grpc::ServerContext&) { return Lost(); };
  const auto client = server.NewClient();
  Recorder recorder;
  AlertFollowerOptions options;
  options.request.set_token("t1");
  const absl::Status status = AlertFollower(*client, options, recorder).Run();
  EXPECT_TRUE(absl::IsOutOfRange(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("snapshot"));
  EXPECT_THAT(recorder.events, ElementsAre());
}

TEST(AlertFollower, TakesASnapshotWhenAsked) {
  FakeServer server;
  server.script.subscribe = [&](const v1::SubscribeRequest& request, Writer& writer, grpc::ServerContext&) {
    if (!request.snapshot()) return request.token() == "t1" ? Lost() : TwoFlips(request, writer);
    v1::SubscribeResponse message;
    message.add_watches()->set_team("north");
    writer.Write(message);
    message.Clear();
    message.set_snapshot_complete(true);
    message.set_token("t100");
    writer.Write(message);
    return Draining();
  };
  const auto client = server.NewClient();
  Recorder recorder;
  recorder.stop_at = 101;
  AlertFollowerOptions options;
  options.request.set_token("t1");
  options.snapshot_when_lost = true;
  AlertFollower follower(*client, options, recorder);
  recorder.follower = &follower;
  EXPECT_TRUE(absl::IsCancelled(follower.Run()));
  EXPECT_THAT(recorder.events, ElementsAre("snapshot", "complete", "saved t100", "reconnect", "101", "saved t101"));
}

// Left behind by what is kept, in the middle: without a token of its own to begin with.
TEST(AlertFollower, TakesASnapshotWhenItIsLeftBehindInTheMiddle) {
  FakeServer server;
  server.script.subscribe = [&](const v1::SubscribeRequest& request, Writer& writer, grpc::ServerContext&) {
    if (request.has_token()) return TwoFlips(request, writer);
    if (request.has_earliest()) {
      WriteFlip(writer, 1);
      return Lost();
    }
    v1::SubscribeResponse complete;
    complete.set_snapshot_complete(true);
    complete.set_token("t100");
    writer.Write(complete);
    return Draining();
  };
  const auto client = server.NewClient();
  Recorder recorder;
  recorder.stop_at = 101;
  AlertFollowerOptions options;
  options.request.set_earliest(true);
  options.snapshot_when_lost = true;
  AlertFollower follower(*client, options, recorder);
  recorder.follower = &follower;
  EXPECT_TRUE(absl::IsCancelled(follower.Run()));
  EXPECT_THAT(recorder.events, ElementsAre("1", "saved t1", "snapshot", "complete", "saved t100", "reconnect", "101", "saved t101"));
}

TEST(AlertFollower, ASnapshotThatBreaksOffBeginsAgain) {
  FakeServer server;
  int calls = 0;
  server.script.subscribe = [&](const v1::SubscribeRequest& request, Writer& writer, grpc::ServerContext&) {
    EXPECT_TRUE(request.snapshot());
    v1::SubscribeResponse message;
    message.add_watches()->set_team("north");
    writer.Write(message);
    return ++calls == 1 ? Draining() : grpc::Status(grpc::StatusCode::NOT_FOUND, "over");
  };
  const auto client = server.NewClient();
  Recorder recorder;
  AlertFollowerOptions options;
  options.request.set_snapshot(true);
  EXPECT_TRUE(absl::IsNotFound(AlertFollower(*client, options, recorder).Run()));
  EXPECT_THAT(recorder.events, ElementsAre("snapshot", "reconnect", "snapshot"));
}

TEST(AlertFollower, GivesUpAfterTriesWithoutAMessage) {
  FakeServer server;
  server.script.subscribe = [&](const v1::SubscribeRequest&, Writer&, grpc::ServerContext&) { return Draining(); };
  const auto client = server.NewClient();
  Recorder recorder;
  EXPECT_TRUE(absl::IsUnavailable(AlertFollower(*client, {.retry = {.attempts_max = 3}}, recorder).Run()));
  EXPECT_EQ(server.sleeper.waits().size(), 2u);
}

TEST(AlertFollower, TheHandlersErrorEndsItAndKeepsNoToken) {
  FakeServer server;
  server.script.subscribe = [&](const v1::SubscribeRequest& request, Writer& writer, grpc::ServerContext&) {
    return TwoFlips(request, writer);
  };
  const auto client = server.NewClient();
  Recorder recorder;
  recorder.fail_at = 2;
  const absl::Status status = AlertFollower(*client, {}, recorder).Run();
  EXPECT_EQ(status.message(), "the handler's own");
  EXPECT_THAT(recorder.events, ElementsAre("1", "saved t1", "2"));
}

TEST(AlertFollower, CancelEndsAnIdleSubscription) {
  FakeServer server;
  server.script.subscribe = [&](const v1::SubscribeRequest&, Writer& writer, grpc::ServerContext& context) {
    WriteFlip(writer, 1);
    Cancellation never;
    while (!context.IsCancelled()) never.WaitFor(std::chrono::milliseconds(5));
    return grpc::Status::CANCELLED;
  };
  const auto client = server.NewClient();
  Recorder recorder;
  AlertFollower follower(*client, {}, recorder);
  std::thread canceller([&] { follower.Cancel(); });
  EXPECT_TRUE(absl::IsCancelled(follower.Run()));
  canceller.join();
}

}  // namespace
}  // namespace leadlag
