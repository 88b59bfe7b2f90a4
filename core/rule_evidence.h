// What an alert rule or an expectation asks of one team's evidence: from the team's day rows to what it finds. The rules themselves are
// in core/alert_rule.h. Pure.
#pragma once

#include <optional>
#include <vector>

#include "absl/functional/function_ref.h"
#include "core/alert_rule.h"
#include "core/day_row.h"
#include "core/district_catalog.h"

namespace leadlag {

// The team's evidence as recorded by now. Borrows both, for a call.
struct TeamEvidence {
  // The row of an indicator; an empty one where there is none. Valid until the next call.
  absl::FunctionRef<const DayRow&(IndicatorNumber, int row_year)> row;
  // The date of the last of the team's reviews dated in the range; none where there is none.
  absl::FunctionRef<std::optional<Date>(DateRange)> last_review;
};

// The last event dated in [range.from, range.to) of any of these indicators, as an expectation asks for it; none where there is none.
// `row` as TeamEvidence's.
std::optional<Date> LastSignalIn(const std::vector<IndicatorNumber>& indicators, DateRange range,
                                 absl::FunctionRef<const DayRow&(IndicatorNumber, int row_year)> row);

// What the rule has to say of the team. None where that is nothing, or the catalog has no such rule.
std::optional<RuleFinding> AskRule(const DistrictCatalog& catalog, ExpectationNumber rule, const RuleSpan& span,
                                   const TeamEvidence& evidence);

}  // namespace leadlag
