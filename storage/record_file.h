// Tells a torn end from damage in the files that RocksDB reads record by record: write-ahead logs (*.log) and
// MANIFEST-*.
//
// Why. RocksDB stops reading such a file where a record does not fit, and takes that for the torn end that a crash
// leaves. A flipped bit does the same: in a record's length in the file's last block, or in its type (a "recycled"
// record of another file reads as the end of this one, anywhere in the file). Everything after it would be gone
// without a word, and the file deleted after the open. For the command log that is loss of acknowledged groups, for a
// MANIFEST of whole tables.
//
// How. The file is a sequence of 32 KiB blocks of records: crc32c u32 | length u16 | type u8 | payload,
// little-endian, none across a block's end; the masked checksum covers type and payload, so not the length. The first
// record that does not check out is
//   torn     when it is cut off by the file's end, and nothing after its header is a record, and its checksum does
//            not fit the bytes that are there;
//   unfilled when from it, or from some sector's beginning within it, to the file's end all is zero: the file was
//            extended, and not or not wholly filled. That is torn too, but RocksDB may take it for a whole record with a
//            wrong checksum, so the file has to be cut off before it. No single changed byte makes one: what we and
//            RocksDB write does not end in so many zeros;
//   damaged  otherwise: a whole record with a wrong checksum; one that claims to be cut off and yet has records after
//            it, or checks out when it is taken to end at the file's end.
// So every flip of one byte in a whole file is found. What cannot be told from a torn end is a file that was cut off,
// or a last record in which both the length and the rest are damaged; storage/data_directory.h covers these as far as
// the view has applied them.
//
// Pure; thread safe.
#pragma once

#include <cstddef>
#include <string_view>

#include "absl/status/statusor.h"

namespace leadlag {

// How many of the file's bytes count: all, a torn end included, but for an unfilled one. DATA_LOSS naming `name` and the
// offset of the first damaged record.
absl::StatusOr<size_t> CheckRecordFile(std::string_view bytes, std::string_view name);

}  // namespace leadlag
