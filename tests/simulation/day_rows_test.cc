#include "server/engine/day_rows.h"

#include <map>

#include "gtest/gtest.h"
#include "tests/support/random_seed.h"

namespace leadlag {
namespace {

DayEntry EntryOn(Date date) {
  return {.event = date, .known = date, .reviewed = {}, .correction = {}, .hours = {}, .recorded = date};
}

// What a store is told of, which months it is always told of at once, and what a full write-back leaves in it.
TEST(DayRowsTest, TheStoreHasEveryMonthAndInTheEndEachAsItIs) {
  for (const uint64_t seed : Seeds(20, 500)) {
    SCOPED_TRACE(Replay(seed));
    Random random(seed);
    DayRows rows(30);  // of fifty-one
    std::map<uint32_t, DayRow> naive;                            // by team
    std::map<uint32_t, std::map<int, DayRow>> stored;            // by team, then month
    const auto id_of = [](uint32_t team) { return RowId{team, 1, 2026}; };
    const auto write = [&](const RowId& id, int month, const DayRow& part) { stored[id.team][month] = part; };
    const auto from_store = [&](uint32_t team) {
      DayRow row;
      for (const auto& [month, part] : stored[team]) EXPECT_TRUE(row.Append(part));
      return row;
    };
    for (int step = 0; step < 5'000; ++step) {
      const auto team = static_cast<uint32_t>(random.Between(0, 50));
      DayRow* row = rows.Use(id_of(team));
      if (row == nullptr) {
        ASSERT_EQ(from_store(team), naive[team]);  // what is not in memory is in the store as it is
        ASSERT_EQ(rows.Find(id_of(team)) != nullptr, !naive[team].empty());  // every row is known
        row = rows.Load(id_of(team), from_store(team));
      }
      ASSERT_EQ(*row, naive[team]);
      const int month = static_cast<int>(random.Between(0, kRowMonths - 1));
      const DateRange dates = RowMonthDates(2026, month);
      if (random.OneIn(3)) {
        const DayRow part = row->Part(dates);
        for (const DayEntry& entry : part.entries()) ASSERT_TRUE(row->Remove(entry));
      } else {
        row->Add(EntryOn(dates.from + static_cast<int>(random.Between(0, 27))));
      }
      naive[team] = *row;
      switch (rows.MarkChanged(id_of(team), dates.from + static_cast<int>(random.Between(0, 27)))) {
        case DayRows::Due::kPut: stored[team][month] = row->Part(dates); break;
        case DayRows::Due::kDelete: stored[team].erase(month); break;
        case DayRows::Due::kNothing: break;
      }
      ASSERT_EQ(stored[team].contains(month), row->LastEventIn(dates).has_value());
      rows.WriteBack(rows.full() ? 0 : 10, write);
      ASSERT_LE(rows.unwritten(), 10u);
      rows.Trim();
      ASSERT_FALSE(rows.full());
    }
    rows.WriteBack(0, write);
    for (const auto& [team, row] : naive) ASSERT_EQ(from_store(team), row);
  }
}

}  // namespace
}  // namespace leadlag
