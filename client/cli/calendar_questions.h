// Questions about one calendar: which days are instructional, how many, and which is the n-th.
//
// Reads leadlag.v1.Calendar into core's Calendar, with the contract's defaults for what the document leaves out. Pure;
// thread safe.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "client/cli/table.h"
#include "core/calendar.h"
#include "core/date.h"
#include "leadlag/v1/catalog.pb.h"

namespace leadlag::cli {

// INVALID_ARGUMENT, with problems by field, for a date that is none or a rule of calendars that is broken.
absl::StatusOr<Calendar> CompileCalendar(const v1::Calendar& calendar);

// The days of the week on which there is instruction inside a term: bit 0 is Monday's.
uint8_t SchoolWeek(const v1::Calendar& calendar);

// Instructional days in [from, to).
int InstructionalDays(const Calendar& calendar, DateRange range);

// A line for each month of the year that has instructional days, and one for the year.
Table MonthTable(const Calendar& calendar, const SchoolYear& year);

// A line for each stretch of days of the school week, between the year's first and last day, that has no instruction.
Table ClosureTable(const Calendar& calendar, const SchoolYear& year, uint8_t school_week);

// A month as a grid from Monday to Sunday: instructional days by number, closed ones of the school week as "--", others as " .".
std::string MonthGrid(const Calendar& calendar, Date month, uint8_t school_week);

}  // namespace leadlag::cli
