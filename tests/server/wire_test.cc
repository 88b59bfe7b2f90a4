// What happens to text that is no UTF-8, and to bytes that are no message.
#include "server/rpc/wire.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/problem.h"
#include "google/protobuf/struct.pb.h"
#include "leadlag/v1/catalog_service.pb.h"
#include "leadlag/v1/evidence_service.pb.h"

namespace leadlag {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

grpc::ByteBuffer Buffer(const std::string& bytes) {
  // In pieces, as the network delivers them.
  std::vector<grpc::Slice> slices;
  for (size_t at = 0; at < bytes.size(); at += 7) slices.emplace_back(bytes.substr(at, 7));
  return grpc::ByteBuffer(slices.data(), slices.size());
}

TEST(WireTest, RoundTrip) {
  v1::RecordEvidenceRequest request;
  request.set_parent("districts/d/sources/s");
  request.add_records()->set_note("Prüfung");
  v1::RecordEvidenceRequest read;
  std::vector<std::string> repaired;
  ASSERT_TRUE(Parse(Serialize(request), read, repaired).ok());
  EXPECT_THAT(repaired, IsEmpty());
  EXPECT_EQ(read.SerializeAsString(), request.SerializeAsString());
}

TEST(WireTest, RepairsTextAndSaysWhere) {
  v1::RecordEvidenceRequest request;
  request.set_parent("districts/d/sources/s");
  request.add_records()->set_note("good");
  v1::EvidenceRecord& record = *request.add_records();
  record.set_evidence_id("\xFF");
  record.set_note("Pr\xFC" "fung, caf\xC3\xA9, \xE2\x82");  // Latin-1, good UTF-8, a character cut off
  v1::RecordEvidenceRequest read;
  std::vector<std::string> repaired;
  ASSERT_TRUE(Parse(Buffer(request.SerializeAsString()), read, repaired).ok());
  EXPECT_THAT(repaired, ElementsAre("records[1].evidence_id", "records[1].note"));
  EXPECT_EQ(read.records(0).note(), "good");
  EXPECT_EQ(read.records(1).evidence_id(), "?");
  EXPECT_EQ(read.records(1).note(), "Pr?fung, caf\xC3\xA9, ??");
}

TEST(WireTest, ReachesMapsAndNestedMessages) {
  v1::ApplyCatalogRequest request;
  v1::Team& team = *request.mutable_catalog()->add_teams();
  (*team.mutable_labels())["level"] = "\xFF";
  team.add_external_ids()->set_value("\xFE");
  v1::ApplyCatalogRequest read;
  const absl::Status status = ParseStrictly(Buffer(request.SerializeAsString()), read);
  ASSERT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  std::vector<std::string> fields;
  for (const Problem& problem : ProblemsOf(status)) fields.push_back(problem.field);
  EXPECT_THAT(fields, ElementsAre("catalog.teams[0].labels", "catalog.teams[0].external_ids[0].value"));
}

TEST(WireTest, RefusesWhatIsNoMessage) {
  v1::RecordEvidenceRequest read;
  std::vector<std::string> repaired;
  for (const std::string& bytes : {std::string("\x0a\x05" "ab", 4), std::string("\x0f", 1), std::string(12, '\xff'),
                                   std::string("\x12\x02\x0a\x7f", 4)}) {
    EXPECT_EQ(Parse(Buffer(bytes), read, repaired).code(), absl::StatusCode::kInvalidArgument);
  }
}

// None of our messages holds itself; the walk is bounded all the same, by one that does.
TEST(WireTest, DeepNestingIsRefused) {
  const auto nested = [](int depth) {
    google::protobuf::Value value;
    google::protobuf::Value* innermost = &value;
    for (int i = 0; i < depth; ++i) innermost = innermost->mutable_list_value()->add_values();
    innermost->set_string_value("\xFF");
    return value.SerializeAsString();
  };
  std::vector<std::string> paths;
  std::string shallow = nested(20), deep = nested(2'000);
  EXPECT_TRUE(RepairUtf8(*google::protobuf::Value::descriptor(), shallow, paths).ok());
  EXPECT_EQ(paths.size(), 1u);
  EXPECT_FALSE(RepairUtf8(*google::protobuf::Value::descriptor(), deep, paths).ok());
}

}  // namespace
}  // namespace leadlag
