// Real attendance of New York City's district 13, 22 schools, September 2013 to June 2015 (../shared/data/SOURCES.md):
// a short-cycle signal with real gaps in submission. The file is not part of the repository; tests that want it skip,
// saying so, where it is absent.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/catalog.h"
#include "core/date.h"

namespace leadlag {

struct NycAttendance {
  // Dates with a row that is not NS ("not submitted by 4 pm"), ascending, by school (dbn).
  std::map<std::string, std::vector<Date>> submitted;
  size_t not_submitted = 0;  // NS rows

  // Instructional on each date on which at least one school submitted. Two school years, 2013-14 and 2014-15, bounded
  // by 1 July, of one term each (the second begins 2014-10-20, before which the feed has no rows), with a closure for
  // every weekday without.
  CalendarSpec Calendar() const;
};

// The file: in $LEADLAG_SHARED_DATA or in ../shared/data beside the source tree; none where there is no file.
std::optional<std::string> NycAttendanceFile();
// Why a test skips.
std::string NoNycAttendance();

// NOT_FOUND where the file cannot be opened, DATA_LOSS (with the line) where it is not what it should be.
absl::StatusOr<NycAttendance> ReadNycAttendance(const std::string& file);

}  // namespace leadlag
