// What people do with open alerts: acknowledge, snooze, end a snooze. server/engine/command.h, HandleAlertCommand.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/limits.h"
#include "core/problem.h"
#include "core/snooze.h"
#include "server/engine/applying.h"
#include "server/engine/watch_facts.h"
#include "storage/keys.h"

namespace leadlag {
namespace {

static_assert(kHandledFlipsMax <= AlertRecord::kFlipsKept);  // it knows of no more

absl::Status Refusal(absl::StatusCode code, std::string field, std::string reason) {
  return AsStatus(Problem{code, std::move(field), std::move(reason)});
}

absl::Status Closed(const AlertRecord& alert) {
  const std::string_view why = ToString(*alert.closed_reason);
  return Refusal(absl::StatusCode::kFailedPrecondition, "name",
                 absl::StrCat("the alert is closed since ", alert.closed->ToString(), " (", absl::string_view(why.data(), why.size()),
                              "); only an open one can be acknowledged or snoozed"));
}

// The date until which the command asks for, or why there is none.
absl::StatusOr<Date> UntilOf(const HandleAlertCommand& command, const WatchWorld& world, Date today, bool of_source) {
  const char* const whose = of_source ? "the district's" : "the team's";
  if (!command.until) {
    const std::optional<Date> until = SnoozedUntil(world, today, static_cast<int>(command.days));
    if (until && *until <= today + kSnoozeDaysMax) return *until;
    return Refusal(absl::StatusCode::kInvalidArgument, "instructional_days",
                   absl::StrCat(whose, " calendar has no ", command.days, " instructional days in the ", kSnoozeDaysMax,
                                " days after today, ", today.ToString(), "; give fewer, or until_date"));
  }
  if (*command.until <= today) {
    return Refusal(absl::StatusCode::kInvalidArgument, "until_date",
                   absl::StrCat("is not after ", whose, " today, ", today.ToString(), "; give a later date"));
  }
  if (*command.until > today + kSnoozeDaysMax) {
    return Refusal(absl::StatusCode::kInvalidArgument, "until_date",
                   absl::StrCat("is more than ", kSnoozeDaysMax, " days after ", whose, " today, ", today.ToString()));
  }
  if (world.calendar == nullptr || !world.calendar->FirstOnOrAfter(*command.until)) {
    return Refusal(absl::StatusCode::kInvalidArgument, "until_date",
                   absl::StrCat(whose, " calendar has no instructional day on or after it, so that the snooze would never end; give an "
                                "earlier date, or apply the calendar's next year first"));
  }
  return *command.until;
}

bool SaysTheSame(const AlertRemark& remark, const HandleAlertCommand& command) {
  return remark.by == command.by && remark.note == command.note;
}

// What the alert bears already, be it closed by now, needs no doing again: the first answer may have been lost. Days are not known to be
// the same until they are counted.
bool IsRepetition(const AlertRecord& alert, const HandleAlertCommand& command) {
  switch (command.what) {
    case HandleAlertCommand::What::kAcknowledge: return alert.acknowledged && SaysTheSame(*alert.acknowledged, command);
    case HandleAlertCommand::What::kSnooze:
      return alert.snoozed && command.until == alert.snoozed->until && SaysTheSame(alert.snoozed->remark, command);
    case HandleAlertCommand::What::kEndSnooze: return !alert.snoozed;
  }
  return false;
}

}  // namespace

absl::StatusOr<Outcome> District::HandleAlert(Applying& a, const HandleAlertCommand& command) {
  std::optional<AlertRecord> alert = a.Take(AlertOf(a.batch, command.alert));
  if (!alert) {
    return Refusal(absl::StatusCode::kNotFound, "name",
                   absl::StrCat("there is no alert ", command.alert, "; list the alerts to find it"));
  }
  if (IsRepetition(*alert, command)) return NoOutcome{};
  if (alert->closed) return Closed(*alert);
  // What has happened by now comes first: it may have closed it.
  const WatchId id{alert->team, alert->expectation};
  CatchUp(a, id);
  StoreWatch(a, id);
  alert = a.Take(AlertOf(a.batch, command.alert));
  if (!alert) return NoOutcome{};  // damaged, and noted
  if (IsRepetition(*alert, command)) return NoOutcome{};
  if (alert->closed) return Closed(*alert);

  if (command.what != HandleAlertCommand::What::kEndSnooze && alert->sequences.size() >= kHandledFlipsMax) {
    return Refusal(absl::StatusCode::kResourceExhausted, "name",
                   absl::StrCat("the alert has changed, or been acknowledged or snoozed, ", kHandledFlipsMax,
                                " times; it takes no more of it, and stays as it is until it closes"));
  }

  const WatchWorld world = catalog_->World(id.team, id.expectation);
  const AlertRemark remark{command.by, command.note, a.now};
  FlipReason reason = FlipReason::kSnoozeEnded;
  switch (command.what) {
    case HandleAlertCommand::What::kAcknowledge:
      alert->acknowledged = remark;
      reason = FlipReason::kAcknowledged;
      break;
    case HandleAlertCommand::What::kSnooze: {
      const absl::StatusOr<Date> until = UntilOf(command, world, world.zone->LocalDate(a.now), id.team == kNoTeam);
      if (!until.ok()) return until.status();
      if (alert->snoozed && alert->snoozed->until == *until && SaysTheSame(alert->snoozed->remark, command)) return NoOutcome{};
      alert->snoozed = AlertRecord::Snooze{remark, *until};
      reason = FlipReason::kSnoozed;
      break;
    }
    case HandleAlertCommand::What::kEndSnooze:
      alert->snoozed.reset();
      break;
  }
  EmitHandling(a, command.alert, *alert, reason, a.now, remark);
  const Facts facts(*this, *catalog_, id, &a.batch, a.fatal);
  SetMoment(id, world, NextMoment(world, facts.get(), watches_.Find(id)->watch));
  return NoOutcome{};
}

void District::EndSnooze(Applying& a, WatchId id, Instant effective) {
  if (!HandlingOf(id).snoozed_until) return;  // its alert was closed, or it is over already
  const uint64_t open = watches_.Find(id)->alert;
  std::optional<AlertRecord> alert = a.Take(AlertOf(a.batch, open));
  if (!alert) return a.Fail(absl::DataLossError("an open alert is not stored; restore from a backup"));
  alert->snoozed.reset();
  EmitHandling(a, open, *alert, FlipReason::kSnoozeEnded, effective, AlertRemark());
}

void District::EmitHandling(Applying& a, uint64_t id, AlertRecord& alert, FlipReason reason, Instant effective,
                            const AlertRemark& remark) {
  const uint64_t sequence = ++last_sequence_;
  const WatchId watch{alert.team, alert.expectation};
  alert.AddFlip(sequence);
  const AlertHandling handling = alert.handling();
  if (handling.any()) {
    handled_alerts_[watch] = handling;
  } else {
    handled_alerts_.erase(watch);
  }
  NoteChange(watch.team);
  a.batch.Put(OpenAlertKey{number_, watch.team, watch.expectation}.Encode(), EncodeOpenAlert({id, handling}));
  a.batch.Put(AlertKey{number_, id}.Encode(), EncodeAlertRecord(alert));
  FlipRecord flip = FlipOf(watch, {alert.state, alert.state, reason, effective, alert.due}, a.now);
  flip.alert = id;
  flip.labels = alert.labels;
  flip.kind = alert.kind;
  flip.severity = alert.severity;
  flip.handling = handling;
  flip.by = remark.by;
  flip.note = remark.note;
  PutFlip(a, watch, sequence, flip);
}

absl::StatusOr<std::optional<AlertRecord>> District::AlertOf(const Batch& batch, uint64_t id) const {
  const absl::StatusOr<std::optional<std::string>> bytes = batch.Get(AlertKey{number_, id}.Encode());
  if (!bytes.ok()) return bytes.status();
  if (!*bytes) return std::optional<AlertRecord>();
  absl::StatusOr<AlertRecord> alert = DecodeAlertRecord(**bytes);
  if (!alert.ok()) return alert.status();
  return std::optional(*std::move(alert));
}

std::optional<Instant> District::SnoozeEndOf(WatchId id, const WatchWorld& world, Instant not_before) const {
  const std::optional<Date> until = HandlingOf(id).snoozed_until;
  return until ? SnoozeEnd(world, *until, not_before) : std::nullopt;
}

void District::SetMoment(WatchId id, const WatchWorld& world, std::optional<Instant> next) {
  unread_.erase(id);
  if (UnderReview(id)) return watches_.SetMoment(id, std::nullopt);
  const WatchRecord* const record = watches_.Find(id);
  const auto earlier = [&next](std::optional<Instant> other) {
    if (other && (!next || *other < *next)) next = other;
  };
  earlier(SnoozeEndOf(id, world, record->watch.handled_before));
  if (id.team == kNoTeam) earlier(observations_[id.expectation].settling_until);
  watches_.SetMoment(id, next);
}

}  // namespace leadlag
