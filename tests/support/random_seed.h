// Seeds of property tests: a failure prints the seed and the command that replays it.
//
//   LEADLAG_SEED=17 core_model_test --gtest_filter=…     // that story alone
//   LEADLAG_LONG=1                                        // many more stories
#pragma once

#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

namespace leadlag {

// The seeds to run: `count` of them, `long_count` with LEADLAG_LONG, or the one that LEADLAG_SEED names.
inline std::vector<uint64_t> Seeds(int count, int long_count) {
  if (const char* seed = std::getenv("LEADLAG_SEED")) return {std::strtoull(seed, nullptr, 10)};
  const bool is_long = std::getenv("LEADLAG_LONG") != nullptr;
  std::vector<uint64_t> seeds;
  for (int i = 1; i <= (is_long ? long_count : count); ++i) seeds.push_back(static_cast<uint64_t>(i));
  return seeds;
}

inline std::string Replay(uint64_t seed) { return "replay with LEADLAG_SEED=" + std::to_string(seed); }

// The same numbers on every machine: no std::…_distribution, whose results the standard leaves open.
class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}
  // In [low, high], both inclusive.
  int Between(int low, int high) { return low + static_cast<int>(engine_() % static_cast<uint64_t>(high - low + 1)); }
  bool OneIn(int n) { return Between(1, n) == 1; }
  template <typename T>
  const T& Pick(const std::vector<T>& of) {
    return of[static_cast<size_t>(Between(0, static_cast<int>(of.size()) - 1))];
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace leadlag
