// Back-tests between the public messages and core. Pure functions; thread safe.
#pragma once

#include "absl/status/statusor.h"
#include "leadlag/v1/backtest.pb.h"
#include "leadlag/v1/cadence_service.pb.h"
#include "server/engine/backtest.h"

namespace leadlag {

// INVALID_ARGUMENT with every problem that can be told without the catalog; its parent is not looked at.
absl::StatusOr<BacktestQuery> BacktestQueryFromProto(const v1::BacktestRequest& request);

v1::BacktestFlip ToProto(const Backtest& backtest, TeamNumber team, const BacktestTeam::Flip& flip);
// The team's counts.
v1::BacktestTeam ToProto(const Backtest& backtest, const BacktestTeam& team);
v1::BacktestSummary ToProto(const Backtest& backtest, const BacktestSummary& summary);

}  // namespace leadlag
