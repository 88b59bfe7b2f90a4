// leadlag_micro: a microbenchmark for each hot piece, so that a regression has a name. Google Benchmark's flags, of
// which tests/benchmark/run.sh --micro gives the usual ones.
#include "benchmark/benchmark.h"
#include "tests/benchmark/micro/loaded_engine.h"

int main(int argc, char** argv) {
  ::benchmark::Initialize(&argc, argv);
  if (::benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  const size_t run = ::benchmark::RunSpecifiedBenchmarks();
  leadlag::micro::CloseEngines();
  ::benchmark::Shutdown();
  return run > 0 ? 0 : 2;  // a filter that picks nothing was meant to pick something
}
