#include "tests/benchmark/micro/loaded_engine.h"

#include <unistd.h>

#include <filesystem>

#include "core/check.h"
#include "tests/benchmark/micro/school_year.h"

namespace leadlag::micro {
namespace {

std::filesystem::path Directory() {
  return std::filesystem::temp_directory_path() / ("leadlag_micro_" + std::to_string(getpid()));
}

int64_t Midyear() { return Work().records() / 2; }

}  // namespace

EngineOptions OptionsOn(EngineDisk disk, const std::string& name, const Clock& clock) {
  static int made = 0;
  if (disk == EngineDisk::kMemory) return {.data_directory = "/" + name, .disk = Disk::InMemory(), .clock = &clock};
  std::filesystem::create_directories(Directory());
  return {.data_directory = Directory() / (name + std::to_string(++made)), .clock = &clock};
}

LoadedEngine::LoadedEngine(EngineDisk disk)
    : clock_(NewYork().At(Work().today(), MinuteOfDay{720})), next_record_(Midyear()) {
  engine_ = Engine::Open(OptionsOn(disk, "loaded", clock_)).value();
  LEADLAG_CHECK(engine_->Execute(kDistrict, ApplyCatalogCommand{.catalog = WorkCatalog()}).ok());
  engine_->WaitIdle();
  for (int64_t first = 0; first < Midyear(); first += 2 * kBatchRecords) {
    const auto outcome = engine_->Execute(kDistrict, CommandOf(first));
    LEADLAG_CHECK(outcome.ok() && std::get<BatchOutcome>(*outcome).new_count == kBatchRecords);
  }
}

std::unique_ptr<LoadedEngine>& LoadedEngine::Slot(EngineDisk disk) {
  static std::unique_ptr<LoadedEngine> on_machine, in_memory;
  return disk == EngineDisk::kMachine ? on_machine : in_memory;
}

LoadedEngine& LoadedEngine::Get(EngineDisk disk) {
  std::unique_ptr<LoadedEngine>& engine = Slot(disk);
  if (engine == nullptr) engine.reset(new LoadedEngine(disk));
  return *engine;
}

RecordEvidenceCommand LoadedEngine::NextBatch() {
  RecordEvidenceCommand command = CommandOf(next_record_, lap_);
  next_record_ += kBatchRecords;
  if (next_record_ == Work().records()) next_record_ = Midyear(), ++lap_;
  return command;
}

void CloseEngines() {
  for (const EngineDisk disk : {EngineDisk::kMachine, EngineDisk::kMemory}) LoadedEngine::Slot(disk).reset();
  std::error_code ignored;
  std::filesystem::remove_all(Directory(), ignored);
}

}  // namespace leadlag::micro
