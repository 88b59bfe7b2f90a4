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
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "core/clock.h"
#include "tests/support/random_seed.h"
#include "tests/support/stream_promises.h"
#include "tests/support/stubs.h"
#include "tests/support/test_server.h"

namespace leadlag {
namespace {

constexpr char kDistrict[] = "districts/followed";
constexpr int kTeams = 12;
constexpr int kStepsMin = 250;

Instant At(const std::string& text) { return Instant::Parse(text).value(); }

std::string TeamId(int number) { return absl::StrCat("team-", number); }

// Labels, activity and what is expected differ from variant to variant.
v1::Catalog FollowedCatalog(int variant, Date today) {
  v1::Catalog catalog;
  catalog.set_district("followed");
  catalog.set_time_zone("America/New_York");
  catalog.set_default_calendar("main");
  v1::Calendar& calendar = *catalog.add_calendars();
  calendar.set_id("main");
  for (int from = 2025; from < 2045; ++from) {
    v1::SchoolYear& year = *calendar.add_years();
    year.set_id(absl::StrCat(from));
    v1::Term& term = *year.add_terms();
    term.set_first_day(absl::StrCat(from, "-09-01"));
    term.set_last_day(absl::StrCat(from + 1, "-06-12"));
  }
  for (int number = 0; number < kTeams; ++number) {
    v1::Team& team = *catalog.add_teams();
    team.set_id(TeamId(number));
    if (number % 3 == 0) team.set_time_zone("America/Los_Angeles");
    (*team.mutable_labels())["level"] = (number + variant) % 2 == 0 ? "high" : "primary";
    if (number % 4 == 0) (*team.mutable_labels())["network"] = "north";
    v1::ActivePeriod& period = *team.add_active_periods();
    period.set_active_from("2025-07-01");
    if (variant > 0 && (number + variant) % 5 == 0) period.set_active_to(today.ToString());
  }
  v1::Indicator& walks = *catalog.add_indicators();
  walks.set_id("walks");
  walks.set_role(v1::INDICATOR_ROLE_LEADING);
  walks.set_category(v1::CATEGORY_WALKTHROUGH);
  walks.set_measure(v1::MEASURE_NUMBER);
  v1::Indicator& practice = *catalog.add_indicators();
  practice.set_id("practice");
  practice.set_role(v1::INDICATOR_ROLE_LEADING);
  practice.set_category(v1::CATEGORY_IMPLEMENTATION);
  practice.set_measure(v1::MEASURE_NUMBER);
  catalog.add_sources()->set_id("sis");
  const auto expectation = [&](const char* id, int every, int allowance, int grace) {
    v1::Expectation& added = *catalog.add_expectations();
    added.set_id(id);
    added.set_every_days(every);
    added.set_allowance_days(allowance);
    added.set_grace_days(grace);
    added.set_from("2025-07-01");
    return &added;
  };
  expectation("walks-often", 3, 8, 2)->mutable_kind()->set_category(v1::CATEGORY_WALKTHROUGH);
  expectation("anything", 2 + variant % 3, 1, 0)->mutable_kind()->set_any_leading(true);
  v1::AlertRule& unread = *catalog.add_alert_rules();
  unread.set_id("unread");
  unread.mutable_review_overdue()->set_days(2 + variant % 2);
  unread.set_severity(v1::SEVERITY_ADVISORY);
  unread.set_from("2025-07-01");
  return catalog;
}

struct Filter {
  std::string name;
  v1::AlertFilter filter;
};

std::vector<Filter> Filters() {
  std::vector<Filter> filters(7);
  filters[0].name = "all";
  filters[1].name = "teams";
  filters[1].filter.add_teams("team-3");
  filters[1].filter.add_teams("team-4");
  filters[2].name = "label";
  (*filters[2].filter.mutable_labels())["level"] = "high";
  filters[3].name = "alerts only";
  filters[3].filter.set_alerts_only(true);
  filters[4].name = "expectation and labels";
  filters[4].filter.add_expectations("anything");
  (*filters[4].filter.mutable_labels())["network"] = "north";
  (*filters[4].filter.mutable_labels())["level"] = "primary";
  filters[5].name = "nothing";
  filters[5].filter.add_teams("team-99");
  filters[6].name = "kind";
  filters[6].filter.add_kinds(v1::ALERT_KIND_REVIEW_OVERDUE);
  return filters;
}

// Where the server is; it moves with each restart.
class Address {
 public:
  void Set(std::string target) {
    absl::MutexLock lock(&mutex_);
    target_ = std::move(target);
  }
  std::string Get() const {
    absl::MutexLock lock(&mutex_);
    return target_;
  }
  // Waits until it is another one than `old`, but not for ever: a server that is busy has the same address still.
  void AwaitOther(const std::string& old) const {
    absl::MutexLock lock(&mutex_);
    const auto moved = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return target_ != old; };
    mutex_.AwaitWithTimeout(absl::Condition(&moved), absl::Milliseconds(50));
  }

 private:
  mutable absl::Mutex mutex_;
  std::string target_ ABSL_GUARDED_BY(mutex_);
};

// Calls one after the other, each cut off at a random point; what came after the last stored token is forgotten.
class Subscriber {
 public:
  Subscriber(const Filter& filter, bool with_snapshot, uint64_t seed)
      : filter_(filter), with_snapshot_(with_snapshot), random_(seed) {}

  // Until so many calls have brought something.
  void Run(const Address& address, int sessions) {
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

  const Filter& filter() const { return filter_; }
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
    session.request.set_parent(kDistrict);
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

  const Filter filter_;
  const bool with_snapshot_;
  Random random_;
  std::string token_;
  int64_t through_ = 0;
  int64_t held_from_ = 0;
  std::map<int64_t, v1::Flip> held_;
  std::vector<StreamSession> sessions_;
};

// ---- The world ----

class SubscriberTest : public testing::Test {
 protected:
  static TestServerOptions Options(Instant now) {
    TestServerOptions options;
    options.now = now;
    // Subscribers read until something comes: bookmarks soon.
    options.feed.idle_bookmark_micros = 20'000;
    options.feed.moved_bookmark_micros = 5'000;
    options.feed.flips_per_read = 7;  // so that messages end everywhere
    options.feed.snapshot_page_watches = 5;
    options.feed.bookmark_flips = 20;
    return options;
  }

  SubscriberTest() : seed_(Seeds(1, 1).front()), random_(seed_), server_(Options(At("2025-08-30T16:00:00Z"))) {
    address_.Set(server_.target());
    Apply();
  }

  Date Today() { return Date(static_cast<int32_t>(server_.clock().Now().micros / kMicrosPerDay)); }

  void Apply() {
    Stubs& stubs = server_.stubs();
    TestContext context;
    v1::ApplyCatalogRequest request;
    v1::ApplyCatalogResponse response;
    *request.mutable_catalog() = FollowedCatalog(variant_++, Today());
    const grpc::Status status = stubs.catalog->ApplyCatalog(&context, request, &response);
    ASSERT_TRUE(status.ok()) << Text(status);
    server_.app().engine().WaitIdle();
  }

  void Record() {
    Stubs& stubs = server_.stubs();
    TestContext context;
    v1::RecordEvidenceRequest request;
    v1::RecordEvidenceResponse response;
    request.set_parent(absl::StrCat(kDistrict, "/sources/sis"));
    for (int count = random_.Between(1, 8); count > 0; --count) {
      v1::EvidenceRecord& record = *request.add_records();
      if (records_ > 0 && random_.OneIn(4)) {
        record.set_evidence_id(absl::StrCat("r-", random_.Between(std::max(1, records_ - 20), records_)));
        record.set_void_(true);
        continue;
      }
      record.set_evidence_id(absl::StrCat("r-", ++records_));
      record.set_team(TeamId(random_.Between(0, kTeams - 1)));
      record.set_indicator(random_.OneIn(2) ? "walks" : "practice");
      record.set_event_date((Today() - random_.Between(0, 6)).ToString());
      record.set_number(records_);
    }
    const grpc::Status status = stubs.evidence->RecordEvidence(&context, request, &response);
    ASSERT_TRUE(status.ok()) << Text(status);
    EXPECT_EQ(response.result().failed_count(), 0) << response.ShortDebugString();
  }

  // Acknowledges or snoozes one of the open alerts.
  void Handle() {
    Stubs& stubs = server_.stubs();
    v1::ListAlertsRequest list;
    v1::ListAlertsResponse alerts;
    list.set_parent(kDistrict);
    TestContext list_context, context;
    ASSERT_TRUE(stubs.alerts->ListAlerts(&list_context, list, &alerts).ok());
    if (alerts.alerts().empty()) return;
    const std::string name = alerts.alerts(random_.Between(0, alerts.alerts_size() - 1)).name();
    grpc::Status status;
    if (random_.OneIn(3)) {
      v1::AcknowledgeRequest request;
      v1::AcknowledgeResponse response;
      request.set_name(name);
      request.set_by("coach");
      status = stubs.alerts->Acknowledge(&context, request, &response);
    } else {
      v1::SnoozeRequest request;
      v1::SnoozeResponse response;
      request.set_name(name);
      request.set_by("coach");
      if (random_.OneIn(4)) {
        request.set_end_now(true);
      } else {
        request.set_instructional_days(random_.Between(1, 3));
      }
      status = stubs.alerts->Snooze(&context, request, &response);
    }
    // The summer has no days to snooze for; what has just fallen due may have closed it.
    EXPECT_TRUE(status.ok() || status.error_code() == grpc::StatusCode::INVALID_ARGUMENT ||
                status.error_code() == grpc::StatusCode::FAILED_PRECONDITION)
        << Text(status);
  }

  // Unique: what the log held once, it holds for ever.
  void ReadLog() {
    Stubs& stubs = server_.stubs();
    TestContext context;
    v1::SubscribeRequest request;
    request.set_parent(kDistrict);
    request.set_earliest(true);
    const auto last = static_cast<int64_t>((*server_.app().engine().Read("followed"))->last_sequence());
    const auto call = stubs.alerts->Subscribe(&context, request);
    std::vector<v1::Flip> log;
    v1::SubscribeResponse message;
    while (static_cast<int64_t>(log.size()) < last && call->Read(&message)) {
      for (const v1::Flip& flip : message.flips()) {
        ASSERT_EQ(flip.sequence(), static_cast<int64_t>(log.size()) + 1);
        log.push_back(flip);
      }
    }
    context.TryCancel();
    call->Finish();
    ASSERT_EQ(static_cast<int64_t>(log.size()), last);
    for (size_t i = 0; i < log_.size(); ++i)
      ASSERT_EQ(log[i].ShortDebugString(), log_[i].ShortDebugString()) << "was rewritten";
    log_ = std::move(log);
  }

  // Something happens.
  void Step() {
    switch (random_.Between(0, 9)) {
      case 0:
        return Apply();
      case 1:
      case 2:
      case 3:
        return Record();
      case 4:
        return Handle();
      default:
        return server_.GoTo(Instant{server_.clock().Now().micros + random_.Between(1, 30) * kMicrosPerHour});
    }
  }

  const uint64_t seed_;
  Random random_;
  TestServer server_;
  Address address_;
  int variant_ = 0;
  int records_ = 0;
  std::vector<v1::Flip> log_;
};

TEST_F(SubscriberTest, EveryPromiseHoldsOverRestartsOfEitherSide) {
  SCOPED_TRACE(Replay(seed_));
  const int sessions = std::getenv("LEADLAG_LONG") != nullptr ? 1'000 : 100;
  std::vector<std::unique_ptr<Subscriber>> subscribers;
  for (const bool with_snapshot : {false, true}) {
    for (const Filter& filter : Filters()) {
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
  history.logs[kDistrict] = log_;
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
    for (const Filter& filter : Filters()) {
      StreamSession session;
      session.request.set_parent(kDistrict);
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
  request.set_parent(kDistrict);
  request.set_earliest(true);
  // As small a window as there is.
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  Stubs stalled_stubs(grpc::CreateCustomChannel(server.target(), grpc::InsecureChannelCredentials(), arguments));
  TestContext stalled_context;
  const auto stalled = stalled_stubs.alerts->Subscribe(&stalled_context, request);
  Subscriber reading(Filters()[0], /*with_snapshot=*/false, seed_);
  reading.CatchUp(server.target(), last);  // who reads is served
  EXPECT_EQ(reading.through(), last);
  {
    // Bookmarks, until it has been stalled for long enough.
    v1::SubscribeRequest now;
    now.set_parent(kDistrict);
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

// Honest about loss: the sequences of a district that was made anew are others.
TEST_F(SubscriberTest, ATokenOfAnotherIncarnationIsRefusedAndASnapshotHelps) {
  Record();
  server_.GoTo(At("2025-09-12T16:00:00Z"));
  Subscriber subscriber(Filters()[0], /*with_snapshot=*/false, seed_);
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
  request.set_parent(kDistrict);
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
