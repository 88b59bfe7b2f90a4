// Evidence against itself: what the identities, series, revisions and reviews say of each other, and the day rows they
// give.
#include <algorithm>
#include <iterator>
#include <utility>

#include "core/review.h"
#include "server/engine/evidence_state.h"
#include "server/engine/verify_parts.h"

namespace leadlag {
namespace {

// A month of a day row, as the store has it.
struct RowPart {
  RowId id;
  uint16_t month = 0;
  friend auto operator<=>(const RowPart&, const RowPart&) = default;
};

class EvidenceVerifier {
 public:
  EvidenceVerifier(const DistrictReader& reader, const ReviewsByTeam& reviews, Findings& findings)
      : reader_(reader),
        evidence_(reader->store().evidence()),
        reviews_(reviews),
        findings_(findings) {}

  void Run() {
    const auto visit = [&](uint64_t number, std::string_view bytes) {
      ++records_;
      absl::StatusOr<EvidenceRecord> first = DecodeEvidenceRecord(bytes);
      findings_.AddDamage("records", first.status());
      if (first.ok()) VerifyRecord(number, *std::move(first));
      return !findings_.full();
    };
    findings_.AddDamage("records", evidence_.Records(reader_->number(), visit));
    if (findings_.full()) return;
    CheckCount(records_, reader_->evidence_count(), "records");
    CheckCount(revisions_, reader_->revision_count(), "revisions of revised records");
    CheckStored(Table::kRevisions, revisions_, "revision entries", "revisions of revised records");
    CheckStored(Table::kRevised, revised_, "entries of revised records", "records with several revisions");
    CompareIdentities();
    ComparePlaces();
    CompareRows();
  }

 private:
  std::string NameOf(const EvidenceRecord& record) const {
    const SourceNumber source = record.source;
    const bool named = source < reader_->interned().sources.size();
    return absl::StrCat("record \"", record.evidence_id, "\" of source \"",
                        named ? reader_->interned().sources.NameOf(source) : std::to_string(source), "\"");
  }
  void Add(const EvidenceRecord& record, std::string_view what) {
    findings_.Add(absl::StrCat(NameOf(record), " ", absl::string_view(what.data(), what.size())));
  }

  void VerifyRecord(uint64_t number, EvidenceRecord first) {
    if (first.source >= reader_->interned().sources.size()) return Add(first, "is of a source without a name");
    if (first.revision.revision != 1) return Add(first, "begins with another revision than the first");
    identities_.push_back({FingerprintOf(first.source, first.evidence_id), number});
    std::vector<uint64_t> found;
    findings_.AddDamage("identities", evidence_.AddRecordsWith(reader_->number(), identities_.back().fingerprint, found));
    if (std::find(found.begin(), found.end(), number) == found.end()) Add(first, "cannot be found by its id");

    std::vector<EvidenceRevision> revisions = Revisions(number, first);
    revisions_ += revisions.size();
    const std::optional<EvidenceIdentity> stored = StoredIdentity(number);
    if (stored) ++revised_;
    if (revisions.empty()) {
      revisions.push_back(first.revision);
    } else if (!(revisions.front() == first.revision)) {
      Add(first, "has another first revision under its number than among its revisions");
    }
    if (stored.has_value() != (revisions.size() > 1)) return Add(first, "has revisions that its identity does not tell of");
    if (!AreWhole(first, revisions)) return;
    const EvidenceIdentity identity = Summarize(number, revisions, reader_->interned());
    if (stored && !(*stored == identity)) Add(first, "has an identity that its revisions do not give");
    AddPlaces(number, revisions);
    AddToRow(first, identity);
  }

  // What is stored of it beyond its first revision: nothing of a record that was never revised.
  std::optional<EvidenceIdentity> StoredIdentity(uint64_t number) {
    const auto bytes = reader_->store().Get(RevisedKey{reader_->number(), number}.Encode());
    findings_.AddDamage("identities", bytes.status());
    if (!bytes.ok() || !*bytes) return std::nullopt;
    absl::StatusOr<EvidenceIdentity> identity = DecodeEvidenceIdentity(**bytes);
    findings_.AddDamage("identities", identity.status());
    if (!identity.ok()) return std::nullopt;
    return *std::move(identity);
  }

  std::vector<EvidenceRevision> Revisions(uint64_t number, const EvidenceRecord& first) {
    std::vector<EvidenceRevision> revisions;
    VisitTable<RevisionKey>(reader_, RevisionsRange(reader_->number(), number), "revisions", findings_, DecodeEvidenceRecord,
                            [&](const RevisionKey& revision_key, EvidenceRecord record) {
                              if (record.source != first.source || record.evidence_id != first.evidence_id ||
                                  record.revision.revision != revision_key.revision) {
                                Add(first, "has a revision that belongs to another record");
                              }
                              revisions.push_back(std::move(record.revision));
                            });
    return revisions;
  }

  // It is in the series wherever it has stood, once each time it came there in different checkpoints; from there no reader can miss
  // where it stands.
  void AddPlaces(uint64_t number, const std::vector<EvidenceRevision>& revisions) {
    std::optional<EvidenceIdentity::Place> before;
    std::vector<EvidenceRevision> so_far;
    for (const EvidenceRevision& revision : revisions) {
      so_far.push_back(revision);
      const std::optional<EvidenceIdentity::Place> place = Summarize(number, so_far, reader_->interned()).place;
      if (place && place != before) places_.push_back({{place->team, place->indicator}, {place->event_date, number}});
      before = place;
    }
  }

  void CompareIdentities() {
    std::vector<EvidenceIdentityEntry> stored;
    findings_.AddDamage("identities", evidence_.ForEachIdentity(reader_->number(), [&](const EvidenceIdentityEntry& entry) {
      stored.push_back(entry);
    }));
    std::sort(stored.begin(), stored.end());
    // What a checkpoint has just written may still be in memory as well.
    stored.erase(std::unique(stored.begin(), stored.end()), stored.end());
    std::sort(identities_.begin(), identities_.end());
    Compare(identities_, stored, "identities", [](const EvidenceIdentityEntry& entry) { return entry.record; });
    // No two records have one id.
    const auto alike = [](const EvidenceIdentityEntry& a, const EvidenceIdentityEntry& b) { return a.fingerprint == b.fingerprint; };
    for (auto it = identities_.begin(); (it = std::adjacent_find(it, identities_.end(), alike)) != identities_.end(); ++it) {
      if (NameOf(it->record) == NameOf(std::next(it)->record)) {
        findings_.Add(absl::StrCat(NameOf(it->record), " is there twice, as ", it->record, " and ", std::next(it)->record));
      }
    }
  }

  void ComparePlaces() {
    std::vector<PlacedEvidence> stored;
    findings_.AddDamage("series", evidence_.ForEachPlace(reader_->number(), [&](SeriesId series, EvidencePlace place) {
      stored.push_back({series, place});
    }));
    // A place that a record came back to is there as often as checkpoints have seen it.
    const auto make_set = [](std::vector<PlacedEvidence>& places) {
      std::sort(places.begin(), places.end());
      places.erase(std::unique(places.begin(), places.end()), places.end());
    };
    make_set(stored);
    make_set(places_);
    Compare(places_, stored, "series entries", [](const PlacedEvidence& placed) { return placed.place.record; });
  }

  // Both ascending. `record_of`: the number of an entry's record.
  template <typename Entry, typename RecordOf>
  void Compare(const std::vector<Entry>& expected, const std::vector<Entry>& stored, const char* what, RecordOf record_of) {
    std::vector<Entry> missing, strange;
    std::set_difference(expected.begin(), expected.end(), stored.begin(), stored.end(), std::back_inserter(missing));
    std::set_difference(stored.begin(), stored.end(), expected.begin(), expected.end(), std::back_inserter(strange));
    for (size_t i = 0; i < missing.size() && !findings_.full(); ++i) {
      findings_.Add(absl::StrCat(NameOf(record_of(missing[i])), " is not in the ", what, " where it says"));
    }
    if (!strange.empty()) findings_.Add(absl::StrCat(strange.size(), " ", what, " are stored that no record gives"));
  }

  std::string NameOf(uint64_t number) {
    const absl::StatusOr<std::optional<std::string>> bytes = evidence_.Record(reader_->number(), number);
    if (!bytes.ok() || !*bytes) return absl::StrCat("record ", number);
    const absl::StatusOr<EvidenceRecord> record = DecodeEvidenceRecord(**bytes);
    return record.ok() ? NameOf(*record) : absl::StrCat("record ", number);
  }

  // Revisions 1, 2, … without a gap, with names that resolve.
  bool AreWhole(const EvidenceRecord& first, const std::vector<EvidenceRevision>& revisions) {
    for (size_t i = 0; i < revisions.size(); ++i) {
      if (revisions[i].revision == i + 1) continue;
      Add(first, absl::StrCat("has ", revisions.size(), " revisions, but they are not 1 to that"));
      return false;
    }
    for (const EvidenceRevision& revision : revisions) {
      if (revision.voided() || (reader_->interned().teams.Find(revision.content.team) &&
                                reader_->interned().indicators.Find(revision.content.indicator))) {
        continue;
      }
      Add(first, "names a team or an indicator that was never applied");
      return false;
    }
    return true;
  }

  void AddToRow(const EvidenceRecord& first, const EvidenceIdentity& identity) {
    std::optional<DayEntry> entry = EntryOf(identity);
    if (!entry) return;
    const EvidenceIdentity::Place& place = *identity.place;
    if (const auto reviews = reviews_.find(place.team); reviews != reviews_.end()) {
      const std::string& source = reader_->interned().sources.NameOf(first.source);
      entry->reviewed = reader_->ReviewedOf(identity, source, first.evidence_id, reviews->second);
    }
    rows_[{{place.team, place.indicator, RowYear(entry->event)}, MonthOf(entry->event)}].Add(*entry);
  }

  void CheckCount(uint64_t stored, uint64_t counted, std::string_view what) {
    if (stored == counted) return;
    findings_.Add(absl::StrCat(stored, " ", absl::string_view(what.data(), what.size()), " are stored, and ", counted,
                               " were counted"));
  }

  // Each of the `expected` entries has been found by its key, so that any more in the table belong to nothing.
  void CheckStored(Table table, uint64_t expected, const char* what, const char* of_what) {
    uint64_t stored = 0;
    findings_.AddDamage(what, reader_->store().ScanOnce(TableRange(reader_->number(), table),
                                                        [&](std::string_view, std::string_view) { return ++stored > 0; }));
    if (stored == expected) return;
    findings_.Add(absl::StrCat(stored, " ", what, " are stored for ", expected, " ", of_what));
  }

  void CompareRows() {
    const auto compare = [&](const DayRowKey& key, const DayRow& stored) {
      const Date first = FirstOfMonth(key.month);
      const RowId id{key.team, key.indicator, RowYear(first)};
      const absl::StatusOr<DayRow> in_use = reader_->Row(id.team, id.indicator, id.row_year);
      findings_.AddDamage("day rows", in_use.status());
      const DateRange month{first, first.StartOfNextMonth()};
      if (in_use.ok() && !(in_use->Part(month) == stored)) AddRow(id, "is another one in memory than in the store");
      const auto rebuilt = rows_.find({id, key.month});
      if (rebuilt == rows_.end() || !(rebuilt->second == stored)) AddRow(id, "is not the one that its evidence gives");
      if (rebuilt != rows_.end()) rows_.erase(rebuilt);
    };
    VisitTable<DayRowKey>(reader_, TableRange(reader_->number(), Table::kDayRows), "day rows", findings_,
                          DayRow::Decode, compare);
    if (findings_.full()) return;
    for (const auto& [month, row] : rows_) AddRow(month.id, "is missing");
    for (TeamNumber team = 0; team < reader_->interned().teams.size(); ++team) {
      for (const DayRows::Slot& slot : reader_->rows().OfTeam(team)) {
        for (int month = 0; slot.in_memory && month < kRowMonths; ++month) {
          const bool stored = (slot.stored >> month & 1) != 0;
          if (slot.row.LastEventIn(RowMonthDates(slot.row_year, month)).has_value() == stored) continue;
          AddRow({team, slot.indicator, slot.row_year}, "has dates in memory of a month that is not in the store, or the reverse");
        }
      }
    }
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
  const EvidenceReader evidence_;
  const ReviewsByTeam& reviews_;
  Findings& findings_;
  uint64_t records_ = 0, revisions_ = 0, revised_ = 0;
  std::vector<EvidenceIdentityEntry> identities_;  // that the records give
  std::vector<PlacedEvidence> places_;                     // where they have stood
  std::map<RowPart, DayRow> rows_;                 // rebuilt
};

}  // namespace

void VerifyEvidence(const DistrictReader& reader, const ReviewsByTeam& reviews, Findings& findings) {
  EvidenceVerifier(reader, reviews, findings).Run();
}

}  // namespace leadlag
