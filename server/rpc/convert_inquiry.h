// Inquiries between the public messages and core. Pure functions; thread safe.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "core/catalog.h"
#include "core/inquiry.h"
#include "leadlag/v1/inquiry.pb.h"
#include "leadlag/v1/inquiry_service.pb.h"

namespace leadlag {

// All that can be told of one inquiry without the catalog: INVALID_ARGUMENT with every problem, fields under `field`. `district` is the one
// that the inquiry's name holds. What the service sets is not read.
struct NamedInquiry {
  std::string district;
  Inquiry inquiry;
};
absl::StatusOr<NamedInquiry> InquiryFromProto(const v1::Inquiry& proto, std::string_view field);
// `catalog`: tells the roles of its indicators; its district's.
v1::Inquiry ToProto(const Catalog& catalog, const Inquiry& inquiry);
v1::ListedTheme ToProto(const ListedTheme& theme);

}  // namespace leadlag
