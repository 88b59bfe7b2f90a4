// Run charts by the Anhøj rules: whether the points of a series vary as chance alone would have it. DOMAIN.md, "Run charts";
// Anhøj J, Olesen AV (2014), "Run charts revisited", PLoS ONE 9(11): e113825.
//
// Concepts. Points on the centre line say nothing and are dropped; the others are useful. A run is a row of useful points on one side of
// the centre; a crossing is where one run ends and the next begins. Too long a run, or too few crossings, is a signal: the process has
// moved. Pure; thread safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace leadlag {

struct RunChart {
  double centre = 0;
  int useful = 0;        // n: points that are not on the centre
  int longest_run = 0;
  int longest_run_limit = 0;  // more is a signal
  int crossings = 0;
  int crossings_limit = 0;    // fewer is a signal
  int longest_run_side = 0;   // of the last of the longest runs: above the centre 1, below -1
  int last_run = 0;           // the one that the useful points end with
  int last_run_side = 0;
  bool shift() const { return longest_run > longest_run_limit; }
  bool few_crossings() const { return crossings < crossings_limit; }
  friend bool operator==(const RunChart&, const RunChart&) = default;
};

// Of points in their order. `baseline`: a frozen centre; none: the median of the points. None where fewer than 10 are useful: no verdict.
// REQUIRES: finite points.
std::optional<RunChart> RunChartOf(std::span<const double> points, std::optional<double> baseline = std::nullopt);

// The charts of ever fewer points: of all of them, without the last, and so on, each as RunChartOf has it. From one to the next it takes
// logarithmic time for the point that goes and for each that comes to another side of the centre, of which there is one where no two points
// are equal; RunChartOf takes linear time.
class ShrinkingRunChart {
 public:
  // REQUIRES: as RunChartOf.
  explicit ShrinkingRunChart(std::span<const double> points, std::optional<double> baseline = std::nullopt);

  size_t size() const { return points_.size(); }
  // Of the points that are left.
  std::optional<RunChart> chart() const;
  // REQUIRES: size() > 0.
  void DropLast();

 private:
  // What a row of points has of runs and crossings, so that two rows make one.
  struct Row {
    int useful = 0;
    int crossings = 0;
    int longest_run = 0;
    int longest_side = 0;
    int first_run = 0, last_run = 0;
    int first_side = 0, last_side = 0;
  };
  static Row Join(const Row& a, const Row& b);
  double CentreNow() const;
  Row RowOf(double point) const;  // by its side of the centre
  void Set(size_t point, const Row& row);

  const std::optional<double> baseline_;
  std::vector<double> points_;
  std::vector<std::pair<double, uint32_t>> sorted_;  // with their places; empty where the centre is frozen
  double centre_ = 0;
  size_t width_ = 1;
  std::vector<Row> tree_;  // [width_ + i]: point i; [i]: of [2 i] and [2 i + 1]
};

// The middle one, or the mean of the two middle ones. REQUIRES: finite points, at least one.
double Median(std::span<const double> points);

// round(log2 n) + 3, and the smallest c with P(Bin(n - 1, 1/2) <= c) >= 0.05. REQUIRES: n >= 2.
int LongestRunLimit(int n);
int CrossingsLimit(int n);

}  // namespace leadlag
