#include "tests/benchmark/micro/school_year.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "core/check.h"
#include "server/engine/zone_database.h"
#include "server/rpc/convert_catalog.h"
#include "server/rpc/convert_evidence.h"

namespace leadlag::micro {
namespace {

constexpr int64_t kRecords = 1'000'000;
constexpr int kTeamRecords = 500;
constexpr size_t kReviewSchoolDays = 20;

// The first review on or after `known`; none where there was none.
std::optional<Date> ReviewedOn(const std::vector<Date>& school_days, Date known, Date today) {
  for (size_t i = kReviewSchoolDays; i < school_days.size() && school_days[i] < today; i += kReviewSchoolDays) {
    if (school_days[i] >= known) return school_days[i];
  }
  return std::nullopt;
}

TeamYear MakeTeamYear() {
  cli::SimulationOptions options = Work().flow().options();
  options.teams = 1;
  options.records = kTeamRecords;
  const cli::EvidenceFlow flow(options);
  TeamYear team;
  team.calendar = std::make_shared<const Calendar>(Calendar::Compile(WorkCatalog().calendars.at(0)).value());
  team.year = Work().year();
  team.today = Work().today();
  team.active = WorkCatalog().teams.at(0).active_periods;
  std::map<std::string, DayRow> rows;
  v1::EvidenceRecord record;
  for (int64_t i = 0; i < flow.size(); ++i) {
    flow.Fill(i, record);
    DayEntry entry;
    entry.event = Date::Parse(record.event_date()).value();
    entry.known = entry.recorded = NewYork().LocalDate(Instant::FromSeconds(record.reported_time().seconds()));
    entry.reviewed = ReviewedOn(Work().school_days(), entry.known, team.today);
    rows[record.indicator()].Add(entry);
    if (record.indicator() == flow.catalog().IndicatorId(0)) team.arrived.push_back(entry);
    team.signals.push_back(entry.event);
  }
  for (int i = 0; i < options.indicators; ++i) team.rows.push_back(rows[flow.catalog().IndicatorId(i)]);
  std::sort(team.signals.begin(), team.signals.end());
  return team;
}

}  // namespace

const benchmark::Workload& Work() {
  static const benchmark::Workload work(kRecords, Date::FromYmd(2026, 6, 8));
  return work;
}

const Catalog& WorkCatalog() {
  static const Catalog catalog = CatalogFromProto(Work().catalog()).value();
  return catalog;
}

const ZoneRules& NewYork() {
  static const ZoneRules zone = LoadZone(WorkCatalog().time_zone).value();
  return zone;
}

v1::RecordEvidenceRequest MessageOf(int64_t first, int lap) {
  LEADLAG_CHECK(lap < 10);
  v1::RecordEvidenceRequest message;
  message.set_parent(benchmark::Workload::Parent());
  for (int64_t i = first; i < first + kBatchRecords; ++i) {
    v1::EvidenceRecord& record = *message.add_records();
    Work().flow().Fill(i, record);
    if (lap > 0) record.mutable_evidence_id()->front() = static_cast<char>('p' + lap);
  }
  return message;
}

RecordEvidenceCommand CommandOf(int64_t first, int lap) {
  RecordEvidenceCommand command{.source = kSource};
  const v1::RecordEvidenceRequest message = MessageOf(first, lap);
  for (const v1::EvidenceRecord& record : message.records())
    command.items.push_back(EvidenceItemFromProto(record).value());
  return command;
}

const TeamYear& OneTeam() {
  static const TeamYear team = MakeTeamYear();
  return team;
}

}  // namespace leadlag::micro
