#include "client/evidence_stream.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "client/status.h"
#include "core/problem.h"
#include "grpcpp/client_context.h"

namespace leadlag {
namespace {

// What went wrong, by the fields of what the stream was given: that these travel in the messages of a stream ("open.parent") is its own
// affair.
absl::Status WithOwnFields(const absl::Status& status) {
  std::vector<Problem> problems = ProblemsOf(status);
  if (problems.empty()) return status;
  for (Problem& problem : problems) problem.field = std::string(OwnField(problem.field));
  return WithProblems(status, problems);
}

}  // namespace

std::string_view OwnField(std::string_view field) {
  for (const std::string_view message : {"open.", "batch."}) {
    if (field.starts_with(message)) return field.substr(message.size());
  }
  return field;
}

EvidenceStream::EvidenceStream(Client& client, EvidenceStreamOptions options, OnAck on_ack)
    : client_(client), options_(std::move(options)), on_ack_(std::move(on_ack)), thread_([this] { Run(); }) {}

EvidenceStream::~EvidenceStream() {
  Cancel();
  thread_.join();
}

bool EvidenceStream::MayPush() const {
  return done_ || closing_ || cancelled_ || window_.size() < static_cast<size_t>(options_.window_batches);
}

bool EvidenceStream::IsSettled() const { return done_ || window_.empty(); }

bool EvidenceStream::WriterHasWork() const {
  return reads_over_ || cancelled_ || sent_ < window_.size() || (closing_ && window_.empty());
}

absl::Status EvidenceStream::Push(v1::EvidenceBatch batch) {
  auto request = std::make_shared<v1::StreamEvidenceRequest>();
  *request->mutable_batch() = std::move(batch);
  absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(
      +[](EvidenceStream* s) ABSL_NO_THREAD_SAFETY_ANALYSIS { return s->MayPush(); }, this));
  if (done_) return final_.ok() ? absl::FailedPreconditionError("the stream is finished") : final_;
  if (cancelled_) return absl::CancelledError("the stream was cancelled");
  if (closing_) return absl::FailedPreconditionError("the stream is finished");
  request->mutable_batch()->set_batch_id(next_batch_id_++);
  window_.push_back(std::move(request));
  return absl::OkStatus();
}

absl::Status EvidenceStream::AwaitAcknowledged() {
  absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(
      +[](EvidenceStream* s) ABSL_NO_THREAD_SAFETY_ANALYSIS { return s->IsSettled(); }, this));
  return done_ ? final_ : absl::OkStatus();
}

absl::Status EvidenceStream::Finish() {
  absl::MutexLock lock(&mutex_);
  closing_ = true;
  mutex_.Await(absl::Condition(&done_));
  return final_;
}

void EvidenceStream::Cancel() {
  cancellation_.Cancel();
  absl::MutexLock lock(&mutex_);
  cancelled_ = true;
  if (context_ != nullptr) context_->TryCancel();
}

void EvidenceStream::Run() {
  Backoff backoff(options_.retry, client_.NextSeed());
  Stopwatch outage;
  int failures = 0;
  absl::Status status;
  while (true) {
    bool progress = false;
    status = RunCall(progress);
    if (!IsRetryable(status)) break;
    if (progress) {
      backoff.Reset();
      outage.Restart();
      failures = 0;
    }
    if (!backoff.MayRetry()) break;
    const std::chrono::milliseconds wait = backoff.Next();
    if (outage.Elapsed() + wait > options_.outage_max) break;
    if (options_.on_reconnect) options_.on_reconnect(status, wait, ++failures);
    if (!client_.sleeper().Sleep(wait, cancellation_)) {
      status = absl::CancelledError("the stream was cancelled");
      break;
    }
    outage.Waited(wait);
  }
  absl::MutexLock lock(&mutex_);
  done_ = true;
  final_ = status;
}

absl::Status EvidenceStream::RunCall(bool& progress) {
  grpc::ClientContext context;
  AskForErrorDetails(context);
  uint64_t acknowledged_before = 0;
  {
    absl::MutexLock lock(&mutex_);
    acknowledged_before = acknowledged_;
    if (cancelled_) return absl::CancelledError("the stream was cancelled");
    sent_ = 0;
    reads_over_ = false;
    timed_out_ = false;
    violation_ = absl::OkStatus();
    context_ = &context;
  }
  std::unique_ptr<Call> call = client_.evidence().StreamEvidence(&context);
  v1::StreamEvidenceRequest open;
  open.mutable_open()->set_parent(options_.parent);
  std::optional<Stopwatch> opened;
  if (call->Write(open)) {
    opened.emplace();
    std::thread reader([&] { ReadAcks(*call, context); });
    WriteBatches(*call, context);
    reader.join();
  }
  const grpc::Status status = call->Finish();
  {
    absl::MutexLock lock(&mutex_);
    context_ = nullptr;
    const bool idle_and_alive = opened && opened->Elapsed() >= options_.open_min && sent_ == 0;
    progress = acknowledged_ > acknowledged_before || idle_and_alive;
  }
  return Outcome(WithOwnFields(StatusOf(status, context)));
}

absl::Status EvidenceStream::Outcome(const absl::Status& call_status) {
  absl::MutexLock lock(&mutex_);
  if (cancelled_) return absl::CancelledError("the stream was cancelled");
  if (!violation_.ok()) return violation_;
  if (timed_out_) return absl::UnavailableError("the server acknowledged nothing in time");
  if (call_status.ok() && !(closing_ && window_.empty())) {
    return absl::UnavailableError("the server closed the stream before everything was acknowledged");
  }
  // All is stored, which is what the call was for; how the server takes its leave is all the same.
  if (closing_ && window_.empty() && acknowledged_ > 0 && IsRetryable(call_status)) return absl::OkStatus();
  return call_status;
}

void EvidenceStream::WriteBatches(Call& call, grpc::ClientContext& context) {
  while (true) {
    std::shared_ptr<v1::StreamEvidenceRequest> next;
    {
      absl::MutexLock lock(&mutex_);
      uint64_t seen = 0;
      do {  // a wait that times out ends the call only if acknowledgements are owed and none came meanwhile
        seen = acknowledged_;
        const bool work = mutex_.AwaitWithTimeout(
            absl::Condition(
                +[](EvidenceStream* s) ABSL_NO_THREAD_SAFETY_ANALYSIS { return s->WriterHasWork(); }, this),
            absl::FromChrono(options_.ack_timeout));
        if (work) break;
        timed_out_ = sent_ > 0 && seen == acknowledged_;
      } while (!timed_out_);
      if (timed_out_) {
        context.TryCancel();
        return;
      }
      if (reads_over_ || cancelled_) return;
      if (sent_ == window_.size()) break;  // closing, and everything is acknowledged
      // Counted before it is written: its acknowledgement may be here before Write returns.
      next = window_[sent_++];
    }
    if (!call.Write(*next)) return;  // the reader sees the end too, and Finish says why
  }
  call.WritesDone();
}

void EvidenceStream::ReadAcks(Call& call, grpc::ClientContext& context) {
  v1::StreamEvidenceResponse ack;
  while (call.Read(&ack)) {
    std::shared_ptr<v1::StreamEvidenceRequest> batch;
    {
      absl::MutexLock lock(&mutex_);
      if (sent_ == 0 || window_.front()->batch().batch_id() != ack.batch_id()) {
        violation_ = absl::InternalError("the server acknowledged batch " + std::to_string(ack.batch_id()) +
                                         ", which is not the next one");
        context.TryCancel();
        break;
      }
      batch = window_.front();
    }
    on_ack_(batch->batch(), ack);
    absl::MutexLock lock(&mutex_);
    // Only now: whoever waits in Finish must find that the callback has run for every batch.
    window_.pop_front();
    --sent_;
    ++acknowledged_;
  }
  absl::MutexLock lock(&mutex_);
  reads_over_ = true;
}

}  // namespace leadlag
