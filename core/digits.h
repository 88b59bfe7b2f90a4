// Numbers in decimal: fields of fixed width, for the strict readers and writers of dates, instants and times of day; and what is measured.
#pragma once

#include <charconv>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace leadlag {

// The number which the `width` characters of `text` from `at` on spell, all of them digits; none otherwise.
inline std::optional<int> DigitsAt(std::string_view text, size_t at, size_t width) {
  if (at > text.size() || width > text.size() - at) return std::nullopt;
  int number = 0;
  for (const char c : text.substr(at, width)) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + (c - '0');
  }
  return number;
}

// Appends `number` with leading zeros to at least `width` digits. REQUIRES: number >= 0.
inline void AppendDigits(std::string& text, int number, size_t width) {
  const std::string digits = std::to_string(number);
  if (digits.size() < width) text.append(width - digits.size(), '0');
  text += digits;
}

// The shortest text that reads back as the same number, in no locale: "82.94", "93".
inline std::string FormatDecimal(double value) {
  char buffer[32];
  const auto result = std::to_chars(buffer, buffer + sizeof(buffer), value);
  return std::string(buffer, result.ptr);
}

}  // namespace leadlag
