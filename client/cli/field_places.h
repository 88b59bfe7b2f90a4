// Where the fields of a message stand in the file it was read from, so that what a server says of a field is told with file and line. A
// plain value; thread safe while not changed.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace leadlag::cli {

class FieldPlaces {
 public:
  FieldPlaces() = default;
  // `request_root`: what the server's field paths have before a path in the file ("catalog."), or have not.
  explicit FieldPlaces(std::string request_root) : request_root_(std::move(request_root)) {}

  // The field stands at `place` ("catalog.yaml:12"); "" is the document.
  void Set(const std::string& field_path, std::string place) { places_[field_path] = std::move(place); }
  // Keeps the first.
  void SetFirst(const std::string& field_path, std::string place) { places_.try_emplace(field_path, std::move(place)); }

  // "catalog.yaml:12": the line of a field by its path ("teams[3].labels"), or of the nearest field around it. A path from the request's
  // root ("catalog.teams[3]") is understood too. REQUIRES: the document has a place.
  std::string PlaceOf(std::string_view field_path) const;

  // A server's status with the file's lines in front of the paths of its problems, of those that `in_file` (null: all) takes.
  absl::Status Placed(const absl::Status& status, const std::function<bool(std::string_view field_path)>& in_file = nullptr) const;

 private:
  std::string request_root_;
  std::map<std::string, std::string, std::less<>> places_;  // field path to "file:line"
};

// The whole of a file. NOT_FOUND with the reason where it cannot be read.
absl::StatusOr<std::string> ReadFile(const std::string& path);

}  // namespace leadlag::cli
