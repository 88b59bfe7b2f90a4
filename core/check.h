// Broken invariants. A mistake in what someone sent us is a Status; a mistake in this program must not go on: it
// aborts, and says where. Never for input.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace leadlag {

[[noreturn]] inline void CheckFailed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: broken invariant: %s\n", file, line, condition);
  std::abort();
}

}  // namespace leadlag

// Aborts unless `condition` holds, in every build.
#define LEADLAG_CHECK(condition) \
  ((condition) ? static_cast<void>(0) : ::leadlag::CheckFailed(#condition, __FILE__, __LINE__))
