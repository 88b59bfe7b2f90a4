#include "server/log.h"

#include <cstdint>
#include <cstdio>

#include "core/clock.h"

namespace leadlag {
namespace {

std::string_view NameOf(LogSeverity severity) {
  switch (severity) {
    case LogSeverity::kInfo: return "INFO";
    case LogSeverity::kWarning: return "WARNING";
    case LogSeverity::kError: return "ERROR";
  }
  return "ERROR";
}

}  // namespace

std::string FormatLogLine(Instant now, LogSeverity severity, std::string_view text) {
  std::string line = now.ToString();
  line.append(" ").append(NameOf(severity)).append(" ");
  for (const char c : text) line.push_back(static_cast<uint8_t>(c) < 0x20 || c == 0x7F ? ' ' : c);
  return line;
}

void LogLine(LogSeverity severity, std::string_view text) {
  const std::string line = FormatLogLine(SystemClock().Now(), severity, text) + "\n";
  std::fwrite(line.data(), 1, line.size(), stderr);  // one write, under the stream's own lock
}

}  // namespace leadlag
