// The whole server in this process, asked over gRPC: every service, its errors, its limits.
#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/limits.h"
#include "server/rpc/convert_catalog.h"
#include "server/rpc/status.h"
#include "tests/server/small_district.h"
#include "tests/support/test_server.h"

namespace leadlag {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kDistrict[] = "districts/small";
constexpr char kSource[] = "districts/small/sources/sis";
constexpr char kNorth[] = "districts/small/teams/north";

Instant At(const std::string& text) { return Instant::Parse(text).value(); }

// Fields of the problems in a call's trailing metadata.
std::vector<std::string> FieldsOf(const grpc::ClientContext& context) {
  std::vector<std::string> fields;
  const auto& metadata = context.GetServerTrailingMetadata();
  const auto found = metadata.find(kErrorDetailsMetadata);
  if (found == metadata.end()) return fields;
  v1::ErrorDetails details;
  EXPECT_TRUE(details.ParseFromArray(found->second.data(), static_cast<int>(found->second.size())));
  for (const v1::Problem& problem : details.problems()) fields.push_back(problem.field());
  return fields;
}

v1::EvidenceRecord Record(const std::string& id, const std::string& team, const std::string& indicator,
                          const std::string& date) {
  v1::EvidenceRecord record;
  record.set_evidence_id(id);
  record.set_team(team);
  record.set_indicator(indicator);
  record.set_event_date(date);
  record.set_number(1);
  return record;
}

class ServiceTest : public ::testing::Test {
 protected:
  ServiceTest() : server_({.now = At("2025-09-02T13:00:00Z")}) {
    v1::ApplyCatalogRequest request;
    *request.mutable_catalog() = ToProto(SmallDistrict::MakeCatalog());
    TestContext context;
    v1::ApplyCatalogResponse response;
    const grpc::Status status = stubs().catalog->ApplyCatalog(&context, request, &response);
    EXPECT_TRUE(status.ok()) << Text(status);
    EXPECT_EQ(response.catalog().version(), 1);
    server_.app().engine().WaitIdle();
  }
  Stubs& stubs() { return server_.stubs(); }

  v1::BatchResult RecordAll(const v1::RecordEvidenceRequest& request) {
    TestContext context;
    v1::RecordEvidenceResponse response;
    const grpc::Status status = stubs().evidence->RecordEvidence(&context, request, &response);
    EXPECT_TRUE(status.ok()) << Text(status);
    return response.result();
  }
  v1::BatchResult RecordOne(const v1::EvidenceRecord& record) {
    v1::RecordEvidenceRequest request;
    request.set_parent(kSource);
    *request.add_records() = record;
    request.set_include_outcomes(true);
    return RecordAll(request);
  }

  TestServer server_;
};

// ---- Catalog ----

TEST_F(ServiceTest, ApplyIsIdempotentAndDryRunChangesNothing) {
  v1::ApplyCatalogRequest request;
  *request.mutable_catalog() = ToProto(SmallDistrict::MakeCatalog());
  v1::ApplyCatalogResponse response;
  TestContext again;
  ASSERT_TRUE(stubs().catalog->ApplyCatalog(&again, request, &response).ok());
  EXPECT_EQ(response.catalog().version(), 1);
  EXPECT_EQ(response.change_count(), 0);

  request.mutable_catalog()->mutable_teams(0)->set_display_name("South High");
  request.set_dry_run(true);
  TestContext dry;
  ASSERT_TRUE(stubs().catalog->ApplyCatalog(&dry, request, &response).ok());
  EXPECT_EQ(response.catalog().version(), 1);
  ASSERT_EQ(response.changes_size(), 1);
  EXPECT_EQ(response.changes(0).path(), "teams/south");

  request.set_dry_run(false);
  request.set_expected_version(7);
  TestContext wrong;
  EXPECT_EQ(stubs().catalog->ApplyCatalog(&wrong, request, &response).error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(FieldsOf(wrong), ElementsAre("expected_version"));
  request.set_expected_version(1);
  TestContext right;
  ASSERT_TRUE(stubs().catalog->ApplyCatalog(&right, request, &response).ok());
  EXPECT_EQ(response.catalog().version(), 2);
}

TEST_F(ServiceTest, ExportIsWhatWasApplied) {
  v1::ExportCatalogRequest request;
  request.set_name(kDistrict);
  v1::ExportCatalogResponse response;
  TestContext context;
  ASSERT_TRUE(stubs().catalog->ExportCatalog(&context, request, &response).ok());
  EXPECT_EQ(CatalogFromProto(response.catalog()).value(), SmallDistrict::MakeCatalog());
  request.set_version(2);
  TestContext later;
  EXPECT_EQ(stubs().catalog->ExportCatalog(&later, request, &response).error_code(), grpc::StatusCode::NOT_FOUND);
  request.set_name("districts/nowhere");
  TestContext nowhere;
  EXPECT_EQ(stubs().catalog->ExportCatalog(&nowhere, request, &response).error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(ServiceTest, ListsPageByPage) {
  v1::ListTeamsRequest request;
  request.set_parent(kDistrict);
  request.set_page_size(1);
  std::vector<std::string> teams;
  do {
    v1::ListTeamsResponse response;
    TestContext context;
    ASSERT_TRUE(stubs().catalog->ListTeams(&context, request, &response).ok());
    for (const v1::Team& team : response.teams()) teams.push_back(team.id());
    request.set_page_token(response.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_THAT(teams, ElementsAre("north", "south"));

  v1::ListTeamsResponse response;
  TestContext first;
  ASSERT_TRUE(stubs().catalog->ListTeams(&first, request, &response).ok());
  request.set_page_token(response.next_page_token());
  (*request.mutable_labels())["level"] = "high";
  TestContext other;
  EXPECT_EQ(stubs().catalog->ListTeams(&other, request, &response).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(FieldsOf(other), ElementsAre("page_token"));

  v1::ListDistrictsResponse districts;
  TestContext list;
  ASSERT_TRUE(stubs().catalog->ListDistricts(&list, {}, &districts).ok());
  ASSERT_EQ(districts.districts_size(), 1);
  EXPECT_EQ(districts.districts(0).team_count(), 2);
  EXPECT_EQ(districts.districts(0).watch_count(), 3);

  v1::ListCatalogVersionsRequest versions_request;
  versions_request.set_parent(kDistrict);
  v1::ListCatalogVersionsResponse versions;
  TestContext versions_context;
  ASSERT_TRUE(stubs().catalog->ListCatalogVersions(&versions_context, versions_request, &versions).ok());
  ASSERT_EQ(versions.versions_size(), 1);
  EXPECT_EQ(versions.versions(0).applied_time().seconds(), At("2025-09-02T13:00:00Z").micros / kMicrosPerSecond);
}

TEST_F(ServiceTest, EveryProblemOfACatalogByField) {
  v1::ApplyCatalogRequest request;
  *request.mutable_catalog() = ToProto(SmallDistrict::MakeCatalog());
  for (int i = 0; i < 120; ++i) request.mutable_catalog()->add_sources()->set_id(absl::StrCat("Bad ", i));
  v1::ApplyCatalogResponse response;
  // A client as it comes from the box reads code, message and as many problems as fit 8 KiB of metadata.
  TestContext plain;
  grpc::Status status = stubs().catalog->ApplyCatalog(&plain, request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("sources[1].id"));
  const size_t few = FieldsOf(plain).size();
  EXPECT_GT(few, 10u);
  EXPECT_LT(few, kMaxProblems);
  // One that says it can take more gets them all.
  grpc::ChannelArguments arguments = Stubs::Arguments();
  arguments.SetInt(GRPC_ARG_MAX_METADATA_SIZE, 512 << 10);
  Stubs roomy(grpc::CreateCustomChannel(server_.target(), grpc::InsecureChannelCredentials(), arguments));
  TestContext asking;
  asking.AddMetadata(kErrorDetailsAskedMetadata, absl::StrCat(kErrorDetailsBytesAskedMax));
  status = roomy.catalog->ApplyCatalog(&asking, request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(FieldsOf(asking).size(), kMaxProblems);
}

TEST_F(ServiceTest, LongestMessagesAndDetailsStillFitAPlainClient) {
  v1::ApplyCatalogRequest request;
  *request.mutable_catalog() = ToProto(SmallDistrict::MakeCatalog());
  // Quoted back, escaped and percent-encoded by gRPC: as long as it gets.
  std::string id(20, '\x01');
  id.append("\xC3\xBC\xC3\xBC");
  for (int i = 0; i < 120; ++i) request.mutable_catalog()->add_teams()->set_id(id);
  v1::ApplyCatalogResponse response;
  TestContext context;
  EXPECT_EQ(stubs().catalog->ApplyCatalog(&context, request, &response).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_FALSE(FieldsOf(context).empty());
}

// ---- Evidence ----

TEST_F(ServiceTest, RecordsGetsVoidsAndLists) {
  EXPECT_EQ(RecordOne(Record("w/1 #a", "north", "walks", "2025-09-02")).new_count(), 1);
  EXPECT_EQ(RecordOne(Record("w/1 #a", "north", "walks", "2025-09-02")).same_count(), 1);
  const v1::BatchResult revised = RecordOne(Record("w/1 #a", "north", "walks", "2025-09-01"));
  EXPECT_EQ(revised.revised_count(), 1);
  EXPECT_EQ(revised.outcomes(0).revision(), 2);

  v1::GetEvidenceRequest get;
  get.set_name(absl::StrCat(kSource, "/evidence/w/1 #a"));
  v1::GetEvidenceResponse got;
  TestContext get_context;
  ASSERT_TRUE(stubs().evidence->GetEvidence(&get_context, get, &got).ok());
  EXPECT_EQ(got.evidence().name(), get.name());
  EXPECT_EQ(got.evidence().current().event_date(), "2025-09-01");
  EXPECT_EQ(got.revisions_size(), 2);

  v1::VoidEvidenceRequest void_request;
  void_request.set_name(get.name());
  void_request.set_reason("entered twice");
  for (int i = 0; i < 2; ++i) {  // the second changes nothing
    v1::VoidEvidenceResponse voided;
    TestContext context;
    const grpc::Status status = stubs().evidence->VoidEvidence(&context, void_request, &voided);
    ASSERT_TRUE(status.ok()) << Text(status);
    EXPECT_TRUE(voided.evidence().voided());
    EXPECT_EQ(voided.evidence().revision_count(), 3);
    EXPECT_EQ(voided.evidence().current().record().note(), "entered twice");
  }
  v1::ListEvidenceRequest list;
  list.set_parent(kNorth);
  v1::ListEvidenceResponse listed;
  TestContext list_context;
  ASSERT_TRUE(stubs().evidence->ListEvidence(&list_context, list, &listed).ok());
  EXPECT_EQ(listed.evidence_size(), 0);
  list.set_include_voided(true);
  TestContext voided_context;
  ASSERT_TRUE(stubs().evidence->ListEvidence(&voided_context, list, &listed).ok());
  EXPECT_EQ(listed.evidence_size(), 1);

  void_request.set_name(absl::StrCat(kSource, "/evidence/unknown"));
  v1::VoidEvidenceResponse voided;
  TestContext unknown;
  EXPECT_EQ(stubs().evidence->VoidEvidence(&unknown, void_request, &voided).error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(ServiceTest, SaysSoWhenAVoidChangesNothing) {
  const auto voiding = [&](const std::string& id, const std::string& reason, std::optional<uint64_t> version) {
    v1::VoidEvidenceRequest request;
    request.set_name(absl::StrCat(kSource, "/evidence/", id));
    request.set_reason(reason);
    if (version) request.set_source_version(*version);
    v1::VoidEvidenceResponse response;
    TestContext context;
    const grpc::Status status = stubs().evidence->VoidEvidence(&context, request, &response);
    EXPECT_EQ(status.ok(), response.evidence().voided()) << Text(status);
    return status;
  };
  RecordOne(Record("plain", "north", "walks", "2025-09-02"));
  ASSERT_TRUE(voiding("plain", "entered twice", std::nullopt).ok());
  RecordOne(Record("plain", "north", "walks", "2025-09-01"));  // it was not
  const grpc::Status again = voiding("plain", "entered twice", std::nullopt);
  EXPECT_EQ(again.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_NE(again.error_message().find("another reason"), std::string::npos) << Text(again);
  EXPECT_TRUE(voiding("plain", "entered twice after all", std::nullopt).ok());

  v1::EvidenceRecord versioned = Record("versioned", "north", "walks", "2025-09-02");
  versioned.set_source_version(5);
  RecordOne(versioned);
  EXPECT_EQ(voiding("versioned", "no", std::nullopt).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(voiding("versioned", "no", 4).error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_TRUE(voiding("versioned", "no", 6).ok());
}

TEST_F(ServiceTest, ABatchIsPartlyGood) {
  v1::RecordEvidenceRequest request;
  request.set_parent(kSource);
  *request.add_records() = Record("good-1", "north", "walks", "2025-09-02");
  *request.add_records() = Record("bad-date", "north", "walks", "2025-02-30");      // refused by rpc
  *request.add_records() = Record("bad-team", "nobody", "walks", "2025-09-02");     // refused by the engine
  *request.add_records() = Record("Latin-1 \xFC", "north", "walks", "2025-09-02");  // no UTF-8
  *request.add_records() = Record("bad-note", "north", "walks", "2025-09-02");
  request.mutable_records(4)->set_note("caf\xE9");
  *request.add_records() = Record("late", "north", "walks", "2025-10-02");  // in the future
  *request.add_records() = Record("good-2", "south", "walks", "2025-09-02");
  const v1::BatchResult result = RecordAll(request);
  EXPECT_EQ(result.new_count(), 2);
  EXPECT_EQ(result.failed_count(), 5);
  std::vector<std::string> failures;
  for (const v1::RecordFailure& failure : result.failures()) {
    failures.push_back(absl::StrCat(failure.index(), " ", failure.code(), " ", failure.field(), " ", failure.evidence_id()));
  }
  EXPECT_THAT(failures, ElementsAre("1 INVALID_ARGUMENT event_date bad-date", "2 NOT_FOUND team bad-team",
                                    "3 INVALID_ARGUMENT evidence_id Latin-1 ?", "4 INVALID_ARGUMENT note bad-note",
                                    "5 INVALID_ARGUMENT event_date late"));
}

TEST_F(ServiceTest, TextThatIsNoUtf8NamesItsField) {
  v1::RecordEvidenceRequest record;
  record.set_parent("districts/\xFF/sources/sis");
  v1::RecordEvidenceResponse recorded;
  TestContext record_context;
  EXPECT_EQ(stubs().evidence->RecordEvidence(&record_context, record, &recorded).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(FieldsOf(record_context), ElementsAre("parent"));
  v1::ApplyCatalogRequest apply;
  apply.mutable_catalog()->set_display_name("Pr\xFC" "fung");
  v1::ApplyCatalogResponse applied;
  TestContext apply_context;
  EXPECT_EQ(stubs().catalog->ApplyCatalog(&apply_context, apply, &applied).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(FieldsOf(apply_context), ElementsAre("catalog.display_name"));
}

TEST_F(ServiceTest, BatchesGoToTheirLimits) {
  v1::RecordEvidenceRequest request;
  request.set_parent(kSource);
  for (size_t i = 0; i < kBatchRecordsMax; ++i) *request.add_records() = Record(absl::StrCat("r-", i), "north", "walks", "2025-09-02");
  EXPECT_EQ(RecordAll(request).new_count(), static_cast<int>(kBatchRecordsMax));
  *request.add_records() = Record("one-more", "north", "walks", "2025-09-02");
  v1::RecordEvidenceResponse response;
  TestContext records;
  EXPECT_EQ(stubs().evidence->RecordEvidence(&records, request, &response).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(FieldsOf(records), ElementsAre("records"));

  request.clear_records();
  // Each record is refused for its note, but the batch is taken up to its bytes.
  *request.add_records() = Record("big", "north", "walks", "2025-09-02");
  request.mutable_records(0)->set_note(std::string(kBatchBytesMax - request.ByteSizeLong() - 10, 'x'));
  while (request.ByteSizeLong() < kBatchBytesMax) request.mutable_records(0)->mutable_note()->push_back('x');
  ASSERT_EQ(request.ByteSizeLong(), kBatchBytesMax);
  EXPECT_EQ(RecordAll(request).failed_count(), 1);
  request.mutable_records(0)->mutable_note()->push_back('x');
  TestContext bytes;
  EXPECT_EQ(stubs().evidence->RecordEvidence(&bytes, request, &response).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(FieldsOf(bytes), ElementsAre("records"));

  // Beyond the message limit gRPC itself answers.
  request.mutable_records(0)->set_note(std::string(kMessageBytesMax, 'x'));
  TestContext message;
  EXPECT_EQ(stubs().evidence->RecordEvidence(&message, request, &response).error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
}

TEST_F(ServiceTest, AnEmptyBatchIsAHeartbeatAndSourcesMustExist) {
  v1::RecordEvidenceRequest request;
  request.set_parent(kSource);
  request.set_complete_through("2025-09-01");
  EXPECT_EQ(RecordAll(request).new_count(), 0);
  request.set_complete_through("yesterday");
  v1::RecordEvidenceResponse response;
  TestContext through;
  EXPECT_EQ(stubs().evidence->RecordEvidence(&through, request, &response).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(FieldsOf(through), ElementsAre("complete_through"));
  request.clear_complete_through();
  for (const char* parent : {"districts/small/sources/other", "districts/nowhere/sources/sis"}) {
    request.set_parent(parent);
    TestContext context;
    EXPECT_EQ(stubs().evidence->RecordEvidence(&context, request, &response).error_code(), grpc::StatusCode::NOT_FOUND) << parent;
  }
}

TEST_F(ServiceTest, Reviews) {
  RecordOne(Record("w1", "north", "walks", "2025-09-02"));
  server_.GoTo(At("2025-09-03T13:00:00Z"));
  v1::RecordReviewRequest request;
  v1::Review& review = *request.mutable_review();
  review.set_name("districts/small/reviews/r-1");
  review.set_team("north");
  review.set_date("2025-09-03");
  review.add_indicators("walks");
  review.set_decision("more modelling");
  v1::RecordReviewResponse response;
  TestContext first;
  const grpc::Status status = stubs().evidence->RecordReview(&first, request, &response);
  ASSERT_TRUE(status.ok()) << Text(status);
  EXPECT_EQ(response.covered_count(), 1);
  EXPECT_EQ(response.review().name(), review.name());
  v1::ListReviewsRequest list;
  list.set_parent(kNorth);
  v1::ListReviewsResponse listed;
  TestContext list_context;
  ASSERT_TRUE(stubs().evidence->ListReviews(&list_context, list, &listed).ok());
  ASSERT_EQ(listed.reviews_size(), 1);
  EXPECT_EQ(listed.reviews(0).decision(), "more modelling");
  review.set_decision("other");
  TestContext taken;
  EXPECT_EQ(stubs().evidence->RecordReview(&taken, request, &response).error_code(), grpc::StatusCode::ALREADY_EXISTS);
  request.clear_review();
  TestContext none;
  EXPECT_EQ(stubs().evidence->RecordReview(&none, request, &response).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

// ---- Cadence and alerts ----

TEST_F(ServiceTest, CadenceOfOneTeamAndOfAll) {
  RecordOne(Record("w1", "north", "walks", "2025-09-02"));
  server_.GoTo(At("2025-11-10T14:00:00Z"));
  v1::GetTeamCadenceRequest one;
  one.set_name(kNorth);
  one.mutable_kind()->set_category(v1::CATEGORY_WALKTHROUGH);
  v1::GetTeamCadenceResponse cadence;
  TestContext one_context;
  ASSERT_TRUE(stubs().cadence->GetTeamCadence(&one_context, one, &cadence).ok());
  EXPECT_EQ(cadence.cadence().signal_dates(), 1);
  EXPECT_EQ(cadence.cadence().start_date(), "2025-07-01");
  EXPECT_EQ(cadence.cadence().expectation(), "walkthroughs");
  EXPECT_EQ(cadence.basis().catalog_version(), 1);

  v1::ListTeamCadenceRequest all;
  all.set_parent(kDistrict);
  all.set_page_size(1);
  std::vector<std::string> teams;
  do {
    v1::ListTeamCadenceResponse page;
    TestContext context;
    ASSERT_TRUE(stubs().cadence->ListTeamCadence(&context, all, &page).ok());
    for (const v1::TeamOverview& team : page.teams()) teams.push_back(team.team() + " " + v1::WatchState_Name(team.state()));
    all.set_page_token(page.next_page_token());
  } while (!all.page_token().empty());
  EXPECT_THAT(teams, ElementsAre("north WATCH_STATE_OVERDUE", "south WATCH_STATE_OVERDUE"));
  for (const bool include_watches : {false, true}) {
    all.set_include_watches(include_watches);
    v1::ListTeamCadenceResponse page;
    TestContext context;
    ASSERT_TRUE(stubs().cadence->ListTeamCadence(&context, all, &page).ok());
    ASSERT_EQ(page.teams_size(), 1);
    EXPECT_EQ(page.teams(0).watches_size() > 0, include_watches);
    EXPECT_EQ(page.basis().catalog_version(), 1);
  }

  v1::GetEvidenceLatencyRequest latency;
  v1::GetEvidenceLatencyResponse latencies;
  for (const char* name : {kDistrict, kNorth}) {
    latency.set_name(name);
    TestContext context;
    ASSERT_TRUE(stubs().cadence->GetEvidenceLatency(&context, latency, &latencies).ok());
    EXPECT_EQ(latencies.team_count(), 1) << name;
    EXPECT_EQ(latencies.latency().interpretation().open_count(), 1);
  }
  latency.set_name("teams/north");
  TestContext malformed;
  EXPECT_EQ(stubs().cadence->GetEvidenceLatency(&malformed, latency, &latencies).error_code(), grpc::StatusCode::INVALID_ARGUMENT);

  v1::GetTimelineRequest timeline;
  timeline.set_name(kNorth);
  v1::GetTimelineResponse items;
  TestContext timeline_context;
  ASSERT_TRUE(stubs().cadence->GetTimeline(&timeline_context, timeline, &items).ok());
  EXPECT_GT(items.items_size(), 2);
  timeline.set_start_date("2024-01-01");
  timeline.set_end_date("2025-06-01");
  TestContext too_long;
  EXPECT_EQ(stubs().cadence->GetTimeline(&too_long, timeline, &items).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(ServiceTest, DimensionsAndSmallWins) {
  const auto ask = [this](bool include_dimensions) {
    v1::GetTeamCadenceRequest request;
    request.set_name(kNorth);
    request.mutable_kind()->set_category(v1::CATEGORY_WALKTHROUGH);
    request.set_include_dimensions(include_dimensions);
    v1::GetTeamCadenceResponse response;
    TestContext context;
    const grpc::Status status = stubs().cadence->GetTeamCadence(&context, request, &response);
    EXPECT_TRUE(status.ok()) << Text(status);
    return response.cadence();
  };
  EXPECT_EQ(ask(false).dimensions_size(), 0);
  ASSERT_EQ(ask(true).dimensions_size(), 3);
  EXPECT_EQ(ask(true).dimensions(0).dimension(), v1::DIMENSION_SHARED_UNDERSTANDING);
  server_.GoTo(At("2025-10-04T14:00:00Z"));
  int week = 0;
  for (const char* date : {"2025-09-02", "2025-09-09", "2025-09-16", "2025-09-23", "2025-09-30"}) {
    EXPECT_EQ(ask(false).small_wins_size(), 0) << date;
    RecordOne(Record(absl::StrCat("w", ++week), "north", "walks", date));
    if (week == 4) break;
  }
  // The week that is not over breaks nothing.
  ASSERT_EQ(ask(false).small_wins_size(), 1);
  EXPECT_EQ(ask(false).small_wins(0).kind(), v1::SMALL_WIN_KIND_STREAK_OF_WEEKS);
  EXPECT_EQ(ask(false).small_wins(0).length(), 4);
}

TEST_F(ServiceTest, LatencyByCycleAndAsOfAPastMoment) {
  RecordOne(Record("w1", "north", "walks", "2025-09-02"));
  server_.GoTo(At("2025-09-10T14:00:00Z"));
  RecordOne(Record("w2", "north", "walks", "2025-09-09"));
  server_.GoTo(At("2025-09-12T14:00:00Z"));
  v1::GetEvidenceLatencyRequest request;
  request.set_name(kNorth);
  request.set_cycle(v1::CYCLE_WEEK);
  request.set_include_previous(true);
  v1::GetEvidenceLatencyResponse response;
  {
    TestContext context;
    const grpc::Status status = stubs().cadence->GetEvidenceLatency(&context, request, &response);
    ASSERT_TRUE(status.ok()) << Text(status);
  }
  EXPECT_EQ(response.latency().collection().closed_count(), 2);
  ASSERT_EQ(response.cycles_size(), 2);
  EXPECT_EQ(response.cycles(1).start_date(), "2025-09-08");
  EXPECT_EQ(response.cycles(1).end_date(), "2025-09-15");
  EXPECT_EQ(response.previous().end_date(), response.start_date());
  request.mutable_as_of()->set_seconds(At("2025-09-05T12:00:00Z").micros / 1'000'000);
  {
    TestContext context;
    const grpc::Status status = stubs().cadence->GetEvidenceLatency(&context, request, &response);
    ASSERT_TRUE(status.ok()) << Text(status);
  }
  EXPECT_EQ(response.latency().collection().closed_count(), 1);
  EXPECT_EQ(response.cycles_size(), 1);
  EXPECT_EQ(response.basis().answered_time().seconds(), request.as_of().seconds());
  EXPECT_EQ(response.basis().catalog_version(), 1);
  const auto refused = [&] {
    TestContext context;
    EXPECT_EQ(stubs().cadence->GetEvidenceLatency(&context, request, &response).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
    return FieldsOf(context);
  };
  request.set_name(kDistrict);
  EXPECT_THAT(refused(), ElementsAre("as_of"));
  request.set_name(kNorth);
  request.mutable_as_of()->set_seconds(At("2025-09-12T15:00:00Z").micros / 1'000'000);
  EXPECT_THAT(refused(), ElementsAre("as_of"));
  request.mutable_as_of()->set_seconds(At("2025-08-01T15:00:00Z").micros / 1'000'000);
  EXPECT_THAT(refused(), ElementsAre("as_of"));
}

TEST_F(ServiceTest, AlertsOpenAndClose) {
  server_.GoTo(At("2025-11-10T14:00:00Z"));
  v1::ListAlertsRequest list;
  list.set_parent(kDistrict);
  list.set_page_size(2);
  std::vector<v1::Alert> alerts;
  do {
    v1::ListAlertsResponse page;
    TestContext context;
    ASSERT_TRUE(stubs().alerts->ListAlerts(&context, list, &page).ok());
    alerts.insert(alerts.end(), page.alerts().begin(), page.alerts().end());
    list.set_page_token(page.next_page_token());
  } while (!list.page_token().empty());
  ASSERT_EQ(alerts.size(), 3u);
  v1::GetAlertRequest get;
  get.set_name(alerts[0].name());
  v1::GetAlertResponse got;
  TestContext get_context;
  const grpc::Status status = stubs().alerts->GetAlert(&get_context, get, &got);
  ASSERT_TRUE(status.ok()) << Text(status);
  EXPECT_EQ(got.alert().SerializeAsString(), alerts[0].SerializeAsString());
  EXPECT_NE(got.why().text(), "");
  EXPECT_EQ(got.flips(0).sequence(), alerts[0].opened_sequence());

  v1::ListAlertsRequest mistyped;
  mistyped.set_parent(kDistrict);
  mistyped.mutable_filter()->add_teams("nroth");
  v1::ListAlertsResponse none;
  TestContext mistyped_context;
  EXPECT_EQ(stubs().alerts->ListAlerts(&mistyped_context, mistyped, &none).error_code(), grpc::StatusCode::NOT_FOUND);

  // A snooze that the team does not outlive says so.
  v1::ApplyCatalogRequest ending;
  Catalog catalog = SmallDistrict::MakeCatalog();
  for (Team& team : catalog.teams) team.active_periods[0].active_to = DateOf("2025-11-21");
  *ending.mutable_catalog() = ToProto(catalog);
  v1::ApplyCatalogResponse applied;
  TestContext ending_context;
  ASSERT_TRUE(stubs().catalog->ApplyCatalog(&ending_context, ending, &applied).ok());
  server_.app().engine().WaitIdle();
  v1::SnoozeRequest snooze;
  snooze.set_name(alerts[0].name());
  snooze.set_by("coach");
  v1::SnoozeResponse snoozed;
  for (const auto& [until, closes] : std::map<std::string, std::string>{{"2025-11-14", ""}, {"2025-11-24", "2025-11-20"}}) {
    snooze.set_until_date(until);
    TestContext snooze_context;
    const grpc::Status told = stubs().alerts->Snooze(&snooze_context, snooze, &snoozed);
    ASSERT_TRUE(told.ok()) << Text(told);
    EXPECT_EQ(snoozed.closes_after_date(), closes) << until;
  }

  RecordOne(Record("w1", "north", "walks", "2025-11-10"));
  RecordOne(Record("w2", "south", "walks", "2025-11-10"));
  v1::ListAlertsResponse after;
  TestContext after_context;
  ASSERT_TRUE(stubs().alerts->ListAlerts(&after_context, list, &after).ok());
  EXPECT_EQ(after.alerts_size(), 0);
  list.set_include_closed(true);
  list.set_page_size(100);
  TestContext closed_context;
  ASSERT_TRUE(stubs().alerts->ListAlerts(&closed_context, list, &after).ok());
  EXPECT_EQ(after.alerts_size(), 3);
  EXPECT_EQ(after.alerts(0).closed_reason(), v1::FLIP_REASON_RESOLVED);
  get.set_name("districts/small/alerts/987654");
  TestContext unknown;
  EXPECT_EQ(stubs().alerts->GetAlert(&unknown, get, &got).error_code(), grpc::StatusCode::NOT_FOUND);
}

// ---- Admin, and all of them ----

TEST_F(ServiceTest, VerifyIsCleanAndStatsCount) {
  RecordOne(Record("w1", "north", "walks", "2025-09-02"));
  server_.GoTo(At("2025-11-10T14:00:00Z"));
  for (const char* name : {"", kDistrict}) {
    v1::VerifyRequest request;
    request.set_name(name);
    v1::VerifyResponse response;
    TestContext context;
    const grpc::Status status = stubs().admin->Verify(&context, request, &response);
    ASSERT_TRUE(status.ok()) << Text(status);
    EXPECT_EQ(response.finding_count(), 0) << response.ShortDebugString();
    ASSERT_EQ(response.districts_size(), 1);
    EXPECT_EQ(response.districts(0).evidence_count(), 1);
  }
  v1::VerifyRequest nowhere;
  nowhere.set_name("districts/nowhere");
  v1::VerifyResponse response;
  TestContext context;
  EXPECT_EQ(stubs().admin->Verify(&context, nowhere, &response).error_code(), grpc::StatusCode::NOT_FOUND);
  v1::GetStatsResponse stats;
  TestContext stats_context;
  ASSERT_TRUE(stubs().admin->GetStats(&stats_context, {}, &stats).ok());
  EXPECT_EQ(stats.districts(0).name(), kDistrict);
  EXPECT_GT(stats.districts(0).flip_count(), 0);
  EXPECT_NE(stats.version(), "");
}

TEST_F(ServiceTest, WhatWasStoredIsThereAfterARestart) {
  RecordOne(Record("w1", "north", "walks", "2025-09-02"));
  server_.Restart();
  EXPECT_EQ(RecordOne(Record("w1", "north", "walks", "2025-09-02")).same_count(), 1);
}

TEST(AppTest, ASecondServerIsRefused) {
  TestServer server({.now = At("2025-09-02T13:00:00Z")});
  AppOptions same_port{.data_directory = "/other", .listen = server.target(), .ticker = false};
  same_port.disk = Disk::InMemory();
  EXPECT_EQ(App::BuildAndStart(same_port).status().code(), absl::StatusCode::kUnavailable);
  AppOptions no_address{.data_directory = "/other", .listen = "7401", .ticker = false};
  no_address.disk = Disk::InMemory();
  EXPECT_EQ(App::BuildAndStart(no_address).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(AppTest, TicksByItself) {
  AppOptions options{.data_directory = "/data", .listen = "127.0.0.1:0"};
  options.disk = Disk::InMemory();
  absl::StatusOr<std::unique_ptr<App>> app = App::BuildAndStart(options);
  ASSERT_TRUE(app.ok()) << app.status();
  EXPECT_GT((*app)->port(), 0);
  (*app)->Drain();
  (*app)->Drain();  // idempotent
  EXPECT_EQ((*app)->engine().Execute("d", TickCommand{}).status().code(), absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace leadlag
