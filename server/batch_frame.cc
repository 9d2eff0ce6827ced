#include "server/batch_frame.h"

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "millrace/v1/millrace.pb.h"

namespace millrace {

namespace {

// Tag of a length-delimited field (wire type 2) below 16.
constexpr char Tag(int field) { return static_cast<char>(field << 3 | 2); }

void AppendVarint(uint64_t value, std::string* out) {
  while (value >= 0x80) {
    out->push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out->push_back(static_cast<char>(value));
}

size_t VarintSize(uint64_t value) {
  size_t size = 1;
  while (value >>= 7) ++size;
  return size;
}

size_t FieldSize(size_t length) { return 1 + VarintSize(length) + length; }

// A tensor up to its data: that field has the highest number, so comes last.
struct FramedTensor {
  std::string head;
  absl::string_view data;
  size_t size = 0;
};

absl::string_view BytesOf(const HostTensor& tensor) {
  if (tensor.data == nullptr) return {};
  return {reinterpret_cast<const char*>(tensor.data->data()),
          tensor.data->size()};
}

FramedTensor FrameTensor(const HostTensor& tensor) {
  v1::Tensor head;
  head.set_name(tensor.name);
  head.set_dtype(tensor.dtype);
  head.mutable_shape()->Add(tensor.shape.begin(), tensor.shape.end());
  FramedTensor framed;
  framed.head = head.SerializeAsString();
  framed.data = BytesOf(tensor);
  framed.size = framed.head.size() +
                (framed.data.empty() ? 0 : FieldSize(framed.data.size()));
  return framed;
}

// A slice that holds a reference to the buffer for as long as gRPC needs it.
grpc::Slice Borrow(std::shared_ptr<const Buffer> buffer) {
  auto* owner = new std::shared_ptr<const Buffer>(std::move(buffer));
  return grpc::Slice(
      const_cast<uint8_t*>((*owner)->data()), (*owner)->size(),
      [](void* user_data) {
        delete static_cast<std::shared_ptr<const Buffer>*>(user_data);
      },
      owner);
}

// Collects headers until a large tensor makes it start a new slice.
class SliceWriter {
 public:
  std::string* headers() { return &headers_; }

  void AddData(const HostTensor& tensor, absl::string_view data) {
    if (data.size() < kInlineTensorBytes) {
      absl::StrAppend(&headers_, data);
      return;
    }
    Flush();
    slices_.push_back(Borrow(tensor.data));
  }

  grpc::ByteBuffer Finish() {
    Flush();
    return grpc::ByteBuffer(slices_.data(), slices_.size());
  }

 private:
  void Flush() {
    if (!headers_.empty()) slices_.emplace_back(headers_);
    headers_.clear();
  }

  std::string headers_;
  std::vector<grpc::Slice> slices_;
};

}  // namespace

absl::StatusOr<grpc::ByteBuffer> FrameBatch(const HostBatch& batch) {
  v1::Batch numbers;
  numbers.set_step(batch.step);
  numbers.set_epoch(batch.epoch);
  numbers.set_step_in_epoch(batch.step_in_epoch);
  const std::string head = numbers.SerializeAsString();

  std::vector<FramedTensor> tensors;
  size_t batch_size = head.size();
  for (const HostTensor& tensor : batch.tensors) {
    tensors.push_back(FrameTensor(tensor));
    batch_size += FieldSize(tensors.back().size);
  }
  constexpr size_t kMaxMessage = std::numeric_limits<int32_t>::max();
  if (FieldSize(batch_size) > kMaxMessage) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "the batch of step ", batch.step, " has ", batch_size,
        " bytes; a message holds at most ", kMaxMessage,
        ": make the batch or its images smaller, or send no masks"));
  }

  SliceWriter writer;
  std::string* out = writer.headers();
  out->push_back(Tag(v1::StreamBatchesResponse::kBatchFieldNumber));
  AppendVarint(batch_size, out);
  out->append(head);
  for (size_t i = 0; i < tensors.size(); ++i) {
    out->push_back(Tag(v1::Batch::kTensorsFieldNumber));
    AppendVarint(tensors[i].size, out);
    out->append(tensors[i].head);
    if (tensors[i].data.empty()) continue;
    out->push_back(Tag(v1::Tensor::kDataFieldNumber));
    AppendVarint(tensors[i].data.size(), out);
    writer.AddData(batch.tensors[i], tensors[i].data);
  }
  return writer.Finish();
}

}  // namespace millrace
