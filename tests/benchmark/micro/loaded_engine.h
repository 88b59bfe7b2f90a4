// An engine for microbenchmarks: the benchmark's district in the middle of its school year, on a clock that stands.
//
// Every second record of the first half of the year has been applied. One of each sort is made when first asked for,
// and kept until CloseEngines. One thread.
#pragma once

#include <memory>
#include <string>

#include "core/clock.h"
#include "server/engine/engine.h"
#include "storage/disk.h"

namespace leadlag::micro {

// Below the directory for temporary files (TMPDIR), where an fsync is one; or in memory, where what is left is
// the engine's own work.
enum class EngineDisk { kMachine, kMemory };

class LoadedEngine {
 public:
  static LoadedEngine& Get(EngineDisk disk);

  Engine& engine() { return *engine_; }
  // The next 500 records that it does not have, from the middle of the year on.
  RecordEvidenceCommand NextBatch();

 private:
  friend void CloseEngines();
  explicit LoadedEngine(EngineDisk disk);
  static std::unique_ptr<LoadedEngine>& Slot(EngineDisk disk);

  SimulatedClock clock_;
  std::unique_ptr<Engine> engine_;
  int64_t next_record_;
  int lap_ = 0;
};

// For a new engine in an empty directory, which goes with CloseEngines. The clock is borrowed.
EngineOptions OptionsOn(EngineDisk disk, const std::string& name, const Clock& clock);

// Stops the engines and removes what they wrote.
void CloseEngines();

}  // namespace leadlag::micro
