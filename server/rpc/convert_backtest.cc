#include "server/rpc/convert_backtest.h"

#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/limits.h"
#include "core/problem.h"
#include "server/rpc/convert.h"
#include "server/rpc/convert_alert.h"
#include "server/rpc/convert_catalog.h"

namespace leadlag {
namespace {

v1::BacktestCounts ToProto(const BacktestCounts& counts) {
  v1::BacktestCounts proto;
  proto.set_opened_count(static_cast<int64_t>(counts.opened));
  proto.set_overdue_count(static_cast<int64_t>(counts.overdue));
  proto.set_resolved_count(static_cast<int64_t>(counts.resolved));
  proto.set_retracted_count(static_cast<int64_t>(counts.retracted));
  proto.set_ended_count(static_cast<int64_t>(counts.ended));
  proto.set_open_count(static_cast<int64_t>(counts.open));
  proto.set_alert_days(static_cast<int64_t>(counts.alert_days));
  return proto;
}

v1::BacktestSubject ToProto(const BacktestSubject& subject, const BacktestCounts& counts) {
  v1::BacktestSubject proto;
  proto.set_expectation(subject.id);
  proto.set_kind(ToProto(subject.kind));
  *proto.mutable_counts() = ToProto(counts);
  return proto;
}

}  // namespace

absl::StatusOr<BacktestQuery> BacktestQueryFromProto(const v1::BacktestRequest& request) {
  std::vector<Problem> problems;
  const auto add = [&problems](const absl::Status& status) {
    for (Problem& problem : ProblemsOf(status)) problems.push_back(std::move(problem));
  };
  BacktestQuery query;
  absl::StatusOr<CatalogSubjects> subjects = SubjectsFromProto(request.expectations(), request.alert_rules());
  const absl::StatusOr<std::optional<Date>> from = OptionalDateFromProto(request.start_date(), "start_date");
  const absl::StatusOr<std::optional<Date>> to = OptionalDateFromProto(request.end_date(), "end_date");
  for (const absl::Status& status : {subjects.status(), from.status(), to.status()}) add(status);
  if (request.labels().size() > kMaxLabels) {
    add(InvalidField("labels", absl::StrCat(request.labels().size(), " entries are too many; give at most ", kMaxLabels)));
  }
  if (problems.size() > kMaxProblems) problems.resize(kMaxProblems);
  if (!problems.empty()) return AsStatus(problems);
  query.expectations = std::move(subjects->expectations);
  query.alert_rules = std::move(subjects->alert_rules);
  query.from = *from;
  query.to = *to;
  query.labels = LabelsFromProto(request.labels());
  query.known_as_recorded = request.known_as_recorded();
  return query;
}

v1::BacktestFlip ToProto(const Backtest& backtest, TeamNumber team, const BacktestTeam::Flip& flip) {
  const BacktestSubject subject = backtest.SubjectOf(flip.subject);
  v1::BacktestFlip proto;
  proto.set_team(backtest.TeamId(team));
  proto.set_expectation(subject.id);
  proto.set_kind(ToProto(subject.kind));
  proto.set_severity(SeverityOf(flip.flip.to, subject.severity));
  proto.set_from_state(ToProto(flip.flip.from));
  proto.set_to_state(ToProto(flip.flip.to));
  proto.set_reason(ToProto(flip.flip.reason));
  *proto.mutable_effective_time() = ToProto(flip.flip.effective);
  proto.set_due_date(ToProto(flip.flip.due));
  return proto;
}

v1::BacktestTeam ToProto(const Backtest& backtest, const BacktestTeam& team) {
  v1::BacktestTeam proto;
  proto.set_team(backtest.TeamId(team.team));
  for (const BacktestTeam::Subject& subject : team.subjects) {
    *proto.add_subjects() = ToProto(backtest.SubjectOf(subject.subject), subject.counts);
  }
  proto.set_record_count(static_cast<int64_t>(team.records));
  return proto;
}

v1::BacktestSummary ToProto(const Backtest& backtest, const BacktestSummary& summary) {
  v1::BacktestSummary proto;
  proto.set_start_date(summary.window.from.ToString());
  proto.set_end_date(summary.window.to.ToString());
  *proto.mutable_begin_time() = ToProto(summary.begin);
  *proto.mutable_end_time() = ToProto(summary.end);
  proto.set_team_count(static_cast<int64_t>(summary.teams));
  proto.set_flip_count(static_cast<int64_t>(summary.flips));
  proto.set_record_count(static_cast<int64_t>(summary.records));
  proto.set_known_as_recorded(backtest.known_as_recorded());
  proto.set_known_record_count(static_cast<int64_t>(summary.known_records));
  std::map<AlertKind, BacktestCounts> kinds;
  for (const auto& [number, counts] : summary.subjects) {
    const BacktestSubject subject = backtest.SubjectOf(number);
    *proto.add_subjects() = ToProto(subject, counts);
    kinds[subject.kind] += counts;
  }
  for (const auto& [kind, counts] : kinds) {
    v1::BacktestKind& proto_kind = *proto.add_kinds();
    proto_kind.set_kind(ToProto(kind));
    *proto_kind.mutable_counts() = ToProto(counts);
  }
  proto.set_catalog_version(static_cast<int32_t>(summary.catalog_version));
  proto.set_silence_count(static_cast<int64_t>(summary.silences));
  proto.set_silent_source_count(static_cast<int64_t>(summary.silent_sources));
  proto.add_omissions(v1::BACKTEST_OMISSION_SETTLING);
  if (backtest.known_as_recorded()) proto.add_omissions(v1::BACKTEST_OMISSION_SILENCES);
  if (summary.silences_kept_from) {
    proto.add_omissions(v1::BACKTEST_OMISSION_EARLIER_SILENCES);
    *proto.mutable_silences_kept_time() = ToProto(*summary.silences_kept_from);
  }
  return proto;
}

}  // namespace leadlag
