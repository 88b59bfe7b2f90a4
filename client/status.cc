#include "client/status.h"

#include <string>
#include <utility>

#include "absl/strings/cord.h"
#include "leadlag/v1/error.pb.h"

namespace leadlag {
namespace {

absl::Status Rebuilt(absl::StatusCode code, const std::string& message, const absl::Status& payloads_of) {
  absl::Status result(code, message);
  payloads_of.ForEachPayload([&result](auto url, const absl::Cord& payload) { result.SetPayload(url, payload); });
  return result;
}

}  // namespace

absl::StatusCode CodeOf(std::string_view name) {
  for (int code = 0; code <= static_cast<int>(absl::StatusCode::kUnauthenticated); ++code) {
    if (absl::StatusCodeToString(static_cast<absl::StatusCode>(code)) == name)
      return static_cast<absl::StatusCode>(code);
  }
  return absl::StatusCode::kUnknown;
}

absl::Status StatusOf(const grpc::Status& status, const grpc::ClientContext& context) {
  if (status.ok()) return absl::OkStatus();
  auto code = static_cast<absl::StatusCode>(status.error_code());
  if (code == absl::StatusCode::kCancelled) code = absl::StatusCode::kUnavailable;
  const auto& trailers = context.GetServerTrailingMetadata();
  const auto found = trailers.find(kErrorDetailsKey);
  v1::ErrorDetails details;
  if (found == trailers.end() ||
      !details.ParseFromArray(found->second.data(), static_cast<int>(found->second.size())) ||
      details.problems().empty()) {
    return absl::Status(code, status.error_message());
  }
  std::vector<Problem> problems;
  for (const v1::Problem& problem : details.problems()) {
    problems.push_back({CodeOf(problem.code()), problem.field(), problem.reason()});
  }
  const absl::Status named = AsStatus(problems);
  // The call's own code decides; the first problem's could differ.
  return Rebuilt(code, status.error_message().empty() ? std::string(named.message()) : status.error_message(), named);
}

absl::Status WithContext(std::string_view context, const absl::Status& status) {
  if (status.ok()) return status;
  return Rebuilt(status.code(), std::string(context) + ": " + std::string(status.message()), status);
}

}  // namespace leadlag
