// leadlag review record|list: meetings in which a team interpreted evidence.
#include "client/cli/command_set.h"
#include "client/cli/number.h"
#include "client/cli/query_flags.h"

namespace leadlag::cli {
namespace {

constexpr char kRecordText[] =
    "A review covers the records it lists, and those of its indicators dated up to its date, as far as they were known "
    "by then.\n"
    "Without --id it is TEAM-DATE, so that the same command again changes nothing.\n"
    "Example: leadlag review record north --date 2025-10-03 --indicator visits --decision \"visit grade 4 weekly\"";
constexpr size_t kIdBytesMax = 64;

struct RecordFlags {
  std::string team, date, id, decision;
  std::vector<std::string> indicators, evidence;
};

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
  return request;
}

Table ReviewTable(const google::protobuf::RepeatedPtrField<v1::Review>& reviews) {
  Table table({{"date", "DATE"},
               {"review", "REVIEW"},
               {"team", "TEAM"},
               {"indicators", "INDICATORS"},
               {"evidence", "EVIDENCE", true},
               {"decision", "DECISION"}});
  for (const v1::Review& review : reviews) {
    std::string indicators;
    for (const std::string& indicator : review.indicators()) indicators += (indicators.empty() ? "" : " ") + indicator;
    table.AddRow(
        {review.date(), LastPart(review.name()), review.team(), indicators, review.evidence_size(), review.decision()});
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
  commands.OnRun(record, [&commands, flags] { return Record(commands.context(), *flags); });

  auto team = std::make_shared<std::string>();
  CLI::App* list = commands.Add(review, "list", "A team's reviews");
  list->add_option("team", *team, "The team's id")->required()->type_name("TEAM");
  commands.OnRun(list, [&commands, team] { return List(commands.context(), *team); });
}

}  // namespace leadlag::cli
