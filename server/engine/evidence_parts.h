// A batch of evidence that feeds more watches than one command may work on is logged in parts, one after the other. Internal to
// server/engine.
//
// Concepts (DESIGN.md, invariant 6): a record and the watches that it improves belong to one atomic write, so that no cursor may come
// between them; but records do not depend on each other, and the batch can be cut. It stays one cause: its parts are told whether any of
// its records is new.
#pragma once

#include <vector>

#include "server/engine/command.h"
#include "server/engine/district.h"
#include "server/engine/engine.h"

namespace leadlag {

// The batch as commands that work on at most kWatchesPerCommand watches each, in order; most often it is one. `now`: the time they will
// have, nearly. REQUIRES: no command that changes the catalog comes between the district's state and them.
std::vector<RecordEvidenceCommand> SplitEvidence(const District& district, RecordEvidenceCommand batch, Instant now);

// A callback for each of `parts` answers, called in their order, after which `callback` is called once: with the answers together, or the
// first error. Not thread safe.
Engine::Callback JoinAnswers(size_t parts, Engine::Callback callback);

}  // namespace leadlag
