// Commands: everything that can change a district's state, as logged.
//
// Concepts (DESIGN.md, invariants 1 and 2): the state is a pure function of the sequence of commands. A command therefore carries all
// that applying it needs from outside: the writer's time stamp, the zone rules of a catalog, a new district's incarnation. Encodings
// start with a format byte; equal commands have equal bytes. Plain values.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "core/catalog.h"
#include "core/evidence.h"
#include "core/inquiry.h"
#include "core/instant.h"
#include "core/problem.h"
#include "core/zone.h"

namespace leadlag {

// Makes a document the district's catalog. A large document is logged in parts: StageCatalog commands, then this with `staged`.
struct ApplyCatalogCommand {
  Catalog catalog;                       // empty with `staged`
  std::vector<ZoneRules> zones;          // of every zone the catalog names; empty with `staged`
  bool staged = false;                   // catalog and zones are the staged bytes
  std::optional<uint32_t> expected_version;
  uint64_t incarnation = 0;              // taken by a district that does not exist yet
  friend bool operator==(const ApplyCatalogCommand&, const ApplyCatalogCommand&) = default;
};

// Appends to the staged bytes; `first` starts them anew.
struct StageCatalogCommand {
  bool first = false;
  std::string bytes;
  friend bool operator==(const StageCatalogCommand&, const StageCatalogCommand&) = default;
};

// The rules of zones in use have changed (a new time-zone database): replaces them by name.
struct ReplaceZonesCommand {
  std::vector<ZoneRules> zones;
  friend bool operator==(const ReplaceZonesCommand&, const ReplaceZonesCommand&) = default;
};

struct EvidenceItem {
  std::string evidence_id;
  EvidenceContent content;
  friend bool operator==(const EvidenceItem&, const EvidenceItem&) = default;
};
struct RecordEvidenceCommand {
  std::string source;
  std::vector<EvidenceItem> items;
  std::optional<Date> complete_through;
  // Of a batch that is logged in parts (server/engine/evidence_parts.h): the time of the first, in those after it; another follows; some
  // record of the batch is new.
  std::optional<Instant> batch_began;
  bool more = false;
  bool batch_has_new = false;
  friend bool operator==(const RecordEvidenceCommand&, const RecordEvidenceCommand&) = default;
};

struct RecordReviewCommand {
  Review review;  // `recorded` is the command's time
  friend bool operator==(const RecordReviewCommand&, const RecordReviewCommand&) = default;
};

// Makes it the inquiry of its id: a new one, or a new revision.
struct RecordInquiryCommand {
  Inquiry inquiry;  // `revision` and `recorded` are the district's to say
  std::optional<uint32_t> expected_revision;  // the one that stands; 0: there is none
  friend bool operator==(const RecordInquiryCommand&, const RecordInquiryCommand&) = default;
};

// Does something with an open alert. `until` and `days`, of a snooze: one of them.
struct HandleAlertCommand {
  enum class What : uint8_t { kAcknowledge = 1, kSnooze = 2, kEndSnooze = 3 };
  uint64_t alert = 0;
  What what = What::kAcknowledge;
  std::string by;
  std::string note;
  std::optional<Date> until;  // core/snooze.h
  uint32_t days = 0;          // instructional days from the team's today
  friend bool operator==(const HandleAlertCommand&, const HandleAlertCommand&) = default;
};

// It is now the command's time. `resumed`: the service may not have been running since the command before.
struct TickCommand {
  bool resumed = false;
  friend bool operator==(const TickCommand&, const TickCommand&) = default;
};

// A gap between commands from which on the service counts as having been down.
inline constexpr int64_t kDowntimeMicros = 2 * kMicrosPerMinute;

// The work that one command may do (DESIGN.md, invariant 6), in watches; a review's in records.
inline constexpr uint32_t kWatchesPerCommand = 1'000;

// Moves pending work on by at most so many watches; a review's by kWatchesPerCommand.
struct ContinueCommand {
  uint32_t watches_max = kWatchesPerCommand;
  friend bool operator==(const ContinueCommand&, const ContinueCommand&) = default;
};

using CommandBody = std::variant<ApplyCatalogCommand, StageCatalogCommand, ReplaceZonesCommand, RecordEvidenceCommand,
                                 RecordReviewCommand, TickCommand, ContinueCommand, HandleAlertCommand, RecordInquiryCommand>;

struct Command {
  Instant time;           // stamped by the writer; strictly increasing per district
  std::string principal;  // who asked; empty: nobody in particular
  CommandBody body;
  friend bool operator==(const Command&, const Command&) = default;
};

std::string EncodeCommand(const Command& command);
absl::StatusOr<Command> DecodeCommand(std::string_view bytes);

// What applying a command answers.
enum class RecordOutcomeKind : uint8_t { kNew = 1, kSame = 2, kRevised = 3, kVoided = 4, kFailed = 5 };
struct RecordOutcome {
  RecordOutcomeKind kind = RecordOutcomeKind::kFailed;
  uint32_t revision = 0;  // the current one after the command; 0 where it failed
};
struct RecordFailure {
  uint32_t index = 0;
  Problem problem;
};
struct BatchOutcome {
  std::vector<RecordOutcome> outcomes;  // one an item
  std::vector<RecordFailure> failures;  // all, by index
  uint32_t new_count = 0, same_count = 0, revised_count = 0, voided_count = 0, pending_calendar_count = 0;
};
struct CatalogOutcome {
  uint32_t version = 0;  // in force after the command
  Instant applied;
  std::vector<CatalogChange> changes;
  bool recalculating = false;
};
struct ReviewOutcome {
  Review review;  // as stored
  uint32_t covered = 0;        // records whose first covering review it has become
  bool recalculating = false;  // there may be more: it has not come to all
};
struct InquiryOutcome {
  Inquiry inquiry;  // as it stands
  RecordOutcomeKind kind = RecordOutcomeKind::kSame;  // NEW, SAME or REVISED
};
struct NoOutcome {};
using Outcome = std::variant<NoOutcome, BatchOutcome, CatalogOutcome, ReviewOutcome, InquiryOutcome>;

bool ChangesCatalog(const CommandBody& body);
// Roughly what the command holds in memory while it is queued.
size_t MemoryOf(const CommandBody& body);
// What the command adds to the log's tail, as replaying it costs.
uint64_t RecordsOf(const Command& command);

}  // namespace leadlag
