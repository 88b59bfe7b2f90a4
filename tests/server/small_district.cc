#include "tests/server/small_district.h"

#include <gtest/gtest.h>

#include <utility>

#include "storage/disk.h"

namespace leadlag {
namespace {

// New York lies 4 hours behind UTC until 2025-11-02 and from 2026-03-08 on, 5 hours between.
Instant NewYork(std::string_view date, std::string_view time) {
  const bool summer = date < "2025-11-02" || date >= "2026-03-08";
  return Instant::Parse(std::string(date) + "T" + std::string(time) + (summer ? ":00-04:00" : ":00-05:00")).value();
}

CalendarSpec MakeCalendar() {
  CalendarSpec calendar;
  calendar.id = "main";
  calendar.years = {{"2025-26",
                     {DateOf("2025-07-01"), DateOf("2026-07-01")},
                     {{DateOf("2025-09-01"), DateOf("2026-06-12")}}}};
  const auto close = [&](std::string_view from, std::string_view through, ExceptionKind kind, std::string label) {
    calendar.exceptions.push_back({DateOf(from), DateOf(through), kind, std::move(label)});
  };
  close("2025-11-11", "2025-11-11", ExceptionKind::kHoliday, "Veterans Day");
  close("2025-11-27", "2025-11-28", ExceptionKind::kBreak, "Thanksgiving");
  close("2025-12-22", "2026-01-02", ExceptionKind::kBreak, "Winter break");
  return calendar;
}

Team MakeTeam(std::string id, std::string level) {
  Team team;
  team.id = std::move(id);
  team.active_periods = {{DateOf("2025-07-01"), std::nullopt}};
  team.labels = {{"level", std::move(level)}};
  return team;
}

Indicator MakeIndicator(std::string id, IndicatorRole role, Category category, Measure measure) {
  Indicator indicator;
  indicator.id = std::move(id);
  indicator.role = role;
  indicator.category = category;
  indicator.measure = measure;
  return indicator;
}

Expectation MakeExpectation(std::string id, SignalKind kind, int days) {
  Expectation expectation;
  expectation.id = std::move(id);
  expectation.kind = std::move(kind);
  expectation.every_days = expectation.grace_days = expectation.allowance_days = days;
  expectation.from = DateOf("2025-07-01");
  return expectation;
}

}  // namespace

Date DateOf(std::string_view text) { return Date::Parse(text).value(); }

EvidenceItem Item(std::string_view team, std::string_view indicator, std::string_view date, std::string id) {
  EvidenceItem item;
  item.evidence_id = std::move(id);
  item.content.team = team;
  item.content.indicator = indicator;
  item.content.event_date = DateOf(date);
  item.content.value = indicator == "boxes" ? EvidenceValue(Completion{}) : EvidenceValue(1.0);
  return item;
}

Catalog SmallDistrict::MakeCatalog() {
  Catalog catalog;
  catalog.district = "small";
  catalog.time_zone = "America/New_York";
  catalog.default_calendar = "main";
  catalog.calendars = {MakeCalendar()};
  catalog.teams = {MakeTeam("south", "high"), MakeTeam("north", "primary")};
  catalog.indicators = {
      MakeIndicator("walks", IndicatorRole::kLeading, Category::kWalkthrough, Measure::kNumber),
      MakeIndicator("climate", IndicatorRole::kLeading, Category::kStudentExperience, Measure::kNumber),
      MakeIndicator("scores", IndicatorRole::kLagging, Category::kOutcome, Measure::kNumber),
      MakeIndicator("boxes", IndicatorRole::kLeading, Category::kWalkthrough, Measure::kCompletion)};
  catalog.sources = {{"sis", ""}};
  const SignalKind walkthrough{SignalKind::Of::kCategory, Category::kWalkthrough, ""};
  catalog.expectations = {MakeExpectation("walkthroughs", walkthrough, 10), MakeExpectation("leading", {}, 5)};
  catalog.expectations[1].teams = {"north"};
  return catalog;
}

SmallDistrict::SmallDistrict(std::string_view today)
    : clock_(std::make_unique<SimulatedClock>(NewYork(today, "09:00"))), disk_(Disk::InMemory()) {
  Restart();
  Apply(MakeCatalog());
}

void SmallDistrict::Restart() {
  engine_.reset();
  EngineOptions options;
  options.data_directory = "/data";
  options.disk = disk_;
  options.clock = clock_.get();
  engine_ = Engine::Open(std::move(options)).value();
}

DistrictReader SmallDistrict::Read() const { return engine_->Read("small").value(); }
DistrictReader SmallDistrict::Freeze() const { return engine_->Freeze("small").value(); }

void SmallDistrict::GoTo(std::string_view date, std::string_view time) {
  clock_->Set(NewYork(date, time));
  const absl::Status ticked = engine_->Tick();
  ASSERT_TRUE(ticked.ok()) << ticked;
  engine_->WaitIdle();
}

BatchOutcome SmallDistrict::Record(std::vector<EvidenceItem> items) {
  const absl::StatusOr<Outcome> outcome = engine_->Execute("small", RecordEvidenceCommand{"sis", std::move(items), {}});
  EXPECT_TRUE(outcome.ok()) << outcome.status();
  return outcome.ok() ? std::get<BatchOutcome>(*outcome) : BatchOutcome{};
}

void SmallDistrict::RecordOne(std::string_view team, std::string_view indicator, std::string_view date,
                              std::string id) {
  if (id.empty()) id = std::string(indicator) + " " + std::string(date);
  const BatchOutcome outcome = Record({Item(team, indicator, date, id)});
  for (const RecordFailure& failure : outcome.failures) ADD_FAILURE() << id << ": " << failure.problem.reason;
}

void SmallDistrict::Void(std::string_view id) {
  EvidenceItem item;
  item.evidence_id = id;
  item.content.value = leadlag::Void{};
  EXPECT_EQ(Record({item}).voided_count, 1u);
}

ReviewOutcome SmallDistrict::Hold(std::string_view id, std::string_view team, std::string_view date,
                                  std::vector<std::string> indicators, std::vector<std::string> evidence) {
  Review review;
  review.id = id;
  review.team = team;
  review.date = DateOf(date);
  review.indicators = std::move(indicators);
  for (std::string& evidence_id : evidence) review.evidence.push_back({"sis", std::move(evidence_id)});
  review.decision = "go on";
  const absl::StatusOr<Outcome> outcome = engine_->Execute("small", RecordReviewCommand{review});
  EXPECT_TRUE(outcome.ok()) << outcome.status();
  return outcome.ok() ? std::get<ReviewOutcome>(*outcome) : ReviewOutcome{};
}

void SmallDistrict::Apply(const Catalog& catalog) {
  ApplyCatalogCommand command;
  command.catalog = catalog;
  const absl::StatusOr<Outcome> outcome = engine_->Execute("small", std::move(command));
  EXPECT_TRUE(outcome.ok()) << outcome.status();
  engine_->WaitIdle();
}

}  // namespace leadlag
