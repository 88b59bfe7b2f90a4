#include "server/engine/alert_opening.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/engine/catalog_versions.h"
#include "server/engine/why_words.h"
#include "storage/keys.h"

namespace leadlag {
namespace {

// The writer waits meanwhile: what lies further back is not looked at.
constexpr size_t kFlipsLookedAt = 2'000;
// Stretches of time spelled out in the text.
constexpr size_t kStretchesInText = 6;

// The watch's changes of state before the alert, the latest first, back to the one that was in force at `since`, or to the first that is
// kept and looked at.
absl::StatusOr<std::vector<FlipRecord>> FlipsBefore(const DistrictReader& reader, const AlertRecord& alert, Instant since) {
  const std::string& subject = reader->interned().expectations.NameOf(alert.expectation);
  std::vector<FlipRecord> flips;
  absl::Status damage;
  size_t looked_at = 0;
  const auto visit = [&](std::string_view bytes, std::string_view) {
    const absl::StatusOr<TeamFlipKey> key = TeamFlipKey::Decode(bytes);
    damage = key.status();
    if (!damage.ok() || key->sequence < reader->first_sequence() || ++looked_at > kFlipsLookedAt) return false;
    absl::StatusOr<FlipRecord> flip = ReadFlip(reader, key->sequence);
    damage = flip.status();
    if (!damage.ok()) return false;
    if (flip->expectation != subject || flip->flip.from == flip->flip.to) return true;
    const bool is_after = flip->flip.effective > since;
    flips.push_back(*std::move(flip));
    return is_after;
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

// "from 07:00 on Tue … to 12:00 on Wed …, from …".
class Stretches {
 public:
  // One that is over within its minute is none.
  void Add(const ZoneRules& zone, Instant from, Instant to, const std::string& remark = "") {
    const std::string begin = LocalTime(zone, from), end = LocalTime(zone, to);
    if (begin == end) return;
    if (words_.size() < kStretchesInText) {
      words_.push_back(absl::StrCat("from ", begin, " to ", end, remark));
    } else {
      ++more_;
    }
  }
  bool empty() const { return words_.empty(); }
  std::string words() const {
    const std::string more = more_ == 0 ? "" : absl::StrCat(", at ", more_, more_ == 1 ? " later time" : " later times");
    return absl::StrJoin(words_, ", ") + more;
  }

 private:
  std::vector<std::string> words_;
  size_t more_ = 0;
};

}  // namespace

absl::StatusOr<AlertOpening> ReadAlertOpening(const DistrictReader& reader, const AlertRecord& alert,
                                              const std::vector<TimelineFlip>& flips, const WatchWorld& world) {
  AlertOpening opening;
  opening.kept = !flips.empty() && !alert.sequences.empty() && flips.front().sequence == alert.sequences.front();
  if (!opening.kept) return opening;
  opening.due = flips.front().record.flip.due;
  opening.recorded = flips.front().record.recorded;
  const absl::StatusOr<uint32_t> version = CatalogVersionAt(reader->store(), reader->number(), reader->catalog_version(),
                                                            reader->catalog_applied(), opening.recorded);
  if (!version.ok()) return version.status();
  opening.catalog_version = *version;
  // Of a source's flips there is no list.
  if (world.calendar == nullptr || alert.team == kNoTeam || !opening.due) return opening;
  const std::optional<Date> day = world.calendar->NthAfter(*opening.due, 1);
  if (!day) return opening;
  const Instant expected = world.zone->At(*day, world.terms.notify_time);
  if (alert.opened <= expected) return opening;
  const absl::StatusOr<std::vector<FlipRecord>> before = FlipsBefore(reader, alert, expected);
  if (!before.ok()) return before.status();
  Instant until = alert.opened;
  for (const FlipRecord& record : *before) {
    const WatchFlip& flip = record.flip;
    const bool started = flip.from == WatchState::kPaused && flip.effective > expected;
    if (started && !opening.watched_since) opening.watched_since = flip.effective;
    if (flip.to == WatchState::kUnknown) opening.unknown.push_back({flip.effective, until});
    if (HasAlert(flip.to)) {
      if (opening.earlier.empty() || opening.earlier.back().alert != record.alert) opening.earlier.push_back({record.alert, {}, until});
      opening.earlier.back().opened = flip.effective;
    }
    if (flip.to == WatchState::kOnTrack || flip.to == WatchState::kNotStarted) {
      opening.due_later = opening.due_later || AnyNotify(world, std::max(flip.effective, expected), until);
    }
    until = flip.effective;
  }
  std::reverse(opening.unknown.begin(), opening.unknown.end());
  std::reverse(opening.earlier.begin(), opening.earlier.end());
  // A watch comes into being as PAUSED: nothing was before that.
  const WatchState first_known = before->empty() ? flips.front().record.flip.from : before->back().flip.from;
  if (until > expected && first_known != WatchState::kPaused) opening.kept_from = until;
  return opening;
}

std::string DelayWords(const AlertRecord& alert, const AlertOpening& opening, const ZoneRules& zone) {
  std::vector<std::string> sentences;
  if (opening.watched_since) {
    sentences.push_back(absl::StrCat("Nobody watched before ", LocalTime(zone, *opening.watched_since), ", when the ",
                                     alert.kind == AlertKind::kSignalOverdue ? "expectation" : "rule", " came to hold for the team."));
  }
  if (opening.kept_from) {
    sentences.push_back(absl::StrCat("What became of it before ", LocalTime(zone, *opening.kept_from), " is no longer kept, or lies too "
                                     "many flips back."));
  }
  Stretches open;
  for (const AlertOpening::Earlier& earlier : opening.earlier) {
    open.Add(zone, earlier.opened, earlier.closed, absl::StrCat(" (alert ", earlier.alert, ")"));
  }
  if (!open.empty()) sentences.push_back(absl::StrCat("It had been open before, ", open.words(), "."));
  Stretches unknown;
  for (const SourceSilence& silence : opening.unknown) unknown.Add(zone, silence.since, silence.to);
  if (!unknown.empty()) {
    std::string text = unknown.words() + " no source that feeds it was heard, so that nobody could tell (UNKNOWN).";
    text[0] = 'F';
    sentences.push_back(std::move(text));
  }
  if (opening.due_later) {
    sentences.push_back(absl::StrCat(open.empty() ? "It did not open sooner because " : "In between ",
                                     "what was recorded, or the catalog in force, had given a later due date or none."));
  }
  if (opening.kept && opening.recorded.micros - alert.opened.micros >= kDowntimeMicros) {
    sentences.push_back(absl::StrCat("The service, which was down or settling, noticed it at ", LocalTime(zone, opening.recorded), "."));
  }
  return absl::StrJoin(sentences, " ");
}

absl::StatusOr<Catalog> ReadOpeningCatalog(const DistrictReader& reader, const AlertOpening& opening) {
  absl::StatusOr<CatalogRecord> record = ReadCatalogVersion(reader->store(), reader->number(), opening.catalog_version);
  if (!record.ok()) return record.status();
  return std::move(record->catalog);
}

}  // namespace leadlag
