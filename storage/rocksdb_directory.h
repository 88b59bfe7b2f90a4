// What the command log and the view share in dealing with RocksDB: its statuses in our codes, and the opening of a
// directory that holds one database. Internal to storage/: the one header that includes RocksDB.
//
// Thread safe.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "rocksdb/db.h"
#include "rocksdb/env.h"
#include "rocksdb/options.h"
#include "rocksdb/status.h"

namespace leadlag {

inline rocksdb::Slice ToSlice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }
inline std::string_view ToView(const rocksdb::Slice& bytes) { return {bytes.data(), bytes.size()}; }

// One meaning a code; `what` was being done ("reading the view").
//   damaged, or a file is gone              DATA_LOSS
//   the disk is full                        RESOURCE_EXHAUSTED
//   any other I/O error, a busy database    UNAVAILABLE
//   a feature this RocksDB lacks            FAILED_PRECONDITION: a newer one wrote the directory
//   anything else                           INTERNAL
absl::Status ToStatus(const rocksdb::Status& status, std::string_view what);

// Whether the directory holds a database. DATA_LOSS where it holds only parts of one.
absl::StatusOr<bool> HoldsDatabase(rocksdb::Env* env, const std::string& directory);

// Opens, or makes, the database in `directory`, which `name` calls "the command log" or "the view". Before RocksDB
// may read and change anything, checks that nobody else has it open and that its record files are not damaged
// (storage/record_file.h). Errors as Store::Open.
absl::StatusOr<std::unique_ptr<rocksdb::DB>> OpenDatabase(rocksdb::Options options, const std::string& directory,
                                                          bool create_if_missing, std::string_view name);

// What both databases have in common.
rocksdb::Options BaseOptions(rocksdb::Env* env);

// For reading much that will not be read again soon: it is read ahead, and pushes nothing out of the cache.
rocksdb::ReadOptions ReadingOnce();

}  // namespace leadlag
