#include "server/engine/backtest.h"

#include <algorithm>
#include <atomic>
#include <set>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/limits.h"
#include "core/problem.h"
#include "server/engine/query_terms.h"
#include "server/engine/team_history.h"
#include "server/engine/team_replay.h"

namespace leadlag {
namespace {

std::vector<SourceObservation> ObservationsOf(const DistrictReader& reader) {
  std::vector<SourceObservation> observations;
  for (SourceNumber source = 0; source < reader->interned().sources.size(); ++source) observations.push_back(reader->ObservationOf(source));
  return observations;
}

// The catalog in force with the proposed subjects in the place of its own, where there are any.
absl::StatusOr<std::shared_ptr<const DistrictCatalog>> CatalogWith(const DistrictCatalog& in_force, const BacktestQuery& query, Date from,
                                                                   Interned& interned) {
  Catalog catalog = in_force.catalog();
  // They feed what they do; but their intervals, which would have to come before a proposal's, are not to be in its way.
  for (Source& source : catalog.sources) {
    if (source.feeds() && source.indicators.empty()) {
      for (const Indicator& indicator : catalog.indicators) source.indicators.push_back(indicator.id);
    }
    source.every_days = 0;
  }
  std::map<std::string, Date> apply_dates = in_force.apply_dates();
  if (!query.expectations.empty() || !query.alert_rules.empty()) {
    catalog.expectations = query.expectations;
    catalog.alert_rules = query.alert_rules;
    for (const Expectation& expectation : catalog.expectations) apply_dates[expectation.id] = from;
    for (const AlertRule& rule : catalog.alert_rules) apply_dates[rule.id] = from;
    // As it would be refused when it is applied.
    if (const std::vector<Problem> problems = Validate(catalog); !problems.empty()) return AsStatus(problems);
  }
  return DistrictCatalog::Compile(std::move(catalog), in_force.zones(), std::move(apply_dates), interned);
}

std::vector<TeamNumber> TeamsWith(const DistrictCatalog& catalog, const Interned& interned, const Labels& labels) {
  std::vector<TeamNumber> teams;
  for (TeamNumber team = 0; team < interned.teams.size(); ++team) {
    const DistrictCatalog::TeamEntry* const entry = catalog.FindTeam(team);
    if (entry != nullptr && Matches(entry->team->labels, labels)) teams.push_back(team);
  }
  std::sort(teams.begin(), teams.end(),
            [&](TeamNumber a, TeamNumber b) { return interned.teams.NameOf(a) < interned.teams.NameOf(b); });
  return teams;
}

absl::Status CheckSubjects(const DistrictCatalog& catalog, const BacktestQuery& query, const std::vector<TeamNumber>& teams) {
  if (teams.empty()) return InvalidField("labels", "no team has all of these labels; correct them, or leave them out for every team");
  if (std::any_of(teams.begin(), teams.end(), [&](TeamNumber team) { return !catalog.SubjectsOf(team).empty(); })) {
    return absl::OkStatus();
  }
  const bool proposed = !query.expectations.empty() || !query.alert_rules.empty();
  return InvalidField(query.expectations.empty() && proposed ? "alert_rules" : "expectations",
                      proposed ? "nothing to run: none of the expectations and enabled alert rules is for any of the teams"
                               : "nothing to run: propose expectations or alert_rules; the catalog in force has none for any of the teams");
}

}  // namespace

BacktestCounts& BacktestCounts::operator+=(const BacktestCounts& other) {
  opened += other.opened;
  overdue += other.overdue;
  resolved += other.resolved;
  retracted += other.retracted;
  ended += other.ended;
  open += other.open;
  alert_days += other.alert_days;
  return *this;
}

absl::StatusOr<std::unique_ptr<const Backtest>> Backtest::Prepare(absl::FunctionRef<absl::StatusOr<DistrictReader>()> read,
                                                                  const BacktestQuery& query) {
  while (true) {
    absl::StatusOr<DistrictReader> checked = read();
    if (!checked.ok()) return checked.status();
    absl::StatusOr<std::unique_ptr<Backtest>> backtest = Check(*std::move(checked), query);
    if (!backtest.ok()) return backtest.status();
    const absl::StatusOr<DistrictReader> reader = read();
    if (!reader.ok()) return reader.status();
    if ((*reader)->catalog_version() != (*backtest)->catalog_version_) continue;  // another one has come meanwhile
    (*backtest)->until_ = Instant{reader->now().micros + 1};
    (*backtest)->store_ = (*reader)->store().Held();
    if (!query.known_as_recorded) (*backtest)->observations_ = ObservationsOf(*reader);
    return std::unique_ptr<const Backtest>(*std::move(backtest));
  }
}

absl::StatusOr<std::unique_ptr<Backtest>> Backtest::Check(DistrictReader reader, const BacktestQuery& query) {
  std::unique_ptr<Backtest> backtest(new Backtest());
  backtest->interned_ = reader->interned();
  backtest->catalog_ = reader->catalog();
  backtest->district_ = reader->number();
  backtest->catalog_version_ = reader->catalog_version();
  backtest->until_ = Instant{reader.now().micros + 1};
  backtest->known_as_recorded_ = query.known_as_recorded;
  backtest->records_held_ = query.records_held;
  Catalog proposed;
  proposed.expectations = query.expectations;
  proposed.alert_rules = query.alert_rules;
  if (absl::Status kept = reader->CheckKinds(proposed); !kept.ok()) return kept;
  { const DistrictReader ends = std::move(reader); }  // the rest takes its time

  const DistrictCatalog& in_force = *backtest->catalog_;
  const Date today = in_force.district_zone().LocalDate(Instant{backtest->until_.micros - 1});
  const absl::StatusOr<DateRange> window = WindowOf(*in_force.district_calendar(), today, query.from, query.to);
  if (!window.ok()) return window.status();
  if (window->from > today) {
    return InvalidField("start_date", absl::StrCat(window->from.ToString(), " lies in the future (the district has ", today.ToString(),
                                                   "): nothing has been recorded since; give an earlier date"));
  }
  absl::StatusOr<std::shared_ptr<const DistrictCatalog>> catalog = CatalogWith(in_force, query, window->from, backtest->interned_);
  if (!catalog.ok()) return catalog.status();
  backtest->catalog_ = *std::move(catalog);
  backtest->teams_ = TeamsWith(*backtest->catalog_, backtest->interned_, query.labels);
  if (absl::Status status = CheckSubjects(*backtest->catalog_, query, backtest->teams_); !status.ok()) return status;
  backtest->window_ = *window;
  return backtest;
}

BacktestSubject Backtest::SubjectOf(ExpectationNumber subject) const {
  const AlertRule* const rule = catalog_->FindRule(subject);
  BacktestSubject told{.id = interned_.expectations.NameOf(subject)};
  if (rule == nullptr) return told;
  told.kind = rule->kind();
  told.severity = rule->severity;
  return told;
}

void Backtest::CountSilences(BacktestSummary& summary) const {
  if (observations_.empty()) return;
  std::set<SourceNumber> feeding;
  for (const TeamNumber team : teams_) {
    for (const ExpectationNumber subject : catalog_->SubjectsOf(team)) {
      const std::vector<SourceNumber> feeders = catalog_->FeedersOf(team, subject);
      feeding.insert(feeders.begin(), feeders.end());
    }
  }
  for (const SourceNumber source : feeding) {
    const SourceObservation& observation = observations_[source];
    const auto in_window = [&](const SourceSilence& silence) { return silence.since < summary.end && silence.to > summary.begin; };
    const auto count = std::count_if(observation.lived.begin(), observation.lived.end(), in_window) +
                       std::count_if(observation.silences.begin(), observation.silences.end(), in_window);
    summary.silences += static_cast<uint64_t>(count);
    summary.silent_sources += count > 0 ? 1 : 0;
    const std::optional<Instant> forgotten = observation.forgotten_through;
    if (forgotten && *forgotten > summary.begin) {
      summary.silences_kept_from = std::max(*forgotten, summary.silences_kept_from.value_or(*forgotten));
    }
  }
}

absl::StatusOr<BacktestSummary> Backtest::Run(absl::FunctionRef<bool(const BacktestTeam&)> visit,
                                              const std::function<bool()>* stop) const {
  const ZoneRules& zone = catalog_->district_zone();
  BacktestSummary summary;
  summary.window = window_;
  summary.begin = zone.StartOf(window_.from);
  summary.end = std::min(zone.StartOf(window_.to), Instant{until_.micros - 1});
  summary.catalog_version = catalog_version_;
  CountSilences(summary);
  for (ExpectationNumber subject = 0; subject < interned_.expectations.size(); ++subject) {
    if (catalog_->FindExpectation(subject) != nullptr || catalog_->FindRule(subject) != nullptr) summary.subjects[subject];
  }
  std::vector<Instant> ends;
  for (const TeamNumber team : teams_) ends.push_back(std::min(catalog_->FindTeam(team)->zone->StartOf(window_.to), until_));
  HistoryReader reader({.store = *store_,
                        .district = district_,
                        .interned = interned_,
                        .catalog = *catalog_,
                        .teams = teams_,
                        .ends = ends,
                        .known_as_recorded = known_as_recorded_,
                        .held_max = records_held_},
                       stop);
  const ReplayTerms terms{
      .catalog = *catalog_, .interned = interned_, .window = window_, .until = until_, .observations = observations_};
  const auto tell = [&](const BacktestTeam& team) {
    ++summary.teams;
    summary.flips += team.flips.size();
    summary.records += team.records;
    summary.known_records += team.known_records;
    for (const BacktestTeam::Subject& subject : team.subjects) summary.subjects[subject.subject] += subject.counts;
    return visit(team);
  };
  for (size_t first = 0; first < teams_.size();) {
    absl::StatusOr<std::vector<TeamHistory>> histories = reader.Read(first);
    if (!histories.ok()) return histories.status();
    for (size_t block = 0; block < histories->size(); block += kBacktestTeamsAtOnce) {
      std::vector<std::optional<BacktestTeam>> results(std::min(kBacktestTeamsAtOnce, histories->size() - block));
      std::atomic<size_t> next{0};
      const auto work = [&] {
        for (size_t i = next++; i < results.size(); i = next++) {
          results[i] = Replay(terms, teams_[first + block + i], (*histories)[block + i], stop);
          (*histories)[block + i] = TeamHistory();
        }
      };
      std::vector<std::thread> others;
      for (int i = 1; i < kBacktestThreads; ++i) others.emplace_back(work);
      work();
      for (std::thread& other : others) other.join();
      for (const std::optional<BacktestTeam>& team : results) {
        if (!team || (stop != nullptr && (*stop)()) || !tell(*team)) return absl::CancelledError("the back-test was stopped");
      }
    }
    first += histories->size();
  }
  return summary;
}

}  // namespace leadlag
