// Retention of the flip log under subscribers of every age: whoever comes with a token after which all is kept misses nothing, whoever
// comes with an older one, or is left behind in the middle, is told so; every promise of alert_service.proto, by its name.
//
//   LEADLAG_SEED=7 integration_flip_retention_test     // that run's random numbers
//   LEADLAG_LONG=1 integration_flip_retention_test     // 1,000 calls each
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/limits.h"
#include "server/engine/queries.h"
#include "tests/integration/followed_district.h"
#include "tests/support/random_seed.h"
#include "tests/support/recorded_subscription.h"
#include "tests/support/stream_promises.h"
#include "tests/support/stubs.h"
#include "tests/support/test_server.h"

namespace leadlag {
namespace {

constexpr int64_t kUnknown = std::numeric_limits<int64_t>::max();  // what is kept after a call, where the server ended meanwhile

// The first sequence that is kept, as anyone can ask; none where the server does not answer.
std::optional<int64_t> FirstKept(Stubs& stubs) {
  TestContext context;
  v1::GetStatsResponse stats;
  if (!stubs.admin->GetStats(&context, {}, &stats).ok() || stats.districts().empty()) return std::nullopt;
  return stats.districts(0).first_flip_sequence();
}

// Calls that begin wherever its subscriber may ever have stopped: with any of the tokens that it was given.
class AgedSubscriber {
 public:
  AgedSubscriber(const FollowedFilter& filter, uint64_t seed) : filter_(filter), random_(seed) {}

  // Until so many calls have brought something, and `enough` says so.
  void Run(const ServerAddress& address, int sessions, const std::atomic<bool>& enough) {
    while (static_cast<int>(sessions_.size()) < sessions || !enough) {
      const std::string target = address.Get();
      if (!Follow(target)) address.AwaitOther(target);
    }
  }
  const std::vector<StreamSession>& sessions() const { return sessions_; }
  // Calls with a token after which flips were no longer kept, after which all and nothing more was kept, and with a younger one.
  int below() const { return below_; }
  int at() const { return at_; }
  int above() const { return above_; }

 private:
  bool Follow(const std::string& target) {
    Stubs stubs(target);
    StreamSession session;
    session.request.set_parent(kFollowedDistrict);
    *session.request.mutable_filter() = filter_.filter;
    const std::optional<int64_t> before = FirstKept(stubs);
    if (!before) return false;
    session.first_kept_before = *before;
    // From any time, from just before what is kept begins, or the youngest.
    auto token = tokens_.end();
    if (!tokens_.empty() && !random_.OneIn(6)) {
      const int which = random_.Between(0, 2);
      if (which == 0) token = std::next(tokens_.begin(), random_.Between(0, static_cast<int>(tokens_.size()) - 1));
      if (which == 1) token = tokens_.lower_bound(*before - 1);
      if (token == tokens_.end()) --token;
      session.request.set_token(token->second);
    } else {
      random_.OneIn(2) ? session.request.set_snapshot(true) : session.request.set_earliest(true);
    }
    TestContext context;
    const auto call = stubs.alerts->Subscribe(&context, session.request);
    v1::SubscribeResponse message;
    bool ended = false;
    for (int count = random_.Between(1, 6); count > 0 && !ended; --count) {
      ended = !call->Read(&message);
      if (ended) break;
      session.messages.push_back(message);
      if (!message.token().empty()) tokens_[message.through_sequence()] = message.token();
    }
    if (!ended) context.TryCancel();
    session.end = call->Finish().error_code();
    if (session.messages.empty() && session.end == grpc::StatusCode::UNAVAILABLE) return false;
    session.first_kept_after = FirstKept(stubs).value_or(kUnknown);
    if (token != tokens_.end()) Count(token->first, session);
    sessions_.push_back(std::move(session));
    return true;
  }

  void Count(int64_t through, const StreamSession& session) {
    const bool served = !session.messages.empty();
    if (through + 1 < session.first_kept_before && session.end == grpc::StatusCode::OUT_OF_RANGE) ++below_;
    if (through + 1 == session.first_kept_before && session.first_kept_before == session.first_kept_after && served) ++at_;
    if (through + 1 > session.first_kept_after && served) ++above_;
  }

  const FollowedFilter filter_;
  Random random_;
  std::map<int64_t, std::string> tokens_;  // by how far they are through
  std::vector<StreamSession> sessions_;
  int below_ = 0, at_ = 0, above_ = 0;
};

using FlipRetentionTest = FollowedDistrictTest;

TEST_F(FlipRetentionTest, RetentionTrimsTheLogWhileSubscribersOfEveryAgeResume) {
  SCOPED_TRACE(Replay(seed_));
  const int sessions = std::getenv("LEADLAG_LONG") != nullptr ? 1'000 : 100;
  constexpr int kStepsOfRetention = 200;  // some ten weeks
  retention_days_ = kMinFlipRetentionDays;
  Apply();
  std::vector<std::unique_ptr<AgedSubscriber>> subscribers;
  for (const FollowedFilter& filter : FollowedFilters()) {
    for (int i = 0; i < 2; ++i) subscribers.push_back(std::make_unique<AgedSubscriber>(filter, seed_ * 100 + subscribers.size()));
  }
  std::atomic<int> running{static_cast<int>(subscribers.size())};
  std::atomic<bool> enough{false};
  std::vector<std::thread> threads;
  for (const auto& subscriber : subscribers) {
    threads.emplace_back([&, s = subscriber.get()] {
      s->Run(address_, sessions, enough);
      --running;
    });
  }
  // One that no flip is for: its token goes with the log all the same.
  StreamHistory history;
  v1::SubscribeRequest request;
  request.set_parent(kFollowedDistrict);
  *request.mutable_filter() = FollowedFilters()[kNothingMatches].filter;
  auto idle = std::make_unique<RecordedSubscription>(server_.stubs(), request);
  const auto end_idle = [&] {
    history.sessions.push_back(idle->End());
    history.sessions.back().first_kept_after = FirstKept(server_.stubs()).value_or(0);
    request.set_token(history.sessions.back().messages.back().token());
  };
  for (int step = 1; (running > 0 || !enough) && !HasFailure(); ++step) {
    Step();
    Archive();
    EXPECT_TRUE(idle->WaitThrough(static_cast<int64_t>(log_.size()))) << "at step " << step;
    enough = step >= kStepsOfRetention;
    if (step % 40 != 0 || HasFailure()) continue;
    end_idle();
    server_.Restart();
    address_.Set(server_.target());
    idle = std::make_unique<RecordedSubscription>(server_.stubs(), request);
  }
  enough = true;
  for (std::thread& thread : threads) thread.join();
  ASSERT_FALSE(HasFailure());
  end_idle();
  idle.reset();
  Archive();

  history.logs[kFollowedDistrict] = log_;
  int below = 0, at = 0, above = 0;
  for (const auto& subscriber : subscribers) {
    below += subscriber->below();
    at += subscriber->at();
    above += subscriber->above();
    for (const StreamSession& session : subscriber->sessions()) {
      // The second of them: of a call that the server's end has cut off as well.
      EXPECT_TRUE(session.end == grpc::StatusCode::OUT_OF_RANGE || session.end == grpc::StatusCode::CANCELLED ||
                  session.end == grpc::StatusCode::UNAVAILABLE)
          << session.end;
      history.sessions.push_back(session);
    }
  }
  const int64_t first = FirstKept(server_.stubs()).value_or(0);
  for (StreamSession& session : history.sessions) session.first_kept_after = std::min(session.first_kept_after, first);
  EXPECT_THAT(BrokenPromises(history), testing::IsEmpty());
  EXPECT_GT(first, 100);
  EXPECT_LE(first, static_cast<int64_t>(log_.size()) + 1);
  EXPECT_GT(below, 20);
  EXPECT_GT(at, 20);
  EXPECT_GT(above, 20);
  EXPECT_THAT(VerifyDistrict(*server_.app().engine().Freeze("followed"), 5), testing::IsEmpty());
  std::cout << history.sessions.size() << " calls: " << below << " with tokens too old, " << at << " with the oldest that serve, " << above
            << " with younger ones; " << log_.size() << " flips, the first that is kept is " << first << "; seed " << seed_ << std::endl;
}

// A subscriber that takes its messages so slowly that the log's beginning passes it: never a silent gap.
TEST_F(FlipRetentionTest, OneThatTheLogLeavesBehindIsToldSoInTheMiddle) {
  TestServerOptions options = Options(server_.clock().Now());
  options.feed.flips_per_read = 100;
  TestServer server(options);
  const auto apply = [&](int retention_days) {
    TestContext context;
    v1::ApplyCatalogRequest request;
    v1::ApplyCatalogResponse response;
    *request.mutable_catalog() = FollowedCatalog(0, Today());
    request.mutable_catalog()->mutable_settings()->set_flip_retention_days(retention_days);
    const grpc::Status status = server.stubs().catalog->ApplyCatalog(&context, request, &response);
    ASSERT_TRUE(status.ok()) << Text(status);
    server.app().engine().WaitIdle();
  };
  apply(0);
  for (int year = 2026; year < 2044; ++year) server.GoTo(At(absl::StrCat(year, "-06-30T16:00:00Z")));
  const auto last = static_cast<int64_t>((*server.app().engine().Read("followed"))->last_sequence());
  ASSERT_GT(last, 1'500);
  StreamHistory history;
  {
    v1::SubscribeRequest all;
    all.set_parent(kFollowedDistrict);
    all.set_earliest(true);
    RecordedSubscription subscription(server.stubs(), all);
    ASSERT_TRUE(subscription.WaitThrough(last));
    history.sessions.push_back(subscription.End());
    for (const v1::SubscribeResponse& message : history.sessions.back().messages) {
      for (const v1::Flip& flip : message.flips()) history.logs[kFollowedDistrict].push_back(flip);
    }
  }

  StreamSession slow;
  slow.request.set_parent(kFollowedDistrict);
  slow.request.set_earliest(true);
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);  // as small a window as there is
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  Stubs stubs(grpc::CreateCustomChannel(server.target(), grpc::InsecureChannelCredentials(), arguments));
  TestContext context;
  const auto call = stubs.alerts->Subscribe(&context, slow.request);
  v1::SubscribeResponse message;
  ASSERT_TRUE(call->Read(&message));
  slow.messages.push_back(message);
  // A year's end and a summer later nothing is left of what it is to be sent.
  apply(kMinFlipRetentionDays);
  server.GoTo(At("2043-08-01T16:00:00Z"));
  ASSERT_EQ(FirstKept(server.stubs()), last + 1);
  while (call->Read(&message)) slow.messages.push_back(message);
  const grpc::Status status = call->Finish();
  slow.end = status.error_code();
  slow.first_kept_after = last + 1;
  EXPECT_EQ(slow.end, grpc::StatusCode::OUT_OF_RANGE) << Text(status);
  EXPECT_THAT(status.error_message(), testing::HasSubstr("subscribe again with snapshot"));
  EXPECT_LT(slow.messages.back().through_sequence(), last);

  // Its token is as lost as it is; a snapshot tells it all.
  const auto follow = [&](const std::function<void(v1::SubscribeRequest&)>& start, int messages) {
    StreamSession session;
    session.request.set_parent(kFollowedDistrict);
    start(session.request);
    session.first_kept_before = session.first_kept_after = last + 1;
    TestContext one;
    const auto again = stubs.alerts->Subscribe(&one, session.request);
    while (static_cast<int>(session.messages.size()) < messages && again->Read(&message)) session.messages.push_back(message);
    if (static_cast<int>(session.messages.size()) == messages) one.TryCancel();
    session.end = again->Finish().error_code();
    history.sessions.push_back(session);
    return session;
  };
  const std::string token = slow.messages.back().token();
  history.sessions.push_back(std::move(slow));
  const StreamSession refused = follow([&](auto& request) { request.set_token(token); }, 1);
  EXPECT_EQ(refused.end, grpc::StatusCode::OUT_OF_RANGE);
  constexpr int kPages = (3 * kFollowedTeams + 4) / 5;  // of Options
  const StreamSession snapshot = follow([](auto& request) { request.set_snapshot(true); }, kPages + 1);
  ASSERT_EQ(snapshot.messages.size(), static_cast<size_t>(kPages) + 1);
  EXPECT_TRUE(snapshot.messages.back().snapshot_complete());
  EXPECT_EQ(snapshot.messages.back().through_sequence(), last);
  const StreamSession on = follow([&](auto& request) { request.set_token(snapshot.messages.back().token()); }, 1);
  EXPECT_EQ(on.messages.size(), 1u);
  const StreamSession earliest = follow([](auto& request) { request.set_earliest(true); }, 1);
  EXPECT_EQ(earliest.messages.front().through_sequence(), last);
  EXPECT_THAT(BrokenPromises(history), testing::IsEmpty());
}

TEST_F(FlipRetentionTest, WhatPeopleAskForSaysThatFlipsHaveLeft) {
  retention_days_ = kMinFlipRetentionDays;
  Apply();
  for (int day = 0; day < 30; ++day) server_.GoTo(Instant{server_.clock().Now().micros + kMicrosPerDay});
  Stubs& stubs = server_.stubs();
  const int64_t first = FirstKept(stubs).value_or(0);
  ASSERT_GT(first, 1);

  v1::ListAlertsRequest list;
  v1::ListAlertsResponse alerts;
  list.set_parent(kFollowedDistrict);
  list.set_include_closed(true);
  TestContext list_context;
  ASSERT_TRUE(stubs.alerts->ListAlerts(&list_context, list, &alerts).ok());
  ASSERT_GT(alerts.alerts_size(), 0);
  int trimmed = 0;
  for (const v1::Alert& alert : alerts.alerts()) {
    v1::GetAlertRequest request;
    v1::GetAlertResponse response;
    request.set_name(alert.name());
    TestContext context;
    const grpc::Status status = stubs.alerts->GetAlert(&context, request, &response);
    ASSERT_TRUE(status.ok()) << Text(status);
    EXPECT_EQ(response.flips_trimmed(), alert.opened_sequence() < first) << response.ShortDebugString();
    trimmed += response.flips_trimmed() ? 1 : 0;
    for (const v1::Flip& flip : response.flips()) EXPECT_GE(flip.sequence(), first);
    if (!response.flips_trimmed()) continue;
    EXPECT_THAT(response.why().text(), testing::HasSubstr("are no longer kept."));
    EXPECT_EQ(response.alert().state(), alert.state());
  }
  EXPECT_GT(trimmed, 0);

  v1::GetTimelineRequest request;
  v1::GetTimelineResponse timeline;
  request.set_name(absl::StrCat(kFollowedDistrict, "/teams/team-1"));
  TestContext whole_context, late_context;
  ASSERT_TRUE(stubs.cadence->GetTimeline(&whole_context, request, &timeline).ok());
  const std::string from = timeline.flips_from_date();
  ASSERT_NE(from, "");
  EXPECT_GT(from, (Today() - 12).ToString());
  EXPECT_LT(from, Today().ToString());
  request.set_start_date(from);
  timeline.Clear();
  ASSERT_TRUE(stubs.cadence->GetTimeline(&late_context, request, &timeline).ok());
  EXPECT_EQ(timeline.flips_from_date(), "");  // all of the window's are there
}

}  // namespace
}  // namespace leadlag
