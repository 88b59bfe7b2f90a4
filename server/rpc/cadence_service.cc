#include "server/rpc/cadence_service.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "core/limits.h"
#include "core/problem.h"
#include "server/engine/past_team.h"
#include "server/engine/queries.h"
#include "server/rpc/convert.h"
#include "server/rpc/convert_cadence.h"
#include "server/rpc/convert_catalog.h"
#include "server/rpc/convert_run_chart.h"
#include "server/rpc/names.h"
#include "server/rpc/page_token.h"
#include "server/rpc/unary.h"

namespace leadlag {
namespace {

// Of a timeline, where none is asked for.
constexpr int kTimelineDaysDefault = 90;

// What GetTeamCadence and GetEvidenceLatency ask alike.
template <typename Request>
absl::StatusOr<CadenceQuery> QueryFromProto(const Request& request) {
  CadenceQuery query;
  const absl::StatusOr<std::optional<SignalKind>> kind = SignalKindFromProto(request.kind(), "kind");
  if (!kind.ok()) return kind.status();
  query.kind = kind->value_or(SignalKind());
  const absl::StatusOr<std::optional<Date>> from = OptionalDateFromProto(request.start_date(), "start_date");
  if (!from.ok()) return from.status();
  query.from = *from;
  const absl::StatusOr<std::optional<Date>> to = OptionalDateFromProto(request.end_date(), "end_date");
  if (!to.ok()) return to.status();
  query.to = *to;
  query.completions = request.include_completions();
  return query;
}

absl::StatusOr<LatencyQuery> LatencyQueryFromProto(const v1::GetEvidenceLatencyRequest& request) {
  absl::StatusOr<CadenceQuery> evidence = QueryFromProto(request);
  if (!evidence.ok()) return evidence.status();
  LatencyQuery query{.evidence = *std::move(evidence), .previous = request.include_previous()};
  switch (request.cycle()) {
    case v1::CYCLE_UNSPECIFIED:
      break;
    case v1::CYCLE_WEEK:
      query.cycle = CycleUnit::kIsoWeek;
      break;
    case v1::CYCLE_MONTH:
      query.cycle = CycleUnit::kMonth;
      break;
    default:
      return InvalidField("cycle", "is no cycle; give WEEK or MONTH, or none");
  }
  return query;
}

// As many of the rows, from the first on, as a page may take.
absl::StatusOr<std::vector<OverviewCache::Row>> RowsWithWatches(const DistrictReader& reader, const std::optional<SignalKind>& kind,
                                                                const std::vector<TeamNumber>& teams) {
  const absl::StatusOr<std::vector<TeamOverview>> overviews = OverviewOf(reader, kind, teams);
  if (!overviews.ok()) return overviews.status();
  std::vector<OverviewCache::Row> rows;
  size_t bytes = 0;
  for (const TeamOverview& overview : *overviews) {
    if (bytes > kPageBytesMax) break;  // no page takes more
    v1::ListTeamCadenceResponse one;
    *one.add_teams() = ToProto(reader->id(), overview, /*include_watches=*/true);
    rows.push_back(std::make_shared<const std::string>(one.SerializeAsString()));
    bytes += rows.back()->size();
  }
  return rows;
}

}  // namespace

grpc::ServerUnaryReactor* CadenceService::GetTeamCadence(grpc::CallbackServerContext* context,
                                                         const grpc::ByteBuffer* request, grpc::ByteBuffer* response) {
  using Result = absl::StatusOr<v1::GetTeamCadenceResponse>;
  const auto handler = [this](const v1::GetTeamCadenceRequest& request) -> Result {
    const absl::StatusOr<TeamName> name = ParseTeamName(request.name(), "name");
    if (!name.ok()) return name.status();
    absl::StatusOr<CadenceQuery> query = QueryFromProto(request);
    if (!query.ok()) return query.status();
    query->dimensions = request.include_dimensions();
    const absl::StatusOr<DistrictReader> reader = engine_->Read(name->district);
    if (!reader.ok()) return reader.status();
    const absl::StatusOr<TeamCadenceAnswer> answer = leadlag::GetTeamCadence(*reader, name->team, *query);
    if (!answer.ok()) return answer.status();
    v1::GetTeamCadenceResponse response;
    *response.mutable_cadence() = ToProto(name->team, query->kind, *answer);
    *response.mutable_basis() = ToProto(BasisOf(*reader));
    return response;
  };
  return Answer<v1::GetTeamCadenceRequest, v1::GetTeamCadenceResponse>(calls_, context, request, response, handler);
}

grpc::ServerUnaryReactor* CadenceService::ListTeamCadence(grpc::CallbackServerContext* context,
                                                          const grpc::ByteBuffer* request, grpc::ByteBuffer* response) {
  using Result = absl::StatusOr<Serialized>;
  const auto handler = [this](const v1::ListTeamCadenceRequest& request) -> Result {
    const absl::StatusOr<std::string> district = ParseDistrictName(request.parent(), "parent");
    if (!district.ok()) return district.status();
    const absl::StatusOr<std::optional<SignalKind>> kind = SignalKindFromProto(request.kind(), "kind");
    if (!kind.ok()) return kind.status();
    const absl::StatusOr<size_t> size = PageSize(request.page_size(), kOverviewPageSizeDefault, kOverviewPageSizeMax);
    if (!size.ok()) return size.status();
    const Labels labels = LabelsFromProto(request.labels());
    PageQuestion question = PageQuestion("ListTeamCadence", request.parent()).With(labels);
    question.With(static_cast<uint64_t>(request.kind().of_case()));
    question.With(static_cast<uint64_t>(request.kind().category())).With(request.kind().indicator());
    question.With(request.include_watches() ? 1 : 0);
    const absl::StatusOr<std::string> after = question.CursorOf(request.page_token());
    if (!after.ok()) return after.status();

    v1::ListTeamCadenceResponse rest;  // of the answer
    std::vector<OverviewCache::Row> rows;
    size_t shown = 0;
    {
      const absl::StatusOr<DistrictReader> reader = engine_->Read(*district);
      if (!reader.ok()) return reader.status();
      const TeamPage page = PageOfTeams(*reader, labels, *after, *size);
      absl::StatusOr<std::vector<OverviewCache::Row>> made =
          request.include_watches() ? RowsWithWatches(*reader, *kind, page.teams) : overviews_.RowsOf(*reader, *kind, page.teams);
      if (!made.ok()) return made.status();
      rows = *std::move(made);
      for (size_t bytes = 0; shown < rows.size(); ++shown) {
        bytes += rows[shown]->size();
        if (shown > 0 && bytes > kPageBytesMax) break;
      }
      if (shown < page.teams.size() || (page.more && shown > 0)) {
        rest.set_next_page_token(question.TokenFor((*reader)->interned().teams.NameOf(page.teams[shown - 1])));
      }
      *rest.mutable_basis() = ToProto(BasisOf(*reader));
    }
    Serialized answer;
    for (size_t i = 0; i < shown; ++i) answer.bytes += *rows[i];
    rest.AppendToString(&answer.bytes);
    return answer;
  };
  return Answer<v1::ListTeamCadenceRequest, Serialized>(calls_, context, request, response, handler);
}

grpc::ServerUnaryReactor* CadenceService::GetEvidenceLatency(grpc::CallbackServerContext* context,
                                                             const grpc::ByteBuffer* request, grpc::ByteBuffer* response) {
  using Result = absl::StatusOr<v1::GetEvidenceLatencyResponse>;
  const auto handler = [this](const v1::GetEvidenceLatencyRequest& request) -> Result {
    const absl::StatusOr<TeamName> name = ParseDistrictOrTeamName(request.name(), "name");
    if (!name.ok()) return name.status();
    if (!name->team.empty() && !request.labels().empty()) {
      return InvalidField("labels", "pick teams of a district; leave them out where name is one team's");
    }
    const absl::StatusOr<LatencyQuery> query = LatencyQueryFromProto(request);
    if (!query.ok()) return query.status();
    if (request.has_as_of()) return PastLatency(request, *name, *query);
    const absl::StatusOr<DistrictReader> reader = engine_->Read(name->district);
    if (!reader.ok()) return reader.status();
    const absl::StatusOr<LatencyAnswer> answer =
        leadlag::GetEvidenceLatency(*reader, name->team, LabelsFromProto(request.labels()), *query);
    if (!answer.ok()) return answer.status();
    v1::GetEvidenceLatencyResponse response = ToProto(*answer);
    *response.mutable_basis() = ToProto(BasisOf(*reader));
    return response;
  };
  return Answer<v1::GetEvidenceLatencyRequest, v1::GetEvidenceLatencyResponse>(calls_, context, request, response, handler);
}

absl::StatusOr<v1::GetEvidenceLatencyResponse> CadenceService::PastLatency(const v1::GetEvidenceLatencyRequest& request,
                                                                           const TeamName& name, const LatencyQuery& query) {
  if (name.team.empty()) return InvalidField("as_of", "is answered for one team; name it, or leave as_of out");
  const absl::StatusOr<Instant> as_of = InstantFromProto(request.as_of(), "as_of");
  if (!as_of.ok()) return as_of.status();
  if (past_questions_.fetch_add(1) >= kPastQuestionsMax) {
    past_questions_.fetch_sub(1);
    return AsStatus(Problem{absl::StatusCode::kResourceExhausted, "as_of",
                            absl::StrCat(kPastQuestionsMax, " questions as of a past moment are being answered, and no more are at once; "
                                         "try again when one is done")});
  }
  const absl::Cleanup done = [this] { past_questions_.fetch_sub(1); };
  const auto take = [&]() -> absl::StatusOr<PastMoment> {
    const absl::StatusOr<DistrictReader> reader = engine_->Read(name.district);
    if (!reader.ok()) return reader.status();
    return TakePastMoment(*reader, name.team, *as_of);
  };
  // The reader has ended, and the writer goes on: all of the team's records are read.
  const absl::StatusOr<PastMoment> moment = take();
  if (!moment.ok()) return moment.status();
  const absl::StatusOr<PastLatencyAnswer> past = GetPastEvidenceLatency(*moment, query);
  if (!past.ok()) return past.status();
  v1::GetEvidenceLatencyResponse response = ToProto(past->answer);
  *response.mutable_basis()->mutable_answered_time() = ToProto(*as_of);
  response.mutable_basis()->set_catalog_version(static_cast<int32_t>(past->catalog_version));
  return response;
}

grpc::ServerUnaryReactor* CadenceService::GetTimeline(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                                      grpc::ByteBuffer* response) {
  using Result = absl::StatusOr<v1::GetTimelineResponse>;
  const auto handler = [this](const v1::GetTimelineRequest& request) -> Result {
    const absl::StatusOr<TeamName> name = ParseTeamName(request.name(), "name");
    if (!name.ok()) return name.status();
    const absl::StatusOr<std::optional<Date>> from = OptionalDateFromProto(request.start_date(), "start_date");
    if (!from.ok()) return from.status();
    const absl::StatusOr<std::optional<Date>> to = OptionalDateFromProto(request.end_date(), "end_date");
    if (!to.ok()) return to.status();
    const absl::StatusOr<DistrictReader> reader = engine_->Read(name->district);
    if (!reader.ok()) return reader.status();
    const absl::StatusOr<TeamNumber> team = FindTeam(*reader, name->team);
    if (!team.ok()) return team.status();
    const Date today = (*reader)->catalog()->FindTeam(*team)->zone->LocalDate(reader->now());
    DateRange window;
    window.to = to->value_or(today + 2);  // evidence may be dated tomorrow
    window.from = from->value_or(window.to - kTimelineDaysDefault);
    const absl::StatusOr<std::vector<TimelineItem>> items = leadlag::GetTimeline(*reader, name->team, window);
    if (!items.ok()) return items.status();
    v1::GetTimelineResponse response;
    for (const TimelineItem& item : *items) *response.add_items() = ToProto(name->district, item);
    *response.mutable_basis() = ToProto(BasisOf(*reader));
    if (const std::optional<Date> from = FlipsFrom(*reader, *team); from && window.from < *from) {
      response.set_flips_from_date(from->ToString());
    }
    return response;
  };
  return Answer<v1::GetTimelineRequest, v1::GetTimelineResponse>(calls_, context, request, response, handler);
}

grpc::ServerUnaryReactor* CadenceService::GetRunChart(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                                      grpc::ByteBuffer* response) {
  using Result = absl::StatusOr<v1::GetRunChartResponse>;
  const auto handler = [this](const v1::GetRunChartRequest& request) -> Result {
    const absl::StatusOr<TeamName> name = ParseTeamName(request.name(), "name");
    if (!name.ok()) return name.status();
    const absl::StatusOr<RunChartQuery> query = RunChartQueryFromProto(request);
    if (!query.ok()) return query.status();
    const absl::StatusOr<DistrictReader> reader = engine_->Read(name->district);
    if (!reader.ok()) return reader.status();
    const absl::StatusOr<RunChartAnswer> answer = leadlag::GetRunChart(*reader, name->team, *query);
    if (!answer.ok()) return answer.status();
    v1::GetRunChartResponse response = ToProto(*answer);
    *response.mutable_basis() = ToProto(BasisOf(*reader));
    return response;
  };
  return Answer<v1::GetRunChartRequest, v1::GetRunChartResponse>(calls_, context, request, response, handler);
}

}  // namespace leadlag
