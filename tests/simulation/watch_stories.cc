#include "tests/simulation/watch_stories.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/check.h"
#include "server/engine/zone_database.h"
#include "tests/support/watch_story.h"

namespace leadlag {
namespace {

template <typename Entry>
const Entry* Find(const std::vector<Entry>& entries, const std::string& id) {
  const auto found = std::find_if(entries.begin(), entries.end(), [&](const Entry& e) { return e.id == id; });
  return found == entries.end() ? nullptr : &*found;
}

const ZoneRules& Rules(const std::string& name) {
  static auto& known = *new std::map<std::string, ZoneRules>;
  const auto found = known.find(name);
  if (found != known.end()) return found->second;
  absl::StatusOr<ZoneRules> rules = LoadZone(name);
  LEADLAG_CHECK(rules.ok());
  return known.emplace(name, *std::move(rules)).first->second;
}

template <typename Entry>
bool Picks(const Entry& entry, const Team& team) {
  if (!entry.teams.empty() && std::find(entry.teams.begin(), entry.teams.end(), team.id) == entry.teams.end()) return false;
  for (const auto& [key, value] : entry.team_labels) {
    const auto label = team.labels.find(key);
    if (label == team.labels.end() || label->second != value) return false;
  }
  return true;
}

// The story with no more of its zones' rules than it lives through.
WatchStory Abridged(WatchStory story) {
  const Instant from{story.happenings.front().at.micros - 366 * kMicrosPerDay};
  for (Happening& happening : story.happenings) {
    if (happening.world == nullptr) continue;
    auto world = std::make_shared<NaiveWorld>(*happening.world);
    std::vector<ZoneRules::Offset>& offsets = world->zone.offsets;
    std::erase_if(offsets,
                  [&](const ZoneRules::Offset& offset) { return offset.from < from || offset.from > story.end; });
    if (offsets.empty()) offsets = {happening.world->zone.offsets.back()};
    happening.world = std::move(world);
  }
  return story;
}

// A date in no school year: a record there counts for nothing, but it is new.
constexpr Date kNoYear = Date::Min();

}  // namespace

std::shared_ptr<const NaiveWorld> WatchStories::WorldOf(const WatchName& name) const {
  const Team* team = Find(catalog_.teams, name.team);
  const Expectation* expectation = Find(catalog_.expectations, name.expectation);
  const AlertRule* rule = RuleOf(name);
  auto world = std::make_shared<NaiveWorld>();
  const bool picked = (expectation != nullptr && team != nullptr && Picks(*expectation, *team)) ||
                      (rule != nullptr && team != nullptr && Picks(*rule, *team));
  if (!picked) {
    // Nothing to watch: no calendar. It is not that the team was inactive.
    world->zone = Rules(catalog_.time_zone);
    world->active = {{Date::Min(), std::nullopt}};
    return world;
  }
  if (team->calendars.empty()) {
    world->parts = {{Date::Min(), *Find(catalog_.calendars, catalog_.default_calendar)}};
  } else {
    for (const CalendarAssignment& assignment : team->calendars) {
      world->parts.push_back({assignment.from.value_or(Date::Min()), *Find(catalog_.calendars, assignment.calendar)});
    }
  }
  world->zone = Rules(team->time_zone.empty() ? catalog_.time_zone : team->time_zone);
  world->active = team->active_periods;
  if (rule != nullptr) {
    world->terms.notify_time = rule->notify_time;
    world->terms.from = rule->from ? *rule->from : apply_dates_.at(rule->id);
    return world;
  }
  world->terms = {expectation->every_days, expectation->grace_days, expectation->allowance_days,
                  expectation->notify_time, expectation->from ? *expectation->from : apply_dates_.at(expectation->id)};
  return world;
}

const AlertRule* WatchStories::RuleOf(const WatchName& name) const {
  const AlertRule* rule = Find(catalog_.alert_rules, name.expectation);
  return rule != nullptr && rule->enabled ? rule : nullptr;
}

Date WatchStories::LocalDate(const std::string& id, Instant at) const {
  const Team* team = Find(catalog_.teams, id);
  return Rules(team == nullptr || team->time_zone.empty() ? catalog_.time_zone : team->time_zone).LocalDate(at);
}

std::shared_ptr<const NaiveTeamFacts> WatchStories::FactsFor(const WatchName& name) const {
  auto facts = std::make_shared<NaiveTeamFacts>();
  if (const AlertRule* const rule = RuleOf(name)) facts->rule = *rule;
  if (const auto ids = of_team_.find(name.team); ids != of_team_.end()) {
    for (const std::string& id : ids->second) {
      const Kept& kept = records_.at(id);
      const Indicator* indicator = kept.indicator ? Find(catalog_.indicators, *kept.indicator) : nullptr;
      if (indicator == nullptr) continue;
      facts->records.push_back({*kept.indicator, indicator->role, indicator->measure == Measure::kCompletion, kept.date, kept.first_date,
                                kept.recorded, kept.known, kept.corrected_on, kept.stands_since});
    }
  }
  if (const auto reviews = reviews_.find(name.team); reviews != reviews_.end()) facts->reviews = reviews->second;
  return facts;
}

void WatchStories::Happen(const WatchName& name, Book& book, Happening happening) {
  if (rules_.contains(name.expectation)) book.story.rule_facts.push_back(FactsFor(name));
  book.story.happenings.push_back(std::move(happening));
}

bool WatchStories::Counts(const std::string& expectation, const Kept& record) const {
  if (!record.indicator) return false;
  const Indicator* indicator = Find(catalog_.indicators, *record.indicator);
  if (indicator == nullptr || indicator->measure == Measure::kCompletion) return false;
  const SignalKind& kind = kinds_.at(expectation);
  switch (kind.of) {
    case SignalKind::Of::kAnyLeading:
      return indicator->role == IndicatorRole::kLeading;
    case SignalKind::Of::kCategory:
      return indicator->category == kind.category;
    case SignalKind::Of::kIndicator:
      return indicator->id == kind.indicator;
  }
  return false;
}

std::vector<EvidenceChange> WatchStories::ChangesOf(const std::string& expectation, Book& book,
                                                    const std::vector<std::string>& ids,
                                                    const std::set<std::string>& moved) const {
  std::vector<EvidenceChange> changes;
  for (const std::string& id : ids) {
    const Kept& record = records_.at(id);
    if (Counts(expectation, record)) {
      const bool comes = book.counted.insert(id).second;
      if (comes || moved.contains(id)) changes.push_back({EvidenceChange::Kind::kMove, id, record.date});
    } else if (book.counted.erase(id) > 0) {
      changes.push_back({EvidenceChange::Kind::kVoid, id, Date()});
    }
  }
  return changes;
}

void WatchStories::Apply(Instant at, const Catalog& catalog) {
  std::map<std::string, Date> apply_dates;
  for (const Expectation& expectation : catalog.expectations) {
    kinds_[expectation.id] = expectation.kind;
    if (expectation.from) continue;
    const auto before = apply_dates_.find(expectation.id);
    apply_dates[expectation.id] =
        before != apply_dates_.end() ? before->second : Rules(catalog.time_zone).LocalDate(at);
  }
  for (const AlertRule& rule : catalog.alert_rules) {
    rules_.insert(rule.id);
    if (rule.from || !rule.enabled) continue;
    const auto before = apply_dates_.find(rule.id);
    apply_dates[rule.id] = before != apply_dates_.end() ? before->second : Rules(catalog.time_zone).LocalDate(at);
  }
  catalog_ = catalog;
  apply_dates_ = std::move(apply_dates);
  for (const Team& team : catalog.teams) {
    for (const Expectation& expectation : catalog.expectations) {
      if (Picks(expectation, team)) books_[{team.id, expectation.id}];
    }
    for (const AlertRule& rule : catalog.alert_rules) {
      if (rule.enabled && Picks(rule, team)) books_[{team.id, rule.id}];
    }
  }
  static const std::vector<std::string> none;
  for (auto& [name, book] : books_) {
    const auto ids = of_team_.find(name.team);
    const bool rule = rules_.contains(name.expectation);
    Happen(name, book,
           {at, rule ? std::vector<EvidenceChange>() : ChangesOf(name.expectation, book, ids == of_team_.end() ? none : ids->second, {}),
            WorldOf(name)});
  }
}

void WatchStories::Record(Instant at, const std::vector<Item>& items) {
  bool any_new = false;
  std::map<std::string, std::vector<std::string>> touched;  // by team
  std::set<std::string> moved;
  for (const Item& item : items) {
    any_new = any_new || item.is_new;
    const auto [record, fresh] = records_.try_emplace(item.id);
    if (fresh) of_team_[item.team].push_back(item.id);
    Kept& kept = record->second;
    if (kept.date != item.date) moved.insert(item.id);
    if (fresh) {
      kept.first_date = item.date;
      kept.recorded = LocalDate(item.team, at);
      kept.known = LocalDate(item.team, item.reported.value_or(at));
    } else if (item.indicator) {
      kept.corrected_on = LocalDate(item.team, at);
    }
    kept.team = item.team;
    kept.indicator = item.indicator;
    kept.date = item.date;
    kept.stands_since = at;
    touched[item.team].push_back(item.id);
  }
  for (const auto& [team, ids] : touched) {
    for (auto book = books_.lower_bound({team, ""}); book != books_.end() && book->first.team == team; ++book) {
      const bool rule = rules_.contains(book->first.expectation);
      std::vector<EvidenceChange> changes;
      if (!rule) changes = ChangesOf(book->first.expectation, book->second, ids, moved);
      if (!rule && changes.empty()) continue;
      // One batch is one cause, whichever team's record in it is new.
      if (any_new) changes.push_back({EvidenceChange::Kind::kRecord, "new", kNoYear});
      Happen(book->first, book->second, {at, std::move(changes), nullptr});
    }
  }
}

void WatchStories::Review(Instant at, const std::string& team, Date date, const std::vector<std::string>& indicators) {
  reviews_[team].push_back({date, indicators, at});
  for (auto book = books_.lower_bound({team, ""}); book != books_.end() && book->first.team == team; ++book) {
    if (!rules_.contains(book->first.expectation)) continue;
    Happen(book->first, book->second, {at, {{EvidenceChange::Kind::kRecord, "new", kNoYear}}, nullptr});  // it is evidence
  }
}

void WatchStories::Down(Instant from, Instant up) { downtimes_.push_back({from, up}); }

std::map<WatchName, WatchStory> WatchStories::Tell(Instant end) const {
  std::map<WatchName, WatchStory> stories;
  for (const auto& [name, book] : books_) {
    WatchStory story = book.story;
    // What happened before there was a watch is told in its first happening.
    const Instant born = story.happenings.front().at;
    for (const Downtime& downtime : downtimes_) {
      if (downtime.up_at > born) story.downtimes.push_back(downtime);
    }
    story.settling_minutes = catalog_.settings.settling_minutes;
    story.end = end;
    stories.emplace(name, std::move(story));
  }
  return stories;
}

std::string FlipDifference(const WatchName& name, const WatchStory& story, const std::vector<WatchFlip>& flips) {
  const std::vector<WatchFlip> naive = NaiveFlips(story);
  if (naive == flips) return "";
  size_t same = 0;
  while (same < naive.size() && same < flips.size() && naive[same] == flips[same]) ++same;
  const auto line = [&](const std::vector<WatchFlip>& of) {
    return same < of.size() ? std::string(ToString(of[same].from)) + " > " + Describe(of[same], Utc())
                            : std::string("none");
  };
  return absl::StrCat("team ", name.team, ", expectation ", name.expectation, ", flip ", same + 1, ": the engine has ",
                      line(flips), ", the naive model ", line(naive), "\n", Describe(Abridged(story)));
}

}  // namespace leadlag
