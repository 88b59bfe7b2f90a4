// The day rows of one team, read together: what every question about a team begins with. Internal to server/engine.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/day_row.h"
#include "server/engine/engine.h"

namespace leadlag {

// Rows of indicators that the catalog in force has; the others count nowhere. REQUIRES: used only while the reader
// lives from which they were read, since rows in the district's memory are borrowed.
class TeamRows {
 public:
  struct Row {
    IndicatorNumber indicator = 0;
    int row_year = 0;
    std::shared_ptr<const DayRow> row;  // never null
  };

  // REQUIRES: added by indicator, then row year, ascending.
  void Add(Row row) { rows_.push_back(std::move(row)); }
  void Clear() { rows_.clear(); }
  const std::vector<Row>& rows() const { return rows_; }

  // The latest event dated in [range.from, range.to) of any of these indicators; none where there is none.
  std::optional<Date> LastEventIn(const std::vector<IndicatorNumber>& indicators, DateRange range) const;

  // Event dates of these indicators, ascending, each once.
  // REQUIRES: `indicators` ascend, here and above.
  std::vector<Date> EventDates(const std::vector<IndicatorNumber>& indicators) const;

 private:
  std::vector<Row> rows_;
};

// The team's rows. DATA_LOSS for damaged bytes.
absl::StatusOr<TeamRows> ReadTeamRows(const DistrictReader& reader, TeamNumber team);

// Calls `visit` for each of these teams, in their order, in as few passes over the row table as their numbers allow.
// The rows end with the call. DATA_LOSS for damaged bytes: the teams before were visited. REQUIRES: `teams` ascend,
// without repeats.
absl::Status ForEachTeam(const DistrictReader& reader, const std::vector<TeamNumber>& teams,
                         absl::FunctionRef<void(TeamNumber, const TeamRows&)> visit);

// Indicators of the catalog in force whose evidence is of the kind, ascending.
std::vector<IndicatorNumber> IndicatorsOfKind(const DistrictReader& reader, const SignalKind& kind, bool completions);

}  // namespace leadlag
