#include "storage/keys.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"

namespace leadlag {
namespace {

std::string Hex(std::string_view bytes) { return absl::BytesToHexString({bytes.data(), bytes.size()}); }

// One of each, as different in their fields as bytes can be.
const MetaKey kMeta{.district = 1, .name = "applied_position"};
const NameKey kName{.district = 1, .kind = NameKind::kSource, .number = 0x01020304};
const CatalogVersionKey kCatalogVersion{.district = 0x0a0b0c0d, .version = 7};
const SeriesBlockKey kSeries{.district = 1, .team = 2, .indicator = 3, .month = 0x029c, .position = 0x0102030405060708};
const IdentityBlockKey kIdentities{.district = 1, .bucket = 0xa0b1, .position = 9};
const RecordBlockKey kRecords{.district = 1, .first = 0x0102030405060708};
const RevisedKey kRevised{.district = 1, .evidence = 5};
const RevisionKey kRevision{.district = 1, .evidence = 5, .revision = 2};
const ReviewKey kReview{.district = 1, .team = 2, .review_id = "r-1"};
const ReviewIdKey kReviewId{.district = 1, .review_id = "r-1"};
const DayRowKey kDayRow{.district = 1, .team = 2, .indicator = 3, .month = 0x029c};
const WatchKey kWatch{.district = 1, .team = 2, .expectation = 3};
const SourceObservationKey kSourceObservation{.district = 1, .source = 4};
const FlipKey kFlip{.district = 1, .sequence = 0xffffffffffffffff};
const AlertKey kAlert{.district = 0xffffffff, .alert = 6};
const OpenAlertKey kOpenAlert{.district = 1, .team = 2, .expectation = 3};
const InquiryKey kInquiry{.district = 1, .team = 2, .inquiry_id = "i-1"};
const InquiryIdKey kInquiryId{.district = 1, .inquiry_id = "i-1"};
const InquiryRevisionKey kInquiryRevision{.district = 1, .team = 2, .revision = 3, .inquiry_id = "i-1"};

// These bytes are in every data directory. If this test fails, the code is wrong, not the test.
TEST(KeysTest, GoldenBytes) {
  EXPECT_EQ(Hex(kMeta.Encode()), "00000001" "01" "6170706c6965645f706f736974696f6e");
  EXPECT_EQ(Hex(kName.Encode()), "00000001" "02" "03" "01020304");
  EXPECT_EQ(Hex(kCatalogVersion.Encode()), "0a0b0c0d" "03" "00000007");
  EXPECT_EQ(Hex(kSeries.Encode()), "00000001" "10" "00000002" "00000003" "029c" "0102030405060708");
  EXPECT_EQ(Hex(kIdentities.Encode()), "00000001" "11" "a0b1" "0000000000000009");
  EXPECT_EQ(Hex(kRecords.Encode()), "00000001" "12" "0102030405060708");
  EXPECT_EQ(Hex(kRevision.Encode()), "00000001" "13" "0000000000000005" "00000002");
  EXPECT_EQ(Hex(kRevised.Encode()), "00000001" "14" "0000000000000005");
  EXPECT_EQ(Hex(kReview.Encode()), "00000001" "20" "00000002" "722d31");
  EXPECT_EQ(Hex(kReviewId.Encode()), "00000001" "21" "722d31");
  EXPECT_EQ(Hex(kDayRow.Encode()), "00000001" "30" "00000002" "00000003" "029c");
  EXPECT_EQ(Hex(kWatch.Encode()), "00000001" "31" "00000002" "00000003");
  EXPECT_EQ(Hex(kSourceObservation.Encode()), "00000001" "32" "00000004");
  EXPECT_EQ(Hex(kFlip.Encode()), "00000001" "40" "ffffffffffffffff");
  EXPECT_EQ(Hex(kAlert.Encode()), "ffffffff" "41" "0000000000000006");
  EXPECT_EQ(Hex(kOpenAlert.Encode()), "00000001" "42" "00000002" "00000003");
  EXPECT_EQ(Hex(kInquiry.Encode()), "00000001" "50" "00000002" "692d31");
  EXPECT_EQ(Hex(kInquiryId.Encode()), "00000001" "51" "692d31");
  EXPECT_EQ(Hex(kInquiryRevision.Encode()), "00000001" "52" "00000002" "00000003" "692d31");
}

template <typename Key>
void ExpectRoundTripAndStrict(const Key& key, bool ends_in_bytes) {
  const std::string encoded = key.Encode();
  const absl::StatusOr<Key> decoded = Key::Decode(encoded);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(*decoded, key);
  EXPECT_EQ(DistrictOf(encoded).value(), key.district);
  EXPECT_EQ(TableByteOf(encoded).value(), static_cast<uint8_t>(encoded[4]));

  const auto expect_data_loss = [](std::string_view bytes) {
    EXPECT_EQ(Key::Decode(bytes).status().code(), absl::StatusCode::kDataLoss) << Hex(bytes);
  };
  for (size_t size = 0; size < encoded.size(); ++size) {
    const std::string cut = encoded.substr(0, size);
    if (!ends_in_bytes) expect_data_loss(cut);
    // A shorter id is another key, never this one and never a crash.
    if (const absl::StatusOr<Key> other = Key::Decode(cut); other.ok()) {
      EXPECT_NE(*other, key);
    }
  }
  if (!ends_in_bytes) expect_data_loss(encoded + '\0');
  std::string other_table = encoded;
  other_table[4] = '\x7f';
  expect_data_loss(other_table);
  std::string no_district = encoded;
  no_district.replace(0, 4, 4, '\0');
  expect_data_loss(no_district);
}

TEST(KeysTest, DecodesWhatItEncodesAndNothingElse) {
  ExpectRoundTripAndStrict(kMeta, true);
  ExpectRoundTripAndStrict(kName, false);
  ExpectRoundTripAndStrict(kCatalogVersion, false);
  ExpectRoundTripAndStrict(kSeries, false);
  ExpectRoundTripAndStrict(kIdentities, false);
  ExpectRoundTripAndStrict(kRecords, false);
  ExpectRoundTripAndStrict(kRevised, false);
  ExpectRoundTripAndStrict(kRevision, false);
  ExpectRoundTripAndStrict(kReview, true);
  ExpectRoundTripAndStrict(kReviewId, true);
  ExpectRoundTripAndStrict(kDayRow, false);
  ExpectRoundTripAndStrict(kWatch, false);
  ExpectRoundTripAndStrict(kSourceObservation, false);
  ExpectRoundTripAndStrict(kFlip, false);
  ExpectRoundTripAndStrict(kAlert, false);
  ExpectRoundTripAndStrict(kOpenAlert, false);
  ExpectRoundTripAndStrict(kInquiry, true);
  ExpectRoundTripAndStrict(kInquiryId, true);
  ExpectRoundTripAndStrict(kInquiryRevision, true);
}

TEST(KeysTest, RefusesValuesOutOfRange) {
  std::string name = kName.Encode();
  for (const char kind : {'\0', '\5', '\xff'}) {
    name[5] = kind;
    EXPECT_EQ(NameKey::Decode(name).status().code(), absl::StatusCode::kDataLoss) << static_cast<int>(kind);
  }
  SeriesBlockKey last_month = kSeries;
  last_month.month = MonthOf(Date::Max() - 1);
  EXPECT_EQ(SeriesBlockKey::Decode(last_month.Encode()).value(), last_month);
  std::string series = last_month.Encode();
  ++series[14];  // the month's last byte: now Date::Max()'s
  EXPECT_EQ(SeriesBlockKey::Decode(series).status().code(), absl::StatusCode::kDataLoss);
  series[13] = '\xff';
  EXPECT_EQ(SeriesBlockKey::Decode(series).status().code(), absl::StatusCode::kDataLoss);
  DayRowKey row = kDayRow;
  row.month = MonthOf(Date::Max() - 1);
  EXPECT_EQ(DayRowKey::Decode(row.Encode()).value(), row);
  std::string bytes = row.Encode();
  ++bytes.back();
  EXPECT_EQ(DayRowKey::Decode(bytes).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(DistrictOf("\0\0\0\1").status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(TableByteOf("").status().code(), absl::StatusCode::kDataLoss);
}

TEST(KeysDeathTest, EncodeAbortsOnBrokenInvariants) {
  EXPECT_DEATH(MetaKey{}.Encode(), "broken invariant");
  EXPECT_DEATH((SeriesBlockKey{.district = 1, .month = 0xffff}.Encode()), "broken invariant");
  EXPECT_DEATH((DayRowKey{.district = 1, .month = 1560}.Encode()), "broken invariant");
}

class Random {
 public:
  explicit Random(uint32_t seed) : engine_(seed) {}
  // Small numbers, so that keys share fields, and now and then one with all its bytes in use.
  uint32_t Number() { return engine_() % 4 == 0 ? static_cast<uint32_t>(engine_()) : engine_() % 3; }
  uint64_t Long() { return engine_() % 4 == 0 ? engine_() * uint64_t{0x100000001} : engine_() % 3; }
  uint32_t District() { return std::max(1u, Number()); }
  Date Day() { return Date(static_cast<int32_t>(engine_() % 47482)); }
  std::string Bytes() {
    std::string bytes(engine_() % 4, '\0');
    for (char& c : bytes) c = "\0\x01\x7f\x80\xff"[engine_() % 5];
    return bytes;
  }

 private:
  std::mt19937 engine_;
};

template <typename Make>
void ExpectSortsAsItsFields(Make make) {
  Random random(20261122);
  for (int i = 0; i < 3000; ++i) {
    const auto a = make(random);
    const auto b = make(random);
    EXPECT_EQ(a.Encode() <=> b.Encode(), a <=> b) << Hex(a.Encode()) << " " << Hex(b.Encode());
    EXPECT_EQ(std::decay_t<decltype(a)>::Decode(a.Encode()).value(), a);
  }
}

TEST(KeysTest, KeysSortAsTheirFields) {
  ExpectSortsAsItsFields([](Random& r) { return MetaKey{r.District(), r.Bytes()}; });
  ExpectSortsAsItsFields([](Random& r) {
    return NameKey{r.District(), static_cast<NameKind>(1 + r.Number() % 4), r.Number()};
  });
  ExpectSortsAsItsFields([](Random& r) { return CatalogVersionKey{r.District(), r.Number()}; });
  ExpectSortsAsItsFields([](Random& r) {
    return SeriesBlockKey{r.District(), r.Number(), r.Number(), MonthOf(r.Day()), r.Long()};
  });
  ExpectSortsAsItsFields([](Random& r) {
    return IdentityBlockKey{r.District(), static_cast<uint16_t>(r.Number()), r.Long()};
  });
  ExpectSortsAsItsFields([](Random& r) { return RecordBlockKey{r.District(), r.Long()}; });
  ExpectSortsAsItsFields([](Random& r) { return RevisedKey{r.District(), r.Long()}; });
  ExpectSortsAsItsFields([](Random& r) { return RevisionKey{r.District(), r.Long(), r.Number()}; });
  ExpectSortsAsItsFields([](Random& r) { return ReviewKey{r.District(), r.Number(), r.Bytes()}; });
  ExpectSortsAsItsFields([](Random& r) { return ReviewIdKey{r.District(), r.Bytes()}; });
  ExpectSortsAsItsFields([](Random& r) {
    return DayRowKey{r.District(), r.Number(), r.Number(), MonthOf(r.Day())};
  });
  ExpectSortsAsItsFields([](Random& r) { return WatchKey{r.District(), r.Number(), r.Number()}; });
  ExpectSortsAsItsFields([](Random& r) { return SourceObservationKey{r.District(), r.Number()}; });
  ExpectSortsAsItsFields([](Random& r) { return FlipKey{r.District(), r.Long()}; });
  ExpectSortsAsItsFields([](Random& r) { return AlertKey{r.District(), r.Long()}; });
  ExpectSortsAsItsFields([](Random& r) { return OpenAlertKey{r.District(), r.Number(), r.Number()}; });
  ExpectSortsAsItsFields([](Random& r) { return InquiryKey{r.District(), r.Number(), r.Bytes()}; });
  ExpectSortsAsItsFields([](Random& r) { return InquiryIdKey{r.District(), r.Bytes()}; });
  ExpectSortsAsItsFields([](Random& r) { return InquiryRevisionKey{r.District(), r.Number(), r.Number(), r.Bytes()}; });
}

TEST(KeysTest, RangesHoldWhatTheySayAndNothingElse) {
  Random random(7);
  for (int i = 0; i < 5000; ++i) {
    const SeriesBlockKey key{random.District(), random.Number(), random.Number(), MonthOf(random.Day()), random.Long()};
    const std::string encoded = key.Encode();
    const uint32_t district = random.District();
    const uint32_t team = random.Number();
    const uint32_t indicator = random.Number();
    const DateRange dates{random.Day(), random.Day()};
    EXPECT_EQ(DistrictRange(district).Contains(encoded), key.district == district);
    EXPECT_EQ(TableRange(district, Table::kSeries).Contains(encoded), key.district == district);
    EXPECT_FALSE(TableRange(key.district, Table::kIdentities).Contains(encoded));
    const bool same_series = key.district == district && key.team == team && key.indicator == indicator;
    if (dates.from < dates.to) {
      EXPECT_EQ(SeriesBlocksRange(district, team, indicator, dates).Contains(encoded),
                same_series && MonthOf(dates.from) <= key.month && key.month <= MonthOf(dates.to - 1));
    }
    const FlipKey flip{key.district, key.position};
    const uint64_t from = random.Long();
    const uint64_t to = random.Long();
    EXPECT_EQ(FlipsRange(district, from).Contains(flip.Encode()), flip.district == district && flip.sequence >= from);
    EXPECT_EQ(FlipsRange(district, from, to).Contains(flip.Encode()),
              flip.district == district && from <= flip.sequence && flip.sequence < to);
  }
}

TEST(KeysTest, RangesOfEveryPrefix) {
  EXPECT_TRUE(NamesRange(1, NameKind::kSource).Contains(kName.Encode()));
  EXPECT_FALSE(NamesRange(1, NameKind::kTeam).Contains(kName.Encode()));
  EXPECT_TRUE(IdentityBlocksRange(1, 0xa0b1).Contains(kIdentities.Encode()));
  EXPECT_FALSE(IdentityBlocksRange(1, 0xa0b2).Contains(kIdentities.Encode()));
  EXPECT_TRUE(RevisionsRange(1, 5).Contains(kRevision.Encode()));
  EXPECT_FALSE(RevisionsRange(1, 4).Contains(kRevision.Encode()));
  EXPECT_TRUE(ReviewsRange(1, 2).Contains(kReview.Encode()));
  EXPECT_FALSE(ReviewsRange(1, 1).Contains(kReview.Encode()));
  EXPECT_TRUE(DayRowsRange(1, 2).Contains(kDayRow.Encode()));
  EXPECT_FALSE(DayRowsRange(1, 3).Contains(kDayRow.Encode()));
  const Date month = FirstOfMonth(kDayRow.month);
  EXPECT_TRUE(DayRowsRange(1, 2, 3, {month + 27, month + 28}).Contains(kDayRow.Encode()));
  EXPECT_FALSE(DayRowsRange(1, 2, 3, {month - 40, month}).Contains(kDayRow.Encode()));
  EXPECT_FALSE(DayRowsRange(1, 2, 3, {month.StartOfNextMonth(), Date::Max()}).Contains(kDayRow.Encode()));
  EXPECT_TRUE(WatchesRange(1, 2).Contains(kWatch.Encode()));
  EXPECT_FALSE(WatchesRange(1, 3).Contains(kWatch.Encode()));
  EXPECT_TRUE(AlertsRange(0xffffffff, 6).Contains(kAlert.Encode()));
  EXPECT_FALSE(AlertsRange(0xffffffff, 7).Contains(kAlert.Encode()));
  EXPECT_TRUE(OpenAlertsRange(1, 2).Contains(kOpenAlert.Encode()));
  EXPECT_FALSE(OpenAlertsRange(1, 3).Contains(kOpenAlert.Encode()));
  EXPECT_TRUE(InquiriesRange(1, 2).Contains(kInquiry.Encode()));
  EXPECT_FALSE(InquiriesRange(1, 1).Contains(kInquiry.Encode()));
  EXPECT_TRUE(InquiryRevisionsRange(1, 2).Contains(kInquiryRevision.Encode()));
  EXPECT_FALSE(InquiryRevisionsRange(1, 3).Contains(kInquiryRevision.Encode()));
  EXPECT_EQ(PrefixRange(""), (KeyRange{"", ""}));
  EXPECT_EQ(PrefixRange("a\xff"), (KeyRange{"a\xff", "b"}));
  EXPECT_EQ(PrefixRange("\xff"), (KeyRange{"\xff", ""}));
  // A day outside the service's dates asks for none of them, and does not abort.
  EXPECT_FALSE(SeriesBlocksRange(1, 2, 3, {Date(-9), Date(0)}).Contains(kSeries.Encode()));
  EXPECT_TRUE(SeriesBlocksRange(1, 2, 3, {Date(-9), Date::Max() + 9}).Contains(kSeries.Encode()));
}

TEST(KeysTest, MonthsOfDates) {
  EXPECT_EQ(MonthOf(Date::Min()), 0);
  EXPECT_EQ(MonthOf(Date::FromYmd(1970, 1, 31)), 0);
  EXPECT_EQ(MonthOf(Date::FromYmd(2025, 9, 4)), 55 * 12 + 8);
  for (Date date = Date::Min(); date < Date::Max(); date = date + 1) {
    ASSERT_EQ(FirstOfMonth(MonthOf(date)), date.StartOfMonth()) << date.ToString();
  }
}

}  // namespace
}  // namespace leadlag
