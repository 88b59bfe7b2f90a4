#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "core/limits.h"
#include "server/engine/queries.h"
#include "storage/evidence_blocks.h"
#include "storage/keys.h"
#include "tests/server/small_district.h"

namespace leadlag {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr size_t kMany = 100;

// A district in which everything has happened that a district can hold.
SmallDistrict FullDistrict() {
  SmallDistrict district("2025-09-01");
  district.GoTo("2025-10-20");  // alerts open and get worse
  district.RecordOne("south", "walks", "2025-10-17", "a");
  district.RecordOne("south", "climate", "2025-10-20", "b");
  district.RecordOne("south", "climate", "2024-10-20", "pending");
  district.GoTo("2025-10-21");
  district.Hold("r-1", "south", "2025-10-21", {"walks"}, {"b"});
  district.RecordOne("south", "walks", "2025-10-16", "a");  // corrected
  district.RecordOne("south", "walks", "2025-10-21", "b");  // moved
  district.RecordOne("south", "walks", "2025-10-21", "c");
  district.Void("c");
  EvidenceItem early;
  early.evidence_id = "early void";
  early.content.value = Void{};
  early.content.source_version = 3;
  district.Record({early});
  district.GoTo("2025-12-20");
  Catalog catalog = SmallDistrict::MakeCatalog();
  catalog.expectations[0].every_days = 40;
  catalog.expectations.pop_back();
  district.Apply(catalog);  // retracts, and takes a watch away
  district.GoTo("2026-02-20");
  catalog = SmallDistrict::MakeCatalog();
  district.Apply(catalog);  // which comes back
  district.GoTo("2026-06-20");
  district.GoTo("2026-06-21");
  district.Restart();
  return district;
}

std::vector<std::string> Verified(const SmallDistrict& district, size_t findings_max = kMany) {
  return VerifyDistrict(district.Freeze(), findings_max);
}

// Damages the view behind the engine's back, as no code of ours would. What lies in blocks is damaged on disk: the district must have been
// started again since it was written.
void Change(const SmallDistrict& district, const std::string& key, const std::optional<std::string>& value) {
  const DistrictReader reader = district.Read();
  Store& store = const_cast<Store&>(reader->store().live());
  Batch batch = store.NewBatch();
  value ? batch.Put(key, *value) : batch.Delete(key);
  store.Commit(batch);
  ASSERT_TRUE(store.Checkpoint().ok());
}
void Put(const SmallDistrict& district, const std::string& key, const std::string& value) { Change(district, key, value); }
void Delete(const SmallDistrict& district, const std::string& key) { Change(district, key, std::nullopt); }

// The first entry of a table.
std::pair<std::string, std::string> First(const SmallDistrict& district, Table table) {
  const DistrictReader reader = district.Freeze();
  std::pair<std::string, std::string> first;
  const absl::Status scanned =
      reader->store().Scan(TableRange(reader->number(), table), [&](std::string_view key, std::string_view value) {
        first = {std::string(key), std::string(value)};
        return false;
      });
  EXPECT_TRUE(scanned.ok()) << scanned;
  EXPECT_FALSE(first.first.empty()) << "the table " << static_cast<int>(table) << " is empty";
  return first;
}

TEST(VerifyTest, ADistrictThatNothingBefellIsClean) {
  EXPECT_THAT(Verified(SmallDistrict("2025-09-01")), IsEmpty());
  EXPECT_THAT(Verified(FullDistrict()), IsEmpty());
}

TEST(VerifyTest, AnyEntryThatIsGoneIsFound) {
  for (const Table table :
       {Table::kCatalogVersions, Table::kSeries, Table::kIdentities, Table::kRecords, Table::kRevisions, Table::kRevised, Table::kReviews,
        Table::kReviewIds, Table::kDayRows, Table::kWatches, Table::kFlips, Table::kAlerts}) {
    const SmallDistrict district = FullDistrict();
    Delete(district, First(district, table).first);
    EXPECT_FALSE(Verified(district).empty()) << "table " << static_cast<int>(table);
  }
}

TEST(VerifyTest, AnyEntryThatIsDamagedIsFound) {
  for (const Table table : {Table::kCatalogVersions, Table::kSeries, Table::kIdentities, Table::kRecords, Table::kRevisions,
                            Table::kRevised, Table::kReviews, Table::kReviewIds, Table::kDayRows, Table::kWatches, Table::kFlips,
                            Table::kAlerts, Table::kSourceObservations}) {
    const SmallDistrict district = FullDistrict();
    const auto [key, value] = First(district, table);
    Put(district, key, value.substr(0, value.size() - 1));
    EXPECT_FALSE(Verified(district).empty()) << "table " << static_cast<int>(table);
  }
}

TEST(VerifyTest, EntriesThatBelongToNothingAreFound) {
  const SmallDistrict district = FullDistrict();
  const uint32_t number = district.Read()->number();
  Put(district, SeriesBlockKey{number, 1, 3, MonthOf(DateOf("2025-10-01")), 77}.Encode(),
      EncodeSeriesBlock(std::vector<EvidencePlace>{{DateOf("2025-10-01"), 3}}));
  Put(district, IdentityBlockKey{number, 1, 77}.Encode(),
      EncodeIdentityBlock(std::vector<EvidenceIdentityEntry>{{uint64_t{1} << 48, 3}}));
  Put(district, RevisedKey{number, 77}.Encode(), First(district, Table::kRevised).second);
  Put(district, RevisionKey{number, 77, 1}.Encode(), First(district, Table::kRevisions).second);
  Put(district, DayRowKey{number, 1, 3, MonthOf(DateOf("2025-10-01"))}.Encode(), First(district, Table::kDayRows).second);
  Put(district, AlertKey{number, 9'999}.Encode(), First(district, Table::kAlerts).second);
  Put(district, OpenAlertKey{number, 0, 0}.Encode(), "\x05");
  const std::vector<std::string> findings = Verified(district);
  EXPECT_THAT(findings, Contains(HasSubstr("1 series entries are stored that no record gives")));
  EXPECT_THAT(findings, Contains(HasSubstr("1 identities are stored that no record gives")));
  EXPECT_THAT(findings, Contains(HasSubstr("entries of revised records")));
  EXPECT_THAT(findings, Contains(HasSubstr("revision entries")));
  EXPECT_THAT(findings, Contains(HasSubstr("the day row of team \"north\"")));
  EXPECT_THAT(findings, Contains(HasSubstr("alert 9999")));
  EXPECT_THAT(findings, Contains(HasSubstr("alert 5 is in the table of open ones")));
}

TEST(VerifyTest, AFlipThatTellsAnotherStoryIsFound) {
  const SmallDistrict district = FullDistrict();
  const auto [key, value] = First(district, Table::kFlips);
  FlipRecord flip = DecodeFlipRecord(value).value();
  flip.flip.to = WatchState::kOnTrack;
  Put(district, key, EncodeFlipRecord(flip));
  EXPECT_THAT(Verified(district), Contains(HasSubstr("the flip before ended with ON_TRACK")));
}

TEST(VerifyTest, AnAcknowledgementThatNoFlipTellsOfIsFound) {
  SmallDistrict district("2025-09-01");
  district.GoTo("2025-10-20");
  const uint32_t number = district.Read()->number();
  const auto [key, value] = First(district, Table::kOpenAlerts);
  const uint64_t alert = DecodeOpenAlert(value)->alert;
  HandleAlertCommand command;
  command.alert = alert;
  command.by = "m.ortiz";
  ASSERT_TRUE(district.engine().Execute("small", command).ok());
  district.GoTo("2025-10-21");
  ASSERT_THAT(Verified(district), IsEmpty());
  const std::string alert_key = AlertKey{number, alert}.Encode();
  const std::string told = **district.Freeze()->store().Get(alert_key);
  AlertRecord record = DecodeAlertRecord(told).value();
  record.acknowledged->by = "somebody else";
  Put(district, alert_key, EncodeAlertRecord(record));
  EXPECT_THAT(Verified(district), ElementsAre(HasSubstr("is not what its flips tell")));
  Put(district, alert_key, told);
  Put(district, key, EncodeOpenAlert({alert, {}}));
  EXPECT_THAT(Verified(district), Contains(HasSubstr("is acknowledged or snoozed otherwise than its flips tell")));
}

TEST(VerifyTest, AnOpenAlertThatIsInNoTableIsFound) {
  SmallDistrict district("2025-09-01");
  district.GoTo("2025-10-20");
  EXPECT_THAT(Verified(district), IsEmpty());
  Delete(district, First(district, Table::kOpenAlerts).first);
  EXPECT_THAT(Verified(district), Contains(HasSubstr("missing in the table of open ones")));
}

TEST(VerifyTest, AWatchThatItsFactsAndFlipsDoNotGiveIsFound) {
  SmallDistrict district("2025-09-01");
  district.GoTo("2025-10-01");
  district.Restart();
  EXPECT_THAT(Verified(district), IsEmpty());
  const auto [key, value] = First(district, Table::kWatches);
  WatchRecord record = DecodeWatchRecord(value).value();
  ASSERT_EQ(record.watch.state, WatchState::kLate);
  record.watch.state = WatchState::kOverdue;
  record.watch.due = DateOf("2025-09-10");
  Put(district, key, EncodeWatchRecord(record));
  EXPECT_THAT(Verified(district), Contains(HasSubstr("is another one in memory than in the store")));
  district.Restart();
  const std::vector<std::string> findings = Verified(district);
  EXPECT_THAT(findings, Contains(HasSubstr("is OVERDUE, which is worse than its facts allow")));
  EXPECT_THAT(findings, Contains(HasSubstr("is due before its facts say")));
  EXPECT_THAT(findings, Contains(HasSubstr("is not as its last flip left it")));
}

TEST(VerifyTest, AWatchThatMissesItsAlertIsFound) {
  SmallDistrict district("2025-09-01");
  district.GoTo("2025-09-04");
  district.Restart();
  EXPECT_THAT(Verified(district), IsEmpty());
  const auto [key, value] = First(district, Table::kWatches);
  WatchRecord record = DecodeWatchRecord(value).value();
  record.watch.handled_before = Instant{record.watch.handled_before.micros + 240 * kMicrosPerDay};
  Put(district, key, EncodeWatchRecord(record));
  district.Restart();
  EXPECT_THAT(Verified(district), Contains(HasSubstr("has been moved on beyond the last command")));
}

TEST(VerifyTest, ASilenceThatNoFlipTellsOfIsFound) {
  SmallDistrict district("2025-09-01");
  Catalog catalog = SmallDistrict::MakeCatalog();
  catalog.sources[0].every_days = 3;
  district.Apply(catalog);
  district.GoTo("2025-09-08");  // it is silent since the 4th
  district.RecordOne("south", "walks", "2025-09-08");
  district.GoTo("2025-09-08", "09:30");
  district.GoTo("2025-09-15");  // and since the 12th
  district.Restart();
  EXPECT_THAT(Verified(district), IsEmpty());
  const auto [key, value] = First(district, Table::kSourceObservations);
  const SourceObservation observation = DecodeSourceObservation(value).value();
  ASSERT_THAT(observation.lived, SizeIs(1));
  ASSERT_THAT(observation.silences, SizeIs(1));
  const auto verified_with = [&, key = key](const SourceObservation& changed) {
    Put(district, key, EncodeSourceObservation(changed));
    district.Restart();
    return Verified(district);
  };
  SourceObservation changed = observation;
  changed.lived[0].since.micros += kMicrosPerMinute;
  EXPECT_THAT(verified_with(changed), ElementsAre(HasSubstr("the watch of source \"sis\" has a silence since 2025-09-04T")));
  changed = observation;
  changed.silences[0].since.micros += kMicrosPerMinute;
  EXPECT_THAT(verified_with(changed), Contains(HasSubstr("has a silence since 2025-09-12T")));
  changed = observation;
  changed.silences.clear();
  changed.lived[0].to = Instant{district.Read()->last_time().micros + kMicrosPerDay};
  EXPECT_THAT(verified_with(changed), Contains(HasSubstr("has a silence that is over after the last command")));
  changed = observation;
  changed.lived.insert(changed.lived.begin(), kSilencesKeptMax, changed.lived[0]);
  for (size_t i = 0; i < kSilencesKeptMax; ++i) changed.lived[i].to = changed.lived[i].since;
  EXPECT_THAT(verified_with(changed), ElementsAre(HasSubstr("keeps too many silences")));
  EXPECT_THAT(verified_with(observation), IsEmpty());
}

// Where the log's beginning is no longer kept. North's "leading" is LATE by flip 4 and OVERDUE by flip 5, on 09-22; two more are LATE on
// 09-29.
SmallDistrict TrimmedDistrict(std::string_view through = "2025-09-29") {
  SmallDistrict district("2025-08-20");
  Catalog catalog = SmallDistrict::MakeCatalog();
  catalog.settings.flip_retention_days = 7;
  district.Apply(catalog);
  for (Date date = DateOf("2025-09-01"); date <= DateOf(through); date = date + 1) district.GoTo(date.ToString());
  const uint64_t first = district.Read()->first_sequence();
  EXPECT_GT(first, 1u);
  EXPECT_LE(first, district.Read()->last_sequence());
  district.Restart();
  return district;
}

TEST(VerifyTest, ALogThatDoesNotBeginWhereItShouldIsFound) {
  EXPECT_THAT(Verified(TrimmedDistrict()), IsEmpty());
  {
    const SmallDistrict district = TrimmedDistrict();
    Delete(district, First(district, Table::kFlips).first);
    EXPECT_THAT(Verified(district), Contains(HasSubstr("is missing")));
  }
  {
    const SmallDistrict district = TrimmedDistrict();
    const uint64_t first = district.Read()->first_sequence();
    const uint32_t number = district.Read()->number();
    Put(district, FlipKey{number, first - 1}.Encode(), First(district, Table::kFlips).second);
    EXPECT_THAT(Verified(district), Contains(HasSubstr("is stored, and the log begins with ")));
  }
  {
    const SmallDistrict district = TrimmedDistrict();
    const uint32_t number = district.Read()->number();
    Put(district, TeamFlipKey{number, 0, 1}.Encode(), "");
    EXPECT_THAT(Verified(district), Contains(HasSubstr("flip 1 is listed for a team that it is not of")));
  }
}

TEST(VerifyTest, AnAlertThatOpenedBeforeTheLogBeginsIsCheckedAgainstWhatIsKept) {
  // With its second flip, and with none.
  for (const auto& [through, has_kept_flip] : {std::pair("2025-09-29", true), std::pair("2025-10-03", false)}) {
    const SmallDistrict whole = TrimmedDistrict(through);
    EXPECT_THAT(Verified(whole), IsEmpty());
    const auto [key, value] = First(whole, Table::kAlerts);
    const AlertRecord record = DecodeAlertRecord(value).value();
    const uint64_t first = whole.Read()->first_sequence();
    ASSERT_LT(record.sequences.front(), first);
    ASSERT_EQ(record.sequences.back() >= first, has_kept_flip);

    const SmallDistrict district = TrimmedDistrict(through);
    AlertRecord changed = record;
    changed.state = WatchState::kLate;
    Put(district, key, EncodeAlertRecord(changed));
    EXPECT_FALSE(Verified(district).empty()) << "its state, " << has_kept_flip;
    changed = record;
    changed.sequences.push_back(first + 1'000);
    Put(district, key, EncodeAlertRecord(changed));
    EXPECT_FALSE(Verified(district).empty()) << "its flips, " << has_kept_flip;
    Delete(district, key);
    EXPECT_FALSE(Verified(district).empty()) << "gone, " << has_kept_flip;
    Put(district, key, value);
    EXPECT_THAT(Verified(district), IsEmpty());
  }
}

TEST(VerifyTest, NoMoreFindingsThanAskedFor) {
  const SmallDistrict district = FullDistrict();
  for (const Table table : {Table::kSeries, Table::kIdentities, Table::kFlips, Table::kAlerts}) {
    Delete(district, First(district, table).first);
  }
  EXPECT_GT(Verified(district).size(), 2u);
  EXPECT_THAT(Verified(district, 2), SizeIs(2));
  EXPECT_THAT(Verified(district, 1), SizeIs(1));
}

}  // namespace
}  // namespace leadlag
