// The benchmark's work: a district and a school year of its evidence. Every contestant is given the same records.
//
// It is what the command line writes with
//   leadlag simulate DIR --id benchmark --records 1000000 --teams 2000 --indicators 5 --weeks 40 --late_share 0.05
// (client/cli/evidence_flow.h says what that is), in batches of 500. There are no reviews.
//
// The evidence ends with last week, so that all of it has happened when it arrives at once. There are as many
// expectations as indicators, a watch each for every team, and they begin with its last week, so that nobody is late
// yet: a watch flips when it starts and with its first record. Thread safe: nothing changes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "client/cli/evidence_flow.h"
#include "core/date.h"
#include "leadlag/v1/catalog.pb.h"
#include "leadlag/v1/evidence_service.pb.h"

namespace leadlag::benchmark {

inline constexpr int kBatchRecords = 500;
inline constexpr char kDistrict[] = "benchmark";
inline constexpr const char* kSource = cli::kSimulatedSource;

// The machine's date, UTC.
Date TodayUtc();

class Workload {
 public:
  // The evidence ends with the week before `today`.
  explicit Workload(int64_t records, Date today = TodayUtc());

  int64_t records() const { return flow_.size(); }
  int teams() const { return flow_.options().teams; }
  Date today() const { return today_; }
  const cli::EvidenceFlow& flow() const { return flow_; }
  const v1::Catalog& catalog() const { return flow_.catalog().catalog(); }
  // The school year's instructional days, ascending: what a database is told of the calendar.
  const std::vector<Date>& school_days() const { return flow_.catalog().school_days(); }
  DateRange year() const { return flow_.catalog().year(); }

  static std::string DistrictName() { return std::string("districts/") + kDistrict; }
  static std::string Parent() { return DistrictName() + "/sources/" + kSource; }
  std::string TeamId(int team) const { return flow_.catalog().TeamId(team); }
  std::string TeamName(int team) const { return DistrictName() + "/teams/" + TeamId(team); }

  // The messages of a stream after its first, for records in [first, end).
  std::vector<v1::StreamEvidenceRequest> Batches(int64_t first, int64_t end) const;
  std::vector<v1::StreamEvidenceRequest> Batches() const { return Batches(0, records()); }

 private:
  const Date today_;
  const cli::EvidenceFlow flow_;
};

}  // namespace leadlag::benchmark
