// A real gRPC server whose streams do what a test's script says.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/types/span.h"
#include "base/mutex.h"
#include "client/batch_stream.h"
#include "grpcpp/server.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/sync_stream.h"
#include "millrace/v1/millrace.grpc.pb.h"

namespace millrace::client {

inline constexpr uint64_t kStepsPerEpoch = 10;
inline constexpr uint64_t kPlanDigest = 0x1234567890abcdef;

// What the fake server answers to a plan.
v1::StreamOpened MakeOpened();
// A batch that depends on its step alone: "image" UINT8 [4,1000], "ordinal"
// INT64 [4].
v1::Batch MakeBatch(uint64_t step);
// True if `batch` is MakeBatch(step).
bool IsBatch(const ReceivedBatch& batch, uint64_t step);

// One stream as a script sees it.
class FakeStream {
 public:
  using Rpc = grpc::ServerReaderWriter<v1::StreamBatchesResponse,
                                       v1::StreamBatchesRequest>;

  FakeStream(int number, Rpc* rpc) : number_(number), rpc_(rpc) {}

  // 0 for the server's first stream, then 1, 2, ...
  int number() const { return number_; }

  // Reads the plan and answers; what was read is returned.
  v1::OpenStream Open(const v1::StreamOpened& opened = MakeOpened());
  // The next steps asked for; count 0 at the end of the asking.
  v1::AskSteps ReadAsk();
  void Send(const v1::Batch& batch);
  void SendStep(uint64_t step) { Send(MakeBatch(step)); }
  // Answers `count` steps, or all if negative, as they are asked for.
  void Serve(int64_t count = -1);
  // Answers nothing more; returns when the client ends the stream.
  void BeSilent();

 private:
  const int number_;
  Rpc* const rpc_;
};

class FakeServer final : private v1::Millrace::Service {
 public:
  using Script = std::function<grpc::Status(FakeStream*)>;

  // Runs `script` for every stream. Port 0 takes a free one.
  explicit FakeServer(Script script, int port = 0);
  // Breaks all streams.
  ~FakeServer() override;

  int port() const { return port_; }
  std::string endpoint() const;
  int streams() const { return streams_; }

 private:
  grpc::Status StreamBatches(grpc::ServerContext* context,
                             FakeStream::Rpc* rpc) override;

  const Script script_;
  int port_ = 0;
  std::atomic<int> streams_{0};
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace millrace::client
