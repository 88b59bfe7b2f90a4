#include "core/codec.h"

#include <bit>

#include "absl/strings/str_cat.h"

namespace leadlag {
namespace {

// Debian's Abseil has a string_view of its own.
absl::string_view View(std::string_view text) { return {text.data(), text.size()}; }

constexpr int kVarintGroupBits = 7;
constexpr uint8_t kVarintMore = 0x80;
constexpr int kUint64Bits = 64;

template <typename Unsigned>
void AppendBigEndian(Unsigned value, std::string& bytes) {
  for (int shift = 8 * (static_cast<int>(sizeof(value)) - 1); shift >= 0; shift -= 8) {
    bytes.push_back(static_cast<char>(static_cast<uint8_t>(value >> shift)));
  }
}

uint64_t FromBigEndian(std::string_view bytes) {
  uint64_t value = 0;
  for (const char byte : bytes) value = value << 8 | static_cast<uint8_t>(byte);
  return value;
}

}  // namespace

void ByteWriter::PutFixed32(uint32_t value) { AppendBigEndian(value, bytes_); }

void ByteWriter::PutFixed64(uint64_t value) { AppendBigEndian(value, bytes_); }

void ByteWriter::PutVarint(uint64_t value) {
  while (value >= kVarintMore) {
    PutU8(static_cast<uint8_t>(value) | kVarintMore);
    value >>= kVarintGroupBits;
  }
  PutU8(static_cast<uint8_t>(value));
}

void ByteWriter::PutSigned(int64_t value) {
  // The arithmetic shift is all ones for a negative number: -1 becomes 1, 1 becomes 2, without a branch or an overflow.
  PutVarint(static_cast<uint64_t>(value) << 1 ^ static_cast<uint64_t>(value >> 63));
}

void ByteWriter::PutDouble(double value) { PutFixed64(std::bit_cast<uint64_t>(value)); }

void ByteWriter::PutString(std::string_view value) {
  PutVarint(value.size());
  PutRaw(value);
}

void ByteReader::Fail() {
  ok_ = false;
  rest_ = {};
}

std::string_view ByteReader::GetRaw(size_t size) {
  if (size > rest_.size()) {
    Fail();
    return {};
  }
  const std::string_view bytes = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return bytes;
}

uint8_t ByteReader::GetU8(uint8_t max) {
  const uint64_t value = FromBigEndian(GetRaw(1));
  if (value > max) {
    Fail();
    return 0;
  }
  return static_cast<uint8_t>(value);
}

uint32_t ByteReader::GetFixed32() { return static_cast<uint32_t>(FromBigEndian(GetRaw(4))); }

uint64_t ByteReader::GetFixed64() { return FromBigEndian(GetRaw(8)); }

uint64_t ByteReader::GetVarint(uint64_t max) {
  uint64_t value = 0;
  for (int shift = 0; shift < kUint64Bits && !rest_.empty(); shift += kVarintGroupBits) {
    const uint8_t byte = GetU8();
    const uint64_t group = byte & (kVarintMore - 1);
    value |= group << shift;
    if ((byte & kVarintMore) != 0) continue;
    const bool needless = group == 0 && shift > 0;  // the group before would have ended the integer
    const bool overflows = group << shift >> shift != group;
    if (needless || overflows || value > max) break;
    return value;
  }
  Fail();
  return 0;
}

int64_t ByteReader::GetSigned(int64_t min, int64_t max) {
  const uint64_t zigzag = GetVarint();
  const int64_t value = static_cast<int64_t>(zigzag >> 1 ^ (~(zigzag & 1) + 1));
  if (ok_ && (value < min || value > max)) Fail();
  return ok_ ? value : 0;
}

double ByteReader::GetDouble() { return std::bit_cast<double>(GetFixed64()); }

std::string_view ByteReader::GetString(size_t max_size) {
  const uint64_t size = GetVarint(max_size);
  return GetRaw(size);
}

size_t ByteReader::GetCount(size_t item_size_min) {
  const uint64_t count = GetVarint();
  if (count > rest_.size() / item_size_min) {
    Fail();
    return 0;
  }
  return count;
}

absl::Status ByteReader::Finish(std::string_view what) const {
  if (!ok_) return absl::DataLossError(absl::StrCat("the bytes of ", View(what), " are corrupt or cut off"));
  if (!AtEnd()) return absl::DataLossError(absl::StrCat(rest_.size(), " bytes too many after ", View(what)));
  return absl::OkStatus();
}

}  // namespace leadlag
