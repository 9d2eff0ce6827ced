// A real server on free ports, and a client of generated stubs.
#pragma once

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "millrace/v1/millrace.grpc.pb.h"
#include "server/server.h"
#include "tests/server/http_get.h"
#include "tests/server/test_dataset.h"

namespace millrace {

class ServerTest : public testing::Test {
 protected:
  ServerTest() {
    config_.set_data_dir(data_.path());
    config_.set_listen_address("127.0.0.1:0");
    config_.set_metrics_address("");
    config_.set_worker_threads(2);
    config_.set_log_level("error");
  }

  // Before StartServer. Not for every test: the HTTP server that Prometheus's
  // library uses takes two seconds to stop.
  void ServeMetrics() { config_.set_metrics_address("127.0.0.1:0"); }

  void StartServer() {
    auto server = Server::Start(config_);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    stub_ = v1::Millrace::NewStub(NewChannel());
  }

  // Its own connection.
  std::shared_ptr<grpc::Channel> NewChannel() const {
    grpc::ChannelArguments arguments;
    arguments.SetMaxReceiveMessageSize(-1);
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    return grpc::CreateCustomChannel(
        absl::StrCat("127.0.0.1:", server_->port()),
        grpc::InsecureChannelCredentials(), arguments);
  }

  double Metric(const std::string& name) const {
    return MetricValue(HttpGet(server_->metrics_port(), "/metrics"), name);
  }

  // Watches the server from outside until something is so.
  template <typename Condition>
  static void WaitUntil(Condition condition, const char* what) {
    const absl::Time deadline = absl::Now() + absl::Seconds(60);
    while (!condition()) {
      ASSERT_LT(absl::Now(), deadline) << "waited in vain until " << what;
      absl::SleepFor(absl::Milliseconds(2));
    }
  }

  void WaitUntilNoStreams() {
    WaitUntil([this] { return server_->stats().open_streams == 0; },
              "no stream is open");
  }

  TempDataDir data_;
  v1::ServerConfig config_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<v1::Millrace::Stub> stub_;
};

// A trainer in a few lines.
class TestStream {
 public:
  explicit TestStream(v1::Millrace::Stub* stub)
      : stream_(stub->StreamBatches(&context_)) {}
  ~TestStream() { context_.TryCancel(); }

  bool Open(const v1::Plan& plan, uint32_t rank = 0, uint32_t world_size = 1,
            uint64_t expected_digest = 0) {
    v1::StreamBatchesRequest request;
    *request.mutable_open()->mutable_plan() = plan;
    request.mutable_open()->set_rank(rank);
    request.mutable_open()->set_world_size(world_size);
    request.mutable_open()->set_client("test");
    request.mutable_open()->set_expected_plan_digest(expected_digest);
    if (!stream_->Write(request)) return false;
    v1::StreamBatchesResponse response;
    if (!stream_->Read(&response)) return false;
    EXPECT_TRUE(response.has_opened());
    opened_ = response.opened();
    return true;
  }

  bool Ask(uint64_t first, uint32_t count) {
    v1::StreamBatchesRequest request;
    request.mutable_steps()->set_first_step(first);
    request.mutable_steps()->set_count(count);
    return stream_->Write(request);
  }

  bool Read(v1::Batch* batch) {
    v1::StreamBatchesResponse response;
    if (!stream_->Read(&response)) return false;
    *batch = std::move(*response.mutable_batch());
    return true;
  }

  bool WritesDone() { return stream_->WritesDone(); }
  grpc::Status Finish() { return stream_->Finish(); }
  void Cancel() { context_.TryCancel(); }
  const v1::StreamOpened& opened() const { return opened_; }

 private:
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::StreamBatchesRequest,
                                           v1::StreamBatchesResponse>>
      stream_;
  v1::StreamOpened opened_;
};

inline const v1::Tensor* FindTensor(const v1::Batch& batch,
                                    const std::string& name) {
  for (const v1::Tensor& tensor : batch.tensors()) {
    if (tensor.name() == name) return &tensor;
  }
  return nullptr;
}

}  // namespace millrace
