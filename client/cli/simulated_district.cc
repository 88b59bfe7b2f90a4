#include "client/cli/simulated_district.h"

#include <algorithm>
#include <array>
#include <utility>

#include "client/cli/csv.h"
#include "client/cli/json.h"
#include "client/cli/number.h"
#include "core/instant.h"

namespace leadlag::cli {
namespace {

// SplitMix64 (Steele, Lea, Flood 2014): the standard's distributions differ between libraries, this does not.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t Next() {
    uint64_t z = (state_ += 0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
  }
  // 0 <= result < n. The bias of the remainder is below 2^-40 for our n.
  int Below(int n) { return static_cast<int>(Next() % static_cast<uint64_t>(n)); }
  double Unit() { return static_cast<double>(Next() >> 11) * 0x1.0p-53; }
  bool Chance(double share) { return Unit() < share; }

 private:
  uint64_t state_;
};

struct IndicatorKind {
  const char* id;
  const char* name;
  v1::IndicatorRole role;
  v1::Category category;
  v1::Dimension dimension;
  v1::Measure measure;
  const char* unit;
  int every_days;  // weekdays between two records of a team that keeps its rhythm
};
constexpr std::array kKinds = {
    IndicatorKind{"walkthroughs", "Classroom walkthroughs", v1::INDICATOR_ROLE_LEADING, v1::CATEGORY_WALKTHROUGH,
                  v1::DIMENSION_EVIDENCE_OF_PROGRESS, v1::MEASURE_NUMBER, "visits", 5},
    IndicatorKind{"practice-in-use", "Practice in use", v1::INDICATOR_ROLE_LEADING, v1::CATEGORY_IMPLEMENTATION,
                  v1::DIMENSION_JOINT_WORK, v1::MEASURE_PROPORTION, "classrooms", 8},
    IndicatorKind{"adult-learning", "Adult learning cycles", v1::INDICATOR_ROLE_LEADING, v1::CATEGORY_ADULT_LEARNING,
                  v1::DIMENSION_SHARED_UNDERSTANDING, v1::MEASURE_PROPORTION, "staff", 10},
    IndicatorKind{"student-voice", "Student experience survey", v1::INDICATOR_ROLE_LEADING,
                  v1::CATEGORY_STUDENT_EXPERIENCE, v1::DIMENSION_EVIDENCE_OF_PROGRESS, v1::MEASURE_PROPORTION,
                  "students", 20},
    IndicatorKind{"plan-steps-done", "Plan steps ticked off", v1::INDICATOR_ROLE_LEADING, v1::CATEGORY_IMPLEMENTATION,
                  v1::DIMENSION_JOINT_WORK, v1::MEASURE_COMPLETION, "", 7},
    IndicatorKind{"benchmark", "Benchmark assessment", v1::INDICATOR_ROLE_LAGGING, v1::CATEGORY_OUTCOME,
                  v1::DIMENSION_EVIDENCE_OF_PROGRESS, v1::MEASURE_PROPORTION, "students", 60},
};

constexpr char kSource[] = "sim";
constexpr char kCalendar[] = "main";
constexpr int kReportHourUtc = 21;  // late afternoon in the Americas: the local date is the event's
constexpr std::array kLevels = {"elementary", "middle", "high"};

std::string Numbered(const std::string& stem, int number, int count) {
  const size_t width = std::to_string(count).size();
  std::string digits = std::to_string(number);
  return stem + std::string(width - digits.size(), '0') + digits;
}

std::string IndicatorId(int index) {
  const std::string id = kKinds[static_cast<size_t>(index) % kKinds.size()].id;
  const int round = index / static_cast<int>(kKinds.size());
  return round == 0 ? id : id + "-" + std::to_string(round + 1);
}

void SetInstant(Date date, int second_of_day, google::protobuf::Timestamp& timestamp) {
  timestamp.set_seconds(int64_t{date.days()} * 86'400 + second_of_day);
}

class Simulation {
 public:
  explicit Simulation(const SimulationOptions& options)
      : options_(options),
        random_(options.seed),
        end_(options.start + 7 * options.weeks),
        school_end_(options.start + 7 * SchoolWeeks()) {}

  SimulatedDistrict Run() {
    MakeCatalog();
    for (int team = 0; team < options_.teams; ++team) MakeTeamsEvidence(team);
    std::stable_sort(sent_.begin(), sent_.end(), [](const Sent& a, const Sent& b) { return a.order < b.order; });
    for (Sent& sent : sent_) result_.records.push_back(std::move(sent.record));
    return std::move(result_);
  }

 private:
  struct Sent {
    int64_t order;  // second at which it was sent
    v1::EvidenceRecord record;
  };

  // School goes on after the evidence ends, or nobody would be late at its end.
  int SchoolWeeks() const { return std::max(options_.weeks + 4, 40); }

  std::string TeamId(int team) const { return Numbered("team-", team + 1, options_.teams); }

  void MakeCatalog() {
    v1::Catalog& catalog = result_.catalog;
    result_.source = kSource;
    catalog.set_district(options_.district);
    catalog.set_display_name("Synthetic district, seed " + std::to_string(options_.seed));
    catalog.set_time_zone("America/New_York");
    catalog.set_default_calendar(kCalendar);
    MakeCalendar(*catalog.add_calendars());
    for (int i = 0; i < options_.teams; ++i) {
      v1::Team& team = *catalog.add_teams();
      team.set_id(TeamId(i));
      team.set_display_name("Team " + std::to_string(i + 1));
      team.add_active_periods()->set_active_from(options_.start.ToString());
      (*team.mutable_labels())["level"] = kLevels[static_cast<size_t>(i) % kLevels.size()];
    }
    for (int i = 0; i < options_.indicators; ++i) {
      const IndicatorKind& kind = kKinds[static_cast<size_t>(i) % kKinds.size()];
      v1::Indicator& indicator = *catalog.add_indicators();
      indicator.set_id(IndicatorId(i));
      indicator.set_display_name(kind.name);
      indicator.set_role(kind.role);
      indicator.set_category(kind.category);
      indicator.set_dimension(kind.dimension);
      indicator.set_measure(kind.measure);
      indicator.set_direction(v1::DIRECTION_HIGHER_IS_BETTER);
      indicator.set_unit(kind.unit);
    }
    v1::Source& source = *catalog.add_sources();
    source.set_id(kSource);
    source.set_display_name("Simulation");
    MakeExpectations(catalog);
  }

  void MakeCalendar(v1::Calendar& calendar) {
    calendar.set_id(kCalendar);
    v1::SchoolYear& year = *calendar.add_years();
    const Date july =
        Date::FromYmd(options_.start.month() >= 7 ? options_.start.year() : options_.start.year() - 1, 7, 1);
    // Bounds by default run from July to July; a simulation that crosses July gets bounds of its own.
    const Date next_july = Date::FromYmd(july.year() + 1, 7, 1);
    const bool by_default = school_end_ <= next_july;
    const Date from = by_default ? july : options_.start;
    year.set_start_date(from.ToString());
    year.set_end_date((by_default ? next_july : school_end_).ToString());
    year.set_id(std::to_string(from.year()) + "-" + std::to_string(from.year() + 1).substr(2));
    v1::Term& term = *year.add_terms();
    term.set_first_day(options_.start.ToString());
    term.set_last_day((school_end_ - 3).ToString());  // the last Friday of whole weeks
    for (int week = 8; week + 1 < SchoolWeeks(); week += 9) {
      v1::CalendarException& pause = *calendar.add_exceptions();
      closed_.push_back({options_.start + 7 * week, options_.start + 7 * week + 5});
      pause.set_date(closed_.back().from.ToString());
      pause.set_last_date((closed_.back().to - 1).ToString());
      pause.set_kind(v1::CALENDAR_EXCEPTION_KIND_BREAK);
      pause.set_label("Recess");
    }
  }

  // One for each category that has an indicator which counts.
  void MakeExpectations(v1::Catalog& catalog) {
    for (int i = 0; i < std::min<int>(options_.indicators, kKinds.size()); ++i) {
      const IndicatorKind& kind = kKinds[static_cast<size_t>(i)];
      if (kind.role != v1::INDICATOR_ROLE_LEADING || kind.measure == v1::MEASURE_COMPLETION) continue;
      v1::Expectation& expectation = *catalog.add_expectations();
      expectation.set_id(kind.id);
      expectation.mutable_kind()->set_category(kind.category);
      expectation.set_every_days(kind.category == v1::CATEGORY_STUDENT_EXPERIENCE ? 30 : 10);
      expectation.set_grace_days(10);
      expectation.set_from(options_.start.ToString());
    }
  }

  bool IsSchoolDay(Date date) const {
    if (date.weekday() >= Weekday::kSaturday) return false;
    return std::none_of(closed_.begin(), closed_.end(), [date](DateRange range) { return range.Contains(date); });
  }

  void MakeTeamsEvidence(int team) {
    const int character =
        random_.Below(10);  // 0, 1: falls silent; 2: boxes only in the second half; others keep a rhythm
    const DateRange silence{options_.start + random_.Below(7 * options_.weeks), end_};
    for (int i = 0; i < options_.indicators; ++i) {
      const IndicatorKind& kind = kKinds[static_cast<size_t>(i) % kKinds.size()];
      int wait = 1 + random_.Below(kind.every_days);
      for (Date date = options_.start; date < end_; date = date + 1) {
        if (!IsSchoolDay(date) || --wait > 0) continue;
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
    record.set_evidence_id(TeamId(team) + "-" + std::to_string(indicator) + "-" + date.ToString());
    record.set_team(TeamId(team));
    record.set_indicator(IndicatorId(indicator));
    record.set_event_date(date.ToString());
    FillContent(kind, record);
    const int late_days = random_.Chance(options_.late_share) ? 2 + random_.Below(12) : 0;
    const int second = kReportHourUtc * 3600 + random_.Below(3600);
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
    SetInstant(date, second, *record.mutable_reported_time());
    sent_.push_back({record.reported_time().seconds(), std::move(record)});
    return true;
  }

  const SimulationOptions& options_;
  Random random_;
  const Date end_;         // of the evidence, exclusive
  const Date school_end_;  // of the school year, exclusive
  std::vector<DateRange> closed_;
  std::vector<Sent> sent_;
  SimulatedDistrict result_;
};

}  // namespace

absl::StatusOr<SimulatedDistrict> Simulate(const SimulationOptions& options) {
  const auto share = [](double s) { return s >= 0 && s <= 1; };
  if (options.teams < 1 || options.teams > 50'000) return absl::InvalidArgumentError("--teams is 1 to 50000");
  if (options.indicators < 1 || options.indicators > 1'000)
    return absl::InvalidArgumentError("--indicators is 1 to 1000");
  if (options.weeks < 1 || options.weeks > 52) return absl::InvalidArgumentError("--weeks is 1 to 52");
  if (!share(options.late_share) || !share(options.correction_share) || !share(options.void_share)) {
    return absl::InvalidArgumentError("a share is between 0 and 1");
  }
  return Simulation(options).Run();
}

std::string RecordsCsv(const std::vector<v1::EvidenceRecord>& records) {
  std::string csv = CsvLine({"evidence_id", "team", "indicator", "event_date", "number", "numerator", "denominator",
                             "completed", "void", "reported_time", "note"});
  for (const v1::EvidenceRecord& record : records) {
    const bool number = record.content_case() == v1::EvidenceRecord::kNumber;
    const v1::Proportion& proportion = record.proportion();
    const Instant reported{record.reported_time().seconds() * kMicrosPerSecond};
    csv +=
        CsvLine({record.evidence_id(), record.team(), record.indicator(), record.event_date(),
                 number ? FormatDecimal(record.number()) : "",
                 record.has_proportion() ? std::to_string(proportion.numerator()) : "",
                 record.has_proportion() ? std::to_string(proportion.denominator()) : "",
                 record.content_case() == v1::EvidenceRecord::kCompleted ? (record.completed() ? "true" : "false") : "",
                 record.content_case() == v1::EvidenceRecord::kVoid ? "true" : "", reported.ToString(), record.note()});
  }
  return csv;
}

std::string RecordsCsvMapping(const std::string& source) {
  std::string yaml = "# leadlag import evidence.csv --map_file evidence.map.yaml\nmap:\n";
  for (const char* field : {"evidence_id", "team", "indicator", "event_date", "number", "numerator", "denominator",
                            "completed", "void", "reported_time", "note"}) {
    yaml += std::string("  ") + field + ": " + field + "\n";
  }
  return yaml + "set: {source: " + source + "}\n";
}

std::string RecordsNdjson(const std::vector<v1::EvidenceRecord>& records) {
  std::string lines;
  for (const v1::EvidenceRecord& record : records) lines += ToJson(record, JsonLayout::kOneLine);
  return lines;
}

}  // namespace leadlag::cli
