// The engine: commands in, state out. One writer serves all districts.
//
// Concepts. Submit queues a command; the writer thread takes what has queued, stamps it, makes it durable in the command log with one
// fsync, applies it, publishes, and only then answers. Reads take a shared lock on the state, which is never ahead of the log.
// Time moves by Tick alone, so that a test may live through years: nothing in here reads a clock but the writer's stamp.
//
// Thread safety: all methods may be called from any thread. Callbacks run on the writer's thread: they must not block, and must not
// call back into blocking methods.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "core/clock.h"
#include "core/limits.h"
#include "server/engine/command.h"
#include "server/engine/district.h"

namespace leadlag {

class CommandLog;
class Disk;

struct EngineOptions {
  std::string data_directory;   // made where it does not exist
  std::shared_ptr<Disk> disk;   // null: the machine's; Disk::InMemory() for tests
  const Clock* clock = nullptr;  // null: the system clock
  uint64_t tail_records_max = kTailRecordsMax;
  // Whoever opened it calls Tick once a minute at least: so a gap of kDowntimeMicros without one is downtime, whatever command comes first
  // after it. False where time passes in jumps, as in tests.
  bool ticks_each_minute = false;
  // For tests: stands before the command log that was opened, which outlives it.
  std::function<std::unique_ptr<CommandLog>(CommandLog&)> wrap_log;
};

class DistrictReader;

class Engine {
 public:
  using Callback = std::function<void(absl::StatusOr<Outcome>)>;

  // Opens the data directory and replays the tail of the log. DATA_LOSS: damaged, with what to do. FAILED_PRECONDITION: in use by
  // another process, or written by a newer version.
  static absl::StatusOr<std::unique_ptr<Engine>> Open(EngineOptions options);
  // Stops as Stop does.
  ~Engine();

  // Queues a command and answers once it is durable and applied. Errors: those of the command; NOT_FOUND for a district without a
  // catalog (unless the command is one); UNAVAILABLE where the engine is stopping, overloaded (kQueueBytesMax), works through a catalog
  // while another waits, or is in doubt about the district's log, as after a write that failed: it looks again with each command, at
  // most once a second. What was queued behind a command that the log did not take is refused with it, so that whoever sends both again
  // sends them in order. Ticks wait behind nothing.
  // A catalog is validated and its zones resolved on the calling thread.
  void Submit(std::string district, CommandBody body, std::string principal, Callback callback);
  // Submit, and wait.
  absl::StatusOr<Outcome> Execute(std::string district, CommandBody body, std::string principal = "");

  // What a catalog would change, without applying it. Errors as Submit.
  absl::StatusOr<CatalogOutcome> DryRun(const Catalog& catalog, std::optional<uint32_t> expected_version) const;

  // Lets it be the clock's now: logs a tick where something is due or the last one is a minute old, and waits until it is applied.
  // `resumed`: the service may not have been running since the last one; the first tick after Open is such a one, and comes before
  // the first Submit, for a gap is seen between commands. `ahead_micros`: also where something falls due within that time, though nothing
  // comes of it yet: what the tick at the moment will need is then awake, the disk too. Pending work goes on in the background: WaitIdle.
  absl::Status Tick(bool resumed = false, int64_t ahead_micros = 0);
  // When the next tick is wanted: the earliest moment due in any district, at most a minute from now.
  Instant NextTick() const;
  // Waits until no district has pending work (recalculation, due watches).
  void WaitIdle();

  // Answers what is queued, then stops the writer; every later Submit is UNAVAILABLE. Idempotent.
  void Stop();

  // NOT_FOUND where the district has no catalog; what Health says where that is not OK.
  absl::StatusOr<DistrictReader> Read(std::string_view district) const;
  // As Read, of a copy: commands and other readers go on meanwhile, however long it is held. The store that it reads has everything.
  absl::StatusOr<DistrictReader> Freeze(std::string_view district) const;
  // Ids of districts with a catalog, ascending.
  std::vector<std::string> Districts() const;
  Instant Now() const;
  // OK, or why the engine neither takes commands nor answers questions any more: damage was found, another process wrote to its log,
  // or what is in memory could not be written. Nothing acknowledged is lost; opening the directory again tells what is there.
  absl::Status Health() const;

  // Called on the writer's thread after each group that made flips, with the district and its last sequence, once both are readable.
  // One listener; set before the first Submit, or null.
  using FlipListener = std::function<void(const std::string& district, uint64_t last_sequence)>;
  void SetFlipListener(FlipListener listener);

  // Called on the writer's thread after each command that may have moved NextTick to an earlier instant. One listener, or null.
  void SetTickListener(std::function<void()> listener);

  // OK, or why the view could not be brought to disk; tried again each second. The writer goes on until the tail is full.
  absl::Status LastCheckpoint() const;

  // Bytes of the data directory.
  int64_t BytesOnDisk() const;
  // Checksums of everything on disk. DATA_LOSS where damaged.
  absl::Status VerifyChecksums() const;

 private:
  friend class DistrictReader;
  class Impl;
  explicit Engine(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// A district's state, held still: as long as one from Read lives the writer waits, so keep it short. Movable; one thread at a time.
// Ends before the engine does.
class DistrictReader {
 public:
  // Of a district that nothing changes meanwhile: a copy, or one that no engine has.
  static DistrictReader Of(std::shared_ptr<const District> district, Instant now) {
    return DistrictReader(nullptr, std::move(district), now);
  }
  DistrictReader(DistrictReader&& other) noexcept
      : mu_(std::exchange(other.mu_, nullptr)), district_(std::move(other.district_)), now_(other.now_) {}
  DistrictReader& operator=(DistrictReader&&) = delete;
  ~DistrictReader();
  const District& operator*() const { return *district_; }
  const District* operator->() const { return district_.get(); }
  // The clock when the reader was made; never before the last command's time.
  Instant now() const { return now_; }

 private:
  friend class Engine;
  DistrictReader(absl::Mutex* mu, std::shared_ptr<const District> district, Instant now)
      : mu_(mu), district_(std::move(district)), now_(now) {}
  absl::Mutex* mu_;  // null: nothing changes it
  std::shared_ptr<const District> district_;
  Instant now_;
};

}  // namespace leadlag
