// What an earlier run recorded, to tell when this one is far worse. Not thread safe.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tests/benchmark/figures.h"

namespace leadlag::benchmark {

// A line for each ratio of KeysOf(figures) that is less than half as good as in `recorded_json` (a JSON object that JsonOf made). Figures
// with a unit are left out: another machine has others. INVALID_ARGUMENT where it is no such object, or shares no ratio with the figures.
absl::StatusOr<std::vector<std::string>> FarWorse(const Figures& figures, const std::string& recorded_json);

}  // namespace leadlag::benchmark
