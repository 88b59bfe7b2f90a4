#include "client/cli/json.h"

#include <charconv>
#include <cstdint>
#include <optional>

#include "google/protobuf/util/json_util.h"

namespace leadlag::cli {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr size_t kEscapeSize = 6;  // \uXXXX

// The UTF-16 unit escaped at `at`; none where no escape of one is there.
std::optional<uint32_t> UnitAt(std::string_view text, size_t at) {
  if (at > text.size() || text.substr(at, 2) != "\\u" || text.size() - at < kEscapeSize) return std::nullopt;
  uint32_t unit = 0;
  const char* const end = text.data() + at + kEscapeSize;
  const auto [stop, error] = std::from_chars(text.data() + at + 2, end, unit, 16);
  return error == std::errc() && stop == end ? std::optional(unit) : std::nullopt;
}

// REQUIRES: a code point above U+FFFF.
void AppendUtf8(uint32_t code_point, std::string& to) {
  to.push_back(static_cast<char>(0xF0 | (code_point >> 18)));
  for (const int shift : {12, 6, 0}) to.push_back(static_cast<char>(0x80 | ((code_point >> shift) & 0x3F)));
}

}  // namespace

std::string ToJson(const google::protobuf::Message& message, JsonLayout layout) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = layout == JsonLayout::kIndented;
  std::string json;
  // It fails only for an Any of unknown type or bytes that are no UTF-8, of which a parsed message of ours has neither.
  if (!google::protobuf::util::MessageToJsonString(message, &json, options).ok()) json = "{}";
  if (json.empty() || json.back() != '\n') json.push_back('\n');
  return json;
}

absl::Status FromJson(std::string_view json, google::protobuf::Message& message) {
  message.Clear();
  const auto status =
      google::protobuf::util::JsonStringToMessage(google::protobuf::StringPiece(json.data(), json.size()), &message);
  if (status.ok()) return absl::OkStatus();
  return absl::InvalidArgumentError(std::string(status.message()));
}

bool BeginsAsJson(std::string_view text) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  const size_t first = text.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && text[first] == '{';
}

std::string YamlOf(std::string_view text) {
  if (!BeginsAsJson(text)) return std::string(text);
  std::string yaml;
  yaml.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    if (text[at] != '\\') {
      yaml.push_back(text[at++]);
      continue;
    }
    const std::optional<uint32_t> high = UnitAt(text, at);
    const std::optional<uint32_t> low = UnitAt(text, at + kEscapeSize);
    if (high && low && *high >> 10 == 0xD800 >> 10 && *low >> 10 == 0xDC00 >> 10) {
      AppendUtf8(0x10000 + ((*high & 0x3FF) << 10) + (*low & 0x3FF), yaml);
      at += 2 * kEscapeSize;
    } else {  // the escaped character goes along: it may be a backslash itself
      yaml += text.substr(at, 2);
      at += 2;
    }
  }
  return yaml;
}

}  // namespace leadlag::cli
