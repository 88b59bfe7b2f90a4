// A district lived through one command at a time, without an engine: what each command does, and what stands between two of them.
//
//   SteppedDistrict district(simulated.LogAlone());   // every command of another life again; or of a new disk
//   district.Apply(RecordReviewCommand{review});
//   while (district->HasPendingWork(district.now())) district.Apply(ContinueCommand{});
//
// Aborts where bytes are damaged. One thread at a time.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/engine/command.h"
#include "server/engine/district.h"
#include "server/engine/engine.h"
#include "storage/data_directory.h"
#include "storage/disk.h"

namespace leadlag {

class SteppedDistrict {
 public:
  // Applies what the disk's log holds past its view. The district is the one of SimulatedDistrict, made where there is none.
  explicit SteppedDistrict(std::shared_ptr<Disk> disk);

  // Logs and applies one command, a second after the one before.
  absl::StatusOr<Outcome> Apply(CommandBody body);
  // Closes the directory and opens it again.
  void Reopen();
  // As Reopen after a kill: what no checkpoint has is made again from the log.
  void Kill();
  // Lets go of the disk; nothing else may follow.
  void Close();

  // How many values of charted series are in memory, until it is opened again.
  void HoldSeriesValues(size_t values_max) { district_->HoldSeriesValues(values_max); }

  const District* operator->() const { return district_.get(); }
  Instant now() const { return now_; }
  void SetNow(Instant now) { now_ = now; }
  // What VerifyDistrict finds.
  std::vector<std::string> Verify();
  // The most work that one command did.
  size_t most_work() const { return most_work_; }

 private:
  absl::StatusOr<Outcome> ApplyOne(uint64_t position, const Command& command);
  void Open();
  void WriteBack();

  std::shared_ptr<Disk> disk_;
  std::unique_ptr<DataDirectory> directory_;
  std::shared_ptr<District> district_;
  Ownership own_;
  Instant now_;
  size_t most_work_ = 0;
};

}  // namespace leadlag
