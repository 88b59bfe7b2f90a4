// Appends to the command log, and waits for it; or lets a thread of its own do so while the caller does something else. One append at a
// time. Internal to server/engine.
//
// For one caller's thread. `log` is borrowed.
#pragma once

#include <optional>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "storage/command_log.h"

namespace leadlag {

class LogAppender {
 public:
  explicit LogAppender(CommandLog* log) : log_(log), thread_([this] { Run(); }) {}
  // REQUIRES: what was started has been waited for.
  ~LogAppender();
  LogAppender(const LogAppender&) = delete;
  LogAppender& operator=(const LogAppender&) = delete;

  // On the calling thread: nothing changes hands where nothing else is to be done.
  std::vector<AppendOutcome> Append(std::vector<Group> groups);

  void Start(std::vector<Group> groups);
  // The outcomes of what was started.
  std::vector<AppendOutcome> Wait();

 private:
  void Run();

  CommandLog* const log_;
  absl::Mutex mu_;
  std::optional<std::vector<Group>> started_ ABSL_GUARDED_BY(mu_);
  std::optional<std::vector<AppendOutcome>> outcomes_ ABSL_GUARDED_BY(mu_);
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  std::thread thread_;
};

}  // namespace leadlag
