// The rules behind the kinds of alert that are not about one watch's signal: from when on each holds for a team.
// DOMAIN.md, "Kinds of alert".
//
// Concepts. A rule looks at the part of one school year in which it applies (a span, as a watch's run, core/watch.h) and at what is
// recorded by now, and answers with a due date: it fires at the notify time of the first instructional day after that date if it
// still gives one then; none: there is nothing to say. So what comes late, is corrected or voided needs no special case: the rule is
// asked again. What lies before the span's start, or was already over when a team's first record came, is history and not news.
// Days are instructional days of the calendar. Pure functions; thread safe.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "core/cadence.h"
#include "core/calendar.h"
#include "core/date.h"
#include "core/day_row.h"

namespace leadlag {

// Where a rule applies. Borrows the calendar.
struct RuleSpan {
  const Calendar* calendar = nullptr;  // never null
  Date start;                          // s: the day before the first instructional day on which team, rule and calendar are all active
  DateRange run;                       // dates, inside the school year
  DateRange school_year;               // bounds
};

// LAGGING_ONLY: a lagging record this school year, and no leading signal for `days`, from the last one or s.
// `last_leading`: the last leading signal dated in the school year. REQUIRES: days >= 1.
std::optional<Date> LaggingOnlyDue(const RuleSpan& span, int days, bool lagging_this_year, std::optional<Date> last_leading);

// COMPLETION_ONLY: `cycles` eligible cycles in a row with completions and no evidence. A cycle with neither ends the row; once the
// row is long enough only evidence dated in or after it ends the alert. Dates ascend, repeats allowed; those outside the run do not
// count. REQUIRES: cycles >= 1.
std::optional<Date> CompletionOnlyDue(const RuleSpan& span, CycleUnit unit, int cycles, std::span<const Date> completions,
                                      std::span<const Date> evidence);

// REVIEW_OVERDUE: a record unreviewed for more than `days`, from when it was known or corrected; or an eligible month that is over and
// has no review in it or after it, by the last review's date. `entries`: of all the team's leading and lagging rows, in any order;
// of these the records dated in the run count. REQUIRES: days >= 1.
std::optional<Date> ReviewOverdueDue(const RuleSpan& span, int days, std::span<const DayEntry> entries, std::optional<Date> last_review);

// COLLECTION_SLOW: of the last `records` more than `percent` became known more than `days` after their event. The last ones are those
// recorded last; records of one recording date are not told apart, so that with the last of them come all of its date. Fewer: silent.
struct CollectionSlowTerms {
  int records = 8;
  int percent = 25;
  int days = 5;
  // Once it is due it holds until at most this share is slow: a single record must not make it come and go.
  int clear_percent = 13;
};
// `first_recorded`: the date of the team's first record ever; what is dated before it is history. `in_force`: what this answered before,
// which stays while it holds; a new due date is the last recording date.
std::optional<Date> CollectionSlowDue(const RuleSpan& span, const CollectionSlowTerms& terms, std::span<const DayEntry> entries,
                                      Date first_recorded, std::optional<Date> in_force);

}  // namespace leadlag
