// The client of one leadlagd: a channel and every unary RPC of the contract as a method, and the back-test, whose answer
// is a stream. The two streams without an end have classes of their own: client/evidence_stream.h pushes evidence,
// client/alert_follower.h follows alerts; both borrow a Client.
//
// Deadlines. A call has one deadline for all its tries and waits together: ClientOptions::deadline, or
// CallOptions::deadline. When it passes the call ends with DEADLINE_EXCEEDED, and whether the server acted is not
// known: ask again, all RPCs are idempotent.
//
// Retries. UNAVAILABLE is tried again by ClientOptions::retry (client/retry.h), as long as the wait fits into the
// deadline; the last UNAVAILABLE is returned. No other code is ever tried again. The defaults bridge a server's restart
// of 10 s.
//
// Errors. The server's code and message; where it named fields, ProblemsOf(status) lists them (client/status.h).
// CANCELLED when CallOptions::cancellation ended a wait between two tries.
//
// Thread safe. Connects lazily: making a Client never fails, its first call may.
//
//   Client client(ClientOptions{.target = "127.0.0.1:7401"});
//   v1::GetDistrictRequest request;
//   request.set_name("districts/livingston");
//   absl::StatusOr<v1::GetDistrictResponse> response = client.GetDistrict(request);
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "client/retry.h"
#include "grpcpp/channel.h"
#include "leadlag/v1/admin_service.grpc.pb.h"
#include "leadlag/v1/alert_service.grpc.pb.h"
#include "leadlag/v1/cadence_service.grpc.pb.h"
#include "leadlag/v1/catalog_service.grpc.pb.h"
#include "leadlag/v1/evidence_service.grpc.pb.h"
#include "leadlag/v1/inquiry_service.grpc.pb.h"

namespace leadlag {

struct ClientOptions {
  std::string target = "127.0.0.1:7401";       // gRPC name syntax: host:port, dns:///…, unix:…
  std::chrono::milliseconds deadline{30'000};  // of one call, its retries included
  RetryPolicy retry;
  Sleeper* sleeper = &RealSleeper();  // borrowed; never null
  uint64_t jitter_seed = JitterSeed();
};

struct CallOptions {
  std::optional<std::chrono::milliseconds> deadline;  // default: the client's
  Cancellation* cancellation = nullptr;               // borrowed; ends waits between tries
  // Called before each wait, on the caller's thread; may be empty.
  std::function<void(const absl::Status& why, std::chrono::milliseconds wait)> on_retry;
};

class Client {
 public:
  // Opens a channel to options.target, without transport security and without an HTTP proxy: the service listens on the
  // host or behind whatever terminates TLS for it.
  explicit Client(ClientOptions options);
  // Uses a channel that exists; options.target is ignored.
  Client(std::shared_ptr<grpc::Channel> channel, ClientOptions options);

  // Each method is the RPC of its name in proto/leadlag/v1/*_service.proto, with the codes listed there and those
  // above.
  absl::StatusOr<v1::ApplyCatalogResponse> ApplyCatalog(const v1::ApplyCatalogRequest&, const CallOptions& = {});
  absl::StatusOr<v1::ExportCatalogResponse> ExportCatalog(const v1::ExportCatalogRequest&, const CallOptions& = {});
  absl::StatusOr<v1::GetDistrictResponse> GetDistrict(const v1::GetDistrictRequest&, const CallOptions& = {});
  absl::StatusOr<v1::ListDistrictsResponse> ListDistricts(const v1::ListDistrictsRequest&, const CallOptions& = {});
  absl::StatusOr<v1::GetTeamResponse> GetTeam(const v1::GetTeamRequest&, const CallOptions& = {});
  absl::StatusOr<v1::ListTeamsResponse> ListTeams(const v1::ListTeamsRequest&, const CallOptions& = {});
  absl::StatusOr<v1::ListCatalogVersionsResponse> ListCatalogVersions(const v1::ListCatalogVersionsRequest&,
                                                                      const CallOptions& = {});

  absl::StatusOr<v1::RecordEvidenceResponse> RecordEvidence(const v1::RecordEvidenceRequest&, const CallOptions& = {});
  absl::StatusOr<v1::ListEvidenceResponse> ListEvidence(const v1::ListEvidenceRequest&, const CallOptions& = {});
  absl::StatusOr<v1::GetEvidenceResponse> GetEvidence(const v1::GetEvidenceRequest&, const CallOptions& = {});
  absl::StatusOr<v1::VoidEvidenceResponse> VoidEvidence(const v1::VoidEvidenceRequest&, const CallOptions& = {});
  absl::StatusOr<v1::RecordReviewResponse> RecordReview(const v1::RecordReviewRequest&, const CallOptions& = {});
  absl::StatusOr<v1::ListReviewsResponse> ListReviews(const v1::ListReviewsRequest&, const CallOptions& = {});

  absl::StatusOr<v1::RecordInquiryResponse> RecordInquiry(const v1::RecordInquiryRequest&, const CallOptions& = {});
  absl::StatusOr<v1::GetInquiryResponse> GetInquiry(const v1::GetInquiryRequest&, const CallOptions& = {});
  absl::StatusOr<v1::ListInquiriesResponse> ListInquiries(const v1::ListInquiriesRequest&, const CallOptions& = {});
  absl::StatusOr<v1::ListThemesResponse> ListThemes(const v1::ListThemesRequest&, const CallOptions& = {});

  absl::StatusOr<v1::GetTeamCadenceResponse> GetTeamCadence(const v1::GetTeamCadenceRequest&, const CallOptions& = {});
  absl::StatusOr<v1::ListTeamCadenceResponse> ListTeamCadence(const v1::ListTeamCadenceRequest&,
                                                              const CallOptions& = {});
  absl::StatusOr<v1::GetEvidenceLatencyResponse> GetEvidenceLatency(const v1::GetEvidenceLatencyRequest&,
                                                                    const CallOptions& = {});
  absl::StatusOr<v1::GetRunChartResponse> GetRunChart(const v1::GetRunChartRequest&, const CallOptions& = {});
  absl::StatusOr<v1::GetTimelineResponse> GetTimeline(const v1::GetTimelineRequest&, const CallOptions& = {});

  // Calls `on_message` for each message, on the caller's thread. Tried again as long as none has come; OK once the last,
  // which has the summary, has. After an error what came is not all.
  absl::Status Backtest(const v1::BacktestRequest&,
                        const std::function<void(const v1::BacktestResponse&)>& on_message, const CallOptions& = {});

  absl::StatusOr<v1::ListAlertsResponse> ListAlerts(const v1::ListAlertsRequest&, const CallOptions& = {});
  absl::StatusOr<v1::GetAlertResponse> GetAlert(const v1::GetAlertRequest&, const CallOptions& = {});
  absl::StatusOr<v1::AcknowledgeResponse> Acknowledge(const v1::AcknowledgeRequest&, const CallOptions& = {});
  absl::StatusOr<v1::SnoozeResponse> Snooze(const v1::SnoozeRequest&, const CallOptions& = {});

  absl::StatusOr<v1::VerifyResponse> Verify(const v1::VerifyRequest&, const CallOptions& = {});
  absl::StatusOr<v1::GetStatsResponse> GetStats(const v1::GetStatsRequest&, const CallOptions& = {});

  // For the streams.
  v1::EvidenceService::StubInterface& evidence() { return *evidence_; }
  v1::AlertService::StubInterface& alerts() { return *alerts_; }
  Sleeper& sleeper() const { return *options_.sleeper; }
  uint64_t NextSeed();

 private:
  // One RPC with its retries; `call` makes one try.
  template <typename Response, typename Call>
  absl::StatusOr<Response> WithRetries(const CallOptions& options, Call call);

  ClientOptions options_;
  std::unique_ptr<v1::CatalogService::StubInterface> catalog_;
  std::unique_ptr<v1::EvidenceService::StubInterface> evidence_;
  std::unique_ptr<v1::InquiryService::StubInterface> inquiries_;
  std::unique_ptr<v1::CadenceService::StubInterface> cadence_;
  std::unique_ptr<v1::AlertService::StubInterface> alerts_;
  std::unique_ptr<v1::AdminService::StubInterface> admin_;
  absl::Mutex mutex_;
  std::mt19937_64 seeds_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace leadlag
