// What leadlagd is told: flags, LEADLAG_* variables, a file. The first that says something decides, in this order.
//
//   --data_dir=DIR             LEADLAG_DATA_DIR    data_dir: DIR
//   --listen=HOST:PORT         LEADLAG_LISTEN      listen: HOST:PORT
//   --tail_records_max=N       LEADLAG_TAIL_RECORDS_MAX  tail_records_max: N
//   --subscriber_stalled_seconds=N  LEADLAG_SUBSCRIBER_STALLED_SECONDS  subscriber_stalled_seconds: N
//   --config=FILE              LEADLAG_CONFIG
//
// The file is YAML, one "key: value" a line, with the flags' names; an unknown key is refused. Pure functions but for the file read.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "core/limits.h"

namespace leadlag {

struct ServerConfig {
  std::string data_directory;             // --data_dir; required
  std::string listen = "127.0.0.1:7401";  // --listen
  uint64_t tail_records_max = kTailRecordsMax;  // --tail_records_max: 1 to the default
  // --subscriber_stalled_seconds, in microseconds: 1 second to the default.
  int64_t stalled_micros = kStalledMicros;
};

// The value of an environment variable; none where it is not set.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;
Environment ProcessEnvironment();

// What the flags said, by name without dashes ("data_dir").
using Flags = std::map<std::string, std::string>;

// Names of the settings, as in flags and file.
const std::vector<std::string>& SettingNames();

// INVALID_ARGUMENT: a file that is no such YAML, an unknown key, no data directory, or a number out of range; NOT_FOUND: no such file.
absl::StatusOr<ServerConfig> LoadConfig(const Flags& flags, const Environment& environment);

// The settings in the text of a file. INVALID_ARGUMENT as above, naming `path`.
absl::StatusOr<Flags> ParseConfigFile(std::string_view text, const std::string& path);

}  // namespace leadlag
