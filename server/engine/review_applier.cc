// Applies one review: stores it and dates the records it covers in their day rows, as many as one command may; the rest is a cursor in
// the state. Over records, not over the rows' entries: a row does not tell a record recorded just before the review was entered from
// one recorded just after.
#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "core/limits.h"
#include "server/engine/applying.h"
#include "server/engine/stored_evidence.h"
#include "server/engine/stored_inquiry.h"
#include "storage/keys.h"

namespace leadlag {
namespace {

Problem NotFound(std::string field, const std::string& id, const char* what) {
  return {absl::StatusCode::kNotFound, std::move(field), absl::StrCat("there is no ", what, " \"", id, "\"; correct the id")};
}

}  // namespace

class ReviewApplier {
 public:
  ReviewApplier(District& district, District::Applying& applying)
      : d_(district), a_(applying), stored_(applying.batch, district.number_, district.interned_) {}

  absl::StatusOr<Outcome> Apply(Review review) {
    review.recorded = a_.now;
    if (const std::optional<Review> stored = Stored(review); stored || !a_.fatal.ok()) {
      if (stored && stored->SameContent(review)) {
        const bool pending = std::any_of(d_.pending_reviews_.begin(), d_.pending_reviews_.end(),
                                         [&](const PendingReview& p) { return p.id == review.id; });
        return ReviewOutcome{*stored, 0, pending};
      }
      return AsStatus(Problem{absl::StatusCode::kAlreadyExists, "review.name",
                              absl::StrCat("the id \"", review.id, "\" is taken by a review with other content; "
                                           "choose another id")});
    }
    if (const std::vector<Problem> problems = Check(review); !problems.empty()) return AsStatus(problems);

    if (d_.pending_reviews_.size() >= kReviewsUnderWayMax) {
      return absl::UnavailableError(absl::StrCat(kReviewsUnderWayMax, " reviews are still being worked through; try again"));
    }
    CatchUpWatches();
    reviews_ = a_.Take(d_.ReviewsIn(a_.batch, team_));
    std::vector<std::optional<Date>> before;
    for (const Listed& listed : listed_) before.push_back(ReviewedOf(listed));
    reviews_.Add(review);
    CoverListed(before);
    a_.batch.Put(ReviewKey{d_.number_, team_, review.id}.Encode(), EncodeReview(review));
    ByteWriter team;
    team.PutVarint(team_);
    a_.batch.Put(ReviewIdKey{d_.number_, review.id}.Encode(), std::move(team).Take());
    ++d_.review_count_;
    d_.review_dates_.erase(team_);
    PendingReview& pending = d_.pending_reviews_.emplace_back(PendingReview{team_, review.id, {}});
    const bool done = CoverNext(pending, review);
    if (done) d_.pending_reviews_.pop_back();
    JudgeWatches(a_.now);
    return ReviewOutcome{std::move(review), covered_, !done};
  }

  // Goes on with the oldest review that is being worked through. REQUIRES: there is one.
  void Continue() {
    PendingReview& pending = d_.pending_reviews_.front();
    team_ = pending.team;
    reviews_ = a_.Take(d_.ReviewsIn(a_.batch, team_));
    const Review* const review = reviews_.Find(pending.id);
    if (review == nullptr) {
      return a_.Fail(absl::DataLossError(absl::StrCat("review \"", pending.id, "\" is not stored; restore from a backup")));
    }
    for (const std::string& indicator : review->indicators) {
      // A name that has been interned stays, whatever becomes of the catalog.
      if (const std::optional<IndicatorNumber> number = d_.interned_.indicators.Find(indicator)) indicators_.insert(*number);
    }
    if (!CoverNext(pending, *review)) return;
    const Instant recorded = review->recorded;
    d_.pending_reviews_.erase(d_.pending_reviews_.begin());
    JudgeWatches(recorded);
  }

 private:
  struct Listed {
    std::string source, evidence_id;
    EvidenceIdentity identity;
  };

  // The team's watches of rules about reviews: what has happened to them before now happened without this one. They stand still already
  // where another is being worked through.
  void CatchUpWatches() {
    for (const WatchId id : Watches()) {
      if (d_.CatchUp(a_, id) != nullptr) d_.StoreWatch(a_, id);
    }
  }

  // With the last review that was being worked through they are judged, as of when it was recorded: a review is evidence of what it ends.
  // Until then they stand still.
  void JudgeWatches(Instant recorded) {
    for (const WatchId id : Watches()) {
      if (d_.UnderReview(id)) {
        if (d_.watches_.Find(id) != nullptr) d_.watches_.SetMoment(id, std::nullopt);
        continue;
      }
      d_.Reconsider(a_, id, WatchCause::kEvidence, recorded);
      d_.StoreWatch(a_, id);
    }
  }

  std::set<WatchId> Watches() const { return d_.WatchesOf(team_, AlertKind::kReviewOverdue); }

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
    if (const std::string& inquiry = review.account.inquiry; !inquiry.empty()) {
      if (a_.Take(TeamOfInquiry(a_.batch, d_.number_, inquiry)) != team_) {
        problems.push_back(NotFound("review.inquiry", inquiry, "inquiry of the team"));
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
    std::optional<FoundEvidence> found = a_.Take(stored_.Find(*source, ref.evidence_id));
    if (!found) return NotFound(std::move(field), ref.evidence_id, "record");
    EvidenceIdentity& identity = found->identity;
    if (!identity.place || identity.place->team != team_) {
      return Problem{absl::StatusCode::kInvalidArgument, std::move(field),
                     absl::StrCat("record \"", ref.evidence_id, "\" is not one of this team's; review it with its team")};
    }
    listed_.push_back({ref.source, ref.evidence_id, std::move(identity)});
    return std::nullopt;
  }

  std::optional<Date> ReviewedOf(const Listed& listed) const {
    return d_.ReviewedOf(listed.identity, listed.source, listed.evidence_id, reviews_);
  }

  // `before`: what dated them without the review.
  void CoverListed(const std::vector<std::optional<Date>>& before) {
    std::set<uint64_t> dated;  // a review may list a record twice
    for (size_t i = 0; i < listed_.size(); ++i) {
      ++a_.work;
      const EvidenceIdentity& identity = listed_[i].identity;
      if (EntryOf(identity) && dated.insert(identity.number).second) ReDate(identity, before[i], ReviewedOf(listed_[i]));
    }
  }

  // Dates the records of the review's indicators from where it is on. False: there are more than this command may date.
  bool CoverNext(PendingReview& pending, const Review& review) {
    for (const IndicatorNumber indicator : indicators_) {
      if (indicator < pending.next.indicator) continue;
      if (indicator > pending.next.indicator) pending.next = {indicator, Date::Min(), 0};
      if (!CoverIndicator(pending, review) || !a_.fatal.ok()) return false;
    }
    return true;
  }

  bool CoverIndicator(PendingReview& pending, const Review& review) {
    std::vector<int> years;
    for (const DayRows::Slot& row : d_.rows_.OfTeam(team_)) {
      // One that has been emptied may be here still, or not: that is no part of the state.
      if (row.indicator == pending.next.indicator && row.stored != 0) years.push_back(row.row_year);
    }
    for (const int year : years) {
      if (year < RowYear(pending.next.event_date) || year > RowYear(review.date)) continue;
      if (!MayWork()) {
        pending.next = {pending.next.indicator, std::max(pending.next.event_date, RowYearDates(year).from), 0};
        return false;
      }
      for (const Date date : OpenDates(year, pending, review)) {
        if (date > pending.next.event_date) pending.next = {pending.next.indicator, date, 0};
        if (!CoverDate(pending)) return false;
      }
    }
    return true;
  }

  bool MayWork() {
    if (a_.work >= kWatchesPerCommand) return false;
    ++a_.work;
    return true;
  }

  // The event dates of the row, from where the review is on, with a record that it may date.
  std::vector<Date> OpenDates(int year, const PendingReview& pending, const Review& review) {
    std::vector<Date> dates;
    absl::Status& fatal = a_.fatal;
    for (const DayEntry& entry : d_.RowNow({team_, pending.next.indicator, year}, &a_.batch, fatal).entries()) {
      if (entry.event < pending.next.event_date || entry.event > review.date) continue;
      if (entry.interpretation_start() > review.date || (entry.reviewed && *entry.reviewed <= review.date)) continue;
      if (dates.empty() || dates.back() != entry.event) dates.push_back(entry.event);
    }
    return dates;
  }

  bool CoverDate(PendingReview& pending) {
    const auto [indicator, date, from] = pending.next;
    bool done = true;
    const SeriesId series{team_, indicator};
    const auto visit = [&](EvidencePlace place) {
      pending.next.record = place.record;
      done = MayWork();
      if (!done) return false;
      const absl::StatusOr<FoundEvidence> found = stored_.At(place.record);
      if (!found.ok()) a_.Fail(found.status());
      if (found.ok() && found->StandsAt(series, place)) CoverRecord(pending, *found);
      return a_.fatal.ok();
    };
    const absl::Status scanned = stored_.Places(series, {date, from}, date + 1, visit);
    if (!scanned.ok()) a_.Fail(scanned);
    return done;
  }

  // The review comes to the record, which is where it stands.
  void CoverRecord(PendingReview& pending, const FoundEvidence& found) {
    const auto& [record, identity] = found;
    if (!EntryOf(identity)) return;
    const std::string& source = d_.interned_.sources.NameOf(record.source);
    const std::optional<Date> before = d_.ReviewedOf(identity, source, record.evidence_id, reviews_);
    ++pending.next.record;
    ReDate(identity, before, d_.ReviewedOf(identity, source, record.evidence_id, reviews_));
  }

  // Moves the record's entry in its day row from one reviewed date to another. REQUIRES: it has one.
  void ReDate(const EvidenceIdentity& identity, std::optional<Date> before, std::optional<Date> after) {
    if (before == after) return;
    DayEntry entry = *EntryOf(identity);
    DayRow* row = d_.MutableRow(a_, identity.place->team, identity.place->indicator, entry.event);
    entry.reviewed = before;
    if (!row->Remove(entry)) {
      return a_.Fail(absl::DataLossError("a day row lacks a record that is being reviewed; run `leadlag admin verify`"));
    }
    entry.reviewed = after;
    row->Add(entry);
    if (!before) ++covered_;
  }

  District& d_;
  District::Applying& a_;
  const StoredEvidence<Batch> stored_;
  TeamNumber team_ = 0;
  std::set<IndicatorNumber> indicators_;
  std::vector<Listed> listed_;
  TeamReviews reviews_;  // the team's, this one among them once it has been looked at without
  uint32_t covered_ = 0;
};

absl::StatusOr<Outcome> District::RecordReview(Applying& a, const RecordReviewCommand& command) {
  return ReviewApplier(*this, a).Apply(command.review);
}

void District::ContinueReview(Applying& a) { ReviewApplier(*this, a).Continue(); }

}  // namespace leadlag
