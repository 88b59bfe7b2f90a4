// One byte changed in each file of a server's data directory, at several places: leadlagd refuses to start and says
// that data are damaged, or it serves, and then each answer is right or DATA_LOSS. Never a wrong answer.
// tests/storage/damage_test.cc has every byte of small files.
//
//   LEADLAG_SEED=7 integration_flipped_bytes_test     // other places
//   LEADLAG_LONG=1 integration_flipped_bytes_test     // many more
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/clock.h"
#include "tests/integration/busy_district.h"
#include "tests/support/server_process.h"

namespace leadlag {
namespace {

namespace fs = std::filesystem;

constexpr int kTeams = 6;

// The catalog of the other tests, but with notify time half a day away: the clock makes no flips while this runs.
v1::Catalog QuietCatalog(int variant, Date today) {
  v1::Catalog catalog = BusyCatalog(variant, kTeams, today);
  const int64_t hour = SystemClock().Now().micros / kMicrosPerHour;
  for (v1::Expectation& expectation : *catalog.mutable_expectations()) {
    expectation.set_notify_time(absl::StrFormat("%02d:00", (hour + 12) % 24));
  }
  return catalog;
}

// Every answer of a server by its question; a call that failed is its code's number.
using Dump = std::map<std::string, std::string>;

constexpr char kDataLoss[] = "code 15";

template <typename Stub, typename Request, typename Response>
void Ask(Dump& dump, const std::string& question, Stub& stub,
         grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*), const Request& request,
         Response response = {}) {
  TestContext context;
  const grpc::Status status = (stub.*method)(&context, request, &response);
  dump[question] =
      status.ok() ? response.Utf8DebugString() : absl::StrCat("code ", static_cast<int>(status.error_code()));
}

// Flips up to a sequence, or how the stream ended.
std::string Flips(Stubs& stubs, int64_t through) {
  TestContext context;
  v1::SubscribeRequest request;
  v1::SubscribeResponse message;
  request.set_parent(kBusyDistrict);
  request.set_earliest(true);
  const auto call = stubs.alerts->Subscribe(&context, request);
  std::string flips;
  int64_t last = 0;
  while (last < through && call->Read(&message)) {
    for (const v1::Flip& flip : message.flips()) {
      last = flip.sequence();
      if (last <= through) absl::StrAppend(&flips, flip.Utf8DebugString(), "\n");
    }
    if (message.through_sequence() >= through) break;
  }
  context.TryCancel();
  const grpc::Status status = call->Finish();
  return last >= through ? flips : absl::StrCat("code ", static_cast<int>(status.error_code()));
}

Dump Everything(Stubs& stubs, Date today, int64_t flips) {
  Dump dump;
  dump["flips"] = Flips(stubs, flips);
  v1::ExportCatalogRequest catalog;
  catalog.set_name(kBusyDistrict);
  for (const int version : {1, 2}) {
    catalog.set_version(version);
    Ask(dump, absl::StrCat("catalog ", version), *stubs.catalog, &v1::CatalogService::Stub::ExportCatalog, catalog);
  }
  v1::ListAlertsRequest alerts;
  alerts.set_parent(kBusyDistrict);
  alerts.set_include_closed(true);
  Ask(dump, "alerts", *stubs.alerts, &v1::AlertService::Stub::ListAlerts, alerts);
  for (int number = 0; number < kTeams; ++number) {
    const std::string team = absl::StrCat(kBusyDistrict, "/teams/", BusyTeam(number));
    v1::ListEvidenceRequest evidence;
    evidence.set_parent(team);
    evidence.set_include_voided(true);
    evidence.set_page_size(1'000);
    Ask(dump, "evidence of " + team, *stubs.evidence, &v1::EvidenceService::Stub::ListEvidence, evidence);
    v1::ListReviewsRequest reviews;
    reviews.set_parent(team);
    Ask(dump, "reviews of " + team, *stubs.evidence, &v1::EvidenceService::Stub::ListReviews, reviews);
    // A window that is over, so that the answer does not move with the clock; when it was given does.
    v1::GetTeamCadenceRequest cadence;
    v1::GetTeamCadenceResponse answer;
    cadence.set_name(team);
    cadence.set_start_date((today - 100).ToString());
    cadence.set_end_date((today - 20).ToString());
    TestContext context;
    const grpc::Status status = stubs.cadence->GetTeamCadence(&context, cadence, &answer);
    dump["cadence of " + team] =
        status.ok() ? answer.cadence().Utf8DebugString() : absl::StrCat("code ", static_cast<int>(status.error_code()));
  }
  for (int i = 0; i < 10; ++i) {
    v1::GetEvidenceRequest history;
    history.set_name(absl::StrCat(kBusyDistrict, "/sources/source-0/evidence/r-", i, "/0"));
    Ask(dump, history.name(), *stubs.evidence, &v1::EvidenceService::Stub::GetEvidence, history);
  }
  return dump;
}

int64_t FlipCount(Stubs& stubs) {
  TestContext context;
  v1::GetStatsResponse stats;
  EXPECT_TRUE(stubs.admin->GetStats(&context, {}, &stats).ok());
  return stats.districts_size() == 1 ? stats.districts(0).flip_count() : 0;
}

void Flip(const fs::path& file, uintmax_t at, char mask) {
  std::fstream bytes(file, std::ios::in | std::ios::out | std::ios::binary);
  char byte = 0;
  bytes.seekg(static_cast<std::streamoff>(at));
  bytes.get(byte);
  bytes.seekp(static_cast<std::streamoff>(at));
  bytes.put(static_cast<char>(byte ^ mask));
  ASSERT_TRUE(bytes.flush().good()) << file;
}

class FlippedBytesTest : public testing::Test {
 protected:
  FlippedBytesTest()
      : seed_(Seeds(1, 1).front()), random_(seed_), directory_("flipped_bytes_test"), today_(TodayInUtc()) {}

  // A directory with all kinds of records, of a server that was started several times, killed and drained.
  void Fill() {
    EvidenceLoad load(0, seed_, today_);
    load.Allow(kTeams, 150);
    ReviewLoad reviews(today_);
    for (int life = 0; life < 4; ++life) {
      auto server = ServerProcess::Start(directory_ / "data");
      ASSERT_TRUE(server.ok()) << server.status();
      Stubs stubs((*server)->target());
      TestContext context;
      v1::ApplyCatalogRequest request;
      v1::ApplyCatalogResponse response;
      *request.mutable_catalog() = QuietCatalog(life < 2 ? 0 : 1, today_);
      const grpc::Status applied = stubs.catalog->ApplyCatalog(&context, request, &response);
      ASSERT_TRUE(applied.ok()) << Text(applied);
      ASSERT_TRUE(load.RunUnary(stubs, 8).ok());
      ASSERT_TRUE(reviews.Hold(stubs, life).ok());
      ASSERT_EQ(load.Settle(stubs, true), "");
      if (life % 2 == 0) {
        (*server)->Kill();
      } else {
        ASSERT_EQ((*server)->Terminate(), 0);
      }
    }
    auto server = ServerProcess::Start(directory_ / "data");
    ASSERT_TRUE(server.ok()) << server.status();
    Stubs stubs((*server)->target());
    flips_ = FlipCount(stubs);
    right_ = Everything(stubs, today_, flips_);
    for (const auto& [question, answer] : right_) {
      if (question.find("/evidence/") == std::string::npos) {
        ASSERT_NE(answer.rfind("code ", 0), 0u) << question << ": " << answer;
      }
    }
    (*server)->Kill();  // as its files are while it works
  }

  // What became of one byte: "refused", "served" or "DATA_LOSS"; "" where the test has failed.
  std::string Try(const fs::path& file, uintmax_t at, char mask) {
    const fs::path data = directory_ / "damaged";
    fs::remove_all(data);
    fs::copy(directory_ / "data", data, fs::copy_options::recursive);
    Flip(data / file, at, mask);
    auto server = ServerProcess::Launch(data.string());
    if (!server.ok()) return ADD_FAILURE() << server.status(), "";
    if (!(*server)->WaitUntilListening()) {
      const std::optional<int> code = (*server)->process().WaitFor(std::chrono::seconds(30));
      EXPECT_TRUE(code && *code != 0 && *code < 128) << "exit code " << (code ? *code : -1) << "\n" << (*server)->Log();
      const std::string log = (*server)->Log();
      EXPECT_TRUE(log.find("cannot start: ") != std::string::npos && log.find("damaged") != std::string::npos) << log;
      return "refused";
    }
    Stubs stubs((*server)->target());
    const Dump dump = Everything(stubs, today_, flips_);
    bool lost = false;
    for (const auto& [question, answer] : right_) {
      const std::string& now = dump.at(question);
      if (now == kDataLoss) {
        lost = true;
      } else {
        EXPECT_EQ(now, answer) << question;
      }
    }
    const std::string findings = VerifyFindings(stubs);
    if (lost) {
      EXPECT_NE(findings, "") << "an answer is DATA_LOSS, and Verify finds nothing";
    }
    (*server)->Kill();
    return lost ? "DATA_LOSS" : findings.empty() ? "served" : "served, and Verify finds it";
  }

  const uint64_t seed_;
  Random random_;
  const ScratchDirectory directory_;
  const Date today_;
  int64_t flips_ = 0;
  Dump right_;
};

TEST_F(FlippedBytesTest, NeverAWrongAnswer) {
  SCOPED_TRACE(Replay(seed_));
  ASSERT_NO_FATAL_FAILURE(Fill());
  const int random_places = std::getenv("LEADLAG_LONG") != nullptr ? 40 : 1;
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(directory_ / "data")) {
    if (entry.is_regular_file() && entry.file_size() > 0)
      files.push_back(fs::relative(entry.path(), directory_ / "data"));
  }
  ASSERT_GT(files.size(), 3u);
  std::sort(files.begin(), files.end());
  std::map<std::string, int> outcomes;
  for (const fs::path& file : files) {
    const uintmax_t size = fs::file_size(fs::path(directory_ / "data") / file);
    std::vector<uintmax_t> places = {size - 1};
    for (int i = 0; i < random_places; ++i) {
      places.push_back(static_cast<uintmax_t>(random_.Between(0, static_cast<int>(size) - 1)));
    }
    for (const uintmax_t at : places) {
      const char mask = static_cast<char>(1 << random_.Between(0, 7));
      SCOPED_TRACE(absl::StrCat("byte ", at, " of ", size, " of ", file.string(), " ^ ", static_cast<int>(mask)));
      const std::string outcome = Try(file, at, mask);
      ++outcomes[outcome];
      if (HasFailure()) return;
    }
  }
  std::cout << files.size() << " files:";
  for (const auto& [outcome, count] : outcomes) std::cout << " " << count << " " << outcome << ";";
  std::cout << " seed " << seed_ << std::endl;
  EXPECT_GT(outcomes["refused"], 0);
}

}  // namespace
}  // namespace leadlag
