#include "server/engine/alert_opening.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/engine/why_words.h"
#include "storage/keys.h"

namespace leadlag {
namespace {

// The writer waits meanwhile: what lies further back is not looked at.
constexpr size_t kFlipsLookedAt = 2'000;
// Stretches of time spelled out in the text.
constexpr size_t kStretchesInText = 6;

absl::StatusOr<std::string> CatalogBytes(const DistrictReader& reader, uint32_t version) {
  absl::StatusOr<std::optional<std::string>> bytes = reader->store().Get(CatalogVersionKey{reader->number(), version}.Encode());
  if (!bytes.ok()) return bytes.status();
  if (!*bytes) return absl::DataLossError(absl::StrCat("catalog version ", version, " is missing; restore from a backup"));
  return **std::move(bytes);
}

// The version that was in force at the instant.
absl::StatusOr<uint32_t> CatalogVersionAt(const DistrictReader& reader, Instant at) {
  if (reader->catalog_applied() <= at) return reader->catalog_version();
  uint32_t first = 1, end = reader->catalog_version();  // the last one that was applied by then is in [first, end)
  while (end - first > 1) {
    const uint32_t middle = first + (end - first) / 2;
    const absl::StatusOr<std::string> bytes = CatalogBytes(reader, middle);
    if (!bytes.ok()) return bytes.status();
    const absl::StatusOr<Instant> applied = GlanceAtCatalogApplied(*bytes);
    if (!applied.ok()) return applied.status();
    (*applied <= at ? first : end) = middle;
  }
  return first;
}

// The watch's changes of state before the alert, the latest first, back to the one that was in force at `since`.
absl::StatusOr<std::vector<WatchFlip>> FlipsBefore(const DistrictReader& reader, const AlertRecord& alert, Instant since) {
  const std::string& subject = reader->interned().expectations.NameOf(alert.expectation);
  std::vector<WatchFlip> flips;
  absl::Status damage;
  size_t looked_at = 0;
  const auto visit = [&](std::string_view bytes, std::string_view) {
    const absl::StatusOr<TeamFlipKey> key = TeamFlipKey::Decode(bytes);
    damage = key.status();
    if (!damage.ok() || key->sequence < reader->first_sequence() || ++looked_at > kFlipsLookedAt) return false;
    const absl::StatusOr<FlipRecord> flip = ReadFlip(reader, key->sequence);
    damage = flip.status();
    if (!damage.ok()) return false;
    if (flip->expectation != subject || flip->flip.from == flip->flip.to) return true;
    flips.push_back(flip->flip);
    return flip->flip.effective > since;
  };
  KeyRange range = TeamFlipsRange(reader->number(), alert.team);
  range.end = TeamFlipKey{reader->number(), alert.team, alert.sequences.front()}.Encode();
  const absl::Status scanned = reader->store().ScanReverse(range, visit);
  if (!scanned.ok()) return scanned;
  if (!damage.ok()) return damage;
  return flips;
}

// Whether a notify time lies in [from, to).
bool AnyNotify(const WatchWorld& world, Instant from, Instant to) {
  std::optional<Date> day = world.calendar->FirstOnOrAfter(world.zone->LocalDate(from));
  if (day && world.zone->At(*day, world.terms.notify_time) < from) day = world.calendar->NthAfter(*day, 1);
  return day && world.zone->At(*day, world.terms.notify_time) < to;
}

}  // namespace

absl::StatusOr<AlertOpening> ReadAlertOpening(const DistrictReader& reader, const AlertRecord& alert,
                                              const std::vector<TimelineFlip>& flips, const WatchWorld& world) {
  AlertOpening opening;
  opening.kept = !flips.empty() && !alert.sequences.empty() && flips.front().sequence == alert.sequences.front();
  if (!opening.kept) return opening;
  opening.due = flips.front().record.flip.due;
  opening.recorded = flips.front().record.recorded;
  const absl::StatusOr<uint32_t> version = CatalogVersionAt(reader, opening.recorded);
  if (!version.ok()) return version.status();
  opening.catalog_version = *version;
  // Of a source's flips there is no list.
  if (world.calendar == nullptr || alert.team == kNoTeam || !opening.due) return opening;
  const std::optional<Date> day = world.calendar->NthAfter(*opening.due, 1);
  if (!day) return opening;
  const Instant expected = world.zone->At(*day, world.terms.notify_time);
  if (alert.opened <= expected) return opening;
  const absl::StatusOr<std::vector<WatchFlip>> before = FlipsBefore(reader, alert, expected);
  if (!before.ok()) return before.status();
  Instant until = alert.opened;
  for (const WatchFlip& flip : *before) {
    const bool started = flip.from == WatchState::kPaused && flip.effective > expected;
    if (started && !opening.watched_since) opening.watched_since = flip.effective;
    if (flip.to == WatchState::kUnknown) opening.unknown.push_back({flip.effective, until});
    if (flip.to == WatchState::kOnTrack || flip.to == WatchState::kNotStarted) {
      opening.due_later = opening.due_later || AnyNotify(world, std::max(flip.effective, expected), until);
    }
    until = flip.effective;
  }
  std::reverse(opening.unknown.begin(), opening.unknown.end());
  return opening;
}

std::string DelayWords(const AlertRecord& alert, const AlertOpening& opening, const ZoneRules& zone) {
  std::vector<std::string> sentences;
  if (opening.watched_since) {
    sentences.push_back(absl::StrCat("Nobody watched before ", LocalTime(zone, *opening.watched_since), ", when the ",
                                     alert.kind == AlertKind::kSignalOverdue ? "expectation" : "rule", " came to hold for the team."));
  }
  if (!opening.unknown.empty()) {
    std::vector<std::string> stretches;
    for (const SourceSilence& silence : opening.unknown) {
      if (stretches.size() == kStretchesInText) break;
      stretches.push_back(absl::StrCat("from ", LocalTime(zone, silence.since), " to ", LocalTime(zone, silence.to)));
    }
    const size_t more = opening.unknown.size() - stretches.size();
    if (more > 0) stretches.push_back(absl::StrCat("at ", more, " later times"));
    std::string text = absl::StrJoin(stretches, ", ") + " no source that feeds it was heard, so that nobody could tell (UNKNOWN).";
    text[0] = 'F';
    sentences.push_back(std::move(text));
  }
  if (opening.due_later) {
    sentences.push_back("It did not open sooner because what was recorded, or the catalog in force, had given a later due date or none.");
  }
  if (opening.kept && opening.recorded.micros - alert.opened.micros >= kDowntimeMicros) {
    sentences.push_back(absl::StrCat("The service, which was down or settling, noticed it at ", LocalTime(zone, opening.recorded), "."));
  }
  return absl::StrJoin(sentences, " ");
}

absl::StatusOr<Catalog> ReadOpeningCatalog(const DistrictReader& reader, const AlertOpening& opening) {
  const absl::StatusOr<std::string> bytes = CatalogBytes(reader, opening.catalog_version);
  if (!bytes.ok()) return bytes.status();
  absl::StatusOr<CatalogRecord> record = DecodeCatalogRecord(*bytes);
  if (!record.ok()) return record.status();
  return std::move(record->catalog);
}

}  // namespace leadlag
