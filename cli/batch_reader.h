// A received batch, checked and taken apart into samples that can be drawn.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/annotation_drawing.h"
#include "cli/batch_objects.h"
#include "client/batch_stream.h"
#include "image/image.h"
#include "millrace/v1/dataset.pb.h"

namespace millrace::cli {

struct LabelShare {
  int64_t label = -1;
  float share = 1;
};

// One sample of a batch. Borrows from the batch and from the dataset.
struct BatchSample {
  Image image;
  bool valid = true;
  int64_t ordinal = -1;  // -1: the batch does not say.
  int64_t label = -1;    // -1: none. Of a mixed one, the largest.
  // Of a label given as shares of all classes, the largest and, if there is one
  // that stands out from the rest, the second; else empty.
  std::vector<LabelShare> shares;
  int64_t source_id = 0;  // 0: none.
  std::vector<DrawnObject> objects;
};

struct BatchSamples {
  std::vector<BatchSample> samples;  // At most as many as asked for.
  int64_t batch_size = 0;
  bool has_boxes = false;
  BatchObjects objects;  // What samples[i].objects borrow from.
};

// INVALID_ARGUMENT: no "image" tensor, or tensors that contradict each other.
absl::StatusOr<BatchSamples> ReadSamplesOf(
    const client::ReceivedBatch& batch, const v1::DatasetInfo& dataset,
    v1::BatchOptions::BoxFormat box_format, int64_t max_samples);

}  // namespace millrace::cli
