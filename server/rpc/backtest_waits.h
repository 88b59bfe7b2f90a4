// For how long a back-test waits for its reader.
#pragma once

#include <cstdint>

#include "core/limits.h"

namespace leadlag {

struct BacktestWaits {
  int64_t stalled_micros = kStalledMicros;          // until one message is taken
  int64_t all_micros_max = kBacktestWaitMicrosMax;  // until all of them are
};

}  // namespace leadlag
