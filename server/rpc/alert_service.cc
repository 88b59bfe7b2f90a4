#include "server/rpc/alert_service.h"

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/numbers.h"
#include "absl/synchronization/mutex.h"
#include "core/check.h"
#include "core/limits.h"
#include "core/problem.h"
#include "server/engine/queries.h"
#include "server/rpc/convert.h"
#include "server/rpc/convert_alert.h"
#include "server/rpc/names.h"
#include "server/rpc/page_token.h"
#include "server/rpc/unary.h"

namespace leadlag {
namespace {

// One subscriber's call. Kept alive by itself until gRPC is done with it, and by whoever calls it.
//
// Operations are started with mu_ held, so that none follows Finish. gRPC runs no reaction inside such a call on this thread, and
// OnDone, which may come at any time after Finish, takes no lock.
class SubscribeCall final : public grpc::ServerWriteReactor<grpc::ByteBuffer>, public FeedSink {
 public:
  static std::shared_ptr<SubscribeCall> New(FlipFeed* feed, OpenCalls* calls, grpc::CallbackServerContext* context) {
    auto call = std::make_shared<SubscribeCall>(feed, calls, context);
    call->self_ = call;
    return call;
  }
  SubscribeCall(FlipFeed* feed, OpenCalls* calls, grpc::CallbackServerContext* context)
      : feed_(feed), calls_(calls), context_(context) {}

  // Starts the subscription, or ends the call. Called once.
  void Start(const grpc::ByteBuffer& bytes) {
    v1::SubscribeRequest request;
    absl::Status status = calls_->Begin();
    if (status.ok()) status = ParseStrictly(bytes, request);
    if (status.ok()) status = Subscribe(request);
    if (!status.ok()) Close(status);
  }

  // The feed's side.
  void Send(const FeedMessage& message) override {
    v1::SubscribeResponse response;
    for (const FeedMessage::StandingWatch& watch : message.watches) {
      *response.add_watches() = ToProto(district_, watch.team, watch.standing);
    }
    response.set_token(message.token);
    response.set_snapshot_complete(message.snapshot_complete);
    response.set_recalculating(message.recalculating);
    response.set_through_sequence(static_cast<int64_t>(message.through_sequence));
    // Messages one after the other are one message: the flips, which are encoded already, and the rest.
    Serialized whole;
    for (const FeedFlip* const flip : message.flips) {
      LEADLAG_CHECK(!flip->bytes.empty());  // the feed has EncodeFlip
      whole.bytes += flip->bytes;
    }
    LEADLAG_CHECK(response.AppendToString(&whole.bytes));
    grpc::ByteBuffer buffer = Serialize(whole);

    absl::MutexLock lock(&mu_);
    if (finished_ || closing_) return;
    buffer_.Swap(&buffer);
    writing_ = true;
    StartWrite(&buffer_);
  }
  void Close(const absl::Status& status) override {
    absl::MutexLock lock(&mu_);
    if (finished_ || closing_) return;
    closing_ = status;
    if (!writing_) FinishNow();
  }
  void Cut(const absl::Status& status) override {
    absl::MutexLock lock(&mu_);
    if (finished_) return;
    if (!closing_) closing_ = status;
    if (writing_) {
      context_->TryCancel();  // the write then comes back undone; the client sees CANCELLED
    } else {
      FinishNow();
    }
  }

  // gRPC's side.
  void OnWriteDone(bool ok) override {
    {
      absl::MutexLock lock(&mu_);
      writing_ = false;
      buffer_.Clear();
      if (finished_) return;
      if (!ok && !closing_) closing_ = absl::CancelledError("the subscriber is gone");
      if (closing_) return FinishNow();
    }
    feed_->Ready(id_);
  }
  void OnCancel() override { Close(absl::CancelledError("the subscriber is gone")); }
  void OnDone() override {
    feed_->Remove(id_);
    calls_->End();
    std::shared_ptr<SubscribeCall> last = std::move(self_);  // others may hold on a little longer
  }

 private:
  absl::Status Subscribe(const v1::SubscribeRequest& request) {
    absl::StatusOr<std::string> district = ParseDistrictName(request.parent(), "parent");
    if (!district.ok()) return district.status();
    absl::StatusOr<AlertFilter> filter = AlertFilterFromProto(request.filter(), "filter");
    if (!filter.ok()) return filter.status();
    const absl::StatusOr<FlipFeed::Start> start = StartOf(request);
    if (!start.ok()) return start.status();
    district_ = *std::move(district);
    const absl::StatusOr<uint64_t> id = feed_->Add(district_, *std::move(filter), *start, self_);
    if (!id.ok()) return AtField(id.status(), "parent");
    id_ = *id;
    feed_->Ready(id_);
    return absl::OkStatus();
  }

  static absl::StatusOr<FlipFeed::Start> StartOf(const v1::SubscribeRequest& request) {
    switch (request.start_case()) {
      case v1::SubscribeRequest::kToken: return FlipFeed::Start(std::string(request.token()));
      case v1::SubscribeRequest::kSnapshot:
        if (!request.snapshot()) return InvalidField("snapshot", "is true or absent");
        return FlipFeed::Start(FlipFeed::WithSnapshot());
      case v1::SubscribeRequest::kEarliest:
        if (!request.earliest()) return InvalidField("earliest", "is true or absent");
        return FlipFeed::Start(FlipFeed::FromEarliest());
      case v1::SubscribeRequest::START_NOT_SET: break;
    }
    return FlipFeed::Start(FlipFeed::FromNow());
  }

  void FinishNow() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    finished_ = true;
    Finish(ToGrpcStatus(*closing_, *context_));
  }

  FlipFeed* const feed_;
  OpenCalls* const calls_;
  grpc::CallbackServerContext* const context_;
  std::shared_ptr<SubscribeCall> self_;  // taken by OnDone
  // Set before the feed is told to begin.
  std::string district_;
  std::atomic<uint64_t> id_{0};  // OnCancel may lead to OnDone at any time

  absl::Mutex mu_;
  grpc::ByteBuffer buffer_;  // gRPC's while writing_
  bool writing_ ABSL_GUARDED_BY(mu_) = false;
  bool finished_ ABSL_GUARDED_BY(mu_) = false;
  std::optional<absl::Status> closing_ ABSL_GUARDED_BY(mu_);  // to finish with, once nothing is being written
};

}  // namespace

std::string AlertService::EncodeFlip(const std::string& district, const TimelineFlip& flip) {
  v1::SubscribeResponse one;
  *one.add_flips() = ToProto(district, flip);
  return one.SerializeAsString();
}

grpc::ServerWriteReactor<grpc::ByteBuffer>* AlertService::Subscribe(grpc::CallbackServerContext* context,
                                                                    const grpc::ByteBuffer* request) {
  const std::shared_ptr<SubscribeCall> call = SubscribeCall::New(feed_, calls_, context);
  call->Start(*request);
  return call.get();
}

grpc::ServerUnaryReactor* AlertService::ListAlerts(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                                   grpc::ByteBuffer* response) {
  using Result = absl::StatusOr<v1::ListAlertsResponse>;
  const auto handler = [this](const v1::ListAlertsRequest& request) -> Result {
    const absl::StatusOr<std::string> district = ParseDistrictName(request.parent(), "parent");
    if (!district.ok()) return district.status();
    absl::StatusOr<AlertFilter> filter = AlertFilterFromProto(request.filter(), "filter");
    if (!filter.ok()) return filter.status();
    filter->alerts_only = false;
    const absl::StatusOr<size_t> size = PageSize(request.page_size(), kPageSizeDefault, kPageSizeMax);
    if (!size.ok()) return size.status();
    PageQuestion question("ListAlerts", request.parent());
    question.With(filter->Hash()).With(uint64_t{request.include_closed()});
    const absl::StatusOr<std::string> cursor = question.CursorOf(request.page_token());
    if (!cursor.ok()) return cursor.status();
    uint64_t after = 0;
    if (!cursor->empty() && !absl::SimpleAtoi(*cursor, &after)) {
      return InvalidField("page_token", "is not a token of this question");
    }
    const absl::StatusOr<DistrictReader> reader = engine_->Read(*district);
    if (!reader.ok()) return reader.status();
    if (absl::Status known = CheckKnown(*reader, *filter, "filter"); !known.ok()) return known;
    const absl::StatusOr<AlertPage> page = leadlag::ListAlerts(*reader, *filter, request.include_closed(), after, *size);
    if (!page.ok()) return page.status();
    v1::ListAlertsResponse response;
    for (const AlertAnswer& alert : page->alerts) *response.add_alerts() = ToProto(*district, alert);
    if (page->more && !page->alerts.empty()) {
      response.set_next_page_token(question.TokenFor(std::to_string(page->alerts.back().id)));
    }
    response.set_recalculating(BasisOf(*reader).recalculating);
    return response;
  };
  return Answer<v1::ListAlertsRequest, v1::ListAlertsResponse>(calls_, context, request, response, handler);
}

grpc::ServerUnaryReactor* AlertService::GetAlert(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                                 grpc::ByteBuffer* response) {
  using Result = absl::StatusOr<v1::GetAlertResponse>;
  const auto handler = [this](const v1::GetAlertRequest& request) -> Result {
    const absl::StatusOr<AlertName> name = ParseAlertName(request.name(), "name");
    if (!name.ok()) return name.status();
    const absl::StatusOr<DistrictReader> reader = engine_->Read(name->district);
    if (!reader.ok()) return reader.status();
    const absl::StatusOr<AlertDetail> detail = leadlag::GetAlert(*reader, name->alert);
    if (!detail.ok()) return detail.status();
    v1::GetAlertResponse response;
    *response.mutable_alert() = ToProto(name->district, detail->alert);
    *response.mutable_why() = ToProto(detail->why);
    for (const TimelineFlip& flip : detail->flips) *response.add_flips() = ToProto(name->district, flip);
    response.set_flips_trimmed(detail->flips_trimmed);
    response.set_recalculating(BasisOf(*reader).recalculating);
    return response;
  };
  return Answer<v1::GetAlertRequest, v1::GetAlertResponse>(calls_, context, request, response, handler);
}

template <typename Request, typename Response>
grpc::ServerUnaryReactor* AlertService::Handle(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                               grpc::ByteBuffer* response) {
  const auto handler = [this](std::shared_ptr<Request> request, const Answerer<Response>& answer) {
    absl::StatusOr<NamedHandling> named = HandlingFromProto(*request);
    if (!named.ok()) return answer(named.status());
    const uint64_t alert = named->command.alert;
    engine_->Submit(named->district, std::move(named->command), "",
                    [this, answer, district = named->district, alert](absl::StatusOr<Outcome> outcome) {
                      if (!outcome.ok()) return answer(outcome.status());
                      const absl::StatusOr<DistrictReader> reader = engine_->Read(district);
                      if (!reader.ok()) return answer(reader.status());
                      const absl::StatusOr<AlertAnswer> now = FindAlert(*reader, alert);
                      if (!now.ok()) return answer(now.status());
                      Response message;
                      *message.mutable_alert() = ToProto(district, *now);
                      if constexpr (std::is_same_v<Response, v1::SnoozeResponse>) {
                        message.set_closes_after_date(ToProto(ClosesSnoozed(*reader, *now)));
                      }
                      answer(std::move(message));
                    });
  };
  return AnswerLater<Request, Response>(calls_, context, request, response, handler);
}

grpc::ServerUnaryReactor* AlertService::Acknowledge(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                                    grpc::ByteBuffer* response) {
  return Handle<v1::AcknowledgeRequest, v1::AcknowledgeResponse>(context, request, response);
}

grpc::ServerUnaryReactor* AlertService::Snooze(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                               grpc::ByteBuffer* response) {
  return Handle<v1::SnoozeRequest, v1::SnoozeResponse>(context, request, response);
}

}  // namespace leadlag
