#include "server/rpc/status.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <vector>

#include "core/limits.h"
#include "server/log.h"

namespace leadlag {
namespace {

bool IsOurMistake(const absl::Status& status) {
  return status.code() == absl::StatusCode::kInternal || status.code() == absl::StatusCode::kUnknown;
}

size_t DetailsBytesFor(const grpc::CallbackServerContext& context) {
  const auto asked = context.client_metadata().find(kErrorDetailsAskedMetadata);
  if (asked == context.client_metadata().end()) return kErrorDetailsBytesMax;
  size_t bytes = 0;
  const auto [stop, error] = std::from_chars(asked->second.begin(), asked->second.end(), bytes);
  if (error != std::errc() || stop != asked->second.end()) return kErrorDetailsBytesMax;
  return std::clamp(bytes, kErrorDetailsBytesMax, kErrorDetailsBytesAskedMax);
}

}  // namespace

std::string_view CodeName(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kOk: return "OK";
    case absl::StatusCode::kCancelled: return "CANCELLED";
    case absl::StatusCode::kUnknown: return "UNKNOWN";
    case absl::StatusCode::kInvalidArgument: return "INVALID_ARGUMENT";
    case absl::StatusCode::kDeadlineExceeded: return "DEADLINE_EXCEEDED";
    case absl::StatusCode::kNotFound: return "NOT_FOUND";
    case absl::StatusCode::kAlreadyExists: return "ALREADY_EXISTS";
    case absl::StatusCode::kPermissionDenied: return "PERMISSION_DENIED";
    case absl::StatusCode::kResourceExhausted: return "RESOURCE_EXHAUSTED";
    case absl::StatusCode::kFailedPrecondition: return "FAILED_PRECONDITION";
    case absl::StatusCode::kAborted: return "ABORTED";
    case absl::StatusCode::kOutOfRange: return "OUT_OF_RANGE";
    case absl::StatusCode::kUnimplemented: return "UNIMPLEMENTED";
    case absl::StatusCode::kInternal: return "INTERNAL";
    case absl::StatusCode::kUnavailable: return "UNAVAILABLE";
    case absl::StatusCode::kDataLoss: return "DATA_LOSS";
    case absl::StatusCode::kUnauthenticated: return "UNAUTHENTICATED";
    default: return "UNKNOWN";
  }
}

absl::Status AtField(absl::Status status, std::string_view field) {
  if (status.ok()) return status;
  std::vector<Problem> problems = ProblemsOf(status);
  if (problems.size() != 1 || !problems.front().field.empty()) return status;
  problems.front().field = std::string(field);
  return AsStatus(problems);
}

v1::Problem ToProto(const Problem& problem) {
  v1::Problem proto;
  proto.set_code(std::string(CodeName(problem.code)));
  proto.set_field(problem.field);
  proto.set_reason(problem.reason);
  return proto;
}

Problem FirstProblemOf(const absl::Status& status) {
  std::vector<Problem> problems = ProblemsOf(status);
  if (!problems.empty()) return std::move(problems.front());
  return Problem{status.code(), "", std::string(status.message())};
}

v1::ErrorDetails DetailsOf(const absl::Status& status, size_t bytes_max) {
  v1::ErrorDetails details;
  if (status.ok() || IsOurMistake(status)) return details;
  const std::vector<Problem> problems = ProblemsOf(status);
  if (problems.empty()) return details;
  details.set_problem_count(static_cast<int32_t>(problems.size()));
  for (const Problem& problem : problems) {
    if (static_cast<size_t>(details.problems_size()) == kMaxProblems) break;
    *details.add_problems() = ToProto(problem);
    if (details.ByteSizeLong() > bytes_max) {
      details.mutable_problems()->RemoveLast();
      break;
    }
  }
  return details;
}

grpc::Status ToGrpcStatus(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  if (IsOurMistake(status)) {
    LogLine(LogSeverity::kError, "a mistake in this program: " + status.ToString());
    return grpc::Status(grpc::StatusCode::INTERNAL, "a mistake in the service; its log says more");
  }
  // The numbers are the canonical ones on both sides.
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()),
                      Clip(std::string(status.message()), kErrorMessageBytesMax));
}

grpc::Status ToGrpcStatus(const absl::Status& status, grpc::CallbackServerContext& context) {
  const v1::ErrorDetails details = DetailsOf(status, DetailsBytesFor(context));
  if (details.problems_size() > 0) context.AddTrailingMetadata(kErrorDetailsMetadata, details.SerializeAsString());
  return ToGrpcStatus(status);
}

}  // namespace leadlag
