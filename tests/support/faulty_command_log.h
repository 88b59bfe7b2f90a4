// A command log that fails when a test says so: for what a writer must do with every outcome.
//
// It stands before another log, which does the work. A scripted fault takes one whole Append call, in order of calls;
// with the script empty every call passes. After a fault the districts concerned are FENCED until they are owned
// again, as the seam promises. With completions held, `done` is called by ReleaseOne alone, on its thread, in the
// order of the calls.
//
// Thread safe. `base` outlives it; held completions that are never released are dropped with it.
//
//   FaultyCommandLog log(directory->log());
//   log.Script({Fault::kNone, Fault::kUnknownWritten});
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "storage/command_log.h"

namespace leadlag {

class FaultyCommandLog final : public CommandLog {
 public:
  enum class Fault : uint8_t {
    kNone,               // passes
    kFenced,             // nothing written; the groups' districts must be owned again, as if another had taken them
    kUnknownWritten,     // written, and UNKNOWN; every district must be owned again
    kUnknownNotWritten,  // not written, and UNKNOWN; every district must be owned again
  };

  explicit FaultyCommandLog(CommandLog& base) : base_(base) {}

  // Adds to the script.
  void Script(const std::vector<Fault>& faults) ABSL_LOCKS_EXCLUDED(mutex_);

  // Whether completions wait for ReleaseOne from now on. What is written is written at the call all the same.
  void HoldCompletions(bool hold) ABSL_LOCKS_EXCLUDED(mutex_);
  size_t held() const ABSL_LOCKS_EXCLUDED(mutex_);
  // Completes the oldest held call; false where there is none.
  bool ReleaseOne() ABSL_LOCKS_EXCLUDED(mutex_);

  size_t appends() const ABSL_LOCKS_EXCLUDED(mutex_);  // calls so far

  absl::StatusOr<Ownership> Own(std::string_view district) override ABSL_LOCKS_EXCLUDED(mutex_);
  void Append(std::vector<Group> groups, AppendDone done) override ABSL_LOCKS_EXCLUDED(mutex_);
  absl::StatusOr<std::vector<LoggedGroup>> Read(uint32_t district_number, uint64_t from, size_t bytes_max) override;
  absl::Status Trim(uint32_t district_number, uint64_t up_to) override;
  absl::StatusOr<std::vector<DistrictEntry>> Districts() override;
  absl::Status Verify() override;

 private:
  struct Held {
    AppendDone done;
    std::vector<AppendOutcome> outcomes;
  };

  std::vector<AppendOutcome> AppendNow(std::vector<Group> groups) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The outcomes of the groups whose districts are owned, of the others FENCED.
  std::vector<AppendOutcome> Pass(std::vector<Group> groups) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  CommandLog& base_;
  mutable absl::Mutex mutex_;
  std::deque<Fault> script_ ABSL_GUARDED_BY(mutex_);
  std::set<uint32_t> owned_ ABSL_GUARDED_BY(mutex_);
  bool hold_ ABSL_GUARDED_BY(mutex_) = false;
  std::deque<Held> held_ ABSL_GUARDED_BY(mutex_);
  size_t appends_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace leadlag
