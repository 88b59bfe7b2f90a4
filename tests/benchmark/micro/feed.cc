// The feed: flips to many subscribers, up to where gRPC would take them.
#include "server/feed.h"

#include <atomic>
#include <memory>
#include <vector>

#include "absl/synchronization/blocking_counter.h"
#include "benchmark/benchmark.h"
#include "core/check.h"
#include "server/rpc/alert_service.h"
#include "tests/benchmark/micro/loaded_engine.h"
#include "tests/benchmark/micro/school_year.h"
#include "tests/benchmark/watched_district.h"
#include "tests/benchmark/workload.h"

namespace leadlag::micro {
namespace {

constexpr int kFlips = 500;

// Is ready for the next message at once, until it has had all.
class Reader final : public FeedSink {
 public:
  Reader(FlipFeed& feed, uint64_t last, absl::BlockingCounter& reading) : feed_(feed), last_(last), reading_(reading) {}
  void Begin(uint64_t id) {
    id_ = id;
    feed_.Ready(id);
  }
  void Send(const FeedMessage& message) override {
    for (const FeedFlip* const flip : message.flips) bytes_ += flip->bytes.size();
    if (message.through_sequence < last_) return feed_.Ready(id_);
    reading_.DecrementCount();
  }
  void Close(const absl::Status&) override {}
  void Cut(const absl::Status&) override {}
  size_t bytes() const { return bytes_; }

 private:
  FlipFeed& feed_;
  const uint64_t last_;
  absl::BlockingCounter& reading_;
  std::atomic<uint64_t> id_{0};
  size_t bytes_ = 0;
};

// Five hundred flips to each of so many subscribers, from the log on.
void FeedFanOut(::benchmark::State& state) {
  const auto subscribers = static_cast<int>(state.range(0));
  SimulatedClock clock(NewYork().At(Work().today(), MinuteOfDay{720}));
  benchmark::WatchedDistrict district(clock.Now());
  district.AddTeams(kFlips);
  district.AddQuiet("quiet", 0);
  const std::unique_ptr<Engine> engine = Engine::Open(OptionsOn(EngineDisk::kMemory, "fed", clock)).value();
  LEADLAG_CHECK(engine->Execute(kDistrict, ApplyCatalogCommand{.catalog = district.catalog}).ok());
  engine->WaitIdle();
  const uint64_t last = engine->Read(kDistrict).value()->last_sequence();
  LEADLAG_CHECK(last == kFlips);
  FlipFeed feed(engine.get(), {.encode = AlertService::EncodeFlip});
  for (auto _ : state) {
    absl::BlockingCounter reading(subscribers);
    std::vector<std::shared_ptr<Reader>> readers;
    std::vector<uint64_t> ids;
    for (int i = 0; i < subscribers; ++i) {
      readers.push_back(std::make_shared<Reader>(feed, last, reading));
      ids.push_back(feed.Add(kDistrict, {}, FlipFeed::FromEarliest(), readers.back()).value());
    }
    for (size_t i = 0; i < ids.size(); ++i) readers[i]->Begin(ids[i]);
    reading.Wait();
    for (const uint64_t id : ids) feed.Remove(id);
    LEADLAG_CHECK(readers.front()->bytes() > kFlips);
  }
  engine->Stop();
  state.SetItemsProcessed(state.iterations() * subscribers * kFlips);
}
BENCHMARK(FeedFanOut)->Arg(1)->Arg(100)->UseRealTime()->Unit(::benchmark::kMicrosecond);

}  // namespace
}  // namespace leadlag::micro
