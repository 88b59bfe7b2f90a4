// What is wrong with an input, in words a data clerk can act on: which field, why, and what to do.
//
// A Problem becomes an absl::Status by AsStatus, and is read back by ProblemsOf: the status message is for people, the payload for
// programs. One meaning per code; server/rpc/status.h is the one place that maps to gRPC.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace leadlag {

struct Problem {
  absl::StatusCode code = absl::StatusCode::kInvalidArgument;
  std::string field;   // path from the request's or document's root: "teams[3].active_periods[0].active_from"
  std::string reason;  // "2025-13-01 is not a date; give YYYY-MM-DD"
  friend bool operator==(const Problem&, const Problem&) = default;
};

// The first problem's code, all problems in the payload, at most 5 in the message ("field: reason; …", then "and N more").
// REQUIRES: problems not empty.
absl::Status AsStatus(const std::vector<Problem>& problems);
inline absl::Status AsStatus(Problem problem) { return AsStatus(std::vector<Problem>{std::move(problem)}); }

// INVALID_ARGUMENT for one field.
absl::Status InvalidField(std::string_view field, std::string_view reason);

// The problems a status carries; empty where it carries none.
std::vector<Problem> ProblemsOf(const absl::Status& status);

}  // namespace leadlag
