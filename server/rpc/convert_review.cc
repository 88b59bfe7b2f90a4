#include "server/rpc/convert_review.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/str_cat.h"
#include "core/limits.h"
#include "core/problem.h"
#include "server/rpc/convert.h"
#include "server/rpc/names.h"
#include "server/rpc/plain_text.h"

namespace leadlag {
namespace {

// The enumerations of core have the numbers of the contract. None for the unspecified one, and for what is none of them, which `check` is
// told.
template <typename Enum>
std::optional<Enum> EnumOfReview(int number, Enum last, const std::string& field, absl::FunctionRef<void(const absl::Status&)> check) {
  if (number == 0) return std::nullopt;
  if (number > 0 && number <= static_cast<int>(last)) return static_cast<Enum>(number);
  check(InvalidField(field, absl::StrCat(number, " is no value of the enumeration; give one of the contract's")));
  return std::nullopt;
}

Review::Account AccountFromProto(const v1::Review& proto, const std::string& prefix, absl::FunctionRef<void(const absl::Status&)> check) {
  Review::Account account;
  std::set<ParticipantRole> seen;
  for (int i = 0; i < std::min(proto.participants_size(), static_cast<int>(ParticipantRole::kOther) + 1); ++i) {
    const v1::ReviewParticipants& participants = proto.participants(i);
    const std::string path = absl::StrCat(prefix, "participants[", i, "]");
    if (participants.role() == v1::PARTICIPANT_ROLE_UNSPECIFIED) {
      check(InvalidField(path + ".role", "is required; say what these people are to the school"));
    } else if (const auto role = EnumOfReview(participants.role(), ParticipantRole::kOther, path + ".role", check)) {
      if (!seen.insert(*role).second) check(InvalidField(path + ".role", "is there already; give each role once, with its count"));
      account.participants.push_back({*role, participants.count()});
    }
    if (participants.count() < 1 || participants.count() > kReviewRoleCountMax) {
      check(InvalidField(path + ".count", absl::StrCat(participants.count(), " is out of range; give 1 to ", kReviewRoleCountMax)));
    }
  }
  // In whatever order they are named.
  std::sort(account.participants.begin(), account.participants.end(), [](const auto& a, const auto& b) { return a.role < b.role; });
  account.collaboration = EnumOfReview(proto.collaboration(), Collaboration::kJointWork, prefix + "collaboration", check);
  account.verdict = EnumOfReview(proto.verdict(), ReviewVerdict::kSpread, prefix + "verdict", check);
  check(CheckReference(proto.inquiry(), false, prefix + "inquiry"));
  account.inquiry = proto.inquiry();
  if (proto.has_result()) account.result = ReviewResult{proto.result().outcome_improved(), proto.result().cause_understood()};
  return account;
}

}  // namespace

absl::StatusOr<NamedReview> ReviewFromProto(const v1::Review& proto, std::string_view field) {
  const std::string prefix = std::string(field) + ".";
  std::vector<Problem> problems;
  const auto check = [&problems](const absl::Status& status) {
    for (Problem& problem : ProblemsOf(status)) {
      if (problems.size() < kMaxProblems) problems.push_back(std::move(problem));
    }
  };
  const auto check_count = [&](int count, size_t max, const std::string& list) {
    if (static_cast<size_t>(count) > max) {
      check(InvalidField(prefix + list, absl::StrCat(count, " entries are too many; give at most ", max)));
    }
  };

  NamedReview named;
  Review& review = named.review;
  absl::StatusOr<ReviewName> name = ParseReviewName(proto.name(), prefix + "name");
  check(name.status());
  if (name.ok()) {
    named.district = std::move(name->district);
    review.id = std::move(name->review);
  }
  check(CheckReference(proto.team(), true, prefix + "team"));
  review.team = proto.team();
  const absl::StatusOr<Date> date = DateFromProto(proto.date(), prefix + "date");
  check(date.status());
  if (date.ok()) review.date = *date;

  check_count(proto.indicators_size(), kReviewIndicatorsMax, "indicators");
  check_count(proto.evidence_size(), kReviewEvidenceMax, "evidence");
  if (proto.indicators_size() == 0 && proto.evidence_size() == 0) {
    check(InvalidField(prefix + "indicators", "is required; say what was looked at: indicators or evidence"));
  }
  for (int i = 0; i < proto.indicators_size(); ++i) {
    check(CheckReference(proto.indicators(i), true, absl::StrCat(prefix, "indicators[", i, "]")));
    review.indicators.push_back(proto.indicators(i));
  }
  for (int i = 0; i < proto.evidence_size(); ++i) {
    const std::string path = absl::StrCat(prefix, "evidence[", i, "]");
    check(CheckReference(proto.evidence(i).source(), true, path + ".source"));
    check(CheckEvidenceId(proto.evidence(i).evidence_id(), path + ".evidence_id"));
    review.evidence.push_back({proto.evidence(i).source(), proto.evidence(i).evidence_id()});
  }
  check(CheckRemark(proto.decision(), kDecisionBytesMax, prefix + "decision"));
  review.decision = proto.decision();
  review.account = AccountFromProto(proto, prefix, check);
  if (!problems.empty()) return AsStatus(problems);
  return named;
}

v1::Review ToProto(std::string_view district, const Review& review) {
  v1::Review proto;
  proto.set_name(FormatReviewName(district, review.id));
  proto.set_team(review.team);
  proto.set_date(review.date.ToString());
  for (const std::string& indicator : review.indicators) proto.add_indicators(indicator);
  for (const Review::EvidenceRef& reference : review.evidence) {
    v1::EvidenceReference& proto_reference = *proto.add_evidence();
    proto_reference.set_source(reference.source);
    proto_reference.set_evidence_id(reference.evidence_id);
  }
  proto.set_decision(review.decision);
  const Review::Account& account = review.account;
  for (const Review::Account::Participants& participants : account.participants) {
    v1::ReviewParticipants& shown = *proto.add_participants();
    shown.set_role(static_cast<v1::ParticipantRole>(participants.role));
    shown.set_count(participants.count);
  }
  if (account.collaboration) proto.set_collaboration(static_cast<v1::Collaboration>(*account.collaboration));
  if (account.verdict) proto.set_verdict(static_cast<v1::ReviewVerdict>(*account.verdict));
  proto.set_inquiry(account.inquiry);
  if (account.result) {
    proto.mutable_result()->set_outcome_improved(account.result->outcome_improved);
    proto.mutable_result()->set_cause_understood(account.result->cause_understood);
    proto.set_next_question(std::string(NextQuestion(*account.result)));
  }
  *proto.mutable_recorded_time() = ToProto(review.recorded);
  return proto;
}

}  // namespace leadlag
