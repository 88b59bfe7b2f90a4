// Evidence against itself: what the identities, series, revisions and reviews say of each other, and the day rows they
// give.
#include <algorithm>
#include <tuple>
#include <utility>

#include "core/review.h"
#include "server/engine/evidence_state.h"
#include "server/engine/verify_parts.h"

namespace leadlag {
namespace {

struct RowOrder {
  bool operator()(const RowId& a, const RowId& b) const {
    return std::tie(a.team, a.indicator, a.row_year) < std::tie(b.team, b.indicator, b.row_year);
  }
};

class EvidenceVerifier {
 public:
  EvidenceVerifier(const DistrictReader& reader, const ReviewsByTeam& reviews, Findings& findings)
      : reader_(reader), reviews_(reviews), findings_(findings), seen_(reader->evidence_count() + 1) {}

  void Run() {
    const auto visit = [&](const IdentityKey& key, const EvidenceIdentity& identity) { VerifyRecord(key, identity); };
    VisitTable<IdentityKey>(reader_, TableRange(reader_->number(), Table::kIdentity), "identities", findings_,
                            DecodeEvidenceIdentity, visit);
    if (findings_.full()) return;
    CheckCount(identities_, reader_->evidence_count(), "identities");
    CheckCount(revisions_, reader_->revision_count(), "revisions of revised records");
    CheckStored(Table::kSeries, placed_, "series entries", "records with a place");
    CheckStored(Table::kRevisions, revisions_, "revision entries", "revisions of the identities");
    CompareRows();
  }

 private:
  void Add(const IdentityKey& key, std::string_view what) {
    const SourceNumber source = key.source;
    const bool named = source < reader_->interned().sources.size();
    findings_.Add(absl::StrCat("record \"", key.evidence_id, "\" of source \"",
                               named ? reader_->interned().sources.NameOf(source) : std::to_string(source), "\" ",
                               absl::string_view(what.data(), what.size())));
  }

  void VerifyRecord(const IdentityKey& key, const EvidenceIdentity& identity) {
    ++identities_;
    if (key.source >= reader_->interned().sources.size()) return Add(key, "is of a source without a name");
    if (identity.number == 0 || identity.number >= seen_.size() || seen_[identity.number]) {
      return Add(key, absl::StrCat("has number ", identity.number, ", which is taken or was never given"));
    }
    seen_[identity.number] = true;
    if (identity.place) ++placed_;
    const std::optional<EvidenceRecord> current = SeriesEntry(key, identity);
    if (identity.place && !current) return Add(key, "is not in the series where its identity says");

    std::vector<EvidenceRevision> revisions = Revisions(key, identity);
    revisions_ += revisions.size();
    if (revisions.empty() && current) revisions.push_back(current->revision);
    if (!AreWhole(key, identity, revisions)) return;
    if (current && !(current->revision == CurrentOf(identity, revisions))) {
      Add(key, "has another revision in the series than the one that counts");
    }
    if (!(Summarize(identity.number, revisions, reader_->interned()) == identity)) {
      Add(key, "has an identity that its revisions do not give");
    }
    AddToRow(key, identity);
  }

  std::optional<EvidenceRecord> SeriesEntry(const IdentityKey& key, const EvidenceIdentity& identity) {
    if (!identity.place) return std::nullopt;
    const auto& [team, indicator, event_date] = *identity.place;
    const auto bytes =
        reader_->store().Get(SeriesKey{reader_->number(), team, indicator, event_date, identity.number}.Encode());
    findings_.AddDamage("series", bytes.status());
    if (!bytes.ok() || !*bytes) return std::nullopt;
    absl::StatusOr<EvidenceRecord> record = DecodeEvidenceRecord(**bytes);
    findings_.AddDamage("series", record.status());
    if (!record.ok()) return std::nullopt;
    if (record->source != key.source || record->evidence_id != key.evidence_id) {
      Add(key, "has a series entry that belongs to another record");
    }
    return *std::move(record);
  }

  // Those in the revision table. Of a record that was never revised there are none; CheckStored tells if there are.
  std::vector<EvidenceRevision> Revisions(const IdentityKey& key, const EvidenceIdentity& identity) {
    std::vector<EvidenceRevision> revisions;
    if (identity.revision_count == 1 && identity.place) return revisions;
    VisitTable<RevisionKey>(reader_, RevisionsRange(reader_->number(), identity.number), "revisions", findings_,
                            DecodeEvidenceRecord, [&](const RevisionKey& revision_key, EvidenceRecord record) {
                              if (record.source != key.source || record.evidence_id != key.evidence_id ||
                                  record.revision.revision != revision_key.revision) {
                                Add(key, "has a revision that belongs to another record");
                              }
                              revisions.push_back(std::move(record.revision));
                            });
    return revisions;
  }

  // Revisions 1, 2, … without a gap, as many as the identity says, with names that resolve.
  bool AreWhole(const IdentityKey& key, const EvidenceIdentity& identity,
                const std::vector<EvidenceRevision>& revisions) {
    bool whole = revisions.size() == identity.revision_count;
    for (size_t i = 0; i < revisions.size(); ++i) whole = whole && revisions[i].revision == i + 1;
    if (!whole) {
      Add(key, absl::StrCat("has ", identity.revision_count, " revisions, but the ones stored are not 1 to that"));
      return false;
    }
    for (const EvidenceRevision& revision : revisions) {
      if (revision.voided() || (reader_->interned().teams.Find(revision.content.team) &&
                                reader_->interned().indicators.Find(revision.content.indicator))) {
        continue;
      }
      Add(key, "names a team or an indicator that was never applied");
      return false;
    }
    return true;
  }

  void AddToRow(const IdentityKey& key, const EvidenceIdentity& identity) {
    std::optional<DayEntry> entry = EntryOf(identity);
    if (!entry) return;
    const EvidenceIdentity::Place& place = *identity.place;
    if (const auto reviews = reviews_.find(place.team); reviews != reviews_.end()) {
      const std::string& source = reader_->interned().sources.NameOf(key.source);
      entry->reviewed = reader_->ReviewedOf(identity, source, key.evidence_id, reviews->second);
    }
    rows_[{place.team, place.indicator, RowYear(entry->event)}].Add(*entry);
  }

  void CheckCount(uint64_t stored, uint64_t counted, std::string_view what) {
    if (stored == counted) return;
    findings_.Add(absl::StrCat(stored, " ", absl::string_view(what.data(), what.size()), " are stored, and ", counted,
                               " were counted"));
  }

  // Each of the `expected` entries has been found by its key, so that any more in the table belong to nothing.
  void CheckStored(Table table, uint64_t expected, const char* what, const char* of_what) {
    uint64_t stored = 0;
    findings_.AddDamage(what, reader_->store().Scan(TableRange(reader_->number(), table),
                                                    [&](std::string_view, std::string_view) { return ++stored > 0; }));
    if (stored == expected) return;
    findings_.Add(absl::StrCat(stored, " ", what, " are stored for ", expected, " ", of_what));
  }

  void CompareRows() {
    const auto compare = [&](const DayRowKey& key, const DayRow& stored) {
      const RowId id{key.team, key.indicator, key.row_year};
      const absl::StatusOr<DayRow> in_use = reader_->Row(key.team, key.indicator, key.row_year);
      findings_.AddDamage("day rows", in_use.status());
      if (in_use.ok() && !(*in_use == stored)) AddRow(id, "is another one in memory than in the store");
      const auto rebuilt = rows_.find(id);
      if (rebuilt == rows_.end() || !(rebuilt->second == stored)) AddRow(id, "is not the one that its evidence gives");
      if (rebuilt != rows_.end()) rows_.erase(rebuilt);
    };
    VisitTable<DayRowKey>(reader_, TableRange(reader_->number(), Table::kDayRows), "day rows", findings_,
                          DayRow::Decode, compare);
    if (findings_.full()) return;
    for (const auto& [id, row] : rows_) AddRow(id, "is missing");
  }

  void AddRow(const RowId& id, std::string_view what) {
    const auto name = [](const InternTable& table, uint32_t number) {
      return number < table.size() ? table.NameOf(number) : std::to_string(number);
    };
    findings_.Add(absl::StrCat("the day row of team \"", name(reader_->interned().teams, id.team), "\", indicator \"",
                               name(reader_->interned().indicators, id.indicator), "\", year ", id.row_year, " ",
                               absl::string_view(what.data(), what.size())));
  }

  const DistrictReader& reader_;
  const ReviewsByTeam& reviews_;
  Findings& findings_;
  std::vector<bool> seen_;  // by record number
  uint64_t identities_ = 0, placed_ = 0, revisions_ = 0;
  std::map<RowId, DayRow, RowOrder> rows_;  // rebuilt
};

}  // namespace

void VerifyEvidence(const DistrictReader& reader, const ReviewsByTeam& reviews, Findings& findings) {
  EvidenceVerifier(reader, reviews, findings).Run();
}

}  // namespace leadlag
