// leadlag.v1.EvidenceService over the engine: converts, delegates, converts. StreamEvidence is rpc/stream_evidence. Thread safe.
// Engine, streams and calls are borrowed.
#pragma once

#include "leadlag/v1/evidence_service.grpc.pb.h"
#include "server/engine/engine.h"
#include "server/rpc/open_calls.h"
#include "server/rpc/stream_evidence.h"

namespace leadlag {

// Raw methods: see wire.h for why.
using EvidenceServiceBase = v1::EvidenceService::WithRawCallbackMethod_RecordEvidence<
    v1::EvidenceService::WithRawCallbackMethod_StreamEvidence<v1::EvidenceService::WithRawCallbackMethod_ListEvidence<
        v1::EvidenceService::WithRawCallbackMethod_GetEvidence<v1::EvidenceService::WithRawCallbackMethod_VoidEvidence<
            v1::EvidenceService::WithRawCallbackMethod_RecordReview<
                v1::EvidenceService::WithRawCallbackMethod_ListReviews<v1::EvidenceService::Service>>>>>>>;

class EvidenceService final : public EvidenceServiceBase {
 public:
  EvidenceService(Engine* engine, EvidenceStreams* streams, OpenCalls* calls)
      : engine_(engine), streams_(streams), calls_(calls) {}

  grpc::ServerUnaryReactor* RecordEvidence(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                           grpc::ByteBuffer* response) override;
  grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* StreamEvidence(grpc::CallbackServerContext* context) override;
  grpc::ServerUnaryReactor* ListEvidence(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                         grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* GetEvidence(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                        grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* VoidEvidence(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                         grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* RecordReview(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                         grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* ListReviews(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                        grpc::ByteBuffer* response) override;

 private:
  Engine* const engine_;
  EvidenceStreams* const streams_;
  OpenCalls* const calls_;
};

}  // namespace leadlag
