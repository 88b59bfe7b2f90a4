// The calendar's index: k(d), D(a, b] and n instructional days on, of dates in random order.
#include "core/calendar.h"

#include <array>

#include "benchmark/benchmark.h"
#include "client/cli/seeded_random.h"
#include "tests/benchmark/micro/school_year.h"

namespace leadlag::micro {
namespace {

// Dates of the school year, without end.
class RandomDates {
 public:
  RandomDates() {
    const DateRange year = OneTeam().year;
    cli::SeededRandom random(1);
    for (Date& date : dates_) date = year.from + random.Below(year.to - year.from);
  }
  Date Next() { return dates_[next_++ % dates_.size()]; }

 private:
  std::array<Date, 1'024> dates_;
  size_t next_ = 0;
};

void CalendarCountThrough(::benchmark::State& state) {
  const Calendar& calendar = *OneTeam().calendar;
  RandomDates dates;
  for (auto _ : state) ::benchmark::DoNotOptimize(calendar.CountThrough(dates.Next()));
}
BENCHMARK(CalendarCountThrough);

void CalendarBetween(::benchmark::State& state) {
  const Calendar& calendar = *OneTeam().calendar;
  RandomDates dates;
  Date before = dates.Next();
  for (auto _ : state) {
    const Date date = dates.Next();
    ::benchmark::DoNotOptimize(calendar.Between(before, date));
    before = date;
  }
}
BENCHMARK(CalendarBetween);

// A due date: ten instructional days on.
void CalendarNthAfter(::benchmark::State& state) {
  const Calendar& calendar = *OneTeam().calendar;
  RandomDates dates;
  for (auto _ : state) {
    std::optional<Date> day = calendar.NthAfter(dates.Next(), 10);
    ::benchmark::DoNotOptimize(day);
  }
}
BENCHMARK(CalendarNthAfter);

void CalendarYearOf(::benchmark::State& state) {
  const Calendar& calendar = *OneTeam().calendar;
  RandomDates dates;
  for (auto _ : state) ::benchmark::DoNotOptimize(calendar.YearOf(dates.Next()));
}
BENCHMARK(CalendarYearOf);

}  // namespace
}  // namespace leadlag::micro
