#include "storage/keys.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/check.h"
#include "core/codec.h"

namespace leadlag {
namespace {

constexpr int kEpochYear = 1970;
constexpr int kMonthsPerYear = 12;
constexpr int kMonths = (2100 - kEpochYear) * kMonthsPerYear;  // up to Date::Max()

ByteWriter KeyOf(uint32_t district, Table table) {
  LEADLAG_CHECK(district != 0);
  ByteWriter out;
  out.PutFixed32(district);
  out.PutU8(static_cast<uint8_t>(table));
  return out;
}

void PutFixed16(ByteWriter& out, uint16_t number) {
  out.PutU8(static_cast<uint8_t>(number >> 8));
  out.PutU8(static_cast<uint8_t>(number & 0xff));
}

uint16_t GetFixed16(ByteReader& in) {
  const int high = in.GetU8();
  return static_cast<uint16_t>(high << 8 | in.GetU8());
}

// Reads the district and the table byte that every key begins with.
uint32_t GetDistrict(ByteReader& in, Table table) {
  const uint32_t district = in.GetFixed32();
  if (in.GetU8() != static_cast<uint8_t>(table) || district == 0) in.Fail();
  return district;
}

std::string GetRest(ByteReader& in) { return std::string(in.GetRaw(in.remaining())); }

template <typename Key>
absl::StatusOr<Key> Finished(const ByteReader& in, Key key, std::string_view what) {
  if (absl::Status status = in.Finish(what); !status.ok()) return status;
  return key;
}

KeyRange PrefixRange(ByteWriter prefix) { return leadlag::PrefixRange(prefix.bytes()); }

// The first and the last month with dates in the range that the service accepts.
std::pair<uint16_t, uint16_t> MonthsOf(DateRange dates) {
  const Date from = std::clamp(dates.from, Date::Min(), Date::Max() - 1);
  return {MonthOf(from), MonthOf(std::clamp(dates.to - 1, from, Date::Max() - 1))};
}

}  // namespace

std::string MetaKey::Encode() const {
  ByteWriter out = KeyOf(district, Table::kMeta);
  out.PutRaw(name);
  return std::move(out).Take();
}

absl::StatusOr<MetaKey> MetaKey::Decode(std::string_view key) {
  ByteReader in(key);
  MetaKey decoded;
  decoded.district = GetDistrict(in, Table::kMeta);
  decoded.name = GetRest(in);
  return Finished(in, std::move(decoded), "a meta key");
}

std::string NameKey::Encode() const {
  ByteWriter out = KeyOf(district, Table::kNames);
  out.PutU8(static_cast<uint8_t>(kind));
  out.PutFixed32(number);
  return std::move(out).Take();
}

absl::StatusOr<NameKey> NameKey::Decode(std::string_view key) {
  ByteReader in(key);
  NameKey decoded;
  decoded.district = GetDistrict(in, Table::kNames);
  const uint8_t kind = in.GetU8(static_cast<uint8_t>(NameKind::kExpectation));
  if (kind < static_cast<uint8_t>(NameKind::kTeam)) in.Fail();
  decoded.kind = static_cast<NameKind>(kind);
  decoded.number = in.GetFixed32();
  return Finished(in, decoded, "a name key");
}

std::string CatalogVersionKey::Encode() const {
  ByteWriter out = KeyOf(district, Table::kCatalogVersions);
  out.PutFixed32(version);
  return std::move(out).Take();
}

absl::StatusOr<CatalogVersionKey> CatalogVersionKey::Decode(std::string_view key) {
  ByteReader in(key);
  CatalogVersionKey decoded;
  decoded.district = GetDistrict(in, Table::kCatalogVersions);
  decoded.version = in.GetFixed32();
  return Finished(in, decoded, "a catalog version key");
}

std::string SeriesBlockKey::Encode() const {
  LEADLAG_CHECK(month < kMonths);
  ByteWriter out = KeyOf(district, Table::kSeries);
  out.PutFixed32(team);
  out.PutFixed32(indicator);
  PutFixed16(out, month);
  out.PutFixed64(position);
  return std::move(out).Take();
}

absl::StatusOr<SeriesBlockKey> SeriesBlockKey::Decode(std::string_view key) {
  ByteReader in(key);
  SeriesBlockKey decoded;
  decoded.district = GetDistrict(in, Table::kSeries);
  decoded.team = in.GetFixed32();
  decoded.indicator = in.GetFixed32();
  decoded.month = GetFixed16(in);
  if (decoded.month >= kMonths) in.Fail();
  decoded.position = in.GetFixed64();
  return Finished(in, decoded, "a series key");
}

uint16_t MonthOf(Date date) {
  LEADLAG_CHECK(Date::Min() <= date && date < Date::Max());
  return static_cast<uint16_t>((date.year() - kEpochYear) * kMonthsPerYear + date.month() - 1);
}

Date FirstOfMonth(uint16_t month) {
  return Date::FromYmd(kEpochYear + month / kMonthsPerYear, month % kMonthsPerYear + 1, 1);
}

std::string IdentityBlockKey::Encode() const {
  ByteWriter out = KeyOf(district, Table::kIdentities);
  PutFixed16(out, bucket);
  out.PutFixed64(position);
  return std::move(out).Take();
}

absl::StatusOr<IdentityBlockKey> IdentityBlockKey::Decode(std::string_view key) {
  ByteReader in(key);
  IdentityBlockKey decoded;
  decoded.district = GetDistrict(in, Table::kIdentities);
  decoded.bucket = GetFixed16(in);
  decoded.position = in.GetFixed64();
  return Finished(in, decoded, "an identities key");
}

std::string RecordBlockKey::Encode() const {
  ByteWriter out = KeyOf(district, Table::kRecords);
  out.PutFixed64(first);
  return std::move(out).Take();
}

absl::StatusOr<RecordBlockKey> RecordBlockKey::Decode(std::string_view key) {
  ByteReader in(key);
  RecordBlockKey decoded;
  decoded.district = GetDistrict(in, Table::kRecords);
  decoded.first = in.GetFixed64();
  return Finished(in, decoded, "a records key");
}

std::string RevisedKey::Encode() const {
  ByteWriter out = KeyOf(district, Table::kRevised);
  out.PutFixed64(evidence);
  return std::move(out).Take();
}

absl::StatusOr<RevisedKey> RevisedKey::Decode(std::string_view key) {
  ByteReader in(key);
  RevisedKey decoded;
  decoded.district = GetDistrict(in, Table::kRevised);
  decoded.evidence = in.GetFixed64();
  return Finished(in, decoded, "a revised record's key");
}

std::string RevisionKey::Encode() const {
  ByteWriter out = KeyOf(district, Table::kRevisions);
  out.PutFixed64(evidence);
  out.PutFixed32(revision);
  return std::move(out).Take();
}

absl::StatusOr<RevisionKey> RevisionKey::Decode(std::string_view key) {
  ByteReader in(key);
  RevisionKey decoded;
  decoded.district = GetDistrict(in, Table::kRevisions);
  decoded.evidence = in.GetFixed64();
  decoded.revision = in.GetFixed32();
  return Finished(in, decoded, "a revision key");
}

std::string ReviewKey::Encode() const {
  ByteWriter out = KeyOf(district, Table::kReviews);
  out.PutFixed32(team);
  out.PutRaw(review_id);
  return std::move(out).Take();
}

absl::StatusOr<ReviewKey> ReviewKey::Decode(std::string_view key) {
  ByteReader in(key);
  ReviewKey decoded;
  decoded.district = GetDistrict(in, Table::kReviews);
  decoded.team = in.GetFixed32();
  decoded.review_id = GetRest(in);
  return Finished(in, std::move(decoded), "a review key");
}

std::string ReviewIdKey::Encode() const {
  ByteWriter out = KeyOf(district, Table::kReviewIds);
  out.PutRaw(review_id);
  return std::move(out).Take();
}

absl::StatusOr<ReviewIdKey> ReviewIdKey::Decode(std::string_view key) {
  ByteReader in(key);
  ReviewIdKey decoded;
  decoded.district = GetDistrict(in, Table::kReviewIds);
  decoded.review_id = GetRest(in);
  return Finished(in, std::move(decoded), "a review id key");
}

std::string DayRowKey::Encode() const {
  LEADLAG_CHECK(month < kMonths);
  ByteWriter out = KeyOf(district, Table::kDayRows);
  out.PutFixed32(team);
  out.PutFixed32(indicator);
  PutFixed16(out, month);
  return std::move(out).Take();
}

absl::StatusOr<DayRowKey> DayRowKey::Decode(std::string_view key) {
  ByteReader in(key);
  DayRowKey decoded;
  decoded.district = GetDistrict(in, Table::kDayRows);
  decoded.team = in.GetFixed32();
  decoded.indicator = in.GetFixed32();
  decoded.month = GetFixed16(in);
  if (decoded.month >= kMonths) in.Fail();
  return Finished(in, decoded, "a day row key");
}

std::string WatchKey::Encode() const {
  ByteWriter out = KeyOf(district, Table::kWatches);
  out.PutFixed32(team);
  out.PutFixed32(expectation);
  return std::move(out).Take();
}

absl::StatusOr<WatchKey> WatchKey::Decode(std::string_view key) {
  ByteReader in(key);
  WatchKey decoded;
  decoded.district = GetDistrict(in, Table::kWatches);
  decoded.team = in.GetFixed32();
  decoded.expectation = in.GetFixed32();
  return Finished(in, decoded, "a watch key");
}

std::string SourceObservationKey::Encode() const {
  ByteWriter out = KeyOf(district, Table::kSourceObservations);
  out.PutFixed32(source);
  return std::move(out).Take();
}

absl::StatusOr<SourceObservationKey> SourceObservationKey::Decode(std::string_view key) {
  ByteReader in(key);
  SourceObservationKey decoded;
  decoded.district = GetDistrict(in, Table::kSourceObservations);
  decoded.source = in.GetFixed32();
  return Finished(in, decoded, "a source observation key");
}

std::string FlipKey::Encode() const {
  ByteWriter out = KeyOf(district, Table::kFlips);
  out.PutFixed64(sequence);
  return std::move(out).Take();
}

absl::StatusOr<FlipKey> FlipKey::Decode(std::string_view key) {
  ByteReader in(key);
  FlipKey decoded;
  decoded.district = GetDistrict(in, Table::kFlips);
  decoded.sequence = in.GetFixed64();
  return Finished(in, decoded, "a flip key");
}

std::string TeamFlipKey::Encode() const {
  ByteWriter out = KeyOf(district, Table::kTeamFlips);
  out.PutFixed32(team);
  out.PutFixed64(sequence);
  return std::move(out).Take();
}

absl::StatusOr<TeamFlipKey> TeamFlipKey::Decode(std::string_view key) {
  ByteReader in(key);
  TeamFlipKey decoded;
  decoded.district = GetDistrict(in, Table::kTeamFlips);
  decoded.team = in.GetFixed32();
  decoded.sequence = in.GetFixed64();
  return Finished(in, decoded, "a team flip key");
}

std::string AlertKey::Encode() const {
  ByteWriter out = KeyOf(district, Table::kAlerts);
  out.PutFixed64(alert);
  return std::move(out).Take();
}

absl::StatusOr<AlertKey> AlertKey::Decode(std::string_view key) {
  ByteReader in(key);
  AlertKey decoded;
  decoded.district = GetDistrict(in, Table::kAlerts);
  decoded.alert = in.GetFixed64();
  return Finished(in, decoded, "an alert key");
}

std::string OpenAlertKey::Encode() const {
  ByteWriter out = KeyOf(district, Table::kOpenAlerts);
  out.PutFixed32(team);
  out.PutFixed32(expectation);
  return std::move(out).Take();
}

absl::StatusOr<OpenAlertKey> OpenAlertKey::Decode(std::string_view key) {
  ByteReader in(key);
  OpenAlertKey decoded;
  decoded.district = GetDistrict(in, Table::kOpenAlerts);
  decoded.team = in.GetFixed32();
  decoded.expectation = in.GetFixed32();
  return Finished(in, decoded, "an open alert key");
}

std::string InquiryKey::Encode() const {
  ByteWriter out = KeyOf(district, Table::kInquiries);
  out.PutFixed32(team);
  out.PutRaw(inquiry_id);
  return std::move(out).Take();
}

absl::StatusOr<InquiryKey> InquiryKey::Decode(std::string_view key) {
  ByteReader in(key);
  InquiryKey decoded;
  decoded.district = GetDistrict(in, Table::kInquiries);
  decoded.team = in.GetFixed32();
  decoded.inquiry_id = GetRest(in);
  return Finished(in, std::move(decoded), "an inquiry key");
}

std::string InquiryIdKey::Encode() const {
  ByteWriter out = KeyOf(district, Table::kInquiryIds);
  out.PutRaw(inquiry_id);
  return std::move(out).Take();
}

absl::StatusOr<InquiryIdKey> InquiryIdKey::Decode(std::string_view key) {
  ByteReader in(key);
  InquiryIdKey decoded;
  decoded.district = GetDistrict(in, Table::kInquiryIds);
  decoded.inquiry_id = GetRest(in);
  return Finished(in, std::move(decoded), "an inquiry id key");
}

std::string InquiryRevisionKey::Encode() const {
  ByteWriter out = KeyOf(district, Table::kInquiryRevisions);
  out.PutFixed32(team);
  out.PutFixed32(revision);
  out.PutRaw(inquiry_id);
  return std::move(out).Take();
}

absl::StatusOr<InquiryRevisionKey> InquiryRevisionKey::Decode(std::string_view key) {
  ByteReader in(key);
  InquiryRevisionKey decoded;
  decoded.district = GetDistrict(in, Table::kInquiryRevisions);
  decoded.team = in.GetFixed32();
  decoded.revision = in.GetFixed32();
  decoded.inquiry_id = GetRest(in);
  return Finished(in, std::move(decoded), "an inquiry revision key");
}

absl::StatusOr<uint32_t> DistrictOf(std::string_view key) {
  ByteReader in(key.substr(0, sizeof(uint32_t) + 1));
  const uint32_t district = in.GetFixed32();
  in.GetU8();
  if (district == 0) in.Fail();
  return Finished(in, district, "a key");
}

absl::StatusOr<uint8_t> TableByteOf(std::string_view key) {
  if (absl::StatusOr<uint32_t> district = DistrictOf(key); !district.ok()) return district.status();
  return static_cast<uint8_t>(key[sizeof(uint32_t)]);
}

KeyRange PrefixRange(std::string_view prefix) {
  KeyRange range{std::string(prefix), std::string(prefix)};
  // The first key after all that begin with the prefix: the prefix's last byte below 0xff, plus one.
  while (!range.end.empty() && range.end.back() == '\xff') range.end.pop_back();
  if (!range.end.empty()) range.end.back() = static_cast<char>(static_cast<unsigned char>(range.end.back()) + 1);
  return range;
}

KeyRange DistrictRange(uint32_t district) {
  LEADLAG_CHECK(district != 0);
  ByteWriter prefix;
  prefix.PutFixed32(district);
  return PrefixRange(std::move(prefix));
}

KeyRange TableRange(uint32_t district, Table table) { return PrefixRange(KeyOf(district, table)); }

KeyRange NamesRange(uint32_t district, NameKind kind) {
  ByteWriter prefix = KeyOf(district, Table::kNames);
  prefix.PutU8(static_cast<uint8_t>(kind));
  return PrefixRange(std::move(prefix));
}

KeyRange SeriesBlocksRange(uint32_t district, uint32_t team, uint32_t indicator, DateRange dates) {
  const auto [first, last] = MonthsOf(dates);
  KeyRange range{SeriesBlockKey{district, team, indicator, first, 0}.Encode(),
                 SeriesBlockKey{district, team, indicator, last, UINT64_MAX}.Encode()};
  range.end.push_back('\0');  // the last position too
  return range;
}

KeyRange IdentityBlocksRange(uint32_t district, uint16_t bucket) {
  ByteWriter prefix = KeyOf(district, Table::kIdentities);
  PutFixed16(prefix, bucket);
  return PrefixRange(std::move(prefix));
}

KeyRange RevisionsRange(uint32_t district, uint64_t evidence) {
  ByteWriter prefix = KeyOf(district, Table::kRevisions);
  prefix.PutFixed64(evidence);
  return PrefixRange(std::move(prefix));
}

KeyRange ReviewsRange(uint32_t district, uint32_t team) {
  ByteWriter prefix = KeyOf(district, Table::kReviews);
  prefix.PutFixed32(team);
  return PrefixRange(std::move(prefix));
}

KeyRange DayRowsRange(uint32_t district, uint32_t team) {
  ByteWriter prefix = KeyOf(district, Table::kDayRows);
  prefix.PutFixed32(team);
  return PrefixRange(std::move(prefix));
}

KeyRange DayRowsRange(uint32_t district, uint32_t team, uint32_t indicator, DateRange dates) {
  const auto [first, last] = MonthsOf(dates);
  KeyRange range{DayRowKey{district, team, indicator, first}.Encode(), DayRowKey{district, team, indicator, last}.Encode()};
  range.end.push_back('\0');
  return range;
}

KeyRange WatchesRange(uint32_t district, uint32_t team) {
  ByteWriter prefix = KeyOf(district, Table::kWatches);
  prefix.PutFixed32(team);
  return PrefixRange(std::move(prefix));
}

KeyRange FlipsRange(uint32_t district, uint64_t from_sequence) {
  return {FlipKey{.district = district, .sequence = from_sequence}.Encode(), TableRange(district, Table::kFlips).end};
}

KeyRange FlipsRange(uint32_t district, uint64_t from_sequence, uint64_t to_sequence) {
  return {FlipKey{.district = district, .sequence = from_sequence}.Encode(),
          FlipKey{.district = district, .sequence = std::max(from_sequence, to_sequence)}.Encode()};
}

KeyRange AlertsRange(uint32_t district, uint64_t from_alert) {
  return {AlertKey{.district = district, .alert = from_alert}.Encode(), TableRange(district, Table::kAlerts).end};
}

KeyRange TeamFlipsRange(uint32_t district, uint32_t team) {
  ByteWriter prefix = KeyOf(district, Table::kTeamFlips);
  prefix.PutFixed32(team);
  return PrefixRange(std::move(prefix));
}

KeyRange InquiriesRange(uint32_t district, uint32_t team) {
  ByteWriter prefix = KeyOf(district, Table::kInquiries);
  prefix.PutFixed32(team);
  return PrefixRange(std::move(prefix));
}

KeyRange InquiryRevisionsRange(uint32_t district, uint32_t team) {
  ByteWriter prefix = KeyOf(district, Table::kInquiryRevisions);
  prefix.PutFixed32(team);
  return PrefixRange(std::move(prefix));
}

KeyRange OpenAlertsRange(uint32_t district, uint32_t team) {
  ByteWriter prefix = KeyOf(district, Table::kOpenAlerts);
  prefix.PutFixed32(team);
  return PrefixRange(std::move(prefix));
}

}  // namespace leadlag
