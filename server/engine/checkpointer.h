// Keeps the log's tail short: brings the view to disk and trims the log, beside the writer, which it holds up only where commands come
// faster than that. Internal to server/engine.
//
// Thread safe. Starts a thread; Stop ends it.
#pragma once

#include <cstdint>
#include <functional>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "storage/data_directory.h"

namespace leadlag {

class Checkpointer {
 public:
  // Brings to the store what only memory has, and begins a checkpoint, with no command applied in between or meanwhile.
  using Begin = std::function<absl::StatusOr<DataDirectory::Pending>()>;
  // `records_max`: of the tail, with the commands that are no record. `broken` is told when the directory must be opened again before
  // another checkpoint can be made. `directory` outlives it.
  Checkpointer(DataDirectory* directory, uint64_t records_max, Begin begin, std::function<void(const absl::Status&)> broken)
      : directory_(directory), records_max_(records_max), begin_(std::move(begin)), broken_(std::move(broken)) {}
  ~Checkpointer() { Stop(); }

  void Start();
  void Stop();  // idempotent; what is under way is waited for

  // The log has become longer by so much.
  void Add(uint64_t bytes, uint64_t records);
  // Waits while the tail is as long as it may be; UNAVAILABLE where it stays so, because the view cannot be brought to disk.
  absl::Status Await();
  // Whether Await would return OK at once.
  bool Fits() const ABSL_LOCKS_EXCLUDED(mu_);
  absl::Status Last() const;  // how the last one ended

 private:
  void Run();
  bool IsDue() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  bool FitsNow() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  DataDirectory* const directory_;
  const uint64_t records_max_;
  const Begin begin_;
  const std::function<void(const absl::Status&)> broken_;
  mutable absl::Mutex mu_;
  // What the log holds past the last checkpoint.
  uint64_t bytes_ ABSL_GUARDED_BY(mu_) = 0;
  uint64_t records_ ABSL_GUARDED_BY(mu_) = 0;
  absl::Status last_ ABSL_GUARDED_BY(mu_);  // how the last one ended
  bool stopped_ ABSL_GUARDED_BY(mu_) = false;
  std::thread thread_;
};

}  // namespace leadlag
