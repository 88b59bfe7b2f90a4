#include "client/cli/enum_name.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_replace.h"
#include "leadlag/v1/catalog.pb.h"

namespace leadlag::cli {
namespace {

using google::protobuf::EnumDescriptor;
using google::protobuf::EnumValueDescriptor;

// "CATEGORY_", from the name of value 0.
std::string PrefixOf(const EnumDescriptor& type) {
  constexpr std::string_view kUnspecified = "UNSPECIFIED";
  std::string prefix = type.value(0)->name();
  if (prefix.ends_with(kUnspecified)) prefix.resize(prefix.size() - kUnspecified.size());
  return prefix;
}

}  // namespace

std::string ShortName(const EnumValueDescriptor& value) {
  const std::string name = value.name().substr(PrefixOf(*value.type()).size());
  return value.type() == v1::Weekday_descriptor() ? name.substr(0, 3) : name;
}

std::string ShortNames(const EnumDescriptor& type) {
  std::string names;
  for (int i = 1; i < type.value_count(); ++i) names += (i > 1 ? ", " : "") + ShortName(*type.value(i));
  return names;
}

const EnumValueDescriptor* FindEnumValue(const EnumDescriptor& type, std::string_view text) {
  std::string name = absl::AsciiStrToUpper(absl::string_view(text.data(), text.size()));
  name = absl::StrReplaceAll(name, {{"-", "_"}});
  for (int i = 1; i < type.value_count(); ++i) {
    const EnumValueDescriptor* value = type.value(i);
    if (name == value->name() || name == value->name().substr(PrefixOf(type).size()) || name == ShortName(*value))
      return value;
  }
  return nullptr;
}

}  // namespace leadlag::cli
