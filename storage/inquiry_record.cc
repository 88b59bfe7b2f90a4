// The inquiry's part of storage/records.h: its texts, then the other fields in the order of core/inquiry.h.
#include <utility>

#include "storage/record_codec.h"
#include "storage/records.h"

namespace leadlag {
namespace {

constexpr uint8_t kInquiryFormat = 1;  // never change what it means: add a format, and go on reading this one

void PutDateMaybe(ByteWriter& out, const std::optional<Date>& date) {
  out.PutU8(date ? 1 : 0);
  if (date) PutDate(out, *date);
}
// Every date is one that the service accepts (Validate in core/inquiry.h).
std::optional<Date> GetDateMaybe(ByteReader& in) {
  if (!GetBool(in)) return std::nullopt;
  return GetServiceDate(in);
}

void PutLink(ByteWriter& out, const InquiryLink& link) {
  out.PutString(link.indicator);
  PutEnum(out, link.direction);
  out.PutU8(link.change ? 1 : 0);
  if (link.change) out.PutDouble(*link.change);
}
InquiryLink GetLink(ByteReader& in) {
  InquiryLink link;
  link.indicator = in.GetString();
  link.direction = GetEnum(in, ExpectedDirection::kIncrease, ExpectedDirection::kDecrease);
  if (GetBool(in)) link.change = in.GetDouble();
  return link;
}

void PutAction(ByteWriter& out, const InquiryAction& action) {
  out.PutString(action.id);
  out.PutString(action.description);
  PutDate(out, action.start);
  PutDateMaybe(out, action.end);
}
InquiryAction GetAction(ByteReader& in) {
  InquiryAction action;
  action.id = in.GetString();
  action.description = in.GetString();
  action.start = GetServiceDate(in);
  action.end = GetDateMaybe(in);
  return action;
}

}  // namespace

void PutInquiry(ByteWriter& out, const Inquiry& inquiry) {
  for (const std::string* text : {&inquiry.id, &inquiry.team, &inquiry.theme, &inquiry.if_text, &inquiry.then_text,
                                  &inquiry.so_that_text, &inquiry.district_priority}) {
    out.PutString(*text);
  }
  PutDate(out, inquiry.start);
  PutEnum(out, inquiry.status);
  out.PutSigned(inquiry.cycle_days);
  PutDateMaybe(out, inquiry.next_review);
  out.PutVarint(inquiry.links.size());
  for (const InquiryLink& link : inquiry.links) PutLink(out, link);
  out.PutVarint(inquiry.actions.size());
  for (const InquiryAction& action : inquiry.actions) PutAction(out, action);
  out.PutVarint(inquiry.revision);
  PutInstant(out, inquiry.recorded);
}

Inquiry GetInquiry(ByteReader& in) {
  constexpr size_t kLinkSizeMin = 3, kActionSizeMin = 4;
  Inquiry inquiry;
  for (std::string* text : {&inquiry.id, &inquiry.team, &inquiry.theme, &inquiry.if_text, &inquiry.then_text, &inquiry.so_that_text,
                            &inquiry.district_priority}) {
    *text = in.GetString();
  }
  inquiry.start = GetServiceDate(in);
  inquiry.status = GetEnum(in, InquiryStatus::kPlanned, InquiryStatus::kStopped);
  inquiry.cycle_days = GetI32(in);
  inquiry.next_review = GetDateMaybe(in);
  inquiry.links.resize(in.GetCount(kLinkSizeMin));
  for (InquiryLink& link : inquiry.links) link = GetLink(in);
  inquiry.actions.resize(in.GetCount(kActionSizeMin));
  for (InquiryAction& action : inquiry.actions) action = GetAction(in);
  inquiry.revision = GetU32(in);
  inquiry.recorded = GetInstant(in);
  return inquiry;
}

std::string EncodeInquiry(const Inquiry& inquiry) {
  ByteWriter out;
  out.PutU8(kInquiryFormat);
  PutInquiry(out, inquiry);
  return std::move(out).Take();
}

absl::StatusOr<Inquiry> DecodeInquiry(std::string_view bytes) {
  ByteReader in(bytes);
  if (absl::Status status = ReadFormat(in, kInquiryFormat, "an inquiry"); !status.ok()) return status;
  Inquiry inquiry = GetInquiry(in);
  if (inquiry.revision == 0) in.Fail();
  if (absl::Status status = in.Finish("an inquiry"); !status.ok()) return status;
  return inquiry;
}

}  // namespace leadlag
