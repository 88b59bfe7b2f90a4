// Evidence and reviews as stored. server/engine/queries.h.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/problem.h"
#include "core/review.h"
#include "server/engine/evidence_state.h"
#include "server/engine/queries.h"
#include "server/engine/query_terms.h"
#include "storage/keys.h"

namespace leadlag {
namespace {

absl::Status Missing(uint64_t evidence, std::string_view what) {
  return absl::DataLossError(absl::StrCat("evidence ", evidence, " has no ",
                                          absl::string_view(what.data(), what.size()),
                                          "; run `leadlag admin verify` and restore from a backup"));
}

absl::StatusOr<std::optional<EvidenceIdentity>> FindIdentity(const DistrictReader& reader, SourceNumber source,
                                                             std::string_view evidence_id) {
  const absl::StatusOr<std::optional<std::string>> bytes =
      reader->store().Get(IdentityKey{reader->number(), source, std::string(evidence_id)}.Encode());
  if (!bytes.ok()) return bytes.status();
  if (!*bytes) return std::optional<EvidenceIdentity>();
  absl::StatusOr<EvidenceIdentity> identity = DecodeEvidenceIdentity(**bytes);
  if (!identity.ok()) return identity.status();
  return std::optional<EvidenceIdentity>(*std::move(identity));
}

// The revision that counts: in the series where the record has a place, else in the revision table.
absl::StatusOr<EvidenceRecord> ReadCurrent(const DistrictReader& reader, const EvidenceIdentity& identity) {
  const uint32_t district = reader->number();
  const std::string key =
      identity.place ? SeriesKey{district, identity.place->team, identity.place->indicator, identity.place->event_date,
                                 identity.number}
                           .Encode()
                     : RevisionKey{district, identity.number, identity.current_revision}.Encode();
  const absl::StatusOr<std::optional<std::string>> bytes = reader->store().Get(key);
  if (!bytes.ok()) return bytes.status();
  if (!*bytes) return Missing(identity.number, "current revision");
  return DecodeEvidenceRecord(**bytes);
}

absl::StatusOr<std::vector<EvidenceRevision>> ReadRevisions(const DistrictReader& reader,
                                                            const EvidenceIdentity& identity) {
  std::vector<EvidenceRevision> revisions;
  absl::Status damage;
  const auto visit = [&](std::string_view, std::string_view value) {
    absl::StatusOr<EvidenceRecord> record = DecodeEvidenceRecord(value);
    damage = record.status();
    if (damage.ok()) revisions.push_back(std::move(record->revision));
    return damage.ok();
  };
  const absl::Status scanned = reader->store().Scan(RevisionsRange(reader->number(), identity.number), visit);
  if (!scanned.ok()) return scanned;
  if (!damage.ok()) return damage;
  return revisions;
}

// What is said of a record besides its revisions.
EvidenceAnswer AnswerOf(const DistrictReader& reader, const EvidenceIdentity& identity, EvidenceRecord record,
                        const TeamReviews& team_reviews) {
  EvidenceAnswer answer{.source = reader->interned().sources.NameOf(record.source),
                        .evidence_id = std::move(record.evidence_id),
                        .current = std::move(record.revision),
                        .voided = identity.voided,
                        .revision_count = identity.revision_count};
  if (!identity.place) return answer;
  // A void has no date of its own: the record keeps the one it had.
  answer.current.event_date = identity.place->event_date;
  if (identity.voided) return answer;
  const DistrictCatalog::TeamEntry* team = reader->catalog()->FindTeam(identity.place->team);
  answer.pending_calendar = team != nullptr && team->calendar->YearOf(identity.place->event_date) == nullptr;
  answer.reviewed = reader->ReviewedOf(identity, answer.source, answer.evidence_id, team_reviews);
  return answer;
}

}  // namespace

absl::StatusOr<EvidenceHistory> GetEvidence(const DistrictReader& reader, std::string_view source,
                                            std::string_view evidence_id) {
  const auto unknown = [&] {
    return AsStatus(Problem{absl::StatusCode::kNotFound, "name",
                            absl::StrCat("there is no record ", Quoted(evidence_id), " of source ", Quoted(source),
                                         "; correct the ids")});
  };
  const std::optional<SourceNumber> number = reader->interned().sources.Find(source);
  if (!number) return unknown();
  const absl::StatusOr<std::optional<EvidenceIdentity>> identity = FindIdentity(reader, *number, evidence_id);
  if (!identity.ok()) return identity.status();
  if (!*identity) return unknown();
  absl::StatusOr<EvidenceRecord> current = ReadCurrent(reader, **identity);
  if (!current.ok()) return current.status();
  absl::StatusOr<std::vector<EvidenceRevision>> revisions = ReadRevisions(reader, **identity);
  if (!revisions.ok()) return revisions.status();
  // A record that was never revised is in the series alone.
  if (revisions->empty()) revisions->push_back(current->revision);
  if (revisions->size() != (*identity)->revision_count) return Missing((*identity)->number, "revision of some number");
  absl::StatusOr<TeamReviews> reviews = TeamReviews();
  if ((*identity)->place) reviews = reader->ReviewsOf((*identity)->place->team);
  if (!reviews.ok()) return reviews.status();
  return EvidenceHistory{AnswerOf(reader, **identity, *std::move(current), *reviews), *std::move(revisions)};
}

namespace {

// A cursor is the end of the key of the last entry given: indicator, date and number.
constexpr size_t kTeamPrefixBytes = 9;  // of a series key: district, table, team

// One page of a team's series, range after range.
class EvidencePager {
 public:
  EvidencePager(const DistrictReader& reader, const EvidenceQuery& query, std::string after, size_t limit)
      : reader_(reader), query_(query), after_(std::move(after)), limit_(limit) {}

  // False where the page is full. Adds the entries of the range that come after the cursor.
  absl::StatusOr<bool> AddRange(KeyRange range, const TeamReviews& reviews) {
    if (!after_.empty() && after_ >= range.begin) range.begin = after_ + '\0';
    if (!range.end.empty() && range.begin >= range.end) return true;
    bool full = false;
    absl::Status status;
    const auto visit = [&](std::string_view key, std::string_view value) {
      status = Add(key, value, reviews, full);
      return status.ok() && !full;
    };
    const absl::Status scanned = reader_->store().Scan(range, visit);
    if (!scanned.ok()) return scanned;
    if (!status.ok()) return status;
    return !full;
  }

  EvidencePage Take() && { return std::move(page_); }

 private:
  absl::Status Add(std::string_view key, std::string_view value, const TeamReviews& reviews, bool& full) {
    absl::StatusOr<EvidenceRecord> record = DecodeEvidenceRecord(value);
    if (!record.ok()) return record.status();
    if (record->revision.voided() && !query_.voided) return absl::OkStatus();
    full = page_.evidence.size() == limit_;
    if (full) {
      page_.next = last_;
      return absl::OkStatus();
    }
    const absl::StatusOr<std::optional<EvidenceIdentity>> identity =
        FindIdentity(reader_, record->source, record->evidence_id);
    if (!identity.ok()) return identity.status();
    if (!*identity) return Missing(SeriesKey::Decode(key).value_or(SeriesKey{}).evidence, "identity");
    page_.evidence.push_back(AnswerOf(reader_, **identity, *std::move(record), reviews));
    last_ = key.substr(kTeamPrefixBytes);
    return absl::OkStatus();
  }

  const DistrictReader& reader_;
  const EvidenceQuery& query_;
  const std::string after_;  // the key that the page comes after; empty: the first page
  const size_t limit_;
  std::string last_;
  EvidencePage page_;
};

// The parts of the series asked for, in key order.
absl::StatusOr<std::vector<KeyRange>> RangesOf(const DistrictReader& reader, TeamNumber team,
                                               const EvidenceQuery& query) {
  const uint32_t district = reader->number();
  const DateRange dates{query.from.value_or(Date::Min()), query.to.value_or(Date::Max())};
  if (!query.indicator.empty()) {
    const std::optional<IndicatorNumber> number = reader->interned().indicators.Find(query.indicator);
    if (!number || reader->catalog()->FindIndicator(*number) == nullptr) {
      return UnknownId("indicator", "indicator", query.indicator);
    }
    return std::vector<KeyRange>{SeriesRange(district, team, *number, dates)};
  }
  if (!query.from && !query.to) return std::vector<KeyRange>{SeriesRange(district, team)};
  std::vector<KeyRange> ranges;
  for (IndicatorNumber number = 0; number < reader->interned().indicators.size(); ++number) {
    ranges.push_back(SeriesRange(district, team, number, dates));
  }
  return ranges;
}

}  // namespace

absl::StatusOr<EvidencePage> ListEvidence(const DistrictReader& reader, std::string_view team_id,
                                          const EvidenceQuery& query, std::string_view cursor, size_t limit) {
  const absl::StatusOr<TeamNow> team = TeamNowOf(reader, team_id);
  if (!team.ok()) return team.status();
  if (query.from && query.to && *query.from >= *query.to) {
    return InvalidField("end_date", "the window is empty; the end is exclusive: give a date after start_date");
  }
  const absl::StatusOr<std::vector<KeyRange>> ranges = RangesOf(reader, team->number, query);
  if (!ranges.ok()) return ranges.status();
  std::string after;
  if (!cursor.empty()) {
    after = SeriesRange(reader->number(), team->number).begin.append(cursor);
    if (!SeriesKey::Decode(after).ok()) {
      return InvalidField("page_token", "not a token of this list; begin again without one");
    }
  }
  const absl::StatusOr<TeamReviews> reviews = reader->ReviewsOf(team->number);
  if (!reviews.ok()) return reviews.status();
  EvidencePager pager(reader, query, std::move(after), limit);
  for (const KeyRange& range : *ranges) {
    const absl::StatusOr<bool> more = pager.AddRange(range, *reviews);
    if (!more.ok()) return more.status();
    if (!*more) break;
  }
  return std::move(pager).Take();
}

absl::StatusOr<ReviewPage> ListReviews(const DistrictReader& reader, std::string_view team_id, std::string_view after,
                                       size_t limit) {
  const absl::StatusOr<TeamNow> team = TeamNowOf(reader, team_id);
  if (!team.ok()) return team.status();
  KeyRange range = ReviewsRange(reader->number(), team->number);
  if (!after.empty()) {
    range.begin = ReviewKey{reader->number(), team->number, std::string(after)}.Encode() + '\0';
  }
  ReviewPage page;
  absl::Status damage;
  const auto visit = [&](std::string_view, std::string_view value) {
    page.more = page.reviews.size() == limit;
    if (page.more) return false;
    absl::StatusOr<Review> review = DecodeReview(value);
    damage = review.status();
    if (damage.ok()) page.reviews.push_back(*std::move(review));
    return damage.ok();
  };
  const absl::Status scanned = reader->store().Scan(range, visit);
  if (!scanned.ok()) return scanned;
  if (!damage.ok()) return damage;
  return page;
}

}  // namespace leadlag
