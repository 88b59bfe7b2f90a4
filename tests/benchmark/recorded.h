// What an earlier run recorded, to tell when this one is far worse. Not thread safe.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "tests/benchmark/figures.h"

namespace leadlag::benchmark {

// The ratios among the keys of KeysOf, by key.
using Recorded = std::map<std::string, double>;

// Of a JSON object that JsonOf made. Figures with a unit are left out: another machine has others. INVALID_ARGUMENT where it is no such
// object, or has no ratio.
absl::StatusOr<Recorded> ReadRecorded(const std::string& json);

// A line for each ratio of KeysOf(figures) that is less than half as good as it was recorded; what either has not is not compared.
std::vector<std::string> FarWorse(const Figures& figures, const Recorded& recorded);

}  // namespace leadlag::benchmark
