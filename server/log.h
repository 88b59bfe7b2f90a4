// The log: single lines on stderr, "2025-09-04T16:00:00Z INFO what happened". For operators; never holds the content of evidence.
// Thread safe.
#pragma once

#include <string>
#include <string_view>

#include "core/instant.h"

namespace leadlag {

enum class LogSeverity { kInfo, kWarning, kError };

// Writes one line at once, so that lines of several threads do not mix.
void LogLine(LogSeverity severity, std::string_view text);

// The line without its end: line breaks and other control characters in `text` become spaces.
std::string FormatLogLine(Instant now, LogSeverity severity, std::string_view text);

}  // namespace leadlag
