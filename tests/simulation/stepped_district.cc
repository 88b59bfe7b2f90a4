#include "tests/simulation/stepped_district.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "core/check.h"
#include "server/engine/queries.h"
#include "tests/simulation/simulated_district.h"

namespace leadlag {
namespace {

void MustBeOk(const absl::Status& status) {
  if (!status.ok()) std::fprintf(stderr, "%s\n", status.ToString().c_str());
  LEADLAG_CHECK(status.ok());
}

template <typename T>
T Must(absl::StatusOr<T> value) {
  MustBeOk(value.status());
  return *std::move(value);
}

}  // namespace

SteppedDistrict::SteppedDistrict(std::shared_ptr<Disk> disk) : disk_(std::move(disk)) { Open(); }

void SteppedDistrict::Open() {
  directory_ = Must(DataDirectory::Open({.directory = kSimulatedDirectory, .disk = disk_}));
  own_ = Must(directory_->log().Own(kSimulatedId));
  district_ = Must(District::Load(kSimulatedId, own_.district_number, &directory_->store()));
  while (district_->applied_position() < own_.last_position) {
    const auto groups = Must(directory_->log().Read(own_.district_number, district_->applied_position() + 1, 1 << 20));
    for (const LoggedGroup& group : groups) {
      for (size_t i = 0; i < group.commands.size(); ++i) {
        ApplyOne(group.first_position + i, Must(DecodeCommand(group.commands[i]))).IgnoreError();
      }
    }
  }
  now_ = std::max(now_, district_->last_time());
}

absl::StatusOr<Outcome> SteppedDistrict::ApplyOne(uint64_t position, const Command& command) {
  Batch batch = directory_->store().NewBatch();
  absl::Status fatal;
  absl::StatusOr<Outcome> outcome = district_->Apply(position, command, batch, fatal);
  MustBeOk(fatal);
  directory_->store().Commit(batch);
  most_work_ = std::max(most_work_, district_->last_work());
  return outcome;
}

absl::StatusOr<Outcome> SteppedDistrict::Apply(CommandBody body) {
  now_.micros += kMicrosPerSecond;
  const Command command{now_, "simulation", std::move(body)};
  std::vector<AppendOutcome> appended;
  directory_->log().Append({{own_.district_number, own_.epoch, own_.last_position, {EncodeCommand(command)}}},
                           [&](std::vector<AppendOutcome> outcomes) { appended = std::move(outcomes); });
  LEADLAG_CHECK(appended == std::vector{AppendOutcome::kCommitted});
  return ApplyOne(++own_.last_position, command);
}

void SteppedDistrict::Reopen() {
  Close();
  Open();
}

void SteppedDistrict::Kill() {
  const uint64_t position = district_->applied_position();
  district_.reset();
  directory_.reset();
  Open();
  LEADLAG_CHECK(district_->applied_position() == position);
}

void SteppedDistrict::Close() {
  WriteBack();
  MustBeOk(directory_->store().Checkpoint());
  district_.reset();
  directory_.reset();
}

void SteppedDistrict::WriteBack() {
  Batch batch = directory_->store().NewBatch();
  district_->WriteBack(batch);
  directory_->store().Commit(batch);
}

std::vector<std::string> SteppedDistrict::Verify() {
  WriteBack();
  return VerifyDistrict(DistrictReader::Of(district_, now_), /*findings_max=*/5);
}

}  // namespace leadlag
