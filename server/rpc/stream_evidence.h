// StreamEvidence: batches in, acknowledgements out, in order.
//
// Concepts. A stream holds a slot for each batch it has read, in order; a slot's answer is written once every slot before it has been
// written, one write in flight. While the slots hold kStreamBytesOutstandingMax bytes nothing more is read, so that a sender that does
// not wait is slowed down by HTTP/2's own flow control. Of what it holds a stream hands the engine no more at once than its share of
// the engine's queue, so that one that sends much does not keep the others waiting. The request message is reused from batch to batch.
//
// How a stream ends:
//   the client closes its side   everything is acknowledged, then OK
//   drain                        what was read is acknowledged, then UNAVAILABLE; a message that arrives later is not read
//   a message out of turn        everything before it is acknowledged, then INVALID_ARGUMENT
//   the engine takes no more     everything before it is acknowledged, then its status: a later batch must not overtake one that
//                                the client will send again
//   the client is gone           what was read is stored, nobody is told
// A batch that is refused as a whole (over its limits, or its source is gone) gets an acknowledgement with `error`, and the stream lives.
//
// Thread safe. Engine and calls are borrowed and outlive every call.
#pragma once

#include <memory>
#include <set>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "core/limits.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/byte_buffer.h"
#include "grpcpp/support/server_callback.h"
#include "server/engine/engine.h"
#include "server/rpc/open_calls.h"

namespace leadlag {

class StreamEvidenceCall;

// The streams that are open.
class EvidenceStreams {
 public:
  EvidenceStreams(Engine* engine, OpenCalls* calls) : engine_(engine), open_calls_(calls) {}

  // The reactor of a new call. It finishes at once with RESOURCE_EXHAUSTED past the limit, UNAVAILABLE while draining.
  grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* Open(grpc::CallbackServerContext* context);

  // Drains every stream, and every one opened later. Returns at once; the streams end when what they read is acknowledged.
  void Drain();
  size_t size() const;
  // What one stream may have in the engine's queue, by kSlotBytes and the size of its messages; one batch in any case.
  size_t ShareBytes() const;

 private:
  friend class StreamEvidenceCall;
  void Remove(const std::shared_ptr<StreamEvidenceCall>& call);

  Engine* const engine_;
  OpenCalls* const open_calls_;
  mutable absl::Mutex mu_;  // no call's lock is taken under it
  std::set<std::shared_ptr<StreamEvidenceCall>> calls_ ABSL_GUARDED_BY(mu_);
  bool draining_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace leadlag
