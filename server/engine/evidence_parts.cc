#include "server/engine/evidence_parts.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "core/limits.h"
#include "server/engine/applying.h"
#include "server/engine/evidence_resolver.h"
#include "server/engine/stored_evidence.h"

namespace leadlag {
namespace {

// One team always fits, but for one with very many rules, or that charts very many values, under a catalog and, while a change is being
// worked through, the one before.
static_assert(2 * kMaxExpectations <= kWatchesPerCommand);

// Work of the watches of whoever is asked about, under the catalog in force and the one that teams are still reckoned by.
class WatchBounds {
 public:
  WatchBounds(const District& district, Instant now)
      : district_(district), now_(now), catalog_(*district.catalog()), before_(district.catalog_before()) {}

  size_t OfTeam(TeamNumber team) const {
    return catalog_.WorkOfTeam(team) + (before_ != nullptr ? before_->WorkOfTeam(team) : 0);
  }
  size_t OfAnyTeam() const {
    return catalog_.work_of_a_team_max() + (before_ != nullptr ? before_->work_of_a_team_max() : 0);
  }
  // Those of its indicator and, where it is a correction, of another one.
  size_t OfAnyRecord() const {
    const size_t counted = catalog_.work_of_a_record_max() + (before_ != nullptr ? before_->work_of_a_record_max() : 0);
    return std::min(2 * counted, OfAnyTeam());
  }
  // What its charts add.
  size_t OfCharts(TeamNumber team) const { return Charts() ? district_.ChartWorkOf(team, now_) : 0; }
  // Some rule charts something.
  bool Charts() const { return ChartsBy(catalog_) || (before_ != nullptr && ChartsBy(*before_)); }

 private:
  static bool ChartsBy(const DistrictCatalog& catalog) {
    const std::vector<AlertRule>& rules = catalog.catalog().alert_rules;
    return std::any_of(rules.begin(), rules.end(),
                       [](const AlertRule& rule) { return rule.enabled && rule.kind() == AlertKind::kRunSignal; });
  }

  const District& district_;
  const Instant now_;
  const DistrictCatalog& catalog_;
  const DistrictCatalog* before_;  // null: no change is under way
};

class Splitter {
 public:
  Splitter(const District& district, SourceNumber source, RecordEvidenceCommand& batch, Instant now)
      : district_(district), stored_(district.store(), district.number(), district.interned()), source_(source), batch_(batch), now_(now),
        bounds_(district, now) {}

  std::vector<EvidencePart> Split() {
    for (const EvidenceItem& item : batch_.items) {
      teams_.push_back(TeamOf(item));
      if (teams_.back()) ++records_of_[*teams_.back()];
    }
    for (uint32_t i = 0; i < batch_.items.size(); ++i) parts_[PartOf(i)].places.push_back(i);
    for (EvidencePart& part : parts_) {
      part.command.source = batch_.source;
      part.command.complete_through = batch_.complete_through;
      part.command.batch_has_new = parts_.size() > 1 && has_new_;
      part.command.more = &part != &parts_.back();
      for (const uint32_t place : part.places) part.command.items.push_back(std::move(batch_.items[place]));
    }
    return std::move(parts_);
  }

 private:
  // A void is about its record, whatever team it names. None where the record is not known. Tells a new record on its way.
  std::optional<TeamNumber> TeamOf(const EvidenceItem& item) {
    const bool is_void = std::holds_alternative<Void>(item.content.value);
    if (!is_void && has_new_) return district_.interned().teams.Find(item.content.team);
    const absl::StatusOr<std::optional<FoundEvidence>> known = stored_.Find(source_, item.evidence_id);
    const bool is_known = !known.ok() || *known;  // applying it will say what is wrong
    if (!is_void) {
      ResolvedEvidence resolved;
      has_new_ = !is_known && !ResolveEvidence(*district_.catalog(), district_.interned(), now_, item.content, resolved);
      return district_.interned().teams.Find(item.content.team);
    }
    if (!known.ok() || !*known || !(*known)->identity.place) return std::nullopt;
    return (*known)->identity.place->team;
  }

  // Where its team has a part already, or else the last part that has room; never before what its id has said earlier in the batch.
  size_t PartOf(uint32_t item) {
    const auto [of_id, id_is_new] = part_of_id_.try_emplace(batch_.items[item].evidence_id, 0);
    if (!teams_[item]) return id_is_new ? of_id->second = PartWithRoom(bounds_.OfAnyTeam()) : of_id->second;
    const TeamNumber team = *teams_[item];
    const auto [of_team, team_is_new] = part_of_team_.try_emplace(team, 0);
    if (team_is_new || of_team->second < of_id->second) {
      const size_t watches = std::min(bounds_.OfTeam(team), bounds_.OfAnyRecord() * records_of_[team]);
      of_team->second = PartWithRoom(watches + bounds_.OfCharts(team));
    }
    return of_id->second = of_team->second;
  }

  size_t PartWithRoom(size_t watches) {
    if (parts_.empty() || parts_.back().watches + watches > kWatchesPerCommand) parts_.emplace_back();
    parts_.back().watches += watches;
    return parts_.size() - 1;
  }

  const District& district_;
  const StoredEvidence<StoreView> stored_;
  const SourceNumber source_;
  RecordEvidenceCommand& batch_;
  const Instant now_;
  const WatchBounds bounds_;
  bool has_new_ = false;
  std::vector<std::optional<TeamNumber>> teams_;  // of the items
  absl::flat_hash_map<TeamNumber, size_t> records_of_;
  absl::flat_hash_map<TeamNumber, size_t> part_of_team_;
  absl::flat_hash_map<std::string_view, size_t> part_of_id_;
  std::vector<EvidencePart> parts_;
};

// At most, of all its teams. A void names none that counts: whatever it is about.
size_t WorkOfCharts(const WatchBounds& bounds, const District& district, const RecordEvidenceCommand& batch) {
  if (!bounds.Charts()) return 0;
  size_t work = 0;
  absl::flat_hash_set<TeamNumber> teams;
  for (const EvidenceItem& item : batch.items) {
    if (std::holds_alternative<Void>(item.content.value)) return kWatchesPerCommand;
    const std::optional<TeamNumber> team = district.interned().teams.Find(item.content.team);
    if (team && teams.insert(*team).second) work += bounds.OfCharts(*team);
  }
  return work;
}

struct Joined {
  std::vector<std::vector<uint32_t>> places;
  size_t answered = 0;
  Engine::Callback callback;
  absl::StatusOr<Outcome> answer = BatchOutcome{};
};

void Join(BatchOutcome part, const std::vector<uint32_t>& places, BatchOutcome& whole) {
  for (size_t i = 0; i < places.size(); ++i) whole.outcomes[places[i]] = part.outcomes[i];
  for (RecordFailure& failure : part.failures) whole.failures.push_back({places[failure.index], std::move(failure.problem)});
  whole.new_count += part.new_count;
  whole.same_count += part.same_count;
  whole.revised_count += part.revised_count;
  whole.voided_count += part.voided_count;
  whole.pending_calendar_count += part.pending_calendar_count;
}

}  // namespace

std::vector<EvidencePart> SplitEvidence(const District& district, RecordEvidenceCommand batch, Instant now) {
  const std::optional<SourceNumber> source = district.interned().sources.Find(batch.source);
  const WatchBounds bounds(district, now);
  const size_t watches_max = batch.items.size() * bounds.OfAnyRecord() + WorkOfCharts(bounds, district, batch);
  if (source && watches_max > kWatchesPerCommand) {
    std::vector<EvidencePart> parts = Splitter(district, *source, batch, now).Split();
    if (parts.size() > 1) return parts;
    batch = std::move(parts.front().command);
  }
  std::vector<EvidencePart> whole(1);
  whole.front().command = std::move(batch);
  whole.front().watches = std::min<size_t>(watches_max, kWatchesPerCommand);
  return whole;
}

Engine::Callback JoinAnswers(const std::vector<EvidencePart>& parts, Engine::Callback callback) {
  auto joined = std::make_shared<Joined>();
  joined->callback = std::move(callback);
  size_t items = 0;
  for (const EvidencePart& part : parts) {
    joined->places.push_back(part.places);
    items += part.places.size();
  }
  std::get<BatchOutcome>(*joined->answer).outcomes.resize(items);
  return [joined](absl::StatusOr<Outcome> answer) {
    if (joined->answer.ok()) {
      if (answer.ok()) {
        Join(std::get<BatchOutcome>(*std::move(answer)), joined->places[joined->answered], std::get<BatchOutcome>(*joined->answer));
      } else {
        joined->answer = answer.status();
      }
    }
    if (++joined->answered < joined->places.size()) return;
    if (joined->answer.ok()) {
      std::vector<RecordFailure>& failures = std::get<BatchOutcome>(*joined->answer).failures;
      std::sort(failures.begin(), failures.end(), [](const RecordFailure& a, const RecordFailure& b) { return a.index < b.index; });
    }
    joined->callback(std::move(joined->answer));
  };
}

}  // namespace leadlag
