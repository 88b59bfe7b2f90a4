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

// When both are silent: every pair of theirs that overlaps.
std::vector<NaiveSilence> Both(const std::vector<NaiveSilence>& a, const std::vector<NaiveSilence>& b) {
  std::vector<NaiveSilence> both;
  for (const NaiveSilence& x : a) {
    for (const NaiveSilence& y : b) {
      const NaiveSilence overlap{std::max(x.since, y.since), std::min(x.to, y.to), std::max(x.known, y.known)};
      if (overlap.since < overlap.to) both.push_back(overlap);
    }
  }
  return both;
}

// A date in no school year: a record there counts for nothing, but it is new.
constexpr Date kNoYear = Date::Min();

}  // namespace

std::shared_ptr<const NaiveWorld> WatchStories::WorldOf(const WatchName& name) const {
  if (IsSource(name)) {
    const Source* const source = Find(catalog_.sources, name.expectation);
    auto world = std::make_shared<NaiveWorld>();
    world->zone = Rules(catalog_.time_zone);
    world->active = {{Date::Min(), std::nullopt}};
    if (source == nullptr || source->every_days == 0) return world;
    world->parts = {{Date::Min(), *Find(catalog_.calendars, catalog_.default_calendar)}};
    world->terms.notify_time = source->notify_time;
    world->terms.from = source->from ? *source->from : apply_dates_.at("sources/" + source->id);
    return world;
  }
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
  if (IsSource(name)) {
    const Source* const source = Find(catalog_.sources, name.expectation);
    facts->source.emplace();
    if (source != nullptr) facts->source->every_days = source->every_days;
    const auto batches = batches_.find(name.expectation);
    const ZoneRules& zone = Rules(catalog_.time_zone);
    if (batches != batches_.end()) facts->source->heard = zone.LocalDate(batches->second.back().at);
    for (const Downtime& downtime : downtimes_) {
      for (Date date = zone.LocalDate(downtime.down_from); date <= zone.LocalDate(downtime.up_at); date = date + 1) {
        int minutes = 0;
        for (Instant t = zone.StartOf(date); t < zone.StartOf(date + 1); t.micros += kMicrosPerMinute) {
          minutes += downtime.down_from <= t && t.micros + kMicrosPerMinute <= downtime.up_at.micros ? 1 : 0;
        }
        if (minutes >= 60) facts->source->deaf.push_back(date);
      }
    }
    return facts;
  }
  if (const AlertRule* const rule = RuleOf(name)) facts->rule = *rule;
  if (const auto ids = of_team_.find(name.team); ids != of_team_.end()) {
    for (const std::string& id : ids->second) {
      const Kept& kept = records_.at(id);
      const Indicator* indicator = kept.indicator ? Find(catalog_.indicators, *kept.indicator) : nullptr;
      if (indicator == nullptr) continue;
      facts->records.push_back({*kept.indicator, indicator->role, indicator->measure == Measure::kCompletion, kept.date, kept.first_date,
                                kept.recorded, kept.known, kept.corrected_on, kept.stands_since, kept.value, kept.of});
    }
  }
  if (const auto reviews = reviews_.find(name.team); reviews != reviews_.end()) facts->reviews = reviews->second;
  if (const auto inquiries = inquiries_.find(name.team); inquiries != inquiries_.end()) {
    for (const auto& [id, inquiry] : inquiries->second) {
      if (inquiry.status != InquiryStatus::kActive) continue;
      std::vector<std::string> linked;
      for (const InquiryLink& link : inquiry.links) linked.push_back(link.indicator);
      for (const InquiryAction& action : inquiry.actions) facts->actions.push_back({action.start, action.end, linked});
    }
  }
  return facts;
}

void WatchStories::Happen(const WatchName& name, Book& book, Happening happening) {
  if (IsRule(name)) book.story.rule_facts.push_back(FactsFor(name));
  if (happening.world) book.catalogs.push_back(catalogs_.size() - 1);
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
  for (const Source& source : catalog.sources) {
    const std::string name = "sources/" + source.id;
    if (source.every_days == 0) continue;
    books_[{"", source.id}];
    if (source.from) continue;
    const auto before = apply_dates_.find(name);
    apply_dates[name] = before != apply_dates_.end() ? before->second : Rules(catalog.time_zone).LocalDate(at);
  }
  catalog_ = catalog;
  catalogs_.emplace_back(at, catalog);
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
    const bool rule = IsRule(name);
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
    kept.value = item.value;
    kept.of = item.of;
    touched[item.team].push_back(item.id);
  }
  for (const auto& [team, ids] : touched) {
    for (auto book = books_.lower_bound({team, ""}); book != books_.end() && book->first.team == team; ++book) {
      const bool rule = IsRule(book->first);
      std::vector<EvidenceChange> changes;
      if (!rule) changes = ChangesOf(book->first.expectation, book->second, ids, moved);
      if (!rule && changes.empty()) continue;
      // One batch is one cause, whichever team's record in it is new.
      if (any_new) changes.push_back({EvidenceChange::Kind::kRecord, "new", kNoYear});
      Happen(book->first, book->second, {at, std::move(changes), nullptr});
    }
  }
}

void WatchStories::Record(Instant at, const Inquiry& inquiry) {
  inquiries_[inquiry.team][inquiry.id] = inquiry;
  for (auto book = books_.lower_bound({inquiry.team, ""}); book != books_.end() && book->first.team == inquiry.team; ++book) {
    // Another world, as far as it says which sources feed the watch.
    if (IsRule(book->first)) Happen(book->first, book->second, {at, {}, WorldOf(book->first)});
  }
}

void WatchStories::Review(Instant at, const std::string& team, Date date, const std::vector<std::string>& indicators) {
  reviews_[team].push_back({date, indicators, at});
  for (auto book = books_.lower_bound({team, ""}); book != books_.end() && book->first.team == team; ++book) {
    if (!IsRule(book->first)) continue;
    Happen(book->first, book->second, {at, {{EvidenceChange::Kind::kRecord, "new", kNoYear}}, nullptr});  // it is evidence
  }
}

void WatchStories::Heard(Instant at, const std::string& source, std::optional<Date> complete_through) {
  batches_[source].push_back({at, complete_through});
  const auto book = books_.find({"", source});
  if (book != books_.end()) Happen(book->first, book->second, {at, {{EvidenceChange::Kind::kRecord, "new", kNoYear}}, nullptr});
}

void WatchStories::Down(Instant from, Instant up) {
  downtimes_.push_back({from, up});
  for (auto& [name, book] : books_) {
    if (IsSource(name)) Happen(name, book, {up, {}, nullptr});
  }
}

bool WatchStories::Feeds(const Catalog& catalog, const Source& source, const std::string& team_id, const Indicator& indicator) {
  const Team* const team = Find(catalog.teams, team_id);
  const bool says = source.every_days > 0 || !source.indicators.empty() || !source.teams.empty() || !source.team_labels.empty();
  if (team == nullptr || !says || !Picks(source, *team)) return false;
  const std::vector<std::string>& listed = source.indicators;
  return listed.empty() || std::find(listed.begin(), listed.end(), indicator.id) != listed.end();
}

std::vector<std::vector<std::string>> WatchStories::AwaitedBy(const Catalog& catalog, const WatchName& name, const NaiveTeamFacts* facts) {
  const Expectation* const expectation = Find(catalog.expectations, name.expectation);
  const AlertRule* const rule = Find(catalog.alert_rules, name.expectation);
  const auto those = [&catalog](auto is) {
    std::vector<std::string> ids;
    for (const Indicator& indicator : catalog.indicators) {
      if (indicator.measure != Measure::kCompletion && is(indicator)) ids.push_back(indicator.id);
    }
    return ids;
  };
  const auto leading = [](const Indicator& indicator) { return indicator.role == IndicatorRole::kLeading; };
  if (expectation != nullptr) return {those([&](const Indicator& indicator) { return expectation->kind.Counts(indicator); })};
  if (rule == nullptr) return {};
  if (rule->kind() == AlertKind::kCompletionOnly) return {those([](const Indicator&) { return true; })};
  if (rule->kind() == AlertKind::kLaggingOnly) return {those(leading)};
  std::vector<std::vector<std::string>> awaited;
  if (rule->kind() != AlertKind::kActionWithoutEvidence) return awaited;
  for (const NaiveAction& action : facts->actions) {
    awaited.push_back(those([&](const Indicator& indicator) {
      return leading(indicator) && std::find(action.indicators.begin(), action.indicators.end(), indicator.id) != action.indicators.end();
    }));
  }
  return awaited;
}

std::vector<NaiveSilence> WatchStories::UntoldBy(const Catalog& catalog, const WatchName& name, const NaiveTeamFacts* facts,
                                                 const std::map<std::string, std::vector<NaiveSilence>>& silences) {
  std::optional<std::vector<NaiveSilence>> untold;
  for (const std::vector<std::string>& any_of : AwaitedBy(catalog, name, facts)) {
    std::optional<std::vector<NaiveSilence>> common;
    for (const Source& source : catalog.sources) {
      const bool feeds = std::any_of(any_of.begin(), any_of.end(), [&](const std::string& id) {
        return Feeds(catalog, source, name.team, *Find(catalog.indicators, id));
      });
      if (!feeds) continue;
      const auto found = silences.find(source.id);
      const std::vector<NaiveSilence> silent = found == silences.end() ? std::vector<NaiveSilence>() : found->second;
      common = common ? Both(*common, silent) : silent;
    }
    if (!common) return {};  // this can always be told
    untold = untold ? Both(*untold, *common) : *common;
  }
  return std::move(untold).value_or(std::vector<NaiveSilence>());
}

// From the source's flips, and what was heard of it.
std::vector<NaiveSilence> WatchStories::SilencesOf(const std::string& source, const WatchStory& story) const {
  std::vector<NaiveSilence> silences;
  const std::vector<WatchFlip> flips = NaiveFlips(story);
  const std::vector<Downtime> held = HeldStretches(story);
  for (size_t i = 0; i < flips.size(); ++i) {
    if (flips[i].to != WatchState::kRaised || flips[i].from == WatchState::kRaised) continue;
    if (!silences.empty() && silences.back().to > flips[i].effective) continue;  // it goes on
    NaiveSilence silence{flips[i].effective, SourceSilence::kOpen, flips[i].effective};
    for (const Downtime& stretch : held) {
      if (stretch.down_from <= silence.since && silence.since < stretch.up_at) silence.known = stretch.up_at;
    }
    const auto ends = [&silence](Instant at) { silence.to = std::min(silence.to, at); };
    for (size_t j = i + 1; j < flips.size(); ++j) {
      const bool untrue = flips[j].from == WatchState::kRaised && flips[j].to != WatchState::kRaised &&
                          flips[j].reason != FlipReason::kResolved && flips[j].reason != FlipReason::kYearEnded;
      if (untrue) ends(flips[j].effective);
    }
    for (const auto& [at, catalog] : catalogs_) {
      const Source* const expected = Find(catalog.sources, source);
      if (at > silence.since && (expected == nullptr || expected->every_days == 0)) ends(at);
    }
    const auto batches = batches_.find(source);
    if (batches != batches_.end()) {
      std::optional<Instant> settled;
      for (const Batch& batch : batches->second) {
        if (batch.at < silence.known) continue;
        if (settled && *settled < batch.at) break;
        const Date yesterday = Rules(catalog_.time_zone).LocalDate(batch.at) - 1;
        const bool complete = batch.complete_through && *batch.complete_through >= yesterday;
        const bool more = batch.complete_through && !complete;
        if (complete) settled = batch.at;
        if (!complete && (more || !settled)) settled = Instant{batch.at.micros + story.settling_minutes * kMicrosPerMinute};
        if (complete || story.settling_minutes == 0) break;
      }
      if (settled) ends(*settled);
    }
    silences.push_back(silence);
  }
  return silences;
}

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
  std::map<std::string, std::vector<NaiveSilence>> silences;  // by source
  for (const auto& [name, story] : stories) {
    if (IsSource(name)) silences[name.expectation] = SilencesOf(name.expectation, story);
  }
  for (auto& [name, story] : stories) {
    if (IsSource(name)) continue;
    const Book& book = books_.at(name);
    for (size_t i = 0, world = 0; i < story.happenings.size(); ++i) {
      if (story.happenings[i].world == nullptr) continue;
      const NaiveTeamFacts* const facts = story.rule_facts.empty() ? nullptr : story.rule_facts[i].get();
      story.silences.push_back(UntoldBy(catalogs_[book.catalogs[world++]].second, name, facts, silences));
    }
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
