#include "client/cli/token_file.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace leadlag::cli {
namespace {

using testing::HasSubstr;

class TokenFileTest : public testing::Test {
 protected:
  TokenFileTest() {
    std::string pattern = testing::TempDir() + "leadlag_XXXXXX";
    directory_ = mkdtemp(pattern.data());
  }
  ~TokenFileTest() override { std::filesystem::remove_all(directory_); }

  std::string directory_;
};

TEST_F(TokenFileTest, KeepsTheLastTokenAndNothingBesideIt) {
  const TokenFile file(directory_ + "/token");
  ASSERT_TRUE(file.Write("t1").ok());
  const std::string bytes("\0\n\xFF", 3);
  ASSERT_TRUE(file.Write(bytes).ok());
  EXPECT_EQ(**file.Read(), bytes);
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(directory_)) names.push_back(entry.path().filename());
  EXPECT_THAT(names, testing::ElementsAre("token"));
}

TEST_F(TokenFileTest, OnlyAFileThatDoesNotExistHoldsNoToken) {
  const auto none = TokenFile(directory_ + "/absent").Read();
  ASSERT_TRUE(none.ok()) << none.status();
  EXPECT_EQ(*none, std::nullopt);
  std::ofstream(directory_ + "/empty");
  const absl::Status empty = TokenFile(directory_ + "/empty").Read().status();
  EXPECT_TRUE(absl::IsFailedPrecondition(empty)) << empty;
  EXPECT_THAT(std::string(empty.message()), HasSubstr("remove it"));
  EXPECT_TRUE(absl::IsFailedPrecondition(TokenFile(directory_).Read().status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(TokenFile(directory_ + "/empty/token").Read().status()));
}

TEST_F(TokenFileTest, AWriteThatFailsLeavesTheOldToken) {
  const TokenFile file(directory_ + "/token");
  ASSERT_TRUE(file.Write("t1").ok());
  std::filesystem::create_directory(directory_ + "/token.new");
  EXPECT_TRUE(absl::IsFailedPrecondition(file.Write("t2")));
  EXPECT_EQ(**file.Read(), "t1");
  EXPECT_TRUE(absl::IsFailedPrecondition(TokenFile(directory_ + "/absent/token").Write("t1")));
}

}  // namespace
}  // namespace leadlag::cli
