// Evidence and reviews as stored. server/engine/queries.h.
#include <algorithm>
#include <numeric>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/codec.h"
#include "core/privacy.h"
#include "core/problem.h"
#include "core/review.h"
#include "server/engine/queries.h"
#include "server/engine/query_terms.h"
#include "server/engine/stored_evidence.h"

namespace leadlag {
namespace {

StoredEvidence<StoreView> EvidenceOf(const DistrictReader& reader) {
  return {reader->store(), reader->number(), reader->interned()};
}

// Takes from the revision what nobody may read; whether there was anything.
bool Hide(const DistrictReader& reader, EvidenceRevision& revision) {
  const std::optional<IndicatorNumber> number = reader->interned().indicators.Find(revision.content.indicator);
  const Indicator* const indicator = number ? reader->catalog()->FindIndicator(*number) : nullptr;
  if (!IsHidden(reader->catalog()->catalog().settings, indicator, revision.content.value)) return false;
  revision.content.value = 0.0;
  revision.content.note.clear();
  return true;
}

// What is said of a record besides its revisions.
EvidenceAnswer AnswerOf(const DistrictReader& reader, const FoundEvidence& found, EvidenceRevision current,
                        const TeamReviews& team_reviews) {
  const EvidenceIdentity& identity = found.identity;
  EvidenceAnswer answer{.source = reader->interned().sources.NameOf(found.first.source),
                        .evidence_id = found.first.evidence_id,
                        .current = std::move(current),
                        .voided = identity.voided,
                        .revision_count = identity.revision_count};
  answer.hidden = Hide(reader, answer.current);
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
  const StoredEvidence<StoreView> evidence = EvidenceOf(reader);
  const absl::StatusOr<std::optional<FoundEvidence>> found = evidence.Find(*number, evidence_id);
  if (!found.ok()) return found.status();
  if (!*found) return unknown();
  absl::StatusOr<std::vector<EvidenceRevision>> revisions = evidence.Revisions(**found);
  if (!revisions.ok()) return revisions.status();
  const EvidenceIdentity& identity = (*found)->identity;
  absl::StatusOr<TeamReviews> reviews = TeamReviews();
  if (identity.place) reviews = reader->ReviewsOf(identity.place->team);
  if (!reviews.ok()) return reviews.status();
  EvidenceRevision current = CurrentOf(identity, *revisions);
  EvidenceHistory history{AnswerOf(reader, **found, std::move(current), *reviews), {}};
  for (EvidenceRevision& revision : *revisions) {
    const bool hidden = Hide(reader, revision);
    history.revisions.push_back({std::move(revision), hidden});
  }
  return history;
}

namespace {

// What a page comes after: the place of the last record given. As bytes: indicator u32, days u32, record u64.
struct EvidenceCursor {
  IndicatorNumber indicator = 0;
  EvidencePlace place;

  std::string Encode() const {
    ByteWriter out;
    out.PutFixed32(indicator);
    out.PutFixed32(static_cast<uint32_t>(place.date.days()));
    out.PutFixed64(place.record);
    return std::move(out).Take();
  }
  static std::optional<EvidenceCursor> Decode(std::string_view bytes) {
    ByteReader in(bytes);
    EvidenceCursor cursor;
    cursor.indicator = in.GetFixed32();
    const uint32_t days = in.GetFixed32();
    if (days >= static_cast<uint32_t>(Date::Max().days())) in.Fail();
    cursor.place = {Date(static_cast<int32_t>(days)), in.GetFixed64()};
    if (!in.Finish("a cursor").ok()) return std::nullopt;
    return cursor;
  }
};

// One page of a team's evidence, indicator after indicator.
class EvidencePager {
 public:
  EvidencePager(const DistrictReader& reader, TeamNumber team, const EvidenceQuery& query, std::optional<EvidenceCursor> after,
                size_t limit, const TeamReviews& reviews)
      : reader_(reader), evidence_(EvidenceOf(reader)), team_(team), query_(query), after_(after), limit_(limit), reviews_(reviews) {}

  // False where the page is full. Adds what of the indicator comes after the cursor.
  absl::StatusOr<bool> AddIndicator(IndicatorNumber indicator) {
    if (after_ && indicator < after_->indicator) return true;
    EvidencePlace from{query_.from.value_or(Date::Min()), 0};
    if (after_ && after_->indicator == indicator) from = std::max(from, {after_->place.date, after_->place.record + 1});
    const SeriesId series{team_, indicator};
    bool full = false;
    absl::Status status;
    const auto visit = [&](EvidencePlace place) {
      const absl::StatusOr<FoundEvidence> found = evidence_.At(place.record);
      status = found.status();
      if (!status.ok()) return false;
      if (!found->StandsAt(series, place) || (found->identity.voided && !query_.voided)) return true;
      full = page_.evidence.size() == limit_;
      if (full) return false;
      absl::StatusOr<EvidenceRevision> current = evidence_.Current(*found);
      status = current.status();
      if (!status.ok()) return false;
      page_.evidence.push_back(AnswerOf(reader_, *found, *std::move(current), reviews_));
      last_ = {indicator, place};
      return true;
    };
    const absl::Status scanned = evidence_.Places(series, from, query_.to.value_or(Date::Max()), visit);
    if (!scanned.ok()) return scanned;
    if (!status.ok()) return status;
    if (full) page_.next = last_.Encode();
    return !full;
  }

  EvidencePage Take() && { return std::move(page_); }

 private:
  const DistrictReader& reader_;
  const StoredEvidence<StoreView> evidence_;
  const TeamNumber team_;
  const EvidenceQuery& query_;
  const std::optional<EvidenceCursor> after_;  // none: the first page
  const size_t limit_;
  const TeamReviews& reviews_;
  EvidenceCursor last_;
  EvidencePage page_;
};

// Those asked for, ascending.
absl::StatusOr<std::vector<IndicatorNumber>> IndicatorsOf(const DistrictReader& reader, const EvidenceQuery& query) {
  const InternTable& indicators = reader->interned().indicators;
  if (!query.indicator.empty()) {
    const std::optional<IndicatorNumber> number = indicators.Find(query.indicator);
    if (!number || reader->catalog()->FindIndicator(*number) == nullptr) {
      return UnknownId("indicator", "indicator", query.indicator);
    }
    return std::vector<IndicatorNumber>{*number};
  }
  std::vector<IndicatorNumber> all(indicators.size());
  std::iota(all.begin(), all.end(), 0);
  return all;
}

}  // namespace

absl::StatusOr<EvidencePage> ListEvidence(const DistrictReader& reader, std::string_view team_id,
                                          const EvidenceQuery& query, std::string_view cursor, size_t limit) {
  const absl::StatusOr<TeamNow> team = TeamNowOf(reader, team_id);
  if (!team.ok()) return team.status();
  if (query.from && query.to && *query.from >= *query.to) {
    return InvalidField("end_date", "the window is empty; the end is exclusive: give a date after start_date");
  }
  const absl::StatusOr<std::vector<IndicatorNumber>> indicators = IndicatorsOf(reader, query);
  if (!indicators.ok()) return indicators.status();
  std::optional<EvidenceCursor> after;
  if (!cursor.empty()) {
    after = EvidenceCursor::Decode(cursor);
    if (!after) return InvalidField("page_token", "not a token of this list; begin again without one");
  }
  const absl::StatusOr<TeamReviews> reviews = reader->ReviewsOf(team->number);
  if (!reviews.ok()) return reviews.status();
  EvidencePager pager(reader, team->number, query, after, limit, *reviews);
  for (const IndicatorNumber indicator : *indicators) {
    const absl::StatusOr<bool> more = pager.AddIndicator(indicator);
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
