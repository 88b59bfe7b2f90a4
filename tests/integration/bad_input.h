// A small district behind a server in the test's own process, and how a refusal is read: for the tests of
// bad input.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "leadlag/v1/error.pb.h"
#include "tests/support/stubs.h"
#include "tests/support/test_server.h"

namespace leadlag {

inline constexpr char kDistrict[] = "districts/small";
inline constexpr char kSource[] = "districts/small/sources/sis";
inline constexpr char kSouth[] = "districts/small/teams/south";
inline constexpr char kToday[] = "2025-11-06";      // a Thursday
inline constexpr char kTomorrow[] = "2025-11-07";   // the last date of evidence that is taken
inline constexpr char kNotUtf8Bytes[] = "caf\xE9";  // Latin-1

inline Instant At(const std::string& text) { return Instant::Parse(text).value(); }

// 09:00 in New York.
inline Instant Now() { return At("2025-11-06T14:00:00Z"); }

inline v1::Catalog SmallCatalog(const std::string& district = "small") {
  v1::Catalog catalog;
  catalog.set_district(district);
  catalog.set_time_zone("America/New_York");
  catalog.set_default_calendar("main");
  v1::Calendar& calendar = *catalog.add_calendars();
  calendar.set_id("main");
  v1::SchoolYear& year = *calendar.add_years();
  year.set_id("2025-26");
  v1::Term& term = *year.add_terms();
  term.set_first_day("2025-09-01");
  term.set_last_day("2026-06-12");
  for (const char* id : {"south", "north"}) {
    v1::Team& team = *catalog.add_teams();
    team.set_id(id);
    team.add_active_periods()->set_active_from("2025-07-01");
  }
  const auto indicator = [&](const char* id, v1::IndicatorRole role, v1::Category category, v1::Measure measure) {
    v1::Indicator& added = *catalog.add_indicators();
    added.set_id(id);
    added.set_role(role);
    added.set_category(category);
    added.set_measure(measure);
  };
  indicator("walks", v1::INDICATOR_ROLE_LEADING, v1::CATEGORY_WALKTHROUGH, v1::MEASURE_NUMBER);
  indicator("share", v1::INDICATOR_ROLE_LEADING, v1::CATEGORY_IMPLEMENTATION, v1::MEASURE_PROPORTION);
  indicator("boxes", v1::INDICATOR_ROLE_LEADING, v1::CATEGORY_ADULT_LEARNING, v1::MEASURE_COMPLETION);
  indicator("scores", v1::INDICATOR_ROLE_LAGGING, v1::CATEGORY_UNSPECIFIED, v1::MEASURE_NUMBER);
  catalog.add_sources()->set_id("sis");
  catalog.add_sources()->set_id("forms");
  v1::Expectation& expectation = *catalog.add_expectations();
  expectation.set_id("walkthroughs");
  expectation.mutable_kind()->set_category(v1::CATEGORY_WALKTHROUGH);
  return catalog;
}

// Good as it stands.
inline v1::EvidenceRecord GoodRecord(const std::string& id) {
  v1::EvidenceRecord record;
  record.set_evidence_id(id);
  record.set_team("south");
  record.set_indicator("walks");
  record.set_event_date("2025-11-05");
  record.set_number(1);
  return record;
}

// How a call ended, with the problems it named.
struct Ended {
  grpc::Status status;
  v1::ErrorDetails details;
};

inline Ended EndOf(const grpc::Status& status, const grpc::ClientContext& context) {
  Ended ended{status, {}};
  const auto& trailing = context.GetServerTrailingMetadata();
  const auto found = trailing.find("leadlag-error-details-bin");
  if (found != trailing.end()) {
    EXPECT_TRUE(ended.details.ParseFromArray(found->second.data(), static_cast<int>(found->second.size())));
  }
  return ended;
}

// One unary call: Call(*stubs.catalog, &v1::CatalogService::Stub::GetTeam, request).
template <typename Stub, typename Request, typename Response>
Ended Call(Stub& stub, grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
           const Request& request, Response* response) {
  TestContext context;
  return EndOf((stub.*method)(&context, request, response), context);
}

class BadInputTest : public testing::Test {
 protected:
  BadInputTest() : server_({.now = Now()}), stubs_(server_.stubs()) {
    for (const char* district : {"small", "other"}) Apply(SmallCatalog(district));
    server_.app().engine().WaitIdle();
  }

  void Apply(const v1::Catalog& catalog) {
    v1::ApplyCatalogRequest request;
    v1::ApplyCatalogResponse response;
    *request.mutable_catalog() = catalog;
    TestContext context;
    const grpc::Status status = stubs_.catalog->ApplyCatalog(&context, request, &response);
    ASSERT_TRUE(status.ok()) << Text(status);
  }

  // Sends one batch unary.
  Ended Record(const std::vector<v1::EvidenceRecord>& records, v1::BatchResult* result,
               const std::string& parent = kSource) {
    v1::RecordEvidenceRequest request;
    v1::RecordEvidenceResponse response;
    request.set_parent(parent);
    request.set_include_outcomes(true);
    for (const v1::EvidenceRecord& record : records) *request.add_records() = record;
    TestContext context;
    const Ended ended = EndOf(stubs_.evidence->RecordEvidence(&context, request, &response), context);
    *result = response.result();
    return ended;
  }

  bool Stored(const std::string& id) {
    v1::GetEvidenceRequest request;
    v1::GetEvidenceResponse response;
    request.set_name(absl::StrCat(kSource, "/evidence/", id));
    TestContext context;
    const grpc::Status status = stubs_.evidence->GetEvidence(&context, request, &response);
    EXPECT_TRUE(status.ok() || status.error_code() == grpc::StatusCode::NOT_FOUND) << Text(status);
    return status.ok();
  }

  int64_t Version(const std::string& name = kDistrict) {
    v1::GetDistrictRequest request;
    v1::GetDistrictResponse response;
    request.set_name(name);
    TestContext context;
    const grpc::Status status = stubs_.catalog->GetDistrict(&context, request, &response);
    return status.ok() ? response.district().catalog().version() : -1;
  }

  TestServer server_;
  Stubs& stubs_;
};

inline std::vector<v1::EvidenceRecord> ManyRecords(size_t count, const std::string& prefix) {
  std::vector<v1::EvidenceRecord> records;
  for (size_t i = 0; i < count; ++i) records.push_back(GoodRecord(absl::StrCat(prefix, i)));
  return records;
}

// Whether a call ended with the code, and named the field with this piece of a reason (no field: in the message alone).
inline void ExpectRefused(const Ended& ended, grpc::StatusCode code, const std::string& field,
                          const std::string& reason) {
  EXPECT_EQ(ended.status.error_code(), code) << Text(ended.status);
  if (field.empty()) {
    EXPECT_THAT(ended.status.error_message(), testing::HasSubstr(reason));
    return;
  }
  bool named = false;
  for (const v1::Problem& problem : ended.details.problems()) {
    named = named || (problem.field() == field && problem.reason().find(reason) != std::string::npos);
  }
  EXPECT_TRUE(named) << "no problem of " << field << " with \"" << reason << "\" in "
                     << ended.details.ShortDebugString() << "; " << Text(ended.status);
  EXPECT_THAT(ended.status.error_message(),
              testing::HasSubstr(ended.details.problems_size() > 0 ? ended.details.problems(0).reason() : reason));
}

}  // namespace leadlag
