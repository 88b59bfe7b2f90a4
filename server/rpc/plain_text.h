// Text that came from outside: is it text, and does it name a person?
//
// Only team-level aggregates are kept. An e-mail address or a social security number in a text is recognised by its form and refused;
// a name is not recognised: the contract asks for none. Pure functions; thread safe.
#pragma once

#include <string_view>

#include "absl/status/status.h"

namespace leadlag {

// True where `text` holds an e-mail address, or digits in the form NNN-NN-NNNN that are not part of a longer number.
bool NamesPerson(std::string_view text);

// INVALID_ARGUMENT for `field` where `text` is not UTF-8, holds a control character, or names a person.
absl::Status CheckPlainText(std::string_view text, std::string_view field);
// The same, but line breaks and tabs are allowed, and at most `max_bytes` bytes.
absl::Status CheckRemark(std::string_view text, size_t max_bytes, std::string_view field);

}  // namespace leadlag
