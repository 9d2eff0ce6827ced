#include "tests/client/fake_server.h"

#include <chrono>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server_builder.h"

namespace millrace::client {

namespace {

constexpr int64_t kSamples = 4;
constexpr int64_t kPixels = 1000;

std::string Pixels(uint64_t step) {
  std::string pixels(kSamples * kPixels, '\0');
  for (size_t i = 0; i < pixels.size(); ++i) {
    pixels[i] = static_cast<char>(step * 31 + i * 7 + i / 256);
  }
  return pixels;
}

std::string Ordinals(uint64_t step) {
  std::string bytes(kSamples * sizeof(int64_t), '\0');
  for (int64_t i = 0; i < kSamples; ++i) {
    const int64_t ordinal = static_cast<int64_t>(step) * kSamples + i;
    std::memcpy(&bytes[i * sizeof(int64_t)], &ordinal, sizeof(ordinal));
  }
  return bytes;
}

template <typename Message>
void SetForm(const char* name, v1::DType dtype, std::vector<int64_t> shape,
             Message* tensor) {
  tensor->set_name(name);
  tensor->set_dtype(dtype);
  for (const int64_t size : shape) tensor->add_shape(size);
}

}  // namespace

v1::StreamOpened MakeOpened() {
  v1::StreamOpened opened;
  opened.mutable_plan()->set_dataset("digits@pinned");
  opened.set_plan_digest(kPlanDigest);
  opened.set_steps_per_epoch(kStepsPerEpoch);
  opened.set_positions_per_epoch(kStepsPerEpoch * kSamples);
  SetForm("image", v1::UINT8, {kSamples, kPixels}, opened.add_tensors());
  SetForm("ordinal", v1::INT64, {kSamples}, opened.add_tensors());
  opened.set_max_outstanding_steps(64);
  opened.set_batch_bytes(kSamples * (kPixels + sizeof(int64_t)));
  return opened;
}

v1::Batch MakeBatch(uint64_t step) {
  v1::Batch batch;
  batch.set_step(step);
  batch.set_epoch(step / kStepsPerEpoch);
  batch.set_step_in_epoch(step % kStepsPerEpoch);
  v1::Tensor* image = batch.add_tensors();
  SetForm("image", v1::UINT8, {kSamples, kPixels}, image);
  image->set_data(Pixels(step));
  v1::Tensor* ordinal = batch.add_tensors();
  SetForm("ordinal", v1::INT64, {kSamples}, ordinal);
  ordinal->set_data(Ordinals(step));
  return batch;
}

bool IsBatch(const ReceivedBatch& batch, uint64_t step) {
  const TensorView* image = batch.Find("image");
  const TensorView* ordinal = batch.Find("ordinal");
  const auto same = [](const TensorView* tensor, const std::string& bytes) {
    return tensor != nullptr && tensor->bytes.size() == bytes.size() &&
           std::memcmp(tensor->bytes.data(), bytes.data(), bytes.size()) == 0;
  };
  return batch.step == step && batch.epoch == step / kStepsPerEpoch &&
         batch.step_in_epoch == step % kStepsPerEpoch &&
         same(image, Pixels(step)) && same(ordinal, Ordinals(step));
}

v1::OpenStream FakeStream::Open(const v1::StreamOpened& opened) {
  v1::StreamBatchesRequest request;
  rpc_->Read(&request);
  v1::StreamBatchesResponse response;
  *response.mutable_opened() = opened;
  rpc_->Write(response);
  return request.open();
}

v1::AskSteps FakeStream::ReadAsk() {
  v1::StreamBatchesRequest request;
  if (!rpc_->Read(&request)) return {};
  return request.steps();
}

void FakeStream::Send(const v1::Batch& batch) {
  v1::StreamBatchesResponse response;
  *response.mutable_batch() = batch;
  rpc_->Write(response);
}

void FakeStream::Serve(int64_t count) {
  while (count != 0) {
    const v1::AskSteps ask = ReadAsk();
    if (ask.count() == 0) return;
    for (uint32_t i = 0; i < ask.count() && count != 0; ++i, --count) {
      SendStep(ask.first_step() + i);
    }
  }
}

void FakeStream::BeSilent() {
  while (ReadAsk().count() > 0) {
  }
}

FakeServer::FakeServer(Script script, int port) : script_(std::move(script)) {
  grpc::ServerBuilder builder;
  builder.AddListeningPort(absl::StrCat("127.0.0.1:", port),
                           grpc::InsecureServerCredentials(), &port_);
  builder.RegisterService(this);
  builder.SetMaxSendMessageSize(-1);
  server_ = builder.BuildAndStart();
}

FakeServer::~FakeServer() {
  server_->Shutdown(std::chrono::system_clock::now());
}

std::string FakeServer::endpoint() const {
  return absl::StrCat("127.0.0.1:", port_);
}

grpc::Status FakeServer::StreamBatches(grpc::ServerContext* context,
                                       FakeStream::Rpc* rpc) {
  FakeStream stream(streams_++, rpc);
  return script_(&stream);
}

}  // namespace millrace::client
