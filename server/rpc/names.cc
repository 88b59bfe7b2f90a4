#include "server/rpc/names.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <vector>

#include "core/catalog.h"
#include "core/limits.h"
#include "core/problem.h"
#include "server/rpc/plain_text.h"

namespace leadlag {
namespace {

constexpr std::string_view kDistricts = "districts";

absl::Status Malformed(std::string_view name, std::string_view field, std::string_view form) {
  if (name.empty()) return InvalidField(field, "is required; give \"" + std::string(form) + "\"");
  return InvalidField(field, Quoted(name) + " is not of the form \"" + std::string(form) +
                                 "\" with ids of 1 to 64 of the characters a to z, 0 to 9 and \"-\"");
}

// Takes "{collection}/{id}" off the front of `rest`, and the slash behind it where there is one. None where it is not there.
std::optional<std::string> TakeId(std::string_view collection, std::string_view& rest) {
  if (rest.substr(0, collection.size()) != collection) return std::nullopt;
  rest.remove_prefix(collection.size());
  if (rest.empty() || rest.front() != '/') return std::nullopt;
  rest.remove_prefix(1);
  const std::string_view id = rest.substr(0, rest.find('/'));
  if (!IsId(id)) return std::nullopt;
  rest.remove_prefix(id.size());
  if (!rest.empty()) {
    rest.remove_prefix(1);
    if (rest.empty()) return std::nullopt;  // a slash with nothing behind it
  }
  return std::string(id);
}

struct Pair {
  std::string district;
  std::string id;
};

absl::StatusOr<Pair> ParsePair(std::string_view name, std::string_view collection, std::string_view field,
                               std::string_view form) {
  std::string_view rest = name;
  std::optional<std::string> district = TakeId(kDistricts, rest);
  std::optional<std::string> id = district ? TakeId(collection, rest) : std::nullopt;
  if (!id || !rest.empty()) return Malformed(name, field, form);
  return Pair{*std::move(district), *std::move(id)};
}

std::string Join(std::string_view district, std::string_view collection, std::string_view id) {
  std::string name = FormatDistrictName(district);
  return name.append("/").append(collection).append("/").append(id);
}

}  // namespace

absl::StatusOr<std::string> ParseDistrictName(std::string_view name, std::string_view field) {
  std::string_view rest = name;
  std::optional<std::string> district = TakeId(kDistricts, rest);
  if (!district || !rest.empty()) return Malformed(name, field, "districts/{district}");
  return *std::move(district);
}

absl::StatusOr<TeamName> ParseTeamName(std::string_view name, std::string_view field) {
  absl::StatusOr<Pair> pair = ParsePair(name, "teams", field, "districts/{district}/teams/{team}");
  if (!pair.ok()) return pair.status();
  return TeamName{std::move(pair->district), std::move(pair->id)};
}

absl::StatusOr<TeamName> ParseDistrictOrTeamName(std::string_view name, std::string_view field) {
  if (name.empty()) return Malformed(name, field, "districts/{district}");
  if (absl::StatusOr<TeamName> team = ParseTeamName(name, field); team.ok()) return team;
  absl::StatusOr<std::string> district = ParseDistrictName(name, field);
  if (district.ok()) return TeamName{*std::move(district), ""};
  return InvalidField(field, Quoted(name) + " is neither \"districts/{district}\" nor \"districts/{district}/teams/{team}\"");
}

absl::StatusOr<SourceName> ParseSourceName(std::string_view name, std::string_view field) {
  absl::StatusOr<Pair> pair = ParsePair(name, "sources", field, "districts/{district}/sources/{source}");
  if (!pair.ok()) return pair.status();
  return SourceName{std::move(pair->district), std::move(pair->id)};
}

absl::StatusOr<EvidenceName> ParseEvidenceName(std::string_view name, std::string_view field) {
  constexpr std::string_view kForm = "districts/{district}/sources/{source}/evidence/{evidence_id}";
  constexpr std::string_view kEvidence = "evidence/";
  std::string_view rest = name;
  std::optional<std::string> district = TakeId(kDistricts, rest);
  std::optional<std::string> source = district ? TakeId("sources", rest) : std::nullopt;
  if (!source || rest.substr(0, kEvidence.size()) != kEvidence) return Malformed(name, field, kForm);
  rest.remove_prefix(kEvidence.size());
  if (absl::Status status = CheckEvidenceId(rest, field); !status.ok()) return status;
  return EvidenceName{*std::move(district), *std::move(source), std::string(rest)};
}

absl::StatusOr<ReviewName> ParseReviewName(std::string_view name, std::string_view field) {
  absl::StatusOr<Pair> pair = ParsePair(name, "reviews", field, "districts/{district}/reviews/{review}");
  if (!pair.ok()) return pair.status();
  return ReviewName{std::move(pair->district), std::move(pair->id)};
}

absl::StatusOr<InquiryName> ParseInquiryName(std::string_view name, std::string_view field) {
  absl::StatusOr<Pair> pair = ParsePair(name, "inquiries", field, "districts/{district}/inquiries/{inquiry}");
  if (!pair.ok()) return pair.status();
  return InquiryName{std::move(pair->district), std::move(pair->id)};
}

absl::StatusOr<AlertName> ParseAlertName(std::string_view name, std::string_view field) {
  constexpr std::string_view kForm = "districts/{district}/alerts/{alert}";
  absl::StatusOr<Pair> pair = ParsePair(name, "alerts", field, kForm);
  if (!pair.ok()) return pair.status();
  const char* const end = pair->id.data() + pair->id.size();
  uint64_t alert = 0;
  const auto [stop, error] = std::from_chars(pair->id.data(), end, alert);
  const bool canonical = error == std::errc() && stop == end && alert != 0 && pair->id.front() != '0';
  if (!canonical) return InvalidField(field, Quoted(name) + " does not end in an alert's number; copy the name as it was given");
  return AlertName{std::move(pair->district), alert};
}

std::string FormatDistrictName(std::string_view district) { return std::string("districts/").append(district); }
std::string FormatTeamName(std::string_view district, std::string_view team) { return Join(district, "teams", team); }
std::string FormatSourceName(std::string_view district, std::string_view source) {
  return Join(district, "sources", source);
}
std::string FormatEvidenceName(std::string_view district, std::string_view source, std::string_view evidence_id) {
  return FormatSourceName(district, source).append("/evidence/").append(evidence_id);
}
std::string FormatReviewName(std::string_view district, std::string_view review) {
  return Join(district, "reviews", review);
}
std::string FormatInquiryName(std::string_view district, std::string_view inquiry) {
  return Join(district, "inquiries", inquiry);
}
std::string FormatAlertName(std::string_view district, uint64_t alert) {
  return Join(district, "alerts", std::to_string(alert));
}

absl::Status CheckEvidenceId(std::string_view evidence_id, std::string_view field) {
  if (evidence_id.empty()) return InvalidField(field, "is required; give the source's own id of the record");
  if (evidence_id.size() > kEvidenceIdBytesMax) {
    return InvalidField(field, Quoted(evidence_id) + " has " + std::to_string(evidence_id.size()) +
                                   " bytes; give an id of at most " + std::to_string(kEvidenceIdBytesMax));
  }
  return CheckPlainText(evidence_id, field);
}

absl::Status CheckReference(const std::string& id, bool required, std::string_view field) {
  if (id.empty() && !required) return absl::OkStatus();
  if (id.empty()) return InvalidField(field, "is required");
  if (IsId(id)) return absl::OkStatus();
  return InvalidField(field, Quoted(id) + " is not an id; give 1 to 64 of the characters a to z, 0 to 9 and \"-\"");
}

}  // namespace leadlag
