// One batch of evidence, unary or of a stream, on its way to the engine: the checks both share. Pure functions; thread safe.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "core/limits.h"
#include "core/problem.h"
#include "server/engine/command.h"
#include "server/rpc/convert.h"
#include "server/rpc/convert_evidence.h"
#include "server/rpc/wire.h"

namespace leadlag {

struct PreparedBatch {
  RecordEvidenceCommand command;
  EvidenceBatchAnswer answer;
};

// `message` is a RecordEvidenceRequest, or an EvidenceBatch whose paths in `repaired` (wire.h) begin with `prefix`. INVALID_ARGUMENT
// where the batch as a whole is refused: too many records, too many bytes, or a complete_through that is no date.
template <typename Message>
absl::StatusOr<PreparedBatch> PrepareBatch(const Message& message, std::string source, const std::string& prefix,
                                           std::vector<std::string> repaired) {
  if (static_cast<size_t>(message.records_size()) > kBatchRecordsMax) {
    return InvalidField("records", absl::StrCat(message.records_size(), " records are too many; send at most ",
                                                kBatchRecordsMax, " a batch"));
  }
  if (const size_t bytes = message.ByteSizeLong(); bytes > kBatchBytesMax) {
    return InvalidField("records", absl::StrCat("the batch has ", bytes, " bytes; send at most ", kBatchBytesMax));
  }
  const absl::StatusOr<std::optional<Date>> through =
      OptionalDateFromProto(message.complete_through(), "complete_through");
  if (!through.ok()) return through.status();
  PreparedBatch batch;
  const std::vector<EvidenceBatchAnswer::Repaired> records = TakeRecordPaths(prefix, repaired);
  if (!repaired.empty()) return InvalidField(repaired.front(), kNotUtf8);
  batch.command.source = std::move(source);
  batch.command.complete_through = *through;
  batch.command.items = batch.answer.Take(message.records(), records);
  return batch;
}

}  // namespace leadlag
