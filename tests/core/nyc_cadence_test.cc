// Two years of real attendance of 22 schools: core's numbers and flips are those of the naive model.
#include "core/cadence.h"
#include "gtest/gtest.h"
#include "tests/support/naive_cadence.h"
#include "tests/support/nyc_attendance.h"
#include "tests/support/same_cadence.h"
#include "tests/support/watch_story.h"

namespace leadlag {
namespace {

class NycCadence : public testing::Test {
 protected:
  void SetUp() override {
    const std::optional<std::string> file = NycAttendanceFile();
    if (!file) GTEST_SKIP() << NoNycAttendance();
    absl::StatusOr<NycAttendance> attendance = ReadNycAttendance(*file);
    ASSERT_TRUE(attendance.ok()) << attendance.status().message();
    attendance_ = *std::move(attendance);
    spec_ = attendance_.Calendar();
  }

  NycAttendance attendance_;
  CalendarSpec spec_;
};

// What ../shared/data/SOURCES.md says of the file.
TEST_F(NycCadence, TheFileIsTheOneWeKnow) {
  EXPECT_EQ(attendance_.submitted.size(), 22u);
  EXPECT_EQ(attendance_.not_submitted, 642u);
  ASSERT_EQ(spec_.years.size(), 2u);
  EXPECT_EQ(spec_.years[1].terms.front().first_day, D("2014-10-20"));
  EXPECT_FALSE(NaiveCalendar(spec_).IsInstructional(D("2014-01-03")));  // all NS
}

TEST_F(NycCadence, EveryNumberOfEverySchoolAndYear) {
  const NaiveCalendar naive(spec_);
  const std::shared_ptr<const Calendar> core = CoreCalendar({{Date::Min(), spec_}});
  for (const auto& [dbn, dates] : attendance_.submitted) {
    for (const SchoolYearSpec& year : spec_.years) {
      // In mid-year, on its last day, and long after it.
      for (Date today : {year.terms.front().first_day + 100, year.terms.front().last_day, year.bounds.to + 30}) {
        NaiveCadenceInput input;
        input.calendar = &naive;
        input.window = year.bounds;
        input.today = today;
        input.active = {{D("2013-07-01"), std::nullopt}};
        for (Date d : dates) {
          if (d <= today) input.signals.push_back(d);
        }
        input.watch = WatchTerms{1, 1, 0, MinuteOfDay{420}, D("2013-07-01")};
        const Cadence cadence = NaiveCadence(input);
        EXPECT_GT(cadence.signal_dates, 0) << dbn;
        EXPECT_EQ(CadenceDifference(naive, cadence, ComputeCadence(CoreInput(input, *core))), "")
            << dbn << " in " << year.id << ", today " << today.ToString();
      }
    }
  }
}

// Each row recorded at 16:00 on its date, a signal wanted every instructional day.
TEST_F(NycCadence, EveryFlipOfEverySchoolAndYear) {
  const ZoneRules zone{"America/New_York",
                       {{Instant::Min(), -4 * 3600},
                        {*Instant::Parse("2013-11-03T06:00:00Z"), -5 * 3600},
                        {*Instant::Parse("2014-03-09T07:00:00Z"), -4 * 3600},
                        {*Instant::Parse("2014-11-02T06:00:00Z"), -5 * 3600},
                        {*Instant::Parse("2015-03-08T07:00:00Z"), -4 * 3600}}};
  for (const auto& [dbn, dates] : attendance_.submitted) {
    WatchStory story;
    auto world = std::make_shared<NaiveWorld>();
    world->parts = {{Date::Min(), spec_}};
    world->zone = zone;
    world->active = {{D("2013-07-01"), std::nullopt}};
    world->terms = WatchTerms{1, 1, 0, MinuteOfDay{420}, D("2013-07-01")};
    story.happenings.push_back({zone.StartOf(D("2013-07-01")), {}, world});
    for (Date d : dates)
      story.happenings.push_back({zone.At(d, MinuteOfDay{16 * 60}), {NewRecord(d.ToString())}, nullptr});
    story.end = zone.StartOf(D("2015-08-01"));

    const std::vector<WatchFlip> naive = NaiveFlips(story);
    EXPECT_GT(naive.size(), 4u) << dbn;
    for (Pace pace : {Pace::kHappenings, Pace::kNextMoments}) {
      const CoreLife life = LiveInCore(story, pace);
      ASSERT_EQ(life.flips.size(), naive.size()) << dbn;
      for (size_t i = 0; i < naive.size(); ++i)
        ASSERT_EQ(Describe(life.flips[i], zone), Describe(naive[i], zone)) << dbn;
      EXPECT_EQ(life.flips, naive) << dbn;
      EXPECT_TRUE(life.broken.empty()) << dbn << ": " << life.broken.front();
    }
  }
}

}  // namespace
}  // namespace leadlag
