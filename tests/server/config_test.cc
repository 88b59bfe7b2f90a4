#include "server/config.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <map>
#include <string>

#include "server/app.h"

namespace leadlag {
namespace {

Environment Variables(std::map<std::string, std::string> variables) {
  return [variables](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional<std::string>(found->second);
  };
}

class ConfigFileTest : public ::testing::Test {
 protected:
  ConfigFileTest() : path_(::testing::TempDir() + "leadlagd-config-test.yaml") {}
  ~ConfigFileTest() override { std::remove(path_.c_str()); }
  void Write(const std::string& text) { std::ofstream(path_) << text; }
  const std::string path_;
};

TEST_F(ConfigFileTest, FlagThenVariableThenFileThenDefault) {
  Write("data_dir: /file\nlisten: 127.0.0.1:1\n");
  const Flags file{{"config", path_}};
  EXPECT_EQ(LoadConfig(file, Variables({}))->data_directory, "/file");
  EXPECT_EQ(LoadConfig(file, Variables({}))->listen, "127.0.0.1:1");
  const Environment variables = Variables({{"LEADLAG_DATA_DIR", "/variable"}, {"LEADLAG_CONFIG", path_}});
  EXPECT_EQ(LoadConfig({}, variables)->data_directory, "/variable");
  EXPECT_EQ(LoadConfig({}, variables)->listen, "127.0.0.1:1");
  EXPECT_EQ(LoadConfig({{"data_dir", "/flag"}}, variables)->data_directory, "/flag");
  EXPECT_EQ(LoadConfig({{"data_dir", "/flag"}}, Variables({}))->listen, "127.0.0.1:7401");
  EXPECT_EQ(LoadConfig({{"data_dir", "/flag"}}, Variables({}))->tail_records_max, 1'000'000u);
  EXPECT_EQ(LoadConfig({{"data_dir", "/flag"}, {"tail_records_max", "1"}}, Variables({}))->tail_records_max, 1u);
  EXPECT_EQ(LoadConfig({{"data_dir", "/flag"}}, Variables({}))->stalled_micros, 300'000'000);
  EXPECT_EQ(LoadConfig({{"data_dir", "/flag"}, {"subscriber_stalled_seconds", "1"}}, Variables({}))->stalled_micros, 1'000'000);
}

TEST_F(ConfigFileTest, NamesWhatIsWrong) {
  EXPECT_EQ(LoadConfig({}, Variables({})).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(LoadConfig({{"config", "/no/such/file"}}, Variables({})).status().code(), absl::StatusCode::kNotFound);
  for (const char* number : {"0", "1000001", "-1", "many", ""}) {
    const Flags flags{{"data_dir", "/d"}, {"tail_records_max", number}};
    EXPECT_EQ(LoadConfig(flags, Variables({})).status().code(), absl::StatusCode::kInvalidArgument) << number;
  }
  for (const char* number : {"0", "301", "-1", "soon", ""}) {
    const Flags flags{{"data_dir", "/d"}, {"subscriber_stalled_seconds", number}};
    EXPECT_EQ(LoadConfig(flags, Variables({})).status().code(), absl::StatusCode::kInvalidArgument) << number;
  }
  const absl::Status unknown = ParseConfigFile("data_dri: /x", "f.yaml").status();
  EXPECT_EQ(unknown.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(std::string(unknown.message()).find("data_dri"), std::string::npos);
  for (const char* text : {"- a\n- b", "listen: [1, 2]", "a: b: c", "{", "just text"}) {
    EXPECT_FALSE(ParseConfigFile(text, "f.yaml").ok()) << text;
  }
  EXPECT_TRUE(ParseConfigFile("", "f.yaml").ok());
  EXPECT_TRUE(ParseConfigFile("# only a comment\n", "f.yaml").ok());
}

TEST(ResumeDetectorTest, FirstAndAfterGaps) {
  constexpr int64_t kMinute = kMicrosPerMinute;
  ResumeDetector detector;
  Instant wall = Instant::Parse("2025-09-04T16:00:00Z").value();
  int64_t monotonic = 5;
  const auto after = [&](int64_t wall_passed, int64_t passed) {
    wall.micros += wall_passed;
    monotonic += passed;
    return detector.Resumed(wall, monotonic);
  };
  EXPECT_TRUE(after(0, 0));
  EXPECT_FALSE(after(kMinute, kMinute));
  EXPECT_FALSE(after(2 * kMinute, 2 * kMinute));
  EXPECT_TRUE(after(3 * kMinute, 3 * kMinute));   // nothing ran meanwhile
  EXPECT_TRUE(after(60 * kMinute, kMinute));      // asleep, or the clock was set
  EXPECT_TRUE(after(-10 * kMinute, kMinute));     // set back
  EXPECT_FALSE(after(kMinute, kMinute));
}

}  // namespace
}  // namespace leadlag
