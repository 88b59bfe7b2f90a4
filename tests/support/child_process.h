// Programs as child processes: started, fed, waited for and ended by their pid, never by a name.
//
// Nothing is left behind: the destructor kills and reaps, and the kernel kills the child when the thread that started
// it ends, so that a test which crashes or is itself killed leaves no process. Start therefore from a thread that
// outlives the child. Nothing here sleeps: waits are on the child's output or on its end. Variables LEADLAG_* of the
// test's own environment are not handed on.
//
// Not thread safe, except Signal.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace leadlag {

struct ProgramCall {
  std::string program;  // its path
  std::vector<std::string> arguments;
  std::vector<std::string> environment;  // "NAME=value", besides the test's own
  std::string input;                     // standard input
  bool follow_output = false;            // standard output is a pipe, to be read by ReadLine; else kept whole
};

class ChildProcess {
 public:
  static absl::StatusOr<std::unique_ptr<ChildProcess>> Start(const ProgramCall& call);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  pid_t pid() const { return pid_; }

  // The next line of standard output, without its end. None when the output ended or nothing came within `timeout`.
  // REQUIRES: follow_output.
  std::optional<std::string> ReadLine(std::chrono::milliseconds timeout);

  // Nothing once it has been waited for.
  void Signal(int signal) const;
  // Its exit code, or 128 + the signal that ended it; none while it still runs after `timeout`.
  std::optional<int> WaitFor(std::chrono::milliseconds timeout);

  // What it wrote up to now.
  std::string Output() const;  // REQUIRES: not follow_output
  std::string Errors() const;

 private:
  ChildProcess() = default;

  pid_t pid_ = -1;
  int pid_fd_ = -1;
  int out_fd_ = -1;
  int err_fd_ = -1;
  bool follow_output_ = false;
  std::string unread_;
  std::optional<int> exit_code_;
};

struct ProgramResult {
  int exit_code = -1;  // -1: it did not end in time and was killed
  std::string out;
  std::string err;
};

// Runs a program to its end. An error where it cannot be started.
absl::StatusOr<ProgramResult> RunProgram(const ProgramCall& call, std::chrono::milliseconds timeout);

}  // namespace leadlag
