// Reads what the records of one series say from the store, for the rules that chart them. Internal to server/engine.
#pragma once

#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "core/day_row.h"
#include "core/district_catalog.h"
#include "core/run_points.h"
#include "server/engine/day_rows.h"
#include "server/engine/stored_evidence.h"

namespace leadlag {

// The current values of the series' records dated in the row's year, without those that the catalog hides. `visit` is told of each that
// could be charted, and whether it is hidden. `Reader` and errors as StoredEvidence's.
template <typename Reader>
absl::StatusOr<SeriesValues> ReadSeriesValues(
    const Reader& reader, uint32_t district, const Interned& interned, const DistrictCatalog& catalog, const RowId& id,
    absl::FunctionRef<void(Date, const EvidenceValue&, bool)> visit = [](Date, const EvidenceValue&, bool) {}) {
  const StoredEvidence<Reader> stored(reader, district, interned);
  const SeriesId series{id.team, id.indicator};
  const DateRange dates = RowYearDates(id.row_year);
  std::vector<EvidencePlace> places;
  const absl::Status listed = stored.Places(series, {dates.from, 0}, dates.to, [&places](EvidencePlace place) {
    places.push_back(place);
    return true;
  });
  if (!listed.ok()) return listed;
  SeriesValues values;
  for (const EvidencePlace& place : places) {
    const absl::StatusOr<FoundEvidence> found = stored.At(place.record);
    if (!found.ok()) return found.status();
    if (found->identity.voided || !found->StandsAt(series, place)) continue;
    const absl::StatusOr<EvidenceRevision> current = stored.Current(*found);
    if (!current.ok()) return current.status();
    const std::optional<SeriesValue> value = ChartedValue(place.date, current->content.value);
    if (!value) continue;
    const bool hidden = catalog.IsHidden(id.indicator, current->content.value);
    visit(place.date, current->content.value, hidden);
    if (!hidden) values.Add(*value);
  }
  return values;
}

}  // namespace leadlag
