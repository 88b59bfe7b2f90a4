// Every limit of the service by name. A limit's message names the limit and says what to do; a test goes to it and one
// past it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace leadlag {

// ---- Problems -------------------------------------------------------------------------------------------

// Problems named in one answer: more than a person corrects at a time.
inline constexpr size_t kMaxProblems = 100;
// Problems spelled out in a status message; the rest is a count there, and complete in the payload.
inline constexpr size_t kMaxProblemsInMessage = 5;
// Bytes of someone's input that are quoted back in a reason.
inline constexpr size_t kMaxQuotedBytes = 64;

// ---- The catalog ----------------------------------------------------------------------------------------

// An id, [a-z0-9-].
inline constexpr size_t kMaxIdBytes = 64;
// A school year's id, [A-Za-z0-9-].
inline constexpr size_t kMaxYearIdBytes = 32;
// A text for people: display names, labels' values, units, themes, names in other systems.
inline constexpr size_t kMaxTextBytes = 200;

// Calendars a district.
inline constexpr size_t kMaxCalendars = 50;
// Teams a district: room for every grade and subject team of the largest ones.
inline constexpr size_t kMaxTeams = 50'000;
// Indicators a district.
inline constexpr size_t kMaxIndicators = 1'000;
// Sources a district.
inline constexpr size_t kMaxSources = 200;
// Expectations a district; times teams this bounds the watches.
inline constexpr size_t kMaxExpectations = 100;

// School years a calendar; with the length of one this bounds a calendar's index.
inline constexpr size_t kMaxSchoolYears = 60;
// Days between a school year's start and end: a year, and room to move its start.
inline constexpr int kMaxSchoolYearDays = 400;
// Exceptions a calendar.
inline constexpr size_t kMaxExceptions = 2'000;

// Labels a team, and label pairs an expectation asks for.
inline constexpr size_t kMaxLabels = 20;
// Active periods a team.
inline constexpr size_t kMaxActivePeriods = 50;
// Calendars a team follows one after the other.
inline constexpr size_t kMaxCalendarAssignments = 50;
// Names of a team in other systems.
inline constexpr size_t kMaxExternalIds = 20;
// Themes an indicator.
inline constexpr size_t kMaxThemes = 20;

// E, G and A of an expectation and the review objective, in instructional days: no more than a school year has.
inline constexpr int32_t kMaxExpectationDays = 400;
// Minutes in which backlogs may arrive after downtime: a day.
inline constexpr int32_t kMaxSettlingMinutes = 1'440;

// Bytes of the description of one catalog change, and of one value in it.
inline constexpr size_t kMaxChangeDetailBytes = 500;
inline constexpr size_t kMaxChangeValueBytes = 80;

// ---- Questions -----------------------------------------------------------------------------------------------------------------

// Days of a window that cadence or latency is asked for: ten years.
inline constexpr int kMaxWindowDays = 3'660;
// Days of a timeline: a school year and the summer around it.
inline constexpr int kMaxTimelineDays = 400;

// ---- The writer ----------------------------------------------------------------------------------------------------------------

// Bytes of commands that wait for the writer; past it requests are UNAVAILABLE, so that a flood is felt where it comes from.
inline constexpr size_t kQueueBytesMax = 64 << 20;
// Bytes of commands that share one fsync: enough to hide it, little enough that nobody waits long behind them.
inline constexpr size_t kWriterCycleBytes = 4 << 20;

}  // namespace leadlag
