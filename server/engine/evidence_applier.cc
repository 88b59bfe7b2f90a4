#include "server/engine/evidence_applier.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/limits.h"
#include "server/engine/evidence_resolver.h"
#include "storage/keys.h"

namespace leadlag {
namespace {

Problem Invalid(std::string field, std::string reason) {
  return {absl::StatusCode::kInvalidArgument, std::move(field), std::move(reason)};
}

}  // namespace

absl::StatusOr<Outcome> EvidenceApplier::Apply(const RecordEvidenceCommand& command) {
  const std::optional<SourceNumber> source = d_.interned_.sources.Find(command.source);
  if (!source || d_.catalog_->FindSource(*source) == nullptr) {
    return AsStatus(NotInCatalog("parent", command.source, "source"));
  }
  if (command.complete_through) {
    // By the district's day: a source is judged by it. All parts of a batch are refused, or none.
    const Date tomorrow = d_.catalog_->district_zone().LocalDate(command.batch_began.value_or(a_.now)) + 1;
    if (*command.complete_through > tomorrow) {
      return AsStatus(Invalid("complete_through", absl::StrCat(command.complete_through->ToString(), " lies in the future; it is at most ",
                                                               tomorrow.ToString())));
    }
  }
  source_ = *source;
  source_id_ = command.source;
  outcome_.outcomes.resize(command.items.size());
  FetchAhead(command.items);
  for (size_t i = 0; i < command.items.size() && a_.fatal.ok(); ++i) {
    Failure failure = ApplyItem(command.items[i], fingerprints_[i], outcome_.outcomes[i]);
    if (failure) outcome_.failures.push_back({static_cast<uint32_t>(i), *std::move(failure)});
  }
  // One batch is one cause: evidence if any record in it is new.
  const bool any_new = outcome_.new_count > 0 || command.batch_has_new;
  const WatchCause cause = any_new ? WatchCause::kEvidence : WatchCause::kChange;
  std::sort(watches_.begin(), watches_.end());
  watches_.erase(std::unique(watches_.begin(), watches_.end()), watches_.end());
  for (const WatchId& watch : watches_) {
    d_.Reconsider(a_, watch, cause, a_.now);
    d_.StoreWatch(a_, watch);
  }
  d_.Hear(a_, source_, command.complete_through, command.more);
  return std::move(outcome_);
}

void EvidenceApplier::FetchAhead(const std::vector<EvidenceItem>& items) {
  fingerprints_.reserve(items.size());
  for (const EvidenceItem& item : items) {
    fingerprints_.push_back(FingerprintOf(source_, item.evidence_id));
    stored_.Prefetch(fingerprints_.back());
  }
  struct Series {
    TeamNumber team;
    IndicatorNumber indicator;
  };
  std::vector<Series> series;
  series.reserve(items.size());
  for (const EvidenceItem& item : items) {
    const std::optional<TeamNumber> team = d_.interned_.teams.Find(item.content.team);
    const std::optional<IndicatorNumber> indicator = d_.interned_.indicators.Find(item.content.indicator);
    if (!team || !indicator) continue;
    d_.rows_.PrefetchTeam(*team);
    d_.watches_.PrefetchTeam(*team);
    series.push_back({*team, *indicator});
  }
  for (const Series& of : series) {
    d_.rows_.PrefetchRows(of.team);
    d_.watches_.PrefetchWatches(of.team);
  }
  for (const Series& of : series) d_.rows_.PrefetchEntries(of.team, of.indicator);
}

EvidenceApplier::Failure EvidenceApplier::ApplyItem(const EvidenceItem& item, uint64_t fingerprint, RecordOutcome& outcome) {
  // What is known is looked at first: a repetition is one, even where the catalog has changed since.
  const std::optional<FoundEvidence> known = a_.Take(stored_.Find(source_, item.evidence_id, fingerprint));
  if (!a_.fatal.ok()) return std::nullopt;
  Failure failure = known ? ApplyRevision(item, *known, outcome) : ApplyFirst(item, fingerprint, outcome);
  if (failure) return failure;
  switch (outcome.kind) {
    case RecordOutcomeKind::kNew: ++outcome_.new_count; break;
    case RecordOutcomeKind::kSame: ++outcome_.same_count; break;
    case RecordOutcomeKind::kRevised: ++outcome_.revised_count; break;
    case RecordOutcomeKind::kVoided: ++outcome_.voided_count; break;
    case RecordOutcomeKind::kFailed: break;
  }
  return std::nullopt;
}

void EvidenceApplier::CountPending(const EvidenceIdentity& identity) {
  if (identity.voided || !identity.place) return;
  const DistrictCatalog::TeamEntry* const team = d_.catalog_->FindTeam(identity.place->team);
  if (team != nullptr && team->calendar->YearOf(identity.place->event_date) == nullptr) ++outcome_.pending_calendar_count;
}

EvidenceApplier::Failure EvidenceApplier::ApplyFirst(const EvidenceItem& item, uint64_t fingerprint, RecordOutcome& outcome) {
  ResolvedEvidence resolved;
  if (Failure failure = ResolveEvidence(*d_.catalog_, d_.interned_, a_.now, item.content, resolved)) return failure;
  const bool is_void = std::holds_alternative<Void>(item.content.value);
  if (is_void && !item.content.source_version) {
    return Problem{absl::StatusCode::kNotFound, "evidence_id",
                   absl::StrCat("source \"", source_id_, "\" has no record \"", item.evidence_id,
                                "\" to void; correct the id, or give source_version where the record itself is still to come")};
  }
  const EvidenceIdentity identity = SummarizeFirst(++d_.evidence_count_, item.content, resolved);
  encoded_.clear();
  ByteWriter out(std::move(encoded_));
  PutEvidenceRecord(out, source_, item.evidence_id, 1, item.content, resolved);
  encoded_ = std::move(out).Take();
  a_.batch.AddRecord(d_.number_, identity.number, fingerprint, encoded_);
  if (identity.place) {
    ChangeRow(item.evidence_id, identity, /*add=*/true);
    AddPlace(identity);
    d_.AddValue(identity, item.content.value);
  }
  CountPending(identity);
  outcome = {is_void ? RecordOutcomeKind::kVoided : RecordOutcomeKind::kNew, 1};
  return std::nullopt;
}

void EvidenceApplier::AddPlace(const EvidenceIdentity& identity) {
  const EvidenceIdentity::Place& place = *identity.place;
  a_.batch.AddPlace(d_.number_, {place.team, place.indicator}, {place.event_date, identity.number});
}

EvidenceApplier::Failure EvidenceApplier::CheckAgainst(const std::vector<EvidenceRevision>& revisions,
                                                       const EvidenceContent& content, bool currently_void,
                                                       bool& same) const {
  const bool is_void = std::holds_alternative<Void>(content.value);
  bool versioned = false;
  for (const EvidenceRevision& earlier : revisions) {
    versioned = versioned || earlier.content.source_version.has_value();
    if (!is_void && !earlier.voided() && earlier.content.team != content.team) {
      return Problem{absl::StatusCode::kAlreadyExists, "team",
                     absl::StrCat("the id is taken by a record of team \"", earlier.content.team,
                                  "\"; a record stays with its team: void it and send a new id")};
    }
    const bool equal = earlier.content.SameContent(content);
    if (content.source_version && earlier.content.source_version == content.source_version && !equal) {
      return Problem{absl::StatusCode::kAlreadyExists, "source_version",
                     absl::StrCat("version ", *content.source_version, " of this record is stored with other content; send a "
                                  "higher version")};
    }
    if (equal && (!content.source_version || earlier.content.source_version == content.source_version)) same = true;
  }
  if (is_void && !content.source_version && currently_void) same = true;
  if (!same && versioned && !content.source_version) {
    return Problem{absl::StatusCode::kFailedPrecondition, "source_version",
                   "earlier revisions of this record carry a source_version; give a higher one"};
  }
  return std::nullopt;
}

EvidenceApplier::Failure EvidenceApplier::ApplyRevision(const EvidenceItem& item, const FoundEvidence& found,
                                                        RecordOutcome& outcome) {
  const EvidenceIdentity& before = found.identity;
  std::vector<EvidenceRevision> revisions = a_.Take(stored_.Revisions(found));
  if (!a_.fatal.ok()) return std::nullopt;
  bool same = false;
  if (Failure failure = CheckAgainst(revisions, item.content, before.voided, same)) return failure;
  if (same) {
    CountPending(before);
    outcome = {RecordOutcomeKind::kSame, before.current_revision};
    return std::nullopt;
  }
  ResolvedEvidence resolved;
  if (Failure failure = ResolveEvidence(*d_.catalog_, d_.interned_, a_.now, item.content, resolved)) return failure;
  const bool is_void = std::holds_alternative<Void>(item.content.value);
  // All of them are looked at for each new one. A void is let in as the last, so that a record can always be taken out.
  if (revisions.size() >= kRevisionsMax + (is_void ? 1 : 0)) {
    return Problem{absl::StatusCode::kFailedPrecondition, "evidence_id",
                   absl::StrCat("the record has ", revisions.size(), " revisions, and ", kRevisionsMax,
                                " is the most; void it and send a new id, and leave out of a record what changes each time it "
                                "is sent")};
  }
  revisions.push_back(RevisionOf(before.revision_count + 1, item.content, resolved));
  const EvidenceIdentity after = Summarize(before.number, revisions, d_.interned_);
  StoreRevision(item.evidence_id, before, after, revisions);
  CountPending(after);
  // One below the version that counts voids nothing.
  outcome = {after.voided && !before.voided ? RecordOutcomeKind::kVoided : RecordOutcomeKind::kRevised, after.current_revision};
  return std::nullopt;
}

void EvidenceApplier::StoreRevision(const std::string& evidence_id, const EvidenceIdentity& before, const EvidenceIdentity& after,
                                    const std::vector<EvidenceRevision>& revisions) {
  const auto put_revision = [&](const EvidenceRevision& revision) {
    a_.batch.Put(RevisionKey{d_.number_, after.number, revision.revision}.Encode(),
                 EncodeEvidenceRecord({source_, evidence_id, revision}));
    ++d_.revision_count_;
  };
  if (before.revision_count == 1) put_revision(revisions.front());
  put_revision(revisions.back());
  if (before.place) ChangeRow(evidence_id, before, /*add=*/false);
  if (after.place) ChangeRow(evidence_id, after, /*add=*/true);
  if (after.place && after.place != before.place) AddPlace(after);
  a_.batch.Put(RevisedKey{d_.number_, after.number}.Encode(), EncodeEvidenceIdentity(after));
  d_.ReviseValue(a_, before, after, revisions);
}

void EvidenceApplier::ChangeRow(const std::string& evidence_id, const EvidenceIdentity& identity, bool add) {
  std::optional<DayEntry> entry = EntryOf(identity);
  if (!entry) return;
  const EvidenceIdentity::Place& place = *identity.place;
  CatchUpWatches(place.team, place.indicator);
  // A record that has just been recorded for the first time is covered by no review that was entered before.
  if (!add || identity.revision_count > 1) {
    entry->reviewed = d_.ReviewedOf(identity, source_id_, evidence_id, ReviewsOf(place.team));
  }
  DayRow* row = d_.MutableRow(a_, place.team, place.indicator, entry->event);
  d_.rows_.CountRecords({place.team, place.indicator, RowYear(entry->event)}, add ? 1 : -1);
  if (add) {
    row->Add(*entry);
  } else if (!row->Remove(*entry)) {
    a_.Fail(absl::DataLossError(absl::StrCat("the day row of team \"", d_.interned_.teams.NameOf(place.team),
                                             "\" lacks a record of ", entry->event.ToString(),
                                             "; run `leadlag admin verify` and restore from a backup")));
  }
}

void EvidenceApplier::CatchUpWatches(TeamNumber team, IndicatorNumber indicator) {
  if (!caught_up_.insert({team, indicator}).second) return;
  const auto catch_up = [&](const DistrictCatalog& catalog) {
    for (const ExpectationNumber expectation : catalog.CountedBy(indicator)) {
      const WatchId id{team, expectation};
      if (d_.CatchUp(a_, id) != nullptr) watches_.push_back(id);
    }
  };
  catch_up(*d_.catalog_);
  // A watch that a change under way has not reached lived by what the catalog before counts, and must not see what comes after it.
  if (d_.recalculation_ && d_.recalculation_->before != nullptr) catch_up(*d_.recalculation_->before);
}

const TeamReviews& EvidenceApplier::ReviewsOf(TeamNumber team) {
  const auto [found, missing] = reviews_.try_emplace(team);
  if (missing) found->second = a_.Take(d_.ReviewsIn(a_.batch, team));
  return found->second;
}

}  // namespace leadlag
