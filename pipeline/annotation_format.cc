#include "pipeline/annotation_format.h"

#include <utility>

namespace millrace {

namespace {

template <typename T>
void KeepRows(size_t rows, size_t before, std::vector<T>* values) {
  values->resize(values->size() / before * rows);
}

void KeepFirst(size_t boxes, SampleAnnotations* annotations) {
  const size_t before = annotations->labels.size();
  if (before <= boxes) return;
  KeepRows(boxes, before, &annotations->boxes);
  KeepRows(boxes, before, &annotations->labels);
  KeepRows(boxes, before, &annotations->ids);
  KeepRows(boxes, before, &annotations->crowd);
  KeepRows(boxes, before, &annotations->areas);
  KeepRows(boxes, before, &annotations->masks);
  KeepRows(boxes, before, &annotations->keypoints);
}

void FormatBoxes(v1::BatchOptions::BoxFormat format,
                 std::vector<float>* boxes) {
  for (size_t i = 0; i < boxes->size(); i += 4) {
    float* box = boxes->data() + i;
    for (const double value :
         InFormat({box[0], box[1], box[2], box[3]}, format)) {
      *box++ = static_cast<float>(value);
    }
  }
}

bool EncodeMasks(const ImageSize& size, RaggedBudget* budget,
                 SampleAnnotations* annotations) {
  const std::vector<uint8_t> masks = std::move(annotations->masks);
  annotations->masks.clear();
  const size_t pixels = size_t{1} * size.width * size.height;
  for (size_t at = 0; at < masks.size(); at += pixels) {
    AppendRunLengths(RunLengthsOf(masks.data() + at, size.height, size.width),
                     annotations);
  }
  return budget->Take(annotations->mask_counts.size() * sizeof(int32_t));
}

}  // namespace

std::array<double, 4> InFormat(const Corners& box,
                               v1::BatchOptions::BoxFormat format) {
  const double width = box.x1 - box.x0;
  const double height = box.y1 - box.y0;
  switch (format) {
    case v1::BatchOptions::XYWH:
      return {box.x0, box.y0, width, height};
    case v1::BatchOptions::CXCYWH:
      return {box.x0 + 0.5 * width, box.y0 + 0.5 * height, width, height};
    default:
      return {box.x0, box.y0, box.x1, box.y1};
  }
}

void AppendRunLengths(const RunLengthMask& mask,
                      SampleAnnotations* annotations) {
  annotations->mask_counts.insert(annotations->mask_counts.end(),
                                  mask.counts.begin(), mask.counts.end());
  annotations->mask_ends.push_back(
      static_cast<int64_t>(annotations->mask_counts.size()));
}

bool FormatAnnotations(const AnnotationOptions& wanted, const ImageSize& size,
                       RaggedBudget* budget, SampleAnnotations* annotations) {
  if (wanted.max_boxes > 0) KeepFirst(wanted.max_boxes, annotations);
  FormatBoxes(wanted.box_format, &annotations->boxes);
  return !wanted.run_lengths || EncodeMasks(size, budget, annotations);
}

}  // namespace millrace
