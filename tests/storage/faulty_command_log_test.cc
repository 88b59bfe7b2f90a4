#include "tests/support/faulty_command_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <utility>
#include <vector>

#include "storage/disk.h"

namespace leadlag {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
constexpr auto kCommitted = AppendOutcome::kCommitted;
constexpr auto kUnknown = AppendOutcome::kUnknown;
using Fault = FaultyCommandLog::Fault;

class FaultyCommandLogTest : public ::testing::Test {
 protected:
  std::vector<AppendOutcome> Append(const Ownership& own, uint64_t expected) {
    std::vector<AppendOutcome> outcomes;
    log_.Append({{own.district_number, own.epoch, expected, {"command"}}},
                [&](std::vector<AppendOutcome> all) { outcomes = std::move(all); });
    return outcomes;
  }

  std::unique_ptr<CommandLog> base_ = OpenLocalCommandLog({.directory = "/log", .disk = Disk::InMemory()}).value();
  FaultyCommandLog log_{*base_};
};

TEST_F(FaultyCommandLogTest, ActsOutItsScriptAndAsksForOwnership) {
  Ownership a = log_.Own("a").value();
  const Ownership b = log_.Own("b").value();
  log_.Script({Fault::kNone, Fault::kUnknownWritten});
  EXPECT_THAT(Append(a, 0), ElementsAre(kCommitted));
  EXPECT_THAT(Append(a, 1), ElementsAre(kUnknown));
  EXPECT_THAT(Append(a, 2), ElementsAre(AppendOutcome::kFenced));
  EXPECT_THAT(Append(b, 0), ElementsAre(AppendOutcome::kFenced));
  a = log_.Own("a").value();
  EXPECT_EQ(a.last_position, 2u);

  log_.Script({Fault::kUnknownNotWritten});
  EXPECT_THAT(Append(a, 2), ElementsAre(kUnknown));
  a = log_.Own("a").value();
  EXPECT_EQ(a.last_position, 2u);

  log_.Script({Fault::kFenced});
  EXPECT_THAT(Append(a, 2), ElementsAre(AppendOutcome::kFenced));
  a = log_.Own("a").value();
  EXPECT_THAT(Append(a, 2), ElementsAre(kCommitted));
  EXPECT_EQ(log_.appends(), 7u);
}

TEST_F(FaultyCommandLogTest, HoldsCompletionsInOrder) {
  const Ownership own = log_.Own("a").value();
  log_.HoldCompletions(true);
  EXPECT_FALSE(log_.ReleaseOne());
  std::vector<int> done;
  for (int i = 0; i < 2; ++i) {
    log_.Append({{own.district_number, own.epoch, static_cast<uint64_t>(i), {"command"}}},
                [&done, i](std::vector<AppendOutcome>) { done.push_back(i); });
  }
  EXPECT_THAT(done, IsEmpty());
  EXPECT_EQ(log_.held(), 2u);
  EXPECT_TRUE(log_.ReleaseOne());
  EXPECT_TRUE(log_.ReleaseOne());
  EXPECT_THAT(done, ElementsAre(0, 1));
}

}  // namespace
}  // namespace leadlag
