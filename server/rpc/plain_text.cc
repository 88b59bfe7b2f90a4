#include "server/rpc/plain_text.h"

#include <algorithm>
#include <cstdint>
#include <string>

#include "core/problem.h"

namespace leadlag {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
// Bytes of UTF-8 beyond ASCII count: addresses may be international.
bool IsWordByte(char c) { return IsLetter(c) || static_cast<uint8_t>(c) >= 0x80; }
bool IsAddressByte(char c) { return IsDigit(c) || IsWordByte(c); }

// "x@y.z": something before the @, and after it a dot between a label and a letter. So "walk@2025.09" is none.
bool HoldsEmail(std::string_view text) {
  for (size_t at = text.find('@'); at != std::string_view::npos; at = text.find('@', at + 1)) {
    if (at == 0 || !IsAddressByte(text[at - 1])) continue;
    size_t label = 0;  // bytes since the @ or the last dot
    for (size_t i = at + 1; i < text.size(); ++i) {
      if (text[i] == '.' && label > 0 && i + 1 < text.size() && IsWordByte(text[i + 1])) return true;
      if (text[i] != '.' && text[i] != '-' && !IsAddressByte(text[i])) break;
      label = text[i] == '.' ? 0 : label + 1;
    }
  }
  return false;
}

bool HoldsSocialSecurityNumber(std::string_view text) {
  constexpr std::string_view kForm = "999-99-9999";
  for (size_t i = 0; i + kForm.size() <= text.size(); ++i) {
    const bool fits = std::equal(kForm.begin(), kForm.end(), text.begin() + i,
                                 [](char form, char c) { return form == '9' ? IsDigit(c) : c == form; });
    const size_t end = i + kForm.size();
    if (fits && (i == 0 || !IsDigit(text[i - 1])) && (end == text.size() || !IsDigit(text[end]))) return true;
  }
  return false;
}

bool IsControl(char c) { return static_cast<uint8_t>(c) < 0x20 || c == 0x7F; }
bool IsLayout(char c) { return c == '\n' || c == '\r' || c == '\t'; }

// U+0080 to U+009F: control characters too, 0xC2 0x80 to 0xC2 0x9F in UTF-8.
bool HoldsHighControl(std::string_view text) {
  for (size_t i = 0; i + 1 < text.size(); ++i) {
    if (text[i] == '\xC2' && static_cast<uint8_t>(text[i + 1]) < 0xA0) return true;
  }
  return false;
}

absl::Status Check(std::string_view text, bool layout, std::string_view field) {
  if (!IsUtf8(text)) return InvalidField(field, Quoted(text) + " is not valid UTF-8; send text as UTF-8");
  const bool controls =
      HoldsHighControl(text) ||
      std::any_of(text.begin(), text.end(), [layout](char c) { return IsControl(c) && !(layout && IsLayout(c)); });
  if (controls) return InvalidField(field, Quoted(text) + " holds a control character; send printable text");
  if (NamesPerson(text)) {
    // Not quoted: the text is what must not be kept.
    return InvalidField(field, "holds what looks like an e-mail address or a social security number; this service keeps team-level "
                               "aggregates only, leave persons out");
  }
  return absl::OkStatus();
}

}  // namespace

bool NamesPerson(std::string_view text) { return HoldsEmail(text) || HoldsSocialSecurityNumber(text); }

absl::Status CheckPlainText(std::string_view text, std::string_view field) { return Check(text, false, field); }

absl::Status CheckRemark(std::string_view text, size_t max_bytes, std::string_view field) {
  if (text.size() > max_bytes) {
    return InvalidField(field, "has " + std::to_string(text.size()) + " bytes; shorten it to at most " +
                                   std::to_string(max_bytes));
  }
  return Check(text, true, field);
}

}  // namespace leadlag
