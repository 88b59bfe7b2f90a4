// The engine inside, shared by the files that implement it: engine.cc opens, takes commands, tells the time and lets read; engine_writer.cc
// is the writer's thread. Internal to server/engine.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "server/engine/checkpointer.h"
#include "server/engine/engine.h"
#include "server/engine/log_appender.h"
#include "storage/command_log.h"
#include "storage/data_directory.h"

namespace leadlag {

// What a command is refused with: where the engine's health is lost, while a log's end is in doubt, and where nothing is known of its
// district.
absl::Status Refusal(const absl::Status& health);
absl::Status InDoubt(const absl::Status& doubt);
absl::Status NoDistrict(std::string_view district);

class Engine::Impl {
 public:
  explicit Impl(EngineOptions options)
      : options_(std::move(options)), clock_(options_.clock ? *options_.clock : SystemClock()) {}
  ~Impl() { Stop(); }

  absl::Status Open();
  void Submit(std::string district, CommandBody body, std::string principal, Callback callback);
  absl::StatusOr<CatalogOutcome> DryRun(const Catalog& catalog, std::optional<uint32_t> expected_version) const;
  absl::Status Tick(bool resumed, int64_t ahead_micros);
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
    Callback callback;   // null: nobody asked
    size_t watches = 0;  // that it may work on
    std::string bytes;   // encoded, until the log has them
  };
  using ByDistrict = std::map<Owned*, std::vector<Logged>>;
  // What goes into the log with one fsync: commands as groups of at most kGroupBytesMax and kWatchesPerCommand, in order. Readers wait
  // for one group at most.
  struct Cycle {
    std::vector<std::vector<Logged>> groups;
    uint64_t bytes = 0;
    bool changes_catalog = false;
    std::vector<AppendOutcome> outcomes;  // once they are known
  };

  void Enqueue(Pending pending);
  void Run();  // the writer's thread
  // False: stop, or, where it does not wait, there is nothing to do.
  bool Take(bool wait, std::vector<Pending>& taken);
  // Whether it goes to a district which has had its share of this cycle.
  bool MustGoRound(const Pending& pending) ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_mu_);
  // Stamps what was taken, and what goes on by itself.
  ByDistrict Begin(std::vector<Pending> taken);
  static Cycle Sort(ByDistrict commands);
  // For the log, which gets the commands' bytes.
  static std::vector<Group> GroupsOf(Cycle& cycle);
  // Whether a further cycle may begin before this one, which is durable, is applied.
  bool MayBeginBefore(const Cycle& cycle) const ABSL_LOCKS_EXCLUDED(state_mu_);
  // Applies, publishes and answers what is durable, and refuses the rest.
  void Finish(Cycle cycle);
  void NoteWork();
  void RefuseAll(std::vector<Pending> taken, const absl::Status& status);
  void RefuseWaiting(Owned& owned);
  // The district as the writer keeps it, owned and replayed; null where it was never used and `create` is false.
  absl::StatusOr<Owned*> OwnedFor(const std::string& district, bool create) ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_mu_);
  // Stamps a command that was taken, lets it wait, or says why not. Empties `pending` unless it is refused.
  absl::Status Admit(Pending& pending, ByDistrict& commands) ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_mu_);
  void Stamp(Pending pending, Owned& owned, ByDistrict& commands) ABSL_SHARED_LOCKS_REQUIRED(state_mu_);
  // Stamps the catalog that waits, once it need not.
  void StampWaiting(Owned& owned, ByDistrict& commands) ABSL_SHARED_LOCKS_REQUIRED(state_mu_);
  bool MustWait(const Pending& pending, const Owned& owned, const std::vector<Logged>& commands) const;
  void AddContinues(ByDistrict& commands) ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_mu_);
  absl::Status Resolve(Owned& owned, const std::vector<Logged>& group);
  // Whether the group is durable, and why not: then nothing of its district is taken until what is true is known.
  absl::Status FateOf(const std::vector<Logged>& group, AppendOutcome outcome);
  void Refuse(std::vector<Logged>& group, const absl::Status& fate);
  // Ends the doubt about a district's log, if that can be done now; whether there is none.
  bool EndDoubt(Owned& owned) ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_mu_);
  std::vector<absl::StatusOr<Outcome>> Apply(const std::vector<Logged>& group);
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
  std::unique_ptr<LogAppender> appender_;

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

}  // namespace leadlag
