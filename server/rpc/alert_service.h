// leadlag.v1.AlertService over the engine and the feed: converts, delegates, converts. Thread safe. Engine, feed and
// calls are borrowed.
//
// A subscriber's call is a sink of the feed: it holds at most one message, the one being written. It finishes when the client goes, when
// the feed closes it, or when the feed drains.
#pragma once

#include <string>

#include "leadlag/v1/alert_service.grpc.pb.h"
#include "server/engine/engine.h"
#include "server/feed.h"
#include "server/rpc/open_calls.h"

namespace leadlag {

// Raw methods: see wire.h for why.
using AlertServiceBase = v1::AlertService::WithRawCallbackMethod_Subscribe<
    v1::AlertService::WithRawCallbackMethod_ListAlerts<
        v1::AlertService::WithRawCallbackMethod_GetAlert<v1::AlertService::WithRawCallbackMethod_Acknowledge<
            v1::AlertService::WithRawCallbackMethod_Snooze<v1::AlertService::Service>>>>>;

class AlertService final : public AlertServiceBase {
 public:
  // FeedOptions::encode of the feed that Subscribe follows.
  static std::string EncodeFlip(const std::string& district, const TimelineFlip& flip);

  AlertService(Engine* engine, FlipFeed* feed, OpenCalls* calls) : engine_(engine), feed_(feed), calls_(calls) {}

  grpc::ServerWriteReactor<grpc::ByteBuffer>* Subscribe(grpc::CallbackServerContext* context,
                                                        const grpc::ByteBuffer* request) override;
  grpc::ServerUnaryReactor* ListAlerts(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                       grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* GetAlert(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                     grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* Acknowledge(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                        grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* Snooze(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                   grpc::ByteBuffer* response) override;

 private:
  // Of what is asked to be done with an alert, and answered with the alert as it is then.
  template <typename Request, typename Response>
  grpc::ServerUnaryReactor* Handle(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                   grpc::ByteBuffer* response);

  Engine* const engine_;
  FlipFeed* const feed_;
  OpenCalls* const calls_;
};

}  // namespace leadlag
