#include "storage/evidence_blocks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "storage/keys.h"

namespace leadlag {
namespace {

using ::testing::ElementsAreArray;
using ::testing::IsEmpty;

std::string Hex(std::string_view bytes) { return absl::BytesToHexString({bytes.data(), bytes.size()}); }

const Date kDay = Date::FromYmd(2025, 9, 4);
const std::vector<EvidencePlace> kPlaces{{kDay, 7}, {kDay, 300}, {kDay + 26, 6}};
const std::vector<EvidenceIdentityEntry> kEntries{{0xa0b1020304050607, 9}, {0xa0b1020304050607, 10}, {0xa0b1ffffffffffff, 2}};
const std::vector<std::string_view> kRecords{"abc", "", "d"};

// These bytes are in every data directory. If this test fails, the code is wrong, not the test.
TEST(EvidenceBlocksTest, GoldenBytes) {
  EXPECT_EQ(Hex(EncodeSeriesBlock(kPlaces)), "01" "03" "06" "03" "01" "00" "a602" "1a" "00");
  EXPECT_EQ(Hex(EncodeIdentityBlock(kEntries)), "01" "03" "02" "020304050607" "07" "020304050607" "08" "ffffffffffff" "00");
  EXPECT_EQ(Hex(EncodeRecordBlock(kRecords)), "01" "03" "03" "00" "01" "616263" "64");
}

template <typename Decode>
void ExpectStrict(const std::string& bytes, Decode decode) {
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(decode(bytes.substr(0, size)).code(), absl::StatusCode::kDataLoss) << size;
  }
  EXPECT_EQ(decode(bytes + '\0').code(), absl::StatusCode::kDataLoss);
  std::string newer = bytes;
  newer[0] = 2;
  EXPECT_EQ(decode(newer).code(), absl::StatusCode::kFailedPrecondition);
  newer[0] = 0;
  EXPECT_EQ(decode(newer).code(), absl::StatusCode::kDataLoss);
}

absl::Status DecodeSeries(std::string_view bytes) {
  std::vector<EvidencePlace> places;
  return AddSeriesBlock(bytes, MonthOf(kDay), places);
}
absl::Status DecodeIdentities(std::string_view bytes) {
  std::vector<EvidenceIdentityEntry> entries;
  return AddIdentityBlock(bytes, 0xa0b1, entries);
}

TEST(EvidenceBlocksTest, ReadsWhatItWritesAndNothingElse) {
  std::vector<EvidencePlace> places;
  ASSERT_TRUE(AddSeriesBlock(EncodeSeriesBlock(kPlaces), MonthOf(kDay), places).ok());
  EXPECT_EQ(places, kPlaces);
  std::vector<EvidenceIdentityEntry> entries;
  ASSERT_TRUE(AddIdentityBlock(EncodeIdentityBlock(kEntries), 0xa0b1, entries).ok());
  EXPECT_EQ(entries, kEntries);
  const std::string block = EncodeRecordBlock(kRecords);
  EXPECT_EQ(DecodeRecordBlock(block).value(), kRecords);

  ExpectStrict(EncodeSeriesBlock(kPlaces), DecodeSeries);
  ExpectStrict(EncodeIdentityBlock(kEntries), DecodeIdentities);
  ExpectStrict(block, [](std::string_view bytes) { return DecodeRecordBlock(bytes).status(); });
}

TEST(EvidenceBlocksTest, RefusesWhatNoCheckpointWrites) {
  const auto expect_data_loss = [](const absl::Status& status) { EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss); };
  expect_data_loss(DecodeSeries(std::string("\1\0\0", 3)));                       // nothing
  expect_data_loss(DecodeSeries(std::string("\1\2\6\3\1\0\1", 7)));               // twice the same
  expect_data_loss(DecodeSeries(std::string("\1\2\6\3\1\0\0", 7)));               // descending
  EXPECT_TRUE(DecodeSeries(std::string("\1\1\6\x1d\1", 5)).ok());                 // the month's last day
  expect_data_loss(DecodeSeries(std::string("\1\1\6\x1e\1", 5)));                 // a day beyond it
  expect_data_loss(DecodeSeries(std::string("\1\2\6\x1d\1\1\1", 7)));             // two steps beyond it
  expect_data_loss(DecodeIdentities(std::string("\1\0\0", 3)));
  expect_data_loss(DecodeIdentities(std::string("\1\2\1\0\0\0\0\0\5\0\0\0\0\0\0\4\0", 17)));  // descending
  expect_data_loss(DecodeRecordBlock(std::string("\1\0", 2)).status());
  expect_data_loss(DecodeRecordBlock(std::string("\1\1\2a", 4)).status());        // longer than it is
}

TEST(EvidenceBlocksTest, AnyBlockReadsBack) {
  std::mt19937_64 random(20261123);
  for (int round = 0; round < 500; ++round) {
    const uint16_t month = static_cast<uint16_t>(random() % 1'560);
    const int days = FirstOfMonth(month).StartOfNextMonth() - FirstOfMonth(month);
    std::vector<EvidencePlace> places;
    std::vector<EvidenceIdentityEntry> entries;
    std::vector<std::string> bytes;
    const uint64_t most = uint64_t{1} << (random() % 64);
    for (size_t i = 0, size = 1 + random() % 40; i < size; ++i) {
      places.push_back({FirstOfMonth(month) + static_cast<int>(random() % static_cast<uint64_t>(days)), random() % most});
      entries.push_back({uint64_t{month} << 48 | random() >> (16 + random() % 48), random() % most});
      bytes.push_back(std::string(random() % 300, static_cast<char>(random())));
    }
    const auto make_set = [](auto& list) {
      std::sort(list.begin(), list.end());
      list.erase(std::unique(list.begin(), list.end()), list.end());
    };
    make_set(places);
    make_set(entries);
    std::vector<EvidencePlace> places_read;
    ASSERT_TRUE(AddSeriesBlock(EncodeSeriesBlock(places), month, places_read).ok());
    ASSERT_EQ(places_read, places);
    std::vector<EvidenceIdentityEntry> entries_read;
    ASSERT_TRUE(AddIdentityBlock(EncodeIdentityBlock(entries), month, entries_read).ok());
    ASSERT_EQ(entries_read, entries);
    const std::string block = EncodeRecordBlock(std::vector<std::string_view>(bytes.begin(), bytes.end()));
    ASSERT_THAT(DecodeRecordBlock(block).value(), ElementsAreArray(bytes));
    // A damaged block is an error or another block, never a crash.
    for (std::string damaged : {EncodeSeriesBlock(places), EncodeIdentityBlock(entries), block}) {
      damaged[random() % damaged.size()] ^= static_cast<char>(1 << random() % 8);
      AddSeriesBlock(damaged, month, places_read).IgnoreError();
      AddIdentityBlock(damaged, month, entries_read).IgnoreError();
      DecodeRecordBlock(damaged).status().IgnoreError();
    }
  }
}

}  // namespace
}  // namespace leadlag
