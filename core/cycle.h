// Cycles: the ISO weeks and months by which coverage, streaks and completions are judged. DOMAIN.md, "coverage". Pure; thread safe.
#pragma once

#include <cstdint>

#include "core/date.h"

namespace leadlag {

enum class CycleUnit : uint8_t { kIsoWeek = 1, kMonth = 2 };

inline Date CycleStart(CycleUnit unit, Date date) {
  return unit == CycleUnit::kIsoWeek ? date.StartOfIsoWeek() : date.StartOfMonth();
}
inline Date NextCycle(CycleUnit unit, Date start) { return unit == CycleUnit::kIsoWeek ? start + 7 : start.StartOfNextMonth(); }

// Whether a cycle with so many instructional days, of those that are asked about, is one to be judged.
inline bool IsEligibleCycle(CycleUnit unit, int instructional_days) {
  constexpr int kWeekDaysMin = 3, kMonthDaysMin = 5;
  return instructional_days >= (unit == CycleUnit::kIsoWeek ? kWeekDaysMin : kMonthDaysMin);
}

}  // namespace leadlag
