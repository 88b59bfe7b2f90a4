// leadlag.v1.CadenceService over the engine: converts, delegates, converts. Thread safe. The engine is borrowed.
#pragma once

#include <atomic>

#include "leadlag/v1/cadence_service.grpc.pb.h"
#include "server/engine/engine.h"
#include "server/engine/queries.h"
#include "server/rpc/backtest_runs.h"
#include "server/rpc/names.h"
#include "server/rpc/open_calls.h"
#include "server/rpc/overview_cache.h"

namespace leadlag {

// Raw methods: see wire.h for why.
using CadenceServiceBase = v1::CadenceService::WithRawCallbackMethod_GetTeamCadence<
    v1::CadenceService::WithRawCallbackMethod_ListTeamCadence<v1::CadenceService::WithRawCallbackMethod_GetEvidenceLatency<
        v1::CadenceService::WithRawCallbackMethod_GetTimeline<v1::CadenceService::WithRawCallbackMethod_GetRunChart<
            v1::CadenceService::WithRawCallbackMethod_Backtest<v1::CadenceService::Service>>>>>>;

class CadenceService final : public CadenceServiceBase {
 public:
  CadenceService(Engine* engine, OpenCalls* calls, BacktestWaits waits)
      : engine_(engine), calls_(calls), backtests_(engine, calls, waits) {}

  grpc::ServerUnaryReactor* GetTeamCadence(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                           grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* ListTeamCadence(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                            grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* GetEvidenceLatency(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                               grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* GetTimeline(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                        grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* GetRunChart(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                        grpc::ByteBuffer* response) override;
  grpc::ServerWriteReactor<grpc::ByteBuffer>* Backtest(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request) override {
    return backtests_.Start(context, request);
  }

  // Ends the back-tests under way with UNAVAILABLE, soon. Idempotent.
  void Drain() { backtests_.Drain(); }

 private:
  // GetEvidenceLatency with as_of.
  absl::StatusOr<v1::GetEvidenceLatencyResponse> PastLatency(const v1::GetEvidenceLatencyRequest& request, const TeamName& name,
                                                             const LatencyQuery& query);

  Engine* const engine_;
  OpenCalls* const calls_;
  OverviewCache overviews_;
  BacktestRuns backtests_;
  std::atomic<int> past_questions_ = 0;  // that are being answered
};

}  // namespace leadlag
