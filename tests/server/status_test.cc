#include "server/rpc/status.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/limits.h"
#include "server/log.h"

namespace leadlag {
namespace {

TEST(StatusTest, CodesKeepTheirNumberAndName) {
  for (int code = 1; code <= 16; ++code) {
    const absl::Status status(static_cast<absl::StatusCode>(code), "why");
    const grpc::Status mapped = ToGrpcStatus(status);
    EXPECT_EQ(CodeName(status.code()), absl::StatusCodeToString(status.code()));
    if (status.code() == absl::StatusCode::kInternal || status.code() == absl::StatusCode::kUnknown) continue;
    EXPECT_EQ(mapped.error_code(), code);
    EXPECT_EQ(mapped.error_message(), "why");
  }
  EXPECT_TRUE(ToGrpcStatus(absl::OkStatus()).ok());
}

TEST(StatusTest, OurMistakesDoNotLeak) {
  for (const absl::Status& status : {absl::InternalError("secret"), absl::UnknownError("secret")}) {
    const grpc::Status mapped = ToGrpcStatus(status);
    EXPECT_EQ(mapped.error_code(), grpc::StatusCode::INTERNAL);
    EXPECT_EQ(mapped.error_message().find("secret"), std::string::npos);
    EXPECT_EQ(DetailsOf(status, 1'000).problems_size(), 0);
  }
}

std::vector<Problem> Problems(size_t count) {
  std::vector<Problem> problems;
  for (size_t i = 0; i < count; ++i) {
    problems.push_back({absl::StatusCode::kInvalidArgument, "teams[" + std::to_string(i) + "].id", std::string(100, 'r')});
  }
  return problems;
}

TEST(StatusTest, DetailsHoldTheProblemsInOrder) {
  const v1::ErrorDetails details = DetailsOf(AsStatus(Problems(3)), kErrorDetailsBytesMax);
  ASSERT_EQ(details.problems_size(), 3);
  EXPECT_EQ(details.problems(2).field(), "teams[2].id");
  EXPECT_EQ(details.problems(2).code(), "INVALID_ARGUMENT");
  EXPECT_EQ(details.problems(2).reason(), std::string(100, 'r'));
}

TEST(StatusTest, DetailsEndAtTheirLimits) {
  const absl::Status status = AsStatus(Problems(kMaxProblems));
  EXPECT_EQ(DetailsOf(status, 1 << 20).problems_size(), static_cast<int>(kMaxProblems));
  const v1::ErrorDetails cut = DetailsOf(status, kErrorDetailsBytesMax);
  EXPECT_LE(cut.ByteSizeLong(), kErrorDetailsBytesMax);
  EXPECT_GT(cut.ByteSizeLong(), kErrorDetailsBytesMax - 200);  // not cut more than needed
  EXPECT_LE(ToGrpcStatus(status).error_message().size(), kErrorMessageBytesMax);
}

TEST(LogTest, IsOneLine) {
  EXPECT_EQ(FormatLogLine(Instant::Parse("2025-09-04T16:00:00Z").value(), LogSeverity::kWarning, "two\nlines\x1b"),
            "2025-09-04T16:00:00Z WARNING two lines ");
}

}  // namespace
}  // namespace leadlag
