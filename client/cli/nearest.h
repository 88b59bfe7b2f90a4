// The known word that a mistyped one is closest to. Pure; thread safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace leadlag::cli {

// The candidate with the smallest edit distance (insert, delete, replace; case ignored), the first of several; ""
// without candidates.
std::string Nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace leadlag::cli
