// Privacy floors through every method of the service: two districts that differ in hidden values alone, and in nothing that anyone is told.
#include <gmock/gmock.h>
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/text_format.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "leadlag/v1/evidence.pb.h"
#include "tests/support/test_server.h"

namespace leadlag {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const google::protobuf::MethodDescriptor* MethodOf(const std::string& name) {  // "CadenceService.GetRunChart"
  return google::protobuf::DescriptorPool::generated_pool()->FindMethodByName("leadlag.v1." + name);
}

// Every method of the contract.
std::set<std::string> AllMethods() {
  std::set<std::string> methods;
  for (const char* service : {"AdminService", "AlertService", "CadenceService", "CatalogService", "EvidenceService", "InquiryService"}) {
    const auto* const found = google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(absl::StrCat("leadlag.v1.", service));
    for (int i = 0; i < found->method_count(); ++i) methods.insert(absl::StrCat(service, ".", found->method(i)->name()));
  }
  return methods;
}

grpc::ByteBuffer BytesOf(const google::protobuf::Message& message) {
  const grpc::Slice slice(message.SerializeAsString());
  return grpc::ByteBuffer(&slice, 1);
}

// One server, and what it answers.
class Server {
 public:
  Server() : server_({.now = Instant::Parse("2025-09-02T13:00:00Z").value()}) {}

  void GoTo(const std::string& when) { server_.GoTo(Instant::Parse(when).value()); }

  // Sends requests in the text format, and takes all answers, but of a stream without an end those up to a complete snapshot.
  void Call(const std::string& method, const std::vector<std::string>& requests) {
    const google::protobuf::MethodDescriptor* const descriptor = MethodOf(method);
    ASSERT_NE(descriptor, nullptr) << method;
    called_.insert(method);
    auto* const factory = google::protobuf::MessageFactory::generated_factory();
    grpc::GenericStub stub(server_.stubs().channel);
    grpc::CompletionQueue queue;
    TestContext context;
    const auto call = stub.PrepareCall(
        &context, absl::StrCat("/", descriptor->service()->full_name(), "/", descriptor->name()), &queue);
    const auto done = [&queue] {
      void* tag = nullptr;
      bool ok = false;
      return queue.Next(&tag, &ok) && ok;
    };
    call->StartCall(nullptr);
    ASSERT_TRUE(done());
    for (const std::string& text : requests) {
      const std::unique_ptr<google::protobuf::Message> request(factory->GetPrototype(descriptor->input_type())->New());
      ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(text, request.get())) << method << ": " << text;
      call->Write(BytesOf(*request), nullptr);
      ASSERT_TRUE(done()) << method;
    }
    call->WritesDone(nullptr);
    done();
    bool cancelled = false;
    for (grpc::ByteBuffer bytes; call->Read(&bytes, nullptr), done();) {
      grpc::Slice slice;
      ASSERT_TRUE(bytes.DumpToSingleSlice(&slice).ok());
      const std::unique_ptr<google::protobuf::Message> answer(factory->GetPrototype(descriptor->output_type())->New());
      ASSERT_TRUE(answer->ParseFromArray(slice.begin(), static_cast<int>(slice.size())));
      // A token tells the incarnation, which no two districts share.
      const auto* const token = answer->GetDescriptor()->FindFieldByName("token");
      if (token != nullptr) answer->GetReflection()->ClearField(answer.get(), token);
      absl::StrAppend(&told_[method], answer->DebugString(), "\n");
      if (method == "AlertService.Subscribe" && answer->DebugString().find("snapshot_complete: true") != std::string::npos) {
        context.TryCancel();
        cancelled = true;
      }
    }
    grpc::Status status;
    call->Finish(&status, nullptr);
    done();
    EXPECT_TRUE(status.ok() || cancelled) << method << ": " << Text(status);
    queue.Shutdown();
    while (done()) continue;
  }

  const std::map<std::string, std::string>& told() const { return told_; }
  const std::set<std::string>& called() const { return called_; }

 private:
  TestServer server_;
  std::map<std::string, std::string> told_;  // all answers, by method
  std::set<std::string> called_;
};

constexpr char kCatalog[] = R"pb(
  catalog {
    district: "small" time_zone: "America/New_York" default_calendar: "main"
    calendars { id: "main" years { id: "2025-26" terms { first_day: "2025-09-02" last_day: "2026-06-12" } } }
    teams { id: "north" active_periods { active_from: "2025-07-01" } labels { key: "level" value: "primary" } }
    indicators { id: "voices" role: INDICATOR_ROLE_LEADING category: CATEGORY_STUDENT_EXPERIENCE measure: MEASURE_PROPORTION }
    indicators { id: "learning" role: INDICATOR_ROLE_LEADING category: CATEGORY_ADULT_LEARNING measure: MEASURE_PROPORTION }
    indicators { id: "walks" role: INDICATOR_ROLE_LEADING category: CATEGORY_WALKTHROUGH measure: MEASURE_PROPORTION }
    indicators { id: "passing" role: INDICATOR_ROLE_LAGGING measure: MEASURE_PROPORTION }
    sources { id: "forms" }
    expectations { id: "visits" kind { category: CATEGORY_WALKTHROUGH } every_days: 5 }
    alert_rules { id: "above" run_signal { indicator: "voices" unit: CHART_UNIT_DAY baseline: 0.43 } from: "2025-07-01" }
    alert_rules { id: "below" run_signal { indicator: "voices" unit: CHART_UNIT_DAY baseline: 0.57 } from: "2025-07-01" }
  }
)pb";

// A day of school each, from Wed 3 September on: shown ones of about half, and hidden ones, which say K of 9. What is shown lies above the
// centre of one rule and below that of the other, so that both signal; with 1 of 9 counted in, a day would cross the first's every other
// day, with 8 of 9 the second's.
constexpr const char* kDays[] = {"03", "04", "05", "08", "09", "10", "11", "12", "15", "16", "17", "18", "19", "22", "23", "24"};
std::string Voices(int n, int hidden_numerator) {
  const auto record = [n](const char* id, int k, int of, const std::string& note) {
    return absl::StrCat("records { evidence_id: \"", id, n, "\" team: \"north\" indicator: \"voices\" event_date: \"2025-09-", kDays[n - 1],
                        "\" note: \"", note, "\" proportion { numerator: ", k, " denominator: ", of, " } }\n");
  };
  return absl::StrCat(record("v", n % 2 == 0 ? 21 : 20, 41, ""),
                      record("h", hidden_numerator, 9, absl::StrCat(hidden_numerator, " of them")));
}

// All that anyone can ask, of a district with such values.
void AskAll(Server& server, int k) {
  const auto with = [k](const char* text) { return absl::StrReplaceAll(text, {{"$K", absl::StrCat(k)}, {"$J", k < 5 ? "1" : "3"}}); };
  server.Call("CatalogService.ApplyCatalog", {kCatalog});
  for (int n = 1; n <= 16; ++n) {
    server.GoTo(absl::StrCat("2025-09-", kDays[n - 1], "T20:00:00Z"));
    server.Call("EvidenceService.RecordEvidence",
                {absl::StrCat("parent: \"districts/small/sources/forms\" include_outcomes: true ", Voices(n, k))});
  }
  server.Call("EvidenceService.StreamEvidence",
              {"open { parent: \"districts/small/sources/forms\" }",
               with(R"pb(batch { batch_id: 1
                 records { evidence_id: "l1" team: "north" indicator: "learning" event_date: "2025-09-10"
                           proportion { numerator: 30 denominator: 40 } }
                 records { evidence_id: "p1" team: "north" indicator: "passing" event_date: "2025-09-22"
                           proportion { numerator: $K denominator: 9 } }
               })pb")});
  // A correction that is of too few, and one that is not any more, but was.
  server.Call("EvidenceService.RecordEvidence", {with(R"pb(
                parent: "districts/small/sources/forms"
                records { evidence_id: "l1" team: "north" indicator: "learning" event_date: "2025-09-10"
                           proportion { numerator: $J denominator: 4 } }
                records { evidence_id: "h16" team: "north" indicator: "voices" event_date: "2025-09-24"
                          proportion { numerator: 20 denominator: 40 } }
              )pb")});
  server.Call("EvidenceService.VoidEvidence", {R"pb(name: "districts/small/sources/forms/evidence/h15" reason: "twice")pb"});
  server.Call("EvidenceService.GetEvidence", {R"pb(name: "districts/small/sources/forms/evidence/h1")pb"});
  server.Call("EvidenceService.GetEvidence", {R"pb(name: "districts/small/sources/forms/evidence/h15")pb"});
  server.Call("EvidenceService.GetEvidence", {R"pb(name: "districts/small/sources/forms/evidence/h16")pb"});
  server.Call("EvidenceService.ListEvidence", {R"pb(parent: "districts/small/teams/north" include_voided: true page_size: 100)pb"});
  server.Call("InquiryService.RecordInquiry", {R"pb(inquiry {
                name: "districts/small/inquiries/talk" team: "north" theme: "equity" if_text: "we plan" then_text: "they reason"
                so_that_text: "all pass" start_date: "2025-09-02"
                links { indicator: "voices" expected_direction: EXPECTED_DIRECTION_INCREASE }
                links { indicator: "passing" expected_direction: EXPECTED_DIRECTION_INCREASE }
                actions { id: "plan" description: "meet" start_date: "2025-09-09" } })pb"});
  server.Call("InquiryService.GetInquiry", {R"pb(name: "districts/small/inquiries/talk")pb"});
  server.Call("InquiryService.ListInquiries", {R"pb(parent: "districts/small")pb"});
  server.Call("InquiryService.ListThemes", {R"pb(parent: "districts/small")pb"});
  server.Call("EvidenceService.RecordReview", {R"pb(review {
                name: "districts/small/reviews/r1" team: "north" date: "2025-09-24" indicators: "voices" decision: "go on" })pb"});
  server.Call("EvidenceService.ListReviews", {R"pb(parent: "districts/small/teams/north")pb"});
  server.GoTo("2025-10-20T15:00:00Z");
  for (const char* unit : {"CHART_UNIT_DAY", "CHART_UNIT_WEEK", "CHART_UNIT_MONTH"}) {
    server.Call("CadenceService.GetRunChart",
                {absl::StrCat("name: \"districts/small/teams/north\" indicator: \"voices\" inquiry: \"talk\" unit: ", unit)});
  }
  server.Call("CadenceService.GetRunChart", {R"pb(name: "districts/small/teams/north" indicator: "learning")pb"});
  server.Call("CadenceService.GetTeamCadence", {R"pb(name: "districts/small/teams/north" include_dimensions: true)pb"});
  server.Call("CadenceService.ListTeamCadence", {R"pb(parent: "districts/small" include_watches: true)pb"});
  server.Call("CadenceService.GetEvidenceLatency", {R"pb(name: "districts/small" cycle: CYCLE_WEEK include_previous: true)pb"});
  server.Call("CadenceService.GetEvidenceLatency", {R"pb(name: "districts/small/teams/north" as_of { seconds: 1758800000 })pb"});
  server.Call("CadenceService.GetTimeline", {R"pb(name: "districts/small/teams/north")pb"});
  server.Call("CadenceService.Backtest", {R"pb(parent: "districts/small" known_as_recorded: true)pb"});
  // Whoever may try rules could else look for a value with a centre of their own.
  for (const char* baseline : {"0.2", "0.43", "0.57", "0.8"}) {
    server.Call("CadenceService.Backtest",
                {absl::StrCat("parent: \"districts/small\" alert_rules { id: \"try\" run_signal { indicator: \"voices\" unit: "
                              "CHART_UNIT_DAY baseline: ", baseline, " } }")});
  }
  server.Call("AlertService.ListAlerts", {R"pb(parent: "districts/small" include_closed: true)pb"});
  server.Call("AlertService.Subscribe", {R"pb(parent: "districts/small" snapshot: true)pb"});
  const std::string alerts = server.told().at("AlertService.ListAlerts");
  std::string name;
  int found = 0;
  for (size_t at = 0; (at = alerts.find("districts/small/alerts/", at)) != std::string::npos; ++at, ++found) {
    name = alerts.substr(at, alerts.find('"', at) - at);
    server.Call("AlertService.GetAlert", {absl::StrCat("name: \"", name, "\"")});
  }
  ASSERT_GE(found, 2) << alerts;  // the two rules'
  server.Call("AlertService.Acknowledge", {absl::StrCat("name: \"", name, "\" by: \"coach\"")});
  server.Call("AlertService.Snooze", {absl::StrCat("name: \"", name, "\" by: \"coach\" instructional_days: 1")});
  server.Call("CatalogService.ExportCatalog", {R"pb(name: "districts/small")pb"});
  server.Call("CatalogService.GetDistrict", {R"pb(name: "districts/small")pb"});
  server.Call("CatalogService.ListDistricts", {""});
  server.Call("CatalogService.GetTeam", {R"pb(name: "districts/small/teams/north")pb"});
  server.Call("CatalogService.ListTeams", {R"pb(parent: "districts/small")pb"});
  server.Call("CatalogService.ListCatalogVersions", {R"pb(parent: "districts/small")pb"});
  server.Call("AdminService.Verify", {R"pb(name: "districts/small")pb"});
  server.Call("AdminService.GetStats", {""});
}

TEST(PrivacyTest, NoMethodTellsAHiddenValue) {
  Server few, many;
  AskAll(few, 1);
  AskAll(many, 8);
  ASSERT_FALSE(HasFailure());
  EXPECT_EQ(few.called(), AllMethods());
  for (const auto& [method, told] : few.told()) EXPECT_EQ(told, many.told().at(method)) << method;
  // And it says so where something is missing.
  EXPECT_THAT(few.told().at("EvidenceService.ListEvidence"), HasSubstr("hidden: true"));
  EXPECT_THAT(few.told().at("EvidenceService.GetEvidence"), Not(HasSubstr("of them")));
  EXPECT_THAT(few.told().at("CadenceService.GetRunChart"), HasSubstr("hidden_count: 14"));
}

}  // namespace
}  // namespace leadlag
