#include "server/rpc/evidence_service.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/limits.h"
#include "core/problem.h"
#include "server/engine/queries.h"
#include "server/rpc/convert.h"
#include "server/rpc/convert_evidence.h"
#include "server/rpc/convert_review.h"
#include "server/rpc/evidence_batch.h"
#include "server/rpc/names.h"
#include "server/rpc/page_token.h"
#include "server/rpc/plain_text.h"
#include "server/rpc/unary.h"

namespace leadlag {
namespace {

// One record as it stands, with its revisions.
absl::StatusOr<EvidenceHistory> ReadEvidence(const Engine& engine, const EvidenceName& name) {
  const absl::StatusOr<DistrictReader> reader = engine.Read(name.district);
  if (!reader.ok()) return reader.status();
  return leadlag::GetEvidence(*reader, name.source, name.evidence_id);
}

absl::Status NotVoided(const EvidenceAnswer& evidence) {
  const std::optional<uint64_t>& version = evidence.current.content.source_version;
  if (version) {
    return AsStatus(Problem{absl::StatusCode::kFailedPrecondition, "source_version",
                            "is not above " + std::to_string(*version) + ", the record's own; the record was not voided"});
  }
  return AsStatus(Problem{absl::StatusCode::kFailedPrecondition, "reason",
                          "is that of an earlier void, after which the record was corrected; the record was not voided. Give "
                          "another reason"});
}

// The command that voids one record as the request asks.
absl::StatusOr<RecordEvidenceCommand> VoidCommand(const v1::VoidEvidenceRequest& request, const EvidenceName& name,
                                                  const EvidenceAnswer& evidence) {
  if (evidence.current.content.source_version && !request.has_source_version()) {
    return InvalidField("source_version", "is required: the record's revisions carry one; give one above " +
                                              std::to_string(*evidence.current.content.source_version));
  }
  RecordEvidenceCommand command;
  command.source = name.source;
  EvidenceItem& item = command.items.emplace_back();
  item.evidence_id = name.evidence_id;
  item.content.value = Void{};
  item.content.note = request.reason();
  if (request.has_source_version()) item.content.source_version = request.source_version();
  return command;
}

}  // namespace

grpc::ServerUnaryReactor* EvidenceService::RecordEvidence(grpc::CallbackServerContext* context,
                                                          const grpc::ByteBuffer* bytes, grpc::ByteBuffer* response) {
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  const Answerer<v1::RecordEvidenceResponse> answer(calls_, context, reactor, response, "parent");
  const auto run = [&]() -> absl::Status {
    if (absl::Status status = calls_->Begin(); !status.ok()) return status;
    v1::RecordEvidenceRequest request;
    std::vector<std::string> repaired;
    if (absl::Status status = Parse(*bytes, request, repaired); !status.ok()) return status;
    const absl::StatusOr<SourceName> parent = ParseSourceName(request.parent(), "parent");
    if (!parent.ok()) return parent.status();
    absl::StatusOr<PreparedBatch> batch = PrepareBatch(request, parent->source, "", std::move(repaired));
    if (!batch.ok()) return batch.status();
    auto batch_answer = std::make_shared<EvidenceBatchAnswer>(std::move(batch->answer));
    engine_->Submit(parent->district, std::move(batch->command), "",
                    [answer, batch_answer, outcomes = request.include_outcomes()](absl::StatusOr<Outcome> outcome) {
                      if (!outcome.ok()) return answer(outcome.status());
                      v1::RecordEvidenceResponse response;
                      *response.mutable_result() = batch_answer->Result(std::get<BatchOutcome>(*outcome), outcomes);
                      answer(std::move(response));
                    });
    return absl::OkStatus();
  };
  if (absl::Status status = run(); !status.ok()) answer(status);
  return reactor;
}

grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* EvidenceService::StreamEvidence(
    grpc::CallbackServerContext* context) {
  return streams_->Open(context);
}

grpc::ServerUnaryReactor* EvidenceService::ListEvidence(grpc::CallbackServerContext* context,
                                                        const grpc::ByteBuffer* request, grpc::ByteBuffer* response) {
  using Result = absl::StatusOr<v1::ListEvidenceResponse>;
  const auto handler = [this](const v1::ListEvidenceRequest& request) -> Result {
    const absl::StatusOr<TeamName> name = ParseTeamName(request.parent(), "parent");
    if (!name.ok()) return name.status();
    EvidenceQuery query;
    if (!request.indicator().empty() && !IsId(request.indicator())) {
      return InvalidField("indicator", Quoted(request.indicator()) + " is not an indicator's id");
    }
    query.indicator = request.indicator();
    const absl::StatusOr<std::optional<Date>> from = OptionalDateFromProto(request.start_date(), "start_date");
    if (!from.ok()) return from.status();
    query.from = *from;
    const absl::StatusOr<std::optional<Date>> to = OptionalDateFromProto(request.end_date(), "end_date");
    if (!to.ok()) return to.status();
    query.to = *to;
    query.voided = request.include_voided();
    const absl::StatusOr<size_t> size = PageSize(request.page_size(), kPageSizeDefault, kPageSizeMax);
    if (!size.ok()) return size.status();
    PageQuestion question("ListEvidence", request.parent());
    question.With(request.indicator()).With(request.start_date()).With(request.end_date());
    question.With(uint64_t{request.include_voided()});
    const absl::StatusOr<std::string> cursor = question.CursorOf(request.page_token());
    if (!cursor.ok()) return cursor.status();

    const absl::StatusOr<DistrictReader> reader = engine_->Read(name->district);
    if (!reader.ok()) return reader.status();
    const absl::StatusOr<EvidencePage> page = leadlag::ListEvidence(*reader, name->team, query, *cursor, *size);
    if (!page.ok()) return page.status();
    v1::ListEvidenceResponse response;
    for (const EvidenceAnswer& evidence : page->evidence) *response.add_evidence() = ToProto(name->district, evidence);
    if (!page->next.empty()) response.set_next_page_token(question.TokenFor(page->next));
    return response;
  };
  return Answer<v1::ListEvidenceRequest, v1::ListEvidenceResponse>(calls_, context, request, response, handler);
}

grpc::ServerUnaryReactor* EvidenceService::GetEvidence(grpc::CallbackServerContext* context,
                                                       const grpc::ByteBuffer* request, grpc::ByteBuffer* response) {
  using Result = absl::StatusOr<v1::GetEvidenceResponse>;
  const auto handler = [this](const v1::GetEvidenceRequest& request) -> Result {
    const absl::StatusOr<EvidenceName> name = ParseEvidenceName(request.name(), "name");
    if (!name.ok()) return name.status();
    const absl::StatusOr<EvidenceHistory> history = ReadEvidence(*engine_, *name);
    if (!history.ok()) return history.status();
    v1::GetEvidenceResponse response;
    *response.mutable_evidence() = ToProto(name->district, history->evidence);
    for (const auto& [revision, hidden] : history->revisions) *response.add_revisions() = ToProto(name->evidence_id, revision, hidden);
    return response;
  };
  return Answer<v1::GetEvidenceRequest, v1::GetEvidenceResponse>(calls_, context, request, response, handler);
}

grpc::ServerUnaryReactor* EvidenceService::VoidEvidence(grpc::CallbackServerContext* context,
                                                        const grpc::ByteBuffer* request, grpc::ByteBuffer* response) {
  const auto handler = [this](std::shared_ptr<v1::VoidEvidenceRequest> request,
                              const Answerer<v1::VoidEvidenceResponse>& answer) {
    const absl::StatusOr<EvidenceName> name = ParseEvidenceName(request->name(), "name");
    if (!name.ok()) return answer(name.status());
    if (absl::Status s = CheckRemark(request->reason(), kNoteBytesMax, "reason"); !s.ok()) return answer(s);
    const absl::StatusOr<EvidenceHistory> before = ReadEvidence(*engine_, *name);
    if (!before.ok()) return answer(before.status());
    const auto response_of = [](const EvidenceName& name, const EvidenceAnswer& evidence) {
      v1::VoidEvidenceResponse response;
      *response.mutable_evidence() = ToProto(name.district, evidence);
      return response;
    };
    if (before->evidence.voided) return answer(response_of(*name, before->evidence));
    absl::StatusOr<RecordEvidenceCommand> command = VoidCommand(*request, *name, before->evidence);
    if (!command.ok()) return answer(command.status());
    engine_->Submit(name->district, *std::move(command), "",
                    [this, answer, response_of, name = *name](absl::StatusOr<Outcome> outcome) {
                      if (!outcome.ok()) return answer(outcome.status());
                      const BatchOutcome& batch = std::get<BatchOutcome>(*outcome);
                      if (!batch.failures.empty()) return answer(AsStatus(batch.failures.front().problem));
                      const absl::StatusOr<EvidenceHistory> after = ReadEvidence(*engine_, name);
                      if (!after.ok()) return answer(after.status());
                      // Content equal to an earlier revision changes nothing, and neither does a version that is not above all
                      // others; whoever voids a record must not take that for done.
                      const bool changed = batch.voided_count > 0 && !after->evidence.current.content.source_version;
                      if (!after->evidence.voided && !changed) return answer(NotVoided(after->evidence));
                      answer(response_of(name, after->evidence));
                    });
  };
  return AnswerLater<v1::VoidEvidenceRequest, v1::VoidEvidenceResponse>(calls_, context, request, response, handler);
}

grpc::ServerUnaryReactor* EvidenceService::RecordReview(grpc::CallbackServerContext* context,
                                                        const grpc::ByteBuffer* request, grpc::ByteBuffer* response) {
  const auto handler = [this](std::shared_ptr<v1::RecordReviewRequest> request,
                              const Answerer<v1::RecordReviewResponse>& answer) {
    if (!request->has_review()) return answer(InvalidField("review", "is required"));
    absl::StatusOr<NamedReview> named = ReviewFromProto(request->review(), "review");
    if (!named.ok()) return answer(named.status());
    engine_->Submit(named->district, RecordReviewCommand{std::move(named->review)}, "",
                    [answer, district = named->district](absl::StatusOr<Outcome> outcome) {
                      if (!outcome.ok()) return answer(outcome.status());
                      const ReviewOutcome& review = std::get<ReviewOutcome>(*outcome);
                      v1::RecordReviewResponse response;
                      *response.mutable_review() = ToProto(district, review.review);
                      response.set_covered_count(static_cast<int32_t>(review.covered));
                      response.set_recalculating(review.recalculating);
                      answer(std::move(response));
                    });
  };
  return AnswerLater<v1::RecordReviewRequest, v1::RecordReviewResponse>(calls_, context, request, response, handler);
}

grpc::ServerUnaryReactor* EvidenceService::ListReviews(grpc::CallbackServerContext* context,
                                                       const grpc::ByteBuffer* request, grpc::ByteBuffer* response) {
  using Result = absl::StatusOr<v1::ListReviewsResponse>;
  const auto handler = [this](const v1::ListReviewsRequest& request) -> Result {
    const absl::StatusOr<TeamName> name = ParseTeamName(request.parent(), "parent");
    if (!name.ok()) return name.status();
    const absl::StatusOr<size_t> size = PageSize(request.page_size(), kPageSizeDefault, kPageSizeMax);
    if (!size.ok()) return size.status();
    const PageQuestion question("ListReviews", request.parent());
    const absl::StatusOr<std::string> after = question.CursorOf(request.page_token());
    if (!after.ok()) return after.status();
    const absl::StatusOr<DistrictReader> reader = engine_->Read(name->district);
    if (!reader.ok()) return reader.status();
    const absl::StatusOr<ReviewPage> page = leadlag::ListReviews(*reader, name->team, *after, *size);
    if (!page.ok()) return page.status();
    v1::ListReviewsResponse response;
    const size_t shown = FillPage(page->reviews, response.mutable_reviews(),
                                  [&](const Review& review) { return ToProto(name->district, review); });
    if (shown < page->reviews.size() || (page->more && shown > 0)) {
      response.set_next_page_token(question.TokenFor(page->reviews[shown - 1].id));
    }
    return response;
  };
  return Answer<v1::ListReviewsRequest, v1::ListReviewsResponse>(calls_, context, request, response, handler);
}

}  // namespace leadlag
