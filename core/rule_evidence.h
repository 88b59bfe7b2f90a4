// What an alert rule or an expectation asks of one team's evidence: from the team's day rows to what it finds. The rules themselves are
// in core/alert_rule.h. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "absl/functional/function_ref.h"
#include "core/alert_rule.h"
#include "core/day_row.h"
#include "core/district_catalog.h"
#include "core/inquiry.h"

namespace leadlag {

// An action of an active inquiry of the team. Small, as many are held at once: what it says in words is the inquiry's.
struct LinkedAction {
  uint16_t inquiry = 0, action = 0;  // places: of the inquiry among those that were given, of the action in it
  Date start;
  std::optional<Date> end;  // the first date on which it is no longer taken
  // The indicators that the inquiry is linked to, of whatever role; ascending. Never null; its actions share it.
  std::shared_ptr<const std::vector<IndicatorNumber>> linked;
};

// The actions of those of a team's inquiries that are active. `indicators`: where every indicator that they are linked to has a number.
std::vector<LinkedAction> LinkedActionsOf(std::span<const Inquiry> inquiries, const InternTable& indicators);
// What they hold in memory: one for each action, and of each inquiry one and one for each of its links.
size_t SizeOf(std::span<const LinkedAction> actions);
// The sources that feed the leading indicators linked to these actions, ascending: while all of them are silent, nobody can tell anything
// of any of the actions, as the rule asks it. Empty where that never is: no action waits for anything, or one waits for what no source
// feeds. REQUIRES: the catalog has the rule.
std::vector<SourceNumber> FeedersOfActions(const DistrictCatalog& catalog, TeamNumber team, ExpectationNumber rule,
                                           std::span<const LinkedAction> actions);

// The team's evidence as recorded by now. Borrows both, for a call.
struct TeamEvidence {
  // The row of an indicator; an empty one where there is none. Valid until the next call.
  absl::FunctionRef<const DayRow&(IndicatorNumber, int row_year)> row;
  // What a series' records of the year say, of an indicator that a rule for the team charts (DistrictCatalog::ChartedOf). Valid until the
  // next call.
  absl::FunctionRef<const SeriesValues&(IndicatorNumber, int row_year)> values;
  // The actions of its active inquiries, in an order of theirs. Valid until the next call.
  absl::FunctionRef<const std::vector<LinkedAction>&()> actions;
  // The date of the last of the team's reviews dated in the range; none where there is none.
  absl::FunctionRef<std::optional<Date>(DateRange)> last_review;
  // The first year of which the team has a row; none where it has none.
  absl::FunctionRef<std::optional<int>()> first_row_year;
};

// The last event dated in [range.from, range.to) of any of these indicators, as an expectation asks for it; none where there is none.
// `row` as TeamEvidence's.
std::optional<Date> LastSignalIn(const std::vector<IndicatorNumber>& indicators, DateRange range,
                                 absl::FunctionRef<const DayRow&(IndicatorNumber, int row_year)> row);

// What the rule has to say of the team. None where that is nothing, or the catalog has no such rule.
std::optional<RuleFinding> AskRule(const DistrictCatalog& catalog, ExpectationNumber rule, const RuleSpan& span,
                                   const TeamEvidence& evidence);

}  // namespace leadlag
