// leadlag review record|list: meetings in which a team interpreted evidence.
#include "client/cli/command_set.h"
#include "client/cli/enum_name.h"
#include "client/cli/number.h"
#include "client/cli/query_flags.h"

namespace leadlag::cli {
namespace {

constexpr char kRecordText[] =
    "A review covers the records it lists, and those of its indicators dated up to its date, as far as they were known "
    "by then.\n"
    "Without --id it is TEAM-DATE, so that the same command again changes nothing.\n"
    "What came of a practice, --outcome and --cause together, has a next question, which is shown. Who took part is said by\n"
    "role and count, never by name.\n"
    "Example: leadlag review record north --date 2025-10-03 --indicator visits --decision \"visit grade 4 weekly\"";
constexpr size_t kIdBytesMax = 64;

struct RecordFlags {
  std::string team, date, id, decision, collaboration, verdict, inquiry, outcome, cause;
  std::vector<std::string> indicators, evidence, participants;
};

// "--verdict: give one of CONTINUE, ADJUST, STOP, SPREAD".
absl::Status NoneOf(const std::string& flag, const google::protobuf::EnumDescriptor& type) {
  return absl::InvalidArgumentError(flag + ": give one of " + ShortNames(type));
}

// "coach=2".
absl::Status AddParticipants(const std::string& text, v1::Review& review) {
  const size_t equals = text.find('=');
  const auto* const role = FindEnumValue(*v1::ParticipantRole_descriptor(), text.substr(0, equals));
  if (role == nullptr) return NoneOf("--participants", *v1::ParticipantRole_descriptor());
  const std::optional<int64_t> count = equals == std::string::npos ? std::nullopt : ParseInteger(text.substr(equals + 1));
  if (!count || *count < 1 || *count > INT32_MAX) {
    return absl::InvalidArgumentError("--participants: give ROLE=COUNT, a count above 0, not \"" + text + "\"");
  }
  v1::ReviewParticipants* const participants = review.add_participants();
  participants->set_role(static_cast<v1::ParticipantRole>(role->number()));
  participants->set_count(static_cast<int32_t>(*count));
  return absl::OkStatus();
}

// How the meeting went.
absl::Status AddAccount(const RecordFlags& flags, v1::Review& review) {
  for (const std::string& text : flags.participants) {
    if (absl::Status status = AddParticipants(text, review); !status.ok()) return status;
  }
  if (!flags.collaboration.empty()) {
    const auto* const kind = FindEnumValue(*v1::Collaboration_descriptor(), flags.collaboration);
    if (kind == nullptr) return NoneOf("--collaboration", *v1::Collaboration_descriptor());
    review.set_collaboration(static_cast<v1::Collaboration>(kind->number()));
  }
  if (!flags.verdict.empty()) {
    const auto* const verdict = FindEnumValue(*v1::ReviewVerdict_descriptor(), flags.verdict);
    if (verdict == nullptr) return NoneOf("--verdict", *v1::ReviewVerdict_descriptor());
    review.set_verdict(static_cast<v1::ReviewVerdict>(verdict->number()));
  }
  review.set_inquiry(flags.inquiry);
  if (flags.outcome.empty() && flags.cause.empty()) return absl::OkStatus();
  const bool improved = flags.outcome == "improved", understood = flags.cause == "understood";
  if (!improved && flags.outcome != "not-improved") return absl::InvalidArgumentError("--outcome: give improved or not-improved");
  if (!understood && flags.cause != "not-understood") return absl::InvalidArgumentError("--cause: give understood or not-understood");
  review.mutable_result()->set_outcome_improved(improved);
  review.mutable_result()->set_cause_understood(understood);
  return absl::OkStatus();
}

// "districts/d/reviews/{id}" to its id.
std::string LastPart(const std::string& name) { return name.substr(name.rfind('/') + 1); }

absl::StatusOr<v1::RecordReviewRequest> RequestOf(const RunContext& context, const RecordFlags& flags) {
  v1::RecordReviewRequest request;
  const std::string id = flags.id.empty() ? flags.team + "-" + flags.date : flags.id;
  if (flags.id.empty() && id.size() > kIdBytesMax) {
    return absl::InvalidArgumentError("TEAM-DATE is longer than an id may be (64): give --id");
  }
  const absl::StatusOr<std::string> name = context.NameIn("reviews", id);
  if (!name.ok()) return name.status();
  v1::Review& review = *request.mutable_review();
  review.set_name(*name);
  review.set_team(flags.team);
  review.set_date(flags.date);
  review.set_decision(flags.decision);
  for (const std::string& indicator : flags.indicators) review.add_indicators(indicator);
  for (const std::string& text : flags.evidence) {
    const size_t slash = text.find('/');
    if (slash == std::string::npos)
      return absl::InvalidArgumentError("name a record as SOURCE/EVIDENCE_ID, not \"" + text + "\"");
    v1::EvidenceReference* reference = review.add_evidence();
    reference->set_source(text.substr(0, slash));
    reference->set_evidence_id(text.substr(slash + 1));
  }
  if (absl::Status status = AddAccount(flags, review); !status.ok()) return status;
  return request;
}

Table ReviewTable(const google::protobuf::RepeatedPtrField<v1::Review>& reviews) {
  Table table({{"date", "DATE"},
               {"review", "REVIEW"},
               {"team", "TEAM"},
               {"indicators", "INDICATORS"},
               {"evidence", "EVIDENCE", true},
               {"verdict", "VERDICT"},
               {"decision", "DECISION"},
               {"next_question", "NEXT QUESTION"}});
  for (const v1::Review& review : reviews) {
    std::string indicators;
    for (const std::string& indicator : review.indicators()) indicators += (indicators.empty() ? "" : " ") + indicator;
    table.AddRow(
        {review.date(), LastPart(review.name()), review.team(), indicators, review.evidence_size(), EnumText(review.verdict()),
         review.decision(), review.next_question()});
  }
  return table;
}

int Record(RunContext& context, const RecordFlags& flags) {
  const absl::StatusOr<v1::RecordReviewRequest> request = RequestOf(context, flags);
  if (!request.ok()) return context.FailUsage(request.status());
  const absl::StatusOr<v1::RecordReviewResponse> response = context.client().RecordReview(*request, context.Call());
  if (!response.ok()) return context.Fail(response.status());
  if (context.PrintedJson(*response)) return kExitOk;
  if (context.output == Output::kCsv) {
    google::protobuf::RepeatedPtrField<v1::Review> reviews;
    *reviews.Add() = response->review();
    context.Print(ReviewTable(reviews));
  }
  context.Say("review " + LastPart(response->review().name()) + " is stored; " +
              Counted(response->covered_count(), "record") + (response->covered_count() == 1 ? " is" : " are") + " reviewed by it first" +
              (response->recalculating() ? " so far, and more are being looked through" : ""));
  if (const std::string& question = response->review().next_question(); !question.empty()) context.Say("ask next: " + question);
  return kExitOk;
}

int List(RunContext& context, const std::string& team) {
  const absl::StatusOr<std::string> parent = context.NameIn("teams", team);
  if (!parent.ok()) return context.FailUsage(parent.status());
  v1::ListReviewsRequest request;
  request.set_parent(*parent);
  request.set_page_size(1000);
  v1::ListReviewsResponse all;
  do {
    absl::StatusOr<v1::ListReviewsResponse> page = context.client().ListReviews(request, context.Call());
    if (!page.ok()) return context.Fail(page.status());
    request.set_page_token(page->next_page_token());
    page->clear_next_page_token();
    all.MergeFrom(*page);
  } while (!request.page_token().empty());
  if (!context.PrintedJson(all)) context.Print(ReviewTable(all.reviews()));
  return kExitOk;
}

}  // namespace

void AddReview(CommandSet& commands) {
  CLI::App* review = commands.Add(nullptr, "review", "Meetings in which a team interpreted evidence");

  auto flags = std::make_shared<RecordFlags>();
  CLI::App* record = commands.Add(review, "record", "Store a review", kRecordText);
  record->add_option("team", flags->team, "The team's id")->required()->type_name("TEAM");
  record->add_option("--date", flags->date, "Of the meeting")->required()->type_name("DATE");
  record->add_option("--id", flags->id, "The review's id [TEAM-DATE]")->type_name("ID");
  record->add_option("--indicator", flags->indicators, "An indicator looked at; repeatable")
      ->allow_extra_args(false)
      ->type_name("ID");
  record->add_option("--evidence", flags->evidence, "A record looked at; repeatable")
      ->allow_extra_args(false)
      ->type_name("SOURCE/EVIDENCE_ID");
  record->add_option("--decision", flags->decision, "What was decided")->type_name("TEXT");
  record->add_option("--verdict", flags->verdict, "What is to become of the practice: continue, adjust, stop or spread")
      ->type_name("VERDICT");
  record->add_option("--outcome", flags->outcome, "What came of it: improved or not-improved")->type_name("OUTCOME");
  record->add_option("--cause", flags->cause, "Whether the team knows why: understood or not-understood")->type_name("CAUSE");
  record->add_option("--inquiry", flags->inquiry, "The team's inquiry that it was about")->type_name("ID");
  record
      ->add_option("--participants", flags->participants,
                   "How many of a role took part: principal, assistant-principal, teacher-leader, teacher, coach, specialist, counselor, "
                   "district-leader, student, family or other; repeatable")
      ->allow_extra_args(false)
      ->type_name("ROLE=COUNT");
  record
      ->add_option("--collaboration", flags->collaboration,
                   "How they worked together: storytelling-and-scanning, aid-and-assistance, sharing or joint-work")
      ->type_name("KIND");
  commands.OnRun(record, [&commands, flags] { return Record(commands.context(), *flags); });

  auto team = std::make_shared<std::string>();
  CLI::App* list = commands.Add(review, "list", "A team's reviews");
  list->add_option("team", *team, "The team's id")->required()->type_name("TEAM");
  commands.OnRun(list, [&commands, team] { return List(commands.context(), *team); });
}

}  // namespace leadlag::cli
