// Pushes batches of evidence over one StreamEvidence call after the other until each batch is acknowledged.
//
// Concepts. Push puts a batch into a window of batches that are on their way; each leaves the window with its
// acknowledgement, which is handed to a callback. When a call ends with UNAVAILABLE (the server drains or is gone) the
// stream opens another and sends again, in order, what was not acknowledged: a batch may so reach the server twice,
// which changes nothing (the contract's idempotence), but is acknowledged to the callback exactly once. A server that
// acknowledges nothing for `ack_timeout` while it owes something counts as UNAVAILABLE.
//
// An outage is bridged for `outage_max`: from the end of the last call that was progress. That is one with an
// acknowledgement, or one that lived for `open_min` and owed nothing at its end, so that a stream on which nothing is
// pushed for days lives through any number of restarts. (Only time tells a call that was accepted from one that a
// draining server or a proxy is about to end: a server says nothing before its first acknowledgement.)
//
// Thread safe: any thread may Push; batches keep the order of the calls. The callback runs on a thread of the stream,
// one call at a time, in order; it must not call into the stream. Two threads a stream, joined by the destructor (which
// cancels a stream not finished).
//
//   EvidenceStream stream(client, {.parent = "districts/d/sources/s"}, [](const auto& batch, const auto& ack) { … });
//   for (…) if (absl::Status pushed = stream.Push(std::move(batch)); !pushed.ok()) return pushed;
//   return stream.Finish();
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "client/client.h"
#include "client/retry.h"

namespace leadlag {

struct EvidenceStreamOptions {
  std::string parent;      // "districts/{district}/sources/{source}"
  int window_batches = 8;  // on their way at once; >= 1
  RetryPolicy retry{.attempts_max = std::numeric_limits<int>::max()};  // counts calls in a row without progress
  std::chrono::milliseconds outage_max{300'000};
  std::chrono::milliseconds open_min{5'000};
  std::chrono::milliseconds ack_timeout{60'000};
  // Called on a thread of the stream, never together with OnAck, when the connection is gone and will be tried again
  // after `wait`: for the `failures`-th time in a row without progress, from 1. May be empty.
  std::function<void(const absl::Status& why, std::chrono::milliseconds wait, int failures)> on_reconnect;
};

// The field of a problem as the one who pushes knows it: "parent", or one of an EvidenceBatch, without the message that carried it. Of what
// ends a stream it is so already; of an acknowledgement's error it is not.
std::string_view OwnField(std::string_view field);

class EvidenceStream {
 public:
  // The batch as pushed, with the batch_id the stream gave it, and what the server said of it: `result` or `error`.
  using OnAck = std::function<void(const v1::EvidenceBatch& batch, const v1::StreamEvidenceResponse& ack)>;

  // Starts at once; `client` must outlive the stream. REQUIRES: window_batches >= 1.
  EvidenceStream(Client& client, EvidenceStreamOptions options, OnAck on_ack);
  ~EvidenceStream();
  EvidenceStream(const EvidenceStream&) = delete;
  EvidenceStream& operator=(const EvidenceStream&) = delete;

  // Takes a batch, waiting while the window is full; its batch_id is replaced by 1, 2, … in order. OK does not mean
  // stored: the acknowledgement does. After the stream has failed: its final status, and the batch is not sent.
  // FAILED_PRECONDITION after Finish.
  absl::Status Push(v1::EvidenceBatch batch);

  // Waits until everything pushed so far is acknowledged: OK. After the stream has failed: its final status.
  absl::Status AwaitAcknowledged();

  // Waits until everything pushed is acknowledged and the server has closed. The stream's final status: OK; CANCELLED;
  // UNAVAILABLE when time or tries ran out; or what the server refused the stream with (NOT_FOUND, INVALID_ARGUMENT,
  // …). After a failure what was not acknowledged may or may not be stored: push it again.
  absl::Status Finish();

  // Ends the stream as soon as possible; Push and Finish return CANCELLED.
  void Cancel();

 private:
  using Call = grpc::ClientReaderWriterInterface<v1::StreamEvidenceRequest, v1::StreamEvidenceResponse>;

  void Run();
  // One call from open to its end. OK when all is done; otherwise why it ended, and whether it was progress.
  absl::Status RunCall(bool& progress);
  void WriteBatches(Call& call, grpc::ClientContext& context);
  void ReadAcks(Call& call, grpc::ClientContext& context);
  absl::Status Outcome(const absl::Status& call_status);

  // Conditions that waits wait for.
  bool MayPush() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool IsSettled() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool WriterHasWork() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  Client& client_;
  const EvidenceStreamOptions options_;
  const OnAck on_ack_;
  Cancellation cancellation_;  // ends the wait between two calls

  absl::Mutex mutex_;
  std::deque<std::shared_ptr<v1::StreamEvidenceRequest>> window_ ABSL_GUARDED_BY(mutex_);  // not acknowledged, in order
  size_t sent_ ABSL_GUARDED_BY(mutex_) = 0;  // how many of window_, from the front, the present call carries
  uint64_t next_batch_id_ ABSL_GUARDED_BY(mutex_) = 1;
  uint64_t acknowledged_ ABSL_GUARDED_BY(mutex_) = 0;  // ever
  bool closing_ ABSL_GUARDED_BY(mutex_) = false;       // nothing more will be pushed
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
  bool reads_over_ ABSL_GUARDED_BY(mutex_) = false;  // the present call gives no more acknowledgements
  bool timed_out_ ABSL_GUARDED_BY(mutex_) = false;   // the present call was given up for want of acknowledgements
  absl::Status violation_ ABSL_GUARDED_BY(mutex_);   // the server broke the contract in the present call
  bool done_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status final_ ABSL_GUARDED_BY(mutex_);                      // once done_
  grpc::ClientContext* context_ ABSL_GUARDED_BY(mutex_) = nullptr;  // of the present call
  std::thread thread_;                                              // set by the constructor, joined by the destructor
};

}  // namespace leadlag
