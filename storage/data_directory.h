// A data directory: the command log, the view of it, and the rule that each vouches for the other.
//
//   DIR/FORMAT   "leadlag 2\n": the version of everything below
//   DIR/LOCK     held while a process has the directory open
//   DIR/log/     the command log (storage/command_log.h)
//   DIR/view/    the view (storage/store.h)
//
// The open rule. For every district:
//   log's trimmed_to <= view's applied_position <= log's last_position
// A log that ends before the view's applied position has lost acknowledged groups; a log that begins after it lacks
// what the view lacks. Both are DATA_LOSS, naming the district and the positions. A view that is behind, or gone,
// with the log whole is nothing but work: the server applies (applied_position, last_position] again.
//
// Thread safe. Owns both; destroy the users of log() and store() first.
//
//   auto directory = DataDirectory::Open({.directory = "/var/lib/leadlag"});
//   CommandLog& log = (*directory)->log();
//   Store& store = (*directory)->store();
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/command_log.h"
#include "storage/store.h"

namespace leadlag {

// The version this code writes, and the newest it reads.
inline constexpr int kFormatVersion = 2;  // 1 was before the first release

struct DataDirectoryOptions {
  std::string directory;       // made where it does not exist, with its parents
  std::shared_ptr<Disk> disk;  // null: the machine's
  size_t block_cache_bytes = 128 << 20;  // StoreOptions
};

class DataDirectory {
 public:
  // Errors: FAILED_PRECONDITION where another process has it open, or a newer version wrote it (the message names
  // both versions); DATA_LOSS where FORMAT is damaged or missing beside data, log or view is damaged, or the open
  // rule fails; RESOURCE_EXHAUSTED; UNAVAILABLE (I/O), PERMISSION_DENIED.
  static absl::StatusOr<std::unique_ptr<DataDirectory>> Open(DataDirectoryOptions options);

  ~DataDirectory();
  DataDirectory(const DataDirectory&) = delete;
  DataDirectory& operator=(const DataDirectory&) = delete;

  CommandLog& log();
  Store& store();

  // The view as it is now, and how far each district's log may be trimmed once that is durable. Copyable.
  struct Pending {
    Sealed view;
    std::vector<std::pair<uint32_t, uint64_t>> applied;  // district, position
  };
  // REQUIRES: no commit meanwhile. Errors as of reading the view.
  absl::StatusOr<Pending> BeginCheckpoint();
  // Makes that view durable, then trims every district's log to what it holds. Safe beside appends and commits. Errors
  // as Store::Checkpoint and CommandLog::Trim: whatever happened, log and view still vouch for each other, and it may be
  // tried again.
  absl::Status FinishCheckpoint(const Pending& pending);
  absl::Status CheckpointAndTrim();  // both

  // Bytes of the log's files, trimmed or not, and of all its files, as far as they can be looked at; files come and go meanwhile.
  uint64_t LogBytes() const;
  uint64_t BytesOnDisk() const;

  // Everything that can be checked by reading: log and view against their checksums, and the open rule.
  absl::Status Verify();

 private:
  struct Rep;
  explicit DataDirectory(std::unique_ptr<Rep> rep);
  std::unique_ptr<Rep> rep_;
};

}  // namespace leadlag
