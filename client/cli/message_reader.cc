#include "client/cli/message_reader.h"

#include <limits>
#include <optional>
#include <set>
#include <utility>

#include "client/cli/enum_name.h"
#include "client/cli/json.h"
#include "client/cli/nearest.h"
#include "client/cli/number.h"
#include "google/protobuf/timestamp.pb.h"
#include "google/protobuf/util/time_util.h"

namespace leadlag::cli {

using google::protobuf::Descriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

namespace {

// Appended to a document: yaml-cpp takes a quoted text that the end of the input cuts off for whole, but refuses this
// inside one.
constexpr char kYamlEnd[] = "\n...\n";

}  // namespace

std::string ChildPath(const std::string& path, const std::string& key) { return path.empty() ? key : path + "." + key; }

std::string ElementPath(const std::string& path, size_t index) { return path + "[" + std::to_string(index) + "]"; }

const FieldDescriptor* FindField(const Descriptor& type, const std::string& key) {
  const FieldDescriptor* field = type.FindFieldByName(key);
  return field != nullptr ? field : type.FindFieldByCamelcaseName(key);
}

// Goes on after a problem, so that all are found at once.
absl::Status MessageReader::Read(const std::string& text, const std::string& what, const std::string& example, Message& message) {
  what_ = what;
  std::vector<YAML::Node> documents;
  try {
    documents = YAML::LoadAll(YamlOf(text) + kYamlEnd);
  } catch (const YAML::Exception& error) {  // yaml-cpp reports malformed YAML in no other way
    // Some JSON it does not take, a line end before a colon or a very long key. That has no lines then.
    if (BeginsAsJson(text) && FromJson(text, message).ok()) {
      places_.Set("", path_ + ":1");
      return absl::OkStatus();
    }
    message.Clear();
    return InvalidField(PlaceOf(error.mark), error.msg);
  }
  if (documents.empty() || !documents[0].IsMap()) return InvalidField(path_ + ":1", what + " is a mapping: \"" + example + "\"");
  if (documents.size() > 1) return InvalidField(PlaceOf(documents[1].Mark()), "a second document; " + what + " is one document");
  places_.Set("", path_ + ":1");
  ReadMessage(BodyOf(documents[0]), message, "");
  return problems_.empty() ? absl::OkStatus() : AsStatus(problems_);
}

YAML::Node MessageReader::BodyOf(const YAML::Node& document) const {
  for (const FieldDescriptor* const field : HeldBy()) {
    YAML::Node body;
    bool is_response = true;
    for (const auto& entry : document) {
      const FieldDescriptor* const key = entry.first.IsScalar() ? FindField(*field->containing_type(), entry.first.Scalar()) : nullptr;
      is_response = is_response && key != nullptr;
      if (key == field) body.reset(entry.second);
    }
    if (is_response && body.IsMap()) return body;
  }
  return document;
}

const FieldDescriptor* MessageReader::FieldOf(const Descriptor& type, const std::string& key) const { return FindField(type, key); }

bool MessageReader::ReadOtherKey(const std::string&, const YAML::Node&, const YAML::Node&, Message&, const std::string&) {
  return false;
}

std::vector<std::string> MessageReader::OtherKeys(const Descriptor&) const { return {}; }

std::string MessageReader::PlaceOf(const YAML::Mark& mark) const {
  // yaml-cpp's null mark is line -1.
  return path_ + ":" + std::to_string(mark.line < 0 ? 1 : mark.line + 1);
}

void MessageReader::ForEachKey(
    const YAML::Node& map, const std::string& what,
    const std::function<void(const std::string& key, const YAML::Node& at, const YAML::Node& value)>& read) {
  if (!map.IsMap()) return Refuse(map, what + " is a mapping (key: value), not " + TypeOf(map));
  std::map<std::string, int> lines;
  for (const auto& entry : map) {
    if (!entry.first.IsScalar()) {
      Refuse(entry.first, "a key must be a word");
      continue;
    }
    const std::string& key = entry.first.Scalar();
    const auto [found, is_new] = lines.try_emplace(key, entry.first.Mark().line + 1);
    if (!is_new) {
      Refuse(entry.first, "the key \"" + key + "\" is given twice, first in line " + std::to_string(found->second));
    } else {
      read(key, entry.first, entry.second);
    }
  }
}

void MessageReader::RefuseKey(const YAML::Node& key, const std::vector<std::string>& known) {
  Refuse(key, "unknown key \"" + key.Scalar() + "\"; did you mean \"" + Nearest(key.Scalar(), known) + "\"?");
}

std::string MessageReader::TypeOf(const YAML::Node& node) {
  if (node.IsMap()) return "a mapping";
  if (node.IsSequence()) return "a list";
  if (node.IsNull()) return "nothing";
  return "\"" + node.Scalar() + "\"";
}

void MessageReader::ReadMessage(const YAML::Node& node, Message& message, const std::string& path) {
  const Descriptor& type = *message.GetDescriptor();
  std::set<const FieldDescriptor*> seen;
  ForEachKey(node, path.empty() ? what_ : path, [&](const std::string& key, const YAML::Node& at, const YAML::Node& value) {
    if (const FieldDescriptor* field = FieldOf(type, key)) {
      if (!seen.insert(field).second) return Refuse(at, "the field \"" + field->name() + "\" is given twice, by two names");
      NotePlace(ChildPath(path, field->name()), at.Mark());
      return ReadField(value, message, *field, path);
    }
    if (ReadOtherKey(key, at, value, message, path)) return;
    std::vector<std::string> known;
    for (int i = 0; i < type.field_count(); ++i) known.push_back(type.field(i)->name());
    for (std::string& other : OtherKeys(type)) known.push_back(std::move(other));
    RefuseKey(at, known);
  });
  EndMessage(message, path);
}

void MessageReader::ReadField(const YAML::Node& value, Message& message, const FieldDescriptor& field, const std::string& parent) {
  if (value.IsNull()) return;  // proto3 JSON: null is absent
  const Reflection& reflection = *message.GetReflection();
  const std::string path = ChildPath(parent, field.name());
  if (field.is_map()) return ReadMap(value, message, field, path);
  if (field.is_repeated()) {
    if (!value.IsSequence()) return Refuse(value, path + " is a list (- … or […]), not " + TypeOf(value));
    for (size_t i = 0; i < value.size(); ++i) {
      const std::string element = ElementPath(path, i);
      NotePlace(element, value[i].Mark());
      if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
        ReadMessage(value[i], *reflection.AddMessage(&message, &field), element);
      } else {
        ReadScalar(value[i], message, field, element);
      }
    }
    return;
  }
  const auto* oneof = field.real_containing_oneof();
  if (oneof != nullptr && reflection.HasOneof(message, oneof)) {
    const std::string other = reflection.GetOneofFieldDescriptor(message, oneof)->name();
    return Refuse(value, "give either \"" + other + "\" or \"" + field.name() + "\", not both");
  }
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
    Message& part = *reflection.MutableMessage(&message, &field);
    const bool is_instant = part.GetDescriptor() == google::protobuf::Timestamp::descriptor();
    return is_instant ? ReadInstant(value, part, path) : ReadMessage(value, part, path);
  }
  ReadScalar(value, message, field, path);
}

void MessageReader::ReadInstant(const YAML::Node& value, Message& timestamp, const std::string& path) {
  if (!value.IsScalar()) return Refuse(value, path + " is a single value, not " + TypeOf(value));
  if (!google::protobuf::util::TimeUtil::FromString(value.Scalar(), static_cast<google::protobuf::Timestamp*>(&timestamp))) {
    Refuse(value, path + " is an instant (2025-09-08T12:00:00Z), not \"" + value.Scalar() + "\"");
  }
}

// Every map of ours is from text to text.
void MessageReader::ReadMap(const YAML::Node& value, Message& message, const FieldDescriptor& field, const std::string& path) {
  ForEachKey(value, path, [&](const std::string& key, const YAML::Node& at, const YAML::Node& text) {
    NotePlace(ChildPath(path, key), at.Mark());
    if (!text.IsScalar()) return Refuse(text, path + "." + key + " is a text, not " + TypeOf(text));
    Message* entry = message.GetReflection()->AddMessage(&message, &field);
    entry->GetReflection()->SetString(entry, field.message_type()->map_key(), key);
    entry->GetReflection()->SetString(entry, field.message_type()->map_value(), text.Scalar());
  });
}

void MessageReader::ReadScalar(const YAML::Node& value, Message& message, const FieldDescriptor& field, const std::string& path) {
  if (!value.IsScalar()) return Refuse(value, path + " is a single value, not " + TypeOf(value));
  const std::string& text = value.Scalar();
  const Reflection& reflection = *message.GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      if (field.is_repeated()) return reflection.AddString(&message, &field, text);
      return reflection.SetString(&message, &field, text);
    case FieldDescriptor::CPPTYPE_BOOL:
      if (text != "true" && text != "false") return Refuse(value, path + " is true or false, not \"" + text + "\"");
      return reflection.SetBool(&message, &field, text == "true");
    case FieldDescriptor::CPPTYPE_INT32: {
      const std::optional<int64_t> number = ParseInteger(text);
      const bool fits = number && *number >= std::numeric_limits<int32_t>::min() && *number <= std::numeric_limits<int32_t>::max();
      if (!fits && IsWholeNumber(text)) return Refuse(value, path + ": " + text + " is out of range");
      if (!fits) return Refuse(value, path + " is a whole number, not \"" + text + "\"");
      return reflection.SetInt32(&message, &field, static_cast<int32_t>(*number));
    }
    case FieldDescriptor::CPPTYPE_ENUM: {
      const EnumValueDescriptor* found = FindEnumValue(*field.enum_type(), text);
      if (found == nullptr) {
        return Refuse(value, path + " is one of " + ShortNames(*field.enum_type()) + ", not \"" + text + "\"");
      }
      if (field.is_repeated()) return reflection.AddEnum(&message, &field, found);
      return reflection.SetEnum(&message, &field, found);
    }
    case FieldDescriptor::CPPTYPE_DOUBLE: {
      const std::optional<double> number = ParseDecimal(text);
      if (!number) return Refuse(value, path + " is a number, not \"" + text + "\"");
      return reflection.SetDouble(&message, &field, *number);
    }
    default:  // a type that no file has yet
      return Refuse(value, path + " cannot be given in a file");
  }
}

std::string MessageReader::Text(const YAML::Node& node) {
  if (node.IsScalar()) return node.Scalar();
  Refuse(node, "this is a single value, not " + TypeOf(node));
  return "";
}

}  // namespace leadlag::cli
