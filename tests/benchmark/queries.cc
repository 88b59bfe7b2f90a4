// Questions: each to leadlagd, and as the best SQL of several that an expert would try, on the same records. Every SQL's answers are
// compared with leadlagd's before it is timed (answers.h).
//
// Cold is the first call for each team after a restart of leadlagd; the machine's page cache stays warm, for it is not the benchmark's own.
// PostgreSQL is not restarted: its first calls are those of a new use of a connection, with its buffers warm, which is in its favour. Warm
// is every later call. A district's question has one cold call, for it has one answer.
//
// What SQL leaves out is in its favour: no state or due date of a watch in the overview, no longest silence, on-track
// days or debt in a team's cadence. The table of last dates, which a trigger keeps, answers the smallest part of the
// overview: it is labelled so.
#include <algorithm>
#include <filesystem>
#include <functional>

#include "absl/strings/str_cat.h"
#include "tests/benchmark/answers.h"
#include "tests/benchmark/evidence_load.h"
#include "tests/benchmark/postgresql.h"
#include "tests/benchmark/programs.h"
#include "tests/benchmark/sections.h"
#include "tests/benchmark/workload.h"

namespace leadlag::benchmark {
namespace {

constexpr int64_t kRecords = 1'000'000;
constexpr int64_t kQuickRecords = 100'000;
constexpr int kColdTeams = 500;
constexpr int kTeamCalls = 3'000;
constexpr int kDistrictCalls = 50;
constexpr int kReviewObjectiveDays = 10;  // instructional days; the catalog's default
constexpr int kWeekDaysMin = 3, kMonthDaysMin = 5;  // of instruction, in a week and a month that count
constexpr int kComparedTeams = 20;
constexpr double kSlowCandidate = 3;      // a candidate this much slower than the best is not asked again

constexpr char kGapsSql[] = R"(
       gaps AS (SELECT k, day, week, month, k - lag(k) OVER (ORDER BY k) AS gap FROM days)
  SELECT count(*), max(day), $4::int - max(k), max(gap), avg(gap), stddev_pop(gap),
         percentile_disc(0.5) WITHIN GROUP (ORDER BY gap), percentile_disc(0.9) WITHIN GROUP (ORDER BY gap),
         count(DISTINCT week), count(DISTINCT month), array_agg(gap) FROM gaps)";
const std::string kTeamCadenceSql = std::string(R"(
  WITH days AS (SELECT c.k, min(c.day) AS day, min(c.week) AS week, min(c.month) AS month
                FROM evidence e JOIN calendar c ON c.day = e.event_date
                WHERE e.team = $1 AND e.event_date >= $2::date AND e.event_date < $3::date GROUP BY c.k),)") +
                                    kGapsSql;
// Dates first: fewer to look up.
const std::string kTeamCadenceOfDatesSql = std::string(R"(
  WITH dates AS MATERIALIZED (SELECT DISTINCT event_date FROM evidence
                              WHERE team = $1 AND event_date >= $2::date AND event_date < $3::date),
       days AS (SELECT c.k, min(c.day) AS day, min(c.week) AS week, min(c.month) AS month
                FROM dates d JOIN calendar c ON c.day = d.event_date GROUP BY c.k),)") +
                                           kGapsSql;

// The last date of each series, and the records that nobody has reviewed in time.
constexpr char kListCadenceSql[] = R"(
  SELECT team, indicator, max(event_date), count(*) FILTER (WHERE reviewed_date IS NULL AND reported_time < $1::timestamptz)
  FROM evidence GROUP BY team, indicator)";
constexpr char kListCadenceCountedApartSql[] = R"(
  SELECT t.id, i.id, last.event_date, n.unreviewed
  FROM teams t CROSS JOIN indicators i
  LEFT JOIN LATERAL (SELECT event_date FROM evidence WHERE team = t.id AND indicator = i.id
                     ORDER BY event_date DESC LIMIT 1) last ON true
  LEFT JOIN (SELECT team, count(*) AS unreviewed FROM evidence
             WHERE reviewed_date IS NULL AND reported_time < $1::timestamptz GROUP BY team) n ON n.team = t.id)";
constexpr char kListLastDatesSql[] = R"(
  SELECT t.id, i.id, last.event_date
  FROM teams t CROSS JOIN indicators i
  LEFT JOIN LATERAL (SELECT event_date FROM evidence WHERE team = t.id AND indicator = i.id
                     ORDER BY event_date DESC LIMIT 1) last ON true)";
constexpr char kMaintainedLastDatesSql[] = "SELECT team, indicator, last_date FROM last_dates";

// Every record's three latencies, ranked; `where` picks the cohort.
std::string LatencySql(const std::string& where) {
  return R"(
  WITH latency AS (SELECT greatest(0, known.k - event.k) AS collection, e.reviewed_date IS NULL AS open,
                          greatest(0, coalesce(reviewed.k, $1::int) - known.k) AS interpretation,
                          greatest(0, coalesce(reviewed.k, $1::int) - event.k) AS total
                   FROM evidence e JOIN calendar event ON event.day = e.event_date
                   JOIN calendar known ON known.day = (e.reported_time AT TIME ZONE 'America/New_York')::date
                   LEFT JOIN calendar reviewed ON reviewed.day = e.reviewed_date
                   WHERE e.event_date >= $2::date AND e.event_date < $3::date)" +
         where + R"()
  SELECT count(*), count(*) FILTER (WHERE open), max(interpretation) FILTER (WHERE open),
         percentile_disc(ARRAY[0.5, 0.9, 1]) WITHIN GROUP (ORDER BY collection),
         percentile_disc(ARRAY[0.5, 0.9, 1]) WITHIN GROUP (ORDER BY interpretation),
         percentile_disc(ARRAY[0.5, 0.9, 1]) WITHIN GROUP (ORDER BY total) FROM latency)";
}

// The same from counts of equal records: fewer rows to rank.
std::string GroupedLatencySql(const std::string& where) {
  std::string sql = R"(
  WITH counts AS (SELECT event_date, reported_time, reviewed_date, count(*) AS n FROM
                    (SELECT event_date, (reported_time AT TIME ZONE 'America/New_York')::date AS reported_time, reviewed_date
                     FROM evidence e WHERE e.event_date >= $2::date AND e.event_date < $3::date)" +
                    where + R"() AS records
                  GROUP BY 1, 2, 3),
       latency AS (SELECT n, c.reviewed_date IS NULL AS open, greatest(0, known.k - event.k) AS collection,
                          greatest(0, coalesce(reviewed.k, $1::int) - known.k) AS interpretation,
                          greatest(0, coalesce(reviewed.k, $1::int) - event.k) AS total
                   FROM counts c JOIN calendar event ON event.day = c.event_date JOIN calendar known ON known.day = c.reported_time
                   LEFT JOIN calendar reviewed ON reviewed.day = c.reviewed_date),
       ranked AS (SELECT *, sum(n) OVER () AS all_n)";
  for (const std::string column : {"collection", "interpretation", "total"}) {
    sql += ", sum(n) OVER (ORDER BY " + column + " ROWS UNBOUNDED PRECEDING) AS " + column + "_rank";
  }
  sql += " FROM latency) SELECT max(all_n), sum(n) FILTER (WHERE open), max(interpretation) FILTER (WHERE open)";
  for (const std::string column : {"collection", "interpretation", "total"}) {
    for (const std::string share : {"0.5", "0.9", "1"}) {
      sql += ", min(" + column + ") FILTER (WHERE " + column + "_rank >= ceil(" + share + " * all_n))";
    }
  }
  return sql + " FROM ranked";
}

// The Monday and the first of the month by which a cycle goes.
std::string WeekOf(Date day) { return (day - static_cast<int>(day.weekday())).ToString(); }
std::string MonthOf(Date day) { return day.ToString().substr(0, 7) + "-01"; }

class Queries {
 public:
  Queries(const BenchmarkOptions& options, Figures& figures)
      : options_(options),
        figures_(figures),
        workload_(options.quick ? kQuickRecords : kRecords),
        directory_(options.work_directory + "/queries") {}

  absl::Status Run() {
    if (absl::Status status = MeasureEmptyRpc(); !status.ok()) return status;
    {
      const std::vector<v1::StreamEvidenceRequest> batches = workload_.Batches();
      if (absl::Status status = Fill(batches); !status.ok()) return status;
      if (absl::Status status = FillPostgreSql(batches); !status.ok()) return status;
    }
    absl::Status status = AskLeadlagd();
    std::filesystem::remove_all(directory_);
    if (!status.ok()) return status;
    return AskPostgreSql();
  }

 private:
  using Ask = std::function<absl::Status(int call)>;

  // Calls one after the other; the first `cold` of them apart, under `cold_name`.
  absl::Status Measure(const std::string& name, int cold, int calls, const Ask& ask, const std::string& cold_name = "cold") {
    std::vector<double> cold_millis, warm_millis;
    for (int call = 0; call < cold + calls; ++call) {
      const Stopwatch stopwatch;
      if (absl::Status status = ask(call); !status.ok()) return status;
      (call < cold ? cold_millis : warm_millis).push_back(stopwatch.Millis());
    }
    if (cold > 0) figures_.AddPercentiles(name + "_" + cold_name, cold_millis);
    figures_.AddPercentiles(cold > 0 ? name + "_warm" : name, warm_millis);
    return absl::OkStatus();
  }

  absl::Status MeasureEmptyRpc() {
    const auto server = CeilingServer::Start();
    if (!server.ok()) return server.status();
    v1::GetStatsResponse response;
    return Measure("query_empty_rpc", 0, kTeamCalls, [&](int) {
      grpc::ClientContext context;
      return ToStatus((*server)->stubs().admin->GetStats(&context, {}, &response));
    });
  }

  absl::Status Fill(const std::vector<v1::StreamEvidenceRequest>& batches) {
    const auto server = Leadlagd::Start(directory_);
    if (!server.ok()) return server.status();
    if (absl::Status status = (*server)->Apply(workload_.catalog()); !status.ok()) return status;
    if (const auto load = SendStream(*(*server)->stubs().evidence, batches, 16); !load.ok()) return load.status();
    return (*server)->Stop();
  }

  int TeamOf(int call) const { return call % kColdTeams * (workload_.teams() / kColdTeams); }

  absl::Status AskLeadlagd() {
    const auto server = Leadlagd::Start(directory_);
    if (!server.ok()) return server.status();
    v1::CadenceService::Stub& stub = *(*server)->stubs().cadence;
    // The connection is not part of a cold call.
    if (const auto stats = (*server)->Stats(); !stats.ok()) return stats.status();

    absl::Status status = Measure("query_team_cadence", kColdTeams, kTeamCalls, [&](int call) {
      v1::GetTeamCadenceRequest request;
      request.set_name(workload_.TeamName(TeamOf(call)));
      grpc::ClientContext context;
      v1::GetTeamCadenceResponse response;
      return ToStatus(stub.GetTeamCadence(&context, request, &response));
    });
    if (!status.ok()) return status;
    status = Measure("query_team_latency", kColdTeams, kTeamCalls, [&](int call) {
      v1::GetEvidenceLatencyRequest request;
      request.set_name(workload_.TeamName(TeamOf(call) + 1));
      return AskLatency(stub, request);
    });
    if (!status.ok()) return status;
    status = Measure("query_list_cadence", 1, kDistrictCalls, [&](int) { return ListAll(stub); });
    if (!status.ok()) return status;
    status = Measure("query_district_latency", 1, kDistrictCalls, [&](int) {
      v1::GetEvidenceLatencyRequest request;
      request.set_name(Workload::DistrictName());
      return AskLatency(stub, request);
    });
    if (!status.ok()) return status;
    if (status = KeepAnswers(stub); !status.ok()) return status;
    v1::BacktestRequest request = YearOfExpectations();
    if (status = MeasureBacktest(stub, request, "backtest_s"); !status.ok()) return status;
    AddRules(request);
    return MeasureBacktest(stub, request, "backtest_with_rules_s");
  }

  // What SQL is compared with.
  absl::Status KeepAnswers(v1::CadenceService::Stub& stub) {
    for (int call = 0; call < kComparedTeams; ++call) {
      v1::GetTeamCadenceRequest of_cadence;
      of_cadence.set_name(workload_.TeamName(TeamOf(call)));
      v1::GetEvidenceLatencyRequest of_latency;
      of_latency.set_name(of_cadence.name());
      grpc::ClientContext first, second;
      v1::GetTeamCadenceResponse cadence;
      v1::GetEvidenceLatencyResponse latency;
      absl::Status status = ToStatus(stub.GetTeamCadence(&first, of_cadence, &cadence));
      if (status.ok()) status = ToStatus(stub.GetEvidenceLatency(&second, of_latency, &latency));
      if (!status.ok()) return status;
      cadences_.push_back(cadence.cadence());
      latencies_.push_back(latency.latency());
    }
    const auto today = Date::Parse(cadences_.front().today());
    if (!today.ok() || *today <= workload_.year().from || *today >= workload_.year().to) {
      return absl::InternalError("today is not in the school year");
    }
    today_ = *today;
    grpc::ClientContext context;
    v1::GetEvidenceLatencyRequest request;
    request.set_name(Workload::DistrictName());
    v1::GetEvidenceLatencyResponse latency;
    if (absl::Status status = ToStatus(stub.GetEvidenceLatency(&context, request, &latency)); !status.ok()) return status;
    district_latency_ = latency.latency();
    overview_.clear();
    return ListAll(stub, &overview_);
  }

  // The whole year, of every team, by an expectation an indicator. All of it came at once: it is lived by when it was reported.
  v1::BacktestRequest YearOfExpectations() const {
    v1::BacktestRequest request;
    request.set_parent(Workload::DistrictName());
    request.set_start_date(workload_.year().from.ToString());
    request.set_end_date(workload_.year().to.ToString());
    request.set_known_as_recorded(true);
    for (const v1::Indicator& indicator : workload_.catalog().indicators()) {
      v1::Expectation& expectation = *request.add_expectations();
      expectation.set_id("of-" + indicator.id());
      expectation.mutable_kind()->set_indicator(indicator.id());
      expectation.set_every_days(5);
      expectation.set_grace_days(5);
    }
    return request;
  }

  // Of the kinds that numbers may be late for: all the records are of leading indicators.
  static void AddRules(v1::BacktestRequest& request) {
    const auto add = [&](const std::string& id) -> v1::AlertRule& {
      v1::AlertRule& rule = *request.add_alert_rules();
      rule.set_id(id);
      return rule;
    };
    add("reviews").mutable_review_overdue();
    add("slow").mutable_collection_slow();
  }

  absl::Status MeasureBacktest(v1::CadenceService::Stub& stub, const v1::BacktestRequest& request, const std::string& name) {
    const Stopwatch stopwatch;
    grpc::ClientContext context;
    const auto call = stub.Backtest(&context, request);
    v1::BacktestResponse message;
    while (call->Read(&message)) continue;
    if (absl::Status status = ToStatus(call->Finish()); !status.ok()) return status;
    const v1::BacktestSummary& summary = message.summary();
    if (summary.team_count() != workload_.teams() || summary.known_record_count() != workload_.records()) {
      return absl::InternalError("some teams or records were not back-tested");
    }
    figures_.Add(name, stopwatch.Seconds());
    return absl::OkStatus();
  }

  static absl::Status AskLatency(v1::CadenceService::Stub& stub, const v1::GetEvidenceLatencyRequest& request) {
    grpc::ClientContext context;
    v1::GetEvidenceLatencyResponse response;
    return ToStatus(stub.GetEvidenceLatency(&context, request, &response));
  }

  // All pages; into `overview`, where it is given.
  absl::Status ListAll(v1::CadenceService::Stub& stub, std::vector<v1::TeamOverview>* overview = nullptr) const {
    v1::ListTeamCadenceRequest request;
    request.set_parent(Workload::DistrictName());
    request.set_page_size(5'000);
    int teams = 0;
    do {
      grpc::ClientContext context;
      v1::ListTeamCadenceResponse response;
      if (absl::Status status = ToStatus(stub.ListTeamCadence(&context, request, &response)); !status.ok())
        return status;
      teams += response.teams_size();
      if (overview != nullptr) overview->insert(overview->end(), response.teams().begin(), response.teams().end());
      request.set_page_token(response.next_page_token());
    } while (!request.page_token().empty());
    return teams == workload_.teams() ? absl::OkStatus() : absl::InternalError("some teams were not listed");
  }

  absl::Status FillPostgreSql(const std::vector<v1::StreamEvidenceRequest>& batches) {
    auto database = PostgreSql::Connect(options_.postgresql);
    if (!database.ok()) return database.status();
    if (absl::Status status = MakeEvidenceTable(**database); !status.ok()) return status;
    if (const auto seconds = InsertBatches(options_.postgresql, batches, InsertForm::kUnnest, 4); !seconds.ok())
      return seconds.status();
    if (absl::Status status = CheckRowCount(**database, "evidence", workload_.records()); !status.ok()) return status;
    std::string calendar;
    int k = 0;
    size_t next = 0;
    const std::vector<Date>& school_days = workload_.school_days();
    const auto in_cycle = [&](const std::string& cycle, auto cycle_of, int days_min) {
      const auto days = std::count_if(school_days.begin(), school_days.end(), [&](Date day) { return cycle_of(day) == cycle; });
      return days >= days_min ? "'" + cycle + "'" : std::string("NULL");
    };
    for (Date day = workload_.year().from; day < workload_.year().to; day = day + 1) {
      if (next < school_days.size() && school_days[next] == day) ++k, ++next;
      k_.push_back(k);
      const std::string week = in_cycle(WeekOf(day), WeekOf, kWeekDaysMin), month = in_cycle(MonthOf(day), MonthOf, kMonthDaysMin);
      absl::StrAppend(&calendar, calendar.empty() ? "('" : ", ('", day.ToString(), "', ", k, ", ", week, ", ", month, ")");
    }
    if (absl::Status status = (*database)->Run(
            "DROP TABLE IF EXISTS calendar, teams, indicators, last_dates;"
            "CREATE TABLE calendar (day date PRIMARY KEY, k int NOT NULL, week date, month date);"
            "INSERT INTO calendar VALUES " +
            calendar +
            ";"
            "CREATE TABLE teams AS SELECT DISTINCT team AS id FROM evidence; ALTER TABLE teams ADD PRIMARY KEY (id);"
            "CREATE TABLE indicators AS SELECT DISTINCT indicator AS id FROM evidence; ALTER TABLE indicators ADD "
            "PRIMARY KEY (id);"
            "CREATE INDEX evidence_team ON evidence (team, event_date) INCLUDE (indicator, reported_time, "
            "reviewed_date);"
            "CREATE INDEX evidence_overview ON evidence (team, indicator, event_date) INCLUDE (reported_time, "
            "reviewed_date)");
        !status.ok()) {
      return status;
    }
    if (absl::Status status = MaintainLastDates(**database, batches); !status.ok()) return status;
    if (absl::Status status = (*database)->Run("VACUUM ANALYZE"); !status.ok()) return status;
    return (*database)->Run("CHECKPOINT");
  }

  // What a trigger costs is measured too: a maintained answer is paid for at ingest.
  absl::Status MaintainLastDates(PostgreSql& database, const std::vector<v1::StreamEvidenceRequest>& batches) {
    // The same records once more, into a table with the trigger.
    if (absl::Status status = MakeEvidenceTable(database, "evidence_watched"); !status.ok()) return status;
    if (absl::Status status = database.Run(R"(
      CREATE TABLE last_dates (team text, indicator text, last_date date, PRIMARY KEY (team, indicator));
      CREATE OR REPLACE FUNCTION keep_last_dates() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO last_dates SELECT team, indicator, max(event_date) FROM added GROUP BY team, indicator ORDER BY team, indicator
        ON CONFLICT (team, indicator) DO UPDATE SET last_date = excluded.last_date WHERE last_dates.last_date < excluded.last_date;
        RETURN NULL; END $$;
      CREATE TRIGGER keep AFTER INSERT ON evidence_watched REFERENCING NEW TABLE AS added
        FOR EACH STATEMENT EXECUTE FUNCTION keep_last_dates())");
        !status.ok()) {
      return status;
    }
    const auto seconds = InsertBatches(options_.postgresql, batches, InsertForm::kUnnest, 1, "evidence_watched");
    if (!seconds.ok()) return seconds.status();
    if (absl::Status status = CheckRowCount(database, "evidence_watched", workload_.records()); !status.ok()) return status;
    figures_.Add("postgresql_with_trigger_per_s", static_cast<double>(workload_.records()) / *seconds);
    return database.Run("DROP TABLE evidence_watched");
  }

  struct Question {
    std::string name;
    std::vector<std::string> candidates;
    int first = 1;  // calls that are counted apart
    int calls = kDistrictCalls;
    std::function<PostgreSql::Parameters(int call)> parameters;
    std::function<absl::Status(size_t candidate, int call, const std::vector<SqlRow>& rows)> compare;  // with leadlagd's answer
    int compared = 1;  // calls
  };

  // The fastest of the candidates, measured. All of them must give leadlagd's answer.
  absl::Status MeasureSql(PostgreSql& database, const Question& question) {
    size_t best = 0;
    double best_ms = 0;
    for (size_t i = 0; i < question.candidates.size(); ++i) {
      if (absl::Status status = CompareSql(question, i); !status.ok()) return status;
      double ms = 0;
      // Six calls: PostgreSQL then has settled on a plan.
      for (int call = 0; call < 7 && question.candidates.size() > 1; ++call) {
        const Stopwatch stopwatch;
        if (const auto rows = database.RunPrepared(question.candidates[i], question.parameters(call)); !rows.ok()) return rows.status();
        ms = stopwatch.Millis();
        if (call > 1 && i > 0 && ms > kSlowCandidate * best_ms) break;
      }
      if (i == 0 || ms < best_ms) best = i, best_ms = ms;
    }
    figures_.Add(question.name + "_candidate", static_cast<double>(best));
    const auto ask = [&](int call) { return database.RunPrepared(question.candidates[best], question.parameters(call)).status(); };
    return Measure(question.name, question.first, question.calls, ask, "first");
  }

  absl::Status CompareSql(const Question& question, size_t candidate) {
    const auto database = PostgreSql::Connect(options_.postgresql);
    if (!database.ok()) return database.status();
    for (int call = 0; call < question.compared; ++call) {
      const auto rows = (*database)->AskPrepared(question.candidates[candidate], question.parameters(call));
      if (!rows.ok()) return rows.status();
      if (const absl::Status same = question.compare(candidate, call, *rows); !same.ok()) {
        return absl::InternalError(absl::StrCat(question.name, ", candidate ", candidate, ": ", same.message()));
      }
    }
    return absl::OkStatus();
  }

  int KOf(Date day) const { return k_[static_cast<size_t>(day - workload_.year().from)]; }

  // Records that were known before it, in the district's zone, are beyond the objective of review.
  Date ReviewedInTimeFrom() const {
    Date day = workload_.year().from;
    while (KOf(day) < KOf(today_ - 1) - kReviewObjectiveDays) day = day + 1;
    return day;
  }

  absl::Status AskPostgreSql() {
    auto connected = PostgreSql::Connect(options_.postgresql);
    if (!connected.ok()) return connected.status();
    PostgreSql& database = **connected;
    const std::string from = workload_.year().from.ToString(), to = workload_.year().to.ToString(),
                      k_yesterday = std::to_string(KOf(today_ - 1)), k_today = std::to_string(KOf(today_)),
                      in_time = ReviewedInTimeFrom().ToString() + " America/New_York", of_team = " AND e.team = $4";
    const auto dates_alone = [&](size_t, int, const auto& rows) { return CompareOverview(overview_, rows, Unreviewed::kNone); };
    const auto nothing = [](int) { return PostgreSql::Parameters{}; };
    const Question questions[] = {
        {.name = "sql_team_cadence",
         .candidates = {kTeamCadenceSql, kTeamCadenceOfDatesSql},
         .first = kColdTeams,
         .calls = kTeamCalls,
         .parameters = [&](int call) { return PostgreSql::Parameters{workload_.TeamId(TeamOf(call)), from, to, k_yesterday}; },
         .compare = [&](size_t, int call, const auto& rows) { return CompareTeamCadence(cadences_[static_cast<size_t>(call)], rows); },
         .compared = kComparedTeams},
        {.name = "sql_team_latency",
         .candidates = {LatencySql(of_team), GroupedLatencySql(of_team)},
         .first = kColdTeams,
         .calls = kTeamCalls,
         .parameters = [&](int call) { return PostgreSql::Parameters{k_today, from, to, workload_.TeamId(TeamOf(call))}; },
         .compare = [&](size_t, int call, const auto& rows) { return CompareLatency(latencies_[static_cast<size_t>(call)], rows); },
         .compared = kComparedTeams},
        {.name = "sql_list_cadence",
         .candidates = {kListCadenceSql, kListCadenceCountedApartSql},
         .parameters = [&](int) { return PostgreSql::Parameters{in_time}; },
         .compare =
             [&](size_t candidate, int, const auto& rows) {
               return CompareOverview(overview_, rows, candidate == 0 ? Unreviewed::kOfSeries : Unreviewed::kOfTeam);
             }},
        {.name = "sql_district_latency",
         .candidates = {LatencySql(""), GroupedLatencySql("")},
         .parameters = [&](int) { return PostgreSql::Parameters{k_today, from, to}; },
         .compare = [&](size_t, int, const auto& rows) { return CompareLatency(district_latency_, rows); }},
        {.name = "sql_list_last_dates_only",
         .candidates = {kListLastDatesSql},
         .parameters = nothing,
         .compare = dates_alone},
        {.name = "sql_list_last_dates_kept_by_trigger",
         .candidates = {kMaintainedLastDatesSql},
         .parameters = nothing,
         .compare = dates_alone},
    };
    for (const Question& question : questions) {
      if (absl::Status status = MeasureSql(database, question); !status.ok()) return status;
    }
    return database.Run("DROP TABLE evidence, calendar, teams, indicators, last_dates; CHECKPOINT");
  }

  const BenchmarkOptions& options_;
  Figures& figures_;
  const Workload workload_;
  const std::string directory_;
  std::vector<int> k_;  // of each day of the year
  Date today_;                                  // leadlagd's, when it was asked
  std::vector<v1::TeamCadence> cadences_;       // of the first teams that are asked
  std::vector<v1::EvidenceLatency> latencies_;  // likewise
  std::vector<v1::TeamOverview> overview_;
  v1::EvidenceLatency district_latency_;
};

}  // namespace

absl::Status MeasureQueries(const BenchmarkOptions& options, Figures& figures) {
  return Queries(options, figures).Run();
}

}  // namespace leadlag::benchmark
