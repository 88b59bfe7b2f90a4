#include "storage/data_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "storage/disk.h"

namespace leadlag {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class DataDirectoryTest : public ::testing::Test {
 protected:
  absl::Status TryOpen() {
    absl::StatusOr<std::unique_ptr<DataDirectory>> opened = DataDirectory::Open({.directory = "/a/b", .disk = disk_});
    if (!opened.ok()) return opened.status();
    directory_ = *std::move(opened);
    return absl::OkStatus();
  }
  void Open() {
    const absl::Status status = TryOpen();
    ASSERT_TRUE(status.ok()) << status;
  }
  // With a checkpoint before it.
  void Close() {
    EXPECT_TRUE(directory_->store().Checkpoint().ok());
    directory_.reset();
  }
  // The files are those of `contents` from now on.
  void Replace(const Disk::Contents& contents) {
    directory_.reset();
    disk_ = Disk::InMemory(contents);
  }
  static Disk::Contents Without(Disk::Contents contents, std::string_view prefix) {
    std::erase_if(contents, [&](const auto& file) { return file.first.starts_with(prefix); });
    return contents;
  }
  static Disk::Contents Only(Disk::Contents contents, std::string_view prefix) {
    std::erase_if(contents, [&](const auto& file) { return !file.first.starts_with(prefix); });
    return contents;
  }

  void Append(std::string_view district, int groups) {
    const Ownership own = directory_->log().Own(district).value();
    for (int i = 0; i < groups; ++i) {
      const uint64_t expected = own.last_position + static_cast<uint64_t>(i);
      directory_->log().Append({{own.district_number, own.epoch, expected, {"command"}}},
                               [](std::vector<AppendOutcome> outcomes) {
                                 EXPECT_EQ(outcomes.at(0), AppendOutcome::kCommitted);
                               });
    }
  }
  void Apply(uint32_t district, uint64_t position) {
    Batch batch = directory_->store().NewBatch();
    batch.PutAppliedPosition(district, position);
    directory_->store().Commit(batch);
  }

  std::shared_ptr<Disk> disk_ = Disk::InMemory();
  std::unique_ptr<DataDirectory> directory_;
};

TEST_F(DataDirectoryTest, MakesWhatIsMissingAndOpensItAgain) {
  Open();
  EXPECT_EQ(disk_->ReadAll().at("/a/b/FORMAT"), "leadlag 2\n");
  Append("springfield", 3);
  Apply(1, 2);
  EXPECT_TRUE(directory_->Verify().ok());
  Close();
  Open();
  EXPECT_EQ(directory_->store().AppliedPosition(1).value(), 2u);
  EXPECT_EQ(directory_->log().Own("springfield")->last_position, 3u);
}

TEST_F(DataDirectoryTest, TellsTheBytesOfLogAndView) {
  Open();
  const uint64_t empty = directory_->BytesOnDisk();
  EXPECT_GT(empty, 0u);
  Append("d", 50);
  EXPECT_GT(directory_->BytesOnDisk(), empty + 50 * 7);  // 7 bytes a command
}

TEST_F(DataDirectoryTest, OneAtATime) {
  Open();
  const absl::Status status = DataDirectory::Open({.directory = "/a/b", .disk = disk_}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("another leadlagd uses /a/b"));
}

TEST_F(DataDirectoryTest, FormatIsStrict) {
  Open();
  Close();
  const Disk::Contents good = disk_->ReadAll();
  const auto open_with = [&](std::string_view format) {
    Disk::Contents contents = good;
    contents["/a/b/FORMAT"] = format;
    Replace(contents);
    return TryOpen();
  };
  const absl::Status newer = open_with("leadlag 3\n");
  EXPECT_EQ(newer.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(newer.message()), AllOf(HasSubstr("version 3"), HasSubstr("up to 2")));
  const absl::Status older = open_with("leadlag 1\n");
  EXPECT_EQ(older.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(older.message()), AllOf(HasSubstr("version 1"), HasSubstr("reads 2"), HasSubstr("begin anew")));
  for (const char* bad : {"", "leadlag", "leadlag 2", "leadlag 2\n\n", "leadlag 02\n", "leadlag 0\n", "leadlag -2\n",
                          "leadlag +2\n", "leadlag  2\n", "Leadlag 2\n", "leadlag 99999999999\n", "leadlag x\n"}) {
    EXPECT_EQ(open_with(bad).code(), absl::StatusCode::kDataLoss) << bad;
  }
  EXPECT_TRUE(open_with("leadlag 2\n").ok());
}

TEST_F(DataDirectoryTest, DataWithoutFormatIsRefused) {
  Open();
  Close();
  const Disk::Contents good = disk_->ReadAll();
  Replace(Without(good, "/a/b/FORMAT"));
  EXPECT_EQ(TryOpen().code(), absl::StatusCode::kDataLoss);
}

TEST_F(DataDirectoryTest, ACrashBeforeTheFirstOpenEndedIsNothing) {
  disk_ = Disk::InMemory({{"/a/b/FORMAT.new", "lead"}});
  Open();
  Close();
  Replace({{"/a/b/FORMAT", "leadlag 2\n"}});
  Open();
}

TEST_F(DataDirectoryTest, ALogThatEndsBeforeTheViewIsDataLoss) {
  Open();
  Append("shelbyville", 1);
  Append("springfield", 3);
  const Disk::Contents early = disk_->ReadAll();
  Append("springfield", 2);
  Apply(2, 5);
  Close();
  Disk::Contents mixed = Only(early, "/a/b/log/");
  mixed.merge(Without(disk_->ReadAll(), "/a/b/log/"));
  Replace(mixed);
  const absl::Status status = TryOpen();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("\"springfield\" (2)"), HasSubstr("ends at position 3"),
                    HasSubstr("applied position 5")));
}

TEST_F(DataDirectoryTest, ALogThatIsGoneIsDataLoss) {
  Open();
  Close();
  Replace(Without(disk_->ReadAll(), "/a/b/log/"));
  EXPECT_EQ(TryOpen().code(), absl::StatusCode::kDataLoss) << "also before anything was applied";
}

TEST_F(DataDirectoryTest, ADistrictThatTheLogDoesNotKnowIsDataLoss) {
  Open();
  Append("springfield", 1);
  Apply(2, 0);
  Close();
  const absl::Status status = TryOpen();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr("district 2"));
}

TEST_F(DataDirectoryTest, AViewThatIsBehindOrGoneIsReplayedWhileTheLogIsWhole) {
  Open();
  Append("springfield", 3);
  Apply(1, 3);
  directory_.reset();
  Replace(Without(disk_->ReadAll(), "/a/b/view/"));
  Open();
  EXPECT_EQ(directory_->store().AppliedPosition(1).value(), 0u);
  EXPECT_EQ(directory_->log().Read(1, 1, 1000)->size(), 3u);
}

TEST_F(DataDirectoryTest, AViewThatIsBehindATrimmedLogIsDataLoss) {
  Open();
  Append("springfield", 3);
  Apply(1, 2);
  ASSERT_TRUE(directory_->CheckpointAndTrim().ok());
  EXPECT_EQ(directory_->log().Districts()->at(0).trimmed_to, 2u);
  directory_.reset();
  Replace(Without(disk_->ReadAll(), "/a/b/view/"));
  const absl::Status status = TryOpen();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("\"springfield\" (1)"), HasSubstr("begins after position 2"), HasSubstr("position 0")));
}

TEST_F(DataDirectoryTest, ThePowerMayGoAtAnyMoment) {
  Open();
  Append("springfield", 3);
  Apply(1, 3);
  ASSERT_TRUE(directory_->CheckpointAndTrim().ok());
  Append("springfield", 2);
  Apply(1, 5);
  disk_->FailWrites(true);
  directory_.reset();
  disk_->LosePower();
  Open();
  EXPECT_EQ(directory_->store().AppliedPosition(1).value(), 3u);
  EXPECT_EQ(directory_->log().Read(1, 4, 1000)->size(), 2u);
  EXPECT_TRUE(directory_->Verify().ok());
}

}  // namespace
}  // namespace leadlag
