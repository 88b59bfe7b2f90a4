#include "tests/benchmark/subscribers.h"

#include "core/clock.h"
#include "tests/benchmark/workload.h"

namespace leadlag::benchmark {
namespace {

constexpr int kSubscribersAChannel = 100;
constexpr std::chrono::seconds kPatience(90);  // a notify time is at most a minute and a half away

int64_t MicrosOf(const google::protobuf::Timestamp& time) { return time.seconds() * kMicrosPerSecond + time.nanos() / 1000; }

}  // namespace

void Arrivals::Add(Arrival arrival) {
  const std::lock_guard lock(mutex_);
  arrivals_.push_back(std::move(arrival));
  if (arrivals_.size() >= wanted_) changed_.notify_all();  // waking this program for each would slow the server down
}

void Arrivals::AddReady() {
  const std::lock_guard lock(mutex_);
  ++ready_;
  changed_.notify_all();
}

bool Arrivals::AwaitReady(int count) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, kPatience, [&] { return ready_ >= count; });
}

std::vector<Arrival> Arrivals::Take(size_t count) {
  std::unique_lock lock(mutex_);
  wanted_ = count;
  changed_.wait_for(lock, kPatience, [&] { return arrivals_.size() >= count; });
  return std::exchange(arrivals_, {});
}

Subscriber::Subscriber(v1::AlertService::Stub& stub, Arrivals& arrivals, Start start) : arrivals_(arrivals) {
  request_.set_parent(Workload::DistrictName());
  if (start == Start::kSnapshot) request_.set_snapshot(true);
  stub.async()->Subscribe(&context_, &request_, this);
  StartRead(&message_);
  StartCall();
}

Subscriber::~Subscriber() {
  context_.TryCancel();
  std::unique_lock lock(mutex_);
  ended_.wait(lock, [this] { return done_; });
}

void Subscriber::OnReadDone(bool ok) {
  if (!ok) return;
  const int64_t micros = MonotonicMicros(), wall_micros = SystemClock().Now().micros;
  for (const v1::Flip& flip : message_.flips()) {
    arrivals_.Add({flip.team(), flip.sequence(), MicrosOf(flip.effective_time()), MicrosOf(flip.recorded_time()), micros, wall_micros});
  }
  if (!message_.token().empty() && !std::exchange(ready_, true)) arrivals_.AddReady();
  StartRead(&message_);
}

void Subscriber::OnDone(const grpc::Status&) {
  const std::lock_guard lock(mutex_);
  done_ = true;
  ended_.notify_all();
}

absl::Status Subscribers::Start(const std::string& target, int count, Arrivals& arrivals, Subscriber::Start start) {
  for (int i = 0; i < count; ++i) {
    if (i % kSubscribersAChannel == 0) channels_.push_back(std::make_unique<Stubs>(target));
    subscribers_.push_back(std::make_unique<Subscriber>(*channels_.back()->alerts, arrivals, start));
    // A channel's at a time: the server bounds the bytes of snapshots under way.
    const bool last = (i + 1) % kSubscribersAChannel == 0 || i + 1 == count;
    if (last && !arrivals.AwaitReady(i + 1)) return absl::DeadlineExceededError("the subscribers were not served in time");
  }
  return absl::OkStatus();
}

}  // namespace leadlag::benchmark
