// SIGTERM under load: what the server had read is acknowledged, every stream ends with UNAVAILABLE, health says
// NOT_SERVING, the process ends with exit code 0 in time; and after a restart exactly what was acknowledged is there,
// and subscribers go on.
//
//   LEADLAG_SEED=7 integration_drain_test     // that run's random numbers
//   LEADLAG_LONG=1 integration_drain_test     // many more rounds
#include <gtest/gtest.h>
#include <signal.h>

#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "core/clock.h"
#include "grpcpp/generic/generic_stub.h"
#include "tests/integration/busy_district.h"
#include "tests/support/server_process.h"

namespace leadlag {
namespace {

constexpr int kTeams = 40;
// The drain itself takes at most ten seconds (AppOptions::drain_micros_max); the rest is for a machine that is busy.
constexpr std::chrono::seconds kExitWithin(40);

// grpc.health.v1, of which the system ships no .proto: the status is field 1 of the answer. 1 is SERVING, 2
// NOT_SERVING.
class HealthWatch {
 public:
  explicit HealthWatch(std::shared_ptr<grpc::Channel> channel) : stub_(std::move(channel)) {
    call_ = stub_.PrepareCall(&context_, "/grpc.health.v1.Health/Watch", &queue_);
    call_->StartCall(nullptr);
    const grpc::Slice nothing;
    if (Done()) call_->Write(grpc::ByteBuffer(&nothing, 1), nullptr);
    if (Done()) call_->WritesDone(nullptr);
    Done();
  }
  ~HealthWatch() {
    context_.TryCancel();
    queue_.Shutdown();
    for (void* tag; (void)tag, queue_.Next(&tag, &ok_);) {
    }
  }

  // The next status that is told; 0: the stream has ended.
  int Next() {
    grpc::ByteBuffer bytes;
    call_->Read(&bytes, nullptr);
    if (!Done()) return 0;
    grpc::Slice slice;
    bytes.DumpToSingleSlice(&slice);
    return slice.size() == 2 && slice.begin()[0] == 0x08 ? slice.begin()[1] : -1;
  }

 private:
  bool Done() {
    void* tag = nullptr;
    return queue_.Next(&tag, &ok_) && ok_;
  }

  grpc::CompletionQueue queue_;
  TestContext context_;
  grpc::GenericStub stub_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> call_;
  bool ok_ = false;
};

// Callers that do nothing, and so must not keep the server.
class IdleCalls {
 public:
  explicit IdleCalls(const std::string& target) : stubs_(target) {
    evidence_ = stubs_.evidence->StreamEvidence(&evidence_context_);
    v1::StreamEvidenceRequest open;
    open.mutable_open()->set_parent(absl::StrCat(kBusyDistrict, "/sources/source-0"));
    EXPECT_TRUE(evidence_->Write(open));
    v1::SubscribeRequest request;
    request.set_parent(kBusyDistrict);
    request.mutable_filter()->add_teams("nobody");
    alerts_ = stubs_.alerts->Subscribe(&alerts_context_, request);
    v1::SubscribeResponse bookmark;
    EXPECT_TRUE(alerts_->Read(&bookmark));
    request.clear_filter();
    request.set_earliest(true);
    unread_ = stubs_.alerts->Subscribe(&unread_context_, request);
  }

  // Waits for their ends.
  void ExpectUnavailable() {
    v1::StreamEvidenceResponse acknowledgement;
    EXPECT_FALSE(evidence_->Read(&acknowledgement));
    const grpc::Status evidence = evidence_->Finish();
    EXPECT_EQ(evidence.error_code(), grpc::StatusCode::UNAVAILABLE) << Text(evidence);
    v1::SubscribeResponse message;
    while (alerts_->Read(&message)) EXPECT_EQ(message.flips_size(), 0);
    const grpc::Status alerts = alerts_->Finish();
    EXPECT_EQ(alerts.error_code(), grpc::StatusCode::UNAVAILABLE) << Text(alerts);
    while (unread_->Read(&message)) {
    }
    const grpc::Status unread = unread_->Finish();
    EXPECT_EQ(unread.error_code(), grpc::StatusCode::UNAVAILABLE) << Text(unread);
  }

 private:
  Stubs stubs_;
  TestContext evidence_context_, alerts_context_, unread_context_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::StreamEvidenceRequest, v1::StreamEvidenceResponse>> evidence_;
  std::unique_ptr<grpc::ClientReader<v1::SubscribeResponse>> alerts_, unread_;
};

TEST(DrainTest, EndsWithEverythingAcknowledged) {
  const uint64_t seed = Seeds(1, 1).front();
  SCOPED_TRACE(Replay(seed));
  const int rounds = std::getenv("LEADLAG_LONG") != nullptr ? 40 : 4;
  Random random(seed);
  const ScratchDirectory directory("drain_test");
  const Date today = TodayInUtc();
  BusyLoads loads(seed, today);
  for (int round = 0; round < rounds && !HasFailure(); ++round) {
    SCOPED_TRACE(absl::StrCat("round ", round));
    auto server = ServerProcess::Start(directory / "data");
    ASSERT_TRUE(server.ok()) << server.status();
    const std::string target = (*server)->target();
    if (round > 0) {
      ASSERT_EQ(loads.Settle(target, /*exactly=*/true), "") << (*server)->Log();
    }
    Stubs stubs(target);
    const grpc::Status applied = loads.catalogs.Apply(stubs, kTeams);
    ASSERT_TRUE(applied.ok()) << Text(applied);
    for (EvidenceLoad& evidence : loads.evidence) evidence.Allow(kTeams, 1'000);

    IdleCalls idle(target);
    // Who watches health is a call that does not end by itself; the drain must not wait for it as long as it may.
    std::optional<HealthWatch> health;
    if (round == 0) {
      health.emplace(stubs.channel);
      EXPECT_EQ(health->Next(), 1);
    }
    Onslaught onslaught(loads, target, kTeams, seed + static_cast<uint64_t>(round));
    const auto ended = (*server)->process().WaitFor(std::chrono::milliseconds(random.Between(20, 600)));
    onslaught.ExpectEnd();
    ASSERT_FALSE(ended) << (*server)->Log();
    const int64_t from = MonotonicMicros();
    (*server)->process().Signal(SIGTERM);
    if (health) {
      EXPECT_EQ(health->Next(), 2) << "health does not say NOT_SERVING";
    }
    const std::optional<int> exit_code = (*server)->process().WaitFor(kExitWithin);
    const int64_t took_ms = (MonotonicMicros() - from) / 1000;
    EXPECT_EQ(exit_code, 0) << (*server)->Log();
    EXPECT_LT(took_ms, 8'000) << "as long as for a client that does not read";
    (*server)->Kill();
    EXPECT_EQ(onslaught.Join(), "") << (*server)->Log();
    idle.ExpectUnavailable();
    v1::GetStatsResponse stats;
    TestContext context;
    EXPECT_EQ(stubs.admin->GetStats(&context, {}, &stats).error_code(), grpc::StatusCode::UNAVAILABLE);
    std::cout << "drained in " << took_ms << " ms" << std::endl;
  }
  auto server = ServerProcess::Start(directory / "data");
  ASSERT_TRUE(server.ok()) << server.status();
  EXPECT_EQ(loads.Settle((*server)->target(), /*exactly=*/true), "") << (*server)->Log();
  EXPECT_EQ(loads.flips.BrokenPromisesSoFar(), "");
  EXPECT_EQ((*server)->Terminate(), 0);
  EXPECT_GT(loads.flips.flips(), 0u);
}

}  // namespace
}  // namespace leadlag
