#include "server/engine/engine.h"

#include <algorithm>
#include <atomic>
#include <deque>
#include <map>
#include <random>
#include <set>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "core/check.h"
#include "core/limits.h"
#include "server/engine/applying.h"
#include "server/engine/checkpointer.h"
#include "server/engine/evidence_parts.h"
#include "server/engine/zone_database.h"
#include "storage/command_log.h"
#include "storage/data_directory.h"

namespace leadlag {
namespace {

// A catalog whose bytes pass this is logged in parts, so that no command passes a group's limit.
constexpr size_t kCatalogPartBytes = kGroupBytesMax / 2;
// Watches of one district's commands in one cycle of the writer; what is more goes round, so that other districts do not wait for it.
constexpr size_t kCycleWatches = 20 * kWatchesPerCommand;
// Between two looks at a log whose end is in doubt.
constexpr int64_t kLookAgainMicros = 1'000'000;
constexpr int64_t kTickMicros = kMicrosPerMinute;

// Whether the error says that what is stored is not what was, rather than that it cannot be reached now.
bool IsUntrustworthy(const absl::Status& status) {
  return absl::IsDataLoss(status) || absl::IsFailedPrecondition(status);
}

// What a command is refused with when the engine's health is lost.
absl::Status Refusal(const absl::Status& health) {
  if (absl::IsDataLoss(health)) return health;
  return absl::UnavailableError(absl::StrCat("the service cannot go on: ", health.message()));
}

absl::Status InDoubt(const absl::Status& doubt) {
  return absl::UnavailableError(
      absl::StrCat("the command log cannot be written now; try again with backoff: ", doubt.message()));
}

absl::Status NoDistrict(std::string_view district) {
  return AsStatus(Problem{absl::StatusCode::kNotFound, "",
                          absl::StrCat("there is no district \"", std::string(district), "\"; apply its catalog first")});
}

}  // namespace

class Engine::Impl {
 public:
  explicit Impl(EngineOptions options)
      : options_(std::move(options)), clock_(options_.clock ? *options_.clock : SystemClock()) {}
  ~Impl() { Stop(); }

  absl::Status Open();
  void Submit(std::string district, CommandBody body, std::string principal, Callback callback);
  absl::StatusOr<CatalogOutcome> DryRun(const Catalog& catalog, std::optional<uint32_t> expected_version) const;
  absl::Status Tick(bool resumed);
  Instant NextTick() const;
  void WaitIdle();
  void Stop();
  // Hands the lock it takes to the reader.
  absl::StatusOr<DistrictReader> Read(std::string_view district) const ABSL_NO_THREAD_SAFETY_ANALYSIS;
  absl::StatusOr<DistrictReader> Freeze(std::string_view district);
  std::vector<std::string> Districts() const;
  absl::Status Health() const;
  void SetFlipListener(FlipListener listener);
  void SetTickListener(std::function<void()> listener);
  int64_t BytesOnDisk() const;
  absl::Status LastCheckpoint() const { return checkpointer_->Last(); }
  absl::Status VerifyChecksums() const { return directory_->Verify(); }
  Instant Now() const { return clock_.Now(); }

 private:
  struct Pending {
    std::string district;
    CommandBody body;
    std::string principal;
    Callback callback;
    size_t bytes = 0;
    uint64_t ticket = 0;  // in order of Enqueue, from 1; 0: the writer's own
  };
  // A district as the writer keeps it.
  struct Owned {
    std::shared_ptr<District> state;
    uint64_t epoch = 0;
    uint64_t last_position = 0;  // logged
    // Not OK: a write to its log failed, and what of it is durable is not known: nothing is taken until that is. Looked at again from
    // look_again_micros on (MonotonicMicros).
    absl::Status doubt;
    int64_t look_again_micros = 0;
    Instant last_time;           // stamped
    std::optional<Pending> waiting;  // a catalog or new zones, while a catalog change is being worked through
    uint64_t told_sequence = 0;      // the flip listener has been told
    // What was queued up to this ticket when a group was refused is refused with it: sent again, the group would else come after it.
    uint64_t refused_through = 0;
    size_t cycle_watches = 0;  // of its commands in this cycle
    bool goes_round = false;   // what comes now is for the next cycle: it has had its share of this one, or a catalog
  };
  struct Logged {
    Owned* owned;
    uint64_t position;
    Command command;
    Callback callback;  // null: nobody asked
    size_t watches;     // that it may work on
  };

  void Enqueue(Pending pending);
  void Run();                                 // the writer's thread
  bool Take(std::vector<Pending>& taken);     // false: stop
  // Whether it goes to a district which has had its share of this cycle.
  bool MustGoRound(const Pending& pending) ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_mu_);
  void RunOnce(std::vector<Pending> taken);
  void RefuseAll(std::vector<Pending> taken, const absl::Status& status);
  void RefuseWaiting(Owned& owned);
  // The district as the writer keeps it, owned and replayed; null where it was never used and `create` is false.
  absl::StatusOr<Owned*> OwnedFor(const std::string& district, bool create) ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_mu_);
  // Stamps a command that was taken, lets it wait, or says why not. Empties `pending` unless it is refused.
  absl::Status Admit(Pending& pending, std::map<Owned*, std::vector<Logged>>& groups) ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_mu_);
  void Stamp(Pending pending, Owned& owned, std::map<Owned*, std::vector<Logged>>& groups) ABSL_SHARED_LOCKS_REQUIRED(state_mu_);
  // Stamps the catalog that waits, once it need not.
  void StampWaiting(Owned& owned, std::map<Owned*, std::vector<Logged>>& groups) ABSL_SHARED_LOCKS_REQUIRED(state_mu_);
  bool MustWait(const Pending& pending, const Owned& owned, const std::vector<Logged>& group) const;
  void AddContinues(std::map<Owned*, std::vector<Logged>>& groups) ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_mu_);
  void Commit(std::map<Owned*, std::vector<Logged>> groups);
  std::vector<AppendOutcome> Append(std::vector<Group> groups);
  absl::Status Resolve(Owned& owned, const Group& group);
  // Ends the doubt about a district's log, if that can be done now; whether there is none.
  bool EndDoubt(Owned& owned) ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_mu_);
  void Apply(std::vector<Logged>& logged, std::vector<absl::StatusOr<Outcome>>& outcomes);
  void Publish(const std::map<std::string, uint64_t>& sequences, bool tick_moved);
  absl::Status Replay(Owned& owned);
  // Brings to the store what of these districts only memory has.
  void WriteBack(District& state) ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_mu_);
  absl::StatusOr<DataDirectory::Pending> BeginCheckpoint();
  void UpdateZones();
  void StopWith(absl::Status status);
  bool AnyPendingWork() const;

  const EngineOptions options_;
  const Clock& clock_;
  std::unique_ptr<DataDirectory> directory_;
  std::unique_ptr<CommandLog> wrapped_log_;
  CommandLog* log_ = nullptr;

  // What queries read: exclusively locked while a group is applied. Lock order: state_mu_ before queue_mu_.
  mutable absl::Mutex state_mu_;
  std::map<std::string, Owned, std::less<>> districts_ ABSL_GUARDED_BY(state_mu_);

  mutable absl::Mutex queue_mu_;
  std::deque<Pending> queue_ ABSL_GUARDED_BY(queue_mu_);
  size_t queue_bytes_ ABSL_GUARDED_BY(queue_mu_) = 0;
  uint64_t last_ticket_ ABSL_GUARDED_BY(queue_mu_) = 0;
  bool stopping_ ABSL_GUARDED_BY(queue_mu_) = false;
  bool idle_ ABSL_GUARDED_BY(queue_mu_) = true;  // the writer has nothing to do, nor pending work
  bool has_work_ ABSL_GUARDED_BY(queue_mu_) = false;  // pending work goes on without a command
  absl::Status health_ ABSL_GUARDED_BY(queue_mu_);
  FlipListener listener_ ABSL_GUARDED_BY(queue_mu_);
  std::function<void()> tick_listener_ ABSL_GUARDED_BY(queue_mu_);

  std::vector<Pending> going_round_;  // the writer's: taken, and left for the next cycle

  absl::Mutex stop_mu_;  // serializes Stop
  std::thread writer_;
  std::unique_ptr<Checkpointer> checkpointer_;
};

// ── opening ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

absl::Status Engine::Impl::Open() {
  absl::StatusOr<std::unique_ptr<DataDirectory>> directory =
      DataDirectory::Open({.directory = options_.data_directory, .disk = options_.disk});
  if (!directory.ok()) return directory.status();
  directory_ = *std::move(directory);
  log_ = &directory_->log();
  checkpointer_ = std::make_unique<Checkpointer>(directory_.get(), options_.tail_records_max, [this] { return BeginCheckpoint(); },
                                                 [this](const absl::Status& status) {
                                                   StopWith(status);
                                                   Publish({}, /*tick_moved=*/true);
                                                 });
  if (options_.wrap_log) {
    wrapped_log_ = options_.wrap_log(*log_);
    log_ = wrapped_log_.get();
  }
  absl::StatusOr<std::vector<DistrictEntry>> entries = log_->Districts();
  if (!entries.ok()) return entries.status();
  {
    absl::MutexLock lock(&state_mu_);
    checkpointer_->Add(directory_->LogBytes(), 0);
    for (const DistrictEntry& entry : *entries) {
      checkpointer_->Add(0, entry.last_position - entry.trimmed_to);  // or a log would never be trimmed whose every run is short
      absl::StatusOr<Owned*> owned = OwnedFor(entry.name, /*create=*/true);
      if (!owned.ok()) return owned.status();
    }
  }
  {
    const bool work = AnyPendingWork();
    absl::MutexLock lock(&queue_mu_);
    has_work_ = work;
    idle_ = !work;
  }
  writer_ = std::thread([this] { Run(); });
  checkpointer_->Start();
  return absl::OkStatus();
}

absl::StatusOr<Engine::Impl::Owned*> Engine::Impl::OwnedFor(const std::string& district, bool create) {
  const auto found = districts_.find(district);
  if (found != districts_.end()) return &found->second;
  if (!create) return nullptr;
  absl::StatusOr<Ownership> own = log_->Own(district);
  if (!own.ok()) return own.status();
  absl::StatusOr<std::unique_ptr<District>> state = District::Load(district, own->district_number, &directory_->store());
  if (!state.ok()) return state.status();
  Owned owned{.state = *std::move(state), .epoch = own->epoch, .last_position = own->last_position, .last_time = {}, .waiting = {}};
  if (absl::Status status = Replay(owned); !status.ok()) {
    StopWith(status);  // what was applied of it is in the store but for what only memory had: no checkpoint may follow
    return status;
  }
  owned.last_time = owned.state->last_time();
  owned.told_sequence = owned.state->last_sequence();
  return &districts_.emplace(district, std::move(owned)).first->second;
}

// Applies what the log holds past the state's position.
absl::Status Engine::Impl::Replay(Owned& owned) {
  constexpr size_t kReadBytes = 16 << 20;
  while (owned.state->applied_position() < owned.last_position) {
    absl::StatusOr<std::vector<LoggedGroup>> groups =
        log_->Read(owned.state->number(), owned.state->applied_position() + 1, kReadBytes);
    if (!groups.ok()) return groups.status();
    for (const LoggedGroup& group : *groups) {
      Batch batch = directory_->store().NewBatch();
      absl::Status fatal;
      std::vector<Command> commands;
      for (const std::string& bytes : group.commands) {
        absl::StatusOr<Command> command = DecodeCommand(bytes);
        if (!command.ok()) return command.status();
        checkpointer_->Add(bytes.size(), RecordsOf(*command) - 1);
        commands.push_back(*std::move(command));
      }
      for (size_t i = 0; i < commands.size() && fatal.ok(); ++i) {
        // What it answered was for whoever sent it; a refusal then is the same refusal now.
        owned.state->Apply(group.first_position + i, commands[i], batch, fatal).IgnoreError();
      }
      if (fatal.ok()) {
        directory_->store().Commit(batch);
      } else {
        StopWith(fatal);
        return fatal;
      }
    }
  }
  return absl::OkStatus();
}

void Engine::Impl::WriteBack(District& state) {
  Batch batch = directory_->store().NewBatch();
  state.WriteBack(batch);
  directory_->store().Commit(batch);
}

absl::StatusOr<DataDirectory::Pending> Engine::Impl::BeginCheckpoint() {
  // One district at a time, so that the writer waits for one; then again for the little that has come since, with nothing in between.
  for (const std::string& id : Districts()) {
    absl::MutexLock lock(&state_mu_);
    if (const absl::Status health = Health(); !health.ok()) return Refusal(health);
    WriteBack(*districts_.find(id)->second.state);
  }
  absl::MutexLock lock(&state_mu_);
  // A command that could not be applied whole may have changed what is in memory.
  if (const absl::Status health = Health(); !health.ok()) return Refusal(health);
  for (auto& [id, owned] : districts_) WriteBack(*owned.state);
  return directory_->BeginCheckpoint();
}

// A new time-zone database may have other rules for the zones in use: they enter the state as a command like any other.
void Engine::Impl::UpdateZones() {
  std::vector<std::pair<std::string, ReplaceZonesCommand>> changes;
  {
    absl::ReaderMutexLock lock(&state_mu_);
    for (const auto& [id, owned] : districts_) {
      if (!owned.state->exists()) continue;
      ReplaceZonesCommand command;
      for (const ZoneRules& zone : owned.state->catalog()->zones()) {
        absl::StatusOr<ZoneRules> rules = LoadZone(zone.name);
        if (rules.ok() && !(*rules == zone)) command.zones.push_back(*std::move(rules));
      }
      if (!command.zones.empty()) changes.emplace_back(id, std::move(command));
    }
  }
  for (auto& [id, command] : changes) {
    Submit(id, std::move(command), "zone-database", [](absl::StatusOr<Outcome>) {});
  }
}

// ── submitting ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────

void Engine::Impl::Submit(std::string district, CommandBody body, std::string principal, Callback callback) {
  if (auto* apply = std::get_if<ApplyCatalogCommand>(&body)) {
    if (const std::vector<Problem> problems = Validate(apply->catalog); !problems.empty()) {
      return callback(AsStatus(problems));
    }
    if (apply->catalog.district != district) {
      return callback(AsStatus(Problem{absl::StatusCode::kInvalidArgument, "district", "is not the district it is applied to"}));
    }
    absl::StatusOr<std::vector<ZoneRules>> zones = ResolveZones(apply->catalog);
    if (!zones.ok()) return callback(zones.status());
    apply->zones = *std::move(zones);
    std::random_device random;
    apply->incarnation = (uint64_t{random()} << 32 | random()) | 1;
  }
  const size_t bytes = MemoryOf(body);
  Enqueue({std::move(district), std::move(body), std::move(principal), std::move(callback), bytes});
}

void Engine::Impl::Enqueue(Pending pending) {
  absl::Status refusal;
  {
    absl::MutexLock lock(&queue_mu_);
    if (!health_.ok()) {
      refusal = Refusal(health_);
    } else if (stopping_) {
      refusal = absl::UnavailableError("the service is stopping; try again soon");
    } else {
      // Time passes whatever the load: a tick is not refused, and nothing that came before it delays it.
      const bool is_tick = std::holds_alternative<TickCommand>(pending.body);
      if (is_tick || queue_bytes_ + pending.bytes <= kQueueBytesMax) {
        queue_bytes_ += pending.bytes;
        pending.ticket = ++last_ticket_;
        if (is_tick) {
          queue_.push_front(std::move(pending));
        } else {
          queue_.push_back(std::move(pending));
        }
        idle_ = false;
        return;
      }
      refusal = absl::UnavailableError("the service is overloaded; try again with backoff");
    }
  }
  pending.callback(refusal);
}

absl::StatusOr<CatalogOutcome> Engine::Impl::DryRun(const Catalog& catalog, std::optional<uint32_t> expected_version) const {
  if (const std::vector<Problem> problems = Validate(catalog); !problems.empty()) return AsStatus(problems);
  if (absl::StatusOr<std::vector<ZoneRules>> zones = ResolveZones(catalog); !zones.ok()) return zones.status();
  absl::ReaderMutexLock lock(&state_mu_);
  const auto found = districts_.find(catalog.district);
  if (found == districts_.end()) {
    if (expected_version.value_or(0) != 0) {
      return AsStatus(Problem{absl::StatusCode::kFailedPrecondition, "expected_version", "the district has no catalog yet"});
    }
    return CatalogOutcome{0, Instant{}, Diff(Catalog{}, catalog), false};
  }
  return found->second.state->DryRun(catalog, expected_version);
}

// ── the writer ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────

void Engine::Impl::Run() {
  std::vector<Pending> taken;
  while (Take(taken)) RunOnce(std::exchange(taken, {}));
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

bool Engine::Impl::Take(std::vector<Pending>& taken) {
  absl::MutexLock lock(&queue_mu_);
  const auto ready = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(queue_mu_) {
    return !queue_.empty() || !going_round_.empty() || stopping_ || (has_work_ && health_.ok());
  };
  idle_ = !ready();
  queue_mu_.Await(absl::Condition(&ready));
  idle_ = false;
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
bool Engine::Impl::MustWait(const Pending& pending, const Owned& owned, const std::vector<Logged>& group) const {
  if (!ChangesCatalog(pending.body)) return false;
  if (owned.state->recalculating()) return true;
  return std::any_of(group.begin(), group.end(), [](const Logged& l) { return ChangesCatalog(l.command.body); });
}

void Engine::Impl::Stamp(Pending pending, Owned& owned, std::map<Owned*, std::vector<Logged>>& groups) {
  std::vector<Logged>& group = groups[&owned];
  size_t watches = kWatchesPerCommand;
  // What follows a catalog is stamped by a state that has it (SplitEvidence).
  owned.goes_round = owned.goes_round || ChangesCatalog(pending.body);
  const auto add = [&](CommandBody body, Callback callback) {
    owned.last_time = Instant{std::max(clock_.Now().micros, owned.last_time.micros + 1)};
    group.push_back({&owned, ++owned.last_position, Command{owned.last_time, pending.principal, std::move(body)}, std::move(callback),
                     watches});
    owned.cycle_watches += watches;
  };
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

void Engine::Impl::StampWaiting(Owned& owned, std::map<Owned*, std::vector<Logged>>& groups) {
  if (!owned.waiting || !owned.doubt.ok() || MustWait(*owned.waiting, owned, groups[&owned])) return;
  Stamp(*std::exchange(owned.waiting, std::nullopt), owned, groups);
}

absl::Status Engine::Impl::Admit(Pending& pending, std::map<Owned*, std::vector<Logged>>& groups) {
  const bool creates = std::holds_alternative<ApplyCatalogCommand>(pending.body);
  const absl::StatusOr<Owned*> found = OwnedFor(pending.district, creates);
  if (!found.ok()) return found.status();
  if (*found == nullptr || (!creates && !(*found)->state->exists())) return NoDistrict(pending.district);
  Owned& owned = **found;
  if (!EndDoubt(owned)) return InDoubt(owned.doubt);
  if (pending.ticket <= owned.refused_through && !std::holds_alternative<TickCommand>(pending.body)) {
    return absl::UnavailableError("the command log did not take what came before it; send it again");
  }
  if (ChangesCatalog(pending.body)) StampWaiting(owned, groups);  // which came first
  if (!MustWait(pending, owned, groups[&owned])) {
    Stamp(std::move(pending), owned, groups);
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

void Engine::Impl::RunOnce(std::vector<Pending> taken) {
  if (const absl::Status status = checkpointer_->Await(); !status.ok()) return RefuseAll(std::move(taken), status);
  size_t bytes = 0;  // that wait no more
  std::map<Owned*, std::vector<Logged>> groups;
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
      const absl::Status status = Admit(pending, groups);
      if (!status.ok()) refused.emplace_back(std::move(pending.callback), status);
    }
    for (auto& [id, owned] : districts_) StampWaiting(owned, groups);
    AddContinues(groups);
  }
  {
    absl::MutexLock lock(&queue_mu_);
    queue_bytes_ -= bytes;
  }
  for (auto& [callback, status] : refused) callback(status);
  Commit(std::move(groups));
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
void Engine::Impl::AddContinues(std::map<Owned*, std::vector<Logged>>& groups) {
  for (auto& [id, owned] : districts_) {
    if (!owned.doubt.ok() || !owned.state->HasPendingWork(clock_.Now())) continue;
    Stamp({id, ContinueCommand{}, "", nullptr, 0}, owned, groups);
  }
}

bool Engine::Impl::AnyPendingWork() const {
  absl::ReaderMutexLock lock(&state_mu_);
  return std::any_of(districts_.begin(), districts_.end(), [&](const auto& entry) {
    if (!entry.second.doubt.ok()) return false;  // the next command looks again
    return entry.second.state->HasPendingWork(clock_.Now()) || entry.second.waiting;
  });
}

std::vector<AppendOutcome> Engine::Impl::Append(std::vector<Group> groups) {
  std::vector<AppendOutcome> outcomes;
  absl::Notification done;
  log_->Append(std::move(groups), [&](std::vector<AppendOutcome> result) {
    outcomes = std::move(result);
    done.Notify();
  });
  done.WaitForNotification();
  return outcomes;
}

// The fate of a group is unknown: owns the district again and looks. OK: it is durable. ABORTED: it certainly is not. DATA_LOSS or
// FAILED_PRECONDITION: the log cannot be trusted. Another error: not known yet.
absl::Status Engine::Impl::Resolve(Owned& owned, const Group& group) {
  absl::StatusOr<Ownership> own = log_->Own(owned.state->id());
  if (!own.ok()) return own.status();
  owned.epoch = own->epoch;
  if (own->last_position <= group.expected_position) {  // less: a group before it was not written either
    owned.last_position = own->last_position;
    return absl::AbortedError("not written");
  }
  absl::StatusOr<std::vector<LoggedGroup>> logged =
      log_->Read(group.district_number, group.expected_position + 1, kGroupBytesMax);
  if (!logged.ok()) return logged.status();
  // What follows it may be the next group of the same append.
  if (!logged->empty() && logged->front().commands == group.commands) return absl::OkStatus();
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

void Engine::Impl::Commit(std::map<Owned*, std::vector<Logged>> by_district) {
  // Groups of at most kGroupBytesMax and kWatchesPerCommand, in order; the commands behind each. Readers wait for one group at most.
  std::vector<Group> groups;
  std::vector<std::vector<Logged>> logged;
  uint64_t bytes_total = 0;
  for (auto& [owned, commands] : by_district) {
    size_t bytes = kGroupBytesMax;  // the first command opens a group
    size_t group_watches = 0;
    for (Logged& command : commands) {
      std::string encoded = EncodeCommand(command.command);
      if (bytes + encoded.size() > kGroupBytesMax || group_watches + command.watches > kWatchesPerCommand) {
        groups.push_back({owned->state->number(), owned->epoch, command.position - 1, {}});
        logged.emplace_back();
        bytes = group_watches = 0;
      }
      group_watches += command.watches;
      bytes += encoded.size();
      bytes_total += encoded.size();
      groups.back().commands.push_back(std::move(encoded));
      logged.back().push_back(std::move(command));
    }
  }
  if (groups.empty()) return;
  const std::vector<AppendOutcome> outcomes = Append(groups);
  uint64_t records = 0;
  std::map<std::string, uint64_t> sequences;
  bool tick_moved = false;
  for (size_t i = 0; i < groups.size(); ++i) {
    Owned& owned = *logged[i].front().owned;
    absl::Status durable = Health();
    if (durable.ok() && !owned.doubt.ok()) {
      durable = owned.doubt;
    } else if (durable.ok() && outcomes[i] != AppendOutcome::kCommitted) {
      durable = Resolve(owned, groups[i]);
      absl::MutexLock lock(&state_mu_);
      owned.doubt = absl::IsAborted(durable) ? absl::OkStatus() : durable;
      if (IsUntrustworthy(durable)) StopWith(durable);
    }
    if (!durable.ok()) {
      // Nothing of it is applied, published or acknowledged. What follows it in this district was fenced, and the district goes on
      // from where its log ends.
      {
        absl::MutexLock lock(&queue_mu_);
        owned.refused_through = last_ticket_;
      }
      RefuseWaiting(owned);
      for (Logged& l : logged[i]) {
        if (!l.callback) continue;
        l.callback(absl::UnavailableError(
            absl::IsAborted(durable) ? std::string("the command log did not take it; send it again")
                                     : absl::StrCat("the command log may not have taken it; send it again: ", durable.message())));
      }
      continue;
    }
    for (const Logged& l : logged[i]) records += RecordsOf(l.command);
    std::vector<absl::StatusOr<Outcome>> results;
    const std::optional<Instant> due_before = owned.state->NextDue();
    Apply(logged[i], results);
    const std::optional<Instant> due = owned.state->NextDue();
    tick_moved = tick_moved || (due && (!due_before || *due < *due_before));
    const absl::Status health = Health();
    if (health.ok() && owned.state->last_sequence() > owned.told_sequence) {
      sequences[owned.state->id()] = owned.told_sequence = owned.state->last_sequence();
    }
    for (size_t j = 0; j < logged[i].size(); ++j) {
      if (logged[i][j].callback) logged[i][j].callback(health.ok() ? std::move(results[j]) : Refusal(health));
    }
  }
  Publish(sequences, tick_moved || !Health().ok());  // whoever ticks is to see that
  checkpointer_->Add(bytes_total, records);
}

// Applies a durable group and makes it readable at one stroke.
void Engine::Impl::Apply(std::vector<Logged>& logged, std::vector<absl::StatusOr<Outcome>>& outcomes) {
  absl::MutexLock lock(&state_mu_);
  Batch batch = directory_->store().NewBatch();
  absl::Status fatal;
  for (Logged& l : logged) {
    outcomes.push_back(fatal.ok() ? l.owned->state->Apply(l.position, l.command, batch, fatal) : fatal);
  }
  if (fatal.ok()) {
    directory_->store().Commit(batch);
  } else {
    StopWith(fatal);
  }
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

// ── time ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

absl::Status Engine::Impl::Tick(bool resumed) {
  std::vector<std::string> due;
  absl::Status result;
  {
    absl::ReaderMutexLock lock(&state_mu_);
    const Instant now = clock_.Now();
    for (const auto& [id, owned] : districts_) {
      if (!owned.state->exists()) continue;
      if (!owned.doubt.ok() && MonotonicMicros() < owned.look_again_micros) {
        result = InDoubt(owned.doubt);
        continue;
      }
      const std::optional<Instant> next = owned.state->NextDue();
      const bool minute_over = now.micros - owned.state->last_time().micros >= kTickMicros;
      if (resumed || minute_over || (next && *next <= now)) due.push_back(id);
    }
  }
  std::vector<std::unique_ptr<absl::Notification>> done;
  absl::Mutex mu;
  for (const std::string& id : due) {
    done.push_back(std::make_unique<absl::Notification>());
    Submit(id, TickCommand{resumed}, "", [&, notification = done.back().get()](absl::StatusOr<Outcome> outcome) {
      {
        absl::MutexLock lock(&mu);
        if (!outcome.ok()) result = outcome.status();
      }
      notification->Notify();
    });
  }
  for (const auto& notification : done) notification->WaitForNotification();
  // After the tick, which has to see how long the service was down.
  if (resumed) UpdateZones();
  absl::MutexLock lock(&mu);
  return result;
}

Instant Engine::Impl::NextTick() const {
  Instant next{clock_.Now().micros + kTickMicros};
  absl::ReaderMutexLock lock(&state_mu_);
  for (const auto& [id, owned] : districts_) {
    if (!owned.state->exists()) continue;
    next = std::min(next, Instant{owned.state->last_time().micros + kTickMicros});
    if (const std::optional<Instant> due = owned.state->NextDue()) next = std::min(next, *due);
  }
  return next;
}

void Engine::Impl::WaitIdle() {
  absl::MutexLock lock(&queue_mu_);
  const auto idle = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(queue_mu_) { return idle_ && queue_.empty(); };
  queue_mu_.Await(absl::Condition(&idle));
}

void Engine::Impl::Stop() {
  absl::MutexLock stop(&stop_mu_);
  {
    absl::MutexLock lock(&queue_mu_);
    stopping_ = true;
  }
  if (!writer_.joinable()) return;  // stopped before, or never begun
  writer_.join();
  checkpointer_->Stop();
  // So that a start has nothing to apply again; a failure costs that, nothing else.
  const absl::StatusOr<DataDirectory::Pending> pending = BeginCheckpoint();
  if (pending.ok()) directory_->store().Checkpoint(pending->view).IgnoreError();
}

// ── reading ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

absl::StatusOr<DistrictReader> Engine::Impl::Read(std::string_view district) const {
  state_mu_.ReaderLock();
  // Under the lock: what is in memory may be ahead of what is stored from the moment on at which applying it failed.
  const absl::Status health = Health();
  const auto found = districts_.find(district);
  if (!health.ok() || found == districts_.end() || !found->second.state->exists()) {
    state_mu_.ReaderUnlock();
    return health.ok() ? NoDistrict(district) : Refusal(health);
  }
  const std::shared_ptr<District>& state = found->second.state;
  return DistrictReader(&state_mu_, state, std::max(clock_.Now(), state->last_time()));
}

absl::StatusOr<DistrictReader> Engine::Impl::Freeze(std::string_view district) {
  absl::MutexLock lock(&state_mu_);
  if (const absl::Status health = Health(); !health.ok()) return Refusal(health);
  const auto found = districts_.find(district);
  if (found == districts_.end() || !found->second.state->exists()) return NoDistrict(district);
  District& state = *found->second.state;
  WriteBack(state);
  return DistrictReader::Of(state.Frozen(), std::max(clock_.Now(), state.last_time()));
}

std::vector<std::string> Engine::Impl::Districts() const {
  absl::ReaderMutexLock lock(&state_mu_);
  std::vector<std::string> ids;
  for (const auto& [id, owned] : districts_) {
    if (owned.state->exists()) ids.push_back(id);
  }
  return ids;
}

absl::Status Engine::Impl::Health() const {
  absl::MutexLock lock(&queue_mu_);
  return health_;
}

void Engine::Impl::SetFlipListener(FlipListener listener) {
  absl::MutexLock lock(&queue_mu_);
  listener_ = std::move(listener);
}

void Engine::Impl::SetTickListener(std::function<void()> listener) {
  absl::MutexLock lock(&queue_mu_);
  tick_listener_ = std::move(listener);
}

int64_t Engine::Impl::BytesOnDisk() const {
  return static_cast<int64_t>(directory_->BytesOnDisk());
}

DistrictReader::~DistrictReader() {
  if (mu_ != nullptr) mu_->ReaderUnlock();
}

// ── the interface ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

Engine::Engine(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Engine::~Engine() = default;

absl::StatusOr<std::unique_ptr<Engine>> Engine::Open(EngineOptions options) {
  auto impl = std::make_unique<Impl>(std::move(options));
  if (absl::Status status = impl->Open(); !status.ok()) return status;
  return std::unique_ptr<Engine>(new Engine(std::move(impl)));
}

void Engine::Submit(std::string district, CommandBody body, std::string principal, Callback callback) {
  impl_->Submit(std::move(district), std::move(body), std::move(principal), std::move(callback));
}

absl::StatusOr<Outcome> Engine::Execute(std::string district, CommandBody body, std::string principal) {
  absl::StatusOr<Outcome> result = absl::UnknownError("");
  absl::Notification done;
  Submit(std::move(district), std::move(body), std::move(principal), [&](absl::StatusOr<Outcome> outcome) {
    result = std::move(outcome);
    done.Notify();
  });
  done.WaitForNotification();
  return result;
}

absl::StatusOr<CatalogOutcome> Engine::DryRun(const Catalog& catalog, std::optional<uint32_t> expected_version) const {
  return impl_->DryRun(catalog, expected_version);
}
absl::Status Engine::Tick(bool resumed) { return impl_->Tick(resumed); }
Instant Engine::NextTick() const { return impl_->NextTick(); }
void Engine::WaitIdle() { impl_->WaitIdle(); }
void Engine::Stop() { impl_->Stop(); }
absl::StatusOr<DistrictReader> Engine::Read(std::string_view district) const { return impl_->Read(district); }
absl::StatusOr<DistrictReader> Engine::Freeze(std::string_view district) const { return impl_->Freeze(district); }
std::vector<std::string> Engine::Districts() const { return impl_->Districts(); }
Instant Engine::Now() const { return impl_->Now(); }
absl::Status Engine::Health() const { return impl_->Health(); }
void Engine::SetFlipListener(FlipListener listener) { impl_->SetFlipListener(std::move(listener)); }
void Engine::SetTickListener(std::function<void()> listener) { impl_->SetTickListener(std::move(listener)); }
absl::Status Engine::LastCheckpoint() const { return impl_->LastCheckpoint(); }
int64_t Engine::BytesOnDisk() const { return impl_->BytesOnDisk(); }
absl::Status Engine::VerifyChecksums() const { return impl_->VerifyChecksums(); }

}  // namespace leadlag
