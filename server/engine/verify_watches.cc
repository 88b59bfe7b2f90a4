// The flip log, alerts and watches against each other, and the watches against the facts.
#include <algorithm>
#include <set>
#include <utility>

#include "core/codec.h"
#include "core/limits.h"
#include "server/engine/team_rows.h"
#include "server/engine/verify_parts.h"

namespace leadlag {
namespace {

absl::string_view View(std::string_view text) { return {text.data(), text.size()}; }

std::string WatchName(const DistrictReader& reader, WatchId id) {
  const auto name = [](const InternTable& table, uint32_t number) {
    return number < table.size() ? table.NameOf(number) : std::to_string(number);
  };
  if (id.team == kNoTeam) return absl::StrCat("the watch of source \"", name(reader->interned().sources, id.expectation), "\"");
  return absl::StrCat("the watch of team \"", name(reader->interned().teams, id.team), "\", expectation \"",
                      name(reader->interned().expectations, id.expectation), "\"");
}

// Replays the flip log: each watch's chain, and the alerts that it tells of. Where its beginning is no longer kept, a watch and an alert
// begin as the first flip of theirs that is kept says, and what none tells of is taken from what is stored.
class FlipVerifier {
 public:
  FlipVerifier(const DistrictReader& reader, Findings& findings)
      : reader_(reader), findings_(findings), first_(reader->first_sequence()), sequence_(first_ - 1) {
    if (reader->trimmed_through()) recorded_ = *reader->trimmed_through();
  }

  void Run() {
    VisitTable<FlipKey>(reader_, TableRange(reader_->number(), Table::kFlips), "flips", findings_, DecodeFlipRecord,
                        [&](const FlipKey& key, const FlipRecord& flip) { Replay(key.sequence, flip); });
    if (findings_.full()) return;
    if (sequence_ != reader_->last_sequence()) {
      findings_.Add(absl::StrCat("the flip log ends with ", sequence_, ", and ", reader_->last_sequence(),
                                 " flips were made"));
    }
    CompareTeamFlips();
    CompareAlerts();
    CompareWatches();
    CompareOpenAlerts();
    CompareSilences();
  }

 private:
  // A watch as its last flip left it.
  struct End {
    WatchFlip flip{.from = WatchState::kPaused, .to = WatchState::kPaused};
    uint64_t alert = 0;  // open after it
    bool told = true;    // by a flip that is kept; otherwise its time is not known
  };

  void Replay(uint64_t sequence, const FlipRecord& record) {
    if (sequence < first_) {
      findings_.Add(absl::StrCat("flip ", sequence, " is stored, and the log begins with ", first_));
      return;
    }
    if (sequence != ++sequence_) {
      findings_.Add(absl::StrCat("flip ", sequence_, " is missing"));
      sequence_ = sequence;
    }
    const std::optional<WatchId> watch = WatchOf(record);
    if (!watch) {
      findings_.Add(absl::StrCat("flip ", sequence, " is of a team, an expectation or a source that was never applied"));
      return;
    }
    const WatchId id = *watch;
    if (id.team != kNoTeam) team_flips_.emplace_hint(team_flips_.end(), id.team, sequence);
    const auto [place, first] = ends_.try_emplace(id);
    End& end = place->second;
    const WatchFlip& flip = record.flip;
    if (first && first_ > 1 && flip.from != WatchState::kPaused) {
      end = {.flip = {.from = flip.from, .to = flip.from, .effective = {}, .due = flip.due},
             .alert = HasAlert(flip.from) ? record.alert : 0,
             .told = false};
      if (end.alert != 0) BeginAlert(sequence, id, record);
    }
    // What people did is no part of the watch's own course.
    const bool handling = IsHandling(flip.reason);
    if (!GoesWith(record.kind, flip.from) || !GoesWith(record.kind, flip.to)) {
      findings_.Add(absl::StrCat("flip ", sequence, " has a state that its kind of watch does not"));
    }
    const bool ordered = (handling || flip.effective >= end.flip.effective) && flip.effective <= record.recorded &&
                         record.recorded >= recorded_ && record.recorded <= reader_->last_time();
    if (!ordered) findings_.Add(absl::StrCat("flip ", sequence, " has its times out of order"));
    if (flip.from != end.flip.to) {
      findings_.Add(absl::StrCat("flip ", sequence, " begins with ", View(ToString(flip.from)),
                                 ", and the flip before ended with ", View(ToString(end.flip.to))));
    }
    recorded_ = record.recorded;
    if (handling) return ReplayHandling(sequence, id.team, record, end);
    end.flip = flip;
    end.told = true;
    if (id.team == kNoTeam && HasAlert(flip.to) && !HasAlert(flip.from)) silent_since_.emplace(id.expectation, flip.effective);
    ReplayAlert(sequence, id, record, end);
  }

  std::optional<WatchId> WatchOf(const FlipRecord& record) const {
    const Interned& interned = reader_->interned();
    if (!record.source.empty()) {
      const std::optional<SourceNumber> source = interned.sources.Find(record.source);
      return source ? std::optional(WatchId{kNoTeam, *source}) : std::nullopt;
    }
    const std::optional<TeamNumber> team = interned.teams.Find(record.team);
    const std::optional<ExpectationNumber> expectation = interned.expectations.Find(record.expectation);
    return team && expectation ? std::optional(WatchId{*team, *expectation}) : std::nullopt;
  }

  // As the alert, which opened before the log begins, must have been before this flip; what that does not tell is as stored.
  void BeginAlert(uint64_t sequence, WatchId id, const FlipRecord& record) {
    const std::optional<AlertRecord> stored = StoredAlert(record.alert);
    if (record.alert >= first_ || !stored) {
      findings_.Add(absl::StrCat("flip ", sequence, " is of alert ", record.alert, ", which was opened by no flip"));
      return;
    }
    if (stored->team != id.team || stored->expectation != id.expectation) {
      findings_.Add(absl::StrCat("alert ", record.alert, " is stored as another watch's than flip ", sequence, " tells"));
    }
    AlertRecord& told = alerts_[record.alert] = *stored;
    std::erase_if(told.sequences, [this](uint64_t of_alert) { return of_alert >= first_; });
    told.state = record.flip.from;
    told.closed.reset();
    told.closed_reason.reset();
    const FlipReason reason = record.flip.reason;
    if (reason == FlipReason::kAcknowledged || !record.handling.acknowledged) {
      told.acknowledged.reset();
    } else if (!told.acknowledged) {
      told.acknowledged.emplace();
    }
    const AlertRemark remark = told.snoozed ? told.snoozed->remark : AlertRemark();
    told.snoozed.reset();
    if (reason == FlipReason::kSnoozeEnded) {
      told.snoozed = AlertRecord::Snooze{remark, Date()};
    } else if (reason != FlipReason::kSnoozed && record.handling.snoozed_until) {
      told.snoozed = AlertRecord::Snooze{remark, *record.handling.snoozed_until};
    }
  }

  std::optional<AlertRecord> StoredAlert(uint64_t id) {
    const absl::StatusOr<std::optional<std::string>> bytes = reader_->store().Get(AlertKey{reader_->number(), id}.Encode());
    findings_.AddDamage("alerts", bytes.status());
    if (!bytes.ok() || !*bytes) return std::nullopt;
    absl::StatusOr<AlertRecord> alert = DecodeAlertRecord(**bytes);
    if (!alert.ok()) return std::nullopt;  // CompareAlerts says so
    return *std::move(alert);
  }

  void ReplayHandling(uint64_t sequence, TeamNumber team, const FlipRecord& record, const End& end) {
    const auto alert = alerts_.find(end.alert);
    if (alert == alerts_.end() || record.alert != end.alert || record.flip.to != end.flip.to || record.flip.due != end.flip.due) {
      findings_.Add(absl::StrCat("flip ", sequence, " handles another alert than the one that was open"));
      return;
    }
    AlertRecord& told = alert->second;
    // By hand it happens when it is recorded. What nobody did is the end of a snooze, on its date or later; and as the watch's own flips
    // it comes in the order of its moment.
    const bool by_hand = !record.by.empty();
    const Date effective = ZoneOf(team).LocalDate(record.flip.effective);
    if (by_hand ? record.flip.effective != record.recorded
                : record.flip.reason != FlipReason::kSnoozeEnded || record.flip.effective < end.flip.effective || !told.snoozed ||
                      effective + 1 < told.snoozed->until) {
      findings_.Add(absl::StrCat("flip ", sequence, " handles its alert at another time than it can have"));
    }
    if (record.flip.reason == FlipReason::kSnoozed && !record.handling.snoozed_until) {
      findings_.Add(absl::StrCat("flip ", sequence, " snoozes until no date"));
    }
    const AlertRemark remark{record.by, record.note, record.recorded};
    if (record.flip.reason == FlipReason::kAcknowledged) told.acknowledged = remark;
    if (record.flip.reason == FlipReason::kSnoozed) {
      told.snoozed = AlertRecord::Snooze{remark, record.handling.snoozed_until.value_or(Date())};
    }
    if (record.flip.reason == FlipReason::kSnoozeEnded) told.snoozed.reset();
    told.AddFlip(sequence);
    CompareHandling(sequence, record, told);
  }

  // The team's zone by today's catalog: where it was another one, a date may be another one by a day.
  const ZoneRules& ZoneOf(TeamNumber team) const { return *reader_->catalog()->World(team, 0).zone; }

  void CompareHandling(uint64_t sequence, const FlipRecord& record, const AlertRecord& told) {
    if (record.handling == told.handling()) return;
    findings_.Add(absl::StrCat("flip ", sequence, " says of its alert what nobody did with it"));
  }

  void ReplayAlert(uint64_t sequence, WatchId id, const FlipRecord& record, End& end) {
    const WatchFlip& flip = record.flip;
    const bool opens = !HasAlert(flip.from) && HasAlert(flip.to);
    const uint64_t alert_id = opens ? sequence : end.alert;
    if (record.alert != alert_id) findings_.Add(absl::StrCat("flip ", sequence, " names another alert than its own"));
    end.alert = HasAlert(flip.to) ? alert_id : 0;
    if (alert_id == 0) return;
    AlertRecord& alert = alerts_[alert_id];
    if (opens) {
      alert = {.team = id.team, .expectation = id.expectation, .opened = flip.effective, .labels = record.labels, .kind = record.kind,
               .severity = record.severity};
    }
    if (record.kind != alert.kind || record.severity != alert.severity) {
      findings_.Add(absl::StrCat("flip ", sequence, " has another kind or severity than its alert"));
    }
    if (record.labels != alert.labels) findings_.Add(absl::StrCat("flip ", sequence, " has other labels than its alert"));
    alert.AddFlip(sequence);
    CompareHandling(sequence, record, alert);
    if (HasAlert(flip.to)) {
      alert.state = flip.to;
      alert.due = flip.due;
    } else {
      alert.state = flip.from;
      alert.closed = flip.effective;
      alert.closed_reason = flip.reason;
    }
  }

  void CompareTeamFlips() {
    const auto nothing = [](std::string_view bytes) -> absl::StatusOr<bool> {
      if (!bytes.empty()) return absl::DataLossError("the bytes of a team's flip are corrupt");
      return true;
    };
    uint64_t stored = 0;
    VisitTable<TeamFlipKey>(reader_, TableRange(reader_->number(), Table::kTeamFlips), "team flips", findings_, nothing,
                            [&](const TeamFlipKey& key, bool) {
                              ++stored;
                              if (team_flips_.count({key.team, key.sequence}) > 0) return;
                              findings_.Add(absl::StrCat("flip ", key.sequence, " is listed for a team that it is not of"));
                            });
    if (stored != team_flips_.size() && !findings_.full()) {
      findings_.Add(absl::StrCat(stored, " flips are listed by team, of ", team_flips_.size()));
    }
  }

  void CompareAlerts() {
    for (const auto& [id, alert] : alerts_) {
      if (!alert.closed) handled_.emplace(id, alert.handling());
    }
    VisitTable<AlertKey>(reader_, TableRange(reader_->number(), Table::kAlerts), "alerts", findings_, DecodeAlertRecord,
                         [&](const AlertKey& key, const AlertRecord& stored) {
                           const auto told = alerts_.find(key.alert);
                           if (told == alerts_.end() && key.alert < first_) return CompareUntold(key.alert, stored);
                           if (told == alerts_.end()) {
                             findings_.Add(absl::StrCat("alert ", key.alert, " was opened by no flip"));
                             return;
                           }
                           if (!(told->second == stored)) {
                             findings_.Add(absl::StrCat("alert ", key.alert, " is not what its flips tell"));
                           }
                           alerts_.erase(told);
                         });
    if (findings_.full()) return;
    for (const auto& [id, alert] : alerts_) findings_.Add(absl::StrCat("alert ", id, " is missing"));
  }

  // An alert none of whose flips is kept: closed, or as its watch stands.
  void CompareUntold(uint64_t id, const AlertRecord& alert) {
    if (alert.sequences.empty() || alert.sequences.back() >= first_) {
      findings_.Add(absl::StrCat("alert ", id, " names a flip that is not its own"));
    }
    if (alert.closed) return;
    handled_.emplace(id, alert.handling());
    const WatchId watch{alert.team, alert.expectation};
    const End end{.flip = {.from = alert.state, .to = alert.state, .effective = {}, .due = alert.due}, .alert = id, .told = false};
    if (!ends_.emplace(watch, end).second) {
      findings_.Add(absl::StrCat("alert ", id, " is open, and the flips of ", WatchName(reader_, watch), " tell nothing of it"));
    }
  }

  void CompareWatches() {
    for (const auto& [id, end] : ends_) {
      const WatchRecord* const found = reader_->watches().Find(id);
      if (found == nullptr) {
        if (end.flip.to != WatchState::kPaused) findings_.Add(WatchName(reader_, id) + " is gone without being paused");
        continue;
      }
      const Watch& watch = found->watch;
      if (watch.state != end.flip.to || found->alert != end.alert) {
        findings_.Add(WatchName(reader_, id) + " is not as its last flip left it");
      }
      if (HasAlert(watch.state) && watch.due != end.flip.due) {
        findings_.Add(WatchName(reader_, id) + " has another due date than its last flip told");
      }
      // A watch that came back has made no flip of its own yet.
      if (end.told && watch.last_effective != end.flip.effective && watch.last_effective != Instant{}) {
        findings_.Add(WatchName(reader_, id) + " has flipped at another time than its last flip tells");
      }
    }
    reader_->watches().ForEach([&](WatchId id, const WatchRecord& record) {
      const bool may_be_untold = first_ > 1 && !HasAlert(record.watch.state);
      if (record.watch.state != WatchState::kPaused && !may_be_untold && ends_.count(id) == 0) {
        findings_.Add(WatchName(reader_, id) + " has a state that no flip gave it");
      }
    });
  }

  // Each began with a flip of its source, where those of its time are kept, and is over when something was applied.
  void CompareSilences() {
    for (SourceNumber source = 0; source < reader_->interned().sources.size(); ++source) {
      const SourceObservation& observation = reader_->ObservationOf(source);
      if (observation.lived.size() > kSilencesKeptMax) findings_.Add(WatchName(reader_, {kNoTeam, source}) + " keeps too many silences");
      for (const std::vector<SourceSilence>* const silences : {&observation.lived, &observation.silences}) {
        for (const SourceSilence& silence : *silences) CompareSilence(source, silence);
      }
    }
  }

  void CompareSilence(SourceNumber source, const SourceSilence& silence) {
    const bool flips_kept = !reader_->trimmed_through() || silence.since > *reader_->trimmed_through();
    if (flips_kept && silent_since_.count({source, silence.since}) == 0) {
      findings_.Add(absl::StrCat(WatchName(reader_, {kNoTeam, source}), " has a silence since ", silence.since.ToString(),
                                 " that no flip tells of"));
    }
    if (silence.to != SourceSilence::kOpen && silence.to > reader_->last_time()) {
      findings_.Add(WatchName(reader_, {kNoTeam, source}) + " has a silence that is over after the last command");
    }
  }

  void CompareOpenAlerts() {
    uint64_t open = 0;
    for (const auto& [id, end] : ends_) open += end.alert != 0 ? 1 : 0;
    if (open != reader_->open_alert_count()) {
      findings_.Add(absl::StrCat(open, " alerts are open, and ", reader_->open_alert_count(), " were counted"));
    }
    size_t handled = 0;
    VisitTable<OpenAlertKey>(
        reader_, TableRange(reader_->number(), Table::kOpenAlerts), "open alerts", findings_, DecodeOpenAlert,
        [&](const OpenAlertKey& key, const OpenAlert& stored) {
          const WatchId id{key.team, key.expectation};
          const auto end = ends_.find(id);
          if (end == ends_.end() || end->second.alert != stored.alert) {
            findings_.Add(absl::StrCat("alert ", stored.alert, " is in the table of open ones and is not open"));
            return;
          }
          --open;
          handled += stored.handling.any() ? 1 : 0;
          const auto told = handled_.find(stored.alert);
          if (told == handled_.end() || !(told->second == stored.handling) || !(reader_->HandlingOf(id) == stored.handling)) {
            findings_.Add(absl::StrCat("alert ", stored.alert, " is acknowledged or snoozed otherwise than its flips tell"));
          }
        });
    if (handled != reader_->handled_alerts().size() && !findings_.full()) {
      findings_.Add(absl::StrCat(handled, " open alerts are handled, and ", reader_->handled_alerts().size(), " in memory"));
    }
    if (open != 0 && !findings_.full()) findings_.Add("open alerts are missing in the table of open ones");
  }

  const DistrictReader& reader_;
  Findings& findings_;
  const uint64_t first_;  // that is kept
  uint64_t sequence_;
  std::set<std::pair<TeamNumber, uint64_t>> team_flips_;
  Instant recorded_;
  std::map<WatchId, End> ends_;
  std::set<std::pair<SourceNumber, Instant>> silent_since_;  // of sources, by flips that are kept
  std::map<uint64_t, AlertRecord> alerts_;
  std::map<uint64_t, AlertHandling> handled_;  // of the open ones
};

// The worst state that the facts allow a watch when the notify time of `day` was the last to come.
WatchState WorstAllowed(AlertKind kind, const WatchDates& dates, std::optional<Date> day) {
  if (kind != AlertKind::kSignalOverdue) {
    return day && dates.late_day && *day >= *dates.late_day ? WatchState::kRaised : WatchState::kOnTrack;
  }
  if (day && dates.overdue_day && *day >= *dates.overdue_day) return WatchState::kOverdue;
  if (day && dates.late_day && *day >= *dates.late_day) return WatchState::kLate;
  return dates.last_signal ? WatchState::kOnTrack : WatchState::kNotStarted;
}

// Whether a due date in force is before the one that the facts give, which takes effect at once; none is the latest.
bool IsBefore(std::optional<Date> in_force, std::optional<Date> by_facts) {
  return in_force && (!by_facts || *in_force < *by_facts);
}

class WatchVerifier {
 public:
  WatchVerifier(const DistrictReader& reader, Findings& findings) : reader_(reader), findings_(findings) {}

  void Run() {
    CompareStored();
    const DistrictCatalog& catalog = *reader_->catalog();
    reader_->watches().ForEach([&](WatchId id, const WatchRecord&) {
      if (catalog.World(id.team, id.expectation).calendar == nullptr) {
        findings_.Add(WatchName(reader_, id) + " is not in the catalog");
      }
    });
    std::vector<TeamNumber> teams;
    for (TeamNumber team = 0; team < reader_->interned().teams.size(); ++team) {
      if (catalog.FindTeam(team) != nullptr) teams.push_back(team);
    }
    const absl::Status status = ForEachTeam(reader_, teams, [&](TeamNumber team, const TeamRows& rows) {
      const absl::StatusOr<RuledTeam> ruled = ReadRuledTeam(reader_, team, catalog.SubjectsOf(team));
      if (!ruled.ok()) return findings_.AddDamage("reviews or evidence", ruled.status());
      const auto actions = [&ruled]() -> const std::vector<LinkedAction>& { return ruled->actions; };
      for (const ExpectationNumber expectation : catalog.SubjectsOf(team)) {
        const WatchId id{team, expectation};
        const TeamFacts facts(catalog, expectation, rows, *ruled, reader_->SilencesOf(catalog, id, actions));
        Verify(id, facts.get());
      }
    });
    findings_.AddDamage("day rows", status);
    VerifySources();
  }

 private:
  void CompareStored() {
    size_t stored = 0;
    VisitTable<WatchKey>(reader_, TableRange(reader_->number(), Table::kWatches), "watches", findings_,
                         DecodeWatchRecord, [&](const WatchKey& key, const WatchRecord& record) {
                           ++stored;
                           const WatchId id{key.team, key.expectation};
                           const WatchRecord* const in_use = reader_->watches().Find(id);
                           // What is handled without a flip need not be written: the store may lag behind in that alone.
                           WatchRecord expected = record;
                           if (in_use != nullptr) expected.watch.handled_before = in_use->watch.handled_before;
                           if (in_use == nullptr || !(*in_use == expected)) {
                             findings_.Add(WatchName(reader_, id) + " is another one in memory than in the store");
                           }
                         });
    if (stored != reader_->watches().size() && !findings_.full()) {
      findings_.Add(absl::StrCat(stored, " watches are stored, and ", reader_->watches().size(), " are in use"));
    }
  }

  void VerifySources() {
    const DistrictCatalog& catalog = *reader_->catalog();
    for (SourceNumber source = 0; source < reader_->interned().sources.size(); ++source) {
      const WatchId id{kNoTeam, source};
      if (catalog.World(kNoTeam, source).calendar == nullptr) continue;
      const auto no_signal = [](DateRange) { return std::optional<Date>(); };
      const auto due = [&](const RuleSpan& span) { return reader_->SilenceDueOf(catalog, source, span); };
      Verify(id, {no_signal, due});
      const WatchRecord* const record = reader_->watches().Find(id);
      const std::vector<SourceSilence>& silences = reader_->ObservationOf(source).silences;
      const bool silent = !silences.empty() && silences.back().to == SourceSilence::kOpen;
      if (record != nullptr && record->watch.state == WatchState::kRaised && !silent) {
        findings_.Add(WatchName(reader_, id) + " is RAISED, and no silence of it is noted");
      }
    }
  }

  void Verify(WatchId id, const WatchFacts& facts) {
    const WatchRecord* const found = reader_->watches().Find(id);
    if (found == nullptr) return findings_.Add(WatchName(reader_, id) + " is missing");
    const WatchRecord& record = *found;
    const Watch& watch = record.watch;
    if (HasAlert(watch.state) != (record.alert != 0)) {
      findings_.Add(WatchName(reader_, id) + " has an alert that does not go with its state");
    }
    const DistrictCatalog& catalog = *reader_->catalog();
    const WatchWorld world = catalog.World(id.team, id.expectation);
    if (watch.handled_before.micros > reader_->last_time().micros + 1) {
      findings_.Add(WatchName(reader_, id) + " has been moved on beyond the last command");
    }
    const std::optional<Instant> next = NextMoment(world, facts, watch);
    if (next && !reader_->UnderReview(id) && reader_->made_through() && *next <= *reader_->made_through()) {
      findings_.Add(absl::StrCat(WatchName(reader_, id), " should have followed its facts at ", next->ToString()));
    }
    const Date handled = world.zone->LocalDate(Instant{watch.handled_before.micros - 1});
    const std::optional<WatchDates> dates = DatesOn(world, facts, handled);
    if (dates.has_value() != (watch.state != WatchState::kPaused)) {
      return findings_.Add(absl::StrCat(WatchName(reader_, id), " is ", View(ToString(watch.state)), " on ",
                                        handled.ToString(), ", which is ", dates ? "in" : "outside", " its run"));
    }
    if (!dates) return;
    // A rule about reviews waits for one that is being worked through.
    if (reader_->UnderReview(id)) return;
    const bool silent = std::any_of(facts.silences.begin(), facts.silences.end(), [&](const SourceSilence& silence) {
      return silence.since < watch.handled_before && watch.handled_before <= silence.to;
    });
    const bool made = reader_->made_through() && (!next || *next > reader_->last_time());
    if (made && silent != (watch.state == WatchState::kUnknown)) {
      findings_.Add(absl::StrCat(WatchName(reader_, id), " is ", View(ToString(watch.state)), ", and its sources are ",
                                 silent ? "all silent" : "not all silent"));
    }
    if (watch.state == WatchState::kUnknown) return;
    if (IsBefore(watch.due, dates->due)) findings_.Add(WatchName(reader_, id) + " is due before its facts say");
    const Instant now{std::max(watch.handled_before, Instant{reader_->last_time().micros + 1})};
    if (watch.state > WorstAllowed(world.terms.kind, *dates, LastNotified(world, dates->run, now))) {
      findings_.Add(absl::StrCat(WatchName(reader_, id), " is ", View(ToString(watch.state)),
                                 ", which is worse than its facts allow"));
    }
  }

  const DistrictReader& reader_;
  Findings& findings_;
};

}  // namespace

void VerifyFlips(const DistrictReader& reader, Findings& findings) { FlipVerifier(reader, findings).Run(); }

void VerifyWatches(const DistrictReader& reader, Findings& findings) { WatchVerifier(reader, findings).Run(); }

}  // namespace leadlag
