// The Millrace service: every RPC on gRPC's callback API.
#pragma once

#include <functional>
#include <memory>

#include "base/scheduler.h"
#include "millrace/v1/millrace.grpc.pb.h"
#include "server/server_context.h"

namespace millrace {

// gRPC's threads only hand work over; disk and CPU work runs on the scheduler.
class MillraceService final
    : public v1::Millrace::WithCallbackMethod_ListDatasets<
          v1::Millrace::WithCallbackMethod_GetDataset<
              v1::Millrace::WithCallbackMethod_ReadSamples<
                  v1::Millrace::WithRawCallbackMethod_StreamBatches<
                      v1::Millrace::Service>>>> {
 public:
  // `context` outlives the service.
  explicit MillraceService(ServerContext* context);

  grpc::ServerUnaryReactor* ListDatasets(
      grpc::CallbackServerContext* call, const v1::ListDatasetsRequest* request,
      v1::ListDatasetsResponse* response) override;

  grpc::ServerUnaryReactor* GetDataset(
      grpc::CallbackServerContext* call, const v1::GetDatasetRequest* request,
      v1::GetDatasetResponse* response) override;

  grpc::ServerWriteReactor<v1::ReadSamplesResponse>* ReadSamples(
      grpc::CallbackServerContext* call,
      const v1::ReadSamplesRequest* request) override;

  grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* StreamBatches(
      grpc::CallbackServerContext* call) override;

 private:
  // Runs `work` on a worker, then ends the call with its status.
  grpc::ServerUnaryReactor* Run(grpc::CallbackServerContext* call,
                                const char* method,
                                std::function<absl::Status()> work);

  ServerContext* const context_;
  const std::unique_ptr<Scheduler::Lane> lane_;
};

}  // namespace millrace
