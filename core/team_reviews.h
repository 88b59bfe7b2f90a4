// A team's reviews, arranged so that the first that covers a record is found without looking at all of them: the rule of core/review.h
// for many records. Not thread safe; const use is.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "core/evidence.h"
#include "core/review.h"

namespace leadlag {

class TeamReviews {
 public:
  TeamReviews() = default;
  TeamReviews(TeamReviews&&) = default;
  TeamReviews& operator=(TeamReviews&&) = default;

  void Add(Review review);
  const std::deque<Review>& all() const { return reviews_; }  // as they were added
  // Null where there is none of this id. Borrowed from this.
  const Review* Find(std::string_view id) const;
  // Their dates, ascending.
  std::vector<Date> Dates() const;
  // ReviewedDate of them all. `not_reached`: ids of reviews that are still being worked through and have not come to this record: as yet
  // they cover it only if they list it.
  std::optional<Date> ReviewedDate(const CoverQuery& record, const std::vector<std::string_view>& not_reached = {}) const;

 private:
  std::deque<Review> reviews_;
  // Those that list a record, by source and id; those of an indicator, by date.
  absl::flat_hash_map<std::pair<std::string_view, std::string_view>, std::vector<const Review*>> listing_;
  std::map<std::string_view, std::vector<const Review*>> of_indicator_;
};

}  // namespace leadlag
