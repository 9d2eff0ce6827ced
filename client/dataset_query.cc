#include "client/dataset_query.h"

#include <cstdint>
#include <utility>

#include "client/channel.h"
#include "grpcpp/client_context.h"
#include "millrace/v1/millrace.grpc.pb.h"

namespace millrace::client {

namespace {

// ImageNet-21k with its hierarchy is under 3 MB.
constexpr int64_t kMaxMessageBytes = int64_t{256} << 20;

}  // namespace

absl::StatusOr<v1::DatasetInfo> GetDataset(const std::string& endpoint,
                                           const std::string& dataset,
                                           absl::Duration timeout) {
  const auto stub =
      v1::Millrace::NewStub(MakeChannel(endpoint, kMaxMessageBytes, timeout));
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + timeout));
  v1::GetDatasetRequest request;
  request.set_dataset(dataset);
  v1::GetDatasetResponse response;
  const grpc::Status status = stub->GetDataset(&context, request, &response);
  if (!status.ok()) return FromGrpc(status);
  return std::move(*response.mutable_dataset());
}

}  // namespace millrace::client
