#include "storage/command_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "storage/disk.h"

namespace leadlag {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using enum AppendOutcome;

class CommandLogTest : public ::testing::Test {
 protected:
  CommandLogTest() { Open(); }

  void Open() {
    absl::StatusOr<std::unique_ptr<CommandLog>> log = OpenLocalCommandLog({.directory = "/log", .disk = disk_});
    ASSERT_TRUE(log.ok()) << log.status();
    log_ = *std::move(log);
  }
  void Reopen() {
    log_.reset();
    Open();
  }

  Ownership Own(std::string_view district) {
    absl::StatusOr<Ownership> ownership = log_->Own(district);
    EXPECT_TRUE(ownership.ok()) << ownership.status();
    return ownership.value_or(Ownership{});
  }

  std::vector<AppendOutcome> Append(std::vector<Group> groups) {
    std::vector<AppendOutcome> outcomes;
    log_->Append(std::move(groups), [&](std::vector<AppendOutcome> all) { outcomes = std::move(all); });
    return outcomes;
  }
  AppendOutcome AppendOne(const Ownership& own, uint64_t expected, std::vector<std::string> commands) {
    return Append({{own.district_number, own.epoch, expected, std::move(commands)}}).at(0);
  }

  std::vector<std::string> ReadCommands(uint32_t district, uint64_t from, size_t bytes_max = 1 << 20) {
    absl::StatusOr<std::vector<LoggedGroup>> groups = log_->Read(district, from, bytes_max);
    EXPECT_TRUE(groups.ok()) << groups.status();
    std::vector<std::string> commands;
    if (!groups.ok()) return commands;
    uint64_t next = from;
    for (const LoggedGroup& group : *groups) {
      EXPECT_EQ(group.first_position, next);
      next = group.last_position() + 1;
      commands.insert(commands.end(), group.commands.begin(), group.commands.end());
    }
    return commands;
  }

  std::shared_ptr<Disk> disk_ = Disk::InMemory();
  std::unique_ptr<CommandLog> log_;
};

TEST_F(CommandLogTest, NumbersDistrictsInOrderOfFirstUseForEver) {
  EXPECT_EQ(Own("b"), (Ownership{1, 1, 0}));
  EXPECT_EQ(Own("a"), (Ownership{2, 1, 0}));
  EXPECT_EQ(Own("b"), (Ownership{1, 2, 0}));
  Reopen();
  EXPECT_EQ(Own("a"), (Ownership{2, 2, 0}));
  EXPECT_EQ(Own("c"), (Ownership{3, 1, 0}));
  EXPECT_THAT(log_->Districts().value(),
              ElementsAre(DistrictEntry{"b", 1, 2, 0, 0}, DistrictEntry{"a", 2, 2, 0, 0},
                          DistrictEntry{"c", 3, 1, 0, 0}));
}

TEST_F(CommandLogTest, RefusesNamesThatAreNone) {
  EXPECT_EQ(log_->Own("").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(log_->Own(std::string(kDistrictNameBytesMax, 'd')).ok());
  EXPECT_EQ(log_->Own(std::string(kDistrictNameBytesMax + 1, 'd')).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(CommandLogTest, ReadsWhatWasCommittedAlsoAfterReopening) {
  const Ownership own = Own("d");
  EXPECT_EQ(AppendOne(own, 0, {"one", ""}), kCommitted);
  EXPECT_EQ(AppendOne(own, 2, {"three"}), kCommitted);
  for (int i = 0; i < 2; ++i) {
    EXPECT_THAT(ReadCommands(1, 1), ElementsAre("one", "", "three"));
    EXPECT_THAT(ReadCommands(1, 2), ElementsAre("", "three"));
    EXPECT_THAT(ReadCommands(1, 4), ElementsAre());
    EXPECT_TRUE(log_->Verify().ok());
    Reopen();
  }
  EXPECT_EQ(Own("d"), (Ownership{1, 2, 3}));
}

TEST_F(CommandLogTest, KeepsGroupsAndTheirEpochs) {
  const Ownership first = Own("d");
  AppendOne(first, 0, {"a", "b"});
  const Ownership second = Own("d");
  AppendOne(second, 2, {"c"});
  EXPECT_THAT(log_->Read(1, 2, 100).value(), ElementsAre(LoggedGroup{2, 1, {"b"}}, LoggedGroup{3, 2, {"c"}}));
}

TEST_F(CommandLogTest, FencesStaleEpochsAndWrongPositions) {
  const Ownership stale = Own("d");
  const Ownership own = Own("d");
  EXPECT_EQ(AppendOne(stale, 0, {"x"}), kFenced);
  EXPECT_EQ(AppendOne(own, 1, {"x"}), kFenced);
  EXPECT_EQ(AppendOne({own.district_number, own.epoch + 1, 0}, 0, {"x"}), kFenced);
  EXPECT_EQ(AppendOne({7, 1, 0}, 0, {"x"}), kFenced);
  EXPECT_EQ(AppendOne({0, 1, 0}, 0, {"x"}), kFenced);
  EXPECT_EQ(AppendOne(own, 0, {"a"}), kCommitted);
  EXPECT_EQ(AppendOne(own, 0, {"x"}), kFenced);
  EXPECT_THAT(ReadCommands(1, 1), ElementsAre("a"));
}

TEST_F(CommandLogTest, OwnershipEndsWithTheProcess) {
  const Ownership own = Own("d");
  Reopen();
  EXPECT_EQ(AppendOne(own, 0, {"x"}), kFenced);
}

TEST_F(CommandLogTest, GroupsOfOneCallAreJudgedOneByOne) {
  const Ownership a = Own("a");
  const Ownership b = Own("b");
  EXPECT_THAT(Append({{a.district_number, a.epoch, 0, {"a1", "a2"}},
                      {b.district_number, b.epoch, 5, {"never"}},
                      {a.district_number, a.epoch, 2, {"a3"}},
                      {a.district_number, a.epoch, 2, {"never"}},
                      {b.district_number, b.epoch, 0, {"b1"}}}),
              ElementsAre(kCommitted, kFenced, kCommitted, kFenced, kCommitted));
  EXPECT_THAT(ReadCommands(1, 1), ElementsAre("a1", "a2", "a3"));
  EXPECT_THAT(ReadCommands(2, 1), ElementsAre("b1"));
  EXPECT_THAT(Append({}), ElementsAre());
}

TEST_F(CommandLogTest, ReadStopsAtTheBytesButGivesOneGroup) {
  const Ownership own = Own("d");
  for (uint64_t i = 0; i < 5; ++i) AppendOne(own, i, {std::string(10, 'x')});
  EXPECT_EQ(ReadCommands(1, 1, 0).size(), 1u);
  EXPECT_EQ(ReadCommands(1, 1, 10).size(), 1u);
  EXPECT_EQ(ReadCommands(1, 1, 11).size(), 2u);
  EXPECT_EQ(ReadCommands(1, 1, 1000).size(), 5u);
}

TEST_F(CommandLogTest, ReadRefusesWhatIsNotThere) {
  Own("d");
  EXPECT_EQ(log_->Read(2, 1, 10).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(log_->Read(0, 1, 10).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(log_->Read(1, 0, 10).status().code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(log_->Read(1, 2, 10).status().code(), absl::StatusCode::kOutOfRange);
}

TEST_F(CommandLogTest, AGroupOfTheLargestSize) {
  const Ownership own = Own("d");
  const std::string half(kGroupBytesMax / 2, 'h');
  EXPECT_EQ(AppendOne(own, 0, {half, half}), kCommitted);
  Reopen();
  EXPECT_THAT(ReadCommands(1, 1), ElementsAre(half, half));
}

TEST_F(CommandLogTest, LargerGroupsAndEmptyOnesAreBrokenInvariants) {
  const Ownership own = Own("d");
  EXPECT_DEATH(AppendOne(own, 0, {std::string(kGroupBytesMax + 1, 'x')}), "broken invariant");
  EXPECT_DEATH(AppendOne(own, 0, {}), "broken invariant");
}

TEST_F(CommandLogTest, TrimForgetsWholeGroups) {
  const Ownership own = Own("d");
  Own("other");
  AppendOne(own, 0, {"1", "2"});
  AppendOne(own, 2, {"3", "4", "5"});
  AppendOne(own, 5, {"6"});
  EXPECT_TRUE(log_->Trim(1, 1).ok());  // inside the first group: nothing to forget
  EXPECT_THAT(ReadCommands(1, 1), ElementsAre("1", "2", "3", "4", "5", "6"));
  EXPECT_TRUE(log_->Trim(1, 4).ok());
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(log_->Districts().value().at(0).trimmed_to, 2u);
    EXPECT_EQ(log_->Read(1, 2, 10).status().code(), absl::StatusCode::kOutOfRange);
    EXPECT_THAT(ReadCommands(1, 3), ElementsAre("3", "4", "5", "6"));
    EXPECT_TRUE(log_->Trim(1, 4).ok());
    EXPECT_TRUE(log_->Trim(1, 0).ok());
    EXPECT_TRUE(log_->Verify().ok());
    Reopen();
  }
  EXPECT_EQ(log_->Trim(1, 7).code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(log_->Trim(9, 1).code(), absl::StatusCode::kNotFound);
}

TEST_F(CommandLogTest, AWhollyTrimmedLogKeepsItsPositions) {
  Ownership own = Own("d");
  AppendOne(own, 0, {"1", "2"});
  EXPECT_TRUE(log_->Trim(1, 2).ok());
  EXPECT_THAT(ReadCommands(1, 3), ElementsAre());
  Reopen();
  own = Own("d");
  EXPECT_EQ(own.last_position, 2u);
  EXPECT_EQ(AppendOne(own, 2, {"3"}), kCommitted);
  EXPECT_THAT(ReadCommands(1, 3), ElementsAre("3"));
}

TEST_F(CommandLogTest, AWriteErrorIsUnknownAndEveryDistrictMustBeOwnedAgain) {
  Ownership a = Own("a");
  Ownership b = Own("b");
  EXPECT_EQ(AppendOne(a, 0, {"kept"}), kCommitted);
  disk_->FailWrites(true);
  EXPECT_THAT(Append({{a.district_number, a.epoch, 1, {"lost"}}, {b.district_number, 99, 0, {"never"}}}),
              ElementsAre(kUnknown, kFenced));
  EXPECT_EQ(AppendOne(b, 0, {"x"}), kFenced);
  EXPECT_EQ(log_->Own("a").status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(AppendOne(b, 0, {"x"}), kFenced);

  disk_->FailWrites(false);
  EXPECT_EQ(AppendOne(b, 0, {"x"}), kFenced);
  b = Own("b");
  EXPECT_EQ(AppendOne(b, b.last_position, {"b1"}), kCommitted);
  EXPECT_EQ(AppendOne(a, 1, {"x"}), kFenced) << "a was not owned again";
  a = Own("a");
  EXPECT_EQ(a.last_position, 1u);
  EXPECT_THAT(ReadCommands(1, 1), ElementsAre("kept"));
  EXPECT_EQ(AppendOne(a, 1, {"after"}), kCommitted);
  EXPECT_THAT(ReadCommands(1, 1), ElementsAre("kept", "after"));
}

// Where the tail is full nobody owns a district before something was trimmed.
TEST_F(CommandLogTest, ATrimThatFailedIsTriedAgainWithoutOwning) {
  const Ownership own = Own("d");
  AppendOne(own, 0, {"1", "2"});
  AppendOne(own, 2, {"3"});
  disk_->FailWrites(true);
  EXPECT_EQ(log_->Trim(1, 2).code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(log_->Trim(1, 2).code(), absl::StatusCode::kUnavailable);
  disk_->FailWrites(false);
  EXPECT_TRUE(log_->Trim(1, 2).ok());
  EXPECT_THAT(ReadCommands(1, 3), ElementsAre("3"));
  EXPECT_EQ(AppendOne(own, 3, {"4"}), kFenced);
  EXPECT_EQ(AppendOne(Own("d"), 3, {"4"}), kCommitted);
}

TEST_F(CommandLogTest, CommittedGroupsSurviveAPowerCut) {
  const Ownership own = Own("d");
  for (uint64_t i = 0; i < 10; ++i) ASSERT_EQ(AppendOne(own, i, {absl::StrCat("c", i + 1)}), kCommitted);
  ASSERT_TRUE(log_->Trim(1, 3).ok());
  disk_->FailWrites(true);
  log_.reset();
  disk_->LosePower();
  Open();
  EXPECT_THAT(ReadCommands(1, 4), ElementsAre("c4", "c5", "c6", "c7", "c8", "c9", "c10"));
}

// A file system may give a file its new length before the bytes: the sectors that did not arrive are zeros.
TEST_F(CommandLogTest, AnEntryThatWasNotFilledIsATornEnd) {
  const Ownership own = Own("d");
  ASSERT_EQ(AppendOne(own, 0, {"kept"}), kCommitted);
  ASSERT_EQ(AppendOne(own, 1, {std::string(100'000, 'x')}), kCommitted);
  const Disk::Contents whole = disk_->ReadAll();
  const auto file = std::find_if(whole.begin(), whole.end(), [](const auto& entry) {
    return entry.first.ends_with(".log") && entry.second.size() > 100'000;
  });
  ASSERT_NE(file, whole.end());
  for (const size_t sector : {size_t{512}, size_t{4096}, size_t{65'536}, file->second.size() / 512 * 512}) {
    SCOPED_TRACE(sector);
    Disk::Contents cut = whole;
    std::string& bytes = cut[file->first];
    if (bytes.size() - sector < 8) continue;
    std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(sector), bytes.end(), '\0');
    log_.reset();
    disk_ = Disk::InMemory(cut);
    Open();
    EXPECT_THAT(ReadCommands(1, 1), ElementsAre("kept"));
    EXPECT_EQ(AppendOne(Own("d"), 1, {"after"}), kCommitted);
    Reopen();
    EXPECT_THAT(ReadCommands(1, 1), ElementsAre("kept", "after"));
  }
}

TEST_F(CommandLogTest, OneAtATime) {
  const absl::Status status = OpenLocalCommandLog({.directory = "/log", .disk = disk_}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("another leadlagd uses /log"));
}

TEST_F(CommandLogTest, MakesNoLogWhereOneShouldBe) {
  EXPECT_EQ(OpenLocalCommandLog({.directory = "/no", .disk = disk_, .create_if_missing = false}).status().code(),
            absl::StatusCode::kDataLoss);
}

TEST_F(CommandLogTest, ALogWithoutCurrentIsDamagedNotNew) {
  Own("d");
  Disk::Contents contents = disk_->ReadAll();
  contents.erase("/log/CURRENT");
  const absl::Status status =
      OpenLocalCommandLog({.directory = "/log", .disk = Disk::InMemory(contents)}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
}

}  // namespace
}  // namespace leadlag
