#include "core/codec.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace leadlag {
namespace {

std::string Hex(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (const char byte : bytes) {
    hex += kDigits[static_cast<uint8_t>(byte) >> 4];
    hex += kDigits[static_cast<uint8_t>(byte) & 15];
  }
  return hex;
}

std::string Varint(uint64_t value) {
  ByteWriter writer;
  writer.PutVarint(value);
  return std::move(writer).Take();
}

std::string Signed(int64_t value) {
  ByteWriter writer;
  writer.PutSigned(value);
  return std::move(writer).Take();
}

std::string Fixed64(uint64_t value) {
  ByteWriter writer;
  writer.PutFixed64(value);
  return std::move(writer).Take();
}

// True where the bytes, and nothing after them, are a varint.
bool IsVarint(std::string_view bytes) {
  ByteReader reader(bytes);
  reader.GetVarint();
  return reader.Finish("a varint").ok();
}

TEST(CodecTest, BytesAreFixedForEver) {
  ByteWriter writer;
  writer.PutU8(0xab);
  writer.PutFixed32(0x01020304);
  writer.PutFixed64(0x0102030405060708);
  writer.PutVarint(300);
  writer.PutSigned(-2);
  writer.PutDouble(1.0);
  writer.PutString("hi");
  writer.PutRaw("!");
  EXPECT_EQ(Hex(writer.bytes()), "ab010203040102030405060708ac02033ff000000000000002686921");
}

TEST(CodecTest, VarintBoundaries) {
  EXPECT_EQ(Hex(Varint(0)), "00");
  EXPECT_EQ(Hex(Varint(127)), "7f");
  EXPECT_EQ(Hex(Varint(128)), "8001");
  EXPECT_EQ(Hex(Varint(16383)), "ff7f");
  EXPECT_EQ(Hex(Varint(16384)), "808001");
  EXPECT_EQ(Hex(Varint(std::numeric_limits<uint64_t>::max())), "ffffffffffffffffff01");
  for (int bit = 0; bit < 64; ++bit) {
    for (const uint64_t value : {(uint64_t{1} << bit) - 1, uint64_t{1} << bit, (uint64_t{1} << bit) + 1}) {
      const std::string bytes = Varint(value);
      ByteReader reader(bytes);
      EXPECT_EQ(reader.GetVarint(), value);
      EXPECT_TRUE(reader.Finish("it").ok()) << value;
    }
  }
}

TEST(CodecTest, SignedBoundaries) {
  EXPECT_EQ(Hex(Signed(0)), "00");
  EXPECT_EQ(Hex(Signed(-1)), "01");
  EXPECT_EQ(Hex(Signed(1)), "02");
  EXPECT_EQ(Hex(Signed(-64)), "7f");
  EXPECT_EQ(Hex(Signed(64)), "8001");
  constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  for (const int64_t value : {kMin, kMin + 1, int64_t{-65}, int64_t{63}, kMax - 1, kMax}) {
    const std::string bytes = Signed(value);
    ByteReader reader(bytes);
    EXPECT_EQ(reader.GetSigned(), value);
    EXPECT_TRUE(reader.Finish("it").ok()) << value;
  }
}

TEST(CodecTest, AVarintHasOneEncoding) {
  using namespace std::string_view_literals;
  EXPECT_TRUE(IsVarint("\x00"sv));
  EXPECT_FALSE(IsVarint(""sv));
  EXPECT_FALSE(IsVarint("\x80"sv)) << "cut off";
  EXPECT_FALSE(IsVarint("\x80\x00"sv)) << "0 in two bytes";
  EXPECT_FALSE(IsVarint("\xff\x80\x00"sv)) << "127 in three bytes";
  EXPECT_TRUE(IsVarint("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"sv));
  EXPECT_FALSE(IsVarint("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"sv)) << "65 bits";
  EXPECT_FALSE(IsVarint("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x81\x00"sv)) << "11 bytes";
}

TEST(CodecTest, FixedSortsAsTheNumbersDo) {
  EXPECT_LT(Fixed64(1), Fixed64(256));
  EXPECT_LT(Fixed64(255), Fixed64(std::numeric_limits<uint64_t>::max()));
}

TEST(CodecTest, DoublesSurviveToTheBit) {
  for (const double value : {0.0, -0.0, 1.5, -std::numeric_limits<double>::infinity(),
                             std::numeric_limits<double>::denorm_min(), std::nan("7")}) {
    ByteWriter writer;
    writer.PutDouble(value);
    ByteReader reader(writer.bytes());
    EXPECT_EQ(std::bit_cast<uint64_t>(reader.GetDouble()), std::bit_cast<uint64_t>(value));
    EXPECT_TRUE(reader.Finish("it").ok());
  }
}

TEST(CodecTest, LimitsAreInclusive) {
  const std::string nine = Varint(9);
  EXPECT_EQ(ByteReader(nine).GetVarint(9), 9u);
  EXPECT_EQ(ByteReader(nine).GetU8(9), 9);
  for (const auto fails : {+[](ByteReader& r) { r.GetVarint(8); }, +[](ByteReader& r) { r.GetU8(8); },
                           +[](ByteReader& r) { r.GetSigned(-4, 9); }, +[](ByteReader& r) { r.GetSigned(-6, -6); }}) {
    ByteReader reader(nine);  // -5 in zigzag
    fails(reader);
    EXPECT_FALSE(reader.ok());
  }
  ByteReader reader(nine);
  EXPECT_EQ(reader.GetSigned(-5, -5), -5);
  EXPECT_TRUE(reader.ok());
}

TEST(CodecTest, FailureIsSticky) {
  const std::string bytes = Varint(5) + "abc" + Varint(7);  // a string of 5, of which 4 bytes are there
  ByteReader reader(bytes);
  EXPECT_EQ(reader.GetString(), "");
  EXPECT_FALSE(reader.ok());
  EXPECT_TRUE(reader.AtEnd());
  EXPECT_EQ(reader.GetU8(), 0);
  EXPECT_EQ(reader.GetVarint(), 0u);
  EXPECT_EQ(reader.GetSigned(), 0);
  EXPECT_EQ(reader.GetFixed32(), 0u);
  EXPECT_EQ(reader.GetRaw(0), "");
  EXPECT_FALSE(reader.ok());
  EXPECT_EQ(reader.Finish("a thing").code(), absl::StatusCode::kDataLoss);
}

TEST(CodecTest, FinishRefusesWhatIsLeftOver) {
  ByteReader reader("ab");
  reader.GetU8();
  const absl::Status status = reader.Finish("a thing");
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(status.message(), "1 bytes too many after a thing");
  EXPECT_TRUE(reader.ok()) << "Finish asks, it does not fail the reader";
}

TEST(CodecTest, ACountIsNoLargerThanTheBytesCouldHold) {
  const std::string bytes = Varint(2) + "abcd";
  EXPECT_EQ(ByteReader(bytes).GetCount(2), 2u);
  ByteReader reader(bytes);
  EXPECT_EQ(reader.GetCount(3), 0u);
  EXPECT_FALSE(reader.ok());
  const std::string absurd = Varint(std::numeric_limits<uint64_t>::max()) + "abcd";
  ByteReader absurd_reader(absurd);
  EXPECT_EQ(absurd_reader.GetCount(), 0u);
  EXPECT_FALSE(absurd_reader.ok());
}

TEST(CodecTest, StringsHoldAnyBytes) {
  const std::string all("\0\xff\x80z", 4);
  ByteWriter writer("prefix");
  writer.PutString(all);
  writer.PutString("");
  EXPECT_EQ(writer.size(), 6u + 5 + 1);
  ByteReader reader(writer.bytes());
  EXPECT_EQ(reader.GetRaw(6), "prefix");
  EXPECT_EQ(reader.GetString(4), all);
  EXPECT_EQ(reader.GetString(), "");
  EXPECT_TRUE(reader.Finish("it").ok());
  ByteReader limited(std::string_view(writer.bytes()).substr(6));
  limited.GetString(3);
  EXPECT_FALSE(limited.ok());
}

// Whatever the bytes, reading ends, and a varint that is accepted is the one that would be written.
TEST(CodecTest, RandomBytesNeverMisread) {
  const uint32_t seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes(random() % 13, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random() % 3 == 0 ? random() : 0x80 | random());
    ByteReader reader(bytes);
    const uint64_t value = reader.GetVarint();
    if (reader.ok()) {
      ASSERT_EQ(Varint(value), bytes.substr(0, bytes.size() - reader.remaining()));
    }
  }
}

}  // namespace
}  // namespace leadlag
