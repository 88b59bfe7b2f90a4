// Ticks: the engine in this process, on a real disk and a clock that is moved, so that a tick is timed and not waited
// for.
//
// A tick that has something to do, or comes a minute after the last, is one fsync of the log. Memory a watch is the
// difference of two leadlagd just started on many and on few watches: what was written meanwhile is then not counted.
#include <atomic>
#include <filesystem>
#include <thread>

#include "server/engine/engine.h"
#include "tests/benchmark/programs.h"
#include "tests/benchmark/sections.h"
#include "tests/benchmark/watched_district.h"
#include "tests/benchmark/workload.h"

namespace leadlag::benchmark {
namespace {

constexpr int kTeams = 20'000;
constexpr int kFewWatches = 1'000;
constexpr int kFewDue = 10;
constexpr int kIdleTicks = 100;
constexpr int kBatches = 200;
constexpr Instant At(Instant instant, int64_t hours) { return Instant{instant.micros + hours * kMicrosPerHour}; }

// A district of its own, and an engine on it.
class TickedEngine {
 public:
  TickedEngine(const std::string& directory, Instant now) : directory_(directory), clock_(now), district_(now) {
    district_.AddTeams(kTeams);
  }

  absl::Status Open() {
    absl::StatusOr<std::unique_ptr<Engine>> engine = Engine::Open({.data_directory = directory_, .clock = &clock_});
    if (!engine.ok()) return engine.status();
    engine_ = *std::move(engine);
    if (absl::Status status = engine_->Tick(true); !status.ok()) return status;
    if (const auto applied = engine_->Execute(kDistrict, ApplyCatalogCommand{.catalog = district_.catalog});
        !applied.ok()) {
      return applied.status();
    }
    engine_->WaitIdle();
    return absl::OkStatus();
  }
  void Close() { engine_.reset(); }

  // Minutes pass in which nothing is due: milliseconds of each tick.
  absl::StatusOr<std::vector<double>> IdleTicks() {
    std::vector<double> millis;
    for (int tick = 0; tick < kIdleTicks; ++tick) {
      clock_.Set(Instant{clock_.Now().micros + kMicrosPerMinute});
      const Stopwatch stopwatch;
      if (absl::Status status = engine_->Tick(); !status.ok()) return status;
      millis.push_back(stopwatch.Millis());
    }
    return millis;
  }
  // What is due by then is done; milliseconds until it is.
  absl::StatusOr<double> TickAt(Instant instant) {
    clock_.Set(instant);
    const Stopwatch stopwatch;
    if (absl::Status status = engine_->Tick(); !status.ok()) return status;
    engine_->WaitIdle();
    return stopwatch.Millis();
  }
  // Sends batches one after the other until `enough` says so: milliseconds of each.
  template <typename Enough>
  absl::StatusOr<std::vector<double>> SendBatches(Enough enough) {
    std::vector<double> millis;
    while (!enough(millis.size())) {
      RecordEvidenceCommand command{.source = kSource};
      for (int i = 0; i < kBatchRecords; ++i) {
        EvidenceItem& item = command.items.emplace_back();
        item.evidence_id = "record-" + std::to_string(next_record_);
        item.content.team =
            WatchedDistrict::TeamId(next_record_++ % kFewDue);  // of few teams: it is the queue that is looked at
        item.content.indicator = "visits";
        item.content.event_date = district_.today - 3;
        item.content.value = 1.0;
      }
      const Stopwatch stopwatch;
      if (const auto outcome = engine_->Execute(kDistrict, std::move(command)); !outcome.ok()) return outcome.status();
      millis.push_back(stopwatch.Millis());
    }
    return millis;
  }

  Engine& engine() { return *engine_; }
  WatchedDistrict& district() { return district_; }
  Instant now() const { return clock_.Now(); }

 private:
  const std::string directory_;
  SimulatedClock clock_;
  WatchedDistrict district_;
  std::unique_ptr<Engine> engine_;
  int next_record_ = 0;
};

absl::StatusOr<double> ResidentAfterStart(const std::string& directory) {
  const auto server = Leadlagd::Start(directory);
  if (!server.ok()) return server.status();
  if (const auto stats = (*server)->Stats(); !stats.ok()) return stats.status();
  return (*server)->ResidentBytes();
}

class Ticks {
 public:
  Ticks(const BenchmarkOptions& options, Figures& figures)
      : figures_(figures),
        few_directory_(options.work_directory + "/few"),
        many_directory_(options.work_directory + "/many"),
        // The past, so that the programs which are started on it later come after it.
        start_{SystemClock().Now().micros - 2 * kMicrosPerDay},
        due_expectations_(options.quick ? 1 : 5),
        quiet_expectations_(options.quick ? 4 : 45) {}

  absl::Status Run() {
    absl::Status status = RunFew();
    if (status.ok()) status = RunMany();
    if (status.ok()) status = CompareMemory();
    std::filesystem::remove_all(few_directory_);
    std::filesystem::remove_all(many_directory_);
    return status;
  }

 private:
  absl::Status RunFew() {
    TickedEngine few(few_directory_, start_);
    few.district().AddQuiet("quiet", kFewWatches);
    if (absl::Status status = few.Open(); !status.ok()) return status;
    const auto millis = few.IdleTicks();
    if (!millis.ok()) return millis.status();
    figures_.Add("tick_few_watches_ms", Percentile(*millis, 0.5));
    return absl::OkStatus();
  }

  absl::Status RunMany() {
    TickedEngine many(many_directory_, start_);
    WatchedDistrict& district = many.district();
    const Instant few_due = At(start_, 5), many_due = At(start_, 6);
    district.AddDueToday("few-due", kFewDue, district.MinuteAt(few_due));
    for (int i = 0; i < due_expectations_; ++i)
      district.AddDueToday("due-" + std::to_string(i), 0, district.MinuteAt(many_due));
    for (int i = 0; i < quiet_expectations_; ++i) district.AddQuiet("quiet-" + std::to_string(i), 0);
    const Stopwatch apply;
    if (absl::Status status = many.Open(); !status.ok()) return status;
    watches_ = kFewDue + kTeams * (due_expectations_ + quiet_expectations_);
    figures_.Add("watches", watches_);
    figures_.Add("apply_catalog_watches_per_s", watches_ / apply.Seconds());
    const auto idle = many.IdleTicks();
    if (!idle.ok()) return idle.status();
    figures_.Add("tick_many_watches_ms", Percentile(*idle, 0.5));
    const auto few_due_ms = many.TickAt(few_due);
    if (!few_due_ms.ok()) return few_due_ms.status();
    figures_.Add("tick_10_due_ms", *few_due_ms);
    return Drain(many, many_due);
  }

  absl::Status Drain(TickedEngine& many, Instant due) {
    const auto quiet = many.SendBatches([](size_t sent) { return sent == kBatches; });
    if (!quiet.ok()) return quiet.status();
    std::atomic<bool> drained = false;
    absl::StatusOr<std::vector<double>> meanwhile;
    std::thread sender([&] { meanwhile = many.SendBatches([&](size_t sent) { return drained && sent > 0; }); });
    const auto millis = many.TickAt(due);
    drained = true;
    sender.join();
    if (!millis.ok()) return millis.status();
    if (!meanwhile.ok()) return meanwhile.status();
    figures_.Add("drain_flips_per_s", kTeams * due_expectations_ / (*millis * 1e-3));
    figures_.AddPercentiles("drain_before_ack", *quiet);
    figures_.AddPercentiles("drain_ack", *meanwhile);
    return absl::OkStatus();
  }

  absl::Status CompareMemory() {
    const auto few = ResidentAfterStart(few_directory_), many = ResidentAfterStart(many_directory_);
    if (!few.ok()) return few.status();
    if (!many.ok()) return many.status();
    figures_.Add("bytes_per_watch", (*many - *few) / (watches_ - kFewWatches));
    return absl::OkStatus();
  }

  Figures& figures_;
  const std::string few_directory_, many_directory_;
  const Instant start_;
  const int due_expectations_, quiet_expectations_;
  int watches_ = 0;
};

}  // namespace

absl::Status MeasureTicks(const BenchmarkOptions& options, Figures& figures) { return Ticks(options, figures).Run(); }

}  // namespace leadlag::benchmark
