#include "storage/records.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace leadlag {
namespace {

std::string Hex(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (const char byte : bytes) {
    hex += kDigits[static_cast<uint8_t>(byte) >> 4];
    hex += kDigits[static_cast<uint8_t>(byte) & 15];
  }
  return hex;
}

Date D(int month, int day) { return Date::FromYmd(2025, month, day); }
Instant At(int64_t seconds) { return Instant::FromSeconds(1'757'000'000 + seconds); }

EvidenceRecord SampleEvidence() {
  EvidenceRecord record;
  record.source = 3;
  record.evidence_id = "w-17";
  record.revision.revision = 2;
  record.revision.content.team = "p-12";
  record.revision.content.indicator = "walks";
  record.revision.content.event_date = D(9, 4);
  record.revision.content.value = Proportion{3, 4};
  record.revision.content.reported = At(5);
  record.revision.content.source_version = 9;
  record.revision.content.note = "n";
  record.revision.recorded = At(10);
  record.revision.recorded_date = D(9, 5);
  record.revision.event_date = D(9, 4);
  record.revision.known_date = D(9, 4);
  return record;
}

EvidenceIdentity SampleIdentity() {
  EvidenceIdentity identity;
  identity.number = 300;
  identity.place = EvidenceIdentity::Place{1, 2, D(9, 4)};
  identity.revision_count = 3;
  identity.current_revision = 2;
  identity.voided = true;
  identity.first_event_date = D(9, 3);
  identity.first_known_date = D(9, 4);
  identity.first_recorded_date = D(9, 5);
  identity.first_recorded = At(1);
  identity.first_hours = 7;
  identity.corrected = At(2);
  identity.corrected_on = D(9, 8);
  return identity;
}

Review SampleBareReview() {
  Review review{.id = "r-1", .team = "p-12", .date = D(10, 1), .indicators = {"walks", "climate"},
                .evidence = {{"sis", "w-17"}}, .decision = "go on"};
  review.recorded = At(3);
  return review;
}

Review SampleReview() {
  Review review = SampleBareReview();
  review.account = {{{ParticipantRole::kTeacher, 300}, {ParticipantRole::kCoach, 1}}, Collaboration::kJointWork, ReviewVerdict::kAdjust,
                    "talk", ReviewResult{true, false}};
  return review;
}

Inquiry SampleInquiry() {
  Inquiry inquiry{.id = "i-1", .team = "p-12", .theme = "equity", .if_text = "we", .then_text = "they", .so_that_text = "all",
                  .start = D(9, 8), .status = InquiryStatus::kDone, .cycle_days = 20, .next_review = D(10, 6),
                  .district_priority = "math"};
  inquiry.links = {{"walks", ExpectedDirection::kIncrease, 10.5}, {"late", ExpectedDirection::kDecrease, std::nullopt}};
  inquiry.actions = {{"plan", "meet", D(9, 8), std::nullopt}, {"visit", "go", D(9, 15), D(12, 20)}};
  inquiry.revision = 2;
  inquiry.recorded = At(3);
  return inquiry;
}

WatchRecord SampleWatch() {
  WatchRecord record;
  record.watch = {WatchState::kLate, D(9, 18), At(20), At(10)};
  record.catalog_version = 4;
  record.alert = 130;
  return record;
}

FlipRecord SampleFlip() {
  FlipRecord record;
  record.team = "p-12";
  record.expectation = "walks";
  record.flip = {WatchState::kOnTrack, WatchState::kLate, FlipReason::kDue, At(10), D(9, 18)};
  record.recorded = At(11);
  record.alert = 130;
  record.labels = {{"area", "north"}, {"level", "high"}};
  return record;
}

AlertRecord SampleAlert() {
  AlertRecord record;
  record.team = 1;
  record.expectation = 2;
  record.state = WatchState::kOverdue;
  record.opened = At(10);
  record.closed = At(30);
  record.closed_reason = FlipReason::kResolved;
  record.due = D(9, 18);
  record.labels = {{"level", "high"}};
  record.sequences = {130, 131, 140};
  return record;
}

FlipRecord SampleHandling() {
  FlipRecord record = SampleFlip();
  record.flip = {WatchState::kLate, WatchState::kLate, FlipReason::kSnoozed, At(12), D(9, 18)};
  record.handling = {true, D(9, 25)};
  record.by = "m.ortiz";
  record.note = "we meet";
  return record;
}

AlertRecord SampleHandledAlert() {
  AlertRecord record = SampleAlert();
  record.closed.reset();
  record.closed_reason.reset();
  record.acknowledged = AlertRemark{"m.ortiz", "on it", At(11)};
  record.snoozed = AlertRecord::Snooze{{"coach", "", At(12)}, D(9, 25)};
  return record;
}

FlipRecord SampleRuleFlip() {
  FlipRecord record = SampleFlip();
  record.expectation = "reviews";
  record.flip.to = WatchState::kRaised;
  record.kind = leadlag::AlertKind::kReviewOverdue;
  record.severity = Severity::kAdvisory;
  return record;
}

FlipRecord SampleRunSignalFlip() {
  FlipRecord record = SampleRuleFlip();
  record.kind = leadlag::AlertKind::kRunSignal;
  return record;
}

AlertRecord SampleRuleAlert() {
  AlertRecord record = SampleAlert();
  record.state = WatchState::kRaised;
  record.kind = leadlag::AlertKind::kCollectionSlow;
  record.severity = Severity::kCritical;
  return record;
}

AlertRecord SampleRunSignalAlert() {
  AlertRecord record = SampleRuleAlert();
  record.kind = leadlag::AlertKind::kRunSignal;
  return record;
}

WatchRecord SampleRaisedWatch() {
  WatchRecord record = SampleWatch();
  record.watch.state = WatchState::kRaised;
  return record;
}

AlertRecord SampleSilencedAlert() {
  AlertRecord record = SampleAlert();
  record.closed_reason = FlipReason::kSourceSilent;
  return record;
}

FlipRecord SampleSourceFlip() {
  FlipRecord record = SampleRuleFlip();
  record.team.clear();
  record.expectation.clear();
  record.source = "sis";
  record.kind = leadlag::AlertKind::kSourceSilent;
  return record;
}

SourceObservation SampleObservation() {
  SourceObservation observation;
  observation.last_heard = At(40);
  observation.complete_through = D(9, 30);
  return observation;
}

SourceObservation SampleLivedSilence() {
  SourceObservation observation = SampleObservation();
  observation.silences = {{At(30)}};
  observation.settling_until = At(50);
  observation.lived = {{At(10), At(20)}};
  observation.forgotten_through = At(10);
  return observation;
}

SourceObservation SampleSilence() {
  SourceObservation observation = SampleObservation();
  observation.silences = {{At(10), At(20)}, {At(30)}};
  observation.settling_until = At(50);
  return observation;
}

CalendarSpec SampleCalendar() {
  CalendarSpec calendar;
  calendar.id = "main";
  calendar.display_name = "Main";
  calendar.years = {{"2025-26", {D(7, 1), Date::FromYmd(2026, 7, 1)}, {{D(8, 20), D(12, 19)}}}};
  calendar.exceptions = {{D(9, 1), D(9, 1), ExceptionKind::kHoliday, "Labor Day"}};
  return calendar;
}

Team SampleTeam() {
  Team team;
  team.id = "p-12";
  team.display_name = "P 12";
  team.active_periods = {{D(8, 1), D(9, 1)}, {D(10, 1), std::nullopt}};
  team.calendars = {{"main", std::nullopt}, {"other", D(9, 15)}};
  team.time_zone = "America/Denver";
  team.labels = {{"area", "north"}, {"level", "high"}};
  team.external_ids = {{"nces", "0012"}};
  return team;
}

CatalogRecord SampleCatalog() {
  CatalogRecord record;
  Catalog& catalog = record.catalog;
  catalog.district = "d";
  catalog.display_name = "D";
  catalog.time_zone = "America/Denver";
  catalog.default_calendar = "main";
  catalog.calendars = {SampleCalendar()};
  catalog.teams = {SampleTeam()};
  Indicator indicator{.id = "walks", .display_name = "Walks", .unit = "n", .themes = {"t"}};
  indicator.dimension = Dimension::kJointWork;
  indicator.direction = Direction::kHigherIsBetter;
  catalog.indicators = {indicator};
  catalog.sources = {{"sis", "SIS"}};
  Expectation expectation{.id = "e",
                          .display_name = "E",
                          .kind = {SignalKind::Of::kCategory, Category::kAdultLearning, ""},
                          .team_labels = {{"level", "high"}},
                          .teams = {"p-12"}};
  expectation.from = D(9, 2);
  catalog.expectations = {expectation, {.id = "f", .kind = {SignalKind::Of::kIndicator, {}, "walks"}}};
  catalog.expectations[1].kind.category = Category::kWalkthrough;
  record.zones = {{"America/Denver", {{Instant{-2'717'640'000'000'000}, -25'196}, {At(0), -21'600}}}};
  record.apply_dates = {{"f", D(8, 15)}};
  record.applied = At(0);
  return record;
}

CatalogRecord SampleSources() {
  CatalogRecord record = SampleCatalog();
  Source& source = record.catalog.sources.emplace_back();
  source.id = "forms";
  source.every_days = 3;
  source.indicators = {"walks"};
  source.team_labels = {{"level", "high"}};
  source.teams = {"p-12"};
  source.severity = Severity::kCritical;
  source.notify_time = MinuteOfDay{500};
  source.from = D(9, 1);
  return record;
}

CatalogRecord SampleRules() {
  CatalogRecord record = SampleCatalog();
  const auto add = [&](std::string id, decltype(AlertRule::terms) terms) -> AlertRule& {
    AlertRule& rule = record.catalog.alert_rules.emplace_back();
    rule.id = std::move(id);
    rule.terms = std::move(terms);
    return rule;
  };
  AlertRule& lagging = add("lagging", LaggingOnlyTerms{30});
  lagging.display_name = "L";
  lagging.team_labels = {{"level", "high"}};
  lagging.teams = {"p-12"};
  lagging.severity = Severity::kCritical;
  lagging.enabled = false;
  lagging.notify_time = MinuteOfDay{500};
  lagging.from = D(9, 1);
  add("boxes", CompletionOnlyTerms{CycleUnit::kMonth, 3});
  add("reviews", ReviewOverdueTerms{7});
  add("slow", CollectionSlowTerms{.records = 9, .percent = 30, .days = 4, .clear_percent = 10});
  return record;
}

CatalogRecord SampleRunSignals() {
  CatalogRecord record = SampleRules();
  AlertRule& rule = record.catalog.alert_rules.emplace_back();
  rule.id = "walks-run";
  rule.terms = leadlag::RunSignalTerms{"walks", leadlag::ChartUnit::kDay, 4.5};
  rule.severity = Severity::kAdvisory;
  record.catalog.alert_rules.push_back(rule);
  record.catalog.alert_rules.back().id = "by-week";
  record.catalog.alert_rules.back().terms = leadlag::RunSignalTerms{"walks"};
  return record;
}

CatalogRecord SampleRetention() {
  CatalogRecord record = SampleRules();
  record.catalog.settings.flip_retention_days = 30;
  return record;
}

CatalogRecord SampleThemes() {
  CatalogRecord record = SampleRetention();
  record.catalog.inquiry_themes = {{"wellness", "Staff"}, {"arts", ""}};
  return record;
}

CatalogRecord SampleFloors() {
  CatalogRecord record = SampleThemes();
  record.catalog.settings.student_floor = 20;
  record.catalog.settings.staff_floor = 1;
  record.catalog.indicators[0].population = leadlag::Population::kStaff;
  return record;
}

EvidenceRecord SampleSurvey() {
  EvidenceRecord record = SampleEvidence();
  record.revision.content.value = Proportion{24, 31, 52};
  return record;
}

// One kind of record: a value with everything set, how it is written and read, and its bytes for ever.
template <typename Record>
struct Kind {
  const char* name;
  Record sample;
  std::string (*encode)(const Record&);
  absl::StatusOr<Record> (*decode)(std::string_view);
  const char* golden;
  uint8_t newest = 1;  // format
};

const Kind<EvidenceRecord>& EvidenceKind() {
  static const auto& kind = *new Kind<EvidenceRecord>{
      "evidence", SampleEvidence(), EncodeEvidenceRecord, DecodeEvidenceRecord,
      "010304772d3137027904702d31320577616c6b73debd0280edd892eefe9e0609016e0608809abb97eefe9e06e0bd02debd02"
      "debd02", 2};
  return kind;
}
const Kind<EvidenceIdentity>& IdentityKind() {
  static const auto& kind = *new Kind<EvidenceIdentity>{
      "identity", SampleIdentity(), EncodeEvidenceIdentity, DecodeEvidenceIdentity,
      "010fac0203020102debd02dcbd02debd02e0bd0280c9f08eeefe9e060780d2ea8feefe9e06e6bd02"};
  return kind;
}
const Kind<Review>& ReviewKind() {
  static const auto& kind = *new Kind<Review>{
      "review", SampleBareReview(), EncodeReview, DecodeReview,
      "0103722d3104702d313294be02020577616c6b7307636c696d617465010373697304772d313705676f206f6e80dbe490eefe"
      "9e06", 2};
  return kind;
}
const Kind<Review>& ReviewAccountKind() {
  static const auto& kind = *new Kind<Review>{
      "review with an account", SampleReview(), EncodeReview, DecodeReview,
      "0203722d3104702d313294be02020577616c6b7307636c696d617465010373697304772d313705676f206f6e80dbe490eefe"
      "9e060204ac02050104020474616c6b03", 2};
  return kind;
}
const Kind<Inquiry>& InquiryKind() {
  static const auto& kind = *new Kind<Inquiry>{"inquiry", SampleInquiry(), EncodeInquiry, DecodeInquiry, 
      "0103692d3104702d313206657175697479027765047468657903616c6c046d617468e6bd020328019ebe02020577616c6b730101402500"
      "0000000000046c61746502000204706c616e046d656574e6bd020005766973697402676ff4bd0201b4bf020280dbe490eefe9e06"};
  return kind;
}
const Kind<WatchRecord>& WatchKind() {
  static const auto& kind = *new Kind<WatchRecord>{
      "watch", SampleWatch(), EncodeWatchRecord, DecodeWatchRecord,
      "010301fabd0280f4ffa0eefe9e06809abb97eefe9e06048201", 2};
  return kind;
}
const Kind<FlipRecord>& FlipKind() {
  static const auto& kind = *new Kind<FlipRecord>{
      "flip", SampleFlip(), EncodeFlipRecord, DecodeFlipRecord,
      "0104702d31320577616c6b73010303809abb97eefe9e0601fabd0280a3b598eefe9e068201020461726561056e6f72746805"
      "6c6576656c0468696768", 5};
  return kind;
}
const Kind<AlertRecord>& AlertKind() {
  static const auto& kind = *new Kind<AlertRecord>{
      "alert", SampleAlert(), EncodeAlertRecord, DecodeAlertRecord,
      "01010204809abb97eefe9e060180cec4aaeefe9e060601fabd0201056c6576656c04686967680382010008", 5};
  return kind;
}
const Kind<FlipRecord>& HandlingKind() {
  static const auto& kind = *new Kind<FlipRecord>{"handling", SampleHandling(), EncodeFlipRecord, DecodeFlipRecord,
      "0204702d31320577616c6b7303030c80acaf99eefe9e0601fabd0280a3b598eefe9e068201020461726561056e6f727468056c6576656c04"
      "68696768010188be02076d2e6f7274697a077765206d656574", 5};
  return kind;
}
const Kind<AlertRecord>& HandledAlertKind() {
  static const auto& kind = *new Kind<AlertRecord>{"handled alert", SampleHandledAlert(), EncodeAlertRecord, DecodeAlertRecord,
      "02010204809abb97eefe9e060001fabd0201056c6576656c0468696768038201000801076d2e6f7274697a056f6e20697480a3b598eefe9e06"
      "0105636f6163680080acaf99eefe9e0688be02", 5};
  return kind;
}
const Kind<WatchRecord>& RaisedWatchKind() {
  static const auto& kind = *new Kind<WatchRecord>{"raised watch", SampleRaisedWatch(), EncodeWatchRecord, DecodeWatchRecord,
      "020701fabd0280f4ffa0eefe9e06809abb97eefe9e06048201", 2};
  return kind;
}
const Kind<FlipRecord>& RuleFlipKind() {
  static const auto& kind = *new Kind<FlipRecord>{"rule's flip", SampleRuleFlip(), EncodeFlipRecord, DecodeFlipRecord,
      "0304702d31320772657669657773010703809abb97eefe9e0601fabd0280a3b598eefe9e068201020461726561056e6f727468056c6576"
      "656c0468696768040100000000", 5};
  return kind;
}
const Kind<AlertRecord>& RuleAlertKind() {
  static const auto& kind = *new Kind<AlertRecord>{"rule's alert", SampleRuleAlert(), EncodeAlertRecord, DecodeAlertRecord,
      "03010207809abb97eefe9e060180cec4aaeefe9e060601fabd0201056c6576656c0468696768038201000805030000", 5};
  return kind;
}
const Kind<CatalogRecord>& RulesKind() {
  static const auto& kind = *new Kind<CatalogRecord>{"catalog with rules", SampleRules(), EncodeCatalogRecord, DecodeCatalogRecord,
      "020002016401440e416d65726963612f44656e766572046d61696e01046d61696e044d61696e1f0107323032352d3236dcbc02b6c20201"
      "c0bd02b2bf0201d8bd02d8bd0201094c61626f72204461790104702d31320450203132029abd0201d8bd0294be020002046d61696e0005"
      "6f7468657201f4bd020e416d65726963612f44656e766572020461726561056e6f727468056c6576656c046869676801046e6365730430"
      "303132010577616c6b730557616c6b730101020101016e010174010373697303534953020165014502030001056c6576656c0468696768"
      "0104702d3132141414c80601dabd0201660003010577616c6b730000141414c8060004076c616767696e67014c023c01056c6576656c04"
      "686967680104702d31320300e80701d8bd0205626f7865730003020600000201c80600077265766965777300040e00000201c806000473"
      "6c6f770005123c081400000201c806001414010e416d65726963612f44656e76657202ffbf9eedbbebd309d7890380c0f68deefe9e06bf"
      "d102010166b6bd0280c0f68deefe9e06", 6};
  return kind;
}
const Kind<FlipRecord>& SourceFlipKind() {
  static const auto& kind = *new Kind<FlipRecord>{"source's flip", SampleSourceFlip(), EncodeFlipRecord, DecodeFlipRecord,
      "040000010703809abb97eefe9e0601fabd0280a3b598eefe9e068201020461726561056e6f727468056c6576656c046869676807010000"
      "000003736973", 5};
  return kind;
}
const Kind<AlertRecord>& SilencedAlertKind() {
  static const auto& kind = *new Kind<AlertRecord>{"silenced alert", SampleSilencedAlert(), EncodeAlertRecord, DecodeAlertRecord,
      "04010204809abb97eefe9e060180cec4aaeefe9e060e01fabd0201056c6576656c0468696768038201000801020000", 5};
  return kind;
}
const Kind<SourceObservation>& SilenceKind() {
  static const auto& kind = *new Kind<SourceObservation>{"silences", SampleSilence(), EncodeSourceObservation, DecodeSourceObservation,
      "020180a889b4eefe9e060192be0202809abb97eefe9e0680f4ffa0eefe9e0680cec4aaeefe9e06feffffffffffffffff01018082cebdee"
      "fe9e06", 3};
  return kind;
}
const Kind<SourceObservation>& LivedSilenceKind() {
  static const auto& kind = *new Kind<SourceObservation>{"lived silences", SampleLivedSilence(), EncodeSourceObservation,
      DecodeSourceObservation,
      "030180a889b4eefe9e060192be020180cec4aaeefe9e06feffffffffffffffff01018082cebdeefe9e0601809abb97eefe9e0680f4ffa0"
      "eefe9e0601809abb97eefe9e06", 3};
  return kind;
}
const Kind<CatalogRecord>& SourcesKind() {
  static const auto& kind = *new Kind<CatalogRecord>{"catalog with sources", SampleSources(), EncodeCatalogRecord, DecodeCatalogRecord,
      "040004016401440e416d65726963612f44656e766572046d61696e01046d61696e044d61696e1f0107323032352d3236dcbc02b6c20201"
      "c0bd02b2bf0201d8bd02d8bd0201094c61626f72204461790104702d31320450203132029abd0201d8bd0294be020002046d61696e0005"
      "6f7468657201f4bd020e416d65726963612f44656e766572020461726561056e6f727468056c6576656c046869676801046e6365730430"
      "303132010577616c6b730557616c6b730101020101016e01017402037369730353495305666f726d7300020165014502030001056c6576"
      "656c04686967680104702d3132141414c80601dabd0201660003010577616c6b730000141414c80600000000000002c806000601057761"
      "6c6b7301056c6576656c04686967680104702d313203e80701d8bd02141400010e416d65726963612f44656e76657202ffbf9eedbbebd309"
      "d7890380c0f68deefe9e06bfd102010166b6bd0280c0f68deefe9e06", 6};
  return kind;
}
const Kind<CatalogRecord>& RunSignalsKind() {
  static const auto& kind = *new Kind<CatalogRecord>{"catalog with run signals", SampleRunSignals(), EncodeCatalogRecord,
      DecodeCatalogRecord, "050005016401440e416d65726963612f44656e766572046d61696e01046d61696e044d61696e1f0107323032352d3236dcbc02b6c20201"
      "c0bd02b2bf0201d8bd02d8bd0201094c61626f72204461790104702d31320450203132029abd0201d8bd0294be020002046d61696e0005"
      "6f7468657201f4bd020e416d65726963612f44656e766572020461726561056e6f727468056c6576656c046869676801046e6365730430"
      "303132010577616c6b730557616c6b730101020101016e010174010373697303534953020165014502030001056c6576656c0468696768"
      "0104702d3132141414c80601dabd0201660003010577616c6b730000141414c8060006076c616767696e67014c023c01056c6576656c04"
      "686967680104702d31320300e80701d8bd0205626f7865730003020600000201c80600077265766965777300040e00000201c806000473"
      "6c6f770005123c081400000201c806000977616c6b732d72756e00080577616c6b730101401200000000000000000101c806000762792d"
      "7765656b00080577616c6b73020000000101c806000000000002c8060014140000010e416d65726963612f44656e76657202ffbf9eedbbeb"
      "d309d7890380c0f68deefe9e06bfd102010166b6bd0280c0f68deefe9e06", 6};
  return kind;
}
const Kind<FlipRecord>& RunSignalFlipKind() {
  static const auto& kind = *new Kind<FlipRecord>{"run signal's flip", SampleRunSignalFlip(), EncodeFlipRecord, DecodeFlipRecord,
      "0504702d31320772657669657773010703809abb97eefe9e0601fabd0280a3b598eefe9e068201020461726561056e6f727468056c6576"
      "656c046869676808010000000000", 5};
  return kind;
}
const Kind<AlertRecord>& RunSignalAlertKind() {
  static const auto& kind = *new Kind<AlertRecord>{"run signal's alert", SampleRunSignalAlert(), EncodeAlertRecord, DecodeAlertRecord,
      "05010207809abb97eefe9e060180cec4aaeefe9e060601fabd0201056c6576656c0468696768038201000808030000", 5};
  return kind;
}
const Kind<CatalogRecord>& RetentionKind() {
  static const auto& kind = *new Kind<CatalogRecord>{"catalog with retention", SampleRetention(), EncodeCatalogRecord, DecodeCatalogRecord,
      "030003016401440e416d65726963612f44656e766572046d61696e01046d61696e044d61696e1f0107323032352d3236dcbc02b6c20201"
      "c0bd02b2bf0201d8bd02d8bd0201094c61626f72204461790104702d31320450203132029abd0201d8bd0294be020002046d61696e0005"
      "6f7468657201f4bd020e416d65726963612f44656e766572020461726561056e6f727468056c6576656c046869676801046e6365730430"
      "303132010577616c6b730557616c6b730101020101016e010174010373697303534953020165014502030001056c6576656c0468696768"
      "0104702d3132141414c80601dabd0201660003010577616c6b730000141414c8060004076c616767696e67014c023c01056c6576656c04"
      "686967680104702d31320300e80701d8bd0205626f7865730003020600000201c80600077265766965777300040e00000201c806000473"
      "6c6f770005123c081400000201c8060014143c010e416d65726963612f44656e76657202ffbf9eedbbebd309d7890380c0f68deefe9e06"
      "bfd102010166b6bd0280c0f68deefe9e06", 6};
  return kind;
}
const Kind<CatalogRecord>& FloorsKind() {
  static const auto& kind = *new Kind<CatalogRecord>{"catalog with floors", SampleFloors(), EncodeCatalogRecord, DecodeCatalogRecord,
      "060006016401440e416d65726963612f44656e766572046d61696e01046d61696e044d61696e1f0107323032352d3236dcbc02b6c20201c0"
      "bd02b2bf0201d8bd02d8bd0201094c61626f72204461790104702d31320450203132029abd0201d8bd0294be020002046d61696e00056f74"
      "68657201f4bd020e416d65726963612f44656e766572020461726561056e6f727468056c6576656c046869676801046e6365730430303132"
      "010577616c6b730557616c6b730101020101016e010174010373697303534953020165014502030001056c6576656c04686967680104702d"
      "3132141414c80601dabd0201660003010577616c6b730000141414c8060004076c616767696e67014c023c01056c6576656c046869676801"
      "04702d31320300e80701d8bd0205626f7865730003020600000201c80600077265766965777300040e00000201c8060004736c6f77000512"
      "3c081400000201c806000000000002c8060014143c020877656c6c6e657373055374616666046172747300032802010e416d65726963612f"
      "44656e76657202ffbf9eedbbebd309d7890380c0f68deefe9e06bfd102010166b6bd0280c0f68deefe9e06", 6};
  return kind;
}
const Kind<EvidenceRecord>& SurveyKind() {
  static const auto& kind = *new Kind<EvidenceRecord>{"survey", SampleSurvey(), EncodeEvidenceRecord, DecodeEvidenceRecord,
      "020304772d3137027904702d31320577616c6b73debd0280edd892eefe9e0609016e303e68809abb97eefe9e06e0bd02debd02debd02", 2};
  return kind;
}
const Kind<CatalogRecord>& ThemesKind() {
  static const auto& kind = *new Kind<CatalogRecord>{"catalog with themes", SampleThemes(), EncodeCatalogRecord, DecodeCatalogRecord,
      "050005016401440e416d65726963612f44656e766572046d61696e01046d61696e044d61696e1f0107323032352d3236dcbc02b6c20201"
      "c0bd02b2bf0201d8bd02d8bd0201094c61626f72204461790104702d31320450203132029abd0201d8bd0294be020002046d61696e0005"
      "6f7468657201f4bd020e416d65726963612f44656e766572020461726561056e6f727468056c6576656c046869676801046e6365730430"
      "303132010577616c6b730557616c6b730101020101016e010174010373697303534953020165014502030001056c6576656c0468696768"
      "0104702d3132141414c80601dabd0201660003010577616c6b730000141414c8060004076c616767696e67014c023c01056c6576656c04"
      "686967680104702d31320300e80701d8bd0205626f7865730003020600000201c80600077265766965777300040e00000201c806000473"
      "6c6f770005123c081400000201c806000000000002c8060014143c020877656c6c6e657373055374616666046172747300010e416d6572"
      "6963612f44656e76657202ffbf9eedbbebd309d7890380c0f68deefe9e06bfd102010166b6bd0280c0f68deefe9e06", 6};
  return kind;
}
const Kind<SourceObservation>& ObservationKind() {
  static const auto& kind = *new Kind<SourceObservation>{
      "observation", SampleObservation(), EncodeSourceObservation, DecodeSourceObservation,
      "0180a889b4eefe9e060192be02", 3};
  return kind;
}
const Kind<CatalogRecord>& CatalogKind() {
  static const auto& kind = *new Kind<CatalogRecord>{
      "catalog", SampleCatalog(), EncodeCatalogRecord, DecodeCatalogRecord,
      "01016401440e416d65726963612f44656e766572046d61696e01046d61696e044d61696e1f0107323032352d3236dcbc02b6"
      "c20201c0bd02b2bf0201d8bd02d8bd0201094c61626f72204461790104702d31320450203132029abd0201d8bd0294be0200"
      "02046d61696e00056f7468657201f4bd020e416d65726963612f44656e766572020461726561056e6f727468056c6576656c"
      "046869676801046e6365730430303132010577616c6b730557616c6b730101020101016e0101740103736973035349530201"
      "65014502030001056c6576656c04686967680104702d3132141414c80601dabd0201660003010577616c6b730000141414c8"
      "06001414010e416d65726963612f44656e76657202ffbf9eedbbebd309d7890380c0f68deefe9e06bfd102010166b6bd0280"
      "c0f68deefe9e06", 6};
  return kind;
}

// Runs `check` on every kind.
template <typename Check>
void ForEachKind(Check check) {
  check(EvidenceKind());
  check(IdentityKind());
  check(ReviewKind());
  check(ReviewAccountKind());
  check(InquiryKind());
  check(WatchKind());
  check(FlipKind());
  check(AlertKind());
  check(HandlingKind());
  check(HandledAlertKind());
  check(RaisedWatchKind());
  check(RuleFlipKind());
  check(RuleAlertKind());
  check(SourceFlipKind());
  check(SilencedAlertKind());
  check(SilenceKind());
  check(LivedSilenceKind());
  check(SourcesKind());
  check(ObservationKind());
  check(CatalogKind());
  check(RulesKind());
  check(RetentionKind());
  check(RunSignalsKind());
  check(RunSignalFlipKind());
  check(RunSignalAlertKind());
  check(ThemesKind());
  check(FloorsKind());
  check(SurveyKind());
}

// What is accepted is read as the one value that has these bytes.
template <typename Record>
void ExpectRefusedOrCanonical(const Kind<Record>& kind, const std::string& bytes) {
  const absl::StatusOr<Record> record = kind.decode(bytes);
  if (record.ok()) {
    EXPECT_EQ(Hex(kind.encode(*record)), Hex(bytes)) << kind.name;
  } else if (record.status().code() != absl::StatusCode::kFailedPrecondition) {
    EXPECT_EQ(record.status().code(), absl::StatusCode::kDataLoss) << kind.name;
  }
}

TEST(RecordsTest, BytesAreFixedForEver) {
  ForEachKind([](const auto& kind) { EXPECT_EQ(Hex(kind.encode(kind.sample)), kind.golden) << kind.name; });
}

TEST(RecordsTest, RoundTrips) {
  ForEachKind([](const auto& kind) {
    const auto read = kind.decode(kind.encode(kind.sample));
    ASSERT_TRUE(read.ok()) << kind.name << ": " << read.status();
    EXPECT_TRUE(*read == kind.sample) << kind.name;
  });
}

TEST(RecordsTest, BareRecordsRoundTrip) {
  const auto expect_round_trip = [](const auto& kind, const auto& record) {
    const auto read = kind.decode(kind.encode(record));
    ASSERT_TRUE(read.ok()) << kind.name << ": " << read.status();
    EXPECT_TRUE(*read == record) << kind.name;
  };
  expect_round_trip(EvidenceKind(), EvidenceRecord{});
  expect_round_trip(IdentityKind(), EvidenceIdentity{});
  expect_round_trip(ReviewKind(), Review{});
  expect_round_trip(WatchKind(), WatchRecord{});
  expect_round_trip(FlipKind(), FlipRecord{});
  expect_round_trip(AlertKind(), AlertRecord{});
  expect_round_trip(ObservationKind(), SourceObservation{});
  expect_round_trip(CatalogKind(), CatalogRecord{});
  CatalogRecord retention = SampleCatalog();  // without rules
  retention.catalog.settings.flip_retention_days = 3'650;
  expect_round_trip(RetentionKind(), retention);
  CatalogRecord themes = SampleCatalog();  // without the rest
  themes.catalog.inquiry_themes = {{"arts", ""}};
  expect_round_trip(ThemesKind(), themes);
  Inquiry bare;
  bare.revision = 1;
  expect_round_trip(InquiryKind(), bare);
}

TEST(RecordsTest, EveryKindOfEvidenceRoundTrips) {
  const std::vector<EvidenceValue> values = {0.0, -0.0, 1e300, std::numeric_limits<double>::denorm_min(),
                                             Proportion{0, 1}, Proportion{INT64_MAX, INT64_MAX},
                                             Proportion{24, 31, 52}, Proportion{1, 1, INT64_MIN},
                                             Completion{true}, Completion{false}, Void{}};
  for (const EvidenceValue& value : values) {
    for (int event = 0; event < 4; ++event) {
      EvidenceRecord record = SampleEvidence();
      EvidenceContent& content = record.revision.content;
      content.event_date.reset();
      if (event == 1) content.event_date = D(9, 4);
      if (event == 2) content.event_time = At(-99);
      if (event == 3) content.period = DateRange{D(7, 1), D(9, 5)};
      content.value = value;
      const std::string bytes = EncodeEvidenceRecord(record);
      const auto read = DecodeEvidenceRecord(bytes);
      ASSERT_TRUE(read.ok()) << read.status();
      EXPECT_TRUE(*read == record);
      EXPECT_EQ(EncodeEvidenceRecord(*read), bytes);  // -0.0 stays -0.0
      const auto glance = GlanceAtEvidenceRecord(bytes);
      ASSERT_TRUE(glance.ok()) << glance.status();
      EXPECT_EQ(glance->source, record.source);
      EXPECT_EQ(glance->evidence_id, record.evidence_id);
      EXPECT_EQ(glance->team, content.team);
      EXPECT_EQ(glance->indicator, content.indicator);
      EXPECT_EQ(glance->event_time, content.event_time);
      EXPECT_EQ(glance->reported, content.reported);
      EXPECT_EQ(glance->voided(), record.revision.voided());
      EXPECT_EQ(glance->dates.recorded, record.revision.recorded);
      EXPECT_EQ(glance->dates.recorded_date, record.revision.recorded_date);
      EXPECT_EQ(glance->dates.event_date, record.revision.event_date);
      EXPECT_EQ(glance->dates.known_date, record.revision.known_date);
      for (size_t size = 0; size < bytes.size(); ++size) {
        EXPECT_FALSE(GlanceAtEvidenceRecord(std::string_view(bytes).substr(0, size)).ok());
      }
      EXPECT_FALSE(GlanceAtEvidenceRecord(bytes + "x").ok());
    }
  }
}

TEST(RecordsTest, WhatAClientSentReadsBackWhateverItIs) {
  EvidenceRecord record = SampleEvidence();
  record.revision.content.event_date = Date(INT32_MIN);
  record.revision.content.event_time = Instant{INT64_MAX};
  record.revision.content.period = DateRange{Date(INT32_MAX), Date(-1)};
  record.revision.content.value = Proportion{INT64_MIN, -1};
  record.revision.content.note = std::string("\0\xff", 2);
  const auto read = DecodeEvidenceRecord(EncodeEvidenceRecord(record));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_TRUE(*read == record);
}

TEST(RecordsTest, ATruncatedRecordIsDataLoss) {
  ForEachKind([](const auto& kind) {
    const std::string bytes = kind.encode(kind.sample);
    for (size_t size = 0; size < bytes.size(); ++size) {
      EXPECT_EQ(kind.decode(bytes.substr(0, size)).status().code(), absl::StatusCode::kDataLoss)
          << kind.name << " cut to " << size;
    }
    EXPECT_EQ(kind.decode(bytes + '\0').status().code(), absl::StatusCode::kDataLoss) << kind.name;
  });
}

TEST(RecordsTest, ANewerFormatIsRefusedAsSuch) {
  ForEachKind([](const auto& kind) {
    std::string bytes = kind.encode(kind.sample);
    bytes[0] = static_cast<char>(kind.newest + 1);
    EXPECT_EQ(kind.decode(bytes).status().code(), absl::StatusCode::kFailedPrecondition) << kind.name;
    bytes[0] = 0;
    EXPECT_EQ(kind.decode(bytes).status().code(), absl::StatusCode::kDataLoss) << kind.name;
  });
}

TEST(RecordsTest, EveryMutatedByteIsRefusedOrCanonical) {
  ForEachKind([](const auto& kind) {
    const std::string bytes = kind.encode(kind.sample);
    for (size_t i = 0; i < bytes.size(); ++i) {
      for (int value = 0; value < 256; ++value) {
        std::string mutated = bytes;
        mutated[i] = static_cast<char>(value);
        ExpectRefusedOrCanonical(kind, mutated);
      }
    }
  });
}

TEST(RecordsTest, RandomBytesAreRefusedOrCanonical) {
  std::mt19937 random(20250904);
  ForEachKind([&](const auto& kind) {
    const std::string sample = kind.encode(kind.sample);
    for (int run = 0; run < 5000; ++run) {
      std::string bytes = sample;
      for (int change = 0; change < 3; ++change) bytes[1 + random() % (bytes.size() - 1)] = static_cast<char>(random());
      ExpectRefusedOrCanonical(kind, bytes);
      ExpectRefusedOrCanonical(kind, bytes.substr(0, random() % bytes.size()));
    }
  });
}

// The byte of `sample` at the first difference to the bytes of `other` set to `value`.
template <typename Record>
std::string WithByteAtDifference(const Kind<Record>& kind, const Record& other, uint8_t value) {
  std::string bytes = kind.encode(kind.sample);
  const std::string different = kind.encode(other);
  size_t i = 0;
  while (bytes[i] == different[i]) ++i;
  bytes[i] = static_cast<char>(value);
  return bytes;
}

TEST(RecordsTest, UnknownNumbersAreDataLoss) {
  FlipRecord flip = SampleFlip();
  flip.flip.from = WatchState::kPaused;
  AlertRecord alert = SampleAlert();
  alert.closed_reason = FlipReason::kRetracted;
  for (const uint8_t number : {0, 16, 255}) {
    EXPECT_EQ(DecodeFlipRecord(WithByteAtDifference(FlipKind(), flip, number)).status().code(),
              absl::StatusCode::kDataLoss);
    EXPECT_EQ(DecodeAlertRecord(WithByteAtDifference(AlertKind(), alert, number)).status().code(),
              absl::StatusCode::kDataLoss);
  }
  CatalogRecord catalog = SampleCatalog();
  catalog.catalog.indicators[0].role = IndicatorRole::kBalancing;
  EXPECT_EQ(DecodeCatalogRecord(WithByteAtDifference(CatalogKind(), catalog, 4)).status().code(),
            absl::StatusCode::kDataLoss);
  Inquiry inquiry = SampleInquiry();
  inquiry.status = InquiryStatus::kActive;
  for (const uint8_t number : {0, 5}) {
    EXPECT_EQ(DecodeInquiry(WithByteAtDifference(InquiryKind(), inquiry, number)).status().code(), absl::StatusCode::kDataLoss);
  }
  inquiry = SampleInquiry();
  inquiry.links[0].direction = ExpectedDirection::kDecrease;
  EXPECT_EQ(DecodeInquiry(WithByteAtDifference(InquiryKind(), inquiry, 3)).status().code(), absl::StatusCode::kDataLoss);
  catalog = SampleCatalog();
  catalog.catalog.calendars[0].weekdays = 1;
  EXPECT_EQ(DecodeCatalogRecord(WithByteAtDifference(CatalogKind(), catalog, 0x80)).status().code(),
            absl::StatusCode::kDataLoss);
}

TEST(RecordsTest, UnorderedThingsAreDataLoss) {
  const auto code = [](const auto& kind, const auto& other, uint8_t value) {
    return kind.decode(WithByteAtDifference(kind, other, value)).status().code();
  };
  FlipRecord flip = SampleFlip();
  flip.labels = {{"area", "north"}, {"mevel", "high"}};
  EXPECT_EQ(code(FlipKind(), flip, 'A'), absl::StatusCode::kDataLoss);  // "Aevel" before "area"
  CatalogRecord backwards = SampleCatalog();
  std::swap(backwards.zones[0].offsets[0], backwards.zones[0].offsets[1]);
  EXPECT_EQ(DecodeCatalogRecord(EncodeCatalogRecord(backwards)).status().code(), absl::StatusCode::kDataLoss);
  EvidenceIdentity identity = SampleIdentity();
  identity.current_revision = 4;
  EXPECT_EQ(DecodeEvidenceIdentity(EncodeEvidenceIdentity(identity)).status().code(), absl::StatusCode::kDataLoss);
  const auto refused = [](auto change) {
    SourceObservation observation = SampleLivedSilence();
    change(observation);
    return DecodeSourceObservation(EncodeSourceObservation(observation)).status().code() == absl::StatusCode::kDataLoss;
  };
  EXPECT_FALSE(refused([](SourceObservation&) {}));
  EXPECT_TRUE(refused([](SourceObservation& o) { o.lived = {{At(15), At(14)}}; }));
  EXPECT_TRUE(refused([](SourceObservation& o) { o.lived = {{At(10), At(20)}, {At(19), At(21)}}; }));
  EXPECT_TRUE(refused([](SourceObservation& o) { o.lived[0].to = At(31); }));
  EXPECT_TRUE(refused([](SourceObservation& o) { o.lived[0].to = SourceSilence::kOpen; }));
  EXPECT_TRUE(refused([](SourceObservation& o) { o.forgotten_through = At(11); }));
  Inquiry unstored = SampleInquiry();
  unstored.revision = 0;
  EXPECT_EQ(DecodeInquiry(EncodeInquiry(unstored)).status().code(), absl::StatusCode::kDataLoss);
  // Nor a date that the service takes from nobody.
  const auto dated = [](auto edit) {
    Inquiry inquiry = SampleInquiry();
    edit(inquiry);
    return DecodeInquiry(EncodeInquiry(inquiry)).status().code();
  };
  for (const Date date : {Date::Min() - 1, Date::Max() + 1}) {
    EXPECT_EQ(dated([&](Inquiry& i) { i.start = date; }), absl::StatusCode::kDataLoss);
    EXPECT_EQ(dated([&](Inquiry& i) { i.next_review = date; }), absl::StatusCode::kDataLoss);
    EXPECT_EQ(dated([&](Inquiry& i) { i.actions[0].start = date; }), absl::StatusCode::kDataLoss);
    EXPECT_EQ(dated([&](Inquiry& i) { i.actions[1].end = date; }), absl::StatusCode::kDataLoss);
  }
}

TEST(RecordsTest, AReviewsAccountIsOneThatTheServiceTakes) {
  using Participants = std::vector<Review::Account::Participants>;
  const auto refuses = [](Participants participants) {
    Review review = SampleReview();
    review.account.participants = std::move(participants);
    return DecodeReview(EncodeReview(review)).status().code() == absl::StatusCode::kDataLoss;
  };
  EXPECT_FALSE(refuses({{ParticipantRole::kPrincipal, 1}, {ParticipantRole::kOther, 10'000}}));
  EXPECT_TRUE(refuses({{ParticipantRole::kPrincipal, 0}}));
  EXPECT_TRUE(refuses({{ParticipantRole::kPrincipal, 10'001}}));
  EXPECT_TRUE(refuses({{ParticipantRole::kCoach, 1}, {ParticipantRole::kCoach, 1}}));
  EXPECT_TRUE(refuses({{ParticipantRole::kCoach, 1}, {ParticipantRole::kTeacher, 1}}));
}

// It has no format byte of its own: it is rebuilt from the alerts.
TEST(RecordsTest, AnOpenAlertIsItsIdAndWhatWasDoneWithIt) {
  EXPECT_EQ(Hex(EncodeOpenAlert({130, {}})), "8201");
  EXPECT_EQ(Hex(EncodeOpenAlert({130, {true, std::nullopt}})), "82010100");
  EXPECT_EQ(Hex(EncodeOpenAlert({130, {false, D(9, 25)}})), "8201000188be02");
  for (const OpenAlert& open : {OpenAlert{130, {}}, OpenAlert{130, {true, std::nullopt}}, OpenAlert{130, {true, D(9, 25)}}}) {
    const std::string bytes = EncodeOpenAlert(open);
    EXPECT_EQ(DecodeOpenAlert(bytes).value(), open);
    EXPECT_EQ(DecodeOpenAlert(bytes + '\0').status().code(), absl::StatusCode::kDataLoss);
  }
  EXPECT_EQ(DecodeOpenAlert(std::string("\x05\0\0", 3)).status().code(), absl::StatusCode::kDataLoss);  // done with nothing
}

TEST(RecordsTest, LongHistoriesOfAnAlertRoundTrip) {
  AlertRecord record = SampleAlert();
  record.sequences.clear();
  for (uint64_t i = 0; i < 100; ++i) record.sequences.push_back(i * i * i * 1'000'003 + 1);
  record.sequences.push_back(UINT64_MAX);
  const auto read = DecodeAlertRecord(EncodeAlertRecord(record));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_TRUE(*read == record);
}

TEST(RecordsTest, ACatalogSaysWhenItWasAppliedAtAGlance) {
  for (CatalogRecord record : {SampleCatalog(), SampleSources(), SampleRules(), SampleThemes(), CatalogRecord{}}) {
    for (const int64_t micros : {int64_t{0}, int64_t{1}, int64_t{-64}, int64_t{1'757'000'000'000'000}, INT64_MAX, INT64_MIN}) {
      record.applied = Instant{micros};
      EXPECT_EQ(GlanceAtCatalogApplied(EncodeCatalogRecord(record)).value(), record.applied) << micros;
    }
    record.apply_dates.clear();
    EXPECT_EQ(GlanceAtCatalogApplied(EncodeCatalogRecord(record)).value(), record.applied);
  }
  EXPECT_EQ(GlanceAtCatalogApplied("").status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(GlanceAtCatalogApplied("\xff").status().code(), absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace leadlag
