#include "tests/simulation/run_backtest.h"

#include <utility>

#include "gtest/gtest.h"

namespace leadlag {

AlertRule Rule(std::string id, decltype(AlertRule::terms) terms, std::optional<Date> from) {
  AlertRule rule;
  rule.id = std::move(id);
  rule.terms = std::move(terms);
  rule.from = from;
  return rule;
}

std::optional<Severity> SeverityOf(const WatchFlip& flip, AlertKind kind, Severity severity) {
  const bool of_alert = HasAlert(flip.from) || HasAlert(flip.to);
  return of_alert && kind != AlertKind::kSignalOverdue ? std::optional(severity) : std::nullopt;
}

absl::StatusOr<std::unique_ptr<const Backtest>> Prepare(const SimulatedDistrict& district, const BacktestQuery& query) {
  return Backtest::Prepare([&]() -> absl::StatusOr<DistrictReader> { return district.Read(); }, query);
}

absl::StatusOr<Tested> RunBacktest(const SimulatedDistrict& district, const BacktestQuery& query) {
  const absl::StatusOr<std::unique_ptr<const Backtest>> backtest = Prepare(district, query);
  if (!backtest.ok()) return backtest.status();
  Tested tested;
  std::string last_team;
  const absl::StatusOr<BacktestSummary> summary = (*backtest)->Run([&](const BacktestTeam& team) {
    const std::string& id = (*backtest)->TeamId(team.team);
    EXPECT_LT(last_team, id);
    last_team = id;
    Instant last;
    for (const BacktestTeam::Flip& flip : team.flips) {
      EXPECT_LE(last, flip.flip.effective);
      last = flip.flip.effective;
      const BacktestSubject subject = (*backtest)->SubjectOf(flip.subject);
      tested.flips[{id, subject.id}].push_back({flip.flip, subject.kind, SeverityOf(flip.flip, subject.kind, subject.severity)});
    }
    for (const BacktestTeam::Subject& subject : team.subjects) {
      tested.counts[{id, (*backtest)->SubjectOf(subject.subject).id}] = subject.counts;
    }
    return true;
  });
  if (!summary.ok()) return summary.status();
  tested.summary = *summary;
  for (const auto& [subject, counts] : summary->subjects) tested.totals[(*backtest)->SubjectOf(subject).id] = counts;
  return tested;
}

}  // namespace leadlag
