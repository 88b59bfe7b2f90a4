#include "client/client.h"

#include <utility>

#include "client/status.h"
#include "core/clock.h"
#include "grpcpp/client_context.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/support/channel_arguments.h"

namespace leadlag {
namespace {

// A catalog in an answer may be as large as one in a request (16 MiB), and a page of evidence is smaller.
constexpr int kReceiveBytesMax = 64 << 20;
// gRPC's own wait before it connects again: far below its default of 20 s to two minutes, or our retries would all meet
// a channel that does not even try.
constexpr int kReconnectMsMin = 100;
constexpr int kReconnectMsMax = 2'000;
// What we ask the server to say of errors (client/status.h) as it travels: in base64, with the message beside it. By
// default gRPC refuses more than 8 KiB, and the status with it.
constexpr int kMetadataBytesMax = 512 << 10;
// A peer that vanished without a word is noticed by pings. Servers forbid them more often than every five minutes by
// default.
constexpr int kKeepaliveMs = 310'000;
constexpr int kKeepaliveTimeoutMs = 20'000;

std::shared_ptr<grpc::Channel> OpenChannel(const std::string& target) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kReceiveBytesMax);
  arguments.SetInt(GRPC_ARG_MAX_METADATA_SIZE, kMetadataBytesMax);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 1'000);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kReconnectMsMin);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kReconnectMsMax);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  return grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(), arguments);
}

std::chrono::system_clock::time_point After(std::chrono::microseconds duration) {
  return std::chrono::system_clock::time_point(std::chrono::microseconds(SystemClock().Now().micros) + duration);
}

}  // namespace

Client::Client(ClientOptions options) : Client(OpenChannel(options.target), options) {}

Client::Client(std::shared_ptr<grpc::Channel> channel, ClientOptions options)
    : options_(std::move(options)),
      catalog_(v1::CatalogService::NewStub(channel)),
      evidence_(v1::EvidenceService::NewStub(channel)),
      inquiries_(v1::InquiryService::NewStub(channel)),
      cadence_(v1::CadenceService::NewStub(channel)),
      alerts_(v1::AlertService::NewStub(channel)),
      admin_(v1::AdminService::NewStub(channel)),
      seeds_(options_.jitter_seed) {}

uint64_t Client::NextSeed() {
  absl::MutexLock lock(&mutex_);
  return seeds_();
}

template <typename Response, typename Call>
absl::StatusOr<Response> Client::WithRetries(const CallOptions& options, Call call) {
  const auto deadline = std::chrono::microseconds(options.deadline.value_or(options_.deadline));
  Stopwatch spent;
  Backoff backoff(options_.retry, NextSeed());
  Cancellation never;
  Cancellation& cancellation = options.cancellation != nullptr ? *options.cancellation : never;
  while (true) {
    grpc::ClientContext context;
    AskForErrorDetails(context);
    context.set_deadline(After(deadline - spent.Elapsed()));
    Response response;
    const absl::Status status = StatusOf(call(&context, &response), context);
    if (status.ok()) return response;
    if (!IsRetryable(status) || !backoff.MayRetry()) return status;
    const std::chrono::milliseconds wait = backoff.Next();
    if (spent.Elapsed() + wait >= deadline) return status;
    if (options.on_retry) options.on_retry(status, wait);
    if (!options_.sleeper->Sleep(wait, cancellation))
      return absl::CancelledError("cancelled while waiting to try again");
    spent.Waited(wait);
  }
}

#define LEADLAG_RPC(stub, Rpc)                                                                                 \
  absl::StatusOr<v1::Rpc##Response> Client::Rpc(const v1::Rpc##Request& request, const CallOptions& options) { \
    return WithRetries<v1::Rpc##Response>(options, [&](grpc::ClientContext* context, v1::Rpc##Response* out) { \
      return stub->Rpc(context, request, out);                                                                 \
    });                                                                                                        \
  }

LEADLAG_RPC(catalog_, ApplyCatalog)
LEADLAG_RPC(catalog_, ExportCatalog)
LEADLAG_RPC(catalog_, GetDistrict)
LEADLAG_RPC(catalog_, ListDistricts)
LEADLAG_RPC(catalog_, GetTeam)
LEADLAG_RPC(catalog_, ListTeams)
LEADLAG_RPC(catalog_, ListCatalogVersions)
LEADLAG_RPC(evidence_, RecordEvidence)
LEADLAG_RPC(evidence_, ListEvidence)
LEADLAG_RPC(evidence_, GetEvidence)
LEADLAG_RPC(evidence_, VoidEvidence)
LEADLAG_RPC(evidence_, RecordReview)
LEADLAG_RPC(evidence_, ListReviews)
LEADLAG_RPC(inquiries_, RecordInquiry)
LEADLAG_RPC(inquiries_, GetInquiry)
LEADLAG_RPC(inquiries_, ListInquiries)
LEADLAG_RPC(inquiries_, ListThemes)
LEADLAG_RPC(cadence_, GetTeamCadence)
LEADLAG_RPC(cadence_, ListTeamCadence)
LEADLAG_RPC(cadence_, GetEvidenceLatency)
LEADLAG_RPC(cadence_, GetRunChart)
LEADLAG_RPC(cadence_, GetTimeline)
LEADLAG_RPC(alerts_, ListAlerts)
LEADLAG_RPC(alerts_, GetAlert)
LEADLAG_RPC(alerts_, Acknowledge)
LEADLAG_RPC(alerts_, Snooze)
LEADLAG_RPC(admin_, Verify)
LEADLAG_RPC(admin_, GetStats)

#undef LEADLAG_RPC

absl::Status Client::Backtest(const v1::BacktestRequest& request,
                              const std::function<void(const v1::BacktestResponse&)>& on_message,
                              const CallOptions& options) {
  bool begun = false;
  grpc::Status broke_off;
  const absl::Status status =
      WithRetries<v1::BacktestResponse>(options, [&](grpc::ClientContext* context, v1::BacktestResponse* message) {
        const auto call = cadence_->Backtest(context, request);
        while (call->Read(message)) {
          begun = true;
          on_message(*message);
        }
        const grpc::Status ended = call->Finish();
        if (!begun || ended.ok()) return ended;
        broke_off = ended;  // again from the beginning, it would be told twice
        return grpc::Status(grpc::StatusCode::ABORTED, "");
      }).status();
  if (broke_off.ok()) return status;
  const absl::Status told(static_cast<absl::StatusCode>(broke_off.error_code()), broke_off.error_message());
  return WithContext("the back-test broke off; run it again", absl::IsCancelled(told) ? absl::UnavailableError(told.message()) : told);
}

}  // namespace leadlag
