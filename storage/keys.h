// The keyspace of the view: every key that storage/store.h holds, in one place.
//
// Concepts. A key is
//     district number u32 | table byte | the table's own fields
// with integers big-endian, so that keys sort as their fields do: the order of two keys of one table is the order of
// their structs (operator<=>). Variable bytes come last and raw, at most one such field a key, so that nothing is
// escaped and every key decodes. A district is one key range, [district, district + 1), and can be exported and
// imported as such. District numbers, teams, indicators, sources, expectations and evidence are numbers given by the
// district; a district number is never 0.
//
//   table  name                key fields                                    value (written and versioned by its owner)
//   0x01   meta                name bytes                                    applied position, server's own
//   0x02   names               kind u8, number u32                           the interned name
//   0x03   catalog versions    version u32                                   catalog
//   0x10   series              team u32, indicator u32, month u16, position u64  places of records by date    } in blocks: written
//   0x11   identities          bucket u16, position u64                      numbers of records by fingerprint  } by checkpoints alone,
//   0x12   records             first evidence u64                            first revisions, by number       } evidence_blocks.h
//   0x13   revisions           evidence u64, revision u32                    revision, of records with more than one
//   0x14   revised             evidence u64                                  where such a record stands now
//   0x20   reviews             team u32, review id bytes                     review
//   0x21   review ids          review id bytes                               team
//   0x30   day rows            team u32, indicator u32, month u16            a month of a day row: DayRow::Encode
//   0x31   watches             team u32, expectation u32                     watch
//   0x32   source observations source u32                                    observation
//   0x40   flips               sequence u64                                  flip
//   0x41   alerts              alert id u64 (its opening flip's sequence)    alert
//   0x42   open alerts         team u32, expectation u32                     alert id, what was done with it
//   0x43   team flips          team u32, sequence u64                        nothing: a team's own way into the flips
//   0x50   inquiries           team u32, inquiry id bytes                    inquiry, as it stands
//   0x51   inquiry ids         inquiry id bytes                              team
//   0x52   inquiry revisions   team u32, revision u32, inquiry id bytes      a revision that another has replaced
//
// DO NOT CHANGE these values, nor the width or order of fields: they are in every data directory. Add tables; never
// reuse a byte. docs/STORAGE.md has the rationale, and tests/storage/keys_test.cc the bytes.
//
// Encode has no failure: REQUIRES months of dates in [Date::Min(), Date::Max()). Decode is strict: DATA_LOSS for bytes
// that Encode did not make (another table, too short, too long, a kind or month out of range).
// Plain values; thread safe.
//
//   std::string key = DayRowKey{.district = 1, .team = 2, .indicator = 3, .month = MonthOf(date)}.Encode();
//   store.Scan(DayRowsRange(1, 2), ...);
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "core/date.h"

namespace leadlag {

enum class Table : uint8_t {
  kMeta = 0x01,
  kNames = 0x02,
  kCatalogVersions = 0x03,
  kSeries = 0x10,
  kIdentities = 0x11,
  kRecords = 0x12,
  kRevisions = 0x13,
  kRevised = 0x14,
  kReviews = 0x20,
  kReviewIds = 0x21,
  kDayRows = 0x30,
  kWatches = 0x31,
  kSourceObservations = 0x32,
  kFlips = 0x40,
  kAlerts = 0x41,
  kOpenAlerts = 0x42,
  kTeamFlips = 0x43,
  kInquiries = 0x50,
  kInquiryIds = 0x51,
  kInquiryRevisions = 0x52,
};

// Which sort of name a number in table `names` stands for. Numbers are dense per kind.
enum class NameKind : uint8_t { kTeam = 1, kIndicator = 2, kSource = 3, kExpectation = 4 };

// Keys in [begin, end). An empty `end` is the end of the keyspace.
struct KeyRange {
  std::string begin;
  std::string end;
  bool Contains(std::string_view key) const { return key >= begin && (end.empty() || key < end); }
  friend bool operator==(const KeyRange&, const KeyRange&) = default;
};

struct MetaKey {
  uint32_t district = 0;
  std::string name;
  std::string Encode() const;
  static absl::StatusOr<MetaKey> Decode(std::string_view key);
  friend auto operator<=>(const MetaKey&, const MetaKey&) = default;
};
// The meta name that storage keeps for itself: Batch::PutAppliedPosition writes it.
inline constexpr std::string_view kAppliedPositionName = "applied_position";

struct NameKey {
  uint32_t district = 0;
  NameKind kind = NameKind::kTeam;
  uint32_t number = 0;
  std::string Encode() const;
  static absl::StatusOr<NameKey> Decode(std::string_view key);
  friend auto operator<=>(const NameKey&, const NameKey&) = default;
};

struct CatalogVersionKey {
  uint32_t district = 0;
  uint32_t version = 0;
  std::string Encode() const;
  static absl::StatusOr<CatalogVersionKey> Decode(std::string_view key);
  friend auto operator<=>(const CatalogVersionKey&, const CatalogVersionKey&) = default;
};

// `position`: the district's applied position at the checkpoint that wrote the block, so that no two checkpoints write the same key.
struct SeriesBlockKey {
  uint32_t district = 0;
  uint32_t team = 0;
  uint32_t indicator = 0;
  uint16_t month = 0;  // MonthOf the event dates in the block
  uint64_t position = 0;
  std::string Encode() const;
  static absl::StatusOr<SeriesBlockKey> Decode(std::string_view key);
  friend auto operator<=>(const SeriesBlockKey&, const SeriesBlockKey&) = default;
};
// Months since January 1970. REQUIRES: a date in [Date::Min(), Date::Max()).
uint16_t MonthOf(Date date);
Date FirstOfMonth(uint16_t month);

struct IdentityBlockKey {
  uint32_t district = 0;
  uint16_t bucket = 0;  // the top 16 bits of the fingerprints in the block
  uint64_t position = 0;
  std::string Encode() const;
  static absl::StatusOr<IdentityBlockKey> Decode(std::string_view key);
  friend auto operator<=>(const IdentityBlockKey&, const IdentityBlockKey&) = default;
};

struct RecordBlockKey {
  uint32_t district = 0;
  uint64_t first = 0;  // number of the first record in the block; a record keeps its number through all its revisions
  std::string Encode() const;
  static absl::StatusOr<RecordBlockKey> Decode(std::string_view key);
  friend auto operator<=>(const RecordBlockKey&, const RecordBlockKey&) = default;
};

struct RevisedKey {
  uint32_t district = 0;
  uint64_t evidence = 0;
  std::string Encode() const;
  static absl::StatusOr<RevisedKey> Decode(std::string_view key);
  friend auto operator<=>(const RevisedKey&, const RevisedKey&) = default;
};

struct RevisionKey {
  uint32_t district = 0;
  uint64_t evidence = 0;
  uint32_t revision = 0;
  std::string Encode() const;
  static absl::StatusOr<RevisionKey> Decode(std::string_view key);
  friend auto operator<=>(const RevisionKey&, const RevisionKey&) = default;
};

struct ReviewKey {
  uint32_t district = 0;
  uint32_t team = 0;
  std::string review_id;
  std::string Encode() const;
  static absl::StatusOr<ReviewKey> Decode(std::string_view key);
  friend auto operator<=>(const ReviewKey&, const ReviewKey&) = default;
};

struct ReviewIdKey {
  uint32_t district = 0;
  std::string review_id;
  std::string Encode() const;
  static absl::StatusOr<ReviewIdKey> Decode(std::string_view key);
  friend auto operator<=>(const ReviewIdKey&, const ReviewIdKey&) = default;
};

struct DayRowKey {
  uint32_t district = 0;
  uint32_t team = 0;
  uint32_t indicator = 0;
  uint16_t month = 0;  // MonthOf the event dates in it
  std::string Encode() const;
  static absl::StatusOr<DayRowKey> Decode(std::string_view key);
  friend auto operator<=>(const DayRowKey&, const DayRowKey&) = default;
};

struct WatchKey {
  uint32_t district = 0;
  uint32_t team = 0;
  uint32_t expectation = 0;
  std::string Encode() const;
  static absl::StatusOr<WatchKey> Decode(std::string_view key);
  friend auto operator<=>(const WatchKey&, const WatchKey&) = default;
};

struct SourceObservationKey {
  uint32_t district = 0;
  uint32_t source = 0;
  std::string Encode() const;
  static absl::StatusOr<SourceObservationKey> Decode(std::string_view key);
  friend auto operator<=>(const SourceObservationKey&, const SourceObservationKey&) = default;
};

struct FlipKey {
  uint32_t district = 0;
  uint64_t sequence = 0;
  std::string Encode() const;
  static absl::StatusOr<FlipKey> Decode(std::string_view key);
  friend auto operator<=>(const FlipKey&, const FlipKey&) = default;
};

struct AlertKey {
  uint32_t district = 0;
  uint64_t alert = 0;  // the sequence of the flip that opened it
  std::string Encode() const;
  static absl::StatusOr<AlertKey> Decode(std::string_view key);
  friend auto operator<=>(const AlertKey&, const AlertKey&) = default;
};

struct OpenAlertKey {
  uint32_t district = 0;
  uint32_t team = 0;
  uint32_t expectation = 0;
  std::string Encode() const;
  static absl::StatusOr<OpenAlertKey> Decode(std::string_view key);
  friend auto operator<=>(const OpenAlertKey&, const OpenAlertKey&) = default;
};

struct TeamFlipKey {
  uint32_t district = 0;
  uint32_t team = 0;
  uint64_t sequence = 0;
  std::string Encode() const;
  static absl::StatusOr<TeamFlipKey> Decode(std::string_view key);
  friend auto operator<=>(const TeamFlipKey&, const TeamFlipKey&) = default;
};

struct InquiryKey {
  uint32_t district = 0;
  uint32_t team = 0;
  std::string inquiry_id;
  std::string Encode() const;
  static absl::StatusOr<InquiryKey> Decode(std::string_view key);
  friend auto operator<=>(const InquiryKey&, const InquiryKey&) = default;
};

struct InquiryIdKey {
  uint32_t district = 0;
  std::string inquiry_id;
  std::string Encode() const;
  static absl::StatusOr<InquiryIdKey> Decode(std::string_view key);
  friend auto operator<=>(const InquiryIdKey&, const InquiryIdKey&) = default;
};

struct InquiryRevisionKey {
  uint32_t district = 0;
  uint32_t team = 0;
  uint32_t revision = 0;
  std::string inquiry_id;
  std::string Encode() const;
  static absl::StatusOr<InquiryRevisionKey> Decode(std::string_view key);
  friend auto operator<=>(const InquiryRevisionKey&, const InquiryRevisionKey&) = default;
};

// The district number of any key; DATA_LOSS for fewer than the 5 bytes that every key has, or district 0.
absl::StatusOr<uint32_t> DistrictOf(std::string_view key);
// The table byte of any key, whether or not this version knows it; DATA_LOSS as DistrictOf.
absl::StatusOr<uint8_t> TableByteOf(std::string_view key);

// Every key that begins with `prefix`. PrefixRange("") is the whole keyspace.
KeyRange PrefixRange(std::string_view prefix);

KeyRange DistrictRange(uint32_t district);             // everything of a district
KeyRange TableRange(uint32_t district, Table table);   // one table of a district
KeyRange NamesRange(uint32_t district, NameKind kind);
KeyRange SeriesBlocksRange(uint32_t district, uint32_t team, uint32_t indicator, DateRange dates);  // with dates in [from, to)
KeyRange IdentityBlocksRange(uint32_t district, uint16_t bucket);
KeyRange RevisionsRange(uint32_t district, uint64_t evidence);
KeyRange ReviewsRange(uint32_t district, uint32_t team);
KeyRange DayRowsRange(uint32_t district, uint32_t team);
KeyRange DayRowsRange(uint32_t district, uint32_t team, uint32_t indicator, DateRange dates);  // with dates in [from, to)
KeyRange WatchesRange(uint32_t district, uint32_t team);
KeyRange FlipsRange(uint32_t district, uint64_t from_sequence);                        // sequences >= from
KeyRange FlipsRange(uint32_t district, uint64_t from_sequence, uint64_t to_sequence);  // [from, to)
KeyRange AlertsRange(uint32_t district, uint64_t from_alert);                          // alert ids >= from
KeyRange OpenAlertsRange(uint32_t district, uint32_t team);
KeyRange TeamFlipsRange(uint32_t district, uint32_t team);
KeyRange InquiriesRange(uint32_t district, uint32_t team);
KeyRange InquiryRevisionsRange(uint32_t district, uint32_t team);

}  // namespace leadlag
