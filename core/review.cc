#include "core/review.h"

#include <algorithm>

namespace leadlag {
namespace {

bool Lists(const Review& review, const CoverQuery& record) {
  return std::any_of(review.evidence.begin(), review.evidence.end(), [&](const Review::EvidenceRef& evidence) {
    return evidence.source == record.source && evidence.evidence_id == record.evidence_id;
  });
}

bool ListsIndicator(const Review& review, std::string_view indicator) {
  return std::find(review.indicators.begin(), review.indicators.end(), indicator) != review.indicators.end();
}

}  // namespace

bool Covers(const Review& review, const CoverQuery& record) {
  if (record.recorded >= review.recorded || record.start > review.date) return false;
  return Lists(review, record) || (record.event_date <= review.date && ListsIndicator(review, record.indicator));
}

std::optional<Date> ReviewedDate(const std::vector<Review>& team_reviews, const CoverQuery& record) {
  std::optional<Date> first;
  for (const Review& review : team_reviews) {
    if ((!first || review.date < *first) && Covers(review, record)) first = review.date;
  }
  return first;
}

}  // namespace leadlag
