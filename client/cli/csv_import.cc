#include "client/cli/csv_import.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <functional>

#include "absl/strings/ascii.h"
#include "client/cli/enum_name.h"
#include "client/cli/json.h"
#include "client/cli/nearest.h"
#include "client/cli/number.h"
#include "core/instant.h"
#include "core/problem.h"

namespace leadlag::cli {
namespace {

// A field of a mapping, and its path in an EvidenceRecord.
struct MappableField {
  const char* name;
  const char* path;
};
constexpr std::array kFields = {
    MappableField{"evidence_id", "evidence_id"},
    MappableField{"team", "team"},
    MappableField{"indicator", "indicator"},
    MappableField{"event_date", "event_date"},
    MappableField{"event_time", "event_time"},
    MappableField{"period_start", "period.start_date"},
    MappableField{"period_end", "period.end_date"},
    MappableField{"number", "number"},
    MappableField{"numerator", "proportion.numerator"},
    MappableField{"denominator", "proportion.denominator"},
    MappableField{"invited", "proportion.survey.invited"},
    MappableField{"completed", "completed"},
    MappableField{"void", "void"},
    MappableField{"reported_time", "reported_time"},
    MappableField{"source_version", "source_version"},
    MappableField{"note", "note"},
};
// Appended to a document: yaml-cpp takes a quoted text that the end of the input cuts off for whole, but refuses this
// inside one.
constexpr char kYamlEnd[] = "\n...\n";
constexpr size_t kIdBytesMax = 128;  // of an evidence_id

std::vector<std::string> FieldNames(bool with_source) {
  std::vector<std::string> names;
  for (const MappableField& field : kFields) names.emplace_back(field.name);
  if (with_source) names.emplace_back("source");
  return names;
}

std::string Quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

std::string Trimmed(std::string_view text) {
  return std::string(absl::StripAsciiWhitespace(absl::string_view(text.data(), text.size())));
}

absl::Status KnownField(const std::string& field, bool with_source) {
  const std::vector<std::string> names = FieldNames(with_source);
  if (std::find(names.begin(), names.end(), field) != names.end()) return absl::OkStatus();
  if (field == "source") return absl::InvalidArgumentError("one import is of one source: give it with --set source=ID");
  return absl::InvalidArgumentError("no field " + Quoted(field) + "; did you mean " + Quoted(Nearest(field, names)) +
                                    "?");
}

absl::StatusOr<std::pair<std::string, std::string>> SplitAtEquals(std::string_view text) {
  const size_t at = text.find('=');
  if (at == std::string_view::npos || at == 0)
    return absl::InvalidArgumentError("give field=value, not " + Quoted(text));
  return std::pair(std::string(text.substr(0, at)), std::string(text.substr(at + 1)));
}

absl::Status AddOnce(std::map<std::string, std::string>& to, const std::string& field, const std::string& value,
                     bool with_source) {
  if (absl::Status known = KnownField(field, with_source); !known.ok()) return known;
  if (!to.try_emplace(field, value).second)
    return absl::InvalidArgumentError("the field " + Quoted(field) + " is given twice");
  return absl::OkStatus();
}

std::optional<Date> MakeDate(int64_t year, int64_t month, int64_t day) {
  if (year < 1970 || year > 2099 || month < 1 || month > 12 || day < 1 || day > 31) return std::nullopt;
  char text[16];
  snprintf(text, sizeof(text), "%04d-%02d-%02d", static_cast<int>(year), static_cast<int>(month),
           static_cast<int>(day));
  const absl::StatusOr<Date> date = Date::Parse(text);
  return date.ok() ? std::optional<Date>(*date) : std::nullopt;
}

bool AllDigits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return absl::ascii_isdigit(c); });
}

std::optional<Date> ParseBasic(std::string_view text) {
  if (text.size() != 8 || !AllDigits(text)) return std::nullopt;
  return MakeDate(*ParseInteger(text.substr(0, 4)), *ParseInteger(text.substr(4, 2)), *ParseInteger(text.substr(6, 2)));
}

std::optional<Date> ParseSlashes(std::string_view text, bool month_first) {
  const size_t first = text.find('/');
  const size_t second = first == std::string_view::npos ? first : text.find('/', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  const std::string_view a = text.substr(0, first);
  const std::string_view b = text.substr(first + 1, second - first - 1);
  const std::string_view year = text.substr(second + 1);
  if (!AllDigits(a) || !AllDigits(b) || !AllDigits(year) || a.size() > 2 || b.size() > 2 || year.size() != 4)
    return std::nullopt;
  const int64_t month = *ParseInteger(month_first ? a : b);
  const int64_t day = *ParseInteger(month_first ? b : a);
  return MakeDate(*ParseInteger(year), month, day);
}

std::optional<bool> ParseYesNo(const std::string& text) {
  const std::string word = absl::AsciiStrToLower(text);
  if (word == "true" || word == "yes" || word == "1") return true;
  if (word == "false" || word == "no" || word == "0") return false;
  return std::nullopt;
}

std::optional<Date> TryDate(std::string_view text, DateFormat format) {
  switch (format) {
    case DateFormat::kIso: {
      const absl::StatusOr<Date> date = Date::Parse(text);
      return date.ok() ? std::optional<Date>(*date) : std::nullopt;
    }
    case DateFormat::kBasic:
      return ParseBasic(text);
    case DateFormat::kMonthFirst:
      return ParseSlashes(text, true);
    case DateFormat::kDayFirst:
      return ParseSlashes(text, false);
    case DateFormat::kAuto:
      return text.size() == 8 ? ParseBasic(text) : TryDate(text, DateFormat::kIso);
  }
  return std::nullopt;
}

constexpr std::array<std::pair<const char*, DateFormat>, 5> kDateFormats = {{{"auto", DateFormat::kAuto},
                                                                             {"YYYY-MM-DD", DateFormat::kIso},
                                                                             {"YYYYMMDD", DateFormat::kBasic},
                                                                             {"M/D/YYYY", DateFormat::kMonthFirst},
                                                                             {"D/M/YYYY", DateFormat::kDayFirst}}};

void SetTimestamp(Instant instant, google::protobuf::Timestamp& timestamp) {
  timestamp.set_seconds(instant.micros / kMicrosPerSecond);
  timestamp.set_nanos(static_cast<int32_t>(instant.micros % kMicrosPerSecond * 1000));
}

std::string TimestampText(const google::protobuf::Timestamp& timestamp) {
  return Instant{timestamp.seconds() * kMicrosPerSecond + timestamp.nanos() / 1000}.ToString();
}

// Reads a mapping file's sections; collects problems with their lines.
class MappingReader {
 public:
  explicit MappingReader(const std::string& path) : path_(path) {}

  absl::StatusOr<ImportMapping> Read(const std::string& yaml) {
    YAML::Node root;
    try {
      root = YAML::Load(YamlOf(yaml) + kYamlEnd);
    } catch (const YAML::Exception& error) {  // yaml-cpp reports malformed YAML in no other way
      return InvalidField(path_ + ":" + std::to_string(error.mark.line + 1), error.msg);
    }
    if (!root.IsMap())
      return InvalidField(path_ + ":1",
                          "a mapping file has the sections map, set, skip, lowercase, date_format, team_by");
    std::set<std::string> seen;
    for (const auto& section : root) {
      if (section.first.IsScalar() && !seen.insert(section.first.Scalar()).second) {
        Check(section.first,
              absl::InvalidArgumentError("the key " + Quoted(section.first.Scalar()) + " is given twice"));
        continue;
      }
      ReadSection(section.first.IsScalar() ? section.first.Scalar() : "", section.first, section.second);
    }
    if (!problems_.empty()) return AsStatus(problems_);
    return std::move(mapping_);
  }

 private:
  void Check(const YAML::Node& at, const absl::Status& status) {
    if (status.ok()) return;
    problems_.push_back({absl::StatusCode::kInvalidArgument, path_ + ":" + std::to_string(at.Mark().line + 1),
                         std::string(status.message())});
  }

  // Calls `add` with "key=value" for each pair, and for each value of a list.
  void ForPairs(const YAML::Node& key, const YAML::Node& map, const std::function<absl::Status(std::string)>& add) {
    if (!map.IsMap()) return Check(key, absl::InvalidArgumentError("give a mapping: {field: value}"));
    for (const auto& entry : map) {
      const YAML::Node& value = entry.second;
      if (!entry.first.IsScalar() || !(value.IsScalar() || value.IsSequence())) {
        Check(entry.first, absl::InvalidArgumentError("give field: value"));
      } else if (value.IsScalar()) {
        Check(entry.first, add(entry.first.Scalar() + "=" + value.Scalar()));
      } else {
        for (const YAML::Node& one : value) {
          Check(one, one.IsScalar() ? add(entry.first.Scalar() + "=" + one.Scalar())
                                    : absl::InvalidArgumentError("give single values"));
        }
      }
    }
  }

  void ReadSection(const std::string& name, const YAML::Node& key, const YAML::Node& value) {
    if (name == "map") {
      ForPairs(key, value, [&](const std::string& pair) { return mapping_.AddColumn(pair); });
    } else if (name == "set") {
      ForPairs(key, value, [&](const std::string& pair) { return mapping_.AddConstant(pair); });
    } else if (name == "skip") {
      ForPairs(key, value, [&](const std::string& pair) { return mapping_.AddSkip(pair); });
    } else if (name == "lowercase") {
      if (value.IsScalar()) return Check(value, mapping_.AddLowercase(value.Scalar()));
      if (!value.IsSequence()) return Check(key, absl::InvalidArgumentError("give a list: [team]"));
      for (const YAML::Node& field : value) Check(field, mapping_.AddLowercase(field.IsScalar() ? field.Scalar() : ""));
    } else if (name == "date_format") {
      const absl::StatusOr<DateFormat> format = ParseDateFormat(value.IsScalar() ? value.Scalar() : "");
      Check(value, format.status());
      if (format.ok()) mapping_.date_format = *format;
    } else if (name == "team_by") {
      Check(value, mapping_.SetTeamBy(value.IsScalar() ? value.Scalar() : ""));
    } else {
      const std::string nearest = Nearest(name, {"map", "set", "skip", "lowercase", "date_format", "team_by"});
      Check(key, absl::InvalidArgumentError("unknown key " + Quoted(name) + "; did you mean " + Quoted(nearest) + "?"));
    }
  }

  const std::string path_;
  ImportMapping mapping_;
  std::vector<Problem> problems_;
};

}  // namespace

absl::StatusOr<DateFormat> ParseDateFormat(std::string_view name) {
  for (const auto& [known, format] : kDateFormats) {
    if (name == known) return format;
  }
  return absl::InvalidArgumentError("a date format is auto, YYYY-MM-DD, YYYYMMDD, M/D/YYYY or D/M/YYYY, not " +
                                    Quoted(name));
}

absl::StatusOr<Date> ParseDateAs(std::string_view text, DateFormat format) {
  if (const std::optional<Date> date = TryDate(text, format)) return *date;
  if (format == DateFormat::kAuto) {
    if (ParseSlashes(text, true) || ParseSlashes(text, false)) {
      return absl::InvalidArgumentError(
          Quoted(text) + ": say which comes first, month or day, with --date_format=M/D/YYYY or D/M/YYYY");
    }
    return absl::InvalidArgumentError(Quoted(text) + " is not a date; give YYYY-MM-DD or YYYYMMDD, or a --date_format");
  }
  for (const auto& [name, known] : kDateFormats) {
    if (known == format) return absl::InvalidArgumentError(Quoted(text) + " is not a date of the form " + name);
  }
  return absl::InvalidArgumentError(Quoted(text) + " is not a date");
}

absl::Status ImportMapping::AddColumn(std::string_view field_equals) {
  const auto pair = SplitAtEquals(field_equals);
  return pair.ok() ? AddOnce(columns, pair->first, pair->second, false) : pair.status();
}

absl::Status ImportMapping::AddConstant(std::string_view field_equals) {
  const auto pair = SplitAtEquals(field_equals);
  return pair.ok() ? AddOnce(constants, pair->first, pair->second, true) : pair.status();
}

absl::Status ImportMapping::AddSkip(std::string_view field_equals) {
  const auto pair = SplitAtEquals(field_equals);
  if (!pair.ok()) return pair.status();
  if (absl::Status known = KnownField(pair->first, false); !known.ok()) return known;
  skips[pair->first].insert(pair->second);
  return absl::OkStatus();
}

absl::Status ImportMapping::AddLowercase(std::string_view field) {
  const std::string name(field);
  if (absl::Status known = KnownField(name, false); !known.ok()) return known;
  lowercase.insert(name);
  return absl::OkStatus();
}

absl::Status ImportMapping::SetTeamBy(std::string_view text) {
  constexpr std::string_view kPrefix = "external_id:";
  if (!text.starts_with(kPrefix) || text.size() == kPrefix.size()) {
    return absl::InvalidArgumentError("give team_by as external_id:SYSTEM, for example external_id:nces, not " +
                                      Quoted(text));
  }
  team_system = text.substr(kPrefix.size());
  return absl::OkStatus();
}

absl::StatusOr<ImportMapping> ParseMapping(const std::string& yaml, const std::string& path) {
  return MappingReader(path).Read(yaml);
}

CatalogIds::CatalogIds(const v1::Catalog& catalog) {
  for (const v1::Team& team : catalog.teams()) {
    teams_.insert(team.id());
    for (const v1::ExternalId& external : team.external_ids()) {
      const auto [found, is_new] = external_ids_.try_emplace({external.system(), external.value()}, team.id());
      if (!is_new) found->second.clear();
    }
  }
  for (const v1::Source& source : catalog.sources()) sources_.insert(source.id());
  for (const v1::Indicator& indicator : catalog.indicators()) indicators_[indicator.id()] = indicator;
}

std::optional<std::string> CatalogIds::TeamBy(const std::string& system, const std::string& value) const {
  const auto found = external_ids_.find({system, value});
  if (found == external_ids_.end() || found->second.empty()) return std::nullopt;
  return found->second;
}

std::optional<std::pair<std::string, std::string>> CatalogIds::Objection(const v1::EvidenceRecord& record) const {
  if (record.content_case() == v1::EvidenceRecord::kVoid) return std::nullopt;
  if (!teams_.contains(record.team())) return std::pair("team", "the catalog has no team " + Quoted(record.team()));
  const auto found = indicators_.find(record.indicator());
  if (found == indicators_.end())
    return std::pair("indicator", "the catalog has no indicator " + Quoted(record.indicator()));
  const v1::Indicator& indicator = found->second;
  const bool fits =
      (indicator.measure() == v1::MEASURE_NUMBER && record.content_case() == v1::EvidenceRecord::kNumber) ||
      (indicator.measure() == v1::MEASURE_PROPORTION && record.content_case() == v1::EvidenceRecord::kProportion) ||
      (indicator.measure() == v1::MEASURE_COMPLETION && record.content_case() == v1::EvidenceRecord::kCompleted);
  if (!fits) return std::pair("indicator", indicator.id() + " is measured as " + EnumText(indicator.measure()));
  if (record.has_period() && indicator.role() != v1::INDICATOR_ROLE_LAGGING) {
    return std::pair("period_start", "only evidence of LAGGING indicators has a period");
  }
  return std::nullopt;
}

std::string MappedField(std::string_view record_path) {
  for (const MappableField& field : kFields) {
    if (record_path == field.path) return field.name;
  }
  for (const MappableField& field : kFields) {
    if (std::string_view(field.path).starts_with(std::string(record_path) + ".")) return field.name;
  }
  for (const MappableField& field : kFields) {
    if (record_path.starts_with(std::string(field.path) + ".")) return field.name;
  }
  return std::string(record_path);
}

absl::StatusOr<RowConverter> RowConverter::Create(ImportMapping mapping, std::vector<std::string> header,
                                                  const CatalogIds* ids) {
  RowConverter converter;
  converter.ids_ = ids;
  for (std::string& name : header) name = Trimmed(name);
  std::set<std::string> names;
  for (const std::string& name : header) {
    if (!name.empty() && !names.insert(name).second)
      return absl::InvalidArgumentError("the header names the column " + Quoted(name) + " twice");
  }
  converter.header_ = std::move(header);
  for (size_t i = 0; i < converter.header_.size(); ++i) {
    if (!converter.header_[i].empty()) converter.fields_min_ = i + 1;
  }
  for (const auto& [field, expression] : mapping.columns) {
    if (mapping.constants.contains(field))
      return absl::InvalidArgumentError("the field " + Quoted(field) + " is both mapped and set");
    absl::StatusOr<Source> source = converter.Resolve(expression);
    if (!source.ok()) return source.status();
    converter.sources_[field] = *std::move(source);
  }
  for (const auto& [field, value] : mapping.constants) {
    if (!IsUtf8(value)) return absl::InvalidArgumentError("the value set for " + Quoted(field) + " is not UTF-8");
    converter.sources_[field].parts = {{value, -1}};
  }
  converter.mapping_ = std::move(mapping);
  const auto need = [&](std::initializer_list<const char*> any_of, const std::string& what) {
    const bool has = std::any_of(any_of.begin(), any_of.end(), [&](const char* field) { return converter.Has(field); });
    return has ? absl::OkStatus() : absl::InvalidArgumentError("the mapping says nothing of " + what);
  };
  for (const absl::Status& status :
       {need({"team"}, "the team: --map team=COLUMN"),
        need({"indicator"}, "the indicator: --map indicator=COLUMN or --set indicator=ID"),
        need({"event_date", "event_time", "period_start"}, "the date: --map event_date=COLUMN"),
        need({"number", "numerator", "completed", "void"},
             "the value: --map number=COLUMN, numerator and denominator, or completed")}) {
    if (!status.ok()) return status;
  }
  for (const auto& [field, values] : converter.mapping_.skips) {
    if (!converter.Has(field))
      return absl::InvalidArgumentError("--skip of " + Quoted(field) + ", which nothing is mapped to");
  }
  return converter;
}

absl::StatusOr<RowConverter::Source> RowConverter::Resolve(const std::string& expression) const {
  const auto column = [&](const std::string& name) -> absl::StatusOr<int> {
    const auto found = std::find(header_.begin(), header_.end(), name);
    if (found != header_.end() && !name.empty()) return static_cast<int>(found - header_.begin());
    return absl::InvalidArgumentError("the file has no column " + Quoted(name) + "; did you mean " +
                                      Quoted(Nearest(name, header_)) + "?");
  };
  Source source;
  if (expression.find('{') == std::string::npos) {
    const absl::StatusOr<int> index = column(expression);
    if (!index.ok()) return index.status();
    source.parts = {{"", *index}};
    return source;
  }
  size_t at = 0;
  while (at < expression.size()) {
    const size_t open = std::min(expression.find('{', at), expression.size());
    std::string text = expression.substr(at, open - at);
    if (open == expression.size()) {
      source.parts.emplace_back(std::move(text), -1);
      break;
    }
    const size_t close = expression.find('}', open);
    if (close == std::string::npos)
      return absl::InvalidArgumentError("the template " + Quoted(expression) + " lacks a }");
    const absl::StatusOr<int> index = column(expression.substr(open + 1, close - open - 1));
    if (!index.ok()) return index.status();
    source.parts.emplace_back(std::move(text), *index);
    at = close + 1;
  }
  return source;
}

bool RowConverter::Has(const std::string& field) const { return sources_.contains(field); }

std::string RowConverter::ColumnOf(const std::string& field) const {
  const auto found = mapping_.columns.find(field);
  return found == mapping_.columns.end() ? field : found->second;
}

std::string RowConverter::Text(const std::string& field, const CsvRow& row) const {
  const auto found = sources_.find(field);
  if (found == sources_.end()) return "";
  std::string text;
  for (const auto& [literal, column] : found->second.parts) {
    text += literal;
    if (column >= 0) text += Trimmed(row.fields[static_cast<size_t>(column)]);
  }
  return mapping_.lowercase.contains(field) ? absl::AsciiStrToLower(text) : text;
}

std::optional<RowConverter::Refusal> RowConverter::FillTeam(const CsvRow& row, v1::EvidenceRecord& record) const {
  const std::string team = Text("team", row);
  if (team.empty()) return Refusal{"team", "empty"};
  if (mapping_.team_system.empty()) {
    record.set_team(team);
    return std::nullopt;
  }
  const std::optional<std::string> id = ids_ == nullptr ? std::nullopt : ids_->TeamBy(mapping_.team_system, team);
  if (!id)
    return Refusal{"team",
                   "no single team has the external id " + Quoted(team) + " in " + Quoted(mapping_.team_system)};
  record.set_team(*id);
  return std::nullopt;
}

std::optional<RowConverter::Refusal> RowConverter::FillEvent(const CsvRow& row, v1::EvidenceRecord& record) const {
  const std::string date = Text("event_date", row);
  const std::string time = Text("event_time", row);
  const std::string start = Text("period_start", row);
  const int given = (date.empty() ? 0 : 1) + (time.empty() ? 0 : 1) + (start.empty() ? 0 : 1);
  const std::string first = Has("event_date") ? "event_date" : Has("event_time") ? "event_time" : "period_start";
  if (given != 1) return Refusal{first, given == 0 ? "empty" : "a row has one of event_date, event_time and period"};
  if (!date.empty()) {
    const absl::StatusOr<Date> parsed = ParseDateAs(date, mapping_.date_format);
    if (!parsed.ok()) return Refusal{"event_date", std::string(parsed.status().message())};
    record.set_event_date(parsed->ToString());
  } else if (!time.empty()) {
    const absl::StatusOr<Instant> parsed = Instant::Parse(time);
    if (!parsed.ok()) return Refusal{"event_time", std::string(parsed.status().message())};
    SetTimestamp(*parsed, *record.mutable_event_time());
  } else {
    const absl::StatusOr<Date> from = ParseDateAs(start, mapping_.date_format);
    if (!from.ok()) return Refusal{"period_start", std::string(from.status().message())};
    const absl::StatusOr<Date> to = ParseDateAs(Text("period_end", row), mapping_.date_format);
    if (!to.ok()) return Refusal{"period_end", std::string(to.status().message())};
    record.mutable_period()->set_start_date(from->ToString());
    record.mutable_period()->set_end_date(to->ToString());
  }
  return std::nullopt;
}

std::optional<RowConverter::Refusal> RowConverter::FillContent(const CsvRow& row, v1::EvidenceRecord& record) const {
  const std::string number = Text("number", row);
  const std::string numerator = Text("numerator", row);
  const std::string denominator = Text("denominator", row);
  const std::string completed = Text("completed", row);
  const std::string voided = Text("void", row);
  const std::optional<bool> is_void = voided.empty() ? std::optional<bool>(false) : ParseYesNo(voided);
  if (!is_void) return Refusal{"void", Quoted(voided) + " is not true or false"};
  if (*is_void) {
    record.set_void_(true);
    return std::nullopt;
  }
  const bool has_proportion = !numerator.empty() || !denominator.empty();
  const int given = (number.empty() ? 0 : 1) + (has_proportion ? 1 : 0) + (completed.empty() ? 0 : 1);
  const std::string first = Has("number") ? "number" : Has("numerator") ? "numerator" : "completed";
  if (given != 1)
    return Refusal{first, given == 0 ? "empty" : "a row has one of number, numerator and denominator, completed"};
  if (!number.empty()) {
    const std::optional<double> value = ParseDecimal(number);
    if (!value) return Refusal{"number", Quoted(number) + " is not a number (digits with a point; no unit, no comma)"};
    record.set_number(*value);
  } else if (has_proportion) {
    const std::optional<int64_t> k = ParseInteger(numerator);
    const std::optional<int64_t> n = ParseInteger(denominator);
    if (!k) return Refusal{"numerator", Quoted(numerator) + " is not a whole number"};
    if (!n) return Refusal{"denominator", Quoted(denominator) + " is not a whole number"};
    if (*n < 1) return Refusal{"denominator", "it must be at least 1"};
    if (*k < 0 || *k > *n) return Refusal{"numerator", "it must lie between 0 and the denominator"};
    record.mutable_proportion()->set_numerator(*k);
    record.mutable_proportion()->set_denominator(*n);
    if (const std::string invited = Text("invited", row); !invited.empty()) {
      const std::optional<int64_t> asked = ParseInteger(invited);
      if (!asked) return Refusal{"invited", Quoted(invited) + " is not a whole number"};
      if (*asked < *n) return Refusal{"invited", "it must be at least the denominator, who answered"};
      record.mutable_proportion()->mutable_survey()->set_invited(*asked);
      record.mutable_proportion()->mutable_survey()->set_closed(true);  // a file is written when it has
    }
  } else {
    const std::optional<bool> done = ParseYesNo(completed);
    if (!done) return Refusal{"completed", Quoted(completed) + " is not true or false"};
    record.set_completed(*done);
  }
  return std::nullopt;
}

std::optional<RowConverter::Refusal> RowConverter::FillIndicator(const CsvRow& row, v1::EvidenceRecord& record) const {
  record.set_indicator(Text("indicator", row));
  if (record.indicator().empty()) return Refusal{"indicator", "empty"};
  return std::nullopt;
}

std::optional<RowConverter::Refusal> RowConverter::FillRest(const CsvRow& row, v1::EvidenceRecord& record) const {
  record.set_note(Text("note", row));
  if (const std::string reported = Text("reported_time", row); !reported.empty()) {
    const absl::StatusOr<Instant> parsed = Instant::Parse(reported);
    if (!parsed.ok()) return Refusal{"reported_time", std::string(parsed.status().message())};
    SetTimestamp(*parsed, *record.mutable_reported_time());
  }
  if (const std::string version = Text("source_version", row); !version.empty()) {
    const std::optional<uint64_t> parsed = ParseUnsigned(version);
    if (!parsed) return Refusal{"source_version", Quoted(version) + " is not a whole number"};
    record.set_source_version(*parsed);
  }
  return std::nullopt;
}

std::optional<RowConverter::Refusal> RowConverter::FillId(const CsvRow& row, v1::EvidenceRecord& record) {
  if (Has("evidence_id")) {
    record.set_evidence_id(Text("evidence_id", row));
    if (record.evidence_id().empty()) return Refusal{"evidence_id", "empty"};
    if (record.evidence_id().size() > kIdBytesMax) return Refusal{"evidence_id", "longer than 128 bytes"};
    return std::nullopt;
  }
  // As read, not as written: the same moment in another notation is the same moment.
  const std::string when = record.has_period()       ? record.period().start_date() + "/" + record.period().end_date()
                           : record.has_event_time() ? TimestampText(record.event_time())
                                                     : record.event_date();
  // "/" is in no part: not in an id of the catalog (checked here, as the server sees the whole alone), not in a date.
  for (const auto& [field, part] : {std::pair("team", record.team()), {"indicator", record.indicator()}}) {
    if (part.find('/') != std::string::npos) return Refusal{field, Quoted(part) + " is not an id: it holds a \"/\""};
  }
  std::string id = record.team() + "/" + record.indicator() + "/" + when;
  if (id.size() > kIdBytesMax)
    return Refusal{"evidence_id", "the derived id is longer than 128 bytes; map evidence_id to a column"};
  record.set_evidence_id(std::move(id));
  const size_t content = std::hash<std::string>()(record.SerializeAsString());
  const auto [found, is_new] = derived_.try_emplace(record.evidence_id(), row.line, content);
  if (!is_new && found->second.second != content) {
    return Refusal{"evidence_id", "the same team, indicator and date as line " + std::to_string(found->second.first) +
                                      " with another value; map evidence_id to something that tells them apart"};
  }
  return std::nullopt;
}

RowConverter::Result RowConverter::Convert(const CsvRow& row) {
  Result result;
  const auto refuse = [&](std::string column, std::string reason) {
    result.kind = Result::Kind::kRefused;
    result.column = std::move(column);
    result.reason = std::move(reason);
    return result;
  };
  if (!row.error.empty()) return refuse("", row.error);
  if (row.fields.size() < fields_min_ || row.fields.size() > header_.size()) {
    return refuse("",
                  std::to_string(row.fields.size()) + " fields where the header has " + std::to_string(header_.size()));
  }
  for (const auto& [field, values] : mapping_.skips) {
    if (values.contains(Text(field, row))) {
      result.kind = Result::Kind::kSkipped;
      result.column = field;
      return result;
    }
  }
  // Here, as a protobuf message that is built of other text complains on standard error for itself.
  for (const auto& [field, source] : sources_) {
    for (const auto& [literal, column] : source.parts) {
      if (column < 0 || IsUtf8(row.fields[static_cast<size_t>(column)])) continue;
      return refuse(header_[static_cast<size_t>(column)],
                    leadlag::Quoted(row.fields[static_cast<size_t>(column)]) + " is not UTF-8; save the file as UTF-8");
    }
  }
  std::optional<Refusal> refusal = FillContent(row, result.record);
  // A void names its record by the id alone; the other fields are needed only where the id is derived from them.
  if (result.record.content_case() != v1::EvidenceRecord::kVoid || derives_ids()) {
    if (!refusal) refusal = FillTeam(row, result.record);
    if (!refusal) refusal = FillEvent(row, result.record);
    if (!refusal) refusal = FillIndicator(row, result.record);
  }
  if (!refusal) refusal = FillRest(row, result.record);
  if (!refusal) refusal = FillId(row, result.record);
  if (refusal) return refuse(ColumnOf(refusal->field), refusal->reason);
  return result;
}

}  // namespace leadlag::cli
