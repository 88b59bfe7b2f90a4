// Catalogs between the public messages and core. Pure functions; thread safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "core/catalog.h"
#include "core/zone.h"
#include "leadlag/v1/catalog.pb.h"

namespace leadlag {

// The document with every default filled in. INVALID_ARGUMENT with every problem that can be told without more than the document, at
// most kMaxProblems, by field path from the document's root: what could not be read first, then what Validate says of the other
// entries (an entry that could not be read as a whole is not judged further).
absl::StatusOr<Catalog> CatalogFromProto(const v1::Catalog& proto);
// The document as applied. `from` of an expectation stays absent where it was: applying an export changes nothing.
v1::Catalog ToProto(const Catalog& catalog);

// Expectations and alert rules without a catalog, every default filled in. INVALID_ARGUMENT for what cannot be read, by field from
// "expectations" and "alert_rules"; what they refer to, and whether Validate takes them, a catalog tells that has them.
struct CatalogSubjects {
  std::vector<Expectation> expectations;
  std::vector<AlertRule> alert_rules;
};
absl::StatusOr<CatalogSubjects> SubjectsFromProto(const google::protobuf::RepeatedPtrField<v1::Expectation>& expectations,
                                                  const google::protobuf::RepeatedPtrField<v1::AlertRule>& alert_rules);

v1::Team ToProto(const Team& team);
v1::CatalogChange ToProto(const CatalogChange& change);

v1::SignalKind ToProto(const SignalKind& kind);
// None where `proto` is not set or says nothing. INVALID_ARGUMENT for `field` and what is in it otherwise.
absl::StatusOr<std::optional<SignalKind>> SignalKindFromProto(const v1::SignalKind& proto, std::string_view field);

}  // namespace leadlag
