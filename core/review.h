// Which review covers which record. DOMAIN.md, "Latency": "A review covers records recorded before it was entered and
// known by its date, those it lists or those of its indicators up to its date."
//
// One rule for whoever applies evidence, applies a review, answers a query or verifies a district. Pure; thread safe.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "core/evidence.h"

namespace leadlag {

// A record as a review sees it. Borrowed: the strings must outlive the call.
struct CoverQuery {
  std::string_view source;       // id
  std::string_view evidence_id;
  std::string_view indicator;    // id, the current revision's
  Date event_date;               // the current revision's
  Instant recorded;  // of the first revision, or of the correction where one is current: a correction reopens
  Date start;                    // from which on it can be interpreted: the known date, or the correction's date
};

// Whether `review` covers the record: recorded < review.recorded, start <= review.date, and it lists the record, or the
// record's indicator with event_date <= review.date.
bool Covers(const Review& review, const CoverQuery& record);

// The date of the first of the team's reviews that covers the record; none where none does. The order of `team_reviews`
// does not matter. REQUIRES: they are reviews of the record's team. Looks at all of them: core/team_reviews.h does not.
std::optional<Date> ReviewedDate(const std::vector<Review>& team_reviews, const CoverQuery& record);

}  // namespace leadlag
