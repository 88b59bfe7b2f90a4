// Names of enum values as people write them: without the prefix that .proto files need. Pure; thread safe.
#pragma once

#include <string>
#include <string_view>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/generated_enum_reflection.h"

namespace leadlag::cli {

// The value by its name with or without prefix ("CATEGORY_WALKTHROUGH", "WALKTHROUGH"); weekdays also MON … SUN; case
// and "-" for "_" ignored. Null where there is none; the unspecified value is none.
const google::protobuf::EnumValueDescriptor* FindEnumValue(const google::protobuf::EnumDescriptor& type,
                                                           std::string_view text);

// The value's name without prefix: "WALKTHROUGH"; weekdays "MON".
std::string ShortName(const google::protobuf::EnumValueDescriptor& value);

// "LEADING, LAGGING, BALANCING".
std::string ShortNames(const google::protobuf::EnumDescriptor& type);

// The same of a value; "" for the unspecified one, the number for one this program does not know.
template <typename Enum>
std::string EnumText(Enum value) {
  if (static_cast<int>(value) == 0) return "";
  const auto* descriptor = google::protobuf::GetEnumDescriptor<Enum>()->FindValueByNumber(static_cast<int>(value));
  return descriptor == nullptr ? std::to_string(static_cast<int>(value)) : ShortName(*descriptor);
}

}  // namespace leadlag::cli
