#include "client/cli/simulated_district.h"

#include <map>
#include <set>
#include <sstream>

#include "client/cli/catalog_file.h"
#include "client/cli/catalog_yaml.h"
#include "client/cli/csv_import.h"
#include "client/cli/json.h"
#include "google/protobuf/util/message_differencer.h"
#include "gtest/gtest.h"

namespace leadlag::cli {
namespace {

SimulationOptions Options() {
  SimulationOptions options;
  options.start = Date::FromYmd(2025, 9, 1);
  return options;
}

std::string RecordsCsv(const std::vector<v1::EvidenceRecord>& records) {
  std::string csv = RecordsCsvHeader();
  for (const v1::EvidenceRecord& record : records) csv += RecordCsvLine(record);
  return csv;
}

TEST(Simulate, SameOptionsSameBytesOtherSeedOtherDistrict) {
  const auto a = Simulate(Options());
  const auto b = Simulate(Options());
  SimulationOptions other = Options();
  other.seed = 2;
  const auto c = Simulate(other);
  ASSERT_TRUE(a.ok() && b.ok() && c.ok());
  EXPECT_EQ(RecordsCsv(a->records), RecordsCsv(b->records));
  EXPECT_EQ(CatalogYaml(a->catalog), CatalogYaml(b->catalog));
  EXPECT_NE(RecordsCsv(a->records), RecordsCsv(c->records));
}

// On every machine, and in every version: a demo that is described somewhere is still that one.
TEST(Simulate, ItsBytes) {
  const auto district = Simulate(Options());
  ASSERT_TRUE(district.ok());
  ASSERT_EQ(district->records.size(), 1'104u);
  EXPECT_EQ(RecordCsvLine(district->records[700]),
            "team-01-4-2026-01-27,team-01,plan-steps-done,2026-01-27,,,,true,,2026-01-27T21:22:29Z,\r\n");
}

TEST(Simulate, RecordsAreWhatASourceWouldSend) {
  const auto district = Simulate(Options());
  ASSERT_TRUE(district.ok());
  const CatalogIds ids(district->catalog);
  EXPECT_TRUE(ids.HasSource(kSimulatedSource));
  std::map<std::string, int> seen;
  int64_t before = 0;
  int corrections = 0, voids = 0, late = 0;
  for (const v1::EvidenceRecord& record : district->records) {
    EXPECT_GE(record.reported_time().seconds(), before);
    before = record.reported_time().seconds();
    const bool known = seen[record.evidence_id()]++ > 0;
    if (record.void_()) {
      EXPECT_TRUE(known) << "a void follows what it voids";
      ++voids;
      continue;
    }
    corrections += known ? 1 : 0;
    EXPECT_FALSE(ids.Objection(record)) << record.DebugString();
    const auto date = Date::Parse(record.event_date());
    ASSERT_TRUE(date.ok());
    EXPECT_GE(record.reported_time().seconds() / 86'400, date->days());
    late += record.reported_time().seconds() / 86'400 > date->days() ? 1 : 0;
  }
  EXPECT_GT(district->records.size(), 1'000u);
  EXPECT_GT(corrections, 0);
  EXPECT_GT(voids, 0);
  EXPECT_GT(late, 0);
}

TEST(Simulate, CatalogAndCsvReadBack) {
  const auto district = Simulate(Options());
  ASSERT_TRUE(district.ok());
  const auto file = CatalogFile::Parse(CatalogYaml(district->catalog), "catalog.yaml");
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(file->catalog(), district->catalog));

  auto mapping = ParseMapping(RecordsCsvMapping(), "map.yaml");
  ASSERT_TRUE(mapping.ok()) << mapping.status();
  EXPECT_EQ(mapping->constants.at("source"), kSimulatedSource);
  mapping->constants.erase("source");
  std::istringstream csv(RecordsCsv(district->records));
  CsvReader reader(csv);
  CsvRow row;
  ASSERT_TRUE(reader.Next(row));
  auto converter = RowConverter::Create(*mapping, row.fields, nullptr);
  ASSERT_TRUE(converter.ok()) << converter.status();
  size_t i = 0;
  while (reader.Next(row)) {
    const auto result = converter->Convert(row);
    ASSERT_EQ(result.kind, RowConverter::Result::Kind::kRecord) << row.line << ": " << result.reason;
    EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(result.record, district->records[i]))
        << result.record.DebugString() << district->records[i].DebugString();
    ++i;
  }
  EXPECT_EQ(i, district->records.size());
}

TEST(Simulate, LimitsOfItsOptions) {
  for (const auto& change : std::vector<void (*)(SimulationOptions&)>{
           [](SimulationOptions& o) { o.teams = 0; }, [](SimulationOptions& o) { o.teams = 50'001; },
           [](SimulationOptions& o) { o.indicators = 0; }, [](SimulationOptions& o) { o.weeks = 53; },
           [](SimulationOptions& o) { o.late_share = 1.1; }, [](SimulationOptions& o) { o.void_share = -0.1; },
           [](SimulationOptions& o) { o.records = -1; }, [](SimulationOptions& o) { o.records = 100'000'001; }}) {
    SimulationOptions options = Options();
    change(options);
    EXPECT_FALSE(CheckOptions(options).ok());
  }
}

}  // namespace
}  // namespace leadlag::cli
