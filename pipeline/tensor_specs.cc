#include "pipeline/tensor_specs.h"

#include <initializer_list>
#include <string>
#include <utility>

#include "pipeline/annotation_tensors.h"
#include "proto/dtype.h"

namespace millrace {

namespace {

v1::TensorSpec Spec(const std::string& name, v1::DType dtype,
                    std::initializer_list<int64_t> shape) {
  v1::TensorSpec spec;
  spec.set_name(name);
  spec.set_dtype(dtype);
  for (const int64_t extent : shape) spec.add_shape(extent);
  return spec;
}

v1::DType DTypeOf(PixelType type) {
  switch (type) {
    case PixelType::kUint8:
      return v1::UINT8;
    case PixelType::kFloat32:
      return v1::FLOAT32;
    case PixelType::kFloat16:
      return v1::FLOAT16;
    case PixelType::kBfloat16:
      break;
  }
  return v1::BFLOAT16;
}

v1::TensorSpec ImageSpec(const OutputSpec& output, int64_t samples) {
  const v1::DType dtype = DTypeOf(output.pack.type);
  const int64_t height = output.size.height;
  const int64_t width = output.size.width;
  if (output.pack.channels_first) {
    return Spec("image", dtype, {samples, output.channels, height, width});
  }
  return Spec("image", dtype, {samples, height, width, output.channels});
}

v1::TensorSpec LabelSpec(const OutputSpec& output, int64_t samples) {
  if (output.label_classes == 0) return Spec("label", v1::INT64, {samples});
  return Spec("label", v1::FLOAT32, {samples, output.label_classes});
}

}  // namespace

std::vector<v1::TensorSpec> TensorSpecsOf(const OutputSpec& output,
                                          int64_t samples) {
  std::vector<v1::TensorSpec> specs = {ImageSpec(output, samples),
                                       LabelSpec(output, samples),
                                       Spec("valid", v1::UINT8, {samples}),
                                       Spec("ordinal", v1::INT64, {samples})};
  if (output.mixture) {
    specs.push_back(Spec("dataset_index", v1::INT64, {samples}));
  }
  if (output.boxes) {
    for (v1::TensorSpec& spec : AnnotationSpecsOf(output, samples)) {
      specs.push_back(std::move(spec));
    }
  }
  return specs;
}

uint64_t FixedBytesOf(const v1::TensorSpec& spec) {
  uint64_t bytes = ElementBytes(spec.dtype());
  for (const int64_t extent : spec.shape()) {
    if (extent == kRagged) return 0;
    bytes *= extent;
  }
  return bytes;
}

}  // namespace millrace
