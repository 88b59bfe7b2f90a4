// The server as a whole: engine, services, feed, health, time. main.cc runs one; tests run it in their own process.
//
// Order of things. BuildAndStart opens the engine, which replays its log; lets it see how long it was away; then
// listens, and says SERVING (grpc.health.v1, for "" and each service). Drain says NOT_SERVING, ends the streams with
// what they read acknowledged, lets unary calls finish, stops listening, then stops the engine. A second process on the
// same data directory, or the same port, is refused.
//
// Time. One thread waits until the engine wants a tick. A tick is `resumed` when the service may not have been running:
// the first one, and one before which the wall clock and the monotonic clock disagree by more than two minutes, or both
// stood longer than that. Without `ticker` the owner ticks, with a clock of its own.
//
// Thread safe.
//
//   absl::StatusOr<std::unique_ptr<App>> app = App::BuildAndStart({.data_directory = "/var/lib/leadlag"});
//   … (*app)->address() …
//   (*app)->Drain();
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "core/clock.h"
#include "core/limits.h"
#include "server/engine/engine.h"
#include "server/feed.h"
#include "server/rpc/backtest_waits.h"

namespace leadlag {

struct AppOptions {
  std::string data_directory;             // made where it does not exist
  std::string listen = "127.0.0.1:7401";  // host:port; port 0: one that is free
  const Clock* clock = nullptr;           // null: the system clock
  bool ticker = true;
  int64_t drain_micros_max = 10'000'000;  // calls that have not ended by then are cancelled
  uint64_t tail_records_max = kTailRecordsMax;
  // Called once, from a thread of the App's, when the engine's health is lost (Engine::Health): only opening the data anew helps.
  std::function<void()> on_unhealthy;
  FeedOptions feed;
  BacktestWaits backtest;
  // For tests, as in EngineOptions.
  std::shared_ptr<Disk> disk;
};

class App {
 public:
  // Errors: those of Engine::Open; UNAVAILABLE where `listen` is taken, INVALID_ARGUMENT where it is no address.
  static absl::StatusOr<std::unique_ptr<App>> BuildAndStart(AppOptions options);
  // Drains.
  ~App();
  App(const App&) = delete;
  App& operator=(const App&) = delete;

  // What it listens on, with the real port.
  const std::string& address() const;
  int port() const;
  Engine& engine();
  FlipFeed& feed();

  // Ends everything, as described above; returns when it is done. Idempotent.
  void Drain();

 private:
  class Impl;
  explicit App(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Decides which ticks are `resumed`. Not thread safe.
class ResumeDetector {
 public:
  // True where the service may not have been running between the reading before and this one; always for the first.
  bool Resumed(Instant wall, int64_t monotonic_micros);

 private:
  struct Reading {
    Instant wall;
    int64_t monotonic_micros = 0;
  };
  std::optional<Reading> last_;
};

}  // namespace leadlag
