#include "client/status.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "leadlag/v1/error.pb.h"

namespace leadlag {
namespace {

// The payload with the count of problems, in decimal; there only where not all are named.
constexpr char kProblemCountUrl[] = "leadlag.v1.ErrorDetails.problem_count";

void CopyPayloads(const absl::Status& from, absl::Status& to) {
  from.ForEachPayload([&to](auto url, const absl::Cord& payload) { to.SetPayload(url, payload); });
}

absl::Status Rebuilt(absl::StatusCode code, const std::string& message, const absl::Status& payloads_of) {
  absl::Status result(code, message);
  CopyPayloads(payloads_of, result);
  return result;
}

// All problems found, where the contract at hand has the field.
template <typename Details>
size_t CountIn(const Details& details) {
  if constexpr (requires { details.problem_count(); }) {
    return static_cast<size_t>(std::max(details.problem_count(), details.problems_size()));
  } else {
    return static_cast<size_t>(details.problems_size());
  }
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
  absl::Status named = AsStatus(problems);
  if (const size_t count = CountIn(details); count > problems.size()) {
    named.SetPayload(kProblemCountUrl, absl::Cord(std::to_string(count)));
  }
  // The call's own code decides; the first problem's could differ.
  return Rebuilt(code, status.error_message().empty() ? std::string(named.message()) : status.error_message(), named);
}

void AskForErrorDetails(grpc::ClientContext& context) {
  context.AddMetadata(kErrorDetailsAskedKey, std::to_string(kErrorDetailsAskedBytes));
}

size_t ProblemCountOf(const absl::Status& status) {
  const size_t named = ProblemsOf(status).size();
  const auto payload = status.GetPayload(kProblemCountUrl);
  uint64_t count = 0;
  return payload && absl::SimpleAtoi(std::string(*payload), &count) ? std::max<size_t>(count, named) : named;
}

absl::Status WithProblems(const absl::Status& status, const std::vector<Problem>& problems) {
  const absl::Status named = AsStatus(problems);
  absl::Status result = Rebuilt(status.code(), std::string(named.message()), status);
  CopyPayloads(named, result);
  return result;
}

absl::Status WithContext(std::string_view context, const absl::Status& status) {
  if (status.ok()) return status;
  return Rebuilt(status.code(), std::string(context) + ": " + std::string(status.message()), status);
}

}  // namespace leadlag
