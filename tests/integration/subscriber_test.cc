// Subscribers that are killed at random points and start again from the token they had stored, a hundred times each,
// while flips are made by the clock, by evidence, voids and catalogs, and while the server restarts: every promise of
// alert_service.proto, by its name.
//
//   LEADLAG_SEED=7 integration_subscriber_test     // that run's random numbers
//   LEADLAG_LONG=1 integration_subscriber_test     // 1,000 times each
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <iostream>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/clock.h"
#include "tests/integration/followed_district.h"
#include "tests/support/random_seed.h"
#include "tests/support/recorded_subscription.h"
#include "tests/support/stream_promises.h"
#include "tests/support/stubs.h"
#include "tests/support/test_server.h"

namespace leadlag {
namespace {

constexpr int kStepsMin = 250;

// Calls one after the other, each cut off at a random point; what came after the last stored token is forgotten.
class Subscriber {
 public:
  Subscriber(const FollowedFilter& filter, bool with_snapshot, uint64_t seed)
      : filter_(filter), with_snapshot_(with_snapshot), random_(seed) {}

  // Until so many calls have brought something.
  void Run(const ServerAddress& address, int sessions) {
    while (static_cast<int>(sessions_.size()) < sessions) {
      const std::string target = address.Get();
      if (!Follow(target, random_.Between(1, 6), /*through=*/0)) address.AwaitOther(target);
    }
  }
  // Up to the end of the log.
  void CatchUp(const std::string& target, int64_t through) {
    while (through_ < through && Follow(target, 1'000'000, through)) {
    }
  }

  const FollowedFilter& filter() const { return filter_; }
  const std::vector<StreamSession>& sessions() const { return sessions_; }
  const std::string& token() const { return token_; }
  int64_t through() const { return through_; }
  // What a subscriber has that handles each flip once, by its sequence: those after the first.
  int64_t held_from() const { return held_from_; }
  const std::map<int64_t, v1::Flip>& held() const { return held_; }

 private:
  // False where no message came.
  bool Follow(const std::string& target, int messages, int64_t through) {
    Stubs stubs(target);
    TestContext context;
    StreamSession session;
    session.request.set_parent(kFollowedDistrict);
    *session.request.mutable_filter() = filter_.filter;
    if (!token_.empty() && !(with_snapshot_ && random_.OneIn(5))) {
      session.request.set_token(token_);
    } else if (with_snapshot_) {
      session.request.set_snapshot(true);
    } else {
      session.request.set_earliest(true);
    }
    const auto call = stubs.alerts->Subscribe(&context, session.request);
    v1::SubscribeResponse message;
    bool ended = false;
    for (int count = 0; count < messages && (through == 0 || through_ < through); ++count) {
      if ((ended = !call->Read(&message))) break;
      session.messages.push_back(message);
      if (message.snapshot_complete()) {  // it replaces all that was held
        held_.clear();
        held_from_ = message.through_sequence();
      }
      for (const v1::Flip& flip : message.flips()) held_.emplace(flip.sequence(), flip);
      if (message.token().empty()) continue;
      // A crash between handling a message and storing its token: it will come again.
      if (!message.snapshot_complete() && random_.OneIn(6)) break;
      token_ = message.token();
      through_ = message.through_sequence();
    }
    if (!ended) context.TryCancel();
    session.end = call->Finish().error_code();
    if (session.messages.empty() && session.end == grpc::StatusCode::UNAVAILABLE) return false;
    sessions_.push_back(std::move(session));
    return true;
  }

  const FollowedFilter filter_;
  const bool with_snapshot_;
  Random random_;
  std::string token_;
  int64_t through_ = 0;
  int64_t held_from_ = 0;
  std::map<int64_t, v1::Flip> held_;
  std::vector<StreamSession> sessions_;
};

using SubscriberTest = FollowedDistrictTest;

TEST_F(SubscriberTest, EveryPromiseHoldsOverRestartsOfEitherSide) {
  SCOPED_TRACE(Replay(seed_));
  const int sessions = std::getenv("LEADLAG_LONG") != nullptr ? 1'000 : 100;
  std::vector<std::unique_ptr<Subscriber>> subscribers;
  for (const bool with_snapshot : {false, true}) {
    for (const FollowedFilter& filter : FollowedFilters()) {
      subscribers.push_back(std::make_unique<Subscriber>(filter, with_snapshot, seed_ * 100 + subscribers.size()));
    }
  }
  std::atomic<int> running{static_cast<int>(subscribers.size())};
  std::vector<std::thread> threads;
  for (const auto& subscriber : subscribers) {
    threads.emplace_back([&, s = subscriber.get()] {
      s->Run(address_, sessions);
      --running;
    });
  }
  int restarts = 0;
  for (int step = 1; (running > 0 || step < kStepsMin) && !HasFailure(); ++step) {
    Step();
    if (step % 25 != 0) continue;
    server_.Restart();
    address_.Set(server_.target());
    ++restarts;
    if (restarts % 4 == 0) ReadLog();
  }
  for (std::thread& thread : threads) thread.join();
  ASSERT_FALSE(HasFailure());
  server_.GoTo(Instant{server_.clock().Now().micros + kMicrosPerDay});
  ReadLog();
  ASSERT_FALSE(HasFailure());
  const auto last = static_cast<int64_t>(log_.size());

  size_t told = 0;
  StreamHistory history;
  history.logs[kFollowedDistrict] = log_;
  for (const auto& subscriber : subscribers) {
    SCOPED_TRACE(subscriber->filter().name);
    subscriber->CatchUp(server_.target(), last);
    EXPECT_GE(static_cast<int>(subscriber->sessions().size()), sessions);
    for (const StreamSession& session : subscriber->sessions()) {
      EXPECT_TRUE(session.end == grpc::StatusCode::CANCELLED || session.end == grpc::StatusCode::UNAVAILABLE)
          << session.end;
      told += session.messages.size();
      history.sessions.push_back(session);
    }
    // However often it was killed, it holds everything that matches, and has come to the end even where nothing does.
    EXPECT_EQ(subscriber->through(), last);
    std::vector<std::string> held, matching;
    for (const auto& [sequence, flip] : subscriber->held()) held.push_back(flip.ShortDebugString());
    for (const v1::Flip& flip : log_) {
      const bool wanted = flip.sequence() > subscriber->held_from() && FilterMatches(subscriber->filter().filter, flip);
      if (wanted) matching.push_back(flip.ShortDebugString());
    }
    EXPECT_EQ(held, matching);
  }
  // Every token with every filter.
  for (const auto& subscriber : subscribers) {
    for (const FollowedFilter& filter : FollowedFilters()) {
      StreamSession session;
      session.request.set_parent(kFollowedDistrict);
      *session.request.mutable_filter() = filter.filter;
      session.request.set_token(subscriber->token());
      TestContext context;
      v1::SubscribeResponse message;
      const auto call = server_.stubs().alerts->Subscribe(&context, session.request);
      if (call->Read(&message)) {
        session.messages.push_back(message);
        context.TryCancel();
      }
      session.end = call->Finish().error_code();
      EXPECT_EQ(session.messages.empty(), filter.name != subscriber->filter().name)
          << filter.name << " with the token of " << subscriber->filter().name;
      history.sessions.push_back(session);
    }
  }
  EXPECT_THAT(BrokenPromises(history), testing::IsEmpty());
  // Every kind of flip was there, or the test says nothing.
  std::set<v1::FlipReason> reasons;
  for (const v1::Flip& flip : log_) reasons.insert(flip.reason());
  for (const v1::FlipReason reason : {v1::FLIP_REASON_STARTED, v1::FLIP_REASON_EVIDENCE, v1::FLIP_REASON_DUE,
                                      v1::FLIP_REASON_GRACE_OVER, v1::FLIP_REASON_RESOLVED, v1::FLIP_REASON_INACTIVE,
                                      v1::FLIP_REASON_ACKNOWLEDGED, v1::FLIP_REASON_SNOOZED, v1::FLIP_REASON_SNOOZE_ENDED}) {
    EXPECT_TRUE(reasons.contains(reason)) << v1::FlipReason_Name(reason);
  }
  const bool raised = std::any_of(log_.begin(), log_.end(), [](const v1::Flip& f) { return f.to_state() == v1::WATCH_STATE_RAISED; });
  EXPECT_TRUE(raised);
  std::cout << subscribers.size() << " subscribers, " << told << " messages, " << last << " flips, " << restarts
            << " restarts of the server; seed " << seed_ << std::endl;
}

// A subscriber that stops reading costs what its connection buffers, for a while; then it is cut, and goes on with its last token.
TEST_F(SubscriberTest, OneThatStopsReadingIsCutAndLosesNothing) {
  constexpr int64_t kStalled = 300'000;
  TestServerOptions options = Options(server_.clock().Now());
  options.feed.stalled_micros = kStalled;
  options.feed.flips_per_read = 500;
  TestServer server(options);
  {
    TestContext context;
    v1::ApplyCatalogRequest request;
    v1::ApplyCatalogResponse response;
    *request.mutable_catalog() = FollowedCatalog(0, Today());
    ASSERT_TRUE(server.stubs().catalog->ApplyCatalog(&context, request, &response).ok());
  }
  // More than a connection holds for one who does not read.
  for (int year = 2026; year < 2040; ++year) server.GoTo(At(absl::StrCat(year, "-06-30T16:00:00Z")));
  const auto last = static_cast<int64_t>((*server.app().engine().Read("followed"))->last_sequence());
  ASSERT_GT(last, 1'000);

  v1::SubscribeRequest request;
  request.set_parent(kFollowedDistrict);
  request.set_earliest(true);
  // As small a window as there is.
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  Stubs stalled_stubs(grpc::CreateCustomChannel(server.target(), grpc::InsecureChannelCredentials(), arguments));
  TestContext stalled_context;
  const auto stalled = stalled_stubs.alerts->Subscribe(&stalled_context, request);
  Subscriber reading(FollowedFilters()[0], /*with_snapshot=*/false, seed_);
  reading.CatchUp(server.target(), last);  // who reads is served
  EXPECT_EQ(reading.through(), last);
  {
    // Bookmarks, until it has been stalled for long enough.
    v1::SubscribeRequest now;
    now.set_parent(kFollowedDistrict);
    TestContext context;
    const auto waiting = server.stubs().alerts->Subscribe(&context, now);
    v1::SubscribeResponse message;
    for (const int64_t until = MonotonicMicros() + 8 * kStalled; MonotonicMicros() < until;) ASSERT_TRUE(waiting->Read(&message));
    context.TryCancel();
    waiting->Finish();
  }
  std::map<int64_t, std::string> held;
  v1::SubscribeResponse message;
  const auto take = [&] {
    for (const v1::Flip& flip : message.flips()) EXPECT_TRUE(held.emplace(flip.sequence(), flip.team()).second) << flip.sequence();
  };
  std::string token;
  while (stalled->Read(&message)) {
    take();
    token = message.token();
  }
  EXPECT_EQ(stalled->Finish().error_code(), grpc::StatusCode::CANCELLED);
  EXPECT_LT(static_cast<int64_t>(held.size()), last) << "it never stalled";
  request.clear_start();
  token.empty() ? request.set_earliest(true) : request.set_token(token);
  TestContext context;
  const auto again = stalled_stubs.alerts->Subscribe(&context, request);
  while (static_cast<int64_t>(held.size()) < last && again->Read(&message)) take();
  context.TryCancel();
  again->Finish();
  EXPECT_EQ(static_cast<int64_t>(held.size()), last);
}

// A smaller form of tests/benchmark/stalled.cc: the others are served meanwhile, message by message.
TEST_F(SubscriberTest, WhileOneDoesNotReadTheOthersGetEveryFlip) {
  constexpr int kOthers = 20;
  TestServerOptions options = Options(server_.clock().Now());
  options.feed.stalled_micros = 3'000'000;
  options.feed.idle_bookmark_micros = 100'000;
  options.feed.flips_per_read = 500;
  TestServer server(options);
  {
    TestContext context;
    v1::ApplyCatalogRequest request;
    v1::ApplyCatalogResponse response;
    *request.mutable_catalog() = FollowedCatalog(0, Today());
    ASSERT_TRUE(server.stubs().catalog->ApplyCatalog(&context, request, &response).ok());
  }
  v1::SubscribeRequest request;
  request.set_parent(kFollowedDistrict);
  std::vector<std::unique_ptr<RecordedSubscription>> others;
  for (int i = 0; i < kOthers; ++i) others.push_back(std::make_unique<RecordedSubscription>(server.stubs(), request));
  for (const auto& other : others) ASSERT_TRUE(other->WaitThrough(0));

  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  Stubs stubs(grpc::CreateCustomChannel(server.target(), grpc::InsecureChannelCredentials(), arguments));
  StreamHistory history;
  StreamSession stalled;
  stalled.request = request;
  auto context = std::make_unique<TestContext>();
  auto call = stubs.alerts->Subscribe(context.get(), request);
  v1::SubscribeResponse message;
  ASSERT_TRUE(call->Read(&message));
  stalled.messages.push_back(message);
  int64_t last = 0;
  for (int year = 2026; year < 2044; ++year) {
    server.GoTo(At(absl::StrCat(year, "-06-30T16:00:00Z")));
    last = static_cast<int64_t>((*server.app().engine().Read("followed"))->last_sequence());
    for (const auto& other : others) ASSERT_TRUE(other->WaitThrough(last)) << year;
  }
  ASSERT_GT(last, 1'000);
  // Looked at with each bookmark.
  ASSERT_TRUE(others.front()->WaitUntil([&](const auto&) { return server.app().feed().size() == static_cast<size_t>(kOthers); }));
  while (call->Read(&message)) stalled.messages.push_back(message);
  stalled.end = call->Finish().error_code();
  EXPECT_EQ(stalled.end, grpc::StatusCode::CANCELLED);
  EXPECT_LT(FlipsIn(stalled.messages), static_cast<size_t>(last)) << "it never stalled";

  StreamSession again;
  again.request = request;
  again.request.set_token(stalled.messages.back().token());
  context = std::make_unique<TestContext>();
  call = stubs.alerts->Subscribe(context.get(), again.request);
  while (again.messages.empty() || again.messages.back().through_sequence() < last) {
    ASSERT_TRUE(call->Read(&message));
    again.messages.push_back(message);
  }
  context->TryCancel();
  again.end = call->Finish().error_code();
  EXPECT_EQ(FlipsIn(stalled.messages) + FlipsIn(again.messages), static_cast<size_t>(last));
  history.sessions = {std::move(stalled), std::move(again)};
  for (const auto& other : others) history.sessions.push_back(other->End());
  for (const v1::SubscribeResponse& got : history.sessions.back().messages) {
    for (const v1::Flip& flip : got.flips()) history.logs[kFollowedDistrict].push_back(flip);
  }
  EXPECT_THAT(BrokenPromises(history), testing::IsEmpty());
}

// Honest about loss: the sequences of a district that was made anew are others.
TEST_F(SubscriberTest, ATokenOfAnotherIncarnationIsRefusedAndASnapshotHelps) {
  Record();
  server_.GoTo(At("2025-09-12T16:00:00Z"));
  Subscriber subscriber(FollowedFilters()[0], /*with_snapshot=*/false, seed_);
  const auto last = static_cast<int64_t>((*server_.app().engine().Read("followed"))->last_sequence());
  subscriber.CatchUp(server_.target(), last);
  ASSERT_EQ(subscriber.through(), last);

  TestServer anew(Options(server_.clock().Now()));
  Stubs& stubs = anew.stubs();
  {
    TestContext context;
    v1::ApplyCatalogRequest request;
    v1::ApplyCatalogResponse response;
    *request.mutable_catalog() = FollowedCatalog(0, Today());
    ASSERT_TRUE(stubs.catalog->ApplyCatalog(&context, request, &response).ok());
  }
  v1::SubscribeRequest request;
  v1::SubscribeResponse message;
  request.set_parent(kFollowedDistrict);
  request.set_token(subscriber.token());
  {
    TestContext context;
    const auto call = stubs.alerts->Subscribe(&context, request);
    EXPECT_FALSE(call->Read(&message));
    const grpc::Status status = call->Finish();
    EXPECT_EQ(status.error_code(), grpc::StatusCode::OUT_OF_RANGE) << Text(status);
    EXPECT_THAT(status.error_message(), testing::HasSubstr("snapshot"));
  }
  request.set_snapshot(true);
  TestContext context;
  const auto call = stubs.alerts->Subscribe(&context, request);
  bool complete = false;
  while (!complete && call->Read(&message)) complete = message.snapshot_complete();
  EXPECT_TRUE(complete);
  EXPECT_FALSE(message.token().empty());
  context.TryCancel();
  call->Finish();
}

}  // namespace
}  // namespace leadlag
