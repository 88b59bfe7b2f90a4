// Resource names: read and written in one place.
//
//   districts/{district}
//   districts/{district}/teams/{team}
//   districts/{district}/sources/{source}
//   districts/{district}/sources/{source}/evidence/{evidence_id}    the id is all that follows "evidence/", slashes included
//   districts/{district}/reviews/{review}
//   districts/{district}/inquiries/{inquiry}
//   districts/{district}/alerts/{alert}                             decimal, the sequence of the flip that opened it
//
// Parse: INVALID_ARGUMENT for `field` where `name` is not of its form, or an id in it is not [a-z0-9-]{1,64}. Whether the resource
// exists is another question. Pure functions; thread safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace leadlag {

struct TeamName {
  std::string district;
  std::string team;
};
struct SourceName {
  std::string district;
  std::string source;
};
struct EvidenceName {
  std::string district;
  std::string source;
  std::string evidence_id;
};
struct ReviewName {
  std::string district;
  std::string review;
};
struct InquiryName {
  std::string district;
  std::string inquiry;
};
struct AlertName {
  std::string district;
  uint64_t alert = 0;  // never 0
};

absl::StatusOr<std::string> ParseDistrictName(std::string_view name, std::string_view field);  // the district's id
absl::StatusOr<TeamName> ParseTeamName(std::string_view name, std::string_view field);
// A district's name, with an empty team, or a team's.
absl::StatusOr<TeamName> ParseDistrictOrTeamName(std::string_view name, std::string_view field);
absl::StatusOr<SourceName> ParseSourceName(std::string_view name, std::string_view field);
absl::StatusOr<EvidenceName> ParseEvidenceName(std::string_view name, std::string_view field);
absl::StatusOr<ReviewName> ParseReviewName(std::string_view name, std::string_view field);
absl::StatusOr<InquiryName> ParseInquiryName(std::string_view name, std::string_view field);
absl::StatusOr<AlertName> ParseAlertName(std::string_view name, std::string_view field);

std::string FormatDistrictName(std::string_view district);
std::string FormatTeamName(std::string_view district, std::string_view team);
std::string FormatSourceName(std::string_view district, std::string_view source);
std::string FormatEvidenceName(std::string_view district, std::string_view source, std::string_view evidence_id);
std::string FormatReviewName(std::string_view district, std::string_view review);
std::string FormatInquiryName(std::string_view district, std::string_view inquiry);
std::string FormatAlertName(std::string_view district, uint64_t alert);

// OK for an id, or, where it is not required, for none; otherwise a reason to give, with the field.
absl::Status CheckReference(const std::string& id, bool required, std::string_view field);
// OK for 1 to 128 bytes of printable UTF-8 without a person's identifier; otherwise a reason to give, with the field.
absl::Status CheckEvidenceId(std::string_view evidence_id, std::string_view field);

}  // namespace leadlag
