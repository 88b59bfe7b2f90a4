// That leadlagd and SQL give the same answer: what the SQL of queries.cc returns, compared with the public messages.
//
// What SQL leaves out is not compared (queries.cc says what). An error names the figure that differs, and both values.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "leadlag/v1/cadence.pb.h"

namespace leadlag::benchmark {

// As PostgreSQL writes them; NULL is empty.
using SqlRow = std::vector<std::string>;

// Signal dates, last one, open gap, longest gap, median, p90, burstiness, weeks and months with a signal, gaps in any order. REQUIRES:
// every week and month of the window counts.
absl::Status CompareTeamCadence(const v1::TeamCadence& cadence, const std::vector<SqlRow>& rows);

// Records, open ones, the oldest of them, then p50, p90 and max of the three latencies, as one array each or by themselves.
absl::Status CompareLatency(const v1::EvidenceLatency& latency, const std::vector<SqlRow>& rows);

// Rows of team, indicator, last date and number of unreviewed records; that number is of the series, or of the whole team in each row.
// Without it only dates are compared.
enum class Unreviewed { kOfSeries, kOfTeam, kNone };
absl::Status CompareOverview(const std::vector<v1::TeamOverview>& teams, const std::vector<SqlRow>& rows, Unreviewed unreviewed);

}  // namespace leadlag::benchmark
