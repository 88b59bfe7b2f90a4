#include "client/cli/catalog_file.h"

#include <filesystem>
#include <optional>
#include <utility>

#include "client/cli/enum_name.h"
#include "client/cli/ics_calendar.h"
#include "client/cli/message_reader.h"
#include "leadlag/v1/catalog_service.pb.h"

namespace leadlag::cli {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// Reads one catalog.
class CatalogReader : public MessageReader {
 public:
  CatalogReader(std::string path, CatalogFile& file) : MessageReader(std::move(path), file.places_), file_(file) {}

 private:
  bool ReadOtherKey(const std::string& key, const YAML::Node& at, const YAML::Node& value, Message& message,
                    const std::string& path) override {
    if (message.GetDescriptor() == v1::Calendar::descriptor() && key == "ics") {
      ics_ = value;
      return true;
    }
    return message.GetDescriptor() == v1::Expectation::descriptor() && ReadInlineKind(key, at, value, message, path);
  }

  // As `leadlag export --output=json` prints it.
  std::vector<const FieldDescriptor*> HeldBy() const override {
    return {v1::ExportCatalogResponse::descriptor()->FindFieldByName("catalog")};
  }

  std::vector<std::string> OtherKeys(const Descriptor& type) const override {
    std::vector<std::string> keys;
    if (&type == v1::Expectation::descriptor()) {
      for (int i = 0; i < v1::SignalKind::descriptor()->field_count(); ++i) {
        keys.push_back(v1::SignalKind::descriptor()->field(i)->name());
      }
    }
    if (&type == v1::Calendar::descriptor()) keys.emplace_back("ics");
    return keys;
  }

  // .ics files come last: they add to years and exceptions.
  void EndMessage(Message& message, const std::string& path) override {
    if (message.GetDescriptor() != v1::Calendar::descriptor() || !ics_) return;
    ReadIcsList(*std::exchange(ics_, std::nullopt), static_cast<v1::Calendar&>(message), path);
  }

  // `category: WALKTHROUGH` directly on an expectation; false where the key is no field of SignalKind.
  bool ReadInlineKind(const std::string& key, const YAML::Node& at, const YAML::Node& value, Message& message,
                      const std::string& path) {
    const FieldDescriptor* field = FindField(*v1::SignalKind::descriptor(), key);
    if (field == nullptr) return false;
    const std::string kind_path = ChildPath(path, "kind");
    places().SetFirst(kind_path, PlaceOf(at.Mark()));
    NotePlace(ChildPath(kind_path, field->name()), at.Mark());
    ReadField(value, *static_cast<v1::Expectation&>(message).mutable_kind(), *field, kind_path);
    return true;
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
    const size_t problems_before = problem_count();
    ForEachKey(node, ChildPath(path, "ics"), [&](const std::string& key, const YAML::Node& at, const YAML::Node& value) {
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
    if (problem_count() > problems_before) return;
    if (file.empty())
      return Refuse(node, "ics needs a file: {file: calendar.ics, school_year: {id: 2025-26}, rules: […]}");
    if (year.id.empty()) return Refuse(node, "ics needs a school year: school_year: {id: 2025-26}");
    const std::filesystem::path full = std::filesystem::path(this->path()).parent_path() / file;
    const absl::StatusOr<std::string> text = ReadFile(full.string());
    if (!text.ok()) return Refuse(*file_node, std::string(text.status().message()));
    absl::StatusOr<IcsCalendar> read = ReadIcsCalendar(*text, full.string(), rules, year);
    if (!read.ok()) {
      for (Problem& problem : ProblemsOf(read.status())) Add(std::move(problem));
      return;
    }
    AddIcs(*std::move(read), full.string(), calendar, path);
  }

  void AddIcs(IcsCalendar read, const std::string& ics_file, v1::Calendar& calendar, const std::string& path) {
    const std::string year_path = ElementPath(ChildPath(path, "years"), calendar.years_size());
    places().Set(year_path, ics_file + ":" + std::to_string(read.year_line));
    if (read.outside_count > 0) {
      file_.notes_.push_back(ics_file + ": " + std::to_string(read.outside_count) + " events outside school year " +
                             read.year.id() + " left out");
    }
    if (read.cancelled_count > 0) {
      file_.notes_.push_back(ics_file + ": " + std::to_string(read.cancelled_count) + " cancelled events left out");
    }
    *calendar.add_years() = std::move(read.year);
    for (size_t i = 0; i < read.exceptions.size(); ++i) {
      places().Set(ElementPath(ChildPath(path, "exceptions"), calendar.exceptions_size()),
                   ics_file + ":" + std::to_string(read.exception_lines[i]));
      *calendar.add_exceptions() = std::move(read.exceptions[i]);
    }
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

  CatalogFile& file_;
  std::optional<YAML::Node> ics_;  // of the calendar that is being read
};

absl::StatusOr<CatalogFile> CatalogFile::Load(const std::string& path) {
  const absl::StatusOr<std::string> text = ReadFile(path);
  if (!text.ok()) return text.status();
  return Parse(*text, path);
}

absl::StatusOr<CatalogFile> CatalogFile::Parse(const std::string& text, const std::string& path) {
  CatalogFile file;
  absl::Status read = CatalogReader(path, file).Read(text, "a catalog", "district: …", file.catalog_);
  if (!read.ok()) return read;
  return file;
}

}  // namespace leadlag::cli
