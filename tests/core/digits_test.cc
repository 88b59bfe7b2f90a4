#include "core/digits.h"

#include "gtest/gtest.h"

namespace leadlag {
namespace {

TEST(FormatDecimal, IsTheShortestTextThatReadsBackAsTheSame) {
  EXPECT_EQ(FormatDecimal(82.94), "82.94");
  EXPECT_EQ(FormatDecimal(93), "93");
  EXPECT_EQ(FormatDecimal(-0.1), "-0.1");
  EXPECT_EQ(FormatDecimal(1.0 / 3), "0.3333333333333333");
  EXPECT_EQ(FormatDecimal(1234567.25), "1234567.25");
}

}  // namespace
}  // namespace leadlag
