#include "server/engine/zone_database.h"

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace leadlag {

absl::StatusOr<ZoneRules> LoadZone(const std::string& name) {
  absl::TimeZone zone;
  // Absl takes "" and "localtime" for the machine's own zone, which would make answers depend on where we run.
  if (name.empty() || name == "localtime" || !absl::LoadTimeZone(name, &zone)) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", name, "\" is not a time zone of the IANA database; give one such as America/New_York"));
  }
  ZoneRules rules{.name = name, .offsets = {}};
  absl::Time at = absl::FromUnixMicros(Instant::Min().micros);
  rules.offsets.push_back({Instant::Min(), zone.At(at).offset});
  absl::TimeZone::CivilTransition transition;
  while (zone.NextTransition(at, &transition)) {
    at = zone.At(transition.to).trans;
    if (absl::ToUnixMicros(at) >= Instant::Max().micros) break;
    const int offset = zone.At(at).offset;
    // A transition may change only the name or the DST flag.
    if (offset != rules.offsets.back().seconds_east) rules.offsets.push_back({Instant{absl::ToUnixMicros(at)}, offset});
  }
  return rules;
}

}  // namespace leadlag
