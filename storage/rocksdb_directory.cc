#include "storage/rocksdb_directory.h"

#include <algorithm>
#include <cstdarg>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "rocksdb/convenience.h"
#include "rocksdb/env.h"
#include "rocksdb/file_checksum.h"
#include "storage/record_file.h"

namespace leadlag {
namespace {

absl::string_view Abseil(std::string_view text) { return {text.data(), text.size()}; }

bool IsRecordFile(const std::string& file) {
  return absl::EndsWith(file, ".log") || absl::StartsWith(file, "MANIFEST-");
}

absl::StatusOr<std::vector<std::string>> FilesOf(rocksdb::Env* env, const std::string& directory) {
  std::vector<std::string> files;
  const rocksdb::Status status = env->GetChildren(directory, &files);
  if (!status.ok()) return ToStatus(status, absl::StrCat("listing ", directory));
  std::sort(files.begin(), files.end());
  return files;
}

// FAILED_PRECONDITION where someone holds the database's lock. RocksDB takes it again, for good, when it opens.
absl::Status CheckNotOpen(rocksdb::Env* env, const std::string& directory) {
  rocksdb::FileLock* lock = nullptr;
  const rocksdb::Status status = env->LockFile(directory + "/LOCK", &lock);
  if (!status.ok()) {
    return absl::FailedPreconditionError(
        absl::StrCat("another leadlagd uses ", directory, ", or it cannot be locked: ", status.ToString()));
  }
  return ToStatus(env->UnlockFile(lock), absl::StrCat("unlocking ", directory));
}

absl::Status CheckRecordFiles(rocksdb::Env* env, const std::string& directory) {
  absl::StatusOr<std::vector<std::string>> files = FilesOf(env, directory);
  if (!files.ok()) return files.status();
  std::vector<std::pair<std::string, size_t>> unfilled;  // path, bytes that count
  for (const std::string& file : *files) {
    if (!IsRecordFile(file)) continue;
    const std::string path = absl::StrCat(directory, "/", file);
    std::string bytes;
    const rocksdb::Status status = rocksdb::ReadFileToString(env, path, &bytes);
    if (!status.ok()) return ToStatus(status, absl::StrCat("reading ", path));
    const absl::StatusOr<size_t> counting = CheckRecordFile(bytes, path);
    if (!counting.ok()) return counting.status();
    if (*counting < bytes.size()) unfilled.emplace_back(path, *counting);
  }
  // Only now that none is damaged is anything changed.
  for (const auto& [path, counting] : unfilled) {
    const rocksdb::Status cut = env->Truncate(path, counting);
    if (!cut.ok()) return ToStatus(cut, absl::StrCat("cutting off the unfilled end of ", path));
  }
  return absl::OkStatus();
}

// RocksDB's diary lies beside its data, and a debugging build of it, such as Debian's, aborts when the disk is too full for a line.
// What matters comes as a status too.
class NoLogger final : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char*, va_list) override {}
};

absl::Status WithAdvice(absl::Status status, std::string_view name) {
  if (status.code() != absl::StatusCode::kDataLoss) return status;
  return absl::DataLossError(absl::StrCat(Abseil(name), " is damaged and was left as it is: ", status.message(),
                                          ". Check the disk and restore a backup (docs/OPERATIONS.md)"));
}

absl::StatusOr<std::unique_ptr<rocksdb::DB>> OpenChecked(rocksdb::Options options, const std::string& directory,
                                                         bool create_if_missing, std::string_view name) {
  const absl::StatusOr<bool> exists = HoldsDatabase(options.env, directory);
  if (!exists.ok()) return exists.status();
  if (!*exists && !create_if_missing) return absl::DataLossError(absl::StrCat(directory, " holds nothing"));
  const rocksdb::Status made = options.env->CreateDirIfMissing(directory);
  if (!made.ok()) return ToStatus(made, absl::StrCat("making ", directory));
  if (absl::Status status = CheckNotOpen(options.env, directory); !status.ok()) return status;
  if (absl::Status status = CheckRecordFiles(options.env, directory); !status.ok()) return status;
  options.create_if_missing = !*exists;
  rocksdb::DB* db = nullptr;
  const rocksdb::Status opened = rocksdb::DB::Open(options, directory, &db);
  if (!opened.ok()) return ToStatus(opened, absl::StrCat("opening ", Abseil(name), " in ", directory));
  return std::unique_ptr<rocksdb::DB>(db);
}

rocksdb::CompressionType FirstSupported(std::initializer_list<rocksdb::CompressionType> wanted) {
  const std::vector<rocksdb::CompressionType> supported = rocksdb::GetSupportedCompressions();
  for (const rocksdb::CompressionType type : wanted) {
    if (std::find(supported.begin(), supported.end(), type) != supported.end()) return type;
  }
  return rocksdb::kNoCompression;
}

}  // namespace

absl::Status ToStatus(const rocksdb::Status& status, std::string_view what) {
  if (status.ok()) return absl::OkStatus();
  const std::string message = absl::StrCat(Abseil(what), ": ", status.ToString());
  if (status.IsCorruption() || status.IsPathNotFound() || status.IsNotFound()) return absl::DataLossError(message);
  if (status.IsNoSpace()) return absl::ResourceExhaustedError(absl::StrCat(message, " (the disk is full)"));
  if (status.IsNotSupported()) {
    return absl::FailedPreconditionError(absl::StrCat(message, " (written by a newer version?)"));
  }
  if (status.IsIOError() || status.IsBusy() || status.IsTryAgain() || status.IsTimedOut() || status.IsAborted() ||
      status.IsShutdownInProgress()) {
    return absl::UnavailableError(message);
  }
  return absl::InternalError(message);
}

absl::StatusOr<bool> HoldsDatabase(rocksdb::Env* env, const std::string& directory) {
  const rocksdb::Status exists = env->FileExists(directory);
  if (exists.IsNotFound()) return false;
  if (!exists.ok()) return ToStatus(exists, absl::StrCat("looking at ", directory));
  absl::StatusOr<std::vector<std::string>> files = FilesOf(env, directory);
  if (!files.ok()) return files.status();
  if (std::find(files->begin(), files->end(), "CURRENT") != files->end()) return true;
  // RocksDB writes CURRENT before it makes the first of these: without it they are what is left of a database.
  for (const std::string& file : *files) {
    if (absl::EndsWith(file, ".sst") || absl::EndsWith(file, ".log")) {
      return absl::DataLossError(absl::StrCat(directory, "/CURRENT is missing beside ", file));
    }
  }
  return false;
}

absl::StatusOr<std::unique_ptr<rocksdb::DB>> OpenDatabase(rocksdb::Options options, const std::string& directory,
                                                          bool create_if_missing, std::string_view name) {
  absl::StatusOr<std::unique_ptr<rocksdb::DB>> db =
      OpenChecked(std::move(options), directory, create_if_missing, name);
  if (!db.ok()) return WithAdvice(db.status(), name);
  return db;
}

rocksdb::Options BaseOptions(rocksdb::Env* env) {
  rocksdb::Options options;
  options.env = env;
  options.info_log = std::make_shared<NoLogger>();
  options.paranoid_checks = true;
  // The checksum of each table file is kept in the MANIFEST, so that VerifyFileChecksums finds also what no block's
  // own covers.
  options.file_checksum_gen_factory = rocksdb::GetFileChecksumGenCrc32cFactory();
  options.compression = FirstSupported({rocksdb::kLZ4Compression, rocksdb::kSnappyCompression});
  options.bottommost_compression = FirstSupported({rocksdb::kZSTD, rocksdb::kLZ4Compression});
  options.level_compaction_dynamic_level_bytes = true;
  options.bytes_per_sync = 1 << 20;
  options.max_background_jobs = 2;
  options.max_log_file_size = 4 << 20;
  options.keep_log_file_num = 4;
  options.stats_dump_period_sec = 0;  // server/ has its own metrics
  options.stats_persist_period_sec = 0;
  return options;
}

rocksdb::ReadOptions ReadingOnce() {
  rocksdb::ReadOptions options;
  options.fill_cache = false;
  options.readahead_size = 2 << 20;
  return options;
}

}  // namespace leadlag
