// What is stored of one evidence record, and how its revisions are summarized.
#include <vector>

#include "benchmark/benchmark.h"
#include "core/check.h"
#include "server/engine/evidence_state.h"
#include "storage/records.h"
#include "tests/benchmark/micro/school_year.h"

namespace leadlag::micro {
namespace {

const Interned& WorkInterned() {
  static const Interned interned = [] {
    Interned made;
    LEADLAG_CHECK(DistrictCatalog::Compile(WorkCatalog(), {NewYork()}, {}, made).ok());
    made.sources.Intern(kSource);
    return made;
  }();
  return interned;
}

// `count` revisions of one record, each a correction of its value.
std::vector<EvidenceRevision> Revisions(int count) {
  const EvidenceItem item = CommandOf(0).items[0];
  std::vector<EvidenceRevision> revisions;
  for (int i = 0; i < count; ++i) {
    EvidenceRevision& revision = revisions.emplace_back();
    revision.revision = static_cast<uint32_t>(i + 1);
    revision.content = item.content;
    revision.content.value = 1.0 + i;
    revision.event_date = *item.content.event_date;
    revision.known_date = revision.event_date;
    revision.recorded_date = revision.event_date + 1 + i;
    revision.recorded = NewYork().StartOf(revision.recorded_date);
  }
  return revisions;
}

void EvidenceSummarize(::benchmark::State& state) {
  const std::vector<EvidenceRevision> revisions = Revisions(static_cast<int>(state.range(0)));
  for (auto _ : state) {
    EvidenceIdentity identity = Summarize(123'456, revisions, WorkInterned());
    ::benchmark::DoNotOptimize(identity);
  }
}
BENCHMARK(EvidenceSummarize)->ArgName("revisions")->Arg(1)->Arg(3);

void EvidenceEntryOf(::benchmark::State& state) {
  const EvidenceIdentity identity = Summarize(123'456, Revisions(1), WorkInterned());
  for (auto _ : state) {
    std::optional<DayEntry> entry = EntryOf(identity);
    ::benchmark::DoNotOptimize(entry);
  }
}
BENCHMARK(EvidenceEntryOf);

void EvidenceEncodeIdentity(::benchmark::State& state) {
  const EvidenceIdentity identity = Summarize(123'456, Revisions(1), WorkInterned());
  for (auto _ : state) {
    std::string bytes = EncodeEvidenceIdentity(identity);
    ::benchmark::DoNotOptimize(bytes);
  }
  state.counters["bytes"] = static_cast<double>(EncodeEvidenceIdentity(identity).size());
}
BENCHMARK(EvidenceEncodeIdentity);

void EvidenceDecodeIdentity(::benchmark::State& state) {
  const std::string bytes = EncodeEvidenceIdentity(Summarize(123'456, Revisions(1), WorkInterned()));
  for (auto _ : state) {
    absl::StatusOr<EvidenceIdentity> identity = DecodeEvidenceIdentity(bytes);
    LEADLAG_CHECK(identity.ok());
    ::benchmark::DoNotOptimize(identity);
  }
}
BENCHMARK(EvidenceDecodeIdentity);

EvidenceRecord StoredRecord() {
  return {.source = 0, .evidence_id = CommandOf(0).items[0].evidence_id, .revision = Revisions(1)[0]};
}

void EvidenceEncodeRecord(::benchmark::State& state) {
  const EvidenceRecord record = StoredRecord();
  for (auto _ : state) {
    std::string bytes = EncodeEvidenceRecord(record);
    ::benchmark::DoNotOptimize(bytes);
  }
  state.counters["bytes"] = static_cast<double>(EncodeEvidenceRecord(record).size());
}
BENCHMARK(EvidenceEncodeRecord);

void EvidenceDecodeRecord(::benchmark::State& state) {
  const std::string bytes = EncodeEvidenceRecord(StoredRecord());
  for (auto _ : state) {
    absl::StatusOr<EvidenceRecord> record = DecodeEvidenceRecord(bytes);
    LEADLAG_CHECK(record.ok());
    ::benchmark::DoNotOptimize(record);
  }
}
BENCHMARK(EvidenceDecodeRecord);

}  // namespace
}  // namespace leadlag::micro
