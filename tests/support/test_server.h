// The whole server in the test's own process, on a free port of the loopback, a disk in memory (or a directory) and a clock that stands
// until it is moved.
//
//   TestServer server({.now = Instant::Parse("2025-09-02T13:00:00Z").value()});
//   server.stubs().catalog->ApplyCatalog(…);
//   server.GoTo(later);   // and all that happened on the way
//   server.Restart();     // a new process on the same data, as far as anyone outside can tell; the port is another one
//
// One thread at a time, but for stubs(). A failure to start fails the test.
#pragma once

#include <memory>
#include <string>

#include "core/clock.h"
#include "server/app.h"
#include "storage/disk.h"
#include "tests/support/stubs.h"

namespace leadlag {

struct TestServerOptions {
  Instant now;
  std::string data_directory = "/data";
  std::shared_ptr<Disk> disk;  // null: a new one in memory, which Restart keeps
  bool on_machine = false;     // data_directory is a real one
  FeedOptions feed;
  BacktestWaits backtest;
  int64_t drain_micros_max = AppOptions().drain_micros_max;
};

class TestServer {
 public:
  explicit TestServer(TestServerOptions options);
  ~TestServer();

  Stubs& stubs() { return *stubs_; }
  const std::string& target() const { return app_->address(); }
  App& app() { return *app_; }
  SimulatedClock& clock() { return clock_; }

  // Lets it be `now`: ticks, and waits until nothing is pending. `resumed` as in Engine::Tick.
  void GoTo(Instant now, bool resumed = false);
  // Drains, starts anew on what is stored, and ticks as a service that was away.
  void Restart();

 private:
  void Start();

  TestServerOptions options_;
  SimulatedClock clock_;
  std::unique_ptr<App> app_;
  std::unique_ptr<Stubs> stubs_;
};

}  // namespace leadlag
