// Messages as proto3 JSON. Pure; thread safe.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "google/protobuf/message.h"

namespace leadlag::cli {

// With lines and indentation for people, or on one line.
enum class JsonLayout { kIndented, kOneLine };

// Canonical proto3 JSON: lowerCamelCase names, what has its default value left out; ends with a newline.
std::string ToJson(const google::protobuf::Message& message, JsonLayout layout);

// Replaces `message`. INVALID_ARGUMENT, with what is wrong, for malformed JSON, an unknown field or a value of another
// type; `message` then means nothing.
absl::Status FromJson(std::string_view json, google::protobuf::Message& message);

// A text as a YAML parser reads it. JSON (what begins with "{") is YAML but for one thing, a character escaped as two
// surrogates ("\ud83d\ude00", as many programs write it), which becomes the character itself; lines stay as they are.
// Other text is returned unchanged.
std::string YamlOf(std::string_view text);
// True where the first character, after a byte order mark and space, is "{".
bool BeginsAsJson(std::string_view text);

}  // namespace leadlag::cli
