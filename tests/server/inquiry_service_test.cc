// InquiryService over gRPC: what is answered, page by page, and every error that its contract lists.
#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/limits.h"
#include "server/rpc/convert_catalog.h"
#include "server/rpc/convert_inquiry.h"
#include "server/rpc/status.h"
#include "tests/server/small_district.h"
#include "tests/support/test_server.h"

namespace leadlag {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kTheory[] = R"pb(
  name: "districts/small/inquiries/discourse" team: "north" theme: "equity"
  if_text: "we plan together" then_text: "students reason\naloud" so_that_text: "more are on grade level"
  start_date: "2025-09-08" cycle_days: 20 next_review_date: "2025-10-06" district_priority: "Mathematics for all"
  links { indicator: "walks" expected_direction: EXPECTED_DIRECTION_INCREASE expected_change: 10.5 }
  links { indicator: "scores" expected_direction: EXPECTED_DIRECTION_DECREASE }
  actions { id: "plan" description: "meet on Mondays" start_date: "2025-09-08" }
  actions { id: "visit" description: "visit each other" start_date: "2025-09-15" end_date: "2025-12-20" }
)pb";

v1::Inquiry Theory() {
  v1::Inquiry inquiry;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(kTheory, &inquiry));
  return inquiry;
}

std::vector<std::string> FieldsOf(const absl::Status& status) {
  std::vector<std::string> fields;
  for (const Problem& problem : ProblemsOf(status)) fields.push_back(problem.field);
  return fields;
}

// ---- Converting ----

TEST(ConvertInquiryTest, RoundTrip) {
  v1::Inquiry proto = Theory();
  for (const v1::InquiryStatus status : {v1::INQUIRY_STATUS_PLANNED, v1::INQUIRY_STATUS_ACTIVE, v1::INQUIRY_STATUS_DONE,
                                         v1::INQUIRY_STATUS_STOPPED}) {
    proto.set_status(status);
    const absl::StatusOr<NamedInquiry> named = InquiryFromProto(proto, "inquiry");
    ASSERT_TRUE(named.ok()) << named.status();
    EXPECT_EQ(named->district, "small");
    v1::Inquiry back = ToProto(SmallDistrict::MakeCatalog(), named->inquiry);
    EXPECT_EQ(back.links(0).role(), v1::INDICATOR_ROLE_LEADING);
    EXPECT_EQ(back.links(1).role(), v1::INDICATOR_ROLE_LAGGING);
    for (v1::InquiryLink& link : *back.mutable_links()) link.clear_role();
    back.clear_recorded_time();
    EXPECT_EQ(back.SerializeAsString(), proto.SerializeAsString());
  }
  proto.clear_status();
  EXPECT_EQ(InquiryFromProto(proto, "inquiry")->inquiry.status, InquiryStatus::kActive);
  // An indicator that is gone has no role.
  EXPECT_EQ(ToProto(Catalog{}, InquiryFromProto(proto, "inquiry")->inquiry).links(0).role(), v1::INDICATOR_ROLE_UNSPECIFIED);
}

TEST(ConvertInquiryTest, NamesEveryProblemAtOnceAndEachOnce) {
  v1::Inquiry proto = Theory();
  proto.set_name("discourse");
  proto.set_team("North High");
  proto.set_if_text("write to jo@example.org");
  proto.set_then_text("");
  proto.set_so_that_text(std::string(kInquiryTextBytesMax + 1, 'x'));
  proto.set_start_date("soon");
  proto.set_status(static_cast<v1::InquiryStatus>(300));
  proto.set_district_priority("two\nlines");
  proto.mutable_links(0)->set_expected_direction(static_cast<v1::ExpectedDirection>(-1));
  proto.mutable_actions(0)->clear_start_date();
  proto.mutable_actions(1)->set_end_date("2025-02-30");
  EXPECT_THAT(FieldsOf(InquiryFromProto(proto, "inquiry").status()),
              testing::UnorderedElementsAre("inquiry.name", "inquiry.team", "inquiry.if_text", "inquiry.then_text",
                                            "inquiry.so_that_text", "inquiry.start_date", "inquiry.status",
                                            "inquiry.district_priority", "inquiry.links[0].expected_direction",
                                            "inquiry.actions[0].start_date", "inquiry.actions[1].end_date"));
}

// Dates have the bounds that every date has (core/date.h).
TEST(ConvertInquiryTest, DatesOutOfRangeAreRefusedByField) {
  for (const char* const date : {"1969-12-31", "2100-01-01", "0001-01-01", "10000-01-01"}) {
    v1::Inquiry proto = Theory();
    proto.set_start_date(date);
    proto.set_next_review_date(date);
    proto.mutable_actions(0)->set_start_date(date);
    proto.mutable_actions(1)->set_end_date(date);
    const absl::Status status = InquiryFromProto(proto, "inquiry").status();
    EXPECT_THAT(FieldsOf(status), testing::UnorderedElementsAre("inquiry.start_date", "inquiry.next_review_date",
                                                                "inquiry.actions[0].start_date", "inquiry.actions[1].end_date"))
        << date;
    for (const Problem& problem : ProblemsOf(status)) EXPECT_NE(problem.reason, "") << problem.field;
  }
  for (const char* const date : {"1970-01-01", "2099-12-31"}) {
    v1::Inquiry proto = Theory();
    proto.clear_actions();
    proto.set_start_date(date);
    proto.set_next_review_date(date);
    EXPECT_TRUE(InquiryFromProto(proto, "inquiry").ok()) << date;
  }
}

// ---- Over gRPC ----

struct Ended {
  grpc::Status status;
  std::vector<std::string> fields;
};

class InquiryServiceTest : public ::testing::Test {
 protected:
  InquiryServiceTest() : server_({.now = Instant::Parse("2025-09-02T13:00:00Z").value()}) {
    v1::ApplyCatalogRequest request;
    *request.mutable_catalog() = ToProto(SmallDistrict::MakeCatalog());
    TestContext context;
    v1::ApplyCatalogResponse response;
    EXPECT_TRUE(server_.stubs().catalog->ApplyCatalog(&context, request, &response).ok());
    server_.app().engine().WaitIdle();
  }

  v1::InquiryService::Stub& StubOf(const v1::InquiryService::Stub*) { return *server_.stubs().inquiries; }
  v1::EvidenceService::Stub& StubOf(const v1::EvidenceService::Stub*) { return *server_.stubs().evidence; }

  template <typename Stub, typename Request, typename Response>
  Ended Call(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*), const Request& request,
             Response* response) {
    TestContext context;
    Ended ended;
    ended.status = (StubOf(static_cast<const Stub*>(nullptr)).*method)(&context, request, response);
    const auto& metadata = context.GetServerTrailingMetadata();
    if (const auto found = metadata.find(kErrorDetailsMetadata); found != metadata.end()) {
      v1::ErrorDetails details;
      EXPECT_TRUE(details.ParseFromArray(found->second.data(), static_cast<int>(found->second.size())));
      for (const v1::Problem& problem : details.problems()) ended.fields.push_back(problem.field());
    }
    return ended;
  }
  Ended Record(const v1::Inquiry& inquiry, v1::RecordInquiryResponse* response, std::optional<int> expected_revision = std::nullopt) {
    v1::RecordInquiryRequest request;
    *request.mutable_inquiry() = inquiry;
    if (expected_revision) request.set_expected_revision(*expected_revision);
    return Call(&v1::InquiryService::Stub::RecordInquiry, request, response);
  }
  void ExpectRefused(const Ended& ended, grpc::StatusCode code, const std::string& field) {
    EXPECT_EQ(ended.status.error_code(), code) << Text(ended.status);
    EXPECT_THAT(ended.fields, ElementsAre(field)) << Text(ended.status);
  }

  TestServer server_;
};

TEST_F(InquiryServiceTest, RecordsRevisesAndTellsOfAll) {
  v1::RecordInquiryResponse response;
  Ended ended = Record(Theory(), &response);
  ASSERT_TRUE(ended.status.ok()) << Text(ended.status);
  EXPECT_EQ(response.outcome(), v1::RECORD_OUTCOME_KIND_NEW);
  EXPECT_EQ(response.inquiry().revision(), 1);
  EXPECT_TRUE(response.inquiry().has_recorded_time());
  EXPECT_EQ(response.inquiry().status(), v1::INQUIRY_STATUS_ACTIVE);
  EXPECT_EQ(response.inquiry().links(1).role(), v1::INDICATOR_ROLE_LAGGING);
  const v1::Inquiry first = response.inquiry();

  // What was answered may be sent back: what the service set is not read.
  ended = Record(first, &response);
  ASSERT_TRUE(ended.status.ok()) << Text(ended.status);
  EXPECT_EQ(response.outcome(), v1::RECORD_OUTCOME_KIND_SAME);
  EXPECT_EQ(response.inquiry().SerializeAsString(), first.SerializeAsString());

  v1::Inquiry other = Theory();
  other.set_status(v1::INQUIRY_STATUS_DONE);
  other.clear_district_priority();
  ended = Record(other, &response, 1);
  ASSERT_TRUE(ended.status.ok()) << Text(ended.status);
  EXPECT_EQ(response.outcome(), v1::RECORD_OUTCOME_KIND_REVISED);
  EXPECT_EQ(response.inquiry().revision(), 2);

  server_.Restart();
  v1::GetInquiryRequest get;
  get.set_name(first.name());
  v1::GetInquiryResponse got;
  ended = Call(&v1::InquiryService::Stub::GetInquiry, get, &got);
  ASSERT_TRUE(ended.status.ok()) << Text(ended.status);
  EXPECT_EQ(got.inquiry().SerializeAsString(), response.inquiry().SerializeAsString());
  ASSERT_EQ(got.revisions_size(), 2);
  EXPECT_EQ(got.revisions(0).SerializeAsString(), first.SerializeAsString());
  EXPECT_EQ(got.revisions(1).SerializeAsString(), response.inquiry().SerializeAsString());
}

TEST_F(InquiryServiceTest, ListsPageByPage) {
  v1::RecordInquiryResponse recorded;
  for (const char* const id : {"c", "a", "b"}) {
    v1::Inquiry inquiry = Theory();
    inquiry.set_name(absl::StrCat("districts/small/inquiries/", id));
    inquiry.set_team(*id == 'b' ? "south" : "north");
    if (*id == 'c') inquiry.clear_district_priority();
    if (*id == 'b') inquiry.set_theme("attendance");
    ASSERT_TRUE(Record(inquiry, &recorded).status.ok());
  }
  const auto listed = [&](v1::ListInquiriesRequest request) {
    std::string names;
    int pages = 0;
    do {
      v1::ListInquiriesResponse page;
      const Ended ended = Call(&v1::InquiryService::Stub::ListInquiries, request, &page);
      EXPECT_TRUE(ended.status.ok()) << Text(ended.status);
      for (const v1::Inquiry& inquiry : page.inquiries()) absl::StrAppend(&names, names.empty() ? "" : " ", inquiry.name().substr(26));
      request.set_page_token(page.next_page_token());
    } while (!request.page_token().empty() && ++pages < 9);
    return names;
  };
  v1::ListInquiriesRequest request;
  for (const int size : {0, 1, 2, 3}) {
    request.set_page_size(size);
    request.set_parent("districts/small");
    EXPECT_EQ(listed(request), "b a c");  // south was applied first
    request.set_parent("districts/small/teams/north");
    EXPECT_EQ(listed(request), "a c");
  }
  request.set_without_priority(true);
  EXPECT_EQ(listed(request), "c");
  request.set_parent("districts/small");
  EXPECT_EQ(listed(request), "c");
  request.set_without_priority(false);
  request.set_theme("attendance");
  EXPECT_EQ(listed(request), "b");
}

// A page ends at 2 MiB, and goes on from there.
TEST_F(InquiryServiceTest, PagesEndAtTheirBytes) {
  v1::Inquiry largest = Theory();
  for (std::string* const text : {largest.mutable_if_text(), largest.mutable_then_text(), largest.mutable_so_that_text()}) {
    text->assign(kInquiryTextBytesMax, 'x');
  }
  while (largest.actions_size() < static_cast<int>(kInquiryActionsMax)) {
    v1::InquiryAction& action = *largest.add_actions();
    action = largest.actions(0);
    action.set_id(absl::StrCat("a", largest.actions_size()));
  }
  for (v1::InquiryAction& action : *largest.mutable_actions()) action.mutable_description()->assign(kInquiryActionBytesMax, 'y');
  v1::RecordInquiryResponse recorded;
  constexpr int kMany = 180;  // over two teams
  for (int i = 0; i < kMany; ++i) {
    largest.set_name(absl::StrCat("districts/small/inquiries/n", 1000 + i));
    largest.set_team(i % 2 == 0 ? "north" : "south");
    const Ended ended = Record(largest, &recorded);
    ASSERT_TRUE(ended.status.ok()) << Text(ended.status);
  }
  v1::ListInquiriesRequest request;
  request.set_parent("districts/small");
  request.set_page_size(kPageSizeMax);
  int rows = 0;
  int pages = 0;
  do {
    v1::ListInquiriesResponse page;
    ASSERT_TRUE(Call(&v1::InquiryService::Stub::ListInquiries, request, &page).status.ok());
    EXPECT_LE(page.ByteSizeLong(), kPageBytesMax + 1024);
    rows += page.inquiries_size();
    ++pages;
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_EQ(rows, kMany);
  EXPECT_EQ(pages, 2);
  // The largest history fits what a client takes unless it is told otherwise.
  for (size_t i = 1; i < kInquiryRevisionsMax; ++i) {
    largest.set_cycle_days(static_cast<int32_t>(i));
    ASSERT_TRUE(Record(largest, &recorded).status.ok());
  }
  v1::GetInquiryRequest get;
  get.set_name(largest.name());
  v1::GetInquiryResponse got;
  ASSERT_TRUE(Call(&v1::InquiryService::Stub::GetInquiry, get, &got).status.ok());
  EXPECT_EQ(got.revisions_size(), static_cast<int>(kInquiryRevisionsMax));
  EXPECT_LT(got.ByteSizeLong(), 4u << 20);
}

TEST_F(InquiryServiceTest, ListsThemesAndCountsInquiries) {
  v1::Catalog catalog = ToProto(SmallDistrict::MakeCatalog());
  for (const char* const id : {"wellness", "arts"}) catalog.add_inquiry_themes()->set_id(id);
  catalog.mutable_inquiry_themes(0)->set_display_name("Staff wellness");
  v1::ApplyCatalogRequest apply;
  *apply.mutable_catalog() = catalog;
  TestContext context;
  v1::ApplyCatalogResponse applied;
  ASSERT_TRUE(server_.stubs().catalog->ApplyCatalog(&context, apply, &applied).ok());
  const auto list = [&](const std::string& parent, v1::ListThemesResponse* response) {
    v1::ListThemesRequest request;
    request.set_parent(parent);
    return Call(&v1::InquiryService::Stub::ListThemes, request, response);
  };
  v1::ListThemesResponse listed;
  const Ended ended = list("districts/small", &listed);
  ASSERT_TRUE(ended.status.ok()) << Text(ended.status);
  ASSERT_EQ(listed.themes_size(), 12);
  EXPECT_EQ(listed.themes(0).id(), "alignment-and-coherence");
  EXPECT_EQ(listed.themes(0).display_name(), "Alignment and coherence");
  for (int i = 0; i < 12; ++i) EXPECT_EQ(listed.themes(i).district_own(), i >= 10) << i;
  EXPECT_EQ(listed.themes(10).id(), "arts");
  EXPECT_EQ(listed.themes(11).display_name(), "Staff wellness");
  // Each is one that an inquiry may have.
  v1::RecordInquiryResponse recorded;
  for (const v1::ListedTheme& theme : listed.themes()) {
    v1::Inquiry inquiry = Theory();
    inquiry.set_name("districts/small/inquiries/of-" + theme.id());
    inquiry.set_theme(theme.id());
    ASSERT_TRUE(Record(inquiry, &recorded).status.ok()) << theme.id();
    inquiry.set_cycle_days(7);
    ASSERT_TRUE(Record(inquiry, &recorded).status.ok()) << theme.id();
  }
  for (int restarts = 0; restarts < 2; ++restarts) {
    TestContext stats_context;
    v1::GetStatsResponse stats;
    ASSERT_TRUE(server_.stubs().admin->GetStats(&stats_context, {}, &stats).ok());
    EXPECT_EQ(stats.districts(0).inquiry_count(), 12);
    server_.Restart();
  }
  ExpectRefused(list("districts/small/teams/north", &listed), grpc::StatusCode::INVALID_ARGUMENT, "parent");
  ExpectRefused(list("districts/nowhere", &listed), grpc::StatusCode::NOT_FOUND, "parent");
}

TEST_F(InquiryServiceTest, AReviewIsOfAnInquiryOfItsTeam) {
  v1::RecordInquiryResponse recorded;
  ASSERT_TRUE(Record(Theory(), &recorded).status.ok());
  const auto review = [this](const std::string& id, const std::string& team, const std::string& inquiry,
                             v1::RecordReviewResponse* response) {
    v1::RecordReviewRequest request;
    request.mutable_review()->set_name("districts/small/reviews/" + id);
    request.mutable_review()->set_team(team);
    request.mutable_review()->set_date("2025-09-02");
    request.mutable_review()->add_indicators("walks");
    request.mutable_review()->set_inquiry(inquiry);
    request.mutable_review()->mutable_result()->set_outcome_improved(true);
    return Call(&v1::EvidenceService::Stub::RecordReview, request, response);
  };
  v1::RecordReviewResponse response;
  const std::string other = Theory().team() == "north" ? "south" : "north";
  ExpectRefused(review("r-1", other, "discourse", &response), grpc::StatusCode::NOT_FOUND, "review.inquiry");
  ExpectRefused(review("r-1", Theory().team(), "none", &response), grpc::StatusCode::NOT_FOUND, "review.inquiry");
  ASSERT_TRUE(review("r-1", Theory().team(), "discourse", &response).status.ok());
  EXPECT_EQ(response.review().inquiry(), "discourse");
  EXPECT_EQ(response.review().next_question(), "Was it luck, or did the change in practice make the difference?");
}

TEST_F(InquiryServiceTest, Errors) {
  constexpr auto kInvalid = grpc::StatusCode::INVALID_ARGUMENT;
  constexpr auto kUnknown = grpc::StatusCode::NOT_FOUND;
  constexpr auto kPrecondition = grpc::StatusCode::FAILED_PRECONDITION;
  v1::RecordInquiryResponse recorded;
  ASSERT_TRUE(Record(Theory(), &recorded).status.ok());
  const auto with = [](auto edit) {
    v1::Inquiry inquiry = Theory();
    inquiry.set_cycle_days(7);
    edit(inquiry);
    return inquiry;
  };
  ExpectRefused(Call(&v1::InquiryService::Stub::RecordInquiry, v1::RecordInquiryRequest(), &recorded), kInvalid, "inquiry");
  ExpectRefused(Record(with([](auto& i) { i.set_name("discourse"); }), &recorded), kInvalid, "inquiry.name");
  ExpectRefused(Record(with([](auto& i) { i.clear_if_text(); }), &recorded), kInvalid, "inquiry.if_text");
  ExpectRefused(Record(with([](auto& i) { i.set_then_text("caf\xE9"); }), &recorded), kInvalid, "inquiry.then_text");
  ExpectRefused(Record(with([](auto& i) { i.mutable_links(0)->set_indicator("boxes"); }), &recorded), kInvalid,
                "inquiry.links[0].indicator");
  ExpectRefused(Record(Theory(), &recorded, -1), kInvalid, "expected_revision");
  ExpectRefused(Record(with([](auto& i) { i.set_name("districts/nowhere/inquiries/a"); }), &recorded), kUnknown, "inquiry.name");
  ExpectRefused(Record(with([](auto& i) { i.set_team("west"); i.set_name("districts/small/inquiries/w"); }), &recorded), kUnknown,
                "inquiry.team");
  ExpectRefused(Record(with([](auto& i) { i.set_theme("reading"); }), &recorded), kUnknown, "inquiry.theme");
  ExpectRefused(Record(with([](auto& i) { i.mutable_links(1)->set_indicator("visits"); }), &recorded), kUnknown,
                "inquiry.links[1].indicator");
  ExpectRefused(Record(with([](auto& i) { i.set_team("south"); }), &recorded), grpc::StatusCode::ALREADY_EXISTS, "inquiry.name");
  ExpectRefused(Record(with([](auto&) {}), &recorded, 3), kPrecondition, "expected_revision");

  v1::GetInquiryResponse got;
  const auto get = [&](const std::string& name) {
    v1::GetInquiryRequest request;
    request.set_name(name);
    return Call(&v1::InquiryService::Stub::GetInquiry, request, &got);
  };
  ExpectRefused(get("districts/small/reviews/discourse"), kInvalid, "name");
  ExpectRefused(get("districts/small/inquiries/other"), kUnknown, "name");
  ExpectRefused(get("districts/nowhere/inquiries/discourse"), kUnknown, "name");
  ASSERT_TRUE(get("districts/small/inquiries/discourse").status.ok());
  EXPECT_EQ(got.revisions_size(), 1) << "nothing that was refused is stored";

  v1::ListInquiriesResponse page;
  const auto list = [&](auto edit) {
    v1::ListInquiriesRequest request;
    request.set_parent("districts/small");
    edit(request);
    return Call(&v1::InquiryService::Stub::ListInquiries, request, &page);
  };
  ExpectRefused(list([](auto& r) { r.clear_parent(); }), kInvalid, "parent");
  ExpectRefused(list([](auto& r) { r.set_parent("districts/small/sources/sis"); }), kInvalid, "parent");
  ExpectRefused(list([](auto& r) { r.set_theme("Equity!"); }), kInvalid, "theme");
  ExpectRefused(list([](auto& r) { r.set_page_size(kPageSizeMax + 1); }), kInvalid, "page_size");
  ExpectRefused(list([](auto& r) { r.set_page_token("next"); }), kInvalid, "page_token");
  ExpectRefused(list([](auto& r) { r.set_parent("districts/nowhere"); }), kUnknown, "parent");
  ExpectRefused(list([](auto& r) { r.set_parent("districts/small/teams/west"); }), kUnknown, "parent");
  ExpectRefused(list([](auto& r) { r.set_theme("reading"); }), kUnknown, "theme");
  EXPECT_TRUE(list([](auto& r) { r.set_page_size(kPageSizeMax); }).status.ok());

  v1::Inquiry second = Theory();
  second.set_name("districts/small/inquiries/second");
  ASSERT_TRUE(Record(second, &recorded).status.ok());
  ASSERT_TRUE(list([](auto& r) { r.set_page_size(1); }).status.ok());
  const std::string token = page.next_page_token();
  ASSERT_FALSE(token.empty());
  EXPECT_TRUE(list([&](auto& r) { r.set_page_token(token); }).status.ok());
  ExpectRefused(list([&](auto& r) { r.set_page_token(token); r.set_without_priority(true); }), kInvalid, "page_token");
  ExpectRefused(list([&](auto& r) { r.set_page_token(token); r.set_theme("equity"); }), kInvalid, "page_token");
}

}  // namespace
}  // namespace leadlag
