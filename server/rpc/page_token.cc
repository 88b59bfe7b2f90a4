#include "server/rpc/page_token.h"

#include "absl/strings/escaping.h"
#include "core/codec.h"
#include "core/problem.h"

namespace leadlag {
namespace {

constexpr uint8_t kFormat = 1;

// Over everything before it.
uint64_t ChecksumOf(std::string_view bytes) { return Fingerprint().Add("page token").Add(bytes).value(); }

absl::Status Refused() {
  return InvalidField("page_token",
                      "is not a token of this question; take it from the page before, asked with the same parent and filter");
}

}  // namespace

PageQuestion& PageQuestion::With(std::string_view value) {
  fingerprint_.Add(value);
  return *this;
}

PageQuestion& PageQuestion::With(uint64_t value) {
  fingerprint_.Add(value);
  return *this;
}

PageQuestion& PageQuestion::With(const Labels& labels) {
  fingerprint_.Add(labels.size());
  for (const auto& [key, value] : labels) fingerprint_.Add(key).Add(value);
  return *this;
}

std::string PageQuestion::TokenFor(std::string_view cursor) const {
  ByteWriter writer;
  writer.PutU8(kFormat);
  writer.PutFixed64(fingerprint_.value());
  writer.PutString(cursor);
  writer.PutFixed64(ChecksumOf(writer.bytes()));
  return absl::WebSafeBase64Escape(std::move(writer).Take());
}

absl::StatusOr<std::string> PageQuestion::CursorOf(std::string_view token) const {
  if (token.empty()) return std::string();
  std::string bytes;
  // One spelling a token: decoding must not forgive padding, spaces or stray bits.
  if (!absl::WebSafeBase64Unescape(std::string(token), &bytes) || absl::WebSafeBase64Escape(bytes) != std::string(token)) {
    return Refused();
  }
  ByteReader reader(bytes);
  const uint8_t format = reader.GetU8();
  const uint64_t fingerprint = reader.GetFixed64();
  const std::string cursor(reader.GetString());
  const size_t checked = bytes.size() - reader.remaining();
  const uint64_t checksum = reader.GetFixed64();
  const bool whole = reader.Finish("a page token").ok() && checksum == ChecksumOf(std::string_view(bytes).substr(0, checked));
  if (!whole || format != kFormat || fingerprint != fingerprint_.value() || cursor.empty()) return Refused();
  return cursor;
}

absl::StatusOr<size_t> PageSize(int32_t asked, size_t page_size_default, size_t page_size_max) {
  if (asked == 0) return page_size_default;
  if (asked < 0 || static_cast<size_t>(asked) > page_size_max) {
    return InvalidField("page_size", std::to_string(asked) + " is out of range; give 1 to " + std::to_string(page_size_max));
  }
  return static_cast<size_t>(asked);
}

}  // namespace leadlag
