#include "tests/benchmark/recorded.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include "absl/status/status.h"

namespace leadlag::benchmark {
namespace {

enum class Sense { kHigherIsBetter, kLowerIsBetter, kNotARatio };

Sense SenseOf(const std::string& key) {
  if (key.ends_with("_over_empty_rpc") || key.ends_with("_growth") || key == "disk_over_protobuf_bytes") {
    return Sense::kLowerIsBetter;
  }
  const bool is_ratio = key.find("_over_") != std::string::npos;
  return is_ratio ? Sense::kHigherIsBetter : Sense::kNotARatio;
}

}  // namespace

absl::StatusOr<std::vector<std::string>> FarWorse(const Figures& figures, const std::string& recorded_json) {
  google::protobuf::Struct recorded;
  if (const auto status = google::protobuf::util::JsonStringToMessage(recorded_json, &recorded); !status.ok()) {
    return absl::InvalidArgumentError("what was recorded is no JSON object: " + status.ToString());
  }
  std::vector<std::string> worse;
  int compared = 0;
  for (const auto& [key, value] : KeysOf(figures)) {
    const auto before = recorded.fields().find(key);
    const Sense sense = SenseOf(key);
    if (before == recorded.fields().end() || sense == Sense::kNotARatio) continue;
    ++compared;
    const double then = before->second.number_value();
    if (sense == Sense::kHigherIsBetter ? value < then / 2 : value > then * 2) {
      worse.push_back(key + " is " + std::to_string(value) + "; recorded is " + std::to_string(then));
    }
  }
  if (compared == 0) return absl::InvalidArgumentError("what was recorded has none of the ratios that were measured");
  return worse;
}

}  // namespace leadlag::benchmark
