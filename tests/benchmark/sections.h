// The parts of the benchmark; each adds its figures of one round, and leaves no process and no file behind.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "tests/benchmark/figures.h"

namespace leadlag::benchmark {

struct BenchmarkOptions {
  bool quick = false;
  int ticks = 0;               // that are waited for with each number of subscribers, a minute each; 0: as many as the form has
  int subscribers = 0;         // of alerts, such a number of them alone; 0: each number in turn
  std::string work_directory;  // on a real disk; each part makes and removes its own below it
  std::string postgresql;      // conninfo of a server of the benchmark's own
};

// Records a second into leadlagd, gRPC alone, RocksDB alone, PostgreSQL.
absl::Status MeasureIngest(const BenchmarkOptions& options, Figures& figures);
// Questions to leadlagd, the empty RPC, PostgreSQL.
absl::Status MeasureQueries(const BenchmarkOptions& options, Figures& figures);
// From an acknowledgement and from a tick's moment to subscribers of leadlagd.
absl::Status MeasureAlerts(const BenchmarkOptions& options, Figures& figures);
// What a subscriber that stops reading costs the 999 others and the server.
absl::Status MeasureStalled(const BenchmarkOptions& options, Figures& figures);
// Ticks over many watches, and many that are due at once: the engine in this process, on a clock that is moved.
absl::Status MeasureTicks(const BenchmarkOptions& options, Figures& figures);
// The same work and questions as the store grows, starts, memory and disk. Once, not every round.
absl::Status MeasureGrowth(const BenchmarkOptions& options, Figures& figures);

}  // namespace leadlag::benchmark
