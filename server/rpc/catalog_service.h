// leadlag.v1.CatalogService over the engine: converts, delegates, converts. Thread safe. The engine is borrowed.
#pragma once

#include "leadlag/v1/catalog_service.grpc.pb.h"
#include "server/engine/engine.h"
#include "server/rpc/open_calls.h"

namespace leadlag {

// Raw methods: see wire.h for why.
using CatalogServiceBase = v1::CatalogService::WithRawCallbackMethod_ApplyCatalog<
    v1::CatalogService::WithRawCallbackMethod_ExportCatalog<v1::CatalogService::WithRawCallbackMethod_GetDistrict<
        v1::CatalogService::WithRawCallbackMethod_ListDistricts<v1::CatalogService::WithRawCallbackMethod_GetTeam<
            v1::CatalogService::WithRawCallbackMethod_ListTeams<
                v1::CatalogService::WithRawCallbackMethod_ListCatalogVersions<v1::CatalogService::Service>>>>>>>;

class CatalogService final : public CatalogServiceBase {
 public:
  CatalogService(Engine* engine, OpenCalls* calls) : engine_(engine), calls_(calls) {}

  grpc::ServerUnaryReactor* ApplyCatalog(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                         grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* ExportCatalog(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                          grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* GetDistrict(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                        grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* ListDistricts(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                          grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* GetTeam(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                    grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* ListTeams(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                      grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* ListCatalogVersions(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                                grpc::ByteBuffer* response) override;

 private:
  Engine* const engine_;
  OpenCalls* const calls_;
};

}  // namespace leadlag
