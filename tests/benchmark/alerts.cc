// Alerts: how long a flip takes to its subscribers, over gRPC.
//
// The district's watches are young, so that a team's first record flips its watch to ON_TRACK. The moment of an
// acknowledgement is when the client has read it; a flip may come before it, and then took 0. A tick's moment is the
// flip's effective time: the notify time of a watch that falls due while subscribers listen.
#include <algorithm>
#include <filesystem>
#include <map>

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

constexpr int kSamples = 400;
constexpr int kTicked = 10;  // watches that fall due at once

// Of them so many, a minute apart: a percentile of few is that of one. Three rounds of the number that the goal is of have over twenty.
int TicksWith(int subscribers) { return subscribers == 1 ? 4 : subscribers == 100 ? 7 : 1; }

class Alerts {
 public:
  Alerts(const BenchmarkOptions& options, Figures& figures)
      : options_(options),
        figures_(figures),
        directory_(options.work_directory + "/alerts"),
        district_(SystemClock().Now()) {}

  absl::Status Run() {
    const absl::Status status = RunAll();
    std::filesystem::remove_all(directory_);
    return status;
  }

 private:
  absl::Status RunAll() {
    auto server = Leadlagd::Start(directory_);
    if (!server.ok()) return server.status();
    server_ = server->get();
    district_.AddTeams(kTicked + 3 * kSamples);
    district_.AddQuiet("visits", 0);
    if (absl::Status status = server_->Apply(ToProto(district_.catalog)); !status.ok()) return status;
    for (const int subscribers : {1, 100, 1'000}) {
      const bool wanted = options_.subscribers > 0 ? subscribers == options_.subscribers : !options_.quick || subscribers > 1;
      if (!wanted) continue;  // each waits for a notify time
      if (absl::Status status = RunWith(subscribers); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

  absl::Status RunWith(int count) {
    Arrivals arrivals;
    Subscribers subscribers;
    const absl::Status started = subscribers.Start(server_->target(), count, arrivals, Subscriber::Start::kSnapshot);
    if (!started.ok()) return started;
    const std::string name = "alerts_" + std::to_string(count);
    if (absl::Status status = MeasureAcks(name, count, arrivals); !status.ok()) return status;
    return MeasureTick(name, count, arrivals);
  }

  absl::Status MeasureAcks(const std::string& name, int subscribers, Arrivals& arrivals) {
    std::vector<double> from_sending, from_ack;
    for (int sample = 0; sample < kSamples; ++sample) {
      v1::RecordEvidenceRequest request;
      request.set_parent(Workload::Parent());
      v1::EvidenceRecord& record = *request.add_records();
      record.set_team(WatchedDistrict::TeamId(next_team_++));
      record.set_evidence_id(record.team());
      record.set_indicator("visits");
      record.set_event_date(district_.today.ToString());
      record.set_number(1);
      TestContext context;
      v1::RecordEvidenceResponse response;
      const int64_t sent = MonotonicMicros();
      const absl::Status status = ToStatus(server_->stubs().evidence->RecordEvidence(&context, request, &response));
      const int64_t acknowledged = MonotonicMicros();
      if (!status.ok()) return status;
      if (response.result().new_count() != 1) return absl::InternalError(response.ShortDebugString());
      const std::vector<Arrival> arrived = arrivals.Take(static_cast<size_t>(subscribers));
      if (arrived.size() != static_cast<size_t>(subscribers))
        return absl::DeadlineExceededError("a flip did not reach all subscribers");
      for (const Arrival& arrival : arrived) {
        from_sending.push_back(static_cast<double>(arrival.micros - sent) * 1e-3);
        from_ack.push_back(static_cast<double>(std::max<int64_t>(0, arrival.micros - acknowledged)) * 1e-3);
      }
    }
    figures_.AddPercentiles(name + "_record_to_subscriber", from_sending);
    figures_.AddPercentiles(name + "_ack_to_subscriber", from_ack);
    return absl::OkStatus();
  }

  absl::Status MeasureTick(const std::string& name, int subscribers, Arrivals& arrivals) {
    // The next whole minute that leaves the catalog time to be applied.
    const Instant soon{SystemClock().Now().micros + 10 * kMicrosPerSecond};
    const Instant minute{(soon.micros / kMicrosPerMinute + 1) * kMicrosPerMinute};
    const int ticks = options_.ticks > 0 ? options_.ticks : options_.quick ? 1 : TicksWith(subscribers);
    std::map<int64_t, std::vector<double>> millis;  // by moment
    for (int tick = 0; tick < ticks; ++tick) {
      const Instant moment{minute.micros + tick * kMicrosPerMinute};
      district_.AddDueToday(absl::StrCat("tick-", subscribers, "-", tick), kTicked, district_.MinuteAt(moment));
      millis[moment.micros] = {};
    }
    if (absl::Status status = server_->Apply(ToProto(district_.catalog)); !status.ok()) return status;
    const size_t flips = static_cast<size_t>(kTicked * subscribers) * millis.size();
    std::map<int64_t, double> stamped;  // of each moment's command, which has all of its flips
    for (size_t taken = 0; taken < flips;) {
      const std::vector<Arrival> arrived = arrivals.Take(flips - taken);
      if (arrived.empty()) return absl::DeadlineExceededError("a tick's flips did not come");
      for (const Arrival& arrival : arrived) {
        // The watches' start is a flip too, of the moment of the catalog.
        const auto of_moment = millis.find(arrival.effective_micros);
        if (of_moment == millis.end()) continue;
        ++taken;
        of_moment->second.push_back(static_cast<double>(arrival.wall_micros - arrival.effective_micros) * 1e-3);
        stamped[arrival.effective_micros] = static_cast<double>(arrival.recorded_micros - arrival.effective_micros) * 1e-3;
      }
    }
    std::vector<double> all, late;
    for (const auto& [moment, of_tick] : millis) {
      all.insert(all.end(), of_tick.begin(), of_tick.end());
      late.push_back(stamped.at(moment));
      // Where a slow tick was slow: until the writer stamped it; then its fsync, what it changes, and the way of the first message; then
      // the messages to all.
      figures_.Add(name + "_tick_stamped_ms", stamped.at(moment));
      figures_.Add(name + "_tick_first_ms", *std::min_element(of_tick.begin(), of_tick.end()));
      figures_.Add(name + "_tick_last_ms", *std::max_element(of_tick.begin(), of_tick.end()));
    }
    figures_.AddPercentiles(name + "_tick_to_subscriber", all);
    figures_.AddPercentiles(name + "_tick_to_its_command", late);
    return absl::OkStatus();
  }

  const BenchmarkOptions& options_;
  Figures& figures_;
  const std::string directory_;
  WatchedDistrict district_;
  Leadlagd* server_ = nullptr;
  int next_team_ = kTicked;  // those before it send nothing, so that they fall due
};

}  // namespace

absl::Status MeasureAlerts(const BenchmarkOptions& options, Figures& figures) { return Alerts(options, figures).Run(); }

}  // namespace leadlag::benchmark
