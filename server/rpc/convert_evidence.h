// Evidence between the public messages and core, and the making of a batch's answer. Thread safe as said.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/evidence.h"
#include "google/protobuf/repeated_field.h"
#include "leadlag/v1/evidence.pb.h"
#include "server/engine/command.h"
#include "server/engine/queries.h"

namespace leadlag {

// All that can be told of one record without the state. INVALID_ARGUMENT with one problem, its field inside the record.
absl::StatusOr<EvidenceItem> EvidenceItemFromProto(const v1::EvidenceRecord& record);
// `hidden`: without what was seen, and without note.
v1::EvidenceRecord ToProto(std::string_view evidence_id, const EvidenceContent& content, bool hidden = false);

v1::Evidence ToProto(std::string_view district, const EvidenceAnswer& evidence);
v1::EvidenceRevision ToProto(std::string_view evidence_id, const EvidenceRevision& revision, bool hidden);

// One batch on its way through the engine: what could be told to be wrong before, and what the engine says of the rest, become one
// answer by index. Not thread safe; moves between threads.
class EvidenceBatchAnswer {
 public:
  using Records = google::protobuf::RepeatedPtrField<v1::EvidenceRecord>;

  // The items to submit; keeps what the answer needs, so that `records` may be reused. `repaired`: paths below "records[i]." of text
  // that was not UTF-8 (wire.h), in order of i.
  struct Repaired {
    uint32_t index = 0;
    std::string field;
  };
  std::vector<EvidenceItem> Take(const Records& records, const std::vector<Repaired>& repaired);

  // REQUIRES: Take; `outcome` is of its items.
  v1::BatchResult Result(const BatchOutcome& outcome, bool include_outcomes) const;

 private:
  std::string_view IdOf(uint32_t index) const;

  uint32_t size_ = 0;
  std::vector<RecordFailure> failures_;  // by index
  std::string ids_;                      // shown ids of all records, one after the other
  std::vector<uint32_t> id_ends_;
};

// Splits "records[7].note" into index and field; paths of anything else stay in `paths`.
std::vector<EvidenceBatchAnswer::Repaired> TakeRecordPaths(std::string_view prefix, std::vector<std::string>& paths);

}  // namespace leadlag
