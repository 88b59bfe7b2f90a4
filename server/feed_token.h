// The token of a subscription: "continue after this". The promise Bound (alert_service.proto) rests on what it holds.
//
//   field          bytes
//   format         u8, 1
//   district       length and bytes: another district's token is refused
//   incarnation    u64: a district restored from a backup is another one, its sequences may have been given anew
//   sequence       varint: every flip up to and including it has been sent or does not match
//   filter         u64, AlertFilter::Hash: another filter has left out other flips
//   checksum       u64 over all before it: a token is taken whole or not at all
//
// Opaque to subscribers; they keep it for ever. Plain values; thread safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace leadlag {

struct FeedToken {
  std::string district;
  uint64_t incarnation = 0;
  uint64_t sequence = 0;
  uint64_t filter_hash = 0;

  std::string Encode() const;
  // INVALID_ARGUMENT (field "token") for bytes that Encode did not make.
  static absl::StatusOr<FeedToken> Decode(std::string_view bytes);
  friend bool operator==(const FeedToken&, const FeedToken&) = default;
};

}  // namespace leadlag
