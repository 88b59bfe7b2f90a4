// The servers under measurement, as processes on the loopback, and stubs on them. They end with what holds them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tests/support/child_process.h"
#include "tests/support/server_process.h"
#include "tests/support/stubs.h"

namespace leadlag::benchmark {

// leadlagd on a data directory.
class Leadlagd {
 public:
  static absl::StatusOr<std::unique_ptr<Leadlagd>> Start(const std::string& data_directory, std::vector<std::string> flags = {});

  // REQUIRES: not stopped.
  Stubs& stubs() { return *stubs_; }
  const std::string& target() const { return process_->target(); }
  ServerProcess& process() { return *process_; }

  // The district's counters. Errors: the call's; NOT_FOUND without the district.
  absl::StatusOr<v1::DistrictStats> Stats();
  absl::StatusOr<int64_t> BytesOnDisk();
  // Resident memory of the process.
  double ResidentBytes() const;
  absl::Status Apply(const v1::Catalog& catalog);
  // What `admin verify` finds; INTERNAL with the first where it is not clean.
  absl::Status Verify();
  // Leaves it, then SIGTERM, and its end: one that still has a connection takes a second to say goodbye. INTERNAL where its end is not a
  // clean one, or does not come in time.
  absl::Status Stop();

 private:
  explicit Leadlagd(std::unique_ptr<ServerProcess> process)
      : process_(std::move(process)), stubs_(std::make_unique<Stubs>(process_->target())) {}

  std::unique_ptr<ServerProcess> process_;
  std::unique_ptr<Stubs> stubs_;
};

// The service that only parses (ceiling_main.cc); its GetStats is the empty RPC.
class CeilingServer {
 public:
  static absl::StatusOr<std::unique_ptr<CeilingServer>> Start();
  Stubs& stubs() { return *stubs_; }

 private:
  std::unique_ptr<ChildProcess> process_;
  std::unique_ptr<Stubs> stubs_;
};

absl::Status ToStatus(const grpc::Status& status);

}  // namespace leadlag::benchmark
