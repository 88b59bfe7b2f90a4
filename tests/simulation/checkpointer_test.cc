// The log's tail is kept short, and the writer is told where that fails.
#include "server/engine/checkpointer.h"

#include <memory>
#include <thread>

#include "core/clock.h"
#include "gtest/gtest.h"
#include "storage/data_directory.h"
#include "storage/disk.h"
#include "storage/keys.h"

namespace leadlag {
namespace {

class CheckpointerTest : public ::testing::Test {
 protected:
  CheckpointerTest() { directory_ = DataDirectory::Open({.directory = "/d", .disk = disk_}).value(); }

  void Commit(int number) {
    Batch batch = directory_->store().NewBatch();
    batch.Put(FlipKey{1, static_cast<uint64_t>(number)}.Encode(), "value");
    directory_->store().Commit(batch);
  }
  // Waits for what another thread does soon.
  template <typename Condition>
  static bool Soon(Condition condition, int64_t patience_micros = 10 * kMicrosPerSecond) {
    const int64_t end = MonotonicMicros() + patience_micros;
    while (!condition() && MonotonicMicros() < end) std::this_thread::yield();
    return condition();
  }

  std::shared_ptr<Disk> disk_ = Disk::InMemory();
  std::unique_ptr<DataDirectory> directory_;
};

TEST_F(CheckpointerTest, BeginsAtHalfOfWhatIsAllowed) {
  Checkpointer checkpointer(directory_.get(), 10, [this] { return directory_->BeginCheckpoint(); },
                            [](const absl::Status&) { FAIL(); });
  checkpointer.Start();
  Commit(1);
  checkpointer.Add(100, 4);
  EXPECT_FALSE(Soon([&] { return directory_->store().UnwrittenBytes() == 0; }, 50'000));
  checkpointer.Add(0, 1);
  EXPECT_TRUE(Soon([&] { return directory_->store().UnwrittenBytes() == 0; }));
  EXPECT_TRUE(checkpointer.Await().ok());
}

TEST_F(CheckpointerTest, LayersThatSnapshotsLeaveAreWrittenToo) {
  Checkpointer checkpointer(directory_.get(), 1'000, [this] { return directory_->BeginCheckpoint(); },
                            [](const absl::Status&) { FAIL(); });
  for (int i = 0; i < 20; ++i) {
    Commit(i);
    (void)directory_->store().TakeSnapshot();
  }
  checkpointer.Start();  // not before: a checkpoint in the middle would leave too few layers for another one
  EXPECT_TRUE(Soon([&] { return directory_->store().layers() == 1; }));
}

TEST_F(CheckpointerTest, TheWriterWaitsAndIsToldWhyNot) {
  Checkpointer checkpointer(directory_.get(), 10, [this] { return directory_->BeginCheckpoint(); },
                            [](const absl::Status&) { FAIL(); });
  Commit(1);
  disk_->FailWrites(true);
  checkpointer.Start();
  checkpointer.Add(0, 10);
  EXPECT_EQ(checkpointer.Await().code(), absl::StatusCode::kUnavailable);
  EXPECT_FALSE(checkpointer.Last().ok());
  Commit(2);
  Soon([] { return false; }, 2'500'000);  // more tries, which leave no more layers behind
  EXPECT_EQ(directory_->store().layers(), 2u);
  disk_->FailWrites(false);
  EXPECT_TRUE(Soon([&] { return checkpointer.Await().ok(); }));
  EXPECT_TRUE(checkpointer.Last().ok());
  EXPECT_EQ(directory_->store().layers(), 1u);
  checkpointer.Stop();
  checkpointer.Stop();
}

}  // namespace
}  // namespace leadlag
