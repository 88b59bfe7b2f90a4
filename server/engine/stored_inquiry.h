// Inquiries as a store or a batch has them: by id, and with what they were before. Pure; thread safe as the reader is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "core/codec.h"
#include "core/inquiry.h"
#include "storage/keys.h"
#include "storage/records.h"

namespace leadlag {

inline absl::StatusOr<TeamNumber> DecodeInquiryTeam(std::string_view bytes) {
  ByteReader in(bytes);
  const auto team = static_cast<TeamNumber>(in.GetVarint(UINT32_MAX));
  if (absl::Status status = in.Finish("an inquiry id"); !status.ok()) return status;
  return team;
}

// One that must be there: DATA_LOSS where it is not.
template <typename Reader, typename Key>
absl::StatusOr<Inquiry> ReadInquiry(const Reader& reader, const Key& key) {
  const absl::StatusOr<std::optional<std::string>> bytes = reader.Get(key.Encode());
  if (!bytes.ok()) return bytes.status();
  if (!*bytes) return absl::DataLossError(absl::StrCat("inquiry \"", key.inquiry_id, "\" is not stored whole; restore from a backup"));
  return DecodeInquiry(**bytes);
}

// Those of the team as they stand, by id. DATA_LOSS for damaged bytes.
template <typename Reader>
absl::StatusOr<std::vector<Inquiry>> ReadTeamInquiries(const Reader& reader, uint32_t district, TeamNumber team) {
  std::vector<Inquiry> inquiries;
  absl::Status damage;
  const absl::Status scanned = reader.Scan(InquiriesRange(district, team), [&](std::string_view, std::string_view value) {
    absl::StatusOr<Inquiry> inquiry = DecodeInquiry(value);
    if (inquiry.ok()) inquiries.push_back(*std::move(inquiry));
    damage = inquiry.status();
    return damage.ok();
  });
  if (!scanned.ok()) return scanned;
  if (!damage.ok()) return damage;
  return inquiries;
}

// The team whose inquiry of this id it is; none where there is no such inquiry.
template <typename Reader>
absl::StatusOr<std::optional<TeamNumber>> TeamOfInquiry(const Reader& reader, uint32_t district, const std::string& id) {
  const absl::StatusOr<std::optional<std::string>> bytes = reader.Get(InquiryIdKey{district, id}.Encode());
  if (!bytes.ok()) return bytes.status();
  if (!*bytes) return std::nullopt;
  const absl::StatusOr<TeamNumber> team = DecodeInquiryTeam(**bytes);
  if (!team.ok()) return team.status();
  return *team;
}

// The inquiry of this id as it stands; none where there is none.
template <typename Reader>
absl::StatusOr<std::optional<Inquiry>> FindInquiry(const Reader& reader, uint32_t district, const std::string& id) {
  const absl::StatusOr<std::optional<TeamNumber>> team = TeamOfInquiry(reader, district, id);
  if (!team.ok()) return team.status();
  if (!*team) return std::nullopt;
  absl::StatusOr<Inquiry> inquiry = ReadInquiry(reader, InquiryKey{district, **team, id});
  if (!inquiry.ok()) return inquiry.status();
  return *std::move(inquiry);
}

}  // namespace leadlag
