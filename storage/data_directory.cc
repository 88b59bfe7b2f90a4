#include "storage/data_directory.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "storage/disk.h"
#include "storage/rocksdb_directory.h"

namespace leadlag {
namespace {

constexpr absl::string_view kFormatPrefix = "leadlag ";
constexpr size_t kFormatBytesMax = 32;

// Makes the directory and those above it.
absl::Status MakeDirectories(rocksdb::Env* env, const std::string& directory) {
  for (size_t slash = 1; slash != std::string::npos;) {
    slash = directory.find('/', slash);
    const std::string part = directory.substr(0, slash);
    if (slash != std::string::npos) ++slash;
    if (env->FileExists(part).ok()) continue;
    const rocksdb::Status made = env->CreateDirIfMissing(part);
    if (made.ok()) continue;
    if (made.IsNoSpace()) return ToStatus(made, absl::StrCat("making ", part));
    return absl::PermissionDeniedError(absl::StrCat("cannot make ", part, ": ", made.ToString()));
  }
  return absl::OkStatus();
}

// All or nothing, and durable.
absl::Status WriteFormat(rocksdb::Env* env, const std::string& directory) {
  const std::string path = directory + "/FORMAT";
  const std::string temporary = path + ".new";
  rocksdb::Status status = rocksdb::WriteStringToFile(env, absl::StrCat(kFormatPrefix, kFormatVersion, "\n"),
                                                      temporary, /*should_sync=*/true);
  if (status.ok()) status = env->RenameFile(temporary, path);
  std::unique_ptr<rocksdb::Directory> entry;
  if (status.ok()) status = env->NewDirectory(directory, &entry);
  if (status.ok()) status = entry->Fsync();
  return ToStatus(status, absl::StrCat("writing ", path));
}

absl::Status CheckFormat(const std::string& path, absl::string_view text) {
  int version = 0;
  absl::string_view digits = text;
  const bool good = text.size() <= kFormatBytesMax && absl::ConsumePrefix(&digits, kFormatPrefix) &&
                    absl::ConsumeSuffix(&digits, "\n") && absl::SimpleAtoi(digits, &version) && version >= 1 &&
                    digits == absl::StrCat(version);
  if (!good) {
    return absl::DataLossError(absl::StrCat(path, " is damaged: it should be one line, \"", kFormatPrefix,
                                            kFormatVersion, "\""));
  }
  if (version > kFormatVersion) {
    return absl::FailedPreconditionError(absl::StrCat(path, " says version ", version, "; this program reads up to ",
                                                      kFormatVersion, ". Run the newer leadlagd that wrote it"));
  }
  if (version < kFormatVersion) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, " says version ", version, ", from before the first release; this program reads ", kFormatVersion,
                     ". Export with the leadlagd that wrote it, or begin anew elsewhere"));
  }
  return absl::OkStatus();
}

// The largest position up to which a district's log must reach, and the smallest at which it may begin.
absl::Status CheckPositions(const DistrictEntry& log, uint64_t applied, absl::string_view directory) {
  if (log.last_position < applied) {
    return absl::DataLossError(absl::StrCat(
        directory, ": the command log of district \"", log.name, "\" (", log.district_number, ") ends at position ",
        log.last_position, ", but the view has applied position ", applied,
        ": acknowledged commands are lost. Restore a backup, or the log's own files (docs/OPERATIONS.md)"));
  }
  if (log.trimmed_to > applied) {
    return absl::DataLossError(absl::StrCat(
        directory, ": the command log of district \"", log.name, "\" (", log.district_number,
        ") begins after position ", log.trimmed_to, ", but the view has applied only position ", applied,
        ": the view lost a checkpoint. Restore a backup, or the view's own files (docs/OPERATIONS.md)"));
  }
  return absl::OkStatus();
}

}  // namespace

struct DataDirectory::Rep {
  std::string directory;
  std::shared_ptr<Disk> disk;
  rocksdb::FileLock* lock = nullptr;  // held while not null
  std::unique_ptr<CommandLog> log;
  std::unique_ptr<Store> store;

  ~Rep() {
    store.reset();
    log.reset();
    if (lock != nullptr) env()->UnlockFile(lock).PermitUncheckedError();
  }

  rocksdb::Env* env() const { return disk->env(); }
  std::string LogDirectory() const { return directory + "/log"; }
  std::string ViewDirectory() const { return directory + "/view"; }

  uint64_t BytesOf(const std::string& of) const;

  absl::Status Lock();
  absl::Status CheckOrWriteFormat();
  absl::Status OpenBoth(const DataDirectoryOptions& options);
  // The open rule. True as well while both are in use.
  absl::Status CheckRule();
};

absl::Status DataDirectory::Rep::Lock() {
  const rocksdb::Status status = env()->LockFile(directory + "/LOCK", &lock);
  if (status.ok()) return absl::OkStatus();
  lock = nullptr;
  return absl::FailedPreconditionError(
      absl::StrCat("another leadlagd uses ", directory, ", or it cannot be locked: ", status.ToString()));
}

absl::Status DataDirectory::Rep::CheckOrWriteFormat() {
  const std::string path = directory + "/FORMAT";
  const rocksdb::Status exists = env()->FileExists(path);
  if (exists.IsNotFound()) {
    if (env()->FileExists(LogDirectory()).ok() || env()->FileExists(ViewDirectory()).ok()) {
      return absl::DataLossError(absl::StrCat(path, " is missing beside data: its version is unknown"));
    }
    return WriteFormat(env(), directory);
  }
  if (!exists.ok()) return ToStatus(exists, absl::StrCat("looking at ", path));
  std::string text;
  const rocksdb::Status read = rocksdb::ReadFileToString(env(), path, &text);
  if (!read.ok()) return ToStatus(read, absl::StrCat("reading ", path));
  return CheckFormat(path, text);
}

absl::Status DataDirectory::Rep::OpenBoth(const DataDirectoryOptions& options) {
  // The log is made first: a view without one has lost it, whatever it has applied.
  const absl::StatusOr<bool> view_exists = HoldsDatabase(env(), ViewDirectory());
  if (!view_exists.ok()) return view_exists.status();
  absl::StatusOr<std::unique_ptr<CommandLog>> opened_log =
      OpenLocalCommandLog({.directory = LogDirectory(), .disk = disk, .create_if_missing = !*view_exists});
  if (!opened_log.ok()) return opened_log.status();
  log = *std::move(opened_log);
  absl::StatusOr<std::unique_ptr<Store>> opened_store = Store::Open({.directory = ViewDirectory(),
                                                                     .disk = disk,
                                                                     .block_cache_bytes = options.block_cache_bytes});
  if (!opened_store.ok()) return opened_store.status();
  store = *std::move(opened_store);
  return absl::OkStatus();
}

absl::Status DataDirectory::Rep::CheckRule() {
  // Everything moves up. What must not exceed another is read first: trim points, applied positions, last positions.
  absl::StatusOr<std::vector<DistrictEntry>> before = log->Districts();
  if (!before.ok()) return before.status();
  std::vector<std::pair<uint32_t, uint64_t>> applied;  // district, position
  {
    const Snapshot snapshot = store->TakeSnapshot();
    absl::StatusOr<std::vector<uint32_t>> districts = store->Districts(&snapshot);
    if (!districts.ok()) return districts.status();
    for (const DistrictEntry& entry : *before) districts->push_back(entry.district_number);
    std::sort(districts->begin(), districts->end());
    districts->erase(std::unique(districts->begin(), districts->end()), districts->end());
    for (const uint32_t district : *districts) {
      const absl::StatusOr<uint64_t> position = store->AppliedPosition(district, &snapshot);
      if (!position.ok()) return position.status();
      applied.emplace_back(district, *position);
    }
  }
  absl::StatusOr<std::vector<DistrictEntry>> after = log->Districts();
  if (!after.ok()) return after.status();
  for (const auto& [district, position] : applied) {
    if (district > after->size()) {
      return absl::DataLossError(absl::StrCat(directory, ": the view holds district ", district,
                                              ", which the command log does not know: the log lost it"));
    }
    DistrictEntry entry = (*after)[district - 1];
    entry.trimmed_to = district <= before->size() ? (*before)[district - 1].trimmed_to : 0;
    if (absl::Status status = CheckPositions(entry, position, directory); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<DataDirectory>> DataDirectory::Open(DataDirectoryOptions options) {
  auto rep = std::make_unique<Rep>();
  rep->directory = options.directory;
  rep->disk = options.disk != nullptr ? options.disk : Disk::Machine();
  if (absl::Status status = MakeDirectories(rep->env(), rep->directory); !status.ok()) return status;
  if (absl::Status status = rep->Lock(); !status.ok()) return status;
  if (absl::Status status = rep->CheckOrWriteFormat(); !status.ok()) return status;
  if (absl::Status status = rep->OpenBoth(options); !status.ok()) return status;
  if (absl::Status status = rep->CheckRule(); !status.ok()) return status;
  return std::unique_ptr<DataDirectory>(new DataDirectory(std::move(rep)));
}

DataDirectory::DataDirectory(std::unique_ptr<Rep> rep) : rep_(std::move(rep)) {}
DataDirectory::~DataDirectory() = default;

CommandLog& DataDirectory::log() { return *rep_->log; }
Store& DataDirectory::store() { return *rep_->store; }

absl::StatusOr<DataDirectory::Pending> DataDirectory::BeginCheckpoint() {
  // Sealed last: where reading fails, no layer is left behind.
  std::vector<std::pair<uint32_t, uint64_t>> positions;
  const absl::StatusOr<std::vector<uint32_t>> districts = rep_->store->Districts();
  if (!districts.ok()) return districts.status();
  for (const uint32_t district : *districts) {
    const absl::StatusOr<uint64_t> applied = rep_->store->AppliedPosition(district);
    if (!applied.ok()) return applied.status();
    if (*applied > 0) positions.emplace_back(district, *applied);
  }
  return Pending{rep_->store->Seal(), std::move(positions)};
}

absl::Status DataDirectory::FinishCheckpoint(const Pending& pending) {
  if (absl::Status status = rep_->store->Checkpoint(pending.view); !status.ok()) return status;
  for (const auto& [district, position] : pending.applied) {
    if (absl::Status status = rep_->log->Trim(district, position); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status DataDirectory::CheckpointAndTrim() {
  const absl::StatusOr<Pending> pending = BeginCheckpoint();
  return pending.ok() ? FinishCheckpoint(*pending) : pending.status();
}

uint64_t DataDirectory::Rep::BytesOf(const std::string& of) const {
  uint64_t bytes = 0;
  std::vector<std::string> files;
  env()->GetChildren(of, &files).PermitUncheckedError();
  for (const std::string& file : files) {
    uint64_t size = 0;
    if (env()->GetFileSize(of + "/" + file, &size).ok()) bytes += size;
  }
  return bytes;
}

uint64_t DataDirectory::LogBytes() const { return rep_->BytesOf(rep_->LogDirectory()); }
uint64_t DataDirectory::BytesOnDisk() const { return LogBytes() + rep_->BytesOf(rep_->ViewDirectory()); }

absl::Status DataDirectory::Verify() {
  if (absl::Status status = rep_->log->Verify(); !status.ok()) return status;
  if (absl::Status status = rep_->store->VerifyChecksums(); !status.ok()) return status;
  return rep_->CheckRule();
}

}  // namespace leadlag
