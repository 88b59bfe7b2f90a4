#include "server/rpc/inquiry_service.h"

#include <memory>
#include <string>
#include <utility>

#include "core/limits.h"
#include "core/problem.h"
#include "server/engine/queries.h"
#include "server/rpc/convert_inquiry.h"
#include "server/rpc/names.h"
#include "server/rpc/page_token.h"
#include "server/rpc/unary.h"

namespace leadlag {
namespace {

const Catalog& CatalogOf(const DistrictReader& reader) { return reader->catalog()->catalog(); }

}  // namespace

grpc::ServerUnaryReactor* InquiryService::RecordInquiry(grpc::CallbackServerContext* context,
                                                        const grpc::ByteBuffer* request, grpc::ByteBuffer* response) {
  const auto handler = [this](std::shared_ptr<v1::RecordInquiryRequest> request,
                              const Answerer<v1::RecordInquiryResponse>& answer) {
    if (!request->has_inquiry()) return answer(InvalidField("inquiry", "is required"));
    if (request->expected_revision() < 0) {
      return answer(InvalidField("expected_revision", "is below 0; give the revision that stands, or 0 where there is none"));
    }
    absl::StatusOr<NamedInquiry> named = InquiryFromProto(request->inquiry(), "inquiry");
    if (!named.ok()) return answer(named.status());
    RecordInquiryCommand command{std::move(named->inquiry), std::nullopt};
    if (request->has_expected_revision()) command.expected_revision = static_cast<uint32_t>(request->expected_revision());
    engine_->Submit(named->district, std::move(command), "",
                    [this, answer, district = named->district](absl::StatusOr<Outcome> outcome) {
                      if (!outcome.ok()) return answer(outcome.status());
                      const absl::StatusOr<DistrictReader> reader = engine_->Read(district);
                      if (!reader.ok()) return answer(reader.status());
                      const InquiryOutcome& recorded = std::get<InquiryOutcome>(*outcome);
                      v1::RecordInquiryResponse response;
                      *response.mutable_inquiry() = ToProto(CatalogOf(*reader), recorded.inquiry);
                      response.set_outcome(static_cast<v1::RecordOutcomeKind>(recorded.kind));
                      answer(std::move(response));
                    });
  };
  return AnswerLater<v1::RecordInquiryRequest, v1::RecordInquiryResponse>(calls_, context, request, response, handler);
}

grpc::ServerUnaryReactor* InquiryService::GetInquiry(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                                     grpc::ByteBuffer* response) {
  using Result = absl::StatusOr<v1::GetInquiryResponse>;
  const auto handler = [this](const v1::GetInquiryRequest& request) -> Result {
    const absl::StatusOr<InquiryName> name = ParseInquiryName(request.name(), "name");
    if (!name.ok()) return name.status();
    const absl::StatusOr<DistrictReader> reader = engine_->Read(name->district);
    if (!reader.ok()) return reader.status();
    const absl::StatusOr<InquiryHistory> history = leadlag::GetInquiry(*reader, name->inquiry);
    if (!history.ok()) return history.status();
    v1::GetInquiryResponse response;
    for (const Inquiry& revision : history->revisions) *response.add_revisions() = ToProto(CatalogOf(*reader), revision);
    *response.mutable_inquiry() = *response.revisions().rbegin();
    return response;
  };
  return Answer<v1::GetInquiryRequest, v1::GetInquiryResponse>(calls_, context, request, response, handler);
}

grpc::ServerUnaryReactor* InquiryService::ListInquiries(grpc::CallbackServerContext* context,
                                                        const grpc::ByteBuffer* request, grpc::ByteBuffer* response) {
  using Result = absl::StatusOr<v1::ListInquiriesResponse>;
  const auto handler = [this](const v1::ListInquiriesRequest& request) -> Result {
    const absl::StatusOr<TeamName> parent = ParseDistrictOrTeamName(request.parent(), "parent");
    if (!parent.ok()) return parent.status();
    if (!request.theme().empty() && !IsId(request.theme())) {
      return InvalidField("theme", Quoted(request.theme()) + " is not a theme's id");
    }
    const absl::StatusOr<size_t> size = PageSize(request.page_size(), kPageSizeDefault, kPageSizeMax);
    if (!size.ok()) return size.status();
    PageQuestion question("ListInquiries", request.parent());
    question.With(request.theme()).With(uint64_t{request.without_priority()});
    const absl::StatusOr<std::string> cursor = question.CursorOf(request.page_token());
    if (!cursor.ok()) return cursor.status();
    const absl::StatusOr<DistrictReader> reader = engine_->Read(parent->district);
    if (!reader.ok()) return reader.status();
    const InquiryQuery query{request.theme(), request.without_priority()};
    const absl::StatusOr<InquiryPage> page = leadlag::ListInquiries(*reader, parent->team, query, *cursor, *size);
    if (!page.ok()) return page.status();
    v1::ListInquiriesResponse response;
    const size_t shown = FillPage(page->inquiries, response.mutable_inquiries(),
                                  [&](const Inquiry& inquiry) { return ToProto(CatalogOf(*reader), inquiry); });
    const bool cut = shown < page->inquiries.size();
    const std::string next = cut ? CursorAfter(page->inquiries[shown - 1]) : page->next;
    if (!next.empty()) response.set_next_page_token(question.TokenFor(next));
    return response;
  };
  return Answer<v1::ListInquiriesRequest, v1::ListInquiriesResponse>(calls_, context, request, response, handler);
}

grpc::ServerUnaryReactor* InquiryService::ListThemes(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                                     grpc::ByteBuffer* response) {
  using Result = absl::StatusOr<v1::ListThemesResponse>;
  const auto handler = [this](const v1::ListThemesRequest& request) -> Result {
    const absl::StatusOr<std::string> district = ParseDistrictName(request.parent(), "parent");
    if (!district.ok()) return district.status();
    const absl::StatusOr<DistrictReader> reader = engine_->Read(*district);
    if (!reader.ok()) return reader.status();
    v1::ListThemesResponse response;
    for (const ListedTheme& theme : leadlag::ListThemes(CatalogOf(*reader))) *response.add_themes() = ToProto(theme);
    return response;
  };
  return Answer<v1::ListThemesRequest, v1::ListThemesResponse>(calls_, context, request, response, handler);
}

}  // namespace leadlag
