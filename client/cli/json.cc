#include "client/cli/json.h"

#include "google/protobuf/util/json_util.h"

namespace leadlag::cli {

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

}  // namespace leadlag::cli
