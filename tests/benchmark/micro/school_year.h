// What the microbenchmarks work on: the benchmark's work (workload.h) at a fixed date, as each hot piece takes it.
//
// Made when first asked for, outside what is timed, and kept. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/calendar.h"
#include "core/catalog.h"
#include "core/day_row.h"
#include "core/zone.h"
#include "leadlag/v1/evidence_service.pb.h"
#include "server/engine/command.h"
#include "tests/benchmark/workload.h"

namespace leadlag::micro {

using benchmark::kBatchRecords;
using benchmark::kDistrict;
using benchmark::kSource;

// 1,000,000 records of 2,000 teams and 5 indicators from 2025-09-01 to 2026-06-05; today is 2026-06-08.
const benchmark::Workload& Work();
const Catalog& WorkCatalog();
// The work's zone.
const ZoneRules& NewYork();

// A batch: the records from `first` on. A later `lap` over the same records gives them other ids.
v1::RecordEvidenceRequest MessageOf(int64_t first, int lap = 0);
RecordEvidenceCommand CommandOf(int64_t first, int lap = 0);

// One of those teams at the end of its year: 500 records, known when they were reported, reviewed every fourth week.
struct TeamYear {
  std::shared_ptr<const Calendar> calendar;
  DateRange year;
  Date today;
  std::vector<ActivePeriod> active;
  std::vector<DayRow> rows;       // one an indicator, 100 records each
  std::vector<DayEntry> arrived;  // the first row's records, in order of arrival
  std::vector<Date> signals;      // event dates of all rows, ascending
};
const TeamYear& OneTeam();

}  // namespace leadlag::micro
