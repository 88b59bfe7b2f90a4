#include "server/engine/evidence_resolver.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"

namespace leadlag {
namespace {

constexpr int64_t kSkewForgivenMicros = 5 * kMicrosPerMinute;  // of a source's clock ahead of ours

Problem Invalid(std::string field, std::string reason) {
  return {absl::StatusCode::kInvalidArgument, std::move(field), std::move(reason)};
}

Problem TooEarly(std::string field, Date date) {
  return Invalid(std::move(field), absl::StrCat(date.ToString(), " for the team lies before ", Date::Min().ToString(),
                                                ", the first date there is; is it an empty field's default?"));
}

// The field of EvidenceRecord that carries a value of this form, and what an indicator's measure wants there.
const char* FieldOf(const EvidenceValue& value) {
  if (std::holds_alternative<double>(value)) return "number";
  if (std::holds_alternative<Proportion>(value)) return "proportion";
  return std::holds_alternative<Completion>(value) ? "completed" : "void";
}

const char* FieldFor(Measure measure) {
  switch (measure) {
    case Measure::kNumber: return "number";
    case Measure::kProportion: return "proportion";
    case Measure::kCompletion: return "completed";
  }
  return "";
}

const char* DateFieldOf(const EvidenceContent& content) {
  return content.event_time ? "event_time" : content.period ? "period.end_date" : "event_date";
}

std::optional<Problem> ResolveDates(const DistrictCatalog::TeamEntry& team, const Indicator& indicator, Instant now,
                                    const EvidenceContent& content, ResolvedEvidence& revision) {
  const Date today = team.zone->LocalDate(now);
  if (content.period && indicator.role != IndicatorRole::kLagging) {
    return Invalid("period", absl::StrCat("only a lagging indicator has a period; give event_date for \"", indicator.id, "\""));
  }
  revision.event_date = content.event_time ? team.zone->LocalDate(*content.event_time)
                        : content.period   ? content.period->to - 1
                                           : content.event_date.value_or(today);
  if (revision.event_date > today + 1) {
    return Invalid(DateFieldOf(content),
                   absl::StrCat(revision.event_date.ToString(), " lies in the future: evidence is dated at most tomorrow (",
                                (today + 1).ToString(), " for the team); send it when it has happened"));
  }
  if (content.reported && content.reported->micros > now.micros + kSkewForgivenMicros) {
    return Invalid("reported_time", absl::StrCat(content.reported->ToString(), " is after the service's clock (",
                                                 now.ToString(), "); correct the source's clock or leave it out"));
  }
  revision.recorded_date = today;
  revision.known_date = team.zone->LocalDate(std::min(content.reported.value_or(now), now));
  // An instant that is in range in UTC may not be so in the team's zone.
  if (revision.event_date < Date::Min()) return TooEarly(DateFieldOf(content), revision.event_date);
  if (revision.event_date >= Date::Max()) {
    return Invalid(DateFieldOf(content),
                   absl::StrCat("lies for the team after ", (Date::Max() - 1).ToString(), ", the last date there is"));
  }
  if (revision.known_date < Date::Min()) return TooEarly("reported_time", revision.known_date);
  return std::nullopt;
}

}  // namespace

Problem NotInCatalog(std::string field, const std::string& id, const char* what) {
  return {absl::StatusCode::kNotFound, std::move(field),
          absl::StrCat("the catalog has no ", what, " \"", id, "\"; add it to the catalog or correct the id")};
}

std::optional<Problem> ResolveEvidence(const DistrictCatalog& catalog, const Interned& interned, Instant now,
                                       const EvidenceContent& content, ResolvedEvidence& resolved) {
  resolved.recorded = now;
  const bool is_void = std::holds_alternative<Void>(content.value);
  // A void is about the record, whatever else it repeats of it; its dates are those of the district.
  if (is_void) {
    resolved.recorded_date = resolved.known_date = resolved.event_date = catalog.district_zone().LocalDate(now);
    return std::nullopt;
  }
  const std::optional<TeamNumber> team_number = interned.teams.Find(content.team);
  const DistrictCatalog::TeamEntry* team = team_number ? catalog.FindTeam(*team_number) : nullptr;
  if (team == nullptr) return NotInCatalog("team", content.team, "team");
  const std::optional<IndicatorNumber> indicator_number = interned.indicators.Find(content.indicator);
  const Indicator* indicator = indicator_number ? catalog.FindIndicator(*indicator_number) : nullptr;
  if (indicator == nullptr) return NotInCatalog("indicator", content.indicator, "indicator");
  if (std::string_view(FieldOf(content.value)) != FieldFor(indicator->measure)) {
    return Invalid(FieldOf(content.value), absl::StrCat("indicator \"", content.indicator, "\" is measured as `",
                                                                     FieldFor(indicator->measure), "`; send that"));
  }
  resolved.team = *team_number;
  resolved.indicator = *indicator_number;
  return ResolveDates(*team, *indicator, now, content, resolved);
}

EvidenceRevision RevisionOf(uint32_t number, const EvidenceContent& content, const ResolvedEvidence& resolved) {
  return {number, content, resolved.recorded, resolved.recorded_date, resolved.event_date, resolved.known_date};
}

}  // namespace leadlag
