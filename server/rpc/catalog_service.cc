#include "server/rpc/catalog_service.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "core/limits.h"
#include "core/problem.h"
#include "server/engine/queries.h"
#include "server/rpc/convert.h"
#include "server/rpc/convert_catalog.h"
#include "server/rpc/names.h"
#include "server/rpc/page_token.h"
#include "server/rpc/unary.h"
#include "storage/keys.h"
#include "storage/records.h"

namespace leadlag {
namespace {

v1::CatalogVersion VersionToProto(uint32_t version, Instant applied) {
  v1::CatalogVersion proto;
  proto.set_version(static_cast<int32_t>(version));
  if (version != 0) *proto.mutable_applied_time() = ToProto(applied);
  return proto;
}

absl::StatusOr<std::optional<uint32_t>> ExpectedVersion(const v1::ApplyCatalogRequest& request) {
  if (!request.has_expected_version()) return std::optional<uint32_t>();
  if (request.expected_version() < 0) {
    return InvalidField("expected_version", "is a version, or 0 for \"no catalog yet\"");
  }
  return std::optional<uint32_t>(static_cast<uint32_t>(request.expected_version()));
}

v1::ApplyCatalogResponse ApplyResponse(const CatalogOutcome& outcome) {
  v1::ApplyCatalogResponse response;
  *response.mutable_catalog() = VersionToProto(outcome.version, outcome.applied);
  const size_t shown = std::min(outcome.changes.size(), kCatalogChangesMax);
  for (size_t i = 0; i < shown; ++i) *response.add_changes() = ToProto(outcome.changes[i]);
  response.set_change_count(static_cast<int32_t>(outcome.changes.size()));
  response.set_recalculating(outcome.recalculating);
  return response;
}

v1::District DistrictToProto(const DistrictReader& reader) {
  const DistrictCatalog& catalog = *reader->catalog();
  v1::District proto;
  proto.set_name(FormatDistrictName(reader->id()));
  proto.set_display_name(catalog.catalog().display_name);
  proto.set_time_zone(catalog.catalog().time_zone);
  *proto.mutable_catalog() = VersionToProto(reader->catalog_version(), reader->catalog_applied());
  proto.set_team_count(static_cast<int32_t>(catalog.catalog().teams.size()));
  size_t watches = 0;
  for (TeamNumber team = 0; team < reader->interned().teams.size(); ++team) watches += catalog.SubjectsOf(team).size();
  proto.set_watch_count(static_cast<int32_t>(watches));
  proto.set_recalculating(BasisOf(reader).recalculating);
  if (reader->settling_until() > reader.now()) *proto.mutable_settling_until() = ToProto(reader->settling_until());
  return proto;
}

absl::StatusOr<CatalogRecord> ReadVersion(const DistrictReader& reader, uint32_t version) {
  const absl::StatusOr<std::optional<std::string>> bytes =
      reader->store().Get(CatalogVersionKey{reader->number(), version}.Encode());
  if (!bytes.ok()) return bytes.status();
  if (!*bytes) return absl::DataLossError(absl::StrCat("catalog version ", version, " is missing; restore from a backup"));
  return DecodeCatalogRecord(**bytes);
}

}  // namespace

grpc::ServerUnaryReactor* CatalogService::ApplyCatalog(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                                       grpc::ByteBuffer* response) {
  const auto handler = [this](std::shared_ptr<v1::ApplyCatalogRequest> request,
                              const Answerer<v1::ApplyCatalogResponse>& answer) {
    if (request->catalog().ByteSizeLong() > kCatalogBytesMax) {
      return answer(InvalidField("catalog", absl::StrCat("has ", request->catalog().ByteSizeLong(),
                                                         " bytes; make it at most ", kCatalogBytesMax)));
    }
    const absl::StatusOr<std::optional<uint32_t>> expected = ExpectedVersion(*request);
    if (!expected.ok()) return answer(expected.status());
    absl::StatusOr<Catalog> catalog = CatalogFromProto(request->catalog());
    if (!catalog.ok()) return answer(catalog.status());
    if (request->dry_run()) {
      const absl::StatusOr<CatalogOutcome> outcome = engine_->DryRun(*catalog, *expected);
      if (!outcome.ok()) return answer(outcome.status());
      return answer(ApplyResponse(*outcome));
    }
    ApplyCatalogCommand command;
    command.catalog = *std::move(catalog);
    command.expected_version = *expected;
    std::string district = command.catalog.district;
    engine_->Submit(std::move(district), std::move(command), "", [answer](absl::StatusOr<Outcome> outcome) {
      if (!outcome.ok()) return answer(outcome.status());
      answer(ApplyResponse(std::get<CatalogOutcome>(*outcome)));
    });
  };
  return AnswerLater<v1::ApplyCatalogRequest, v1::ApplyCatalogResponse>(calls_, context, request, response, handler);
}

grpc::ServerUnaryReactor* CatalogService::ExportCatalog(grpc::CallbackServerContext* context,
                                                        const grpc::ByteBuffer* request, grpc::ByteBuffer* response) {
  using Result = absl::StatusOr<v1::ExportCatalogResponse>;
  const auto handler = [this](const v1::ExportCatalogRequest& request) -> Result {
    const absl::StatusOr<std::string> district = ParseDistrictName(request.name(), "name");
    if (!district.ok()) return district.status();
    if (request.version() < 0) return InvalidField("version", "is a version, or 0 for the one in force");
    std::optional<CatalogRecord> record;
    uint32_t version = static_cast<uint32_t>(request.version());
    {
      const absl::StatusOr<DistrictReader> reader = engine_->Read(*district);
      if (!reader.ok()) return reader.status();
      if (version == 0) version = (*reader)->catalog_version();
      if (version > (*reader)->catalog_version()) {
        return AsStatus(Problem{absl::StatusCode::kNotFound, "version",
                                absl::StrCat("there is no version ", version, "; ", (*reader)->catalog_version(),
                                             " is in force")});
      }
      absl::StatusOr<CatalogRecord> read = ReadVersion(*reader, version);
      if (!read.ok()) return read.status();
      record = *std::move(read);
    }
    v1::ExportCatalogResponse response;
    *response.mutable_catalog() = ToProto(record->catalog);
    *response.mutable_version() = VersionToProto(version, record->applied);
    return response;
  };
  return Answer<v1::ExportCatalogRequest, v1::ExportCatalogResponse>(calls_, context, request, response, handler);
}

grpc::ServerUnaryReactor* CatalogService::GetDistrict(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                                      grpc::ByteBuffer* response) {
  using Result = absl::StatusOr<v1::GetDistrictResponse>;
  const auto handler = [this](const v1::GetDistrictRequest& request) -> Result {
    const absl::StatusOr<std::string> district = ParseDistrictName(request.name(), "name");
    if (!district.ok()) return district.status();
    const absl::StatusOr<DistrictReader> reader = engine_->Read(*district);
    if (!reader.ok()) return reader.status();
    v1::GetDistrictResponse response;
    *response.mutable_district() = DistrictToProto(*reader);
    return response;
  };
  return Answer<v1::GetDistrictRequest, v1::GetDistrictResponse>(calls_, context, request, response, handler);
}

grpc::ServerUnaryReactor* CatalogService::ListDistricts(grpc::CallbackServerContext* context,
                                                        const grpc::ByteBuffer* request, grpc::ByteBuffer* response) {
  using Result = absl::StatusOr<v1::ListDistrictsResponse>;
  const auto handler = [this](const v1::ListDistrictsRequest& request) -> Result {
    const absl::StatusOr<size_t> size = PageSize(request.page_size(), kPageSizeDefault, kPageSizeMax);
    if (!size.ok()) return size.status();
    const PageQuestion question("ListDistricts", "");
    const absl::StatusOr<std::string> after = question.CursorOf(request.page_token());
    if (!after.ok()) return after.status();
    const std::vector<std::string> districts = engine_->Districts();
    v1::ListDistrictsResponse response;
    std::string last;
    for (auto id = std::upper_bound(districts.begin(), districts.end(), *after); id != districts.end(); ++id) {
      if (static_cast<size_t>(response.districts_size()) == *size) {
        response.set_next_page_token(question.TokenFor(last));
        break;
      }
      const absl::StatusOr<DistrictReader> reader = engine_->Read(*id);
      if (!reader.ok()) return reader.status();
      *response.add_districts() = DistrictToProto(*reader);
      last = *id;
    }
    return response;
  };
  return Answer<v1::ListDistrictsRequest, v1::ListDistrictsResponse>(calls_, context, request, response, handler);
}

grpc::ServerUnaryReactor* CatalogService::GetTeam(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                                  grpc::ByteBuffer* response) {
  using Result = absl::StatusOr<v1::GetTeamResponse>;
  const auto handler = [this](const v1::GetTeamRequest& request) -> Result {
    const absl::StatusOr<TeamName> name = ParseTeamName(request.name(), "name");
    if (!name.ok()) return name.status();
    const absl::StatusOr<DistrictReader> reader = engine_->Read(name->district);
    if (!reader.ok()) return reader.status();
    const absl::StatusOr<TeamNumber> number = FindTeam(*reader, name->team);
    if (!number.ok()) return number.status();
    v1::GetTeamResponse response;
    *response.mutable_team() = ToProto(*(*reader)->catalog()->FindTeam(*number)->team);
    return response;
  };
  return Answer<v1::GetTeamRequest, v1::GetTeamResponse>(calls_, context, request, response, handler);
}

grpc::ServerUnaryReactor* CatalogService::ListTeams(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                                    grpc::ByteBuffer* response) {
  using Result = absl::StatusOr<v1::ListTeamsResponse>;
  const auto handler = [this](const v1::ListTeamsRequest& request) -> Result {
    const absl::StatusOr<std::string> district = ParseDistrictName(request.parent(), "parent");
    if (!district.ok()) return district.status();
    const absl::StatusOr<size_t> size = PageSize(request.page_size(), kPageSizeDefault, kPageSizeMax);
    if (!size.ok()) return size.status();
    const Labels labels = LabelsFromProto(request.labels());
    const PageQuestion question = PageQuestion("ListTeams", request.parent()).With(labels);
    const absl::StatusOr<std::string> after = question.CursorOf(request.page_token());
    if (!after.ok()) return after.status();

    std::shared_ptr<const DistrictCatalog> catalog;  // holds the teams when the reader is gone
    {
      const absl::StatusOr<DistrictReader> reader = engine_->Read(*district);
      if (!reader.ok()) return reader.status();
      catalog = (*reader)->catalog();
    }
    std::vector<const Team*> teams;
    for (const Team& team : catalog->catalog().teams) {
      if (team.id > *after && Matches(team.labels, labels)) teams.push_back(&team);
    }
    const size_t found = teams.size();
    std::partial_sort(teams.begin(), teams.begin() + static_cast<ptrdiff_t>(std::min(*size, found)), teams.end(),
                      [](const Team* a, const Team* b) { return a->id < b->id; });
    teams.resize(std::min(*size, found));
    v1::ListTeamsResponse response;
    const size_t shown = FillPage(teams, response.mutable_teams(), [](const Team* team) { return ToProto(*team); });
    if (shown < found) response.set_next_page_token(question.TokenFor(teams[shown - 1]->id));
    return response;
  };
  return Answer<v1::ListTeamsRequest, v1::ListTeamsResponse>(calls_, context, request, response, handler);
}

grpc::ServerUnaryReactor* CatalogService::ListCatalogVersions(grpc::CallbackServerContext* context,
                                                              const grpc::ByteBuffer* request, grpc::ByteBuffer* response) {
  using Result = absl::StatusOr<v1::ListCatalogVersionsResponse>;
  const auto handler = [this](const v1::ListCatalogVersionsRequest& request) -> Result {
    const absl::StatusOr<std::string> district = ParseDistrictName(request.parent(), "parent");
    if (!district.ok()) return district.status();
    const absl::StatusOr<size_t> size = PageSize(request.page_size(), kPageSizeDefault, kPageSizeMax);
    if (!size.ok()) return size.status();
    const PageQuestion question("ListCatalogVersions", request.parent());
    const absl::StatusOr<std::string> cursor = question.CursorOf(request.page_token());
    if (!cursor.ok()) return cursor.status();
    uint32_t version = 0;
    if (!cursor->empty() && !absl::SimpleAtoi(*cursor, &version)) {
      return InvalidField("page_token", "is not a token of this question");
    }
    v1::ListCatalogVersionsResponse response;
    while (true) {
      // A reader a version: a whole catalog is read for each, and the writer must not wait for all of them.
      const absl::StatusOr<DistrictReader> reader = engine_->Read(*district);
      if (!reader.ok()) return reader.status();
      if (version >= (*reader)->catalog_version()) return response;
      if (static_cast<size_t>(response.versions_size()) == *size) {
        response.set_next_page_token(question.TokenFor(std::to_string(version)));
        return response;
      }
      const absl::StatusOr<CatalogRecord> record = ReadVersion(*reader, ++version);
      if (!record.ok()) return record.status();
      *response.add_versions() = VersionToProto(version, record->applied);
    }
  };
  return Answer<v1::ListCatalogVersionsRequest, v1::ListCatalogVersionsResponse>(calls_, context, request, response, handler);
}

}  // namespace leadlag
