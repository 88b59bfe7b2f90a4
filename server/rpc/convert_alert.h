// Flips, watches, alerts and their filter between the public messages and core. Pure functions; thread safe.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "core/watch.h"
#include "leadlag/v1/alert.pb.h"
#include "leadlag/v1/alert_service.pb.h"
#include "server/engine/command.h"
#include "server/engine/queries.h"

namespace leadlag {

// INVALID_ARGUMENT with every problem, fields under `field`. There is one kind of alert, so that naming it asks for all.
absl::StatusOr<AlertFilter> AlertFilterFromProto(const v1::AlertFilter& proto, std::string_view field);

// INVALID_ARGUMENT with every problem. `district` is the one the alert's name holds.
struct NamedHandling {
  std::string district;
  HandleAlertCommand command;
};
absl::StatusOr<NamedHandling> HandlingFromProto(const v1::AcknowledgeRequest& request);
absl::StatusOr<NamedHandling> HandlingFromProto(const v1::SnoozeRequest& request);

v1::WatchState ToProto(WatchState state);
v1::FlipReason ToProto(FlipReason reason);
v1::AlertKind ToProto(AlertKind kind);
// `severity`: of a rule's alert.
v1::Severity SeverityOf(WatchState state, Severity severity);

v1::Flip ToProto(std::string_view district, const TimelineFlip& flip);
v1::WatchStanding ToProto(std::string_view district, std::string_view team, const WatchStanding& standing);
v1::Alert ToProto(std::string_view district, const AlertAnswer& alert);
v1::AlertWhy ToProto(const AlertWhy& why);

}  // namespace leadlag
