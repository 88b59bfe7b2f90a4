// Evidence latency of a team or a district, now or as of a past moment. server/engine/queries.h.
#include <algorithm>
#include <utility>

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

// Row by row and action by action, into everything that is asked for. By one calendar and day for all: a team's own, or for a district's
// total the district's.
class LatencyReckoner {
 public:
  LatencyReckoner(const Calendar& calendar, Date today, DateRange window, const LatencyQuery& query)
      : calendar_(calendar), today_(today), window_(window), tally_(window), actions_(window) {
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

  // The actions of an inquiry. `RowsOf`: all rows of an indicator of its team, by number.
  template <typename RowsOf>
  void Add(const Inquiry& inquiry, const DistrictCatalog& catalog, const InternTable& indicators, RowsOf rows_of) {
    if (inquiry.status == InquiryStatus::kPlanned) return;
    std::vector<const DayRow*> leading, lagging;
    for (const InquiryLink& link : inquiry.links) {
      const std::optional<IndicatorNumber> number = indicators.Find(link.indicator);
      const Indicator* const indicator = number ? catalog.FindIndicator(*number) : nullptr;
      if (indicator == nullptr) continue;
      if (indicator->role == IndicatorRole::kLeading) rows_of(*number, leading);
      if (indicator->role == IndicatorRole::kLagging) rows_of(*number, lagging);
    }
    for (const InquiryAction& action : inquiry.actions) {
      const std::optional<Date> led = FirstKnownAfter(calendar_, leading, action.start);
      const std::optional<Date> lagged = FirstKnownAfter(calendar_, lagging, action.start);
      actions_.Add(calendar_, today_, action.start, led, lagged);
      if (previous_) previous_->actions.Add(calendar_, today_, action.start, led, lagged);
    }
  }

  LatencyAnswer Result(int teams) const {
    LatencyAnswer answer{.window = window_, .latency = tally_.Result(), .actions = actions_.Result(), .teams = teams};
    if (split_) answer.cycles = split_->Result();
    if (previous_) answer.previous = {previous_->window, previous_->tally.Result(), previous_->actions.Result()};
    return answer;
  }

 private:
  struct Previous {
    DateRange window;
    LatencyTally tally;
    ActionTally actions;
  };
  const Calendar& calendar_;
  const Date today_;
  const DateRange window_;
  LatencyTally tally_;
  ActionTally actions_;
  std::optional<LatencySplit> split_;
  std::optional<Previous> previous_;
};

// Those of the teams, by team; `teams` ascend.
absl::StatusOr<std::map<TeamNumber, std::vector<Inquiry>>> InquiriesOf(const DistrictReader& reader, const std::vector<TeamNumber>& teams) {
  std::map<TeamNumber, std::vector<Inquiry>> found;
  if (teams.size() == 1) {
    absl::StatusOr<std::vector<Inquiry>> inquiries = reader->InquiriesOf(teams[0]);
    if (!inquiries.ok()) return inquiries.status();
    if (!inquiries->empty()) found[teams[0]] = *std::move(inquiries);
    return found;
  }
  absl::Status damage;
  const absl::Status scanned =
      reader->store().Scan(TableRange(reader->number(), Table::kInquiries), [&](std::string_view key, std::string_view value) {
        const absl::StatusOr<InquiryKey> id = InquiryKey::Decode(key);
        absl::StatusOr<Inquiry> inquiry = DecodeInquiry(value);
        damage = !id.ok() ? id.status() : inquiry.status();
        if (!damage.ok()) return false;
        if (std::binary_search(teams.begin(), teams.end(), id->team)) found[id->team].push_back(*std::move(inquiry));
        return true;
      });
  if (!scanned.ok()) return scanned;
  if (!damage.ok()) return damage;
  return found;
}

absl::StatusOr<LatencyAnswer> LatencyOf(const DistrictReader& reader, const std::vector<TeamNumber>& teams, const Calendar& calendar,
                                        Date today, DateRange window, const LatencyQuery& query) {
  const absl::StatusOr<std::map<TeamNumber, std::vector<Inquiry>>> inquiries = InquiriesOf(reader, teams);
  if (!inquiries.ok()) return inquiries.status();
  LatencyReckoner reckoner(calendar, today, window, query);
  const std::vector<IndicatorNumber> indicators = IndicatorsOfKind(reader, query.evidence.kind, query.evidence.completions);
  int with_records = 0;
  const absl::Status status = ForEachTeam(reader, teams, [&](TeamNumber team, const TeamRows& rows) {
    uint64_t counted = 0;
    // Every year's row: a correction may have moved a record of the cohort far away from the window.
    for (const TeamRows::Row& row : rows.rows()) {
      if (std::binary_search(indicators.begin(), indicators.end(), row.indicator)) counted += reckoner.Add(*row.row);
    }
    if (counted > 0) ++with_records;
    const auto of_team = inquiries->find(team);
    if (of_team == inquiries->end()) return;
    const auto rows_of = [&rows](IndicatorNumber indicator, std::vector<const DayRow*>& found) {
      for (const TeamRows::Row& row : rows.rows()) {
        if (row.indicator == indicator) found.push_back(row.row.get());
      }
    };
    for (const Inquiry& inquiry : of_team->second) {
      reckoner.Add(inquiry, *reader->catalog(), reader->interned().indicators, rows_of);
    }
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

absl::StatusOr<PastLatencyAnswer> GetPastEvidenceLatency(const DistrictReader& reader, std::string_view team_id, Instant as_of,
                                                         const LatencyQuery& query) {
  const CadenceQuery& evidence = query.evidence;
  absl::StatusOr<PastTeam> past = ReadPastTeam(reader, team_id, as_of);
  if (!past.ok()) return past.status();
  const InternTable& indicators = reader->interned().indicators;
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
    reckoner.Add(inquiry, *past->catalog, indicators, [&past](IndicatorNumber indicator, std::vector<const DayRow*>& found) {
      if (const auto row = past->rows.find(indicator); row != past->rows.end()) found.push_back(&row->second);
    });
  }
  return PastLatencyAnswer{reckoner.Result(counted > 0 ? 1 : 0), past->catalog_version};
}

}  // namespace leadlag
