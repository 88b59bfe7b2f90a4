// Many lives of sources that fall silent and are heard again: every flip is the naive model's.
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/engine/queries.h"
#include "tests/simulation/simulated_district.h"
#include "tests/simulation/watch_stories.h"
#include "tests/support/random_seed.h"
#include "tests/support/watch_story.h"

namespace leadlag {
namespace {

using testing::IsEmpty;

constexpr int kTeams = 4;
const Date kEnd = D("2026-02-20");

class Life {
 public:
  explicit Life(uint64_t seed)
      : random_(seed), district_({.start = At("2025-08-01 12:00")}), catalog_(SmallCatalog(kTeams)) {
    catalog_.sources = {Source{.id = "forms"}, Source{.id = "sis"}, Source{.id = "paper"}};
    catalog_.sources[0].every_days = 3;
    catalog_.sources[1].every_days = 2;
    catalog_.sources[1].indicators = {"lessons", "results"};
    catalog_.sources[1].notify_time = MinuteOfDay{9 * 60};
    catalog_.teams[1].time_zone = "America/Denver";
    catalog_.teams[2].time_zone = "America/Halifax";
    const int settling[] = {0, 10, 45};
    catalog_.settings.settling_minutes = settling[seed % 3];
    catalog_.expectations.push_back(ExpectationOn("lessons", CategoryKind(Category::kImplementation), 4, 0, 1));
    catalog_.expectations.push_back(ExpectationOn("any", SignalKind{}, 6, 2, 0));
    AlertRule lagging{.id = "lagging",
                      .display_name = "",
                      .terms = LaggingOnlyTerms{8},
                      .team_labels = {},
                      .teams = {},
                      .severity = Severity::kWarning,
                      .enabled = true,
                      .notify_time = MinuteOfDay{420},
                      .from = D("2025-07-01")};
    AlertRule slow = lagging;
    slow.id = "slow";
    slow.terms = CollectionSlowTerms{.records = 4, .percent = 30, .days = 2, .clear_percent = 15};
    AlertRule actions = lagging;
    actions.id = "actions";
    actions.terms = ActionWithoutEvidenceTerms{4};
    catalog_.alert_rules = {lagging, slow, actions};
  }

  void Live() {
    Apply();
    for (Date date = D("2025-09-04"); date < kEnd && !testing::Test::HasFailure(); date = date + 1) {
      minute_ = random_.OneIn(3) ? 5 * 60 : 8 * 60;
      for (size_t i = 0; i < catalog_.sources.size(); ++i) {
        if (silent_[i] > 0) {
          --silent_[i];
        } else if (random_.OneIn(12)) {
          silent_[i] = random_.Between(1, 12);
        } else if (random_.OneIn(2)) {
          Send(date, catalog_.sources[i].id);
        }
      }
      if (random_.OneIn(14)) Edit(date);
      if (random_.OneIn(5)) Tell(date);
      if (random_.OneIn(14) && date + 6 < kEnd) {
        const int days = random_.Between(0, 5);
        GoTo(date);
        if (const std::optional<Downtime> down = district_.Restart(At("America/New_York", date + days, minute_ + 5))) {
          stories_.Down(down->down_from, down->up_at);
        }
        date = date + days;
      }
    }
    district_.AdvanceTo(At("America/New_York", kEnd, 0));
  }

  void Compare(std::map<WatchState, int>& seen) {
    ASSERT_EQ(district_.Inconsistencies(), "");
    ASSERT_THAT(VerifyDistrict(district_.Freeze(), 100), IsEmpty());
    std::map<WatchName, std::vector<WatchFlip>> flips = district_.FlipsByWatch();
    for (const auto& [name, story] : stories_.Tell(At("America/New_York", kEnd, 0))) {
      ASSERT_EQ(FlipDifference(name, story, flips[name]), "") << Shown();
      for (const WatchFlip& flip : flips[name]) {
        seen[flip.to] += 1;
        if (name.expectation == "actions" && flip.to == WatchState::kUnknown) ++untold_actions;
      }
    }
  }

  int untold_actions = 0;

 private:
  void GoTo(Date date) {
    const Instant at = At("America/New_York", date, minute_);
    if (district_.now() < at) district_.AdvanceTo(at);
    minute_ += random_.Between(1, 30);
  }
  std::string Shown() const {
    std::string text;
    for (const std::string& line : log_) text += "\n  " + line;
    return text;
  }
  void Log(const std::string& what) { log_.push_back(district_.last_command().ToString() + " " + what); }

  void Apply() {
    const absl::StatusOr<CatalogOutcome> applied = district_.Apply(catalog_);
    ASSERT_TRUE(applied.ok()) << applied.status();
    if (applied->changes.empty()) return;
    stories_.Apply(district_.last_command(), catalog_);
    std::string text = "catalog:";
    for (const CatalogChange& change : applied->changes) absl::StrAppend(&text, " ", change.path, " ", change.detail);
    Log(text);
  }

  void Send(Date date, const std::string& source) {
    GoTo(date);
    RecordEvidenceCommand command{.source = source, .items = {}, .complete_through = std::nullopt};
    std::vector<WatchStories::Item> told;
    static const std::vector<std::string>& kIndicators = *new std::vector<std::string>{"walks", "lessons", "results"};
    for (int n = random_.Between(0, 3); n > 0; --n) {
      const std::string id = absl::StrCat("r", ++records_), team = absl::StrCat("t", random_.Between(1, kTeams));
      const std::string indicator = random_.Pick(kIndicators);
      const Date event = date - random_.Between(0, 6);
      command.items.push_back(NumberRecord(id, team, indicator, event, records_));
      told.push_back({id, team, indicator, event, /*is_new=*/true});
    }
    if (random_.OneIn(2)) command.complete_through = date - random_.Between(0, 2);
    const std::optional<Date> through = command.complete_through;
    ASSERT_TRUE(district_.Execute(std::move(command)).ok());
    if (!told.empty()) stories_.Record(district_.last_command(), told);
    stories_.Heard(district_.last_command(), source, through);
    Log(absl::StrCat(source, ": ", told.size(), " records", through ? " through " + through->ToString() : ""));
    for (const WatchStories::Item& item : told)
      Log(absl::StrCat("  ", item.id, " ", item.team, " ", *item.indicator, " ", item.date.ToString()));
  }

  // One of a few inquiries, anew.
  void Tell(Date date) {
    GoTo(date);
    const int team = random_.Between(1, kTeams);
    Inquiry inquiry = InquiryOf(absl::StrCat("q", team, random_.Between(0, 1)), absl::StrCat("t", team), D("2025-09-01"));
    if (random_.OneIn(4)) inquiry.status = InquiryStatus::kDone;
    for (const char* const indicator : {"walks", "lessons", "results"}) {
      if (!random_.OneIn(3)) inquiry.links.push_back({indicator, ExpectedDirection::kIncrease, {}});
    }
    for (int i = random_.Between(0, 2); i > 0; --i) {
      const Date start = std::max(inquiry.start, date - random_.Between(-3, 8));
      inquiry.actions.push_back({absl::StrCat("a", i), "d", start, std::nullopt});
      if (random_.OneIn(3)) inquiry.actions.back().end = start + random_.Between(1, 20);
    }
    const absl::StatusOr<InquiryOutcome> outcome = district_.RecordInquiry(inquiry);
    ASSERT_TRUE(outcome.ok()) << outcome.status();
    if (outcome->kind != RecordOutcomeKind::kSame) stories_.Record(district_.last_command(), inquiry);
    Log(absl::StrCat("inquiry ", inquiry.id, ": ", inquiry.links.size(), " links, ", inquiry.actions.size(), " actions",
                     inquiry.status == InquiryStatus::kDone ? ", done" : ""));
    for (const InquiryLink& link : inquiry.links) Log("  " + link.indicator);
    for (const InquiryAction& action : inquiry.actions) {
      Log(absl::StrCat("  ", action.id, " ", action.start.ToString(), action.end ? " to " + action.end->ToString() : ""));
    }
  }

  void Edit(Date date) {
    GoTo(date);
    Source& source =
        catalog_.sources[static_cast<size_t>(random_.Between(0, static_cast<int>(catalog_.sources.size()) - 1))];
    switch (random_.Between(0, 6)) {
      case 0: {
        const Date day = date + random_.Between(-3, 6);
        const bool make_up = !Calendar::Compile(catalog_.calendars[0]).value().IsInstructional(day);
        catalog_.calendars[0] = With(catalog_.calendars[0],
                                     make_up ? ExceptionKind::kMakeUpDay : ExceptionKind::kWeatherDay, day.ToString());
        break;
      }
      case 1:
        source.every_days = random_.Between(0, 3);
        break;
      case 2:
        source.indicators = random_.OneIn(2) ? std::vector<std::string>{}
                                             : std::vector<std::string>{random_.OneIn(2) ? "walks" : "lessons"};
        break;
      case 3:
        source.teams = random_.OneIn(2) ? std::vector<std::string>{}
                                        : std::vector<std::string>{absl::StrCat("t", random_.Between(1, kTeams))};
        break;
      case 4:
        source.notify_time = MinuteOfDay{random_.Between(6, 10) * 60};
        break;
      case 5: {
        std::vector<ActivePeriod>& active =
            catalog_.teams[static_cast<size_t>(random_.Between(0, kTeams - 1))].active_periods;
        if (active.back().active_to) {
          active.push_back({std::max(date, *active.back().active_to + 1), std::nullopt});
        } else if (active.back().active_from < date) {
          active.back().active_to = date + random_.Between(1, 4);
        }
        break;
      }
      default:
        catalog_.expectations[1].grace_days = random_.Between(0, 3);
    }
    Apply();
  }

  Random random_;
  SimulatedDistrict district_;
  WatchStories stories_;
  Catalog catalog_;
  std::vector<std::string> log_;
  int silent_[3] = {0, 0, 0};
  int records_ = 0;
  int minute_ = 0;
};

TEST(SourceLivesTest, EveryFlipIsTheNaiveModels) {
  std::map<WatchState, int> seen;
  int untold_actions = 0;
  for (const uint64_t seed : Seeds(6, 200)) {
    SCOPED_TRACE(Replay(seed));
    Life life(seed);
    life.Live();
    if (HasFatalFailure()) return;
    life.Compare(seen);
    if (HasFatalFailure()) return;
    untold_actions += life.untold_actions;
  }
  EXPECT_GT(untold_actions, 0);
  for (const WatchState state : {WatchState::kUnknown, WatchState::kRaised, WatchState::kLate})
    EXPECT_GT(seen[state], 0) << ToString(state);
}

}  // namespace
}  // namespace leadlag
