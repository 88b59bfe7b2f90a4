#include "server/engine/past_team.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/problem.h"
#include "core/team_reviews.h"
#include "server/engine/catalog_versions.h"
#include "server/engine/query_terms.h"
#include "server/engine/stored_evidence.h"
#include "server/engine/stored_inquiry.h"
#include "server/engine/stored_review.h"

namespace leadlag {
namespace {

class PastReader {
 public:
  explicit PastReader(const PastMoment& moment)
      : moment_(moment), evidence_(moment.store, moment.district, moment.interned) {}

  absl::StatusOr<PastTeam> Read() {
    if (const absl::Status status = ReadCatalog(); !status.ok()) return status;
    const std::optional<TeamNumber> number = moment_.interned.teams.Find(moment_.team);
    past_.entry = number ? past_.catalog->FindTeam(*number) : nullptr;
    if (past_.entry == nullptr) {
      return AsStatus(Problem{absl::StatusCode::kNotFound, "name",
                              absl::StrCat("the catalog in force at ", moment_.as_of.ToString(), " had no team ", Quoted(moment_.team),
                                           "; give a later moment")});
    }
    past_.today = past_.entry->zone->LocalDate(moment_.as_of);
    if (const absl::Status status = ReadReviews(*number); !status.ok()) return status;
    if (const absl::Status status = ReadInquiries(*number); !status.ok()) return status;
    for (IndicatorNumber indicator = 0; indicator < moment_.interned.indicators.size(); ++indicator) {
      if (const absl::Status status = ReadSeries({*number, indicator}); !status.ok()) return status;
    }
    return std::move(past_);
  }

 private:
  // The last version that had been applied.
  absl::Status ReadCatalog() {
    const absl::StatusOr<uint32_t> version =
        CatalogVersionAt(moment_.store, moment_.district, moment_.catalog_version, moment_.catalog_applied, moment_.as_of);
    if (!version.ok()) return version.status();
    if (*version == 0) {
      return InvalidField("as_of",
                          absl::StrCat("the district had no catalog at ", moment_.as_of.ToString(), "; give a later moment, or none"));
    }
    past_.catalog_version = *version;
    past_.catalog = moment_.catalog;
    if (*version == moment_.catalog_version) return absl::OkStatus();
    absl::StatusOr<CatalogRecord> found = ReadCatalogVersion(moment_.store, moment_.district, *version);
    if (!found.ok()) return found.status();
    Interned interned = moment_.interned;  // Compile may add to it, but every name of a stored version is there
    absl::StatusOr<std::shared_ptr<const DistrictCatalog>> catalog = DistrictCatalog::Compile(
        std::move(found->catalog), std::move(found->zones), std::move(found->apply_dates), interned);
    if (!catalog.ok()) return catalog.status();
    past_.catalog = *std::move(catalog);
    return absl::OkStatus();
  }

  absl::Status ReadReviews(TeamNumber team) {
    const absl::StatusOr<TeamReviews> reviews = ReadTeamReviews(moment_.store, moment_.district, team);
    if (!reviews.ok()) return reviews.status();
    for (const Review& review : reviews->all()) {
      if (review.recorded <= moment_.as_of) reviews_.Add(review);
    }
    return absl::OkStatus();
  }

  absl::Status ReadInquiries(TeamNumber team) {
    const absl::StatusOr<std::vector<Inquiry>> inquiries = ReadTeamInquiries(moment_.store, moment_.district, team);
    if (!inquiries.ok()) return inquiries.status();
    for (Inquiry inquiry : *inquiries) {
      for (uint32_t revision = inquiry.revision; inquiry.recorded > moment_.as_of && --revision > 0;) {
        absl::StatusOr<Inquiry> before = ReadInquiry(moment_.store, InquiryRevisionKey{moment_.district, team, revision, inquiry.id});
        if (!before.ok()) return before.status();
        inquiry = *std::move(before);
      }
      if (inquiry.recorded <= moment_.as_of) past_.inquiries.push_back(std::move(inquiry));
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
    std::erase_if(*revisions, [this](const EvidenceRevision& revision) { return revision.recorded > moment_.as_of; });
    if (revisions->empty()) return absl::OkStatus();
    const EvidenceIdentity identity = Summarize(found.identity.number, *revisions, moment_.interned);
    std::optional<DayEntry> entry = EntryOf(identity);
    if (!entry || past_.catalog->FindIndicator(identity.place->indicator) == nullptr) return absl::OkStatus();
    const std::string& source = moment_.interned.sources.NameOf(found.first.source);
    entry->reviewed = reviews_.ReviewedDate(CoverQueryOf(identity, moment_.interned, source, found.first.evidence_id));
    past_.rows[identity.place->indicator].Add(*entry);
    return absl::OkStatus();
  }

  const PastMoment& moment_;
  const StoredEvidence<StoreView> evidence_;
  TeamReviews reviews_;
  PastTeam past_;
};

}  // namespace

absl::StatusOr<PastMoment> TakePastMoment(const DistrictReader& reader, std::string_view team, Instant as_of) {
  if (as_of > reader.now()) {
    return InvalidField("as_of", absl::StrCat(as_of.ToString(), " has not come yet; give a moment that is past, or none"));
  }
  if (!reader->interned().teams.Find(team)) return UnknownId("name", "team", team);
  return PastMoment{.store = reader->store().Held(),
                    .district = reader->number(),
                    .interned = reader->interned(),
                    .catalog = reader->catalog(),
                    .catalog_version = reader->catalog_version(),
                    .catalog_applied = reader->catalog_applied(),
                    .team = std::string(team),
                    .as_of = as_of};
}

absl::StatusOr<PastTeam> ReadPastTeam(const PastMoment& moment) { return PastReader(moment).Read(); }

}  // namespace leadlag
