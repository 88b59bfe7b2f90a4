#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "client/cli/app.h"
#include "client/cli/catalog_file.h"
#include "client/cli/json.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "leadlag/v1/error.pb.h"
#include "tests/client/fake_server.h"
#include "tests/support/shared_data.h"

namespace leadlag::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct Outcome {
  int code = 0;
  std::string out;
  std::string err;
};

class CommandLine : public testing::Test {
 protected:
  CommandLine() {
    unsetenv("LEADLAG_SERVER");
    unsetenv("LEADLAG_DISTRICT");
    std::string pattern = testing::TempDir() + "leadlag_XXXXXX";
    directory_ = mkdtemp(pattern.data());
  }
  ~CommandLine() override { std::filesystem::remove_all(directory_); }

  Outcome Run(const std::vector<std::string>& arguments, const std::string& input = "", bool terminal = false) {
    std::ostringstream out, err;
    int ends[2];
    EXPECT_EQ(pipe(ends), 0);
    EXPECT_EQ(write(ends[1], input.data(), input.size()), static_cast<ssize_t>(input.size()));
    close(ends[1]);
    const int code =
        RunCommandLine(arguments, Terminal{.in_fd = ends[0], .out = out, .err = err, .progress_err = terminal},
                       server_.NewClient({.attempts_max = 2}));
    close(ends[0]);
    return {code, out.str(), err.str()};
  }

  std::string Write(const std::string& name, const std::string& text) {
    const std::string path = directory_ + "/" + name;
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }

  // A server that stores records by id and refuses those of team "nobody".
  void StoreEvidence() {
    server_.script.stream_evidence = [this](ServerScript::EvidenceCall& call) {
      v1::StreamEvidenceRequest request;
      call.Read(&request);
      parent_ = request.open().parent();
      while (call.Read(&request)) {
        ++batches_;
        v1::StreamEvidenceResponse ack;
        ack.set_batch_id(request.batch().batch_id());
        v1::BatchResult& result = *ack.mutable_result();
        for (int i = 0; i < request.batch().records_size(); ++i) Store(request.batch().records(i), i, result);
        if (request.batch().complete_through() == "never") {
          ack.clear_result();
          ack.mutable_error()->set_code("INVALID_ARGUMENT");
          ack.mutable_error()->set_field("batch.complete_through");
          ack.mutable_error()->set_reason("\"never\" is not a date");
        } else if (!request.batch().complete_through().empty()) {
          complete_through_ = request.batch().complete_through();
        }
        call.Write(ack);
      }
      return grpc::Status::OK;
    };
  }

  FakeServer server_;
  std::string directory_;
  std::map<std::string, std::string> stored_;
  std::string parent_;
  std::string complete_through_;
  int batches_ = 0;

 private:
  void Store(const v1::EvidenceRecord& record, int index, v1::BatchResult& result) {
    if (record.team() == "nobody") {
      v1::RecordFailure* failure = result.add_failures();
      failure->set_index(index);
      failure->set_field("team");
      failure->set_reason("no such team");
      result.set_failed_count(result.failed_count() + 1);
      return;
    }
    const auto [found, is_new] = stored_.try_emplace(record.evidence_id(), record.SerializeAsString());
    if (is_new) {
      result.set_new_count(result.new_count() + 1);
    } else if (found->second == record.SerializeAsString()) {
      result.set_same_count(result.same_count() + 1);
    } else {
      found->second = record.SerializeAsString();
      result.set_revised_count(result.revised_count() + 1);
    }
  }
};

TEST_F(CommandLine, UsageErrorsAndHelp) {
  EXPECT_EQ(Run({}).code, kExitUsage);
  EXPECT_EQ(Run({"cadense"}).code, kExitUsage);
  EXPECT_EQ(Run({"alerts"}).code, kExitUsage);
  EXPECT_EQ(Run({"--output=xml", "cadence"}).code, kExitUsage);
  EXPECT_EQ(Run({"cadence"}).code, kExitUsage);  // no district
  EXPECT_EQ(Run({"apply", "/no/such/file"}).code, kExitUsage);
  const Outcome help = Run({"--help"});
  EXPECT_EQ(help.code, kExitOk);
  EXPECT_THAT(help.out, HasSubstr("Exit codes"));
  for (const char* command : {"apply", "export", "import", "push", "cadence", "latency", "timeline", "evidence",
                              "review", "inquiry", "alerts", "backtest", "calendar", "simulate", "admin", "completion"}) {
    EXPECT_THAT(help.out, HasSubstr(command));
    EXPECT_EQ(Run({"help", command}).code, kExitOk) << command;
    EXPECT_EQ(Run({command, "--help"}).code, kExitOk) << command;
  }
}

TEST_F(CommandLine, ApplyPutsTheServersProblemsAtTheirLines) {
  server_.script.apply_catalog = [](const v1::ApplyCatalogRequest& request, auto&, grpc::ServerContext& context) {
    EXPECT_TRUE(request.dry_run());
    EXPECT_EQ(request.expected_version(), 0);
    EXPECT_TRUE(request.has_expected_version());
    v1::ErrorDetails details;
    v1::Problem* problem = details.add_problems();
    problem->set_field("teams[1].active_periods[0].active_from");
    problem->set_reason("2025-13-01 is not a date");
    AddDetails(context, details);
    return grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "bad");
  };
  const std::string path = Write(
      "c.yaml", "district: d\nteams:\n  - {id: a}\n  - id: b\n    active_periods:\n      - active_from: 2025-13-01\n");
  const Outcome outcome = Run({"apply", path, "--dry_run", "--expected_version", "0"});
  EXPECT_EQ(outcome.code, kExitRefused);
  EXPECT_EQ(outcome.err, "leadlag: " + path + ":6: teams[1].active_periods[0].active_from: 2025-13-01 is not a date\n");
}

TEST_F(CommandLine, ApplyPrintsWhatChangesAndLocalErrorsSendNothing) {
  int calls = 0;
  server_.script.apply_catalog = [&](const auto&, v1::ApplyCatalogResponse& response, auto&) {
    ++calls;
    response.mutable_catalog()->set_version(3);
    response.set_change_count(1);
    v1::CatalogChange* change = response.add_changes();
    change->set_kind(v1::CATALOG_CHANGE_KIND_CHANGED);
    change->set_path("teams/p-12");
    change->set_detail("labels");
    return grpc::Status::OK;
  };
  const std::string good = Write("good.yaml", "district: d\n");
  EXPECT_EQ(Run({"apply", good}).out, "~ teams/p-12: labels\nversion 3 is in force\n");
  EXPECT_THAT(Run({"apply", good, "--output=json"}).out, HasSubstr("\"changeCount\": 1"));
  EXPECT_EQ(Run({"apply", good, "--output=csv"}).out, "kind,path,detail\r\nCHANGED,teams/p-12,labels\r\n");
  EXPECT_EQ(calls, 3);
  const Outcome bad = Run({"apply", Write("bad.yaml", "district: d\nteems: []\n")});
  EXPECT_EQ(bad.code, kExitRefused);
  EXPECT_THAT(bad.err, HasSubstr("bad.yaml:2: unknown key \"teems\""));
  EXPECT_EQ(Run({"--district=other", "apply", good}).code, kExitRefused);
  EXPECT_EQ(calls, 3);
}

TEST_F(CommandLine, CodesOfTheServerAreExitCodes) {
  grpc::StatusCode code = grpc::StatusCode::OK;
  server_.script.list_team_cadence = [&](const auto&, auto&) { return grpc::Status(code, "said so"); };
  for (const auto& [status, exit] : {std::pair(grpc::StatusCode::UNAVAILABLE, kExitUnavailable),
                                     {grpc::StatusCode::DEADLINE_EXCEEDED, kExitUnavailable},
                                     {grpc::StatusCode::DATA_LOSS, kExitDataLoss},
                                     {grpc::StatusCode::NOT_FOUND, kExitRefused},
                                     {grpc::StatusCode::INVALID_ARGUMENT, kExitRefused}}) {
    code = status;
    const Outcome outcome = Run({"--district", "d", "cadence"});
    EXPECT_EQ(outcome.code, exit);
    EXPECT_THAT(outcome.err, HasSubstr("said so"));
  }
}

TEST_F(CommandLine, CadenceReadsEveryPageAndTheEnvironment) {
  setenv("LEADLAG_DISTRICT", "d", 1);
  server_.script.list_team_cadence = [](const v1::ListTeamCadenceRequest& request,
                                        v1::ListTeamCadenceResponse& response) {
    EXPECT_EQ(request.parent(), "districts/d");
    EXPECT_EQ(request.labels().at("level"), "high");
    EXPECT_EQ(request.kind().category(), v1::CATEGORY_WALKTHROUGH);
    v1::TeamOverview* team = response.add_teams();
    team->set_team(request.page_token().empty() ? "north" : "south");
    team->set_state(v1::WATCH_STATE_LATE);
    team->set_open_gap_days(12);
    if (request.page_token().empty()) response.set_next_page_token("more");
    return grpc::Status::OK;
  };
  const std::vector<std::string> arguments = {"cadence", "--kind=walkthrough", "--label", "level=high"};
  EXPECT_EQ(Run(arguments).out,
            "TEAM   STATE  DUE  LAST SIGNAL  OPEN GAP  DAYS PAST DUE  UNREVIEWED\n"
            "north  LATE                           12              0           0\n"
            "south  LATE                           12              0           0\n");
  v1::ListTeamCadenceResponse all;
  EXPECT_TRUE(FromJson(Run({"--output=json", "cadence", "--kind=WALKTHROUGH", "--label=level=high"}).out, all).ok());
  EXPECT_EQ(all.teams_size(), 2);
  EXPECT_EQ(all.next_page_token(), "");
  unsetenv("LEADLAG_DISTRICT");
}

TEST_F(CommandLine, ImportStoresSkipsAndRejectsAndMayRunAgain) {
  StoreEvidence();
  const std::string csv =
      Write("in.csv",
            "day,school,pct\r\n2025-09-04,NORTH,90\r\n2025-09-05,NORTH,NS\r\n2025-09-08,NORTH,9o\r\n"
            "2025-09-09,Nobody,91\r\n2025-09-10,NORTH,92\r\n");
  const std::vector<std::string> arguments = {
      "--district=d", "import", csv,          "--map",       "event_date=day", "--map",
      "team=school",  "--map",  "number=pct", "--set",       "indicator=pct",  "--set",
      "source=s",     "--skip", "number=NS",  "--lowercase", "team",           "--complete_through",
      "2025-09-10"};
  const Outcome first = Run(arguments);
  EXPECT_EQ(first.code, kExitRefused);
  EXPECT_EQ(first.out, "5 rows read: 2 new, 0 the same, 0 revised, 0 voided, 1 refused, 1 skipped, 1 unreadable\n");
  EXPECT_EQ(parent_, "districts/d/sources/s");
  EXPECT_EQ(complete_through_, "");
  EXPECT_THAT(first.err, HasSubstr("--complete_through was not sent"));
  EXPECT_THAT(first.err, HasSubstr(csv + ":4: pct: \"9o\" is not a number"));
  EXPECT_THAT(first.err, HasSubstr(csv + ":5: school: no such team"));
  const auto rejects = ReadFile(csv + ".rejects.csv");
  ASSERT_TRUE(rejects.ok());
  EXPECT_EQ(*rejects,
            "reject_line,reject_column,reject_reason,day,school,pct\r\n"
            "4,pct,\"\"\"9o\"\" is not a number (digits with a point; no unit, no comma)\",2025-09-08,NORTH,9o\r\n"
            "5,school,no such team,2025-09-09,Nobody,91\r\n");
  EXPECT_THAT(Run(arguments).out, HasSubstr("0 new, 2 the same"));
  EXPECT_EQ(stored_.size(), 2u);
  // A clean run takes the rejects of an earlier one away.
  Write("in.csv", "day,school,pct\n2025-09-04,NORTH,90\n");
  EXPECT_EQ(Run(arguments).code, kExitOk);
  EXPECT_FALSE(std::filesystem::exists(csv + ".rejects.csv"));
  EXPECT_EQ(complete_through_, "2025-09-10");
}

// A row that is malformed stays as it stands, and so is refused until somebody mends it.
TEST_F(CommandLine, ImportOfTheRejectsRefusesMalformedRowsUntilTheyAreMended) {
  StoreEvidence();
  const std::vector<std::string> bad = {"2025-09-05,north,1\"2", "2025-09-08,\"north\"x,3", "2025-09-09,north",
                                        "2025-09-10,\"north,4"};
  std::string text = "day,school,pct\r\n2025-09-04,north,90\r\n";
  for (const std::string& row : bad) text += row + "\r\n";
  std::string file = Write("in.csv", text);
  const auto import = [&] {
    return Run({"--district=d", "import", file, "--map", "event_date=day", "--map", "team=school", "--map",
                "number=pct", "--set", "indicator=pct", "--set", "source=s"});
  };
  EXPECT_EQ(import().code, kExitRefused);
  EXPECT_EQ(stored_.size(), 1u);
  for (int round = 0; round < 3; ++round) {
    file += ".rejects.csv";
    const auto rejects = ReadFile(file);
    ASSERT_TRUE(rejects.ok()) << rejects.status();
    // The same columns each time, though the rows come from a rejects file.
    EXPECT_THAT(*rejects, testing::StartsWith("reject_line,reject_column,reject_reason,day,school,pct\r\n"));
    for (const std::string& row : bad) EXPECT_THAT(*rejects, HasSubstr("," + row + "\r\n"));
    const Outcome again = import();
    EXPECT_EQ(again.code, kExitRefused);
    EXPECT_THAT(again.out, HasSubstr("4 rows read: 0 new"));
    EXPECT_EQ(stored_.size(), 1u);
  }
  std::string mended = *ReadFile(file);
  mended.replace(mended.find(bad[0]), bad[0].size(), "2025-09-05,north,12");
  mended.replace(mended.find(bad[1]), bad[1].size(), "2025-09-08,north,3");
  Write(std::filesystem::path(file).filename(), mended);
  EXPECT_THAT(import().out, HasSubstr("2 new"));
  EXPECT_EQ(stored_.size(), 3u);
}

TEST_F(CommandLine, ImportNamesWhatIsNotUtf8) {
  StoreEvidence();
  const auto import = [&](const std::string& text) {
    return Run({"--district=d", "import", Write("in.csv", text), "--map", "event_date=day", "--map", "team=school",
                "--map", "number=pct", "--map", "note=remark", "--set", "indicator=pct", "--set", "source=s"});
  };
  testing::internal::CaptureStderr();
  const Outcome latin = import("day,school,pct,remark,,\n2025-09-04,north,1,Z\xFCrich,,\n2025-09-05,north,1,ok,,\n");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  EXPECT_EQ(latin.code, kExitRefused);
  EXPECT_THAT(latin.err, HasSubstr("in.csv:2: remark: \"Z\\xfcrich\" is not UTF-8"));
  EXPECT_EQ(stored_.size(), 1u);
  const Outcome wide =
      import(std::string("\xFF\xFE"
                         "d\0a\0y\0\n\0",
                         10));
  EXPECT_EQ(wide.code, kExitUsage);
  EXPECT_THAT(wide.err, HasSubstr("in.csv:1: the file is in UTF-16; save it as UTF-8"));
}

TEST_F(CommandLine, ImportDryRunChecksAgainstTheCatalogAndSendsNothing) {
  server_.script.export_catalog = [](const auto&, v1::ExportCatalogResponse& response) {
    v1::Catalog& catalog = *response.mutable_catalog();
    catalog.add_sources()->set_id("s");
    v1::Team* team = catalog.add_teams();
    team->set_id("north");
    v1::ExternalId* external = team->add_external_ids();
    external->set_system("nces");
    external->set_value("0042");
    v1::Indicator* indicator = catalog.add_indicators();
    indicator->set_id("pct");
    indicator->set_measure(v1::MEASURE_NUMBER);
    return grpc::Status::OK;
  };
  const std::string csv = Write("in.csv", "day,school,pct\n2025-09-04,0042,90\n2025-09-05,42,91\n");
  const std::string map = Write("map.yaml",
                                "map: {event_date: day, team: school, number: pct}\nset: {indicator: pct, source: s}\n"
                                "team_by: external_id:nces\n");
  const Outcome outcome = Run({"--district=d", "import", csv, "--map_file", map, "--dry_run"});
  EXPECT_EQ(outcome.code, kExitRefused);
  EXPECT_EQ(outcome.out, "dry run: 2 rows read, 1 good, 0 skipped, 1 refused; nothing was sent\n");
  EXPECT_THAT(outcome.err, HasSubstr(":3: school: no single team has the external id \"42\""));
  EXPECT_EQ(Run({"--district=d", "import", csv, "--map_file", map, "--map", "team=x"}).code, kExitUsage);
  // The real run's rejects are none of a dry run's business.
  EXPECT_FALSE(std::filesystem::exists(csv + ".rejects.csv"));
  const std::string rejects = Write("in.csv.rejects.csv", "of the real run\n");
  Run({"--district=d", "import", csv, "--map_file", map, "--dry_run"});
  EXPECT_EQ(*ReadFile(rejects), "of the real run\n");
  Write("in.csv", "day,school,pct\n2025-09-04,0042,90\n");
  EXPECT_EQ(Run({"--district=d", "import", csv, "--map_file", map, "--dry_run"}).code, kExitOk);
  EXPECT_EQ(*ReadFile(rejects), "of the real run\n");
}

TEST_F(CommandLine, ImportOfTheNycFeed) {
  const std::string shared = SharedDataDirectory();
  if (shared.empty()) GTEST_SKIP() << kNoSharedData;
  StoreEvidence();
  const std::string csv = directory_ + "/nyc.csv";
  std::filesystem::copy(shared + "/nyc-attendance/district13.csv", csv);
  const std::vector<std::string> arguments = {"--district=nyc",
                                              "import",
                                              csv,
                                              "--map",
                                              "event_date=date",
                                              "--map",
                                              "team=dbn",
                                              "--map",
                                              "number=attn_pct_at_4pm",
                                              "--map",
                                              "evidence_id={date}-{dbn}",
                                              "--set",
                                              "indicator=attendance",
                                              "--set",
                                              "source=nyc",
                                              "--skip",
                                              "number=NS",
                                              "--lowercase",
                                              "team",
                                              "--date_format",
                                              "YYYYMMDD"};
  EXPECT_EQ(Run(arguments).out, "7106 rows read: 6464 new, 0 the same, 0 revised, 0 voided, 0 refused, 642 skipped\n");
  EXPECT_EQ(Run(arguments).out, "7106 rows read: 0 new, 6464 the same, 0 revised, 0 voided, 0 refused, 642 skipped\n");
  EXPECT_EQ(stored_.size(), 6464u);
}

TEST_F(CommandLine, PushStoresLinesAndNamesBadOnes) {
  StoreEvidence();
  const Outcome outcome = Run({"--district=d", "push", "--source", "s"},
                              "{\"evidenceId\": \"a\", \"team\": \"north\", \"indicator\": \"i\", \"eventDate\": "
                              "\"2025-09-04\", \"number\": 1}\n"
                              "\n"
                              "{\"evidenceId\": \n"
                              "{\"evidenceId\": \"b\", \"teem\": \"north\"}\n"
                              "{\"evidenceId\": \"c\", \"team\": \"nobody\"}\r\n"
                              "{\"evidence_id\": \"d\", \"team\": \"north\"}");
  EXPECT_EQ(outcome.code, kExitRefused);
  EXPECT_EQ(outcome.out, "2 new, 0 the same, 0 revised, 0 voided, 1 refused, 2 unreadable\n");
  EXPECT_THAT(outcome.err, HasSubstr("line 3: "));
  EXPECT_THAT(outcome.err, HasSubstr("line 4: "));
  EXPECT_THAT(outcome.err, HasSubstr("line 5: team: no such team"));
  EXPECT_EQ(stored_.size(), 2u);
}

TEST_F(CommandLine, PushWithholdsCompleteThroughWhereALineWasRefused) {
  StoreEvidence();
  const std::string good = "{\"evidenceId\": \"a\", \"team\": \"north\"}\n";
  const std::vector<std::string> arguments = {"--district=d",       "push",      "--source", "s",
                                              "--complete_through", "2025-09-10"};
  for (const std::string bad : {"{\"evidenceId\": \n", "{\"evidenceId\": \"c\", \"team\": \"nobody\"}\n"}) {
    const Outcome outcome = Run(arguments, good + bad);
    EXPECT_EQ(outcome.code, kExitRefused);
    EXPECT_EQ(complete_through_, "");
    EXPECT_THAT(outcome.err, HasSubstr("--complete_through was not sent"));
  }
  const Outcome outcome = Run(arguments, good);
  EXPECT_EQ(outcome.code, kExitOk);
  EXPECT_EQ(outcome.err, "");
  EXPECT_EQ(complete_through_, "2025-09-10");
}

TEST_F(CommandLine, PushTellsThatCompleteThroughWasRefused) {
  StoreEvidence();
  const Outcome outcome = Run({"--district=d", "push", "--source=s", "--complete_through=never"});
  EXPECT_EQ(outcome.code, kExitRefused);
  EXPECT_THAT(outcome.err, HasSubstr("leadlag: complete_through: \"never\" is not a date"));
}

// An export that failed looks the same: the source is not to seem alive.
TEST_F(CommandLine, AnEmptyInputIsNoHeartbeatAndSaysSo) {
  StoreEvidence();
  const std::vector<std::string> arguments = {"--district=d", "push", "--source", "s"};
  for (const char* input : {"", "\n \n"}) {
    const Outcome outcome = Run(arguments, input);
    EXPECT_EQ(outcome.code, kExitOk);
    EXPECT_EQ(batches_, 0);
    EXPECT_EQ(outcome.err,
              "leadlag: the input was empty: nothing was sent, and the source was not heard; if it has no news, give "
              "--heartbeat\n");
  }
  std::vector<std::string> alive = arguments;
  alive.push_back("--heartbeat");
  EXPECT_EQ(Run(alive).err, "");
  EXPECT_EQ(batches_, 1);
  alive = arguments;
  alive.insert(alive.end(), {"--complete_through", "2025-09-10"});
  EXPECT_EQ(Run(alive).err, "");
  EXPECT_EQ(batches_, 2);

  const std::string file = directory_ + "/empty.csv";
  std::ofstream(file) << "id,team,date\n";
  const Outcome imported = Run({"--district=d", "import", file, "--set", "source=s", "--map", "evidence_id=id", "--map",
                                "team=team", "--map", "event_date=date", "--set", "indicator=i", "--set", "number=1"});
  EXPECT_EQ(imported.code, kExitOk) << imported.err;
  EXPECT_THAT(imported.err, HasSubstr("there is no row to store: nothing was sent, and the source was not heard"));
  EXPECT_EQ(batches_, 2);
}

TEST_F(CommandLine, PushBridgesAnOutageAndSaysSo) {
  StoreEvidence();
  const auto store = server_.script.stream_evidence;
  int calls = 0;
  server_.script.stream_evidence = [&](ServerScript::EvidenceCall& call) {
    return ++calls <= 30 ? Draining() : store(call);
  };
  const std::string line = "{\"evidenceId\": \"a\", \"team\": \"north\"}\n";
  const std::vector<std::string> arguments = {"--district=d", "push", "--source", "s"};
  const Outcome outcome = Run(arguments, line);
  EXPECT_EQ(outcome.code, kExitOk);
  EXPECT_EQ(stored_.size(), 1u);
  EXPECT_EQ(outcome.err,
            "leadlag: no connection to 127.0.0.1:7401 (draining); trying again for up to 300 s, and sending again what "
            "was not acknowledged\nleadlag: 127.0.0.1:7401 answers again\n");
  calls = 0;
  EXPECT_THAT(Run(arguments, line, /*terminal=*/true).err, HasSubstr("no connection to 127.0.0.1:7401: failure 30"));
  calls = -1000;
  std::vector<std::string> impatient = arguments;
  impatient.insert(impatient.end(), {"--outage_seconds", "10"});
  const Outcome given_up = Run(impatient, line);
  EXPECT_EQ(given_up.code, kExitUnavailable);
  EXPECT_THAT(given_up.err, HasSubstr("0 records were acknowledged; send the rest, or all, again"));
}

TEST_F(CommandLine, AlertsWatchKeepsItsTokenAndSaysWhatToDoWhenItIsLost) {
  const std::string token = directory_ + "/token";
  server_.script.subscribe = [](const v1::SubscribeRequest& request, grpc::ServerWriter<v1::SubscribeResponse>& writer,
                                auto&) {
    if (request.token() == "t1") return grpc::Status(grpc::StatusCode::OUT_OF_RANGE, "too old");
    v1::SubscribeResponse message;
    v1::Flip* flip = message.add_flips();
    flip->set_sequence(1);
    flip->set_team("north");
    flip->set_to_state(v1::WATCH_STATE_LATE);
    message.set_token("t1");
    writer.Write(message);
    return grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "enough");
  };
  const Outcome first = Run({"--district=d", "alerts", "watch", "--token_file", token});
  EXPECT_EQ(first.code, kExitRefused);
  EXPECT_THAT(first.out, HasSubstr("#1  north"));
  EXPECT_EQ(*ReadFile(token), "t1");
  const Outcome second = Run({"--district=d", "alerts", "watch", "--token_file", token});
  EXPECT_EQ(second.code, kExitRefused);
  EXPECT_THAT(second.err, HasSubstr("--snapshot_when_lost"));
}

TEST_F(CommandLine, AlertsWatchTakesOnlyAnAbsentFileForNoToken) {
  std::vector<std::string> starts;
  server_.script.subscribe = [&](const v1::SubscribeRequest& request, auto&, auto&) {
    starts.push_back(request.snapshot() ? "snapshot" : request.earliest() ? "earliest" : "now");
    return grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "enough");
  };
  const auto watch = [&](const std::string& file, const std::string& more) {
    return Run({"--district=d", "alerts", "watch", "--token_file", file, more});
  };
  const std::string empty = Write("empty", "");
  for (const std::string& file : {empty, directory_, empty + "/token"}) {
    const Outcome outcome = watch(file, "--earliest");
    EXPECT_EQ(outcome.code, kExitUsage) << file;
    EXPECT_THAT(outcome.err, HasSubstr(file + ": "));
  }
  EXPECT_THAT(starts, ElementsAre());
  EXPECT_EQ(watch(empty, "--snapshot").code, kExitRefused);
  EXPECT_EQ(watch(directory_ + "/absent", "--earliest").code, kExitRefused);
  EXPECT_EQ(watch(directory_ + "/absent", "--alerts_only").code, kExitRefused);
  EXPECT_THAT(starts, ElementsAre("snapshot", "earliest", "now"));
}

TEST_F(CommandLine, CalendarTellsUsageFromContent) {
  const std::string file = Write("c.yaml", "district: d\ncalendars: [{id: m}]\ndefault_calendar: m\n");
  const std::string ics = Write("c.ics", "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n");
  for (const std::vector<std::string>& question :
       {std::vector<std::string>{"show"}, {"nth", "2025-09-04", "1"}, {"between", "2025-09-04", "2025-09-05"}}) {
    const auto ask = [&](std::vector<std::string> more) {
      std::vector<std::string> arguments = {"calendar"};
      arguments.insert(arguments.end(), question.begin(), question.end());
      arguments.insert(arguments.end(), more.begin(), more.end());
      return Run(arguments).code;
    };
    EXPECT_EQ(ask({}), kExitUsage) << question[0];
    EXPECT_EQ(ask({"--file", directory_ + "/absent.yaml"}), kExitUsage) << question[0];
    EXPECT_EQ(ask({"--file", directory_ + "/absent.ics", "--school_year=2025-26"}), kExitUsage) << question[0];
    EXPECT_EQ(ask({"--file", ics}), kExitUsage) << question[0];
    EXPECT_EQ(ask({"--file", ics, "--school_year=2025-26", "--rule=x=HOLLIDAY"}), kExitUsage) << question[0];
    EXPECT_EQ(ask({"--file", ics, "--school_year=2025-26"}), kExitRefused) << question[0];
    EXPECT_EQ(ask({"--file", file, "--calendar=other"}), kExitRefused) << question[0];
  }
}

TEST_F(CommandLine, CalendarAnswersFromAFile) {
  const std::string file =
      Write("c.yaml",
            "district: d\ndefault_calendar: m\ncalendars:\n  - id: m\n    years:\n      - id: 2025-26\n        terms: "
            "[{first_day: 2025-09-01, last_day: 2026-06-19}]\n    exceptions: [{date: 2025-09-01, kind: HOLIDAY}]\n");
  EXPECT_EQ(Run({"calendar", "nth", "2025-08-31", "1", "--file", file}).out, "2025-09-02\n");
  EXPECT_EQ(Run({"calendar", "between", "2025-09-02", "2025-09-12", "--file", file}).out, "8\n");
  EXPECT_THAT(Run({"calendar", "show", "--file", file}).out,
              HasSubstr("2025-26: 209 instructional days, 2025-09-02 to 2026-06-19"));
  EXPECT_THAT(Run({"calendar", "show", "--view=months", "--file", file}).out,
              HasSubstr("September 2025, 21 instructional days"));
  EXPECT_EQ(Run({"calendar", "nth", "2026-06-19", "1", "--file", file}).code, kExitRefused);
  EXPECT_EQ(Run({"calendar", "nth", "soon", "1", "--file", file}).code, kExitUsage);
}

TEST_F(CommandLine, SimulateWritesWhatTheOthersRead) {
  const std::string directory = directory_ + "/sim";
  ASSERT_EQ(Run({"simulate", directory, "--start=2025-09-01", "--teams=3", "--weeks=12"}).code, kExitOk);
  EXPECT_TRUE(CatalogFile::Load(directory + "/catalog.yaml").ok());
  StoreEvidence();
  const Outcome imported =
      Run({"--district=sample", "import", directory + "/evidence.csv", "--map_file", directory + "/evidence.map.yaml"});
  EXPECT_EQ(imported.code, kExitOk) << imported.err;
  const size_t by_csv = stored_.size();
  const auto ndjson = ReadFile(directory + "/evidence.ndjson");
  ASSERT_TRUE(ndjson.ok());
  EXPECT_GT(by_csv, 50u);
  EXPECT_NE(ndjson->find("\"evidenceId\""), std::string::npos);
}

TEST_F(CommandLine, SimulateWritesAnEvenFlowOfSoManyRecords) {
  const std::string directory = directory_ + "/flow";
  const std::vector<std::string> command = {"simulate", directory, "--start=2025-09-01", "--teams=20",
                                            "--records=1200"};
  ASSERT_EQ(Run(command).code, kExitOk);
  StoreEvidence();
  const Outcome imported =
      Run({"--district=sample", "import", directory + "/evidence.csv", "--map_file", directory + "/evidence.map.yaml"});
  EXPECT_EQ(imported.code, kExitOk) << imported.err;
  EXPECT_EQ(stored_.size(), 1'200u);
  const auto ndjson = ReadFile(directory + "/evidence.ndjson");
  ASSERT_TRUE(ndjson.ok());
  EXPECT_EQ(std::count(ndjson->begin(), ndjson->end(), '\n'), 1'200);
  ASSERT_EQ(Run(command).code, kExitOk);
  EXPECT_EQ(*ReadFile(directory + "/evidence.ndjson"), *ndjson);
  // No record of a flow is corrected or voided, and a flow of none is none.
  for (const char* flag : {"--void_share=0.1", "--correction_share=0.1"})
    EXPECT_EQ(Run({"simulate", directory, "--records=9", flag}).code, kExitUsage) << flag;
  for (const char* records : {"--records=0", "--records=-1", "--records=100000001"})
    EXPECT_EQ(Run({"simulate", directory, records}).code, kExitUsage) << records;
}

TEST_F(CommandLine, CompletionKnowsCommandsAndFlags) {
  const Outcome bash = Run({"completion", "bash"});
  EXPECT_EQ(bash.code, kExitOk);
  EXPECT_THAT(bash.out, HasSubstr("'alerts') words='list watch why"));
  EXPECT_THAT(bash.out, HasSubstr("'import') words='--complete_through"));
  EXPECT_THAT(bash.out, HasSubstr("--district"));
  EXPECT_THAT(Run({"completion", "zsh"}).out, HasSubstr("bashcompinit"));
  EXPECT_EQ(Run({"completion", "fish"}).code, kExitUsage);
}

}  // namespace
}  // namespace leadlag::cli
