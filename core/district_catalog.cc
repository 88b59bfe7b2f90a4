#include "core/district_catalog.h"

#include <algorithm>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "core/check.h"
#include "core/limits.h"
#include "core/problem.h"

namespace leadlag {
namespace {

using Zones = std::map<std::string_view, const ZoneRules*>;

Zones ByName(const std::vector<ZoneRules>& zones) {
  Zones by_name;
  for (const ZoneRules& zone : zones) by_name.emplace(zone.name, &zone);
  return by_name;
}

const ZoneRules* Find(const Zones& zones, const std::string& name) {
  const auto zone = zones.find(name);
  return zone == zones.end() ? nullptr : zone->second;
}

// Every zone that the catalog names and `zones` lacks.
std::vector<Problem> MissingZones(const Catalog& catalog, const Zones& zones) {
  std::vector<Problem> problems;
  const auto check = [&](const std::string& name, std::string field) {
    if (Find(zones, name) != nullptr || problems.size() == kMaxProblems) return;
    problems.push_back({absl::StatusCode::kInvalidArgument, std::move(field),
                        Quoted(name) + " is not a known time zone; give an IANA name, such as \"America/New_York\""});
  };
  check(catalog.time_zone, "time_zone");
  for (size_t i = 0; i < catalog.teams.size(); ++i) {
    const std::string& name = catalog.teams[i].time_zone;
    if (!name.empty()) check(name, "teams[" + std::to_string(i) + "].time_zone");
  }
  return problems;
}

// The calendars of a catalog, and their combinations: thousands of teams share few.
class Calendars {
 public:
  // REQUIRES: a catalog that Validate finds good, here and below.
  explicit Calendars(const Catalog& catalog) {
    for (const CalendarSpec& spec : catalog.calendars) {
      single_.emplace(spec.id, std::make_shared<const Calendar>(Calendar::Compile(spec).value()));
    }
  }

  const std::shared_ptr<const Calendar>& Single(const std::string& id) const { return single_.find(id)->second; }

  const std::shared_ptr<const Calendar>& Of(const std::vector<CalendarAssignment>& assignments) {
    if (assignments.size() == 1) return Single(assignments[0].calendar);
    std::string key;  // ids hold neither ' ' nor ','
    for (const CalendarAssignment& assignment : assignments) {
      key += assignment.calendar + ' ' + std::to_string(assignment.from.value_or(Date::Min()).days()) + ',';
    }
    std::shared_ptr<const Calendar>& combined = combined_[key];
    if (combined == nullptr) combined = std::make_shared<const Calendar>(Calendar::Combine(Parts(assignments)).value());
    return combined;
  }

 private:
  std::vector<Calendar::Part> Parts(const std::vector<CalendarAssignment>& assignments) const {
    std::vector<Calendar::Part> parts;
    for (const CalendarAssignment& assignment : assignments) {
      parts.push_back({assignment.from.value_or(Date::Min()), Single(assignment.calendar)});
    }
    return parts;
  }

  std::map<std::string, std::shared_ptr<const Calendar>> single_;
  std::unordered_map<std::string, std::shared_ptr<const Calendar>> combined_;
};

// Interns every entry's id in document order; `by_number` gets each entry at its number, null at the others.
template <typename Entry>
void InternAll(const std::vector<Entry>& entries, InternTable& table, std::vector<const Entry*>& by_number) {
  by_number.assign(table.size(), nullptr);
  for (const Entry& entry : entries) {
    const uint32_t number = table.Intern(entry.id);
    if (number >= by_number.size()) by_number.resize(number + 1);
    by_number[number] = &entry;
  }
}

template <typename Entry>
const Entry* AtNumber(const std::vector<const Entry*>& by_number, uint32_t number) {
  return number < by_number.size() ? by_number[number] : nullptr;
}

const std::vector<uint32_t>& AtNumber(const std::vector<std::vector<uint32_t>>& by_number, uint32_t number) {
  static const auto* const none = new std::vector<uint32_t>;
  return number < by_number.size() ? by_number[number] : *none;
}

// Whether a record of the indicator may change what the rule says.
bool Concerns(const AlertRule& rule, const Indicator& indicator) {
  const bool completion = indicator.measure == Measure::kCompletion;
  const bool leading = indicator.role == IndicatorRole::kLeading, lagging = indicator.role == IndicatorRole::kLagging;
  switch (rule.kind()) {
    case AlertKind::kSignalOverdue:
    case AlertKind::kSourceSilent: return false;
    case AlertKind::kLaggingOnly: return !completion && (leading || lagging);
    case AlertKind::kCompletionOnly: return true;
    case AlertKind::kReviewOverdue:
    case AlertKind::kCollectionSlow: return !completion;
    case AlertKind::kActionWithoutEvidence: return !completion && leading;
    case AlertKind::kRunSignal: return std::get<RunSignalTerms>(rule.terms).indicator == indicator.id;
  }
  return false;
}

}  // namespace

uint32_t InternTable::Intern(std::string_view name) {
  if (const std::optional<uint32_t> number = Find(name)) return *number;
  const uint32_t number = size();
  names_.emplace_back(name);
  numbers_.emplace(std::string(name), number);
  return number;
}

std::optional<uint32_t> InternTable::Find(std::string_view name) const {
  const auto number = numbers_.find(absl::string_view(name.data(), name.size()));
  return number == numbers_.end() ? std::nullopt : std::optional<uint32_t>(number->second);
}

absl::StatusOr<std::shared_ptr<const DistrictCatalog>> DistrictCatalog::Compile(Catalog catalog,
                                                                                std::vector<ZoneRules> zones,
                                                                                std::map<std::string, Date> apply_dates,
                                                                                Interned& interned) {
  if (const std::vector<Problem> problems = ValidateStored(catalog); !problems.empty()) return AsStatus(problems);
  if (const std::vector<Problem> problems = MissingZones(catalog, ByName(zones)); !problems.empty()) {
    return AsStatus(problems);
  }
  std::shared_ptr<DistrictCatalog> compiled(new DistrictCatalog);
  compiled->catalog_ = std::move(catalog);
  compiled->zones_ = std::move(zones);
  compiled->apply_dates_ = std::move(apply_dates);
  // From here on pointers lead into the three of them: they stay where they are as long as `compiled` lives.
  compiled->LinkTeams(interned.teams);
  InternAll(compiled->catalog_.indicators, interned.indicators, compiled->indicators_);
  InternAll(compiled->catalog_.sources, interned.sources, compiled->sources_);
  InternAll(compiled->catalog_.expectations, interned.expectations, compiled->expectations_);
  InternAll(compiled->catalog_.alert_rules, interned.expectations, compiled->rules_);
  compiled->LinkSubjects();
  compiled->LinkSources();
  compiled->LinkFeeders();
  return compiled;
}

void DistrictCatalog::LinkTeams(InternTable& table) {
  const Zones zones = ByName(zones_);
  Calendars calendars(catalog_);
  district_zone_ = Find(zones, catalog_.time_zone);
  district_calendar_ = calendars.Single(catalog_.default_calendar);
  std::vector<const Team*> by_number;
  InternAll(catalog_.teams, table, by_number);
  teams_.resize(by_number.size());
  for (TeamNumber number = 0; number < by_number.size(); ++number) {
    const Team* team = by_number[number];
    if (team == nullptr) continue;
    teams_[number].team = team;
    teams_[number].calendar = team->calendars.empty() ? district_calendar_ : calendars.Of(team->calendars);
    teams_[number].zone = team->time_zone.empty() ? district_zone_ : Find(zones, team->time_zone);
  }
}

template <typename Entry>
Date DistrictCatalog::FromOf(const Entry& entry, const std::string& applied_as) const {
  if (entry.from) return *entry.from;
  const auto applied = apply_dates_.find(applied_as);
  LEADLAG_CHECK(applied != apply_dates_.end());
  return applied->second;
}

template <typename Entry, typename Visit>
void DistrictCatalog::ForEachPicked(const Entry& entry, Visit visit) const {
  const std::unordered_set<std::string_view> listed(entry.teams.begin(), entry.teams.end());
  for (TeamNumber i = 0; i < teams_.size(); ++i) {
    const Team* team = teams_[i].team;
    if (team == nullptr || !(listed.empty() || listed.count(team->id) > 0)) continue;
    if (Matches(team->labels, entry.team_labels)) visit(i);
  }
}

template <typename Entry>
void DistrictCatalog::LinkTerms(ExpectationNumber number, const Entry& entry, WatchTerms terms) {
  terms.notify_time = entry.notify_time;
  terms.from = FromOf(entry, entry.id);
  terms_[number] = terms;
  ForEachPicked(entry, [&](TeamNumber i) {
    team_subjects_[i].push_back(number);
    if (terms.kind == AlertKind::kSignalOverdue) team_expectations_[i].push_back(number);
  });
}

std::string DistrictCatalog::AppliedAs(const Source& source) { return "sources/" + source.id; }

void DistrictCatalog::LinkSources() {
  feeds_.resize(sources_.size());
  source_terms_.resize(sources_.size());
  for (SourceNumber number = 0; number < sources_.size(); ++number) {
    const Source* const source = sources_[number];
    if (source == nullptr || !source->feeds()) continue;
    Feed& feed = feeds_[number];
    feed.any = true;
    if (!source->indicators.empty()) {
      const std::unordered_set<std::string_view> listed(source->indicators.begin(), source->indicators.end());
      feed.indicators.resize(indicators_.size());
      for (IndicatorNumber i = 0; i < indicators_.size(); ++i) {
        feed.indicators[i] = indicators_[i] != nullptr && listed.count(indicators_[i]->id) > 0;
      }
    }
    if (!source->teams.empty() || !source->team_labels.empty()) {
      feed.teams.resize(teams_.size());
      ForEachPicked(*source, [&feed](TeamNumber team) { feed.teams[team] = true; });
    }
    if (source->every_days == 0) continue;
    source_terms_[number] = {.every_days = source->every_days,
                             .notify_time = source->notify_time,
                             .from = FromOf(*source, AppliedAs(*source)),
                             .kind = AlertKind::kSourceSilent};
  }
}

bool DistrictCatalog::Feeds(SourceNumber source, TeamNumber team) const {
  if (source >= feeds_.size() || FindTeam(team) == nullptr) return false;
  const Feed& feed = feeds_[source];
  return feed.any && (feed.teams.empty() || feed.teams[team]);
}

std::vector<SourceNumber> DistrictCatalog::FeedersOf(TeamNumber team, ExpectationNumber subject) const {
  std::vector<SourceNumber> feeders;
  for (const SourceNumber source : AtNumber(feeders_, subject)) {
    if (Feeds(source, team)) feeders.push_back(source);
  }
  return feeders;
}

std::vector<SourceNumber> DistrictCatalog::FeedersOf(TeamNumber team, const std::vector<IndicatorNumber>& indicators) const {
  std::vector<SourceNumber> feeders;
  for (SourceNumber source = 0; source < feeds_.size(); ++source) {
    if (FeedsAnyOf(source, indicators) && Feeds(source, team)) feeders.push_back(source);
  }
  return feeders;
}

bool DistrictCatalog::FeedsAnyOf(SourceNumber source, const std::vector<IndicatorNumber>& indicators) const {
  const Feed& feed = feeds_[source];
  const auto fed = [&feed](IndicatorNumber number) { return feed.indicators.empty() || feed.indicators[number]; };
  return feed.any && std::any_of(indicators.begin(), indicators.end(), fed);
}

bool DistrictCatalog::Awaits(ExpectationNumber subject, IndicatorNumber number) const {
  // How records come in, whether anybody looks at them, and what they say is known as long as nothing is.
  const AlertKind kind = terms_[subject].kind;
  if (kind == AlertKind::kReviewOverdue || kind == AlertKind::kCollectionSlow || kind == AlertKind::kRunSignal) return false;
  const Indicator& indicator = *indicators_[number];
  return indicator.measure != Measure::kCompletion && (kind != AlertKind::kLaggingOnly || indicator.role == IndicatorRole::kLeading);
}

void DistrictCatalog::LinkFeeders() {
  feeders_.resize(terms_.size());
  for (ExpectationNumber subject = 0; subject < feeders_.size(); ++subject) {
    std::vector<IndicatorNumber> awaited;
    for (const IndicatorNumber number : IndicatorsOf(subject)) {
      if (Awaits(subject, number)) awaited.push_back(number);
    }
    for (SourceNumber source = 0; source < feeds_.size(); ++source) {
      if (FeedsAnyOf(source, awaited)) feeders_[subject].push_back(source);
    }
  }
}

// Goes through all numbers in ascending order, so that every list comes out ascending.
void DistrictCatalog::LinkSubjects() {
  const size_t size = std::max(expectations_.size(), rules_.size());
  terms_.resize(size);
  counted_indicators_.resize(size);
  team_subjects_.resize(teams_.size());
  team_expectations_.resize(teams_.size());
  counted_by_.resize(indicators_.size());
  for (ExpectationNumber number = 0; number < size; ++number) {
    const Expectation* const expectation = FindExpectation(number);
    const AlertRule* const rule = FindRule(number);
    if (expectation != nullptr) {
      LinkTerms(number, *expectation,
                {.every_days = expectation->every_days,
                 .grace_days = expectation->grace_days,
                 .allowance_days = expectation->allowance_days});
    } else if (rule != nullptr) {
      LinkTerms(number, *rule, {.kind = rule->kind()});
    } else {
      continue;
    }
    for (IndicatorNumber i = 0; i < indicators_.size(); ++i) {
      if (indicators_[i] == nullptr) continue;
      if (!(expectation != nullptr ? expectation->kind.Counts(*indicators_[i]) : Concerns(*rule, *indicators_[i]))) continue;
      counted_indicators_[number].push_back(i);
      counted_by_[i].push_back(number);
    }
  }
  for (TeamNumber team = 0; team < team_subjects_.size(); ++team) work_of_a_team_max_ = std::max(work_of_a_team_max_, WorkOfTeam(team));
  for (const std::vector<ExpectationNumber>& counting : counted_by_) {
    work_of_a_record_max_ = std::max(work_of_a_record_max_, WorkOfAll(counting));
  }
}

const DistrictCatalog::TeamEntry* DistrictCatalog::FindTeam(TeamNumber number) const {
  return number < teams_.size() && teams_[number].team != nullptr ? &teams_[number] : nullptr;
}

const Indicator* DistrictCatalog::FindIndicator(IndicatorNumber number) const { return AtNumber(indicators_, number); }

const Source* DistrictCatalog::FindSource(SourceNumber number) const { return AtNumber(sources_, number); }

const Expectation* DistrictCatalog::FindExpectation(ExpectationNumber number) const {
  return AtNumber(expectations_, number);
}

const AlertRule* DistrictCatalog::FindRule(ExpectationNumber number) const {
  const AlertRule* const rule = AtNumber(rules_, number);
  return rule != nullptr && rule->enabled ? rule : nullptr;
}

const std::vector<ExpectationNumber>& DistrictCatalog::SubjectsOf(TeamNumber team) const { return AtNumber(team_subjects_, team); }

size_t DistrictCatalog::WorkOfAll(const std::vector<ExpectationNumber>& subjects) const {
  size_t work = 0;
  for (const ExpectationNumber subject : subjects) work += WorkOf(subject);
  return work;
}

std::vector<ExpectationNumber> DistrictCatalog::SubjectsOf(TeamNumber team, AlertKind kind) const {
  std::vector<ExpectationNumber> subjects;
  for (const ExpectationNumber number : SubjectsOf(team)) {
    if (terms_[number].kind == kind) subjects.push_back(number);
  }
  return subjects;
}

std::vector<IndicatorNumber> DistrictCatalog::ChartedOf(TeamNumber team) const {
  std::set<IndicatorNumber> charted;
  for (const ExpectationNumber number : SubjectsOf(team, AlertKind::kRunSignal)) {
    charted.insert(IndicatorsOf(number).begin(), IndicatorsOf(number).end());
  }
  return {charted.begin(), charted.end()};
}

const std::vector<ExpectationNumber>& DistrictCatalog::ExpectationsOf(TeamNumber team) const {
  return AtNumber(team_expectations_, team);
}

const std::vector<IndicatorNumber>& DistrictCatalog::IndicatorsOf(ExpectationNumber expectation) const {
  return AtNumber(counted_indicators_, expectation);
}

const std::vector<ExpectationNumber>& DistrictCatalog::CountedBy(IndicatorNumber indicator) const {
  return AtNumber(counted_by_, indicator);
}

Severity DistrictCatalog::SeverityOf(TeamNumber team, ExpectationNumber subject) const {
  if (team == kNoTeam) {
    const Source* const source = FindSource(subject);
    return source == nullptr ? Severity::kWarning : source->severity;
  }
  const AlertRule* const rule = FindRule(subject);
  return rule == nullptr ? Severity::kWarning : rule->severity;
}

WatchWorld DistrictCatalog::SourceWorld(SourceNumber number) const {
  static const auto* const always_active = new std::vector<ActivePeriod>{{Date::Min(), std::nullopt}};
  WatchWorld world;
  world.zone = district_zone_;
  world.active = always_active;
  const Source* const source = FindSource(number);
  if (source == nullptr || source->every_days == 0) return world;
  world.calendar = district_calendar_.get();
  world.terms = source_terms_[number];
  return world;
}

WatchWorld DistrictCatalog::World(TeamNumber team, ExpectationNumber expectation) const {
  if (team == kNoTeam) return SourceWorld(expectation);
  static const auto* const never_active = new std::vector<ActivePeriod>;
  WatchWorld world;
  world.zone = district_zone_;
  world.active = never_active;
  const TeamEntry* entry = FindTeam(team);
  if (entry == nullptr) return world;
  world.zone = entry->zone;
  world.active = &entry->team->active_periods;
  const std::vector<ExpectationNumber>& picking = SubjectsOf(team);
  if (!std::binary_search(picking.begin(), picking.end(), expectation)) return world;
  world.calendar = entry->calendar.get();
  world.terms = terms_[expectation];
  return world;
}

}  // namespace leadlag
