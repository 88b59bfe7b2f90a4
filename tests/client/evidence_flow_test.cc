#include "client/cli/evidence_flow.h"

#include <algorithm>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "client/cli/catalog_file.h"
#include "client/cli/catalog_yaml.h"
#include "client/cli/csv_import.h"
#include "client/cli/json.h"
#include "client/cli/simulated_district.h"
#include "google/protobuf/util/message_differencer.h"
#include "gtest/gtest.h"

namespace leadlag::cli {
namespace {

constexpr int64_t kRecords = 100'000;

// The benchmark's district, of another size.
SimulationOptions Options(int64_t records = kRecords) {
  SimulationOptions options;
  options.start = Date::FromYmd(2025, 9, 1);
  options.records = records;
  options.teams = 2'000;
  options.indicators = 5;
  options.weeks = 40;
  options.late_share = 0.05;
  return options;
}

std::string Lines(const EvidenceFlow& flow, int64_t first, int64_t end) {
  std::string lines;
  v1::EvidenceRecord record;
  for (int64_t i = first; i < end; ++i) {
    flow.Fill(i, record);
    lines += ToJson(record, JsonLayout::kOneLine);
  }
  return lines;
}

Date ReportedOn(const v1::EvidenceRecord& record) {
  return Date(static_cast<int32_t>(record.reported_time().seconds() / 86'400));
}

TEST(EvidenceFlow, SameOptionsSameBytesOtherSeedOtherBytes) {
  const EvidenceFlow a(Options()), b(Options());
  EXPECT_EQ(Lines(a, 0, 2'000), Lines(b, 0, 2'000));
  EXPECT_EQ(CatalogYaml(a.catalog().catalog()), CatalogYaml(b.catalog().catalog()));
  SimulationOptions other = Options();
  other.seed = 2;
  EXPECT_NE(Lines(a, 0, 1), Lines(EvidenceFlow(other), 0, 1));
}

// On every machine, and in every version: figures of other days are compared with.
TEST(EvidenceFlow, ItsBytes) {
  EXPECT_EQ(Lines(EvidenceFlow(Options(1'000'000)), 123'456, 123'457),
            R"({"evidenceId":"d08e896d156f2b4390aa1d94","team":"team-1543","indicator":"adult-learning",)"
            R"("eventDate":"2025-10-01","number":21,"reportedTime":"2025-10-01T21:13:19Z",)"
            R"("note":"gvw adweyt wuazq oxjcergf kwwcgdcyf zznh"})"
            "\n");
}

TEST(EvidenceFlow, ARecordIsAFunctionOfItsIndex) {
  const EvidenceFlow flow(Options());
  const std::string lines = Lines(flow, 0, 100);
  EXPECT_EQ(Lines(flow, 0, 40) + Lines(flow, 40, 100), lines);
  v1::EvidenceRecord used, fresh;
  flow.Fill(kRecords - 1, used);
  flow.Fill(7, used);
  flow.Fill(7, fresh);
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(used, fresh));
}

TEST(EvidenceFlow, RecordsAreAsPromised) {
  const EvidenceFlow flow(Options());
  ASSERT_EQ(flow.size(), kRecords);
  const SimulatedCatalog& catalog = flow.catalog();
  const CatalogIds ids(catalog.catalog());
  std::set<std::string> evidence_ids, words;
  std::map<std::string, int> by_team, by_indicator;
  std::map<Date, int> by_day;
  int64_t before = 0;
  int late = 0, ascents = 0;
  std::string last_team;
  v1::EvidenceRecord record;
  for (int64_t i = 0; i < flow.size(); ++i) {
    flow.Fill(i, record);
    ASSERT_FALSE(ids.Objection(record)) << record.DebugString();
    ASSERT_EQ(record.content_case(), v1::EvidenceRecord::kNumber);
    evidence_ids.insert(record.evidence_id());
    ASSERT_EQ(record.evidence_id().size(), 24u);
    ASSERT_EQ(record.evidence_id().find_first_not_of("0123456789abcdef"), std::string::npos) << record.evidence_id();
    ASSERT_EQ(record.note().size(), 40u);
    std::istringstream note(record.note());
    for (std::string word; note >> word;) words.insert(word);
    ASSERT_GE(record.reported_time().seconds(), before) << "in order of time";
    before = record.reported_time().seconds();
    const Date reported = ReportedOn(record), event = Date::Parse(record.event_date()).value();
    ASSERT_TRUE(catalog.IsSchoolDay(reported) && catalog.IsSchoolDay(event)) << record.DebugString();
    ASSERT_TRUE(catalog.evidence_dates().Contains(reported) && catalog.evidence_dates().Contains(event));
    ASSERT_LE(event, reported);
    late += event < reported ? 1 : 0;
    ++by_team[record.team()], ++by_indicator[record.indicator()], ++by_day[reported];
    ascents += record.team() > last_team ? 1 : 0;
    last_team = record.team();
  }
  EXPECT_EQ(static_cast<int64_t>(evidence_ids.size()), kRecords) << "no id twice";
  EXPECT_NEAR(late, 0.05 * kRecords, 0.005 * kRecords);
  EXPECT_GT(words.size(), 20'000u) << "a large vocabulary, and what was cut off at the end of a note";
  EXPECT_EQ(by_team.size(), 2'000u);
  EXPECT_NEAR(ascents, kRecords / 2, kRecords / 100) << "teams in random order";
  ASSERT_EQ(by_indicator.size(), 5u);
  for (const auto& [indicator, records] : by_indicator) EXPECT_NEAR(records, kRecords / 5, kRecords / 50) << indicator;
  ASSERT_EQ(by_day.size(), 180u) << "40 weeks with four of recess";
  for (const auto& [day, records] : by_day) EXPECT_NEAR(records, kRecords / 180, 1) << day.ToString();
}

TEST(EvidenceFlow, ItsIndicatorsLeadAndEachIsExpectedFromTheLastWeekOn) {
  const EvidenceFlow flow(Options());
  const v1::Catalog& catalog = flow.catalog().catalog();
  ASSERT_EQ(catalog.indicators_size(), 5);
  ASSERT_EQ(catalog.expectations_size(), 5);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(catalog.indicators(i).role(), v1::INDICATOR_ROLE_LEADING);
    EXPECT_EQ(catalog.indicators(i).measure(), v1::MEASURE_NUMBER);
    EXPECT_EQ(catalog.expectations(i).kind().indicator(), catalog.indicators(i).id());
    EXPECT_EQ(catalog.expectations(i).from(), "2026-06-01");
  }
  const auto file = CatalogFile::Parse(CatalogYaml(catalog), "catalog.yaml");
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(file->catalog(), catalog));
}

TEST(EvidenceFlow, CsvReadsBack) {
  const EvidenceFlow flow(Options());
  std::string text = RecordsCsvHeader();
  std::vector<v1::EvidenceRecord> records(100);
  for (size_t i = 0; i < records.size(); ++i) {
    flow.Fill(static_cast<int64_t>(i), records[i]);
    text += RecordCsvLine(records[i]);
  }
  auto mapping = ParseMapping(RecordsCsvMapping(), "map.yaml");
  ASSERT_TRUE(mapping.ok()) << mapping.status();
  mapping->constants.erase("source");
  std::istringstream csv(text);
  CsvReader reader(csv);
  CsvRow row;
  ASSERT_TRUE(reader.Next(row));
  auto converter = RowConverter::Create(*mapping, row.fields, nullptr);
  ASSERT_TRUE(converter.ok()) << converter.status();
  for (const v1::EvidenceRecord& record : records) {
    ASSERT_TRUE(reader.Next(row));
    const auto result = converter->Convert(row);
    ASSERT_EQ(result.kind, RowConverter::Result::Kind::kRecord) << row.line << ": " << result.reason;
    EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(result.record, record)) << row.raw;
  }
  EXPECT_FALSE(reader.Next(row));
}

TEST(EvidenceFlow, SmallestAndLargest) {
  SimulationOptions options = Options(1);
  options.teams = options.indicators = options.weeks = 1;
  options.late_share = 1;
  v1::EvidenceRecord record;
  EvidenceFlow(options).Fill(0, record);
  EXPECT_EQ(record.event_date(), "2025-09-01") << "nothing is late on the first day";
  const EvidenceFlow large(Options(100'000'000));
  large.Fill(large.size() - 1, record);
  EXPECT_EQ(ReportedOn(record).ToString(), "2026-06-05");
}

}  // namespace
}  // namespace leadlag::cli
