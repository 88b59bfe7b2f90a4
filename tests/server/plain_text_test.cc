#include "server/rpc/plain_text.h"

#include <gtest/gtest.h>

#include <string>

#include "core/limits.h"
#include "core/problem.h"

namespace leadlag {
namespace {

TEST(PlainTextTest, RecognisesPersons) {
  for (const char* text : {"jane.doe@district.org", "ask Jane <jane@k12.ny.us>", "mailto:x@y.zz", "é@schule.de",
                           "a@b@c.de", "123-45-6789", "ssn:123-45-6789.", "(123-45-6789)"}) {
    EXPECT_TRUE(NamesPerson(text)) << text;
  }
}

TEST(PlainTextTest, LeavesTheRestAlone) {
  for (const char* text : {"", "@", "a@", "@b.de", "walk@2025.09", "3 @ 4.5", "a@b", "2025-09-04", "2025-09-0412",
                           "1123-45-6789", "123-45-67890", "123-4-56789", "12-345-6789", "teams @ grade 3. More."}) {
    EXPECT_FALSE(NamesPerson(text)) << text;
  }
}

TEST(PlainTextTest, NeverQuotesThePerson) {
  const absl::Status status = CheckPlainText("jane.doe@district.org", "note");
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(std::string(status.message()).find("jane"), std::string::npos) << status;
}

TEST(PlainTextTest, RemarksMayHaveLinesAndEndAtTheirLimit) {
  EXPECT_TRUE(CheckRemark("two\nlines\tand a tab", kNoteBytesMax, "note").ok());
  EXPECT_FALSE(CheckPlainText("two\nlines", "evidence_id").ok());
  EXPECT_FALSE(CheckRemark(std::string("a\0b", 3), kNoteBytesMax, "note").ok());
  EXPECT_FALSE(CheckRemark("\xC2\x85", kNoteBytesMax, "note").ok());  // U+0085, a control character
  EXPECT_TRUE(CheckRemark("\xC2\xA0", kNoteBytesMax, "note").ok());   // U+00A0, a space
  EXPECT_FALSE(CheckRemark("Latin-1 \xFC", kNoteBytesMax, "note").ok());
  EXPECT_TRUE(CheckRemark(std::string(kNoteBytesMax, 'x'), kNoteBytesMax, "note").ok());
  EXPECT_FALSE(CheckRemark(std::string(kNoteBytesMax + 1, 'x'), kNoteBytesMax, "note").ok());
}

}  // namespace
}  // namespace leadlag
