#include "storage/disk.h"

#include <cstdint>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "core/check.h"
#include "rocksdb/env.h"

namespace leadlag {

// RocksDB's file system in memory, with a switch, and the knowledge of what was synced.
class Disk::MemoryEnv final : public rocksdb::EnvWrapper {
 public:
  MemoryEnv() : MemoryEnv(std::unique_ptr<rocksdb::Env>(rocksdb::NewMemEnv(rocksdb::Env::Default()))) {}

  void FailWrites(bool fail) {
    absl::MutexLock lock(&mutex_);
    failing_ = fail;
  }

  void FailOneSync(const std::string& name, int skip) {
    absl::MutexLock lock(&mutex_);
    failing_sync_of_ = name;
    syncs_skipped_ = skip;
  }

  void Fill(const Contents& contents) {
    absl::MutexLock lock(&mutex_);
    for (const auto& [path, bytes] : contents) {
      LEADLAG_CHECK(rocksdb::WriteStringToFile(memory_.get(), bytes, path, /*should_sync=*/true).ok());
      synced_bytes_[path] = bytes.size();
    }
  }

  Contents ReadAll() {
    absl::MutexLock lock(&mutex_);
    Contents contents;
    for (const auto& [path, synced_bytes] : synced_bytes_) {
      std::string bytes;
      if (!rocksdb::ReadFileToString(memory_.get(), path, &bytes).ok()) continue;  // deleted since
      contents.emplace(path, std::move(bytes));
    }
    return contents;
  }

  void LosePower() {
    absl::MutexLock lock(&mutex_);
    failing_ = false;
    for (const auto& [path, synced_bytes] : synced_bytes_) {
      std::string bytes;
      if (!rocksdb::ReadFileToString(memory_.get(), path, &bytes).ok()) continue;  // deleted since
      if (bytes.size() <= synced_bytes) continue;
      bytes.resize(synced_bytes);
      LEADLAG_CHECK(rocksdb::WriteStringToFile(memory_.get(), bytes, path, /*should_sync=*/true).ok());
    }
  }

  rocksdb::Status NewWritableFile(const std::string& path, std::unique_ptr<rocksdb::WritableFile>* file,
                                  const rocksdb::EnvOptions& options) override {
    if (rocksdb::Status status = Writable(); !status.ok()) return status;
    std::unique_ptr<rocksdb::WritableFile> target;
    if (rocksdb::Status status = memory_->NewWritableFile(path, &target, options); !status.ok()) return status;
    Synced(path, 0);
    *file = std::make_unique<File>(this, path, std::move(target));
    return rocksdb::Status::OK();
  }

  rocksdb::Status RenameFile(const std::string& from, const std::string& to) override {
    if (rocksdb::Status status = Writable(); !status.ok()) return status;
    if (rocksdb::Status status = memory_->RenameFile(from, to); !status.ok()) return status;
    absl::MutexLock lock(&mutex_);
    if (const auto it = synced_bytes_.find(from); it != synced_bytes_.end()) {
      synced_bytes_[to] = it->second;
      synced_bytes_.erase(it);
    }
    return rocksdb::Status::OK();
  }

  rocksdb::Status LinkFile(const std::string& from, const std::string& to) override {
    if (rocksdb::Status status = Writable(); !status.ok()) return status;
    if (rocksdb::Status status = memory_->LinkFile(from, to); !status.ok()) return status;
    absl::MutexLock lock(&mutex_);
    synced_bytes_[to] = synced_bytes_[from];
    return rocksdb::Status::OK();
  }

  rocksdb::Status DeleteFile(const std::string& path) override {
    if (rocksdb::Status status = Writable(); !status.ok()) return status;
    return memory_->DeleteFile(path);
  }

  rocksdb::Status Writable() {
    absl::MutexLock lock(&mutex_);
    return failing_ ? rocksdb::Status::IOError("the disk fails, as the test asked") : rocksdb::Status::OK();
  }

  rocksdb::Status Syncable(const std::string& path) {
    absl::MutexLock lock(&mutex_);
    if (failing_sync_of_.empty() || path.find(failing_sync_of_) == std::string::npos || syncs_skipped_-- > 0) {
      return failing_ ? rocksdb::Status::IOError("the disk fails, as the test asked") : rocksdb::Status::OK();
    }
    failing_sync_of_.clear();
    return rocksdb::Status::IOError("one sync fails, as the test asked");
  }

  void Synced(const std::string& path, uint64_t bytes) {
    absl::MutexLock lock(&mutex_);
    synced_bytes_[path] = bytes;
  }

 private:
  class File final : public rocksdb::WritableFileWrapper {
   public:
    File(MemoryEnv* env, std::string path, std::unique_ptr<rocksdb::WritableFile> target)
        : WritableFileWrapper(target.get()), env_(env), path_(std::move(path)), target_(std::move(target)) {}

    rocksdb::Status Append(const rocksdb::Slice& bytes) override {
      if (rocksdb::Status status = env_->Writable(); !status.ok()) return status;
      return target_->Append(bytes);
    }
    rocksdb::Status Append(const rocksdb::Slice& bytes, const rocksdb::DataVerificationInfo&) override {
      return Append(bytes);
    }
    rocksdb::Status Sync() override {
      if (rocksdb::Status status = env_->Syncable(path_); !status.ok()) return status;
      if (rocksdb::Status status = target_->Sync(); !status.ok()) return status;
      env_->Synced(path_, target_->GetFileSize());
      return rocksdb::Status::OK();
    }
    rocksdb::Status Fsync() override { return Sync(); }

   private:
    MemoryEnv* const env_;
    const std::string path_;
    const std::unique_ptr<rocksdb::WritableFile> target_;
  };

  explicit MemoryEnv(std::unique_ptr<rocksdb::Env> memory) : EnvWrapper(memory.get()), memory_(std::move(memory)) {}

  const std::unique_ptr<rocksdb::Env> memory_;
  absl::Mutex mutex_;
  bool failing_ ABSL_GUARDED_BY(mutex_) = false;
  std::string failing_sync_of_ ABSL_GUARDED_BY(mutex_);  // empty: of none
  int syncs_skipped_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<std::string, uint64_t> synced_bytes_ ABSL_GUARDED_BY(mutex_);  // by path
};

std::shared_ptr<Disk> Disk::Machine() {
  static const auto& machine = *new std::shared_ptr<Disk>(new Disk(nullptr));
  return machine;
}

std::shared_ptr<Disk> Disk::InMemory() { return std::shared_ptr<Disk>(new Disk(std::make_unique<MemoryEnv>())); }

std::shared_ptr<Disk> Disk::InMemory(const Contents& contents) {
  std::shared_ptr<Disk> disk = InMemory();
  disk->memory_->Fill(contents);
  return disk;
}

Disk::Contents Disk::ReadAll() const {
  LEADLAG_CHECK(memory_ != nullptr);
  return memory_->ReadAll();
}

Disk::Disk(std::unique_ptr<MemoryEnv> memory) : memory_(std::move(memory)) {}

Disk::~Disk() = default;

void Disk::FailWrites(bool fail) {
  LEADLAG_CHECK(memory_ != nullptr);
  memory_->FailWrites(fail);
}

void Disk::FailOneSync(const std::string& name, int skip) {
  LEADLAG_CHECK(memory_ != nullptr);
  memory_->FailOneSync(name, skip);
}

void Disk::LosePower() {
  LEADLAG_CHECK(memory_ != nullptr);
  memory_->LosePower();
}

rocksdb::Env* Disk::env() const { return memory_ != nullptr ? memory_.get() : rocksdb::Env::Default(); }

}  // namespace leadlag
