#include "server/rpc/stream_evidence.h"

#include <algorithm>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/problem.h"
#include "leadlag/v1/evidence_service.pb.h"
#include "server/rpc/evidence_batch.h"
#include "server/rpc/names.h"
#include "server/rpc/status.h"
#include "server/rpc/wire.h"

namespace leadlag {
namespace {

// What a batch costs beside its bytes: a slot, a place in the engine's queue, an acknowledgement.
constexpr size_t kSlotBytes = 1 << 10;

absl::Status Draining() {
  return absl::UnavailableError("the service is draining; open again and send what was not acknowledged");
}

// What ends the stream rather than being said of one batch: it would be said of the next one too.
bool EndsStream(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kOutOfRange: return false;
    default: return true;
  }
}

}  // namespace

// Kept alive by the set of streams until gRPC is done with it, and by whoever calls it.
//
// Operations are started with mu_ held, so that none follows Finish. gRPC runs no reaction inside such a call on this thread, and OnDone,
// which may come at any time after Finish, does not take mu_.
class StreamEvidenceCall final : public grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>,
                                 public std::enable_shared_from_this<StreamEvidenceCall> {
 public:
  StreamEvidenceCall(Engine* engine, EvidenceStreams* streams, grpc::CallbackServerContext* context)
      : engine_(engine), streams_(streams), context_(context) {}

  void Start() {
    absl::MutexLock lock(&mu_);
    MoveOn();
  }
  // Ends the stream with `status` once what was read is acknowledged; the first reason counts.
  void End(absl::Status status) {
    absl::MutexLock lock(&mu_);
    if (!ending_) ending_ = std::move(status);
    MoveOn();
  }

  void OnReadDone(bool ok) override {
    const absl::Status status = ok ? TakeMessage() : absl::OkStatus();
    {
      absl::MutexLock lock(&mu_);
      reading_ = taking_ = false;
      if (!ok) client_done_ = true;
      if (!status.ok() && !ending_) ending_ = status;
      MoveOn();
    }
    SubmitBatches();
  }
  void OnWriteDone(bool ok) override {
    absl::MutexLock lock(&mu_);
    writing_ = false;
    bytes_outstanding_ -= slots_.front()->bytes;
    slots_.pop_front();
    if (submitted_ > 0) --submitted_;  // not counted where it was refused at once
    if (!ok) cancelled_ = true;
    MoveOn();
  }
  void OnCancel() override {
    absl::MutexLock lock(&mu_);
    cancelled_ = true;
    MoveOn();
  }
  void OnDone() override { streams_->Remove(shared_from_this()); }

 private:
  // One batch that was read and is not acknowledged.
  struct Slot {
    uint64_t batch_id = 0;
    size_t bytes = 0;  // as sent, and what holding it costs
    std::optional<RecordEvidenceCommand> command;  // until it is submitted
    EvidenceBatchAnswer answer;
    std::optional<v1::StreamEvidenceResponse> response;  // once there is one
  };

  // What arrived in read_buffer_. An error ends the stream.
  absl::Status TakeMessage() {
    {
      absl::MutexLock lock(&mu_);
      if (ending_ || cancelled_) return absl::OkStatus();  // arrived too late: not read
      taking_ = true;
    }
    const size_t bytes = read_buffer_.Length();
    std::vector<std::string> repaired;
    absl::Status status = Parse(read_buffer_, request_, repaired);
    read_buffer_.Clear();
    if (!status.ok()) return status;
    if (parent_) {
      if (!request_.has_batch()) return InvalidField("batch", "is required: a stream is opened once, by its first message");
      TakeBatch(bytes, std::move(repaired));
      return absl::OkStatus();
    }
    if (!request_.has_open()) return InvalidField("open", "is required: the first message opens the stream");
    if (!repaired.empty()) return InvalidField(repaired.front(), kNotUtf8);
    return OpenSource(request_.open().parent());
  }

  absl::Status OpenSource(const std::string& parent) {
    absl::StatusOr<SourceName> name = ParseSourceName(parent, "open.parent");
    if (!name.ok()) return name.status();
    const absl::StatusOr<DistrictReader> reader = engine_->Read(name->district);
    if (!reader.ok()) return AtField(reader.status(), "open.parent");
    const std::optional<SourceNumber> number = (*reader)->interned().sources.Find(name->source);
    if (!number || (*reader)->catalog()->FindSource(*number) == nullptr) {
      return AsStatus(Problem{absl::StatusCode::kNotFound, "open.parent",
                              "there is no source " + Quoted(name->source) + "; add it to the catalog's sources"});
    }
    parent_ = *std::move(name);
    return absl::OkStatus();
  }

  void TakeBatch(size_t bytes, std::vector<std::string> repaired) {
    auto slot = std::make_shared<Slot>();
    slot->batch_id = request_.batch().batch_id();
    slot->bytes = bytes + kSlotBytes;
    absl::StatusOr<PreparedBatch> batch = PrepareBatch(request_.batch(), parent_->source, "batch.", std::move(repaired));
    if (batch.ok()) {
      slot->answer = std::move(batch->answer);
      slot->command = std::move(batch->command);
    }
    absl::MutexLock lock(&mu_);
    bytes_outstanding_ += slot->bytes;
    slots_.push_back(slot);
    if (!batch.ok()) AnswerSlot(*slot, batch.status());
  }

  // Hands the engine what this stream's share of its queue takes, in order, by one thread at a time.
  void SubmitBatches() {
    while (true) {
      std::shared_ptr<Slot> slot;
      {
        absl::MutexLock lock(&mu_);
        while (submitted_ < slots_.size() && !slots_[submitted_]->command) ++submitted_;  // refused before it came so far
        if (submitting_ || submitted_ == slots_.size()) return;
        slot = slots_[submitted_];
        if (bytes_submitted_ > 0 && bytes_submitted_ + slot->bytes > streams_->ShareBytes()) return;
        ++submitted_;
        bytes_submitted_ += slot->bytes;
        submitting_ = true;
      }
      engine_->Submit(parent_->district, *std::exchange(slot->command, std::nullopt), "",
                      [self = shared_from_this(), slot](absl::StatusOr<Outcome> outcome) {
                        self->OnOutcome(*slot, std::move(outcome));
                      });
      absl::MutexLock lock(&mu_);
      submitting_ = false;
    }
  }

  // On the writer's thread, or inside Submit.
  void OnOutcome(Slot& slot, absl::StatusOr<Outcome> outcome) {
    v1::BatchResult result;
    if (outcome.ok()) result = slot.answer.Result(std::get<BatchOutcome>(*outcome), /*include_outcomes=*/false);
    {
      absl::MutexLock lock(&mu_);
      bytes_submitted_ -= slot.bytes;
      if (outcome.ok()) {
        slot.response.emplace();
        slot.response->set_batch_id(slot.batch_id);
        *slot.response->mutable_result() = std::move(result);
      } else {
        AnswerSlot(slot, outcome.status());
      }
      MoveOn();
    }
    SubmitBatches();
  }

  // The batch as a whole was refused.
  void AnswerSlot(Slot& slot, const absl::Status& refusal) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    slot.response.emplace();
    slot.response->set_batch_id(slot.batch_id);
    if (!EndsStream(refusal)) {
      *slot.response->mutable_error() = ToProto(FirstProblemOf(refusal));
      return;
    }
    // This one and what came after it are not acknowledged: the client sends them again, in order. What may have ended the stream
    // already came after it too.
    const auto first = std::find_if(slots_.begin(), slots_.end(), [&slot](const auto& other) { return other.get() == &slot; });
    if (first == slots_.end()) return;  // dropped with one before it
    for (auto dropped = first; dropped != slots_.end(); ++dropped) bytes_outstanding_ -= (*dropped)->bytes;
    slots_.erase(first, slots_.end());
    submitted_ = std::min(submitted_, slots_.size());
    ending_ = refusal;
  }

  // Starts whatever may be started now.
  void MoveOn() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    if (finished_) return;
    if (cancelled_) {
      if (!writing_) FinishWith(absl::CancelledError("the client is gone"));
      return;
    }
    if (!writing_ && !slots_.empty() && slots_.front()->response) {
      writing_ = true;
      write_buffer_ = Serialize(*slots_.front()->response);
      StartWrite(&write_buffer_);
    }
    if (client_done_ || ending_) {
      if (slots_.empty() && !taking_) FinishWith(ending_.value_or(absl::OkStatus()));
      return;
    }
    if (!reading_ && bytes_outstanding_ < kStreamBytesOutstandingMax) {
      reading_ = true;
      StartRead(&read_buffer_);
    }
  }

  void FinishWith(const absl::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    finished_ = true;
    Finish(ToGrpcStatus(status, *context_));
  }

  Engine* const engine_;
  EvidenceStreams* const streams_;
  grpc::CallbackServerContext* const context_;

  // Of the one read at a time; gRPC's while it is under way.
  grpc::ByteBuffer read_buffer_;
  v1::StreamEvidenceRequest request_;  // reused
  std::optional<SourceName> parent_;   // none until the stream is open

  absl::Mutex mu_;
  grpc::ByteBuffer write_buffer_;  // gRPC's while writing_
  std::deque<std::shared_ptr<Slot>> slots_ ABSL_GUARDED_BY(mu_);  // the first one is being written while writing_
  size_t bytes_outstanding_ ABSL_GUARDED_BY(mu_) = 0;             // of slots_
  size_t submitted_ ABSL_GUARDED_BY(mu_) = 0;                     // so many of slots_, from the first on, are the engine's or answered
  size_t bytes_submitted_ ABSL_GUARDED_BY(mu_) = 0;               // of those that the engine has not answered
  bool submitting_ ABSL_GUARDED_BY(mu_) = false;
  bool reading_ ABSL_GUARDED_BY(mu_) = false;
  bool taking_ ABSL_GUARDED_BY(mu_) = false;   // a message that was read becomes a slot
  bool writing_ ABSL_GUARDED_BY(mu_) = false;
  bool client_done_ ABSL_GUARDED_BY(mu_) = false;
  bool cancelled_ ABSL_GUARDED_BY(mu_) = false;
  bool finished_ ABSL_GUARDED_BY(mu_) = false;
  std::optional<absl::Status> ending_ ABSL_GUARDED_BY(mu_);  // to finish with, once slots_ is empty
};

grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* EvidenceStreams::Open(grpc::CallbackServerContext* context) {
  const auto call = std::make_shared<StreamEvidenceCall>(engine_, this, context);
  absl::Status refusal;
  {
    absl::MutexLock lock(&mu_);
    if (draining_) {
      refusal = Draining();
    } else if (calls_.size() >= kEvidenceStreamsMax) {
      refusal = absl::ResourceExhaustedError(absl::StrCat("there are ", calls_.size(),
                                                          " streams already, the most this service takes; try again later"));
    }
    calls_.insert(call);  // a refused one too, until gRPC is done with it
    (void)open_calls_->Begin();  // draining is told by this set's own
  }
  if (refusal.ok()) {
    call->Start();
  } else {
    call->End(refusal);
  }
  return call.get();
}

void EvidenceStreams::Drain() {
  std::set<std::shared_ptr<StreamEvidenceCall>> calls;
  {
    absl::MutexLock lock(&mu_);
    draining_ = true;
    calls = calls_;
  }
  for (const std::shared_ptr<StreamEvidenceCall>& call : calls) call->End(Draining());
}

size_t EvidenceStreams::ShareBytes() const {
  // A command takes several times the bytes of its message.
  return kQueueBytesMax / 8 / std::max<size_t>(size(), 1);
}

size_t EvidenceStreams::size() const {
  absl::MutexLock lock(&mu_);
  return calls_.size();
}

void EvidenceStreams::Remove(const std::shared_ptr<StreamEvidenceCall>& call) {
  {
    absl::MutexLock lock(&mu_);
    calls_.erase(call);
  }
  open_calls_->End();
}

}  // namespace leadlag
