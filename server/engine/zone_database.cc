#include "server/engine/zone_database.h"

#include <map>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "core/problem.h"

namespace leadlag {

namespace {

// Whether a name could be one of the IANA database: words joined by slashes. Absl takes a name for a path, within the database or not;
// it takes some for the machine's own zone, which would make answers depend on where we run, and some for a fixed offset; and beside
// the database lie copies of it that count leap seconds.
bool IsZoneName(std::string_view name) {
  constexpr std::string_view kNotOfTheDatabase[] = {"localtime", "posixrules", "Factory", "Fixed", "posix", "right"};
  for (const std::string_view other : kNotOfTheDatabase) {
    if (name.substr(0, name.find('/')) == other) return false;
  }
  char before = '/';
  for (const char c : name) {
    if (c == '/' ? before == '/' : !absl::ascii_isalnum(static_cast<unsigned char>(c)) && c != '_' && c != '+' && c != '-') {
      return false;
    }
    before = c;
  }
  return before != '/';
}

}  // namespace

absl::StatusOr<ZoneRules> LoadZone(const std::string& name) {
  absl::TimeZone zone;
  if (!IsZoneName(name) || !absl::LoadTimeZone(name, &zone)) {
    return absl::InvalidArgumentError(
        absl::StrCat(Quoted(name), " is not a time zone of the IANA database; give one such as America/New_York"));
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

absl::StatusOr<std::vector<ZoneRules>> ResolveZones(const Catalog& catalog) {
  std::map<std::string, std::string> fields{{catalog.time_zone, "time_zone"}};
  for (size_t i = 0; i < catalog.teams.size(); ++i) {
    const std::string& zone = catalog.teams[i].time_zone;
    if (!zone.empty()) fields.try_emplace(zone, absl::StrCat("teams[", i, "].time_zone"));
  }
  std::vector<ZoneRules> zones;
  std::vector<Problem> problems;
  for (const auto& [name, field] : fields) {
    absl::StatusOr<ZoneRules> rules = LoadZone(name);
    if (rules.ok()) {
      zones.push_back(*std::move(rules));
    } else {
      problems.push_back({absl::StatusCode::kInvalidArgument, field, std::string(rules.status().message())});
    }
  }
  if (!problems.empty()) return AsStatus(problems);
  return zones;
}

}  // namespace leadlag
