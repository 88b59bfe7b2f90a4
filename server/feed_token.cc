#include "server/feed_token.h"

#include "core/codec.h"
#include "core/problem.h"
#include "server/fingerprint.h"

namespace leadlag {
namespace {

constexpr uint8_t kFormat = 1;

uint64_t ChecksumOf(std::string_view bytes) { return Fingerprint().Add("feed token").Add(bytes).value(); }

}  // namespace

std::string FeedToken::Encode() const {
  ByteWriter writer;
  writer.PutU8(kFormat);
  writer.PutString(district);
  writer.PutFixed64(incarnation);
  writer.PutVarint(sequence);
  writer.PutFixed64(filter_hash);
  writer.PutFixed64(ChecksumOf(writer.bytes()));
  return std::move(writer).Take();
}

absl::StatusOr<FeedToken> FeedToken::Decode(std::string_view bytes) {
  ByteReader reader(bytes);
  const uint8_t format = reader.GetU8();
  FeedToken token;
  token.district = reader.GetString();
  token.incarnation = reader.GetFixed64();
  token.sequence = reader.GetVarint();
  token.filter_hash = reader.GetFixed64();
  const size_t checked = bytes.size() - reader.remaining();
  const uint64_t checksum = reader.GetFixed64();
  const bool whole = reader.Finish("a token").ok() && checksum == ChecksumOf(bytes.substr(0, checked));
  if (!whole || format != kFormat) {
    return InvalidField("token", "is not a token of this service; send the bytes of a message's token as they came");
  }
  return token;
}

}  // namespace leadlag
