#include "tests/support/server_process.h"

#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <utility>

#include "absl/status/status.h"
#include "core/clock.h"
#include "gtest/gtest.h"

namespace leadlag {

std::string ServerProcess::Leadlagd() { return LEADLAG_LEADLAGD; }
std::string ServerProcess::Leadlag() { return LEADLAG_LEADLAG; }

absl::StatusOr<std::unique_ptr<ServerProcess>> ServerProcess::Launch(const std::string& data_directory,
                                                                     std::vector<std::string> flags) {
  ProgramCall call;
  call.program = Leadlagd();
  call.arguments = {"--data_dir=" + data_directory, "--listen=127.0.0.1:0"};
  call.arguments.insert(call.arguments.end(), flags.begin(), flags.end());
  call.follow_output = true;
  absl::StatusOr<std::unique_ptr<ChildProcess>> process = ChildProcess::Start(call);
  if (!process.ok()) return process.status();
  return std::unique_ptr<ServerProcess>(new ServerProcess(*std::move(process)));
}

absl::StatusOr<std::unique_ptr<ServerProcess>> ServerProcess::Start(const std::string& data_directory,
                                                                    std::vector<std::string> flags) {
  absl::StatusOr<std::unique_ptr<ServerProcess>> server = Launch(data_directory, std::move(flags));
  if (!server.ok() || (*server)->WaitUntilListening()) return server;
  const std::optional<int> code = (*server)->process_->WaitFor(std::chrono::seconds(10));
  return absl::UnavailableError("leadlagd did not listen; " +
                                (code ? "exit code " + std::to_string(*code) : std::string("still running")) +
                                "; it wrote: " + (*server)->Log());
}

bool ServerProcess::WaitUntilListening(std::chrono::milliseconds timeout) {
  constexpr char kSays[] = "listening on ";
  const int64_t end = MonotonicMicros() + timeout.count() * 1000;
  while (target_.empty()) {
    const int64_t left_ms = (end - MonotonicMicros()) / 1000;
    if (left_ms <= 0) return false;
    const std::optional<std::string> line = process_->ReadLine(std::chrono::milliseconds(left_ms));
    if (!line) return false;
    const size_t at = line->find(kSays);
    if (at != std::string::npos) target_ = line->substr(at + sizeof(kSays) - 1);
  }
  target_ = target_.substr(0, target_.find(' '));
  return true;
}

void ServerProcess::Kill() {
  process_->Signal(SIGKILL);
  process_->WaitFor(std::chrono::seconds(60));
}

std::optional<int> ServerProcess::Terminate(std::chrono::milliseconds timeout) {
  process_->Signal(SIGTERM);
  const std::optional<int> code = process_->WaitFor(timeout);
  if (!code) Kill();
  return code;
}

ScratchDirectory::ScratchDirectory(const std::string& name)
    : path_(testing::TempDir() + "/leadlag_" + name + "_" + std::to_string(getpid())) {
  std::filesystem::remove_all(path_);
  std::filesystem::create_directories(path_);
}

ScratchDirectory::~ScratchDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace leadlag
