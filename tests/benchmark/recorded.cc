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

absl::StatusOr<Recorded> ReadRecorded(const std::string& json) {
  google::protobuf::Struct object;
  if (const auto status = google::protobuf::util::JsonStringToMessage(json, &object); !status.ok()) {
    return absl::InvalidArgumentError("what was recorded is no JSON object: " + status.ToString());
  }
  Recorded recorded;
  for (const auto& [key, value] : object.fields()) {
    if (value.has_number_value() && SenseOf(key) != Sense::kNotARatio) recorded[key] = value.number_value();
  }
  if (recorded.empty()) return absl::InvalidArgumentError("what was recorded has no ratio");
  return recorded;
}

std::vector<std::string> FarWorse(const Figures& figures, const Recorded& recorded) {
  std::vector<std::string> worse;
  for (const auto& [key, value] : KeysOf(figures)) {
    const auto before = recorded.find(key);
    if (before == recorded.end()) continue;
    const double then = before->second;
    if (SenseOf(key) == Sense::kHigherIsBetter ? value < then / 2 : value > then * 2) {
      worse.push_back(key + " is " + std::to_string(value) + "; recorded is " + std::to_string(then));
    }
  }
  return worse;
}

}  // namespace leadlag::benchmark
