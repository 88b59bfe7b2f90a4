#include "tests/support/naive_cadence.h"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "tests/support/naive_watch.h"

namespace leadlag {
namespace {

// Records with the same school year and k, in the window; `last` is the latest of their dates.
struct SignalDate {
  Date year_from;
  int k;
  Date first, last;
};

std::vector<SignalDate> SignalDates(const NaiveCalendar& calendar, DateRange window, const std::vector<Date>& signals) {
  std::vector<SignalDate> dates;
  for (Date d = window.from; d < window.to; d = d + 1) {
    if (std::find(signals.begin(), signals.end(), d) == signals.end()) continue;
    const std::optional<NaiveCalendar::Year> year = calendar.YearOf(d);
    if (!year) continue;  // waits, uncounted, until a calendar covers it
    const int k = calendar.CountThrough(d);
    if (!dates.empty() && dates.back().year_from == year->bounds.from && dates.back().k == k) {
      dates.back().last = d;
    } else {
      dates.push_back({year->bounds.from, k, d, d});
    }
  }
  return dates;
}

std::optional<Date> LatestIn(DateRange range, const std::vector<Date>& signals) {
  std::optional<Date> last;
  for (Date d : signals) {
    if (range.Contains(d) && (!last || *last < d)) last = d;
  }
  return last;
}

// What came after a window that lies in the past is not of it.
std::vector<Date> Before(Date to, const std::vector<Date>& signals) {
  std::vector<Date> before;
  for (Date d : signals) {
    if (d < to) before.push_back(d);
  }
  return before;
}

// Keeps the longest; at equal length the kind that comes first, then the earliest.
void Consider(std::optional<Silence>& longest, Silence silence) {
  const auto rank = [](const Silence& s) { return std::tuple(-s.days, s.kind, s.after); };
  if (!longest || rank(silence) < rank(*longest)) longest = silence;
}

std::optional<Silence> LongestSilence(const NaiveCadenceInput& input, Date yesterday,
                                      const std::vector<SignalDate>& dates, const Cadence& cadence) {
  const NaiveCalendar& calendar = *input.calendar;
  std::optional<Silence> longest;
  bool any_part = false;
  for (const NaiveCalendar::Year& year : calendar.years()) {
    // The part of the year in the window, up to yesterday.
    const Date from = std::max(year.bounds.from, input.window.from);
    const Date through = std::min({year.bounds.to - 1, input.window.to - 1, yesterday});
    if (through < from) continue;
    any_part = true;
    std::optional<Date> first, last;
    for (const SignalDate& date : dates) {
      if (date.year_from != year.bounds.from) continue;
      if (!first) first = date.first;
      last = date.last;
    }
    const Date silent_through = first ? std::min(*first, through) : through;
    Consider(longest, {SilenceKind::kStart, calendar.Between(from - 1, silent_through), from - 1, silent_through});
    if (last && *last <= through)
      Consider(longest, {SilenceKind::kEnd, calendar.Between(*last, through), *last, through});
  }
  if (!any_part) return std::nullopt;
  for (size_t i = 1; i < dates.size(); ++i) {
    if (dates[i - 1].year_from != dates[i].year_from) continue;
    Consider(longest, {SilenceKind::kGap, dates[i].k - dates[i - 1].k, dates[i - 1].last, dates[i].first});
  }
  if (const std::optional<NaiveCalendar::Year> year = calendar.YearOf(yesterday)) {
    const std::optional<Date> last = LatestIn(year->bounds, Before(input.window.to, input.signals));
    const Date after = last ? *last : std::max(input.window.from, year->bounds.from) - 1;
    Consider(longest, {SilenceKind::kOpen, cadence.open_gap, std::min(after, yesterday), yesterday});
  }
  return longest;
}

bool IsActive(const NaiveCadenceInput& input, Date d) {
  return std::any_of(input.active.begin(), input.active.end(),
                     [&](const ActivePeriod& period) { return period.Contains(d); });
}

CycleCadence Cycles(const NaiveCadenceInput& input, Date today, const std::vector<Date>& counted, CycleUnit unit) {
  CycleCadence cycles;
  const auto start_of = [&](Date d) { return unit == CycleUnit::kIsoWeek ? d.StartOfIsoWeek() : d.StartOfMonth(); };
  const auto next = [&](Date start) { return unit == CycleUnit::kIsoWeek ? start + 7 : start.StartOfNextMonth(); };
  for (Date start = start_of(input.window.from); start < input.window.to; start = next(start)) {
    int instructional_days = 0;
    bool covered = false;
    for (Date d = start; d < next(start); d = d + 1) {
      if (!input.window.Contains(d)) continue;
      if (input.calendar->IsInstructional(d) && IsActive(input, d)) ++instructional_days;
      covered = covered || std::find(counted.begin(), counted.end(), d) != counted.end();
    }
    if (instructional_days < (unit == CycleUnit::kIsoWeek ? 3 : 5)) continue;
    const bool over = next(start) <= today;
    if (!over && !covered) continue;
    ++cycles.eligible;
    if (covered) {
      ++cycles.covered;
      ++cycles.streak;
    } else {
      cycles.streak = 0;
    }
  }
  return cycles;
}

void OnTrackShare(const NaiveCadenceInput& input, Date yesterday, Cadence& cadence) {
  const WatchTerms& terms = *input.watch;
  for (Date d = input.window.from; d < input.window.to && d <= yesterday; d = d + 1) {
    if (!input.calendar->IsInstructional(d)) continue;
    const std::optional<NaiveRun> run = NaiveRunOn(*input.calendar, input.active, terms.from, d);
    if (!run) continue;
    std::vector<Date> by_then;
    for (Date signal : input.signals) {
      if (signal <= d) by_then.push_back(signal);
    }
    const std::optional<Date> due = NaiveDue(*input.calendar, *run, terms, by_then);
    ++cadence.watched_days;
    if (!due || d <= *due) ++cadence.on_track_days;
  }
}

}  // namespace

int NaiveNearestRank(std::vector<int> values, int percent) {
  std::sort(values.begin(), values.end());
  size_t rank = 1;
  while (rank * 100 < values.size() * static_cast<size_t>(percent)) ++rank;
  return values[rank - 1];
}

int NaiveOpenGap(const NaiveCalendar& calendar, const std::vector<Date>& signals, Date window_from, Date yesterday) {
  const std::optional<NaiveCalendar::Year> year = calendar.YearOf(yesterday);
  if (!year) return 0;
  const std::optional<Date> last = LatestIn(year->bounds, signals);
  return std::max(0, calendar.Between(last ? *last : std::max(window_from, year->bounds.from) - 1, yesterday));
}

Cadence NaiveCadence(const NaiveCadenceInput& input) {
  const NaiveCalendar& calendar = *input.calendar;
  const Date today = std::min(input.today, input.window.to);
  const Date yesterday = today - 1;
  const std::vector<SignalDate> dates = SignalDates(calendar, input.window, input.signals);

  Cadence cadence;
  cadence.signal_dates = static_cast<int>(dates.size());
  cadence.lagging_signal_dates = static_cast<int>(SignalDates(calendar, input.window, input.lagging_signals).size());
  for (size_t i = 1; i < dates.size(); ++i) {
    if (dates[i - 1].year_from == dates[i].year_from) cadence.gaps.push_back(dates[i].k - dates[i - 1].k);
  }
  if (!cadence.gaps.empty()) {
    cadence.median_gap = NaiveNearestRank(cadence.gaps, 50);
    cadence.p90_gap = NaiveNearestRank(cadence.gaps, 90);
  }
  cadence.open_gap = NaiveOpenGap(calendar, Before(input.window.to, input.signals), input.window.from, yesterday);
  if (!dates.empty()) cadence.last_signal = dates.back().last;
  cadence.longest_silence = LongestSilence(input, yesterday, dates, cadence);

  std::vector<Date> counted;
  for (Date d : input.signals) {
    if (calendar.YearOf(d)) counted.push_back(d);
  }
  cadence.weeks = Cycles(input, today, counted, CycleUnit::kIsoWeek);
  cadence.months = Cycles(input, today, counted, CycleUnit::kMonth);
  if (input.watch) OnTrackShare(input, yesterday, cadence);

  if (cadence.gaps.size() >= 5) {
    double sum = 0, squares = 0;
    for (int gap : cadence.gaps) sum += gap;
    const double mean = sum / static_cast<double>(cadence.gaps.size());
    for (int gap : cadence.gaps) squares += (gap - mean) * (gap - mean);
    const double sigma = std::sqrt(squares / static_cast<double>(cadence.gaps.size()));
    cadence.burstiness = (sigma - mean) / (sigma + mean);
  }
  return cadence;
}

}  // namespace leadlag
