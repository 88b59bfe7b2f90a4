#include "core/alert_rule.h"

#include <algorithm>
#include <vector>

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

// Since when a record waits for a review.
Date WaitsSince(const DayEntry& entry) { return entry.correction ? entry.correction->corrected_on : entry.recorded; }
// From when on that counts.
Date WaitsForReviewFrom(const RuleSpan& span, const DayEntry& entry) { return std::max(WaitsSince(entry), span.start); }

// Whether a review is asked for: what is dated before the year's first record was recorded is history.
bool IsToBeReviewed(const RuleSpan& span, const DayEntry& entry, Date first_recorded) {
  return !entry.reviewed && span.school_year.Contains(entry.event) && entry.event >= first_recorded;
}

// The first eligible month that was not over at `since` and lies after the one of the last review.
std::optional<DateRange> UnreviewedMonth(const RuleSpan& span, std::optional<Date> last_review, Date since) {
  Date month = std::max(span.run.from, since).StartOfMonth();
  if (last_review) month = std::max(month, last_review->StartOfNextMonth());
  for (; month < span.run.to; month = month.StartOfNextMonth()) {
    const DateRange dates{month, month.StartOfNextMonth()};
    if (IsEligibleCycle(CycleUnit::kMonth, InstructionalDays(span, dates))) return dates;
  }
  return std::nullopt;
}

}  // namespace

// What is dated before it came with a first import, and is history.
std::optional<Date> FirstRecorded(const RuleSpan& span, std::span<const DayEntry> entries, std::optional<Date> before) {
  std::optional<Date> first = before;
  for (const DayEntry& entry : entries) {
    if (span.school_year.Contains(entry.event)) first = Earlier(first, entry.recorded);
  }
  return first;
}

std::optional<RuleFinding> LaggingOnly(const RuleSpan& span, int days, bool lagging_this_year, std::optional<Date> last_leading) {
  LEADLAG_CHECK(days >= 1);
  if (!lagging_this_year) return std::nullopt;
  const bool by_signal = last_leading && *last_leading > span.start;
  const Date from = by_signal ? *last_leading : span.start;
  const std::optional<Date> due = NthInRun(span, from, days);
  if (!due) return std::nullopt;
  return RuleFinding{.due = *due, .from = from, .by_signal = by_signal};
}

std::optional<RuleFinding> CompletionOnly(const RuleSpan& span, const CompletionOnlyTerms& terms, std::span<const Date> completions,
                                          std::span<const Date> evidence) {
  LEADLAG_CHECK(terms.cycles >= 1);
  std::optional<RuleFinding> finding;
  int row = 0;
  Date row_from;
  for (Date start = CycleStart(terms.unit, span.run.from); start < span.run.to; start = NextCycle(terms.unit, start)) {
    const Date end = NextCycle(terms.unit, start);
    const Date from = std::max(start, span.run.from), to = std::min(end, span.run.to);
    if (AnyIn(evidence, from, to)) {
      row = 0;
      finding.reset();
    } else if (!finding && IsEligibleCycle(terms.unit, InstructionalDays(span, {start, end}))) {
      const bool completed = AnyIn(completions, from, to);
      if (completed && row == 0) row_from = from;
      row = completed ? row + 1 : 0;
      if (row == terms.cycles) finding = RuleFinding{.due = to - 1, .from = row_from};
    }
  }
  return finding;
}

std::optional<RuleFinding> ReviewOverdue(const RuleSpan& span, int days, std::span<const DayEntry> entries,
                                         std::optional<Date> last_review) {
  LEADLAG_CHECK(days >= 1);
  const std::optional<Date> first = FirstRecorded(span, entries);
  if (!first) return std::nullopt;
  std::optional<Date> oldest;  // since when the longest unreviewed record waits
  RuleFinding::Since oldest_since = RuleFinding::Since::kRecorded;
  uint64_t unreviewed = 0;
  for (const DayEntry& entry : entries) {
    if (!IsToBeReviewed(span, entry, *first)) continue;
    unreviewed += entry.count;
    const Date from = WaitsForReviewFrom(span, entry);
    if (oldest && *oldest < from) continue;
    const RuleFinding::Since since = from > WaitsSince(entry) ? RuleFinding::Since::kStart
                                     : entry.correction       ? RuleFinding::Since::kCorrected
                                                              : RuleFinding::Since::kRecorded;
    oldest_since = oldest == from ? std::max(oldest_since, since) : since;
    oldest = from;
  }
  std::optional<RuleFinding> finding;
  if (const std::optional<Date> due = oldest ? NthInRun(span, *oldest, days) : std::nullopt) {
    finding = RuleFinding{.due = *due, .from = *oldest, .by_signal = true, .since = oldest_since, .records = unreviewed};
  }
  if (const std::optional<DateRange> month = UnreviewedMonth(span, last_review, *first)) {
    const Date due = month->to - 1;
    if (due < span.run.to && (!finding || due < finding->due)) {
      finding = RuleFinding{.due = due, .from = std::max(month->from, span.run.from)};
    }
  }
  return finding;
}

bool Holds(const RuleSpan& span, Date due, Date judged) { return due < span.run.to && span.calendar->Between(due, judged) >= 1; }

Date CompletionOnlyEndsFrom(const RuleSpan& span, const CompletionOnlyTerms& terms, std::span<const Date> completions,
                            std::span<const Date> evidence, Date judged) {
  std::optional<RuleFinding> finding = CompletionOnly(span, terms, completions, evidence);
  LEADLAG_CHECK(finding && Holds(span, finding->due, judged));
  std::vector<Date> with(evidence.begin(), evidence.end());
  with.push_back(finding->from);
  for (Date cycle = CycleStart(terms.unit, finding->from);; cycle = NextCycle(terms.unit, cycle)) {
    const Date date = std::max(cycle, span.run.from);
    with.back() = date;
    std::vector<Date> sorted = with;
    std::sort(sorted.begin(), sorted.end());
    finding = CompletionOnly(span, terms, completions, sorted);
    if (!finding || !Holds(span, finding->due, judged)) return date;  // at the latest in the cycle that is judged
  }
}

ReviewThatEnds ReviewOverdueEndsWith(const RuleSpan& span, int days, std::span<const DayEntry> entries, std::optional<Date> last_review,
                                     Date judged) {
  const std::optional<Date> first = FirstRecorded(span, entries);
  LEADLAG_CHECK(first.has_value());
  ReviewThatEnds review;
  for (size_t i = 0; i < entries.size(); ++i) {
    const DayEntry& entry = entries[i];
    if (!IsToBeReviewed(span, entry, *first)) continue;
    const std::optional<Date> due = NthInRun(span, WaitsForReviewFrom(span, entry), days);
    if (!due || !Holds(span, *due, judged)) continue;
    review.covers.push_back(i);
    review.from = std::max({review.from, entry.event, entry.interpretation_start()});
  }
  while (true) {
    const std::optional<DateRange> month = UnreviewedMonth(span, last_review, *first);
    if (!month || !Holds(span, month->to - 1, judged)) return review;
    last_review = std::max(month->from, span.school_year.from);
    review.from = std::max(review.from, *last_review);
  }
}

std::optional<RuleFinding> CollectionSlow(const RuleSpan& span, const CollectionSlowTerms& terms, std::span<const DayEntry> entries) {
  LEADLAG_CHECK(terms.records >= 1 && terms.clear_percent <= terms.percent);
  const std::optional<Date> first_recorded = FirstRecorded(span, entries);
  if (!first_recorded) return std::nullopt;
  const auto counts = [&](const DayEntry& entry) {
    return span.run.Contains(entry.first_event()) && entry.first_event() >= *first_recorded && entry.recorded < span.run.to;
  };
  std::optional<Date> earliest, latest;  // of recording
  for (const DayEntry& entry : entries) {
    if (!counts(entry)) continue;
    earliest = Earlier(earliest, entry.recorded);
    if (!latest || *latest < entry.recorded) latest = entry.recorded;
  }
  if (!earliest) return std::nullopt;
  struct Recorded {
    uint64_t all = 0, slow = 0;
  };
  std::vector<Recorded> by_date(static_cast<size_t>(*latest - *earliest) + 1);  // from the earliest on
  for (const DayEntry& entry : entries) {
    if (!counts(entry)) continue;
    Recorded& recorded = by_date[static_cast<size_t>(entry.recorded - *earliest)];
    recorded.all += entry.count;
    if (span.calendar->Between(entry.first_event(), entry.known) > terms.days) recorded.slow += entry.count;
  }
  std::optional<RuleFinding> finding;
  Recorded last;  // of the dates from `first` to the one that is looked at
  auto first = by_date.begin();
  for (auto at = by_date.begin(); at != by_date.end(); ++at) {
    const Recorded& recorded = *at;
    if (recorded.all == 0) continue;
    const Date date = *earliest + static_cast<int>(at - by_date.begin());
    last.all += recorded.all;
    last.slow += recorded.slow;
    const auto wanted = static_cast<uint64_t>(terms.records);
    for (; last.all - first->all >= wanted; ++first) {
      last.all -= first->all;
      last.slow -= first->slow;
    }
    if (last.all < wanted) continue;
    const auto exceeds = [&last](int percent) { return last.slow * 100 > last.all * static_cast<uint64_t>(percent); };
    if (!finding && exceeds(terms.percent)) finding = RuleFinding{.due = date, .from = date};
    if (!finding) continue;
    finding->records = last.slow;
    finding->of = last.all;
    // The last date may not be over: what comes later on it must not bring back what it ended.
    if (date != *latest && !exceeds(terms.clear_percent)) finding.reset();
  }
  return finding;
}

std::optional<RuleFinding> ActionWithoutEvidence(const RuleSpan& span, int days, std::span<const ActionEvidence> actions) {
  LEADLAG_CHECK(days >= 1);
  std::optional<RuleFinding> finding;
  for (size_t i = 0; i < actions.size(); ++i) {
    const ActionEvidence& action = actions[i];
    if (action.last_leading) continue;
    const Date from = std::max(action.start, span.start);
    const std::optional<Date> due = NthInRun(span, from, days);
    if (!due || (action.end && *action.end <= *due) || (finding && finding->due <= *due)) continue;
    finding = RuleFinding{.due = *due, .from = from, .by_signal = action.start > span.start, .action = i};
  }
  return finding;
}

std::optional<RuleFinding> RunSignal(const RuleSpan& span, const RunSignalTerms& terms, std::span<const SeriesDay> days,
                                     std::optional<Date> first_recorded) {
  LEADLAG_CHECK(terms.unit != ChartUnit::kMonth);
  if (!first_recorded) return std::nullopt;
  const std::vector<RunPoint> points = RunPointsOf(days, terms.unit);
  std::vector<double> line;
  line.reserve(points.size());
  for (const RunPoint& point : points) line.push_back(point.value);
  ShrinkingRunChart shrinking(line, terms.baseline);
  // Of the points that are left; none where they make no signal.
  const auto signal_now = [&shrinking]() -> std::optional<RunChart> {
    const std::optional<RunChart> chart = shrinking.chart();
    return chart && (chart->shift() || chart->few_crossings()) ? chart : std::nullopt;
  };
  std::optional<RunChart> signal = signal_now();
  if (!signal && !line.empty()) {
    shrinking.DropLast();
    signal = signal_now();
  }
  if (!signal) return std::nullopt;
  size_t begun = shrinking.size();
  for (shrinking.DropLast(); signal_now(); shrinking.DropLast()) begun = shrinking.size();
  const Date due = points[begun - 1].dates.to - 1;
  if (due < *first_recorded || due >= span.run.to) return std::nullopt;
  return RuleFinding{.due = due, .from = points.front().dates.from, .chart = signal};
}

}  // namespace leadlag
