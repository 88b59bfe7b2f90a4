// leadlagd as a real process on a data directory and a free port of the loopback.
//
//   auto server = ServerProcess::Start(directory);            // returns when it listens
//   Stubs stubs((*server)->target());
//   (*server)->Kill();
//
// See child_process.h for what becomes of it when a test ends early. Not thread safe.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tests/support/child_process.h"

namespace leadlag {

class ServerProcess {
 public:
  // Where the two programs were built.
  static std::string Leadlagd();
  static std::string Leadlag();

  // Starts it without waiting for anything.
  static absl::StatusOr<std::unique_ptr<ServerProcess>> Launch(const std::string& data_directory,
                                                               std::vector<std::string> flags = {});
  // Starts it and waits until it listens. An error with what it wrote where it ends instead.
  static absl::StatusOr<std::unique_ptr<ServerProcess>> Start(const std::string& data_directory,
                                                              std::vector<std::string> flags = {});

  // Waits for the line that says where it listens; false where it ended, or said nothing in time.
  bool WaitUntilListening(std::chrono::milliseconds timeout = std::chrono::seconds(60));
  // "127.0.0.1:40123"; empty before it listens.
  const std::string& target() const { return target_; }

  ChildProcess& process() { return *process_; }
  // SIGKILL, and waits for its end.
  void Kill();
  // SIGTERM, and waits; its exit code, none (and it is killed) where it has not ended in time.
  std::optional<int> Terminate(std::chrono::milliseconds timeout = std::chrono::seconds(60));
  std::string Log() const { return process_->Errors(); }

 private:
  explicit ServerProcess(std::unique_ptr<ChildProcess> process) : process_(std::move(process)) {}

  std::unique_ptr<ChildProcess> process_;
  std::string target_;
};

// A directory of the test's own, removed with all that is in it.
class ScratchDirectory {
 public:
  explicit ScratchDirectory(const std::string& name);
  ~ScratchDirectory();
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;

  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace leadlag
