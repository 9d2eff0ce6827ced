// Mosaic and CopyPaste: samples of a group mixed together with their boxes,
// masks and keypoints.
#pragma once

#include <cstdint>
#include <vector>

#include "base/buffer_pool.h"
#include "image/packed.h"
#include "pipeline/annotations.h"
#include "pipeline/random.h"

namespace millrace {

// The samples of a group that have an image, as batches hold them.
struct MixedSamples {
  PackedLayout layout;
  std::vector<void*> images;
  // Rows of `classes` floats, if labels are rows.
  size_t classes = 0;
  std::vector<void*> labels;
  // If boxes are wanted: as x0, y0, x1, y1, with dense masks.
  std::vector<SampleAnnotations*> annotations;
  uint64_t box_bytes = 0;  // That one box takes.
  RaggedBudget* budget = nullptr;
  BufferPool* pool = nullptr;
};

// Each sample becomes four parts around a random point in its middle half:
// itself at the upper left, and clockwise the three before it; each shows the
// corner that lies at the point. False: over the budget.
bool MakeMosaics(const MixedSamples& samples, RandomDraws* draws);

// Each sample gets objects of the one before it, where they are there. False:
// over the budget.
bool CopyAndPaste(const MixedSamples& samples, RandomDraws* draws);

}  // namespace millrace
