#include "server/engine/district.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/check.h"
#include "core/limits.h"
#include "core/privacy.h"
#include "server/engine/applying.h"
#include "server/engine/watch_facts.h"
#include "server/engine/evidence_applier.h"
#include "storage/keys.h"
#include "storage/record_codec.h"

namespace leadlag {
namespace {

constexpr uint8_t kStateFormat = 2;  // 1: without what has left the flip log, and written while nothing has
constexpr uint8_t kFirstStateFormat = 1;
constexpr std::string_view kStateName = "state";
constexpr std::string_view kStagedName = "staged_catalog";
// Watches, and rows, that the store has not seen: a checkpoint encodes them while the writer waits, some 20 ms.
constexpr size_t kUnwrittenMax = 20'000;
// Values that a command reads for watches that a start has left, some 4 ms of them where they come from disk; a tick has time for more.
constexpr size_t kReadAhead = 1'000;
constexpr size_t kReadAheadByTick = 10'000;

absl::Status Damaged(const std::string& district, const std::string& what) {
  return absl::DataLossError(absl::StrCat("district \"", district, "\": ", what, "; restore from a backup"));
}

// The four kinds of interned names with their tables, in the order of `stored_names_`.
template <typename Fn>
void ForEachNameKind(Interned& interned, Fn fn) {
  fn(0, NameKind::kTeam, interned.teams);
  fn(1, NameKind::kIndicator, interned.indicators);
  fn(2, NameKind::kSource, interned.sources);
  fn(3, NameKind::kExpectation, interned.expectations);
}

}  // namespace

// ── loading ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

absl::StatusOr<std::unique_ptr<District>> District::Load(std::string id, uint32_t number, const Store* store) {
  std::unique_ptr<District> district(new District(std::move(id), number, StoreView(store)));
  if (absl::Status status = district->LoadState(); !status.ok()) return status;
  if (absl::Status status = district->LoadNames(); !status.ok()) return status;
  if (district->catalog_version_ > 0) {
    auto catalog = district->LoadCatalog(district->catalog_version_);
    if (!catalog.ok()) return catalog.status();
    district->catalog_ = *std::move(catalog);
  }
  if (district->recalculation_ && district->recalculation_->before_version > 0) {
    auto before = district->LoadCatalog(district->recalculation_->before_version);
    if (!before.ok()) return before.status();
    district->recalculation_->before = *std::move(before);
  }
  if (absl::Status status = district->LoadSources(); !status.ok()) return status;
  if (absl::Status status = district->LoadRows(); !status.ok()) return status;
  if (absl::Status status = district->LoadHandledAlerts(); !status.ok()) return status;
  if (absl::Status status = district->LoadWatches(); !status.ok()) return status;
  if (absl::Status status = district->CountInquiries(); !status.ok()) return status;
  return district;
}

std::shared_ptr<const District> District::Frozen() const {
  LEADLAG_CHECK(!HasUnwritten());
  const auto snapshot = std::make_shared<const Snapshot>(store_.live().TakeSnapshot());
  std::shared_ptr<District> copy(new District(id_, number_, StoreView(&store_.live(), snapshot)));
  copy->applied_position_ = applied_position_;
  copy->last_time_ = last_time_;
  copy->incarnation_ = incarnation_;
  copy->last_sequence_ = last_sequence_;
  copy->first_sequence_ = first_sequence_;
  copy->trimmed_through_ = trimmed_through_;
  copy->trim_pending_ = trim_pending_;
  copy->evidence_count_ = evidence_count_;
  copy->revision_count_ = revision_count_;
  copy->review_count_ = review_count_;
  copy->inquiry_count_ = inquiry_count_;
  copy->open_alert_count_ = open_alert_count_;
  copy->catalog_version_ = catalog_version_;
  copy->catalog_applied_ = catalog_applied_;
  copy->hold_until_ = hold_until_;
  copy->due_through_ = due_through_;
  copy->due_pending_ = due_pending_;
  copy->recalculation_ = recalculation_;
  copy->pending_reviews_ = pending_reviews_;
  copy->interned_ = interned_;
  copy->catalog_ = catalog_;
  copy->watches_ = watches_;
  copy->handled_alerts_ = handled_alerts_;
  copy->spreads_ = spreads_;
  copy->deaf_ = deaf_;
  copy->observations_ = observations_;
  copy->silences_noted_ = silences_noted_;
  copy->rows_ = rows_;
  return copy;
}

absl::Status District::LoadState() {
  absl::StatusOr<uint64_t> position = store_.live().AppliedPosition(number_);
  if (!position.ok()) return position.status();
  applied_position_ = *position;
  absl::StatusOr<std::optional<std::string>> bytes = store_.Get(MetaKey{number_, std::string(kStateName)}.Encode());
  if (!bytes.ok()) return bytes.status();
  if (!*bytes) return applied_position_ == 0 ? absl::OkStatus() : Damaged(id_, "its state is missing");
  ByteReader in(**bytes);
  const uint8_t format = in.GetU8();
  if (in.ok() && format > kStateFormat) {
    return absl::FailedPreconditionError("the district's state is of a format newer than this program");
  }
  const auto instant = [&] { return Instant{in.GetSigned()}; };
  last_time_ = instant();
  incarnation_ = in.GetFixed64();
  last_sequence_ = in.GetVarint();
  evidence_count_ = in.GetVarint();
  revision_count_ = in.GetVarint();
  review_count_ = in.GetVarint();
  open_alert_count_ = in.GetVarint();
  catalog_version_ = static_cast<uint32_t>(in.GetVarint(UINT32_MAX));
  hold_until_ = instant();
  due_through_ = instant();
  due_pending_ = in.GetU8(1) == 1;
  if (in.GetU8(1) == 1) {
    recalculation_.emplace();
    recalculation_->before_version = static_cast<uint32_t>(in.GetVarint(UINT32_MAX));
    recalculation_->at = instant();
    recalculation_->next_team = static_cast<TeamNumber>(in.GetVarint(UINT32_MAX));
  }
  for (uint64_t reviews = in.GetVarint(kReviewsUnderWayMax); reviews > 0 && in.ok(); --reviews) {
    PendingReview& pending = pending_reviews_.emplace_back();
    pending.team = static_cast<TeamNumber>(in.GetVarint(UINT32_MAX));
    pending.id = in.GetString();
    pending.next.indicator = static_cast<IndicatorNumber>(in.GetVarint(UINT32_MAX));
    pending.next.event_date = GetDate(in);
    pending.next.record = in.GetVarint();
  }
  if (format > kFirstStateFormat) {
    first_sequence_ = in.GetVarint();
    trimmed_through_ = instant();
    trim_pending_ = in.GetU8(1) == 1;
    if (first_sequence_ == 0 || first_sequence_ - 1 > last_sequence_) in.Fail();
  }
  if (absl::Status status = in.Finish("a district's state"); !status.ok()) return status;
  absl::StatusOr<std::optional<std::string>> staged = store_.Get(MetaKey{number_, std::string(kStagedName)}.Encode());
  if (!staged.ok()) return staged.status();
  staged_ = std::move(*staged).value_or("");
  return absl::OkStatus();
}

void District::PutState(Applying& a) {
  const bool trimmed = first_sequence_ > 1 || trim_pending_;
  ByteWriter out;
  out.PutU8(trimmed ? kStateFormat : kFirstStateFormat);
  out.PutSigned(last_time_.micros);
  out.PutFixed64(incarnation_);
  out.PutVarint(last_sequence_);
  out.PutVarint(evidence_count_);
  out.PutVarint(revision_count_);
  out.PutVarint(review_count_);
  out.PutVarint(open_alert_count_);
  out.PutVarint(catalog_version_);
  out.PutSigned(hold_until_.micros);
  out.PutSigned(due_through_.micros);
  out.PutU8(due_pending_ ? 1 : 0);
  out.PutU8(recalculation_ ? 1 : 0);
  if (recalculation_) {
    out.PutVarint(recalculation_->before_version);
    out.PutSigned(recalculation_->at.micros);
    out.PutVarint(recalculation_->next_team);
  }
  out.PutVarint(pending_reviews_.size());
  for (const PendingReview& pending : pending_reviews_) {
    out.PutVarint(pending.team);
    out.PutString(pending.id);
    out.PutVarint(pending.next.indicator);
    PutDate(out, pending.next.event_date);
    out.PutVarint(pending.next.record);
  }
  if (trimmed) {
    out.PutVarint(first_sequence_);
    out.PutSigned(trimmed_through_.micros);
    out.PutU8(trim_pending_ ? 1 : 0);
  }
  a.batch.Put(MetaKey{number_, std::string(kStateName)}.Encode(), std::move(out).Take());
}

absl::Status District::LoadNames() {
  absl::Status result;
  ForEachNameKind(interned_, [&](size_t i, NameKind kind, InternTable& table) {
    absl::Status scanned = store_.Scan(NamesRange(number_, kind), [&](std::string_view key, std::string_view name) {
      const absl::StatusOr<NameKey> decoded = NameKey::Decode(key);
      if (!decoded.ok() || table.Intern(name) != decoded->number) {
        result = Damaged(id_, "its table of names has a hole");
        return false;
      }
      return true;
    });
    if (!scanned.ok()) result = scanned;
    stored_names_[i] = table.size();
  });
  return result;
}

void District::PutNewNames(Applying& a) {
  ForEachNameKind(interned_, [&](size_t i, NameKind kind, InternTable& table) {
    for (; stored_names_[i] < table.size(); ++stored_names_[i]) {
      a.batch.Put(NameKey{number_, kind, stored_names_[i]}.Encode(), table.NameOf(stored_names_[i]));
    }
  });
}

absl::StatusOr<std::shared_ptr<const DistrictCatalog>> District::LoadCatalog(uint32_t version) {
  absl::StatusOr<std::optional<std::string>> bytes = store_.Get(CatalogVersionKey{number_, version}.Encode());
  if (!bytes.ok()) return bytes.status();
  if (!*bytes) return Damaged(id_, absl::StrCat("version ", version, " of its catalog is missing"));
  absl::StatusOr<CatalogRecord> record = DecodeCatalogRecord(**bytes);
  if (!record.ok()) return record.status();
  if (version == catalog_version_) catalog_applied_ = record->applied;
  return DistrictCatalog::Compile(std::move(record->catalog), std::move(record->zones), std::move(record->apply_dates),
                                  interned_);
}

// All that there are, and into memory as many as it may hold.
absl::Status District::LoadRows() {
  absl::Status result;
  std::optional<RowId> id;
  DayRow row;
  const auto load = [&] {
    if (!id) return;
    for (const DayEntry& entry : row.entries()) rows_.CountRecords(*id, entry.count);
    if (!rows_.full()) rows_.Load(*id, std::exchange(row, DayRow()));
  };
  const absl::Status scanned = store_.ScanOnce(TableRange(number_, Table::kDayRows), [&](std::string_view key, std::string_view value) {
    const absl::StatusOr<DayRowKey> decoded = DayRowKey::Decode(key);
    result = decoded.status();
    if (!result.ok()) return false;
    const Date first = FirstOfMonth(decoded->month);
    const RowId next{decoded->team, decoded->indicator, RowYear(first)};
    if (id != next) {
      load();
      row = DayRow();
      id = next;
    }
    rows_.Know(next, RowMonth(first));
    result = AddRowMonth(key, value, row);
    return result.ok();
  });
  if (!scanned.ok()) return scanned;
  if (result.ok()) load();
  return result;
}

absl::Status District::LoadHandledAlerts() {
  absl::Status result;
  const absl::Status scanned =
      store_.ScanOnce(TableRange(number_, Table::kOpenAlerts), [&](std::string_view key, std::string_view value) {
        const absl::StatusOr<OpenAlertKey> id = OpenAlertKey::Decode(key);
        const absl::StatusOr<OpenAlert> open = DecodeOpenAlert(value);
        result = !id.ok() ? id.status() : open.status();
        if (result.ok() && open->handling.any()) handled_alerts_[{id->team, id->expectation}] = open->handling;
        return result.ok();
      });
  return scanned.ok() ? result : scanned;
}

absl::Status District::LoadWatches() {
  absl::Status result;
  absl::Status scanned =
      store_.ScanOnce(TableRange(number_, Table::kWatches), [&](std::string_view key, std::string_view value) {
        const absl::StatusOr<WatchKey> id = WatchKey::Decode(key);
        absl::StatusOr<WatchRecord> record = DecodeWatchRecord(value);
        result = !id.ok() ? id.status() : record.status();
        if (result.ok()) watches_.Add({id->team, id->expectation}, *record);
        return result.ok();
      });
  if (!scanned.ok()) return scanned;
  std::vector<WatchId> ids;
  watches_.ForEach([&](WatchId id, const WatchRecord&) { ids.push_back(id); });
  for (const WatchId id : ids) {
    ReckonMoment(id, /*read_series=*/false, nullptr, result);
    rows_.Trim();
  }
  return result;
}

void District::ReckonMoment(WatchId id, bool read_series, const Batch* batch, absl::Status& fatal) {
  const WatchRecord* const record = watches_.Find(id);
  if (record == nullptr) return;
  // One that a catalog change has not reached yet goes by the catalog before; reaching it sets its deadline anew.
  const bool stale = recalculation_ && recalculation_->before && record->catalog_version < catalog_version_;
  const DistrictCatalog& catalog = stale ? *recalculation_->before : *catalog_;
  const Facts facts(*this, catalog, id, batch, fatal);
  const WatchWorld world = catalog.World(id.team, id.expectation);
  if (read_series || world.terms.kind != AlertKind::kRunSignal) {
    return SetMoment(id, world, NextMoment(world, facts.get(), record->watch));
  }
  // As if it had been due before its run began: whatever it is due, its moment is not before that.
  bool asked = false;
  const auto earliest = [&asked](const RuleSpan& span) {
    asked = true;
    return std::optional(span.run.from - 1);
  };
  const WatchFacts known = facts.get();
  SetMoment(id, world, NextMoment(world, WatchFacts(known.last_signal, earliest, known.silences), record->watch));
  if (asked) unread_.insert(id);
}

void District::ReadAhead(Applying& a, size_t values_max) {
  for (size_t read = 0; !unread_.empty() && read < values_max && a.fatal.ok();) {
    const WatchId id = *unread_.begin();
    read += kChartedValuesPerWork * (1 + ChartWorkOf(id, a.now));
    ReckonMoment(id, /*read_series=*/true, &a.batch, a.fatal);
    unread_.erase(id);
  }
}

// ── applying ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

absl::StatusOr<Outcome> District::Apply(uint64_t position, const Command& command, Batch& batch, absl::Status& fatal) {
  if (position <= applied_position_) return NoOutcome{};
  const bool is_tick = std::holds_alternative<TickCommand>(command.body);
  Applying a{.now = command.time, .until = Instant{command.time.micros + (is_tick ? 1 : 0)}, .batch = batch, .fatal = fatal,
             .advanced = {}, .charted = {}, .changed_rows = {}, .work = 0};
  // While there is work to continue, commands follow each other at once: a gap is downtime, whether or not the tick that says so, which
  // may come after this, has come.
  const auto* const tick = std::get_if<TickCommand>(&command.body);
  if (std::holds_alternative<ContinueCommand>(command.body) || (tick != nullptr && tick->resumed)) SettleAfterDowntime(a);
  CatchUpSources(a);
  absl::StatusOr<Outcome> outcome = NoOutcome{};
  if (const auto* apply = std::get_if<ApplyCatalogCommand>(&command.body)) {
    outcome = ApplyCatalog(a, *apply);
  } else if (const auto* stage = std::get_if<StageCatalogCommand>(&command.body)) {
    outcome = StageCatalog(a, *stage);
  } else if (catalog_ == nullptr) {
    outcome = absl::NotFoundError(absl::StrCat("there is no district \"", id_, "\"; apply its catalog first"));
  } else if (const auto* evidence = std::get_if<RecordEvidenceCommand>(&command.body)) {
    outcome = EvidenceApplier(*this, a).Apply(*evidence);
  } else if (const auto* review = std::get_if<RecordReviewCommand>(&command.body)) {
    outcome = RecordReview(a, *review);
  } else if (const auto* handle = std::get_if<HandleAlertCommand>(&command.body)) {
    outcome = HandleAlert(a, *handle);
  } else if (const auto* inquiry = std::get_if<RecordInquiryCommand>(&command.body)) {
    outcome = RecordInquiry(a, *inquiry);
  } else if (const auto* zones = std::get_if<ReplaceZonesCommand>(&command.body)) {
    outcome = ReplaceZones(a, *zones);
  } else if (tick != nullptr) {
    outcome = Tick(a);
  } else {
    outcome = Continue(a, std::get<ContinueCommand>(command.body));
  }
  ReadAhead(a, is_tick ? kReadAheadByTick : kReadAhead);
  PutChangedRows(a);
  WriteBackWatches(batch, kUnwrittenMax);
  WriteBackRows(batch, rows_.full() ? 0 : kUnwrittenMax);
  rows_.Trim();
  last_work_ = a.work;
  applied_position_ = position;
  last_time_ = command.time;
  PutState(a);
  batch.PutAppliedPosition(number_, position);
  return outcome;
}

absl::StatusOr<Outcome> District::StageCatalog(Applying& a, const StageCatalogCommand& command) {
  if (command.first) staged_.clear();
  staged_ += command.bytes;
  a.batch.Put(MetaKey{number_, std::string(kStagedName)}.Encode(), staged_);
  return NoOutcome{};
}

absl::StatusOr<Outcome> District::ApplyCatalog(Applying& a, const ApplyCatalogCommand& command) {
  if (recalculation_) return absl::UnavailableError("a catalog change is still being worked through; try again");
  if (catalog_ == nullptr && incarnation_ == 0) incarnation_ = command.incarnation;
  if (!command.staged) return ApplyDocument(a, command.catalog, command.zones, command.expected_version);
  ByteReader in(staged_);
  const Catalog catalog = GetCatalog(in);
  const std::vector<ZoneRules> zones = GetZones(in);
  const absl::Status read = in.Finish("a staged catalog");
  staged_.clear();
  a.batch.Delete(MetaKey{number_, std::string(kStagedName)}.Encode());
  if (!read.ok()) {
    a.Fail(read);  // a newer program can read it, or the log is damaged: going on without it would lose what was acknowledged
    return read;
  }
  return ApplyDocument(a, catalog, zones, command.expected_version);
}

absl::StatusOr<Outcome> District::ApplyDocument(Applying& a, const Catalog& catalog, const std::vector<ZoneRules>& zones,
                                                std::optional<uint32_t> expected_version) {
  // Before the version is asked for: a repetition whose first answer was lost is one.
  if (catalog_ && catalog_->catalog() == catalog && catalog_->zones() == zones) {
    return CatalogOutcome{catalog_version_, catalog_applied_, {}, recalculating()};
  }
  if (absl::Status status = CheckVersion(expected_version); !status.ok()) return status;
  if (absl::Status status = CheckMeasures(catalog); !status.ok()) return status;
  if (absl::Status status = CheckKinds(catalog); !status.ok()) return status;
  auto compiled = DistrictCatalog::Compile(catalog, zones, ApplyDates(catalog, zones, a.now), interned_);
  if (!compiled.ok()) return compiled.status();

  CatalogOutcome outcome{.version = catalog_version_ + 1, .applied = a.now, .changes = {}, .recalculating = false};
  outcome.changes = Diff(catalog_ ? catalog_->catalog() : Catalog{}, catalog);
  recalculation_ = Recalculation{catalog_version_, catalog_, a.now, 0};
  if (catalog_ != nullptr && !HideTheSame(catalog_->catalog(), catalog)) charted_.LetGoOfAll();
  catalog_ = *std::move(compiled);
  ++catalog_version_;
  catalog_applied_ = a.now;
  a.batch.Put(CatalogVersionKey{number_, catalog_version_}.Encode(),
              EncodeCatalogRecord({catalog, zones, catalog_->apply_dates(), a.now}));
  PutNewNames(a);
  ReconsiderSources(a);
  if (pending_reviews_.empty()) Recalculate(a, kWatchesPerCommand);
  outcome.recalculating = recalculating();
  return outcome;
}

absl::StatusOr<Outcome> District::ReplaceZones(Applying& a, const ReplaceZonesCommand& command) {
  if (recalculation_) return absl::UnavailableError("a catalog change is still being worked through; try again");
  std::vector<ZoneRules> zones = catalog_->zones();
  for (ZoneRules& zone : zones) {
    for (const ZoneRules& replacement : command.zones) {
      if (replacement.name == zone.name) zone = replacement;
    }
  }
  const Catalog catalog = catalog_->catalog();
  return ApplyDocument(a, catalog, zones, std::nullopt);
}

absl::StatusOr<CatalogOutcome> District::DryRun(const Catalog& catalog, std::optional<uint32_t> expected_version) const {
  if (!catalog_ || !(catalog_->catalog() == catalog)) {
    if (absl::Status status = CheckVersion(expected_version); !status.ok()) return status;
  }
  if (absl::Status status = CheckMeasures(catalog); !status.ok()) return status;
  if (absl::Status status = CheckKinds(catalog); !status.ok()) return status;
  return CatalogOutcome{catalog_version_, catalog_applied_, Diff(catalog_ ? catalog_->catalog() : Catalog{}, catalog),
                        recalculating()};
}

absl::Status District::CheckVersion(std::optional<uint32_t> expected_version) const {
  if (!expected_version || *expected_version == catalog_version_) return absl::OkStatus();
  return AsStatus(Problem{absl::StatusCode::kFailedPrecondition, "expected_version",
                          absl::StrCat("version ", catalog_version_, " is in force, not ", *expected_version,
                                       "; look at it and apply again")});
}

// An indicator's measure is fixed for ever: stored values would otherwise change their meaning. One that was removed and comes back
// is looked up in the catalogs before.
absl::Status District::CheckMeasures(const Catalog& catalog) const {
  std::map<std::string, Measure> known;
  std::set<std::string> wanted;
  for (const Indicator& indicator : catalog.indicators) {
    if (interned_.indicators.Find(indicator.id)) wanted.insert(indicator.id);
  }
  for (uint32_t version = catalog_version_; version > 0 && !wanted.empty(); --version) {
    absl::StatusOr<std::optional<std::string>> bytes = store_.Get(CatalogVersionKey{number_, version}.Encode());
    if (!bytes.ok()) return bytes.status();
    // A version applied in this very group is not in the store yet, but it is the one in force.
    std::vector<Indicator> indicators;
    if (version == catalog_version_) {
      indicators = catalog_->catalog().indicators;
    } else if (*bytes) {
      absl::StatusOr<CatalogRecord> record = DecodeCatalogRecord(**bytes);
      if (!record.ok()) return record.status();
      indicators = std::move(record->catalog.indicators);
    }
    for (const Indicator& indicator : indicators) {
      if (wanted.erase(indicator.id) > 0) known[indicator.id] = indicator.measure;
    }
  }
  std::vector<Problem> problems;
  for (size_t i = 0; i < catalog.indicators.size(); ++i) {
    const auto before = known.find(catalog.indicators[i].id);
    if (before == known.end() || before->second == catalog.indicators[i].measure) continue;
    problems.push_back({absl::StatusCode::kFailedPrecondition, absl::StrCat("indicators[", i, "].measure"),
                        "an indicator's measure is fixed once applied; give a new indicator another id"});
  }
  return problems.empty() ? absl::OkStatus() : AsStatus(problems);
}

// An id keeps its kind from one catalog to the next: the watches it has would otherwise be in states of another machine, and its open
// alerts about something else.
absl::Status District::CheckKinds(const Catalog& catalog) const {
  if (catalog_ == nullptr) return absl::OkStatus();
  std::map<std::string_view, AlertKind> known;
  for (const Expectation& expectation : catalog_->catalog().expectations) known.emplace(expectation.id, AlertKind::kSignalOverdue);
  for (const AlertRule& rule : catalog_->catalog().alert_rules) known.emplace(rule.id, rule.kind());
  std::vector<Problem> problems;
  const auto check = [&](const std::string& list, size_t i, const std::string& id, AlertKind kind) {
    const auto before = known.find(id);
    if (before == known.end() || before->second == kind) return;
    const std::string_view name = ToString(before->second);
    problems.push_back({absl::StatusCode::kFailedPrecondition, absl::StrCat(list, "[", i, "].id"),
                        absl::StrCat(Quoted(id), " is of the kind ", absl::string_view(name.data(), name.size()),
                                     " in the catalog in force, and keeps it; give the new one another id")});
  };
  for (size_t i = 0; i < catalog.expectations.size(); ++i) {
    check("expectations", i, catalog.expectations[i].id, AlertKind::kSignalOverdue);
  }
  for (size_t i = 0; i < catalog.alert_rules.size(); ++i) {
    check("alert_rules", i, catalog.alert_rules[i].id, catalog.alert_rules[i].kind());
  }
  return problems.empty() ? absl::OkStatus() : AsStatus(problems);
}

std::map<std::string, Date> District::ApplyDates(const Catalog& catalog, const std::vector<ZoneRules>& zones,
                                                 Instant now) const {
  const auto zone = std::find_if(zones.begin(), zones.end(), [&](const ZoneRules& z) { return z.name == catalog.time_zone; });
  std::map<std::string, Date> dates;
  const auto add = [&](const auto& entry, const std::string& name) {
    if (entry.from || zone == zones.end()) return;  // a missing zone is refused by Compile
    Date date = zone->LocalDate(now);
    if (catalog_ != nullptr) {
      const auto before = catalog_->apply_dates().find(name);
      if (before != catalog_->apply_dates().end()) date = before->second;
    }
    dates.emplace(name, date);
  };
  for (const Expectation& expectation : catalog.expectations) add(expectation, expectation.id);
  for (const AlertRule& rule : catalog.alert_rules) {
    if (rule.enabled) add(rule, rule.id);
  }
  for (const Source& source : catalog.sources) {
    if (source.every_days > 0) add(source, DistrictCatalog::AppliedAs(source));
  }
  return dates;
}

// ── rows ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

namespace {

std::string KeyOfRow(uint32_t district, const RowId& id, int month) {
  return DayRowKey{district, id.team, id.indicator, MonthOf(RowMonthDates(id.row_year, month).from)}.Encode();
}

}  // namespace

absl::Status AddRowMonth(std::string_view key_bytes, std::string_view value, DayRow& row) {
  const absl::StatusOr<DayRowKey> key = DayRowKey::Decode(key_bytes);
  if (!key.ok()) return key.status();
  const absl::StatusOr<DayRow> part = DayRow::Decode(value);
  if (!part.ok()) return part.status();
  const Date first = FirstOfMonth(key->month);
  const bool in_month = !part->empty() && part->entries().front().event >= first &&
                        part->entries().back().event < first.StartOfNextMonth();
  if (in_month && row.Append(*part)) return absl::OkStatus();
  return absl::DataLossError("a day row has dates of another month than its key says");
}

absl::StatusOr<DayRow> District::Row(TeamNumber team, IndicatorNumber indicator, int row_year) const {
  const DayRows::Slot* const slot = rows_.Find({team, indicator, row_year});
  if (slot == nullptr) return DayRow{};
  if (slot->in_memory) return slot->row;
  return ReadRow(store_, {team, indicator, row_year});
}

DayRow* District::LoadRow(const RowId& id, const Batch* batch, absl::Status& fatal) {
  absl::StatusOr<DayRow> row = batch != nullptr ? ReadRow(*batch, id) : ReadRow(store_, id);
  if (!row.ok() && fatal.ok()) fatal = row.status();
  return rows_.Load(id, row.ok() ? *std::move(row) : DayRow{});
}

const DayRow& District::RowNow(const RowId& id, const Batch* batch, absl::Status& fatal) {
  static const DayRow& none = *new DayRow;
  if (const DayRow* row = rows_.Use(id)) return *row;
  return rows_.Find(id) == nullptr ? none : *LoadRow(id, batch, fatal);
}

DayRow* District::MutableRow(Applying& a, TeamNumber team, IndicatorNumber indicator, Date event_date) {
  const RowId id{team, indicator, RowYear(event_date)};
  a.changed_rows.push_back({id, event_date});
  NoteChange(team);
  if (DayRow* row = rows_.Use(id)) return row;
  return rows_.Find(id) == nullptr ? rows_.Load(id, DayRow{}) : LoadRow(id, &a.batch, a.fatal);
}

void District::NoteChange(TeamNumber team) {
  if (team == kNoTeam) return;
  if (team >= changes_.size()) changes_.resize(team + 1);
  changes_[team] = ++last_change_;
}

void District::PutChangedRows(Applying& a) {
  for (const auto& [id, event_date] : a.changed_rows) {
    const DayRows::Due due = rows_.MarkChanged(id, event_date);
    if (due == DayRows::Due::kNothing) continue;
    const int month = RowMonth(event_date);
    const std::string key = KeyOfRow(number_, id, month);
    if (due == DayRows::Due::kPut) {
      a.batch.Put(key, rows_.Find(id)->row.Part(RowMonthDates(id.row_year, month)).Encode());
    } else {
      a.batch.Delete(key);
    }
  }
}

void District::WriteBackRows(Batch& batch, size_t keep) {
  rows_.WriteBack(keep, [&](const RowId& id, int month, const DayRow& part) {
    batch.Put(KeyOfRow(number_, id, month), part.Encode());
  });
}

void District::WriteBackWatches(Batch& batch, size_t keep) {
  watches_.WriteBack(keep, [&](WatchId id, const WatchRecord& record) {
    batch.Put(WatchKey{number_, id.team, id.expectation}.Encode(), EncodeWatchRecord(record));
  });
}

absl::StatusOr<TeamReviews> District::ReviewsOf(TeamNumber team) const {
  return ReviewsIn(store_, team);
}

std::optional<Date> District::ReviewedOf(const EvidenceIdentity& identity, std::string_view source, std::string_view evidence_id,
                                         const TeamReviews& team_reviews) const {
  const PendingReview::Place place{identity.place->indicator, identity.place->event_date, identity.number};
  std::vector<std::string_view> not_reached;
  for (const PendingReview& pending : pending_reviews_) {
    if (pending.team == identity.place->team && pending.next <= place) not_reached.push_back(pending.id);
  }
  return team_reviews.ReviewedDate(CoverQueryOf(identity, interned_, source, evidence_id), not_reached);
}

// ── time ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

bool District::IsBehind(Instant now) const {
  return recalculation_.has_value() || ((due_pending_ || !spreads_.empty()) && !Holding(now)) || !pending_reviews_.empty();
}

std::optional<Instant> District::NextDue() const {
  // Who is yet to be told of a silence is told when the district has settled.
  if (!spreads_.empty() && Holding(last_time_)) return hold_until_;
  const std::optional<Instant> earliest = watches_.Earliest();
  if (!earliest) return std::nullopt;
  return std::max(*earliest, hold_until_);
}

}  // namespace leadlag
