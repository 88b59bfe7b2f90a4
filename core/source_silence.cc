#include "core/source_silence.h"

#include <algorithm>

#include "core/check.h"

namespace leadlag {

std::optional<Date> SilenceDue(const RuleSpan& span, int every_days, std::optional<Date> heard, std::span<const DeafDates> deaf) {
  LEADLAG_CHECK(every_days >= 1);
  const Date base = heard ? std::max(*heard, span.start) : span.start;
  std::optional<Date> due = span.calendar->NthAfter(base, every_days);
  for (const DeafDates& dates : deaf) {
    if (!due) break;
    const Date from = std::max(dates.from, base);
    if (from >= *due) break;
    const int days = span.calendar->Between(from, dates.to);
    if (days > 0) due = span.calendar->NthAfter(*due, days);
  }
  return due && *due < span.run.to ? due : std::nullopt;
}

std::vector<SourceSilence> CommonSilences(std::span<const std::span<const SourceSilence>> sources) {
  std::vector<SourceSilence> common;
  if (sources.empty()) return common;
  common.assign(sources[0].begin(), sources[0].end());
  for (const std::span<const SourceSilence>& source : sources.subspan(1)) {
    std::vector<SourceSilence> both;
    auto a = common.begin();
    auto b = source.begin();
    while (a != common.end() && b != source.end()) {
      const SourceSilence overlap{std::max(a->since, b->since), std::min(a->to, b->to)};
      if (overlap.since < overlap.to) both.push_back(overlap);
      if (a->to < b->to) {
        ++a;
      } else {
        ++b;
      }
    }
    common = std::move(both);
  }
  return common;
}

}  // namespace leadlag
