// The day rows of one team, read together: what every question about a team begins with. Internal to server/engine.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/day_row.h"
#include "core/rule_evidence.h"
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

  // The first year of which there is a row; none where there is none.
  std::optional<int> FirstYear() const;

  // The indicator's row of the year; an empty one where there is none.
  const DayRow& RowOf(IndicatorNumber indicator, int row_year) const;

  // Event dates of these indicators, ascending, each once.
  // REQUIRES: `indicators` ascend, here and above.
  std::vector<Date> EventDates(const std::vector<IndicatorNumber>& indicators) const;

 private:
  std::vector<Row> rows_;
};

// What rules ask of a team beside its rows, as far as those that are for it do.
struct RuledTeam {
  std::vector<Date> reviews;  // their dates, ascending
  std::vector<Inquiry> inquiries;     // as they stand
  std::vector<LinkedAction> actions;  // of those
  struct Series {
    IndicatorNumber indicator = 0;
    int row_year = 0;
    SeriesValues values;
  };
  std::vector<Series> charted;
  // What the records of the year say; nothing where no rule charts them.
  const SeriesValues& ValuesOf(IndicatorNumber indicator, int row_year) const;
};

// What one watch of the team asks of the evidence, answered from what has been read of the team. Borrows all.
class TeamFacts {
 public:
  // `silences`: of the sources that feed it; only NextMoment asks for them.
  TeamFacts(const DistrictCatalog& catalog, ExpectationNumber expectation, const TeamRows& rows, const RuledTeam& ruled,
            std::vector<SourceSilence> silences = {})
      : last_signal_{catalog, expectation, rows}, rule_due_{{catalog, expectation, rows}, ruled}, silences_(std::move(silences)) {}
  TeamFacts(const TeamFacts&) = delete;

  WatchFacts get() const { return {last_signal_, rule_due_, silences_}; }
  // Of an alert rule.
  std::optional<RuleFinding> Ask(const RuleSpan& span) const { return rule_due_.Ask(span); }

 private:
  struct LastSignal {
    const DistrictCatalog& catalog;
    const ExpectationNumber expectation;
    const TeamRows& rows;
    std::optional<Date> operator()(DateRange range) const { return rows.LastEventIn(catalog.IndicatorsOf(expectation), range); }
  };
  struct RuleDue : LastSignal {
    const RuledTeam& ruled;
    std::optional<RuleFinding> Ask(const RuleSpan& span) const;
    std::optional<Date> operator()(const RuleSpan& span) const;
  };

  LastSignal last_signal_;
  RuleDue rule_due_;
  const std::vector<SourceSilence> silences_;
};

// What these rules ask of the team; what they chart only of row years with some of the dates. DATA_LOSS for damaged bytes.
absl::StatusOr<RuledTeam> ReadRuledTeam(const DistrictReader& reader, TeamNumber team, std::span<const ExpectationNumber> subjects,
                                        DateRange dates = {Date::Min(), Date::Max()});

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
