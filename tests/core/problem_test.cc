#include "core/problem.h"

#include <string>
#include <vector>

#include "absl/strings/cord.h"
#include "core/limits.h"
#include "gtest/gtest.h"

namespace leadlag {
namespace {

using Code = absl::StatusCode;

TEST(ProblemTest, AStatusCarriesItsProblems) {
  const std::vector<Problem> problems = {{Code::kNotFound, "team", "no team \"x\""},
                                         {Code::kInvalidArgument, "", "nothing to do"},
                                         {Code::kAlreadyExists, "größe", std::string("a\0b", 3)}};
  const absl::Status status = AsStatus(problems);
  EXPECT_EQ(status.code(), Code::kNotFound);
  EXPECT_EQ(status.message(), std::string("team: no team \"x\"; nothing to do; größe: a") + '\0' + "b");
  EXPECT_EQ(ProblemsOf(status), problems);
}

TEST(ProblemTest, TheMessageNamesFiveAndCountsTheRest) {
  std::vector<Problem> problems(kMaxProblemsInMessage, {Code::kInvalidArgument, "f", "r"});
  EXPECT_EQ(AsStatus(problems).message(), "f: r; f: r; f: r; f: r; f: r");
  problems.resize(7, {Code::kInvalidArgument, "f", "r"});
  const absl::Status status = AsStatus(problems);
  EXPECT_EQ(status.message(), "f: r; f: r; f: r; f: r; f: r; and 2 more");
  EXPECT_EQ(ProblemsOf(status).size(), 7u);
}

TEST(ProblemTest, InvalidFieldIsOneProblem) {
  const absl::Status status = InvalidField("teams[3].id", "give one");
  EXPECT_EQ(status.code(), Code::kInvalidArgument);
  EXPECT_EQ(ProblemsOf(status), (std::vector<Problem>{{Code::kInvalidArgument, "teams[3].id", "give one"}}));
}

TEST(ProblemTest, AStatusWithoutAPayloadOrWithAStrangeOneCarriesNone) {
  EXPECT_TRUE(ProblemsOf(absl::OkStatus()).empty());
  EXPECT_TRUE(ProblemsOf(absl::NotFoundError("x")).empty());
  for (const std::string& bytes :
       {std::string("\xFF"), std::string("\x01\x03\x05"), std::string("\x7F\x03\x00\x00", 4)}) {
    absl::Status status = absl::NotFoundError("x");
    status.SetPayload("leadlag.v1.ErrorDetails", absl::Cord(bytes));
    EXPECT_TRUE(ProblemsOf(status).empty());
  }
}

TEST(ProblemDeathTest, NoProblemIsNoStatus) { EXPECT_DEATH(AsStatus(std::vector<Problem>{}), "broken invariant"); }

TEST(TextTest, IsUtf8) {
  const std::vector<std::string> good = {
      "", "plain", "größe", "€", "𝄞", std::string("\0", 1), "\xED\x9F\xBF", "\xF4\x8F\xBF\xBF"};
  for (const std::string& text : good) EXPECT_TRUE(IsUtf8(text)) << text;
  const std::vector<std::string> bad = {"\x80",
                                        "a\xC3",
                                        "\xC3(",
                                        "\xC0\x80",
                                        "\xC1\xBF",
                                        "\xE0\x9F\xBF",
                                        "\xED\xA0\x80",
                                        "\xE2\x82",
                                        "\xF0\x8F\xBF\xBF",
                                        "\xF4\x90\x80\x80",
                                        "\xF5\x80\x80\x80",
                                        "\xFF",
                                        "\xF0\x9D\x84"};
  for (const std::string& text : bad) EXPECT_FALSE(IsUtf8(text)) << absl::string_view(text).size();
}

TEST(TextTest, ClipCutsNoCharacterInTwo) {
  EXPECT_EQ(Clip("abcdef", 6), "abcdef");
  EXPECT_EQ(Clip("abcdefg", 6), "abc…");
  EXPECT_EQ(Clip("aböööö", 6), "ab…");
  EXPECT_EQ(Clip("abcdefg", 3), "…");
  const std::string text = "grüße € 𝄞 und mehr";
  for (size_t max = 3; max <= text.size() + 1; ++max) {
    EXPECT_TRUE(IsUtf8(Clip(text, max)));
    EXPECT_LE(Clip(text, max).size(), max);
  }
}

TEST(TextTest, QuotedIsAlwaysPrintableUtf8) {
  EXPECT_EQ(Quoted(""), "\"\"");
  EXPECT_EQ(Quoted("größe"), "\"größe\"");
  EXPECT_EQ(Quoted("a\nb\x1B[31m"), "\"a\\nb\\x1b[31m\"");
  EXPECT_EQ(Quoted("\xFFz"), "\"\\xffz\"");
  EXPECT_EQ(Quoted(std::string(1000, 'x')).size(), kMaxQuotedBytes + 2);
}

}  // namespace
}  // namespace leadlag
