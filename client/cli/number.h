// Numbers as people type them, the whole text or nothing, and read them; in no locale. Pure; thread safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace leadlag::cli {

// "-12", "+3"; none for anything else or out of range.
std::optional<int64_t> ParseInteger(std::string_view text);
// Whether it is a whole number, in range or not.
bool IsWholeNumber(std::string_view text);
// The same from 0 to 2^64 - 1.
std::optional<uint64_t> ParseUnsigned(std::string_view text);
// "82.94", "1e3"; none for anything else, or what is not finite.
std::optional<double> ParseDecimal(std::string_view text);

// "1 change", "2 changes".
std::string Counted(int64_t count, std::string_view noun);

}  // namespace leadlag::cli
