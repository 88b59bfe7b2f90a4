#include "storage/record_file.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "storage/crc32c.h"

namespace leadlag {
namespace {

constexpr size_t kBlockBytes = 32768;
constexpr size_t kHeaderBytes = 7;  // checksum, length, type
constexpr size_t kTypeOffset = 6;
constexpr size_t kSectorBytes = 512;
constexpr size_t kZerosMin = 8;  // more than anything that is written ends in

uint8_t ByteAt(std::string_view bytes, size_t offset) { return static_cast<uint8_t>(bytes[offset]); }

uint32_t StoredChecksum(std::string_view record) {
  const uint32_t masked = ByteAt(record, 0) | uint32_t{ByteAt(record, 1)} << 8 | uint32_t{ByteAt(record, 2)} << 16 |
                          uint32_t{ByteAt(record, 3)} << 24;
  const uint32_t rotated = masked - 0xa282ead8u;
  return rotated >> 17 | rotated << 15;
}

size_t StoredLength(std::string_view record) { return ByteAt(record, 4) | size_t{ByteAt(record, 5)} << 8; }

// 5 to 8 are the records of recycled files, which we never write; all others have this header, also those of newer
// versions.
bool IsOurType(uint8_t type) { return type != 0 && (type < 5 || type > 8); }

// Whether `rest` (of a block) begins with a record whose payload has `length` bytes.
bool IsRecordOf(std::string_view rest, size_t length) {
  return rest.size() >= kHeaderBytes + length && IsOurType(ByteAt(rest, kTypeOffset)) &&
         Crc32c(rest.substr(kTypeOffset, 1 + length)) == StoredChecksum(rest);
}

bool IsRecord(std::string_view rest) { return rest.size() >= kHeaderBytes && IsRecordOf(rest, StoredLength(rest)); }

bool HoldsRecord(std::string_view rest) {
  for (; rest.size() >= kHeaderBytes; rest.remove_prefix(1)) {
    if (IsRecord(rest)) return true;
  }
  return false;
}

bool AllZero(std::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](char c) { return c == 0; });
}

// `rest`: the block from the record that does not check out; it is the file's last block.
bool IsTorn(std::string_view rest) {
  if (kHeaderBytes + StoredLength(rest) <= rest.size()) return false;
  return !IsRecordOf(rest, rest.size() - kHeaderBytes) && !HoldsRecord(rest.substr(1));
}

// `record`: where the record begins that does not check out.
bool IsUnfilled(std::string_view bytes, size_t record) {
  const size_t filled = bytes.find_last_not_of('\0') + 1;  // 0 where all is zero
  const size_t sector = (filled + kSectorBytes - 1) / kSectorBytes * kSectorBytes;
  if (sector <= record || sector + kZerosMin > bytes.size()) return false;
  const size_t header_end = record + kHeaderBytes;
  return filled <= header_end || sector < header_end + StoredLength(bytes.substr(record));
}

}  // namespace

absl::StatusOr<size_t> CheckRecordFile(std::string_view bytes, std::string_view name) {
  for (size_t start = 0; start < bytes.size(); start += kBlockBytes) {
    const std::string_view block = bytes.substr(start, kBlockBytes);
    const bool is_last_block = start + block.size() == bytes.size();
    size_t offset = 0;
    while (block.size() - offset >= kHeaderBytes) {
      const std::string_view rest = block.substr(offset);
      if (!IsRecord(rest)) {
        if (AllZero(bytes.substr(start + offset)) || IsUnfilled(bytes, start + offset)) return start + offset;
        if (is_last_block && IsTorn(rest)) return bytes.size();
        return absl::DataLossError(absl::StrCat(absl::string_view(name.data(), name.size()),
                                                " is damaged at byte ", start + offset));
      }
      offset += kHeaderBytes + StoredLength(rest);
    }
  }
  return bytes.size();
}

}  // namespace leadlag
