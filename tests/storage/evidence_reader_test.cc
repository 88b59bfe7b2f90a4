// Evidence as a Batch, a Store and a Snapshot give it, against a naive model: whatever has been added, wherever checkpoints and restarts
// have come in between.
#include "storage/evidence_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "storage/disk.h"
#include "storage/evidence_blocks.h"
#include "storage/store.h"

namespace leadlag {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr uint32_t kDistricts[] = {1, 2, 0xffffffff};
constexpr uint32_t kTeams = 3, kIndicators = 2;

struct Model {
  std::vector<std::string> records;  // number 1 first
  std::vector<uint64_t> fingerprints;
  std::map<SeriesId, std::set<EvidencePlace>> places;
  uint64_t position = 0;
};
using Models = std::map<uint32_t, Model>;

std::string Differences(const EvidenceReader& reader, const Models& models, std::mt19937_64& random) {
  for (const auto& [district, model] : models) {
    std::vector<std::string> records;
    const absl::Status read = reader.Records(district, [&](uint64_t number, std::string_view bytes) {
      records.push_back(number == records.size() + 1 ? std::string(bytes) : "out of order");
      return true;
    });
    if (!read.ok()) return read.ToString();
    if (records != model.records) return absl::StrCat("records of ", district);
    for (int i = 0; i < 10; ++i) {
      const uint64_t number = random() % (model.records.size() + 3);
      const std::optional<std::string> record = reader.Record(district, number).value();
      const bool exists = number >= 1 && number <= model.records.size();
      if (record.has_value() != exists || (exists && *record != model.records[number - 1])) return absl::StrCat("record ", number);
    }
    for (int i = 0; i < 10; ++i) {
      const uint64_t fingerprint =
          model.fingerprints.empty() || i % 3 == 0 ? random() : model.fingerprints[random() % model.fingerprints.size()];
      std::vector<uint64_t> expected, numbers;
      for (size_t at = 0; at < model.fingerprints.size(); ++at) {
        if (model.fingerprints[at] == fingerprint) expected.push_back(at + 1);
      }
      if (!reader.AddRecordsWith(district, fingerprint, numbers).ok()) return "identities";
      std::sort(numbers.begin(), numbers.end());
      if (numbers != expected) return absl::StrCat("records with ", fingerprint);
    }
    for (uint32_t team = 0; team < kTeams; ++team) {
      for (uint32_t indicator = 0; indicator < kIndicators; ++indicator) {
        const Date from(static_cast<int32_t>(20'000 + random() % 200));
        const DateRange dates =
            random() % 3 == 0 ? DateRange{Date::Min(), Date::Max()} : DateRange{from, from + static_cast<int>(random() % 90)};
        const size_t limit = random() % 4 == 0 ? 3 : 1'000'000;
        const EvidencePlace first{dates.from, random() % 2 == 0 ? 0 : random() % (model.records.size() + 1)};
        std::vector<EvidencePlace> expected, places;
        if (const auto series = model.places.find({team, indicator}); series != model.places.end()) {
          for (const EvidencePlace& place : series->second) {
            if (place >= first && place.date < dates.to && expected.size() < limit) expected.push_back(place);
          }
        }
        const absl::Status read = reader.Places(district, {team, indicator}, first, dates.to, [&](EvidencePlace place) {
          places.push_back(place);
          return places.size() < limit;
        });
        if (!read.ok()) return read.ToString();
        if (places != expected) return absl::StrCat("places of ", district, "/", team, "/", indicator);
      }
    }
  }
  return "";
}

TEST(EvidenceReaderTest, GivesWhatWasAddedWhateverCameBetween) {
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    std::mt19937_64 random(seed);
    const std::shared_ptr<Disk> disk = Disk::InMemory();
    std::unique_ptr<Store> store = Store::Open({.directory = "/view", .disk = disk}).value();
    Models models, durable;
    for (const uint32_t district : kDistricts) models[district];
    durable = models;
    std::optional<Snapshot> snapshot;
    Models then;
    const auto add = [&](Batch& batch) {
      const uint32_t district = kDistricts[random() % 3];
      Model& model = models[district];
      const size_t size = random() % (seed % 3 == 0 ? 3'000 : 60);
      for (size_t i = 0; i < size; ++i) {
        // Some fingerprints are shared by several records, most differ in a few bits alone.
        const uint64_t fingerprint = random() % 20 == 0 ? random() % 4 : random() >> (random() % 3 == 0 ? 48 : 0);
        model.records.push_back(std::string(random() % (random() % 50 == 0 ? 9'000 : 120), static_cast<char>(random())));
        model.fingerprints.push_back(fingerprint);
        batch.AddRecord(district, model.records.size(), fingerprint, model.records.back());
        for (uint64_t places = random() % 3; places > 0; --places) {  // none, one, or a record that moved
          const SeriesId series{static_cast<uint32_t>(random() % kTeams), static_cast<uint32_t>(random() % kIndicators)};
          const EvidencePlace place{Date(static_cast<int32_t>(20'000 + random() % 200)), 1 + random() % model.records.size()};
          model.places[series].insert(place);
          batch.AddPlace(district, series, place);
        }
      }
      batch.PutAppliedPosition(district, ++model.position);
    };
    for (int step = 0; step < 60; ++step) {
      switch (random() % 8) {
        case 0:
          ASSERT_TRUE(store->Checkpoint().ok());
          durable = models;
          break;
        case 1:  // restarted, without a checkpoint
          snapshot.reset();
          store.reset();
          models = durable;
          store = Store::Open({.directory = "/view", .disk = disk}).value();
          break;
        case 2:
          snapshot.emplace(store->TakeSnapshot());
          then = models;
          break;
        default: {
          Batch batch = store->NewBatch();
          for (uint64_t parts = 1 + random() % 3; parts > 0; --parts) add(batch);
          ASSERT_EQ(Differences(batch.evidence(), models, random), "") << "seed " << seed << ", step " << step << ", batch";
          store->Commit(batch);
        }
      }
      ASSERT_EQ(Differences(store->evidence(), models, random), "") << "seed " << seed << ", step " << step;
      if (snapshot) {
        ASSERT_EQ(Differences(store->evidence(&*snapshot), then, random), "") << "seed " << seed << ", step " << step << ", snapshot";
      }
    }
    const Snapshot last = store->TakeSnapshot();
    const EvidenceReader reader = store->evidence(&last);
    for (const auto& [district, model] : models) {
      std::vector<EvidenceIdentityEntry> expected, identities;
      for (size_t i = 0; i < model.fingerprints.size(); ++i) expected.push_back({model.fingerprints[i], i + 1});
      const auto add_identity = [&](const EvidenceIdentityEntry& entry) { identities.push_back(entry); };
      ASSERT_TRUE(reader.ForEachIdentity(district, add_identity).ok());
      std::sort(expected.begin(), expected.end());
      std::sort(identities.begin(), identities.end());
      identities.erase(std::unique(identities.begin(), identities.end()), identities.end());
      EXPECT_EQ(identities, expected);
      std::map<SeriesId, std::set<EvidencePlace>> places;
      const auto add_place = [&](SeriesId series, EvidencePlace place) { places[series].insert(place); };
      ASSERT_TRUE(reader.ForEachPlace(district, add_place).ok());
      EXPECT_EQ(places, model.places);
    }
  }
}

// Records of millions must not be written again by compaction: their files hold numbers above all before.
TEST(EvidenceReaderTest, ManyRecordsGetFilesOfTheirOwn) {
  const std::shared_ptr<Disk> disk = Disk::InMemory();
  std::unique_ptr<Store> store = Store::Open({.directory = "/view", .disk = disk}).value();
  std::mt19937_64 random(1);
  uint64_t number = 0;
  for (int checkpoint = 1; checkpoint <= 6; ++checkpoint) {
    Batch batch = store->NewBatch();
    for (int i = 0; i < 10'000; ++i) {
      std::string bytes(500, '\0');
      for (char& c : bytes) c = static_cast<char>(random());
      batch.AddRecord(1, ++number, random(), bytes);
    }
    batch.PutAppliedPosition(1, static_cast<uint64_t>(checkpoint));
    store->Commit(batch);
    ASSERT_TRUE(store->Checkpoint().ok());
  }
  // 30 MB of random bytes in six files that nothing has made into others.
  size_t large = 0;
  for (const auto& [path, bytes] : disk->ReadAll()) large += path.ends_with(".sst") && bytes.size() > (4 << 20);
  EXPECT_EQ(large, 6u);
}

// What is read from end to end must not push out what is looked up.
TEST(EvidenceReaderTest, ReadingThemAllLeavesTheCacheAsItIs) {
  const std::shared_ptr<Disk> disk = Disk::InMemory();
  std::unique_ptr<Store> store = Store::Open({.directory = "/view", .disk = disk}).value();
  std::mt19937_64 random(1);
  Batch batch = store->NewBatch();
  for (uint64_t number = 1; number <= 20'000; ++number) {
    std::string bytes(200, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    batch.AddRecord(1, number, random(), bytes);
    batch.AddPlace(1, {1, 1}, {Date(20'000), number});
  }
  batch.PutAppliedPosition(1, 1);
  store->Commit(batch);
  ASSERT_TRUE(store->Checkpoint().ok());
  store.reset();
  store = Store::Open({.directory = "/view", .disk = disk}).value();
  const auto cached = [&] { return store->Stats().value().memory_bytes; };
  const uint64_t before = cached();
  const EvidenceReader reader = store->evidence();
  ASSERT_TRUE(reader.Records(1, [](uint64_t, std::string_view) { return true; }).ok());
  ASSERT_TRUE(reader.ForEachIdentity(1, [](const EvidenceIdentityEntry&) {}).ok());
  ASSERT_TRUE(reader.ForEachPlace(1, [](SeriesId, EvidencePlace) {}).ok());
  EXPECT_LT(cached(), before + 100'000);
  ASSERT_TRUE(reader.Record(1, 7'777).ok());
  EXPECT_GT(cached(), before);  // as a lookup does
}

TEST(EvidenceReaderTest, FingerprintsAreForEver) {
  EXPECT_EQ(FingerprintOf(0, ""), 0x1e924b9d737700d7u);
  EXPECT_NE(FingerprintOf(0, "a"), FingerprintOf(1, "a"));
  EXPECT_NE(FingerprintOf(0, "a"), FingerprintOf(0, "b"));
}

TEST(EvidenceReaderTest, AMissingRecordIsDataLoss) {
  const std::shared_ptr<Disk> disk = Disk::InMemory();
  std::unique_ptr<Store> store = Store::Open({.directory = "/view", .disk = disk}).value();
  Batch batch = store->NewBatch();
  for (uint64_t number = 1; number <= 100; ++number) batch.AddRecord(1, number, number, "bytes");
  batch.PutAppliedPosition(1, 1);
  store->Commit(batch);
  ASSERT_TRUE(store->Checkpoint().ok());
  batch = store->NewBatch();
  batch.Delete(RecordBlockKey{1, 33}.Encode());
  store->Commit(batch);
  ASSERT_TRUE(store->Checkpoint().ok());
  EXPECT_EQ(store->evidence().Record(1, 32).value(), "bytes");
  EXPECT_EQ(store->evidence().Record(1, 33).value(), std::nullopt);
  EXPECT_EQ(store->evidence().Records(1, [](uint64_t, std::string_view) { return true; }).code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace leadlag
