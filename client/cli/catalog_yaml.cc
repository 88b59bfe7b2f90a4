#include "client/cli/catalog_yaml.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "absl/strings/ascii.h"
#include "client/cli/enum_name.h"
#include "core/date.h"

namespace leadlag::cli {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

bool IsDate(const std::string& text) { return text.size() == 10 && Date::Parse(text).ok(); }

// True where YAML 1.1 and 1.2 both read the bare text as a text (or, for a date, where we do and a person expects it
// bare).
bool IsSafeBare(const std::string& text) {
  static const std::set<std::string> kWords = {"y", "n", "yes", "no", "on", "off", "true", "false", "null"};
  if (text.empty() || IsDate(text)) return !text.empty();
  if (!absl::ascii_isalpha(text[0]) || text.back() == ' ' || kWords.contains(absl::AsciiStrToLower(text))) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isalnum(c) || c == ' ' || c == '_' || c == '-' || c == '/' || c == '.';
  });
}

void EmitText(YAML::Emitter& out, const std::string& text) {
  if (!IsSafeBare(text)) out << YAML::DoubleQuoted;
  out << text;
}

// Small things on one line.
bool IsFlow(const Descriptor* type) {
  return type == v1::Term::descriptor() || type == v1::ActivePeriod::descriptor() ||
         type == v1::ExternalId::descriptor() || type == v1::CalendarException::descriptor() ||
         type == v1::CalendarAssignment::descriptor();
}

void EmitMessage(YAML::Emitter& out, const Message& message);

void EmitScalar(YAML::Emitter& out, const Message& message, const FieldDescriptor& field, int index) {
  const Reflection& reflection = *message.GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return EmitText(out, index < 0 ? reflection.GetString(message, &field)
                                     : reflection.GetRepeatedString(message, &field, index));
    case FieldDescriptor::CPPTYPE_ENUM:
      out << ShortName(index < 0 ? *reflection.GetEnum(message, &field)
                                 : *reflection.GetRepeatedEnum(message, &field, index));
      return;
    case FieldDescriptor::CPPTYPE_BOOL:
      out << reflection.GetBool(message, &field);
      return;
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return EmitMessage(out, index < 0 ? reflection.GetMessage(message, &field)
                                        : reflection.GetRepeatedMessage(message, &field, index));
    default:
      out << reflection.GetInt32(message, &field);
  }
}

void EmitMap(YAML::Emitter& out, const Message& message, const FieldDescriptor& field) {
  std::map<std::string, std::string> entries;  // sorted, so that the same catalog gives the same text
  for (int i = 0; i < message.GetReflection()->FieldSize(message, &field); ++i) {
    const Message& entry = message.GetReflection()->GetRepeatedMessage(message, &field, i);
    entries[entry.GetReflection()->GetString(entry, field.message_type()->map_key())] =
        entry.GetReflection()->GetString(entry, field.message_type()->map_value());
  }
  out << YAML::Flow << YAML::BeginMap;
  for (const auto& [key, value] : entries) {
    out << YAML::Key;
    EmitText(out, key);
    out << YAML::Value;
    EmitText(out, value);
  }
  out << YAML::EndMap;
}

void EmitField(YAML::Emitter& out, const Message& message, const FieldDescriptor& field) {
  out << YAML::Key << field.name() << YAML::Value;
  if (field.is_map()) return EmitMap(out, message, field);
  if (!field.is_repeated()) return EmitScalar(out, message, field, -1);
  const bool flow = field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE;
  if (flow) out << YAML::Flow;
  out << YAML::BeginSeq;
  for (int i = 0; i < message.GetReflection()->FieldSize(message, &field); ++i) EmitScalar(out, message, field, i);
  out << YAML::EndSeq;
}

void EmitFields(YAML::Emitter& out, const Message& message) {
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);  // by number, only those that are there
  for (const FieldDescriptor* field : fields) {
    if (field->message_type() == v1::SignalKind::descriptor()) {
      EmitFields(out, message.GetReflection()->GetMessage(message, field));
    } else {
      EmitField(out, message, *field);
    }
  }
}

void EmitMessage(YAML::Emitter& out, const Message& message) {
  if (IsFlow(message.GetDescriptor())) out << YAML::Flow;
  out << YAML::BeginMap;
  EmitFields(out, message);
  out << YAML::EndMap;
}

}  // namespace

std::string CatalogYaml(const v1::Catalog& catalog) {
  YAML::Emitter out;
  EmitMessage(out, catalog);
  return std::string(out.c_str()) + "\n";
}

}  // namespace leadlag::cli
