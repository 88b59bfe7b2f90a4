// The machine's files, with deletions of tables that can be held back. Internal to storage.
//
// Why. When taking a table in fails at its last step, the record that it belongs to the database may have reached the disk all the same;
// RocksDB deletes the table then, and cannot be opened any more. Held back, the table stays, and the next open finds it, or removes it
// where the record did not get that far.
//
// Thread safe.
#pragma once

#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "rocksdb/env.h"

namespace leadlag {

class HeldDeletions : public rocksdb::EnvWrapper {
 public:
  explicit HeldDeletions(rocksdb::Env* env) : EnvWrapper(env) {}

  void Hold() {
    absl::MutexLock lock(&mu_);
    holding_ = true;
  }
  // Deletes what was to be deleted meanwhile.
  void Release() {
    std::vector<std::string> held;
    {
      absl::MutexLock lock(&mu_);
      holding_ = false;
      held.swap(held_);
    }
    for (const std::string& file : held) target()->DeleteFile(file).PermitUncheckedError();
  }

  rocksdb::Status DeleteFile(const std::string& file) override {
    {
      absl::MutexLock lock(&mu_);
      if (holding_ && file.ends_with(".sst")) {
        held_.push_back(file);
        return rocksdb::Status::OK();
      }
    }
    return target()->DeleteFile(file);
  }

 private:
  absl::Mutex mu_;
  bool holding_ ABSL_GUARDED_BY(mu_) = false;
  std::vector<std::string> held_ ABSL_GUARDED_BY(mu_);
};

}  // namespace leadlag
