// Core's calendar, cadence and latency give the same numbers as the naive model, on random worlds and on DOMAIN.md's
// example.
#include <cmath>

#include "core/cadence.h"
#include "core/latency.h"
#include "gtest/gtest.h"
#include "tests/support/naive_cadence.h"
#include "tests/support/naive_latency.h"
#include "tests/support/random_world.h"
#include "tests/support/same_cadence.h"
#include "tests/support/watch_story.h"

namespace leadlag {
namespace {

TEST(NaiveEquality, Calendar) {
  for (uint64_t seed : Seeds(150, 5000)) {
    Random random(seed);
    const std::vector<NaiveCalendar::Part> parts = RandomParts(random);
    const NaiveCalendar naive(parts);
    const std::shared_ptr<const Calendar> core = CoreCalendar(parts);

    ASSERT_EQ(core->years().size(), naive.years().size()) << Replay(seed);
    for (size_t i = 0; i < naive.years().size(); ++i) {
      EXPECT_EQ(core->years()[i].bounds, naive.years()[i].bounds) << Replay(seed);
      EXPECT_EQ(core->years()[i].first_day, naive.years()[i].first_day) << Replay(seed);
      EXPECT_EQ(core->years()[i].last_day, naive.years()[i].last_day) << Replay(seed);
    }
    for (Date d = kRandomStart - 20; d < kRandomStart + 230; d = d + 1) {
      ASSERT_EQ(core->IsInstructional(d), naive.IsInstructional(d)) << d.ToString() << ", " << Replay(seed);
      ASSERT_EQ(core->CountThrough(d), naive.CountThrough(d)) << d.ToString() << ", " << Replay(seed);
      const SchoolYear* year = core->YearOf(d);
      const std::optional<NaiveCalendar::Year> naive_year = naive.YearOf(d);
      ASSERT_EQ(year != nullptr, naive_year.has_value()) << d.ToString() << ", " << Replay(seed);
      ASSERT_TRUE(year == nullptr || year->bounds == naive_year->bounds) << d.ToString() << ", " << Replay(seed);
      const int n = random.Between(1, 40);
      ASSERT_EQ(core->NthAfter(d, n), naive.NthAfter(d, n)) << d.ToString() << " + " << n << ", " << Replay(seed);
      std::optional<Date> before;
      for (Date b = kRandomStart - 20; b <= d; b = b + 1) {
        if (naive.IsInstructional(b)) before = b;
      }
      ASSERT_EQ(core->LastOnOrBefore(d), before) << d.ToString() << ", " << Replay(seed);
      ASSERT_EQ(core->FirstOnOrAfter(d), naive.NthAfter(d - 1, 1)) << d.ToString() << ", " << Replay(seed);
      const Date other = kRandomStart + random.Between(-20, 230);
      ASSERT_EQ(core->Between(d, other), naive.Between(d, other)) << Replay(seed);
    }
  }
}

// Evidence is dated tomorrow at the latest.
std::vector<Date> RandomDates(Random& random, int most, Date tomorrow) {
  std::vector<Date> dates;
  for (int i = random.Between(0, most); i > 0; --i) {
    const Date date = kRandomStart + random.Between(-10, 200);
    if (date <= tomorrow) dates.push_back(date);
  }
  std::sort(dates.begin(), dates.end());
  return dates;
}

TEST(NaiveEquality, Cadence) {
  for (uint64_t seed : Seeds(600, 40000)) {
    Random random(seed);
    const std::vector<NaiveCalendar::Part> parts = RandomParts(random);
    const NaiveCalendar naive(parts);
    const std::shared_ptr<const Calendar> core = CoreCalendar(parts);

    NaiveCadenceInput input;
    input.calendar = &naive;
    input.window.from = kRandomStart + random.Between(-5, 150);
    input.window.to = input.window.from + random.Between(1, 120);
    // Yesterday in the window, at its ends, or past it; a window that has not begun has no cadence yet.
    input.today = std::max(input.window.from, random.OneIn(2) ? input.window.to + random.Between(-20, 20)
                                                              : kRandomStart + random.Between(0, 200));
    input.active = RandomActivity(random);
    input.signals = RandomDates(random, random.OneIn(3) ? 4 : 60, input.today + 1);
    input.lagging_signals = RandomDates(random, 6, input.today + 1);
    if (!random.OneIn(4)) input.watch = RandomTerms(random);

    const std::string difference =
        CadenceDifference(naive, NaiveCadence(input), ComputeCadence(CoreInput(input, *core)));
    if (!difference.empty()) FAIL() << difference << Replay(seed) << "\n" << Describe(input, parts);
  }
}

// DOMAIN.md: signals on Mon 1st, Mon 1st, Thu 4th, Fri 12th; today is Thu 18th.
TEST(NaiveEquality, TheWorkedExample) {
  const CalendarSpec spec = OneTerm("2025-09-01", "2026-06-12");
  const NaiveCalendar naive(spec);
  const std::shared_ptr<const Calendar> core = CoreCalendar({{Date::Min(), spec}});
  NaiveCadenceInput input;
  input.calendar = &naive;
  input.window = {D("2025-09-01"), D("2025-10-01")};
  input.today = D("2025-09-18");
  input.active = {{D("2025-09-01"), std::nullopt}};
  input.signals = {D("2025-09-01"), D("2025-09-01"), D("2025-09-04"), D("2025-09-12")};

  const Cadence cadence = NaiveCadence(input);
  EXPECT_EQ(CadenceDifference(naive, cadence, ComputeCadence(CoreInput(input, *core))), "");
  EXPECT_EQ(cadence.signal_dates, 3);
  EXPECT_EQ(cadence.gaps, (std::vector<int>{3, 6}));
  EXPECT_EQ(cadence.median_gap, 3);
  EXPECT_EQ(cadence.p90_gap, 6);
  EXPECT_EQ(cadence.open_gap, 3);
  EXPECT_EQ(cadence.last_signal, D("2025-09-12"));
  EXPECT_EQ(cadence.longest_silence->days, 6);
  EXPECT_EQ(cadence.longest_silence->kind, SilenceKind::kGap);
  EXPECT_EQ(cadence.weeks.covered, 2);   // the weeks of the 1st and the 8th
  EXPECT_EQ(cadence.weeks.eligible, 2);  // the third has no signal yet and is not over
  EXPECT_EQ(cadence.weeks.streak, 2);
  EXPECT_EQ(cadence.months.covered, 1);
  EXPECT_EQ(cadence.burstiness, std::nullopt);
}

void ExpectSame(const LatencyDays& naive, const LatencyDays& core, const std::string& what) {
  EXPECT_EQ(core.closed, naive.closed) << what;
  EXPECT_EQ(core.open, naive.open) << what;
  EXPECT_EQ(core.oldest_open_days, naive.oldest_open_days) << what;
  EXPECT_EQ(core.p50, naive.p50) << what;
  EXPECT_EQ(core.p90, naive.p90) << what;
  EXPECT_EQ(core.max, naive.max) << what;
}

void ExpectSame(const std::optional<HoursSpan>& naive, const std::optional<HoursSpan>& core, const std::string& what) {
  ASSERT_EQ(core.has_value(), naive.has_value()) << what;
  if (!naive) return;
  EXPECT_EQ(core->low, naive->low) << what;
  EXPECT_EQ(core->high, naive->high) << what;
}

void ExpectSame(const Latency& naive, const Latency& core, const std::string& what) {
  ExpectSame(naive.collection, core.collection, "collection, " + what);
  ExpectSame(naive.interpretation, core.interpretation, "interpretation, " + what);
  ExpectSame(naive.total, core.total, "total, " + what);
  EXPECT_EQ(core.collection_hours.count, naive.collection_hours.count) << what;
  ExpectSame(naive.collection_hours.p50, core.collection_hours.p50, "hours p50, " + what);
  ExpectSame(naive.collection_hours.p90, core.collection_hours.p90, "hours p90, " + what);
  ExpectSame(naive.collection_hours.max, core.collection_hours.max, "hours max, " + what);
}

// A record in the two forms: as latency's list has it, and as a day row's entry.
DayEntry EntryOf(const NaiveLatencyRecord& record, bool corrected) {
  DayEntry entry;
  entry.event = record.event;
  entry.known = record.known;
  entry.reviewed = record.reviewed;
  if (corrected) entry.correction = DayEntry::Correction{record.first_event, record.interpretation_start};
  if (record.micros_to_known) entry.hours = HoursBucket(*record.micros_to_known);
  entry.recorded = record.known;
  return entry;
}

TEST(NaiveEquality, Latency) {
  for (uint64_t seed : Seeds(300, 20000)) {
    Random random(seed);
    const DateRange window{kRandomStart + random.Between(-5, 100), kRandomStart + random.Between(90, 210)};
    std::vector<std::unique_ptr<NaiveCalendar>> calendars;
    std::vector<NaiveLatencyTeam> teams;
    LatencyTally tally(window);
    const CycleUnit unit = random.OneIn(2) ? CycleUnit::kIsoWeek : CycleUnit::kMonth;
    LatencySplit split(window, unit);
    for (int t = random.Between(1, 3); t > 0; --t) {
      const std::vector<NaiveCalendar::Part> parts = RandomParts(random);
      calendars.push_back(std::make_unique<NaiveCalendar>(parts));
      const std::shared_ptr<const Calendar> core = CoreCalendar(parts);
      NaiveLatencyTeam team{calendars.back().get(), kRandomStart + random.Between(0, 200), {}};
      DayRow row;
      const bool all_open = random.OneIn(5);
      for (int i = random.Between(0, random.OneIn(2) ? 3 : 40); i > 0; --i) {
        NaiveLatencyRecord record;
        record.first_event = kRandomStart + random.Between(-10, 200);
        record.known = record.first_event + (random.OneIn(3) ? random.Between(0, 60) : random.Between(-1, 3));
        record.interpretation_start = record.known;
        const bool corrected = random.OneIn(4);
        record.event = record.first_event;
        if (corrected) {
          record.interpretation_start = record.known + random.Between(0, 20);
          record.event = record.first_event + random.Between(-20, 1);
        }
        if (!all_open && !random.OneIn(3)) record.reviewed = record.interpretation_start + random.Between(0, 30);
        if (random.OneIn(2)) {
          record.micros_to_known = random.OneIn(2) ? random.Between(-5, 400) * kMicrosPerHour / 4
                                                   : random.Between(0, 2600) * kMicrosPerHour + random.Between(-1, 1);
        }
        team.records.push_back(record);
        row.Add(EntryOf(record, corrected));
      }
      tally.Add(*core, team.today, row);
      split.Add(*core, team.today, row);
      const int objective_days = random.Between(0, 12);
      EXPECT_EQ(UnreviewedBeyond(*core, team.today - 1, objective_days, row),
                NaiveUnreviewedBeyond(team, team.today - 1, objective_days))
          << Replay(seed);
      teams.push_back(std::move(team));
    }
    ExpectSame(NaiveLatency(window, teams), tally.Result(), Replay(seed));
    // By week or month: that of each one's dates alone, day by day.
    std::vector<LatencySplit::Cycle> cycles = split.Result();
    size_t next = 0;
    for (Date from = window.from; from < window.to;) {
      Date to = from + 1;
      while (to < window.to && (unit == CycleUnit::kMonth ? to.StartOfMonth() != to : to.weekday() != Weekday::kMonday)) to = to + 1;
      const Latency naive = NaiveLatency({from, to}, teams);
      if (naive.collection.closed > 0) {
        ASSERT_LT(next, cycles.size()) << Replay(seed);
        EXPECT_EQ(cycles[next].dates, (DateRange{from, to})) << Replay(seed);
        ExpectSame(naive, cycles[next++].latency, from.ToString() + ", " + Replay(seed));
      }
      from = to;
    }
    EXPECT_EQ(next, cycles.size()) << Replay(seed);
    if (HasFailure()) return;
  }
}

TEST(NaiveEquality, HoursBuckets) {
  for (int64_t hours = -3; hours < 2600; ++hours) {
    for (int64_t micros : {int64_t{0}, int64_t{1}, kMicrosPerHour - 1}) {
      const int64_t latency = hours * kMicrosPerHour + micros;
      const HoursSpan naive = NaiveHoursSpan(latency), core = HoursOf(HoursBucket(latency));
      ASSERT_EQ(core.low, naive.low) << latency;
      ASSERT_EQ(core.high, naive.high) << latency;
    }
  }
}

}  // namespace
}  // namespace leadlag
