// A subscriber that stops reading: what it costs the others and the server, and what becomes of it.
//
// 999 subscribers read; the thousandth reads, then takes no message, in turn. In each span of either sort a burst of flips comes first,
// more than the connection of one who does not read can hold, then one flip at a time: how long each takes from its acknowledgement to
// the 999 is what is compared. At last the one is left alone until it is cut off; it then goes on with its last token, and must have
// every flip once.
#include <condition_variable>
#include <filesystem>
#include <map>
#include <mutex>
#include <thread>

#include "absl/strings/str_cat.h"
#include "core/clock.h"
#include "server/rpc/convert_catalog.h"
#include "tests/benchmark/programs.h"
#include "tests/benchmark/sections.h"
#include "tests/benchmark/subscribers.h"
#include "tests/benchmark/watched_district.h"
#include "tests/benchmark/workload.h"

namespace leadlag::benchmark {
namespace {

constexpr int kOthers = 999;
constexpr int kSamples = 400;
constexpr int kBatch = 1'000;  // records of a request
// Flips of some hundred bytes: the one takes 500, its connection's window holds 64 KiB, and what is more waits in the log.
constexpr int kBurst = 2 * kBatch;
constexpr int kPairs = 5;            // of spans; an odd number
constexpr int kStalledSeconds = 40;  // instead of five minutes; longer than a span
constexpr std::chrono::seconds kPatience(90);
constexpr std::chrono::milliseconds kLook(50);  // between two looks at the server

// A subscriber that can be told to take no more messages. It notes every flip that it was sent.
class PausingSubscriber {
 public:
  // `token`: where it goes on; empty: now.
  PausingSubscriber(const std::string& target, const std::string& token)
      : stubs_(grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(), SmallWindow())) {
    request_.set_parent(Workload::DistrictName());
    if (!token.empty()) request_.set_token(token);
    call_ = stubs_.alerts->Subscribe(&context_, request_);
    thread_ = std::thread([this] { Read(); });
  }
  ~PausingSubscriber() {
    context_.TryCancel();
    ReadOn();
    thread_.join();
  }

  // It takes one more message at most; and as they come again.
  void Pause() { Set(paused_, true); }
  void ReadOn() { Set(paused_, false); }
  // Whether it has been told that it is through `sequence`; waits for that.
  bool AwaitThrough(int64_t sequence) {
    return Await([&] { return !token_.empty() && through_ >= sequence; });
  }
  // Whether the server has ended the call; waits for that. REQUIRES: it reads.
  bool AwaitEnd() {
    return Await([&] { return ended_; });
  }
  // Lets time pass.
  void Wait(std::chrono::milliseconds time) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, time, [] { return false; });
  }

  // Once it has ended, or rests.
  std::map<int64_t, int> times_by_sequence() const { return Get(times_); }
  std::string token() const { return Get(token_); }
  int64_t through() const { return Get(through_); }
  grpc::StatusCode status() const { return Get(status_); }

 private:
  static grpc::ChannelArguments SmallWindow() {
    grpc::ChannelArguments arguments = Stubs::Arguments();
    arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
    return arguments;
  }

  void Read() {
    v1::SubscribeResponse message;
    while (call_->Read(&message)) {
      std::unique_lock lock(mutex_);
      for (const v1::Flip& flip : message.flips()) ++times_[flip.sequence()];
      token_ = message.token();
      through_ = message.through_sequence();
      changed_.notify_all();
      changed_.wait(lock, [this] { return !paused_; });
    }
    const grpc::Status status = call_->Finish();
    const std::lock_guard lock(mutex_);
    status_ = status.error_code();
    ended_ = true;
    changed_.notify_all();
  }

  template <typename Holds>
  bool Await(Holds holds) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, holds);
  }
  void Set(bool& what, bool value) {
    const std::lock_guard lock(mutex_);
    what = value;
    changed_.notify_all();
  }
  template <typename T>
  T Get(const T& what) const {
    const std::lock_guard lock(mutex_);
    return what;
  }

  Stubs stubs_;
  TestContext context_{std::chrono::seconds(3'600)};
  v1::SubscribeRequest request_;
  std::unique_ptr<grpc::ClientReader<v1::SubscribeResponse>> call_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<int64_t, int> times_;
  std::string token_;
  int64_t through_ = 0;
  grpc::StatusCode status_ = grpc::StatusCode::OK;
  bool paused_ = false;
  bool ended_ = false;
  std::thread thread_;
};

class Stalled {
 public:
  Stalled(const BenchmarkOptions& options, Figures& figures)
      : pairs_(options.quick ? 1 : kPairs),
        figures_(figures),
        directory_(options.work_directory + "/stalled"),
        district_(SystemClock().Now()) {}

  absl::Status Run() {
    const absl::Status status = RunAll();
    std::filesystem::remove_all(directory_);
    return status;
  }

 private:
  absl::Status RunAll() {
    auto server = Leadlagd::Start(directory_, {absl::StrCat("--subscriber_stalled_seconds=", kStalledSeconds)});
    if (!server.ok()) return server.status();
    server_ = server->get();
    district_.AddTeams((1 + 2 * pairs_) * (kBurst + kSamples));
    district_.AddQuiet("visits", 0);
    if (absl::Status status = server_->Apply(ToProto(district_.catalog)); !status.ok()) return status;

    Subscribers others;
    if (absl::Status status = others.Start(server_->target(), kOthers, arrivals_, Subscriber::Start::kNow); !status.ok()) return status;
    PausingSubscriber one(server_->target(), "");
    if (!one.AwaitThrough(1)) return absl::DeadlineExceededError("the one was not served in time");
    const int64_t begin = one.through();

    std::vector<double> millis;
    if (absl::Status status = Span(millis); !status.ok()) return status;  // what is made once is not measured
    millis.clear();
    std::vector<double> while_stalled;
    for (int pair = 0; pair < pairs_; ++pair) {
      // The order changes, so that what drifts is on neither side; it ends with a stalled one.
      for (const bool stalled : {pair % 2 == 1, pair % 2 == 0}) {
        one.ReadOn();
        if (!one.AwaitThrough(last_)) return absl::DeadlineExceededError("the one did not catch up");
        if (stalled) one.Pause();
        const double memory = server_->ResidentBytes();
        if (absl::Status status = Span(stalled ? while_stalled : millis); !status.ok()) return status;
        if (stalled && one.through() > last_ - kSamples) return absl::InternalError("the one has not stalled");
        figures_.Add(stalled ? "stalled_memory_growth_bytes" : "stalled_memory_growth_while_reading_bytes",
                     server_->ResidentBytes() - memory);
      }
    }
    figures_.AddPercentiles("stalled_before_ack_to_subscriber", millis);
    figures_.AddPercentiles("stalled_while_ack_to_subscriber", while_stalled);
    figures_.Add("stalled_resident_bytes", server_->ResidentBytes());
    return Leave(one, begin);
  }

  // Flips come in a burst, then one by one: from their acknowledgements to the others.
  absl::Status Span(std::vector<double>& millis) {
    millis.clear();
    for (int batch = 0; batch < kBurst / kBatch; ++batch) {
      if (absl::Status status = Record(kBatch, millis); !status.ok()) return status;
    }
    millis.clear();
    const Stopwatch stopwatch;
    for (int sample = 0; sample < kSamples; ++sample) {
      if (absl::Status status = Record(1, millis); !status.ok()) return status;
    }
    span_seconds_ = stopwatch.Seconds();
    return absl::OkStatus();
  }

  // The first record of each of so many teams: as many flips. Adds what each takes to each of the others.
  absl::Status Record(int count, std::vector<double>& millis) {
    v1::RecordEvidenceRequest request;
    request.set_parent(Workload::Parent());
    for (int i = 0; i < count; ++i) {
      v1::EvidenceRecord& record = *request.add_records();
      record.set_team(WatchedDistrict::TeamId(next_team_++));
      record.set_evidence_id(record.team());
      record.set_indicator("visits");
      record.set_event_date(district_.today.ToString());
      record.set_number(1);
    }
    TestContext context;
    v1::RecordEvidenceResponse response;
    const absl::Status status = ToStatus(server_->stubs().evidence->RecordEvidence(&context, request, &response));
    const int64_t acknowledged = MonotonicMicros();
    if (!status.ok()) return status;
    if (response.result().new_count() != count) return absl::InternalError(response.ShortDebugString());
    const std::vector<Arrival> arrived = arrivals_.Take(static_cast<size_t>(kOthers * count));
    if (arrived.size() != static_cast<size_t>(kOthers * count)) return absl::DeadlineExceededError("a flip did not reach all the others");
    for (const Arrival& arrival : arrived) {
      millis.push_back(static_cast<double>(std::max<int64_t>(0, arrival.micros - acknowledged)) * 1e-3);
      last_ = std::max(last_, arrival.sequence);
    }
    return absl::OkStatus();
  }

  // The one, which takes no message any more, is cut at its limit and goes on with its last token.
  absl::Status Leave(PausingSubscriber& one, int64_t begin) {
    const Stopwatch stopwatch;
    v1::GetStatsResponse stats;
    do {
      if (stopwatch.Seconds() > 2 * kStalledSeconds) return absl::DeadlineExceededError("the one was not cut off");
      one.Wait(kLook);
      TestContext context;
      if (absl::Status status = ToStatus(server_->stubs().admin->GetStats(&context, {}, &stats)); !status.ok()) return status;
    } while (stats.alert_streams() > kOthers);
    figures_.Add("stalled_cut_s", stopwatch.Seconds() + span_seconds_);
    one.ReadOn();
    if (!one.AwaitEnd()) return absl::DeadlineExceededError("the one does not know that it was cut off");
    if (one.status() != grpc::StatusCode::CANCELLED) return absl::InternalError(absl::StrCat("it was ended with ", one.status()));

    PausingSubscriber again(server_->target(), one.token());
    if (!again.AwaitThrough(last_)) return absl::DeadlineExceededError("the one did not get what it had missed");
    std::map<int64_t, int> times = one.times_by_sequence();
    for (const auto& [sequence, count] : again.times_by_sequence()) times[sequence] += count;
    for (int64_t sequence = begin + 1; sequence <= last_; ++sequence) {
      if (times[sequence] != 1) return absl::DataLossError(absl::StrCat("flip ", sequence, " came ", times[sequence], " times"));
    }
    return absl::OkStatus();
  }

  const int pairs_;
  Figures& figures_;
  const std::string directory_;
  WatchedDistrict district_;
  Leadlagd* server_ = nullptr;
  Arrivals arrivals_;
  int next_team_ = 0;
  int64_t last_ = 0;  // sequence of the last flip
  double span_seconds_ = 0;  // of the last span
};

}  // namespace

absl::Status MeasureStalled(const BenchmarkOptions& options, Figures& figures) { return Stalled(options, figures).Run(); }

}  // namespace leadlag::benchmark
