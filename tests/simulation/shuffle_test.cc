// One semester's events, shuffled, duplicated and batched anew a thousand ways while the clock stands: the same rows,
// metrics, states and open alerts, apart from sequence, revision numbers and recorded times.
//
// What evidence improves it improves at once, what a correction worsens waits for the next notify time (DOMAIN.md). So
// states are compared once that has passed. Corrections carry source_version, as the contract asks (evidence.proto).
#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "core/cadence.h"
#include "core/latency.h"
#include "gtest/gtest.h"
#include "tests/simulation/simulated_district.h"
#include "tests/support/random_seed.h"
#include "tests/support/watch_story.h"

namespace leadlag {
namespace {

constexpr int kTeams = 10;
const Date kFirst = D("2025-09-02");
const Date kLast = D("2026-01-20");
constexpr char kStands[] = "2026-01-20 18:00";
constexpr char kNotified[] = "2026-01-21 12:00";

// The semester as its sources saw it: records with all their revisions.
std::vector<EvidenceItem> Semester(Random& random) {
  const std::vector<std::string> indicators = {"walks", "lessons", "voices", "results"};
  std::vector<EvidenceItem> events;
  int records = 0;
  const auto content = [&](std::string id, int team, const std::string& indicator, Date date,
                           std::optional<uint64_t> version) {
    EvidenceItem item =
        NumberRecord(std::move(id), absl::StrCat("t", team), indicator, date, random.Between(1, 3), version);
    if (indicator == "voices") item.content.value = Proportion{random.Between(0, 20), 20};
    if (random.OneIn(3))
      item.content.reported = At("America/New_York", std::min(date + random.Between(0, 6), kLast), 17 * 60);
    if (random.OneIn(4)) {
      item.content.event_date.reset();
      item.content.event_time = At("America/New_York", date, random.Between(0, 1439));
      if (*item.content.event_time > At(kStands)) item.content.event_time = At(kStands);
    }
    return item;
  };
  for (int team = 1; team <= kTeams; ++team) {
    for (const std::string& indicator : indicators) {
      const int gap_max = random.Between(3, 25);
      for (Date date = kFirst + random.Between(0, 30); date <= kLast; date = date + random.Between(1, gap_max)) {
        const std::string id = absl::StrCat("r", ++records);
        if (!random.OneIn(3)) {
          events.push_back(content(id, team, indicator, date, std::nullopt));
          continue;
        }
        // Corrected up to four times: to another date, indicator or value, voided, and counted again.
        uint64_t version = 1;
        events.push_back(content(id, team, indicator, date, version));
        for (int n = random.Between(1, 4); n > 0; --n) {
          version += static_cast<uint64_t>(random.Between(1, 3));
          if (random.OneIn(3)) {
            events.push_back(VoidRecord(id, version));
          } else {
            const Date moved = random.OneIn(2) ? date : std::min(date + random.Between(-10, 10), kLast);
            events.push_back(content(id, team, random.OneIn(3) ? random.Pick(indicators) : indicator, moved, version));
          }
        }
      }
    }
  }
  return events;
}

Catalog SemesterCatalog() {
  Catalog catalog = SmallCatalog(kTeams);
  catalog.expectations = {ExpectationOn("walks", CategoryKind(Category::kWalkthrough), 5, 3, 2),
                          ExpectationOn("any", {}, 3, 0, 1)};
  return catalog;
}
// Two more, of which nothing has been said before the events come: their alerts open at one moment whatever the order.
Catalog WithFreshExpectations() {
  Catalog catalog = SemesterCatalog();
  catalog.expectations.push_back(ExpectationOn("fresh-walks", CategoryKind(Category::kWalkthrough), 5, 3, 2));
  catalog.expectations.push_back(ExpectationOn("fresh-voices", IndicatorKind("voices"), 15, 4, 0));
  for (Expectation& expectation : catalog.expectations) expectation.from = D("2025-08-01");
  return catalog;
}

std::string TextOf(const std::optional<Date>& date) { return date ? date->ToString() : "none"; }

// Everything that must not depend on the order, a line each.
std::vector<std::string> Answers(const SimulatedDistrict& district) {
  std::vector<std::string> lines;
  const std::map<std::string, DayRow> rows = district.Rows();
  for (const auto& [name, row] : rows) {
    std::string bytes = row.Encode();
    lines.push_back(absl::StrCat("row ", name, " ", bytes.size(), " ", std::hash<std::string>()(bytes)));
  }
  const std::shared_ptr<const DistrictCatalog> catalog = district.Read()->catalog();
  const Calendar& calendar = *catalog->district_calendar();
  const DateRange window{kFirst, kLast + 1};
  for (int team = 1; team <= kTeams; ++team) {
    const std::vector<ActivePeriod> active = {{D("2025-07-01"), std::nullopt}};
    CadenceInput input{.calendar = &calendar,
                       .window = window,
                       .today = kLast + 1,
                       .active = &active,
                       .signals = {},
                       .lagging_signals = {},
                       .watch = WatchTerms{5, 3, 2, MinuteOfDay{420}, D("2025-08-01")}};
    LatencyTally tally(window);
    for (const auto& [name, row] : rows) {
      if (!name.starts_with(absl::StrCat("t", team, "/"))) continue;
      tally.Add(calendar, kLast + 1, row);
      std::vector<Date>& dates = name.find("/results/") == std::string::npos ? input.signals : input.lagging_signals;
      for (const DayEntry& entry : row.entries()) dates.insert(dates.end(), entry.count, entry.event);
    }
    std::sort(input.signals.begin(), input.signals.end());
    std::sort(input.lagging_signals.begin(), input.lagging_signals.end());
    const Cadence cadence = ComputeCadence(input);
    const Latency latency = tally.Result();
    std::string line =
        absl::StrCat("team ", team, ": ", cadence.signal_dates, " ", cadence.lagging_signal_dates, " open gap ",
                     cadence.open_gap, " weeks ", cadence.weeks.covered, "/", cadence.weeks.eligible, " ",
                     cadence.weeks.streak, " on track ", cadence.on_track_days, "/", cadence.watched_days,
                     " burstiness ", cadence.burstiness.value_or(9), " last ", TextOf(cadence.last_signal), " gaps");
    for (const int gap : cadence.gaps) absl::StrAppend(&line, " ", gap);
    for (const LatencyDays* days : {&latency.collection, &latency.interpretation, &latency.total}) {
      absl::StrAppend(&line, "; ", days->closed, "+", days->open, " ", days->p50 ? days->p50->days : -1, " ",
                      days->p90 ? days->p90->days : -1, " ", days->max ? days->max->days : -1);
    }
    absl::StrAppend(&line, "; hours ", latency.collection_hours.count, " ",
                    latency.collection_hours.p90 ? latency.collection_hours.p90->low : -1);
    lines.push_back(std::move(line));
  }
  for (const auto& [name, record] : district.Watches()) {
    lines.push_back(absl::StrCat("watch ", name.team, "/", name.expectation, " ",
                                 std::string(ToString(record.watch.state)), " due ", TextOf(record.watch.due)));
  }
  for (const auto& [name, alert] : district.OpenAlerts()) {
    lines.push_back(absl::StrCat("alert ", name.team, "/", name.expectation, " ", std::string(ToString(alert.state)),
                                 " due ", TextOf(alert.due),
                                 name.expectation.starts_with("fresh") ? " " + alert.opened.ToString() : ""));
  }
  lines.push_back(absl::StrCat(district.Read()->evidence_count(), " records"));
  return lines;
}

std::vector<std::string> Live(const std::vector<std::vector<EvidenceItem>>& batches) {
  SimulatedDistrict district({.start = At("2025-08-01 12:00")});
  EXPECT_TRUE(district.Apply(SemesterCatalog()).ok());
  district.AdvanceTo(At(kStands));
  EXPECT_TRUE(district.Apply(WithFreshExpectations()).ok());
  for (const std::vector<EvidenceItem>& batch : batches) {
    // Without the driver's pause after each: nothing falls due meanwhile.
    const absl::StatusOr<Outcome> outcome =
        district.engine().Execute("springfield", RecordEvidenceCommand{"forms", batch, std::nullopt});
    EXPECT_TRUE(outcome.ok()) << outcome.status();
    if (!outcome.ok()) break;
    for (const RecordFailure& failure : std::get<BatchOutcome>(*outcome).failures) {
      ADD_FAILURE() << failure.problem.field << ": " << failure.problem.reason;
    }
  }
  EXPECT_LT(district.Read()->last_time().micros - At(kStands).micros, kMicrosPerSecond);  // it stood
  district.AdvanceTo(At(kNotified));
  return Answers(district);
}

TEST(ShuffleTest, TheOrderOfASemesterDoesNotMatter) {
  Random semester_of(1);
  const std::vector<EvidenceItem> events = Semester(semester_of);
  std::vector<std::vector<EvidenceItem>> one_by_one;
  for (const EvidenceItem& event : events) one_by_one.push_back({event});
  const std::vector<std::string> expected = Live(one_by_one);
  EXPECT_GT(events.size(), 500u);
  size_t alerts = 0;
  for (const std::string& line : expected)
    alerts += line.starts_with("alert fresh") || line.find("/fresh") != std::string::npos ? 1 : 0;
  EXPECT_GT(alerts, 5u);

  for (const uint64_t seed : Seeds(100, 1000)) {
    Random random(seed);
    std::vector<EvidenceItem> shuffled = events;
    for (int n = random.Between(0, static_cast<int>(events.size()) / 4); n > 0; --n)
      shuffled.push_back(random.Pick(events));
    for (size_t i = shuffled.size(); i > 1; --i) {
      std::swap(shuffled[i - 1], shuffled[static_cast<size_t>(random.Between(0, static_cast<int>(i) - 1))]);
    }
    const int batch_max = random.OneIn(4) ? 500 : random.Between(1, 60);
    std::vector<std::vector<EvidenceItem>> batches;
    for (size_t at = 0; at < shuffled.size();) {
      const size_t end = std::min(shuffled.size(), at + static_cast<size_t>(random.Between(1, batch_max)));
      batches.emplace_back(shuffled.begin() + static_cast<std::ptrdiff_t>(at),
                           shuffled.begin() + static_cast<std::ptrdiff_t>(end));
      at = end;
    }
    const std::vector<std::string> answers = Live(batches);
    for (size_t i = 0; i < std::min(answers.size(), expected.size()); ++i) {
      ASSERT_EQ(answers[i], expected[i]) << Replay(seed);
    }
    ASSERT_EQ(answers.size(), expected.size()) << Replay(seed);
  }
}

}  // namespace
}  // namespace leadlag
