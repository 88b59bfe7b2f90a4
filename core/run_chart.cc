#include "core/run_chart.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/check.h"

namespace leadlag {
namespace {

constexpr int kUsefulMin = 10;
constexpr double kTail = 0.05;

double Median(std::span<const double> points) {
  std::vector<double> sorted(points.begin(), points.end());
  const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
  std::nth_element(sorted.begin(), middle, sorted.end());
  if (sorted.size() % 2 == 1) return *middle;
  const double below = *std::max_element(sorted.begin(), middle);
  return below + (*middle - below) / 2;  // the sum of both might overflow
}

}  // namespace

int LongestRunLimit(int n) {
  LEADLAG_CHECK(n >= 2);
  return static_cast<int>(std::lround(std::log2(n))) + 3;
}

int CrossingsLimit(int n) {
  LEADLAG_CHECK(n >= 2);
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
  if (chart.useful < kUsefulMin) return std::nullopt;
  chart.longest_run_limit = LongestRunLimit(chart.useful);
  chart.crossings_limit = CrossingsLimit(chart.useful);
  return chart;
}

}  // namespace leadlag
