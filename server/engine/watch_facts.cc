#include "server/engine/watch_facts.h"

#include <algorithm>

#include "core/rule_evidence.h"

namespace leadlag {

std::optional<Date> District::Facts::LastSignal::operator()(DateRange asked) const {
  if (range && *range == asked) return last;
  range = asked;
  last = LastSignalIn(catalog.IndicatorsOf(watch.expectation), asked, [this](IndicatorNumber indicator, int year) -> const DayRow& {
    return district.RowNow({watch.team, indicator, year}, batch, fatal);
  });
  return last;
}

std::optional<Date> District::Facts::RuleDue::operator()(const RuleSpan& span) const {
  if (watch.team == kNoTeam) return district.SilenceDueOf(catalog, watch.expectation, span);
  if (run && *run == span.run) return due;
  run = span.run;
  const auto row = [this](IndicatorNumber indicator, int year) -> const DayRow& {
    return district.RowNow({watch.team, indicator, year}, batch, fatal);
  };
  const auto last_review = [this](DateRange range) { return LastIn(district.ReviewDatesOf(watch.team, batch, fatal), range); };
  const std::optional<RuleFinding> finding = AskRule(catalog, watch.expectation, span, {row, last_review});
  due = finding ? std::optional(finding->due) : std::nullopt;
  return due;
}

const std::vector<Date>& District::ReviewDatesOf(TeamNumber team, const Batch* batch, absl::Status& fatal) {
  const auto [found, missing] = review_dates_.try_emplace(team);
  if (missing) {
    const absl::StatusOr<TeamReviews> reviews = batch != nullptr ? ReviewsIn(*batch, team) : ReviewsOf(team);
    if (!reviews.ok() && fatal.ok()) fatal = reviews.status();
    if (reviews.ok()) found->second = reviews->Dates();
  }
  return found->second;
}

}  // namespace leadlag
