#include "core/team_reviews.h"

#include <algorithm>

namespace leadlag {

void TeamReviews::Add(Review added) {
  const Review& review = reviews_.emplace_back(std::move(added));
  for (const Review::EvidenceRef& evidence : review.evidence) listing_[{evidence.source, evidence.evidence_id}].push_back(&review);
  for (const std::string& indicator : review.indicators) {
    std::vector<const Review*>& by_date = of_indicator_[indicator];
    by_date.insert(std::upper_bound(by_date.begin(), by_date.end(), review.date,
                                    [](Date date, const Review* other) { return date < other->date; }),
                   &review);
  }
}

const Review* TeamReviews::Find(std::string_view id) const {
  const auto found = std::find_if(reviews_.begin(), reviews_.end(), [&](const Review& review) { return review.id == id; });
  return found == reviews_.end() ? nullptr : &*found;
}

std::vector<Date> TeamReviews::Dates() const {
  std::vector<Date> dates;
  for (const Review& review : reviews_) dates.push_back(review.date);
  std::sort(dates.begin(), dates.end());
  return dates;
}

std::optional<Date> TeamReviews::ReviewedDate(const CoverQuery& record, const std::vector<std::string_view>& not_reached) const {
  std::optional<Date> first;
  if (const auto listing = listing_.find({record.source, record.evidence_id}); listing != listing_.end()) {
    for (const Review* review : listing->second) {
      const bool in_time = record.recorded < review->recorded && record.start <= review->date;
      if (in_time && (!first || review->date < *first)) first = review->date;
    }
  }
  const auto of_indicator = of_indicator_.find(record.indicator);
  if (of_indicator == of_indicator_.end()) return first;
  const std::vector<const Review*>& by_date = of_indicator->second;
  const auto earliest = std::lower_bound(by_date.begin(), by_date.end(), std::max(record.start, record.event_date),
                                         [](const Review* review, Date date) { return review->date < date; });
  for (auto it = earliest; it != by_date.end() && (!first || (*it)->date < *first); ++it) {
    if (record.recorded >= (*it)->recorded) continue;
    if (std::find(not_reached.begin(), not_reached.end(), (*it)->id) == not_reached.end()) return (*it)->date;
  }
  return first;
}

}  // namespace leadlag
