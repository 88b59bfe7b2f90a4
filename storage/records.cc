#include "storage/records.h"

#include <algorithm>
#include <type_traits>
#include <utility>
#include <variant>

#include "core/check.h"
#include "core/day_row.h"
#include "core/limits.h"
#include "storage/record_codec.h"

namespace leadlag {
namespace {

uint8_t FormatByte(std::string_view bytes) { return bytes.empty() ? 0 : static_cast<uint8_t>(bytes[0]); }

// Formats. Never change what one means: add a format, and go on reading the old ones.
constexpr uint8_t kEvidenceFormat = 2;  // of a survey: who was invited follows the content
constexpr uint8_t kPlainEvidenceFormat = 1;
constexpr uint8_t kIdentityFormat = 1;
constexpr uint8_t kReviewFormat = 2;
// Of one that says nothing of how it went: a program that knows no later format reads it.
constexpr uint8_t kBareReviewFormat = 1;
constexpr uint8_t kWatchFormat = 2;  // 1: of an expectation, which is never RAISED
// Each is written in the first format that has all of it, so that a program that knows no later one reads it. Format 2 adds what people did
// with an alert, 3 the kind and severity of a rule's, which come before that, 4 sources: the id of one, last in its flips, and what its
// silence did to others, 5 the kinds after that.
constexpr uint8_t kFlipFormat = 5;
constexpr uint8_t kAlertFormat = 5;
constexpr uint8_t kSourceFormat = 4;
constexpr uint8_t kKindFormat = 3;
constexpr uint8_t kHandledFormat = 2;
constexpr uint8_t kShortFormat = 1;
constexpr uint8_t kObservationFormat = 3;  // 2: without silences that were lived, and written where there are none; 1: without any
constexpr uint8_t kSilentFormat = 2;
constexpr uint8_t kHeardFormat = 1;

// The content of evidence: U8 flags, team, indicator, what the flags name in their order, the value.
constexpr uint8_t kEventDate = 1 << 0;
constexpr uint8_t kEventTime = 1 << 1;
constexpr uint8_t kPeriod = 1 << 2;
constexpr uint8_t kReported = 1 << 3;
constexpr uint8_t kSourceVersion = 1 << 4;
constexpr uint8_t kNote = 1 << 5;
constexpr int kValueShift = 6;  // the top two bits: the alternative of EvidenceValue, whose order is thereby fixed
static_assert(std::is_same_v<EvidenceValue, std::variant<double, Proportion, Completion, Void>>);

uint8_t FlagsOf(const EvidenceContent& content) {
  uint8_t flags = 0;
  if (content.event_date) flags |= kEventDate;
  if (content.event_time) flags |= kEventTime;
  if (content.period) flags |= kPeriod;
  if (content.reported) flags |= kReported;
  if (content.source_version) flags |= kSourceVersion;
  if (!content.note.empty()) flags |= kNote;
  return static_cast<uint8_t>(flags | content.value.index() << kValueShift);
}

void PutValue(ByteWriter& out, const EvidenceValue& value) {
  if (const auto* number = std::get_if<double>(&value)) out.PutDouble(*number);
  if (const auto* completion = std::get_if<Completion>(&value)) out.PutU8(completion->done ? 1 : 0);
  if (const auto* proportion = std::get_if<Proportion>(&value)) {
    out.PutSigned(proportion->numerator);
    out.PutSigned(proportion->denominator);
  }
}

EvidenceValue GetValue(ByteReader& in, int alternative) {
  switch (alternative) {
    case 0:
      return in.GetDouble();
    case 1: {
      const int64_t numerator = in.GetSigned();
      return Proportion{numerator, in.GetSigned()};
    }
    case 2:
      return Completion{GetBool(in)};
    default:
      return Void{};
  }
}

}  // namespace

void PutEvidenceContent(ByteWriter& out, const EvidenceContent& content) {
  out.PutU8(FlagsOf(content));
  out.PutString(content.team);
  out.PutString(content.indicator);
  if (content.event_date) PutDate(out, *content.event_date);
  if (content.event_time) PutInstant(out, *content.event_time);
  if (content.period) PutDateRange(out, *content.period);
  if (content.reported) PutInstant(out, *content.reported);
  if (content.source_version) out.PutVarint(*content.source_version);
  if (!content.note.empty()) out.PutString(content.note);
  PutValue(out, content.value);
}

EvidenceContent GetEvidenceContent(ByteReader& in) {
  EvidenceContent content;
  const uint8_t flags = in.GetU8();
  content.team = in.GetString();
  content.indicator = in.GetString();
  if (flags & kEventDate) content.event_date = GetDate(in);
  if (flags & kEventTime) content.event_time = GetInstant(in);
  if (flags & kPeriod) content.period = GetDateRange(in);
  if (flags & kReported) content.reported = GetInstant(in);
  if (flags & kSourceVersion) content.source_version = in.GetVarint();
  if (flags & kNote) {
    content.note = in.GetString();
    if (content.note.empty()) in.Fail();  // the flag would have been left out
  }
  content.value = GetValue(in, flags >> kValueShift);
  return content;
}

void GetInvited(ByteReader& in, EvidenceValue& value) {
  const int64_t invited = in.GetSigned();
  if (auto* const proportion = std::get_if<Proportion>(&value)) {
    proportion->invited = invited;
  } else {
    in.Fail();
  }
}

void PutEvidenceRecord(ByteWriter& out, SourceNumber source, std::string_view evidence_id, uint32_t revision,
                       const EvidenceContent& content, const EvidenceDates& dates) {
  const std::optional<int64_t> invited = InvitedOf(content.value);
  out.PutU8(invited ? kEvidenceFormat : kPlainEvidenceFormat);
  out.PutVarint(source);
  out.PutString(evidence_id);
  out.PutVarint(revision);
  PutEvidenceContent(out, content);
  if (invited) out.PutSigned(*invited);
  PutInstant(out, dates.recorded);
  PutDate(out, dates.recorded_date);
  PutDate(out, dates.event_date);
  PutDate(out, dates.known_date);
}

std::string EncodeEvidenceRecord(const EvidenceRecord& record) {
  ByteWriter out;
  PutEvidenceRecord(out, record.source, record.evidence_id, record.revision.revision, record.revision.content, record.revision.dates());
  return std::move(out).Take();
}

absl::StatusOr<EvidenceRecord> DecodeEvidenceRecord(std::string_view bytes) {
  ByteReader in(bytes);
  if (absl::Status status = ReadFormat(in, kEvidenceFormat, "an evidence record"); !status.ok()) return status;
  EvidenceRecord record;
  record.source = GetU32(in);
  record.evidence_id = in.GetString();
  record.revision.revision = GetU32(in);
  if (record.revision.revision == 0) in.Fail();
  record.revision.content = GetEvidenceContent(in);
  if (FormatByte(bytes) == kEvidenceFormat) GetInvited(in, record.revision.content.value);
  record.revision.recorded = GetInstant(in);
  record.revision.recorded_date = GetServiceDate(in);
  record.revision.event_date = GetServiceDate(in);
  record.revision.known_date = GetServiceDate(in);
  if (absl::Status status = in.Finish("an evidence record"); !status.ok()) return status;
  return record;
}

absl::StatusOr<EvidenceGlance> GlanceAtEvidenceRecord(std::string_view bytes) {
  ByteReader in(bytes);
  if (absl::Status status = ReadFormat(in, kEvidenceFormat, "an evidence record"); !status.ok()) return status;
  EvidenceGlance glance;
  glance.source = GetU32(in);
  glance.evidence_id = in.GetString();
  if (GetU32(in) == 0) in.Fail();
  const uint8_t flags = in.GetU8();
  glance.team = in.GetString();
  glance.indicator = in.GetString();
  if (flags & kEventDate) GetDate(in);
  if (flags & kEventTime) glance.event_time = GetInstant(in);
  if (flags & kPeriod) GetDateRange(in);
  if (flags & kReported) glance.reported = GetInstant(in);
  if (flags & kSourceVersion) in.GetVarint();
  if ((flags & kNote) && in.GetString().empty()) in.Fail();
  glance.value = GetValue(in, flags >> kValueShift);
  if (FormatByte(bytes) == kEvidenceFormat) GetInvited(in, glance.value);
  glance.dates.recorded = GetInstant(in);
  glance.dates.recorded_date = GetServiceDate(in);
  glance.dates.event_date = GetServiceDate(in);
  glance.dates.known_date = GetServiceDate(in);
  if (absl::Status status = in.Finish("an evidence record"); !status.ok()) return status;
  return glance;
}

namespace {

// The flags of an identity.
constexpr uint8_t kPlace = 1 << 0;
constexpr uint8_t kVoided = 1 << 1;
constexpr uint8_t kHours = 1 << 2;
constexpr uint8_t kCorrected = 1 << 3;
constexpr uint8_t kIdentityFlags = kPlace | kVoided | kHours | kCorrected;

uint8_t FlagsOf(const EvidenceIdentity& identity) {
  LEADLAG_CHECK(identity.corrected.has_value() == identity.corrected_on.has_value());
  uint8_t flags = 0;
  if (identity.place) flags |= kPlace;
  if (identity.voided) flags |= kVoided;
  if (identity.first_hours) flags |= kHours;
  if (identity.corrected) flags |= kCorrected;
  return flags;
}

EvidenceIdentity::Place GetPlace(ByteReader& in) {
  EvidenceIdentity::Place place;
  place.team = GetU32(in);
  place.indicator = GetU32(in);
  place.event_date = GetServiceDate(in);
  return place;
}

}  // namespace

std::string EncodeEvidenceIdentity(const EvidenceIdentity& identity) {
  ByteWriter out;
  out.PutU8(kIdentityFormat);
  out.PutU8(FlagsOf(identity));
  out.PutVarint(identity.number);
  out.PutVarint(identity.revision_count);
  out.PutVarint(identity.current_revision);
  if (identity.place) {
    out.PutVarint(identity.place->team);
    out.PutVarint(identity.place->indicator);
    PutDate(out, identity.place->event_date);
  }
  PutDate(out, identity.first_event_date);
  PutDate(out, identity.first_known_date);
  PutDate(out, identity.first_recorded_date);
  PutInstant(out, identity.first_recorded);
  if (identity.first_hours) out.PutU8(*identity.first_hours);
  if (identity.corrected) {
    PutInstant(out, *identity.corrected);
    PutDate(out, *identity.corrected_on);
  }
  return std::move(out).Take();
}

absl::StatusOr<EvidenceIdentity> DecodeEvidenceIdentity(std::string_view bytes) {
  ByteReader in(bytes);
  if (absl::Status status = ReadFormat(in, kIdentityFormat, "an evidence identity"); !status.ok()) return status;
  EvidenceIdentity identity;
  const uint8_t flags = in.GetU8(kIdentityFlags);
  identity.number = in.GetVarint();
  identity.revision_count = GetU32(in);
  identity.current_revision = GetU32(in);
  if (identity.current_revision == 0 || identity.current_revision > identity.revision_count) in.Fail();
  if (flags & kPlace) identity.place = GetPlace(in);
  identity.voided = (flags & kVoided) != 0;
  identity.first_event_date = GetServiceDate(in);
  identity.first_known_date = GetServiceDate(in);
  identity.first_recorded_date = GetServiceDate(in);
  identity.first_recorded = GetInstant(in);
  if (flags & kHours) identity.first_hours = in.GetU8(HoursBucket(std::numeric_limits<int64_t>::max()));
  if (flags & kCorrected) {
    identity.corrected = GetInstant(in);
    identity.corrected_on = GetServiceDate(in);
  }
  if (absl::Status status = in.Finish("an evidence identity"); !status.ok()) return status;
  return identity;
}

void PutReview(ByteWriter& out, const Review& review) {
  out.PutString(review.id);
  out.PutString(review.team);
  PutDate(out, review.date);
  out.PutVarint(review.indicators.size());
  for (const std::string& indicator : review.indicators) out.PutString(indicator);
  out.PutVarint(review.evidence.size());
  for (const Review::EvidenceRef& evidence : review.evidence) {
    out.PutString(evidence.source);
    out.PutString(evidence.evidence_id);
  }
  out.PutString(review.decision);
  PutInstant(out, review.recorded);
}

Review GetReview(ByteReader& in) {
  constexpr size_t kReferenceSizeMin = 2;
  Review review;
  review.id = in.GetString();
  review.team = in.GetString();
  review.date = GetDate(in);
  review.indicators.resize(in.GetCount());
  for (std::string& indicator : review.indicators) indicator = in.GetString();
  review.evidence.resize(in.GetCount(kReferenceSizeMin));
  for (Review::EvidenceRef& evidence : review.evidence) {
    evidence.source = in.GetString();
    evidence.evidence_id = in.GetString();
  }
  review.decision = in.GetString();
  review.recorded = GetInstant(in);
  return review;
}

void PutReviewAccount(ByteWriter& out, const Review::Account& account) {
  out.PutVarint(account.participants.size());
  for (const Review::Account::Participants& participants : account.participants) {
    out.PutU8(static_cast<uint8_t>(participants.role));
    out.PutVarint(static_cast<uint64_t>(participants.count));
  }
  out.PutU8(account.collaboration ? static_cast<uint8_t>(*account.collaboration) : 0);
  out.PutU8(account.verdict ? static_cast<uint8_t>(*account.verdict) : 0);
  out.PutString(account.inquiry);
  // 0: none; else 1, and 2 where the outcome improved, and 4 where the cause is understood.
  const std::optional<ReviewResult>& result = account.result;
  out.PutU8(result ? static_cast<uint8_t>(1 | (result->outcome_improved ? 2 : 0) | (result->cause_understood ? 4 : 0)) : 0);
}

Review::Account GetReviewAccount(ByteReader& in) {
  constexpr size_t kParticipantsSizeMin = 2;
  Review::Account account;
  account.participants.resize(in.GetCount(kParticipantsSizeMin));
  for (Review::Account::Participants& participants : account.participants) {
    participants.role = GetEnum(in, ParticipantRole::kPrincipal, ParticipantRole::kOther);
    participants.count = static_cast<int32_t>(in.GetVarint(kReviewRoleCountMax));
    if (participants.count < 1) in.Fail();
  }
  const auto not_ascending = [](const auto& a, const auto& b) { return a.role >= b.role; };
  if (std::adjacent_find(account.participants.begin(), account.participants.end(), not_ascending) != account.participants.end()) in.Fail();
  if (const uint8_t kind = in.GetU8(static_cast<uint8_t>(Collaboration::kJointWork)); kind != 0) {
    account.collaboration = static_cast<Collaboration>(kind);
  }
  if (const uint8_t verdict = in.GetU8(static_cast<uint8_t>(ReviewVerdict::kSpread)); verdict != 0) {
    account.verdict = static_cast<ReviewVerdict>(verdict);
  }
  account.inquiry = in.GetString();
  const uint8_t result = in.GetU8(7);
  if ((result & 1) != 0) {
    account.result = ReviewResult{(result & 2) != 0, (result & 4) != 0};
  } else if (result != 0) {
    in.Fail();
  }
  if (account == Review::Account()) in.Fail();  // it is written where there is one
  return account;
}

std::string EncodeReview(const Review& review) {
  const bool bare = review.account == Review::Account();
  ByteWriter out;
  out.PutU8(bare ? kBareReviewFormat : kReviewFormat);
  PutReview(out, review);
  if (!bare) PutReviewAccount(out, review.account);
  return std::move(out).Take();
}

absl::StatusOr<Review> DecodeReview(std::string_view bytes) {
  ByteReader in(bytes);
  if (absl::Status status = ReadFormat(in, kReviewFormat, "a review"); !status.ok()) return status;
  Review review = GetReview(in);
  if (FormatByte(bytes) >= kReviewFormat) review.account = GetReviewAccount(in);
  if (absl::Status status = in.Finish("a review"); !status.ok()) return status;
  return review;
}

namespace {

WatchState GetState(ByteReader& in) { return GetEnum(in, WatchState::kOnTrack, WatchState::kRaised); }
AlertKind GetKindOfAlert(ByteReader& in) {
  const AlertKind kind = GetEnum(in, AlertKind::kSignalOverdue, AlertKind::kRunSignal);
  if (ToString(kind) == "?") in.Fail();
  return kind;
}
Severity GetSeverity(ByteReader& in) { return GetEnum(in, Severity::kAdvisory, Severity::kCritical); }
FlipReason GetReason(ByteReader& in) { return GetEnum(in, FlipReason::kStarted, FlipReason::kSourceHeard); }

// A due date in force, or none: U8 0 or 1, then the date.
void PutDue(ByteWriter& out, const std::optional<Date>& due) {
  out.PutU8(due ? 1 : 0);
  if (due) PutDate(out, *due);
}
std::optional<Date> GetDue(ByteReader& in) {
  if (!GetBool(in)) return std::nullopt;
  return GetServiceDate(in);
}

}  // namespace

std::string EncodeWatchRecord(const WatchRecord& record) {
  ByteWriter out;
  out.PutU8(record.watch.state == WatchState::kRaised ? kWatchFormat : kShortFormat);
  PutEnum(out, record.watch.state);
  PutDue(out, record.watch.due);
  PutInstant(out, record.watch.handled_before);
  PutInstant(out, record.watch.last_effective);
  out.PutVarint(record.catalog_version);
  out.PutVarint(record.alert);
  return std::move(out).Take();
}

absl::StatusOr<WatchRecord> DecodeWatchRecord(std::string_view bytes) {
  ByteReader in(bytes);
  const uint8_t format = FormatByte(bytes);
  if (absl::Status status = ReadFormat(in, kWatchFormat, "a watch"); !status.ok()) return status;
  WatchRecord record;
  record.watch.state = GetState(in);
  record.watch.due = GetDue(in);
  record.watch.handled_before = GetInstant(in);
  record.watch.last_effective = GetInstant(in);
  record.catalog_version = GetU32(in);
  record.alert = in.GetVarint();
  if ((format == kWatchFormat) != (record.watch.state == WatchState::kRaised)) in.Fail();
  if (absl::Status status = in.Finish("a watch"); !status.ok()) return status;
  return record;
}

namespace {

void PutRemark(ByteWriter& out, const AlertRemark& remark) {
  out.PutString(remark.by);
  out.PutString(remark.note);
  PutInstant(out, remark.at);
}

AlertRemark GetRemark(ByteReader& in) {
  AlertRemark remark;
  remark.by = in.GetString();
  remark.note = in.GetString();
  remark.at = GetInstant(in);
  return remark;
}

void PutHandling(ByteWriter& out, const AlertHandling& handling) {
  out.PutU8(handling.acknowledged ? 1 : 0);
  PutDue(out, handling.snoozed_until);
}

AlertHandling GetHandling(ByteReader& in) {
  AlertHandling handling;
  handling.acknowledged = GetBool(in);
  handling.snoozed_until = GetDue(in);
  return handling;
}

bool IsOfSilence(FlipReason reason) { return reason >= FlipReason::kSourceSilent; }
bool IsAfterSources(AlertKind kind) { return kind == AlertKind::kActionWithoutEvidence || kind == AlertKind::kRunSignal; }

uint8_t FormatOf(const FlipRecord& record) {
  if (IsAfterSources(record.kind)) return kFlipFormat;
  if (!record.source.empty() || IsOfSilence(record.flip.reason)) return kSourceFormat;
  if (record.kind != AlertKind::kSignalOverdue) return kKindFormat;
  return IsHandling(record.flip.reason) || record.handling.any() ? kHandledFormat : kShortFormat;
}
uint8_t FormatOf(const AlertRecord& record) {
  if (IsAfterSources(record.kind)) return kAlertFormat;
  if (record.kind == AlertKind::kSourceSilent || (record.closed_reason && IsOfSilence(*record.closed_reason))) return kSourceFormat;
  if (record.kind != AlertKind::kSignalOverdue) return kKindFormat;
  return record.handling().any() ? kHandledFormat : kShortFormat;
}

}  // namespace

std::string EncodeFlipRecord(const FlipRecord& record) {
  const uint8_t format = FormatOf(record);
  ByteWriter out;
  out.PutU8(format);
  out.PutString(record.team);
  out.PutString(record.expectation);
  PutEnum(out, record.flip.from);
  PutEnum(out, record.flip.to);
  PutEnum(out, record.flip.reason);
  PutInstant(out, record.flip.effective);
  PutDue(out, record.flip.due);
  PutInstant(out, record.recorded);
  out.PutVarint(record.alert);
  PutLabels(out, record.labels);
  if (format >= kKindFormat) {
    PutEnum(out, record.kind);
    PutEnum(out, record.severity);
  }
  if (format >= kHandledFormat) {
    PutHandling(out, record.handling);
    out.PutString(record.by);
    out.PutString(record.note);
  }
  if (format >= kSourceFormat) out.PutString(record.source);
  return std::move(out).Take();
}

absl::StatusOr<FlipRecord> DecodeFlipRecord(std::string_view bytes) {
  ByteReader in(bytes);
  const uint8_t format = FormatByte(bytes);
  if (absl::Status status = ReadFormat(in, kFlipFormat, "a flip"); !status.ok()) return status;
  FlipRecord record;
  record.team = in.GetString();
  record.expectation = in.GetString();
  record.flip.from = GetState(in);
  record.flip.to = GetState(in);
  record.flip.reason = GetReason(in);
  record.flip.effective = GetInstant(in);
  record.flip.due = GetDue(in);
  record.recorded = GetInstant(in);
  record.alert = in.GetVarint();
  record.labels = GetLabels(in);
  if (format >= kKindFormat) {
    record.kind = GetKindOfAlert(in);
    record.severity = GetSeverity(in);
  }
  if (format >= kHandledFormat) {
    record.handling = GetHandling(in);
    record.by = in.GetString();
    record.note = in.GetString();
  }
  if (format >= kSourceFormat) record.source = in.GetString();
  if (record.source.empty() == (record.kind == AlertKind::kSourceSilent)) in.Fail();
  const bool possible = GoesWith(record.kind, record.flip.from) && GoesWith(record.kind, record.flip.to) &&
                        (record.alert != 0 || record.severity == Severity::kWarning);
  if (format != FormatOf(record) || !possible) in.Fail();
  if (IsHandling(record.flip.reason) && (record.flip.from != record.flip.to || record.alert == 0)) in.Fail();
  if (absl::Status status = in.Finish("a flip"); !status.ok()) return status;
  return record;
}

namespace {

// Varint of the count, then the first sequence and each one's distance from the one before, less 1.
void PutSequences(ByteWriter& out, const std::vector<uint64_t>& sequences) {
  out.PutVarint(sequences.size());
  for (size_t i = 0; i < sequences.size(); ++i) {
    LEADLAG_CHECK(i == 0 || sequences[i] > sequences[i - 1]);
    out.PutVarint(i == 0 ? sequences[0] : sequences[i] - sequences[i - 1] - 1);
  }
}

std::vector<uint64_t> GetSequences(ByteReader& in) {
  std::vector<uint64_t> sequences(in.GetCount());
  for (size_t i = 0; i < sequences.size(); ++i) {
    const uint64_t step = in.GetVarint();
    sequences[i] = i == 0 ? step : sequences[i - 1] + step + 1;
    if (i > 0 && sequences[i] <= sequences[i - 1]) in.Fail();  // past the largest number
  }
  return sequences;
}

}  // namespace

std::string EncodeAlertRecord(const AlertRecord& record) {
  LEADLAG_CHECK(record.closed.has_value() == record.closed_reason.has_value());
  const uint8_t format = FormatOf(record);
  ByteWriter out;
  out.PutU8(format);
  out.PutVarint(record.team);
  out.PutVarint(record.expectation);
  PutEnum(out, record.state);
  PutInstant(out, record.opened);
  out.PutU8(record.closed ? 1 : 0);
  if (record.closed) {
    PutInstant(out, *record.closed);
    PutEnum(out, *record.closed_reason);
  }
  PutDue(out, record.due);
  PutLabels(out, record.labels);
  PutSequences(out, record.sequences);
  if (format >= kKindFormat) {
    PutEnum(out, record.kind);
    PutEnum(out, record.severity);
  }
  if (format >= kHandledFormat) {
    out.PutU8(record.acknowledged ? 1 : 0);
    if (record.acknowledged) PutRemark(out, *record.acknowledged);
    out.PutU8(record.snoozed ? 1 : 0);
    if (record.snoozed) {
      PutRemark(out, record.snoozed->remark);
      PutDate(out, record.snoozed->until);
    }
  }
  return std::move(out).Take();
}

absl::StatusOr<AlertRecord> DecodeAlertRecord(std::string_view bytes) {
  ByteReader in(bytes);
  const uint8_t format = FormatByte(bytes);
  if (absl::Status status = ReadFormat(in, kAlertFormat, "an alert"); !status.ok()) return status;
  AlertRecord record;
  record.team = GetU32(in);
  record.expectation = GetU32(in);
  record.state = GetState(in);
  record.opened = GetInstant(in);
  if (GetBool(in)) {
    record.closed = GetInstant(in);
    record.closed_reason = GetReason(in);
    if (IsHandling(*record.closed_reason)) in.Fail();
  }
  record.due = GetDue(in);
  record.labels = GetLabels(in);
  record.sequences = GetSequences(in);
  if (format >= kKindFormat) {
    record.kind = GetKindOfAlert(in);
    record.severity = GetSeverity(in);
  }
  if (format >= kHandledFormat) {
    if (GetBool(in)) record.acknowledged = GetRemark(in);
    if (GetBool(in)) {
      AlertRemark remark = GetRemark(in);
      record.snoozed = AlertRecord::Snooze{std::move(remark), GetServiceDate(in)};
    }
  }
  if (format != FormatOf(record) || !GoesWith(record.kind, record.state)) in.Fail();
  if (absl::Status status = in.Finish("an alert"); !status.ok()) return status;
  return record;
}

// Varint of the alert; then, of one that somebody has done something with, that.
std::string EncodeOpenAlert(const OpenAlert& open) {
  ByteWriter out;
  out.PutVarint(open.alert);
  if (open.handling.any()) PutHandling(out, open.handling);
  return std::move(out).Take();
}

absl::StatusOr<OpenAlert> DecodeOpenAlert(std::string_view bytes) {
  ByteReader in(bytes);
  OpenAlert open{.alert = in.GetVarint(), .handling = {}};
  if (!in.AtEnd()) {
    open.handling = GetHandling(in);
    if (!open.handling.any()) in.Fail();
  }
  if (absl::Status status = in.Finish("an open alert"); !status.ok()) return status;
  return open;
}

namespace {

void PutSilences(ByteWriter& out, const std::vector<SourceSilence>& silences) {
  out.PutVarint(silences.size());
  for (const SourceSilence& silence : silences) {
    PutInstant(out, silence.since);
    PutInstant(out, silence.to);
  }
}

// Ordered and disjoint.
std::vector<SourceSilence> GetSilences(ByteReader& in) {
  constexpr size_t kSilenceSizeMin = 2;
  std::vector<SourceSilence> silences(in.GetCount(kSilenceSizeMin));
  Instant before = Instant::Min();
  for (SourceSilence& silence : silences) {
    silence.since = GetInstant(in);
    silence.to = GetInstant(in);
    if (silence.since < before || silence.to < silence.since) in.Fail();
    before = silence.to;
  }
  return silences;
}

}  // namespace

std::string EncodeSourceObservation(const SourceObservation& observation) {
  const bool any_lived = !observation.lived.empty();
  const bool heard_alone = observation.silences.empty() && !observation.settling_until && observation.last_heard && !any_lived;
  ByteWriter out;
  out.PutU8(heard_alone ? kHeardFormat : any_lived ? kObservationFormat : kSilentFormat);
  if (!heard_alone) out.PutU8(observation.last_heard ? 1 : 0);
  if (observation.last_heard) PutInstant(out, *observation.last_heard);
  out.PutU8(observation.complete_through ? 1 : 0);
  if (observation.complete_through) PutDate(out, *observation.complete_through);
  if (heard_alone) return std::move(out).Take();
  PutSilences(out, observation.silences);
  out.PutU8(observation.settling_until ? 1 : 0);
  if (observation.settling_until) PutInstant(out, *observation.settling_until);
  if (!any_lived) return std::move(out).Take();
  PutSilences(out, observation.lived);
  out.PutU8(observation.forgotten_through ? 1 : 0);
  if (observation.forgotten_through) PutInstant(out, *observation.forgotten_through);
  return std::move(out).Take();
}

absl::StatusOr<SourceObservation> DecodeSourceObservation(std::string_view bytes) {
  ByteReader in(bytes);
  const uint8_t format = FormatByte(bytes);
  if (absl::Status status = ReadFormat(in, kObservationFormat, "a source observation"); !status.ok()) return status;
  SourceObservation observation;
  if (format == kHeardFormat || GetBool(in)) observation.last_heard = GetInstant(in);
  if (GetBool(in)) observation.complete_through = GetDate(in);
  const std::vector<SourceSilence>& silences = observation.silences;
  const std::vector<SourceSilence>& lived = observation.lived;
  if (format >= kSilentFormat) {
    observation.silences = GetSilences(in);
    if (GetBool(in)) observation.settling_until = GetInstant(in);
    const bool silent = !silences.empty() && silences.back().to == SourceSilence::kOpen;
    if (observation.settling_until && !silent) in.Fail();
    const bool heard_alone = silences.empty() && !observation.settling_until && observation.last_heard;
    if (format == kSilentFormat && heard_alone) in.Fail();
  }
  if (format >= kObservationFormat) {
    observation.lived = GetSilences(in);
    if (GetBool(in)) observation.forgotten_through = GetInstant(in);
    if (lived.empty() || lived.back().to == SourceSilence::kOpen) {
      in.Fail();
    } else if ((!silences.empty() && silences.front().since < lived.back().to) ||
               (observation.forgotten_through && *observation.forgotten_through > lived.front().since)) {
      in.Fail();
    }
  }
  if (absl::Status status = in.Finish("a source observation"); !status.ok()) return status;
  return observation;
}

}  // namespace leadlag
