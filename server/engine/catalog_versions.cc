#include "server/engine/catalog_versions.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "storage/keys.h"

namespace leadlag {
namespace {

absl::StatusOr<std::string> CatalogBytes(const StoreView& store, uint32_t district, uint32_t version) {
  absl::StatusOr<std::optional<std::string>> bytes = store.Get(CatalogVersionKey{district, version}.Encode());
  if (!bytes.ok()) return bytes.status();
  if (!*bytes) return absl::DataLossError(absl::StrCat("catalog version ", version, " is missing; restore from a backup"));
  return **std::move(bytes);
}

}  // namespace

absl::StatusOr<uint32_t> CatalogVersionAt(const StoreView& store, uint32_t district, uint32_t last, Instant last_applied, Instant at) {
  if (last_applied <= at) return last;
  uint32_t first = 0, end = last;  // the last one that was applied by then is in [first, end), or there is none
  while (end - first > 1) {
    const uint32_t middle = first + (end - first) / 2;
    const absl::StatusOr<std::string> bytes = CatalogBytes(store, district, middle);
    if (!bytes.ok()) return bytes.status();
    const absl::StatusOr<Instant> applied = GlanceAtCatalogApplied(*bytes);
    if (!applied.ok()) return applied.status();
    (*applied <= at ? first : end) = middle;
  }
  return first;
}

absl::StatusOr<CatalogRecord> ReadCatalogVersion(const StoreView& store, uint32_t district, uint32_t version) {
  const absl::StatusOr<std::string> bytes = CatalogBytes(store, district, version);
  if (!bytes.ok()) return bytes.status();
  return DecodeCatalogRecord(*bytes);
}

}  // namespace leadlag
