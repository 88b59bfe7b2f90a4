// Requests with something wrong in them: the documented code, the field and a reason, and nothing changed. Every limit
// of a request in core/limits.h, at it and one past.
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/limits.h"
#include "tests/integration/bad_input.h"

namespace leadlag {
namespace {

using testing::HasSubstr;

// ---- Questions and other requests ----

struct BadCall {
  std::string what;
  std::function<Ended(Stubs&)> call;
  grpc::StatusCode code;
  std::string field;   // empty: the problem is in the message alone
  std::string reason;  // a piece of it
};

constexpr auto kOk = grpc::StatusCode::OK;
constexpr auto kInvalid = grpc::StatusCode::INVALID_ARGUMENT;
constexpr auto kUnknown = grpc::StatusCode::NOT_FOUND;

// A call with a request that `edit` makes from a good one.
template <typename Request, typename Response, typename Stub>
std::function<Ended(Stubs&)> With(std::unique_ptr<Stub> Stubs::*service,
                                  grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                                  std::function<void(Request&)> edit) {
  return [=](Stubs& stubs) {
    Request request;
    edit(request);
    Response response;
    return Call(*(stubs.*service), method, request, &response);
  };
}

void Check(Stubs& stubs, const std::vector<BadCall>& cases) {
  for (const BadCall& c : cases) {
    SCOPED_TRACE(c.what);
    const Ended ended = c.call(stubs);
    if (c.code == kOk) {
      EXPECT_TRUE(ended.status.ok()) << Text(ended.status);
    } else {
      ExpectRefused(ended, c.code, c.field, c.reason);
    }
  }
}

TEST_F(BadInputTest, EvidenceRequests) {
  v1::BatchResult result;
  ASSERT_TRUE(Record(ManyRecords(3, "listed-"), &result).status.ok());
  std::string next_page;
  {
    v1::ListEvidenceRequest request;
    v1::ListEvidenceResponse response;
    request.set_parent(kSouth);
    request.set_page_size(1);
    ASSERT_TRUE(Call(*stubs_.evidence, &v1::EvidenceService::Stub::ListEvidence, request, &response).status.ok());
    next_page = response.next_page_token();
    ASSERT_FALSE(next_page.empty());
  }
  const auto record = [](std::function<void(v1::RecordEvidenceRequest&)> edit) {
    return With<v1::RecordEvidenceRequest, v1::RecordEvidenceResponse>(
        &Stubs::evidence, &v1::EvidenceService::Stub::RecordEvidence, edit);
  };
  const auto list = [](std::function<void(v1::ListEvidenceRequest&)> edit) {
    return With<v1::ListEvidenceRequest, v1::ListEvidenceResponse>(
        &Stubs::evidence, &v1::EvidenceService::Stub::ListEvidence, [=](auto& r) {
          r.set_parent(kSouth);
          edit(r);
        });
  };
  const auto get = [](std::string name) {
    return With<v1::GetEvidenceRequest, v1::GetEvidenceResponse>(
        &Stubs::evidence, &v1::EvidenceService::Stub::GetEvidence, [=](auto& r) { r.set_name(name); });
  };
  const auto void_one = [](std::string id, std::string reason) {
    return With<v1::VoidEvidenceRequest, v1::VoidEvidenceResponse>(
        &Stubs::evidence, &v1::EvidenceService::Stub::VoidEvidence, [=](auto& r) {
          r.set_name(absl::StrCat(kSource, "/evidence/", id));
          r.set_reason(reason);
        });
  };
  Check(stubs_,
        {{"no source named", record([](auto&) {}), kInvalid, "parent", "is required"},
         {"a name that is none", record([](auto& r) { r.set_parent("districts/small"); }), kInvalid, "parent",
          "sources/{source}"},
         {"no such district", record([](auto& r) { r.set_parent("districts/nowhere/sources/sis"); }), kUnknown, "",
          "nowhere"},
         {"no such source", record([](auto& r) { r.set_parent("districts/small/sources/nobody"); }), kUnknown, "parent",
          "nobody"},
         {"complete through no date", record([](auto& r) {
            r.set_parent(kSource);
            r.set_complete_through("2025-13-01");
          }),
          kInvalid, "complete_through", "2025-13-01"},
         {"a list", list([](auto&) {}), kOk, "", ""},
         {"a list of a team that is none", list([](auto& r) { r.set_parent("districts/small/teams/nobody"); }),
          kUnknown, "", "nobody"},
         {"a list of a name that is none", list([](auto& r) { r.set_parent("south"); }), kInvalid, "parent",
          "teams/{team}"},
         {"a list of no such indicator", list([](auto& r) { r.set_indicator("visits"); }), kUnknown, "indicator",
          "visits"},
         {"a list of what is no indicator", list([](auto& r) { r.set_indicator("Visits!"); }), kInvalid, "indicator",
          "Visits!"},
         {"a list from no date", list([](auto& r) { r.set_start_date("yesterday"); }), kInvalid, "start_date",
          "yesterday"},
         {"a list to no date", list([](auto& r) { r.set_end_date("2025-02-29"); }), kInvalid, "end_date", "2025-02-29"},
         {"a page at the limit", list([](auto& r) { r.set_page_size(kPageSizeMax); }), kOk, "", ""},
         {"a page past the limit", list([](auto& r) { r.set_page_size(kPageSizeMax + 1); }), kInvalid, "page_size",
          "give 1 to 1000"},
         {"a page of less than nothing", list([](auto& r) { r.set_page_size(-1); }), kInvalid, "page_size", "-1"},
         {"a malformed page token", list([](auto& r) { r.set_page_token("next"); }), kInvalid, "page_token", ""},
         {"the next page", list([=](auto& r) { r.set_page_token(next_page); }), kOk, "", ""},
         {"another question's page token", list([=](auto& r) {
            r.set_page_token(next_page);
            r.set_indicator("walks");
          }),
          kInvalid, "page_token", ""},
         {"a filter that is not UTF-8", list([](auto& r) { r.set_indicator(kNotUtf8Bytes); }), kInvalid, "indicator",
          "UTF-8"},
         {"no such record", get(absl::StrCat(kSource, "/evidence/nothing")), kUnknown, "", "nothing"},
         {"a record's name that is none", get(kSource), kInvalid, "name", "evidence/{evidence_id}"},
         {"a void of no record", void_one("nothing", ""), kUnknown, "", "nothing"},
         {"a void with the longest reason", void_one("listed-0", std::string(kNoteBytesMax, 'r')), kOk, "", ""},
         {"a void with a longer one", void_one("listed-1", std::string(kNoteBytesMax + 1, 'r')), kInvalid, "reason",
          "1000"}});
  EXPECT_TRUE(Stored("listed-1"));
}

TEST_F(BadInputTest, Reviews) {
  v1::BatchResult result;
  ASSERT_TRUE(Record(ManyRecords(kReviewEvidenceMax + 1, "seen-"), &result).status.ok());
  const auto hold = [](std::string id, std::function<void(v1::Review&)> edit) {
    return With<v1::RecordReviewRequest, v1::RecordReviewResponse>(
        &Stubs::evidence, &v1::EvidenceService::Stub::RecordReview, [=](auto& r) {
          v1::Review& review = *r.mutable_review();
          review.set_name(absl::StrCat(kDistrict, "/reviews/", id));
          review.set_team("south");
          review.set_date(kToday);
          review.add_indicators("walks");
          edit(review);
        });
  };
  const auto evidence = [](size_t count) {
    return [count](v1::Review& review) {
      for (size_t i = 0; i < count; ++i) {
        v1::EvidenceReference& reference = *review.add_evidence();
        reference.set_source("sis");
        reference.set_evidence_id(absl::StrCat("seen-", i));
      }
    };
  };
  const auto indicators = [](size_t count) {
    return [count](v1::Review& review) {
      review.clear_indicators();
      for (size_t i = 0; i < count; ++i) review.add_indicators(i % 2 == 0 ? "walks" : "share");
    };
  };
  Check(stubs_, {{"a review", hold("r", [](auto&) {}), kOk, "", ""},
                 {"the same again", hold("r", [](auto&) {}), kOk, "", ""},
                 {"its id with other content", hold("r", [](auto& r) { r.set_decision("stop"); }),
                  grpc::StatusCode::ALREADY_EXISTS, "review.name", "other content"},
                 {"a date after today", hold("a", [](auto& r) { r.set_date(kTomorrow); }), kInvalid, "review.date", ""},
                 {"no date", hold("b", [](auto& r) { r.clear_date(); }), kInvalid, "review.date", "is required"},
                 {"no such team", hold("c", [](auto& r) { r.set_team("nobody"); }), kUnknown, "review.team", "nobody"},
                 {"no such indicator", hold("d", [](auto& r) { r.add_indicators("visits"); }), kUnknown,
                  "review.indicators[1]", "visits"},
                 {"no such record",
                  hold("e",
                       [](auto& r) {
                         v1::EvidenceReference& reference = *r.add_evidence();
                         reference.set_source("sis");
                         reference.set_evidence_id("nothing");
                       }),
                  kUnknown, "review.evidence[0]", "nothing"},
                 {"nothing looked at", hold("f", [](auto& r) { r.clear_indicators(); }), kInvalid, "review.indicators",
                  "is required"},
                 {"a name that is none", hold("G!", [](auto&) {}), kInvalid, "review.name", "reviews/{review}"},
                 {"no such district", hold("g", [](auto& r) { r.set_name("districts/nowhere/reviews/g"); }), kUnknown,
                  "", "nowhere"},
                 {"the longest decision",
                  hold("h", [](auto& r) { r.set_decision(std::string(kDecisionBytesMax, 'd')); }), kOk, "", ""},
                 {"a longer one", hold("i", [](auto& r) { r.set_decision(std::string(kDecisionBytesMax + 1, 'd')); }),
                  kInvalid, "review.decision", "1000"},
                 {"a decision that is not UTF-8", hold("j", [](auto& r) { r.set_decision(kNotUtf8Bytes); }), kInvalid,
                  "review.decision", "UTF-8"},
                 {"a decision that names a person", hold("k", [](auto& r) { r.set_decision("pat@example.org"); }),
                  kInvalid, "review.decision", "e-mail"},
                 {"the most evidence", hold("l", evidence(kReviewEvidenceMax)), kOk, "", ""},
                 {"more", hold("m", evidence(kReviewEvidenceMax + 1)), kInvalid, "review.evidence", "at most 500"},
                 {"more indicators than one may list", hold("n", indicators(kReviewIndicatorsMax + 1)), kInvalid,
                  "review.indicators", "at most 100"}});
  v1::ListReviewsRequest request;
  v1::ListReviewsResponse response;
  request.set_parent(kSouth);
  ASSERT_TRUE(Call(*stubs_.evidence, &v1::EvidenceService::Stub::ListReviews, request, &response).status.ok());
  std::string stored;
  for (const v1::Review& review : response.reviews())
    absl::StrAppend(&stored, review.name().substr(review.name().rfind('/') + 1), " ");
  EXPECT_EQ(stored, "h l r ");
}

TEST_F(BadInputTest, CadenceRequests) {
  const auto cadence = [](std::function<void(v1::GetTeamCadenceRequest&)> edit) {
    return With<v1::GetTeamCadenceRequest, v1::GetTeamCadenceResponse>(
        &Stubs::cadence, &v1::CadenceService::Stub::GetTeamCadence, [=](auto& r) {
          r.set_name(kSouth);
          edit(r);
        });
  };
  const auto teams = [](std::function<void(v1::ListTeamCadenceRequest&)> edit) {
    return With<v1::ListTeamCadenceRequest, v1::ListTeamCadenceResponse>(
        &Stubs::cadence, &v1::CadenceService::Stub::ListTeamCadence, [=](auto& r) {
          r.set_parent(kDistrict);
          edit(r);
        });
  };
  const auto latency = [](std::function<void(v1::GetEvidenceLatencyRequest&)> edit) {
    return With<v1::GetEvidenceLatencyRequest, v1::GetEvidenceLatencyResponse>(
        &Stubs::cadence, &v1::CadenceService::Stub::GetEvidenceLatency, [=](auto& r) {
          r.set_name(kDistrict);
          edit(r);
        });
  };
  const auto timeline = [](std::string from, std::string to) {
    return With<v1::GetTimelineRequest, v1::GetTimelineResponse>(&Stubs::cadence,
                                                                 &v1::CadenceService::Stub::GetTimeline, [=](auto& r) {
                                                                   r.set_name(kSouth);
                                                                   r.set_start_date(from);
                                                                   r.set_end_date(to);
                                                                 });
  };
  const auto window = [](std::string from, std::string to) {
    return [=](auto& r) {
      r.set_start_date(from);
      r.set_end_date(to);
    };
  };
  const Date from = Date::FromYmd(2020, 1, 1);
  const std::string at = (from + kMaxWindowDays).ToString(), past = (from + kMaxWindowDays + 1).ToString();
  Check(stubs_,
        {{"cadence", cadence([](auto&) {}), kOk, "", ""},
         {"no such team", cadence([](auto& r) { r.set_name("districts/small/teams/nobody"); }), kUnknown, "", "nobody"},
         {"no such district", cadence([](auto& r) { r.set_name("districts/nowhere/teams/south"); }), kUnknown, "",
          "nowhere"},
         {"a name that is none", cadence([](auto& r) { r.set_name(kDistrict); }), kInvalid, "name", "teams/{team}"},
         {"no such indicator", cadence([](auto& r) { r.mutable_kind()->set_indicator("visits"); }), kUnknown,
          "kind.indicator", "visits"},
         {"a kind of nothing", cadence([](auto& r) { r.mutable_kind()->set_any_leading(false); }), kInvalid,
          "kind.any_leading", ""},
         {"no category", cadence([](auto& r) { r.mutable_kind()->set_category(v1::CATEGORY_UNSPECIFIED); }), kInvalid,
          "kind.category", ""},
         {"a start that is no date", cadence(window("Monday", "")), kInvalid, "start_date", "Monday"},
         {"a window without a day", cadence(window("2025-09-01", "2025-09-01")), kInvalid, "end_date", ""},
         {"the longest window", cadence(window(from.ToString(), at)), kOk, "", ""},
         {"a longer one", cadence(window(from.ToString(), past)), kInvalid, "end_date", "3660"},
         {"teams", teams([](auto& r) { r.set_page_size(kOverviewPageSizeMax); }), kOk, "", ""},
         {"a page of too many teams", teams([](auto& r) { r.set_page_size(kOverviewPageSizeMax + 1); }), kInvalid,
          "page_size", "5000"},
         {"teams' malformed page token", teams([](auto& r) { r.set_page_token("x"); }), kInvalid, "page_token", ""},
         {"teams of no district", teams([](auto& r) { r.clear_parent(); }), kInvalid, "parent", "is required"},
         {"latency", latency([](auto&) {}), kOk, "", ""},
         {"latency of the longest window", latency(window(from.ToString(), at)), kOk, "", ""},
         {"latency of a longer one", latency(window(from.ToString(), past)), kInvalid, "end_date", "3660"},
         {"latency of a team and labels", latency([](auto& r) {
            r.set_name(kSouth);
            (*r.mutable_labels())["level"] = "high";
          }),
          kInvalid, "labels", ""},
         {"latency of what is neither", latency([](auto& r) { r.set_name("small"); }), kInvalid, "name", "neither"},
         {"the longest timeline", timeline("2025-01-01", (Date::FromYmd(2025, 1, 1) + kMaxTimelineDays).ToString()),
          kOk, "", ""},
         {"a longer one", timeline("2025-01-01", (Date::FromYmd(2025, 1, 1) + kMaxTimelineDays + 1).ToString()),
          kInvalid, "end_date", "400"},
         {"a timeline that ends before it begins", timeline("2025-02-01", "2025-01-01"), kInvalid, "end_date", ""}});
}

// ---- Catalogs ----

TEST_F(BadInputTest, ABadCatalogChangesNothing) {
  const auto apply = [](std::function<void(v1::Catalog&)> edit) {
    return With<v1::ApplyCatalogRequest, v1::ApplyCatalogResponse>(
        &Stubs::catalog, &v1::CatalogService::Stub::ApplyCatalog, [=](auto& r) {
          *r.mutable_catalog() = SmallCatalog();
          edit(*r.mutable_catalog());
        });
  };
  const auto apply_if = [](int version) {
    return With<v1::ApplyCatalogRequest, v1::ApplyCatalogResponse>(
        &Stubs::catalog, &v1::CatalogService::Stub::ApplyCatalog, [=](auto& r) {
          *r.mutable_catalog() = SmallCatalog();
          r.mutable_catalog()->set_display_name("another");
          r.set_expected_version(version);
        });
  };
  constexpr auto precondition = grpc::StatusCode::FAILED_PRECONDITION;
  const std::string long_text(kMaxTextBytes + 1, 't'), long_id(kMaxIdBytes + 1, 'i');
  const auto times = [](size_t count, std::function<void(v1::Catalog&, size_t)> add) {
    return [=](v1::Catalog& catalog) {
      for (size_t i = 0; i < count; ++i) add(catalog, i);
    };
  };
  const auto label = [](v1::Catalog& c, size_t i) {
    (*c.mutable_teams(0)->mutable_labels())[absl::StrCat("key-", i)] = "v";
  };
  const auto exception = [](v1::Catalog& c, size_t i) {
    v1::CalendarException& e = *c.mutable_calendars(0)->add_exceptions();
    e.set_date((Date::FromYmd(2025, 9, 1) + static_cast<int>(i % 200)).ToString());
    e.set_kind(v1::CALENDAR_EXCEPTION_KIND_LATE_ARRIVAL);
  };
  const int64_t version = Version();
  const std::vector<BadCall> cases = {
      {"no district", apply([](auto& c) { c.clear_district(); }), kInvalid, "district", ""},
      {"a district that is no id", apply([](auto& c) { c.set_district("Small"); }), kInvalid, "district",
       "is not an id"},
      {"no such zone", apply([](auto& c) { c.set_time_zone("America/Gotham"); }), kInvalid, "time_zone",
       "America/Gotham"},
      {"no zone", apply([](auto& c) { c.clear_time_zone(); }), kInvalid, "time_zone", "no time zone"},
      {"no such calendar", apply([](auto& c) { c.set_default_calendar("other"); }), kInvalid, "default_calendar",
       "other"},
      {"a name over its limit", apply([=](auto& c) { c.set_display_name(long_text); }), kInvalid, "display_name",
       "201 bytes"},
      {"a name that is not UTF-8", apply([](auto& c) { c.set_display_name(kNotUtf8Bytes); }), kInvalid,
       "catalog.display_name", "UTF-8"},
      {"two teams of one id", apply([](auto& c) { c.mutable_teams(1)->set_id("south"); }), kInvalid, "teams[1].id",
       "already"},
      {"an id over its limit", apply([=](auto& c) { c.mutable_teams(1)->set_id(long_id); }), kInvalid, "teams[1].id",
       "is not an id"},
      {"a team that is never active", apply([](auto& c) { c.mutable_teams(0)->clear_active_periods(); }), kInvalid,
       "teams[0].active_periods", "never active"},
      {"a date that does not exist",
       apply([](auto& c) { c.mutable_teams(0)->mutable_active_periods(0)->set_active_from("2025-09-31"); }), kInvalid,
       "teams[0].active_periods[0].active_from", "2025-09-31"},
      {"too many labels", apply(times(kMaxLabels + 1, label)), kInvalid, "teams[0].labels", "at most 20"},
      {"a term outside its year",
       apply([](auto& c) { c.mutable_calendars(0)->mutable_years(0)->mutable_terms(0)->set_last_day("2027-06-12"); }),
       kInvalid, "calendars[0].years[0].terms[0].last_day", ""},
      {"too many exceptions", apply(times(kMaxExceptions + 1, exception)), kInvalid, "calendars[0].exceptions",
       "at most 2000"},
      {"an exception without a kind",
       apply([](auto& c) { c.mutable_calendars(0)->add_exceptions()->set_date("2025-10-01"); }), kInvalid,
       "calendars[0].exceptions[0].kind", "needs a kind"},
      {"an indicator without a measure", apply([](auto& c) { c.mutable_indicators(0)->clear_measure(); }), kInvalid,
       "indicators[0].measure", "needs a measure"},
      {"an indicator without a role", apply([](auto& c) { c.mutable_indicators(0)->clear_role(); }), kInvalid,
       "indicators[0].role", "needs a role"},
      {"a leading outcome", apply([](auto& c) { c.mutable_indicators(0)->set_category(v1::CATEGORY_OUTCOME); }),
       kInvalid, "indicators[0].category", ""},
      {"E of 0", apply([](auto& c) { c.mutable_expectations(0)->set_every_days(0); }), kInvalid,
       "expectations[0].every_days", "give 1 to 400"},
      {"E past its limit", apply([](auto& c) { c.mutable_expectations(0)->set_every_days(kMaxExpectationDays + 1); }),
       kInvalid, "expectations[0].every_days", "give 1 to 400"},
      {"G past its limit", apply([](auto& c) { c.mutable_expectations(0)->set_grace_days(kMaxExpectationDays + 1); }),
       kInvalid, "expectations[0].grace_days", "give 0 to 400"},
      {"A below 0", apply([](auto& c) { c.mutable_expectations(0)->set_allowance_days(-1); }), kInvalid,
       "expectations[0].allowance_days", "give 0 to 400"},
      {"a time that is none", apply([](auto& c) { c.mutable_expectations(0)->set_notify_time("25:00"); }), kInvalid,
       "expectations[0].notify_time", ""},
      {"an expectation of nothing", apply([](auto& c) { c.mutable_expectations(0)->clear_kind(); }), kInvalid,
       "expectations[0].kind", "needs a kind"},
      {"an expectation of no such indicator",
       apply([](auto& c) { c.mutable_expectations(0)->mutable_kind()->set_indicator("visits"); }), kInvalid,
       "expectations[0].kind.indicator", "visits"},
      {"an expectation of no such team", apply([](auto& c) { c.mutable_expectations(0)->add_teams("nobody"); }),
       kInvalid, "expectations[0].teams[0]", "nobody"},
      {"a rule of nothing", apply([](auto& c) { c.add_alert_rules()->set_id("rule"); }), kInvalid, "alert_rules[0]", "needs a kind"},
      {"a rule for no team",
       apply([](auto& c) {
         c.add_alert_rules()->set_id("rule");
         c.mutable_alert_rules(0)->mutable_review_overdue();
         (*c.mutable_alert_rules(0)->mutable_team_labels())["level"] = "nowhere";
       }),
       kInvalid, "alert_rules[0].team_labels", "picks no team"},
      {"a rule's days past their limit",
       apply([](auto& c) {
         c.add_alert_rules()->set_id("rule");
         c.mutable_alert_rules(0)->mutable_review_overdue()->set_days(kMaxExpectationDays + 1);
       }),
       kInvalid, "alert_rules[0].review_overdue.days", "give 1 to 400"},
      {"settling past its limit",
       apply([](auto& c) { c.mutable_settings()->set_settling_minutes(kMaxSettlingMinutes + 1); }), kInvalid,
       "settings.settling_minutes", "give 0 to 1440"},
      {"flips kept for too short", apply([](auto& c) { c.mutable_settings()->set_flip_retention_days(kMinFlipRetentionDays - 1); }),
       kInvalid, "settings.flip_retention_days", "give 7 to 3650 days, or 0"},
      {"flips kept for too long", apply([](auto& c) { c.mutable_settings()->set_flip_retention_days(kMaxFlipRetentionDays + 1); }),
       kInvalid, "settings.flip_retention_days", "give 7 to 3650 days, or 0"},
      {"too many expectations",
       apply(times(kMaxExpectations,
                   [](v1::Catalog& c, size_t i) {
                     v1::Expectation& e = *c.add_expectations();
                     e.set_id(absl::StrCat("e-", i));
                     e.mutable_kind()->set_any_leading(true);
                   })),
       kInvalid, "expectations", "at most 100"},
      {"too many sources",
       apply(times(kMaxSources - 1, [](v1::Catalog& c, size_t i) { c.add_sources()->set_id(absl::StrCat("s-", i)); })),
       kInvalid, "sources", "at most 200"},
      {"another measure", apply([](auto& c) { c.mutable_indicators(0)->set_measure(v1::MEASURE_PROPORTION); }),
       precondition, "indicators[0].measure", ""},
      {"a version that is not in force", apply_if(7), precondition, "expected_version", ""},
      {"no version, where there is one", apply_if(0), precondition, "expected_version", ""},
      {"a version below 0", apply_if(-1), kInvalid, "expected_version", ""},
  };
  Check(stubs_, cases);
  EXPECT_EQ(Version(), version);
  EXPECT_EQ(Version("districts/Small"), -1);

  // At those limits.
  Check(stubs_,
        {{"the longest name", apply([](auto& c) { c.set_display_name(std::string(kMaxTextBytes, 't')); }), kOk, "", ""},
         {"the longest id", apply([](auto& c) {
            c.add_teams()->CopyFrom(c.teams(0)), c.mutable_teams(2)->set_id(std::string(kMaxIdBytes, 'i'));
          }),
          kOk, "", ""},
         {"the most labels", apply(times(kMaxLabels, label)), kOk, "", ""},
         {"the most exceptions", apply(times(kMaxExceptions, exception)), kOk, "", ""},
         {"the most days", apply([](auto& c) {
            v1::Expectation& e = *c.mutable_expectations(0);
            e.set_every_days(kMaxExpectationDays);
            e.set_grace_days(kMaxExpectationDays);
            e.set_allowance_days(kMaxExpectationDays);
            c.mutable_settings()->set_settling_minutes(kMaxSettlingMinutes);
          }),
          kOk, "", ""},
         {"flips kept for the shortest", apply([](auto& c) { c.mutable_settings()->set_flip_retention_days(kMinFlipRetentionDays); }),
          kOk, "", ""},
         {"flips kept for the longest", apply([](auto& c) { c.mutable_settings()->set_flip_retention_days(kMaxFlipRetentionDays); }),
          kOk, "", ""}});
  EXPECT_EQ(Version(), version + 7);
}

TEST_F(BadInputTest, ACatalogNamesManyProblemsAtOnce) {
  v1::ApplyCatalogRequest request;
  v1::ApplyCatalogResponse response;
  *request.mutable_catalog() = SmallCatalog();
  for (int i = 0; i < 300; ++i) request.mutable_catalog()->add_teams()->set_id("No Id");
  TestContext context;
  // A client that can take it asks for more than fits into gRPC's default.
  const Ended ended = EndOf(stubs_.catalog->ApplyCatalog(&context, request, &response), context);
  EXPECT_EQ(ended.status.error_code(), kInvalid);
  EXPECT_GT(ended.details.problems_size(), 3);
  EXPECT_LE(static_cast<size_t>(ended.details.problems_size()), kMaxProblems);
  EXPECT_THAT(ended.status.error_message(), HasSubstr("more"));
  EXPECT_LE(ended.status.error_message().size(), kErrorMessageBytesMax);
}

TEST_F(BadInputTest, ACatalogHasAtMostSoManyBytes) {
  v1::ApplyCatalogRequest request;
  *request.mutable_catalog() = SmallCatalog();
  // Bytes that are no more than that: problems of their own, but smaller than the limit.
  const auto grow = [&](size_t bytes) {
    v1::Catalog& catalog = *request.mutable_catalog();
    catalog.clear_display_name();
    catalog.set_display_name(std::string(bytes - catalog.ByteSizeLong() - 5, 'x'));  // tag and a length of four bytes
  };
  grow(kCatalogBytesMax);
  ASSERT_EQ(request.catalog().ByteSizeLong(), kCatalogBytesMax);
  v1::ApplyCatalogResponse response;
  ExpectRefused(Call(*stubs_.catalog, &v1::CatalogService::Stub::ApplyCatalog, request, &response), kInvalid,
                "display_name", "bytes");
  grow(kCatalogBytesMax + 1);
  ExpectRefused(Call(*stubs_.catalog, &v1::CatalogService::Stub::ApplyCatalog, request, &response), kInvalid, "catalog",
                "16777217");
  grow(kMessageBytesMax + 1);
  const Ended ended = Call(*stubs_.catalog, &v1::CatalogService::Stub::ApplyCatalog, request, &response);
  EXPECT_EQ(ended.status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED) << Text(ended.status);
}

TEST_F(BadInputTest, CatalogAndAdminQuestions) {
  const auto export_one = [](std::string name, int version) {
    return With<v1::ExportCatalogRequest, v1::ExportCatalogResponse>(
        &Stubs::catalog, &v1::CatalogService::Stub::ExportCatalog, [=](auto& r) {
          r.set_name(name);
          r.set_version(version);
        });
  };
  const auto districts = [](int size, std::string token) {
    return With<v1::ListDistrictsRequest, v1::ListDistrictsResponse>(
        &Stubs::catalog, &v1::CatalogService::Stub::ListDistricts, [=](auto& r) {
          r.set_page_size(size);
          r.set_page_token(token);
        });
  };
  const auto team = [](std::string name) {
    return With<v1::GetTeamRequest, v1::GetTeamResponse>(&Stubs::catalog, &v1::CatalogService::Stub::GetTeam,
                                                         [=](auto& r) { r.set_name(name); });
  };
  const auto teams = [](int size, std::string token) {
    return With<v1::ListTeamsRequest, v1::ListTeamsResponse>(&Stubs::catalog, &v1::CatalogService::Stub::ListTeams,
                                                             [=](auto& r) {
                                                               r.set_parent(kDistrict);
                                                               r.set_page_size(size);
                                                               r.set_page_token(token);
                                                             });
  };
  const auto verify = [](std::string name) {
    return With<v1::VerifyRequest, v1::VerifyResponse>(&Stubs::admin, &v1::AdminService::Stub::Verify,
                                                       [=](auto& r) { r.set_name(name); });
  };
  Check(stubs_, {{"the catalog", export_one(kDistrict, 0), kOk, "", ""},
                 {"its first version", export_one(kDistrict, 1), kOk, "", ""},
                 {"a version that is not there", export_one(kDistrict, 9), kUnknown, "", "9"},
                 {"a version below 0", export_one(kDistrict, -1), kInvalid, "version", ""},
                 {"no such district", export_one("districts/nowhere", 0), kUnknown, "", "nowhere"},
                 {"no district", export_one("", 0), kInvalid, "name", "is required"},
                 {"districts", districts(kPageSizeMax, ""), kOk, "", ""},
                 {"too many districts", districts(kPageSizeMax + 1, ""), kInvalid, "page_size", "1000"},
                 {"a malformed page token", districts(0, "\x01\x02"), kInvalid, "page_token", ""},
                 {"a team", team(kSouth), kOk, "", ""},
                 {"no such team", team("districts/small/teams/nobody"), kUnknown, "", "nobody"},
                 {"a team's name that is none", team("districts/small/teams/"), kInvalid, "name", "teams/{team}"},
                 {"teams", teams(kPageSizeMax, ""), kOk, "", ""},
                 {"too many teams", teams(kPageSizeMax + 1, ""), kInvalid, "page_size", "1000"},
                 {"teams' malformed page token", teams(0, "x"), kInvalid, "page_token", ""},
                 {"verify", verify(kDistrict), kOk, "", ""},
                 {"verify no such district", verify("districts/nowhere"), kUnknown, "", "nowhere"},
                 {"verify what is no name", verify("small"), kInvalid, "name", "districts/{district}"}});
}

// ---- Alerts ----

TEST_F(BadInputTest, AlertRequests) {
  // The token of a bookmark that a subscriber with this request got.
  const auto token_of = [&](std::function<void(v1::SubscribeRequest&)> edit) {
    TestContext context;
    v1::SubscribeRequest request;
    v1::SubscribeResponse response;
    request.set_parent(kDistrict);
    edit(request);
    const auto call = stubs_.alerts->Subscribe(&context, request);
    EXPECT_TRUE(call->Read(&response));
    context.TryCancel();
    call->Finish();
    EXPECT_FALSE(response.token().empty());
    return response.token();
  };
  const std::string all = token_of([](auto&) {});
  const std::string south = token_of([](auto& r) { r.mutable_filter()->add_teams("south"); });
  const std::string elsewhere = token_of([](auto& r) { r.set_parent("districts/other"); });
  std::string turned = all;
  turned[turned.size() / 2] = static_cast<char>(turned[turned.size() / 2] ^ 1);

  // OK where the subscription begins.
  const auto subscribe = [](std::function<void(v1::SubscribeRequest&)> edit) {
    return [edit](Stubs& stubs) {
      TestContext context;
      v1::SubscribeRequest request;
      v1::SubscribeResponse response;
      request.set_parent(kDistrict);
      edit(request);
      const auto call = stubs.alerts->Subscribe(&context, request);
      const bool began = call->Read(&response);
      if (began) context.TryCancel();
      const grpc::Status status = call->Finish();
      return began ? Ended{} : EndOf(status, context);
    };
  };
  const auto list = [](std::function<void(v1::ListAlertsRequest&)> edit) {
    return With<v1::ListAlertsRequest, v1::ListAlertsResponse>(&Stubs::alerts, &v1::AlertService::Stub::ListAlerts,
                                                               [=](auto& r) {
                                                                 r.set_parent(kDistrict);
                                                                 edit(r);
                                                               });
  };
  const auto get = [](std::string name) {
    return With<v1::GetAlertRequest, v1::GetAlertResponse>(&Stubs::alerts, &v1::AlertService::Stub::GetAlert,
                                                           [=](auto& r) { r.set_name(name); });
  };
  const auto many = [](size_t count, auto add) {
    return [=](auto& r) {
      for (size_t i = 0; i < count; ++i) add(*r.mutable_filter(), absl::StrCat("x-", i));
    };
  };
  const auto team = [](v1::AlertFilter& filter, const std::string& id) { filter.add_teams(id); };
  const auto expectation = [](v1::AlertFilter& filter, const std::string& id) { filter.add_expectations(id); };
  const auto label = [](v1::AlertFilter& filter, const std::string& id) { (*filter.mutable_labels())[id] = "v"; };
  Check(
      stubs_,
      {{"its token", subscribe([=](auto& r) { r.set_token(all); }), kOk, "", ""},
       {"its token again", subscribe([=](auto& r) { r.set_token(south), r.mutable_filter()->add_teams("south"); }), kOk,
        "", ""},
       {"no token", subscribe([](auto& r) { r.set_token(""); }), kInvalid, "token", ""},
       {"a malformed token", subscribe([](auto& r) { r.set_token("token"); }), kInvalid, "token",
        "not a token of this service"},
       {"a token with a turned bit", subscribe([=](auto& r) { r.set_token(turned); }), kInvalid, "token", ""},
       {"half a token", subscribe([=](auto& r) { r.set_token(all.substr(0, all.size() / 2)); }), kInvalid, "token", ""},
       {"another filter's token", subscribe([=](auto& r) { r.set_token(south); }), kInvalid, "token", "another filter"},
       {"a token for another filter",
        subscribe([=](auto& r) { r.set_token(all), r.mutable_filter()->set_alerts_only(true); }), kInvalid, "token",
        "another filter"},
       {"another district's token", subscribe([=](auto& r) { r.set_token(elsewhere); }), kInvalid, "token", "district"},
       {"a snapshot that is false", subscribe([](auto& r) { r.set_snapshot(false); }), kInvalid, "snapshot",
        "true or absent"},
       {"an earliest that is false", subscribe([](auto& r) { r.set_earliest(false); }), kInvalid, "earliest",
        "true or absent"},
       {"no such district", subscribe([](auto& r) { r.set_parent("districts/nowhere"); }), kUnknown, "", "nowhere"},
       {"a name that is none", subscribe([](auto& r) { r.set_parent("small"); }), kInvalid, "parent",
        "districts/{district}"},
       {"a team that is no id", subscribe([](auto& r) { r.mutable_filter()->add_teams("South"); }), kInvalid,
        "filter.teams[0]", "is not an id"},
       {"no kind of alert", subscribe([](auto& r) { r.mutable_filter()->add_kinds(v1::ALERT_KIND_UNSPECIFIED); }),
        kInvalid, "filter.kinds[0]", ""},
       {"a label that is not UTF-8",
        subscribe([](auto& r) { (*r.mutable_filter()->mutable_labels())["level"] = kNotUtf8Bytes; }), kInvalid,
        "filter.labels", "UTF-8"},
       {"the most teams", subscribe(many(kFilterTeamsMax, team)), kOk, "", ""},
       {"more teams", subscribe(many(kFilterTeamsMax + 1, team)), kInvalid, "filter.teams", "at most 1000"},
       {"the most expectations", subscribe(many(kFilterExpectationsMax, expectation)), kOk, "", ""},
       {"more expectations", subscribe(many(kFilterExpectationsMax + 1, expectation)), kInvalid, "filter.expectations",
        "at most 100"},
       {"the most labels", subscribe(many(kMaxLabels, label)), kOk, "", ""},
       {"more labels", subscribe(many(kMaxLabels + 1, label)), kInvalid, "filter.labels", "at most 20"},
       {"alerts", list([](auto& r) { r.set_page_size(kPageSizeMax); }), kOk, "", ""},
       {"a page of too many", list([](auto& r) { r.set_page_size(kPageSizeMax + 1); }), kInvalid, "page_size", "1000"},
       {"alerts' malformed page token", list([](auto& r) { r.set_page_token("x"); }), kInvalid, "page_token", ""},
       {"alerts of more teams", list(many(kFilterTeamsMax + 1, team)), kInvalid, "filter.teams", "at most 1000"},
       {"alerts of no such team", list([](auto& r) {
          r.mutable_filter()->add_teams("south");
          r.mutable_filter()->add_teams("t9");
        }),
        kUnknown, "filter.teams[1]", "there is no team \"t9\""},
       {"alerts of no such expectation", list([](auto& r) { r.mutable_filter()->add_expectations("nope"); }), kUnknown,
        "filter.expectations[0]", "there is no expectation or alert rule \"nope\""},
       {"alerts of a source as if it were one", list([](auto& r) { r.mutable_filter()->add_expectations("sis"); }), kUnknown,
        "filter.expectations[0]", "is a source; its alerts are those of the kind SOURCE_SILENT"},
       {"alerts of no district", list([](auto& r) { r.set_parent("districts/nowhere"); }), kUnknown, "", "nowhere"},
       {"no such alert", get("districts/small/alerts/999"), kUnknown, "", "999"},
       {"an alert's name that is none", get("districts/small/alerts/first"), kInvalid, "name", ""},
       {"an alert with a zero in front", get("districts/small/alerts/01"), kInvalid, "name", ""}});
}

// Of an alert that there is not: what gets as far as to be told so had nothing else wrong with it.
TEST_F(BadInputTest, WhatIsDoneWithAlerts) {
  const std::string none = "districts/small/alerts/999";
  const auto acknowledge = [&](std::function<void(v1::AcknowledgeRequest&)> edit) {
    return With<v1::AcknowledgeRequest, v1::AcknowledgeResponse>(&Stubs::alerts, &v1::AlertService::Stub::Acknowledge, [=](auto& r) {
      r.set_name(none);
      r.set_by("m.ortiz");
      edit(r);
    });
  };
  const auto snooze = [&](std::function<void(v1::SnoozeRequest&)> edit) {
    return With<v1::SnoozeRequest, v1::SnoozeResponse>(&Stubs::alerts, &v1::AlertService::Stub::Snooze, [=](auto& r) {
      r.set_name(none);
      r.set_by("m.ortiz");
      edit(r);
    });
  };
  Check(stubs_,
        {{"no such alert", acknowledge([](auto&) {}), kUnknown, "name", "999"},
         {"no such district", acknowledge([](auto& r) { r.set_name("districts/nowhere/alerts/1"); }), kUnknown, "", "nowhere"},
         {"an alert's name that is none", acknowledge([](auto& r) { r.set_name("999"); }), kInvalid, "name", ""},
         {"nobody", acknowledge([](auto& r) { r.clear_by(); }), kInvalid, "by", "required"},
         {"a blank", acknowledge([](auto& r) { r.set_by("  "); }), kInvalid, "by", "required"},
         {"two lines", acknowledge([](auto& r) { r.set_by("m.ortiz\nforged"); }), kInvalid, "by", ""},
         {"the longest name", acknowledge([](auto& r) { r.set_by(std::string(kAlertByBytesMax, 'm')); }), kUnknown, "name", "999"},
         {"a longer one", acknowledge([](auto& r) { r.set_by(std::string(kAlertByBytesMax + 1, 'm')); }), kInvalid, "by", "at most 200"},
         {"an address", acknowledge([](auto& r) { r.set_by("m.ortiz@example.org"); }), kInvalid, "by", ""},
         {"the longest note", acknowledge([](auto& r) { r.set_note(std::string(kNoteBytesMax, 'n')); }), kUnknown, "name", "999"},
         {"a longer note", acknowledge([](auto& r) { r.set_note(std::string(kNoteBytesMax + 1, 'n')); }), kInvalid, "note", "at most 1000"},
         {"until nothing", snooze([](auto&) {}), kInvalid, "until", "say until when"},
         {"nobody's snooze", snooze([](auto& r) { r.clear_by(), r.set_end_now(true); }), kInvalid, "by", "required"},
         {"one day", snooze([](auto& r) { r.set_instructional_days(1); }), kUnknown, "name", "999"},
         {"no day", snooze([](auto& r) { r.set_instructional_days(0); }), kInvalid, "instructional_days", "1 to 400"},
         {"a day back", snooze([](auto& r) { r.set_instructional_days(-1); }), kInvalid, "instructional_days", "1 to 400"},
         {"the most days", snooze([](auto& r) { r.set_instructional_days(kSnoozeDaysMax); }), kUnknown, "name", "999"},
         {"more days", snooze([](auto& r) { r.set_instructional_days(kSnoozeDaysMax + 1); }), kInvalid, "instructional_days", "1 to 400"},
         {"no date", snooze([](auto& r) { r.set_until_date(""); }), kInvalid, "until_date", "is empty"},
         {"another form of date", snooze([](auto& r) { r.set_until_date("9/25/2025"); }), kInvalid, "until_date", "9/25/2025"},
         {"a date", snooze([](auto& r) { r.set_until_date("2025-09-25"); }), kUnknown, "name", "999"},
         {"an end that is none", snooze([](auto& r) { r.set_end_now(false); }), kInvalid, "end_now", "true or absent"},
         {"an end", snooze([](auto& r) { r.set_end_now(true); }), kUnknown, "name", "999"}});
}

}  // namespace
}  // namespace leadlag
