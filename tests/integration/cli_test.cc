// The two programs together, as a clerk uses them: leadlag's commands, their exit codes and their three forms of
// output, against a real leadlagd (or, where time has to pass, a server with a clock of the test's own).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "core/clock.h"
#include "google/protobuf/util/json_util.h"
#include "tests/support/naive_cadence.h"
#include "tests/support/nyc_attendance.h"
#include "tests/support/same_cadence.h"
#include "tests/support/server_process.h"
#include "tests/support/stubs.h"
#include "tests/support/test_server.h"

namespace leadlag {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr int kExitOk = 0, kExitRefused = 1, kExitUsage = 2, kExitUnavailable = 3;

Date Today() { return Date(static_cast<int32_t>(SystemClock().Now().micros / kMicrosPerDay)); }

void Write(const std::string& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << text;
  ASSERT_TRUE(out.flush().good()) << path;
}

std::string Read(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in.good()) << path;
  return std::string(std::istreambuf_iterator<char>(in), {});
}

// `leadlag` for one server and district.
class Leadlag {
 public:
  Leadlag(std::string target, std::string district) : target_(std::move(target)), district_(std::move(district)) {}

  ProgramResult operator()(std::vector<std::string> arguments, const std::string& input = "") const {
    ProgramCall call;
    call.program = ServerProcess::Leadlag();
    call.arguments = std::move(arguments);
    call.environment = {"LEADLAG_SERVER=" + target_, "LEADLAG_DISTRICT=" + district_};
    call.input = input;
    absl::StatusOr<ProgramResult> result = RunProgram(call, std::chrono::seconds(120));
    EXPECT_TRUE(result.ok()) << result.status();
    return result.ok() ? *std::move(result) : ProgramResult{};
  }

 private:
  const std::string target_;
  const std::string district_;
};

std::string Told(const ProgramResult& result) {
  return absl::StrCat("exit code ", result.exit_code, "\n", result.out, result.err);
}

template <typename Message>
Message FromJson(const std::string& json) {
  Message message;
  const auto status = google::protobuf::util::JsonStringToMessage(json, &message);
  EXPECT_TRUE(status.ok()) << status.message() << " in " << json;
  return message;
}

// Fields of a line of CSV, whatever is in them.
size_t FieldsOf(const std::string& line) {
  size_t fields = 1;
  bool quoted = false;
  for (const char c : line) {
    if (c == '"') quoted = !quoted;
    if (c == ',' && !quoted) ++fields;
  }
  return fields;
}

void ExpectCsv(const std::string& text) {
  const std::vector<std::string> lines = absl::StrSplit(text, '\n', absl::SkipEmpty());
  ASSERT_FALSE(lines.empty());
  const size_t fields = FieldsOf(lines[0]);
  EXPECT_GT(fields, 1u) << lines[0];
  for (const std::string& line : lines) EXPECT_EQ(FieldsOf(line), fields) << line;
}

// One command in its three forms.
template <typename Response>
Response ExpectThreeForms(const Leadlag& leadlag, const std::vector<std::string>& arguments,
                          const std::string& piece_of_table) {
  SCOPED_TRACE(arguments[0] + (arguments.size() > 1 ? " " + arguments[1] : ""));
  const ProgramResult table = leadlag(arguments);
  EXPECT_EQ(table.exit_code, kExitOk) << Told(table);
  EXPECT_THAT(table.out, HasSubstr(piece_of_table));
  EXPECT_THAT(table.out, Not(HasSubstr("\x1b["))) << "colour without a terminal";
  const auto with_output = [&](const std::string& form) {
    std::vector<std::string> all = arguments;
    all.push_back("--output=" + form);
    return leadlag(all);
  };
  const ProgramResult csv = with_output("csv");
  EXPECT_EQ(csv.exit_code, kExitOk) << Told(csv);
  ExpectCsv(csv.out);
  const ProgramResult json = with_output("json");
  EXPECT_EQ(json.exit_code, kExitOk) << Told(json);
  return FromJson<Response>(json.out);
}

// A district in UTC in which every day is instructional, so that days can be counted on the fingers.
std::string CatalogText(Date today) {
  return absl::StrReplaceAll(
      "district: hand\n"
      "time_zone: UTC\n"
      "default_calendar: main\n"
      "calendars:\n"
      "  - id: main\n"
      "    weekdays: [MON, TUE, WED, THU, FRI, SAT, SUN]\n"
      "    years:\n"
      "      - id: this-year\n"
      "        start_date: BEGIN\n"
      "        end_date: END\n"
      "        terms: [{first_day: BEGIN, last_day: LAST}]\n"
      "    exceptions:\n"
      "      - {date: CLOSED, kind: WEATHER_DAY, label: Storm}\n"
      "teams:\n"
      "  - id: north\n"
      "    labels: {level: high}\n"
      "    active_periods: [{active_from: BEGIN}]\n"
      "  - id: south\n"
      "    active_periods: [{active_from: BEGIN}]\n"
      "indicators:\n"
      "  - {id: visits, role: LEADING, category: WALKTHROUGH, measure: PROPORTION}\n"
      "  - {id: feel, role: LEADING, category: STUDENT_EXPERIENCE, measure: NUMBER}\n"
      "sources:\n"
      "  - id: forms\n"
      "expectations:\n"
      "  - {id: weekly, category: WALKTHROUGH, every_days: 300, from: BEGIN}\n",
      {{"BEGIN", (today - 60).ToString()},
       {"END", (today + 300).ToString()},
       {"LAST", (today + 299).ToString()},
       {"CLOSED", (today - 10).ToString()}});
}

class CliTest : public testing::Test {
 protected:
  CliTest() : directory_("cli_test") {}
  void SetUp() override {
    absl::StatusOr<std::unique_ptr<ServerProcess>> server = ServerProcess::Start(directory_ / "data");
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }
  void TearDown() override {
    if (server_ == nullptr) return;
    EXPECT_EQ(server_->Terminate(), 0) << server_->Log();
  }

  int32_t Version(const std::string& district) {
    Stubs stubs(server_->target());
    TestContext context;
    v1::GetDistrictRequest request;
    v1::GetDistrictResponse response;
    request.set_name("districts/" + district);
    const grpc::Status status = stubs.catalog->GetDistrict(&context, request, &response);
    return status.ok() ? response.district().catalog().version() : 0;
  }

  const ScratchDirectory directory_;
  std::unique_ptr<ServerProcess> server_;
};

TEST_F(CliTest, FromACatalogToAlerts) {
  const Date today = Today();
  const Leadlag leadlag(server_->target(), "hand");
  const std::string catalog = directory_ / "catalog.yaml", csv = directory_ / "visits.csv";
  Write(catalog, CatalogText(today));

  // Apply.
  ProgramResult result = leadlag({"apply", catalog, "--dry_run"});
  EXPECT_EQ(result.exit_code, kExitOk) << Told(result);
  EXPECT_THAT(result.out, HasSubstr("+ teams/north"));
  EXPECT_EQ(Version("hand"), 0);
  result = leadlag({"apply", catalog});
  EXPECT_EQ(result.exit_code, kExitOk) << Told(result);
  EXPECT_THAT(result.out, HasSubstr("version 1 is in force"));
  result = leadlag({"apply", catalog});
  EXPECT_THAT(result.out, HasSubstr("nothing changed"));
  EXPECT_EQ(Version("hand"), 1);
  const auto again = ExpectThreeForms<v1::ApplyCatalogResponse>(leadlag, {"apply", catalog}, "version 1");
  EXPECT_EQ(again.change_count(), 0);

  // What export prints can be applied, and changes nothing.
  result = leadlag({"export"});
  EXPECT_EQ(result.exit_code, kExitOk) << Told(result);
  Write(directory_ / "exported.yaml", result.out);
  result = leadlag({"apply", directory_ / "exported.yaml"});
  EXPECT_EQ(result.exit_code, kExitOk) << Told(result);
  EXPECT_THAT(result.out, HasSubstr("nothing changed"));

  // Import, with rows of every kind.
  const std::string d12 = (today - 12).ToString(), d9 = (today - 9).ToString(), d4 = (today - 4).ToString();
  Write(csv, absl::StrCat("visit,team,date,rooms,seen\r\n",                   //
                          "v-1,north,", d12, ",10,4\r\n",                     // 2
                          "v-2,NORTH,", d9, ",10,5\r\n",                      // 3: lower case is asked for
                          "v-3,nobody,", d9, ",10,4\r\n",                     // 4: refused by the server
                          "v-4,north,2025-02-30,10,4\r\n",                    // 5: refused here
                          "v-5,north,", d9, ",10,14\r\n",                     // 6: k > n
                          "v-6,north,", (today + 5).ToString(), ",10,1\r\n",  // 7: future
                          "v-7,north,", d9, ",10,NS\r\n",                     // 8: no evidence
                          "v-8,south,", d4, ",8,8\r\n"));                     // 9
  const std::vector<std::string> import = {"import",      csv,
                                           "--map",       "evidence_id=visit",
                                           "--map",       "team=team",
                                           "--map",       "event_date=date",
                                           "--map",       "denominator=rooms",
                                           "--map",       "numerator=seen",
                                           "--set",       "indicator=visits",
                                           "--set",       "source=forms",
                                           "--skip",      "numerator=NS",
                                           "--lowercase", "team"};
  const auto with = [](std::vector<std::string> arguments, const std::string& more) {
    arguments.push_back(more);
    return arguments;
  };
  result = leadlag(with(import, "--dry_run"));
  EXPECT_EQ(result.exit_code, kExitRefused) << Told(result);
  EXPECT_THAT(result.out, HasSubstr("nothing was sent"));
  result = leadlag(import);
  EXPECT_EQ(result.exit_code, kExitRefused) << Told(result);
  EXPECT_THAT(result.out, HasSubstr("3 new"));
  const std::vector<std::string> rejects = absl::StrSplit(Read(csv + ".rejects.csv"), '\n', absl::SkipEmpty());
  ASSERT_EQ(rejects.size(), 5u) << Told(result);
  EXPECT_THAT(rejects[0], HasSubstr("reject_line,reject_column,reject_reason,visit,team,date,rooms,seen"));
  EXPECT_THAT(rejects[1], testing::StartsWith("4,team,"));
  EXPECT_THAT(rejects[2], testing::StartsWith("5,date,"));
  EXPECT_THAT(rejects[3], testing::StartsWith("6,seen,"));
  EXPECT_THAT(rejects[4], testing::StartsWith("7,date,"));
  // Again: everything is there already.
  result = leadlag(with(import, "--output=json"));
  EXPECT_EQ(result.exit_code, kExitRefused) << Told(result);
  const auto imported = FromJson<v1::RecordEvidenceResponse>(result.out).result();
  EXPECT_EQ(imported.new_count(), 0);
  EXPECT_EQ(imported.same_count(), 3);
  EXPECT_EQ(imported.failed_count(), 4);
  // Without the bad rows the file of rejects goes.
  Write(csv, absl::StrCat("visit,team,date,rooms,seen\n", "v-1,north,", d12, ",10,4\n"));
  result = leadlag(import);
  EXPECT_EQ(result.exit_code, kExitOk) << Told(result);
  EXPECT_FALSE(std::ifstream(csv + ".rejects.csv").good());

  // Push.
  const std::string lines =
      absl::StrCat("{\"evidenceId\": \"p-1\", \"team\": \"north\", \"indicator\": \"feel\", \"eventDate\": \"", d4,
                   "\", \"number\": 3.5}\n", "{\"evidenceId\": \"p-2\"\n",
                   "{\"evidenceId\": \"p-3\", \"team\": \"north\", \"indicator\": \"visits\", \"eventDate\": \"", d4,
                   "\", \"number\": 1}\n");
  result = leadlag({"push", "--source", "forms"}, lines);
  EXPECT_EQ(result.exit_code, kExitRefused) << Told(result);
  EXPECT_THAT(result.out, HasSubstr("1 new"));
  EXPECT_THAT(result.err, HasSubstr("line 2: "));
  EXPECT_THAT(result.err, HasSubstr("line 3: number"));
  result = leadlag({"push", "--source", "nobody", "--heartbeat"}, "");
  EXPECT_EQ(result.exit_code, kExitRefused) << Told(result);
  EXPECT_THAT(result.err, HasSubstr("leadlag: parent: there is no source \"nobody\""));  // and not the stream's own open.parent
  result = leadlag({"push", "--source", "forms", "--output=json"}, lines.substr(0, lines.find('\n') + 1));
  EXPECT_EQ(result.exit_code, kExitOk) << Told(result);
  EXPECT_EQ(FromJson<v1::StreamEvidenceResponse>(result.out).result().same_count(), 1);

  // Ask. Signals on today - 12, - 9 and - 4; the storm, which does not count, lies between the first two.
  const auto cadence =
      ExpectThreeForms<v1::GetTeamCadenceResponse>(leadlag, {"cadence", "north"}, "median gap").cadence();
  EXPECT_EQ(cadence.signal_dates(), 3);
  EXPECT_THAT(cadence.gaps(), testing::ElementsAre(2, 5));
  const Date asked = Date::Parse(cadence.today()).value();
  EXPECT_EQ(cadence.open_gap_days(), asked - (today - 4) - 1);
  const auto overview = ExpectThreeForms<v1::ListTeamCadenceResponse>(leadlag, {"cadence"}, "LAST SIGNAL");
  ASSERT_EQ(overview.teams_size(), 2);
  EXPECT_EQ(overview.teams(0).team(), "north");
  EXPECT_EQ(overview.teams(0).state(), v1::WATCH_STATE_ON_TRACK);
  EXPECT_EQ(overview.teams(1).last_signal_date(), d4);
  EXPECT_EQ(ExpectThreeForms<v1::ListTeamCadenceResponse>(leadlag, {"cadence", "--label", "level=high"}, "north")
                .teams_size(),
            1);
  const auto latency = ExpectThreeForms<v1::GetEvidenceLatencyResponse>(leadlag, {"latency"}, "collection").latency();
  EXPECT_EQ(latency.collection().closed_count(), 4);
  EXPECT_EQ(latency.interpretation().open_count(), 4);
  EXPECT_GT(ExpectThreeForms<v1::GetTimelineResponse>(leadlag, {"timeline", "north"}, "Storm").items_size(), 3);
  EXPECT_EQ(
      ExpectThreeForms<v1::ListEvidenceResponse>(leadlag, {"evidence", "list", "north"}, "4/10").evidence_size(), 3);
  EXPECT_EQ(ExpectThreeForms<v1::GetEvidenceResponse>(leadlag, {"evidence", "get", "forms/v-1"}, "revision 1 counts")
                .revisions_size(),
            1);
  EXPECT_EQ(ExpectThreeForms<v1::ListAlertsResponse>(leadlag, {"alerts", "list"}, "no open alerts").alerts_size(), 0);

  // Review: one that can be sent again, so that all three forms can.
  const std::vector<std::string> review = {"review", "record",      "north",  "--date",     today.ToString(),  "--id",
                                           "r-1",    "--indicator", "visits", "--decision", "visit more often"};
  EXPECT_EQ(ExpectThreeForms<v1::RecordReviewResponse>(leadlag, review, "r-1").review().decision(), "visit more often");
  EXPECT_EQ(ExpectThreeForms<v1::ListReviewsResponse>(leadlag, {"review", "list", "north"}, "visit more often")
                .reviews_size(),
            1);

  // Inquiry: the same file again changes nothing; another theory of the same id is a revision.
  const std::string inquiry = directory_ / "inquiry.yaml";
  const std::string theory =
      "id: discourse\nteam: north\ntheme: equity\nif_text: we plan together\nthen_text: students reason aloud\n"
      "so_that_text: more are on grade level\nstart_date: " + d4 + "\n"
      "links: [{indicator: visits, expected_direction: INCREASE, expected_change: 12.5}]\n"
      "actions: [{id: plan, description: Meet on Mondays, start_date: " + d4 + "}]\n";
  Write(inquiry, theory);
  result = leadlag({"inquiry", "record", inquiry, "--expected_revision", "0"});
  EXPECT_EQ(result.exit_code, kExitOk) << Told(result);
  EXPECT_THAT(result.out, HasSubstr("inquiry discourse is stored, as revision 1"));
  EXPECT_EQ(ExpectThreeForms<v1::RecordInquiryResponse>(leadlag, {"inquiry", "record", inquiry}, "stands already, as revision 1")
                .outcome(),
            v1::RECORD_OUTCOME_KIND_SAME);
  EXPECT_EQ(ExpectThreeForms<v1::ListInquiriesResponse>(leadlag, {"inquiry", "list", "--without_priority"}, "discourse")
                .inquiries_size(),
            1);
  Write(inquiry, theory + "status: DONE\ndistrict_priority: Mathematics for all\n");
  EXPECT_EQ(leadlag({"inquiry", "record", inquiry}).exit_code, kExitOk);
  EXPECT_EQ(ExpectThreeForms<v1::ListInquiriesResponse>(leadlag, {"inquiry", "list", "--without_priority"}, "no inquiries")
                .inquiries_size(),
            0);
  EXPECT_EQ(ExpectThreeForms<v1::ListInquiriesResponse>(leadlag, {"inquiry", "list", "--team", "north"}, "Mathematics for all")
                .inquiries_size(),
            1);
  EXPECT_EQ(ExpectThreeForms<v1::ListInquiriesResponse>(leadlag, {"inquiry", "list", "--theme", "attendance"}, "no inquiries")
                .inquiries_size(),
            0);
  const auto shown = ExpectThreeForms<v1::GetInquiryResponse>(leadlag, {"inquiry", "show", "discourse"}, "students reason aloud");
  EXPECT_EQ(shown.revisions_size(), 2);
  EXPECT_EQ(shown.inquiry().status(), v1::INQUIRY_STATUS_DONE);
  result = leadlag({"inquiry", "show", "discourse"});
  EXPECT_THAT(result.out, testing::ContainsRegex("LEADING +visits +INCREASE +12.5"));
  EXPECT_THAT(result.out, testing::ContainsRegex("plan +" + d4 + " +Meet on Mondays"));
  Write(inquiry, theory + "next_review_date: " + (today - 50).ToString() + "\n");
  result = leadlag({"inquiry", "record", inquiry});
  EXPECT_EQ(result.exit_code, kExitRefused) << Told(result);
  EXPECT_THAT(result.err, HasSubstr("inquiry.yaml:10: inquiry.next_review_date"));
  // What `show` prints can be edited and sent back, once: it says which revision was edited.
  const std::string edited = directory_ / "shown.json";
  std::string json = leadlag({"inquiry", "show", "discourse", "--output=json"}).out;
  Write(edited, json);
  result = leadlag({"inquiry", "record", edited});
  EXPECT_EQ(result.exit_code, kExitOk) << Told(result);
  EXPECT_THAT(result.out, HasSubstr("stands already, as revision 2"));
  const size_t text = json.find("we plan together");
  ASSERT_NE(text, std::string::npos);
  Write(edited, json.replace(text, 2, "they"));
  result = leadlag({"inquiry", "record", edited});
  EXPECT_EQ(result.exit_code, kExitOk) << Told(result);
  EXPECT_THAT(result.out, HasSubstr("is stored, as revision 3"));
  Write(edited, json.replace(text, 4, "all"));
  result = leadlag({"inquiry", "record", edited});
  EXPECT_EQ(result.exit_code, kExitRefused) << Told(result);
  EXPECT_THAT(result.err, testing::ContainsRegex("shown.json:[0-9]+: expected_revision: revision 3 stands, not revision 2"));
  result = leadlag({"inquiry", "record", edited, "--expected_revision", "3"});
  EXPECT_EQ(result.exit_code, kExitOk) << Told(result);
  EXPECT_EQ(ExpectThreeForms<v1::ListThemesResponse>(leadlag, {"inquiry", "themes"}, "multilingual-learners").themes_size(), 10);
  EXPECT_EQ(leadlag({"inquiry", "record", directory_ / "none.yaml"}).exit_code, kExitUsage);
  EXPECT_EQ(leadlag({"inquiry", "show", "other"}).exit_code, kExitRefused);

  // A review of it, and what to ask next.
  const std::vector<std::string> account = {
      "review",   "record", "north",          "--date",    today.ToString(), "--id",           "r-2",     "--indicator",     "visits",
      "--verdict", "adjust", "--outcome",      "improved",  "--cause",        "not-understood", "--inquiry", "discourse", "--participants",
      "coach=2",  "--collaboration", "joint-work"};
  const v1::Review told = ExpectThreeForms<v1::RecordReviewResponse>(leadlag, account, "ask next: Was it luck").review();
  EXPECT_EQ(told.verdict(), v1::REVIEW_VERDICT_ADJUST);
  EXPECT_EQ(told.participants(0).role(), v1::PARTICIPANT_ROLE_COACH);
  EXPECT_EQ(told.collaboration(), v1::COLLABORATION_JOINT_WORK);
  const std::vector<std::vector<std::string>> wrong_values = {
      {"--verdict", "wait"},
      {"--outcome", "improved"},
      {"--participants", "coach"},
      {"--participants", "wizard=1"},
      {"--collaboration", "x"}};
  for (const std::vector<std::string>& wrong : wrong_values) {
    result = leadlag(with({"review", "record", "north", "--date", today.ToString(), "--indicator", "visits", wrong[0]}, wrong[1]));
    EXPECT_EQ(result.exit_code, kExitUsage) << wrong[0];
    EXPECT_THAT(result.err, HasSubstr("give ")) << wrong[0];
  }

  // Run chart.
  const std::vector<std::string> chart = {"chart", "north", "visits", "--unit", "day", "--inquiry", "discourse"};
  const auto charted = ExpectThreeForms<v1::GetRunChartResponse>(leadlag, chart, d4).chart();
  EXPECT_EQ(charted.points_size(), 2);
  EXPECT_EQ(charted.unit(), v1::CHART_UNIT_DAY);
  result = leadlag(chart);
  EXPECT_THAT(result.out, HasSubstr("too few points")) << Told(result);
  result = leadlag({"chart", "north", "visits", "--unit", "year"});
  EXPECT_EQ(result.exit_code, kExitUsage);
  EXPECT_THAT(result.err, HasSubstr("give day, week or month"));
  EXPECT_EQ(leadlag({"chart", "north", "none"}).exit_code, kExitRefused);

  // Void.
  const std::vector<std::string> void_one = {"evidence", "void", "forms/v-8", "--reason", "typed twice"};
  EXPECT_TRUE(ExpectThreeForms<v1::VoidEvidenceResponse>(leadlag, void_one, "no longer counts").evidence().voided());
  EXPECT_EQ(
      ExpectThreeForms<v1::ListEvidenceResponse>(leadlag, {"evidence", "list", "south", "--include_voided"}, "v-8")
          .evidence_size(),
      1);

  // Calendar.
  result = leadlag({"calendar", "nth", (today - 12).ToString(), "3"});
  EXPECT_EQ(result.exit_code, kExitOk) << Told(result);
  EXPECT_THAT(result.out, HasSubstr((today - 8).ToString()));  // the storm does not count
  result = leadlag({"calendar", "between", (today - 12).ToString(), (today - 8).ToString()});
  EXPECT_EQ(result.exit_code, kExitOk) << Told(result);
  EXPECT_THAT(result.out, HasSubstr("3"));
  result = leadlag({"calendar", "show", "--view", "list"});
  EXPECT_EQ(result.exit_code, kExitOk) << Told(result);
  EXPECT_THAT(result.out, HasSubstr("Storm"));

  // Operators.
  EXPECT_EQ(ExpectThreeForms<v1::VerifyResponse>(leadlag, {"admin", "verify"}, "clean").finding_count(), 0);
  const auto stats = ExpectThreeForms<v1::GetStatsResponse>(leadlag, {"admin", "stats"}, "bytes on disk");
  ASSERT_EQ(stats.districts_size(), 1);
  EXPECT_EQ(stats.districts(0).evidence_count(), 4);
}

TEST_F(CliTest, BacktestsAFile) {
  const Date today = Today();
  const Leadlag leadlag(server_->target(), "hand");
  const std::string catalog = directory_ / "catalog.yaml", file = directory_ / "proposed.yaml";
  Write(catalog, CatalogText(today));
  ASSERT_EQ(leadlag({"apply", catalog}).exit_code, kExitOk);
  Write(file,
        "expectations:\n"
        "  - {id: often, category: WALKTHROUGH, every_days: 7, grace_days: 3, allowance_days: 0}\n"
        "alert_rules:\n"
        "  - {id: unreviewed, review_overdue: {days: 5}}\n");
  ProgramResult result = leadlag({"backtest", file});
  EXPECT_EQ(result.exit_code, kExitOk) << Told(result);
  EXPECT_THAT(result.out, HasSubstr("ALERT DAYS"));
  EXPECT_THAT(result.out, testing::ContainsRegex("often +SIGNAL_OVERDUE +2 +2 +0 +0 +0 +2 "));
  EXPECT_THAT(result.out, HasSubstr("2 teams, 8 flips, 0 records, 0 silences of 0 sources, from "));
  EXPECT_THAT(result.err, HasSubstr("not lived again: that the service waits for backlogs"));
  EXPECT_THAT(result.err, Not(HasSubstr("silences of sources")));
  result = leadlag({"backtest", file, "--output=csv"});
  EXPECT_EQ(result.exit_code, kExitOk) << Told(result);
  ExpectCsv(result.out);
  result = leadlag({"backtest", file, "--teams", "--label", "level=high"});
  EXPECT_EQ(result.exit_code, kExitOk) << Told(result);
  EXPECT_THAT(result.out, HasSubstr("north"));
  EXPECT_THAT(result.out, Not(HasSubstr("south")));
  result = leadlag({"backtest", file, "--flips"});
  EXPECT_EQ(result.exit_code, kExitOk) << Told(result);
  EXPECT_THAT(result.out, HasSubstr("south / often: LATE to OVERDUE (GRACE_OVER, due "));
  result = leadlag({"backtest", file, "--flips", "--output=csv"});
  EXPECT_EQ(result.exit_code, kExitOk) << Told(result);
  ExpectCsv(result.out);
  EXPECT_EQ(std::count(result.out.begin(), result.out.end(), '\n'), 9);
  result = leadlag({"backtest", file, "--known", "--output=json"});
  EXPECT_EQ(result.exit_code, kExitOk) << Told(result);
  const std::vector<std::string> lines = absl::StrSplit(result.out, '\n', absl::SkipEmpty());
  ASSERT_FALSE(lines.empty());
  EXPECT_TRUE(FromJson<v1::BacktestResponse>(lines.back()).summary().known_as_recorded());
  EXPECT_THAT(result.err, Not(HasSubstr("taken for recorded")));  // the message says it
  result = leadlag({"backtest"});  // what is in force
  EXPECT_EQ(result.exit_code, kExitOk) << Told(result);
  EXPECT_THAT(result.out, HasSubstr("weekly"));

  // What is wrong is told with file and line, or with the flag's field.
  Write(file, "alert_rules: []\nexpectations:\n  - {id: often, indicator: nothing}\n");
  result = leadlag({"backtest", file});
  EXPECT_EQ(result.exit_code, kExitRefused) << Told(result);
  EXPECT_THAT(result.err, HasSubstr(file + ":3: expectations[0].kind.indicator: "));
  result = leadlag({"backtest", "--start", "soon"});
  EXPECT_EQ(result.exit_code, kExitRefused) << Told(result);
  EXPECT_THAT(result.err, HasSubstr("leadlag: start_date: "));
  Write(file, "teams: []\n");
  result = leadlag({"backtest", file});
  EXPECT_EQ(result.exit_code, kExitRefused) << Told(result);
  EXPECT_THAT(result.err, HasSubstr("neither expectations nor alert_rules"));
  EXPECT_EQ(leadlag({"backtest", directory_ / "absent.yaml"}).exit_code, kExitUsage);
  EXPECT_EQ(leadlag({"backtest", "--teams", "--flips"}).exit_code, kExitUsage);
}

TEST_F(CliTest, ExitCodesTellWhatWentWrong) {
  const Leadlag leadlag(server_->target(), "nowhere");
  EXPECT_EQ(leadlag({"cadence"}).exit_code, kExitRefused);
  EXPECT_EQ(leadlag({"cadense"}).exit_code, kExitUsage);
  EXPECT_EQ(leadlag({"cadence", "--kind"}).exit_code, kExitUsage);
  EXPECT_EQ(leadlag({"apply", directory_ / "absent.yaml"}).exit_code, kExitUsage);
  EXPECT_EQ(leadlag({"import", directory_ / "absent.csv", "--set", "source=forms"}).exit_code, kExitUsage);
  EXPECT_EQ(leadlag({"--help"}).exit_code, kExitOk);
  EXPECT_EQ(leadlag({"--version"}).exit_code, kExitOk);
  // A port on which nobody listens: that of a server that has ended.
  absl::StatusOr<std::unique_ptr<ServerProcess>> ended = ServerProcess::Start(directory_ / "ended");
  ASSERT_TRUE(ended.ok()) << ended.status();
  const std::string target = (*ended)->target();
  ASSERT_EQ((*ended)->Terminate(), 0);
  const ProgramResult unavailable = Leadlag(target, "hand")({"cadence", "--deadline_seconds", "2"});
  EXPECT_EQ(unavailable.exit_code, kExitUnavailable) << Told(unavailable);
  EXPECT_THAT(unavailable.err, HasSubstr(target));
}

TEST_F(CliTest, AWrongCatalogFileNamesLineAndReasonAndChangesNothing) {
  const std::string good = CatalogText(Today());
  const Leadlag leadlag(server_->target(), "hand");
  const std::string path = directory_ / "catalog.yaml";
  Write(path, good);
  ASSERT_EQ(leadlag({"apply", path}).exit_code, kExitOk);
  struct Case {
    std::string what;
    std::string from, to;
    std::string at;      // the line that holds it is named
    std::string reason;  // a piece of it
  };
  const std::vector<Case> cases = {
      {"an unknown key", "sources:", "sorces:", "sorces:", "sources"},
      {"an unknown key further in", "labels: {level", "lables: {level", "lables:", "labels"},
      {"a repeated key", "time_zone: UTC\n", "time_zone: UTC\ntime_zone: UTC\n", "", "time_zone"},
      {"a value that is none", "role: LEADING, category: WALKTHROUGH", "role: LEADER, category: WALKTHROUGH",
       "role: LEADER", "LEADER"},
      {"a number that is none", "every_days: 300", "every_days: often", "every_days: often", "often"},
      {"a number out of range", "every_days: 300", "every_days: 401", "every_days: 401", "give 1 to 400"},
      {"no such zone", "time_zone: UTC", "time_zone: Mars/Olympus", "Mars/Olympus", "Mars/Olympus"},
      {"no such calendar", "default_calendar: main", "default_calendar: other", "default_calendar: other",
       "no calendar has the id"},
      {"two teams of one id", "id: south", "id: north", "", "already the id"},
      {"a date that does not exist", "active_periods: [{active_from: ",
       "active_periods: [{active_to: 2025-02-30, active_from: ", "2025-02-30", "2025-02-30"},
      {"a list where there is none", "labels: {level: high}", "labels: [high]", "labels: [high]", ""},
      {"no YAML", "teams:\n", "teams: [\n", "", ""},
      {"bytes that are no UTF-8", "label: Storm",
       "label: Sturm fl\xFC"
       "chtig",
       "label: Sturm", "UTF-8"},
      {"the measure of what is in force", "measure: NUMBER", "measure: COMPLETION", "measure: COMPLETION", "measure"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.what);
    const size_t at = good.find(c.from);
    ASSERT_NE(at, std::string::npos);
    const std::string bad = good.substr(0, at) + c.to + good.substr(at + c.from.size());
    Write(path, bad);
    for (const bool dry_run : {true, false}) {
      std::vector<std::string> arguments = {"apply", path};
      if (dry_run) arguments.push_back("--dry_run");
      const ProgramResult result = leadlag(arguments);
      EXPECT_EQ(result.exit_code, kExitRefused) << Told(result);
      EXPECT_EQ(result.out, "");
      EXPECT_THAT(result.err, HasSubstr(path + ":"));
      EXPECT_THAT(result.err, HasSubstr(c.reason));
      if (!c.at.empty()) {
        const auto line = 1 + std::count(bad.begin(), bad.begin() + static_cast<long>(bad.find(c.at)), '\n');
        EXPECT_THAT(result.err, HasSubstr(absl::StrCat(path, ":", line, ":")));
      }
      EXPECT_EQ(Version("hand"), 1);
    }
  }
}

TEST_F(CliTest, ASimulatedDistrictCanBeLoadedTwice) {
  const Leadlag leadlag(server_->target(), "made-up");
  const std::string files = directory_ / "made-up";
  ProgramResult result = leadlag({"simulate", files, "--id", "made-up", "--teams", "7", "--weeks", "10", "--seed", "5"});
  ASSERT_EQ(result.exit_code, kExitOk) << Told(result);
  result = leadlag({"apply", files + "/catalog.yaml"});
  ASSERT_EQ(result.exit_code, kExitOk) << Told(result);
  result = leadlag({"import", files + "/evidence.csv", "--map_file", files + "/evidence.map.yaml", "--output=json"});
  ASSERT_EQ(result.exit_code, kExitOk) << Told(result);
  const auto imported = FromJson<v1::RecordEvidenceResponse>(result.out).result();
  EXPECT_GT(imported.new_count(), 50);
  EXPECT_EQ(imported.failed_count(), 0);
  result = leadlag({"import", files + "/evidence.csv", "--map_file", files + "/evidence.map.yaml", "--output=json"});
  EXPECT_EQ(FromJson<v1::RecordEvidenceResponse>(result.out).result().new_count(), 0) << Told(result);
  // The same seed, the same bytes.
  const std::string before = Read(files + "/evidence.ndjson");
  ASSERT_EQ(leadlag({"simulate", files, "--id", "made-up", "--teams", "7", "--weeks", "10", "--seed", "5"}).exit_code, kExitOk);
  EXPECT_EQ(Read(files + "/evidence.ndjson"), before);
  const std::string mapping = Read(files + "/evidence.map.yaml");
  const size_t source = mapping.find("source: ");
  ASSERT_NE(source, std::string::npos) << mapping;
  const size_t end = mapping.find_first_of(",}\n", source);
  result = leadlag({"push", "--source", mapping.substr(source + 8, end - source - 8)}, before);
  EXPECT_EQ(result.exit_code, kExitOk) << Told(result);
  EXPECT_THAT(result.out, HasSubstr("0 new")) << Told(result);
  EXPECT_EQ(ExpectThreeForms<v1::ListTeamCadenceResponse>(leadlag, {"cadence"}, "LAST SIGNAL").teams_size(), 7);
  EXPECT_EQ(leadlag({"admin", "verify"}).exit_code, kExitOk);
}

// A watch gets worse at notify time alone: this server's clock is moved there.
TEST(CliAlertsTest, ALateTeamIsListedAndExplained) {
  TestServer server({.now = Instant::Parse("2025-11-03T14:00:00Z").value()});
  const ScratchDirectory directory("cli_alerts_test");
  const Leadlag leadlag(server.target(), "late");
  const std::string catalog = directory / "catalog.yaml";
  Write(catalog,
        "district: late\n"
        "time_zone: America/New_York\n"
        "default_calendar: main\n"
        "calendars:\n"
        "  - id: main\n"
        "    years: [{id: 2025-26, terms: [{first_day: 2025-09-02, last_day: 2026-06-12}]}]\n"
        "    exceptions: [{date: 2025-11-11, kind: HOLIDAY, label: Veterans Day}]\n"
        "teams: [{id: north, active_periods: [{active_from: 2025-07-01}]}]\n"
        "indicators: [{id: walks, role: LEADING, category: WALKTHROUGH, measure: NUMBER}]\n"
        "sources: [{id: forms}]\n"
        "expectations: [{id: weekly, category: WALKTHROUGH, every_days: 5, grace_days: 3, allowance_days: 50, from: "
        "2025-07-01}]\n");
  ProgramResult result = leadlag({"apply", catalog});
  ASSERT_EQ(result.exit_code, kExitOk) << Told(result);
  const std::string walk =
      "{\"evidenceId\": \"w-1\", \"team\": \"north\", \"indicator\": \"walks\", \"eventDate\": \"2025-11-03\", "
      "\"number\": 1}\n";
  ASSERT_EQ(leadlag({"push", "--source", "forms"}, walk).exit_code, kExitOk);
  // Start 2025-09-01, E + A = 55 instructional days: due on 2025-11-18; late from the morning after it.
  server.GoTo(Instant::Parse("2025-11-19T15:00:00Z").value());
  const auto alerts = ExpectThreeForms<v1::ListAlertsResponse>(leadlag, {"alerts", "list"}, "LATE");
  ASSERT_EQ(alerts.alerts_size(), 1);
  EXPECT_EQ(alerts.alerts(0).team(), "north");
  const std::string id = alerts.alerts(0).name().substr(alerts.alerts(0).name().rfind('/') + 1);
  const auto why = ExpectThreeForms<v1::GetAlertResponse>(leadlag, {"alerts", "why", id}, "what ends it").why();
  EXPECT_EQ(why.last_signal_date(), "2025-11-03");
  EXPECT_EQ(why.late_date(), "2025-11-19");
  EXPECT_EQ(why.every_days(), 5);
  ASSERT_GE(why.skipped_size(), 1);
  EXPECT_EQ(why.skipped(why.skipped_size() - 1).label(), "Veterans Day");
  EXPECT_EQ(leadlag({"alerts", "why", "999"}).exit_code, kExitRefused);

  // Followed, and ended by evidence.
  ProgramCall call;
  call.program = ServerProcess::Leadlag();
  call.arguments = {"alerts",       "watch",        "--earliest",       "--alerts_only",
                    "--output=csv", "--token_file", directory / "token"};
  call.environment = {"LEADLAG_SERVER=" + server.target(), "LEADLAG_DISTRICT=late"};
  call.follow_output = true;
  const auto follow = [&](const std::string& wanted) {
    absl::StatusOr<std::unique_ptr<ChildProcess>> watch = ChildProcess::Start(call);
    ASSERT_TRUE(watch.ok()) << watch.status();
    std::string lines;
    while (const std::optional<std::string> line = (*watch)->ReadLine(std::chrono::seconds(60))) {
      absl::StrAppend(&lines, *line, "\n");
      if (absl::StrContains(*line, wanted)) return;
    }
    FAIL() << "no " << wanted << " in " << lines << (*watch)->Errors();
  };
  follow("DUE");
  // Each line names its alert.
  call.arguments = {"alerts", "watch", "--earliest", "--alerts_only"};
  follow(absl::StrCat("(DUE, due 2025-11-18, alert ", id, ")"));
  call.arguments = {"alerts", "watch", "--snapshot", "--alerts_only"};
  follow(absl::StrCat("due 2025-11-18, alert ", id));
  call.arguments = {"alerts",       "watch",        "--earliest",       "--alerts_only",
                    "--output=csv", "--token_file", directory / "token"};

  // Taken on, and muted for a while.
  EXPECT_THAT(leadlag({"alerts", "ack", id, "--by", "m.ortiz", "--note", "we meet on Friday"}).out,
              HasSubstr("of north / weekly is acknowledged by m.ortiz"));
  follow("ACKNOWLEDGED");
  EXPECT_THAT(leadlag({"alerts", "snooze", id, "--by", "coach", "--days", "2"}).out,
              HasSubstr("is snoozed until the morning of 2025-11-21"));
  const auto handled = ExpectThreeForms<v1::ListAlertsResponse>(leadlag, {"alerts", "list"}, "2025-11-21").alerts(0);
  EXPECT_EQ(handled.acknowledgement().by(), "m.ortiz");
  EXPECT_EQ(handled.snooze().remark().by(), "coach");
  EXPECT_THAT(leadlag({"alerts", "why", id}).out, HasSubstr("Acknowledged by m.ortiz on Wed 2025-11-19: \"we meet on Friday\"."));
  EXPECT_THAT(leadlag({"alerts", "snooze", id, "--by", "coach", "--end"}).out, HasSubstr("is not snoozed"));
  EXPECT_EQ(leadlag({"alerts", "snooze", id, "--by", "coach"}).exit_code, kExitUsage);
  result = leadlag({"alerts", "snooze", id, "--by", "coach", "--days", "0"});
  EXPECT_EQ(result.exit_code, kExitUsage);
  EXPECT_THAT(result.err, HasSubstr("--days: 0 is not 1 to 400"));
  EXPECT_EQ(leadlag({"alerts", "snooze", id, "--by", "coach", "--until", "2025-11-19"}).exit_code, kExitRefused);
  EXPECT_EQ(leadlag({"alerts", "ack", id}).exit_code, kExitUsage);
  follow("SNOOZE_ENDED");

  const std::string more = absl::StrReplaceAll(walk, {{"w-1", "w-2"}, {"2025-11-03", "2025-11-19"}});
  ASSERT_EQ(leadlag({"push", "--source", "forms"}, more).exit_code, kExitOk);
  follow("RESOLVED");
  EXPECT_THAT(leadlag({"alerts", "list"}).out, HasSubstr("no open alerts"));
  EXPECT_EQ(ExpectThreeForms<v1::ListAlertsResponse>(leadlag, {"alerts", "list", "--include_closed"}, "RESOLVED")
                .alerts_size(),
            1);

  EXPECT_THAT(leadlag({"alerts", "why", id}).out,
              AllOf(HasSubstr("due           2025-11-18"), HasSubstr("closed        2025-11-19T15:00:00.000005Z, RESOLVED"),
                    Not(HasSubstr("late from"))));
  // What nobody has ever heard of has not got no alerts.
  result = leadlag({"alerts", "list", "--team", "nroth"});
  EXPECT_EQ(result.exit_code, kExitRefused);
  EXPECT_THAT(result.err, HasSubstr("there is no team \"nroth\""));
  EXPECT_EQ(leadlag({"alerts", "list", "--expectation", "nope"}).exit_code, kExitRefused);
  EXPECT_THAT(leadlag({"alerts", "list", "--expectation", "forms"}).err, HasSubstr("\"forms\" is a source"));

  // An expectation for nobody is refused by its line.
  Write(catalog, absl::StrReplaceAll(Read(catalog), {{"expectations: [{id: weekly,", "expectations: [{id: weekly, team_labels: "
                                                                                     "{level: zip},"}}));
  result = leadlag({"apply", catalog});
  EXPECT_EQ(result.exit_code, kExitRefused) << Told(result);
  EXPECT_THAT(result.err, HasSubstr("expectations[0].team_labels: picks no team; give labels that a team has, or remove the expectation"));
  EXPECT_THAT(result.err, HasSubstr("catalog.yaml:"));
  Write(catalog, absl::StrReplaceAll(Read(catalog), {{" team_labels: {level: zip},", ""}}));

  // A rule beside the expectation; one that cannot be is refused by its line.
  const std::string without = Read(catalog);
  Write(catalog, without + "alert_rules:\n  - id: unread\n    review_overdue: {days: 500}\n    severity: ADVISORY\n");
  result = leadlag({"apply", catalog});
  EXPECT_EQ(result.exit_code, kExitRefused) << Told(result);
  EXPECT_THAT(result.err, HasSubstr("catalog.yaml:14: alert_rules[0].review_overdue.days: 500 is out of range; give 1 to 400"));
  Write(catalog, without + "alert_rules:\n  - id: unread\n    review_overdue: {days: 5}\n    severity: ADVISORY\n");
  ASSERT_EQ(leadlag({"apply", catalog}).exit_code, kExitOk);
  server.GoTo(Instant::Parse("2025-11-26T15:00:00Z").value());
  const auto raised = ExpectThreeForms<v1::ListAlertsResponse>(leadlag, {"alerts", "list", "--kind", "review-overdue"}, "RAISED");
  ASSERT_EQ(raised.alerts_size(), 1);
  EXPECT_EQ(raised.alerts(0).expectation(), "unread");
  EXPECT_EQ(raised.alerts(0).kind(), v1::ALERT_KIND_REVIEW_OVERDUE);
  EXPECT_EQ(raised.alerts(0).severity(), v1::SEVERITY_ADVISORY);
  const std::string rule_alert = raised.alerts(0).name().substr(raised.alerts(0).name().rfind('/') + 1);
  EXPECT_THAT(leadlag({"alerts", "why", rule_alert}).out, HasSubstr("2 records are unreviewed, the longest since Tue 2025-11-18"));
  EXPECT_THAT(leadlag({"alerts", "list", "--kind", "nonsense"}).err, HasSubstr("is not a kind of alert; give one of SIGNAL_OVERDUE"));
  EXPECT_THAT(leadlag({"alerts", "list", "--kind", "signal-overdue"}).out, HasSubstr("no open alerts"));
  EXPECT_EQ(leadlag({"review", "record", "north", "--date", "2025-11-26", "--indicator", "walks"}).exit_code, kExitOk);
  EXPECT_THAT(leadlag({"alerts", "list"}).out, HasSubstr("no open alerts"));
}

// ---- Real attendance ----

v1::Catalog NycCatalog(const NycAttendance& attendance, const CalendarSpec& spec) {
  v1::Catalog catalog;
  catalog.set_district("nyc-13");
  catalog.set_time_zone("America/New_York");
  catalog.set_default_calendar(spec.id);
  v1::Calendar& calendar = *catalog.add_calendars();
  calendar.set_id(spec.id);
  for (const SchoolYearSpec& spec_year : spec.years) {
    v1::SchoolYear& year = *calendar.add_years();
    year.set_id(spec_year.id);
    year.set_start_date(spec_year.bounds.from.ToString());
    year.set_end_date(spec_year.bounds.to.ToString());
    v1::Term& term = *year.add_terms();
    term.set_first_day(spec_year.terms.front().first_day.ToString());
    term.set_last_day(spec_year.terms.front().last_day.ToString());
  }
  for (const auto& exception : spec.exceptions) {
    v1::CalendarException& added = *calendar.add_exceptions();
    added.set_date(exception.date.ToString());
    added.set_kind(exception.kind == ExceptionKind::kMakeUpDay ? v1::CALENDAR_EXCEPTION_KIND_MAKE_UP_DAY
                                                               : v1::CALENDAR_EXCEPTION_KIND_OTHER_CLOSURE);
    added.set_label(exception.label);
  }
  for (const auto& [dbn, dates] : attendance.submitted) {
    v1::Team& team = *catalog.add_teams();
    team.set_id(absl::AsciiStrToLower(dbn));
    team.add_active_periods()->set_active_from("2013-07-01");
  }
  v1::Indicator& indicator = *catalog.add_indicators();
  indicator.set_id("attendance");
  indicator.set_role(v1::INDICATOR_ROLE_LEADING);
  indicator.set_category(v1::CATEGORY_STUDENT_EXPERIENCE);
  indicator.set_measure(v1::MEASURE_NUMBER);
  catalog.add_sources()->set_id("doe");
  v1::Expectation& daily = *catalog.add_expectations();
  daily.set_id("daily");
  daily.mutable_kind()->set_category(v1::CATEGORY_STUDENT_EXPERIENCE);
  daily.set_every_days(1);
  daily.set_grace_days(1);
  daily.set_allowance_days(0);
  daily.set_from("2013-07-01");
  return catalog;
}

// What the server answered, in core's words.
Cadence CadenceOf(const v1::TeamCadence& proto) {
  const auto date = [](const std::string& text) { return Date::Parse(text).value(); };
  const auto cycles = [](const v1::CycleCadence& c) { return CycleCadence{c.covered(), c.eligible(), c.streak()}; };
  Cadence cadence;
  cadence.signal_dates = proto.signal_dates();
  cadence.lagging_signal_dates = proto.lagging_signal_dates();
  cadence.gaps.assign(proto.gaps().begin(), proto.gaps().end());
  if (proto.has_median_gap_days()) cadence.median_gap = proto.median_gap_days();
  if (proto.has_p90_gap_days()) cadence.p90_gap = proto.p90_gap_days();
  cadence.open_gap = proto.open_gap_days();
  if (!proto.last_signal_date().empty()) cadence.last_signal = date(proto.last_signal_date());
  if (proto.has_longest_silence()) {
    const v1::Silence& silence = proto.longest_silence();
    cadence.longest_silence = Silence{static_cast<SilenceKind>(silence.kind()), silence.days(),
                                      date(silence.after_date()), date(silence.through_date())};
  }
  cadence.weeks = cycles(proto.weeks());
  cadence.months = cycles(proto.months());
  cadence.watched_days = proto.watched_days();
  cadence.on_track_days = proto.on_track_days();
  if (proto.has_burstiness()) cadence.burstiness = proto.burstiness();
  return cadence;
}

TEST_F(CliTest, EveryFigureOfTwoYearsOfRealAttendance) {
  const std::optional<std::string> file = NycAttendanceFile();
  if (!file) GTEST_SKIP() << NoNycAttendance();
  const absl::StatusOr<NycAttendance> attendance = ReadNycAttendance(*file);
  ASSERT_TRUE(attendance.ok()) << attendance.status();
  const CalendarSpec spec = attendance->Calendar();
  int submitted = 0;
  for (const auto& [dbn, dates] : attendance->submitted) submitted += static_cast<int>(dates.size());

  const Leadlag leadlag(server_->target(), "nyc-13");
  std::string json;
  ASSERT_TRUE(google::protobuf::util::MessageToJsonString(NycCatalog(*attendance, spec), &json).ok());
  Write(directory_ / "catalog.json", json);
  ProgramResult result = leadlag({"apply", directory_ / "catalog.json"});
  ASSERT_EQ(result.exit_code, kExitOk) << Told(result);
  const std::string csv = directory_ / "district13.csv";  // a copy: refused rows are written beside it
  Write(csv, Read(*file));
  const std::vector<std::string> import = {"import",        csv,
                                           "--map",         "event_date=date",
                                           "--map",         "team=dbn",
                                           "--lowercase",   "team",
                                           "--map",         "number=attn_pct_at_4pm",
                                           "--map",         "evidence_id={date}-{dbn}",
                                           "--set",         "indicator=attendance",
                                           "--set",         "source=doe",
                                           "--skip",        "number=NS",
                                           "--date_format", "YYYYMMDD",
                                           "--output=json"};
  result = leadlag(import);
  ASSERT_EQ(result.exit_code, kExitOk) << Told(result);
  EXPECT_EQ(FromJson<v1::RecordEvidenceResponse>(result.out).result().new_count(), submitted);
  result = leadlag(import);
  ASSERT_EQ(result.exit_code, kExitOk) << Told(result);
  EXPECT_EQ(FromJson<v1::RecordEvidenceResponse>(result.out).result().same_count(), submitted);

  Stubs stubs(server_->target());
  const NaiveCalendar naive(spec);
  v1::SignalKind any, category, indicator;
  any.set_any_leading(true);
  category.set_category(v1::CATEGORY_STUDENT_EXPERIENCE);
  indicator.set_indicator("attendance");
  ASSERT_EQ(attendance->submitted.size(), 22u);
  ASSERT_EQ(spec.years.size(), 2u);
  int compared = 0;
  for (const auto& [dbn, dates] : attendance->submitted) {
    for (const SchoolYearSpec& year : spec.years) {
      for (const v1::SignalKind& kind : {any, category, indicator}) {
        TestContext context;
        v1::GetTeamCadenceRequest request;
        v1::GetTeamCadenceResponse response;
        request.set_name("districts/nyc-13/teams/" + absl::AsciiStrToLower(dbn));
        *request.mutable_kind() = kind;
        request.set_start_date(year.bounds.from.ToString());
        request.set_end_date(year.bounds.to.ToString());
        const grpc::Status status = stubs.cadence->GetTeamCadence(&context, request, &response);
        ASSERT_TRUE(status.ok()) << Text(status);
        const v1::TeamCadence& answer = response.cadence();
        EXPECT_EQ(answer.today(), year.bounds.to.ToString());

        NaiveCadenceInput input;
        input.calendar = &naive;
        input.window = year.bounds;
        input.today = year.bounds.to;
        input.active = {{Date::FromYmd(2013, 7, 1), std::nullopt}};
        input.signals = dates;
        // Only the very kind that the expectation is about has an on-track share.
        if (kind.has_category()) input.watch = WatchTerms{1, 1, 0, MinuteOfDay{420}, Date::FromYmd(2013, 7, 1)};
        EXPECT_EQ(CadenceDifference(naive, NaiveCadence(input), CadenceOf(answer)), "")
            << dbn << " in " << year.id << ", " << kind.ShortDebugString();
        EXPECT_EQ(answer.expectation(), kind.has_category() ? "daily" : "");
        // Both years are long over, and everything became known today: no debt.
        EXPECT_EQ(answer.days_past_due(), 0);
        EXPECT_EQ(answer.unreviewed_records(), 0);
        ++compared;
      }
    }
  }
  EXPECT_EQ(compared, 22 * 2 * 3);
  EXPECT_EQ(leadlag({"admin", "verify"}).exit_code, kExitOk);
}

}  // namespace
}  // namespace leadlag
