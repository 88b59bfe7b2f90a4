// Public messages to core and back.
#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/limits.h"
#include "core/problem.h"
#include "leadlag/v1/evidence_service.pb.h"
#include "server/rpc/convert.h"
#include "server/rpc/convert_alert.h"
#include "server/rpc/convert_cadence.h"
#include "server/rpc/convert_catalog.h"
#include "server/rpc/convert_evidence.h"
#include "server/rpc/convert_review.h"
#include "server/rpc/wire.h"

namespace leadlag {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

template <typename Message>
Message Text(const std::string& text) {
  Message message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
  return message;
}

std::vector<std::string> FieldsOf(const absl::Status& status) {
  std::vector<std::string> fields;
  for (const Problem& problem : ProblemsOf(status)) fields.push_back(problem.field);
  return fields;
}

// ---- Time ----

TEST(ConvertTest, Instants) {
  for (const char* text : {"1970-01-01T00:00:00Z", "2025-09-04T16:00:00.123456Z", "2099-12-31T23:59:59.999999Z"}) {
    const Instant instant = Instant::Parse(text).value();
    EXPECT_EQ(InstantFromProto(ToProto(instant), "f").value(), instant);
  }
  EXPECT_EQ(ToProto(Instant{-1}).nanos(), 999'999'000);
  google::protobuf::Timestamp timestamp;
  timestamp.set_nanos(1'999);
  EXPECT_EQ(InstantFromProto(timestamp, "f").value().micros, 1);  // cut, not rounded
  timestamp.set_nanos(1'000'000'000);
  EXPECT_FALSE(InstantFromProto(timestamp, "f").ok());
  timestamp.set_nanos(-1);
  EXPECT_FALSE(InstantFromProto(timestamp, "f").ok());
  timestamp.set_nanos(0);
  timestamp.set_seconds(-1);
  EXPECT_FALSE(InstantFromProto(timestamp, "f").ok());
  timestamp.set_seconds(4'102'444'800);
  EXPECT_FALSE(InstantFromProto(timestamp, "f").ok());
  timestamp.set_seconds(std::numeric_limits<int64_t>::max());
  EXPECT_FALSE(InstantFromProto(timestamp, "f").ok());
}

TEST(ConvertTest, Dates) {
  EXPECT_EQ(ToProto(DateFromProto("2025-09-04", "f").value()), "2025-09-04");
  EXPECT_EQ(OptionalDateFromProto("", "f").value(), std::nullopt);
  EXPECT_EQ(FieldsOf(DateFromProto("", "f").status()), std::vector<std::string>{"f"});
  EXPECT_EQ(FieldsOf(OptionalDateFromProto("2025-13-01", "f").status()), std::vector<std::string>{"f"});
}

// ---- Catalogs ----

constexpr char kCatalog[] = R"pb(
  district: "d" display_name: "The district" time_zone: "America/New_York" default_calendar: "main"
  calendars {
    id: "main"
    years { id: "2025-26" terms { first_day: "2025-09-04" last_day: "2026-06-26" } }
    exceptions { date: "2025-12-24" last_date: "2026-01-02" kind: CALENDAR_EXCEPTION_KIND_BREAK label: "Winter" }
  }
  teams {
    id: "t" active_periods { active_from: "2025-07-01" }
    labels { key: "level" value: "high" } external_ids { system: "nces" value: "0360" }
  }
  indicators { id: "walk" role: INDICATOR_ROLE_LEADING category: CATEGORY_WALKTHROUGH measure: MEASURE_NUMBER }
  indicators { id: "exam" role: INDICATOR_ROLE_LAGGING measure: MEASURE_PROPORTION }
  indicators { id: "load" role: INDICATOR_ROLE_BALANCING measure: MEASURE_NUMBER }
  sources { id: "sis" }
  sources { id: "forms" every_days: 3 indicators: "walk" teams: "t" team_labels { key: "level" value: "high" } severity: SEVERITY_CRITICAL
            notify_time: "06:30" from: "2025-09-01" }
  expectations { id: "walks" kind { category: CATEGORY_WALKTHROUGH } }
  expectations { id: "voices" kind { category: CATEGORY_STUDENT_EXPERIENCE } }
  expectations { id: "any" kind { any_leading: true } every_days: 5 grace_days: 0 notify_time: "06:30" from: "2025-09-01" }
  indicators { id: "boxes" role: INDICATOR_ROLE_LEADING category: CATEGORY_IMPLEMENTATION measure: MEASURE_COMPLETION }
  alert_rules { id: "lagging" lagging_only {} }
  alert_rules { id: "boxes-only" completion_only { cycle: CYCLE_MONTH cycles: 3 } severity: SEVERITY_CRITICAL enabled: false }
  alert_rules { id: "unread" review_overdue { days: 4 } notify_time: "06:15" from: "2025-09-01" teams: "t" }
  inquiry_themes { id: "reading" display_name: "Reading" }
  alert_rules { id: "slow" collection_slow { percent: 10 } team_labels { key: "level" value: "high" } }
  alert_rules { id: "walks-run" run_signal { indicator: "walk" } }
  alert_rules { id: "walks-days" run_signal { indicator: "walk" unit: CHART_UNIT_DAY baseline: 4.5 } severity: SEVERITY_CRITICAL }
)pb";

TEST(ConvertCatalogTest, ARetentionComesBackAndNoneIsLeftOut) {
  Catalog catalog = CatalogFromProto(Text<v1::Catalog>(kCatalog)).value();
  EXPECT_FALSE(ToProto(catalog).settings().has_flip_retention_days());
  catalog.settings.flip_retention_days = 30;
  EXPECT_EQ(ToProto(catalog).settings().flip_retention_days(), 30);
  EXPECT_EQ(CatalogFromProto(ToProto(catalog)).value(), catalog);
}

TEST(ConvertCatalogTest, FillsInDefaults) {
  const absl::StatusOr<Catalog> catalog = CatalogFromProto(Text<v1::Catalog>(kCatalog));
  ASSERT_TRUE(catalog.ok()) << catalog.status();
  const CalendarSpec& calendar = catalog->calendars[0];
  EXPECT_EQ(calendar.weekdays, 0b0011111);
  EXPECT_EQ(calendar.years[0].bounds.from.ToString(), "2025-07-01");
  EXPECT_EQ(calendar.years[0].bounds.to.ToString(), "2026-07-01");
  EXPECT_EQ(catalog->indicators[1].category, Category::kOutcome);
  EXPECT_EQ(catalog->indicators[2].category, Category::kBalancing);
  EXPECT_EQ(catalog->expectations[0].every_days, 10);
  EXPECT_EQ(catalog->expectations[0].grace_days, 10);
  EXPECT_EQ(catalog->expectations[0].allowance_days, 10);
  EXPECT_EQ(catalog->expectations[0].notify_time.ToString(), "07:00");
  EXPECT_EQ(catalog->expectations[0].from, std::nullopt);
  EXPECT_EQ(catalog->expectations[1].every_days, 30);
  EXPECT_EQ(catalog->expectations[2].every_days, 5);
  EXPECT_EQ(catalog->expectations[2].grace_days, 0);
  EXPECT_EQ(catalog->settings.settling_minutes, 10);
  EXPECT_EQ(catalog->settings.review_objective_days, 10);
  EXPECT_EQ(catalog->inquiry_themes, (std::vector<InquiryTheme>{{"reading", "Reading"}}));
  EXPECT_TRUE(catalog->sources[0].IsNameAlone());
  EXPECT_EQ(catalog->sources[1].every_days, 3);
  EXPECT_EQ(catalog->sources[1].notify_time.ToString(), "06:30");
  EXPECT_EQ(catalog->settings.flip_retention_days, 0);
  const std::vector<AlertRule>& rules = catalog->alert_rules;
  ASSERT_EQ(rules.size(), 6u);
  EXPECT_EQ(std::get<LaggingOnlyTerms>(rules[0].terms).days, 40);
  EXPECT_EQ(rules[0].severity, Severity::kWarning);
  EXPECT_TRUE(rules[0].enabled);
  EXPECT_EQ(rules[0].notify_time.ToString(), "07:00");
  EXPECT_EQ(std::get<CompletionOnlyTerms>(rules[1].terms), (CompletionOnlyTerms{CycleUnit::kMonth, 3}));
  EXPECT_EQ(rules[1].severity, Severity::kCritical);
  EXPECT_FALSE(rules[1].enabled);
  EXPECT_EQ(std::get<ReviewOverdueTerms>(rules[2].terms).days, 4);
  EXPECT_EQ(std::get<CollectionSlowTerms>(rules[3].terms),
            (CollectionSlowTerms{.records = 8, .percent = 10, .days = 5, .clear_percent = 10}));
  EXPECT_EQ(std::get<RunSignalTerms>(rules[4].terms), (RunSignalTerms{"walk", ChartUnit::kWeek, std::nullopt}));
  EXPECT_EQ(rules[4].severity, Severity::kAdvisory);
  EXPECT_EQ(std::get<RunSignalTerms>(rules[5].terms), (RunSignalTerms{"walk", ChartUnit::kDay, 4.5}));
  EXPECT_EQ(rules[5].severity, Severity::kCritical);
}

TEST(ConvertCatalogTest, ExportedDocumentIsTheSameCatalog) {
  const Catalog catalog = CatalogFromProto(Text<v1::Catalog>(kCatalog)).value();
  const v1::Catalog exported = ToProto(catalog);
  EXPECT_EQ(CatalogFromProto(exported).value(), catalog);
  EXPECT_EQ(exported.calendars(0).weekdays_size(), 5);
  EXPECT_EQ(exported.expectations(0).every_days(), 10);
  EXPECT_EQ(exported.expectations(0).from(), "");
}

TEST(ConvertCatalogTest, SchoolYearStartsOnTheFirstOfJulyOnOrBeforeItsFirstDay) {
  for (const auto& [first_day, start] : std::vector<std::pair<std::string, std::string>>{
           {"2025-07-01", "2025-07-01"}, {"2025-12-31", "2025-07-01"}, {"2026-06-30", "2025-07-01"}, {"2026-07-02", "2026-07-01"}}) {
    v1::Catalog proto = Text<v1::Catalog>(kCatalog);
    proto.mutable_calendars(0)->clear_exceptions();
    v1::SchoolYear& year = *proto.mutable_calendars(0)->mutable_years(0);
    year.mutable_terms(0)->set_first_day(first_day);
    year.mutable_terms(0)->set_last_day(first_day);
    const absl::StatusOr<Catalog> catalog = CatalogFromProto(proto);
    ASSERT_TRUE(catalog.ok()) << catalog.status();
    EXPECT_EQ(catalog->calendars[0].years[0].bounds.from.ToString(), start);
  }
}

TEST(ConvertCatalogTest, NamesEveryProblemAtOnce) {
  v1::Catalog proto = Text<v1::Catalog>(kCatalog);
  proto.mutable_calendars(0)->mutable_exceptions(0)->set_date("Christmas");
  proto.mutable_calendars(0)->add_weekdays(v1::WEEKDAY_UNSPECIFIED);
  proto.mutable_expectations(0)->set_notify_time("7 o'clock");
  proto.mutable_expectations(1)->set_every_days(0);   // another entry: judged as well
  proto.mutable_expectations(0)->set_grace_days(-1);  // the same entry as a problem: not judged further
  proto.mutable_teams(0)->mutable_active_periods(0)->set_active_from("2025-02-30");
  const std::vector<std::string> fields = FieldsOf(CatalogFromProto(proto).status());
  EXPECT_THAT(fields, ElementsAre("calendars[0].weekdays[0]", "calendars[0].exceptions[0].date",
                                  "teams[0].active_periods[0].active_from", "expectations[0].notify_time",
                                  "expectations[1].every_days"));
}

TEST(ConvertCatalogTest, RefusesNumbersOfNoEnumeration) {
  v1::Catalog proto = Text<v1::Catalog>(kCatalog);
  proto.mutable_indicators(0)->set_role(static_cast<v1::IndicatorRole>(257));  // 1, were it cut to a byte
  proto.mutable_indicators(1)->set_measure(static_cast<v1::Measure>(-1));
  proto.mutable_indicators(2)->set_dimension(static_cast<v1::Dimension>(99));
  proto.mutable_calendars(0)->mutable_exceptions(0)->set_kind(v1::CALENDAR_EXCEPTION_KIND_UNSPECIFIED);
  EXPECT_THAT(FieldsOf(CatalogFromProto(proto).status()),
              ElementsAre("calendars[0].exceptions[0].kind", "indicators[0].role", "indicators[1].measure",
                          "indicators[2].dimension"));
}

TEST(ConvertCatalogTest, ProblemsEndAtTheirLimit) {
  v1::Catalog proto = Text<v1::Catalog>(kCatalog);
  for (int i = 0; i < 150; ++i) proto.mutable_calendars(0)->add_exceptions()->set_date("x");
  EXPECT_EQ(FieldsOf(CatalogFromProto(proto).status()).size(), kMaxProblems);
}

TEST(ConvertCatalogTest, SignalKinds) {
  EXPECT_EQ(SignalKindFromProto(v1::SignalKind(), "kind").value(), std::nullopt);
  for (const char* text : {"any_leading: true", "category: CATEGORY_OUTCOME", "indicator: \"walk\""}) {
    const v1::SignalKind proto = Text<v1::SignalKind>(text);
    EXPECT_EQ(ToProto(*SignalKindFromProto(proto, "kind").value()).SerializeAsString(), proto.SerializeAsString());
  }
  for (const char* text : {"any_leading: false", "category: CATEGORY_UNSPECIFIED", "category: 77", "indicator: \"\""}) {
    EXPECT_EQ(FieldsOf(SignalKindFromProto(Text<v1::SignalKind>(text), "kind").status()).size(), 1u) << text;
  }
}

// ---- Evidence ----

// A good record but for what `more` says.
v1::EvidenceRecord Record(const std::string& more) {
  v1::EvidenceRecord record = Text<v1::EvidenceRecord>(R"(evidence_id: "e" team: "t" indicator: "walk")");
  record.MergeFrom(Text<v1::EvidenceRecord>(more));
  // Merging leaves out what is set to nothing.
  for (const auto& [field, clear] : std::vector<std::pair<std::string, void (v1::EvidenceRecord::*)()>>{
           {"team: ''", &v1::EvidenceRecord::clear_team},
           {"indicator: ''", &v1::EvidenceRecord::clear_indicator},
           {"evidence_id: ''", &v1::EvidenceRecord::clear_evidence_id}}) {
    if (more.find(field) != std::string::npos) (record.*clear)();
  }
  return record;
}

TEST(ConvertEvidenceTest, RoundTrip) {
  for (const char* more :
       {"event_date: '2025-09-04' number: -2.5", "event_date: '2025-09-04' number: 0",
        "event_time { seconds: 1756994400 nanos: 123000 } proportion { numerator: 0 denominator: 1 }",
        "period { start_date: '2025-07-01' end_date: '2026-07-01' } proportion { numerator: 3 denominator: 3 }",
        "event_date: '2025-09-04' proportion { numerator: 24 denominator: 31 survey { invited: 52 closed: true } }",
        "event_date: '1970-01-01' completed: false", "void: true", "event_date: '2099-12-31' void: true",
        "event_date: '2025-09-04' number: 1 reported_time { seconds: 5 } source_version: 0 note: 'one\\ntwo'",
        "event_date: '2025-09-04' number: 1 source_version: 18446744073709551615"}) {
    const v1::EvidenceRecord record = Record(more);
    const absl::StatusOr<EvidenceItem> item = EvidenceItemFromProto(record);
    ASSERT_TRUE(item.ok()) << more << ": " << item.status();
    EXPECT_EQ(ToProto(item->evidence_id, item->content).SerializeAsString(), record.SerializeAsString()) << more;
  }
}

TEST(ConvertEvidenceTest, NamesTheFieldThatIsWrong) {
  const std::string date = "event_date: '2025-09-04' ";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"number: 1", "event_date"},
      {date, "number"},
      {"event_date: '' number: 1", "event_date"},
      {"event_date: '2025-09-31' number: 1", "event_date"},
      {"event_time { seconds: -1 } number: 1", "event_time"},
      {"event_time { nanos: 1000000000 } number: 1", "event_time"},
      {"period { end_date: '2025-09-04' } number: 1", "period.start_date"},
      {"period { start_date: '2025-09-04' } number: 1", "period.end_date"},
      {"period { start_date: '2025-09-04' end_date: '2025-09-04' } number: 1", "period.end_date"},
      {date + "number: nan", "number"},
      {date + "number: -inf", "number"},
      {date + "proportion { numerator: 1 }", "proportion.denominator"},
      {date + "proportion { numerator: -1 denominator: 1 }", "proportion.numerator"},
      {date + "proportion { numerator: 2 denominator: 1 }", "proportion.numerator"},
      {date + "proportion { numerator: 1 denominator: 2 survey { invited: 1 closed: true } }", "proportion.survey.invited"},
      {date + "proportion { numerator: 1 denominator: 2 survey { closed: true } }", "proportion.survey.invited"},
      {date + "proportion { numerator: 1 denominator: 2 survey { invited: 2 } }", "proportion.survey.closed"},
      {"event_time { seconds: 1756994400 } proportion { numerator: 1 denominator: 2 survey { invited: 2 closed: true } }", "event_time"},
      {date + "void: false", "void"},
      {date + "number: 1 reported_time { seconds: -1 }", "reported_time"},
      {date + "number: 1 note: 'ask jane@district.org'", "note"},
      {date + "number: 1 note: '123-45-6789'", "note"},
      {date + "number: 1 note: '" + std::string(kNoteBytesMax + 1, 'x') + "'", "note"},
      {date + "number: 1 team: 'T'", "team"},
      {date + "number: 1 team: ''", "team"},
      {date + "number: 1 indicator: ''", "indicator"},
      {date + "number: 1 evidence_id: ''", "evidence_id"},
      {date + "number: 1 evidence_id: 'a\\tb'", "evidence_id"},
      {date + "number: 1 evidence_id: 'jane@district.org'", "evidence_id"},
      {"void: true team: 'T'", "team"},
  };
  for (const auto& [more, field] : cases) {
    EXPECT_THAT(FieldsOf(EvidenceItemFromProto(Record(more)).status()), ElementsAre(field)) << more;
  }
}

TEST(ConvertEvidenceTest, NegativeZeroIsZero) {
  const EvidenceItem item = EvidenceItemFromProto(Record("event_date: '2025-09-04' number: -0.0")).value();
  EXPECT_FALSE(std::signbit(std::get<double>(item.content.value)));
}

TEST(EvidenceBatchAnswerTest, MergesFailuresByIndex) {
  v1::RecordEvidenceRequest request;
  for (int i = 0; i < 5; ++i) {
    *request.add_records() = Record(absl::StrCat("evidence_id: 'e", i, "' event_date: '2025-09-04' number: 1"));
  }
  request.mutable_records(1)->clear_content();  // ours
  std::vector<std::string> paths = {"records[3].note", "complete_through"};
  const auto repaired = TakeRecordPaths("", paths);
  EXPECT_THAT(paths, ElementsAre("complete_through"));
  EvidenceBatchAnswer answer;
  EXPECT_EQ(answer.Take(request.records(), repaired).size(), 3u);  // 0, 2, 4
  BatchOutcome outcome;
  outcome.new_count = 2;
  outcome.outcomes = {{RecordOutcomeKind::kNew, 1}, {RecordOutcomeKind::kFailed, 0}, {RecordOutcomeKind::kRevised, 3}};
  outcome.failures = {{1, {absl::StatusCode::kNotFound, "team", "there is no such team"}}};
  const v1::BatchResult result = answer.Result(outcome, /*include_outcomes=*/true);
  EXPECT_EQ(result.failed_count(), 3);
  ASSERT_EQ(result.failures_size(), 3);
  EXPECT_EQ(result.failures(0).index(), 1);
  EXPECT_EQ(result.failures(0).field(), "number");
  EXPECT_EQ(result.failures(1).index(), 2);
  EXPECT_EQ(result.failures(1).code(), "NOT_FOUND");
  EXPECT_EQ(result.failures(1).evidence_id(), "e2");
  EXPECT_EQ(result.failures(2).index(), 3);
  EXPECT_EQ(result.failures(2).field(), "note");
  EXPECT_FALSE(result.truncated());
  EXPECT_EQ(result.failed_bitmap(), "");
  ASSERT_EQ(result.outcomes_size(), 5);
  EXPECT_EQ(result.outcomes(0).kind(), v1::RECORD_OUTCOME_KIND_NEW);
  EXPECT_EQ(result.outcomes(1).kind(), v1::RECORD_OUTCOME_KIND_FAILED);
  EXPECT_EQ(result.outcomes(2).kind(), v1::RECORD_OUTCOME_KIND_FAILED);
  EXPECT_EQ(result.outcomes(4).kind(), v1::RECORD_OUTCOME_KIND_REVISED);
  EXPECT_EQ(result.outcomes(4).revision(), 3);
}

TEST(EvidenceBatchAnswerTest, TruncatesPastTheLimit) {
  for (const size_t count : {kBatchFailuresMax, kBatchFailuresMax + 1}) {
    v1::RecordEvidenceRequest request;
    *request.add_records() = Record("event_date: '2025-09-04' number: 1");
    for (size_t i = 0; i < count; ++i) *request.add_records() = Record("evidence_id: '" + std::string(300, 'x') + "'");
    EvidenceBatchAnswer answer;
    EXPECT_EQ(answer.Take(request.records(), {}).size(), 1u);
    BatchOutcome outcome;
    outcome.outcomes = {{RecordOutcomeKind::kNew, 1}};
    const v1::BatchResult result = answer.Result(outcome, false);
    EXPECT_EQ(result.failed_count(), static_cast<int>(count));
    EXPECT_EQ(result.failures_size(), static_cast<int>(kBatchFailuresMax));
    EXPECT_LE(result.failures(0).evidence_id().size(), kEvidenceIdBytesMax);
    EXPECT_EQ(result.truncated(), count > kBatchFailuresMax);
    EXPECT_EQ(result.outcomes_size(), 0);
    if (!result.truncated()) continue;
    ASSERT_EQ(result.failed_bitmap().size(), (count + 1 + 7) / 8);
    for (size_t i = 0; i <= count; ++i) {
      EXPECT_EQ(result.failed_bitmap()[i / 8] >> (i % 8) & 1, i == 0 ? 0 : 1) << i;
    }
  }
}

// ---- Reviews ----

constexpr char kReview[] = R"pb(
  name: "districts/d/reviews/r-1" team: "t" date: "2025-09-04" indicators: "walk"
  evidence { source: "sis" evidence_id: "e/1" } decision: "go on"
  participants { role: PARTICIPANT_ROLE_PRINCIPAL count: 1 } participants { role: PARTICIPANT_ROLE_OTHER count: 10000 }
  collaboration: COLLABORATION_SHARING verdict: REVIEW_VERDICT_SPREAD inquiry: "talk" result { cause_understood: true }
  next_question: "What did you learn, and what do others need to know?"
)pb";

TEST(ConvertReviewTest, RoundTrip) {
  const v1::Review proto = Text<v1::Review>(kReview);
  const NamedReview named = ReviewFromProto(proto, "review").value();
  EXPECT_EQ(named.district, "d");
  v1::Review back = ToProto(named.district, named.review);
  back.clear_recorded_time();
  EXPECT_EQ(back.SerializeAsString(), proto.SerializeAsString());
}

TEST(ConvertReviewTest, EachOfTheFourPathsHasItsQuestion) {
  struct Case {
    bool improved, understood;
    const char* question;
  };
  for (const Case& c : std::vector<Case>{{true, false, "Was it luck, or did the change in practice make the difference?"},
                                         {true, true, "Did outcomes improve for all, and what do others need to know?"},
                                         {false, false, "What got in the way?"},
                                         {false, true, "What did you learn, and what do others need to know?"}}) {
    v1::Review proto = Text<v1::Review>(kReview);
    proto.mutable_result()->set_outcome_improved(c.improved);
    proto.mutable_result()->set_cause_understood(c.understood);
    proto.set_next_question("what the client says of it is not asked");
    EXPECT_EQ(ToProto("d", ReviewFromProto(proto, "review")->review).next_question(), c.question);
  }
  v1::Review early = Text<v1::Review>(kReview);
  early.clear_result();
  EXPECT_EQ(ToProto("d", ReviewFromProto(early, "review")->review).next_question(), "");
}

TEST(ConvertReviewTest, RefusesWhatIsNoAccount) {
  v1::Review proto = Text<v1::Review>(kReview);
  proto.mutable_participants(0)->set_role(v1::PARTICIPANT_ROLE_OTHER);  // twice
  proto.mutable_participants(0)->set_count(0);
  proto.mutable_participants(1)->set_count(10'001);
  proto.add_participants()->set_count(1);
  proto.set_collaboration(static_cast<v1::Collaboration>(9));
  proto.set_verdict(static_cast<v1::ReviewVerdict>(-1));
  proto.set_inquiry("No Id");
  EXPECT_THAT(FieldsOf(ReviewFromProto(proto, "review").status()),
              ElementsAre("review.participants[0].count", "review.participants[1].role", "review.participants[1].count",
                          "review.participants[2].role", "review.collaboration", "review.verdict", "review.inquiry"));
}

TEST(ConvertReviewTest, NamesEveryProblemAtOnce) {
  v1::Review proto = Text<v1::Review>(kReview);
  proto.set_name("r-1");
  proto.set_date("tomorrow");
  proto.add_indicators("W");
  proto.mutable_evidence(0)->clear_evidence_id();
  EXPECT_THAT(FieldsOf(ReviewFromProto(proto, "review").status()),
              ElementsAre("review.name", "review.date", "review.indicators[1]", "review.evidence[0].evidence_id"));
  proto = Text<v1::Review>(kReview);
  proto.clear_indicators();
  proto.clear_evidence();
  EXPECT_THAT(FieldsOf(ReviewFromProto(proto, "review").status()), ElementsAre("review.indicators"));
}

TEST(ConvertReviewTest, Limits) {
  v1::Review proto = Text<v1::Review>(kReview);
  while (proto.indicators_size() < static_cast<int>(kReviewIndicatorsMax)) proto.add_indicators("walk");
  while (proto.evidence_size() < static_cast<int>(kReviewEvidenceMax)) *proto.add_evidence() = proto.evidence(0);
  proto.set_decision(std::string(kDecisionBytesMax, 'x'));
  EXPECT_TRUE(ReviewFromProto(proto, "review").ok());
  proto.add_indicators("walk");
  *proto.add_evidence() = proto.evidence(0);
  proto.set_decision(std::string(kDecisionBytesMax + 1, 'x'));
  EXPECT_THAT(FieldsOf(ReviewFromProto(proto, "review").status()),
              ElementsAre("review.indicators", "review.evidence", "review.decision"));
}

// ---- Alerts ----

TEST(ConvertAlertTest, Filters) {
  const v1::AlertFilter proto = Text<v1::AlertFilter>(R"pb(
    teams: "a" teams: "b" labels { key: "level" value: "high" } kinds: ALERT_KIND_SIGNAL_OVERDUE expectations: "e" alerts_only: true
  )pb");
  const AlertFilter filter = AlertFilterFromProto(proto, "filter").value();
  EXPECT_THAT(filter.teams, ElementsAre("a", "b"));
  EXPECT_THAT(filter.expectations, ElementsAre("e"));
  EXPECT_EQ(filter.labels, (Labels{{"level", "high"}}));
  EXPECT_TRUE(filter.alerts_only);
  v1::AlertFilter bad;
  bad.add_teams("A");
  bad.add_kinds(v1::ALERT_KIND_UNSPECIFIED);
  EXPECT_THAT(FieldsOf(AlertFilterFromProto(bad, "filter").status()), ElementsAre("filter.teams[0]", "filter.kinds[0]"));
}

TEST(ConvertAlertTest, FilterLimits) {
  v1::AlertFilter proto;
  for (size_t i = 0; i < kFilterTeamsMax; ++i) proto.add_teams(absl::StrCat("t", i));
  for (size_t i = 0; i < kFilterExpectationsMax; ++i) proto.add_expectations(absl::StrCat("e", i));
  for (size_t i = 0; i < kMaxLabels; ++i) (*proto.mutable_labels())[absl::StrCat("k", i)] = "v";
  EXPECT_TRUE(AlertFilterFromProto(proto, "filter").ok());
  proto.add_teams("one-more");
  proto.add_expectations("one-more");
  (*proto.mutable_labels())["one-more"] = "v";
  EXPECT_THAT(FieldsOf(AlertFilterFromProto(proto, "filter").status()),
              ElementsAre("filter.teams", "filter.expectations", "filter.labels"));
}

TEST(ConvertAlertTest, Flips) {
  TimelineFlip flip;
  flip.sequence = 9;
  flip.record.team = "t";
  flip.record.expectation = "walks";
  flip.record.flip = {WatchState::kLate, WatchState::kOverdue, FlipReason::kGraceOver, Instant::FromSeconds(7),
                      Date::FromYmd(2025, 9, 4)};
  flip.record.recorded = Instant::FromSeconds(8);
  flip.record.alert = 5;
  flip.record.labels = {{"level", "high"}};
  const v1::Flip proto = ToProto("d", flip);
  EXPECT_EQ(proto.SerializeAsString(), Text<v1::Flip>(R"pb(
    sequence: 9 team: "t" expectation: "walks" kind: ALERT_KIND_SIGNAL_OVERDUE from_state: WATCH_STATE_LATE
    to_state: WATCH_STATE_OVERDUE reason: FLIP_REASON_GRACE_OVER effective_time { seconds: 7 } recorded_time { seconds: 8 }
    due_date: "2025-09-04" alert: "districts/d/alerts/5" severity: SEVERITY_CRITICAL labels { key: "level" value: "high" }
  )pb").SerializeAsString());
  flip.record.alert = 0;
  flip.record.flip.due.reset();
  flip.record.flip.to = WatchState::kOnTrack;
  const v1::Flip closed = ToProto("d", flip);
  EXPECT_EQ(closed.alert(), "");
  EXPECT_EQ(closed.due_date(), "");
  EXPECT_EQ(closed.severity(), v1::SEVERITY_UNSPECIFIED);
}

TEST(ConvertAlertTest, EnumerationsShareTheirNumbers) {
  for (int state = 1; state <= 6; ++state) {
    EXPECT_EQ("WATCH_STATE_" + std::string(ToString(static_cast<WatchState>(state))),
              v1::WatchState_Name(static_cast<v1::WatchState>(state)));
  }
  for (int reason = 1; reason <= 10; ++reason) {
    EXPECT_EQ("FLIP_REASON_" + std::string(ToString(static_cast<FlipReason>(reason))),
              v1::FlipReason_Name(static_cast<v1::FlipReason>(reason)));
  }
}

// ---- Cadence ----

TEST(ConvertCadenceTest, AbsentFiguresStayAbsent) {
  const v1::TeamCadence empty = ToProto("t", SignalKind(), TeamCadenceAnswer());
  EXPECT_FALSE(empty.has_median_gap_days());
  EXPECT_FALSE(empty.has_burstiness());
  EXPECT_FALSE(empty.has_longest_silence());
  EXPECT_EQ(empty.last_signal_date(), "");
  EXPECT_TRUE(empty.kind().any_leading());
  Latency latency;
  latency.collection.p50 = LatencyFigure{3, true};
  latency.collection_hours.max = HoursSpan{2'400, std::numeric_limits<int32_t>::max()};
  const v1::EvidenceLatency proto = ToProto(latency, {});
  EXPECT_TRUE(proto.collection().p50().at_least());
  EXPECT_FALSE(proto.collection().has_p90());
  EXPECT_EQ(proto.collection_hours().max().low_hours(), 2'400);
  EXPECT_FALSE(proto.collection_hours().max().has_high_hours());
}

}  // namespace
}  // namespace leadlag
