// One watch over a day row of 100 records: what evidence and a tick ask of it.
#include "core/watch.h"

#include <algorithm>

#include "benchmark/benchmark.h"
#include "core/check.h"
#include "tests/benchmark/micro/school_year.h"

namespace leadlag::micro {
namespace {

// A watch in the middle of the school year, with what it depends on.
class Midyear {
 public:
  Midyear() {
    world_.calendar = OneTeam().calendar.get();
    world_.zone = &NewYork();
    world_.active = &OneTeam().active;
    world_.terms.from = OneTeam().year.from;
  }

  const WatchWorld& world() const { return world_; }
  Instant now() const { return Noon(kDay); }
  // Every record of the year until `before`, as the district's rows have them.
  std::optional<Date> LastSignal(DateRange range, Date before) const {
    return OneTeam().rows[0].LastEventIn({range.from, std::min(range.to, before)});
  }
  // The watch as it has become by now, when the last record is from before `before`.
  Watch Become(Date before) const {
    const auto last_signal = [&](DateRange range) { return LastSignal(range, before); };
    std::vector<WatchFlip> flips;
    Watch watch = NewWatch(Noon(OneTeam().year.from - 1));
    Reconsider(world_, last_signal, Noon(OneTeam().year.from - 1), WatchCause::kChange, watch, flips);
    Advance(world_, last_signal, now(), /*hold=*/false, watch, flips);
    return watch;
  }

  static Instant Noon(Date date) { return NewYork().At(date, MinuteOfDay{720}); }
  static inline const Date kDay = Date::FromYmd(2026, 2, 12);

 private:
  WatchWorld world_;
};

// A record of today for a watch that was on track: the due date moves on.
void WatchReconsiderOnTrack(::benchmark::State& state) {
  const Midyear midyear;
  const Watch before = midyear.Become(Midyear::kDay - 7);
  LEADLAG_CHECK(before.state == WatchState::kOnTrack);
  const auto last_signal = [&](DateRange range) { return midyear.LastSignal(range, Midyear::kDay + 1); };
  std::vector<WatchFlip> flips;
  for (auto _ : state) {
    Watch watch = before;
    flips.clear();
    Reconsider(midyear.world(), last_signal, midyear.now(), WatchCause::kEvidence, watch, flips);
    ::benchmark::DoNotOptimize(watch);
  }
}
BENCHMARK(WatchReconsiderOnTrack);

// The same for one that was late: a flip, RESOLVED.
void WatchReconsiderResolved(::benchmark::State& state) {
  const Midyear midyear;
  const Watch before = midyear.Become(Midyear::kDay - 28);
  LEADLAG_CHECK(HasAlert(before.state));
  const auto last_signal = [&](DateRange range) { return midyear.LastSignal(range, Midyear::kDay + 1); };
  std::vector<WatchFlip> flips;
  for (auto _ : state) {
    Watch watch = before;
    flips.clear();
    Reconsider(midyear.world(), last_signal, midyear.now(), WatchCause::kEvidence, watch, flips);
    ::benchmark::DoNotOptimize(watch);
  }
  LEADLAG_CHECK(flips.size() == 1 && flips[0].reason == FlipReason::kResolved);
}
BENCHMARK(WatchReconsiderResolved);

// Catching up with a minute in which nothing happens to it: what every batch does first.
void WatchAdvanceNothing(::benchmark::State& state) {
  const Midyear midyear;
  const Watch before = midyear.Become(Midyear::kDay);
  const auto last_signal = [&](DateRange range) { return midyear.LastSignal(range, Midyear::kDay); };
  const Instant until{midyear.now().micros + kMicrosPerMinute};
  std::vector<WatchFlip> flips;
  for (auto _ : state) {
    Watch watch = before;
    Advance(midyear.world(), last_signal, until, /*hold=*/false, watch, flips);
    ::benchmark::DoNotOptimize(watch);
  }
  LEADLAG_CHECK(flips.empty());
}
BENCHMARK(WatchAdvanceNothing);

// The notify time at which it becomes late: a flip, DUE.
void WatchAdvanceDue(::benchmark::State& state) {
  const Midyear midyear;
  const auto last_signal = [&](DateRange range) { return midyear.LastSignal(range, Midyear::kDay); };
  const Watch before = midyear.Become(Midyear::kDay);
  const std::optional<Instant> due = NextMoment(midyear.world(), last_signal, before);
  LEADLAG_CHECK(due.has_value());
  const Instant until{due->micros + 1};
  std::vector<WatchFlip> flips;
  for (auto _ : state) {
    Watch watch = before;
    flips.clear();
    Advance(midyear.world(), last_signal, until, /*hold=*/false, watch, flips);
    ::benchmark::DoNotOptimize(watch);
  }
  LEADLAG_CHECK(flips.size() == 1 && flips[0].reason == FlipReason::kDue);
}
BENCHMARK(WatchAdvanceDue);

// A whole school year without a record at once, as after a long downtime: started, late, overdue, ended.
void WatchAdvanceYear(::benchmark::State& state) {
  const Midyear midyear;
  const auto no_signal = [](DateRange) { return std::optional<Date>(); };
  const Watch before = NewWatch(Midyear::Noon(OneTeam().year.from - 1));
  const Instant until = Midyear::Noon(OneTeam().year.to + 1);
  std::vector<WatchFlip> flips;
  for (auto _ : state) {
    Watch watch = before;
    flips.clear();
    Advance(midyear.world(), no_signal, until, /*hold=*/false, watch, flips);
    ::benchmark::DoNotOptimize(watch);
  }
  LEADLAG_CHECK(flips.size() == 4);
}
BENCHMARK(WatchAdvanceYear);

void WatchNextMoment(::benchmark::State& state) {
  const Midyear midyear;
  const auto last_signal = [&](DateRange range) { return midyear.LastSignal(range, Midyear::kDay); };
  const Watch watch = midyear.Become(Midyear::kDay);
  for (auto _ : state) {
    std::optional<Instant> moment = NextMoment(midyear.world(), last_signal, watch);
    ::benchmark::DoNotOptimize(moment);
  }
}
BENCHMARK(WatchNextMoment);

}  // namespace
}  // namespace leadlag::micro
