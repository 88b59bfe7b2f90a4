// What a back-test does not ask of COLLECTION_SLOW the rule does not find.
#include "server/engine/slow_window.h"

#include <optional>
#include <vector>

#include "core/alert_rule.h"
#include "core/calendar.h"
#include "gtest/gtest.h"
#include "tests/support/random_seed.h"
#include "tests/support/watch_story.h"

namespace leadlag {
namespace {

TEST(SlowWindowTest, TheRuleBeginsToHoldOnlyWhereItMay) {
  const Calendar calendar = Calendar::Compile(TwoYears()).value();
  const SchoolYear& year = calendar.years().front();
  int begun = 0, quiet = 0;
  for (const uint64_t seed : Seeds(60, 3'000)) {
    SCOPED_TRACE(Replay(seed));
    Random random(seed);
    CollectionSlowTerms terms{.records = random.Between(1, 9), .percent = random.Between(0, 60), .days = random.Between(0, 6)};
    terms.clear_percent = terms.percent / 2;
    const DateRange run{*year.first_day + random.Between(0, 20), *year.last_day + 1 - random.Between(0, 60)};
    const RuleSpan span{&calendar, run.from - 1, run, year.bounds};
    SlowWindow window(terms);
    std::vector<DayEntry> entries;
    Date last = run.from - random.Between(0, 30);
    EXPECT_TRUE(window.MayFind());
    window.LookAt(run, last - 1);
    const int late_one_in = random.Between(2, 20);
    for (int i = 0; i < 200; ++i) {
      const std::optional<RuleFinding> before = CollectionSlow(span, terms, entries);
      if (!entries.empty() && random.OneIn(30)) {
        entries.erase(entries.begin() + random.Between(0, static_cast<int>(entries.size()) - 1));
        window.Forget(last);
        continue;
      }
      if (random.OneIn(3)) last = last + random.Between(1, 4);
      DayEntry entry;
      entry.recorded = last;
      entry.event = last - (random.OneIn(late_one_in) ? random.Between(0, 14) : random.Between(-1, 1));
      entry.known = entry.recorded - (random.OneIn(4) ? random.Between(0, 3) : 0);
      entry.count = static_cast<uint32_t>(random.Between(1, 3));
      entries.push_back(entry);
      window.Add(entry, calendar.Between(entry.event, entry.known) > terms.days);
      const std::optional<RuleFinding> after = CollectionSlow(span, terms, entries);
      if (!before && after) {
        ++begun;
        ASSERT_TRUE(window.MayFind()) << "record " << i << ", " << entry.recorded.ToString();
      }
      quiet += window.MayFind() ? 0 : 1;
    }
  }
  EXPECT_GT(begun, 20);
  EXPECT_GT(quiet, 1'000);  // or nothing is saved
}

}  // namespace
}  // namespace leadlag
