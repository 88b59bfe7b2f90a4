// Evidence sent as fast as it is acknowledged, with the stubs themselves: the measuring client does as little as one
// can.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "leadlag/v1/evidence_service.grpc.pb.h"

namespace leadlag::benchmark {

struct LoadResult {
  double seconds = 0;              // from the first write to the last acknowledgement
  std::vector<double> ack_millis;  // of each batch, from before its write
};

// Sends `batches` over one StreamEvidence call, at most `window` of them unacknowledged. An error: the call's, INTERNAL
// where a batch or record was refused.
absl::StatusOr<LoadResult> SendStream(v1::EvidenceService::Stub& stub,
                                      const std::vector<v1::StreamEvidenceRequest>& batches, int window);

// The same records as requests of RecordEvidence.
std::vector<v1::RecordEvidenceRequest> UnaryRequests(const std::vector<v1::StreamEvidenceRequest>& batches);

// Sends `requests` with `concurrency` threads, each waiting for its answer before its next one. Errors as SendStream.
absl::StatusOr<LoadResult> SendUnary(v1::EvidenceService::Stub& stub,
                                     const std::vector<v1::RecordEvidenceRequest>& requests, int concurrency);

}  // namespace leadlag::benchmark
