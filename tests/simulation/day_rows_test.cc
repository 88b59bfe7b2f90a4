#include "server/engine/day_rows.h"

#include <map>

#include "gtest/gtest.h"
#include "tests/support/random_seed.h"

namespace leadlag {
namespace {

DayEntry EntryOn(int day) {
  const Date date = Date::Min() + 10'000 + day;
  return {.event = date, .known = date, .reviewed = {}, .correction = {}, .hours = {}, .recorded = date};
}

// What a store is told of, which rows it is always told of at once, and what a full write-back leaves in it.
TEST(DayRowsTest, TheStoreHasEveryRowAndInTheEndEachAsItIs) {
  for (const uint64_t seed : Seeds(20, 500)) {
    SCOPED_TRACE(Replay(seed));
    Random random(seed);
    DayRows cache(30);  // rows of fifty-one
    std::map<uint32_t, DayRow> naive, stored;  // by team
    const auto id_of = [](uint32_t team) { return RowId{team, 1, 2026}; };
    const auto write = [&](const RowId& id, const DayRow& row) { stored[id.team] = row; };
    for (int step = 0; step < 5'000; ++step) {
      const auto team = static_cast<uint32_t>(random.Between(0, 50));
      DayRow* row = cache.Use(id_of(team));
      if (row == nullptr) {
        ASSERT_EQ(stored[team], naive[team]);  // what is not in memory is in the store as it is
        const DayRow from_store = stored[team];
        if (from_store.empty()) stored.erase(team);
        ASSERT_EQ(cache.Find(id_of(team)) != nullptr, !from_store.empty());  // every row is known
        row = cache.Load(id_of(team), from_store);
      }
      ASSERT_EQ(*row, naive[team]);
      const bool empty_it = random.OneIn(5);
      if (empty_it) {
        *row = DayRow();
      } else {
        row->Add(EntryOn(static_cast<int>(random.Between(0, 9))));
      }
      naive[team] = *row;
      switch (cache.MarkChanged(id_of(team))) {
        case DayRows::Due::kPut: stored[team] = *row; break;
        case DayRows::Due::kDelete: stored.erase(team); break;
        case DayRows::Due::kNothing: break;
      }
      ASSERT_EQ(stored.contains(team), !row->empty());
      cache.WriteBack(cache.full() ? 0 : 10, write);
      ASSERT_LE(cache.unwritten(), 10u);
      cache.Trim();
      ASSERT_FALSE(cache.full());
    }
    cache.WriteBack(0, write);
    for (const auto& [team, row] : naive) ASSERT_EQ(stored[team], row);
  }
}

}  // namespace
}  // namespace leadlag
