// Rows of somebody's CSV file as evidence records, by a mapping that a clerk writes once and keeps.
//
// Concepts. A mapping says for each field of a record where it comes from: a column by its header, a template of
// columns ("{date}-{dbn}"), or a constant. Fields: evidence_id, team, indicator, event_date or event_time or period_start and
// period_end; number, numerator and denominator, completed, void; reported_time, source_version, note. Fields whose
// cell is empty are absent; a row needs exactly one kind of content. `skip` names values that mean "no evidence" ("NS":
// not submitted): such a row is counted, not sent. Columns without a name are left out.
//
// Without a mapping for evidence_id it is derived, so that the same row always gets the same id: "team/indicator/date",
// with an event time in UTC in the date's place, or a period as "start/end". No part of it can hold a "/", so that two
// records never share one by accident; two different rows with one derived id cannot both be meant, and the later one
// is refused. Ids are kept for ever: this form never changes.
//
// As a file (--map_file):
//   map: {event_date: date, team: dbn, number: attn_pct_at_4pm, evidence_id: "{date}-{dbn}"}
//   set: {indicator: attendance, source: nyc}
//   skip: {number: [NS]}
//   lowercase: [team]
//   date_format: YYYYMMDD
//   team_by: external_id:nces
//
// Dates: YYYY-MM-DD, YYYYMMDD, M/D/YYYY or D/M/YYYY. Without a date_format the first two are told apart by themselves;
// slashes are refused, because 3/4/2025 is two dates.
//
// Plain values and pure functions but for the duplicate check of a RowConverter; not thread safe.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/cli/csv.h"
#include "core/date.h"
#include "leadlag/v1/catalog.pb.h"
#include "leadlag/v1/evidence.pb.h"

namespace leadlag::cli {

enum class DateFormat { kAuto, kIso, kBasic, kMonthFirst, kDayFirst };

// "auto", "YYYY-MM-DD", "YYYYMMDD", "M/D/YYYY", "D/M/YYYY"; INVALID_ARGUMENT otherwise.
absl::StatusOr<DateFormat> ParseDateFormat(std::string_view name);

// INVALID_ARGUMENT with the reason where `text` is no date in this format.
absl::StatusOr<Date> ParseDateAs(std::string_view text, DateFormat format);

struct ImportMapping {
  std::map<std::string, std::string> columns;          // field to column or template
  std::map<std::string, std::string> constants;        // field to value; "source" here only
  std::map<std::string, std::set<std::string>> skips;  // field to values that mean "no evidence"
  std::set<std::string> lowercase;                     // fields
  DateFormat date_format = DateFormat::kAuto;
  std::string team_system;  // not empty: the team's value is its external id in this system

  // Adds "field=value" as --map, --set or --skip give it. INVALID_ARGUMENT for an unknown field, with the nearest, or a
  // second value.
  absl::Status AddColumn(std::string_view field_equals);
  absl::Status AddConstant(std::string_view field_equals);
  absl::Status AddSkip(std::string_view field_equals);
  absl::Status AddLowercase(std::string_view field);
  // "external_id:SYSTEM".
  absl::Status SetTeamBy(std::string_view text);
};

// Reads a mapping file. INVALID_ARGUMENT with "file:line" problems.
absl::StatusOr<ImportMapping> ParseMapping(const std::string& yaml, const std::string& path);

// The ids that a catalog has, to check rows without a server.
class CatalogIds {
 public:
  explicit CatalogIds(const v1::Catalog& catalog);
  // The team with this external id; none where no team has it, or several have.
  std::optional<std::string> TeamBy(const std::string& system, const std::string& value) const;
  bool HasSource(const std::string& id) const { return sources_.contains(id); }
  // What the server would refuse in a record for what the catalog says: field and reason; none when it fits.
  std::optional<std::pair<std::string, std::string>> Objection(const v1::EvidenceRecord& record) const;

 private:
  std::set<std::string> teams_;
  std::set<std::string> sources_;
  std::map<std::string, v1::Indicator> indicators_;
  std::map<std::pair<std::string, std::string>, std::string> external_ids_;  // "" where several teams have it
};

// The field of a mapping that fills what the server names by path: "proportion.numerator" is numerator, "period"
// period_start.
std::string MappedField(std::string_view record_path);

class RowConverter {
 public:
  struct Result {
    enum class Kind { kRecord, kSkipped, kRefused };
    Kind kind = Kind::kRecord;
    v1::EvidenceRecord record;
    std::string column;  // refused: the column at fault, or the field where no column is mapped
    std::string reason;
  };

  // `ids`, borrowed, may be null where the mapping has no team_system. INVALID_ARGUMENT for a mapping that names
  // columns the header lacks (with the nearest), lacks a field every record needs, or names a header twice.
  static absl::StatusOr<RowConverter> Create(ImportMapping mapping, std::vector<std::string> header,
                                             const CatalogIds* ids);

  Result Convert(const CsvRow& row);

  bool derives_ids() const { return !Has("evidence_id"); }
  // The column (or template) behind a field, or the field itself.
  std::string ColumnOf(const std::string& field) const;

 private:
  struct Source {
    std::vector<std::pair<std::string, int>> parts;  // text, then the column after it (-1: none)
  };
  struct Refusal {
    std::string field;
    std::string reason;
  };

  RowConverter() = default;
  absl::StatusOr<Source> Resolve(const std::string& expression) const;
  bool Has(const std::string& field) const;
  // The field's text; "" where it is not mapped.
  std::string Text(const std::string& field, const CsvRow& row) const;
  std::optional<Refusal> FillTeam(const CsvRow& row, v1::EvidenceRecord& record) const;
  std::optional<Refusal> FillEvent(const CsvRow& row, v1::EvidenceRecord& record) const;
  std::optional<Refusal> FillContent(const CsvRow& row, v1::EvidenceRecord& record) const;
  std::optional<Refusal> FillIndicator(const CsvRow& row, v1::EvidenceRecord& record) const;
  std::optional<Refusal> FillRest(const CsvRow& row, v1::EvidenceRecord& record) const;
  std::optional<Refusal> FillId(const CsvRow& row, v1::EvidenceRecord& record);

  ImportMapping mapping_;
  std::vector<std::string> header_;
  size_t fields_min_ = 0;  // a row may lack what the header has without a name at its end
  std::map<std::string, Source> sources_;
  const CatalogIds* ids_ = nullptr;
  std::unordered_map<std::string, std::pair<int, size_t>> derived_;  // id to first line and hash of the record
};

}  // namespace leadlag::cli
