// CRC-32C (Castagnoli, RFC 3720 appendix B.4): the checksum of what storage/ frames itself, and of RocksDB's record
// files. It finds every error that spans at most 32 bits, so every flipped byte. Stable: it is stored. Thread safe.
//
//   Crc32c("123456789") == 0xe3069283
#pragma once

#include <cstdint>
#include <string_view>

namespace leadlag {

// The checksum of `bytes` after bytes whose checksum is `before`: Crc32c("b", Crc32c("a")) == Crc32c("ab").
uint32_t Crc32c(std::string_view bytes, uint32_t before = 0);

}  // namespace leadlag
