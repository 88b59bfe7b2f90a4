// leadlag.v1.InquiryService over the engine: converts, delegates, converts. Thread safe. Engine and calls are borrowed.
#pragma once

#include "leadlag/v1/inquiry_service.grpc.pb.h"
#include "server/engine/engine.h"
#include "server/rpc/open_calls.h"

namespace leadlag {

// Raw methods: see wire.h for why.
using InquiryServiceBase = v1::InquiryService::WithRawCallbackMethod_RecordInquiry<
    v1::InquiryService::WithRawCallbackMethod_GetInquiry<
        v1::InquiryService::WithRawCallbackMethod_ListInquiries<
            v1::InquiryService::WithRawCallbackMethod_ListThemes<v1::InquiryService::Service>>>>;

class InquiryService final : public InquiryServiceBase {
 public:
  InquiryService(Engine* engine, OpenCalls* calls) : engine_(engine), calls_(calls) {}

  grpc::ServerUnaryReactor* RecordInquiry(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                          grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* GetInquiry(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                       grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* ListInquiries(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                          grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* ListThemes(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                       grpc::ByteBuffer* response) override;

 private:
  Engine* const engine_;
  OpenCalls* const calls_;
};

}  // namespace leadlag
