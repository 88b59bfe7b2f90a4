// What was recorded of a team, in the order in which it was: the evidence and reviews that a back-test lets happen again. Internal to
// server/engine.
//
// Concepts. A record of evidence takes effect when it is recorded, with each of its revisions; what it amounts to from then on is what
// Summarize makes of the revisions so far. What was recorded at one instant came in one batch, which is one cause. Where the known time is
// taken for recorded, a first revision with a reported time takes effect then, as if it had been recorded at that instant; but never before
// what it tells of had happened.
// Histories are held for as many teams at once as a limit allows; for the next ones the store is read again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/day_row.h"
#include "core/district_catalog.h"
#include "core/evidence.h"
#include "core/rule_evidence.h"
#include "core/run_points.h"
#include "storage/records.h"
#include "storage/store.h"

namespace leadlag {

struct TeamHistory {
  // A record that has one revision, with content.
  struct Record {
    Instant at;  // takes effect
    uint64_t number = 0;
    IndicatorNumber indicator = 0;
    Date event, known, recorded;
  };
  // What a record with several amounts to from one of them on.
  struct Revision {
    Instant at;
    uint64_t number = 0;
    IndicatorNumber indicator = 0;
    std::optional<DayEntry> entry;  // no review looked at; none: it does not count
    Instant recorded;               // of the first revision, or the current correction, as a review looks at it
    bool evidence = false;          // some record of its batch is new, whatever its team
    std::optional<SeriesValue> value;  // where a rule charts the indicator
  };
  struct Name {
    SourceNumber source = 0;
    std::string evidence_id;
  };
  // An inquiry's revision, as far as a rule asks of it.
  struct Told {
    Instant at;
    uint32_t inquiry = 0;               // a number of the team's own for each of its inquiries
    std::vector<LinkedAction> actions;  // of this one alone; none where it is not active
  };
  std::vector<Record> records;      // by `at`, number
  std::vector<Revision> revisions;  // by `at`, number, revision
  std::vector<Review> reviews;      // by `recorded`; of teams that a rule asks of them, else none
  std::vector<Told> inquiries;      // all revisions, by `at`; likewise
  absl::flat_hash_map<uint64_t, Name> names;  // by number; where a review lists evidence, else none
  absl::flat_hash_map<uint64_t, SeriesValue> values;  // of `records`, by number, where a rule charts the indicator
  bool lists_evidence = false;                // some review does
  uint64_t record_count = 0;                  // records that take effect
  uint64_t known_count = 0;                   // of which the known time was taken for recorded
};

class HistoryReader {
 public:
  // What is read. Borrows all.
  struct Scope {
    const StoreView& store;  // that stays as it is
    uint32_t district = 0;
    const Interned& interned;
    const DistrictCatalog& catalog;        // decides which records are looked at: those that count for anything in it
    const std::vector<TeamNumber>& teams;  // of the catalog, without repeats
    const std::vector<Instant>& ends;      // of each: what takes effect at or after this instant is left out
    bool known_as_recorded = false;
    size_t held_max = 0;  // records and revisions held at once; a single team is in any case
  };

  // Once `stop` (null: never) says true, reading ends with CANCELLED.
  HistoryReader(const Scope& scope, const std::function<bool()>* stop);

  // The histories of teams[first] and the teams after it, at least one, as many as may be held. DATA_LOSS for damaged bytes.
  // REQUIRES: first < teams.size().
  absl::StatusOr<std::vector<TeamHistory>> Read(size_t first);

 private:
  struct Pass;
  bool Stopped() const { return stop_ != nullptr && (*stop_)(); }
  absl::Status ReadReviews(Pass& pass) const;
  absl::Status ReadInquiries(Pass& pass) const;
  absl::Status ReadRevisions(Pass& pass) const;
  absl::Status AddRevised(Pass& pass, uint64_t number, const EvidenceRecord& first, std::vector<EvidenceRevision> revisions) const;
  absl::Status ReadRecords(Pass& pass) const;
  absl::Status AddRecord(Pass& pass, uint64_t number, const EvidenceGlance& glance) const;
  // The instant at which a first revision takes effect, where that is not when it was recorded. `event_time`: its own, else it happened on
  // the date of the team.
  std::optional<Instant> KnownInstead(TeamNumber team, Instant recorded, std::optional<Instant> reported, std::optional<Instant> event_time,
                                      Date event_date) const;

  const Scope scope_;
  Instant end_;  // the last of them
  const std::function<bool()>* const stop_;
  std::vector<int32_t> rank_of_;  // by team number: its place in scope_.teams; -1: none
  absl::flat_hash_set<IndicatorNumber> charted_;  // for some team
};

}  // namespace leadlag
