// The back-test: what expectations and alert rules would have said of stored evidence, as it was recorded, had they been in force.
//
// Concepts. A back-test is of a window of dates, for the teams that labels pick. Its subjects are proposed expectations and rules in the
// place of those of the catalog in force, or these themselves; a proposed one without `from` counts from the window's first date. They come
// into force when the window begins, and live through what was recorded in it, up to now, by the calendars, teams and zones in force (a new
// calendar counts for every answer about any date). While all sources were silent that feed a subject by the catalog in force, it is
// UNKNOWN, as in life; but not where the known time is taken for recorded, since what came late is then taken to have come in time.
// Settling after downtime and snoozes are not lived again. What was recorded at one instant is one cause; a batch that was cut into parts
// for its size is several.
//
// A back-test takes what it needs of a reader, which can end then: the store's snapshot, the catalog and the names. So it holds up nobody.
// It is checked before it takes a snapshot, so that one that is refused leaves nothing behind for others to read through.
// It holds at most kBacktestRecordsHeld records at once, and what kBacktestTeamsAtOnce teams came to.
//
//   absl::StatusOr<std::unique_ptr<Backtest>> backtest = Backtest::Prepare([&] { return engine.Read(id); }, {.alert_rules = rules});
//   absl::StatusOr<BacktestSummary> summary = (*backtest)->Run([&](const BacktestTeam& team) { …; return true; });
//
// Thread safe: a Backtest does not change.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "core/catalog.h"
#include "core/district_catalog.h"
#include "core/limits.h"
#include "core/watch.h"
#include "server/engine/engine.h"
#include "storage/records.h"
#include "storage/store.h"

namespace leadlag {

struct BacktestQuery {
  std::vector<Expectation> expectations;  // none of either: those in force
  std::vector<AlertRule> alert_rules;
  std::optional<Date> from;  // the window, as CadenceQuery's, by the district's calendar and today
  std::optional<Date> to;
  Labels labels;                   // teams that have all of these
  bool known_as_recorded = false;  // a first revision with a reported time takes effect then: for a first import
  size_t records_held = kBacktestRecordsHeld;  // for tests
};

// What a subject is, to whoever tells of its flips.
struct BacktestSubject {
  std::string id;
  AlertKind kind = AlertKind::kSignalOverdue;
  Severity severity = Severity::kWarning;  // of a rule
};

// Alerts, and how they went on.
struct BacktestCounts {
  uint64_t opened = 0;
  uint64_t overdue = 0;    // of these, that became OVERDUE
  uint64_t resolved = 0;
  uint64_t retracted = 0;
  uint64_t ended = 0;      // closed by the year's end, since the team became inactive, or since its sources fell silent
  uint64_t open = 0;       // at the end
  uint64_t alert_days = 0;  // instructional days from the date on which one opened to the one on which it closed, or the end, exclusive
  BacktestCounts& operator+=(const BacktestCounts& other);
  friend bool operator==(const BacktestCounts&, const BacktestCounts&) = default;
};

struct BacktestTeam {
  TeamNumber team = 0;
  struct Flip {
    ExpectationNumber subject = 0;
    WatchFlip flip;
  };
  std::vector<Flip> flips;  // by effective time; of one watch in order
  struct Subject {
    ExpectationNumber subject = 0;
    BacktestCounts counts;
  };
  std::vector<Subject> subjects;  // that pick the team
  uint64_t records = 0;        // that took effect
  uint64_t known_records = 0;  // of which the known time was taken for recorded
};

struct BacktestSummary {
  DateRange window;
  Instant begin, end;  // of the window, in the district's zone, or now
  uint64_t teams = 0;
  uint64_t flips = 0;
  uint64_t records = 0;
  uint64_t known_records = 0;
  uint64_t silences = 0;        // in the window, of sources that feed something that ran; of a rule about actions all that is leading
  uint64_t silent_sources = 0;  // that had them
  // Of such sources' silences those that were over by then are no longer all kept; none: all in the window are.
  std::optional<Instant> silences_kept_from;
  std::map<ExpectationNumber, BacktestCounts> subjects;  // all of them
  uint32_t catalog_version = 0;
};

class Backtest {
 public:
  // INVALID_ARGUMENT with the field for what Validate refuses in the proposed ones, a bad window ("end_date"), one that has not begun
  // ("start_date"), labels that no team has ("labels"), or nothing to run ("expectations"); else what `read` says, which is called for
  // what is checked, and again for what is run: neither reader lasts for long.
  static absl::StatusOr<std::unique_ptr<const Backtest>> Prepare(absl::FunctionRef<absl::StatusOr<DistrictReader>()> read,
                                                                 const BacktestQuery& query);

  // Visits the teams, by id; ends early with CANCELLED where `visit` says false, or `stop` (null: never) true. DATA_LOSS for damaged bytes:
  // what was visited before is good. `stop` is asked by several threads, also in the middle of a team.
  absl::StatusOr<BacktestSummary> Run(absl::FunctionRef<bool(const BacktestTeam&)> visit,
                                      const std::function<bool()>* stop = nullptr) const;

  const std::string& TeamId(TeamNumber team) const { return interned_.teams.NameOf(team); }
  BacktestSubject SubjectOf(ExpectationNumber subject) const;
  bool known_as_recorded() const { return known_as_recorded_; }

 private:
  Backtest() = default;
  // All but the store, and what sources have done.
  static absl::StatusOr<std::unique_ptr<Backtest>> Check(DistrictReader reader, const BacktestQuery& query);
  // Those that are lived, into what `summary` says of them; its window is there.
  void CountSilences(BacktestSummary& summary) const;

  std::optional<StoreView> store_;
  uint32_t district_ = 0;
  uint32_t catalog_version_ = 0;
  Interned interned_;
  std::shared_ptr<const DistrictCatalog> catalog_;  // with the subjects
  std::vector<TeamNumber> teams_;                   // by id
  std::vector<SourceObservation> observations_;     // by source; none where silences are not lived
  DateRange window_;
  Instant until_;  // just after now
  bool known_as_recorded_ = false;
  size_t records_held_ = 0;
};

}  // namespace leadlag
