#include "server/rpc/convert_alert.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/limits.h"
#include "core/problem.h"
#include "server/rpc/convert.h"
#include "server/rpc/names.h"
#include "server/rpc/plain_text.h"

namespace leadlag {

absl::StatusOr<AlertFilter> AlertFilterFromProto(const v1::AlertFilter& proto, std::string_view field) {
  const std::string prefix = std::string(field) + ".";
  std::vector<Problem> problems;
  const auto add = [&problems](std::string path, std::string reason) {
    if (problems.size() == kMaxProblems) return;
    problems.push_back({absl::StatusCode::kInvalidArgument, std::move(path), std::move(reason)});
  };
  const auto check_ids = [&](const auto& ids, const std::string& list, size_t max) {
    if (static_cast<size_t>(ids.size()) > max) {
      add(prefix + list, absl::StrCat(ids.size(), " entries are too many; give at most ", max));
    }
    for (int i = 0; i < ids.size(); ++i) {
      if (!IsId(ids[i])) add(absl::StrCat(prefix, list, "[", i, "]"), Quoted(ids[i]) + " is not an id");
    }
  };
  check_ids(proto.teams(), "teams", kFilterTeamsMax);
  check_ids(proto.expectations(), "expectations", kFilterExpectationsMax);
  if (proto.labels().size() > kMaxLabels) {
    add(prefix + "labels", absl::StrCat(proto.labels().size(), " entries are too many; give at most ", kMaxLabels));
  }
  std::vector<AlertKind> kinds;
  for (int i = 0; i < proto.kinds_size(); ++i) {
    if (v1::AlertKind_IsValid(proto.kinds(i)) && proto.kinds(i) != v1::ALERT_KIND_UNSPECIFIED) {
      kinds.push_back(static_cast<AlertKind>(proto.kinds(i)));
    } else {
      add(absl::StrCat(prefix, "kinds[", i, "]"), "is not a kind of alert; give one, such as SIGNAL_OVERDUE, or none");
    }
  }
  if (!problems.empty()) return AsStatus(problems);

  AlertFilter filter;
  filter.teams.assign(proto.teams().begin(), proto.teams().end());
  filter.expectations.assign(proto.expectations().begin(), proto.expectations().end());
  filter.labels = LabelsFromProto(proto.labels());
  filter.kinds = std::move(kinds);
  filter.alerts_only = proto.alerts_only();
  return filter;
}

namespace {

// What both requests have.
template <typename Request>
absl::StatusOr<NamedHandling> HandlingOf(const Request& request, HandleAlertCommand::What what, std::vector<Problem>& problems) {
  const auto add = [&problems](const absl::Status& status) {
    for (Problem& problem : ProblemsOf(status)) problems.push_back(std::move(problem));
  };
  NamedHandling named;
  const absl::StatusOr<AlertName> name = ParseAlertName(request.name(), "name");
  if (name.ok()) {
    named.district = name->district;
    named.command.alert = name->alert;
  } else {
    add(name.status());
  }
  if (request.by().find_first_not_of(' ') == std::string::npos) {
    add(InvalidField("by", "is required; give a name that people there know"));
  } else if (request.by().size() > kAlertByBytesMax) {
    add(InvalidField("by", absl::StrCat("has ", request.by().size(), " bytes; shorten it to at most ", kAlertByBytesMax)));
  } else {
    add(CheckPlainText(request.by(), "by"));  // one line: it is printed in one
  }
  add(CheckRemark(request.note(), kNoteBytesMax, "note"));
  named.command.what = what;
  named.command.by = request.by();
  named.command.note = request.note();
  return named;
}

}  // namespace

absl::StatusOr<NamedHandling> HandlingFromProto(const v1::AcknowledgeRequest& request) {
  std::vector<Problem> problems;
  absl::StatusOr<NamedHandling> named = HandlingOf(request, HandleAlertCommand::What::kAcknowledge, problems);
  if (!problems.empty()) return AsStatus(problems);
  return named;
}

absl::StatusOr<NamedHandling> HandlingFromProto(const v1::SnoozeRequest& request) {
  std::vector<Problem> problems;
  absl::StatusOr<NamedHandling> named = HandlingOf(request, HandleAlertCommand::What::kSnooze, problems);
  const auto add = [&problems](std::string field, std::string reason) {
    problems.push_back({absl::StatusCode::kInvalidArgument, std::move(field), std::move(reason)});
  };
  switch (request.until_case()) {
    case v1::SnoozeRequest::kInstructionalDays:
      if (request.instructional_days() < 1 || request.instructional_days() > kSnoozeDaysMax) {
        add("instructional_days", absl::StrCat(request.instructional_days(), " is not 1 to ", kSnoozeDaysMax));
      }
      named->command.days = static_cast<uint32_t>(request.instructional_days());
      break;
    case v1::SnoozeRequest::kUntilDate: {
      const absl::StatusOr<std::optional<Date>> until = OptionalDateFromProto(request.until_date(), "until_date");
      if (!until.ok()) {
        for (Problem& problem : ProblemsOf(until.status())) problems.push_back(std::move(problem));
        break;
      }
      if (!*until) add("until_date", "is empty; give a date as YYYY-MM-DD");
      named->command.until = *until;
      break;
    }
    case v1::SnoozeRequest::kEndNow:
      if (!request.end_now()) add("end_now", "is true or absent");
      named->command.what = HandleAlertCommand::What::kEndSnooze;
      break;
    case v1::SnoozeRequest::UNTIL_NOT_SET: add("until", "say until when: instructional_days, until_date or end_now");
  }
  if (!problems.empty()) return AsStatus(problems);
  return named;
}

v1::WatchState ToProto(WatchState state) { return static_cast<v1::WatchState>(state); }
v1::FlipReason ToProto(FlipReason reason) { return static_cast<v1::FlipReason>(reason); }

v1::AlertKind ToProto(AlertKind kind) { return static_cast<v1::AlertKind>(kind); }

v1::Severity SeverityOf(WatchState state, Severity severity) {
  switch (state) {
    case WatchState::kRaised: return static_cast<v1::Severity>(severity);
    case WatchState::kLate: return v1::SEVERITY_WARNING;
    case WatchState::kOverdue: return v1::SEVERITY_CRITICAL;
    default: return v1::SEVERITY_UNSPECIFIED;
  }
}

v1::Flip ToProto(std::string_view district, const TimelineFlip& flip) {
  const FlipRecord& record = flip.record;
  v1::Flip proto;
  proto.set_sequence(static_cast<int64_t>(flip.sequence));
  proto.set_team(record.team);
  proto.set_expectation(record.expectation);
  proto.set_source(record.source);
  proto.set_kind(ToProto(record.kind));
  proto.set_from_state(ToProto(record.flip.from));
  proto.set_to_state(ToProto(record.flip.to));
  proto.set_reason(ToProto(record.flip.reason));
  *proto.mutable_effective_time() = ToProto(record.flip.effective);
  *proto.mutable_recorded_time() = ToProto(record.recorded);
  proto.set_due_date(ToProto(record.flip.due));
  if (record.alert != 0) proto.set_alert(FormatAlertName(district, record.alert));
  proto.set_severity(SeverityOf(record.flip.to, record.severity));
  LabelsToProto(record.labels, *proto.mutable_labels());
  proto.set_acknowledged(record.handling.acknowledged);
  proto.set_snoozed_until(ToProto(record.handling.snoozed_until));
  proto.set_by(record.by);
  proto.set_note(record.note);
  return proto;
}

v1::AlertRemark ToProto(const AlertRemark& remark) {
  v1::AlertRemark proto;
  proto.set_by(remark.by);
  proto.set_note(remark.note);
  *proto.mutable_time() = ToProto(remark.at);
  return proto;
}

v1::WatchStanding ToProto(std::string_view district, std::string_view team, const WatchStanding& standing) {
  const Watch& watch = standing.record.watch;
  v1::WatchStanding proto;
  proto.set_team(std::string(team));
  proto.set_expectation(standing.expectation);
  proto.set_source(standing.source);
  proto.set_state(ToProto(watch.state));
  proto.set_due_date(ToProto(watch.due));
  if (standing.record.alert != 0) proto.set_alert(FormatAlertName(district, standing.record.alert));
  proto.set_severity(SeverityOf(watch.state, standing.severity));
  proto.set_kind(ToProto(standing.kind));
  if (watch.last_effective != Instant()) *proto.mutable_since_time() = ToProto(watch.last_effective);
  proto.set_acknowledged(standing.handling.acknowledged);
  proto.set_snoozed_until(ToProto(standing.handling.snoozed_until));
  return proto;
}

v1::Alert ToProto(std::string_view district, const AlertAnswer& alert) {
  const AlertRecord& record = alert.record;
  v1::Alert proto;
  proto.set_name(FormatAlertName(district, alert.id));
  proto.set_kind(ToProto(record.kind));
  proto.set_team(alert.team);
  proto.set_expectation(alert.expectation);
  proto.set_source(alert.source);
  proto.set_state(ToProto(record.state));
  proto.set_severity(SeverityOf(record.state, record.severity));
  *proto.mutable_opened_time() = ToProto(record.opened);
  if (record.closed) *proto.mutable_closed_time() = ToProto(*record.closed);
  if (record.closed_reason) proto.set_closed_reason(ToProto(*record.closed_reason));
  proto.set_due_date(ToProto(record.due));
  proto.set_opened_sequence(static_cast<int64_t>(alert.id));
  if (!record.sequences.empty()) proto.set_last_sequence(static_cast<int64_t>(record.sequences.back()));
  if (record.acknowledged) *proto.mutable_acknowledgement() = ToProto(*record.acknowledged);
  if (record.snoozed) {
    *proto.mutable_snooze()->mutable_remark() = ToProto(record.snoozed->remark);
    proto.mutable_snooze()->set_until_date(record.snoozed->until.ToString());
  }
  return proto;
}

v1::AlertWhy ToProto(const AlertWhy& why) {
  v1::AlertWhy proto;
  proto.set_text(why.text);
  proto.set_remedy(why.remedy);
  proto.set_school_year(why.school_year);
  if (why.terms.kind == AlertKind::kSourceSilent) proto.set_every_days(why.terms.every_days);
  if (why.terms.kind == AlertKind::kSignalOverdue) {
    proto.set_every_days(why.terms.every_days);
    proto.set_allowance_days(why.terms.allowance_days);
    proto.set_grace_days(why.terms.grace_days);
  }
  if (why.dates) {
    proto.set_start_date(why.dates->start.ToString());
    proto.set_last_signal_date(ToProto(why.dates->last_signal));
    proto.set_due_date(ToProto(why.dates->due));
    proto.set_late_date(ToProto(why.dates->late_day));
    proto.set_overdue_date(ToProto(why.dates->overdue_day));
  }
  proto.set_counted_days(why.counted_days);
  for (const SkippedDate& skipped : why.skipped) {
    v1::SkippedDate& proto_skipped = *proto.add_skipped();
    proto_skipped.set_date(skipped.date.ToString());
    proto_skipped.set_label(skipped.label);
  }
  proto.set_other_skipped_days(why.other_skipped_days);
  proto.set_catalog_version(static_cast<int32_t>(why.catalog_version));
  return proto;
}

}  // namespace leadlag
