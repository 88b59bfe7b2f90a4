// A batch of evidence that feeds more watches than one command may work on is logged in parts, one after the other. Internal to
// server/engine.
//
// Concepts (DESIGN.md, invariant 6): a record and the watches that it improves belong to one atomic write, so that no cursor may come
// between them; but records of different teams do not depend on each other, and the batch can be cut. All records of a team, and all of one
// id, stay in one part and in order, so that a watch follows the batch once, as if it had not been cut; and it stays one cause: its parts
// are told whether any of its records is new, as the writer finds it when it cuts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "server/engine/command.h"
#include "server/engine/district.h"
#include "server/engine/engine.h"

namespace leadlag {

struct EvidencePart {
  RecordEvidenceCommand command;
  std::vector<uint32_t> places;  // of its items in the batch
  size_t watches = 0;            // the work that it does, at most: a rule's watch counts as kRuleWork
};

// The batch as commands that do at most kWatchesPerCommand watches' work each, a team's in any case; most often it is one. `now`: the time
// they will have, nearly; `batch_began` is left to who knows it. REQUIRES: no command that changes the catalog comes between the district's
// state and them.
std::vector<EvidencePart> SplitEvidence(const District& district, RecordEvidenceCommand batch, Instant now);

// A callback for the answer of each part, called once a part in their order, after which `callback` is called: with the answers together,
// or the first error. Not thread safe.
Engine::Callback JoinAnswers(const std::vector<EvidencePart>& parts, Engine::Callback callback);

}  // namespace leadlag
