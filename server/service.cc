#include "server/service.h"

#include <utility>

#include "base/status_macros.h"
#include "server/grpc_status.h"
#include "server/live_calls.h"
#include "server/read_samples.h"
#include "server/stream_reactor.h"

namespace millrace {

namespace {

// Short, so it is let go on.
class UnaryCall final : public LiveCall {
 public:
  void Drain() override {}
  void CancelIfStalled(absl::Time since) override {}
};

}  // namespace

MillraceService::MillraceService(ServerContext* context)
    : context_(context), lane_(context->scheduler.AddLane()) {}

grpc::ServerUnaryReactor* MillraceService::Run(
    grpc::CallbackServerContext* call, const char* method,
    std::function<absl::Status()> work) {
  grpc::ServerUnaryReactor* reactor = call->DefaultReactor();
  auto live = std::make_unique<UnaryCall>();
  const absl::Status admitted = context_->requests.Add(live.get());
  if (!admitted.ok()) {
    context_->metrics.RpcEnded(method, admitted);
    reactor->Finish(ToGrpc(admitted));
    return reactor;
  }
  lane_->Submit([context = context_, method, work = std::move(work), reactor,
                 live = std::move(live)] {
    const absl::Status status = work();
    context->metrics.RpcEnded(method, status);
    reactor->Finish(ToGrpc(status));
    context->requests.Remove(live.get());
  });
  return reactor;
}

grpc::ServerUnaryReactor* MillraceService::ListDatasets(
    grpc::CallbackServerContext* call, const v1::ListDatasetsRequest* request,
    v1::ListDatasetsResponse* response) {
  return Run(call, "ListDatasets", [=]() -> absl::Status {
    MILLRACE_ASSIGN_OR_RETURN(std::vector<v1::DatasetInfo> datasets,
                              context_->datasets.List(request->prefix()));
    for (v1::DatasetInfo& info : datasets) {
      *response->add_datasets() = std::move(info);
    }
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* MillraceService::GetDataset(
    grpc::CallbackServerContext* call, const v1::GetDatasetRequest* request,
    v1::GetDatasetResponse* response) {
  return Run(call, "GetDataset", [=]() -> absl::Status {
    MILLRACE_ASSIGN_OR_RETURN(std::shared_ptr<const SampleStore> store,
                              context_->datasets.Open(request->dataset()));
    *response->mutable_dataset() = store->info();
    return absl::OkStatus();
  });
}

grpc::ServerWriteReactor<v1::ReadSamplesResponse>* MillraceService::ReadSamples(
    grpc::CallbackServerContext* call, const v1::ReadSamplesRequest* request) {
  return new ReadSamplesReactor(context_, call, request);
}

grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>*
MillraceService::StreamBatches(grpc::CallbackServerContext* call) {
  return new StreamReactor(context_, call);
}

}  // namespace millrace
