#include "client/cli/table.h"

#include <sstream>

#include "client/cli/nearest.h"
#include "client/cli/number.h"
#include "gtest/gtest.h"

namespace leadlag::cli {
namespace {

TEST(Table, AlignsByWhatATerminalShows) {
  Table table({{"name", "NAME"}, {"days", "DAYS", true}, {"note", "NOTE"}});
  table.AddRow({"Zoë", 7, "x"});
  table.AddRow({"日本", 1234, ""});
  table.AddRow({"e\xCC\x81", 0, "\x1b[31mred"});
  std::ostringstream out;
  table.PrintAligned(out, false);
  EXPECT_EQ(out.str(),
            "NAME  DAYS  NOTE\n"
            "Zoë      7  x\n"
            "日本  1234\n"
            "e\xCC\x81        0  ?[31mred\n");
}

TEST(Table, ColourDoesNotMoveColumns) {
  Table table({{"a", "A"}, {"b", "B"}});
  table.AddRow({Cell("LATE", Tone::kWarning), "x"});
  std::ostringstream out;
  table.PrintAligned(out, true);
  EXPECT_EQ(out.str(), "\x1b[2mA\x1b[0m     \x1b[2mB\x1b[0m\n\x1b[33mLATE\x1b[0m  x\n");
}

TEST(Table, Csv) {
  Table table({{"a", "A"}, {"b_days", "B"}});
  table.AddRow({"x,y", 3});
  std::ostringstream out;
  table.PrintCsv(out);
  EXPECT_EQ(out.str(), "a,b_days\r\n\"x,y\",3\r\n");
}

TEST(Nearest, SmallestDistanceFirstOfSeveral) {
  EXPECT_EQ(Nearest("teems", {"district", "teams", "team"}), "teams");
  EXPECT_EQ(Nearest("TEAMS", {"district", "teams"}), "teams");
  EXPECT_EQ(Nearest("x", {}), "");
}

TEST(Number, TheWholeTextOrNothing) {
  EXPECT_EQ(ParseInteger("-12"), -12);
  EXPECT_EQ(ParseInteger("+3"), 3);
  for (const char* bad : {"", "1.0", " 1", "1 ", "0x1", "9223372036854775808", "+-1"})
    EXPECT_FALSE(ParseInteger(bad)) << bad;
  for (const char* whole : {"0", "-12", "+3", "99999999999999999999"}) EXPECT_TRUE(IsWholeNumber(whole)) << whole;
  for (const char* bad : {"", "-", "1.0", " 1", "1e3"}) EXPECT_FALSE(IsWholeNumber(bad)) << bad;
  EXPECT_EQ(Counted(0, "flip"), "0 flips");
  EXPECT_EQ(Counted(1, "flip"), "1 flip");
  EXPECT_EQ(Counted(2, "flip"), "2 flips");
  EXPECT_EQ(ParseUnsigned("18446744073709551615"), 18446744073709551615u);
  EXPECT_FALSE(ParseUnsigned("-1"));
  EXPECT_EQ(ParseDecimal("82.94"), 82.94);
  for (const char* bad : {"", "nan", "inf", "1,5", "5%", "1e999"}) EXPECT_FALSE(ParseDecimal(bad)) << bad;
}

}  // namespace
}  // namespace leadlag::cli
