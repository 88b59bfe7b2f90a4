// The engine: a batch, a tick, and the questions that are asked most. Times are of the wall, for the engine's writer
// works on a thread of its own.
#include "server/engine/engine.h"

#include <filesystem>
#include <optional>

#include "benchmark/benchmark.h"
#include "core/check.h"
#include "core/limits.h"
#include "server/engine/queries.h"
#include "tests/benchmark/figures.h"
#include "tests/benchmark/micro/loaded_engine.h"
#include "tests/benchmark/micro/school_year.h"
#include "tests/benchmark/watched_district.h"

namespace leadlag::micro {
namespace {

constexpr int kTickedTeams = 2'000;
constexpr int kTickedExpectations = 5;
constexpr size_t kFlipsAPage = kFlipsPerReadMax;

// 500 new records of many teams: logged, applied, acknowledged.
void EngineApplyBatch(::benchmark::State& state, EngineDisk disk) {
  LoadedEngine& loaded = LoadedEngine::Get(disk);
  for (auto _ : state) {
    RecordEvidenceCommand command = loaded.NextBatch();
    const benchmark::Stopwatch stopwatch;
    const absl::StatusOr<Outcome> outcome = loaded.engine().Execute(kDistrict, std::move(command));
    state.SetIterationTime(stopwatch.Seconds());
    LEADLAG_CHECK(outcome.ok() && std::get<BatchOutcome>(*outcome).new_count == kBatchRecords);
  }
  state.SetItemsProcessed(state.iterations() * kBatchRecords);
}
BENCHMARK_CAPTURE(EngineApplyBatch, disk, EngineDisk::kMachine)->UseManualTime()->Unit(::benchmark::kMillisecond);
BENCHMARK_CAPTURE(EngineApplyBatch, memory, EngineDisk::kMemory)->UseManualTime()->Unit(::benchmark::kMillisecond);

// The same records once more: nothing changes, and each is looked up.
void EngineApplySameBatch(::benchmark::State& state, EngineDisk disk) {
  LoadedEngine& loaded = LoadedEngine::Get(disk);
  const RecordEvidenceCommand same = CommandOf(0);
  for (auto _ : state) {
    RecordEvidenceCommand command = same;
    const benchmark::Stopwatch stopwatch;
    const absl::StatusOr<Outcome> outcome = loaded.engine().Execute(kDistrict, std::move(command));
    state.SetIterationTime(stopwatch.Seconds());
    LEADLAG_CHECK(outcome.ok() && std::get<BatchOutcome>(*outcome).same_count == kBatchRecords);
  }
  state.SetItemsProcessed(state.iterations() * kBatchRecords);
}
BENCHMARK_CAPTURE(EngineApplySameBatch, memory, EngineDisk::kMemory)->UseManualTime()->Unit(::benchmark::kMillisecond);

// A minute passes over 10,000 watches, none of which falls due for months. A fixed number of them: too many minutes
// would be months.
void EngineTickNothingDue(::benchmark::State& state, EngineDisk disk) {
  SimulatedClock clock(NewYork().At(Work().today(), MinuteOfDay{720}));
  benchmark::WatchedDistrict district(clock.Now());
  district.AddTeams(kTickedTeams);
  for (int i = 0; i < kTickedExpectations; ++i) district.AddQuiet("quiet-" + std::to_string(i), 0);
  const std::unique_ptr<Engine> engine = Engine::Open(OptionsOn(disk, "ticked", clock)).value();
  LEADLAG_CHECK(engine->Execute(kDistrict, ApplyCatalogCommand{.catalog = district.catalog}).ok());
  engine->WaitIdle();
  const auto flips = [&] { return engine->Read(kDistrict).value()->last_sequence(); };
  const uint64_t flips_before = flips();
  for (auto _ : state) {
    clock.Set(Instant{clock.Now().micros + kMicrosPerMinute});
    const absl::Status status = engine->Tick();
    LEADLAG_CHECK(status.ok());
  }
  LEADLAG_CHECK(flips() == flips_before);
}
BENCHMARK_CAPTURE(EngineTickNothingDue, disk, EngineDisk::kMachine)
    ->UseRealTime()
    ->Iterations(5'000)
    ->Unit(::benchmark::kMicrosecond);
BENCHMARK_CAPTURE(EngineTickNothingDue, memory, EngineDisk::kMemory)
    ->UseRealTime()
    ->Iterations(5'000)
    ->Unit(::benchmark::kMicrosecond);

// A page of the flip log, as every subscriber reads it: pages one after the other.
void EngineReadFlips(::benchmark::State& state) {
  Engine& engine = LoadedEngine::Get(EngineDisk::kMemory).engine();
  const uint64_t last = engine.Read(kDistrict).value()->last_sequence();
  LEADLAG_CHECK(last > 2 * kFlipsAPage);
  uint64_t from = 1;
  for (auto _ : state) {
    const absl::StatusOr<DistrictReader> reader = engine.Read(kDistrict);
    absl::StatusOr<std::vector<TimelineFlip>> flips = ReadFlips(*reader, from, kFlipsAPage);
    LEADLAG_CHECK(flips.ok() && flips->size() == kFlipsAPage);
    ::benchmark::DoNotOptimize(flips);
    from = from + 2 * kFlipsAPage <= last ? from + kFlipsAPage : 1;
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kFlipsAPage));
}
BENCHMARK(EngineReadFlips)->Unit(::benchmark::kMicrosecond);

// A team's cadence, whole: its rows, every metric, the debt of its watches. Teams one after the other.
void EngineTeamCadence(::benchmark::State& state) {
  Engine& engine = LoadedEngine::Get(EngineDisk::kMemory).engine();
  int team = 0;
  for (auto _ : state) {
    const absl::StatusOr<DistrictReader> reader = engine.Read(kDistrict);
    absl::StatusOr<TeamCadenceAnswer> answer = GetTeamCadence(*reader, Work().TeamId(team), {});
    LEADLAG_CHECK(answer.ok() && answer->cadence.signal_dates > 0);
    ::benchmark::DoNotOptimize(answer);
    team = (team + 1) % Work().teams();
  }
}
BENCHMARK(EngineTeamCadence)->Unit(::benchmark::kMicrosecond);

// A team's latency, whole.
void EngineTeamLatency(::benchmark::State& state) {
  Engine& engine = LoadedEngine::Get(EngineDisk::kMemory).engine();
  int team = 0;
  for (auto _ : state) {
    const absl::StatusOr<DistrictReader> reader = engine.Read(kDistrict);
    absl::StatusOr<LatencyAnswer> answer = GetEvidenceLatency(*reader, Work().TeamId(team), {}, {});
    LEADLAG_CHECK(answer.ok() && answer->teams == 1);
    ::benchmark::DoNotOptimize(answer);
    team = (team + 1) % Work().teams();
  }
}
BENCHMARK(EngineTeamLatency)->Unit(::benchmark::kMicrosecond);

// The latency of all teams together.
void EngineDistrictLatency(::benchmark::State& state) {
  Engine& engine = LoadedEngine::Get(EngineDisk::kMemory).engine();
  for (auto _ : state) {
    const absl::StatusOr<DistrictReader> reader = engine.Read(kDistrict);
    absl::StatusOr<LatencyAnswer> answer = GetEvidenceLatency(*reader, "", {}, {});
    LEADLAG_CHECK(answer.ok() && answer->teams == Work().teams());
    ::benchmark::DoNotOptimize(answer);
  }
}
BENCHMARK(EngineDistrictLatency)->Unit(::benchmark::kMillisecond);

// The overview's rows, all made anew: what a first look costs, and each change of the catalog.
void EngineListCadence(::benchmark::State& state) {
  Engine& engine = LoadedEngine::Get(EngineDisk::kMemory).engine();
  for (auto _ : state) {
    const absl::StatusOr<DistrictReader> reader = engine.Read(kDistrict);
    absl::StatusOr<OverviewPage> page = ListTeamCadence(*reader, std::nullopt, {}, "", static_cast<size_t>(Work().teams()));
    LEADLAG_CHECK(page.ok() && page->teams.size() == static_cast<size_t>(Work().teams()));
    ::benchmark::DoNotOptimize(page);
  }
  state.SetItemsProcessed(state.iterations() * Work().teams());
}
BENCHMARK(EngineListCadence)->Unit(::benchmark::kMillisecond);

// A start that has 100,000 records of the log to apply again, as after SIGKILL: a copy of the files of an engine that still runs. A fixed
// number of them, for each is a copy.
void EngineReplayLog(::benchmark::State& state) {
  constexpr int64_t kReplayed = 100'000;
  SimulatedClock clock(NewYork().At(Work().today(), MinuteOfDay{720}));
  const EngineOptions running = OptionsOn(EngineDisk::kMachine, "replayed", clock);
  const std::unique_ptr<Engine> engine = Engine::Open(running).value();
  LEADLAG_CHECK(engine->Execute(kDistrict, ApplyCatalogCommand{.catalog = WorkCatalog()}).ok());
  engine->WaitIdle();
  for (int64_t first = 0; first < kReplayed; first += kBatchRecords) LEADLAG_CHECK(engine->Execute(kDistrict, CommandOf(first)).ok());
  for (auto _ : state) {
    const EngineOptions copy = OptionsOn(EngineDisk::kMachine, "copy", clock);
    std::filesystem::copy(running.data_directory, copy.data_directory, std::filesystem::copy_options::recursive);
    const benchmark::Stopwatch stopwatch;
    const std::unique_ptr<Engine> started = Engine::Open(copy).value();
    state.SetIterationTime(stopwatch.Seconds());
    LEADLAG_CHECK(started->Read(kDistrict).value()->evidence_count() == kReplayed);
  }
  state.SetItemsProcessed(state.iterations() * kReplayed);
}
BENCHMARK(EngineReplayLog)->UseManualTime()->Iterations(3)->Unit(::benchmark::kMillisecond);

}  // namespace
}  // namespace leadlag::micro
