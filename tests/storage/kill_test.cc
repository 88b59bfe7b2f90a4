// A real process, killed with SIGKILL between any two instructions: every group that it acknowledged is there, and
// the view, once the log's tail is applied, is what was written.
//
// The child is this very executable, started again with a data directory and a pipe. It appends, acknowledges through
// the pipe, applies, and now and then checkpoints; the parent kills it after a number of acknowledgements.
// LEADLAG_LONG=1: 500 rounds.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "storage/data_directory.h"

namespace leadlag {
namespace {

constexpr uint32_t kDistrict = 1;
constexpr char kDirectoryVariable[] = "LEADLAG_KILL_TEST_DIRECTORY";
constexpr char kPipeVariable[] = "LEADLAG_KILL_TEST_PIPE";

// What stands at a position, in every run.
std::string CommandAt(uint64_t position) {
  return absl::StrCat("command ", position, " ", std::string(position * 7919 % 3000, 'x'));
}

std::vector<std::string> GroupAfter(uint64_t position) {
  std::vector<std::string> commands;
  for (uint64_t i = 1; i <= 1 + position % 5; ++i) commands.push_back(CommandAt(position + i));
  return commands;
}

void Apply(Store& store, uint64_t first_position, const std::vector<std::string>& commands) {
  Batch batch = store.NewBatch();
  for (size_t i = 0; i < commands.size(); ++i) {
    batch.Put(FlipKey{.district = kDistrict, .sequence = first_position + i}.Encode(), commands[i]);
  }
  batch.PutAppliedPosition(kDistrict, first_position + commands.size() - 1);
  store.Commit(batch);
}

// Applies what the log has and the view lacks.
absl::Status Replay(DataDirectory& directory, uint64_t last_position) {
  absl::StatusOr<uint64_t> applied = directory.store().AppliedPosition(kDistrict);
  while (applied.ok() && *applied < last_position) {
    const absl::StatusOr<std::vector<LoggedGroup>> groups = directory.log().Read(kDistrict, *applied + 1, 1 << 20);
    if (!groups.ok()) return groups.status();
    for (const LoggedGroup& group : *groups) {
      Apply(directory.store(), group.first_position, group.commands);
    }
    applied = directory.store().AppliedPosition(kDistrict);
  }
  return applied.status();
}

// The child's part; it never returns but by the signal.
absl::Status AppendForEver(const std::string& path, int pipe) {
  absl::StatusOr<std::unique_ptr<DataDirectory>> directory = DataDirectory::Open({.directory = path});
  if (!directory.ok()) return directory.status();
  const absl::StatusOr<Ownership> own = (*directory)->log().Own("district");
  if (!own.ok()) return own.status();
  uint64_t position = own->last_position;
  if (absl::Status status = Replay(**directory, position); !status.ok()) return status;
  for (int round = 1;; ++round) {
    const std::vector<std::string> commands = GroupAfter(position);
    AppendOutcome outcome = AppendOutcome::kUnknown;
    (*directory)->log().Append({{own->district_number, own->epoch, position, commands}},
                               [&](std::vector<AppendOutcome> outcomes) { outcome = outcomes.at(0); });
    if (outcome != AppendOutcome::kCommitted) return absl::InternalError("not committed");
    const uint64_t first = position + 1;
    position += commands.size();
    if (write(pipe, &position, sizeof(position)) != sizeof(position)) return absl::InternalError("the pipe broke");
    Apply((*directory)->store(), first, commands);
    if (round % 7 != 0) continue;
    if (absl::Status status = (*directory)->CheckpointAndTrim(); !status.ok()) return status;
  }
}

TEST(KillTest, DISABLED_Child) {
  const char* directory = std::getenv(kDirectoryVariable);
  const char* pipe = std::getenv(kPipeVariable);
  if (directory == nullptr || pipe == nullptr) GTEST_SKIP() << "started by SurvivesSigkill alone";
  const absl::Status status = AppendForEver(directory, std::atoi(pipe));
  FAIL() << status;
}

// Starts the child, kills it after `acknowledgements`, and returns the last position it acknowledged.
uint64_t RunChild(const std::string& directory, int acknowledgements) {
  int ends[2];
  EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
  const std::string pipe_value = absl::StrCat(ends[1]);
  const pid_t child = fork();
  if (child == 0) {
    fcntl(ends[1], F_SETFD, 0);
    setenv(kDirectoryVariable, directory.c_str(), 1);
    setenv(kPipeVariable, pipe_value.c_str(), 1);
    execl("/proc/self/exe", "kill_test_child", "--gtest_also_run_disabled_tests", "--gtest_brief=1",
          "--gtest_filter=KillTest.DISABLED_Child", nullptr);
    _exit(127);
  }
  close(ends[1]);
  uint64_t acknowledged = 0;
  uint64_t position = 0;
  for (int count = 0; read(ends[0], &position, sizeof(position)) == sizeof(position);) {
    acknowledged = position;
    if (++count == acknowledgements) kill(child, SIGKILL);
  }
  close(ends[0]);
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status)) << "the child failed by itself";
  return acknowledged;
}

void ExpectEverythingUpTo(uint64_t acknowledged, const std::string& path) {
  absl::StatusOr<std::unique_ptr<DataDirectory>> directory = DataDirectory::Open({.directory = path});
  ASSERT_TRUE(directory.ok()) << directory.status();
  const uint64_t last = (*directory)->log().Districts()->at(0).last_position;
  EXPECT_GE(last, acknowledged);
  const absl::Status replayed = Replay(**directory, last);
  ASSERT_TRUE(replayed.ok()) << replayed;
  uint64_t position = 0;
  const absl::Status scanned = (*directory)->store().Scan(
      TableRange(kDistrict, Table::kFlips), [&](std::string_view key, std::string_view value) {
        ++position;
        EXPECT_EQ(FlipKey::Decode(key)->sequence, position);
        EXPECT_EQ(value, CommandAt(position));
        return true;
      });
  EXPECT_TRUE(scanned.ok()) << scanned;
  EXPECT_EQ(position, last);
  EXPECT_TRUE((*directory)->Verify().ok());
}

TEST(KillTest, SurvivesSigkill) {
  const char* is_long = std::getenv("LEADLAG_LONG");
  const int rounds = is_long != nullptr && std::string_view(is_long) == "1" ? 500 : 20;
  const std::string directory = absl::StrCat(::testing::TempDir(), "leadlag_kill_test_", getpid());
  std::mt19937 random(20261122);
  for (int round = 0; round < rounds && !HasFailure(); ++round) {
    SCOPED_TRACE(absl::StrCat("round ", round));
    const uint64_t acknowledged = RunChild(directory, 1 + static_cast<int>(random() % 40));
    EXPECT_GT(acknowledged, 0u);
    ExpectEverythingUpTo(acknowledged, directory);
  }
  std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace leadlag
