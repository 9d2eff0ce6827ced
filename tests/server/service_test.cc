// ListDatasets, GetDataset, ReadSamples, health, reflection, metrics: with a
// real server and generated stubs.
#include <gmock/gmock.h>
#include <google/protobuf/descriptor.h>
#include <grpcpp/generic/generic_stub.h>

#include "tests/server/test_server.h"

namespace millrace {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ServiceTest : public ServerTest {
 protected:
  std::vector<std::string> ListedNames(const std::string& prefix = "") {
    grpc::ClientContext call;
    v1::ListDatasetsRequest request;
    request.set_prefix(prefix);
    v1::ListDatasetsResponse response;
    const grpc::Status status = stub_->ListDatasets(&call, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    std::vector<std::string> names;
    for (const auto& info : response.datasets()) {
      names.push_back(info.name());
      EXPECT_EQ(info.categories_size(), 0);
    }
    return names;
  }

  grpc::Status Get(const std::string& dataset, v1::DatasetInfo* info) {
    grpc::ClientContext call;
    v1::GetDatasetRequest request;
    request.set_dataset(dataset);
    v1::GetDatasetResponse response;
    const grpc::Status status = stub_->GetDataset(&call, request, &response);
    *info = response.dataset();
    return status;
  }

  grpc::Status ReadAll(const v1::ReadSamplesRequest& request,
                       std::vector<v1::ReadSamplesResponse>* samples) {
    grpc::ClientContext call;
    auto stream = stub_->ReadSamples(&call, request);
    v1::ReadSamplesResponse response;
    while (stream->Read(&response)) samples->push_back(response);
    return stream->Finish();
  }
};

TEST_F(ServiceTest, AnEmptyDataFolderHasNoDatasets) {
  StartServer();
  EXPECT_THAT(ListedNames(), ElementsAre());
}

TEST_F(ServiceTest, DatasetsPublishedWhileRunningAppear) {
  data_.Publish("mnist/train", 20, 4);
  StartServer();
  EXPECT_THAT(ListedNames(), ElementsAre("mnist/train"));
  data_.Publish("coco/val", 20, 4);
  EXPECT_THAT(ListedNames(), ElementsAre("coco/val", "mnist/train"));
  EXPECT_THAT(ListedNames("mn"), ElementsAre("mnist/train"));

  v1::DatasetInfo first;
  ASSERT_TRUE(Get("mnist/train", &first).ok());
  const std::string second =
      data_.Publish("mnist/train", 30, 4, /*salt=*/1).version();
  EXPECT_THAT(ListedNames("mn"), ElementsAre("mnist/train"));
  v1::DatasetInfo newest;
  ASSERT_TRUE(Get("mnist/train", &newest).ok());
  EXPECT_EQ(newest.version(), second);
  EXPECT_EQ(newest.samples(), 30u);
  v1::DatasetInfo pinned;
  ASSERT_TRUE(Get("mnist/train@" + first.version(), &pinned).ok());
  EXPECT_EQ(pinned.samples(), 20u);
}

TEST_F(ServiceTest, GetDatasetHasCategories) {
  data_.Publish("mnist/train", 20, 4);
  StartServer();
  v1::DatasetInfo info;
  ASSERT_TRUE(Get("mnist/train", &info).ok());
  EXPECT_EQ(info.categories_size(), 10);
  EXPECT_EQ(info.categories(3).samples(), 2u);
}

TEST_F(ServiceTest, UnknownAndImpossibleNamesAreToldApart) {
  data_.Publish("mnist/train", 20, 4);
  StartServer();
  v1::DatasetInfo info;
  const grpc::Status unknown = Get("mnist/test", &info);
  EXPECT_EQ(unknown.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_THAT(unknown.error_message(), HasSubstr("mnist/test"));
  EXPECT_EQ(Get("../etc", &info).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(ServiceTest, SamplesComeInTheOrderAskedForOrdinalsFirst) {
  data_.Publish("mnist/train", 200, 4, /*salt=*/3);
  ServeMetrics();
  StartServer();
  v1::ReadSamplesRequest request;
  request.set_dataset("mnist/train");
  for (uint64_t i = 0; i < 150; ++i) request.add_ordinals(199 - i);
  request.add_keys("7");
  request.add_keys("5");
  std::vector<v1::ReadSamplesResponse> samples;
  const grpc::Status status = ReadAll(request, &samples);
  ASSERT_TRUE(status.ok()) << status.error_message();
  ASSERT_EQ(samples.size(), 152u);
  for (uint64_t i = 0; i < 150; ++i) {
    EXPECT_EQ(samples[i].ordinal(), 199 - i);
    EXPECT_EQ(samples[i].meta().key(), std::to_string(199 - i));
    EXPECT_EQ(samples[i].image(),
              std::string(16, static_cast<char>(199 - i + 3)));
  }
  EXPECT_EQ(samples[150].ordinal(), 7u);
  EXPECT_EQ(samples[151].ordinal(), 5u);
  EXPECT_EQ(Metric("millrace_samples_read_total"), 152);
}

TEST_F(ServiceTest, MetadataOnlyLeavesTheImageOut) {
  data_.Publish("mnist/train", 20, 4);
  StartServer();
  v1::ReadSamplesRequest request;
  request.set_dataset("mnist/train");
  request.add_ordinals(4);
  request.set_metadata_only(true);
  std::vector<v1::ReadSamplesResponse> samples;
  ASSERT_TRUE(ReadAll(request, &samples).ok());
  ASSERT_EQ(samples.size(), 1u);
  EXPECT_EQ(samples[0].image(), "");
  EXPECT_THAT(samples[0].meta().labels(), ElementsAre(4));
}

TEST_F(ServiceTest, ReadSamplesSaysWhatIsWrong) {
  data_.Publish("mnist/train", 20, 4);
  config_.mutable_limits()->set_max_read_samples(3);
  StartServer();
  std::vector<v1::ReadSamplesResponse> samples;
  v1::ReadSamplesRequest request;
  request.set_dataset("mnist/train");
  request.add_ordinals(1);
  request.add_ordinals(20);
  EXPECT_EQ(ReadAll(request, &samples).error_code(),
            grpc::StatusCode::OUT_OF_RANGE);
  EXPECT_EQ(samples.size(), 1u) << "what came before is sent";

  request.clear_ordinals();
  request.add_keys("nobody");
  EXPECT_EQ(ReadAll(request, &samples).error_code(),
            grpc::StatusCode::NOT_FOUND);

  for (int i = 0; i < 3; ++i) request.add_ordinals(0);
  const grpc::Status many = ReadAll(request, &samples);
  EXPECT_EQ(many.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(many.error_message(), HasSubstr("limits.max_read_samples"));

  request = {};
  request.set_dataset("nothing");
  request.add_ordinals(1);
  EXPECT_EQ(ReadAll(request, &samples).error_code(),
            grpc::StatusCode::NOT_FOUND);
}

TEST_F(ServiceTest, ReadingNothingIsAnEmptyAnswer) {
  data_.Publish("mnist/train", 20, 4);
  StartServer();
  v1::ReadSamplesRequest request;
  request.set_dataset("mnist/train");
  std::vector<v1::ReadSamplesResponse> samples;
  EXPECT_TRUE(ReadAll(request, &samples).ok());
  EXPECT_TRUE(samples.empty());
}

TEST_F(ServiceTest, AReaderThatVanishesLeavesNothingBehind) {
  data_.Publish("mnist/train", 2000, 64);
  StartServer();
  v1::ReadSamplesRequest request;
  request.set_dataset("mnist/train");
  for (int i = 0; i < 2000; ++i) request.add_ordinals(i);
  {
    grpc::ClientContext call;
    auto stream = stub_->ReadSamples(&call, request);
    v1::ReadSamplesResponse response;
    EXPECT_TRUE(stream->Read(&response));
    call.TryCancel();
    EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
  }
  WaitUntil([&] { return server_->stats().open_requests == 0; },
            "no request is open");
}

TEST_F(ServiceTest, AReaderThatStallsIsCancelled) {
  data_.Publish("mnist/train", 2000, 64);
  config_.mutable_connection()->set_stall_timeout_seconds(0.1);
  StartServer();
  v1::ReadSamplesRequest request;
  request.set_dataset("mnist/train");
  for (int i = 0; i < 2000; ++i) request.add_ordinals(i);
  grpc::ClientContext call;
  auto stream = stub_->ReadSamples(&call, request);
  WaitUntil([&] { return server_->stats().open_requests == 1; },
            "the request is open");
  WaitUntil([&] { return server_->stats().open_requests == 0; },
            "the request is over");
  v1::ReadSamplesResponse response;
  while (stream->Read(&response)) {
  }
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
}

// Health and reflection by hand: their generated classes are not installed.
std::string CallRaw(const std::shared_ptr<grpc::Channel>& channel,
                    const std::string& method, const std::string& message) {
  grpc::GenericStub stub(channel);
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  const grpc::Slice slice(message);
  const grpc::ByteBuffer request(&slice, 1);
  auto call = stub.PrepareUnaryCall(&context, method, request, &queue);
  call->StartCall();
  grpc::ByteBuffer response;
  grpc::Status status;
  call->Finish(&response, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  EXPECT_TRUE(queue.Next(&tag, &ok));
  EXPECT_TRUE(status.ok()) << status.error_message();
  std::vector<grpc::Slice> slices;
  EXPECT_TRUE(response.Dump(&slices).ok());
  std::string bytes;
  for (const auto& part : slices) {
    bytes.append(reinterpret_cast<const char*>(part.begin()), part.size());
  }
  return bytes;
}

TEST_F(ServiceTest, HealthSaysServing) {
  StartServer();
  EXPECT_EQ(CallRaw(NewChannel(), "/grpc.health.v1.Health/Check", ""),
            std::string("\x08\x01"));  // HealthCheckResponse{SERVING}
  EXPECT_EQ(CallRaw(NewChannel(), "/grpc.health.v1.Health/Check",
                    "\x0a\x14millrace.v1.Millrace"),
            std::string("\x08\x01"));
}

TEST_F(ServiceTest, ReflectionListsTheService) {
  StartServer();
  grpc::GenericStub stub(NewChannel());
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  auto call = stub.PrepareCall(
      &context,
      "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", &queue);
  const auto next = [&] {
    void* tag = nullptr;
    bool ok = false;
    EXPECT_TRUE(queue.Next(&tag, &ok) && ok);
  };
  call->StartCall(nullptr);
  next();
  const grpc::Slice slice(std::string("\x3a\x01*"));  // list_services: "*"
  call->Write(grpc::ByteBuffer(&slice, 1), nullptr);
  next();
  grpc::ByteBuffer response;
  call->Read(&response, nullptr);
  next();
  grpc::Slice bytes;
  ASSERT_TRUE(response.DumpToSingleSlice(&bytes).ok());
  EXPECT_THAT(
      std::string(reinterpret_cast<const char*>(bytes.begin()), bytes.size()),
      HasSubstr("millrace.v1.Millrace"));
  context.TryCancel();
  grpc::Status status;
  call->Finish(&status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  queue.Next(&tag, &ok);
}

TEST_F(ServiceTest, MetricsCountCallsByMethodAndCode) {
  data_.Publish("mnist/train", 20, 4);
  ServeMetrics();
  StartServer();
  v1::DatasetInfo info;
  Get("mnist/train", &info);
  Get("mnist/train", &info);
  Get("nothing", &info);
  EXPECT_EQ(Metric("millrace_rpcs_total{code=\"OK\",method=\"GetDataset\"}"),
            2);
  EXPECT_EQ(
      Metric("millrace_rpcs_total{code=\"NOT_FOUND\",method=\"GetDataset\"}"),
      1);
  EXPECT_EQ(Metric("millrace_datasets_open"), 1);
  EXPECT_GT(Metric("millrace_process_resident_bytes"), 1e6);
}

TEST_F(ServiceTest, CountersThatAlertsWatchAreThereBeforeTheFirstEvent) {
  ServeMetrics();
  StartServer();
  EXPECT_EQ(Metric("millrace_streams_ended_total{code=\"DATA_LOSS\"}"), 0);
  EXPECT_EQ(
      Metric("millrace_rpcs_total{code=\"DATA_LOSS\",method=\"ReadSamples\"}"),
      0);
}

TEST_F(ServiceTest, OnlySoManyDatasetsStayOpen) {
  config_.mutable_limits()->set_max_open_datasets(2);
  StartServer();
  for (int i = 0; i < 4; ++i) {
    const std::string name = absl::StrCat("set/", i);
    data_.Publish(name, 10, 4);
    v1::DatasetInfo info;
    ASSERT_TRUE(Get(name, &info).ok());
  }
  EXPECT_EQ(server_->stats().open_datasets, 2u);
}

TEST_F(ServiceTest, AServerNeedsItsDataFolder) {
  config_.set_data_dir("/nowhere/data");
  const auto server = Server::Start(config_);
  EXPECT_EQ(server.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(server.status().message()),
              HasSubstr("mkdir -p /nowhere/data"));
}

TEST_F(ServiceTest, APortInUseIsOneClearError) {
  ServeMetrics();
  StartServer();
  v1::ServerConfig second = config_;
  second.set_metrics_address("");
  second.set_listen_address(absl::StrCat("127.0.0.1:", server_->port()));
  const auto same_port = Server::Start(second);
  EXPECT_EQ(same_port.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(same_port.status().message()),
              HasSubstr(second.listen_address()));

  second = config_;
  second.set_metrics_address(
      absl::StrCat("127.0.0.1:", server_->metrics_port()));
  const auto same_metrics = Server::Start(second);
  EXPECT_EQ(same_metrics.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(same_metrics.status().message()),
              HasSubstr("--metrics-listen"));
}

TEST_F(ServiceTest, NoMetricsAreServedIfNoneAreWanted) {
  StartServer();
  EXPECT_EQ(server_->metrics_port(), 0);
}

}  // namespace
}  // namespace millrace
