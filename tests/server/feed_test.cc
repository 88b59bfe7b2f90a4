// The alert feed without gRPC: cursors, snapshots, bookmarks and tokens over a real engine.
#include "server/feed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "core/problem.h"
#include "server/feed_token.h"
#include "tests/server/small_district.h"

namespace leadlag {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr absl::Duration kPatience = absl::Seconds(60);

// Keeps what it is sent; takes the next message only when told to.
class Collector : public FeedSink {
 public:
  struct Message {
    std::vector<uint64_t> sequences;
    std::vector<std::string> watches;
    std::string token;
    bool snapshot_complete = false;
    uint64_t through = 0;
  };
  void Send(const FeedMessage& message) override {
    Message kept{{}, {}, message.token, message.snapshot_complete, message.through_sequence};
    for (const FeedFlip* flip : message.flips) kept.sequences.push_back(flip->flip.sequence);
    for (const auto& [team, standing] : message.watches) {
      kept.watches.push_back(standing.source.empty() ? team + "/" + standing.expectation : "source " + standing.source);
    }
    absl::MutexLock lock(&mu_);
    messages_.push_back(std::move(kept));
  }
  void Close(const absl::Status& status) override {
    absl::MutexLock lock(&mu_);
    closed_ = status;
  }

  void Cut(const absl::Status& status) override {
    cut_ = true;
    Close(status);
  }
  bool was_cut() const { return cut_; }

  // The message with this number, from 0; an empty one where it does not come.
  Message Get(size_t number) {
    absl::MutexLock lock(&mu_);
    const auto there = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return messages_.size() > number; };
    EXPECT_TRUE(mu_.AwaitWithTimeout(absl::Condition(&there), kPatience)) << "message " << number;
    return there() ? messages_[number] : Message();
  }
  size_t count() {
    absl::MutexLock lock(&mu_);
    return messages_.size();
  }
  absl::Status closed() {
    absl::MutexLock lock(&mu_);
    const auto is = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return closed_.has_value(); };
    mu_.AwaitWithTimeout(absl::Condition(&is), kPatience);
    return closed_.value_or(absl::OkStatus());
  }

 private:
  std::atomic<bool> cut_{false};
  absl::Mutex mu_;
  std::vector<Message> messages_ ABSL_GUARDED_BY(mu_);
  std::optional<absl::Status> closed_ ABSL_GUARDED_BY(mu_);
};

struct Subscriber {
  std::shared_ptr<Collector> sink = std::make_shared<Collector>();
  uint64_t id = 0;
};

// SmallDistrict's three watches start on 2025-09-01 and make flips from then on.
class FeedTest : public ::testing::Test {
 protected:
  FeedTest() : district_("2025-08-20") { Make({}); }
  ~FeedTest() override {
    district_.engine().Stop();
    feed_.reset();
  }

  void Make(FeedOptions options) {
    feed_.reset();
    options.monotonic_micros = [this] { return micros_.load(); };
    feed_ = std::make_unique<FlipFeed>(&district_.engine(), options);
  }
  // Moves the feed's time.
  void Pass(int64_t micros) {
    micros_ += micros;
    feed_->Wake();
  }
  absl::StatusOr<uint64_t> TryAdd(const FlipFeed::Start& start, AlertFilter filter, std::shared_ptr<Collector> sink,
                                  const std::string& district = "small") {
    return feed_->Add(district, std::move(filter), start, std::move(sink));
  }
  Subscriber Add(const FlipFeed::Start& start, AlertFilter filter = {}) {
    Subscriber subscriber;
    const absl::StatusOr<uint64_t> id = TryAdd(start, std::move(filter), subscriber.sink);
    EXPECT_TRUE(id.ok()) << id.status();
    subscriber.id = id.value_or(0);
    feed_->Ready(subscriber.id);
    return subscriber;
  }
  absl::Status Refusal(const FlipFeed::Start& start, AlertFilter filter = {}, const std::string& district = "small") {
    return TryAdd(start, std::move(filter), std::make_shared<Collector>(), district).status();
  }
  uint64_t LastSequence() { return district_.Read()->last_sequence(); }

  SmallDistrict district_;
  std::atomic<int64_t> micros_{1'000'000};
  std::unique_ptr<FlipFeed> feed_;
};

TEST_F(FeedTest, StartsNowWithABookmarkAndGoesOnWithFlips) {
  const uint64_t before = LastSequence();
  Subscriber subscriber = Add(FlipFeed::FromNow());
  const Collector::Message first = subscriber.sink->Get(0);
  EXPECT_THAT(first.sequences, IsEmpty());
  EXPECT_EQ(first.through, before);
  EXPECT_FALSE(first.token.empty());
  feed_->Ready(subscriber.id);
  district_.GoTo("2025-09-02");  // the watches start
  const uint64_t after = LastSequence();
  ASSERT_GT(after, before);
  const Collector::Message second = subscriber.sink->Get(1);
  EXPECT_EQ(second.sequences.front(), before + 1);
  EXPECT_EQ(second.through, second.sequences.back());
}

TEST_F(FeedTest, NothingIsSentWhileAMessageIsUnderWay) {
  Subscriber slow = Add(FlipFeed::FromNow());
  Subscriber quick = Add(FlipFeed::FromNow());
  slow.sink->Get(0);
  quick.sink->Get(0);
  feed_->Ready(quick.id);
  const uint64_t before = LastSequence();
  district_.GoTo("2025-09-02");
  district_.GoTo("2025-11-10");
  const uint64_t last = LastSequence();
  for (size_t i = 1; quick.sink->Get(i).through < last; ++i) feed_->Ready(quick.id);
  EXPECT_EQ(slow.sink->count(), 1u);
  feed_->Ready(slow.id);  // and everything has waited in the log
  const Collector::Message all = slow.sink->Get(1);
  EXPECT_EQ(all.sequences.front(), before + 1);
  EXPECT_EQ(all.sequences.size(), last - before);
}

TEST_F(FeedTest, EarliestReadsTheWholeLogInMessages) {
  district_.GoTo("2026-06-30");
  Make({.flips_per_read = 2});
  Subscriber subscriber = Add(FlipFeed::FromEarliest());
  uint64_t next = 1;
  for (size_t i = 0; next <= LastSequence(); ++i) {
    const Collector::Message message = subscriber.sink->Get(i);
    ASSERT_FALSE(message.sequences.empty());
    for (const uint64_t sequence : message.sequences) EXPECT_EQ(sequence, next++);
    feed_->Ready(subscriber.id);
  }
}

// Nobody wakes the thread, which had nothing to wait for when the subscriber came to rest.
TEST(FeedClockTest, ARestingSubscriberGetsItsBookmarkInTime) {
  SmallDistrict district("2025-08-25");
  FlipFeed feed(&district.engine(), {.idle_bookmark_micros = 300'000});
  Subscriber subscriber;
  const absl::StatusOr<uint64_t> id = feed.Add("small", {}, FlipFeed::FromNow{}, subscriber.sink);
  ASSERT_TRUE(id.ok()) << id.status();
  for (size_t message = 0; message < 3; ++message) {
    feed.Ready(*id);
    EXPECT_FALSE(subscriber.sink->Get(message).token.empty());
  }
  district.engine().Stop();
}

TEST_F(FeedTest, ATokenContinuesRightAfterItsMessage) {
  district_.GoTo("2025-11-10");
  Make({.flips_per_read = 2});
  Subscriber first = Add(FlipFeed::FromEarliest());
  const Collector::Message message = first.sink->Get(0);
  Make({});  // another feed: tokens need no memory
  Subscriber second = Add(message.token);
  EXPECT_EQ(second.sink->Get(0).sequences.front(), message.sequences.back() + 1);
}

TEST_F(FeedTest, TokensAreBound) {
  const Subscriber subscriber = Add(FlipFeed::FromNow());
  const std::string token = subscriber.sink->Get(0).token;
  AlertFilter other;
  other.teams = {"north"};
  EXPECT_EQ(Refusal(token, other).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Refusal(token + "x").code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Refusal(std::string()).code(), absl::StatusCode::kInvalidArgument);
  FeedToken changed = FeedToken::Decode(token).value();
  changed.district = "other";
  EXPECT_EQ(Refusal(changed.Encode()).code(), absl::StatusCode::kInvalidArgument);
  changed = FeedToken::Decode(token).value();
  ++changed.incarnation;
  const absl::Status restored = Refusal(changed.Encode());
  EXPECT_EQ(restored.code(), absl::StatusCode::kOutOfRange);
  EXPECT_NE(std::string(restored.message()).find("snapshot"), std::string::npos);
  changed = FeedToken::Decode(token).value();
  ++changed.sequence;
  EXPECT_EQ(Refusal(changed.Encode()).code(), absl::StatusCode::kOutOfRange);
  EXPECT_TRUE(Add(token).id != 0);
  EXPECT_EQ(Refusal(FlipFeed::FromNow(), {}, "nowhere").code(), absl::StatusCode::kNotFound);
}

TEST_F(FeedTest, SnapshotComesInPagesThenItsTokenThenWhatFollows) {
  district_.GoTo("2025-09-02");
  Make({.snapshot_page_watches = 2});
  const uint64_t at = LastSequence();
  Subscriber subscriber = Add(FlipFeed::WithSnapshot());
  district_.GoTo("2025-11-10");  // makes flips while the snapshot is under way
  const Collector::Message page1 = subscriber.sink->Get(0);
  EXPECT_THAT(page1.watches, ElementsAre("north/leading", "north/walkthroughs"));
  EXPECT_EQ(page1.token, "");
  EXPECT_FALSE(page1.snapshot_complete);
  feed_->Ready(subscriber.id);
  EXPECT_THAT(subscriber.sink->Get(1).watches, ElementsAre("south/walkthroughs"));
  feed_->Ready(subscriber.id);
  const Collector::Message end = subscriber.sink->Get(2);
  EXPECT_TRUE(end.snapshot_complete);
  EXPECT_FALSE(end.token.empty());
  EXPECT_EQ(end.through, at);
  feed_->Ready(subscriber.id);
  EXPECT_EQ(subscriber.sink->Get(3).sequences.front(), at + 1);
}

TEST_F(FeedTest, SnapshotHoldsOnlyWhatMatches) {
  district_.GoTo("2025-09-02");
  AlertFilter high;
  high.labels = {{"level", "high"}};
  Subscriber subscriber = Add(FlipFeed::WithSnapshot(), high);
  EXPECT_THAT(subscriber.sink->Get(0).watches, ElementsAre("south/walkthroughs"));
  AlertFilter alerts;
  alerts.alerts_only = true;
  EXPECT_TRUE(Add(FlipFeed::WithSnapshot(), alerts).sink->Get(0).snapshot_complete);  // nobody is late yet
}

// A source's watch is of no team: it comes first, and where no filter asks for a team's.
TEST_F(FeedTest, SnapshotHoldsSourcesToo) {
  Catalog catalog = SmallDistrict::MakeCatalog();
  catalog.sources[0].every_days = 1;
  district_.Apply(catalog);
  district_.GoTo("2025-09-02");
  EXPECT_THAT(Add(FlipFeed::WithSnapshot()).sink->Get(0).watches,
              ElementsAre("source sis", "north/leading", "north/walkthroughs", "south/walkthroughs"));
  AlertFilter filter;
  filter.alerts_only = true;
  district_.GoTo("2025-09-05");  // nothing has been heard from it
  EXPECT_THAT(Add(FlipFeed::WithSnapshot(), filter).sink->Get(0).watches, ElementsAre("source sis"));
  filter.teams = {"north"};
  EXPECT_TRUE(Add(FlipFeed::WithSnapshot(), filter).sink->Get(0).snapshot_complete);
  filter.teams.clear();
  filter.kinds = {AlertKind::kSourceSilent};
  EXPECT_THAT(Add(FlipFeed::WithSnapshot(), filter).sink->Get(0).watches, ElementsAre("source sis"));
}

TEST_F(FeedTest, SnapshotsUnderWayAreBounded) {
  district_.GoTo("2025-09-02");
  Make({.snapshot_bytes_max = 1});
  Subscriber first = Add(FlipFeed::WithSnapshot());  // one alone may be larger
  first.sink->Get(0);
  EXPECT_EQ(Refusal(FlipFeed::WithSnapshot()).code(), absl::StatusCode::kUnavailable);
  EXPECT_NE(Add(FlipFeed::FromNow()).id, 0u);
  feed_->Ready(first.id);
  EXPECT_TRUE(first.sink->Get(1).snapshot_complete);
  Subscriber second = Add(FlipFeed::WithSnapshot());
  EXPECT_EQ(Refusal(FlipFeed::WithSnapshot()).code(), absl::StatusCode::kUnavailable);
  feed_->Remove(second.id);
  Add(FlipFeed::WithSnapshot());
}

TEST_F(FeedTest, SubscribersGoToTheirLimit) {
  Make({.subscriptions_max = 2});
  const Subscriber first = Add(FlipFeed::FromNow());
  Add(FlipFeed::FromNow());
  EXPECT_EQ(Refusal(FlipFeed::FromNow()).code(), absl::StatusCode::kResourceExhausted);
  feed_->Remove(first.id);
  EXPECT_EQ(feed_->size(), 1u);
  Add(FlipFeed::FromNow());
}

TEST_F(FeedTest, BookmarksAnIdleSubscriber) {
  Make({.idle_bookmark_micros = 100, .moved_bookmark_micros = 10});
  Subscriber subscriber = Add(FlipFeed::FromNow());
  const Collector::Message first = subscriber.sink->Get(0);
  feed_->Ready(subscriber.id);
  Pass(100);
  const Collector::Message second = subscriber.sink->Get(1);
  EXPECT_EQ(second.through, first.through);
  EXPECT_EQ(second.token, first.token);
}

TEST_F(FeedTest, BookmarksProgressThatDoesNotMatch) {
  Make({.idle_bookmark_micros = 1'000'000, .moved_bookmark_micros = 10});
  AlertFilter nobody;
  nobody.teams = {"nobody"};
  Subscriber subscriber = Add(FlipFeed::FromNow(), nobody);
  const uint64_t before = subscriber.sink->Get(0).through;
  feed_->Ready(subscriber.id);
  district_.GoTo("2025-09-02");
  ASSERT_GT(LastSequence(), before);
  // The thread may look at the flips before or after this: time passes until it has.
  for (size_t i = 1;; ++i) {
    Pass(10);
    if (i % 100'000 == 0 || subscriber.sink->count() > 1) break;
  }
  const Collector::Message bookmark = subscriber.sink->Get(1);
  EXPECT_THAT(bookmark.sequences, IsEmpty());
  EXPECT_GT(bookmark.through, before);
}

TEST_F(FeedTest, BookmarksALongWayThroughWhatDoesNotMatch) {
  district_.GoTo("2026-06-30");
  Make({.flips_per_read = 2, .bookmark_flips = 4});
  AlertFilter nobody;
  nobody.teams = {"nobody"};
  Subscriber subscriber = Add(FlipFeed::FromEarliest(), nobody);
  const Collector::Message bookmark = subscriber.sink->Get(0);
  EXPECT_THAT(bookmark.sequences, IsEmpty());
  EXPECT_EQ(bookmark.through, 4u);
}

TEST_F(FeedTest, AStalledSubscriberIsCutAndGoesOnWithItsToken) {
  FeedOptions options;
  options.stalled_micros = 60'000'000;
  Make(options);
  Subscriber stalled = Add(FlipFeed::WithSnapshot()), reading = Add(FlipFeed::FromNow());
  reading.sink->Get(0);
  feed_->Ready(reading.id);
  Subscriber resting = Add(FlipFeed::FromNow());
  const std::string token = resting.sink->Get(0).token;
  stalled.sink->Get(0);
  district_.GoTo("2025-09-02");
  reading.sink->Get(1);
  feed_->Ready(reading.id);
  Pass(59'000'000);
  reading.sink->Get(2);  // a bookmark
  feed_->Ready(reading.id);
  EXPECT_EQ(feed_->size(), 3u);
  Pass(7'000'000);
  EXPECT_EQ(stalled.sink->closed().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(resting.sink->closed().code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(stalled.sink->was_cut() && resting.sink->was_cut());
  EXPECT_FALSE(reading.sink->was_cut());
  // What it had not taken comes again, and nothing twice.
  Subscriber again = Add(FlipFeed::Start(token));
  EXPECT_EQ(again.sink->Get(0).sequences, reading.sink->Get(1).sequences);
}

// ---- retention ----

class FeedRetentionTest : public FeedTest {
 protected:
  FeedRetentionTest() {
    Catalog catalog = SmallDistrict::MakeCatalog();
    catalog.settings.flip_retention_days = kMinFlipRetentionDays;
    district_.Apply(catalog);
  }
  // Day by day, so that flips are recorded on many.
  void LiveThrough(std::string_view from, std::string_view to) {
    for (Date date = DateOf(from); date <= DateOf(to); date = date + 1) district_.GoTo(date.ToString());
  }
  uint64_t First() { return district_.Read()->first_sequence(); }
  std::string TokenAt(uint64_t sequence, const AlertFilter& filter = {}) {
    return FeedToken{"small", district_.Read()->incarnation(), sequence, filter.Hash()}.Encode();
  }
  void ExpectLost(const absl::Status& status) {
    EXPECT_EQ(status.code(), absl::StatusCode::kOutOfRange) << status;
    EXPECT_NE(std::string(status.message()).find("no longer kept"), std::string::npos) << status;
    EXPECT_NE(std::string(status.message()).find("snapshot"), std::string::npos) << status;
  }
};

TEST_F(FeedRetentionTest, TokensBelowWhatIsKeptAreLostAndAtItAndAboveLoseNothing) {
  LiveThrough("2025-08-21", "2025-09-29");
  const uint64_t first = First(), last = LastSequence();
  ASSERT_GT(first, 2u);
  ASSERT_GT(last, first);
  for (uint64_t through = 0; through + 1 < first; ++through) ExpectLost(Refusal(TokenAt(through)));
  for (uint64_t through = first - 1; through <= last; ++through) {
    const Collector::Message message = Add(TokenAt(through)).sink->Get(0);
    EXPECT_EQ(message.sequences.size(), last - through);
    if (through < last) {
      EXPECT_EQ(message.sequences.front(), through + 1);
    }
    EXPECT_EQ(message.through, last);
  }
  EXPECT_EQ(Add(FlipFeed::FromEarliest()).sink->Get(0).sequences.front(), first);
  AlertFilter north;
  north.teams = {"north"};
  ExpectLost(Refusal(TokenAt(first - 2, north), north));
  EXPECT_EQ(Add(TokenAt(first - 1, north), north).sink->Get(0).through, last);
}

TEST_F(FeedRetentionTest, OneThatIsLeftBehindIsToldSoAndSkipsNothing) {
  LiveThrough("2025-08-21", "2025-09-02");
  Make({.flips_per_read = 1});
  Subscriber behind = Add(FlipFeed::FromEarliest());
  const Collector::Message first = behind.sink->Get(0);
  EXPECT_THAT(first.sequences, ElementsAre(1u));
  LiveThrough("2025-09-03", "2025-09-25");  // the message is under way all the while
  ASSERT_GT(First(), 2u);
  feed_->Ready(behind.id);
  ExpectLost(behind.sink->closed());
  EXPECT_EQ(behind.sink->count(), 1u);
  EXPECT_FALSE(behind.sink->was_cut());
  ExpectLost(Refusal(first.token));
  // A snapshot replaces what it held, and goes on from there.
  Subscriber again = Add(FlipFeed::WithSnapshot());
  EXPECT_EQ(again.sink->Get(0).watches.size(), 3u);
  feed_->Ready(again.id);
  const Collector::Message complete = again.sink->Get(1);
  EXPECT_TRUE(complete.snapshot_complete);
  EXPECT_EQ(complete.through, LastSequence());
}

TEST_F(FeedRetentionTest, OneThatHasJustReadTheFlipBeforeTheFirstGoesOn) {
  LiveThrough("2025-08-21", "2025-09-02");
  const uint64_t through = LastSequence();
  Subscriber subscriber = Add(FlipFeed::FromEarliest());
  ASSERT_EQ(subscriber.sink->Get(0).through, through);
  LiveThrough("2025-09-03", "2025-09-12");
  ASSERT_EQ(First(), through + 1);
  feed_->Ready(subscriber.id);
  LiveThrough("2025-09-13", "2025-09-16");
  EXPECT_THAT(subscriber.sink->Get(1).sequences, ElementsAre(through + 1));
}

// Nothing was promised to it yet but the first flip that is kept.
TEST_F(FeedRetentionTest, EarliestBeginsWithWhatIsKeptWhenItBegins) {
  LiveThrough("2025-08-21", "2025-09-02");
  Subscriber early;
  const absl::StatusOr<uint64_t> id = TryAdd(FlipFeed::FromEarliest(), {}, early.sink);
  ASSERT_TRUE(id.ok()) << id.status();
  LiveThrough("2025-09-03", "2025-09-25");
  ASSERT_GT(First(), 1u);
  feed_->Ready(*id);
  EXPECT_EQ(early.sink->Get(0).sequences.front(), First());
}

TEST_F(FeedRetentionTest, IdleAndFilteredSubscribersStayYoung) {
  Make({.idle_bookmark_micros = 1'000'000, .moved_bookmark_micros = 10});
  AlertFilter nobody;
  nobody.teams = {"nobody"};
  Subscriber filtered = Add(FlipFeed::FromNow(), nobody), idle = Add(FlipFeed::FromNow());
  Collector::Message told = filtered.sink->Get(0);
  size_t messages = 1;
  for (Date date = DateOf("2025-08-21"); date <= DateOf("2025-10-10"); date = date + 1) {
    district_.GoTo(date.ToString());
    if (told.through == LastSequence()) continue;
    feed_->Ready(filtered.id);
    // The thread may look at the flips before or after this: time passes until it has.
    for (int i = 0; i < 100'000 && filtered.sink->count() == messages; ++i) Pass(10);
    told = filtered.sink->Get(messages++);
    ASSERT_THAT(told.sequences, IsEmpty());
    ASSERT_EQ(told.through, LastSequence());
  }
  ASSERT_GT(First(), 3u);
  EXPECT_EQ(Add(told.token, nobody).sink->Get(0).through, LastSequence());
  // Who has read all there was, before a summer in which all of it left.
  district_.GoTo("2026-06-30");
  const uint64_t last = LastSequence();
  const std::string token = TokenAt(last);
  district_.GoTo("2026-07-30");
  ASSERT_EQ(First(), last + 1);
  EXPECT_EQ(Add(token).sink->Get(0).through, last);
  EXPECT_EQ(Add(FlipFeed::FromEarliest()).sink->Get(0).through, last);
  ExpectLost(Refusal(TokenAt(last - 1)));
}

TEST_F(FeedRetentionTest, ASnapshotIsOfItsPositionWhateverLeavesMeanwhile) {
  LiveThrough("2025-08-21", "2025-09-02");
  Make({.snapshot_page_watches = 2});
  const uint64_t at = LastSequence();
  Subscriber subscriber = Add(FlipFeed::WithSnapshot());
  EXPECT_EQ(subscriber.sink->Get(0).watches.size(), 2u);
  LiveThrough("2025-09-03", "2025-09-28");
  ASSERT_GT(First(), at + 1);
  feed_->Ready(subscriber.id);
  EXPECT_EQ(subscriber.sink->Get(1).watches.size(), 1u);
  feed_->Ready(subscriber.id);
  const Collector::Message complete = subscriber.sink->Get(2);
  EXPECT_TRUE(complete.snapshot_complete);
  EXPECT_EQ(complete.through, at);
  feed_->Ready(subscriber.id);
  ExpectLost(subscriber.sink->closed());  // and not the flips that came later as if they were the next ones
  EXPECT_EQ(subscriber.sink->count(), 3u);
}

TEST_F(FeedTest, DrainClosesEveryoneAndRefusesMore) {
  Subscriber subscriber = Add(FlipFeed::FromNow());
  feed_->Drain();
  EXPECT_EQ(subscriber.sink->closed().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(feed_->size(), 0u);
  EXPECT_EQ(Refusal(FlipFeed::FromNow()).code(), absl::StatusCode::kUnavailable);
  feed_->Ready(subscriber.id);  // ignored
  feed_->Remove(subscriber.id);
}

}  // namespace
}  // namespace leadlag
