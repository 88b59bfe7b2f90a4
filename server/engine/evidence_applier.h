// Applies one batch of evidence to a district: resolves and checks each item, stores what is good, and lets the watches follow once,
// with one cause. Internal to server/engine.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "server/engine/applying.h"
#include "server/engine/evidence_state.h"
#include "server/engine/stored_evidence.h"

namespace leadlag {

class EvidenceApplier {
 public:
  EvidenceApplier(District& district, District::Applying& applying)
      : d_(district), a_(applying), stored_(applying.batch, district.number_, district.interned_) {}

  // NOT_FOUND for a source that the catalog does not have, INVALID_ARGUMENT for a complete_through that lies in the future; otherwise
  // every item is answered by itself.
  absl::StatusOr<Outcome> Apply(const RecordEvidenceCommand& command);

 private:
  using Failure = std::optional<Problem>;

  // The records of a batch lie all over memory, and it is mostly that which they would wait for, each in its turn.
  void FetchAhead(const std::vector<EvidenceItem>& items);
  Failure ApplyItem(const EvidenceItem& item, uint64_t fingerprint, RecordOutcome& outcome);
  Failure ApplyFirst(const EvidenceItem& item, uint64_t fingerprint, RecordOutcome& outcome);
  Failure ApplyRevision(const EvidenceItem& item, const FoundEvidence& found, RecordOutcome& outcome);
  // Counts a record that waits for a calendar to cover its date.
  void CountPending(const EvidenceIdentity& identity);
  Failure CheckAgainst(const std::vector<EvidenceRevision>& revisions, const EvidenceContent& content, bool currently_void,
                       bool& same) const;

  // Stores a further revision, the last of those.
  void StoreRevision(const std::string& evidence_id, const EvidenceIdentity& before, const EvidenceIdentity& after,
                     const std::vector<EvidenceRevision>& revisions);
  void AddPlace(const EvidenceIdentity& identity);
  void ChangeRow(const std::string& evidence_id, const EvidenceIdentity& identity, bool add);
  void CatchUpWatches(TeamNumber team, IndicatorNumber indicator);
  const TeamReviews& ReviewsOf(TeamNumber team);

  District& d_;
  District::Applying& a_;
  const StoredEvidence<Batch> stored_;
  std::vector<uint64_t> fingerprints_;  // of the items
  std::string encoded_;  // of one record, kept for its memory
  std::string source_id_;
  SourceNumber source_ = 0;
  BatchOutcome outcome_;
  std::vector<WatchId> watches_;                       // that what was stored concerns, with repeats
  absl::flat_hash_set<std::pair<TeamNumber, IndicatorNumber>> caught_up_;  // whose watches are among them
  std::map<TeamNumber, TeamReviews> reviews_;          // of teams whose records were revised
};

}  // namespace leadlag
