// Answers about cadence and latency from core to the public messages. Pure functions; thread safe.
#pragma once

#include <string_view>

#include "leadlag/v1/cadence.pb.h"
#include "leadlag/v1/cadence_service.pb.h"
#include "server/engine/queries.h"

namespace leadlag {

v1::AnswerBasis ToProto(const AnswerBasis& basis);
v1::TeamCadence ToProto(std::string_view team, const SignalKind& kind, const TeamCadenceAnswer& answer);
v1::TeamOverview ToProto(std::string_view district, const TeamOverview& overview, bool include_watches);
v1::EvidenceLatency ToProto(const Latency& latency, const ActionLatency& actions);
// All but the basis.
v1::GetEvidenceLatencyResponse ToProto(const LatencyAnswer& answer);
v1::TimelineItem ToProto(std::string_view district, const TimelineItem& item);

}  // namespace leadlag
