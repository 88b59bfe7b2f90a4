// Silences of sources: since when nothing has been heard, and what may not be judged meanwhile. DOMAIN.md, SOURCE_SILENT and UNKNOWN.
//
// Concepts. A source is silent from the notify time at which it is past its own expected interval (core/watch.h: a source has a watch of
// its own) until it is heard again and what it had kept back has had time to arrive. In that time, [since, to), nobody can tell anything
// of a watch that only silent sources feed. Days are instructional days of the district's calendar, dates local to the district.
// Pure functions; thread safe.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "core/date.h"
#include "core/instant.h"
#include "core/rule_span.h"
#include "core/zone.h"

namespace leadlag {

// [since, to).
struct SourceSilence {
  static constexpr Instant kOpen{INT64_MAX};
  Instant since;
  Instant to = kOpen;  // kOpen: not over yet
  friend bool operator==(const SourceSilence&, const SourceSilence&) = default;
};

// The dates on which the service was down for an hour or more in [down, up), so that whoever sends once a day may have sent in vain; those
// alone that lie at most `days_max` dates before the last, ascending. A restart makes no such date, nor does a nightly one.
std::vector<Date> DeafDates(const ZoneRules& zone, Instant down, Instant up, int days_max);

// The date after which a source is silent that was last heard on `heard` (none: never), where it is expected at least every `every_days`:
// the last of so many days after that date, or after s where that is later, deaf ones not counted. None where that lies past the span:
// nothing is expected then. `deaf`: ascending, without repeats. REQUIRES: every_days >= 1.
std::optional<Date> SilenceDue(const RuleSpan& span, int every_days, std::optional<Date> heard, std::span<const Date> deaf);

// When all of them are silent at once. Each source's silences are ordered and disjoint, and so is the answer. No source: never.
std::vector<SourceSilence> CommonSilences(std::span<const std::span<const SourceSilence>> sources);

}  // namespace leadlag
