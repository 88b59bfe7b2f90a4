#include "client/cli/inquiry_file.h"

#include "client/cli/json.h"
#include "core/problem.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "leadlag/v1/inquiry_service.pb.h"

namespace leadlag::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr char kGood[] = R"(id: discourse
team: rowan
theme: equity
if: we plan together
thenText: "students: reason aloud"
so_that: >
  more of them
  are on grade level
start_date: 2025-09-08
links:
  - {indicator: visits, expected_direction: INCREASE, expected_change: 12.5}
  - {indicator: absence, expected_direction: decrease}
actions:
  - {id: plan, description: Meet, start_date: 2025-09-08, end_date: 2025-12-20}
cycle_days: 20
status: planned
)";

std::vector<std::string> ToldBy(const absl::Status& status) {
  std::vector<std::string> told;
  for (const Problem& problem : ProblemsOf(status)) told.push_back(problem.field + ": " + problem.reason);
  return told;
}

TEST(InquiryFileTest, ReadsYamlAndJson) {
  const absl::StatusOr<InquiryFile> file = InquiryFile::Parse(kGood, "a.yaml");
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(file->id(), "discourse");
  const v1::Inquiry& inquiry = file->inquiry();
  EXPECT_EQ(inquiry.name(), "");
  EXPECT_EQ(inquiry.then_text(), "students: reason aloud");
  EXPECT_EQ(inquiry.so_that_text(), "more of them are on grade level\n");
  EXPECT_EQ(inquiry.links(0).expected_change(), 12.5);
  EXPECT_FALSE(inquiry.links(1).has_expected_change());
  EXPECT_EQ(inquiry.links(1).expected_direction(), v1::EXPECTED_DIRECTION_DECREASE);
  EXPECT_EQ(inquiry.actions(0).end_date(), "2025-12-20");
  EXPECT_EQ(inquiry.cycle_days(), 20);
  EXPECT_EQ(inquiry.status(), v1::INQUIRY_STATUS_PLANNED);

  const absl::StatusOr<InquiryFile> json = InquiryFile::Parse(R"({"name": "districts/d/inquiries/x", "ifText": "we"})", "a.json");
  ASSERT_TRUE(json.ok()) << json.status();
  EXPECT_EQ(json->inquiry().name(), "districts/d/inquiries/x");
  EXPECT_EQ(json->id(), "");
  EXPECT_EQ(json->inquiry().if_text(), "we");
}

// What the commands print (client/cli/run_context.cc) is what they read.
TEST(InquiryFileTest, ReadsWhatTheServiceAnswers) {
  v1::Inquiry inquiry = InquiryFile::Parse(kGood, "a.yaml")->inquiry();
  inquiry.set_name("districts/d/inquiries/discourse");
  inquiry.mutable_links(0)->set_role(v1::INDICATOR_ROLE_LEADING);
  inquiry.set_revision(3);
  inquiry.mutable_recorded_time()->set_seconds(1'757'340'000);
  inquiry.mutable_recorded_time()->set_nanos(123'456'000);
  v1::GetInquiryResponse got;
  *got.mutable_inquiry() = inquiry;
  *got.add_revisions() = inquiry;
  v1::RecordInquiryResponse recorded;
  *recorded.mutable_inquiry() = inquiry;
  recorded.set_outcome(v1::RECORD_OUTCOME_KIND_SAME);
  for (const google::protobuf::Message* const printed : std::vector<const google::protobuf::Message*>{&inquiry, &got, &recorded}) {
    const absl::StatusOr<InquiryFile> file = InquiryFile::Parse(ToJson(*printed, JsonLayout::kIndented), "a.json");
    ASSERT_TRUE(file.ok()) << file.status();
    EXPECT_EQ(file->inquiry().SerializeAsString(), inquiry.SerializeAsString());
    EXPECT_EQ(file->expected_revision(), 3);
  }
  EXPECT_EQ(InquiryFile::Parse(kGood, "a.yaml")->expected_revision(), std::nullopt);
  // A list has several, and is none.
  v1::ListInquiriesResponse list;
  *list.add_inquiries() = inquiry;
  EXPECT_THAT(ToldBy(InquiryFile::Parse(ToJson(list, JsonLayout::kIndented), "a.json").status()),
              testing::Contains(HasSubstr("unknown key \"inquiries\"")));
  EXPECT_THAT(ToldBy(InquiryFile::Parse("inquiry: {id: a}\nteam: t\n", "a.yaml").status()),
              testing::Contains(HasSubstr("a.yaml:1: unknown key \"inquiry\"")));
  const InquiryFile shown = InquiryFile::Parse("inquiry:\n  id: a\n  links:\n  - indicator: v\n  revision: 2\n", "a.yaml").value();
  EXPECT_EQ(shown.places().PlaceOf("inquiry.links[0].indicator"), "a.yaml:4");
  EXPECT_EQ(shown.places().PlaceOf("expected_revision"), "a.yaml:5");
  EXPECT_THAT(ToldBy(InquiryFile::Parse("id: a\nrecorded_time: yesterday\n", "a.yaml").status()),
              ElementsAre("a.yaml:2: recorded_time is an instant (2025-09-08T12:00:00Z), not \"yesterday\""));
}

TEST(InquiryFileTest, NamesFileAndLine) {
  EXPECT_THAT(ToldBy(InquiryFile::Parse("team: t\n", "a.yaml").status()), ElementsAre(HasSubstr("a.yaml:1: the inquiry has no id")));
  EXPECT_THAT(ToldBy(InquiryFile::Parse("team: t\nid: a\nname: districts/d/inquiries/a\n", "a.yaml").status()),
              ElementsAre(HasSubstr("not both")));
  EXPECT_THAT(ToldBy(InquiryFile::Parse("id: a\niff: we\nlinks:\n  - {indicator: v, expected_change: much}\n"
                                        "status: OPEN\ncycle_days: 2.5\nactions: plan\nid: b\n",
                                        "a.yaml").status()),
              ElementsAre("a.yaml:2: unknown key \"iff\"; did you mean \"if\"?",
                          "a.yaml:4: links[0].expected_change is a number, not \"much\"", HasSubstr("a.yaml:5: status is one of PLANNED"),
                          HasSubstr("a.yaml:6: cycle_days is a whole number"), HasSubstr("a.yaml:7: actions is a list"),
                          HasSubstr("a.yaml:8: the key \"id\" is given twice")));
  EXPECT_THAT(ToldBy(InquiryFile::Parse("- id: a\n", "a.yaml").status()), ElementsAre("a.yaml:1: an inquiry is a mapping: \"id: …\""));
  for (const char* text : {"id: a\nif: we\nif_text: you\n", "id: a\nif_text: we\nif: you\n", "id: a\nso_that: we\nsoThat: you\n"}) {
    EXPECT_THAT(ToldBy(InquiryFile::Parse(text, "a.yaml").status()), ElementsAre(HasSubstr("given twice, by two names"))) << text;
  }
  EXPECT_EQ(InquiryFile::Load("/no/such/file").status().code(), absl::StatusCode::kNotFound);
}

TEST(InquiryFileTest, PutsTheServersProblemsAtTheirLines) {
  const InquiryFile file = InquiryFile::Parse(kGood, "a.yaml").value();
  EXPECT_EQ(file.places().PlaceOf("inquiry.name"), "a.yaml:1");
  EXPECT_EQ(file.places().PlaceOf("inquiry.then_text"), "a.yaml:5");
  EXPECT_EQ(file.places().PlaceOf("inquiry.links[1].indicator"), "a.yaml:12");
  EXPECT_EQ(file.places().PlaceOf("inquiry.next_review_date"), "a.yaml:1");
}

}  // namespace
}  // namespace leadlag::cli
