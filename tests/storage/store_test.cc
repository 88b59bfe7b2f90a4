#include "storage/store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "storage/disk.h"

namespace leadlag {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const KeyRange kEverything{"", ""};

class StoreTest : public ::testing::Test {
 protected:
  StoreTest() { Open(); }

  void Open() {
    absl::StatusOr<std::unique_ptr<Store>> store = Store::Open({.directory = "/view", .disk = disk_});
    ASSERT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
  }
  void LosePowerAndOpen() {
    disk_->FailWrites(true);
    store_.reset();
    disk_->LosePower();
    Open();
  }

  void Put(std::string_view key, std::string_view value) {
    Batch batch = store_->NewBatch();
    batch.Put(key, std::string(value));
    store_->Commit(batch);
  }

  std::string Get(std::string_view key, const Snapshot* snapshot = nullptr) {
    return store_->Get(key, snapshot).value().value_or("(none)");
  }

  // Fills the store with "key…", checkpoints, and damages a block in the middle, which opening does not read.
  void DamageATable() {
    std::mt19937_64 random(1);
    for (int i = 0; i < 1'000; ++i) {
      std::string value(200, '\0');  // that does not pack: many blocks
      for (char& c : value) c = static_cast<char>(random());
      Put(absl::StrCat("key", 1'000 + i), value);
    }
    ASSERT_TRUE(store_->Checkpoint().ok());
    store_.reset();
    Disk::Contents contents = disk_->ReadAll();
    for (auto& [path, bytes] : contents) {
      if (path.ends_with(".sst") && bytes.size() > 4'000) bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
    }
    disk_ = Disk::InMemory(contents);
    Open();
  }

  // "key=value" of a scan of a Store or a Batch, at most `limit`.
  template <typename Scan>
  static std::vector<std::string> Collect(Scan scan, size_t limit = 1000) {
    std::vector<std::string> entries;
    const absl::Status status = scan([&](std::string_view key, std::string_view value) {
      entries.push_back(std::string(key) + "=" + std::string(value));
      return entries.size() < limit;
    });
    EXPECT_TRUE(status.ok()) << status;
    return entries;
  }
  std::vector<std::string> Scan(const KeyRange& range, size_t limit = 1000, const Snapshot* snapshot = nullptr) {
    return Collect([&](EntryVisitor visit) { return store_->Scan(range, visit, snapshot); }, limit);
  }
  std::vector<std::string> ScanReverse(const KeyRange& range, size_t limit = 1000) {
    return Collect([&](EntryVisitor visit) { return store_->ScanReverse(range, visit); }, limit);
  }

  std::shared_ptr<Disk> disk_ = Disk::InMemory();
  std::unique_ptr<Store> store_;
};

TEST_F(StoreTest, ReadsWhatWasCommitted) {
  EXPECT_EQ(Get("a"), "(none)");
  Put("a", "1");
  Put("b", "");
  EXPECT_EQ(Get("a"), "1");
  EXPECT_EQ(store_->Get("b").value(), std::optional<std::string>(""));
}

TEST_F(StoreTest, ScansRangesBothWays) {
  for (const char* key : {"a", "b", "c", "d"}) Put(key, "1");
  EXPECT_THAT(Scan({"b", "d"}), ElementsAre("b=1", "c=1"));
  EXPECT_THAT(ScanReverse({"b", "d"}), ElementsAre("c=1", "b=1"));
  EXPECT_THAT(Scan({"bb", ""}), ElementsAre("c=1", "d=1"));
  EXPECT_THAT(ScanReverse({"bb", ""}), ElementsAre("d=1", "c=1"));
  EXPECT_THAT(Scan(kEverything, 2), ElementsAre("a=1", "b=1"));
  EXPECT_THAT(ScanReverse(kEverything, 2), ElementsAre("d=1", "c=1"));
  for (const KeyRange& empty : {KeyRange{"b", "b"}, KeyRange{"c", "b"}, KeyRange{"e", "f"}, KeyRange{"aa", "ab"}}) {
    EXPECT_THAT(Scan(empty), IsEmpty());
    EXPECT_THAT(ScanReverse(empty), IsEmpty());
  }
}

TEST_F(StoreTest, ASnapshotStands) {
  Put("a", "1");
  Snapshot snapshot = store_->TakeSnapshot();
  Put("a", "2");
  Put("b", "2");
  EXPECT_EQ(Get("a", &snapshot), "1");
  EXPECT_THAT(Scan(kEverything, 9, &snapshot), ElementsAre("a=1"));
  EXPECT_EQ(Get("a"), "2");
  const Snapshot moved = std::move(snapshot);
  EXPECT_EQ(Get("b", &moved), "(none)");
  snapshot = store_->TakeSnapshot();
  EXPECT_EQ(Get("b", &snapshot), "2");
}

TEST_F(StoreTest, AScanOfASnapshotDoesNotSeeWhatItsVisitorCommits) {
  Put("a", "1");
  std::vector<std::string> seen;
  const Snapshot snapshot = store_->TakeSnapshot();
  EXPECT_TRUE(store_->Scan(kEverything, [&](std::string_view key, std::string_view) {
    seen.emplace_back(key);
    Put("aa", "new");
    return true;
  }, &snapshot).ok());
  EXPECT_THAT(seen, ElementsAre("a"));
}

TEST_F(StoreTest, ABatchReadsItsOwnChangesAndTheStoreDoesNot) {
  for (const char* key : {"a", "b", "c"}) Put(key, "old");
  Batch batch = store_->NewBatch();
  EXPECT_EQ(batch.bytes(), 0u);
  batch.Put("b", "new");
  batch.Put("bb", "new");
  batch.Delete("c");
  batch.Put("d", "gone again");
  batch.Delete("d");
  EXPECT_GT(batch.bytes(), 0u);
  EXPECT_EQ(batch.Get("a").value().value(), "old");
  EXPECT_EQ(batch.Get("b").value().value(), "new");
  EXPECT_FALSE(batch.Get("c").value().has_value());
  EXPECT_FALSE(batch.Get("d").value().has_value());
  EXPECT_THAT(Collect([&](EntryVisitor visit) { return batch.Scan(kEverything, visit); }),
              ElementsAre("a=old", "b=new", "bb=new"));
  EXPECT_THAT(Collect([&](EntryVisitor visit) { return batch.ScanReverse(kEverything, visit); }),
              ElementsAre("bb=new", "b=new", "a=old"));
  EXPECT_THAT(Collect([&](EntryVisitor visit) { return batch.Scan({"b", "bb"}, visit); }), ElementsAre("b=new"));
  EXPECT_THAT(Collect([&](EntryVisitor visit) { return batch.ScanReverse({"b", "bb"}, visit); }),
              ElementsAre("b=new"));
  EXPECT_THAT(Scan(kEverything), ElementsAre("a=old", "b=old", "c=old"));

  store_->Commit(batch);
  EXPECT_EQ(batch.bytes(), 0u);
  EXPECT_THAT(Scan(kEverything), ElementsAre("a=old", "b=new", "bb=new"));
  store_->Commit(batch);  // an empty one is nothing to do
}

TEST_F(StoreTest, AClearedBatchChangesNothing) {
  Batch batch = store_->NewBatch();
  batch.Put("a", "1");
  batch.Clear();
  EXPECT_EQ(batch.bytes(), 0u);
  store_->Commit(batch);
  EXPECT_THAT(Scan(kEverything), IsEmpty());
}

// The store and a batch over it against std::map, on every operation, both ways, at random.
TEST_F(StoreTest, BehavesAsASortedMap) {
  std::mt19937 random(20261122);
  // Keys of two tables, keys too short to have one, and long ones that begin alike.
  const auto random_key = [&] {
    static constexpr const char* kBeginnings[] = {"", "aaaaa", "ccccc", "cccccdddddddddddddddddddddddddddd"};
    std::string key = kBeginnings[random() % 4];
    for (int letters = 1 + static_cast<int>(random() % 2); letters > 0; --letters) key += static_cast<char>('a' + random() % 6);
    return key;
  };
  std::map<std::string, std::string> committed;
  std::vector<std::pair<Snapshot, std::map<std::string, std::string>>> stood;
  for (int round = 0; round < 60; ++round) {
    Batch batch = store_->NewBatch();
    std::map<std::string, std::string> own = committed;
    for (int i = 0; i < 20; ++i) {
      const std::string key = random_key();
      if (random() % 3 == 0) {
        batch.Delete(key);
        own.erase(key);
      } else {
        own[key] = absl::StrCat(round, ".", i);
        batch.Put(key, own[key]);
      }
    }
    const auto expect_equal = [](const std::map<std::string, std::string>& model, auto scan, auto scan_reverse,
                                 const KeyRange& range) {
      std::vector<std::string> wanted;
      for (const auto& [key, value] : model) {
        if (range.Contains(key)) wanted.push_back(key + "=" + value);
      }
      EXPECT_EQ(Collect(scan), wanted);
      EXPECT_EQ(Collect(scan_reverse), std::vector<std::string>(wanted.rbegin(), wanted.rend()));
    };
    for (int i = 0; i < 5; ++i) {
      KeyRange range{random_key(), random_key()};
      if (i == 0) range = kEverything;
      expect_equal(own, [&](EntryVisitor visit) { return batch.Scan(range, visit); },
                   [&](EntryVisitor visit) { return batch.ScanReverse(range, visit); }, range);
      expect_equal(committed, [&](EntryVisitor visit) { return store_->Scan(range, visit); },
                   [&](EntryVisitor visit) { return store_->ScanReverse(range, visit); }, range);
    }
    if (random() % 4 != 0) {
      store_->Commit(batch);
      committed = own;
    }
    if (random() % 3 == 0) stood.emplace_back(store_->TakeSnapshot(), committed);
    if (random() % 10 == 0) {
      ASSERT_TRUE(store_->Checkpoint().ok());
      EXPECT_EQ(store_->layers(), 1u);
    }
    for (const auto& [snapshot, model] : stood) {
      expect_equal(model, [&](EntryVisitor visit) { return store_->Scan(kEverything, visit, &snapshot); },
                   [&](EntryVisitor visit) { return store_->ScanReverse(kEverything, visit, &snapshot); }, kEverything);
    }
  }
}

TEST_F(StoreTest, AppliedPositions) {
  EXPECT_EQ(store_->AppliedPosition(1).value(), 0u);
  Batch batch = store_->NewBatch();
  batch.PutAppliedPosition(1, 17);
  batch.PutAppliedPosition(0xffffffff, uint64_t{1} << 63);
  batch.Put(FlipKey{.district = 3, .sequence = 1}.Encode(), "flip");
  store_->Commit(batch);
  EXPECT_EQ(store_->AppliedPosition(1).value(), 17u);
  EXPECT_EQ(store_->AppliedPosition(0xffffffff).value(), uint64_t{1} << 63);
  EXPECT_EQ(store_->AppliedPosition(3).value(), 0u);
  EXPECT_THAT(store_->Districts().value(), ElementsAre(1, 3, 0xffffffff));

  const std::string key = MetaKey{.district = 1, .name = std::string(kAppliedPositionName)}.Encode();
  Put(key, "\2future");
  EXPECT_EQ(store_->AppliedPosition(1).status().code(), absl::StatusCode::kFailedPrecondition);
  Put(key, "\1short");
  EXPECT_EQ(store_->AppliedPosition(1).status().code(), absl::StatusCode::kDataLoss);
  Put("odd", "");
  EXPECT_EQ(store_->Districts().status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(StoreTest, ACheckpointBeforeTheEndKeepsEverything) {
  Put("a", "1");
  ASSERT_TRUE(store_->Checkpoint().ok());
  store_.reset();
  Open();
  EXPECT_EQ(Get("a"), "1");
}

TEST_F(StoreTest, ACrashLeavesTheLastCheckpointOrALaterCommit) {
  Put("a", "1");
  ASSERT_TRUE(store_->Checkpoint().ok());
  Put("a", "2");
  Put("b", "2");
  LosePowerAndOpen();
  EXPECT_THAT(Scan(kEverything), ElementsAre("a=1"));
}

TEST_F(StoreTest, ACrashNeverSplitsACommitAndNeverSkipsOne) {
  int last = 0;
  for (int round = 0; round < 3; ++round) {
    for (int i = 1; i <= 100; ++i) {
      ++last;
      Batch batch = store_->NewBatch();
      batch.Put(absl::StrCat("k", last), std::string(3000, 'x'));
      batch.PutAppliedPosition(1, static_cast<uint64_t>(last));
      store_->Commit(batch);
      if (i % 30 == round) {
        ASSERT_TRUE(store_->Checkpoint().ok());
      }
    }
    disk_->FailWrites(true);
    store_.reset();
    disk_->LosePower();
    disk_->FailWrites(false);
    Open();
    const int applied = static_cast<int>(store_->AppliedPosition(1).value());
    EXPECT_LE(applied, last);
    for (int i = 1; i <= last; ++i) EXPECT_EQ(Get(absl::StrCat("k", i)) != "(none)", i <= applied) << i;
    last = applied;
  }
}

TEST_F(StoreTest, AFailedCheckpointLosesNothing) {
  Put("a", "1");
  disk_->FailWrites(true);
  EXPECT_EQ(store_->Checkpoint().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(Get("a"), "1");
  Put("b", "1");
  EXPECT_EQ(Get("b"), "1");
  disk_->FailWrites(false);
  EXPECT_TRUE(store_->Checkpoint().ok());
  LosePowerAndOpen();
  EXPECT_THAT(Scan(kEverything), ElementsAre("a=1", "b=1"));
}

// A table that is taken in belongs to the view once the record of that is written, whether or not its sync succeeded.
TEST_F(StoreTest, ACheckpointThatFailsAtItsLastStepIsThereOrNotThere) {
  for (int skip = 0; skip < 4; ++skip) {
    SCOPED_TRACE(skip);
    for (const bool power_lost : {false, true}) {
      disk_ = Disk::InMemory();
      Open();
      Put("a", "1");
      ASSERT_TRUE(store_->Checkpoint().ok());
      Put("a", "2");
      Put("b", "2");
      disk_->FailOneSync("MANIFEST", skip);
      const absl::Status failed = store_->Checkpoint();
      if (failed.ok()) {
        EXPECT_GT(skip, 0);
      } else {
        EXPECT_EQ(failed.code(), absl::StatusCode::kFailedPrecondition) << failed;
        EXPECT_EQ(store_->Checkpoint().code(), absl::StatusCode::kFailedPrecondition);  // and says so again
      }
      disk_->FailOneSync("", 0);
      EXPECT_EQ(Get("a"), "2");
      if (power_lost) {
        LosePowerAndOpen();
      } else {
        store_.reset();
        Open();
      }
      const std::vector<std::string> found = Scan(kEverything);
      if (failed.ok() || found.size() == 2) {
        EXPECT_THAT(found, ElementsAre("a=2", "b=2"));
      } else {
        EXPECT_THAT(found, ElementsAre("a=1"));
      }
      Put("c", "3");
      EXPECT_TRUE(store_->Checkpoint().ok());
      EXPECT_TRUE(store_->VerifyChecksums().ok());
    }
  }
}

// What the first checkpoint wrote has the lowest numbers that RocksDB gives, and a snapshot of then sees through compactions.
TEST_F(StoreTest, ASnapshotHeldFromTheFirstCheckpointOnLosesNothing) {
  std::map<std::string, std::string> truth;
  std::optional<Snapshot> snapshot;
  std::map<std::string, std::string> then;
  for (int round = 0; round < 12; ++round) {
    Batch batch = store_->NewBatch();
    for (int i = 0; i < 500; ++i) {
      const std::string key = absl::StrCat("key", (round * 7'919 + i * 104'729) % 3'000);
      batch.Put(key, truth[key] = absl::StrCat(round, ":", i));
    }
    store_->Commit(batch);
    ASSERT_TRUE(store_->Checkpoint().ok());
    if (round == 0) {
      snapshot = store_->TakeSnapshot();
      then = truth;
    }
  }
  const auto read = [&](const Snapshot* of) {
    std::map<std::string, std::string> seen;
    EXPECT_TRUE(store_->Scan(kEverything, [&](std::string_view key, std::string_view value) {
      seen.emplace(key, value);
      return true;
    }, of).ok());
    return seen;
  };
  EXPECT_EQ(read(&*snapshot), then);
  EXPECT_EQ(read(nullptr), truth);
  snapshot.reset();
  store_.reset();
  Open();
  EXPECT_EQ(read(nullptr), truth);
}

// Memory's entries beyond damage are no answer without what lies before them.
TEST_F(StoreTest, AScanEndsAtDamageWhateverMemoryHoldsBehindIt) {
  DamageATable();
  Put("a", "before");
  Put("z", "behind");
  const auto until = [&](std::string_view last) {
    return [last](std::string_view key, std::string_view) { return key != last; };
  };
  EXPECT_EQ(store_->Scan(kEverything, until("z")).code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(store_->ScanReverse(kEverything, until("a")).code(), absl::StatusCode::kDataLoss);
}

TEST_F(StoreTest, VerifiesChecksumsAndCounts) {
  for (int i = 0; i < 1000; ++i) Put(absl::StrCat("key", i), std::string(100, 'v'));
  ASSERT_TRUE(store_->Checkpoint().ok());
  EXPECT_TRUE(store_->VerifyChecksums().ok());
  const StoreStats stats = store_->Stats().value();
  EXPECT_GT(stats.disk_bytes, 1000u);
  EXPECT_GT(stats.memory_bytes, 0u);
  EXPECT_NEAR(static_cast<double>(stats.keys_estimate), 1000, 1);
}

TEST_F(StoreTest, VerifyFindsADamagedTable) {
  DamageATable();
  EXPECT_EQ(store_->VerifyChecksums().code(), absl::StatusCode::kDataLoss);
}

TEST_F(StoreTest, OneAtATime) {
  EXPECT_EQ(Store::Open({.directory = "/view", .disk = disk_}).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST_F(StoreTest, ReadersAndACommitterAtOnce) {
  const auto key = [](int i) { return absl::StrCat("k", i); };
  std::vector<std::thread> readers;
  for (int r = 0; r < 2; ++r) {
    readers.emplace_back([&] {
      for (int i = 0; i < 200; ++i) {
        // Every commit sets both keys: whoever sees one moment sees them equal.
        const Snapshot snapshot = store_->TakeSnapshot();
        EXPECT_EQ(store_->Get(key(0), &snapshot).value(), store_->Get(key(1), &snapshot).value());
      }
    });
  }
  for (int i = 0; i < 500; ++i) {
    Batch batch = store_->NewBatch();
    batch.Put(key(0), absl::StrCat(i));
    batch.Put(key(1), absl::StrCat(i));
    store_->Commit(batch);
  }
  for (std::thread& reader : readers) reader.join();
}

}  // namespace
}  // namespace leadlag
