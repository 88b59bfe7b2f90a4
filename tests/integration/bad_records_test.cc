// Records and batches with something wrong in them, unary and over a stream: the documented code, the field and a
// reason; the good records of the same batch are stored. The limits of a record and of a batch, at them and one past.
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/limits.h"
#include "tests/integration/bad_input.h"

namespace leadlag {
namespace {

using testing::HasSubstr;

// ---- Records ----

using Edit = std::function<void(v1::EvidenceRecord&)>;

struct BadRecord {
  std::string what;
  Edit edit;
  std::string code;
  std::string field;
  std::string reason;  // a piece of it
};

std::vector<BadRecord> BadRecords() {
  const std::string invalid = "INVALID_ARGUMENT", unknown = "NOT_FOUND", taken = "ALREADY_EXISTS";
  return {
      {"an unknown team", [](auto& r) { r.set_team("nobody"); }, unknown, "team", "no team \"nobody\""},
      {"no team", [](auto& r) { r.clear_team(); }, invalid, "team", "is required"},
      {"a team that is no id", [](auto& r) { r.set_team("South High"); }, invalid, "team", "is not an id"},
      {"a team's id over its limit", [](auto& r) { r.set_team(std::string(kMaxIdBytes + 1, 'a')); }, invalid, "team",
       "is not an id"},
      {"an unknown team with an id at its limit", [](auto& r) { r.set_team(std::string(kMaxIdBytes, 'a')); }, unknown,
       "team", "no team"},
      {"an unknown indicator", [](auto& r) { r.set_indicator("visits"); }, unknown, "indicator",
       "no indicator \"visits\""},
      {"no indicator", [](auto& r) { r.clear_indicator(); }, invalid, "indicator", "is required"},
      {"a proportion of a number", [](auto& r) { r.mutable_proportion()->set_denominator(3); }, invalid, "proportion",
       "measured as `number`"},
      {"a number of a proportion", [](auto& r) { r.set_indicator("share"); }, invalid, "number",
       "measured as `proportion`"},
      {"a number of a completion", [](auto& r) { r.set_indicator("boxes"); }, invalid, "number",
       "measured as `completed`"},
      {"a completion of a number", [](auto& r) { r.set_completed(true); }, invalid, "completed",
       "measured as `number`"},
      {"NaN", [](auto& r) { r.set_number(std::numeric_limits<double>::quiet_NaN()); }, invalid, "number", "not finite"},
      {"infinity", [](auto& r) { r.set_number(std::numeric_limits<double>::infinity()); }, invalid, "number",
       "not finite"},
      {"minus infinity", [](auto& r) { r.set_number(-std::numeric_limits<double>::infinity()); }, invalid, "number",
       "not finite"},
      {"no content", [](auto& r) { r.clear_content(); }, invalid, "number", "is required"},
      {"a void that is false", [](auto& r) { r.set_void_(false); }, invalid, "void", "is true or absent"},
      {"k over n",
       [](auto& r) {
         r.set_indicator("share");
         r.mutable_proportion()->set_numerator(4);
         r.mutable_proportion()->set_denominator(3);
       },
       invalid, "proportion.numerator", "give 0 to 3"},
      {"k below 0",
       [](auto& r) {
         r.set_indicator("share");
         r.mutable_proportion()->set_numerator(-1);
         r.mutable_proportion()->set_denominator(3);
       },
       invalid, "proportion.numerator", "-1 is out of range"},
      {"n of 0",
       [](auto& r) {
         r.set_indicator("share");
         r.mutable_proportion()->set_denominator(0);
       },
       invalid, "proportion.denominator", "at least 1"},
      {"a date after tomorrow", [](auto& r) { r.set_event_date("2025-11-08"); }, invalid, "event_date",
       "lies in the future"},
      {"an instant after tomorrow",
       [](auto& r) { r.mutable_event_time()->set_seconds(At("2025-11-08T05:00:00Z").micros / kMicrosPerSecond); },
       invalid, "event_time", "lies in the future"},
      {"a date that does not exist", [](auto& r) { r.set_event_date("2025-02-30"); }, invalid, "event_date",
       "2025-02-30"},
      {"a date in another form", [](auto& r) { r.set_event_date("11/05/2025"); }, invalid, "event_date", "YYYY-MM-DD"},
      {"an instant out of range", [](auto& r) { r.mutable_event_time()->set_seconds(-1); }, invalid, "event_time",
       "out of range"},
      {"nanos out of range", [](auto& r) { r.mutable_event_time()->set_nanos(1'000'000'000); }, invalid, "event_time",
       "out of range"},
      {"no date", [](auto& r) { r.clear_event(); }, invalid, "event_date", "is required"},
      {"a period of a leading indicator",
       [](auto& r) {
         r.mutable_period()->set_start_date("2025-10-01");
         r.mutable_period()->set_end_date("2025-11-01");
       },
       invalid, "period", "only a lagging indicator"},
      {"a period without a day",
       [](auto& r) {
         r.set_indicator("scores");
         r.mutable_period()->set_start_date("2025-10-01");
         r.mutable_period()->set_end_date("2025-10-01");
       },
       invalid, "period.end_date", "is not after start_date"},
      {"a period that ends after tomorrow",
       [](auto& r) {
         r.set_indicator("scores");
         r.mutable_period()->set_start_date("2025-10-01");
         r.mutable_period()->set_end_date("2025-11-09");
       },
       invalid, "period.end_date", "lies in the future"},
      {"no id", [](auto& r) { r.clear_evidence_id(); }, invalid, "evidence_id", "is required"},
      {"an id over its limit", [](auto& r) { r.set_evidence_id(std::string(kEvidenceIdBytesMax + 1, 'i')); }, invalid,
       "evidence_id", "at most 128"},
      {"an id with a line end", [](auto& r) { r.set_evidence_id("a\nb"); }, invalid, "evidence_id", ""},
      {"a note over its limit", [](auto& r) { r.set_note(std::string(kNoteBytesMax + 1, 'n')); }, invalid, "note",
       "at most 1000"},
      {"a note with a control character", [](auto& r) { r.set_note("bell\a"); }, invalid, "note", "control character"},
      {"a note with an e-mail address", [](auto& r) { r.set_note("ask pat@example.org"); }, invalid, "note",
       "e-mail address"},
      {"a note with a social security number", [](auto& r) { r.set_note("123-45-6789"); }, invalid, "note",
       "social security"},
      {"a report from the future",
       [](auto& r) { r.mutable_reported_time()->set_seconds(Now().micros / kMicrosPerSecond + 301); }, invalid,
       "reported_time", "after the service's clock"},
      {"a note that is not UTF-8", [](auto& r) { r.set_note(kNotUtf8Bytes); }, invalid, "note", "not valid UTF-8"},
      {"an id that is not UTF-8", [](auto& r) { r.set_evidence_id(kNotUtf8Bytes); }, invalid, "evidence_id",
       "not valid UTF-8"},
      {"a team that is not UTF-8", [](auto& r) { r.set_team(kNotUtf8Bytes); }, invalid, "team", "not valid UTF-8"},
      {"a date that is not UTF-8", [](auto& r) { r.set_event_date(kNotUtf8Bytes); }, invalid, "event_date",
       "not valid UTF-8"},
      {"a void of what is not there",
       [](auto& r) {
         r.set_evidence_id("never-sent");
         r.set_void_(true);
       },
       unknown, "evidence_id", "no record \"never-sent\""},
      // These ids are taken, see Taken() below.
      {"an id of another team",
       [](auto& r) {
         r.set_evidence_id("taken");
         r.set_team("north");
       },
       taken, "team", "taken by a record of team \"south\""},
      {"a version with other content",
       [](auto& r) {
         r.set_evidence_id("versioned");
         r.set_number(7);
         r.set_source_version(3);
       },
       taken, "source_version", "with other content"},
      {"no version where there was one",
       [](auto& r) {
         r.set_evidence_id("versioned");
         r.set_number(7);
       },
       "FAILED_PRECONDITION", "source_version", "give a higher one"},
  };
}

std::vector<v1::EvidenceRecord> Taken() {
  v1::EvidenceRecord versioned = GoodRecord("versioned");
  versioned.set_source_version(3);
  return {GoodRecord("taken"), versioned};
}

void ExpectOneRefused(const BadRecord& bad, const v1::BatchResult& result) {
  EXPECT_EQ(result.new_count(), 2);
  EXPECT_EQ(result.failed_count(), 1);
  EXPECT_FALSE(result.truncated());
  ASSERT_EQ(result.failures_size(), 1);
  EXPECT_EQ(result.failures(0).index(), 1);
  EXPECT_EQ(result.failures(0).code(), bad.code);
  EXPECT_EQ(result.failures(0).field(), bad.field);
  EXPECT_THAT(result.failures(0).reason(), HasSubstr(bad.reason));
}

TEST_F(BadInputTest, ABadRecordIsNamedAndItsNeighboursAreStored) {
  v1::BatchResult result;
  ASSERT_TRUE(Record(Taken(), &result).status.ok());
  const std::vector<BadRecord> cases = BadRecords();
  for (size_t i = 0; i < cases.size(); ++i) {
    SCOPED_TRACE(cases[i].what);
    const std::string before = absl::StrCat("before-", i), id = absl::StrCat("bad-", i),
                      after = absl::StrCat("after-", i);
    v1::EvidenceRecord bad = GoodRecord(id);
    cases[i].edit(bad);
    ASSERT_TRUE(Record({GoodRecord(before), bad, GoodRecord(after)}, &result).status.ok());
    ExpectOneRefused(cases[i], result);
    ASSERT_EQ(result.outcomes_size(), 3);
    EXPECT_EQ(result.outcomes(1).kind(), v1::RECORD_OUTCOME_KIND_FAILED);
    EXPECT_EQ(result.outcomes(2).kind(), v1::RECORD_OUTCOME_KIND_NEW);
    EXPECT_TRUE(Stored(before));
    EXPECT_FALSE(Stored(id));
    EXPECT_TRUE(Stored(after));
  }
  // What was taken is as it was.
  ASSERT_TRUE(Record(Taken(), &result).status.ok());
  EXPECT_EQ(result.same_count(), 2);
}

TEST_F(BadInputTest, TheSameOverAStream) {
  v1::BatchResult result;
  ASSERT_TRUE(Record(Taken(), &result).status.ok());
  TestContext context;
  const auto call = stubs_.evidence->StreamEvidence(&context);
  v1::StreamEvidenceRequest request;
  request.mutable_open()->set_parent(kSource);
  ASSERT_TRUE(call->Write(request));
  const std::vector<BadRecord> cases = BadRecords();
  for (size_t i = 0; i < cases.size(); ++i) {
    SCOPED_TRACE(cases[i].what);
    v1::EvidenceBatch& batch = *request.mutable_batch();
    batch.Clear();
    batch.set_batch_id(i + 1);
    *batch.add_records() = GoodRecord(absl::StrCat("before-", i));
    v1::EvidenceRecord& bad = *batch.add_records();
    bad = GoodRecord(absl::StrCat("bad-", i));
    cases[i].edit(bad);
    *batch.add_records() = GoodRecord(absl::StrCat("after-", i));
    ASSERT_TRUE(call->Write(request));
    v1::StreamEvidenceResponse response;
    ASSERT_TRUE(call->Read(&response));
    EXPECT_EQ(response.batch_id(), i + 1);
    EXPECT_FALSE(response.has_error()) << response.error().ShortDebugString();
    ExpectOneRefused(cases[i], response.result());
  }
  call->WritesDone();
  const grpc::Status status = call->Finish();
  EXPECT_TRUE(status.ok()) << Text(status);
}

TEST_F(BadInputTest, WhatLiesAtALimitIsTaken) {
  struct Case {
    const char* what;
    Edit edit;
  };
  const std::vector<Case> cases = {
      {"tomorrow", [](auto& r) { r.set_event_date(kTomorrow); }},
      {"the last second of tomorrow",
       [](auto& r) { r.mutable_event_time()->set_seconds(At("2025-11-08T04:59:59Z").micros / kMicrosPerSecond); }},
      {"a period that ends with tomorrow",
       [](auto& r) {
         r.set_indicator("scores");
         r.mutable_period()->set_start_date(kTomorrow);
         r.mutable_period()->set_end_date("2025-11-08");
       }},
      {"the longest id", [](auto& r) { r.set_evidence_id(std::string(kEvidenceIdBytesMax, 'i')); }},
      {"an id with everything", [](auto& r) { r.set_evidence_id("a/b c?#%2F \xC3\xBC"); }},
      {"the longest note", [](auto& r) { r.set_note(std::string(kNoteBytesMax, 'n')); }},
      {"a note of several lines", [](auto& r) { r.set_note("one\ntwo\tthree"); }},
      {"five minutes of skew",
       [](auto& r) { r.mutable_reported_time()->set_seconds(Now().micros / kMicrosPerSecond + 300); }},
      {"none of n",
       [](auto& r) {
         r.set_indicator("share");
         r.mutable_proportion()->set_denominator(1);
       }},
      {"all of n",
       [](auto& r) {
         r.set_indicator("share");
         r.mutable_proportion()->set_numerator(std::numeric_limits<int64_t>::max());
         r.mutable_proportion()->set_denominator(std::numeric_limits<int64_t>::max());
       }},
      {"the largest number", [](auto& r) { r.set_number(std::numeric_limits<double>::max()); }},
      {"the first version", [](auto& r) { r.set_source_version(0); }},
      {"the last version", [](auto& r) { r.set_source_version(std::numeric_limits<uint64_t>::max()); }},
      {"a box that is not ticked",
       [](auto& r) {
         r.set_indicator("boxes");
         r.set_completed(false);
       }},
      {"a date before every calendar", [](auto& r) { r.set_event_date("1970-01-01"); }},
  };
  for (size_t i = 0; i < cases.size(); ++i) {
    SCOPED_TRACE(cases[i].what);
    v1::EvidenceRecord record = GoodRecord(absl::StrCat("good-", i));
    cases[i].edit(record);
    v1::BatchResult result;
    ASSERT_TRUE(Record({record}, &result).status.ok());
    EXPECT_EQ(result.new_count(), 1) << result.ShortDebugString();
    EXPECT_TRUE(Stored(record.evidence_id()));
    ASSERT_TRUE(Record({record}, &result).status.ok());
    EXPECT_EQ(result.same_count(), 1) << result.ShortDebugString();
  }
}

TEST_F(BadInputTest, OtherContentUnderAKnownIdIsARevision) {
  v1::BatchResult result;
  v1::EvidenceRecord record = GoodRecord("again");
  ASSERT_TRUE(Record({record}, &result).status.ok());
  record.set_number(2);
  ASSERT_TRUE(Record({record, GoodRecord("again")}, &result).status.ok());
  EXPECT_EQ(result.revised_count(), 1);
  EXPECT_EQ(result.same_count(), 1);
  v1::GetEvidenceRequest request;
  v1::GetEvidenceResponse response;
  request.set_name(absl::StrCat(kSource, "/evidence/again"));
  TestContext context;
  ASSERT_TRUE(stubs_.evidence->GetEvidence(&context, request, &response).ok());
  EXPECT_EQ(response.revisions_size(), 2);
  EXPECT_EQ(response.evidence().current().record().number(), 2);
}

TEST_F(BadInputTest, FailuresOfABatchAreNamedUpToALimit) {
  for (const size_t count : {kBatchFailuresMax, kBatchFailuresMax + 1, kBatchRecordsMax}) {
    SCOPED_TRACE(count);
    std::vector<v1::EvidenceRecord> records;
    for (size_t i = 0; i < count; ++i) {
      records.push_back(GoodRecord(absl::StrCat("failing-", i)));
      records.back().set_team("nobody");
    }
    if (count < kBatchRecordsMax) records.push_back(GoodRecord(absl::StrCat("good-", count)));
    v1::BatchResult result;
    ASSERT_TRUE(Record(records, &result).status.ok());
    EXPECT_EQ(result.failed_count(), static_cast<int>(count));
    EXPECT_EQ(result.new_count(), count < kBatchRecordsMax ? 1 : 0);
    EXPECT_EQ(static_cast<size_t>(result.failures_size()), kBatchFailuresMax);
    EXPECT_EQ(result.truncated(), count > kBatchFailuresMax);
    std::string bitmap;
    if (count > kBatchFailuresMax) bitmap.resize((records.size() + 7) / 8);
    for (size_t i = 0; i < count && !bitmap.empty(); ++i) bitmap[i / 8] |= static_cast<char>(1 << i % 8);
    EXPECT_EQ(result.failed_bitmap(), bitmap);
  }
}

// ---- Batches ----

// As many records, so long that `Message` with them has exactly `bytes`.
template <typename Message>
void FillToBytes(Message& message, size_t bytes, const std::string& prefix) {
  message.clear_records();
  for (int i = 0; message.ByteSizeLong() + 1'200 < bytes; ++i) {
    v1::EvidenceRecord& record = *message.add_records();
    record = GoodRecord(absl::StrFormat("%s%06d", prefix, i));
    record.set_note(std::string(kNoteBytesMax, 'n'));
  }
  // The notes of the last two share what is left.
  v1::EvidenceRecord& last = *message.add_records();
  last = GoodRecord(prefix + "last");
  while (message.ByteSizeLong() < bytes) last.set_note(last.note() + 'n');
  ASSERT_EQ(message.ByteSizeLong(), bytes);
  ASSERT_LE(last.note().size(), kNoteBytesMax);
  ASSERT_LE(static_cast<size_t>(message.records_size()), kBatchRecordsMax);
}

TEST_F(BadInputTest, ABatchHasAtMostSoManyRecords) {
  v1::BatchResult result;
  ASSERT_TRUE(Record(ManyRecords(kBatchRecordsMax, "at-"), &result).status.ok());
  EXPECT_EQ(result.new_count(), static_cast<int>(kBatchRecordsMax));
  ExpectRefused(Record(ManyRecords(kBatchRecordsMax + 1, "past-"), &result), grpc::StatusCode::INVALID_ARGUMENT,
                "records", "1001 records are too many");
  EXPECT_FALSE(Stored("past-0"));
}

TEST_F(BadInputTest, ABatchHasAtMostSoManyBytes) {
  for (const size_t bytes : {kBatchBytesMax, kBatchBytesMax + 1}) {
    v1::RecordEvidenceRequest request;
    v1::RecordEvidenceResponse response;
    request.set_parent(kSource);
    const std::string prefix = absl::StrCat("bytes-", bytes, "-");
    ASSERT_NO_FATAL_FAILURE(FillToBytes(request, bytes, prefix));
    TestContext context;
    const Ended ended = EndOf(stubs_.evidence->RecordEvidence(&context, request, &response), context);
    if (bytes == kBatchBytesMax) {
      EXPECT_TRUE(ended.status.ok()) << Text(ended.status);
      EXPECT_EQ(response.result().new_count(), request.records_size());
    } else {
      ExpectRefused(ended, grpc::StatusCode::INVALID_ARGUMENT, "records", "send at most 1048576");
      EXPECT_FALSE(Stored(prefix + "last"));
    }
  }
}

TEST_F(BadInputTest, AStreamLivesOnAfterABatchOverItsLimits) {
  TestContext context;
  const auto call = stubs_.evidence->StreamEvidence(&context);
  v1::StreamEvidenceRequest request;
  request.mutable_open()->set_parent(kSource);
  ASSERT_TRUE(call->Write(request));
  struct Case {
    std::string what;
    std::function<void(v1::EvidenceBatch&)> fill;
    std::string field;  // empty: it is taken
    std::string reason;
  };
  const auto many = [](size_t count) {
    return [count](v1::EvidenceBatch& batch) {
      for (const v1::EvidenceRecord& record : ManyRecords(count, absl::StrCat("stream-", count, "-")))
        *batch.add_records() = record;
    };
  };
  const auto long_ones = [](size_t bytes) {
    return [bytes](v1::EvidenceBatch& batch) { FillToBytes(batch, bytes, absl::StrCat("long-", bytes, "-")); };
  };
  const std::vector<Case> cases = {
      {"records at the limit", many(kBatchRecordsMax), "", ""},
      {"records past the limit", many(kBatchRecordsMax + 1), "records", "too many"},
      {"bytes at the limit", long_ones(kBatchBytesMax), "", ""},
      {"bytes past the limit", long_ones(kBatchBytesMax + 1), "records", "send at most"},
      {"a heartbeat", [](v1::EvidenceBatch&) {}, "", ""},
      {"complete through a date", [](v1::EvidenceBatch& batch) { batch.set_complete_through(kToday); }, "", ""},
      {"complete through no date", [](v1::EvidenceBatch& batch) { batch.set_complete_through("today"); },
       "complete_through", "today"},
      {"complete through bytes", [](v1::EvidenceBatch& batch) { batch.set_complete_through(kNotUtf8Bytes); },
       "complete_through", ""},
  };
  uint64_t batch_id = 0;
  for (const Case& c : cases) {
    SCOPED_TRACE(c.what);
    v1::EvidenceBatch& batch = *request.mutable_batch();
    batch.Clear();
    batch.set_batch_id(++batch_id);
    c.fill(batch);
    ASSERT_TRUE(call->Write(request));
    v1::StreamEvidenceResponse response;
    ASSERT_TRUE(call->Read(&response));
    EXPECT_EQ(response.batch_id(), batch_id);
    EXPECT_EQ(response.has_error(), !c.field.empty()) << response.ShortDebugString();
    EXPECT_EQ(response.has_result(), c.field.empty());
    if (c.field.empty()) {
      EXPECT_EQ(response.result().new_count(), batch.records_size());
    } else {
      EXPECT_EQ(response.error().code(), "INVALID_ARGUMENT");
      EXPECT_THAT(response.error().field(), HasSubstr(c.field));
      EXPECT_THAT(response.error().reason(), HasSubstr(c.reason));
    }
  }
  call->WritesDone();
  const grpc::Status status = call->Finish();
  EXPECT_TRUE(status.ok()) << Text(status);
}

TEST_F(BadInputTest, AStreamIsOpenedOnceAndFirst) {
  struct Case {
    std::string what;
    std::vector<v1::StreamEvidenceRequest> messages;
    grpc::StatusCode code;
    std::string reason;
  };
  v1::StreamEvidenceRequest open, batch, unknown_source, unknown_district, malformed;
  open.mutable_open()->set_parent(kSource);
  batch.mutable_batch()->set_batch_id(1);
  unknown_source.mutable_open()->set_parent("districts/small/sources/nobody");
  unknown_district.mutable_open()->set_parent("districts/nowhere/sources/sis");
  malformed.mutable_open()->set_parent("small/sis");
  const std::vector<Case> cases = {
      {"a batch first", {batch}, grpc::StatusCode::INVALID_ARGUMENT, "open"},
      {"opened twice", {open, open}, grpc::StatusCode::INVALID_ARGUMENT, "opened once"},
      {"an empty message", {{}}, grpc::StatusCode::INVALID_ARGUMENT, "open"},
      {"an empty message later", {open, {}}, grpc::StatusCode::INVALID_ARGUMENT, "batch"},
      {"no such source", {unknown_source}, grpc::StatusCode::NOT_FOUND, "nobody"},
      {"no such district", {unknown_district}, grpc::StatusCode::NOT_FOUND, "nowhere"},
      {"a name that is none", {malformed}, grpc::StatusCode::INVALID_ARGUMENT, "districts/{district}/sources/{source}"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.what);
    TestContext context;
    const auto call = stubs_.evidence->StreamEvidence(&context);
    for (const v1::StreamEvidenceRequest& message : c.messages) call->Write(message);
    v1::StreamEvidenceResponse response;
    EXPECT_FALSE(call->Read(&response)) << response.ShortDebugString();
    const grpc::Status status = call->Finish();
    EXPECT_EQ(status.error_code(), c.code) << Text(status);
    EXPECT_THAT(status.error_message(), HasSubstr(c.reason));
  }
}

}  // namespace
}  // namespace leadlag
