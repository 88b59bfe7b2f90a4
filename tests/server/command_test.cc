// Commands as the log keeps them: what was logged is what is applied, now and at every replay.
#include "server/engine/command.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "core/codec.h"
#include "gtest/gtest.h"
#include "server/engine/zone_database.h"
#include "storage/records.h"
#include "tests/server/small_district.h"

namespace leadlag {
namespace {

constexpr Instant kNow{1'762'000'000'000'000};

using What = HandleAlertCommand::What;

HandleAlertCommand Handle(What what, const std::string& note, std::optional<Date> until, uint32_t days) {
  return {.alert = 300, .what = what, .by = "m.ortiz", .note = note, .until = until, .days = days};
}

Catalog CatalogWithRules() {
  Catalog catalog = SmallDistrict::MakeCatalog();
  catalog.alert_rules.resize(1);
  catalog.alert_rules[0].id = "reviews";
  catalog.alert_rules[0].terms = ReviewOverdueTerms{7};
  return catalog;
}

Catalog CatalogWithSources() {
  Catalog catalog = CatalogWithRules();
  catalog.sources[0].every_days = 3;
  return catalog;
}

Catalog CatalogWithRetention() {
  Catalog catalog = CatalogWithRules();
  catalog.settings.flip_retention_days = 30;
  return catalog;
}

Catalog CatalogWithThemes() {
  Catalog catalog = CatalogWithRetention();
  catalog.inquiry_themes = {{"reading", "Reading"}};
  return catalog;
}

Inquiry Theory() {
  Inquiry inquiry{.id = "a", .team = "north", .theme = "equity", .if_text = "we", .then_text = "they", .so_that_text = "all",
                  .start = DateOf("2025-09-08")};
  inquiry.links = {{"walks", ExpectedDirection::kDecrease, 2.5}};
  inquiry.actions = {{"plan", "meet", DateOf("2025-09-08"), DateOf("2025-10-08")}};
  return inquiry;
}

Review ReviewWithAccount() {
  Review review{.id = "v2", .team = "north", .date = DateOf("2025-09-05"), .indicators = {"walks"}};
  review.account = {{{ParticipantRole::kCoach, 2}}, std::nullopt, ReviewVerdict::kStop, "", ReviewResult{}};
  return review;
}

// A survey beside a walk.
RecordEvidenceCommand Surveys() {
  RecordEvidenceCommand evidence{.source = "forms",
                                 .items = {Item("north", "walks", "2025-09-04", "r1"), Item("north", "voices", "2025-09-04", "s1")}};
  evidence.items[1].content.value = Proportion{24, 31, 52};
  return evidence;
}

std::vector<Command> OneOfEach() {
  RecordEvidenceCommand evidence{.source = "forms", .items = {Item("north", "walks", "2025-09-04", "r1")}};
  evidence.complete_through = DateOf("2025-09-03");
  evidence.batch_began = Instant{kNow.micros - 5};
  evidence.more = true;
  evidence.batch_has_new = true;
  const ZoneRules zone = LoadZone("America/New_York").value();
  return {
      {kNow, "clerk", ApplyCatalogCommand{.catalog = SmallDistrict::MakeCatalog(), .zones = {zone}, .incarnation = 7}},
      {kNow, "clerk", ApplyCatalogCommand{.catalog = CatalogWithRules(), .zones = {zone}, .incarnation = 7}},
      {kNow, "clerk", ApplyCatalogCommand{.catalog = CatalogWithSources(), .zones = {zone}, .incarnation = 7}},
      {kNow, "clerk", ApplyCatalogCommand{.catalog = CatalogWithRetention(), .zones = {zone}, .incarnation = 7}},
      {kNow, "clerk", ApplyCatalogCommand{.catalog = CatalogWithThemes(), .zones = {zone}, .incarnation = 7}},
      {kNow, "clerk", StageCatalogCommand{true, "bytes"}},
      {kNow, "zone-database", ReplaceZonesCommand{{zone}}},
      {kNow, "forms", evidence},
      {kNow, "forms", Surveys()},
      {kNow, "coach", RecordReviewCommand{{.id = "v1", .team = "north", .date = DateOf("2025-09-05"), .indicators = {"walks"}}}},
      {kNow, "coach", RecordReviewCommand{ReviewWithAccount()}},
      {kNow, "", TickCommand{true}},
      {kNow, "", ContinueCommand{}},
      {kNow, "", ContinueCommand{400}},
      {kNow, "", ContinueCommand{200}},
      {kNow, "", Handle(What::kAcknowledge, "on it", std::nullopt, 0)},
      {kNow, "", Handle(What::kSnooze, "", std::nullopt, 400)},
      {kNow, "", Handle(What::kSnooze, "", DateOf("2025-09-05"), 0)},
      {kNow, "", Handle(What::kEndSnooze, "", std::nullopt, 0)},
      {kNow, "coach", RecordInquiryCommand{Theory(), std::nullopt}},
      {kNow, "coach", RecordInquiryCommand{Theory(), 0}},
  };
}

TEST(CommandTest, EveryKindComesBackAsItWas) {
  for (const Command& command : OneOfEach()) {
    const absl::StatusOr<Command> back = DecodeCommand(EncodeCommand(command));
    ASSERT_TRUE(back.ok()) << back.status() << ", kind " << command.body.index();
    EXPECT_TRUE(*back == command) << "kind " << command.body.index();
  }
}

// So that a program from before says "newer than this program" of what it does not know, and of nothing else.
TEST(CommandTest, EachIsOfTheFirstFormatThatHasIt) {
  for (const Command& command : OneOfEach()) {
    const auto* const go_on = std::get_if<ContinueCommand>(&command.body);
    const bool handles = std::holds_alternative<HandleAlertCommand>(command.body);
    const auto* const apply = std::get_if<ApplyCatalogCommand>(&command.body);
    const bool has_rules = apply != nullptr && !apply->catalog.alert_rules.empty();
    const bool expects = apply != nullptr && !apply->catalog.sources.empty() && apply->catalog.sources[0].every_days > 0;
    const bool goes_on_by = go_on != nullptr && go_on->watches_max != kWatchesPerCommand;
    const bool has_retention = apply != nullptr && apply->catalog.settings.flip_retention_days != 0;
    const bool inquires = std::holds_alternative<RecordInquiryCommand>(command.body) ||
                          (apply != nullptr && !apply->catalog.inquiry_themes.empty());
    const auto* const review = std::get_if<RecordReviewCommand>(&command.body);
    const bool tells_how = review != nullptr && review->review.account != Review::Account();
    const auto* const evidence = std::get_if<RecordEvidenceCommand>(&command.body);
    const bool surveys = evidence != nullptr && evidence->items.size() == 2;
    const int later = surveys ? 10 : tells_how ? 8 : inquires ? 7 : expects ? 6 : has_retention ? 5 : has_rules ? 4 : 0;
    EXPECT_EQ(EncodeCommand(command).front(), later > 0 ? later : handles ? 3 : goes_on_by ? 2 : 1);
  }
}

TEST(CommandTest, AStagedCatalogIsOfTheFirstFormatThatHasItsForm) {
  const auto format = [](const Catalog& catalog, bool first) {
    ByteWriter out;
    PutCatalog(out, catalog);
    return static_cast<int>(EncodeCommand({kNow, "clerk", StageCatalogCommand{first, std::move(out).Take()}}).front());
  };
  EXPECT_EQ(format(SmallDistrict::MakeCatalog(), true), 1);
  EXPECT_EQ(format(CatalogWithRules(), true), 4);
  EXPECT_EQ(format(CatalogWithRetention(), true), 5);
  EXPECT_EQ(format(CatalogWithSources(), true), 6);
  EXPECT_EQ(format(CatalogWithThemes(), true), 7);
  EXPECT_EQ(format(CatalogWithSources(), false), 1);  // what follows says nothing of itself
}

TEST(CommandTest, DamagedAndNewerBytesAreToldApart) {
  for (const Command& command : OneOfEach()) {
    std::string bytes = EncodeCommand(command);
    EXPECT_EQ(DecodeCommand(bytes.substr(0, bytes.size() - 1)).status().code(), absl::StatusCode::kDataLoss);
    EXPECT_EQ(DecodeCommand(bytes + '\0').status().code(), absl::StatusCode::kDataLoss);
    bytes.front() = 11;
    EXPECT_EQ(DecodeCommand(bytes).status().code(), absl::StatusCode::kFailedPrecondition);
    bytes.front() = 0;
    EXPECT_EQ(DecodeCommand(bytes).status().code(), absl::StatusCode::kDataLoss);
  }
  // What would not get past one team, and what is more than one command may do.
  for (const uint32_t watches_max : {0u, 199u, 1'001u}) {
    EXPECT_EQ(DecodeCommand(EncodeCommand({kNow, "", ContinueCommand{watches_max}})).status().code(), absl::StatusCode::kDataLoss);
  }
}

}  // namespace
}  // namespace leadlag
