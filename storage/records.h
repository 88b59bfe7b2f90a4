// What is stored under the keys of storage/keys.h: the records and their bytes.
//
// Concepts: every record starts with a format byte of its own. A format newer than this program is FAILED_PRECONDITION ("newer
// than this program"), bytes that no format explains are DATA_LOSS; neither is ever a wrong answer. Encodings are deterministic:
// equal records have equal bytes. Ids are interned numbers (core/district_catalog.h). Plain values; thread safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "core/catalog.h"
#include "core/codec.h"
#include "core/district_catalog.h"
#include "core/evidence.h"
#include "core/inquiry.h"
#include "core/watch.h"
#include "core/zone.h"

namespace leadlag {

// One stored revision of one record: the first one under its number, every one (the first included) in the revision table once there is
// more than one.
struct EvidenceRecord {
  SourceNumber source = 0;
  std::string evidence_id;
  EvidenceRevision revision;  // content.team and content.indicator hold the ids as sent
  friend bool operator==(const EvidenceRecord&, const EvidenceRecord&) = default;
};
std::string EncodeEvidenceRecord(const EvidenceRecord& record);
// The same from its parts.
void PutEvidenceRecord(ByteWriter& out, SourceNumber source, std::string_view evidence_id, uint32_t revision,
                       const EvidenceContent& content, const EvidenceDates& dates);
absl::StatusOr<EvidenceRecord> DecodeEvidenceRecord(std::string_view bytes);

// What of a stored revision says whose it is and when, for who reads very many: the strings are borrowed from the bytes.
struct EvidenceGlance {
  SourceNumber source = 0;
  std::string_view evidence_id;
  std::string_view team, indicator;  // ids as sent
  std::optional<Instant> event_time, reported;
  EvidenceValue value;
  EvidenceDates dates;
  bool voided() const { return std::holds_alternative<Void>(value); }
};
// As DecodeEvidenceRecord, at a fraction of the cost.
absl::StatusOr<EvidenceGlance> GlanceAtEvidenceRecord(std::string_view bytes);

// Where a record is, and what latency needs of its first revision. Stored of records with more than one revision.
struct EvidenceIdentity {
  uint64_t number = 0;             // the district's n-th record
  // Place of the current content in the series table; none for a void that came before any content.
  struct Place {
    TeamNumber team = 0;
    IndicatorNumber indicator = 0;
    Date event_date;
    friend bool operator==(const Place&, const Place&) = default;
  };
  std::optional<Place> place;
  uint32_t revision_count = 1;
  uint32_t current_revision = 1;   // its number; differs from revision_count where an older source_version arrived later
  bool voided = false;
  // Of the first revision with content (the lowest source_version where the source sends them, else the first to arrive).
  Date first_event_date;
  Date first_known_date;
  Date first_recorded_date;
  std::optional<uint8_t> first_hours;     // HoursBucket, where event and known were instants
  // When and on which local date the current value, date or indicator was recorded by a correction; none while it is the first's.
  std::optional<Instant> corrected;
  std::optional<Date> corrected_on;
  Instant first_recorded;
  friend bool operator==(const EvidenceIdentity&, const EvidenceIdentity&) = default;
};
std::string EncodeEvidenceIdentity(const EvidenceIdentity& identity);
absl::StatusOr<EvidenceIdentity> DecodeEvidenceIdentity(std::string_view bytes);

std::string EncodeReview(const Review& review);
absl::StatusOr<Review> DecodeReview(std::string_view bytes);

// One revision. REQUIRES: it has a number.
std::string EncodeInquiry(const Inquiry& inquiry);
absl::StatusOr<Inquiry> DecodeInquiry(std::string_view bytes);

// A watch as stored. `catalog_version`: the catalog it was last reconsidered under.
struct WatchRecord {
  Watch watch;
  uint32_t catalog_version = 0;
  uint64_t alert = 0;  // id of the open alert; 0: none
  friend bool operator==(const WatchRecord&, const WatchRecord&) = default;
};
std::string EncodeWatchRecord(const WatchRecord& record);
absl::StatusOr<WatchRecord> DecodeWatchRecord(std::string_view bytes);

// Who said what about an alert, and when.
struct AlertRemark {
  std::string by;
  std::string note;  // why; may be empty
  Instant at;
  friend bool operator==(const AlertRemark&, const AlertRemark&) = default;
};

// What people have done with an alert, as far as it matters after the flip or now.
struct AlertHandling {
  bool acknowledged = false;
  std::optional<Date> snoozed_until;  // core/snooze.h; none: not snoozed
  bool any() const { return acknowledged || snoozed_until; }
  friend bool operator==(const AlertHandling&, const AlertHandling&) = default;
};

// One flip of the log. Key: its sequence.
struct FlipRecord {
  std::string team;         // ids, not numbers: a flip is read without a catalog
  std::string expectation;
  std::string source{};     // of a source's watch, which has neither of the two; else empty
  WatchFlip flip;
  Instant recorded;
  uint64_t alert = 0;       // open after it, or closed by it; 0: none
  Labels labels;            // the alert's, where there is one; else the team's, when it was made
  AlertKind kind = AlertKind::kSignalOverdue;  // of the watch
  Severity severity = Severity::kWarning;      // of a rule's alert, where there is one; an expectation's is told by the state
  AlertHandling handling;   // of the alert, after it
  std::string by, note;     // of an acknowledgement, a snooze, or its end by hand
  friend bool operator==(const FlipRecord&, const FlipRecord&) = default;
};
std::string EncodeFlipRecord(const FlipRecord& record);
absl::StatusOr<FlipRecord> DecodeFlipRecord(std::string_view bytes);

// One alert. Key: the sequence of the flip that opened it.
struct AlertRecord {
  TeamNumber team = 0;  // kNoTeam: of a source
  ExpectationNumber expectation = 0;  // or the source
  WatchState state = WatchState::kLate;  // as it is, or was when the alert closed
  Instant opened;                        // effective times
  std::optional<Instant> closed;
  std::optional<FlipReason> closed_reason;
  std::optional<Date> due;
  Labels labels;                         // the team's, when it opened; its flips carry them to the end
  AlertKind kind = AlertKind::kSignalOverdue;
  Severity severity = Severity::kWarning;  // of a rule's, when it opened; an expectation's is told by the state
  std::vector<uint64_t> sequences;       // of its flips, ascending; the first opened it
  std::optional<AlertRemark> acknowledged;
  struct Snooze {
    AlertRemark remark;
    Date until;
    friend bool operator==(const Snooze&, const Snooze&) = default;
  };
  std::optional<Snooze> snoozed;  // now, or when it closed
  AlertHandling handling() const {
    return {acknowledged.has_value(), snoozed ? std::optional(snoozed->until) : std::nullopt};
  }
  // Adds a flip's, and forgets the middle: the first and the latest tell the story, and the record stays bounded.
  void AddFlip(uint64_t sequence) {
    sequences.push_back(sequence);
    if (sequences.size() > kFlipsKept) sequences.erase(sequences.begin() + kFirstFlipsKept);
  }
  static constexpr std::ptrdiff_t kFirstFlipsKept = 20;
  static constexpr size_t kFlipsKept = 100;  // the first ones among them
  friend bool operator==(const AlertRecord&, const AlertRecord&) = default;
};
std::string EncodeAlertRecord(const AlertRecord& record);
absl::StatusOr<AlertRecord> DecodeAlertRecord(std::string_view bytes);

// Which alert of a watch is open, and what people have done with it.
struct OpenAlert {
  uint64_t alert = 0;
  AlertHandling handling;
  friend bool operator==(const OpenAlert&, const OpenAlert&) = default;
};
std::string EncodeOpenAlert(const OpenAlert& open);
absl::StatusOr<OpenAlert> DecodeOpenAlert(std::string_view bytes);

// What was last heard from a source, and its silences.
struct SourceObservation {
  std::optional<Instant> last_heard;  // none: never
  std::optional<Date> complete_through;
  std::vector<SourceSilence> silences;  // the last ones, as far as watches have yet to live through them
  // Those before them, which every watch has lived through, for back-tests: the last kSilencesKeptMax.
  std::vector<SourceSilence> lived;
  // Of those before these, which are no longer kept, the end of the last; none: all are kept.
  std::optional<Instant> forgotten_through;
  // It was heard again; its silence is over at this instant, if nothing ends it before.
  std::optional<Instant> settling_until;
  friend bool operator==(const SourceObservation&, const SourceObservation&) = default;
};
std::string EncodeSourceObservation(const SourceObservation& observation);
absl::StatusOr<SourceObservation> DecodeSourceObservation(std::string_view bytes);

// One version of the catalog with all that was resolved when it was logged.
struct CatalogRecord {
  Catalog catalog;
  std::vector<ZoneRules> zones;
  std::map<std::string, Date> apply_dates;  // expectation id -> the date that stands for its `from`
  Instant applied;
  friend bool operator==(const CatalogRecord&, const CatalogRecord&) = default;
};
std::string EncodeCatalogRecord(const CatalogRecord& record);
absl::StatusOr<CatalogRecord> DecodeCatalogRecord(std::string_view bytes);
// When the version was applied, at none of the cost. REQUIRES: the bytes are a catalog record's; damaged ones may give any instant.
absl::StatusOr<Instant> GlanceAtCatalogApplied(std::string_view bytes);

// The parts commands share with records.
void PutCatalog(ByteWriter& out, const Catalog& catalog);
// In which form PutCatalog writes it: the higher, the newer a program must be that reads it.
uint8_t FormOf(const Catalog& catalog);
Catalog GetCatalog(ByteReader& in);
void PutZones(ByteWriter& out, const std::vector<ZoneRules>& zones);
std::vector<ZoneRules> GetZones(ByteReader& in);
void PutEvidenceContent(ByteWriter& out, const EvidenceContent& content);
EvidenceContent GetEvidenceContent(ByteReader& in);
// Who was invited to a survey is no part of a content's bytes: it follows them where the format says so. Fails where the value is no
// PROPORTION.
void GetInvited(ByteReader& in, EvidenceValue& value);
// All but the account of it.
void PutReview(ByteWriter& out, const Review& review);
Review GetReview(ByteReader& in);
void PutReviewAccount(ByteWriter& out, const Review::Account& account);
Review::Account GetReviewAccount(ByteReader& in);
void PutInquiry(ByteWriter& out, const Inquiry& inquiry);
Inquiry GetInquiry(ByteReader& in);

}  // namespace leadlag
