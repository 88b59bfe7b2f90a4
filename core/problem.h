// What is wrong with an input, in words a data clerk can act on: which field, why, and what to do.
//
// A Problem becomes an absl::Status by AsStatus, and is read back by ProblemsOf: the status message is for people, the
// payload for programs. One meaning per code; server/rpc/status.h is the one place that maps to gRPC.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"

namespace leadlag {

struct Problem {
  absl::StatusCode code = absl::StatusCode::kInvalidArgument;
  std::string field;   // path from the request's or document's root: "teams[3].active_periods[0].active_from"
  std::string reason;  // why, and what to do: "\"2025-13-01\" does not exist; give a real date as YYYY-MM-DD"
  friend bool operator==(const Problem&, const Problem&) = default;
};

// A status with the first problem's code, all problems in the payload, at most 5 in the message ("field: reason; …",
// then "and N more"). REQUIRES: problems not empty, no code kOk.
absl::Status AsStatus(const std::vector<Problem>& problems);
inline absl::Status AsStatus(Problem problem) { return AsStatus(std::vector<Problem>{std::move(problem)}); }

// INVALID_ARGUMENT for one field.
absl::Status InvalidField(std::string_view field, std::string_view reason);

// The problems a status carries; empty where it carries none.
std::vector<Problem> ProblemsOf(const absl::Status& status);

// Words for reasons: the text of someone's input in quotation marks, cut after 64 bytes; what is not UTF-8 or holds
// control characters is escaped, so that a reason is always printable UTF-8.
std::string Quoted(std::string_view text);
// The text where it has at most `max_bytes` bytes, else its beginning and "…", together no longer than that (and never
// less than "…"). Cuts no UTF-8 character in two.
std::string Clip(std::string_view text, size_t max_bytes);
bool IsUtf8(std::string_view text);

}  // namespace leadlag
