#include "server/engine/evidence_parts.h"

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "core/limits.h"
#include "server/engine/applying.h"
#include "server/engine/evidence_resolver.h"
#include "storage/keys.h"

namespace leadlag {
namespace {

// One record always fits: under a catalog and, while a change is being worked through, the one before.
static_assert(2 * kMaxExpectations <= kWatchesPerCommand);

// Counts the watches that a part works on, from above: all watches of its teams, since a correction may come from another indicator.
class PartSize {
 public:
  explicit PartSize(const District& district)
      : catalog_(*district.catalog()), before_(district.catalog_before()), interned_(district.interned()) {
    of_any_team_ = catalog_.expectations_of_a_team_max();
    if (before_ != nullptr) of_any_team_ += before_->expectations_of_a_team_max();
  }

  // At most so many, whatever the records.
  size_t UpperBound(size_t records) const { return records * of_any_team_; }

  // Whether the part can take the record; it is then in it.
  bool Take(const EvidenceContent& content) {
    // A void is about its record, whatever team it names.
    const std::optional<TeamNumber> team =
        std::holds_alternative<Void>(content.value) ? std::nullopt : interned_.teams.Find(content.team);
    if (team && teams_.count(*team) > 0) return true;
    const size_t more = team ? WatchesOf(*team) : of_any_team_;
    if (watches_ + more > kWatchesPerCommand) return false;
    watches_ += more;
    if (team) teams_.insert(*team);
    return true;
  }

  void Clear() {
    watches_ = 0;
    teams_.clear();
  }

 private:
  size_t WatchesOf(TeamNumber team) const {
    return catalog_.ExpectationsOf(team).size() + (before_ != nullptr ? before_->ExpectationsOf(team).size() : 0);
  }

  const DistrictCatalog& catalog_;
  const DistrictCatalog* before_;  // null: none under way
  const Interned& interned_;
  size_t of_any_team_ = 0;
  size_t watches_ = 0;
  std::set<TeamNumber> teams_;
};

// Whether a record of the batch is new to the district, as it stands.
bool HoldsNew(const District& district, SourceNumber source, const RecordEvidenceCommand& batch, Instant now) {
  for (const EvidenceItem& item : batch.items) {
    if (std::holds_alternative<Void>(item.content.value)) continue;
    const absl::StatusOr<std::optional<std::string>> known =
        district.store().Get(IdentityKey{district.number(), source, item.evidence_id}.Encode());
    if (!known.ok()) return false;  // applying it will say so
    EvidenceRevision revision;
    if (!*known && !ResolveEvidence(*district.catalog(), district.interned(), now, item.content, revision)) return true;
  }
  return false;
}

struct Joined {
  size_t missing;
  Engine::Callback callback;
  absl::StatusOr<Outcome> answer = BatchOutcome{};
};

void Append(BatchOutcome part, BatchOutcome& whole) {
  const uint32_t offset = static_cast<uint32_t>(whole.outcomes.size());
  whole.outcomes.insert(whole.outcomes.end(), part.outcomes.begin(), part.outcomes.end());
  for (RecordFailure& failure : part.failures) {
    failure.index += offset;
    whole.failures.push_back(std::move(failure));
  }
  whole.new_count += part.new_count;
  whole.same_count += part.same_count;
  whole.revised_count += part.revised_count;
  whole.voided_count += part.voided_count;
  whole.pending_calendar_count += part.pending_calendar_count;
}

}  // namespace

std::vector<RecordEvidenceCommand> SplitEvidence(const District& district, RecordEvidenceCommand batch, Instant now) {
  std::vector<RecordEvidenceCommand> parts;
  const std::optional<SourceNumber> source = district.interned().sources.Find(batch.source);
  PartSize size(district);
  if (!source || size.UpperBound(batch.items.size()) <= kWatchesPerCommand) {
    parts.push_back(std::move(batch));
    return parts;
  }
  std::vector<size_t> ends;
  for (size_t i = 0; i < batch.items.size(); ++i) {
    if (size.Take(batch.items[i].content)) continue;
    ends.push_back(i);
    size.Clear();
    size.Take(batch.items[i].content);
  }
  if (ends.empty()) {
    parts.push_back(std::move(batch));
    return parts;
  }
  ends.push_back(batch.items.size());
  const bool has_new = HoldsNew(district, *source, batch, now);
  size_t first = 0;
  for (const size_t end : ends) {
    RecordEvidenceCommand& part = parts.emplace_back();
    part.source = batch.source;
    part.items.assign(std::make_move_iterator(batch.items.begin() + first), std::make_move_iterator(batch.items.begin() + end));
    part.complete_through = batch.complete_through;
    part.more = end < batch.items.size();
    part.batch_has_new = has_new;
    first = end;
  }
  return parts;
}

Engine::Callback JoinAnswers(size_t parts, Engine::Callback callback) {
  auto joined = std::make_shared<Joined>(Joined{parts, std::move(callback)});
  return [joined](absl::StatusOr<Outcome> answer) {
    if (joined->answer.ok()) {
      if (answer.ok()) {
        Append(std::get<BatchOutcome>(*std::move(answer)), std::get<BatchOutcome>(*joined->answer));
      } else {
        joined->answer = answer.status();
      }
    }
    if (--joined->missing == 0) joined->callback(std::move(joined->answer));
  };
}

}  // namespace leadlag
