// A school year from an iCalendar file (RFC 5545), by rules that say what each category of events means.
//
// Concepts. No event is a closure by itself: a calendar of a district holds concerts and board meetings beside its
// holidays. A rule names a category (of CATEGORIES, case ignored; "" stands for events without any) and says what its
// events are: exceptions of a kind, the first or the last day of the year, or nothing. With `summary` a rule takes only
// events whose summary holds that text (case ignored); of the rules that fit a category the first decides. A category
// that no rule names is an error that lists all such categories: silence would make a wrong calendar. An event with
// several categories gets what each of them means.
//
// DTEND is exclusive; folded lines and events of several days are read as RFC 5545 says. An event that recurs, or is
// given in UTC, or holds a line that cannot be read or a date that does not exist, is refused where it matters (a rule
// gives it a meaning), as its dates would be a guess; a cancelled one is left out. Events outside the school year are
// left out.
//
// Pure; thread safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "core/date.h"
#include "leadlag/v1/catalog.pb.h"

namespace leadlag::cli {

struct IcsRule {
  enum class Meaning { kException, kFirstDay, kLastDay, kIgnore };
  std::string category;
  std::string summary;  // empty: any
  Meaning meaning = Meaning::kIgnore;
  v1::CalendarExceptionKind kind = v1::CALENDAR_EXCEPTION_KIND_UNSPECIFIED;  // with kException
};

struct IcsSchoolYear {
  std::string id;  // "2025-26"
  // Bounds, [start, end). Default: 1 July on or before the first day; one year after the start.
  std::optional<Date> start;
  std::optional<Date> end;
};

struct IcsCalendar {
  v1::SchoolYear year;                            // one term, from the first day to the last
  std::vector<v1::CalendarException> exceptions;  // by date
  int year_line = 0;                              // where the first day's event begins in the file
  std::vector<int> exception_lines;               // the same of each exception
  int outside_count = 0;                          // events left out because they lie outside the school year
  int cancelled_count = 0;
};

// INVALID_ARGUMENT with problems whose field is "file:line": malformed, categories without a rule, not exactly one
// first and one last day in the school year, or an event whose dates cannot be told. `file` is only for these messages.
absl::StatusOr<IcsCalendar> ReadIcsCalendar(const std::string& text, const std::string& file,
                                            const std::vector<IcsRule>& rules, const IcsSchoolYear& year);

}  // namespace leadlag::cli
