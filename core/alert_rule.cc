#include "core/alert_rule.h"

#include <algorithm>
#include <map>

#include "core/check.h"
#include "core/cycle.h"

namespace leadlag {
namespace {

// The instructional day n days on from `from`, where that lies in the run: a deadline past it never comes.
std::optional<Date> NthInRun(const RuleSpan& span, Date from, int n) {
  const std::optional<Date> day = span.calendar->NthAfter(from, n);
  return day && *day < span.run.to ? day : std::nullopt;
}

int InstructionalDays(const RuleSpan& span, DateRange dates) {
  const Date from = std::max(dates.from, span.run.from), to = std::min(dates.to, span.run.to);
  return from < to ? span.calendar->Between(from - 1, to - 1) : 0;
}

bool AnyIn(std::span<const Date> dates, Date from, Date to) {
  const auto first = std::lower_bound(dates.begin(), dates.end(), from);
  return first != dates.end() && *first < to;
}

// The earlier of two; none is the latest.
std::optional<Date> Earlier(std::optional<Date> a, std::optional<Date> b) { return !a || (b && *b < *a) ? b : a; }

// The last date of the first eligible month after the one of the last review, or from the run's first on.
std::optional<Date> UnreviewedMonth(const RuleSpan& span, std::optional<Date> last_review) {
  Date month = span.run.from.StartOfMonth();
  if (last_review) month = std::max(month, last_review->StartOfNextMonth());
  for (; month < span.run.to; month = month.StartOfNextMonth()) {
    const Date end = month.StartOfNextMonth();
    if (IsEligibleCycle(CycleUnit::kMonth, InstructionalDays(span, {month, end}))) return end - 1;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Date> LaggingOnlyDue(const RuleSpan& span, int days, bool lagging_this_year, std::optional<Date> last_leading) {
  LEADLAG_CHECK(days >= 1);
  if (!lagging_this_year) return std::nullopt;
  return NthInRun(span, std::max(span.start, last_leading.value_or(span.start)), days);
}

std::optional<Date> CompletionOnlyDue(const RuleSpan& span, CycleUnit unit, int cycles, std::span<const Date> completions,
                                      std::span<const Date> evidence) {
  LEADLAG_CHECK(cycles >= 1);
  std::optional<Date> due;
  int row = 0;
  for (Date start = CycleStart(unit, span.run.from); start < span.run.to; start = NextCycle(unit, start)) {
    const Date end = NextCycle(unit, start);
    const Date from = std::max(start, span.run.from), to = std::min(end, span.run.to);
    if (AnyIn(evidence, from, to)) {
      row = 0;
      due.reset();
    } else if (!due && IsEligibleCycle(unit, InstructionalDays(span, {start, end}))) {
      row = AnyIn(completions, from, to) ? row + 1 : 0;
      if (row == cycles) due = to - 1;
    }
  }
  return due;
}

std::optional<Date> ReviewOverdueDue(const RuleSpan& span, int days, std::span<const DayEntry> entries, std::optional<Date> last_review) {
  LEADLAG_CHECK(days >= 1);
  std::optional<Date> oldest;  // start of an unreviewed record's interpretation
  for (const DayEntry& entry : entries) {
    if (entry.reviewed || !span.run.Contains(entry.event)) continue;
    oldest = Earlier(oldest, std::max(entry.interpretation_start(), span.start));
  }
  const std::optional<Date> by_record = oldest ? NthInRun(span, *oldest, days) : std::nullopt;
  const std::optional<Date> by_month = UnreviewedMonth(span, last_review);
  return Earlier(by_record, by_month && *by_month < span.run.to ? by_month : std::nullopt);
}

std::optional<Date> CollectionSlowDue(const RuleSpan& span, const CollectionSlowTerms& terms, std::span<const DayEntry> entries,
                                      Date first_recorded, std::optional<Date> in_force) {
  LEADLAG_CHECK(terms.records >= 1 && terms.clear_percent <= terms.percent);
  struct Recorded {
    uint64_t all = 0, slow = 0;
  };
  std::map<Date, Recorded, std::greater<>> by_date;  // of recording, the last one first
  for (const DayEntry& entry : entries) {
    if (!span.run.Contains(entry.first_event()) || entry.first_event() < first_recorded) continue;
    Recorded& recorded = by_date[entry.recorded];
    recorded.all += entry.count;
    if (span.calendar->Between(entry.first_event(), entry.known) > terms.days) recorded.slow += entry.count;
  }
  Recorded last;
  for (const auto& [date, recorded] : by_date) {
    last.all += recorded.all;
    last.slow += recorded.slow;
    if (last.all >= static_cast<uint64_t>(terms.records)) break;
  }
  if (last.all < static_cast<uint64_t>(terms.records)) return std::nullopt;
  const uint64_t limit = last.all * static_cast<uint64_t>(in_force ? terms.clear_percent : terms.percent);
  if (last.slow * 100 <= limit) return std::nullopt;
  return in_force ? in_force : by_date.begin()->first;
}

}  // namespace leadlag
