// The one place that turns what gRPC reports into an absl::Status of the client's users.
//
// Codes keep their number, but for CANCELLED, which becomes UNAVAILABLE: it is how a server that shuts down ends a call that came
// at the last moment. Who cancels a call here knows it, and says so before asking what the call came to.
//
// A server that can name fields sends them in the trailing metadata
// `leadlag-error-details-bin` (leadlag.v1.ErrorDetails); they become the status's problems, to be read with ProblemsOf
// (core/problem.h). Thread safe.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "core/problem.h"
#include "grpcpp/client_context.h"
#include "grpcpp/support/status.h"

namespace leadlag {

// The key of the trailing metadata that holds serialized ErrorDetails.
inline constexpr char kErrorDetailsKey[] = "leadlag-error-details-bin";
// The key of the request metadata that says how many bytes of them this client takes, in decimal. Without it a server
// sends no more than a client with gRPC's own limits can receive: the first few problems.
inline constexpr char kErrorDetailsAskedKey[] = "leadlag-error-details-bytes-max";
inline constexpr int kErrorDetailsAskedBytes = 256 << 10;  // the most that a server grants

// Asks for all of the details. For a call that has not begun, on a channel that takes so much metadata (Client's does).
void AskForErrorDetails(grpc::ClientContext& context);

// The call's outcome: its code, the server's message, and the problems it named. Details that cannot be read are left
// out: the code and message stand by themselves. REQUIRES: the call has finished.
absl::Status StatusOf(const grpc::Status& status, const grpc::ClientContext& context);

// How many problems the server found, of which it names a part: never less than ProblemsOf(status) has.
size_t ProblemCountOf(const absl::Status& status);

// `status`, its code and its count of problems, with other words for the problems. REQUIRES: problems not empty.
absl::Status WithProblems(const absl::Status& status, const std::vector<Problem>& problems);

// "NOT_FOUND" is kNotFound; a name that is none is kUnknown.
absl::StatusCode CodeOf(std::string_view name);

// `status` with the same code and problems, and `context` in front of its message: "districts/x: no such district".
absl::Status WithContext(std::string_view context, const absl::Status& status);

}  // namespace leadlag
