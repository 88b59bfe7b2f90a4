// One flipped byte in any file of a data directory: the data is right, or the damage is reported. Never wrong or
// missing in silence, never a crash.
//
// Takes a directory as a clean close and as a crash leaves it, changes one byte of one file, opens, applies the log's
// tail and reads everything back. Bytes are sampled; LEADLAG_LONG=1 takes every byte of every file.
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "storage/data_directory.h"
#include "storage/disk.h"

namespace leadlag {
namespace {

constexpr uint32_t kSeed = 20261122;
constexpr size_t kSampledOffsets = 40;  // of each file, half of them at its two ends
constexpr uint32_t kDistricts = 2;

// What is right: each district's commands by position, and the keys and values of the view once all are applied.
struct Truth {
  std::map<uint32_t, std::vector<std::string>> commands;  // [district][position - 1]
  std::map<std::string, std::string> view;
};

// A command's effect: a flip whose sequence is the position.
std::string EffectKey(uint32_t district, uint64_t position) {
  return FlipKey{.district = district, .sequence = position}.Encode();
}

void Apply(uint32_t district, uint64_t first_position, const std::vector<std::string>& commands, Batch& batch) {
  for (size_t i = 0; i < commands.size(); ++i) batch.Put(EffectKey(district, first_position + i), commands[i]);
  batch.PutAppliedPosition(district, first_position + commands.size() - 1);
}

class Writer {
 public:
  Writer(DataDirectory& directory, Truth& truth) : directory_(directory), truth_(truth) {
    for (uint32_t district = 1; district <= kDistricts; ++district) {
      owned_.push_back(directory_.log().Own(absl::StrCat("district-", district)).value());
    }
  }

  // Appends one group to every district, which must be committed; applies it where asked to.
  void Write(size_t commands, size_t command_bytes, bool apply) {
    std::vector<Group> groups;
    for (const Ownership& own : owned_) {
      Group group{own.district_number, own.epoch, truth_.commands[own.district_number].size(), {}};
      for (size_t i = 0; i < commands; ++i) group.commands.push_back(Command(command_bytes));
      groups.push_back(std::move(group));
    }
    directory_.log().Append(groups, [](std::vector<AppendOutcome> outcomes) {
      for (const AppendOutcome outcome : outcomes) ASSERT_EQ(outcome, AppendOutcome::kCommitted);
    });
    for (const Group& group : groups) {
      std::vector<std::string>& known = truth_.commands[group.district_number];
      known.insert(known.end(), group.commands.begin(), group.commands.end());
      if (!apply) continue;
      Batch batch = directory_.store().NewBatch();
      Apply(group.district_number, group.expected_position + 1, group.commands, batch);
      directory_.store().Commit(batch);
    }
  }

 private:
  std::string Command(size_t bytes) {
    std::string command(bytes, '\0');
    for (char& c : command) c = static_cast<char>(random_() % 2 == 0 ? 'a' : random_());
    return command;
  }

  DataDirectory& directory_;
  Truth& truth_;
  std::vector<Ownership> owned_;
  std::mt19937 random_{kSeed};
};

std::unique_ptr<DataDirectory> MustOpen(const std::shared_ptr<Disk>& disk) {
  absl::StatusOr<std::unique_ptr<DataDirectory>> directory = DataDirectory::Open({.directory = "/d", .disk = disk});
  EXPECT_TRUE(directory.ok()) << directory.status();
  return *std::move(directory);
}

struct Image {
  std::string name;
  Disk::Contents contents;
  Truth truth;
};

// Both ways in which a process ends, on the same history: tables, a trimmed log, a log tail over several blocks,
// groups that the view has applied and groups that it has not.
std::vector<Image> MakeImages() {
  const std::shared_ptr<Disk> disk = Disk::InMemory();
  Truth truth;
  std::unique_ptr<DataDirectory> directory = MustOpen(disk);
  {
    Writer writer(*directory, truth);
    for (int i = 0; i < 20; ++i) writer.Write(3, 50, /*apply=*/true);
    EXPECT_TRUE(directory->CheckpointAndTrim().ok());
  }
  directory.reset();
  directory = MustOpen(disk);  // the log's groups so far are in a table now
  {
    Writer writer(*directory, truth);
    for (int i = 0; i < 5; ++i) writer.Write(2, 200, /*apply=*/true);
    EXPECT_TRUE(directory->store().Checkpoint().ok());
    writer.Write(1, 20000, /*apply=*/true);
    writer.Write(1, 40000, /*apply=*/true);
    for (int i = 0; i < 5; ++i) writer.Write(2, 100, /*apply=*/true);
    for (int i = 0; i < 3; ++i) writer.Write(2, 30, /*apply=*/false);
  }
  for (const auto& [district, commands] : truth.commands) {
    for (size_t i = 0; i < commands.size(); ++i) truth.view[EffectKey(district, i + 1)] = commands[i];
  }
  std::vector<Image> images;
  images.push_back({"crash", disk->ReadAll(), truth});
  EXPECT_TRUE(directory->store().Checkpoint().ok());
  directory.reset();
  images.push_back({"clean close", disk->ReadAll(), truth});
  return images;
}

// Opens, replays and reads all. OK when everything is right; a status where damage was reported. Anything else is the
// failure that this test looks for, and is said in `wrong`.
absl::Status ReadBack(const std::shared_ptr<Disk>& disk, const Truth& truth, std::string& wrong) {
  absl::StatusOr<std::unique_ptr<DataDirectory>> opened = DataDirectory::Open({.directory = "/d", .disk = disk});
  if (!opened.ok()) return opened.status();
  DataDirectory& directory = **opened;
  const absl::StatusOr<std::vector<DistrictEntry>> entries = directory.log().Districts();
  if (!entries.ok()) return entries.status();
  if (entries->size() != kDistricts) wrong = "a district is missing";
  for (const DistrictEntry& entry : *entries) {
    const uint32_t district = entry.district_number;
    const std::vector<std::string>& wanted = truth.commands.at(district);
    if (entry.last_position != wanted.size()) {
      wrong = absl::StrCat("district ", district, " ends at ", entry.last_position, ", not ", wanted.size());
    }
    const absl::StatusOr<uint64_t> applied = directory.store().AppliedPosition(district);
    if (!applied.ok()) return applied.status();
    for (uint64_t next = entry.trimmed_to + 1; next <= entry.last_position;) {
      const absl::StatusOr<std::vector<LoggedGroup>> groups = directory.log().Read(district, next, kGroupBytesMax);
      if (!groups.ok()) return groups.status();
      for (const LoggedGroup& group : *groups) {
        for (size_t i = 0; i < group.commands.size(); ++i) {
          if (group.commands[i] != wanted.at(group.first_position + i - 1)) wrong = "a command differs";
        }
        next = group.last_position() + 1;
        if (group.last_position() <= *applied) continue;
        Batch batch = directory.store().NewBatch();
        Apply(district, group.first_position, group.commands, batch);
        directory.store().Commit(batch);
      }
    }
  }
  std::map<std::string, std::string> view;
  const absl::Status scanned = directory.store().Scan({"", ""}, [&](std::string_view key, std::string_view value) {
    if (FlipKey::Decode(key).ok()) view.emplace(key, value);
    return true;
  });
  if (!scanned.ok()) return scanned;
  if (view != truth.view) wrong = absl::StrCat("the view differs: ", view.size(), " of ", truth.view.size(), " flips");
  return absl::OkStatus();
}

bool IsLong() {
  const char* value = std::getenv("LEADLAG_LONG");
  return value != nullptr && std::string_view(value) == "1";
}

std::set<size_t> Offsets(size_t size, std::mt19937& random) {
  std::set<size_t> offsets;
  if (IsLong() || size <= kSampledOffsets) {
    for (size_t i = 0; i < size; ++i) offsets.insert(i);
    return offsets;
  }
  for (size_t i = 0; i < kSampledOffsets / 4; ++i) offsets.insert({i, size - 1 - i});
  while (offsets.size() < kSampledOffsets) offsets.insert(random() % size);
  return offsets;
}

TEST(DamageTest, TheImagesAreWorthDamaging) {
  for (const Image& image : MakeImages()) {
    std::string wrong;
    const absl::Status status = ReadBack(Disk::InMemory(image.contents), image.truth, wrong);
    EXPECT_TRUE(status.ok()) << image.name << ": " << status;
    EXPECT_EQ(wrong, "") << image.name;
    std::set<std::string> kinds;
    for (const auto& [path, bytes] : image.contents) {
      for (const char* kind : {"FORMAT", "log/MANIFEST", "view/MANIFEST", "log/CURRENT", "view/CURRENT", "IDENTITY",
                               "OPTIONS"}) {
        if (absl::StrContains(path, kind) && !bytes.empty()) kinds.insert(kind);
      }
      if (path.starts_with("/d/log/") && path.ends_with(".log") && bytes.size() > 3 * 32768) kinds.insert("long WAL");
      if (path.starts_with("/d/log/") && path.ends_with(".sst")) kinds.insert("log table");
      if (path.starts_with("/d/view/") && path.ends_with(".sst")) kinds.insert("view table");
    }
    EXPECT_EQ(kinds.size(), 10u) << image.name << ": a kind of file is not there, or not filled";
  }
}

TEST(DamageTest, OneFlippedByteIsNeverSilent) {
  size_t reported = 0;
  size_t harmless = 0;
  for (const Image& image : MakeImages()) {
    for (const auto& [path, bytes] : image.contents) {
      std::mt19937 random(kSeed);
      for (const size_t offset : Offsets(bytes.size(), random)) {
        const int mask = offset % 2 == 0 ? 1 << (random() % 8) : 1 + static_cast<int>(random() % 255);
        SCOPED_TRACE(absl::StrCat(image.name, ", ", path, ", byte ", offset, " of ", bytes.size(), ", mask ", mask));
        Disk::Contents damaged = image.contents;
        damaged[path][offset] = static_cast<char>(damaged[path][offset] ^ mask);
        std::string wrong;
        const absl::Status status = ReadBack(Disk::InMemory(damaged), image.truth, wrong);
        ++(status.ok() ? harmless : reported);
        EXPECT_TRUE(wrong.empty() || status.code() == absl::StatusCode::kDataLoss) << wrong;
        EXPECT_TRUE(status.ok() || status.code() == absl::StatusCode::kDataLoss ||
                    status.code() == absl::StatusCode::kFailedPrecondition)
            << status;
      }
    }
  }
  RecordProperty("reported", static_cast<int>(reported));
  RecordProperty("harmless", static_cast<int>(harmless));
  EXPECT_GT(reported, harmless / 4) << "the flips hit next to nothing";
}

// Where RocksDB's records begin in a record file: blocks of 32 KiB, headers of 7 bytes with the length in bytes 4 and
// 5.
std::vector<size_t> RecordStarts(const std::string& bytes) {
  std::vector<size_t> starts;
  for (size_t offset = 0; offset + 7 <= bytes.size();) {
    if (offset % 32768 + 7 > 32768) {
      offset += 32768 - offset % 32768;
      continue;
    }
    starts.push_back(offset);
    offset += 7 + static_cast<unsigned char>(bytes[offset + 4]) + 256 * static_cast<unsigned char>(bytes[offset + 5]);
  }
  return starts;
}

// Damage in a record's header is what RocksDB alone takes for the torn end of a file (storage/record_file.h): none of
// it is silent, none passes for an end.
TEST(DamageTest, EveryRecordHeaderIsWatched) {
  const Image image = MakeImages().at(0);
  size_t headers = 0;
  for (const auto& [path, bytes] : image.contents) {
    if (!path.ends_with(".log") && !absl::StrContains(path, "/MANIFEST-")) continue;
    for (const size_t start : RecordStarts(bytes)) {
      ++headers;
      for (size_t offset = start + (IsLong() ? 0 : 4); offset < start + 7; ++offset) {
        for (const int mask : {0x01, 0x04, 0x80}) {
          Disk::Contents damaged = image.contents;
          damaged[path][offset] = static_cast<char>(bytes[offset] ^ mask);
          std::string wrong;
          EXPECT_EQ(ReadBack(Disk::InMemory(damaged), image.truth, wrong).code(), absl::StatusCode::kDataLoss)
              << path << ", record at " << start << ", byte " << offset - start << ", mask " << mask << ": " << wrong;
        }
      }
    }
  }
  EXPECT_GT(headers, 30u);
}

// A log cut off where a record begins has no damage in it. The view tells, as far as it has applied what is missing.
TEST(DamageTest, ACutOffLogIsFoundAsFarAsTheViewHasApplied) {
  const Image image = MakeImages().at(1);
  std::string wal;
  for (const auto& [path, bytes] : image.contents) {
    if (path.starts_with("/d/log/") && path.ends_with(".log") && !bytes.empty()) wal = path;
  }
  const std::string& bytes = image.contents.at(wal);
  size_t found = 0;
  size_t unapplied_lost = 0;
  for (size_t size = 0; size < bytes.size(); size += 1 + bytes.size() / 150) {
    Disk::Contents damaged = image.contents;
    damaged[wal].resize(size);
    std::string wrong;
    const absl::Status status = ReadBack(Disk::InMemory(damaged), image.truth, wrong);
    if (!status.ok()) {
      EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
      ++found;
      continue;
    }
    ++unapplied_lost;
    EXPECT_GT(size, bytes.size() - 1000) << "only the groups that the view had not applied: " << wrong;
  }
  EXPECT_GT(found, 100u);
  EXPECT_LT(unapplied_lost, 5u);
}

}  // namespace
}  // namespace leadlag
