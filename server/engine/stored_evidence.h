// Finds a district's evidence in the store. Internal to server/engine.
//
// Where things are (storage/evidence_reader.h, storage/keys.h): a record's first revision lies under its number; from the second revision
// on every revision, the first included, lies in the revision table too, and what they amount to, its EvidenceIdentity, in the table of
// revised ones. Of a record with one revision the identity is what Summarize makes of that.
//
// `Reader` is what is read: a Batch, with what the command itself has changed, or a StoreView. Errors as theirs, and DATA_LOSS where what
// is stored does not fit together.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "core/district_catalog.h"
#include "server/engine/evidence_state.h"
#include "storage/keys.h"
#include "storage/records.h"
#include "storage/store.h"

namespace leadlag {

struct FoundEvidence {
  EvidenceRecord first;       // source, id, first revision
  EvidenceIdentity identity;  // of all revisions

  // It does so now, and did not only once.
  bool StandsAt(SeriesId series, EvidencePlace place) const {
    return identity.place == EvidenceIdentity::Place{series.team, series.indicator, place.date};
  }
};

template <typename Reader>
class StoredEvidence {
 public:
  // Borrows both. `interned`: the district's.
  StoredEvidence(const Reader& reader, uint32_t district, const Interned& interned)
      : reader_(reader), evidence_(reader.evidence()), district_(district), interned_(interned) {}

  // The record of that id; none where there is none.
  absl::StatusOr<std::optional<FoundEvidence>> Find(SourceNumber source, std::string_view evidence_id) const {
    return Find(source, evidence_id, FingerprintOf(source, evidence_id));
  }
  absl::StatusOr<std::optional<FoundEvidence>> Find(SourceNumber source, std::string_view evidence_id, uint64_t fingerprint) const {
    numbers_.clear();
    if (absl::Status status = evidence_.AddRecordsWith(district_, fingerprint, numbers_); !status.ok()) return status;
    for (const uint64_t number : numbers_) {
      absl::StatusOr<EvidenceRecord> first = First(number);
      if (!first.ok()) return first.status();
      if (first->source != source || first->evidence_id != evidence_id) continue;
      absl::StatusOr<EvidenceIdentity> identity = IdentityOf(number, *first);
      if (!identity.ok()) return identity.status();
      return std::optional<FoundEvidence>(FoundEvidence{*std::move(first), *std::move(identity)});
    }
    return std::optional<FoundEvidence>();
  }

  // storage/evidence_reader.h.
  void Prefetch(uint64_t fingerprint) const { evidence_.Prefetch(district_, fingerprint); }

  // The record of that number. REQUIRES: it has been given.
  absl::StatusOr<FoundEvidence> At(uint64_t number) const {
    absl::StatusOr<EvidenceRecord> first = First(number);
    if (!first.ok()) return first.status();
    absl::StatusOr<EvidenceIdentity> identity = IdentityOf(number, *first);
    if (!identity.ok()) return identity.status();
    return FoundEvidence{*std::move(first), *std::move(identity)};
  }

  // All its revisions, in order of arrival.
  absl::StatusOr<std::vector<EvidenceRevision>> Revisions(const FoundEvidence& found) const {
    if (found.identity.revision_count == 1) return std::vector<EvidenceRevision>{found.first.revision};
    std::vector<EvidenceRevision> revisions;
    absl::Status damage;
    const absl::Status scanned =
        reader_.Scan(RevisionsRange(district_, found.identity.number), [&](std::string_view, std::string_view value) {
          absl::StatusOr<EvidenceRecord> record = DecodeEvidenceRecord(value);
          damage = record.status();
          if (damage.ok()) revisions.push_back(std::move(record->revision));
          return damage.ok();
        });
    if (!scanned.ok()) return scanned;
    if (!damage.ok()) return damage;
    if (revisions.size() == found.identity.revision_count) return revisions;
    return Damaged(found.identity.number, absl::StrCat("has ", revisions.size(), " revisions, not ", found.identity.revision_count));
  }

  // The revision that counts.
  absl::StatusOr<EvidenceRevision> Current(const FoundEvidence& found) const {
    const EvidenceIdentity& identity = found.identity;
    if (identity.current_revision == 1) return found.first.revision;
    const absl::StatusOr<std::optional<std::string>> bytes =
        reader_.Get(RevisionKey{district_, identity.number, identity.current_revision}.Encode());
    if (!bytes.ok()) return bytes.status();
    if (!*bytes) return Damaged(identity.number, "lacks its current revision");
    absl::StatusOr<EvidenceRecord> record = DecodeEvidenceRecord(**bytes);
    if (!record.ok()) return record.status();
    return std::move(record->revision);
  }

  // storage/evidence_reader.h.
  absl::Status Places(SeriesId series, EvidencePlace from, Date to, absl::FunctionRef<bool(EvidencePlace)> visit) const {
    return evidence_.Places(district_, series, from, to, visit);
  }

 private:
  absl::StatusOr<EvidenceRecord> First(uint64_t number) const {
    const absl::StatusOr<std::optional<std::string>> bytes = evidence_.Record(district_, number);
    if (!bytes.ok()) return bytes.status();
    if (!*bytes) return Damaged(number, "is missing");
    return DecodeEvidenceRecord(**bytes);
  }

  absl::StatusOr<EvidenceIdentity> IdentityOf(uint64_t number, const EvidenceRecord& first) const {
    const absl::StatusOr<std::optional<std::string>> bytes = reader_.Get(RevisedKey{district_, number}.Encode());
    if (!bytes.ok()) return bytes.status();
    if (*bytes) return DecodeEvidenceIdentity(**bytes);
    const EvidenceContent& content = first.revision.content;
    if (!first.revision.voided() && (!interned_.teams.Find(content.team) || !interned_.indicators.Find(content.indicator))) {
      return Damaged(number, "names a team or an indicator that was never applied");
    }
    return Summarize(number, {first.revision}, interned_);
  }

  static absl::Status Damaged(uint64_t number, const std::string& what) {
    return absl::DataLossError(absl::StrCat("evidence ", number, " ", what, "; run `leadlag admin verify` and restore from a backup"));
  }

  const Reader& reader_;
  const EvidenceReader evidence_;
  const uint32_t district_;
  const Interned& interned_;
  mutable std::vector<uint64_t> numbers_;  // kept for its memory: not for two threads at once
};

}  // namespace leadlag
