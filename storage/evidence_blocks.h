// The blocks in which a checkpoint writes evidence, byte by byte. Internal to storage; docs/STORAGE.md has the rationale.
//
//   series      U8 format, Varint count, Varint least record number, then the places, ascending, each:
//                 Varint  days since the date before (the first: since the month's first)
//                 Varint  record number - least
//   identities  U8 format, Varint count, Varint least record number, then the entries, ascending, each:
//                 Fixed32, U8, U8  the low 48 bits of the fingerprint; the top 16 are the key's bucket
//                 Varint  record number - least
//   records     U8 format, Varint count, the records' sizes as Varints, then their bytes
// No block is empty. Decoding: DATA_LOSS for bytes that encoding does not make, FAILED_PRECONDITION for a newer format. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/evidence_layer.h"

namespace leadlag {

// REQUIRES: not empty, ascending; dates of one month, fingerprints of one bucket.
std::string EncodeSeriesBlock(std::span<const EvidencePlace> places);
std::string EncodeIdentityBlock(std::span<const EvidenceIdentityEntry> entries);
std::string EncodeRecordBlock(std::span<const std::string_view> records);

// Adds what the block holds. `month`, `bucket`: of its key.
absl::Status AddSeriesBlock(std::string_view bytes, uint16_t month, std::vector<EvidencePlace>& places);
absl::Status AddIdentityBlock(std::string_view bytes, uint16_t bucket, std::vector<EvidenceIdentityEntry>& entries);
// The records, borrowed from `bytes`.
absl::StatusOr<std::vector<std::string_view>> DecodeRecordBlock(std::string_view bytes);

inline uint16_t BucketOf(uint64_t fingerprint) { return static_cast<uint16_t>(fingerprint >> 48); }

}  // namespace leadlag
