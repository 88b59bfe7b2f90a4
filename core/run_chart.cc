#include "core/run_chart.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

#include "core/check.h"

namespace leadlag {
namespace {

constexpr int kUsefulMin = 10;
constexpr double kTail = 0.05;

// Past a school year's dates nobody asks often.
constexpr int kTabledMax = 400;

int ReckonCrossingsLimit(int n) {
  // Binomial coefficients as multiples of the middle one, which no n makes overflow; those that underflow do not matter.
  const int m = n - 1, middle = m / 2;
  std::vector<double> weights(static_cast<size_t>(m) + 1);
  const auto at = [&weights](int k) -> double& { return weights[static_cast<size_t>(k)]; };
  at(middle) = 1;
  for (int k = middle; k > 0; --k) at(k - 1) = at(k) * k / (m - k + 1);
  for (int k = middle; k < m; ++k) at(k + 1) = at(k) * (m - k) / (k + 1);
  double all = 0, tail = 0;
  for (const double weight : weights) all += weight;
  int c = 0;
  while ((tail += at(c)) < kTail * all) ++c;
  return c;
}

// None where too few are useful for a verdict.
std::optional<RunChart> WithLimits(RunChart chart) {
  if (chart.useful < kUsefulMin) return std::nullopt;
  chart.longest_run_limit = LongestRunLimit(chart.useful);
  chart.crossings_limit = CrossingsLimit(chart.useful);
  return chart;
}

}  // namespace

double Median(std::span<const double> points) {
  std::vector<double> sorted(points.begin(), points.end());
  const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
  std::nth_element(sorted.begin(), middle, sorted.end());
  if (sorted.size() % 2 == 1) return *middle;
  return std::midpoint(*std::max_element(sorted.begin(), middle), *middle);  // their sum, and their difference, might overflow
}

int LongestRunLimit(int n) {
  LEADLAG_CHECK(n >= 2);
  return static_cast<int>(std::lround(std::log2(n))) + 3;
}

int CrossingsLimit(int n) {
  LEADLAG_CHECK(n >= 2);
  static const std::vector<int>& table = *new std::vector<int>([] {
    std::vector<int> limits(kTabledMax + 1);
    for (int useful = 2; useful <= kTabledMax; ++useful) limits[static_cast<size_t>(useful)] = ReckonCrossingsLimit(useful);
    return limits;
  }());
  return n <= kTabledMax ? table[static_cast<size_t>(n)] : ReckonCrossingsLimit(n);
}

std::optional<RunChart> RunChartOf(std::span<const double> points, std::optional<double> baseline) {
  if (points.empty()) return std::nullopt;
  RunChart chart;
  chart.centre = baseline ? *baseline : Median(points);
  int run = 0, side = 0;
  for (const double point : points) {
    const int here = point > chart.centre ? 1 : point < chart.centre ? -1 : 0;
    if (here == 0) continue;
    if (side != 0 && here != side) ++chart.crossings;
    run = here == side ? run + 1 : 1;
    side = here;
    ++chart.useful;
    if (run < chart.longest_run) continue;
    chart.longest_run = run;
    chart.longest_run_side = side;
  }
  chart.last_run = run;
  chart.last_run_side = side;
  return WithLimits(chart);
}

// ── ever fewer points ───────────────────────────────────────────────────────────────────────────────────────────────────────────

ShrinkingRunChart::Row ShrinkingRunChart::Join(const Row& a, const Row& b) {
  if (a.useful == 0) return b;
  if (b.useful == 0) return a;
  Row row = a;
  const bool joined = a.last_side == b.first_side;
  const auto longest = [&row](int run, int side) {
    if (run < row.longest_run) return;  // of several the last one has the side
    row.longest_run = run;
    row.longest_side = side;
  };
  if (joined) longest(a.last_run + b.first_run, b.first_side);
  longest(b.longest_run, b.longest_side);
  row.useful += b.useful;
  row.crossings += b.crossings + (joined ? 0 : 1);
  if (joined && a.first_run == a.useful) row.first_run += b.first_run;
  row.last_run = b.last_run + (joined && b.last_run == b.useful ? a.last_run : 0);
  row.last_side = b.last_side;
  return row;
}

ShrinkingRunChart::ShrinkingRunChart(std::span<const double> points, std::optional<double> baseline)
    : baseline_(baseline), points_(points.begin(), points.end()) {
  if (points_.empty()) return;
  if (!baseline_) {
    for (const double point : points_) sorted_.emplace_back(point, sorted_.size());
    std::sort(sorted_.begin(), sorted_.end());
  }
  centre_ = CentreNow();
  width_ = std::bit_ceil(points_.size());
  tree_.resize(2 * width_);
  for (size_t i = 0; i < points_.size(); ++i) tree_[width_ + i] = RowOf(points_[i]);
  for (size_t i = width_ - 1; i > 0; --i) tree_[i] = Join(tree_[2 * i], tree_[2 * i + 1]);
}

double ShrinkingRunChart::CentreNow() const {
  if (baseline_) return *baseline_;
  const size_t middle = sorted_.size() / 2;
  return sorted_.size() % 2 == 1 ? sorted_[middle].first : std::midpoint(sorted_[middle - 1].first, sorted_[middle].first);
}

ShrinkingRunChart::Row ShrinkingRunChart::RowOf(double point) const {
  const int side = point > centre_ ? 1 : point < centre_ ? -1 : 0;
  if (side == 0) return {};
  return {.useful = 1, .longest_run = 1, .longest_side = side, .first_run = 1, .last_run = 1, .first_side = side, .last_side = side};
}

void ShrinkingRunChart::Set(size_t point, const Row& row) {
  size_t i = width_ + point;
  tree_[i] = row;
  while (i /= 2) tree_[i] = Join(tree_[2 * i], tree_[2 * i + 1]);
}

std::optional<RunChart> ShrinkingRunChart::chart() const {
  if (points_.empty()) return std::nullopt;
  const Row& all = tree_[1];
  return WithLimits({.centre = centre_,
                     .useful = all.useful,
                     .longest_run = all.longest_run,
                     .crossings = all.crossings,
                     .longest_run_side = all.longest_side,
                     .last_run = all.last_run,
                     .last_run_side = all.last_side});
}

void ShrinkingRunChart::DropLast() {
  const size_t last = points_.size() - 1;
  Set(last, {});
  if (!baseline_) sorted_.erase(std::lower_bound(sorted_.begin(), sorted_.end(), std::pair(points_.back(), static_cast<uint32_t>(last))));
  points_.pop_back();
  if (points_.empty()) return;
  const double before = std::exchange(centre_, CentreNow());
  if (before == centre_) return;
  // Who was on the one centre, or lies between them, is on another side of the other.
  auto passed = std::lower_bound(sorted_.begin(), sorted_.end(), std::pair(std::min(before, centre_), uint32_t{0}));
  for (; passed != sorted_.end() && passed->first <= std::max(before, centre_); ++passed) Set(passed->second, RowOf(passed->first));
}

}  // namespace leadlag
