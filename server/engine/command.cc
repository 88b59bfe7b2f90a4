#include "server/engine/command.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"
#include "core/codec.h"
#include "core/limits.h"
#include "storage/records.h"

namespace leadlag {
namespace {

constexpr uint8_t kFormat = 10;
// A command is written in the first format that has it: a program that knows no later one reads it.
constexpr uint8_t kContinueByFormat = 2;
constexpr uint8_t kHandleAlertFormat = 3;
constexpr uint8_t kAlertRulesFormat = 4;
constexpr uint8_t kFlipRetentionFormat = 5;
constexpr uint8_t kSourcesFormat = 6;
constexpr uint8_t kInquiriesFormat = 7;  // inquiries, and catalogs with themes of them or rules of later kinds
constexpr uint8_t kReviewAccountFormat = 8;
constexpr uint8_t kPrivacyFormat = 9;  // catalogs with populations or floors
constexpr uint8_t kSurveyFormat = 10;
constexpr uint8_t kFirstFormat = 1;
constexpr uint32_t kWatchesLeast = 2 * kMaxExpectations;  // a team's are not cut

// What follows the header. Never change a number.
enum class Kind : uint8_t {
  kApplyCatalog = 1,
  kStageCatalog = 2,
  kReplaceZones = 3,
  kRecordEvidence = 4,
  kRecordReview = 5,
  kTick = 6,
  kContinue = 7,  // by kWatchesPerCommand
  kContinueBy = 8,
  kHandleAlert = 9,
  kRecordInquiry = 10,
  kRecordReviewAccount = 11,  // with an account of how it went
  kRecordSurveys = 12,        // evidence, some of it of surveys: behind each who was invited
};

void PutBool(ByteWriter& out, bool value) { out.PutU8(value ? 1 : 0); }
bool GetBool(ByteReader& in) { return in.GetU8(1) == 1; }

void PutDateMaybe(ByteWriter& out, std::optional<Date> date) {
  PutBool(out, date.has_value());
  if (date) out.PutSigned(date->days());
}

std::optional<Date> GetDateMaybe(ByteReader& in) {
  if (!GetBool(in)) return std::nullopt;
  return Date(static_cast<int32_t>(in.GetSigned(Date::Min().days(), Date::Max().days())));
}

bool HasSurvey(const RecordEvidenceCommand& c) {
  return std::any_of(c.items.begin(), c.items.end(), [](const EvidenceItem& item) { return InvitedOf(item.content.value).has_value(); });
}

struct BodyEncoder {
  ByteWriter& out;
  void PutKind(Kind kind) { out.PutU8(static_cast<uint8_t>(kind)); }

  void operator()(const ApplyCatalogCommand& c) {
    PutKind(Kind::kApplyCatalog);
    PutBool(out, c.staged);
    if (!c.staged) {
      PutCatalog(out, c.catalog);
      PutZones(out, c.zones);
    }
    PutBool(out, c.expected_version.has_value());
    if (c.expected_version) out.PutVarint(*c.expected_version);
    out.PutFixed64(c.incarnation);
  }
  void operator()(const StageCatalogCommand& c) {
    PutKind(Kind::kStageCatalog);
    PutBool(out, c.first);
    out.PutString(c.bytes);
  }
  void operator()(const ReplaceZonesCommand& c) {
    PutKind(Kind::kReplaceZones);
    PutZones(out, c.zones);
  }
  void operator()(const RecordEvidenceCommand& c) {
    const bool surveys = HasSurvey(c);
    PutKind(surveys ? Kind::kRecordSurveys : Kind::kRecordEvidence);
    out.PutString(c.source);
    out.PutVarint(c.items.size());
    for (const EvidenceItem& item : c.items) {
      out.PutString(item.evidence_id);
      PutEvidenceContent(out, item.content);
      if (!surveys) continue;
      const std::optional<int64_t> invited = InvitedOf(item.content.value);
      PutBool(out, invited.has_value());
      if (invited) out.PutSigned(*invited);
    }
    PutDateMaybe(out, c.complete_through);
    PutBool(out, c.batch_began.has_value());
    if (c.batch_began) out.PutFixed64(static_cast<uint64_t>(c.batch_began->micros));
    PutBool(out, c.more);
    PutBool(out, c.batch_has_new);
  }
  void operator()(const RecordReviewCommand& c) {
    const bool bare = c.review.account == Review::Account();
    PutKind(bare ? Kind::kRecordReview : Kind::kRecordReviewAccount);
    PutReview(out, c.review);
    if (!bare) PutReviewAccount(out, c.review.account);
  }
  void operator()(const TickCommand& c) {
    PutKind(Kind::kTick);
    PutBool(out, c.resumed);
  }
  void operator()(const ContinueCommand& c) {
    if (c.watches_max == kWatchesPerCommand) return PutKind(Kind::kContinue);
    PutKind(Kind::kContinueBy);
    out.PutVarint(c.watches_max);
  }
  void operator()(const HandleAlertCommand& c) {
    PutKind(Kind::kHandleAlert);
    out.PutVarint(c.alert);
    out.PutU8(static_cast<uint8_t>(c.what));
    out.PutString(c.by);
    out.PutString(c.note);
    PutDateMaybe(out, c.until);
    out.PutVarint(c.days);
  }
  void operator()(const RecordInquiryCommand& c) {
    PutKind(Kind::kRecordInquiry);
    PutInquiry(out, c.inquiry);
    PutBool(out, c.expected_revision.has_value());
    if (c.expected_revision) out.PutVarint(*c.expected_revision);
  }
};

// By the form of a catalog's document.
constexpr std::array<uint8_t, 7> kByForm = {kFirstFormat,   kFirstFormat,     kAlertRulesFormat, kFlipRetentionFormat,
                                            kSourcesFormat, kInquiriesFormat, kPrivacyFormat};

// The first part of a staged document tells its form: storage/catalog_record.cc.
uint8_t FormatOf(const StageCatalogCommand& stage) {
  const bool later_form = stage.first && stage.bytes.size() > 1 && stage.bytes[0] == 0;
  const auto form = static_cast<size_t>(static_cast<uint8_t>(later_form ? stage.bytes[1] : 0));
  return form < kByForm.size() ? kByForm[form] : kFormat;
}

uint8_t FormatOf(const CommandBody& body) {
  if (const auto* const batch = std::get_if<RecordEvidenceCommand>(&body)) return HasSurvey(*batch) ? kSurveyFormat : kFirstFormat;
  if (std::holds_alternative<HandleAlertCommand>(body)) return kHandleAlertFormat;
  if (std::holds_alternative<RecordInquiryCommand>(body)) return kInquiriesFormat;
  const auto* const review = std::get_if<RecordReviewCommand>(&body);
  if (review != nullptr && review->review.account != Review::Account()) return kReviewAccountFormat;
  if (const auto* const stage = std::get_if<StageCatalogCommand>(&body)) return FormatOf(*stage);
  if (const auto* const apply = std::get_if<ApplyCatalogCommand>(&body)) return kByForm.at(FormOf(apply->catalog));
  const auto* const go_on = std::get_if<ContinueCommand>(&body);
  return go_on != nullptr && go_on->watches_max != kWatchesPerCommand ? kContinueByFormat : kFirstFormat;
}

ApplyCatalogCommand GetApplyCatalog(ByteReader& in) {
  ApplyCatalogCommand c;
  c.staged = GetBool(in);
  if (!c.staged) {
    c.catalog = GetCatalog(in);
    c.zones = GetZones(in);
  }
  if (GetBool(in)) c.expected_version = static_cast<uint32_t>(in.GetVarint(UINT32_MAX));
  c.incarnation = in.GetFixed64();
  return c;
}

RecordEvidenceCommand GetRecordEvidence(ByteReader& in, bool surveys) {
  RecordEvidenceCommand c;
  c.source = in.GetString();
  c.items.resize(in.GetCount());
  for (EvidenceItem& item : c.items) {
    item.evidence_id = in.GetString();
    item.content = GetEvidenceContent(in);
    if (surveys && GetBool(in)) GetInvited(in, item.content.value);
  }
  if (surveys && !HasSurvey(c)) in.Fail();
  c.complete_through = GetDateMaybe(in);
  if (GetBool(in)) c.batch_began = Instant{static_cast<int64_t>(in.GetFixed64())};
  c.more = GetBool(in);
  c.batch_has_new = GetBool(in);
  return c;
}

HandleAlertCommand GetHandleAlert(ByteReader& in) {
  HandleAlertCommand c;
  c.alert = in.GetVarint();
  const uint8_t what = in.GetU8(static_cast<uint8_t>(HandleAlertCommand::What::kEndSnooze));
  if (what == 0) in.Fail();
  c.what = static_cast<HandleAlertCommand::What>(what);
  c.by = in.GetString();
  c.note = in.GetString();
  c.until = GetDateMaybe(in);
  c.days = static_cast<uint32_t>(in.GetVarint(kSnoozeDaysMax));
  return c;
}

RecordInquiryCommand GetRecordInquiry(ByteReader& in) {
  RecordInquiryCommand c;
  c.inquiry = GetInquiry(in);
  if (GetBool(in)) c.expected_revision = static_cast<uint32_t>(in.GetVarint(UINT32_MAX));
  return c;
}

CommandBody GetBody(ByteReader& in) {
  switch (static_cast<Kind>(in.GetU8())) {
    case Kind::kApplyCatalog: return GetApplyCatalog(in);
    case Kind::kStageCatalog: {
      StageCatalogCommand c;
      c.first = GetBool(in);
      c.bytes = in.GetString();
      return c;
    }
    case Kind::kReplaceZones: return ReplaceZonesCommand{GetZones(in)};
    case Kind::kRecordEvidence: return GetRecordEvidence(in, false);
    case Kind::kRecordSurveys: return GetRecordEvidence(in, true);
    case Kind::kRecordReview: return RecordReviewCommand{GetReview(in)};
    case Kind::kTick: return TickCommand{GetBool(in)};
    case Kind::kContinue: return ContinueCommand{};
    case Kind::kContinueBy: {
      const ContinueCommand c{static_cast<uint32_t>(in.GetVarint(kWatchesPerCommand))};
      if (c.watches_max < kWatchesLeast) in.Fail();
      return c;
    }
    case Kind::kHandleAlert: return GetHandleAlert(in);
    case Kind::kRecordInquiry: return GetRecordInquiry(in);
    case Kind::kRecordReviewAccount: {
      RecordReviewCommand c{GetReview(in)};
      c.review.account = GetReviewAccount(in);
      return c;
    }
  }
  in.Fail();
  return ContinueCommand{};
}

}  // namespace

std::string EncodeCommand(const Command& command) {
  ByteWriter out;
  out.PutU8(FormatOf(command.body));
  out.PutFixed64(static_cast<uint64_t>(command.time.micros));
  out.PutString(command.principal);
  std::visit(BodyEncoder{out}, command.body);
  return std::move(out).Take();
}

absl::StatusOr<Command> DecodeCommand(std::string_view bytes) {
  ByteReader in(bytes);
  const uint8_t format = in.GetU8();
  if (in.ok() && format > kFormat) {
    return absl::FailedPreconditionError(absl::StrCat("command format ", static_cast<int>(format),
                                                      " is newer than this program; run the version that wrote it"));
  }
  if (format < kFirstFormat) in.Fail();
  Command command;
  command.time = Instant{static_cast<int64_t>(in.GetFixed64())};
  command.principal = in.GetString();
  command.body = GetBody(in);
  if (absl::Status status = in.Finish("a command"); !status.ok()) return status;
  return command;
}

bool ChangesCatalog(const CommandBody& body) {
  return std::holds_alternative<ApplyCatalogCommand>(body) || std::holds_alternative<ReplaceZonesCommand>(body) ||
         std::holds_alternative<StageCatalogCommand>(body);
}

size_t MemoryOf(const CommandBody& body) {
  size_t bytes = 256;
  if (const auto* evidence = std::get_if<RecordEvidenceCommand>(&body)) {
    for (const EvidenceItem& item : evidence->items) {
      bytes += sizeof(item) + item.evidence_id.size() + item.content.note.size();
    }
  } else if (const auto* review = std::get_if<RecordReviewCommand>(&body)) {
    for (const Review::EvidenceRef& ref : review->review.evidence) bytes += sizeof(ref) + ref.evidence_id.size();
    bytes += review->review.decision.size() + review->review.indicators.size() * (sizeof(std::string) + kMaxIdBytes);
    bytes += kMaxIdBytes + review->review.account.participants.size() * sizeof(Review::Account::Participants);
  } else if (const auto* handle = std::get_if<HandleAlertCommand>(&body)) {
    bytes += handle->by.size() + handle->note.size();
  } else if (const auto* record = std::get_if<RecordInquiryCommand>(&body)) {
    const Inquiry& inquiry = record->inquiry;
    bytes += inquiry.if_text.size() + inquiry.then_text.size() + inquiry.so_that_text.size();
    bytes += inquiry.links.size() * (sizeof(InquiryLink) + kMaxIdBytes);
    for (const InquiryAction& action : inquiry.actions) bytes += sizeof(action) + kMaxIdBytes + action.description.size();
  } else if (const auto* apply = std::get_if<ApplyCatalogCommand>(&body)) {
    ByteWriter out;
    PutCatalog(out, apply->catalog);
    bytes += 4 * out.size();  // as objects
  }
  return bytes;
}

uint64_t RecordsOf(const Command& command) {
  const auto* evidence = std::get_if<RecordEvidenceCommand>(&command.body);
  return 1 + (evidence != nullptr ? evidence->items.size() : 0);
}

}  // namespace leadlag
