// Retention: flips that are older than the catalog's flip_retention_days leave the log. server/engine/district.h.
//
// They leave from its front, in order, so that it stays dense from its first sequence on; each with its place among its team's. What a
// command may take off is bounded, as its other work is: the rest follows by Continue commands. Alerts stay, and with them the sequences of
// flips that have left. One that cannot be read stays, and with it what is behind it: it is in nobody's way until somebody asks for it, so
// that it stops no service; verify tells of it. One that is missing does: the log is not what it was.
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/engine/applying.h"
#include "storage/keys.h"

namespace leadlag {

void District::TrimFlips(Applying& a, size_t flips_max) {
  trim_pending_ = false;
  const int64_t days = catalog_->catalog().settings.flip_retention_days;
  if (days == 0 || first_sequence_ > last_sequence_) return;
  const Instant kept_from{a.now.micros - days * kMicrosPerDay};
  std::vector<TeamNumber> teams;  // of those that leave
  bool found = false;
  const auto visit = [&](std::string_view key_bytes, std::string_view value) {
    found = true;
    const absl::StatusOr<FlipKey> key = FlipKey::Decode(key_bytes);
    const absl::StatusOr<FlipRecord> flip = DecodeFlipRecord(value);
    if (!key.ok() || !flip.ok()) return false;
    if (flip->recorded >= kept_from) return false;
    trim_pending_ = teams.size() == flips_max;
    if (trim_pending_) return false;
    const std::optional<TeamNumber> team = flip->source.empty() ? interned_.teams.Find(flip->team) : std::optional(kNoTeam);
    if (!team) return false;
    if (key->sequence != first_sequence_ + teams.size()) {
      a.Fail(absl::DataLossError(absl::StrCat("flip ", first_sequence_ + teams.size(), " is missing; restore from a backup")));
      return false;
    }
    teams.push_back(*team);
    trimmed_through_ = flip->recorded;
    return true;
  };
  absl::Status scanned = a.batch.Scan(FlipsRange(number_, first_sequence_), visit);
  if (scanned.ok() && !found) scanned = absl::DataLossError(absl::StrCat("flip ", first_sequence_, " is missing; restore from a backup"));
  if (!scanned.ok()) a.Fail(std::move(scanned));
  for (const TeamNumber team : teams) {
    a.batch.Delete(FlipKey{number_, first_sequence_}.Encode());
    if (team != kNoTeam) a.batch.Delete(TeamFlipKey{number_, team, first_sequence_}.Encode());
    ++first_sequence_;
  }
  a.work += teams.size();
}

}  // namespace leadlag
