#include "storage/record_file.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "storage/crc32c.h"

namespace leadlag {
namespace {

constexpr size_t kBlockBytes = 32768;
constexpr size_t kHeaderBytes = 7;
enum Type : char { kFull = 1, kFirst = 2, kMiddle = 3, kLast = 4 };

// Writes as RocksDB's log::Writer does.
class RecordFile {
 public:
  void Add(std::string_view record) {
    for (bool begins = true;; begins = false) {
      const size_t room = kBlockBytes - bytes_.size() % kBlockBytes;
      if (room < kHeaderBytes) bytes_.append(room, '\0');
      const size_t fits = kBlockBytes - bytes_.size() % kBlockBytes - kHeaderBytes;
      const bool ends = record.size() <= fits;
      const std::string_view part = record.substr(0, fits);
      starts_.push_back(bytes_.size());
      Emit(begins ? (ends ? kFull : kFirst) : (ends ? kLast : kMiddle), part);
      record.remove_prefix(part.size());
      if (ends) return;
    }
  }

  const std::string& bytes() const { return bytes_; }
  const std::vector<size_t>& starts() const { return starts_; }  // of physical records

 private:
  void Emit(Type type, std::string_view payload) {
    const std::string typed = std::string(1, type) + std::string(payload);
    const uint32_t crc = Crc32c(typed);
    const uint32_t masked = (crc >> 15 | crc << 17) + 0xa282ead8u;
    for (int i = 0; i < 4; ++i) bytes_.push_back(static_cast<char>(masked >> (8 * i)));
    bytes_.push_back(static_cast<char>(payload.size() & 0xff));
    bytes_.push_back(static_cast<char>(payload.size() >> 8));
    bytes_ += typed;
  }

  std::string bytes_;
  std::vector<size_t> starts_;
};

std::string Payload(size_t size) {
  std::string payload(size, '\0');
  for (size_t i = 0; i < size; ++i) payload[i] = static_cast<char>(i * 131 + size);
  return payload;
}

RecordFile SmallFile() {
  RecordFile file;
  for (const size_t size : {size_t{100}, size_t{0}, size_t{1}, size_t{300}, size_t{40}}) file.Add(Payload(size));
  return file;
}

RecordFile LargeFile() {
  RecordFile file;
  // Fragments over three blocks, and an end of block without room for a header.
  file.Add(Payload(70000));
  file.Add(Payload(kBlockBytes - file.bytes().size() % kBlockBytes - 2 * kHeaderBytes - 3));
  for (int i = 0; i < 20; ++i) file.Add(Payload(500 + i));
  return file;
}

bool Damaged(std::string_view bytes) { return absl::IsDataLoss(CheckRecordFile(bytes, "test").status()); }

TEST(RecordFileTest, WholeFilesAreGood) {
  EXPECT_TRUE(CheckRecordFile("", "test").ok());
  EXPECT_TRUE(CheckRecordFile(SmallFile().bytes(), "test").ok());
  EXPECT_TRUE(CheckRecordFile(LargeFile().bytes(), "test").ok());
}

TEST(RecordFileTest, CutOffAnywhereIsTorn) {
  for (const RecordFile& file : {SmallFile(), LargeFile()}) {
    const size_t step = file.bytes().size() > 1000 ? 1499 : 1;
    for (size_t size = 0; size < file.bytes().size(); size += step) {
      EXPECT_FALSE(Damaged(file.bytes().substr(0, size))) << size;
    }
  }
}

TEST(RecordFileTest, ZerosAfterTheEndAreTorn) {
  const std::string bytes = SmallFile().bytes();
  EXPECT_FALSE(Damaged(bytes + std::string(5, '\0')));
  EXPECT_FALSE(Damaged(bytes + std::string(100000, '\0')));
  EXPECT_TRUE(Damaged(bytes + std::string(100, '\0') + bytes));
}

// A power cut may leave the last records' later sectors empty.
TEST(RecordFileTest, ARecordThatWasNotFilledIsCutOff) {
  RecordFile file = SmallFile();
  const size_t whole = file.bytes().size();
  file.Add(Payload(100000));
  for (size_t sector = 512; sector < file.bytes().size(); sector += 512) {
    std::string bytes = file.bytes();
    std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(sector), bytes.end(), '\0');
    const absl::StatusOr<size_t> counting = CheckRecordFile(bytes, "test");
    ASSERT_TRUE(counting.ok()) << sector << " " << counting.status();
    // Fragments before the first empty sector are whole.
    EXPECT_GE(*counting, std::min(sector, whole) / 2) << sector;
    EXPECT_TRUE(CheckRecordFile(bytes.substr(0, *counting), "test").ok()) << sector;
    bytes[100] ^= 1;  // and one that is damaged before is still damage
    EXPECT_TRUE(Damaged(bytes)) << sector;
  }
  // Within a sector nothing but damage leaves zeros.
  std::string bytes = file.bytes();
  std::fill(bytes.end() - 100, bytes.end(), '\0');
  EXPECT_EQ(Damaged(bytes), file.bytes().size() % 512 != 100);
}

TEST(RecordFileTest, EveryFlippedBitIsDamage) {
  const std::string good = SmallFile().bytes();
  for (size_t i = 0; i < good.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string bad = good;
      bad[i] = static_cast<char>(bad[i] ^ (1 << bit));
      EXPECT_TRUE(Damaged(bad)) << "byte " << i << " bit " << bit;
    }
  }
}

TEST(RecordFileTest, EveryChangedHeaderByteIsDamage) {
  const RecordFile file = LargeFile();
  for (const size_t start : file.starts()) {
    for (size_t i = start; i < start + kHeaderBytes; ++i) {
      for (int mask = 1; mask < 256; ++mask) {
        std::string bad = file.bytes();
        bad[i] = static_cast<char>(bad[i] ^ mask);
        ASSERT_TRUE(Damaged(bad)) << "byte " << i << " mask " << mask;
      }
    }
  }
}

TEST(RecordFileTest, NamesTheFileAndThePlace) {
  RecordFile file = SmallFile();
  std::string bad = file.bytes();
  bad[file.starts()[3] + 20] ^= 1;
  const absl::Status status = CheckRecordFile(bad, "log/000004.log").status();
  EXPECT_EQ(status.message(), "log/000004.log is damaged at byte " + std::to_string(file.starts()[3]));
}

}  // namespace
}  // namespace leadlag
