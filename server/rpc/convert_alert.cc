#include "server/rpc/convert_alert.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/limits.h"
#include "core/problem.h"
#include "server/rpc/convert.h"
#include "server/rpc/names.h"

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
    if (proto.kinds(i) == v1::ALERT_KIND_SIGNAL_OVERDUE) {
      kinds.push_back(AlertKind::kSignalOverdue);
    } else {
      add(absl::StrCat(prefix, "kinds[", i, "]"), "is not a kind of alert; give SIGNAL_OVERDUE, or none");
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

v1::WatchState ToProto(WatchState state) { return static_cast<v1::WatchState>(state); }
v1::FlipReason ToProto(FlipReason reason) { return static_cast<v1::FlipReason>(reason); }

v1::Severity SeverityOf(WatchState state) {
  switch (state) {
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
  proto.set_kind(v1::ALERT_KIND_SIGNAL_OVERDUE);
  proto.set_from_state(ToProto(record.flip.from));
  proto.set_to_state(ToProto(record.flip.to));
  proto.set_reason(ToProto(record.flip.reason));
  *proto.mutable_effective_time() = ToProto(record.flip.effective);
  *proto.mutable_recorded_time() = ToProto(record.recorded);
  proto.set_due_date(ToProto(record.flip.due));
  if (record.alert != 0) proto.set_alert(FormatAlertName(district, record.alert));
  proto.set_severity(SeverityOf(record.flip.to));
  LabelsToProto(record.labels, *proto.mutable_labels());
  return proto;
}

v1::WatchStanding ToProto(std::string_view district, std::string_view team, const WatchStanding& standing) {
  const Watch& watch = standing.record.watch;
  v1::WatchStanding proto;
  proto.set_team(std::string(team));
  proto.set_expectation(standing.expectation);
  proto.set_state(ToProto(watch.state));
  proto.set_due_date(ToProto(watch.due));
  if (standing.record.alert != 0) proto.set_alert(FormatAlertName(district, standing.record.alert));
  proto.set_severity(SeverityOf(watch.state));
  if (watch.last_effective != Instant()) *proto.mutable_since_time() = ToProto(watch.last_effective);
  return proto;
}

v1::Alert ToProto(std::string_view district, const AlertAnswer& alert) {
  const AlertRecord& record = alert.record;
  v1::Alert proto;
  proto.set_name(FormatAlertName(district, alert.id));
  proto.set_kind(v1::ALERT_KIND_SIGNAL_OVERDUE);
  proto.set_team(alert.team);
  proto.set_expectation(alert.expectation);
  proto.set_state(ToProto(record.state));
  proto.set_severity(SeverityOf(record.state));
  *proto.mutable_opened_time() = ToProto(record.opened);
  if (record.closed) *proto.mutable_closed_time() = ToProto(*record.closed);
  if (record.closed_reason) proto.set_closed_reason(ToProto(*record.closed_reason));
  proto.set_due_date(ToProto(record.due));
  proto.set_opened_sequence(static_cast<int64_t>(alert.id));
  if (!record.sequences.empty()) proto.set_last_sequence(static_cast<int64_t>(record.sequences.back()));
  return proto;
}

v1::AlertWhy ToProto(const AlertWhy& why) {
  v1::AlertWhy proto;
  proto.set_text(why.text);
  proto.set_remedy(why.remedy);
  proto.set_school_year(why.school_year);
  proto.set_every_days(why.terms.every_days);
  proto.set_allowance_days(why.terms.allowance_days);
  proto.set_grace_days(why.terms.grace_days);
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
