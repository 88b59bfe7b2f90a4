// leadlag import FILE.csv: somebody's CSV as evidence, by a mapping.
#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <map>

#include "client/cli/catalog_file.h"
#include "client/cli/command_set.h"
#include "client/cli/csv_import.h"
#include "client/cli/record_sender.h"

namespace leadlag::cli {
namespace {

constexpr char kText[] =
    "Fields: evidence_id team indicator event_date|event_time|period_start,period_end\n"
    "        number|numerator,denominator|completed void reported_time source_version note\n"
    "--map FIELD=COLUMN takes a column by its header; --map FIELD={a}-{b} a template of columns; --set FIELD=VALUE a "
    "constant.\n"
    "--map_file keeps all of it in YAML: {map: {…}, set: {…}, skip: {…}, lowercase: […], date_format: …, team_by: …}.\n"
    "Without a mapping for evidence_id it is derived: team/indicator/date. Columns without a name are left out.\n"
    "Rows that are refused, here or by the server, go to FILE.rejects.csv with line, column and reason; the others are "
    "stored.\n"
    "Mend the rows there and import that file. --complete_through is withheld where any row was refused.\n"
    "Safe to run again: what is stored already is reported as the same.\n"
    "\n"
    "Example: leadlag import attendance.csv --map event_date=date --map team=dbn --lowercase team --map "
    "number=attn_pct_at_4pm\n"
    "         --set indicator=attendance --set source=nyc --date_format YYYYMMDD --skip number=NS";
// The columns that a rejects file has before those of its rows.
constexpr std::array kRejectColumns = {"reject_line", "reject_column", "reject_reason"};
constexpr int kRejectsShown = 10;
constexpr int64_t kRowsAProgress = 1'000;

struct Flags {
  std::string file;
  std::string map_file;
  std::vector<std::string> map, set, skip, lowercase;
  std::string date_format;
  std::string team_by;
  std::string complete_through;
  double outage_seconds = RecordSender::kOutageSecondsDefault;
  bool dry_run = false;
};

struct Reject {
  int line = 0;
  std::string column;
  std::string reason;
  std::string row;  // as CSV, without a line end
};

// A row for a rejects file: as it stands where it is malformed, so that it is refused again until it is mended. Without
// its first `columns` fields, which are those of an earlier rejects file.
std::string RowText(const CsvRow& row, size_t columns) {
  if (!row.error.empty()) return std::string(WithoutFields(row.raw, columns));
  std::vector<std::string> fields = row.fields;
  fields.erase(fields.begin(), fields.begin() + static_cast<ptrdiff_t>(std::min(columns, fields.size())));
  std::string line = CsvLine(fields);
  line.resize(line.size() - 2);  // CRLF
  return line;
}

absl::StatusOr<ImportMapping> MappingOf(const Flags& flags) {
  ImportMapping mapping;
  if (!flags.map_file.empty()) {
    const absl::StatusOr<std::string> yaml = ReadFile(flags.map_file);
    if (!yaml.ok()) return yaml.status();
    absl::StatusOr<ImportMapping> parsed = ParseMapping(*yaml, flags.map_file);
    if (!parsed.ok()) return parsed.status();
    mapping = *std::move(parsed);
  }
  absl::Status status;
  for (const std::string& pair : flags.map) status.Update(mapping.AddColumn(pair));
  for (const std::string& pair : flags.set) status.Update(mapping.AddConstant(pair));
  for (const std::string& pair : flags.skip) status.Update(mapping.AddSkip(pair));
  for (const std::string& field : flags.lowercase) status.Update(mapping.AddLowercase(field));
  if (!flags.team_by.empty()) status.Update(mapping.SetTeamBy(flags.team_by));
  if (!flags.date_format.empty()) {
    const absl::StatusOr<DateFormat> format = ParseDateFormat(flags.date_format);
    status.Update(format.status());
    if (format.ok()) mapping.date_format = *format;
  }
  if (!status.ok()) return status;
  if (!mapping.constants.contains("source")) {
    return absl::InvalidArgumentError("which source? give --set source=ID, an id of the catalog's sources");
  }
  return mapping;
}

// One run of the command.
class Import {
 public:
  Import(RunContext& context, const Flags& flags) : context_(context), flags_(flags) {}

  int Run() {
    const absl::StatusOr<std::string> district = context_.DistrictName();
    if (!district.ok()) return context_.FailUsage(district.status());
    absl::StatusOr<ImportMapping> mapping = MappingOf(flags_);
    if (!mapping.ok()) return context_.FailUsage(mapping.status());
    source_ = mapping->constants["source"];
    mapping->constants.erase("source");
    std::ifstream file(flags_.file, std::ios::binary);
    if (!file) return context_.FailUsage(absl::NotFoundError(flags_.file + ": cannot be read"));
    CsvReader reader(file);
    CsvRow header;
    if (!reader.Next(header) || !header.error.empty()) {
      return context_.FailUsage(absl::InvalidArgumentError(
          flags_.file +
          ":1: " + (header.error.empty() ? "a header line with the columns' names is needed" : header.error)));
    }
    const bool rejects = header.fields.size() >= kRejectColumns.size() &&
                         std::equal(kRejectColumns.begin(), kRejectColumns.end(), header.fields.begin());
    reject_columns_ = rejects ? kRejectColumns.size() : 0;
    header_text_ = RowText(header, reject_columns_);
    if (flags_.dry_run || !mapping->team_system.empty()) {
      if (absl::Status fetched = FetchCatalog(*district); !fetched.ok()) return context_.Fail(fetched);
    }
    absl::StatusOr<RowConverter> converter = RowConverter::Create(*std::move(mapping), header.fields, ids_.get());
    if (!converter.ok())
      return context_.FailUsage(
          absl::InvalidArgumentError(flags_.file + ":1: " + std::string(converter.status().message())));
    if (converter->derives_ids()) context_.Note("leadlag: evidence_id is not mapped: derived as team/indicator/date");
    return flags_.dry_run ? DryRun(reader, *converter) : Send(*district, reader, *converter);
  }

 private:
  absl::Status FetchCatalog(const std::string& district) {
    v1::ExportCatalogRequest request;
    request.set_name(district);
    const absl::StatusOr<v1::ExportCatalogResponse> response =
        context_.client().ExportCatalog(request, context_.Call());
    if (!response.ok()) return response.status();
    ids_ = std::make_unique<CatalogIds>(response->catalog());
    if (!ids_->HasSource(source_)) return absl::NotFoundError("the catalog has no source \"" + source_ + "\"");
    return absl::OkStatus();
  }

  // Converts row by row; `keep` takes a good one. Returns the first error of `keep`.
  template <typename Keep>
  absl::Status ForEachRecord(CsvReader& reader, RowConverter& converter, Keep keep) {
    CsvRow row;
    while (reader.Next(row)) {
      ++rows_;
      RowConverter::Result result = converter.Convert(row);
      if (result.kind == RowConverter::Result::Kind::kSkipped) {
        ++skipped_;
      } else if (result.kind == RowConverter::Result::Kind::kRefused) {
        AddReject({row.line, result.column, result.reason, RowText(row, reject_columns_)});
      } else if (absl::Status kept = keep(row, std::move(result.record)); !kept.ok()) {
        return kept;
      }
      if (rows_ % kRowsAProgress == 0) context_.Progress(std::to_string(rows_) + " rows read");
    }
    return absl::OkStatus();
  }

  int DryRun(CsvReader& reader, RowConverter& converter) {
    int64_t good = 0;
    const absl::Status status =
        ForEachRecord(reader, converter, [&](const CsvRow& row, const v1::EvidenceRecord& record) {
          if (const auto objection = ids_->Objection(record)) {
            AddReject({row.line, converter.ColumnOf(objection->first), objection->second, ""});
          } else {
            ++good;
          }
          return absl::OkStatus();
        });
    const int code = Report(status);
    context_.Say("dry run: " + std::to_string(rows_) + " rows read, " + std::to_string(good) + " good, " +
                 std::to_string(skipped_) + " skipped, " + std::to_string(RejectCount()) +
                 " refused; nothing was sent");
    return code;
  }

  int Send(const std::string& district, CsvReader& reader, RowConverter& converter) {
    RecordSender sender(context_, district + "/sources/" + source_, flags_.outage_seconds,
                        [&](const std::vector<uint64_t>& tags, const std::vector<RefusedRecord>& refused,
                            const v1::StreamEvidenceResponse& ack) { Acknowledged(converter, tags, refused); });
    absl::Status status = ForEachRecord(reader, converter, [&](const CsvRow& row, v1::EvidenceRecord record) {
      const auto tag = static_cast<uint64_t>(row.line);
      {
        absl::MutexLock lock(&mutex_);
        on_the_way_[tag] = RowText(row, reject_columns_);
      }
      return sender.Add(std::move(record), tag);
    });
    if (status.ok()) status = sender.AwaitAcknowledged();
    const bool complete = status.ok() && RejectCount() == 0;
    const absl::Status finished = sender.Finish(complete ? flags_.complete_through : "");
    if (status.ok()) status = finished;
    const SendTotals totals = sender.totals();
    const int code = Report(status);
    if (status.ok() && rows_ == skipped_ && flags_.complete_through.empty()) {
      context_.Note("leadlag: there is no row to store: nothing was sent, and the source was not heard; if it has no news, `leadlag push "
                    "--source " + source_ + " --heartbeat </dev/null` says so");
    }
    if (!complete && !flags_.complete_through.empty()) {
      context_.Note("leadlag: --complete_through was not sent, as not every row is stored; give it again once all are");
    }
    PrintTotals(totals);
    if (!status.ok()) {
      context_.Note(
          "leadlag: " + std::to_string(totals.acknowledged()) +
          " rows were acknowledged before the failure; run the same command again, what is stored is not stored twice");
    }
    return code;
  }

  void Acknowledged(const RowConverter& converter, const std::vector<uint64_t>& tags,
                    const std::vector<RefusedRecord>& refused) {
    absl::MutexLock lock(&mutex_);
    for (const RefusedRecord& record : refused) {
      rejects_.push_back({static_cast<int>(record.tag), converter.ColumnOf(MappedField(record.field)), record.reason,
                          on_the_way_[record.tag]});
    }
    for (const uint64_t tag : tags) on_the_way_.erase(tag);
  }

  void AddReject(Reject reject) {
    absl::MutexLock lock(&mutex_);
    rejects_.push_back(std::move(reject));
  }

  size_t RejectCount() {
    absl::MutexLock lock(&mutex_);
    return rejects_.size();
  }

  void PrintTotals(const SendTotals& totals) {
    if (context_.output == Output::kTable) {
      const int64_t refused_here = static_cast<int64_t>(RejectCount()) - totals.refused;
      context_.Say(std::to_string(rows_) + " rows read: " + Summary(totals) + ", " + std::to_string(skipped_) +
                   " skipped" + (refused_here > 0 ? ", " + std::to_string(refused_here) + " unreadable" : ""));
      return;
    }
    if (context_.output == Output::kJson) {
      v1::RecordEvidenceResponse response;
      v1::BatchResult& result = *response.mutable_result();
      result.set_new_count(static_cast<int32_t>(totals.new_records));
      result.set_same_count(static_cast<int32_t>(totals.same));
      result.set_revised_count(static_cast<int32_t>(totals.revised));
      result.set_voided_count(static_cast<int32_t>(totals.voided));
      result.set_pending_calendar_count(static_cast<int32_t>(totals.pending_calendar));
      result.set_failed_count(static_cast<int32_t>(RejectCount()));
      context_.PrintedJson(response);
      return;
    }
    Table table(
        {{"rows", ""}, {"new", ""}, {"same", ""}, {"revised", ""}, {"voided", ""}, {"skipped", ""}, {"refused", ""}});
    table.AddRow({rows_, totals.new_records, totals.same, totals.revised, totals.voided, skipped_,
                  static_cast<int64_t>(RejectCount())});
    context_.Print(table);
  }

  // Writes the rejects file (a dry run writes none), tells the first of them, and gives the exit code.
  int Report(const absl::Status& status) {
    int code = status.ok() ? kExitOk : context_.Fail(status);
    absl::MutexLock lock(&mutex_);
    const std::string path = flags_.file + ".rejects.csv";
    if (rejects_.empty()) {
      // One of an earlier run would be taken for this one's.
      if (status.ok() && !flags_.dry_run && std::remove(path.c_str()) == 0)
        context_.Note("leadlag: " + path + " of an earlier run removed");
      return code;
    }
    std::stable_sort(rejects_.begin(), rejects_.end(),
                     [](const Reject& a, const Reject& b) { return a.line < b.line; });
    const auto line = [](const std::vector<std::string>& before, const std::string& row) {
      std::string text = CsvLine(before);
      return text.replace(text.size() - 2, 2, "," + row + "\r\n");
    };
    std::string file = line({kRejectColumns.begin(), kRejectColumns.end()}, header_text_);
    int shown = 0;
    for (const Reject& reject : rejects_) {
      file += line({std::to_string(reject.line), reject.column, reject.reason}, reject.row);
      if (shown++ >= kRejectsShown) continue;
      const std::string column = reject.column.empty() ? "" : reject.column + ": ";
      context_.Note(flags_.file + ":" + std::to_string(reject.line) + ": " + column + reject.reason);
    }
    if (shown > kRejectsShown) context_.Note("and " + std::to_string(shown - kRejectsShown) + " more");
    if (flags_.dry_run) return code == kExitOk ? kExitRefused : code;
    std::ofstream out(path, std::ios::binary | std::ios::trunc);
    out << file;
    out.close();
    context_.Note(out ? "leadlag: refused rows are in " + path : "leadlag: " + path + " cannot be written");
    return code == kExitOk ? kExitRefused : code;
  }

  RunContext& context_;
  const Flags& flags_;
  std::string source_;
  size_t reject_columns_ = 0;  // of the file, where it is itself a rejects file
  std::string header_text_;    // of the other columns
  std::unique_ptr<CatalogIds> ids_;
  int64_t rows_ = 0;
  int64_t skipped_ = 0;
  absl::Mutex mutex_;  // the sender's thread reports what the server refused
  std::vector<Reject> rejects_ ABSL_GUARDED_BY(mutex_);
  std::map<uint64_t, std::string> on_the_way_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

void AddImport(CommandSet& commands) {
  auto flags = std::make_shared<Flags>();
  CLI::App* import = commands.Add(nullptr, "import", "Store a CSV file's rows as evidence", kText);
  const auto list = [&](const std::string& name, std::vector<std::string>& to, const std::string& text,
                        const std::string& type) {
    import->add_option(name, to, text)->allow_extra_args(false)->type_name(type);
  };
  import->add_option("file", flags->file, "The CSV file, with a header line")->required()->type_name("FILE.csv");
  list("--map", flags->map, "Where a field comes from; repeatable", "FIELD=COLUMN");
  list("--set", flags->set, "A field's value in every row; repeatable. source is required", "FIELD=VALUE");
  list("--skip", flags->skip, "Rows with this value are no evidence; repeatable", "FIELD=VALUE");
  list("--lowercase", flags->lowercase, "Fields to turn to lower case (ids are [a-z0-9-])", "FIELD");
  import->add_option("--map_file", flags->map_file, "All of these in a YAML file")->type_name("FILE.yaml");
  import->add_option("--date_format", flags->date_format, "auto, YYYY-MM-DD, YYYYMMDD, M/D/YYYY or D/M/YYYY")
      ->type_name("FORMAT");
  import->add_option("--team_by", flags->team_by, "The team's column holds an external id")
      ->type_name("external_id:SYSTEM");
  import->add_option("--complete_through", flags->complete_through, "All evidence up to this date is in the file")
      ->type_name("DATE");
  import->add_option("--outage_seconds", flags->outage_seconds, "How long to go on trying while the server is away")
      ->check(CLI::NonNegativeNumber.description(""))
      ->capture_default_str()
      ->type_name("SECONDS");
  import->add_flag("--dry_run", flags->dry_run, "Check every row against the catalog; send nothing, write no file");
  commands.OnRun(import, [&commands, flags] { return Import(commands.context(), *flags).Run(); });
}

}  // namespace leadlag::cli
