#include "server/feed.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "core/clock.h"
#include "core/problem.h"
#include "server/feed_token.h"

namespace leadlag {
namespace {

// Of a flip's public form: at least what its numbers, dates, timestamps and alert name take.
constexpr size_t kFlipBytes = 288;
constexpr size_t kLabelBytes = 8;
// Of a message besides its flips: the token and the rest.
constexpr size_t kMessageBytes = 1'024;
// Districts whose last reads are kept while a thread is busy.
constexpr size_t kChunksMax = 64;
constexpr int kThreads = 2;
// How often stalled subscribers are looked for in the time after which they are.
constexpr int64_t kStalledLooks = 10;

constexpr std::string_view kNoLongerKept = "the flips that follow it are no longer kept (flip_retention_days)";

size_t BytesOf(const FlipRecord& flip) {
  size_t bytes = kFlipBytes + flip.team.size() + flip.expectation.size() + flip.source.size() + flip.by.size() + flip.note.size();
  for (const auto& [key, value] : flip.labels) bytes += kLabelBytes + key.size() + value.size();
  return bytes;
}

absl::Status Lost(std::string_view why) {
  return AsStatus(Problem{absl::StatusCode::kOutOfRange, "token",
                          std::string(why) + "; subscribe again with snapshot, which replaces all that you hold"});
}

absl::Status Draining() { return absl::UnavailableError("the service is draining; subscribe again with the last token"); }

absl::StatusOr<AlertRecord> ReadAlert(const DistrictReader& reader, uint64_t id) {
  const absl::StatusOr<std::optional<std::string>> bytes = reader->store().Get(AlertKey{reader->number(), id}.Encode());
  if (!bytes.ok()) return bytes.status();
  if (!*bytes) return absl::DataLossError(absl::StrCat("alert ", id, " is not stored; restore from a backup"));
  return DecodeAlertRecord(**bytes);
}

// `labels`: of the watch's open alert, so that what a snapshot shows open is closed by a flip that matches too; else today's.
bool MatchesWatch(const AlertFilter& filter, const std::string& team, const WatchStanding& standing, const Labels& labels) {
  const auto one_of = [](const std::vector<std::string>& wanted, const std::string& id) {
    return wanted.empty() || std::find(wanted.begin(), wanted.end(), id) != wanted.end();
  };
  if (filter.alerts_only && standing.record.alert == 0) return false;
  return filter.MatchesKind(standing.kind) && one_of(filter.teams, team) && one_of(filter.expectations, standing.expectation) &&
         Matches(labels, filter.labels);
}

}  // namespace

FlipFeed::FlipFeed(Engine* engine, FeedOptions options) : engine_(engine), options_(std::move(options)) {
  engine_->SetFlipListener([this](const std::string& district, uint64_t last) { OnFlips(district, last); });
  for (int i = 0; i < kThreads; ++i) threads_.emplace_back([this] { Run(); });
}

FlipFeed::~FlipFeed() {
  Drain();
  engine_->SetFlipListener(nullptr);
  {
    absl::MutexLock lock(&mu_);
    stopping_ = true;
    wake_.SignalAll();
  }
  for (std::thread& thread : threads_) thread.join();
}

// ---- Subscribing ---------------------------------------------------------------------------------------------------------------

absl::Status FlipFeed::MayAdd(bool snapshot) const {
  if (draining_) return Draining();
  if (subscriptions_.size() >= options_.subscriptions_max) {
    return absl::ResourceExhaustedError(absl::StrCat("there are ", subscriptions_.size(),
                                                     " subscribers already, the most this service takes; try again later"));
  }
  if (snapshot && snapshot_bytes_ >= options_.snapshot_bytes_max) {
    return absl::UnavailableError("too many snapshots are under way; try again soon");
  }
  return absl::OkStatus();
}

absl::StatusOr<uint64_t> FlipFeed::Add(const std::string& district, AlertFilter filter, const Start& start,
                                       std::shared_ptr<FeedSink> sink) {
  const bool snapshot = std::holds_alternative<WithSnapshot>(start);
  {
    absl::MutexLock lock(&mu_);
    if (absl::Status status = MayAdd(snapshot); !status.ok()) return status;
  }
  auto subscription = std::make_shared<Subscription>();
  subscription->district = district;
  subscription->filter_hash = filter.Hash();
  subscription->filter = std::move(filter);
  subscription->sink = std::move(sink);
  uint64_t last_sequence = 0;
  {
    const absl::StatusOr<DistrictReader> reader = engine_->Read(district);
    if (!reader.ok()) return reader.status();
    if (absl::Status status = StartAt(*reader, start, *subscription); !status.ok()) return status;
    last_sequence = (*reader)->last_sequence();
  }
  if (subscription->snapshot) {
    Order(*subscription->snapshot);  // outside the reader: the writer need not wait for it
    subscription->snapshot_bytes = subscription->snapshot->bytes;
  }

  absl::MutexLock lock(&mu_);
  if (absl::Status status = MayAdd(snapshot); !status.ok()) return status;
  subscription->id = ++last_id_;
  snapshot_bytes_ += subscription->snapshot_bytes;
  uint64_t& published = published_[district];
  published = std::max(published, last_sequence);
  subscriptions_.emplace(subscription->id, subscription);
  return subscription->id;
}

absl::Status FlipFeed::StartAt(const DistrictReader& reader, const Start& start, Subscription& subscription) {
  const uint64_t last = reader->last_sequence();
  subscription.incarnation = reader->incarnation();
  subscription.next = last + 1;
  subscription.from_earliest = std::holds_alternative<FromEarliest>(start);
  if (subscription.from_earliest) subscription.next = reader->first_sequence();
  if (std::holds_alternative<WithSnapshot>(start)) {
    absl::StatusOr<std::unique_ptr<Snapshot>> snapshot = TakeSnapshot(reader, subscription.filter);
    if (!snapshot.ok()) return snapshot.status();
    subscription.snapshot = *std::move(snapshot);
  }
  if (const std::string* const bytes = std::get_if<std::string>(&start)) {
    const absl::StatusOr<FeedToken> token = FeedToken::Decode(*bytes);
    if (!token.ok()) return token.status();
    if (token->district != subscription.district) {
      return InvalidField("token", "belongs to district " + Quoted(token->district) + "; send it to that one");
    }
    if (token->filter_hash != subscription.filter_hash) {
      return InvalidField("token", "belongs to another filter; send the filter it came with, or start anew");
    }
    if (token->incarnation != reader->incarnation()) return Lost("the district was restored from a backup since");
    if (token->sequence > last) return Lost("the district has no such flip any more");
    if (token->sequence + 1 < reader->first_sequence()) return Lost(kNoLongerKept);
    subscription.next = token->sequence + 1;
  }
  subscription.told_through = subscription.next - 1;
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<FlipFeed::Snapshot>> FlipFeed::TakeSnapshot(const DistrictReader& reader, const AlertFilter& filter) {
  const Interned& interned = reader->interned();
  const Labels no_labels;
  auto snapshot = std::make_unique<Snapshot>();
  snapshot->recalculating = reader->IsBehind(reader.now());
  std::map<uint32_t, uint32_t> teams, expectations, sources;  // interned number -> place in the snapshot's names
  const auto place_of = [](uint32_t number, const std::string& name, std::map<uint32_t, uint32_t>& places,
                           std::vector<std::string>& names) {
    const auto [place, added] = places.try_emplace(number, static_cast<uint32_t>(names.size()));
    if (added) names.push_back(name);
    return place->second;
  };
  const std::string no_team;
  absl::Status damage;
  reader->watches().ForEach([&](WatchId id, const WatchRecord& record) {
    const DistrictCatalog::TeamEntry* const entry = reader->catalog()->FindTeam(id.team);
    const Labels* labels = entry != nullptr && entry->team != nullptr ? &entry->team->labels : &no_labels;
    absl::StatusOr<AlertRecord> alert = AlertRecord{};
    if (record.alert != 0 && !filter.labels.empty()) {
      alert = ReadAlert(reader, record.alert);
      if (!alert.ok()) damage = alert.status();
      if (!alert.ok()) return;
      labels = &alert->labels;
    }
    WatchStanding standing = StandingOf(reader, id, record);
    const bool of_source = id.team == kNoTeam;
    const std::string& team = of_source ? no_team : interned.teams.NameOf(id.team);
    if (!MatchesWatch(filter, team, standing, *labels)) return;
    const uint32_t subject = of_source ? place_of(id.expectation, standing.source, sources, snapshot->sources)
                                       : place_of(id.expectation, standing.expectation, expectations, snapshot->expectations);
    snapshot->rows.push_back({place_of(id.team, team, teams, snapshot->teams), subject, record, standing.handling, standing.kind,
                              standing.severity});
  });
  if (!damage.ok()) return damage;
  snapshot->rows.shrink_to_fit();
  snapshot->bytes = sizeof(Snapshot) + snapshot->rows.size() * sizeof(SnapshotRow);
  for (const std::string& name : snapshot->teams) snapshot->bytes += sizeof(name) + name.size();
  return snapshot;
}

void FlipFeed::Order(Snapshot& snapshot) {
  // Sorts the names, and gives the rows their new places.
  const auto sort_names = [](std::vector<std::string>& names) {
    std::vector<uint32_t> order(names.size()), places(names.size());
    std::iota(order.begin(), order.end(), 0);
    std::sort(order.begin(), order.end(), [&names](uint32_t a, uint32_t b) { return names[a] < names[b]; });
    std::vector<std::string> sorted;
    for (uint32_t i = 0; i < order.size(); ++i) {
      places[order[i]] = i;
      sorted.push_back(std::move(names[order[i]]));
    }
    names = std::move(sorted);
    return places;
  };
  const std::vector<uint32_t> teams = sort_names(snapshot.teams);
  const std::vector<uint32_t> expectations = sort_names(snapshot.expectations), sources = sort_names(snapshot.sources);
  for (SnapshotRow& row : snapshot.rows) {
    row.team = teams[row.team];
    row.expectation = (row.kind == AlertKind::kSourceSilent ? sources : expectations)[row.expectation];
  }
  std::sort(snapshot.rows.begin(), snapshot.rows.end(), [](const SnapshotRow& a, const SnapshotRow& b) {
    return std::pair(a.team, a.expectation) < std::pair(b.team, b.expectation);
  });
}

void FlipFeed::Ready(uint64_t id) {
  absl::MutexLock lock(&mu_);
  const auto found = subscriptions_.find(id);
  if (found == subscriptions_.end() || found->second->state != State::kWaiting) return;
  const SubscriptionPtr& subscription = found->second;
  if (!MayRest(*subscription)) return Enqueue(subscription);
  // Most often it has read all there is, and the thread need not come by to see that.
  Park(subscription);
  if (deadlines_.begin()->second == subscription) wake_.Signal();  // the thread may mean to sleep for longer
}

void FlipFeed::Remove(uint64_t id) {
  absl::MutexLock lock(&mu_);
  const auto found = subscriptions_.find(id);
  if (found != subscriptions_.end()) Forget(SubscriptionPtr(found->second));
}

void FlipFeed::Drain() {
  std::vector<SubscriptionPtr> closing;
  {
    absl::MutexLock lock(&mu_);
    draining_ = true;
    for (const auto& [id, subscription] : subscriptions_) closing.push_back(subscription);
    for (const SubscriptionPtr& subscription : closing) Forget(subscription);
  }
  for (const SubscriptionPtr& subscription : closing) subscription->sink->Close(Draining());
}

size_t FlipFeed::size() const {
  absl::MutexLock lock(&mu_);
  return subscriptions_.size();
}

void FlipFeed::Wake() {
  absl::MutexLock lock(&mu_);
  wake_.SignalAll();
}

// On the writer's thread: no more than a note.
void FlipFeed::OnFlips(const std::string& district, uint64_t last_sequence) {
  absl::MutexLock lock(&mu_);
  uint64_t& published = published_[district];
  published = std::max(published, last_sequence);
  dirty_.insert(district);
  wake_.Signal();
}

// ---- The thread ----------------------------------------------------------------------------------------------------------------

void FlipFeed::Run() {
  Chunks chunks;
  while (SubscriptionPtr subscription = Take(chunks)) {
    const Step step = StepOf(*subscription, chunks);
    if (step != Step::kSent) Settle(subscription, step);
  }
}

FlipFeed::SubscriptionPtr FlipFeed::Take(Chunks& chunks) {
  absl::MutexLock lock(&mu_);
  while (!stopping_) {
    const int64_t now = Micros();
    EnqueueNews();
    EnqueueDue(now);
    EnqueueStalled(now);
    if (!queue_.empty()) {
      SubscriptionPtr subscription = std::move(queue_.front());
      queue_.pop_front();
      if (subscription->removed) continue;
      subscription->state = State::kRunning;
      return subscription;
    }
    chunks.clear();
    if (const std::optional<int64_t> look = NextLook()) {
      wake_.WaitWithTimeout(&mu_, absl::Microseconds(*look - now));
    } else {
      wake_.Wait(&mu_);
    }
  }
  return nullptr;
}

void FlipFeed::Settle(const SubscriptionPtr& subscription, Step step) {
  absl::MutexLock lock(&mu_);
  if (subscription->removed) return;
  switch (step) {
    case Step::kSent: return;  // Deliver has settled it: from then on the sink may call Ready
    case Step::kAgain: return Enqueue(subscription);
    case Step::kClosed: return Forget(subscription);
    case Step::kAtEnd:
      // News between the look at the log and now must not be slept through.
      return published_[subscription->district] >= subscription->next ? Enqueue(subscription) : Park(subscription);
  }
}

FlipFeed::Step FlipFeed::StepOf(Subscription& subscription, Chunks& chunks) {
  if (subscription.stalled) {
    subscription.sink->Cut(absl::UnavailableError("the subscriber has taken no message for too long; subscribe again with the last token"));
    return Step::kClosed;
  }
  if (subscription.snapshot) {
    const bool pages_left = subscription.snapshot->sent < subscription.snapshot->rows.size();
    if (pages_left) return SendSnapshotPage(subscription);
    const bool recalculating = subscription.snapshot->recalculating;
    subscription.snapshot.reset();
    return SendBookmark(subscription, /*snapshot_complete=*/true, recalculating);
  }
  return SendFlips(subscription, chunks);
}

FlipFeed::Step FlipFeed::SendSnapshotPage(Subscription& subscription) {
  Snapshot& snapshot = *subscription.snapshot;
  const size_t end = std::min(snapshot.sent + options_.snapshot_page_watches, snapshot.rows.size());
  FeedMessage message;
  message.watches.reserve(end - snapshot.sent);
  for (; snapshot.sent < end; ++snapshot.sent) {
    const SnapshotRow& row = snapshot.rows[snapshot.sent];
    WatchStanding standing{"", row.record, row.handling, row.kind, row.severity};
    if (row.kind == AlertKind::kSourceSilent) {
      standing.source = snapshot.sources[row.expectation];
    } else {
      standing.expectation = snapshot.expectations[row.expectation];
    }
    message.watches.push_back({snapshot.teams[row.team], std::move(standing)});
  }
  Deliver(subscription, std::move(message));
  return Step::kSent;
}

FlipFeed::Step FlipFeed::SendFlips(Subscription& subscription, Chunks& chunks) {
  uint64_t published = 0;
  {
    absl::MutexLock lock(&mu_);
    published = published_[subscription.district];
  }
  if (subscription.next > published) {
    return BookmarkAt(subscription) <= Micros() ? SendBookmark(subscription) : Step::kAtEnd;
  }
  const absl::StatusOr<Chunk*> chunk = ChunkAt(subscription.district, subscription.next, chunks);
  if (!chunk.ok()) {
    if (absl::IsOutOfRange(chunk.status()) && BeginsAnew(subscription)) return Step::kAgain;
    subscription.sink->Close(chunk.status());
    return Step::kClosed;
  }
  FeedMessage message;
  size_t bytes = kMessageBytes;
  std::vector<FeedFlip>& flips = (*chunk)->flips;
  for (size_t i = subscription.next - (*chunk)->from; i < flips.size(); ++i) {
    const TimelineFlip& flip = flips[i].flip;
    if (subscription.filter.MatchesFlip(flip.record)) {
      bytes += BytesOf(flip.record);
      if (bytes > kFlipMessageBytesMax && !message.flips.empty()) break;
      if (options_.encode && flips[i].bytes.empty()) flips[i].bytes = options_.encode(subscription.district, flip);
      message.flips.push_back(&flips[i]);
    }
    subscription.next = flip.sequence + 1;
  }
  if (message.flips.empty()) {
    const bool far = subscription.next - 1 - subscription.told_through >= options_.bookmark_flips;
    return far ? SendBookmark(subscription) : Step::kAgain;
  }
  message.through_sequence = subscription.next - 1;
  message.token = TokenOf(subscription, message.through_sequence);
  Deliver(subscription, std::move(message));
  return Step::kSent;
}

FlipFeed::Step FlipFeed::SendBookmark(Subscription& subscription, bool snapshot_complete, bool recalculating) {
  FeedMessage message;
  message.through_sequence = subscription.next - 1;
  message.token = TokenOf(subscription, message.through_sequence);
  message.snapshot_complete = snapshot_complete;
  message.recalculating = recalculating;
  Deliver(subscription, std::move(message));
  return Step::kSent;
}

void FlipFeed::Deliver(Subscription& subscription, FeedMessage message) {
  if (!message.token.empty()) {
    subscription.greeted = true;
    subscription.told_through = message.through_sequence;
  }
  subscription.last_message_micros = Micros();
  {
    // Before Send: the sink may say Ready before Send returns.
    absl::MutexLock lock(&mu_);
    if (subscription.removed) return;
    if (!subscription.snapshot) ReleaseSnapshot(subscription);
    subscription.state = State::kWaiting;
  }
  subscription.sink->Send(message);
}

int64_t FlipFeed::BookmarkAt(const Subscription& subscription) const {
  if (!subscription.greeted) return std::numeric_limits<int64_t>::min();
  const bool moved = subscription.next - 1 > subscription.told_through;
  return subscription.last_message_micros + (moved ? options_.moved_bookmark_micros : options_.idle_bookmark_micros);
}

absl::StatusOr<FlipFeed::Chunk*> FlipFeed::ChunkAt(const std::string& district, uint64_t next, Chunks& chunks) {
  const auto kept = chunks.find(district);
  if (kept != chunks.end() && kept->second.from <= next && next < kept->second.from + kept->second.flips.size()) {
    return &kept->second;
  }
  Chunk chunk{.from = next, .flips = {}};
  {
    const absl::StatusOr<DistrictReader> reader = engine_->Read(district);
    if (!reader.ok()) return reader.status();
    if (next < (*reader)->first_sequence()) return Lost(kNoLongerKept);
    absl::StatusOr<std::vector<TimelineFlip>> flips = ReadFlips(*reader, next, options_.flips_per_read);
    if (!flips.ok()) return flips.status();
    chunk.flips.reserve(flips->size());
    for (TimelineFlip& flip : *flips) chunk.flips.push_back({std::move(flip), {}});
  }
  // Dense: a gap in what is stored is damage, and must not become a gap in a stream.
  for (size_t i = 0; i < chunk.flips.size(); ++i) {
    if (chunk.flips[i].flip.sequence != next + i) return absl::DataLossError(absl::StrCat("flip ", next + i, " is missing"));
  }
  if (chunk.flips.empty()) return absl::DataLossError(absl::StrCat("flip ", next, " is missing"));
  if (chunks.size() >= kChunksMax) chunks.clear();
  Chunk& place = chunks[district];
  place = std::move(chunk);
  return &place;
}

// Who asked for the first flip that is kept, and has been told of none yet, has lost nothing.
bool FlipFeed::BeginsAnew(Subscription& subscription) const {
  if (!subscription.from_earliest || subscription.greeted) return false;
  const absl::StatusOr<DistrictReader> reader = engine_->Read(subscription.district);
  if (!reader.ok()) return false;
  subscription.next = (*reader)->first_sequence();
  subscription.told_through = subscription.next - 1;
  return true;
}

std::string FlipFeed::TokenOf(const Subscription& subscription, uint64_t through) const {
  return FeedToken{subscription.district, subscription.incarnation, through, subscription.filter_hash}.Encode();
}

int64_t FlipFeed::Micros() const { return options_.monotonic_micros ? options_.monotonic_micros() : MonotonicMicros(); }

// ---- Where a subscription is ---------------------------------------------------------------------------------------------------

void FlipFeed::Enqueue(const SubscriptionPtr& subscription) {
  subscription->state = State::kQueued;
  queue_.push_back(subscription);
  wake_.Signal();
}

void FlipFeed::Park(const SubscriptionPtr& subscription) {
  subscription->state = State::kParked;
  subscription->bookmark_at = BookmarkAt(*subscription);
  parked_[subscription->district].insert(subscription);
  deadlines_.emplace(*subscription->bookmark_at, subscription);
}

bool FlipFeed::MayRest(const Subscription& subscription) const {
  const auto published = published_.find(subscription.district);
  return subscription.greeted && !subscription.snapshot && published != published_.end() && published->second < subscription.next;
}

void FlipFeed::Unpark(const SubscriptionPtr& subscription) {
  const auto parked = parked_.find(subscription->district);
  parked->second.erase(subscription);
  if (parked->second.empty()) parked_.erase(parked);
  deadlines_.erase({*subscription->bookmark_at, subscription});
  subscription->bookmark_at.reset();
}

void FlipFeed::EnqueueNews() {
  for (const std::string& district : dirty_) {
    const auto parked = parked_.find(district);
    if (parked == parked_.end()) continue;
    const std::vector<SubscriptionPtr> subscriptions(parked->second.begin(), parked->second.end());
    for (const SubscriptionPtr& subscription : subscriptions) {
      Unpark(subscription);
      Enqueue(subscription);
    }
  }
  dirty_.clear();
}

void FlipFeed::EnqueueDue(int64_t now) {
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    const SubscriptionPtr subscription = deadlines_.begin()->second;
    Unpark(subscription);
    Enqueue(subscription);
  }
}

void FlipFeed::EnqueueStalled(int64_t now) {
  if (now < stalled_looked_ + options_.stalled_micros / kStalledLooks) return;
  stalled_looked_ = now;
  for (const auto& [id, subscription] : subscriptions_) {
    const bool waits = subscription->state == State::kWaiting && subscription->last_message_micros != 0;
    if (!waits || now - subscription->last_message_micros < options_.stalled_micros) continue;
    subscription->stalled = true;
    Enqueue(subscription);
  }
}

std::optional<int64_t> FlipFeed::NextLook() const {
  if (subscriptions_.empty()) return std::nullopt;
  const int64_t stalled = stalled_looked_ + options_.stalled_micros / kStalledLooks;
  return deadlines_.empty() ? stalled : std::min(stalled, deadlines_.begin()->first);
}

void FlipFeed::Forget(const SubscriptionPtr& subscription) {
  if (subscription->removed) return;
  subscription->removed = true;
  if (subscription->state == State::kParked) Unpark(subscription);
  ReleaseSnapshot(*subscription);
  subscriptions_.erase(subscription->id);  // one that is queued goes when its turn comes
}

void FlipFeed::ReleaseSnapshot(Subscription& subscription) {
  snapshot_bytes_ -= subscription.snapshot_bytes;
  subscription.snapshot_bytes = 0;
}

}  // namespace leadlag
