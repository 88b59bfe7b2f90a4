#include "tests/support/naive_rules.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>

#include "tests/support/naive_watch.h"

namespace leadlag {
namespace {

class RuledTeam {
 public:
  RuledTeam(const NaiveCalendar& calendar, const NaiveRun& run, const NaiveTeamFacts& facts)
      : calendar_(calendar), run_(run), facts_(facts) {}

  std::optional<Date> Due(const std::monostate&) const { return std::nullopt; }

  // Walks on from the start; each leading signal begins the count anew.
  std::optional<Date> Due(const LaggingOnlyTerms& terms) const {
    const bool lagging = AnyRecord([&](const NaiveRecord& r) {
      return r.role == IndicatorRole::kLagging && !r.completion && run_.year.bounds.Contains(r.event);
    });
    if (!lagging) return std::nullopt;
    int days = 0;
    std::optional<Date> due;
    for (Date d = *run_.start + 1; d < run_.year.bounds.to; d = d + 1) {
      if (calendar_.IsInstructional(d) && ++days == terms.days) due = d;
      const bool signal = AnyRecord([&](const NaiveRecord& r) {
        return r.role == IndicatorRole::kLeading && !r.completion && r.event == d;
      });
      if (signal) {
        days = 0;
        due.reset();
      }
    }
    return InRun(due);
  }

  // Of the cycles after the last one with evidence, the first so many in a row, of those that are eligible, with completions.
  std::optional<Date> Due(const CompletionOnlyTerms& terms) const {
    struct Cycle {
      DateRange dates;  // as far as the run has them
      bool eligible = false, completed = false, evidence = false;
    };
    std::vector<Cycle> cycles;
    const auto begins = [&](Date d) { return terms.unit == CycleUnit::kIsoWeek ? d.weekday() == Weekday::kMonday : d == d.StartOfMonth(); };
    for (Date d = run_.dates.from; d < run_.dates.to; d = d + 1) {
      if (cycles.empty() || begins(d)) cycles.push_back({{d, d}});
      cycles.back().dates.to = d + 1;
    }
    for (Cycle& cycle : cycles) {
      cycle.eligible = InstructionalDays(cycle.dates) >= (terms.unit == CycleUnit::kIsoWeek ? 3 : 5);
      cycle.completed = AnyRecord([&](const NaiveRecord& r) { return r.completion && cycle.dates.Contains(r.event); });
      cycle.evidence = AnyRecord([&](const NaiveRecord& r) {
        return !r.completion && cycle.dates.Contains(r.event);
      });
    }
    const auto last = std::find_if(cycles.rbegin(), cycles.rend(), [](const Cycle& c) { return c.evidence; });
    cycles.erase(cycles.begin(), last.base());
    std::erase_if(cycles, [](const Cycle& c) { return !c.eligible; });
    const auto wanted = static_cast<size_t>(terms.cycles);
    for (size_t i = 0; i + wanted <= cycles.size(); ++i) {
      const auto from = cycles.begin() + static_cast<std::ptrdiff_t>(i), to = from + terms.cycles;
      if (std::all_of(from, to, [](const Cycle& c) { return c.completed; })) return (to - 1)->dates.to - 1;
    }
    return std::nullopt;
  }

  std::optional<Date> Due(const ReviewOverdueTerms& terms) const {
    std::optional<Date> due;
    const auto take = [&](std::optional<Date> date) {
      if (date && (!due || *date < *due)) due = date;
    };
    const std::optional<Date> first = FirstRecorded();
    if (!first) return std::nullopt;
    for (const NaiveRecord& record : facts_.records) {
      if (record.completion || !run_.year.bounds.Contains(record.event) || record.event < *first || IsReviewed(record)) continue;
      take(InRun(calendar_.NthAfter(std::max(*run_.start, record.corrected_on.value_or(record.recorded)), terms.days)));
    }
    for (Date month = run_.dates.from.StartOfMonth(); month < run_.dates.to; month = month.StartOfNextMonth()) {
      const DateRange dates{month, month.StartOfNextMonth()};
      const bool reviewed = std::any_of(facts_.reviews.begin(), facts_.reviews.end(), [&](const NaiveReview& review) {
        return review.date >= month && run_.year.bounds.Contains(review.date);
      });
      if (reviewed || InstructionalDays(dates) < 5 || dates.to <= *first) continue;
      take(InRun(dates.to - 1));
      break;
    }
    return due;
  }

  std::optional<Date> Due(const ActionWithoutEvidenceTerms& terms) const {
    std::optional<Date> earliest;
    for (const NaiveAction& action : facts_.actions) {
      const bool told = AnyRecord([&](const NaiveRecord& r) {
        const bool linked = std::find(action.indicators.begin(), action.indicators.end(), r.indicator) != action.indicators.end();
        return linked && r.role == IndicatorRole::kLeading && !r.completion && r.event > action.start &&
               r.event < run_.year.bounds.to;
      });
      if (told) continue;
      Date day = std::max(action.start, *run_.start);
      for (int days = 0; days < terms.days && day < run_.dates.to;) {
        day = day + 1;
        days += calendar_.IsInstructional(day) ? 1 : 0;
      }
      if (day >= run_.dates.to || (action.end && *action.end <= day)) continue;
      if (!earliest || day < *earliest) earliest = day;
    }
    return earliest;
  }

  // Lives through the points.
  std::optional<Date> Due(const RunSignalTerms& terms) const {
    struct Point {
      double sum = 0, of = 0;
    };
    std::map<Date, Point> points;  // by last date
    std::optional<Date> first;
    for (const NaiveRecord& record : facts_.records) {
      if (record.indicator != terms.indicator) continue;
      if (run_.year.bounds.Contains(record.event) && (!first || record.recorded < *first)) first = record.recorded;
      if (!run_.dates.Contains(record.event)) continue;
      Date last = record.event;
      while (terms.unit == ChartUnit::kWeek && last.weekday() != Weekday::kSunday) last = last + 1;
      points[last].sum += record.value;
      points[last].of += record.of;
    }
    std::optional<Date> due;
    std::vector<double> line;
    for (const auto& [last, point] : points) {
      line.push_back(point.sum / point.of);
      const bool signal = MakeASignal(line, terms.baseline);
      if (signal && !due) due = last;
      if (!signal && line.size() < points.size()) due.reset();
    }
    return due && *due >= *first ? InRun(due) : std::nullopt;
  }

  // Lives through the recording dates.
  std::optional<Date> Due(const CollectionSlowTerms& terms) const {
    const std::optional<Date> first = FirstRecorded();
    std::vector<NaiveRecord> records;
    for (const NaiveRecord& record : facts_.records) {
      if (record.completion || !run_.dates.Contains(record.first_event) || record.first_event < *first) continue;
      if (record.recorded < run_.dates.to) records.push_back(record);
    }
    std::sort(records.begin(), records.end(), [](const NaiveRecord& a, const NaiveRecord& b) { return a.recorded < b.recorded; });
    std::optional<Date> due;
    for (size_t end = 1; end <= records.size(); ++end) {
      if (end < records.size() && records[end].recorded == records[end - 1].recorded) continue;
      // Back to where there are enough, and to the beginning of that date.
      size_t begin = end;
      while (begin > 0 && (end - begin < static_cast<size_t>(terms.records) ||
                           (begin < end && records[begin - 1].recorded == records[begin].recorded))) {
        --begin;
      }
      if (end - begin < static_cast<size_t>(terms.records)) continue;
      int slow = 0;
      for (size_t i = begin; i < end; ++i) slow += calendar_.Between(records[i].first_event, records[i].known) > terms.days ? 1 : 0;
      const double percent = 100.0 * slow / static_cast<double>(end - begin);
      if (!due && percent > terms.percent) due = records[end - 1].recorded;
      if (due && percent <= terms.clear_percent && end < records.size()) due.reset();
    }
    return due;
  }

 private:
  template <typename Is>
  bool AnyRecord(Is is) const {
    return std::any_of(facts_.records.begin(), facts_.records.end(), is);
  }
  static bool MakeASignal(const std::vector<double>& line, std::optional<double> baseline) {
    std::vector<double> sorted = line;
    std::sort(sorted.begin(), sorted.end());
    const double centre = baseline.value_or((sorted[(sorted.size() - 1) / 2] + sorted[sorted.size() / 2]) / 2);
    std::string sides;
    for (const double value : line) {
      if (value != centre) sides += value > centre ? '+' : '-';
    }
    const int n = static_cast<int>(sides.size());
    if (n < 10) return false;
    int crossings = 0, row = 1, longest = 1;
    for (size_t i = 1; i < sides.size(); ++i) {
      row = sides[i] == sides[i - 1] ? row + 1 : 1;
      longest = std::max(longest, row);
      crossings += sides[i] == sides[i - 1] ? 0 : 1;
    }
    if (longest > std::lround(std::log2(n)) + 3) return true;
    // How likely so few crossings are, and fewer: above a twentieth they are no signal. One term after the other.
    double likely = 0, term = std::pow(0.5, n - 1);
    for (int k = 0; k <= crossings; ++k) {
      likely += term;
      term = term * (n - 1 - k) / (k + 1);
    }
    return likely < 0.05;
  }
  // Of the school year's records.
  std::optional<Date> FirstRecorded() const {
    std::optional<Date> first;
    for (const NaiveRecord& record : facts_.records) {
      if (record.completion || !run_.year.bounds.Contains(record.event)) continue;
      if (!first || record.recorded < *first) first = record.recorded;
    }
    return first;
  }
  std::optional<Date> InRun(std::optional<Date> date) const { return date && *date < run_.dates.to ? date : std::nullopt; }
  int InstructionalDays(DateRange dates) const {
    int days = 0;
    for (Date d = dates.from; d < dates.to; d = d + 1) days += run_.dates.Contains(d) && calendar_.IsInstructional(d) ? 1 : 0;
    return days;
  }
  // By a review of its indicator that was entered after it stood so, and held when it had happened and was known.
  bool IsReviewed(const NaiveRecord& record) const {
    return std::any_of(facts_.reviews.begin(), facts_.reviews.end(), [&](const NaiveReview& review) {
      const bool names_it = std::find(review.indicators.begin(), review.indicators.end(), record.indicator) != review.indicators.end();
      return names_it && record.event <= review.date && record.corrected_on.value_or(record.known) <= review.date &&
             record.stands_since < review.recorded;
    });
  }

  const NaiveCalendar& calendar_;
  const NaiveRun& run_;
  const NaiveTeamFacts& facts_;
};

}  // namespace

namespace {

// Day by day: so many on which the service ran.
std::optional<Date> NaiveSilenceDue(const NaiveCalendar& calendar, const NaiveRun& run, const NaiveSource& source) {
  Date day = *run.start;
  if (source.heard && *source.heard > day) day = *source.heard;
  for (int counted = 0; counted < source.every_days;) {
    day = day + 1;
    if (day >= run.dates.to) return std::nullopt;
    const bool deaf = std::find(source.deaf.begin(), source.deaf.end(), day) != source.deaf.end();
    if (calendar.IsInstructional(day) && !deaf) ++counted;
  }
  return day;
}

}  // namespace

std::optional<Date> NaiveRuleDue(const NaiveCalendar& calendar, const NaiveRun& run, const NaiveTeamFacts& facts) {
  if (run.start && facts.source) return NaiveSilenceDue(calendar, run, *facts.source);
  if (!run.start || !facts.rule) return std::nullopt;
  const RuledTeam team(calendar, run, facts);
  return std::visit([&](const auto& terms) { return team.Due(terms); }, facts.rule->terms);
}

}  // namespace leadlag
