// One team's year, or some other time, once more: its evidence and reviews happen again as they were recorded, and its watches live
// through them. Internal to server/engine.
//
// The machine is the one that the service lives by (core/watch.h), asked as District does: what has come to pass before a batch is made
// first, the batch then changes the rows, and the watches that it concerns follow once, with one cause. Only what cannot show is not asked
// for: an ON_TRACK watch whose due date moves on, or a PAUSED one, makes no flip whatever the machine would note. Of such a watch the next
// moment is then known as a bound: it is not before that.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "core/district_catalog.h"
#include "core/watch.h"
#include "server/engine/backtest.h"
#include "server/engine/team_history.h"
#include "storage/records.h"

namespace leadlag {

// What all teams are replayed by. Borrows all.
struct ReplayTerms {
  const DistrictCatalog& catalog;
  const Interned& interned;
  DateRange window;  // by the team's own dates
  Instant until;     // nothing at or after this instant has happened yet
  // By source: when they were silent. None: they never were.
  std::span<const SourceObservation> observations;
};

// The team lives through its history: the watches of all that picks it come into being at the window's start, with what was recorded
// before, and are made up to its end, or `until` where that comes first. None once `stop` (null: never), which is asked every so often,
// says true. Pure but for that; thread safe.
std::optional<BacktestTeam> Replay(const ReplayTerms& terms, TeamNumber team, const TeamHistory& history,
                                   const std::function<bool()>* stop = nullptr);

}  // namespace leadlag
