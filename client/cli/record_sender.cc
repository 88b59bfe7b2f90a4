#include "client/cli/record_sender.h"

#include <utility>

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

RecordSender::RecordSender(Client& client, std::string parent, OnBatch on_batch)
    : on_batch_(std::move(on_batch)),
      stream_(
          client, EvidenceStreamOptions{.parent = std::move(parent)},
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
  return finished.ok() ? sent : finished;
}

SendTotals RecordSender::totals() const {
  absl::MutexLock lock(&mutex_);
  return totals_;
}

void RecordSender::Acknowledged(const v1::EvidenceBatch& batch, const v1::StreamEvidenceResponse& ack) {
  std::vector<uint64_t> tags;
  {
    absl::MutexLock lock(&mutex_);
    tags = std::move(tags_on_the_way_.front());
    tags_on_the_way_.pop_front();
    const v1::BatchResult& result = ack.result();
    totals_.new_records += result.new_count();
    totals_.same += result.same_count();
    totals_.revised += result.revised_count();
    totals_.voided += result.voided_count();
    totals_.pending_calendar += result.pending_calendar_count();
    totals_.refused += ack.has_error() ? batch.records_size() : result.failed_count();
  }
  on_batch_(tags, RefusedIn(tags, ack), ack);
}

}  // namespace leadlag::cli
