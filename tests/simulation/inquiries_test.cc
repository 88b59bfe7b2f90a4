// Inquiries on an engine: what stands, what it was before, and that telling it again changes nothing.
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/limits.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/engine/queries.h"
#include "storage/keys.h"
#include "tests/simulation/simulated_district.h"
#include "tests/support/watch_story.h"

namespace leadlag {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Inquiry Theory(const std::string& id, const std::string& team = "t1") {
  Inquiry inquiry = InquiryOf(id, team, D("2025-09-08"));
  inquiry.links = {{"walks", ExpectedDirection::kIncrease, 10.0}, {"results", ExpectedDirection::kIncrease, std::nullopt}};
  inquiry.actions = {{"plan", "meet on Mondays", D("2025-09-15"), std::nullopt}};
  return inquiry;
}

class InquiriesTest : public testing::Test {
 protected:
  InquiriesTest() { EXPECT_TRUE(district_.Apply(SmallCatalog(3)).ok()); }
  void TearDown() override {
    EXPECT_EQ(district_.Inconsistencies(), "");
    EXPECT_THAT(VerifyDistrict(district_.Freeze(), 100), IsEmpty());
  }

  absl::StatusOr<InquiryOutcome> Record(const Inquiry& inquiry, std::optional<uint32_t> expected_revision = std::nullopt) {
    return district_.RecordInquiry(inquiry, expected_revision);
  }
  // "code field" of the first problem; "" where it was taken.
  std::string Refused(const Inquiry& inquiry, std::optional<uint32_t> expected_revision = std::nullopt) {
    const absl::Status status = Record(inquiry, expected_revision).status();
    if (status.ok()) return "";
    const std::vector<Problem> problems = ProblemsOf(status);
    return absl::StrCat(absl::StatusCodeToString(status.code()), " ", problems.empty() ? "" : problems[0].field);
  }
  // "t1/a t2/b", page by page.
  std::string Listed(const std::string& team, const InquiryQuery& query, size_t limit) {
    std::string listed;
    std::string cursor;
    do {
      const absl::StatusOr<InquiryPage> page = ListInquiries(district_.Read(), team, query, cursor, limit);
      EXPECT_TRUE(page.ok()) << page.status();
      if (!page.ok()) break;
      EXPECT_LE(page->inquiries.size(), limit);
      for (const Inquiry& inquiry : page->inquiries) absl::StrAppend(&listed, listed.empty() ? "" : " ", CursorAfter(inquiry));
      cursor = page->next;
    } while (!cursor.empty());
    return listed;
  }
  std::vector<Inquiry> RevisionsOf(const std::string& id) {
    const absl::StatusOr<InquiryHistory> history = GetInquiry(district_.Read(), id);
    EXPECT_TRUE(history.ok()) << history.status();
    return history.ok() ? history->revisions : std::vector<Inquiry>();
  }

  SimulatedDistrict district_{{.start = At("2025-09-01 12:00")}};
};

TEST_F(InquiriesTest, AnIdIsOneInquiryAndTheSameContentIsNone) {
  const absl::StatusOr<InquiryOutcome> first = Record(Theory("a"));
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->kind, RecordOutcomeKind::kNew);
  EXPECT_EQ(first->inquiry.revision, 1u);
  EXPECT_EQ(first->inquiry.recorded, district_.last_command());
  const std::map<std::string, std::string> before = district_.View();
  Inquiry again = Theory("a");
  again.revision = 9;  // the district's to say
  again.recorded = At("2030-01-01");
  const absl::StatusOr<InquiryOutcome> same = Record(again, 0);  // it stands: what was expected does not matter
  ASSERT_TRUE(same.ok()) << same.status();
  EXPECT_EQ(same->kind, RecordOutcomeKind::kSame);
  EXPECT_TRUE(same->inquiry == first->inquiry);
  // Nothing but the position, the time and nothing else.
  std::map<std::string, std::string> after = district_.View();
  for (const char* const name : {"state", "applied_position"}) {
    const std::string key = MetaKey{district_.Read()->number(), name}.Encode();
    after[key] = before.at(key);
  }
  EXPECT_TRUE(after == before);
}

TEST_F(InquiriesTest, OtherContentIsARevisionAndAllAreKept) {
  std::vector<Inquiry> told;
  for (int i = 0; i < 5; ++i) {
    Inquiry inquiry = Theory("a");
    inquiry.cycle_days = i + 1;
    if (i == 4) inquiry.cycle_days = 1;  // back to what it was: a revision like any other
    const absl::StatusOr<InquiryOutcome> outcome = Record(inquiry, i);
    ASSERT_TRUE(outcome.ok()) << outcome.status();
    EXPECT_EQ(outcome->kind, i == 0 ? RecordOutcomeKind::kNew : RecordOutcomeKind::kRevised);
    inquiry.revision = i + 1;
    inquiry.recorded = district_.last_command();
    told.push_back(inquiry);
  }
  EXPECT_TRUE(RevisionsOf("a") == told);
  ASSERT_TRUE(district_.Read()->InquiriesOf(0).ok());
  EXPECT_TRUE(*district_.Read()->InquiriesOf(0) == std::vector<Inquiry>{told.back()});
  EXPECT_EQ(district_.Read()->inquiry_count(), 1u);
  // After a restart as before, and from the log alone.
  const std::map<std::string, std::string> view = district_.View();
  SimulatedDistrict again({.start = district_.now(), .disk = district_.LogAlone()});
  EXPECT_TRUE(again.View() == view);
  district_.Restart();
  EXPECT_TRUE(RevisionsOf("a") == told);
}

TEST_F(InquiriesTest, AnotherRevisionThanTheExpectedOneIsRefused) {
  EXPECT_EQ(Refused(Theory("a"), 1), "FAILED_PRECONDITION expected_revision");
  ASSERT_TRUE(Record(Theory("a"), 0).ok());
  Inquiry other = Theory("a");
  other.status = InquiryStatus::kDone;
  for (const uint32_t expected : {0, 2}) EXPECT_EQ(Refused(other, expected), "FAILED_PRECONDITION expected_revision");
  EXPECT_EQ(RevisionsOf("a").size(), 1u);
  EXPECT_EQ(Refused(other, 1), "");
}

TEST_F(InquiriesTest, AnInquiryStaysWithItsTeam) {
  ASSERT_TRUE(Record(Theory("a")).ok());
  EXPECT_EQ(Refused(Theory("a", "t2")), "ALREADY_EXISTS inquiry.name");
  EXPECT_EQ(RevisionsOf("a").back().team, "t1");
}

TEST_F(InquiriesTest, WhatItSaysIsChecked) {
  EXPECT_EQ(Refused(Theory("a", "t9")), "NOT_FOUND inquiry.team");
  Inquiry inquiry = Theory("a");
  inquiry.theme = "reading";
  EXPECT_EQ(Refused(inquiry), "NOT_FOUND inquiry.theme");
  inquiry = Theory("a");
  inquiry.links[1].indicator = "wlaks";
  EXPECT_EQ(Refused(inquiry), "NOT_FOUND inquiry.links[1].indicator");
  inquiry.links[1].indicator = "boxes";
  EXPECT_EQ(Refused(inquiry), "INVALID_ARGUMENT inquiry.links[1].indicator");
  inquiry = Theory("a");
  inquiry.actions[0].start = D("2025-09-07");
  EXPECT_EQ(Refused(inquiry), "INVALID_ARGUMENT inquiry.actions[0].start_date");
  EXPECT_EQ(GetInquiry(district_.Read(), "a").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Listed("", {}, 10), "");
}

// What the catalog no longer has does not take away what stands, nor make a repetition an error.
TEST_F(InquiriesTest, ACatalogChangesNoInquiry) {
  Catalog catalog = SmallCatalog(3);
  catalog.inquiry_themes = {{"reading", "Reading"}};
  ASSERT_TRUE(district_.Apply(catalog).ok());
  Inquiry inquiry = Theory("a", "t3");
  inquiry.theme = "reading";
  ASSERT_TRUE(Record(inquiry).ok());
  ASSERT_TRUE(Record(Theory("b", "t2")).ok());
  catalog = SmallCatalog(2);  // without t3 and the theme
  ASSERT_TRUE(district_.Apply(catalog).ok());
  EXPECT_EQ(Record(inquiry)->kind, RecordOutcomeKind::kSame);
  inquiry.status = InquiryStatus::kStopped;
  EXPECT_EQ(Refused(inquiry), "NOT_FOUND inquiry.team");
  EXPECT_EQ(Listed("", {}, 10), "t2/b t3/a");
  EXPECT_EQ(ListInquiries(district_.Read(), "t3", {}, "", 10).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ListInquiries(district_.Read(), "", {"reading", false}, "", 10).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(InquiriesTest, ListsByTeamThenId) {
  for (const char* const id : {"d", "b", "c", "a"}) {
    Inquiry inquiry = Theory(id, *id == 'a' || *id == 'd' ? "t2" : "t1");
    if (*id == 'b') inquiry.theme = "attendance";
    if (*id != 'a') inquiry.district_priority = "Mathematics for all";
    ASSERT_TRUE(Record(inquiry).ok());
  }
  Inquiry freed = Theory("c");  // served one, and serves none now
  ASSERT_TRUE(Record(freed).ok());
  for (const size_t limit : {1, 2, 3, 4, 5}) {
    EXPECT_EQ(Listed("", {}, limit), "t1/b t1/c t2/a t2/d") << limit;
    EXPECT_EQ(Listed("t1", {}, limit), "t1/b t1/c") << limit;
    EXPECT_EQ(Listed("t3", {}, limit), "") << limit;
    EXPECT_EQ(Listed("", {"", true}, limit), "t1/c t2/a") << limit;
    EXPECT_EQ(Listed("t2", {"", true}, limit), "t2/a") << limit;
    EXPECT_EQ(Listed("", {"attendance", false}, limit), "t1/b") << limit;
    EXPECT_EQ(Listed("", {"attendance", true}, limit), "") << limit;
  }
  for (const char* const cursor : {"t9/a", "t1", "/"}) {
    EXPECT_EQ(ListInquiries(district_.Read(), "", {}, cursor, 5).status().code(), absl::StatusCode::kInvalidArgument) << cursor;
  }
}

TEST_F(InquiriesTest, RevisionsAndInquiriesGoToTheirLimitsAndNotPastThem) {
  Inquiry inquiry = Theory("a");
  for (uint32_t revision = 1; revision <= kInquiryRevisionsMax; ++revision) {
    inquiry.cycle_days = static_cast<int32_t>(revision);
    ASSERT_EQ(Refused(inquiry), "") << revision;
  }
  inquiry.cycle_days = 0;
  EXPECT_EQ(Refused(inquiry), "FAILED_PRECONDITION inquiry.name");
  EXPECT_EQ(RevisionsOf("a").size(), kInquiryRevisionsMax);
  for (size_t i = 1; i < kInquiriesOfTeamMax; ++i) ASSERT_EQ(Refused(Theory(absl::StrCat("n", i))), "") << i;
  EXPECT_EQ(Refused(Theory("one-more")), "FAILED_PRECONDITION inquiry.team");
  EXPECT_EQ(Refused(Theory("one-more", "t2")), "");
  inquiry = Theory("n1");
  inquiry.status = InquiryStatus::kDone;
  EXPECT_EQ(Refused(inquiry), "");  // what is there may be revised
}

// A page is cut where it has looked through so many, with or without rows.
TEST(InquiryPagesTest, APageLooksThroughSoManyAndNoMore) {
  constexpr size_t kTeams = kInquiriesPerPageRead / kInquiriesOfTeamMax + 1;
  SimulatedDistrict district({.start = At("2025-09-01 12:00")});
  ASSERT_TRUE(district.Apply(SmallCatalog(kTeams)).ok());
  for (size_t i = 0; i <= kInquiriesPerPageRead; ++i) {
    Inquiry inquiry = Theory(absl::StrCat("n", 10'000 + i), absl::StrCat("t", 1 + i / kInquiriesOfTeamMax));
    if (i < kInquiriesPerPageRead) inquiry.district_priority = "p";
    district.engine().Submit(kSimulatedId, RecordInquiryCommand{std::move(inquiry), std::nullopt}, "",
                             [](const absl::StatusOr<Outcome>& outcome) { EXPECT_TRUE(outcome.ok()) << outcome.status(); });
  }
  district.engine().WaitIdle();
  const DistrictReader reader = district.Read();
  const absl::StatusOr<InquiryPage> none = ListInquiries(reader, "", {"", true}, "", 10);
  ASSERT_TRUE(none.ok()) << none.status();
  EXPECT_THAT(none->inquiries, IsEmpty());
  ASSERT_FALSE(none->next.empty());
  const absl::StatusOr<InquiryPage> last = ListInquiries(reader, "", {"", true}, none->next, 10);
  ASSERT_TRUE(last.ok()) << last.status();
  EXPECT_EQ(last->inquiries.size(), 1u);
  EXPECT_EQ(last->next, "");
  const absl::StatusOr<InquiryPage> one_fewer = ListInquiries(reader, "", {}, "t1/n10000", kInquiriesPerPageRead + 1);
  ASSERT_TRUE(one_fewer.ok()) << one_fewer.status();
  EXPECT_EQ(one_fewer->inquiries.size(), kInquiriesPerPageRead);
  EXPECT_EQ(one_fewer->next, "");
}

TEST(InquiryVerifyTest, WhatIsGoneDamagedOrMisplacedIsFound) {
  using Edit = std::function<void(Batch&, uint32_t)>;
  const auto encoded = [](std::string id, std::string team, uint32_t revision, int minute) {
    Inquiry inquiry = Theory(id, team);
    inquiry.revision = revision;
    inquiry.recorded = Instant{At("2025-08-01 12:00").micros + minute * kMicrosPerMinute};
    return EncodeInquiry(inquiry);
  };
  const std::vector<std::pair<Edit, const char*>> edits = {
      {[](Batch& b, uint32_t d) { b.Delete(InquiryKey{d, 0, "a"}.Encode()); }, "belongs to no stored inquiry"},
      {[](Batch& b, uint32_t d) { b.Delete(InquiryKey{d, 1, "b"}.Encode()); }, "inquiry id \"b\" names no stored inquiry"},
      {[](Batch& b, uint32_t d) { b.Delete(InquiryIdKey{d, "a"}.Encode()); }, "is not in the table of inquiry ids"},
      {[](Batch& b, uint32_t d) { b.Delete(InquiryRevisionKey{d, 0, 1, "a"}.Encode()); }, "is out of order"},
      {[](Batch& b, uint32_t d) { b.Delete(InquiryRevisionKey{d, 0, 2, "a"}.Encode()); }, "stands at revision 3, and 1 before"},
      {[&](Batch& b, uint32_t d) { b.Put(InquiryKey{d, 0, "a"}.Encode(), encoded("a", "t1", 3, 0).substr(0, 20)); },
       "inquiries: "},
      {[&](Batch& b, uint32_t d) { b.Put(InquiryRevisionKey{d, 0, 2, "a"}.Encode(), "\1damage"); }, "inquiry revisions: "},
      {[](Batch& b, uint32_t d) { b.Put(InquiryIdKey{d, "a"}.Encode(), ""); }, "inquiry ids: "},
      {[&](Batch& b, uint32_t d) {
         b.Put(InquiryKey{d, 0, "c"}.Encode(), encoded("c", "t1", 1, 0));
         b.Put(InquiryIdKey{d, "c"}.Encode(), std::string(1, '\0'));
       },
       "3 inquiries are stored, and 2 were counted"},
      {[](Batch& b, uint32_t d) { b.Put(InquiryIdKey{d, "a"}.Encode(), "\1"); }, "names no stored inquiry"},
      {[&](Batch& b, uint32_t d) { b.Put(InquiryKey{d, 0, "a"}.Encode(), encoded("b", "t1", 3, 0)); }, "under another name"},
      {[&](Batch& b, uint32_t d) { b.Put(InquiryKey{d, 2, "b"}.Encode(), encoded("b", "t3", 1, 0)); }, "is stored for two teams"},
      {[&](Batch& b, uint32_t d) { b.Put(InquiryKey{d, 0, "a"}.Encode(), encoded("a", "t1", 3, 99'999'999)); },
       "after the last command"},
      {[&](Batch& b, uint32_t d) { b.Put(InquiryRevisionKey{d, 0, 2, "a"}.Encode(), encoded("a", "t1", 2, 0)); }, "out of order"},
      {[&](Batch& b, uint32_t d) { b.Put(InquiryRevisionKey{d, 0, 2, "a"}.Encode(), encoded("a", "t2", 2, 99'999)); },
       "under another name"},
      {[&](Batch& b, uint32_t d) { b.Put(InquiryRevisionKey{d, 0, 3, "a"}.Encode(), encoded("a", "t1", 3, 99'999)); },
       "stands at revision 3, and 3 before"},
  };
  for (size_t i = 0; i < edits.size(); ++i) {
    SimulatedDistrict district({.start = At("2025-09-01 12:00")});
    ASSERT_TRUE(district.Apply(SmallCatalog(3)).ok());
    for (int revision = 1; revision <= 3; ++revision) {
      Inquiry inquiry = Theory("a");
      inquiry.cycle_days = revision;
      ASSERT_TRUE(district.Execute(RecordInquiryCommand{inquiry, std::nullopt}).ok());
    }
    ASSERT_TRUE(district.Execute(RecordInquiryCommand{Theory("b", "t2"), std::nullopt}).ok());
    ASSERT_THAT(VerifyDistrict(district.Freeze(), 100), IsEmpty());
    {
      const DistrictReader reader = district.Read();
      Store& store = const_cast<Store&>(reader->store().live());
      Batch batch = store.NewBatch();
      edits[i].first(batch, reader->number());
      store.Commit(batch);
    }
    const std::vector<std::string> found = VerifyDistrict(district.Freeze(), 100);
    EXPECT_THAT(found, testing::Contains(HasSubstr(edits[i].second))) << i;
  }
}

}  // namespace
}  // namespace leadlag
