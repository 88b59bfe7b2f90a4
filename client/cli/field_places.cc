#include "client/cli/field_places.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>
#include <vector>

#include "client/status.h"

namespace leadlag::cli {

std::string FieldPlaces::PlaceOf(std::string_view field_path) const {
  if (field_path.starts_with(request_root_)) field_path.remove_prefix(request_root_.size());
  while (true) {
    if (const auto found = places_.find(field_path); found != places_.end()) return found->second;
    const size_t end = field_path.find_last_of(".[");
    field_path = end == std::string_view::npos ? std::string_view() : field_path.substr(0, end);
  }
}

absl::Status FieldPlaces::Placed(const absl::Status& status, const std::function<bool(std::string_view field_path)>& in_file) const {
  std::vector<Problem> problems = ProblemsOf(status);
  if (problems.empty()) return status;
  for (Problem& problem : problems) {
    if (in_file != nullptr && !in_file(problem.field)) continue;
    const std::string place = PlaceOf(problem.field);
    problem.field = problem.field.empty() ? place : place + ": " + problem.field;
  }
  return WithProblems(status, problems);
}

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error))
    return absl::NotFoundError(path + ": this is a directory, not a file");
  std::ifstream in(path, std::ios::binary);
  if (!in) return absl::NotFoundError(path + ": " + std::strerror(errno));
  std::ostringstream text;
  text << in.rdbuf();
  return std::move(text).str();
}

}  // namespace leadlag::cli
