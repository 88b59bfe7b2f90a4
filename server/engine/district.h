// One district's state: the view of its commands. Apply is the only way it changes.
//
// Concepts. Small things (catalog, watches, deadlines, counters) are kept in memory and written through to the store; evidence, rows,
// flips and alerts are in the store, rows behind a cache. What a command changes goes into one Batch together with the applied
// position, but for watches and day rows, which WriteBack puts there before each checkpoint: state = store + replay of the log's tail.
//
// Thread safety: externally synchronized: Apply under the engine's exclusive lock, const methods under its shared lock.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "core/day_row.h"
#include "core/district_catalog.h"
#include "core/rule_evidence.h"
#include "core/run_points.h"
#include "core/source_silence.h"
#include "core/team_reviews.h"
#include "server/engine/charted_series.h"
#include "server/engine/command.h"
#include "server/engine/day_rows.h"
#include "server/engine/stored_inquiry.h"
#include "server/engine/stored_review.h"
#include "server/engine/watches.h"
#include "storage/keys.h"
#include "storage/records.h"
#include "storage/store.h"

namespace leadlag {

// A catalog change that is still being worked through, team by team.
struct Recalculation {
  uint32_t before_version = 0;                    // what the teams from next_team on are still reckoned by; 0: no catalog
  std::shared_ptr<const DistrictCatalog> before;  // null with 0
  Instant at;                                     // when the change was recorded
  TeamNumber next_team = 0;
};

// A review whose indicators' records are still being dated, one after the other.
struct PendingReview {
  // Of a record, in the order in which a review comes to them.
  struct Place {
    IndicatorNumber indicator = 0;
    Date event_date = Date::Min();
    uint64_t record = 0;
    friend auto operator<=>(const Place&, const Place&) = default;
  };
  TeamNumber team = 0;
  std::string id;
  Place next;  // it has come to the records before this place, and not to the others
};

// Adds a month of a day row, as the store has it, to the row of the months before. DATA_LOSS for damaged bytes.
absl::Status AddRowMonth(std::string_view key, std::string_view value, DayRow& row);

class District {
 public:
  // Loads district `number` from the store (an empty one where there is nothing). DATA_LOSS for damaged bytes.
  static absl::StatusOr<std::unique_ptr<District>> Load(std::string id, uint32_t number, const Store* store);

  // Applies the command at `position` and adds what it changes to `batch`. A position at or below applied_position() changes nothing.
  // A command that is refused (unknown source, …) is an error in the result and changes nothing but the position, and for its watch what
  // had come to pass by now. `fatal` is set where
  // the state can no longer be trusted (damaged bytes, a broken log): the engine must stop.
  absl::StatusOr<Outcome> Apply(uint64_t position, const Command& command, Batch& batch, absl::Status& fatal);

  // What applying `catalog` would answer; nothing changes. Errors as the command's. REQUIRES: its zones exist.
  absl::StatusOr<CatalogOutcome> DryRun(const Catalog& catalog, std::optional<uint32_t> expected_version) const;
  // Whether the catalog's expectations and rules keep the kinds that their ids have in the one in force; else the problems, with fields.
  absl::Status CheckKinds(const Catalog& catalog) const;

  const std::string& id() const { return id_; }
  uint32_t number() const { return number_; }
  bool exists() const { return catalog_ != nullptr; }  // a catalog has been applied

  uint64_t applied_position() const { return applied_position_; }
  Instant last_time() const { return last_time_; }       // of the last applied command
  uint64_t incarnation() const { return incarnation_; }
  uint64_t last_sequence() const { return last_sequence_; }  // of the flip log; 0: no flip yet
  // The first flip that is kept; all from there on are. last_sequence() + 1 where none is.
  uint64_t first_sequence() const { return first_sequence_; }
  // When the last flip that is no longer kept was recorded; none where all are kept.
  std::optional<Instant> trimmed_through() const { return first_sequence_ == 1 ? std::nullopt : std::optional(trimmed_through_); }
  uint64_t evidence_count() const { return evidence_count_; }
  uint64_t revision_count() const { return revision_count_; }  // of records with more than one
  uint64_t review_count() const { return review_count_; }
  uint64_t inquiry_count() const { return inquiry_count_; }
  uint64_t open_alert_count() const { return open_alert_count_; }

  uint32_t catalog_version() const { return catalog_version_; }
  Instant catalog_applied() const { return catalog_applied_; }
  const std::shared_ptr<const DistrictCatalog>& catalog() const { return catalog_; }  // null until one is applied
  // What teams that a catalog change has not reached are still reckoned by; null where none is under way, or there was none before.
  const DistrictCatalog* catalog_before() const { return recalculation_ ? recalculation_->before.get() : nullptr; }
  const Interned& interned() const { return interned_; }
  const Watches& watches() const { return watches_; }
  // What people have done with the watch's open alert.
  AlertHandling HandlingOf(WatchId id) const {
    const auto found = handled_alerts_.find(id);
    return found == handled_alerts_.end() ? AlertHandling() : found->second;
  }
  const std::map<WatchId, AlertHandling>& handled_alerts() const { return handled_alerts_; }  // those that are open
  // What alerts of the watch are about, by the catalog in force, or the one before where it is gone from it.
  AlertKind KindOf(WatchId id) const;
  // What was heard from the source. REQUIRES: it has a number.
  const SourceObservation& ObservationOf(SourceNumber source) const { return observations_[source]; }
  // The sources that feed the watch, ascending. `actions`: of its team's active inquiries; asked for where it is a rule's about them.
  static std::vector<SourceNumber> FeedersOf(const DistrictCatalog& catalog, WatchId id,
                                             absl::FunctionRef<const std::vector<LinkedAction>&()> actions);
  // When all of them were silent at once, as far back as some watch has yet to live through it.
  std::vector<SourceSilence> SilencesOf(const DistrictCatalog& catalog, WatchId id,
                                        absl::FunctionRef<const std::vector<LinkedAction>&()> actions) const;
  // The date after which the source is silent; as a watch asks it of its rule.
  std::optional<Date> SilenceDueOf(const DistrictCatalog& catalog, SourceNumber source, const RuleSpan& span) const;
  // A review of the watch's team is being worked through, and the watch is a rule's about reviews: it stands still until that is done.
  bool UnderReview(WatchId id) const;
  // A number that is another one whenever rows or watches of the team may be others than before; 0: as they were loaded.
  uint64_t ChangeOf(TeamNumber team) const { return team < changes_.size() ? changes_[team] : 0; }

  // Work is pending: a Continue command would do something.
  bool HasPendingWork(Instant now) const { return IsBehind(now) || (trim_pending_ && !Holding(now)); }
  // Some of that is about watches or rows: answers may be about to change.
  bool IsBehind(Instant now) const;
  // Watches that the last command worked on, values that they chart by kChartedValuesPerWork, records that a review dated, and flips
  // trimmed: at most kWatchesPerCommand, but where one team alone has more.
  size_t last_work() const { return last_work_; }
  // What the series that rules for the team chart add to the work of its watches, by the catalog in force and the one before.
  size_t ChartWorkOf(TeamNumber team, Instant now) const;
  // A catalog change is being worked through.
  bool recalculating() const { return recalculation_.has_value(); }
  // Every moment up to this one has been made; none where work on that, or on a catalog change, is under way, or the district settles.
  std::optional<Instant> made_through() const {
    return recalculation_ || !spreads_.empty() || due_pending_ || hold_until_ > due_through_ ? std::nullopt : std::optional(due_through_);
  }
  Instant settling_until() const { return hold_until_; }  // Instant::Min() where not settling
  // The next moment for which a tick is wanted (the end of settling counts); none where nothing is waiting.
  std::optional<Instant> NextDue() const;

  // A row as it stands; empty where there is none. DATA_LOSS for damaged bytes.
  absl::StatusOr<DayRow> Row(TeamNumber team, IndicatorNumber indicator, int row_year) const;
  // Which rows there are, and those that are in memory.
  const DayRows& rows() const { return rows_; }
  absl::StatusOr<TeamReviews> ReviewsOf(TeamNumber team) const;
  // The team's inquiries as they stand, by id: at most kInquiriesOfTeamMax.
  absl::StatusOr<std::vector<Inquiry>> InquiriesOf(TeamNumber team) const { return InquiriesIn(store_, team); }
  // The date of the first of its team's reviews that covers the record; none where none does, or has come to it. `team_reviews`: all of
  // them. REQUIRES: the record has a place.
  std::optional<Date> ReviewedOf(const EvidenceIdentity& identity, std::string_view source, std::string_view evidence_id,
                                 const TeamReviews& team_reviews) const;
  const StoreView& store() const { return store_; }

  // Puts what the store has not seen yet into the batch.
  void WriteBack(Batch& batch) {
    WriteBackRows(batch, 0);
    WriteBackWatches(batch, 0);
  }
  // The values that rules chart, as far as they are in memory; and how many may be.
  const ChartedSeries& charted_series() const { return charted_; }
  void HoldSeriesValues(size_t values_max) { charted_.SetValuesMax(values_max); }
  bool HasUnwritten() const { return watches_.unwritten() + rows_.unwritten() > 0; }

  // A copy to read for as long as it takes: the state as it is now, over a snapshot of the store. Costs a copy of the watches and
  // of the rows in memory.
  // REQUIRES: nothing is unwritten.
  std::shared_ptr<const District> Frozen() const;

 private:
  District(std::string id, uint32_t number, StoreView store) : id_(std::move(id)), number_(number), store_(std::move(store)) {}

  // What one Apply works with; server/engine/applying.h.
  struct Applying;
  absl::StatusOr<Outcome> ApplyCatalog(Applying& a, const ApplyCatalogCommand& command);
  absl::StatusOr<Outcome> ApplyDocument(Applying& a, const Catalog& catalog, const std::vector<ZoneRules>& zones,
                                        std::optional<uint32_t> expected_version);
  absl::StatusOr<Outcome> StageCatalog(Applying& a, const StageCatalogCommand& command);
  absl::StatusOr<Outcome> ReplaceZones(Applying& a, const ReplaceZonesCommand& command);
  absl::StatusOr<Outcome> RecordReview(Applying& a, const RecordReviewCommand& command);
  absl::StatusOr<Outcome> HandleAlert(Applying& a, const HandleAlertCommand& command);
  absl::StatusOr<Outcome> RecordInquiry(Applying& a, const RecordInquiryCommand& command);
  absl::StatusOr<Outcome> Tick(Applying& a);
  void SettleAfterDowntime(Applying& a);
  absl::StatusOr<Outcome> Continue(Applying& a, const ContinueCommand& command);
  void ContinueReview(Applying& a);
  // Takes flips that are older than the catalog keeps them off the log's front, at most so many (server/engine/flip_retention.cc).
  void TrimFlips(Applying& a, size_t flips_max);
  class Facts;                   // server/engine/watch_facts.h: what one watch asks of the evidence
  friend class EvidenceApplier;  // server/engine/evidence_applier.h: one batch of evidence
  friend class ReviewApplier;    // server/engine/review_applier.cc: reviews
  friend class InquiryApplier;   // server/engine/inquiry_applier.cc: inquiries

  // Catalogs (server/engine/district.cc).
  absl::Status CheckVersion(std::optional<uint32_t> expected_version) const;
  absl::Status CheckMeasures(const Catalog& catalog) const;
  std::map<std::string, Date> ApplyDates(const Catalog& catalog, const std::vector<ZoneRules>& zones, Instant now) const;

  // The evaluator (server/engine/evaluator.cc).
  WatchRecord* CatchUp(Applying& a, WatchId id);  // makes what has happened to the watch before now; null: no such watch
  // `at`: when what is new was recorded; a.now, or before it.
  void Reconsider(Applying& a, WatchId id, WatchCause cause, Instant at);
  std::set<WatchId> WatchesOf(TeamNumber team) const;  // that it has, or is to have
  // Those of the kind, by the catalog in force and the one before as long as that is not gone.
  std::set<WatchId> WatchesOf(TeamNumber team, AlertKind kind) const;
  // In watches of expectations; what it charts is counted by how much there is, whether or not that is in memory: the work of a command
  // is the same whenever it is applied. At most kWatchesPerCommand.
  size_t WorkOf(WatchId id, Instant now) const;
  size_t ChartWorkOf(WatchId id, Instant now) const;  // its part of that
  void CountChart(Applying& a, WatchId id);           // once a command
  // Brings a team's watches up to now, unless that is more work than is left beside `done`, to which it adds it.
  bool CatchUpTeam(Applying& a, TeamNumber team, size_t watches_max, size_t& done);
  void Recalculate(Applying& a, size_t watches_max);
  void MakeDue(Applying& a, size_t watches_max);
  // The flips that made the watch what it is from what it `was`, by `catalog`; and, in the order of their moments, the end of its alert's
  // snooze where that falls before one of them or before what is handled now.
  void Emit(Applying& a, WatchId id, WatchRecord& record, const DistrictCatalog& catalog, const Watch& was,
            const std::vector<WatchFlip>& flips);
  void EmitOne(Applying& a, WatchId id, WatchRecord& record, const DistrictCatalog& catalog, const WatchFlip& flip);
  // The flip as it is stored, but for what is its alert's.
  FlipRecord FlipOf(WatchId id, const WatchFlip& flip, Instant recorded) const;
  void PutFlip(Applying& a, WatchId id, uint64_t sequence, const FlipRecord& flip);
  // The watch's moment as its facts are. Without reading what it charts only a bound, not after it: the watch is then an unread one.
  void ReckonMoment(WatchId id, bool read_series, const Batch* batch, absl::Status& fatal);
  // Reckons unread ones' moments, of about so many values. Changes nothing but how long a later command takes.
  void ReadAhead(Applying& a, size_t values_max);
  // The watch's moment: `next` of its own, or an earlier one at which its alert's snooze is over.
  void SetMoment(WatchId id, const WatchWorld& world, std::optional<Instant> next);

  // Sources (server/engine/source_silences.cc).
  void CatchUpSources(Applying& a);  // before any watch: a source is judged before those that it feeds
  void ReconsiderSources(Applying& a);  // by a new catalog, before any watch
  bool IsSilent(SourceNumber source) const;
  bool AnySilence() const;
  // A batch of it, or a part of one that `more` follow; what the batch says to be complete.
  void Hear(Applying& a, SourceNumber source, std::optional<Date> complete_through, bool more);
  // The service was down until now, and heard nobody.
  void NoteDeafness(Applying& a);
  // Begins and ends silences as the flips of the source's watch say.
  void NoteSilences(Applying& a, SourceNumber source, const std::vector<WatchFlip>& flips);
  void EndSilence(Applying& a, SourceNumber source, Instant at);
  // Tells watches of silences that began or are over, by at most so many watches' work.
  void Spread(Applying& a, size_t watches_max);
  // Silences that every watch has lived through concern back-tests alone.
  void PutSilencesBehind(Applying& a);
  void PutObservation(Applying& a, SourceNumber source);
  void PutSpreads(Applying& a);
  absl::Status LoadSources();

  // Alerts (server/engine/alert_handler.cc).
  std::optional<Instant> SnoozeEndOf(WatchId id, const WatchWorld& world, Instant not_before) const;
  void EndSnooze(Applying& a, WatchId id, Instant effective);
  // A flip about the alert alone: `remark` was made by hand, or is empty. `alert` is changed already.
  void EmitHandling(Applying& a, uint64_t id, AlertRecord& alert, FlipReason reason, Instant effective, const AlertRemark& remark);
  absl::StatusOr<std::optional<AlertRecord>> AlertOf(const Batch& batch, uint64_t id) const;
  void StoreWatch(Applying& a, WatchId id);  // that has been caught up, or reconsidered
  bool Holding(Instant now) const { return now < hold_until_; }

  // Rows and state.
  // The team's reviews as `reader` (a StoreView or a Batch) has them.
  template <typename Reader>
  absl::StatusOr<TeamReviews> ReviewsIn(const Reader& reader, TeamNumber team) const {
    return ReadTeamReviews(reader, number_, team);
  }
  // The same of the team's inquiries.
  template <typename Reader>
  absl::StatusOr<std::vector<Inquiry>> InquiriesIn(const Reader& reader, TeamNumber team) const {
    return ReadTeamInquiries(reader, number_, team);
  }
  // The row that has the event date, which is about to be changed there. Never null; `fatal` is set where bytes are damaged. Valid until a
  // row of the team is added.
  DayRow* MutableRow(Applying& a, TeamNumber team, IndicatorNumber indicator, Date event_date);
  void PutChangedRows(Applying& a);
  void NoteChange(TeamNumber team);
  // The oldest, until at most `keep` are left.
  void WriteBackRows(Batch& batch, size_t keep);
  void WriteBackWatches(Batch& batch, size_t keep);
  void PutState(Applying& a);
  void PutNewNames(Applying& a);
  absl::Status LoadState();
  absl::Status LoadNames();
  absl::Status LoadRows();
  absl::Status LoadHandledAlerts();
  absl::Status CountInquiries();
  absl::Status LoadWatches();
  absl::StatusOr<std::shared_ptr<const DistrictCatalog>> LoadCatalog(uint32_t version);
  // The dates of the team's reviews, ascending. `batch`: where the applying command's own changes are; null: only the store counts.
  const std::vector<Date>& ReviewDatesOf(TeamNumber team, const Batch* batch, absl::Status& fatal);
  // The actions of the team's active inquiries. `batch`: as above. Valid until the next call.
  const std::vector<LinkedAction>& ActionsOf(TeamNumber team, const Batch* batch, absl::Status& fatal);
  void ForgetActions(TeamNumber team);
  // What the records of a row say. `batch`: as above. Valid until the next call.
  const SeriesValues& ValuesNow(const RowId& id, const Batch* batch, absl::Status& fatal);
  // Of a record that is new; and of one that has been revised, where that changes what it says, or when.
  void AddValue(const EvidenceIdentity& identity, const EvidenceValue& value);
  void ReviseValue(Applying& a, const EvidenceIdentity& before, const EvidenceIdentity& after,
                   const std::vector<EvidenceRevision>& revisions);
  // As `reader` (a StoreView or a Batch) has it; empty where it has none.
  template <typename Reader>
  absl::StatusOr<DayRow> ReadRow(const Reader& reader, const RowId& id) const {
    DayRow row;
    absl::Status status;
    const KeyRange range = DayRowsRange(number_, id.team, id.indicator, RowYearDates(id.row_year));
    const absl::Status scanned = reader.Scan(range, [&](std::string_view key, std::string_view value) {
      status = AddRowMonth(key, value, row);
      return status.ok();
    });
    if (!scanned.ok()) return scanned;
    if (!status.ok()) return status;
    return row;
  }
  // The row as it stands, brought into memory where need be; an empty one where there is none. `batch`: as above. Valid until a row of
  // the team is added.
  const DayRow& RowNow(const RowId& id, const Batch* batch, absl::Status& fatal);
  DayRow* LoadRow(const RowId& id, const Batch* batch, absl::Status& fatal);

  const std::string id_;
  const uint32_t number_;
  const StoreView store_;

  uint64_t applied_position_ = 0;
  Instant last_time_;
  uint64_t incarnation_ = 0;
  uint64_t last_sequence_ = 0;
  uint64_t first_sequence_ = 1;
  Instant trimmed_through_;    // with first_sequence_ > 1
  bool trim_pending_ = false;  // there are more flips to take off
  uint64_t evidence_count_ = 0;
  uint64_t revision_count_ = 0;
  uint64_t review_count_ = 0;
  uint64_t inquiry_count_ = 0;
  uint64_t open_alert_count_ = 0;
  uint32_t catalog_version_ = 0;
  Instant catalog_applied_;
  Instant hold_until_;
  Instant due_through_;     // moments up to this one are to be made: the last tick's time
  bool due_pending_ = false;  // some of them have not been made yet
  std::optional<Recalculation> recalculation_;
  std::vector<PendingReview> pending_reviews_;  // in order of entry
  std::string staged_;
  size_t last_work_ = 0;
  // A source's silence began or is over, and the teams from one on have not been told.
  struct Telling {
    SourceNumber source = 0;
    TeamNumber next_team = 0;
  };
  std::vector<Telling> spreads_;                 // in order
  std::vector<Date> deaf_;                       // DeafDates of the last years, ascending
  std::vector<SourceObservation> observations_;  // by source
  bool silences_noted_ = false;                  // some observation has one

  Interned interned_;
  std::array<uint32_t, 4> stored_names_{};  // how many names of each kind are in the store
  std::shared_ptr<const DistrictCatalog> catalog_;
  Watches watches_;
  std::set<WatchId> unread_;  // of whose moments only a bound is known: what they chart has not been read since the start
  std::map<WatchId, AlertHandling> handled_alerts_;  // open ones, by watch
  std::vector<uint64_t> changes_;  // by team
  uint64_t last_change_ = 0;
  DayRows rows_;
  absl::flat_hash_map<TeamNumber, std::vector<Date>> review_dates_;  // of teams that a rule has asked about
  absl::flat_hash_map<TeamNumber, std::vector<LinkedAction>> actions_;  // likewise
  size_t actions_held_ = 0;                                             // in them together, by SizeOf
  ChartedSeries charted_;
};

}  // namespace leadlag
