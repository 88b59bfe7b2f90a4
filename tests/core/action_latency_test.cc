#include "core/action_latency.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "tests/support/random_seed.h"

namespace leadlag {

static void PrintTo(const LatencyFigure& figure, std::ostream* out) {
  *out << (figure.at_least ? "at least " : "") << figure.days << " days";
}

namespace {

Date Sep(int day) { return Date::FromYmd(2025, 9, day); }

// Monday to Friday from Monday 1 September 2025 on; the school year is bounded by 1 July.
Calendar WeekdayCalendar() {
  CalendarSpec spec;
  spec.id = "weekdays";
  spec.years = {{"2025-26", {Date::FromYmd(2025, 7, 1), Date::FromYmd(2026, 7, 1)}, {{Sep(1), Date::FromYmd(2026, 6, 12)}}}};
  return Calendar::Compile(spec).value();
}

const DateRange kSeptember{Sep(1), Sep(30)};

ActionLatency Of(Date today, Date start, FirstEvidence leading, FirstEvidence lagging) {
  ActionTally tally(kSeptember);
  if (tally.Counts(WeekdayCalendar(), today, start)) tally.Add(WeekdayCalendar(), today, start, leading, lagging);
  return tally.Result();
}
ActionLatency Of(Date today, Date start, std::optional<Date> leading, std::optional<Date> lagging) {
  return Of(today, start, FirstEvidence{true, leading}, FirstEvidence{true, lagging});
}

// Begun on Mon 1st; a walkthrough known on Thu 4th, the term's result on Mon 15th.
TEST(ActionLatencyTest, TheHeadStartIsTheDifference) {
  const ActionLatency latency = Of(Sep(18), Sep(1), Sep(4), Sep(15));
  EXPECT_EQ(latency.to_leading.p50, (LatencyFigure{3, false}));
  EXPECT_EQ(latency.to_lagging.p50, (LatencyFigure{10, false}));
  EXPECT_EQ(latency.head_start.max, (LatencyFigure{7, false}));
}

TEST(ActionLatencyTest, WhatHasNotComeIsOpenAtItsAge) {
  ActionLatency latency = Of(Sep(18), Sep(1), Sep(4), std::nullopt);
  EXPECT_EQ(latency.to_lagging.max, (LatencyFigure{13, true}));
  EXPECT_EQ(latency.head_start.max, (LatencyFigure{10, true}));
  latency = Of(Sep(18), Sep(1), std::nullopt, std::nullopt);
  EXPECT_EQ(latency.to_leading.max, (LatencyFigure{13, true}));
  EXPECT_EQ(latency.head_start.closed + latency.head_start.open, 0u);
  latency = Of(Sep(18), Sep(1), std::nullopt, Sep(15));  // it can give none any more
  EXPECT_EQ(latency.head_start.max, (LatencyFigure{0, false}));
  EXPECT_EQ(Of(Sep(18), Sep(1), Sep(16), Sep(15)).head_start.max, (LatencyFigure{0, false}));
}

// An inquiry without an outcome waits for none, for ever.
TEST(ActionLatencyTest, WhatIsNotAwaitedIsNotOpen) {
  const FirstEvidence known{true, Sep(4)}, none{};
  ActionLatency latency = Of(Sep(18), Sep(1), known, none);
  EXPECT_EQ(latency.to_leading.max, (LatencyFigure{3, false}));
  EXPECT_EQ(latency.to_lagging.closed + latency.to_lagging.open, 0u);
  EXPECT_EQ(latency.head_start.closed + latency.head_start.open, 0u);
  latency = Of(Sep(18), Sep(1), none, known);
  EXPECT_EQ(latency.to_leading.closed + latency.to_leading.open, 0u);
  EXPECT_EQ(latency.to_lagging.max, (LatencyFigure{3, false}));
  EXPECT_EQ(latency.head_start.closed + latency.head_start.open, 0u);
}

TEST(ActionLatencyTest, CountsActionsThatBeganInTheWindow) {
  const auto count = [](Date today, Date start) { return Of(today, start, std::nullopt, std::nullopt).to_leading.open; };
  EXPECT_EQ(count(Sep(18), Sep(1)), 1u);
  EXPECT_EQ(count(Sep(18), Date::FromYmd(2025, 8, 31)), 0u);
  EXPECT_EQ(count(Sep(18), Sep(18)), 1u);
  EXPECT_EQ(count(Sep(18), Sep(19)), 0u);  // not yet
  EXPECT_EQ(count(Date::FromYmd(2025, 10, 18), Sep(30)), 0u);
}

TEST(ActionLatencyTest, TheFirstEvidenceIsWhatBecameKnownFirst) {
  const auto entry = [](Date event, Date known) {
    DayEntry made;
    made.event = event;
    made.known = made.recorded = known;
    return made;
  };
  DayRow walks, visits;
  walks.Add(entry(Sep(3), Sep(3)));   // not after the start
  walks.Add(entry(Sep(4), Sep(20)));  // entered late
  walks.Add(entry(Sep(8), Sep(9)));
  visits.Add(entry(Sep(10), Sep(10)));
  DayEntry moved = entry(Sep(11), Sep(8));  // by a correction: it tells of the 2nd
  moved.correction = DayEntry::Correction{Sep(2), Sep(12)};
  visits.Add(moved);
  visits.Add(entry(Date::FromYmd(2026, 8, 1), Sep(4)));  // waits for a calendar
  const std::vector<const DayRow*> rows = {&walks, &visits};
  EXPECT_EQ(FirstKnownAfter(WeekdayCalendar(), rows, Sep(3)), Sep(9));
  EXPECT_EQ(FirstKnownAfter(WeekdayCalendar(), rows, Sep(8)), Sep(10));
  EXPECT_EQ(FirstKnownAfter(WeekdayCalendar(), rows, Sep(10)), std::nullopt);
  EXPECT_EQ(FirstKnownAfter(WeekdayCalendar(), rows, Sep(1)), Sep(3));
  const std::vector<const DayRow*> of_visits = {&visits};
  EXPECT_EQ(FirstKnownAfter(WeekdayCalendar(), of_visits, Sep(1)), Sep(8));
  EXPECT_EQ(FirstKnownAfter(WeekdayCalendar(), of_visits, Sep(2)), Sep(10));
  EXPECT_EQ(FirstKnownAfter(WeekdayCalendar(), {}, Sep(1)), std::nullopt);
}

// Many actions: each figure from a list that is sorted.
TEST(ActionLatencyTest, EqualsTheNaiveModel) {
  for (const uint64_t seed : Seeds(200, 5'000)) {
    SCOPED_TRACE(Replay(seed));
    Random random(seed);
    const Calendar calendar = WeekdayCalendar();
    const Date today = Sep(20) + random.Between(0, 40);
    ActionTally tally(kSeptember);
    struct Item {
      int days;
      bool open;
      bool operator<(const Item& other) const { return days != other.days ? days < other.days : open < other.open; }
    };
    std::vector<Item> leading_items, lagging_items, head_starts;
    const auto between = [&calendar](Date after, Date through) {
      int days = 0;
      for (Date date = after + 1; date <= through; date = date + 1) days += calendar.IsInstructional(date) ? 1 : 0;
      return days;
    };
    for (int n = random.Between(0, 12); n > 0; --n) {
      const Date start = Sep(1) + random.Between(-5, 40);
      std::optional<Date> leading, lagging;
      if (!random.OneIn(3)) leading = start + random.Between(0, 30);
      if (!random.OneIn(3)) lagging = start + random.Between(0, 60);
      const bool counts = start >= kSeptember.from && start < kSeptember.to && start <= today;
      EXPECT_EQ(tally.Counts(calendar, today, start), counts);
      if (!counts) continue;
      const bool leads = !random.OneIn(5), lags = !random.OneIn(5);
      tally.Add(calendar, today, start, {leads, leads ? leading : std::nullopt}, {lags, lags ? lagging : std::nullopt});
      const int led = between(start, leading.value_or(today)), lagged = between(start, lagging.value_or(today));
      if (leads) leading_items.push_back({led, !leading});
      if (lags) lagging_items.push_back({lagged, !lagging});
      if (!leads || !lags) continue;
      if (leading) head_starts.push_back({std::max(0, lagged - led), !lagging});
      if (!leading && lagging) head_starts.push_back({0, false});
    }
    const ActionLatency latency = tally.Result();
    const auto same = [](std::vector<Item> items, const LatencyDays& days) {
      std::sort(items.begin(), items.end());
      ASSERT_EQ(days.closed + days.open, items.size());
      if (items.empty()) return;
      const auto ranked = [&items](int percent) {
        size_t rank = 1;
        while (100 * rank < static_cast<size_t>(percent) * items.size()) ++rank;
        return LatencyFigure{items[rank - 1].days, items[rank - 1].open};
      };
      EXPECT_EQ(days.p50, ranked(50));
      EXPECT_EQ(days.p90, ranked(90));
      EXPECT_EQ(days.max, ranked(100));
    };
    same(leading_items, latency.to_leading);
    same(lagging_items, latency.to_lagging);
    same(head_starts, latency.head_start);
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace leadlag
