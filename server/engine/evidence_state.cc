#include "server/engine/evidence_state.h"

#include <algorithm>
#include <tuple>

#include "core/check.h"

namespace leadlag {
namespace {

// In order of precedence; the last counts.
std::vector<const EvidenceRevision*> ByPrecedence(const std::vector<EvidenceRevision>& revisions) {
  std::vector<const EvidenceRevision*> ordered;
  for (const EvidenceRevision& revision : revisions) ordered.push_back(&revision);
  std::stable_sort(ordered.begin(), ordered.end(), [](const EvidenceRevision* a, const EvidenceRevision* b) {
    return a->content.source_version.value_or(0) < b->content.source_version.value_or(0);
  });
  return ordered;
}

// What a review interprets: a change of it reopens the record.
auto Interpreted(const EvidenceRevision& revision) {
  return std::tie(revision.content.value, revision.event_date, revision.content.indicator);
}

bool RecordedEarlier(const EvidenceRevision* a, const EvidenceRevision* b) { return a->recorded < b->recorded; }

}  // namespace

EvidenceIdentity Summarize(uint64_t number, const std::vector<EvidenceRevision>& revisions, const Interned& interned) {
  LEADLAG_CHECK(!revisions.empty());
  const std::vector<const EvidenceRevision*> ordered = ByPrecedence(revisions);
  EvidenceIdentity identity;
  identity.number = number;
  identity.revision_count = static_cast<uint32_t>(revisions.size());
  identity.current_revision = ordered.back()->revision;
  identity.voided = ordered.back()->voided();

  std::vector<const EvidenceRevision*> contents;
  std::copy_if(ordered.begin(), ordered.end(), std::back_inserter(contents), [](auto* r) { return !r->voided(); });
  if (contents.empty()) return identity;
  const EvidenceRevision& first = *contents.front();
  const EvidenceRevision& last = *contents.back();
  identity.place = {*interned.teams.Find(last.content.team), *interned.indicators.Find(last.content.indicator),
                    last.event_date};
  const EvidenceRevision& earliest = **std::min_element(contents.begin(), contents.end(), RecordedEarlier);
  identity.first_recorded = earliest.recorded;
  identity.first_recorded_date = earliest.recorded_date;
  // The first revision may be the last to arrive; the record was known when any of it was recorded.
  identity.first_event_date = first.event_date;
  identity.first_known_date = std::min(first.known_date, earliest.recorded_date);
  if (first.content.event_time) {
    const Instant known = std::min(first.content.reported.value_or(earliest.recorded), earliest.recorded);
    identity.first_hours = HoursBucket(known.micros - first.content.event_time->micros);
  }

  auto stretch = contents.begin();  // the unbroken last one of equal value, date and indicator
  for (auto it = contents.begin(); it != contents.end(); ++it) {
    if (Interpreted(**it) != Interpreted(last)) stretch = it + 1;
  }
  if (stretch != contents.begin()) {
    const EvidenceRevision& corrected = **std::min_element(stretch, contents.end(), RecordedEarlier);
    identity.corrected = corrected.recorded;
    identity.corrected_on = corrected.recorded_date;
  }
  return identity;
}

EvidenceIdentity SummarizeFirst(uint64_t number, const EvidenceContent& content, const ResolvedEvidence& resolved) {
  EvidenceIdentity identity;
  identity.number = number;
  identity.voided = std::holds_alternative<Void>(content.value);
  if (identity.voided) return identity;
  identity.place = {resolved.team, resolved.indicator, resolved.event_date};
  identity.first_recorded = resolved.recorded;
  identity.first_recorded_date = resolved.recorded_date;
  identity.first_event_date = resolved.event_date;
  identity.first_known_date = std::min(resolved.known_date, resolved.recorded_date);
  if (content.event_time) {
    const Instant known = std::min(content.reported.value_or(resolved.recorded), resolved.recorded);
    identity.first_hours = HoursBucket(known.micros - content.event_time->micros);
  }
  return identity;
}

const EvidenceRevision& CurrentOf(const EvidenceIdentity& identity, const std::vector<EvidenceRevision>& revisions) {
  return revisions[identity.current_revision - 1];
}

std::optional<DayEntry> EntryOf(const EvidenceIdentity& identity) {
  if (identity.voided || !identity.place) return std::nullopt;
  DayEntry entry;
  entry.event = identity.place->event_date;
  entry.known = identity.first_known_date;
  entry.recorded = identity.first_recorded_date;
  entry.hours = identity.first_hours;
  if (identity.corrected_on) entry.correction = {identity.first_event_date, *identity.corrected_on};
  return entry;
}

CoverQuery CoverQueryOf(const EvidenceIdentity& identity, const Interned& interned, std::string_view source,
                        std::string_view evidence_id) {
  LEADLAG_CHECK(identity.place.has_value());
  return {.source = source,
          .evidence_id = evidence_id,
          .indicator = interned.indicators.NameOf(identity.place->indicator),
          .event_date = identity.place->event_date,
          .recorded = identity.corrected.value_or(identity.first_recorded),
          .start = identity.corrected_on.value_or(identity.first_known_date)};
}

}  // namespace leadlag
