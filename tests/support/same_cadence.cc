#include "tests/support/same_cadence.h"

#include <cmath>
#include <sstream>

namespace leadlag {
namespace {

std::string Text(int value) { return std::to_string(value); }
std::string Text(double value) { return std::to_string(value); }
std::string Text(Date date) { return date.ToString(); }
std::string Text(const Silence& silence) {
  return std::to_string(silence.days) + " of kind " + std::to_string(static_cast<int>(silence.kind)) + " (" +
         silence.after.ToString() + ", " + silence.through.ToString() + "]";
}
template <typename T>
std::string Text(const std::optional<T>& value) {
  return value ? Text(*value) : "none";
}
std::string Text(const std::vector<int>& values) {
  std::string text = "[";
  for (int value : values) text += " " + std::to_string(value);
  return text + " ]";
}
bool SameSilence(const NaiveCalendar& calendar, const std::optional<Silence>& a, const std::optional<Silence>& b) {
  if (!a || !b) return a.has_value() == b.has_value();
  return a->days == b->days && a->kind == b->kind &&
         calendar.CountThrough(a->after) == calendar.CountThrough(b->after) &&
         calendar.CountThrough(a->through) == calendar.CountThrough(b->through);
}

}  // namespace

CadenceInput CoreInput(const NaiveCadenceInput& input, const Calendar& calendar) {
  CadenceInput core;
  core.calendar = &calendar;
  core.window = input.window;
  core.today = input.today;
  core.active = &input.active;
  core.signals = input.signals;
  core.lagging_signals = input.lagging_signals;
  core.watch = input.watch;
  return core;
}

std::string CadenceDifference(const NaiveCalendar& calendar, const Cadence& naive, const Cadence& core) {
  std::string difference;
  const auto compare = [&](const char* metric, const auto& a, const auto& b, bool same) {
    if (!same) difference += std::string(metric) + ": naive " + Text(a) + ", core " + Text(b) + "\n";
  };
  const auto equal = [&](const char* metric, const auto& a, const auto& b) { compare(metric, a, b, a == b); };
  equal("signal dates", naive.signal_dates, core.signal_dates);
  equal("lagging signal dates", naive.lagging_signal_dates, core.lagging_signal_dates);
  equal("gaps", naive.gaps, core.gaps);
  equal("median gap", naive.median_gap, core.median_gap);
  equal("p90 gap", naive.p90_gap, core.p90_gap);
  equal("open gap", naive.open_gap, core.open_gap);
  equal("last signal", naive.last_signal, core.last_signal);
  compare("longest silence", naive.longest_silence, core.longest_silence,
          SameSilence(calendar, naive.longest_silence, core.longest_silence));
  equal("weeks covered", naive.weeks.covered, core.weeks.covered);
  equal("weeks eligible", naive.weeks.eligible, core.weeks.eligible);
  equal("weeks streak", naive.weeks.streak, core.weeks.streak);
  equal("months covered", naive.months.covered, core.months.covered);
  equal("months eligible", naive.months.eligible, core.months.eligible);
  equal("months streak", naive.months.streak, core.months.streak);
  equal("on-track days", naive.on_track_days, core.on_track_days);
  equal("watched days", naive.watched_days, core.watched_days);
  compare("burstiness", naive.burstiness, core.burstiness,
          naive.burstiness.has_value() == core.burstiness.has_value() &&
              (!naive.burstiness || std::abs(*naive.burstiness - *core.burstiness) < 1e-12));
  return difference;
}

std::string Describe(const NaiveCadenceInput& input, const std::vector<NaiveCalendar::Part>& parts) {
  std::ostringstream out;
  out << "window [" << input.window.from.ToString() << ", " << input.window.to.ToString() << "), today "
      << input.today.ToString() << "\nsignals";
  for (Date d : input.signals) out << " " << d.ToString();
  out << "\nactive";
  for (const ActivePeriod& period : input.active)
    out << " [" << period.active_from.ToString() << ", " << Text(period.active_to) << ")";
  if (input.watch) {
    out << "\nwatch E=" << input.watch->every_days << " A=" << input.watch->allowance_days << " from "
        << input.watch->from.ToString();
  }
  for (const NaiveCalendar::Part& part : parts) out << "\ncalendar from " << part.from.ToString();
  out << "\nyears";
  const NaiveCalendar calendar(parts);
  for (const NaiveCalendar::Year& year : calendar.years()) {
    out << " [" << year.bounds.from.ToString() << ", " << year.bounds.to.ToString() << ")";
  }
  out << "\ninstructional";
  for (const NaiveCalendar::Year& year : calendar.years()) {
    for (Date d = year.bounds.from; d < year.bounds.to; d = d + 1) {
      if (calendar.IsInstructional(d)) out << " " << d.ToString().substr(5);
    }
  }
  out << "\n";
  return out.str();
}

}  // namespace leadlag
