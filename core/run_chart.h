// Run charts by the Anhøj rules: whether the points of a series vary as chance alone would have it. DOMAIN.md, "Run charts";
// Anhøj J, Olesen AV (2014), "Run charts revisited", PLoS ONE 9(11): e113825.
//
// Concepts. Points on the centre line say nothing and are dropped; the others are useful. A run is a row of useful points on one side of
// the centre; a crossing is where one run ends and the next begins. Too long a run, or too few crossings, is a signal: the process has
// moved. Pure; thread safe.
#pragma once

#include <optional>
#include <span>

namespace leadlag {

struct RunChart {
  double centre = 0;
  int useful = 0;        // n: points that are not on the centre
  int longest_run = 0;
  int longest_run_limit = 0;  // more is a signal
  int crossings = 0;
  int crossings_limit = 0;    // fewer is a signal
  int longest_run_side = 0;   // of the last of the longest runs: above the centre 1, below -1
  bool shift() const { return longest_run > longest_run_limit; }
  bool few_crossings() const { return crossings < crossings_limit; }
  friend bool operator==(const RunChart&, const RunChart&) = default;
};

// Of points in their order. `baseline`: a frozen centre; none: the median of the points. None where fewer than 10 are useful: no verdict.
// REQUIRES: finite points.
std::optional<RunChart> RunChartOf(std::span<const double> points, std::optional<double> baseline = std::nullopt);

// round(log2 n) + 3, and the smallest c with P(Bin(n - 1, 1/2) <= c) >= 0.05. REQUIRES: n >= 2.
int LongestRunLimit(int n);
int CrossingsLimit(int n);

}  // namespace leadlag
