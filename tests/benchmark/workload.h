// The benchmark's work: a district and a school year of its evidence, from a seed. Every contestant is given the same
// records.
//
// 2,000 teams × 5 indicators. Records come as sources would send them: by the day on which they were reported, teams in
// random order; 5 % of them speak of a day up to two weeks before. An evidence id is 24 random hexadecimal digits, the
// worst order for an index; a note is 40 bytes of words from a vocabulary of 20,000 that were made up for it. There are
// no reviews.
//
// The year ends yesterday, so that all of it has happened when it arrives at once. There are as many expectations as
// indicators, a watch each for every team, and they begin a week ago, so that nobody is late yet: a watch flips when it
// starts and with its first record.
//
// A record is a function of options and its index, so that thirty million need not be held. Thread safe: nothing
// changes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/date.h"
#include "leadlag/v1/catalog.pb.h"
#include "leadlag/v1/evidence_service.pb.h"

namespace leadlag::benchmark {

inline constexpr int kBatchRecords = 500;
inline constexpr char kDistrict[] = "benchmark";
inline constexpr char kSource[] = "form";

struct WorkloadOptions {
  int64_t records = 1'000'000;
  int teams = 2'000;
  int indicators = 5;
  uint64_t seed = 1;
  Date today;  // the machine's, UTC
};

// The machine's date, UTC.
Date TodayUtc();

class Workload {
 public:
  explicit Workload(const WorkloadOptions& options);

  const WorkloadOptions& options() const { return options_; }
  const v1::Catalog& catalog() const { return catalog_; }
  // The school year's instructional days, ascending: what a database is told of the calendar.
  const std::vector<Date>& school_days() const { return school_days_; }
  DateRange year() const { return {start_, start_ + kYearDays}; }

  static std::string DistrictName() { return std::string("districts/") + kDistrict; }
  static std::string Parent() { return DistrictName() + "/sources/" + kSource; }
  std::string TeamId(int team) const;
  std::string TeamName(int team) const { return DistrictName() + "/teams/" + TeamId(team); }

  // REQUIRES: 0 <= index.
  void Fill(int64_t index, v1::EvidenceRecord& record) const;
  // The messages of a stream after its first, for records in [first, end).
  std::vector<v1::StreamEvidenceRequest> Batches(int64_t first, int64_t end) const;
  std::vector<v1::StreamEvidenceRequest> Batches() const { return Batches(0, options_.records); }

 private:
  static constexpr int kYearDays = 364;
  static constexpr int kEvidenceDays = 280;  // 40 weeks: what the year's evidence covers

  void MakeCatalog();

  const WorkloadOptions options_;
  const Date start_;             // a Monday
  std::vector<Date> sent_days_;  // weekdays on which evidence is sent
  std::vector<Date> school_days_;
  std::vector<std::string> words_;
  v1::Catalog catalog_;
};

}  // namespace leadlag::benchmark
