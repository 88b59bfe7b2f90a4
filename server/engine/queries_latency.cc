// Evidence latency of a team or a district. server/engine/queries.h.
#include <algorithm>

#include "server/engine/queries.h"
#include "server/engine/query_terms.h"
#include "server/engine/team_rows.h"

namespace leadlag {
namespace {

// Numbers of the teams of the catalog whose labels match, ascending.
std::vector<TeamNumber> TeamsWith(const DistrictReader& reader, const Labels& labels) {
  std::vector<TeamNumber> teams;
  for (TeamNumber number = 0; number < reader->interned().teams.size(); ++number) {
    const DistrictCatalog::TeamEntry* entry = reader->catalog()->FindTeam(number);
    if (entry != nullptr && Matches(entry->team->labels, labels)) teams.push_back(number);
  }
  return teams;
}

// By one calendar and day for all: a team's own, or for a district's total the district's.
absl::StatusOr<LatencyAnswer> LatencyOf(const DistrictReader& reader, const std::vector<TeamNumber>& teams,
                                        const Calendar& calendar, Date today, DateRange window, const CadenceQuery& query) {
  LatencyAnswer answer{.window = window};
  LatencyTally tally(window);
  const std::vector<IndicatorNumber> indicators = IndicatorsOfKind(reader, query.kind, query.completions);
  const absl::Status status = ForEachTeam(reader, teams, [&](TeamNumber, const TeamRows& rows) {
    uint64_t counted = 0;
    // Every year's row: a correction may have moved a record of the cohort far away from the window.
    for (const TeamRows::Row& row : rows.rows()) {
      if (!std::binary_search(indicators.begin(), indicators.end(), row.indicator)) continue;
      counted += tally.Add(calendar, today, *row.row);
    }
    if (counted > 0) ++answer.teams;
  });
  if (!status.ok()) return status;
  answer.latency = tally.Result();
  return answer;
}

}  // namespace

absl::StatusOr<LatencyAnswer> GetEvidenceLatency(const DistrictReader& reader, std::string_view team_id,
                                                 const Labels& labels, const CadenceQuery& query) {
  if (absl::Status status = CheckKind(reader, query.kind); !status.ok()) return status;
  if (team_id.empty()) {
    const DistrictCatalog& catalog = *reader->catalog();
    const Date today = catalog.district_zone().LocalDate(reader.now());
    const absl::StatusOr<DateRange> window = WindowOf(*catalog.district_calendar(), today, query.from, query.to);
    if (!window.ok()) return window.status();
    return LatencyOf(reader, TeamsWith(reader, labels), *catalog.district_calendar(), today, *window, query);
  }
  const absl::StatusOr<TeamNow> team = TeamNowOf(reader, team_id);
  if (!team.ok()) return team.status();
  const absl::StatusOr<DateRange> window = WindowOf(team->calendar(), team->today, query.from, query.to);
  if (!window.ok()) return window.status();
  return LatencyOf(reader, {team->number}, team->calendar(), team->today, *window, query);
}

}  // namespace leadlag
