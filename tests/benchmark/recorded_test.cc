// When CI says that something has become half as fast.
#include "tests/benchmark/recorded.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace leadlag::benchmark {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Two raw figures that are a key's parts, or one.
Figures Measured(const std::string& above, double over, const std::string& below, double under) {
  Figures figures;
  figures.Add(above, over);
  figures.Add(below, under);
  return figures;
}

TEST(RecordedTest, AHigherRatioIsBetterUnlessItsNameSaysGrowthOrOverAnEmptyRpc) {
  const auto worse = [](const Figures& figures, const char* json) { return FarWorse(figures, ReadRecorded(json).value()); };
  const Figures ingest = Measured("ingest_stream16_caught_up_per_s", 100, "rocksdb_tuned_per_s", 200);  // 0.5
  EXPECT_THAT(worse(ingest, R"({"ingest_over_rocksdb_tuned": 1.0})"), IsEmpty());
  EXPECT_THAT(worse(ingest, R"({"ingest_over_rocksdb_tuned": 0.1})"), IsEmpty());
  EXPECT_THAT(worse(ingest, R"({"ingest_over_rocksdb_tuned": 1.01})"), ElementsAre(HasSubstr("ingest_over_rocksdb_tuned is 0.5")));

  // From 300,000 records a second to 100,000.
  const Figures growth = Measured("growth_first_ingest_per_s", 300'000, "growth_last_ingest_per_s", 100'000);
  EXPECT_THAT(worse(growth, R"({"ingest_growth": 1.5})"), IsEmpty());
  EXPECT_THAT(worse(growth, R"({"ingest_growth": 9})"), IsEmpty());
  EXPECT_THAT(worse(growth, R"({"ingest_growth": 1.4})"), ElementsAre(HasSubstr("ingest_growth is 3")));

  const Figures query = Measured("query_team_cadence_warm_p50_ms", 0.4, "query_empty_rpc_p50_ms", 0.1);
  EXPECT_THAT(worse(query, R"({"team_cadence_over_empty_rpc": 2})"), IsEmpty());
  EXPECT_THAT(worse(query, R"({"team_cadence_over_empty_rpc": 1.9})"), ElementsAre(HasSubstr("team_cadence_over_empty_rpc is 4")));
}

TEST(RecordedTest, OnlyRatiosThatBothHaveAreCompared) {
  const Figures ingest = Measured("ingest_stream16_caught_up_per_s", 100, "rocksdb_tuned_per_s", 200);
  const Recorded recorded = ReadRecorded(R"({"ingest_over_postgresql": 9, "bytes_per_watch": 1, "versions": {"grpc": "1"}})").value();
  EXPECT_EQ(recorded, (Recorded{{"ingest_over_postgresql", 9}}));
  EXPECT_THAT(FarWorse(ingest, recorded), IsEmpty());
}

TEST(RecordedTest, WhatHasNoRatioIsRefused) {
  for (const char* const json : {"", "[]", "{}", "{\"bytes_per_watch\": 1}", "{\"ingest_growth\": \"fast\"}"}) {
    EXPECT_EQ(ReadRecorded(json).status().code(), absl::StatusCode::kInvalidArgument) << json;
  }
}

}  // namespace
}  // namespace leadlag::benchmark
