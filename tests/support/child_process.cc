#include "tests/support/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "absl/status/status.h"
#include "core/clock.h"

extern char** environ;

namespace leadlag {
namespace {

absl::Status Failed(const char* call) { return absl::InternalError(std::string(call) + ": " + std::strerror(errno)); }

std::vector<char*> Pointers(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (std::string& string : strings) pointers.push_back(string.data());
  pointers.push_back(nullptr);
  return pointers;
}

std::vector<std::string> EnvironmentOf(const ProgramCall& call) {
  std::vector<std::string> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    if (std::string_view(*entry).substr(0, 8) != "LEADLAG_") environment.emplace_back(*entry);
  }
  environment.insert(environment.end(), call.environment.begin(), call.environment.end());
  return environment;
}

std::string WholeFile(int fd) {
  std::string bytes;
  char part[64 << 10];
  for (ssize_t count; (count = pread(fd, part, sizeof(part), static_cast<off_t>(bytes.size()))) > 0;) {
    bytes.append(part, static_cast<size_t>(count));
  }
  return bytes;
}

// A file in memory that holds `bytes`, at its beginning.
int MemoryFile(const std::string& bytes) {
  const int fd = memfd_create("child", MFD_CLOEXEC);
  if (fd >= 0 && !bytes.empty() &&
      (write(fd, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()) || lseek(fd, 0, SEEK_SET) != 0)) {
    close(fd);
    return -1;
  }
  return fd;
}

// vfork, because fork would run gRPC's handlers in a process that is about to be replaced. The child calls nothing but
// the kernel.
__attribute__((noinline)) pid_t Spawn(const char* program, char* const* arguments, char* const* environment, int in,
                                      int out, int err) {
  const pid_t pid = vfork();
  if (pid != 0) return pid;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  dup2(in, STDIN_FILENO);
  dup2(out, STDOUT_FILENO);
  dup2(err, STDERR_FILENO);
  execve(program, arguments, environment);
  _exit(127);
}

bool Readable(int fd, std::chrono::milliseconds timeout) {
  const int64_t end = MonotonicMicros() + timeout.count() * 1000;
  while (true) {
    pollfd wanted{.fd = fd, .events = POLLIN, .revents = 0};
    const int64_t left_ms = std::max<int64_t>(0, (end - MonotonicMicros() + 999) / 1000);
    const int ready = poll(&wanted, 1, static_cast<int>(left_ms));
    if (ready >= 0 || errno != EINTR) return ready > 0;
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<ChildProcess>> ChildProcess::Start(const ProgramCall& call) {
  auto child = std::unique_ptr<ChildProcess>(new ChildProcess);
  child->follow_output_ = call.follow_output;
  std::vector<std::string> arguments{call.program};
  arguments.insert(arguments.end(), call.arguments.begin(), call.arguments.end());
  std::vector<std::string> environment = EnvironmentOf(call);
  const std::vector<char*> argument_pointers = Pointers(arguments), environment_pointers = Pointers(environment);

  int out = -1;
  if (call.follow_output) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return Failed("pipe2");
    child->out_fd_ = ends[0];
    out = ends[1];
  } else {
    child->out_fd_ = out = MemoryFile("");
  }
  child->err_fd_ = MemoryFile("");
  const int in = MemoryFile(call.input);
  if (out >= 0 && in >= 0 && child->err_fd_ >= 0) {
    child->pid_ =
        Spawn(call.program.c_str(), argument_pointers.data(), environment_pointers.data(), in, out, child->err_fd_);
  }
  if (call.follow_output) close(out);
  if (in >= 0) close(in);
  if (child->pid_ <= 0) return Failed("vfork");
  child->pid_fd_ = static_cast<int>(syscall(SYS_pidfd_open, child->pid_, 0));  // glibc 2.36 declares it for C alone
  if (child->pid_fd_ < 0) return Failed("pidfd_open");
  return child;
}

ChildProcess::~ChildProcess() {
  if (pid_ > 0 && !exit_code_) {
    Signal(SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  for (const int fd : {pid_fd_, out_fd_, err_fd_}) {
    if (fd >= 0) close(fd);
  }
}

std::optional<std::string> ChildProcess::ReadLine(std::chrono::milliseconds timeout) {
  const int64_t end = MonotonicMicros() + timeout.count() * 1000;
  while (true) {
    const size_t newline = unread_.find('\n');
    if (newline != std::string::npos) {
      std::string line = unread_.substr(0, newline);
      unread_.erase(0, newline + 1);
      return line;
    }
    if (!Readable(out_fd_, std::chrono::milliseconds(std::max<int64_t>(0, (end - MonotonicMicros()) / 1000))))
      return std::nullopt;
    char part[4096];
    const ssize_t count = read(out_fd_, part, sizeof(part));
    if (count <= 0) return std::nullopt;
    unread_.append(part, static_cast<size_t>(count));
  }
}

void ChildProcess::Signal(int signal) const {
  if (pid_ > 0 && !exit_code_) kill(pid_, signal);
}

std::optional<int> ChildProcess::WaitFor(std::chrono::milliseconds timeout) {
  if (exit_code_) return exit_code_;
  if (!Readable(pid_fd_, timeout)) return std::nullopt;
  int status = 0;
  if (waitpid(pid_, &status, 0) != pid_) return std::nullopt;
  exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return exit_code_;
}

std::string ChildProcess::Output() const { return WholeFile(out_fd_); }
std::string ChildProcess::Errors() const { return WholeFile(err_fd_); }

absl::StatusOr<ProgramResult> RunProgram(const ProgramCall& call, std::chrono::milliseconds timeout) {
  absl::StatusOr<std::unique_ptr<ChildProcess>> child = ChildProcess::Start(call);
  if (!child.ok()) return child.status();
  ProgramResult result;
  result.exit_code = (*child)->WaitFor(timeout).value_or(-1);
  if (result.exit_code == -1) {
    (*child)->Signal(SIGKILL);
    (*child)->WaitFor(timeout);
  }
  result.out = (*child)->Output();
  result.err = (*child)->Errors();
  return result;
}

}  // namespace leadlag
