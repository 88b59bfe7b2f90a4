// A team's reviews as a store or a batch has them. Pure; thread safe as the reader is.
#pragma once

#include <cstdint>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/team_reviews.h"
#include "storage/keys.h"
#include "storage/records.h"

namespace leadlag {

// DATA_LOSS for damaged bytes.
template <typename Reader>
absl::StatusOr<TeamReviews> ReadTeamReviews(const Reader& reader, uint32_t district, TeamNumber team) {
  TeamReviews reviews;
  absl::Status damage;
  const absl::Status scanned = reader.Scan(ReviewsRange(district, team), [&](std::string_view, std::string_view value) {
    absl::StatusOr<Review> review = DecodeReview(value);
    if (review.ok()) reviews.Add(*std::move(review));
    damage = review.status();
    return damage.ok();
  });
  if (!scanned.ok()) return scanned;
  if (!damage.ok()) return damage;
  return reviews;
}

}  // namespace leadlag
