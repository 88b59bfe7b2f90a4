// The file in which `leadlag alerts watch` keeps its place in the stream, across crashes of its own and of the machine.
//
// Only a file that does not exist says that there is no token yet. One that is there and cannot be read must not be
// taken for that: the watch would begin anew and miss what came between. Not thread safe; one process a file.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace leadlag::cli {

class TokenFile {
 public:
  explicit TokenFile(std::string path) : path_(std::move(path)) {}

  // The token; none where the file does not exist. FAILED_PRECONDITION where it cannot be read, or is empty (which
  // Write never leaves), with what to do.
  absl::StatusOr<std::optional<std::string>> Read() const;

  // Replaces the token, durably: the file holds the old one or the new one, whole, whenever the machine fails.
  // FAILED_PRECONDITION where that cannot be done; the old one then stays.
  absl::Status Write(std::string_view token) const;

 private:
  const std::string path_;
};

}  // namespace leadlag::cli
