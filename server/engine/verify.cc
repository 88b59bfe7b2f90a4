#include "server/engine/verify_parts.h"

#include <algorithm>

#include "core/codec.h"

namespace leadlag {
namespace {

void VerifyCatalogs(const DistrictReader& reader, Findings& findings) {
  uint32_t version = 0;
  VisitTable<CatalogVersionKey>(reader, TableRange(reader->number(), Table::kCatalogVersions), "catalog versions",
                                findings, DecodeCatalogRecord, [&](const CatalogVersionKey& key, const CatalogRecord&) {
                                  ++version;
                                  if (key.version == version) return;
                                  findings.Add(absl::StrCat("catalog version ", version, " is missing"));
                                  version = key.version;
                                });
  if (version != reader->catalog_version()) {
    findings.Add(absl::StrCat("catalog version ", reader->catalog_version(), " is in force, and ", version,
                              " is the last one stored"));
  }
}

void VerifySources(const DistrictReader& reader, Findings& findings) {
  VisitTable<SourceObservationKey>(reader, TableRange(reader->number(), Table::kSourceObservations),
                                   "source observations", findings, DecodeSourceObservation,
                                   [&](const SourceObservationKey& key, const SourceObservation& observation) {
                                     if (key.source >= reader->interned().sources.size()) {
                                       findings.Add(absl::StrCat("an observation is of source ", key.source,
                                                                 ", which has no name"));
                                     } else if (observation.last_heard > reader->last_time()) {
                                       findings.Add(absl::StrCat(
                                           "source \"", reader->interned().sources.NameOf(key.source),
                                           "\" was last heard after the last command"));
                                     } else if (!(observation == reader->ObservationOf(key.source))) {
                                       findings.Add(absl::StrCat("source \"", reader->interned().sources.NameOf(key.source),
                                                                 "\" was heard otherwise in memory than in the store"));
                                     }
                                   });
}

absl::StatusOr<TeamNumber> DecodeReviewTeam(std::string_view bytes) {
  ByteReader in(bytes);
  const auto team = static_cast<TeamNumber>(in.GetVarint(UINT32_MAX));
  if (absl::Status status = in.Finish("a review id"); !status.ok()) return status;
  return team;
}

}  // namespace

ReviewsByTeam VerifyReviews(const DistrictReader& reader, Findings& findings) {
  ReviewsByTeam reviews;
  std::map<std::string, TeamNumber> teams;  // by review id
  VisitTable<ReviewKey>(reader, TableRange(reader->number(), Table::kReviews), "reviews", findings, DecodeReview,
                        [&](const ReviewKey& key, Review review) {
                          if (review.id != key.review_id || reader->interned().teams.Find(review.team) != key.team) {
                            findings.Add(absl::StrCat("review \"", key.review_id, "\" is stored under another name"));
                          }
                          if (!teams.emplace(key.review_id, key.team).second) {
                            findings.Add(absl::StrCat("review \"", key.review_id, "\" is stored for two teams"));
                          }
                          reviews[key.team].Add(std::move(review));
                        });
  if (teams.size() != reader->review_count() && !findings.full()) {
    findings.Add(absl::StrCat(teams.size(), " reviews are stored, and ", reader->review_count(), " were counted"));
  }
  VisitTable<ReviewIdKey>(reader, TableRange(reader->number(), Table::kReviewIds), "review ids", findings,
                          DecodeReviewTeam, [&](const ReviewIdKey& key, TeamNumber team) {
                            const auto review = teams.find(key.review_id);
                            if (review == teams.end() || review->second != team) {
                              findings.Add(absl::StrCat("review id \"", key.review_id, "\" names no stored review"));
                            } else {
                              teams.erase(review);
                            }
                          });
  if (findings.full()) return reviews;
  for (const auto& [id, team] : teams) {
    findings.Add(absl::StrCat("review \"", id, "\" is not in the table of review ids"));
  }
  return reviews;
}

std::vector<std::string> VerifyDistrict(const DistrictReader& reader, size_t findings_max, const std::function<bool()>* stop) {
  Findings findings(findings_max, stop);
  VerifyCatalogs(reader, findings);
  VerifySources(reader, findings);
  const ReviewsByTeam reviews = VerifyReviews(reader, findings);
  if (!findings.full()) VerifyInquiries(reader, findings);
  if (!findings.full()) VerifyEvidence(reader, reviews, findings);
  if (!findings.full()) VerifyFlips(reader, findings);
  // While a catalog change is being worked through, some watches are of the version before.
  if (!findings.full() && !reader->recalculating()) VerifyWatches(reader, findings);
  return std::move(findings).Take();
}

}  // namespace leadlag
