#include "core/latency.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <ostream>
#include <random>
#include <vector>

#include "core/calendar.h"
#include "core/day_row.h"
#include "core/instant.h"

namespace leadlag {

// For GoogleTest's messages; static, since other tests of this executable may have their own.
static void PrintTo(const LatencyFigure& figure, std::ostream* out) {
  *out << (figure.at_least ? "at least " : "") << figure.days << " days";
}

namespace {

// Dates in September 2025, of which the 1st is a Monday.
Date Sep(int day) { return Date::FromYmd(2025, 9, day); }

// Monday to Friday, from Monday 1 September 2025 to 12 June 2026; the school year is bounded by 1 July.
Calendar WeekdayCalendar() {
  CalendarSpec spec;
  spec.id = "weekdays";
  SchoolYearSpec year;
  year.id = "2025-26";
  year.bounds = {Date::FromYmd(2025, 7, 1), Date::FromYmd(2026, 7, 1)};
  year.terms = {{Sep(1), Date::FromYmd(2026, 6, 12)}};
  spec.years = {year};
  absl::StatusOr<Calendar> calendar = Calendar::Compile(spec);
  EXPECT_TRUE(calendar.ok()) << calendar.status();
  return *std::move(calendar);
}

DateRange Always() { return {Date::Min(), Date::Max()}; }

DayEntry Entry(Date event, Date known, std::optional<Date> reviewed = {}, uint32_t count = 1) {
  DayEntry entry;
  entry.event = event;
  entry.known = entry.recorded = known;
  entry.reviewed = reviewed;
  entry.count = count;
  return entry;
}

DayEntry Corrected(DayEntry entry, Date first_event, Date corrected_on) {
  entry.correction = DayEntry::Correction{first_event, corrected_on};
  return entry;
}

DayRow RowOf(const std::vector<DayEntry>& entries) {
  DayRow row;
  for (const DayEntry& entry : entries) row.Add(entry);
  return row;
}

Latency LatencyOf(const std::vector<DayEntry>& entries, Date today, DateRange window = Always()) {
  LatencyTally tally(window);
  tally.Add(WeekdayCalendar(), today, RowOf(entries));
  return tally.Result();
}

constexpr LatencyFigure Exactly(int days) { return {days, false}; }
constexpr LatencyFigure AtLeast(int days) { return {days, true}; }

TEST(LatencyTest, NothingHasNoFigures) {
  const Latency latency = LatencyOf({}, Sep(18));
  for (const LatencyDays& days : {latency.collection, latency.interpretation, latency.total}) {
    EXPECT_EQ(days.closed, 0u);
    EXPECT_EQ(days.open, 0u);
    EXPECT_EQ(days.oldest_open_days, std::nullopt);
    EXPECT_EQ(days.p50, std::nullopt);
    EXPECT_EQ(days.p90, std::nullopt);
    EXPECT_EQ(days.max, std::nullopt);
  }
  EXPECT_EQ(latency.collection_hours.count, 0u);
  EXPECT_FALSE(latency.collection_hours.max.has_value());
}

TEST(LatencyTest, EachLatencyHasItsOwnEnds) {
  // Thu 4th, known Mon 8th, reviewed Thu 18th.
  const Latency latency = LatencyOf({Entry(Sep(4), Sep(8), Sep(18))}, Sep(19));
  EXPECT_EQ(latency.collection.p50, Exactly(2));
  EXPECT_EQ(latency.interpretation.p50, Exactly(8));
  EXPECT_EQ(latency.total.p50, Exactly(10));
  EXPECT_EQ(latency.total.closed, 1u);
  EXPECT_EQ(latency.total.open, 0u);
}

TEST(LatencyTest, AnOpenItemAgesFromItsOwnStartToToday) {
  const Latency latency = LatencyOf({Entry(Sep(4), Sep(8))}, Sep(18));
  EXPECT_EQ(latency.collection.max, Exactly(2)) << "what is known is collected";
  EXPECT_EQ(latency.interpretation.max, AtLeast(8));
  EXPECT_EQ(latency.total.max, AtLeast(10));
  EXPECT_EQ(latency.interpretation.open, 1u);
  EXPECT_EQ(latency.interpretation.oldest_open_days, 8);
  EXPECT_EQ(latency.total.oldest_open_days, 10);
}

TEST(LatencyTest, NothingIsNegative) {
  // Tomorrow's event is known today and was reviewed yesterday; another is of tomorrow and open.
  const Latency latency = LatencyOf({Entry(Sep(19), Sep(18), Sep(17)), Entry(Sep(19), Sep(19))}, Sep(18));
  EXPECT_EQ(latency.collection.max, Exactly(0));
  EXPECT_EQ(latency.interpretation.p50, Exactly(0));
  EXPECT_EQ(latency.interpretation.max, AtLeast(0));
  EXPECT_EQ(latency.total.max, AtLeast(0));
}

TEST(LatencyTest, ACorrectionRestartsInterpretationAndKeepsTheFirstEvent) {
  // First said to be of the 1st and known on the 2nd; on the 11th corrected to the 9th; reviewed on the 15th.
  const DayEntry entry = Corrected(Entry(Sep(9), Sep(2), Sep(15)), Sep(1), Sep(11));
  const Latency latency = LatencyOf({entry}, Sep(30));
  EXPECT_EQ(latency.collection.p50, Exactly(1));
  EXPECT_EQ(latency.interpretation.p50, Exactly(2));
  EXPECT_EQ(latency.total.p50, Exactly(10));
}

TEST(LatencyTest, TheCohortIsTheFirstEventInTheHalfOpenWindow) {
  const std::vector<DayEntry> entries = {Entry(Sep(1), Sep(1)), Entry(Sep(8), Sep(8)), Entry(Sep(15), Sep(15)),
                                         Corrected(Entry(Sep(1), Sep(9)), Sep(9), Sep(10)),   // in by its first date
                                         Corrected(Entry(Sep(9), Sep(1)), Sep(1), Sep(10))};  // out by its first date
  EXPECT_EQ(LatencyOf(entries, Sep(18), {Sep(8), Sep(15)}).collection.closed, 2u);
  EXPECT_EQ(LatencyOf(entries, Sep(18), {Sep(8), Sep(8)}).collection.closed, 0u);
}

TEST(LatencyTest, RecordsWithoutASchoolYearWait) {
  const Date june = Date::FromYmd(2025, 6, 30);
  const Date july = Date::FromYmd(2025, 7, 1);
  EXPECT_EQ(LatencyOf({Entry(june, july)}, Sep(18)).total.open, 0u);
  EXPECT_EQ(LatencyOf({Entry(july, july)}, Sep(18)).total.max, AtLeast(14)) << "from the year's day 0";
  EXPECT_EQ(LatencyOf({Entry(Date::FromYmd(2026, 7, 1), Date::FromYmd(2026, 7, 1))}, Sep(18)).total.open, 0u);
}

TEST(LatencyTest, NearestRankTakesTheItemThatTheShareReaches) {
  // 0, 1, ..., 9 days: p50 is the 5th smallest, p90 the 9th.
  std::vector<DayEntry> entries;
  for (const int day : {1, 2, 3, 4, 5, 8, 9, 10, 11, 12}) entries.push_back(Entry(Sep(1), Sep(day), Sep(day)));
  LatencyDays days = LatencyOf(entries, Sep(18)).collection;
  EXPECT_EQ(days.p50, Exactly(4));
  EXPECT_EQ(days.p90, Exactly(8));
  EXPECT_EQ(days.max, Exactly(9));
  entries.push_back(Entry(Sep(1), Sep(15), Sep(15)));  // of 11 the 6th and the 10th
  days = LatencyOf(entries, Sep(18)).collection;
  EXPECT_EQ(days.p50, Exactly(5));
  EXPECT_EQ(days.p90, Exactly(9));
  EXPECT_EQ(days.max, Exactly(10));
}

TEST(LatencyTest, CountsWeighARecordEach) {
  const LatencyDays days = LatencyOf({Entry(Sep(1), Sep(1), Sep(1), 9), Entry(Sep(1), Sep(5), Sep(5))}, Sep(18)).total;
  EXPECT_EQ(days.closed, 10u);
  EXPECT_EQ(days.p90, Exactly(0));
  EXPECT_EQ(days.max, Exactly(4));
}

TEST(LatencyTest, AtEqualDaysTheClosedRanksFirst) {
  // All at 4 days: 5 closed, then 5 open. The 5th is closed, the 9th and the last are open.
  const LatencyDays days = LatencyOf({Entry(Sep(1), Sep(1), Sep(5), 5), Entry(Sep(1), Sep(1), {}, 5)}, Sep(5)).total;
  EXPECT_EQ(days.closed, 5u);
  EXPECT_EQ(days.open, 5u);
  EXPECT_EQ(days.p50, Exactly(4));
  EXPECT_EQ(days.p90, AtLeast(4));
  EXPECT_EQ(days.max, AtLeast(4));
}

TEST(LatencyTest, ALongClosedItemRanksPastAYoungOpenOne) {
  const LatencyDays days = LatencyOf({Entry(Sep(1), Sep(1), Sep(17)), Entry(Sep(15), Sep(15))}, Sep(18)).total;
  EXPECT_EQ(days.p50, AtLeast(3));
  EXPECT_EQ(days.max, Exactly(12));
  EXPECT_EQ(days.oldest_open_days, 3);
}

TEST(LatencyTest, NeverReviewingIsNoImprovement) {
  const auto p90 = [](std::optional<Date> reviewed) {
    return LatencyOf({Entry(Sep(1), Sep(1), Sep(2), 8), Entry(Sep(1), Sep(1), reviewed, 2)}, Sep(18)).total.p90;
  };
  EXPECT_EQ(p90(Sep(17)), Exactly(12));
  EXPECT_EQ(p90({}), AtLeast(13));
}

TEST(LatencyTest, HoursRankTheirBuckets) {
  std::vector<DayEntry> entries;
  for (const int hours : {1, 5, 50, 24 * 20, 24 * 200}) {
    entries.push_back(Entry(Sep(1), Sep(2)));
    entries.back().hours = HoursBucket(hours * kMicrosPerHour);
  }
  entries.push_back(Entry(Sep(1), Sep(2)));  // a date only: counts in days alone
  const Latency latency = LatencyOf(entries, Sep(18));
  EXPECT_EQ(latency.collection.closed, 6u);
  EXPECT_EQ(latency.collection_hours.count, 5u);
  EXPECT_EQ(latency.collection_hours.p50->low, 48);
  EXPECT_EQ(latency.collection_hours.p50->high, 54);
  EXPECT_EQ(latency.collection_hours.p90->low, 2400);
  EXPECT_EQ(latency.collection_hours.max->low, 2400);
}

TEST(LatencyTest, TeamsAreRankedTogetherEachAtItsOwnToday) {
  const Calendar calendar = WeekdayCalendar();
  LatencyTally tally(Always());
  tally.Add(calendar, Sep(18), RowOf({Entry(Sep(17), Sep(17))}));
  tally.Add(calendar, Sep(19), RowOf({Entry(Sep(17), Sep(17))}));
  const LatencyDays days = tally.Result().total;
  EXPECT_EQ(days.open, 2u);
  EXPECT_EQ(days.p50, AtLeast(1));
  EXPECT_EQ(days.max, AtLeast(2));
}

TEST(UnreviewedBeyondTest, CountsWhatIsPastTheObjectiveByYesterday) {
  const Calendar calendar = WeekdayCalendar();
  const DayRow row = RowOf({Entry(Sep(1), Sep(3), {}, 2), Entry(Sep(1), Sep(4)), Entry(Sep(1), Sep(1), Sep(16)),
                            Corrected(Entry(Sep(1), Sep(1)), Sep(1), Sep(16))});
  EXPECT_EQ(UnreviewedBeyond(calendar, Sep(17), 10, row), 0u) << "D(3, 17] is 10";
  EXPECT_EQ(UnreviewedBeyond(calendar, Sep(18), 10, row), 2u) << "D(3, 18] is 11, D(4, 18] is 10";
  EXPECT_EQ(UnreviewedBeyond(calendar, Sep(19), 10, row), 3u);
  EXPECT_EQ(UnreviewedBeyond(calendar, Sep(21), 10, row), 3u) << "a weekend adds nothing";
  EXPECT_EQ(UnreviewedBeyond(calendar, Sep(17), 0, row), 4u) << "the corrected one too: D(16, 17] is 1";
}

TEST(UnreviewedBeyondTest, RecordsWithoutASchoolYearWait) {
  const Date june = Date::FromYmd(2025, 6, 30);
  EXPECT_EQ(UnreviewedBeyond(WeekdayCalendar(), Sep(30), 1, RowOf({Entry(june, june)})), 0u);
}

// One record, spelled out.
struct Item {
  int days;
  bool open;
  friend auto operator<=>(const Item&, const Item&) = default;
};

LatencyFigure Ranked(const std::vector<Item>& sorted, int percent) {
  size_t rank = 1;
  while (100 * rank < static_cast<size_t>(percent) * sorted.size()) ++rank;
  return {sorted[rank - 1].days, sorted[rank - 1].open};
}

void ExpectRanked(std::vector<Item> items, const LatencyDays& days) {
  std::sort(items.begin(), items.end());
  ASSERT_EQ(days.closed + days.open, items.size());
  ASSERT_EQ(static_cast<int64_t>(days.open), std::count_if(items.begin(), items.end(), [](Item i) { return i.open; }));
  if (items.empty()) return;
  EXPECT_EQ(days.p50, Ranked(items, 50));
  EXPECT_EQ(days.p90, Ranked(items, 90));
  EXPECT_EQ(days.max, Ranked(items, 100));
  int oldest = -1;
  for (const Item& item : items) oldest = item.open ? item.days : oldest;
  EXPECT_EQ(days.oldest_open_days.value_or(-1), oldest);
}

int CountedDays(const Calendar& calendar, Date after, Date through) {
  int days = 0;
  for (Date d = after + 1; d <= through; d = d + 1) days += calendar.IsInstructional(d) ? 1 : 0;
  return days;
}

// Against every record spelled out and days counted one by one; and the rows cut up in any way give the same.
TEST(LatencyTest, AgreesWithARecount) {
  const Calendar calendar = WeekdayCalendar();
  const uint32_t seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  const auto date = [&] { return Date::FromYmd(2025, 8, 15) + static_cast<int>(random() % 50); };
  for (int round = 0; round < 300; ++round) {
    const Date today = date();
    const DateRange window{date(), date()};
    std::vector<Item> collection, interpretation, total;
    LatencyTally tally(window);
    const int entries = static_cast<int>(random() % 20);
    for (int i = 0; i < entries; ++i) {
      DayEntry entry = Entry(date(), date(), {}, 1 + random() % 3);
      if (random() % 2 == 0) entry.reviewed = date();
      if (random() % 3 == 0) entry = Corrected(entry, date(), date());
      tally.Add(calendar, today, RowOf({entry}));
      const Date event = entry.first_event();
      if (event < window.from || event >= window.to) continue;
      const Date end = entry.reviewed ? *entry.reviewed : today;
      const bool open = !entry.reviewed;
      collection.insert(collection.end(), entry.count, {CountedDays(calendar, event, entry.known), false});
      interpretation.insert(interpretation.end(), entry.count,
                            {CountedDays(calendar, entry.interpretation_start(), end), open});
      total.insert(total.end(), entry.count, {CountedDays(calendar, event, end), open});
    }
    const Latency latency = tally.Result();
    ExpectRanked(collection, latency.collection);
    ExpectRanked(interpretation, latency.interpretation);
    ExpectRanked(total, latency.total);
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace leadlag
