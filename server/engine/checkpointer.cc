#include "server/engine/checkpointer.h"

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "core/limits.h"

namespace leadlag {
namespace {

// After a checkpoint that failed, until the next try.
constexpr absl::Duration kRetry = absl::Seconds(1);
// How long the writer waits for the next try before it refuses what was sent to it.
constexpr absl::Duration kPatience = absl::Milliseconds(100);

}  // namespace

void Checkpointer::Start() {
  thread_ = std::thread([this] { Run(); });
}

void Checkpointer::Stop() {
  {
    absl::MutexLock lock(&mu_);
    stopped_ = true;
  }
  if (thread_.joinable()) thread_.join();
}

void Checkpointer::Add(uint64_t bytes, uint64_t records) {
  absl::MutexLock lock(&mu_);
  bytes_ += bytes;
  records_ += records;
}

// At half of what is allowed: the writer goes on meanwhile.
bool Checkpointer::IsDue() const {
  return 2 * bytes_ >= kTailBytesMax || 2 * records_ >= records_max_ ||
         2 * directory_->store().UnwrittenBytes() >= kUnwrittenBytesMax || directory_->store().layers() > kLayersMax;
}

bool Checkpointer::FitsNow() const {
  return bytes_ < kTailBytesMax && records_ < records_max_ && directory_->store().UnwrittenBytes() < kUnwrittenBytesMax;
}

absl::Status Checkpointer::Await() {
  absl::MutexLock lock(&mu_);
  const auto fits_or_failed = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return FitsNow() || !last_.ok(); };
  mu_.Await(absl::Condition(&fits_or_failed));
  // Whoever asks again at once is not to spin.
  const auto fits = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return FitsNow(); };
  if (mu_.AwaitWithTimeout(absl::Condition(&fits), kPatience)) return absl::OkStatus();
  return absl::UnavailableError(
      absl::StrCat("the view cannot be brought to disk, try again with backoff: ", last_.message()));
}

bool Checkpointer::Fits() const {
  absl::MutexLock lock(&mu_);
  return FitsNow();
}

absl::Status Checkpointer::Last() const {
  absl::MutexLock lock(&mu_);
  return last_;
}

void Checkpointer::Run() {
  absl::MutexLock lock(&mu_);
  const auto due_or_stopped = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return stopped_ || IsDue(); };
  // Begun and not finished: what fails is tried again as it is, or each try would leave a layer behind.
  absl::StatusOr<DataDirectory::Pending> pending = absl::NotFoundError("");
  uint64_t bytes = 0, records = 0;  // that it writes
  while (true) {
    mu_.Await(absl::Condition(&due_or_stopped));
    if (stopped_) return;
    if (!pending.ok()) {
      bytes = bytes_;
      records = records_;
    }
    mu_.Unlock();
    if (!pending.ok()) pending = begin_();
    const absl::Status status = pending.ok() ? directory_->FinishCheckpoint(*pending) : pending.status();
    if (absl::IsFailedPrecondition(status)) broken_(status);
    mu_.Lock();
    last_ = status;
    if (status.ok()) {
      pending = absl::NotFoundError("");
      bytes_ -= bytes;
      records_ -= records;
    } else {  // it costs a longer replay, nothing else, until the tail is full
      mu_.AwaitWithTimeout(absl::Condition(&stopped_), kRetry);
    }
  }
}

}  // namespace leadlag
