// Applies one review: stores it and marks the records it covers in their day rows.
#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "server/engine/applying.h"
#include "server/engine/evidence_state.h"
#include "storage/keys.h"

namespace leadlag {
namespace {

Problem NotFound(std::string field, const std::string& id, const char* what) {
  return {absl::StatusCode::kNotFound, std::move(field), absl::StrCat("there is no ", what, " \"", id, "\"; correct the id")};
}

}  // namespace

class ReviewApplier {
 public:
  ReviewApplier(District& district, District::Applying& applying) : d_(district), a_(applying) {}

  absl::StatusOr<Outcome> Apply(Review review) {
    review.recorded = a_.now;
    if (const std::optional<Review> stored = Stored(review); stored || !a_.fatal.ok()) {
      if (stored && stored->SameContent(review)) return ReviewOutcome{*stored, 0};
      return AsStatus(Problem{absl::StatusCode::kAlreadyExists, "review.name",
                              absl::StrCat("the id \"", review.id, "\" is taken by a review with other content; "
                                           "choose another id")});
    }
    if (const std::vector<Problem> problems = Check(review); !problems.empty()) return AsStatus(problems);

    before_ = a_.Take(d_.ReviewsIn(a_.batch, team_));
    CoverListed(review);
    CoverIndicators(review);
    a_.batch.Put(ReviewKey{d_.number_, team_, review.id}.Encode(), EncodeReview(review));
    ByteWriter team;
    team.PutVarint(team_);
    a_.batch.Put(ReviewIdKey{d_.number_, review.id}.Encode(), team.bytes());
    ++d_.review_count_;
    return ReviewOutcome{std::move(review), covered_};
  }

 private:
  struct Listed {
    std::string source, evidence_id;
    EvidenceIdentity identity;
  };

  // The review stored under this id.
  std::optional<Review> Stored(const Review& review) {
    const std::optional<std::string> team = a_.Take(a_.batch.Get(ReviewIdKey{d_.number_, review.id}.Encode()));
    if (!team) return std::nullopt;
    ByteReader in(*team);
    const auto number = static_cast<TeamNumber>(in.GetVarint(UINT32_MAX));
    if (absl::Status status = in.Finish("a review id"); !status.ok()) a_.Fail(status);
    const std::optional<std::string> bytes = a_.Take(a_.batch.Get(ReviewKey{d_.number_, number, review.id}.Encode()));
    if (!bytes) {
      a_.Fail(absl::DataLossError(absl::StrCat("review \"", review.id, "\" is not stored; restore from a backup")));
      return std::nullopt;
    }
    return a_.Take(DecodeReview(*bytes));
  }

  std::vector<Problem> Check(const Review& review) {
    std::vector<Problem> problems;
    const std::optional<TeamNumber> team = d_.interned_.teams.Find(review.team);
    const DistrictCatalog::TeamEntry* entry = team ? d_.catalog_->FindTeam(*team) : nullptr;
    if (entry == nullptr) return {NotFound("review.team", review.team, "team")};
    team_ = *team;
    if (const Date today = entry->zone->LocalDate(a_.now); review.date > today) {
      problems.push_back({absl::StatusCode::kInvalidArgument, "review.date",
                          absl::StrCat(review.date.ToString(), " lies in the future (the team has ", today.ToString(),
                                       "); enter the review when it has been held")});
    }
    for (size_t i = 0; i < review.indicators.size(); ++i) {
      const std::optional<IndicatorNumber> number = d_.interned_.indicators.Find(review.indicators[i]);
      if (!number || d_.catalog_->FindIndicator(*number) == nullptr) {
        problems.push_back(NotFound(absl::StrCat("review.indicators[", i, "]"), review.indicators[i], "indicator"));
      } else {
        indicators_.insert(*number);
      }
    }
    for (size_t i = 0; i < review.evidence.size(); ++i) {
      if (std::optional<Problem> problem = FindListed(review.evidence[i], absl::StrCat("review.evidence[", i, "]"))) {
        problems.push_back(*std::move(problem));
      }
    }
    return problems;
  }

  std::optional<Problem> FindListed(const Review::EvidenceRef& ref, std::string field) {
    const std::optional<SourceNumber> source = d_.interned_.sources.Find(ref.source);
    if (!source) return NotFound(std::move(field), ref.source, "source");
    const std::optional<std::string> bytes =
        a_.Take(a_.batch.Get(IdentityKey{d_.number_, *source, ref.evidence_id}.Encode()));
    if (!bytes) return NotFound(std::move(field), ref.evidence_id, "record");
    EvidenceIdentity identity = a_.Take(DecodeEvidenceIdentity(*bytes));
    if (!identity.place || identity.place->team != team_) {
      return Problem{absl::StatusCode::kInvalidArgument, std::move(field),
                     absl::StrCat("record \"", ref.evidence_id, "\" is not one of this team's; review it with its team")};
    }
    listed_.push_back({ref.source, ref.evidence_id, std::move(identity)});
    return std::nullopt;
  }

  void CoverListed(const Review& review) {
    std::vector<Review> after = before_;
    after.push_back(review);
    std::set<uint64_t> done;  // a review may list a record twice
    for (const Listed& listed : listed_) {
      std::optional<DayEntry> entry = EntryOf(listed.identity);
      if (!entry || !done.insert(listed.identity.number).second) continue;
      const CoverQuery query = CoverQueryOf(listed.identity, d_.interned_, listed.source, listed.evidence_id);
      const std::optional<Date> reviewed_before = ReviewedDate(before_, query);
      const std::optional<Date> reviewed_after = ReviewedDate(after, query);
      if (reviewed_before == reviewed_after) continue;
      const EvidenceIdentity::Place& place = *listed.identity.place;
      DayRow* row = d_.MutableRow(a_, {place.team, place.indicator, RowYear(entry->event)});
      entry->reviewed = reviewed_before;
      if (!row->Remove(*entry)) {
        a_.Fail(absl::DataLossError("a day row lacks a reviewed record; run `leadlag admin verify`"));
        return;
      }
      entry->reviewed = reviewed_after;
      row->Add(*entry);
      if (!reviewed_before) ++covered_;
    }
  }

  // Every record in the rows was recorded before this review was entered; the dates decide.
  void CoverIndicators(const Review& review) {
    for (const IndicatorNumber indicator : indicators_) {
      std::vector<int> years;
      const absl::Status scanned = a_.batch.Scan(DayRowsRange(d_.number_, team_, indicator),
                                                 [&](std::string_view key, std::string_view) {
                                                   years.push_back(a_.Take(DayRowKey::Decode(key)).row_year);
                                                   return a_.fatal.ok();
                                                 });
      if (!scanned.ok()) a_.Fail(scanned);
      for (const int year : years) {
        if (year <= RowYear(review.date)) CoverRow({team_, indicator, year}, review.date);
      }
    }
  }

  void CoverRow(const RowId& id, Date reviewed) {
    DayRow* row = d_.MutableRow(a_, id);
    std::vector<DayEntry> covered;
    for (const DayEntry& entry : row->entries()) {
      const bool earlier = !entry.reviewed || *entry.reviewed > reviewed;
      if (earlier && entry.event <= reviewed && entry.interpretation_start() <= reviewed) covered.push_back(entry);
    }
    for (DayEntry& entry : covered) {
      if (!entry.reviewed) covered_ += entry.count;
      if (!row->Remove(entry)) return a_.Fail(absl::InternalError("a day row lost an entry it just had"));
      entry.reviewed = reviewed;
      row->Add(entry);
    }
  }

  District& d_;
  District::Applying& a_;
  TeamNumber team_ = 0;
  std::set<IndicatorNumber> indicators_;
  std::vector<Listed> listed_;
  std::vector<Review> before_;  // the team's, without this one
  uint32_t covered_ = 0;
};

absl::StatusOr<Outcome> District::RecordReview(Applying& a, const RecordReviewCommand& command) {
  return ReviewApplier(*this, a).Apply(command.review);
}

}  // namespace leadlag
