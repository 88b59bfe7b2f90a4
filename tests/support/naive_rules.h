// The naive model's alert rules: when each is due, by looking at every day and every record. DOMAIN.md, "Kinds of alert"; what they leave
// open stands in core/alert_rule.h.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/catalog.h"
#include "core/date.h"
#include "core/instant.h"
#include "tests/support/naive_calendar.h"

namespace leadlag {

struct NaiveRun;

// One record that stands, as it is now.
struct NaiveRecord {
  std::string indicator;
  IndicatorRole role = IndicatorRole::kLeading;
  bool completion = false;
  Date event, first_event;
  Date recorded, known;              // of the first revision
  std::optional<Date> corrected_on;  // where a correction is current
  Instant stands_since;              // when what stands was recorded
  double value = 0, of = 1;          // a NUMBER, or a PROPORTION's k of n
};

struct NaiveReview {
  Date date;
  std::vector<std::string> indicators;
  Instant recorded;
};

// Of an inquiry that is active.
struct NaiveAction {
  Date start;
  std::optional<Date> end;
  std::vector<std::string> indicators;  // that the inquiry is linked to
};

// What is known of a source, of which nothing else is.
struct NaiveSource {
  int every_days = 0;
  std::optional<Date> heard;                    // last
  std::vector<Date> deaf;                       // on which the service was down for an hour or more at a stretch
};

// What a rule knows of one team.
struct NaiveTeamFacts {
  std::optional<NaiveSource> source{};  // of a source's watch, which has none of the rest
  std::optional<AlertRule> rule;  // none: it is not in the catalog, or not enabled
  std::vector<NaiveRecord> records;
  std::vector<NaiveReview> reviews;
  std::vector<NaiveAction> actions;
};

// None: nothing is due.
std::optional<Date> NaiveRuleDue(const NaiveCalendar& calendar, const NaiveRun& run, const NaiveTeamFacts& facts);

}  // namespace leadlag
