#include "server/rpc/convert_cadence.h"

#include <limits>
#include <optional>
#include <string>
#include <variant>

#include "server/rpc/convert.h"
#include "server/rpc/convert_alert.h"
#include "server/rpc/convert_catalog.h"

namespace leadlag {
namespace {

v1::Silence ToProto(const Silence& silence) {
  v1::Silence proto;
  proto.set_kind(static_cast<v1::SilenceKind>(silence.kind));
  proto.set_days(silence.days);
  proto.set_after_date(silence.after.ToString());
  proto.set_through_date(silence.through.ToString());
  return proto;
}

v1::CycleCadence ToProto(const CycleCadence& cycles) {
  v1::CycleCadence proto;
  proto.set_covered(cycles.covered);
  proto.set_eligible(cycles.eligible);
  proto.set_streak(cycles.streak);
  return proto;
}

v1::LatencyFigure ToProto(const LatencyFigure& figure) {
  v1::LatencyFigure proto;
  proto.set_days(figure.days);
  proto.set_at_least(figure.at_least);
  return proto;
}

v1::LatencyDays ToProto(const LatencyDays& latency) {
  v1::LatencyDays proto;
  proto.set_closed_count(static_cast<int64_t>(latency.closed));
  proto.set_open_count(static_cast<int64_t>(latency.open));
  if (latency.oldest_open_days) proto.set_oldest_open_days(*latency.oldest_open_days);
  if (latency.p50) *proto.mutable_p50() = ToProto(*latency.p50);
  if (latency.p90) *proto.mutable_p90() = ToProto(*latency.p90);
  if (latency.max) *proto.mutable_max() = ToProto(*latency.max);
  return proto;
}

v1::HoursSpan ToProto(const HoursSpan& span) {
  v1::HoursSpan proto;
  proto.set_low_hours(span.low);
  if (span.high != std::numeric_limits<int32_t>::max()) proto.set_high_hours(span.high);
  return proto;
}

v1::LatencyHours ToProto(const LatencyHours& latency) {
  v1::LatencyHours proto;
  proto.set_count(static_cast<int64_t>(latency.count));
  if (latency.p50) *proto.mutable_p50() = ToProto(*latency.p50);
  if (latency.p90) *proto.mutable_p90() = ToProto(*latency.p90);
  if (latency.max) *proto.mutable_max() = ToProto(*latency.max);
  return proto;
}

}  // namespace

v1::AnswerBasis ToProto(const AnswerBasis& basis) {
  v1::AnswerBasis proto;
  *proto.mutable_answered_time() = ToProto(basis.answered);
  proto.set_catalog_version(static_cast<int32_t>(basis.catalog_version));
  proto.set_recalculating(basis.recalculating);
  return proto;
}

v1::TeamCadence ToProto(std::string_view team, const SignalKind& kind, const TeamCadenceAnswer& answer) {
  const Cadence& cadence = answer.cadence;
  v1::TeamCadence proto;
  proto.set_team(std::string(team));
  *proto.mutable_kind() = ToProto(kind);
  proto.set_start_date(answer.window.from.ToString());
  proto.set_end_date(answer.window.to.ToString());
  proto.set_today(answer.today.ToString());
  proto.set_signal_dates(cadence.signal_dates);
  proto.set_lagging_signal_dates(cadence.lagging_signal_dates);
  proto.set_last_signal_date(ToProto(cadence.last_signal));
  for (const int gap : cadence.gaps) proto.add_gaps(gap);
  if (cadence.median_gap) proto.set_median_gap_days(*cadence.median_gap);
  if (cadence.p90_gap) proto.set_p90_gap_days(*cadence.p90_gap);
  proto.set_open_gap_days(cadence.open_gap);
  if (cadence.longest_silence) *proto.mutable_longest_silence() = ToProto(*cadence.longest_silence);
  *proto.mutable_weeks() = ToProto(cadence.weeks);
  *proto.mutable_months() = ToProto(cadence.months);
  proto.set_on_track_days(cadence.on_track_days);
  proto.set_watched_days(cadence.watched_days);
  if (cadence.burstiness) proto.set_burstiness(*cadence.burstiness);
  proto.set_days_past_due(answer.days_past_due);
  proto.set_unreviewed_records(static_cast<int64_t>(answer.unreviewed));
  proto.set_expectation(answer.expectation);
  for (const DimensionCoverage& coverage : answer.dimensions) {
    v1::DimensionCoverage& shown = *proto.add_dimensions();
    shown.set_dimension(static_cast<v1::Dimension>(coverage.dimension));
    shown.set_indicator_count(coverage.indicators);
    *shown.mutable_weeks() = ToProto(coverage.weeks);
    *shown.mutable_months() = ToProto(coverage.months);
  }
  const auto add_streak = [&proto](v1::SmallWinKind kind, int streak, int least) {
    if (streak < least) return;
    v1::SmallWin& win = *proto.add_small_wins();
    win.set_kind(kind);
    win.set_length(streak);
  };
  add_streak(v1::SMALL_WIN_KIND_STREAK_OF_WEEKS, cadence.weeks.streak, kStreakOfWeeksMin);
  add_streak(v1::SMALL_WIN_KIND_STREAK_OF_MONTHS, cadence.months.streak, kStreakOfMonthsMin);
  return proto;
}

v1::TeamOverview ToProto(std::string_view district, const TeamOverview& overview, bool include_watches) {
  v1::TeamOverview proto;
  proto.set_team(overview.team);
  if (overview.state) proto.set_state(ToProto(*overview.state));
  proto.set_due_date(ToProto(overview.due));
  proto.set_last_signal_date(ToProto(overview.last_signal));
  proto.set_open_gap_days(overview.open_gap);
  proto.set_days_past_due(overview.days_past_due);
  proto.set_unreviewed_records(static_cast<int64_t>(overview.unreviewed));
  proto.set_unknown_watches(overview.unknown);
  if (!include_watches) return proto;
  for (const WatchStanding& watch : overview.watches) *proto.add_watches() = ToProto(district, overview.team, watch);
  return proto;
}

v1::EvidenceLatency ToProto(const Latency& latency, const ActionLatency& actions) {
  v1::EvidenceLatency proto;
  *proto.mutable_action_to_leading() = ToProto(actions.to_leading);
  *proto.mutable_action_to_lagging() = ToProto(actions.to_lagging);
  *proto.mutable_head_start() = ToProto(actions.head_start);
  *proto.mutable_collection() = ToProto(latency.collection);
  *proto.mutable_interpretation() = ToProto(latency.interpretation);
  *proto.mutable_total() = ToProto(latency.total);
  *proto.mutable_collection_hours() = ToProto(latency.collection_hours);
  return proto;
}

v1::GetEvidenceLatencyResponse ToProto(const LatencyAnswer& answer) {
  v1::GetEvidenceLatencyResponse proto;
  *proto.mutable_latency() = ToProto(answer.latency, answer.actions);
  proto.set_team_count(answer.teams);
  proto.set_start_date(answer.window.from.ToString());
  proto.set_end_date(answer.window.to.ToString());
  const auto to_proto = [](const LatencyAnswer::Part& part) {
    v1::LatencyWindow window;
    window.set_start_date(part.dates.from.ToString());
    window.set_end_date(part.dates.to.ToString());
    *window.mutable_latency() = ToProto(part.latency, part.actions);
    return window;
  };
  for (const LatencyAnswer::Part& cycle : answer.cycles) *proto.add_cycles() = to_proto(cycle);
  if (answer.previous) *proto.mutable_previous() = to_proto(*answer.previous);
  return proto;
}

v1::TimelineItem ToProto(std::string_view district, const TimelineItem& item) {
  v1::TimelineItem proto;
  proto.set_date(item.date.ToString());
  if (const auto* const closure = std::get_if<TimelineClosure>(&item.item)) {
    proto.mutable_closure()->set_label(closure->label);
  } else if (const auto* const signal = std::get_if<TimelineSignal>(&item.item)) {
    proto.mutable_signal()->set_indicator(signal->indicator);
    proto.mutable_signal()->set_record_count(static_cast<int64_t>(signal->records));
  } else if (const auto* const review = std::get_if<TimelineReview>(&item.item)) {
    proto.mutable_review()->set_review(review->review);
    proto.mutable_review()->set_decision(review->decision);
    if (review->verdict) proto.mutable_review()->set_verdict(static_cast<v1::ReviewVerdict>(*review->verdict));
  } else if (const auto* const flip = std::get_if<TimelineFlip>(&item.item)) {
    *proto.mutable_flip() = ToProto(district, *flip);
  }
  return proto;
}

}  // namespace leadlag
