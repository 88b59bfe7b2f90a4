// Messages as files: YAML or JSON with the structure of proto3 JSON. What reading a catalog (catalog_file.h) and an inquiry share.
//
//   - field names as in the .proto (display_name) or as in JSON (displayName);
//   - enum values without their prefix: LEADING, WALKTHROUGH, HOLIDAY; weekdays also MON … SUN; case and
//     "-" for "_" ignored.
//
//   - instants as in JSON ("2025-09-08T12:00:00Z");
//   - where a command prints the message in a response's JSON, that document stands for it.
//
// What only the service sets is read, so that what it has printed can be edited and sent back; the service does not look at it.
// Unknown and repeated keys are refused, with the nearest known key. Every problem names file and line. A reader is for one file; not
// thread safe.
#pragma once

#include <yaml-cpp/yaml.h>

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/cli/field_places.h"
#include "core/problem.h"
#include "google/protobuf/message.h"

namespace leadlag::cli {

class MessageReader {
 public:
  // `path` names the text in messages; `places` learns where each field stands. Borrowed.
  MessageReader(std::string path, FieldPlaces& places) : path_(std::move(path)), places_(places) {}
  virtual ~MessageReader() = default;
  MessageReader(const MessageReader&) = delete;
  MessageReader& operator=(const MessageReader&) = delete;

  // Reads one document, into an empty message; `what` it is ("a catalog"), and an `example` of how it begins. INVALID_ARGUMENT with every
  // problem found, its field being "file:line"; `message` then means nothing.
  absl::Status Read(const std::string& text, const std::string& what, const std::string& example, google::protobuf::Message& message);

 protected:
  // The field that a key names; null where it is none's.
  virtual const google::protobuf::FieldDescriptor* FieldOf(const google::protobuf::Descriptor& type, const std::string& key) const;
  // Reads a key that names no field of the message; false where that is not known either.
  virtual bool ReadOtherKey(const std::string& key, const YAML::Node& at, const YAML::Node& value, google::protobuf::Message& message,
                            const std::string& path);
  // What else is known, besides the fields by their names.
  virtual std::vector<std::string> OtherKeys(const google::protobuf::Descriptor& type) const;
  // Of the responses whose JSON may stand for the document: the fields that hold it.
  virtual std::vector<const google::protobuf::FieldDescriptor*> HeldBy() const { return {}; }
  // Once all keys of a message are read.
  virtual void EndMessage(google::protobuf::Message&, const std::string& /*path*/) {}

  void ReadField(const YAML::Node& value, google::protobuf::Message& message, const google::protobuf::FieldDescriptor& field,
                 const std::string& parent);
  // Calls `read` for every key with its value; refuses keys that are no text, and repeated ones.
  void ForEachKey(const YAML::Node& map, const std::string& what,
                  const std::function<void(const std::string& key, const YAML::Node& at, const YAML::Node& value)>& read);
  std::string Text(const YAML::Node& node);

  std::string PlaceOf(const YAML::Mark& mark) const;
  void NotePlace(const std::string& field_path, const YAML::Mark& mark) { places_.Set(field_path, PlaceOf(mark)); }
  void Refuse(const YAML::Node& node, std::string reason) { RefuseAt(PlaceOf(node.Mark()), std::move(reason)); }
  void RefuseAt(std::string place, std::string reason) {
    problems_.push_back({absl::StatusCode::kInvalidArgument, std::move(place), std::move(reason)});
  }
  void RefuseKey(const YAML::Node& key, const std::vector<std::string>& known);
  void Add(Problem problem) { problems_.push_back(std::move(problem)); }
  size_t problem_count() const { return problems_.size(); }
  static std::string TypeOf(const YAML::Node& node);

  const std::string& path() const { return path_; }
  FieldPlaces& places() { return places_; }

 private:
  // The document itself, or what it holds where it is a response.
  YAML::Node BodyOf(const YAML::Node& document) const;
  void ReadInstant(const YAML::Node& value, google::protobuf::Message& timestamp, const std::string& path);
  void ReadMessage(const YAML::Node& node, google::protobuf::Message& message, const std::string& path);
  void ReadMap(const YAML::Node& value, google::protobuf::Message& message, const google::protobuf::FieldDescriptor& field,
               const std::string& path);
  void ReadScalar(const YAML::Node& value, google::protobuf::Message& message, const google::protobuf::FieldDescriptor& field,
                  const std::string& path);

  const std::string path_;
  FieldPlaces& places_;
  std::string what_;
  std::vector<Problem> problems_;
};

// The field of a message by either of its names; null where there is none.
const google::protobuf::FieldDescriptor* FindField(const google::protobuf::Descriptor& type, const std::string& key);
// "teams" and "id" to "teams.id"; "teams" and 3 to "teams[3]".
std::string ChildPath(const std::string& path, const std::string& key);
std::string ElementPath(const std::string& path, size_t index);

}  // namespace leadlag::cli
