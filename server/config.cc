#include "server/config.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <utility>

#include "absl/strings/numbers.h"
#include "core/instant.h"
#include "yaml-cpp/yaml.h"

namespace leadlag {
namespace {

constexpr char kConfig[] = "config";

// "data_dir" -> "LEADLAG_DATA_DIR".
std::string VariableOf(const std::string& name) {
  std::string variable = "LEADLAG_" + name;
  std::transform(variable.begin(), variable.end(), variable.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return variable;
}

std::optional<std::string> Find(const Flags& flags, const std::string& name) {
  const auto found = flags.find(name);
  return found == flags.end() ? std::nullopt : std::optional<std::string>(found->second);
}

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::NotFoundError("cannot read the config file " + path);
  return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

}  // namespace

Environment ProcessEnvironment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* const value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  };
}

const std::vector<std::string>& SettingNames() {
  static const auto& names = *new std::vector<std::string>{"data_dir", "listen", "tail_records_max", "subscriber_stalled_seconds"};
  return names;
}

absl::StatusOr<Flags> ParseConfigFile(std::string_view text, const std::string& path) {
  Flags settings;
  // The library's only way to say that a text is no YAML.
  try {
    const YAML::Node root = YAML::Load(std::string(text));
    if (root.IsNull()) return settings;
    if (!root.IsMap()) return absl::InvalidArgumentError(path + ": not a list of \"key: value\"");
    for (const auto& entry : root) {
      const std::string key = entry.first.as<std::string>();
      const std::vector<std::string>& names = SettingNames();
      if (std::find(names.begin(), names.end(), key) == names.end()) {
        return absl::InvalidArgumentError(path + ": unknown key \"" + key + "\"; `leadlagd --help` lists the settings");
      }
      if (!entry.second.IsScalar()) return absl::InvalidArgumentError(path + ": \"" + key + "\" needs one value");
      settings[key] = entry.second.as<std::string>();
    }
  } catch (const YAML::Exception& error) {
    return absl::InvalidArgumentError(path + ": " + error.what());
  }
  return settings;
}

absl::StatusOr<ServerConfig> LoadConfig(const Flags& flags, const Environment& environment) {
  std::optional<std::string> path = Find(flags, kConfig);
  if (!path) path = environment(VariableOf(kConfig));
  Flags file;
  if (path) {
    const absl::StatusOr<std::string> text = ReadFile(*path);
    if (!text.ok()) return text.status();
    absl::StatusOr<Flags> parsed = ParseConfigFile(*text, *path);
    if (!parsed.ok()) return parsed.status();
    file = *std::move(parsed);
  }
  const auto setting = [&](const std::string& name, const std::string& otherwise) {
    if (std::optional<std::string> value = Find(flags, name)) return *value;
    if (std::optional<std::string> value = environment(VariableOf(name))) return *value;
    return Find(file, name).value_or(otherwise);
  };
  ServerConfig config;
  config.data_directory = setting("data_dir", "");
  config.listen = setting("listen", config.listen);
  if (config.data_directory.empty()) {
    return absl::InvalidArgumentError("no data directory; give --data_dir=DIR, LEADLAG_DATA_DIR, or data_dir in a config file");
  }
  constexpr int64_t kStalledSecondsMax = kStalledMicros / kMicrosPerSecond;
  const std::string stalled = setting("subscriber_stalled_seconds", std::to_string(kStalledSecondsMax));
  int64_t stalled_seconds = 0;
  if (!absl::SimpleAtoi(stalled, &stalled_seconds) || stalled_seconds < 1 || stalled_seconds > kStalledSecondsMax) {
    return absl::InvalidArgumentError("subscriber_stalled_seconds is \"" + stalled + "\"; give a number from 1 to " +
                                      std::to_string(kStalledSecondsMax));
  }
  config.stalled_micros = stalled_seconds * kMicrosPerSecond;
  const std::string tail = setting("tail_records_max", std::to_string(kTailRecordsMax));
  if (!absl::SimpleAtoi(tail, &config.tail_records_max) || config.tail_records_max < 1 ||
      config.tail_records_max > kTailRecordsMax) {
    return absl::InvalidArgumentError("tail_records_max is \"" + tail + "\"; give a number from 1 to " +
                                      std::to_string(kTailRecordsMax));
  }
  return config;
}

}  // namespace leadlag
