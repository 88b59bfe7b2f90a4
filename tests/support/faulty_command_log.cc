#include "tests/support/faulty_command_log.h"

#include <algorithm>
#include <iterator>

namespace leadlag {

void FaultyCommandLog::Script(const std::vector<Fault>& faults) {
  absl::MutexLock lock(&mutex_);
  script_.insert(script_.end(), faults.begin(), faults.end());
}

void FaultyCommandLog::HoldCompletions(bool hold) {
  absl::MutexLock lock(&mutex_);
  hold_ = hold;
}

size_t FaultyCommandLog::held() const {
  absl::MutexLock lock(&mutex_);
  return held_.size();
}

bool FaultyCommandLog::ReleaseOne() {
  Held oldest;
  {
    absl::MutexLock lock(&mutex_);
    if (held_.empty()) return false;
    oldest = std::move(held_.front());
    held_.pop_front();
  }
  std::move(oldest.done)(std::move(oldest.outcomes));
  return true;
}

size_t FaultyCommandLog::appends() const {
  absl::MutexLock lock(&mutex_);
  return appends_;
}

absl::StatusOr<Ownership> FaultyCommandLog::Own(std::string_view district) {
  absl::StatusOr<Ownership> ownership = base_.Own(district);
  if (ownership.ok()) {
    absl::MutexLock lock(&mutex_);
    owned_.insert(ownership->district_number);
  }
  return ownership;
}

void FaultyCommandLog::Append(std::vector<Group> groups, AppendDone done) {
  std::vector<AppendOutcome> outcomes;
  {
    absl::MutexLock lock(&mutex_);
    ++appends_;
    outcomes = AppendNow(std::move(groups));
    if (hold_) {
      held_.push_back({std::move(done), std::move(outcomes)});
      return;
    }
  }
  std::move(done)(std::move(outcomes));
}

std::vector<AppendOutcome> FaultyCommandLog::AppendNow(std::vector<Group> groups) {
  Fault fault = Fault::kNone;
  if (!script_.empty()) {
    fault = script_.front();
    script_.pop_front();
  }
  const size_t count = groups.size();
  switch (fault) {
    case Fault::kNone:
      return Pass(std::move(groups));
    case Fault::kFenced:
      for (const Group& group : groups) owned_.erase(group.district_number);
      return std::vector<AppendOutcome>(count, AppendOutcome::kFenced);
    case Fault::kUnknownWritten: {
      std::vector<AppendOutcome> outcomes = Pass(std::move(groups));
      std::replace(outcomes.begin(), outcomes.end(), AppendOutcome::kCommitted, AppendOutcome::kUnknown);
      owned_.clear();
      return outcomes;
    }
    case Fault::kUnknownNotWritten:
      owned_.clear();
      return std::vector<AppendOutcome>(count, AppendOutcome::kUnknown);
  }
  return {};
}

std::vector<AppendOutcome> FaultyCommandLog::Pass(std::vector<Group> groups) {
  std::vector<AppendOutcome> outcomes(groups.size(), AppendOutcome::kFenced);
  std::vector<size_t> passed;  // indices
  std::vector<Group> owned;
  for (size_t i = 0; i < groups.size(); ++i) {
    if (owned_.count(groups[i].district_number) == 0) continue;
    passed.push_back(i);
    owned.push_back(std::move(groups[i]));
  }
  if (owned.empty()) return outcomes;
  // The local log completes before it returns; one that does not cannot stand behind this decorator.
  base_.Append(std::move(owned), [&](std::vector<AppendOutcome> base_outcomes) {
    for (size_t i = 0; i < passed.size(); ++i) outcomes[passed[i]] = base_outcomes[i];
  });
  return outcomes;
}

absl::StatusOr<std::vector<LoggedGroup>> FaultyCommandLog::Read(uint32_t district_number, uint64_t from,
                                                                size_t bytes_max) {
  return base_.Read(district_number, from, bytes_max);
}

absl::Status FaultyCommandLog::Trim(uint32_t district_number, uint64_t up_to) {
  return base_.Trim(district_number, up_to);
}

absl::StatusOr<std::vector<DistrictEntry>> FaultyCommandLog::Districts() { return base_.Districts(); }

absl::Status FaultyCommandLog::Verify() { return base_.Verify(); }

}  // namespace leadlag
