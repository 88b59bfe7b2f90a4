#include "core/day_row.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "core/instant.h"

namespace leadlag {
namespace {

Date Ymd(int year, int month, int day) { return Date::FromYmd(year, month, day); }

std::string Hex(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (const char byte : bytes) {
    hex += kDigits[static_cast<uint8_t>(byte) >> 4];
    hex += kDigits[static_cast<uint8_t>(byte) & 15];
  }
  return hex;
}

// An entry of 1 September 2025, known and recorded on the next day.
DayEntry Entry() {
  DayEntry entry;
  entry.event = Ymd(2025, 9, 1);
  entry.known = Ymd(2025, 9, 2);
  entry.recorded = Ymd(2025, 9, 2);
  return entry;
}

DayEntry EntryOn(Date event) {
  DayEntry entry = Entry();
  entry.event = event;
  return entry;
}

// Few enough dates that equal entries are usual.
DayEntry RandomEntry(std::mt19937& random) {
  const auto date = [&] { return Ymd(2025, 9, 1) + static_cast<int>(random() % 4 * (random() % 30)); };
  DayEntry entry;
  entry.event = date();
  entry.known = date();
  entry.recorded = random() % 4 == 0 ? date() : entry.known;
  if (random() % 2 == 0) entry.reviewed = date();
  if (random() % 4 == 0) entry.correction = DayEntry::Correction{date(), date()};
  if (random() % 2 == 0) entry.hours = static_cast<uint8_t>(random() % 183);
  entry.count = 1 + random() % 3;
  return entry;
}

std::vector<DayEntry> RandomEntries(std::mt19937& random, size_t count) {
  std::vector<DayEntry> entries;
  for (size_t i = 0; i < count; ++i) entries.push_back(RandomEntry(random));
  return entries;
}

DayRow RowOf(const std::vector<DayEntry>& entries) {
  DayRow row;
  for (const DayEntry& entry : entries) row.Add(entry);
  return row;
}

auto KeyOf(const DayEntry& e) { return std::tuple(e.event, e.known, e.reviewed, e.correction, e.hours, e.recorded); }

std::string Recoded(const std::string& bytes) {
  const absl::StatusOr<DayRow> row = DayRow::Decode(bytes);
  return row.ok() ? row->Encode() : "refused: " + std::string(row.status().message());
}

absl::StatusCode CodeOf(std::string_view bytes) { return DayRow::Decode(bytes).status().code(); }

TEST(RowYearTest, TurnsOnTheFirstOfJuly) {
  EXPECT_EQ(RowYear(Ymd(2025, 6, 30)), 2025);
  EXPECT_EQ(RowYear(Ymd(2025, 7, 1)), 2026);
  EXPECT_EQ(RowYear(Ymd(2025, 12, 31)), 2026);
  EXPECT_EQ(RowYear(Ymd(2026, 1, 1)), 2026);
  EXPECT_EQ(RowYearDates(2026), (DateRange{Ymd(2025, 7, 1), Ymd(2026, 7, 1)}));
  for (Date date = Ymd(2023, 6, 1); date < Ymd(2026, 8, 1); date = date + 1) {
    EXPECT_TRUE(RowYearDates(RowYear(date)).Contains(date)) << date.ToString();
  }
}

TEST(RowMonthTest, MonthsMakeUpTheYear) {
  EXPECT_EQ(RowMonth(Date::FromYmd(2025, 7, 1)), 0);
  EXPECT_EQ(RowMonth(Date::FromYmd(2026, 6, 30)), 11);
  EXPECT_EQ(RowMonthDates(2026, 2), (DateRange{Date::FromYmd(2025, 9, 1), Date::FromYmd(2025, 10, 1)}));
  for (Date date = Date::FromYmd(2023, 1, 1); date < Date::FromYmd(2026, 1, 1); date = date + 1) {
    ASSERT_TRUE(RowMonthDates(RowYear(date), RowMonth(date)).Contains(date)) << date.ToString();
  }
  EXPECT_EQ(RowMonthDates(2026, 0).from, RowYearDates(2026).from);
  EXPECT_EQ(RowMonthDates(2026, kRowMonths - 1).to, RowYearDates(2026).to);
}

TEST(HoursBucketTest, BoundariesOfEachWidth) {
  const auto bucket = [](int64_t hours) { return HoursBucket(hours * kMicrosPerHour); };
  EXPECT_EQ(bucket(0), 0);
  EXPECT_EQ(bucket(47), 47);
  EXPECT_EQ(bucket(48), 48);
  EXPECT_EQ(bucket(53), 48);
  EXPECT_EQ(bucket(54), 49);
  EXPECT_EQ(bucket(14 * 24 - 1), 95);
  EXPECT_EQ(bucket(14 * 24), 96);
  EXPECT_EQ(bucket(15 * 24 - 1), 96);
  EXPECT_EQ(bucket(100 * 24 - 1), 181);
  EXPECT_EQ(bucket(100 * 24), 182);
  EXPECT_EQ(HoursBucket(std::numeric_limits<int64_t>::max()), 182);
  EXPECT_EQ(HoursBucket(kMicrosPerHour - 1), 0) << "whole hours that have passed";
  EXPECT_EQ(HoursBucket(-kMicrosPerDay), 0);
  EXPECT_EQ(HoursBucket(std::numeric_limits<int64_t>::min()), 0);
}

TEST(HoursBucketTest, SpansHoldTheirHoursAndMeet) {
  for (int64_t hours = 0; hours < 101 * 24; ++hours) {
    const HoursSpan span = HoursOf(HoursBucket(hours * kMicrosPerHour));
    EXPECT_LE(span.low, hours);
    EXPECT_LT(hours, span.high);
  }
  for (int bucket = 1; bucket <= 182; ++bucket) {
    EXPECT_EQ(HoursOf(static_cast<uint8_t>(bucket - 1)).high, HoursOf(static_cast<uint8_t>(bucket)).low);
  }
  EXPECT_EQ(HoursOf(182).low, 2400);
  EXPECT_EQ(HoursOf(182).high, std::numeric_limits<int32_t>::max());
}

TEST(DayEntryTest, ACorrectionKeepsTheFirstDateAndRestartsInterpretation) {
  DayEntry entry = Entry();
  EXPECT_EQ(entry.first_event(), Ymd(2025, 9, 1));
  EXPECT_EQ(entry.interpretation_start(), Ymd(2025, 9, 2));
  entry.correction = DayEntry::Correction{Ymd(2025, 8, 29), Ymd(2025, 10, 1)};
  EXPECT_EQ(entry.first_event(), Ymd(2025, 8, 29));
  EXPECT_EQ(entry.interpretation_start(), Ymd(2025, 10, 1));
}

TEST(DayRowTest, EqualRecordsAreOneEntry) {
  DayRow row;
  row.Add(Entry());
  DayEntry two = Entry();
  two.count = 2;
  row.Add(two);
  ASSERT_EQ(row.entries().size(), 1u);
  EXPECT_EQ(row.entries()[0].count, 3u);
}

TEST(DayRowTest, AnyFieldTellsEntriesApart) {
  std::vector<DayEntry> entries(7, Entry());
  entries[1].event = Ymd(2025, 9, 3);
  entries[2].known = Ymd(2025, 9, 3);
  entries[3].reviewed = Ymd(2025, 9, 3);
  entries[4].correction = DayEntry::Correction{Ymd(2025, 9, 1), Ymd(2025, 9, 3)};
  entries[5].hours = 0;
  entries[6].recorded = Ymd(2025, 9, 3);
  const DayRow row = RowOf(entries);
  EXPECT_EQ(row.entries().size(), 7u);
  EXPECT_EQ(Recoded(row.Encode()), row.Encode());
}

TEST(DayRowTest, RemoveTakesWhatIsThereOrNothing) {
  DayEntry three = Entry();
  three.count = 3;
  DayRow row = RowOf({three});
  DayEntry four = Entry();
  four.count = 4;
  DayEntry other = Entry();
  other.reviewed = Ymd(2025, 9, 9);
  EXPECT_FALSE(row.Remove(four));
  EXPECT_FALSE(row.Remove(other));
  EXPECT_EQ(row, RowOf({three}));
  EXPECT_TRUE(row.Remove(Entry()));
  EXPECT_EQ(row.entries()[0].count, 2u);
  DayEntry two = Entry();
  two.count = 2;
  EXPECT_TRUE(row.Remove(two));
  EXPECT_TRUE(row.empty());
  EXPECT_FALSE(row.Remove(Entry()));
}

TEST(DayRowTest, RowsThatDifferInACountAreNotEqual) {
  DayEntry two = Entry();
  two.count = 2;
  EXPECT_FALSE(RowOf({two}) == RowOf({Entry()}));
  EXPECT_FALSE(DayRow() == RowOf({Entry()}));
  EXPECT_TRUE(DayRow() == DayRow());
}

TEST(DayRowTest, LastEventInIsHalfOpen) {
  const DayRow row = RowOf({EntryOn(Ymd(2025, 9, 1)), EntryOn(Ymd(2025, 9, 5)), EntryOn(Ymd(2025, 9, 9))});
  EXPECT_EQ(row.LastEventIn({Ymd(2025, 9, 1), Ymd(2025, 9, 5)}), Ymd(2025, 9, 1));
  EXPECT_EQ(row.LastEventIn({Ymd(2025, 9, 1), Ymd(2025, 9, 6)}), Ymd(2025, 9, 5));
  EXPECT_EQ(row.LastEventIn({Ymd(2025, 9, 2), Ymd(2025, 9, 5)}), std::nullopt);
  EXPECT_EQ(row.LastEventIn({Ymd(2025, 9, 9), Ymd(2026, 9, 9)}), Ymd(2025, 9, 9));
  EXPECT_EQ(row.LastEventIn({Ymd(2025, 8, 1), Ymd(2025, 9, 1)}), std::nullopt);
  EXPECT_EQ(row.LastEventIn({Ymd(2025, 9, 10), Ymd(2025, 9, 2)}), std::nullopt) << "turned around";
  EXPECT_EQ(DayRow().LastEventIn({Date::Min(), Date::Max()}), std::nullopt);
}

TEST(DayRowTest, BytesAreFixedForEver) {
  EXPECT_EQ(Hex(DayRow().Encode()), "0100");
  DayEntry full;
  full.event = Date(10);
  full.known = Date(12);
  full.recorded = Date(13);
  full.reviewed = Date(20);
  full.correction = DayEntry::Correction{Date(9), Date(15)};
  full.hours = 50;
  full.count = 300;
  DayEntry plain;
  plain.event = plain.known = plain.recorded = Date(12);
  // Flags ff: all, event 7 and more on; 3 more; known +2; recorded +1; reviewed +8; first event -1; corrected +3;
  // bucket 50; 298. Flags 40: event 2 on; known +0.
  EXPECT_EQ(Hex(RowOf({plain, full}).Encode()), "0102ff03040210010632aa024000");
}

TEST(DayRowTest, AUsualEntryTakesAtMostFiveBytes) {
  DayRow row;
  for (int i = 0; i < 100; ++i) {
    DayEntry entry = EntryOn(Ymd(2025, 9, 1) + 2 * i);
    entry.known = entry.recorded = entry.event + i % 20;
    if (i % 3 != 0) entry.reviewed = entry.known + i % 40;
    if (i % 2 != 0) entry.hours = static_cast<uint8_t>(i);
    entry.count = 1 + i % 3;
    row.Add(entry);
  }
  EXPECT_LE(row.Encode().size(), 500u);
}

TEST(DayRowTest, ExtremesSurvive) {
  DayEntry first;
  first.event = first.known = first.recorded = Date::Min();
  first.count = std::numeric_limits<uint32_t>::max();
  DayEntry last;
  last.event = Date::Max() - 1;
  last.known = Date::Min();
  last.recorded = Date::Max() - 1;
  last.reviewed = Date::Max() - 1;
  last.correction = DayEntry::Correction{Date::Min(), Date::Max() - 1};
  last.hours = 182;
  const DayRow row = RowOf({last, first});
  const absl::StatusOr<DayRow> decoded = DayRow::Decode(row.Encode());
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(*decoded, row);
}

TEST(DayRowTest, DecodeRefusesWhatEncodeDoesNotMake) {
  using namespace std::string_view_literals;
  constexpr absl::StatusCode kLoss = absl::StatusCode::kDataLoss;
  EXPECT_EQ(CodeOf("\x01\x01\x20\x00"sv), absl::StatusCode::kOk) << "one record of 1970-01-02";
  EXPECT_EQ(CodeOf(""sv), kLoss);
  EXPECT_EQ(CodeOf("\x00\x00"sv), kLoss) << "no format";
  EXPECT_EQ(CodeOf("\x02\x00"sv), absl::StatusCode::kFailedPrecondition) << "a newer format";
  EXPECT_EQ(CodeOf("\x01\x00\x00"sv), kLoss) << "a byte left over";
  EXPECT_EQ(CodeOf("\x01\x01\x20"sv), kLoss) << "cut off";
  EXPECT_EQ(CodeOf("\x01\x02\x20\x00"sv), kLoss) << "an entry missing";
  EXPECT_EQ(CodeOf("\x01\x02\x20\x00\x00\x00"sv), kLoss) << "an entry twice";
  EXPECT_EQ(CodeOf("\x01\x02\x20\x02\x00\x00"sv), kLoss) << "unordered in a later field";
  EXPECT_EQ(CodeOf("\x01\x01\x20\x03"sv), kLoss) << "known before 1970";
  EXPECT_EQ(CodeOf("\x01\x01\xe0\xf3\xf2\x02\x00"sv), kLoss) << "event on 2100-01-01";
  EXPECT_EQ(CodeOf("\x01\x01\xe0\xf2\xf2\x02\x00"sv), absl::StatusCode::kOk) << "event on 2099-12-31";
  EXPECT_EQ(CodeOf("\x01\x01\xe0\xf2\xf2\x02\x02"sv), kLoss) << "known on 2100-01-01";
  EXPECT_EQ(CodeOf("\x01\x01\x30\x00\x00"sv), kLoss) << "recorded later by 0 days";
  EXPECT_EQ(CodeOf("\x01\x01\x24\x00\xb6"sv), absl::StatusCode::kOk) << "the last bucket";
  EXPECT_EQ(CodeOf("\x01\x01\x24\x00\xb7"sv), kLoss) << "no such bucket";
  EXPECT_EQ(CodeOf("\x01\x01\x28\x00\xfd\xff\xff\xff\x0f"sv), absl::StatusCode::kOk) << "2^32 - 1 records";
  EXPECT_EQ(CodeOf("\x01\x01\x28\x00\xfe\xff\xff\xff\x0f"sv), kLoss) << "2^32 records";
  EXPECT_EQ(CodeOf("\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"sv), kLoss) << "2^64 - 1 entries";
}

TEST(DayRowTest, ANewerFormatIsNamed) {
  EXPECT_EQ(DayRow::Decode("\x07").status().message(),
            "the day row has format 7, which is newer than this program (1)");
}

// Shuffled, split and merged again: the same row, in order, and the records that went in.
TEST(DayRowTest, OrderOfArrivalDoesNotMatter) {
  const uint32_t seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 200; ++round) {
    std::vector<DayEntry> entries = RandomEntries(random, random() % 40);
    const DayRow row = RowOf(entries);
    std::map<decltype(KeyOf(DayEntry())), uint32_t> counts;
    std::vector<DayEntry> singles;
    for (DayEntry entry : entries) {
      counts[KeyOf(entry)] += entry.count;
      const uint32_t count = std::exchange(entry.count, 1);
      singles.insert(singles.end(), count, entry);
    }
    std::shuffle(singles.begin(), singles.end(), random);
    ASSERT_EQ(RowOf(singles), row);
    ASSERT_EQ(row.entries().size(), counts.size());
    auto expected = counts.begin();
    for (const DayEntry& entry : row.entries()) {
      ASSERT_EQ(KeyOf(entry), expected->first);
      ASSERT_EQ(entry.count, expected->second);
      ++expected;
    }
  }
}

// Adding and then removing, in any order, leaves what was there before.
TEST(DayRowTest, RemoveUndoesAdd) {
  const uint32_t seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 200; ++round) {
    const DayRow before = RowOf(RandomEntries(random, random() % 20));
    std::vector<DayEntry> added = RandomEntries(random, random() % 20);
    DayRow row = before;
    for (const DayEntry& entry : added) row.Add(entry);
    std::shuffle(added.begin(), added.end(), random);
    for (const DayEntry& entry : added) ASSERT_TRUE(row.Remove(entry));
    ASSERT_EQ(row, before);
    ASSERT_EQ(row.Encode(), before.Encode());
  }
}

TEST(DayRowTest, RandomRowsSurvive) {
  const uint32_t seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 500; ++round) {
    const DayRow row = RowOf(RandomEntries(random, random() % 60));
    const absl::StatusOr<DayRow> decoded = DayRow::Decode(row.Encode());
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    ASSERT_EQ(*decoded, row);
  }
}

// Damaged bytes are refused, or are the bytes of another row: never read as something that would be written otherwise.
TEST(DayRowTest, DamagedBytesAreNeverMisread) {
  const uint32_t seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes = RowOf(RandomEntries(random, 1 + random() % 8)).Encode();
    for (uint32_t i = 0; i <= random() % 3; ++i) {
      const size_t at = random() % bytes.size();
      if (random() % 4 == 0) {
        bytes.resize(at + 1);
      } else if (random() % 4 == 0) {
        bytes.insert(at, 1, static_cast<char>(random()));
      } else {
        bytes[at] = static_cast<char>(random());
      }
    }
    const absl::StatusOr<DayRow> row = DayRow::Decode(bytes);
    if (row.ok()) {
      ASSERT_EQ(Hex(Recoded(bytes)), Hex(bytes));
      ASSERT_EQ(RowOf(row->entries()), *row) << "ordered and merged";
    }
  }
}

}  // namespace
}  // namespace leadlag
