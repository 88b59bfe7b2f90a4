#include "server/engine/past_team.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/problem.h"
#include "core/team_reviews.h"
#include "server/engine/query_terms.h"
#include "server/engine/stored_evidence.h"
#include "server/engine/stored_inquiry.h"

namespace leadlag {
namespace {

class PastReader {
 public:
  PastReader(const DistrictReader& reader, Instant as_of)
      : reader_(reader), as_of_(as_of), evidence_(reader->store(), reader->number(), reader->interned()) {}

  absl::StatusOr<PastTeam> Read(std::string_view team) {
    if (as_of_ > reader_.now()) {
      return InvalidField("as_of", absl::StrCat(as_of_.ToString(), " has not come yet; give a moment that is past, or none"));
    }
    if (const absl::Status status = ReadCatalog(); !status.ok()) return status;
    const std::optional<TeamNumber> number = reader_->interned().teams.Find(team);
    past_.entry = number ? past_.catalog->FindTeam(*number) : nullptr;
    if (past_.entry == nullptr) return UnknownId("name", "team", team);
    past_.today = past_.entry->zone->LocalDate(as_of_);
    if (const absl::Status status = ReadReviews(*number); !status.ok()) return status;
    if (const absl::Status status = ReadInquiries(*number); !status.ok()) return status;
    for (IndicatorNumber indicator = 0; indicator < reader_->interned().indicators.size(); ++indicator) {
      if (const absl::Status status = ReadSeries({*number, indicator}); !status.ok()) return status;
    }
    return std::move(past_);
  }

 private:
  // The last version that had been applied.
  absl::Status ReadCatalog() {
    std::optional<CatalogRecord> found;
    // Versions are few, and most often the last is asked for.
    for (uint32_t version = reader_->catalog_version(); version > 0 && !found; --version) {
      const absl::StatusOr<std::optional<std::string>> bytes =
          reader_->store().Get(CatalogVersionKey{reader_->number(), version}.Encode());
      if (!bytes.ok()) return bytes.status();
      if (!*bytes) return absl::DataLossError(absl::StrCat("catalog version ", version, " is missing; restore from a backup"));
      absl::StatusOr<CatalogRecord> record = DecodeCatalogRecord(**bytes);
      if (!record.ok()) return record.status();
      if (record->applied > as_of_) continue;
      past_.catalog_version = version;
      found = *std::move(record);
    }
    if (!found) {
      return InvalidField("as_of", absl::StrCat("the district had no catalog at ", as_of_.ToString(), "; give a later moment, or none"));
    }
    Interned interned = reader_->interned();  // Compile may add to it, but every name of a stored version is there
    absl::StatusOr<std::shared_ptr<const DistrictCatalog>> catalog = DistrictCatalog::Compile(
        std::move(found->catalog), std::move(found->zones), std::move(found->apply_dates), interned);
    if (!catalog.ok()) return catalog.status();
    past_.catalog = *std::move(catalog);
    return absl::OkStatus();
  }

  absl::Status ReadReviews(TeamNumber team) {
    const absl::StatusOr<TeamReviews> reviews = reader_->ReviewsOf(team);
    if (!reviews.ok()) return reviews.status();
    for (const Review& review : reviews->all()) {
      if (review.recorded <= as_of_) reviews_.Add(review);
    }
    return absl::OkStatus();
  }

  absl::Status ReadInquiries(TeamNumber team) {
    const absl::StatusOr<std::vector<Inquiry>> inquiries = reader_->InquiriesOf(team);
    if (!inquiries.ok()) return inquiries.status();
    for (Inquiry inquiry : *inquiries) {
      for (uint32_t revision = inquiry.revision; inquiry.recorded > as_of_ && --revision > 0;) {
        absl::StatusOr<Inquiry> before = ReadInquiry(reader_->store(), InquiryRevisionKey{reader_->number(), team, revision, inquiry.id});
        if (!before.ok()) return before.status();
        inquiry = *std::move(before);
      }
      if (inquiry.recorded <= as_of_) past_.inquiries.push_back(std::move(inquiry));
    }
    return absl::OkStatus();
  }

  // The records that stand in the series today, wherever they stood then.
  absl::Status ReadSeries(SeriesId series) {
    absl::Status status;
    const absl::Status listed = evidence_.Places(series, {Date::Min(), 0}, Date::Max(), [&](EvidencePlace place) {
      const absl::StatusOr<FoundEvidence> found = evidence_.At(place.record);
      status = found.status();
      if (!status.ok()) return false;
      if (found->StandsAt(series, place)) status = AddRecord(*found);
      return status.ok();
    });
    return listed.ok() ? status : listed;
  }

  absl::Status AddRecord(const FoundEvidence& found) {
    absl::StatusOr<std::vector<EvidenceRevision>> revisions = evidence_.Revisions(found);
    if (!revisions.ok()) return revisions.status();
    std::erase_if(*revisions, [this](const EvidenceRevision& revision) { return revision.recorded > as_of_; });
    if (revisions->empty()) return absl::OkStatus();
    const EvidenceIdentity identity = Summarize(found.identity.number, *revisions, reader_->interned());
    std::optional<DayEntry> entry = EntryOf(identity);
    if (!entry || past_.catalog->FindIndicator(identity.place->indicator) == nullptr) return absl::OkStatus();
    const std::string& source = reader_->interned().sources.NameOf(found.first.source);
    entry->reviewed = reviews_.ReviewedDate(CoverQueryOf(identity, reader_->interned(), source, found.first.evidence_id));
    past_.rows[identity.place->indicator].Add(*entry);
    return absl::OkStatus();
  }

  const DistrictReader& reader_;
  const Instant as_of_;
  const StoredEvidence<StoreView> evidence_;
  TeamReviews reviews_;
  PastTeam past_;
};

}  // namespace

absl::StatusOr<PastTeam> ReadPastTeam(const DistrictReader& reader, std::string_view team, Instant as_of) {
  return PastReader(reader, as_of).Read(team);
}

}  // namespace leadlag
