#include "storage/attributes.h"

#include <algorithm>
#include <cstring>

#include "absl/status/status.h"
#include "storage/coding.h"

namespace millrace {

namespace {

constexpr size_t kCountBytes = 4;
constexpr size_t kImageBytes = 12;
constexpr size_t kAnnotationBytes = 16;
constexpr uint16_t kCrowd = 1;

uint16_t LabelledKeypoints(const v1::Annotation& annotation) {
  const auto& points = annotation.keypoints();
  const auto labelled =
      std::count_if(points.begin(), points.end(),
                    [](const auto& point) { return point.visibility() > 0; });
  return static_cast<uint16_t>(std::min<int64_t>(labelled, 65535));
}

uint64_t BitsOf(double value) {
  uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof(bits));
  return bits;
}

double DoubleOf(uint64_t bits) {
  double value = 0;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

ImageAttributes ImageAt(const char* in) {
  return {LoadLittleEndian<uint32_t>(in), LoadLittleEndian<uint32_t>(in + 4),
          LoadLittleEndian<uint32_t>(in + 8)};
}

AnnotationAttributes AnnotationAt(const char* in) {
  return {DoubleOf(LoadLittleEndian<uint64_t>(in)),
          LoadLittleEndian<uint32_t>(in + 8),
          LoadLittleEndian<uint16_t>(in + 12),
          (LoadLittleEndian<uint16_t>(in + 14) & kCrowd) != 0};
}

absl::Status CutOff() {
  return absl::DataLossError(
      "the attributes have another length than they say");
}

}  // namespace

void AttributeChunk::Add(const v1::SampleMeta& meta) {
  images.push_back({meta.image().width(), meta.image().height(),
                    static_cast<uint32_t>(meta.annotations_size())});
  for (const v1::Annotation& annotation : meta.annotations()) {
    annotations.push_back({annotation.area(), annotation.category(),
                           LabelledKeypoints(annotation), annotation.crowd()});
  }
}

std::string AttributeChunk::Serialise() const {
  std::string bytes;
  bytes.reserve(kCountBytes + images.size() * kImageBytes +
                annotations.size() * kAnnotationBytes);
  AppendLittleEndian(static_cast<uint32_t>(images.size()), &bytes);
  for (const ImageAttributes& image : images) {
    AppendLittleEndian(image.width, &bytes);
    AppendLittleEndian(image.height, &bytes);
    AppendLittleEndian(image.annotations, &bytes);
  }
  for (const AnnotationAttributes& annotation : annotations) {
    AppendLittleEndian(BitsOf(annotation.area), &bytes);
    AppendLittleEndian(annotation.category, &bytes);
    AppendLittleEndian(annotation.keypoints, &bytes);
    AppendLittleEndian(annotation.crowd ? kCrowd : uint16_t{0}, &bytes);
  }
  return bytes;
}

absl::StatusOr<AttributeChunk> ParseAttributes(absl::string_view bytes) {
  if (bytes.size() < kCountBytes) return CutOff();
  const uint64_t samples = LoadLittleEndian<uint32_t>(bytes.data());
  bytes.remove_prefix(kCountBytes);
  if (samples > kSamplesPerChunk || bytes.size() < samples * kImageBytes) {
    return CutOff();
  }
  AttributeChunk chunk;
  uint64_t annotations = 0;
  for (uint64_t i = 0; i < samples; ++i) {
    chunk.images.push_back(ImageAt(bytes.data() + i * kImageBytes));
    annotations += chunk.images.back().annotations;
  }
  bytes.remove_prefix(samples * kImageBytes);
  if (bytes.size() != annotations * kAnnotationBytes) return CutOff();
  chunk.annotations.reserve(annotations);
  for (; !bytes.empty(); bytes.remove_prefix(kAnnotationBytes)) {
    chunk.annotations.push_back(AnnotationAt(bytes.data()));
  }
  return chunk;
}

}  // namespace millrace
