// Evidence latency of a team or a district, now or as of a past moment. server/engine/queries.h.
#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "server/engine/past_team.h"
#include "server/engine/queries.h"
#include "server/engine/query_terms.h"
#include "server/engine/stored_inquiry.h"
#include "server/engine/team_rows.h"

namespace leadlag {
namespace {

// Numbers of the teams of the catalog whose labels match, ascending.
std::vector<TeamNumber> TeamsWith(const DistrictReader& reader, const Labels& labels) {
  std::vector<TeamNumber> teams;
  for (TeamNumber number = 0; number < reader->interned().teams.size(); ++number) {
    const DistrictCatalog::TeamEntry* entry = reader->catalog()->FindTeam(number);
    if (entry != nullptr && Matches(entry->team->labels, labels)) teams.push_back(number);
  }
  return teams;
}

// What an inquiry's actions wait for, as far as they count.
struct Practice {
  std::vector<IndicatorNumber> leading, lagging;
  std::vector<Date> starts;
};

// Row by row and action by action, into everything that is asked for. By one calendar and day for all: a team's own, or for a district's
// total the district's.
class LatencyReckoner {
 public:
  LatencyReckoner(const Calendar& calendar, Date today, DateRange window, const LatencyQuery& query)
      : calendar_(calendar), today_(today), window_(window), tally_(window), actions_(window), cycle_(query.cycle) {
    if (query.cycle) split_.emplace(window, *query.cycle);
    if (query.previous) {
      const DateRange before{window.from - (window.to - window.from), window.from};
      previous_.emplace(Previous{before, LatencyTally(before), ActionTally(before)});
    }
  }

  // How many of the row's records lie in the window.
  uint64_t Add(const DayRow& row) {
    if (split_) split_->Add(calendar_, today_, row);
    if (previous_) previous_->tally.Add(calendar_, today_, row);
    return tally_.Add(calendar_, today_, row);
  }

  // None where none of its actions counts, or they wait for nothing.
  std::optional<Practice> PracticeOf(const Inquiry& inquiry, const DistrictCatalog& catalog, const InternTable& indicators) const {
    if (inquiry.status == InquiryStatus::kPlanned) return std::nullopt;
    Practice practice;
    for (const InquiryAction& action : inquiry.actions) {
      const bool counts = actions_.Counts(calendar_, today_, action.start) ||
                          (previous_ && previous_->actions.Counts(calendar_, today_, action.start));
      if (counts) practice.starts.push_back(action.start);
    }
    if (practice.starts.empty()) return std::nullopt;
    for (const InquiryLink& link : inquiry.links) {
      const std::optional<IndicatorNumber> number = indicators.Find(link.indicator);
      const Indicator* const indicator = number ? catalog.FindIndicator(*number) : nullptr;
      if (indicator == nullptr) continue;
      if (indicator->role == IndicatorRole::kLeading) practice.leading.push_back(*number);
      if (indicator->role == IndicatorRole::kLagging) practice.lagging.push_back(*number);
    }
    if (practice.leading.empty() && practice.lagging.empty()) return std::nullopt;
    return practice;
  }

  // `rows_of`: adds all rows of an indicator of the team.
  void Add(const Practice& practice, absl::FunctionRef<void(IndicatorNumber, std::vector<const DayRow*>&)> rows_of) {
    std::vector<const DayRow*> leading, lagging;
    for (const IndicatorNumber indicator : practice.leading) rows_of(indicator, leading);
    for (const IndicatorNumber indicator : practice.lagging) rows_of(indicator, lagging);
    for (const Date start : practice.starts) {
      const FirstEvidence led{!practice.leading.empty(), FirstKnownAfter(calendar_, leading, start)};
      const FirstEvidence lagged{!practice.lagging.empty(), FirstKnownAfter(calendar_, lagging, start)};
      const auto add = [&](ActionTally& tally) {
        if (tally.Counts(calendar_, today_, start)) tally.Add(calendar_, today_, start, led, lagged);
      };
      add(actions_);
      if (previous_) add(previous_->actions);
      if (!cycle_ || !window_.Contains(start)) continue;
      const Date begin = CycleStart(*cycle_, start);
      add(cycle_actions_.try_emplace(begin, DateRange{begin, NextCycle(*cycle_, begin)}).first->second);
    }
  }

  LatencyAnswer Result(int teams) const {
    LatencyAnswer answer{.window = window_, .latency = tally_.Result(), .actions = actions_.Result(), .teams = teams};
    if (split_) answer.cycles = Cycles();
    if (previous_) answer.previous = {previous_->window, previous_->tally.Result(), previous_->actions.Result()};
    return answer;
  }

 private:
  struct Previous {
    DateRange window;
    LatencyTally tally;
    ActionTally actions;
  };

  std::vector<LatencyAnswer::Part> Cycles() const {
    std::map<Date, LatencyAnswer::Part> parts;
    for (const LatencySplit::Cycle& cycle : split_->Result()) {
      parts[CycleStart(*cycle_, cycle.dates.from)] = {cycle.dates, cycle.latency, {}};
    }
    for (const auto& [begin, actions] : cycle_actions_) {
      LatencyAnswer::Part& part = parts[begin];
      part.dates = {std::max(begin, window_.from), std::min(NextCycle(*cycle_, begin), window_.to)};
      part.actions = actions.Result();
    }
    std::vector<LatencyAnswer::Part> cycles;
    for (auto& [begin, part] : parts) cycles.push_back(std::move(part));
    return cycles;
  }

  const Calendar& calendar_;
  const Date today_;
  const DateRange window_;
  LatencyTally tally_;
  ActionTally actions_;
  const std::optional<CycleUnit> cycle_;
  std::optional<LatencySplit> split_;
  std::map<Date, ActionTally> cycle_actions_;  // by the cycle's first date
  std::optional<Previous> previous_;
};

// What the inquiries of the teams do, by team; `teams` ascend.
absl::StatusOr<std::map<TeamNumber, std::vector<Practice>>> PracticesOf(const DistrictReader& reader, const std::vector<TeamNumber>& teams,
                                                                        const LatencyReckoner& reckoner) {
  std::map<TeamNumber, std::vector<Practice>> found;
  if (teams.empty()) return found;
  const auto add = [&](TeamNumber team, const Inquiry& inquiry) {
    std::optional<Practice> practice = reckoner.PracticeOf(inquiry, *reader->catalog(), reader->interned().indicators);
    if (practice) found[team].push_back(*std::move(practice));
  };
  if (teams.size() == 1) {
    const absl::StatusOr<std::vector<Inquiry>> inquiries = reader->InquiriesOf(teams[0]);
    if (!inquiries.ok()) return inquiries.status();
    for (const Inquiry& inquiry : *inquiries) add(teams[0], inquiry);
    return found;
  }
  absl::Status damage;
  const absl::Status scanned =
      reader->store().Scan(TableRange(reader->number(), Table::kInquiries), [&](std::string_view key, std::string_view value) {
        const absl::StatusOr<InquiryKey> id = InquiryKey::Decode(key);
        damage = id.status();
        if (!damage.ok() || !std::binary_search(teams.begin(), teams.end(), id->team)) return damage.ok();
        const absl::StatusOr<Inquiry> inquiry = DecodeInquiry(value);
        damage = inquiry.status();
        if (damage.ok()) add(id->team, *inquiry);
        return damage.ok();
      });
  if (!scanned.ok()) return scanned;
  if (!damage.ok()) return damage;
  return found;
}

absl::StatusOr<LatencyAnswer> LatencyOf(const DistrictReader& reader, const std::vector<TeamNumber>& teams, const Calendar& calendar,
                                        Date today, DateRange window, const LatencyQuery& query) {
  LatencyReckoner reckoner(calendar, today, window, query);
  const absl::StatusOr<std::map<TeamNumber, std::vector<Practice>>> practices = PracticesOf(reader, teams, reckoner);
  if (!practices.ok()) return practices.status();
  const std::vector<IndicatorNumber> indicators = IndicatorsOfKind(reader, query.evidence.kind, query.evidence.completions);
  int with_records = 0;
  const absl::Status status = ForEachTeam(reader, teams, [&](TeamNumber team, const TeamRows& rows) {
    uint64_t counted = 0;
    // Every year's row: a correction may have moved a record of the cohort far away from the window.
    for (const TeamRows::Row& row : rows.rows()) {
      if (std::binary_search(indicators.begin(), indicators.end(), row.indicator)) counted += reckoner.Add(*row.row);
    }
    if (counted > 0) ++with_records;
    const auto of_team = practices->find(team);
    if (of_team == practices->end()) return;
    const auto rows_of = [&rows](IndicatorNumber indicator, std::vector<const DayRow*>& found) {
      for (const TeamRows::Row& row : rows.rows()) {
        if (row.indicator == indicator) found.push_back(row.row.get());
      }
    };
    for (const Practice& practice : of_team->second) reckoner.Add(practice, rows_of);
  });
  if (!status.ok()) return status;
  return reckoner.Result(with_records);
}

}  // namespace

absl::StatusOr<LatencyAnswer> GetEvidenceLatency(const DistrictReader& reader, std::string_view team_id,
                                                 const Labels& labels, const LatencyQuery& query) {
  const CadenceQuery& evidence = query.evidence;
  if (absl::Status status = CheckKind(reader, evidence.kind); !status.ok()) return status;
  if (team_id.empty()) {
    const DistrictCatalog& catalog = *reader->catalog();
    const Date today = catalog.district_zone().LocalDate(reader.now());
    const absl::StatusOr<DateRange> window = WindowOf(*catalog.district_calendar(), today, evidence.from, evidence.to);
    if (!window.ok()) return window.status();
    return LatencyOf(reader, TeamsWith(reader, labels), *catalog.district_calendar(), today, *window, query);
  }
  const absl::StatusOr<TeamNow> team = TeamNowOf(reader, team_id);
  if (!team.ok()) return team.status();
  const absl::StatusOr<DateRange> window = WindowOf(team->calendar(), team->today, evidence.from, evidence.to);
  if (!window.ok()) return window.status();
  return LatencyOf(reader, {team->number}, team->calendar(), team->today, *window, query);
}

absl::StatusOr<PastLatencyAnswer> GetPastEvidenceLatency(const PastMoment& moment, const LatencyQuery& query) {
  const CadenceQuery& evidence = query.evidence;
  absl::StatusOr<PastTeam> past = ReadPastTeam(moment);
  if (!past.ok()) return past.status();
  const InternTable& indicators = moment.interned.indicators;
  if (evidence.kind.of == SignalKind::Of::kIndicator) {
    const std::optional<IndicatorNumber> number = indicators.Find(evidence.kind.indicator);
    if (!number || past->catalog->FindIndicator(*number) == nullptr) {
      return UnknownId("kind.indicator", "indicator", evidence.kind.indicator);
    }
  }
  const Calendar& calendar = *past->entry->calendar;
  const absl::StatusOr<DateRange> window = WindowOf(calendar, past->today, evidence.from, evidence.to);
  if (!window.ok()) return window.status();
  LatencyReckoner reckoner(calendar, past->today, *window, query);
  uint64_t counted = 0;
  for (const auto& [number, row] : past->rows) {
    if (evidence.kind.Counts(*past->catalog->FindIndicator(number), evidence.completions)) counted += reckoner.Add(row);
  }
  for (const Inquiry& inquiry : past->inquiries) {
    const std::optional<Practice> practice = reckoner.PracticeOf(inquiry, *past->catalog, indicators);
    if (!practice) continue;
    reckoner.Add(*practice, [&past](IndicatorNumber indicator, std::vector<const DayRow*>& found) {
      if (const auto row = past->rows.find(indicator); row != past->rows.end()) found.push_back(&row->second);
    });
  }
  return PastLatencyAnswer{reckoner.Result(counted > 0 ? 1 : 0), past->catalog_version};
}

}  // namespace leadlag
