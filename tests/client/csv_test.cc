#include "client/cli/csv.h"

#include <sstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace leadlag::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<CsvRow> ReadAll(const std::string& text) {
  std::istringstream in(text);
  CsvReader reader(in);
  std::vector<CsvRow> rows;
  for (CsvRow row; reader.Next(row);) rows.push_back(row);
  return rows;
}

TEST(CsvReader, LineEndsMarkAndEmptyLines) {
  for (const char* text : {"a,b\n1,2\n", "a,b\r\n1,2\r\n", "a,b\r1,2\r", "a,b\n1,2",
                           "\xEF\xBB\xBF"
                           "a,b\r\n1,2"}) {
    const auto rows = ReadAll(text);
    ASSERT_EQ(rows.size(), 2u);
    EXPECT_THAT(rows[0].fields, ElementsAre("a", "b"));
    EXPECT_THAT(rows[1].fields, ElementsAre("1", "2"));
    EXPECT_EQ(rows[1].line, 2);
  }
  const auto rows = ReadAll("\n\na\n\nb\n");
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].line, 3);
  EXPECT_EQ(rows[1].line, 5);
  EXPECT_TRUE(ReadAll("").empty());
  EXPECT_TRUE(ReadAll("\xEF\xBB\xBF").empty());
}

TEST(CsvReader, QuotedFields) {
  const auto rows = ReadAll("\"a,1\",\"say \"\"so\"\"\",\"two\r\nlines\",\"\"\nnext,,,\n");
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_THAT(rows[0].fields, ElementsAre("a,1", "say \"so\"", "two\nlines", ""));
  EXPECT_THAT(rows[1].fields, ElementsAre("next", "", "", ""));
  EXPECT_EQ(rows[1].line, 3);
}

TEST(CsvReader, AMalformedRowIsNamedAndReadingGoesOn) {
  const auto rows = ReadAll("a\"b,1\n\"c\"d,2\nok,3\n\"never closed\n,4\n");
  ASSERT_EQ(rows.size(), 4u);
  EXPECT_THAT(rows[0].error, HasSubstr("quote inside"));
  EXPECT_THAT(rows[1].error, HasSubstr("after a closing quote"));
  EXPECT_EQ(rows[1].line, 2);
  EXPECT_EQ(rows[2].error, "");
  EXPECT_THAT(rows[2].fields, ElementsAre("ok", "3"));
  EXPECT_THAT(rows[3].error, HasSubstr("never closed"));
  EXPECT_EQ(rows[3].line, 4);
}

TEST(CsvReader, KeepsRowsAsTheyStand) {
  const auto rows = ReadAll("\xEF\xBB\xBF\n a,\"b\"\"\"\r\nx,1\"2,y\r\"two\r\nlines\"z,3\nlast,\"open\n");
  ASSERT_EQ(rows.size(), 4u);
  EXPECT_EQ(rows[0].raw, " a,\"b\"\"\"");
  EXPECT_EQ(rows[1].raw, "x,1\"2,y");
  EXPECT_THAT(rows[1].error, HasSubstr("quote inside"));
  EXPECT_EQ(rows[2].raw, "\"two\r\nlines\"z,3");
  EXPECT_EQ(rows[3].raw, "last,\"open");
}

TEST(CsvReader, SaysThatAFileIsInUtf16) {
  for (const std::string& text : {std::string("\xFF\xFE"
                                              "d\0a\0\n\0",
                                              8),
                                  std::string("\xFE\xFF\0d\0a\0\n", 8)}) {
    const auto rows = ReadAll(text);
    ASSERT_EQ(rows.size(), 1u);
    EXPECT_THAT(rows[0].error, HasSubstr("save it as UTF-8"));
  }
  EXPECT_EQ(ReadAll("\xFF,b\n")[0].fields[0], "\xFF");
}

TEST(WithoutFields, TakesWellFormedOnesOff) {
  EXPECT_EQ(WithoutFields("4,\"a \"\"x\"\", b\",c,1\"2", 2), "c,1\"2");
  EXPECT_EQ(WithoutFields(",,\"\",d", 3), "d");
  EXPECT_EQ(WithoutFields("a,b", 0), "a,b");
  for (const char* raw : {"", "a", "a,b", "\"a\"b,c,d", "\"a,b,c"}) EXPECT_EQ(WithoutFields(raw, 2), raw);
}

TEST(CsvLine, ReadsBack) {
  const std::vector<std::string> fields = {"plain", "a,b", "q\"q", "two\nlines", "", "ä"};
  const auto rows = ReadAll(CsvLine(fields));
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].fields, fields);
}

}  // namespace
}  // namespace leadlag::cli
