#include "tests/benchmark/programs.h"

#include <unistd.h>

#include <fstream>
#include <utility>

#include "tests/benchmark/workload.h"

namespace leadlag::benchmark {
namespace {

constexpr std::chrono::seconds kVerifyPatience(600);

}  // namespace

absl::Status ToStatus(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
}

absl::StatusOr<std::unique_ptr<Leadlagd>> Leadlagd::Start(const std::string& data_directory, std::vector<std::string> flags) {
  absl::StatusOr<std::unique_ptr<ServerProcess>> process = ServerProcess::Start(data_directory, std::move(flags));
  if (!process.ok()) return process.status();
  return std::unique_ptr<Leadlagd>(new Leadlagd(*std::move(process)));
}

absl::StatusOr<v1::DistrictStats> Leadlagd::Stats() {
  TestContext context;
  v1::GetStatsResponse response;
  if (absl::Status status = ToStatus(stubs_->admin->GetStats(&context, {}, &response)); !status.ok()) return status;
  for (const v1::DistrictStats& district : response.districts()) {
    if (district.name() == Workload::DistrictName()) return district;
  }
  return absl::NotFoundError("no " + Workload::DistrictName());
}

absl::StatusOr<int64_t> Leadlagd::BytesOnDisk() {
  TestContext context;
  v1::GetStatsResponse response;
  if (absl::Status status = ToStatus(stubs_->admin->GetStats(&context, {}, &response)); !status.ok()) return status;
  return response.bytes_on_disk();
}

double Leadlagd::ResidentBytes() const {
  std::ifstream file("/proc/" + std::to_string(process_->process().pid()) + "/statm");
  double size_pages = 0, resident_pages = 0;
  file >> size_pages >> resident_pages;
  return resident_pages * static_cast<double>(sysconf(_SC_PAGESIZE));
}

absl::Status Leadlagd::Apply(const v1::Catalog& catalog) {
  TestContext context(std::chrono::seconds(300));
  v1::ApplyCatalogRequest request;
  v1::ApplyCatalogResponse response;
  *request.mutable_catalog() = catalog;
  if (absl::Status status = ToStatus(stubs_->catalog->ApplyCatalog(&context, request, &response)); !status.ok())
    return status;
  // A large change is worked through in the background: it is not what is measured.
  v1::GetDistrictRequest district;
  district.set_name("districts/" + catalog.district());
  v1::GetDistrictResponse standing;
  do {
    TestContext one;
    if (absl::Status status = ToStatus(stubs_->catalog->GetDistrict(&one, district, &standing)); !status.ok())
      return status;
  } while (standing.district().recalculating());
  return absl::OkStatus();
}

absl::Status Leadlagd::Verify() {
  TestContext context(kVerifyPatience);
  v1::VerifyResponse response;
  if (absl::Status status = ToStatus(stubs_->admin->Verify(&context, {}, &response)); !status.ok()) return status;
  if (response.finding_count() == 0) return absl::OkStatus();
  return absl::InternalError("what was loaded does not verify: " + response.findings(0));
}

absl::Status Leadlagd::Stop() {
  stubs_.reset();
  const std::optional<int> code = process_->Terminate();
  if (code == 0) return absl::OkStatus();
  return absl::InternalError("leadlagd did not end well on SIGTERM (" + (code ? "exit code " + std::to_string(*code) : "killed") + "): " +
                             process_->Log());
}

absl::StatusOr<std::unique_ptr<CeilingServer>> CeilingServer::Start() {
  auto server = std::make_unique<CeilingServer>();
  ProgramCall call;
  call.program = LEADLAG_BENCHMARK_CEILING;
  call.follow_output = true;
  absl::StatusOr<std::unique_ptr<ChildProcess>> process = ChildProcess::Start(call);
  if (!process.ok()) return process.status();
  server->process_ = *std::move(process);
  const std::string says = "listening on ";
  const std::optional<std::string> line = server->process_->ReadLine(std::chrono::seconds(60));
  if (!line || !line->starts_with(says)) return absl::UnavailableError("the ceiling's server did not listen");
  server->stubs_ = std::make_unique<Stubs>(line->substr(says.size()));
  return server;
}

}  // namespace leadlag::benchmark
