#include "tests/integration/followed_district.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "core/limits.h"

namespace leadlag {
namespace {

std::string TeamId(int number) { return absl::StrCat("team-", number); }

}  // namespace

Instant At(const std::string& text) { return Instant::Parse(text).value(); }

v1::Catalog FollowedCatalog(int variant, Date today) {
  v1::Catalog catalog;
  catalog.set_district("followed");
  catalog.set_time_zone("America/New_York");
  catalog.set_default_calendar("main");
  v1::Calendar& calendar = *catalog.add_calendars();
  calendar.set_id("main");
  for (int from = 2025; from < 2045; ++from) {
    v1::SchoolYear& year = *calendar.add_years();
    year.set_id(absl::StrCat(from));
    v1::Term& term = *year.add_terms();
    term.set_first_day(absl::StrCat(from, "-09-01"));
    term.set_last_day(absl::StrCat(from + 1, "-06-12"));
  }
  for (int number = 0; number < kFollowedTeams; ++number) {
    v1::Team& team = *catalog.add_teams();
    team.set_id(TeamId(number));
    if (number % 3 == 0) team.set_time_zone("America/Los_Angeles");
    (*team.mutable_labels())["level"] = (number + variant) % 2 == 0 ? "high" : "primary";
    if (number % 4 == 0) (*team.mutable_labels())["network"] = "north";
    v1::ActivePeriod& period = *team.add_active_periods();
    period.set_active_from("2025-07-01");
    if (variant > 0 && (number + variant) % 5 == 0) period.set_active_to(today.ToString());
  }
  v1::Indicator& walks = *catalog.add_indicators();
  walks.set_id("walks");
  walks.set_role(v1::INDICATOR_ROLE_LEADING);
  walks.set_category(v1::CATEGORY_WALKTHROUGH);
  walks.set_measure(v1::MEASURE_NUMBER);
  v1::Indicator& practice = *catalog.add_indicators();
  practice.set_id("practice");
  practice.set_role(v1::INDICATOR_ROLE_LEADING);
  practice.set_category(v1::CATEGORY_IMPLEMENTATION);
  practice.set_measure(v1::MEASURE_NUMBER);
  catalog.add_sources()->set_id("sis");
  const auto expectation = [&](const char* id, int every, int allowance, int grace) {
    v1::Expectation& added = *catalog.add_expectations();
    added.set_id(id);
    added.set_every_days(every);
    added.set_allowance_days(allowance);
    added.set_grace_days(grace);
    added.set_from("2025-07-01");
    return &added;
  };
  expectation("walks-often", 3, 8, 2)->mutable_kind()->set_category(v1::CATEGORY_WALKTHROUGH);
  expectation("anything", 2 + variant % 3, 1, 0)->mutable_kind()->set_any_leading(true);
  v1::AlertRule& unread = *catalog.add_alert_rules();
  unread.set_id("unread");
  unread.mutable_review_overdue()->set_days(2 + variant % 2);
  unread.set_severity(v1::SEVERITY_ADVISORY);
  unread.set_from("2025-07-01");
  return catalog;
}

std::vector<FollowedFilter> FollowedFilters() {
  std::vector<FollowedFilter> filters(7);
  filters[0].name = "all";
  filters[1].name = "teams";
  filters[1].filter.add_teams("team-3");
  filters[1].filter.add_teams("team-4");
  filters[2].name = "label";
  (*filters[2].filter.mutable_labels())["level"] = "high";
  filters[3].name = "alerts only";
  filters[3].filter.set_alerts_only(true);
  filters[4].name = "expectation and labels";
  filters[4].filter.add_expectations("anything");
  (*filters[4].filter.mutable_labels())["network"] = "north";
  (*filters[4].filter.mutable_labels())["level"] = "primary";
  filters[5].name = "nothing";
  filters[5].filter.add_teams("team-99");
  filters[6].name = "kind";
  filters[6].filter.add_kinds(v1::ALERT_KIND_REVIEW_OVERDUE);
  return filters;
}

TestServerOptions FollowedDistrictTest::Options(Instant now) {
  TestServerOptions options;
  options.now = now;
  // Subscribers read until something comes: bookmarks soon.
  options.feed.idle_bookmark_micros = 20'000;
  options.feed.moved_bookmark_micros = 5'000;
  options.feed.flips_per_read = 7;  // so that messages end everywhere
  options.feed.snapshot_page_watches = 5;
  options.feed.bookmark_flips = 20;
  return options;
}

FollowedDistrictTest::FollowedDistrictTest() : seed_(Seeds(1, 1).front()), random_(seed_), server_(Options(At("2025-08-30T16:00:00Z"))) {
  address_.Set(server_.target());
  Apply();
}

void FollowedDistrictTest::Apply() {
  Stubs& stubs = server_.stubs();
  TestContext context;
  v1::ApplyCatalogRequest request;
  v1::ApplyCatalogResponse response;
  *request.mutable_catalog() = FollowedCatalog(variant_++, Today());
  request.mutable_catalog()->mutable_settings()->set_flip_retention_days(retention_days_);
  const grpc::Status status = stubs.catalog->ApplyCatalog(&context, request, &response);
  ASSERT_TRUE(status.ok()) << Text(status);
  server_.app().engine().WaitIdle();
}

void FollowedDistrictTest::Record() {
  Stubs& stubs = server_.stubs();
  TestContext context;
  v1::RecordEvidenceRequest request;
  v1::RecordEvidenceResponse response;
  request.set_parent(absl::StrCat(kFollowedDistrict, "/sources/sis"));
  for (int count = random_.Between(1, 8); count > 0; --count) {
    v1::EvidenceRecord& record = *request.add_records();
    if (records_ > 0 && random_.OneIn(4)) {
      record.set_evidence_id(absl::StrCat("r-", random_.Between(std::max(1, records_ - 20), records_)));
      record.set_void_(true);
      continue;
    }
    record.set_evidence_id(absl::StrCat("r-", ++records_));
    record.set_team(TeamId(random_.Between(0, kFollowedTeams - 1)));
    record.set_indicator(random_.OneIn(2) ? "walks" : "practice");
    record.set_event_date((Today() - random_.Between(0, 6)).ToString());
    record.set_number(records_);
  }
  const grpc::Status status = stubs.evidence->RecordEvidence(&context, request, &response);
  ASSERT_TRUE(status.ok()) << Text(status);
  EXPECT_EQ(response.result().failed_count(), 0) << response.ShortDebugString();
}

void FollowedDistrictTest::Handle() {
  Stubs& stubs = server_.stubs();
  v1::ListAlertsRequest list;
  v1::ListAlertsResponse alerts;
  list.set_parent(kFollowedDistrict);
  TestContext list_context, context;
  ASSERT_TRUE(stubs.alerts->ListAlerts(&list_context, list, &alerts).ok());
  if (alerts.alerts().empty()) return;
  const std::string name = alerts.alerts(random_.Between(0, alerts.alerts_size() - 1)).name();
  grpc::Status status;
  if (random_.OneIn(3)) {
    v1::AcknowledgeRequest request;
    v1::AcknowledgeResponse response;
    request.set_name(name);
    request.set_by("coach");
    status = stubs.alerts->Acknowledge(&context, request, &response);
  } else {
    v1::SnoozeRequest request;
    v1::SnoozeResponse response;
    request.set_name(name);
    request.set_by("coach");
    if (random_.OneIn(4)) {
      request.set_end_now(true);
    } else {
      request.set_instructional_days(random_.Between(1, 3));
    }
    status = stubs.alerts->Snooze(&context, request, &response);
  }
  // The summer has no days to snooze for; what has just fallen due may have closed it.
  EXPECT_TRUE(status.ok() || status.error_code() == grpc::StatusCode::INVALID_ARGUMENT ||
              status.error_code() == grpc::StatusCode::FAILED_PRECONDITION)
      << Text(status);
}

void FollowedDistrictTest::ReadLog() {
  Stubs& stubs = server_.stubs();
  TestContext context;
  v1::SubscribeRequest request;
  request.set_parent(kFollowedDistrict);
  request.set_earliest(true);
  const auto last = static_cast<int64_t>((*server_.app().engine().Read("followed"))->last_sequence());
  const auto call = stubs.alerts->Subscribe(&context, request);
  std::vector<v1::Flip> log;
  v1::SubscribeResponse message;
  while (static_cast<int64_t>(log.size()) < last && call->Read(&message)) {
    for (const v1::Flip& flip : message.flips()) {
      ASSERT_EQ(flip.sequence(), static_cast<int64_t>(log.size()) + 1);
      log.push_back(flip);
    }
  }
  context.TryCancel();
  call->Finish();
  ASSERT_EQ(static_cast<int64_t>(log.size()), last);
  for (size_t i = 0; i < log_.size(); ++i)
    ASSERT_EQ(log[i].ShortDebugString(), log_[i].ShortDebugString()) << "was rewritten";
  log_ = std::move(log);
}

void FollowedDistrictTest::Archive() {
  const auto last = static_cast<int64_t>((*server_.app().engine().Read("followed"))->last_sequence());
  if (static_cast<int64_t>(log_.size()) == last) return;
  v1::SubscribeRequest request;
  request.set_parent(kFollowedDistrict);
  archived_.empty() ? request.set_earliest(true) : request.set_token(archived_);
  TestContext context;
  const auto call = server_.stubs().alerts->Subscribe(&context, request);
  v1::SubscribeResponse message;
  while (static_cast<int64_t>(log_.size()) < last && call->Read(&message)) {
    for (const v1::Flip& flip : message.flips()) {
      ASSERT_EQ(flip.sequence(), static_cast<int64_t>(log_.size()) + 1);
      log_.push_back(flip);
    }
    archived_ = message.token();
  }
  context.TryCancel();
  const grpc::Status status = call->Finish();
  ASSERT_EQ(static_cast<int64_t>(log_.size()), last) << Text(status);
}

void FollowedDistrictTest::Step() {
  switch (random_.Between(0, 9)) {
    case 0:
      return Apply();
    case 1:
    case 2:
    case 3:
      return Record();
    case 4:
      return Handle();
    default:
      return server_.GoTo(Instant{server_.clock().Now().micros + random_.Between(1, 30) * kMicrosPerHour});
  }
}

}  // namespace leadlag
