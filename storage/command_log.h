// The command log: what makes a command durable, behind the seam that lets a replicated engine take its place.
// DESIGN.md, invariant 2.
//
// Concepts.
//   command   bytes that the server alone understands. Its position is its place in its district's log: 1, 2, 3, …
//             without a gap.
//   group     commands of one district that are appended together, all or nothing; the unit of durability.
//   epoch     Own gives a district to its caller under a new, higher epoch; an append under an older one is FENCED.
//             So of two who believe they own a district, one is always refused.
//   trimmed   the log forgets a prefix of a district's positions once a checkpoint of the view holds their effects.
//
// The three outcomes of an append:
//   COMMITTED  durable: it will be read after any crash.
//   FENCED     certainly not written: the epoch is not the district's current one, the expected position is not its
//              last one, or the district must be owned again. Own it, and start from the position that says.
//   UNKNOWN    it may or may not have been written, and only a later Own tells. Stop the district: apply, publish and
//              acknowledge nothing; Own it again, compare last_position with the position expected, Read what was
//              written.
// After an UNKNOWN the log FENCES every append until its district has been owned again.
//
// Thread safe. Ownership: the log copies or moves what it is given; a caller drops its last use before it destroys
// the log.
//
//   absl::StatusOr<Ownership> own = log->Own("springfield");
//   std::vector<Group> groups;
//   groups.push_back({own->district_number, own->epoch, own->last_position, {"command bytes", "more"}});
//   log->Append(std::move(groups), [](std::vector<AppendOutcome> outcomes) {
//     if (outcomes[0] == AppendOutcome::kCommitted) …
//   });
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace leadlag {

class Disk;

// The bytes of a group's commands together. One command must therefore fit as well.
inline constexpr size_t kGroupBytesMax = 1 << 20;
// The bytes of a district's name.
inline constexpr size_t kDistrictNameBytesMax = 64;

struct Ownership {
  uint32_t district_number = 0;  // 1, 2, … in order of first use; for ever the same
  uint64_t epoch = 0;            // what Append must name
  uint64_t last_position = 0;    // 0 for a log without commands
  friend bool operator==(const Ownership&, const Ownership&) = default;
};

struct Group {
  uint32_t district_number = 0;
  uint64_t epoch = 0;
  uint64_t expected_position = 0;     // the last position before the group's first command
  std::vector<std::string> commands;  // at least one
};

enum class AppendOutcome : uint8_t { kCommitted, kFenced, kUnknown };

// What Read gives back of one group.
struct LoggedGroup {
  uint64_t first_position = 0;  // of commands[0]
  uint64_t epoch = 0;           // it was written under
  std::vector<std::string> commands;
  uint64_t last_position() const { return first_position + commands.size() - 1; }
  friend bool operator==(const LoggedGroup&, const LoggedGroup&) = default;
};

struct DistrictEntry {
  std::string name;
  uint32_t district_number = 0;
  uint64_t epoch = 0;
  uint64_t trimmed_to = 0;     // positions up to and including this one are forgotten; 0: none
  uint64_t last_position = 0;  // >= trimmed_to
  friend bool operator==(const DistrictEntry&, const DistrictEntry&) = default;
};

class CommandLog {
 public:
  // Called once, with one outcome a group, in the order given.
  using AppendDone = absl::AnyInvocable<void(std::vector<AppendOutcome>) &&>;

  virtual ~CommandLog() = default;

  // Takes the district under a new epoch, higher than any before, durably; creates its entry on first use. After an
  // UNKNOWN it first opens the log again.
  // Errors: INVALID_ARGUMENT for a name that is empty or over kDistrictNameBytesMax; DATA_LOSS where the log is
  // damaged; RESOURCE_EXHAUSTED (disk full) or UNAVAILABLE (I/O) where it could not be made durable: then nobody owns
  // anything, as after UNKNOWN.
  virtual absl::StatusOr<Ownership> Own(std::string_view district) = 0;

  // Appends each group to its district's log, all with one fsync, and calls `done` when their fates are known:
  // perhaps on the calling thread before Append returns, perhaps on another. The groups are judged one by one, in
  // order: one that is FENCED takes none with it. Two groups of one district in one call follow each other: the
  // second expects the first's last position.
  // REQUIRES: every group has at least one command and at most kGroupBytesMax bytes of them (aborts otherwise).
  virtual void Append(std::vector<Group> groups, AppendDone done) = 0;

  // The commands from position `from` on, in order, as the groups they were written in; a group that began before
  // `from` without its earlier commands. Whole groups until the commands' bytes pass `bytes_max`, but at least one;
  // empty where `from` is the position after the last. Only what is COMMITTED, or was UNKNOWN and turned out to be
  // written. May be called by anyone at any time.
  // Errors: NOT_FOUND for a district number never given; OUT_OF_RANGE for positions that are trimmed or lie past the
  // end; DATA_LOSS where an entry is damaged or missing; UNAVAILABLE (I/O).
  virtual absl::StatusOr<std::vector<LoggedGroup>> Read(uint32_t district_number, uint64_t from, size_t bytes_max) = 0;

  // Forgets the groups that end at or before `up_to`; a group that ends after it stays whole. Durable when it
  // returns. Idempotent.
  // REQUIRES: a durable checkpoint holds their effects.
  // Errors: NOT_FOUND; OUT_OF_RANGE for `up_to` past the last position; RESOURCE_EXHAUSTED or UNAVAILABLE: it may or
  // may not have happened, and doing it again is right; the log must then be owned again as after UNKNOWN.
  virtual absl::Status Trim(uint32_t district_number, uint64_t up_to) = 0;

  // Every district that was ever owned, by number.
  virtual absl::StatusOr<std::vector<DistrictEntry>> Districts() = 0;

  // Reads everything: every entry decodes, its checksum holds, and positions are dense from trimmed_to + 1 to
  // last_position. DATA_LOSS names the district and position of the first damage.
  virtual absl::Status Verify() = 0;
};

struct CommandLogOptions {
  std::string directory;       // made where it does not exist (its parent must)
  std::shared_ptr<Disk> disk;  // null: the machine's
  // False: DATA_LOSS where the directory holds no log, instead of making one.
  bool create_if_missing = true;
};

// Opens the log that one process keeps for itself in a directory, on RocksDB, one fsync an Append.
//
// Recovery. A last entry that was torn by a crash was never acknowledged, and is dropped. Damage before it is
// DATA_LOSS, and so is damage *to* it: storage/record_file.h says how a torn entry is told from a damaged one, which
// RocksDB alone does not. What no reader of this directory can see is a file cut off exactly between two entries;
// storage/data_directory.h finds that where the view has applied the missing ones.
//
// Errors: FAILED_PRECONDITION where another process, or this one, has it open; DATA_LOSS where it is damaged (nothing
// is repaired or dropped); RESOURCE_EXHAUSTED; UNAVAILABLE (I/O).
absl::StatusOr<std::unique_ptr<CommandLog>> OpenLocalCommandLog(CommandLogOptions options);

}  // namespace leadlag
