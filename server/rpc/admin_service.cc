#include "server/rpc/admin_service.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/limits.h"
#include "server/engine/queries.h"
#include "server/rpc/names.h"
#include "server/rpc/unary.h"

namespace leadlag {
namespace {

v1::DistrictStats StatsOf(const DistrictReader& reader) {
  v1::DistrictStats stats;
  stats.set_name(FormatDistrictName(reader->id()));
  stats.set_applied_position(static_cast<int64_t>(reader->applied_position()));
  stats.set_evidence_count(static_cast<int64_t>(reader->evidence_count()));
  stats.set_revision_count(static_cast<int64_t>(reader->revision_count()));
  stats.set_review_count(static_cast<int64_t>(reader->review_count()));
  stats.set_inquiry_count(static_cast<int64_t>(reader->inquiry_count()));
  stats.set_flip_count(static_cast<int64_t>(reader->last_sequence()));
  stats.set_first_flip_sequence(static_cast<int64_t>(reader->first_sequence()));
  stats.set_open_alert_count(static_cast<int64_t>(reader->open_alert_count()));
  stats.set_watch_count(static_cast<int64_t>(reader->watches().size()));
  return stats;
}

}  // namespace

AdminService::AdminService(Engine* engine, const EvidenceStreams* streams, const FlipFeed* feed, OpenCalls* calls)
    : engine_(engine), streams_(streams), feed_(feed), calls_(calls), worker_([this] { Work(); }) {}

AdminService::~AdminService() {
  Drain();
  worker_.join();
}

void AdminService::Drain() {
  absl::MutexLock lock(&mu_);
  draining_ = true;
}

bool AdminService::draining() const {
  absl::MutexLock lock(&mu_);
  return draining_;
}

void AdminService::Work() {
  while (true) {
    std::function<void()> run;
    {
      absl::MutexLock lock(&mu_);
      const auto ready = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return draining_ || !runs_.empty(); };
      mu_.Await(absl::Condition(&ready));
      if (runs_.empty()) return;
      run = runs_.front();
    }
    run();
    absl::MutexLock lock(&mu_);
    runs_.pop_front();
  }
}

grpc::ServerUnaryReactor* AdminService::Verify(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                               grpc::ByteBuffer* response) {
  const auto handler = [this](std::shared_ptr<v1::VerifyRequest> request, const Answerer<v1::VerifyResponse>& answer) {
    std::string district;
    if (!request->name().empty()) {
      absl::StatusOr<std::string> name = ParseDistrictName(request->name(), "name");
      if (!name.ok()) return answer(name.status());
      if (const absl::StatusOr<DistrictReader> reader = engine_->Read(*name); !reader.ok()) return answer(reader.status());
      district = *std::move(name);
    }
    absl::Status refusal;
    {
      absl::MutexLock lock(&mu_);
      if (draining_) {
        refusal = absl::UnavailableError("the service is draining; try again soon");
      } else if (runs_.size() >= kVerifyRunsMax) {
        refusal = absl::ResourceExhaustedError("too many verify runs wait already; try again when they are done");
      } else {
        runs_.push_back([this, district, answer] { answer(RunVerify(district)); });
      }
    }
    if (!refusal.ok()) answer(refusal);
  };
  return AnswerLater<v1::VerifyRequest, v1::VerifyResponse>(calls_, context, request, response, handler);
}

absl::StatusOr<v1::VerifyResponse> AdminService::RunVerify(const std::string& district) const {
  const std::vector<std::string> districts = district.empty() ? engine_->Districts() : std::vector<std::string>{district};
  v1::VerifyResponse response;
  int64_t count = 0;
  const std::function<bool()> stop = [this] { return draining(); };
  for (const std::string& id : districts) {
    if (draining()) return absl::UnavailableError("the service is draining; try again soon");
    const absl::StatusOr<DistrictReader> reader = engine_->Freeze(id);
    if (!reader.ok()) return reader.status();
    for (const std::string& finding : VerifyDistrict(*reader, kVerifyFindingsCounted, &stop)) {
      ++count;
      if (static_cast<size_t>(response.findings_size()) < kVerifyFindingsMax) {
        response.add_findings(absl::StrCat(FormatDistrictName(id), ": ", finding));
      }
    }
    *response.add_districts() = StatsOf(*reader);
  }
  if (draining()) return absl::UnavailableError("the service is draining; try again soon");
  if (absl::Status status = engine_->VerifyChecksums(); !status.ok()) return status;
  response.set_finding_count(count);
  return response;
}

grpc::ServerUnaryReactor* AdminService::GetStats(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                                 grpc::ByteBuffer* response) {
  using Result = absl::StatusOr<v1::GetStatsResponse>;
  const auto handler = [this](const v1::GetStatsRequest&) -> Result {
    v1::GetStatsResponse response;
    for (const std::string& id : engine_->Districts()) {
      const absl::StatusOr<DistrictReader> reader = engine_->Read(id);
      if (!reader.ok()) return reader.status();
      *response.add_districts() = StatsOf(*reader);
    }
    response.set_bytes_on_disk(engine_->BytesOnDisk());
    response.set_evidence_streams(static_cast<int32_t>(streams_->size()));
    response.set_alert_streams(static_cast<int32_t>(feed_->size()));
    response.set_version(LEADLAG_VERSION);
    return response;
  };
  return Answer<v1::GetStatsRequest, v1::GetStatsResponse>(calls_, context, request, response, handler);
}

}  // namespace leadlag
