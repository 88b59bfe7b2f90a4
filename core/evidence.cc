#include "core/evidence.h"

#include <tuple>

namespace leadlag {

bool EvidenceContent::SameContent(const EvidenceContent& other) const {
  const auto content = [](const EvidenceContent& e) {
    return std::tie(e.team, e.indicator, e.event_date, e.event_time, e.period, e.value, e.reported, e.note);
  };
  return content(*this) == content(other);
}

bool Review::SameContent(const Review& other) const {
  const auto content = [](const Review& r) {
    return std::tie(r.id, r.team, r.date, r.indicators, r.evidence, r.decision);
  };
  return content(*this) == content(other);
}

}  // namespace leadlag
