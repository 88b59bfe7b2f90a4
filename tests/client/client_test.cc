#include "client/client.h"

#include "absl/synchronization/notification.h"
#include "client/status.h"
#include "core/problem.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "leadlag/v1/error.pb.h"
#include "tests/client/fake_server.h"

namespace leadlag {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(Client, TriesAgainOnUnavailableAndReturnsTheAnswer) {
  FakeServer server;
  int calls = 0;
  server.script.export_catalog = [&](const v1::ExportCatalogRequest& request, v1::ExportCatalogResponse& response) {
    if (++calls < 3) return Draining();
    response.mutable_catalog()->set_district(request.name());
    return grpc::Status::OK;
  };
  v1::ExportCatalogRequest request;
  request.set_name("districts/d");
  const auto response = server.NewClient()->ExportCatalog(request);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->catalog().district(), "districts/d");
  EXPECT_EQ(calls, 3);
  EXPECT_EQ(server.sleeper.waits().size(), 2u);
}

TEST(Client, TriesAgainWhenAServerThatShutsDownCutTheCallOff) {
  FakeServer server;
  int calls = 0;
  server.script.export_catalog = [&](const auto&, auto&) { return ++calls == 1 ? grpc::Status::CANCELLED : grpc::Status::OK; };
  const auto response = server.NewClient()->ExportCatalog({});
  EXPECT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(calls, 2);
}

// Once a message has come a back-test is not begun anew: it would be told twice.
TEST(Client, TriesABacktestAgainUntilItHasBegun) {
  FakeServer server;
  int calls = 0, messages = 0;
  bool breaks = false;
  server.script.backtest = [&](grpc::ServerWriter<v1::BacktestResponse>& writer) {
    if (++calls < 3) return Draining();
    writer.Write(v1::BacktestResponse());
    return breaks ? Draining() : grpc::Status::OK;
  };
  const auto on_message = [&](const v1::BacktestResponse&) { ++messages; };
  absl::Status status = server.NewClient()->Backtest({}, on_message);
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(calls, 3);
  EXPECT_EQ(messages, 1);
  breaks = true;
  status = server.NewClient()->Backtest({}, on_message);
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("broke off"));
  EXPECT_EQ(calls, 4);
  EXPECT_EQ(messages, 2);
}

TEST(Client, GivesUpAfterTheLastTry) {
  FakeServer server;
  int calls = 0;
  server.script.export_catalog = [&](const auto&, auto&) {
    ++calls;
    return Draining();
  };
  const auto response = server.NewClient({.attempts_max = 4})->ExportCatalog({});
  EXPECT_TRUE(absl::IsUnavailable(response.status())) << response.status();
  EXPECT_EQ(calls, 4);
  EXPECT_EQ(server.sleeper.waits().size(), 3u);
}

TEST(Client, NeverTriesAnotherCodeAgain) {
  for (const auto code :
       {grpc::StatusCode::INTERNAL, grpc::StatusCode::RESOURCE_EXHAUSTED, grpc::StatusCode::DEADLINE_EXCEEDED,
        grpc::StatusCode::ABORTED, grpc::StatusCode::UNKNOWN, grpc::StatusCode::DATA_LOSS}) {
    FakeServer server;
    int calls = 0;
    server.script.export_catalog = [&](const auto&, auto&) {
      ++calls;
      return grpc::Status(code, "no");
    };
    const auto response = server.NewClient()->ExportCatalog({});
    EXPECT_EQ(static_cast<int>(response.status().code()), static_cast<int>(code));
    EXPECT_EQ(calls, 1);
  }
}

TEST(Client, DoesNotWaitBeyondItsDeadline) {
  FakeServer server;
  server.script.export_catalog = [&](const auto&, auto&) { return Draining(); };
  const RetryPolicy patient{.attempts_max = 1'000, .initial = milliseconds(1'000), .multiplier = 1, .jitter = 0};
  const auto response = server.NewClient(patient)->ExportCatalog({}, {.deadline = milliseconds(10'000)});
  EXPECT_TRUE(absl::IsUnavailable(response.status()));
  EXPECT_EQ(server.sleeper.waits().size(), 9u);
}

TEST(Client, DeadlineExceededWhenTheServerDoesNotAnswer) {
  FakeServer server;
  absl::Notification release;
  server.script.export_catalog = [&](const auto&, auto&) {
    release.WaitForNotification();
    return grpc::Status::OK;
  };
  const auto response = server.NewClient()->ExportCatalog({}, {.deadline = milliseconds(20)});
  EXPECT_TRUE(absl::IsDeadlineExceeded(response.status())) << response.status();
  release.Notify();
}

TEST(Client, CancelledWhileWaiting) {
  FakeServer server;
  server.script.export_catalog = [&](const auto&, auto&) { return Draining(); };
  Cancellation cancellation;
  cancellation.Cancel();
  EXPECT_TRUE(absl::IsCancelled(server.NewClient()->ExportCatalog({}, {.cancellation = &cancellation}).status()));
}

TEST(Client, ProblemsOfTheServerAreTheStatusesProblems) {
  FakeServer server;
  server.script.apply_catalog = [&](const auto&, auto&, grpc::ServerContext& context) {
    v1::ErrorDetails details;
    for (const char* field : {"teams[3].id", "district"}) {
      v1::Problem* problem = details.add_problems();
      problem->set_code("NOT_FOUND");
      problem->set_field(field);
      problem->set_reason("no such thing");
    }
    AddDetails(context, details);
    return grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "two problems");
  };
  const absl::Status status = server.NewClient()->ApplyCatalog({}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(status.message(), "two problems");
  EXPECT_THAT(ProblemsOf(status), ElementsAre(Problem{absl::StatusCode::kNotFound, "teams[3].id", "no such thing"},
                                              Problem{absl::StatusCode::kNotFound, "district", "no such thing"}));
  EXPECT_EQ(ProblemsOf(WithContext("apply", status)).size(), 2u);
  EXPECT_THAT(std::string(WithContext("apply", status).message()), HasSubstr("apply: two problems"));
}

TEST(Client, DetailsThatCannotBeReadLeaveCodeAndMessage) {
  FakeServer server;
  server.script.apply_catalog = [&](const auto&, auto&, grpc::ServerContext& context) {
    context.AddTrailingMetadata(kErrorDetailsKey, std::string("\xff\xff\x01"));
    return grpc::Status(grpc::StatusCode::FAILED_PRECONDITION, "not now");
  };
  const absl::Status status = server.NewClient()->ApplyCatalog({}).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_EQ(status.message(), "not now");
  EXPECT_TRUE(ProblemsOf(status).empty());
}

TEST(CodeOf, EveryNameAndNoOther) {
  EXPECT_EQ(CodeOf("INVALID_ARGUMENT"), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(CodeOf("ALREADY_EXISTS"), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(CodeOf("UNAUTHENTICATED"), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(CodeOf("invalid_argument"), absl::StatusCode::kUnknown);
  EXPECT_EQ(CodeOf(""), absl::StatusCode::kUnknown);
}

TEST(Client, BridgesTenSecondsAndTellsOfEachTry) {
  FakeServer server;
  server.script.export_catalog = [&](const auto&, auto&) {
    milliseconds waited{0};
    for (const milliseconds wait : server.sleeper.waits()) waited += wait;
    return waited < milliseconds(10'000) ? Draining() : grpc::Status::OK;
  };
  size_t told = 0;
  CallOptions options;
  options.on_retry = [&](const absl::Status& why, milliseconds) {
    EXPECT_TRUE(absl::IsUnavailable(why));
    ++told;
  };
  const auto response = server.NewClient()->ExportCatalog({}, options);
  EXPECT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(told, server.sleeper.waits().size());
}

// Over a real channel: gRPC's own limit is 8 KiB, and what is over it hides code and message too.
TEST(Client, AsksForAllProblemsAndReceivesThem) {
  FakeServer server;
  server.script.apply_catalog = [&](const auto&, auto&, grpc::ServerContext& context) {
    const auto asked = context.client_metadata().find(kErrorDetailsAskedKey);
    EXPECT_TRUE(asked != context.client_metadata().end());
    if (asked != context.client_metadata().end()) {
      EXPECT_EQ(std::string(asked->second.data(), asked->second.size()), std::to_string(256 << 10));
    }
    v1::ErrorDetails details;
    for (int i = 0; i < 100; ++i) {
      v1::Problem* problem = details.add_problems();
      problem->set_field("teams[" + std::to_string(i) + "].id");
      problem->set_reason(std::string(2'500, 'x'));
    }
    AddDetails(context, details);
    return grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, std::string(1'024, 'm'));
  };
  Client client(ClientOptions{.target = server.target()});
  const absl::Status status = client.ApplyCatalog({}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status.message();
  EXPECT_EQ(ProblemsOf(status).size(), 100u);
  EXPECT_EQ(ProblemCountOf(status), 100u);
}

// False where the contract at hand has no such field.
template <typename Details>
bool SetProblemCount(Details& details, int count) {
  if constexpr (requires { details.set_problem_count(count); }) {
    details.set_problem_count(count);
    return true;
  } else {
    return false;
  }
}

TEST(Client, KnowsHowManyProblemsThereAreBesideThoseNamed) {
  v1::ErrorDetails details;
  details.add_problems()->set_field("teams[0].id");
  if (!SetProblemCount(details, 250)) GTEST_SKIP() << "ErrorDetails has no problem_count";
  FakeServer server;
  server.script.apply_catalog = [&](const auto&, auto&, grpc::ServerContext& context) {
    AddDetails(context, details);
    return grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "many");
  };
  const absl::Status status = server.NewClient()->ApplyCatalog({}).status();
  EXPECT_EQ(ProblemCountOf(status), 250u);
  const absl::Status placed = WithProblems(status, {{absl::StatusCode::kNotFound, "c.yaml:3", "why"}});
  EXPECT_EQ(placed.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ProblemsOf(placed)[0].field, "c.yaml:3");
  EXPECT_EQ(ProblemCountOf(WithContext("apply", placed)), 250u);
  EXPECT_EQ(ProblemCountOf(absl::OkStatus()), 0u);
}

}  // namespace
}  // namespace leadlag
