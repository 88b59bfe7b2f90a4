// The alert feed: many cursors into the flip logs, moved on by two threads. It keeps the promises of alert_service.proto.
//
// Concepts. A subscription is a cursor: district, filter, the next sequence. There is no buffer a subscriber: flips wait in the log, which
// is there anyway, and a subscription has at most one message with its sink. Until the sink says it can take the next, its cursor
// stands; so a slow reader costs nobody else anything. What subscribers at the same place read is read once, by each thread.
//   snapshot     the matching watches and the last sequence, taken in one DistrictReader and handed out in pages; flips made meanwhile
//                wait in the log. The bytes of all snapshots under way are bounded (kSnapshotBytesMax).
//   lost         where retention has taken off the flip that a cursor looks at next, the subscription ends with OUT_OF_RANGE, whether it
//                begins there or stands there: never a silent gap. What a thread has read already it still sends.
//   stalled      a subscriber whose last message has not been taken for long is cut off (kStalledMicros): it holds a snapshot perhaps, and
//                what its connection buffers. It loses nothing, for its last token is good.
//   bookmark     a message of nothing but a token: first thing for a subscriber that has nothing to read; when flips that did not
//                match have moved the cursor; and when nothing happened for a while.
// The engine's writer only marks districts here and wakes a thread. Two of them: while a message of one goes through the kernel the
// other hands over the next, and messages to one connection are sent together.
//
// Knows neither gRPC nor the public messages: rpc/alert_service is the sink. Thread safe. Lock order: none is held while a sink or the
// engine is called.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "core/limits.h"
#include "server/engine/engine.h"
#include "server/engine/queries.h"

namespace leadlag {

// A flip on its way to subscribers.
struct FeedFlip {
  TimelineFlip flip;
  std::string bytes;  // by FeedOptions::encode; made once, for however many it goes to
};

// One message. Exactly one of: flips, watches (a page of a snapshot), or neither (a bookmark; with snapshot_complete the end of one).
struct FeedMessage {
  struct StandingWatch {
    std::string team;  // id; empty of a source
    WatchStanding standing;
  };
  std::vector<const FeedFlip*> flips;      // borrowed until Send returns; in order of sequence
  std::vector<StandingWatch> watches;      // by team, then expectation
  std::string token;                       // empty while a snapshot is under way
  bool snapshot_complete = false;
  bool recalculating = false;     // with snapshot_complete: work was pending when it was taken
  uint64_t through_sequence = 0;  // every flip up to it has been sent or does not match; 0 while a snapshot is under way
};

// Where a subscription's messages go. Called by the feed's threads, and Close also by Drain's, never with a lock held. A Send may begin
// before the one returns in which Ready was called. A Send that was
// under way may come after Drain's Close: it is to be ignored.
class FeedSink {
 public:
  virtual ~FeedSink() = default;
  // Takes one message; the next one comes after FlipFeed::Ready.
  virtual void Send(const FeedMessage& message) = 0;
  // The subscription is over: why. What is under way is delivered first.
  virtual void Close(const absl::Status& status) = 0;
  // The same, without waiting for what is under way, which nobody takes.
  virtual void Cut(const absl::Status& status) = 0;
};

struct FeedOptions {
  // An idle subscriber gets a bookmark after so long; one whose cursor moved without a message, sooner.
  int64_t idle_bookmark_micros = 15'000'000;
  int64_t moved_bookmark_micros = 1'000'000;
  int64_t stalled_micros = kStalledMicros;
  size_t subscriptions_max = kAlertStreamsMax;
  size_t snapshot_bytes_max = kSnapshotBytesMax;
  size_t flips_per_read = kFlipsPerReadMax;
  size_t snapshot_page_watches = kSnapshotPageWatches;
  uint64_t bookmark_flips = kBookmarkFlips;
  // A flip as the sinks send it; null: their business. Called by several threads.
  std::function<std::string(const std::string& district, const TimelineFlip&)> encode;
  // For tests: time for bookmarks; null: MonotonicMicros. After moving it call Wake.
  std::function<int64_t()> monotonic_micros;
};

class FlipFeed {
 public:
  struct FromNow {};
  struct FromEarliest {};
  struct WithSnapshot {};
  using Start = std::variant<FromNow, FromEarliest, WithSnapshot, std::string>;  // the last: a token

  // Listens to `engine` (borrowed: must be stopped before this is destroyed, and outlive it) from now on.
  FlipFeed(Engine* engine, FeedOptions options);
  // Drains, and joins the threads. REQUIRES: the engine has been stopped.
  ~FlipFeed();
  FlipFeed(const FlipFeed&) = delete;
  FlipFeed& operator=(const FlipFeed&) = delete;

  // A subscription, which waits for its first Ready. NOT_FOUND: no such district. INVALID_ARGUMENT (field "token"): malformed, or of
  // another district or filter. OUT_OF_RANGE: the token is from before a restore, or what comes after it is no longer kept.
  // RESOURCE_EXHAUSTED: too many. UNAVAILABLE: draining, or too many snapshots are under way.
  absl::StatusOr<uint64_t> Add(const std::string& district, AlertFilter filter, const Start& start,
                               std::shared_ptr<FeedSink> sink);
  // The sink can take the next message. Call it once after Add, and once after each message. Unknown ids are ignored.
  void Ready(uint64_t id);
  // Forgets a subscription. The sink may still get the call that is under way.
  void Remove(uint64_t id);

  // Closes every subscription with UNAVAILABLE and refuses new ones. Idempotent.
  void Drain();

  size_t size() const;
  // Wakes the threads, which look at the time anew: before flips are to come, and for tests that move time.
  void Wake();

 private:
  // Of one watch in a snapshot: numbers into Snapshot::teams and ::expectations.
  struct SnapshotRow {
    uint32_t team = 0;
    uint32_t expectation = 0;  // or, of a source's watch, the source
    WatchRecord record;
    AlertHandling handling;
    AlertKind kind = AlertKind::kSignalOverdue;
    Severity severity = Severity::kWarning;
  };
  struct Snapshot {
    std::vector<std::string> teams;  // sorted, as the next two; a source's is ""
    std::vector<std::string> expectations;
    std::vector<std::string> sources;
    std::vector<SnapshotRow> rows;  // by team, then expectation
    size_t sent = 0;                // of rows
    bool recalculating = false;     // as in FeedMessage
    size_t bytes = 0;
  };
  // Flips [from, from + flips.size()) of a district's log.
  struct Chunk {
    uint64_t from = 1;
    std::vector<FeedFlip> flips;
  };
  enum class State {
    kWaiting,  // a message is with the sink, or Ready has not been called yet
    kQueued,   // in queue_
    kRunning,  // a thread works on it
    kParked,   // at the end of the log
  };
  struct Subscription {
    uint64_t id = 0;
    std::string district;
    AlertFilter filter;
    uint64_t filter_hash = 0;
    uint64_t incarnation = 0;
    std::shared_ptr<FeedSink> sink;
    // Its thread's own while the subscription runs; otherwise read under mu_ of the feed.
    uint64_t next = 1;             // the sequence to look at next
    bool from_earliest = false;
    uint64_t told_through = 0;     // of the last message
    bool greeted = false;          // a message with a token has been sent
    int64_t last_message_micros = 0;     // 0: there was none
    std::unique_ptr<Snapshot> snapshot;  // while under way
    // Guarded by mu_ of the feed.
    State state = State::kWaiting;
    bool removed = false;
    bool stalled = false;                // queued to be cut
    std::optional<int64_t> bookmark_at;  // while parked: its place in deadlines_
    size_t snapshot_bytes = 0;           // counted in snapshot_bytes_
  };
  using SubscriptionPtr = std::shared_ptr<Subscription>;
  // What a thread read last of each district, until it has nothing to do; each thread has its own.
  using Chunks = std::map<std::string, Chunk>;
  // What a step of a thread came to.
  enum class Step { kSent, kAgain, kAtEnd, kClosed };

  absl::Status MayAdd(bool snapshot) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Sets the cursor, and takes the snapshot asked for (not yet in order).
  static absl::Status StartAt(const DistrictReader& reader, const Start& start, Subscription& subscription);
  // DATA_LOSS for damaged bytes.
  static absl::StatusOr<std::unique_ptr<Snapshot>> TakeSnapshot(const DistrictReader& reader, const AlertFilter& filter);
  static void Order(Snapshot& snapshot);

  void Run();
  // The next one to work on; null: stop.
  SubscriptionPtr Take(Chunks& chunks);
  void Settle(const SubscriptionPtr& subscription, Step step);
  Step StepOf(Subscription& subscription, Chunks& chunks);
  Step SendSnapshotPage(Subscription& subscription);
  Step SendFlips(Subscription& subscription, Chunks& chunks);
  Step SendBookmark(Subscription& subscription, bool snapshot_complete = false, bool recalculating = false);
  // When the next bookmark is wanted if nothing else is sent.
  int64_t BookmarkAt(const Subscription& subscription) const;
  void Deliver(Subscription& subscription, FeedMessage message);
  // The chunk that holds sequence `next`, which has been published. OUT_OF_RANGE where it is no longer kept, DATA_LOSS where it is not
  // stored. Valid until the next call.
  absl::StatusOr<Chunk*> ChunkAt(const std::string& district, uint64_t next, Chunks& chunks);
  // Whether the subscription, whose next flip is no longer kept, may begin with the first one that is; then it does.
  bool BeginsAnew(Subscription& subscription) const;
  std::string TokenOf(const Subscription& subscription, uint64_t through) const;
  int64_t Micros() const;

  void Enqueue(const SubscriptionPtr& subscription) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Park(const SubscriptionPtr& subscription) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Whether there is nothing to send it now. REQUIRES: it does not run.
  bool MayRest(const Subscription& subscription) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Unpark(const SubscriptionPtr& subscription) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void EnqueueNews() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void EnqueueDue(int64_t now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Looks for stalled ones now and then.
  void EnqueueStalled(int64_t now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // The time at which a thread has something to do though nothing wakes it; none: never.
  std::optional<int64_t> NextLook() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Forget(const SubscriptionPtr& subscription) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void ReleaseSnapshot(Subscription& subscription) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void OnFlips(const std::string& district, uint64_t last_sequence);

  Engine* const engine_;
  const FeedOptions options_;

  mutable absl::Mutex mu_;
  absl::CondVar wake_;
  std::map<uint64_t, SubscriptionPtr> subscriptions_ ABSL_GUARDED_BY(mu_);
  std::deque<SubscriptionPtr> queue_ ABSL_GUARDED_BY(mu_);
  std::map<std::string, std::set<SubscriptionPtr>> parked_ ABSL_GUARDED_BY(mu_);           // by district
  std::set<std::pair<int64_t, SubscriptionPtr>> deadlines_ ABSL_GUARDED_BY(mu_);           // of the parked: when to bookmark
  std::map<std::string, uint64_t> published_ ABSL_GUARDED_BY(mu_);                         // last sequences heard of
  std::set<std::string> dirty_ ABSL_GUARDED_BY(mu_);                                       // districts with news for the parked
  uint64_t last_id_ ABSL_GUARDED_BY(mu_) = 0;
  size_t snapshot_bytes_ ABSL_GUARDED_BY(mu_) = 0;
  int64_t stalled_looked_ ABSL_GUARDED_BY(mu_) = 0;  // when they were looked for last
  bool draining_ ABSL_GUARDED_BY(mu_) = false;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;

  std::vector<std::thread> threads_;
};

}  // namespace leadlag
