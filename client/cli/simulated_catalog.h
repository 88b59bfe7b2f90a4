// What a synthetic district is made from, and its catalog.
//
// Two sorts of evidence are made up for such a district: what teams with rhythms of their own would send
// (simulated_district.h), and an even flow of so many records (evidence_flow.h). The catalog is that of the sort that
// the options ask for. The same options give the same catalog. Pure; thread safe: nothing changes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "core/date.h"
#include "leadlag/v1/catalog.pb.h"
#include "leadlag/v1/evidence.pb.h"

namespace leadlag::cli {

inline constexpr int64_t kSimulatedRecordsMax = 100'000'000;

struct SimulationOptions {
  std::string district = "sample";
  int teams = 12;      // 1 to 50,000
  int indicators = 6;  // 1 to 1,000; cycles through the kinds
  uint64_t seed = 1;
  Date start;                // first day of school; a Monday reads best
  int weeks = 36;            // 1 to 52
  double late_share = 0.15;  // of records reported some days after the event
  // Of a district of rhythms alone.
  double correction_share = 0.02;
  double void_share = 0.01;
  // 0: a district of rhythms. Otherwise an even flow of so many records.
  int64_t records = 0;

  bool even_flow() const { return records > 0; }
};

// INVALID_ARGUMENT for an option out of its range.
absl::Status CheckOptions(const SimulationOptions& options);

// The latest Monday from which so many weeks are over on `today`.
Date StartOver(Date today, int weeks);

// The one source that all records are of.
inline constexpr char kSimulatedSource[] = "sim";

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

class SimulatedCatalog {
 public:
  // REQUIRES: CheckOptions(options) is OK.
  explicit SimulatedCatalog(const SimulationOptions& options);

  const v1::Catalog& catalog() const { return catalog_; }
  const DateRange& year() const { return year_; }                        // the school year's bounds
  const DateRange& evidence_dates() const { return evidence_; }          // [start, so many weeks later)
  const std::vector<Date>& school_days() const { return school_days_; }  // the year's instructional days, ascending
  bool IsSchoolDay(Date date) const;

  // Numbered from 0.
  const std::string& TeamId(int team) const { return catalog_.teams(team).id(); }
  const std::string& IndicatorId(int indicator) const { return catalog_.indicators(indicator).id(); }
  const IndicatorKind& KindOf(int indicator) const;

 private:
  void MakeCalendar(v1::Calendar& calendar);
  void MakeTeams();
  void MakeIndicators();
  void ExpectCategories();
  void ExpectIndicators();

  const SimulationOptions options_;
  const DateRange evidence_;
  const int school_weeks_;
  DateRange year_;
  std::vector<Date> school_days_;
  v1::Catalog catalog_;
};

// Says when a source took the record in: late in the afternoon of `date` in the Americas, so that the local date is
// that one too. REQUIRES: 0 <= second < 3,600, of the hour in which that is.
void SetReported(Date date, int second, v1::EvidenceRecord& record);

}  // namespace leadlag::cli
