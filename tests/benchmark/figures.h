// What was measured: times of single calls, and named figures over several rounds.
//
// Not thread safe.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/clock.h"

namespace leadlag::benchmark {

class Stopwatch {
 public:
  double Seconds() const { return static_cast<double>(MonotonicMicros() - start_micros_) * 1e-6; }
  double Millis() const { return Seconds() * 1e3; }

 private:
  int64_t start_micros_ = MonotonicMicros();
};

// Nearest rank, as the service's own percentiles. REQUIRES: values, 0 < share <= 1.
double Percentile(std::vector<double> values, double share);

// Figures by name, in order of first appearance; one value a round.
class Figures {
 public:
  void Add(const std::string& name, double value);
  // p50 and p99 under name_p50_ms and name_p99_ms.
  void AddPercentiles(const std::string& name, const std::vector<double>& millis);
  bool Has(const std::string& name) const { return values_.contains(name); }
  // The median over the rounds. REQUIRES: Has(name).
  double Median(const std::string& name) const;
  const std::vector<std::string>& names() const { return names_; }
  const std::vector<double>& Rounds(const std::string& name) const { return values_.at(name); }

 private:
  std::vector<std::string> names_;
  std::map<std::string, std::vector<double>> values_;
};

// The keys that the figures allow, in their order; each is the median over the rounds of a ratio, or of a figure with its unit in
// the name. A ratio is formed within each round.
std::vector<std::pair<std::string, double>> KeysOf(const Figures& figures);

// A table for people, and one JSON object: keys, then "machine", "versions" and "raw" (every round of every figure and of every ratio).
std::string TableOf(const Figures& figures);
std::string JsonOf(const Figures& figures, const std::map<std::string, std::string>& machine,
                   const std::map<std::string, std::string>& versions);

}  // namespace leadlag::benchmark
