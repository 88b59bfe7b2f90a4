// When CI says that something has become half as fast.
#include "tests/benchmark/recorded.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace leadlag::benchmark {
namespace {

using testing::AllOf;
using testing::DoubleEq;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

// Two raw figures that are a key's parts, or one.
Figures Measured(const std::string& above, double over, const std::string& below, double under) {
  Figures figures;
  figures.Add(above, over);
  figures.Add(below, under);
  return figures;
}

TEST(RecordedTest, AHigherRatioIsBetterUnlessItsNameSaysGrowthOrOverAnEmptyRpc) {
  const auto worse = [](const Figures& figures, const char* json) { return FarWorse(figures, ReadRecorded(json).value()); };
  const Figures ingest = Measured("ingest_stream16_checkpointed_per_s", 100, "rocksdb_tuned_per_s", 200);  // 0.5
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

TEST(RecordedTest, ARatioIsTheMedianOfThoseOfTheRounds) {
  Figures figures;
  for (const auto& [ours, theirs] : {std::pair{330.0, 120.0}, {230.0, 100.0}, {300.0, 150.0}}) {  // 2.75, 2.3 and 2; the medians' is 2.5
    figures.Add("sql_team_latency_warm_p50_ms", ours);
    figures.Add("query_team_latency_warm_p50_ms", theirs);
  }
  EXPECT_THAT(KeysOf(figures), ElementsAre(Pair("team_latency_over_postgresql", DoubleEq(2.3))));
  EXPECT_THAT(TableOf(figures), HasSubstr("2.300   of 2.750, 2.300, 2.000\n"));
  EXPECT_THAT(JsonOf(figures, {}, {}), AllOf(HasSubstr("\n  \"team_latency_over_postgresql\": 2.300,\n"),
                                             HasSubstr("\n    \"team_latency_over_postgresql\": [2.750, 2.300, 2.000]\n")));
}

TEST(RecordedTest, OnlyRatiosThatBothHaveAreCompared) {
  const Figures ingest = Measured("ingest_stream16_checkpointed_per_s", 100, "rocksdb_tuned_per_s", 200);
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
