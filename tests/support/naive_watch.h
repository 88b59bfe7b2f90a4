// The naive model's watch: one (team, expectation) or (team, alert rule) pair lived through day by day.
//
// Concepts. A WatchStory is what happened, in order: evidence recorded, moved and voided, the world changed, the
// service down. The model walks through every local date of it: midnight, then notify time, happenings in between. At
// every step it forgets what it knew and works out the facts again from the list of what had happened by then; only
// what a flip told the world (the state and the due date in force) is carried along. DOMAIN.md, "Watches and their
// states", and the reason table of core/watch.h.
//
// Settled where the words leave room:
//  - A happening at exactly the instant of a midnight or a notify time comes before it: it is "by then".
//  - After a happening the watch is judged by what the last notify time strictly before it would have said of today's
//  facts; a
//    better stage is taken at once, a worse one waits for the next notify time.
//  - A due date that moves makes a flip where an alert is open, else none: a flip is a change of state of a watch or an
//  alert.
//  - A silence of all its sources begins before a notify time at its instant and after a midnight there, and is over likewise; it waits
//    behind a worsening that waits, and is known from `known` on.
//  - Downtime: a worsening (a worse stage, or an earlier due date in force) due in [down_from, up_at + settling) waits
//  until
//    up_at + settling, and every moment after it waits behind it. What improves the watch meanwhile does so at once.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/catalog.h"
#include "core/date.h"
#include "core/instant.h"
#include "core/watch.h"
#include "core/zone.h"
#include "tests/support/naive_calendar.h"
#include "tests/support/naive_rules.h"

namespace leadlag {

// All that a watch depends on besides evidence.
struct NaiveWorld {
  std::vector<NaiveCalendar::Part> parts;  // empty: the expectation or the team is gone
  ZoneRules zone;
  std::vector<ActivePeriod> active;
  WatchTerms terms;
};

struct EvidenceChange {
  enum class Kind {
    kRecord,  // a new record, dated `date`
    kMove,    // a correction of its date, or content after a void: counts on `date` from now on
    kVoid,    // voided, or moved to an indicator that the expectation does not count
  };
  Kind kind = Kind::kRecord;
  std::string id;
  Date date;  // not for a void
};

// What happens at one instant as one cause: a batch of evidence, or a new world.
struct Happening {
  Instant at;
  std::vector<EvidenceChange> evidence;
  std::shared_ptr<const NaiveWorld> world;  // null: the world stays
  // EVIDENCE where any record of the batch is new.
  WatchCause cause() const;
};

// All sources that feed the watch are silent in [since, to). What is judged before `known` does not know of it.
struct NaiveSilence {
  Instant since;
  Instant to;
  Instant known;
};

// The service was down in [down_from, up_at).
struct Downtime {
  Instant down_from;
  Instant up_at;
};

struct WatchStory {
  std::vector<Happening> happenings;  // ordered by `at`; the first one brings a world; none during downtime
  std::vector<Downtime> downtimes;    // ordered, disjoint
  int settling_minutes = 10;
  // Of an alert rule's watch: what the rule knows after each happening. Empty: an expectation's.
  std::vector<std::shared_ptr<const NaiveTeamFacts>> rule_facts;
  // By world, in the order of the happenings that bring one; ordered, disjoint. One list: of every world. Empty: its sources are never
  // silent.
  std::vector<std::vector<NaiveSilence>> silences;
  Instant end;  // exclusive; REQUIRES: after the last happening and the last settling
};

// Every flip the watch makes before story.end, in order.
std::vector<WatchFlip> NaiveFlips(const WatchStory& story);

// The dates of the signals that count after the first `applied` happenings, by record.
std::map<std::string, Date> NaiveSignals(const std::vector<Happening>& happenings, size_t applied);

// The stretches in which a worsening waits: each downtime with its settling, joined where the service went down again
// before it had settled.
std::vector<Downtime> HeldStretches(const WatchStory& story);

// The part of a school year in which a watch runs.
struct NaiveRun {
  DateRange dates;
  NaiveCalendar::Year year;
  std::optional<Date> start;  // s; none where the run has no instructional day
};
std::optional<NaiveRun> NaiveRunOn(const NaiveCalendar& calendar, const std::vector<ActivePeriod>& active,
                                   Date expectation_from, Date date);

// The due date that signals on these dates give; none where it lies past the year's last instructional day.
std::optional<Date> NaiveDue(const NaiveCalendar& calendar, const NaiveRun& run, const WatchTerms& terms,
                             const std::vector<Date>& signals);

}  // namespace leadlag
