#include "client/cli/csv_import.h"

#include <fstream>
#include <set>

#include "core/problem.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/client/fake_server.h"
#include "tests/support/shared_data.h"

namespace leadlag::cli {
namespace {

using testing::HasSubstr;
using Kind = RowConverter::Result::Kind;

ImportMapping Attendance() {
  ImportMapping mapping;
  EXPECT_TRUE(mapping.AddColumn("event_date=date").ok());
  EXPECT_TRUE(mapping.AddColumn("team=dbn").ok());
  EXPECT_TRUE(mapping.AddColumn("number=attn_pct_at_4pm").ok());
  EXPECT_TRUE(mapping.AddConstant("indicator=attendance").ok());
  EXPECT_TRUE(mapping.AddSkip("number=NS").ok());
  EXPECT_TRUE(mapping.AddLowercase("team").ok());
  return mapping;
}

RowConverter Make(ImportMapping mapping, std::vector<std::string> header = {"date", "dbn", "attn_pct_at_4pm"},
                  const CatalogIds* ids = nullptr) {
  absl::StatusOr<RowConverter> converter = RowConverter::Create(std::move(mapping), std::move(header), ids);
  EXPECT_TRUE(converter.ok()) << converter.status();
  return *std::move(converter);
}

RowConverter::Result Convert(RowConverter& converter, std::vector<std::string> fields, int line = 2) {
  return converter.Convert(CsvRow{.line = line, .fields = std::move(fields)});
}

TEST(RowConverter, MapsSkipsAndDerives) {
  RowConverter converter = Make(Attendance());
  EXPECT_TRUE(converter.derives_ids());
  const auto good = Convert(converter, {"20130909", "13K003", " 82.94 "});
  ASSERT_EQ(good.kind, Kind::kRecord) << good.reason;
  EXPECT_EQ(good.record.evidence_id(), "13k003/attendance/2013-09-09");
  EXPECT_EQ(good.record.team(), "13k003");
  EXPECT_EQ(good.record.event_date(), "2013-09-09");
  EXPECT_EQ(good.record.number(), 82.94);
  EXPECT_EQ(Convert(converter, {"20130909", "13K003", "NS"}).kind, Kind::kSkipped);
}

TEST(RowConverter, NamesColumnAndReason) {
  RowConverter converter = Make(Attendance());
  const auto date = Convert(converter, {"20131301", "13K003", "82.94"});
  EXPECT_EQ(date.kind, Kind::kRefused);
  EXPECT_EQ(date.column, "date");
  EXPECT_THAT(date.reason, HasSubstr("\"20131301\" is not a date"));
  EXPECT_EQ(Convert(converter, {"20130909", "13K003", "82,94"}).column, "attn_pct_at_4pm");
  EXPECT_EQ(Convert(converter, {"20130909", "13K003", ""}).reason, "empty");
  EXPECT_EQ(Convert(converter, {"20130909", "", "1"}).column, "dbn");
  EXPECT_THAT(Convert(converter, {"20130909", "1"}).reason, HasSubstr("2 fields where the header has 3"));
  EXPECT_EQ(converter.Convert({.line = 3, .fields = {}, .error = "a quote"}).reason, "a quote");
}

TEST(RowConverter, TwoDifferentRowsWithOneDerivedId) {
  RowConverter converter = Make(Attendance());
  EXPECT_EQ(Convert(converter, {"20130909", "13K003", "1"}, 2).kind, Kind::kRecord);
  EXPECT_EQ(Convert(converter, {"20130909", "13K003", "1"}, 3).kind,
            Kind::kRecord);  // the same thing twice is the same thing
  const auto other = Convert(converter, {"20130909", "13K003", "2"}, 4);
  EXPECT_EQ(other.kind, Kind::kRefused);
  EXPECT_THAT(other.reason, HasSubstr("line 2"));
}

// Ids are kept for ever, and their parts may hold "-".
TEST(RowConverter, DerivedIdsOfDifferentRecordsDiffer) {
  ImportMapping mapping;
  for (const char* pair :
       {"team=t", "indicator=i", "event_date=d", "event_time=at", "period_start=from", "period_end=to", "number=n"}) {
    ASSERT_TRUE(mapping.AddColumn(pair).ok());
  }
  RowConverter converter = Make(mapping, {"t", "i", "d", "at", "from", "to", "n"});
  const auto id = [&](std::vector<std::string> fields) {
    const auto result = Convert(converter, std::move(fields));
    EXPECT_EQ(result.kind, Kind::kRecord) << result.column << ": " << result.reason;
    return result.record.evidence_id();
  };
  EXPECT_EQ(id({"north-a", "b", "2025-09-04", "", "", "", "1"}), "north-a/b/2025-09-04");
  EXPECT_EQ(id({"north", "a-b", "2025-09-04", "", "", "", "2"}), "north/a-b/2025-09-04");
  EXPECT_EQ(id({"north", "a", "", "", "2025-09-04", "2025-10-05", "1"}), "north/a/2025-09-04/2025-10-05");
  // One moment in two notations is one record.
  EXPECT_EQ(id({"north", "a", "", "2025-09-04T16:00:00Z", "", "", "1"}), "north/a/2025-09-04T16:00:00Z");
  EXPECT_EQ(id({"north", "a", "", "2025-09-04T12:00:00.000-04:00", "", "", "1"}), "north/a/2025-09-04T16:00:00Z");
  EXPECT_EQ(Convert(converter, {"north/a", "b", "2025-09-04", "", "", "", "1"}).column, "t");
  EXPECT_EQ(Convert(converter, {"north", "a/b", "2025-09-04", "", "", "", "1"}).column, "i");
}

TEST(RowConverter, ColumnsWithoutANameAreLeftOut) {
  RowConverter converter = Make(Attendance(), {"date", "dbn", "attn_pct_at_4pm", "", " "});
  EXPECT_EQ(Convert(converter, {"20130909", "13K003", "1", "", ""}).kind, Kind::kRecord);
  EXPECT_EQ(Convert(converter, {"20130910", "13K003", "1"}).kind, Kind::kRecord);
  EXPECT_EQ(Convert(converter, {"20130911", "13K003"}).kind, Kind::kRefused);
  EXPECT_EQ(Convert(converter, {"20130911", "13K003", "1", "", "", ""}).kind, Kind::kRefused);
  ImportMapping nameless = Attendance();
  ASSERT_TRUE(nameless.AddColumn("note=").ok());
  EXPECT_FALSE(RowConverter::Create(nameless, {"date", "dbn", "attn_pct_at_4pm", ""}, nullptr).ok());
}

TEST(RowConverter, TextThatIsNotUtf8IsRefusedWithItsColumn) {
  ImportMapping mapping = Attendance();
  ASSERT_TRUE(mapping.AddColumn("note=remark").ok());
  RowConverter converter = Make(mapping, {"date", "dbn", "attn_pct_at_4pm", "remark", "other"});
  testing::internal::CaptureStderr();
  const auto refused = Convert(converter, {"20130909", "13K003", "1", "Z\xFCrich", ""});
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  EXPECT_EQ(refused.column, "remark");
  EXPECT_EQ(refused.reason, "\"Z\\xfcrich\" is not UTF-8; save the file as UTF-8");
  EXPECT_EQ(Convert(converter, {"20130909", "13K003", "1", "Zürich", "\xFC"}).kind, Kind::kRecord);
  ASSERT_TRUE(mapping.AddConstant("reported_time=\xFC").ok());
  EXPECT_FALSE(RowConverter::Create(mapping, {"date", "dbn", "attn_pct_at_4pm", "remark"}, nullptr).ok());
}

TEST(RowConverter, Surveys) {
  ImportMapping mapping;
  for (const char* column : {"evidence_id=id", "team=t", "event_date=d", "numerator=k", "denominator=n", "invited=asked"}) {
    ASSERT_TRUE(mapping.AddColumn(column).ok());
  }
  ASSERT_TRUE(mapping.AddConstant("indicator=i").ok());
  RowConverter converter = Make(mapping, {"id", "t", "d", "k", "n", "asked"});
  const auto survey = Convert(converter, {"s1", "north", "2025-09-04", "24", "31", "52"});
  ASSERT_EQ(survey.kind, Kind::kRecord) << survey.reason;
  EXPECT_EQ(survey.record.proportion().survey().invited(), 52);
  EXPECT_TRUE(survey.record.proportion().survey().closed());
  EXPECT_FALSE(Convert(converter, {"s2", "north", "2025-09-04", "24", "31", ""}).record.proportion().has_survey());
  EXPECT_EQ(Convert(converter, {"s3", "north", "2025-09-04", "24", "31", "30"}).column, "asked");
  EXPECT_EQ(Convert(converter, {"s4", "north", "2025-09-04", "24", "31", "all"}).column, "asked");
}

TEST(RowConverter, TemplatesAndProportions) {
  ImportMapping mapping;
  ASSERT_TRUE(mapping.AddColumn("evidence_id={d}/{t}-x").ok());
  ASSERT_TRUE(mapping.AddColumn("team=t").ok());
  ASSERT_TRUE(mapping.AddColumn("event_date=d").ok());
  ASSERT_TRUE(mapping.AddColumn("numerator=k").ok());
  ASSERT_TRUE(mapping.AddColumn("denominator=n").ok());
  ASSERT_TRUE(mapping.AddColumn("completed=c").ok());
  ASSERT_TRUE(mapping.AddColumn("void=v").ok());
  ASSERT_TRUE(mapping.AddConstant("indicator=i").ok());
  RowConverter converter = Make(mapping, {"d", "t", "k", "n", "c", "v"});
  const auto proportion = Convert(converter, {"2025-09-04", "north", "3", "4", "", ""});
  ASSERT_EQ(proportion.kind, Kind::kRecord) << proportion.reason;
  EXPECT_EQ(proportion.record.evidence_id(), "2025-09-04/north-x");
  EXPECT_EQ(proportion.record.proportion().denominator(), 4);
  EXPECT_TRUE(Convert(converter, {"2025-09-04", "north", "", "", "yes", ""}).record.completed());
  EXPECT_EQ(Convert(converter, {"2025-09-04", "north", "5", "4", "", ""}).column, "k");
  EXPECT_EQ(Convert(converter, {"2025-09-04", "north", "0", "0", "", ""}).column, "n");
  EXPECT_EQ(Convert(converter, {"2025-09-04", "north", "1", "2", "yes", ""}).kind, Kind::kRefused);
  const auto voided = Convert(converter, {"", "", "", "", "", "true"});
  ASSERT_EQ(voided.kind, Kind::kRecord) << voided.reason;
  EXPECT_TRUE(voided.record.void_());
  EXPECT_EQ(voided.record.team(), "");
}

TEST(RowConverter, RefusesAMappingThatCannotWork) {
  const auto refused = [](ImportMapping mapping, std::vector<std::string> header) {
    return std::string(RowConverter::Create(std::move(mapping), std::move(header), nullptr).status().message());
  };
  EXPECT_THAT(refused(Attendance(), {"date", "dbm", "attn_pct_at_4pm"}),
              HasSubstr("no column \"dbn\"; did you mean \"dbm\"?"));
  EXPECT_THAT(refused(Attendance(), {"date", "date", "dbn"}), HasSubstr("twice"));
  ImportMapping no_value;
  ASSERT_TRUE(no_value.AddColumn("team=dbn").ok());
  ASSERT_TRUE(no_value.AddConstant("indicator=i").ok());
  ASSERT_TRUE(no_value.AddColumn("event_date=date").ok());
  EXPECT_THAT(refused(no_value, {"date", "dbn"}), HasSubstr("nothing of the value"));
}

TEST(ImportMapping, RefusesUnknownFieldsAndSecondValues) {
  ImportMapping mapping;
  EXPECT_THAT(std::string(mapping.AddColumn("event_dat=x").message()), HasSubstr("did you mean \"event_date\"?"));
  EXPECT_TRUE(mapping.AddColumn("team=x").ok());
  EXPECT_THAT(std::string(mapping.AddColumn("team=y").message()), HasSubstr("twice"));
  EXPECT_THAT(std::string(mapping.AddColumn("team").message()), HasSubstr("field=value"));
  EXPECT_THAT(std::string(mapping.AddColumn("source=x").message()), HasSubstr("--set source=ID"));
  EXPECT_FALSE(mapping.SetTeamBy("nces").ok());
}

TEST(ParseDateAs, FormatsAndAmbiguity) {
  const auto text = [](const char* date, DateFormat format) {
    const auto parsed = ParseDateAs(date, format);
    return parsed.ok() ? parsed->ToString() : std::string(parsed.status().message());
  };
  EXPECT_EQ(text("2025-09-04", DateFormat::kAuto), "2025-09-04");
  EXPECT_EQ(text("20250904", DateFormat::kAuto), "2025-09-04");
  EXPECT_THAT(text("3/4/2025", DateFormat::kAuto), HasSubstr("which comes first, month or day"));
  EXPECT_EQ(text("3/4/2025", DateFormat::kMonthFirst), "2025-03-04");
  EXPECT_EQ(text("3/4/2025", DateFormat::kDayFirst), "2025-04-03");
  EXPECT_THAT(text("13/4/2025", DateFormat::kMonthFirst), HasSubstr("M/D/YYYY"));
  EXPECT_THAT(text("2/29/2025", DateFormat::kMonthFirst), HasSubstr("not a date"));
  EXPECT_THAT(text("3/4/25", DateFormat::kMonthFirst), HasSubstr("not a date"));
  EXPECT_THAT(text("20250230", DateFormat::kBasic), HasSubstr("not a date"));
  EXPECT_THAT(text("2025-09-04", DateFormat::kBasic), HasSubstr("YYYYMMDD"));
}

TEST(ParseMapping, AFileAndItsErrors) {
  const auto mapping = ParseMapping(
      "map: {event_date: date, team: dbn, number: pct}\nset: {indicator: attendance, source: nyc}\nskip: {number: [NS, "
      "' ']}\n"
      "lowercase: [team]\ndate_format: YYYYMMDD\nteam_by: external_id:nces\n",
      "m.yaml");
  ASSERT_TRUE(mapping.ok()) << mapping.status();
  EXPECT_EQ(mapping->columns.at("team"), "dbn");
  EXPECT_EQ(mapping->constants.at("source"), "nyc");
  EXPECT_EQ(mapping->skips.at("number").size(), 2u);
  EXPECT_EQ(mapping->date_format, DateFormat::kBasic);
  EXPECT_EQ(mapping->team_system, "nces");

  for (const char* section : {"lowercase: {a: b}", "map: [a]", "set: a", "skip: {a: {b: c}}", "date_format: {}", "team_by: []"}) {
    const absl::Status status = ParseMapping(section, "m.yaml").status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << section << ": " << status;
  }
  const auto bad = ParseMapping("map:\n  event_date: date\n  teem: dbn\nskips: {}\ndate_format: YY\n", "m.yaml");
  const std::vector<Problem> problems = ProblemsOf(bad.status());
  ASSERT_EQ(problems.size(), 3u);
  EXPECT_EQ(problems[0].field, "m.yaml:3");
  EXPECT_THAT(problems[0].reason, HasSubstr("\"team\""));
  EXPECT_EQ(problems[1].field, "m.yaml:4");
  EXPECT_THAT(problems[1].reason, HasSubstr("\"skip\""));
  EXPECT_EQ(problems[2].field, "m.yaml:5");
}

TEST(CatalogIds, ObjectionsAndExternalIds) {
  v1::Catalog catalog;
  for (const char* id : {"north", "south"}) {
    v1::Team* team = catalog.add_teams();
    team->set_id(id);
    v1::ExternalId* shared = team->add_external_ids();
    shared->set_system("nces");
    shared->set_value("0001");
  }
  v1::ExternalId* own = catalog.mutable_teams(0)->add_external_ids();
  own->set_system("nces");
  own->set_value("0042");
  v1::Indicator* indicator = catalog.add_indicators();
  indicator->set_id("visits");
  indicator->set_measure(v1::MEASURE_NUMBER);
  const CatalogIds ids(catalog);
  EXPECT_EQ(ids.TeamBy("nces", "0042"), "north");
  EXPECT_EQ(ids.TeamBy("nces", "42"), std::nullopt);
  EXPECT_EQ(ids.TeamBy("nces", "0001"), std::nullopt);  // two teams have it
  v1::EvidenceRecord record;
  record.set_team("north");
  record.set_indicator("visits");
  record.set_number(1);
  EXPECT_FALSE(ids.Objection(record));
  record.set_completed(true);
  EXPECT_THAT(ids.Objection(record)->second, HasSubstr("NUMBER"));
  record.set_team("nirth");
  EXPECT_EQ(ids.Objection(record)->first, "team");
}

TEST(MappedField, FollowsTheServersPaths) {
  EXPECT_EQ(MappedField("proportion.numerator"), "numerator");
  EXPECT_EQ(MappedField("period"), "period_start");
  EXPECT_EQ(MappedField("period.end_date"), "period_end");
  EXPECT_EQ(MappedField("event_time.seconds"), "event_time");
  EXPECT_EQ(MappedField("team"), "team");
}

// The real feed: 22 schools, two years, 642 of 7,106 rows not submitted in time.
TEST(RowConverter, NycDistrict13) {
  const std::string directory = SharedDataDirectory();
  if (directory.empty()) GTEST_SKIP() << kNoSharedData;
  std::ifstream in(directory + "/nyc-attendance/district13.csv", std::ios::binary);
  CsvReader reader(in);
  CsvRow row;
  ASSERT_TRUE(reader.Next(row));
  RowConverter converter = Make(Attendance(), row.fields);
  std::set<std::string> ids, teams;
  int skipped = 0;
  while (reader.Next(row)) {
    const auto result = converter.Convert(row);
    ASSERT_NE(result.kind, Kind::kRefused) << row.line << ": " << result.reason;
    if (result.kind == Kind::kSkipped) {
      ++skipped;
      continue;
    }
    ids.insert(result.record.evidence_id());
    teams.insert(result.record.team());
  }
  EXPECT_EQ(skipped, 642);
  EXPECT_EQ(ids.size(), 7106u - 642u);
  EXPECT_EQ(teams.size(), 22u);
}

}  // namespace
}  // namespace leadlag::cli
