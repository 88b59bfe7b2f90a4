// A back-test of a simulated district, run to its end, and what it told by watch.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/engine/backtest.h"
#include "tests/simulation/simulated_district.h"

namespace leadlag {

AlertRule Rule(std::string id, decltype(AlertRule::terms) terms, std::optional<Date> from = std::nullopt);

// A flip, whoever made it.
struct ToldFlip {
  WatchFlip flip;
  AlertKind kind = AlertKind::kSignalOverdue;
  std::optional<Severity> severity;  // of a rule's alert
  friend bool operator==(const ToldFlip&, const ToldFlip&) = default;
};
using FlipsOf = std::map<WatchName, std::vector<ToldFlip>>;

// None where the flip is of no rule's alert.
std::optional<Severity> SeverityOf(const WatchFlip& flip, AlertKind kind, Severity severity);

struct Tested {
  FlipsOf flips;
  BacktestSummary summary;
  std::map<WatchName, BacktestCounts> counts;
  std::map<std::string, BacktestCounts> totals;  // by subject
};

absl::StatusOr<std::unique_ptr<const Backtest>> Prepare(const SimulatedDistrict& district, const BacktestQuery& query);
absl::StatusOr<Tested> RunBacktest(const SimulatedDistrict& district, const BacktestQuery& query);

}  // namespace leadlag
