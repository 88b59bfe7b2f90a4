// Cadence of one team, and the overview of a district. server/engine/queries.h.
#include <algorithm>
#include <utility>

#include "server/engine/queries.h"
#include "server/engine/query_terms.h"
#include "server/engine/team_rows.h"

namespace leadlag {
namespace {

struct EvidenceDebt {
  int days_past_due = 0;
  uint64_t unreviewed = 0;
};

// Instructional days past the due date that today's facts give, up to yesterday; none where the watch is PAUSED today.
std::optional<int> DaysPastDue(const DistrictCatalog& catalog, const TeamNow& team, ExpectationNumber expectation,
                               const TeamRows& rows) {
  const auto last_signal = [&](DateRange range) { return rows.LastEventIn(catalog.IndicatorsOf(expectation), range); };
  const std::optional<WatchDates> dates = DatesOn(catalog.World(team.number, expectation), last_signal, team.today);
  if (!dates) return std::nullopt;
  return dates->due ? std::max(0, team.calendar().Between(*dates->due, team.today - 1)) : 0;
}

// The days of an ANY_LEADING watch are left out where a watch of a leading category applies: they are the same silence.
int DaysPastDueOf(const DistrictCatalog& catalog, const TeamNow& team, const TeamRows& rows) {
  int days = 0;
  int days_of_any_leading = 0;
  bool category_applies = false;
  for (const ExpectationNumber expectation : catalog.ExpectationsOf(team.number)) {
    const std::optional<int> past_due = DaysPastDue(catalog, team, expectation, rows);
    if (!past_due) continue;
    const auto& [of, category, indicator] = catalog.FindExpectation(expectation)->kind;
    const bool leading = category != Category::kOutcome && category != Category::kBalancing;
    category_applies = category_applies || (of == SignalKind::Of::kCategory && leading);
    (of == SignalKind::Of::kAnyLeading ? days_of_any_leading : days) += *past_due;
  }
  return category_applies ? days : days + days_of_any_leading;
}

EvidenceDebt DebtOf(const DistrictReader& reader, const TeamNow& team, const TeamRows& rows) {
  const DistrictCatalog& catalog = *reader->catalog();
  EvidenceDebt debt{.days_past_due = DaysPastDueOf(catalog, team, rows)};
  const int objective_days = catalog.catalog().settings.review_objective_days;
  for (const TeamRows::Row& row : rows.rows()) {
    if (catalog.FindIndicator(row.indicator)->measure == Measure::kCompletion) continue;
    debt.unreviewed += UnreviewedBeyond(team.calendar(), team.today - 1, objective_days, *row.row);
  }
  return debt;
}

// The team's expectation on this very kind with the shortest interval; by id where several have it.
std::optional<ExpectationNumber> ExpectationOnKind(const DistrictCatalog& catalog, TeamNumber team,
                                                   const SignalKind& kind) {
  std::optional<ExpectationNumber> best;
  const auto rank = [&](ExpectationNumber number) {
    const Expectation& expectation = *catalog.FindExpectation(number);
    return std::pair<int, const std::string&>(expectation.every_days, expectation.id);
  };
  for (const ExpectationNumber expectation : catalog.ExpectationsOf(team)) {
    if (!SameKind(catalog.FindExpectation(expectation)->kind, kind)) continue;
    if (!best || rank(expectation) < rank(*best)) best = expectation;
  }
  return best;
}

// Indicators whose evidence is the lagging side of the balance, ascending.
std::vector<IndicatorNumber> LaggingIndicators(const DistrictReader& reader, bool completions) {
  std::vector<IndicatorNumber> indicators;
  for (IndicatorNumber number = 0; number < reader->interned().indicators.size(); ++number) {
    const Indicator* indicator = reader->catalog()->FindIndicator(number);
    if (indicator == nullptr || indicator->role != IndicatorRole::kLagging) continue;
    if (completions || indicator->measure != Measure::kCompletion) indicators.push_back(number);
  }
  return indicators;
}

// `input`: as for the cadence, but for the signals.
std::vector<DimensionCoverage> DimensionsOf(const DistrictReader& reader, const TeamRows& rows, CadenceInput input, bool completions) {
  std::vector<DimensionCoverage> coverages;
  input.watch.reset();
  input.lagging_signals.clear();
  for (const Dimension dimension : {Dimension::kSharedUnderstanding, Dimension::kJointWork, Dimension::kEvidenceOfProgress}) {
    std::vector<IndicatorNumber> indicators;
    for (IndicatorNumber number = 0; number < reader->interned().indicators.size(); ++number) {
      const Indicator* const indicator = reader->catalog()->FindIndicator(number);
      if (indicator == nullptr || indicator->dimension != dimension) continue;
      if (completions || indicator->measure != Measure::kCompletion) indicators.push_back(number);
    }
    input.signals = rows.EventDates(indicators);
    const Cadence cadence = ComputeCadence(input);
    coverages.push_back({dimension, static_cast<int>(indicators.size()), cadence.weeks, cadence.months});
  }
  return coverages;
}

}  // namespace

AnswerBasis BasisOf(const DistrictReader& reader) {
  return {reader.now(), reader->catalog_version(), reader->IsBehind(reader.now())};
}

absl::StatusOr<TeamNumber> FindTeam(const DistrictReader& reader, std::string_view team) {
  const absl::StatusOr<TeamNow> found = TeamNowOf(reader, team);
  if (!found.ok()) return found.status();
  return found->number;
}

absl::StatusOr<TeamCadenceAnswer> GetTeamCadence(const DistrictReader& reader, std::string_view team_id,
                                                 const CadenceQuery& query) {
  const absl::StatusOr<TeamNow> team = TeamNowOf(reader, team_id);
  if (!team.ok()) return team.status();
  if (absl::Status status = CheckKind(reader, query.kind); !status.ok()) return status;
  const absl::StatusOr<DateRange> window = WindowOf(team->calendar(), team->today, query.from, query.to);
  if (!window.ok()) return window.status();
  const absl::StatusOr<TeamRows> rows = ReadTeamRows(reader, team->number);
  if (!rows.ok()) return rows.status();

  TeamCadenceAnswer answer{.window = *window, .today = std::min(team->today, window->to)};
  CadenceInput input{.calendar = &team->calendar(), .window = *window, .today = team->today,
                     .active = &team->entry->team->active_periods};
  input.signals = rows->EventDates(IndicatorsOfKind(reader, query.kind, query.completions));
  input.lagging_signals = rows->EventDates(LaggingIndicators(reader, query.completions));
  const DistrictCatalog& catalog = *reader->catalog();
  if (const auto expectation = ExpectationOnKind(catalog, team->number, query.kind)) {
    answer.expectation = catalog.FindExpectation(*expectation)->id;
    input.watch = catalog.World(team->number, *expectation).terms;
  }
  answer.cadence = ComputeCadence(input);
  if (input.watch && query.completions) {
    // COMPLETION never counts in an expectation, so the on-track share is that without it.
    input.signals = rows->EventDates(IndicatorsOfKind(reader, query.kind, /*completions=*/false));
    const Cadence evidence_only = ComputeCadence(input);
    answer.cadence.watched_days = evidence_only.watched_days;
    answer.cadence.on_track_days = evidence_only.on_track_days;
  }
  const EvidenceDebt debt = DebtOf(reader, *team, *rows);
  answer.days_past_due = debt.days_past_due;
  answer.unreviewed = debt.unreviewed;
  if (query.dimensions) answer.dimensions = DimensionsOf(reader, *rows, input, query.completions);
  return answer;
}

namespace {

// From the worst to the one that says least.
int Rank(WatchState state) {
  switch (state) {
    case WatchState::kOverdue: return 5;
    case WatchState::kLate: return 4;
    case WatchState::kUnknown: return 3;  // what is known is not all, and nobody can say that all is well
    case WatchState::kNotStarted: return 2;
    case WatchState::kOnTrack: return 1;
    case WatchState::kPaused: return 0;
    case WatchState::kRaised: return 0;  // no expectation's
  }
  return 0;
}

// Of two watches in one state the one that is due first; none is the latest.
bool IsDueBefore(std::optional<Date> a, std::optional<Date> b) { return a && (!b || *a < *b); }

void SetStandings(const DistrictReader& reader, const std::optional<SignalKind>& kind, TeamNumber team,
                  TeamOverview& overview) {
  for (const Watches::Entry& watch : reader->watches().OfTeam(team)) {
    const WatchRecord& record = watch.record;
    overview.watches.push_back(StandingOf(reader, {team, watch.expectation}, record));
    const Expectation* expectation = reader->catalog()->FindExpectation(watch.expectation);
    // One that a catalog change has taken away is still shown until it has been paused, but decides nothing; nor does a rule's.
    if (expectation == nullptr || (kind && !SameKind(*kind, expectation->kind))) continue;
    const WatchState state = record.watch.state;
    if (state == WatchState::kUnknown) ++overview.unknown;
    const bool worse = !overview.state || Rank(state) > Rank(*overview.state) ||
                       (state == *overview.state && IsDueBefore(record.watch.due, overview.due));
    if (!worse) continue;
    overview.state = state;
    overview.due = record.watch.due;
  }
  std::sort(overview.watches.begin(), overview.watches.end(),
            [](const WatchStanding& a, const WatchStanding& b) { return a.expectation < b.expectation; });
}

void SetSignals(const TeamNow& team, const std::vector<IndicatorNumber>& indicators, const TeamRows& rows,
                TeamOverview& overview) {
  const Calendar& calendar = team.calendar();
  if (const SchoolYear* year = calendar.YearOf(team.today)) {
    overview.last_signal = rows.LastEventIn(indicators, year->bounds);
  }
  const Date yesterday = team.today - 1;
  if (const SchoolYear* year = calendar.YearOf(yesterday)) {
    // Of the year's signals the open gap needs the last alone.
    std::vector<Date> signals;
    if (const std::optional<Date> last = rows.LastEventIn(indicators, year->bounds)) signals = {*last};
    overview.open_gap = OpenGap(calendar, signals, year->bounds.from, yesterday);
  }
}

}  // namespace

TeamPage PageOfTeams(const DistrictReader& reader, const Labels& labels, std::string_view after, size_t limit) {
  std::vector<const Team*> teams;
  for (const Team& team : reader->catalog()->catalog().teams) {
    if (team.id > after && Matches(team.labels, labels)) teams.push_back(&team);
  }
  const auto by_id = [](const Team* a, const Team* b) { return a->id < b->id; };
  TeamPage page{.teams = {}, .more = teams.size() > limit};
  const auto end = teams.begin() + static_cast<std::ptrdiff_t>(std::min(teams.size(), limit));
  // Most catalogs list them so.
  if (!std::is_sorted(teams.begin(), teams.end(), by_id)) std::partial_sort(teams.begin(), end, teams.end(), by_id);
  for (auto team = teams.begin(); team != end; ++team) page.teams.push_back(*reader->interned().teams.Find((*team)->id));
  return page;
}

absl::StatusOr<std::vector<TeamOverview>> OverviewOf(const DistrictReader& reader, const std::optional<SignalKind>& kind,
                                                     const std::vector<TeamNumber>& teams) {
  const SignalKind signals = kind.value_or(SignalKind{});
  if (absl::Status status = CheckKind(reader, signals); !status.ok()) return status;
  // Rows are read by team number, which is not the order of ids.
  std::vector<std::pair<TeamNumber, size_t>> by_number;
  for (size_t i = 0; i < teams.size(); ++i) by_number.emplace_back(teams[i], i);
  std::sort(by_number.begin(), by_number.end());
  std::vector<TeamNumber> numbers;
  for (const auto& [number, place] : by_number) numbers.push_back(number);

  std::vector<TeamOverview> overviews(teams.size());
  const std::vector<IndicatorNumber> indicators = IndicatorsOfKind(reader, signals, /*completions=*/false);
  auto place = by_number.begin();
  const absl::Status status = ForEachTeam(reader, numbers, [&](TeamNumber number, const TeamRows& rows) {
    TeamOverview& overview = overviews[(place++)->second];
    const TeamNow team = TeamNowOf(reader, number);
    overview.team = team.entry->team->id;
    SetStandings(reader, kind, number, overview);
    SetSignals(team, indicators, rows, overview);
    const EvidenceDebt debt = DebtOf(reader, team, rows);
    overview.days_past_due = debt.days_past_due;
    overview.unreviewed = debt.unreviewed;
  });
  if (!status.ok()) return status;
  return overviews;
}

absl::StatusOr<OverviewPage> ListTeamCadence(const DistrictReader& reader, const std::optional<SignalKind>& kind,
                                             const Labels& labels, std::string_view after, size_t limit) {
  const TeamPage page = PageOfTeams(reader, labels, after, limit);
  absl::StatusOr<std::vector<TeamOverview>> overviews = OverviewOf(reader, kind, page.teams);
  if (!overviews.ok()) return overviews.status();
  return OverviewPage{*std::move(overviews), page.more};
}

}  // namespace leadlag
