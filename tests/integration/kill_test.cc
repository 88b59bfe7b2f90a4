// leadlagd killed with SIGKILL at random moments under load, and while it starts: whenever it comes back, every
// acknowledged record, review and catalog is there, once; the flip log is dense and begins with what was ever seen of
// it; Verify finds nothing.
//
//   LEADLAG_SEED=7 integration_kill_test     // that run's random numbers; the moment of a kill depends on the machine,
//   too LEADLAG_LONG=1 integration_kill_test     // 200 kills
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <string>

#include "absl/strings/str_cat.h"
#include "storage/data_directory.h"
#include "tests/integration/busy_district.h"
#include "tests/support/server_process.h"

namespace leadlag {
namespace {

constexpr int kTeamsAtFirst = 24;
constexpr int kTeamsMax = 60;
constexpr int kNewRecordsTotal = 12'000;

TEST(KillTest, NothingAcknowledgedIsLost) {
  const uint64_t seed = Seeds(1, 1).front();
  SCOPED_TRACE(Replay(seed));
  const char* is_long = std::getenv("LEADLAG_LONG");
  const int rounds = is_long != nullptr && std::string(is_long) != "0" ? 200 : 10;
  // What has been stored is all checked after each kill: many kills, a little less between them.
  const int load_ms_max = rounds > 10 ? 250 : 600;
  Random random(seed);
  const ScratchDirectory directory("kill_test");
  const Date today = TodayInUtc();
  BusyLoads loads(seed, today);
  int kills = 0;
  for (int round = 0; round < rounds && !HasFailure(); ++round) {
    SCOPED_TRACE(absl::StrCat("round ", round));
    if (round > 0 && random.OneIn(4)) {
      // While it recovers.
      auto starting = ServerProcess::Launch(directory / "data");
      ASSERT_TRUE(starting.ok()) << starting.status();
      ASSERT_FALSE((*starting)->process().WaitFor(std::chrono::milliseconds(random.Between(0, 150))))
          << (*starting)->Log();
      (*starting)->Kill();
    }
    // Every other time the log is trimmed all the time, so that kills meet checkpoints too.
    std::vector<std::string> flags;
    if (round % 2 == 1) flags.push_back("--tail_records_max=200");
    auto server = ServerProcess::Start(directory / "data", flags);
    ASSERT_TRUE(server.ok()) << server.status();
    const int teams = std::min(kTeamsAtFirst + 2 * round, kTeamsMax);
    if (round > 0) {
      ASSERT_EQ(loads.Settle((*server)->target(), false), "") << (*server)->Log();
    }
    {
      Stubs stubs((*server)->target());
      const grpc::Status applied = loads.catalogs.Apply(stubs, teams);
      ASSERT_TRUE(applied.ok()) << Text(applied);
    }
    for (EvidenceLoad& evidence : loads.evidence)
      evidence.Allow(teams, std::max(20, kNewRecordsTotal / kBusySources / rounds));
    Onslaught onslaught(loads, (*server)->target(), teams, seed + static_cast<uint64_t>(round));
    // Not a sleep: a server that ends by itself ends the wait.
    const auto ended = (*server)->process().WaitFor(std::chrono::milliseconds(random.Between(5, load_ms_max)));
    onslaught.ExpectEnd();
    ASSERT_FALSE(ended) << "the server ended by itself with exit code " << *ended << ": " << (*server)->Log();
    (*server)->Kill();
    ASSERT_EQ(onslaught.Join(), "") << (*server)->Log();
    ++kills;
  }
  auto server = ServerProcess::Start(directory / "data");
  ASSERT_TRUE(server.ok()) << server.status();
  EXPECT_EQ(loads.Settle((*server)->target(), false), "") << (*server)->Log();
  EXPECT_EQ(loads.flips.BrokenPromisesSoFar(), "");
  EXPECT_EQ((*server)->Terminate(), 0) << (*server)->Log();

  {
    auto data = DataDirectory::Open({.directory = directory / "data"});
    ASSERT_TRUE(data.ok()) << data.status();
    const auto entries = (*data)->log().Districts();
    ASSERT_TRUE(entries.ok()) << entries.status();
    ASSERT_EQ(entries->size(), 1u);
    EXPECT_GT(entries->front().trimmed_to, 0u) << "no kill can have met a checkpoint";
  }
  size_t records = 0, batches = 0;
  for (const EvidenceLoad& evidence : loads.evidence) {
    records += evidence.records();
    batches += evidence.acknowledged_batches();
  }
  EXPECT_GT(records, 0u);
  EXPECT_GT(loads.flips.flips(), 0u);
  std::cout << kills << " kills under load, " << records << " records, " << batches << " acknowledged batches, "
            << loads.flips.flips() << " flips; seed " << seed << std::endl;
}

}  // namespace
}  // namespace leadlag
