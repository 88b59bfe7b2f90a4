#include "server/engine/engine.h"

#include <algorithm>
#include <random>
#include <utility>

#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "core/check.h"
#include "core/limits.h"
#include "server/engine/engine_impl.h"
#include "server/engine/zone_database.h"

namespace leadlag {
namespace {

constexpr int64_t kTickMicros = kMicrosPerMinute;

}  // namespace

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
  appender_ = std::make_unique<LogAppender>(log_);
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

// ── time ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

absl::Status Engine::Impl::Tick(bool resumed, int64_t ahead_micros) {
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
      if (resumed || minute_over || (next && next->micros <= now.micros + ahead_micros)) due.push_back(id);
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
absl::Status Engine::Tick(bool resumed, int64_t ahead_micros) { return impl_->Tick(resumed, ahead_micros); }
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
