#include "tests/benchmark/answers.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace leadlag::benchmark {
namespace {

constexpr size_t kCadenceColumns = 11;
constexpr size_t kLatencyFigures = 12;
constexpr double kRounded = 1e-9;  // SQL reckons the mean in decimals

// Keeps the first difference.
class Comparison {
 public:
  explicit Comparison(std::string of) : of_(std::move(of)) {}

  void Same(const std::string& what, const std::string& ours, const std::string& theirs) {
    if (ours != theirs && first_.ok()) {
      first_ = absl::InternalError(absl::StrCat("leadlagd and SQL differ on ", of_, ", ", what, ": ", ours, " and ", theirs));
    }
  }
  void Same(const std::string& what, int64_t ours, const std::string& theirs) { Same(what, absl::StrCat(ours), theirs); }
  absl::Status Result() const { return first_; }

 private:
  const std::string of_;
  absl::Status first_;
};

// "{1,NULL,3}", or a number by itself.
std::vector<std::string> Elements(const std::string& array) {
  return absl::StrSplit(array.starts_with('{') ? array.substr(1, array.size() - 2) : array, ',');
}

double NumberOf(const std::string& text) {
  double number = std::nan("");
  return absl::SimpleAtod(text, &number) ? number : std::nan("");
}

// Numbers, sorted, without NULL.
std::string Sorted(const std::vector<std::string>& elements) {
  std::vector<int> numbers;
  for (const std::string& element : elements) {
    int number = 0;
    if (absl::SimpleAtoi(element, &number)) numbers.push_back(number);
  }
  std::sort(numbers.begin(), numbers.end());
  return absl::StrJoin(numbers, ",");
}

}  // namespace

absl::Status CompareTeamCadence(const v1::TeamCadence& cadence, const std::vector<SqlRow>& rows) {
  if (rows.size() != 1 || rows[0].size() != kCadenceColumns) return absl::InternalError("no row of a team's cadence");
  const SqlRow& row = rows[0];
  Comparison comparison("the cadence of team " + cadence.team());
  comparison.Same("signal dates", cadence.signal_dates(), row[0]);
  comparison.Same("last signal", cadence.last_signal_date(), row[1]);
  comparison.Same("open gap", cadence.open_gap_days(), row[2]);
  const std::vector<int> gaps(cadence.gaps().begin(), cadence.gaps().end());
  comparison.Same("longest gap", gaps.empty() ? 0 : *std::max_element(gaps.begin(), gaps.end()), row[3]);
  const double mean = NumberOf(row[4]), deviation = NumberOf(row[5]);
  if (!(std::abs((deviation - mean) / (deviation + mean) - cadence.burstiness()) < kRounded)) {
    comparison.Same("burstiness", absl::StrCat(cadence.burstiness()), absl::StrCat("from ", row[4], " and ", row[5]));
  }
  comparison.Same("median gap", cadence.median_gap_days(), row[6]);
  comparison.Same("p90 of the gaps", cadence.p90_gap_days(), row[7]);
  comparison.Same("weeks with a signal", cadence.weeks().covered(), row[8]);
  comparison.Same("months with a signal", cadence.months().covered(), row[9]);
  std::vector<std::string> ours;
  for (const int gap : gaps) ours.push_back(absl::StrCat(gap));
  comparison.Same("gaps", Sorted(ours), Sorted(Elements(row[10])));
  return comparison.Result();
}

absl::Status CompareLatency(const v1::EvidenceLatency& latency, const std::vector<SqlRow>& rows) {
  if (rows.size() != 1) return absl::InternalError("no row of latency");
  std::vector<std::string> theirs;
  for (const std::string& column : rows[0]) {
    for (std::string& element : Elements(column)) theirs.push_back(std::move(element));
  }
  if (theirs.size() != kLatencyFigures) return absl::InternalError("a row of latency has " + absl::StrJoin(theirs, ", "));
  Comparison comparison("latency");
  comparison.Same("records", latency.collection().closed_count() + latency.collection().open_count(), theirs[0]);
  comparison.Same("open records", latency.interpretation().open_count(), theirs[1]);
  comparison.Same("oldest open", latency.interpretation().oldest_open_days(), theirs[2]);
  size_t next = 3;
  for (const v1::LatencyDays* const days : {&latency.collection(), &latency.interpretation(), &latency.total()}) {
    for (const v1::LatencyFigure* const figure : {&days->p50(), &days->p90(), &days->max()}) {
      comparison.Same(absl::StrCat("figure ", next), figure->days(), theirs[next]);
      ++next;
    }
  }
  return comparison.Result();
}

absl::Status CompareOverview(const std::vector<v1::TeamOverview>& teams, const std::vector<SqlRow>& rows, Unreviewed unreviewed) {
  struct Summary {
    std::string last_date;
    int64_t unreviewed = 0;
  };
  std::map<std::string, Summary> by_team;
  for (const SqlRow& row : rows) {
    Summary& team = by_team[row[0]];
    team.last_date = std::max(team.last_date, row[2]);
    int64_t count = 0;
    if (unreviewed != Unreviewed::kNone && !row[3].empty() && !absl::SimpleAtoi(row[3], &count)) return absl::InternalError("no number");
    team.unreviewed = unreviewed == Unreviewed::kOfTeam ? count : team.unreviewed + count;
  }
  Comparison comparison("the overview");
  comparison.Same("teams", static_cast<int64_t>(teams.size()), absl::StrCat(by_team.size()));
  for (const v1::TeamOverview& team : teams) {
    const Summary& theirs = by_team[team.team()];
    comparison.Same("last signal of " + team.team(), team.last_signal_date(), theirs.last_date);
    if (unreviewed == Unreviewed::kNone) continue;
    comparison.Same("unreviewed records of " + team.team(), team.unreviewed_records(), absl::StrCat(theirs.unreviewed));
  }
  return comparison.Result();
}

}  // namespace leadlag::benchmark
