// Subscribers under measurement: calls of Subscribe on the district of the workload, and when what they were sent came.
//
//   Arrivals arrivals;
//   Subscribers subscribers;
//   subscribers.Start(server.target(), 100, arrivals, Subscriber::Start::kSnapshot);
//   for (const Arrival& flip : arrivals.Take(100)) …
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "tests/support/stubs.h"

namespace leadlag::benchmark {

// A flip at one subscriber.
struct Arrival {
  std::string team;
  int64_t sequence = 0;
  int64_t effective_micros = 0;
  int64_t recorded_micros = 0;
  int64_t micros = 0;       // monotonic
  int64_t wall_micros = 0;  // as effective_micros
};

// What all subscribers were sent. Thread safe.
class Arrivals {
 public:
  void Add(Arrival arrival);
  void AddReady();
  // Both wait for no longer than a notify time may be away. Whether so many subscribers are ready.
  bool AwaitReady(int count);
  // Waits until there are `count`, takes them all, and forgets them; fewer where they did not come in time.
  std::vector<Arrival> Take(size_t count);

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Arrival> arrivals_;
  int ready_ = 0;
  size_t wanted_ = 0;
};

// One call; ready once it has been given a token: with the end of its snapshot, or at once. Ends with its destructor.
class Subscriber final : public grpc::ClientReadReactor<v1::SubscribeResponse> {
 public:
  enum class Start { kSnapshot, kNow };
  // `arrivals` outlives it.
  Subscriber(v1::AlertService::Stub& stub, Arrivals& arrivals, Start start);
  ~Subscriber() override;

  void OnReadDone(bool ok) override;
  void OnDone(const grpc::Status&) override;

 private:
  Arrivals& arrivals_;
  grpc::ClientContext context_;
  v1::SubscribeRequest request_;
  v1::SubscribeResponse message_;
  bool ready_ = false;
  std::mutex mutex_;
  std::condition_variable ended_;
  bool done_ = false;
};

// So many of them, a hundred a channel.
class Subscribers {
 public:
  // Waits until all are ready; DEADLINE_EXCEEDED where they are not served in time. `arrivals` outlives them.
  absl::Status Start(const std::string& target, int count, Arrivals& arrivals, Subscriber::Start start);

 private:
  std::vector<std::unique_ptr<Stubs>> channels_;
  std::vector<std::unique_ptr<Subscriber>> subscribers_;
};

}  // namespace leadlag::benchmark
