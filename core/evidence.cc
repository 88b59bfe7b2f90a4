#include "core/evidence.h"

#include <tuple>

namespace leadlag {

bool EvidenceContent::SameContent(const EvidenceContent& other) const {
  const auto content = [](const EvidenceContent& e) {
    return std::tie(e.team, e.indicator, e.event_date, e.event_time, e.period, e.value, e.reported, e.note);
  };
  return content(*this) == content(other);
}

std::string_view NextQuestion(const ReviewResult& result) {
  if (result.outcome_improved) {
    return result.cause_understood ? "Did outcomes improve for all, and what do others need to know?"
                                   : "Was it luck, or did the change in practice make the difference?";
  }
  return result.cause_understood ? "What did you learn, and what do others need to know?" : "What got in the way?";
}

bool Review::SameContent(const Review& other) const {
  const auto content = [](const Review& r) {
    return std::tie(r.id, r.team, r.date, r.indicators, r.evidence, r.decision, r.account);
  };
  return content(*this) == content(other);
}

}  // namespace leadlag
