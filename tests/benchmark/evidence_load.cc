#include "tests/benchmark/evidence_load.h"

#include <atomic>
#include <semaphore>
#include <string>
#include <thread>

#include "core/clock.h"
#include "grpcpp/client_context.h"
#include "tests/benchmark/figures.h"
#include "tests/benchmark/workload.h"

namespace leadlag::benchmark {
namespace {

absl::Status StatusOf(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
}

absl::Status CheckedResult(const v1::BatchResult& result) {
  if (result.failed_count() == 0) return absl::OkStatus();
  return absl::InternalError("records were refused: " + result.failures(0).ShortDebugString());
}

}  // namespace

absl::StatusOr<LoadResult> SendStream(v1::EvidenceService::Stub& stub,
                                      const std::vector<v1::StreamEvidenceRequest>& batches, int window) {
  std::vector<int64_t> sent(batches.size());
  LoadResult result;
  result.ack_millis.reserve(batches.size());
  std::counting_semaphore<> room(window);
  std::atomic<bool> refused = false;
  absl::Status why;

  grpc::ClientContext context;
  const auto call = stub.StreamEvidence(&context);
  v1::StreamEvidenceRequest open;
  open.mutable_open()->set_parent(Workload::Parent());
  call->Write(open);
  const Stopwatch stopwatch;
  std::thread reader([&] {
    v1::StreamEvidenceResponse ack;
    while (call->Read(&ack)) {
      if (result.ack_millis.size() == sent.size() || ack.has_error() || !CheckedResult(ack.result()).ok()) {
        why = absl::InternalError("an acknowledgement that was not expected: " + ack.ShortDebugString().substr(0, 500));
        refused = true;
        break;
      }
      result.ack_millis.push_back(static_cast<double>(MonotonicMicros() - sent[result.ack_millis.size()]) * 1e-3);
      result.seconds = stopwatch.Seconds();
      room.release();
    }
    if (result.ack_millis.size() < sent.size()) refused = true;
    room.release(window);  // the writer must not wait for what no longer comes
  });
  for (size_t i = 0; i < batches.size(); ++i) {
    room.acquire();
    if (refused) break;
    sent[i] = MonotonicMicros();
    if (!call->Write(batches[i])) break;
  }
  call->WritesDone();
  if (refused) context.TryCancel();
  reader.join();
  const grpc::Status status = call->Finish();
  if (!why.ok()) return why;
  if (!status.ok()) return StatusOf(status);
  if (result.ack_millis.size() < batches.size()) return absl::InternalError("some batches were not acknowledged");
  return result;
}

std::vector<v1::RecordEvidenceRequest> UnaryRequests(const std::vector<v1::StreamEvidenceRequest>& batches) {
  std::vector<v1::RecordEvidenceRequest> requests;
  for (const v1::StreamEvidenceRequest& batch : batches) {
    v1::RecordEvidenceRequest& request = requests.emplace_back();
    request.set_parent(Workload::Parent());
    *request.mutable_records() = batch.batch().records();
  }
  return requests;
}

absl::StatusOr<LoadResult> SendUnary(v1::EvidenceService::Stub& stub,
                                     const std::vector<v1::RecordEvidenceRequest>& requests, int concurrency) {
  LoadResult result;
  result.ack_millis.resize(requests.size());
  std::vector<absl::Status> statuses(static_cast<size_t>(concurrency));
  std::atomic<size_t> next = 0;
  const Stopwatch stopwatch;
  std::vector<std::thread> threads;
  for (absl::Status& status : statuses) {
    threads.emplace_back([&] {
      v1::RecordEvidenceResponse response;
      for (size_t i; status.ok() && (i = next++) < requests.size();) {
        grpc::ClientContext context;
        const Stopwatch one;
        status = StatusOf(stub.RecordEvidence(&context, requests[i], &response));
        result.ack_millis[i] = one.Millis();
        if (status.ok()) status = CheckedResult(response.result());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  result.seconds = stopwatch.Seconds();
  for (const absl::Status& status : statuses) {
    if (!status.ok()) return status;
  }
  return result;
}

}  // namespace leadlag::benchmark
