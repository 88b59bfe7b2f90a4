#include "tests/benchmark/workload.h"

#include "core/clock.h"

namespace leadlag::benchmark {
namespace {

cli::SimulationOptions Options(int64_t records, Date today) {
  cli::SimulationOptions options;
  options.district = kDistrict;
  options.records = records;
  options.teams = 2'000;
  options.indicators = 5;
  options.weeks = 40;
  options.start = cli::StartOver(today, options.weeks);
  options.late_share = 0.05;
  return options;
}

}  // namespace

Date TodayUtc() { return Date(static_cast<int32_t>(SystemClock().Now().micros / kMicrosPerDay)); }

Workload::Workload(int64_t records, Date today) : today_(today), flow_(Options(records, today)) {}

std::vector<v1::StreamEvidenceRequest> Workload::Batches(int64_t first, int64_t end) const {
  std::vector<v1::StreamEvidenceRequest> batches;
  for (int64_t index = first; index < end; ++index) {
    if ((index - first) % kBatchRecords == 0) {
      batches.emplace_back().mutable_batch()->set_batch_id(batches.size());
      batches.back().mutable_batch()->mutable_records()->Reserve(kBatchRecords);
    }
    flow_.Fill(index, *batches.back().mutable_batch()->add_records());
  }
  return batches;
}

}  // namespace leadlag::benchmark
