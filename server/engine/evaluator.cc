// The evaluator: moves watches through their moments, follows changes, and writes flips and alerts.
#include <algorithm>

#include "server/engine/applying.h"
#include "server/engine/watch_facts.h"
#include "storage/keys.h"

namespace leadlag {
WatchRecord* District::CatchUp(Applying& a, WatchId id) {
  if (UnderReview(id)) return nullptr;
  WatchRecord* found = watches_.Find(id);
  const bool stale = recalculation_ && (found == nullptr || found->catalog_version < catalog_version_);
  if (found == nullptr) {
    if (!stale || catalog_->World(id.team, id.expectation).calendar == nullptr) return nullptr;
    found = &watches_.Add(id, WatchRecord{NewWatch(recalculation_->at), catalog_version_, 0});
  } else if (!stale) {
    // That all its sources fell silent, or were heard, it may have yet to be told.
    const bool told = spreads_.empty();
    // By this command already; one that it could not bring up to `until`, since the district settles, is not to be hurried past that.
    if ((told && found->watch.handled_before >= a.until) || a.advanced.contains(id)) return found;
    // Most often nothing has happened to it.
    std::optional<Instant> moment = watches_.MomentOf(id);
    if (moment && *moment < a.until && unread_.contains(id)) {
      ReckonMoment(id, /*read_series=*/true, &a.batch, a.fatal);
      moment = watches_.MomentOf(id);
    }
    if (told && (!moment || *moment >= a.until)) {
      ++a.work;
      found->watch.handled_before = a.until;
      return found;
    }
  }
  a.advanced.insert(id);
  ++a.work;
  CountChart(a, id);
  WatchRecord& record = *found;
  std::vector<WatchFlip> flips;
  const bool hold = Holding(a.now);
  const Facts facts(*this, *catalog_, id, &a.batch, a.fatal);
  const WatchWorld world = catalog_->World(id.team, id.expectation);
  Watch was = record.watch;
  if (stale) {
    // Until the change it lived by the catalog before; the change itself happened when it was recorded, not now.
    if (recalculation_->before != nullptr && record.catalog_version < catalog_version_) {
      const DistrictCatalog& before = *recalculation_->before;
      const Facts facts_before(*this, before, id, &a.batch, a.fatal);
      const WatchWorld world_before = before.World(id.team, id.expectation);
      Advance(world_before, facts_before.get(), recalculation_->at, hold, record.watch, flips);
      Emit(a, id, record, before, was, flips);
      if (id.team == kNoTeam) NoteSilences(a, id.expectation, flips);
      flips.clear();
      was = record.watch;
    }
    record.catalog_version = catalog_version_;
    leadlag::Reconsider(world, facts.get(), recalculation_->at, WatchCause::kChange, record.watch, flips);
  }
  const std::optional<Instant> next = Advance(world, facts.get(), a.until, hold, record.watch, flips);
  Emit(a, id, record, *catalog_, was, flips);
  if (id.team == kNoTeam) NoteSilences(a, id.expectation, flips);
  SetMoment(id, world, next);
  return &record;
}

void District::Reconsider(Applying& a, WatchId id, WatchCause cause, Instant at) {
  WatchRecord* const found = watches_.Find(id);
  if (found == nullptr) return;
  CountChart(a, id);
  WatchRecord& record = *found;
  // One that a catalog change has not reached lives by the catalog before up to the change.
  const bool stale = recalculation_ && recalculation_->before != nullptr && record.catalog_version < catalog_version_;
  const DistrictCatalog& catalog = stale ? *recalculation_->before : *catalog_;
  const Instant until = stale ? recalculation_->at : a.until;
  std::vector<WatchFlip> flips;
  const Facts facts(*this, catalog, id, &a.batch, a.fatal);
  const WatchWorld world = catalog.World(id.team, id.expectation);
  const Watch was = record.watch;
  leadlag::Reconsider(world, facts.get(), at, cause, record.watch, flips);
  // What a hold had stopped may now be past without a flip.
  const bool behind = record.watch.handled_before < until;
  const std::optional<Instant> next = behind ? Advance(world, facts.get(), until, Holding(a.now), record.watch, flips)
                                             : NextMoment(world, facts.get(), record.watch);
  Emit(a, id, record, catalog, was, flips);
  if (id.team == kNoTeam) NoteSilences(a, id.expectation, flips);
  SetMoment(id, world, next);
}

void District::StoreWatch(Applying& a, WatchId id) {
  if (watches_.Find(id) == nullptr) return;
  NoteChange(id.team);
  if (catalog_->World(id.team, id.expectation).calendar == nullptr) {  // the catalog has no such watch any more; Reconsider has paused it
    watches_.Remove(id);
    a.batch.Delete(WatchKey{number_, id.team, id.expectation}.Encode());
    return;
  }
  watches_.SetUnwritten(id);
}

std::set<WatchId> District::WatchesOf(TeamNumber team) const {
  std::set<WatchId> ids;
  for (const ExpectationNumber expectation : catalog_->SubjectsOf(team)) ids.insert({team, expectation});
  for (const Watches::Entry& watch : watches_.OfTeam(team)) ids.insert({team, watch.expectation});
  return ids;
}

std::set<WatchId> District::WatchesOf(TeamNumber team, AlertKind kind) const {
  std::set<WatchId> ids;
  const auto add = [&](const DistrictCatalog& catalog) {
    for (const ExpectationNumber subject : catalog.SubjectsOf(team, kind)) ids.insert({team, subject});
  };
  add(*catalog_);
  if (recalculation_ && recalculation_->before != nullptr) add(*recalculation_->before);
  return ids;
}

size_t District::WorkOf(WatchId id, Instant now) const {
  const AlertKind kind = KindOf(id);
  if (kind == AlertKind::kSignalOverdue || kind == AlertKind::kSourceSilent) return 1;
  return kRuleWork + ChartWorkOf(id, now);
}

size_t District::ChartWorkOf(WatchId id, Instant now) const {
  if (id.team == kNoTeam) return 0;
  size_t records = 0;
  const auto look = [&](const DistrictCatalog& catalog) {
    const AlertRule* const rule = catalog.FindRule(id.expectation);
    if (rule == nullptr || rule->kind() != AlertKind::kRunSignal) return;
    const int this_year = RowYear(catalog_->district_zone().LocalDate(now));
    for (const IndicatorNumber indicator : catalog.IndicatorsOf(id.expectation)) {
      // A run lies in one of them, as a rule.
      for (int year = this_year - 1; year <= this_year; ++year) records = std::max(records, rows_.RecordsOf({id.team, indicator, year}));
    }
  };
  look(*catalog_);
  if (recalculation_ && recalculation_->before != nullptr) look(*recalculation_->before);
  return std::min<size_t>(records / kChartedValuesPerWork, kWatchesPerCommand - kRuleWork);
}

size_t District::ChartWorkOf(TeamNumber team, Instant now) const {
  size_t work = 0;
  for (const WatchId id : WatchesOf(team, AlertKind::kRunSignal)) work += ChartWorkOf(id, now);
  return work;
}

void District::CountChart(Applying& a, WatchId id) {
  const size_t work = ChartWorkOf(id, a.now);
  if (work > 0 && a.charted.insert(id).second) a.work += work;
}

bool District::CatchUpTeam(Applying& a, TeamNumber team, size_t watches_max, size_t& done) {
  const std::set<WatchId> ids = WatchesOf(team);
  size_t work = 0;
  for (const WatchId& id : ids) work += WorkOf(id, a.now);
  work = std::max<size_t>(work, 1);  // a team without watches is work as well
  if (done > 0 && done + work > watches_max) return false;
  done += work;
  for (const WatchId& id : ids) {
    CatchUp(a, id);
    StoreWatch(a, id);
  }
  return true;
}

void District::Recalculate(Applying& a, size_t watches_max) {
  for (size_t done = 0; recalculation_->next_team < interned_.teams.size(); ++recalculation_->next_team) {
    if (!CatchUpTeam(a, recalculation_->next_team, watches_max, done)) return;
  }
  recalculation_.reset();
  PutSilencesBehind(a);
}

void District::MakeDue(Applying& a, size_t watches_max) {
  for (size_t done = 0;;) {
    const std::optional<WatchId> id = watches_.FirstDue(due_through_);
    if (!id) {
      due_pending_ = false;
      return;
    }
    if (unread_.contains(*id)) {  // it may not be due at all
      ReckonMoment(*id, /*read_series=*/true, &a.batch, a.fatal);
      continue;
    }
    const size_t work = WorkOf(*id, a.now);
    if (done > 0 && done + work > watches_max) return;
    done += work;
    const std::optional<Instant> moment = watches_.MomentOf(*id);
    CatchUp(a, *id);
    StoreWatch(a, *id);
    // Or it would be the first one due for ever.
    if (watches_.MomentOf(*id) == moment) return a.Fail(absl::InternalError("a watch that is due does not get past its moment"));
  }
}

absl::StatusOr<Outcome> District::Tick(Applying& a) {
  if (!Holding(a.now)) {
    due_through_ = a.now;
    due_pending_ = true;
    if (spreads_.empty()) {
      MakeDue(a, kWatchesPerCommand);
    } else {
      Spread(a, kWatchesPerCommand);
    }
  }
  // After downtime, or a jump of the clock, subscribers come first.
  if (!Holding(a.now)) TrimFlips(a, kWatchesPerCommand - std::min<size_t>(a.work, kWatchesPerCommand));
  return NoOutcome{};
}

void District::SettleAfterDowntime(Applying& a) {
  if (catalog_ == nullptr || a.now.micros - last_time_.micros < kDowntimeMicros) return;
  const int64_t settling = catalog_->catalog().settings.settling_minutes * kMicrosPerMinute;
  // In any case not by this command: who could not be heard meanwhile is known only now.
  hold_until_ = Instant{a.now.micros + std::max<int64_t>(settling, 1)};
  NoteDeafness(a);
}

absl::StatusOr<Outcome> District::Continue(Applying& a, const ContinueCommand& command) {
  if (recalculation_ && pending_reviews_.empty()) {
    Recalculate(a, command.watches_max);  // it cannot get past a watch that stands still for a review
  } else if (!recalculation_ && !spreads_.empty() && !Holding(a.now)) {
    Spread(a, command.watches_max);
  } else if (!recalculation_ && due_pending_ && !Holding(a.now)) {
    MakeDue(a, command.watches_max);
  } else if (!pending_reviews_.empty()) {
    ContinueReview(a);
  } else if (!Holding(a.now)) {
    TrimFlips(a, command.watches_max);
  }
  return NoOutcome{};
}

void District::Emit(Applying& a, WatchId id, WatchRecord& record, const DistrictCatalog& catalog, const Watch& was,
                    const std::vector<WatchFlip>& flips) {
  std::optional<Instant> snooze_end;
  if (HandlingOf(id).snoozed_until) snooze_end = SnoozeEndOf(id, catalog.World(id.team, id.expectation), was.handled_before);
  if (snooze_end) snooze_end = std::max(*snooze_end, was.last_effective);
  for (const WatchFlip& flip : flips) {
    if (snooze_end && *snooze_end < flip.effective) EndSnooze(a, id, *snooze_end);
    EmitOne(a, id, record, catalog, flip);
  }
  // Where a hold has stopped the watch, what it holds comes before an end that is later.
  if (snooze_end && *snooze_end < record.watch.handled_before) EndSnooze(a, id, *snooze_end);
}

bool District::UnderReview(WatchId id) const {
  return !pending_reviews_.empty() && KindOf(id) == AlertKind::kReviewOverdue &&
         std::any_of(pending_reviews_.begin(), pending_reviews_.end(), [&](const PendingReview& p) { return p.team == id.team; });
}

AlertKind District::KindOf(WatchId id) const {
  if (id.team == kNoTeam) return AlertKind::kSourceSilent;
  const AlertRule* rule = catalog_->FindRule(id.expectation);
  if (rule == nullptr && recalculation_ && recalculation_->before) rule = recalculation_->before->FindRule(id.expectation);
  return rule == nullptr ? AlertKind::kSignalOverdue : rule->kind();
}

void District::EmitOne(Applying& a, WatchId id, WatchRecord& record, const DistrictCatalog& catalog, const WatchFlip& flip) {
  const uint64_t sequence = ++last_sequence_;
  FlipRecord stored = FlipOf(id, flip, a.now);
  stored.alert = record.alert;
  const DistrictCatalog::TeamEntry* team = catalog_->FindTeam(id.team);
  if (team == nullptr && recalculation_ && recalculation_->before) team = recalculation_->before->FindTeam(id.team);
  if (team != nullptr) stored.labels = team->team->labels;

  if (HasAlert(flip.from) || HasAlert(flip.to)) {
    AlertRecord alert;
    if (HasAlert(flip.from)) {
      std::optional<AlertRecord> open = a.Take(AlertOf(a.batch, record.alert));
      if (!open) return a.Fail(absl::DataLossError("an open alert is not stored; restore from a backup"));
      alert = *std::move(open);
      stored.labels = alert.labels;  // whoever was told of it by its labels is told the rest
    } else {
      record.alert = stored.alert = sequence;
      alert = {.team = id.team, .expectation = id.expectation, .opened = flip.effective, .labels = stored.labels, .kind = stored.kind};
      alert.severity = catalog.SeverityOf(id.team, id.expectation);
      ++open_alert_count_;
    }
    alert.AddFlip(sequence);
    stored.handling = alert.handling();
    stored.severity = alert.severity;
    const std::string open_key = OpenAlertKey{number_, id.team, id.expectation}.Encode();
    if (HasAlert(flip.to)) {
      alert.state = flip.to;
      alert.due = flip.due;
      a.batch.Put(open_key, EncodeOpenAlert({record.alert, stored.handling}));
    } else {
      alert.state = flip.from;
      alert.closed = flip.effective;
      alert.closed_reason = flip.reason;
      a.batch.Delete(open_key);
      handled_alerts_.erase(id);
      --open_alert_count_;
    }
    a.batch.Put(AlertKey{number_, stored.alert}.Encode(), EncodeAlertRecord(alert));
    if (!HasAlert(flip.to)) record.alert = 0;
  }
  PutFlip(a, id, sequence, stored);
}

FlipRecord District::FlipOf(WatchId id, const WatchFlip& flip, Instant recorded) const {
  FlipRecord record;
  if (id.team == kNoTeam) {
    record.source = interned_.sources.NameOf(id.expectation);
  } else {
    record.team = interned_.teams.NameOf(id.team);
    record.expectation = interned_.expectations.NameOf(id.expectation);
  }
  record.flip = flip;
  record.recorded = recorded;
  record.kind = KindOf(id);
  return record;
}

void District::PutFlip(Applying& a, WatchId id, uint64_t sequence, const FlipRecord& flip) {
  a.batch.Put(FlipKey{number_, sequence}.Encode(), EncodeFlipRecord(flip));
  if (id.team != kNoTeam) a.batch.Put(TeamFlipKey{number_, id.team, sequence}.Encode(), "");
}

}  // namespace leadlag
