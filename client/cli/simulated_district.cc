#include "client/cli/simulated_district.h"

#include <algorithm>
#include <array>
#include <utility>

#include "client/cli/csv.h"
#include "client/cli/seeded_random.h"
#include "core/check.h"
#include "core/digits.h"
#include "core/instant.h"

namespace leadlag::cli {
namespace {

constexpr std::array kCsvColumns = {"evidence_id", "team",      "indicator", "event_date",    "number", "numerator",
                                    "denominator", "completed", "void",      "reported_time", "note"};

class Simulation {
 public:
  explicit Simulation(const SimulationOptions& options)
      : options_(options), random_(options.seed), catalog_(options), end_(catalog_.evidence_dates().to) {}

  SimulatedDistrict Run() {
    for (int team = 0; team < options_.teams; ++team) MakeTeamsEvidence(team);
    std::stable_sort(sent_.begin(), sent_.end(), [](const Sent& a, const Sent& b) { return a.order < b.order; });
    SimulatedDistrict result;
    result.catalog = catalog_.catalog();
    for (Sent& sent : sent_) result.records.push_back(std::move(sent.record));
    return result;
  }

 private:
  struct Sent {
    int64_t order;  // second at which it was sent
    v1::EvidenceRecord record;
  };

  void MakeTeamsEvidence(int team) {
    const int character =
        random_.Below(10);  // 0, 1: falls silent; 2: boxes only in the second half; others keep a rhythm
    const DateRange silence{options_.start + random_.Below(7 * options_.weeks), end_};
    for (int i = 0; i < options_.indicators; ++i) {
      const IndicatorKind& kind = catalog_.KindOf(i);
      int wait = 1 + random_.Below(kind.every_days);
      for (Date date = options_.start; date < end_; date = date + 1) {
        if (!catalog_.IsSchoolDay(date) || --wait > 0) continue;
        wait = std::max(1, kind.every_days + random_.Below(5) - 2);
        const bool box = kind.measure == v1::MEASURE_COMPLETION;
        const bool silent = (character < 2 && silence.Contains(date) && (date - silence.from) < 56) ||
                            (character == 2 && !box && date - options_.start > 7 * options_.weeks / 2);
        if (!silent) MakeRecord(team, i, kind, date);
      }
    }
  }

  void FillContent(const IndicatorKind& kind, v1::EvidenceRecord& record) {
    if (kind.measure == v1::MEASURE_NUMBER) {
      record.set_number(1 + random_.Below(12));
    } else if (kind.measure == v1::MEASURE_COMPLETION) {
      record.set_completed(true);
    } else {
      const int n = 12 + random_.Below(80);
      record.mutable_proportion()->set_denominator(n);
      record.mutable_proportion()->set_numerator(random_.Below(n + 1));
    }
  }

  void MakeRecord(int team, int indicator, const IndicatorKind& kind, Date date) {
    v1::EvidenceRecord record;
    record.set_team(catalog_.TeamId(team));
    record.set_evidence_id(record.team() + "-" + std::to_string(indicator) + "-" + date.ToString());
    record.set_indicator(catalog_.IndicatorId(indicator));
    record.set_event_date(date.ToString());
    FillContent(kind, record);
    const int late_days = random_.Chance(options_.late_share) ? 2 + random_.Below(12) : 0;
    const int second = random_.Below(3600);
    const bool corrected = random_.Chance(options_.correction_share);
    const bool voided = random_.Chance(options_.void_share);
    const Date reported = date + late_days;
    if (!Send(reported, second, record)) return;  // not sent before the simulation ends
    if (corrected) {
      FillContent(kind, record);
      Send(reported + 1 + random_.Below(5), second, record);
    }
    if (voided) {
      v1::EvidenceRecord voiding;
      voiding.set_evidence_id(record.evidence_id());
      voiding.set_void_(true);
      voiding.set_note("entered twice");
      Send(reported + 6 + random_.Below(3), second, voiding);
    }
  }

  bool Send(Date date, int second, v1::EvidenceRecord record) {
    if (date >= end_) return false;
    SetReported(date, second, record);
    sent_.push_back({record.reported_time().seconds(), std::move(record)});
    return true;
  }

  const SimulationOptions& options_;
  SeededRandom random_;
  const SimulatedCatalog catalog_;
  const Date end_;  // of the evidence, exclusive
  std::vector<Sent> sent_;
};

}  // namespace

absl::StatusOr<SimulatedDistrict> Simulate(const SimulationOptions& options) {
  LEADLAG_CHECK(!options.even_flow());
  if (absl::Status status = CheckOptions(options); !status.ok()) return status;
  return Simulation(options).Run();
}

std::string RecordsCsvHeader() { return CsvLine({kCsvColumns.begin(), kCsvColumns.end()}); }

std::string RecordCsvLine(const v1::EvidenceRecord& record) {
  const bool number = record.content_case() == v1::EvidenceRecord::kNumber;
  const v1::Proportion& proportion = record.proportion();
  const Instant reported{record.reported_time().seconds() * kMicrosPerSecond};
  return CsvLine(
      {record.evidence_id(), record.team(), record.indicator(), record.event_date(),
       number ? FormatDecimal(record.number()) : "",
       record.has_proportion() ? std::to_string(proportion.numerator()) : "",
       record.has_proportion() ? std::to_string(proportion.denominator()) : "",
       record.content_case() == v1::EvidenceRecord::kCompleted ? (record.completed() ? "true" : "false") : "",
       record.content_case() == v1::EvidenceRecord::kVoid ? "true" : "", reported.ToString(), record.note()});
}

std::string RecordsCsvMapping() {
  std::string yaml = "# leadlag import evidence.csv --map_file evidence.map.yaml\nmap:\n";
  for (const std::string column : kCsvColumns) yaml += "  " + column + ": " + column + "\n";
  return yaml + "set: {source: " + kSimulatedSource + "}\n";
}

}  // namespace leadlag::cli
