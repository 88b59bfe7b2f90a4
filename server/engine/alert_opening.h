// How an alert came to open: by which due date and catalog, and what kept it from opening sooner. Internal to server/engine.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/source_silence.h"
#include "core/watch.h"
#include "server/engine/queries.h"

namespace leadlag {

struct AlertOpening {
  bool kept = false;  // the flip that opened it is; else nothing of the rest is known
  std::optional<Date> due;       // in force then
  Instant recorded;
  uint32_t catalog_version = 0;  // in force then
  // Between the morning after the due date and the opening, as far as the watch's flips are kept.
  std::vector<SourceSilence> unknown{};  // while nobody could tell, ascending
  struct Earlier {
    uint64_t alert = 0;
    Instant opened, closed;
  };
  std::vector<Earlier> earlier{};  // alerts of the same watch that were open meanwhile, ascending
  std::optional<Instant> watched_since{};  // where the watch began after that morning
  bool due_later = false;  // there was a morning of which the due date that was in force was no longer ago, or there was none
  std::optional<Instant> kept_from{};  // where flips before this instant are no longer kept, or were not looked at
};

// `flips`: the alert's, in order. `world`: its watch's, by the catalog in force. DATA_LOSS for damaged bytes.
absl::StatusOr<AlertOpening> ReadAlertOpening(const DistrictReader& reader, const AlertRecord& alert,
                                              const std::vector<TimelineFlip>& flips, const WatchWorld& world);

// What kept it from opening sooner, and the service from telling it sooner, in sentences; or nothing.
std::string DelayWords(const AlertRecord& alert, const AlertOpening& opening, const ZoneRules& zone);

// The catalog by which it opened. REQUIRES: it is kept, and not the one in force. DATA_LOSS for damaged bytes.
absl::StatusOr<Catalog> ReadOpeningCatalog(const DistrictReader& reader, const AlertOpening& opening);

}  // namespace leadlag
