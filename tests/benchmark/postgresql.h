// PostgreSQL with the same records, as an expert would keep and ask them.
//
// One table with primary key (source, evidence_id) and an index on (team, indicator, event_date); what is acknowledged
// is durable (synchronous_commit on). Not thread safe; each Connection belongs to one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "leadlag/v1/evidence_service.pb.h"
#include "tests/benchmark/answers.h"

struct pg_conn;
struct pg_result;

namespace leadlag::benchmark {

class PostgreSql {
 public:
  using Parameters = std::vector<std::string>;

  // `conninfo` as libpq reads it. UNAVAILABLE: it cannot be reached.
  static absl::StatusOr<std::unique_ptr<PostgreSql>> Connect(const std::string& conninfo);
  ~PostgreSql();
  PostgreSql(const PostgreSql&) = delete;
  PostgreSql& operator=(const PostgreSql&) = delete;

  // One or more statements, their rows thrown away. INTERNAL: what the server said.
  absl::Status Run(const std::string& sql);
  // Parsed and planned on its first use; rows are counted, fetched and thrown away.
  absl::StatusOr<int> RunPrepared(const std::string& sql, const Parameters& parameters);
  // The same, with the rows as PostgreSQL writes them; NULL is empty.
  absl::StatusOr<std::vector<SqlRow>> AskPrepared(const std::string& sql, const Parameters& parameters);
  // The first column of the first row. REQUIRES: there is one.
  absl::StatusOr<std::string> Ask(const std::string& sql);

 private:
  explicit PostgreSql(pg_conn* connection) : connection_(connection) {}
  absl::StatusOr<std::unique_ptr<pg_result, void (*)(pg_result*)>> Execute(const std::string& sql, const Parameters& parameters);

  pg_conn* connection_;
  std::vector<std::string> prepared_;
};

// How a batch becomes a statement.
enum class InsertForm { kMultiRow, kUnnest };

// Makes the table anew, without rows.
absl::Status MakeEvidenceTable(PostgreSql& database, const std::string& table = "evidence");

// DATA_LOSS where the table does not have so many rows.
absl::Status CheckRowCount(PostgreSql& database, const std::string& table, int64_t rows);

// Sends the batches, one transaction each, over `connections` connections. Seconds from the first statement to the last
// commit; forming the statements is inside, as serialising a message is elsewhere.
absl::StatusOr<double> InsertBatches(const std::string& conninfo, const std::vector<v1::StreamEvidenceRequest>& batches,
                                     InsertForm form, int connections, const std::string& table = "evidence");

}  // namespace leadlag::benchmark
