#include "server/engine/team_history.h"

#include <algorithm>
#include <bitset>
#include <span>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/engine/evidence_state.h"
#include "storage/keys.h"

namespace leadlag {
namespace {

// Records between two looks at whether to stop.
constexpr uint64_t kRecordsALook = 4'096;

absl::Status Damaged(uint64_t number, const char* what) {
  return absl::DataLossError(absl::StrCat("evidence ", number, " ", what, "; run `leadlag admin verify` and restore from a backup"));
}

// Numbers of records. A place in it holds as much as a record held does.
class RecordNumbers {
 public:
  // Whether it takes a place more than before.
  bool Insert(uint64_t number) {
    const auto [place, is_new] = places_.try_emplace(number / kPlace);
    place->second.set(number % kPlace);
    return is_new;
  }
  bool Contains(uint64_t number) const {
    const auto place = places_.find(number / kPlace);
    return place != places_.end() && place->second.test(number % kPlace);
  }

 private:
  static constexpr size_t kPlace = 512;
  absl::flat_hash_map<uint64_t, std::bitset<kPlace>> places_;
};

}  // namespace

// One reading of the store, for the teams from scope_.teams[first] on.
struct HistoryReader::Pass {
  size_t first = 0;
  std::vector<TeamHistory> histories;  // fewer from time to time: the last ones are let go where too much is held
  size_t held = 0, held_max = 0;
  RecordNumbers revised;                    // of all teams
  absl::flat_hash_set<int64_t> revised_at;  // instants at which revisions of these teams take effect
  absl::flat_hash_set<int64_t> new_at;      // those among them at which some record is new

  // A record held takes as much as two of an action or link, at the least.
  static size_t SizeOf(const TeamHistory::Told& told) { return 1 + leadlag::SizeOf(told.actions); }
  static size_t SizeOf(const TeamHistory& history) {
    // A revision is larger, and has its instant noted.
    size_t size = history.records.size() + 2 * history.revisions.size() + history.reviews.size() + history.names.size() +
                  history.values.size();
    for (const TeamHistory::Told& told : history.inquiries) size += SizeOf(told);
    for (const Review& review : history.reviews) size += review.evidence.size();
    return size;
  }
  // `more`: by how much SizeOf one of them has grown.
  void Hold(size_t more) {
    held += more;
    while (held > held_max && histories.size() > 1) {
      held -= SizeOf(histories.back());
      histories.pop_back();
    }
  }
};

HistoryReader::HistoryReader(const Scope& scope, const std::function<bool()>* stop) : scope_(scope), stop_(stop) {
  for (const Instant end : scope_.ends) end_ = std::max(end_, end);
  rank_of_.assign(scope_.interned.teams.size(), -1);
  for (size_t i = 0; i < scope_.teams.size(); ++i) {
    rank_of_[scope_.teams[i]] = static_cast<int32_t>(i);
    const std::vector<IndicatorNumber> charted = scope_.catalog.ChartedOf(scope_.teams[i]);
    charted_.insert(charted.begin(), charted.end());
  }
}

absl::StatusOr<std::vector<TeamHistory>> HistoryReader::Read(size_t first) {
  Pass pass;
  pass.first = first;
  pass.held_max = scope_.held_max;
  pass.histories.resize(scope_.teams.size() - first);
  if (absl::Status status = ReadReviews(pass); !status.ok()) return status;
  if (absl::Status status = ReadInquiries(pass); !status.ok()) return status;
  if (absl::Status status = ReadRevisions(pass); !status.ok()) return status;
  if (absl::Status status = ReadRecords(pass); !status.ok()) return status;
  for (TeamHistory& history : pass.histories) {
    const auto before = [](const auto& a, const auto& b) { return std::tie(a.at, a.number) < std::tie(b.at, b.number); };
    if (!std::is_sorted(history.records.begin(), history.records.end(), before)) {
      std::sort(history.records.begin(), history.records.end(), before);
    }
    std::stable_sort(history.revisions.begin(), history.revisions.end(), before);
    for (TeamHistory::Revision& revision : history.revisions) revision.evidence = pass.new_at.contains(revision.at.micros);
  }
  return std::move(pass.histories);
}

std::optional<Instant> HistoryReader::KnownInstead(TeamNumber team, Instant recorded, std::optional<Instant> reported,
                                                   std::optional<Instant> event_time, Date event_date) const {
  // A source's clock may have been a little ahead of ours.
  if (!scope_.known_as_recorded || !reported || *reported >= recorded) return std::nullopt;
  const DistrictCatalog::TeamEntry* const entry = scope_.catalog.FindTeam(team);
  const ZoneRules& zone = entry == nullptr ? scope_.catalog.district_zone() : *entry->zone;
  const Instant known = std::max(*reported, event_time.value_or(zone.StartOf(event_date)));
  return known < recorded ? std::optional(known) : std::nullopt;
}

absl::Status HistoryReader::ReadReviews(Pass& pass) const {
  for (size_t i = 0; i < pass.histories.size(); ++i) {
    const TeamNumber team = scope_.teams[pass.first + i];
    if (scope_.catalog.SubjectsOf(team, AlertKind::kReviewOverdue).empty()) continue;
    if (Stopped()) return absl::CancelledError("the back-test was stopped");
    TeamHistory& history = pass.histories[i];
    absl::Status damage;
    const absl::Status scanned = scope_.store.Scan(ReviewsRange(scope_.district, team), [&](std::string_view, std::string_view value) {
      absl::StatusOr<Review> review = DecodeReview(value);
      damage = review.status();
      if (review.ok() && review->recorded < scope_.ends[pass.first + i]) history.reviews.push_back(*std::move(review));
      return damage.ok();
    });
    if (!scanned.ok()) return scanned;
    if (!damage.ok()) return damage;
    std::sort(history.reviews.begin(), history.reviews.end(), [](const Review& a, const Review& b) { return a.recorded < b.recorded; });
    history.lists_evidence = std::any_of(history.reviews.begin(), history.reviews.end(),
                                         [](const Review& review) { return !review.evidence.empty(); });
    pass.Hold(Pass::SizeOf(history));
  }
  return absl::OkStatus();
}

absl::Status HistoryReader::ReadInquiries(Pass& pass) const {
  for (size_t i = 0; i < pass.histories.size(); ++i) {
    const TeamNumber team = scope_.teams[pass.first + i];
    if (scope_.catalog.SubjectsOf(team, AlertKind::kActionWithoutEvidence).empty()) continue;
    if (Stopped()) return absl::CancelledError("the back-test was stopped");
    std::vector<TeamHistory::Told>& inquiries = pass.histories[i].inquiries;
    absl::flat_hash_map<std::string, uint32_t> numbers;
    size_t more = 0;
    absl::Status damage;
    const auto take = [&](std::string_view, std::string_view value) {
      const absl::StatusOr<Inquiry> inquiry = DecodeInquiry(value);
      damage = inquiry.status();
      if (!inquiry.ok() || inquiry->recorded >= scope_.ends[pass.first + i]) return damage.ok();
      const uint32_t number = numbers.try_emplace(inquiry->id, static_cast<uint32_t>(numbers.size())).first->second;
      inquiries.push_back({inquiry->recorded, number, LinkedActionsOf(std::span(&*inquiry, 1), scope_.interned.indicators)});
      more += Pass::SizeOf(inquiries.back());
      return true;
    };
    for (const KeyRange& range : {InquiriesRange(scope_.district, team), InquiryRevisionsRange(scope_.district, team)}) {
      const absl::Status scanned = scope_.store.Scan(range, take);
      if (!scanned.ok()) return scanned;
      if (!damage.ok()) return damage;
    }
    std::sort(inquiries.begin(), inquiries.end(), [](const auto& a, const auto& b) { return a.at < b.at; });
    pass.Hold(more);
  }
  return absl::OkStatus();
}

absl::Status HistoryReader::ReadRevisions(Pass& pass) const {
  absl::Status damage;
  uint64_t number = 0;
  EvidenceRecord first;
  std::vector<EvidenceRevision> revisions;  // of `number`
  const auto visit = [&](std::string_view key_bytes, std::string_view value) {
    const absl::StatusOr<RevisionKey> key = RevisionKey::Decode(key_bytes);
    absl::StatusOr<EvidenceRecord> record = DecodeEvidenceRecord(value);
    damage = key.ok() ? record.status() : key.status();
    if (damage.ok() && key->evidence != number) {
      if (!revisions.empty()) damage = AddRevised(pass, number, first, std::exchange(revisions, {}));
      if (damage.ok() && Stopped()) damage = absl::CancelledError("the back-test was stopped");
      number = key->evidence;
      first = *record;
    }
    if (damage.ok()) revisions.push_back(std::move(record->revision));
    return damage.ok();
  };
  const absl::Status scanned = scope_.store.ScanOnce(TableRange(scope_.district, Table::kRevisions), visit);
  if (!scanned.ok()) return scanned;
  if (!damage.ok()) return damage;
  return revisions.empty() ? absl::OkStatus() : AddRevised(pass, number, first, std::move(revisions));
}

absl::Status HistoryReader::AddRevised(Pass& pass, uint64_t number, const EvidenceRecord& first,
                                       std::vector<EvidenceRevision> revisions) const {
  if (pass.revised.Insert(number)) pass.Hold(1);
  std::optional<TeamNumber> team;  // the same of all revisions that name one
  for (const EvidenceRevision& revision : revisions) {
    if (revision.voided()) continue;
    team = scope_.interned.teams.Find(revision.content.team);
    if (!team || !scope_.interned.indicators.Find(revision.content.indicator)) {
      return Damaged(number, "names a team or an indicator that was never applied");
    }
  }
  const int32_t rank = team ? rank_of_[*team] : -1;
  const size_t place = static_cast<size_t>(rank) - pass.first;
  if (rank < static_cast<int32_t>(pass.first) || place >= pass.histories.size()) return absl::OkStatus();
  EvidenceRevision& earliest = revisions.front();
  std::optional<Instant> known;
  if (!earliest.voided()) {
    const EvidenceContent& content = earliest.content;
    known = KnownInstead(*team, earliest.recorded, content.reported, content.event_time, earliest.event_date);
  }
  if (known) {
    earliest.recorded = *known;
    earliest.recorded_date = std::max(earliest.known_date, earliest.event_date);
  }
  TeamHistory& history = pass.histories[place];
  std::vector<EvidenceRevision> so_far;
  std::vector<TeamHistory::Revision> standings;
  bool counts = false;  // ever
  for (EvidenceRevision& revision : revisions) {
    const Instant at = revision.recorded;
    if (at >= scope_.ends[static_cast<size_t>(rank)]) break;
    so_far.push_back(std::move(revision));
    const EvidenceIdentity identity = Summarize(number, so_far, scope_.interned);
    TeamHistory::Revision& standing = standings.emplace_back();
    standing.at = at;
    standing.number = number;
    if (!identity.place) continue;
    standing.indicator = identity.place->indicator;
    standing.recorded = identity.corrected.value_or(identity.first_recorded);
    if (!scope_.catalog.CountedBy(standing.indicator).empty()) standing.entry = EntryOf(identity);
    if (standing.entry && charted_.contains(standing.indicator)) {
      const EvidenceValue value = CurrentOf(identity, so_far).content.value;
      if (!scope_.catalog.IsHidden(standing.indicator, value)) standing.value = ChartedValue(standing.entry->event, value);
    }
    counts = counts || standing.entry;
  }
  if (!counts) return absl::OkStatus();
  ++history.record_count;
  if (known) ++history.known_count;
  for (const TeamHistory::Revision& standing : standings) pass.revised_at.insert(standing.at.micros);
  history.revisions.insert(history.revisions.end(), standings.begin(), standings.end());
  if (history.lists_evidence) history.names[number] = {first.source, first.evidence_id};
  pass.Hold(2 * standings.size() + (history.lists_evidence ? 1 : 0));
  return absl::OkStatus();
}

absl::Status HistoryReader::ReadRecords(Pass& pass) const {
  absl::Status damage;
  const EvidenceReader evidence = scope_.store.evidence();
  const absl::Status scanned = evidence.Records(scope_.district, [&](uint64_t number, std::string_view bytes) {
    const absl::StatusOr<EvidenceGlance> glance = GlanceAtEvidenceRecord(bytes);
    damage = glance.ok() ? AddRecord(pass, number, *glance) : glance.status();
    if (damage.ok() && number % kRecordsALook == 0 && Stopped()) damage = absl::CancelledError("the back-test was stopped");
    // Numbers are given in order of recording.
    return damage.ok() && (scope_.known_as_recorded || glance->dates.recorded < end_);
  });
  return scanned.ok() ? damage : scanned;
}

absl::Status HistoryReader::AddRecord(Pass& pass, uint64_t number, const EvidenceGlance& glance) const {
  if (glance.voided()) return absl::OkStatus();  // of a record that was to come
  const std::optional<TeamNumber> team = scope_.interned.teams.Find(glance.team);
  const std::optional<IndicatorNumber> indicator = scope_.interned.indicators.Find(glance.indicator);
  if (!team || !indicator) return Damaged(number, "names a team or an indicator that was never applied");
  const std::optional<Instant> known =
      KnownInstead(*team, glance.dates.recorded, glance.reported, glance.event_time, glance.dates.event_date);
  const Instant at = known.value_or(glance.dates.recorded);
  if (pass.revised_at.contains(at.micros)) pass.new_at.insert(at.micros);
  if (at >= end_ || pass.revised.Contains(number)) return absl::OkStatus();
  const int32_t rank = rank_of_[*team];
  const size_t place = static_cast<size_t>(rank) - pass.first;
  if (rank < static_cast<int32_t>(pass.first) || place >= pass.histories.size()) return absl::OkStatus();
  if (at >= scope_.ends[static_cast<size_t>(rank)] || scope_.catalog.CountedBy(*indicator).empty()) return absl::OkStatus();
  TeamHistory& history = pass.histories[place];
  const EvidenceDates& dates = glance.dates;
  const Date known_date = std::min(dates.known_date, dates.recorded_date);
  history.records.push_back({.at = at,
                             .number = number,
                             .indicator = *indicator,
                             .event = dates.event_date,
                             .known = known_date,
                             .recorded = known ? std::max(known_date, dates.event_date) : dates.recorded_date});
  ++history.record_count;
  if (known) ++history.known_count;
  size_t more = 1;
  if (history.lists_evidence) {
    history.names[number] = {glance.source, std::string(glance.evidence_id)};
    ++more;
  }
  if (const std::optional<SeriesValue> value =
          charted_.contains(*indicator) && !scope_.catalog.IsHidden(*indicator, glance.value)
              ? ChartedValue(dates.event_date, glance.value)
              : std::nullopt) {
    history.values[number] = *value;
    ++more;
  }
  pass.Hold(more);
  return absl::OkStatus();
}

}  // namespace leadlag
