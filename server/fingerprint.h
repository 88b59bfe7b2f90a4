// A 64-bit hash that is the same on every machine and in every release, for what is handed out and comes back: page tokens and
// subscription tokens. FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv). It finds mix-ups and accidents, not attacks.
#pragma once

#include <cstdint>
#include <string_view>

namespace leadlag {

class Fingerprint {
 public:
  // The bytes and their number: ("ab", "c") differs from ("a", "bc").
  Fingerprint& Add(std::string_view bytes) {
    for (const char c : bytes) AddByte(static_cast<uint8_t>(c));
    return Add(static_cast<uint64_t>(bytes.size()));
  }
  Fingerprint& Add(uint64_t number) {
    for (int shift = 0; shift < 64; shift += 8) AddByte(static_cast<uint8_t>(number >> shift));
    return *this;
  }
  uint64_t value() const { return value_; }

 private:
  void AddByte(uint8_t byte) { value_ = (value_ ^ byte) * 0x100000001b3; }
  uint64_t value_ = 0xcbf29ce484222325;
};

}  // namespace leadlag
