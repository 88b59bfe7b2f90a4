// Two school years of a district in seconds: evidence, corrections, snow days, edits, teams that come and go, restarts
// and downtime. Every flip is the naive model's, and the same commands make the same bytes.
#include <algorithm>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "server/engine/zone_database.h"
#include "storage/keys.h"
#include "tests/simulation/simulated_district.h"
#include "tests/simulation/watch_stories.h"
#include "tests/support/random_seed.h"
#include "tests/support/watch_story.h"

namespace leadlag {
namespace {

const std::vector<std::string> kZones = {"", "", "", "America/Chicago", "Pacific/Honolulu"};

// One seeded life.
class Life {
 public:
  // `all`: with every kind of rule, an expected source, inquiries, alerts that people handle, and flips that leave; the naive model is told
  // nothing of these.
  Life(uint64_t seed, int teams, bool restarts, bool all = false)
      : random_(seed),
        all_(all),
        district_({.start = At("2025-07-10 12:00"), .restarts = restarts}),
        catalog_(FirstCatalog(teams)) {
    for (int i = 0; i < teams; ++i) silence_.push_back(random_.Between(4, 40));
  }

  void Live(Date until) {
    ApplyCatalog();
    for (Date date = D("2025-07-11"); date < until; date = date + 1) {
      LiveThrough(date);
      if (testing::Test::HasFatalFailure()) return;
    }
    end_ = At("America/New_York", until, 0);
    district_.AdvanceTo(end_);
  }

  SimulatedDistrict& district() { return district_; }
  const WatchStories& stories() const { return stories_; }
  Instant end() const { return end_; }
  int restarts() const { return restarts_; }
  int downtimes() const { return downtimes_; }
  int handled() const { return handled_; }

 private:
  struct Mine {
    std::string team, indicator;
    Date date;
    uint64_t version = 0;  // 0: without; then always even
    bool voided = false;
  };

  // Two calendars that agree on the bounds of their years; the second year comes later.
  Catalog FirstCatalog(int teams) {
    Catalog catalog = SmallCatalog(teams);
    catalog.calendars[0].years.pop_back();
    catalog.calendars.push_back(catalog.calendars[0]);
    catalog.calendars[1].id = "south";
    catalog.calendars[1].weekdays = 0b0011110;  // no Mondays
    catalog.calendars[1].years[0].terms = {{D("2025-08-18"), D("2025-12-19")}, {D("2026-01-05"), D("2026-05-29")}};
    for (Team& team : catalog.teams) {
      team.time_zone = random_.Pick(kZones);
      if (random_.OneIn(3)) team.calendars = {{"south", std::nullopt}};
    }
    catalog.expectations = {ExpectationOn("walks", CategoryKind(Category::kWalkthrough), 5, 3, 2),
                            ExpectationOn("any", {}, 3, 0, 1),
                            ExpectationOn("lessons", CategoryKind(Category::kImplementation), 10, 10, 10),
                            ExpectationOn("voices", IndicatorKind("voices"), 20, 5, 0)};
    catalog.expectations[2].team_labels = {{"level", "high"}};
    catalog.expectations[2].notify_time = MinuteOfDay{16 * 60 + 30};
    catalog.expectations[3].from = D("2025-10-01");
    if (all_) AddAll(catalog);
    return catalog;
  }

  static void AddAll(Catalog& catalog) {
    const auto add = [&](std::string id, decltype(AlertRule::terms) terms) {
      AlertRule rule;
      rule.id = std::move(id);
      rule.terms = std::move(terms);
      rule.team_labels = {{"level", "high"}};
      catalog.alert_rules.push_back(std::move(rule));
    };
    add("lagging", LaggingOnlyTerms{15});
    add("boxes-only", CompletionOnlyTerms{});
    add("reviews", ReviewOverdueTerms{10});
    add("slow", CollectionSlowTerms{.records = 5, .percent = 30, .days = 2, .clear_percent = 15});
    add("actions", ActionWithoutEvidenceTerms{10});
    add("walks-run", RunSignalTerms{"walks", ChartUnit::kDay});
    catalog.sources[1].every_days = 2;
    catalog.sources[1].indicators = {"lessons"};
    catalog.settings.flip_retention_days = 60;
  }

  void LiveThrough(Date date) {
    // What the day brings, by time of day; what falls into a downtime happens after it.
    std::multimap<Instant, void (Life::*)()> day;
    const auto at = [&](int minute) { return At("America/New_York", date, minute); };
    const bool school = date.weekday() <= Weekday::kFriday;
    if (school || random_.OneIn(4)) {
      day.emplace(Instant{at(random_.Between(0, 1439)).micros + random_.Between(0, 59'999'999)}, &Life::SendEvidence);
      day.emplace(at(16 * 60), &Life::SendEvidence);
      if (random_.OneIn(4)) day.emplace(at(7 * 60), &Life::SendEvidence);  // at the very moment of a notify time
      if (random_.OneIn(2)) day.emplace(at(random_.Between(0, 1439)), &Life::SendCorrections);
    }
    if (random_.OneIn(12)) day.emplace(at(random_.Between(0, 1439)), &Life::ChangeCatalog);
    if (date == D("2026-07-20")) day.emplace(at(600), &Life::AddSouthsSecondYear);
    if (date == D("2026-09-15")) day.emplace(at(600), &Life::AddMainsSecondYear);
    if (random_.OneIn(15)) day.emplace(at(random_.Between(0, 1439)), &Life::Restart);
    if (random_.OneIn(40)) day.emplace(at(random_.Between(0, 1439)), &Life::GoDown);
    if (all_) {
      if (random_.OneIn(3)) day.emplace(at(random_.Between(0, 1439)), &Life::Heartbeat);
      if (random_.OneIn(2)) day.emplace(at(random_.Between(0, 1439)), &Life::HandleAnAlert);
      if (random_.OneIn(4)) day.emplace(at(random_.Between(0, 1439)), &Life::TellInquiry);
    }
    for (const auto& [when, happen] : day) {
      district_.AdvanceTo(std::max(when, district_.now()));
      (this->*happen)();
    }
  }

  // ---- evidence ----

  Date Today(const Team& team) const {
    return Rules(team.time_zone.empty() ? "America/New_York" : team.time_zone).LocalDate(district_.now());
  }
  static const ZoneRules& Rules(const std::string& name) {
    static auto& known = *new std::map<std::string, ZoneRules>;
    const auto [found, missing] = known.try_emplace(name);
    if (missing) found->second = LoadZone(name).value();
    return found->second;
  }

  std::string AnyIndicator() {
    static const std::vector<std::string> indicators = {"walks", "walks", "lessons", "voices", "results", "boxes"};
    return random_.Pick(indicators);
  }

  // Late by some days, at times by weeks, and now and then dated tomorrow.
  Date AnyDate(const Team& team) {
    const Date today = Today(team);
    if (random_.OneIn(20)) return today + 1;
    return today - (random_.OneIn(6) ? random_.Between(0, 40) : random_.Between(0, 2));
  }

  EvidenceItem ItemOf(const std::string& id, const Mine& mine) {
    EvidenceItem item = NumberRecord(id, mine.team, mine.indicator, mine.date, ++content_);
    if (mine.indicator == "voices") item.content.value = Proportion{content_, 1'000'000};
    if (mine.indicator == "boxes") item.content.value = Completion{true};
    item.content.note = absl::StrCat("content ", content_);  // no content comes twice
    if (mine.version > 0) item.content.source_version = mine.version;
    if (mine.voided) {
      item.content = {};
      item.content.value = Void{};
      item.content.note = absl::StrCat("reason ", content_);
      if (mine.version > 0) item.content.source_version = mine.version;
    }
    return item;
  }

  static WatchStories::Item Told(const std::string& id, const Mine& mine, bool is_new) {
    return {id, mine.team, mine.voided ? std::nullopt : std::optional(mine.indicator), mine.date, is_new};
  }

  void Send(const std::vector<EvidenceItem>& items, const std::vector<WatchStories::Item>& told) {
    const absl::StatusOr<BatchOutcome> outcome = district_.Record("forms", items);
    ASSERT_TRUE(outcome.ok()) << outcome.status();
    for (const RecordFailure& failure : outcome->failures)
      FAIL() << failure.problem.field << ": " << failure.problem.reason;
    stories_.Record(district_.last_command(), told);
  }

  void SendEvidence() {
    std::vector<EvidenceItem> items;
    std::vector<WatchStories::Item> told;
    for (size_t i = 0; i < catalog_.teams.size(); ++i) {
      const Team& team = catalog_.teams[i];
      int& silence = silence_[static_cast<size_t>(std::atoi(team.id.c_str() + 1) - 1)];
      if (random_.OneIn(200)) silence = random_.OneIn(3) ? 400 : random_.Between(6, 60);
      if (!random_.OneIn(silence)) continue;
      const std::string id = absl::StrCat("r", records_.size() + 1);
      Mine mine{
          .team = team.id, .indicator = AnyIndicator(), .date = AnyDate(team), .version = random_.OneIn(2) ? 2u : 0u};
      items.push_back(ItemOf(id, mine));
      told.push_back(Told(id, mine, /*is_new=*/true));
      records_.push_back(mine);
    }
    Send(items, told);
  }

  void SendCorrections() {
    if (records_.empty()) return;
    std::vector<EvidenceItem> items;
    std::vector<WatchStories::Item> told;
    std::set<size_t> done;
    for (size_t n = 1 + catalog_.teams.size() / 20; n > 0; --n) {
      const int last = static_cast<int>(records_.size()) - 1;
      const auto index = static_cast<size_t>(random_.Between(std::max(0, last - 20 * static_cast<int>(n)), last));
      Mine& mine = records_[index];
      const auto team =
          std::find_if(catalog_.teams.begin(), catalog_.teams.end(), [&](const Team& t) { return t.id == mine.team; });
      if (team == catalog_.teams.end() || !done.insert(index).second) continue;
      const std::string id = absl::StrCat("r", index + 1);
      Mine changed = mine;
      changed.voided = !mine.voided && random_.OneIn(3);
      if (random_.OneIn(2)) changed.date = AnyDate(*team);
      if (random_.OneIn(3)) changed.indicator = AnyIndicator();
      if (mine.version > 0 && random_.OneIn(6)) {  // an older version that comes late: kept, and without effect
        changed.version = mine.version - 1;
        if (!stale_.insert({index, changed.version}).second) continue;
        items.push_back(ItemOf(id, changed));
        continue;
      }
      if (changed.version > 0) changed.version += 2;
      if (changed.voided) {
        changed.indicator = mine.indicator;
        changed.date = mine.date;
      }
      mine = changed;
      items.push_back(ItemOf(id, mine));
      told.push_back(Told(id, mine, /*is_new=*/false));
      if (random_.OneIn(10)) items.push_back(items.back());  // and the same again
    }
    Send(items, told);
  }

  // ---- what people and other sources do ----

  void Heartbeat() { ASSERT_TRUE(district_.Record("sis", {}).ok()); }

  void HandleAnAlert() {
    const std::map<WatchName, AlertRecord> open = district_.OpenAlerts();
    if (open.empty()) return;
    const auto any = std::next(open.begin(), random_.Between(0, static_cast<int>(open.size()) - 1));
    HandleAlertCommand command;
    command.alert = any->second.sequences.front();
    command.by = "coach";
    if (random_.OneIn(2)) {
      command.what = HandleAlertCommand::What::kSnooze;
      command.days = static_cast<uint32_t>(random_.Between(1, 20));
    }
    handled_ += district_.Execute(std::move(command)).ok() ? 1 : 0;  // no snooze goes past the last calendar's end
  }

  void TellInquiry() {
    const Team& team = catalog_.teams[static_cast<size_t>(random_.Between(0, static_cast<int>(catalog_.teams.size()) - 1))];
    const Date today = Today(team);
    Inquiry inquiry = InquiryOf("of-" + team.id, team.id, D("2025-07-01"));
    if (random_.OneIn(5)) inquiry.status = InquiryStatus::kStopped;
    inquiry.links = {{random_.OneIn(2) ? "walks" : "lessons", ExpectedDirection::kIncrease}};
    inquiry.actions = {{"a", "Try", today + random_.Between(-9, 4)}};
    const absl::StatusOr<InquiryOutcome> outcome = district_.RecordInquiry(inquiry);
    ASSERT_TRUE(outcome.ok()) << outcome.status();
  }

  // ---- the catalog ----

  void ApplyCatalog() {
    const absl::StatusOr<CatalogOutcome> outcome = district_.Apply(catalog_);
    ASSERT_TRUE(outcome.ok()) << outcome.status();
    stories_.Apply(district_.last_command(), catalog_);
  }

  void ChangeCatalog() {
    Catalog changed = catalog_;
    for (int edits = random_.Between(1, 3); edits > 0; --edits) {
      const Catalog before = changed;
      Edit(changed);
      if (!Validate(changed).empty()) changed = before;
    }
    catalog_ = std::move(changed);
    ApplyCatalog();
  }

  void Edit(Catalog& catalog) {
    Team& team = catalog.teams[static_cast<size_t>(random_.Between(0, static_cast<int>(catalog.teams.size()) - 1))];
    const Date today = Today(team);
    switch (random_.Between(0, 11)) {
      case 0:
      case 1:
      case 2: {  // a snow day, known on the day or after it; a day made up for it
        CalendarSpec& calendar = catalog.calendars[static_cast<size_t>(random_.Between(0, 1))];
        const Date date = today + random_.Between(-6, 3);
        calendar.exceptions.push_back(
            {date, date, random_.OneIn(3) ? ExceptionKind::kMakeUpDay : ExceptionKind::kWeatherDay, "changed"});
        break;
      }
      case 3:
        if (!catalog.expectations.empty()) {
          Expectation& edited = catalog.expectations[static_cast<size_t>(
              random_.Between(0, static_cast<int>(catalog.expectations.size()) - 1))];
          edited.every_days = std::max(1, edited.every_days + random_.Between(-3, 3));
          edited.grace_days = random_.Between(0, 6);
          edited.allowance_days = random_.Between(0, 6);
          if (random_.OneIn(3)) edited.notify_time = MinuteOfDay{random_.Between(0, 1439)};
        }
        break;
      case 4:  // an expectation goes, or the one that is gone comes back
        if (removed_) {
          catalog.expectations.push_back(*removed_);
          removed_.reset();
        } else if (catalog.expectations.size() > 1) {
          removed_ = catalog.expectations.back();
          catalog.expectations.pop_back();
        }
        break;
      case 5:
      case 6: {  // a team goes inactive, or is active again
        ActivePeriod& last = team.active_periods.back();
        if (!last.active_to) {
          last.active_to = today + random_.Between(-3, 5);
        } else {
          team.active_periods.push_back({std::max(today + random_.Between(-4, 4), *last.active_to + 1), std::nullopt});
        }
        break;
      }
      case 7: {
        const std::string next = team.calendars.empty() || team.calendars.back().calendar == "main" ? "south" : "main";
        if (team.calendars.empty()) team.calendars = {{"main", std::nullopt}};
        team.calendars.push_back({next, today + random_.Between(-5, 20)});
        break;
      }
      case 8:
        team.labels["level"] = random_.OneIn(2) ? "high" : "middle";
        break;
      case 9:
        team.time_zone = random_.Pick(kZones);
        break;
      case 10:
        catalog.indicators[1].category = catalog.indicators[1].category == Category::kImplementation
                                             ? Category::kAdultLearning
                                             : Category::kImplementation;
        break;
      default:  // a team leaves, or the one that left comes back
        if (left_) {
          catalog.teams.push_back(*left_);
          left_.reset();
        } else if (catalog.teams.size() > 1) {
          left_ = catalog.teams.back();
          catalog.teams.pop_back();
        }
    }
  }

  void AddSouthsSecondYear() {
    // Nobody moves inside a year that the other calendar does not have yet.
    for (Team& team : catalog_.teams) {
      std::erase_if(team.calendars, [](const CalendarAssignment& a) { return a.from && *a.from > D("2026-07-01"); });
    }
    catalog_.calendars[1].years.push_back({"2026-27",
                                           {D("2026-07-01"), D("2027-07-01")},
                                           {{D("2026-08-17"), D("2026-12-18")}, {D("2027-01-04"), D("2027-05-28")}}});
    ApplyCatalog();
  }
  // After its first day: what was recorded meanwhile waits.
  void AddMainsSecondYear() {
    catalog_.calendars[0].years.push_back(TwoYears().years[1]);
    ApplyCatalog();
  }

  // ---- restarts ----

  void Restart() {
    ++restarts_;
    Note(district_.Restart(Instant{district_.now().micros + random_.Between(0, 100) * kMicrosPerSecond}));
  }
  void GoDown() {
    const int minutes = random_.OneIn(3) ? random_.Between(2, 15) : random_.Between(15, 4000);
    Note(district_.Restart(Instant{district_.now().micros + minutes * kMicrosPerMinute}));
  }
  void Note(std::optional<Downtime> downtime) {
    if (!downtime) return;
    ++downtimes_;
    stories_.Down(downtime->down_from, downtime->up_at);
  }

  Random random_;
  const bool all_;
  SimulatedDistrict district_;
  WatchStories stories_;
  Catalog catalog_;
  std::optional<Expectation> removed_;
  std::optional<Team> left_;
  std::vector<int> silence_;  // a record every so many chances, by team
  std::vector<Mine> records_;
  std::set<std::pair<size_t, uint64_t>> stale_;  // versions sent late, by record
  int content_ = 0;
  Instant end_;
  int restarts_ = 0;
  int downtimes_ = 0;
  int handled_ = 0;
};

constexpr char kUntil[] = "2027-07-05";

TEST(TwoYearsTest, FiveHundredTeamsFlipLikeTheNaiveModel) {
  const bool all = std::getenv("LEADLAG_LONG") != nullptr;
  for (const uint64_t seed : Seeds(1, 3)) {
    Life life(seed, 500, /*restarts=*/true);
    life.Live(D(kUntil));
    ASSERT_FALSE(HasFailure()) << Replay(seed);
    EXPECT_GT(life.restarts(), 10);
    EXPECT_GT(life.downtimes(), 5);
    EXPECT_EQ(life.district().Inconsistencies(), "") << Replay(seed);
    std::map<WatchName, std::vector<WatchFlip>> flips = life.district().FlipsByWatch();
    const std::map<WatchName, WatchStory> stories = life.stories().Tell(life.end());
    EXPECT_GE(stories.size(), 1500u);
    // The naive model takes its time: a sample where time is short.
    Random pick(seed + 1'000'000);
    int differences = 0, compared = 0;
    for (const auto& [name, story] : stories) {
      if (!all && !pick.OneIn(60)) continue;
      ++compared;
      const std::string difference = FlipDifference(name, story, flips[name]);
      if (difference.empty()) continue;
      ADD_FAILURE() << difference << Replay(seed);
      ASSERT_LT(++differences, 3) << "and so on";
    }
    EXPECT_GT(compared, 10);
  }
}

TEST(TwoYearsTest, SmallLivesFlipLikeTheNaiveModel) {
  for (const uint64_t seed : Seeds(3, 100)) {
    Life life(seed, 4, /*restarts=*/true);
    life.Live(D(kUntil));
    ASSERT_FALSE(HasFailure()) << Replay(seed);
    EXPECT_EQ(life.district().Inconsistencies(), "") << Replay(seed);
    std::map<WatchName, std::vector<WatchFlip>> flips = life.district().FlipsByWatch();
    for (const auto& [name, story] : life.stories().Tell(life.end())) {
      ASSERT_EQ(FlipDifference(name, story, flips[name]), "") << Replay(seed);
    }
  }
}

TEST(TwoYearsTest, TheSameCommandsMakeTheSameBytes) {
  for (const uint64_t seed : Seeds(1, 10)) {
    Life restarted(seed, 60, /*restarts=*/true, /*all=*/true), steady(seed, 60, /*restarts=*/false, /*all=*/true);
    restarted.Live(D(kUntil));
    steady.Live(D(kUntil));
    ASSERT_FALSE(HasFailure()) << Replay(seed);
    const std::map<std::string, std::string> view = restarted.district().View();
    EXPECT_GT(restarted.handled(), 50) << Replay(seed);
    {
      const DistrictReader reader = restarted.district().Read();
      EXPECT_GT(reader->first_sequence(), 1u) << Replay(seed);
      EXPECT_GT(reader->ObservationOf(*reader->interned().sources.Find("sis")).lived.size(), 10u) << Replay(seed);
    }
    std::set<AlertKind> open;  // of those in two years
    for (const auto& [key, value] : view) {
      const absl::StatusOr<AlertKey> alert = AlertKey::Decode(key);
      if (alert.ok()) open.insert(DecodeAlertRecord(value)->kind);
    }
    EXPECT_EQ(open.size(), 8u) << Replay(seed);
    EXPECT_EQ(restarted.district().Flips(), steady.district().Flips()) << Replay(seed);
    EXPECT_TRUE(view == steady.district().View()) << Replay(seed);
    // And applied once more, from the log alone.
    SimulatedDistrict again({.start = restarted.district().now(), .disk = restarted.district().LogAlone()});
    EXPECT_TRUE(view == again.View()) << Replay(seed);
  }
}

}  // namespace
}  // namespace leadlag
