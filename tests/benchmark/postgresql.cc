#include "tests/benchmark/postgresql.h"

#include <libpq-fe.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <utility>

#include "core/instant.h"
#include "tests/benchmark/figures.h"
#include "tests/benchmark/workload.h"

namespace leadlag::benchmark {
namespace {

constexpr int kColumns = 7;
constexpr char kInsertColumns[] = " (source, evidence_id, team, indicator, event_date, value, reported_time, note) ";
constexpr char kOnConflict[] = " ON CONFLICT DO NOTHING";

using Result = std::unique_ptr<PGresult, void (*)(PGresult*)>;

absl::StatusOr<Result> Checked(PGconn* connection, PGresult* raw) {
  Result result(raw, &PQclear);
  const ExecStatusType status = PQresultStatus(result.get());
  if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) return result;
  return absl::InternalError(PQerrorMessage(connection));
}

// The columns after `source`, in the order of kInsertColumns.
void AppendColumns(const v1::EvidenceRecord& record, std::vector<std::string>& values) {
  values.push_back(record.evidence_id());
  values.push_back(record.team());
  values.push_back(record.indicator());
  values.push_back(record.event_date());
  values.push_back(std::to_string(record.number()));
  values.push_back(Instant::FromSeconds(record.reported_time().seconds()).ToString());
  values.push_back(record.note());
}

std::string MultiRowSql(const std::string& table, int rows) {
  static constexpr const char* kTypes[kColumns] = {"text", "text", "text", "date", "float8", "timestamptz", "text"};
  std::string sql = "INSERT INTO " + table + kInsertColumns + "VALUES ";
  for (int row = 0, parameter = 1; row < rows; ++row) {
    sql += row == 0 ? "('" : ", ('";
    sql += kSource + std::string("'");
    for (const char* type : kTypes) sql += ", $" + std::to_string(parameter++) + "::" + type;
    sql += ")";
  }
  return sql + kOnConflict;
}

std::string UnnestSql(const std::string& table) {
  return "INSERT INTO " + table + kInsertColumns + "SELECT '" + kSource +
         "', * FROM unnest($1::text[], $2::text[], $3::text[], $4::date[], $5::float8[], $6::timestamptz[], "
         "$7::text[])" +
         kOnConflict;
}

void AppendElement(const std::string& value, std::string& array) {
  array += array.empty() ? "{\"" : ",\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') array += '\\';
    array += c;
  }
  array += '"';
}

PostgreSql::Parameters ParametersOf(const v1::EvidenceBatch& batch, InsertForm form) {
  PostgreSql::Parameters values;
  values.reserve(static_cast<size_t>(batch.records_size()) * kColumns);
  for (const v1::EvidenceRecord& record : batch.records()) AppendColumns(record, values);
  if (form == InsertForm::kMultiRow) return values;
  PostgreSql::Parameters arrays(kColumns);
  for (size_t i = 0; i < values.size(); ++i) AppendElement(values[i], arrays[i % kColumns]);
  for (std::string& array : arrays) array += '}';
  return arrays;
}

}  // namespace

absl::StatusOr<std::unique_ptr<PostgreSql>> PostgreSql::Connect(const std::string& conninfo) {
  PGconn* connection = PQconnectdb(conninfo.c_str());
  std::unique_ptr<PostgreSql> made(new PostgreSql(connection));
  if (PQstatus(connection) != CONNECTION_OK) return absl::UnavailableError(PQerrorMessage(connection));
  PQsetNoticeProcessor(
      connection, [](void*, const char*) {}, nullptr);
  return made;
}

PostgreSql::~PostgreSql() { PQfinish(connection_); }

absl::Status PostgreSql::Run(const std::string& sql) {
  return Checked(connection_, PQexec(connection_, sql.c_str())).status();
}

absl::StatusOr<Result> PostgreSql::Execute(const std::string& sql, const Parameters& parameters) {
  auto found = std::find(prepared_.begin(), prepared_.end(), sql);
  const std::string name = "s" + std::to_string(found - prepared_.begin());
  if (found == prepared_.end()) {
    const auto made = Checked(connection_, PQprepare(connection_, name.c_str(), sql.c_str(), 0, nullptr));
    if (!made.ok()) return made.status();
    prepared_.push_back(sql);
  }
  std::vector<const char*> values;
  for (const std::string& parameter : parameters) values.push_back(parameter.c_str());
  const int count = static_cast<int>(values.size());
  return Checked(connection_, PQexecPrepared(connection_, name.c_str(), count, values.data(), nullptr, nullptr, 0));
}

absl::StatusOr<int> PostgreSql::RunPrepared(const std::string& sql, const Parameters& parameters) {
  const auto result = Execute(sql, parameters);
  if (!result.ok()) return result.status();
  return PQntuples(result->get());
}

absl::StatusOr<std::vector<SqlRow>> PostgreSql::AskPrepared(const std::string& sql, const Parameters& parameters) {
  const auto result = Execute(sql, parameters);
  if (!result.ok()) return result.status();
  std::vector<SqlRow> rows(static_cast<size_t>(PQntuples(result->get())));
  for (size_t row = 0; row < rows.size(); ++row) {
    for (int column = 0; column < PQnfields(result->get()); ++column) {
      rows[row].emplace_back(PQgetvalue(result->get(), static_cast<int>(row), column));
    }
  }
  return rows;
}

absl::StatusOr<std::string> PostgreSql::Ask(const std::string& sql) {
  const auto result = Checked(connection_, PQexec(connection_, sql.c_str()));
  if (!result.ok()) return result.status();
  if (PQntuples(result->get()) == 0) return absl::NotFoundError("no rows: " + sql);
  return std::string(PQgetvalue(result->get(), 0, 0));
}

absl::Status MakeEvidenceTable(PostgreSql& database, const std::string& table) {
  return database.Run("DROP TABLE IF EXISTS " + table +
                      ";"
                      "CREATE TABLE " +
                      table +
                      " (source text NOT NULL, evidence_id text NOT NULL, team text NOT NULL, indicator text NOT NULL, "
                      "event_date date NOT NULL,"
                      " value float8, reported_time timestamptz, recorded_time timestamptz NOT NULL DEFAULT now(), "
                      "reviewed_date date, note text,"
                      " PRIMARY KEY (source, evidence_id));"
                      "CREATE INDEX ON " +
                      table + " (team, indicator, event_date)");
}

absl::Status CheckRowCount(PostgreSql& database, const std::string& table, int64_t rows) {
  const absl::StatusOr<std::string> stored = database.Ask("SELECT count(*) FROM " + table);
  if (!stored.ok()) return stored.status();
  if (*stored == std::to_string(rows)) return absl::OkStatus();
  return absl::DataLossError("PostgreSQL has " + *stored + " rows in " + table + ", not " + std::to_string(rows));
}

absl::StatusOr<double> InsertBatches(const std::string& conninfo, const std::vector<v1::StreamEvidenceRequest>& batches,
                                     InsertForm form, int connections, const std::string& table) {
  std::vector<std::unique_ptr<PostgreSql>> databases;
  for (int i = 0; i < connections; ++i) {
    auto database = PostgreSql::Connect(conninfo);
    if (!database.ok()) return database.status();
    databases.push_back(*std::move(database));
  }
  std::vector<absl::Status> statuses(databases.size());
  std::atomic<size_t> next = 0;
  const Stopwatch stopwatch;
  std::vector<std::thread> threads;
  for (size_t c = 0; c < databases.size(); ++c) {
    threads.emplace_back([&, c] {
      for (size_t i; statuses[c].ok() && (i = next++) < batches.size();) {
        const v1::EvidenceBatch& batch = batches[i].batch();
        const std::string sql =
            form == InsertForm::kUnnest ? UnnestSql(table) : MultiRowSql(table, batch.records_size());
        statuses[c] = databases[c]->RunPrepared(sql, ParametersOf(batch, form)).status();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const double seconds = stopwatch.Seconds();
  for (const absl::Status& status : statuses) {
    if (!status.ok()) return status;
  }
  return seconds;
}

}  // namespace leadlag::benchmark
