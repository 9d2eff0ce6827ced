#include "server/batch_frame.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "base/buffer_pool.h"
#include "millrace/v1/millrace.pb.h"

namespace millrace {
namespace {

HostTensor MakeTensor(BufferPool* pool, const std::string& name,
                      v1::DType dtype, std::vector<int64_t> shape,
                      size_t bytes) {
  HostTensor tensor{name, dtype, std::move(shape), nullptr};
  Buffer buffer = pool->Get(bytes);
  std::mt19937 random(static_cast<uint32_t>(bytes));
  for (size_t i = 0; i < bytes; ++i) {
    buffer.data()[i] = static_cast<uint8_t>(random());
  }
  tensor.data = std::make_shared<const Buffer>(std::move(buffer));
  return tensor;
}

std::string Flatten(const grpc::ByteBuffer& message) {
  std::vector<grpc::Slice> slices;
  EXPECT_TRUE(message.Dump(&slices).ok());
  std::string bytes;
  for (const grpc::Slice& slice : slices) {
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return bytes;
}

// The same batch through the generated classes.
v1::StreamBatchesResponse AsMessage(const HostBatch& batch) {
  v1::StreamBatchesResponse response;
  v1::Batch* message = response.mutable_batch();
  message->set_step(batch.step);
  message->set_epoch(batch.epoch);
  message->set_step_in_epoch(batch.step_in_epoch);
  for (const HostTensor& tensor : batch.tensors) {
    v1::Tensor* out = message->add_tensors();
    out->set_name(tensor.name);
    out->set_dtype(tensor.dtype);
    for (const int64_t side : tensor.shape) out->add_shape(side);
    if (tensor.data != nullptr) {
      out->set_data(tensor.data->data(), tensor.data->size());
    }
  }
  return response;
}

class BatchFrameTest : public testing::Test {
 protected:
  void ExpectFramedAsProtobufWould(const HostBatch& batch) {
    const auto framed = FrameBatch(batch);
    ASSERT_TRUE(framed.ok()) << framed.status();
    const std::string bytes = Flatten(*framed);
    EXPECT_EQ(bytes, AsMessage(batch).SerializeAsString());
    v1::StreamBatchesResponse parsed;
    ASSERT_TRUE(parsed.ParseFromString(bytes));
    EXPECT_EQ(parsed.batch().tensors_size(),
              static_cast<int>(batch.tensors.size()));
  }

  BufferPool pool_{0};
};

TEST_F(BatchFrameTest, BytesAreThoseThatProtobufWrites) {
  HostBatch batch{70000, 3, 129, {}};
  batch.tensors.push_back(
      MakeTensor(&pool_, "image", v1::UINT8, {8, 32, 32, 3}, 24576));
  batch.tensors.push_back(MakeTensor(&pool_, "label", v1::INT64, {8}, 64));
  batch.tensors.push_back(MakeTensor(&pool_, "valid", v1::UINT8, {8}, 8));
  ExpectFramedAsProtobufWould(batch);
}

TEST_F(BatchFrameTest, DefaultsAreLeftOutAsProtobufDoes) {
  ExpectFramedAsProtobufWould({});
  HostBatch batch;
  batch.tensors.push_back({"", v1::DTYPE_UNSPECIFIED, {}, nullptr});
  batch.tensors.push_back(MakeTensor(&pool_, "boxes", v1::FLOAT32, {0, 4}, 0));
  ExpectFramedAsProtobufWould(batch);
}

TEST_F(BatchFrameTest, LengthsAreRightAroundEveryVarintBoundary) {
  for (const size_t bytes :
       {1, 100, 127, 128, 4095, 4096, 16383, 16384, 2097151, 2097152}) {
    SCOPED_TRACE(bytes);
    HostBatch batch{1, 0, 1, {}};
    batch.tensors.push_back(MakeTensor(&pool_, "image", v1::UINT8,
                                       {static_cast<int64_t>(bytes)}, bytes));
    ExpectFramedAsProtobufWould(batch);
  }
}

TEST_F(BatchFrameTest, LargeTensorsAreNotCopied) {
  HostBatch batch{1, 0, 1, {}};
  batch.tensors.push_back(
      MakeTensor(&pool_, "image", v1::UINT8, {65536}, 65536));
  batch.tensors.push_back(MakeTensor(&pool_, "valid", v1::UINT8, {8}, 8));
  const uint8_t* memory = batch.tensors[0].data->data();
  const auto framed = FrameBatch(batch);
  ASSERT_TRUE(framed.ok());
  std::vector<grpc::Slice> slices;
  ASSERT_TRUE(framed->Dump(&slices).ok());
  ASSERT_EQ(slices.size(), 3u);
  EXPECT_EQ(slices[1].begin(), memory);
  EXPECT_EQ(slices[1].size(), 65536u);
}

TEST_F(BatchFrameTest, TheTensorsMemoryLivesAsLongAsTheMessage) {
  HostBatch batch{1, 0, 1, {}};
  batch.tensors.push_back(
      MakeTensor(&pool_, "image", v1::UINT8, {65536}, 65536));
  const std::weak_ptr<const Buffer> memory = batch.tensors[0].data;
  {
    const auto framed = FrameBatch(batch);
    ASSERT_TRUE(framed.ok());
    batch.tensors.clear();
    EXPECT_FALSE(memory.expired());
  }
  EXPECT_TRUE(memory.expired());
}

TEST_F(BatchFrameTest, AMessageThatNoProtobufCouldReadIsRefused) {
  const HostTensor large =
      MakeTensor(&pool_, "masks", v1::UINT8, {1 << 20}, 1 << 20);
  HostBatch batch{5, 0, 5, std::vector<HostTensor>(2048, large)};
  EXPECT_EQ(FrameBatch(batch).status().code(),
            absl::StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace millrace
