// Comparing the cadence of core with that of the naive model, number for number.
#pragma once

#include <string>
#include <vector>

#include "core/cadence.h"
#include "tests/support/naive_cadence.h"

namespace leadlag {

// The same question, put to core. Borrows from `input` and `calendar`.
CadenceInput CoreInput(const NaiveCadenceInput& input, const Calendar& calendar);

// Every metric in which the two differ, a line each; "" where they are the same. The ends of the longest silence are
// compared by their k, since a Friday and its Saturday are one signal date.
std::string CadenceDifference(const NaiveCalendar& calendar, const Cadence& naive, const Cadence& core);

// Everything that a person needs to ask the question again.
std::string Describe(const NaiveCadenceInput& input, const std::vector<NaiveCalendar::Part>& parts);

}  // namespace leadlag
