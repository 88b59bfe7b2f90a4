// Where the real data lies that some tests read: in $LEADLAG_SHARED_DATA, or in ../shared/data beside the source tree. It is not part
// of the repository; a test that wants it skips, saying so, where it is absent.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

namespace leadlag {

// Where it would be.
inline std::string SharedDataPlace() {
  const char* const given = std::getenv("LEADLAG_SHARED_DATA");
  return given != nullptr ? given : LEADLAG_SOURCE_DIR "/../shared/data";
}

// Empty where it is absent.
inline std::string SharedDataDirectory() {
  std::error_code error;
  return std::filesystem::is_directory(SharedDataPlace(), error) ? SharedDataPlace() : "";
}

// Why a test skips.
inline constexpr char kNoSharedData[] = "the shared data is not here; set LEADLAG_SHARED_DATA";

}  // namespace leadlag
