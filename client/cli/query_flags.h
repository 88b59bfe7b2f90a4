// Flags that several questions share: which signals, which teams, which dates; and how their answers' parts read in a
// table.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/statusor.h"
#include "client/cli/table.h"
#include "google/protobuf/map.h"
#include "google/protobuf/timestamp.pb.h"
#include "leadlag/v1/alert.pb.h"
#include "leadlag/v1/catalog.pb.h"

namespace leadlag::cli {

// --kind: "any", a category ("WALKTHROUGH") or "indicator:ID". None for "" (the server's default). INVALID_ARGUMENT
// otherwise.
absl::StatusOr<std::optional<v1::SignalKind>> ParseKind(std::string_view text);
std::string KindText(const v1::SignalKind& kind);

// --label key=value, into a map of a request.
absl::Status AddLabels(const std::vector<std::string>& pairs, google::protobuf::Map<std::string, std::string>& labels);

struct WindowFlags {
  std::string kind;
  std::string start;
  std::string end;
  std::vector<std::string> labels;
  bool include_completions = false;
};
void AddKindFlag(CLI::App& command, WindowFlags& flags);
void AddDateFlags(CLI::App& command, WindowFlags& flags, const std::string& start_default,
                  const std::string& end_default);
void AddLabelFlag(CLI::App& command, WindowFlags& flags);

// "2025-09-04T11:00:00Z"; "" for the default timestamp.
std::string TimeText(const google::protobuf::Timestamp& time);

// A watch's state with its colour.
Cell StateCell(v1::WatchState state);

// "12"; "" for none.
template <typename Number>
std::string TextOr(bool has, Number value) {
  return has ? std::to_string(value) : "";
}

}  // namespace leadlag::cli
