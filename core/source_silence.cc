#include "core/source_silence.h"

#include <algorithm>

#include "core/check.h"

namespace leadlag {

std::vector<Date> DeafDates(const ZoneRules& zone, Instant down, Instant up, int days_max) {
  std::vector<Date> deaf;
  const Date last = zone.LocalDate(up);
  for (Date date = std::max(zone.LocalDate(down), last - days_max); date <= last; date = date + 1) {
    const Instant from = std::max(down, zone.StartOf(date)), to = std::min(up, zone.StartOf(date + 1));
    if (to.micros - from.micros >= kMicrosPerHour) deaf.push_back(date);
  }
  return deaf;
}

std::optional<Date> SilenceDue(const RuleSpan& span, int every_days, std::optional<Date> heard, std::span<const Date> deaf) {
  LEADLAG_CHECK(every_days >= 1);
  const Date base = heard ? std::max(*heard, span.start) : span.start;
  std::optional<Date> due = span.calendar->NthAfter(base, every_days);
  for (auto date = std::upper_bound(deaf.begin(), deaf.end(), base); due && date != deaf.end() && *date <= *due; ++date) {
    if (span.calendar->IsInstructional(*date)) due = span.calendar->NthAfter(*due, 1);
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
