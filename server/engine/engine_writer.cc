// The writer: takes what has queued, stamps it, makes it durable with one fsync, applies it, publishes, and answers. While one cycle of
// that is applied the next goes into the log, where nothing in the first decides what becomes of the second.
#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/limits.h"
#include "server/engine/applying.h"
#include "server/engine/engine_impl.h"
#include "server/engine/evidence_parts.h"

namespace leadlag {
namespace {

// A catalog whose bytes pass this is logged in parts, so that no command passes a group's limit.
constexpr size_t kCatalogPartBytes = kGroupBytesMax / 2;
// Watches of one district's commands in one cycle of the writer; what is more goes round, so that other districts do not wait for it.
constexpr size_t kCycleWatches = 20 * kWatchesPerCommand;
// What pending work moves on by while others wait for the writer: some two milliseconds.
constexpr uint32_t kWatchesWhileOthersWait = 400;
static_assert(2 * kMaxExpectations <= kWatchesWhileOthersWait);  // a team is not cut
// Between two looks at a log whose end is in doubt.
constexpr int64_t kLookAgainMicros = 1'000'000;

// Whether the error says that what is stored is not what was, rather than that it cannot be reached now.
bool IsUntrustworthy(const absl::Status& status) {
  return absl::IsDataLoss(status) || absl::IsFailedPrecondition(status);
}

}  // namespace

void Engine::Impl::Run() {
  std::optional<Cycle> logged;  // and not applied yet
  std::vector<Pending> taken;
  while (true) {
    if (!logged) {
      if (!Take(/*wait=*/true, taken)) break;
      if (const absl::Status status = checkpointer_->Await(); !status.ok()) {
        RefuseAll(std::exchange(taken, {}), status);
        continue;
      }
      ByDistrict commands = Begin(std::exchange(taken, {}));
      if (!commands.empty()) {
        logged = Sort(std::move(commands));
        logged->outcomes = appender_->Append(GroupsOf(*logged));
      }
      continue;
    }
    // While it is applied, what has come meanwhile goes into the log.
    std::optional<Cycle> next;
    if (MayBeginBefore(*logged) && Take(/*wait=*/false, taken)) {
      ByDistrict commands = Begin(std::exchange(taken, {}));
      if (!commands.empty()) next = Sort(std::move(commands));
    }
    if (next) appender_->Start(GroupsOf(*next));
    Finish(*std::move(logged));
    if (next) next->outcomes = appender_->Wait();
    logged = std::move(next);
  }
  // What still waits behind a catalog change is answered, not forgotten.
  std::vector<Pending> waiting;
  {
    absl::MutexLock lock(&state_mu_);
    for (auto& [id, owned] : districts_) {
      if (owned.waiting) waiting.push_back(*std::exchange(owned.waiting, std::nullopt));
    }
  }
  for (Pending& pending : waiting) pending.callback(absl::UnavailableError("the service is stopping; try again soon"));
}

bool Engine::Impl::Take(bool wait, std::vector<Pending>& taken) {
  absl::MutexLock lock(&queue_mu_);
  const auto ready = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(queue_mu_) {
    return !queue_.empty() || !going_round_.empty() || stopping_ || (has_work_ && health_.ok());
  };
  if (!wait && queue_.empty() && going_round_.empty()) return false;  // pending work alone is not begun before what it may end with
  if (!ready()) {
    idle_ = true;
    queue_mu_.Await(absl::Condition(&ready));
    idle_ = false;
  }
  if (queue_.empty() && going_round_.empty() && stopping_) {
    idle_ = true;
    return false;
  }
  // Ticks first, then what has waited longest.
  size_t bytes = 0;
  const auto take = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(queue_mu_) {
    bytes += queue_.front().bytes;
    taken.push_back(std::move(queue_.front()));
    queue_.pop_front();
  };
  while (!queue_.empty() && std::holds_alternative<TickCommand>(queue_.front().body)) take();
  for (Pending& pending : going_round_) taken.push_back(std::move(pending));
  going_round_.clear();
  while (!queue_.empty() && bytes < kWriterCycleBytes) take();
  return true;
}

// A catalog waits while the one before it is worked through. Evidence does not, not even behind one that waits.
bool Engine::Impl::MustWait(const Pending& pending, const Owned& owned, const std::vector<Logged>& commands) const {
  if (!ChangesCatalog(pending.body)) return false;
  if (owned.state->recalculating()) return true;
  return std::any_of(commands.begin(), commands.end(), [](const Logged& l) { return ChangesCatalog(l.command.body); });
}

void Engine::Impl::Stamp(Pending pending, Owned& owned, ByDistrict& commands) {
  std::vector<Logged>& stamped = commands[&owned];
  size_t watches = kWatchesPerCommand;
  // What follows a catalog is stamped by a state that has it (SplitEvidence).
  owned.goes_round = owned.goes_round || ChangesCatalog(pending.body);
  const auto add = [&](CommandBody body, Callback callback) {
    owned.last_time = Instant{std::max(clock_.Now().micros, owned.last_time.micros + 1)};
    stamped.push_back({&owned, ++owned.last_position, Command{owned.last_time, pending.principal, std::move(body)}, std::move(callback),
                       watches});
    owned.cycle_watches += watches;
  };
  // Before anything is judged it is known that nobody could be heard: the tick that says so may come later than this.
  const bool gap = options_.ticks_each_minute && owned.state->exists() && clock_.Now().micros - owned.last_time.micros >= kDowntimeMicros;
  if (gap && !std::holds_alternative<TickCommand>(pending.body)) add(TickCommand{.resumed = true}, nullptr);
  if (auto* evidence = std::get_if<RecordEvidenceCommand>(&pending.body)) {
    std::vector<EvidencePart> parts = SplitEvidence(*owned.state, std::move(*evidence), clock_.Now());
    if (parts.size() > 1) pending.callback = JoinAnswers(parts, std::move(pending.callback));
    std::optional<Instant> began;
    for (EvidencePart& part : parts) {
      watches = part.watches;
      part.command.batch_began = began;
      add(std::move(part.command), pending.callback);
      if (!began) began = owned.last_time;
    }
    return;
  }
  if (std::holds_alternative<HandleAlertCommand>(pending.body)) watches = 1;
  if (auto* apply = std::get_if<ApplyCatalogCommand>(&pending.body)) {
    ByteWriter out;
    PutCatalog(out, apply->catalog);
    PutZones(out, apply->zones);
    if (out.size() > kCatalogPartBytes) {
      const std::string bytes = std::move(out).Take();
      for (size_t at = 0; at < bytes.size(); at += kCatalogPartBytes) {
        add(StageCatalogCommand{at == 0, bytes.substr(at, kCatalogPartBytes)}, nullptr);
      }
      apply->catalog = {};
      apply->zones.clear();
      apply->staged = true;
    }
  }
  add(std::move(pending.body), std::move(pending.callback));
}

void Engine::Impl::StampWaiting(Owned& owned, ByDistrict& commands) {
  if (!owned.waiting || !owned.doubt.ok() || MustWait(*owned.waiting, owned, commands[&owned])) return;
  Stamp(*std::exchange(owned.waiting, std::nullopt), owned, commands);
}

absl::Status Engine::Impl::Admit(Pending& pending, ByDistrict& commands) {
  const bool creates = std::holds_alternative<ApplyCatalogCommand>(pending.body);
  const absl::StatusOr<Owned*> found = OwnedFor(pending.district, creates);
  if (!found.ok()) return found.status();
  if (*found == nullptr || (!creates && !(*found)->state->exists())) return NoDistrict(pending.district);
  Owned& owned = **found;
  if (!EndDoubt(owned)) return InDoubt(owned.doubt);
  if (pending.ticket <= owned.refused_through && !std::holds_alternative<TickCommand>(pending.body)) {
    return absl::UnavailableError("the command log did not take what came before it; send it again");
  }
  if (ChangesCatalog(pending.body)) StampWaiting(owned, commands);  // which came first
  if (!MustWait(pending, owned, commands[&owned])) {
    Stamp(std::move(pending), owned, commands);
    return absl::OkStatus();
  }
  if (owned.waiting) {
    return absl::UnavailableError("a catalog change is being worked through and another one waits for it; try again when it is done");
  }
  owned.waiting = std::move(pending);
  return absl::OkStatus();
}

bool Engine::Impl::MustGoRound(const Pending& pending) {
  if (std::holds_alternative<TickCommand>(pending.body)) return false;
  const auto found = districts_.find(pending.district);
  if (found == districts_.end()) return false;
  Owned& owned = found->second;
  owned.goes_round = owned.goes_round || owned.cycle_watches >= kCycleWatches;  // and nothing overtakes what does
  return owned.goes_round;
}

// None where all of it was refused, waits, or goes round.
Engine::Impl::ByDistrict Engine::Impl::Begin(std::vector<Pending> taken) {
  ByDistrict commands;
  size_t bytes = 0;  // that wait no more
  std::vector<std::pair<Callback, absl::Status>> refused;
  {
    absl::MutexLock lock(&state_mu_);  // districts may be added
    for (auto& [id, owned] : districts_) {
      owned.cycle_watches = 0;
      owned.goes_round = false;
    }
    for (Pending& pending : taken) {
      if (MustGoRound(pending)) {
        going_round_.push_back(std::move(pending));
        continue;
      }
      bytes += pending.bytes;
      const absl::Status status = Admit(pending, commands);
      if (!status.ok()) refused.emplace_back(std::move(pending.callback), status);
    }
    for (auto& [id, owned] : districts_) StampWaiting(owned, commands);
    AddContinues(commands);
  }
  std::erase_if(commands, [](const auto& entry) { return entry.second.empty(); });
  {
    absl::MutexLock lock(&queue_mu_);
    queue_bytes_ -= bytes;
  }
  for (auto& [callback, status] : refused) callback(status);
  if (commands.empty()) NoteWork();
  return commands;
}

void Engine::Impl::NoteWork() {
  const bool work = AnyPendingWork();
  absl::MutexLock lock(&queue_mu_);
  has_work_ = work;
}

// A catalog that waits may have been queued behind what was refused.
void Engine::Impl::RefuseWaiting(Owned& owned) {
  std::optional<Pending> waiting = std::exchange(owned.waiting, std::nullopt);
  if (waiting) waiting->callback(absl::UnavailableError("what came before it was not taken; send it again"));
}

void Engine::Impl::RefuseAll(std::vector<Pending> taken, const absl::Status& status) {
  std::set<Owned*> districts;
  {
    absl::MutexLock lock(&state_mu_);
    absl::MutexLock queue_lock(&queue_mu_);
    for (const Pending& pending : taken) {
      queue_bytes_ -= pending.bytes;
      const auto found = districts_.find(pending.district);
      if (found == districts_.end()) continue;
      found->second.refused_through = last_ticket_;
      districts.insert(&found->second);
    }
  }
  for (Pending& pending : taken) pending.callback(status);
  for (Owned* owned : districts) RefuseWaiting(*owned);
}

// Pending work moves on by one bounded command a cycle, so that evidence never waits behind all of it.
void Engine::Impl::AddContinues(ByDistrict& commands) {
  bool others_wait = !going_round_.empty() ||
                     std::any_of(commands.begin(), commands.end(), [](const auto& entry) { return !entry.second.empty(); });
  {
    absl::MutexLock lock(&queue_mu_);
    others_wait = others_wait || !queue_.empty();
  }
  const uint32_t watches_max = others_wait ? kWatchesWhileOthersWait : kWatchesPerCommand;
  for (auto& [id, owned] : districts_) {
    if (!owned.doubt.ok() || !owned.state->HasPendingWork(clock_.Now())) continue;
    Stamp({id, ContinueCommand{watches_max}, "", nullptr, 0}, owned, commands);
  }
}

bool Engine::Impl::AnyPendingWork() const {
  absl::ReaderMutexLock lock(&state_mu_);
  return std::any_of(districts_.begin(), districts_.end(), [&](const auto& entry) {
    if (!entry.second.doubt.ok()) return false;  // the next command looks again
    return entry.second.state->HasPendingWork(clock_.Now()) || entry.second.waiting;
  });
}

// The fate of a group is unknown: owns the district again and looks. OK: it is durable. ABORTED: it certainly is not. DATA_LOSS or
// FAILED_PRECONDITION: the log cannot be trusted. Another error: not known yet.
absl::Status Engine::Impl::Resolve(Owned& owned, const std::vector<Logged>& group) {
  const uint64_t expected_position = group.front().position - 1;
  absl::StatusOr<Ownership> own = log_->Own(owned.state->id());
  if (!own.ok()) return own.status();
  owned.epoch = own->epoch;
  if (own->last_position <= expected_position) {  // less: a group before it was not written either
    owned.last_position = own->last_position;
    return absl::AbortedError("not written");
  }
  absl::StatusOr<std::vector<LoggedGroup>> logged =
      log_->Read(owned.state->number(), expected_position + 1, kGroupBytesMax);
  if (!logged.ok()) return logged.status();
  std::vector<std::string> commands;
  for (const Logged& l : group) commands.push_back(EncodeCommand(l.command));
  // What follows it may be the next group of the same append.
  if (!logged->empty() && logged->front().commands == commands) return absl::OkStatus();
  return absl::FailedPreconditionError("another process has written to this district's log");
}

bool Engine::Impl::EndDoubt(Owned& owned) {
  if (owned.doubt.ok()) return true;
  if (MonotonicMicros() < owned.look_again_micros) return false;
  owned.look_again_micros = MonotonicMicros() + kLookAgainMicros;
  const absl::StatusOr<Ownership> own = log_->Own(owned.state->id());
  absl::Status status = own.status();
  if (own.ok()) {
    owned.epoch = own->epoch;
    owned.last_position = own->last_position;
    // What turns out to be durable was not acknowledged, and counts: whoever sends it again is told that it is there.
    status = Replay(owned);
    owned.last_time = std::max(owned.last_time, owned.state->last_time());
  }
  owned.doubt = status;
  if (IsUntrustworthy(status)) StopWith(status);
  return status.ok();
}

Engine::Impl::Cycle Engine::Impl::Sort(ByDistrict by_district) {
  Cycle cycle;
  for (auto& [owned, commands] : by_district) {
    size_t bytes = kGroupBytesMax;  // the first command opens a group
    size_t group_watches = 0;
    for (Logged& command : commands) {
      command.bytes = EncodeCommand(command.command);
      cycle.changes_catalog = cycle.changes_catalog || ChangesCatalog(command.command.body);
      if (bytes + command.bytes.size() > kGroupBytesMax || group_watches + command.watches > kWatchesPerCommand) {
        cycle.groups.emplace_back();
        bytes = group_watches = 0;
      }
      group_watches += command.watches;
      bytes += command.bytes.size();
      cycle.bytes += command.bytes.size();
      cycle.groups.back().push_back(std::move(command));
    }
  }
  return cycle;
}

std::vector<Group> Engine::Impl::GroupsOf(Cycle& cycle) {
  std::vector<Group> groups;
  for (std::vector<Logged>& commands : cycle.groups) {
    const Owned& owned = *commands.front().owned;
    Group& group = groups.emplace_back(Group{owned.state->number(), owned.epoch, commands.front().position - 1, {}});
    for (Logged& command : commands) group.commands.push_back(std::exchange(command.bytes, {}));
  }
  return groups;
}

// What is stamped goes by the state before: a catalog, by which evidence is cut, has to be in it, and so has whatever went wrong.
bool Engine::Impl::MayBeginBefore(const Cycle& cycle) const {
  if (cycle.changes_catalog || !Health().ok() || !checkpointer_->Fits()) return false;
  for (size_t i = 0; i < cycle.groups.size(); ++i) {
    if (cycle.outcomes[i] != AppendOutcome::kCommitted || !cycle.groups[i].front().owned->doubt.ok()) return false;
  }
  return true;
}

absl::Status Engine::Impl::FateOf(const std::vector<Logged>& group, AppendOutcome outcome) {
  Owned& owned = *group.front().owned;
  if (absl::Status health = Health(); !health.ok()) return health;
  if (!owned.doubt.ok()) return owned.doubt;
  if (outcome == AppendOutcome::kCommitted) return absl::OkStatus();
  absl::Status fate = Resolve(owned, group);
  absl::MutexLock lock(&state_mu_);
  owned.doubt = absl::IsAborted(fate) ? absl::OkStatus() : fate;
  if (IsUntrustworthy(fate)) StopWith(fate);
  return fate;
}

// Nothing of it is applied, published or acknowledged. What follows it in this district was fenced, and the district goes on from where
// its log ends.
void Engine::Impl::Refuse(std::vector<Logged>& group, const absl::Status& fate) {
  Owned& owned = *group.front().owned;
  {
    absl::MutexLock lock(&queue_mu_);
    owned.refused_through = last_ticket_;
  }
  RefuseWaiting(owned);
  for (Logged& l : group) {
    if (!l.callback) continue;
    l.callback(absl::UnavailableError(
        absl::IsAborted(fate) ? std::string("the command log did not take it; send it again")
                              : absl::StrCat("the command log may not have taken it; send it again: ", fate.message())));
  }
}

void Engine::Impl::Finish(Cycle cycle) {
  uint64_t records = 0;
  std::map<std::string, uint64_t> sequences;
  bool tick_moved = false;
  for (size_t i = 0; i < cycle.groups.size(); ++i) {
    std::vector<Logged>& group = cycle.groups[i];
    if (const absl::Status fate = FateOf(group, cycle.outcomes[i]); !fate.ok()) {
      Refuse(group, fate);
      continue;
    }
    Owned& owned = *group.front().owned;
    for (const Logged& l : group) records += RecordsOf(l.command);
    const std::optional<Instant> due_before = owned.state->NextDue();
    std::vector<absl::StatusOr<Outcome>> results = Apply(group);
    const std::optional<Instant> due = owned.state->NextDue();
    tick_moved = tick_moved || (due && (!due_before || *due < *due_before));
    const absl::Status health = Health();
    if (health.ok() && owned.state->last_sequence() > owned.told_sequence) {
      sequences[owned.state->id()] = owned.told_sequence = owned.state->last_sequence();
    }
    for (size_t j = 0; j < group.size(); ++j) {
      if (group[j].callback) group[j].callback(health.ok() ? std::move(results[j]) : Refusal(health));
    }
  }
  Publish(sequences, tick_moved || !Health().ok());  // whoever ticks is to see that
  checkpointer_->Add(cycle.bytes, records);
  NoteWork();
}

// Applies a durable group and makes it readable at one stroke.
std::vector<absl::StatusOr<Outcome>> Engine::Impl::Apply(const std::vector<Logged>& group) {
  absl::MutexLock lock(&state_mu_);
  Batch batch = directory_->store().NewBatch();
  std::vector<absl::StatusOr<Outcome>> outcomes;
  absl::Status fatal;
  for (const Logged& l : group) {
    outcomes.push_back(fatal.ok() ? l.owned->state->Apply(l.position, l.command, batch, fatal) : fatal);
  }
  if (fatal.ok()) {
    directory_->store().Commit(batch);
  } else {
    StopWith(fatal);
  }
  return outcomes;
}

void Engine::Impl::Publish(const std::map<std::string, uint64_t>& sequences, bool tick_moved) {
  FlipListener listener;
  std::function<void()> tick_listener;
  {
    absl::MutexLock lock(&queue_mu_);
    listener = listener_;
    tick_listener = tick_listener_;
  }
  if (tick_moved && tick_listener) tick_listener();
  if (!listener) return;
  for (const auto& [district, sequence] : sequences) listener(district, sequence);
}

// The state in memory, or the log, can no longer be trusted: nothing is taken any more.
void Engine::Impl::StopWith(absl::Status status) {
  absl::MutexLock lock(&queue_mu_);
  if (health_.ok()) health_ = std::move(status);
}

}  // namespace leadlag
