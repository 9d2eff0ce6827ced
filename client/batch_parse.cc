#include "client/batch_parse.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "proto/dtype.h"

namespace millrace::client {

namespace {

static_assert(std::endian::native == std::endian::little,
              "tensors are little-endian on the wire and not converted");

constexpr uint64_t kAlignment = 64;
constexpr size_t kMaxTensors = 256;
constexpr size_t kMaxDimensions = 16;

absl::Status Annotate(const absl::Status& status, absl::string_view where) {
  return absl::Status(status.code(),
                      absl::StrCat(where, ": ", status.message()));
}

absl::Status Expect(const WireField& field, WireField::Type type) {
  if (field.type == type) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "field ", field.number, " has wire type ", field.type, ", not ", type));
}

absl::Status AddDimension(uint64_t value, TensorLayout* tensor) {
  if (tensor->shape.size() == kMaxDimensions) {
    return absl::InvalidArgumentError(
        absl::StrCat("more than ", kMaxDimensions, " dimensions"));
  }
  tensor->shape.push_back(static_cast<int64_t>(value));
  return absl::OkStatus();
}

// Repeated numbers come packed, or one by one from other encoders.
absl::Status ParseShape(const WireField& field, TensorLayout* tensor) {
  if (field.type == WireField::kVarint) {
    return AddDimension(field.value, tensor);
  }
  MILLRACE_RETURN_IF_ERROR(Expect(field, WireField::kBytes));
  WireReader packed = field.bytes;
  while (packed.remaining() > 0) {
    MILLRACE_ASSIGN_OR_RETURN(const uint64_t value, packed.ReadVarint());
    MILLRACE_RETURN_IF_ERROR(AddDimension(value, tensor));
  }
  return absl::OkStatus();
}

absl::Status ParseTensorField(const WireField& field, TensorLayout* tensor) {
  switch (field.number) {
    case v1::Tensor::kNameFieldNumber:
      MILLRACE_RETURN_IF_ERROR(Expect(field, WireField::kBytes));
      tensor->name = field.bytes.ToString();
      return absl::OkStatus();
    case v1::Tensor::kDtypeFieldNumber:
      MILLRACE_RETURN_IF_ERROR(Expect(field, WireField::kVarint));
      tensor->dtype = v1::DType_IsValid(static_cast<int>(field.value))
                          ? static_cast<v1::DType>(field.value)
                          : v1::DTYPE_UNSPECIFIED;
      return absl::OkStatus();
    case v1::Tensor::kShapeFieldNumber:
      return ParseShape(field, tensor);
    case v1::Tensor::kDataFieldNumber:
      MILLRACE_RETURN_IF_ERROR(Expect(field, WireField::kBytes));
      tensor->data = field.bytes;
      return absl::OkStatus();
    default:
      return absl::OkStatus();
  }
}

// The shape, times the element size, must be what is there.
absl::Status CheckSize(const TensorLayout& tensor) {
  const uint64_t element = ElementBytes(tensor.dtype);
  if (element == 0) return absl::InvalidArgumentError("has no known dtype");
  const auto error = [&tensor] {
    return absl::InvalidArgumentError(
        absl::StrCat("has ", tensor.data.remaining(), " bytes, which is not ",
                     v1::DType_Name(tensor.dtype), "[",
                     absl::StrJoin(tensor.shape, ","), "]"));
  };
  uint64_t bytes = element;
  for (const int64_t size : tensor.shape) {
    if (size < 0 ||
        __builtin_mul_overflow(bytes, static_cast<uint64_t>(size), &bytes)) {
      return error();
    }
  }
  return bytes == tensor.data.remaining() ? absl::OkStatus() : error();
}

absl::Status ParseTensor(WireReader reader, TensorLayout* tensor) {
  while (reader.remaining() > 0) {
    MILLRACE_ASSIGN_OR_RETURN(const WireField field, ReadField(&reader));
    MILLRACE_RETURN_IF_ERROR(ParseTensorField(field, tensor));
  }
  return CheckSize(*tensor);
}

absl::Status AddTensor(const WireReader& reader, BatchLayout* batch) {
  if (batch->tensors.size() == kMaxTensors) {
    return absl::InvalidArgumentError(
        absl::StrCat("more than ", kMaxTensors, " tensors"));
  }
  TensorLayout& tensor = batch->tensors.emplace_back();
  const absl::Status status = ParseTensor(reader, &tensor);
  if (status.ok()) return status;
  return Annotate(status, absl::StrCat("tensor ", batch->tensors.size() - 1,
                                       " \"", tensor.name, "\""));
}

absl::Status ParseBatchField(const WireField& field, BatchLayout* batch) {
  switch (field.number) {
    case v1::Batch::kStepFieldNumber:
      batch->step = field.value;
      return Expect(field, WireField::kVarint);
    case v1::Batch::kEpochFieldNumber:
      batch->epoch = field.value;
      return Expect(field, WireField::kVarint);
    case v1::Batch::kStepInEpochFieldNumber:
      batch->step_in_epoch = field.value;
      return Expect(field, WireField::kVarint);
    case v1::Batch::kTensorsFieldNumber:
      MILLRACE_RETURN_IF_ERROR(Expect(field, WireField::kBytes));
      return AddTensor(field.bytes, batch);
    default:
      return absl::OkStatus();
  }
}

absl::StatusOr<BatchLayout> ParseBatch(WireReader reader) {
  BatchLayout batch;
  while (reader.remaining() > 0) {
    MILLRACE_ASSIGN_OR_RETURN(const WireField field, ReadField(&reader));
    MILLRACE_RETURN_IF_ERROR(ParseBatchField(field, &batch));
  }
  return batch;
}

absl::StatusOr<v1::StreamOpened> ParseOpened(const WireReader& reader) {
  v1::StreamOpened opened;
  if (!opened.ParseFromString(reader.ToString())) {
    return absl::InvalidArgumentError("\"opened\" is no StreamOpened");
  }
  return opened;
}

absl::Status ParseKind(const WireField& field, ParsedResponse* response) {
  const bool opened =
      field.number == v1::StreamBatchesResponse::kOpenedFieldNumber;
  const bool batch =
      field.number == v1::StreamBatchesResponse::kBatchFieldNumber;
  if (!opened && !batch) return absl::OkStatus();
  MILLRACE_RETURN_IF_ERROR(Expect(field, WireField::kBytes));
  if (response->opened.has_value() || response->batch.has_value()) {
    return absl::InvalidArgumentError("more than one answer");
  }
  if (opened) {
    MILLRACE_ASSIGN_OR_RETURN(response->opened, ParseOpened(field.bytes));
  } else {
    MILLRACE_ASSIGN_OR_RETURN(response->batch, ParseBatch(field.bytes));
  }
  return absl::OkStatus();
}

bool Fits(const v1::TensorSpec& spec, const TensorLayout& tensor) {
  return spec.name() == tensor.name && spec.dtype() == tensor.dtype &&
         std::equal(spec.shape().begin(), spec.shape().end(),
                    tensor.shape.begin(), tensor.shape.end(),
                    [](int64_t promised, int64_t size) {
                      return promised == -1 || promised == size;
                    });
}

uint64_t AlignedBytes(const TensorLayout& tensor) {
  return (tensor.data.remaining() + kAlignment - 1) / kAlignment * kAlignment;
}

}  // namespace

absl::StatusOr<ParsedResponse> ParseResponse(
    absl::Span<const absl::string_view> pieces) {
  WireReader reader(pieces);
  ParsedResponse response;
  while (reader.remaining() > 0) {
    MILLRACE_ASSIGN_OR_RETURN(const WireField field, ReadField(&reader));
    MILLRACE_RETURN_IF_ERROR(ParseKind(field, &response));
  }
  if (!response.opened.has_value() && !response.batch.has_value()) {
    return absl::InvalidArgumentError("neither \"opened\" nor \"batch\"");
  }
  return response;
}

absl::Status CheckAgainst(const v1::StreamOpened& opened,
                          const BatchLayout& batch) {
  const uint64_t steps = opened.steps_per_epoch();
  if (batch.epoch != batch.step / steps ||
      batch.step_in_epoch != batch.step % steps) {
    return absl::InternalError(absl::StrCat(
        "the server calls step ", batch.step, " step ", batch.step_in_epoch,
        " of epoch ", batch.epoch, ", with ", steps, " steps an epoch"));
  }
  if (static_cast<size_t>(opened.tensors_size()) != batch.tensors.size()) {
    return absl::InternalError(
        absl::StrCat("step ", batch.step, " has ", batch.tensors.size(),
                     " tensors; ", opened.tensors_size(), " were promised"));
  }
  for (int i = 0; i < opened.tensors_size(); ++i) {
    if (Fits(opened.tensors(i), batch.tensors[i])) continue;
    return absl::InternalError(absl::StrCat(
        "tensor ", i, " of step ", batch.step, " is \"", batch.tensors[i].name,
        "\" ", v1::DType_Name(batch.tensors[i].dtype), "[",
        absl::StrJoin(batch.tensors[i].shape, ","), "]; promised was ",
        opened.tensors(i).ShortDebugString()));
  }
  return absl::OkStatus();
}

ReceivedBatch CopyBatch(const BatchLayout& layout, BufferPool* pool) {
  uint64_t total = 0;
  for (const TensorLayout& tensor : layout.tensors) {
    total += AlignedBytes(tensor);
  }
  ReceivedBatch batch;
  batch.step = layout.step;
  batch.epoch = layout.epoch;
  batch.step_in_epoch = layout.step_in_epoch;
  batch.memory = pool->Get(total);
  batch.tensors.reserve(layout.tensors.size());
  uint8_t* out = batch.memory.data();
  for (const TensorLayout& tensor : layout.tensors) {
    const uint64_t bytes = tensor.data.remaining();
    if (bytes > 0) tensor.data.CopyTo(out);
    batch.tensors.push_back({tensor.name, tensor.dtype, tensor.shape,
                             absl::Span<const uint8_t>(out, bytes)});
    if (bytes > 0) out += AlignedBytes(tensor);
  }
  return batch;
}

}  // namespace millrace::client
