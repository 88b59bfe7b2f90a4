#include "client/cli/token_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

namespace leadlag::cli {
namespace {

absl::Status Failed(const std::string& path, const std::string& what) {
  return absl::FailedPreconditionError(path + ": " + what + ": " + std::strerror(errno));
}

// Closes on every way out.
class Descriptor {
 public:
  Descriptor(const std::string& path, int flags) : fd_(open(path.c_str(), flags | O_CLOEXEC, 0666)) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  bool ok() const { return fd_ >= 0; }
  int fd() const { return fd_; }

 private:
  const int fd_;
};

bool WriteAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = write(fd, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    bytes.remove_prefix(static_cast<size_t>(count));
  }
  return true;
}

}  // namespace

absl::StatusOr<std::optional<std::string>> TokenFile::Read() const {
  const Descriptor file(path_, O_RDONLY);
  if (!file.ok() && errno == ENOENT) return std::optional<std::string>();
  constexpr char kWhat[] = "the token in it cannot be read";
  if (!file.ok()) return Failed(path_, kWhat);
  std::string token;
  while (true) {
    char bytes[4096];
    const ssize_t count = read(file.fd(), bytes, sizeof(bytes));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Failed(path_, kWhat);
    if (count == 0) break;
    token.append(bytes, static_cast<size_t>(count));
  }
  if (token.empty()) {
    return absl::FailedPreconditionError(
        path_ + ": the file is empty, so where the last run stopped is not known; remove it to start anew");
  }
  return std::optional<std::string>(std::move(token));
}

absl::Status TokenFile::Write(std::string_view token) const {
  const std::string beside = path_ + ".new";
  {
    const Descriptor file(beside, O_WRONLY | O_CREAT | O_TRUNC);
    if (!file.ok() || !WriteAll(file.fd(), token) || fsync(file.fd()) != 0) {
      return Failed(beside, "the token cannot be written");
    }
  }
  if (std::rename(beside.c_str(), path_.c_str()) != 0) return Failed(path_, "the token cannot be written");
  const std::string directory = std::filesystem::path(path_).parent_path();
  const Descriptor entry(directory.empty() ? "." : directory, O_RDONLY | O_DIRECTORY);
  // Some file systems cannot do this to a directory, and say EINVAL.
  if (!entry.ok() || (fsync(entry.fd()) != 0 && errno != EINVAL)) return Failed(path_, "the token cannot be kept");
  return absl::OkStatus();
}

}  // namespace leadlag::cli
