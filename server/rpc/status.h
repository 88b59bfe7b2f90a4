// The one map from absl::Status to what a client sees.
//
// Codes keep their number: one meaning per code. What names fields travels beside the message, as serialized leadlag.v1.ErrorDetails in
// the trailing metadata kErrorDetailsMetadata. INTERNAL and UNKNOWN are mistakes in this program: their text goes to the log, and
// the client is told no more than that.
//
// gRPC clients refuse trailing metadata over 8 KiB unless told otherwise, and would then see neither code nor message; so the details
// are cut to the first problems that fit kErrorDetailsBytesMax. A client that has raised its own limit says so with the request
// metadata kErrorDetailsAskedMetadata (bytes, decimal), and gets up to kErrorDetailsBytesAskedMax.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "core/problem.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/status.h"
#include "leadlag/v1/error.pb.h"

namespace leadlag {

inline constexpr char kErrorDetailsMetadata[] = "leadlag-error-details-bin";
inline constexpr char kErrorDetailsAskedMetadata[] = "leadlag-error-details-bytes-max";

// Adds the details to the context's trailing metadata and returns the status to finish the call with. REQUIRES: the call has not
// been finished.
grpc::Status ToGrpcStatus(const absl::Status& status, grpc::CallbackServerContext& context);

// The status without its details, and the details alone: at most `bytes_max` when serialized, at most kMaxProblems.
grpc::Status ToGrpcStatus(const absl::Status& status);
v1::ErrorDetails DetailsOf(const absl::Status& status, size_t bytes_max);

// "NOT_FOUND".
std::string_view CodeName(absl::StatusCode code);

// `status` with its problem said of `field`, where it has a single one that names no field: the engine does not know by which field of
// a request its district was named.
absl::Status AtField(absl::Status status, std::string_view field);

v1::Problem ToProto(const Problem& problem);
// The first problem of a status, or one made of its code and message.
Problem FirstProblemOf(const absl::Status& status);

}  // namespace leadlag
