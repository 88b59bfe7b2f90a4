#include "server/app.h"

#include <algorithm>
#include <cstdlib>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "core/limits.h"
#include "grpcpp/ext/proto_server_reflection_plugin.h"
#include "grpcpp/grpcpp.h"
#include "grpcpp/health_check_service_interface.h"
#include "server/log.h"
#include "server/rpc/admin_service.h"
#include "server/rpc/alert_service.h"
#include "server/rpc/cadence_service.h"
#include "server/rpc/catalog_service.h"
#include "server/rpc/evidence_service.h"
#include "server/rpc/inquiry_service.h"
#include "server/rpc/open_calls.h"
#include "server/rpc/stream_evidence.h"

namespace leadlag {
namespace {

// Downtime shorter than this is none: as a gap between ticks, and as a jump of the wall clock.
constexpr int64_t kResumeMicros = 2 * kMicrosPerMinute;
// So long before a moment at which something falls due a tick is logged that finds nothing due, and wakes what the tick at the moment
// needs: threads, and a disk that has idled (docs/PERFORMANCE.md, "A flip to 100 subscribers").
constexpr int64_t kRouseMicros = 250'000;
// From one tick to the next where the first has left something due: what cannot be made now must not spin.
constexpr int64_t kTickMicrosMin = 100'000;
constexpr int64_t kTickMicrosMax = kMicrosPerMinute;
// Of a drain: for saying goodbye to connections whose calls have ended.
constexpr int64_t kShutdownMicrosMax = 1'000'000;

// Pings keep middleboxes from forgetting an idle subscriber, and find one that is gone.
constexpr int kKeepaliveMillis = 60'000;
constexpr int kKeepaliveTimeoutMillis = 20'000;
constexpr int kClientPingMillisMin = 10'000;

}  // namespace

bool ResumeDetector::Resumed(Instant wall, int64_t monotonic_micros) {
  bool resumed = true;
  if (last_) {
    const int64_t wall_passed = wall.micros - last_->wall.micros;
    const int64_t passed = monotonic_micros - last_->monotonic_micros;
    resumed = passed > kResumeMicros || std::abs(wall_passed - passed) > kResumeMicros;
  }
  last_ = Reading{wall, monotonic_micros};
  return resumed;
}

class App::Impl {
 public:
  explicit Impl(AppOptions options) : options_(std::move(options)) {}
  ~Impl() { Drain(); }

  absl::Status Start();
  void Drain();
  const std::string& address() const { return address_; }
  int port() const { return port_; }
  Engine& engine() { return *engine_; }
  FlipFeed& feed() { return *feed_; }

 private:
  absl::Status Listen();
  // A clock that was ahead once has left stamps that time must come up to: nothing falls due until then.
  void WarnOfFutureStamps() const;
  void SetServing(bool serving);
  // Ends every call, and listens no more.
  void EndCalls();
  void TickForEver();
  // Waits until the engine wants a tick; false: stop. Sets `resumed` where the service may not have been running meanwhile, and
  // `ahead_micros` to how long before its moment a tick is that rouses, else 0.
  bool WaitForTick(bool& resumed, int64_t& ahead_micros);

  const AppOptions options_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<FlipFeed> feed_;
  OpenCalls calls_;
  std::unique_ptr<EvidenceStreams> streams_;
  std::unique_ptr<CatalogService> catalog_;
  std::unique_ptr<EvidenceService> evidence_;
  std::unique_ptr<InquiryService> inquiries_;
  std::unique_ptr<CadenceService> cadence_;
  std::unique_ptr<AlertService> alerts_;
  std::unique_ptr<AdminService> admin_;
  std::unique_ptr<grpc::Server> server_;
  std::string address_;
  int port_ = 0;
  ResumeDetector resume_;  // the starting thread's, then the ticker's
  std::thread ticker_;
  Instant roused_for_;   // the ticker's
  bool serving_ = true;  // the ticker's: as far as it has told

  absl::Mutex drain_mu_;  // held through a drain
  bool drained_ ABSL_GUARDED_BY(drain_mu_) = false;

  absl::Mutex mu_;
  absl::CondVar wake_;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
};

absl::Status App::Impl::Start() {
  EngineOptions engine_options;
  engine_options.data_directory = options_.data_directory;
  engine_options.clock = options_.clock;
  engine_options.disk = options_.disk;
  engine_options.tail_records_max = options_.tail_records_max;
  engine_options.ticks_each_minute = true;
  absl::StatusOr<std::unique_ptr<Engine>> engine = Engine::Open(std::move(engine_options));
  if (!engine.ok()) return engine.status();
  engine_ = *std::move(engine);
  FeedOptions feed = options_.feed;
  feed.encode = AlertService::EncodeFlip;
  feed_ = std::make_unique<FlipFeed>(engine_.get(), std::move(feed));
  if (options_.ticker) {
    // Before the first request: it must know how long it was away, to judge nothing late that may still be on its way.
    const absl::Status status = engine_->Tick(resume_.Resumed(engine_->Now(), MonotonicMicros()));
    if (!status.ok()) return status;
  }
  streams_ = std::make_unique<EvidenceStreams>(engine_.get(), &calls_);
  catalog_ = std::make_unique<CatalogService>(engine_.get(), &calls_);
  evidence_ = std::make_unique<EvidenceService>(engine_.get(), streams_.get(), &calls_);
  inquiries_ = std::make_unique<InquiryService>(engine_.get(), &calls_);
  cadence_ = std::make_unique<CadenceService>(engine_.get(), &calls_, options_.backtest);
  alerts_ = std::make_unique<AlertService>(engine_.get(), feed_.get(), &calls_);
  admin_ = std::make_unique<AdminService>(engine_.get(), streams_.get(), feed_.get(), &calls_);
  if (absl::Status status = Listen(); !status.ok()) return status;
  WarnOfFutureStamps();
  SetServing(true);
  if (options_.ticker) {
    engine_->SetTickListener([this] {
      absl::MutexLock lock(&mu_);
      wake_.SignalAll();
    });
    ticker_ = std::thread([this] { TickForEver(); });
  }
  return absl::OkStatus();
}

absl::Status App::Impl::Listen() {
  const size_t colon = options_.listen.rfind(':');
  uint32_t port = 0;
  if (colon == std::string::npos || !absl::SimpleAtoi(options_.listen.substr(colon + 1), &port) || port > 65'535) {
    return absl::InvalidArgumentError("cannot listen on \"" + options_.listen + "\"; give host:port, such as 127.0.0.1:7401");
  }
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ServerBuilder builder;
  builder.AddListeningPort(options_.listen, grpc::InsecureServerCredentials(), &port_);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);  // or two servers would share one port, and each see half the calls
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMillis);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMillis);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, kClientPingMillisMin);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.SetMaxReceiveMessageSize(static_cast<int>(kMessageBytesMax));
  for (grpc::Service* service : std::vector<grpc::Service*>{catalog_.get(), evidence_.get(), inquiries_.get(), cadence_.get(),
                                                           alerts_.get(), admin_.get()}) {
    builder.RegisterService(service);
  }
  server_ = builder.BuildAndStart();
  if (server_ == nullptr || port_ <= 0) {
    return absl::UnavailableError("cannot listen on " + options_.listen + "; is another server running there?");
  }
  address_ = absl::StrCat(options_.listen.substr(0, colon), ":", port_);
  return absl::OkStatus();
}

void App::Impl::WarnOfFutureStamps() const {
  const Instant now = engine_->Now();
  for (const std::string& id : engine_->Districts()) {
    const absl::StatusOr<DistrictReader> reader = engine_->Read(id);
    if (!reader.ok() || (*reader)->last_time().micros <= now.micros + kResumeMicros) continue;
    LogLine(LogSeverity::kError, "district \"" + id + "\" was last written at " + (*reader)->last_time().ToString() +
                                     ", and the clock says " + now.ToString() +
                                     ": time stands still there until it is past. Check the clock; restore a backup from before");
  }
}

void App::Impl::SetServing(bool serving) {
  grpc::HealthCheckServiceInterface* const health = server_->GetHealthCheckService();
  health->SetServingStatus(serving);
  for (const char* const service : {v1::CatalogService::service_full_name(), v1::EvidenceService::service_full_name(),
                                    v1::CadenceService::service_full_name(), v1::AlertService::service_full_name(),
                                    v1::AdminService::service_full_name()}) {
    health->SetServingStatus(service, serving);
  }
}

bool App::Impl::WaitForTick(bool& resumed, int64_t& ahead_micros) {
  ahead_micros = 0;
  const bool still_due = engine_->NextTick() <= engine_->Now();
  const int64_t earliest = MonotonicMicros() + (still_due ? kTickMicrosMin : 0);
  absl::MutexLock lock(&mu_);
  while (!stopping_) {
    // Looked at again at every wake: a command may have brought an earlier deadline.
    const int64_t now = MonotonicMicros();
    resumed = resume_.Resumed(engine_->Now(), now) || resumed;  // also while commands leave nothing for a tick to do
    const Instant moment = engine_->NextTick();
    const int64_t wanted = std::min(moment.micros - engine_->Now().micros, kTickMicrosMax);
    int64_t left = std::max(earliest - now, wanted);
    if (left <= 0 || (serving_ && !engine_->Health().ok())) return true;
    if (roused_for_ != moment) {
      if (left <= kRouseMicros) {
        roused_for_ = moment;
        ahead_micros = kRouseMicros;
        return true;
      }
      left -= kRouseMicros;
    }
    wake_.WaitWithTimeout(&mu_, absl::Microseconds(left));
  }
  return false;
}

void App::Impl::TickForEver() {
  bool healthy = true;
  absl::Status last_failure, last_checkpoint;  // said once, not with every try
  bool resumed = false;
  for (int64_t ahead_micros = 0; WaitForTick(resumed, ahead_micros);) {
    if (resumed && last_failure.ok()) LogLine(LogSeverity::kWarning, "the clock jumped: what fell due meanwhile is judged after settling");
    if (ahead_micros > 0) feed_->Wake();
    absl::Status status = engine_->Tick(resumed, ahead_micros);
    // One that failed comes again as such: what could not be logged meanwhile was downtime. Whether it was long, the tick sees itself.
    resumed = !status.ok();
    if (status != last_failure) {
      last_failure = status;
      LogLine(status.ok() ? LogSeverity::kInfo : LogSeverity::kError,
              status.ok() ? "time moves on again" : "time stands still: " + status.ToString());
    }
    if (const absl::Status checkpoint = engine_->LastCheckpoint(); checkpoint != last_checkpoint) {
      if (checkpoint.ok() != last_checkpoint.ok()) {
        LogLine(checkpoint.ok() ? LogSeverity::kInfo : LogSeverity::kError,
                checkpoint.ok() ? "the view is brought to disk again" : "the view cannot be brought to disk: " + checkpoint.ToString());
      }
      last_checkpoint = checkpoint;
    }
    const absl::Status health = engine_->Health();
    if (health.ok() == healthy) continue;
    healthy = serving_ = health.ok();
    SetServing(healthy);
    if (healthy) continue;
    LogLine(LogSeverity::kError, "not serving: " + health.ToString());
    if (options_.on_unhealthy) options_.on_unhealthy();
  }
}

void App::Impl::Drain() {
  absl::MutexLock drain(&drain_mu_);
  if (drained_ || engine_ == nullptr) return;
  drained_ = true;
  {
    absl::MutexLock lock(&mu_);
    stopping_ = true;
    wake_.SignalAll();
  }
  if (ticker_.joinable()) ticker_.join();
  engine_->SetTickListener(nullptr);
  if (server_ != nullptr) {
    SetServing(false);
    EndCalls();
  }
  engine_->Stop();
}

void App::Impl::EndCalls() {
  const int64_t until = MonotonicMicros() + options_.drain_micros_max;
  calls_.Drain();
  admin_->Drain();
  cadence_->Drain();
  streams_->Drain();
  feed_->Drain();
  // The ends of all calls must be sent before Shutdown: it closes each connection as soon as that has no call left, and one
  // that is closed while its client still sends is reset, which may take acknowledgements with it that the client has not
  // read. After the ends, Shutdown's exchange of GOAWAY and ping tells that the client has read them.
  if (!calls_.WaitUntilNone(options_.drain_micros_max - kShutdownMicrosMax)) {
    LogLine(LogSeverity::kWarning, "drain: some calls do not end, their clients may not be reading; they are cut off");
  }
  // What is left is gRPC's own: who watches health stays until cut off.
  const int64_t left = std::min(kShutdownMicrosMax, until - MonotonicMicros());
  server_->Shutdown(gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_micros(std::max<int64_t>(left, 0), GPR_TIMESPAN)));
  server_->Wait();
}

App::App(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
App::~App() = default;

absl::StatusOr<std::unique_ptr<App>> App::BuildAndStart(AppOptions options) {
  auto impl = std::make_unique<Impl>(std::move(options));
  if (absl::Status status = impl->Start(); !status.ok()) return status;
  return std::unique_ptr<App>(new App(std::move(impl)));
}

const std::string& App::address() const { return impl_->address(); }
int App::port() const { return impl_->port(); }
Engine& App::engine() { return impl_->engine(); }
FlipFeed& App::feed() { return impl_->feed(); }
void App::Drain() { impl_->Drain(); }

}  // namespace leadlag
