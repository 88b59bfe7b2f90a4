// Random numbers for what is made up: the same from the same seed on every machine and with every library, which the
// standard's distributions do not promise. A value; not thread safe.
#pragma once

#include <cstdint>

namespace leadlag::cli {

// SplitMix64 (Steele, Lea, Flood 2014).
class SeededRandom {
 public:
  explicit SeededRandom(uint64_t seed) : state_(seed) {}
  uint64_t Next() {
    uint64_t z = (state_ += 0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
  }
  // 0 <= result < n. The bias of the remainder is below 2^-40 for our n.
  int Below(int n) { return static_cast<int>(Next() % static_cast<uint64_t>(n)); }
  // 0 <= result < 1.
  double Unit() { return static_cast<double>(Next() >> 11) * 0x1.0p-53; }
  bool Chance(double share) { return Unit() < share; }

 private:
  uint64_t state_;
};

}  // namespace leadlag::cli
