#include "core/cadence.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

#include "core/check.h"

namespace leadlag {
namespace {

constexpr size_t kBurstinessGapsMin = 5;

// One signal date: all records with the same school year and k.
struct SignalDate {
  Date date;  // the earliest of them
  const SchoolYear* year;
  int k;
};

// The part of ascending dates that lies in the range.
std::span<const Date> DatesIn(std::span<const Date> dates, DateRange range) {
  const auto begin = std::lower_bound(dates.begin(), dates.end(), range.from);
  const auto end = std::lower_bound(begin, dates.end(), std::max(range.from, range.to));
  return {begin, end};
}

DateRange Intersection(DateRange a, DateRange b) { return {std::max(a.from, b.from), std::min(a.to, b.to)}; }

// The instructional days in a range; 0 where it is empty or turned around.
int DaysIn(const Calendar& calendar, DateRange range) {
  return range.from < range.to ? calendar.Between(range.from - 1, range.to - 1) : 0;
}

// Those that count: dates in the range for which the calendar has a school year. Still ascending, with repeats.
std::vector<Date> Counted(const Calendar& calendar, std::span<const Date> signals, DateRange range) {
  std::vector<Date> counted;
  for (const Date date : DatesIn(signals, range)) {
    if (calendar.YearOf(date) != nullptr) counted.push_back(date);
  }
  return counted;
}

// REQUIRES: `counted` as Counted returns it.
std::vector<SignalDate> SignalDates(const Calendar& calendar, const std::vector<Date>& counted) {
  std::vector<SignalDate> signal_dates;
  for (const Date date : counted) {
    const SignalDate next{date, calendar.YearOf(date), calendar.CountThrough(date)};
    const bool same = !signal_dates.empty() && signal_dates.back().year == next.year && signal_dates.back().k == next.k;
    if (!same) signal_dates.push_back(next);
  }
  return signal_dates;
}

// The gaps as silences, in order of time.
std::vector<Silence> GapsBetween(const std::vector<SignalDate>& dates) {
  std::vector<Silence> gaps;
  for (size_t i = 1; i < dates.size(); ++i) {
    if (dates[i - 1].year != dates[i].year) continue;
    gaps.push_back({SilenceKind::kGap, dates[i].k - dates[i - 1].k, dates[i - 1].date, dates[i].date});
  }
  return gaps;
}

// The open gap, of which cadence.h's OpenGap is the days; none where yesterday lies in no school year.
std::optional<Silence> OpenSilence(const Calendar& calendar, std::span<const Date> signals, Date window_from,
                                   Date yesterday) {
  const SchoolYear* year = calendar.YearOf(yesterday);
  if (year == nullptr) return std::nullopt;
  Date after = std::max(window_from, year->bounds.from) - 1;
  if (const std::span<const Date> in_year = DatesIn(signals, year->bounds); !in_year.empty()) {
    const int k = calendar.CountThrough(in_year.back());
    after = *std::partition_point(in_year.begin(), in_year.end(),
                                  [&](Date date) { return calendar.CountThrough(date) < k; });
  }
  after = std::min(after, yesterday);  // a signal today or tomorrow leaves nothing open
  return Silence{SilenceKind::kOpen, calendar.Between(after, yesterday), after, yesterday};
}

// Appends the silences at the two ends of one school year. REQUIRES: the year has dates in the window before today.
void AppendYearEnds(const Calendar& calendar, const SchoolYear& year, Date window_from, Date yesterday,
                    const std::vector<SignalDate>& dates, std::vector<Silence>& silences) {
  const Date before = std::max(window_from, year.bounds.from) - 1;
  const Date last_date = std::min(year.bounds.to - 1, yesterday);
  const SignalDate* first = nullptr;
  const SignalDate* last = nullptr;
  for (const SignalDate& date : dates) {
    if (date.year != &year) continue;
    if (first == nullptr) first = &date;
    last = &date;
  }
  const Date through = first == nullptr ? last_date : std::min(first->date, last_date);
  silences.push_back({SilenceKind::kStart, calendar.Between(before, through), before, through});
  // A year that is not over ends in the open gap instead.
  if (last != nullptr && !year.bounds.Contains(yesterday)) {
    silences.push_back({SilenceKind::kEnd, calendar.Between(last->date, last_date), last->date, last_date});
  }
}

// True where a is the longer one, or wins the tie.
bool Outlasts(const Silence& a, const Silence& b) {
  if (a.days != b.days) return a.days > b.days;
  return std::pair(a.kind, a.after) < std::pair(b.kind, b.after);
}

std::optional<Silence> LongestSilence(const CadenceInput& input, Date yesterday, const std::vector<SignalDate>& dates,
                                      std::vector<Silence> silences, const std::optional<Silence>& open) {
  bool any_year = false;
  for (const SchoolYear& year : input.calendar->years()) {
    const DateRange passed = Intersection(year.bounds, {input.window.from, yesterday + 1});
    if (passed.from >= passed.to) continue;
    any_year = true;
    AppendYearEnds(*input.calendar, year, input.window.from, yesterday, dates, silences);
  }
  if (!any_year) return std::nullopt;
  if (open) silences.push_back(*open);
  return *std::min_element(silences.begin(), silences.end(), Outlasts);
}

std::optional<double> Burstiness(const std::vector<int>& gaps) {
  if (gaps.size() < kBurstinessGapsMin) return std::nullopt;
  const double n = static_cast<double>(gaps.size());
  double sum = 0;
  for (const int gap : gaps) sum += gap;
  const double mean = sum / n;
  double squares = 0;
  for (const int gap : gaps) squares += (gap - mean) * (gap - mean);
  const double sigma = std::sqrt(squares / n);
  return (sigma - mean) / (sigma + mean);  // a gap is at least 1, so the sum is never 0
}

bool IsEligible(const CadenceInput& input, CycleUnit unit, DateRange part) {
  int days = 0;
  for (const ActivePeriod& period : *input.active) {
    days += DaysIn(*input.calendar, Intersection(part, {period.active_from, period.active_to.value_or(part.to)}));
  }
  return IsEligibleCycle(unit, days);
}

CycleCadence CyclesOf(const CadenceInput& input, CycleUnit unit, Date today, const std::vector<Date>& counted) {
  CycleCadence cycles;
  const std::vector<SchoolYear>& years = input.calendar->years();
  if (years.empty()) return cycles;
  // No date outside the school years makes a cycle eligible, and a window may be much longer than they are.
  const DateRange dates = Intersection(input.window, {years.front().bounds.from, years.back().bounds.to});
  for (Date start = CycleStart(unit, dates.from); start < dates.to; start = NextCycle(unit, start)) {
    const Date end = NextCycle(unit, start);
    const DateRange part = Intersection({start, end}, dates);
    if (!IsEligible(input, unit, part)) continue;
    const bool covered = !DatesIn(counted, part).empty();
    if (!covered && end > today) continue;  // not over: a signal may yet come
    ++cycles.eligible;
    cycles.covered += covered ? 1 : 0;
    cycles.streak = covered ? cycles.streak + 1 : 0;
  }
  return cycles;
}

// Adds the watch's days in one run, of which `judged` is the part that is asked for. They are counted from one signal
// to the next without walking them, since d <= due(d) means k(d) <= max(k(s) + E + A, k(last signal dated <= d) + E)
// for every d in the run. A due date past the year's last day needs no care: no d of the run lies beyond it.
void AddRunDays(const CadenceInput& input, DateRange run, DateRange judged, std::span<const Date> year_signals,
                Cadence& cadence) {
  const Calendar& calendar = *input.calendar;
  const int64_t every = input.watch->every_days;
  int64_t due_k = calendar.CountThrough(run.from - 1) + every + input.watch->allowance_days;
  Date from = judged.from;  // judged up to here
  const auto judge_until = [&](Date to) {
    if (to <= from) return;
    const int before = calendar.CountThrough(from - 1);
    const int through = calendar.CountThrough(to - 1);
    cadence.watched_days += through - before;
    cadence.on_track_days += static_cast<int>(std::clamp<int64_t>(due_k - before, 0, through - before));
    from = to;
  };
  for (const Date signal : year_signals) {
    if (signal >= judged.to) break;
    judge_until(signal);
    due_k = std::max(due_k, calendar.CountThrough(signal) + every);
  }
  judge_until(judged.to);
}

// on_track_days and watched_days, over the runs (watch.h) of every school year up to yesterday.
void AddOnTrackShare(const CadenceInput& input, Date today, Cadence& cadence) {
  for (const SchoolYear& year : input.calendar->years()) {
    if (!year.first_day) continue;
    const DateRange taught{std::max(*year.first_day, input.watch->from), *year.last_day + 1};
    const std::span<const Date> year_signals = DatesIn(input.signals, year.bounds);
    for (const ActivePeriod& period : *input.active) {
      const DateRange run = Intersection(taught, {period.active_from, period.active_to.value_or(taught.to)});
      const DateRange judged = Intersection(run, {input.window.from, today});
      if (judged.from < judged.to) AddRunDays(input, run, judged, year_signals, cadence);
    }
  }
}

}  // namespace

int NearestRank(const std::vector<int>& sorted, int percent) {
  LEADLAG_CHECK(!sorted.empty() && percent >= 1 && percent <= 100);
  const size_t rank = (sorted.size() * static_cast<size_t>(percent) + 99) / 100;
  return sorted[rank - 1];
}

int OpenGap(const Calendar& calendar, const std::vector<Date>& signals, Date window_from, Date yesterday) {
  const std::optional<Silence> open = OpenSilence(calendar, signals, window_from, yesterday);
  return open ? open->days : 0;
}

Cadence ComputeCadence(const CadenceInput& input) {
  Cadence cadence;
  const auto& [from, to] = input.window;
  if (from >= to || from > input.today) return cadence;
  const Calendar& calendar = *input.calendar;
  const Date today = std::min(input.today, to);

  const std::vector<Date> counted = Counted(calendar, input.signals, input.window);
  const std::vector<SignalDate> dates = SignalDates(calendar, counted);
  const std::vector<Date> lagging = Counted(calendar, input.lagging_signals, input.window);
  cadence.signal_dates = static_cast<int>(dates.size());
  cadence.lagging_signal_dates = static_cast<int>(SignalDates(calendar, lagging).size());
  if (!counted.empty()) cadence.last_signal = *std::max_element(counted.begin(), counted.end());

  const std::vector<Silence> gaps = GapsBetween(dates);
  for (const Silence& gap : gaps) cadence.gaps.push_back(gap.days);
  if (!gaps.empty()) {
    std::vector<int> sorted = cadence.gaps;
    std::sort(sorted.begin(), sorted.end());
    cadence.median_gap = NearestRank(sorted, 50);
    cadence.p90_gap = NearestRank(sorted, 90);
  }
  cadence.burstiness = Burstiness(cadence.gaps);

  const std::optional<Silence> open = OpenSilence(calendar, DatesIn(input.signals, {Date::Min(), to}), from, today - 1);
  if (open) cadence.open_gap = open->days;
  cadence.longest_silence = LongestSilence(input, today - 1, dates, gaps, open);
  cadence.weeks = CyclesOf(input, CycleUnit::kIsoWeek, today, counted);
  cadence.months = CyclesOf(input, CycleUnit::kMonth, today, counted);
  if (input.watch) AddOnTrackShare(input, today, cadence);
  return cadence;
}

}  // namespace leadlag
