#include "client/cli/record_sender.h"

#include <utility>

#include "client/status.h"
#include "core/digits.h"
#include "core/problem.h"

namespace leadlag::cli {
namespace {

std::vector<RefusedRecord> RefusedIn(const std::vector<uint64_t>& tags, const v1::StreamEvidenceResponse& ack) {
  std::vector<RefusedRecord> refused;
  if (ack.has_error()) {
    for (const uint64_t tag : tags)
      refused.push_back({tag, "", "its whole batch was refused: " + ack.error().reason()});
    return refused;
  }
  for (const v1::RecordFailure& failure : ack.result().failures()) {
    const auto index = static_cast<size_t>(failure.index());
    if (index >= tags.size()) continue;
    refused.push_back({tags[index], failure.field(), failure.reason()});
  }
  return refused;
}

}  // namespace

std::string Summary(const SendTotals& totals) {
  std::string text = std::to_string(totals.new_records) + " new, " + std::to_string(totals.same) + " the same, " +
                     std::to_string(totals.revised) + " revised, " + std::to_string(totals.voided) + " voided, " +
                     std::to_string(totals.refused) + " refused";
  if (totals.pending_calendar > 0) {
    text += "; " + std::to_string(totals.pending_calendar) + " wait, uncounted, for a calendar that covers their date";
  }
  return text;
}

RecordSender::RecordSender(RunContext& context, std::string parent, double outage_seconds, OnBatch on_batch)
    : context_(context),
      outage_seconds_(outage_seconds),
      on_batch_(std::move(on_batch)),
      stream_(
          context.client(),
          EvidenceStreamOptions{.parent = std::move(parent),
                                .outage_max = std::chrono::milliseconds(static_cast<int64_t>(outage_seconds * 1000)),
                                .on_reconnect = [this](const absl::Status& why, std::chrono::milliseconds wait,
                                                       int failures) { Reconnecting(why, wait, failures); }},
          [this](const v1::EvidenceBatch& batch, const v1::StreamEvidenceResponse& ack) { Acknowledged(batch, ack); }) {
}

absl::Status RecordSender::Add(v1::EvidenceRecord record, uint64_t tag) {
  const size_t bytes = record.ByteSizeLong() + 4;
  if (batch_.records_size() > 0 && batch_bytes_ + bytes > kBatchBytesMax) {
    if (absl::Status sent = Send(); !sent.ok()) return sent;
  }
  *batch_.add_records() = std::move(record);
  tags_.push_back(tag);
  batch_bytes_ += bytes;
  return batch_.records_size() >= kBatchRecordsMax ? Send() : absl::OkStatus();
}

absl::Status RecordSender::Flush() { return batch_.records_size() > 0 ? Send() : absl::OkStatus(); }

absl::Status RecordSender::Heartbeat() {
  if (absl::Status sent = Flush(); !sent.ok()) return sent;
  return Send();
}

absl::Status RecordSender::AwaitAcknowledged() {
  if (absl::Status sent = Flush(); !sent.ok()) return sent;
  return stream_.AwaitAcknowledged();
}

absl::Status RecordSender::Send() {
  {
    absl::MutexLock lock(&mutex_);
    tags_on_the_way_.push_back(std::exchange(tags_, {}));
  }
  batch_bytes_ = 0;
  return stream_.Push(std::exchange(batch_, {}));
}

absl::Status RecordSender::Finish(const std::string& complete_through) {
  absl::Status sent = Flush();
  if (sent.ok() && !complete_through.empty()) {
    // In a batch of its own, behind all the others: they are stored when it is.
    batch_.set_complete_through(complete_through);
    sent = Send();
  }
  const absl::Status finished = stream_.Finish();
  if (!finished.ok()) return finished;
  absl::MutexLock lock(&mutex_);
  return sent.ok() ? promise_ : sent;
}

SendTotals RecordSender::totals() const {
  absl::MutexLock lock(&mutex_);
  return totals_;
}

void RecordSender::Acknowledged(const v1::EvidenceBatch& batch, const v1::StreamEvidenceResponse& ack) {
  std::vector<uint64_t> tags;
  bool outage_over = false;
  {
    absl::MutexLock lock(&mutex_);
    outage_over = std::exchange(outage_told_, false);
    tags = std::move(tags_on_the_way_.front());
    tags_on_the_way_.pop_front();
    const v1::BatchResult& result = ack.result();
    totals_.new_records += result.new_count();
    totals_.same += result.same_count();
    totals_.revised += result.revised_count();
    totals_.voided += result.voided_count();
    totals_.pending_calendar += result.pending_calendar_count();
    totals_.refused += ack.has_error() ? batch.records_size() : result.failed_count();
    if (ack.has_error() && batch.records().empty() && promise_.ok()) {
      const absl::StatusCode code = CodeOf(ack.error().code());
      promise_ = AsStatus(Problem{code == absl::StatusCode::kOk ? absl::StatusCode::kUnknown : code,
                                  std::string(OwnField(ack.error().field())), ack.error().reason()});
    }
  }
  if (outage_over) context_.Note("leadlag: " + context_.server + " answers again");
  on_batch_(tags, RefusedIn(tags, ack), ack);
}

void RecordSender::Reconnecting(const absl::Status& why, std::chrono::milliseconds wait, int failures) {
  if (failures > 1) {
    context_.Progress("no connection to " + context_.server + ": failure " + std::to_string(failures) +
                      ", trying again in " + std::to_string(wait.count()) + " ms");
    return;
  }
  context_.Note("leadlag: no connection to " + context_.server + " (" + std::string(why.message()) +
                "); trying again for up to " + FormatDecimal(outage_seconds_) +
                " s, and sending again what was not acknowledged");
  absl::MutexLock lock(&mutex_);
  outage_told_ = true;
}

}  // namespace leadlag::cli
