#include "server/rpc/names.h"

#include <gtest/gtest.h>

#include <string>

#include "core/limits.h"
#include "core/problem.h"

namespace leadlag {
namespace {

TEST(NamesTest, RoundTrip) {
  EXPECT_EQ(ParseDistrictName(FormatDistrictName("nyc-31"), "name").value(), "nyc-31");
  const TeamName team = ParseTeamName(FormatTeamName("d", "ps-12"), "name").value();
  EXPECT_EQ(team.district + " " + team.team, "d ps-12");
  const SourceName source = ParseSourceName(FormatSourceName("d", "sis"), "name").value();
  EXPECT_EQ(source.district + " " + source.source, "d sis");
  const ReviewName review = ParseReviewName(FormatReviewName("d", "r-1"), "name").value();
  EXPECT_EQ(review.district + " " + review.review, "d r-1");
  const InquiryName inquiry = ParseInquiryName(FormatInquiryName("d", "i-1"), "name").value();
  EXPECT_EQ(inquiry.district + " " + inquiry.inquiry, "d i-1");
  EXPECT_EQ(ParseDistrictOrTeamName("districts/d", "parent")->district, "d");
  EXPECT_EQ(ParseDistrictOrTeamName("districts/d", "parent")->team, "");
  EXPECT_EQ(ParseDistrictOrTeamName("districts/d/teams/t", "parent")->team, "t");
  const AlertName alert = ParseAlertName(FormatAlertName("d", 18446744073709551615u), "name").value();
  EXPECT_EQ(alert.district, "d");
  EXPECT_EQ(alert.alert, 18446744073709551615u);
}

TEST(NamesTest, EvidenceIdIsAllThatFollows) {
  for (const std::string id : {"a", "2025/09/04 #7", "evidence/evidence/", "walk@2025.09", "Prüfung 12", "/"}) {
    const absl::StatusOr<EvidenceName> name = ParseEvidenceName(FormatEvidenceName("d", "s", id), "name");
    ASSERT_TRUE(name.ok()) << id << ": " << name.status();
    EXPECT_EQ(name->evidence_id, id);
    EXPECT_EQ(name->source, "s");
  }
}

TEST(NamesTest, RefusesWhatIsNotOfItsForm) {
  for (const char* name : {"", "districts", "districts/", "districts/D", "districts/d/", "district/d", "districts/d/teams",
                           "/districts/d", "districts/d teams", "xdistricts/d"}) {
    const absl::StatusOr<std::string> parsed = ParseDistrictName(name, "parent");
    ASSERT_EQ(parsed.status().code(), absl::StatusCode::kInvalidArgument) << name;
    EXPECT_EQ(ProblemsOf(parsed.status()).at(0).field, "parent") << name;
  }
  for (const char* name : {"districts/d", "districts/d/teams/", "districts/d/teams/T", "districts/d/teams/t/x",
                           "districts/d/sources/t", "districts//teams/t"}) {
    EXPECT_FALSE(ParseTeamName(name, "name").ok()) << name;
  }
  for (const char* name : {"districts/d/alerts/0", "districts/d/alerts/x", "districts/d/alerts/-1", "districts/d/alerts/01",
                           "districts/d/alerts/18446744073709551616", "districts/d/alerts/"}) {
    EXPECT_FALSE(ParseAlertName(name, "name").ok()) << name;
  }
  for (const char* name : {"", "districts/d/", "districts/d/sources/s", "districts/d/teams/", "d"}) {
    EXPECT_FALSE(ParseDistrictOrTeamName(name, "parent").ok()) << name;
  }
  for (const char* name : {"districts/d/inquiries/", "districts/d/inquiries/A", "districts/d/reviews/a", "inquiries/a"}) {
    EXPECT_FALSE(ParseInquiryName(name, "name").ok()) << name;
  }
  for (const char* name : {"districts/d/sources/s/evidence", "districts/d/sources/s/evidence/", "districts/d/evidence/x"}) {
    EXPECT_FALSE(ParseEvidenceName(name, "name").ok()) << name;
  }
}

TEST(NamesTest, EvidenceIdGoesToItsLimit) {
  EXPECT_TRUE(CheckEvidenceId(std::string(kEvidenceIdBytesMax, 'x'), "evidence_id").ok());
  EXPECT_FALSE(CheckEvidenceId(std::string(kEvidenceIdBytesMax + 1, 'x'), "evidence_id").ok());
  EXPECT_FALSE(CheckEvidenceId("", "evidence_id").ok());
  EXPECT_FALSE(CheckEvidenceId("two\nlines", "evidence_id").ok());
  EXPECT_FALSE(CheckEvidenceId("\xff", "evidence_id").ok());
}

}  // namespace
}  // namespace leadlag
