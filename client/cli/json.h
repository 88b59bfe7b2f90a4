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

}  // namespace leadlag::cli
