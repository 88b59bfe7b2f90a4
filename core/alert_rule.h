// The rules behind the kinds of alert that are not about one watch's signal: from when on each holds for a team.
// DOMAIN.md, "Kinds of alert".
//
// Concepts. A rule looks at the part of one school year in which it applies (a span, as a watch's run, core/watch.h) and at what is
// recorded by now, and answers with a due date: it fires at the notify time of the first instructional day after that date if it
// still gives one then; none: there is nothing to say. So what comes late, is corrected or voided needs no special case: the rule is
// asked again. What lies before the span's start, or was already over when it arrived, is history and not news. Rules go by when a
// record was recorded, never by when it was reported: the service acts on what it had.
// Days are instructional days of the calendar. Pure functions; thread safe.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/catalog.h"
#include "core/date.h"
#include "core/day_row.h"
#include "core/rule_span.h"
#include "core/run_chart.h"
#include "core/run_points.h"

namespace leadlag {

// What a rule has to say: when it is due, and what it was counted from, for people.
struct RuleFinding {
  Date due;
  // LAGGING_ONLY: the last leading signal, or s. COMPLETION_ONLY: the first date of the row of cycles. REVIEW_OVERDUE: when the oldest
  // unreviewed record was recorded or corrected, or the month's first date. COLLECTION_SLOW: the due date. ACTION_WITHOUT_EVIDENCE: the
  // action's start, or s. RUN_SIGNAL: the first point's first date.
  Date from;
  bool by_signal = false;  // LAGGING_ONLY: from a signal; REVIEW_OVERDUE: from a record. Else from s, or from a month.
  // REVIEW_OVERDUE by a record: what happened on `from` to one of those that wait longest. kStart: it was recorded or corrected before s.
  enum class Since : uint8_t { kCorrected, kRecorded, kStart };
  Since since = Since::kRecorded;
  // REVIEW_OVERDUE by a record: how many are unreviewed. COLLECTION_SLOW: how many of the last ones were slow, and how many those are,
  // when it was last looked at.
  uint64_t records = 0;
  uint64_t of = 0;
  std::optional<size_t> action{};   // ACTION_WITHOUT_EVIDENCE: the place of the one that is due, of those that were given
  std::optional<RunChart> chart{};  // RUN_SIGNAL: of the points up to the last one that keeps it up
  friend bool operator==(const RuleFinding&, const RuleFinding&) = default;
};

// LAGGING_ONLY: a lagging record this school year, and no leading signal for `days`, from the last one or s.
// `last_leading`: the last leading signal dated in the school year. REQUIRES: days >= 1.
std::optional<RuleFinding> LaggingOnly(const RuleSpan& span, int days, bool lagging_this_year, std::optional<Date> last_leading);

// COMPLETION_ONLY: `cycles` eligible cycles in a row with completions and no evidence, that is no record of another measure. A cycle with
// neither ends the row; once the row is long enough only evidence dated in or after it ends the alert. Dates ascend, repeats allowed;
// those outside the run do not count. REQUIRES: terms.cycles >= 1.
std::optional<RuleFinding> CompletionOnly(const RuleSpan& span, const CompletionOnlyTerms& terms, std::span<const Date> completions,
                                          std::span<const Date> evidence);

// REVIEW_OVERDUE: a record of the school year unreviewed for more than `days`, from when it was recorded or corrected, or from s; or an
// eligible month that is over and has no review in it or after it, by the last review's date. What is dated before the school year's
// first record was recorded came with a first import and is history, as a month is that was over then; without a record there is
// nothing to review. `entries`: of all the team's rows but COMPLETION, in any order. REQUIRES: days >= 1.
std::optional<RuleFinding> ReviewOverdue(const RuleSpan& span, int days, std::span<const DayEntry> entries,
                                         std::optional<Date> last_review);

// Whether a rule that is due on `due` has been raised by the notify time of `judged`, an instructional day of the run.
bool Holds(const RuleSpan& span, Date due, Date judged);

// The earliest date that evidence must bear that ends what COMPLETION_ONLY says; any later one in the run does so too. Arguments as there.
// REQUIRES: it holds by `judged`.
Date CompletionOnlyEndsFrom(const RuleSpan& span, const CompletionOnlyTerms& terms, std::span<const Date> completions,
                            std::span<const Date> evidence, Date judged);

// A review that ends what REVIEW_OVERDUE says.
struct ReviewThatEnds {
  Date from = Date::Min();       // its date, or a later one
  std::vector<size_t> covers{};  // places of the entries that it must cover: those that have waited for too long
};
// Arguments as ReviewOverdue's. REQUIRES: it holds by `judged`.
ReviewThatEnds ReviewOverdueEndsWith(const RuleSpan& span, int days, std::span<const DayEntry> entries, std::optional<Date> last_review,
                                     Date judged);

// COLLECTION_SLOW: of the last `records` more than `percent` became known more than `days` after their event; it is due on the date on
// which that was recorded. The last ones are those recorded last; records of one recording date are not told apart, so that with one of
// them come all of its date. Fewer decide nothing. It holds until, at the end of a recording date that another one follows, at most
// `clear_percent` of the last ones are slow: neither a single record nor the order of a day's batches makes it come and go. What is dated
// before the school year's first record was recorded is history: a first import says nothing of how collection goes. `entries`: in any
// order; those first dated in the run count. REQUIRES: records >= 1, clear_percent <= percent.
std::optional<RuleFinding> CollectionSlow(const RuleSpan& span, const CollectionSlowTerms& terms, std::span<const DayEntry> entries);

// An action that a team takes for an inquiry, and what there is of leading evidence linked to that.
struct ActionEvidence {
  Date start;
  std::optional<Date> end;           // the first date on which it is no longer taken
  std::optional<Date> last_leading;  // of the linked leading records dated after the start
};
// ACTION_WITHOUT_EVIDENCE: an action has been taken for `days` instructional days, from its start or s, and no leading record that is
// linked to it is dated after its start. Of several the one that is due first. REQUIRES: days >= 1.
std::optional<RuleFinding> ActionWithoutEvidence(const RuleSpan& span, int days, std::span<const ActionEvidence> actions);

// RUN_SIGNAL: the points of the run, by day or week, make a signal (core/run_chart.h), good or bad. It is due on the last date of the
// point with which the signal came, so that it is told once that is over; and it holds until a point that another one follows does not
// keep it up: the last one may not be over, and a single record must not end what the next one brings back. Points that were over before
// the school year's first record of the indicator was recorded make a chart, but a signal that came with them is history. `days`: of the
// run, as SeriesValues has them. `first_recorded`: when that first record was. REQUIRES: terms.unit is not kMonth.
std::optional<RuleFinding> RunSignal(const RuleSpan& span, const RunSignalTerms& terms, std::span<const SeriesDay> days,
                                     std::optional<Date> first_recorded);

// When the first of those entries that are dated in the school year was recorded, and `before`, the earlier of the two; none is the latest.
std::optional<Date> FirstRecorded(const RuleSpan& span, std::span<const DayEntry> entries, std::optional<Date> before = std::nullopt);

}  // namespace leadlag
