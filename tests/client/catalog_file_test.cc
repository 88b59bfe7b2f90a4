#include "client/cli/catalog_file.h"

#include "client/cli/catalog_yaml.h"
#include "client/cli/json.h"
#include "gmock/gmock.h"
#include "google/protobuf/util/message_differencer.h"
#include "gtest/gtest.h"
#include "leadlag/v1/catalog_service.pb.h"

namespace leadlag::cli {
namespace {

using testing::HasSubstr;

constexpr char kGood[] = R"(district: north
display_name: "North: a district"
time_zone: America/New_York
default_calendar: main
calendars:
  - id: main
    weekdays: [MON, tuesday, WEEKDAY_WEDNESDAY]
    years:
      - id: 2025-26
        terms:
          - {first_day: 2025-09-04, last_day: 2026-06-18}
    exceptions:
      - {date: 2025-11-27, last_date: 2025-11-28, kind: BREAK, label: Thanksgiving}
teams:
  - id: p-12
    active_periods:
      - active_from: 2025-09-01
    labels: {level: high, zone: "007"}
    external_ids: [{system: nces, value: 0012}]
indicators:
  - {id: visits, role: LEADING, category: walkthrough, measure: NUMBER, direction: higher-is-better}
sources: [{id: forms}]
expectations:
  - id: weekly
    category: WALKTHROUGH
    every_days: 5
  - id: any
    any_leading: true
  - id: one
    kind: {indicator: visits}
settings: {reviewObjectiveDays: 7}
)";

std::vector<Problem> ProblemsIn(const std::string& yaml) {
  const auto file = CatalogFile::Parse(yaml, "c.yaml");
  EXPECT_FALSE(file.ok());
  return ProblemsOf(file.status());
}

// The first problem as people read it.
std::string FirstIn(const std::string& yaml) {
  const std::vector<Problem> problems = ProblemsIn(yaml);
  return problems.empty() ? "" : problems[0].field + ": " + problems[0].reason;
}

TEST(CatalogFile, ReadsTheComforts) {
  const auto file = CatalogFile::Parse(kGood, "c.yaml");
  ASSERT_TRUE(file.ok()) << file.status();
  const v1::Catalog& catalog = file->catalog();
  EXPECT_EQ(catalog.district(), "north");
  EXPECT_EQ(catalog.calendars(0).weekdays_size(), 3);
  EXPECT_EQ(catalog.calendars(0).weekdays(1), v1::WEEKDAY_TUESDAY);
  EXPECT_EQ(catalog.calendars(0).years(0).terms(0).first_day(), "2025-09-04");
  EXPECT_EQ(catalog.calendars(0).exceptions(0).kind(), v1::CALENDAR_EXCEPTION_KIND_BREAK);
  EXPECT_EQ(catalog.teams(0).external_ids(0).value(), "0012");  // leading zeros stay
  EXPECT_EQ(catalog.teams(0).labels().at("zone"), "007");
  EXPECT_EQ(catalog.indicators(0).category(), v1::CATEGORY_WALKTHROUGH);
  EXPECT_EQ(catalog.indicators(0).direction(), v1::DIRECTION_HIGHER_IS_BETTER);
  EXPECT_EQ(catalog.expectations(0).kind().category(), v1::CATEGORY_WALKTHROUGH);
  EXPECT_EQ(catalog.expectations(0).every_days(), 5);
  EXPECT_FALSE(catalog.expectations(0).has_grace_days());
  EXPECT_TRUE(catalog.expectations(1).kind().any_leading());
  EXPECT_EQ(catalog.expectations(2).kind().indicator(), "visits");
  EXPECT_EQ(catalog.settings().review_objective_days(), 7);
}

// As `leadlag export --output=json` prints it.
TEST(CatalogFile, ReadsWhatTheServiceAnswers) {
  v1::ExportCatalogResponse response;
  *response.mutable_catalog() = CatalogFile::Parse(kGood, "a.yaml")->catalog();
  response.mutable_version()->set_version(7);
  response.mutable_version()->mutable_applied_time()->set_seconds(1'757'340'000);
  const absl::StatusOr<CatalogFile> file = CatalogFile::Parse(ToJson(response, JsonLayout::kIndented), "a.json");
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(file->catalog(), response.catalog()));
}

TEST(CatalogFile, FindsTheLineOfAServersFieldPath) {
  const auto file = CatalogFile::Parse(kGood, "c.yaml");
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(file->PlaceOf("district"), "c.yaml:1");
  EXPECT_EQ(file->PlaceOf("calendars[0].years[0].terms[0].last_day"), "c.yaml:11");
  EXPECT_EQ(file->PlaceOf("teams[0].active_periods[0].active_from"), "c.yaml:17");
  EXPECT_EQ(file->PlaceOf("catalog.teams[0].active_periods[0].active_to"), "c.yaml:17");
  EXPECT_EQ(file->PlaceOf("teams[0].labels.level"), "c.yaml:18");
  EXPECT_EQ(file->PlaceOf("expectations[0].kind.category"), "c.yaml:25");
  EXPECT_EQ(file->PlaceOf("expectations[1].notify_time"), "c.yaml:27");
  EXPECT_EQ(file->PlaceOf("expectations[99].id"), "c.yaml:23");
  EXPECT_EQ(file->PlaceOf("no such thing"), "c.yaml:1");
  EXPECT_EQ(file->PlaceOf(""), "c.yaml:1");
}

TEST(CatalogFile, NamesLineAndNearestKey) {
  EXPECT_EQ(FirstIn("district: d\nteems: []\n"), "c.yaml:2: unknown key \"teems\"; did you mean \"teams\"?");
  EXPECT_THAT(FirstIn("district: d\nexpectations:\n  - id: x\n    categori: OUTCOME\n"),
              HasSubstr("c.yaml:4: unknown key \"categori\"; did you mean \"category\"?"));
  EXPECT_THAT(FirstIn("district: d\ntime_zone: x\ndistrict: e\n"),
              HasSubstr("c.yaml:3: the key \"district\" is given twice, first in line 1"));
  EXPECT_THAT(FirstIn("time_zone: x\ntimeZone: y\n"), HasSubstr("c.yaml:2"));
  EXPECT_THAT(FirstIn("indicators:\n  - role: LEADING\n    measure: KILOS\n"),
              HasSubstr("c.yaml:3: indicators[0].measure is one of NUMBER, PROPORTION, COMPLETION, not \"KILOS\""));
  EXPECT_THAT(FirstIn("indicators:\n  - role: INDICATOR_ROLE_UNSPECIFIED\n"), HasSubstr("c.yaml:2"));
  EXPECT_THAT(FirstIn("expectations:\n  - every_days: 1.5\n"),
              HasSubstr("c.yaml:2: expectations[0].every_days is a whole number"));
  for (const char* const number : {"99999999999999", "-99999999999999999999", "2147483648"}) {
    EXPECT_THAT(FirstIn(std::string("expectations:\n  - every_days: ") + number + "\n"),
                HasSubstr(std::string("c.yaml:2: expectations[0].every_days: ") + number + " is out of range"));
  }
  EXPECT_THAT(FirstIn("expectations:\n  - any_leading: yes\n"), HasSubstr("true or false"));
  EXPECT_THAT(FirstIn("expectations:\n  - category: OUTCOME\n    indicator: x\n"), HasSubstr("c.yaml:3: give either"));
  EXPECT_THAT(FirstIn("teams: {id: x}\n"), HasSubstr("c.yaml:1: teams is a list"));
  EXPECT_THAT(FirstIn("teams:\n  - north\n"), HasSubstr("c.yaml:2: teams[0] is a mapping"));
  EXPECT_THAT(FirstIn("district: [a]\n"), HasSubstr("single value"));
  EXPECT_THAT(FirstIn("district: \"open\n"), HasSubstr("c.yaml:"));
  EXPECT_THAT(FirstIn(""), HasSubstr("c.yaml:1"));
  EXPECT_THAT(FirstIn("- a\n"), HasSubstr("c.yaml:1"));
  EXPECT_THAT(FirstIn("district: a\n---\ndistrict: b\n"), HasSubstr("second document"));
}

TEST(CatalogFile, FindsEveryProblemAtOnce) {
  const auto problems = ProblemsIn("distrikt: d\nteams:\n  - ide: x\n    labels: 3\nindicators:\n  - role: LEEDING\n");
  ASSERT_EQ(problems.size(), 4u);
  EXPECT_EQ(problems[0].field, "c.yaml:1");
  EXPECT_EQ(problems[1].field, "c.yaml:3");
  EXPECT_EQ(problems[2].field, "c.yaml:4");
  EXPECT_EQ(problems[3].field, "c.yaml:6");
}

TEST(CatalogFile, JsonAndYamlAndBack) {
  const auto yaml = CatalogFile::Parse(kGood, "c.yaml");
  ASSERT_TRUE(yaml.ok());
  for (const std::string& text : {ToJson(yaml->catalog(), JsonLayout::kIndented),
                                  ToJson(yaml->catalog(), JsonLayout::kOneLine), CatalogYaml(yaml->catalog())}) {
    const auto again = CatalogFile::Parse(text, "again");
    ASSERT_TRUE(again.ok()) << again.status() << "\n" << text;
    EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(again->catalog(), yaml->catalog())) << text;
  }
}

// As python's json.dumps writes a text, and what else of JSON is not YAML to the library.
TEST(CatalogFile, JsonWithEscapedSurrogatesKeepsItsLines) {
  const std::string json =
      "\xEF\xBB\xBF\n{\n\t\"district\": \"d\",\n\"displayName\": \"\\ud83d\\uDE00 \\u00e9 \\\\ud83d\\/\",\n"
      "\"sources\": [{\"id\": \"s\"}]}\n";
  const auto file = CatalogFile::Parse(json, "c.json");
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(file->catalog().display_name(), "\U0001F600 é \\ud83d/");
  EXPECT_EQ(file->PlaceOf("sources[0].id"), "c.json:5");
  EXPECT_THAT(FirstIn("{\"district\": \"\\ud83d\\ude00\",\n\"teems\": []}"), HasSubstr("c.yaml:2: unknown key"));
  EXPECT_THAT(FirstIn("{\n\"district\": \"\\ud83d\"}"), HasSubstr("c.yaml:2"));
  const auto wrapped = CatalogFile::Parse("{\"district\"\n: \"d\"}", "c.json");
  ASSERT_TRUE(wrapped.ok()) << wrapped.status();
  EXPECT_EQ(wrapped->catalog().district(), "d");
  EXPECT_EQ(wrapped->PlaceOf("district"), "c.json:1");
  EXPECT_THAT(FirstIn("{\"district\": \"d\",\n\"teams\": [}"), HasSubstr("c.yaml:2"));
}

TEST(YamlOf, ReplacesPairsInJsonAlone) {
  EXPECT_EQ(YamlOf(R"({"a": "\\ud83d\\ude00"})"), R"({"a": "\\ud83d\\ude00"})");
  EXPECT_EQ(YamlOf(R"({"a": "\ude00\ud83d\ud83dx\ud83)"), R"({"a": "\ude00\ud83d\ud83dx\ud83)");
  EXPECT_EQ(YamlOf(R"({"a": "\uD83D\uDE00\udbff\udfff"})"), "{\"a\": \"\U0001F600\U0010FFFF\"}");
  EXPECT_EQ(YamlOf(R"(a: '\ud83d\ude00')"), R"(a: '\ud83d\ude00')");
  EXPECT_EQ(YamlOf("{\\"), "{\\");
  EXPECT_FALSE(BeginsAsJson(""));
  EXPECT_FALSE(BeginsAsJson(" \n"));
}

TEST(CatalogFile, TextsThatYamlCouldMisreadComeBack) {
  v1::Catalog catalog;
  for (const char* text : {"yes", "null", "007", "1e3", "", " x", "x ", "a: b", "#a", "- a", "\"q\"", "two\nlines",
                           "ä ö", "~", "2025-09-04", "a\\b"}) {
    catalog.add_sources()->set_display_name(text);
  }
  const auto again = CatalogFile::Parse("district: d\n" + CatalogYaml(catalog), "again");
  ASSERT_TRUE(again.ok()) << again.status() << CatalogYaml(catalog);
  ASSERT_EQ(again->catalog().sources_size(), catalog.sources_size());
  for (int i = 0; i < catalog.sources_size(); ++i) {
    EXPECT_EQ(again->catalog().sources(i).display_name(), catalog.sources(i).display_name());
  }
}

TEST(CatalogFile, AFileThatIsNotThere) {
  EXPECT_TRUE(absl::IsNotFound(CatalogFile::Load("/no/such/file.yaml").status()));
  EXPECT_TRUE(absl::IsNotFound(CatalogFile::Load("/").status()));
}

TEST(CatalogFile, IcsIsReadAtItsPlace) {
  EXPECT_THAT(FirstIn("calendars:\n  - id: m\n    ics:\n      file: gone.ics\n      school_year: {id: 2025-26}\n"),
              HasSubstr("c.yaml:4: gone.ics"));
  EXPECT_THAT(FirstIn("calendars:\n  - id: m\n    ics:\n      file: x\n      rules:\n        - {category: a}\n"),
              HasSubstr("c.yaml:6: a rule has a category and one of"));
  EXPECT_THAT(FirstIn("calendars:\n  - id: m\n    ics:\n      file: x\n      ruels: []\n"),
              HasSubstr("did you mean \"rules\"?"));
  EXPECT_THAT(
      FirstIn(
          "calendars:\n  - id: m\n    ics:\n      file: x\n      rules:\n        - {category: a, kind: HOLLIDAY}\n"),
      HasSubstr("c.yaml:6: kind is one of HOLIDAY"));
}

}  // namespace
}  // namespace leadlag::cli
