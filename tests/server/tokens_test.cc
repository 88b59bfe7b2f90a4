// Page tokens and subscription tokens: what was given comes back, anything else is refused.
#include <gtest/gtest.h>

#include <string>

#include "core/limits.h"
#include "core/problem.h"
#include "server/feed_token.h"
#include "server/rpc/page_token.h"

namespace leadlag {
namespace {

PageQuestion Teams(const std::string& parent, const Labels& labels) { return PageQuestion("ListTeams", parent).With(labels); }

TEST(PageTokenTest, ComesBackForItsQuestion) {
  const PageQuestion question = Teams("districts/d", {{"level", "high"}});
  for (const std::string& cursor : {std::string("t-7"), std::string("\0\xff", 2), std::string(300, 'x')}) {
    EXPECT_EQ(question.CursorOf(question.TokenFor(cursor)).value(), cursor);
  }
  EXPECT_EQ(question.CursorOf("").value(), "");
}

TEST(PageTokenTest, IsRefusedForAnotherQuestion) {
  const std::string token = Teams("districts/d", {{"level", "high"}}).TokenFor("t-7");
  for (const PageQuestion& other : {Teams("districts/e", {{"level", "high"}}), Teams("districts/d", {}),
                                    Teams("districts/d", {{"level", "low"}}), Teams("districts/d", {{"levelhigh", ""}}),
                                    PageQuestion("ListReviews", "districts/d").With(Labels{{"level", "high"}})}) {
    const absl::Status status = other.CursorOf(token).status();
    ASSERT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(ProblemsOf(status).at(0).field, "page_token");
  }
}

TEST(PageTokenTest, EveryChangeIsRefused) {
  const PageQuestion question("ListDistricts", "");
  const std::string token = question.TokenFor("nyc");
  for (size_t i = 0; i < token.size(); ++i) {
    std::string changed = token;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(question.CursorOf(changed).ok()) << i;
    EXPECT_FALSE(question.CursorOf(token.substr(0, i)).ok() && i > 0) << i;
  }
  EXPECT_FALSE(question.CursorOf(token + "=").ok());
  EXPECT_FALSE(question.CursorOf(" " + token).ok());
  EXPECT_FALSE(question.CursorOf("no token at all").ok());
}

TEST(PageSizeTest, HasADefaultAndLimits) {
  EXPECT_EQ(PageSize(0, kPageSizeDefault, kPageSizeMax).value(), kPageSizeDefault);
  EXPECT_EQ(PageSize(1, kPageSizeDefault, kPageSizeMax).value(), 1u);
  EXPECT_EQ(PageSize(kPageSizeMax, kPageSizeDefault, kPageSizeMax).value(), kPageSizeMax);
  EXPECT_FALSE(PageSize(kPageSizeMax + 1, kPageSizeDefault, kPageSizeMax).ok());
  EXPECT_FALSE(PageSize(-1, kPageSizeDefault, kPageSizeMax).ok());
}

TEST(FeedTokenTest, RoundTrip) {
  for (const FeedToken& token : {FeedToken{"d", 1, 0, 0}, FeedToken{std::string(64, 'x'), ~0ull, ~0ull, ~0ull}}) {
    EXPECT_EQ(FeedToken::Decode(token.Encode()).value(), token);
  }
}

// Subscribers keep tokens for ever: these bytes must stay readable.
TEST(FeedTokenTest, BytesNeverChange) {
  const std::string bytes = FeedToken{"d", 0x0102030405060708, 300, 0x1112131415161718}.Encode();
  std::string hex;
  for (const unsigned char byte : bytes) {
    constexpr char kDigits[] = "0123456789abcdef";
    hex += {kDigits[byte >> 4], kDigits[byte & 15]};
  }
  EXPECT_EQ(hex, "0101640102030405060708ac021112131415161718" + hex.substr(hex.size() - 16));
  EXPECT_EQ(bytes.size(), 29u);
}

TEST(FeedTokenTest, EveryChangeIsRefused) {
  const std::string bytes = FeedToken{"nyc", 7, 123456, 99}.Encode();
  for (size_t i = 0; i < bytes.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string changed = bytes;
      changed[i] ^= static_cast<char>(1 << bit);
      EXPECT_FALSE(FeedToken::Decode(changed).ok()) << "byte " << i << " bit " << bit;
    }
    EXPECT_FALSE(FeedToken::Decode(bytes.substr(0, i)).ok());
  }
  EXPECT_FALSE(FeedToken::Decode(bytes + "x").ok());
  EXPECT_EQ(ProblemsOf(FeedToken::Decode("").status()).at(0).field, "token");
}

}  // namespace
}  // namespace leadlag
