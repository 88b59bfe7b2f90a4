// A district lived through the Engine, on a simulated clock and a disk in memory: years in seconds, restarts at will.
//
// Concepts. The driver lets time pass as the server's ticker does, but only where something falls due. Each command
// happens at an instant of its own, which the naive model can be told: the clock stands there, and what the command
// left to be continued is done before the next one. So the same calls make the same log, whatever the threads do.
//
//   SimulatedDistrict district({.start = At("2025-08-01 12:00")});
//   district.Apply(SmallCatalog(2));
//   district.AdvanceTo(At("2025-09-10 16:00"));
//   district.Record("forms", {NumberRecord("r1", "t1", "walks", D("2025-09-10"))});
//
// One thread at a time, but engine() may be used by others.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "core/clock.h"
#include "server/engine/engine.h"
#include "storage/disk.h"
#include "storage/records.h"
#include "tests/support/naive_watch.h"

namespace leadlag {

// Wall clock in New York, "2025-09-10 16:00" or "2025-09-10" for midnight. Aborts on anything else.
Instant At(std::string_view when);
Instant At(std::string_view zone, Date date, int minute_of_day);

// One flip as the log holds it.
struct SeenFlip {
  uint64_t sequence = 0;
  FlipRecord record;
  friend bool operator==(const SeenFlip&, const SeenFlip&) = default;
};
// "12 t1/walks ON_TRACK > LATE DUE 2025-09-17T11:00:00Z due 2025-09-16".
std::string Describe(const SeenFlip& flip);

// A watch by its names. A source's has no team, and the source in the expectation's place.
struct WatchName {
  std::string team;
  std::string expectation;
  friend auto operator<=>(const WatchName&, const WatchName&) = default;
};

// Where its disk has it, and its id where none is given.
inline constexpr char kSimulatedDirectory[] = "/district";
inline constexpr char kSimulatedId[] = "springfield";

class SimulatedDistrict {
 public:
  struct Options {
    Instant start;
    std::string id = kSimulatedId;
    std::shared_ptr<Disk> disk;  // null: a new one in memory
    std::function<std::unique_ptr<CommandLog>(CommandLog&)> wrap_log;
    bool ticks_each_minute = false;  // of EngineOptions; a life that is told as time passes has no need of it
    // False: Restart logs what a restart logs, and restarts nothing. Such a life has the same commands.
    bool restarts = true;
  };
  explicit SimulatedDistrict(Options options);

  // Makes every moment before `when`, each at its own instant, and lets it be `when`; a moment at `when` itself is
  // still to come.
  void AdvanceTo(Instant when);
  // The same, through `when`.
  void AdvanceThrough(Instant when);

  // Each is a command at an instant of its own, `now` or a little later; returns once everything it started is done.
  absl::StatusOr<CatalogOutcome> Apply(const Catalog& catalog, std::optional<uint32_t> expected_version = std::nullopt);
  absl::StatusOr<BatchOutcome> Record(const std::string& source, std::vector<EvidenceItem> items);
  absl::StatusOr<ReviewOutcome> RecordReview(const Review& review);
  absl::StatusOr<InquiryOutcome> RecordInquiry(const Inquiry& inquiry, std::optional<uint32_t> expected_revision = std::nullopt);
  // Of the watch's open alert. Aborts where there is none.
  absl::Status Acknowledge(const WatchName& watch, const std::string& by, const std::string& note = "");
  absl::Status SnoozeDays(const WatchName& watch, uint32_t days, const std::string& by = "coach");
  absl::Status SnoozeUntil(const WatchName& watch, Date until, const std::string& by = "coach");
  absl::Status EndSnooze(const WatchName& watch, const std::string& by = "coach");
  absl::StatusOr<Outcome> Execute(CommandBody body);
  Instant last_command() const { return last_command_; }  // when the last of them happened

  // Stops the engine and opens it again at `up`; time stands still without it. A tick before and one after, as the
  // server logs them. The downtime that it was, if it was long enough to be one.
  std::optional<Downtime> Restart() { return Restart(clock_.Now()); }
  std::optional<Downtime> Restart(Instant up);
  // The engine is gone without a tick: what a kill leaves, since everything acknowledged is durable.
  void Stop() { engine_.reset(); }
  absl::Status Open();

  Engine& engine() { return *engine_; }
  SimulatedClock& clock() { return clock_; }
  const std::shared_ptr<Disk>& disk() const { return options_.disk; }
  Instant now() const { return clock_.Now(); }
  // Another disk with this one's command log and no view: opened there, everything is applied again.
  std::shared_ptr<Disk> LogAlone() const;

  DistrictReader Read() const;    // aborts where the district does not exist
  DistrictReader Freeze() const;  // likewise; its store has everything
  uint64_t last_sequence() const { return Read()->last_sequence(); }
  std::vector<SeenFlip> Flips() const;
  std::map<WatchName, std::vector<WatchFlip>> FlipsByWatch() const;
  std::map<WatchName, WatchRecord> Watches() const;  // as in memory
  // Open alerts by watch, as stored.
  std::map<WatchName, AlertRecord> OpenAlerts() const;
  std::optional<WatchState> StateOf(const std::string& team, const std::string& expectation) const;
  // Every key and value; the incarnation, which no two districts share, is blotted out.
  std::map<std::string, std::string> View() const;
  // The day rows as stored, and as the revisions and reviews give them by a calculation of its own.
  std::map<std::string, DayRow> Rows() const;
  std::map<std::string, DayRow> RebuiltRows() const;

  // What must hold whenever the engine is idle: the flip log is dense and ordered and its flips chain, alerts and flips
  // tell the same story, memory and store agree, counters count, rows are what the evidence gives. A line each that
  // does not; "" when well.
  std::string Inconsistencies() const;

 private:
  void NextInstant();  // the clock moves past the last command
  void Settle();       // waits until nothing is left to be continued
  absl::Status Handle(const WatchName& watch, HandleAlertCommand command);
  template <typename T>
  absl::StatusOr<T> As(absl::StatusOr<Outcome> outcome);

  Options options_;
  SimulatedClock clock_;
  std::unique_ptr<Engine> engine_;
  Instant last_command_;
};

// A catalog of teams t1, t2, … in New York: calendar "main" of two school years (2025-09-08 to 2027-06-11); leading
// indicators walks, lessons, voices, a completion "boxes", a lagging "results"; sources forms and sis; the expectation
// "walks" (E=5, G=3, A=2).
Catalog SmallCatalog(int teams);
Expectation ExpectationOn(std::string id, SignalKind kind, int every_days, int grace_days, int allowance_days);
SignalKind CategoryKind(Category category);
SignalKind IndicatorKind(std::string indicator);

// A theory of action from that date on, without links and actions.
Inquiry InquiryOf(std::string id, std::string team, Date start);
EvidenceItem NumberRecord(std::string id, std::string team, std::string indicator, Date date, double value = 1,
                          std::optional<uint64_t> version = std::nullopt);
EvidenceItem VoidRecord(std::string id, std::optional<uint64_t> version = std::nullopt);

}  // namespace leadlag
