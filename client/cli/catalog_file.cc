#include "client/cli/catalog_file.h"

#include <yaml-cpp/yaml.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <optional>
#include <set>
#include <sstream>
#include <utility>

#include "client/cli/enum_name.h"
#include "client/cli/ics_calendar.h"
#include "client/cli/json.h"
#include "client/cli/nearest.h"
#include "client/cli/number.h"
#include "client/status.h"

namespace leadlag::cli {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

namespace {

// Appended to a document: yaml-cpp takes a quoted text that the end of the input cuts off for whole, but refuses this
// inside one.
constexpr char kYamlEnd[] = "\n...\n";

std::string Child(const std::string& path, const std::string& key) { return path.empty() ? key : path + "." + key; }

std::string Element(const std::string& path, size_t index) { return path + "[" + std::to_string(index) + "]"; }

}  // namespace

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error))
    return absl::NotFoundError(path + ": this is a directory, not a file");
  std::ifstream in(path, std::ios::binary);
  if (!in) return absl::NotFoundError(path + ": " + std::strerror(errno));
  std::ostringstream text;
  text << in.rdbuf();
  return std::move(text).str();
}

// Reads one document. Goes on after a problem, so that all are found at once.
class CatalogReader {
 public:
  CatalogReader(std::string path, CatalogFile& file) : path_(std::move(path)), file_(file) {}

  absl::Status Read(const std::string& text) {
    std::vector<YAML::Node> documents;
    try {
      documents = YAML::LoadAll(YamlOf(text) + kYamlEnd);
    } catch (const YAML::Exception& error) {  // yaml-cpp reports malformed YAML in no other way
      // Some JSON it does not take, a line end before a colon or a very long key. That has no lines then.
      if (BeginsAsJson(text) && FromJson(text, file_.catalog_).ok()) {
        file_.places_[""] = path_ + ":1";
        return absl::OkStatus();
      }
      file_.catalog_.Clear();
      return InvalidField(Place(error.mark), error.msg);
    }
    if (documents.empty() || !documents[0].IsMap())
      return InvalidField(path_ + ":1", "a catalog is a mapping: \"district: …\"");
    if (documents.size() > 1)
      return InvalidField(Place(documents[1].Mark()), "a second document; a catalog is one document");
    file_.places_[""] = path_ + ":1";
    ReadMessage(documents[0], file_.catalog_, "");
    return problems_.empty() ? absl::OkStatus() : AsStatus(problems_);
  }

 private:
  std::string Place(const YAML::Mark& mark) const {
    // yaml-cpp's null mark is line -1.
    return path_ + ":" + std::to_string(mark.line < 0 ? 1 : mark.line + 1);
  }

  void Refuse(const YAML::Node& node, std::string reason) { RefuseAt(Place(node.Mark()), std::move(reason)); }
  void RefuseAt(std::string place, std::string reason) {
    problems_.push_back({absl::StatusCode::kInvalidArgument, std::move(place), std::move(reason)});
  }

  // Calls `read` for every key with its value; refuses keys that are no text, and repeated ones.
  template <typename ReadEntry>
  void ForEachKey(const YAML::Node& map, const std::string& what, ReadEntry read) {
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

  void RefuseKey(const YAML::Node& key, const std::vector<std::string>& known) {
    Refuse(key, "unknown key \"" + key.Scalar() + "\"; did you mean \"" + Nearest(key.Scalar(), known) + "\"?");
  }

  static std::string TypeOf(const YAML::Node& node) {
    if (node.IsMap()) return "a mapping";
    if (node.IsSequence()) return "a list";
    if (node.IsNull()) return "nothing";
    return "\"" + node.Scalar() + "\"";
  }

  static const FieldDescriptor* FindField(const Descriptor& type, const std::string& key) {
    const FieldDescriptor* field = type.FindFieldByName(key);
    return field != nullptr ? field : type.FindFieldByCamelcaseName(key);
  }

  std::vector<std::string> KnownKeys(const Descriptor& type) const {
    std::vector<std::string> keys;
    for (int i = 0; i < type.field_count(); ++i) keys.push_back(type.field(i)->name());
    if (&type == v1::Expectation::descriptor()) {
      for (int i = 0; i < v1::SignalKind::descriptor()->field_count(); ++i) {
        keys.push_back(v1::SignalKind::descriptor()->field(i)->name());
      }
    }
    if (&type == v1::Calendar::descriptor()) keys.emplace_back("ics");
    return keys;
  }

  void ReadMessage(const YAML::Node& node, Message& message, const std::string& path) {
    const Descriptor& type = *message.GetDescriptor();
    std::set<const FieldDescriptor*> seen;
    std::optional<YAML::Node> ics;  // read last: it adds to years and exceptions
    ForEachKey(node, path.empty() ? "a catalog" : path,
               [&](const std::string& key, const YAML::Node& at, const YAML::Node& value) {
                 const FieldDescriptor* field = FindField(type, key);
                 if (field != nullptr) {
                   if (!seen.insert(field).second)
                     return Refuse(at, "the field \"" + field->name() + "\" is given twice, by two names");
                   file_.places_[Child(path, field->name())] = Place(at.Mark());
                   return ReadField(value, message, *field, path);
                 }
                 if (&type == v1::Calendar::descriptor() && key == "ics") {
                   ics = value;
                   return;
                 }
                 if (&type == v1::Expectation::descriptor() && ReadInlineKind(key, at, value, message, path)) return;
                 RefuseKey(at, KnownKeys(type));
               });
    if (ics) ReadIcsList(*ics, static_cast<v1::Calendar&>(message), path);
  }

  // `category: WALKTHROUGH` directly on an expectation; false where the key is no field of SignalKind.
  bool ReadInlineKind(const std::string& key, const YAML::Node& at, const YAML::Node& value, Message& message,
                      const std::string& path) {
    const FieldDescriptor* field = FindField(*v1::SignalKind::descriptor(), key);
    if (field == nullptr) return false;
    const std::string kind_path = Child(path, "kind");
    file_.places_.try_emplace(kind_path, Place(at.Mark()));
    file_.places_[Child(kind_path, field->name())] = Place(at.Mark());
    ReadField(value, *static_cast<v1::Expectation&>(message).mutable_kind(), *field, kind_path);
    return true;
  }

  void ReadField(const YAML::Node& value, Message& message, const FieldDescriptor& field, const std::string& parent) {
    if (value.IsNull()) return;  // proto3 JSON: null is absent
    const Reflection& reflection = *message.GetReflection();
    const std::string path = Child(parent, field.name());
    if (field.is_map()) return ReadMap(value, message, field, path);
    if (field.is_repeated()) {
      if (!value.IsSequence()) return Refuse(value, path + " is a list (- … or […]), not " + TypeOf(value));
      for (size_t i = 0; i < value.size(); ++i) {
        const std::string element = Element(path, i);
        file_.places_[element] = Place(value[i].Mark());
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
      return ReadMessage(value, *reflection.MutableMessage(&message, &field), path);
    }
    ReadScalar(value, message, field, path);
  }

  // Every map of a catalog is from text to text.
  void ReadMap(const YAML::Node& value, Message& message, const FieldDescriptor& field, const std::string& path) {
    ForEachKey(value, path, [&](const std::string& key, const YAML::Node& at, const YAML::Node& text) {
      file_.places_[Child(path, key)] = Place(at.Mark());
      if (!text.IsScalar()) return Refuse(text, path + "." + key + " is a text, not " + TypeOf(text));
      Message* entry = message.GetReflection()->AddMessage(&message, &field);
      entry->GetReflection()->SetString(entry, field.message_type()->map_key(), key);
      entry->GetReflection()->SetString(entry, field.message_type()->map_value(), text.Scalar());
    });
  }

  void ReadScalar(const YAML::Node& value, Message& message, const FieldDescriptor& field, const std::string& path) {
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
        if (!number || *number < std::numeric_limits<int32_t>::min() || *number > std::numeric_limits<int32_t>::max()) {
          return Refuse(value, path + " is a whole number, not \"" + text + "\"");
        }
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
      default:  // a type that no catalog has yet
        return Refuse(value, path + " cannot be given in a file");
    }
  }

  void ReadIcsList(const YAML::Node& node, v1::Calendar& calendar, const std::string& path) {
    if (node.IsNull()) return;
    if (!node.IsSequence()) return ReadIcs(node, calendar, path);
    for (const YAML::Node& one : node) ReadIcs(one, calendar, path);
  }

  void ReadIcs(const YAML::Node& node, v1::Calendar& calendar, const std::string& path) {
    std::string file;
    std::optional<YAML::Node> file_node;
    IcsSchoolYear year;
    std::vector<IcsRule> rules;
    const size_t problems_before = problems_.size();
    ForEachKey(node, Child(path, "ics"), [&](const std::string& key, const YAML::Node& at, const YAML::Node& value) {
      if (key == "file") {
        file = Text(value);
        file_node = value;
      } else if (key == "school_year" || key == "schoolYear") {
        year = ReadIcsYear(value);
      } else if (key == "rules") {
        if (!value.IsSequence()) return Refuse(value, "rules is a list of {category: …, …}");
        for (const YAML::Node& rule : value) rules.push_back(ReadIcsRule(rule));
      } else {
        RefuseKey(at, {"file", "school_year", "rules"});
      }
    });
    if (problems_.size() > problems_before) return;
    if (file.empty())
      return Refuse(node, "ics needs a file: {file: calendar.ics, school_year: {id: 2025-26}, rules: […]}");
    if (year.id.empty()) return Refuse(node, "ics needs a school year: school_year: {id: 2025-26}");
    const std::filesystem::path full = std::filesystem::path(path_).parent_path() / file;
    const absl::StatusOr<std::string> text = ReadFile(full.string());
    if (!text.ok()) return Refuse(*file_node, std::string(text.status().message()));
    absl::StatusOr<IcsCalendar> read = ReadIcsCalendar(*text, full.string(), rules, year);
    if (!read.ok()) {
      for (Problem& problem : ProblemsOf(read.status())) problems_.push_back(std::move(problem));
      return;
    }
    AddIcs(*std::move(read), full.string(), calendar, path);
  }

  void AddIcs(IcsCalendar read, const std::string& ics_file, v1::Calendar& calendar, const std::string& path) {
    const std::string year_path = Element(Child(path, "years"), calendar.years_size());
    file_.places_[year_path] = ics_file + ":" + std::to_string(read.year_line);
    if (read.outside_count > 0) {
      file_.notes_.push_back(ics_file + ": " + std::to_string(read.outside_count) + " events outside school year " +
                             read.year.id() + " left out");
    }
    if (read.cancelled_count > 0) {
      file_.notes_.push_back(ics_file + ": " + std::to_string(read.cancelled_count) + " cancelled events left out");
    }
    *calendar.add_years() = std::move(read.year);
    for (size_t i = 0; i < read.exceptions.size(); ++i) {
      file_.places_[Element(Child(path, "exceptions"), calendar.exceptions_size())] =
          ics_file + ":" + std::to_string(read.exception_lines[i]);
      *calendar.add_exceptions() = std::move(read.exceptions[i]);
    }
  }

  std::string Text(const YAML::Node& node) {
    if (node.IsScalar()) return node.Scalar();
    Refuse(node, "this is a single value, not " + TypeOf(node));
    return "";
  }

  std::optional<Date> ReadDate(const YAML::Node& node) {
    const absl::StatusOr<Date> date = Date::Parse(Text(node));
    if (date.ok()) return *date;
    Refuse(node, std::string(date.status().message()));
    return std::nullopt;
  }

  IcsSchoolYear ReadIcsYear(const YAML::Node& node) {
    IcsSchoolYear year;
    ForEachKey(node, "school_year", [&](const std::string& key, const YAML::Node& at, const YAML::Node& value) {
      if (key == "id") {
        year.id = Text(value);
      } else if (key == "start_date" || key == "startDate") {
        year.start = ReadDate(value);
      } else if (key == "end_date" || key == "endDate") {
        year.end = ReadDate(value);
      } else {
        RefuseKey(at, {"id", "start_date", "end_date"});
      }
    });
    return year;
  }

  IcsRule ReadIcsRule(const YAML::Node& node) {
    IcsRule rule;
    int meanings = 0;
    bool has_category = false;
    const auto flag = [&](const YAML::Node& value, IcsRule::Meaning meaning) {
      if (Text(value) != "true") Refuse(value, "only true makes sense here");
      rule.meaning = meaning;
      ++meanings;
    };
    ForEachKey(node, "a rule", [&](const std::string& key, const YAML::Node& at, const YAML::Node& value) {
      if (key == "category") {
        rule.category = Text(value);
        has_category = true;
      } else if (key == "summary") {
        rule.summary = Text(value);
      } else if (key == "kind") {
        const EnumDescriptor& kinds = *v1::CalendarExceptionKind_descriptor();
        const EnumValueDescriptor* kind = FindEnumValue(kinds, Text(value));
        if (kind == nullptr) return Refuse(value, "kind is one of " + ShortNames(kinds) + ", not " + TypeOf(value));
        rule.meaning = IcsRule::Meaning::kException;
        rule.kind = static_cast<v1::CalendarExceptionKind>(kind->number());
        ++meanings;
      } else if (key == "first_day") {
        flag(value, IcsRule::Meaning::kFirstDay);
      } else if (key == "last_day") {
        flag(value, IcsRule::Meaning::kLastDay);
      } else if (key == "ignore") {
        flag(value, IcsRule::Meaning::kIgnore);
      } else {
        RefuseKey(at, {"category", "summary", "kind", "first_day", "last_day", "ignore"});
      }
    });
    if (node.IsMap() && (!has_category || meanings != 1)) {
      Refuse(node,
             "a rule has a category and one of kind, first_day, last_day, ignore: {category: holiday, kind: HOLIDAY}");
    }
    return rule;
  }

  const std::string path_;
  CatalogFile& file_;
  std::vector<Problem> problems_;
};

absl::StatusOr<CatalogFile> CatalogFile::Load(const std::string& path) {
  const absl::StatusOr<std::string> text = ReadFile(path);
  if (!text.ok()) return text.status();
  return Parse(*text, path);
}

absl::StatusOr<CatalogFile> CatalogFile::Parse(const std::string& text, const std::string& path) {
  CatalogFile file;
  if (absl::Status read = CatalogReader(path, file).Read(text); !read.ok()) return read;
  return file;
}

std::string CatalogFile::PlaceOf(std::string_view field_path) const {
  constexpr std::string_view kRequestRoot = "catalog.";
  if (field_path.starts_with(kRequestRoot)) field_path.remove_prefix(kRequestRoot.size());
  while (true) {
    if (const auto found = places_.find(field_path); found != places_.end()) return found->second;
    const size_t end = field_path.find_last_of(".[");
    field_path = end == std::string_view::npos ? std::string_view() : field_path.substr(0, end);
  }
}

absl::Status CatalogFile::Placed(const absl::Status& status, bool (*in_file)(std::string_view field_path)) const {
  std::vector<Problem> problems = ProblemsOf(status);
  if (problems.empty()) return status;
  for (Problem& problem : problems) {
    if (in_file != nullptr && !in_file(problem.field)) continue;
    const std::string place = PlaceOf(problem.field);
    problem.field = problem.field.empty() ? place : place + ": " + problem.field;
  }
  return WithProblems(status, problems);
}

}  // namespace leadlag::cli
