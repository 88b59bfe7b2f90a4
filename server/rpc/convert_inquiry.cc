#include "server/rpc/convert_inquiry.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/limits.h"
#include "core/problem.h"
#include "server/rpc/convert.h"
#include "server/rpc/names.h"
#include "server/rpc/plain_text.h"

namespace leadlag {
namespace {

// The enumerations of core have the numbers of the contract. One that is none of them becomes 0, which Validate refuses.
template <typename Enum>
Enum EnumFromProto(int number, Enum last) {
  return static_cast<Enum>(number < 0 || number > static_cast<int>(last) ? 0 : number);
}

// Reads an inquiry, collecting what is wrong with it.
class InquiryReader {
 public:
  explicit InquiryReader(std::string_view field) : field_(field), prefix_(field_ + ".") {}

  absl::StatusOr<NamedInquiry> Read(const v1::Inquiry& proto) {
    NamedInquiry named;
    Inquiry& inquiry = named.inquiry;
    if (absl::StatusOr<InquiryName> name = ParseInquiryName(proto.name(), prefix_ + "name"); name.ok()) {
      named.district = std::move(name->district);
      inquiry.id = std::move(name->inquiry);
    } else {
      Add(name.status());
    }
    inquiry.team = proto.team();
    inquiry.theme = proto.theme();
    inquiry.if_text = Remark(proto.if_text(), kInquiryTextBytesMax, "if_text");
    inquiry.then_text = Remark(proto.then_text(), kInquiryTextBytesMax, "then_text");
    inquiry.so_that_text = Remark(proto.so_that_text(), kInquiryTextBytesMax, "so_that_text");
    inquiry.start = RequiredDate(proto.start_date(), "start_date");
    const bool has_status = proto.status() != v1::INQUIRY_STATUS_UNSPECIFIED;
    inquiry.status = has_status ? EnumFromProto(proto.status(), InquiryStatus::kStopped) : InquiryStatus::kActive;
    inquiry.cycle_days = proto.cycle_days();
    inquiry.next_review = MaybeDate(proto.next_review_date(), "next_review_date");
    inquiry.district_priority = Plain(proto.district_priority(), "district_priority");
    for (const v1::InquiryLink& link : proto.links()) inquiry.links.push_back(ReadLink(link));
    for (int i = 0; i < proto.actions_size(); ++i) {
      inquiry.actions.push_back(ReadAction(proto.actions(i), absl::StrCat("actions[", i, "]")));
    }
    // What could not be read has been named; dates that could not stand as the earliest, and break no order.
    for (Problem& problem : Validate(inquiry, field_)) {
      const auto same_field = [&](const Problem& other) { return other.field == problem.field; };
      if (std::none_of(problems_.begin(), problems_.end(), same_field)) Add(AsStatus(std::move(problem)));
    }
    if (!problems_.empty()) return AsStatus(problems_);
    return named;
  }

 private:
  void Add(const absl::Status& status) {
    for (Problem& problem : ProblemsOf(status)) {
      if (problems_.size() < kMaxProblems) problems_.push_back(std::move(problem));
    }
  }

  std::string Remark(const std::string& text, size_t bytes_max, const std::string& field) {
    Add(CheckRemark(text, bytes_max, prefix_ + field));
    return text;
  }
  std::string Plain(const std::string& text, const std::string& field) {
    Add(CheckPlainText(text, prefix_ + field));
    return text;
  }
  Date RequiredDate(const std::string& text, const std::string& field) {
    const absl::StatusOr<Date> date = DateFromProto(text, prefix_ + field);
    Add(date.status());
    return date.ok() ? *date : Date::Min();
  }
  std::optional<Date> MaybeDate(const std::string& text, const std::string& field) {
    const absl::StatusOr<std::optional<Date>> date = OptionalDateFromProto(text, prefix_ + field);
    Add(date.status());
    return date.ok() ? *date : std::nullopt;
  }

  static InquiryLink ReadLink(const v1::InquiryLink& proto) {
    InquiryLink link;
    link.indicator = proto.indicator();
    link.direction = EnumFromProto(proto.expected_direction(), ExpectedDirection::kDecrease);
    if (proto.has_expected_change()) link.change = proto.expected_change();
    return link;
  }

  InquiryAction ReadAction(const v1::InquiryAction& proto, const std::string& path) {
    InquiryAction action;
    action.id = proto.id();
    action.description = Remark(proto.description(), kInquiryActionBytesMax, path + ".description");
    action.start = RequiredDate(proto.start_date(), path + ".start_date");
    action.end = MaybeDate(proto.end_date(), path + ".end_date");
    return action;
  }

  const std::string field_;
  const std::string prefix_;
  std::vector<Problem> problems_;
};

v1::IndicatorRole RoleOf(const Catalog& catalog, const std::string& id) {
  for (const Indicator& indicator : catalog.indicators) {
    if (indicator.id == id) return static_cast<v1::IndicatorRole>(indicator.role);
  }
  return v1::INDICATOR_ROLE_UNSPECIFIED;
}

}  // namespace

absl::StatusOr<NamedInquiry> InquiryFromProto(const v1::Inquiry& proto, std::string_view field) {
  return InquiryReader(field).Read(proto);
}

v1::Inquiry ToProto(const Catalog& catalog, const Inquiry& inquiry) {
  v1::Inquiry proto;
  proto.set_name(FormatInquiryName(catalog.district, inquiry.id));
  proto.set_team(inquiry.team);
  proto.set_theme(inquiry.theme);
  proto.set_if_text(inquiry.if_text);
  proto.set_then_text(inquiry.then_text);
  proto.set_so_that_text(inquiry.so_that_text);
  proto.set_start_date(inquiry.start.ToString());
  proto.set_status(static_cast<v1::InquiryStatus>(inquiry.status));
  proto.set_cycle_days(inquiry.cycle_days);
  proto.set_next_review_date(ToProto(inquiry.next_review));
  proto.set_district_priority(inquiry.district_priority);
  for (const InquiryLink& link : inquiry.links) {
    v1::InquiryLink& proto_link = *proto.add_links();
    proto_link.set_indicator(link.indicator);
    proto_link.set_expected_direction(static_cast<v1::ExpectedDirection>(link.direction));
    if (link.change) proto_link.set_expected_change(*link.change);
    proto_link.set_role(RoleOf(catalog, link.indicator));
  }
  for (const InquiryAction& action : inquiry.actions) {
    v1::InquiryAction& proto_action = *proto.add_actions();
    proto_action.set_id(action.id);
    proto_action.set_description(action.description);
    proto_action.set_start_date(action.start.ToString());
    proto_action.set_end_date(ToProto(action.end));
  }
  proto.set_revision(static_cast<int32_t>(inquiry.revision));
  *proto.mutable_recorded_time() = ToProto(inquiry.recorded);
  return proto;
}

v1::ListedTheme ToProto(const ListedTheme& theme) {
  v1::ListedTheme proto;
  proto.set_id(theme.theme.id);
  proto.set_display_name(theme.theme.display_name);
  proto.set_district_own(theme.district_own);
  return proto;
}

}  // namespace leadlag
