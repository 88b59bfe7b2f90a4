// Sends records one by one over an EvidenceStream, packed into batches, and adds up what became of them. Outages are
// bridged, and told: the first failure and what ends it as notes, the tries between as progress.
//
// Thread safety: Add, Flush, Heartbeat, AwaitAcknowledged and Finish from one thread; OnBatch runs on a thread of the
// stream, one call at a time; totals() from any.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "client/cli/run_context.h"
#include "client/evidence_stream.h"

namespace leadlag::cli {

struct SendTotals {
  int64_t new_records = 0;
  int64_t same = 0;
  int64_t revised = 0;
  int64_t voided = 0;
  int64_t pending_calendar = 0;  // of the above
  int64_t refused = 0;
  int64_t acknowledged() const { return new_records + same + revised + voided + refused; }
};

// "3 new, 7103 the same, …" for people.
std::string Summary(const SendTotals& totals);

struct RefusedRecord {
  uint64_t tag = 0;   // as given to Add
  std::string field;  // path inside the record; may be empty
  std::string reason;
};

class RecordSender {
 public:
  // Called for every acknowledged batch: the tags of its records, which of them were refused, and the acknowledgement.
  using OnBatch = std::function<void(const std::vector<uint64_t>& tags, const std::vector<RefusedRecord>& refused,
                                     const v1::StreamEvidenceResponse& ack)>;

  // Below the contract's limits (1,000 records, 1 MiB), so that no batch is refused for its size; and no more records than an
  // acknowledgement names failures, so that every refused one comes back with its reason. The server's writer joins batches again.
  static constexpr int kBatchRecordsMax = 100;
  static constexpr size_t kBatchBytesMax = 512 << 10;

  // Of an outage that is bridged, where the command line says nothing else.
  static constexpr double kOutageSecondsDefault = 300;

  // `context` is borrowed.
  RecordSender(RunContext& context, std::string parent, double outage_seconds, OnBatch on_batch);

  // Takes a record; sends a batch when it is full. An error is the stream's final status.
  absl::Status Add(v1::EvidenceRecord record, uint64_t tag);
  // Sends what waits, if anything.
  absl::Status Flush();
  // Sends an empty batch: "still here".
  absl::Status Heartbeat();
  // Sends what waits, and waits until all of it is acknowledged: from then on totals() says whether anything was
  // refused.
  absl::Status AwaitAcknowledged();
  // Sends the rest, with the promise that all evidence up to a date was sent where `complete_through` is not empty, and
  // waits for every acknowledgement. What the server has against the promise, or against a heartbeat, is returned.
  absl::Status Finish(const std::string& complete_through);

  SendTotals totals() const;

 private:
  absl::Status Send();
  void Acknowledged(const v1::EvidenceBatch& batch, const v1::StreamEvidenceResponse& ack);
  void Reconnecting(const absl::Status& why, std::chrono::milliseconds wait, int failures);

  RunContext& context_;
  const double outage_seconds_;
  const OnBatch on_batch_;
  v1::EvidenceBatch batch_;
  std::vector<uint64_t> tags_;
  size_t batch_bytes_ = 0;
  mutable absl::Mutex mutex_;
  std::deque<std::vector<uint64_t>> tags_on_the_way_ ABSL_GUARDED_BY(mutex_);  // of batches in order
  SendTotals totals_ ABSL_GUARDED_BY(mutex_);
  absl::Status promise_ ABSL_GUARDED_BY(mutex_);  // the first refusal of a batch without records
  bool outage_told_ ABSL_GUARDED_BY(mutex_) = false;
  EvidenceStream stream_;  // last: its threads use all of the above
};

}  // namespace leadlag::cli
