#include "tests/support/test_server.h"

#include <cstdio>
#include <cstdlib>
#include <utility>

#include <gtest/gtest.h>

namespace leadlag {

TestServer::TestServer(TestServerOptions options) : options_(std::move(options)), clock_(options_.now) {
  if (options_.disk == nullptr) options_.disk = options_.on_machine ? Disk::Machine() : Disk::InMemory();
  Start();
}

TestServer::~TestServer() {
  stubs_.reset();
  app_.reset();
}

void TestServer::Start() {
  AppOptions options;
  options.data_directory = options_.data_directory;
  options.disk = options_.disk;
  options.listen = "127.0.0.1:0";
  options.clock = &clock_;
  options.ticker = false;
  options.feed = options_.feed;
  options.backtest = options_.backtest;
  options.drain_micros_max = options_.drain_micros_max;
  absl::StatusOr<std::unique_ptr<App>> app = App::BuildAndStart(std::move(options));
  if (!app.ok()) {  // nothing a test could go on with
    std::fprintf(stderr, "the test server did not start: %s\n", app.status().ToString().c_str());
    std::abort();
  }
  app_ = *std::move(app);
  stubs_ = std::make_unique<Stubs>(app_->address());
}

void TestServer::GoTo(Instant now, bool resumed) {
  clock_.Set(now);
  const absl::Status ticked = app_->engine().Tick(resumed);
  EXPECT_TRUE(ticked.ok()) << ticked;
  app_->engine().WaitIdle();
}

void TestServer::Restart() {
  stubs_.reset();
  app_.reset();
  Start();
  GoTo(clock_.Now(), /*resumed=*/true);
}

}  // namespace leadlag
